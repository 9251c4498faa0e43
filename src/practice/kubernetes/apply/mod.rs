//! Server-side apply: one manager's wishes merged into the live object, field
//! by field. <https://kubernetes.io/docs/reference/using-api/server-side-apply/>

use serde_json::Value;

use self::field_set::{FieldSet, Path, display, remove_at, type_of, value_at};
use self::managed::{Entry, Writing};
use super::patch::list_keys::{ListType, same_item};

pub(super) mod field_set;
pub(super) mod managed;

/// Fields that others hold with another value: manager and field, as shown.
pub(super) type Conflicts = Vec<(String, String)>;

/// Merges an applied configuration into the live object, or into nothing.
pub(super) fn applied(
    live: Option<&Value>,
    config: &Value,
    writing: Writing<'_>,
    force: bool,
) -> Result<Value, Conflicts> {
    let wanted = FieldSet::of(config, writing.built_in);
    let Some(live) = live else {
        let mut created = config.clone();
        let entry = Entry::new(config, writing, wanted);
        managed::write(&mut created, &[entry]);
        return Ok(created);
    };
    let mut entries = managed::read(live);
    let contested = contested(live, config, &wanted, &entries, writing);
    if !contested.is_empty() && !force {
        return Err(contested.into_iter().map(|(manager, path)| (manager, display(&path))).collect());
    }
    let mut merged = live.clone();
    merge(&mut merged, config, &mut Vec::new(), writing.built_in);
    for entry in entries.iter_mut().filter(|entry| !entry.is_of(writing)) {
        entry.fields.0.retain(|path| !contested.iter().any(|(_, lost)| lost == path));
    }
    let own = entries.iter().position(|entry| entry.is_of(writing));
    let previous = own.map(|index| entries.remove(index));
    if let Some(previous) = &previous {
        prune(&mut merged, previous, &wanted, &entries);
    }
    let unchanged = previous.filter(|previous| previous.fields == wanted && merged == *live);
    entries.push(unchanged.unwrap_or_else(|| Entry::new(config, writing, wanted)));
    entries.sort_by_key(|entry| entry.operation == managed::Operation::Update);
    managed::write(&mut merged, &entries);
    Ok(merged)
}

/// The wanted fields whose value is another manager's and differs.
fn contested(
    live: &Value,
    config: &Value,
    wanted: &FieldSet,
    entries: &[Entry],
    writing: Writing<'_>,
) -> Vec<(String, Path)> {
    let mut contested = Vec::new();
    for path in &wanted.0 {
        let (now, then) = (value_at(live, path), value_at(config, path));
        // a list item as such cannot differ, only its fields can
        let is_item = path.last().is_some_and(|step| step.starts_with("k:"));
        if is_item || now == then {
            continue;
        }
        for entry in entries.iter().filter(|entry| !entry.is_of(writing)) {
            if entry.fields.0.contains(path) {
                contested.push((entry.display(), path.clone()));
            }
        }
    }
    contested
}

/// Removes what this manager applied before, wants no more, and nobody else holds.
fn prune(merged: &mut Value, previous: &Entry, wanted: &FieldSet, others: &[Entry]) {
    for path in previous.fields.0.difference(&wanted.0) {
        let held = wanted.reaches(path) || others.iter().any(|entry| entry.fields.reaches(path));
        if !held {
            remove_at(merged, path);
        }
    }
}

fn merge<'a>(target: &mut Value, config: &'a Value, names: &mut Vec<&'a str>, built_in: bool) {
    match (target, config) {
        (Value::Object(target), Value::Object(config)) => {
            for (name, value) in config.iter().filter(|(_, value)| !value.is_null()) {
                names.push(name);
                merge(target.entry(name.as_str()).or_insert(Value::Null), value, names, built_in);
                names.pop();
            }
        }
        (Value::Array(target), Value::Array(config)) => match type_of(names, built_in) {
            ListType::Map(keys) => {
                for item in config {
                    match target.iter_mut().find(|known| same_item(known, item, keys)) {
                        Some(known) => merge(known, item, names, built_in),
                        None => target.push(item.clone()),
                    }
                }
            }
            ListType::Set => {
                for item in config {
                    if !target.contains(item) {
                        target.push(item.clone());
                    }
                }
            }
            ListType::Atomic => target.clone_from(config),
        },
        (target, config) => *target = config.clone(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::managed::Operation;
    use super::*;

    fn writing(manager: &str, operation: Operation) -> Writing<'_> {
        Writing { manager, operation, subresource: "", at: Timestamp::UNIX_EPOCH, built_in: true }
    }

    fn apply(live: Option<&Value>, manager: &str, spec: &Value, force: bool) -> Result<Value, Conflicts> {
        let config =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec});
        applied(live, &config, writing(manager, Operation::Apply), force)
    }

    #[test]
    fn a_field_of_another_manager_conflicts_until_forced() {
        let live = apply(None, "helm", &json!({"replicas": 3, "paused": false}), false).unwrap();
        let refused = apply(Some(&live), "kubectl", &json!({"replicas": 5}), false).unwrap_err();
        assert_eq!(refused, [("\"helm\"".to_owned(), ".spec.replicas".to_owned())]);
        let shared = apply(Some(&live), "kubectl", &json!({"replicas": 3}), false).unwrap();
        assert_eq!(managed::read(&shared).len(), 2, "the same value can have two managers");
        let forced = apply(Some(&live), "kubectl", &json!({"replicas": 5}), true).unwrap();
        assert_eq!(forced["spec"], json!({"replicas": 5, "paused": false}));
        let helm = &managed::read(&forced)[0];
        assert_eq!(helm.manager, "helm");
        assert_eq!(helm.fields.to_fields_v1(), json!({"f:spec": {"f:paused": {}}}));
    }

    #[test]
    fn an_update_takes_its_fields_over() {
        let live = apply(None, "helm", &json!({"replicas": 3}), false).unwrap();
        let mut scaled = live.clone();
        scaled["spec"]["replicas"] = json!(0);
        let writing = Writing { subresource: "scale", ..writing("kubectl", Operation::Update) };
        managed::track(Some(&live), &mut scaled, writing);
        let refused = apply(Some(&scaled), "helm", &json!({"replicas": 3}), false).unwrap_err();
        assert_eq!(refused[0].0, "\"kubectl\" with subresource \"scale\" using apps/v1");
        assert!(apply(Some(&scaled), "helm", &json!({"replicas": 0}), false).is_ok());
    }

    #[test]
    fn what_is_no_longer_applied_goes_unless_others_hold_it() {
        let containers = json!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]);
        let live = apply(
            None,
            "helm",
            &json!({"replicas": 3, "template": {"spec": {"containers": containers}}}),
            false,
        );
        let live = apply(Some(&live.unwrap()), "kubectl", &json!({"replicas": 3}), false).unwrap();
        let fewer = json!({"template": {"spec": {"containers": [{"name": "a", "image": "2"}]}}});
        let live = apply(Some(&live), "helm", &fewer, false).unwrap();
        assert_eq!(live["spec"]["template"]["spec"]["containers"], json!([{"name": "a", "image": "2"}]));
        assert_eq!(live["spec"]["replicas"], 3);
        let again = apply(Some(&live), "helm", &fewer, false).unwrap();
        assert_eq!(again, live, "applying the same again changes nothing");
    }
}
