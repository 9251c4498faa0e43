//! Pods find no node that takes them (`domain.md`, sections 3 and 8).

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fits;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "unschedulable",
        "No room for pods",
        format!("The pods in {} find no node that takes them", region.name),
    );
    cause.fits = fits::UNSCHEDULABLE;
    cause.explains = Explains::These(&["targets-unhealthy"]);
    let answer = case.readings.pods(case.failed);
    cause.needs("Pods", answer);
    cause.needs("Nodes", case.readings.nodes(case.failed));
    let Some(Ok(facts)) = answer else { return cause };
    let all = facts.active().count();
    let waiting: Vec<_> = facts.active().filter(|pod| pod.unscheduled.is_some()).collect();
    let Some(message) = waiting.first().and_then(|pod| pod.unscheduled.as_deref()) else {
        if all > 0 {
            cause.denies("Every pod has a node");
        }
        return cause;
    };
    cause.says(format!("{} of {all} pods wait for a node", waiting.len()));
    cause.says(format!("The scheduler says: `{message}`"));
    cause.strength = if case.platform_up() == Some(true) { Strength::Possible } else { Strength::Certain };
    if let Some(Ok(nodes)) = case.readings.nodes(case.failed) {
        let cordoned = nodes.nodes.iter().filter(|node| node.unschedulable).count();
        if cordoned > 0 {
            cause.says(format!(
                "{cordoned} of {} nodes are cordoned: no new pod goes there",
                nodes.nodes.len()
            ));
        }
        let ready = nodes.nodes.iter().filter(|node| node.is_ready()).count();
        cause.says(format!("{ready} of {} nodes are ready", nodes.nodes.len()));
    }
    let to_do = "add nodes to the node group, or uncordon nodes that may take pods again";
    cause.guidance = vec![
        Guidance::text(super::evidence::ask(case, "whoever runs the EKS clusters", to_do)),
        Guidance::with("See what the nodes have left", command::describe_nodes(case.profile, region)),
        Guidance::text("Pods are placed by themselves as soon as a node takes them"),
    ];
    cause
}
