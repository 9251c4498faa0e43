//! One life of a write: the right to it, its intent on disk, the act, its outcome on disk.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clients::secret::redact_credentials;
use crate::journal::{self, Entry, Happening, JournalHandle, process};
use crate::runbook::action::{ActionKind, ActionOutcome, Confirmed, Target, TargetDeployment};
use crate::runbook::interrupted::StartedTool;

use super::claim::{Claim, ClaimError, Holder};
use super::session::Session;

/// What an applied plan came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// How it ended.
    pub outcome: ActionOutcome,
    /// Why its journal cannot be written. Then nothing was done, unless the outcome says otherwise; and an
    /// outcome that could not be written is tried again as long as the run is open.
    pub journal_problem: Option<String>,
}

/// How the programs of an action are known again.
pub(super) struct IntentMark {
    /// The value of [`process::INTENT_VARIABLE`] that they are started with.
    pub(super) mark: String,
    /// Who writes down that one was started.
    pub(super) on_spawn: OnSpawn,
    /// Who writes down how it ended: its exit code, `None` where a signal ended it.
    pub(super) on_end: OnEnd,
}

impl Session {
    /// Does what was confirmed, once: nobody else writes to the environment or the cluster meanwhile; the
    /// intent is on disk before, the outcome after. A panic on the way, and being dropped, are outcomes too.
    ///
    /// Lines of output that do not fit into `lines` in time hold the program up; the run's folder has all.
    pub async fn apply(
        &self,
        confirmed: Confirmed,
        journal: &JournalHandle,
        lines: mpsc::Sender<String>,
        cancel: CancellationToken,
    ) -> Applied {
        if cancel.is_cancelled() {
            return stopped_before().into();
        }
        let (action, intent) = (confirmed.plan().kind(), journal.next_intent());
        let mark = journal::intent_mark(journal.folder(), intent);
        let claiming = Box::pin(self.claim(&confirmed, journal, mark.clone()));
        let claim = match cancel.run_until_cancelled(claiming).await {
            Some(Ok(claim)) => Arc::new(claim),
            None => return stopped_before().into(),
            Some(Err(message)) => {
                return ActionOutcome::not_done(format!("nothing was done: {message}")).into();
            }
        };
        if let Err(error) = journal.keep_or_never(happening(&confirmed, intent)).await {
            let outcome = ActionOutcome::not_done(format!("nothing was done: {error}"));
            return Applied { outcome, journal_problem: Some(error.to_string()) };
        }
        let mut unfinished = Unfinished { journal, intent, action, is_finished: false };
        let on_spawn = on_spawn(journal.clone(), Arc::clone(&claim), intent);
        let output = journal.folder().join(format!("{intent}-{}.log", action.id()));
        let on_end = on_end(journal.clone(), intent, &output);
        let intent_mark = IntentMark { mark, on_spawn, on_end };
        let performing = self.perform(&confirmed, &output, lines, cancel, &intent_mark);
        let outcome = outcome_of(performing).await;
        unfinished.is_finished = true;
        let kept = Happening::Outcome { intent, action, outcome: outcome.clone() };
        let kept = journal.keep_at_last(kept).await;
        if !outcome.is_unchanged() {
            claim.changed(Timestamp::now());
        }
        drop(intent_mark);
        drop(claim);
        if !outcome.is_unchanged() {
            self.acknowledge_earlier(&confirmed, journal).await;
        }
        Applied { outcome, journal_problem: kept.err().map(|error| error.to_string()) }
    }

    async fn claim(
        &self,
        confirmed: &Confirmed,
        journal: &JournalHandle,
        mark: String,
    ) -> Result<Claim, String> {
        let plan = confirmed.plan();
        let keys = self.keys(confirmed.target());
        let runs = journal.folder().parent().unwrap_or(journal.folder());
        let folders = self.lock_folders(runs);
        let holder = Holder {
            face: self.options().face,
            process: process::this(),
            environment: self.profile().name.clone(),
            action: plan.kind().id().to_owned(),
            region: plan.region().name.clone(),
            since: Timestamp::now(),
            mark,
            tool: None,
        };
        let read_at = plan.read_at();
        let taking = tokio::task::spawn_blocking(move || Claim::take(&folders, &keys, holder, read_at));
        let taken = taking.await.map_err(|error| error.to_string())?;
        taken.map_err(|error: ClaimError| error.to_string())
    }

    /// `locks` beside `runs`, and in the user's runtime folder where there is one.
    fn lock_folders(&self, runs: &Path) -> Vec<PathBuf> {
        let beside = runs.parent().unwrap_or(runs).join("locks");
        let shared = self.options().runtime_folder.as_ref().map(|folder| folder.join("failback/locks"));
        std::iter::once(beside).chain(shared).collect()
    }

