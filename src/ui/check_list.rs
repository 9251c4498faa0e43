//! The checks of a step as a list, the most important first and the rest folded.

use egui::Ui;

use crate::app::msg::{Msg, RunMsg};
use crate::design::{ActionButton, list_row, title_width};
use crate::runbook::check::Check;
use crate::runbook::verdict::Verdict;

use super::checks::{More, Rows};
use super::words;

/// The key in `open_checks` of what could not be checked for a reason named before.
const SAME_REASON: &str = "same-reason";

/// The checks in their order: what fails, what could not be checked, notes, what is on its way. Folded to
/// a line each: those that could not be checked for the reason of one before them, and those that passed.
pub(super) fn show(mut rows: Rows<'_>, all: &[Check], ui: &mut Ui, out: &mut Vec<Msg>, add_more: More<'_>) {
    let run = rows.run;
    let is_open = |check: &Check| run.open_checks.contains(&check.key());
    let (passed, rest): (Vec<&Check>, Vec<&Check>) = all
        .iter()
        .partition(|check| check.verdict() == Some(Verdict::Pass) && !run.passed_open && !is_open(check));
    let all_reasons = run.open_checks.contains(&(SAME_REASON, None));
    let alike: Vec<&Check> = same_reason(&rest).into_iter().filter(|check| !is_open(check)).collect();
    let hidden = |check: &Check| !all_reasons && alike.iter().any(|one| one.key() == check.key());
    rows.titles =
        title_width(ui, rest.iter().filter(|check| !hidden(check)).map(|check| check.title.as_str()));
    let first = |check: &&Check| matches!(check.verdict(), Some(Verdict::Fail | Verdict::Unknown));
    rows.show(rest.iter().copied().filter(first).filter(|check| !hidden(check)), ui, out, add_more);
    if !alike.is_empty() {
        let label = if all_reasons {
            "Fold what has the same reason".to_owned()
        } else {
            format!("{} more for the same reason: {}", alike.len(), names(&alike))
        };
        fold(&label, RunMsg::ToggleCheck(SAME_REASON, None), ui, out);
    }
    rows.show(rest.iter().copied().filter(|check| !first(check)), ui, out, add_more);
    if run.passed_open || !passed.is_empty() {
        let label = match run.passed_open {
            true => "Fold what passed".to_owned(),
            false if rest.is_empty() => format!("{} passed: {}", passed.len(), names(&passed)),
            false => format!("{} more passed: {}", passed.len(), names(&passed)),
        };
        fold(&label, RunMsg::TogglePassed, ui, out);
    }
}

fn fold(label: &str, msg: RunMsg, ui: &mut Ui, out: &mut Vec<Msg>) {
    list_row(ui, |ui| {
        if ui.add(ActionButton::quiet(label)).clicked() {
            out.push(Msg::Run(msg));
        }
    });
}

fn names(checks: &[&Check]) -> String {
    let names: Vec<String> = checks.iter().map(|check| words::inside(&check.title)).collect();
    names.join(", ")
}

/// The checks that could not be made for the reason of an earlier one, where they are two or more: a
/// cluster that does not answer is one fact, not ten.
fn same_reason<'c>(checks: &[&'c Check]) -> Vec<&'c Check> {
    let mut reasons: Vec<&str> = Vec::new();
    let mut alike = Vec::new();
    for check in checks {
        let Some(finding) = check.finding.as_ref().filter(|finding| finding.verdict == Verdict::Unknown)
        else {
            continue;
        };
        // behind the first colon stands what differs from one resource to the next
        let reason = finding.found.split(": ").next().unwrap_or(&finding.found);
        if reasons.iter().any(|earlier| finding.found.contains(earlier)) {
            alike.push(*check);
        } else {
            reasons.push(reason);
        }
    }
    if alike.len() < 2 { Vec::new() } else { alike }
}
