//! Step 1, confirm: which health check fails, and is another one passing?
//! Rules of `domain.md`, section 2.

mod checkers;
mod outcome;

pub use self::checkers::{
    CheckerRegion, CheckerStatus, by_checker_region, checker_status, common_failure, short_status,
};

pub use self::outcome::{
    Outcome, fails_by_inversion, is_healthy, outcome, recognised, shows_healthy, watches_other_region,
};

use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command;
use crate::runbook::fact::{HealthCheckFacts, Observation, ProbeFacts};
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::verdict::{Finding, Verdict, Why, WhyKind};

/// Route 53 takes a check for healthy when more than this share of its checkers
/// report success, in percent. AWS says that the figure may change.
pub const HEALTHY_ABOVE_PERCENT: usize = 18;

/// What step 1 asks: both health checks and our own look at each host.
pub fn questions(profile: &Profile) -> Vec<Question> {
    let checks = profile.indices().map(Question::HealthCheck);
    let probes =
        profile.indices().filter(|region| profile.region(*region).host.is_some()).map(Question::Probe);
    checks.chain(probes).collect()
}

/// Step 1's checks.
pub fn checks(case: &Case) -> Vec<Check> {
    let regions = || std::iter::once(case.failed).chain(case.profile.others(case.failed));
    let mut checks: Vec<Check> = regions().map(|region| health_check(case, region, Step::Confirm)).collect();
    checks.extend(regions().filter_map(|region| probe(case, region, Step::Confirm)));
    checks
}

/// The check of a region's health check.
pub fn health_check(case: &Case, region: RegionIndex, step: Step) -> Check {
    let target = case.profile.region(region);
    let command = command::health_check_status(case.profile, target);
    let title = format!("Health check {}", target.name);
    let check = Check::new(case, step, "health-check", title, Question::HealthCheck(region), command);
    check.judged(case.readings.health_check(region), "more than 18 % of the checkers succeed", |facts| {
        (judge(facts, target.host.as_deref()), details(facts))
    })
}

/// The check of our own look at a region's host; `None` where it has none.
pub fn probe(case: &Case, region: RegionIndex, step: Step) -> Option<Check> {
    let target = case.profile.region(region);
    let host = target.host.as_deref()?;
    let command = command::probe(host, target.probe_address.as_deref(), target.probe_ca.as_deref());
    let check =
        Check::new(case, step, "probe", format!("Host {}", target.name), Question::Probe(region), command);
    // Whether the failover is active is told by what the health checkers ask; whether a region serves by more.
    let judge = if step == Step::Verify { judge_serving } else { judge_probe };
    Some(check.judged(case.readings.probe(region), "200", |facts| (judge(facts), probe_lines(facts))))
}

/// What a host answered, in lines: the URL, its addresses, and the two further paths of the platform.
pub fn probe_lines(facts: &ProbeFacts) -> Vec<String> {
    let mut lines = vec![format!("{} {}", facts.url, facts.status)];
    if let Some(addresses) = &facts.addresses {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        lines.push(format!("DNS answers {}", addresses.join(", ")));
    }
    lines.push(match &facts.derp_status {
        Ok(status) => format!("/derp/probe {status}"),
        Err(why) => format!("/derp/probe: {why}"),
    });
    lines.push(match &facts.version {
        Ok(version) => format!("/version {version}"),
        Err(why) => format!("/version: {why}"),
    });
    lines
}

/// Whether a host serves: as [`judge_probe`], and its relay answers too. The health checkers do not ask for
/// the relay (`/derp/probe`), so a region can be healthy without it.
pub fn judge_serving(facts: &ProbeFacts) -> Finding {
    let healthy = judge_probe(facts);
    if healthy.verdict != Verdict::Pass || facts.derp_status == Ok(200) {
        return healthy;
    }
    let relay = match &facts.derp_status {
        Ok(status) => format!("{status} from /derp/probe"),
        Err(why) => format!("/derp/probe: {why}"),
    };
    let remedy = "Its relay does not answer, so tunnels through this region may fail: look at the load balancer's \
                  rules and at the platform's logs";
    Finding::warn(format!("{}, {relay}", healthy.found), "200 from both", remedy)
}

/// Whether a host answers as the health checkers want it.
pub fn judge_probe(facts: &ProbeFacts) -> Finding {
    let found = format!("{} from /healthz", facts.status);
    match facts.status {
        _ if facts.is_well() => Finding::pass(found, "200"),
        503 => Finding::fail(found, "200", "503 is what a load balancer says that has no healthy target"),
        _ => Finding::fail(
            found,
            "200",
            "The platform answers, and says that it is not well: look at its logs",
        ),
    }
}

/// The overall state of a health check, computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// What Route 53 takes it for, Disabled and Inverted included.
    pub healthy: bool,
    /// Checkers that report success.
    pub succeed: usize,
    /// All checkers.
    pub total: usize,
    /// Always counted healthy.
    pub disabled: bool,
    /// The result is flipped.
    pub inverted: bool,
}

