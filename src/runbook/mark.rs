//! How each step of a run stands: done here, done by hand, passed over with a reason, skipped, could not be
//! checked, failed. Pure, and the same for everybody who shows it.
//!
//! Steps 1 and 2 are judged live until something is done to the region. From then on they keep what they had
//! found ([`Found`]): what was true before the repair is no longer there to be read.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::action::ActionOutcome;
use super::case::Case;
use super::cause::Assessment;
use super::check::{self, Tally};
use super::rollout::{Phase, Rollout};
use super::step::Step;
use super::steps::confirm::{self, Outcome};
use super::steps::verify::{self, Accepted, Open};
use super::steps::{diagnose, restore};
use super::wellness;

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It is still to come.
    ToCome,
    /// It is the one to do.
    Now,
    /// Something runs, or is waited for.
    Busy,
    /// Done with this program.
    Done,
    /// A person says that they did it.
    ByHand,
    /// A person went past it with a reason.
    PassedOver,
    /// A later step was opened without it.
    Skipped,
    /// It could not be checked.
    Unknown,
    /// A person should know something about it.
    Noted,
    /// It failed.
    Failed,
}

impl Mark {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ToCome => "To come",
            Self::Now => "Now",
            Self::Busy => "Under way",
            Self::Done => "Done",
            Self::ByHand => "Done by hand",
            Self::PassedOver => "Passed over",
            Self::Skipped => "Skipped",
            Self::Unknown => "Could not check",
            Self::Noted => "Note",
            Self::Failed => "Failed",
        }
    }
}

/// A step's mark, and its state in a few words, which may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepMark {
    /// The mark.
    pub mark: Mark,
    /// In a few words.
    pub line: String,
}

impl StepMark {
    fn new(mark: Mark, line: impl Into<String>) -> Self {
        Self { mark, line: line.into() }
    }

    /// What was found in a step that may not have been looked at.
    fn found(usual: Mark, line: &str) -> Self {
        match usual {
            Mark::Skipped => Self::new(usual, format!("Skipped. {line}")),
            _ => Self::new(usual, line),
        }
    }
}

/// What steps 1 and 2 had found when something was done to the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Step 1.
    pub confirm: StepMark,
    /// Step 2.
    pub diagnose: StepMark,
}

/// The last action: when it ended, and how; `None` where a person says that they did it by hand.
#[derive(Debug, Clone, Copy)]
pub struct Last<'a> {
    /// UTC.
    pub at: Timestamp,
    /// How.
    pub outcome: Option<&'a ActionOutcome>,
}

/// The watched rollout.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// As judged last; `None` until the first answer.
    pub rollout: Option<&'a Rollout>,
    /// It is not being watched any more.
    pub lost: bool,
    /// How long it took, once it is done.
    pub took: Option<Duration>,
}

/// What happened in a run, as far as the marks need it.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The case.
    pub case: Case<'a>,
    /// The step that is to be done next.
    pub reached: Step,
    /// The steps that were looked at.
    pub shown: &'a BTreeSet<Step>,
    /// The failed region was seen failing, or something was done to it.
    pub was_out: bool,
    /// The causes, ranked.
    pub causes: &'a [Assessment],
    /// What was found before something was done.
    pub found: Option<&'a Found>,
    /// Since when an action runs, UTC.
    pub running: Option<Timestamp>,
    /// The last action.
    pub last: Option<Last<'a>>,
    /// The watched rollout.
    pub watched: Option<Watched<'a>>,
    /// Step 5 has begun.
    pub verifying: bool,
    /// What was taken as it is.
    pub accepted: &'a [Accepted],
    /// Looks that passed in a row.
    pub looks: u32,
}

/// How a step of a run stands.
pub fn of(progress: &Progress<'_>, step: Step) -> StepMark {
    let usual = usual(progress, step);
    match step {
        Step::Preflight => StepMark::new(usual, ""),
        Step::Confirm => {
            progress.found.map_or_else(|| confirm(progress, usual), |found| found.confirm.clone())
        }
        Step::Diagnose => {
            progress.found.map_or_else(|| diagnose(progress, usual), |found| found.diagnose.clone())
        }
        Step::Restore => restore(progress, usual),
        Step::Rollout => rollout(progress, usual),
        Step::Verify => verify(progress, usual),
    }
}

/// What steps 1 and 2 find now, to be kept before something is done; `over_gate` is the reason that goes past
/// step 1's gate, where one had to.
pub fn found(progress: &Progress<'_>, over_gate: Option<&str>) -> Found {
    let seen = |step| if progress.shown.contains(&step) { Mark::Done } else { Mark::Skipped };
    let confirm = match over_gate {
        Some(reason) => StepMark::new(Mark::PassedOver, format!("Passed over: {reason}")),
        None => confirm(progress, seen(Step::Confirm)),
    };
    let diagnose = diagnose(progress, seen(Step::Diagnose));
    Found { confirm, diagnose }
}

