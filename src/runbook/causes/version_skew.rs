//! The failed region runs another version than the healthy one: mixed versions confuse leader election
//! (`domain.md`, T2 and T3).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::DeploymentFacts;
use crate::runbook::fits;
use crate::runbook::profile::RegionIndex;
use crate::runbook::version;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "version-skew",
        "Versions differ",
        format!("The platform in {} has another version than the healthy region", region.name),
    );
    cause.advice = Some(Advice::Reapply);
    cause.fits = fits::VERSION_SKEW;
    cause.explains = Explains::These(&["crash-loop", "targets-unhealthy"]);
    let answer = case.readings.deployment(case.failed);
    cause.needs("Deployment", answer);
    let (here, healthy) = (evidence::version_wanted(case, case.failed), case.healthy_wanted());
    let (Some(here), Some((healthy, name))) = (here, healthy) else {
        if answer.is_some_and(|answer| answer.is_ok()) {
            cause
                .not_checked
                .push("Version of the healthy region: its Deployment could not be read".to_owned());
        }
        return cause;
    };
    if version::same(&here, &healthy) {
        cause.denies(format!("Both run version {here}"));
        return cause;
    }
    cause.says(format!("It runs version {here}, and {name} runs {healthy}"));
    for chart in
        [case.failed].into_iter().chain(case.profile.others(case.failed)).filter_map(|r| chart(case, r))
    {
        cause.says(chart);
    }
    match case.platform_up() {
        Some(true) => {
            cause.denies("Its pods are ready all the same");
            cause.strength = Strength::Possible;
        }
        Some(false) => {
            cause.says("Its pods are not ready");
            cause.strength = Strength::Likely;
        }
        None => {
            cause.needs("Pods", case.readings.pods(case.failed));
            cause.strength = Strength::Possible;
        }
    }
    cause.guidance = vec![
        Guidance::text(match case.healthy_version() {
            Ok((version, _)) => format!(
                "Re-apply the values file in step 3: it installs version {version}, so that both run the same"
            ),
            Err(why) => format!(
                "Re-apply the values file in step 3, with the healthy region's version as chart.version in the environment: {why}"
            ),
        }),
        Guidance::with("See what this region wants", command::deployment_image(case.profile, region)),
    ];
    cause
}

fn chart(case: &Case, region: RegionIndex) -> Option<String> {
    let DeploymentFacts::Found(deployment) = case.readings.deployment(region)?.ok()? else { return None };
    let chart = deployment.chart.as_deref()?;
    Some(format!("{} was installed from chart {chart}", case.profile.region(region).name))
}
