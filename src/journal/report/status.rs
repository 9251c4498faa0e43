//! One line for a chat channel.

use jiff::Timestamp;

use super::sentence::{nothing_restored, was_out};
use super::times::{Times, span};
use crate::journal::Record;
use crate::journal::replay::{ActionRecord, Milestones};
use crate::plain;
use crate::runbook::action::ActionOutcome;
use crate::runbook::interrupted::noun;

/// How long the line may be, in characters.
pub const LONGEST: usize = 300;

/// How the run stands at this time: region, since when, cause, what was done last, what it waits for. One line of
/// plain text, at most [`LONGEST`] characters.
pub fn status(record: &Record, now: Timestamp) -> String {
    let mark = if record.practice.is_some() { "PRACTICE, " } else { "" };
    let environment = short(&record.environment, 40);
    let subject = match &record.region {
        Some(region) => format!("{} ({environment})", short(region, 40)),
        None => environment,
    };
    let mut parts = vec![format!("{mark}{subject}: {}", state(record, now))];
    if let Some(cause) = record.causes.iter().rev().find_map(|(_, cause)| cause.as_ref()) {
        parts.push(format!("Cause: {} ({})", short(&cause.headline, 80), cause.strength));
    }
    let open = record.open_actions().next();
    if let Some(action) = open {
        let (what, at) = (noun(&action.action), clock(action.at, now));
        parts.push(format!(
            "{} sent {at}, outcome NOT KNOWN: look before you repeat it",
            plain::capital(what)
        ));
    } else if let Some(done) = record.actions.iter().rev().find(|action| !action.taken_back) {
        parts.push(format!("Last: {}", last(done, now)));
    }
    let is_over = record.is_recovered() || record.ended.is_some() || nothing_restored(record).is_some();
    if open.is_none() && !is_over {
        parts.push(format!("Waits for: {}", short(&record.waiting_for(), 110)));
    }
    // Made plain once, at the end: only then it is known how long it is.
    short(&plain::line(&parts.join(". ")), LONGEST)
}

fn state(record: &Record, now: Timestamp) -> String {
    let times = &record.milestones;
    if let Some(at) = times.recovered {
        let after =
            was_out(record).map_or(String::new(), |span| format!(", {span} after the first failure seen"));
        return format!("recovered {}{after}", clock(at, now));
    }
    if let Some((at, _)) = &record.ended {
        return format!("not recovered, run ended as it was {}", clock(*at, now));
    }
    if let Some(why) = nothing_restored(record) {
        return short(why, 120);
    }
    match times.first_failure {
        Some(first) => {
            let since = Milestones::between(Some(first), Some(now))
                .map_or(String::new(), |since| format!(" ({})", span(since)));
            format!("failing since {}{since}", clock(first, now))
        }
        None => "no failure seen yet".to_owned(),
    }
}

fn last(action: &ActionRecord, now: Timestamp) -> String {
    let what = noun(&action.action);
    match &action.outcome {
        Some((at, ActionOutcome::Done { .. })) => format!("{what} done {}", clock(*at, now)),
        Some((at, ActionOutcome::Failed { message, .. })) => {
            format!("{what} FAILED {}, {}", clock(*at, now), short(message, 60))
        }
        Some((at, ActionOutcome::Cancelled { .. })) => format!("{what} cancelled {}", clock(*at, now)),
        None if action.is_by_hand() => format!("{what} by hand {}", clock(action.at, now)),
        None => format!("{what} sent {}, outcome not known", clock(action.at, now)),
    }
}

/// The day stands where it is not today.
fn clock(at: Timestamp, now: Timestamp) -> String {
    let clock = at.strftime("%H:%M UTC");
    if Times::day(at) == Times::day(now) { clock.to_string() } else { format!("{} {clock}", Times::day(at)) }
}

/// As much of it as fits.
fn short(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}
