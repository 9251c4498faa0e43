//! What can be wrong with a region, one field a part of the world that can fail.

use super::kubernetes::Condition;

/// What is wrong with a region at the start, until somebody repairs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plight {
    /// The platform and its cluster.
    pub cluster: Condition,
    /// Neither the Kubernetes API nor the host can be reached.
    pub cut_off: bool,
    /// What EKS says of the cluster.
    pub eks: EksStatus,
    /// The way from the cluster to the database, as EC2 describes it.
    pub network: Network,
    /// What the load balancer makes of the pods.
    pub targets: Targets,
    /// The region's health check in Route 53.
    pub health_check: CheckSetting,
}

impl Plight {
    /// Nothing is wrong.
    pub(super) const WELL: Self = Self {
        cluster: Condition::Healthy,
        cut_off: false,
        eks: EksStatus::Active,
        network: Network::Open,
        targets: Targets::FollowPods,
        health_check: CheckSetting::Right,
    };
}

/// `status` of `DescribeCluster`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EksStatus {
    /// `ACTIVE`, without issues.
    Active,
    /// `FAILED`, with a health issue.
    Failed,
}

/// The first thing on the way to the database that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// Nothing.
    Open,
    /// The peering connection was deleted; the routes to it are blackholes.
    PeeringInactive,
    /// One route table that serves nodes has no route to the database's range.
    RouteMissing,
    /// The database's security group has no rule for the cluster's range.
    PortClosed,
}

/// The targets of the region's target group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Targets {
    /// Healthy where their pods are ready.
    FollowPods,
    /// Registered and unhealthy (`Target.Timeout`), though their pods are ready: a security group.
    Unhealthy,
    /// None is registered: the controller fails to reconcile the Ingress.
    Unregistered,
}

/// How a region's health check is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckSetting {
    /// As it should be.
    Right,
    /// `Inverted`: fails while its host is well.
    Inverted,
    /// `Disabled`: always counted healthy.
    Disabled,
    /// Watches another host, which does not answer.
    OtherHost,
}
