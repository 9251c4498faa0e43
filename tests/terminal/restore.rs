//! `restore` and `rollout`: plans, refusals, and what is done after the confirmation.

use serde_json::Value;

use super::lookup::has_tools;
#[cfg(unix)]
use super::script;
use super::{Served, code, failback, text};

#[test]
fn without_the_exact_name_nothing_is_changed() {
    let world = Served::start("scaled-to-zero");
    let target = ["--failed", "us-east-1", "--action", "scale"];
    for confirm in
        [&[] as &[&str], &["--confirm", "us-east"], &["--confirm", "eu-west-1"], &["--confirm", "US-EAST-1"]]
    {
        let output = world.run("restore", &[&target[..], confirm].concat());
        assert_eq!(code(&output), 65, "{}", text(&output));
        assert!(text(&output).contains("scale deployment -n vcluster-platform loft"), "the plan is printed");
    }
    // The healthy region, by its right name, and even with a reason.
    for action in ["scale", "restart", "reapply-helm"] {
        let args =
            ["--failed", "eu-west-1", "--action", action, "--confirm", "eu-west-1", "--reason", "I insist"];
        let output = world.run("restore", &args);
        assert_eq!(code(&output), 65, "{action}: {}", text(&output));
    }
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn scaling_and_the_rollout_bring_the_region_back() {
    let world = Served::start("scaled-to-zero");
    let done =
        world.run("restore", &["--failed", "us-east-1", "--action", "scale", "--confirm", "us-east-1"]);
    assert_eq!(code(&done), 0, "{}", text(&done));
    let rollout = world.run("rollout", &["--failed", "us-east-1"]);
    assert_eq!(code(&rollout), 0, "{}", text(&rollout));
    assert!(text(&rollout).contains("3 available of 3"), "{}", text(&rollout));
    let changes = world.changes();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].contains("PATCH") && changes[0].contains("us-east-1"), "{changes:?}");
    let runs = world.home.path().join("runs");
    let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap().path();
    let journal = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let what: Vec<Value> =
        journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["what"].clone()).collect();
    let what: Vec<&str> = what.iter().filter_map(Value::as_str).collect();
    assert_eq!(what[..3], ["opened", "region-chosen", "failure-seen"], "{what:?}");
    assert_eq!(what[what.len() - 5..], ["outcome-seen", "cause-named", "intent", "outcome", "closed"]);
    assert!(what[3..what.len() - 5].iter().all(|what| *what == "judged"), "{what:?}");
    // What is mended is not touched again.
    let again =
        world.run("restore", &["--failed", "us-east-1", "--action", "scale", "--confirm", "us-east-1"]);
    assert_eq!(code(&again), 65, "{}", text(&again));
}

#[test]
fn a_rollout_to_zero_replicas_is_no_success() {
    let world = Served::start("scaled-to-zero");
    let rollout = world.run("rollout", &["--failed", "us-east-1"]);
    assert_eq!(code(&rollout), 1, "{}", text(&rollout));
    assert!(text(&rollout).contains("0 replicas"), "{}", text(&rollout));
}

