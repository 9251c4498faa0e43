//! The cluster at the start. Its history is made by the same controllers that
//! run it afterwards, in a time of their own: the platform is deployed, runs
//! for days, fails when the scenario says, and goes on failing up to now. So
//! ages, restarts, events and logs agree with each other.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::controller::{Controllers, Moment};
use super::kinds::{INGRESSES, Resource, SECRETS};
use super::object;
use super::random::{Random, fingerprint};
use super::status::Refusal;
use super::store::{Key, State};
use super::write::Writer;
use super::{ClusterSetup, READY_POD_NAMESPACE, chart, helm_release, kinds};

mod failure;
mod surroundings;
pub(super) mod target_groups;

pub(super) use self::failure::BATCH_NAMESPACE;

/// The cluster is this much older than the failure.
const CLUSTER_AGE: SignedDuration = SignedDuration::from_hours(41 * 24);

/// The platform was deployed this long before the failure.
const RELEASE_AGE: SignedDuration = SignedDuration::from_hours(12 * 24);

/// The store's version before the first object.
const FIRST_REVISION: u64 = 1_000_000;

/// A cluster's past while it is being made.
struct History {
    state: State,
    controllers: Controllers,
    origin: Timestamp,
    now: Moment,
}

/// Makes the cluster with its past; the moment is where its present begins.
pub(super) fn plant(setup: &ClusterSetup, now: Timestamp) -> (State, Controllers, Moment) {
    let failing_since = setup.failing_since.min(now);
    let origin = failing_since - CLUSTER_AGE;
    let random = Random::new(setup.seed ^ fingerprint(&setup.region));
    let mut controllers = Controllers::default();
    controllers.peers = super::controller::peers_of(&setup.region);
    let mut history = History {
        state: State::new(FIRST_REVISION, random),
        controllers,
        origin,
        now: Moment { world: Duration::ZERO, wall: origin },
    };
    surroundings::plant(setup, &mut history.state, origin);
    let deployed = failing_since - RELEASE_AGE;
    history.travel_to(deployed);
    release(setup, &setup.platform_version, &mut history.state, deployed);
    surroundings::plant_peers(setup, &mut history.state, deployed);
    target_groups::plant(setup, &mut history.state, deployed);
    history.travel_to(failing_since);
    history.fail(setup, now);
    history.travel_to(now);
    history.controllers.kubelet.hasten_crashes(history.now);
    history.travel_to(now);
    history.state.compact();
    (history.state, history.controllers, history.now)
}

impl History {
    /// Lets everything happen that is due up to a moment.
    fn travel_to(&mut self, wall: Timestamp) {
        loop {
            let due = self.controllers.reconcile(&mut self.state, self.now);
            let arrival = self.at(wall);
            match due.filter(|due| *due <= arrival.world && self.now.world < arrival.world) {
                Some(due) => {
                    let passed = SignedDuration::try_from(due).unwrap_or(SignedDuration::ZERO);
                    self.now = Moment { world: due.max(self.now.world), wall: self.origin + passed };
                }
                None if self.now == arrival => return,
                None => self.now = arrival,
            }
        }
    }

    fn at(&self, wall: Timestamp) -> Moment {
        Moment { world: wall.duration_since(self.origin).unsigned_abs(), wall }
    }
}

fn writer<'a>(
    resource: &'static Resource,
    subresource: &'a str,
    manager: &'a str,
    now: Timestamp,
) -> Writer<'a> {
    Writer { resource, subresource, manager, dry_run: false, now }
}

/// What is planted here is known to be right; a refusal is a fault of this
/// program, told in its log and by every test.
fn planted(outcome: Result<(), Refusal>) {
    if let Err(refusal) = outcome {
        debug_assert!(false, "planting failed: {refusal:?}");
        tracing::error!(?refusal, "the practice world lacks an object");
    }
}

/// Creates an object and gives it its status.
fn plant_object(
    state: &mut State,
    resource: &'static Resource,
    object: Value,
    manager: &str,
    now: Timestamp,
) {
    let namespace = object::namespace(&object).to_owned();
    let status = object.get("status").cloned();
    let created = writer(resource, "", manager, now).create(state, &namespace, object);
    planted(created.map(|created| {
        if let Some(status) = status {
            let mut with_status = (*created).clone();
            with_status["status"] = status;
            state.put(&Key::of(resource, &with_status), with_status);
        }
    }));
}

fn rendering<'a>(setup: &'a ClusterSetup, version: &'a str) -> chart::Rendering<'a> {
    chart::Rendering {
        release: helm_release::RELEASE,
        namespace: READY_POD_NAMESPACE,
        version,
        values: values(setup),
    }
}

/// The values the release is rendered with; the world's replica count stands in
/// for a count that the user's values leave out.
fn values(setup: &ClusterSetup) -> Value {
    let mut values = chart::default_values();
    values["replicaCount"] = setup.replicas.into();
    chart::lay_over(&mut values, &chart::parse(&setup.values_yaml));
    values
}

/// Installs or upgrades the release, as helm does: its objects and its record.
pub(super) fn release(setup: &ClusterSetup, version: &str, state: &mut State, now: Timestamp) {
    apply_release(setup, version, state, now);
    let records = records(state);
    for record in &records {
        if let Some(superseded) = helm_release::superseded(record) {
            state.put(&Key::of(&SECRETS, record), superseded);
        }
    }
    add_record(setup, version, state, (helm_release::Stage::Deployed, now));
}

/// Upgrades the release as a helm does that is killed before its end: its objects are changed, the former
/// record stays as it was, and the new one pending.
fn interrupted_upgrade(setup: &ClusterSetup, version: &str, state: &mut State, now: Timestamp) {
    add_record(setup, version, state, (helm_release::Stage::PendingUpgrade, now));
    apply_release(setup, version, state, now);
}

fn records(state: &State) -> Vec<std::sync::Arc<Value>> {
    let mut secrets = state.collect(&SECRETS, Some(READY_POD_NAMESPACE));
    secrets.retain(|secret| helm_release::is_record(secret));
    secrets
}

fn add_record(
    setup: &ClusterSetup,
    version: &str,
    state: &mut State,
    (stage, now): (helm_release::Stage, Timestamp),
) {
    let last = records(state).iter().filter_map(|secret| helm_release::revision(secret)).max();
    let user_values = chart::parse(&setup.values_yaml);
    let revision = last.unwrap_or(0) + 1;
    let secret = helm_release::secret(&rendering(setup, version), &user_values, revision, (stage, now));
    plant_object(state, &SECRETS, secret, "helm", now);
}

/// Applies the release's objects.
fn apply_release(setup: &ClusterSetup, version: &str, state: &mut State, now: Timestamp) {
    for mut object in rendering(setup, version).objects() {
        helm_release::adopt(&mut object, READY_POD_NAMESPACE);
        let kind =
            (object::text(&object, "/apiVersion").to_owned(), object::text(&object, "/kind").to_owned());
        let Some(resource) = kinds::find_kind(&kind.0, &kind.1) else { continue };
        let key = Key::of(resource, &object);
        let applied = writer(resource, "", "helm", now).apply(state, &key, object, true);
        planted(applied.map(|(applied, _)| {
            if *resource == INGRESSES {
                state.put(&key, surroundings::with_load_balancer(setup, &applied));
            }
        }));
    }
}

#[cfg(test)]
mod tests;
