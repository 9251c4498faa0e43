//! The cluster's API does not answer us: our side, or the way to it (`domain.md`, sections 6 and 8).

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Blame, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::EksFacts;
use crate::runbook::fits;
use crate::runbook::steps::confirm;
use crate::runbook::verdict::WhyKind;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "cluster-unreachable",
        "Cluster out of reach",
        format!("The cluster of {} does not answer", region.name),
    );
    cause.blame = Blame::OurSide;
    cause.fits = fits::CLUSTER_UNREACHABLE;
    cause.explains = Explains::These(&["targets-unhealthy"]);
    let answer = case.readings.cluster(case.failed);
    match answer {
        Some(Err(why)) if out_of_reach(why.kind) => {
            cause.says(why.message.clone());
            cause.strength = Strength::Likely;
        }
        Some(Ok(facts)) => cause.denies(format!("The cluster answers, Kubernetes {}", facts.version)),
        _ => cause.needs("Cluster", answer),
    }
    if cause.strength == Strength::RuledOut {
        return cause;
    }
    let eks = case.readings.eks(case.failed);
    match eks {
        Some(Ok(EksFacts::Found(cluster))) if cluster.status == "ACTIVE" => {
            cause.says("EKS says that it is ACTIVE: the way from here is broken, or its endpoint");
            if !cluster.public_endpoint {
                cause
                    .says("Its API has only a private endpoint: it is reached from inside the network alone");
            }
        }
        Some(Ok(EksFacts::Found(cluster))) => cause.denies(format!("EKS says that it is {}", cluster.status)),
        Some(Ok(EksFacts::Missing)) => cause.denies("EKS knows no such cluster"),
        _ => cause.needs("EKS", eks),
    }
    if let Some(Ok(health)) = case.readings.health_check(case.failed)
        && confirm::is_healthy(case.profile, case.readings, case.failed) == Some(false)
        && confirm::common_failure(health).is_some_and(|failure| !failure.starts_with("HTTP "))
    {
        cause.says("The health checkers get no answer from its host either");
        // Not we alone: more is out than the way from here.
        cause.blame = Blame::Outside;
    }
    let answering: Vec<&str> = case
        .profile
        .others(case.failed)
        .filter(|other| matches!(case.readings.deployment(*other), Some(Ok(_))))
        .map(|other| case.profile.region(other).name.as_str())
        .collect();
    if !answering.is_empty() {
        let names = answering.join(", ");
        cause.says(format!("The cluster of {names} answers, so credentials and network work there"));
    }
    cause.guidance = guidance(case);
    cause
}

/// Is this how an API that cannot be reached looks from here?
pub(super) fn out_of_reach(kind: WhyKind) -> bool {
    kind.is_silence() || matches!(kind, WhyKind::Dns | WhyKind::Tls)
}

fn guidance(case: &Case) -> Vec<Guidance> {
    let region = case.failed_region();
    let mut steps = vec![
        Guidance::text(
            "Look at the way from here first: is the VPN on, is the network up? Then check all again",
        ),
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
    steps.extend(super::evidence::call(case));
    steps
}
