//! The cluster's API is out of reach from here: our side, or the cluster itself.
//! Which of the two, EKS tells (`domain.md`, section 8).

use crate::runbook::action::ActionKind;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Fit, Guidance, Strength, unread};
use crate::runbook::command;
use crate::runbook::steps::confirm;
use crate::runbook::verdict::WhyKind;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut evidence_for = Vec::new();
    let mut evidence_against = Vec::new();
    let cluster = case.readings.cluster(case.failed);
    let mut strength = Strength::RuledOut;
    match cluster {
        Some(Err(why)) if out_of_reach(why.kind) => {
            strength = Strength::Likely;
            evidence_for.push(format!("The cluster's API does not answer: {}", why.message));
            match confirm::is_healthy(case.readings, case.failed) {
                Some(false) => {
                    evidence_for.push("Route 53's checkers do not reach the region either".to_owned());
                }
                Some(true) => evidence_against
                    .push("Route 53's checkers reach the region: it may be only us".to_owned()),
                None => {}
            }
        }
        Some(Ok(_)) => evidence_against.push("The cluster's API answers".to_owned()),
        _ => {}
    }
    let others = case.profile.others(case.failed);
    let answering = others.filter(|other| matches!(case.readings.deployment(*other), Some(Ok(_))));
    let answering: Vec<&str> = answering.map(|other| case.profile.region(other).name.as_str()).collect();
    if strength > Strength::RuledOut && !answering.is_empty() {
        evidence_for.push(format!(
            "The cluster of {} answers, so credentials and network work there",
            answering.join(", ")
        ));
    }
    let mut not_checked: Vec<String> =
        unread("Deployment", case.readings.deployment(case.failed)).into_iter().collect();
    not_checked.push(
        "What EKS says of the cluster: this program does not ask it yet, the command below does".to_owned(),
    );
    Assessment {
        id: "cluster-unreachable",
        title: "Cluster out of reach".to_owned(),
        headline: format!("The cluster of {} does not answer", region.name),
        strength,
        evidence_for,
        evidence_against,
        not_checked,
        advice: Some(Advice::Guidance),
        guidance: guidance(case),
        fit: |_: ActionKind| Fit::CannotHelp("Cannot run: the cluster does not answer"),
    }
}

fn out_of_reach(kind: WhyKind) -> bool {
    matches!(kind, WhyKind::Timeout | WhyKind::Connection | WhyKind::Dns | WhyKind::Tls | WhyKind::Server)
}

fn guidance(case: &Case) -> Vec<Guidance> {
    let region = case.failed_region();
    let mut steps = vec![
        Guidance::text("Check this machine first: VPN on, network up. Then check again"),
        Guidance {
            text: "Ask EKS for the cluster's status".to_owned(),
            command: command::describe_cluster(case.profile, region),
        },
        Guidance::text("If it is ACTIVE, the way from here is broken: VPN, private endpoint, security group"),
        Guidance::text(
            "If it is not ACTIVE or does not exist, follow the AWS documentation to restore it or to create a \
             replacement, then re-apply the values file here",
        ),
    ];
    if let Some(escalation) = &case.profile.escalation {
        steps.push(Guidance::text(format!("Call for help: {escalation}")));
    }
    steps
}
