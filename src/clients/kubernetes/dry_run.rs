//! What the server would make of a change: every request that is no reading goes out with `dryRun=All`.
//!
//! # Caveats
//! The server demands the permission for the change itself. An admission webhook that has side effects and knows no
//! dry run makes it refuse (400).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderValue, Request, Uri, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::access::ClusterAccess;
use super::answer::{Failure, Missing};
use super::connection::Connection;
use super::pinned::Pinned;
use super::reader::{Reader, get_path, target_now, unbuilt};
use super::writer;
use crate::clients::preview::ObjectId;
use crate::runbook::action;
use crate::runbook::fact::ReleaseFacts;
use crate::runbook::verdict::{Why, WhyKind};

/// The longest answer about one object, in bytes: several are read at once. etcd takes 1.5 MiB at most.
const MAX_OBJECT_BYTES: usize = 2 * 1024 * 1024;
/// Server-side apply: the body is YAML, which JSON is.
const APPLY: HeaderValue = HeaderValue::from_static("application/apply-patch+yaml");

/// A cluster at which changes are tried, and no more: it has no method that sends one for good.
pub struct DryRun {
    connection: Arc<Connection>,
    reader: Reader,
    /// What the API has of each group and version that was asked for.
    types: Mutex<BTreeMap<String, Arc<Vec<Type>>>>,
}

/// A change that is tried. There is no other way to make one than with `dryRun=All` behind it.
struct Tried(Request<Vec<u8>>);

impl Tried {
    fn new(request: Request<Vec<u8>>) -> Result<Self, Why> {
        let (mut parts, body) = request.into_parts();
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        let and = if query.is_empty() { "" } else { "&" };
        let tried: Result<Uri, _> = format!("{path}?{query}{and}dryRun=All").parse();
        parts.uri = tried.map_err(|error| unbuilt(&error))?;
        Ok(Self(Request::from_parts(parts, body)))
    }
}

/// What an object became in a dry run, or why it was not tried.
#[derive(Debug)]
pub enum Answer {
    /// What it would be.
    Would(Box<Value>),
    /// The server refuses the change, in its own words: so it would refuse it for good.
    Refused(Why),
    /// What it belongs in does not exist yet.
    NoPlace,
    /// It could not be asked.
    Unknown(Why),
}

impl DryRun {
    /// Signs in to the cluster of a plan, by the very reading of the kubeconfig that is compared with it.
    ///
    /// # Errors
    /// It is another cluster than the plan's, or cannot be signed in to.
    pub async fn connect(
        pinned: Pinned,
        access: &ClusterAccess,
        planned: &action::Target,
        (namespace, deployment): (&str, &str),
    ) -> Result<Self, Why> {
        let connection = Arc::new(Connection::to(pinned.into_target(), access).await?);
        let now = target_now(&connection, namespace, deployment).await?;
        if let Some(difference) = planned.differs_from(&now) {
            return Err(Why::new(WhyKind::Conflict, format!("Since the plan was made {difference}")));
        }
        let reader = Reader::of(connection.clone());
        Ok(Self { connection, reader, types: Mutex::default() })
    }

    /// The newest record of a release, as [`Reader::release`].
    pub async fn release(&self, namespace: &str, name: &str) -> Result<ReleaseFacts, Why> {
        self.reader.release(namespace, name).await
    }

    /// The data of a revision's record, as it stands in its Secret: secrets are in it.
    pub async fn record(&self, namespace: &str, release: &str, revision: u32) -> Result<String, Why> {
        let name = format!("sh.helm.release.v1.{release}.v{revision}");
        let id = ObjectId {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            namespace: Some(namespace.to_owned()),
            name,
        };
        let found = self.live(&id, namespace).await?;
        let data = found.as_ref().and_then(|record| record.pointer("/data/release")).and_then(Value::as_str);
        data.map(str::to_owned).ok_or_else(|| {
            let message = format!("Helm's record of revision {revision} is not in the cluster");
            Why::new(WhyKind::NotFound, message)
        })
    }

    /// The Deployment as it is, whole.
    pub async fn deployment(&self, namespace: &str, name: &str) -> Result<Option<Value>, Why> {
        let id = ObjectId {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        };
        self.live(&id, namespace).await
    }

