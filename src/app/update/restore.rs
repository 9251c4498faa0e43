//! Step 3: from a plan to an action. The gate is judged here, whatever buttons look like.

use jiff::Timestamp;

use crate::app::model::{Dialog, Finished, Model, OUTPUT_LINES, PASTED_BYTES, Run, Running};
use crate::app::msg::RestoreMsg;
use crate::engine::job::Job;
use crate::journal::Happening;
use crate::runbook::action::{ActionKind, ActionOutcome, Plan};
use crate::runbook::mark::{self, Found};
use crate::runbook::step::Step;
use crate::runbook::steps::confirm::{self, Outcome};

use super::{refresh, run};

/// What a message of step 3 leads to.
pub(super) fn update(model: &mut Model, msg: RestoreMsg, now: Timestamp) -> Vec<Job> {
    let Some(run) = &mut model.run else { return Vec::new() };
    let restore = &mut run.restore;
    match msg {
        RestoreMsg::Select(kind) => {
            restore.selected = Some(kind);
            reset(run);
            return refresh::look_ahead(run, now);
        }
        RestoreMsg::ToggleChange(kind, title) => {
            let key = (kind, title);
            if !restore.open_changes.remove(&key) {
                restore.open_changes.insert(key);
            }
        }
        RestoreMsg::Typed(text) => typed(run, text, now),
        RestoreMsg::Reason(text) => reason(run, text, now),
        RestoreMsg::Reset => reset(run),
        RestoreMsg::Confirm => return confirm(run, now),
        RestoreMsg::Cancel => {
            if let Some(running) = &mut restore.running {
                running.cancelling = true;
                return vec![Job::CancelAction { session: run.session }];
            }
        }
        RestoreMsg::ByHand => {
            let plan = run.selected_plan(now).filter(|_| run.restore.running.is_none());
            model.dialog = plan.map(|plan| Dialog::ByHand {
                kind: plan.kind(),
                command: plan.command().shell(),
                output: String::new(),
                is_cut: false,
            });
        }
        RestoreMsg::HandOutput(text) => pasted(model, text),
        RestoreMsg::TakeBack => return take_back(run, now),
    }
    Vec::new()
}

/// Selects the first plan where none is: pinned, so that an answer that arrives while somebody types does not
/// change what is confirmed. Where there is nothing to do nothing is selected.
pub(super) fn pin(run: &mut Run, now: Timestamp) {
    if run.step == Step::Restore && run.restore.selected.is_none() && run.nothing_to_do(now).is_none() {
        run.restore.selected = run.plans(now).first().map(Plan::kind);
    }
}

/// The reason is for what is in the way on the screen now; what comes up later is not passed by it.
fn reason(run: &mut Run, text: String, now: Timestamp) {
    let plan = run.selected_plan(now);
    let shown = plan.iter().flat_map(Plan::blockers).filter(|blocker| blocker.overridable);
    run.restore.reason_for = shown.map(|blocker| blocker.key.clone()).collect();
    run.restore.reason = text;
}

/// What is typed is for the cluster that the plan names then.
fn typed(run: &mut Run, text: String, now: Timestamp) {
    if run.restore.typed.is_empty() {
        run.restore.typed_for = run.selected_plan(now).and_then(|plan| plan.target().cloned());
    }
    run.restore.typed = text;
}

/// How the plan's cluster is another one than when the typing began, in a sentence.
fn led_elsewhere(run: &Run, plan: &Plan) -> Option<String> {
    let (before, target) = (run.restore.typed_for.as_ref()?, plan.target()?);
    let what = before.differs_from(target)?;
    Some(format!("Since you began to type {what}. Look at the plan again, then type the name anew"))
}

