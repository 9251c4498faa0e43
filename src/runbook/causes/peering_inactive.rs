//! The peering connection to the database's VPC is not active (`domain.md`, section 5).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance};
use crate::runbook::command;
use crate::runbook::path::HopKind;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "peering-inactive",
        "Peering inactive",
        format!("The platform in {} cannot reach its database: the peering is not active", region.name),
    );
    cause.fit = evidence::after_the_repair;
    cause.explains =
        Explains::These(&["route-missing", "database-unreachable", "crash-loop", "targets-unhealthy"]);
    if evidence::broken_hop(case, HopKind::Peering, &mut cause).is_none() {
        return cause;
    }
    let Some(Ok(facts)) = case.readings.path(case.failed) else { return cause };
    let vpc = &facts.cluster_vpc;
    let here = command::aws_region(region);
    let pending = facts.peerings.iter().find(|peering| peering.status == "pending-acceptance");
    if let Some(peering) = pending {
        let there = &peering.accepter.region;
        cause.guidance.push(Guidance::with(
            evidence::ask(
                case,
                "somebody with rights in the other VPC's account",
                &format!("accept the peering {}", peering.id),
            ),
            command::accept_peering(case.profile, there, &peering.id),
        ));
    } else if let Some(database) = &facts.database_vpc {
        let there = facts.database_region.as_deref().unwrap_or(&here);
        cause.guidance.push(Guidance::with(
            evidence::ask(case, "the network's owners", "make the peering connection anew"),
            command::create_peering(case.profile, &here, vpc, database, there),
        ));
        cause
            .guidance
            .push(Guidance::text("Then the routes on both sides have to lead to the new connection"));
    } else {
        let to_do = "make the peering connection to the database's VPC anew";
        cause.guidance.push(Guidance::text(evidence::ask(case, "the network's owners", to_do)));
    }
    let look = command::peerings(case.profile, region, vpc);
    cause.guidance.push(Guidance::with("Look at the peering yourself", look));
    cause.guidance.push(evidence::then_restart());
    cause
}
