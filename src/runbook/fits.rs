//! What each action does against each cause: one table, with a default in each row, so that a new action
//! costs an entry only where it helps, or where the reason why it does not is worth a word of its own.

use super::action::ActionKind::{self, ReapplyHelm, ReapplyVcluster, Restart, Rollback, Scale};
use super::cause::Fit::{self, Also, CannotHelp, Later};

/// One row of the table: a cause, or one form of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fits {
    /// Of every action that `but` does not name.
    otherwise: Fit,
    /// What is different.
    but: &'static [(ActionKind, Fit)],
}

impl Fits {
    const fn all(otherwise: Fit) -> Self {
        Self { otherwise, but: &[] }
    }

    const fn but(otherwise: Fit, but: &'static [(ActionKind, Fit)]) -> Self {
        Self { otherwise, but }
    }

    /// Whether an action helps against it.
    pub fn of(&self, action: ActionKind) -> Fit {
        let named = self.but.iter().find(|(kind, _)| *kind == action);
        named.map_or(self.otherwise, |(_, fit)| *fit)
    }
}

/// Every cause's row as long as nothing more is known of it than that it is the one.
const ROWS: [(&str, Fits); 25] = [
    ("all-regions-failing", ALL_REGIONS_FAILING),
    ("cluster-down", CLUSTER_DOWN),
    ("cluster-unreachable", CLUSTER_UNREACHABLE),
    ("crash-loop", CRASH_LOOP),
    ("credentials-expired", CREDENTIALS_EXPIRED),
    ("database-down", DATABASE_DOWN),
    ("database-identity", AFTER_THE_REPAIR),
    ("database-unreachable", DATABASE_UNREACHABLE),
    ("deployment-missing", DEPLOYMENT_MISSING),
    ("health-check-misconfigured", LEAVE_THE_PLATFORM),
    ("image-pull", IMAGE_PULL),
    ("ingress-not-reconciled", INGRESS_NOT_RECONCILED),
    ("nodes-not-ready", NODES_NOT_READY),
    ("nothing-failing", LEAVE_THE_PLATFORM),
    ("peering-inactive", AFTER_THE_REPAIR),
    ("permission-missing", PERMISSION_MISSING),
    ("release-pending", RELEASE_PENDING),
    ("resource-exhaustion", OUT_OF_MEMORY),
    ("route-missing", AFTER_THE_REPAIR),
    ("scaled-to-zero", SCALED_TO_ZERO),
    ("security-group-closed", AFTER_THE_REPAIR),
    ("targets-unhealthy", TARGETS_UNHEALTHY),
    ("unschedulable", UNSCHEDULABLE),
    ("version-skew", VERSION_SKEW),
    ("wrong-region", LEAVE_THE_PLATFORM),
];

/// The row of a cause, by its id; `None` where no cause has this id.
pub fn of(cause: &str) -> Option<Fits> {
    ROWS.iter().find(|(id, _)| *id == cause).map(|(_, row)| *row)
}

/// A cause's id as it is kept here; `None` where no cause has this id.
pub fn id(cause: &str) -> Option<&'static str> {
    ROWS.iter().find(|(id, _)| *id == cause).map(|(id, _)| *id)
}

/// The default of the rows of causes within the platform.
const NOT_THIS: Fit = CannotHelp("Cannot help: this is not what it mends");
const PASSWORD: Fit = Also("Also works; may change the admin password");
const RIGHT_VERSION: Fit = Fit::Fits("Fits: installs the version that the healthy region runs");
const NO_NODE: Fit = CannotHelp("Cannot help: new pods find no node either");
const MORE_CRASHES: Fit = CannotHelp("Cannot help: more pods would crash too");

/// Where nobody said more: the repair is outside of the platform.
pub(super) const ELSEWHERE: Fits = Fits::all(CannotHelp("Cannot help: the repair is not the platform's"));

/// Where the failed region itself works: nothing of the platform is to be changed.
pub(super) const LEAVE_THE_PLATFORM: Fits =
    Fits::all(CannotHelp("Cannot help: the platform is not what is broken"));

