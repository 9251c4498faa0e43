//! Signed in, and not permitted to look at what matters (`domain.md`, section 6).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Blame, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::AccessFacts;
use crate::runbook::fits;
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
    cause.blame = Blame::OurSide;
    cause.fits = fits::PERMISSION_MISSING;
    let forbidden = |question: Question| -> Option<&Why> {
        case.readings.latest(question)?.answer.as_ref().err().filter(|why| why.kind == WhyKind::Forbidden)
    };
    let core = [Question::Deployment(failed), Question::Pods(failed)];
    let side = [
        Question::HealthCheck(failed),
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
    let refusals: Vec<(Question, &Why)> =
        core.iter().chain(&side).filter_map(|question| Some((*question, forbidden(*question)?))).collect();
    if !refusals.is_empty() {
        let what: Vec<&str> = refusals.iter().map(|(question, _)| name(*question)).collect();
        cause.says(format!("Refused as not permitted: {}", what.join(", ")));
    }
    let mut user = None;
    if let Some(Ok(access)) = case.readings.access(failed) {
        cause.evidence_for.extend(denied(access));
        user = access.user.as_deref();
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
    if let Some(user) = user {
        cause.says(format!("The cluster knows you as {user}"));
    }
    // In the system's own words, below what they come to.
    for (_, why) in &refusals {
        let line = format!("`{}`", why.message);
        if !cause.evidence_for.contains(&line) {
            cause.says(line);
        }
    }
    if cause.strength == Strength::RuledOut {
        cause.evidence_for.clear();
        return cause;
    }
    let to_do = format!("permit you to look at the platform in {}", region.name);
    cause.guidance = vec![
        Guidance::text(evidence::ask(case, "whoever runs the EKS clusters", &to_do)),
        Guidance::with("See what you may do", command::can_i(case.profile, region)),
        Guidance::text("The README lists every permission that is needed"),
    ];
    let mut remedies: Vec<&str> = refusals.iter().map(|(_, why)| why.remedy.as_str()).collect();
    remedies.sort_unstable();
    remedies.dedup();
    cause.guidance.extend(remedies.into_iter().map(Guidance::text));
    cause
}

/// What the cluster itself says that we may not look at: the first few by name.
fn denied(access: &AccessFacts) -> Option<String> {
    let denied: Vec<String> = access
        .permissions
        .iter()
        .filter(|permission| permission.allowed == Ok(false) && !permission.changes)
        .map(|permission| format!("{} {}", permission.verb, permission.resource))
        .collect();
    let more = if denied.len() > 3 { format!(", and {} more", denied.len() - 3) } else { String::new() };
    let first = denied[..denied.len().min(3)].join(", ");
    (!denied.is_empty()).then(|| format!("The cluster says that you may not {first}{more}"))
}

/// What was refused, in a word for a list.
fn name(question: Question) -> &'static str {
    match question {
        Question::Deployment(_) => "Deployment",
        Question::Pods(_) => "pods",
        Question::HealthCheck(_) => "health check",
        Question::Cluster(_) => "cluster",
        Question::Logs(_) => "logs",
        Question::Ingress(_) => "Ingress",
        Question::Nodes(_) => "nodes",
        Question::Events(_) => "events",
        Question::Release(_) => "Helm release",
        Question::Eks(_) => "EKS",
        Question::Targets(_) => "targets",
        Question::Path(_) => "way to the database",
        _ => "another thing",
    }
}
