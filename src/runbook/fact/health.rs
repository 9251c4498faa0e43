//! What Route 53 says of a region, and what our own look at its host finds.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::runbook::host::same_host;

/// A Route 53 health check (`domain.md`, section 2).
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheckFacts {
    /// `GetHealthCheck`; the reason in words where it could not be read.
    pub settings: Result<HealthCheckSettings, String>,
    /// `GetHealthCheckStatus`, sorted by checker region and address.
    pub observations: Vec<Observation>,
    /// `GetHealthCheckLastFailureReason`, sorted; empty where none is known or it could not be read.
    pub last_failures: Vec<Observation>,
}

/// What a health check watches, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthCheckSettings {
    /// `HTTPS`, `HTTP`, `TCP`, `CALCULATED`, `CLOUDWATCH_METRIC`, …
    pub check_type: String,
    /// `FullyQualifiedDomainName`.
    pub host: Option<String>,
    /// `Port`.
    pub port: Option<u16>,
    /// `ResourcePath`.
    pub path: Option<String>,
    /// `RequestInterval`, seconds: 10 or 30.
    pub interval_secs: u32,
    /// `FailureThreshold`: how many in a row turn a checker's mind.
    pub failure_threshold: u32,
    /// `Inverted`: the overall result is flipped, the observations are not.
    pub inverted: bool,
    /// `Disabled`: always counted healthy.
    pub disabled: bool,
}

impl HealthCheckSettings {
    /// The host that it watches, where that is another than the region's.
    pub fn another_host(&self, host: Option<&str>) -> Option<&str> {
        let watched = self.host.as_deref()?;
        (!same_host(watched, host?)).then_some(watched)
    }
}

/// A health check of the account, to choose from (`ListHealthChecks`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedHealthCheck {
    /// `Id`.
    pub id: String,
    /// The host name or address that it watches; `None` for calculated and alarm checks.
    pub host: Option<String>,
    /// `HealthCheckConfig`.
    pub settings: HealthCheckSettings,
}

impl ListedHealthCheck {
    /// Does it watch this host?
    pub fn watches(&self, host: &str) -> bool {
        self.host.as_deref().is_some_and(|watched| same_host(watched, host))
    }
}

/// What one checker reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// `Region` of the checker.
    pub checker_region: String,
    /// `IPAddress` of the checker.
    pub ip_address: String,
    /// `StatusReport.Status`, raw.
    pub status: String,
    /// `StatusReport.CheckedTime`.
    pub checked_at: Option<Timestamp>,
}

/// An HTTPS request of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeFacts {
    /// The URL asked.
    pub url: String,
    /// HTTP status code of `/healthz`.
    pub status: u16,
    /// What the name resolves to, sorted; `None` where the address was given beside the name.
    pub addresses: Option<Vec<IpAddr>>,
    /// HTTP status code of `/derp/probe`, or why there is none.
    pub derp_status: Result<u16, String>,
    /// `version` of `/version`, or why there is none.
    pub version: Result<String, String>,
}

impl ProbeFacts {
    /// Is the answer of `/healthz` one that Route 53 takes for a success (2xx or 3xx)?
    pub fn is_well(&self) -> bool {
        (200..=399).contains(&self.status)
    }
}
