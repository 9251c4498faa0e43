//! The writes that go on, whoever looks at them: they belong to their environment, not to a screen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::journal::JournalHandle;
use crate::runbook::action::{ActionOutcome, Confirmed};

use super::Tell;
use super::event::{Event, GoingOn};
use super::job::SessionId;
use super::session::Session;

/// Lines on their way from a program to the window.
const LINES_IN_FLIGHT: usize = 256;
/// How many of the newest lines a window that comes back is shown.
const LINES_KEPT: usize = 2_000;

/// A write that goes on.
struct Write {
    /// The session that it was started from.
    id: SessionId,
    /// The environment's name; `None` for a practice world's, which nobody opens twice.
    environment: Option<String>,
    cancel: CancellationToken,
    shown: Arc<Shown>,
}

/// What is shown of it, and to whom.
struct Shown(Mutex<Told>);

struct Told {
    to: SessionId,
    about: GoingOn,
    lines: VecDeque<String>,
    /// Lines that the window had no room for.
    missed: usize,
}

impl Shown {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn to(&self) -> SessionId {
        self.told().to
    }

    /// Tells a line if there is room; the run's folder has all of them.
    fn line(&self, tell: &Tell, line: String) {
        let mut told = self.told();
        if told.lines.len() == LINES_KEPT {
            told.lines.pop_front();
        }
        told.lines.push_back(line.clone());
        if told.missed > 0 {
            let text = format!("… {} lines more are in the run's folder", told.missed);
            if tell.now(Event::Output { session: told.to, line: text }) {
                told.missed = 0;
            }
        }
        if !tell.now(Event::Output { session: told.to, line }) {
            told.missed += 1;
        }
    }
}

/// All writes of this program.
#[derive(Default)]
pub(super) struct Writes {
    going: Vec<Write>,
    tasks: JoinSet<SessionId>,
}

/// What a write is started with.
pub(super) struct Start {
    pub(super) id: SessionId,
    pub(super) session: Arc<Session>,
    pub(super) journal: JournalHandle,
    pub(super) confirmed: Confirmed,
    pub(super) is_practice: bool,
}

impl Writes {
    /// Starts one, if its session has none that goes on.
    pub(super) fn start(&mut self, start: Start, tell: &Tell) {
        let Start { id, session, journal, confirmed, is_practice } = start;
        if self.going.iter().any(|write| write.shown.to() == id) {
            let outcome = ActionOutcome::not_done("nothing was done: an action of this run goes on");
            return tell.later(Event::ActionEnded { session: id, outcome });
        }
        let plan = confirmed.plan();
        let about = GoingOn {
            kind: plan.kind(),
            region: plan.region().name.clone(),
            started_at: Timestamp::now(),
            is_cancelling: false,
            lines: Vec::new(),
        };
        let told = Told { to: id, about, lines: VecDeque::new(), missed: 0 };
        let shown = Arc::new(Shown(Mutex::new(told)));
        let cancel = CancellationToken::new();
        let environment = (!is_practice).then(|| session.profile().name.clone());
        let task = write(session, journal, confirmed, cancel.clone(), (Arc::clone(&shown), tell.clone()));
        self.tasks.spawn(async move {
            task.await;
            id
        });
        self.going.push(Write { id, environment, cancel, shown });
    }

    /// A run of this environment is opened: what goes on there is shown in it from now on.
    pub(super) fn show_in(&self, id: SessionId, environment: &str, tell: &Tell) {
        let of = |write: &&Write| write.environment.as_deref() == Some(environment);
        let Some(write) = self.going.iter().find(of) else { return };
        let mut told = write.shown.told();
        told.to = id;
        let mut going = told.about.clone();
        going.is_cancelling = write.cancel.is_cancelled();
        going.lines = told.lines.iter().cloned().collect();
        tell.later(Event::ActionGoesOn { session: id, going: Box::new(going) });
    }

    /// Stops the one that is shown in this session.
    pub(super) fn cancel(&self, id: SessionId) {
        if let Some(write) = self.going.iter().find(|write| write.shown.to() == id) {
            write.cancel.cancel();
        }
    }

    /// Stops all of them.
    pub(super) fn cancel_all(&self) {
        for write in &self.going {
            write.cancel.cancel();
        }
    }

    /// Waits for the next one that ends; for ever where there is none.
    pub(super) async fn next_end(&mut self, tell: &Tell) {
        match self.tasks.join_next().await {
            Some(ended) => self.ended(&ended, tell),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended; did they in time?
    pub(super) async fn all_end(&mut self, limit: Duration, tell: &Tell) -> bool {
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                self.ended(&ended, tell);
            }
        };
        tokio::time::timeout(limit, all).await.is_ok()
    }

    fn ended(&mut self, ended: &Result<SessionId, JoinError>, tell: &Tell) {
        let is_over = |write: &Write| match ended {
            Ok(id) => write.id == *id,
            // Its task ended without a word; the others' tokens are still shared with their tasks.
            Err(_) => Arc::strong_count(&write.shown) == 1,
        };
        let (over, going) = std::mem::take(&mut self.going).into_iter().partition(is_over);
        self.going = going;
        let over: Vec<Write> = over;
        if let Err(error) = ended {
            for write in over {
                let message = format!(
                    "this program failed inside ({error}): whether it was done is not known, look before you repeat it"
                );
                let outcome = ActionOutcome::Failed { message, unchanged: false };
                tell.later(Event::ActionEnded { session: write.shown.to(), outcome });
            }
        }
    }
}

async fn write(
    session: Arc<Session>,
    journal: JournalHandle,
    confirmed: Confirmed,
    cancel: CancellationToken,
    (shown, tell): (Arc<Shown>, Tell),
) {
    let (lines, mut output) = mpsc::channel::<String>(LINES_IN_FLIGHT);
    // Never waits for the window: a program whose output nobody takes stands still.
    let forward = async {
        while let Some(line) = output.recv().await {
            shown.line(&tell, line);
        }
    };
    let (applied, ()) = tokio::join!(session.apply(confirmed, &journal, lines, cancel), forward);
    if let Some(message) = applied.journal_problem {
        tell.tell(Event::JournalFailed { session: shown.to(), message }).await;
    }
    tell.tell(Event::ActionEnded { session: shown.to(), outcome: applied.outcome }).await;
}
