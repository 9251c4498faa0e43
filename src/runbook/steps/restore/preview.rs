//! What a plan would change: what a preview of it stands on, when one can be read, and what is told of it.

use std::time::Duration;

use jiff::Timestamp;

use crate::runbook::action::{ActionKind, Parts, Plan};
use crate::runbook::case::Case;
use crate::runbook::fact::{Change, DeploymentFacts, ObjectChange, PreviewFacts, ReleaseFacts};
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::{Question, Readings};
use crate::runbook::verdict::Why;

/// A preview older than this is read again: what others change meanwhile is not in it.
pub const MAX_AGE: Duration = Duration::from_secs(300);

/// How long a preview may take, Helm's dry run and all answers of the cluster included.
pub const LIMIT: Duration = Duration::from_secs(100);

/// What a preview of a plan stands on, as a text to compare.
pub(super) fn basis(case: &Case, parts: &Parts) -> String {
    let generation = match case.readings.deployment(case.failed) {
        Some(Ok(DeploymentFacts::Found(deployment))) => Some(deployment.generation),
        _ => None,
    };
    let release = match case.readings.release(case.failed) {
        Some(Ok(ReleaseFacts::Found(release))) => Some((release.revision, release.status.as_str())),
        _ => None,
    };
    let release = release.filter(|_| !matches!(parts.kind, ActionKind::Scale | ActionKind::Restart));
    let (command, target, request) = (parts.command.shell(), &parts.target, &parts.request);
    format!("{command}\n{target:?}\n{request:?}\n{release:?}\n{generation:?}")
}

/// The revision of the release that Helm takes for the applied one: what it compares with, and goes back to.
pub fn applied(case: &Case) -> Option<u32> {
    match case.readings.release(case.failed)?.ok()? {
        ReleaseFacts::Found(release) => Some(applied_of(release)),
        ReleaseFacts::Missing => None,
    }
}

/// The same of a release's records.
pub fn applied_of(release: &crate::runbook::fact::Release) -> u32 {
    match &release.last_good {
        Some(good) if release.status != "deployed" && good.status == "deployed" => good.revision,
        _ => release.revision,
    }
}

/// Why no preview of a plan can be read, in a sentence; `None` where one can.
pub fn not_possible(plan: &Plan) -> Option<&'static str> {
    let is_blocked = plan.blockers().iter().any(|blocker| !blocker.overridable);
    let is_whole = plan.request().is_some() && plan.target().is_some();
    (is_blocked || !is_whole).then_some("What would change is read once nothing is in the way")
}

/// Why it could not be read, in a sentence.
pub fn unread(why: &Why) -> String {
    let remedy = if why.remedy.is_empty() { String::new() } else { format!(". {}", why.remedy) };
    format!("What would change could not be read: {}{remedy}", why.message)
}

/// What is known of what a plan would change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told<'a> {
    /// It is being read.
    Reading,
    /// It was read.
    Known {
        /// What was found.
        facts: &'a PreviewFacts,
        /// When, UTC.
        at: Timestamp,
        /// It is for this plan as it is now.
        of_now: bool,
    },
    /// It could not be read.
    Unknown(&'a Why),
    /// It was not asked.
    NotAsked,
}

/// What the readings say of it.
pub fn told<'a>(readings: &'a Readings, failed: RegionIndex, plan: &Plan) -> Told<'a> {
    let question = Question::Preview(failed, plan.kind());
    let of_now = |facts: &PreviewFacts| facts.basis == plan.basis();
    match (readings.preview(failed, plan.kind()), readings.observed_at(question)) {
        (Some(Ok(facts)), Some(at)) if of_now(facts) || !readings.is_asking(question) => {
            Told::Known { facts, at, of_now: of_now(facts) }
        }
        (Some(Err(why)), _) if !readings.is_asking(question) => Told::Unknown(why),
        _ if readings.is_asking(question) => Told::Reading,
        _ => Told::NotAsked,
    }
}

/// What all of it comes to, in a sentence.
pub fn summary(facts: &PreviewFacts) -> String {
    let count = |change: Change| facts.objects.iter().filter(|object| object.change == change).count();
    let words = [
        (count(Change::Changed), "changed"),
        (count(Change::Added), "new"),
        (count(Change::Removed), "deleted"),
        (count(Change::Hook), "run by Helm"),
    ];
    let told: Vec<String> =
        words.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let total = facts.objects.len();
    let more = match facts.left_out {
        0 => String::new(),
        left_out => format!(", {left_out} more not compared"),
    };
    if total == 0 {
        return match facts.unchanged {
            0 => format!("No object is known to change{more}"),
            unchanged => format!("No object changes: {unchanged} compared{more}"),
        };
    }
    let objects = if total == 1 { "object" } else { "objects" };
    let stay = match facts.unchanged {
        0 => String::new(),
        1 => "; 1 stays as it is".to_owned(),
        unchanged => format!("; {unchanged} stay as they are"),
    };
    format!("{total} {objects}: {}{stay}{more}", told.join(", "))
}

/// An object's name in a line: `Deployment vcluster-platform/loft`.
pub fn title(object: &ObjectChange) -> String {
    let namespace = object.namespace.as_ref().map_or(String::new(), |namespace| format!("{namespace}/"));
    format!("{} {namespace}{}", object.kind, object.name)
}

/// What becomes of it in a line: `changed, +3 −1; 0 → 3 pods`.
pub fn line(object: &ObjectChange) -> String {
    let mut line = format!("{}, +{} −{}", object.change.word(), object.added, object.removed);
    if let Some(effect) = &object.effect {
        line += &format!("; {effect}");
    }
    if object.refused.is_some() {
        line += "; the server refuses it";
    } else if object.unsure.is_some() {
        line += "; not asked of the cluster";
    }
    line
}

/// Sentences beside the differences: what goes, what else happens.
pub fn remarks(facts: &PreviewFacts) -> Vec<String> {
    let mut remarks = Vec::new();
    match &facts.lost_keys {
        Some(Ok(lost)) if !lost.keys.is_empty() => {
            let more = if lost.more == 0 { String::new() } else { format!(", and {} more", lost.more) };
            remarks.push(format!(
                "Set in the release and in no values file, so these go: {}{more}. Put them into the values file to \
                 keep them",
                lost.keys.join(", ")
            ));
        }
        Some(Err(why)) => remarks.push(format!(
            "What the release has set and no values file sets goes; which keys these are could not be read: {why}"
        )),
        _ => {}
    }
    remarks.extend(facts.notes.iter().cloned());
    remarks
}
