//! The frame of a run: environment, regions and time on top, steps at the left,
//! the current step in the middle.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Practice, Run};
use crate::app::msg::{Msg, RunMsg, TimelineMsg};
use crate::design::{
    ActionButton, Place, Space, Tone, environment_name, faint, page, practice_banner, product_name, rail,
    rail_place, region_chip, secondary, step_rail, top_bar,
};
use crate::runbook::profile::RegionIndex;
use crate::runbook::step::Step;
use crate::runbook::steps::confirm;
use crate::runbook::wellness;

use super::{handover, overdue, run_rail, steps, timeline, words};

/// Room that the top bar's hint of who is waited for needs, in points.
const HINT_WIDTH: f32 = 170.0;

/// Shows a run.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    bar(model, run, now, ui, out);
    let asked = model.dialog.is_some() || model.closing.is_some();
    if !asked && ui.input_mut(|input| input.consume_shortcut(&timeline::KEYS)) {
        out.push(Msg::Timeline(TimelineMsg::Toggle));
    }
    if let Some(practice) = &run.practice {
        banner(practice, ui, out);
    }
    rail(ui, |ui| {
        let stands = run_rail::stands(run, now);
        let mut shown: Vec<_> = stands
            .iter()
            .map(|(step, stand)| Place {
                tone: stand.tone,
                title: step.title(),
                line: &stand.line,
                current: *step == run.step,
            })
            .collect();
        // the last one is no step
        let ours = shown.pop();
        if let Some(step) = step_rail(ui, &shown).and_then(|i| Step::ALL.get(i)) {
            out.push(Msg::Run(RunMsg::Show(*step)));
        }
        ui.add_space(Space::M);
        if ours.is_some_and(|ours| rail_place(ui, &ours).clicked()) {
            out.push(Msg::Run(RunMsg::Show(Step::Preflight)));
        }
    });
    page(ui, |ui| {
        if run.timeline.is_open {
            timeline::show(model, run, ui, out);
            return;
        }
        timeline::not_shown(ui);
        overdue::show(model, run, now, ui, out);
        let show = match run.step {
            Step::Preflight => steps::preflight::show,
            Step::Confirm => steps::confirm::show,
            Step::Diagnose => steps::diagnose::show,
            Step::Restore => steps::restore::show,
            Step::Rollout => steps::rollout::show,
            Step::Verify => steps::verify::show,
        };
        show(model, run, now, ui, out);
    });
}

fn bar(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let left = |ui: &mut Ui| {
        product_name(ui, "Failback");
        environment_name(ui, &run.profile.name);
        for region in run.profile.indices() {
            let (tone, text) = chip(run, region);
            region_chip(ui, tone, &text);
        }
        if let Some(first) = run.first_failure_at {
            let text = match run.verify.recovered_at {
                Some(recovered) => {
                    format!("was out for at least {}", words::span(words::since(recovered, first)))
                }
                None => format!("{} since the first failure seen", words::span(words::since(now, first))),
            };
            faint(ui, &text).on_hover_text(format!("First failure seen {}", words::clock(first)));
        }
        // half a hint is none
        if ui.available_width() > HINT_WIDTH {
            secondary(ui, run_rail::waits_for(run, now));
        }
    };
    top_bar(ui, left, |ui| {
        // a right side is laid out from the right
        if ui.add(ActionButton::quiet("Leave")).clicked() {
            out.push(Msg::Run(RunMsg::Leave));
        }
        if ui.add(ActionButton::quiet("Variables")).clicked() {
            out.push(Msg::Run(RunMsg::Variables));
        }
        let keys = ui.ctx().format_shortcut(&timeline::KEYS);
        let timeline = ui.add(ActionButton::quiet("Timeline"));
        ui.ctx().accesskit_node_builder(timeline.id, |node| node.set_keyboard_shortcut(&*keys));
        if timeline
            .on_hover_text(format!("What was found, decided and done, and a field for notes ({keys})"))
            .clicked()
        {
            out.push(Msg::Timeline(TimelineMsg::Toggle));
        }
        handover::in_bar(model, run, now, ui, out);
    });
}

/// A region's state in the top bar. The failed one is called so until it is healthy.
fn chip(run: &Run, region: RegionIndex) -> (Tone, String) {
    let name = &run.profile.region(region).name;
    let failed = run.failed == Some(region);
    match confirm::is_healthy(&run.profile, &run.readings, region) {
        Some(true) if failed && run.was_out() => (Tone::Pass, format!("{name} healthy again")),
        Some(true) => (Tone::Pass, format!("{name} healthy")),
        Some(false) if wellness::of(&run.profile, &run.readings, region).is_well() => {
            (Tone::Warn, format!("{name}: only its check fails"))
        }
        Some(false) if failed => (Tone::Fail, format!("{name} failed")),
        Some(false) => (Tone::Fail, format!("{name} fails")),
        None if confirm::watches_other_region(&run.profile, &run.readings, region).is_some() => {
            (Tone::Warn, format!("{name}: its check watches another host"))
        }
        None if failed => (Tone::Fail, format!("{name} failed, could not check")),
        None if run.readings.health_check(region).is_none() => (Tone::Busy, format!("{name} is asked")),
        None => (Tone::Unknown, format!("{name} could not check")),
    }
}

fn banner(practice: &Practice, ui: &mut Ui, out: &mut Vec<Msg>) {
    let world = &practice.world;
    let repaired = if practice.repaired { ". Somebody repaired it" } else { "" };
    let title = words::inside(&world.title);
    let text = format!("Nothing here is real. Scenario: {title}, time × {}{repaired}", world.speed);
    let mut actions = Vec::new();
    if world.repaired_by_others && !practice.repaired {
        actions.push(("Somebody repaired it", RunMsg::Repair));
    }
    actions.push(("End practice", RunMsg::Leave));
    let labels: Vec<&str> = actions.iter().map(|(label, _)| *label).collect();
    if let Some(clicked) = practice_banner(ui, &text, &labels) {
        out.push(Msg::Run(actions.swap_remove(clicked).1));
    }
}
