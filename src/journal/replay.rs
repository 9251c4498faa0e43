//! Reads a journal back: a pure fold of its lines into what the run knew and did.
//!
//! Any prefix of a journal is a journal: it may break off in the middle of a line. Entries of kinds that this
//! program does not know are kept as they are and told. Times are those of the entries, the order is that of the
//! file: a clock that was set back in between makes a duration unknown, never negative.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::entry::{Entry, Hand, Happening, NamedCause, Rehearsal};
use crate::runbook::action::ActionOutcome;
use crate::runbook::interrupted::{ProcessMark, StartedTool};
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

mod due;
mod fold;
mod timeline;
mod waiting;

pub use due::Due;
pub(in crate::journal) use timeline::with_region;
pub use timeline::{Moment, MomentKind};

/// How much of an entry of a newer program is kept, in characters.
const NEWER_KEPT: usize = 500;

/// What a run knew and did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// The environment's name.
    pub environment: String,
    /// The practice world, where it is one.
    pub practice: Option<Rehearsal>,
    /// Who worked on it, one after another.
    pub hands: Vec<HandTurn>,
    /// The failed region, once it was known.
    pub region: Option<String>,
    /// When what was reached first.
    pub milestones: Milestones,
    /// What step 1 came to last.
    pub outcome: Option<SeenOutcome>,
    /// All that step 1 came to, one after another, by id; of every region that was taken for the failed one.
    pub outcomes: Vec<(Timestamp, String)>,
    /// The latest verdict of each check, in the order in which they first had one.
    pub checks: Vec<CheckRecord>,
    /// The causes that ranked first, one after another; `None` where none was left.
    pub causes: Vec<(Timestamp, Option<NamedCause>)>,
    /// The latest step that was opened.
    pub step: Option<Step>,
    /// The steps that were opened, one after another.
    pub opened: Vec<(Timestamp, Step)>,
    /// The step that is to be done, and since when; `None` before the run began and once the region has recovered.
    pub due: Option<Due>,
    /// What was done to the region, here and by hand.
    pub actions: Vec<ActionRecord>,
    /// How the latest watched rollout ended.
    pub rollout: Option<RolloutRecord>,
    /// The findings that a person took as they are.
    pub accepted: Vec<AcceptedRecord>,
    /// What people wrote down.
    pub notes: Vec<(Timestamp, String)>,
    /// In practice: when somebody repaired what is others'.
    pub repaired_by_others: Option<Timestamp>,
    /// A person ended it as it is: when, and why.
    pub ended: Option<(Timestamp, Option<String>)>,
    /// It was left, or ended with its program; `None` while it goes on, and where it was killed.
    pub closed: Option<ClosedRecord>,
    /// What happened, in the order of the file.
    pub timeline: Vec<Moment>,
    /// Entries that this program does not know: a newer one wrote them.
    pub newer: Vec<Newer>,
    /// Lines that were torn by a crash or a full disk.
    pub torn: usize,
    /// The journal was too long to be read whole: its beginning is missing here.
    pub is_cut: bool,
    /// The time of the last entry.
    pub last_at: Option<Timestamp>,
}

/// A person's turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandTurn {
    /// Since when, UTC.
    pub at: Timestamp,
    /// Who.
    pub hand: Hand,
    /// How they came to it.
    pub turn: Turn,
}

/// How somebody came to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// They began it.
    Opened,
    /// They took it up again.
    TakenUp,
    /// It came to them from another machine.
    Received,
}

/// When what was reached first, UTC. Another failed region begins anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Milestones {
    /// The run began.
    pub opened: Option<Timestamp>,
    /// The earliest failing report of the region's checkers that was seen, by their own times.
    pub first_failure: Option<Timestamp>,
    /// Step 1: the failover was confirmed.
    pub confirmed: Option<Timestamp>,
    /// A cause was named.
    pub cause_named: Option<Timestamp>,
    /// Something was done that changed the region, here or by hand: the first time.
    pub acted: Option<Timestamp>,
    /// The last rollout that ended well before the region counted as recovered.
    pub restored: Option<Timestamp>,
    /// The region counted as recovered.
    pub recovered: Option<Timestamp>,
}

impl Milestones {
    /// From one to the other; `None` where one of them is not known, or the clock was set back in between.
    pub fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<SignedDuration> {
        let took = to?.duration_since(from?);
        (!took.is_negative()).then_some(took)
    }
}

/// What step 1 came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOutcome {
    /// When, UTC.
    pub at: Timestamp,
    /// Its id.
    pub id: String,
    /// In a sentence.
    pub sentence: String,
}

/// The latest verdict of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRecord {
    /// The step.
    pub step: Step,
    /// The check's id.
    pub check: String,
    /// Its name on the screen; its id where the journal has none.
    pub title: String,
    /// The region, where it is one's.
    pub region: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What is normal.
    pub expected: String,
    /// Since when it has this verdict, UTC.
    pub since: Timestamp,
    /// The first verdict, where it was another one.
    pub first: Verdict,
}

/// A finding that a person took as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRecord {
    /// When, UTC.
    pub at: Timestamp,
    /// The check's id.
    pub check: String,
    /// Its name on the screen.
    pub title: String,
    /// The region's name, where it is one.
    pub region: Option<String>,
    /// What was found.
    pub found: String,
    /// The reason given.
    pub reason: Option<String>,
}

/// How a watched rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRecord {
    /// When, UTC.
    pub at: Timestamp,
    /// Did it succeed?
    pub done: bool,
    /// In a phrase.
    pub message: String,
}

