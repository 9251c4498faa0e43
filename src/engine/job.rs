//! What the engine can be asked to do.

use std::path::PathBuf;
use std::sync::Arc;

use crate::journal::{Entry, Hand};
use crate::runbook::action::{Confirmed, Plan};
use crate::runbook::interrupted::Interrupted;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Question;

use super::event::Written;

/// One environment's clients: a run's, or a card's on the start screen. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// One thing to do, off the window's thread.
#[derive(Debug)]
pub enum Job {
    /// Read the saved environments.
    ListEnvironments,
    /// Save one; `replacing` is the name it had.
    SaveEnvironment {
        /// What to save.
        profile: Arc<Profile>,
        /// The name it was opened under.
        replacing: Option<String>,
    },
    /// Save a copy under a free name.
    DuplicateEnvironment {
        /// The name of the original.
        name: String,
    },
    /// Remove one.
    DeleteEnvironment {
        /// Its name.
        name: String,
    },
    /// List the contexts of a kubeconfig; of the default one where `None`.
    ListContexts {
        /// The file.
        kubeconfig: Option<PathBuf>,
    },
    /// List the profiles of the AWS config and credentials files; of the usual ones where `None`.
    ListAwsProfiles {
        /// The config file.
        config_file: Option<PathBuf>,
        /// The credentials file.
        credentials_file: Option<PathBuf>,
    },
    /// List the health checks of a session's AWS account.
    ListHealthChecks {
        /// The session.
        session: SessionId,
    },
    /// List the VPCs that are peered with those of a session's clusters.
    ListPeeredVpcs {
        /// The session.
        session: SessionId,
    },
    /// Let a person choose a file.
    PickFile {
        /// What it is for, given back with the answer.
        purpose: FilePurpose,
    },
    /// Let a person choose where to save something.
    SaveFile {
        /// What, given back with the answer.
        saving: Saving,
    },
    /// Write the report of a run.
    WriteReport {
        /// The run's folder.
        folder: PathBuf,
        /// Where to: Markdown where its name ends in `.md`, else a page.
        path: PathBuf,
    },
    /// Write a bundle of a run for whoever takes it over.
    HandOver {
        /// The run's folder.
        folder: PathBuf,
        /// Where to.
        path: PathBuf,
        /// Who hands it over.
        by: Hand,
    },
    /// Open a bundle that somebody handed over.
    OpenBundle {
        /// The bundle.
        path: PathBuf,
        /// Who receives it.
        by: Hand,
    },
    /// Put a text on the desktop's clipboard.
    Copy {
        /// Given back with the outcome.
        key: String,
        /// The text.
        text: String,
    },
    /// Start a practice world, and open a session on it.
    StartPractice {
        /// The session to open.
        session: SessionId,
        /// The scenario's id.
        scenario: String,
    },
    /// "Somebody repaired it".
    RepairPractice {
        /// The practice run.
        session: SessionId,
    },
    /// Open a session on an environment.
    Open {
        /// Its id.
        session: SessionId,
        /// The environment.
        profile: Arc<Profile>,
    },
    /// Watch for signals that end the program.
    HeedSignals,
    /// Look through earlier runs for actions whose outcome is not known.
    LookBack,
    /// Look through the practice runs for the best one of each scenario.
    LookAtPractice {
        /// Their folder.
        runs: PathBuf,
    },
    /// A person has looked at what became of one of them.
    Acknowledge {
        /// Which.
        interrupted: Box<Interrupted>,
    },
    /// Stop every write, wait for its outcome, and put every journal on disk: the window is about to close.
    Finish,
    /// Begin the run's journal.
    BeginRun {
        /// The session.
        session: SessionId,
    },
    /// Go on with the journal of a run that was left.
    ResumeRun {
        /// The session.
        session: SessionId,
        /// The run's folder.
        folder: PathBuf,
    },
    /// Go on with the journal of another session's run, which has it no longer.
    ContinueRun {
        /// The session that has it now.
        from: SessionId,
        /// The session that gets it.
        session: SessionId,
    },
    /// Read a run that was left: what it knew and did, and its environment.
    ReadRun {
        /// Its folder.
        folder: PathBuf,
    },
    /// End a run that was left as it is: it is not offered to be taken up again.
    EndRun {
        /// Its folder.
        folder: PathBuf,
        /// Why, where somebody says it.
        reason: Option<String>,
    },
    /// End a session: whatever it is doing is cancelled, but for writes.
    Close {
        /// Its id.
        session: SessionId,
    },
    /// Ask a question.
    Observe {
        /// The session.
        session: SessionId,
        /// The question.
        question: Question,
        /// Given back with the answer.
        generation: u64,
    },
    /// Read what a plan would change; answered as its question.
    Preview {
        /// The session.
        session: SessionId,
        /// The plan, which is the failed region's.
        plan: Box<Plan>,
        /// Its question: the failed region and the action.
        question: Question,
        /// Given back with the answer.
        generation: u64,
    },
    /// Do what a person confirmed.
    Apply {
        /// The session.
        session: SessionId,
        /// The confirmed plan, used up by this.
        confirmed: Box<Confirmed>,
    },
    /// Stop the action that is running.
    CancelAction {
        /// The session.
        session: SessionId,
    },
    /// Watch the rollout of a region's Deployment, in place of any watch before.
    WatchRollout {
        /// The session.
        session: SessionId,
        /// The region.
        region: RegionIndex,
    },
    /// Follow the log of a container, in place of any followed before.
    FollowLog {
        /// The session.
        session: SessionId,
        /// The region.
        region: RegionIndex,
        /// Pod name.
        pod: String,
        /// Container name.
        container: String,
        /// Given back with the lines.
        generation: u64,
    },
    /// Follow no log.
    StopLog {
        /// The session.
        session: SessionId,
    },
    /// Keep an entry in the run's journal.
    Note {
        /// The session.
        session: SessionId,
        /// The entry.
        entry: Entry,
    },
}

/// What a chosen file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePurpose {
    /// The values file of the form's region at this place.
    ValuesFile(usize),
    /// The form's kubeconfig.
    Kubeconfig,
    /// The authority to trust for the host of the form's region at this place.
    ProbeCa(usize),
    /// The form's AWS config file.
    AwsConfig,
    /// The form's AWS credentials file.
    AwsCredentials,
    /// The form's chart archive.
    ChartArchive,
    /// A handover to open.
    Bundle,
}

/// Something to save where a person chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// What.
    pub what: Written,
    /// The run's folder.
    pub folder: PathBuf,
    /// The file name that is offered.
    pub name: String,
}
