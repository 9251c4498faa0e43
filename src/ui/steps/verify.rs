//! Step 5: is the region serving again?

use std::time::Duration;

use egui::{Sides, Ui};
use jiff::Timestamp;

use crate::app::model::{Ending, Model, Run};
use crate::app::msg::{Msg, RunMsg};
use crate::design::{
    ActionButton, Field, Rich, Tone, badge, body, callout, card, card_list, card_title, key_values, list_row,
    progress_row, secondary,
};
use crate::runbook::action::ActionOutcome;
use crate::runbook::case::Case;
use crate::runbook::check::{self, Check, CheckKey};
use crate::runbook::step::Step;
use crate::runbook::steps::verify::{Accepted, DNS_EXPIRES, HEALTH_CHECK_TURNS, LOOK_INTERVAL, LOOKS, Open};
use crate::runbook::steps::{self, confirm};
use crate::runbook::verdict::Verdict;
use crate::ui::heading::Heading;
use crate::ui::run_layout::beside_picture;
use crate::ui::{checks, debrief, handover, words};

use super::diagnose::no_failed_region;

/// Shows the step.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(case) = run.case(now) else {
        no_failed_region(ui, out);
        return;
    };
    let mut all = steps::checks(&case, Step::Verify);
    let open = Open::of(&case, &all, &run.verify.accepted);
    heading(run, &case, &open).show(ui, out);
    check::by_importance(&mut all);
    beside_picture(run, now, ui, |ui| {
        if run.recovered() {
            summary(run, &case, ui);
            debriefed(run, ui);
            ui.horizontal_wrapped(|ui| handover::buttons(run, ui, out));
        } else {
            bars(run, now, ui);
            reasons(run, &case, &open, ui);
            warnings(&all, &open, ui, out);
        }
        accepting(run, &all, ui, out);
        if open.blind.is_some() && !list_shown(run, &all, ui, out) {
            return;
        }
        card_list(ui, |ui| {
            for (verdict, words) in
                [(Verdict::Unknown, "Accepted with a reason"), (Verdict::Warn, "Acknowledged")]
            {
                let taken = all.iter().filter(|check| {
                    check.verdict() == Some(verdict) && Accepted::covers(&run.verify.accepted, check)
                });
                let titles: Vec<&str> = taken.map(|check| check.title.as_str()).collect();
                if !titles.is_empty() {
                    list_row(ui, |ui| secondary(ui, &format!("{words}: {}", titles.join(", "))));
                }
            }
            checks::Rows::of(ui, model, run, &all, now).show(&all, ui, out, &mut |check, ui, out| {
                accept_button(run, check, ui, out);
            });
        });
    });
}

fn heading(run: &Run, case: &Case, open: &Open) -> Heading {
    let region = &case.failed_region().name;
    let interval = run.scaled(LOOK_INTERVAL);
    if run.recovered() {
        return Heading::new(
            format!("Recovered: {region} serves again"),
            format!("Every check passed {LOOKS} times in a row"),
        )
        .next("Close the run", RunMsg::Leave);
    }
    let again = |heading: Heading| heading.next("Check again", RunMsg::RefreshAll);
    let dns = words::span(run.scaled(DNS_EXPIRES));
    let rule = format!(
        "Every check has to pass {LOOKS} times in a row, {} apart. Cached DNS answers may take {dns} more",
        words::span(interval)
    );
    if let Some(blind) = open.blind {
        let since = match blind.since {
            Some(at) => format!(" since {}", words::clock(at)),
            None => " yet".to_owned(),
        };
        let meaning =
            "No check could be made from here, which says nothing of the region. It is tried again by itself";
        return again(Heading::new(format!("Could not look at {region}{since}"), meaning));
    }
    if open.waiting > 0 {
        let checks = words::count(open.waiting, "check", "checks");
        return again(Heading::new(
            format!("Looking at {region} and its neighbours…"),
            format!("Waits for {checks}"),
        ));
    }
    if open.is_clear() {
        let left = LOOKS - run.verify.looks.passed;
        let more = if left == 1 { "One more look".to_owned() } else { format!("{left} more looks") };
        let due = run.verify.looks.last_at.map(|last| interval.saturating_sub(words::since(case.now, last)));
        let due = due.filter(|due| !due.is_zero() && left == 1);
        let when = due.map_or(String::new(), |due| format!(" in {}", words::span(whole(due))));
        return again(Heading::new(
            format!("{region} is back. {more}{when}, then it counts as recovered"),
            rule,
        ));
    }
    if confirm::is_healthy(case.profile, case.readings, case.failed) == Some(false) {
        let turning = turning(run, case.now);
        let title = match turning {
            Turning::Left(left) => format!("{region} is turning healthy: about {} left", words::span(left)),
            Turning::Overdue(_) | Turning::Turned(_) => {
                format!("The health check of {region} has not turned yet")
            }
        };
        return again(Heading::new(title, rule));
    }
    if open.against.is_empty() {
        return again(Heading::new(
            format!("{region} does not count as recovered yet: {}", undecided(open)),
            rule,
        ));
    }
    let number = words::count(open.against.len(), "check speaks", "checks speak");
    again(Heading::new(format!("{region} does not count as recovered: {number} against it"), rule))
        .or("Back to Diagnose", RunMsg::Show(Step::Diagnose))
}

