//! Signed in, and not permitted to look at what matters (`domain.md`, section 6).

use crate::runbook::action::ActionKind;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Fit, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::question::Question;
use crate::runbook::verdict::{Why, WhyKind};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let failed = case.failed;
    let mut cause = Assessment::new(
        "permission-missing",
        "Permission missing",
        format!("You may not look at the platform in {}", region.name),
    );
    cause.fit = |_: ActionKind| Fit::CannotHelp("Not permitted to look, so nothing is known to act on");
    let forbidden = |question: Question| -> Option<&Why> {
        case.readings.latest(question)?.answer.as_ref().err().filter(|why| why.kind == WhyKind::Forbidden)
    };
    let core = [Question::Deployment(failed), Question::Pods(failed), Question::HealthCheck(failed)];
    let side = [
        Question::Cluster(failed),
        Question::Logs(failed),
        Question::Ingress(failed),
        Question::Nodes(failed),
        Question::Events(failed),
        Question::Release(failed),
        Question::Eks(failed),
        Question::Targets(failed),
        Question::Path(failed),
    ];
    let core_missing = core.iter().any(|question| forbidden(*question).is_some());
    let mut remedies: Vec<String> = Vec::new();
    for why in core.iter().chain(&side).filter_map(|question| forbidden(*question)) {
        if !cause.evidence_for.contains(&why.message) {
            cause.says(why.message.clone());
        }
        if !remedies.contains(&why.remedy) {
            remedies.push(why.remedy.clone());
        }
    }
    if let Some(Ok(access)) = case.readings.access(failed) {
        let denied = access.permissions.iter().filter(|permission| permission.allowed == Ok(false));
        for permission in denied.filter(|permission| !permission.changes) {
            cause.says(format!(
                "The cluster says that you may not {} {}",
                permission.verb, permission.resource
            ));
        }
        if let Some(user) = &access.user {
            remedies.push(format!("The cluster knows you as {user}: that user needs the permission"));
        }
    }
    cause.strength = match (core_missing, cause.evidence_for.is_empty()) {
        (true, _) => Strength::Certain,
        // A check that is not permitted leaves a gap; it is not why the region is down.
        (false, false) => Strength::Possible,
        (false, true) => Strength::RuledOut,
    };
    if let Some(Ok(_)) = case.readings.cluster(failed) {
        cause.says("The cluster itself answers, so this is no outage of it");
    }
    if cause.strength == Strength::RuledOut {
        cause.evidence_for.clear();
        return cause;
    }
    cause.guidance = remedies.into_iter().map(Guidance::text).collect();
    cause.guidance.push(Guidance::with("See what you may do", command::can_i(case.profile, region)));
    cause.guidance.push(Guidance::text("The README lists every permission that is needed"));
    cause
}
