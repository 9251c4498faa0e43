//! The database answers, and does not let this region's platform in (`domain.md`, section 8).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::fits;
use crate::runbook::log_signature::Trouble;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let mut cause = Assessment::new(
        "database-identity",
        "Database denies access",
        format!("The database does not let the platform of {region} in"),
    );
    cause.fits = fits::AFTER_THE_REPAIR;
    cause.explains = Explains::These(&["crash-loop", "targets-unhealthy"]);
    cause.needs("Logs", case.readings.logs(case.failed));
    let Some(line) = evidence::database_lines(case, |trouble| trouble == Trouble::Denied) else {
        return cause;
    };
    cause.says(line);
    cause.says("It answers, so the way to it is open");
    cause.strength = Strength::Certain;
    if case.platform_up() == Some(true) {
        cause.denies("Enough pods are ready, so the database lets the platform in again");
        cause.strength = Strength::Possible;
    }
    evidence::other_regions_database(case, &mut cause);
    let to_do = format!("let the platform of {region} in again: database user, IAM policy or pod identity");
    cause.guidance = vec![
        Guidance::text(evidence::ask(case, "whoever manages the database's access", &to_do)),
        Guidance::text(
            "Compare this region's database user, IAM policy and pod identity with the healthy region's",
        ),
        evidence::then_restart(),
    ];
    cause
}
