//! The API's front door: authentication, the record of changing requests, and
//! what is no resource (discovery, OpenAPI, health).

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use jiff::Timestamp;

use super::kinds::Access;
use super::query::{Query, Target};
use super::status::Refusal;
use super::{Cluster, discovery, openapi, verbs};
use crate::practice::requests::ChangingRequest;

/// The real API's limit for a body, bytes.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// A request whose body has arrived.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) now: Timestamp,
}

impl Call {
    /// A header, empty where it is missing or no text.
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        header_text(&self.headers, name)
    }
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The whole API of a cluster.
pub(super) fn routes(cluster: Cluster) -> Router {
    Router::new().fallback(handle).with_state(cluster)
}

async fn handle(State(cluster): State<Cluster>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let response = match answer(&cluster, &parts, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    if changes_something(&parts) {
        cluster.requests().record(ChangingRequest {
            at: Timestamp::now(),
            region: cluster.setup().region.clone(),
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            user_agent: header_text(&parts.headers, header::USER_AGENT).to_owned(),
            status: response.status().as_u16(),
        });
    }
    response
}

/// Whether a request would change the world: a write that is neither a
/// question (access reviews) nor only tried.
fn changes_something(parts: &Parts) -> bool {
    let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&parts.method);
    let asks = Target::of(parts.uri.path()).is_some_and(|target| target.resource.access == Access::Question);
    let tries = Query::of(&parts.uri).is_ok_and(|query| query.dry_run());
    writes && !asks && !tries
}

async fn answer(cluster: &Cluster, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    let path = parts.uri.path();
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    // open to anyone, as system:public-info-viewer makes them
    if is_read && matches!(path.trim_end_matches('/'), "/livez" | "/readyz" | "/healthz") {
        return Ok("ok".into_response());
    }
    authenticate(cluster, &parts.headers)?;
    if let Some(document) = discovery::document(path).or_else(|| openapi::document(path)) {
        return if is_read { Ok(Json(document).into_response()) } else { Err(Refusal::method_not_allowed()) };
    }
    let Some(target) = Target::of(path) else {
        // what the server has no type for is answered in plain text, not by a Status
        return Ok((StatusCode::NOT_FOUND, "404 page not found\n").into_response());
    };
    let body = axum::body::to_bytes(body, BODY_LIMIT).await.map_err(|_| Refusal::too_large())?;
    let query = Query::of(&parts.uri)?;
    let call = Call {
        method: parts.method.clone(),
        target,
        query,
        headers: parts.headers.clone(),
        body,
        now: Timestamp::now(),
    };
    verbs::answer(cluster, &call)
}

fn authenticate(cluster: &Cluster, headers: &HeaderMap) -> Result<(), Refusal> {
    let sent = header_text(headers, header::AUTHORIZATION);
    let token = sent.strip_prefix("Bearer ").map(str::trim);
    if token == Some(cluster.setup().token.as_str()) { Ok(()) } else { Err(Refusal::unauthorized()) }
}
