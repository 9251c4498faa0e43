//! What a region's Kubernetes API says.

use jiff::Timestamp;

use crate::runbook::verdict::Why;

/// A cluster whose API answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterFacts {
    /// `gitVersion` of `/version`.
    pub version: String,
}

/// How a region's context reaches its cluster, as the kubeconfig has it: needs no answer of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterAddress {
    /// Scheme, host, port where it is not the scheme's own, and path (`clusters[].cluster.server`), in one way
    /// of writing; without user and password.
    pub server: String,
    /// `tls-server-name`: the name that the server has to prove, where it is not the address's own.
    pub tls_server_name: Option<String>,
    /// Host and port of the proxy in between, of the kubeconfig or the environment.
    pub proxy: Option<String>,
    /// SHA-256 of the certificate authorities that are trusted, hexadecimal; `None` for the system's.
    pub authority: Option<String>,
    /// `insecure-skip-tls-verify`: whoever answers there is taken for the cluster.
    pub insecure: bool,
}

/// Which cluster a region's context leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterIdentityFacts {
    /// How it is reached.
    pub address: ClusterAddress,
    /// `metadata.uid` of the namespace `kube-system`, which a cluster keeps for its life and shares with no
    /// other one; or why it could not be read.
    pub uid: Result<String, Why>,
}

/// The platform's Deployment.
#[derive(Debug, Clone, PartialEq)]
pub enum DeploymentFacts {
    /// The API answered that there is none.
    Missing,
    /// There is one.
    Found(Box<Deployment>),
}

/// The fields of a Deployment that judgements need.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deployment {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// `spec.replicas`; Kubernetes takes 1 where it is absent.
    pub replicas_wanted: i32,
    /// `status.replicas`.
    pub replicas: i32,
    /// `status.updatedReplicas`.
    pub updated: i32,
    /// `status.readyReplicas`.
    pub ready: i32,
    /// `status.availableReplicas`.
    pub available: i32,
    /// `spec.paused`: refuses a restart.
    pub paused: bool,
    /// `spec.progressDeadlineSeconds`; 600 where it is absent.
    pub progress_deadline_secs: u32,
    /// `image` of the platform's own container: the one named `manager`, else the only one; `None` where
    /// that does not tell, as with sidecars beside another name.
    pub image: Option<String>,
    /// `status.conditions`, sorted by type.
    pub conditions: Vec<Condition>,
    /// `pod-template-hash` of the ReplicaSet of the current revision, where known.
    pub template_hash: Option<String>,
    /// Annotation `deployment.kubernetes.io/revision`: which of its pod templates it runs.
    pub revision: Option<u32>,
    /// Label `helm.sh/chart`, else `chart` of older charts, for example `vcluster-platform-4.11.2`.
    pub chart: Option<String>,
}

impl Deployment {
    /// The tag of the image: `4.11.2` of `registry:5000/name:4.11.2@sha256:…`.
    pub fn image_tag(&self) -> Option<&str> {
        let image = self.image.as_deref()?;
        let name = image.split('@').next()?;
        let (_, tag) = name.rsplit('/').next()?.split_once(':')?;
        Some(tag)
    }

    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}

/// A status condition of a Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `type`.
    pub kind: String,
    /// `status`: `True`, `False` or `Unknown`.
    pub status: String,
    /// `reason`.
    pub reason: String,
    /// `message`.
    pub message: String,
}

/// The platform's pods, sorted by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PodsFacts {
    /// One entry a pod.
    pub pods: Vec<Pod>,
}

impl PodsFacts {
    /// The pods that are evidence of now: those that the ReplicaSet's controller counts.
    pub fn active(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| pod.is_active())
    }
}

