//! The causes on the screen: the first with its evidence and the next action, what else is broken
//! beside it, and the rest on demand.

use egui::Ui;

use crate::app::model::{Model, Run};
use crate::app::msg::{LogMsg, Msg, RestoreMsg, RunMsg};
use crate::design::{
    ActionButton, CauseCard, Rich, Tone, callout, card, card_title, cause_card, tone_card, tone_icon,
};
use crate::runbook::action::{ActionKind, Plan};
use crate::runbook::case::Case;
use crate::runbook::cause::{self, Advice, Assessment, Blame, Fit, Strength};
use crate::runbook::step::Step;
use crate::runbook::steps::{diagnose, verify};
use crate::ui::{checks, words};

use super::evidence::Evidence;
use super::{Next, Standing, restore_button};

/// The key in `open_checks` of all evidence being shown.
const ALL_EVIDENCE: &str = "all-evidence";

/// Shows them; `first` is the first of them.
pub(super) fn show(
    model: &Model,
    run: &Run,
    standing: &Standing,
    first: &Assessment,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    if first.advice == Some(Advice::Stop) {
        let text = first.guidance.first().map_or("", |step| step.text.as_str());
        callout(ui, Tone::Fail, "STOP. Nothing in this program can repair this", text);
    }
    first_cause(model, run, standing, first, ui, out);
    if run.guidance_open && !first.guidance.is_empty() {
        guidance(model, run, standing, first, ui, out);
    }
    let also = cause::also(&standing.causes);
    if run.more_causes {
        for other in &standing.causes[1..] {
            let lines = Evidence::of(other, true);
            let next = next_of(other);
            cause_card(ui, &card_of(other, &lines, &next), |_| ());
        }
    } else if let [second, ..] = also[..] {
        broken_too(run, &standing.case, &also, second, ui, out);
    }
}

/// The colour of a cause: how bad it is, and whose.
fn tone(cause: &Assessment) -> Tone {
    match cause.blame {
        _ if cause.strength < Strength::Likely => Tone::Warn,
        Blame::Outside => Tone::Fail,
        Blame::OurSide => Tone::Unknown,
        Blame::Choice => Tone::Warn,
        Blame::Nothing => Tone::Pass,
    }
}

fn card_of<'a>(cause: &'a Assessment, evidence: &'a Evidence, next: &'a [Rich]) -> CauseCard<'a> {
    CauseCard {
        tone: tone(cause),
        title: &cause.title,
        evidence_for: &evidence.speaks_for,
        evidence_against: &evidence.speaks_against,
        unknown: &evidence.unknown,
        next,
    }
}

/// The first thing to do about a cause, as it says itself.
fn next_of(cause: &Assessment) -> Vec<Rich> {
    cause.guidance.first().map(|step| strong_quoting(&step.text)).into_iter().collect()
}

/// A sentence that stands out, with what is to be typed between backquotes.
fn strong_quoting(text: &str) -> Rich {
    text.split('`').enumerate().fold(Rich::new(), |rich, (place, part)| {
        if place % 2 == 0 { rich.strong(part) } else { rich.mono(part) }
    })
}

/// The next thing to do, in a sentence.
fn next(standing: &Standing, first: &Assessment) -> Vec<Rich> {
    let text = match &standing.next {
        // said above the card
        Next::Guide if first.advice == Some(Advice::Stop) => return Vec::new(),
        Next::Verify => "Enough pods are ready: see in step 5 whether the region serves again".to_owned(),
        Next::Act(plan) if first.guidance.is_empty() => {
            let duration = words::inside(plan.usual_duration());
            format!("{} in step 3, {duration}. Nothing is changed before you confirm it there", plan.title())
        }
        _ => return next_of(first),
    };
    vec![Rich::new().strong(text)]
}

fn first_cause(
    model: &Model,
    run: &Run,
    standing: &Standing,
    first: &Assessment,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    let all = run.open_checks.contains(&(ALL_EVIDENCE, None));
    let evidence = Evidence::of(first, all);
    let next = next(standing, first);
    cause_card(ui, &card_of(first, &evidence, &next), |ui| {
        primary(run, standing, ui, out);
        if matches!(standing.next, Next::Guide) {
            after_that(&standing.case, first, ui, out);
        } else if first.guidance.len() > 1 {
            what_to_do(run, false, ui, out);
        }
        if first.id == "crash-loop"
            && run.log.is_none()
            && ui.add(ActionButton::secondary("Read the log")).clicked()
        {
            out.push(Msg::Log(LogMsg::Open));
        }
        next_command(model, standing, first, ui, out);
        if evidence.cut || all {
            let label = if all { "Less evidence" } else { "All evidence" };
            if ui.add(ActionButton::link(label)).clicked() {
                out.push(Msg::Run(RunMsg::ToggleCheck(ALL_EVIDENCE, None)));
            }
        }
        let others = standing.causes.len() - 1;
        if others > 0 {
            let label = if run.more_causes {
                "Hide other causes".to_owned()
            } else {
                words::count(others, "other cause", "other causes")
            };
            if ui.add(ActionButton::link(&label)).clicked() {
                out.push(Msg::Run(RunMsg::ToggleCauses));
            }
        }
    });
}