/// No region is left to fail over to.
pub(super) const ALL_REGIONS_FAILING: Fits =
    Fits::all(CannotHelp("Not by this runbook: it assumes a healthy region"));

/// The database itself is the fault.
pub(super) const DATABASE_DOWN: Fits =
    Fits::all(CannotHelp("Not by this runbook: the database has one of its own"));

/// Nobody is signed in.
pub(super) const CREDENTIALS_EXPIRED: Fits = Fits::all(CannotHelp("Cannot run: sign in first"));

/// Nothing may be read.
pub(super) const PERMISSION_MISSING: Fits =
    Fits::all(CannotHelp("Not permitted to look, so nothing is known to act on"));

/// The API is out of reach.
pub(super) const CLUSTER_UNREACHABLE: Fits = Fits::all(CannotHelp("Cannot run: the cluster does not answer"));

/// EKS says that the cluster is down.
pub(super) const CLUSTER_DOWN: Fits = Fits::but(
    CannotHelp("Cannot run: the cluster is down"),
    &[(ReapplyHelm, ONCE_IT_IS_BACK), (ReapplyVcluster, ONCE_IT_IS_BACK)],
);
const ONCE_IT_IS_BACK: Fit =
    CannotHelp("Only once the cluster is back, or its replacement is in the variables");

/// The way to the database is broken: a restart only skips the wait after the repair.
pub(super) const AFTER_THE_REPAIR: Fits = Fits::but(
    CannotHelp("Cannot help: the values are not what is broken"),
    &[
        (Restart, Later("Only after the repair: then it skips the wait between crashes")),
        (Scale, MORE_CRASHES),
    ],
);

/// The database cannot be reached, and the way to it shows no fault.
pub(super) const DATABASE_UNREACHABLE: Fits = Fits::but(
    AFTER_THE_REPAIR.otherwise,
    &[
        (Restart, Also("Helps once the database is in reach again: skips the wait between crashes")),
        (Scale, MORE_CRASHES),
    ],
);

/// The database has no connection left.
pub(super) const DATABASE_FULL: Fits =
    Fits::all(CannotHelp("Cannot help: each new pod wants more connections"));

/// Nodes are not ready.
pub(super) const NODES_NOT_READY: Fits = Fits::but(
    CannotHelp("Cannot help: the nodes are not part of the chart"),
    &[(Restart, NO_NODE), (Scale, NO_NODE)],
);

/// No node takes the pods.
pub(super) const UNSCHEDULABLE: Fits =
    Fits::but(NO_NODE, &[(ReapplyHelm, ASKS_FOR_LESS), (ReapplyVcluster, ASKS_FOR_LESS)]);
const ASKS_FOR_LESS: Fit = Also("Helps only if the values file asks for less than before");

/// There is no Deployment.
pub(super) const DEPLOYMENT_MISSING: Fits = Fits::but(
    NOT_THIS,
    &[
        (ReapplyHelm, Fit::Fits("Fits the cause")),
        (ReapplyVcluster, PASSWORD),
        (Restart, CannotHelp("Cannot help: there is no Deployment to restart")),
        (Scale, CannotHelp("Cannot help: there is no Deployment to scale")),
    ],
);

/// The Deployment wants no pods.
pub(super) const SCALED_TO_ZERO: Fits = Fits::but(
    NOT_THIS,
    &[
        (Scale, Fit::Fits("Fits the cause")),
        (ReapplyHelm, CHANGES_MORE),
        (ReapplyVcluster, CHANGES_MORE),
        (Restart, CannotHelp("Cannot help: there is no pod to restart")),
    ],
);
const CHANGES_MORE: Fit = Also("Also works, changes more");

/// The image of another version cannot be pulled.
pub(super) const IMAGE_PULL: Fits = Fits::but(
    NOT_THIS,
    &[
        (ReapplyHelm, RIGHT_VERSION),
        (ReapplyVcluster, PASSWORD),
        (Restart, SAME_IMAGE),
        (Scale, MORE_OF_THE_IMAGE),
    ],
);
const SAME_IMAGE: Fit = CannotHelp("Cannot help: new pods want the same image");
const MORE_OF_THE_IMAGE: Fit = CannotHelp("Cannot help: more pods would want the same image");

