//! A region's card: its cluster, its health check, its host and its values file.

use egui::{Popup, PopupKind, Role, ScrollArea, SetOpenCommand, Sides, Ui, WidgetInfo};

use super::field::FormField;
use crate::app::model::Form;
use crate::app::msg::FilePurpose;
use crate::app::msg::{FormMsg, Msg};
use crate::design::{ActionButton, Space, Tone, card_title, faint};
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
    context_ui(form, index, region, arn.as_ref(), ui, out);
    let named = [
        field(RegionField::Name).mono().hint("us-east-1").about("Typed to confirm an action"),
        field(RegionField::Host)
            .mono()
            .hint("us.multi-region.example.com")
            .about("Empty: its /healthz is not probed"),
    ];
    let columns = grid::columns(ui, 180.0, 2);
    grid::rows(ui, columns, &named, |ui, field| {
        field.text(form, ui, out);
    });
    field(RegionField::HealthCheckId)
        .mono()
        .hint("3f1c2d4e-5a6b-4c7d-8e9f-0a1b2c3d4ea9")
        .about("The ID that Route 53 lists under Health checks")
        .text(form, ui, out);
    field(RegionField::ValuesFile)
        .mono()
        .hint("~/platform/us-east-1-values.yaml")
        .about("Choose it, type its path, or drop it here. Empty: values cannot be re-applied")
        .path(FilePurpose::ValuesFile(index), form, ui, out);
}

/// The context, typed or chosen from the kubeconfig's.
fn context_ui(
    form: &Form,
    index: usize,
    region: &RegionDraft,
    arn: Option<&ClusterArn>,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    let field = Field::Region(index, RegionField::Context);
    let shown = FormField::new(field)
        .mono()
        .hint("arn:aws:eks:us-east-1:123456789012:cluster/platform")
        .note(Some(context_note(form, region.context.trim(), arn)))
        .text_and_choose(form, ui, out);
    let toggle = shown.choose.then_some(SetOpenCommand::Toggle);
    let width = shown.text.rect.width();
    Popup::from_response(&shown.text).kind(PopupKind::Menu).open_memory(toggle).show(|ui| {
        ui.set_min_width(width);
        match &form.contexts {
            None => {
                faint(ui, "Reading the kubeconfig…");
            }
            Some(Err(why)) => {
                faint(ui, &why.message);
            }
            Some(Ok(contexts)) if contexts.is_empty() => {
                faint(ui, "The kubeconfig has no contexts");
            }
            Some(Ok(contexts)) => {
                ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
                    for context in contexts {
                        let item = ui.selectable_label(*context == region.context, context);
                        if shown.choose && *context == contexts[0] {
                            item.request_focus();
                        }
                        if item.clicked() {
                            out.push(Msg::Form(FormMsg::Text(field, context.clone())));
                            ui.close();
                        }
                    }
                });
            }
        }
    });
}

/// What is known of a context without asking the cluster.
fn context_note(form: &Form, context: &str, arn: Option<&ClusterArn>) -> (Option<Tone>, String) {
    match (&form.contexts, arn) {
        (Some(Err(why)), _) => (Some(Tone::Warn), format!("{}. Type the context's name", why.message)),
        (Some(Ok(known)), _) if !context.is_empty() && !known.iter().any(|name| name == context) => {
            (Some(Tone::Warn), "The kubeconfig has no context of this name".to_owned())
        }
        (_, Some(arn)) => (None, format!("Region {}, cluster {}", arn.region, arn.cluster)),
        (None, None) => (None, "Reading the kubeconfig's contexts…".to_owned()),
        (Some(Ok(_)), None) if context.is_empty() => {
            (None, "The cluster's context in the kubeconfig".to_owned())
        }
        (Some(Ok(_)), None) => (Some(Tone::Pass), "In the kubeconfig, under an alias".to_owned()),
    }
}
