//! The end of the window: asked about first where an action runs; then that is stopped in order, and the window
//! stays until its outcome and every journal are on disk.

use std::time::Duration;

use jiff::Timestamp;

use crate::app::model::{Closing, Dialog, Form, LeftRunning, Model, Notice, Running, Screen};
use crate::app::msg::FormMsg;
use crate::engine::event::GoingOn;
use crate::engine::job::{Job, SessionId};
use crate::plain;
use crate::runbook::action::ActionOutcome;
use crate::runbook::interrupted::noun;
use crate::runbook::step::Step;

use super::{form, run};

/// How long the outcome of a stopped action is waited for before the rest is put on disk without it.
const OUTCOME_WAIT: Duration = Duration::from_secs(15);
/// How long the window waits for the engine in all.
const LAST_WAIT: Duration = Duration::from_secs(40);

/// A running action, or a form with changes, is asked about first.
pub(super) fn requested(model: &mut Model, now: Timestamp) -> Vec<Job> {
    if is_running(model) {
        model.dialog = Some(Dialog::LeaveWhileRunning { quit: true });
        return Vec::new();
    }
    if model.screen == Screen::Form && model.form.as_ref().is_some_and(Form::is_changed) {
        return form::update(model, FormMsg::Leave, now);
    }
    begin(model, now)
}

/// The system asks: nobody may be there to answer.
pub(super) fn without_asking(model: &mut Model, now: Timestamp) -> Vec<Job> {
    model.dialog = None;
    if model.closing.is_some() { Vec::new() } else { begin(model, now) }
}

/// Does an action run, in the open run or one that was left?
fn is_running(model: &Model) -> bool {
    let of_run = model.run.as_ref().is_some_and(|run| run.restore.running.is_some());
    of_run || !model.left_running.is_empty()
}

/// What runs is stopped; what does not run is put on disk.
pub(super) fn begin(model: &mut Model, now: Timestamp) -> Vec<Job> {
    model.closing = Some(Closing { since: now, is_finishing: false });
    if let Some(run) = &mut model.run
        && let Some(running) = &mut run.restore.running
    {
        running.cancelling = true;
        return vec![Job::CancelAction { session: run.session }];
    }
    finish(model, now)
}

/// Goes on once nothing is waited for any more, or for too long.
pub(super) fn proceed(model: &mut Model, now: Timestamp) -> Vec<Job> {
    let Some(closing) = &model.closing else { return Vec::new() };
    let waited = now.duration_since(closing.since).unsigned_abs();
    if waited > LAST_WAIT {
        // The engine does not answer. What it had on disk is there.
        model.quit = true;
    } else if !closing.is_finishing {
        let runs = model.run.as_ref().is_some_and(|run| run.restore.running.is_some());
        if !runs || waited > OUTCOME_WAIT {
            return finish(model, now);
        }
    }
    Vec::new()
}

/// The run is closed in its journal, and everything put on disk.
fn finish(model: &mut Model, now: Timestamp) -> Vec<Job> {
    let mut jobs = model.run.as_ref().map(|run| run::closed(run, now)).unwrap_or_default();
    if let Some(closing) = &mut model.closing {
        closing.is_finishing = true;
    }
    jobs.push(Job::Finish);
    jobs
}

/// The engine had no room for [`Job::Finish`]: with the next tick.
pub fn not_taken(model: &mut Model) {
    if let Some(closing) = &mut model.closing {
        closing.is_finishing = false;
    }
}

/// The engine had no room for [`Job::CancelAction`]: it can be asked for again.
pub fn cancel_not_taken(model: &mut Model) {
    if let Some(running) = model.run.as_mut().and_then(|run| run.restore.running.as_mut()) {
        running.cancelling = false;
    }
}

/// Everything is on disk.
pub(super) fn finished(model: &mut Model) -> Vec<Job> {
    model.quit = model.closing.is_some();
    Vec::new()
}

/// A run was opened on an environment where an action goes on: it is the run's again.
pub(super) fn goes_on(model: &mut Model, session: SessionId, going: GoingOn, now: Timestamp) -> Vec<Job> {
    let Some(run) = model.run.as_mut().filter(|run| run.session == session) else { return Vec::new() };
    let Some(failed) = run.profile.find(&going.region) else { return Vec::new() };
    model.left_running.retain(|left| left.environment != run.profile.name);
    let jobs = if run.failed == Some(failed) { Vec::new() } else { run::choose(run, failed, now) };
    let GoingOn { kind, started_at, is_cancelling, lines, region } = going;
    run.restore.running = Some(Running { kind, started_at, cancelling: is_cancelling });
    run.restore.output = lines;
    (run.step, run.reached) = (Step::Restore, run.reached.max(Step::Restore));
    let text = format!("{} of {} goes on here since it was left", noun(kind.id()), region);
    model.notice = Some(Notice { bad: false, text: plain::capital(&text) });
    jobs
}

/// The run is left while its action runs on.
pub(super) fn left(
    model: &mut Model,
    session: SessionId,
    environment: String,
    region: String,
    running: &Running,
) {
    let Running { kind, started_at, .. } = *running;
    model.left_running.push(LeftRunning { session, environment, region, kind, started_at });
}

/// An action ended whose run was left: it is told wherever one is.
pub(super) fn left_ended(model: &mut Model, session: SessionId, outcome: &ActionOutcome) {
    let Some(at) = model.left_running.iter().position(|left| left.session == session) else { return };
    let left = model.left_running.remove(at);
    let (how, bad) = match outcome {
        ActionOutcome::Done { message } => (format!("done: {message}"), false),
        ActionOutcome::Failed { message, .. } => (format!("failed: {message}"), true),
        ActionOutcome::Cancelled { message, .. } => (format!("cancelled: {message}"), true),
    };
    let text = format!("{} of {} ({}): {how}", noun(left.kind.id()), left.region, left.environment);
    model.notice = Some(Notice { bad, text: plain::capital(&text) });
}

#[cfg(test)]
#[path = "quit_tests.rs"]
mod tests;
