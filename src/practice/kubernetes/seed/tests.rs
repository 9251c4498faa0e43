use jiff::{SignedDuration, Timestamp};

use super::super::kinds::{DEPLOYMENTS, EVENTS, INGRESSES, NETWORK_PEERS, NODES, PODS, REPLICA_SETS};
use super::super::object::{items, label, number, parse_stamp, text};
use super::super::{AwsSide, ClusterSetup, Condition, PLATFORM, ready_pods};
use super::*;

fn now() -> Timestamp {
    "2026-06-01T03:00:00Z".parse().unwrap()
}

/// As long as a world's failure has lasted when the responder arrives.
const FAILING_FOR: SignedDuration = SignedDuration::from_mins(12);

fn plant_seeded(condition: Condition, seed: u64, failing_for: SignedDuration) -> State {
    let setup = ClusterSetup {
        region: "us-east-1".to_owned(),
        peer_regions: vec!["eu-west-1".to_owned()],
        host: "us.multi-region.example.com".to_owned(),
        token: "t".to_owned(),
        condition,
        platform_version: "4.11.2".to_owned(),
        replicas: 3,
        values_yaml: "config: {loftHost: multi-region.example.com}".to_owned(),
        seed,
        failing_since: now() - failing_for,
        aws: AwsSide::example(),
    };
    plant(&setup, now()).0
}

fn plant_with(condition: Condition) -> State {
    plant_seeded(condition, 7, SignedDuration::from_mins(9))
}

fn pods(state: &State) -> Vec<std::sync::Arc<Value>> {
    state.collect(&PODS, Some(READY_POD_NAMESPACE))
}

fn online(state: &State, region: &str) -> Option<bool> {
    state.get(&Key::new(&NETWORK_PEERS, "", region))?.pointer("/status/online")?.as_bool()
}

#[test]
fn each_condition_is_as_its_scenario_says() {
    for (condition, deployed, replicas, pod_count, ready) in [
        (Condition::Healthy, true, 3, 3, 3),
        (Condition::CrashLoop, true, 3, 3, 0),
        (Condition::ScaledToZero, true, 0, 0, 0),
        (Condition::DeploymentMissing, false, 0, 0, 0),
    ] {
        let state = plant_with(condition);
        let deployment = state.get(&Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM));
        assert_eq!(deployment.is_some(), deployed, "{condition:?}");
        assert_eq!(deployment.map_or(0, |it| number(it, "/spec/replicas")), replicas, "{condition:?}");
        assert_eq!(pods(&state).len(), pod_count, "{condition:?}");
        assert_eq!(ready_pods(&state, READY_POD_NAMESPACE), ready, "{condition:?}");
        assert_eq!(online(&state, "us-east-1"), (ready > 0).then_some(true), "{condition:?}");
        assert_eq!(online(&state, "eu-west-1"), Some(true), "{condition:?}");
        assert_eq!(state.list(&PODS, Some("vcluster-agent")).count(), 1, "{condition:?}");
        let release = Key::new(&SECRETS, READY_POD_NAMESPACE, "sh.helm.release.v1.loft.v1");
        assert!(state.get(&release).is_some(), "{condition:?}");
    }
}

#[test]
fn a_crash_loop_has_a_past_that_agrees_with_itself() {
    let state = plant_with(Condition::CrashLoop);
    let failing_since = now() - SignedDuration::from_mins(9);
    for pod in pods(&state) {
        let status = &items(&pod, "/status/containerStatuses")[0];
        assert_eq!(text(status, "/state/waiting/reason"), "CrashLoopBackOff");
        let restarts = number(status, "/restartCount");
        assert!((4..=8).contains(&restarts), "{restarts} restarts in nine minutes");
        let finished = parse_stamp(text(status, "/lastState/terminated/finishedAt")).unwrap();
        assert!(finished > failing_since && finished <= now());
        assert!(parse_stamp(text(&pod, "/metadata/creationTimestamp")).unwrap() < failing_since);
    }
    let back_offs = state.list(&EVENTS, None).filter(|event| text(event, "/reason") == "BackOff").count();
    assert_eq!(back_offs, 3);
}

#[test]
fn the_same_seed_makes_the_same_names() {
    let names = || {
        pods(&plant_with(Condition::Healthy))
            .iter()
            .map(|pod| object::name(pod).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), names());
}

