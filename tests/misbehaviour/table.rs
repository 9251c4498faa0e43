//! What each check may come to where its peer misbehaves: `Unknown`, but for what is named here.

use failback::runbook::action::ActionKind;
use failback::runbook::case::Case;
use failback::runbook::cause::{self, Strength};
use failback::runbook::check::Check;
use failback::runbook::question::{Question, Readings};
use failback::runbook::step::Step;
use failback::runbook::steps::{self, restore};
use failback::runbook::verdict::{Finding, Verdict};

use super::place::{KEY, KEY_ID, PASSWORD, Place, TOKEN};
use super::server::{Body, Way};

/// Every step that has checks, or questions of its own.
pub const STEPS: [Step; 6] =
    [Step::Preflight, Step::Confirm, Step::Diagnose, Step::Restore, Step::Rollout, Step::Verify];
/// About the longest text that a person reads at three in the morning, in characters.
const LONGEST: usize = 400;

/// Checks that no server answers: files and programs of this machine. They have tests of their own.
fn is_local(check: &Check) -> bool {
    matches!(check.question, Question::Values(_) | Question::Tools)
}

/// The verdict that a check comes to, with the reason where it is not `Unknown`.
fn verdict_of(way: Way, id: &str) -> (Verdict, &'static str) {
    match (way, id) {
        (Way::Answer(300.., _), "probe" | "shared-probe") => {
            (Verdict::Fail, "the host answered, as the health checkers want it not to")
        }
        (Way::Answer(..) | Way::Stall | Way::Reset, "probe" | "shared-probe") => {
            (Verdict::Pass, "a health checker looks at the status alone, and it is 200")
        }
        (Way::Answer(300.., _), "chart") => (Verdict::Fail, "the repository answered, and gives no chart"),
        (Way::Answer(404, Body::Missing), "deployment" | "ingress") => {
            (Verdict::Fail, "the cluster itself says that the object is not there")
        }
        (Way::Answer(404, Body::Missing), "targets") => {
            (Verdict::Fail, "no binding and no Ingress: the cluster itself says so")
        }
        (Way::Answer(404, Body::Missing), "versions") => {
            (Verdict::Fail, "no region has a Deployment: the clusters themselves say so")
        }
        _ => (Verdict::Unknown, ""),
    }
}

/// Causes that are certain all the same: the peer's own words, in the form that only it gives them.
fn may_be_certain(way: Way, cause: &str) -> bool {
    match way {
        Way::Answer(403, Body::Status) => cause == "permission-missing",
        Way::Answer(404, Body::Missing) => cause == "deployment-missing",
        _ => false,
    }
}

/// All that is wrong with what the program makes of these readings.
pub fn faults(way: Way, place: &Place, readings: &Readings) -> Vec<String> {
    let profile = place.session.profile();
    let mut faults = Vec::new();
    let mut judged = 0;
    for failed in profile.indices() {
        let case = Case { profile, failed, readings, now: jiff::Timestamp::now() };
        for check in STEPS.into_iter().flat_map(|step| steps::checks(&case, step)) {
            if is_local(&check) {
                continue;
            }
            judged += 1;
            let name = format!("{way:?}: {} of {:?} in {:?}", check.id, check.region, check.step);
            let problems = problems_of(way, place, &check);
            faults.extend(problems.into_iter().map(|problem| format!("{name}: {problem}")));
        }
        faults.extend(causes(way, &case));
        faults.extend(plans(way, &case));
    }
    assert!(judged > 60, "the checks were not made: {judged}");
    faults.sort();
    faults.dedup();
    faults
}

fn problems_of(way: Way, place: &Place, check: &Check) -> Vec<String> {
    let Some(finding) = &check.finding else { return vec!["no verdict".to_owned()] };
    let mut problems = problems_of_words(finding, &check.details);
    let (verdict, reason) = verdict_of(way, check.id);
    if finding.verdict != verdict {
        let (found, is) = (&finding.found, finding.verdict);
        problems.push(format!("{is:?}, not {verdict:?} {reason}: {found}"));
    }
    let is_about_the_peer = !matches!(check.id, "network-peers") || !finding.found.contains("know the type");
    let names = peers(place, check.question);
    if finding.verdict == Verdict::Unknown
        && is_about_the_peer
        && !names.iter().any(|name| finding.found.contains(name.as_str()))
    {
        problems.push(format!("names none of {names:?}: {}", finding.found));
    }
    problems
}

/// Words that a person cannot act on, or must not see.
pub fn problems_of_words(finding: &Finding, details: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let Finding { verdict, found, remedy, .. } = finding;
    if found.trim().is_empty() {
        problems.push("says nothing".to_owned());
    }
    if *verdict != Verdict::Pass && remedy.trim().is_empty() {
        problems.push(format!("no remedy for: {found}"));
    }
    for text in [found, remedy].into_iter().chain(details) {
        if text.chars().count() > LONGEST {
            problems.push(format!("too long: {text}"));
        }
        if [TOKEN, KEY, KEY_ID, PASSWORD].iter().any(|secret| text.contains(secret)) {
            problems.push(format!("shows a secret: {text}"));
        }
    }
    problems
}

/// The names of which a message has to tell one, so that a person knows who did not answer.
fn peers(place: &Place, question: Question) -> Vec<String> {
    let cluster = |index: usize| place.clusters[index].clone();
    match question {
        Question::HealthCheck(_) => vec!["Route 53".to_owned()],
        Question::SharedProbe => vec!["https://multi-region.example.com".to_owned()],
        Question::Probe(_) => vec![".multi-region.example.com".to_owned()],
        Question::Identity => vec!["STS".to_owned()],
        Question::Chart => vec![place.plain.clone()],
        Question::Eks(_) => vec!["EKS".to_owned()],
        Question::Path(_) => vec!["EKS".to_owned(), "EC2".to_owned()],
        Question::Targets(region) => vec!["Elastic Load Balancing".to_owned(), cluster(region.0)],
        other => vec![cluster(other.region().map_or(0, |region| region.0)), cluster(0)],
    }
}

fn causes(way: Way, case: &Case) -> Vec<String> {
    let certain = cause::rank(case).into_iter().filter(|cause| cause.strength == Strength::Certain);
    let faulty = certain.filter(|cause| !may_be_certain(way, cause.id));
    faulty.map(|cause| format!("{way:?}: {} is certain: {:?}", cause.id, cause.evidence_for)).collect()
}

fn plans(way: Way, case: &Case) -> Vec<String> {
    let region = &case.failed_region().name;
    let mut faults = Vec::new();
    if restore::gate(case).is_empty() {
        faults.push(format!("{way:?}: the gate is open"));
    }
    let may_reapply = way == Way::Answer(404, Body::Missing);
    for plan in restore::plans(case) {
        let kind = plan.kind();
        if plan.clone().confirm(region, None).is_ok() {
            faults.push(format!("{way:?}: {kind:?} without a reason"));
        }
        let reapplies = matches!(kind, ActionKind::ReapplyHelm | ActionKind::ReapplyVcluster);
        let confirmed = plan.confirm_as_shown(region, Some("because")).is_ok();
        if confirmed && !(reapplies && may_reapply) {
            faults.push(format!("{way:?}: {kind:?} of what could not be read"));
        }
    }
    faults
}
