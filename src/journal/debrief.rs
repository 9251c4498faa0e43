//! What a practice run came to: how long it took, what was needless, wrong or missing, and what a good run does.
//!
//! Pure: of a run's record, and of what the scenario teaches ([`lesson`]). A run is judged as if it had ended with
//! its last entry.

use std::time::Duration;

use jiff::Timestamp;

use super::replay::{ActionRecord, Milestones, Record};
use crate::runbook::action::{ActionKind, ActionOutcome};
use crate::runbook::interrupted::noun;
use crate::runbook::lesson::{self, GoodEnd, Helps, Lesson};
use crate::runbook::step::Step;

/// What a practice run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debrief {
    /// The scenario's id.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// The time factor, as text: the durations below are those of the wall clock.
    pub speed: String,
    /// How it ended.
    pub ending: Ending,
    /// Until step 1 had come to what is true and the person went on from it; `None` where it never did, or the clock
    /// was set back.
    pub to_confirm: Option<Duration>,
    /// Until a right cause ranked first and the person went on from step 2.
    pub to_right_cause: Option<Duration>,
    /// Until the region was changed first, here or by hand.
    pub to_action: Option<Duration>,
    /// Until the region counted as recovered.
    pub to_recovered: Option<Duration>,
    /// From the first entry to the recovery, else to the last entry.
    pub took: Option<Duration>,
    /// What was done without need, in sentences without a full stop.
    pub needless: Vec<String>,
    /// What was done that could not help, or went past what was in the way.
    pub wrong: Vec<String>,
    /// What was left out.
    pub missing: Vec<String>,
    /// What a good run does, in its order.
    pub good_run: Vec<String>,
}

/// How a practice run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It was left before it was done.
    Unfinished,
    /// Nothing was to be done, and nothing was done.
    RightlyLeft,
    /// The region recovered.
    Recovered,
}

/// A run that ended well, to be compared with others of its scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BestRun {
    /// The scenario's id.
    pub scenario: String,
    /// How long it took, by the wall clock.
    pub took: Duration,
    /// The time factor, as text.
    pub speed: String,
    /// How it ended.
    pub ending: Ending,
    /// How many things were needless, wrong or missing.
    pub faults: usize,
}

impl BestRun {
    /// The better of two: fewer faults, then the shorter time.
    pub fn better(self, other: Self) -> Self {
        let rank = |run: &Self| (run.faults, std::cmp::Reverse(run.ending), run.took);
        if rank(&other) < rank(&self) { other } else { self }
    }
}

impl Debrief {
    /// Nothing needless, wrong or missing.
    pub fn is_clean(&self) -> bool {
        self.faults() == 0 && self.ending != Ending::Unfinished
    }

    /// How it compares with others of its scenario; `None` where it was not brought to an end.
    pub fn as_best(&self) -> Option<BestRun> {
        let took = self.took.filter(|_| self.ending != Ending::Unfinished)?;
        Some(BestRun {
            scenario: self.scenario.clone(),
            took,
            speed: self.speed.clone(),
            ending: self.ending,
            faults: self.faults(),
        })
    }

    fn faults(&self) -> usize {
        self.needless.len() + self.wrong.len() + self.missing.len()
    }
}

/// The debrief of a practice run; `None` of another run, and of a scenario that this program does not know.
pub fn debrief(record: &Record) -> Option<Debrief> {
    let practice = record.practice.as_ref()?;
    let lesson = lesson::of(&practice.scenario)?;
    let Judged { needless, wrong, against } = judge(record, &lesson);
    let since = |to: Option<Timestamp>| span(record.milestones.opened, to);
    let right_cause = record
        .causes
        .iter()
        .find(|(_, cause)| cause.as_ref().is_some_and(|cause| lesson.is_right(&cause.id)));
    let outcome = record.outcomes.iter().find(|(_, outcome)| outcome == lesson.outcome);
    let recovered = record.milestones.recovered;
    let ended = recovered.or(record.closed.as_ref().map(|closed| closed.at)).or(record.last_at);
    Some(Debrief {
        scenario: practice.scenario.clone(),
        title: practice.title.clone(),
        speed: practice.speed.to_string(),
        ending: ending(record, &lesson),
        to_confirm: since(outcome.map(|(at, _)| went_on(record, Step::Confirm, *at))),
        to_right_cause: since(right_cause.map(|(at, _)| went_on(record, Step::Diagnose, *at))),
        to_action: since(effective(record).map(|(action, _)| action.at).next()),
        to_recovered: since(recovered),
        took: since(ended),
        missing: missing(record, &lesson, &against),
        needless,
        wrong,
        good_run: good_run(&lesson),
    })
}

