//! The Kubernetes API server of one region, in process.
//!
//! [`Cluster::router`] speaks the API: discovery, resources with all their
//! verbs, tables, watches, logs. [`Cluster::run`] is the controllers, which
//! move Deployments, ReplicaSets and pods over time. Both share one store.
//! What real `kubectl` and `helm` need of it was seen with kubectl 1.37 and
//! Helm 4.3; their tests are in `tests/real_tools_kubernetes.rs` and
//! `tests/real_tools_failures.rs`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use self::chart::chart_archive;
pub use self::condition::Condition;
use self::controller::{Controllers, Moment, Spells};
use self::object::{condition_is_true, matches_labels};
use self::store::{Key, State, Store};
use super::clock::Clock;
use super::requests::Requests;

mod access_review;
mod apply;
mod body;
mod chart;
mod condition;
mod controller;
mod defaults;
mod delete;
mod discovery;
mod helm_release;
mod kinds;
mod logs;
mod object;
mod openapi;
mod patch;
mod presentation;
mod protobuf;
mod quantity;
mod query;
mod random;
mod repair;
mod rights;
mod router;
mod scale;
mod seed;
mod selector;
mod status;
mod store;
mod table;
mod validation;
mod verbs;
mod watch;
mod write;

#[cfg(test)]
mod failure_tests;
#[cfg(test)]
mod tests;

/// The platform's namespace.
const READY_POD_NAMESPACE: &str = "vcluster-platform";

/// The name of the platform's Deployment, Service and Ingress.
const PLATFORM: &str = "loft";

/// What a cluster is made from.
#[derive(Clone, Debug)]
pub struct ClusterSetup {
    /// The region, `us-east-1`.
    pub region: String,
    /// All regions of the world; each has a NetworkPeer.
    pub peer_regions: Vec<String>,
    /// The region's own host, `us.multi-region.example.com`.
    pub host: String,
    /// The bearer token that is accepted.
    pub token: String,
    /// What is broken.
    pub condition: Condition,
    /// Image tag, chart version and release version, `4.11.2`.
    pub platform_version: String,
    /// Pods of the platform when it is well.
    pub replicas: u32,
    /// The user's values of the Helm release, YAML.
    pub values_yaml: String,
    /// Decides names and delays.
    pub seed: u64,
    /// When the failure began: ages, restarts, events and logs agree with it.
    pub failing_since: Timestamp,
    /// What AWS has made around it.
    pub aws: AwsSide,
}

/// What AWS has made around a cluster, and the cluster tells of.
#[derive(Clone, Debug)]
pub struct AwsSide {
    /// The first two numbers of the addresses in its VPC, a /16.
    pub network: [u8; 2],
    /// The load balancer's DNS name: the Ingress' hostname.
    pub load_balancer: String,
    /// The target group of the platform's TargetGroupBinding.
    pub target_group_arn: String,
    /// Whether there is that binding. Where the Ingress cannot be reconciled there is none.
    pub bound: bool,
}

#[cfg(test)]
impl AwsSide {
    /// One as any other, for tests that are about something else.
    pub(in crate::practice) fn example() -> Self {
        Self {
            network: [10, 0],
            load_balancer: "k8s-vcluster-loft-0a-1.us-east-1.elb.amazonaws.com".to_owned(),
            target_group_arn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/k8s/0a"
                .to_owned(),
            bound: true,
        }
    }
}

/// A pod that the platform's Service leads to, as its load balancer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `status.podIP`.
    pub address: String,
    /// `spec.nodeName`.
    pub node: String,
    /// What it is doing.
    pub stage: EndpointStage,
}

/// What a pod behind the Service is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointStage {
    /// Runs for the first time and is not ready yet.
    Starting,
    /// Ready.
    Ready,
    /// Not ready, and not for the first time.
    Failing,
    /// Was asked to end.
    Ending,
}

/// The cluster of one region. A clone shares it.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    setup: ClusterSetup,
    clock: Clock,
    requests: Requests,
    store: Store,
    controllers: Mutex<Controllers>,
    /// The responder may not see the platform.
    restricted: AtomicBool,
    /// Wakes the controllers for what is not in the store.
    nudge: Notify,
    /// The world's clock where the cluster's history ends.
    history: Moment,
    began: Instant,
}

impl Cluster {
    /// A cluster with its history up to now.
    pub fn new(setup: ClusterSetup, clock: Clock, requests: Requests) -> Self {
        let (state, controllers, history) = seed::plant(&setup, Timestamp::now());
        Self(Arc::new(Inner {
            restricted: AtomicBool::new(setup.condition.hides_the_platform()),
            setup,
            clock,
            requests,
            store: Store::new(state),
            controllers: Mutex::new(controllers),
            nudge: Notify::new(),
            history,
            began: Instant::now(),
        }))
    }

    /// The whole API, authentication included.
    pub fn router(&self) -> Router {
        router::routes(self.clone())
    }

