//! Objects of the API to facts: the fields that judgements need, nothing judged.

use jiff::Timestamp;
use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::networking::v1 as networking;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde_json::Value;

use crate::clients::secret::redact_credentials;
use crate::runbook::fact::{
    Condition, Container, Deployment, Event, GoodRevision, IngressFacts, Node, Peer, Pod, PodsFacts, Release,
    ReleaseFacts, Terminated,
};

/// The revision of a Deployment, and of a ReplicaSet that it made.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// The label that ties pods to their ReplicaSet.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// The labels that Helm charts give their objects, today's first: name and version of the chart.
const CHART_LABELS: [&str; 2] = ["helm.sh/chart", "chart"];

/// The platform's own container; others beside it are a mesh's or an agent's, and may come first.
const PLATFORM_CONTAINER: &str = "manager";

/// Kubernetes' default of `spec.progressDeadlineSeconds`.
const PROGRESS_DEADLINE_SECS: i32 = 600;

/// A Deployment with the template hash of its current revision, where one of the ReplicaSets has it.
pub(super) fn deployment<'a>(
    found: &apps::Deployment,
    replica_sets: impl IntoIterator<Item = &'a apps::ReplicaSet>,
) -> Deployment {
    let spec = found.spec.clone().unwrap_or_default();
    let status = found.status.clone().unwrap_or_default();
    let containers = spec.template.spec.map(|pod| pod.containers).unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default().into_iter();
    let condition = |c: apps::DeploymentCondition| condition(c.type_, c.status, c.reason, c.message);
    let mut conditions: Vec<Condition> = conditions.map(condition).collect();
    conditions.sort_unstable_by(|a, b| a.kind.cmp(&b.kind));
    Deployment {
        uid: found.metadata.uid.clone().unwrap_or_default(),
        resource_version: found.metadata.resource_version.clone().unwrap_or_default(),
        generation: found.metadata.generation.unwrap_or_default(),
        observed_generation: status.observed_generation.unwrap_or_default(),
        replicas_wanted: spec.replicas.unwrap_or(1),
        replicas: status.replicas.unwrap_or_default(),
        updated: status.updated_replicas.unwrap_or_default(),
        ready: status.ready_replicas.unwrap_or_default(),
        available: status.available_replicas.unwrap_or_default(),
        paused: spec.paused.unwrap_or_default(),
        progress_deadline_secs: spec.progress_deadline_seconds.unwrap_or(PROGRESS_DEADLINE_SECS).max(0)
            as u32,
        image: platform_image(containers),
        conditions,
        template_hash: template_hash(found, replica_sets),
        revision: revision(&found.metadata),
        chart: found
            .metadata
            .labels
            .as_ref()
            .and_then(|labels| CHART_LABELS.iter().find_map(|label| labels.get(*label).cloned())),
    }
}

fn platform_image(mut containers: Vec<core::Container>) -> Option<String> {
    let own = containers.iter().position(|container| container.name == PLATFORM_CONTAINER);
    let at = own.or_else(|| (containers.len() == 1).then_some(0))?;
    containers.swap_remove(at).image
}

fn template_hash<'a>(
    found: &apps::Deployment,
    replica_sets: impl IntoIterator<Item = &'a apps::ReplicaSet>,
) -> Option<String> {
    let uid = found.metadata.uid.as_ref()?;
    let revision = found.metadata.annotations.as_ref()?.get(REVISION)?;
    let current = replica_sets.into_iter().find(|set| {
        let owners = set.metadata.owner_references.iter().flatten();
        let annotations = set.metadata.annotations.as_ref();
        owners.into_iter().any(|owner| owner.uid == *uid)
            && annotations.and_then(|annotations| annotations.get(REVISION)) == Some(revision)
    })?;
    current.metadata.labels.as_ref()?.get(TEMPLATE_HASH).cloned()
}

fn condition(kind: String, status: String, reason: Option<String>, message: Option<String>) -> Condition {
    let message = message.map_or_else(String::new, |message| redact_credentials(&message));
    Condition { kind, status, reason: reason.unwrap_or_default(), message }
}

/// Which of its pod templates a Deployment runs.
fn revision(meta: &ObjectMeta) -> Option<u32> {
    meta.annotations.as_ref()?.get(REVISION)?.parse().ok()
}

/// The pods, sorted by name.
pub(super) fn pods<'a>(found: impl IntoIterator<Item = &'a core::Pod>) -> PodsFacts {
    let mut pods: Vec<Pod> = found.into_iter().map(pod).collect();
    pods.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    PodsFacts { pods }
}

fn pod(found: &core::Pod) -> Pod {
    let status = found.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let condition = |kind: &str| conditions.iter().find(|condition| condition.type_ == kind);
    let mut containers: Vec<Container> =
        status.container_statuses.unwrap_or_default().into_iter().map(container).collect();
    containers.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let mut pod = Pod {
        name: found.metadata.name.clone().unwrap_or_default(),
        created_at: time(found.metadata.creation_timestamp.as_ref()),
        deleted_at: time(found.metadata.deletion_timestamp.as_ref()),
        template_hash: found.metadata.labels.as_ref().and_then(|labels| labels.get(TEMPLATE_HASH).cloned()),
        node: found.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        phase: status.phase.unwrap_or_default(),
        reason: status.reason,
        ended_at: None,
        ready: condition("Ready").is_some_and(|condition| condition.status == "True"),
        unscheduled: condition("PodScheduled")
            .filter(|condition| condition.status == "False")
            .map(|condition| condition.message.as_ref().or(condition.reason.as_ref()))
            .map(|message| message.map_or_else(String::new, |message| redact_credentials(message))),
        containers,
    };
    if pod.is_over() {
        // An evicted pod often has no container left that says when.
        let changes = conditions.iter().filter_map(|condition| time(condition.last_transition_time.as_ref()));
        let ends = pod.containers.iter().filter_map(|container| container.terminated.as_ref()?.finished_at);
        pod.ended_at = changes.chain(ends).max();
    }
    pod
}

