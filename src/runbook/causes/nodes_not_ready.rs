//! Nodes are not ready, so pods cannot run (`domain.md`, sections 3 and 8).

use std::collections::BTreeMap;

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::{NodesFacts, Pod};
use crate::runbook::fits;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "nodes-not-ready",
        "Nodes not ready",
        format!("The nodes of {} are not ready, so pods cannot run there", region.name),
    );
    cause.fits = fits::NODES_NOT_READY;
    cause.explains =
        Explains::These(&["unschedulable", "crash-loop", "targets-unhealthy", "resource-exhaustion"]);
    let answer = case.readings.nodes(case.failed);
    cause.needs("Nodes", answer);
    cause.needs("Pods", case.readings.pods(case.failed));
    let Some(Ok(facts)) = answer else { return cause };
    let (ready, total) = (facts.nodes.iter().filter(|node| node.is_ready()).count(), facts.nodes.len());
    if ready == total && total > 0 {
        cause.denies(format!("All {total} nodes are ready"));
        return cause;
    }
    cause.says(match total {
        0 => "The cluster has no nodes".to_owned(),
        _ => format!("{} of {total} nodes are not ready", total - ready),
    });
    cause.evidence_for.extend(reasons(facts));
    let lost: Vec<&str> =
        facts.nodes.iter().filter(|node| !node.is_ready()).map(|node| node.name.as_str()).collect();
    let pods = case.readings.pods(case.failed).and_then(Result::ok);
    let waits = pods.is_some_and(|facts| facts.active().any(|pod| pod.unscheduled.is_some()));
    // One that is on its way out counts: nobody on a lost node hears that it should go.
    let on_lost = |pod: &Pod| pod.node.as_deref().is_some_and(|node| lost.contains(&node));
    let hosts = pods.is_some_and(|facts| facts.pods.iter().any(|pod| !pod.is_over() && on_lost(pod)));
    cause.strength = match (ready, waits, hosts) {
        (0, ..) | (_, true, _) => Strength::Certain,
        (_, _, true) => Strength::Likely,
        // A node without the platform's pods is somebody else's trouble.
        _ => Strength::Possible,
    };
    if case.platform_up() == Some(true) {
        cause.denies("Enough pods are ready all the same");
        cause.strength = Strength::Possible;
    }
    let to_do = format!("bring the node group of {} back, or let it make new nodes", region.name);
    cause.guidance = vec![
        Guidance::text(super::evidence::ask(case, "whoever runs the EKS clusters", &to_do)),
        Guidance::with("Read why the nodes are not ready", command::describe_nodes(case.profile, region)),
        Guidance::text(
            "Look at the node group in EKS and at its instances in EC2: stopped, unreachable, out of disk?",
        ),
        Guidance::text("When nodes are back, pods follow by themselves within minutes"),
    ];
    cause
}

/// Why nodes are not ready: each reason once, with the nodes that give it.
fn reasons(facts: &NodesFacts) -> Vec<String> {
    let mut by_reason = BTreeMap::<&str, Vec<&str>>::new();
    for node in facts.nodes.iter().filter(|node| !node.is_ready()) {
        if let Some(condition) = node.conditions.iter().find(|condition| condition.kind == "Ready") {
            by_reason.entry(condition.message.trim()).or_default().push(&node.name);
        }
    }
    let line = |(reason, nodes): (&str, Vec<&str>)| match nodes.len() {
        1 => format!("{}: {reason}", nodes[0]),
        count => format!("{} and {} more: {reason}", nodes[0], count - 1),
    };
    by_reason.into_iter().map(line).collect()
}
