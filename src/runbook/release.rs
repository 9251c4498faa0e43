//! What the records of the platform's Helm release let Helm do next.
//!
//! Helm 3 and 4 refuse an upgrade while the newest revision is pending ("another operation
//! (install/upgrade/rollback) is in progress"), and where it is about to be uninstalled and no revision is
//! deployed. They do not refuse a rollback, whoever else is at it: so its age matters here.

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::fact::{Release, ReleaseFacts};

/// An operation younger than this may still be under way: it is Helm's own limit for one that waits, and
/// ours for Helm.
const MAY_BE_UNDER_WAY: SignedDuration = SignedDuration::from_mins(5);

/// Did an operation begin on this release that has not ended?
pub fn is_pending(release: &Release) -> bool {
    matches!(release.status.as_str(), "pending-install" | "pending-upgrade" | "pending-rollback")
}

/// Will Helm refuse to upgrade it?
pub fn refuses_upgrade(release: &Release) -> bool {
    let deployed = || release.last_good.as_ref().is_some_and(|good| good.status == "deployed");
    match release.status.as_str() {
        "uninstalling" | "unknown" => !deployed(),
        _ => is_pending(release),
    }
}

/// The failed region's release, where Helm will refuse to upgrade it.
pub fn stuck<'a>(case: &Case<'a>) -> Option<&'a Release> {
    match case.readings.release(case.failed)?.ok()? {
        ReleaseFacts::Found(release) if refuses_upgrade(release) => Some(release),
        _ => None,
    }
}

/// May the operation that left it so be under way this minute? So may one of which it is not known when it
/// began.
pub fn may_be_under_way(release: &Release, now: Timestamp) -> bool {
    release.created_at.is_none_or(|at| now.duration_since(at) < MAY_BE_UNDER_WAY)
}

/// What Helm's record says, in a phrase: `pending-upgrade, revision 3, since 02:41:07 UTC`.
pub fn said(release: &Release, now: Timestamp) -> String {
    let Release { status, revision, .. } = release;
    match release.created_at {
        Some(at) if refuses_upgrade(release) => {
            let today = now.duration_since(at) < SignedDuration::from_hours(12);
            let since = at.strftime(if today { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" });
            format!("{status}, revision {revision}, since {since} UTC")
        }
        _ => format!("{status}, revision {revision}"),
    }
}

/// Why Helm refuses to upgrade it and what to do first, in a sentence.
pub fn refusal(release: &Release, now: Timestamp) -> String {
    let said = said(release, now);
    let first = match &release.last_good {
        Some(_) if may_be_under_way(release, now) => {
            "That is less than five minutes ago: somebody may be at it, so wait for the end or ask who it is"
                .to_owned()
        }
        Some(good) => format!("Roll back to revision {} first", good.revision),
        None => "No revision was ever deployed whole, so there is none to roll back to: Diagnose says what \
                 is left to do"
            .to_owned(),
    };
    format!("Helm's record says {said}: Helm refuses every upgrade until that has ended. {first}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::fact::GoodRevision;

    fn release(status: &str, age_secs: i64, good: Option<&str>) -> (Release, Timestamp) {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let good =
            good.map(|status| GoodRevision { revision: 2, status: status.to_owned(), created_at: None });
        let release =
            Release { revision: 3, status: status.to_owned(), created_at: Some(at), last_good: good };
        (release, at + SignedDuration::from_secs(age_secs))
    }

    #[test]
    fn helm_refuses_what_its_source_says_it_refuses() {
        for (status, good, refused) in [
            ("deployed", None, false),
            ("failed", None, false),
            ("failed", Some("deployed"), false),
            ("superseded", None, false),
            ("uninstalled", Some("superseded"), false),
            ("uninstalling", Some("deployed"), false),
            ("uninstalling", Some("superseded"), true),
            ("unknown", None, true),
            ("pending-install", None, true),
            ("pending-upgrade", Some("deployed"), true),
            ("pending-rollback", Some("superseded"), true),
            // Not a record of Helm's: nothing is said of it.
            ("", None, false),
        ] {
            assert_eq!(refuses_upgrade(&release(status, 0, good).0), refused, "{status} {good:?}");
        }
    }

    #[test]
    fn a_young_operation_is_left_alone_and_an_old_one_rolled_back() {
        for (age, good, words) in [
            (-3, Some("deployed"), "somebody may be at it"),
            (
                40,
                Some("deployed"),
                "since 08:00:00 UTC: Helm refuses every upgrade until that has ended. That is less",
            ),
            (299, Some("deployed"), "somebody may be at it"),
            (300, Some("deployed"), "Roll back to revision 2 first"),
            (172_800, Some("superseded"), "since 2027-01-15 08:00:00 UTC"),
            (300, None, "No revision was ever deployed whole"),
        ] {
            let (release, now) = release("pending-upgrade", age, good);
            let said = refusal(&release, now);
            assert!(said.contains(words) && said.contains("pending-upgrade, revision 3"), "{said}");
        }
        let (mut release, now) = release("pending-upgrade", 9_000, Some("deployed"));
        release.created_at = None;
        assert!(may_be_under_way(&release, now));
    }
}