    /// Runs the controllers until cancelled.
    pub async fn run(self, cancelled: CancellationToken) {
        let mut changes = self.store().subscribe();
        loop {
            changes.borrow_and_update();
            let now = self.moment();
            let due = self.with_controllers(|controllers, state| controllers.reconcile(state, now));
            let wait = due.map(|due| due.saturating_sub(now.world));
            let next_due = async {
                match wait {
                    Some(wait) => self.clock().sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = cancelled.cancelled() => return,
                changed = changes.changed() => if changed.is_err() { return },
                () = self.0.nudge.notified() => {}
                () = next_due => {}
            }
        }
    }

    /// Ready pods behind the Service `loft`: what the regional `/healthz` follows.
    pub fn ready_pods(&self) -> u32 {
        self.store().read(|state| ready_pods(state, READY_POD_NAMESPACE))
    }

    /// The pods behind the Service `loft` that have an address, sorted by it:
    /// what the targets of the load balancer follow.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.store().read(|state| endpoints(state, READY_POD_NAMESPACE))
    }

    /// Tells whether another region's platform runs, which its NetworkPeer follows.
    pub fn set_peer_ready(&self, region: &str, ready: bool) {
        let history = self.0.history;
        let wall = self.setup().failing_since.min(history.wall);
        let failing_for = history.wall.duration_since(wall).unsigned_abs();
        let failing_since = Moment { world: history.world.saturating_sub(failing_for), wall };
        self.lock_controllers().peers.set_ready(region, ready, failing_since);
        self.0.nudge.notify_one();
    }

    /// Somebody repaired it: heals whatever [`Condition`] it is in, as far as
    /// that is theirs. A responder without permissions is given them, and scales
    /// the platform up alone; a second repair would do it.
    pub fn repair(&self) {
        if self.0.restricted.swap(false, Ordering::Relaxed) {
            return;
        }
        let now = self.moment();
        self.with_controllers(|controllers, state| repair::carry_out(&self.0.setup, controllers, state, now));
        self.0.nudge.notify_one();
    }

    /// What the responder may do here.
    fn rights(&self) -> rights::Rights {
        rights::Rights::of(self.0.restricted.load(Ordering::Relaxed))
    }

    /// A pod, and what makes its container fail.
    fn pod_with_spells(&self, key: &Key) -> Option<(Arc<Value>, Spells)> {
        let controllers = self.lock_controllers();
        let pod = self.store().read(|state| state.get(key).cloned())?;
        let spells = controllers.kubelet.spells(object::uid(&pod));
        Some((pod, spells))
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn setup(&self) -> &ClusterSetup {
        &self.0.setup
    }

    fn clock(&self) -> Clock {
        self.0.clock
    }

    fn requests(&self) -> &Requests {
        &self.0.requests
    }

    /// When the world took over from its history.
    fn began(&self) -> Timestamp {
        self.0.history.wall
    }

    fn moment(&self) -> Moment {
        let elapsed = self.0.began.elapsed().mul_f64(self.0.clock.speed());
        Moment { world: self.0.history.world + elapsed, wall: Timestamp::now() }
    }

    fn lock_controllers(&self) -> std::sync::MutexGuard<'_, Controllers> {
        self.0.controllers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The controllers' lock comes before the store's, always.
    fn with_controllers<T>(&self, act: impl FnOnce(&mut Controllers, &mut State) -> T) -> T {
        let mut controllers = self.lock_controllers();
        self.store().write(|state| act(&mut controllers, state))
    }
}

/// Ready pods that the platform's Service leads to.
fn ready_pods(state: &State, namespace: &str) -> u32 {
    let ready =
        |pod: &&Arc<Value>| condition_is_true(pod, "Ready") && is_on(pod) && !object::terminating(pod);
    platform_pods(state, namespace).filter(ready).count() as u32
}

fn platform_pods<'a>(state: &'a State, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Value>> {
    let service = state.get(&Key::new(&kinds::SERVICES, namespace, PLATFORM));
    let selector: Option<&Value> = service.and_then(|service| service.pointer("/spec/selector"));
    state.list(&kinds::PODS, Some(namespace)).filter(move |pod| matches_labels(pod, selector))
}

fn endpoints(state: &State, namespace: &str) -> Vec<Endpoint> {
    let stage = |pod: &Value| match (object::terminating(pod), condition_is_true(pod, "Ready")) {
        (true, _) => EndpointStage::Ending,
        (false, true) => EndpointStage::Ready,
        (false, false) if restarted(pod) => EndpointStage::Failing,
        (false, false) => EndpointStage::Starting,
    };
    let mut found: Vec<Endpoint> = platform_pods(state, namespace)
        .filter(|pod| !object::text(pod, "/status/podIP").is_empty() && is_on(pod))
        .map(|pod| Endpoint {
            address: object::text(pod, "/status/podIP").to_owned(),
            node: object::text(pod, "/spec/nodeName").to_owned(),
            stage: stage(pod),
        })
        .collect();
    found.sort_by(|one, other| one.address.cmp(&other.address));
    found
}

fn is_on(pod: &Value) -> bool {
    !object::is_over(pod)
}

fn restarted(pod: &Value) -> bool {
    object::items(pod, "/status/containerStatuses").iter().any(|status| {
        object::number(status, "/restartCount") > 0 || status.pointer("/state/running").is_none()
    })
}
