//! Step 1: which region is out, and how that is known.

use egui::{Sides, Ui};
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RunMsg};
use crate::design::{
    ActionButton, Tone, badge, body, callout, card_list, card_title, faint, list_row, mono,
    observation_strip, secondary, strong,
};
use crate::runbook::case::Case;
use crate::runbook::check::{self, Check};
use crate::runbook::fact::HealthCheckFacts;
use crate::runbook::profile::RegionIndex;
use crate::runbook::step::Step;
use crate::runbook::steps;
use crate::runbook::steps::confirm::{self, CheckerStatus, Outcome};
use crate::runbook::verdict::Verdict;
use crate::runbook::wellness;
use crate::ui::heading::Heading;
use crate::ui::run_layout::beside_picture;
use crate::ui::{checks, words};

/// Shows the step.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    // until a failed region is known, the first one only gives the checks their order
    let failed = run.failed.unwrap_or(RegionIndex(0));
    let case = Case { profile: &run.profile, failed, readings: &run.readings, now };
    let outcome = match confirm::outcome(&run.profile, &run.readings, failed) {
        Some(Outcome::FailoverActive) if run.failed.is_none() => Some(Outcome::OtherRegionFailing(failed)),
        outcome => outcome,
    };
    let mut all = steps::checks(&case, Step::Confirm);
    check::by_importance(&mut all);
    match (&outcome, doubt(&case, outcome.as_ref())) {
        (None, _) => reading(run, &all, now).show(ui, out),
        (Some(_), Some(doubt)) => doubt.show(ui, out),
        (Some(outcome), None) => told(run, outcome).show(ui, out),
    }
    beside_picture(run, now, ui, |ui| {
        match &outcome {
            Some(Outcome::CouldNotCheck(reasons)) => could_not_check(run, reasons, &all, now, ui, out),
            Some(Outcome::AllFailing) => stop(run, ui),
            _ => {}
        }
        let (health, own): (Vec<&Check>, Vec<&Check>) =
            all.iter().partition(|check| check.id == "health-check");
        for check in health {
            health_card(model, run, check, now, ui, out);
        }
        if !own.is_empty() {
            own_look(model, run, &own, now, ui, out);
        }
    });
}

fn reading(run: &Run, all: &[Check], now: Timestamp) -> Heading {
    let waiting = all.iter().filter(|check| check.id == "health-check" && check.finding.is_none()).count();
    let since = words::span(words::since(now, run.opened_at));
    let next = match run.failed {
        Some(failed) => format!("Diagnose {}", run.profile.region(failed).name),
        None => "Diagnose".to_owned(),
    };
    let meaning =
        format!("Waits for {} since {since}", words::count(waiting, "health check", "health checks"));
    Heading::new("Reading the health checks…", meaning)
        .next(next, RunMsg::Show(Step::Diagnose))
        .off("Waits for the health checks")
}

/// Where the health checks say something else than the regions themselves: then that is what there is to know.
fn doubt(case: &Case, outcome: Option<&Outcome>) -> Option<Heading> {
    let name = |region: RegionIndex| case.profile.region(region).name.as_str();
    let crossed = case.profile.indices().find_map(|region| {
        let (owner, _) = confirm::watches_other_region(case.profile, case.readings, region)?;
        Some((region, owner))
    });
    if let Some((region, owner)) = crossed {
        let title = format!("The health check of {} watches the host of {}", name(region), name(owner));
        let meaning =
            "It tells nothing of its own region. Put the health check IDs right before anything is restored";
        return Some(Heading::new(title, meaning).next("Correct the variables", RunMsg::Variables));
    }
    if outcome != Some(&Outcome::FailoverActive) {
        return None;
    }
    let failed = case.failed;
    let here = wellness::of(case.profile, case.readings, failed);
    if !here.is_well() {
        return None;
    }
    let title = format!("The health check of {} fails, the region itself looks well", name(failed));
    let meaning = format!("In {}: {}", name(failed), here.good.join(", "));
    let diagnose = || RunMsg::Show(Step::Diagnose);
    let ill =
        case.profile.others(failed).find(|other| wellness::of(case.profile, case.readings, *other).is_ill());
    Some(match ill {
        Some(other) => {
            let meaning = format!("{meaning}. It is {} that looks broken", name(other));
            Heading::new(title, meaning)
                .next(format!("Take {} for the failed region", name(other)), RunMsg::Choose(other))
                .or(format!("Diagnose {}", name(failed)), diagnose())
        }
        None => Heading::new(title, meaning).next(format!("Diagnose {}", name(failed)), diagnose()),
    })
}

