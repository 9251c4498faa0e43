//! The `scale` subresource: `autoscaling/v1` Scale.

use serde_json::{Value, json};

use super::object::{number, text};

/// The Scale of a Deployment or ReplicaSet.
pub(super) fn of(object: &Value) -> Value {
    let labels = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let pairs: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": text(object, "/metadata/name"),
            "namespace": text(object, "/metadata/namespace"),
            "uid": text(object, "/metadata/uid"),
            "resourceVersion": text(object, "/metadata/resourceVersion"),
            "creationTimestamp": text(object, "/metadata/creationTimestamp"),
        },
        "spec": {"replicas": number(object, "/spec/replicas")},
        "status": {"replicas": number(object, "/status/replicas"), "selector": pairs.join(",")},
    })
}

/// The merge patch of the scaled object that a wanted Scale stands for. Its
/// uid and version stay preconditions.
pub(super) fn to_patch(scale: &Value) -> Value {
    json!({
        "metadata": {
            "uid": text(scale, "/metadata/uid"),
            "resourceVersion": text(scale, "/metadata/resourceVersion"),
        },
        "spec": {"replicas": number(scale, "/spec/replicas")},
    })
}
