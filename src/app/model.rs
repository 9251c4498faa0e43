//! What there is: owned by the window's thread, written by `update` alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::job::SessionId;
use crate::environment::Listing;
use crate::journal::{Hand, ReadBack};
use crate::runbook::action::ActionKind;
use crate::runbook::profile::Profile;
use crate::runbook::question::{Question, Readings};

mod form;
mod overdue;
mod run;
mod timeline;

pub use crate::journal::replay::{ActionRecord, Moment, MomentKind};
pub use crate::journal::{BestRun, Debrief, Ending, RunSummary};
pub(super) use form::Asked;
pub use form::{Discovery, Form};
pub use overdue::Overdue;
pub(super) use run::Noted;
pub use run::{
    Finished, LOG_LINES, LogPanel, OUTPUT_LINES, Practice, Restore, RolloutWatch, Run, Running, Verify,
};
pub use timeline::{MOMENTS_A_PAGE, NOTE_CHARS, TimelinePanel};

/// Everything that the window shows.
#[derive(Debug)]
pub struct Model {
    /// Which screen.
    pub screen: Screen,
    /// The start screen.
    pub start: Start,
    /// The environment form, while one is open.
    pub form: Option<Form>,
    /// The form that was saved last, until it is known whether the outside agrees with it.
    pub(super) saved: Option<Form>,
    /// The run, while one is open.
    pub run: Option<Run>,
    /// A question that has to be answered first.
    pub dialog: Option<Dialog>,
    /// The last thing worth telling: what happened, and what to do.
    pub notice: Option<Notice>,
    /// What was copied last, by its key, and when; "Copied" is shown for a moment.
    pub copied: Option<(String, Timestamp)>,
    /// The folder that `~` stands for, if the system names one.
    pub home: Option<PathBuf>,
    /// Who works here, for the journals.
    pub hand: Hand,
    /// The time zone that the person reads the clock in; UTC until it is known.
    pub zone: TimeZone,
    /// Where practice runs are kept; `None` where they go with their worlds.
    pub practice_runs: Option<PathBuf>,
    /// The next session's number.
    pub(super) next_session: u64,
    /// The window closes as soon as what is under way is on disk.
    pub closing: Option<Closing>,
    /// Actions that go on after their runs were left.
    pub left_running: Vec<LeftRunning>,
    /// The window is to be closed.
    pub quit: bool,
}

/// The window's last moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// Since when, UTC.
    pub since: Timestamp,
    /// The engine was asked to put everything on disk.
    pub is_finishing: bool,
}

/// An action whose run was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftRunning {
    /// The session that its end is told to.
    pub session: SessionId,
    /// The environment's name.
    pub environment: String,
    /// The region's name.
    pub region: String,
    /// Which.
    pub kind: ActionKind,
    /// Since when, UTC.
    pub started_at: Timestamp,
}

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Environments and practice.
    Start,
    /// One environment's variables.
    Form,
    /// A recovery.
    Run,
}

/// The start screen.
#[derive(Debug, Default)]
pub struct Start {
    /// The saved environments; `None` until they were read.
    pub listing: Option<Listing>,
    /// The live state of each card, by environment name.
    pub cards: BTreeMap<String, Card>,
    /// The practice scenarios.
    pub scenarios: Vec<ScenarioCard>,
    /// What is being started: a practice world's title.
    pub starting: Option<String>,
    /// Earlier runs, and their actions whose outcome is not known.
    pub look_back: ReadBack,
    /// The best practice run of each scenario, by its id.
    pub best: BTreeMap<String, BestRun>,
    /// What the practice run came to that was left last.
    pub debrief: Option<Debrief>,
    /// The run that is being read to be taken up again: its folder.
    pub reading: Option<PathBuf>,
}

/// The live state of an environment's card.
#[derive(Debug)]
pub struct Card {
    /// The session that asks.
    pub session: SessionId,
    /// The environment.
    pub profile: Arc<Profile>,
    /// The health checks' answers.
    pub readings: Readings,
}

impl Card {
    /// Is one of its health checks being asked?
    pub fn is_asking(&self) -> bool {
        self.profile.indices().any(|region| self.readings.is_asking(Question::HealthCheck(region)))
    }
}

/// A practice scenario's card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioCard {
    /// The scenario's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is, in a line.
    pub summary: String,
    /// What one learns and how long it takes, in a line.
    pub about: String,
}

/// A question that has to be answered before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialog {
    /// Delete this environment?
    Delete {
        /// Its name.
        name: String,
    },
    /// End this run as it is?
    EndRun {
        /// Its folder.
        folder: PathBuf,
        /// What it is a run of.
        of: String,
    },
    /// Was this action done by hand?
    ByHand {
        /// Which.
        kind: ActionKind,
        /// The command, as it was shown when this was asked.
        command: String,
        /// What was pasted of its output so far, at most [`PASTED_BYTES`] of it.
        output: String,
        /// More than that was pasted: the rest was left out.
        is_cut: bool,
    },
    /// Leave the form with changes that are not saved?
    DiscardForm,
    /// Leave the run, or close the window, while an action runs?
    LeaveWhileRunning {
        /// Close the window, not only the run.
        quit: bool,
    },
}

/// How much of a pasted output is kept, in bytes.
pub const PASTED_BYTES: usize = 64 * 1024;

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Did it go wrong?
    pub bad: bool,
    /// What happened, and what to do.
    pub text: String,
}

impl Model {
    /// The start screen, nothing read yet.
    pub fn new(scenarios: Vec<ScenarioCard>) -> Self {
        Self {
            screen: Screen::Start,
            start: Start { scenarios, ..Start::default() },
            form: None,
            saved: None,
            run: None,
            dialog: None,
            notice: None,
            copied: None,
            home: None,
            hand: Hand::default(),
            zone: TimeZone::UTC,
            practice_runs: None,
            next_session: 1,
            closing: None,
            left_running: Vec::new(),
            quit: false,
        }
    }

    /// The id of a session to open: one that was never used.
    pub fn new_session(&mut self) -> SessionId {
        let session = SessionId(self.next_session);
        self.next_session += 1;
        session
    }

    /// Was this copied within the last two seconds?
    pub fn is_copied(&self, key: &str, now: Timestamp) -> bool {
        let fresh = |at: &Timestamp| now.duration_since(*at).as_secs() < 2;
        self.copied.as_ref().is_some_and(|(copied, at)| copied == key && fresh(at))
    }
}
