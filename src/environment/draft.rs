//! An environment as typed: nothing is checked yet, so that a half-filled form
//! can be held, compared with what is saved, and shown again.

use std::path::Path;

use super::field::{Field, RegionField};
use crate::runbook::profile::{AwsSettings, Chart, DATABASE_PORT, Method, Profile, Region};

/// The runbook's namespace of the platform.
pub const NAMESPACE: &str = "vcluster-platform";
/// The runbook's name of the platform's Deployment.
pub const DEPLOYMENT: &str = "loft";
/// The runbook's name of the platform's Ingress.
pub const INGRESS: &str = "loft";
/// The runbook's label selector of the platform's pods.
pub const SELECTOR: &str = "app=loft";
/// The runbook's number of pods in a region.
pub const REPLICAS: u32 = 3;
/// The runbook's chart repository.
pub const CHART_REPOSITORY: &str = "https://charts.loft.sh/";
/// The runbook's chart.
pub const CHART_NAME: &str = "vcluster-platform";

/// An environment as typed. An empty text is a field left empty.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the text of the same field of `Profile`")]
pub struct Draft {
    pub name: String,
    pub shared_host: String,
    pub kubeconfig: String,
    pub namespace: String,
    pub deployment: String,
    pub ingress: String,
    pub selector: String,
    pub replicas: String,
    pub escalation: String,
    pub aws_profile: String,
    pub aws_config_file: String,
    pub aws_credentials_file: String,
    pub chart_repository: String,
    pub chart_name: String,
    pub chart_version: String,
    pub chart_method: Method,
    pub chart_file: String,
    pub database_vpc: String,
    pub database_security_group: String,
    pub database_port: String,
    pub regions: Vec<RegionDraft>,
}

/// A region as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each field is the text of the same field of `Region`")]
pub struct RegionDraft {
    pub name: String,
    pub context: String,
    pub health_check_id: String,
    pub values_file: String,
    pub host: String,
    pub probe_address: String,
    pub probe_ca: String,
}

/// Two empty regions, and the runbook's own values where it has one.
impl Default for Draft {
    fn default() -> Self {
        Self {
            name: String::new(),
            shared_host: String::new(),
            kubeconfig: String::new(),
            namespace: NAMESPACE.to_owned(),
            deployment: DEPLOYMENT.to_owned(),
            ingress: INGRESS.to_owned(),
            selector: SELECTOR.to_owned(),
            replicas: REPLICAS.to_string(),
            escalation: String::new(),
            aws_profile: String::new(),
            aws_config_file: String::new(),
            aws_credentials_file: String::new(),
            chart_repository: CHART_REPOSITORY.to_owned(),
            chart_name: CHART_NAME.to_owned(),
            chart_version: String::new(),
            chart_method: Method::default(),
            chart_file: String::new(),
            database_vpc: String::new(),
            database_security_group: String::new(),
            database_port: DATABASE_PORT.to_string(),
            regions: vec![RegionDraft::default(); 2],
        }
    }
}

impl Draft {
    /// What stands in a field; `None` for [`Field::Regions`] and a region that is not there.
    pub fn text(&self, field: Field) -> Option<&str> {
        Some(match field {
            Field::Name => &self.name,
            Field::SharedHost => &self.shared_host,
            Field::Kubeconfig => &self.kubeconfig,
            Field::Namespace => &self.namespace,
            Field::Deployment => &self.deployment,
            Field::Ingress => &self.ingress,
            Field::Selector => &self.selector,
            Field::Replicas => &self.replicas,
            Field::Escalation => &self.escalation,
            Field::AwsProfile => &self.aws_profile,
            Field::AwsConfigFile => &self.aws_config_file,
            Field::AwsCredentialsFile => &self.aws_credentials_file,
            Field::ChartRepository => &self.chart_repository,
            Field::ChartName => &self.chart_name,
            Field::ChartVersion => &self.chart_version,
            Field::ChartFile => &self.chart_file,
            Field::DatabaseVpc => &self.database_vpc,
            Field::DatabaseSecurityGroup => &self.database_security_group,
            Field::DatabasePort => &self.database_port,
            Field::Regions => return None,
            Field::Region(index, field) => self.regions.get(index)?.text(field),
        })
    }

    /// The same to type into.
    pub fn text_mut(&mut self, field: Field) -> Option<&mut String> {
        Some(match field {
            Field::Name => &mut self.name,
            Field::SharedHost => &mut self.shared_host,
            Field::Kubeconfig => &mut self.kubeconfig,
            Field::Namespace => &mut self.namespace,
            Field::Deployment => &mut self.deployment,
            Field::Ingress => &mut self.ingress,
            Field::Selector => &mut self.selector,
            Field::Replicas => &mut self.replicas,
            Field::Escalation => &mut self.escalation,
            Field::AwsProfile => &mut self.aws_profile,
            Field::AwsConfigFile => &mut self.aws_config_file,
            Field::AwsCredentialsFile => &mut self.aws_credentials_file,
            Field::ChartRepository => &mut self.chart_repository,
            Field::ChartName => &mut self.chart_name,
            Field::ChartVersion => &mut self.chart_version,
            Field::ChartFile => &mut self.chart_file,
            Field::DatabaseVpc => &mut self.database_vpc,
            Field::DatabaseSecurityGroup => &mut self.database_security_group,
            Field::DatabasePort => &mut self.database_port,
            Field::Regions => return None,
            Field::Region(index, field) => self.regions.get_mut(index)?.text_mut(field),
        })
    }
}

