//! Puts the world together, and ends it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    PracticeError, charts,
    clock::Clock,
    control::{self, Control},
    files::{Access, Files, Folder},
    founding::Founding,
    listeners::Serving,
    places::PLACES,
    region,
    requests::ChangingRequest,
    scenario::Scenario,
};

/// How a cluster lets its clients in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Auth {
    /// By a token that stands in the kubeconfig.
    #[default]
    Token,
    /// By tokens of `aws eks get-token`, as the kubeconfig that `aws eks
    /// update-kubeconfig` writes gets them.
    Eks,
}

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
    /// How its clusters let clients in.
    pub auth: Auth,
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
        let Options { scenario, speed, seed, latency, auth, dir } = options;
        let stopping = CancellationToken::new();
        // An error on the way ends what was started before it.
        let stop_unless_started = stopping.clone().drop_guard();
        let clock = Clock::new(speed);
        let serving = Serving { latency, stopping: stopping.clone() };
        let mut founding = Founding::new(scenario, clock, seed, auth, serving)?;
        let founded = PLACES.iter().map(|place| founding.region(place)).collect::<Result<Vec<_>, _>>()?;
        let (regions, access): (Vec<_>, Vec<_>) = founded.into_iter().unzip();
        let control = Control::new(scenario, regions.into(), founding.account(), founding.requests());
        let (ca_pem, key) = (founding.ca_pem(), founding.access_key().clone());
        let aws_endpoint = founding.plain_port(&control)?;

        let folder = Folder::open(dir.as_deref())?;
        let files = Files::write(
            &folder,
            &Access {
                scenario,
                regions: &access,
                auth,
                ca_pem: &ca_pem,
                key: &key,
                aws_endpoint: &aws_endpoint,
                chart_repository: &format!("{aws_endpoint}{}", charts::PATH),
            },
        )?;
        region::run(&control.regions, clock, &stopping);
        let _started = stop_unless_started.disarm();
        let ids = access.into_iter().map(|region| (region.place.region.to_owned(), region.health_check_id));
        Ok(Self {
            clock,
            health_check_ids: ids.collect(),
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

    /// "Somebody repaired it": removes whatever is wrong, in every region and
    /// with the account, but for what is left to the responder, which a second
    /// repair removes. What follows takes its time, as in the real world.
    pub fn repair(&self) {
        self.control.repair();
    }

    /// Whether every region can be reached, has all its replicas ready, and
    /// has nothing wrong around it.
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
