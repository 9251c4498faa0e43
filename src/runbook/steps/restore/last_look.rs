//! The last look, right before an action: what was confirmed must still be so.

use crate::runbook::action::Confirmed;
use crate::runbook::case::Case;
use crate::runbook::profile::Profile;
use crate::runbook::question::Question;

/// What is read once more.
pub fn questions(profile: &Profile) -> Vec<Question> {
    let of = |region| {
        let mut questions = vec![
            Question::HealthCheck(region),
            Question::ClusterIdentity(region),
            Question::Deployment(region),
            Question::Pods(region),
            Question::Targets(region),
            Question::Values(region),
            Question::Ingress(region),
        ];
        questions.extend(profile.region(region).host.is_some().then_some(Question::Probe(region)));
        questions
    };
    profile.indices().flat_map(of).collect()
}

/// Does the confirmation still stand, by what was read now?
///
/// # Errors
/// What changed since, in a sentence.
pub fn still_holds(confirmed: &Confirmed, now: &Case) -> Result<(), String> {
    if now.failed_region() != confirmed.plan().region() {
        return Err("the environment is another one now".to_owned());
    }
    let target = super::target(now).ok_or_else(|| super::unknown_target(now).text)?;
    if let Some(difference) = confirmed.target().differs_from(&target) {
        return Err(difference);
    }
    let passed =
        |key: &str| confirmed.overridden().iter().any(|blocker| blocker.overridable && blocker.key == key);
    let new: Vec<String> = super::gate(now)
        .into_iter()
        .filter(|blocker| !(blocker.overridable && passed(&blocker.key)))
        .map(|blocker| blocker.text)
        .collect();
    if new.is_empty() { Ok(()) } else { Err(new.join("; ")) }
}
