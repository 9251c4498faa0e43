//! Route 53: what the health checks say.
//!
//! Paced within its limits; the SDK's own retries are off.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_route53::Client;
use aws_sdk_route53::config::Builder;
use aws_sdk_route53::config::http::HttpResponse;
use aws_sdk_route53::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_route53::types::{HealthCheck, HealthCheckObservation};
use jiff::Timestamp;

use super::aws::{Aws, LimitAnswers, Service};
use super::pacer::{self, Account, Limit, Pacer};
use super::secret::redact_credentials;
use super::within;
use crate::runbook::fact::{HealthCheckFacts, HealthCheckSettings, ListedHealthCheck, Observation};
use crate::runbook::verdict::{Why, WhyKind};

const SERVICE: Service = Service { name: "Route 53", id: "route_53" };
/// The API as messages name it.
const PEER: &str = SERVICE.name;
/// How long to wait before asking again what was throttled.
const AFTER_THROTTLING: Duration = Duration::from_millis(1200);
/// Pages of the list that are read at most, 100 health checks each.
const MAX_PAGES: usize = 50;

/// The Route 53 API with one set of credentials.
#[derive(Clone)]
pub struct Route53 {
    client: Client,
    aws: Aws,
    pacer: Arc<Pacer>,
    speed: f64,
    deadline: Duration,
}

impl Route53 {
    /// A client with these credentials. The limits are those of all clients of this process with the same
    /// settings. `speed` is the practice world's time factor, by which they are higher; 1 outside of it.
    pub fn new(aws: &Aws, speed: f64) -> Self {
        let mut config = Builder::from(aws.config()).interceptor(LimitAnswers);
        config.set_endpoint_url(aws.endpoint(SERVICE));
        let speed = speed.max(1.0);
        Self {
            client: Client::from_conf(config.build()),
            aws: aws.clone(),
            pacer: pacer::of_account(Account {
                settings: aws.settings().clone(),
                endpoint: aws.endpoint(SERVICE),
                speed,
            }),
            speed,
            deadline: aws.deadline(),
        }
    }

    /// Settings, observations and last failures of a health check, asked at once.
    ///
    /// # Errors
    /// Those of the observations. Settings that cannot be read are told inside the facts; last failures
    /// that cannot be read are left out.
    pub async fn health_check(&self, id: &str) -> Result<HealthCheckFacts, Why> {
        let (settings, observations, last_failures) = tokio::join!(
            self.ask(Limit::Account, "route53:GetHealthCheck", || {
                self.client.get_health_check().health_check_id(id).send()
            }),
            self.ask(Limit::Status, "route53:GetHealthCheckStatus", || {
                self.client.get_health_check_status().health_check_id(id).send()
            }),
            self.ask(Limit::LastFailureReason, "route53:GetHealthCheckLastFailureReason", || {
                self.client.get_health_check_last_failure_reason().health_check_id(id).send()
            }),
        );
        let observations = observations?;
        let last_failures = last_failures.map(|output| output.health_check_observations).unwrap_or_default();
        let settings = match settings {
            Ok(output) => output
                .health_check
                .as_ref()
                .and_then(settings_of)
                .ok_or_else(|| "the answer has no settings".to_owned()),
            Err(why) => Err(why.message),
        };
        Ok(HealthCheckFacts {
            settings,
            observations: observations_of(&observations.health_check_observations),
            last_failures: observations_of(&last_failures),
        })
    }

    /// The account's health checks, sorted by host.
    pub async fn list(&self) -> Result<Vec<ListedHealthCheck>, Why> {
        within(self.deadline, PEER, self.list_pages()).await
    }