fn container(status: core::ContainerStatus) -> Container {
    let state = status.state.unwrap_or_default();
    let (waiting_reason, waiting_message) =
        state.waiting.map_or((None, None), |waiting| (waiting.reason, waiting.message));
    Container {
        name: status.name,
        restarts: status.restart_count,
        ready: status.ready,
        waiting_reason,
        waiting_message: waiting_message.map(|message| redact_credentials(&message)),
        running: state.running.is_some(),
        terminated: state.terminated.map(terminated),
        last_terminated: status.last_state.and_then(|last| last.terminated).map(terminated),
    }
}

fn terminated(state: core::ContainerStateTerminated) -> Terminated {
    Terminated {
        reason: state.reason.unwrap_or_default(),
        exit_code: state.exit_code,
        finished_at: time(state.finished_at.as_ref()),
    }
}

fn time(time: Option<&Time>) -> Option<Timestamp> {
    time.map(|time| time.0)
}

/// The Ingress's addresses and hosts, in its own order.
pub(super) fn ingress(found: networking::Ingress) -> IngressFacts {
    let balancer = found.status.and_then(|status| status.load_balancer);
    let points = balancer.and_then(|balancer| balancer.ingress).unwrap_or_default();
    let rules = found.spec.and_then(|spec| spec.rules).unwrap_or_default();
    IngressFacts::Found {
        addresses: points.into_iter().filter_map(|point| point.hostname.or(point.ip)).collect(),
        hosts: rules.into_iter().filter_map(|rule| rule.host).collect(),
    }
}

/// A Helm release by its records' Secrets: the newest one, and the last one that was deployed whole.
pub(super) fn release(records: impl IntoIterator<Item = ObjectMeta>) -> ReleaseFacts {
    let mut records: Vec<Release> = records.into_iter().map(record).collect();
    records.sort_unstable_by_key(|record| std::cmp::Reverse(record.revision));
    let mut older = records.into_iter();
    let Some(mut newest) = older.next() else { return ReleaseFacts::Missing };
    let older: Vec<Release> = older.collect();
    let of = |status: &str| older.iter().find(|record| record.status == status);
    newest.last_good = of("deployed").or_else(|| of("superseded")).map(|record| GoodRevision {
        revision: record.revision,
        status: record.status.clone(),
        created_at: record.created_at,
    });
    ReleaseFacts::Found(newest)
}

fn record(found: ObjectMeta) -> Release {
    let label = |name: &str| found.labels.as_ref().and_then(|labels| labels.get(name).cloned());
    Release {
        revision: label("version").and_then(|version| version.parse().ok()).unwrap_or_default(),
        status: label("status").unwrap_or_default(),
        created_at: found.creation_timestamp.map(|time| time.0),
        last_good: None,
    }
}

/// A node.
pub(super) fn node(found: core::Node) -> Node {
    let status = found.status.unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default().into_iter();
    let mut conditions: Vec<Condition> =
        conditions.map(|c| condition(c.type_, c.status, c.reason, c.message)).collect();
    conditions.sort_unstable_by(|a, b| a.kind.cmp(&b.kind));
    let addresses = status.addresses.unwrap_or_default().into_iter();
    let internal = addresses.filter(|address| address.type_ == "InternalIP");
    Node {
        name: found.metadata.name.unwrap_or_default(),
        conditions,
        unschedulable: found.spec.and_then(|spec| spec.unschedulable).unwrap_or_default(),
        internal_ips: internal.map(|address| address.address).collect(),
    }
}

/// An event; newer ones of the same series count in `series`. What looks like a credential in its message,
/// such as in a probe's URL, is masked.
pub(super) fn event(found: core::Event) -> Event {
    let object = found.involved_object;
    let series = found.series.unwrap_or_default();
    let times = [
        found.last_timestamp.map(|time| time.0),
        series.last_observed_time.map(|time| time.0),
        found.event_time.map(|time| time.0),
        found.first_timestamp.map(|time| time.0),
    ];
    Event {
        kind: found.type_.unwrap_or_default(),
        reason: found.reason.unwrap_or_default(),
        message: redact_credentials(&found.message.unwrap_or_default()),
        object: format!("{}/{}", object.kind.unwrap_or_default(), object.name.unwrap_or_default()),
        count: found.count.or(series.count).unwrap_or(1).max(1),
        last_seen: times.into_iter().flatten().max().or(time(found.metadata.creation_timestamp.as_ref())),
    }
}

/// A NetworkPeer; `status.online` is omitted when false (`domain.md`, T13).
pub(super) fn peer(found: &Value) -> Peer {
    let text = |field: &str| match found.pointer(&format!("/status/{field}")) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    Peer {
        name: found.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        online: found.pointer("/status/online").and_then(Value::as_bool).unwrap_or_default(),
        home_derp_region: text("homeDerpRegion"),
        last_seen: text("lastSeen"),
    }
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
