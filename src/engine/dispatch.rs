//! Takes jobs in and starts a task for each; sessions, watches and writes are kept here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::clients::aws_files;
use crate::clients::kubernetes::contexts;
use crate::environment::{Store, StoreError};
use crate::journal::{Entry, Journal};
use crate::runbook::action::{ActionOutcome, Confirmed};
use crate::runbook::fact::LogLine;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::verdict::{Why, WhyKind};

use super::event::{Event, Stored};
use super::job::{Job, SessionId};
use super::session::{Options as SessionOptions, Session};
use super::{LAST_WAIT, Options, Stage, Tell};

/// How many lines of a followed log are told at once.
const LINES_AT_ONCE: usize = 500;

/// What a session has going on.
struct Live {
    session: Arc<Session>,
    runs: Result<PathBuf, String>,
    stage: Option<Stage>,
    journal: Option<Arc<Mutex<Journal>>>,
    cancelled: CancellationToken,
    /// The latest asking of each question.
    asking: BTreeMap<Question, CancellationToken>,
    action: Option<CancellationToken>,
    rollout: Option<AbortHandle>,
    log: Option<AbortHandle>,
}

impl Drop for Live {
    fn drop(&mut self) {
        // Questions and watches end; a running write does not hang on this token.
        self.cancelled.cancel();
        for watch in [&self.rollout, &self.log].into_iter().flatten() {
            watch.abort();
        }
    }
}

/// The engine's own state.
pub(super) struct Dispatcher {
    options: Options,
    tell: Tell,
    sessions: BTreeMap<SessionId, Live>,
    starting: JoinSet<(SessionId, Result<Stage, String>)>,
    writes: JoinSet<()>,
}

impl Dispatcher {
    pub(super) fn new(options: Options, tell: Tell) -> Self {
        Self { options, tell, sessions: BTreeMap::new(), starting: JoinSet::new(), writes: JoinSet::new() }
    }

