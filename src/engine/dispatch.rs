//! Takes jobs in and starts a task for each; sessions, watches and writes are kept here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::clients::aws_files;
use crate::clients::kubernetes::contexts;
use crate::environment::{Store, StoreError};
use crate::journal::JournalHandle;
use crate::runbook::action::{ActionOutcome, Confirmed, Plan};
use crate::runbook::fact::LogLine;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::{Question, Reading};
use crate::runbook::verdict::{Why, WhyKind};

use super::event::{Event, Stored};
use super::job::{Job, SessionId};
use super::session::{Options as SessionOptions, Session};
use super::tasks::{failed_inside, spawn_answer, spawn_blocking_answer};
use super::writes::{Start, Writes};
use super::{LAST_WAIT, Options, Stage, Tell, signals};

mod handover;
mod runs;

/// How many lines of a followed log are told at once.
const LINES_AT_ONCE: usize = 500;

/// What a session has going on.
struct Live {
    session: Arc<Session>,
    runs: Result<PathBuf, String>,
    stage: Option<Stage>,
    journal: Option<JournalHandle>,
    /// Why there is none, where one was to be.
    why_no_journal: Option<String>,
    /// Whose journal it is, told to the window: a run that goes on in another session takes this with it.
    listens: Option<Arc<AtomicU64>>,
    cancelled: CancellationToken,
    /// The latest asking of each question.
    asking: BTreeMap<Question, CancellationToken>,
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
    /// Practice worlds that have started, or could not.
    started: (mpsc::Sender<Started>, mpsc::Receiver<Started>),
    writes: Writes,
    /// Becomes ready when the system asks the program to end.
    end_requested: Option<mpsc::Receiver<()>>,
}

type Started = (SessionId, Result<Stage, String>);

impl Dispatcher {
    pub(super) fn new(options: Options, tell: Tell) -> Self {
        let (sessions, writes) = (BTreeMap::new(), Writes::default());
        Self { options, tell, sessions, started: mpsc::channel(8), writes, end_requested: None }
    }

