//! Scheduler and kubelet in one: what becomes of a pod over time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::kinds::{NODES, PODS};
use super::super::object::{self, condition_is_true, items, label, name, number, text, uid};
use super::super::store::{Key, State};
use super::events::{self, Event};
use super::replica_sets::HASH_LABEL;
use super::{Moment, pod_status};

/// A pod's station; it leaves it when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for a node.
    Pending,
    /// On a node; its containers are being made.
    Creating,
    /// Runs, and does not answer its probe yet.
    Starting,
    /// Runs, and is about to crash.
    Failing,
    /// Crashed; waits to be started again.
    BackOff,
    /// Runs and is ready.
    Up,
    /// Was asked to end.
    Ending,
}

#[derive(Debug, Clone, Copy)]
struct Life {
    stage: Stage,
    /// When it leaves its stage; never where `None`.
    due: Option<Duration>,
}

/// The pods' lives, by uid.
#[derive(Debug, Default)]
pub(in super::super) struct Kubelet {
    lives: BTreeMap<String, Life>,
    /// Pods of this template crash, by its hash.
    crashing: Option<String>,
}

/// The scheduler tries again after this.
const SCHEDULING_RETRY: Duration = Duration::from_secs(10);

/// The back-off between crashes begins with this and doubles up to the limit.
const BACK_OFF_SECS: u64 = 10;
const BACK_OFF_LIMIT_SECS: u64 = 300;

impl Kubelet {
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.lives.values().filter_map(|life| life.due).min()
    }

    pub(super) fn reconcile(&mut self, state: &mut State, now: Moment) {
        let pods = state.collect(&PODS, None);
        let uids: BTreeSet<&str> = pods.iter().map(|pod| uid(pod)).collect();
        self.lives.retain(|known, _| uids.contains(known.as_str()));
        for pod in &pods {
            let mut life = match self.lives.get(uid(pod)) {
                Some(life) => *life,
                None => {
                    Life { stage: Stage::Pending, due: Some(now.world + state.random.between_ms(500, 1_500)) }
                }
            };
            if object::terminating(pod) && life.stage != Stage::Ending {
                life = end(state, pod, now);
            }
            if life.due.is_some_and(|due| due <= now.world) {
                life = self.step(state, pod, life.stage, now);
            }
            self.lives.insert(uid(pod).to_owned(), life);
        }
    }

    /// From this moment on the pods of a template crash.
    pub(in super::super) fn break_template(&mut self, state: &mut State, hash: &str, now: Moment) {
        self.crashing = Some(hash.to_owned());
        for pod in state.collect(&PODS, None).iter().filter(|pod| label(pod, HASH_LABEL) == Some(hash)) {
            let due = Some(now.world + state.random.between_ms(0, 3_000));
            self.lives.insert(uid(pod).to_owned(), Life { stage: Stage::Failing, due });
        }
    }

    /// Somebody removed what made pods crash: they start again at once.
    pub(in super::super) fn mend(&mut self, now: Moment) {
        self.crashing = None;
        for life in self.lives.values_mut() {
            match life.stage {
                Stage::BackOff => life.due = Some(now.world),
                Stage::Failing => *life = Life { stage: Stage::Starting, due: Some(now.world) },
                _ => {}
            }
        }
    }

    /// Lets pods that are about to crash do so now.
    pub(in super::super) fn hasten_crashes(&mut self, now: Moment) {
        for life in self.lives.values_mut().filter(|life| life.stage == Stage::Failing) {
            life.due = Some(now.world);
        }
    }

    /// Takes a pod to its next station.
    fn step(&self, state: &mut State, pod: &Arc<Value>, stage: Stage, now: Moment) -> Life {
        let key = Key::of(&PODS, pod);
        let mut next = (**pod).clone();
        let (stage, delay) = match stage {
            Stage::Pending => schedule(state, &mut next, now),
            Stage::Creating | Stage::BackOff => {
                pod_status::run(&mut next, stage == Stage::BackOff, now);
                tell_started(state, &next, now);
                if self.crashes(pod) {
                    (Stage::Failing, Some(state.random.between_ms(5_000, 7_000)))
                } else {
                    (Stage::Starting, Some(state.random.between_ms(9_000, 11_000)))
                }
            }
            Stage::Starting => {
                pod_status::set_ready(&mut next, true, now);
                (Stage::Up, None)
            }
            Stage::Failing => {
                let delay = back_off_secs(restarts(pod));
                pod_status::crash(&mut next, delay, now);
                tell_back_off(state, &next, now);
                (Stage::BackOff, Some(Duration::from_secs(delay)))
            }
            Stage::Up => (Stage::Up, None),
            Stage::Ending => {
                state.remove(&key);
                return Life { stage: Stage::Ending, due: None };
            }
        };
        state.put(&key, next);
        Life { stage, due: delay.map(|delay| now.world + delay) }
    }

    fn crashes(&self, pod: &Value) -> bool {
        self.crashing.is_some() && self.crashing.as_deref() == label(pod, HASH_LABEL)
    }
}

