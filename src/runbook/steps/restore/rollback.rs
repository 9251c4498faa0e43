//! The plan to roll the release back to the last revision that was deployed whole.

use super::helm;
use crate::runbook::action::{ActionKind, Blocker, Parts, release_name};
use crate::runbook::case::Case;
use crate::runbook::cause::Fit;
use crate::runbook::command;
use crate::runbook::fact::{GoodRevision, Release, ReleaseFacts};
use crate::runbook::release;

pub(super) fn rollback(case: &Case, fit: Fit) -> Parts {
    let mut blockers = Vec::new();
    let (tool, major) = helm(case);
    let request = tool.map_err(|blocker| blockers.push(blocker)).ok();
    let target = target(case).map_err(|blocker| blockers.push(blocker)).ok();
    if let Some((newest, _)) = target
        && release::is_pending(newest)
        && release::may_be_under_way(newest, case.now)
    {
        let key = format!("rollback-beside-revision {}", newest.revision);
        blockers.push(Blocker::overridable(key, format!(
            "Revision {} was begun less than five minutes ago, and somebody may be at it: Helm does not stop a \
             rollback beside it, and what is left is a mixture of both",
            newest.revision
        )));
    }
    let (name, namespace) = (release_name(case.profile), &case.profile.namespace);
    let good = target.map(|(_, good)| good);
    let to =
        good.map_or("the last deployed revision".to_owned(), |good| format!("revision {}", good.revision));
    let from = good.and_then(|good| good.created_at);
    let from = from.map_or(String::new(), |at| format!(" of {} UTC", at.strftime("%Y-%m-%d %H:%M")));
    let newest = target.map_or("?".to_owned(), |(newest, _)| newest.revision.to_string());
    Parts {
        kind: ActionKind::Rollback,
        request,
        target: None,
        newest: target.map(|(newest, _)| (newest.revision, newest.status.clone())),
        blockers,
        title: format!("Roll back to {to}"),
        changes: format!(
            "release {name} in {namespace}: everything of the chart, version and values as in {to}{from}"
        ),
        undo: format!("re-apply the values file, or apply revision {newest} as it was meant, whole"),
        undo_command: target.map(|(newest, _)| {
            command::helm_rollback(case.profile, case.failed_region(), Some(newest.revision), major)
        }),
        preview_command: None,
        basis: String::new(),
        usual_duration: "about 2 minutes",
        if_changed_since: format!("refused if revision {newest} ended, or another one began"),
        command: command::helm_rollback(
            case.profile,
            case.failed_region(),
            good.map(|good| good.revision),
            major,
        ),
        notes: vec![
            "Before you confirm, make sure that nobody is at the release: a pipeline, a colleague".to_owned(),
            "The replicas go back to what that revision says".to_owned(),
        ],
        fit,
    }
}

/// The newest revision, and the one to go back to.
fn target<'a>(case: &Case<'a>) -> Result<(&'a Release, &'a GoodRevision), Blocker> {
    let name = release_name(case.profile);
    let newest = match case.readings.release(case.failed) {
        Some(Ok(ReleaseFacts::Found(release))) => release,
        Some(Ok(ReleaseFacts::Missing)) => {
            return Err(Blocker::firm(format!(
                "Helm has no record of release {name}: there is nothing to roll back"
            )));
        }
        Some(Err(why)) => {
            return Err(Blocker::firm(format!("Helm's records could not be read: {}", why.message)));
        }
        None => return Err(Blocker::firm("Helm's records have not been read yet")),
    };
    let said = release::said(newest, case.now);
    if newest.status == "deployed" {
        return Err(Blocker::firm(format!("Helm's record says {said}: there is nothing to roll back")));
    }
    let good = newest.last_good.as_ref();
    let good = good.ok_or_else(|| {
        Blocker::firm(format!("Helm's record says {said}, and no revision was ever deployed whole"))
    })?;
    Ok((newest, good))
}
