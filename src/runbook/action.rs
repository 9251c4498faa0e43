//! Actions: what changes the failed region, from plan to typed confirmation.
//!
//! A [`Plan`] can only be made for the failed region of a case, and a
//! [`Confirmed`] only of a plan, by typing that region's name. Nothing else in
//! the program leads to a write.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cause::Fit;
use super::command::Command;
use super::fact::ClusterAddress;
use super::interrupted::Interrupted;
use super::profile::{Profile, Region};
use super::question::Question;

/// The actions of the runbook's step 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Scale the Deployment to the environment's replica count.
    Scale,
    /// Restart the Deployment.
    Restart,
    /// Roll the Helm release back to the last revision that was deployed.
    Rollback,
    /// Re-apply the values file by Helm.
    ReapplyHelm,
    /// Re-apply the values file by the vCluster CLI.
    ReapplyVcluster,
}

impl ActionKind {
    /// All of them, in the order of how much they change.
    pub const ALL: [Self; 5] =
        [Self::Scale, Self::Restart, Self::Rollback, Self::ReapplyHelm, Self::ReapplyVcluster];

    /// The name on the command line and in the journal.
    pub fn id(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::Restart => "restart",
            Self::Rollback => "rollback",
            Self::ReapplyHelm => "reapply-helm",
            Self::ReapplyVcluster => "reapply-vcluster",
        }
    }

    /// Does it install the values file anew?
    pub fn reapplies(self) -> bool {
        matches!(self, Self::ReapplyHelm | Self::ReapplyVcluster)
    }

    /// The imperative on its button, before the region's name.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Scale => "Scale up",
            Self::Restart => "Restart",
            Self::Rollback => "Roll back",
            Self::ReapplyHelm | Self::ReapplyVcluster => "Re-apply to",
        }
    }

    /// What a cancel leaves half-done, in a sentence.
    pub fn if_cancelled(self) -> &'static str {
        match self {
            Self::Scale | Self::Restart => {
                "Cancel only stops the wait for the answer: a request that was sent may still take effect"
            }
            Self::Rollback | Self::ReapplyHelm | Self::ReapplyVcluster => {
                "Cancel ends the program: some resources may be changed already, and the release may stay pending"
            }
        }
    }
}

/// What is done, in the terms of the API or tool that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Patch of the pod template's `restartedAt`; refused by the server if the uid differs.
    Restart {
        /// Namespace of the Deployment.
        namespace: String,
        /// Its name.
        deployment: String,
        /// Its uid as read.
        uid: String,
    },
    /// Patch of `spec.replicas`; refused if the uid differs, or the count is not the one that was read.
    Scale {
        /// Namespace of the Deployment.
        namespace: String,
        /// Its name.
        deployment: String,
        /// Its uid as read.
        uid: String,
        /// `spec.replicas` as read.
        from: i32,
        /// How many.
        replicas: u32,
    },
    /// A program. Its argv is the plan's command.
    Tool {
        /// Full path of the program.
        program: std::path::PathBuf,
        /// For the vCluster CLI: the release whose admin password is passed on (`domain.md`, T5).
        keeps_password_of: Option<String>,
        /// SHA-256 of the values file that was shown, where one is applied.
        values: Option<String>,
    },
}

/// The cluster that a plan is for. A name may lead elsewhere a moment later; this is compared again before the act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// How it is reached, by the kubeconfig.
    pub address: ClusterAddress,
    /// The uid of its namespace `kube-system`, where it could be read.
    pub cluster_uid: Option<String>,
    /// What was read of the platform's Deployment.
    pub deployment: TargetDeployment,
}

/// The Deployment as a plan found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetDeployment {
    /// There, with this uid.
    Found(String),
    /// Not there.
    Missing,
    /// Not read.
    Unread,
}

