//! DELETE, and what goes with an object.

use jiff::Timestamp;
use serde_json::Value;

use super::kinds::{self, Resource};
use super::object::{self, items, map_at, name, number, text, uid};
use super::status::{self, Refusal};
use super::store::{Key, State};

/// `DeleteOptions`, from the body and the query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Only the object with this uid, where not empty.
    pub(super) uid: String,
    /// Only this version of it, where not empty.
    pub(super) resource_version: String,
    /// Seconds until a pod is gone; its own value where not given.
    pub(super) grace_period_seconds: Option<i64>,
    /// Leave the object's own objects behind.
    pub(super) orphan: bool,
    /// Only try.
    pub(super) dry_run: bool,
}

impl Options {
    /// Adds what a `DeleteOptions` body says.
    pub(super) fn with_body(mut self, body: &Value) -> Self {
        text(body, "/preconditions/uid").clone_into(&mut self.uid);
        text(body, "/preconditions/resourceVersion").clone_into(&mut self.resource_version);
        if let Some(seconds) = body.get("gracePeriodSeconds").and_then(Value::as_i64) {
            self.grace_period_seconds = Some(seconds);
        }
        self.orphan |= text(body, "/propagationPolicy") == "Orphan" || body["orphanDependents"] == true;
        self.dry_run |= !items(body, "/dryRun").is_empty();
        self
    }
}

/// Deletes one object and says so. Pods take their time; the rest is gone at
/// once, unless finalizers hold it.
pub(super) fn delete(
    state: &mut State,
    resource: &Resource,
    key: &Key,
    options: &Options,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let live = state.get(key).cloned().ok_or_else(|| Refusal::not_found(resource, key.name()))?;
    if !options.uid.is_empty() && options.uid != uid(&live) {
        return Err(Refusal::precondition(resource, name(&live), "UID", &options.uid, uid(&live)));
    }
    let version = text(&live, "/metadata/resourceVersion");
    if !options.resource_version.is_empty() && options.resource_version != version {
        let (sent, field) = (&options.resource_version, "ResourceVersion");
        return Err(Refusal::precondition(resource, name(&live), field, sent, version));
    }
    let done = status::deleted(resource, name(&live), uid(&live));
    let grace = if *resource == kinds::PODS {
        options.grace_period_seconds.unwrap_or_else(|| number(&live, "/spec/terminationGracePeriodSeconds"))
    } else {
        0
    };
    let lingers = grace > 0 || !items(&live, "/metadata/finalizers").is_empty();
    if options.dry_run {
        return Ok(done);
    }
    if options.orphan {
        release(state, uid(&live));
    }
    if lingers {
        let mut object = (*live).clone();
        let metadata = map_at(&mut object, &["metadata"]);
        metadata.entry("deletionTimestamp").or_insert_with(|| object::stamp(now).into());
        metadata.insert("deletionGracePeriodSeconds".to_owned(), grace.into());
        return Ok((*state.put(key, object)).clone());
    }
    state.remove(key);
    Ok(done)
}

/// Cuts the owner off from its objects, so that they stay.
fn release(state: &mut State, owner_uid: &str) {
    let owned: Vec<(Key, Value)> = state
        .all()
        .filter(|(_, object)| object::owned_by(object, owner_uid))
        .map(|(key, object)| (key.clone(), (**object).clone()))
        .collect();
    for (key, mut object) in owned {
        if let Some(owners) = object.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut) {
            owners.retain(|owner| text(owner, "/uid") != owner_uid);
        }
        state.put(&key, object);
    }
}
