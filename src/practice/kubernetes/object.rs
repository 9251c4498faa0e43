//! Reading and writing API objects as JSON.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The text at a JSON pointer, empty where there is none.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a JSON pointer, 0 where there is none.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The items of the list at a JSON pointer, none where there is no list.
pub(super) fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `metadata.name`.
pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`, empty for cluster-scoped objects.
pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// `metadata.uid`.
pub(super) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// A label's value.
pub(super) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/labels")?.get(key)?.as_str()
}

/// Whether the object is waiting to be gone.
pub(super) fn terminating(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// Whether a pod has ended for good: it stays listed, and nobody counts it any more.
pub(super) fn is_over(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Failed" | "Succeeded")
}

/// Whether one of the object's owners has this uid.
pub(super) fn owned_by(object: &Value, owner_uid: &str) -> bool {
    items(object, "/metadata/ownerReferences").iter().any(|owner| text(owner, "/uid") == owner_uid)
}

/// The owner reference of a controller to one of its objects.
pub(super) fn controller_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": text(owner, "/apiVersion"),
        "kind": text(owner, "/kind"),
        "name": name(owner),
        "uid": uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Whether the pod's condition of this type is True.
pub(super) fn condition_is_true(object: &Value, kind: &str) -> bool {
    items(object, "/status/conditions")
        .iter()
        .any(|condition| text(condition, "/type") == kind && text(condition, "/status") == "True")
}

/// Whether `labels` has all pairs of `wanted`; an empty `wanted` selects nothing.
pub(super) fn matches_labels(object: &Value, wanted: Option<&Value>) -> bool {
    let Some(wanted) = wanted.and_then(Value::as_object).filter(|wanted| !wanted.is_empty()) else {
        return false;
    };
    wanted.iter().all(|(key, value)| label(object, key) == value.as_str())
}

/// The map at a path, made where it is missing or something else.
pub(super) fn map_at<'a>(object: &'a mut Value, path: &[&str]) -> &'a mut Map<String, Value> {
    let mut place = object;
    for step in path {
        place = as_map(place).entry(*step).or_insert_with(|| json!({}));
    }
    as_map(place)
}

fn as_map(place: &mut Value) -> &mut Map<String, Value> {
    if !place.is_object() {
        *place = json!({});
    }
    match place {
        Value::Object(map) => map,
        _ => unreachable!("was made a map above"),
    }
}

/// A timestamp as the API writes it: whole seconds, UTC.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A timestamp of the API read back.
pub(super) fn parse_stamp(stamp: &str) -> Option<Timestamp> {
    stamp.parse().ok()
}