fn reset(run: &mut Run) {
    run.restore.typed.clear();
    run.restore.typed_for = None;
    run.restore.reason.clear();
    run.restore.reason_for.clear();
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
    if let Some(idle) = run.nothing_to_do(now) {
        run.restore.refused = Some(format!("{}. {}", idle.sentence, idle.meaning));
        return Vec::new();
    }
    let Some(plan) = run.selected_plan(now) else {
        run.restore.refused = Some("No failed region is known yet".to_owned());
        return Vec::new();
    };
    let outdated = run.outdated(now);
    if !outdated.is_empty() {
        let text =
            "What this stands on was read more than a minute ago: it is read once more, then confirm again";
        run.restore.refused = Some(text.to_owned());
        return refresh::ask(run, &outdated, now);
    }
    if let Some(elsewhere) = led_elsewhere(run, &plan) {
        reset(run);
        run.restore.refused = Some(elsewhere);
        return Vec::new();
    }
    if let Some(new) = new_since_the_reason(run, &plan) {
        run.restore.refused = Some(new);
        return Vec::new();
    }
    let kind = plan.kind();
    let found = found(run, now);
    match plan.confirm(&run.restore.typed, Some(&run.restore.given())) {
        Ok(confirmed) => {
            reset(run);
            run.found = run.found.take().or(found);
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

/// What came up since the reason was typed, in a sentence; `None` where it is for all that is in the way.
fn new_since_the_reason(run: &Run, plan: &Plan) -> Option<String> {
    if run.restore.reason.trim().is_empty() {
        return None;
    }
    let new: Vec<&str> = run
        .restore
        .in_the_way(plan)
        .into_iter()
        .filter(|blocker| blocker.overridable)
        .map(|blocker| blocker.text.as_str())
        .collect();
    (!new.is_empty()).then(|| {
        format!(
            "New since the reason was typed: {}. Say in the reason why you do it all the same",
            new.join("; ")
        )
    })
}

/// What steps 1 and 2 found up to now, to be kept: once something is done it is not there to be read any more.
fn found(run: &Run, now: Timestamp) -> Option<Found> {
    let causes = run.causes(now);
    let progress = run.progress(now, &causes)?;
    let confirmed =
        confirm::outcome(&run.profile, &run.readings, run.failed?) == Some(Outcome::FailoverActive);
    let reason = run.restore.reason.trim();
    let over_gate = Some(reason).filter(|reason| !confirmed && !reason.is_empty());
    Some(mark::found(&progress, over_gate))
}

/// A person says that it is not so: the run goes on as if it had not been said.
fn take_back(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let Some(last) = run.restore.finished.pop_if(|last| last.outcome.is_none()) else { return Vec::new() };
    if run.restore.finished.is_empty() {
        run.found = None;
    }
    (run.restore.selected, run.rollout) = (None, None);
    reset(run);
    pin(run, now);
    let mut jobs = vec![run::note(run.session, now, Happening::TakenBack { action: last.kind })];
    jobs.extend(refresh::ask_anew(run, now));
    jobs
}

/// What somebody pastes of a command's output goes into the dialog that asks for it. Cut at the end of a line,
/// so that nothing that has to be masked is torn in two.
fn pasted(model: &mut Model, mut text: String) {
    let Some(Dialog::ByHand { output, is_cut, .. }) = &mut model.dialog else { return };
    *is_cut = text.len() > PASTED_BYTES;
    if *is_cut {
        let room = text.floor_char_boundary(PASTED_BYTES);
        text.truncate(text[..room].rfind('\n').unwrap_or(0));
    }
    *output = text;
}

/// What a person says that they did.
pub(super) struct ByHand {
    pub(super) kind: ActionKind,
    /// The command that they were shown.
    pub(super) command: String,
    /// What they pasted of its output.
    pub(super) output: String,
}

/// A person says that they did it.
pub(super) fn by_hand(run: &mut Run, said: ByHand, now: Timestamp) -> Vec<Job> {
    let ByHand { kind, command, output } = said;
    let plan = run.plans(now).into_iter().find(|plan| plan.kind() == kind);
    let Some(plan) = plan.filter(|_| run.restore.running.is_none()) else { return Vec::new() };
    let action = plan.kind();
    run.found = run.found.take().or(found(run, now));
    run.restore.finished.push(Finished { kind: action, at: now, outcome: None });
    reset(run);
    let output = Some(output.trim_end().to_owned()).filter(|output| !output.is_empty());
    let done = Happening::DoneByHand { action, command, output };
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
