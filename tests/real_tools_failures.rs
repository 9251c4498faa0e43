//! The real `kubectl` and `helm` against each failure that is inside a cluster:
//! what they print of it, and what repairs it.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for the program"
)]

#[path = "support/tools.rs"]
mod tools;

use std::time::Duration;

use failback::practice::World;
use tools::{
    changes, eventually_repaired, has_tools, helm, kubectl, rollout_status, try_kubectl, upgrade, world,
};

/// The output of the runbook's looks at the pods: list, description, and logs before the last restart.
const PODS: [&str; 5] = ["get", "pods", "-l", "app=loft", "--no-headers"];
const PREVIOUS: [&str; 5] = ["logs", "-l", "app=loft", "--tail=50", "--previous"];

/// One pod with its events, which kubectl leaves out where it describes several.
async fn describe_a_pod(world: &World) -> String {
    let names = kubectl(world, &["get", "pods", "-l", "app=loft", "-o", "name"]).await;
    kubectl(world, &["describe", names.lines().next().unwrap()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_a_lack_of_memory_and_a_larger_limit_ends_it() {
    if !has_tools("kubectl_shows_a_lack_of_memory_and_a_larger_limit_ends_it", &["kubectl", "helm"]) {
        return;
    }
    let world = world("resource-exhaustion").await;
    let described = describe_a_pod(&world).await;
    for part in ["OOMKilled", "Exit Code:    137", "memory:  512Mi", "Back-off restarting failed container"] {
        assert!(described.contains(part), "{part}: {described}");
    }
    let previous = kubectl(&world, &PREVIOUS).await;
    assert!(previous.contains("Filling caches") && !previous.contains("rror"), "{previous}");

    let plain = upgrade(&world, &["--force-conflicts"]).await;
    assert!(plain.success, "{}", plain.stderr);
    assert!(kubectl(&world, &PODS).await.contains("0/1"), "the same values change nothing");
    let raised = upgrade(&world, &["--force-conflicts", "--set", "resources.limits.memory=1Gi"]).await;
    assert!(raised.success, "{}", raised.stderr);
    rollout_status(&world).await;
    eventually_repaired(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_an_image_that_is_missing_and_a_helm_upgrade_ends_it() {
    if !has_tools("kubectl_shows_an_image_that_is_missing_and_a_helm_upgrade_ends_it", &["kubectl", "helm"]) {
        return;
    }
    let world = world("image-pull").await;
    let pods = kubectl(&world, &PODS).await;
    assert_eq!(pods.matches("ImagePullBackOff").count() + pods.matches("ErrImagePull").count(), 3, "{pods}");
    let described = describe_a_pod(&world).await;
    let words =
        "Failed to pull image \"ghcr.io/loft-sh/vcluster-platform:4.11.9\": rpc error: code = NotFound";
    assert!(described.contains(words) && described.contains("4.11.9: not found"), "{described}");
    let log = try_kubectl(&world, &["logs", "-l", "app=loft"]).await;
    assert!(!log.success && log.stderr.contains("is waiting to start"), "{}", log.stderr);
    let sets = kubectl(&world, &["get", "replicasets", "-o", "wide", "--no-headers"]).await;
    assert!(sets.contains(":4.11.2") && sets.contains(":4.11.9"), "{sets}");

    let upgraded = upgrade(&world, &["--force-conflicts"]).await;
    assert!(upgraded.success, "{}", upgraded.stderr);
    rollout_status(&world).await;
    eventually_repaired(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_what_the_platform_says_of_its_database() {
    if !has_tools("kubectl_shows_what_the_platform_says_of_its_database", &["kubectl"]) {
        return;
    }
    for (id, words) in [
        ("security-group-closed", "dial tcp 10.1.0.12:3306: i/o timeout"),
        ("database-identity", "Access denied for user 'kine'@'10.0.12.187' (using password: YES)"),
        ("database-down", "dial tcp 10.1.0.12:3306: connect: connection refused"),
    ] {
        let world = world(id).await;
        let previous = kubectl(&world, &PREVIOUS).await;
        assert!(previous.contains("Failed to ping database connection: "), "{id}: {previous}");
        assert!(previous.contains(words), "{id}: {previous}");
        let pods = kubectl(&world, &PODS).await;
        assert_eq!(pods.matches("0/1").count(), 3, "{id}: {pods}");
        let described = describe_a_pod(&world).await;
        assert!(
            described.contains("Exit Code:    1") && described.contains("Readiness probe failed"),
            "{id}"
        );
        assert_eq!(changes(&world), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_silent_nodes() {
    if !has_tools("kubectl_shows_silent_nodes", &["kubectl"]) {
        return;
    }
    let world = world("nodes-not-ready").await;
    let nodes = kubectl(&world, &["get", "nodes", "--no-headers"]).await;
    assert_eq!(nodes.matches(" NotReady ").count(), 3, "{nodes}");
    let described = kubectl(&world, &["describe", "nodes"]).await;
    for part in [
        "Kubelet stopped posting node status.",
        "NodeStatusUnknown",
        "node.kubernetes.io/unreachable:NoExecute",
    ] {
        assert_eq!(described.matches(part).count() % 3, 0, "{part}: {described}");
        assert!(described.contains(part), "{part}: {described}");
    }
    let pods = kubectl(&world, &PODS).await;
    assert_eq!((pods.matches("Terminating").count(), pods.matches("Pending").count()), (3, 3), "{pods}");
    let log = try_kubectl(&world, &["logs", "-l", "app=loft"]).await;
    assert!(!log.success && log.stderr.contains(":10250/containerLogs/"), "{}", log.stderr);
    world.repair();
    eventually_repaired(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_full_nodes() {
    if !has_tools("kubectl_shows_full_nodes", &["kubectl"]) {
        return;
    }
    let world = world("unschedulable").await;
    let described = describe_a_pod(&world).await;
    for part in ["FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.", "PodScheduled   False"] {
        assert!(described.contains(part), "{part}: {described}");
    }
    let nodes = kubectl(&world, &["describe", "nodes"]).await;
    assert_eq!(nodes.matches("nightly-report-").count(), 3, "{nodes}");
    assert_eq!(nodes.matches("3900m (97%)").count(), 6, "each pod's, and the sum: {nodes}");
    world.repair();
    eventually_repaired(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_shows_a_downgrade_and_its_upgrade_ends_it() {
    if !has_tools("helm_shows_a_downgrade_and_its_upgrade_ends_it", &["kubectl", "helm"]) {
        return;
    }
    let world = world("version-skew").await;
    let history = helm(&world, &["history", "loft"]).await;
    assert!(history.contains("superseded") && history.contains("vcluster-platform-4.8.0"), "{history}");
    let previous = kubectl(&world, &PREVIOUS).await;
    let words = "leader election: peer runs 4.11.2, this is 4.8.0: refusing to join";
    assert!(previous.contains(words), "{previous}");
    let upgraded = upgrade(&world, &["--force-conflicts"]).await;
    assert!(upgraded.success, "{}", upgraded.stderr);
    rollout_status(&world).await;
    eventually_repaired(&world).await;
    assert!(helm(&world, &["list"]).await.contains("vcluster-platform-4.11.2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_says_what_is_permitted() {
    if !has_tools("kubectl_says_what_is_permitted", &["kubectl"]) {
        return;
    }
    let world = world("permission-missing").await;
    let rows = |table: &str| -> Vec<String> {
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let may = rows(&kubectl(&world, &["auth", "can-i", "--list"]).await);
    assert_eq!(may[0], "Resources Non-Resource URLs Resource Names Verbs");
    for row in [
        "selfsubjectaccessreviews.authorization.k8s.io [] [] [create]",
        "nodes [] [] [get list watch]",
        "[/version] [] [get]",
    ] {
        assert!(may.iter().any(|it| it == row), "{row} is not in {may:#?}");
    }
    assert!(!may.iter().any(|row| row.starts_with("pods") || row.starts_with("*.*")), "{may:#?}");
    for (question, answer) in [
        ("get pods/log", "no"),
        ("get deployments.apps", "no"),
        ("list nodes", "yes"),
        ("list events", "yes"),
    ] {
        let asked: Vec<&str> = ["auth", "can-i"].into_iter().chain(question.split(' ')).collect();
        let said = try_kubectl(&world, &asked).await;
        assert_eq!(
            (said.stdout.trim(), said.success),
            (answer, answer == "yes"),
            "{question}: {}",
            said.stderr
        );
    }
    let refused = try_kubectl(&world, &["get", "pods"]).await;
    assert_eq!(
        refused.stderr.trim(),
        "Error from server (Forbidden): pods is forbidden: User \
         \"arn:aws:sts::123456789012:assumed-role/practice/responder\" cannot list resource \"pods\" in API group \
         \"\" in the namespace \"vcluster-platform\""
    );
    assert_eq!(changes(&world), Vec::<String>::new());

    world.repair();
    let may = rows(&kubectl(&world, &["auth", "can-i", "--list"]).await);
    for row in ["*.* [] [] [*]", "[*] [] [*]"] {
        assert!(may.iter().any(|it| it == row), "{row} is not in {may:#?}");
    }
    assert_eq!(kubectl(&world, &["get", "deployment", "loft", "-o", "jsonpath={.spec.replicas}"]).await, "0");
    kubectl(&world, &["scale", "deployment", "loft", "--replicas=3"]).await;
    tokio::time::timeout(Duration::from_mins(1), eventually_repaired(&world)).await.unwrap();
}
