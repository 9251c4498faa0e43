//! What readings come to, as entries of a journal: pure, for the window and the terminal.

use jiff::Timestamp;

use super::entry::{Happening, NamedCause};
use crate::runbook::case::Case;
use crate::runbook::cause::{self, Assessment, Strength};
use crate::runbook::check::Check;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Readings;
use crate::runbook::step::Step;
use crate::runbook::steps::{self, confirm};

/// All that was found out by steps 1 and 2, in their order.
pub fn found(case: &Case) -> Vec<Happening> {
    let mut found = vec![Happening::RegionChosen { region: case.failed_region().name.clone() }];
    if let Some(since) = first_failure(case.profile, case.readings, case.failed) {
        found.push(Happening::FailureSeen { since });
    }
    let checks = [Step::Confirm, Step::Diagnose].into_iter().flat_map(|step| steps::checks(case, step));
    found.extend(checks.filter_map(|check| judged(case.profile, check)));
    found.extend(outcome(case));
    found.extend(first(&cause::rank(case)).map(|cause| Happening::CauseNamed { cause: Some(named(cause)) }));
    found
}

/// The earliest failing report of the region's checkers, by their own times; `None` where its health check is not
/// known to fail: the last failure of one that passes may be of another year.
pub fn first_failure(
    profile: &Profile,
    readings: &Readings,
    region: RegionIndex,
) -> Option<Option<Timestamp>> {
    if confirm::is_healthy(profile, readings, region) != Some(false) {
        return None;
    }
    let facts = readings.health_check(region)?.ok()?;
    let failing =
        facts.observations.iter().filter(|o| confirm::checker_status(o) == confirm::CheckerStatus::Failure);
    Some(failing.chain(&facts.last_failures).filter_map(|o| o.checked_at).min())
}

/// A check's verdict, where it has one.
pub fn judged(profile: &Profile, check: Check) -> Option<Happening> {
    let finding = check.finding?;
    Some(Happening::Judged {
        step: check.step,
        check: check.id.to_owned(),
        title: check.title,
        region: check.region.map(|region| profile.region(region).name.clone()),
        verdict: finding.verdict,
        found: finding.found,
        expected: finding.expected,
    })
}

/// What step 1 comes to.
pub fn outcome(case: &Case) -> Option<Happening> {
    let outcome = confirm::outcome(case.profile, case.readings, case.failed)?;
    let sentence = outcome.sentence(case.profile, Some(&case.failed_region().name));
    Some(Happening::OutcomeSeen { outcome: outcome.id().to_owned(), sentence })
}

/// The cause that ranks first, where it is not ruled out.
pub fn first(causes: &[Assessment]) -> Option<&Assessment> {
    causes.first().filter(|first| first.strength != Strength::RuledOut)
}

/// A cause with its evidence.
pub fn named(cause: &Assessment) -> NamedCause {
    let strength = match cause.strength {
        Strength::RuledOut => "ruled out",
        Strength::Possible => "possible",
        Strength::Likely => "likely",
        Strength::Certain => "certain",
    };
    NamedCause {
        id: cause.id.to_owned(),
        headline: cause.headline.clone(),
        strength: strength.to_owned(),
        evidence_for: cause.evidence_for.clone(),
        evidence_against: cause.evidence_against.clone(),
        not_checked: cause.not_checked.clone(),
    }
}
