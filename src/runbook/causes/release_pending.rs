//! An install, upgrade or rollback of the Helm release was begun and has not ended: seldom why the platform
//! does not serve, but Helm refuses to re-apply until it is rolled back.

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::{Release, ReleaseFacts};
use crate::runbook::fits;
use crate::runbook::release;

/// Its id.
pub const ID: &str = "release-pending";

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let headline = format!("The last change of the release in {region} was begun and has not ended");
    let mut cause = Assessment::new(ID, "Release pending", headline);
    cause.fits = fits::RELEASE_PENDING;
    let answer = case.readings.release(case.failed);
    cause.needs("Helm release", answer);
    let Some(Ok(ReleaseFacts::Found(found))) = answer else { return cause };
    let said = release::said(found, case.now);
    if !release::refuses_upgrade(found) {
        cause.denies(format!("Helm's record says {said}"));
        return cause;
    }
    cause.says(format!("Helm's record says {said}: until that has ended, it refuses to re-apply"));
    match &found.last_good {
        Some(good) => {
            cause.says(format!(
                "Revision {}, {}, is the last that was deployed whole",
                good.revision, good.status
            ));
            cause.advice = Some(Advice::Rollback);
        }
        None => {
            cause.says("No revision was ever deployed whole: there is none to roll back to");
            cause.fits = fits::RELEASE_NEVER_DEPLOYED;
        }
    }
    let young = release::may_be_under_way(found, case.now);
    if young {
        cause.denies("It is less than five minutes old: somebody may be at it");
    }
    match case.platform_up() {
        Some(true) => cause.denies("The platform's pods are ready all the same"),
        Some(false) => cause.says("The platform's pods are not ready"),
        None => cause.needs("Pods", case.readings.pods(case.failed)),
    }
    let in_the_way = !young && case.platform_up() == Some(false);
    cause.strength = if in_the_way { Strength::Likely } else { Strength::Possible };
    // What an upgrade that ended half-way installed is another version than before.
    cause.explains = Explains::These(&["version-skew"]);
    cause.guidance = guidance(case, found, young);
    cause
}

fn guidance(case: &Case, found: &Release, young: bool) -> Vec<Guidance> {
    let (profile, region) = (case.profile, case.failed_region());
    let mut guidance = Vec::new();
    if young {
        guidance.push(Guidance::text(
            "Ask who is at it, and wait until it has ended or is five minutes old: Helm does not stop two at once",
        ));
    }
    match &found.last_good {
        Some(good) => guidance.push(Guidance::text(format!(
            "Roll back to revision {} in step 3; then the values file can be re-applied, if that is still needed",
            good.revision
        ))),
        None => guidance.push(Guidance::text(evidence::ask(
            case,
            "whoever installs the platform",
            "end what they began: Helm knows no earlier state of the release that was whole",
        ))),
    }
    let history = command::helm_history(profile, region);
    guidance.push(Guidance::with("See what was begun, and when", history));
    if found.last_good.is_none() {
        guidance.extend([
            Guidance::with(
                "If nobody can: this forgets the record of the install and leaves what it made; then re-apply in step 3",
                command::forget_release(profile, region, found.revision),
            ),
            Guidance::text(
                "Do not uninstall the release to get rid of the record: that deletes all that the install made",
            ),
        ]);
    }
    guidance
}
