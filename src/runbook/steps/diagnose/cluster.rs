//! The checks that a region's Kubernetes API answers.

use super::title;
use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command;
use crate::runbook::fact::{DeploymentFacts, EventsFacts, IngressFacts, LogsFacts, NodesFacts, PodsFacts};
use crate::runbook::log_signature::{self, Hit, Signature};
use crate::runbook::pod::{self, PodState};
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::verdict::Finding;

pub(super) fn cluster(case: &Case, region: RegionIndex) -> Check {
    let command = command::version(case.profile, case.profile.region(region));
    let title = title(case, region, "Cluster");
    let check = Check::new(case, Step::Diagnose, "cluster", title, Question::Cluster(region), command);
    check.judged(case.readings.cluster(region), "answers", |facts| {
        (Finding::pass(format!("answers, Kubernetes {}", facts.version), "answers"), Vec::new())
    })
}

pub(super) fn deployment(case: &Case, region: RegionIndex) -> Check {
    let command = command::get_deployment(case.profile, case.profile.region(region));
    let title = title(case, region, "Deployment");
    let check = Check::new(case, Step::Diagnose, "deployment", title, Question::Deployment(region), command);
    let expected = format!("{} replicas", case.profile.replicas);
    check.judged(case.readings.deployment(region), &expected, |facts| {
        (judge_deployment(facts, &case.profile.deployment, case.profile.replicas), deployment_details(facts))
    })
}

/// Judges the Deployment against the number of replicas that the environment wants.
pub fn judge_deployment(facts: &DeploymentFacts, name: &str, replicas: u32) -> Finding {
    let expected = format!("{replicas} replicas");
    let DeploymentFacts::Found(deployment) = facts else {
        return Finding::fail(format!("{name} does not exist"), expected, "Re-apply the values file");
    };
    let wanted = deployment.replicas_wanted;
    if wanted == 0 {
        return Finding::fail(
            "scaled to 0 replicas",
            expected,
            "Nothing runs because nothing is wanted: scale it up",
        );
    }
    let version = deployment.image_tag().map_or(String::new(), |tag| format!(", version {tag}"));
    let found = format!("{} of {wanted} available{version}", deployment.available);
    if deployment.available < wanted {
        return Finding::fail(found, expected, "Look at its pods and their logs");
    }
    if deployment.paused {
        return Finding::warn(format!("{found}, paused"), expected, "A paused Deployment refuses a restart");
    }
    if u32::try_from(wanted) != Ok(replicas) {
        return Finding::warn(found, expected, "The number of replicas differs from the environment's");
    }
    Finding::pass(found, expected)
}

fn deployment_details(facts: &DeploymentFacts) -> Vec<String> {
    let DeploymentFacts::Found(deployment) = facts else { return Vec::new() };
    let mut lines = vec![
        format!("image {}", deployment.image.as_deref().unwrap_or("-")),
        format!(
            "wanted {}, updated {}, ready {}, available {}",
            deployment.replicas_wanted, deployment.updated, deployment.ready, deployment.available
        ),
    ];
    lines.extend(
        deployment.conditions.iter().map(|c| format!("{}={} {}: {}", c.kind, c.status, c.reason, c.message)),
    );
    lines
}

/// The check of a region's pods, in step 2 and in step 5.
pub fn pods(case: &Case, region: RegionIndex, step: Step) -> Check {
    let command = command::get_pods(case.profile, case.profile.region(region));
    let title = if step == Step::Verify {
        format!("Pods {}", case.profile.region(region).name)
    } else {
        title(case, region, "Pods")
    };
    let check = Check::new(case, step, "pods", title, Question::Pods(region), command);
    let expected = format!("{0} of {0} ready", case.profile.replicas);
    check.judged(case.readings.pods(region), &expected, |facts| {
        (judge_pods(facts, case.profile.replicas), facts.pods.iter().map(pod_line).collect())
    })
}

