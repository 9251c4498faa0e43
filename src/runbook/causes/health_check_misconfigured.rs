//! A health check that tells nothing true: disabled, inverted, or watching another host.

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fits;
use crate::runbook::profile::RegionIndex;
use crate::runbook::steps::confirm;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let mut cause = Assessment::new(
        "health-check-misconfigured",
        "Health check set wrongly",
        "A health check does not tell how its region is",
    );
    cause.fits = fits::LEAVE_THE_PLATFORM;
    let mut own = false;
    let mut first = None;
    for region in std::iter::once(case.failed).chain(case.profile.others(case.failed)) {
        let name = &case.profile.region(region).name;
        match case.readings.health_check(region) {
            Some(Ok(facts)) => match &facts.settings {
                Ok(_) => {
                    if let Some(wrong) = wrong(case, region) {
                        own |= region == case.failed;
                        first = first.or(Some(region));
                        if cause.evidence_for.is_empty() {
                            cause.headline = format!("The health check of {name} {}", wrong.headline);
                            cause.title = format!("Health check of {name} {}", wrong.title);
                        }
                        cause.says(wrong.evidence);
                    }
                }
                Err(message) => cause.not_checked.push(format!("Settings of {name}: {message}")),
            },
            answer => cause.needs(&format!("Health check of {name}"), answer),
        }
    }
    if cause.evidence_for.is_empty() {
        return cause;
    }
    let turned =
        case.profile.others(case.failed).any(|other| confirm::fails_by_inversion(case.readings, other));
    // A check of another name of the same host is not wrong.
    let flags = own && first.is_some_and(|region| !only_another_host(case, region));
    cause.strength = if flags || turned { Strength::Certain } else { Strength::Likely };
    if own || turned {
        // What the check says of its region is not true, so what follows from it is not either.
        cause.explains = Explains::These(&["nothing-failing", "all-regions-failing", "wrong-region"]);
    }
    match case.platform_up() {
        Some(true) if own => cause.says("The region's pods are ready: only the check says that it failed"),
        Some(false) if own => {
            cause.denies("The region's pods are not all ready, so more is wrong than the check");
            if !turned {
                cause.strength = Strength::Possible;
            }
        }
        _ => {}
    }
    let region = case.profile.region(first.unwrap_or(case.failed));
    let to_do = format!("set the health check of {} right", region.name);
    cause.guidance = vec![
        Guidance::text(format!(
            "{}. Until then trust the hosts' own answers",
            evidence::ask(case, "whoever manages Route 53", &to_do)
        )),
        Guidance::with(
            "Look at the health check's settings yourself",
            command::get_health_check(case.profile, region),
        ),
        Guidance::text("Compare its ID and its host with the environment's variables"),
    ];
    cause
}

/// Is the host that it watches all that is wrong with a health check?
fn only_another_host(case: &Case, region: RegionIndex) -> bool {
    let settings = case.readings.health_check(region).and_then(|facts| facts.ok()?.settings.as_ref().ok());
    settings.is_some_and(|settings| !settings.disabled && !settings.inverted)
}

struct Wrong {
    title: &'static str,
    headline: &'static str,
    evidence: String,
}

fn wrong(case: &Case, region: RegionIndex) -> Option<Wrong> {
    let settings = case.readings.health_check(region)?.ok()?.settings.as_ref().ok()?;
    let target = case.profile.region(region);
    let name = &target.name;
    if settings.disabled {
        return Some(Wrong {
            title: "disabled",
            headline: "is disabled: it counts as healthy whatever happens",
            evidence: format!("{name}: Disabled is set, so Route 53 never moves traffic away"),
        });
    }
    if settings.inverted {
        return Some(Wrong {
            title: "inverted",
            headline: "is inverted: it fails while its host is well",
            evidence: format!(
                "{name}: Inverted is set, so its result is the opposite of what the checkers report"
            ),
        });
    }
    let host = target.host.as_deref()?;
    settings.another_host(Some(host)).map(|watched| Wrong {
        title: "watches another host",
        headline: "watches another host",
        evidence: format!("{name}: it watches {watched}, and the region's host is {host}"),
    })
}