impl RegionDraft {
    /// What stands in a field.
    pub fn text(&self, field: RegionField) -> &str {
        match field {
            RegionField::Name => &self.name,
            RegionField::Context => &self.context,
            RegionField::HealthCheckId => &self.health_check_id,
            RegionField::Host => &self.host,
            RegionField::ValuesFile => &self.values_file,
            RegionField::ProbeAddress => &self.probe_address,
            RegionField::ProbeCa => &self.probe_ca,
        }
    }

    /// The same to type into.
    pub fn text_mut(&mut self, field: RegionField) -> &mut String {
        match field {
            RegionField::Name => &mut self.name,
            RegionField::Context => &mut self.context,
            RegionField::HealthCheckId => &mut self.health_check_id,
            RegionField::Host => &mut self.host,
            RegionField::ValuesFile => &mut self.values_file,
            RegionField::ProbeAddress => &mut self.probe_address,
            RegionField::ProbeCa => &mut self.probe_ca,
        }
    }
}

impl From<&Profile> for Draft {
    fn from(profile: &Profile) -> Self {
        let AwsSettings { profile: aws_profile, config_file, credentials_file } = &profile.aws;
        let Chart { repository, name: chart_name, version, method, file } = &profile.chart;
        Self {
            name: profile.name.clone(),
            shared_host: text(profile.shared_host.as_deref()),
            kubeconfig: path_text(profile.kubeconfig.as_deref()),
            namespace: profile.namespace.clone(),
            deployment: profile.deployment.clone(),
            ingress: profile.ingress.clone(),
            selector: profile.selector.clone(),
            replicas: profile.replicas.to_string(),
            escalation: text(profile.escalation.as_deref()),
            aws_profile: text(aws_profile.as_deref()),
            aws_config_file: path_text(config_file.as_deref()),
            aws_credentials_file: path_text(credentials_file.as_deref()),
            chart_repository: repository.clone(),
            chart_name: chart_name.clone(),
            chart_version: text(version.as_deref()),
            chart_method: *method,
            chart_file: path_text(file.as_deref()),
            database_vpc: text(profile.database.vpc_id.as_deref()),
            database_security_group: text(profile.database.security_group_id.as_deref()),
            database_port: profile.database.port.to_string(),
            regions: profile.regions.iter().map(RegionDraft::from).collect(),
        }
    }
}

impl From<&Region> for RegionDraft {
    fn from(region: &Region) -> Self {
        Self {
            name: region.name.clone(),
            context: region.context.clone(),
            health_check_id: region.health_check_id.clone(),
            values_file: path_text(region.values_file.as_deref()),
            host: text(region.host.as_deref()),
            probe_address: text(region.probe_address.as_deref()),
            probe_ca: path_text(region.probe_ca.as_deref()),
        }
    }
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// Lossy only for a path that is no Unicode, which no file and no form can give.
fn path_text(path: Option<&Path>) -> String {
    path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_form_has_the_runbook_s_values_and_two_empty_regions() {
        let draft = Draft::default();
        assert_eq!(draft.namespace, "vcluster-platform");
        assert_eq!((draft.deployment.as_str(), draft.ingress.as_str()), ("loft", "loft"));
        assert_eq!((draft.selector.as_str(), draft.replicas.as_str()), ("app=loft", "3"));
        assert_eq!(draft.chart_repository, "https://charts.loft.sh/");
        assert_eq!((draft.chart_name.as_str(), draft.chart_version.as_str()), ("vcluster-platform", ""));
        assert_eq!(draft.regions, [RegionDraft::default(), RegionDraft::default()]);
    }

    #[test]
    fn each_field_reads_what_was_typed_into_it_and_nothing_else() {
        let mut fields = vec![
            Field::Name,
            Field::SharedHost,
            Field::Kubeconfig,
            Field::Namespace,
            Field::Deployment,
            Field::Ingress,
            Field::Selector,
            Field::Replicas,
            Field::Escalation,
            Field::AwsProfile,
            Field::AwsConfigFile,
            Field::AwsCredentialsFile,
            Field::ChartRepository,
            Field::ChartName,
            Field::ChartVersion,
            Field::ChartFile,
            Field::DatabaseVpc,
            Field::DatabaseSecurityGroup,
            Field::DatabasePort,
        ];
        for index in 0..2 {
            fields.extend(RegionField::ALL.map(|field| Field::Region(index, field)));
        }
        let mut draft = Draft::default();
        for (number, field) in fields.iter().enumerate() {
            *draft.text_mut(*field).unwrap() = number.to_string();
        }
        for (number, field) in fields.iter().enumerate() {
            assert_eq!(draft.text(*field), Some(number.to_string().as_str()), "{field}");
        }
        for field in [Field::Regions, Field::Region(2, RegionField::Name)] {
            assert_eq!(draft.text(field), None);
            assert_eq!(draft.text_mut(field), None);
        }
    }
}
