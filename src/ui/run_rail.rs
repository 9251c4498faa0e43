//! How each step stands, in a shape and a few words, for the rail.

use jiff::Timestamp;

use crate::app::model::{RolloutWatch, Run};
use crate::design::Tone;
use crate::runbook::action::ActionOutcome;
use crate::runbook::cause::Advice;
use crate::runbook::check;
use crate::runbook::rollout::Phase;
use crate::runbook::step::Step;
use crate::runbook::steps::confirm::{self, Outcome};
use crate::runbook::steps::{diagnose, preflight, verify};

use super::words;

/// How a step stands.
pub(super) struct Stand {
    /// Its shape.
    pub(super) tone: Tone,
    /// Its state in a few words; may be empty.
    pub(super) line: String,
}

impl Stand {
    fn new(tone: Tone, line: impl Into<String>) -> Self {
        Self { tone, line: line.into() }
    }
}

/// How a step of the run stands.
pub(super) fn stand(run: &Run, step: Step, now: Timestamp) -> Stand {
    let usual = match step.cmp(&run.reached) {
        std::cmp::Ordering::Less => Tone::Pass,
        std::cmp::Ordering::Equal => Tone::Now,
        std::cmp::Ordering::Greater => Tone::ToCome,
    };
    match step {
        Step::Preflight => preflight_stand(run, now),
        Step::Confirm => confirm_stand(run, usual),
        Step::Diagnose => diagnose_stand(run, usual, now),
        Step::Restore => restore_stand(run, usual, now),
        Step::Rollout => rollout_stand(run, usual),
        Step::Verify => verify_stand(run, usual, now),
    }
}

/// Who or what the run waits for.
pub(super) fn waits_for(run: &Run, now: Timestamp) -> &'static str {
    let Some(case) = run.case(now) else { return "Waits for the health checks, or for your choice" };
    let going_on = |watch: &RolloutWatch| {
        let over = watch.rollout.as_ref().map(|r| matches!(r.phase, Phase::Done | Phase::Failed(_)));
        watch.lost.is_none() && over != Some(true)
    };
    let others = || {
        let first = run.causes(now).into_iter().next().and_then(|first| first.advice);
        matches!(first, Some(Advice::Guidance | Advice::Stop))
    };
    if run.recovered() {
        "Waits for nothing more"
    } else if run.restore.running.is_some() {
        "Waits for the action to end"
    } else if run.reached == Step::Rollout && run.rollout.as_ref().is_some_and(going_on) {
        "Waits for the pods"
    } else if run.reached == Step::Verify {
        "Waits for the checks to pass"
    } else if confirm::outcome(&run.profile, &run.readings, case.failed).is_none() {
        "Waits for the health checks"
    } else if run.reached > Step::Confirm && others() {
        "Waits for somebody's repair"
    } else {
        "Waits for you"
    }
}

/// How our own side stands: told where it is a fault, or where something is not known.
fn preflight_stand(run: &Run, now: Timestamp) -> Stand {
    let tally = check::tally(&preflight::checks(&run.any_case(now)));
    if tally.waiting > 0 {
        Stand::new(Tone::Busy, "Being looked at")
    } else if tally.fail > 0 {
        Stand::new(Tone::Fail, words::count(tally.fail, "fault", "faults"))
    } else if tally.unknown > 0 {
        Stand::new(Tone::Unknown, format!("{} could not be checked", tally.unknown))
    } else if tally.warn > 0 {
        Stand::new(Tone::Warn, words::count(tally.warn, "note", "notes"))
    } else {
        Stand::new(Tone::Pass, format!("{} checks passed", tally.pass))
    }
}

