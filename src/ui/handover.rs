//! A run for other people: the line for a chat, the report, the handover.

use egui::{Popup, Ui};
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RunMsg, STATUS_KEY};
use crate::design::ActionButton;

/// A button that opens the three, for the run's top bar.
pub(super) fn menu(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let button = ui.add(ActionButton::quiet("Report"));
    Popup::menu(&button).show(|ui| {
        ui.set_min_width(180.0);
        buttons(model, run, now, ui, out);
    });
}

/// The three, in the direction of the layout that they are in.
pub(super) fn buttons(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let copy = if model.is_copied(STATUS_KEY, now) { "Status copied" } else { "Copy status" };
    if ui.add(ActionButton::quiet(copy)).clicked() {
        out.push(Msg::Run(RunMsg::CopyStatus));
    }
    let off = run.folder.is_none().then_some("The run has no journal yet");
    if ui.add(ActionButton::quiet("Save the report…").off_because(off)).clicked() {
        out.push(Msg::Run(RunMsg::SaveReport));
    }
    if ui.add(ActionButton::quiet("Hand over…").off_because(off)).clicked() {
        out.push(Msg::Run(RunMsg::HandOver));
    }
}
