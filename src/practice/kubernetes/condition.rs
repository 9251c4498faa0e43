//! What can be broken in a cluster when the responder arrives.

/// What is broken in a cluster at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Healthy,
    /// Every pod of the platform crashes, and has for a while. Pods of another
    /// template come up well: a restart heals it.
    CrashLoop,
    /// The Deployment wants no pods.
    ScaledToZero,
    /// The release is there, its Deployment is gone.
    DeploymentMissing,
    /// Every pod of the platform is killed for want of memory, unless its limit
    /// is 1Gi or more.
    OutOfMemory,
    /// The Deployment wants an image that the registry does not have.
    ImagePull,
    /// The platform does not reach its database: connections time out.
    DatabaseTimeout,
    /// The database refuses the platform's identity.
    DatabaseDenied,
    /// Nothing listens on the database's port.
    DatabaseRefused,
    /// [`Condition::DatabaseTimeout`], and somebody made it worse since: a
    /// rollout of an image that the registry does not have is under way.
    DatabaseTimeoutAndImagePull,
    /// No node's kubelet has been heard of for a while.
    NodesNotReady,
    /// The nodes are well and full: a batch job with priority took the room.
    Unschedulable,
    /// The platform was downgraded here alone: it does not join its peers.
    VersionSkew,
    /// An upgrade to another version than its peers' was interrupted when it had changed the Deployment: as
    /// [`Condition::VersionSkew`], and Helm's record stays pending.
    InterruptedUpgrade,
    /// The responder may read nodes and events, and nothing of the platform,
    /// which is scaled to zero.
    PermissionMissing,
    /// The pods are well; the load balancer controller may not register them.
    IngressNotReconciled,
}

impl Condition {
    /// Whether one of the runbook's actions repairs it, so that it is the responder's to do.
    pub(in crate::practice) fn is_the_responders(self) -> bool {
        match self {
            Self::CrashLoop
            | Self::ScaledToZero
            | Self::DeploymentMissing
            | Self::OutOfMemory
            | Self::ImagePull
            | Self::VersionSkew
            | Self::InterruptedUpgrade => true,
            Self::Healthy
            | Self::DatabaseTimeout
            | Self::DatabaseDenied
            | Self::DatabaseRefused
            | Self::DatabaseTimeoutAndImagePull
            | Self::NodesNotReady
            | Self::Unschedulable
            | Self::PermissionMissing
            | Self::IngressNotReconciled => false,
        }
    }

    /// Whether the repair is the cluster's to undergo in two turns: first the
    /// responder is let in, and then the platform is theirs to scale.
    pub(super) fn hides_the_platform(self) -> bool {
        self == Self::PermissionMissing
    }
}
