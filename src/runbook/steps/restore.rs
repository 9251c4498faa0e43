//! Step 3, restore: a plan for each action, from the latest facts.

mod freshness;
mod gate;
mod idle;
mod last_look;
pub mod preview;
mod rollback;

use super::preflight::values;
use crate::runbook::action::{
    ActionKind, Blocker, Parts, Plan, Request, Target, TargetDeployment, release_name,
};
use crate::runbook::case::Case;
use crate::runbook::cause::{self, Advice, Assessment, Explains, Fit};
use crate::runbook::causes::release_pending;
use crate::runbook::command::{self, Command};
use crate::runbook::fact::{ChartFacts, Container, Deployment, DeploymentFacts, Pod};
use crate::runbook::profile::Method;
use crate::runbook::release;
use crate::runbook::verdict::Why;
use crate::runbook::version::{self, Version};

use rollback::rollback;

pub use freshness::{MAX_AGE, stands_on};
pub use gate::gate;
pub use idle::{Instead, NothingToDo, nothing_to_do};
pub use last_look::{questions as last_look_questions, still_holds};

/// The plans for the failed region: the one that fits the cause first, those that
/// cannot help last.
pub fn plans(case: &Case) -> Vec<Plan> {
    let offered = |kind: &&ActionKind| **kind != ActionKind::Rollback || release::stuck(case).is_some();
    let mut plans: Vec<Plan> = ActionKind::ALL.iter().filter(offered).map(|kind| plan(case, *kind)).collect();
    let preferred = match case.profile.chart.method {
        Method::Helm => ActionKind::ReapplyHelm,
        Method::Vcluster => ActionKind::ReapplyVcluster,
    };
    plans.sort_by_key(|plan| (rank(plan.fit()), plan.kind() != preferred, plan.kind()));
    plans
}

/// The plan for one action on the failed region.
pub fn plan(case: &Case, kind: ActionKind) -> Plan {
    let causes = cause::rank(case);
    let (fit, against) = fit(&causes, kind);
    let mut parts = match kind {
        ActionKind::Restart => restart(case, fit),
        ActionKind::Scale => scale(case, fit),
        ActionKind::Rollback => rollback(case, fit),
        ActionKind::ReapplyHelm => reapply_helm(case, fit),
        ActionKind::ReapplyVcluster => reapply_vcluster(case, fit),
    };
    parts.blockers.splice(0..0, gate(case));
    parts.blockers.extend(freshness::stale(case, kind));
    if let Some(why) = parts.command.refused() {
        parts.blockers.push(Blocker::firm(why));
    }
    parts.target = target(case);
    parts.basis = preview::basis(case, &parts);
    if parts.target.is_none() {
        parts.blockers.push(unknown_target(case));
    }
    match fit {
        // Helm refuses by itself: a firm blocker says so already.
        Fit::Later(_) if release::stuck(case).is_some() && kind.reapplies() => {}
        Fit::Later(reason) | Fit::CannotHelp(reason) => {
            parts.blockers.push(Blocker::overridable(format!("fit {reason}"), reason));
        }
        Fit::Unproven(reason) => parts.notes.push(reason.to_owned()),
        Fit::Fits(_) | Fit::Also(_) => {
            if let Some(second) =
                against.filter(|against| causes.first().map(|first| first.id) != Some(against.id))
            {
                parts.notes.push(format!("It is against this: {}. The first cause stays", second.title));
            }
        }
    }
    Plan::draft(case, parts)
}

