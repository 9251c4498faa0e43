//! What the health checks together come to: is a failover active, and for which region?

use super::{cannot_fail, health};
use crate::runbook::fact::IngressFacts;
use crate::runbook::host::same_host;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Readings;
use crate::runbook::wellness;

/// What step 1 comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The failed region's check fails and another one passes.
    FailoverActive,
    /// No health check fails.
    NothingFailing,
    /// Every health check fails: this runbook assumes a healthy region. Stop.
    AllFailing,
    /// The chosen region passes, and this one fails.
    OtherRegionFailing(RegionIndex),
    /// It cannot be told; the reasons, one a line.
    CouldNotCheck(Vec<String>),
}

impl Outcome {
    /// The name in JSON and the journal.
    pub fn id(&self) -> &'static str {
        match self {
            Self::FailoverActive => "failover-active",
            Self::NothingFailing => "nothing-failing",
            Self::AllFailing => "all-failing",
            Self::OtherRegionFailing(_) => "other-region-failing",
            Self::CouldNotCheck(_) => "could-not-check",
        }
    }

    /// In a sentence without a full stop. `failed` is the region taken for the failed one.
    pub fn sentence(&self, profile: &Profile, failed: Option<&str>) -> String {
        let failed = failed.unwrap_or("no region");
        match self {
            Self::FailoverActive => {
                format!("Failover is active: {failed} is out, another region carries the traffic")
            }
            Self::NothingFailing => "No health check fails: there is nothing to restore".to_owned(),
            Self::AllFailing => {
                let call = profile.escalation.as_deref().map_or(String::new(), |call| format!(": {call}"));
                format!(
                    "Every health check fails. Stop: this runbook assumes a healthy region. Call for help{call}"
                )
            }
            Self::OtherRegionFailing(other) => {
                format!("{failed} is healthy; {} is the one that fails", profile.region(*other).name)
            }
            Self::CouldNotCheck(reasons) => {
                format!("It could not be checked which region failed: {}", reasons.join("; "))
            }
        }
    }
}

/// A region's health as far as it is known. A health check that watches another region's host tells nothing of it.
pub fn is_healthy(profile: &Profile, readings: &Readings, region: RegionIndex) -> Option<bool> {
    if watches_other_region(profile, readings, region).is_some() {
        return None;
    }
    health(readings.health_check(region)?.ok()?).ok().map(|health| health.healthy)
}

/// The same as evidence. A disabled check counts as healthy whatever happens, and one that watches another
/// region's host tells of that one: they show nothing. One that cannot fail, one that passes because it is inverted
/// and its checkers fail, and one that watches a host of nobody's show a healthy region only where the region's own
/// pods, targets and host say the same.
pub fn shows_healthy(profile: &Profile, readings: &Readings, region: RegionIndex) -> Option<bool> {
    let facts = readings.health_check(region)?.ok()?;
    let health = health(facts).ok()?;
    if health.disabled || misdirected(profile, readings, region).is_some() {
        return None;
    }
    let proves = !health.inverted && cannot_fail(facts).is_none();
    if health.healthy && !(proves && elsewhere(profile, readings, region).is_none()) {
        return wellness::of(profile, readings, region).is_well().then_some(true);
    }
    Some(health.healthy)
}

/// Another region whose host this region's health check watches, with that host; by the environment, the values
/// files and the Ingresses.
pub fn watches_other_region<'a>(
    profile: &'a Profile,
    readings: &'a Readings,
    region: RegionIndex,
) -> Option<(RegionIndex, &'a str)> {
    let watched = readings.health_check(region)?.ok()?.settings.as_ref().ok()?.host.as_deref()?;
    let is_of = |region| hosts(profile, readings, region).iter().any(|host| same_host(host, watched));
    if is_of(region) {
        return None;
    }
    profile.others(region).find(|other| is_of(*other)).map(|other| (other, watched))
}

/// The host that a region's health check watches, where the region's own is known and it is another one.
fn elsewhere<'a>(profile: &'a Profile, readings: &'a Readings, region: RegionIndex) -> Option<&'a str> {
    let watched = readings.health_check(region)?.ok()?.settings.as_ref().ok()?.host.as_deref()?;
    let hosts = hosts(profile, readings, region);
    (!hosts.is_empty() && !hosts.iter().any(|host| same_host(host, watched))).then_some(watched)
}