/// The health check of the restored region on its way to healthy.
enum Turning {
    /// This much of the usual time is left.
    Left(Duration),
    /// The usual time is over by this much.
    Overdue(Duration),
    /// It turned, this long after the countdown began.
    Turned(Duration),
}

fn turning(run: &Run, now: Timestamp) -> Turning {
    let since = run.verify.since.unwrap_or(now);
    if let Some(healthy) = run.verify.looks.healthy_since {
        return Turning::Turned(words::since(healthy, since));
    }
    let (usual, gone) = (run.scaled(HEALTH_CHECK_TURNS), words::since(now, since));
    match usual.saturating_sub(gone) {
        Duration::ZERO => Turning::Overdue(gone.saturating_sub(usual)),
        left => Turning::Left(whole(left)),
    }
}

/// Rounded up to whole seconds, so that a countdown ends at 1 s and not at 0 s.
fn whole(left: Duration) -> Duration {
    Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0))
}

fn bars(run: &Run, now: Timestamp, ui: &mut Ui) {
    let share = |part: Duration, all: Duration| part.as_secs_f32() / all.as_secs_f32().max(f32::EPSILON);
    card(ui, |ui| {
        let usual = run.scaled(HEALTH_CHECK_TURNS);
        let (fraction, tone, value) = match turning(run, now) {
            Turning::Turned(after) => (1.0, Tone::Pass, format!("after {}", words::span(after))),
            Turning::Left(left) => {
                (1.0 - share(left, usual), Tone::Now, format!("{} left", words::span(left)))
            }
            Turning::Overdue(by) => (1.0, Tone::Warn, format!("{} over", words::span(by))),
        };
        progress_row(ui, "Health check turns", fraction, tone, &value);
        let passed = run.verify.looks.passed;
        let value = format!("{passed} of {LOOKS}");
        progress_row(ui, "Looks that passed", passed as f32 / LOOKS as f32, Tone::Pass, &value);
        let all = run.scaled(DNS_EXPIRES);
        let (fraction, tone, value) = match run.verify.looks.healthy_since {
            None => (0.0, Tone::ToCome, "after that".to_owned()),
            Some(healthy) => {
                let gone = words::since(now, healthy);
                match all.saturating_sub(gone) {
                    Duration::ZERO => (1.0, Tone::Pass, "expired".to_owned()),
                    left => (share(gone, all), Tone::Now, format!("{} left", words::span(whole(left)))),
                }
            }
        };
        progress_row(ui, "Cached DNS ends", fraction, tone, &value);
    });
}

/// What is neither for the region nor against it, in a phrase.
fn undecided(open: &Open) -> String {
    let unread = words::count(open.unread.len(), "check could not be made", "checks could not be made");
    let warnings = words::count(
        open.warnings.len(),
        "warning waits for you to read it",
        "warnings wait for you to read them",
    );
    match (open.unread.len(), open.warnings.len()) {
        (_, 0) => unread,
        (0, _) => warnings,
        _ => format!("{unread}, and {warnings}"),
    }
}

/// Why the region does not count as recovered, once everything was answered.
fn reasons(run: &Run, case: &Case, open: &Open, ui: &mut Ui) {
    let turning = matches!(turning(run, case.now), Turning::Left(_));
    if let Some(line) = open.unread_line().filter(|_| open.blind.is_some() || !turning) {
        let title = if open.blind.is_some() { "Could not look" } else { "Not all could be looked at" };
        callout(ui, Tone::Unknown, title, &line);
    }
    if open.against.is_empty() || turning {
        return;
    }
    callout(ui, Tone::Warn, "Not recovered yet", &open.against.join("\n"));
    if let Some(whom) = &run.profile.escalation {
        secondary(ui, &format!("Takes too long? Call for help: {whom}"));
    }
}

/// The warnings that count once they were read, each with its button.
fn warnings(all: &[Check], open: &Open, ui: &mut Ui, out: &mut Vec<Msg>) {
    let mut unread = all.iter().filter(|check| open.warnings.contains(&check.key())).peekable();
    if unread.peek().is_none() {
        return;
    }
    card_list(ui, |ui| {
        list_row(ui, |ui| {
            card_title(ui, "Read these first");
            secondary(
                ui,
                "A warning counts as passed once you say that you know of it. The run's journal keeps that",
            );
        });
        for check in unread {
            let Some(finding) = &check.finding else { continue };
            list_row(ui, |ui| {
                Sides::new().shrink_left().wrap().show(
                    ui,
                    |ui| {
                        badge(ui, Tone::Warn, Verdict::Warn.word());
                        body(ui, &format!("{}: {}", check.title, finding.found));
                    },
                    |ui| {
                        let label = format!("Acknowledge {}", words::inside(&check.title));
                        if ui.add(ActionButton::secondary(&label).small()).clicked() {
                            out.push(Msg::Run(RunMsg::Acknowledge(check.key())));
                        }
                    },
                );
                if !finding.remedy.is_empty() {
                    secondary(ui, &finding.remedy);
                }
            });
        }
    });
}

