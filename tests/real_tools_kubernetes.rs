//! The real `kubectl` and `helm` against the practice world: the runbook's
//! commands, and whether the world shows what they did.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for the program"
)]

use std::{
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use failback::practice::{Auth, Options, World, scenario};

const US: &str = "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
const EU: &str = "arn:aws:eks:eu-west-1:123456789012:cluster/platform-multi-region-eu-west-1";
const NAMESPACE: &str = "vcluster-platform";
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whether the tools are there. Where they are required and missing, the test fails.
fn has_tools(test: &str, tools: &[&str]) -> bool {
    for tool in tools {
        if which::which(tool).is_err() {
            let required = std::env::var_os("FAILBACK_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "{tool} is not on PATH");
            println!("skipped: {test} needs {tool} on PATH");
            return false;
        }
    }
    true
}

async fn world(id: &str) -> World {
    let scenario = scenario(id).unwrap();
    World::start(Options {
        scenario,
        speed: 60.0,
        seed: 1,
        latency: Duration::ZERO,
        auth: Auth::Token,
        dir: None,
    })
    .await
    .unwrap()
}

/// What a program said.
struct Said {
    success: bool,
    stdout: String,
    stderr: String,
}

/// Runs a program that sees the world's files and nothing of the user's.
async fn run(world: &World, program: &str, arguments: &[&str]) -> Said {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AWS_") || text.starts_with("HELM_") || text.starts_with("KUBE") {
            command.env_remove(&name);
        }
    }
    command.envs(world.env()).args(arguments).stdin(Stdio::null());
    let output: Output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    Said {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// kubectl in the failed region's context; must succeed, gives its output.
async fn kubectl(world: &World, arguments: &[&str]) -> String {
    let said = try_kubectl(world, arguments).await;
    assert!(said.success, "kubectl {arguments:?}: {}{}", said.stdout, said.stderr);
    said.stdout
}

async fn try_kubectl(world: &World, arguments: &[&str]) -> Said {
    run(world, "kubectl", &[&["--context", US, "-n", NAMESPACE], arguments].concat()).await
}

/// helm in the failed region's context; must succeed, gives its output.
async fn helm(world: &World, arguments: &[&str]) -> String {
    let said = try_helm(world, arguments).await;
    assert!(said.success, "helm {arguments:?}: {}{}", said.stdout, said.stderr);
    said.stdout
}

async fn try_helm(world: &World, arguments: &[&str]) -> Said {
    run(world, "helm", &[arguments, &["--kube-context", US, "--namespace", NAMESPACE]].concat()).await
}

/// The environment file's value of a key of `[chart]`.
fn chart(world: &World, key: &str) -> String {
    let file: toml::Table = std::fs::read_to_string(world.environment_file()).unwrap().parse().unwrap();
    file["chart"][key].as_str().unwrap().to_owned()
}

/// The runbook's re-apply, with the version pinned.
async fn upgrade(world: &World, more: &[&str]) -> Said {
    let (repository, version) = (chart(world, "repository"), chart(world, "version"));
    let values = world.values_file().to_str().unwrap();
    let runbook = [
        "upgrade",
        "loft",
        "vcluster-platform",
        "--install",
        "--create-namespace",
        "--repository-config=",
        "--repo",
        &repository,
        "--version",
        &version,
        "-f",
        values,
        "--server-side=true",
    ];
    try_helm(world, &[&runbook, more].concat()).await
}

async fn rollout_status(world: &World) -> String {
    kubectl(world, &["rollout", "status", "deployment/loft", "--timeout=60s"]).await
}

/// Waits for the world to be whole: rollout status ends a moment before.
async fn eventually_repaired(world: &World) {
    let begin = Instant::now();
    while !world.is_repaired() {
        assert!(begin.elapsed() < PATIENCE, "the world was never repaired");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Method and path without its query of every request that changed the world.
fn changes(world: &World) -> Vec<String> {
    let path = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
    world.changing_requests().iter().map(|it| format!("{} {}", it.method, path(&it.path))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_a_crash_loop_as_the_runbook_looks_at_it() {
    if !has_tools("kubectl_shows_a_crash_loop_as_the_runbook_looks_at_it", &["kubectl"]) {
        return;
    }
    let world = world("crash-loop").await;
    let pods = kubectl(&world, &["get", "pods", "-l", "app=loft"]).await;
    assert!(pods.starts_with("NAME") && pods.contains("RESTARTS"), "{pods}");
    assert_eq!(pods.matches("0/1").count(), 3, "{pods}");
    let everywhere = kubectl(&world, &["get", "pods", "-A", "-l", "app=loft", "--no-headers"]).await;
    assert_eq!(everywhere.lines().count(), 4, "the agent has the label too: {everywhere}");

    let logs = kubectl(&world, &["logs", "-l", "app=loft", "--tail=50"]).await;
    assert!(logs.contains("Starting vCluster Platform 4.11.2"), "{logs}");
    let previous = kubectl(&world, &["logs", "-l", "app=loft", "--tail=50", "--previous"]).await;
    assert_eq!(previous.matches("panic: runtime error: invalid memory address").count(), 3, "{previous}");

    let ingress = kubectl(&world, &["get", "ingress", "loft"]).await;
    assert!(ingress.contains("us-east-1.elb.amazonaws.com") && ingress.contains("alb"), "{ingress}");
    let nodes = kubectl(&world, &["get", "nodes", "--no-headers"]).await;
    assert_eq!(nodes.matches(" Ready ").count(), 3, "{nodes}");
    let events = kubectl(&world, &["get", "events", "--field-selector", "reason=BackOff"]).await;
    assert!(events.contains("Back-off restarting failed container manager"), "{events}");
    let described = kubectl(&world, &["describe", "pods"]).await;
    assert!(described.contains("Exit Code:    2"), "{described}");
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_by_kubectl_heals_a_crash_loop() {
    if !has_tools("a_restart_by_kubectl_heals_a_crash_loop", &["kubectl"]) {
        return;
    }
    let world = world("crash-loop").await;
    kubectl(&world, &["rollout", "restart", "deployment/loft"]).await;
    let status = rollout_status(&world).await;
    assert!(status.contains("successfully rolled out"), "{status}");
    eventually_repaired(&world).await;
    assert_eq!(changes(&world), ["PATCH /apis/apps/v1/namespaces/vcluster-platform/deployments/loft"]);
    let running = kubectl(&world, &["get", "pods", "--field-selector", "status.phase=Running"]).await;
    assert_eq!(running.matches("1/1").count(), 3, "{running}");
    let new = kubectl(&world, &["get", "pods", "-o", "name"]).await;
    let newest = new.lines().next().unwrap();
    let previous = try_kubectl(&world, &["logs", newest, "--previous"]).await;
    assert!(!previous.success && previous.stderr.contains("previous terminated container \"manager\""));
    let history = kubectl(&world, &["rollout", "history", "deployment/loft"]).await;
    assert!(history.contains("\n2 "), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scaling_by_kubectl_brings_the_region_and_its_peer_back() {
    if !has_tools("scaling_by_kubectl_brings_the_region_and_its_peer_back", &["kubectl"]) {
        return;
    }
    let world = world("scaled-to-zero").await;
    let peers = ["get", "networkpeers.storage.loft.sh", "-A", "--no-headers"];
    let before = kubectl(&world, &peers).await;
    assert_eq!((before.lines().count(), before.matches("true").count()), (2, 1), "{before}");
    let vacuous = rollout_status(&world).await;
    assert!(vacuous.contains("successfully rolled out"), "as the real one says of zero replicas: {vacuous}");
    for verb in ["patch deployments.apps", "update deployments.apps/scale", "get pods/log", "create secrets"]
    {
        let question: Vec<&str> = ["auth", "can-i"].into_iter().chain(verb.split(' ')).collect();
        assert_eq!(kubectl(&world, &question).await.trim(), "yes", "{verb}");
    }
    assert!(kubectl(&world, &["auth", "whoami"]).await.contains("practice/responder"));
    assert_eq!(changes(&world), Vec::<String>::new());

    kubectl(&world, &["scale", "deployment", "loft", "--replicas=3"]).await;
    rollout_status(&world).await;
    eventually_repaired(&world).await;
    assert_eq!(changes(&world), ["PATCH /apis/apps/v1/namespaces/vcluster-platform/deployments/loft/scale"]);
    let after = kubectl(&world, &peers).await;
    assert_eq!(after.matches("true").count(), 2, "{after}");
    let healthy = run(&world, "kubectl", &["--context", EU, "get", "pods", "-n", NAMESPACE]).await;
    assert_eq!(healthy.stdout.matches("1/1").count(), 3, "{}", healthy.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn server_side_apply_keeps_managers_apart() {
    if !has_tools("server_side_apply_keeps_managers_apart", &["kubectl"]) {
        return;
    }
    let world = world("healthy").await;
    let file = world.dir().join("two-replicas.yaml");
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: loft}\nspec: {replicas: 2}\n";
    std::fs::write(&file, manifest).unwrap();
    let apply = ["apply", "--server-side", "-f", file.to_str().unwrap()];
    let refused = try_kubectl(&world, &apply).await;
    assert!(!refused.success);
    assert!(refused.stderr.contains("conflict with \"helm\": .spec.replicas"), "{}", refused.stderr);
    let tried = [&apply[..], &["--force-conflicts", "--dry-run=server"]].concat();
    kubectl(&world, &tried).await;
    let replicas = ["get", "deployment", "loft", "-o", "jsonpath={.spec.replicas}"];
    assert_eq!(kubectl(&world, &replicas).await, "3", "a dry run changes nothing");
    kubectl(&world, &[&apply[..], &["--force-conflicts"]].concat()).await;
    assert_eq!(kubectl(&world, &replicas).await, "2");
    rollout_status(&world).await;
    assert_eq!(changes(&world).len(), 2, "the refused one and the forced one: {:?}", changes(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helm_upgrade_brings_a_missing_deployment_back() {
    if !has_tools("a_helm_upgrade_brings_a_missing_deployment_back", &["kubectl", "helm"]) {
        return;
    }
    let world = world("deployment-missing").await;
    let list = helm(&world, &["list"]).await;
    assert!(list.contains("deployed") && list.contains("vcluster-platform-4.11.2"), "{list}");
    let values = helm(&world, &["get", "values", "loft"]).await;
    assert!(values.contains("host: us.multi-region.example.com"), "{values}");
    assert!(!try_kubectl(&world, &["get", "deployment", "loft"]).await.success);

    let upgraded = upgrade(&world, &["--force-conflicts"]).await;
    assert!(upgraded.success, "{}", upgraded.stderr);
    rollout_status(&world).await;
    eventually_repaired(&world).await;
    let history = helm(&world, &["history", "loft", "-o", "json"]).await;
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    let states: Vec<&str> =
        history.as_array().unwrap().iter().filter_map(|it| it["status"].as_str()).collect();
    assert_eq!(states, ["superseded", "deployed"]);
    let deployments = "PATCH /apis/apps/v1/namespaces/vcluster-platform/deployments/loft";
    assert!(changes(&world).iter().any(|change| change == deployments), "{:?}", changes(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helm_upgrade_scales_up_again_only_with_force() {
    if !has_tools("a_helm_upgrade_scales_up_again_only_with_force", &["kubectl", "helm"]) {
        return;
    }
    let world = world("scaled-to-zero").await;
    let refused = upgrade(&world, &[]).await;
    assert!(!refused.success);
    assert!(
        refused.stderr.contains("conflict with \"kubectl\" with subresource \"scale\""),
        "{}",
        refused.stderr
    );
    let forced = upgrade(&world, &["--force-conflicts"]).await;
    assert!(forced.success, "{}", forced.stderr);
    rollout_status(&world).await;
    eventually_repaired(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_release_is_what_helm_renders() {
    if !has_tools("the_first_release_is_what_helm_renders", &["helm"]) {
        return;
    }
    let world = world("healthy").await;
    let stored = helm(&world, &["get", "manifest", "loft"]).await;
    let (repository, version) = (chart(&world, "repository"), chart(&world, "version"));
    let values = world.values_file().to_str().unwrap();
    let rendered = helm(
        &world,
        &[
            "template",
            "loft",
            "vcluster-platform",
            "--repo",
            &repository,
            "--version",
            &version,
            "-f",
            values,
        ],
    )
    .await;
    assert_eq!(stored.trim(), rendered.trim());
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_followed_while_the_platform_runs() {
    if !has_tools("logs_are_followed_while_the_platform_runs", &["kubectl"]) {
        return;
    }
    let world = world("healthy").await;
    let names = kubectl(&world, &["get", "pods", "-o", "name"]).await;
    let pod = names.lines().next().unwrap().to_owned();
    let follow = ["logs", &pod, "-f", "--tail=1", "--timestamps"];
    let delete = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        kubectl(&world, &["delete", &pod]).await;
    };
    let (followed, ()) = tokio::join!(kubectl(&world, &follow), delete);
    assert!(followed.lines().count() > 2, "one a tenth of a second at this speed: {followed}");
    assert!(followed.lines().is_sorted(), "{followed}");
}