    /// Until nobody hands in jobs any more; then writes are stopped, and awaited.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => self.take(job).await,
                    None => break,
                },
                Some(started) = self.started.1.recv() => self.started(started),
                () = self.writes.next_end(&self.tell) => {}
                () = signals::come(&mut self.end_requested) => {
                    // Also where the window cannot be painted any more.
                    self.writes.cancel_all();
                    self.tell.later(Event::EndRequested);
                }
            }
        }
        self.finish().await;
    }

    /// Every outcome and every journal on disk.
    async fn finish(&mut self) {
        self.writes.cancel_all();
        if !self.writes.all_end(LAST_WAIT, &self.tell).await {
            tracing::error!("an action did not end in time; its journal has an intent without an outcome");
        }
        let sessions = std::mem::take(&mut self.sessions);
        // The journals' last entries are awaited as they are dropped.
        if let Err(error) = tokio::task::spawn_blocking(move || drop(sessions)).await {
            tracing::error!(%error, "a session could not be ended");
        }
    }

    async fn take(&mut self, job: Job) {
        match job {
            Job::ListEnvironments => self.store(|store| Event::Environments(store.list())),
            Job::SaveEnvironment { profile, replacing } => {
                self.store(move |store| Event::Stored(save(store, &profile, replacing.as_deref())));
            }
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
            Job::ListHealthChecks { session: id } => self.ask_session(
                id,
                async move |session| Event::HealthChecks {
                    session: id,
                    listed: session.list_health_checks().await,
                },
                move |why| Event::HealthChecks { session: id, listed: Err(why) },
            ),
            Job::ListPeeredVpcs { session: id } => self.ask_session(
                id,
                async move |session| Event::PeeredVpcs {
                    session: id,
                    vpcs: session.list_peered_vpcs().await,
                },
                move |why| Event::PeeredVpcs { session: id, vpcs: Err(why) },
            ),
            // Made on the window's thread, as some systems demand.
            Job::PickFile { purpose } => self.tell.later(Event::Picked { purpose, path: None }),
            Job::SaveFile { saving } => self.tell.later(Event::SaveChosen { saving, path: None }),
            // Done by the window, whose clipboard it is.
            Job::Copy { .. } => {}
            Job::StartPractice { session, scenario } => self.start_practice(session, scenario),
            Job::RepairPractice { session } => self.repair(session),
            Job::Open { session, profile } => {
                let opened = Session::new(profile, self.options.session.clone());
                self.open(session, opened, self.options.runs.clone(), None);
            }
            Job::BeginRun { session } => self.begin_run(session).await,
            Job::ResumeRun { session, folder } => self.resume_run(session, folder).await,
            Job::ContinueRun { from, session } => self.continue_run(from, session),
            Job::EndRun { folder, reason } => self.end_run(folder, reason),
            Job::Close { session } => self.close(session),
            Job::LookAtPractice { runs } => self.look_at_practice(runs),
            Job::LookBack => self.look_back(|| Ok(())),
            Job::Acknowledge { interrupted } => self.acknowledge(*interrupted),
            Job::HeedSignals => self.end_requested = signals::watch(),
            Job::Finish => {
                self.finish().await;
                self.tell.later(Event::Finished);
            }
            Job::Observe { session, question, generation } => {
                self.observe(session, question, generation, None);
            }
            Job::Preview { session, plan, question, generation } => {
                self.observe(session, question, generation, Some(plan));
            }
            Job::Apply { session, confirmed } => self.apply(session, *confirmed),
            Job::CancelAction { session } => self.writes.cancel(session),
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
            Job::ReadRun { folder } => self.read_run(folder),
            Job::WriteReport { folder, path } => self.write_report(folder, path),
            Job::HandOver { folder, path, by } => self.hand_over(folder, path, by),
            Job::OpenBundle { path, by } => self.open_bundle(path, by),
        }
    }

    /// File work, off the async threads.
    fn store(&self, work: impl FnOnce(&Store) -> Event + Send + 'static) {
        match &self.options.store {
            Ok(store) => {
                let store = store.clone();
                spawn_blocking_answer(&self.tell, move || work(&store), |error| Event::Stored(Err(error)));
            }
            Err(error) => self.tell.later(Event::Stored(Err(no_store(error)))),
        }
    }

    fn list_contexts(&self, kubeconfig: Option<PathBuf>) {
        let file = kubeconfig.clone().or_else(|| self.options.session.usual_files.kubeconfig.clone());
        let (of, of_lost) = (kubeconfig.clone(), kubeconfig);
        spawn_blocking_answer(
            &self.tell,
            move || Event::Contexts { kubeconfig: of, contexts: contexts(file.as_deref()) },
            move |error| {
                let contexts = Err(Why::new(WhyKind::Configuration, error));
                Event::Contexts { kubeconfig: of_lost, contexts }
            },
        );
    }

    fn list_aws_profiles(&self, config_file: Option<PathBuf>, credentials_file: Option<PathBuf>) {
        let SessionOptions { usual_files, deadline, .. } = self.options.session.clone();
        let of_lost = (config_file.clone(), credentials_file.clone());
        let read = async move {
            let config = config_file.clone().or(usual_files.aws_config);
            let credentials = credentials_file.clone().or(usual_files.aws_credentials);
            let profiles = aws_files::profiles(config.as_deref(), credentials.as_deref(), deadline).await;
            Event::AwsProfiles { config_file, credentials_file, profiles }
        };
        spawn_answer(&self.tell, &CancellationToken::new(), read, |why| {
            let (config_file, credentials_file) = of_lost;
            Event::AwsProfiles { config_file, credentials_file, profiles: Err(why) }
        });
    }

    fn start_practice(&self, id: SessionId, scenario: String) {
        let (start, started) = (self.options.start_practice.clone(), self.started.0.clone());
        tokio::spawn(async move {
            // A task of its own, so that a panic of it is an answer too.
            let starting = tokio::spawn(async move { start(scenario).await });
            let stage = starting.await.unwrap_or_else(|error| Err(format!("it failed inside: {error}")));
            // A closed channel means that the program ends.
            drop(started.send((id, stage)).await);
        });
    }

    fn started(&mut self, (id, stage): Started) {
        let world = match stage {
            Ok(stage) => {
                let session = Session::new(stage.profile().clone(), stage.session.clone());
                let (world, runs) = (stage.world.clone(), stage.runs.clone());
                self.open(id, session, Ok(runs), Some(stage));
                Ok(world)
            }
            Err(message) => Err(message),
        };
        self.tell.later(Event::PracticeStarted { session: id, world });
    }

    fn repair(&self, session: SessionId) {
        if let Some(stage) = self.sessions.get(&session).and_then(|live| live.stage.as_ref()) {
            (stage.repair)();
            self.tell.later(Event::PracticeRepaired { session });
        }
    }

    /// The session's journal ends with it, on disk, off the async threads; then its run is one of the earlier ones.
    fn close(&mut self, session: SessionId) {
        let Some(live) = self.sessions.remove(&session) else { return };
        if live.journal.is_some() && live.stage.is_none() {
            self.look_back(move || {
                drop(live);
                Ok(())
            });
        } else {
            tokio::task::spawn_blocking(move || drop(live));
        }
    }

    fn open(&mut self, id: SessionId, session: Session, runs: Result<PathBuf, String>, stage: Option<Stage>) {
        let live = Live {
            session: Arc::new(session),
            runs,
            stage,
            journal: None,
            why_no_journal: None,
            listens: None,
            cancelled: CancellationToken::new(),
            asking: BTreeMap::new(),
            rollout: None,
            log: None,
        };
        self.sessions.insert(id, live);
    }

    /// Asks anew; the asking before ends without an answer, which would be dropped, and gives its turn back.
    /// With a plan it asks what that would change.
    fn observe(&mut self, id: SessionId, question: Question, generation: u64, plan: Option<Box<Plan>>) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let cancelled = live.cancelled.child_token();
        if let Some(before) = live.asking.insert(question, cancelled.clone()) {
            before.cancel();
        }
        let answer = move |reading| Event::Observed { session: id, question, generation, reading };
        self.ask_until(
            id,
            &cancelled,
            async move |session| {
                answer(Box::new(match plan {
                    Some(plan) => session.preview(&plan).await,
                    None => session.observe(question).await,
                }))
            },
            move |why| {
                let now = Timestamp::now();
                answer(Box::new(Reading { answer: Err(why), observed_at: now, took: Duration::ZERO }))
            },
        );
    }

    /// Answers exactly once, unless the session ends first.
    fn ask_session<F>(
        &self,
        id: SessionId,
        ask: impl FnOnce(Arc<Session>) -> F,
        lost: impl FnOnce(Why) -> Event + Send + 'static,
    ) where
        F: Future<Output = Event> + Send + 'static,
    {
        if let Some(live) = self.sessions.get(&id) {
            self.ask_until(id, &live.cancelled, ask, lost);
        }
    }

    fn ask_until<F>(
        &self,
        id: SessionId,
        cancelled: &CancellationToken,
        ask: impl FnOnce(Arc<Session>) -> F,
        lost: impl FnOnce(Why) -> Event + Send + 'static,
    ) where
        F: Future<Output = Event> + Send + 'static,
    {
        let Some(live) = self.sessions.get(&id) else { return };
        spawn_answer(&self.tell, cancelled, ask(live.session.clone()), lost);
    }

    fn apply(&mut self, id: SessionId, confirmed: Confirmed) {
        let not_done = |why: &str| {
            let outcome = ActionOutcome::not_done(format!("nothing was done: {why}"));
            self.tell.later(Event::ActionEnded { session: id, outcome });
        };
        let Some(live) = self.sessions.get(&id) else { return not_done("the run was left") };
        let Some(journal) = live.journal.clone() else { return not_done("the run has no journal") };
        let (session, is_practice) = (live.session.clone(), live.stage.is_some());
        self.writes.start(Start { id, session, journal, confirmed, is_practice }, &self.tell);
    }

    fn watch_rollout(&mut self, id: SessionId, region: RegionIndex) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let (session, tell) = (live.session.clone(), self.tell.clone());
        let watch = async move {
            let (sender, mut snapshots) = mpsc::channel(8);
            let forward = async {
                while let Some((deployment, pods)) = snapshots.recv().await {
                    tell.tell(Event::Rollout { session: id, deployment, pods }).await;
                }
            };
            let (ended, ()) = tokio::join!(session.watch_rollout(region, sender), forward);
            let why = ended.err().unwrap_or_else(|| failed_inside("the watch ended without a reason"));
            Event::RolloutLost { session: id, why }
        };
        let lost = move |why| Event::RolloutLost { session: id, why };
        let watch = spawn_answer(&self.tell, &live.cancelled, watch, lost);
        if let Some(before) = live.rollout.replace(watch) {
            before.abort();
        }
    }

    fn follow_log(&mut self, id: SessionId, region: RegionIndex, of: (String, String), generation: u64) {
        let Some(live) = self.sessions.get_mut(&id) else { return };
        let (session, tell) = (live.session.clone(), self.tell.clone());
        let follow = async move {
            let (sender, mut received) = mpsc::channel::<LogLine>(LINES_AT_ONCE);
            let forward = async {
                loop {
                    let mut lines = Vec::new();
                    if received.recv_many(&mut lines, LINES_AT_ONCE).await == 0 {
                        return;
                    }
                    tell.tell(Event::LogLines { session: id, generation, lines }).await;
                }
            };
            let (ended, ()) = tokio::join!(session.follow_log(region, &of.0, &of.1, sender), forward);
            Event::LogEnded { session: id, generation, why: ended.err() }
        };
        let lost = move |why| Event::LogEnded { session: id, generation, why: Some(why) };
        let follow = spawn_answer(&self.tell, &live.cancelled, follow, lost);
        if let Some(before) = live.log.replace(follow) {
            before.abort();
        }
    }
}

fn save(store: &Store, profile: &Profile, replacing: Option<&str>) -> Result<Stored, String> {
    let saved = store.save(profile, replacing);
    saved.map(|_| Stored::Saved(profile.name.clone())).map_err(|error| error.to_string())
}

fn duplicate(store: &Store, name: &str) -> Result<Stored, String> {
    let copy = store.duplicate(name).map_err(|error| error.to_string())?;
    store.save(&copy, None).map_err(|error| error.to_string())?;
    Ok(Stored::Duplicated(copy.name))
}

fn no_store(error: &StoreError) -> String {
    format!("environments cannot be kept: {error}")
}
