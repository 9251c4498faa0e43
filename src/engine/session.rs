//! One environment's clients: made once, on the first question that needs them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::clients::kubernetes::{ClusterAccess, Reader};
use crate::clients::route53::Route53;
use crate::runbook::profile::{AwsSettings, Profile, RegionIndex};
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
    /// What is read where an environment names no files.
    pub usual_files: UsualFiles,
}

/// The files that are read where an environment names none. `None` is what the tools take:
/// `KUBECONFIG`, `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, else the files in the home folder.
#[derive(Debug, Clone, Default)]
pub struct UsualFiles {
    /// The kubeconfig.
    pub kubeconfig: Option<PathBuf>,
    /// The AWS config file.
    pub aws_config: Option<PathBuf>,
    /// The AWS credentials file.
    pub aws_credentials: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { speed: 1.0, aws_endpoint: None, deadline: DEADLINE, usual_files: UsualFiles::default() }
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
            kubeconfig: self.kubeconfig(),
            context: self.profile.region(region).context.clone(),
            exec_env: self.aws_env(),
            deadline: self.options.deadline,
        }
    }

    /// The kubeconfig to read.
    fn kubeconfig(&self) -> Option<PathBuf> {
        self.profile.kubeconfig.clone().or_else(|| self.options.usual_files.kubeconfig.clone())
    }

    /// The environment's AWS settings, with the files that are read where it names none.
    pub(super) fn aws_settings(&self) -> AwsSettings {
        let usual = &self.options.usual_files;
        let AwsSettings { profile, config_file, credentials_file } = self.profile.aws.clone();
        AwsSettings {
            profile,
            config_file: config_file.or_else(|| usual.aws_config.clone()),
            credentials_file: credentials_file.or_else(|| usual.aws_credentials.clone()),
        }
    }

    /// The same for programs: credential plugins and tools.
    pub(super) fn aws_env(&self) -> Vec<(String, String)> {
        let aws = &self.aws_settings();
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
        let aws = self.aws_settings();
        self.route53.get(Route53::connect(&aws, aws_endpoint.as_deref(), *speed, *deadline)).await
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