    /// Until nobody hands in jobs any more; then writes are asked to end, and awaited.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => self.take(job).await,
                    None => break,
                },
                Some(started) = self.starting.join_next() => self.started(started).await,
                Some(_) = self.writes.join_next() => {}
            }
        }
        for live in self.sessions.values() {
            if let Some(action) = &live.action {
                action.cancel();
            }
        }
        let all = async { while self.writes.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WAIT, all).await.is_err() {
            tracing::error!("an action did not end in time; its journal has an intent without an outcome");
        }
    }

    async fn take(&mut self, job: Job) {
        match job {
            Job::ListEnvironments => self.store(|store| Event::Environments(store.list())),
            Job::SaveEnvironment { profile, replacing } => self.store(move |store| {
                let saved = store.save(&profile, replacing.as_deref());
                Event::Stored(
                    saved.map(|_| Stored::Saved(profile.name.clone())).map_err(|error| error.to_string()),
                )
            }),
            Job::DuplicateEnvironment { name } => {
                self.store(move |store| Event::Stored(duplicate(store, &name)));
            }
            Job::DeleteEnvironment { name } => self.store(move |store| {
                let deleted = store.delete(&name).map_err(|error| error.to_string());
                Event::Stored(deleted.map(|()| Stored::Deleted(name.clone())))
            }),
            Job::ListContexts { kubeconfig } => self.list_contexts(kubeconfig),
            Job::ListAwsProfiles { config_file, credentials_file } => {
                self.list_aws_profiles(config_file, credentials_file);
            }
            Job::ListHealthChecks { session: id } => self.ask_session(id, async move |session| {
                Event::HealthChecks { session: id, listed: session.list_health_checks().await }
            }),
            Job::ListPeeredVpcs { session: id } => self.ask_session(id, async move |session| {
                Event::PeeredVpcs { session: id, vpcs: session.list_peered_vpcs().await }
            }),
            // Made on the window's thread, as some systems demand.
            Job::PickFile { purpose } => self.tell.tell(Event::Picked { purpose, path: None }).await,
            // Done by the window, whose clipboard it is.
            Job::Copy { .. } => {}
            Job::StartPractice { session, scenario } => {
                let start = self.options.start_practice.clone();
                self.starting.spawn(async move { (session, start(scenario).await) });
            }
            Job::RepairPractice { session } => self.repair(session).await,
            Job::Open { session, profile } => {
                let opened = Session::new(profile, self.options.session.clone());
                self.open(session, opened, self.options.runs.clone(), None);
            }
            Job::BeginRun { session } => self.begin_run(session).await,
            Job::Close { session } => drop(self.sessions.remove(&session)),
            Job::Observe { session, question, generation } => self.observe(session, question, generation),
            Job::Apply { session, confirmed } => self.apply(session, *confirmed).await,
            Job::CancelAction { session } => {
                if let Some(action) = self.sessions.get(&session).and_then(|live| live.action.as_ref()) {
                    action.cancel();
                }
            }
            Job::WatchRollout { session, region } => self.watch_rollout(session, region),
            Job::FollowLog { session, region, pod, container, generation } => {
                self.follow_log(session, region, (pod, container), generation);
            }
            Job::StopLog { session } => {
                if let Some(log) = self.sessions.get_mut(&session).and_then(|live| live.log.take()) {
                    log.abort();
                }
            }
            Job::Note { session, entry } => self.note(session, entry),
        }
    }

    /// File work, off the async threads.
    fn store(&self, work: impl FnOnce(&Store) -> Event + Send + 'static) {
        let tell = self.tell.clone();
        match &self.options.store {
            Ok(store) => {
                let store = store.clone();
                tokio::spawn(async move {
                    match tokio::task::spawn_blocking(move || work(&store)).await {
                        Ok(event) => tell.tell(event).await,
                        Err(error) => tell.tell(Event::Stored(Err(error.to_string()))).await,
                    }
                });
            }
            Err(error) => {
                let message = no_store(error);
                tokio::spawn(async move { tell.tell(Event::Stored(Err(message))).await });
            }
        }
    }

    fn list_contexts(&self, kubeconfig: Option<PathBuf>) {
        let tell = self.tell.clone();
        let usual = self.options.session.usual_files.kubeconfig.clone();
        tokio::spawn(async move {
            let file = kubeconfig.clone().or(usual);
            let read = tokio::task::spawn_blocking(move || contexts(file.as_deref())).await;
            let contexts =
                read.unwrap_or_else(|error| Err(Why::new(WhyKind::Configuration, error.to_string())));
            tell.tell(Event::Contexts { kubeconfig, contexts }).await;
        });
    }

    fn list_aws_profiles(&self, config_file: Option<PathBuf>, credentials_file: Option<PathBuf>) {
        let tell = self.tell.clone();
        let SessionOptions { usual_files, deadline, .. } = self.options.session.clone();
        tokio::spawn(async move {
            let config = config_file.clone().or(usual_files.aws_config);
            let credentials = credentials_file.clone().or(usual_files.aws_credentials);
            let profiles = aws_files::profiles(config.as_deref(), credentials.as_deref(), deadline).await;
            tell.tell(Event::AwsProfiles { config_file, credentials_file, profiles }).await;
        });
    }

    async fn started(&mut self, started: Result<(SessionId, Result<Stage, String>), tokio::task::JoinError>) {
        let Ok((id, stage)) = started else { return };
        let world = match stage {
            Ok(stage) => {
                let session = Session::new(stage.profile().clone(), stage.session.clone());
                let (world, runs) = (stage.world.clone(), stage.runs.clone());
                self.open(id, session, Ok(runs), Some(stage));
                Ok(world)
            }
            Err(message) => Err(message),
        };
        self.tell.tell(Event::PracticeStarted { session: id, world }).await;
    }

    async fn repair(&self, session: SessionId) {
        if let Some(stage) = self.sessions.get(&session).and_then(|live| live.stage.as_ref()) {
            (stage.repair)();
            self.tell.tell(Event::PracticeRepaired { session }).await;
        }
    }

    fn open(&mut self, id: SessionId, session: Session, runs: Result<PathBuf, String>, stage: Option<Stage>) {
        let live = Live {
            session: Arc::new(session),
            runs,
            stage,
            journal: None,
            cancelled: CancellationToken::new(),
            asking: BTreeMap::new(),
            action: None,
            rollout: None,
            log: None,
        };
        self.sessions.insert(id, live);
    }

    async fn begin_run(&mut self, id: SessionId) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let name = live.session.profile().name.clone();
        let begun = match live.runs.clone() {
            Err(message) => Err(message),
            Ok(runs) => {
                let begin = move || Journal::begin(&runs, &name, Timestamp::now());
                let begun = tokio::task::spawn_blocking(begin).await;
                begun
                    .map_err(|error| error.to_string())
                    .and_then(|begun| begun.map_err(|error| error.to_string()))
            }
        };
        match begun {
            Ok(journal) => live.journal = Some(Arc::new(Mutex::new(journal))),
            Err(message) => self.tell.tell(Event::JournalFailed { session: id, message }).await,
        }
    }

    /// Asks anew; the asking before ends without an answer, which would be dropped, and gives its turn back.
    fn observe(&mut self, id: SessionId, question: Question, generation: u64) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let cancelled = live.cancelled.child_token();
        if let Some(before) = live.asking.insert(question, cancelled.clone()) {
            before.cancel();
        }
        self.ask_until(id, cancelled, async move |session| {
            let reading = Box::new(session.observe(question).await);
            Event::Observed { session: id, question, generation, reading }
        });
    }

    /// Answers exactly once, unless the session ends first.
    fn ask_session<F>(&self, id: SessionId, ask: impl FnOnce(Arc<Session>) -> F)
    where
        F: Future<Output = Event> + Send + 'static,
    {
        if let Some(live) = self.sessions.get(&id) {
            self.ask_until(id, live.cancelled.clone(), ask);
        }
    }

    fn ask_until<F>(&self, id: SessionId, cancelled: CancellationToken, ask: impl FnOnce(Arc<Session>) -> F)
    where
        F: Future<Output = Event> + Send + 'static,
    {
        let Some(live) = self.sessions.get(&id) else { return };
        let tell = self.tell.clone();
        let asked = Box::pin(ask(live.session.clone()));
        tokio::spawn(async move {
            if let Some(event) = cancelled.run_until_cancelled(asked).await {
                tell.tell(event).await;
            }
        });
    }

    async fn apply(&mut self, id: SessionId, confirmed: Confirmed) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let Some(journal) = live.journal.clone() else {
            let message = "nothing was done: the run has no journal".to_owned();
            let outcome = ActionOutcome::Failed { message, unchanged: true };
            return self.tell.tell(Event::ActionEnded { session: id, outcome }).await;
        };
        let cancel = CancellationToken::new();
        live.action = Some(cancel.clone());
        let (session, tell) = (live.session.clone(), self.tell.clone());
        self.writes.spawn(async move {
            let (lines, mut output) = mpsc::channel::<String>(64);
            let teller = tell.clone();
            let forward = async move {
                while let Some(line) = output.recv().await {
                    teller.tell(Event::Output { session: id, line }).await;
                }
            };
            let mut journal = journal.lock().await;
            let (applied, ()) = tokio::join!(session.apply(confirmed, &mut journal, lines, cancel), forward);
            let outcome = match applied {
                Ok(outcome) => outcome,
                Err((error, outcome)) => {
                    tell.tell(Event::JournalFailed { session: id, message: error.to_string() }).await;
                    let message = format!("nothing was done: {error}");
                    outcome.unwrap_or(ActionOutcome::Failed { message, unchanged: true })
                }
            };
            tell.tell(Event::ActionEnded { session: id, outcome }).await;
        });
    }

    fn watch_rollout(&mut self, id: SessionId, region: RegionIndex) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let (session, tell) = (live.session.clone(), self.tell.clone());
        let watch = tokio::spawn(async move {
            let (sender, mut snapshots) = mpsc::channel(8);
            let teller = tell.clone();
            let forward = async move {
                while let Some((deployment, pods)) = snapshots.recv().await {
                    teller.tell(Event::Rollout { session: id, deployment, pods }).await;
                }
            };
            let (ended, ()) = tokio::join!(session.watch_rollout(region, sender), forward);
            if let Err(why) = ended {
                tell.tell(Event::RolloutLost { session: id, why }).await;
            }
        });
        if let Some(before) = live.rollout.replace(watch.abort_handle()) {
            before.abort();
        }
    }

    fn follow_log(&mut self, id: SessionId, region: RegionIndex, of: (String, String), generation: u64) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let (session, tell) = (live.session.clone(), self.tell.clone());
        let follow = tokio::spawn(async move {
            let (sender, mut received) = mpsc::channel::<LogLine>(LINES_AT_ONCE);
            let teller = tell.clone();
            let forward = async move {
                loop {
                    let mut lines = Vec::new();
                    if received.recv_many(&mut lines, LINES_AT_ONCE).await == 0 {
                        return;
                    }
                    teller.tell(Event::LogLines { session: id, generation, lines }).await;
                }
            };
            let (ended, ()) = tokio::join!(session.follow_log(region, &of.0, &of.1, sender), forward);
            tell.tell(Event::LogEnded { session: id, generation, why: ended.err() }).await;
        });
        if let Some(before) = live.log.replace(follow.abort_handle()) {
            before.abort();
        }
    }

    fn note(&self, id: SessionId, entry: Entry) {
        let Some(journal) = self.sessions.get(&id).and_then(|live| live.journal.clone()) else { return };
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let mut journal = journal.lock_owned().await;
            let appended = tokio::task::spawn_blocking(move || journal.append(&entry)).await;
            if let Ok(Err(error)) = appended {
                tell.tell(Event::JournalFailed { session: id, message: error.to_string() }).await;
            }
        });
    }
}

fn duplicate(store: &Store, name: &str) -> Result<Stored, String> {
    let copy = store.duplicate(name).map_err(|error| error.to_string())?;
    store.save(&copy, None).map_err(|error| error.to_string())?;
    Ok(Stored::Duplicated(copy.name))
}

fn no_store(error: &StoreError) -> String {
    format!("environments cannot be kept: {error}")
}