impl Target {
    /// What is different in the cluster as it is now, in a sentence; `None` where nothing is.
    pub fn differs_from(&self, now: &Self) -> Option<String> {
        let (was, is) = (&self.address, &now.address);
        if was.server != is.server {
            return Some(format!("the context leads to {} now, and led to {}", is.server, was.server));
        }
        if was.authority != is.authority || was.insecure != is.insecure {
            return Some("the context trusts another certificate authority now".to_owned());
        }
        if was.tls_server_name != is.tls_server_name || was.proxy != is.proxy {
            return Some(
                "the context reaches its cluster in another way now (proxy or server name)".to_owned(),
            );
        }
        match (&self.cluster_uid, &now.cluster_uid) {
            (Some(was), Some(is)) if was != is => {
                return Some(format!(
                    "{} is another cluster now, by the uid of kube-system",
                    now.address.server
                ));
            }
            (Some(_), None) => {
                return Some("which cluster answers could be read before, and cannot be read now".to_owned());
            }
            _ => {}
        }
        match (&self.deployment, &now.deployment) {
            (_, TargetDeployment::Unread) => Some("the Deployment cannot be read now".to_owned()),
            (was, is) if was == is => None,
            (TargetDeployment::Unread, _) => None,
            (_, TargetDeployment::Missing) => Some("the Deployment is gone".to_owned()),
            (TargetDeployment::Missing, _) => Some("there is a Deployment now, where none was".to_owned()),
            _ => Some("the Deployment is another one now, by its uid".to_owned()),
        }
    }
}

/// Something in the way of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// What it is about, whatever figures its text tells: a reason that was given for it stands for it only.
    pub key: String,
    /// What, in a sentence.
    pub text: String,
    /// May a person go on with a reason, which the journal keeps?
    pub overridable: bool,
    /// A program is missing: the terminal has an exit code of its own for that.
    pub tool_missing: bool,
}

impl Blocker {
    /// Nothing goes past this.
    pub fn firm(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { key: text.clone(), text, overridable: false, tool_missing: false }
    }

    /// A person may go past this with a reason.
    pub fn overridable(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { key: key.into(), text: text.into(), overridable: true, tool_missing: false }
    }

    /// A program is missing.
    pub fn tool(text: impl Into<String>) -> Self {
        Self { tool_missing: true, ..Self::firm(text) }
    }
}

/// A reason for going past blockers: those that were on the screen when it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// In the person's words.
    pub text: String,
    /// The keys of the blockers that it was given for.
    pub passes: BTreeSet<String>,
}

impl Reason {
    /// A reason for what this plan shows.
    pub fn given(text: &str, plan: &Plan) -> Self {
        let shown = plan.blockers().iter().filter(|blocker| blocker.overridable);
        Self { text: text.trim().to_owned(), passes: shown.map(|blocker| blocker.key.clone()).collect() }
    }

    /// Does it go past this?
    pub fn covers(&self, blocker: &Blocker) -> bool {
        blocker.overridable && !self.text.trim().is_empty() && self.passes.contains(&blocker.key)
    }
}

/// What would be done, to what, and what it takes. For reading; only
/// [`Plan::confirm`] makes it more.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    region: Region,
    does_not_touch: String,
    read_at: Timestamp,
    parts: Parts,
}

/// What [`Plan::draft`] is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts {
    pub(super) kind: ActionKind,
    pub(super) request: Option<Request>,
    pub(super) target: Option<Target>,
    /// What a rollback starts from: revision and status of the release's newest record.
    pub(super) newest: Option<(u32, String)>,
    pub(super) blockers: Vec<Blocker>,
    pub(super) title: String,
    pub(super) changes: String,
    pub(super) undo: String,
    pub(super) undo_command: Option<Command>,
    pub(super) preview_command: Option<Command>,
    /// What a preview of it stands on; made with the plan.
    pub(super) basis: String,
    pub(super) usual_duration: &'static str,
    pub(super) if_changed_since: String,
    pub(super) command: Command,
    pub(super) notes: Vec<String>,
    pub(super) fit: Fit,
}

