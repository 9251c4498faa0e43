//! Step 2: what is broken, with the evidence, and every check.

mod causes;
mod evidence;

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{LogMsg, Msg, RunMsg};
use crate::design::{ActionButton, Tone, body, callout, card, card_list, list_row};
use crate::runbook::action::Plan;
use crate::runbook::case::Case;
use crate::runbook::cause::{self, Advice, Assessment, Blame, Fit, Strength};
use crate::runbook::check::{self, Check, Tally};
use crate::runbook::profile::RegionIndex;
use crate::runbook::step::Step;
use crate::runbook::steps::{self, confirm, diagnose};
use crate::runbook::verdict::Finding;
use crate::ui::heading::Heading;
use crate::ui::run_layout::beside_picture;
use crate::ui::{check_list, checks, log_panel, words};

/// Shows the step.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(case) = run.case(now) else {
        no_failed_region(ui, out);
        return;
    };
    let causes = run.causes(now);
    let mut all = steps::checks(&case, Step::Diagnose);
    let tally = check::tally(&all);
    check::by_importance(&mut all);
    let standing = Standing { next: next(run, &case, &causes, &tally), case, causes, tally };
    head(run, &standing, ui, out);
    beside_picture(run, now, ui, |ui| {
        if let Some(first) = standing.causes.first() {
            causes::show(model, run, &standing, first, ui, out);
        } else {
            actions_without_cause(&standing, ui, out);
        }
        not_confirmed(run, &standing, ui);
        check_list_ui(model, run, &all, now, ui, out);
        if run.log.is_some() {
            log_panel::show(model, run, now, log_panel::LEAST_HEIGHT, ui, out);
        }
    });
}

/// The step before a failed region is known: there is nothing to diagnose.
pub(super) fn no_failed_region(ui: &mut Ui, out: &mut Vec<Msg>) {
    let meaning = "Confirm first which region is out";
    Heading::new("No failed region is known yet", meaning)
        .next("Confirm failover", RunMsg::Show(Step::Confirm))
        .show(ui, out);
}

/// Where the diagnosis stands.
struct Standing<'a> {
    case: Case<'a>,
    causes: Vec<Assessment>,
    tally: Tally,
    next: Next,
}

/// The next thing to do.
enum Next {
    /// Answers are on their way.
    Wait,
    /// An action fits the cause.
    Act(Box<Plan>),
    /// The repair is somebody else's.
    Guide,
    /// The platform runs: see whether it serves.
    Verify,
    /// Another region is the one that failed.
    Swap(RegionIndex),
    /// No health check fails, and none has in this run: there is nothing to do here.
    Leave,
    /// Nothing could be read: first the reason for that.
    Mend(Finding),
    /// No cause is known: read the logs.
    ReadLogs,
    /// No cause is known, and the logs are open: choose an action.
    Choose,
}

fn next(run: &Run, case: &Case, causes: &[Assessment], tally: &Tally) -> Next {
    let first = causes.first();
    if first.is_some_and(|first| first.blame == Blame::Choice)
        && let Some(confirm::Outcome::OtherRegionFailing(other)) =
            confirm::outcome(case.profile, case.readings, case.failed)
    {
        return Next::Swap(other);
    }
    match first.and_then(|first| first.advice) {
        Some(Advice::Guidance | Advice::Stop) => Next::Guide,
        Some(_) => {
            let mut plans = run.plans(case.now).into_iter();
            let fits = plans.find(|plan| matches!(plan.fit(), Fit::Fits(_)));
            fits.map_or(Next::Choose, |plan| Next::Act(Box::new(plan)))
        }
        None if !causes.is_empty() => Next::Leave,
        None if diagnose::platform_runs(case) => Next::Verify,
        None if tally.waiting > 0 => Next::Wait,
        None if let Some(why) = diagnose::nothing_read(case) => Next::Mend(why),
        None if run.log.is_none() => Next::ReadLogs,
        None => Next::Choose,
    }
}