/// The button of the next thing to do.
fn primary(run: &Run, standing: &Standing, ui: &mut Ui, out: &mut Vec<Msg>) {
    let region = &standing.case.failed_region().name;
    let (label, msg) = match &standing.next {
        Next::Guide => return what_to_do(run, true, ui, out),
        Next::Swap(other) => {
            let other_name = &standing.case.profile.region(*other).name;
            (format!("Take {other_name} for the failed region"), RunMsg::Choose(*other))
        }
        Next::Leave => ("Nothing to restore: leave".to_owned(), RunMsg::Leave),
        Next::Verify => (format!("Go to Verify {region}"), RunMsg::Show(Step::Verify)),
        Next::Act(plan) => {
            return restore_button(&format!("Go to Restore: {}", words::inside(plan.title())), ui, out);
        }
        _ => return restore_button("Go to Restore", ui, out),
    };
    if ui.add(ActionButton::primary(&label)).clicked() {
        out.push(Msg::Run(msg));
    }
}

fn what_to_do(run: &Run, primary: bool, ui: &mut Ui, out: &mut Vec<Msg>) {
    let label = if run.guidance_open { "Hide what to do" } else { "Show what to do" };
    let button = if primary { ActionButton::primary(label) } else { ActionButton::secondary(label) };
    if ui.add(button).clicked() {
        out.push(Msg::Run(RunMsg::ToggleGuidance));
    }
}

/// Copies the command of the step that the card names.
fn next_command(model: &Model, standing: &Standing, first: &Assessment, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(command) = first.guidance.first().and_then(|step| step.command.as_ref()) else { return };
    if !matches!(standing.next, Next::Guide) {
        return;
    }
    let key = "next command";
    let label = if model.is_copied(key, standing.case.now) { "Copied" } else { "Copy its command" };
    if ui.add(ActionButton::secondary(label)).clicked() {
        checks::copy(command.shell(), key.to_owned(), out);
    }
}

/// What helps once others have mended the cause, as the cause itself says.
fn after_that(case: &Case, first: &Assessment, ui: &mut Ui, out: &mut Vec<Msg>) {
    let label = match first.fits.of(ActionKind::Restart) {
        Fit::Later(_) => "Restart: only after that",
        Fit::Also(_) => "Go to Restore: restart",
        _ => return,
    };
    let there = diagnose::inside_known(case);
    if there && ui.add(ActionButton::secondary(label)).clicked() {
        out.push(Msg::Run(RunMsg::Show(Step::Restore)));
    }
}

/// What is broken beside the first cause: it has to be seen that mending the first is not enough.
fn broken_too(
    run: &Run,
    case: &Case,
    also: &[&Assessment],
    second: &Assessment,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    let more = if also.len() > 1 { format!(", and {} more", also.len() - 1) } else { String::new() };
    let title = format!("Also broken: {}{more}", second.headline);
    let lines = Evidence::of(second, false);
    tone_card(ui, Some(tone(second)), |ui| {
        ui.horizontal_top(|ui| {
            tone_icon(ui, tone(second), 18.0, tone(second).word());
            ui.vertical(|ui| card_title(ui, &title));
        });
        for line in lines.speaks_for.iter().take(1).chain(&next_of(second)) {
            line.show(ui);
        }
        // Step 3 offers the same, in the same words.
        let fits = |plan: &Plan| matches!(second.fits.of(plan.kind()), Fit::Fits(_));
        if let Some(plan) = run.plans(case.now).into_iter().find(fits)
            && diagnose::inside_known(case)
        {
            let label = format!("Go to Restore: {}", words::inside(plan.title()));
            if ui.add(ActionButton::secondary(&label)).clicked() {
                out.push(Msg::Restore(RestoreMsg::Select(plan.kind())));
                out.push(Msg::Run(RunMsg::Show(Step::Restore)));
            }
        }
        if ui.add(ActionButton::link("Show all causes")).clicked() {
            out.push(Msg::Run(RunMsg::ToggleCauses));
        }
    });
}

/// A repair that others do, in steps.
fn guidance(
    model: &Model,
    run: &Run,
    standing: &Standing,
    cause: &Assessment,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    card(ui, |ui| {
        card_title(ui, "What to do");
        for (i, step) in cause.guidance.iter().enumerate() {
            ui.push_id(i, |ui| {
                Rich::new().strong(format!("{}  ", i + 1)).quoted(&step.text).show(ui);
                if let Some(command) = &step.command {
                    checks::command(model, command, &format!("guidance {i}"), standing.case.now, ui, out);
                }
            });
        }
        if matches!(standing.next, Next::Guide) {
            let every = words::span(run.scaled(verify::LOOK_INTERVAL));
            Rich::new().faint(format!("Then wait here: the checks look again every {every}")).show(ui);
        }
    });
}
