//! Where step 3 has nothing to do: no plan is made then, and a sentence says why.

use crate::runbook::case::Case;
use crate::runbook::profile::RegionIndex;
use crate::runbook::steps::confirm::{self, Outcome};
use crate::runbook::wellness;

/// Why there is nothing to do, true of the region, and what to do in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingToDo {
    /// For a headline.
    pub sentence: String,
    /// What it rests on, or what it means.
    pub meaning: String,
    /// What to do in place of an action.
    pub next: Instead,
}

/// What to do in place of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// Nothing fails: go.
    Leave,
    /// Nothing fails any more: verify that the region serves.
    Verify,
    /// Take this region for the failed one.
    Choose(RegionIndex),
    /// Stop, and call for help.
    Stop,
    /// Ask again: it is not known what there is to do.
    Look,
}

/// `Some` where nothing is to be done to the failed region: it is healthy, another one is the one that fails, every
/// one fails, or it is not known yet. What could not be confirmed can be gone past with a reason, so it is no such
/// case.
pub fn nothing_to_do(case: &Case) -> Option<NothingToDo> {
    let failed = &case.failed_region().name;
    let said = |sentence: String, meaning: String, next| Some(NothingToDo { sentence, meaning, next });
    match confirm::outcome(case.profile, case.readings, case.failed) {
        None => said(
            format!("It is not known yet whether {failed} failed"),
            "The health checks are being read".to_owned(),
            Instead::Look,
        ),
        Some(Outcome::NothingFailing) => said(
            format!("{failed} is healthy: there is nothing to restore"),
            "Its health check passes, so it serves traffic, and nothing here touches it".to_owned(),
            Instead::Leave,
        ),
        Some(Outcome::OtherRegionFailing(other)) => {
            let other_name = &case.profile.region(other).name;
            said(
                format!("{failed} is healthy and carries the traffic: nothing here touches it"),
                format!("{other_name} is the one that fails"),
                Instead::Choose(other),
            )
        }
        Some(Outcome::AllFailing) if super::gate::well_but_inverted(case).is_none() => said(
            "Every region's health check fails: stop here".to_owned(),
            "This runbook assumes a healthy region beside the failed one. Change nothing, and call for help"
                .to_owned(),
            Instead::Stop,
        ),
        Some(Outcome::CouldNotCheck(_))
            if confirm::shows_healthy(case.profile, case.readings, case.failed) == Some(true) =>
        {
            said(
                format!("{failed} is healthy: there is nothing to restore"),
                "Its health check passes. The other region's could not be read".to_owned(),
                Instead::Leave,
            )
        }
        Some(Outcome::FailoverActive | Outcome::AllFailing | Outcome::CouldNotCheck(_)) => {
            let (other, good, bad) = well_beside_ill(case)?;
            let other_name = &case.profile.region(other).name;
            said(
                format!("{failed} itself is well: it is {other_name} that is not"),
                format!("{failed}: {good}. {other_name}: {bad}. The region that serves is never touched"),
                Instead::Choose(other),
            )
        }
    }
}

/// Another region that is not well beside the chosen one that is, by their own pods, targets and hosts, with what
/// says so of each: the health checks' IDs may be swapped.
fn well_beside_ill(case: &Case) -> Option<(RegionIndex, String, String)> {
    let of = |region| wellness::of(case.profile, case.readings, region);
    let here = of(case.failed);
    let other = case.profile.others(case.failed).find(|other| of(*other).is_ill())?;
    here.is_well().then(|| (other, here.good.join(", "), of(other).bad.join(", ")))
}

#[cfg(test)]
mod tests;
