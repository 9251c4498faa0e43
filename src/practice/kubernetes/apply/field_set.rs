//! Sets of fields of an object, in the notation of `metadata.managedFields`
//! (`FieldsV1`): `f:name` is a field, `k:{…}` a list item told by its keys,
//! `v:…` a value of a set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::patch::list_keys::{ListType, key_value, list_type};

/// A place in an object: the steps to it.
pub(in super::super) type Path = Vec<String>;

/// A set of places in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct FieldSet(pub(in super::super) BTreeSet<Path>);

/// Metadata that belongs to the server and has no manager.
const UNMANAGED_METADATA: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
];

/// The list type where lists have known keys; custom resources have none.
pub(super) fn type_of(names: &[&str], built_in: bool) -> ListType {
    if built_in || names == ["metadata", "ownerReferences"] || names == ["metadata", "finalizers"] {
        list_type(names)
    } else {
        ListType::Atomic
    }
}

impl FieldSet {
    /// The fields that an object sets.
    pub(in super::super) fn of(object: &Value, built_in: bool) -> Self {
        let mut set = Self::default();
        let Some(fields) = object.as_object() else { return set };
        for (name, value) in fields {
            if name == "metadata" {
                let Some(metadata) = value.as_object() else { continue };
                for (name, value) in metadata {
                    if !UNMANAGED_METADATA.contains(&name.as_str()) {
                        let mut path = vec!["f:metadata".to_owned(), format!("f:{name}")];
                        set.add(value, &mut path, &mut vec!["metadata", name], built_in);
                    }
                }
            } else if name != "apiVersion" && name != "kind" {
                set.add(value, &mut vec![format!("f:{name}")], &mut vec![name], built_in);
            }
        }
        set
    }

    fn add<'a>(&mut self, value: &'a Value, path: &mut Path, names: &mut Vec<&'a str>, built_in: bool) {
        match value {
            Value::Null => {}
            Value::Object(fields) if !fields.is_empty() => {
                for (name, value) in fields {
                    path.push(format!("f:{name}"));
                    names.push(name);
                    self.add(value, path, names, built_in);
                    names.pop();
                    path.pop();
                }
            }
            Value::Array(items) => match type_of(names, built_in) {
                ListType::Map(keys) => {
                    for item in items {
                        path.push(item_step(item, keys));
                        self.0.insert(path.clone());
                        self.add(item, path, names, built_in);
                        path.pop();
                    }
                }
                ListType::Set => {
                    for item in items {
                        path.push(format!("v:{item}"));
                        self.0.insert(path.clone());
                        path.pop();
                    }
                }
                ListType::Atomic => {
                    self.0.insert(path.clone());
                }
            },
            _ => {
                self.0.insert(path.clone());
            }
        }
    }

    /// The set as `fieldsV1`.
    pub(in super::super) fn to_fields_v1(&self) -> Value {
        let mut root = Node::default();
        for path in &self.0 {
            let mut node = &mut root;
            for step in path {
                node = node.children.entry(step.clone()).or_default();
            }
            node.member = true;
        }
        root.to_json()
    }

    /// The set that `fieldsV1` stands for.
    pub(in super::super) fn from_fields_v1(fields: &Value) -> Self {
        let mut set = Self::default();
        if let Some(fields) = fields.as_object().filter(|fields| !fields.is_empty()) {
            set.read(fields, &mut Vec::new());
        }
        set
    }

    fn read(&mut self, fields: &Map<String, Value>, path: &mut Path) {
        if fields.is_empty() || fields.contains_key(".") {
            self.0.insert(path.clone());
        }
        for (step, below) in fields {
            if let (true, Some(below)) = (step != ".", below.as_object()) {
                path.push(step.clone());
                self.read(below, path);
                path.pop();
            }
        }
    }

    /// Whether any place at or below the path is in the set.
    pub(super) fn reaches(&self, path: &[String]) -> bool {
        self.0.iter().any(|member| member.starts_with(path))
    }
}

