//! Step 3, restore: a plan for each action, from the latest facts.

mod freshness;
mod idle;

pub use self::freshness::{MAX_AGE, stands_on};
pub use self::idle::{Instead, NothingToDo, nothing_to_do};

use crate::runbook::action::{ActionKind, Blocker, Parts, Plan, Request, release_name};
use crate::runbook::case::Case;
use crate::runbook::cause::{self, Fit};
use crate::runbook::command::{self, Command};
use crate::runbook::fact::{ChartFacts, Container, Deployment, DeploymentFacts, ReleaseFacts};
use crate::runbook::profile::{Method, RegionIndex};
use crate::runbook::steps::confirm::{self, Outcome};
use crate::runbook::verdict::Why;

/// The plans for the failed region: the one that fits the cause first, those that
/// cannot help last.
pub fn plans(case: &Case) -> Vec<Plan> {
    let mut plans: Vec<Plan> = ActionKind::ALL.iter().map(|kind| plan(case, *kind)).collect();
    let preferred = match case.profile.chart.method {
        Method::Helm => ActionKind::ReapplyHelm,
        Method::Vcluster => ActionKind::ReapplyVcluster,
    };
    plans.sort_by_key(|plan| {
        let rank = match plan.fit {
            Fit::Fits(_) => 0,
            Fit::Also(_) => 1,
            Fit::Unproven(_) => 2,
            Fit::Later(_) => 3,
            Fit::CannotHelp(_) => 4,
        };
        (rank, plan.kind() != preferred, plan.kind())
    });
    plans
}

/// The plan for one action on the failed region.
pub fn plan(case: &Case, kind: ActionKind) -> Plan {
    let fit = match cause::rank(case).first() {
        Some(cause) => (cause.fit)(kind),
        None => Fit::Unproven("No cause is known: look at Diagnose first"),
    };
    let mut parts = match kind {
        ActionKind::Restart => restart(case, fit),
        ActionKind::Scale => scale(case, fit),
        ActionKind::ReapplyHelm => reapply_helm(case, fit),
        ActionKind::ReapplyVcluster => reapply_vcluster(case, fit),
    };
    parts.blockers.splice(0..0, gate(case));
    match fit {
        Fit::Later(reason) | Fit::CannotHelp(reason) => parts.blockers.push(Blocker::overridable(reason)),
        Fit::Unproven(reason) => parts.notes.push(reason.to_owned()),
        Fit::Fits(_) | Fit::Also(_) => {}
    }
    Plan::draft(case, parts)
}

/// The gate of step 1: only a failed region with a healthy one beside it is touched.
/// A healthy region while another one fails is never touched, with no way around; nor is a cluster that
/// two regions' contexts lead to.
pub fn gate(case: &Case) -> Option<Blocker> {
    let failed = &case.failed_region().name;
    if let Some(other) = case.same_cluster(case.failed) {
        let other = &case.profile.region(other).name;
        return Some(Blocker::firm(format!(
            "Both contexts lead to the same cluster: what is done to {failed} is done to {other}. Correct the contexts in the variables"
        )));
    }
    match confirm::outcome(case.profile, case.readings, case.failed) {
        Some(Outcome::FailoverActive) => None,
        Some(Outcome::OtherRegionFailing(other)) => {
            let other = &case.profile.region(other).name;
            Some(Blocker::firm(format!(
                "{failed} is healthy and carries the traffic; {other} is the one that fails"
            )))
        }
        Some(Outcome::AllFailing) if let Some(other) = well_but_inverted(case) => {
            let other = &case.profile.region(other).name;
            Some(Blocker::overridable(format!(
                "Every health check fails, but the one of {other} is inverted: its checkers get through, so {other} seems to be well"
            )))
        }
        Some(Outcome::AllFailing) => {
            let text = "Every region's health check fails: this runbook assumes a healthy one. Stop and call for help";
            Some(Blocker::firm(text))
        }
        Some(Outcome::NothingFailing) => Some(Blocker::firm(format!(
            "The health check of {failed} passes: it serves traffic, there is nothing to restore"
        ))),
        Some(Outcome::CouldNotCheck(reasons)) => {
            // What is known to be healthy is never touched, whatever is unknown elsewhere.
            if confirm::shows_healthy(case.readings, case.failed) == Some(true) {
                return Some(Blocker::firm(format!(
                    "The health check of {failed} passes: it serves traffic"
                )));
            }
            let text = format!(
                "It could not be confirmed that {failed} failed and another one is healthy: {}",
                reasons.join("; ")
            );
            Some(Blocker::overridable(text))
        }
        None => Some(Blocker::firm("The health checks have not been read yet")),
    }
}

