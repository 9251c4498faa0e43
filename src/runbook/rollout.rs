//! Step 4: kubectl's rules for a rollout, a guard against zero replicas
//! (`domain.md`, T9), and failure told early with its reason.

use std::time::Duration;

use jiff::Timestamp;

use super::fact::{Deployment, DeploymentFacts, Pod, PodsFacts};
use super::pod::{self, PodState};

/// Where a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The controller has not seen the change yet.
    NotSeen,
    /// New pods are coming up.
    Progressing,
    /// Every wanted pod is new and available, and it is the expected number.
    Done,
    /// It will not end well by itself, with the reason.
    Failed(String),
}

/// A rollout, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Where it stands.
    pub phase: Phase,
    /// `spec.replicas`.
    pub wanted: u32,
    /// New pods.
    pub updated: u32,
    /// Ready pods.
    pub ready: u32,
    /// Pods that have been ready long enough.
    pub available: u32,
    /// Old pods that are still there.
    pub old: u32,
    /// Each pod, new ones first; no leftovers of before the watch.
    pub pods: Vec<RolloutPod>,
    /// What it waits for, in kubectl's words' sense.
    pub message: String,
}

/// One pod of a rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutPod {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: PodState,
    /// Of the current revision; `None` where that cannot be told.
    pub new: Option<bool>,
    /// Restarts of its containers.
    pub restarts: i32,
    /// Created, UTC.
    pub created_at: Option<Timestamp>,
}

/// What a rollout is measured against over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// When watching began, UTC.
    pub started_at: Timestamp,
    /// When a count last changed, UTC.
    pub moved_at: Timestamp,
    counts: Option<[i32; 5]>,
}

impl Track {
    /// Begins to watch.
    pub fn start(now: Timestamp) -> Self {
        Self { started_at: now, moved_at: now, counts: None }
    }

    /// Notes whether anything moved.
    pub fn note(&mut self, facts: &DeploymentFacts, now: Timestamp) {
        let counts = match facts {
            DeploymentFacts::Missing => None,
            DeploymentFacts::Found(d) => {
                Some([d.replicas_wanted, d.replicas, d.updated, d.ready, d.available])
            }
        };
        if counts != self.counts {
            self.counts = counts;
            self.moved_at = now;
        }
    }

    /// How long nothing may move still; zero when it is over.
    pub fn left(&self, deadline: Duration, now: Timestamp) -> Duration {
        let still = Duration::try_from(now.duration_since(self.moved_at)).unwrap_or(Duration::ZERO);
        deadline.saturating_sub(still)
    }
}

/// How long nothing may move: the Deployment's own progress deadline.
pub fn deadline(facts: &DeploymentFacts) -> Duration {
    let secs = match facts {
        DeploymentFacts::Found(deployment) if deployment.progress_deadline_secs > 0 => {
            deployment.progress_deadline_secs
        }
        _ => 600,
    };
    Duration::from_secs(secs.into())
}

/// How often a new pod may restart before the rollout counts as failed.
const RESTARTS_BEFORE_FAILED: i32 = 2;

/// Judges a rollout. `expected` is the environment's replica count, `deadline`
/// how long nothing may move (already divided by a practice world's time factor).
pub fn judge(
    facts: &DeploymentFacts,
    pods: &PodsFacts,
    expected: u32,
    track: &Track,
    deadline: Duration,
    now: Timestamp,
) -> Rollout {
    let DeploymentFacts::Found(deployment) = facts else {
        let reason = "the Deployment does not exist: go back to Restore and re-apply the values file";
        return Rollout {
            phase: Phase::Failed(reason.to_owned()),
            wanted: expected,
            updated: 0,
            ready: 0,
            available: 0,
            old: 0,
            pods: Vec::new(),
            message: reason.to_owned(),
        };
    };
    let pods = rollout_pods(deployment, pods, track);
    let (mut phase, mut message) = kubectl_rules(deployment);
    if phase == Phase::Done {
        (phase, message) = guard(deployment, expected);
    }
    if matches!(phase, Phase::Progressing | Phase::NotSeen) {
        let broken = pods.iter().filter(|pod| pod.new != Some(false)).find_map(fails_early);
        if let Some(reason) = broken {
            (phase, message) = (Phase::Failed(reason.clone()), reason);
        } else if track.left(deadline, now).is_zero() {
            let reason = format!("nothing moved for {} s: {message}", deadline.as_secs());
            (phase, message) = (Phase::Failed(reason.clone()), reason);
        }
    }
    let count = |n: i32| u32::try_from(n).unwrap_or(0);
    Rollout {
        phase,
        wanted: count(deployment.replicas_wanted),
        updated: count(deployment.updated),
        ready: count(deployment.ready),
        available: count(deployment.available),
        old: count(deployment.replicas - deployment.updated),
        pods,
        message,
    }
}