/// Whether an action helps against what is broken: of the causes that stand on their own, the one that it helps
/// most against. Where the first says stop, nothing else counts; a pending release goes before every re-apply.
pub fn fit(causes: &[Assessment], kind: ActionKind) -> (Fit, Option<&Assessment>) {
    let Some(first) = causes.first() else {
        return (Fit::Unproven("No cause is known: look at Diagnose first"), None);
    };
    let mut standing = vec![first];
    if first.advice != Some(Advice::Stop) {
        standing.extend(cause::also(causes));
    }
    // Of equals the first one: it ranks higher.
    let best = |kind| standing.iter().copied().min_by_key(|cause| rank(cause.fits.of(kind))).unwrap_or(first);
    let wants = |fit| matches!(fit, Fit::Fits(_) | Fit::Also(_));
    let against = best(kind);
    let fit = against.fits.of(kind);
    let pending = causes.iter().find(|cause| cause.id == release_pending::ID);
    if let Some(pending) =
        pending.filter(|_| first.explains != Explains::All && first.advice != Some(Advice::Stop))
    {
        let wanted = wants(best(ActionKind::ReapplyHelm).fits.of(ActionKind::ReapplyHelm))
            || standing.iter().any(|cause| cause.id == pending.id);
        if (kind == ActionKind::Rollback && wanted) || (kind.reapplies() && wants(fit)) {
            return (pending.fits.of(kind), Some(pending));
        }
    }
    (fit, Some(against))
}

fn rank(fit: Fit) -> u8 {
    match fit {
        Fit::Fits(_) => 0,
        Fit::Also(_) => 1,
        Fit::Unproven(_) => 2,
        Fit::Later(_) => 3,
        Fit::CannotHelp(_) => 4,
    }
}

/// The failed region's cluster as it was read; `None` where its kubeconfig entry could not be.
pub fn target(case: &Case) -> Option<Target> {
    let identity = case.readings.cluster_identity(case.failed)?.ok()?;
    let deployment = match case.readings.deployment(case.failed) {
        Some(Ok(DeploymentFacts::Found(deployment))) => TargetDeployment::Found(deployment.uid.clone()),
        Some(Ok(DeploymentFacts::Missing)) => TargetDeployment::Missing,
        _ => TargetDeployment::Unread,
    };
    Some(Target { address: identity.address.clone(), cluster_uid: identity.uid.clone().ok(), deployment })
}

fn unknown_target(case: &Case) -> Blocker {
    let name = &case.failed_region().name;
    Blocker::firm(match case.readings.cluster_identity(case.failed) {
        Some(Err(why)) => format!("Where the context of {name} leads could not be read: {}", why.message),
        _ => format!("Where the context of {name} leads has not been read yet"),
    })
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
    let revision = deployment(case).ok().and_then(|deployment| deployment.revision);
    Parts {
        kind: ActionKind::Restart,
        request,
        target: None,
        newest: None,
        blockers,
        title: "Restart the platform".to_owned(),
        changes: format!(
            "Deployment {}: its pods are replaced one after another by new ones of the same version",
            profile.deployment
        ),
        undo: match revision {
            Some(revision) => format!(
                "not needed: nothing but the pods' age changes. Where the new pods do not come up, the pods before \
                 are of revision {revision}"
            ),
            None => "not needed: nothing but the pods' age changes".to_owned(),
        },
        undo_command: revision.map(|revision| command::rollout_undo(profile, case.failed_region(), revision)),
        preview_command: None,
        basis: String::new(),
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
        from: deployment.replicas_wanted,
        replicas: profile.replicas,
    });
    let from = wanted.map_or("?".to_owned(), |wanted| wanted.to_string());
    Parts {
        kind: ActionKind::Scale,
        request,
        target: None,
        newest: None,
        blockers,
        title: format!("Scale up to {}", profile.replicas),
        changes: format!("Deployment {}, replicas {from} → {}", profile.deployment, profile.replicas),
        undo: format!("scale back to {from}"),
        undo_command: wanted.map(|wanted| command::scale_back(profile, case.failed_region(), wanted)),
        preview_command: Some(command::scale_try(profile, case.failed_region(), wanted)),
        basis: String::new(),
        usual_duration: "about 1 minute",
        if_changed_since: format!(
            "refused if it wants other than {from} replicas, or was replaced by another one"
        ),
        command: command::scale(profile, case.failed_region(), wanted),
        notes: Vec::new(),
        fit,
    }
}

