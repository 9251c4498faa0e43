//! The control pages, for whoever runs the world rather than plays in it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};

use super::{
    account::AccountNow,
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
    pub account: AccountNow,
    pub requests: Requests,
    /// Others have repaired what is theirs.
    others_are_done: Arc<AtomicBool>,
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
    control.repair();
    Json(json!({ "repaired": control.scenario.id }))
}

impl Control {
    /// Of a world that begins.
    pub(super) fn new(
        scenario: &'static Scenario,
        regions: Arc<[Arc<Region>]>,
        account: AccountNow,
        requests: Requests,
    ) -> Self {
        Self { scenario, regions, account, requests, others_are_done: Arc::default() }
    }

    /// Removes what is wrong, in every region and with the account: it need
    /// not be the region that the responder was told of. What is left to the
    /// responder goes with a second repair only.
    pub(super) fn repair(&self) {
        self.account.repair();
        let is_first = !self.others_are_done.swap(true, Ordering::Relaxed);
        for region in self.regions.iter() {
            if is_first && self.scenario.leaves_platform(region.place.region) {
                region.repair_around();
            } else {
                region.repair();
            }
        }
    }
}
