//! The runs' journals: begun, gone on with, read, noted in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Dispatcher;
use crate::clients::secret::redact_credentials;
use crate::engine::Tell;
use crate::engine::event::{Event, RunRead};
use crate::engine::job::SessionId;
use crate::engine::tasks::spawn_blocking_answer;
use crate::environment;
use crate::journal::{self, Entry, Happening, JournalHandle, Listener, ReadBack};
use crate::runbook::interrupted::Interrupted;
use crate::runbook::profile::Profile;

/// How many entries wait for room on their way to the window.
const UNTOLD: usize = 65_536;

impl Dispatcher {
    pub(super) async fn begin_run(&mut self, id: SessionId) {
        let Some(live) = self.sessions.get(&id) else { return };
        let (profile, runs) = (Arc::clone(live.session.profile()), live.runs.clone());
        let is_practice = live.stage.is_some();
        let kept = live.stage.as_ref().and_then(|stage| stage.kept_runs.clone());
        let begin = move |listener| {
            // A practice world's files go with it.
            let toml = if is_practice { None } else { toml(&profile) };
            let runs = kept.and_then(room_for_practice).map_or(runs, Ok)?;
            let begun = JournalHandle::begin(&runs, &profile.name, toml.as_deref(), &[], listener);
            begun.map_err(|error| error.to_string())
        };
        self.take_journal(id, begin).await;
    }

    pub(super) async fn resume_run(&mut self, id: SessionId, folder: PathBuf) {
        let Some(live) = self.sessions.get(&id) else { return };
        let profile = Arc::clone(live.session.profile());
        let resume = move |listener| {
            let journal = JournalHandle::resume(&folder, listener).map_err(|error| error.to_string())?;
            keep_environment(&folder, &profile);
            Ok(journal)
        };
        self.take_journal(id, resume).await;
    }

    /// The session's journal from now on.
    async fn take_journal(
        &mut self,
        id: SessionId,
        take: impl FnOnce(Listener) -> Result<JournalHandle, String> + Send + 'static,
    ) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let listens = Arc::new(AtomicU64::new(id.0));
        let listener = listener(self.tell.clone(), Arc::clone(&listens));
        let taken = tokio::task::spawn_blocking(move || take(listener)).await;
        match taken.map_err(|error| error.to_string()).and_then(|taken| taken) {
            Ok(journal) => {
                let folder = journal.folder().to_owned();
                self.tell.later(Event::RunFolder { session: id, folder });
                (live.journal, live.listens) = (Some(journal), Some(listens));
            }
            Err(message) => {
                live.why_no_journal = Some(message.clone());
                self.tell.later(Event::JournalFailed { session: id, message });
            }
        }
        if live.stage.is_none() {
            self.writes.show_in(id, &live.session.profile().name, &self.tell);
        }
    }

    /// The variables were changed in the middle of the run.
    pub(super) fn continue_run(&mut self, from: SessionId, id: SessionId) {
        let Some(before) = self.sessions.get_mut(&from) else { return };
        let (journal, listens) = (before.journal.take(), before.listens.take());
        let why = before.why_no_journal.take();
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let Some(journal) = journal else {
            let message = why.unwrap_or("the run that goes on here had no journal".to_owned());
            live.why_no_journal = Some(message.clone());
            return self.tell.later(Event::JournalFailed { session: id, message });
        };
        if let Some(listens) = &listens {
            listens.store(id.0, Ordering::Relaxed);
        }
        let (folder, profile) = (journal.folder().to_owned(), Arc::clone(live.session.profile()));
        self.tell.later(Event::RunFolder { session: id, folder: folder.clone() });
        (live.journal, live.listens) = (Some(journal), listens);
        tokio::task::spawn_blocking(move || keep_environment(&folder, &profile));
    }

    /// What a run that was left knew and did.
    pub(super) fn read_run(&self, folder: PathBuf) {
        let (of, of_lost) = (folder.clone(), folder.clone());
        let read = move || Event::RunRead { folder: of, read: read(&folder) };
        spawn_blocking_answer(&self.tell, read, |error| Event::RunRead { folder: of_lost, read: Err(error) });
    }

    /// Ends a run that was left, as it is.
    pub(super) fn end_run(&self, folder: PathBuf, reason: Option<String>) {
        let reason = reason.map(|reason| redact_credentials(&reason));
        self.look_back(move || journal::end(&folder, reason.as_deref()).map_err(|error| error.to_string()));
    }

    /// A person has looked at what became of an action.
    pub(super) fn acknowledge(&self, seen: Interrupted) {
        let own = self.sessions.values().filter_map(|live| live.journal.clone());
        let own = own.into_iter().find(|journal| journal.folder() == seen.run);
        self.look_back(move || {
            let acknowledged = match own {
                Some(journal) => journal.note_now(journal::acknowledged(&seen, None)),
                None => journal::acknowledge(&seen, None),
            };
            acknowledged.map_err(|error| error.to_string())
        });
    }

    /// The earlier runs and what they left open, after this was done.
    pub(super) fn look_back(&self, first: impl FnOnce() -> Result<(), String> + Send + 'static) {
        let Ok(runs) = self.options.runs.clone() else { return };
        let journals = self.sessions.values().filter_map(|live| live.journal.as_ref());
        let own: Vec<PathBuf> = journals.map(|journal| journal.folder().to_owned()).collect();
        let look = move || {
            let done = first();
            let mut back = journal::look_back(&runs, &own);
            back.problems.extend(done.err());
            Event::LookedBack(back)
        };
        spawn_blocking_answer(&self.tell, look, |error| {
            let problems = vec![format!("earlier runs could not be looked through: {error}")];
            Event::LookedBack(ReadBack { problems, ..ReadBack::default() })
        });
    }

    /// The best practice runs.
    pub(super) fn look_at_practice(&self, runs: PathBuf) {
        let look = move || Event::BestRuns(journal::best(&runs));
        spawn_blocking_answer(&self.tell, look, |error| {
            tracing::warn!(%error, "the practice runs could not be looked through");
            Event::BestRuns(BTreeMap::new())
        });
    }

    /// Never waits: neither for the disk nor for an action.
    pub(super) fn note(&self, id: SessionId, entry: Entry) {
        let Some(live) = self.sessions.get(&id) else { return };
        let noted = match &live.journal {
            Some(journal) => journal.note(without_secrets(entry)).map_err(|error| error.to_string()),
            None => Err(live.why_no_journal.clone().unwrap_or("the run has no journal".to_owned())),
        };
        if let Err(message) = noted {
            self.tell.later(Event::JournalFailed { session: id, message });
        }
    }
}

