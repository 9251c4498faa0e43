//! Pods are killed or evicted for want of memory or disk (`domain.md`, sections 3 and 8).

use jiff::SignedDuration;

use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::{Container, Pod, PodsFacts};
use crate::runbook::fits;

/// The node conditions that are bad when `True`.
const PRESSURES: [&str; 3] = ["MemoryPressure", "DiskPressure", "PIDPressure"];

/// A kill speaks of the present for this long.
const PRESENT: SignedDuration = SignedDuration::from_hours(1);

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let mut cause = Assessment::new(
        "resource-exhaustion",
        "Out of memory",
        format!("The platform's pods in {} are killed for want of memory", region.name),
    );
    cause.advice = Some(Advice::Reapply);
    cause.fits = fits::OUT_OF_MEMORY;
    cause.explains = Explains::These(&["crash-loop", "targets-unhealthy"]);
    let answer = case.readings.pods(case.failed);
    cause.needs("Pods", answer);
    let nodes = case.readings.nodes(case.failed);
    cause.needs("Nodes", nodes);
    let mut killed = 0;
    if let Some(Ok(facts)) = answer {
        let all = facts.active().count();
        let killed_now = |container: &Container| {
            let ends = [&container.terminated, &container.last_terminated];
            let oom = ends.into_iter().flatten().find(|end| end.reason == "OOMKilled");
            oom.is_some_and(|end| case.is_recent(end.finished_at, PRESENT))
        };
        killed = facts.active().filter(|pod| pod.containers.iter().any(killed_now)).count();
        let evicted = evicted_lately(case, facts, &mut cause);
        if killed > 0 {
            let restarts: i32 = facts.active().map(Pod::restarts).sum();
            cause.says(format!(
                "{killed} of {all} pods were killed for want of memory (OOMKilled), {restarts} restarts"
            ));
            cause.strength = Strength::Certain;
        }
        if evicted > 0 {
            cause.says(format!(
                "{} evicted from their node within the last hour",
                if evicted == 1 { "1 pod was".to_owned() } else { format!("{} were", pods(evicted)) }
            ));
            cause.strength = cause.strength.max(Strength::Likely);
            if killed == 0 {
                cause.advice = Some(Advice::Guidance);
                cause.fits = fits::NO_ROOM;
                "Node out of resources".clone_into(&mut cause.title);
                cause.headline =
                    format!("The platform's pods in {} were evicted: their node ran short", region.name);
            }
        }
        if killed + evicted == 0 && all > 0 {
            cause.denies("No pod was killed for want of memory, and none was evicted lately");
        }
    }
    if let Some(Ok(facts)) = nodes {
        for node in &facts.nodes {
            for condition in &node.conditions {
                if condition.status == "True" && PRESSURES.contains(&condition.kind.as_str()) {
                    cause.says(format!("{} has {}", node.name, condition.kind));
                    cause.strength = cause.strength.max(Strength::Possible);
                }
            }
        }
    }
    if cause.strength > Strength::Possible && case.platform_up() == Some(true) {
        cause.denies("Enough pods are ready now");
        cause.strength = Strength::Possible;
    }
    if killed > 0 {
        cause.guidance.push(Guidance::text(
            "Raise resources.limits.memory in the region's values file, then re-apply it in step 3: a restart gives no memory",
        ));
    } else {
        cause.guidance.push(Guidance::text(
            "Give the node group larger or more nodes; evicted pods are made anew there",
        ));
    }
    cause
        .guidance
        .push(Guidance::with("Read what the pods had", command::describe_pods(case.profile, region)));
    cause
        .guidance
        .push(Guidance::with("See what the nodes have", command::describe_nodes(case.profile, region)));
    cause
}

/// How many pods were evicted within the time that speaks of now. Evicted ones stay listed for days.
fn evicted_lately(case: &Case, facts: &PodsFacts, cause: &mut Assessment) -> usize {
    let evicted = facts.pods.iter().filter(|pod| pod.reason.as_deref() == Some("Evicted"));
    // No pod ends before it was made.
    let at = |pod: &Pod| pod.ended_at.or(pod.created_at.filter(|at| case.is_recent(Some(*at), PRESENT)));
    let (known, unknown): (Vec<_>, Vec<_>) = evicted.partition(|pod| at(pod).is_some());
    if !unknown.is_empty() {
        cause
            .not_checked
            .push(format!("When {} were evicted: their records do not say", pods(unknown.len())));
    }
    known.into_iter().filter(|pod| case.is_recent(at(pod), PRESENT)).count()
}

fn pods(count: usize) -> String {
    if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") }
}
