//! The kubelets of all nodes in one: what becomes of a pod over time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::kinds::PODS;
use super::super::object::{self, items, name, number, text, uid};
use super::super::store::{Key, State};
use super::events::{self, Event};
use super::nodes::Nodes;
use super::trouble::{Fault, Spell, Spells, Troubles};
use super::{Moment, images, pod_status, scheduler};

/// A pod's station; it leaves it when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for a node.
    Pending,
    /// On a node; its containers are being made.
    Creating,
    /// Its image could not be pulled.
    PullFailed,
    /// Waits to try its image again.
    PullBackOff,
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
    /// How often its image could not be pulled.
    pulls: i64,
    /// What makes its container fail.
    spells: Spells,
}

impl Life {
    fn begin(stage: Stage, due: Duration) -> Self {
        Self { stage, due: Some(due), pulls: 0, spells: Spells::default() }
    }

    fn at(self, stage: Stage, due: Option<Duration>) -> Self {
        Self { stage, due, ..self }
    }

    /// With what makes the present run fail, if anything does.
    fn under(self, now: Option<Spell>) -> Self {
        Self { spells: Spells { now, ..self.spells }, ..self }
    }
}

/// The pods' lives, by uid.
#[derive(Debug, Default)]
pub(in super::super) struct Kubelet {
    lives: BTreeMap<String, Life>,
    pub(in super::super) troubles: Troubles,
}

/// The scheduler tries again after this.
const SCHEDULING_RETRY: Duration = Duration::from_secs(30);

/// From a repaired database to the first answered probe.
const CONNECTING: Duration = Duration::from_secs(9);

/// The back-off between crashes begins with this and doubles up to the limit.
const BACK_OFF_SECS: u64 = 10;
const BACK_OFF_LIMIT_SECS: u64 = 300;

impl Kubelet {
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.lives.values().filter_map(|life| life.due).min()
    }

    /// What makes a pod's container fail.
    pub(in super::super) fn spells(&self, pod_uid: &str) -> Spells {
        self.lives.get(pod_uid).map(|life| life.spells).unwrap_or_default()
    }

    pub(super) fn reconcile(&mut self, state: &mut State, nodes: &Nodes, now: Moment) {
        let pods = state.collect(&PODS, None);
        let uids: BTreeSet<&str> = pods.iter().map(|pod| uid(pod)).collect();
        self.lives.retain(|known, _| uids.contains(known.as_str()));
        for pod in &pods {
            let node = text(pod, "/spec/nodeName");
            let mut life = match self.lives.get(uid(pod)) {
                Some(life) => *life,
                // who made it has chosen its node already
                None if !node.is_empty() => Life::begin(Stage::Creating, now.world),
                None => Life::begin(Stage::Pending, now.world + state.random.between_ms(500, 1_500)),
            };
            if nodes.is_silent(node) || (object::is_over(pod) && !object::terminating(pod)) {
                life.due = None;
            } else {
                if life.due.is_none() && life.stage != Stage::Up {
                    life.due = Some(now.world);
                }
                if object::terminating(pod) && life.stage != Stage::Ending {
                    life = life.at(Stage::Ending, Some(end(state, pod, now)));
                }
                if life.due.is_some_and(|due| due <= now.world) {
                    life = self.step(state, pod, life, now);
                }
            }
            self.lives.insert(uid(pod).to_owned(), life);
        }
    }

    /// From this moment on the pods of a template crash.
    pub(in super::super) fn break_template(&mut self, state: &mut State, hash: &str, now: Moment) {
        self.troubles.crashing = Some(hash.to_owned());
        self.strike(state, now);
    }

    /// Lets what is wrong have its effect on the pods that run.
    pub(in super::super) fn strike(&mut self, state: &mut State, now: Moment) {
        for pod in &state.collect(&PODS, None) {
            let Some(fault) = self.troubles.fault_of(pod) else { continue };
            let due = Some(now.world + state.random.between_ms(0, 3_000));
            if let Some(life) = self.lives.get_mut(uid(pod)) {
                *life = life.at(Stage::Failing, due).under(Some(fault.into()));
            }
        }
    }

    /// Somebody removed what made pods crash: they start again at once.
    pub(in super::super) fn mend(&mut self, now: Moment) {
        self.troubles.crashing = None;
        for life in self.lives.values_mut() {
            match (life.stage, life.spells.now.or(life.spells.before).map(|spell| spell.fault)) {
                (Stage::BackOff, Some(Fault::Panic)) => life.due = Some(now.world),
                (Stage::Failing, Some(Fault::Panic)) => {
                    *life = life.at(Stage::Starting, Some(now.world)).under(None);
                }
                _ => {}
            }
        }
    }

    /// The database is in reach again: what runs connects at its next try, and
    /// what waits to be started again goes on waiting.
    pub(in super::super) fn mend_database(&mut self, now: Moment) {
        self.troubles.database = None;
        for life in self.lives.values_mut().filter(|life| life.stage == Stage::Failing) {
            if let Some(spell @ Spell { fault: Fault::Database(_), .. }) = life.spells.now {
                let due = Some(now.world + CONNECTING);
                let mended = Spell { mended: Some(now.wall), ..spell };
                *life = life.at(Stage::Starting, due).under(Some(mended));
            }
        }
    }

    /// Lets pods that are about to fail do so now; those that only try to reach
    /// their database go on trying.
    pub(in super::super) fn hasten_crashes(&mut self, now: Moment) {
        for life in self.lives.values_mut() {
            let tries = matches!(life.spells.now, Some(Spell { fault: Fault::Database(_), .. }));
            if life.stage == Stage::PullFailed || (life.stage == Stage::Failing && !tries) {
                life.due = Some(now.world);
            }
        }
    }

    /// Takes a pod to its next station.
    fn step(&self, state: &mut State, pod: &Arc<Value>, life: Life, now: Moment) -> Life {
        let key = Key::of(&PODS, pod);
        let mut next = (**pod).clone();
        let in_a_while = |delay: Duration| Some(now.world + delay);
        let moved = match life.stage {
            Stage::Pending if scheduler::schedule(state, &mut next, now) => {
                life.at(Stage::Creating, in_a_while(state.random.between_ms(1_500, 2_500)))
            }
            Stage::Pending => life.at(Stage::Pending, in_a_while(SCHEDULING_RETRY)),
            Stage::Creating | Stage::PullBackOff if images::missing(pod).is_some() => {
                pull(state, &mut next, life, now)
            }
            Stage::PullFailed => pull_later(state, &mut next, life, now),
            Stage::Creating | Stage::PullBackOff | Stage::BackOff => {
                pod_status::run(&mut next, life.stage == Stage::BackOff, now);
                tell_started(state, &next, now);
                self.running(state, &next, life, now)
            }
            Stage::Starting => {
                pod_status::set_ready(&mut next, true, now);
                life.at(Stage::Up, None)
            }
            Stage::Failing => {
                let delay = back_off_secs(restarts(pod));
                let end = life.spells.now.map_or((1, "Error"), |spell| spell.fault.end());
                pod_status::crash(&mut next, end, delay, now);
                tell_back_off(state, &next, now);
                let waiting = life.at(Stage::BackOff, in_a_while(Duration::from_secs(delay)));
                Life { spells: Spells { now: None, before: life.spells.now }, ..waiting }
            }
            Stage::Up => life.at(Stage::Up, None),
            Stage::Ending => {
                state.remove(&key);
                return life.at(Stage::Ending, None);
            }
        };
        state.put(&key, next);
        moved
    }

    /// Its containers run: how long, or until they are ready.
    fn running(&self, state: &mut State, pod: &Value, life: Life, now: Moment) -> Life {
        if let Some(fault) = self.troubles.fault_of(pod) {
            tell_unhealthy(state, pod, now);
            let due = Some(now.world + fault.lasts(&mut state.random));
            life.at(Stage::Failing, due).under(Some(fault.into()))
        } else {
            let due = Some(now.world + state.random.between_ms(9_000, 11_000));
            life.at(Stage::Starting, due).under(None)
        }
    }
}

