//! A plan: what it would do to which region, what is in the way, and the typed confirmation.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RestoreMsg};
use crate::design::{
    ActionButton, Field, Note, Rich, Tone, body, callout, card, card_title, key_values, overline, secondary,
};
use crate::runbook::action::Plan;
use crate::ui::checks;

use super::changes;

/// Shows the plan.
pub(super) fn show(model: &Model, run: &Run, plan: &Plan, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    if let Some(problem) = &run.journal_problem {
        let text = format!("{problem}\nNo action is taken that cannot be written down first");
        callout(ui, Tone::Fail, "The run's journal cannot be written", &text);
    }
    card(ui, |ui| {
        card_title(ui, plan.title());
        facts(plan, ui);
        for note in plan.notes() {
            secondary(ui, note);
        }
        in_the_way(run, plan, ui, out);
        changes::show(model, run, plan, now, ui, out);
        overline(ui, "The command that does the same");
        let key = format!("plan {}", plan.kind().id());
        checks::command(model, plan.command(), &key, now, ui, out);
    });
}

/// Why nothing can be confirmed while what the plan stands on is read anew.
const LOOKS_AGAIN: &str = "What this plan stands on was read more than a minute ago: it is being read again";

fn facts(plan: &Plan, ui: &mut Ui) {
    let region = plan.region();
    key_values(
        ui,
        &[
            ("Region", Rich::new().toned(Tone::Fail, region.name.as_str()).text(", the failed one")),
            ("Cluster", Rich::new().mono(region.context.as_str())),
            ("API server", Rich::new().mono(plan.server())),
            ("Changes", Rich::from(plan.changes())),
            ("Does not touch", Rich::from(plan.does_not_touch())),
            ("To undo", Rich::from(plan.undo())),
            ("If it changed since", Rich::from(plan.if_changed_since())),
            ("Usually takes", Rich::from(plan.usual_duration())),
        ],
    );
}

/// What is in the way; where a reason goes past it, the field for it.
fn in_the_way(run: &Run, plan: &Plan, ui: &mut Ui, out: &mut Vec<Msg>) {
    let given = !run.restore.reason.trim().is_empty();
    for blocker in plan.blockers() {
        let (tone, title) = match (blocker.overridable, blocker.tool_missing) {
            (true, _) if run.restore.passes(blocker) => (Tone::PassedOver, "Your reason goes past this"),
            (true, _) if given => (Tone::Warn, "New since you typed your reason"),
            (true, _) => (Tone::Warn, "Needs your reason"),
            (false, true) => (Tone::Fail, "A program is missing"),
            (false, false) => (Tone::Fail, "In the way"),
        };
        callout(ui, tone, title, &blocker.text);
    }
    let mut overridable = plan.blockers().iter().filter(|blocker| blocker.overridable).peekable();
    if overridable.peek().is_some() {
        let new = given && overridable.any(|blocker| !run.restore.passes(blocker));
        let mut reason = run.restore.reason.clone();
        let note = if new {
            Note { tone: Some(Tone::Warn), text: "Something new is in the way: say why in the reason, too" }
        } else {
            Note { tone: None, text: "It goes into the run's journal" }
        };
        let field = Field::new("Why do it all the same?").note(Some(note));
        if field.text(ui, &mut reason).changed() {
            out.push(Msg::Restore(RestoreMsg::Reason(reason)));
        }
    }
}

/// Shows the confirmation, in a card of its own.
pub(super) fn confirm(run: &Run, plan: &Plan, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    card(ui, |ui| confirmation(run, plan, now, ui, out));
}

fn confirmation(run: &Run, plan: &Plan, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let region = &plan.region().name;
    let mut typed = run.restore.typed.clone();
    let refused = run.restore.refused.as_deref().map(|text| Note { tone: Some(Tone::Fail), text });
    let field = Field::new(&format!("Type {region} to confirm"))
        .mono()
        .width(280.0)
        .note(refused)
        .text(ui, &mut typed);
    if field.changed() {
        out.push(Msg::Restore(RestoreMsg::Typed(typed)));
    }
    ui.horizontal_wrapped(|ui| {
        let looks = !run.outdated(now).is_empty();
        let off = if looks { Some(LOOKS_AGAIN.to_owned()) } else { off(run, plan) };
        let label =
            if looks { "Looks once more…".to_owned() } else { format!("{} {region}", plan.kind().verb()) };
        if ui.add(ActionButton::danger(&label).off_because(off.as_deref())).clicked() {
            out.push(Msg::Restore(RestoreMsg::Confirm));
        }
        if ui.add(ActionButton::secondary("Cancel")).clicked() {
            out.push(Msg::Restore(RestoreMsg::Reset));
        }
        if let Some(off) = &off {
            secondary(ui, off);
        }
    });
    ui.horizontal_wrapped(|ui| {
        body(ui, "Or run the command yourself and");
        if ui.add(ActionButton::link("say that you did")).clicked() {
            out.push(Msg::Restore(RestoreMsg::ByHand));
        }
    });
}

/// Why the button is off: what is in the way first, the typed name last.
fn off(run: &Run, plan: &Plan) -> Option<String> {
    if run.journal_problem.is_some() {
        return Some("The run's journal cannot be written".to_owned());
    }
    if let Some(blocker) = run.restore.in_the_way(plan).first() {
        let given = !run.restore.reason.trim().is_empty();
        let reason = match (blocker.overridable, given) {
            (true, true) => "Say in your reason why the new point above does not hold you",
            (true, false) => "Type your reason first",
            (false, _) => &blocker.text,
        };
        return Some(reason.to_owned());
    }
    (run.restore.typed != plan.region().name).then(|| format!("Type {} first", plan.region().name))
}
