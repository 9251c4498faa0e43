//! Actions: the only way to a write. Each takes a [`Confirmed`], which is used up by it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clients::aws::EXPORTED_KEYS;
use crate::clients::kubernetes::{Pinned, Writer};
use crate::clients::process::family::Started;
use crate::clients::process::{Ended, Environment, Invocation, run};
use crate::clients::secret::Secret;
use crate::clients::tools::{self, ToolFiles};
use crate::clients::values_file;
use crate::journal::process::INTENT_VARIABLE;
use crate::runbook::action::{ActionOutcome, Confirmed, Plan, Request};
use crate::runbook::case::Case;
use crate::runbook::command::{self, Command};
use crate::runbook::fact::Facts;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::{Question, Readings};
use crate::runbook::steps::restore;
use crate::runbook::verdict::{Why, WhyKind};

use super::life::IntentMark;
use super::session::Session;

/// A program that a plan runs.
#[derive(Clone, Copy)]
pub(super) struct Tool<'a> {
    /// The plan.
    pub(super) plan: &'a Plan,
    /// Its command, or another one of it.
    pub(super) command: &'a Command,
    /// Where the program is.
    pub(super) program: &'a Path,
    /// The digest of the values file that it was planned with.
    pub(super) values: Option<&'a str>,
}

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
            Request::Tool { program, keeps_password_of, values } => {
                let keeps = keeps_password_of.as_deref();
                let preparing = Box::pin(async {
                    // Read before the last program is asked, compared right before the act.
                    let pinned = Pinned::read(&self.access(region)).await.map_err(|why| why.message)?;
                    let what = Tool {
                        plan: confirmed.plan(),
                        command: confirmed.plan().command(),
                        program,
                        values: values.as_deref(),
                    };
                    let made = self.invocation(&pinned, &what, keeps).await;
                    let (invocation, files, _) = made.map_err(|why| why.message)?;
                    self.writer(region, confirmed, pinned).await?;
                    Ok::<_, String>((invocation, files))
                });
                let (mut invocation, files) = match cancel.run_until_cancelled(preparing).await {
                    Some(Ok(made)) => made,
                    Some(Err(message)) => return ActionOutcome::not_done(message),
                    None => return stopped_before(),
                };
                invocation.output_file = Some(output.to_owned());
                invocation.env.set(INTENT_VARIABLE, &intent.mark);
                let look = command::helm_history(self.profile(), confirmed.plan().region()).shell();
                let outcome = use_tool(invocation, &look, intent, lines, cancel).await;
                // The files stay until the program and all that it started ended.
                files.remove().await;
                outcome
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

    /// A command of a plan as it is run: with files, variables and a kubeconfig of its own, which lead to the
    /// plan's cluster and nowhere else. With the keys that the values file sets, where one is applied.
    pub(super) async fn invocation(
        &self,
        pinned: &Pinned,
        what: &Tool<'_>,
        keeps_password_of: Option<&str>,
    ) -> Result<(Invocation, ToolFiles, BTreeSet<String>), Why> {
        let Tool { plan, command, program, values } = *what;
        let region = self.profile().find(&plan.region().name);
        let region = region.ok_or_else(|| Why::new(WhyKind::Configuration, "there is no such region"))?;
        let planned = match &plan.region().values_file {
            Some(file) if plan.kind().reapplies() => {
                Some(values_file::read_planned(file, values, self.call_deadline()).await?)
            }
            _ => None,
        };
        if planned.as_ref().is_some_and(|planned| planned.facts.documents > 1) {
            self.refuse_helm_3().await?;
        }
        let kubeconfig = pinned.private(&self.access(region)).await?;
        let text = planned.as_ref().map(|planned| planned.text.clone());
        let files = ToolFiles::write(kubeconfig, text).await?;
        let env = self.tool_environment(command, &files).await;
        let mut invocation = Invocation::new(program, files.args(&command.argv), env, TOOL_LIMIT);
        invocation.annotate = mark_harmful_advice;
        let (secrets, keys) = planned.map(|planned| (planned.secrets, planned.keys)).unwrap_or_default();
        invocation.secrets.extend(secrets);
        if let Some(release) = keeps_password_of
            && let Some(password) = self.admin_password(region, release, &files, &invocation).await?
        {
            invocation.args.extend(["--password".into(), password.expose().into()]);
            invocation.secrets.push(password);
        }
        Ok((invocation, files, keys))
    }

    /// What a tool has for variables: this process's as far as they are on the list, the environment's own, and
    /// last what leads it to its files.
    async fn tool_environment(&self, command: &Command, files: &ToolFiles) -> Environment {
        let mut env = Environment::for_tools();
        // The kubeconfig's plugin would prefer exported keys, which may be another account's.
        if self.aws_settings().profile.is_some() {
            for name in EXPORTED_KEYS {
                env.remove(name);
            }
        }
        env.extend(self.aws_env());
        env.extend(command.env.iter().cloned());
        if let Ok(path) = std::env::join_paths(tools::search_path().await) {
            env.set("PATH", path);
        }
        env.extend(self.options().tool_env.iter().cloned());
        files.lead(&mut env);
        env
    }

    /// Helm 3 reads the first document of a values file alone, at least in its older versions.
    async fn refuse_helm_3(&self) -> Result<(), Why> {
        let Ok(Facts::Tools(found)) = self.observe(Question::Tools).await.answer else { return Ok(()) };
        if found.helm.is_ok_and(|helm| helm.major() == Some(3)) {
            let message = "The values file has several documents, which Helm 3 may not all read";
            return Err(Why::new(WhyKind::Configuration, message).remedy("Make one document of them"));
        }
        Ok(())
    }

    async fn admin_password(
        &self,
        region: RegionIndex,
        release: &str,
        files: &ToolFiles,
        like: &Invocation,
    ) -> Result<Option<Secret>, Why> {
        let Ok(Facts::Tools(found)) = self.observe(Question::Tools).await.answer else { return Ok(None) };
        let helm = found.helm.map_err(|message| Why::new(WhyKind::Tool, message))?.path;
        let profile = self.profile();
        let (context, namespace) = (&profile.region(region).context, &profile.namespace);
        let env = like.env.clone();
        let password = tools::helm_admin_password(&helm, files, context, namespace, release, env).await?;
        if password.as_ref().is_some_and(|password| !tools::survives_set(password)) {
            let message =
                "The release's admin password has a character that the vCluster CLI hands on wrongly";
            return Err(Why::new(WhyKind::Tool, message)
                .remedy("Re-apply by Helm, with the password in the values file"));
        }
        Ok(password)
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

/// Marks a line that advises what must not be done here.
fn mark_harmful_advice(line: String) -> String {
    if line.contains(HARMFUL_ADVICE) {
        format!("{line}   [do not do this here: it deletes resources]")
    } else {
        line
    }
}

/// Runs a tool to its end. `look` is the command that tells what it left half-done.
async fn use_tool(
    invocation: Invocation,
    look: &str,
    intent: &IntentMark,
    lines: mpsc::Sender<String>,
    cancel: CancellationToken,
) -> ActionOutcome {
    let name = invocation.name();
    let on_start = |started: &Started| (intent.on_spawn.0)(&name, started.pid);
    let ended = run(invocation, Some(lines), on_start, cancel).await;
    if let Ok(ended) = &ended {
        (intent.on_end.0)(ended.exit_code);
    }
    let left = format!("the release may be left pending or half-applied: `{look}` tells");
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
    // Notes of the chart may follow, of any length.
    let value = |key: &str| ended.first_lines.iter().find_map(|line| line.strip_prefix(key));
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
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("config");
        let text = "contexts: [{name: us, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: https://us}}]";
        std::fs::write(&kubeconfig, text).unwrap();
        for named in [None, Some("prod")] {
            let mut profile = profile();
            profile.aws.profile = named.map(str::to_owned);
            profile.kubeconfig = Some(kubeconfig.clone());
            profile.regions[0].context = "us".to_owned();
            profile.regions[0].values_file = None;
            let session = Session::new(Arc::new(profile), Options::default());
            let confirmed = confirmed_for("us");
            let helm = Path::new("/usr/bin/helm");
            let pinned = Pinned::read(&session.access(RegionIndex(0))).await.unwrap();
            let plan = confirmed.plan();
            let what = Tool { plan, command: plan.command(), program: helm, values: None };
            let (invocation, files, _) = session.invocation(&pinned, &what, None).await.unwrap();
            assert_eq!(invocation.env.get("AWS_PROFILE").and_then(|value| value.to_str()), named);
            assert_eq!(invocation.env.get("KUBECONFIG"), Some(files.kubeconfig().as_os_str()));
            if named.is_some() {
                assert!(EXPORTED_KEYS.iter().all(|name| invocation.env.get(name).is_none()));
            }
        }
    }

    #[test]
    fn advice_that_deletes_is_marked() {
        let marked = mark_harmful_advice("run: loft start --reset".to_owned());
        assert!(marked.ends_with("[do not do this here: it deletes resources]"), "{marked}");
        assert_eq!(mark_harmful_advice("done".to_owned()), "done");
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