fn head(run: &Run, standing: &Standing, ui: &mut Ui, out: &mut Vec<Msg>) {
    let region = &standing.case.failed_region().name;
    let Tally { all, unknown, waiting, .. } = standing.tally;
    let first = standing.causes.first();
    let mut meaning = match first {
        Some(first) if first.advice == Some(Advice::Stop) => "Do not restart, re-apply or scale. ".to_owned(),
        Some(first) if first.blame == Blame::OurSide && first.strength >= Strength::Likely => {
            "This is on our side or on the way from here: it says nothing of the region. ".to_owned()
        }
        Some(first) if first.strength == Strength::Certain => {
            format!("Seen directly, not guessed; {} causes looked at. ", cause::COUNT)
        }
        Some(first) if first.strength == Strength::Likely => {
            format!("Most likely cause out of {} looked at. ", cause::COUNT)
        }
        Some(_) => format!("A possible cause out of {} looked at. ", cause::COUNT),
        None if waiting == 0 => format!("{} causes looked at. ", cause::COUNT),
        None => String::new(),
    };
    meaning.push_str(&format!("{} of {all} checks answered", all - waiting - unknown));
    if unknown > 0 {
        meaning.push_str(&format!(", {unknown} could not be checked"));
    }
    if waiting > 0 {
        let asked = diagnose::questions(standing.case.profile, standing.case.failed);
        let since = asked.iter().filter_map(|q| run.readings.slot(*q)?.asked_at).min();
        if let Some(since) = since {
            meaning.push_str(&format!(
                ", waits for {waiting} since {}",
                words::span(words::since(standing.case.now, since))
            ));
        }
    }
    let title = match (first, &standing.next) {
        // Nothing fails any more: that it runs is the news, not that there was nothing to restore.
        (_, Next::Verify) => format!("The platform in {region} runs"),
        (Some(first), _) => first.headline.clone(),
        (None, Next::Wait) => format!("Reading {region}…"),
        (None, Next::Mend(_)) => format!("Nothing could be read of {region}"),
        (None, _) => format!("No known cause fits what was read of {region}"),
    };
    Heading::new(title, meaning).or("Check all again", RunMsg::RefreshAll).show(ui, out);
}

/// Nothing is known to be broken: what to do then.
fn actions_without_cause(standing: &Standing, ui: &mut Ui, out: &mut Vec<Msg>) {
    let region = &standing.case.failed_region().name;
    match &standing.next {
        Next::Verify => {
            card(ui, |ui| {
                body(
                    ui,
                    "Its cluster answers and enough pods are ready. What is left is to see whether it serves",
                );
                if ui.add(ActionButton::primary(&format!("Go to Verify {region}"))).clicked() {
                    out.push(Msg::Run(RunMsg::Show(Step::Verify)));
                }
            });
        }
        Next::Mend(why) => {
            callout(ui, Tone::Unknown, &why.found, &why.remedy);
            if ui.add(ActionButton::primary("Check again")).clicked() {
                out.push(Msg::Run(RunMsg::RefreshAll));
            }
        }
        Next::ReadLogs => {
            card(ui, |ui| {
                body(ui, "Read the logs, then the checks that fail, from the top of the list below");
                ui.horizontal_wrapped(|ui| {
                    if ui.add(ActionButton::primary("Read the logs")).clicked() {
                        out.push(Msg::Log(LogMsg::Open));
                    }
                    if ui.add(ActionButton::secondary("Go to Restore")).clicked() {
                        out.push(Msg::Run(RunMsg::Show(Step::Restore)));
                    }
                });
            });
        }
        Next::Wait => {
            callout(
                ui,
                Tone::Busy,
                "Everything is asked at once",
                "A cause is named as soon as the answers tell one",
            );
        }
        _ => {
            card(ui, |ui| {
                body(
                    ui,
                    "If the logs tell nothing more, choose an action yourself: it asks for your reason first",
                );
                restore_button("Go to Restore", ui, out);
            });
        }
    }
}

/// Without Route 53 it is not known which region is out: what our own look says meanwhile.
fn not_confirmed(run: &Run, standing: &Standing, ui: &mut Ui) {
    let case = &standing.case;
    let outcome = confirm::outcome(case.profile, case.readings, case.failed);
    let Some(confirm::Outcome::CouldNotCheck(_)) = outcome else { return };
    let own = confirm::own_look(case);
    let text = if own.is_empty() {
        "Whether failover is active is not known: see Confirm failover".to_owned()
    } else {
        format!("Our own look at the hosts, a hint and no proof: {}", own.join("; "))
    };
    let acts = matches!(standing.next, Next::Act(_)) && !run.acted();
    let text = if acts { format!("{text}. Restore asks for your reason because of that") } else { text };
    callout(ui, Tone::Unknown, "Route 53 could not be asked: failover is not confirmed", &text);
}

fn check_list_ui(model: &Model, run: &Run, all: &[Check], now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    card_list(ui, |ui| {
        let rows = checks::Rows::of(ui, model, run, all, now);
        check_list::show(rows, all, ui, out, &mut |check, ui, out| {
            if check.id == "logs" && ui.add(ActionButton::secondary("Open the log").small()).clicked() {
                out.push(Msg::Log(LogMsg::Open));
            }
        });
        if run.log.is_none() {
            list_row(ui, |ui| {
                if ui.add(ActionButton::link("Open the log")).clicked() {
                    out.push(Msg::Log(LogMsg::Open));
                }
            });
        }
    });
}

fn restore_button(label: &str, ui: &mut Ui, out: &mut Vec<Msg>) {
    if ui.add(ActionButton::primary(label)).clicked() {
        out.push(Msg::Run(RunMsg::Show(Step::Restore)));
    }
}