/// kubectl's own rules, in its order (`domain.md`, section 3).
fn kubectl_rules(d: &Deployment) -> (Phase, String) {
    if d.generation > d.observed_generation {
        return (Phase::NotSeen, "the change has not been seen by the controller yet".to_owned());
    }
    if d.condition("Progressing").is_some_and(|c| c.reason == "ProgressDeadlineExceeded") {
        let reason = format!("Kubernetes gave up: no progress within {} s", d.progress_deadline_secs);
        return (Phase::Failed(reason.clone()), reason);
    }
    if d.updated < d.replicas_wanted {
        return (Phase::Progressing, format!("{} of {} new pods exist", d.updated, d.replicas_wanted));
    }
    if d.replicas > d.updated {
        return (Phase::Progressing, format!("{} old pods are ending", d.replicas - d.updated));
    }
    if d.available < d.updated {
        return (Phase::Progressing, format!("{} of {} new pods are available", d.available, d.updated));
    }
    (Phase::Done, format!("{} of {} new pods are available", d.available, d.replicas_wanted))
}

/// kubectl would say "successfully rolled out" at zero replicas too.
fn guard(d: &Deployment, expected: u32) -> (Phase, String) {
    let reason = match u32::try_from(d.replicas_wanted) {
        Ok(wanted) if wanted == expected && wanted >= 1 => {
            return (Phase::Done, format!("{} of {wanted} new pods are available", d.available));
        }
        Ok(0) => {
            "nothing runs: the Deployment wants 0 replicas. Go back to Restore and scale it up".to_owned()
        }
        _ => format!(
            "{} pods run, {expected} are expected. Go back to Restore and scale, or correct the environment",
            d.replicas_wanted
        ),
    };
    (Phase::Failed(reason.clone()), reason)
}

/// A new pod whose state says that waiting does not help. One that has ended for good is none: the controller
/// makes another in its place, and it may be a leftover of days ago.
fn fails_early(pod: &RolloutPod) -> Option<String> {
    let PodState::Failing(text) = &pod.state else { return None };
    // One crash, or a first failed pull, may pass by itself.
    let first = (text.starts_with("CrashLoopBackOff") || text.starts_with("ended"))
        && pod.restarts < RESTARTS_BEFORE_FAILED;
    let may_pass = first || text.starts_with("ErrImagePull") || text.starts_with("cannot be scheduled");
    (!may_pass).then(|| format!("{}: {text}", pod.name))
}

fn rollout_pods(deployment: &Deployment, facts: &PodsFacts, track: &Track) -> Vec<RolloutPod> {
    // A leftover's revision says nothing of this rollout: a Deployment that is scaled keeps the same one for weeks.
    let is_new = |pod: &Pod| match (&deployment.template_hash, &pod.template_hash) {
        _ if pod.is_over() => None,
        (Some(current), Some(of_pod)) => Some(current == of_pod),
        _ => pod.created_at.filter(|created| *created >= track.started_at).map(|_| true),
    };
    let mut pods: Vec<RolloutPod> = facts
        .pods
        .iter()
        .filter(|pod| !pod.is_over() || ended_since(pod, track.started_at))
        .map(|pod| RolloutPod {
            name: pod.name.clone(),
            state: pod::state(pod),
            new: is_new(pod),
            restarts: pod.restarts(),
            created_at: pod.created_at,
        })
        .collect();
    pods.sort_by(|a, b| (b.new, &a.name).cmp(&(a.new, &b.name)));
    pods
}

