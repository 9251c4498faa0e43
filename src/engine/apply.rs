//! Actions: the only way to a write. Each takes a [`Confirmed`], which is used up by it.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clients::aws::EXPORTED_KEYS;
use crate::clients::kubernetes::{Pinned, Writer};
use crate::clients::process::{Ended, Invocation, OutputLine, run};
use crate::clients::tools;
use crate::environment::scratch::Scratch;
use crate::journal::process::INTENT_VARIABLE;
use crate::runbook::action::{ActionKind, ActionOutcome, Confirmed, Request};
use crate::runbook::case::Case;
use crate::runbook::fact::Facts;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::{Question, Readings};
use crate::runbook::steps::restore;
use crate::runbook::verdict::{Why, WhyKind};

use super::life::IntentMark;
use super::session::Session;

/// How long a tool may take; the rollout is watched by ourselves.
const TOOL_LIMIT: Duration = Duration::from_secs(300);

/// How long the answer to a request that was sent is waited for after a cancel: most are on their way.
const ANSWER_GRACE: Duration = Duration::from_secs(1);

/// A line that tells a tool's user to delete resources (`domain.md`, T6).
const HARMFUL_ADVICE: &str = "--reset";

impl Session {
    /// Does it; what surrounds it is [`apply`](Session::apply)'s. Until the act, a cancel changes nothing.
    pub(super) async fn perform(
        &self,
        confirmed: &Confirmed,
        output: &Path,
        lines: mpsc::Sender<String>,
        cancel: CancellationToken,
        intent: &IntentMark,
    ) -> ActionOutcome {
        let Some(region) = self.profile().find(&confirmed.plan().region().name) else {
            return ActionOutcome::not_done("the environment has no such region any more");
        };
        match confirmed.request() {
            Request::Restart { .. } | Request::Scale { .. } => self.patch(region, confirmed, &cancel).await,
            Request::Tool { program, keeps_password_of } => {
                // Downloaded anew for each run: an old index would hide a new version, and none is left behind.
                let cache = match Scratch::new("helm") {
                    Ok(cache) => cache,
                    Err(error) => {
                        return ActionOutcome::not_done(format!("no folder for Helm's downloads: {error}"));
                    }
                };
                let keeps = keeps_password_of.as_deref();
                let preparing = Box::pin(async {
                    // Read before the last program is asked, compared right before the act.
                    let pinned = Pinned::read(&self.access(region)).await.map_err(|why| why.message)?;
                    let invocation = self.invocation(region, confirmed, program, keeps, output).await;
                    let invocation = invocation.map_err(|why| why.message)?;
                    self.writer(region, confirmed, pinned).await?;
                    Ok::<_, String>(invocation)
                });
                let mut invocation = match cancel.run_until_cancelled(preparing).await {
                    Some(Ok(invocation)) => invocation,
                    Some(Err(message)) => return ActionOutcome::not_done(message),
                    None => return stopped_before(),
                };
                let path = cache.path().display().to_string();
                invocation.env.push(("HELM_CACHE_HOME".to_owned(), path));
                invocation.env.push((INTENT_VARIABLE.to_owned(), intent.mark.clone()));
                invocation.on_spawn = Some(intent.on_spawn.clone());
                use_tool(invocation, confirmed.plan().kind(), lines, cancel).await
            }
        }
    }

    async fn patch(
        &self,
        region: RegionIndex,
        confirmed: &Confirmed,
        cancel: &CancellationToken,
    ) -> ActionOutcome {
        let preparing = Box::pin(async {
            // Read once: what is compared is what is written to, whatever happens to the file meanwhile.
            let pinned = Pinned::read(&self.access(region)).await.map_err(|why| why.message)?;
            self.writer(region, confirmed, pinned).await
        });
        let writer = match cancel.run_until_cancelled(preparing).await {
            Some(Ok(writer)) => writer,
            Some(Err(message)) => return ActionOutcome::not_done(message),
            None => return stopped_before(),
        };
        let sent = Box::pin(send(&writer, confirmed));
        match answered(sent, cancel).await {
            Some(Ok(message)) => ActionOutcome::Done { message },
            // Without an answer the server may still have done it.
            Some(Err(why)) => {
                let message = if why.kind == WhyKind::Conflict {
                    format!("{}. {}", why.message, why.remedy)
                } else {
                    why.message.clone()
                };
                ActionOutcome::Failed { unchanged: refused(&why), message }
            }
            None => {
                let message = "the wait for the answer was stopped after the request was sent: whether it was \
                               done is not known, look before you repeat it";
                ActionOutcome::Cancelled { message: message.to_owned(), unchanged: false }
            }
        }
    }