    /// What a write has for itself: the environment, the API server that the context leads to, the cluster
    /// and the Deployment as they say who they are.
    fn keys(&self, target: &Target) -> Vec<String> {
        let mut keys =
            vec![format!("environment {}", self.profile().name), format!("server {}", target.address.server)];
        keys.extend(target.cluster_uid.iter().map(|uid| format!("cluster {uid}")));
        if let TargetDeployment::Found(uid) = &target.deployment {
            keys.push(format!("deployment {uid}"));
        }
        keys
    }

    /// Whoever confirmed a plan for this region was told of what was interrupted there before.
    async fn acknowledge_earlier(&self, confirmed: &Confirmed, journal: &JournalHandle) {
        let Some(runs) = journal.folder().parent().map(Path::to_owned) else { return };
        let profile = Arc::clone(self.profile());
        let region = confirmed.plan().region().name.clone();
        let reason = confirmed.reason().map(redact_credentials);
        let journal = journal.clone();
        let acknowledging = tokio::task::spawn_blocking(move || {
            let own = journal.folder().to_owned();
            for earlier in journal::look_back(&runs, std::slice::from_ref(&own)).interrupted {
                // A context of the same name may be another environment's: of that, nobody has looked.
                let same = earlier.environment == profile.name && earlier.region == region;
                if !same || earlier.alive == Some(true) {
                    continue;
                }
                let acknowledged = if earlier.run == own {
                    journal.note(journal::acknowledged(&earlier, reason.as_deref()))
                } else {
                    journal::acknowledge(&earlier, reason.as_deref())
                };
                if let Err(error) = acknowledged {
                    tracing::warn!(%error, "an interrupted action will be told again");
                }
            }
        });
        if let Err(error) = acknowledging.await {
            tracing::warn!(%error, "interrupted actions will be told again");
        }
    }
}

impl From<ActionOutcome> for Applied {
    fn from(outcome: ActionOutcome) -> Self {
        Self { outcome, journal_problem: None }
    }
}

fn happening(confirmed: &Confirmed, intent: u64) -> Happening {
    let plan = confirmed.plan();
    Happening::Intent {
        intent,
        by: process::this(),
        action: plan.kind(),
        region: plan.region().name.clone(),
        context: plan.region().context.clone(),
        command: plan.command().shell(),
        changes: plan.changes().to_owned(),
        overridden: confirmed.overridden().iter().map(|blocker| blocker.text.clone()).collect(),
        reason: confirmed.reason().map(redact_credentials),
    }
}

/// What is told a program's name and its process's number as soon as it runs.
pub(super) struct OnSpawn(pub(super) Arc<Spawned>);

type Spawned = dyn Fn(&str, u32) + Send + Sync;

/// Both the journal and the lock's note know the program from its first moment on.
fn on_spawn(journal: JournalHandle, claim: Arc<Claim>, intent: u64) -> OnSpawn {
    OnSpawn(Arc::new(move |program, pid| {
        let tool = StartedTool { program: program.to_owned(), process: process::mark(pid) };
        claim.tool_started(tool.clone());
        let happening = Happening::ToolStarted { intent, tool };
        if let Err(error) = journal.note(Entry::now(happening)) {
            tracing::warn!(%error, "the journal lacks the program that was started");
        }
    }))
}

/// What is told a program's exit code.
pub(super) struct OnEnd(pub(super) Box<dyn Fn(Option<i32>) + Send + Sync>);

fn on_end(journal: JournalHandle, intent: u64, output: &Path) -> OnEnd {
    let output = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
    OnEnd(Box::new(move |exit_code| {
        let happening = Happening::ToolEnded { intent, exit_code, output: output.clone() };
        if let Err(error) = journal.note(Entry::now(happening)) {
            tracing::warn!(%error, "the journal lacks how the program ended");
        }
    }))
}

/// A panic is an outcome too.
async fn outcome_of(performing: impl Future<Output = ActionOutcome>) -> ActionOutcome {
    match AssertUnwindSafe(Box::pin(performing)).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(panic) => failed_inside(&panic_words(&*panic)),
    }
}

fn stopped_before() -> ActionOutcome {
    ActionOutcome::Cancelled { message: "it was stopped before it began".to_owned(), unchanged: true }
}

fn failed_inside(what: &str) -> ActionOutcome {
    let message = format!(
        "this program failed inside ({what}): whether it was done is not known, look before you repeat it"
    );
    ActionOutcome::Failed { message, unchanged: false }
}

/// What a panic says.
pub(super) fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic".to_owned())
}

