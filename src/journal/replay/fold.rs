//! The fold: what each entry adds to the record.

use super::{
    AcceptedRecord, ActionRecord, CheckRecord, ClosedRecord, Entry, HandTurn, Happening, Line, Milestones,
    Newer, Record, RolloutRecord, SeenOutcome, Turn, due, timeline,
};
use crate::runbook::action::ActionKind;
use jiff::Timestamp;
use serde::Deserialize;

impl Record {
    /// Adds a line.
    pub fn add(&mut self, line: &Line) {
        match line {
            Line::Known(entry) => self.add_entry(entry),
            Line::Newer(newer) => {
                self.seen_at(newer.at);
                timeline::newer(self, &newer.cut());
                self.add_newer(newer);
            }
            Line::Torn => self.torn += 1,
        }
    }

    /// Adds an entry.
    pub fn add_entry(&mut self, entry: &Entry) {
        // What the timeline says of it depends on what was known before.
        timeline::add(self, entry);
        self.seen_at(entry.at);
        due::heed(self, entry);
        self.know(entry.at, &entry.happening);
    }

    fn seen_at(&mut self, at: Timestamp) {
        self.last_at = Some(at);
    }

    /// A newer program may do what this one does not know: that it was to be done is told all the same.
    fn add_newer(&mut self, newer: &Newer) {
        #[derive(Deserialize)]
        struct Sent {
            intent: u64,
            #[serde(default)]
            action: String,
            #[serde(default)]
            region: String,
            #[serde(default)]
            context: String,
            #[serde(default)]
            command: String,
        }
        #[derive(Deserialize)]
        struct Of {
            intent: u64,
        }
        match newer.what.as_str() {
            "intent" => {
                let sent = serde_json::from_str::<Sent>(&newer.text);
                // Whatever it was, it was sent.
                let it = sent.unwrap_or_else(|_| {
                    let intent = serde_json::from_str::<Of>(&newer.text).map_or(0, |of| of.intent);
                    let action = "an action of a newer Failback".to_owned();
                    let unknown = String::new();
                    Sent {
                        intent,
                        action,
                        region: unknown.clone(),
                        context: unknown.clone(),
                        command: unknown,
                    }
                });
                let of = (it.region, it.context, it.command);
                self.actions.push(intent(newer.at, it.intent, it.action, of));
            }
            // How it ended is not known, but somebody else knows it.
            "outcome" | "acknowledged" => {
                let of = serde_json::from_str::<Of>(&newer.text);
                if let Some(action) = of.ok().and_then(|of| self.going(of.intent)) {
                    action.acknowledged = Some((newer.at, None));
                }
                self.newer.push(newer.cut());
            }
            _ => self.newer.push(newer.cut()),
        }
    }

    /// The latest action of this number that has no outcome yet.
    fn going(&mut self, intent: u64) -> Option<&mut ActionRecord> {
        self.actions.iter_mut().rev().find(|action| action.intent == Some(intent) && action.outcome.is_none())
    }

    fn know(&mut self, at: Timestamp, happening: &Happening) {
        match happening {
            Happening::Opened { environment, practice, by } => {
                // Of two in one file the first one counts; the second takes it up.
                let turn = if self.milestones.opened.is_none() { Turn::Opened } else { Turn::TakenUp };
                if turn == Turn::Opened {
                    self.environment.clone_from(environment);
                    self.practice.clone_from(practice);
                    self.milestones.opened = Some(at);
                }
                self.take_turn(at, by, turn);
            }
            Happening::TakenUp { by } => self.take_turn(at, by, Turn::TakenUp),
            Happening::Received { by } => {
                self.hands.push(HandTurn { at, hand: by.clone(), turn: Turn::Received });
                self.leave_open();
            }
            Happening::VariablesChanged { environment } if !environment.is_empty() => {
                self.environment.clone_from(environment);
            }
            Happening::HandedOver { .. } | Happening::VariablesChanged { .. } | Happening::Overdue { .. } => {
            }
            Happening::RegionChosen { region } => self.choose(region),
            Happening::FailureSeen { since } => {
                let earliest = [self.milestones.first_failure, Some(since.unwrap_or(at))];
                self.milestones.first_failure = earliest.into_iter().flatten().min();
            }
            Happening::OutcomeSeen { outcome, sentence } => {
                if outcome == "failover-active" {
                    self.milestones.confirmed.get_or_insert(at);
                }
                let (id, sentence) = (outcome.clone(), sentence.clone());
                self.outcomes.push((at, id.clone()));
                self.outcome = Some(SeenOutcome { at, id, sentence });
            }
            Happening::Judged { .. } => self.judged(at, happening),
            Happening::CauseNamed { cause } => {
                if cause.is_some() {
                    self.milestones.cause_named.get_or_insert(at);
                }
                self.causes.push((at, cause.clone()));
            }
            Happening::StepOpened { step } => {
                self.step = Some(*step);
                self.opened.push((at, *step));
            }
            Happening::Accepted { check, title, region, found, reason } => {
                self.accepted.push(AcceptedRecord {
                    at,
                    check: check.clone(),
                    title: or(title, check),
                    region: region.clone(),
                    found: found.clone(),
                    reason: reason.clone(),
                });
            }
            Happening::Noted { text } => self.notes.push((at, text.clone())),
            Happening::RepairedByOthers => _ = self.repaired_by_others.get_or_insert(at),
            Happening::RolloutEnded { done, message } => {
                if *done && self.milestones.recovered.is_none() {
                    self.milestones.restored = Some(at);
                }
                let changing = self.actions.iter_mut().rev().find(|action| action.may_have_changed());
                if let Some(action) = changing {
                    action.rolled_out = Some(*done);
                }
                self.rollout = Some(RolloutRecord { at, done: *done, message: message.clone() });
            }
            Happening::Recovered => self.recovered(at),
            Happening::Ended { reason } => self.ended = Some((at, reason.clone())),
            Happening::Closed { recovered, reasons } => {
                if *recovered {
                    self.recovered(at);
                }
                self.closed = Some(ClosedRecord { at, recovered: *recovered, reasons: reasons.clone() });
            }
            _ => self.act(at, happening),
        }
    }

