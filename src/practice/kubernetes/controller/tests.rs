use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::kinds::{DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS};
use super::super::object::{items, number, text};
use super::super::patch::Format;
use super::super::store::{Key, State};
use super::super::write::Writer;
use super::super::{AwsSide, ClusterSetup, Condition, PLATFORM, READY_POD_NAMESPACE, ready_pods, seed};
use super::{Controllers, Moment};

/// A cluster whose time the test moves.
struct Lab {
    state: State,
    controllers: Controllers,
    now: Moment,
}

impl Lab {
    fn new(condition: Condition) -> Self {
        let wall: Timestamp = "2026-06-01T03:00:00Z".parse().unwrap();
        let setup = ClusterSetup {
            region: "us-east-1".to_owned(),
            peer_regions: vec!["us-east-1".to_owned()],
            host: "us.example.com".to_owned(),
            token: "t".to_owned(),
            condition,
            platform_version: "4.11.2".to_owned(),
            replicas: 3,
            values_yaml: String::new(),
            seed: 3,
            failing_since: wall - SignedDuration::from_mins(6),
            aws: AwsSide::example(),
        };
        let (state, controllers, now) = seed::plant(&setup, wall);
        Self { state, controllers, now }
    }

    /// Lets time pass, stopping wherever something is due, and looks at each stop.
    fn pass(&mut self, secs: u64, mut look: impl FnMut(&State)) {
        let end = self.now.world + Duration::from_secs(secs);
        loop {
            let due = self.controllers.reconcile(&mut self.state, self.now);
            look(&self.state);
            let next = due.filter(|due| *due < end).unwrap_or(end).max(self.now.world);
            if self.now.world >= end {
                return;
            }
            let passed = SignedDuration::try_from(next.abs_diff(self.now.world)).unwrap();
            self.now = Moment { world: next, wall: self.now.wall + passed };
        }
    }

    fn patch(&mut self, patch: &Value) {
        let writer = Writer {
            resource: &DEPLOYMENTS,
            subresource: "",
            manager: "test",
            dry_run: false,
            now: self.now.wall,
        };
        writer.patch(&mut self.state, &Self::key(), patch, Format::Strategic).unwrap();
    }

    fn restart(&mut self) {
        let annotations = json!({"kubectl.kubernetes.io/restartedAt": self.now.wall.to_string()});
        self.patch(&json!({"spec": {"template": {"metadata": {"annotations": annotations}}}}));
    }

    fn key() -> Key {
        Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM)
    }

    fn deployment(&self) -> &Value {
        self.state.get(&Self::key()).unwrap()
    }

    fn progressing(&self) -> &str {
        super::conditions::reason(self.deployment(), "Progressing")
    }

    fn ready(&self) -> u32 {
        ready_pods(&self.state, READY_POD_NAMESPACE)
    }
}

#[test]
fn a_restart_of_a_healthy_platform_never_drops_below_three() {
    let mut lab = Lab::new(Condition::Healthy);
    lab.restart();
    let mut fewest = u32::MAX;
    let mut most = 0;
    lab.pass(120, |state| {
        fewest = fewest.min(ready_pods(state, READY_POD_NAMESPACE));
        most = most.max(
            state
                .list(&REPLICA_SETS, Some(READY_POD_NAMESPACE))
                .map(|set| number(set, "/spec/replicas"))
                .sum(),
        );
    });
    assert_eq!((fewest, most, lab.ready()), (3, 4, 3));
    assert_eq!(lab.progressing(), "NewReplicaSetAvailable");
    assert_eq!(lab.state.list(&REPLICA_SETS, Some(READY_POD_NAMESPACE)).count(), 2);
    assert_eq!(lab.state.list(&PODS, Some(READY_POD_NAMESPACE)).count(), 3);
    let deployment = lab.deployment();
    assert_eq!(text(deployment, "/metadata/annotations/deployment.kubernetes.io~1revision"), "2");
    assert_eq!(number(deployment, "/status/observedGeneration"), number(deployment, "/metadata/generation"));
    let scaled =
        lab.state.list(&EVENTS, None).filter(|event| text(event, "/reason") == "ScalingReplicaSet").count();
    assert_eq!(scaled, 6, "three up, three down");
}

#[test]
fn a_crash_loop_goes_on_until_a_restart_heals_it() {
    let mut lab = Lab::new(Condition::CrashLoop);
    let restarts = |state: &State| -> i64 {
        state
            .list(&PODS, Some(READY_POD_NAMESPACE))
            .flat_map(|pod| items(pod, "/status/containerStatuses"))
            .map(|status| number(status, "/restartCount"))
            .sum()
    };
    let before = restarts(&lab.state);
    lab.pass(700, |state| assert_eq!(ready_pods(state, READY_POD_NAMESPACE), 0));
    assert!(restarts(&lab.state) > before);
    assert_eq!(lab.progressing(), "NewReplicaSetAvailable", "a finished rollout stays finished");
    lab.restart();
    lab.pass(120, |_| ());
    assert_eq!(lab.ready(), 3);
}

#[test]
fn scaling_moves_pods_and_status() {
    let mut lab = Lab::new(Condition::ScaledToZero);
    lab.patch(&json!({"spec": {"replicas": 5}}));
    lab.pass(60, |_| ());
    assert_eq!(lab.ready(), 5);
    assert_eq!(number(lab.deployment(), "/status/availableReplicas"), 5);
    lab.patch(&json!({"spec": {"replicas": 1}}));
    lab.pass(60, |_| ());
    assert_eq!((lab.ready(), number(lab.deployment(), "/status/replicas")), (1, 1));
}

#[test]
fn a_rollout_without_a_node_runs_out_of_time() {
    let mut lab = Lab::new(Condition::Healthy);
    for node in lab.state.collect(&super::super::kinds::NODES, None) {
        let mut cordoned = (*node).clone();
        cordoned["spec"]["unschedulable"] = true.into();
        lab.state.put(&Key::of(&super::super::kinds::NODES, &cordoned), cordoned);
    }
    lab.restart();
    lab.pass(590, |_| ());
    assert_eq!(lab.progressing(), "ReplicaSetUpdated");
    lab.pass(30, |_| ());
    assert_eq!(lab.progressing(), "ProgressDeadlineExceeded");
    assert_eq!(lab.ready(), 3, "the old pods stay in service");
}

#[test]
fn what_belongs_to_a_deleted_deployment_goes_with_it() {
    let mut lab = Lab::new(Condition::Healthy);
    lab.state.remove(&Lab::key());
    lab.pass(30, |_| ());
    assert_eq!(lab.state.list(&REPLICA_SETS, Some(READY_POD_NAMESPACE)).count(), 0);
    assert_eq!(lab.state.list(&PODS, Some(READY_POD_NAMESPACE)).count(), 0);
}
