//! What there is: owned by the window's thread, written by `update` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::event::PracticeWorld;
use crate::engine::job::SessionId;
use crate::environment::Listing;
use crate::runbook::action::{ActionKind, ActionOutcome, Plan};
use crate::runbook::case::Case;
use crate::runbook::fact::LogLine;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::{Question, Readings};
use crate::runbook::rollout::{Rollout, Track};
use crate::runbook::step::Step;
use crate::runbook::steps::{restore, verify::Looks};
use crate::runbook::verdict::Why;

mod form;

pub(super) use form::Asked;
pub use form::{Discovery, Form};

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
    /// The next session's number.
    pub(super) next_session: u64,
    /// The window is to be closed.
    pub quit: bool,
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

/// One recovery, from opening to closing.
#[derive(Debug)]
pub struct Run {
    /// Its session.
    pub session: SessionId,
    /// The environment.
    pub profile: Arc<Profile>,
    /// The failed region: chosen, told, or recognised; `None` until then.
    pub failed: Option<RegionIndex>,
    /// The practice world it runs on.
    pub practice: Option<Practice>,
    /// When it was opened, UTC.
    pub opened_at: Timestamp,
    /// All answers.
    pub readings: Readings,
    /// The step on the screen.
    pub step: Step,
    /// The step that is to be done next; earlier ones are done.
    pub reached: Step,
    /// Checks whose details are open: id and region.
    pub open_checks: BTreeSet<(&'static str, Option<RegionIndex>)>,
    /// When a failing health check was first seen in this run, by its checkers' own times.
    pub first_failure_at: Option<Timestamp>,
    /// The guidance of the first cause is open.
    pub guidance_open: bool,
    /// Causes after the first are shown.
    pub more_causes: bool,
    /// Passed checks are shown.
    pub passed_open: bool,
    /// Step 3.
    pub restore: Restore,
    /// Step 4; `None` until it is watched.
    pub rollout: Option<RolloutWatch>,
    /// Step 5.
    pub verify: Verify,
    /// The log panel; `None` while closed.
    pub log: Option<LogPanel>,
    /// Why the journal cannot be written; then no action can be taken.
    pub journal_problem: Option<String>,
    /// The verdicts last noted in the journal.
    pub(super) noted: BTreeMap<(Step, &'static str, Option<RegionIndex>), crate::runbook::verdict::Verdict>,
}

/// The practice side of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Practice {
    /// The world.
    pub world: PracticeWorld,
    /// "Somebody repaired it" was pressed.
    pub repaired: bool,
}

impl Run {
    /// A run that begins now, nothing read yet.
    pub fn new(session: SessionId, profile: Arc<Profile>, now: Timestamp) -> Self {
        Self {
            session,
            profile,
            failed: None,
            practice: None,
            opened_at: now,
            readings: Readings::default(),
            step: Step::Confirm,
            reached: Step::Confirm,
            open_checks: BTreeSet::new(),
            first_failure_at: None,
            guidance_open: false,
            more_causes: false,
            passed_open: false,
            restore: Restore::default(),
            rollout: None,
            verify: Verify::default(),
            log: None,
            journal_problem: None,
            noted: BTreeMap::new(),
        }
    }

    /// What judgements are made of; `None` until a failed region is known.
    pub fn case(&self, now: Timestamp) -> Option<Case<'_>> {
        Some(Case { profile: &self.profile, failed: self.failed?, readings: &self.readings, now })
    }

    /// The same before a failed region is known: with the first region in its place. For what does not
    /// depend on it.
    pub fn any_case(&self, now: Timestamp) -> Case<'_> {
        let failed = self.failed.unwrap_or(RegionIndex(0));
        Case { profile: &self.profile, failed, readings: &self.readings, now }
    }

    /// The plans of step 3, the fitting one first.
    pub fn plans(&self, now: Timestamp) -> Vec<Plan> {
        self.case(now).map(|case| restore::plans(&case)).unwrap_or_default()
    }

    /// The plan that is open: the selected one, else the first.
    pub fn selected_plan(&self, now: Timestamp) -> Option<Plan> {
        let mut plans = self.plans(now);
        let selected = plans.iter().position(|plan| Some(plan.kind()) == self.restore.selected);
        (!plans.is_empty()).then(|| plans.swap_remove(selected.unwrap_or(0)))
    }

    /// A duration of the real world in this run's time: shorter in practice.
    pub fn scaled(&self, duration: Duration) -> Duration {
        duration.div_f64(self.practice.as_ref().map_or(1.0, |practice| practice.world.speed))
    }

    /// Has it ended with the region recovered?
    pub fn recovered(&self) -> bool {
        self.verify.looks.recovered()
    }

    /// Did an action end well, or was one done by hand?
    pub fn acted(&self) -> bool {
        self.restore
            .finished
            .iter()
            .any(|done| !matches!(done.outcome, Some(ActionOutcome::Failed { unchanged: true, .. })))
    }

    /// Was the region out in this run, so that a recovery has to be verified? An action was done, or a
    /// failure was seen before somebody else mended it.
    pub fn was_out(&self) -> bool {
        self.acted() || (self.first_failure_at.is_some() && self.reached > Step::Confirm)
    }
}

