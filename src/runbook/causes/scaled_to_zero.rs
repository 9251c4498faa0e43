//! The Deployment wants no replicas, so nothing runs (`domain.md`, section 8).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Strength};
use crate::runbook::fact::DeploymentFacts;
use crate::runbook::fits;
use crate::runbook::steps::confirm;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let name = &case.profile.deployment;
    let headline = format!("The platform in {region} is scaled to zero");
    let mut cause = Assessment::new("scaled-to-zero", "Scaled to zero", headline);
    cause.advice = Some(Advice::Scale);
    cause.fits = fits::SCALED_TO_ZERO;
    cause.explains = Explains::These(&["targets-unhealthy"]);
    if let Some(Ok(DeploymentFacts::Found(deployment))) = case.readings.deployment(case.failed) {
        match deployment.replicas_wanted {
            0 => {
                cause.says(format!("Deployment {name} wants 0 replicas"));
                cause.strength = Strength::Certain;
            }
            wanted => cause.denies(format!("Deployment {name} wants {wanted} replicas")),
        }
    }
    evidence::no_pods(case, &mut cause);
    if let Some(Ok(health)) = case.readings.health_check(case.failed)
        && confirm::common_failure(health).as_deref() == Some("HTTP 503")
    {
        cause.says("The health checkers get HTTP 503: what a load balancer says without a target");
    }
    cause
}
