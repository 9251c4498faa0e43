//! Strategic merge patch: a merge patch that knows the keys of lists.
//! <https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md>

use serde_json::{Map, Value, json};

use super::list_keys::{ListType, list_type};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

/// Merges the patch in.
pub(in super::super) fn apply(target: &mut Value, patch: &Value) {
    merge(target, patch, &mut Vec::new());
}

fn merge<'a>(target: &mut Value, patch: &'a Value, path: &mut Vec<&'a str>) {
    match patch {
        Value::Object(changes) => merge_map(target, changes, path),
        Value::Array(changes) => merge_list(target, changes, path),
        _ => *target = patch.clone(),
    }
}

fn merge_map<'a>(target: &mut Value, changes: &'a Map<String, Value>, path: &mut Vec<&'a str>) {
    match changes.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => {
            *target = json!({});
        }
        Some("delete") => {
            *target = json!({});
            return;
        }
        _ => {}
    }
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(fields) = target else { return };
    if let Some(retained) = changes.get(RETAIN_KEYS).and_then(Value::as_array) {
        fields.retain(|name, _| retained.iter().any(|kept| kept == name));
    }
    for (name, change) in changes {
        if name == DIRECTIVE || name == RETAIN_KEYS || name.starts_with(ELEMENT_ORDER) {
            continue;
        }
        if let Some(list) = name.strip_prefix(DELETE_FROM_LIST) {
            if let (Some(Value::Array(values)), Some(gone)) = (fields.get_mut(list), change.as_array()) {
                values.retain(|value| !gone.contains(value));
            }
        } else if change.is_null() {
            fields.shift_remove(name);
        } else {
            path.push(name);
            merge(fields.entry(name.as_str()).or_insert(Value::Null), change, path);
            path.pop();
        }
    }
}

fn merge_list<'a>(target: &mut Value, changes: &'a [Value], path: &mut Vec<&'a str>) {
    let directive = |change: &Value| change.get(DIRECTIVE).and_then(Value::as_str).map(str::to_owned);
    let replaces = |change: &Value| {
        directive(change).as_deref() == Some("replace")
            && change.as_object().is_some_and(|map| map.len() == 1)
    };
    if changes.iter().any(replaces) {
        *target = changes.iter().filter(|change| !replaces(change)).cloned().collect();
        return;
    }
    let list_type = list_type(path);
    if list_type == ListType::Atomic || !target.is_array() {
        *target = json!([]);
    }
    let Value::Array(items) = target else { return };
    for change in changes {
        let ListType::Map(keys) = list_type else {
            if list_type == ListType::Atomic || !items.contains(change) {
                items.push(change.clone());
            }
            continue;
        };
        let key = keys[0];
        let found = items.iter().position(|item| item.get(key) == change.get(key));
        match (found, directive(change).as_deref()) {
            (Some(index), Some("delete")) => {
                items.remove(index);
            }
            (None, Some("delete")) => {}
            (Some(index), _) => merge(&mut items[index], change, path),
            (None, _) => {
                let mut item = json!({});
                merge(&mut item, change, path);
                items.push(item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(spec: &Value) -> Value {
        json!({"spec": {"template": {"spec": spec}}})
    }

    #[test]
    fn merges_lists_by_their_keys() {
        let containers = json!({"containers": [{"name": "manager", "image": "a:1"}, {"name": "sidecar"}]});
        for (what, patch, expected) in [
            (
                "another image for one container",
                json!({"containers": [{"name": "manager", "image": "a:2"}]}),
                json!({"containers": [{"name": "manager", "image": "a:2"}, {"name": "sidecar"}]}),
            ),
            (
                "one container removed",
                json!({"containers": [{"name": "sidecar", "$patch": "delete"}]}),
                json!({"containers": [{"name": "manager", "image": "a:1"}]}),
            ),
            (
                "one container added, order hints ignored",
                json!({"$setElementOrder/containers": [{"name": "new"}], "containers": [{"name": "new"}]}),
                json!({"containers": [{"name": "manager", "image": "a:1"}, {"name": "sidecar"}, {"name": "new"}]}),
            ),
            (
                "the list replaced",
                json!({"containers": [{"$patch": "replace"}, {"name": "only"}]}),
                json!({"containers": [{"name": "only"}]}),
            ),
            (
                "an atomic list inside",
                json!({"containers": [{"name": "sidecar", "args": ["x"]}]}),
                json!({"containers": [{"name": "manager", "image": "a:1"}, {"name": "sidecar", "args": ["x"]}]}),
            ),
        ] {
            let mut target = pod(&containers);
            apply(&mut target, &pod(&patch));
            assert_eq!(target, pod(&expected), "{what}");
        }
    }

    #[test]
    fn obeys_directives_for_maps_and_sets() {
        let mut target = json!({
            "metadata": {"finalizers": ["a", "b"], "labels": {"x": "1"}},
            "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}},
        });
        apply(
            &mut target,
            &json!({
                "metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "labels": {"x": null, "y": "2"}},
                "spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}},
            }),
        );
        assert_eq!(
            target,
            json!({
                "metadata": {"finalizers": ["b"], "labels": {"y": "2"}},
                "spec": {"strategy": {"type": "Recreate"}},
            })
        );
    }
}
