//! The Deployment controller: ReplicaSets by template, moved by the rules of
//! `rolling`, and the status that `kubectl rollout status` reads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::kinds::{DEPLOYMENTS, PODS, REPLICA_SETS};
use super::super::object::{
    self, controller_reference, map_at, name, namespace, number, owned_by, stamp, text, uid,
};
use super::super::random::{Random, fingerprint};
use super::super::store::{Key, State};
use super::Moment;
use super::conditions::{self, Condition};
use super::events::{self, Event};
use super::replica_sets::HASH_LABEL;
use super::rolling::{self, Counts};

const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAXIMUM: &str = "deployment.kubernetes.io/max-replicas";

/// What the controller remembers of the Deployments, by uid.
#[derive(Debug, Default)]
pub(super) struct Deployments(BTreeMap<String, Progress>);

/// How far a rollout had come, and when it last got further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    counts: [i64; 4],
    generation: i64,
    since: Duration,
    deadline: Option<Duration>,
}

impl Deployments {
    pub(super) fn reconcile(&mut self, state: &mut State, now: Moment) {
        let all = state.collect(&DEPLOYMENTS, None);
        self.0.retain(|known, _| all.iter().any(|deployment| uid(deployment) == known));
        for deployment in all.iter().filter(|deployment| !object::terminating(deployment)) {
            roll(state, deployment, now);
            self.report(state, &Key::of(&DEPLOYMENTS, deployment), now);
        }
    }

    /// When the next progress deadline passes.
    pub(super) fn next_due(&self, now: Moment) -> Option<Duration> {
        self.0.values().filter_map(|progress| progress.deadline).filter(|due| *due > now.world).min()
    }

