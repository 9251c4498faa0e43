//! Health checks that watch another region's host: with them the program would take the healthy region for the
//! failed one, so a form that has one is not saved.

use super::Known;
use crate::environment::field::{Field, FieldError, RegionField};
use crate::runbook::fact::IngressFacts;
use crate::runbook::host::same_host;
use crate::runbook::profile::RegionIndex;

/// What is wrong at both regions' fields, for each health check that is known to watch another region's host.
pub fn errors(known: &Known<'_>) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = Vec::new();
    let mut say = |region: usize, message: String| {
        let field = Field::Region(region, RegionField::HealthCheckId);
        // its own check says more than another region's
        if errors.iter().all(|error| error.field != field) {
            errors.push(FieldError { field, message });
        }
    };
    let crossed: Vec<_> =
        (0..known.draft.regions.len()).filter_map(|region| of_another(known, region)).collect();
    for (region, owner, host) in &crossed {
        let (own, other) = (called(known, *region), called(known, *owner));
        say(*region, format!("It watches {host}, the host of {other}: it tells nothing of {own}"));
    }
    for (region, owner, host) in &crossed {
        let own = called(known, *region);
        say(
            *owner,
            format!("The health check of {own} watches this region's host, {host}: are the IDs swapped?"),
        );
    }
    errors
}

fn called(known: &Known<'_>, region: usize) -> String {
    match known.name(region) {
        "" => format!("region {}", region + 1),
        name => name.to_owned(),
    }
}

/// The region, the one whose host its health check watches, and that host.
fn of_another<'a>(known: &Known<'a>, region: usize) -> Option<(usize, usize, &'a str)> {
    let watched = watched(known, region)?;
    let is_of = |region| hosts(known, region).iter().any(|host| same_host(host, watched));
    if is_of(region) {
        return None;
    }
    let owner = (0..known.draft.regions.len()).find(|other| *other != region && is_of(*other))?;
    Some((region, owner, watched))
}

/// The host that a region's health check watches, by its own answer or by the account's list.
fn watched<'a>(known: &Known<'a>, region: usize) -> Option<&'a str> {
    let id = known.draft.regions.get(region)?.health_check_id.trim();
    if id.is_empty() {
        return None;
    }
    if let Some(Ok(facts)) = known.readings.health_check(RegionIndex(region)) {
        return facts.settings.as_ref().ok()?.host.as_deref();
    }
    let listed = known.health_checks?.as_ref().ok()?;
    let check = listed.iter().find(|check| check.id == id)?;
    check.settings.host.as_deref().or(check.host.as_deref())
}

/// The names of a region's host: as typed, as in its values file, as its Ingress has them.
fn hosts<'a>(known: &Known<'a>, region: usize) -> Vec<&'a str> {
    let typed = known.draft.regions.get(region).map(|region| region.host.trim());
    let mut hosts: Vec<&str> = typed.into_iter().filter(|host| !host.is_empty()).collect();
    let values = known.values(region).filter(|_| !known.is_anothers(region));
    hosts.extend(values.and_then(|values| values.host.as_deref()));
    if let Some(Ok(IngressFacts::Found { addresses, hosts: named })) =
        known.readings.ingress(RegionIndex(region))
    {
        hosts.extend(addresses.iter().chain(named).map(String::as_str));
    }
    // the name that all regions share tells none of them
    let shared = known.draft.shared_host.trim();
    hosts.retain(|host| shared.is_empty() || !same_host(host, shared));
    hosts
}
