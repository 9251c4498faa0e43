//! Puts the world together, and ends it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    PracticeError,
    aws::{self, AccessKey, Aws},
    certificates::Authority,
    charts,
    checkers::{HealthCheck, Reading},
    clock::Clock,
    control::{self, Control},
    files::{Access, Files, Folder, RegionAccess},
    hosts,
    kubernetes::{Cluster, ClusterSetup, Condition},
    listeners::{Port, Serving},
    places::{PLACES, PLATFORM_VERSION, Place, REPLICAS, SHARED_HOST},
    random::Random,
    region::Region,
    requests::{ChangingRequest, Requests},
    route53::Route53,
    scenario::Scenario,
};

/// How long a failure has lasted when the responder arrives.
const FAILING_FOR: SignedDuration = SignedDuration::from_mins(12);
/// How often regions look at each other, in the world's time.
const PEER_INTERVAL: Duration = Duration::from_secs(1);

/// How to start a world.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to rehearse.
    pub scenario: &'static Scenario,
    /// How much faster than real durations pass, 1 to 60.
    pub speed: f64,
    /// Decides names, addresses, and when checkers poll.
    pub seed: u64,
    /// Added to each response, on the wall clock.
    pub latency: Duration,
    /// Where the files go; else a private temporary folder, removed at the end.
    pub dir: Option<PathBuf>,
}

/// A running practice world. Everything of it ends when it is dropped.
pub struct World {
    clock: Clock,
    control: Control,
    health_check_ids: BTreeMap<String, String>,
    aws_endpoint: String,
    control_url: String,
    folder: Folder,
    files: Files,
    stopping: CancellationToken,
}

impl World {
    /// Starts it on 127.0.0.1, its tasks on the current tokio runtime. When
    /// this returns, all of it answers.
    #[expect(clippy::unused_async, reason = "it needs a running tokio runtime, and so says its type")]
    pub async fn start(options: Options) -> Result<Self, PracticeError> {
        let Options { scenario, speed, seed, latency, dir } = options;
        let stopping = CancellationToken::new();
        // An error on the way ends what was started before it.
        let stop_unless_started = stopping.clone().drop_guard();
        let serving = Serving { latency, stopping: stopping.clone() };
        let clock = Clock::new(speed);
        let requests = Requests::default();
        let mut random = Random::new(seed);
        let access_key = AccessKey::new(&mut random);
        let authority = Authority::new()?;

        let mut regions = Vec::new();
        let mut access = Vec::new();
        for place in &PLACES {
            let token = random.hex(2);
            let region = Arc::new(region(place, scenario, &token, clock, &requests, &mut random));
            let kubernetes = Port::take()?;
            let host = Port::take()?;
            access.push(RegionAccess {
                place,
                kubernetes: kubernetes.address(),
                host: host.address(),
                token,
                health_check_id: region.health_check.id.clone(),
            });
            serve_region(&region, kubernetes, host, &authority, &serving)?;
            regions.push(region);
        }
        let regions: Arc<[Arc<Region>]> = regions.into();

        let plain = Port::take()?;
        let aws_endpoint = format!("http://{}", plain.address());
        let control = Control { scenario, regions: Arc::clone(&regions), requests: requests.clone() };
        let aws = Aws {
            access_key_id: access_key.id.clone(),
            route53: Route53::new(&regions, clock.speed()),
            requests,
            request_ids: Mutex::new(Random::new(random.next())),
        };
        let router = axum::Router::new()
            .fallback(aws::handle)
            .with_state(Arc::new(aws))
            .nest(charts::PATH, charts::router())
            .nest(control::PATH, control::router(control.clone()));
        plain.serve(None, router, serving)?;

        let folder = Folder::open(dir.as_deref())?;
        let files = Files::write(
            &folder,
            &Access {
                scenario,
                regions: &access,
                ca_pem: &authority.pem(),
                access_key: &access_key,
                aws_endpoint: &aws_endpoint,
                chart_repository: &format!("{aws_endpoint}{}", charts::PATH),
            },
        )?;
        run(&regions, clock, &stopping);
        let _started = stop_unless_started.disarm();
        Ok(Self {
            clock,
            health_check_ids: access
                .into_iter()
                .map(|region| (region.place.region.to_owned(), region.health_check_id))
                .collect(),
            control_url: format!("{aws_endpoint}{}", control::PATH),
            control,
            aws_endpoint,
            folder,
            files,
            stopping,
        })
    }

