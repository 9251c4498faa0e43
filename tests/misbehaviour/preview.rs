//! What would change, of a cluster that misbehaves: `Unknown` with words, in time, whatever the plan.

use failback::clients::tools::leave_login_shell_alone;
use failback::runbook::action::ActionKind;
use failback::runbook::case::Case;
use failback::runbook::fact::{
    ClusterIdentityFacts, Deployment, DeploymentFacts, Facts, Release, ReleaseFacts,
};
use failback::runbook::profile::RegionIndex;
use failback::runbook::question::{Question, Reading, Readings};
use failback::runbook::steps::restore::{self, preview};
use jiff::Timestamp;

use super::place::{self, KEY, KEY_ID, PASSWORD, TOKEN};
use super::server::WAYS;
use super::{LONG, PATIENCE, SHORT};

const FAILED: RegionIndex = RegionIndex(0);

/// Readings of a moment before: a Deployment without replicas, and a release, at the cluster of the kubeconfig.
async fn readings(place: &place::Place) -> Readings {
    let mut readings = Readings::default();
    let mut keep = |question, facts| {
        let (observed_at, took) = (Timestamp::now(), std::time::Duration::ZERO);
        readings.keep(question, Reading { answer: Ok(facts), observed_at, took });
    };
    let identity = place.session.observe(Question::ClusterIdentity(FAILED)).await.answer;
    let Ok(Facts::ClusterIdentity(identity)) = identity else { panic!("{identity:?}") };
    let identity = ClusterIdentityFacts { uid: Ok("kube-system".to_owned()), ..identity };
    keep(Question::ClusterIdentity(FAILED), Facts::ClusterIdentity(identity));
    let deployment = Deployment { uid: "u".to_owned(), ..Deployment::default() };
    keep(Question::Deployment(FAILED), Facts::Deployment(DeploymentFacts::Found(Box::new(deployment))));
    let good = failback::runbook::fact::GoodRevision {
        revision: 1,
        status: "deployed".to_owned(),
        created_at: None,
    };
    let release =
        Release { revision: 2, status: "failed".to_owned(), last_good: Some(good), ..Release::default() };
    keep(Question::Release(FAILED), Facts::Release(ReleaseFacts::Found(release)));
    readings.keep(Question::Tools, super::tools());
    readings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_change_is_not_known_where_the_cluster_misbehaves() {
    leave_login_shell_alone();
    let mut faults = Vec::new();
    let mut asked = 0;
    for way in WAYS {
        let place = place::everything(way, if way.never_ends() { SHORT } else { LONG }).await;
        let readings = readings(&place).await;
        let profile = place.session.profile();
        let case = Case { profile, failed: FAILED, readings: &readings, now: Timestamp::now() };
        for kind in [ActionKind::Scale, ActionKind::Restart, ActionKind::Rollback] {
            let plan = restore::plan(&case, kind);
            assert!(plan.request().is_some() && plan.target().is_some(), "{kind:?}");
            let reading = tokio::time::timeout(PATIENCE, place.session.preview(&plan)).await;
            let name = format!("{way:?}: {kind:?}");
            let Ok(reading) = reading else {
                faults.push(format!("{name} hangs"));
                continue;
            };
            asked += 1;
            match reading.answer {
                Ok(facts) => faults.push(format!("{name} is known: {facts:?}")),
                Err(why) => {
                    let words = preview::unread(&why);
                    if [TOKEN, KEY, KEY_ID, PASSWORD].iter().any(|secret| words.contains(*secret)) {
                        faults.push(format!("{name} shows a secret: {words}"));
                    }
                    let names_it = words.contains(&place.clusters[FAILED.0])
                        || words.contains("Since the plan was made");
                    if words.chars().count() > 500 || !names_it {
                        faults.push(format!("{name}: {words}"));
                    }
                }
            }
        }
    }
    assert!(asked > 30, "hardly anything was asked: {asked}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
