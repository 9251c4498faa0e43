//! What a run finds out goes into its journal, where it is something else than before.

use jiff::Timestamp;

use crate::app::model::Run;
use crate::engine::job::Job;
use crate::journal::{Happening, findings};
use crate::runbook::check::Check;
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::steps::{self, confirm};

use super::{refresh, run};

/// The failed region is known once one health check fails beside a passing one.
pub(super) fn recognise(run: &mut Run, now: Timestamp) -> Vec<Job> {
    if run.failed.is_some() {
        return Vec::new();
    }
    let Some(failed) = confirm::recognised(&run.profile, &run.readings) else { return Vec::new() };
    run.failed = Some(failed);
    let region = run.profile.region(failed).name.clone();
    let mut jobs = vec![run::note(run.session, now, Happening::RegionChosen { region })];
    jobs.extend(refresh::due(run, now));
    jobs
}

/// What the answer to this question changed.
pub(super) fn changes(run: &mut Run, question: Question, now: Timestamp) -> Vec<Job> {
    let mut happenings = Vec::new();
    happenings.extend(first_failure(run));
    happenings.extend(verdicts(run, question, now));
    happenings.extend(outcome(run, now));
    happenings.extend(cause(run, now));
    happenings.into_iter().map(|happening| run::note(run.session, now, happening)).collect()
}

/// The earliest failing report of the failed region's checkers that this run has seen. Of a health check that
/// passes nothing is noted: its last failure may be of another year.
fn first_failure(run: &mut Run) -> Option<Happening> {
    let earliest = findings::first_failure(&run.profile, &run.readings, run.failed?)?;
    let is_news = !std::mem::replace(&mut run.seen_failing, true);
    run.first_failure_at = [run.first_failure_at, earliest].into_iter().flatten().min();
    is_news.then_some(Happening::FailureSeen { since: run.first_failure_at })
}

/// Verdicts that differ from the last one noted.
fn verdicts(run: &mut Run, question: Question, now: Timestamp) -> Vec<Happening> {
    let Some(case) = run.case(now) else { return Vec::new() };
    let steps: &[Step] =
        if run.step == Step::Verify { &[Step::Verify] } else { &[Step::Confirm, Step::Diagnose] };
    let checks: Vec<Check> = steps
        .iter()
        .flat_map(|step| steps::checks(&case, *step))
        .filter(|check| check.question == question)
        .collect();
    let mut happenings = Vec::new();
    for check in checks {
        let key = (check.step, check.id, check.region);
        let Some(finding) = &check.finding else { continue };
        if run.noted.verdicts.insert(key, finding.verdict) == Some(finding.verdict) {
            continue;
        }
        happenings.extend(findings::judged(&run.profile, check));
    }
    happenings
}

/// What step 1 comes to.
fn outcome(run: &mut Run, now: Timestamp) -> Option<Happening> {
    let seen = findings::outcome(&run.case(now)?)?;
    let Happening::OutcomeSeen { sentence, .. } = &seen else { return None };
    let is_news = run.noted.outcome.as_ref() != Some(sentence);
    let sentence = sentence.clone();
    run.noted.outcome = Some(sentence);
    is_news.then_some(seen)
}

/// Which cause ranks first, once everything that step 2 asks was answered: before that it is a guess a moment.
fn cause(run: &mut Run, now: Timestamp) -> Option<Happening> {
    let failed = run.failed?;
    let questions = steps::questions_of(&run.profile, failed, &[Step::Confirm, Step::Diagnose]);
    if questions.iter().any(|question| run.readings.latest(*question).is_none()) {
        return None;
    }
    let causes = run.causes(now);
    let first = findings::first(&causes);
    let headline = first.map_or_else(String::new, |first| first.headline.clone());
    if run.noted.cause.as_deref().unwrap_or_default() == headline {
        return None;
    }
    run.noted.cause = Some(headline);
    Some(Happening::CauseNamed { cause: first.map(findings::named) })
}
