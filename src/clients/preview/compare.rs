//! Two states of an object as one difference.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use similar::{Algorithm, ChangeTag, TextDiff};

use super::manifest::ObjectId;
use super::{MAX_COMPARED_LINES, MAX_LINES, mask};
use crate::clients::secret::{Secret, holds_secrets, in_values};
use crate::runbook::fact::{Change, DiffLine, ObjectChange, Sign};

/// Lines around a difference that are shown with it.
const CONTEXT: usize = 3;
/// How long the shortest difference is looked for; then a longer one will do.
const DIFF_LIMIT: Duration = Duration::from_millis(300);
/// Of `metadata`, what the server writes at each change.
const SERVERS_OWN: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];
/// A Secret's value longer than this is a file, which is shown nowhere but in a Secret.
const MAX_SECRET_BYTES: usize = 4096;
/// A Secret's value under a name that tells no secret is looked for elsewhere from this length on.
const MIN_UNNAMED_BYTES: usize = 8;
/// Secrets of all objects that are looked for in each.
const MAX_SECRETS: usize = 500;

/// Two states of an object to compare.
#[derive(Debug)]
pub struct Compared {
    /// Which object.
    pub id: ObjectId,
    /// What happens to it.
    pub change: Change,
    /// As it is.
    pub before: Value,
    /// As it would be.
    pub after: Value,
    /// Why the cluster was not asked.
    pub unsure: Option<String>,
    /// What the server says against it.
    pub refused: Option<String>,
}

