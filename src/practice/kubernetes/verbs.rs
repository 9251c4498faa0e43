//! What each method does at each path.

use axum::Json;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::body;
use super::delete::{self, Options};
use super::kinds::{self, Access};
use super::patch::{self, Format};
use super::presentation::{self, View};
use super::rights::Asked;
use super::router::Call;
use super::selector::Selector;
use super::status::Refusal;
use super::store::Key;
use super::watch::{self, Watched};
use super::write::Writer;
use super::{Cluster, access_review, logs, scale};

/// Answers a request for a resource.
pub(super) fn answer(cluster: &Cluster, call: &Call) -> Result<Response, Refusal> {
    let target = &call.target;
    authorize(cluster, call)?;
    let writes = call.method != Method::GET && call.method != Method::HEAD;
    match target.resource.access {
        Access::Question if call.method == Method::POST && target.name.is_none() => {
            let review =
                access_review::answer(target.resource, &body::object(call)?, cluster.rights(), call.now);
            return Ok((StatusCode::CREATED, Json(review)).into_response());
        }
        Access::Question => return Err(Refusal::method_not_allowed()),
        Access::ReadOnly if writes => return Err(Refusal::method_not_allowed()),
        Access::ReadOnly | Access::Full => {}
    }
    let Some(name) = &target.name else { return on_collection(cluster, call) };
    if target.resource.namespaced && target.namespace.is_none() {
        return Err(Refusal::no_such_path());
    }
    let key = Key::new(target.resource, target.namespace.as_deref().unwrap_or_default(), name);
    match target.subresource.as_str() {
        "" => on_object(cluster, call, &key),
        "status" if target.resource.status => on_status(cluster, call, &key),
        "scale" if target.resource.scale => on_scale(cluster, call, &key),
        "log" if *target.resource == kinds::PODS && !writes => {
            let log = logs::answer(cluster, &key, &call.query, call.now)?;
            Ok(([(header::CONTENT_TYPE, "text/plain")], log).into_response())
        }
        _ => Err(Refusal::no_such_path()),
    }
}

/// Holds a request to what the responder may do.
fn authorize(cluster: &Cluster, call: &Call) -> Result<(), Refusal> {
    let target = &call.target;
    let asked = Asked {
        verb: verb(call),
        group: target.resource.group,
        resource: target.resource.plural,
        subresource: &target.subresource,
    };
    if cluster.rights().allow(&asked) { Ok(()) } else { Err(Refusal::forbidden(&asked, target)) }
}

/// The request's verb, as RBAC names it.
fn verb(call: &Call) -> &'static str {
    let one = call.target.name.is_some();
    match call.method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if one => "delete",
        Method::DELETE => "deletecollection",
        _ if call.query.flag("watch") => "watch",
        _ if one => "get",
        _ => "list",
    }
}

fn on_collection(cluster: &Cluster, call: &Call) -> Result<Response, Refusal> {
    match call.method {
        Method::GET | Method::HEAD if call.query.flag("watch") => watch(cluster, call),
        Method::GET | Method::HEAD => list(cluster, call),
        Method::POST => {
            let sent = body::object(call)?;
            let writer = writer(call, "");
            let namespace = call.target.namespace.clone().unwrap_or_default();
            if call.target.resource.namespaced && namespace.is_empty() {
                return Err(Refusal::method_not_allowed());
            }
            let created = cluster.store().write(|state| writer.create(state, &namespace, sent))?;
            Ok(shown(call, StatusCode::CREATED, &created))
        }
        Method::DELETE => delete_collection(cluster, call),
        _ => Err(Refusal::method_not_allowed()),
    }
}

fn on_object(cluster: &Cluster, call: &Call, key: &Key) -> Result<Response, Refusal> {
    match call.method {
        // the old form of a watch on one object
        Method::GET if call.query.flag("watch") => watch(cluster, call),
        Method::GET | Method::HEAD => get(cluster, call, key),
        Method::PUT => replace(cluster, call, key, ""),
        Method::PATCH => patch(cluster, call, key, ""),
        Method::DELETE => {
            let options = delete_options(call)?;
            let answer = cluster
                .store()
                .write(|state| delete::delete(state, call.target.resource, key, &options, call.now))?;
            Ok(Json(answer).into_response())
        }
        _ => Err(Refusal::method_not_allowed()),
    }
}

fn on_status(cluster: &Cluster, call: &Call, key: &Key) -> Result<Response, Refusal> {
    match call.method {
        Method::GET => get(cluster, call, key),
        Method::PUT => replace(cluster, call, key, "status"),
        Method::PATCH => patch(cluster, call, key, "status"),
        _ => Err(Refusal::method_not_allowed()),
    }
}

fn on_scale(cluster: &Cluster, call: &Call, key: &Key) -> Result<Response, Refusal> {
    let sent = match call.method {
        Method::GET | Method::PUT => None,
        Method::PATCH => Some(body::format(call)?),
        _ => return Err(Refusal::method_not_allowed()),
    };
    let wanted = if call.method == Method::GET { Value::Null } else { body::any(call)? };
    let writer = writer(call, "scale");
    let scaled = cluster.store().write(|state| {
        let live =
            state.get(key).cloned().ok_or_else(|| Refusal::not_found(call.target.resource, key.name()))?;
        if call.method == Method::GET {
            return Ok(live);
        }
        let wanted = match sent {
            Some(format) => patch::patched(&scale::of(&live), &wanted, format)
                .map_err(|error| Refusal::unprocessable(error.to_string()))?,
            None => wanted.clone(),
        };
        writer.patch(state, key, &scale::to_patch(&wanted), Format::Merge)
    })?;
    Ok(Json(scale::of(&scaled)).into_response())
}

