//! Every region's health check fails: this runbook assumes a healthy one (`domain.md`, section 8).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Guidance, Strength};
use crate::runbook::fits;
use crate::runbook::steps::confirm::{self, Outcome};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let mut cause = Assessment::new(
        "all-regions-failing",
        "Every region fails",
        "Stop: no region is healthy, so there is nothing to fail back to",
    );
    cause.advice = Some(Advice::Stop);
    cause.explains = Explains::All;
    cause.fits = fits::ALL_REGIONS_FAILING;
    let mut turned = false;
    for region in case.profile.indices() {
        let name = &case.profile.region(region).name;
        match case.readings.health_check(region) {
            Some(Ok(facts)) => match confirm::health(facts) {
                Ok(_) if confirm::fails_by_inversion(case.readings, region) => {
                    turned = true;
                    cause.denies(format!("The health check of {name} is inverted: its checkers get through"));
                }
                Ok(health) if !health.healthy => {
                    let (succeed, total) = (health.succeed, health.total);
                    cause.says(format!("{name}: {succeed} of {total} checkers succeed"));
                }
                Ok(_) => cause.denies(format!("The health check of {name} passes")),
                Err(why) => cause.not_checked.push(format!("{name}: {}", why.message)),
            },
            answer => cause.needs(&format!("Health check of {name}"), answer),
        }
    }
    if !turned && confirm::outcome(case.profile, case.readings, case.failed) == Some(Outcome::AllFailing) {
        cause.strength = Strength::Certain;
    }
    cause.guidance = vec![evidence::stop(case, "your escalation contact")];
    cause
        .guidance
        .push(Guidance::text("Do not restart or scale in either region before it is known what they share"));
    cause.guidance.push(Guidance::text(
        "Look at what both need: the database, the shared network, DNS, a deployment made to both at once",
    ));
    cause
}
