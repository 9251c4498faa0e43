//! Step 2, diagnose: the failed region's cluster, its load balancer and its way to the database; and of
//! the healthy ones what there is to compare it with.

mod aws;
mod cluster;
mod release;

use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::verdict::{Finding, Verdict};

pub use aws::targets;
pub use cluster::{judge_deployment, judge_events, judge_logs, judge_nodes, judge_pods, pods};
pub use release::judge_release;

/// What step 2 asks, all at once.
pub fn questions(profile: &Profile, failed: RegionIndex) -> Vec<Question> {
    let mut questions = vec![
        Question::Cluster(failed),
        Question::ClusterIdentity(failed),
        Question::Deployment(failed),
        Question::Pods(failed),
        Question::Logs(failed),
        Question::Ingress(failed),
        Question::Nodes(failed),
        Question::Events(failed),
        Question::Release(failed),
        Question::Eks(failed),
        Question::Targets(failed),
        Question::Path(failed),
        Question::Values(failed),
    ];
    for other in profile.others(failed) {
        questions.extend([
            Question::ClusterIdentity(other),
            Question::Deployment(other),
            Question::Pods(other),
            Question::Logs(other),
            Question::Nodes(other),
            Question::Release(other),
            Question::Targets(other),
            Question::Path(other),
        ]);
    }
    questions
}

/// Step 2's checks.
pub fn checks(case: &Case) -> Vec<Check> {
    let failed = case.failed;
    let mut checks = vec![
        cluster::cluster(case, failed),
        aws::eks(case, failed),
        cluster::deployment(case, failed),
        pods(case, failed, Step::Diagnose),
        cluster::logs(case, failed),
        cluster::nodes(case, failed),
    ];
    checks.extend(aws::path(case, failed));
    checks.extend([
        targets(case, failed, Step::Diagnose),
        cluster::ingress(case, failed),
        cluster::events(case, failed),
        release::release(case, failed),
        release::versions(case, Step::Diagnose),
    ]);
    for other in case.profile.others(failed) {
        checks.extend([
            cluster::deployment(case, other),
            pods(case, other, Step::Diagnose),
            cluster::logs(case, other),
            targets(case, other, Step::Diagnose),
        ]);
    }
    checks
}

/// The check that compares the regions' versions, in step 2 and in step 5.
pub use release::versions;

/// Does the failed region's platform run: its cluster answers, and enough pods of
/// its Deployment are up? Where somebody else repairs it, this tells that they did.
pub fn platform_runs(case: &Case) -> bool {
    let up = |check: Check| matches!(check.verdict(), Some(Verdict::Pass | Verdict::Warn));
    inside(case).into_iter().all(up)
}

/// Where nothing of the failed region could be read: the first check's finding, with
/// the reason and what to do. Then no word can be said about a cause.
pub fn nothing_read(case: &Case) -> Option<Finding> {
    let inside = inside(case);
    let unread = inside.iter().all(|check| check.verdict() == Some(Verdict::Unknown));
    inside.into_iter().next()?.finding.filter(|_| unread)
}

/// Was the failed region's Deployment read, so that an action on it can be planned?
pub fn inside_known(case: &Case) -> bool {
    matches!(case.readings.deployment(case.failed), Some(Ok(_)))
}

/// The checks without which nothing is known of the failed region's platform.
fn inside(case: &Case) -> [Check; 3] {
    let failed = case.failed;
    [cluster::cluster(case, failed), cluster::deployment(case, failed), pods(case, failed, Step::Diagnose)]
}

/// The title of a check of the failed region is short; the others' carries their name.
fn title(case: &Case, region: RegionIndex, name: &str) -> String {
    if region == case.failed {
        name.to_owned()
    } else {
        format!("{name} {}", case.profile.region(region).name)
    }
}
