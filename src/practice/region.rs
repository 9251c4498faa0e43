//! The regions, as their neighbours and clients see them.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    checkers::{HealthCheck, Reading},
    clock::Clock,
    kubernetes::Cluster,
    places::{Place, REPLICAS},
};

/// How often regions look at each other, in the world's time.
const PEER_INTERVAL: Duration = Duration::from_secs(1);

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

/// Sets the regions in motion, until the world stops.
pub(super) fn run(regions: &Arc<[Arc<Region>]>, clock: Clock, stopping: &CancellationToken) {
    // Before anything moves, so that the clusters begin with what is so already.
    let told = serving(regions);
    introduce(regions, &told);
    for region in regions.iter() {
        tokio::spawn(region.cluster.clone().run(stopping.clone()));
        let (watched, stopped) = (Arc::clone(region), stopping.clone());
        tokio::spawn(async move {
            let polls = watched.health_check.run(clock, || watched.reading());
            stopped.run_until_cancelled(polls).await;
        });
    }
    let (regions, stopped) = (Arc::clone(regions), stopping.clone());
    tokio::spawn(async move { stopped.run_until_cancelled(watch_peers(&regions, told, clock)).await });
}

/// Keeps each cluster informed of its peers; only news wakes their controllers.
async fn watch_peers(regions: &[Arc<Region>], mut told: Vec<bool>, clock: Clock) {
    loop {
        clock.sleep(PEER_INTERVAL).await;
        let seen = serving(regions);
        if seen != told {
            introduce(regions, &seen);
            told = seen;
        }
    }
}

/// Which regions serve, in their order.
fn serving(regions: &[Arc<Region>]) -> Vec<bool> {
    regions.iter().map(|region| region.serves()).collect()
}

/// Tells each cluster which of the others serve; `serving` is in the regions' order.
fn introduce(regions: &[Arc<Region>], serving: &[bool]) {
    for region in regions {
        for (peer, serves) in regions.iter().zip(serving) {
            if peer.place.region != region.place.region {
                region.cluster.set_peer_ready(peer.place.region, *serves);
            }
        }
    }
}
