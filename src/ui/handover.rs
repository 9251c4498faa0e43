//! A run for other people: the line for a chat, the report, the handover.

use egui::{Popup, Ui};
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RunMsg, STATUS_KEY};
use crate::design::ActionButton;

/// For the run's top bar, which is laid out from the right: the line is copied in one click at any moment, the rest is
/// in a menu.
pub(super) fn in_bar(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let button = ui.add(ActionButton::quiet("Report"));
    Popup::menu(&button).show(|ui| {
        ui.set_min_width(180.0);
        buttons(run, ui, out);
    });
    copy_status(model, now, ui, out);
}

fn copy_status(model: &Model, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let copy = if model.is_copied(STATUS_KEY, now) { "Status copied" } else { "Copy status" };
    let hint = "One line on how the run stands, for a chat channel";
    if ui.add(ActionButton::quiet(copy)).on_hover_text(hint).clicked() {
        out.push(Msg::Run(RunMsg::CopyStatus));
    }
}

/// Report and handover, in the direction of the layout that they are in.
pub(super) fn buttons(run: &Run, ui: &mut Ui, out: &mut Vec<Msg>) {
    let off = run.folder.is_none().then_some("The run has no journal yet");
    if ui.add(ActionButton::quiet("Save the report…").off_because(off)).clicked() {
        out.push(Msg::Run(RunMsg::SaveReport));
    }
    if ui.add(ActionButton::quiet("Hand over…").off_because(off)).clicked() {
        out.push(Msg::Run(RunMsg::HandOver));
    }
}