fn restarts(pod: &Value) -> i64 {
    items(pod, "/status/containerStatuses")
        .iter()
        .map(|status| number(status, "/restartCount"))
        .max()
        .unwrap_or(0)
}

fn back_off_secs(restarts: i64) -> u64 {
    let doublings = u32::try_from(restarts).unwrap_or_default().min(16);
    (BACK_OFF_SECS << doublings).min(BACK_OFF_LIMIT_SECS)
}

/// Puts a pod on a node, or says that there is none for it.
fn schedule(state: &mut State, pod: &mut Value, now: Moment) -> (Stage, Option<Duration>) {
    if let Some(node) = choose_node(state) {
        pod_status::schedule(pod, &node, now);
        tell_scheduled(state, pod, &node, now);
        return (Stage::Creating, Some(state.random.between_ms(1_500, 2_500)));
    }
    let count = state.list(&NODES, None).count();
    let message = format!("0/{count} nodes are available: {count} node(s) were unschedulable.");
    pod_status::unschedulable(pod, &message, now);
    let event = Event {
        warning: true,
        reason: "FailedScheduling",
        message: &message,
        component: "default-scheduler",
    };
    events::record(state, pod, event, now);
    (Stage::Pending, Some(SCHEDULING_RETRY))
}

/// Ends a pod: its containers get the time they need, a few seconds.
fn end(state: &mut State, pod: &Value, now: Moment) -> Life {
    for container in items(pod, "/spec/containers") {
        let message = format!("Stopping container {}", text(container, "/name"));
        events::record(state, pod, kubelet(false, "Killing", &message), now);
    }
    let grace = u64::try_from(number(pod, "/metadata/deletionGracePeriodSeconds")).unwrap_or_default();
    let delay = state.random.between_ms(2_000, 4_000).min(Duration::from_secs(grace));
    Life { stage: Stage::Ending, due: Some(now.world + delay) }
}

/// The ready node with the fewest pods.
fn choose_node(state: &State) -> Option<Arc<Value>> {
    let load = |node: &Value| {
        state.list(&PODS, None).filter(|pod| text(pod, "/spec/nodeName") == name(node)).count()
    };
    state
        .list(&NODES, None)
        .filter(|node| {
            condition_is_true(node, "Ready") && node.pointer("/spec/unschedulable") != Some(&true.into())
        })
        .min_by_key(|node| load(node))
        .cloned()
}

fn kubelet<'a>(warning: bool, reason: &'a str, message: &'a str) -> Event<'a> {
    Event { warning, reason, message, component: "kubelet" }
}

fn tell_scheduled(state: &mut State, pod: &Value, node: &Value, now: Moment) {
    let message = format!("Successfully assigned {}/{} to {}", object::namespace(pod), name(pod), name(node));
    let event =
        Event { warning: false, reason: "Scheduled", message: &message, component: "default-scheduler" };
    events::record(state, pod, event, now);
}

fn tell_started(state: &mut State, pod: &Value, now: Moment) {
    for container in items(pod, "/spec/containers") {
        let (called, image) = (text(container, "/name"), text(container, "/image"));
        let pulled = format!("Container image \"{image}\" already present on machine");
        for (reason, message) in [
            ("Pulled", pulled),
            ("Created", format!("Created container: {called}")),
            ("Started", format!("Started container {called}")),
        ] {
            events::record(state, pod, kubelet(false, reason, &message), now);
        }
    }
}

fn tell_back_off(state: &mut State, pod: &Value, now: Moment) {
    for container in items(pod, "/spec/containers") {
        let message = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            text(container, "/name"),
            name(pod),
            object::namespace(pod),
            uid(pod)
        );
        events::record(state, pod, kubelet(true, "BackOff", &message), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_doubles_up_to_five_minutes() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 60].map(back_off_secs), [10, 20, 40, 80, 160, 300, 300, 300]);
    }
}
