//! Evidence that several causes weigh.

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::DeploymentFacts;
use crate::runbook::log_signature::Trouble;
use crate::runbook::path::{Hop, HopKind};
use crate::runbook::profile::RegionIndex;
use crate::runbook::verdict::Verdict;
use crate::runbook::version;

/// The pods of a Deployment that wants none: what says so, and what does not.
pub(super) fn no_pods(case: &Case, cause: &mut Assessment) {
    let pods = case.readings.pods(case.failed);
    if let Some(Ok(facts)) = pods {
        match facts.active().count() {
            0 => cause.says("No pod of it exists"),
            count => cause.denies(format!("{count} pods of it exist")),
        }
    }
    cause.needs("Deployment", case.readings.deployment(case.failed));
    cause.needs("Pods", pods);
}

/// A hop of the failed region's way to the database, where it could be judged.
pub(super) fn hop(case: &Case, kind: HopKind) -> Option<Hop> {
    case.hops(case.failed)?.ok()?.into_iter().find(|hop| hop.kind == kind)
}

/// How many of the failed region's pods say this of the database, with the first one's line.
pub(super) fn database_lines(case: &Case, which: impl Fn(Trouble) -> bool) -> Option<String> {
    let hits = case.database_hits(case.failed)?.ok()?;
    let of: Vec<_> = hits.iter().filter(|(_, trouble)| which(*trouble)).collect();
    let (first, _) = of.first()?;
    let all = case.readings.logs(case.failed)?.ok()?.logs.len();
    Some(format!("{} of {all} pods end with {}", of.len(), first.quote()))
}

/// The first thing to do where somebody else has to repair: whom to ask, and for what.
pub(super) fn ask(case: &Case, owners: &str, to_do: &str) -> String {
    match &case.profile.escalation {
        Some(whom) => format!("Ask {owners} to {to_do} (contact: {whom})"),
        None => format!("Ask {owners} to {to_do}"),
    }
}

/// A broken hop of the network as a cause: what speaks for it, and how strongly.
pub(super) fn broken_hop(case: &Case, kind: HopKind, cause: &mut Assessment) -> Option<Hop> {
    let path = case.readings.path(case.failed);
    cause.needs("Way to the database", path);
    let hop = hop(case, kind)?;
    match hop.finding.verdict {
        Verdict::Fail if hop.follows_peering => return None,
        Verdict::Fail => cause.says(hop.finding.found.clone()),
        Verdict::Unknown => {
            cause.not_checked.push(hop.finding.found);
            return None;
        }
        Verdict::Pass | Verdict::Warn => {
            cause.denies(hop.finding.found);
            return None;
        }
    }
    if let Some(lines) = database_lines(case, Trouble::is_on_the_way) {
        cause.says(lines);
        // Of a guessed VPC it can only be said that it fits.
        let guessed = matches!(path, Some(Ok(facts)) if facts.database_vpc_is_guess);
        cause.strength = if guessed { Strength::Likely } else { Strength::Certain };
    } else if case.platform_up() == Some(true) {
        cause.denies("Enough pods are ready, so the platform has its database");
        cause.strength = Strength::Possible;
    } else {
        cause.needs("Logs", case.readings.logs(case.failed));
        cause.strength = Strength::Likely;
    }
    Some(hop)
}

/// What another region's database side says, as evidence about the failed one's.
pub(super) fn other_regions_database(case: &Case, cause: &mut Assessment) {
    for other in case.profile.others(case.failed) {
        let name = &case.profile.region(other).name;
        match case.database_hits(other) {
            Some(Ok(_)) if case.logs_read(other) == 0 => {
                cause.not_checked.push(format!("Logs of {name}: there is none to read"));
            }
            Some(Ok(hits)) if hits.is_empty() => cause.says(format!("{name} has no database error")),
            Some(Ok(hits)) => {
                let (first, _) = &hits[0];
                cause.denies(format!("{name} has database errors too: {}", first.quote()));
            }
            answer => cause.needs(&format!("Logs of {name}"), answer),
        }
    }
}

/// The version that a region's Deployment wants.
pub(super) fn version_wanted(case: &Case, region: RegionIndex) -> Option<String> {
    match case.readings.deployment(region)?.ok()? {
        DeploymentFacts::Found(deployment) => version::wanted(deployment, &case.profile.chart.name),
        DeploymentFacts::Missing => None,
    }
}

/// The last step of a repair of the network.
pub(super) fn then_restart() -> Guidance {
    Guidance::text(
        "When it is mended, restart the platform here: pods that wait between crashes start at once",
    )
}

/// The first thing to do where this runbook ends: whom to call.
pub(super) fn stop(case: &Case, whom: &str) -> Guidance {
    let whom = case.profile.escalation.as_deref().unwrap_or(whom);
    Guidance::text(format!("Call {whom} now, and change nothing until they answer"))
}

/// Whom to call, where the environment says.
pub(super) fn call(case: &Case) -> Vec<Guidance> {
    let escalation = case.profile.escalation.as_ref();
    escalation.map(|whom| Guidance::text(format!("Call for help: {whom}"))).into_iter().collect()
}

/// The way to look at the database's side of things, where its VPC is known.
pub(super) fn look_at_routes(case: &Case) -> Vec<Guidance> {
    let region = case.failed_region();
    let Some(Ok(facts)) = case.readings.path(case.failed) else { return Vec::new() };
    let there = command::aws_region(region);
    vec![
        Guidance::with("Look at the peering", command::peerings(case.profile, region, &facts.cluster_vpc)),
        Guidance::with(
            "Look at the routes of the cluster's VPC",
            command::route_tables(case.profile, &there, &facts.cluster_vpc),
        ),
    ]
}
