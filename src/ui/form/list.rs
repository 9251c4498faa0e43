//! What can be chosen for a field: a list that opens below it.

use egui::{Popup, PopupKind, ScrollArea, SetOpenCommand};

use crate::app::model::Form;
use crate::design::{PathField, faint};
use crate::environment::discovery::{HealthCheckChoice, health_check_choices};
use crate::plain;
use crate::runbook::verdict::Why;

/// The height that a list scrolls from, in points.
const MAX_HEIGHT: f32 = 260.0;

/// A list to choose from.
#[derive(Debug, Default)]
pub(super) struct List {
    /// What is put into the field, and how it is shown.
    items: Vec<(String, String)>,
    /// What is said where there is nothing to choose.
    empty: String,
}

impl List {
    /// The contexts of the kubeconfig.
    pub(super) fn contexts(form: &Form) -> Self {
        Self::of(form.contexts.as_ref(), "Reading the kubeconfig…", "The kubeconfig has no contexts")
    }

    /// The profiles of the AWS files.
    pub(super) fn aws_profiles(form: &Form) -> Self {
        let profiles = form.discovery.aws_profiles.as_ref();
        Self::of(profiles, "Reading the AWS files…", "The AWS files have no profiles")
    }

    /// The VPCs that may be the database's.
    pub(super) fn vpcs(form: &Form) -> Self {
        let vpcs = form.discovery.vpcs.as_ref();
        Self::of(
            vpcs,
            "Not listed yet: choose a context first, or type the ID",
            "No VPC is peered: type the ID",
        )
    }

    /// The account's health checks, those of a region's host first.
    pub(super) fn health_checks(form: &Form, host: &str) -> Self {
        let listed = form.discovery.health_checks.as_ref();
        let choices = listed.map(|listed| match listed {
            Ok(listed) => Ok(health_check_choices(listed, host)),
            Err(why) => Err(why.clone()),
        });
        let empty = match &choices {
            None => "Not listed yet: choose a context or an AWS profile first, or type the ID".to_owned(),
            Some(Err(why)) => format!("{}. {}, or type the ID", why.message, why.remedy),
            Some(Ok(_)) => "This AWS account has no health checks".to_owned(),
        };
        let items = choices.and_then(Result::ok).unwrap_or_default();
        let item = |HealthCheckChoice { id, label }| (id, label);
        Self { items: items.into_iter().map(item).collect(), empty }
    }

    fn of(names: Option<&Result<Vec<String>, Why>>, waiting: &str, none: &str) -> Self {
        match names {
            None => Self { items: Vec::new(), empty: waiting.to_owned() },
            Some(Err(why)) => Self { items: Vec::new(), empty: format!("{}. Type it", why.message) },
            Some(Ok(names)) => {
                let items = names.iter().map(|name| (name.clone(), name.clone())).collect();
                Self { items, empty: none.to_owned() }
            }
        }
    }

    /// Paints the list below its field while it is open; what was chosen. The one that is in the field,
    /// else the first, has the keyboard when it opens.
    pub(super) fn show(&self, field: &PathField, current: &str) -> Option<String> {
        let toggle = field.choose.then_some(SetOpenCommand::Toggle);
        let width = field.text.rect.width();
        let mut chosen = None;
        Popup::from_response(&field.text).kind(PopupKind::Menu).open_memory(toggle).show(|ui| {
            ui.set_min_width(width);
            if self.items.is_empty() {
                faint(ui, &self.empty);
                return;
            }
            let first = self.items.iter().position(|(value, _)| value == current).unwrap_or(0);
            ScrollArea::vertical().max_height(MAX_HEIGHT).show(ui, |ui| {
                for (place, (value, label)) in self.items.iter().enumerate() {
                    let item = ui.selectable_label(value == current, plain::line(label));
                    if field.choose && place == first {
                        item.request_focus();
                    }
                    if item.clicked() {
                        chosen = Some(value.clone());
                        ui.close();
                    }
                }
            });
        });
        chosen
    }
}
