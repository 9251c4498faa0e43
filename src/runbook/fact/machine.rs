//! What this machine has: programs, files, and who we are.

use std::path::PathBuf;

use jiff::Timestamp;

/// The programs on this machine that step 3 may need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolsFacts {
    /// `helm`, or why it cannot be used.
    pub helm: Result<HelmFacts, String>,
    /// `vcluster`, or why it cannot be used.
    pub vcluster: Result<VclusterFacts, String>,
    /// `kubectl`'s path; the vCluster CLI needs it.
    pub kubectl: Option<PathBuf>,
}

/// An installed Helm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmFacts {
    /// Where it was found.
    pub path: PathBuf,
    /// `helm version --template '{{.Version}}'`, for example `v4.3.1`.
    pub version: String,
}

impl HelmFacts {
    /// The major version; `None` where the version cannot be read.
    pub fn major(&self) -> Option<u32> {
        self.version.trim_start_matches('v').split('.').next()?.parse().ok()
    }
}

/// An installed vCluster CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VclusterFacts {
    /// Where it was found.
    pub path: PathBuf,
    /// `vcluster --version`.
    pub version: String,
    /// The flags of `vcluster platform start --help`, sorted, with their dashes.
    pub flags: Vec<String>,
}

/// Whose credentials the AWS calls are made with (`sts:GetCallerIdentity`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFacts {
    /// Twelve digits.
    pub account: String,
    /// `Arn`, for example `arn:aws:sts::123456789012:assumed-role/OnCall/responder`.
    pub arn: String,
    /// When the credentials expire, where they say so.
    pub expires_at: Option<Timestamp>,
}

impl IdentityFacts {
    /// The role or user of the ARN: `OnCall` of `assumed-role/OnCall/responder`.
    pub fn role(&self) -> &str {
        let mut parts = self.arn.rsplit(':').next().unwrap_or_default().split('/').skip(1);
        parts.next().unwrap_or(&self.arn)
    }
}

/// Who we are in a cluster, and what we may do there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessFacts {
    /// `SelfSubjectReview`'s `status.userInfo.username`; `None` where the cluster does not tell.
    pub user: Option<String>,
    /// One `SelfSubjectAccessReview` each, in the order of what the program does.
    pub permissions: Vec<Permission>,
}

/// One thing that the program may have to do in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// `get`, `list`, `patch`, …
    pub verb: String,
    /// Resource with group and subresource as kubectl writes them: `deployments.apps`, `pods/log`.
    pub resource: String,
    /// The namespace; `None` for cluster-wide resources.
    pub namespace: Option<String>,
    /// It changes something: needed only in the region that is restored.
    pub changes: bool,
    /// May we? Or why it could not be asked.
    pub allowed: Result<bool, String>,
}

/// What a region's values file says (Helm values of the platform). Never a password: only the host
/// and port of `config.database.dataSource` are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValuesFacts {
    /// `multiRegion.region`.
    pub region: Option<String>,
    /// `multiRegion.host`.
    pub host: Option<String>,
    /// `config.loftHost`.
    pub shared_host: Option<String>,
    /// The host of `config.database.dataSource`.
    pub database_host: Option<String>,
    /// The port of it; 3306 where it names none.
    pub database_port: Option<u16>,
    /// `replicaCount`.
    pub replicas: Option<u32>,
    /// How many YAML documents with settings it has. Helm 4 merges them, later ones over earlier ones.
    pub documents: usize,
    /// SHA-256 of its bytes, in hexadecimal: what is applied is what was planned with.
    pub digest: String,
}

impl ValuesFacts {
    /// The database's host, with its port where one is known.
    pub fn database(&self) -> Option<String> {
        let host = self.database_host.as_ref()?;
        Some(self.database_port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
    }
}

/// Whether the platform's chart can be had (`domain.md`, T17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartFacts {
    /// The repository answers.
    Repository {
        /// The URL asked.
        url: String,
        /// HTTP status code.
        status: u16,
    },
    /// A chart archive on this machine: `name` and `version` of its `Chart.yaml`.
    Archive {
        /// `name`.
        name: String,
        /// `version`.
        version: String,
    },
}
