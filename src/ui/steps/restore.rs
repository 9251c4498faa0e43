//! Step 3: the actions to choose from, the plan of the chosen one, and how it went.

mod changes;
mod outcome;
mod plan;

use egui::{ScrollArea, Ui};
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RestoreMsg, RunMsg};
use crate::design::{OptionCard, Rich, Tone, callout, card, card_title, key_values, option_card};
use crate::plain;
use crate::runbook::action::{ActionOutcome, Plan};
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Fit};
use crate::runbook::profile::RegionIndex;
use crate::runbook::rollout::Phase;
use crate::runbook::step::Step;
use crate::runbook::steps::confirm;
use crate::runbook::steps::restore::{self, Instead, NothingToDo};
use crate::runbook::wellness;
use crate::ui::heading::Heading;
use crate::ui::run_layout::{above_footer, beside_picture, columns, scroll};
use crate::ui::words;

use super::diagnose::no_failed_region;

/// In a page narrower than this the options stand above the plan, in points.
const BESIDE_FROM: f32 = 640.0;

/// Shows the step.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(case) = run.case(now) else {
        no_failed_region(ui, out);
        return;
    };
    let plans = run.plans(now);
    let causes = run.causes(now);
    let idle = run.nothing_to_do(now).filter(|_| run.restore.running.is_none());
    match &idle {
        Some(idle) if !run.went_well() => idle_heading(idle, run).show(ui, out),
        _ => heading(run, &case, &causes, &plans).show(ui, out),
    }
    let Some(chosen) = run.selected_plan(now) else { return };
    let mut right = Vec::new();
    if idle.is_some() {
        beside_picture(run, now, ui, |ui| {
            outcome::show(model, run, &case, now, ui, out);
            known(&case, ui);
        });
        return;
    }
    if run.went_well() && !run.open_checks.contains(&AGAIN) {
        // Nothing to choose: the options were ranked for a cause that is gone now.
        scroll(run, ui, |ui| outcome::show(model, run, &case, now, ui, out));
        return;
    }
    let mut left = |ui: &mut Ui| options(run, &plans, &chosen, ui, out);
    let mut asks = Vec::new();
    let runs = run.restore.running.is_some();
    let mut show_plan = |ui: &mut Ui| {
        outcome::show(model, run, &case, now, ui, &mut right);
        if !runs {
            plan::show(model, run, &chosen, now, ui, &mut right);
        }
    };
    let mut confirm = |ui: &mut Ui| plan::confirm(run, &chosen, now, ui, &mut asks);
    if ui.available_width() < BESIDE_FROM {
        scroll(run, ui, |ui| {
            left(ui);
            show_plan(ui);
            if !runs {
                confirm(ui);
            }
        });
    } else {
        let width = (ui.available_width() * 0.31).clamp(200.0, 300.0);
        columns(
            ui,
            width,
            |ui| {
                ScrollArea::vertical().id_salt("options").auto_shrink(false).show(ui, left);
            },
            |ui| {
                if runs {
                    scroll(run, ui, show_plan);
                } else {
                    above_footer(run, ui, show_plan, confirm);
                }
            },
        );
    }
    out.append(&mut right);
    out.append(&mut asks);
}

/// The key in `open_checks` of the plan being shown after an action that ended well.
const AGAIN: (&str, Option<crate::runbook::profile::RegionIndex>) = ("another-action", None);

/// Does no plan help against what is known to be broken? Where no cause is known any may.
fn nothing_helps(plans: &[Plan]) -> bool {
    let cannot = |plan: &Plan| matches!(plan.fit(), Fit::Later(_) | Fit::CannotHelp(_));
    !plans.is_empty() && plans.iter().all(cannot)
}

fn heading(run: &Run, case: &Case, causes: &[Assessment], plans: &[Plan]) -> Heading {
    let first = causes.first();
    let region = &case.failed_region().name;
    let diagnose = || RunMsg::Show(Step::Diagnose);
    if let Some(running) = &run.restore.running {
        let since = words::span(words::since(case.now, running.started_at));
        return Heading::new(
            format!("{} {region}: it runs", running.kind.verb()),
            format!("Since {since}. It goes on if you look at another step"),
        );
    }
    if run.went_well() {
        return after_the_action(run, region);
    }
    match run.restore.finished.last().and_then(|done| done.outcome.as_ref()) {
        Some(ActionOutcome::Cancelled { unchanged: true, .. }) => {
            return Heading::new(
                format!("The action in {region} was stopped, nothing was changed"),
                "Try again, or choose another one",
            )
            .or("Diagnose again", diagnose());
        }
        Some(ActionOutcome::Failed { unchanged: true, .. }) => {
            return Heading::new(
                format!("The action in {region} failed, nothing was changed"),
                "Read why, mend that, then try again or choose another one",
            )
            .or("Diagnose again", diagnose());
        }
        Some(ActionOutcome::Failed { .. } | ActionOutcome::Cancelled { .. }) => {
            return Heading::new(
                format!("The action in {region} did not end: it may be half-done"),
                "Look at the region before you repeat it",
            )
            .next("Diagnose again", diagnose());
        }
        _ => {}
    }
    if nothing_helps(plans) {
        return Heading::new(
            format!("Nothing here can bring {region} back yet"),
            first.map_or(String::new(), |first| format!("{}: the repair is somebody else's", first.title)),
        )
        .next("Back to Diagnose: what to do", diagnose());
    }
    let meaning = match (first, plans.iter().find(|plan| matches!(plan.fit(), Fit::Fits(_)))) {
        (Some(first), Some(plan)) => match restore::fit(causes, plan.kind()).1 {
            Some(against) if against.id != first.id => format!(
                "{}: the repair is somebody else's. {} fits another cause: {}",
                first.title,
                plan.title(),
                words::inside(&against.title)
            ),
            _ => format!("{}. {} fits that cause", first.title, plan.title()),
        },
        _ => "No cause is known: look at Diagnose first".to_owned(),
    };
    let again = run
        .restore
        .finished
        .last()
        .map(|last| format!("The rollout after {} failed. ", words::clock(last.at)));
    Heading::new(format!("Bring the platform in {region} back"), again.unwrap_or_default() + &meaning)
}

