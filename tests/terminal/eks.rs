//! A kubeconfig as EKS writes it: tokens are made in process, and no `aws` program is run.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::{EU, Served, US, check, code, failback, report, script, text};

/// A world that takes tokens of `aws eks get-token` only, and an `aws` that must not be run.
struct Eks {
    world: Served,
    path: tempfile::TempDir,
}

impl Eks {
    fn start(scenario: &str) -> Self {
        let world = Served::start_with(scenario, &["--auth", "eks"]);
        let kubeconfig = world.description["kubeconfig"].as_str().unwrap();
        let kubeconfig = std::fs::read_to_string(kubeconfig).unwrap();
        assert!(kubeconfig.contains("get-token") && !kubeconfig.contains("\"token\""), "{kubeconfig}");
        let path = tempfile::tempdir().unwrap();
        let ran = path.path().join("ran");
        script(&path.path().join("aws"), &format!("/bin/echo \"$@\" >> {}; exit 1", ran.display()));
        Self { world, path }
    }

    /// Nothing is on PATH but the `aws` of this test.
    fn alone(&self, mut command: Command) -> Output {
        let output = command.env("PATH", self.path.path()).env_remove("SHELL").output().unwrap();
        let ran = std::fs::read_to_string(self.path.path().join("ran"));
        assert!(ran.is_err(), "aws was run: {ran:?}");
        output
    }

    fn run(&self, command: &str, more: &[&str]) -> Output {
        self.alone(self.world.command(command, more))
    }
}

#[test]
fn check_reads_clusters_with_tokens_of_its_own() {
    let eks = Eks::start("scaled-to-zero");
    let output = eks.run("check", &["--failed", US, "--json"]);
    let report = report(&output);
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert_eq!(report["causes"][0]["id"], "scaled-to-zero", "{report:#}");
    assert_eq!(check(&report, "cluster", Some(US))["verdict"], "pass", "{report:#}");
    let preflight = eks.run("check", &["--failed", US, "--step", "preflight", "--json"]);
    let preflight = self::report(&preflight);
    for region in [US, EU] {
        for id in ["context", "permissions"] {
            assert_eq!(check(&preflight, id, Some(region))["verdict"], "pass", "{preflight:#}");
        }
    }
    assert_eq!(eks.world.changes(), [""; 0]);
}

#[test]
fn practice_can_be_entered_the_same_way() {
    let eks = Eks::start("healthy");
    let args = ["check", "--practice", "crash-loop", "--auth", "eks", "--speed", "60", "--json"];
    let output = eks.alone(failback(Path::new(eks.path.path()), &args));
    let report: Value = report(&output);
    assert_eq!(report["causes"][0]["id"], "crash-loop", "{report:#}");
}

#[test]
fn scaling_and_the_rollout_work_with_them() {
    let eks = Eks::start("scaled-to-zero");
    let done = eks.run("restore", &["--failed", US, "--action", "scale", "--confirm", US]);
    assert_eq!(code(&done), 0, "{}", text(&done));
    let rollout = eks.run("rollout", &["--failed", US]);
    assert_eq!(code(&rollout), 0, "{}", text(&rollout));
    assert!(text(&rollout).contains("3 available of 3"), "{}", text(&rollout));
    let changes = eks.world.changes();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].contains("PATCH") && changes[0].contains(US), "{changes:?}");
}

/// Credentials that AWS refuses make no token that a cluster takes: nothing is known of either region.
#[test]
fn expired_credentials_are_our_side_in_the_clusters_too() {
    let eks = Eks::start("credentials-expired");
    let output = eks.run("check", &["--failed", US, "--json"]);
    let report = report(&output);
    assert_eq!(report["outcome"], "could-not-check", "{report:#}");
    assert_eq!(report["causes"][0]["id"], "credentials-expired", "{report:#}");
    assert_eq!(check(&report, "cluster", Some(US))["verdict"], "unknown", "{report:#}");
    let refused =
        eks.run("restore", &["--failed", US, "--action", "scale", "--confirm", US, "--reason", "x"]);
    assert_eq!(code(&refused), 65, "{}", text(&refused));
    assert_eq!(eks.world.changes(), [""; 0]);
}
