//! The load balancer controller does not bring the Ingress about: its old address stays, and says nothing
//! (`domain.md`, section 4).

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::{Event, FoundBy, IngressFacts};
use crate::runbook::fits;

/// The controller's reasons that are failures.
const FAILURES: [&str; 5] = [
    "FailedBuildModel",
    "FailedDeployModel",
    "FailedLoadGroupID",
    "FailedUpdateStatus",
    "ConflictingIngressClass",
];
/// The controller's reason for a success.
const SUCCESS: &str = "SuccessfullyReconciled";

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "ingress-not-reconciled",
        "Ingress not reconciled",
        format!("The load balancer of {} is not kept up to date: its controller fails", region.name),
    );
    cause.fits = fits::INGRESS_NOT_RECONCILED;
    cause.explains = Explains::These(&["targets-unhealthy"]);
    let (ingress, events) = (case.readings.ingress(case.failed), case.readings.events(case.failed));
    cause.needs("Ingress", ingress);
    cause.needs("Events", events);
    let mut quoted = None;
    match ingress {
        Some(Ok(IngressFacts::Missing)) => {
            cause.says(format!("There is no Ingress {}", case.profile.ingress));
            cause.strength = Strength::Likely;
        }
        Some(Ok(IngressFacts::Found { addresses, .. })) if addresses.is_empty() => {
            cause.says("The Ingress has no address: no load balancer was made for it");
            cause.strength = Strength::Likely;
        }
        // An address is no proof: it stays when the controller fails.
        _ => {}
    }
    match newest(case) {
        Some(event) if FAILURES.contains(&event.reason.as_str()) => {
            cause.says(format!("The controller's newest event is a failure: {}", event.reason));
            cause.strength = Strength::Certain;
            quoted = Some(format!("It says: `{}`", event.message.trim()));
        }
        Some(event) => cause.denies(format!("The controller's newest event: {}", event.reason)),
        None => {}
    }
    if let Some(Ok(targets)) = case.readings.targets(case.failed)
        && cause.strength > Strength::RuledOut
        && (matches!(targets.found_by, FoundBy::Nothing(_))
            || targets.groups.iter().all(|g| g.targets.is_empty()))
    {
        cause.says("The load balancer has no registered target");
    }
    match case.platform_up() {
        Some(true) if cause.strength > Strength::RuledOut => {
            cause.says("The pods are ready, so the platform itself runs");
        }
        // The first thing to mend is what runs no pods.
        Some(false) if cause.strength > Strength::RuledOut => {
            cause.denies("Pods are not ready, so more is wrong than the Ingress");
            cause.strength = Strength::Possible;
        }
        _ => {}
    }
    // Long, and whole behind "All evidence": below what is said in plain words.
    cause.evidence_for.extend(quoted);
    let to_do = "mend the AWS Load Balancer Controller: whether it runs, and whether IAM lets it change load balancers";
    cause.guidance = vec![
        Guidance::text(super::evidence::ask(case, "whoever runs the EKS clusters", to_do)),
        Guidance::with("Read the Ingress' events", command::describe_ingress(case.profile, region)),
        Guidance::text("When its permission or its fault is mended, it reconciles by itself within minutes"),
    ];
    cause
}

/// The newest event of the Ingress that speaks of reconciling.
fn newest<'a>(case: &Case<'a>) -> Option<&'a Event> {
    let facts = case.readings.events(case.failed)?.ok()?;
    let object = format!("Ingress/{}", case.profile.ingress);
    let speaks = |event: &&Event| {
        event.object == object && (event.reason == SUCCESS || FAILURES.contains(&event.reason.as_str()))
    };
    facts.events.iter().filter(speaks).max_by_key(|event| event.last_seen)
}
