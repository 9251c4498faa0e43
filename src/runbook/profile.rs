//! The runbook's variables, validated: what an environment is to the rest of
//! the program. Made by `environment`, read by everybody.

use std::fmt;
use std::path::PathBuf;

/// A saved set of two or more regions and what they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The environment's name, as in the start screen and the journal.
    pub name: String,
    /// The name that Route 53 answers with whichever region is healthy (`config.loftHost`).
    pub shared_host: Option<String>,
    /// The kubeconfig to read; else `KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Namespace of the platform.
    pub namespace: String,
    /// Name of the platform's Deployment.
    pub deployment: String,
    /// Name of the platform's Ingress.
    pub ingress: String,
    /// Label selector of the platform's pods.
    pub selector: String,
    /// How many pods a region should run. At least 1.
    pub replicas: u32,
    /// Whom to call for help.
    pub escalation: Option<String>,
    /// Which AWS credentials are used.
    pub aws: AwsSettings,
    /// The platform's Helm chart.
    pub chart: Chart,
    /// The database that all regions share.
    pub database: Database,
    /// Two or more, in the order of the file; names and contexts are distinct.
    pub regions: Vec<Region>,
}

/// Which AWS credentials are used. Empty fields follow the SDK's defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsSettings {
    /// A named profile: then it alone is used, whatever keys are exported.
    pub profile: Option<String>,
    /// Else `AWS_CONFIG_FILE`, else `~/.aws/config`.
    pub config_file: Option<PathBuf>,
    /// Else `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
    pub credentials_file: Option<PathBuf>,
}

/// Where the platform is installed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Repository URL.
    pub repository: String,
    /// Chart name.
    pub name: String,
    /// Chart version without default: what the healthy region runs where `None` (`domain.md`, T2 and T3).
    pub version: Option<String>,
    /// How the values file is re-applied.
    pub method: Method,
    /// A chart archive (`.tgz`) on this machine, in place of the repository (`domain.md`, T17).
    pub file: Option<PathBuf>,
}

/// The database behind all regions. Its host stands in the values files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its VPC; else the other side of the cluster VPC's only peering.
    pub vpc_id: Option<String>,
    /// Its security group; without one its port is not looked at.
    pub security_group_id: Option<String>,
    /// Its port.
    pub port: u16,
}

/// MySQL's port.
pub const DATABASE_PORT: u16 = 3306;

impl Default for Database {
    fn default() -> Self {
        Self { vpc_id: None, security_group_id: None, port: DATABASE_PORT }
    }
}

/// How the values file is re-applied (runbook step 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// `helm upgrade --install`.
    #[default]
    Helm,
    /// `vcluster platform start`.
    Vcluster,
}

/// One region of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its name, usually the AWS region's.
    pub name: String,
    /// The kubeconfig context of its cluster.
    pub context: String,
    /// The Route 53 health check that watches it.
    pub health_check_id: String,
    /// The values file its platform is installed with.
    pub values_file: Option<PathBuf>,
    /// The regional host name (`multiRegion.host`).
    pub host: Option<String>,
    /// Where to connect for the host, as `curl --resolve` does: `ADDRESS:PORT`. Practice and tests.
    pub probe_address: Option<String>,
    /// PEM file of the authority to trust for the host.
    pub probe_ca: Option<PathBuf>,
}

/// A region of a [`Profile`] by its place in `regions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionIndex(pub usize);

/// What an index of another profile names.
static NOWHERE: Region = Region {
    name: String::new(),
    context: String::new(),
    health_check_id: String::new(),
    values_file: None,
    host: None,
    probe_address: None,
    probe_ca: None,
};

impl Profile {
    /// A region by its index. The index of another profile names none: a region without name, context and
    /// health check, which leads nowhere.
    pub fn region(&self, index: RegionIndex) -> &Region {
        self.regions.get(index.0).unwrap_or(&NOWHERE)
    }

