//! The entries of a run's journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::runbook::action::{ActionKind, ActionOutcome};
use crate::runbook::interrupted::{ProcessMark, StartedTool};
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

/// One entry: when, and what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// UTC.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Happening {
    /// The run began.
    Opened {
        /// The environment's name.
        environment: String,
        /// The practice scenario, where it is one.
        practice: Option<String>,
        /// The program's version.
        version: String,
    },
    /// The failed region was chosen or recognised.
    RegionChosen {
        /// Its name.
        region: String,
    },
    /// A check came to another verdict than before.
    Judged {
        /// The step.
        step: Step,
        /// The check's id.
        check: String,
        /// The region, where it is one's.
        region: Option<String>,
        /// The verdict.
        verdict: Verdict,
        /// What was found.
        found: String,
    },
    /// A person took a finding as it is: acknowledged a warning, or accepted what could not be checked.
    Accepted {
        /// The check's id.
        check: String,
        /// The region's name, where it is one.
        region: Option<String>,
        /// What was found, or why it could not be checked.
        found: String,
        /// The reason given; `None` for a warning, which is acknowledged without one.
        reason: Option<String>,
    },
    /// An action is about to be done. On disk before it is.
    Intent {
        /// Its number in this journal, from 1; the outcome names it.
        intent: u64,
        /// The program that does it: this one.
        by: ProcessMark,
        /// The action.
        action: ActionKind,
        /// The region.
        region: String,
        /// Its context.
        context: String,
        /// The command that does the same; no secrets.
        command: String,
        /// What the reason goes past.
        overridden: Vec<String>,
        /// The reason given.
        reason: Option<String>,
    },
    /// The action started a program.
    ToolStarted {
        /// The intent.
        intent: u64,
        /// The program.
        #[serde(flatten)]
        tool: StartedTool,
    },
    /// How the action ended.
    Outcome {
        /// The intent.
        intent: u64,
        /// The action.
        action: ActionKind,
        /// How.
        #[serde(flatten)]
        outcome: ActionOutcome,
    },
    /// A person has looked at what became of an intent without an outcome.
    Acknowledged {
        /// The intent.
        intent: u64,
        /// What they say, where they say something.
        reason: Option<String>,
    },
    /// A person says that they did it by hand.
    DoneByHand {
        /// The action.
        action: ActionKind,
        /// The command that was shown.
        command: String,
    },
    /// A person takes back that they did it by hand.
    TakenBack {
        /// The action.
        action: ActionKind,
    },
    /// The rollout ended.
    RolloutEnded {
        /// Did it succeed?
        done: bool,
        /// In a phrase.
        message: String,
    },
    /// The run ended.
    Closed {
        /// Has the region recovered?
        recovered: bool,
        /// If not, why.
        reasons: Vec<String>,
    },
}
