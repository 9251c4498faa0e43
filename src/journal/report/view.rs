//! What the template shows: the record in the order in which a tired reader needs it.

use jiff::Timestamp;
use serde::Serialize;

use super::Settings;
use super::sentence;
use super::times::{Times, span};
use crate::journal::replay::with_region;
use crate::journal::replay::{ActionRecord, Milestones, MomentKind};
use crate::journal::{NamedCause, Record};
use crate::runbook::interrupted::noun;

mod actions;
mod checks;

pub(super) use actions::open;
pub(super) use checks::MARKS;

/// How much of a timeline is shown: its end.
const MOMENTS: usize = 5_000;

/// All of a report.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) title: String,
    practice: Option<String>,
    standing: String,
    /// Actions whose outcome is not known, a sentence each.
    open: Vec<String>,
    /// Why it did not count as recovered when it was left.
    against: Vec<String>,
    summary: Vec<Row>,
    /// The local zone's name, where there is one beside UTC.
    zone: Option<String>,
    durations: Vec<Duration>,
    cause: Option<Cause>,
    /// Causes that ranked first before, a line each.
    earlier_causes: Vec<String>,
    actions: Vec<actions::Action>,
    /// In place of actions.
    no_action: String,
    decisions: Vec<String>,
    checks: Vec<checks::Group>,
    not_checked: Vec<String>,
    notes: Vec<Note>,
    days: Vec<Day>,
    /// What is missing in this report, a sentence each.
    gaps: Vec<String>,
    written: String,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct Duration {
    name: &'static str,
    at: String,
    after: String,
    step: String,
}

