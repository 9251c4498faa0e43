//! A region's card: its cluster, its health check, its host and its values file.

use egui::{Role, Sides, Ui, WidgetInfo};

use super::field::FormField;
use super::list::List;
use crate::app::model::Form;
use crate::app::msg::FilePurpose;
use crate::app::msg::{FormMsg, Msg};
use crate::design::{ActionButton, Space, card_title, faint};
use crate::environment::{Field, RegionDraft, RegionField};
use crate::runbook::profile::ClusterArn;
use crate::ui::grid;

/// All regions side by side, and one more.
pub(super) fn regions_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let regions: Vec<(usize, &RegionDraft)> = form.draft.regions.iter().enumerate().collect();
    let columns = grid::columns(ui, 400.0, 2);
    grid::cards(
        ui,
        columns,
        &regions,
        |_| None,
        |ui, (index, region)| {
            ui.push_id(index, |ui| region_ui(form, *index, region, ui, out));
        },
    );
    if ui.add(ActionButton::secondary("Add a region").small()).clicked() {
        out.push(Msg::Form(FormMsg::AddRegion));
    }
}

/// What the form calls a region: by its name, else by its number.
pub(super) fn title(index: usize, region: &RegionDraft) -> String {
    match region.name.trim() {
        "" => format!("Region {}", index + 1),
        name => name.to_owned(),
    }
}

fn region_ui(form: &Form, index: usize, region: &RegionDraft, ui: &mut Ui, out: &mut Vec<Msg>) {
    let title = title(index, region);
    let arn = ClusterArn::parse(region.context.trim());
    ui.spacing_mut().item_spacing.y = Space::M;
    Sides::new().shrink_left().truncate().show(
        ui,
        |ui| card_title(ui, &title),
        |ui| {
            if form.draft.regions.len() > 2 {
                let remove = ui.add(ActionButton::quiet("Remove"));
                let name = format!("Remove {title}");
                remove.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                if remove.clicked() {
                    out.push(Msg::Form(FormMsg::RemoveRegion(index)));
                }
            }
            if let Some(arn) = &arn {
                faint(ui, &format!("account {}", arn.account));
            }
        },
    );
    let field = |field| FormField::new(Field::Region(index, field));
    field(RegionField::Context).mono().hint("chosen from the kubeconfig, or typed").choice(
        &List::contexts(form),
        form,
        ui,
        out,
    );
    field(RegionField::HealthCheckId)
        .mono()
        .hint("found by the regional host, or chosen")
        .about("The Route 53 health check that watches the regional host")
        .choice(&List::health_checks(form, &region.host), form, ui, out);
    let named = [
        field(RegionField::Host)
            .mono()
            .hint("from the values file, or typed")
            .about("Empty: its /healthz is not probed"),
        field(RegionField::Name)
            .mono()
            .hint("from the context, or typed")
            .about("Typed to confirm an action"),
    ];
    let columns = grid::columns(ui, 180.0, 2);
    grid::rows(ui, columns, &named, |ui, field| {
        field.text(form, ui, out);
    });
    field(RegionField::ValuesFile)
        .mono()
        .hint("chosen, dropped on the window, or its path")
        .about("Empty: values cannot be re-applied")
        .path(FilePurpose::ValuesFile(index), form, ui, out);
}
