//! A run: one recovery with its steps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::event::PracticeWorld;
use crate::engine::job::SessionId;
use crate::journal::{Debrief, Record, debrief};
use crate::runbook::action::{ActionKind, ActionOutcome, Blocker, Plan, Reason, Target};
use crate::runbook::case::Case;
use crate::runbook::cause::{self, Assessment};
use crate::runbook::causes::nothing_failing;
use crate::runbook::check::CheckKey;
use crate::runbook::fact::LogLine;
use crate::runbook::interrupted::Interrupted;
use crate::runbook::mark::{Found, Last, Progress, Watched};
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::{Question, Readings};
use crate::runbook::rollout::{Phase, Rollout, Track};
use crate::runbook::step::Step;
use crate::runbook::steps::restore::{self, Instead, NothingToDo};
use crate::runbook::steps::verify::{Accepted, Looks};
use crate::runbook::verdict::{Verdict, Why};

use super::TimelinePanel;

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
    /// The steps that were looked at.
    pub shown: BTreeSet<Step>,
    /// What steps 1 and 2 had found when something was done to the region.
    pub found: Option<Found>,
    /// Checks whose details are open: id and region.
    pub open_checks: BTreeSet<CheckKey>,
    /// When a failing health check was first seen in this run, by its checkers' own times.
    pub first_failure_at: Option<Timestamp>,
    /// The failed region's health check was seen failing in this run.
    pub seen_failing: bool,
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
    /// The timeline, on the screen or not.
    pub timeline: TimelinePanel,
    /// Actions of earlier runs of this environment whose outcome is not known.
    pub interrupted: Vec<Interrupted>,
    /// Why the journal cannot be written; then no action can be taken.
    pub journal_problem: Option<String>,
    /// The run's folder, once its journal is there.
    pub folder: Option<PathBuf>,
    /// What the run's journal says, as far as it is on disk.
    pub record: Record,
    /// What was last noted in the journal.
    pub(in crate::app) noted: Noted,
}

/// What was last noted in a run's journal.
#[derive(Debug, Default)]
pub(in crate::app) struct Noted {
    /// The verdicts.
    pub(in crate::app) verdicts: BTreeMap<(Step, &'static str, Option<RegionIndex>), Verdict>,
    /// What step 1 came to, in a sentence.
    pub(in crate::app) outcome: Option<String>,
    /// The cause that ranks first, in its headline; empty where none is left, `None` until one was noted.
    pub(in crate::app) cause: Option<String>,
    /// That a step takes longer than usual: which, and since when it is to be done.
    pub(in crate::app) overdue: Option<(Step, Timestamp)>,
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
            shown: BTreeSet::from([Step::Confirm]),
            found: None,
            open_checks: BTreeSet::new(),
            first_failure_at: None,
            seen_failing: false,
            guidance_open: false,
            more_causes: false,
            passed_open: false,
            restore: Restore::default(),
            rollout: None,
            verify: Verify::default(),
            log: None,
            timeline: TimelinePanel::default(),
            interrupted: Vec::new(),
            journal_problem: None,
            folder: None,
            record: Record::default(),
            noted: Noted::default(),
        }
    }

    /// What the practice run came to so far, as far as that is on disk; `None` where it is none.
    pub fn debrief(&self) -> Option<Debrief> {
        debrief(&self.record)
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

    /// What may be broken, ranked. That nothing fails is no news in a run that saw the region fail: it is the
    /// recovery.
    pub fn causes(&self, now: Timestamp) -> Vec<Assessment> {
        let mut causes = self.case(now).map(|case| cause::rank(&case)).unwrap_or_default();
        if self.was_out() {
            causes.retain(|cause| cause.id != nothing_failing::ID);
        }
        causes
    }

    /// How far the run is, for the marks of its steps; `None` until a failed region is known.
    pub fn progress<'a>(&'a self, now: Timestamp, causes: &'a [Assessment]) -> Option<Progress<'a>> {
        let last = self.restore.finished.last();
        Some(Progress {
            case: self.case(now)?,
            reached: self.reached,
            shown: &self.shown,
            was_out: self.was_out(),
            causes,
            found: self.found.as_ref(),
            running: self.restore.running.as_ref().map(|running| running.started_at),
            last: last.map(|last| Last { at: last.at, outcome: last.outcome.as_ref() }),
            watched: self.rollout.as_ref().map(|watch| Watched {
                rollout: watch.rollout.as_ref(),
                lost: watch.lost.is_some(),
                took: watch.done_at.map(|at| at.duration_since(watch.track.started_at).unsigned_abs()),
            }),
            verifying: self.verify.since.is_some(),
            accepted: &self.verify.accepted,
            looks: self.verify.looks.passed,
        })
    }

    /// The plans of step 3, the fitting one first.
    pub fn plans(&self, now: Timestamp) -> Vec<Plan> {
        let plans = self.case(now).map(|case| restore::plans(&case)).unwrap_or_default();
        plans.into_iter().map(|plan| plan.beside(&self.interrupted)).collect()
    }

    /// The plan that is open: the selected one, else the first.
    pub fn selected_plan(&self, now: Timestamp) -> Option<Plan> {
        let mut plans = self.plans(now);
        let selected = plans.iter().position(|plan| Some(plan.kind()) == self.restore.selected);
        (!plans.is_empty()).then(|| plans.swap_remove(selected.unwrap_or(0)))
    }

    /// Why there is nothing to do in step 3; `None` where there is.
    pub fn nothing_to_do(&self, now: Timestamp) -> Option<NothingToDo> {
        let case = self.case(now)?;
        let idle = restore::nothing_to_do(&case)?;
        if idle.next != Instead::Leave || !self.was_out() {
            return Some(idle);
        }
        let failed = &case.failed_region().name;
        Some(NothingToDo {
            sentence: format!("{failed} is healthy again: there is nothing left to restore"),
            meaning: format!("What is left is to verify that {failed} serves"),
            next: Instead::Verify,
        })
    }

    /// What the selected plan stands on and was read too long ago to confirm it by.
    pub fn outdated(&self, now: Timestamp) -> Vec<Question> {
        let (Some(failed), Some(plan)) = (self.failed, self.selected_plan(now)) else { return Vec::new() };
        let questions = restore::stands_on(&self.profile, failed, plan.kind());
        self.readings.older_than(restore::MAX_AGE, &questions, now)
    }

    /// A duration of the real world in this run's time: shorter in practice.
    pub fn scaled(&self, duration: Duration) -> Duration {
        duration.div_f64(self.practice.as_ref().map_or(1.0, |practice| practice.world.speed))
    }

    /// Has it ended with the region recovered?
    pub fn recovered(&self) -> bool {
        self.verify.looks.recovered()
    }

    /// Has the failed region been seen failing in this run, or was something done to it? Then what is left
    /// when nothing fails any more is to verify that it serves.
    pub fn was_out(&self) -> bool {
        self.seen_failing || self.acted()
    }

    /// Did the last action end well, or was it done by hand? Not if its rollout failed since: then another one is
    /// wanted.
    pub fn went_well(&self) -> bool {
        let rollout = self.rollout.as_ref().and_then(|watch| watch.rollout.as_ref());
        let failed = rollout.is_some_and(|rollout| matches!(rollout.phase, Phase::Failed(_)));
        let last = self.restore.finished.last();
        !failed && last.is_some_and(|done| matches!(done.outcome, None | Some(ActionOutcome::Done { .. })))
    }

    /// Did an action end well, or was one done by hand?
    pub fn acted(&self) -> bool {
        self.restore
            .finished
            .iter()
            .any(|done| !done.outcome.as_ref().is_some_and(ActionOutcome::is_unchanged))
    }
}

