//! Which step is to be done, and since when: what the time box of a step is measured from.
//!
//! It is the furthest step that was opened, as in the window. Another failed region, changed variables and a run
//! that is taken up again begin anew: of the hours in which nobody worked on it nobody is reminded.

use jiff::Timestamp;

use super::{Entry, Happening, Record};
use crate::runbook::step::Step;

/// The step that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub step: Step,
    /// Since when, UTC.
    pub since: Timestamp,
    /// That it takes longer than usual is in the journal.
    pub told: bool,
}

impl Due {
    fn new(step: Step, since: Timestamp) -> Self {
        Self { step, since, told: false }
    }
}

/// What an entry means for it; called before the record knows of the entry.
pub(super) fn heed(record: &mut Record, entry: &Entry) {
    let at = entry.at;
    match &entry.happening {
        Happening::Opened { .. } | Happening::TakenUp { .. } | Happening::Received { .. } => {
            begin(record, at);
        }
        Happening::VariablesChanged => begin(record, at),
        Happening::RegionChosen { region } => {
            if record.region.as_ref().is_some_and(|before| before != region) {
                record.due = Some(Due::new(Step::Confirm, at));
            }
        }
        Happening::StepOpened { step } => {
            if record.due.is_some_and(|due| due.step < *step) {
                record.due = Some(Due::new(*step, at));
            }
        }
        // A new action has a new rollout, and a new verification.
        Happening::Outcome { outcome, .. } if !outcome.is_unchanged() => again(record, at),
        Happening::DoneByHand { .. } => again(record, at),
        Happening::Overdue { step, .. } => {
            if let Some(due) = record.due.as_mut().filter(|due| due.step == *step) {
                due.told = true;
            }
        }
        Happening::Recovered | Happening::Closed { recovered: true, .. } => record.due = None,
        _ => {}
    }
}

/// Step 1 is to be done from now on; what is recovered stays so.
fn begin(record: &mut Record, at: Timestamp) {
    record.due = (!record.is_recovered()).then(|| Due::new(Step::Confirm, at));
}

fn again(record: &mut Record, at: Timestamp) {
    if let Some(due) = record.due.filter(|due| due.step > Step::Restore) {
        record.due = Some(Due::new(due.step, at));
    }
}