    /// What is rehearsed.
    pub fn scenario(&self) -> &'static Scenario {
        self.control.scenario
    }

    /// How much faster than real durations pass, 1 to 60.
    pub fn speed(&self) -> f64 {
        self.clock.speed()
    }

    /// A kubeconfig with both regions' contexts, named by their ARNs.
    pub fn kubeconfig(&self) -> &Path {
        &self.files.kubeconfig
    }

    /// The values file of the region the responder was told failed.
    pub fn values_file(&self) -> &Path {
        &self.files.values[self.control.scenario.told_region]
    }

    /// An environment file for this world, complete by itself.
    pub fn environment_file(&self) -> &Path {
        &self.files.environment
    }

    /// The folder that all files are in.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Variables that point other programs (`aws`, `kubectl`, `helm`) at this
    /// world and away from the user's own files.
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.files.env
    }

    /// The URL of all AWS APIs.
    pub fn aws_endpoint(&self) -> &str {
        &self.aws_endpoint
    }

    /// The URL of the control pages, without a slash at its end: `/requests`
    /// and `/repair` are below it.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// Route 53's health check of each region.
    pub fn health_check_ids(&self) -> &BTreeMap<String, String> {
        &self.health_check_ids
    }

    /// What was changed so far, or tried to.
    pub fn changing_requests(&self) -> Vec<ChangingRequest> {
        self.control.requests.all()
    }

    /// "Somebody repaired it": removes the cause in the told region. What
    /// follows takes its time, as in the real world.
    pub fn repair(&self) {
        control::repair_told_region(&self.control);
    }

    /// Whether every region can be reached and has all its replicas ready.
    pub fn is_repaired(&self) -> bool {
        self.control.regions.iter().all(|region| region.is_whole())
    }

    /// Ends the world: listeners close, connections are cut. Files stay until
    /// it is dropped.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Where everything is, for programs: what `practice serve` prints.
    pub fn description(&self) -> serde_json::Value {
        json!({
            "kubeconfig": self.kubeconfig(),
            "env": self.env(),
            "values_file": self.values_file(),
            "environment": self.environment_file(),
            "control": self.control_url(),
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop();
    }
}

fn region(
    place: &'static Place,
    scenario: &Scenario,
    token: &str,
    clock: Clock,
    requests: &Requests,
    random: &mut Random,
) -> Region {
    let told = place.region == scenario.told_region;
    let now = Timestamp::now();
    let setup = ClusterSetup {
        region: place.region.to_owned(),
        peer_regions: peers(place).map(|peer| peer.region.to_owned()).collect(),
        host: place.host.to_owned(),
        token: token.to_owned(),
        condition: if told { scenario.condition } else { Condition::Healthy },
        platform_version: PLATFORM_VERSION.to_owned(),
        replicas: REPLICAS,
        values_yaml: place.values_yaml(),
        seed: random.next(),
        failing_since: now - FAILING_FOR,
    };
    let reachable = !(told && scenario.cut_off);
    let cluster = Cluster::new(setup, clock, requests.clone());
    let reading = Reading::of(reachable, cluster.ready_pods());
    Region {
        place,
        health_check: HealthCheck::settled(place, reading, clock, now, random),
        cluster,
        reachable: watch::Sender::new(reachable),
    }
}

fn peers(place: &Place) -> impl Iterator<Item = &'static Place> {
    PLACES.iter().filter(|other| other.region != place.region)
}

fn serve_region(
    region: &Arc<Region>,
    kubernetes: Port,
    host: Port,
    authority: &Authority,
    serving: &Serving,
) -> Result<(), PracticeError> {
    let tls = authority.acceptor(&["127.0.0.1", "localhost"])?;
    let router = region.cluster.router();
    kubernetes.serve_once_reachable(Some(tls), router, serving.clone(), region.reachable.subscribe())?;
    let tls = authority.acceptor(&[region.place.host, SHARED_HOST])?;
    let router = hosts::router(Arc::clone(region));
    host.serve_once_reachable(Some(tls), router, serving.clone(), region.reachable.subscribe())
}

/// Sets the regions in motion, until the world stops.
fn run(regions: &Arc<[Arc<Region>]>, clock: Clock, stopping: &CancellationToken) {
    introduce(regions);
    for region in regions.iter() {
        tokio::spawn(region.cluster.clone().run(stopping.clone()));
        let (watched, stopped) = (Arc::clone(region), stopping.clone());
        tokio::spawn(async move {
            let polls = watched.health_check.run(clock, || watched.reading());
            stopped.run_until_cancelled(polls).await;
        });
    }
    let (regions, stopped) = (Arc::clone(regions), stopping.clone());
    tokio::spawn(async move {
        let looks = async {
            loop {
                clock.sleep(PEER_INTERVAL).await;
                introduce(&regions);
            }
        };
        stopped.run_until_cancelled(looks).await;
    });
}

/// Tells each cluster which of the others serve.
fn introduce(regions: &[Arc<Region>]) {
    for region in regions {
        for peer in peers(region.place) {
            let serves = regions.iter().any(|other| other.place.region == peer.region && other.serves());
            region.cluster.set_peer_ready(peer.region, serves);
        }
    }
}
