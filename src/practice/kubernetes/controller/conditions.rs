//! `status.conditions`: kept in place, with the time of the last turn.

use serde_json::{Value, json};

use super::super::object::{map_at, stamp, text};
use super::Moment;

/// A condition as it should be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) holds: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// Writes a condition. Its transition time moves only when it turns; an update
/// time, where the kind has one (`updates`), whenever anything of it changes.
pub(super) fn set(object: &mut Value, condition: Condition<'_>, updates: bool, now: Moment) {
    let status = map_at(object, &["status"]);
    let conditions = status.entry("conditions").or_insert_with(|| json!([]));
    let Some(conditions) = conditions.as_array_mut() else { return };
    let mut wanted =
        json!({"type": condition.kind, "status": if condition.holds { "True" } else { "False" }});
    for (field, value) in [("reason", condition.reason), ("message", condition.message)] {
        if !value.is_empty() {
            wanted[field] = value.into();
        }
    }
    let known = conditions.iter().position(|known| text(known, "/type") == condition.kind);
    let at = stamp(now.wall);
    let turned = match known.map(|index| &conditions[index]) {
        Some(known) if known["status"] == wanted["status"] => text(known, "/lastTransitionTime").to_owned(),
        _ => at.clone(),
    };
    if updates {
        let same = |known: &Value| {
            ["status", "reason", "message"].iter().all(|field| known.get(field) == wanted.get(field))
        };
        let updated = match known.map(|index| &conditions[index]) {
            Some(known) if same(known) => text(known, "/lastUpdateTime").to_owned(),
            _ => at,
        };
        wanted["lastUpdateTime"] = updated.into();
    }
    wanted["lastTransitionTime"] = turned.into();
    match known {
        Some(index) => conditions[index] = wanted,
        None => conditions.push(wanted),
    }
}

/// A condition's reason, empty where the object has no such condition.
pub(super) fn reason<'a>(object: &'a Value, kind: &str) -> &'a str {
    super::super::object::items(object, "/status/conditions")
        .iter()
        .find(|condition| text(condition, "/type") == kind)
        .map_or("", |condition| text(condition, "/reason"))
}