/// Another region whose health check only fails because it is inverted.
fn well_but_inverted(case: &Case) -> Option<RegionIndex> {
    let mut others = case.profile.others(case.failed);
    others.find(|other| confirm::fails_by_inversion(case.readings, *other))
}

/// The Deployment as read, or what is in the way.
fn deployment<'a>(case: &Case<'a>) -> Result<&'a Deployment, Blocker> {
    match case.readings.deployment(case.failed) {
        Some(Ok(DeploymentFacts::Found(deployment))) => Ok(deployment),
        Some(Ok(DeploymentFacts::Missing)) => {
            Err(Blocker::firm(format!("{} does not exist", case.profile.deployment)))
        }
        Some(Err(why)) => Err(Blocker::firm(format!("The Deployment could not be read: {}", why.message))),
        None => Err(Blocker::firm("The Deployment has not been read yet")),
    }
}

fn restart(case: &Case, fit: Fit) -> Parts {
    let profile = case.profile;
    let (request, mut blockers) = match deployment(case) {
        Ok(deployment) => (
            Some(Request::Restart {
                namespace: profile.namespace.clone(),
                deployment: profile.deployment.clone(),
                uid: deployment.uid.clone(),
            }),
            Vec::new(),
        ),
        Err(blocker) => (None, vec![blocker]),
    };
    if deployment(case).is_ok_and(|deployment| deployment.paused) {
        blockers
            .push(Blocker::firm("The Deployment is paused: it refuses a restart until somebody resumes it"));
    }
    Parts {
        kind: ActionKind::Restart,
        request,
        blockers,
        title: "Restart the platform".to_owned(),
        changes: format!(
            "Deployment {}: its pods are replaced one after another by new ones of the same version",
            profile.deployment
        ),
        undo: "not needed: nothing but the pods' age changes".to_owned(),
        usual_duration: "about 2 minutes",
        if_changed_since: "refused if the Deployment was replaced by another one".to_owned(),
        command: command::restart(profile, case.failed_region()),
        notes: vec!["A restart skips the wait between crashes; it mends nothing outside the pods".to_owned()],
        fit,
    }
}

fn scale(case: &Case, fit: Fit) -> Parts {
    let profile = case.profile;
    let found = deployment(case);
    let wanted = found.as_ref().ok().map(|deployment| deployment.replicas_wanted);
    let mut blockers: Vec<Blocker> = found.as_ref().err().cloned().into_iter().collect();
    if wanted == i32::try_from(profile.replicas).ok() {
        blockers.push(Blocker::firm(format!("The Deployment wants {} replicas already", profile.replicas)));
    }
    let request = found.as_ref().ok().map(|deployment| Request::Scale {
        namespace: profile.namespace.clone(),
        deployment: profile.deployment.clone(),
        uid: deployment.uid.clone(),
        resource_version: deployment.resource_version.clone(),
        replicas: profile.replicas,
    });
    let from = wanted.map_or("?".to_owned(), |wanted| wanted.to_string());
    let revision = found.as_ref().map_or(String::new(), |deployment| {
        format!(": only revision {} is changed", deployment.resource_version)
    });
    Parts {
        kind: ActionKind::Scale,
        request,
        blockers,
        title: format!("Scale up to {}", profile.replicas),
        changes: format!("Deployment {}, replicas {from} → {}", profile.deployment, profile.replicas),
        undo: format!("scale back to {from}"),
        usual_duration: "about 1 minute",
        if_changed_since: format!("refused{revision}"),
        command: command::scale(profile, case.failed_region(), wanted),
        notes: Vec::new(),
        fit,
    }
}