    /// Writes the status as it is now.
    fn report(&mut self, state: &mut State, key: &Key, now: Moment) {
        let Some(live) = state.get(key).cloned() else { return };
        let sets = owned_sets(state, &live);
        let sum = |field: &str| sets.iter().map(|set| number(set, field)).sum::<i64>();
        let (total, ready, available) =
            (sum("/status/replicas"), sum("/status/readyReplicas"), sum("/status/availableReplicas"));
        let new = sets.iter().find(|set| same_template(set, &live));
        let updated = new.map_or(0, |set| number(set, "/status/replicas"));
        let replicas = number(&live, "/spec/replicas");
        let mut object = (*live).clone();
        let mut status = json!({"observedGeneration": number(&live, "/metadata/generation")});
        for (field, count) in [
            ("replicas", total),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", available),
            ("unavailableReplicas", (replicas.max(total) - available).max(0)),
        ] {
            if count > 0 {
                status[field] = count.into();
            }
        }
        if let Some(conditions) = live.pointer("/status/conditions") {
            status["conditions"] = conditions.clone();
        }
        object["status"] = status;
        let bounds = rolling::bounds(live.pointer("/spec/strategy").unwrap_or(&Value::Null), replicas);
        let enough = available >= replicas - bounds.unavailable;
        let (reason, message) = if enough {
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        conditions::set(
            &mut object,
            Condition { kind: "Available", holds: enough, reason, message },
            true,
            now,
        );
        let complete = updated == replicas && total == updated && available == updated;
        let counts = [total, updated, ready, available];
        self.judge_progress(&mut object, new.map_or("", |set| name(set)), counts, complete, now);
        state.put(key, object);
    }

    /// The condition Progressing: complete, under way, or out of time.
    fn judge_progress(
        &mut self,
        object: &mut Value,
        set: &str,
        counts: [i64; 4],
        complete: bool,
        now: Moment,
    ) {
        let generation = number(object, "/metadata/generation");
        let deadline =
            u64::try_from(number(object, "/spec/progressDeadlineSeconds")).map(Duration::from_secs);
        let entry = self.0.entry(uid(object).to_owned()).or_insert(Progress {
            counts,
            generation,
            since: now.world,
            deadline: None,
        });
        if entry.counts != counts || entry.generation != generation {
            *entry = Progress { counts, generation, since: now.world, deadline: None };
        }
        let due = entry.since + deadline.unwrap_or(Duration::MAX / 4);
        let before = conditions::reason(object, "Progressing").to_owned();
        // a rollout that was complete stays so, whatever becomes of its pods
        let done = complete || (before == "NewReplicaSetAvailable" && counts[0] == counts[1]);
        let (holds, reason, message) = if done {
            (true, "NewReplicaSetAvailable", format!("ReplicaSet \"{set}\" has successfully progressed."))
        } else if object.pointer("/spec/paused") == Some(&true.into()) {
            return;
        } else if now.world >= due {
            (false, "ProgressDeadlineExceeded", format!("ReplicaSet \"{set}\" has timed out progressing."))
        } else {
            (true, "ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
        };
        entry.deadline = (!done && holds).then_some(due);
        let condition = Condition { kind: "Progressing", holds, reason, message: &message };
        conditions::set(object, condition, true, now);
    }
}

/// Moves the ReplicaSets one step.
fn roll(state: &mut State, deployment: &Value, now: Moment) {
    let sets = owned_sets(state, deployment);
    let current = sets.iter().find(|set| same_template(set, deployment));
    if deployment.pointer("/spec/paused") == Some(&true.into()) {
        // a paused one follows its count, not its template
        let mut active = sets.iter().filter(|set| wanted(set) > 0);
        if let Some(only) = active.next().or(current).filter(|_| active.next().is_none()) {
            scale(state, deployment, only, number(deployment, "/spec/replicas"), now);
        }
        return;
    }
    let new = match current {
        Some(current) => Arc::clone(current),
        None => create_set(state, deployment, &sets, now),
    };
    revise(state, deployment, &new, &sets, now);
    let old: Vec<&Arc<Value>> = sets.iter().filter(|set| uid(set) != uid(&new)).collect();
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        recreate(state, deployment, &new, &old, now);
    } else {
        roll_on(state, deployment, &new, &old, now);
    }
}

/// First all old pods go, then the new ones come.
fn recreate(state: &mut State, deployment: &Value, new: &Value, old: &[&Arc<Value>], now: Moment) {
    for set in old {
        scale(state, deployment, set, 0, now);
    }
    let runs = |pod: &Arc<Value>, set: &Value| owned_by(pod, uid(set)) && !object::is_over(pod);
    let gone = |set: &&Arc<Value>| !state.list(&PODS, Some(namespace(set))).any(|pod| runs(pod, set));
    if old.iter().all(gone) {
        scale(state, deployment, new, number(deployment, "/spec/replicas"), now);
    }
}

/// New pods come as old ones go, within the strategy's bounds.
fn roll_on(state: &mut State, deployment: &Value, new: &Value, old: &[&Arc<Value>], now: Moment) {
    let replicas = number(deployment, "/spec/replicas");
    let bounds = rolling::bounds(deployment.pointer("/spec/strategy").unwrap_or(&Value::Null), replicas);
    let active: Vec<&Arc<Value>> = old.iter().copied().filter(|set| wanted(set) > 0).collect();
    let before: Vec<Counts> = active.iter().map(|set| counts(set)).collect();
    let grown = rolling::new_count(replicas, bounds, counts(new), &before);
    if grown != wanted(new) {
        scale(state, deployment, new, grown, now);
        return;
    }
    for (set, count) in active.iter().zip(rolling::old_counts(replicas, bounds, counts(new), &before)) {
        scale(state, deployment, set, count, now);
    }
    clean_up(state, deployment, old);
}

/// The Deployment's sets, oldest revision first.
fn owned_sets(state: &State, deployment: &Value) -> Vec<Arc<Value>> {
    let mut sets: Vec<Arc<Value>> = state
        .list(&REPLICA_SETS, Some(namespace(deployment)))
        .filter(|set| owned_by(set, uid(deployment)))
        .cloned()
        .collect();
    sets.sort_by_key(|set| revision(set));
    sets
}

fn wanted(set: &Value) -> i64 {
    number(set, "/spec/replicas")
}

fn counts(set: &Value) -> Counts {
    Counts { wanted: wanted(set), available: number(set, "/status/availableReplicas") }
}

fn revision(object: &Value) -> i64 {
    let annotations = object.pointer("/metadata/annotations");
    annotations.and_then(|annotations| annotations.get(REVISION)?.as_str()?.parse().ok()).unwrap_or_default()
}

/// Whether a set is of the Deployment's present template.
fn same_template(set: &Value, deployment: &Value) -> bool {
    let mut template = set.pointer("/spec/template").cloned().unwrap_or_default();
    map_at(&mut template, &["metadata", "labels"]).shift_remove(HASH_LABEL);
    Some(&template) == deployment.pointer("/spec/template")
}

fn create_set(state: &mut State, deployment: &Value, sets: &[Arc<Value>], now: Moment) -> Arc<Value> {
    let mut template = deployment.pointer("/spec/template").cloned().unwrap_or_default();
    let mut sorted = template.clone();
    sorted.sort_all_objects();
    let hash = Random::new(fingerprint(&sorted.to_string())).suffix(10);
    map_at(&mut template, &["metadata", "labels"]).insert(HASH_LABEL.to_owned(), hash.clone().into());
    let mut selector = deployment.pointer("/spec/selector").cloned().unwrap_or_default();
    map_at(&mut selector, &["matchLabels"]).insert(HASH_LABEL.to_owned(), hash.clone().into());
    let revision = sets.last().map_or(0, |set| revision(set)) + 1;
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)), "namespace": namespace(deployment),
            "uid": state.random.uid(), "creationTimestamp": stamp(now.wall), "generation": 1,
            "labels": template.pointer("/metadata/labels"),
            "annotations": {REVISION: revision.to_string()},
            "ownerReferences": [controller_reference(deployment)],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"replicas": 0},
    });
    state.put(&Key::of(&REPLICA_SETS, &set), set)
}

