//! What the engine tells.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::environment::Listing;
use crate::journal::{BestRun, Entry, ReadBack, Record};
use crate::runbook::action::{ActionKind, ActionOutcome};
use crate::runbook::fact::{DeploymentFacts, Facts, ListedHealthCheck, LogLine, PodsFacts};
use crate::runbook::profile::Profile;
use crate::runbook::question::{Question, Reading};
use crate::runbook::verdict::Why;

use super::handover::Opened;
use super::job::{FilePurpose, Saving, SessionId};

/// One thing that happened, off the window's thread.
#[derive(Debug)]
pub enum Event {
    /// The saved environments.
    Environments(Listing),
    /// An environment was saved, duplicated or deleted, or why not.
    Stored(Result<Stored, String>),
    /// The contexts of a kubeconfig.
    Contexts {
        /// The file asked for.
        kubeconfig: Option<PathBuf>,
        /// Their names, sorted.
        contexts: Result<Vec<String>, Why>,
    },
    /// The profiles of the AWS files.
    AwsProfiles {
        /// The config file asked for.
        config_file: Option<PathBuf>,
        /// The credentials file asked for.
        credentials_file: Option<PathBuf>,
        /// Their names, sorted.
        profiles: Result<Vec<String>, Why>,
    },
    /// The health checks of a session's AWS account.
    HealthChecks {
        /// The session.
        session: SessionId,
        /// Sorted by the host that each watches.
        listed: Result<Vec<ListedHealthCheck>, Why>,
    },
    /// The VPCs that are peered with those of a session's clusters.
    PeeredVpcs {
        /// The session.
        session: SessionId,
        /// Their IDs, sorted.
        vpcs: Result<Vec<String>, Why>,
    },
    /// A file was chosen; `None` where the dialog was closed or could not open.
    Picked {
        /// What for.
        purpose: FilePurpose,
        /// The path.
        path: Option<PathBuf>,
    },
    /// A place was chosen to save something; `None` where the dialog was closed or could not open.
    SaveChosen {
        /// What.
        saving: Saving,
        /// The path.
        path: Option<PathBuf>,
    },
    /// Something about a run was written for other people, or why not.
    Written {
        /// What.
        what: Written,
        /// Where.
        path: PathBuf,
        /// What was left out, a sentence each.
        result: Result<Vec<String>, String>,
    },
    /// A handover was opened, or why not.
    BundleOpened {
        /// What became of it.
        opened: Result<Opened, String>,
    },
    /// A practice world runs, with a session open on it; or why not.
    PracticeStarted {
        /// The session.
        session: SessionId,
        /// What runs.
        world: Result<PracticeWorld, String>,
    },
    /// "Somebody repaired it" was done.
    PracticeRepaired {
        /// The session.
        session: SessionId,
    },
    /// A session was opened on an environment that was named on the command line, or why not.
    Observed {
        /// The session.
        session: SessionId,
        /// The question.
        question: Question,
        /// The asking it belongs to.
        generation: u64,
        /// The answer.
        reading: Box<Reading<Facts>>,
    },
    /// A line of a running action.
    Output {
        /// The session.
        session: SessionId,
        /// The line, without codes and secrets.
        line: String,
    },
    /// An action ended.
    ActionEnded {
        /// The session.
        session: SessionId,
        /// How.
        outcome: ActionOutcome,
    },
    /// A run was opened on an environment where an action goes on: it is shown there from now on.
    ActionGoesOn {
        /// The run's session.
        session: SessionId,
        /// What goes on.
        going: Box<GoingOn>,
    },
    /// The rollout moved.
    Rollout {
        /// The session.
        session: SessionId,
        /// The Deployment.
        deployment: DeploymentFacts,
        /// Its pods.
        pods: PodsFacts,
    },
    /// The rollout's watch broke off; it is not being watched any more.
    RolloutLost {
        /// The session.
        session: SessionId,
        /// Why.
        why: Why,
    },
    /// Lines of the followed log.
    LogLines {
        /// The session.
        session: SessionId,
        /// The following they belong to.
        generation: u64,
        /// The lines.
        lines: Vec<LogLine>,
    },
    /// The followed log ended.
    LogEnded {
        /// The session.
        session: SessionId,
        /// The following it belonged to.
        generation: u64,
        /// Why, where it broke off.
        why: Option<Why>,
    },
    /// The run's journal could not be written. No action is taken without one.
    JournalFailed {
        /// The session.
        session: SessionId,
        /// Path and reason.
        message: String,
    },
    /// The run's journal can be written again, and has everything.
    JournalMended {
        /// The session.
        session: SessionId,
    },
    /// The earlier runs, and their actions whose outcome is not known.
    LookedBack(ReadBack),
    /// The best practice run of each scenario, by its id.
    BestRuns(BTreeMap<String, BestRun>),
    /// A run that was left was read.
    RunRead {
        /// Its folder.
        folder: PathBuf,
        /// What it knew and did, or why it cannot be read.
        read: Result<Box<RunRead>, String>,
    },
    /// Where the run's journal is kept.
    RunFolder {
        /// The session.
        session: SessionId,
        /// The run's folder.
        folder: PathBuf,
    },
    /// Entries of the run's journal that are on disk now, oldest first.
    Journaled {
        /// The session.
        session: SessionId,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// The system, or whoever may, asks the program to end: SIGTERM, SIGINT or SIGHUP.
    EndRequested,
    /// Every write has ended and every journal is on disk: the window can close.
    Finished,
}

/// What is written of a run for other people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Its report.
    Report,
    /// A bundle for whoever takes it over.
    Bundle,
}

/// A run that was left.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRead {
    /// What it knew and did.
    pub record: Record,
    /// A program writes it now.
    pub goes_on: bool,
    /// The environment as it was used in the run, where it can be read; else why not.
    pub profile: Result<Profile, String>,
}

/// An action that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoingOn {
    /// Which.
    pub kind: ActionKind,
    /// The region's name.
    pub region: String,
    /// Since when, UTC.
    pub started_at: Timestamp,
    /// It was asked to stop.
    pub is_cancelling: bool,
    /// The newest lines of its output.
    pub lines: Vec<String>,
}

/// What happened to an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Saved under this name.
    Saved(String),
    /// Copied to this name.
    Duplicated(String),
    /// Removed.
    Deleted(String),
}

/// A practice world that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PracticeWorld {
    /// The scenario's id.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The time factor, 1 to 60.
    pub speed: f64,
    /// Is the repair somebody else's, so that the banner offers it?
    pub repaired_by_others: bool,
    /// Its environment.
    pub profile: Arc<Profile>,
    /// The region that the responder was told failed.
    pub told_region: String,
}