/// The chart version to install, with a note of where it is from, or what is in the way.
fn version(case: &Case) -> Result<(String, String, Option<Blocker>), Blocker> {
    let archive = match (&case.profile.chart.file, case.readings.chart()) {
        (None, _) => None,
        (Some(_), Some(Ok(ChartFacts::Archive { version, .. }))) => Some(version.as_str()),
        (Some(file), Some(Err(why))) => {
            return Err(Blocker::firm(format!("{} cannot be used: {}", file.display(), why.message)));
        }
        (Some(_), _) => return Err(Blocker::firm("The chart archive has not been read yet")),
    };
    let set = archive.or(case.profile.chart.version.as_deref());
    match (set, case.healthy_version()) {
        (Some(set), Some((healthy, name))) if set != healthy => {
            let text = format!(
                "The environment wants version {set}, but {name} runs {healthy}: mixed versions confuse leader election"
            );
            Ok((
                set.to_owned(),
                format!("Version {set} is the environment's"),
                Some(Blocker::overridable(text)),
            ))
        }
        (_, Some((healthy, name))) => {
            let doubt = case.version_doubt().or_else(|| downgrade(case, healthy));
            let doubt =
                doubt.map(|doubt| Blocker::overridable(format!("Version {healthy} may be wrong: {doubt}")));
            Ok((healthy.to_owned(), format!("Version {healthy} is what {name} runs"), doubt))
        }
        (Some(set), None) => {
            let text = format!(
                "Version {set} is the environment's; it could not be compared with what the healthy region runs"
            );
            Ok((set.to_owned(), text.clone(), Some(Blocker::overridable(text))))
        }
        (None, None) => Err(Blocker::firm(
            "The chart version is not known: the healthy region's Deployment could not be read, and the environment sets none",
        )),
    }
}

/// Would this version be older than what the failed region wants now?
fn downgrade(case: &Case, version: &str) -> Option<String> {
    let here = deployment(case).ok()?.image_tag()?;
    // A version that never ran here, its image not to be had, is none to go back from.
    let pods = case.readings.pods(case.failed)?.ok()?;
    let ran = |container: &Container| container.running || container.restarts > 0;
    if !pods.pods.iter().any(|pod| pod.containers.iter().any(ran)) {
        return None;
    }
    let failed = &case.failed_region().name;
    (numbers(version)? < numbers(here)?).then(|| format!("{failed} wants {here}, which is newer"))
}

/// The numbers of a plain version, `4.11.2`; `None` for anything else, which is not compared.
fn numbers(version: &str) -> Option<Vec<u64>> {
    version.trim_start_matches('v').split('.').map(|part| part.parse().ok()).collect()
}

struct Reapply {
    kind: ActionKind,
    title: &'static str,
    changes_more: &'static str,
    usual_duration: &'static str,
}

fn reapply(
    case: &Case,
    fit: Fit,
    what: &Reapply,
    tool: Result<Request, Blocker>,
    command: impl FnOnce(&str) -> Command,
) -> Parts {
    let mut blockers = Vec::new();
    let mut notes = Vec::new();
    let mut chart_version = "VERSION".to_owned();
    match version(case) {
        Ok((version, note, blocker)) => {
            chart_version = version;
            notes.push(note);
            blockers.extend(blocker);
        }
        Err(blocker) => blockers.push(blocker),
    }
    if case.failed_region().values_file.is_none() {
        blockers.push(Blocker::firm("The environment names no values file for this region"));
    }
    let request = match tool {
        Ok(request) => Some(request),
        Err(blocker) => {
            blockers.push(blocker);
            None
        }
    };
    if let Some(Ok(ReleaseFacts::Found(release))) = case.readings.release(case.failed)
        && release.status.starts_with("pending")
    {
        blockers.push(Blocker::overridable(format!(
            "Helm's record says {}: somebody is at it, or was interrupted; Helm refuses until that ends or is rolled back",
            release.status
        )));
    }
    if let Some(Err(Why { message, .. })) = case.readings.deployment(case.failed) {
        blockers.push(Blocker::firm(format!("The cluster could not be read: {message}")));
    }
    Parts {
        kind: what.kind,
        request,
        blockers,
        title: what.title.to_owned(),
        changes: format!(
            "release {} in {}: everything of the chart, version {chart_version}, with the region's values file{}",
            release_name(case.profile),
            case.profile.namespace,
            what.changes_more
        ),
        undo: "helm rollback to the release's former revision".to_owned(),
        usual_duration: what.usual_duration,
        if_changed_since: "applied all the same: the values file decides".to_owned(),
        command: command(&chart_version),
        notes,
        fit,
    }
}

