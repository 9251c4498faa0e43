//! Actions: what changes the failed region, from plan to typed confirmation.
//!
//! A [`Plan`] can only be made for the failed region of a case, and a
//! [`Confirmed`] only of a plan, by typing that region's name. Nothing else in
//! the program leads to a write.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cause::Fit;
use super::command::Command;
use super::profile::{Profile, Region};

/// The actions of the runbook's step 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Scale the Deployment to the environment's replica count.
    Scale,
    /// Restart the Deployment.
    Restart,
    /// Re-apply the values file by Helm.
    ReapplyHelm,
    /// Re-apply the values file by the vCluster CLI.
    ReapplyVcluster,
}

impl ActionKind {
    /// All of them, in the order of how much they change.
    pub const ALL: [Self; 4] = [Self::Scale, Self::Restart, Self::ReapplyHelm, Self::ReapplyVcluster];

    /// The name on the command line and in the journal.
    pub fn id(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::Restart => "restart",
            Self::ReapplyHelm => "reapply-helm",
            Self::ReapplyVcluster => "reapply-vcluster",
        }
    }

    /// The imperative on its button, before the region's name.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Scale => "Scale up",
            Self::Restart => "Restart",
            Self::ReapplyHelm | Self::ReapplyVcluster => "Re-apply to",
        }
    }

    /// What a cancel leaves half-done, in a sentence.
    pub fn if_cancelled(self) -> &'static str {
        match self {
            Self::Scale | Self::Restart => {
                "Cancel only stops the wait for the answer: a request that was sent may still take effect"
            }
            Self::ReapplyHelm | Self::ReapplyVcluster => {
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
    /// Patch of `spec.replicas`; refused if uid or resourceVersion differ.
    Scale {
        /// Namespace of the Deployment.
        namespace: String,
        /// Its name.
        deployment: String,
        /// Its uid as read.
        uid: String,
        /// Its version as read.
        resource_version: String,
        /// How many.
        replicas: u32,
    },
    /// A program. Its argv is the plan's command.
    Tool {
        /// Full path of the program.
        program: std::path::PathBuf,
        /// For the vCluster CLI: the release whose admin password is passed on (`domain.md`, T5).
        keeps_password_of: Option<String>,
    },
}

/// Something in the way of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
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
        Self { text: text.into(), overridable: false, tool_missing: false }
    }

    /// A person may go past this with a reason.
    pub fn overridable(text: impl Into<String>) -> Self {
        Self { text: text.into(), overridable: true, tool_missing: false }
    }

    /// A program is missing.
    pub fn tool(text: impl Into<String>) -> Self {
        Self { text: text.into(), overridable: false, tool_missing: true }
    }
}

/// What would be done, to what, and what it takes. For reading; only
/// [`Plan::confirm`] makes it more.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    kind: ActionKind,
    region: Region,
    request: Option<Request>,
    blockers: Vec<Blocker>,
    /// Its name, for example "Scale up to 3".
    pub title: String,
    /// What it changes.
    pub changes: String,
    /// What it leaves alone.
    pub does_not_touch: String,
    /// How it is undone.
    pub undo: String,
    /// How long it usually takes.
    pub usual_duration: &'static str,
    /// What happens if the target changed since it was read.
    pub if_changed_since: String,
    /// The command that does the same.
    pub command: Command,
    /// What a person should know before.
    pub notes: Vec<String>,
    /// Whether it helps against the first cause.
    pub fit: Fit,
}

/// What [`Plan::draft`] is made of.
pub(super) struct Parts {
    pub(super) kind: ActionKind,
    pub(super) request: Option<Request>,
    pub(super) blockers: Vec<Blocker>,
    pub(super) title: String,
    pub(super) changes: String,
    pub(super) undo: String,
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

impl Plan {
    /// Only a case's own plans: for its failed region, from its facts.
    pub(super) fn draft(case: &super::case::Case, parts: Parts) -> Self {
        let others = case.profile.others(case.failed).map(|other| case.profile.region(other).name.clone());
        let mut untouched: Vec<String> = others.collect();
        untouched.push("the database".to_owned());
        Self {
            kind: parts.kind,
            region: case.failed_region().clone(),
            request: parts.request,
            blockers: parts.blockers,
            title: parts.title,
            changes: parts.changes,
            does_not_touch: untouched.join(", "),
            undo: parts.undo,
            usual_duration: parts.usual_duration,
            if_changed_since: parts.if_changed_since,
            command: parts.command,
            notes: parts.notes,
            fit: parts.fit,
        }
    }

    /// Which action.
    pub fn kind(&self) -> ActionKind {
        self.kind
    }

    /// The failed region: its only target.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// What is in the way.
    pub fn blockers(&self) -> &[Blocker] {
        &self.blockers
    }

    /// What is in the way with or without a reason.
    pub fn in_the_way(&self, reason: Option<&str>) -> Vec<Blocker> {
        let given = reason.is_some_and(|reason| !reason.trim().is_empty());
        self.blockers.iter().filter(|blocker| !(blocker.overridable && given)).cloned().collect()
    }

    /// Turns the plan into what the engine takes, if `typed` is exactly the failed
    /// region's name and nothing is in the way. `reason` goes past overridable blockers.
    pub fn confirm(self, typed: &str, reason: Option<&str>) -> Result<Confirmed, Refused> {
        let blocked = self.in_the_way(reason);
        if !blocked.is_empty() {
            return Err(Refused::Blocked(blocked));
        }
        if typed != self.region.name {
            return Err(Refused::WrongName { expected: self.region.name });
        }
        let Some(request) = self.request.clone() else {
            return Err(Refused::Blocked(vec![Blocker::firm("The plan is not complete")]));
        };
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
        let overridden = self.blockers.iter().map(|blocker| blocker.text.clone()).collect();
        Ok(Confirmed { plan: self, request, reason, overridden })
    }
}

/// A plan that a person confirmed. No public constructor, no Clone, no Deserialize:
/// it is used up by applying it once.
#[derive(Debug)]
pub struct Confirmed {
    plan: Plan,
    request: Request,
    reason: Option<String>,
    overridden: Vec<String>,
}

impl Confirmed {
    /// What is done.
    pub fn request(&self) -> &Request {
        &self.request
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
    pub fn overridden(&self) -> &[String] {
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
    },
}

/// The name of the release that the platform belongs to: the runbook gives the
/// release and the Deployment one name.
pub fn release_name(profile: &Profile) -> &str {
    &profile.deployment
}

#[cfg(test)]
#[path = "action_tests.rs"]
mod promises;
