//! The names of the fields, and what is wrong with one.

use std::fmt;

/// A field of the form, in the form's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `name`
    Name,
    /// `shared_host`
    SharedHost,
    /// `kubeconfig`
    Kubeconfig,
    /// `aws.profile`
    AwsProfile,
    /// `aws.config_file`
    AwsConfigFile,
    /// `aws.credentials_file`
    AwsCredentialsFile,
    /// The regions as a whole: how many there are.
    Regions,
    /// A field of one region, by its index from 0.
    Region(usize, RegionField),
    /// `chart.version`
    ChartVersion,
    /// `replicas`
    Replicas,
    /// `escalation`
    Escalation,
    /// `namespace`
    Namespace,
    /// `deployment`
    Deployment,
    /// `ingress`
    Ingress,
    /// `selector`
    Selector,
    /// `chart.repository`
    ChartRepository,
    /// `chart.name`
    ChartName,
    /// `chart.file`
    ChartFile,
    /// `database.vpc_id`
    DatabaseVpc,
    /// `database.security_group_id`
    DatabaseSecurityGroup,
    /// `database.port`
    DatabasePort,
}

/// A field of one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionField {
    /// `name`
    Name,
    /// `context`
    Context,
    /// `health_check_id`
    HealthCheckId,
    /// `host`
    Host,
    /// `values_file`
    ValuesFile,
    /// `probe_address`
    ProbeAddress,
    /// `probe_ca`
    ProbeCa,
}

impl RegionField {
    /// Every field of a region, in the form's order.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Context,
        Self::HealthCheckId,
        Self::Host,
        Self::ValuesFile,
        Self::ProbeAddress,
        Self::ProbeCa,
    ];

    /// What the form calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "Region",
            Self::Context => "Context",
            Self::HealthCheckId => "Health check",
            Self::Host => "Regional host",
            Self::ValuesFile => "Values file",
            Self::ProbeAddress => "Probe address",
            Self::ProbeCa => "Probe authority",
        }
    }

    /// Its key in the file's `[[regions]]`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Context => "context",
            Self::HealthCheckId => "health_check_id",
            Self::Host => "host",
            Self::ValuesFile => "values_file",
            Self::ProbeAddress => "probe_address",
            Self::ProbeCa => "probe_ca",
        }
    }
}

impl Field {
    /// What the form calls it, without the region it belongs to.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::SharedHost => "Shared host",
            Self::Kubeconfig => "Kubeconfig",
            Self::AwsProfile => "AWS profile",
            Self::AwsConfigFile => "AWS config file",
            Self::AwsCredentialsFile => "AWS credentials file",
            Self::Regions => "Regions",
            Self::Region(_, field) => field.label(),
            Self::ChartVersion => "Chart version",
            Self::Replicas => "Replicas",
            Self::Escalation => "Call for help",
            Self::Namespace => "Namespace",
            Self::Deployment => "Deployment",
            Self::Ingress => "Ingress",
            Self::Selector => "Selector",
            Self::ChartRepository => "Chart repository",
            Self::ChartName => "Chart name",
            Self::ChartFile => "Chart archive",
            Self::DatabaseVpc => "Database VPC",
            Self::DatabaseSecurityGroup => "Database security group",
            Self::DatabasePort => "Database port",
        }
    }

    /// Its key in the file, below the tables of [`Field::table`].
    pub const fn key(self) -> &'static str {
        match self {
            Self::Name | Self::ChartName => "name",
            Self::SharedHost => "shared_host",
            Self::Kubeconfig => "kubeconfig",
            Self::AwsProfile => "profile",
            Self::AwsConfigFile => "config_file",
            Self::AwsCredentialsFile => "credentials_file",
            Self::Regions => "regions",
            Self::Region(_, field) => field.key(),
            Self::ChartVersion => "version",
            Self::Replicas => "replicas",
            Self::Escalation => "escalation",
            Self::Namespace => "namespace",
            Self::Deployment => "deployment",
            Self::Ingress => "ingress",
            Self::Selector => "selector",
            Self::ChartRepository => "repository",
            Self::ChartFile => "file",
            Self::DatabaseVpc => "vpc_id",
            Self::DatabaseSecurityGroup => "security_group_id",
            Self::DatabasePort => "port",
        }
    }

    /// The file's table or list of tables that holds its key; `None` at the top.
    pub const fn table(self) -> Option<&'static str> {
        match self {
            Self::AwsProfile | Self::AwsConfigFile | Self::AwsCredentialsFile => Some("aws"),
            Self::ChartVersion | Self::ChartRepository | Self::ChartName | Self::ChartFile => Some("chart"),
            Self::DatabaseVpc | Self::DatabaseSecurityGroup | Self::DatabasePort => Some("database"),
            Self::Region(..) => Some("regions"),
            _ => None,
        }
    }
}

/// For a sentence away from the form: `Context of region 2`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(index, RegionField::Name) => write!(f, "Name of region {}", index + 1),
            Self::Region(index, field) => write!(f, "{} of region {}", field.label(), index + 1),
            field => f.write_str(field.label()),
        }
    }
}

/// What is wrong with a field, in plain words: what it is, and what it should look like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Where the form shows it.
    pub field: Field,
    /// A sentence without full stop.
    pub message: String,
}
