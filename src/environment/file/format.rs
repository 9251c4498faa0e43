//! The keys of the file, as they stand in it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{FileFault, VERSION};
use crate::environment::draft::{Draft, RegionDraft};
use crate::runbook::profile::{AwsSettings, Chart, Database, Method, Profile, Region};

/// The whole file. Tables stand last, as TOML wants it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvironmentFile {
    version: Option<i64>,
    name: String,
    shared_host: Option<String>,
    kubeconfig: Option<String>,
    namespace: Option<String>,
    deployment: Option<String>,
    ingress: Option<String>,
    selector: Option<String>,
    replicas: Option<i64>,
    escalation: Option<String>,
    #[serde(default, skip_serializing_if = "AwsTable::is_empty")]
    aws: AwsTable,
    #[serde(default)]
    chart: ChartTable,
    #[serde(default, skip_serializing_if = "DatabaseTable::is_empty")]
    database: DatabaseTable,
    #[serde(default)]
    regions: Vec<RegionTable>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct AwsTable {
    profile: Option<String>,
    config_file: Option<String>,
    credentials_file: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ChartTable {
    repository: Option<String>,
    name: Option<String>,
    version: Option<String>,
    method: Option<MethodName>,
    file: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct DatabaseTable {
    vpc_id: Option<String>,
    security_group_id: Option<String>,
    port: Option<i64>,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum MethodName {
    Helm,
    Vcluster,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionTable {
    name: String,
    context: String,
    health_check_id: String,
    values_file: Option<String>,
    host: Option<String>,
    probe_address: Option<String>,
    probe_ca: Option<String>,
}

impl EnvironmentFile {
    /// The file as typed text, its relative paths starting at `folder`, which is absolute.
    pub(super) fn into_draft(self, folder: &Path) -> Result<Draft, FileFault> {
        let default = Draft::default();
        let path = |text: Option<String>| resolve(folder, text);
        Ok(Draft {
            name: self.name,
            shared_host: self.shared_host.unwrap_or_default(),
            kubeconfig: path(self.kubeconfig)?,
            namespace: self.namespace.unwrap_or(default.namespace),
            deployment: self.deployment.unwrap_or(default.deployment),
            ingress: self.ingress.unwrap_or(default.ingress),
            selector: self.selector.unwrap_or(default.selector),
            replicas: self.replicas.map_or(default.replicas, |count| count.to_string()),
            escalation: self.escalation.unwrap_or_default(),
            aws_profile: self.aws.profile.unwrap_or_default(),
            aws_config_file: path(self.aws.config_file)?,
            aws_credentials_file: path(self.aws.credentials_file)?,
            chart_repository: self.chart.repository.unwrap_or(default.chart_repository),
            chart_name: self.chart.name.unwrap_or(default.chart_name),
            chart_version: self.chart.version.unwrap_or_default(),
            chart_method: self.chart.method.map_or(default.chart_method, Method::from),
            chart_file: path(self.chart.file)?,
            database_vpc: self.database.vpc_id.unwrap_or_default(),
            database_security_group: self.database.security_group_id.unwrap_or_default(),
            database_port: self.database.port.map_or(default.database_port, |port| port.to_string()),
            regions: self
                .regions
                .into_iter()
                .map(|region| region.into_draft(folder))
                .collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn to_text(&self) -> Result<String, FileFault> {
        Ok(toml::to_string(self)?)
    }
}

impl TryFrom<&Profile> for EnvironmentFile {
    type Error = FileFault;

    fn try_from(profile: &Profile) -> Result<Self, FileFault> {
        Ok(Self {
            version: Some(VERSION),
            name: profile.name.clone(),
            shared_host: profile.shared_host.clone(),
            kubeconfig: path_text(profile.kubeconfig.as_ref())?,
            namespace: Some(profile.namespace.clone()),
            deployment: Some(profile.deployment.clone()),
            ingress: Some(profile.ingress.clone()),
            selector: Some(profile.selector.clone()),
            replicas: Some(profile.replicas.into()),
            escalation: profile.escalation.clone(),
            aws: AwsTable::try_from(&profile.aws)?,
            chart: ChartTable::try_from(&profile.chart)?,
            database: DatabaseTable::from(&profile.database),
            regions: profile.regions.iter().map(RegionTable::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl AwsTable {
    fn is_empty(&self) -> bool {
        self.profile.is_none() && self.config_file.is_none() && self.credentials_file.is_none()
    }
}

impl TryFrom<&AwsSettings> for AwsTable {
    type Error = FileFault;

    fn try_from(aws: &AwsSettings) -> Result<Self, FileFault> {
        Ok(Self {
            profile: aws.profile.clone(),
            config_file: path_text(aws.config_file.as_ref())?,
            credentials_file: path_text(aws.credentials_file.as_ref())?,
        })
    }
}

impl DatabaseTable {
    fn is_empty(&self) -> bool {
        self.vpc_id.is_none() && self.security_group_id.is_none() && self.port.is_none()
    }
}

impl From<&Database> for DatabaseTable {
    fn from(database: &Database) -> Self {
        // Nothing said of a database is no table, so that the file shows what was set.
        if *database == Database::default() {
            return Self::default();
        }
        Self {
            vpc_id: database.vpc_id.clone(),
            security_group_id: database.security_group_id.clone(),
            port: Some(database.port.into()),
        }
    }
}

impl TryFrom<&Chart> for ChartTable {
    type Error = FileFault;

    fn try_from(chart: &Chart) -> Result<Self, FileFault> {
        let method = match chart.method {
            Method::Helm => MethodName::Helm,
            Method::Vcluster => MethodName::Vcluster,
        };
        Ok(Self {
            repository: Some(chart.repository.clone()),
            name: Some(chart.name.clone()),
            version: chart.version.clone(),
            method: Some(method),
            file: path_text(chart.file.as_ref())?,
        })
    }
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Helm => Self::Helm,
            MethodName::Vcluster => Self::Vcluster,
        }
    }
}

impl RegionTable {
    fn into_draft(self, folder: &Path) -> Result<RegionDraft, FileFault> {
        Ok(RegionDraft {
            name: self.name,
            context: self.context,
            health_check_id: self.health_check_id,
            values_file: resolve(folder, self.values_file)?,
            host: self.host.unwrap_or_default(),
            probe_address: self.probe_address.unwrap_or_default(),
            probe_ca: resolve(folder, self.probe_ca)?,
        })
    }
}

impl TryFrom<&Region> for RegionTable {
    type Error = FileFault;

    fn try_from(region: &Region) -> Result<Self, FileFault> {
        Ok(Self {
            name: region.name.clone(),
            context: region.context.clone(),
            health_check_id: region.health_check_id.clone(),
            values_file: path_text(region.values_file.as_ref())?,
            host: region.host.clone(),
            probe_address: region.probe_address.clone(),
            probe_ca: path_text(region.probe_ca.as_ref())?,
        })
    }
}

/// A path of the file as a whole path; one from `~` is left to the draft's rules.
fn resolve(folder: &Path, text: Option<String>) -> Result<String, FileFault> {
    let text = text.unwrap_or_default();
    let path = text.trim();
    if path.is_empty() || path.starts_with('~') {
        return Ok(text);
    }
    // Through the components: `folder/./file` would look odd to people.
    let whole: PathBuf = folder.join(path).components().collect();
    Ok(path_text(Some(&whole))?.unwrap_or_default())
}

fn path_text(path: Option<&PathBuf>) -> Result<Option<String>, FileFault> {
    let Some(path) = path else { return Ok(None) };
    match path.to_str() {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(FileFault::PathNoText(path.clone())),
    }
}
