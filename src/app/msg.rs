//! What can happen. Views push these; one variant a room.

use std::path::PathBuf;

use super::clipboard::Copied;
use crate::engine::event::Event;
pub use crate::engine::job::FilePurpose;
use crate::environment::Field;
use crate::runbook::action::ActionKind;
use crate::runbook::check::CheckKey;
use crate::runbook::interrupted::Interrupted;
use crate::runbook::profile::{Method, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::step::Step;

/// Tells the copied line for a chat channel from other copies.
pub const STATUS_KEY: &str = "status";

/// Everything that can happen to the window.
#[derive(Debug)]
pub enum Msg {
    /// On the start screen.
    Start(StartMsg),
    /// In the form.
    Form(FormMsg),
    /// In a run.
    Run(RunMsg),
    /// In step 3.
    Restore(RestoreMsg),
    /// In the log panel.
    Log(LogMsg),
    /// In the timeline.
    Timeline(TimelineMsg),
    /// In a dialog: yes, or no.
    Dialog(bool),
    /// The notice was read.
    DismissNotice,
    /// Put this text on the clipboard.
    Copy {
        /// Tells apart what is copied.
        key: String,
        /// The text.
        text: String,
    },
    /// What was to be copied is on the clipboard, or why not.
    Copied(Copied),
    /// The window is asked to close.
    CloseRequested,
    /// A moment passed: refreshes and countdowns.
    Tick,
    /// The engine tells something.
    Engine(Box<Event>),
}

/// On the start screen.
#[derive(Debug)]
pub enum StartMsg {
    /// Open the form for a new environment.
    New,
    /// Open the form for a saved one.
    Edit(String),
    /// Copy a saved one.
    Duplicate(String),
    /// Ask whether to delete a saved one.
    Delete(String),
    /// Open a run.
    Open(String),
    /// Ask a card's health checks again.
    CheckAgain(String),
    /// Start practising this scenario.
    Practise(String),
    /// What the last practice run came to was read.
    DismissDebrief,
    /// Somebody has looked at what became of this interrupted action.
    Looked(Box<Interrupted>),
    /// Take up again the run in this folder.
    Resume(PathBuf),
    /// Ask whether to end the run in this folder as it is, so that it is not offered again.
    EndRun(PathBuf),
    /// Choose a handover to open.
    OpenHandover,
    /// A file was dropped on the window: a handover.
    Dropped(PathBuf),
    /// Save the report of the run in this folder.
    SaveReport(PathBuf),
    /// Hand over the run in this folder.
    HandOver(PathBuf),
    /// Read the saved environments again.
    Reload,
}

/// In the form.
#[derive(Debug)]
pub enum FormMsg {
    /// A field's text is now this.
    Text(Field, String),
    /// A field's text was chosen from a list.
    Chosen(Field, String),
    /// The method was chosen.
    Method(Method),
    /// Choose a file by dialog.
    Pick(FilePurpose),
    /// A file was dropped on the window.
    Dropped(PathBuf),
    /// One more region.
    AddRegion,
    /// One region less.
    RemoveRegion(usize),
    /// Show or hide the fields that seldom need a change.
    ToggleMore,
    /// Ask everything that tells whether the fields are right.
    TestAll,
    /// Save.
    Save,
    /// Back to the start screen.
    Leave,
}

/// In a run.
#[derive(Debug)]
pub enum RunMsg {
    /// Show this step.
    Show(Step),
    /// Take this region for the failed one; everything is read anew.
    Choose(RegionIndex),
    /// Ask this again now.
    Refresh(Question),
    /// Ask everything of the shown step again now.
    RefreshAll,
    /// Open or close a check's details.
    ToggleCheck(&'static str, Option<RegionIndex>),
    /// Open or close the guidance.
    ToggleGuidance,
    /// Show or hide the other causes.
    ToggleCauses,
    /// Show or hide the passed checks.
    TogglePassed,
    /// Watch the rollout again.
    WatchAgain,
    /// A warning was read.
    Acknowledge(CheckKey),
    /// Begin to accept what could not be checked.
    Accept(CheckKey),
    /// The reason typed so far.
    AcceptReason(String),
    /// Accept with this reason.
    AcceptDone,
    /// Do not accept.
    AcceptCancel,
    /// "Somebody repaired it", in practice.
    Repair,
    /// Copy the line for a chat channel.
    CopyStatus,
    /// Save the report.
    SaveReport,
    /// Write a bundle for whoever takes the run over.
    HandOver,
    /// Open the environment's variables.
    Variables,
    /// Leave the run.
    Leave,
}

/// In step 3.
#[derive(Debug)]
pub enum RestoreMsg {
    /// Open this action's plan.
    Select(ActionKind),
    /// What is typed to confirm.
    Typed(String),
    /// The reason for going past what is in the way.
    Reason(String),
    /// Do it.
    Confirm,
    /// Open or close what stands under this title in this action's plan.
    ToggleChange(ActionKind, String),
    /// Clear what was typed.
    Reset,
    /// Stop the running action.
    Cancel,
    /// It was done by hand, with the command shown: asks whether that is so.
    ByHand,
    /// What is pasted of its output.
    HandOutput(String),
    /// It was not done by hand after all.
    TakeBack,
}

/// In the timeline.
#[derive(Debug)]
pub enum TimelineMsg {
    /// Show it in the step's place, or the step again.
    Toggle,
    /// What is being written down.
    Draft(String),
    /// Write it down.
    Note,
    /// Open or close the details of the moment at this place.
    Unfold(usize),
    /// Go so many pages further back; forward where negative.
    Back(isize),
}

/// In the log panel.
#[derive(Debug)]
pub enum LogMsg {
    /// Open it.
    Open,
    /// Close it.
    Close,
    /// Of one pod's container; `None` for all pods.
    Of(Option<(String, String)>),
    /// The container before the last restart, or the running one.
    Previous(bool),
    /// Search for this.
    Find(String),
    /// Go to the next hit, or to the one before.
    Next(bool),
    /// Follow new lines, or stop.
    Follow(bool),
}
