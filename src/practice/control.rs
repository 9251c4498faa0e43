//! The control pages, for whoever runs the world rather than plays in it.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};

use super::{
    region::Region,
    requests::{ChangingRequest, Requests},
    scenario::Scenario,
};

/// The pages' path on the world's plain port.
pub(super) const PATH: &str = "/control";

/// What the pages show and do.
#[derive(Clone)]
pub(super) struct Control {
    pub scenario: &'static Scenario,
    pub regions: Arc<[Arc<Region>]>,
    pub requests: Requests,
}

/// `/` tells how the regions are, `/requests` what was changed, and `/repair`
/// is "somebody repaired it".
pub(super) fn router(control: Control) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/requests", get(requests))
        .route("/repair", get(repair).post(repair))
        .with_state(control)
}

async fn overview(State(control): State<Control>) -> Json<Value> {
    let region = |region: &Arc<Region>| {
        json!({
            "region": region.place.region,
            "serves": region.serves(),
            "ready_pods": region.cluster.ready_pods(),
            "health_check": if region.health_check.is_healthy() { "healthy" } else { "unhealthy" },
        })
    };
    let regions: Vec<Value> = control.regions.iter().map(region).collect();
    Json(json!({ "scenario": control.scenario.id, "regions": regions }))
}

async fn requests(State(control): State<Control>) -> Json<Vec<ChangingRequest>> {
    Json(control.requests.all())
}

async fn repair(State(control): State<Control>) -> Json<Value> {
    repair_told_region(&control);
    Json(json!({ "repaired": control.scenario.told_region }))
}

/// Repairs the region that the scenario is about.
pub(super) fn repair_told_region(control: &Control) {
    let told = control.regions.iter().filter(|region| region.place.region == control.scenario.told_region);
    told.for_each(|region| region.repair());
}
