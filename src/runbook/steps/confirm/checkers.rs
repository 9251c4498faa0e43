//! What Route 53's checkers report, each in its own words (`domain.md`, section 2).

use crate::runbook::fact::{HealthCheckFacts, Observation};

/// What a checker reports, by the prefix of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckerStatus {
    /// `Success: …`
    Success,
    /// `Failure: …`
    Failure,
    /// Neither.
    Unknown,
}

/// Classifies an observation.
pub fn checker_status(observation: &Observation) -> CheckerStatus {
    if observation.status.starts_with("Success") {
        CheckerStatus::Success
    } else if observation.status.starts_with("Failure") {
        CheckerStatus::Failure
    } else {
        CheckerStatus::Unknown
    }
}

/// The most frequent failure among the checkers, shortened: `HTTP 503`, `timed out`, …
pub fn common_failure(facts: &HealthCheckFacts) -> Option<String> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let failing = facts.observations.iter().filter(|o| checker_status(o) == CheckerStatus::Failure);
    for observation in failing {
        *counts.entry(short_status(&observation.status)).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(status, _)| status)
}

/// A checker's text in two words, for a row of the screen.
pub fn short_status(status: &str) -> String {
    let (_, text) = status.split_once(": ").unwrap_or(("", status));
    if let Some(rest) = text.strip_prefix("HTTP Status Code ") {
        return format!("HTTP {}", rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    }
    let lower = text.to_ascii_lowercase();
    for (words, short) in [
        ("timed out", "timed out"),
        ("could not establish a connection", "no connection"),
        ("connection refused", "refused"),
        ("ssl", "TLS error"),
        ("dns", "DNS error"),
    ] {
        if lower.contains(words) {
            return short.to_owned();
        }
    }
    text.split(['.', ',']).next().unwrap_or(text).trim().to_owned()
}

/// What the checkers of one place report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckerRegion<'a> {
    /// The checkers' region.
    pub name: &'a str,
    /// Each checker's report, by address.
    pub statuses: Vec<CheckerStatus>,
    /// In short what is reported: the first failure, else the first report.
    pub short: String,
}

/// The observations by the checkers' region, sorted.
pub fn by_checker_region(facts: &HealthCheckFacts) -> Vec<CheckerRegion<'_>> {
    let mut regions = std::collections::BTreeMap::<&str, Vec<&Observation>>::new();
    for observation in &facts.observations {
        regions.entry(&observation.checker_region).or_default().push(observation);
    }
    let of = |(name, observations): (_, Vec<&Observation>)| {
        let bad = observations.iter().find(|o| checker_status(o) != CheckerStatus::Success);
        let told = bad.or(observations.first()).map_or("", |o| o.status.as_str());
        let statuses = observations.iter().map(|o| checker_status(o)).collect();
        CheckerRegion { name, statuses, short: short_status(told) }
    };
    regions.into_iter().map(of).collect()
}
