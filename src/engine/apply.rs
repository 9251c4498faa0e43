//! Actions: the only way to a write. Each takes a [`Confirmed`], which is used up by it.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clients::aws::EXPORTED_KEYS;
use crate::clients::kubernetes::{PrivateKubeconfig, Writer};
use crate::clients::process::family::Started;
use crate::clients::process::{Ended, Environment, Invocation, run};
use crate::clients::secret::Secret;
use crate::clients::tools::{self, ToolFiles};
use crate::clients::values_file;
use crate::journal::{Entry, Happening, Journal, JournalError};
use crate::runbook::action::{ActionOutcome, Confirmed, Request};
use crate::runbook::command::{self, Command};
use crate::runbook::fact::Facts;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::verdict::{Why, WhyKind};

use super::session::Session;

/// How long a tool may take; the rollout is watched by ourselves.
const TOOL_LIMIT: Duration = Duration::from_secs(300);

/// A line that tells a tool's user to delete resources (`domain.md`, T6).
const HARMFUL_ADVICE: &str = "--reset";

impl Session {
    /// Does what was confirmed: the intent is on disk before, the outcome after.
    ///
    /// # Errors
    /// The journal cannot be written. Then nothing was done, unless the outcome
    /// says otherwise.
    pub async fn apply(
        &self,
        confirmed: Confirmed,
        journal: &mut Journal,
        lines: mpsc::Sender<String>,
        cancel: CancellationToken,
    ) -> Result<ActionOutcome, (JournalError, Option<ActionOutcome>)> {
        let plan = confirmed.plan();
        let action = plan.kind();
        let intent = Happening::Intent {
            action,
            region: plan.region().name.clone(),
            context: plan.region().context.clone(),
            command: plan.command.shell(),
            overridden: confirmed.overridden().to_vec(),
            reason: confirmed.reason().map(str::to_owned),
        };
        let entry = |happening| Entry { at: Timestamp::now(), happening };
        journal.append(&entry(intent)).map_err(|error| (error, None))?;
        let output = journal.folder().join(format!("{}-{}.log", action.id(), Timestamp::now().as_second()));
        let outcome = self.perform(&confirmed, &output, lines, cancel).await;
        match journal.append(&entry(Happening::Outcome { action, outcome: outcome.clone() })) {
            Ok(()) => Ok(outcome),
            Err(error) => Err((error, Some(outcome))),
        }
    }

    async fn perform(
        &self,
        confirmed: &Confirmed,
        output: &Path,
        lines: mpsc::Sender<String>,
        cancel: CancellationToken,
    ) -> ActionOutcome {
        let Some(region) = self.profile().find(&confirmed.plan().region().name) else {
            let message = "the environment has no such region any more".to_owned();
            return ActionOutcome::Failed { message, unchanged: true };
        };
        match confirmed.request() {
            Request::Restart { .. } | Request::Scale { .. } => self.patch(region, confirmed).await,
            Request::Tool { program, keeps_password_of } => {
                let keeps = keeps_password_of.as_deref();
                let prepared = tokio::select! {
                    biased;
                    () = cancel.cancelled() => {
                        let message = "it was not started; nothing was changed".to_owned();
                        return ActionOutcome::Cancelled { message };
                    }
                    prepared = self.invocation(region, confirmed, program, keeps, None) => prepared,
                };
                match prepared {
                    // The files stay until the program and all that it started ended.
                    Ok((mut invocation, files)) => {
                        invocation.output_file = Some(output.to_owned());
                        let look = command::helm_history(self.profile(), confirmed.plan().region()).shell();
                        let outcome = use_tool(invocation, &look, lines, cancel).await;
                        files.remove().await;
                        outcome
                    }
                    Err(why) => ActionOutcome::Failed { message: why.message, unchanged: true },
                }
            }
        }
    }

    async fn patch(&self, region: RegionIndex, confirmed: &Confirmed) -> ActionOutcome {
        let writer = match Writer::connect(&self.access(region), confirmed).await {
            Ok(writer) => writer,
            Err(why) => return ActionOutcome::Failed { message: why.message, unchanged: true },
        };
        let result = match confirmed.request() {
            Request::Restart { namespace, deployment, uid } => writer
                .restart(namespace, deployment, uid, Timestamp::now())
                .await
                .map(|_| "restart requested".to_owned()),
            Request::Scale { namespace, deployment, uid, resource_version, replicas } => {
                let scaled = writer.scale(namespace, deployment, uid, resource_version, *replicas).await;
                scaled.map(|deployment| format!("scaled to {}", deployment.replicas_wanted))
            }
            Request::Tool { .. } => {
                return ActionOutcome::Failed { message: "no API request".to_owned(), unchanged: true };
            }
        };
        match result {
            Ok(message) => ActionOutcome::Done { message },
            // Without an answer the server may still have done it.
            Err(why) => ActionOutcome::Failed { unchanged: refused(&why), message: why.message },
        }
    }

    /// The plan's command as it is run: with files, variables and a kubeconfig of its own, which lead to the
    /// confirmed cluster and nowhere else. `values` is the digest of the values file that was planned with.
    async fn invocation(
        &self,
        region: RegionIndex,
        confirmed: &Confirmed,
        program: &Path,
        keeps_password_of: Option<&str>,
        values: Option<&str>,
    ) -> Result<(Invocation, ToolFiles), Why> {
        let command = &confirmed.plan().command;
        let planned = match &self.profile().region(region).values_file {
            Some(file) => Some(values_file::read_planned(file, values, self.call_deadline()).await?),
            None => None,
        };
        if planned.as_ref().is_some_and(|planned| planned.facts.documents > 1) {
            self.refuse_helm_3().await?;
        }
        let kubeconfig = PrivateKubeconfig::read(&self.access(region)).await?;
        let text = planned.as_ref().map(|planned| planned.text.clone());
        let files = ToolFiles::write(kubeconfig, text).await?;
        let env = self.tool_environment(command, &files).await;
        let mut invocation = Invocation::new(program, files.args(&command.argv), env, TOOL_LIMIT);
        invocation.annotate = mark_harmful_advice;
        invocation.secrets.extend(planned.into_iter().flat_map(|planned| planned.secrets));
        if let Some(release) = keeps_password_of
            && let Some(password) = self.admin_password(region, release, &files, &invocation).await?
        {
            invocation.args.extend(["--password".into(), password.expose().into()]);
            invocation.secrets.push(password);
        }
        Ok((invocation, files))
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
    lines: mpsc::Sender<String>,
    cancel: CancellationToken,
) -> ActionOutcome {
    let name = invocation.name();
    let on_start = |started: &Started| tracing::debug!(pid = started.pid, "the tool runs");
    let ended = run(invocation, Some(lines), on_start, cancel).await;
    let left = format!("the release may be left pending or half-applied: `{look}` tells");
    match ended {
        Err(why) => ActionOutcome::Failed { message: why.message, unchanged: true },
        Ok(ended) if ended.succeeded() => ActionOutcome::Done { message: result(&ended, &name) },
        Ok(ended) if ended.cancelled => {
            ActionOutcome::Cancelled { message: format!("{name} was stopped; {left}") }
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
    ended.last_lines.iter().rev().find(telling).cloned().unwrap_or_else(|| otherwise.to_owned())
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
            let (invocation, files) =
                session.invocation(RegionIndex(0), &confirmed, helm, None, None).await.unwrap();
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
}
