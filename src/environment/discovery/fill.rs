//! Values for fields that nobody typed into.

use super::Known;
use crate::environment::field::{Field, RegionField};
use crate::runbook::profile::ClusterArn;

/// What can stand in which field: only in those that are empty or were filled before, and only from
/// what a person chose in this form. What was typed or saved stays.
pub fn proposals(known: &Known<'_>) -> Vec<(Field, String)> {
    let mut found = Vec::new();
    for region in 0..known.draft.regions.len() {
        let field = |field| Field::Region(region, field);
        let mut propose = |at, value: Option<String>| found.extend(value.map(|value| (field(at), value)));
        propose(RegionField::Name, name(known, region));
        propose(RegionField::Host, host(known, region));
        propose(RegionField::HealthCheckId, health_check(known, region));
    }
    if (0..known.draft.regions.len()).any(|region| is_chosen(known, region, RegionField::ValuesFile)) {
        let shared = known.agreed(|facts| facts.shared_host.as_deref()).map(str::to_owned);
        found.extend(shared.map(|host| (Field::SharedHost, host)));
        let replicas = known.agreed(|facts| facts.replicas).map(|count| count.to_string());
        found.extend(replicas.map(|count| (Field::Replicas, count)));
    }
    found.extend(environment_name(known).map(|name| (Field::Name, name)));
    found.retain(|(field, value)| is_open(known, *field) && known.draft.text(*field) != Some(value));
    found
}

/// May the field be filled?
fn is_open(known: &Known<'_>, field: Field) -> bool {
    let is_empty = known.draft.text(field).is_some_and(|text| text.trim().is_empty());
    known.filled.contains(&field) || is_empty && !known.touched.contains(&field)
}

/// Was what stands in the field chosen in this form, so that other fields may follow it?
fn is_chosen(known: &Known<'_>, region: usize, field: RegionField) -> bool {
    known.is_new || known.touched.contains(&Field::Region(region, field))
}

/// From the cluster's ARN, else from the values file.
fn name(known: &Known<'_>, region: usize) -> Option<String> {
    let context = known.draft.regions.get(region)?.context.trim();
    if let Some(arn) = ClusterArn::parse(context) {
        return is_chosen(known, region, RegionField::Context).then_some(arn.region);
    }
    let said = known.values(region)?.region.clone();
    said.filter(|_| is_chosen(known, region, RegionField::ValuesFile))
}

/// From the values file. Another region's file empties what was filled from it.
fn host(known: &Known<'_>, region: usize) -> Option<String> {
    let facts = known.values(region).filter(|_| is_chosen(known, region, RegionField::ValuesFile))?;
    if known.is_anothers(region) { Some(String::new()) } else { facts.host.clone() }
}

/// The only health check that watches the region's host; empty where there is none.
fn health_check(known: &Known<'_>, region: usize) -> Option<String> {
    let host = known.draft.regions.get(region)?.host.trim();
    let Some(Ok(listed)) = known.health_checks else { return None };
    let mut watching = listed.iter().filter(|check| !host.is_empty() && check.watches(host));
    match (watching.next(), watching.next()) {
        (Some(only), None) => Some(only.id.clone()),
        _ => Some(String::new()),
    }
}

/// What the names of all clusters have in common: `platform` of `platform-us-east-1` and
/// `platform-eu-west-1`.
fn environment_name(known: &Known<'_>) -> Option<String> {
    if !known.is_new {
        return None;
    }
    let mut names = known.draft.regions.iter().map(|region| {
        let arn = ClusterArn::parse(region.context.trim())?;
        let common = arn.cluster.replace(&arn.region, "").replace("--", "-");
        let common = common.trim_matches(['-', '_', '.']).to_owned();
        (!common.is_empty()).then_some(common)
    });
    let first = names.next()??;
    names.all(|name| name.as_ref() == Some(&first)).then_some(first)
}
