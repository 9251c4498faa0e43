//! What a plan stands on must be of now: what was read before the machine slept, or before a network went away, is
//! not.

use std::time::Duration;

use crate::runbook::action::ActionKind;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Question;

/// No plan stands on an answer older than this.
pub const MAX_AGE: Duration = Duration::from_secs(60);

/// The questions whose answers a plan for an action stands on.
pub fn stands_on(profile: &Profile, failed: RegionIndex, kind: ActionKind) -> Vec<Question> {
    let of_all = profile.indices().flat_map(|region| {
        [Question::HealthCheck(region), Question::Cluster(region), Question::Deployment(region)]
    });
    let mut questions: Vec<Question> = of_all.collect();
    match kind {
        ActionKind::Scale | ActionKind::Restart => {}
        ActionKind::ReapplyHelm | ActionKind::ReapplyVcluster => {
            questions.extend([Question::Values(failed), Question::Release(failed), Question::Tools]);
            questions.extend(profile.chart.file.is_some().then_some(Question::Chart));
        }
    }
    questions
}
