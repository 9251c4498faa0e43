//! The part of the dialog "did you do it by hand?" that has the command, and takes what it put out.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, PASTED_BYTES};
use crate::app::msg::{Msg, RestoreMsg};
use crate::design::{Field, Note, Tone, code_block, overline};

use super::checks;

/// What is in it.
pub(super) struct Said<'a> {
    /// The command that was shown.
    pub(super) command: &'a str,
    /// What was pasted so far.
    pub(super) output: &'a str,
    /// Not all that was pasted is kept.
    pub(super) is_cut: bool,
}

/// How many lines of the output are in sight.
const ROWS: usize = 6;

/// Paints it; is the keyboard in it?
pub(super) fn show(model: &Model, said: &Said<'_>, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) -> bool {
    overline(ui, "The command");
    let key = "by hand";
    let copy = code_block(ui, said.command, "the command", model.is_copied(key, now));
    if copy.clicked() {
        checks::copy(said.command.to_owned(), key.to_owned(), out);
    }
    let kept = format!("Only the first {} KiB are kept: the rest was left out", PASTED_BYTES / 1024);
    let note = if said.is_cut {
        Note { tone: Some(Tone::Warn), text: &kept }
    } else {
        Note { tone: None, text: "It goes into the run's journal. What looks like a secret is masked there" }
    };
    let mut output = said.output.to_owned();
    let field = Field::new("Its output, if you like").mono().hint("Paste it here").note(Some(note));
    let field = field.lines(ui, &mut output, ROWS);
    if field.changed() {
        out.push(Msg::Restore(RestoreMsg::HandOutput(output)));
    }
    copy.has_focus() || field.has_focus()
}