#[derive(Debug, Serialize)]
struct Cause {
    headline: String,
    strength: String,
    named: String,
    is_gone: bool,
    evidence_for: Vec<String>,
    evidence_against: Vec<String>,
    not_checked: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Note {
    at: String,
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Day {
    date: String,
    moments: Vec<Moment>,
}

#[derive(Debug, Serialize)]
struct Moment {
    utc: String,
    local: String,
    kind: &'static str,
    text: String,
    details: Vec<String>,
}

impl View {
    pub(super) fn of(record: &Record, settings: &Settings) -> Self {
        let times = Times::new(&settings.zone);
        let practice = record.practice.as_ref().map(|practice| {
            format!("nothing real was touched. Scenario: {}, time × {}", practice.title, practice.speed)
        });
        let mark = if practice.is_some() { "Practice: " } else { "" };
        let title = match &record.region {
            Some(region) => format!("{mark}Recovery of {region} ({})", record.environment),
            None => format!("{mark}Run of {}", record.environment),
        };
        let closed = record.closed.as_ref().filter(|_| !record.is_recovered());
        let zone = record.last_at.or(record.milestones.opened).and_then(|at| times.zone(at));
        let (cause, earlier_causes) = causes(record, &times);
        Self {
            title,
            practice,
            standing: sentence::standing(record, settings.goes_on, &times),
            open: record.open_actions().map(|open| actions::open(open, &times)).collect(),
            against: closed.map(|closed| closed.reasons.clone()).unwrap_or_default(),
            summary: summary(record, settings.goes_on, &times),
            zone,
            durations: durations(record, &times),
            cause,
            earlier_causes,
            actions: actions::of(record, &times),
            no_action: actions::none(record),
            decisions: decisions(record, &times),
            checks: checks::groups(record, &times),
            not_checked: checks::not_checked(record),
            notes: notes(record, &times),
            days: days(record, &times),
            gaps: gaps(record, &settings.left_out),
            written: format!(
                "{} by Failback {}, from the run's journal alone",
                times.full(settings.now),
                env!("CARGO_PKG_VERSION")
            ),
        }
    }
}

fn summary(record: &Record, goes_on: bool, times: &Times<'_>) -> Vec<Row> {
    let mut rows = vec![Row { name: "Environment", text: record.environment.clone() }];
    let region = record.region.clone().unwrap_or_else(|| "not known".to_owned());
    rows.push(Row { name: "Taken for the failed region", text: region });
    // Once something was done, that nothing fails any more is the recovery and no false alarm.
    let acted = record.actions.iter().any(ActionRecord::may_have_changed);
    if let Some(outcome) = record.outcome.as_ref().filter(|it| !(acted && it.id == "nothing-failing")) {
        rows.push(Row { name: "Step 1 says", text: outcome.sentence.clone() });
    }
    let mut names: Vec<String> = Vec::new();
    for turn in &record.hands {
        let name = turn.hand.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let by = if names.is_empty() { "not known".to_owned() } else { names.join(", then ") };
    rows.push(Row { name: "Worked on by", text: by });
    let from = record.milestones.opened.map_or("not known".to_owned(), |at| times.full(at));
    rows.push(Row { name: "Begun", text: from });
    let last = record.last_at.map_or("not known".to_owned(), |at| times.full(at));
    let last = if goes_on { format!("{last}; the run goes on") } else { last };
    rows.push(Row { name: "Last entry", text: last });
    if record.is_unfinished() && sentence::nothing_restored(record).is_none() {
        rows.push(Row { name: "Waits for", text: record.waiting_for() });
    }
    rows
}

/// From the first failure on. What was not reached has no time; what is not known is told as that.
fn durations(record: &Record, times: &Times<'_>) -> Vec<Duration> {
    let all = &record.milestones;
    let reached = [
        ("First failure seen", all.first_failure, "none was seen"),
        ("Failover confirmed", all.confirmed, "not confirmed"),
        ("Cause named", all.cause_named, "none was named"),
        ("First action done", all.acted, "none was done"),
        ("Restored: the rollout was done", all.restored, "not watched"),
        ("Recovered", all.recovered, "not reached"),
    ];
    let last = reached.iter().rposition(|(_, at, _)| at.is_some());
    let mut before: Option<Timestamp> = None;
    let mut rows = Vec::new();
    for (place, (name, at, unreached)) in reached.into_iter().enumerate() {
        let is_past = last.is_some_and(|last| place < last);
        let shown = match at {
            Some(at) => times.full(at),
            None if is_past => unreached.to_owned(),
            None => "not reached".to_owned(),
        };
        let after = if place == 0 { String::new() } else { took(all.first_failure, at) };
        let step = if place == 0 { String::new() } else { took(before, at) };
        rows.push(Duration { name, at: shown, after, step });
        before = at.or(before);
    }
    rows
}

fn took(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    match (to.and(from), Milestones::between(from, to)) {
        (None, _) => String::new(),
        (Some(_), Some(took)) => span(took),
        (Some(_), None) => "not known".to_owned(),
    }
}

/// The latest cause that ranked first, and those before it.
fn causes(record: &Record, times: &Times<'_>) -> (Option<Cause>, Vec<String>) {
    let mut named: Vec<(Timestamp, &NamedCause)> =
        record.causes.iter().filter_map(|(at, cause)| Some((*at, cause.as_ref()?))).collect();
    let Some((at, cause)) = named.pop() else { return (None, Vec::new()) };
    let earlier = named
        .iter()
        .filter(|(_, earlier)| earlier.headline != cause.headline)
        .map(|(at, earlier)| {
            format!("{} UTC: {} ({})", Times::clock(*at), earlier.headline, earlier.strength)
        })
        .collect();
    let latest = Cause {
        headline: cause.headline.clone(),
        strength: cause.strength.clone(),
        named: times.full(at),
        is_gone: record.cause().is_none(),
        evidence_for: cause.evidence_for.clone(),
        evidence_against: cause.evidence_against.clone(),
        not_checked: cause.not_checked.clone(),
    };
    (Some(latest), earlier)
}

/// What people decided, in the order of time.
fn decisions(record: &Record, times: &Times<'_>) -> Vec<String> {
    let mut all: Vec<(Timestamp, String)> = Vec::new();
    for taken in &record.accepted {
        let title = with_region(&taken.title, taken.region.as_deref());
        let text = match &taken.reason {
            Some(reason) => {
                format!("{title} could not be checked and was accepted: {}. Reason: {reason}", taken.found)
            }
            None => format!("{title}: the warning was acknowledged: {}", taken.found),
        };
        all.push((taken.at, text));
    }
    for action in &record.actions {
        let what = format!("{} of {}", noun(&action.action), action.region);
        if !action.overridden.is_empty() {
            let reason = action.reason.as_deref().unwrap_or("none was given");
            let past = action.overridden.join("; ");
            all.push((action.at, format!("The {what} was done past this: {past}. Reason: {reason}")));
        }
        if let Some((at, said)) = &action.acknowledged {
            let said = said.as_ref().map_or(String::new(), |said| format!(". They say: {said}"));
            all.push((*at, format!("Somebody looked at what became of the {what}{said}")));
        }
    }
    if let Some((at, reason)) = &record.ended {
        let reason = reason.as_ref().map_or(String::new(), |reason| format!(". Reason: {reason}"));
        all.push((*at, format!("The run was ended as it was{reason}")));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(at, text)| format!("{}: {text}", times.full(at))).collect()
}

fn notes(record: &Record, times: &Times<'_>) -> Vec<Note> {
    let note = |(at, text): &(Timestamp, String)| Note {
        at: times.full(*at),
        lines: text.lines().map(str::to_owned).collect(),
    };
    record.notes.iter().map(note).collect()
}

/// In the order of the file; a new heading wherever the day is another one.
fn days(record: &Record, times: &Times<'_>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    let surplus = record.timeline.len().saturating_sub(MOMENTS);
    for moment in &record.timeline[surplus..] {
        let date = Times::day(moment.at).to_string();
        if days.last().is_none_or(|day| day.date != date) {
            days.push(Day { date, moments: Vec::new() });
        }
        let mut details = moment.details.clone();
        if moment.clock_set_back {
            details.insert(0, "The clock had been set back before this".to_owned());
        }
        let shown = Moment {
            utc: Times::clock(moment.at),
            local: times.local(moment.at).unwrap_or_default(),
            kind: kind(moment.kind),
            text: moment.text.clone(),
            details,
        };
        if let Some(day) = days.last_mut() {
            day.moments.push(shown);
        }
    }
    days
}

fn kind(kind: MomentKind) -> &'static str {
    match kind {
        MomentKind::Run => "Run",
        MomentKind::Reading(_) => "Check",
        MomentKind::Finding => "Finding",
        MomentKind::Decision => "Decision",
        MomentKind::Action => "Action",
        MomentKind::ActionFailed => "Action, not well",
        MomentKind::Note => "Note",
        MomentKind::Newer => "Not understood",
    }
}

fn gaps(record: &Record, left_out: &[String]) -> Vec<String> {
    let mut gaps = Vec::new();
    if record.is_cut {
        gaps.push("The journal is too long to be read whole: its beginning is missing".to_owned());
    }
    if record.torn > 0 {
        let lines = if record.torn == 1 { "1 line" } else { &format!("{} lines", record.torn) };
        gaps.push(format!("{lines} of the journal cannot be read: a crash or a full disk tore them"));
    }
    if !record.newer.is_empty() {
        let kinds: Vec<&str> = record.newer.iter().map(|newer| newer.what.as_str()).collect();
        gaps.push(format!(
            "A newer Failback wrote {} of the entries, which this one does not understand ({}): open it there",
            kinds.len(),
            kinds.iter().take(8).copied().collect::<Vec<_>>().join(", ")
        ));
    }
    if record.timeline.iter().any(|moment| moment.clock_set_back) {
        gaps.push("The clock was set back during the run: durations across that are not known".to_owned());
    }
    if record.timeline.len() > MOMENTS {
        let surplus = record.timeline.len() - MOMENTS;
        gaps.push(format!("The first {surplus} entries of the timeline are left out: it is too long"));
    }
    gaps.extend(left_out.iter().cloned());
    gaps
}
