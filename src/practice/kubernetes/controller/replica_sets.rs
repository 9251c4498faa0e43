//! The ReplicaSet controller: as many pods as are wanted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::delete::{self, Options};
use super::super::kinds::{PODS, REPLICA_SETS};
use super::super::object::{
    self, condition_is_true, controller_reference, name, namespace, number, owned_by, stamp, uid,
};
use super::super::store::{Key, State};
use super::super::{defaults, kinds};
use super::Moment;
use super::events::{self, Event};

/// Tells the pods of one template from those of another.
pub(in super::super) const HASH_LABEL: &str = "pod-template-hash";

/// Makes and deletes pods, and reports how many there are.
pub(super) fn reconcile(state: &mut State, now: Moment) {
    for replica_set in state.collect(&REPLICA_SETS, None) {
        let pods = active_pods(state, &replica_set);
        let wanted = usize::try_from(number(&replica_set, "/spec/replicas")).unwrap_or_default();
        for _ in pods.len()..wanted {
            create_pod(state, &replica_set, now);
        }
        if pods.len() > wanted {
            delete_pods(state, &replica_set, pods, wanted, now);
        }
        report(state, &replica_set);
    }
}

/// The set's pods that have not ended and are not on their way out.
pub(super) fn active_pods(state: &State, replica_set: &Value) -> Vec<Arc<Value>> {
    let owner = uid(replica_set);
    state
        .list(&PODS, Some(namespace(replica_set)))
        .filter(|pod| owned_by(pod, owner) && !object::terminating(pod) && !object::is_over(pod))
        .cloned()
        .collect()
}

fn create_pod(state: &mut State, replica_set: &Value, now: Moment) {
    let template = replica_set.pointer("/spec/template").cloned().unwrap_or_default();
    let called = format!("{}-{}", name(replica_set), state.random.suffix(5));
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": template.get("metadata").cloned().unwrap_or_else(|| json!({})),
        "spec": template["spec"],
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    });
    pod["metadata"]["name"] = called.clone().into();
    pod["metadata"]["namespace"] = namespace(replica_set).into();
    pod["metadata"]["uid"] = state.random.uid().into();
    pod["metadata"]["creationTimestamp"] = stamp(now.wall).into();
    pod["metadata"]["ownerReferences"] = json!([controller_reference(replica_set)]);
    defaults::fill(&kinds::PODS, &mut pod);
    state.put(&Key::of(&PODS, &pod), pod);
    let message = format!("Created pod: {called}");
    events::record(state, replica_set, normal("SuccessfulCreate", &message), now);
}

fn delete_pods(state: &mut State, replica_set: &Value, mut pods: Vec<Arc<Value>>, keep: usize, now: Moment) {
    // pods that are not ready go first, then the youngest
    pods.sort_by_key(|pod| {
        let born = object::text(pod, "/metadata/creationTimestamp").to_owned();
        (condition_is_true(pod, "Ready"), std::cmp::Reverse(born))
    });
    let surplus = pods.len() - keep;
    for pod in pods.into_iter().take(surplus) {
        if delete::delete(state, &PODS, &Key::of(&PODS, &pod), &Options::default(), now.wall).is_ok() {
            let message = format!("Deleted pod: {}", name(&pod));
            events::record(state, replica_set, normal("SuccessfulDelete", &message), now);
        }
    }
}

fn normal<'a>(reason: &'a str, message: &'a str) -> Event<'a> {
    Event { warning: false, reason, message, component: "replicaset-controller" }
}

fn report(state: &mut State, replica_set: &Value) {
    let pods = active_pods(state, replica_set);
    let ready = pods.iter().filter(|pod| condition_is_true(pod, "Ready")).count();
    let key = Key::of(&REPLICA_SETS, replica_set);
    let Some(live) = state.get(&key) else { return };
    let mut status = json!({
        "replicas": pods.len(), "observedGeneration": number(live, "/metadata/generation"),
    });
    for (field, count) in
        [("fullyLabeledReplicas", pods.len()), ("readyReplicas", ready), ("availableReplicas", ready)]
    {
        if count > 0 {
            status[field] = count.into();
        }
    }
    let mut object = (**live).clone();
    object["status"] = status;
    state.put(&key, object);
}