/// Why a plan was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// The typed name is not the failed region's.
    #[error("type exactly {expected} to confirm; nothing was changed")]
    WrongName {
        /// The failed region's name.
        expected: String,
    },
    /// Something is in the way.
    #[error("{}; nothing was changed", .0.iter().map(|blocker| blocker.text.as_str()).collect::<Vec<_>>().join("; "))]
    Blocked(Vec<Blocker>),
}

fn read_at(case: &super::case::Case) -> Timestamp {
    let read = case.readings.latest(Question::Deployment(case.failed));
    read.map_or(case.now, |read| read.observed_at.checked_sub(read.took).unwrap_or(read.observed_at))
}

impl Plan {
    /// Only a case's own plans: for its failed region, from its facts.
    pub(super) fn draft(case: &super::case::Case, parts: Parts) -> Self {
        let others = case.profile.others(case.failed).map(|other| case.profile.region(other).name.clone());
        let mut untouched: Vec<String> = others.collect();
        untouched.push("the database".to_owned());
        let (region, does_not_touch) = (case.failed_region().clone(), untouched.join(", "));
        Self { region, does_not_touch, read_at: read_at(case), parts }
    }

    /// The plan as it is beside actions of earlier runs whose outcome is not known: nobody repeats one unseen,
    /// and nothing is started beside what still runs.
    pub fn beside(mut self, interrupted: &[Interrupted]) -> Self {
        let here = interrupted.iter().filter(|interrupted| interrupted.region == self.region.name);
        let blockers = here.map(|interrupted| {
            if interrupted.alive == Some(true) {
                return Blocker::firm(interrupted.sentence());
            }
            let key = format!("interrupted {}#{}", interrupted.run.display(), interrupted.intent);
            Blocker::overridable(key, interrupted.sentence())
        });
        self.parts.blockers.extend(blockers.collect::<Vec<_>>());
        self
    }

    /// When the question for the Deployment that it is made from was asked, UTC. What was changed after that is
    /// not in it.
    pub fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// Which action.
    pub fn kind(&self) -> ActionKind {
        self.parts.kind
    }

    /// The failed region: its only target.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The cluster that it is for; `None` where it is not known, and then nothing can be confirmed.
    pub fn target(&self) -> Option<&Target> {
        self.parts.target.as_ref()
    }

    /// The address of its cluster's API server, which a name alone does not tell.
    pub fn server(&self) -> &str {
        self.target().map_or("not known", |target| target.address.server.as_str())
    }

    /// Its name, for example "Scale up to 3".
    pub fn title(&self) -> &str {
        &self.parts.title
    }

    /// What it changes.
    pub fn changes(&self) -> &str {
        &self.parts.changes
    }

    /// What it leaves alone.
    pub fn does_not_touch(&self) -> &str {
        &self.does_not_touch
    }

    /// How it is undone.
    pub fn undo(&self) -> &str {
        &self.parts.undo
    }

    /// The command that undoes it, where one does.
    pub fn undo_command(&self) -> Option<&Command> {
        self.parts.undo_command.as_ref()
    }

    /// The command that shows what it would change and changes nothing, where there is one.
    pub fn preview_command(&self) -> Option<&Command> {
        self.parts.preview_command.as_ref()
    }

    /// What would be sent or run: to be tried, for only a [`Confirmed`] leads to a write.
    pub fn request(&self) -> Option<&Request> {
        self.parts.request.as_ref()
    }

    /// What a preview of it stands on: another text, another preview.
    pub fn basis(&self) -> &str {
        &self.parts.basis
    }

