//! Nodes are not ready, so pods cannot run (`domain.md`, sections 3 and 8).

use crate::runbook::action::ActionKind;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Fit, Guidance, Strength};
use crate::runbook::command;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "nodes-not-ready",
        "Nodes not ready",
        format!("The nodes of {} are not ready, so pods cannot run there", region.name),
    );
    cause.fit = |action: ActionKind| match action {
        ActionKind::Restart | ActionKind::Scale => {
            Fit::CannotHelp("Cannot help: new pods find no node either")
        }
        _ => Fit::CannotHelp("Cannot help: the nodes are not part of the chart"),
    };
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
    for node in facts.nodes.iter().filter(|node| !node.is_ready()).take(3) {
        if let Some(condition) = node.conditions.iter().find(|condition| condition.kind == "Ready") {
            cause.says(format!("{}: {}", node.name, condition.message));
        }
    }
    cause.strength = if ready == 0 { Strength::Certain } else { Strength::Likely };
    if case.platform_up() == Some(true) {
        cause.denies("Enough pods are ready all the same");
        cause.strength = Strength::Possible;
    }
    cause.guidance = vec![
        Guidance::with("Read why the nodes are not ready", command::describe_nodes(case.profile, region)),
        Guidance::text(
            "Look at the node group in EKS and at its instances in EC2: stopped, unreachable, out of disk?",
        ),
        Guidance::text(
            "Restore the node group, or let it make new nodes; pods follow by themselves within minutes",
        ),
    ];
    cause.guidance.extend(super::evidence::call(case));
    cause
}
