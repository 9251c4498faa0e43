//! A route to the database, or back, is missing or leads elsewhere (`domain.md`, section 5).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fits;
use crate::runbook::path::{HopKind, Mend};
use crate::runbook::verdict::Verdict;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "route-missing",
        "Route missing",
        format!("The platform in {} cannot reach its database: a route is missing", region.name),
    );
    cause.fits = fits::AFTER_THE_REPAIR;
    cause.explains = Explains::These(&["database-unreachable", "crash-loop", "targets-unhealthy"]);
    let mut broken = evidence::broken_hop(case, HopKind::RoutesThere, &mut cause);
    if broken.is_some() {
        // One broken direction is enough; the other is told beside it.
        let back = evidence::hop(case, HopKind::RoutesBack);
        if let Some(back) = back.filter(|hop| hop.finding.verdict == Verdict::Fail && !hop.follows_peering) {
            cause.says(back.finding.found);
        }
    } else {
        cause.not_checked.clear();
        broken = evidence::broken_hop(case, HopKind::RoutesBack, &mut cause);
    }
    if cause.strength == Strength::RuledOut {
        return cause;
    }
    let there = command::aws_region(region);
    let database_region = match case.readings.path(case.failed) {
        Some(Ok(facts)) => facts.database_region.clone(),
        _ => None,
    };
    if let Some(Mend::Route { table, range, peering, exists, back }) = broken.and_then(|hop| hop.mend) {
        let aws_region = if back { database_region.unwrap_or(there) } else { there };
        let to_do = format!("make {table} lead {range} to the peering {peering}");
        cause.guidance.push(Guidance::with(
            evidence::ask(case, "the network's owners", &to_do),
            command::set_route(case.profile, &aws_region, (&table, &range, &peering), exists),
        ));
    } else {
        let to_do = "make the routes lead to the peering connection, on both sides";
        cause.guidance.push(Guidance::text(evidence::ask(case, "the network's owners", to_do)));
    }
    cause.guidance.extend(evidence::look_at_routes(case));
    cause.guidance.push(evidence::then_restart());
    cause
}