fn get(cluster: &Cluster, call: &Call, key: &Key) -> Result<Response, Refusal> {
    let found = cluster.store().read(|state| state.get(key).cloned());
    let object = found.ok_or_else(|| Refusal::not_found(call.target.resource, key.name()))?;
    Ok(shown(call, StatusCode::OK, &object))
}

fn list(cluster: &Cluster, call: &Call) -> Result<Response, Refusal> {
    let target = &call.target;
    let selector = selector(call)?;
    let (objects, revision) = cluster
        .store()
        .read(|state| (state.collect(target.resource, target.namespace.as_deref()), state.revision()));
    let chosen: Vec<&Value> =
        objects.iter().map(|object| &**object).filter(|object| selector.matches(object)).collect();
    let list = presentation::list(view(call), target.resource, &chosen, revision, call.now);
    Ok(Json(list).into_response())
}

fn watch(cluster: &Cluster, call: &Call) -> Result<Response, Refusal> {
    let watched = Watched {
        resource: call.target.resource,
        namespace: call.target.namespace.clone(),
        selector: selector(call)?,
        view: view(call),
    };
    let events = watch::open(cluster, watched, &call.query)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], events).into_response())
}

fn replace(cluster: &Cluster, call: &Call, key: &Key, subresource: &str) -> Result<Response, Refusal> {
    let sent = body::object(call)?;
    let writer = writer(call, subresource);
    let kept = cluster.store().write(|state| writer.replace(state, key, sent))?;
    Ok(shown(call, StatusCode::OK, &kept))
}

fn patch(cluster: &Cluster, call: &Call, key: &Key, subresource: &str) -> Result<Response, Refusal> {
    let writer = writer(call, subresource);
    if !body::is_apply(call) {
        let (format, sent) = (body::format(call)?, body::any(call)?);
        let kept = cluster.store().write(|state| writer.patch(state, key, &sent, format))?;
        return Ok(shown(call, StatusCode::OK, &kept));
    }
    if call.query.get("fieldManager").is_empty() {
        let message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
        return Err(Refusal::unprocessable(message));
    }
    let config = body::object(call)?;
    let force = call.query.flag("force");
    let (kept, created) = cluster.store().write(|state| writer.apply(state, key, config, force))?;
    Ok(shown(call, if created { StatusCode::CREATED } else { StatusCode::OK }, &kept))
}

fn delete_collection(cluster: &Cluster, call: &Call) -> Result<Response, Refusal> {
    let target = &call.target;
    let (selector, options) = (selector(call)?, delete_options(call)?);
    let gone = cluster.store().write(|state| {
        let mut chosen = state.collect(target.resource, target.namespace.as_deref());
        chosen.retain(|object| selector.matches(object));
        for object in &chosen {
            delete::delete(state, target.resource, &Key::of(target.resource, object), &options, call.now)?;
        }
        Ok::<_, Refusal>((chosen, state.revision()))
    });
    let (objects, revision) = gone?;
    let gone: Vec<&Value> = objects.iter().map(|object| &**object).collect();
    Ok(Json(presentation::list(View::Whole, target.resource, &gone, revision, call.now)).into_response())
}

fn delete_options(call: &Call) -> Result<Options, Refusal> {
    let query = Options {
        grace_period_seconds: call.query.number("gracePeriodSeconds")?,
        orphan: call.query.get("propagationPolicy") == "Orphan",
        dry_run: call.query.dry_run(),
        ..Options::default()
    };
    Ok(if call.body.is_empty() { query } else { query.with_body(&body::any(call)?) })
}

fn selector(call: &Call) -> Result<Selector, Refusal> {
    let mut fields = call.query.get("fieldSelector").to_owned();
    if let Some(name) = &call.target.name {
        fields = format!("metadata.name={name}");
    }
    Selector::parse(call.target.resource, call.query.get("labelSelector"), &fields)
        .map_err(Refusal::bad_request)
}

fn view(call: &Call) -> View {
    View::asked(call.header(header::ACCEPT), call.query.get("includeObject"))
}

fn shown(call: &Call, code: StatusCode, object: &Value) -> Response {
    let shown = presentation::one(view(call), call.target.resource, object, call.now);
    (code, Json(shown)).into_response()
}

fn writer<'a>(call: &'a Call, subresource: &'a str) -> Writer<'a> {
    let named = call.query.get("fieldManager");
    let agent = call.header(header::USER_AGENT);
    let manager = if named.is_empty() { agent.split('/').next().unwrap_or_default() } else { named };
    Writer {
        resource: call.target.resource,
        subresource,
        manager: if manager.is_empty() { "unknown" } else { manager },
        dry_run: call.query.dry_run(),
        now: call.now,
    }
}
