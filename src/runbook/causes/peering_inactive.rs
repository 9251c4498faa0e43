//! The peering connection to the database's VPC is not active (`domain.md`, section 5).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance};
use crate::runbook::command;
use crate::runbook::fits;
use crate::runbook::path::{HopKind, Mend};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "peering-inactive",
        "Peering inactive",
        format!("The platform in {} cannot reach its database: the peering is not active", region.name),
    );
    cause.fits = fits::AFTER_THE_REPAIR;
    cause.explains =
        Explains::These(&["route-missing", "database-unreachable", "crash-loop", "targets-unhealthy"]);
    let Some(hop) = evidence::broken_hop(case, HopKind::Peering, &mut cause) else { return cause };
    let Some(Ok(facts)) = case.readings.path(case.failed) else { return cause };
    let vpc = &facts.cluster_vpc;
    let here = command::aws_region(region);
    match (hop.mend, &facts.database_vpc) {
        (Some(Mend::Accept { peering, region }), _) => {
            let owner = "somebody with rights in the other VPC's account";
            cause.guidance.push(Guidance::with(
                evidence::ask(case, owner, &format!("accept the peering {peering}")),
                command::accept_peering(case.profile, &region, &peering),
            ));
        }
        (Some(_), Some(database)) => {
            let there = facts.database_region.as_deref().unwrap_or(&here);
            cause.guidance.push(Guidance::with(
                evidence::ask(case, "the network's owners", "make the peering connection anew"),
                command::create_peering(case.profile, &here, vpc, database, there),
            ));
            cause.guidance.push(Guidance::text(
                "If the database is in another account, its number belongs to that command: --peer-owner-id",
            ));
            cause
                .guidance
                .push(Guidance::text("Then the routes on both sides have to lead to the new connection"));
        }
        _ => cause.guidance.push(Guidance::text("It is being made: check again in a minute")),
    }
    let look = command::peerings(case.profile, region, vpc);
    cause.guidance.push(Guidance::with("Look at the peering yourself", look));
    cause.guidance.push(evidence::then_restart());
    cause
}
