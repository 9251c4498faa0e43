//! Step 2, diagnose: the failed region's cluster, and the healthy one's for comparison.

use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command;
use crate::runbook::fact::{DeploymentFacts, EventsFacts, IngressFacts, LogsFacts, NodesFacts, PodsFacts};
use crate::runbook::log_signature::{self, Signature};
use crate::runbook::pod::{self, PodState};
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::verdict::{Finding, Verdict};

/// What step 2 asks, all at once: the failed region's cluster, and the Deployment
/// and pods of the others.
pub fn questions(profile: &Profile, failed: RegionIndex) -> Vec<Question> {
    let mut questions = vec![
        Question::Cluster(failed),
        Question::Deployment(failed),
        Question::Pods(failed),
        Question::Logs(failed),
        Question::Ingress(failed),
        Question::Nodes(failed),
        Question::Events(failed),
    ];
    for other in profile.others(failed) {
        questions.extend([Question::Deployment(other), Question::Pods(other)]);
    }
    questions
}

/// Step 2's checks.
pub fn checks(case: &Case) -> Vec<Check> {
    let failed = case.failed;
    let mut checks = vec![
        cluster(case, failed),
        deployment(case, failed),
        pods(case, failed, Step::Diagnose),
        logs(case, failed),
        ingress(case, failed),
        nodes(case, failed),
        events(case, failed),
    ];
    for other in case.profile.others(failed) {
        checks.extend([deployment(case, other), pods(case, other, Step::Diagnose)]);
    }
    checks
}

/// Does the failed region's platform run: its cluster answers, and enough pods of
/// its Deployment are up? Where somebody else repairs it, this tells that they did.
pub fn platform_runs(case: &Case) -> bool {
    let up = |check: Check| matches!(check.verdict(), Some(Verdict::Pass | Verdict::Warn));
    let failed = case.failed;
    up(cluster(case, failed)) && up(deployment(case, failed)) && up(pods(case, failed, Step::Diagnose))
}

/// Where nothing of the failed region could be read: the first check's finding, with
/// the reason and what to do. Then no word can be said about a cause.
pub fn nothing_read(case: &Case) -> Option<Finding> {
    let own: Vec<Check> =
        checks(case).into_iter().filter(|check| check.region == Some(case.failed)).collect();
    let unread = own.iter().all(|check| check.verdict() == Some(Verdict::Unknown));
    own.into_iter().next()?.finding.filter(|_| unread)
}

/// The title of a check of the failed region is short; the others' carries their name.
fn title(case: &Case, region: RegionIndex, name: &str) -> String {
    if region == case.failed {
        name.to_owned()
    } else {
        format!("{name} {}", case.profile.region(region).name)
    }
}

fn cluster(case: &Case, region: RegionIndex) -> Check {
    let command = command::version(case.profile, case.profile.region(region));
    let title = title(case, region, "Cluster");
    let check = Check::new(case, Step::Diagnose, "cluster", title, Question::Cluster(region), command);
    check.judged(case.readings.cluster(region), "answers", |facts| {
        (Finding::pass(format!("answers, Kubernetes {}", facts.version), "answers"), Vec::new())
    })
}

fn deployment(case: &Case, region: RegionIndex) -> Check {
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
    let states: Vec<PodState> = facts.pods.iter().map(pod::state).collect();
    let ready = states.iter().filter(|state| **state == PodState::Ready).count();
    if facts.pods.is_empty() {
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

fn pod_line(pod: &super::super::fact::Pod) -> String {
    let node = pod.node.as_deref().unwrap_or("no node");
    format!("{}  {}  restarts {}  on {node}", pod.name, pod::state(pod).text(), pod.restarts())
}

fn logs(case: &Case, region: RegionIndex) -> Check {
    let target = case.profile.region(region);
    let restarted = matches!(case.readings.pods(region), Some(Ok(facts)) if facts.pods.iter().any(|pod| pod.restarts() > 0));
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
    check.judged(case.readings.logs(region), "no error", |facts| (judge_logs(facts), Vec::new()))
}

/// Judges the logs by their telling lines.
pub fn judge_logs(facts: &LogsFacts) -> Finding {
    if facts.logs.is_empty() {
        return Finding::warn("no pod, so no log", "no error", "Look at the Deployment");
    }
    let hits = log_signature::hits(facts);
    let remedy = "Open the log and read what comes before this line";
    for (signature, what) in [(Signature::Database, "the database"), (Signature::Panic, "a crash")] {
        let of: Vec<_> = hits.iter().filter(|hit| hit.signature == signature).collect();
        if let Some(hit) = of.first() {
            let found = format!("{what} in {} of {} pods: {}", of.len(), facts.logs.len(), hit.line.text);
            return Finding::fail(found, "no error", remedy);
        }
    }
    let unread: Vec<&str> =
        facts.logs.iter().filter_map(|log| log.current.as_ref().err().map(String::as_str)).collect();
    if unread.len() == facts.logs.len() {
        return Finding::warn(format!("no log could be read: {}", unread[0]), "no error", "Look at the pods");
    }
    Finding::pass(format!("no known error in {} pods", facts.logs.len()), "no error")
}

fn ingress(case: &Case, region: RegionIndex) -> Check {
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

fn nodes(case: &Case, region: RegionIndex) -> Check {
    let command = command::get_nodes(case.profile, case.profile.region(region));
    let title = title(case, region, "Nodes");
    let check = Check::new(case, Step::Diagnose, "nodes", title, Question::Nodes(region), command);
    check.judged(case.readings.nodes(region), "all ready", |facts| {
        let line = |node: &super::super::fact::Node| {
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

fn events(case: &Case, region: RegionIndex) -> Check {
    let command = command::get_events(case.profile, case.profile.region(region));
    let title = title(case, region, "Events");
    let check = Check::new(case, Step::Diagnose, "events", title, Question::Events(region), command);
    check.judged(case.readings.events(region), "no warnings", |facts| {
        let line = |event: &super::super::fact::Event| {
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
