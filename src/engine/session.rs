//! One environment's clients: made once, on the first question that needs them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clients::aws::AwsProfiles;
use crate::clients::ec2::Ec2;
use crate::clients::eks::Eks;
use crate::clients::elb::Elb;
use crate::clients::kubernetes::{ClusterAccess, EksName, Reader, eks_name};
use crate::clients::once::Once;
use crate::clients::route53::Route53;
use crate::clients::shared::Shared;
use crate::clients::sts::Sts;
use crate::runbook::fact::EksFacts;
use crate::runbook::profile::{AwsSettings, Profile, RegionIndex};
use crate::runbook::verdict::{Why, WhyKind};

/// How long each question may take, all that it needs included: sign-ins, and calls one after another. Programs
/// that it runs have limits of their own.
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
    /// What is read where an environment names no files.
    pub usual_files: UsualFiles,
    /// Where it is used, for whoever waits for its write.
    pub face: Face,
    /// The user's runtime folder, whose locks programs with another data folder share.
    pub runtime_folder: Option<PathBuf>,
}

/// Where a session is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Face {
    /// In a window.
    #[default]
    Window,
    /// In a terminal.
    Terminal,
}

impl Face {
    /// The name in the journal.
    pub fn id(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Terminal => "terminal",
        }
    }

    /// With its article.
    pub fn words(self) -> &'static str {
        match self {
            Self::Window => "a window",
            Self::Terminal => "a terminal",
        }
    }
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
        Self {
            speed: 1.0,
            aws_endpoint: None,
            deadline: DEADLINE,
            tool_env: Vec::new(),
            usual_files: UsualFiles::default(),
            face: Face::default(),
            runtime_folder: None,
        }
    }
}

/// One environment's clients. Cheap to share; read-only.
pub struct Session {
    profile: Arc<Profile>,
    options: Options,
    readers: Vec<Once<Reader>>,
    aws: AwsProfiles,
    route53: Once<Route53>,
    ec2: Once<Ec2>,
    eks_names: Vec<Once<EksName>>,
    eks_answers: Vec<Shared<EksFacts>>,
}

impl Session {
    /// A session; nothing is asked yet.
    pub fn new(profile: Arc<Profile>, options: Options) -> Self {
        let readers = profile.indices().map(|_| Once::new()).collect();
        let endpoint = options.aws_endpoint.clone();
        let settings = aws_settings(&profile, &options.usual_files);
        let aws = AwsProfiles::new(settings, endpoint, of_a_call(options.deadline));
        Self {
            readers,
            aws,
            route53: Once::new(),
            ec2: Once::new(),
            eks_names: profile.indices().map(|_| Once::new()).collect(),
            eks_answers: profile.indices().map(|_| Shared::new()).collect(),
            profile,
            options,
        }
    }

    /// The environment.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// How it behaves.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// How long one call of a question may take: a moment less than the question, so that a silent server is
    /// told by the call's own words.
    pub(super) fn call_deadline(&self) -> Duration {
        of_a_call(self.options.deadline)
    }

    /// How to reach a region's cluster.
    pub(super) fn access(&self, region: RegionIndex) -> ClusterAccess {
        ClusterAccess {
            kubeconfig: self.kubeconfig(),
            context: self.profile.region(region).context.clone(),
            exec_env: self.aws_env(),
            aws: Some(self.aws.clone()),
            deadline: self.call_deadline(),
        }
    }

    /// The kubeconfig to read.
    fn kubeconfig(&self) -> Option<PathBuf> {
        self.profile.kubeconfig.clone().or_else(|| self.options.usual_files.kubeconfig.clone())
    }

    /// The environment's AWS settings, with the files that are read where it names none.
    pub(super) fn aws_settings(&self) -> AwsSettings {
        aws_settings(&self.profile, &self.options.usual_files)
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
        let once = self.readers.get(region.0).ok_or_else(no_such_region)?;
        let access = self.access(region);
        once.get(Box::pin(Reader::connect(&access))).await
    }

    /// Forgets a region's client and which EKS cluster its context means, so that the kubeconfig is read again:
    /// a cluster that was made anew under the same name has another address.
    pub(super) async fn forget_cluster(&self, region: RegionIndex) {
        if let (Some(reader), Some(name)) = (self.readers.get(region.0), self.eks_names.get(region.0)) {
            reader.forget().await;
            name.forget().await;
        }
    }

    /// The address of a region's cluster as messages name it, once the kubeconfig was read and signed in with.
    pub(super) fn server(&self, region: RegionIndex) -> Option<String> {
        let reader = self.readers.get(region.0)?.peek()?.ok()?;
        Some(reader.server().to_owned())
    }

    /// Is a region's client signing in?
    pub(super) fn is_signing_in(&self, region: RegionIndex) -> bool {
        self.readers.get(region.0).is_some_and(|once| {
            once.is_making() || matches!(once.peek(), Some(Ok(reader)) if reader.is_signing_in())
        })
    }

    /// The AWS sign-in that is going on, if one is, as the reason of a question that could not wait for it.
    pub(super) fn slow_aws_sign_in(&self) -> Option<Why> {
        self.aws.slow_sign_in(self.options.deadline)
    }

    pub(super) async fn route53(&self) -> Result<Route53, Why> {
        let speed = self.options.speed;
        self.route53.get(async { Ok(Route53::new(&self.aws.own().await?, speed)) }).await
    }

    /// Who we are to AWS.
    pub(super) async fn sts(&self) -> Result<Sts, Why> {
        Ok(Sts::new(&self.aws.own().await?))
    }

    /// What EKS knows of the clusters.
    pub(super) async fn eks(&self) -> Result<Eks, Why> {
        Ok(Eks::new(&self.aws.own().await?))
    }

    /// The load balancers' targets.
    pub(super) async fn elb(&self) -> Result<Elb, Why> {
        Ok(Elb::new(&self.aws.own().await?))
    }

    /// The networks of the clusters and the database.
    pub(super) async fn ec2(&self) -> Result<Ec2, Why> {
        self.ec2.get(async { Ec2::connect(&self.aws.own().await?).await }).await
    }

    /// Which EKS cluster a region's context means.
    pub(super) async fn eks_name(&self, region: RegionIndex) -> Result<EksName, Why> {
        let once = self.eks_names.get(region.0).ok_or_else(no_such_region)?;
        let access = self.access(region);
        once.get(eks_name(&access)).await
    }

    /// Where questions that need EKS in the same moment meet.
    pub(super) fn eks_answers(&self, region: RegionIndex) -> Option<&Shared<EksFacts>> {
        self.eks_answers.get(region.0)
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

fn of_a_call(question: Duration) -> Duration {
    question * 19 / 20
}

fn no_such_region() -> Why {
    Why::new(WhyKind::Configuration, "this environment has no such region")
}

fn aws_settings(profile: &Profile, usual: &UsualFiles) -> AwsSettings {
    let AwsSettings { profile, config_file, credentials_file } = profile.aws.clone();
    AwsSettings {
        profile,
        config_file: config_file.or_else(|| usual.aws_config.clone()),
        credentials_file: credentials_file.or_else(|| usual.aws_credentials.clone()),
    }
}