    /// How long it usually takes.
    pub fn usual_duration(&self) -> &'static str {
        self.parts.usual_duration
    }

    /// What happens if the target changed since it was read.
    pub fn if_changed_since(&self) -> &str {
        &self.parts.if_changed_since
    }

    /// The command that does the same.
    pub fn command(&self) -> &Command {
        &self.parts.command
    }

    /// What a rollback starts from: revision and status of the release's newest record as read.
    pub fn newest_revision(&self) -> Option<(u32, &str)> {
        self.parts.newest.as_ref().map(|(revision, status)| (*revision, status.as_str()))
    }

    /// What a person should know before.
    pub fn notes(&self) -> &[String] {
        &self.parts.notes
    }

    /// Whether it helps against what is known to be broken.
    pub fn fit(&self) -> Fit {
        self.parts.fit
    }

    /// What is in the way.
    pub fn blockers(&self) -> &[Blocker] {
        &self.parts.blockers
    }

    /// What is in the way with or without a reason.
    pub fn in_the_way(&self, reason: Option<&Reason>) -> Vec<Blocker> {
        let passes = |blocker: &Blocker| reason.is_some_and(|reason| reason.covers(blocker));
        self.parts.blockers.iter().filter(|blocker| !passes(blocker)).cloned().collect()
    }

    /// The same with a reason for everything that this plan shows: for who sees plan and reason at once.
    pub fn confirm_as_shown(self, typed: &str, reason: Option<&str>) -> Result<Confirmed, Refused> {
        let reason = reason.map(|reason| Reason::given(reason, &self));
        self.confirm(typed, reason.as_ref())
    }

    /// Turns the plan into what the engine takes, if `typed` is exactly the failed
    /// region's name and nothing is in the way but what the reason was given for.
    pub fn confirm(self, typed: &str, reason: Option<&Reason>) -> Result<Confirmed, Refused> {
        let blocked = self.in_the_way(reason);
        if !blocked.is_empty() {
            return Err(Refused::Blocked(blocked));
        }
        if typed != self.region.name || typed.is_empty() {
            return Err(Refused::WrongName { expected: self.region.name });
        }
        let (Some(request), Some(target)) = (self.parts.request.clone(), self.parts.target.clone()) else {
            return Err(Refused::Blocked(vec![Blocker::firm("The plan is not complete")]));
        };
        let reason = reason.map(|reason| reason.text.trim().to_owned()).filter(|reason| !reason.is_empty());
        let overridden = self.parts.blockers.clone();
        Ok(Confirmed { plan: self, request, target, reason, overridden })
    }
}

/// A plan that a person confirmed. No public constructor, no Clone, no Deserialize:
/// it is used up by applying it once.
#[derive(Debug)]
pub struct Confirmed {
    plan: Plan,
    request: Request,
    target: Target,
    reason: Option<String>,
    overridden: Vec<Blocker>,
}

impl Confirmed {
    /// What is done.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The cluster that it is done to, and no other.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The plan as it was shown.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The reason given for going past blockers.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The blockers that the reason went past.
    pub fn overridden(&self) -> &[Blocker] {
        &self.overridden
    }
}

/// What a finished action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum ActionOutcome {
    /// Done; what the server or program said.
    Done {
        /// In a phrase.
        message: String,
    },
    /// Not done, or not wholly.
    Failed {
        /// Why, in a sentence.
        message: String,
        /// Is it certain that nothing was changed?
        unchanged: bool,
    },
    /// Stopped by a person; what it may have left half-done.
    Cancelled {
        /// In a sentence.
        message: String,
        /// Is it certain that nothing was changed?
        unchanged: bool,
    },
}

impl ActionOutcome {
    /// Is it certain that nothing was changed?
    pub fn is_unchanged(&self) -> bool {
        match self {
            Self::Done { .. } => false,
            Self::Failed { unchanged, .. } | Self::Cancelled { unchanged, .. } => *unchanged,
        }
    }

    /// Failed before anything was done.
    pub fn not_done(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), unchanged: true }
    }
}

/// The name of the release that the platform belongs to: the runbook gives the
/// release and the Deployment one name.
pub fn release_name(profile: &Profile) -> &str {
    &profile.deployment
}

#[cfg(test)]
#[path = "action_tests.rs"]
mod promises;