/// The chart version to install, with a note of where it is from, or what is in the way.
fn version_to_install(case: &Case) -> Result<(String, String, Option<Blocker>), Blocker> {
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
        (Some(set), Ok((healthy, name))) if !version::same(set, &healthy) => {
            let text = format!(
                "The environment wants version {set}, but {name} runs {healthy}: mixed versions confuse leader election"
            );
            Ok((
                set.to_owned(),
                format!("Version {set} is the environment's"),
                Some(Blocker::overridable(format!("version {set} {healthy}"), text)),
            ))
        }
        (_, Ok((healthy, name))) => {
            let doubt = case.version_doubt().or_else(|| downgrade(case, &healthy));
            let doubt = doubt.map(|doubt| {
                let text = format!("Version {healthy} may be wrong: {doubt}");
                Blocker::overridable(format!("version {healthy}"), text)
            });
            let note = format!("Version {healthy} is what {name} runs");
            Ok((healthy, note, doubt))
        }
        (Some(set), Err(why)) => {
            let text = format!(
                "Version {set} is the environment's; it could not be compared with what the healthy region runs: {why}"
            );
            Ok((set.to_owned(), text.clone(), Some(Blocker::overridable(format!("version {set}"), text))))
        }
        (None, Err(why)) => Err(Blocker::firm(format!(
            "The chart version is not known: {why}. Set chart.version in the environment"
        ))),
    }
}

/// Would this version be older than what the failed region wants now?
fn downgrade(case: &Case, version: &str) -> Option<String> {
    let deployment = deployment(case).ok()?;
    let here = version::wanted(deployment, &case.profile.chart.name)?;
    // A version that never ran here, its image not to be had, is none to go back from; that pods of the revision
    // before it run says nothing.
    let pods = case.readings.pods(case.failed)?.ok()?;
    let is_of_it =
        |pod: &&Pod| deployment.template_hash.is_none() || pod.template_hash == deployment.template_hash;
    let ran = |container: &Container| container.running || container.restarts > 0;
    if !pods.pods.iter().filter(is_of_it).any(|pod| pod.containers.iter().any(ran)) {
        return None;
    }
    let failed = &case.failed_region().name;
    let older = Version::parse(version)?.is_older(&Version::parse(&here)?);
    older.then(|| format!("{failed} wants {here}, which is newer"))
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
    tried: impl FnOnce(&str) -> Command,
) -> Parts {
    let mut blockers = Vec::new();
    let mut notes = Vec::new();
    let mut chart_version = "VERSION".to_owned();
    match version_to_install(case) {
        Ok((version, note, blocker)) => {
            chart_version = version;
            notes.push(note);
            blockers.extend(blocker);
        }
        Err(blocker) => blockers.push(blocker),
    }
    blockers.extend(values_file(case));
    let mut request = match tool {
        Ok(request) => Some(request),
        Err(blocker) => {
            blockers.push(blocker);
            None
        }
    };
    if let (Some(Request::Tool { values, .. }), Some(Ok(facts))) =
        (&mut request, case.readings.values(case.failed))
    {
        *values = Some(facts.digest.clone());
    }
    if let Some(stuck) = release::stuck(case) {
        blockers.push(Blocker::firm(release::refusal(stuck, case.now)));
    }
    if let Some(Err(Why { message, .. })) = case.readings.deployment(case.failed) {
        blockers.push(Blocker::firm(format!("The cluster could not be read: {message}")));
    }
    let former = preview::applied(case);
    let major = helm(case).1;
    Parts {
        kind: what.kind,
        request,
        target: None,
        newest: None,
        blockers,
        title: what.title.to_owned(),
        changes: format!(
            "release {} in {}: everything of the chart, version {chart_version}, with the region's values file{}",
            release_name(case.profile),
            case.profile.namespace,
            what.changes_more
        ),
        undo: match former {
            Some(revision) => format!("roll the release back to revision {revision}"),
            None => "Helm knows no revision to go back to".to_owned(),
        },
        undo_command: former.map(|revision| {
            command::helm_rollback(case.profile, case.failed_region(), Some(revision), major)
        }),
        preview_command: Some(tried(&chart_version)),
        basis: String::new(),
        usual_duration: what.usual_duration,
        if_changed_since: "applied all the same: the values file decides".to_owned(),
        command: command(&chart_version),
        notes,
        fit,
    }
}

