//! The pods run, and the load balancer does not get through to them, or nobody to it
//! (`domain.md`, sections 4 and 8).

use jiff::SignedDuration;

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::{Pod, TargetsFacts};
use crate::runbook::fits;
use crate::runbook::steps::confirm;
use crate::runbook::targets::{self, Count};

/// How long a pod's target may take to be registered and found healthy.
const REGISTERING: SignedDuration = SignedDuration::from_mins(2);

/// Does the region's host answer us as it should?
fn answers_us(case: &Case) -> bool {
    matches!(case.readings.probe(case.failed), Some(Ok(probe)) if probe.is_well())
}

/// Is one of the ready pods younger than it takes to register its target?
fn just_started(case: &Case) -> bool {
    let Some(Ok(facts)) = case.readings.pods(case.failed) else { return false };
    let young = |pod: &Pod| pod.created_at.is_some() && case.is_recent(pod.created_at, REGISTERING);
    facts.active().any(|pod| pod.ready && young(pod))
}

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "targets-unhealthy",
        "Targets unhealthy",
        format!("The load balancer of {} does not get through to the pods", region.name),
    );
    cause.fits = fits::TARGETS_UNHEALTHY;
    let answer = case.readings.targets(case.failed);
    cause.needs("Targets", answer);
    let up = case.platform_up();
    if up.is_none() {
        cause.needs("Pods", case.readings.pods(case.failed));
    }
    let Some(Ok(facts)) = answer else { return cause };
    let count = targets::count(facts);
    if count.healthy < count.all || count.all == 0 {
        not_healthy(case, facts, &mut cause);
    } else if up == Some(true) && confirm::is_healthy(case.profile, case.readings, case.failed) == Some(false)
    {
        out_of_reach(case, count, &mut cause);
    } else {
        cause.denies(format!("{} of {} targets are healthy", count.healthy, count.all));
    }
    if cause.strength > Strength::RuledOut && up == Some(true) {
        cause.says("The pods are ready, so the platform itself runs");
    }
    if let Some(Ok(health)) = case.readings.health_check(case.failed)
        && cause.strength > Strength::RuledOut
        && let Some(failure) = confirm::common_failure(health)
    {
        cause.says(format!("The health checkers report: {failure}"));
    }
    cause.guidance = guidance(case, facts);
    cause
}

/// Some targets are not healthy, or there are none.
fn not_healthy(case: &Case, facts: &TargetsFacts, cause: &mut Assessment) {
    let count = targets::count(facts);
    cause.says(match count.all {
        0 => "No target is registered with the load balancer".to_owned(),
        all => format!("{} of {all} targets are healthy", count.healthy),
    });
    if let Some(reason) = targets::common_reason(facts) {
        cause.says(format!("{}: {}", reason, targets::meaning(reason)));
    }
    cause.strength = match case.platform_up() {
        Some(true) if count.starting > 0 || just_started(case) => {
            cause.denies("The pods or their targets are new: registering takes a minute or two");
            Strength::Possible
        }
        Some(true) if count.healthy == 0 => Strength::Certain,
        Some(true) => Strength::Possible,
        // Pods that are not ready are no healthy targets: an effect.
        _ => Strength::RuledOut,
    };
}

/// All targets are healthy, and the health check fails.
fn out_of_reach(case: &Case, count: Count, cause: &mut Assessment) {
    let region = &case.failed_region().name;
    if answers_us(case) {
        // The health check needs half a minute to see what we see.
        cause.denies("Its host answers 200 to us: the health check may not have seen it yet");
        return;
    }
    cause.needs("Our own look at its host", case.readings.probe(case.failed));
    "Load balancer out of reach".clone_into(&mut cause.title);
    cause.headline =
        format!("The load balancer of {region} has healthy targets, and nobody gets through to it");
    cause.says(format!("{} of {} targets are healthy, and the health check fails", count.healthy, count.all));
    // Without our own look it may be the health check that is late.
    let looked = matches!(case.readings.probe(case.failed), Some(Ok(_)));
    cause.strength = if looked { Strength::Likely } else { Strength::Possible };
}

fn guidance(case: &Case, facts: &TargetsFacts) -> Vec<Guidance> {
    let region = case.failed_region();
    let count = targets::count(facts);
    let to_do = match targets::common_reason(facts) {
        Some("Target.Timeout" | "Target.FailedHealthChecks") => {
            "open the target port for the load balancer: security groups of the nodes or pods, network ACLs"
        }
        Some("Target.ResponseCodeMismatch") => {
            "look at the target group's health check: the pods answer it, and not with 200"
        }
        _ if count.all > 0 && count.healthy == count.all => {
            "look at the listener, its certificate, the load balancer's security group and DNS"
        }
        _ => "look at the target group: its targets do not become healthy",
    };
    let arn = facts.groups.first().map(|group| group.arn.as_str());
    vec![
        Guidance::text(evidence::ask(case, "the network's owners", to_do)),
        Guidance::with("Read each target's reason", command::target_health(case.profile, region, arn)),
        Guidance::text(
            "Time-outs: look at the security groups of the nodes or pods, and at the network ACLs: is the target \
             port open for the load balancer?",
        ),
        Guidance::text(
            "Healthy targets: look at the listener, its certificate, the load balancer's security group and DNS",
        ),
    ]
}
