//! The Helm repository: an index and the chart's archives.

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{kubernetes::chart_archive, places::PLATFORM_VERSION};

/// The chart's name.
pub(super) const CHART: &str = "vcluster-platform";
/// The repository's path on the world's plain port.
pub(super) const PATH: &str = "/charts";
/// Beside the version that runs: a newer one, which `latest` would pick, and
/// the one that the runbook still names. Either makes the regions differ.
const VERSIONS: [&str; 3] = ["4.12.0", PLATFORM_VERSION, "4.8.0"];

/// Serves `index.yaml` and what it lists.
pub(super) fn router() -> Router {
    Router::new().route("/index.yaml", get(index)).route("/{archive}", get(archive))
}

fn file_name(version: &str) -> String {
    format!("{CHART}-{version}.tgz")
}

/// JSON, which is YAML too.
async fn index() -> Response {
    let entries = VERSIONS.map(|version| {
        json!({
            "apiVersion": "v2",
            "name": CHART,
            "version": version,
            "appVersion": version,
            "description": "vCluster Platform",
            "type": "application",
            "urls": [file_name(version)],
        })
    });
    let index = json!({ "apiVersion": "v1", "entries": { CHART: entries } });
    ([(header::CONTENT_TYPE, "application/yaml")], index.to_string()).into_response()
}

async fn archive(Path(name): Path<String>) -> Response {
    match VERSIONS.into_iter().find(|version| file_name(version) == name) {
        Some(version) => {
            ([(header::CONTENT_TYPE, "application/gzip")], chart_archive(version)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