/// The names of a region's host, as far as they are known.
fn hosts<'a>(profile: &'a Profile, readings: &'a Readings, region: RegionIndex) -> Vec<&'a str> {
    let values = readings.values(region).and_then(Result::ok);
    let mut hosts: Vec<&str> = profile.region(region).host.as_deref().into_iter().collect();
    hosts.extend(values.and_then(|values| values.host.as_deref()));
    if let Some(Ok(IngressFacts::Found { addresses, hosts: named })) = readings.ingress(region) {
        hosts.extend(addresses.iter().chain(named).map(String::as_str));
    }
    hosts
}

/// Why a region's health check tells nothing of its region, whatever it reports.
fn misdirected(profile: &Profile, readings: &Readings, region: RegionIndex) -> Option<String> {
    if let Some((other, watched)) = watches_other_region(profile, readings, region) {
        return Some(format!("it watches {watched}, the host of {}", profile.region(other).name));
    }
    let watched = readings.health_check(region)?.ok()?.settings.as_ref().ok()?.host.as_deref()?;
    let shared = profile.shared_host.as_deref()?;
    same_host(watched, shared).then(|| format!("it watches {watched}, the name that all regions share"))
}

/// Does a region's health check fail only because it is inverted: its checkers get through?
pub fn fails_by_inversion(readings: &Readings, region: RegionIndex) -> bool {
    let health = readings.health_check(region).and_then(Result::ok).map(health);
    matches!(health, Some(Ok(health)) if health.inverted && !health.healthy)
}

/// The region that fails, where exactly that is known: a failing one with a
/// passing one beside it, the first in the order of the file.
pub fn recognised(profile: &Profile, readings: &Readings) -> Option<RegionIndex> {
    let any_healthy = profile.indices().any(|region| shows_healthy(profile, readings, region) == Some(true));
    let failing = profile.indices().find(|region| shows_healthy(profile, readings, *region) == Some(false));
    failing.filter(|_| any_healthy)
}

/// What step 1 comes to for the chosen failed region; `None` until every health
/// check has been answered.
pub fn outcome(profile: &Profile, readings: &Readings, failed: RegionIndex) -> Option<Outcome> {
    if profile.indices().any(|region| readings.health_check(region).is_none()) {
        return None;
    }
    let state = |region| shows_healthy(profile, readings, region);
    let failing: Vec<_> = profile.indices().filter(|region| state(*region) == Some(false)).collect();
    let any_healthy = profile.indices().any(|region| state(region) == Some(true));
    let any_unknown = profile.indices().any(|region| state(region).is_none());
    Some(if failing.len() == profile.regions.len() {
        Outcome::AllFailing
    } else if failing.contains(&failed) && any_healthy {
        Outcome::FailoverActive
    } else if let (Some(true), Some(other)) = (state(failed), failing.first()) {
        Outcome::OtherRegionFailing(*other)
    } else if any_unknown {
        Outcome::CouldNotCheck(reasons(profile, readings))
    } else {
        Outcome::NothingFailing
    })
}

fn reasons(profile: &Profile, readings: &Readings) -> Vec<String> {
    let of = |region: RegionIndex| {
        let name = &profile.region(region).name;
        match readings.health_check(region)? {
            Err(why) => Some(format!("{name}: {}", why.message)),
            Ok(facts) => match health(facts) {
                Err(why) => Some(format!("{name}: {}", why.message)),
                Ok(health) if health.disabled => Some(format!(
                    "{name}: its health check is disabled, which counts as healthy whatever happens"
                )),
                Ok(health) => {
                    let why = misdirected(profile, readings, region)
                        .or_else(|| cannot_fail(facts).filter(|_| health.healthy))
                        .or_else(|| {
                            let watched = elsewhere(profile, readings, region).filter(|_| health.healthy)?;
                            Some(format!("it watches {watched}, which is not the region's host"))
                        })
                        .or_else(|| {
                            (health.inverted && health.healthy).then(|| {
                                "it is inverted, and counts as healthy because its checkers fail".to_owned()
                            })
                        })?;
                    shows_healthy(profile, readings, region).is_none().then(|| format!("{name}: {why}"))
                }
            },
        }
    };
    profile.indices().filter_map(of).collect()
}
