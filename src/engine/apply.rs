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
use crate::journal::{Entry, Happening, Journal, JournalError};
use crate::runbook::action::{ActionKind, ActionOutcome, Confirmed, Request};
use crate::runbook::case::Case;
use crate::runbook::fact::Facts;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::{Question, Readings};
use crate::runbook::steps::restore;
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
            command: plan.command().shell(),
            overridden: confirmed.overridden().iter().map(|blocker| blocker.text.clone()).collect(),
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
        let unchanged = |message| ActionOutcome::Failed { message, unchanged: true };
        let Some(region) = self.profile().find(&confirmed.plan().region().name) else {
            return unchanged("the environment has no such region any more".to_owned());
        };
        // Read once: what is compared is what is written to, whatever happens to the file meanwhile.
        let pinned = match Pinned::read(&self.access(region)).await {
            Ok(pinned) => pinned,
            Err(why) => return unchanged(why.message),
        };
        match confirmed.request() {
            Request::Restart { .. } | Request::Scale { .. } => self.patch(region, confirmed, pinned).await,
            Request::Tool { program, keeps_password_of } => {
                // Downloaded anew for each run: an old index would hide a new version, and none is left behind.
                let cache = match tempfile::tempdir() {
                    Ok(cache) => cache,
                    Err(error) => return unchanged(format!("no folder for Helm's downloads: {error}")),
                };
                let keeps = keeps_password_of.as_deref();
                let mut invocation = match self.invocation(region, confirmed, program, keeps, output).await {
                    Ok(invocation) => invocation,
                    Err(why) => return unchanged(why.message),
                };
                let path = cache.path().display().to_string();
                invocation.env.push(("HELM_CACHE_HOME".to_owned(), path));
                // After the last program was asked, right before the act.
                let writer = match Writer::connect(pinned, &self.access(region), confirmed).await {
                    Ok(writer) => writer,
                    Err(why) => return unchanged(why.message),
                };
                if let Err(message) = self.look_once_more(region, confirmed, &writer).await {
                    return unchanged(message);
                }
                use_tool(invocation, confirmed.plan().kind(), lines, cancel).await
            }
        }
    }

    async fn patch(&self, region: RegionIndex, confirmed: &Confirmed, pinned: Pinned) -> ActionOutcome {
        let unchanged = |message| ActionOutcome::Failed { message, unchanged: true };
        let writer = match Writer::connect(pinned, &self.access(region), confirmed).await {
            Ok(writer) => writer,
            Err(why) => return unchanged(why.message),
        };
        if let Err(message) = self.look_once_more(region, confirmed, &writer).await {
            return unchanged(message);
        }
        let result = match confirmed.request() {
            Request::Restart { namespace, deployment, uid } => writer
                .restart(namespace, deployment, uid, Timestamp::now())
                .await
                .map(|_| "restart requested".to_owned()),
            Request::Scale { namespace, deployment, uid, from, replicas } => {
                let scaled = writer.scale(namespace, deployment, uid, *from, *replicas).await;
                scaled.map(|deployment| format!("scaled to {}", deployment.replicas_wanted))
            }
            Request::Tool { .. } => return unchanged("no API request".to_owned()),
        };
        match result {
            Ok(message) => ActionOutcome::Done { message },
            // Without an answer the server may still have done it.
            Err(why) => {
                let message = if why.kind == WhyKind::Conflict {
                    format!("{}. {}", why.message, why.remedy)
                } else {
                    why.message.clone()
                };
                ActionOutcome::Failed { unchanged: refused(&why), message }
            }
        }
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
}