/// By the order of steps alone.
fn usual(progress: &Progress<'_>, step: Step) -> Mark {
    match step.cmp(&progress.reached) {
        std::cmp::Ordering::Less if progress.shown.contains(&step) => Mark::Done,
        std::cmp::Ordering::Less => Mark::Skipped,
        std::cmp::Ordering::Equal => Mark::Now,
        std::cmp::Ordering::Greater => Mark::ToCome,
    }
}

fn confirm(progress: &Progress<'_>, usual: Mark) -> StepMark {
    let case = &progress.case;
    let name = &case.failed_region().name;
    match confirm::outcome(case.profile, case.readings, case.failed) {
        None => StepMark::new(going_on(usual), "Reads the health checks"),
        Some(Outcome::FailoverActive) if wellness::of(case.profile, case.readings, case.failed).is_well() => {
            StepMark::new(Mark::Noted, format!("{name}: only its check fails"))
        }
        Some(Outcome::FailoverActive) => StepMark::new(usual, format!("Active: {name} is out")),
        Some(Outcome::NothingFailing) if progress.was_out => StepMark::new(usual, format!("{name} was out")),
        Some(Outcome::NothingFailing) => StepMark::new(usual, "Nothing fails"),
        Some(Outcome::AllFailing) => StepMark::new(Mark::Failed, "Every region fails: stop"),
        Some(Outcome::OtherRegionFailing(other)) => {
            StepMark::new(Mark::Noted, format!("{} fails instead", case.profile.region(other).name))
        }
        Some(Outcome::CouldNotCheck(_)) => StepMark::new(Mark::Unknown, "Could not check"),
    }
}

/// What goes on in a step that is neither the one to do nor to come.
fn going_on(usual: Mark) -> Mark {
    if matches!(usual, Mark::ToCome | Mark::Now) { usual } else { Mark::Busy }
}

fn diagnose(progress: &Progress<'_>, usual: Mark) -> StepMark {
    let case = &progress.case;
    let checks = diagnose::checks(case);
    let Tally { all, unknown, waiting, .. } = check::tally(&checks);
    if all > 0 && unknown == all {
        return StepMark::new(Mark::Unknown, format!("None of {all} checks could be made"));
    }
    if let Some(first) = progress.causes.first() {
        return StepMark::found(usual, &first.title);
    }
    if diagnose::platform_runs(case) {
        return StepMark::found(usual, "The platform runs");
    }
    if waiting > 0 {
        return StepMark::new(going_on(usual), format!("{} of {all} checks answered", all - waiting));
    }
    let mark = if usual == Mark::Done { Mark::Noted } else { usual };
    StepMark::found(mark, "No known cause")
}

fn restore(progress: &Progress<'_>, usual: Mark) -> StepMark {
    if let Some(since) = progress.running {
        return StepMark::new(Mark::Busy, format!("Runs since {}", clock(since)));
    }
    if let Some(last) = progress.last {
        let at = clock(last.at);
        return match last.outcome {
            None => StepMark::new(Mark::ByHand, format!("By hand {at}")),
            Some(ActionOutcome::Done { .. }) => StepMark::new(Mark::Done, format!("Done {at}")),
            Some(ActionOutcome::Failed { unchanged: true, .. }) => {
                StepMark::new(Mark::Failed, format!("Failed {at}, unchanged"))
            }
            Some(ActionOutcome::Failed { .. }) => StepMark::new(Mark::Failed, format!("Failed {at}")),
            Some(ActionOutcome::Cancelled { .. }) => StepMark::new(Mark::Noted, format!("Cancelled {at}")),
        };
    }
    if progress.reached > Step::Restore {
        return StepMark::new(Mark::Skipped, "Skipped: nothing done");
    }
    if progress.reached < Step::Diagnose {
        return StepMark::new(usual, "");
    }
    if restore::nothing_to_do(&progress.case).is_some() {
        return StepMark::new(usual, "Nothing to do here");
    }
    let line = match waits_for(progress) {
        Waits::Others => "Waits for the repair",
        Waits::OthersStop => "Stop: another runbook",
        _ if progress.reached == Step::Restore => "Ready to run",
        _ => "",
    };
    StepMark::new(usual, line)
}

