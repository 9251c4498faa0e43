//! The checks of what is installed: Helm's record, and the versions side by side.

use jiff::Timestamp;

use super::title;
use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command;
use crate::runbook::fact::{DeploymentFacts, ReleaseFacts};
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::release::{refusal, refuses_upgrade, said};
use crate::runbook::step::Step;
use crate::runbook::verdict::{Finding, Why};
use crate::runbook::version;

/// The newest record of the platform's Helm release.
pub(super) fn release(case: &Case, region: RegionIndex) -> Check {
    let command = command::release_records(case.profile, case.profile.region(region));
    let title = title(case, region, "Helm release");
    let check = Check::new(case, Step::Diagnose, "release", title, Question::Release(region), command);
    check.judged(case.readings.release(region), "deployed", |facts| {
        (judge_release(facts, case.now), Vec::new())
    })
}

/// Judges Helm's own record of the release.
pub fn judge_release(facts: &ReleaseFacts, now: Timestamp) -> Finding {
    let expected = "deployed";
    let ReleaseFacts::Found(release) = facts else {
        let remedy = "Re-applying the values file installs it";
        return Finding::fail("Helm has no record of it", expected, remedy);
    };
    let found = said(release, now);
    match release.status.as_str() {
        "deployed" => Finding::pass(found, expected),
        _ if refuses_upgrade(release) => Finding::warn(found, expected, refusal(release, now)),
        _ => Finding::warn(found, expected, "The last upgrade did not end well: its output tells why"),
    }
}

/// The versions of all regions side by side, by their Deployments' images.
pub fn versions(case: &Case, step: Step) -> Check {
    let command = command::deployment_image(case.profile, case.failed_region());
    let question = Question::Deployment(case.failed);
    let mut check = Check::new(case, step, "versions", "Versions".to_owned(), question, command);
    check.region = None;
    let expected = "equal in all regions";
    let mut wanted = Vec::new();
    for region in case.profile.indices() {
        let name = &case.profile.region(region).name;
        let chart_name = &case.profile.chart.name;
        match case.readings.deployment(region) {
            None => return check,
            Some(Err(why)) => {
                let why = Why { message: format!("{name}: {}", why.message), ..why.clone() };
                check.finding = Some(Finding::unknown(&why, expected));
                return check;
            }
            Some(Ok(DeploymentFacts::Missing)) => wanted.push((name.as_str(), None)),
            Some(Ok(DeploymentFacts::Found(deployment))) => {
                let chart = deployment.chart.as_deref().unwrap_or("no chart label");
                let image = deployment.image.as_deref().unwrap_or("no image");
                check.details.push(format!("{name}: {image}, {chart}, {}", record(case, region)));
                wanted.push((name.as_str(), version::wanted(deployment, chart_name)));
            }
        }
    }
    check.finding = Some(judge_versions(&wanted));
    check
}

fn record(case: &Case, region: RegionIndex) -> String {
    match case.readings.release(region) {
        Some(Ok(ReleaseFacts::Found(release))) => format!("revision {} {}", release.revision, release.status),
        Some(Ok(ReleaseFacts::Missing)) => "no Helm record".to_owned(),
        Some(Err(why)) => format!("Helm record: {}", why.message),
        None => "Helm record not read".to_owned(),
    }
}

/// Judges the versions of all regions, by name.
pub fn judge_versions(versions: &[(&str, Option<String>)]) -> Finding {
    let expected = "equal in all regions";
    let first = versions.first().and_then(|(_, version)| version.as_ref());
    let is_first = |other: &Option<String>| {
        first.zip(other.as_ref()).is_some_and(|(first, other)| version::same(first, other))
    };
    match first {
        Some(version) if versions.iter().all(|(_, other)| is_first(other)) => {
            Finding::pass(format!("{version} in all regions"), expected)
        }
        _ => {
            let of = |(name, version): &(&str, Option<String>)| {
                format!("{name} {}", version.as_deref().unwrap_or("not known"))
            };
            let found = versions.iter().map(of).collect::<Vec<_>>().join(", ");
            Finding::fail(
                found,
                expected,
                "Mixed versions confuse leader election: re-apply with the healthy region's version",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::fact::Release;
    use crate::runbook::verdict::Verdict;

    #[test]
    fn versions_have_to_be_equal_and_known() {
        for (tags, verdict) in [
            ([("us", Some("4.11.2")), ("eu", Some("4.11.2"))], Verdict::Pass),
            ([("us", Some("v4.11.2")), ("eu", Some("4.11.2-ecr"))], Verdict::Pass),
            ([("us", Some("4.8.0")), ("eu", Some("4.11.2"))], Verdict::Fail),
            ([("us", None), ("eu", Some("4.11.2"))], Verdict::Fail),
            ([("us", None), ("eu", None)], Verdict::Fail),
        ] {
            let versions = tags.map(|(name, tag): (&str, Option<&str>)| (name, tag.map(str::to_owned)));
            assert_eq!(judge_versions(&versions).verdict, verdict, "{versions:?}");
        }
    }

    #[test]
    fn helms_record_is_judged_by_its_status() {
        for (status, verdict) in
            [("deployed", Verdict::Pass), ("failed", Verdict::Warn), ("pending-upgrade", Verdict::Warn)]
        {
            let release = Release { revision: 3, status: status.to_owned(), ..Release::default() };
            assert_eq!(
                judge_release(&ReleaseFacts::Found(release), Timestamp::UNIX_EPOCH).verdict,
                verdict,
                "{status}"
            );
        }
        assert_eq!(judge_release(&ReleaseFacts::Missing, Timestamp::UNIX_EPOCH).verdict, Verdict::Fail);
    }
}
