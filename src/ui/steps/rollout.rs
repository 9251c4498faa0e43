//! Step 4: the rollout as it goes, pod by pod.

use egui::{Sides, Ui};
use jiff::Timestamp;

use crate::app::model::{Model, RolloutWatch, Run};
use crate::app::msg::{LogMsg, Msg, RunMsg};
use crate::design::{
    ActionButton, Tone, badge, callout, card, card_list, faint, list_row, mono, overline, progress_row,
    secondary,
};
use crate::plain;
use crate::runbook::command;
use crate::runbook::pod::PodState;
use crate::runbook::rollout::{Phase, Rollout, RolloutPod};
use crate::runbook::step::Step;
use crate::ui::heading::Heading;
use crate::ui::run_layout::scroll;
use crate::ui::{checks, log_panel, words};

use super::diagnose::no_failed_region;

/// Shows the step.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(failed) = run.failed else {
        no_failed_region(ui, out);
        return;
    };
    let region = run.profile.region(failed);
    heading(run, &region.name, now).show(ui, out);
    let room = ui.available_height();
    scroll(run, ui, |ui| {
        let top = ui.cursor().top();
        let Some(watch) = &run.rollout else { return };
        if let Some(why) = &watch.lost {
            let text = format!("{}\n{}", why.message, why.remedy);
            callout(ui, Tone::Unknown, "The rollout itself goes on: only this view of it ended", text.trim());
        }
        if let Some(rollout) = &watch.rollout {
            if let Phase::Failed(reason) = &rollout.phase {
                callout(ui, Tone::Fail, "It will not end well by itself", reason);
            }
            bars(rollout, ui);
            pods(rollout, now, ui);
        }
        if run.log.is_none() {
            if ui.add(ActionButton::link("Open the log")).clicked() {
                out.push(Msg::Log(LogMsg::Open));
            }
        } else {
            // the log takes what is left of the page
            let left = room - (ui.cursor().top() - top);
            log_panel::show(model, run, now, left.max(log_panel::LEAST_HEIGHT), ui, out);
        }
        card(ui, |ui| {
            overline(ui, "The command that does the same");
            let command = command::rollout_status(&run.profile, region);
            checks::command(model, &command, "rollout", now, ui, out);
        });
    });
}

fn heading(run: &Run, region: &str, now: Timestamp) -> Heading {
    let verify = || RunMsg::Show(Step::Verify);
    let Some(watch) = &run.rollout else {
        return if run.acted() {
            Heading::new("The rollout is not being watched", "Nothing is known of it until it is")
                .next("Watch the rollout", RunMsg::WatchAgain)
        } else {
            let meaning = format!("A rollout begins with an action in {region}");
            Heading::new("Nothing was started yet", meaning)
                .next("Go to Restore", RunMsg::Show(Step::Restore))
                .or("Watch all the same", RunMsg::WatchAgain)
        };
    };
    if watch.lost.is_some() {
        return Heading::new(
            "The rollout is not being watched any more",
            "What is shown below is the last that was seen",
        )
        .next("Watch again", RunMsg::WatchAgain);
    }
    let Some(rollout) = &watch.rollout else {
        let since = words::span(words::since(now, watch.track.started_at));
        return Heading::new(
            format!("Waiting for the first answer of {region}…"),
            format!("Since {since}. The next step opens when the rollout is done"),
        )
        .next(format!("Verify {region}"), verify())
        .off("Waits for the rollout");
    };
    match &rollout.phase {
        Phase::Failed(_) => Heading::new(
            format!("The rollout failed: {} of {} available", rollout.available, rollout.wanted),
            "Look for the cause before another try",
        )
        .next("Back to Diagnose", RunMsg::Show(Step::Diagnose))
        .or("Watch again", RunMsg::WatchAgain),
        Phase::Done => {
            let took = watch.done_at.map(|done| words::span(words::since(done, watch.track.started_at)));
            Heading::new(
                format!("Rolled out: {} of {}", rollout.available, rollout.wanted),
                took.map_or(String::new(), |took| {
                    format!("Done in {took}. What is left is to see whether it serves")
                }),
            )
            .next(format!("Verify {region}"), verify())
        }
        Phase::NotSeen => Heading::new("The change is on its way", meaning(watch, rollout, now))
            .next(format!("Verify {region}"), verify())
            .off("Waits for the rollout"),
        Phase::Progressing => Heading::new(
            format!("New pods are coming up: {} of {} available", rollout.available, rollout.wanted),
            meaning(watch, rollout, now),
        )
        .next(format!("Verify {region}"), verify())
        .off("Waits for the rollout"),
    }
}

/// What it waits for, since when, and until when.
fn meaning(watch: &RolloutWatch, rollout: &Rollout, now: Timestamp) -> String {
    let since = words::span(words::since(now, watch.track.started_at));
    let left = words::span(watch.track.left(watch.deadline, now));
    format!(
        "{} after {since}. Fails by itself if nothing moves for another {left}",
        plain::capital(&rollout.message)
    )
}

fn bars(rollout: &Rollout, ui: &mut Ui) {
    card(ui, |ui| {
        let wanted = rollout.wanted.max(1) as f32;
        for (label, number) in
            [("Updated", rollout.updated), ("Ready", rollout.ready), ("Available", rollout.available)]
        {
            let value = format!("{number} of {}", rollout.wanted);
            progress_row(ui, label, number as f32 / wanted, Tone::Pass, &value);
        }
        if rollout.old > 0 {
            progress_row(
                ui,
                "Old, ending",
                rollout.old as f32 / wanted,
                Tone::Warn,
                &rollout.old.to_string(),
            );
        }
    });
}

fn pods(rollout: &Rollout, now: Timestamp, ui: &mut Ui) {
    card_list(ui, |ui| {
        if rollout.pods.is_empty() {
            list_row(ui, |ui| faint(ui, "No pod exists yet"));
        }
        for pod in &rollout.pods {
            list_row(ui, |ui| pod_row(pod, now, ui));
        }
    });
}

fn pod_row(pod: &RolloutPod, now: Timestamp, ui: &mut Ui) {
    let (tone, word) = match &pod.state {
        PodState::Ready => (Tone::Pass, "Ready"),
        PodState::Starting(_) => (Tone::Warn, "Starting"),
        PodState::Ending => (Tone::ToCome, "Ending"),
        PodState::Over(_) => (Tone::ToCome, "Ended"),
        PodState::Failing(_) => (Tone::Fail, "Failing"),
    };
    let revision = match pod.new {
        Some(true) => "new",
        Some(false) => "old",
        None => "",
    };
    let mut text = pod.state.text();
    if pod.state == PodState::Ready {
        text.push_str(&format!(
            ", {}",
            words::count(pod.restarts.unsigned_abs() as usize, "restart", "restarts")
        ));
    }
    Sides::new().shrink_left().truncate().show(
        ui,
        |ui| {
            // the same width for every word, so that the names stand below each other
            ui.allocate_ui(egui::vec2(BADGE, ui.available_height()), |ui| {
                ui.set_width(BADGE);
                badge(ui, tone, word);
            });
            mono(ui, &pod.name);
            faint(ui, &text);
        },
        |ui| {
            let age = pod.created_at.map(|at| words::age(now, at)).unwrap_or_default();
            secondary(ui, &format!("{revision}  {age}"));
        },
    );
}

/// Width of the column of badges, in points.
const BADGE: f32 = 86.0;
