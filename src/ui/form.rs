//! The environment form: the runbook's variables, with what is wrong at each field.

mod field;
mod list;
mod more;
mod region;

use egui::{ScrollArea, Ui};

use self::field::{FormField, focus_first_error, line_of};
use self::list::List;
use super::grid;
use crate::app::model::Form;
use crate::app::msg::{FormMsg, Msg};
use crate::design::{
    ActionButton, Field as Labelled, Note, Space, Tone, callout, environment_name, page, product_name,
    top_bar,
};
use crate::environment::Field;
use crate::runbook::profile::Method;

/// Paints the form.
pub fn show(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    dropped_files(ui, out);
    bar(form, ui, out);
    page(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if form.saving {
                ui.disable();
            }
            if let Some(problem) = &form.problem {
                callout(ui, Tone::Fail, "Not saved", problem);
            }
            shared_ui(form, ui, out);
            region::regions_ui(form, ui, out);
            recovery_ui(form, ui, out);
            more::more_ui(form, ui, out);
            ui.add_space(Space::L);
        });
    });
}

fn bar(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let title = match &form.original {
        Some(name) => format!("{name}, variables"),
        None => "New environment".to_owned(),
    };
    top_bar(
        ui,
        |ui| {
            product_name(ui, "Failback");
            environment_name(ui, &title);
        },
        |ui| {
            ui.spacing_mut().item_spacing.x = Space::S;
            let label = if form.saving { "Saving…" } else { "Save" };
            let off = form.saving.then_some("It is being saved");
            if ui.add(ActionButton::primary(label).off_because(off)).clicked() {
                focus_first_error(ui, form);
                out.push(Msg::Form(FormMsg::Save));
            }
            let testing = form.discovery.is_testing();
            let label = if testing { "Testing…" } else { "Test all" };
            if ui.add(ActionButton::secondary(label).off_because(off)).clicked() {
                out.push(Msg::Form(FormMsg::TestAll));
            }
            if ui.add(ActionButton::quiet("Back")).clicked() {
                out.push(Msg::Form(FormMsg::Leave));
            }
        },
    );
}

fn dropped_files(ui: &Ui, out: &mut Vec<Msg>) {
    ui.input(|input| {
        let paths = input.raw.dropped_files.iter().map(|file| file.path().to_owned());
        out.extend(paths.map(|path| Msg::Form(FormMsg::Dropped(path))));
    });
}

/// What the environment is called, and what its regions share.
fn shared_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let columns = grid::columns(ui, 240.0, 3);
    grid::rows(ui, columns, &[Field::Name, Field::AwsProfile, Field::SharedHost], |ui, field| match field {
        Field::AwsProfile => FormField::new(*field)
            .mono()
            .hint("the default credentials")
            .about("Empty: what the AWS tools use by default")
            .choice(&List::aws_profiles(form), form, ui, out),
        Field::SharedHost => {
            FormField::new(*field)
                .mono()
                .hint("from the values files, or typed")
                .about("Empty: the name that users type is not probed")
                .text(form, ui, out);
        }
        _ => {
            FormField::new(*field)
                .hint("acme-prod")
                .about("As it is called on the start screen")
                .text(form, ui, out);
        }
    });
}

/// The places of the last row.
#[derive(Clone, Copy)]
enum Place {
    Version,
    Replicas,
    Method,
    Escalation,
    More,
}

/// How a region is brought back, and the fold of what seldom needs a change.
fn recovery_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let running = form.discovery.notes.running_version.as_deref();
    let places = [Place::Version, Place::Replicas, Place::Method, Place::Escalation, Place::More];
    let columns = grid::columns(ui, 180.0, 5);
    grid::rows(ui, columns, &places, |ui, place| match place {
        Place::Version => {
            FormField::new(Field::ChartVersion)
                .mono()
                .hint(running.unwrap_or("what the healthy region runs"))
                .about("Empty: what the healthy region runs")
                .text(form, ui, out);
        }
        Place::Replicas => {
            FormField::new(Field::Replicas)
                .mono()
                .hint("3")
                .about("Pods that each region runs")
                .text(form, ui, out);
        }
        Place::Method => method_ui(form, ui, out),
        Place::Escalation => {
            FormField::new(Field::Escalation)
                .hint("#platform-oncall, +1 555 0100")
                .about("Shown where a repair is somebody else's")
                .text(form, ui, out);
        }
        Place::More => more::fold_ui(form, ui, out),
    });
}

fn method_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let chosen = form.draft.chart_method;
    let (name, about) = method_words(chosen);
    let note = form.discovery.notes.method.as_ref().map_or(Note { tone: None, text: about }, line_of);
    Labelled::new("Method").note(Some(note)).combo(ui, name, |ui| {
        for method in [Method::Helm, Method::Vcluster] {
            let (name, _) = method_words(method);
            if ui.selectable_label(method == chosen, name).clicked() {
                out.push(Msg::Form(FormMsg::Method(method)));
            }
        }
    });
}

fn method_words(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::Helm => ("Helm", "Re-applies values with helm upgrade"),
        Method::Vcluster => ("vCluster CLI", "Re-applies values with vcluster platform start"),
    }
}
