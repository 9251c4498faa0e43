//! Create, replace, patch and apply: what every write has in common.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::apply::managed::{self, Operation, Writing};
use super::apply::{self};
use super::kinds::{self, Resource};
use super::object::{self, items, map_at, name, namespace, number, text, uid};
use super::patch::{self, Format};
use super::status::Refusal;
use super::store::{Key, State};
use super::{defaults, validation};

/// One write of one client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    /// The type that is written.
    pub(super) resource: &'static Resource,
    /// `status`, or empty for the object itself.
    pub(super) subresource: &'a str,
    /// Who writes: `fieldManager`, or the client's own name.
    pub(super) manager: &'a str,
    /// Whether the write is only tried (`dryRun=All`).
    pub(super) dry_run: bool,
    /// When it arrived.
    pub(super) now: Timestamp,
}

impl Writer<'_> {
    /// POST: a new object.
    pub(super) fn create(
        &self,
        state: &mut State,
        in_namespace: &str,
        body: Value,
    ) -> Result<Arc<Value>, Refusal> {
        let mut object = self.identified(body)?;
        if name(&object).is_empty() {
            let prefix = text(&object, "/metadata/generateName");
            if prefix.is_empty() {
                return Err(Refusal::invalid(
                    self.resource,
                    "",
                    "metadata.name",
                    "Required value: name or generateName is required",
                ));
            }
            let generated = format!("{prefix}{}", state.random.suffix(5));
            map_at(&mut object, &["metadata"]).insert("name".to_owned(), generated.into());
        }
        self.place(&mut object, in_namespace)?;
        let key = Key::of(self.resource, &object);
        if state.get(&key).is_some() {
            return Err(Refusal::already_exists(self.resource, name(&object)));
        }
        self.begin(state, &mut object)?;
        managed::track(None, &mut object, self.writing(Operation::Update));
        Ok(self.keep(state, &key, object))
    }

    /// PUT: the object as a whole.
    pub(super) fn replace(&self, state: &mut State, key: &Key, body: Value) -> Result<Arc<Value>, Refusal> {
        let live = self.live(state, key)?;
        let sent = self.identified(body)?;
        let mut object = self.bounded(&live, sent)?;
        managed::track(Some(&live), &mut object, self.writing(Operation::Update));
        Ok(self.keep(state, key, object))
    }

    /// PATCH in one of the three formats that change the live object.
    pub(super) fn patch(
        &self,
        state: &mut State,
        key: &Key,
        patch: &Value,
        format: Format,
    ) -> Result<Arc<Value>, Refusal> {
        if format == Format::Strategic && !self.resource.built_in() {
            return Err(Refusal::unsupported_media_type("application/strategic-merge-patch+json"));
        }
        let live = self.live(state, key)?;
        let patched = patch::patched(&live, patch, format)
            .map_err(|error| Refusal::unprocessable(error.to_string()))?;
        let mut object = self.bounded(&live, patched)?;
        managed::track(Some(&live), &mut object, self.writing(Operation::Update));
        Ok(self.keep(state, key, object))
    }

    /// PATCH by server-side apply; creates what is not there.
    pub(super) fn apply(
        &self,
        state: &mut State,
        key: &Key,
        config: Value,
        force: bool,
    ) -> Result<(Arc<Value>, bool), Refusal> {
        let mut config = self.identified(config)?;
        if !items(&config, "/metadata/managedFields").is_empty() {
            return Err(Refusal::bad_request("metadata.managedFields must be nil"));
        }
        self.place(&mut config, key.namespace())?;
        if Key::of(self.resource, &config) != *key {
            return Err(Refusal::bad_request("the name of the object does not match the name on the URL"));
        }
        let writing = self.writing(Operation::Apply);
        let live = state.get(key).cloned();
        let merged = apply::applied(live.as_deref(), &config, writing, force)
            .map_err(|conflicts| Refusal::apply_conflict(&conflicts))?;
        let Some(live) = live else {
            let mut object = merged;
            self.begin(state, &mut object)?;
            return Ok((self.keep(state, key, object), true));
        };
        let object = self.bounded(&live, merged)?;
        Ok((self.keep(state, key, object), false))
    }

    fn writing(&self, operation: Operation) -> Writing<'_> {
        Writing {
            manager: self.manager,
            operation,
            subresource: self.subresource,
            at: self.now,
            built_in: self.resource.built_in(),
        }
    }

    fn live(&self, state: &State, key: &Key) -> Result<Arc<Value>, Refusal> {
        state.get(key).cloned().ok_or_else(|| Refusal::not_found(self.resource, key.name()))
    }

    fn keep(&self, state: &mut State, key: &Key, object: Value) -> Arc<Value> {
        if self.dry_run {
            return Arc::new(object);
        }
        let kept = state.put(key, object);
        if object::terminating(&kept)
            && *self.resource != kinds::PODS
            && items(&kept, "/metadata/finalizers").is_empty()
        {
            state.remove(key);
        }
        kept
    }

    /// The body with its type, which may be left out but not be another one.
    fn identified(&self, mut body: Value) -> Result<Value, Refusal> {
        if !body.is_object() {
            return Err(Refusal::bad_request("the body of the request is no object"));
        }
        let api_version = self.resource.api_version();
        for (field, expected) in [("/apiVersion", api_version.as_str()), ("/kind", self.resource.kind)] {
            let sent = text(&body, field);
            if !sent.is_empty() && sent != expected {
                let message =
                    format!("the object provided is unrecognized: {sent} does not match {expected}");
                return Err(Refusal::bad_request(message));
            }
        }
        map_at(&mut body, &["metadata"]);
        body["apiVersion"] = api_version.into();
        body["kind"] = self.resource.kind.into();
        Ok(body)
    }

    /// Puts a new object where the path says.
    fn place(&self, object: &mut Value, in_namespace: &str) -> Result<(), Refusal> {
        let metadata = map_at(object, &["metadata"]);
        if !self.resource.namespaced {
            metadata.shift_remove("namespace");
            return Ok(());
        }
        let sent = metadata.entry("namespace").or_insert_with(|| in_namespace.into());
        if sent.as_str() == Some(in_namespace) {
            Ok(())
        } else {
            let message =
                "the namespace of the provided object does not match the namespace sent on the request";
            Err(Refusal::bad_request(message))
        }
    }

    /// Gives a new object what the server alone decides.
    fn begin(&self, state: &mut State, object: &mut Value) -> Result<(), Refusal> {
        if self.resource.namespaced {
            let home = Key::new(&kinds::NAMESPACES, "", namespace(object));
            if state.get(&home).is_none() {
                return Err(Refusal::not_found(&kinds::NAMESPACES, namespace(object)));
            }
        }
        if self.resource.status {
            map_at(object, &[]).shift_remove("status");
        }
        defaults::fill(self.resource, object);
        validation::check(self.resource, None, object)?;
        let uid = state.random.uid();
        let metadata = map_at(object, &["metadata"]);
        for server_set in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
            metadata.shift_remove(server_set);
        }
        metadata.insert("uid".to_owned(), uid.into());
        metadata.insert("creationTimestamp".to_owned(), object::stamp(self.now).into());
        if self.resource.generation {
            metadata.insert("generation".to_owned(), 1.into());
        }
        Ok(())
    }

    /// Holds a changed object to what this write may change.
    fn bounded(&self, live: &Value, sent: Value) -> Result<Value, Refusal> {
        let (resource, called) = (self.resource, name(live));
        if name(&sent) != called && !name(&sent).is_empty() {
            let message = format!(
                "the name of the object ({}) does not match the name on the URL ({called})",
                name(&sent)
            );
            return Err(Refusal::bad_request(message));
        }
        if !uid(&sent).is_empty() && uid(&sent) != uid(live) {
            return Err(Refusal::precondition(resource, called, "UID", uid(&sent), uid(live)));
        }
        let version = text(&sent, "/metadata/resourceVersion");
        if !version.is_empty() && version != text(live, "/metadata/resourceVersion") {
            return Err(Refusal::stale(resource, called));
        }
        let mut object = if self.subresource == "status" {
            let mut object = live.clone();
            object["status"] = sent.get("status").cloned().unwrap_or_else(|| json!({}));
            object
        } else {
            sent
        };
        for field in [
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ] {
            carry(live, &mut object, &["metadata"], field);
        }
        if self.subresource != "status" && resource.status {
            carry(live, &mut object, &[], "status");
        }
        defaults::fill(resource, &mut object);
        validation::check(resource, Some(live), &object)?;
        if resource.generation && wish(live) != wish(&object) {
            object["metadata"]["generation"] = (number(live, "/metadata/generation") + 1).into();
        }
        Ok(object)
    }
}

/// Takes a field over from the live object, its absence too.
fn carry(live: &Value, object: &mut Value, path: &[&str], field: &str) {
    let kept = path.iter().try_fold(live, |place, step| place.get(step)).and_then(|place| place.get(field));
    let fields = map_at(object, path);
    match kept {
        Some(value) => fields.insert(field.to_owned(), value.clone()),
        None => fields.shift_remove(field),
    };
}

/// What an object wants, without what it is called and how it is.
fn wish(object: &Value) -> Value {
    let mut wish = object.clone();
    let fields = map_at(&mut wish, &[]);
    fields.shift_remove("metadata");
    fields.shift_remove("status");
    wish
}
