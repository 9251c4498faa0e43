//! The Deployment wants no replicas, so nothing runs (`domain.md`, section 8).

use crate::runbook::action::ActionKind;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Fit, Strength, unread};
use crate::runbook::fact::DeploymentFacts;
use crate::runbook::steps::confirm;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let name = &case.profile.deployment;
    let mut evidence_for = Vec::new();
    let mut evidence_against = Vec::new();
    let answer = case.readings.deployment(case.failed);
    if let Some(Ok(DeploymentFacts::Found(deployment))) = answer {
        match deployment.replicas_wanted {
            0 => evidence_for.push(format!("Deployment {name} wants 0 replicas")),
            wanted => evidence_against.push(format!("Deployment {name} wants {wanted} replicas")),
        }
    }
    let strength = if evidence_for.is_empty() { Strength::RuledOut } else { Strength::Certain };
    if let Some(Ok(pods)) = case.readings.pods(case.failed) {
        if pods.pods.is_empty() {
            evidence_for.push("No pod of it exists".to_owned());
        } else {
            evidence_against.push(format!("{} pods of it exist", pods.pods.len()));
        }
    }
    if let Some(Ok(health)) = case.readings.health_check(case.failed)
        && confirm::common_failure(health).as_deref() == Some("HTTP 503")
    {
        evidence_for
            .push("The health checkers get HTTP 503: what a load balancer says without a target".to_owned());
    }
    Assessment {
        id: "scaled-to-zero",
        title: "Scaled to zero".to_owned(),
        headline: format!("The platform in {region} is scaled to zero"),
        strength,
        evidence_for,
        evidence_against,
        not_checked: [unread("Deployment", answer), unread("Pods", case.readings.pods(case.failed))]
            .into_iter()
            .flatten()
            .collect(),
        advice: Some(Advice::Scale),
        guidance: Vec::new(),
        fit,
    }
}

fn fit(action: ActionKind) -> Fit {
    match action {
        ActionKind::Scale => Fit::Fits("Fits the cause"),
        ActionKind::ReapplyHelm | ActionKind::ReapplyVcluster => Fit::Also("Also works, changes more"),
        ActionKind::Restart => Fit::CannotHelp("Cannot help: there is no pod to restart"),
    }
}
