//! The image cannot be pulled: a wrong version, or a registry out of reach (`domain.md`, section 8).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::Container;
use crate::runbook::fits;
use crate::runbook::version;

/// Waiting reasons that speak of the image.
const REASONS: [&str; 4] = ["ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName"];

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "image-pull",
        "Image cannot be pulled",
        format!("The platform's image cannot be pulled in {}", region.name),
    );
    cause.advice = Some(Advice::Reapply);
    cause.fits = fits::IMAGE_PULL;
    cause.explains = Explains::These(&["version-skew", "targets-unhealthy"]);
    let answer = case.readings.pods(case.failed);
    cause.needs("Pods", answer);
    let Some(Ok(facts)) = answer else { return cause };
    let stuck = |container: &&Container| {
        container.waiting_reason.as_deref().is_some_and(|reason| REASONS.contains(&reason))
    };
    let all = facts.active().count();
    let pods: Vec<_> = facts.active().filter_map(|pod| pod.containers.iter().find(stuck)).collect();
    let Some(first) = pods.first() else {
        if all > 0 {
            cause.denies("Every pod has its image");
        }
        return cause;
    };
    let reason = first.waiting_reason.as_deref().unwrap_or_default();
    cause.says(format!("{} of {all} pods wait for their image ({reason})", pods.len()));
    cause.strength = if case.platform_up() == Some(true) { Strength::Possible } else { Strength::Certain };
    let here = evidence::version_wanted(case, case.failed);
    let healthy = case.healthy_wanted();
    let differs = match (&here, &healthy) {
        (Some(here), Some((healthy, _))) => !version::same(here, healthy),
        _ => false,
    };
    match (&here, &healthy) {
        (Some(here), Some((healthy, name))) if differs => {
            cause.says(format!("It wants version {here}, and {name} runs {healthy}"));
        }
        (Some(here), Some((_, name))) => {
            // The version is right, so installing it again brings nothing.
            cause.advice = Some(Advice::Guidance);
            cause.fits = fits::IMAGE_PULL_OF_THE_RIGHT_VERSION;
            cause.says(format!(
                "{name} runs the same version {here}: the registry may be out of reach from here"
            ));
        }
        _ => cause.needs("Deployment", case.readings.deployment(case.failed)),
    }
    if let Some(message) = &first.waiting_message {
        cause.says(format!("It says: `{}`", message.trim()));
    }
    let registry = "let the nodes reach the image registry: NAT gateway, proxy, pull secret";
    cause.guidance = vec![
        match case.healthy_version() {
            Ok((healthy, name)) if differs || here.is_none() => Guidance::text(format!(
                "Re-apply the values file in step 3: it installs version {healthy}, as in {name}"
            )),
            Err(why) if differs => Guidance::text(format!(
                "Re-apply the values file in step 3, with the healthy region's version as chart.version in the environment: {why}"
            )),
            _ => Guidance::text(evidence::ask(case, "whoever runs the EKS clusters", registry)),
        },
        Guidance::with("Read the registry's whole answer", command::describe_pods(case.profile, region)),
        Guidance::text(
            "If the version is right, the nodes cannot reach the registry: that is not ours to mend",
        ),
    ];
    cause
}
