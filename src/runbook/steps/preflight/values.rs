//! Each region's values file: is it this region's, and do all agree?

use super::check;
use crate::runbook::action::release_name;
use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command;
use crate::runbook::fact::ValuesFacts;
use crate::runbook::host::same_host;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::verdict::Finding;

/// The check of a region's values file.
pub(super) fn values(case: &Case, region: RegionIndex) -> Check {
    let target = case.profile.region(region);
    let file =
        target.values_file.as_ref().map_or("VALUES-FILE".to_owned(), |file| file.display().to_string());
    let title = format!("Values file {}", target.name);
    let check = check(case, "values-file", title, Question::Values(region), command::show_values(&file));
    check.judged(case.readings.values(region), "this region's, as the others", |facts| {
        (judge_values(case, region, facts), value_lines(facts))
    })
}

/// Judges a values file: is it this region's, and does it agree with the environment and the others?
fn judge_values(case: &Case, region: RegionIndex, facts: &ValuesFacts) -> Finding {
    let expected = "this region's, as the others";
    let mut wrong = foreign(case, region, facts);
    if facts.region.is_none() {
        wrong.push("multiRegion.region is missing".to_owned());
    }
    let mut compare = |key: &str, found: Option<&str>, expected: Option<&str>| {
        if let (Some(found), Some(expected)) = (found, expected)
            && !same_host(found, expected)
        {
            wrong.push(format!("{key} is {found}, not {expected}"));
        }
    };
    compare("config.loftHost", facts.shared_host.as_deref(), case.profile.shared_host.as_deref());
    for other in case.profile.others(region) {
        if let Some(Ok(others)) = case.readings.values(other) {
            let name = &case.profile.region(other).name;
            let of = |key: &str| format!("{key} (against {name}'s file)");
            compare(&of("the database"), facts.database_host.as_deref(), others.database_host.as_deref());
            compare(&of("config.loftHost"), facts.shared_host.as_deref(), others.shared_host.as_deref());
        }
    }
    if let Some(first) = wrong.first() {
        let more = if wrong.len() > 1 { format!("; {}", wrong[1..].join("; ")) } else { String::new() };
        return Finding::fail(
            format!("{first}{more}"),
            expected,
            "Choose the region's own values file in the variables",
        );
    }
    if facts.replicas.is_some_and(|replicas| replicas != case.profile.replicas) {
        let found = format!("replicaCount is {}", facts.replicas.unwrap_or_default());
        let remedy = format!(
            "The environment expects {}: {} would change it",
            case.profile.replicas,
            release_name(case.profile)
        );
        return Finding::warn(found, expected, remedy);
    }
    let lacks = not_compared(case, region, facts);
    if let Some(first) = lacks.first() {
        let more = if lacks.len() > 1 { format!("; {}", lacks[1..].join("; ")) } else { String::new() };
        return Finding::warn(
            format!("not compared: {first}{more}"),
            expected,
            "What is there agrees; look at the rest yourself before you re-apply it",
        );
    }
    Finding::pass("region, hosts and database agree", expected)
}

/// What says that a values file is another region's, in phrases; empty where nothing does.
pub(in crate::runbook) fn foreign(case: &Case, region: RegionIndex, facts: &ValuesFacts) -> Vec<String> {
    let target = case.profile.region(region);
    let aws_region = command::aws_region(target);
    let mut foreign = Vec::new();
    if let Some(of) = facts.region.as_deref()
        && of != target.name
        && of != aws_region
    {
        foreign.push(format!("multiRegion.region is {of}: this is another region's file"));
    }
    if let (Some(found), Some(expected)) = (facts.host.as_deref(), target.host.as_deref())
        && !same_host(found, expected)
    {
        foreign.push(format!("multiRegion.host is {found}, not {expected}"));
    }
    foreign
}

/// What could not be compared, and why.
fn not_compared(case: &Case, region: RegionIndex, facts: &ValuesFacts) -> Vec<String> {
    let mut lacks: Vec<String> = [
        ("multiRegion.host", facts.host.is_some()),
        ("config.loftHost", facts.shared_host.is_some()),
        ("config.database.dataSource", facts.database_host.is_some()),
    ]
    .into_iter()
    .filter(|(_, is_there)| !is_there)
    .map(|(key, _)| format!("{key} is not in the file"))
    .collect();
    for other in case.profile.others(region) {
        if !matches!(case.readings.values(other), Some(Ok(_))) {
            lacks.push(format!("the file of {} was not read", case.profile.region(other).name));
        }
    }
    if facts.database_port.is_some_and(|port| port != case.profile.database.port) {
        lacks.push(format!(
            "the file's database port is {}, the environment's {}: the file's is taken",
            facts.database_port.unwrap_or_default(),
            case.profile.database.port
        ));
    }
    lacks
}

fn value_lines(facts: &ValuesFacts) -> Vec<String> {
    let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
    let database = facts.database();
    vec![
        format!("multiRegion.region {}", text(facts.region.as_deref())),
        format!("multiRegion.host {}", text(facts.host.as_deref())),
        format!("config.loftHost {}", text(facts.shared_host.as_deref())),
        format!("database {}", text(database.as_deref())),
        format!("replicaCount {}", facts.replicas.map_or("-".to_owned(), |replicas| replicas.to_string())),
    ]
}