/// The verdict by the 18 % rule.
///
/// # Errors
/// Where no verdict can be computed: unread settings, no observations, or a
/// type that has no checkers.
pub fn health(facts: &HealthCheckFacts) -> Result<Health, Why> {
    let settings = facts.settings.as_ref().map_err(|message| {
        Why::new(
            WhyKind::Forbidden,
            format!("its settings could not be read, so it may be disabled or inverted: {message}"),
        )
        .remedy("Check again; if it is not permitted, ask for route53:GetHealthCheck")
    })?;
    if matches!(settings.check_type.as_str(), "CALCULATED" | "CLOUDWATCH_METRIC" | "RECOVERY_CONTROL") {
        let message = format!("a health check of type {} has no checkers to ask", settings.check_type);
        return Err(Why::new(WhyKind::Configuration, message)
            .remedy("Use the ID of the region's own HTTPS health check"));
    }
    let total = facts.observations.len();
    if total == 0 && !settings.disabled {
        return Err(
            Why::new(WhyKind::Garbage, "no checker has reported yet").remedy("Check again in 10 seconds")
        );
    }
    let succeed = facts.observations.iter().filter(|o| checker_status(o) == CheckerStatus::Success).count();
    let by_rule = succeed * 100 > HEALTHY_ABOVE_PERCENT * total;
    Ok(Health {
        healthy: settings.disabled || (by_rule != settings.inverted),
        succeed,
        total,
        disabled: settings.disabled,
        inverted: settings.inverted,
    })
}

/// What our own look at each region's host finds, where it was answered: "us-east-1 503 from /healthz".
/// A hint and no proof: it is one place's look.
pub fn own_look(case: &Case) -> Vec<String> {
    let line = |region: RegionIndex| {
        let Some(Ok(facts)) = case.readings.probe(region) else { return None };
        Some(format!("{} {}", case.profile.region(region).name, judge_probe(facts).found))
    };
    case.profile.indices().filter_map(line).collect()
}

/// The smallest number of successes out of `total` that is healthy.
pub fn healthy_from(total: usize) -> usize {
    total * HEALTHY_ABOVE_PERCENT / 100 + 1
}

/// The path that the platform answers by its own state.
const HEALTH_PATH: &str = "/healthz";

/// Why a health check passes whatever the platform does, in a phrase; `None` where it can fail as it should.
pub fn cannot_fail(facts: &HealthCheckFacts) -> Option<String> {
    let settings = facts.settings.as_ref().ok()?;
    if settings.check_type == "TCP" {
        return Some("it only opens a connection, which the load balancer accepts without a pod".to_owned());
    }
    let path = settings.path.as_deref().unwrap_or("/");
    if path.split('?').next() != Some(HEALTH_PATH) {
        return Some(format!(
            "it asks for {path} and not {HEALTH_PATH}, which may be answered without a pod"
        ));
    }
    let successes = facts.observations.iter().filter(|o| checker_status(o) == CheckerStatus::Success);
    let codes: Vec<String> = successes.map(|o| short_status(&o.status)).collect();
    let redirected = !codes.is_empty() && codes.iter().all(|code| code.starts_with("HTTP 3"));
    redirected.then(|| "it is answered by a redirect, which the load balancer gives without a pod".to_owned())
}

fn judge(facts: &HealthCheckFacts, host: Option<&str>) -> Finding {
    let health = match health(facts) {
        Ok(health) => health,
        Err(why) => return Finding::unknown(&why, "more than 18 % of the checkers succeed"),
    };
    let expected = format!("{} or more of {}", healthy_from(health.total), health.total);
    let found = format!("{} of {} checkers succeed", health.succeed, health.total);
    if health.disabled {
        let remedy = "A disabled health check counts as healthy whatever happens: enable it, or traffic is never moved away";
        return Finding::warn(format!("disabled; {found}"), "enabled", remedy);
    }
    if health.inverted {
        let remedy = "An inverted health check fails while its host is well: check that this is meant";
        let found = format!(
            "inverted; {found}, so it counts as {}",
            if health.healthy { "healthy" } else { "failing" }
        );
        return if health.healthy {
            Finding::warn(found, expected, remedy)
        } else {
            Finding::fail(found, expected, remedy)
        };
    }
    if let (Ok(settings), Some(host)) = (&facts.settings, host)
        && let Some(watched) = settings.another_host(Some(host))
    {
        let remedy = format!("It watches {watched}, not {host}: check the ID in the environment's variables");
        let found = format!("{found}; watches {watched}");
        return if health.healthy {
            Finding::warn(found, expected, remedy)
        } else {
            Finding::fail(found, expected, remedy)
        };
    }
    if let Some(why) = cannot_fail(facts).filter(|_| health.healthy) {
        let remedy = "It passes while no pod serves: set it to HTTPS and /healthz; trust the host's and the pods' own answers";
        return Finding::warn(format!("{found}; {why}"), expected, remedy);
    }
    if health.healthy {
        return Finding::pass(found, expected);
    }
    let reason = common_failure(facts).map_or(String::new(), |reason| format!("; {reason}"));
    Finding::fail(format!("{found}{reason}"), expected, "Route 53 sends no traffic here")
}

fn details(facts: &HealthCheckFacts) -> Vec<String> {
    let mut lines = Vec::new();
    if let Ok(settings) = &facts.settings {
        lines.push(format!(
            "{} {}:{}{} every {} s, threshold {}",
            settings.check_type,
            settings.host.as_deref().unwrap_or("-"),
            settings.port.unwrap_or(443),
            settings.path.as_deref().unwrap_or("/"),
            settings.interval_secs,
            settings.failure_threshold
        ));
    }
    let line = |o: &Observation| format!("{} {} {}", o.checker_region, o.ip_address, o.status);
    lines.extend(facts.observations.iter().map(line));
    if !facts.last_failures.is_empty() {
        lines.push("Last failures:".to_owned());
        lines.extend(facts.last_failures.iter().map(|o| match o.checked_at {
            Some(at) => format!("{at:.0} {}", line(o)),
            None => line(o),
        }));
    }
    lines
}

#[cfg(test)]
mod tests;
