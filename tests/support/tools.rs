//! The real programs on PATH, run against a practice world and nothing of the user's.
#![allow(dead_code, reason = "each test file uses a part")]

use std::{
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

#[path = "foreign.rs"]
mod foreign;
#[path = "lookup.rs"]
mod lookup;

use failback::practice::{Auth, Options, World, scenario};

pub use lookup::has_tools;

pub const US: &str = "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
pub const EU: &str = "arn:aws:eks:eu-west-1:123456789012:cluster/platform-multi-region-eu-west-1";
pub const NAMESPACE: &str = "vcluster-platform";
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

pub async fn world(id: &str) -> World {
    world_with(id, Auth::Token).await
}

pub async fn world_with(id: &str, auth: Auth) -> World {
    let scenario = scenario(id).unwrap();
    World::start(Options { scenario, speed: 60.0, seed: 1, latency: Duration::ZERO, auth, dir: None })
        .await
        .unwrap()
}

/// A program that sees the world's files and nothing of the user's.
pub fn command(world: &World, program: &str) -> Command {
    let mut command = foreign::without_settings(program);
    command.envs(world.env()).stdin(Stdio::null());
    command
}

pub async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a program said.
pub struct Said {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Runs such a program to its end.
pub async fn run(world: &World, program: &str, arguments: &[&str]) -> Said {
    let mut command = command(world, program);
    command.args(arguments);
    let output = output(command).await;
    Said {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: stderr(&output),
    }
}

/// kubectl in the failed region's context; must succeed, gives its output.
pub async fn kubectl(world: &World, arguments: &[&str]) -> String {
    let said = try_kubectl(world, arguments).await;
    assert!(said.success, "kubectl {arguments:?}: {}{}", said.stdout, said.stderr);
    said.stdout
}

pub async fn try_kubectl(world: &World, arguments: &[&str]) -> Said {
    run(world, "kubectl", &[&["--context", US, "-n", NAMESPACE], arguments].concat()).await
}

/// helm in the failed region's context; must succeed, gives its output.
pub async fn helm(world: &World, arguments: &[&str]) -> String {
    let said = try_helm(world, arguments).await;
    assert!(said.success, "helm {arguments:?}: {}{}", said.stdout, said.stderr);
    said.stdout
}

pub async fn try_helm(world: &World, arguments: &[&str]) -> Said {
    run(world, "helm", &[arguments, &["--kube-context", US, "--namespace", NAMESPACE]].concat()).await
}

/// The environment file's value of a key of `[chart]`.
pub fn chart(world: &World, key: &str) -> String {
    let file: toml::Table = std::fs::read_to_string(world.environment_file()).unwrap().parse().unwrap();
    file["chart"][key].as_str().unwrap().to_owned()
}

/// The runbook's re-apply, with the version pinned.
pub async fn upgrade(world: &World, more: &[&str]) -> Said {
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

pub async fn rollout_status(world: &World) -> String {
    kubectl(world, &["rollout", "status", "deployment/loft", "--timeout=60s"]).await
}

/// Waits for the world to be whole: rollout status ends a moment before.
pub async fn eventually_repaired(world: &World) {
    let begin = Instant::now();
    while !world.is_repaired() {
        assert!(begin.elapsed() < PATIENCE, "the world was never repaired");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Method and path without its query of every request that changed the world.
pub fn changes(world: &World) -> Vec<String> {
    let path = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
    world.changing_requests().iter().map(|it| format!("{} {}", it.method, path(&it.path))).collect()
}
