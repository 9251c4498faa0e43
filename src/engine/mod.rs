//! Runs jobs on tokio and answers each exactly once; a question that is asked anew, its latest asking alone.
//!
//! The window's thread hands in a [`job::Job`] and takes out [`event::Event`]s;
//! both ways are bounded channels, and neither blocks. Questions and actions go
//! through a [`session::Session`]: one environment's clients. The terminal uses
//! sessions directly.

mod apply;
pub mod claim;
mod dispatch;
pub mod event;
pub mod handover;
pub mod job;
mod life;
mod observe;
mod preview;
pub mod session;
pub mod signals;
mod tasks;
mod untaken;
mod writes;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::mpsc;

use crate::environment::{Store, StoreError};
use crate::runbook::profile::Profile;

use self::dispatch::Dispatcher;
use self::event::{Event, PracticeWorld};
use self::job::Job;
pub use self::life::Applied;
use self::session::Options as SessionOptions;
pub use self::untaken::untaken;

/// Jobs on their way in, and events on their way out.
const IN_FLIGHT: usize = 1_024;

/// How long running writes get to end when the program ends.
const LAST_WAIT: Duration = Duration::from_secs(12);

/// What the engine needs to know of its surroundings.
pub struct Options {
    /// The saved environments, or why there is no place for them.
    pub store: Result<Store, StoreError>,
    /// The folder of the runs' journals, or why there is none.
    pub runs: Result<PathBuf, String>,
    /// Starts a practice world of a scenario.
    pub start_practice: StartPractice,
    /// How sessions on saved environments behave.
    pub session: SessionOptions,
}

/// Starts a practice world of a scenario, by its id.
pub type StartPractice = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Stage, String>> + Send + Sync>;

/// A practice world to play on, as far as the engine knows it.
pub struct Stage {
    /// What runs.
    pub world: PracticeWorld,
    /// How sessions on it behave.
    pub session: SessionOptions,
    /// Where its runs' journals go, where they are not kept: with the world.
    pub runs: PathBuf,
    /// Where they are kept. Where this folder cannot be used, nobody is kept from practising.
    pub kept_runs: Option<PathBuf>,
    /// "Somebody repaired it".
    pub repair: Box<dyn Fn() + Send + Sync>,
}

impl Stage {
    /// Its environment.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.world.profile
    }
}

/// The running engine. Dropped, it ends: questions are cancelled, writes are stopped and their outcomes
/// awaited. A window that closes asks for [`Job::Finish`] before, so that nothing is left to wait for.
#[derive(Debug)]
pub struct Engine {
    jobs: Option<mpsc::Sender<Job>>,
    events: mpsc::Receiver<Event>,
    sender: mpsc::Sender<Event>,
    wake: Wake,
    handle: tokio::runtime::Handle,
    thread: Option<JoinHandle<()>>,
}

/// Wakes the window; called after an event was sent.
#[derive(Clone)]
struct Wake(Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Wake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wake")
    }
}

/// How tasks tell something: a bounded channel, and the window's bell.
#[derive(Debug, Clone)]
struct Tell {
    events: mpsc::Sender<Event>,
    wake: Wake,
}

impl Tell {
    /// Waits for room; a closed channel means that the program ends. For tasks: whoever must not wait takes
    /// [`later`](Self::later) or [`now`](Self::now).
    async fn tell(&self, event: Event) {
        if self.events.send(event).await.is_ok() {
            (self.wake.0)();
        }
    }

    /// If there is room; was there?
    fn now(&self, event: Event) -> bool {
        let told = self.events.try_send(event).is_ok();
        if told {
            (self.wake.0)();
        }
        told
    }

    /// The same; gives the event back where there was no room. Where nobody listens any more it is told to nobody.
    fn now_or_back(&self, event: Event) -> Result<(), Event> {
        match self.events.try_send(event) {
            Ok(()) => {
                (self.wake.0)();
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(event)) => Err(event),
            Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// At once where there is room, else as soon as there is; nobody waits.
    fn later(&self, event: Event) {
        match self.events.try_send(event) {
            Ok(()) => (self.wake.0)(),
            Err(mpsc::error::TrySendError::Full(event)) => {
                let tell = self.clone();
                tokio::spawn(async move { tell.tell(event).await });
            }
            // The program ends.
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }
}

impl Engine {
    /// Starts it on a thread of its own. `wake` is called after each event.
    pub fn start(options: Options, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("failback-io")
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (jobs, inbox) = mpsc::channel(IN_FLIGHT);
        let (sender, events) = mpsc::channel(IN_FLIGHT);
        let wake = Wake(Arc::new(wake));
        let tell = Tell { events: sender.clone(), wake: wake.clone() };
        let thread = std::thread::Builder::new().name("failback-engine".to_owned()).spawn(move || {
            runtime.block_on(Dispatcher::new(options, tell).run(inbox));
            runtime.shutdown_timeout(Duration::from_secs(1));
        })?;
        Ok(Self { jobs: Some(jobs), events, sender, wake, handle, thread: Some(thread) })
    }

    /// Hands a job in. `false` if the engine is overloaded or gone: the job was not taken.
    #[must_use]
    pub fn submit(&self, job: Job) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.try_send(job).is_ok())
    }

    /// The same; gives the job back where it was not taken.
    #[must_use]
    pub fn submit_or_back(&self, job: Job) -> Option<Job> {
        let Some(jobs) = &self.jobs else { return Some(job) };
        jobs.try_send(job).err().map(mpsc::error::TrySendError::into_inner)
    }

    /// Work that blocks and that nobody waits for.
    pub fn run_blocking(&self, work: impl FnOnce() + Send + 'static) {
        self.handle.spawn_blocking(work);
    }

    /// Takes the next event out, if there is one.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// SIGTERM, SIGINT and SIGHUP end the program in order from now on: every write is stopped, and
    /// [`Event::EndRequested`] told. For the program's own window.
    pub fn heed_signals(&self) -> bool {
        self.submit(Job::HeedSignals)
    }

    /// Runs a future that ends in an event: a file dialog, which has to be made on the window's thread.
    pub fn run(&self, future: impl Future<Output = Event> + Send + 'static) {
        let tell = Tell { events: self.sender.clone(), wake: self.wake.clone() };
        self.handle.spawn(async move { tell.tell(future.await).await });
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Without senders the dispatcher ends; nobody reads events any more.
        self.jobs = None;
        self.events.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the engine's thread panicked");
        }
    }
}

#[cfg(test)]
mod tests;
