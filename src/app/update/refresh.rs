//! What is asked again, and when: nothing more often than its source allows.

use std::time::Duration;

use jiff::Timestamp;

use crate::engine::job::Job;
use crate::runbook::action::Plan;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::rollout::{self, Phase};
use crate::runbook::step::Step;
use crate::runbook::steps::restore::preview;
use crate::runbook::steps::{self, restore};
use crate::runbook::verdict::Verdict;

use super::timeline;
use crate::app::model::{Model, Run, Screen};

/// How often questions are asked again: the health checkers' own interval.
const PERIOD: Duration = Duration::from_secs(10);

/// However fast a practice world's time passes, no question is asked more often.
const LEAST_PERIOD: Duration = Duration::from_secs(1);

/// An answer that does not come within this was lost.
const LOST_AFTER: Duration = Duration::from_secs(60);

/// A preview that does not come within this was lost.
const PREVIEW_LOST_AFTER: Duration = preview::LIMIT.saturating_add(Duration::from_secs(20));

/// A preview that could not be read is tried again after this.
const PREVIEW_AGAIN: Duration = Duration::from_secs(30);

/// How often a question is asked again in this run.
pub(super) fn period(run: &Run) -> Duration {
    run.scaled(PERIOD).max(LEAST_PERIOD)
}

/// A moment passed.
pub(super) fn tick(model: &mut Model, now: Timestamp) -> Vec<Job> {
    let Some(run) = model.run.as_mut().filter(|_| model.screen == Screen::Run) else { return Vec::new() };
    judge_rollout(run, now);
    let mut jobs = timeline::overdue(run, now);
    jobs.extend(due(run, now));
    jobs.extend(look_ahead(run, now));
    jobs
}

/// Reads what the open plan would change, where that was not read, stands on something else now, or is old. Nobody
/// waits for it.
pub(super) fn look_ahead(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let is_shown = run.step == Step::Restore && run.restore.running.is_none() && !run.went_well();
    let Some(failed) = run.failed.filter(|_| is_shown && !run.recovered()) else { return Vec::new() };
    if run.nothing_to_do(now).is_some() {
        return Vec::new();
    }
    let possible = |plan: &Plan| preview::not_possible(plan).is_none();
    let Some(plan) = run.selected_plan(now).filter(possible) else { return Vec::new() };
    let question = Question::Preview(failed, plan.kind());
    let asked_for = Some((plan.kind(), plan.basis().to_owned()));
    let since = |at: Timestamp| now.duration_since(at).unsigned_abs();
    let is_due = run.restore.looked_ahead != asked_for
        || match run.readings.slot(question).map(|slot| (slot.asked_at, &slot.latest)) {
            Some((Some(asked), _)) => since(asked) >= PREVIEW_LOST_AFTER,
            Some((None, Some(latest))) if latest.answer.is_err() => {
                since(latest.observed_at) >= PREVIEW_AGAIN
            }
            Some((None, Some(latest))) => since(latest.observed_at) >= preview::MAX_AGE,
            Some((None, None)) | None => true,
        };
    if !is_due {
        return Vec::new();
    }
    run.restore.looked_ahead = asked_for;
    let generation = run.readings.asked(question, now);
    vec![Job::Preview { session: run.session, plan: Box::new(plan), question, generation }]
}

/// Asks what is due. All of steps 1 and 2 start at once when a run opens.
pub(super) fn due(run: &mut Run, now: Timestamp) -> Vec<Job> {
    if run.recovered() {
        return Vec::new();
    }
    let period = period(run);
    let live = live(run);
    // Our own side is looked at when the run opens and on demand; what is wrong there, until somebody mended it.
    let preflight = steps::preflight::questions(&run.profile);
    let wrong = wrong_on_our_side(run, now);
    let plans = of_plans(run);
    let is_due = |question: &Question| {
        let Some(slot) = run.readings.slot(*question) else { return true };
        let since = |at: Timestamp| now.duration_since(at).unsigned_abs();
        match (slot.asked_at, &slot.latest) {
            (Some(asked), _) => since(asked) >= LOST_AFTER,
            (None, Some(latest)) if plans.contains(question) && !live.contains(question) => {
                since(latest.observed_at) >= restore::MAX_AGE.mul_f64(0.75)
            }
            (None, Some(latest)) if !live.contains(question) => {
                wrong.contains(question) && since(latest.observed_at) >= period * 3
            }
            (None, Some(latest)) => since(latest.observed_at) >= pace(*question, period),
            (None, None) => true,
        }
    };
    let mut questions: Vec<Question> =
        live.iter().copied().chain(plans.iter().copied()).chain(preflight).filter(is_due).collect();
    questions.sort_unstable();
    questions.dedup();
    ask(run, &questions, now)
}

