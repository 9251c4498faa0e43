//! How each step stands, in a shape and a few words, for the rail.

use jiff::Timestamp;

use crate::app::model::{Overdue, Run};
use crate::design::Tone;
use crate::runbook::check;
use crate::runbook::mark::{self, Mark};
use crate::runbook::step::Step;
use crate::runbook::steps::preflight;

use super::{overdue, words};

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

/// How the steps of the run and our own side stand.
pub(super) fn stands(run: &Run, now: Timestamp) -> Vec<(Step, Stand)> {
    let causes = run.causes(now);
    let progress = run.progress(now, &causes);
    let of = |step: Step| match &progress {
        Some(progress) => {
            let stands = mark::of(progress, step);
            Stand::new(tone(stands.mark), stands.line)
        }
        None if step == Step::Confirm => Stand::new(Tone::Now, "Which region failed?"),
        None => Stand::new(Tone::ToCome, ""),
    };
    let overdue = run.overdue(now);
    let steps = Step::ALL.map(|step| (step, late(of(step), overdue.filter(|overdue| overdue.step == step))));
    steps.into_iter().chain([(Step::Preflight, preflight_stand(run, now))]).collect()
}

/// The step that is to be done takes longer than usual. What went wrong there says more than that.
fn late(stand: Stand, overdue: Option<Overdue>) -> Stand {
    match (overdue, stand.tone) {
        (Some(overdue), Tone::Now | Tone::Busy) => Stand::new(Tone::Warn, overdue::line(&overdue)),
        _ => stand,
    }
}

/// How a mark looks.
fn tone(mark: Mark) -> Tone {
    match mark {
        Mark::ToCome => Tone::ToCome,
        Mark::Now => Tone::Now,
        Mark::Busy => Tone::Busy,
        Mark::Done => Tone::Pass,
        Mark::ByHand => Tone::ByHand,
        Mark::PassedOver => Tone::PassedOver,
        Mark::Skipped => Tone::Skipped,
        Mark::Unknown => Tone::Unknown,
        Mark::Noted => Tone::Warn,
        Mark::Failed => Tone::Fail,
    }
}

/// Who or what the run waits for.
pub(super) fn waits_for(run: &Run, now: Timestamp) -> &'static str {
    let causes = run.causes(now);
    match run.progress(now, &causes) {
        Some(progress) => mark::waits_for(&progress).words(),
        None => "Waits for the health checks, or for your choice",
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
