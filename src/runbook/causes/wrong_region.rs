//! The chosen region is healthy, and another one fails.

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Blame, Explains, Guidance, Strength};
use crate::runbook::fits;
use crate::runbook::steps::confirm::{self, Outcome};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let chosen = &case.failed_region().name;
    let mut cause =
        Assessment::new("wrong-region", "Another region failed", "Another region is the one that failed");
    cause.blame = Blame::Choice;
    cause.explains = Explains::All;
    cause.fits = fits::LEAVE_THE_PLATFORM;
    let outcome = confirm::outcome(case.profile, case.readings, case.failed);
    let Some(Outcome::OtherRegionFailing(other)) = outcome else { return cause };
    let name = &case.profile.region(other).name;
    cause.title = format!("{name} failed, not {chosen}");
    cause.headline = format!("{chosen} is healthy: {name} is the one that failed");
    cause.strength = Strength::Certain;
    for region in [case.failed, other] {
        let of = &case.profile.region(region).name;
        if let Some(Ok(facts)) = case.readings.health_check(region)
            && let Ok(health) = confirm::health(facts)
        {
            cause.says(format!("{of}: {} of {} checkers succeed", health.succeed, health.total));
        }
    }
    if case.ready_pods(case.failed).is_some_and(|ready| ready > 0) {
        cause.says(format!("{chosen} has ready pods and carries the traffic"));
    }
    cause.guidance = vec![
        Guidance::text(format!(
            "Take {name} for the failed region: everything is read anew for it, and nothing is changed"
        )),
        Guidance::text(format!("Change nothing in {chosen}: it is the only region that serves")),
    ];
    cause
}