fn rollout(progress: &Progress<'_>, usual: Mark) -> StepMark {
    let Some(watched) = progress.watched else {
        if progress.reached > Step::Rollout {
            return StepMark::new(Mark::Skipped, "Skipped: not watched");
        }
        return StepMark::new(usual, "");
    };
    let going_on = going_on(usual);
    let Some(rollout) = watched.rollout else {
        if watched.lost {
            return StepMark::new(Mark::Unknown, "Could not be watched");
        }
        return StepMark::new(going_on, "Waits for the first answer");
    };
    let counts = format!("{} of {}", rollout.available, rollout.wanted);
    match (&rollout.phase, watched.took) {
        (Phase::Done, Some(took)) => {
            let took = took.as_secs();
            let took = if took < 60 { format!("{took} s") } else { format!("{} min", took / 60) };
            StepMark::new(Mark::Done, format!("{counts} in {took}"))
        }
        (Phase::Done, None) => StepMark::new(Mark::Done, counts),
        (Phase::Failed(_), _) => StepMark::new(Mark::Failed, "Failed"),
        _ if watched.lost => StepMark::new(Mark::Unknown, "Not watched any more"),
        _ => StepMark::new(going_on, format!("{counts} available")),
    }
}

fn verify(progress: &Progress<'_>, usual: Mark) -> StepMark {
    let without = progress.accepted.iter().filter(|accepted| accepted.is_unknown()).count();
    if progress.looks >= verify::LOOKS {
        return match without {
            0 => StepMark::new(Mark::Done, "Recovered"),
            _ => StepMark::new(Mark::PassedOver, format!("Recovered, {without} not checked")),
        };
    }
    if !progress.verifying {
        return StepMark::new(usual, "");
    }
    let open = Open::of(&progress.case, &verify::checks(&progress.case), progress.accepted);
    if let Some(blind) = open.blind {
        let since = blind.since.map_or(String::new(), |at| format!(" since {}", clock(at)));
        return StepMark::new(Mark::Unknown, format!("Could not look{since}"));
    }
    let line = match (open.against.len(), open.unread.len(), open.warnings.len()) {
        _ if open.waiting > 0 => "Reads the checks".to_owned(),
        (0, 0, 0) => format!("All good, {} of {} looks", progress.looks, verify::LOOKS),
        (0, 0, 1) => "1 warning to read".to_owned(),
        (0, 0, warnings) => format!("{warnings} warnings to read"),
        (0, unread, _) => format!("{unread} could not be checked"),
        (1, ..) => "1 check against it".to_owned(),
        (against, ..) => format!("{against} checks against it"),
    };
    StepMark::new(usual, line)
}

/// Who or what a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// The person here: to decide, to sign in, to choose the other region.
    You,
    /// The answers of the health checks.
    HealthChecks,
    /// The action that runs.
    Action,
    /// The new pods.
    Pods,
    /// The checks of step 5.
    Checks,
    /// Somebody else's repair.
    Others,
    /// Those whose runbook applies in this one's place.
    OthersStop,
    /// Nothing more.
    Nothing,
}

impl Waits {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::You => "Waits for you",
            Self::HealthChecks => "Waits for the health checks",
            Self::Action => "Waits for the action to end",
            Self::Pods => "Waits for the pods",
            Self::Checks => "Waits for the checks to pass",
            Self::Others => "Waits for somebody's repair",
            Self::OthersStop => "Stop: call for help",
            Self::Nothing => "Waits for nothing more",
        }
    }
}

/// Who or what a run waits for.
pub fn waits_for(progress: &Progress<'_>) -> Waits {
    use super::cause::{Advice, Blame};
    let case = &progress.case;
    let over = |rollout: &Rollout| matches!(rollout.phase, Phase::Done | Phase::Failed(_));
    let pods = progress.watched.is_some_and(|watched| !watched.lost && !watched.rollout.is_some_and(over));
    let outcome = confirm::outcome(case.profile, case.readings, case.failed);
    if progress.looks >= verify::LOOKS {
        Waits::Nothing
    } else if progress.running.is_some() {
        Waits::Action
    } else if progress.reached == Step::Rollout && pods {
        Waits::Pods
    } else if progress.reached == Step::Verify {
        let open = Open::of(case, &verify::checks(case), progress.accepted);
        let yours = open.against.is_empty() && open.waiting == 0 && !open.is_clear() && open.blind.is_none();
        if yours { Waits::You } else { Waits::Checks }
    } else if outcome.is_none() {
        Waits::HealthChecks
    } else if outcome == Some(Outcome::AllFailing) {
        Waits::OthersStop
    } else if progress.reached == Step::Confirm {
        Waits::You
    } else {
        match progress.causes.first() {
            // to sign in, to ask for a permission, to take the other region is the person's own
            Some(first) if matches!(first.blame, Blame::OurSide | Blame::Choice | Blame::Nothing) => {
                Waits::You
            }
            Some(first) if first.advice == Some(Advice::Guidance) => Waits::Others,
            Some(first) if first.advice == Some(Advice::Stop) => Waits::OthersStop,
            _ => Waits::You,
        }
    }
}

/// "02:29:10 UTC".
fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests;
