//! The entries of a run's journal.
//!
//! A field that a later version adds has a default, so that journals of before are read; a kind of entry that a
//! program does not know is kept as it is ([`super::Line::Newer`]).

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

impl Entry {
    /// Something that happens now.
    pub fn now(happening: Happening) -> Self {
        Self { at: Timestamp::now(), happening }
    }
}

/// Who works on a run: a person at a machine, with a program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    /// The person's name on the machine; empty where the system names none.
    #[serde(default)]
    pub person: String,
    /// The machine's name.
    #[serde(default)]
    pub host: String,
    /// In a window or a terminal.
    #[serde(default)]
    pub face: String,
    /// The program's version.
    #[serde(default)]
    pub version: String,
}

impl Hand {
    /// `anna@bastion`, as far as it is known.
    pub fn name(&self) -> String {
        match (self.person.as_str(), self.host.as_str()) {
            ("", "") => "somebody".to_owned(),
            ("", host) => format!("somebody on {host}"),
            (person, "") => person.to_owned(),
            (person, host) => format!("{person}@{host}"),
        }
    }
}

/// The practice world that a run is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The scenario's id.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// The time factor, 1 to 60.
    pub speed: f64,
}

/// The cause that ranks first, as step 2 shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCause {
    /// Its id.
    pub id: String,
    /// Its headline, a sentence with the region's name.
    pub headline: String,
    /// How sure: `possible`, `likely`, `certain`.
    pub strength: String,
    /// What speaks for it.
    #[serde(default)]
    pub evidence_for: Vec<String>,
    /// What speaks against it.
    #[serde(default)]
    pub evidence_against: Vec<String>,
    /// What could not be looked at.
    #[serde(default)]
    pub not_checked: Vec<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Happening {
    /// The run began.
    Opened {
        /// The environment's name.
        environment: String,
        /// The practice world, where it is one.
        #[serde(default)]
        practice: Option<Rehearsal>,
        /// Who began it.
        #[serde(default)]
        by: Hand,
    },
    /// A run that had been left is taken up again.
    TakenUp {
        /// Who takes it up.
        by: Hand,
    },
    /// The run came here as a handover from another machine; what is above was written there.
    Received {
        /// Who received it.
        by: Hand,
    },
    /// A bundle of the run was written for somebody else.
    HandedOver {
        /// The bundle's file name.
        bundle: String,
    },
    /// The environment's variables were changed in the middle of the run.
    VariablesChanged {
        /// The environment's name from now on.
        #[serde(default)]
        environment: String,
    },
    /// The failed region was chosen or recognised.
    RegionChosen {
        /// Its name.
        region: String,
    },
    /// The failed region's health check was seen failing for the first time in this run.
    FailureSeen {
        /// The earliest failing report of its checkers, by their own times; UTC.
        since: Option<Timestamp>,
    },
    /// Step 1 came to another outcome than before.
    OutcomeSeen {
        /// The outcome's id: `failover-active`, `nothing-failing`, `all-failing`, `other-region-failing`,
        /// `could-not-check`.
        outcome: String,
        /// In a sentence.
        sentence: String,
    },
    /// A check came to another verdict than before.
    Judged {
        /// The step.
        step: Step,
        /// The check's id.
        check: String,
        /// Its name on the screen.
        #[serde(default)]
        title: String,
        /// The region, where it is one's.
        region: Option<String>,
        /// The verdict.
        verdict: Verdict,
        /// What was found.
        found: String,
        /// What is normal.
        #[serde(default)]
        expected: String,
    },
    /// Another cause ranks first than before; `None` where none is left.
    CauseNamed {
        /// Which.
        cause: Option<NamedCause>,
    },
    /// A person opened a step.
    StepOpened {
        /// Which.
        step: Step,
    },
    /// The step that is to be done takes longer than it usually does. Once for each time that it is the one to do.
    Overdue {
        /// Which.
        step: Step,
        /// How long it usually takes, in seconds of this run: fewer in practice.
        usual_secs: u64,
    },
    /// A person took a finding as it is: acknowledged a warning, or accepted what could not be checked.
    Accepted {
        /// The check's id.
        check: String,
        /// Its name on the screen.
        #[serde(default)]
        title: String,
        /// The region's name, where it is one.
        region: Option<String>,
        /// What was found, or why it could not be checked.
        found: String,
        /// The reason given; `None` for a warning, which is acknowledged without one.
        reason: Option<String>,
    },
    /// A person wrote something down.
    Noted {
        /// In their words; no secrets.
        text: String,
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
        /// What it changes, as the plan said.
        #[serde(default)]
        changes: String,
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
    /// A program that the action started has ended.
    ToolEnded {
        /// The intent.
        intent: u64,
        /// Its exit code; `None` where a signal ended it.
        exit_code: Option<i32>,
        /// The file in the run's folder that has its whole output.
        output: String,
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
        /// What they pasted of its output; no secrets.
        #[serde(default)]
        output: Option<String>,
    },
    /// A person takes back that they did it by hand.
    TakenBack {
        /// The action.
        action: ActionKind,
    },
    /// In practice: "Somebody repaired it" was pressed.
    RepairedByOthers,
    /// The rollout ended.
    RolloutEnded {
        /// Did it succeed?
        done: bool,
        /// In a phrase.
        message: String,
    },
    /// The region counts as recovered.
    Recovered,
    /// A person ends the run as it is; it is not offered to be taken up again.
    Ended {
        /// Why, where they say it.
        reason: Option<String>,
    },
    /// The run was left, or ended with its program.
    Closed {
        /// Has the region recovered?
        recovered: bool,
        /// If not, why.
        reasons: Vec<String>,
    },
}
