//! What there is to find and to do in a practice scenario: by its id, which is the id of its cause or of two, and
//! by what helps against them ([`super::fits`]).

use super::action::ActionKind;
use super::cause::Fit;
use super::fits::{self, Fits};

/// What a practice scenario teaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// The outcome that step 1 comes to first, by its id.
    pub outcome: &'static str,
    /// The causes, by their ids, in the order in which they are met.
    pub causes: Vec<&'static str>,
    /// How a good run ends.
    pub end: GoodEnd,
    /// Others have something to repair.
    pub others: bool,
    /// The failover cannot be confirmed: an action needs a reason, and that is right here.
    pub needs_reason: bool,
    /// The other region is the one that failed.
    pub swaps: bool,
}

/// How a good run of a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoodEnd {
    /// The region recovers.
    Recovered,
    /// Somebody is called; this runbook does not apply.
    Stopped,
    /// Nothing was wrong: nothing is done.
    Left,
}

/// What an action does against the scenario's causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Helps {
    /// It helps against this cause.
    Against(&'static str),
    /// It helps once others have repaired what is theirs.
    OnceRepaired(&'static str),
    /// It helps once another action has mended this cause, and is not needed then.
    AfterAnother(&'static str, &'static str),
    /// It cannot help, for this reason.
    Not(&'static str),
}

/// The lesson of a scenario; `None` where it is not known.
pub fn of(scenario: &str) -> Option<Lesson> {
    let (outcome, causes): (_, Vec<&'static str>) = match scenario {
        "healthy" => ("nothing-failing", vec!["nothing-failing"]),
        "wrong-region" => ("other-region-failing", vec!["wrong-region", "scaled-to-zero"]),
        "credentials-expired" => ("could-not-check", vec!["credentials-expired", "scaled-to-zero"]),
        "route53-out-of-reach" => ("could-not-check", vec!["crash-loop"]),
        "permission-missing" => ("failover-active", vec!["permission-missing", "scaled-to-zero"]),
        "crash-loop-and-inverted-check" => ("all-failing", vec!["health-check-misconfigured", "crash-loop"]),
        "closed-port-and-image-pull" => ("failover-active", vec!["security-group-closed", "image-pull"]),
        "database-down" => ("all-failing", vec!["database-down"]),
        "all-regions-failing" => ("all-failing", vec!["all-regions-failing"]),
        cause => ("failover-active", vec![fits::id(cause)?]),
    };
    let end = match scenario {
        "healthy" => GoodEnd::Left,
        "database-down" | "all-regions-failing" => GoodEnd::Stopped,
        _ => GoodEnd::Recovered,
    };
    let needs_reason = matches!(scenario, "route53-out-of-reach" | "crash-loop-and-inverted-check");
    let not_ours = |cause: &&str| !is_ours(cause) && !matches!(*cause, "nothing-failing" | "wrong-region");
    Some(Lesson {
        outcome,
        others: scenario == "route53-out-of-reach" || causes.iter().any(not_ours),
        swaps: causes.contains(&"wrong-region"),
        causes,
        end,
        needs_reason,
    })
}

/// Is there an action that fits the cause? Else its repair is somebody else's.
pub fn is_ours(cause: &str) -> bool {
    fitting(cause).is_some()
}

/// The action that fits the cause, with the reason.
pub fn fitting(cause: &str) -> Option<(ActionKind, &'static str)> {
    let row = fits::of(cause)?;
    ActionKind::ALL.into_iter().find_map(|kind| match row.of(kind) {
        Fit::Fits(reason) => Some((kind, reason)),
        _ => None,
    })
}

/// The action that is worth something once others have repaired the cause, with the reason.
pub fn afterwards(cause: &str) -> Option<(ActionKind, &'static str)> {
    let row = fits::of(cause).filter(|_| !is_ours(cause))?;
    let restart = row.of(ActionKind::Restart);
    matches!(restart, Fit::Later(_) | Fit::Also(_)).then_some((ActionKind::Restart, restart.reason()))
}

impl Lesson {
    /// Is this one of its causes?
    pub fn is_right(&self, cause: &str) -> bool {
        self.causes.contains(&cause)
    }

    /// What an action does against the causes: of several the one that it helps most against, of equals the last,
    /// which lies deepest in the region.
    pub fn helps(&self, kind: ActionKind) -> Helps {
        let against = |cause: &&'static str| fits::of(cause).map(|row| helps(row, cause, kind));
        let all = self.causes.iter().filter_map(against);
        all.max_by_key(|helps| rank(*helps)).unwrap_or(Helps::Not("Nothing is known of it"))
    }
}

fn helps(row: Fits, cause: &'static str, kind: ActionKind) -> Helps {
    let ours = is_ours(cause);
    match row.of(kind) {
        Fit::Fits(_) => Helps::Against(cause),
        Fit::Also(_) if ours => Helps::Against(cause),
        Fit::Later(reason) if ours => Helps::AfterAnother(cause, reason),
        Fit::Also(_) | Fit::Later(_) => Helps::OnceRepaired(cause),
        Fit::CannotHelp(reason) | Fit::Unproven(reason) => Helps::Not(reason),
    }
}

/// The better, the larger.
fn rank(helps: Helps) -> u8 {
    match helps {
        Helps::Against(_) => 3,
        Helps::OnceRepaired(_) => 2,
        Helps::AfterAnother(..) => 1,
        Helps::Not(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_is_what_the_table_says() {
        let helps = |scenario: &str, kind| of(scenario).unwrap().helps(kind);
        assert_eq!(helps("scaled-to-zero", ActionKind::Scale), Helps::Against("scaled-to-zero"));
        assert_eq!(helps("scaled-to-zero", ActionKind::ReapplyHelm), Helps::Against("scaled-to-zero"));
        assert_eq!(
            helps("scaled-to-zero", ActionKind::Restart),
            Helps::Not("Cannot help: there is no pod to restart")
        );
        assert_eq!(helps("route-missing", ActionKind::Restart), Helps::OnceRepaired("route-missing"));
        // What lies deepest gives the reason.
        assert_eq!(
            helps("permission-missing", ActionKind::Restart),
            Helps::Not("Cannot help: there is no pod to restart")
        );
        assert!(matches!(helps("release-pending", ActionKind::ReapplyHelm), Helps::AfterAnother(..)));
        assert!(matches!(helps("healthy", ActionKind::Scale), Helps::Not(_)));
        assert_eq!(of("no-such-scenario"), None);
        assert_eq!(afterwards("route-missing").map(|(kind, _)| kind), Some(ActionKind::Restart));
        assert_eq!(afterwards("nodes-not-ready"), None);
        assert_eq!(fitting("release-pending").map(|(kind, _)| kind), Some(ActionKind::Rollback));
    }
}
