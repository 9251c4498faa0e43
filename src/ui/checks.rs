//! Checks as rows with their details, and their commands to copy.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RunMsg};
use crate::design::{
    ActionButton, CheckRow, Rich, Tone, below_row, body, check_row, code_block, copy_button, faint, mono,
    secondary, title_width,
};
use crate::runbook::check::Check;
use crate::runbook::command::Command;
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

/// Asks for a text on the clipboard; whether it came there is told later.
pub(super) fn copy(text: String, key: String, out: &mut Vec<Msg>) {
    out.push(Msg::Copy { key, text });
}

/// The button that copies a check's command.
pub(super) fn copy_command(model: &Model, check: &Check, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let key = copy_key(check);
    let what = format!("the command of {}", check.title);
    if copy_button(ui, &what, model.is_copied(&key, now)).clicked() {
        copy(check.command.shell(), key, out);
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
        copy(text, key.to_owned(), out);
    }
    for line in &command.differs {
        secondary(ui, &format!("Differs from the runbook: {line}"));
    }
}

/// Adds a check's own buttons to its details.
pub(super) type More<'a> = &'a mut dyn FnMut(&Check, &mut Ui, &mut Vec<Msg>);

/// Rows of checks in a card.
pub(super) struct Rows<'a> {
    pub(super) model: &'a Model,
    pub(super) run: &'a Run,
    pub(super) now: Timestamp,
    /// Whether a row that does not pass says below itself what to do, before it is opened.
    pub(super) notes: bool,
    /// Room for the titles, in points; see [`title_width`].
    pub(super) titles: f32,
}

impl<'a> Rows<'a> {
    /// Rows with room for the titles of all `checks`, which may be shown in several parts.
    pub(super) fn of(ui: &Ui, model: &'a Model, run: &'a Run, checks: &[Check], now: Timestamp) -> Self {
        let titles = title_width(ui, checks.iter().map(|check| check.title.as_str()));
        Self { model, run, now, notes: false, titles }
    }

    /// Shows these.
    pub(super) fn show<'c>(
        &self,
        checks: impl IntoIterator<Item = &'c Check>,
        ui: &mut Ui,
        out: &mut Vec<Msg>,
        add_more: More<'_>,
    ) {
        for check in checks {
            self.row(check, ui, out, add_more);
        }
    }

    fn row(&self, check: &Check, ui: &mut Ui, out: &mut Vec<Msg>, add_more: More<'_>) {
        let id = check.key();
        let key = copy_key(check);
        let finding = check.finding.as_ref();
        let passed = check.verdict() == Some(Verdict::Pass);
        let row = CheckRow {
            tone: tone(check.verdict()),
            word: word(check.verdict()),
            title: &check.title,
            title_width: self.titles,
            found: finding.map_or("waits for the answer", |finding| finding.found.as_str()),
            // what passed is normal: its finding says the same
            normal: finding.filter(|_| !passed).map_or("", |finding| finding.expected.as_str()),
            note: finding.filter(|_| self.notes).map_or("", |finding| finding.remedy.as_str()),
            age: &check.observed_at.map(|at| words::age(self.now, at)).unwrap_or_default(),
            open: self.run.open_checks.contains(&id),
            copied: self.model.is_copied(&key, self.now),
        };
        let response = check_row(ui, &row, |ui| self.details(check, ui, out, add_more));
        if self.notes && !row.open && check.mend.is_some() {
            below_row(ui, |ui| self.mend(check, ui, out));
        }
        if response.toggled {
            out.push(Msg::Run(RunMsg::ToggleCheck(check.id, check.region)));
        }
        if response.copy {
            copy(check.command.shell(), key, out);
        }
    }

    /// The command that mends what was found, to copy.
    fn mend(&self, check: &Check, ui: &mut Ui, out: &mut Vec<Msg>) {
        let Some(mend) = &check.mend else { return };
        let key = format!("mend {}", copy_key(check));
        let text = mend.shell();
        if code_block(ui, &text, "the command that mends it", self.model.is_copied(&key, self.now)).clicked()
        {
            copy(text, key, out);
        }
    }

    fn details(&self, check: &Check, ui: &mut Ui, out: &mut Vec<Msg>, add_more: More<'_>) {
        if let Some(finding) = &check.finding {
            body(ui, &finding.found);
            faint(ui, &format!("Normal: {}", finding.expected));
            if !finding.remedy.is_empty() {
                Rich::quoting(&finding.remedy).show(ui);
            }
            self.mend(check, ui, out);
        }
        if !check.details.is_empty() {
            mono(ui, &check.details.join("\n"));
        }
        command(self.model, &check.command, &format!("details {}", copy_key(check)), self.now, ui, out);
        ui.horizontal_wrapped(|ui| {
            let asking = self.run.readings.is_asking(check.question).then_some("It is being asked");
            if ui.add(ActionButton::secondary("Check again").small().off_because(asking)).clicked() {
                out.push(Msg::Run(RunMsg::Refresh(check.question)));
            }
            add_more(check, ui, out);
            if let (Some(at), Some(took)) = (check.observed_at, check.took) {
                secondary(ui, &format!("Answered {}, took {} ms", words::clock(at), took.as_millis()));
            }
        });
    }
}
