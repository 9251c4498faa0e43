//! One file a step: facts in, checks with verdicts and plans out.

pub mod confirm;
pub mod diagnose;
pub mod preflight;
pub mod restore;
pub mod verify;

use super::case::Case;
use super::check::Check;
use super::profile::{Profile, RegionIndex};
use super::question::Question;
use super::step::Step;

/// What a step asks. Restore asks for the tools, and whether each context leads to a cluster of its own;
/// rollout is a watch, not a question.
pub fn questions(profile: &Profile, failed: RegionIndex, step: Step) -> Vec<Question> {
    match step {
        Step::Preflight => preflight::questions(profile),
        Step::Confirm => confirm::questions(profile),
        Step::Diagnose => diagnose::questions(profile, failed),
        Step::Restore => {
            // A repository is Helm's to ask; an archive's version is compared beforehand.
            let chart = profile.chart.file.is_some().then_some(Question::Chart);
            let clusters = profile
                .indices()
                .flat_map(|region| [Question::Cluster(region), Question::ClusterIdentity(region)]);
            let own = [Question::Tools, Question::Values(failed), Question::Release(failed)];
            own.into_iter().chain(chart).chain(clusters).collect()
        }
        Step::Rollout => Vec::new(),
        Step::Verify => verify::questions(profile, failed),
    }
}

/// What several steps ask, each question once.
pub fn questions_of(profile: &Profile, failed: RegionIndex, steps: &[Step]) -> Vec<Question> {
    let mut all: Vec<_> = steps.iter().flat_map(|step| questions(profile, failed, *step)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A step's checks with what has been answered so far.
pub fn checks(case: &Case, step: Step) -> Vec<Check> {
    match step {
        Step::Preflight => preflight::checks(case),
        Step::Confirm => confirm::checks(case),
        Step::Diagnose => diagnose::checks(case),
        Step::Restore | Step::Rollout => Vec::new(),
        Step::Verify => verify::checks(case),
    }
}
