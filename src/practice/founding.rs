//! Builds the parts of a world, and what they share while it is built.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::Router;
use jiff::{SignedDuration, Timestamp};

use super::{
    PracticeError,
    account::AccountNow,
    aws::{self, AccessKey, Aws},
    certificates::Authority,
    charts,
    checkers::HealthCheck,
    clock::Clock,
    control::{self, Control},
    ec2::Ec2,
    eks::Eks,
    eks_tokens::{self, Door},
    elb::Elb,
    files::RegionAccess,
    hosts,
    kubernetes::{AwsSide, Cluster, ClusterSetup},
    listeners::{Port, Serving},
    places::{PLACES, PLATFORM_VERSION, Place, REPLICAS, SHARED_HOST},
    plight::{Plight, Targets},
    random::Random,
    region::{self, Region},
    requests::Requests,
    route53::Route53,
    scenario::Scenario,
    world::Auth,
};

/// How long a failure has lasted when the responder arrives.
const FAILING_FOR: SignedDuration = SignedDuration::from_mins(12);

/// What the parts of a world are made with.
pub(super) struct Founding {
    scenario: &'static Scenario,
    clock: Clock,
    serving: Serving,
    auth: Auth,
    random: Random,
    authority: Authority,
    access_key: AccessKey,
    account: AccountNow,
    /// Taken first: the clusters know tokens by its address.
    plain: Port,
    requests: Requests,
    begun: Timestamp,
}

impl Founding {
    /// Begins a world with a certificate authority and an access key of its own.
    pub(super) fn new(
        scenario: &'static Scenario,
        clock: Clock,
        seed: u64,
        auth: Auth,
        serving: Serving,
    ) -> Result<Self, PracticeError> {
        let mut random = Random::new(seed);
        Ok(Self {
            scenario,
            clock,
            serving,
            auth,
            access_key: AccessKey::new(&mut random),
            random,
            authority: Authority::new()?,
            account: AccountNow::new(scenario.account),
            plain: Port::take()?,
            requests: Requests::default(),
            begun: Timestamp::now(),
        })
    }

    /// The list that all parts report changes to.
    pub(super) fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// What is wrong with the account.
    pub(super) fn account(&self) -> AccountNow {
        self.account.clone()
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
        let (kubernetes, host) = (Port::take()?, Port::take()?);
        let region = Arc::new(self.settled(place, &token, kubernetes.address()));
        let access = RegionAccess {
            place,
            kubernetes: kubernetes.address(),
            host: host.address(),
            token: token.clone(),
            health_check_id: region.health_check.id.clone(),
        };
        let reachable = || region.reachable.subscribe();
        let tls = self.authority.acceptor(&["127.0.0.1", "localhost"])?;
        let door = Door {
            place,
            auth: self.auth,
            own_token: token,
            key: self.access_key.clone(),
            endpoint: self.plain.address().to_string(),
            account: self.account(),
        };
        let router = eks_tokens::guard(region.cluster.router(), door);
        kubernetes.serve_once_reachable(Some(tls), router, self.serving.clone(), reachable())?;
        let tls = self.authority.acceptor(&[place.host, SHARED_HOST])?;
        let router = hosts::router(Arc::clone(&region));
        host.serve_once_reachable(Some(tls), router, self.serving.clone(), reachable())?;
        Ok((region, access))
    }

    /// A region as the scenario finds it, minutes into the failure.
    fn settled(&mut self, place: &'static Place, token: &str, kubernetes: SocketAddr) -> Region {
        let plight = self.scenario.plight_of(place.region);
        let cluster = Cluster::new(self.setup(place, plight, token), self.clock, self.requests());
        let reading = region::reading(!plight.cut_off, plight.targets, &cluster);
        let (setting, clock, begun) = (plight.health_check, self.clock, self.begun);
        let health_check = HealthCheck::settled(place, setting, reading, clock, begun, &mut self.random);
        Region::new(place, cluster, kubernetes, health_check, plight)
    }

    fn setup(&mut self, place: &'static Place, plight: Plight, token: &str) -> ClusterSetup {
        let peers = PLACES.iter().filter(|other| other.region != place.region);
        ClusterSetup {
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
            aws: AwsSide {
                network: place.network,
                load_balancer: place.load_balancer_dns(),
                target_group_arn: place.target_group_arn(),
                bound: plight.targets != Targets::Unregistered,
            },
        }
    }

    /// Opens the plain port, the last of the world: the AWS APIs, the charts
    /// and the control pages. Gives its URL.
    pub(super) fn plain_port(mut self, control: &Control) -> Result<String, PracticeError> {
        let aws = Aws {
            access_key_id: self.access_key.id.clone(),
            account: self.account(),
            route53: Route53::new(&control.regions, self.clock.speed()),
            elb: Elb::new(&control.regions),
            ec2: Ec2::new(&control.regions),
            eks: Eks::new(&control.regions, &self.ca_pem()),
            requests: self.requests(),
            request_ids: Mutex::new(Random::new(self.random.next())),
        };
        let router = Router::new()
            .fallback(aws::handle)
            .with_state(Arc::new(aws))
            .nest(charts::PATH, charts::router())
            .nest(control::PATH, control::router(control.clone()));
        let url = format!("http://{}", self.plain.address());
        self.plain.serve(None, router, self.serving)?;
        Ok(url)
    }
}
