//! Step 3: from a plan to an action. The gate is judged here, whatever buttons look like.

use jiff::Timestamp;

use crate::app::model::{Finished, Model, OUTPUT_LINES, Run, Running};
use crate::app::msg::RestoreMsg;
use crate::engine::job::Job;
use crate::journal::Happening;
use crate::runbook::action::{ActionOutcome, Reason};

use super::{refresh, run};

/// What a message of step 3 leads to.
pub(super) fn update(model: &mut Model, msg: RestoreMsg, now: Timestamp) -> Vec<Job> {
    let Some(run) = &mut model.run else { return Vec::new() };
    let restore = &mut run.restore;
    match msg {
        RestoreMsg::Select(kind) => {
            restore.selected = Some(kind);
            reset(run);
        }
        RestoreMsg::Typed(text) => restore.typed = text,
        RestoreMsg::Reason(text) => restore.reason = text,
        RestoreMsg::Reset => reset(run),
        RestoreMsg::Confirm => return confirm(run, now),
        RestoreMsg::Cancel => {
            if let Some(running) = &mut restore.running {
                running.cancelling = true;
                return vec![Job::CancelAction { session: run.session }];
            }
        }
        RestoreMsg::ByHand => return by_hand(run, now),
    }
    Vec::new()
}

fn reset(run: &mut Run) {
    run.restore.typed.clear();
    run.restore.reason.clear();
    run.restore.refused = None;
}

fn confirm(run: &mut Run, now: Timestamp) -> Vec<Job> {
    if run.restore.running.is_some() {
        run.restore.refused = Some("An action runs already; wait for its end".to_owned());
        return Vec::new();
    }
    if let Some(problem) = &run.journal_problem {
        run.restore.refused = Some(format!("Nothing is done without a journal: {problem}"));
        return Vec::new();
    }
    let Some(plan) = run.selected_plan(now) else {
        run.restore.refused = Some("No failed region is known yet".to_owned());
        return Vec::new();
    };
    let kind = plan.kind();
    let reason = Reason::given(&run.restore.reason, &plan);
    match plan.confirm(&run.restore.typed, Some(&reason)) {
        Ok(confirmed) => {
            reset(run);
            run.restore.output.clear();
            run.restore.running = Some(Running { kind, started_at: now, cancelling: false });
            vec![Job::Apply { session: run.session, confirmed: Box::new(confirmed) }]
        }
        Err(refused) => {
            run.restore.refused = Some(refused.to_string());
            Vec::new()
        }
    }
}

fn by_hand(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let Some(plan) = run.selected_plan(now) else { return Vec::new() };
    let action = plan.kind();
    run.restore.finished.push(Finished { kind: action, at: now, outcome: None });
    reset(run);
    let done = Happening::DoneByHand { action, command: plan.command().shell() };
    let mut jobs = vec![run::note(run.session, now, done)];
    jobs.extend(after_a_change(run, now));
    jobs
}

/// A line of the running action.
pub(super) fn output(run: &mut Run, line: String) {
    let output = &mut run.restore.output;
    if output.len() >= OUTPUT_LINES {
        output.drain(..OUTPUT_LINES / 4);
    }
    output.push(line);
}

/// The action ended.
pub(super) fn ended(run: &mut Run, outcome: ActionOutcome, now: Timestamp) -> Vec<Job> {
    let Some(running) = run.restore.running.take() else { return Vec::new() };
    let unchanged = outcome.is_unchanged();
    run.restore.finished.push(Finished { kind: running.kind, at: now, outcome: Some(outcome) });
    if unchanged {
        return refresh::ask_anew(run, now);
    }
    // What was interrupted before is acknowledged by a write that was done in its place.
    let mut jobs = after_a_change(run, now);
    jobs.push(Job::LookBack);
    jobs
}

/// The world may have changed: watch the rollout from its first moment, and read everything anew.
fn after_a_change(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let mut jobs = run::watch(run, now);
    jobs.extend(refresh::ask_anew(run, now));
    jobs
}