/// What a diagnosis sees of a pod: what `kubectl get pods` says, with the
/// reason and exit code of its container's last end.
fn look(pod: &Value) -> String {
    let status = &items(pod, "/status/containerStatuses").first().cloned().unwrap_or_default();
    let terminating = if object::terminating(pod) { "Terminating " } else { "" };
    let waiting = text(status, "/state/waiting/reason");
    let last = match text(status, "/lastState/terminated/reason") {
        "" => String::new(),
        reason => format!(" after {reason} {}", number(status, "/lastState/terminated/exitCode")),
    };
    let again = if number(status, "/restartCount") > 0 { ", restarted" } else { "" };
    let word = if waiting.is_empty() { text(pod, "/status/phase") } else { waiting };
    let ready = if object::condition_is_true(pod, "Ready") { "ready" } else { "not ready" };
    format!("{terminating}{word}{last}{again}, {ready}")
}

/// The looks of the platform's pods, each with how many have it.
fn looks(state: &State) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for pod in pods(state) {
        *counts.entry(look(&pod)).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn each_condition_looks_the_same_with_every_seed() {
    let crashed = |end: &str| format!("CrashLoopBackOff after {end}, restarted, not ready");
    let no_database = "Running after Error 1, restarted, not ready".to_owned();
    let cases: Vec<(Condition, Vec<(String, usize)>)> = vec![
        (Condition::Healthy, vec![("Running, ready".to_owned(), 3)]),
        (Condition::CrashLoop, vec![(crashed("Error 2"), 3)]),
        (Condition::ScaledToZero, vec![]),
        (Condition::DeploymentMissing, vec![]),
        (Condition::OutOfMemory, vec![(crashed("OOMKilled 137"), 3)]),
        (Condition::ImagePull, vec![("ImagePullBackOff, not ready".to_owned(), 3)]),
        (Condition::DatabaseTimeout, vec![(no_database.clone(), 3)]),
        (Condition::DatabaseDenied, vec![(no_database.clone(), 3)]),
        (Condition::DatabaseRefused, vec![(no_database.clone(), 3)]),
        (
            Condition::DatabaseTimeoutAndImagePull,
            vec![("ImagePullBackOff, not ready".to_owned(), 1), (no_database, 3)],
        ),
        (
            Condition::NodesNotReady,
            vec![("Pending, not ready".to_owned(), 3), ("Terminating Running, not ready".to_owned(), 3)],
        ),
        (Condition::Unschedulable, vec![("Pending, not ready".to_owned(), 3)]),
        (Condition::VersionSkew, vec![(crashed("Error 1"), 3)]),
        (Condition::InterruptedUpgrade, vec![(crashed("Error 1"), 3)]),
        (Condition::PermissionMissing, vec![]),
        (Condition::IngressNotReconciled, vec![("Running, ready".to_owned(), 3)]),
    ];
    for (condition, expected) in &cases {
        // where nothing goes on, or what went on before in this table, one seed is as good as another
        let known = matches!(condition, Condition::DatabaseDenied | Condition::DatabaseRefused);
        let moves = !known && expected.iter().any(|(look, _)| look != "Running, ready");
        for seed in 1..=if moves { 20 } else { 3 } {
            let state = plant_seeded(*condition, seed, FAILING_FOR);
            assert_eq!(&looks(&state), expected, "{condition:?}, seed {seed}");
        }
    }
}

/// The messages of the events of a reason about objects of a kind.
fn told(state: &State, kind: &str, reason: &str) -> Vec<String> {
    let of_kind = |event: &&std::sync::Arc<Value>| {
        text(event, "/involvedObject/kind") == kind && text(event, "/reason") == reason
    };
    state.list(&EVENTS, None).filter(of_kind).map(|event| text(event, "/message").to_owned()).collect()
}

fn deployment(state: &State) -> Value {
    (**state.get(&Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM)).unwrap()).clone()
}

fn image(object: &Value) -> &str {
    text(object, "/spec/template/spec/containers/0/image")
}