/// Judges the pods against the number of replicas that the environment wants.
pub fn judge_pods(facts: &PodsFacts, replicas: u32) -> Finding {
    let expected = format!("{replicas} of {replicas} ready");
    // Leftovers of before are listed in the details, and are evidence of nothing.
    let states: Vec<PodState> = facts.pods.iter().filter(|pod| !pod.is_over()).map(pod::state).collect();
    let ready = states.iter().filter(|state| **state == PodState::Ready).count();
    if states.is_empty() {
        return Finding::fail("no pods", expected, "Nothing serves here: look at the Deployment");
    }
    let failing = states.iter().filter(|state| matches!(state, PodState::Failing(_))).count();
    let alive = states.iter().filter(|state| **state != PodState::Ending).count();
    let mut found = format!("{ready} of {alive} ready");
    if failing > 0 {
        let reason = states.iter().find_map(|state| match state {
            PodState::Failing(text) => Some(text.split([',', ':']).next().unwrap_or(text).to_owned()),
            _ => None,
        });
        found.push_str(&format!(", {failing} × {}", reason.unwrap_or_default()));
    }
    if ready < replicas as usize {
        return Finding::fail(found, expected, "Open the details for each pod's reason, then read the logs");
    }
    if failing > 0 {
        return Finding::warn(found, expected, "Enough pods serve, but some are broken");
    }
    Finding::pass(found, expected)
}

fn pod_line(pod: &crate::runbook::fact::Pod) -> String {
    let node = pod.node.as_deref().unwrap_or("no node");
    format!("{}  {}  restarts {}  on {node}", pod.name, pod::state(pod).text(), pod.restarts())
}

pub(super) fn logs(case: &Case, region: RegionIndex) -> Check {
    let target = case.profile.region(region);
    let restarted =
        matches!(case.readings.pods(region), Some(Ok(facts)) if facts.active().any(|pod| pod.restarts() > 0));
    let command = if restarted {
        command::previous_logs(case.profile, target)
    } else {
        command::logs(case.profile, target)
    };
    let check = Check::new(
        case,
        Step::Diagnose,
        "logs",
        title(case, region, "Logs"),
        Question::Logs(region),
        command,
    );
    check.judged(case.readings.logs(region), "no error", |facts| {
        (judge_logs(facts, case.database_port(region)), log_lines(case, region, facts))
    })
}

/// Judges the logs by their telling lines. `port` is the database's.
pub fn judge_logs(facts: &LogsFacts, port: u16) -> Finding {
    if facts.logs.is_empty() {
        return Finding::warn("no pod, so no log", "no error", "Look at the Deployment");
    }
    let hits = log_signature::hits(facts, port);
    let remedy = "Open the log and read what comes before this line";
    let database = hits.iter().filter(|hit| matches!(hit.signature, Signature::Database(_)));
    let panics = hits.iter().filter(|hit| hit.signature == Signature::Panic);
    if let Some(hit) = database.clone().next().or(panics.clone().next()) {
        let (what, count) = match hit.signature {
            Signature::Database(trouble) => (trouble.phrase(), database.count()),
            Signature::Panic => ("a crash", panics.count()),
        };
        let found = format!(
            "{what} in {count} of {} pods: {}",
            facts.logs.len(),
            log_signature::telling(&hit.line.text)
        );
        return Finding::fail(found, "no error", remedy);
    }
    let unread: Vec<&str> =
        facts.logs.iter().filter_map(|log| log.current.as_ref().err().map(String::as_str)).collect();
    if unread.len() == facts.logs.len() {
        return Finding::warn(format!("no log could be read: {}", unread[0]), "no error", "Look at the pods");
    }
    if let Some(first) = unread.first() {
        let (read, all) = (facts.logs.len() - unread.len(), facts.logs.len());
        let found = format!("no known error in {read} of {all} logs; the others could not be read: {first}");
        return Finding::warn(found, "no error", "Check again, or read the others in a terminal");
    }
    Finding::pass(format!("no known error in {} pods", facts.logs.len()), "no error")
}

/// The telling line of each pod, quoted whole.
fn log_lines(case: &Case, region: RegionIndex, facts: &LogsFacts) -> Vec<String> {
    log_signature::hits(facts, case.database_port(region)).iter().map(Hit::quote).collect()
}