/// An intent whose outcome is not kept yet. Dropped as such, its task was ended: that is its outcome.
struct Unfinished<'a> {
    journal: &'a JournalHandle,
    intent: u64,
    action: ActionKind,
    is_finished: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        let outcome = failed_inside("its task was ended");
        let happening = Happening::Outcome { intent: self.intent, action: self.action, outcome };
        if let Err(error) = self.journal.note(Entry::now(happening)) {
            tracing::error!(%error, "the journal has an intent without an outcome");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clients::test_server::{Behaviour, TestServer};
    use crate::engine::session::Options;
    use crate::journal::Listener;
    use crate::runbook::profile::testing::profile;
    use crate::runbook::steps::restore::tests::confirmed_for;

    fn read(journal: &JournalHandle) -> Vec<Happening> {
        let text = std::fs::read_to_string(journal.folder().join("journal.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str::<Entry>(line).unwrap().happening).collect()
    }

    /// A session on a cluster that behaves so, and a journal.
    async fn on(behaviour: Behaviour) -> (TestServer, Session, JournalHandle, tempfile::TempDir) {
        let server = TestServer::start(behaviour).await;
        let dir = tempfile::tempdir().unwrap();
        let kubeconfig = dir.path().join("kubeconfig");
        let text = format!(
            "clusters:\n- name: c\n  cluster: {{server: 'http://{}'}}\nusers:\n- name: u\n  user: {{}}\n\
             contexts:\n- name: us\n  context: {{cluster: c, user: u}}\n",
            server.address
        );
        std::fs::write(&kubeconfig, text).unwrap();
        let mut profile = profile();
        profile.kubeconfig = Some(kubeconfig);
        profile.regions[0].context = "us".to_owned();
        let journal =
            JournalHandle::begin(&dir.path().join("runs"), "a", None, &[], Listener::nobody()).unwrap();
        (server, Session::new(Arc::new(profile), Options::default()), journal, dir)
    }

    fn apply<'a>(
        session: &'a Session,
        journal: &'a JournalHandle,
        cancel: &CancellationToken,
    ) -> impl Future<Output = Applied> + 'a {
        let (lines, _) = mpsc::channel(1);
        session.apply(confirmed_for("us"), journal, lines, cancel.clone())
    }

    #[tokio::test]
    async fn a_panic_is_an_outcome() {
        let outcome = outcome_of(async { panic!("of the test") }).await;
        assert!(!outcome.is_unchanged(), "{outcome:?}");
        let ActionOutcome::Failed { message, .. } = outcome else { panic!("{outcome:?}") };
        assert!(
            message.contains("of the test") && message.contains("look before you repeat it"),
            "{message}"
        );
    }

    #[tokio::test]
    async fn a_write_whose_task_is_ended_has_an_outcome_and_gives_its_lock_back() {
        let (server, session, journal, _dir) = on(Behaviour::Hang).await;
        let cancel = CancellationToken::new();
        tokio::select! {
            applied = apply(&session, &journal, &cancel) => panic!("{applied:?}"),
            () = async {
                while server.requests().is_empty() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            } => {}
        }
        journal.keep_at_last(Happening::RegionChosen { region: "after".to_owned() }).await.unwrap();
        let [Happening::Intent { intent, .. }, Happening::Outcome { intent: of, outcome, .. }, _] =
            &read(&journal)[..]
        else {
            panic!("{:?}", read(&journal))
        };
        assert!(intent == of && !outcome.is_unchanged(), "{outcome:?}");
        let folders = session.lock_folders(journal.folder().parent().unwrap());
        let notes = std::fs::read_dir(&folders[0]).unwrap();
        assert!(!notes.into_iter().any(|file| file.unwrap().path().extension().unwrap() == "holder"));
    }

    #[tokio::test]
    async fn a_cancel_before_the_act_changes_nothing() {
        let (server, session, journal, _dir) = on(Behaviour::Hang).await;
        let cancel = CancellationToken::new();
        cancel.cancel();
        let applied = apply(&session, &journal, &cancel).await;
        assert!(applied.outcome.is_unchanged(), "{applied:?}");
        assert!(server.requests().is_empty() && read(&journal).is_empty());
        let cancel = CancellationToken::new();
        let stop = async {
            while server.requests().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            cancel.cancel();
        };
        // While it looks once more.
        let (applied, ()) = tokio::join!(apply(&session, &journal, &cancel), stop);
        assert!(matches!(applied.outcome, ActionOutcome::Cancelled { unchanged: true, .. }), "{applied:?}");
        assert!(matches!(read(&journal)[..], [Happening::Intent { .. }, Happening::Outcome { .. }]));
    }
}