/// Gives the new set the highest revision and the Deployment the same.
fn revise(state: &mut State, deployment: &Value, new: &Value, sets: &[Arc<Value>], now: Moment) {
    let highest = sets.iter().filter(|set| uid(set) != uid(new)).map(|set| revision(set)).max().unwrap_or(0);
    let key = Key::of(&REPLICA_SETS, new);
    let number = revision(new).max(highest + 1);
    if let Some(live) = state.get(&key).filter(|_| number != revision(new)) {
        let mut set = (**live).clone();
        map_at(&mut set, &["metadata", "annotations"]).insert(REVISION.to_owned(), number.to_string().into());
        state.put(&key, set);
    }
    if revision(deployment) != number {
        let key = Key::of(&DEPLOYMENTS, deployment);
        let Some(live) = state.get(&key) else { return };
        let mut object = (**live).clone();
        map_at(&mut object, &["metadata", "annotations"])
            .insert(REVISION.to_owned(), number.to_string().into());
        let message = format!("Created new replica set \"{}\"", name(new));
        let condition =
            Condition { kind: "Progressing", holds: true, reason: "NewReplicaSetCreated", message: &message };
        conditions::set(&mut object, condition, true, now);
        state.put(&key, object);
    }
}

fn scale(state: &mut State, deployment: &Value, set: &Value, count: i64, now: Moment) {
    let key = Key::of(&REPLICA_SETS, set);
    let Some(live) = state.get(&key) else { return };
    let before = wanted(live);
    let replicas = number(deployment, "/spec/replicas");
    let strategy = deployment.pointer("/spec/strategy").unwrap_or(&Value::Null);
    let most = replicas + rolling::bounds(strategy, replicas).surge;
    let mut object = (**live).clone();
    let annotations = map_at(&mut object, &["metadata", "annotations"]);
    annotations.insert(DESIRED.to_owned(), replicas.to_string().into());
    annotations.insert(MAXIMUM.to_owned(), most.to_string().into());
    if before != count {
        object["spec"]["replicas"] = count.into();
        object["metadata"]["generation"] = (number(live, "/metadata/generation") + 1).into();
    }
    state.put(&key, object);
    if before != count {
        let direction = if count > before { "up" } else { "down" };
        let message = format!("Scaled {direction} replica set {} from {before} to {count}", name(set));
        let event = Event {
            warning: false,
            reason: "ScalingReplicaSet",
            message: &message,
            component: "deployment-controller",
        };
        events::record(state, deployment, event, now);
    }
}

/// Drops the oldest empty sets beyond the history's limit.
fn clean_up(state: &mut State, deployment: &Value, old: &[&Arc<Value>]) {
    let limit = usize::try_from(number(deployment, "/spec/revisionHistoryLimit")).unwrap_or_default();
    let empty = old.iter().filter(|set| wanted(set) == 0 && number(set, "/status/replicas") == 0);
    for set in empty.take(old.len().saturating_sub(limit)) {
        state.remove(&Key::of(&REPLICA_SETS, set));
    }
}