/// The fields of a pod that judgements need.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pod {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.creationTimestamp`.
    pub created_at: Option<Timestamp>,
    /// `metadata.deletionTimestamp`: it is terminating.
    pub deleted_at: Option<Timestamp>,
    /// Label `pod-template-hash`.
    pub template_hash: Option<String>,
    /// `spec.nodeName`.
    pub node: Option<String>,
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`, for example `Evicted`.
    pub reason: Option<String>,
    /// When it ended for good, by the last of its containers or conditions to change; only of one that did.
    pub ended_at: Option<Timestamp>,
    /// Condition `Ready` is `True`.
    pub ready: bool,
    /// Message of condition `PodScheduled` where it is `False`.
    pub unscheduled: Option<String>,
    /// `status.containerStatuses`, sorted by name.
    pub containers: Vec<Container>,
}

impl Pod {
    /// Has it ended for good (`Failed`, which an evicted one is too, or `Succeeded`)? Such a pod stays listed
    /// for days with the labels and the owner of those that run.
    pub fn is_over(&self) -> bool {
        matches!(self.phase.as_str(), "Failed" | "Succeeded")
    }

    /// Does the ReplicaSet's controller count it? Neither one that has ended nor one that is on its way out
    /// (`FilterActivePods` in Kubernetes' `controller_utils.go`).
    pub fn is_active(&self) -> bool {
        !self.is_over() && self.deleted_at.is_none()
    }

    /// Restarts of all containers together.
    pub fn restarts(&self) -> i32 {
        self.containers.iter().map(|container| container.restarts).sum()
    }
}

/// One container of a pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Container {
    /// `name`.
    pub name: String,
    /// `restartCount`.
    pub restarts: i32,
    /// `ready`.
    pub ready: bool,
    /// `state.waiting.reason`, for example `CrashLoopBackOff`.
    pub waiting_reason: Option<String>,
    /// `state.waiting.message`.
    pub waiting_message: Option<String>,
    /// `state.running` is present.
    pub running: bool,
    /// `state.terminated`.
    pub terminated: Option<Terminated>,
    /// `lastState.terminated`.
    pub last_terminated: Option<Terminated>,
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terminated {
    /// `reason`, for example `OOMKilled`.
    pub reason: String,
    /// `exitCode`.
    pub exit_code: i32,
    /// `finishedAt`.
    pub finished_at: Option<Timestamp>,
}

/// The last lines of the logs, by pod name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogsFacts {
    /// One entry a pod and container.
    pub logs: Vec<ContainerLog>,
}

/// The last lines of one container (`kubectl logs --tail=50`, with timestamps).
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerLog {
    /// Pod name.
    pub pod: String,
    /// Container name.
    pub container: String,
    /// The running container's lines, or why not.
    pub current: Result<Vec<LogLine>, String>,
    /// The previous container's lines where it restarted (`domain.md`, T16), or why not.
    pub previous: Option<Result<Vec<LogLine>, String>>,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The time the kubelet gave it.
    pub at: Option<Timestamp>,
    /// The line without its time.
    pub text: String,
}

/// The platform's Ingress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IngressFacts {
    /// The API answered that there is none.
    Missing,
    /// There is one.
    Found {
        /// `status.loadBalancer.ingress[].hostname` or `.ip`; kept when reconciling fails, so no proof.
        addresses: Vec<String>,
        /// `spec.rules[].host`.
        hosts: Vec<String>,
    },
}

/// The cluster's nodes, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodesFacts {
    /// One entry a node.
    pub nodes: Vec<Node>,
}

/// The fields of a node that judgements need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
    /// `status.addresses` of type `InternalIP`.
    pub internal_ips: Vec<String>,
}

impl Node {
    /// Condition `Ready` is `True`.
    pub fn is_ready(&self) -> bool {
        self.conditions.iter().any(|condition| condition.kind == "Ready" && condition.status == "True")
    }
}

/// Events of the platform's namespace, newest first. They live about an hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventsFacts {
    /// One entry an event.
    pub events: Vec<Event>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// `Normal` or `Warning`.
    pub kind: String,
    /// `reason`.
    pub reason: String,
    /// `message`.
    pub message: String,
    /// `involvedObject` as `Kind/name`.
    pub object: String,
    /// How often; at least 1.
    pub count: i32,
    /// When last, where known.
    pub last_seen: Option<Timestamp>,
}

/// The NetworkPeers that a region knows (`domain.md`, T13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeersFacts {
    /// The cluster has no such resource type.
    NoSuchType,
    /// The list, sorted by name.
    Found(Vec<Peer>),
}

/// The platform's Helm release as its records say: the newest Secret with `owner=helm`, read without
/// its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseFacts {
    /// There is no record of it.
    Missing,
    /// The newest record.
    Found(Release),
}

/// One record of a Helm release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Release {
    /// Label `version`: the revision.
    pub revision: u32,
    /// Label `status`: `deployed`, `failed`, `pending-upgrade`, …
    pub status: String,
    /// `metadata.creationTimestamp`: when the operation that made this revision began.
    pub created_at: Option<Timestamp>,
    /// The newest older revision that was deployed whole: status `deployed`, else `superseded`.
    pub last_good: Option<GoodRevision>,
}

/// A revision of a Helm release that was deployed whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoodRevision {
    /// Label `version`.
    pub revision: u32,
    /// Label `status`: `deployed` or `superseded`.
    pub status: String,
    /// `metadata.creationTimestamp`.
    pub created_at: Option<Timestamp>,
}

/// One NetworkPeer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// `metadata.name`.
    pub name: String,
    /// `status.online`; absent means offline.
    pub online: bool,
    /// `status.homeDerpRegion`, as text.
    pub home_derp_region: Option<String>,
    /// `status.lastSeen`, as text.
    pub last_seen: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_tag_is_read_past_ports_and_digests() {
        for (image, tag) in [
            ("ghcr.io/loft-sh/vcluster-platform:4.11.2", Some("4.11.2")),
            ("registry:5000/loft-sh/vcluster-platform:4.11.2@sha256:abc", Some("4.11.2")),
            ("registry:5000/loft-sh/vcluster-platform", None),
            ("vcluster-platform@sha256:abc", None),
        ] {
            let deployment = Deployment { image: Some(image.to_owned()), ..Deployment::default() };
            assert_eq!(deployment.image_tag(), tag, "{image}");
        }
    }
}
