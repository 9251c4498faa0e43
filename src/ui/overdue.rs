//! A step takes longer than usual: said calmly, with whom to call.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Overdue, Run};
use crate::app::msg::{Msg, RunMsg};
use crate::design::{ActionButton, Rich, Space, Tone, copy_button, secondary, strong, tone_card, tone_icon};

use super::{checks, words};

/// What stands in the rail below the step's name.
pub(super) fn line(overdue: &Overdue) -> String {
    format!("{} here, usually {}", rough(overdue.gone), words::span(overdue.usual))
}

/// Paints it above the step; nothing where another step is shown.
pub(super) fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(overdue) = run.overdue(now).filter(|overdue| overdue.step == run.step) else { return };
    let speed = run.practice.as_ref().map(|practice| format!(" at time × {}", practice.world.speed));
    tone_card(ui, Some(Tone::Warn), |ui| {
        ui.horizontal_top(|ui| {
            tone_icon(ui, Tone::Warn, 18.0, "Takes longer than usual");
            ui.add_space(Space::XS);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                let title = format!(
                    "{} usually takes {}{}, it is {} now",
                    overdue.step.title(),
                    words::span(overdue.usual),
                    speed.unwrap_or_default(),
                    rough(overdue.gone)
                );
                strong(ui, &title);
                call(model, run, now, ui, out);
            });
        });
    });
}

/// Whom to call.
fn call(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    ui.horizontal_wrapped(|ui| {
        let Some(whom) = &run.profile.escalation else {
            secondary(ui, "Call for help. The variables do not say whom:");
            if ui.add(ActionButton::link("Add whom to call")).clicked() {
                out.push(Msg::Run(RunMsg::Variables));
            }
            return;
        };
        Rich::new().text("You need not stay alone with it. Call for help: ").strong(whom.as_str()).show(ui);
        let key = "escalation";
        if copy_button(ui, "whom to call", model.is_copied(key, now)).clicked() {
            checks::copy(whom.clone(), key.to_owned(), out);
        }
    });
}

/// Whole minutes, once there is one.
fn rough(gone: std::time::Duration) -> String {
    let secs = gone.as_secs();
    words::span(std::time::Duration::from_secs(if secs < 60 { secs } else { secs - secs % 60 }))
}
