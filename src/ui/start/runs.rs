//! Runs that did not end: what each waited for, and how to take it up again.

use egui::{Sides, Ui};

use super::super::grid;
use super::look_back;
use super::named;
use crate::app::model::{Model, RunSummary};
use crate::app::msg::{Msg, StartMsg};
use crate::design::{
    ActionButton, Space, Tone, badge, body, card_title, faint, headline, secondary, subline,
};
use crate::runbook::interrupted::Interrupted;

/// How many are shown; the terminal lists all.
const SHOWN: usize = 5;

/// The runs that did not end: first those with an action whose outcome is not known, else the newest.
fn unfinished(model: &Model) -> Vec<&RunSummary> {
    let runs = model.start.look_back.runs.iter();
    let mut runs: Vec<&RunSummary> = runs.filter(|run| run.is_unfinished && run.practice.is_none()).collect();
    runs.sort_by_key(|run| !run.has_open_action);
    runs
}

/// Those of them that have a card.
pub(super) fn shown(model: &Model) -> Vec<&RunSummary> {
    let mut runs = unfinished(model);
    runs.truncate(SHOWN);
    runs
}

/// Paints them; nothing where there are none.
pub(super) fn show(model: &Model, ui: &mut Ui, out: &mut Vec<Msg>) {
    let runs = unfinished(model);
    if runs.is_empty() {
        return;
    }
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        headline(ui, "Not finished");
        subline(ui, "Taken up again, everything is read anew and nothing is repeated");
    });
    let shown = shown(model);
    let columns = grid::columns(ui, 420.0, 2);
    let tone = |run: &&RunSummary| run.has_open_action.then_some(Tone::Fail);
    grid::cards(ui, columns, &shown, tone, |ui, run| {
        ui.push_id(&run.folder, |ui| run_ui(model, run, ui, out));
    });
    if runs.len() > SHOWN {
        let more = runs.len() - SHOWN;
        faint(ui, &format!("{more} more: `failback runs list` in a terminal shows all of them"));
    }
    ui.add_space(Space::S);
}

fn run_ui(model: &Model, run: &RunSummary, ui: &mut Ui, out: &mut Vec<Msg>) {
    let title = run.title();
    Sides::new().shrink_left().truncate().show(
        ui,
        |ui| card_title(ui, &title),
        |ui| match (run.goes_on, run.has_open_action) {
            (true, _) => badge(ui, Tone::Busy, "Open elsewhere"),
            (false, true) => badge(ui, Tone::Fail, "Outcome not known"),
            (false, false) => badge(ui, Tone::Warn, "Not finished"),
        },
    );
    let interrupted = model.start.look_back.interrupted.iter().find(|it| it.run == run.folder);
    body(ui, &interrupted.map_or_else(|| run.waiting_for.clone(), Interrupted::sentence));
    let left = run.last_at.map_or(String::new(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    secondary(ui, &format!("Last entry {left}, by {}", run.by));
    ui.horizontal_wrapped(|ui| {
        let resume = ActionButton::secondary("Take up again").off_because(off(model, run));
        if named(ui, resume, &format!("Take up again the run of {title}")).clicked() {
            out.push(Msg::Start(StartMsg::Resume(run.folder.clone())));
        }
        if let Some(interrupted) = interrupted {
            look_back::looked_button(interrupted, ui, out);
        }
        let off = run.goes_on.then_some("It is open in another window or terminal");
        let end = ActionButton::quiet("End it…").off_because(off);
        if named(ui, end, &format!("End the run of {title}")).clicked() {
            out.push(Msg::Start(StartMsg::EndRun(run.folder.clone())));
        }
    });
}

fn off(model: &Model, run: &RunSummary) -> Option<&'static str> {
    if run.goes_on {
        return Some("It is open in another window or terminal");
    }
    model.start.reading.is_some().then_some("A run is being read")
}
