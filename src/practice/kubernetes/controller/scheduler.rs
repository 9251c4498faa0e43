//! The scheduler: which node takes a pod, and why none does.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::kinds::{NODES, PODS};
use super::super::object::{self, condition_is_true, items, name, text};
use super::super::quantity;
use super::super::store::State;
use super::events::{self, Event};
use super::{Moment, pod_status};

/// Puts a pod on a node, and says so; false where there is none for it, which
/// is said as well.
pub(super) fn schedule(state: &mut State, pod: &mut Value, now: Moment) -> bool {
    let nodes = state.collect(&NODES, None);
    let candidates: Vec<(&Arc<Value>, Result<(), &str>)> =
        nodes.iter().map(|node| (node, takes(state, node, pod))).collect();
    let load = |node: &Value| pods_on(state, name(node)).count();
    let best = candidates.iter().filter(|(_, fits)| fits.is_ok()).min_by_key(|(node, _)| load(node));
    if let Some((node, _)) = best {
        pod_status::schedule(pod, node, now);
        let message =
            format!("Successfully assigned {}/{} to {}", object::namespace(pod), name(pod), name(node));
        events::record(state, pod, told(false, "Scheduled", &message), now);
        return true;
    }
    let reasons: Vec<&str> = candidates.iter().filter_map(|(_, fits)| fits.err()).collect();
    let message = refusal(&reasons);
    pod_status::unschedulable(pod, &message, now);
    events::record(state, pod, told(true, "FailedScheduling", &message), now);
    false
}

fn told<'a>(warning: bool, reason: &'a str, message: &'a str) -> Event<'a> {
    Event { warning, reason, message, component: "default-scheduler" }
}

const CORDONED: &str = "node(s) were unschedulable";
const UNREACHABLE: &str = "node(s) had untolerated taint {node.kubernetes.io/unreachable: }";
const NO_CPU: &str = "Insufficient cpu";

/// Whether a node takes a pod, or the scheduler's words for why not.
fn takes(state: &State, node: &Value, pod: &Value) -> Result<(), &'static str> {
    let allocatable = quantity::parse(text(node, "/status/allocatable/cpu")).unwrap_or(f64::MAX);
    if node.pointer("/spec/unschedulable") == Some(&true.into()) {
        Err(CORDONED)
    } else if !condition_is_true(node, "Ready") {
        Err(UNREACHABLE)
    } else if pods_on(state, name(node)).map(|it| cpu(it)).sum::<f64>() + cpu(pod) > allocatable {
        Err(NO_CPU)
    } else {
        Ok(())
    }
}

fn pods_on<'a>(state: &'a State, node: &'a str) -> impl Iterator<Item = &'a Arc<Value>> {
    state.list(&PODS, None).filter(move |pod| text(pod, "/spec/nodeName") == node && !object::is_over(pod))
}

/// CPUs that a pod's containers request.
fn cpu(pod: &Value) -> f64 {
    items(pod, "/spec/containers")
        .iter()
        .filter_map(|container| quantity::parse(text(container, "/resources/requests/cpu")))
        .sum()
}

/// `0/3 nodes are available: …`, the reasons counted and sorted.
fn refusal(reasons: &[&str]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut victimless, mut helpless) = (0, 0);
    for reason in reasons {
        *counts.entry((*reason).to_owned()).or_default() += 1;
        if *reason == NO_CPU {
            victimless += 1;
        } else {
            helpless += 1;
        }
    }
    let mut listed: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    listed.sort();
    let preemption = [
        (victimless, "No preemption victims found for incoming pod"),
        (helpless, "Preemption is not helpful for scheduling"),
    ];
    let preemption: Vec<String> = preemption
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{count} {why}"))
        .collect();
    let total = reasons.len();
    if total == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    format!(
        "0/{total} nodes are available: {}. preemption: 0/{total} nodes are available: {}.",
        listed.join(", "),
        preemption.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_counts_its_reasons() {
        for (reasons, expected) in [
            (
                &[NO_CPU, NO_CPU, NO_CPU] as &[&str],
                "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: \
                 3 No preemption victims found for incoming pod.",
            ),
            (
                &[NO_CPU, UNREACHABLE, UNREACHABLE],
                "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint \
                 {node.kubernetes.io/unreachable: }. preemption: 0/3 nodes are available: \
                 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
            ),
            (&[], "no nodes available to schedule pods"),
        ] {
            assert_eq!(refusal(reasons), expected);
        }
    }
}
