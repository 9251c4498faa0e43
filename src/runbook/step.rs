//! The runbook's five steps.

use serde::{Deserialize, Serialize};

/// A step of the runbook, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Before the runbook: this machine, its credentials and permissions. No step of the rail.
    Preflight,
    /// Step 1, confirm failover is active.
    Confirm,
    /// Step 2, diagnose the failed region.
    Diagnose,
    /// Step 3, restore the failed region.
    Restore,
    /// Step 4, wait for the rollout to complete.
    Rollout,
    /// Step 5, verify recovery.
    Verify,
}

impl Step {
    /// The runbook's five, in order.
    pub const ALL: [Self; 5] = [Self::Confirm, Self::Diagnose, Self::Restore, Self::Rollout, Self::Verify];

    /// 1 to 5, as in the runbook; 0 for the preflight.
    pub fn number(self) -> usize {
        self as usize
    }

    /// The name in JSON and in the journal.
    pub fn id(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Confirm => "confirm",
            Self::Diagnose => "diagnose",
            Self::Restore => "restore",
            Self::Rollout => "rollout",
            Self::Verify => "verify",
        }
    }

    /// The name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Preflight => "Our side",
            Self::Confirm => "Confirm failover",
            Self::Diagnose => "Diagnose",
            Self::Restore => "Restore",
            Self::Rollout => "Rollout",
            Self::Verify => "Verify",
        }
    }
}
