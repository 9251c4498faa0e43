//! What an unfinished run waited for.

use super::Record;
use crate::runbook::interrupted::noun;
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

impl Record {
    /// What the run waited for when its last entry was written, in a sentence without a full stop.
    pub fn waiting_for(&self) -> String {
        if let Some(open) = self.open_actions().next() {
            return format!(
                "{} of {} was sent at {} UTC, its outcome is not known: look before you repeat it",
                noun(&open.action),
                open.region,
                open.at.strftime("%H:%M:%S")
            );
        }
        if let Some((_, reason)) = &self.ended {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
            return format!("Ended as it was{reason}");
        }
        if self.is_recovered() {
            return "Nothing: the region has recovered".to_owned();
        }
        let Some(region) = &self.region else {
            return "Step 1: which region failed was not known yet".to_owned();
        };
        let done = self.done_here().filter(|action| action.may_have_changed()).last();
        let Some(done) = done else { return self.before_an_action(region) };
        let what = noun(&done.action);
        match &self.rollout {
            None => format!("Step 4: the rollout of {region} after the {what}"),
            Some(rollout) if !rollout.done => {
                format!("Step 4: the rollout of {region} failed: {}", rollout.message)
            }
            Some(_) => self.verifying(region),
        }
    }

    fn before_an_action(&self, region: &str) -> String {
        let cause = self.cause().map(|cause| cause.headline.as_str());
        match (self.milestones.confirmed, cause, self.step) {
            (None, ..) => format!("Step 1: is the failover of {region} active?"),
            (Some(_), Some(cause), Some(Step::Restore)) => {
                format!("Step 3: nothing was done to {region} yet; first among the causes: {cause}")
            }
            (Some(_), Some(cause), _) => format!("Step 2: {cause}; nothing was done to {region} yet"),
            (Some(_), None, _) => format!("Step 2: why {region} failed was not known yet"),
        }
    }

    fn verifying(&self, region: &str) -> String {
        let of_step = |verdict| {
            let checks = self.checks.iter().filter(|check| check.step == Step::Verify);
            checks.filter(|check| check.verdict == verdict).count()
        };
        match (of_step(Verdict::Fail), of_step(Verdict::Unknown)) {
            (0, 0) => format!("Step 5: whether {region} serves again"),
            (0, unknown) => format!("Step 5: {unknown} checks of {region} could not be done"),
            (failed, 0) => format!("Step 5: {failed} checks of {region} had not passed yet"),
            (failed, unknown) => {
                format!("Step 5: {failed} checks of {region} had not passed yet, {unknown} could not be done")
            }
        }
    }
}