fn reapply_helm(case: &Case, fit: Fit) -> Parts {
    let helm = match case.readings.tools() {
        Some(Ok(tools)) => tools.helm.as_ref().map_err(|message| Blocker::tool(message.clone())),
        Some(Err(why)) => Err(Blocker::tool(why.message.clone())),
        None => Err(Blocker::firm("The programs on this machine have not been looked for yet")),
    };
    let major = helm.as_ref().ok().and_then(|helm| helm.major());
    let tool = helm.map(|helm| Request::Tool { program: helm.path.clone(), keeps_password_of: None });
    let what = Reapply {
        kind: ActionKind::ReapplyHelm,
        title: "Re-apply the values file",
        changes_more: "",
        usual_duration: "about 3 minutes",
    };
    let mut parts = reapply(case, fit, &what, tool, |version| {
        command::helm_upgrade(case.profile, case.failed_region(), version, major)
    });
    if major == Some(3) {
        parts.notes.push(
            "Helm 3 is installed: without --server-side and --force-conflicts it may refuse a conflict"
                .to_owned(),
        );
    }
    parts.notes.push("Fields that others changed by hand are set back to the chart's".to_owned());
    parts
}

fn reapply_vcluster(case: &Case, fit: Fit) -> Parts {
    let tools = match case.readings.tools() {
        Some(Ok(tools)) => Ok(tools),
        Some(Err(why)) => Err(Blocker::tool(why.message.clone())),
        None => Err(Blocker::firm("The programs on this machine have not been looked for yet")),
    };
    let vcluster = tools
        .clone()
        .and_then(|tools| tools.vcluster.as_ref().map_err(|message| Blocker::tool(message.clone())));
    let flags = vcluster.as_ref().map(|vcluster| vcluster.flags.clone()).unwrap_or_default();
    // The CLI calls both of them by itself.
    let helpers = tools.and_then(|tools| match (&tools.helm, &tools.kubectl) {
        (Err(message), _) => Err(Blocker::tool(message.clone())),
        (_, None) => Err(Blocker::tool("kubectl is not installed; the vCluster CLI needs it")),
        _ => Ok(()),
    });
    let tool = vcluster.and_then(|vcluster| {
        helpers.map(|()| Request::Tool {
            program: vcluster.path.clone(),
            keeps_password_of: Some(release_name(case.profile).to_owned()),
        })
    });
    let what = Reapply {
        kind: ActionKind::ReapplyVcluster,
        title: "Re-apply with the vCluster CLI",
        changes_more: ", over the release's former values",
        usual_duration: "about 3 minutes",
    };
    let mut parts = reapply(case, fit, &what, tool, |version| {
        command::vcluster_start(case.profile, case.failed_region(), version, &flags)
    });
    parts.notes.extend([
        "The CLI sets the release's admin password: the one it has is passed on, unseen; where it has none, the CLI makes \
         the namespace's uid the password"
            .to_owned(),
        "It checks no TLS certificates, and writes its own settings into ~/.vcluster/config.json".to_owned(),
    ]);
    parts
}

#[cfg(test)]
pub(crate) mod tests;
