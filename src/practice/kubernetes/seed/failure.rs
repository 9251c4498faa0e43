//! How each condition came about, minutes before the responder arrives.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::controller::{CONTAINER, Database, Event, HASH_LABEL, Moment, NEVER_PUBLISHED, record};
use super::super::kinds::{DEPLOYMENTS, NAMESPACES, NODES, PODS, REPLICA_SETS};
use super::super::object::{label, matches_labels, name, number, owned_by, text, uid};
use super::super::patch::Format;
use super::super::store::{Key, State};
use super::super::{ClusterSetup, Condition, PLATFORM, READY_POD_NAMESPACE, delete};
use super::{History, interrupted_upgrade, plant_object, planted, release, writer};

/// Where the batch job runs that takes the nodes' room.
pub(in super::super) const BATCH_NAMESPACE: &str = "batch";

/// The version that the runbook still names: what a hasty re-apply installs.
const OLDER_VERSION: &str = "4.8.0";

/// Between two things that a person does.
const A_MOMENT: SignedDuration = SignedDuration::from_secs(20);

/// How long the database was out of reach when somebody tried another image.
const BEFORE_THE_ATTEMPT: SignedDuration = SignedDuration::from_mins(4);

impl History {
    /// Breaks what the scenario says is broken; the present is not passed.
    pub(super) fn fail(&mut self, setup: &ClusterSetup, present: Timestamp) {
        match setup.condition {
            Condition::Healthy => {}
            Condition::CrashLoop => {
                let key = Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM);
                if let Some(hash) = template_hash(&self.state, &key) {
                    self.controllers.kubelet.break_template(&mut self.state, &hash, self.now);
                }
            }
            Condition::ScaledToZero | Condition::PermissionMissing => self.scale_to_zero(),
            Condition::DeploymentMissing => {
                let key = Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM);
                let options = delete::Options::default();
                let gone = delete::delete(&mut self.state, &DEPLOYMENTS, &key, &options, self.now.wall);
                planted(gone.map(|_| ()));
            }
            Condition::OutOfMemory => {
                self.controllers.kubelet.troubles.memory_hungry = true;
                self.controllers.kubelet.strike(&mut self.state, self.now);
            }
            Condition::DatabaseTimeout => self.lose_database(Database::Timeout),
            Condition::DatabaseDenied => self.lose_database(Database::Denied),
            Condition::DatabaseRefused => self.lose_database(Database::Refused),
            Condition::DatabaseTimeoutAndImagePull => {
                self.lose_database(Database::Timeout);
                self.wait(BEFORE_THE_ATTEMPT, present);
                self.want_missing_image(setup);
            }
            Condition::ImagePull => {
                self.scale_to_zero();
                self.wait(A_MOMENT, present);
                self.want_missing_image(setup);
            }
            Condition::VersionSkew => {
                self.controllers.kubelet.troubles.peers_run = Some(setup.platform_version.clone());
                self.scale_to_zero();
                self.wait(A_MOMENT, present);
                release(setup, OLDER_VERSION, &mut self.state, self.now.wall);
            }
            Condition::InterruptedUpgrade => {
                self.controllers.kubelet.troubles.peers_run = Some(setup.platform_version.clone());
                self.scale_to_zero();
                self.wait(A_MOMENT, present);
                interrupted_upgrade(setup, OLDER_VERSION, &mut self.state, self.now.wall);
            }
            Condition::NodesNotReady => self.controllers.nodes.silence(&self.state, self.now),
            Condition::Unschedulable => crowd_out(&mut self.state, self.now),
            Condition::IngressNotReconciled => self.controllers.load_balancer.deny(&setup.region, self.now),
        }
    }

    fn wait(&mut self, time: SignedDuration, present: Timestamp) {
        self.travel_to((self.now.wall + time).min(present));
    }

    fn lose_database(&mut self, database: Database) {
        self.controllers.kubelet.troubles.database = Some(database);
        self.controllers.kubelet.strike(&mut self.state, self.now);
    }

    fn scale_to_zero(&mut self) {
        self.patch("scale", "kubectl", &json!({"spec": {"replicas": 0}}));
    }

    fn want_missing_image(&mut self, setup: &ClusterSetup) {
        let container = json!({"name": CONTAINER, "image": NEVER_PUBLISHED});

        let template = json!({"spec": {"containers": [container]}});
        self.patch("", "kubectl-edit", &json!({"spec": {"replicas": setup.replicas, "template": template}}));
    }

    /// Changes the platform's Deployment.
    fn patch(&mut self, subresource: &str, manager: &str, patch: &Value) {
        let key = Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM);
        let writer = writer(&DEPLOYMENTS, subresource, manager, self.now.wall);
        planted(writer.patch(&mut self.state, &key, patch, Format::Strategic).map(|_| ()));
    }
}

fn template_hash(state: &State, deployment: &Key) -> Option<String> {
    let owner = uid(state.get(deployment)?).to_owned();
    state
        .list(&REPLICA_SETS, Some(READY_POD_NAMESPACE))
        .filter(|set| owned_by(set, &owner))
        .max_by_key(|set| number(set, "/spec/replicas"))
        .and_then(|set| label(set, HASH_LABEL).map(str::to_owned))
}

/// A batch job of higher priority takes nearly all CPU of every node; the
/// platform's pods make room for it.
fn crowd_out(state: &mut State, now: Moment) {
    let namespace = json!({"metadata": {"name": BATCH_NAMESPACE}});
    plant_object(state, &NAMESPACES, namespace, "kubectl", now.wall);
    let run = state.random.suffix(5);
    for node in state.collect(&NODES, None) {
        let pod = batch_pod(&format!("nightly-report-{run}-{}", state.random.suffix(5)), name(&node));
        plant_object(state, &PODS, pod.clone(), "kube-controller-manager", now.wall);
        let Some(pod) = state.get(&Key::of(&PODS, &pod)).cloned() else { continue };
        let event =
            |reason, message| Event { warning: false, reason, message, component: "default-scheduler" };
        let assigned = format!("Successfully assigned {BATCH_NAMESPACE}/{} to {}", name(&pod), name(&node));
        record(state, &pod, event("Scheduled", &assigned), now);
        let preempted = format!("Preempted by pod {} on node {}", uid(&pod), name(&node));
        for victim in state.collect(&PODS, Some(READY_POD_NAMESPACE)) {
            if text(&victim, "/spec/nodeName") == name(&node) && is_platform(&victim) {
                record(state, &victim, event("Preempted", &preempted), now);
                let (key, options) = (Key::of(&PODS, &victim), delete::Options::default());
                planted(delete::delete(state, &PODS, &key, &options, now.wall).map(|_| ()));
            }
        }
    }
}

fn is_platform(pod: &Value) -> bool {
    matches_labels(pod, Some(&json!({"app": PLATFORM, "release": PLATFORM})))
}

fn batch_pod(called: &str, node: &str) -> Value {
    json!({
        "metadata": {
            "name": called, "namespace": BATCH_NAMESPACE, "labels": {"job-name": "nightly-report"},
        },
        "spec": {
            "nodeName": node, "priorityClassName": "batch-critical", "priority": 100_000,
            "restartPolicy": "OnFailure",
            "containers": [{
                "name": "report", "image": "ghcr.io/example/nightly-report:18",
                "resources": {"requests": {"cpu": "3900m", "memory": "2Gi"}},
            }],
        },
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    })
}