/// When a person went on from a step whose answer was there at `at`: the program has it sooner than anybody reads it.
/// Who never went on has it since then.
fn went_on(record: &Record, from: Step, at: Timestamp) -> Timestamp {
    let on = record.opened.iter().find(|(_, step)| *step > from);
    on.map_or(at, |(opened, _)| at.max(*opened))
}

fn span(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Duration> {
    Duration::try_from(Milestones::between(from, to)?).ok()
}

fn ending(record: &Record, lesson: &Lesson) -> Ending {
    let nothing_done = effective(record).next().is_none();
    if record.is_recovered() {
        Ending::Recovered
    } else if lesson.end != GoodEnd::Recovered && nothing_done {
        Ending::RightlyLeft
    } else {
        Ending::Unfinished
    }
}

/// What changed the region, or may have.
fn effective(record: &Record) -> impl Iterator<Item = (&ActionRecord, ActionKind)> {
    record.actions.iter().filter(|action| action.may_have_changed()).filter_map(|action| {
        let kind = ActionKind::ALL.into_iter().find(|kind| kind.id() == action.action)?;
        Some((action, kind))
    })
}

/// What was done, judged.
#[derive(Default)]
struct Judged<'a> {
    needless: Vec<String>,
    wrong: Vec<String>,
    /// Against which cause each right action was, in their order.
    against: Vec<(&'static str, &'a ActionRecord)>,
}

fn judge<'a>(record: &'a Record, lesson: &Lesson) -> Judged<'a> {
    let mut judged = Judged::default();
    for (action, kind) in effective(record) {
        let what = of(action);
        let repaired = record.repaired_by_others.is_some_and(|at| at <= action.at);
        let right = match lesson.helps(kind) {
            Helps::Not(reason) => {
                judged.wrong.push(format!("{what}: {}", inside(reason)));
                continue;
            }
            Helps::AfterAnother(cause, reason) => {
                if judged.against.iter().any(|(against, _)| *against == cause) {
                    judged.needless.push(format!("{what}: the cause was mended already"));
                } else {
                    judged.wrong.push(format!("{what}: {}", inside(reason)));
                }
                continue;
            }
            Helps::OnceRepaired(_) if !repaired => {
                judged.needless.push(format!("{what}: nothing could get better before the repair by others"));
                continue;
            }
            Helps::OnceRepaired(cause) | Helps::Against(cause) => cause,
        };
        if let Some(past) = action.overridden.first().filter(|_| !lesson.needs_reason) {
            judged.wrong.push(format!("{what} went past what was in the way: {}", inside(past)));
        }
        if let Some((_, before)) = judged.against.iter().rev().find(|(against, _)| *against == right) {
            judged.needless.push(repeated(before, action));
        }
        judged.against.push((right, action));
    }
    judged
}

/// Of two actions against the same cause one was needless.
fn repeated(before: &ActionRecord, action: &ActionRecord) -> String {
    let done = match &before.outcome {
        Some((_, outcome)) => matches!(outcome, ActionOutcome::Done { .. }),
        None => before.is_by_hand(),
    };
    if done && before.rolled_out != Some(false) {
        format!("{}: the {} before it had done the same", of(action), noun(&before.action))
    } else {
        format!("{}: nothing got better after it", of(before))
    }
}

/// "The scaling at 02:41:07 UTC".
fn of(action: &ActionRecord) -> String {
    format!("The {} at {} UTC", noun(&action.action), action.at.strftime("%H:%M:%S"))
}