/// The key in `open_checks` of the checks being shown although none could be made.
const ALL_UNREAD: CheckKey = ("all-unread", None);

/// Where nothing could be looked at, the list says the same in every row: it is folded. Is it shown?
fn list_shown(run: &Run, all: &[Check], ui: &mut Ui, out: &mut Vec<Msg>) -> bool {
    let shown = run.open_checks.contains(&ALL_UNREAD);
    let label = if shown {
        "Hide the checks".to_owned()
    } else {
        format!("Show the {}", words::count(all.len(), "check", "checks"))
    };
    if ui.add(ActionButton::link(&label)).clicked() {
        out.push(Msg::Run(RunMsg::ToggleCheck(ALL_UNREAD.0, ALL_UNREAD.1)));
    }
    shown
}

fn accept_button(run: &Run, check: &Check, ui: &mut Ui, out: &mut Vec<Msg>) {
    let accepted = Accepted::covers(&run.verify.accepted, check);
    if check.verdict() == Some(Verdict::Unknown) && !accepted {
        let open = run.verify.accepting.as_ref().is_some_and(|(key, _)| *key == check.key());
        let off = open.then_some("Type the reason above");
        if ui.add(ActionButton::secondary("Accept with a reason…").small().off_because(off)).clicked() {
            out.push(Msg::Run(RunMsg::Accept(check.key())));
        }
    }
}

/// The reason for accepting what could not be checked.
fn accepting(run: &Run, all: &[Check], ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some((key, reason)) = &run.verify.accepting else { return };
    let title = all.iter().find(|check| check.key() == *key).map_or(key.0, |check| check.title.as_str());
    card(ui, |ui| {
        card_title(ui, &format!("Accept without a check: {title}"));
        body(ui, "It stays unknown. Your reason goes into the run's journal, and the looks go on without it");
        let mut typed = reason.clone();
        let field = Field::new("Why can it be left out?").hint("looked at it in the platform's own page");
        if field.text(ui, &mut typed).changed() {
            out.push(Msg::Run(RunMsg::AcceptReason(typed)));
        }
        ui.horizontal_wrapped(|ui| {
            let off = reason.trim().is_empty().then_some("Type a reason first");
            if ui.add(ActionButton::secondary("Accept with this reason").off_because(off)).clicked() {
                out.push(Msg::Run(RunMsg::AcceptDone));
            }
            if ui.add(ActionButton::link("Cancel")).clicked() {
                out.push(Msg::Run(RunMsg::AcceptCancel));
            }
        });
    });
}

/// What is to be learnt of a practice run, once its recovery is in its journal.
fn debriefed(run: &Run, ui: &mut Ui) {
    if let Some(debrief) = run.debrief().filter(|debrief| debrief.ending == Ending::Recovered) {
        card(ui, |ui| debrief::show(&debrief, ui));
    }
}

/// What the run came to.
fn summary(run: &Run, case: &Case, ui: &mut Ui) {
    let recovered = run.verify.recovered_at.unwrap_or(case.now);
    let mut rows = vec![("Region", Rich::new().toned(Tone::Pass, case.failed_region().name.as_str()))];
    if let Some(first) = run.first_failure_at {
        let took = words::span(words::since(recovered, first));
        let times = format!(", {} to {}", words::clock(first), words::clock(recovered));
        rows.push(("Out for at least", Rich::new().strong(took).faint(times)));
    }
    rows.push(("This run took", Rich::from(words::span(words::since(recovered, run.opened_at)))));
    for done in &run.restore.finished {
        let how = match &done.outcome {
            None => "done by hand".to_owned(),
            Some(ActionOutcome::Done { message }) => message.clone(),
            Some(ActionOutcome::Failed { message, .. }) => format!("failed: {message}"),
            Some(ActionOutcome::Cancelled { message, .. }) => format!("cancelled: {message}"),
        };
        let text = Rich::new()
            .text(format!("{} {}", done.kind.verb(), case.failed_region().name))
            .faint(format!(" {}, {how}", words::clock(done.at)));
        rows.push(("Done", text));
    }
    if run.restore.finished.is_empty() {
        rows.push(("Done", Rich::from("nothing by this program: the repair was somebody else's")));
    }
    card(ui, |ui| {
        card_title(ui, "What this run came to");
        key_values(ui, &rows);
    });
}