/// What is known of each region where there is nothing to do: that rests on it.
fn known(case: &Case, ui: &mut Ui) {
    let of = |region: RegionIndex| {
        let health = confirm::health_check(case, region, Step::Confirm).finding;
        let health = health.map_or("health check not read yet".to_owned(), |finding| finding.found);
        let wellness::Wellness { good, bad } = wellness::of(case.profile, case.readings, region);
        let signs: Vec<String> = [health].into_iter().chain(bad).chain(good).collect();
        (case.profile.region(region).name.as_str(), Rich::from(signs.join(", ")))
    };
    let rows: Vec<_> = case.profile.indices().map(of).collect();
    card(ui, |ui| {
        card_title(ui, "What is known of the regions");
        key_values(ui, &rows);
    });
}

/// Where there is nothing to do: the sentence, and what there is to do in place of an action.
fn idle_heading(idle: &NothingToDo, run: &Run) -> Heading {
    let heading = Heading::new(idle.sentence.as_str(), idle.meaning.as_str());
    let name = |region: RegionIndex| run.profile.region(region).name.as_str();
    match idle.next {
        Instead::Leave => heading.next("Nothing to restore: leave", RunMsg::Leave),
        Instead::Verify => {
            let failed = run.failed.map(name).unwrap_or_default();
            heading.next(format!("Verify {failed}"), RunMsg::Show(Step::Verify))
        }
        Instead::Choose(other) => {
            heading.next(format!("Take {} for the failed region", name(other)), RunMsg::Choose(other))
        }
        Instead::Stop | Instead::Look => heading.next("Check again", RunMsg::RefreshAll),
    }
}

/// What happens now that an action ended well, or was done by hand.
fn after_the_action(run: &Run, region: &str) -> Heading {
    let by_hand = run.restore.finished.last().is_some_and(|last| last.outcome.is_none());
    let done = if by_hand {
        format!("It was done by hand in {region}")
    } else {
        format!("The action in {region} is done")
    };
    let watch = run.rollout.as_ref();
    let rollout = watch.and_then(|watch| watch.rollout.as_ref());
    let not_yet = "An action that ended well is not yet a region that serves";
    let rollout_step = || RunMsg::Show(Step::Rollout);
    match rollout {
        Some(rollout) if rollout.phase == Phase::Done => {
            let pods = format!("{} of {} pods are available", rollout.available, rollout.wanted);
            Heading::new(format!("{done}, and its pods are there: verify that it serves"), pods)
                .next(format!("Verify {region}"), RunMsg::Show(Step::Verify))
                .or("Watch the rollout", rollout_step())
        }
        _ if watch.is_some_and(|watch| watch.lost.is_some()) => {
            let title = format!("{done}, and its rollout is not watched any more");
            Heading::new(title, "Watch it again: whether its pods come up is not known")
                .next("Watch the rollout", rollout_step())
        }
        Some(rollout) => {
            let pods = format!("{} of {} pods are available", rollout.available, rollout.wanted);
            Heading::new(format!("{done}: {pods} so far"), not_yet).next("Watch the rollout", rollout_step())
        }
        None => Heading::new(format!("{done}: watch its new pods come up"), not_yet)
            .next("Watch the rollout", rollout_step()),
    }
}

fn options(run: &Run, plans: &[Plan], chosen: &Plan, ui: &mut Ui, out: &mut Vec<Msg>) {
    if run.went_well() {
        let text =
            "Look at the end of its rollout before something else is done: a second action starts it anew";
        callout(ui, Tone::Busy, "An action is done already", text);
    } else if nothing_helps(plans) {
        let text = "They stay here to be read. What to do instead stands in Diagnose";
        callout(ui, Tone::Warn, "None of these can help now", text);
    }
    for plan in plans {
        let helps = !matches!(plan.fit(), Fit::Later(_) | Fit::CannotHelp(_));
        let text = match plan.fit() {
            Fit::Later(reason) | Fit::CannotHelp(reason) | Fit::Unproven(reason) => reason.to_owned(),
            Fit::Fits(reason) | Fit::Also(reason) => {
                format!("{reason}. {}", plain::capital(plan.usual_duration()))
            }
        };
        let selected =
            plan.kind() == run.restore.running.as_ref().map_or(chosen.kind(), |running| running.kind);
        let option =
            OptionCard { title: plan.title(), text: &text, selected, enabled: run.restore.running.is_none() };
        let shown = ui.scope(|ui| {
            // what cannot help can be read, and steps back
            if !helps && !selected {
                ui.set_opacity(0.75);
            }
            option_card(ui, &option)
        });
        if shown.inner.clicked() {
            out.push(Msg::Restore(RestoreMsg::Select(plan.kind())));
        }
    }
}
