//! Events: what happened, for `kubectl describe` and whoever diagnoses.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::kinds::EVENTS;
use super::super::object::{name, namespace, number, parse_stamp, stamp, text, uid};
use super::super::random::fingerprint;
use super::super::store::{Key, State};
use super::Moment;

/// The API server keeps events this long.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Something that happened to an object.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Event<'a> {
    pub(in super::super) warning: bool,
    pub(in super::super) reason: &'a str,
    pub(in super::super) message: &'a str,
    /// Who saw it.
    pub(in super::super) component: &'a str,
}

/// Writes an event; the same one again counts up.
pub(in super::super) fn record(state: &mut State, about: &Value, event: Event<'_>, now: Moment) {
    let home = if namespace(about).is_empty() { "default" } else { namespace(about) };
    let told_apart = fingerprint(&format!("{}{}{}", uid(about), event.reason, event.message));
    let called = format!("{}.{told_apart:016x}", name(about));
    let key = Key::new(&EVENTS, home, &called);
    let at = stamp(now.wall);
    let known = state.get(&key).cloned();
    let (first, count, birth) = match &known {
        Some(known) => (
            text(known, "/firstTimestamp").to_owned(),
            number(known, "/count") + 1,
            text(known, "/metadata/creationTimestamp").to_owned(),
        ),
        None => (at.clone(), 1, at.clone()),
    };
    let event_uid = known.as_deref().map_or_else(|| state.random.uid(), |known| uid(known).to_owned());
    let object = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": called, "namespace": home, "uid": event_uid, "creationTimestamp": birth},
        "involvedObject": {
            "apiVersion": text(about, "/apiVersion"), "kind": text(about, "/kind"), "name": name(about),
            "namespace": namespace(about), "uid": uid(about),
            "resourceVersion": text(about, "/metadata/resourceVersion"),
        },
        "type": if event.warning { "Warning" } else { "Normal" },
        "reason": event.reason, "message": event.message,
        "source": {"component": event.component}, "reportingComponent": event.component,
        "firstTimestamp": first, "lastTimestamp": at, "count": count, "eventTime": null,
        "reportingInstance": "",
    });
    state.put(&key, object);
}

/// Drops the events that are too old.
pub(super) fn expire(state: &mut State, now: Moment) {
    let old = |event: &&std::sync::Arc<Value>| {
        parse_stamp(text(event, "/lastTimestamp")).is_some_and(|seen| now.wall.duration_since(seen) > KEPT)
    };
    let expired: Vec<Key> =
        state.list(&EVENTS, None).filter(old).map(|event| Key::of(&EVENTS, event)).collect();
    for key in expired {
        state.remove(&key);
    }
}