pub(super) fn ingress(case: &Case, region: RegionIndex) -> Check {
    let command = command::get_ingress(case.profile, case.profile.region(region));
    let title = title(case, region, "Ingress");
    let check = Check::new(case, Step::Diagnose, "ingress", title, Question::Ingress(region), command);
    let expected = "has a load balancer";
    check.judged(case.readings.ingress(region), expected, |facts| match facts {
        IngressFacts::Missing => {
            let remedy = "Without it the load balancer has no way in: re-apply the values file";
            (Finding::fail(format!("{} does not exist", case.profile.ingress), expected, remedy), Vec::new())
        }
        IngressFacts::Found { addresses, hosts } if addresses.is_empty() => {
            let remedy = "The load balancer controller has not made one: look at its events";
            (Finding::fail("no address", expected, remedy), hosts.clone())
        }
        IngressFacts::Found { addresses, hosts } => {
            let mut lines = hosts.clone();
            lines.push("The address stays when the controller fails later: the events tell".to_owned());
            (Finding::pass(addresses.join(", "), expected), lines)
        }
    })
}

pub(super) fn nodes(case: &Case, region: RegionIndex) -> Check {
    let command = command::get_nodes(case.profile, case.profile.region(region));
    let title = title(case, region, "Nodes");
    let check = Check::new(case, Step::Diagnose, "nodes", title, Question::Nodes(region), command);
    check.judged(case.readings.nodes(region), "all ready", |facts| {
        let line = |node: &crate::runbook::fact::Node| {
            format!("{}  {}", node.name, if node.is_ready() { "ready" } else { "not ready" })
        };
        (judge_nodes(facts), facts.nodes.iter().map(line).collect())
    })
}

/// Judges the nodes: readiness first, then pressure and cordons.
pub fn judge_nodes(facts: &NodesFacts) -> Finding {
    let expected = "all ready";
    let total = facts.nodes.len();
    let ready = facts.nodes.iter().filter(|node| node.is_ready()).count();
    let found = format!("{ready} of {total} ready");
    if total == 0 {
        return Finding::fail("no nodes", expected, "Nothing can run: restore the node group");
    }
    if ready == 0 {
        return Finding::fail(found, expected, "Nothing can run: restore the node group");
    }
    let pressed = facts.nodes.iter().find_map(|node| {
        let bad = ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];
        let condition =
            node.conditions.iter().find(|c| bad.contains(&c.kind.as_str()) && c.status == "True")?;
        Some(format!("{}: {}", node.name, condition.kind))
    });
    if ready < total {
        return Finding::fail(found, expected, "Pods on a node that is not ready are moved after 5 minutes");
    }
    if let Some(pressed) = pressed {
        return Finding::warn(format!("{found}; {pressed}"), expected, "Pods may be evicted there");
    }
    let cordoned = facts.nodes.iter().filter(|node| node.unschedulable).count();
    if cordoned > 0 {
        return Finding::warn(
            format!("{found}, {cordoned} cordoned"),
            expected,
            "New pods are not placed there",
        );
    }
    Finding::pass(found, expected)
}

pub(super) fn events(case: &Case, region: RegionIndex) -> Check {
    let command = command::get_events(case.profile, case.profile.region(region));
    let title = title(case, region, "Events");
    let check = Check::new(case, Step::Diagnose, "events", title, Question::Events(region), command);
    check.judged(case.readings.events(region), "no warnings", |facts| {
        let line = |event: &crate::runbook::fact::Event| {
            format!("{} {} {} ×{}: {}", event.kind, event.object, event.reason, event.count, event.message)
        };
        (judge_events(facts), facts.events.iter().map(line).collect())
    })
}

/// Judges the events. A warning is a hint, never a verdict of its own: events live
/// about an hour, so an old one may be long mended.
pub fn judge_events(facts: &EventsFacts) -> Finding {
    let warnings: Vec<_> = facts.events.iter().filter(|event| event.kind == "Warning").collect();
    let expected = "no warnings";
    match warnings.first() {
        None => Finding::pass(format!("no warnings in {} events", facts.events.len()), expected),
        Some(newest) => Finding::warn(
            format!("{} on {}: {}", newest.reason, newest.object, newest.message),
            expected,
            "A hint, up to an hour old",
        ),
    }
}