/// Tries to pull an image that is not there.
fn pull(state: &mut State, pod: &mut Value, life: Life, now: Moment) -> Life {
    let image = images::missing(pod).unwrap_or_default().to_owned();
    pod_status::wait_for_image(pod, "ErrImagePull", &images::not_found(&image), now);
    images::tell_failed(state, pod, &image, now);
    let due = now.world + state.random.between_ms(8_000, 10_000);
    Life { pulls: life.pulls + 1, ..life.at(Stage::PullFailed, Some(due)) }
}

/// Waits for the next try.
fn pull_later(state: &mut State, pod: &mut Value, life: Life, now: Moment) -> Life {
    let image = images::missing(pod).unwrap_or_default().to_owned();
    let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {}", images::not_found(&image));
    pod_status::wait_for_image(pod, "ImagePullBackOff", &message, now);
    images::tell_back_off(state, pod, &image, now);
    let delay = Duration::from_secs(back_off_secs(life.pulls - 1));
    life.at(Stage::PullBackOff, Some(now.world + delay))
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

/// Ends a pod: its containers get the time they need, a few seconds. Gives when it is gone.
fn end(state: &mut State, pod: &Value, now: Moment) -> Duration {
    for container in items(pod, "/spec/containers") {
        let message = format!("Stopping container {}", text(container, "/name"));
        events::record(state, pod, kubelet(false, "Killing", &message), now);
    }
    let grace = u64::try_from(number(pod, "/metadata/deletionGracePeriodSeconds")).unwrap_or_default();
    let delay = state.random.between_ms(2_000, 4_000).min(Duration::from_secs(grace));
    now.world + delay
}

fn kubelet<'a>(warning: bool, reason: &'a str, message: &'a str) -> Event<'a> {
    Event { warning, reason, message, component: "kubelet" }
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

fn tell_unhealthy(state: &mut State, pod: &Value, now: Moment) {
    let address = format!("{}:8080", text(pod, "/status/podIP"));
    let message = format!(
        "Readiness probe failed: Get \"http://{address}/healthz\": dial tcp {address}: connect: connection refused"
    );
    events::record(state, pod, kubelet(true, "Unhealthy", &message), now);
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
