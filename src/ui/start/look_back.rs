//! Before anything else: actions of earlier runs whose outcome nobody knows, and those that go on.

use egui::Ui;

use super::named;
use crate::app::model::Model;
use crate::app::msg::{Msg, StartMsg};
use crate::design::{ActionButton, Tone, callout};
use crate::runbook::interrupted::{Interrupted, noun};

/// Paints them; nothing where there are none.
pub(super) fn show(model: &Model, ui: &mut Ui, out: &mut Vec<Msg>) {
    for left in &model.left_running {
        let (action, since) = (noun(left.kind.id()), left.started_at.strftime("%H:%M:%S"));
        let text = format!(
            "{action} of {} goes on since {since} UTC. Open {} to see it",
            left.region, left.environment
        );
        callout(ui, Tone::Busy, &format!("An action runs in {}", left.environment), &text);
    }
    // Those of a run that is shown are told on its card.
    let shown = super::runs::shown(model);
    let is_shown = |interrupted: &Interrupted| shown.iter().any(|run| run.folder == interrupted.run);
    for interrupted in model.start.look_back.interrupted.iter().filter(|it| !is_shown(it)) {
        interrupted_ui(interrupted, ui, out);
    }
    for problem in &model.start.look_back.problems {
        callout(ui, Tone::Warn, "Not all earlier runs could be looked through", problem);
    }
}

fn interrupted_ui(interrupted: &Interrupted, ui: &mut Ui, out: &mut Vec<Msg>) {
    let title =
        format!("Interrupted in {}, {}", interrupted.environment, interrupted.at.strftime("%Y-%m-%d"));
    callout(ui, Tone::Fail, &title, &interrupted.sentence());
    looked_button(interrupted, ui, out);
}

/// "I have looked": it is not told again.
pub(super) fn looked_button(interrupted: &Interrupted, ui: &mut Ui, out: &mut Vec<Msg>) {
    let off = (interrupted.alive == Some(true)).then_some("It is not over");
    let button = ActionButton::secondary("I have looked").small().off_because(off);
    let name = format!("I have looked at the {} of {}", noun(&interrupted.action), interrupted.region);
    if named(ui, button, &name).clicked() {
        out.push(Msg::Start(StartMsg::Looked(Box::new(interrupted.clone()))));
    }
}
