//! Builds the parts of a world, and what they share while it is built.

use std::sync::{Arc, Mutex};

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::{
    PracticeError,
    aws::{self, AccessKey, Aws},
    certificates::Authority,
    charts,
    checkers::{HealthCheck, Reading},
    clock::Clock,
    control::{self, Control},
    files::RegionAccess,
    hosts,
    kubernetes::{Cluster, ClusterSetup},
    listeners::{Port, Serving},
    places::{PLACES, PLATFORM_VERSION, Place, REPLICAS, SHARED_HOST},
    random::Random,
    region::Region,
    requests::Requests,
    route53::Route53,
    scenario::Scenario,
};

/// How long a failure has lasted when the responder arrives.
const FAILING_FOR: SignedDuration = SignedDuration::from_mins(12);

/// What the parts of a world are made with.
pub(super) struct Founding {
    scenario: &'static Scenario,
    clock: Clock,
    serving: Serving,
    random: Random,
    authority: Authority,
    access_key: AccessKey,
    requests: Requests,
    begun: Timestamp,
}

impl Founding {
    /// Begins a world with a certificate authority and an access key of its own.
    pub(super) fn new(
        scenario: &'static Scenario,
        clock: Clock,
        seed: u64,
        serving: Serving,
    ) -> Result<Self, PracticeError> {
        let mut random = Random::new(seed);
        Ok(Self {
            scenario,
            clock,
            serving,
            access_key: AccessKey::new(&mut random),
            random,
            authority: Authority::new()?,
            requests: Requests::default(),
            begun: Timestamp::now(),
        })
    }

    /// The list that all parts report changes to.
    pub(super) fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// The account's only key.
    pub(super) fn access_key(&self) -> &AccessKey {
        &self.access_key
    }

    /// What clients trust.
    pub(super) fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// A region that answers on two ports, and how to reach it.
    pub(super) fn region(
        &mut self,
        place: &'static Place,
    ) -> Result<(Arc<Region>, RegionAccess), PracticeError> {
        let token = self.random.hex(2);
        let region = Arc::new(self.settled(place, &token));
        let (kubernetes, host) = (Port::take()?, Port::take()?);
        let access = RegionAccess {
            place,
            kubernetes: kubernetes.address(),
            host: host.address(),
            token,
            health_check_id: region.health_check.id.clone(),
        };
        let reachable = || region.reachable.subscribe();
        let tls = self.authority.acceptor(&["127.0.0.1", "localhost"])?;
        let router = region.cluster.router();
        kubernetes.serve_once_reachable(Some(tls), router, self.serving.clone(), reachable())?;
        let tls = self.authority.acceptor(&[place.host, SHARED_HOST])?;
        let router = hosts::router(Arc::clone(&region));
        host.serve_once_reachable(Some(tls), router, self.serving.clone(), reachable())?;
        Ok((region, access))
    }

    /// A region as the scenario finds it, minutes into the failure.
    fn settled(&mut self, place: &'static Place, token: &str) -> Region {
        let told = place.region == self.scenario.told_region;
        let plight = if told { self.scenario.told } else { self.scenario.others };
        let peers = PLACES.iter().filter(|other| other.region != place.region);
        let setup = ClusterSetup {
            region: place.region.to_owned(),
            peer_regions: peers.map(|peer| peer.region.to_owned()).collect(),
            host: place.host.to_owned(),
            token: token.to_owned(),
            condition: plight.cluster,
            platform_version: PLATFORM_VERSION.to_owned(),
            replicas: REPLICAS,
            values_yaml: place.values_yaml(),
            seed: self.random.next(),
            failing_since: self.begun - FAILING_FOR,
        };
        let cluster = Cluster::new(setup, self.clock, self.requests());
        let reachable = !plight.cut_off;
        let reading = Reading::of(reachable, cluster.ready_pods());
        let health_check = HealthCheck::settled(place, reading, self.clock, self.begun, &mut self.random);
        Region { place, cluster, health_check, reachable: watch::Sender::new(reachable) }
    }

    /// The plain port: the AWS APIs, the charts and the control pages. Gives
    /// its URL.
    pub(super) fn plain_port(&mut self, control: &Control) -> Result<String, PracticeError> {
        let aws = Aws {
            access_key_id: self.access_key.id.clone(),
            route53: Route53::new(&control.regions, self.clock.speed()),
            requests: self.requests(),
            request_ids: Mutex::new(Random::new(self.random.next())),
        };
        let router = Router::new()
            .fallback(aws::handle)
            .with_state(Arc::new(aws))
            .nest(charts::PATH, charts::router())
            .nest(control::PATH, control::router(control.clone()));
        let port = Port::take()?;
        let url = format!("http://{}", port.address());
        port.serve(None, router, self.serving.clone())?;
        Ok(url)
    }
}
