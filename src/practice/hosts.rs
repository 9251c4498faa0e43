//! A region's load balancer: what stands behind the regional host and behind
//! the shared one.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{places::PLATFORM_VERSION, region::Region};

/// Answers for the region's host and for the shared one.
pub(super) fn router(region: Arc<Region>) -> Router {
    let platform = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/derp/probe", get(|| async { StatusCode::OK }))
        .route("/version", get(version));
    platform
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(axum::middleware::from_fn_with_state(region, balance))
}

/// An ALB sends requests to ready pods, and answers itself where there is none.
async fn balance(
    State(region): State<Arc<Region>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if region.serves() { next.run(request).await } else { no_target() }
}

fn no_target() -> Response {
    let page = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n\
                <center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n";
    let headers = [(header::SERVER, "awselb/2.0"), (header::CONTENT_TYPE, "text/html")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, page).into_response()
}

async fn version() -> Json<serde_json::Value> {
    Json(json!({ "version": format!("v{PLATFORM_VERSION}") }))
}