/// The preflight's questions that had no answer, or one that is no good: a sign-in that expired, a permission
/// that is missing. What is only a warning has its say once, but for the sign-in, whose time runs out.
fn wrong_on_our_side(run: &Run, now: Timestamp) -> Vec<Question> {
    let case = run.any_case(now);
    let unanswered =
        |question: &Question| run.readings.latest(*question).is_some_and(|latest| latest.answer.is_err());
    let judged = steps::preflight::checks(&case).into_iter().filter_map(|check| {
        let is_wrong = match check.verdict()? {
            Verdict::Pass => false,
            Verdict::Warn => check.question == Question::Identity,
            Verdict::Fail | Verdict::Unknown => true,
        };
        is_wrong.then_some(check.question)
    });
    let unanswered = steps::preflight::questions(&run.profile).into_iter().filter(unanswered);
    judged.chain(unanswered).collect()
}

/// How often a question of a run with this period is asked again: what somebody has to rebuild less often.
fn pace(question: Question, period: Duration) -> Duration {
    match question {
        Question::Path(_) | Question::Eks(_) | Question::Release(_) => period * 3,
        _ => period,
    }
}

/// The questions that the shown step, the picture of the regions and the plans live on.
fn live(run: &Run) -> Vec<Question> {
    let Some(failed) = run.failed else { return steps::confirm::questions(&run.profile) };
    let step = if run.step == Step::Verify { Step::Verify } else { Step::Diagnose };
    steps::questions_of(&run.profile, failed, &[Step::Confirm, step])
}

/// What the plans stand on beside that, while they are on the screen: it has to be of now when one is confirmed.
fn of_plans(run: &Run) -> Vec<Question> {
    match run.failed {
        Some(failed) if run.step == Step::Restore => steps::questions(&run.profile, failed, Step::Restore),
        _ => Vec::new(),
    }
}

/// Asks these now, whatever their age; those on their way are not asked twice.
pub(super) fn ask(run: &mut Run, questions: &[Question], now: Timestamp) -> Vec<Job> {
    let session = run.session;
    let mut jobs = Vec::new();
    for question in questions {
        let lost = run.readings.slot(*question).and_then(|slot| slot.asked_at);
        if lost.is_some_and(|asked| now.duration_since(asked).unsigned_abs() < LOST_AFTER) {
            continue;
        }
        let generation = run.readings.asked(*question, now);
        jobs.push(Job::Observe { session, question: *question, generation });
    }
    jobs
}

/// Asks everything that the shown step lives on now, and what is wrong on our own side: the world was changed.
pub(super) fn ask_anew(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let mut questions = live(run);
    questions.extend(wrong_on_our_side(run, now));
    // A program may have been installed meanwhile, a chart archive or a context been put right.
    if matches!(run.step, Step::Preflight | Step::Restore) {
        let failed = run.failed.unwrap_or(RegionIndex(0));
        questions.extend(steps::questions(&run.profile, failed, run.step));
    }
    questions.sort_unstable();
    questions.dedup();
    let session = run.session;
    // Answers on their way were asked before the change.
    let asked = |question| {
        let generation = run.readings.asked(question, now);
        Job::Observe { session, question, generation }
    };
    questions.into_iter().map(asked).collect()
}

/// Judges the rollout again: its deadline may have passed without a change.
pub(super) fn judge_rollout(run: &mut Run, now: Timestamp) {
    let replicas = run.profile.replicas;
    let Some(watch) = &mut run.rollout else { return };
    let Some((deployment, pods)) = &watch.facts else { return };
    let judged = rollout::judge(deployment, pods, replicas, &watch.track, watch.deadline, now);
    if judged.phase == Phase::Done && watch.done_at.is_none() {
        watch.done_at = Some(now);
    }
    watch.rollout = Some(judged);
}