/// Did a pod that is over end within the watch? What ended before, or nobody knows when, is left out.
fn ended_since(pod: &Pod, start: Timestamp) -> bool {
    pod.ended_at.or(pod.created_at).is_some_and(|at| at >= start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::fact::{Condition, Container};

    fn deployment(wanted: i32, replicas: i32, updated: i32, available: i32) -> Deployment {
        Deployment {
            generation: 2,
            observed_generation: 2,
            replicas_wanted: wanted,
            replicas,
            updated,
            ready: available,
            available,
            progress_deadline_secs: 600,
            template_hash: Some("new".to_owned()),
            ..Deployment::default()
        }
    }

    fn judged(deployment: Deployment, pods: Vec<Pod>, still: i64) -> Phase {
        let facts = DeploymentFacts::Found(Box::new(deployment));
        let start = Timestamp::UNIX_EPOCH;
        let mut track = Track::start(start);
        track.note(&facts, start);
        let now = Timestamp::from_second(still).unwrap();
        judge(&facts, &PodsFacts { pods }, 3, &track, Duration::from_secs(600), now).phase
    }

    fn pod(hash: &str, reason: &str, restarts: i32) -> Pod {
        let container =
            Container { restarts, waiting_reason: Some(reason.to_owned()), ..Container::default() };
        Pod {
            name: "loft-1".to_owned(),
            template_hash: Some(hash.to_owned()),
            containers: vec![container],
            ..Pod::default()
        }
    }

    #[test]
    fn kubectls_rules_in_their_order() {
        assert_eq!(
            judged(Deployment { observed_generation: 1, ..deployment(3, 3, 3, 3) }, vec![], 0),
            Phase::NotSeen
        );
        for (counts, phase) in [
            ((3, 3, 2, 3), Phase::Progressing),
            ((3, 4, 3, 3), Phase::Progressing),
            ((3, 3, 3, 2), Phase::Progressing),
            ((3, 3, 3, 3), Phase::Done),
        ] {
            let (wanted, replicas, updated, available) = counts;
            assert_eq!(
                judged(deployment(wanted, replicas, updated, available), vec![], 0),
                phase,
                "{counts:?}"
            );
        }
        let exceeded = Condition {
            kind: "Progressing".to_owned(),
            status: "False".to_owned(),
            reason: "ProgressDeadlineExceeded".to_owned(),
            message: String::new(),
        };
        let given_up = Deployment { conditions: vec![exceeded], ..deployment(3, 3, 1, 0) };
        assert!(matches!(judged(given_up, vec![], 0), Phase::Failed(_)));
    }

    #[test]
    fn zero_or_a_wrong_number_is_no_success() {
        assert!(
            matches!(judged(deployment(0, 0, 0, 0), vec![], 0), Phase::Failed(text) if text.contains("0 replicas"))
        );
        assert!(
            matches!(judged(deployment(2, 2, 2, 2), vec![], 0), Phase::Failed(text) if text.contains("3 are expected"))
        );
    }

    #[test]
    fn failure_is_told_early_and_only_of_new_pods() {
        for (hash, reason, restarts, failed) in [
            ("new", "CrashLoopBackOff", 2, true),
            ("new", "CrashLoopBackOff", 1, false),
            ("old", "CrashLoopBackOff", 9, false),
            ("new", "ErrImagePull", 0, false),
            ("new", "ImagePullBackOff", 0, true),
            ("new", "CreateContainerConfigError", 0, true),
            ("new", "ContainerCreating", 0, false),
        ] {
            let phase = judged(deployment(3, 4, 1, 0), vec![pod(hash, reason, restarts)], 0);
            assert_eq!(matches!(phase, Phase::Failed(_)), failed, "{hash} {reason} {restarts}: {phase:?}");
        }
    }

    #[test]
    fn dead_pods_are_no_evidence_and_those_of_before_are_not_shown() {
        let start = Timestamp::from_second(1_000).unwrap();
        let (before, since) = (Timestamp::from_second(10).unwrap(), Timestamp::from_second(1_001).unwrap());
        let dead = |name: &str, hash: &str, phase: &str, reason: Option<&str>, ended_at| {
            let mut dead = pod(hash, "CrashLoopBackOff", 9);
            (dead.name, dead.phase) = (name.to_owned(), phase.to_owned());
            (dead.reason, dead.ended_at) = (reason.map(str::to_owned), ended_at);
            dead.created_at = Some(before);
            dead
        };
        let leftovers = vec![
            dead("evicted", "new", "Failed", Some("Evicted"), Some(before)),
            dead("shut-down", "new", "Failed", Some("Terminated"), Some(before)),
            dead("failed", "new", "Failed", None, None),
            dead("succeeded", "new", "Succeeded", None, Some(before)),
            dead("of-another", "old", "Failed", Some("Evicted"), Some(before)),
            dead("evicted-now", "new", "Failed", Some("Evicted"), Some(since)),
        ];
        for (counts, expected) in [
            ((3, 3, 1, 0), Phase::Progressing),
            ((3, 4, 3, 3), Phase::Progressing),
            ((3, 3, 3, 3), Phase::Done),
        ] {
            let (wanted, replicas, updated, available) = counts;
            let facts = DeploymentFacts::Found(Box::new(deployment(wanted, replicas, updated, available)));
            let mut track = Track::start(start);
            track.note(&facts, start);
            let pods = PodsFacts { pods: leftovers.clone() };
            let rollout = judge(&facts, &pods, 3, &track, Duration::from_secs(600), since);
            assert_eq!(rollout.phase, expected, "{counts:?}: {}", rollout.message);
            let shown: Vec<_> = rollout.pods.iter().map(|pod| (pod.name.as_str(), pod.new)).collect();
            assert_eq!(shown, [("evicted-now", None)]);
        }
        // One that lives and fails is told all the same.
        let mut pods = leftovers;
        pods.push(Pod { phase: "Running".to_owned(), ..pod("new", "CrashLoopBackOff", 2) });
        assert!(
            matches!(judged(deployment(3, 3, 1, 0), pods, 0), Phase::Failed(text) if text.starts_with("loft-1: "))
        );
    }

    #[test]
    fn nothing_moving_for_the_deadline_fails() {
        assert_eq!(judged(deployment(3, 3, 1, 0), vec![], 599), Phase::Progressing);
        assert!(
            matches!(judged(deployment(3, 3, 1, 0), vec![], 600), Phase::Failed(text) if text.contains("nothing moved"))
        );
    }
}
