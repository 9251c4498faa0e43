//! What was done to the region, and by whom.

use serde::Serialize;

use crate::journal::Record;
use crate::journal::replay::ActionRecord;
use crate::journal::report::sentence;
use crate::journal::report::times::{Times, span};
use crate::plain;
use crate::runbook::action::ActionOutcome;
use crate::runbook::interrupted::noun;

/// One action.
#[derive(Debug, Serialize)]
pub(super) struct Action {
    title: String,
    /// Who, when, why, how it ended: a line each.
    lines: Vec<Line>,
    command: String,
    pasted: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    text: String,
}

/// An action whose outcome is not known, in a sentence.
pub(in crate::journal::report) fn open(action: &ActionRecord, times: &Times<'_>) -> String {
    let mut text = format!(
        "The {} of {} was sent at {}, and its outcome is not known. Look before you repeat it",
        noun(&action.action),
        action.region,
        times.full(action.at)
    );
    if let Some(tool) = action.tool.as_ref().filter(|_| action.tool_ended.is_none()) {
        text.push_str(&format!(
            ": {} (process {} on {}) may still run",
            tool.program, tool.process.pid, tool.process.host
        ));
    }
    text
}

pub(super) fn of(record: &Record, times: &Times<'_>) -> Vec<Action> {
    record.actions.iter().map(|action| one(record, action, times)).collect()
}

fn one(record: &Record, action: &ActionRecord, times: &Times<'_>) -> Action {
    let what = plain::capital(noun(&action.action));
    let title = if action.is_by_hand() {
        let back = if action.taken_back { ", taken back" } else { "" };
        format!("{what} of {}, by hand{back}", action.region)
    } else {
        format!("{what} of {}: {}", action.region, in_a_word(action))
    };
    let mut lines = Vec::new();
    let mut line = |name, text: String| lines.push(Line { name, text });
    let sent = if action.is_by_hand() { "Said at" } else { "Sent at" };
    line(sent, format!("{} by {}", times.full(action.at), who(record, action)));
    if !action.context.is_empty() {
        line("Cluster", action.context.clone());
    }
    if !action.changes.is_empty() {
        line("Changes", action.changes.clone());
    }
    if !action.overridden.is_empty() {
        line("In the way", action.overridden.join("; "));
    }
    if let Some(reason) = &action.reason {
        line("Reason given", reason.clone());
    }
    if let Some((code, output)) = &action.tool_ended {
        let program = action.tool.as_ref().map_or("The program", |tool| tool.program.as_str());
        let code =
            code.map_or("was ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
        line("Program", format!("{program} {code}; its whole output is in {output}"));
    }
    line("Outcome", outcome(action, times));
    let pasted = action.pasted.clone().filter(|pasted| !pasted.trim().is_empty());
    Action { title, lines, command: action.command.clone(), pasted }
}

fn in_a_word(action: &ActionRecord) -> &'static str {
    match &action.outcome {
        Some((_, ActionOutcome::Done { .. })) => "done",
        Some((_, ActionOutcome::Failed { .. })) => "failed",
        Some((_, ActionOutcome::Cancelled { .. })) => "cancelled",
        None => "outcome not known",
    }
}

fn outcome(action: &ActionRecord, times: &Times<'_>) -> String {
    let unchanged = |unchanged: bool| {
        if unchanged { "Nothing was changed" } else { "What it changed before is not known" }
    };
    match &action.outcome {
        Some((at, outcome)) => {
            let took = at.duration_since(action.at);
            let took = if took.is_negative() { String::new() } else { format!(", after {}", span(took)) };
            let text = match outcome {
                ActionOutcome::Done { message } => format!("Done: {message}"),
                ActionOutcome::Failed { message, unchanged: it } => {
                    format!("Failed: {message}. {}", unchanged(*it))
                }
                ActionOutcome::Cancelled { message, unchanged: it } => {
                    format!("Cancelled: {message}. {}", unchanged(*it))
                }
            };
            format!("{text} ({}{took})", times.full(*at))
        }
        None if action.taken_back => "It was not done after all".to_owned(),
        None if action.is_by_hand() => "Said by the person; this program did not see it done".to_owned(),
        None => match &action.acknowledged {
            Some((at, _)) => format!("Not known. Somebody looked at {}", times.full(*at)),
            None => "Not known: look before you repeat it".to_owned(),
        },
    }
}

/// Who worked on the run at that time.
fn who(record: &Record, action: &ActionRecord) -> String {
    let turns = &record.hands;
    let at_work = turns.iter().rev().find(|turn| turn.at <= action.at).or(turns.first());
    match (at_work, &action.by) {
        (Some(turn), _) => turn.hand.name(),
        (None, Some(by)) => format!("somebody on {}", by.host),
        (None, None) => "somebody".to_owned(),
    }
}

/// What stands in place of actions.
pub(super) fn none(record: &Record) -> String {
    let mut text =
        "Nothing was done to the region from here, and nobody said that they did it by hand".to_owned();
    if record.repaired_by_others.is_some() {
        text.push_str(". In this practice, others repaired what is theirs");
    } else if record.is_recovered() && sentence::nothing_restored(record).is_none() {
        text.push_str(". It recovered by itself, or by somebody else's hand");
    }
    text
}
