//! Facts: the answers of the outside world as plain data, before any judgement.

mod aws;
mod cluster;
mod health;
mod machine;
mod network;
mod preview;

pub use aws::{EksCluster, EksFacts, FoundBy, HealthIssue, Target, TargetGroup, TargetsFacts};
pub use cluster::{
    ClusterAddress, ClusterFacts, ClusterIdentityFacts, Condition, Container, ContainerLog, Deployment,
    DeploymentFacts, Event, EventsFacts, GoodRevision, IngressFacts, LogLine, LogsFacts, Node, NodesFacts,
    Peer, PeersFacts, Pod, PodsFacts, Release, ReleaseFacts, Terminated,
};
pub use health::{HealthCheckFacts, HealthCheckSettings, ListedHealthCheck, Observation, ProbeFacts};
pub use machine::{
    AccessFacts, ChartFacts, HelmFacts, IdentityFacts, Permission, ToolsFacts, ValuesFacts, VclusterFacts,
};
pub use network::{PathFacts, Peering, PeeringSide, Route, RouteTable, Rule, SecurityGroup, Subnet};
pub use preview::{Change, DiffLine, LostKeys, ObjectChange, PreviewFacts, Sign};

/// The answer to a [`Question`](super::question::Question), one variant each.
#[derive(Debug, Clone, PartialEq)]
pub enum Facts {
    /// See [`HealthCheckFacts`].
    HealthCheck(HealthCheckFacts),
    /// See [`ProbeFacts`].
    Probe(ProbeFacts),
    /// The shared host's probe.
    SharedProbe(ProbeFacts),
    /// See [`ClusterFacts`].
    Cluster(ClusterFacts),
    /// See [`ClusterIdentityFacts`].
    ClusterIdentity(ClusterIdentityFacts),
    /// See [`DeploymentFacts`].
    Deployment(DeploymentFacts),
    /// See [`PodsFacts`].
    Pods(PodsFacts),
    /// See [`LogsFacts`].
    Logs(LogsFacts),
    /// See [`IngressFacts`].
    Ingress(IngressFacts),
    /// See [`NodesFacts`].
    Nodes(NodesFacts),
    /// See [`EventsFacts`].
    Events(EventsFacts),
    /// See [`PeersFacts`].
    Peers(PeersFacts),
    /// See [`ReleaseFacts`].
    Release(ReleaseFacts),
    /// See [`AccessFacts`].
    Access(AccessFacts),
    /// See [`EksFacts`].
    Eks(EksFacts),
    /// See [`TargetsFacts`].
    Targets(TargetsFacts),
    /// See [`PathFacts`].
    Path(PathFacts),
    /// See [`ValuesFacts`].
    Values(ValuesFacts),
    /// See [`IdentityFacts`].
    Identity(IdentityFacts),
    /// See [`ChartFacts`].
    Chart(ChartFacts),
    /// See [`PreviewFacts`].
    Preview(PreviewFacts),
    /// See [`ToolsFacts`].
    Tools(ToolsFacts),
}
