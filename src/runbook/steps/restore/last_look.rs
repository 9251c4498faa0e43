//! The last look, right before an action: what was confirmed must still be so.

use crate::runbook::action::Confirmed;
use crate::runbook::case::Case;
use crate::runbook::fact::ReleaseFacts;
use crate::runbook::profile::Profile;
use crate::runbook::question::Question;
use crate::runbook::release;

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
            Question::Release(region),
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
    if let Some(changed) = release_changed(confirmed, now) {
        return Err(changed);
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

/// What somebody did to the Helm release since, where it matters to this action: Helm itself stops a re-apply
/// beside another operation, and no rollback.
fn release_changed(confirmed: &Confirmed, now: &Case) -> Option<String> {
    let plan = confirmed.plan();
    if plan.kind().reapplies() {
        return release::stuck(now).map(|stuck| release::refusal(stuck, now.now));
    }
    let (revision, status) = plan.newest_revision()?;
    let found = match now.readings.release(now.failed) {
        Some(Ok(ReleaseFacts::Found(found))) => found,
        Some(Ok(ReleaseFacts::Missing)) => return Some("Helm's records of the release are gone".to_owned()),
        Some(Err(why)) => return Some(format!("Helm's records could not be read again: {}", why.message)),
        None => return Some("Helm's records were not read again".to_owned()),
    };
    let changed = found.revision != revision || found.status != status;
    let said = release::said(found, now.now);
    changed.then(|| format!("Helm's record said {status}, revision {revision}, and says {said} now"))
}
