//! A draft → a profile, or what is wrong at which field. Space around a text
//! never counts: it comes along when something is pasted.

use std::path::{Path, PathBuf};

use directories::BaseDirs;

use super::draft::Draft;
use super::field::{Field, FieldError, RegionField};
use super::rules;
use crate::runbook::profile::{AwsSettings, Chart, Database, Profile, Region};

/// The profile that a draft describes; else every field that is wrong, in the form's order.
///
/// This judges the format alone. Whether a context answers or a file exists is
/// asked elsewhere.
///
/// ```
/// use failback::environment::{Draft, Field, validate};
///
/// let errors = validate(&Draft::default()).unwrap_err();
/// assert_eq!(errors[0].field, Field::Name);
/// ```
pub fn validate(draft: &Draft) -> Result<Profile, Vec<FieldError>> {
    validate_at_home(draft, home().as_deref())
}

/// The folder that `~` stands for, if the system names one.
pub fn home() -> Option<PathBuf> {
    BaseDirs::new().map(|base| base.home_dir().to_owned())
}

/// What is wrong at one field, what other fields say included (two regions with the same context).
pub fn field_errors(draft: &Draft, field: Field) -> Vec<FieldError> {
    let mut errors = validate(draft).err().unwrap_or_default();
    errors.retain(|error| error.field == field);
    errors
}

/// What a draft describes so far: a wrong or missing field leaves its type's empty value. For looking
/// around while a form is filled in, never for a run.
pub fn sketch(draft: &Draft, home: Option<&Path>) -> Profile {
    Check { draft, home, errors: Vec::new() }.profile()
}

/// [`validate`] with the folder that `~` stands for.
pub fn validate_at_home(draft: &Draft, home: Option<&Path>) -> Result<Profile, Vec<FieldError>> {
    let mut check = Check { draft, home, errors: Vec::new() };
    let profile = check.profile();
    check.regions_together();
    let mut errors = check.errors;
    if errors.is_empty() {
        return Ok(profile);
    }
    errors.sort_by_key(|error| error.field);
    Err(errors)
}

struct Check<'a> {
    draft: &'a Draft,
    home: Option<&'a Path>,
    errors: Vec<FieldError>,
}

impl<'a> Check<'a> {
    /// Worth something only while `errors` is empty: a wrong field leaves its type's empty value.
    fn profile(&mut self) -> Profile {
        Profile {
            name: self.required(Field::Name, rules::name),
            shared_host: self.optional(Field::SharedHost, rules::host),
            kubeconfig: self.path(Field::Kubeconfig),
            namespace: self.required(Field::Namespace, rules::dns_label),
            deployment: self.required(Field::Deployment, rules::dns_subdomain),
            ingress: self.required(Field::Ingress, rules::dns_subdomain),
            selector: self.required(Field::Selector, rules::selector),
            replicas: self.required(Field::Replicas, rules::replicas),
            escalation: self.optional(Field::Escalation, rules::line),
            aws: AwsSettings {
                profile: self.optional(Field::AwsProfile, rules::line),
                config_file: self.path(Field::AwsConfigFile),
                credentials_file: self.path(Field::AwsCredentialsFile),
            },
            chart: Chart {
                repository: self.required(Field::ChartRepository, rules::chart_repository),
                name: self.required(Field::ChartName, rules::chart_name),
                version: self.optional(Field::ChartVersion, rules::chart_version),
                method: self.draft.chart_method,
                file: self.path(Field::ChartFile),
            },
            database: Database {
                vpc_id: self.optional(Field::DatabaseVpc, rules::vpc_id),
                security_group_id: self.optional(Field::DatabaseSecurityGroup, rules::security_group_id),
                port: self.required(Field::DatabasePort, rules::port),
            },
            regions: (0..self.draft.regions.len()).map(|index| self.region(index)).collect(),
        }
    }

    fn region(&mut self, index: usize) -> Region {
        let field = |field| Field::Region(index, field);
        Region {
            name: self.required(field(RegionField::Name), rules::region_name),
            context: self.required(field(RegionField::Context), rules::context),
            health_check_id: self.required(field(RegionField::HealthCheckId), rules::health_check_id),
            values_file: self.path(field(RegionField::ValuesFile)),
            host: self.optional(field(RegionField::Host), rules::host),
            probe_address: self.optional(field(RegionField::ProbeAddress), rules::probe_address),
            probe_ca: self.path(field(RegionField::ProbeCa)),
        }
    }

    /// What no single field can know. Case does not tell two names apart: a
    /// tired person types one of them to confirm.
    fn regions_together(&mut self) {
        let regions = &self.draft.regions;
        if regions.len() < 2 {
            let count = regions.len();
            self.refuse(Field::Regions, format!("There must be two regions or more, not {count}"));
        }
        let distinct = [
            (RegionField::Name, "name", true),
            (RegionField::Context, "context", false),
            (RegionField::HealthCheckId, "health check", true),
        ];
        for (field, what, ignore_case) in distinct {
            for (index, region) in regions.iter().enumerate() {
                let text = region.text(field).trim();
                let twin = regions[..index].iter().position(|other| {
                    let other = other.text(field).trim();
                    other == text || ignore_case && other.eq_ignore_ascii_case(text)
                });
                if let (false, Some(twin)) = (text.is_empty(), twin) {
                    let number = twin + 1;
                    let message =
                        format!("Region {number} has the same {what}: each region must have its own");
                    self.refuse(Field::Region(index, field), message);
                }
            }
        }
    }

    fn text(&self, field: Field) -> &'a str {
        self.draft.text(field).unwrap_or_default().trim()
    }

    fn refuse(&mut self, field: Field, message: String) {
        self.errors.push(FieldError { field, message });
    }

    fn required<T: Default>(&mut self, field: Field, rule: fn(&str) -> Result<T, String>) -> T {
        rule(self.text(field)).unwrap_or_else(|message| {
            self.refuse(field, message);
            T::default()
        })
    }

    fn optional<T: Default>(&mut self, field: Field, rule: fn(&str) -> Result<T, String>) -> Option<T> {
        if self.text(field).is_empty() { None } else { Some(self.required(field, rule)) }
    }

    fn path(&mut self, field: Field) -> Option<PathBuf> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        match rules::path(text, self.home) {
            Ok(path) => Some(path),
            Err(message) => {
                self.refuse(field, message);
                None
            }
        }
    }
}