fn confirm_stand(run: &Run, usual: Tone) -> Stand {
    let Some(failed) = run.failed else { return Stand::new(usual, "Which region failed?") };
    let name = &run.profile.region(failed).name;
    match confirm::outcome(&run.profile, &run.readings, failed) {
        None => Stand::new(usual, "Reads the health checks"),
        Some(Outcome::FailoverActive) => Stand::new(usual, format!("Active: {name} is out")),
        Some(Outcome::NothingFailing) if run.was_out() => Stand::new(usual, format!("{name} was out")),
        Some(Outcome::NothingFailing) => Stand::new(usual, "Nothing fails"),
        Some(Outcome::AllFailing) => Stand::new(Tone::Fail, "Every region fails: stop"),
        Some(Outcome::OtherRegionFailing(other)) => {
            Stand::new(Tone::Warn, format!("{} fails instead", run.profile.region(other).name))
        }
        Some(Outcome::CouldNotCheck(_)) => Stand::new(Tone::Unknown, "Could not check"),
    }
}

fn diagnose_stand(run: &Run, usual: Tone, now: Timestamp) -> Stand {
    let Some(case) = run.case(now) else { return Stand::new(usual, "") };
    if let Some(first) = run.causes(now).first() {
        return Stand::new(usual, first.title.clone());
    }
    if diagnose::platform_runs(&case) {
        return Stand::new(usual, "The platform runs");
    }
    let checks = diagnose::checks(&case);
    if checks.iter().any(|check| check.finding.is_none()) {
        let line = words::count(checks.len(), "check", "checks");
        return Stand::new(usual, line);
    }
    Stand::new(usual, "No known cause")
}

fn restore_stand(run: &Run, usual: Tone, now: Timestamp) -> Stand {
    if let Some(running) = &run.restore.running {
        return Stand::new(Tone::Busy, format!("Runs since {}", words::clock(running.started_at)));
    }
    if let Some(done) = run.restore.finished.last() {
        let at = words::clock(done.at);
        return match done.outcome {
            None => Stand::new(usual, format!("By hand {at}")),
            Some(ActionOutcome::Done { .. }) => Stand::new(usual, format!("Done {at}")),
            Some(ActionOutcome::Failed { .. }) => Stand::new(Tone::Fail, format!("Failed {at}")),
            Some(ActionOutcome::Cancelled { .. }) => Stand::new(Tone::Warn, format!("Cancelled {at}")),
        };
    }
    if run.reached < Step::Diagnose {
        return Stand::new(usual, "");
    }
    match run.causes(now).first().and_then(|first| first.advice) {
        Some(Advice::Guidance) => Stand::new(usual, "Waits for the repair"),
        Some(Advice::Stop) => Stand::new(usual, "Stop: another runbook"),
        Some(_) if run.reached == Step::Restore => Stand::new(usual, "Ready to run"),
        _ => Stand::new(usual, ""),
    }
}

fn rollout_stand(run: &Run, usual: Tone) -> Stand {
    let Some(watch) = &run.rollout else { return Stand::new(usual, "") };
    if watch.lost.is_some() {
        return Stand::new(Tone::Unknown, "Not watched any more");
    }
    let Some(rollout) = &watch.rollout else { return Stand::new(usual, "Waits for the first answer") };
    match (&rollout.phase, watch.done_at) {
        (Phase::Failed(_), _) => Stand::new(Tone::Fail, "Failed"),
        (Phase::Done, Some(done)) => {
            let took = words::span(words::since(done, watch.track.started_at));
            Stand::new(usual, format!("{} of {} in {took}", rollout.available, rollout.wanted))
        }
        _ => Stand::new(usual, format!("{} of {} available", rollout.available, rollout.wanted)),
    }
}

fn verify_stand(run: &Run, usual: Tone, now: Timestamp) -> Stand {
    if run.recovered() {
        return Stand::new(Tone::Pass, "Recovered");
    }
    let Some(case) = run.case(now).filter(|_| run.verify.since.is_some()) else {
        return Stand::new(usual, "");
    };
    let looks = format!("{} of {} looks", run.verify.looks.passed, verify::LOOKS);
    match verify::reasons_against(&case, &run.verify.accepted).len() {
        0 => Stand::new(usual, format!("All good, {looks}")),
        against => Stand::new(usual, format!("{} against it", words::count(against, "check", "checks"))),
    }
}