/// The image of the right version cannot be pulled.
pub(super) const IMAGE_PULL_OF_THE_RIGHT_VERSION: Fits = Fits::but(
    NOT_THIS,
    &[
        (ReapplyHelm, ANOTHER_REGISTRY),
        (ReapplyVcluster, ANOTHER_REGISTRY),
        (Restart, SAME_IMAGE),
        (Scale, MORE_OF_THE_IMAGE),
    ],
);
const ANOTHER_REGISTRY: Fit =
    Also("Helps only if the values file names another registry: the version is right");

/// Pods are killed for want of memory.
pub(super) const OUT_OF_MEMORY: Fits = Fits::but(
    NOT_THIS,
    &[
        (ReapplyHelm, Fit::Fits("Fits, once the values file has higher limits")),
        (ReapplyVcluster, Also("Also works, with higher limits; may change the admin password")),
        (Restart, CannotHelp("Cannot help: new pods get no more memory than the old ones")),
        (Scale, CannotHelp("Cannot help: more pods would be killed too")),
    ],
);

/// Pods were evicted: their node ran short.
pub(super) const NO_ROOM: Fits = Fits::all(CannotHelp("Cannot help: the nodes have no room"));

/// The region runs another version than the healthy one.
pub(super) const VERSION_SKEW: Fits = Fits::but(
    NOT_THIS,
    &[
        (ReapplyHelm, RIGHT_VERSION),
        (ReapplyVcluster, PASSWORD),
        (Restart, CannotHelp("Cannot help: new pods have the same version")),
        (Scale, CannotHelp("Cannot help: more pods have the same version")),
    ],
);

/// The load balancer's controller fails.
pub(super) const INGRESS_NOT_RECONCILED: Fits = Fits::but(
    CannotHelp("Cannot help: the pods are not what is broken"),
    &[(ReapplyHelm, WRONG_INGRESS), (ReapplyVcluster, WRONG_INGRESS)],
);
const WRONG_INGRESS: Fit = Also("Helps only if the Ingress itself is wrong or missing");

/// The load balancer does not reach pods that run.
pub(super) const TARGETS_UNHEALTHY: Fits = Fits::but(
    LEAVE_THE_PLATFORM.otherwise,
    &[(Restart, CannotHelp("Cannot help: the pods are ready, and new ones are as little reached"))],
);

/// Pods crash for a reason of their own.
pub(super) const CRASH_LOOP: Fits = Fits::but(
    NOT_THIS,
    &[
        (Restart, Fit::Fits("Fits the cause; read the logs first")),
        (ReapplyHelm, Also("Also starts new pods, changes more")),
        (ReapplyVcluster, Also("Also starts new pods; may change the admin password")),
        (Scale, MORE_CRASHES),
    ],
);

/// An operation on the release has not ended, and there is a revision to go back to.
pub(super) const RELEASE_PENDING: Fits = Fits::but(
    CannotHelp("Cannot help: the release stays pending"),
    &[
        (Rollback, Fit::Fits("Fits: until then Helm refuses to re-apply")),
        (ReapplyHelm, AFTER_THE_ROLLBACK),
        (ReapplyVcluster, AFTER_THE_ROLLBACK),
    ],
);
/// A re-apply, while the release is pending.
pub(super) const AFTER_THE_ROLLBACK: Fit = Later("Only after the rollback: until then Helm refuses it");

/// The first install has not ended: there is no revision to go back to.
pub(super) const RELEASE_NEVER_DEPLOYED: Fits = Fits::but(
    CannotHelp("Cannot help: the release stays pending"),
    &[
        (Rollback, CannotHelp("Cannot help: no revision was ever deployed")),
        (ReapplyHelm, ONCE_FORGOTTEN),
        (ReapplyVcluster, ONCE_FORGOTTEN),
    ],
);
const ONCE_FORGOTTEN: Fit =
    Later("Only once the record of the first install is gone: until then Helm refuses it");
