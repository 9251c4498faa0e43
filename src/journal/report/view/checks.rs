//! How each check stood at last, and what could not be checked.

use serde::Serialize;

use crate::journal::Record;
use crate::journal::replay::CheckRecord;
use crate::journal::replay::with_region;
use crate::journal::report::times::Times;
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

/// The word of each verdict with its sign, and the class that colours it on the page.
pub(in crate::journal::report) const MARKS: [(&str, &str); 4] =
    [("✓ Good", "good"), ("▲ Warning", "warning"), ("✗ Failed", "failed"), ("? Not known", "unknown")];

/// The checks of a step.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    title: String,
    rows: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    mark: &'static str,
    title: String,
    found: String,
    expected: String,
    since: String,
}

pub(super) fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => MARKS[0].0,
        Verdict::Warn => MARKS[1].0,
        Verdict::Fail => MARKS[2].0,
        Verdict::Unknown => MARKS[3].0,
    }
}

/// The latest step first; in each, what is not good first.
pub(super) fn groups(record: &Record, times: &Times<'_>) -> Vec<Group> {
    let steps = Step::ALL.into_iter().rev().chain([Step::Preflight]);
    steps.filter_map(|step| group(record, step, times)).collect()
}

fn group(record: &Record, step: Step, times: &Times<'_>) -> Option<Group> {
    let mut checks: Vec<&CheckRecord> = record.checks.iter().filter(|check| check.step == step).collect();
    if checks.is_empty() {
        return None;
    }
    checks.sort_by_key(|check| match check.verdict {
        Verdict::Fail => 0,
        Verdict::Unknown => 1,
        Verdict::Warn => 2,
        Verdict::Pass => 3,
    });
    let row = |check: &CheckRecord| Check {
        mark: mark(check.verdict),
        title: with_region(&check.title, check.region.as_deref()),
        found: check.found.clone(),
        expected: check.expected.clone(),
        since: times.short(check.since, record.milestones.opened),
    };
    let title = match step.number() {
        0 => step.title().to_owned(),
        number => format!("Step {number}, {}", step.title()),
    };
    Some(Group { title, rows: checks.into_iter().map(row).collect() })
}

/// What could not be checked, and whether somebody took it as it is. What has one reason stands together.
pub(super) fn not_checked(record: &Record) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for check in record.checks.iter().filter(|check| check.verdict == Verdict::Unknown) {
        let mut why = check.found.clone();
        let taken = record.accepted.iter().rev().find(|taken| {
            taken.check == check.check && taken.region == check.region && taken.reason.is_some()
        });
        if let Some(reason) = taken.and_then(|taken| taken.reason.as_ref()) {
            why.push_str(&format!(". Accepted: {reason}"));
        }
        let title = with_region(&check.title, check.region.as_deref());
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, titles)) if titles.contains(&title) => {}
            Some((_, titles)) => titles.push(title),
            None => reasons.push((why, vec![title])),
        }
    }
    reasons.into_iter().map(|(why, titles)| format!("{}: {why}", titles.join(", "))).collect()
}