    /// A writer for the cluster that was confirmed, after everything that the confirmation stood on was read
    /// once more.
    async fn writer(
        &self,
        region: RegionIndex,
        confirmed: &Confirmed,
        pinned: Pinned,
    ) -> Result<Writer, String> {
        let writer = Writer::connect(pinned, &self.access(region), confirmed).await;
        let writer = writer.map_err(|why| why.message)?;
        self.look_once_more(region, confirmed, &writer).await?;
        Ok(writer)
    }

    /// Reads once more what the confirmation stood on: the cluster that the change would go to, by the connection
    /// that would make it, and every region by clients made anew.
    async fn look_once_more(
        &self,
        region: RegionIndex,
        confirmed: &Confirmed,
        writer: &Writer,
    ) -> Result<(), String> {
        let profile = self.profile();
        let fresh = Session::new(profile.clone(), self.options().clone());
        let mut readings = Readings::default();
        let questions = restore::last_look_questions(profile);
        let (target, ()) = tokio::join!(
            writer.target(&profile.namespace, &profile.deployment),
            fresh.observe_all(&questions, &mut readings)
        );
        let stopped = |what: String| {
            format!("Stopped before anything was changed: {what}. Look again, then make the plan again")
        };
        let target = target.map_err(|why| stopped(why.message))?;
        if let Some(difference) = confirmed.target().differs_from(&target) {
            return Err(stopped(difference));
        }
        let case = Case { profile, failed: region, readings: &readings, now: Timestamp::now() };
        restore::still_holds(confirmed, &case).map_err(stopped)
    }

    async fn invocation(
        &self,
        region: RegionIndex,
        confirmed: &Confirmed,
        program: &Path,
        keeps_password_of: Option<&str>,
        output: &Path,
    ) -> Result<Invocation, Why> {
        let command = &confirmed.plan().command();
        let target = self.profile().region(region);
        if confirmed.plan().kind().reapplies()
            && let Some(file) = &target.values_file
        {
            let read = tokio::fs::metadata(file).await;
            read.map_err(|error| Why::new(WhyKind::Configuration, format!("{}: {error}", file.display())))?;
        }
        let mut invocation = Invocation::new(program, command.argv.iter().skip(1), TOOL_LIMIT);
        invocation.output_file = Some(output.to_owned());
        invocation.env = self.aws_env();
        // The kubeconfig's plugin would prefer exported keys, which may be another account's.
        if self.aws_settings().profile.is_some() {
            invocation.env_remove = EXPORTED_KEYS.map(str::to_owned).to_vec();
        }
        invocation.env.extend(command.env.iter().cloned());
        invocation.env.push(("PATH".to_owned(), joined_path().await));
        invocation.env.extend(self.options().tool_env.iter().cloned());
        if let Some(release) = keeps_password_of
            && let Some(password) = self.admin_password(region, release, &invocation).await?
        {
            invocation.args.extend(["--password".into(), password.expose().into()]);
            invocation.secrets.push(password);
        }
        Ok(invocation)
    }

    async fn admin_password(
        &self,
        region: RegionIndex,
        release: &str,
        like: &Invocation,
    ) -> Result<Option<crate::clients::secret::Secret>, Why> {
        let Ok(Facts::Tools(found)) = self.observe(Question::Tools).await.answer else { return Ok(None) };
        let helm = found.helm.map_err(|message| Why::new(WhyKind::Tool, message))?;
        let profile = self.profile();
        let context = &profile.region(region).context;
        let kubeconfig = profile.kubeconfig.as_deref();
        tools::helm_admin_password(&helm.path, kubeconfig, context, &profile.namespace, release, like).await
    }
}

fn stopped_before() -> ActionOutcome {
    let message = "it was stopped before anything was sent".to_owned();
    ActionOutcome::Cancelled { message, unchanged: true }
}

/// Sends the request, once.
async fn send(writer: &Writer, confirmed: &Confirmed) -> Result<String, Why> {
    match confirmed.request() {
        Request::Restart { namespace, deployment, uid } => {
            writer.restart(namespace, deployment, uid, Timestamp::now()).await?;
            Ok("restart requested".to_owned())
        }
        Request::Scale { namespace, deployment, uid, from, replicas } => {
            let scaled = writer.scale(namespace, deployment, uid, *from, *replicas).await?;
            Ok(format!("scaled to {}", scaled.replicas_wanted))
        }
        Request::Tool { .. } => Err(Why::new(WhyKind::Configuration, "no API request")),
    }
}

/// The answer to what was sent; `None` where it was cancelled and none came within a moment more.
async fn answered<T>(sent: impl Future<Output = T> + Unpin, cancel: &CancellationToken) -> Option<T> {
    let mut sent = sent;
    tokio::select! {
        biased;
        answer = &mut sent => Some(answer),
        () = cancel.cancelled() => tokio::time::timeout(ANSWER_GRACE, sent).await.ok(),
    }
}

