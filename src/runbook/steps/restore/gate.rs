//! The gate of every plan: only a region that failed is touched, and only in a cluster of its own.
//!
//! No reason goes past what is firm here: a region that is known to be well, a cluster that two regions share,
//! a health check that watches another region's host.

use crate::runbook::action::Blocker;
use crate::runbook::case::Case;
use crate::runbook::identity::{self, Relation};
use crate::runbook::profile::RegionIndex;
use crate::runbook::steps::confirm::{self, Outcome};
use crate::runbook::wellness;

/// Everything that is in the way of any action on the failed region.
pub fn gate(case: &Case) -> Vec<Blocker> {
    let mut blockers: Vec<Blocker> =
        [cluster(case), misdirected(case), well_beside_ill(case)].into_iter().flatten().collect();
    blockers.extend(failover(case));
    blockers
}

/// Is the failed region's cluster its own? Where that cannot be told nothing is done either.
fn cluster(case: &Case) -> Option<Blocker> {
    let failed = &case.failed_region().name;
    let (other, relation) = identity::worst(case, case.failed)?;
    let other = &case.profile.region(other).name;
    Some(Blocker::firm(match relation {
        Relation::Same(how) => format!(
            "Both contexts lead to the same cluster ({how}): what is done to {failed} is done to {other}. Correct the contexts in the variables"
        ),
        Relation::Unknown(why) => format!(
            "Whether {failed} and {other} are two clusters could not be compared: {why}. Nothing is done before that is known: make the context of each region answer"
        ),
        Relation::Distinct => return None,
    }))
}

/// A health check that watches another region's host says nothing of its own region.
fn misdirected(case: &Case) -> Option<Blocker> {
    let (region, other, watched) = case.profile.indices().find_map(|region| {
        let (other, watched) = confirm::watches_other_region(case.profile, case.readings, region)?;
        Some((region, other, watched))
    })?;
    let (name, other) = (&case.profile.region(region).name, &case.profile.region(other).name);
    Some(Blocker::firm(format!(
        "The health check of {name} watches {watched}, the host of {other}: it tells nothing of {name}. Put the health check IDs right in the variables"
    )))
}

/// A region that serves, beside one that does not, is never touched, whatever the health checks say.
fn well_beside_ill(case: &Case) -> Option<Blocker> {
    let failed = &case.failed_region().name;
    if !wellness::of(case.profile, case.readings, case.failed).is_well() {
        return None;
    }
    let ill = case.profile.others(case.failed).find_map(|other| {
        let wellness = wellness::of(case.profile, case.readings, other);
        wellness.is_ill().then_some((other, wellness))
    });
    let (other, wellness) = ill?;
    let other = &case.profile.region(other).name;
    Some(Blocker::firm(format!(
        "{failed} itself is well: {}. It is {other} that is not: {}. The region that serves is never touched",
        wellness::of(case.profile, case.readings, case.failed).good.join(", "),
        wellness.bad.join(", "),
    )))
}

fn failover(case: &Case) -> Option<Blocker> {
    let failed = &case.failed_region().name;
    match confirm::outcome(case.profile, case.readings, case.failed) {
        Some(Outcome::FailoverActive) if confirm::fails_by_inversion(case.readings, case.failed) => {
            Some(Blocker::overridable(
                format!("inverted {failed}"),
                format!(
                    "The health check of {failed} fails only because it is inverted: its checkers get through, so {failed} seems to be well"
                ),
            ))
        }
        Some(Outcome::FailoverActive) => None,
        Some(Outcome::OtherRegionFailing(other)) => {
            let other = &case.profile.region(other).name;
            Some(Blocker::firm(format!(
                "{failed} is healthy and carries the traffic; {other} is the one that fails"
            )))
        }
        Some(Outcome::AllFailing) if let Some(other) = well_but_inverted(case) => {
            let other = &case.profile.region(other).name;
            Some(Blocker::overridable(
                "all-failing-but-inverted",
                format!(
                    "Every health check fails, but the one of {other} is inverted: its checkers get through, so {other} seems to be well"
                ),
            ))
        }
        Some(Outcome::AllFailing) => {
            let text = "Every region's health check fails: this runbook assumes a healthy one. Stop and call for help";
            Some(Blocker::firm(text))
        }
        Some(Outcome::NothingFailing) => Some(Blocker::firm(format!(
            "The health check of {failed} passes: it serves traffic, there is nothing to restore"
        ))),
        Some(Outcome::CouldNotCheck(reasons)) => {
            // What is known to be healthy is never touched, whatever is unknown elsewhere.
            if confirm::shows_healthy(case.profile, case.readings, case.failed) == Some(true) {
                return Some(Blocker::firm(format!(
                    "The health check of {failed} passes: it serves traffic"
                )));
            }
            let unread = case
                .profile
                .indices()
                .filter(|region| confirm::shows_healthy(case.profile, case.readings, *region).is_none());
            let unread: Vec<&str> = unread.map(|region| case.profile.region(region).name.as_str()).collect();
            let text = format!(
                "It could not be confirmed that {failed} failed and another one is healthy: {}",
                reasons.join("; ")
            );
            Some(Blocker::overridable(format!("not-confirmed {}", unread.join(" ")), text))
        }
        None => Some(Blocker::firm("The health checks have not been read yet")),
    }
}

/// Another region whose health check only fails because it is inverted.
pub(super) fn well_but_inverted(case: &Case) -> Option<RegionIndex> {
    let mut others = case.profile.others(case.failed);
    others.find(|other| confirm::fails_by_inversion(case.readings, *other))
}