fn told(run: &Run, outcome: &Outcome) -> Heading {
    let name = |region: RegionIndex| run.profile.region(region).name.as_str();
    let failed = run.failed.map(name).unwrap_or_default();
    let healthy: Vec<&str> = run
        .profile
        .indices()
        .filter(|region| confirm::is_healthy(&run.profile, &run.readings, *region) == Some(true))
        .map(name)
        .collect();
    let carries = if healthy.len() == 1 { "carries" } else { "carry" };
    let (title, meaning, next, msg) = match outcome {
        Outcome::FailoverActive => (
            format!("Failover is active: {failed} is out, {} {carries} the traffic", words::list(&healthy)),
            "Users may see slightly more latency. Nothing is lost: the regions share one database".to_owned(),
            format!("Diagnose {failed}"),
            RunMsg::Show(Step::Diagnose),
        ),
        Outcome::NothingFailing if run.was_out() => (
            "No health check fails any more".to_owned(),
            format!("What is left is to verify that {failed} serves again"),
            format!("Verify {failed}"),
            RunMsg::Show(Step::Verify),
        ),
        Outcome::NothingFailing => (
            "No health check fails: there is nothing to restore".to_owned(),
            "Every region is healthy and takes its share of the traffic".to_owned(),
            "Nothing to restore: leave".to_owned(),
            RunMsg::Leave,
        ),
        Outcome::AllFailing => (
            "Every region's health check fails: stop here".to_owned(),
            "This runbook assumes a healthy region. Change nothing, and call for help".to_owned(),
            "Check again".to_owned(),
            RunMsg::RefreshAll,
        ),
        Outcome::OtherRegionFailing(other) => {
            let other_name = name(*other);
            (
                format!("{other_name} is the one that fails"),
                format!("{} {carries} the traffic and will not be touched", words::list(&healthy)),
                format!("Take {other_name} for the failed region"),
                RunMsg::Choose(*other),
            )
        }
        Outcome::CouldNotCheck(_) => (
            "Could not check whether failover is active".to_owned(),
            "What could not be checked is taken neither for good nor for bad".to_owned(),
            "Check again".to_owned(),
            RunMsg::RefreshAll,
        ),
    };
    Heading::new(title, meaning).next(next, msg)
}

fn stop(run: &Run, ui: &mut Ui) {
    let text = match &run.profile.escalation {
        Some(whom) => format!("Call for help: {whom}"),
        None => "Call for help as your team does for an outage of the whole platform".to_owned(),
    };
    callout(ui, Tone::Fail, "No region is left to take the traffic", &text);
}

/// The reasons, what to do about them, and what our own look says meanwhile.
fn could_not_check(
    run: &Run,
    reasons: &[String],
    all: &[Check],
    now: Timestamp,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    let unknown = all.iter().filter(|check| check.verdict() == Some(Verdict::Unknown));
    let mut lines = reasons.to_vec();
    for check in unknown.filter(|check| check.id == "health-check") {
        let remedy = check.finding.as_ref().map(|finding| finding.remedy.clone()).unwrap_or_default();
        if !remedy.is_empty() && !lines.contains(&remedy) {
            lines.push(remedy);
        }
    }
    let seen = confirm::own_look(&run.any_case(now));
    if !seen.is_empty() {
        lines.push(format!("Our own look meanwhile, a hint and no proof: {}", seen.join("; ")));
    }
    let is_crossed = |region| confirm::watches_other_region(&run.profile, &run.readings, region).is_some();
    if run.profile.indices().any(is_crossed) {
        // Whichever region is taken, its check tells of another one: first the variables.
        return callout(ui, Tone::Warn, "The health checks are mixed up", &lines.join("\n"));
    }
    callout(ui, Tone::Unknown, "Route 53 could not be asked for everything", &lines.join("\n"));
    ui.horizontal_wrapped(|ui| match run.failed {
        Some(failed) => {
            let label = format!("Diagnose {} all the same", run.profile.region(failed).name);
            if ui.add(ActionButton::secondary(&label)).clicked() {
                out.push(Msg::Run(RunMsg::Show(Step::Diagnose)));
            }
        }
        None => {
            for region in run.profile.indices() {
                let label = format!("Take {} for the failed region", run.profile.region(region).name);
                if ui.add(ActionButton::secondary(&label)).clicked() {
                    out.push(Msg::Run(RunMsg::Choose(region)));
                }
            }
        }
    });
}

