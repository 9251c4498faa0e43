//! The regions, as their neighbours and clients see them.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    checkers::{HealthCheck, Reading},
    clock::Clock,
    kubernetes::Cluster,
    places::{Place, REPLICAS},
    plight::{EksStatus, Network, Plight, Targets},
};

/// How often regions look at each other, in the world's time.
const PEER_INTERVAL: Duration = Duration::from_secs(1);

/// A region: its cluster, its health check, and what is wrong around them.
pub(super) struct Region {
    pub place: &'static Place,
    pub cluster: Cluster,
    /// Where the Kubernetes API listens.
    pub kubernetes: SocketAddr,
    pub health_check: HealthCheck,
    /// False while the Kubernetes API and the host refuse connections.
    pub reachable: watch::Sender<bool>,
    /// What is wrong until somebody repairs it, but for the cluster and the
    /// health check, which know it of themselves.
    plight: Mutex<Plight>,
}

impl Region {
    /// A region in this plight.
    pub(super) fn new(
        place: &'static Place,
        cluster: Cluster,
        kubernetes: SocketAddr,
        health_check: HealthCheck,
        plight: Plight,
    ) -> Self {
        let reachable = watch::Sender::new(!plight.cut_off);
        Self { place, cluster, kubernetes, health_check, reachable, plight: Mutex::new(plight) }
    }

    /// What EKS says of the cluster.
    pub(super) fn eks(&self) -> EksStatus {
        self.plight().eks
    }

    /// The way to the database.
    pub(super) fn network(&self) -> Network {
        self.plight().network
    }

    /// What the load balancer makes of the pods.
    pub(super) fn targets(&self) -> Targets {
        self.plight().targets
    }

    /// What a health checker reads at this moment at the region's host.
    pub(super) fn reading(&self) -> Reading {
        reading(*self.reachable.borrow(), self.targets(), &self.cluster)
    }

    /// Whether the host serves requests: it can be reached, and so can its pods.
    pub(super) fn serves(&self) -> bool {
        self.reading() == Reading::Success
    }

    /// Whether the platform runs here and can be reached by its peers, whatever its load balancer does.
    fn runs(&self) -> bool {
        *self.reachable.borrow() && self.cluster.ready_pods() > 0
    }

    /// Whether the region is as it should be: in reach, with all its replicas
    /// behind its load balancer, and nothing wrong around it.
    pub(super) fn is_whole(&self) -> bool {
        let plight = self.plight();
        let aws_is_well = plight.eks == EksStatus::Active
            && plight.network == Network::Open
            && plight.targets == Targets::FollowPods
            && self.health_check.is_set_right();
        aws_is_well && *self.reachable.borrow() && self.cluster.ready_pods() >= REPLICAS
    }

    /// Somebody repaired it.
    pub(super) fn repair(&self) {
        self.cluster.repair();
        self.repair_around();
    }

    /// Somebody repaired what is around the cluster, which stays as it is.
    pub(super) fn repair_around(&self) {
        *self.plight.lock().unwrap_or_else(PoisonError::into_inner) = Plight::WELL;
        self.health_check.repair();
        self.reachable.send_replace(true);
    }

    fn plight(&self) -> Plight {
        *self.plight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is read at the host of a region whose load balancer has these targets.
pub(super) fn reading(reachable: bool, targets: Targets, cluster: &Cluster) -> Reading {
    let healthy = match targets {
        Targets::FollowPods => cluster.ready_pods(),
        Targets::Unhealthy | Targets::Unregistered => 0,
    };
    Reading::of(reachable, healthy)
}

/// Sets the regions in motion, until the world stops.
pub(super) fn run(regions: &Arc<[Arc<Region>]>, clock: Clock, stopping: &CancellationToken) {
    // Before anything moves, so that the clusters begin with what is so already.
    let told = running(regions);
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
        let seen = running(regions);
        if seen != told {
            introduce(regions, &seen);
            told = seen;
        }
    }
}

/// Which regions' platforms run, in their order.
fn running(regions: &[Arc<Region>]) -> Vec<bool> {
    regions.iter().map(|region| region.runs()).collect()
}

/// Tells each cluster which of the others run; `running` is in the regions' order.
fn introduce(regions: &[Arc<Region>], running: &[bool]) {
    for region in regions {
        for (peer, runs) in regions.iter().zip(running) {
            if peer.place.region != region.place.region {
                region.cluster.set_peer_ready(peer.place.region, *runs);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::practice::{
        kubernetes::{AwsSide, ClusterSetup},
        places::{PLACES, PLATFORM_VERSION},
        plight::CheckSetting,
        random::Random,
        requests::Requests,
    };

    /// us-east-1 in a plight, at rest.
    pub(in crate::practice) fn region(plight: Plight) -> Region {
        let place = &PLACES[0];
        let (clock, now) = (Clock::new(1.0), Timestamp::now());
        let setup = ClusterSetup {
            region: place.region.to_owned(),
            peer_regions: vec!["eu-west-1".to_owned()],
            host: place.host.to_owned(),
            token: "t".to_owned(),
            condition: plight.cluster,
            platform_version: PLATFORM_VERSION.to_owned(),
            replicas: REPLICAS,
            values_yaml: place.values_yaml(),
            seed: 1,
            failing_since: now,
            aws: AwsSide::example(),
        };
        let cluster = Cluster::new(setup, clock, Requests::default());
        let reading = reading(!plight.cut_off, plight.targets, &cluster);
        let setting = plight.health_check;
        let check = HealthCheck::settled(place, setting, reading, clock, now, &mut Random::new(1));
        Region::new(place, cluster, SocketAddr::from(([127, 0, 0, 1], 1)), check, plight)
    }

    #[test]
    fn a_plight_shows_until_somebody_repaired_it() {
        let well = Plight::WELL;
        let cases = [
            (well, Reading::Success, true),
            (Plight { cut_off: true, ..well }, Reading::TimedOut, false),
            (Plight { targets: Targets::Unhealthy, ..well }, Reading::Unavailable, false),
            (Plight { targets: Targets::Unregistered, ..well }, Reading::Unavailable, false),
            (Plight { eks: EksStatus::Failed, ..well }, Reading::Success, false),
            (Plight { network: Network::RouteMissing, ..well }, Reading::Success, false),
            (Plight { health_check: CheckSetting::Disabled, ..well }, Reading::Success, false),
        ];
        for (plight, reading, whole) in cases {
            let region = region(plight);
            assert_eq!((region.reading(), region.is_whole()), (reading, whole), "{plight:?}");
            region.repair();
            assert_eq!((region.reading(), region.is_whole()), (Reading::Success, true), "{plight:?}");
        }
    }
}