/// Tells the window what becomes of a journal's entries. Called on the journal's own thread, which must not wait
/// for the window: what has no room goes with the next.
fn listener(tell: Tell, session: Arc<AtomicU64>) -> Listener {
    let id = move || SessionId(session.load(Ordering::Relaxed));
    let (of_problem, to_problem) = (id.clone(), tell.clone());
    let problem = move |problem: Option<String>| {
        let session = of_problem();
        let told = match problem {
            Some(message) => to_problem.now(Event::JournalFailed { session, message }),
            None => to_problem.now(Event::JournalMended { session }),
        };
        if !told {
            tracing::warn!("the window has no room for what becomes of the journal");
        }
    };
    let mut untold: Vec<Entry> = Vec::new();
    let written = move |entries: Vec<Entry>| {
        untold.extend(entries);
        let entries = std::mem::take(&mut untold);
        if let Err(back) = tell.now_or_back(Event::Journaled { session: id(), entries })
            && let Event::Journaled { entries, .. } = back
            && entries.len() < UNTOLD
        {
            untold = entries;
        }
    };
    Listener { problem: Box::new(problem), written: Box::new(written) }
}

/// The folder that practice runs are kept in, with room for one more; `None` where it cannot be used.
fn room_for_practice(runs: PathBuf) -> Option<PathBuf> {
    if let Err(error) = journal::place::private_folder(&runs) {
        tracing::warn!(%error, "practice runs are not kept");
        return None;
    }
    let removed = journal::prune(&runs, journal::PRACTICE_RUNS_KEPT - 1);
    tracing::debug!(removed, "practice runs of long ago");
    Some(runs)
}

/// The text of the environment's file.
fn toml(profile: &Profile) -> Option<String> {
    let text = environment::to_toml(profile);
    text.inspect_err(|error| tracing::warn!(%error, "the run's folder lacks its environment")).ok()
}

/// Kept beside the journal, for who takes the run up again elsewhere. It has no secrets.
fn keep_environment(folder: &Path, profile: &Profile) {
    if let Err(error) = environment::write(&folder.join(journal::ENVIRONMENT_FILE), profile) {
        tracing::warn!(%error, "the run's folder lacks its environment");
    }
}

fn read(folder: &Path) -> Result<Box<RunRead>, String> {
    let cannot = |error: std::io::Error| format!("the run in {} cannot be read: {error}", folder.display());
    let found = journal::one(folder).map_err(cannot)?;
    let profile =
        environment::read(&folder.join(journal::ENVIRONMENT_FILE)).map_err(|error| error.to_string());
    Ok(Box::new(RunRead { record: found.record, goes_on: found.goes_on, profile }))
}

/// What a person typed or pasted may have some.
fn without_secrets(mut entry: Entry) -> Entry {
    match &mut entry.happening {
        Happening::Noted { text } => *text = redact_credentials(text),
        Happening::DoneByHand { output: Some(output), .. } => *output = redact_credentials(output),
        Happening::Accepted { reason: Some(reason), .. } | Happening::Ended { reason: Some(reason) } => {
            *reason = redact_credentials(reason);
        }
        _ => {}
    }
    entry
}