    /// Every region's index, in the order of the file.
    pub fn indices(&self) -> impl Iterator<Item = RegionIndex> + use<> {
        (0..self.regions.len()).map(RegionIndex)
    }

    /// Every region but this one.
    pub fn others(&self, failed: RegionIndex) -> impl Iterator<Item = RegionIndex> + use<> {
        self.indices().filter(move |index| *index != failed)
    }

    /// The region of this name.
    pub fn find(&self, name: &str) -> Option<RegionIndex> {
        self.regions.iter().position(|region| region.name == name).map(RegionIndex)
    }
}

/// The parts of an EKS cluster's ARN: `arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME`
/// (`domain.md`, section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterArn {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// AWS region.
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// The cluster's name.
    pub cluster: String,
}

impl ClusterArn {
    /// Reads a context's name; `None` where it is an alias that is no ARN.
    pub fn parse(context: &str) -> Option<Self> {
        let rest = context.strip_prefix("arn:")?;
        let (partition, rest) = rest.split_once(":eks:")?;
        let (region, rest) = rest.split_once(':')?;
        let (account, rest) = rest.split_once(':')?;
        let cluster = rest.strip_prefix("cluster/")?;
        let known = matches!(partition, "aws" | "aws-cn" | "aws-us-gov");
        let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !known || region.is_empty() || !digits || cluster.is_empty() || cluster.contains('/') {
            return None;
        }
        Some(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            cluster: cluster.to_owned(),
        })
    }
}

impl fmt::Display for ClusterArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:eks:{}:{}:cluster/{}", self.partition, self.region, self.account, self.cluster)
    }
}

/// A profile for tests: the runbook's two regions.
#[cfg(test)]
pub(crate) mod testing {
    use super::{AwsSettings, Chart, Database, Method, Profile, Region};

    pub(crate) fn profile() -> Profile {
        let region = |name: &str, id: &str, short: &str| Region {
            name: name.to_owned(),
            context: format!("arn:aws:eks:{name}:123456789012:cluster/platform-multi-region-{name}"),
            health_check_id: id.to_owned(),
            values_file: Some(format!("platform-{name}-values.yaml").into()),
            host: Some(format!("{short}.multi-region.example.com")),
            probe_address: None,
            probe_ca: None,
        };
        Profile {
            name: "acme-prod".to_owned(),
            shared_host: Some("multi-region.example.com".to_owned()),
            kubeconfig: None,
            namespace: "vcluster-platform".to_owned(),
            deployment: "loft".to_owned(),
            ingress: "loft".to_owned(),
            selector: "app=loft".to_owned(),
            replicas: 3,
            escalation: None,
            aws: AwsSettings::default(),
            chart: Chart {
                repository: "https://charts.loft.sh/".to_owned(),
                name: "vcluster-platform".to_owned(),
                version: None,
                method: Method::Helm,
                file: None,
            },
            database: Database::default(),
            regions: vec![
                region("us-east-1", "11111111-1111-1111-1111-111111111111", "us"),
                region("eu-west-1", "22222222-2222-2222-2222-222222222222", "eu"),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_arn_or_takes_the_context_for_an_alias() {
        let arn = "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
        let parsed = ClusterArn::parse(arn).unwrap();
        assert_eq!(parsed.account, "123456789012");
        assert_eq!(parsed.region, "us-east-1");
        assert_eq!(parsed.cluster, "platform-multi-region-us-east-1");
        assert_eq!(parsed.to_string(), arn);
        for alias in [
            "prod-us",
            "",
            "arn:aws:eks:us-east-1:12345:cluster/x",
            "arn:aws:eks:us-east-1:123456789012:cluster/",
            "arn:azure:eks:us-east-1:123456789012:cluster/x",
            "arn:aws:iam::123456789012:role/x",
        ] {
            assert_eq!(ClusterArn::parse(alias), None, "{alias}");
        }
    }
}
