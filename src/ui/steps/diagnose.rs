//! Step 2: what is broken, with the evidence, and every check.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{LogMsg, Msg, RunMsg};
use crate::design::{
    ActionButton, CauseCard, Rich, Tone, body, callout, card, card_list, card_title, cause_card, list_row,
};
use crate::runbook::action::ActionKind;
use crate::runbook::case::Case;
use crate::runbook::cause::{self, Advice, Assessment, Fit, Strength};
use crate::runbook::check::{self, Check, Tally};
use crate::runbook::step::Step;
use crate::runbook::steps::{self, confirm, diagnose};
use crate::runbook::verdict::{Finding, Verdict};
use crate::ui::heading::Heading;
use crate::ui::run_layout::beside_picture;
use crate::ui::{checks, log_panel, words};

/// How many lines of evidence are shown of each kind before "and N more".
const EVIDENCE_LINES: usize = 3;

/// The key in `open_checks` of all evidence being shown.
const ALL_EVIDENCE: &str = "all-evidence";

/// Shows the step.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(case) = run.case(now) else {
        no_failed_region(ui, out);
        return;
    };
    let causes = cause::rank(&case);
    let mut all = steps::checks(&case, Step::Diagnose);
    let tally = check::tally(&all);
    check::by_importance(&mut all);
    let standing = Standing { next: next(run, &case, &causes, &tally), case, causes, tally };
    head(run, &standing, ui, out);
    beside_picture(run, now, ui, |ui| {
        if let Some(first) = standing.causes.first() {
            first_cause(run, &standing, first, ui, out);
            if run.guidance_open && !first.guidance.is_empty() {
                guidance(model, run, first, now, ui, out);
            }
            if run.more_causes {
                for other in &standing.causes[1..] {
                    let lines = Evidence::of(other, true);
                    cause_card(ui, &lines.card(other), |_| ());
                }
            }
        } else {
            actions_without_cause(&standing, ui, out);
        }
        check_list(model, run, &all, now, ui, out);
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
    /// An action fits the cause; its name inside a sentence.
    Act(String),
    /// The repair is somebody else's.
    Guide,
    /// The platform runs: see whether it serves.
    Verify,
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
    match causes.first().and_then(|first| first.advice) {
        Some(Advice::Guidance | Advice::Stop) => Next::Guide,
        Some(_) => {
            let plans = run.plans(case.now);
            let fits = plans.iter().find(|plan| matches!(plan.fit, Fit::Fits(_)));
            fits.map_or(Next::Choose, |plan| Next::Act(words::inside(&plan.title)))
        }
        None if !causes.is_empty() && !run.was_out() => Next::Leave,
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
    let mut meaning = match standing.causes.first().map(|first| first.strength) {
        Some(Strength::Certain) => {
            format!("Told by the cluster itself, out of {} causes looked at. ", cause::COUNT)
        }
        Some(Strength::Likely) => format!("Most likely cause out of {} looked at. ", cause::COUNT),
        Some(_) => format!("A possible cause out of {} looked at. ", cause::COUNT),
        None if waiting == 0 => format!("{} causes looked at. ", cause::COUNT),
        None => String::new(),
    };
    meaning.push_str(&format!("{} of {all} checks answered", all - waiting));
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
    let title = match (standing.causes.first(), &standing.next) {
        // Nothing fails any more: that it runs is the news, not that there was nothing to restore.
        (_, Next::Verify) => format!("The platform in {region} runs"),
        (Some(first), _) => first.headline.clone(),
        (None, Next::Wait) => format!("Reading {region}…"),
        (None, Next::Mend(_)) => format!("Nothing could be read of {region}"),
        (None, _) => format!("No known cause fits what was read of {region}"),
    };
    Heading::new(title, meaning).or("Check all again", RunMsg::RefreshAll).show(ui, out);
}

/// The lines of a cause's evidence, cut to what a card holds.
struct Evidence {
    speaks_for: Vec<Rich>,
    speaks_against: Vec<Rich>,
    unknown: Vec<Rich>,
    cut: bool,
}

impl Evidence {
    fn of(cause: &Assessment, all: bool) -> Self {
        let mut cut = false;
        let mut lines = |lines: &[String]| {
            let shown = if all { lines.len() } else { lines.len().min(EVIDENCE_LINES) };
            let mut rich: Vec<Rich> = lines[..shown].iter().map(|line| Rich::quoting(line)).collect();
            if shown < lines.len() {
                rich.push(Rich::new().faint(format!("and {} more", lines.len() - shown)));
                cut = true;
            }
            rich
        };
        Self {
            speaks_for: lines(&cause.evidence_for),
            speaks_against: lines(&cause.evidence_against),
            unknown: lines(&cause.not_checked),
            cut,
        }
    }

    fn card<'a>(&'a self, cause: &'a Assessment) -> CauseCard<'a> {
        CauseCard {
            tone: if cause.strength >= Strength::Likely { Tone::Fail } else { Tone::Warn },
            title: &cause.title,
            evidence_for: &self.speaks_for,
            evidence_against: &self.speaks_against,
            unknown: &self.unknown,
        }
    }
}

fn first_cause(run: &Run, standing: &Standing, first: &Assessment, ui: &mut Ui, out: &mut Vec<Msg>) {
    let all = run.open_checks.contains(&(ALL_EVIDENCE, None));
    let evidence = Evidence::of(first, all);
    cause_card(ui, &evidence.card(first), |ui| {
        match &standing.next {
            Next::Guide => {
                let label = if run.guidance_open { "Hide what to do" } else { "Show what to do" };
                if ui.add(ActionButton::primary(label)).clicked() {
                    out.push(Msg::Run(RunMsg::ToggleGuidance));
                }
                other_region(&standing.case, ui, out);
                after_that(&standing.case, first, ui, out);
            }
            Next::Leave => {
                if ui.add(ActionButton::primary("Nothing to restore: leave")).clicked() {
                    out.push(Msg::Run(RunMsg::Leave));
                }
            }
            Next::Verify => {
                let label = format!("Go to Verify {}", standing.case.failed_region().name);
                if ui.add(ActionButton::primary(&label)).clicked() {
                    out.push(Msg::Run(RunMsg::Show(Step::Verify)));
                }
            }
            Next::Act(action) => restore_button(&format!("Go to Restore: {action}"), ui, out),
            _ => restore_button("Go to Restore", ui, out),
        }
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

/// Where another region is the one that failed: take that one.
fn other_region(case: &Case, ui: &mut Ui, out: &mut Vec<Msg>) {
    let outcome = confirm::outcome(case.profile, case.readings, case.failed);
    let Some(confirm::Outcome::OtherRegionFailing(other)) = outcome else { return };
    let label = format!("Take {} for the failed region", case.profile.region(other).name);
    if ui.add(ActionButton::secondary(&label)).clicked() {
        out.push(Msg::Run(RunMsg::Choose(other)));
    }
}

/// What helps once others have mended the cause, as the cause itself says.
fn after_that(case: &Case, first: &Assessment, ui: &mut Ui, out: &mut Vec<Msg>) {
    let label = match (first.fit)(ActionKind::Restart) {
        Fit::Later(_) => "Restart: only after that",
        Fit::Also(_) => "Go to Restore: restart",
        _ => return,
    };
    let there = diagnose::inside_known(case);
    if there && ui.add(ActionButton::secondary(label)).clicked() {
        out.push(Msg::Run(RunMsg::Show(Step::Restore)));
    }
}

fn restore_button(label: &str, ui: &mut Ui, out: &mut Vec<Msg>) {
    if ui.add(ActionButton::primary(label)).clicked() {
        out.push(Msg::Run(RunMsg::Show(Step::Restore)));
    }
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

/// A repair that others do, in steps.
fn guidance(model: &Model, run: &Run, cause: &Assessment, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    card(ui, |ui| {
        card_title(ui, "What to do");
        for (i, step) in cause.guidance.iter().enumerate() {
            ui.push_id(i, |ui| {
                Rich::new().strong(format!("{}  ", i + 1)).text(step.text.as_str()).show(ui);
                if let Some(command) = &step.command {
                    checks::command(model, command, &format!("guidance {i}"), now, ui, out);
                }
            });
        }
        let every = words::span(run.scaled(steps::verify::LOOK_INTERVAL));
        Rich::new().faint(format!("Then wait here: the checks look again every {every}")).show(ui);
    });
}

/// The checks by importance; those that passed are folded to a line.
fn check_list(model: &Model, run: &Run, all: &[Check], now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let folded = |check: &&Check| {
        let open = run.open_checks.contains(&(check.id, check.region));
        check.verdict() == Some(Verdict::Pass) && !run.passed_open && !open
    };
    let hidden: Vec<&Check> = all.iter().filter(folded).collect();
    let shown: Vec<Check> = all.iter().filter(|check| !folded(check)).cloned().collect();
    card_list(ui, |ui| {
        checks::rows(model, run, &shown, now, ui, out, &mut |check, ui, out| {
            if check.id == "logs" && ui.add(ActionButton::secondary("Open the log").small()).clicked() {
                out.push(Msg::Log(LogMsg::Open));
            }
        });
        if run.passed_open || !hidden.is_empty() {
            let names: Vec<String> = hidden.iter().map(|check| words::inside(&check.title)).collect();
            let label = match run.passed_open {
                true => "Fold what passed".to_owned(),
                false if shown.is_empty() => format!("{} passed: {}", hidden.len(), names.join(", ")),
                false => format!("{} more passed: {}", hidden.len(), names.join(", ")),
            };
            list_row(ui, |ui| {
                if ui.add(ActionButton::quiet(&label)).clicked() {
                    out.push(Msg::Run(RunMsg::TogglePassed));
                }
            });
        }
        if run.log.is_none() {
            list_row(ui, |ui| {
                if ui.add(ActionButton::link("Open the log")).clicked() {
                    out.push(Msg::Log(LogMsg::Open));
                }
            });
        }
    });
}