/// Step 3.
#[derive(Debug, Default)]
pub struct Restore {
    /// The chosen action; the first one fits best.
    pub selected: Option<ActionKind>,
    /// What is open of what the plans would change: the action, and the object's title.
    pub open_changes: BTreeSet<(ActionKind, String)>,
    /// The plan that a preview was last asked for: the action, and what it stood on.
    pub(in crate::app) looked_ahead: Option<(ActionKind, String)>,
    /// What was typed to confirm.
    pub typed: String,
    /// The cluster that the plan was for when the typing began.
    pub(in crate::app) typed_for: Option<Target>,
    /// The reason for going past what is in the way.
    pub reason: String,
    /// What the reason was typed for: what stood in the way on the screen then, by the blockers' keys.
    pub reason_for: BTreeSet<String>,
    /// Why the last try was refused.
    pub refused: Option<String>,
    /// The action that runs.
    pub running: Option<Running>,
    /// What was done before, oldest first.
    pub finished: Vec<Finished>,
    /// The output of the running or last action; the newest lines, at most [`OUTPUT_LINES`].
    pub output: Vec<String>,
}

impl Restore {
    /// The reason that is typed, for what was on the screen then.
    pub fn given(&self) -> Reason {
        Reason { text: self.reason.trim().to_owned(), passes: self.reason_for.clone() }
    }

    /// Does the reason go past this: was it on the screen when the reason was typed?
    pub fn passes(&self, blocker: &Blocker) -> bool {
        self.given().covers(blocker)
    }

    /// What is in the way, with or without the reason.
    pub fn in_the_way<'a>(&self, plan: &'a Plan) -> Vec<&'a Blocker> {
        plan.blockers().iter().filter(|blocker| !self.passes(blocker)).collect()
    }
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
    pub(in crate::app) facts:
        Option<(crate::runbook::fact::DeploymentFacts, crate::runbook::fact::PodsFacts)>,
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
    /// The findings that a person took as they are.
    pub accepted: Vec<Accepted>,
    /// The check that is being accepted, and the reason typed so far.
    pub accepting: Option<(CheckKey, String)>,
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
    pub(in crate::app) generation: u64,
}

/// How many followed lines are kept for the screen.
pub const LOG_LINES: usize = 1_000_000;