/// The text with a small first letter, to stand inside a sentence.
fn inside(text: &str) -> String {
    let mut chars = text.chars();
    let is_name = text.split(' ').next().is_some_and(|word| word.chars().skip(1).any(char::is_uppercase));
    match chars.next() {
        Some(first) if !is_name => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

fn missing(record: &Record, lesson: &Lesson, against: &[(&'static str, &ActionRecord)]) -> Vec<String> {
    let mut missing = Vec::new();
    let mut first = effective(record).map(|(action, _)| action);
    if let Some(first) = first.next() {
        missing.extend(passed_over(record, lesson, first));
    }
    if record.is_recovered() || lesson.end != GoodEnd::Recovered {
        return missing;
    }
    let before = missing.len();
    if lesson.others && record.repaired_by_others.is_none() {
        let text =
            "The repair that belongs to others was not handed over; in practice: “Somebody repaired it”";
        missing.push(text.to_owned());
    }
    for cause in lesson.causes.iter().filter(|cause| lesson::is_ours(cause)) {
        let done = against.iter().any(|(against, _)| against == cause);
        if let Some((kind, _)) = lesson::fitting(cause).filter(|_| !done) {
            missing.push(format!("Nothing was done against “{}”: {} fits it", name(cause), imperative(kind)));
        }
    }
    if missing.len() == before {
        missing.push("The run was left before the region counted as recovered: verify it".to_owned());
    }
    missing
}

/// The steps that had not come to anything when the region was changed first.
fn passed_over(record: &Record, lesson: &Lesson, first: &ActionRecord) -> Vec<String> {
    let before = |at: Option<Timestamp>| at.is_some_and(|at| at <= first.at);
    let mut steps = Vec::new();
    if !before(record.milestones.confirmed) && !lesson.needs_reason {
        steps.push(format!("Step 1: the failover was not confirmed before the {}", noun(&first.action)));
    }
    if !before(record.milestones.cause_named) {
        steps.push(format!("Step 2: no cause was known before the {}", noun(&first.action)));
    } else if !record.opened.iter().any(|(at, step)| *step == Step::Diagnose && *at <= first.at) {
        steps.push(format!("Step 2: its evidence was not looked at before the {}", noun(&first.action)));
    }
    steps
}

/// A cause's id in words.
fn name(cause: &str) -> String {
    cause.replace('-', " ")
}

fn good_run(lesson: &Lesson) -> Vec<String> {
    let confirm = match lesson.outcome {
        "nothing-failing" => "Confirm: see that no health check fails",
        "all-failing" => "Confirm: see that every region's health check fails",
        "other-region-failing" => "Confirm: see that it is the other region that fails",
        "could-not-check" => {
            "Confirm: see that it could not be checked, and what the hosts themselves answer"
        }
        _ => "Confirm: see that the failover is active",
    };
    let mut run = vec![confirm.to_owned()];
    if lesson.end == GoodEnd::Left {
        run.push("Leave, and change nothing".to_owned());
        return run;
    }
    if lesson.swaps {
        run.push("Take the other region for the failed one".to_owned());
    }
    let causes: Vec<&str> = lesson.causes.iter().copied().filter(|cause| *cause != "wrong-region").collect();
    let names: Vec<String> = causes.iter().map(|cause| format!("“{}”", name(cause))).collect();
    run.push(format!("Diagnose: find the cause, {}", names.join(", then ")));
    if lesson.end == GoodEnd::Stopped {
        run.push("Stop and call for help: no action of this runbook repairs it".to_owned());
        return run;
    }
    let ours = causes.iter().filter_map(|cause| lesson::fitting(cause));
    let ours: Vec<String> = ours.map(|(kind, reason)| action(kind, reason)).collect();
    // What a reason goes past is not waited for.
    let acts_first = lesson.needs_reason && lesson.causes.len() == 1;
    let others =
        if acts_first { "Wait for what others repair" } else { "Hand over what others have to repair" };
    let handed_over = lesson.others.then(|| format!("{others}; in practice: “Somebody repaired it”"));
    if acts_first {
        run.extend(ours.iter().map(|action| format!("{action}. Give your reason")));
        run.extend(handed_over);
    } else {
        run.extend(handed_over);
        run.extend(ours.iter().cloned());
    }
    let afterwards = causes.iter().find_map(|cause| lesson::afterwards(cause));
    if let Some((kind, _)) = afterwards.filter(|_| ours.is_empty()) {
        run.push(format!("Restore, to skip the wait for the pods' own next try: {}", imperative(kind)));
    }
    run.push(if ours.is_empty() {
        "Verify until the region counts as recovered".to_owned()
    } else {
        "Watch the rollout, then verify until the region counts as recovered".to_owned()
    });
    run
}

fn action(kind: ActionKind, reason: &str) -> String {
    format!("Restore: {} ({})", imperative(kind), inside(reason))
}

fn imperative(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Scale => "scale up",
        ActionKind::Restart => "restart",
        ActionKind::Rollback => "roll back",
        ActionKind::ReapplyHelm | ActionKind::ReapplyVcluster => "re-apply the values file",
    }
}

#[cfg(test)]
mod tests;
