//! Which lists of the built-in kinds are merged, and by which keys: the
//! `x-kubernetes-list-type` and `patchMergeKey` of their schemas.

use serde_json::Value;

/// How a list is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum ListType {
    /// Replaced as a whole.
    Atomic,
    /// Values, each at most once.
    Set,
    /// Maps told apart by these fields; the first is the strategic merge key.
    Map(&'static [&'static str]),
}

/// The type of the list at a path of field names, list items left out.
pub(in super::super) fn list_type(path: &[&str]) -> ListType {
    let Some((field, parents)) = path.split_last() else { return ListType::Atomic };
    match *field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "imagePullSecrets"
        | "env"
        | "secrets"
        | "resourceClaims" => ListType::Map(&["name"]),
        "ports" if in_container(parents) => ListType::Map(&["containerPort", "protocol"]),
        "ports" if parents == ["spec"] => ListType::Map(&["port", "protocol"]),
        "volumeMounts" => ListType::Map(&["mountPath"]),
        "volumeDevices" => ListType::Map(&["devicePath"]),
        "hostAliases" => ListType::Map(&["ip"]),
        "conditions" if parents == ["status"] => ListType::Map(&["type"]),
        "ownerReferences" => ListType::Map(&["uid"]),
        "topologySpreadConstraints" => ListType::Map(&["topologyKey", "whenUnsatisfiable"]),
        "finalizers" if parents == ["metadata"] => ListType::Set,
        _ => ListType::Atomic,
    }
}

fn in_container(parents: &[&str]) -> bool {
    matches!(parents.last(), Some(&"containers" | &"initContainers" | &"ephemeralContainers"))
}

/// An item's value of a key field, with the defaults that schemas give.
pub(in super::super) fn key_value(item: &Value, key: &str) -> Value {
    match item.get(key) {
        Some(value) => value.clone(),
        None if key == "protocol" => "TCP".into(),
        None => Value::Null,
    }
}

/// Whether two items of a list are the same one.
pub(in super::super) fn same_item(one: &Value, other: &Value, keys: &[&str]) -> bool {
    keys.iter().all(|key| key_value(one, key) == key_value(other, key))
}