    /// Actions, from intent to outcome.
    fn act(&mut self, at: Timestamp, happening: &Happening) {
        match happening {
            Happening::Intent {
                intent: number,
                action,
                region,
                context,
                command,
                changes,
                overridden,
                reason,
                by,
            } => {
                let of = (region.clone(), context.clone(), command.clone());
                self.actions.push(ActionRecord {
                    by: Some(by.clone()),
                    changes: changes.clone(),
                    overridden: overridden.clone(),
                    reason: reason.clone(),
                    ..intent(at, *number, action.id().to_owned(), of)
                });
                // The terminal is told the region.
                self.region.get_or_insert_with(|| region.clone());
                self.rollout = None;
            }
            Happening::ToolStarted { intent, tool } => {
                if let Some(action) = self.going(*intent) {
                    action.tool = Some(tool.clone());
                }
            }
            Happening::ToolEnded { intent, exit_code, output } => {
                if let Some(action) = self.going(*intent) {
                    action.tool_ended = Some((*exit_code, output.clone()));
                }
            }
            Happening::Outcome { intent, outcome, .. } => {
                if let Some(action) = self.going(*intent) {
                    action.outcome = Some((at, outcome.clone()));
                    if !outcome.is_unchanged() {
                        self.milestones.acted.get_or_insert(at);
                    }
                }
            }
            Happening::Acknowledged { intent, reason } => {
                if let Some(action) = self.going(*intent) {
                    action.acknowledged = Some((at, reason.clone()));
                }
            }
            Happening::DoneByHand { action, command, output } => {
                self.by_hand(at, *action, command, output.as_deref());
            }
            Happening::TakenBack { action } => {
                let mut by_hand = self.actions.iter_mut().rev().filter(|done| done.is_by_hand());
                let of_kind = by_hand.find(|done| done.action == action.id() && !done.taken_back);
                if let Some(done) = of_kind {
                    done.taken_back = true;
                }
            }
            _ => {}
        }
    }

    fn by_hand(&mut self, at: Timestamp, action: ActionKind, command: &str, output: Option<&str>) {
        let region = self.region.clone().unwrap_or_default();
        self.actions.push(ActionRecord {
            intent: None,
            pasted: output.map(str::to_owned),
            ..intent(at, 0, action.id().to_owned(), (region, String::new(), command.to_owned()))
        });
        self.milestones.acted.get_or_insert(at);
        self.rollout = None;
    }

    /// What has no outcome here has none for who comes after either.
    fn leave_open(&mut self) {
        for open in self.actions.iter_mut().filter(|action| action.is_open()) {
            open.was_left = true;
        }
    }

    /// Who takes a run up again has it open again.
    fn take_turn(&mut self, at: Timestamp, by: &super::Hand, turn: Turn) {
        self.hands.push(HandTurn { at, hand: by.clone(), turn });
        self.leave_open();
        self.closed = None;
        self.ended = None;
    }

    /// Another failed region: what was found and reached was so for the one before.
    fn choose(&mut self, region: &str) {
        if self.region.as_deref() == Some(region) {
            return;
        }
        if self.region.is_some() {
            self.milestones = Milestones { opened: self.milestones.opened, ..Milestones::default() };
            (self.checks, self.causes, self.outcome) = (Vec::new(), Vec::new(), None);
            (self.rollout, self.step) = (None, None);
            self.accepted.clear();
        }
        self.region = Some(region.to_owned());
    }

    fn recovered(&mut self, at: Timestamp) {
        self.milestones.recovered.get_or_insert(at);
    }

    fn judged(&mut self, at: Timestamp, happening: &Happening) {
        let Happening::Judged { step, check, title, region, verdict, found, expected } = happening else {
            return;
        };
        let same = |known: &&mut CheckRecord| {
            known.step == *step && known.check == *check && known.region == *region
        };
        match self.checks.iter_mut().find(same) {
            Some(known) => {
                if known.verdict != *verdict {
                    known.since = at;
                }
                (known.verdict, known.found, known.expected) = (*verdict, found.clone(), expected.clone());
            }
            None => self.checks.push(CheckRecord {
                step: *step,
                check: check.clone(),
                title: or(title, check),
                region: region.clone(),
                verdict: *verdict,
                found: found.clone(),
                expected: expected.clone(),
                since: at,
                first: *verdict,
            }),
        }
    }
}

fn or(text: &str, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text.to_owned() }
}

/// An action that was sent: region, context, command.
fn intent(
    at: Timestamp,
    intent: u64,
    action: String,
    (region, context, command): (String, String, String),
) -> ActionRecord {
    ActionRecord {
        intent: Some(intent),
        action,
        region,
        context,
        command,
        changes: String::new(),
        at,
        overridden: Vec::new(),
        reason: None,
        by: None,
        tool: None,
        tool_ended: None,
        outcome: None,
        acknowledged: None,
        pasted: None,
        taken_back: false,
        rolled_out: None,
        was_left: false,
    }
}
