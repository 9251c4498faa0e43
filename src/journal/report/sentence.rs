//! What the run came to, in a sentence without a full stop.

use super::times::{Times, span};
use crate::journal::Record;
use crate::journal::replay::{ActionRecord, Milestones};

/// What this is about: a region of an environment.
pub(super) fn subject(record: &Record) -> String {
    match &record.region {
        Some(region) => format!("{region} of {}", record.environment),
        None => record.environment.clone(),
    }
}

/// How long from the first failure to the recovery, where that is known.
pub(super) fn was_out(record: &Record) -> Option<String> {
    let times = &record.milestones;
    Milestones::between(times.first_failure, times.recovered).map(span)
}

/// How it stands.
pub(super) fn standing(record: &Record, goes_on: bool, times: &Times<'_>) -> String {
    let subject = subject(record);
    if let Some(at) = record.milestones.recovered {
        let after = was_out(record)
            .map_or(String::new(), |span| format!(", {span} after the first failure that was seen"));
        return format!("{subject} recovered at {}{after}", times.full(at));
    }
    if record.open_actions().next().is_some() {
        return format!("{subject} has not recovered, and the outcome of an action is not known");
    }
    if let Some((at, reason)) = &record.ended {
        let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        return format!("{subject}: the run was ended as it was at {}{reason}", times.full(*at));
    }
    if let Some(why) = nothing_restored(record) {
        return format!("{subject}: nothing was restored. {why}");
    }
    let left = match (goes_on, &record.closed) {
        (true, _) => "The run goes on".to_owned(),
        (false, Some(closed)) => format!("The run was left at {}", times.full(closed.at)),
        (false, None) => "The run broke off".to_owned(),
    };
    format!("{subject} has not recovered. {left}. It waits for this: {}", record.waiting_for())
}

/// Why there was nothing to be done here, where step 1 says so and nothing was done.
pub(super) fn nothing_restored(record: &Record) -> Option<&str> {
    let outcome = record.outcome.as_ref()?;
    let acted = record.actions.iter().any(ActionRecord::may_have_changed);
    let idle = ["nothing-failing", "all-failing", "other-region-failing", "could-not-check"];
    (!acted && idle.contains(&outcome.id.as_str())).then_some(outcome.sentence.as_str())
}
