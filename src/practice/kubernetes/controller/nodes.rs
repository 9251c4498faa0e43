//! The node controller: nodes whose kubelet is silent, and what becomes of
//! their pods. Durations: `domain.md`, section 3.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::delete::{self, Options};
use super::super::kinds::{NODES, PODS};
use super::super::object::{self, condition_is_true, items, map_at, name, stamp, text};
use super::super::store::{Key, State};
use super::Moment;
use super::conditions::{self, Condition};
use super::events::{self, Event};

/// A node that is not heard of this long counts as not ready.
const SILENCE: Duration = Duration::from_secs(50);

/// Pods tolerate a node that is not ready this long.
const EVICTION: Duration = Duration::from_mins(5);

const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// The nodes whose kubelet is silent, and since when.
#[derive(Debug, Default)]
pub(in super::super) struct Nodes(BTreeMap<String, Duration>);

impl Nodes {
    /// Whether the kubelet of a node is silent: nothing changes about its pods.
    pub(super) fn is_silent(&self, node: &str) -> bool {
        self.0.contains_key(node)
    }

    /// Every kubelet fell silent, so long ago that its node is not ready from now on.
    pub(in super::super) fn silence(&mut self, state: &State, now: Moment) {
        let since = now.world.saturating_sub(SILENCE);
        self.0 = state.list(&NODES, None).map(|node| (name(node).to_owned(), since)).collect();
    }

    /// The kubelets are back: nodes and what still runs on them are ready again.
    pub(in super::super) fn revive(&mut self, state: &mut State, now: Moment) {
        for called in std::mem::take(&mut self.0).into_keys() {
            let key = Key::new(&NODES, "", &called);
            let Some(node) = state.get(&key) else { continue };
            let mut node = (**node).clone();
            for (kind, holds, reason) in [
                ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                ("PIDPressure", "False", "KubeletHasSufficientPID"),
                ("Ready", "True", "KubeletReady"),
            ] {
                post(&mut node, kind, (holds, reason, ""), now.wall, now);
            }
            map_at(&mut node, &["spec"]).shift_remove("taints");
            tell(state, &node, (false, "NodeReady"), &format!("Node {called} status is now: NodeReady"), now);
            state.put(&key, node);
            for pod in pods_on(state, &called) {
                if items(&pod, "/status/containerStatuses").iter().all(|status| status["ready"] == true) {
                    set_ready(state, &pod, true, now);
                }
            }
        }
    }

    pub(super) fn next_due(&self, now: Moment) -> Option<Duration> {
        self.0
            .values()
            .flat_map(|since| [*since + SILENCE, *since + SILENCE + EVICTION])
            .filter(|due| *due > now.world)
            .min()
    }

    pub(super) fn reconcile(&self, state: &mut State, now: Moment) {
        for (called, since) in &self.0 {
            if now.world >= *since + SILENCE {
                give_up(state, called, now);
            }
            if now.world >= *since + SILENCE + EVICTION {
                evict(state, called, now);
            }
        }
    }
}

/// Marks a node and its pods as not ready, once.
fn give_up(state: &mut State, called: &str, now: Moment) {
    let key = Key::new(&NODES, "", called);
    let Some(node) = state.get(&key).filter(|node| condition_is_true(node, "Ready")) else { return };
    let mut node = (**node).clone();
    for kind in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
        let silent = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.");
        let last_heard = now.wall - SignedDuration::try_from(SILENCE).unwrap_or(SignedDuration::ZERO);
        post(&mut node, kind, silent, last_heard, now);
    }
    let taint = |effect: &str| json!({"key": UNREACHABLE, "effect": effect, "timeAdded": stamp(now.wall)});
    map_at(&mut node, &["spec"])
        .insert("taints".to_owned(), json!([taint("NoSchedule"), taint("NoExecute")]));
    tell(state, &node, (false, "NodeNotReady"), &format!("Node {called} status is now: NodeNotReady"), now);
    state.put(&key, node);
    for pod in pods_on(state, called) {
        set_ready(state, &pod, false, now);
        tell(state, &pod, (true, "NodeNotReady"), "Node is not ready", now);
    }
}

/// Asks the node's pods to end; nobody hears it there.
fn evict(state: &mut State, called: &str, now: Moment) {
    for pod in pods_on(state, called).iter().filter(|pod| !object::terminating(pod)) {
        let message = format!("Marking for deletion Pod {}/{}", object::namespace(pod), name(pod));
        let event = Event {
            warning: false,
            reason: "TaintManagerEviction",
            message: &message,
            component: "taint-eviction-controller",
        };
        events::record(state, pod, event, now);
        if let Err(refusal) =
            delete::delete(state, &PODS, &Key::of(&PODS, pod), &Options::default(), now.wall)
        {
            tracing::warn!(?refusal, "a pod of the practice world could not be evicted");
        }
    }
}

fn pods_on(state: &State, node: &str) -> Vec<std::sync::Arc<Value>> {
    let mut pods = state.collect(&PODS, None);
    pods.retain(|pod| text(pod, "/spec/nodeName") == node && !object::is_over(pod));
    pods
}

/// The pod's condition alone: what its containers say is the kubelet's to write.
fn set_ready(state: &mut State, pod: &Value, ready: bool, now: Moment) {
    let mut next = pod.clone();
    conditions::set(
        &mut next,
        Condition { kind: "Ready", holds: ready, reason: "", message: "" },
        false,
        now,
    );
    state.put(&Key::of(&PODS, pod), next);
}

/// Writes a node's condition: status, reason, message, and when it was last heard.
fn post(
    node: &mut Value,
    kind: &str,
    (status, reason, message): (&str, &str, &str),
    heard: Timestamp,
    now: Moment,
) {
    let conditions = node.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
    let Some(known) = conditions.into_iter().flatten().find(|known| text(known, "/type") == kind) else {
        return;
    };
    if text(known, "/status") != status {
        known["lastTransitionTime"] = stamp(now.wall).into();
    }
    known["status"] = status.into();
    known["reason"] = reason.into();
    known["message"] = message.into();
    known["lastHeartbeatTime"] = stamp(heard).into();
}

fn tell(state: &mut State, about: &Value, (warning, reason): (bool, &str), message: &str, now: Moment) {
    events::record(state, about, Event { warning, reason, message, component: "node-controller" }, now);
}
