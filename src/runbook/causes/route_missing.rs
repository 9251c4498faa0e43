//! A route to the database, or back, is missing or leads elsewhere (`domain.md`, section 5).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::path::HopKind;
use crate::runbook::verdict::Verdict;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "route-missing",
        "Route missing",
        format!("The platform in {} cannot reach its database: a route is missing", region.name),
    );
    cause.fit = evidence::after_the_repair;
    cause.explains = Explains::These(&["database-unreachable", "crash-loop", "targets-unhealthy"]);
    let there = evidence::broken_hop(case, HopKind::RoutesThere, &mut cause);
    if there.is_some() {
        // One broken direction is enough; the other is told beside it.
        let back = evidence::hop(case, HopKind::RoutesBack);
        if let Some(back) = back.filter(|hop| hop.finding.verdict == Verdict::Fail && !hop.follows_peering) {
            cause.says(back.finding.found);
        }
    } else {
        cause.not_checked.clear();
        _ = evidence::broken_hop(case, HopKind::RoutesBack, &mut cause);
    }
    if cause.strength == Strength::RuledOut {
        return cause;
    }
    let Some(Ok(facts)) = case.readings.path(case.failed) else { return cause };
    let range = facts.database_cidrs.as_ref().and_then(|cidrs| cidrs.as_ref().ok()?.first());
    let active = facts.peerings.iter().find(|peering| peering.status == "active");
    let wrong = there.and_then(|hop| hop.finding.found.split(' ').next().map(str::to_owned));
    if let (Some(range), Some(peering), Some(table)) = (range, active, wrong) {
        cause.guidance.push(Guidance::with(
            evidence::ask(
                case,
                "the network's owners",
                &format!("make {table} lead {range} to the peering {}", peering.id),
            ),
            command::create_route(case.profile, &command::aws_region(region), &table, range, &peering.id),
        ));
    } else {
        let to_do = "make the routes lead to the peering connection, on both sides";
        cause.guidance.push(Guidance::text(evidence::ask(case, "the network's owners", to_do)));
    }
    cause.guidance.extend(evidence::look_at_routes(case));
    cause.guidance.push(evidence::then_restart());
    cause
}
