//! Placeholder until the colleague's lands.
#![allow(missing_docs)]
use crate::practice::{clock::Clock, requests::Requests};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Healthy,
    CrashLoop,
    ScaledToZero,
    DeploymentMissing,
}
pub struct ClusterSetup {
    pub region: String,
    pub peer_regions: Vec<String>,
    pub host: String,
    pub token: String,
    pub condition: Condition,
    pub platform_version: String,
    pub replicas: u32,
    pub values_yaml: String,
    pub seed: u64,
    pub failing_since: jiff::Timestamp,
}
#[derive(Clone)]
pub struct Cluster(std::sync::Arc<std::sync::atomic::AtomicU32>);
impl Cluster {
    pub fn new(setup: ClusterSetup, _clock: Clock, _requests: Requests) -> Self {
        let ready = if setup.condition == Condition::Healthy { setup.replicas } else { 0 };
        Self(std::sync::Arc::new(ready.into()))
    }
    pub fn router(&self) -> axum::Router {
        axum::Router::new()
    }
    pub async fn run(self, cancelled: tokio_util::sync::CancellationToken) {
        cancelled.cancelled().await;
    }
    pub fn ready_pods(&self) -> u32 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
    pub fn set_peer_ready(&self, _region: &str, _ready: bool) {}
    pub fn repair(&self) {
        self.0.store(3, std::sync::atomic::Ordering::Relaxed);
    }
}
pub fn chart_archive(_version: &str) -> Vec<u8> {
    Vec::new()
}
