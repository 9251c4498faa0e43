//! One environment's clients: made once, on the first question that needs them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::clients::kubernetes::{ClusterAccess, Reader};
use crate::clients::route53::Route53;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::verdict::{Why, WhyKind};

/// How long each question may take.
pub const DEADLINE: Duration = Duration::from_secs(8);

/// How sessions behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time factor of a practice world, 1 to 60; 1 elsewhere.
    pub speed: f64,
    /// Where the AWS APIs are, whatever the settings of this machine say: practice.
    pub aws_endpoint: Option<String>,
    /// How long each question may take.
    pub deadline: Duration,
    /// Variables for `helm` and `vcluster` beside this process's own: practice keeps them off the user's folders.
    pub tool_env: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self { speed: 1.0, aws_endpoint: None, deadline: DEADLINE, tool_env: Vec::new() }
    }
}

/// One environment's clients. Cheap to share; read-only.
pub struct Session {
    profile: Arc<Profile>,
    options: Options,
    readers: Vec<Once<Reader>>,
    route53: Once<Route53>,
}

/// A client that is made once. Those who wait while it cannot be made get the same
/// error; who asks later tries again.
struct Once<T>(Mutex<Option<(Instant, Result<T, Why>)>>);

impl<T: Clone> Once<T> {
    fn new() -> Self {
        Self(Mutex::new(None))
    }

    async fn get(&self, make: impl Future<Output = Result<T, Why>>) -> Result<T, Why> {
        let asked_at = Instant::now();
        let mut made = self.0.lock().await;
        match &*made {
            Some((_, Ok(client))) => return Ok(client.clone()),
            Some((failed_at, Err(why))) if *failed_at >= asked_at => return Err(why.clone()),
            _ => {}
        }
        let result = make.await;
        *made = Some((Instant::now(), result.clone()));
        result
    }
}

impl Session {
    /// A session; nothing is asked yet.
    pub fn new(profile: Arc<Profile>, options: Options) -> Self {
        let readers = profile.indices().map(|_| Once::new()).collect();
        Self { profile, options, readers, route53: Once::new() }
    }

    /// The environment.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// How it behaves.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// How to reach a region's cluster.
    pub(super) fn access(&self, region: RegionIndex) -> ClusterAccess {
        ClusterAccess {
            kubeconfig: self.profile.kubeconfig.clone(),
            context: self.profile.region(region).context.clone(),
            exec_env: self.aws_env(),
            deadline: self.options.deadline,
        }
    }

    /// The environment's AWS settings for programs: credential plugins and tools.
    pub(super) fn aws_env(&self) -> Vec<(String, String)> {
        let aws = &self.profile.aws;
        let mut env = Vec::new();
        if let Some(profile) = &aws.profile {
            env.push(("AWS_PROFILE".to_owned(), profile.clone()));
        }
        for (name, file) in
            [("AWS_CONFIG_FILE", &aws.config_file), ("AWS_SHARED_CREDENTIALS_FILE", &aws.credentials_file)]
        {
            if let Some(file) = file {
                env.push((name.to_owned(), file.display().to_string()));
            }
        }
        env
    }

    /// A region's read-only client.
    pub(super) async fn reader(&self, region: RegionIndex) -> Result<Reader, Why> {
        let Some(once) = self.readers.get(region.0) else {
            return Err(Why::new(WhyKind::Configuration, "this environment has no such region"));
        };
        let access = self.access(region);
        once.get(Reader::connect(&access)).await
    }

    pub(super) async fn route53(&self) -> Result<Route53, Why> {
        let Options { speed, aws_endpoint, deadline, .. } = &self.options;
        self.route53
            .get(Route53::connect(&self.profile.aws, aws_endpoint.as_deref(), *speed, *deadline))
            .await
    }

    /// Where to connect for a region's host, where that is given.
    pub(super) fn probe_address(&self, region: RegionIndex) -> Result<Option<SocketAddr>, Why> {
        let Some(address) = &self.profile.region(region).probe_address else { return Ok(None) };
        let parsed = address.parse();
        parsed
            .map(Some)
            .map_err(|_| Why::new(WhyKind::Configuration, format!("{address} is no ADDRESS:PORT")))
    }
}
