//! What a plan stands on must be of now: what was read before the machine slept, or before a network went away, is
//! not.

use std::time::Duration;

use crate::runbook::action::{ActionKind, Blocker};
use crate::runbook::case::Case;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Question;

/// No plan stands on an answer older than this.
pub const MAX_AGE: Duration = Duration::from_secs(60);

/// The questions whose answers a plan for an action stands on.
pub fn stands_on(profile: &Profile, failed: RegionIndex, kind: ActionKind) -> Vec<Question> {
    let of_all = profile.indices().flat_map(|region| {
        [Question::HealthCheck(region), Question::ClusterIdentity(region), Question::Deployment(region)]
    });
    let mut questions: Vec<Question> = of_all.collect();
    match kind {
        ActionKind::Scale | ActionKind::Restart => {}
        ActionKind::Rollback => questions.extend([Question::Release(failed), Question::Tools]),
        ActionKind::ReapplyHelm | ActionKind::ReapplyVcluster => {
            questions.extend([Question::Values(failed), Question::Release(failed), Question::Tools]);
            questions.extend(profile.chart.file.is_some().then_some(Question::Chart));
        }
    }
    questions
}

/// What is too old to plan by; `None` where nothing is. A question that was never answered is another blocker's.
pub(super) fn stale(case: &Case, kind: ActionKind) -> Option<Blocker> {
    let questions = stands_on(case.profile, case.failed, kind);
    let times = questions.iter().filter_map(|question| case.readings.observed_at(*question));
    // A clock that was set back makes an answer of the future: of when it really is, nobody knows.
    let oldest = times.map(|at| case.now.duration_since(at).unsigned_abs()).max()?;
    (oldest > MAX_AGE).then(|| {
        Blocker::firm(format!(
            "What this plan stands on was read {} s ago: everything is read again before it can be confirmed",
            oldest.as_secs()
        ))
    })
}