/// The values file that would be applied: there, readable, and this region's own.
fn values_file(case: &Case) -> Vec<Blocker> {
    if case.failed_region().values_file.is_none() {
        return vec![Blocker::firm("The environment names no values file for this region")];
    }
    match case.readings.values(case.failed) {
        None => vec![Blocker::firm("The values file has not been read yet")],
        Some(Err(why)) => vec![Blocker::firm(format!("The values file cannot be used: {}", why.message))],
        Some(Ok(facts)) => {
            let foreign = values::foreign(case, case.failed, facts);
            if !foreign.is_empty() {
                return vec![Blocker::firm(format!(
                    "The values file is not this region's: {}. Choose the region's own in the variables",
                    foreign.join("; ")
                ))];
            }
            let told = facts.region.is_some() || facts.host.is_some();
            let unknown = "Whose region the values file is cannot be told: it has neither multiRegion.region nor \
                           multiRegion.host";
            (!told).then(|| Blocker::overridable("values-file-of-no-region", unknown)).into_iter().collect()
        }
    }
}

/// Helm as a tool to run, and its major version.
fn helm(case: &Case) -> (Result<Request, Blocker>, Option<u32>) {
    let helm = match case.readings.tools() {
        Some(Ok(tools)) => tools.helm.as_ref().map_err(|message| Blocker::tool(message.clone())),
        Some(Err(why)) => Err(Blocker::tool(why.message.clone())),
        None => Err(Blocker::firm("The programs on this machine have not been looked for yet")),
    };
    let major = helm.as_ref().ok().and_then(|helm| helm.major());
    (
        helm.map(|helm| Request::Tool { program: helm.path.clone(), keeps_password_of: None, values: None }),
        major,
    )
}

fn reapply_helm(case: &Case, fit: Fit) -> Parts {
    let (tool, major) = helm(case);
    let what = Reapply {
        kind: ActionKind::ReapplyHelm,
        title: "Re-apply the values file",
        changes_more: "",
        usual_duration: "about 3 minutes",
    };
    let upgrade = |version: &str| command::helm_upgrade(case.profile, case.failed_region(), version, major);
    let mut parts = reapply(case, fit, &what, tool, upgrade, |version| command::helm_try(upgrade(version)));
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
            values: None,
        })
    });
    let what = Reapply {
        kind: ActionKind::ReapplyVcluster,
        title: "Re-apply with the vCluster CLI",
        changes_more: ", over the release's former values",
        usual_duration: "about 3 minutes",
    };
    let start = |version: &str| command::vcluster_start(case.profile, case.failed_region(), version, &flags);
    let tried = |version: &str| command::vcluster_try(case.profile, case.failed_region(), version);
    let mut parts = reapply(case, fit, &what, tool, start, tried);
    parts.notes.extend([
        "The CLI adds to the release's values by itself: admin.password and env.DISABLE_LOFT_ROUTER".to_owned(),
        "The CLI sets the release's admin password: the one it has is passed on, unseen; where it has none, the CLI makes \
         the namespace's uid the password"
            .to_owned(),
        "The CLI takes that password as an argument and hands it to Helm as one: whoever may list this machine's \
         processes can read it while they run"
            .to_owned(),
        "It checks no TLS certificates, and writes its own settings into ~/.vcluster/config.json".to_owned(),
    ]);
    parts
}

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
mod guard_tests;