/// A region's health check: its verdict, and what each place's checkers report.
/// A healthy one is folded to its first line.
fn health_card(model: &Model, run: &Run, check: &Check, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(region) = check.region else { return };
    let facts = run.readings.health_check(region).and_then(Result::ok);
    let healthy = check.verdict() == Some(Verdict::Pass);
    let opened = run.open_checks.contains(&check.key());
    card_list(ui, |ui| {
        list_row(ui, |ui| {
            let age = check.observed_at.map(|at| format!("{} ago", words::age(now, at)));
            Sides::new().shrink_left().truncate().show(
                ui,
                |ui| {
                    badge(ui, checks::tone(check.verdict()), health_word(check.verdict()));
                    strong(ui, &run.profile.region(region).name);
                    faint(ui, &summary(check, facts));
                },
                |ui| {
                    checks::copy_command(model, check, now, ui, out);
                    secondary(ui, &age.unwrap_or_default());
                    if healthy && facts.is_some() {
                        let label = if opened { "Hide checkers" } else { "Show checkers" };
                        if ui.add(ActionButton::link(label)).clicked() {
                            out.push(Msg::Run(RunMsg::ToggleCheck(check.id, check.region)));
                        }
                    }
                },
            );
        });
        let Some(facts) = facts.filter(|_| !healthy || opened) else { return };
        observers(facts, ui);
        list_row(ui, |ui| {
            let remedy = check.finding.as_ref().map_or("", |finding| finding.remedy.as_str());
            if !remedy.is_empty() {
                body(ui, remedy);
            }
            secondary(ui, &watched(run, facts));
        });
    });
}

fn health_word(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Pass) => "Healthy",
        Some(Verdict::Warn) => "Healthy, but",
        Some(Verdict::Fail) => "Failing",
        Some(Verdict::Unknown) => "Could not check",
        None => "Asking",
    }
}

fn summary(check: &Check, facts: Option<&HealthCheckFacts>) -> String {
    let failing = check.verdict() == Some(Verdict::Fail);
    match (&check.finding, facts.and_then(|facts| confirm::health(facts).ok())) {
        (None, _) => "waits for Route 53".to_owned(),
        // short, because the rows below say the rest
        (Some(_), Some(health)) if failing => {
            let needed = confirm::healthy_from(health.total);
            format!("{} of {} checkers succeed, healthy from {needed}", health.succeed, health.total)
        }
        (Some(finding), _) => finding.found.clone(),
    }
}

fn observers(facts: &HealthCheckFacts, ui: &mut Ui) {
    let tone = |status: &CheckerStatus| match status {
        CheckerStatus::Success => Tone::Pass,
        CheckerStatus::Failure => Tone::Fail,
        CheckerStatus::Unknown => Tone::Unknown,
    };
    for place in confirm::by_checker_region(facts) {
        let seen: Vec<Tone> = place.statuses.iter().map(tone).collect();
        // what speaks against it gives the row its colour
        let worst = [Tone::Fail, Tone::Unknown].into_iter().find(|tone| seen.contains(tone));
        observation_strip(ui, place.name, &seen, worst.unwrap_or(Tone::Pass), &place.short);
    }
}

fn watched(run: &Run, facts: &HealthCheckFacts) -> String {
    let share = confirm::HEALTHY_ABOVE_PERCENT;
    let mut text = format!("One square for each checker; healthy needs more than {share} % of them");
    if let Ok(settings) = &facts.settings
        && let Some(host) = &settings.host
    {
        let path = settings.path.as_deref().unwrap_or_default();
        text.push_str(&format!(". They ask {host}{path} every {} s", settings.interval_secs));
    }
    if let Some(first) = run.first_failure_at {
        text.push_str(&format!(". First failure seen {}", words::clock(first)));
    }
    text
}

/// What this machine sees of each host, beside what Route 53's checkers see.
fn own_look(model: &Model, run: &Run, own: &[&Check], now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    card_list(ui, |ui| {
        list_row(ui, |ui| {
            card_title(ui, "Our own look");
        });
        for check in own {
            list_row(ui, |ui| {
                let host = check.region.and_then(|region| run.profile.region(region).host.as_deref());
                let tone = checks::tone(check.verdict());
                let found = check.finding.as_ref().map_or("waits for the answer", |f| f.found.as_str());
                let age = check.observed_at.map(|at| format!("{} ago", words::age(now, at)));
                Sides::new().shrink_left().truncate().show(
                    ui,
                    |ui| {
                        badge(ui, tone, check.verdict().map_or("Asking", Verdict::word));
                        mono(ui, host.unwrap_or_default());
                        faint(ui, found);
                    },
                    |ui| {
                        checks::copy_command(model, check, now, ui, out);
                        secondary(ui, &age.unwrap_or_default());
                    },
                );
                let remedy = check.finding.as_ref().map_or("", |finding| finding.remedy.as_str());
                if !remedy.is_empty() {
                    secondary(ui, remedy);
                }
                // the first line is the answer above
                if let Some((_, further)) = check.details.split_first()
                    && !further.is_empty()
                {
                    secondary(ui, &further.join(" · "));
                }
            });
        }
    });
}
