//! Reads a journal back: what was under way when it broke off. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::runbook::interrupted::StartedTool;

/// The kinds of entries that this program knows.
const KNOWN: [&str; 12] = [
    "opened",
    "region-chosen",
    "judged",
    "accepted",
    "intent",
    "tool-started",
    "outcome",
    "acknowledged",
    "done-by-hand",
    "taken-back",
    "rollout-ended",
    "closed",
];

/// What a journal leaves open.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// The environment's name.
    pub(super) environment: String,
    /// Intents without an outcome that nobody acknowledged, oldest first.
    pub(super) open: Vec<Open>,
    /// Entries of kinds that this program does not know.
    pub(super) unknown: usize,
}

/// An intent without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) intent: u64,
    pub(super) at: Timestamp,
    pub(super) action: String,
    pub(super) region: String,
    pub(super) context: String,
    pub(super) tool: Option<StartedTool>,
}

/// As much of an entry as is looked at: a newer program may write more, and other words in it.
#[derive(Debug, Deserialize)]
struct Line {
    at: Timestamp,
    what: String,
    #[serde(default)]
    environment: String,
    #[serde(default)]
    intent: u64,
    #[serde(default)]
    action: String,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    context: String,
}

/// Folds a journal's text. A line that is torn says nothing: the next one stands by itself.
pub(super) fn left(text: &str) -> Left {
    let mut left = Left::default();
    let mut open: BTreeMap<u64, Open> = BTreeMap::new();
    for text in text.lines() {
        let Ok(line) = serde_json::from_str::<Line>(text) else { continue };
        match line.what.as_str() {
            "opened" => left.environment = line.environment,
            "intent" => {
                let Line { at, intent, action, region, context, .. } = line;
                let region = region.unwrap_or_default();
                open.insert(intent, Open { intent, at, action, region, context, tool: None });
            }
            "tool-started" => {
                if let Some(open) = open.get_mut(&line.intent) {
                    open.tool = serde_json::from_str(text).ok();
                }
            }
            "outcome" | "acknowledged" => _ = open.remove(&line.intent),
            what => left.unknown += usize::from(!KNOWN.contains(&what)),
        }
    }
    left.open = open.into_values().collect();
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Entry, Happening, process};
    use crate::runbook::action::{ActionKind, ActionOutcome};

    fn line(happening: Happening) -> String {
        serde_json::to_string(&Entry { at: Timestamp::UNIX_EPOCH, happening }).unwrap()
    }

    fn intent(intent: u64) -> String {
        line(Happening::Intent {
            intent,
            by: process::this(),
            action: ActionKind::ReapplyHelm,
            region: "us-east-1".to_owned(),
            context: "us".to_owned(),
            command: "helm upgrade".to_owned(),
            overridden: Vec::new(),
            reason: None,
        })
    }

    fn outcome(intent: u64) -> String {
        let outcome = ActionOutcome::Done { message: "done".to_owned() };
        line(Happening::Outcome { intent, action: ActionKind::ReapplyHelm, outcome })
    }

    fn open(lines: &[String]) -> Vec<u64> {
        left(&lines.join("\n")).open.iter().map(|open| open.intent).collect()
    }

    #[test]
    fn an_intent_is_open_until_its_own_outcome_or_acknowledgement() {
        let seen = line(Happening::Acknowledged { intent: 1, reason: None });
        for (lines, expected) in [
            (vec![], vec![]),
            (vec![intent(1)], vec![1]),
            (vec![intent(1), outcome(1)], vec![]),
            (vec![intent(1), seen.clone()], vec![]),
            (vec![intent(1), outcome(1), intent(2)], vec![2]),
            (vec![intent(1), intent(2), outcome(2)], vec![1]),
            // A torn line, alone or before a whole one.
            (vec![intent(1), outcome(1)[..20].to_owned()], vec![1]),
            (vec![intent(1), outcome(1)[..20].to_owned(), seen], vec![]),
        ] {
            assert_eq!(open(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_program_that_was_started_is_known() {
        let tool = StartedTool { program: "helm".to_owned(), process: process::this() };
        let started = line(Happening::ToolStarted { intent: 1, tool: tool.clone() });
        assert_eq!(left(&[intent(1), started].join("\n")).open[0].tool, Some(tool));
    }

    #[test]
    fn entries_of_a_newer_program_are_counted_and_hide_nothing() {
        let newer = r#"{"at":"2030-01-01T00:00:00Z","what":"drained","nodes":3}"#.to_owned();
        let newer_intent = r#"{"at":"2030-01-01T00:00:00Z","what":"intent","intent":7,"action":"drain","region":"r","more":[]}"#;
        let left = left(&[newer, intent(1), newer_intent.to_owned()].join("\n"));
        assert_eq!(left.unknown, 1);
        let actions: Vec<&str> = left.open.iter().map(|open| open.action.as_str()).collect();
        assert_eq!(actions, ["reapply-helm", "drain"]);
    }

    #[test]
    fn each_kind_of_entry_is_known() {
        let text = include_str!("entry.rs");
        let kinds = text.split("pub enum Happening").nth(1).unwrap();
        let count = kinds.lines().filter(|line| line.starts_with("    ") && line.ends_with(" {")).count();
        assert_eq!(count, KNOWN.len(), "a kind of entry that the fold does not know of");
    }
}
