//! A release's objects: out of Helm's manifests and records, side by side with those that it would have.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::compare::member;
use crate::clients::MAX_ANSWER_BYTES;
use crate::clients::values_file::yaml;
use crate::runbook::verdict::{Why, WhyKind};

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ObjectId {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`: as the manifest says, until the cluster says whether it has one at all.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectId {
    /// Of an object.
    pub fn of(object: &Value) -> Self {
        let text = |at: &str| object.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let namespace = Some(text("/metadata/namespace")).filter(|namespace| !namespace.is_empty());
        Self {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            namespace,
            name: text("/metadata/name"),
        }
    }
}

/// What a record of Helm's, or its dry run, says of a release.
#[derive(Debug, Default)]
pub struct Helm {
    /// Its objects.
    pub objects: Vec<Value>,
    /// Its hooks.
    pub hooks: Vec<Hook>,
    /// The values that were given by a person: secrets are in them.
    pub config: Value,
    /// Its revision.
    pub revision: u32,
    /// It is applied by server-side apply.
    pub server_side: bool,
    /// The chart's own CRDs, which Helm installs with a new release alone.
    pub crds: Vec<Value>,
}

/// An object that Helm makes and runs before or after the rest.
#[derive(Debug)]
pub struct Hook {
    /// When: `pre-upgrade`, …
    pub events: Vec<String>,
    /// The objects.
    pub objects: Vec<Value>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    manifest: String,
    #[serde(default)]
    hooks: Option<Vec<RawHook>>,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    version: u32,
    #[serde(default)]
    apply_method: String,
    chart: Option<Chart>,
}

#[derive(Deserialize)]
struct RawHook {
    #[serde(default)]
    manifest: String,
    #[serde(default)]
    events: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Chart {
    #[serde(default)]
    files: Option<Vec<File>>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    name: String,
    #[serde(default)]
    data: String,
}

fn garbage(what: &str) -> Why {
    Why::new(WhyKind::Garbage, what)
}

/// What `helm upgrade --dry-run=server -o json` printed.
///
/// # Errors
/// It is something else. Nothing of it is quoted.
pub fn parse_dry_run(printed: &[u8]) -> Result<Helm, Why> {
    // Where it installs, a line may stand before it.
    let start = printed.iter().position(|byte| *byte == b'{').unwrap_or_default();
    helm(&printed[start..], "helm's dry run printed something else than a release")
}

/// The record in a Secret's data: base64 of gzip of JSON, as base64 in the API's answer.
///
/// # Errors
/// It is something else, or too large. Nothing of it is quoted.
pub fn parse_record(data: &str) -> Result<Helm, Why> {
    const NO_RECORD: &str = "Helm's record of the release cannot be read: it is damaged";
    let stored = STANDARD.decode(data).map_err(|_| garbage(NO_RECORD))?;
    let packed = STANDARD.decode(stored).map_err(|_| garbage(NO_RECORD))?;
    let mut json = Vec::new();
    if packed.starts_with(&[0x1f, 0x8b]) {
        let unpacked = GzDecoder::new(&packed[..]).take(MAX_ANSWER_BYTES as u64 + 1).read_to_end(&mut json);
        unpacked.map_err(|_| garbage(NO_RECORD))?;
    } else {
        json = packed;
    }
    if json.len() > MAX_ANSWER_BYTES {
        return Err(garbage("Helm's record of the release is larger than is read"));
    }
    helm(&json, NO_RECORD)
}

fn helm(json: &[u8], otherwise: &str) -> Result<Helm, Why> {
    let raw: Raw = serde_json::from_slice(json).map_err(|_| garbage(otherwise))?;
    let hook = |hook: RawHook| {
        let objects = parse(&hook.manifest)?;
        Ok(Hook { events: hook.events.unwrap_or_default(), objects })
    };
    let files = raw.chart.and_then(|chart| chart.files).unwrap_or_default();
    let crds = files.into_iter().filter(|file| file.name.starts_with("crds/")).filter_map(|file| {
        let text = String::from_utf8(STANDARD.decode(file.data).ok()?).ok()?;
        parse(&text).ok()
    });
    Ok(Helm {
        objects: parse(&raw.manifest)?,
        hooks: raw.hooks.unwrap_or_default().into_iter().map(hook).collect::<Result<_, Why>>()?,
        config: raw.config,
        revision: raw.version,
        server_side: raw.apply_method == "ssa",
        crds: crds.flatten().collect(),
    })
}

/// The objects of a manifest, those of lists one by one.
///
/// # Errors
/// It is no YAML, or holds something else than objects. Nothing of it is quoted.
pub fn parse(manifest: &str) -> Result<Vec<Value>, Why> {
    let documents = yaml::documents(manifest).map_err(|error| {
        garbage(&format!("A manifest of the release {} (line {})", error.what, error.line))
    })?;
    let mut objects = Vec::new();
    for document in documents {
        let is_list = document.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
        match document.get("items").and_then(Value::as_array) {
            Some(items) if is_list => objects.extend(items.iter().cloned()),
            _ => objects.push(document),
        }
    }
    let is_object = |object: &Value| {
        let id = ObjectId::of(object);
        !(id.kind.is_empty() || id.api_version.is_empty() || id.name.is_empty())
    };
    if objects.iter().all(is_object) {
        Ok(objects)
    } else {
        Err(garbage("A manifest has something without kind or name"))
    }
}

/// An object as it is, and as it would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Which.
    pub id: ObjectId,
    /// As the release has it.
    pub old: Option<Value>,
    /// As it would have it.
    pub new: Option<Value>,
}

/// Two manifests' objects side by side: in the order of the new one, then what only the old one has. What names no
/// namespace is in the release's own.
pub fn side_by_side(old: Vec<Value>, new: Vec<Value>, namespace: &str) -> Vec<Item> {
    let mut olds: BTreeMap<_, (ObjectId, Value)> = BTreeMap::new();
    let mut order = Vec::new();
    for object in old {
        let id = ObjectId::of(&object);
        let key = key(&id, namespace);
        order.push(key.clone());
        olds.insert(key, (id, object));
    }
    let mut items: Vec<Item> = new
        .into_iter()
        .map(|object| {
            let id = ObjectId::of(&object);
            let old = olds.remove(&key(&id, namespace)).map(|(_, object)| object);
            Item { id, old, new: Some(object) }
        })
        .collect();
    items.extend(order.into_iter().filter_map(|key| {
        let (id, object) = olds.remove(&key)?;
        Some(Item { id, old: Some(object), new: None })
    }));
    items
}

/// The same object of whatever version of its API: group, kind, namespace and name.
fn key(id: &ObjectId, namespace: &str) -> [String; 4] {
    let group = id.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let namespace = id.namespace.as_deref().unwrap_or(namespace);
    [group, &id.kind, namespace, &id.name].map(str::to_owned)
}

/// An object as Helm applies it: marked as the release's.
pub fn owned(object: &Value, release: &str, namespace: &str) -> Value {
    let mut object = object.clone();
    let marks = [
        ("labels", "app.kubernetes.io/managed-by", "Helm"),
        ("annotations", "meta.helm.sh/release-name", release),
        ("annotations", "meta.helm.sh/release-namespace", namespace),
    ];
    for (field, key, value) in marks {
        let metadata = object.as_object_mut().and_then(|object| member(object, "metadata"));
        if let Some(field) = metadata.and_then(|metadata| member(metadata, field)) {
            field.insert(key.to_owned(), value.into());
        }
    }
    object
}

/// Without what the old manifest sets and the new one does not: Helm removes that by itself where the release was
/// not applied by server-side apply before.
pub fn without_dropped(live: &Value, old: &Value, new: &Value) -> Value {
    match (live, old, new) {
        (Value::Object(live), Value::Object(old), Value::Object(new)) => {
            let kept = live.iter().filter(|(key, _)| new.contains_key(*key) || !old.contains_key(*key));
            let of = |(key, value): (&String, &Value)| {
                let below = old.get(key).zip(new.get(key));
                let value =
                    below.map_or_else(|| value.clone(), |(old, new)| without_dropped(value, old, new));
                (key.clone(), value)
            };
            Value::Object(kept.map(of).collect::<Map<_, _>>())
        }
        (Value::Array(live), Value::Array(old), Value::Array(new)) => {
            let named = |items: &[Value], name: &str| -> Option<Value> {
                items.iter().find(|item| item.get("name").and_then(Value::as_str) == Some(name)).cloned()
            };
            let of = |item: &Value| {
                let Some(name) = item.get("name").and_then(Value::as_str) else { return Some(item.clone()) };
                match (named(old, name), named(new, name)) {
                    (Some(_), None) => None,
                    (Some(old), Some(new)) => Some(without_dropped(item, &old, &new)),
                    _ => Some(item.clone()),
                }
            };
            Value::Array(live.iter().filter_map(of).collect())
        }
        (live, ..) => live.clone(),
    }
}
