//! One region of the world, as its neighbours and its clients see it.

use tokio::sync::watch;

use super::{
    checkers::{HealthCheck, Reading},
    kubernetes::Cluster,
    places::{Place, REPLICAS},
};

/// A region: its cluster, its health check, and whether it can be reached.
pub(super) struct Region {
    pub place: &'static Place,
    pub cluster: Cluster,
    pub health_check: HealthCheck,
    /// False while the Kubernetes API and the host refuse connections.
    pub reachable: watch::Sender<bool>,
}

impl Region {
    /// What a health checker reads at this moment.
    pub(super) fn reading(&self) -> Reading {
        Reading::of(*self.reachable.borrow(), self.cluster.ready_pods())
    }

    /// Whether the platform serves requests here.
    pub(super) fn serves(&self) -> bool {
        self.reading() == Reading::Success
    }

    /// Whether the region is as it should be: in reach, with all its replicas.
    pub(super) fn is_whole(&self) -> bool {
        *self.reachable.borrow() && self.cluster.ready_pods() >= REPLICAS
    }

    /// Somebody repaired it.
    pub(super) fn repair(&self) {
        self.cluster.repair();
        self.reachable.send_replace(true);
    }
}
