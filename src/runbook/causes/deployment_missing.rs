//! The Deployment is gone (`domain.md`, section 8).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Strength};
use crate::runbook::fact::{DeploymentFacts, IngressFacts, ReleaseFacts};
use crate::runbook::fits;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let (name, namespace) = (&case.profile.deployment, &case.profile.namespace);
    let headline = format!("The platform's Deployment in {region} is gone");
    let mut cause = Assessment::new("deployment-missing", "Deployment missing", headline);
    cause.advice = Some(Advice::Reapply);
    cause.fits = fits::DEPLOYMENT_MISSING;
    cause.explains = Explains::These(&["targets-unhealthy", "ingress-not-reconciled"]);
    match case.readings.deployment(case.failed) {
        Some(Ok(DeploymentFacts::Missing)) => {
            cause.says(format!("The cluster answers that there is no Deployment {name} in {namespace}"));
            cause.strength = Strength::Certain;
        }
        Some(Ok(DeploymentFacts::Found(_))) => cause.denies(format!("Deployment {name} exists")),
        _ => {}
    }
    evidence::no_pods(case, &mut cause);
    if cause.strength < Strength::Certain {
        return cause;
    }
    let mut others = case.profile.others(case.failed);
    let missing = |other| matches!(case.readings.deployment(other), Some(Ok(DeploymentFacts::Missing)));
    if let Some(other) = others.find(|other| missing(*other)) {
        let other = &case.profile.region(other).name;
        cause.denies(format!("{other} has none of that name either: is the name in the variables right?"));
        cause.strength = Strength::Possible;
    }
    if matches!(case.readings.ingress(case.failed), Some(Ok(IngressFacts::Found { .. }))) {
        let ingress = &case.profile.ingress;
        cause.says(format!("Its Ingress {ingress} is still there: the release is not wholly gone"));
    }
    match case.readings.release(case.failed) {
        Some(Ok(ReleaseFacts::Found(release))) => {
            cause.says(format!("Helm's record says {}, revision {}", release.status, release.revision));
        }
        Some(Ok(ReleaseFacts::Missing)) => cause.says("Helm has no record of the release either"),
        answer => cause.needs("Helm release", answer),
    }
    cause
}