    async fn list_pages(&self) -> Result<Vec<ListedHealthCheck>, Why> {
        let mut listed = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self
                .ask(Limit::Account, "route53:ListHealthChecks", || {
                    self.client.list_health_checks().max_items(100).set_marker(marker.clone()).send()
                })
                .await?;
            listed.extend(page.health_checks.iter().map(listed_of));
            marker = page.next_marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                listed.sort_unstable_by(|a, b| (&a.host, &a.id).cmp(&(&b.host, &b.id)));
                return Ok(listed);
            }
        }
        Err(Why::new(WhyKind::Garbage, "Route 53 lists more health checks than are read"))
    }

    /// One request in its turn, within the deadline; once more where it was throttled.
    async fn ask<O, E, F>(
        &self,
        limit: Limit,
        action: &'static str,
        request: impl Fn() -> F + Send,
    ) -> Result<O, Why>
    where
        E: std::error::Error + ProvideErrorMetadata + Debug + Send + Sync + 'static,
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        // Whose fault it is when the deadline passes: the limit's until the request is on its way.
        let is_sent = AtomicBool::new(false);
        let once = || async {
            self.pacer.turn(limit).await;
            is_sent.store(true, Ordering::Relaxed);
            self.aws.ask(SERVICE, action, request()).await
        };
        let answer = within(self.deadline, PEER, async {
            match once().await {
                Err(why) if why.kind == WhyKind::Throttled => {
                    is_sent.store(false, Ordering::Relaxed);
                    tokio::time::sleep(AFTER_THROTTLING.div_f64(self.speed)).await;
                    once().await
                }
                answer => answer,
            }
        });
        match answer.await {
            Err(why) if why.kind == WhyKind::Timeout && !is_sent.load(Ordering::Relaxed) => {
                let message = format!("{PEER} allows no more requests within {:?}", self.deadline);
                Err(Why::new(WhyKind::Throttled, message))
            }
            answer => answer,
        }
    }
}

fn settings_of(check: &HealthCheck) -> Option<HealthCheckSettings> {
    let config = check.health_check_config.as_ref()?;
    let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok()).unwrap_or_default();
    Some(HealthCheckSettings {
        check_type: config.r#type.as_str().to_owned(),
        host: config.fully_qualified_domain_name.clone(),
        port: config.port.and_then(|port| u16::try_from(port).ok()),
        path: config.resource_path.clone(),
        interval_secs: number(config.request_interval),
        failure_threshold: number(config.failure_threshold),
        inverted: config.inverted.unwrap_or_default(),
        disabled: config.disabled.unwrap_or_default(),
    })
}

fn listed_of(check: &HealthCheck) -> ListedHealthCheck {
    let config = check.health_check_config.as_ref();
    let host = config
        .and_then(|config| config.fully_qualified_domain_name.clone().or_else(|| config.ip_address.clone()));
    ListedHealthCheck { id: check.id.clone(), host, settings: settings_of(check).unwrap_or_default() }
}

fn observations_of(found: &[HealthCheckObservation]) -> Vec<Observation> {
    let mut observations: Vec<Observation> = found
        .iter()
        .map(|found| {
            let report = found.status_report.as_ref();
            let checked = report.and_then(|report| report.checked_time);
            Observation {
                checker_region: found
                    .region
                    .as_ref()
                    .map_or_else(String::new, |region| region.as_str().to_owned()),
                ip_address: found.ip_address.clone().unwrap_or_default(),
                status: report
                    .and_then(|report| report.status.as_deref())
                    .map(redact_credentials)
                    .unwrap_or_default(),
                checked_at: checked.and_then(|at| Timestamp::from_nanosecond(at.as_nanos()).ok()),
            }
        })
        .collect();
    observations
        .sort_unstable_by(|a, b| (&a.checker_region, &a.ip_address).cmp(&(&b.checker_region, &b.ip_address)));
    observations
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{HealthCheckRegion, StatusReport};
    use aws_smithy_types::DateTime;

    use super::*;

    #[test]
    fn observations_are_sorted_and_keep_the_raw_words() {
        let found = |region, address: &str| {
            let report = StatusReport::builder()
                .status("Failure: Connection timed out.")
                .checked_time(DateTime::from_secs_and_nanos(1_767_322_445, 500_000_000));
            HealthCheckObservation::builder()
                .region(region)
                .ip_address(address)
                .status_report(report.build())
                .build()
        };
        let found = [
            found(HealthCheckRegion::UsWest1, "192.0.2.2"),
            found(HealthCheckRegion::UsWest1, "192.0.2.1"),
            found(HealthCheckRegion::EuWest1, "192.0.2.9"),
            HealthCheckObservation::builder().build(),
        ];
        let facts = observations_of(&found);
        let addresses: Vec<_> = facts.iter().map(|observation| observation.ip_address.as_str()).collect();
        assert_eq!(addresses, ["", "192.0.2.9", "192.0.2.1", "192.0.2.2"]);
        assert_eq!(facts[1].status, "Failure: Connection timed out.");
        assert_eq!(facts[1].checked_at, Some("2026-01-02T02:54:05.5Z".parse().unwrap()));
        assert_eq!(facts[0].checked_at, None);
    }
}