async fn joined_path() -> String {
    let folders = tools::search_path().await;
    std::env::join_paths(folders).map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Did the server say no, so that nothing was changed?
fn refused(why: &Why) -> bool {
    matches!(
        why.kind,
        WhyKind::Unauthenticated
            | WhyKind::Forbidden
            | WhyKind::Conflict
            | WhyKind::NotFound
            | WhyKind::Throttled
            | WhyKind::Configuration
    )
}

async fn use_tool(
    invocation: Invocation,
    action: ActionKind,
    lines: mpsc::Sender<String>,
    cancel: CancellationToken,
) -> ActionOutcome {
    let name = invocation.name();
    let (sender, mut receiver) = mpsc::channel::<OutputLine>(64);
    let hand_on = async move {
        while let Some(line) = receiver.recv().await {
            let text = if line.text.contains(HARMFUL_ADVICE) {
                format!("{}   [do not do this here: it deletes resources]", line.text)
            } else {
                line.text
            };
            // A closed receiver means that nobody looks any more; the file has the line.
            if lines.send(text).await.is_err() {
                tracing::trace!("nobody reads the output");
            }
        }
    };
    let (ended, ()) = tokio::join!(run(invocation, Some(sender), cancel), hand_on);
    let left = match action {
        ActionKind::ReapplyHelm | ActionKind::Rollback => {
            "the release may be left pending: `helm list -a` and `helm history` tell"
        }
        _ => "the release may be half-applied: `helm list -a` tells",
    };
    match ended {
        Err(why) => ActionOutcome::Failed { message: why.message, unchanged: true },
        Ok(ended) if ended.succeeded() => ActionOutcome::Done { message: result(&ended, &name) },
        Ok(ended) if ended.cancelled => {
            ActionOutcome::Cancelled { message: format!("{name} was stopped; {left}"), unchanged: false }
        }
        Ok(ended) if ended.timed_out => {
            let message =
                format!("{name} took longer than {} s and was stopped; {left}", TOOL_LIMIT.as_secs());
            ActionOutcome::Failed { message, unchanged: false }
        }
        Ok(ended) => {
            let code = ended.exit_code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
            let message = format!("{name} ended with {code}: {}", last(&ended, "no message"));
            ActionOutcome::Failed { message, unchanged: false }
        }
    }
}

/// What a program that ended well says it did: Helm's name, status and revision, else the last line.
fn result(ended: &Ended, otherwise: &str) -> String {
    let value = |key: &str| ended.last_lines.iter().find_map(|line| line.strip_prefix(key));
    match (value("NAME: "), value("STATUS: "), value("REVISION: ")) {
        (Some(name), Some(status), Some(revision)) => {
            format!("release {name} is {status}, revision {revision}")
        }
        _ => last(ended, otherwise),
    }
}

fn last(ended: &Ended, otherwise: &str) -> String {
    let telling = |line: &&String| !line.trim().is_empty();
    let last = ended.last_lines.iter().rev().find(telling);
    // Helm's own end of a rollback.
    last.map_or(otherwise, |line| line.trim_end_matches("! Happy Helming!")).to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::session::Options;
    use crate::runbook::profile::testing::profile;
    use crate::runbook::steps::restore::tests::confirmed_for;

    #[tokio::test]
    async fn a_tool_gets_no_exported_keys_beside_a_named_profile() {
        for (named, removed) in [(None, &[][..]), (Some("prod"), &EXPORTED_KEYS[..])] {
            let mut profile = profile();
            profile.aws.profile = named.map(str::to_owned);
            profile.regions[0].values_file = None;
            let session = Session::new(Arc::new(profile), Options::default());
            let confirmed = confirmed_for("us");
            let (helm, output) = (Path::new("/usr/bin/helm"), Path::new("/tmp/unused.log"));
            let invocation =
                session.invocation(RegionIndex(0), &confirmed, helm, None, output).await.unwrap();
            assert_eq!(invocation.env_remove, removed, "{named:?}");
            let given = invocation.env.iter().find(|(name, _)| name == "AWS_PROFILE");
            assert_eq!(given.map(|(_, value)| value.as_str()), named);
        }
    }

    #[tokio::test]
    async fn after_a_cancel_the_answer_to_what_was_sent_gets_a_moment() {
        let cancel = CancellationToken::new();
        assert_eq!(answered(std::future::ready(1), &cancel).await, Some(1));
        cancel.cancel();
        let soon = Box::pin(async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            2
        });
        assert_eq!(answered(soon, &cancel).await, Some(2));
        assert_eq!(answered(std::future::pending::<u8>(), &cancel).await, None);
    }
}
