//! The action that runs, with its output as it comes, and what the last one came to.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{ActionRecord, Finished, Model, Run, Running};
use crate::app::msg::{Msg, RestoreMsg, RunMsg};
use crate::design::{
    ActionButton, LogRow, LogView, Tone, callout, card, card_list, card_title, copy_button, faint, list_row,
    log_view, secondary,
};
use crate::plain;
use crate::runbook::action::ActionOutcome;
use crate::runbook::case::Case;
use crate::ui::{checks, words};

use super::AGAIN;

/// Height of the output, in points.
const OUTPUT_HEIGHT: f32 = 220.0;

/// Shows it; nothing where nothing was done yet.
pub(super) fn show(model: &Model, run: &Run, case: &Case, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    if let Some(running) = &run.restore.running {
        running_card(run, running, case, ui, out);
    } else if let Some(done) = run.restore.finished.last() {
        ended(done, ui);
        ui.horizontal_wrapped(|ui| {
            if done.outcome.is_none()
                && ui.add(ActionButton::link("It was not done: take that back")).clicked()
            {
                out.push(Msg::Restore(RestoreMsg::TakeBack));
            }
            if run.went_well() && run.nothing_to_do(now).is_none() {
                let open = run.open_checks.contains(&AGAIN);
                let label = if open { "Hide the plan" } else { "Something else has to be done too" };
                if ui.add(ActionButton::link(label)).clicked() {
                    out.push(Msg::Run(RunMsg::ToggleCheck(AGAIN.0, AGAIN.1)));
                }
            }
        });
    } else {
        return;
    }
    if run.restore.running.is_none() && run.restore.finished.last().is_some_and(|done| done.outcome.is_none())
    {
        pasted(run, ui);
    } else {
        output(model, run, now, ui, out);
    }
}

/// What was pasted of the output of what was done by hand last, as the journal has it.
fn pasted(run: &Run, ui: &mut Ui) {
    let by_hand = |action: &&ActionRecord| action.is_by_hand() && !action.taken_back;
    let Some(pasted) = run.record.actions.iter().rev().find(by_hand).and_then(|done| done.pasted.as_ref())
    else {
        return;
    };
    let lines: Vec<&str> = pasted.lines().collect();
    card_list(ui, |ui| {
        list_row(ui, |ui| {
            ui.horizontal(|ui| {
                card_title(ui, "Pasted output");
                faint(ui, &words::count(lines.len(), "line", "lines"));
            });
        });
        list_row(ui, |ui| {
            ui.set_height(OUTPUT_HEIGHT.min(lines.len() as f32 * 18.0 + 12.0));
            let view = LogView { id: "pasted", len: lines.len(), find: "", follow: false, go_to: None };
            log_view(ui, &view, &|i| LogRow { text: lines[i].into(), ..LogRow::default() });
        });
    });
}

fn running_card(run: &Run, running: &Running, case: &Case, ui: &mut Ui, out: &mut Vec<Msg>) {
    card(ui, |ui| {
        card_title(ui, &format!("{} {}", running.kind.verb(), case.failed_region().name));
        let since = words::span(words::since(case.now, running.started_at));
        let plan = run.plans(case.now).into_iter().find(|plan| plan.kind() == running.kind);
        let usual = plan.map_or(String::new(), |plan| format!(", usually takes {}", plan.usual_duration()));
        faint(ui, &format!("Runs since {}, for {since}{usual}", words::clock(running.started_at)));
        ui.horizontal_wrapped(|ui| {
            let off = running.cancelling.then_some("It is being cancelled");
            let label = if running.cancelling { "Cancelling…" } else { "Cancel the action" };
            if ui.add(ActionButton::secondary(label).off_because(off)).clicked() {
                out.push(Msg::Restore(RestoreMsg::Cancel));
            }
        });
        secondary(ui, running.kind.if_cancelled());
    });
}

fn ended(done: &Finished, ui: &mut Ui) {
    let at = words::clock(done.at);
    match &done.outcome {
        None => {
            let text = "The checks read the region anew. What you did stands in the run's journal";
            callout(ui, Tone::ByHand, &format!("Done by hand, said at {at}"), text);
        }
        Some(ActionOutcome::Done { message }) => callout(ui, Tone::Pass, &format!("Done {at}"), message),
        Some(ActionOutcome::Failed { message, unchanged: true }) => {
            callout(ui, Tone::Fail, &format!("Failed {at}: nothing was changed"), message);
        }
        Some(ActionOutcome::Failed { message, unchanged: false }) => {
            callout(ui, Tone::Fail, &format!("Failed {at}: something may have been changed"), message);
        }
        Some(ActionOutcome::Cancelled { message, unchanged }) => {
            let changed =
                if *unchanged { ": nothing was changed" } else { ": something may have been changed" };
            callout(ui, Tone::Warn, &format!("Cancelled {at}{changed}"), message);
        }
    }
}

fn output(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let lines = &run.restore.output;
    if lines.is_empty() {
        return;
    }
    card_list(ui, |ui| {
        list_row(ui, |ui| {
            ui.horizontal(|ui| {
                card_title(ui, "Output");
                faint(ui, &words::count(lines.len(), "line", "lines"));
                let key = "action output";
                if copy_button(ui, "the output", model.is_copied(key, now)).clicked() {
                    let text = lines.iter().map(|line| plain::line(line)).collect::<Vec<_>>().join("\n");
                    checks::copy(text, key.to_owned(), out);
                }
            });
        });
        list_row(ui, |ui| {
            ui.set_height(OUTPUT_HEIGHT);
            let view = LogView { id: "output", len: lines.len(), find: "", follow: true, go_to: None };
            log_view(ui, &view, &|i| LogRow { text: lines[i].as_str().into(), ..LogRow::default() });
        });
    });
}
