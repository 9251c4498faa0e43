//! What a plan would change: folded by object, each opened to its difference.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RestoreMsg};
use crate::design::{DiffRow, FoldRow, Tone, callout, diff_view, fold_row, overline, secondary};
use crate::runbook::action::Plan;
use crate::runbook::fact::{ObjectChange, PreviewFacts, Sign};
use crate::runbook::steps::restore::preview::{self, Told};
use crate::ui::{checks, words};

/// The key of the command that looks, among what is open.
const LOOK: &str = "the command that looks";
/// The key of the command that undoes it.
const UNDO: &str = "the command that undoes it";

/// The key of the objects beyond the first ones.
const MORE: &str = "more objects";
/// How many objects are shown at first, so that the confirmation stays near.
const SHOWN: usize = 5;

/// Shows the section.
pub(super) fn show(model: &Model, run: &Run, plan: &Plan, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    overline(ui, "What would change");
    let Some(failed) = run.failed else { return };
    match preview::told(&run.readings, failed, plan) {
        Told::Known { facts, at, of_now } => {
            let age = words::age(now, at);
            let summary = preview::summary(facts);
            secondary(ui, &format!("{summary}. Read {age} ago; Secrets and passwords are hidden"));
            if !of_now {
                callout(ui, Tone::Warn, "The plan is another one since this was read", "It is read again");
            }
            ui.scope(|ui| objects(run, plan, facts, ui, out));
        }
        Told::Reading => {
            secondary(ui, "Reading what would change…");
        }
        Told::Unknown(why) => {
            callout(ui, Tone::Unknown, "Not known", &preview::unread(why));
        }
        Told::NotAsked => {
            secondary(ui, preview::not_possible(plan).unwrap_or("What would change is about to be read"));
        }
    }
    let commands = [(LOOK, plan.preview_command()), (UNDO, plan.undo_command())];
    for (key, command) in commands {
        let Some(command) = command else { continue };
        let title = match key {
            LOOK => "The command that looks, and changes nothing",
            _ => "The command that undoes it",
        };
        let row = FoldRow { title, text: "", tone: None, open: is_open(run, plan, key) };
        let id = format!("{key} {}", plan.kind().id());
        if fold_row(ui, &row, |ui| checks::command(model, command, &id, now, ui, out)) {
            out.push(toggle(plan, key));
        }
    }
}

fn is_open(run: &Run, plan: &Plan, key: &str) -> bool {
    run.restore.open_changes.contains(&(plan.kind(), key.to_owned()))
}

fn toggle(plan: &Plan, key: &str) -> Msg {
    Msg::Restore(RestoreMsg::ToggleChange(plan.kind(), key.to_owned()))
}

fn objects(run: &Run, plan: &Plan, facts: &PreviewFacts, ui: &mut Ui, out: &mut Vec<Msg>) {
    for remark in preview::remarks(facts) {
        secondary(ui, &remark);
    }
    let all = is_open(run, plan, MORE);
    let shown = if all || facts.objects.len() <= SHOWN + 1 { facts.objects.len() } else { SHOWN };
    ui.spacing_mut().item_spacing.y = 0.0;
    for object in &facts.objects[..shown] {
        let title = preview::title(object);
        let tone = (object.refused.is_some() || object.unsure.is_some()).then_some(Tone::Warn);
        let open = is_open(run, plan, &title);
        let row = FoldRow { title: &title, text: &preview::line(object), tone, open };
        if fold_row(ui, &row, |ui| difference(object, &title, ui)) {
            out.push(toggle(plan, &title));
        }
    }
    more(run, plan, facts, ui, out);
}

/// More objects than fit above the confirmation.
fn more(run: &Run, plan: &Plan, facts: &PreviewFacts, ui: &mut Ui, out: &mut Vec<Msg>) {
    let more = facts.objects.len().saturating_sub(SHOWN);
    if more < 2 {
        return;
    }
    let open = is_open(run, plan, MORE);
    let title = if open { "Show fewer objects".to_owned() } else { format!("{more} more objects") };
    if fold_row(ui, &FoldRow { title: &title, text: "", tone: None, open }, |_| {}) {
        out.push(toggle(plan, MORE));
    }
}

fn difference(object: &ObjectChange, title: &str, ui: &mut Ui) {
    if let Some(refused) = &object.refused {
        callout(ui, Tone::Fail, "The server would refuse this", refused);
    }
    if let Some(unsure) = &object.unsure {
        callout(ui, Tone::Unknown, "Not asked of the cluster", unsure);
    }
    let rows: Vec<DiffRow<'_>> = object
        .lines
        .iter()
        .map(|line| DiffRow {
            mark: line.sign.mark(),
            text: &line.text,
            tone: match line.sign {
                Sign::Added => Some(Tone::Pass),
                Sign::Removed => Some(Tone::Fail),
                Sign::Kept => None,
                Sign::Place => Some(Tone::Unknown),
            },
        })
        .collect();
    if !rows.is_empty() {
        diff_view(ui, title, &rows);
    }
    if object.cut > 0 {
        secondary(ui, &format!("{} more lines are not shown", object.cut));
    }
}
