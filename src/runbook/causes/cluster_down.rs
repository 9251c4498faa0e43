//! EKS itself says that the cluster is not up (`domain.md`, sections 6 and 8).

use super::cluster_unreachable::out_of_reach;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::EksFacts;
use crate::runbook::fits;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "cluster-down",
        "Cluster down",
        format!("The cluster of {} is down, EKS says", region.name),
    );
    cause.explains = Explains::These(&["cluster-unreachable", "nodes-not-ready", "targets-unhealthy"]);
    cause.fits = fits::CLUSTER_DOWN;
    let answer = case.readings.eks(case.failed);
    cause.needs("EKS", answer);
    let bad = match answer {
        Some(Ok(EksFacts::Missing)) if case.foreign_account(case.failed).is_some() => {
            cause.not_checked.push("EKS: your AWS credentials are another account's".to_owned());
            false
        }
        Some(Ok(EksFacts::Missing)) => {
            cause.says("EKS knows no such cluster in this account and region");
            true
        }
        Some(Ok(EksFacts::Found(cluster))) => {
            let serves = matches!(cluster.status.as_str(), "ACTIVE" | "UPDATING");
            let said = format!("EKS says that it is {}", cluster.status);
            if serves {
                cause.denies(said);
            } else {
                cause.says(said);
            }
            for issue in &cluster.issues {
                cause.says(format!("EKS reports {}: {}", issue.code, issue.message));
            }
            !serves
        }
        _ => false,
    };
    let reached = match case.readings.cluster(case.failed) {
        Some(Ok(facts)) => {
            cause.denies(format!("Its API answers, Kubernetes {}", facts.version));
            Some(true)
        }
        Some(Err(why)) if out_of_reach(why.kind) => {
            cause.says(why.message.clone());
            Some(false)
        }
        answer => {
            cause.needs("Cluster", answer);
            None
        }
    };
    cause.strength = match (bad, reached) {
        (true, Some(false)) => Strength::Certain,
        (true, None) => Strength::Likely,
        (true, Some(true)) => Strength::Possible,
        (false, _) => Strength::RuledOut,
    };
    let to_do = format!("restore the cluster of {}, or to create a replacement", region.name);
    cause.guidance = vec![
        Guidance::text(super::evidence::ask(case, "whoever runs the EKS clusters", &to_do)),
        Guidance {
            text: "Ask EKS again, and read its health issues".to_owned(),
            command: command::describe_cluster(case.profile, region),
        },
        Guidance::text("Look at the AWS Health Dashboard: is the whole region affected?"),
        Guidance::text(
            "A replacement has another context: put it into the variables, in the middle of this run",
        ),
        Guidance::text("Then re-apply the region's values file here"),
    ];
    cause
}