#[test]
fn a_missing_tool_ends_with_69_and_changes_nothing() {
    let world = Served::start("deployment-missing");
    let empty = tempfile::tempdir().unwrap();
    for action in ["reapply-helm", "reapply-vcluster"] {
        let args = [
            "restore",
            "--environment",
            world.environment(),
            "--failed",
            "us-east-1",
            "--action",
            action,
            "--confirm",
            "us-east-1",
        ];
        // An empty PATH for the login shell too.
        let mut command = failback(world.home.path(), &args);
        let output = command.env("PATH", empty.path()).env_remove("SHELL").output().unwrap();
        assert_eq!(code(&output), 69, "{action}: {}", text(&output));
        assert!(text(&output).contains("not installed"), "{}", text(&output));
    }
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn helm_brings_a_missing_deployment_back() {
    if !has_tools("helm_brings_a_missing_deployment_back", &["helm"]) {
        return;
    }
    let world = Served::start("deployment-missing");
    let args = ["--failed", "us-east-1", "--action", "reapply-helm", "--confirm", "us-east-1"];
    let done = world.run("restore", &args);
    assert_eq!(code(&done), 0, "{}", text(&done));
    assert!(text(&done).contains("--version 4.11.2"), "the healthy region's version: {}", text(&done));
    let rollout = world.run("rollout", &["--failed", "us-east-1"]);
    assert_eq!(code(&rollout), 0, "{}", text(&rollout));
    assert!(world.changes().iter().all(|change| change.contains("us-east-1")), "{:?}", world.changes());
}

/// A stand-in for the vCluster CLI: it tells its flags as the real one does, and writes
/// down how it was called.
#[cfg(unix)]
#[test]
fn the_vcluster_cli_gets_the_flags_it_knows_and_a_password_that_nobody_sees() {
    let name = "the_vcluster_cli_gets_the_flags_it_knows_and_a_password_that_nobody_sees";
    if !has_tools(name, &["helm", "kubectl"]) {
        return;
    }
    let path = std::env::var_os("PATH").unwrap();
    let world = Served::start("crash-loop");
    let folder = tempfile::tempdir().unwrap();
    let called = folder.path().join("called");
    let stand_in = format!(
        "case \"$*\" in\n*--help*) echo '  --context string   x'; echo '  --no-wait   x'; \
         echo '  --no-login   x'; echo '  --password string   x'; echo '  --version string   x';;\n\
         --version|version) echo 'vcluster version 0.35.0';;\n\
         *) cp \"$KUBECONFIG\" {}; printf '%s\\n' \"$@\" > {}; echo \"set password $(printf '%s' \"$*\" | sed 's/.*--password //')\";;\nesac\n",
        folder.path().join("kubeconfig").display(),
        called.display()
    );
    let program = folder.path().join("vcluster");
    script(&program, &stand_in);
    let mut folders = vec![folder.path().to_owned()];
    folders.extend(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).unwrap();
    // The release gets a password first, as an earlier recovery by the CLI leaves it.
    let chart = world.description["values_file"].as_str().unwrap();
    let args = ["restore", "--environment", world.environment(), "--failed", "us-east-1", "--action"];
    let with_password =
        std::fs::read_to_string(chart).unwrap() + "\nadmin:\n  password: hunter2-of-the-test\n";
    std::fs::write(chart, with_password).unwrap();
    let run = |action: &str| {
        let args = [&args[..], &[action, "--confirm", "us-east-1"]].concat();
        failback(world.home.path(), &args).env("PATH", &path).output().unwrap()
    };
    // The same values mend no crash, so the region goes on failing and both actions are allowed in turn.
    assert_eq!(code(&run("reapply-helm")), 0);
    let output = run("reapply-vcluster");
    let said = text(&output);
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(code(&output), 0, "{said}");
    let argv = std::fs::read_to_string(&called).unwrap();
    for part in [
        "--context\narn:aws:eks:us-east-1",
        "--version\n4.11.2",
        "--no-wait",
        "--no-login",
        "hunter2-of-the-test",
    ] {
        assert!(argv.contains(part), "{part} is not in\n{argv}");
    }
    let kubeconfig = std::fs::read_to_string(folder.path().join("kubeconfig")).unwrap();
    assert!(
        kubeconfig.contains("us-east-1") && !kubeconfig.contains("eu-west-1"),
        "the failed region's alone"
    );
    assert!(!argv.contains("--kube-context") && !argv.contains("--no-port-forwarding"), "{argv}");
    let runs = world.home.path().join("runs");
    for entry in
        std::fs::read_dir(runs).unwrap().flat_map(|run| std::fs::read_dir(run.unwrap().path()).unwrap())
    {
        let path = entry.unwrap().path();
        if path.is_file() {
            assert!(!std::fs::read_to_string(&path).unwrap().contains("hunter2"), "{}", path.display());
        }
    }
}
