//! How objects are shown to the client: whole, as a table, or their metadata.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::Resource;
use super::object::{map_at, text};
use super::table;

/// What the client asked to see (`Accept`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The objects as they are.
    Whole,
    /// `as=Table`, with this much of each object beside its row.
    Table(Include),
    /// `as=PartialObjectMetadata` or its list.
    Metadata,
}

/// How much of an object stands beside its row (`includeObject`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Include {
    /// Nothing.
    None,
    /// Its metadata.
    Metadata,
    /// All of it.
    Object,
}

impl View {
    /// Reads `Accept` and `includeObject`.
    pub(super) fn asked(accept: &str, include_object: &str) -> Self {
        let first_json =
            accept.split(',').map(str::trim).find(|choice| choice.starts_with("application/json"));
        let asked = first_json.unwrap_or_default();
        if asked.contains("as=Table") {
            Self::Table(match include_object {
                "None" => Include::None,
                "Object" => Include::Object,
                _ => Include::Metadata,
            })
        } else if asked.contains("as=PartialObjectMetadata") {
            Self::Metadata
        } else {
            Self::Whole
        }
    }
}

/// One object.
pub(super) fn one(view: View, resource: &Resource, object: &Value, now: Timestamp) -> Value {
    match view {
        View::Whole => worded(resource, object),
        View::Table(include) => table::render(resource, &[object], include, now),
        View::Metadata => metadata_of(object),
    }
}

/// A list of objects at a version of the store.
pub(super) fn list(
    view: View,
    resource: &Resource,
    objects: &[&Value],
    revision: u64,
    now: Timestamp,
) -> Value {
    let version = json!({"resourceVersion": revision.to_string()});
    match view {
        View::Whole => {
            let items: Vec<Value> = objects.iter().map(|object| worded(resource, object)).collect();
            json!({
                "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
                "metadata": version, "items": items,
            })
        }
        View::Table(include) => {
            let mut table = table::render(resource, objects, include, now);
            table["metadata"] = version;
            table
        }
        View::Metadata => {
            let items: Vec<Value> = objects.iter().map(|object| metadata_of(object)).collect();
            json!({
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                "metadata": version, "items": items,
            })
        }
    }
}

/// An object's metadata alone.
pub(super) fn metadata_of(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
    })
}

/// The object in the words of the group it was asked from: `events.k8s.io`
/// shows the core's events under newer field names.
fn worded(resource: &Resource, object: &Value) -> Value {
    let mut shown = object.clone();
    if resource.group == "events.k8s.io" {
        let fields = map_at(&mut shown, &[]);
        for (core, newer) in [
            ("involvedObject", "regarding"),
            ("message", "note"),
            ("source", "deprecatedSource"),
            ("firstTimestamp", "deprecatedFirstTimestamp"),
            ("lastTimestamp", "deprecatedLastTimestamp"),
            ("count", "deprecatedCount"),
        ] {
            if let Some(value) = fields.shift_remove(core) {
                fields.insert(newer.to_owned(), value);
            }
        }
        let component = text(object, "/source/component").to_owned();
        fields.insert("reportingController".to_owned(), component.into());
        fields.insert("apiVersion".to_owned(), resource.api_version().into());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_json_choice_counts() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1,application/json";
        let partial = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        for (accept, include, expected) in [
            (kubectl, "", View::Table(Include::Metadata)),
            (kubectl, "Object", View::Table(Include::Object)),
            ("application/vnd.kubernetes.protobuf,application/json", "", View::Whole),
            (partial, "", View::Metadata),
            ("", "", View::Whole),
        ] {
            assert_eq!(View::asked(accept, include), expected, "{accept}");
        }
    }
}
