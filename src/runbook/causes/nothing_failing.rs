//! No health check fails: recovered already, or the wrong IDs (`domain.md`, section 8).

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Blame, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fits;
use crate::runbook::steps::confirm::{self, Outcome};

/// The cause's id.
pub const ID: &str = "nothing-failing";

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        ID,
        "Nothing is failing",
        format!("No health check fails: there is nothing to restore in {}", region.name),
    );
    cause.advice = None;
    cause.blame = Blame::Nothing;
    cause.fits = fits::LEAVE_THE_PLATFORM;
    if confirm::outcome(case.profile, case.readings, case.failed) != Some(Outcome::NothingFailing) {
        return cause;
    }
    cause.strength = Strength::Certain;
    for index in case.profile.indices() {
        let name = &case.profile.region(index).name;
        if let Some(Ok(health)) = case.readings.health_check(index).map(|facts| facts.map(confirm::health))
            && let Ok(health) = health
        {
            cause.says(format!("{name}: {} of {} checkers succeed", health.succeed, health.total));
        }
        if let Some(Ok(probe)) = case.readings.probe(index)
            && probe.is_well()
        {
            cause.says(format!("{name} answers {} from here, too", probe.status));
        }
    }
    match case.platform_up() {
        Some(true) => cause.says(format!("All pods in {} are ready", region.name)),
        Some(false) => {
            cause.denies(format!("Not all pods in {} are ready", region.name));
            cause.strength = Strength::Possible;
        }
        None => cause.needs("Pods", case.readings.pods(case.failed)),
    }
    cause.guidance = vec![
        Guidance::text("Change nothing. Ask who reported it, and when: it may be over already"),
        Guidance::with(
            "Check that the health check's ID in the variables is this region's",
            command::get_health_check(case.profile, region),
        ),
    ];
    cause
}