/// Step 3.
#[derive(Debug, Default)]
pub struct Restore {
    /// The chosen action; the first one fits best.
    pub selected: Option<ActionKind>,
    /// What was typed to confirm.
    pub typed: String,
    /// The reason for going past what is in the way.
    pub reason: String,
    /// Why the last try was refused.
    pub refused: Option<String>,
    /// The action that runs.
    pub running: Option<Running>,
    /// What was done before, oldest first.
    pub finished: Vec<Finished>,
    /// The output of the running or last action; the newest lines, at most [`OUTPUT_LINES`].
    pub output: Vec<String>,
}

/// How many lines of an action's output are kept for the screen; the file has all.
pub const OUTPUT_LINES: usize = 2_000;

/// An action that runs.
#[derive(Debug, Clone)]
pub struct Running {
    /// Which.
    pub kind: ActionKind,
    /// Since when, UTC.
    pub started_at: Timestamp,
    /// Cancel was pressed.
    pub cancelling: bool,
}

/// An action that ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which.
    pub kind: ActionKind,
    /// When, UTC.
    pub at: Timestamp,
    /// How; `None` where a person says that they did it by hand.
    pub outcome: Option<ActionOutcome>,
}

/// Step 4.
#[derive(Debug)]
pub struct RolloutWatch {
    /// Its times.
    pub track: Track,
    /// The latest judgement; `None` until the first answer.
    pub rollout: Option<Rollout>,
    /// The facts it was judged of, to judge again when the deadline passes.
    pub(super) facts: Option<(crate::runbook::fact::DeploymentFacts, crate::runbook::fact::PodsFacts)>,
    /// Why it is not being watched any more.
    pub lost: Option<Why>,
    /// How long nothing may move, in this run's time.
    pub deadline: Duration,
    /// When it was done, UTC.
    pub done_at: Option<Timestamp>,
}

/// Step 5.
#[derive(Debug, Default)]
pub struct Verify {
    /// The looks so far.
    pub looks: Looks,
    /// Ids of checks whose `Unknown` was accepted with a reason.
    pub accepted: Vec<String>,
    /// The check that is being accepted, and the reason typed so far.
    pub accepting: Option<(String, String)>,
    /// When the rollout ended or, without one, when the step was first opened: countdowns start here.
    pub since: Option<Timestamp>,
    /// When the region counted as recovered, UTC.
    pub recovered_at: Option<Timestamp>,
}

impl RolloutWatch {
    /// Begins to watch.
    pub fn start(now: Timestamp, deadline: Duration) -> Self {
        Self { track: Track::start(now), rollout: None, facts: None, lost: None, deadline, done_at: None }
    }
}

/// The log panel.
#[derive(Debug, Default)]
pub struct LogPanel {
    /// Pod and container; `None` for all pods together.
    pub of: Option<(String, String)>,
    /// The container before the last restart.
    pub previous: bool,
    /// What is searched for.
    pub find: String,
    /// The search's current hit, a line number.
    pub hit: Option<usize>,
    /// New lines are followed.
    pub follow: bool,
    /// Followed lines so far.
    pub lines: Vec<LogLine>,
    /// Why following broke off.
    pub ended: Option<String>,
    /// The following that lines have to belong to.
    pub(super) generation: u64,
}

/// How many followed lines are kept for the screen.
pub const LOG_LINES: usize = 1_000_000;

/// A question that has to be answered before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialog {
    /// Delete this environment?
    Delete {
        /// Its name.
        name: String,
    },
    /// Leave the form with changes that are not saved?
    DiscardForm,
    /// Leave the run, or close the window, while an action runs?
    LeaveWhileRunning {
        /// Close the window, not only the run.
        quit: bool,
    },
}

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
            next_session: 1,
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