/// The run was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedRecord {
    /// When, UTC.
    pub at: Timestamp,
    /// Had the region recovered?
    pub recovered: bool,
    /// If not, why.
    pub reasons: Vec<String>,
}

/// Something that was done to the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRecord {
    /// The intent's number; `None` for what was done by hand.
    pub intent: Option<u64>,
    /// The action's id; a newer program may know more of them.
    pub action: String,
    /// The region's name.
    pub region: String,
    /// Its context; empty for what was done by hand.
    pub context: String,
    /// The command that does the same.
    pub command: String,
    /// What it changes, as the plan said.
    pub changes: String,
    /// When it was sent, or said to be done; UTC.
    pub at: Timestamp,
    /// What the reason went past.
    pub overridden: Vec<String>,
    /// The reason given.
    pub reason: Option<String>,
    /// The Failback that sent it; `None` for what was done by hand.
    pub by: Option<ProcessMark>,
    /// The program that did it.
    pub tool: Option<StartedTool>,
    /// How that program ended: exit code, `None` for a signal; and the file that has its output.
    pub tool_ended: Option<(Option<i32>, String)>,
    /// When and how it ended; `None` where that is not known.
    pub outcome: Option<(Timestamp, ActionOutcome)>,
    /// The run was taken up again after it: whoever does that does not know its outcome either.
    pub was_left: bool,
    /// Somebody looked at what became of it, where its outcome is not known.
    pub acknowledged: Option<(Timestamp, Option<String>)>,
    /// For what was done by hand: what was pasted of its output.
    pub pasted: Option<String>,
    /// It was said to be done by hand, and taken back.
    pub taken_back: bool,
    /// How the rollout that was watched after it ended: well or not; `None` where that is not known.
    pub rolled_out: Option<bool>,
}

impl ActionRecord {
    /// Was it done by hand?
    pub fn is_by_hand(&self) -> bool {
        self.intent.is_none()
    }

    /// Is its outcome not known, and has nobody looked yet?
    pub fn is_open(&self) -> bool {
        !self.is_by_hand() && self.outcome.is_none() && self.acknowledged.is_none()
    }

    /// Did it change the region, or may it have?
    pub fn may_have_changed(&self) -> bool {
        match &self.outcome {
            Some((_, outcome)) => !outcome.is_unchanged(),
            None => !self.taken_back,
        }
    }
}

/// An entry that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newer {
    /// When, UTC.
    pub at: Timestamp,
    /// Its kind.
    pub what: String,
    /// The line, as much of it as is kept.
    pub text: String,
}

impl Newer {
    /// As much of it as is kept.
    fn cut(&self) -> Self {
        let text = self.text.chars().take(NEWER_KEPT).collect();
        Self { at: self.at, what: self.what.clone(), text }
    }
}

impl Record {
    /// Has the region recovered?
    pub fn is_recovered(&self) -> bool {
        self.milestones.recovered.is_some()
    }

    /// Intents without an outcome that nobody acknowledged, oldest first.
    pub fn open_actions(&self) -> impl Iterator<Item = &ActionRecord> {
        self.actions.iter().filter(|action| action.is_open())
    }

    /// What was done to the region that is taken for the failed one: before another one was, something may have been
    /// done to that.
    pub fn done_here(&self) -> impl Iterator<Item = &ActionRecord> {
        self.actions.iter().filter(|action| self.region.as_ref() == Some(&action.region))
    }

    /// Is there something to take up again: was the region failing, or was something done or noted, and is it
    /// neither recovered nor ended?
    pub fn is_unfinished(&self) -> bool {
        let begun = self.milestones.first_failure.is_some()
            || self.milestones.confirmed.is_some()
            || !self.actions.is_empty()
            || !self.notes.is_empty();
        self.open_actions().next().is_some() || (begun && !self.is_recovered() && self.ended.is_none())
    }

    /// The largest number of an intent so far. A number that no run comes to is not one of ours, and leaves room.
    pub fn last_intent(&self) -> u64 {
        let numbers = self.actions.iter().filter_map(|action| action.intent);
        numbers.filter(|number| u32::try_from(*number).is_ok()).max().unwrap_or(0)
    }

    /// The cause that ranks first now.
    pub fn cause(&self) -> Option<&NamedCause> {
        self.causes.last().and_then(|(_, cause)| cause.as_ref())
    }

    /// The latest verdict of a check.
    pub fn check(&self, check: &str, region: Option<&str>) -> Option<&CheckRecord> {
        self.checks.iter().find(|found| found.check == check && found.region.as_deref() == region)
    }
}

/// A line of a journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// An entry that this program knows.
    Known(Entry),
    /// One of a newer program.
    Newer(Newer),
    /// What a crash or a full disk left.
    Torn,
}

impl Line {
    /// Reads one; `None` where there is nothing in it.
    pub fn read(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Any {
            at: Timestamp,
            what: String,
        }
        if text.trim().is_empty() {
            return None;
        }
        if let Ok(entry) = serde_json::from_str(text) {
            return Some(Self::Known(entry));
        }
        Some(
            serde_json::from_str::<Any>(text).map_or(Self::Torn, |Any { at, what }| {
                Self::Newer(Newer { at, what, text: text.to_owned() })
            }),
        )
    }
}

/// Folds a journal's text into what its run knew and did.
pub fn replay(text: &str) -> Record {
    let mut record = Record::default();
    for line in text.lines().filter_map(Line::read) {
        record.add(&line);
    }
    record
}

#[cfg(test)]
mod tests;