#[test]
fn an_image_that_is_missing_shows_in_events_status_and_replica_sets() {
    let state = plant_seeded(Condition::ImagePull, 3, FAILING_FOR);
    for part in
        ["Failed to pull image", "4.11.9: not found", "Error: ImagePullBackOff", "Error: ErrImagePull"]
    {
        assert!(told(&state, "Pod", "Failed").iter().any(|it| it.contains(part)), "{part}");
    }
    assert!(told(&state, "Pod", "BackOff").iter().all(|it| it.starts_with("Back-off pulling image")));
    let deployment = deployment(&state);
    assert!(image(&deployment).ends_with(":4.11.9"));
    let progressing = items(&deployment, "/status/conditions").iter().find(|it| it["type"] == "Progressing");
    assert_eq!(progressing.unwrap()["reason"], "ProgressDeadlineExceeded");
    let mut sets: Vec<(i64, String)> = state
        .list(&REPLICA_SETS, Some(READY_POD_NAMESPACE))
        .map(|set| (number(set, "/spec/replicas"), image(set).rsplit(':').next().unwrap().to_owned()))
        .collect();
    sets.sort();
    assert_eq!(sets, [(0, "4.11.2".to_owned()), (3, "4.11.9".to_owned())]);
}

#[test]
fn silent_nodes_are_unknown_and_keep_the_pods_that_were_to_go() {
    let state = plant_seeded(Condition::NodesNotReady, 3, FAILING_FOR);
    let failing_since = now() - FAILING_FOR;
    for node in state.list(&NODES, None) {
        for condition in items(node, "/status/conditions") {
            assert_eq!(
                (text(condition, "/status"), text(condition, "/reason"), text(condition, "/message")),
                ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
            );
            assert_eq!(parse_stamp(text(condition, "/lastTransitionTime")), Some(failing_since));
        }
        assert_eq!(items(node, "/spec/taints").len(), 2);
    }
    for pod in pods(&state) {
        let since = if object::terminating(&pod) {
            "/metadata/deletionTimestamp"
        } else {
            "/metadata/creationTimestamp"
        };
        assert_eq!(parse_stamp(text(&pod, since)), Some(failing_since + SignedDuration::from_mins(5)));
    }
    let refused = told(&state, "Pod", "FailedScheduling");
    let words =
        "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.";
    assert!(refused.iter().all(|message| message.starts_with(words)), "{refused:?}");
    assert_eq!(refused.len(), 4, "the agent's too");
    assert_eq!(told(&state, "Node", "NodeNotReady").len(), 3);
}

#[test]
fn full_nodes_leave_the_platform_pending() {
    let state = plant_seeded(Condition::Unschedulable, 3, FAILING_FOR);
    assert!(state.list(&NODES, None).all(|node| object::condition_is_true(node, "Ready")));
    let batch = state.collect(&PODS, Some(BATCH_NAMESPACE));
    assert_eq!(batch.iter().map(|pod| look(pod)).collect::<Vec<_>>(), ["Running, ready"; 3]);
    let refused = told(&state, "Pod", "FailedScheduling");
    assert!(
        refused.iter().all(|it| it.starts_with("0/3 nodes are available: 3 Insufficient cpu.")),
        "{refused:?}"
    );
    assert_eq!(told(&state, "Pod", "Preempted").len(), 3);
}

#[test]
fn a_downgrade_has_a_release_image_and_labels_of_the_older_version() {
    let state = plant_seeded(Condition::VersionSkew, 3, FAILING_FOR);
    let deployment = deployment(&state);
    assert!(image(&deployment).ends_with(":4.8.0"));
    assert_eq!(label(&deployment, "chart"), Some("vcluster-platform-4.8.0"));
    let records = state.collect(&SECRETS, Some(READY_POD_NAMESPACE));
    let labels: Vec<[Option<&str>; 4]> = records
        .iter()
        .map(|record| ["owner", "name", "version", "status"].map(|key| label(record, key)))
        .collect();
    let record = |version, status| [Some("helm"), Some("loft"), Some(version), Some(status)];
    assert_eq!(labels, [record("1", "superseded"), record("2", "deployed")]);
}

#[test]
fn a_controller_without_rights_leaves_the_address_and_warns() {
    let state = plant_seeded(Condition::IngressNotReconciled, 3, FAILING_FOR);
    let ingress = state.get(&Key::new(&INGRESSES, READY_POD_NAMESPACE, PLATFORM)).unwrap();
    assert!(text(ingress, "/status/loadBalancer/ingress/0/hostname").ends_with(".elb.amazonaws.com"));
    let warned = told(&state, "Ingress", "FailedDeployModel");
    assert_eq!(warned.len(), 1);
    assert!(warned[0].contains("AccessDenied") && warned[0].contains("elasticloadbalancing:RegisterTargets"));
}
