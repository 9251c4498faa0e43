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

    /// Changes the platform's container in the template.
    fn edit(&mut self, mut container: Value) {
        container["name"] = "manager".into();
        self.patch(&json!({"spec": {"template": {"spec": {"containers": [container]}}}}));
    }

    fn waiting_for(&self, reason: &str) -> usize {
        let waits = |pod: &&std::sync::Arc<Value>| {
            text(pod, "/status/containerStatuses/0/state/waiting/reason") == reason
        };
        self.state.list(&PODS, Some(READY_POD_NAMESPACE)).filter(waits).count()
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

#[test]
fn what_is_wrong_outlasts_a_restart_and_ends_with_its_own_repair() {
    let image = |tag: &str| json!({"image": format!("ghcr.io/loft-sh/vcluster-platform:{tag}")});
    let memory = |limit: &str| json!({"resources": {"limits": {"memory": limit}}});
    for (condition, no_help, help) in [
        (Condition::OutOfMemory, memory("768Mi"), memory("1Gi")),
        (Condition::ImagePull, image("4.11.8"), image("4.11.2")),
        (Condition::VersionSkew, image("4.12.0"), image("4.11.2")),
    ] {
        let mut lab = Lab::new(condition);
        for wrong in [None, Some(no_help)] {
            match wrong {
                Some(edit) => lab.edit(edit),
                None => lab.restart(),
            }
            lab.pass(300, |state| assert_eq!(ready_pods(state, READY_POD_NAMESPACE), 0, "{condition:?}"));
        }
        lab.edit(help);
        lab.pass(240, |_| ());
        assert_eq!(lab.ready(), 3, "{condition:?}");
    }
}

#[test]
fn memory_runs_out_again_and_again() {
    let mut lab = Lab::new(Condition::OutOfMemory);
    lab.pass(900, |state| {
        for pod in state.list(&PODS, Some(READY_POD_NAMESPACE)) {
            let last = &pod["status"]["containerStatuses"][0]["lastState"]["terminated"];
            assert_eq!((&last["reason"], &last["exitCode"]), (&json!("OOMKilled"), &json!(137)));
        }
    });
}

#[test]
fn after_a_repaired_database_a_restart_skips_the_back_off() {
    let lab = || {
        let mut lab = Lab::new(Condition::DatabaseDenied);
        for _ in 0..60 {
            if lab.waiting_for("CrashLoopBackOff") == 3 {
                break;
            }
            lab.pass(10, |_| ());
        }
        assert_eq!(lab.waiting_for("CrashLoopBackOff"), 3);
        lab
    };
    let mut useless = lab();
    useless.restart();
    useless.pass(200, |state| assert_eq!(ready_pods(state, READY_POD_NAMESPACE), 0));

    let (mut patient, mut quick) = (lab(), lab());
    for repaired in [&mut patient, &mut quick] {
        repaired.controllers.kubelet.mend_database(repaired.now);
    }
    patient.pass(15, |_| ());
    assert_eq!(patient.waiting_for("CrashLoopBackOff"), 3, "each waits for its turn");
    quick.restart();
    quick.pass(20, |_| ());
    assert!(quick.ready() > 0);
    patient.pass(300, |_| ());
    assert_eq!(patient.ready(), 3);
}

#[test]
fn what_tries_its_database_connects_once_it_is_there() {
    let mut lab = Lab::new(Condition::DatabaseTimeout);
    let restarts = |lab: &Lab| -> i64 {
        let pods = lab.state.list(&PODS, Some(READY_POD_NAMESPACE));
        pods.map(|pod| number(pod, "/status/containerStatuses/0/restartCount")).sum()
    };
    assert_eq!(lab.waiting_for("CrashLoopBackOff"), 0);
    let before = restarts(&lab);
    lab.controllers.kubelet.mend_database(lab.now);
    lab.pass(20, |_| ());
    assert_eq!((lab.ready(), restarts(&lab)), (3, before));
}

#[test]
fn silent_nodes_come_back_with_their_pods_or_without() {
    let mut lab = Lab::new(Condition::NodesNotReady);
    lab.restart();
    lab.pass(300, |state| assert_eq!(ready_pods(state, READY_POD_NAMESPACE), 0));
    lab.controllers.nodes.revive(&mut lab.state, lab.now);
    lab.pass(120, |_| ());
    assert_eq!(lab.ready(), 3);
    let terminating = |pod: &&std::sync::Arc<Value>| super::super::object::terminating(pod);
    assert_eq!(lab.state.list(&PODS, None).filter(terminating).count(), 0);

    // before the eviction they are ready again as they were
    let mut lab = Lab::new(Condition::Healthy);
    let names = |state: &State| -> Vec<String> {
        state.list(&PODS, None).map(|pod| text(pod, "/metadata/name").to_owned()).collect()
    };
    let before = names(&lab.state);
    lab.controllers.nodes.silence(&lab.state, lab.now);
    lab.pass(100, |_| ());
    assert_eq!(lab.ready(), 0);
    lab.controllers.nodes.revive(&mut lab.state, lab.now);
    lab.pass(1, |_| ());
    assert_eq!((lab.ready(), names(&lab.state)), (3, before));
}

#[test]
fn a_full_cluster_takes_the_platform_when_there_is_room() {
    let mut lab = Lab::new(Condition::Unschedulable);
    for replicas in [0, 3] {
        lab.patch(&json!({"spec": {"replicas": replicas}}));
        lab.pass(90, |state| assert_eq!(ready_pods(state, READY_POD_NAMESPACE), 0));
    }
    for pod in lab.state.collect(&PODS, Some(seed::BATCH_NAMESPACE)) {
        lab.state.remove(&Key::of(&PODS, &pod));
    }
    lab.pass(60, |_| ());
    assert_eq!(lab.ready(), 3);
}

#[test]
fn a_second_fault_leaves_the_first_ones_pods_where_they_are() {
    let mut lab = Lab::new(Condition::DatabaseTimeoutAndImagePull);
    assert_eq!((lab.ready(), lab.waiting_for("ImagePullBackOff")), (0, 1));
    lab.controllers.kubelet.mend_database(lab.now);
    lab.pass(20, |_| ());
    assert_eq!(lab.ready(), 3, "the pods of the older template serve");
    lab.edit(json!({"image": "ghcr.io/loft-sh/vcluster-platform:4.11.2"}));
    lab.pass(120, |_| ());
    assert_eq!((lab.ready(), lab.waiting_for("ImagePullBackOff")), (3, 0));
}

#[test]
fn the_load_balancer_controller_warns_until_it_may_register_targets() {
    let mut lab = Lab::new(Condition::IngressNotReconciled);
    let told = |lab: &Lab, reason: &str| -> i64 {
        let events = lab.state.list(&EVENTS, None).filter(|event| text(event, "/reason") == reason);
        events.map(|event| number(event, "/count")).sum()
    };
    let before = told(&lab, "FailedDeployModel");
    lab.pass(200, |_| ());
    let after = told(&lab, "FailedDeployModel");
    assert!(after > before && before > 1, "{before}, {after}");
    lab.controllers.load_balancer.allow(&mut lab.state, lab.now);
    lab.pass(200, |_| ());
    assert_eq!((told(&lab, "FailedDeployModel"), told(&lab, "SuccessfullyReconciled")), (after, 1));
    assert_eq!(lab.ready(), 3);
}