/// An object as it is compared: what it wants, in one order, without what the server writes by itself.
pub fn normal(object: &Value) -> Value {
    let mut object = sorted(object);
    if let Value::Object(members) = &mut object {
        members.shift_remove("status");
        if let Some(Value::Object(metadata)) = members.get_mut("metadata") {
            for field in SERVERS_OWN {
                metadata.shift_remove(field);
            }
        }
    }
    object
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            Value::Object(members.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// Is there something to tell of it?
pub fn is_of_interest(compared: &Compared) -> bool {
    compared.change != Change::Changed
        || compared.refused.is_some()
        || normal(&compared.before) != normal(&compared.after)
}

/// The secrets that stand in these objects by name or as a Secret's data, to be hidden wherever they are.
///
/// # Errors
/// There are too many to look for: how many.
pub fn known_secrets<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<Vec<Secret>, usize> {
    let mut found: Vec<Secret> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for object in objects {
        let mut of = in_values(object);
        if object.get("kind").and_then(Value::as_str) == Some("Secret") {
            of.extend(of_secret(object));
        }
        found.extend(of.into_iter().filter(|secret| seen.insert(secret.expose().to_owned())));
    }
    if found.len() > MAX_SECRETS { Err(found.len()) } else { Ok(found) }
}

fn of_secret(secret: &Value) -> Vec<Secret> {
    let texts = |field: &str| secret.get(field).and_then(Value::as_object).into_iter().flatten();
    let decoded = texts("data").filter_map(|(key, value)| {
        let bytes = STANDARD.decode(value.as_str()?).ok()?;
        Some((key, String::from_utf8(bytes).ok()?))
    });
    let plain = texts("stringData").filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
    // A short text under another name is a word as others are: "admin" of `user`.
    let is_telling = |(key, text): &(&String, String)| {
        let least = if holds_secrets(key) { 4 } else { MIN_UNNAMED_BYTES };
        let text = text.trim();
        (least..=MAX_SECRET_BYTES).contains(&text.len()) && !["true", "false", "null", "none"].contains(&text)
    };
    decoded.chain(plain).filter(is_telling).map(|(_, text)| Secret::new(text.trim())).collect()
}

/// The difference, secrets hidden.
pub fn compare(compared: Compared, secrets: &[Secret]) -> ObjectChange {
    let Compared { id, change, before, after, unsure, refused } = compared;
    let effect = effect(change, &before, &after);
    let (before, after) = mask::both(&normal(&before), &normal(&after), secrets);
    let (lines, added, removed, cut) = difference(&yaml(&before), &yaml(&after));
    let ObjectId { kind, namespace, name, .. } = id;
    ObjectChange { kind, namespace, name, change, lines, added, removed, cut, effect, unsure, refused }
}

/// As YAML; nothing where there is no object.
fn yaml(object: &Value) -> String {
    if object.is_null() {
        return String::new();
    }
    // A value on one line is one line of the difference, however long.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: 1_000_000 };
    // JSON is YAML, too.
    serde_saphyr::to_string_with_options(object, options).unwrap_or_else(|_| format!("{object:#}\n"))
}

type Difference = (Vec<DiffLine>, usize, usize, usize);

fn difference(before: &str, after: &str) -> Difference {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len() + new.len() > MAX_COMPARED_LINES {
        return (Vec::new(), new.len(), old.len(), old.len() + new.len());
    }
    let diff =
        TextDiff::configure().algorithm(Algorithm::Patience).timeout(DIFF_LIMIT).diff_slices(&old, &new);
    let (mut lines, mut added, mut removed, mut all) = (Vec::new(), 0, 0, 0);
    let mut keep = |sign, text: String| {
        all += 1;
        if lines.len() < MAX_LINES {
            lines.push(DiffLine { sign, text });
        }
    };
    let groups = diff.grouped_ops(CONTEXT);
    let several = groups.len() > 1 || groups.first().and_then(|ops| ops.first()).is_some_and(begins_late);
    for ops in &groups {
        if several && let Some(first) = ops.first() {
            keep(Sign::Place, format!("from line {}", first.new_range().start + 1));
        }
        for line in ops.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match line.tag() {
                ChangeTag::Equal => Sign::Kept,
                ChangeTag::Delete => Sign::Removed,
                ChangeTag::Insert => Sign::Added,
            };
            added += usize::from(sign == Sign::Added);
            removed += usize::from(sign == Sign::Removed);
            keep(sign, line.value().to_owned());
        }
    }
    let cut = all - lines.len();
    (lines, added, removed, cut)
}

fn begins_late(op: &similar::DiffOp) -> bool {
    op.new_range().start > 0 || op.old_range().start > 0
}

/// What controllers make of it, in a phrase.
fn effect(change: Change, before: &Value, after: &Value) -> Option<String> {
    let runs_pods = |object: &Value| {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        ["Deployment", "StatefulSet", "DaemonSet"].contains(&kind)
    };
    if change == Change::Removed && runs_pods(before) {
        return Some("its pods are deleted".to_owned());
    }
    if change != Change::Changed || !runs_pods(after) {
        return None;
    }
    let replicas = |object: &Value| object.pointer("/spec/replicas").and_then(Value::as_i64);
    let template = |object: &Value| sorted(object.pointer("/spec/template").unwrap_or(&Value::Null));
    let mut effects = Vec::new();
    if template(before) != template(after) {
        effects.push("its pods are replaced, one after another".to_owned());
    }
    if let (Some(from), Some(to)) = (replicas(before), replicas(after))
        && from != to
    {
        effects.push(format!("{from} → {to} pods"));
    }
    (!effects.is_empty()).then(|| effects.join("; "))
}

/// An object without members: the other side of what is new or goes.
impl Default for Compared {
    fn default() -> Self {
        Self {
            id: ObjectId::default(),
            change: Change::Changed,
            before: Value::Null,
            after: Value::Null,
            unsure: None,
            refused: None,
        }
    }
}

/// A map for a path that has none yet.
pub(super) fn member<'a>(
    object: &'a mut Map<String, Value>,
    key: &str,
) -> Option<&'a mut Map<String, Value>> {
    let member = object.entry(key.to_owned()).or_insert(Value::Null);
    if member.is_null() {
        *member = Value::Object(Map::new());
    }
    member.as_object_mut()
}
