//! The Deployment is gone (`domain.md`, section 8).

use crate::runbook::action::ActionKind;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Fit, Strength, unread};
use crate::runbook::fact::{DeploymentFacts, IngressFacts};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let (name, namespace) = (&case.profile.deployment, &case.profile.namespace);
    let mut evidence_for = Vec::new();
    let mut evidence_against = Vec::new();
    let answer = case.readings.deployment(case.failed);
    match answer {
        Some(Ok(DeploymentFacts::Missing)) => {
            evidence_for
                .push(format!("The cluster answers that there is no Deployment {name} in {namespace}"));
        }
        Some(Ok(DeploymentFacts::Found(_))) => evidence_against.push(format!("Deployment {name} exists")),
        _ => {}
    }
    let strength = if evidence_for.is_empty() { Strength::RuledOut } else { Strength::Certain };
    if let Some(Ok(pods)) = case.readings.pods(case.failed) {
        if pods.pods.is_empty() {
            evidence_for.push("No pod of it exists".to_owned());
        } else {
            evidence_against.push(format!("{} pods with its label exist", pods.pods.len()));
        }
    }
    if strength == Strength::Certain
        && matches!(case.readings.ingress(case.failed), Some(Ok(IngressFacts::Found { .. })))
    {
        evidence_for.push(format!(
            "Its Ingress {} is still there: the release is not wholly gone",
            case.profile.ingress
        ));
    }
    Assessment {
        id: "deployment-missing",
        title: "Deployment missing".to_owned(),
        headline: format!("The platform's Deployment in {region} is gone"),
        strength,
        evidence_for,
        evidence_against,
        not_checked: [unread("Deployment", answer), unread("Pods", case.readings.pods(case.failed))]
            .into_iter()
            .flatten()
            .collect(),
        advice: Some(Advice::Reapply),
        guidance: Vec::new(),
        fit,
    }
}

fn fit(action: ActionKind) -> Fit {
    match action {
        ActionKind::ReapplyHelm => Fit::Fits("Fits the cause"),
        ActionKind::ReapplyVcluster => Fit::Also("Also works; may change the admin password"),
        ActionKind::Restart => Fit::CannotHelp("Cannot help: there is no Deployment to restart"),
        ActionKind::Scale => Fit::CannotHelp("Cannot help: there is no Deployment to scale"),
    }
}