    /// An object as it is; `None` where there is none.
    pub async fn live(&self, id: &ObjectId, namespace: &str) -> Result<Option<Value>, Why> {
        let path = self.path(id, namespace).await?;
        match self.connection.json_of::<Value>(get_path(&path)?, MAX_OBJECT_BYTES).await {
            Ok(found) if found.pointer("/metadata/name").and_then(Value::as_str) == Some(&id.name) => {
                Ok(Some(found))
            }
            Ok(_) => {
                let message = format!(
                    "{} answered with something else than the {} {}",
                    self.connection.server(),
                    id.kind,
                    id.name
                );
                Err(Why::new(WhyKind::Garbage, message))
            }
            Err(failure) if failure.missing == Some(Missing::Object) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// What the restart of [`Writer::restart`](super::Writer::restart) would make of the Deployment.
    pub async fn restart(&self, namespace: &str, deployment: &str, uid: &str, at: Timestamp) -> Answer {
        self.answer(writer::restart_request(namespace, deployment, uid, at)).await
    }

    /// What the scaling of [`Writer::scale`](super::Writer::scale) would make of the Deployment.
    pub async fn scale(&self, namespace: &str, deployment: &str, uid: &str, counts: (i32, u32)) -> Answer {
        self.answer(writer::scale_request(namespace, deployment, uid, counts.0, counts.1)).await
    }

    /// What Helm's server-side apply would make of an object. `force` takes fields over from who else set them.
    pub async fn apply(&self, object: &Value, namespace: &str, force: bool) -> Answer {
        let id = ObjectId::of(object);
        let path = match self.path(&id, namespace).await {
            Ok(path) => path,
            Err(why) => return Answer::Unknown(why),
        };
        // Helm's own name and parameters.
        let query = format!("fieldManager=helm&fieldValidation=Strict&force={force}");
        let request = Request::patch(format!("{path}?{query}"))
            .header(header::CONTENT_TYPE, APPLY)
            .body(object.to_string().into_bytes());
        self.answer(request.map_err(|error| unbuilt(&error))).await
    }

    async fn answer(&self, request: Result<Request<Vec<u8>>, Why>) -> Answer {
        let tried = match request.and_then(Tried::new) {
            Ok(tried) => tried,
            Err(why) => return Answer::Unknown(why),
        };
        match self.connection.json_of::<Value>(tried.0, MAX_OBJECT_BYTES).await {
            Ok(would) if would.get("metadata").is_some() => Answer::Would(Box::new(would)),
            Ok(_) => {
                let message = format!(
                    "{} answered a dry run with something else than an object",
                    self.connection.server()
                );
                Answer::Unknown(Why::new(WhyKind::Garbage, message))
            }
            Err(Failure { missing: Some(Missing::Object), .. }) => Answer::NoPlace,
            Err(Failure { code: Some(400), why, .. }) if why.message.contains("dry run") => {
                Answer::Unknown(why)
            }
            Err(Failure { code: Some(400 | 409 | 422), why, .. }) => Answer::Refused(why),
            Err(failure) => Answer::Unknown(failure.why),
        }
    }

    /// The path of an object, in the release's namespace where it names none.
    async fn path(&self, id: &ObjectId, namespace: &str) -> Result<String, Why> {
        let odd = |what: &str| {
            Why::new(
                WhyKind::Configuration,
                format!("A {what} of the release cannot be asked for: it has odd characters"),
            )
        };
        let base = base(&id.api_version).ok_or_else(|| odd("version"))?;
        let found = self
            .types_of(&base)
            .await?
            .iter()
            .find(|it| it.kind == id.kind && !it.name.contains('/'))
            .cloned();
        let found = found.ok_or_else(|| no_type(self.connection.server(), &id.kind, &id.api_version))?;
        let namespace = id.namespace.as_deref().unwrap_or(namespace);
        if !is_plain(&id.name) || !is_plain(namespace) || !is_plain(&found.name) {
            return Err(odd("name"));
        }
        let place = if found.namespaced { format!("/namespaces/{namespace}") } else { String::new() };
        Ok(format!("{base}{place}/{}/{}", found.name, id.name))
    }

    /// Is an object of this kind in a namespace? `None` where the cluster does not say.
    pub async fn is_namespaced(&self, id: &ObjectId) -> Option<bool> {
        let types = self.types_of(&base(&id.api_version)?).await.ok()?;
        types.iter().find(|it| it.kind == id.kind).map(|it| it.namespaced)
    }

    async fn types_of(&self, base: &str) -> Result<Arc<Vec<Type>>, Why> {
        let known = self.types.lock().unwrap_or_else(PoisonError::into_inner).get(base).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let listed = match self.connection.json::<Types>(get_path(base)?).await {
            Ok(listed) => Arc::new(listed.resources),
            Err(failure) if failure.code == Some(404) => Arc::default(),
            Err(failure) => return Err(failure.into()),
        };
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        types.insert(base.to_owned(), listed.clone());
        Ok(listed)
    }
}

/// Where the API has a group and version; `None` for what is none.
fn base(api_version: &str) -> Option<String> {
    let parts: Vec<&str> = api_version.split('/').collect();
    match parts.as_slice() {
        [version] if is_plain(version) => Some(format!("/api/{version}")),
        [group, version] if is_plain(group) && is_plain(version) => Some(format!("/apis/{group}/{version}")),
        _ => None,
    }
}

fn no_type(server: &str, kind: &str, version: &str) -> Why {
    Why::new(WhyKind::NotFound, format!("{server} knows no {kind} of {version}"))
}

#[derive(Deserialize)]
struct Types {
    resources: Vec<Type>,
}

/// A resource type, of the API's own list.
#[derive(Debug, Clone, Deserialize)]
struct Type {
    name: String,
    kind: String,
    namespaced: bool,
}

/// May it stand in a path as it is?
fn is_plain(part: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    !part.is_empty() && part.len() <= 253 && part.chars().all(fits) && !part.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_that_is_made_here_is_only_tried() {
        let at = Timestamp::UNIX_EPOCH;
        let plain = Request::patch("/api/v1/x").body(Vec::new()).unwrap();
        for request in [
            writer::restart_request("n", "loft", "u", at).unwrap(),
            writer::scale_request("n", "loft", "u", 0, 3).unwrap(),
            plain,
        ] {
            let uri = Tried::new(request).unwrap().0.uri().to_string();
            assert!(uri.ends_with("dryRun=All") && uri.matches('?').count() == 1, "{uri}");
        }
    }

    #[test]
    fn what_steers_a_path_is_in_none() {
        for part in ["loft", "sh.helm.release.v1.loft.v3", "system:node", "v1"] {
            assert!(is_plain(part), "{part}");
        }
        for part in ["", "..", "a/b", "a?b", "a#b", "a%2f", "a b", "a\u{1b}", ".a"] {
            assert!(!is_plain(part), "{part}");
        }
    }
}
