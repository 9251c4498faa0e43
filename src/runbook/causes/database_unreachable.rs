//! The pods do not reach their database, and nothing that can be looked at says why
//! (`domain.md`, sections 5 and 7).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fits;
use crate::runbook::log_signature::Trouble;
use crate::runbook::verdict::Verdict;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "database-unreachable",
        "Database out of reach",
        format!("The platform in {} cannot reach its database", region.name),
    );
    cause.fits = fits::DATABASE_UNREACHABLE;
    cause.explains = Explains::These(&["crash-loop", "targets-unhealthy"]);
    cause.needs("Logs", case.readings.logs(case.failed));
    let mut sound = Vec::new();
    let Some(line) = evidence::database_lines(case, |trouble| trouble != Trouble::Denied) else {
        return cause;
    };
    cause.says(line);
    cause.strength = Strength::Likely;
    let hits = case.database_hits(case.failed).and_then(Result::ok).unwrap_or_default();
    let is_all = |which: Trouble| !hits.is_empty() && hits.iter().all(|(_, trouble)| *trouble == which);
    if is_all(Trouble::Refused) {
        cause.headline = format!("The database refuses connections of the platform in {}", region.name);
        cause.says("It refuses, so the way to it is open: nobody listens there, or a proxy in front of it");
    } else if is_all(Trouble::TooMany) {
        "Database full".clone_into(&mut cause.title);
        cause.headline = format!("The database has no connection left for the platform in {}", region.name);
        cause.says("It answers, so the way to it is open");
        cause.fits = fits::DATABASE_FULL;
    }
    evidence::other_regions_database(case, &mut cause);
    if case.platform_up() == Some(true) {
        cause.denies("Enough pods are ready, so the platform has its database again");
        cause.strength = Strength::Possible;
    }
    match case.hops(case.failed) {
        Some(Ok(hops)) => {
            for hop in hops {
                match hop.finding.verdict {
                    Verdict::Fail => cause.says(hop.finding.found),
                    Verdict::Unknown => cause.not_checked.push(hop.finding.found),
                    Verdict::Pass | Verdict::Warn => sound.push(hop.kind.word()),
                }
            }
        }
        answer => cause.needs("Way to the database", answer),
    }
    if !sound.is_empty() {
        cause.denies(format!("Looked at, and as it should be: {}", sound.join(", ")));
    }
    cause.not_checked.push("Network ACLs, and whatever else lies between: not looked at".to_owned());
    let to_do = "look at what this program cannot see: network ACLs, a firewall, the database's own state";
    cause.guidance = vec![Guidance::text(evidence::ask(case, "the network's owners", to_do))];
    cause.guidance.extend(evidence::look_at_routes(case));
    if let Some(Ok(facts)) = case.readings.path(case.failed)
        && let Some(Ok(group)) = &facts.security_group
    {
        let here = command::aws_region(region);
        let there = facts.database_region.as_deref().unwrap_or(&here);
        cause.guidance.push(Guidance::with(
            "Look at the database's security group",
            command::security_group(case.profile, there, &group.id),
        ));
    }
    cause.guidance.push(evidence::then_restart());
    cause
}
