//! Checks as rows with their details, and their commands to copy.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RunMsg};
use crate::design::{
    ActionButton, CheckRow, Tone, body, check_row, code_block, copy_button, faint, mono, secondary,
};
use crate::runbook::check::Check;
use crate::runbook::command::Command;
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

use super::words;

/// How a verdict looks; without one the question is still being asked.
pub(super) fn tone(verdict: Option<Verdict>) -> Tone {
    match verdict {
        Some(Verdict::Pass) => Tone::Pass,
        Some(Verdict::Warn) => Tone::Warn,
        Some(Verdict::Fail) => Tone::Fail,
        Some(Verdict::Unknown) => Tone::Unknown,
        None => Tone::Busy,
    }
}

/// The verdict's word in a row.
fn word(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Unknown) => "?",
        Some(verdict) => verdict.word(),
        None => "Asking",
    }
}

/// Tells apart what was copied.
pub(super) fn copy_key(check: &Check) -> String {
    format!("{} {:?}", check.id, check.region)
}

/// Puts a text on the clipboard and says which.
pub(super) fn copy(ui: &Ui, text: String, key: String, out: &mut Vec<Msg>) {
    ui.ctx().copy_text(text);
    out.push(Msg::Copied(key));
}

/// The button that copies a check's command.
pub(super) fn copy_command(model: &Model, check: &Check, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let key = copy_key(check);
    let what = format!("the command of {}", check.title);
    if copy_button(ui, &what, model.is_copied(&key, now)).clicked() {
        copy(ui, check.command.shell(), key, out);
    }
}

/// A command to copy, and where and why it differs from the runbook's.
pub(super) fn command(
    model: &Model,
    command: &Command,
    key: &str,
    now: Timestamp,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    let text = command.shell();
    if code_block(ui, &text, "the command", model.is_copied(key, now)).clicked() {
        copy(ui, text, key.to_owned(), out);
    }
    for line in &command.differs {
        secondary(ui, &format!("Differs from the runbook: {line}"));
    }
}

/// The checks as rows of a card. `add_more` adds a check's own buttons to its details.
pub(super) fn rows(
    model: &Model,
    run: &Run,
    checks: &[Check],
    now: Timestamp,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
    add_more: &mut dyn FnMut(&Check, &mut Ui, &mut Vec<Msg>),
) {
    for check in checks {
        row(model, run, check, now, ui, out, add_more);
    }
}

fn row(
    model: &Model,
    run: &Run,
    check: &Check,
    now: Timestamp,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
    add_more: &mut dyn FnMut(&Check, &mut Ui, &mut Vec<Msg>),
) {
    let id = (check.id, check.region);
    let key = copy_key(check);
    let finding = check.finding.as_ref();
    let passed = check.verdict() == Some(Verdict::Pass);
    let row = CheckRow {
        tone: tone(check.verdict()),
        word: word(check.verdict()),
        title: &check.title,
        found: finding.map_or("waits for the answer", |finding| finding.found.as_str()),
        // what passed is normal: its finding says the same
        normal: finding.filter(|_| !passed).map_or("", |finding| finding.expected.as_str()),
        long_titles: check.step == Step::Verify,
        age: &check.observed_at.map(|at| words::age(now, at)).unwrap_or_default(),
        open: run.open_checks.contains(&id),
        copied: model.is_copied(&key, now),
    };
    let response = check_row(ui, &row, |ui| details(model, run, check, now, ui, out, add_more));
    if response.toggled {
        out.push(Msg::Run(RunMsg::ToggleCheck(check.id, check.region)));
    }
    if response.copy {
        copy(ui, check.command.shell(), key, out);
    }
}

fn details(
    model: &Model,
    run: &Run,
    check: &Check,
    now: Timestamp,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
    add_more: &mut dyn FnMut(&Check, &mut Ui, &mut Vec<Msg>),
) {
    if let Some(finding) = &check.finding {
        body(ui, &finding.found);
        faint(ui, &format!("Normal: {}", finding.expected));
        if !finding.remedy.is_empty() {
            body(ui, &finding.remedy);
        }
    }
    if !check.details.is_empty() {
        mono(ui, &check.details.join("\n"));
    }
    command(model, &check.command, &format!("details {}", copy_key(check)), now, ui, out);
    ui.horizontal_wrapped(|ui| {
        let asking = run.readings.is_asking(check.question).then_some("It is being asked");
        if ui.add(ActionButton::secondary("Check again").small().off_because(asking)).clicked() {
            out.push(Msg::Run(RunMsg::Refresh(check.question)));
        }
        add_more(check, ui, out);
        if let (Some(at), Some(took)) = (check.observed_at, check.took) {
            secondary(ui, &format!("Answered {}, took {} ms", words::clock(at), took.as_millis()));
        }
    });
}
