//! The time box of a run's step.

use std::time::Duration;

use jiff::Timestamp;

use crate::runbook::fact::DeploymentFacts;
use crate::runbook::rollout;
use crate::runbook::step::Step;
use crate::runbook::steps::confirm::{self, Outcome};
use crate::runbook::timebox;

use super::Run;

/// The step that is to be done takes longer than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// Which.
    pub step: Step,
    /// How long it usually takes, in this run's time.
    pub usual: Duration,
    /// Since when it is the one to do, UTC.
    pub since: Timestamp,
    /// How long that is.
    pub gone: Duration,
    /// That is in the journal.
    pub told: bool,
}

impl Run {
    /// The step that takes longer than usual, if one does. Nobody is hurried where nothing fails, or once the
    /// region has recovered.
    pub fn overdue(&self, now: Timestamp) -> Option<Overdue> {
        let due = self.record.due.filter(|_| !self.recovered())?;
        if self.has_nothing_to_do() {
            return None;
        }
        let usual = self.usual(due.step)?;
        let gone = timebox::over(due.since, usual, now)?;
        Some(Overdue { step: due.step, usual, since: due.since, gone, told: due.told })
    }

    /// How long a step usually takes, in this run's time. A person is not quicker for a quicker world.
    fn usual(&self, step: Step) -> Option<Duration> {
        let deployment = self.failed.and_then(|failed| self.readings.deployment(failed)).and_then(Result::ok);
        let deadline = rollout::deadline(deployment.unwrap_or(&DeploymentFacts::Missing));
        let usual = timebox::usual(step, deadline)?;
        Some(if self.practice.is_some() { self.scaled(usual).max(timebox::LEAST) } else { usual })
    }

    fn has_nothing_to_do(&self) -> bool {
        let outcome = self.failed.and_then(|failed| confirm::outcome(&self.profile, &self.readings, failed));
        outcome == Some(Outcome::NothingFailing) && !self.was_out()
    }
}