#[derive(Default)]
struct Node {
    member: bool,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn to_json(&self) -> Value {
        let mut fields = Map::new();
        if self.member && !self.children.is_empty() {
            fields.insert(".".to_owned(), json!({}));
        }
        for (step, child) in &self.children {
            fields.insert(step.clone(), child.to_json());
        }
        Value::Object(fields)
    }
}

fn item_step(item: &Value, keys: &[&str]) -> String {
    let keys: BTreeMap<&str, Value> = keys.iter().map(|key| (*key, key_value(item, key))).collect();
    format!("k:{}", json!(keys))
}

/// The index of the list item that a step means.
fn index_of(items: &[Value], step: &str) -> Option<usize> {
    if let Some(value) = step.strip_prefix("v:") {
        let value: Value = serde_json::from_str(value).ok()?;
        return items.iter().position(|item| *item == value);
    }
    let keys: Map<String, Value> = serde_json::from_str(step.strip_prefix("k:")?).ok()?;
    items.iter().position(|item| keys.iter().all(|(key, value)| key_value(item, key) == *value))
}

/// The value at a place, where there is one.
pub(super) fn value_at<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |place, step| {
        if let Some(name) = step.strip_prefix("f:") {
            return place.get(name);
        }
        let items = place.as_array()?;
        items.get(index_of(items, step)?)
    })
}

/// Removes what is at a place, and the maps and lists that this leaves empty.
pub(super) fn remove_at(object: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else { return };
    match (step.strip_prefix("f:"), object) {
        (Some(name), Value::Object(fields)) => {
            if let Some(below) = fields.get_mut(name) {
                remove_at(below, rest);
                if rest.is_empty() || is_empty(below) {
                    fields.shift_remove(name);
                }
            }
        }
        (None, Value::Array(items)) => {
            if let Some(index) = index_of(items, step) {
                remove_at(&mut items[index], rest);
                if rest.is_empty() {
                    items.remove(index);
                }
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// A place as error messages write it: `.spec.template.spec.containers[name="manager"].image`.
pub(super) fn display(path: &[String]) -> String {
    path.iter().map(|step| display_step(step)).collect()
}

fn display_step(step: &str) -> String {
    if let Some(name) = step.strip_prefix("f:") {
        return format!(".{name}");
    }
    if let Some(value) = step.strip_prefix("v:") {
        return format!("[={value}]");
    }
    let keys = step.strip_prefix("k:").unwrap_or_default();
    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("[{}]", keys.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_the_way_to_json_and_back() {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "loft", "labels": {"app": "loft"}},
            "spec": {"replicas": 3, "template": {"spec": {"containers": [
                {"name": "manager", "image": "a", "args": ["x"], "ports": [{"containerPort": 8080}]}
            ]}}},
        });
        let set = FieldSet::of(&object, true);
        let fields = set.to_fields_v1();
        let manager = &fields["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"manager\"}"];
        assert_eq!(manager["."], json!({}));
        assert_eq!(manager["f:args"], json!({}));
        assert!(manager["f:ports"].get("k:{\"containerPort\":8080,\"protocol\":\"TCP\"}").is_some());
        assert_eq!(fields["f:metadata"], json!({"f:labels": {"f:app": {}}}));
        assert_eq!(FieldSet::from_fields_v1(&fields), set);
    }

    #[test]
    fn places_are_found_shown_and_removed() {
        let mut object = json!({"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}});
        let path: Path =
            ["f:spec", "f:containers", "k:{\"name\":\"a\"}", "f:image"].map(str::to_owned).to_vec();
        assert_eq!(value_at(&object, &path), Some(&json!("1")));
        assert_eq!(display(&path), ".spec.containers[name=\"a\"].image");
        remove_at(&mut object, &path[..3]);
        assert_eq!(object, json!({"spec": {"containers": [{"name": "b"}]}}));
    }
}
