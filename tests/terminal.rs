//! The terminal face, by the real program against the practice world.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use serde_json::Value;

/// Variables that lead to somebody's own settings, by how they begin.
const FOREIGN: [&str; 4] = ["AWS_", "HELM_", "KUBE", "XDG_"];

/// The program with a home of its own and nothing of the caller's cloud settings.
fn failback(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failback"));
    command
        .args(args)
        .env("FAILBACK_HOME", home)
        .env("HOME", home)
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null());
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    for name in names.filter(|name| FOREIGN.iter().any(|foreign| name.starts_with(foreign))) {
        command.env_remove(name);
    }
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command
}

fn run(home: &Path, args: &[&str]) -> Output {
    failback(home, args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A world of `practice serve`; it ends when its standard input closes.
struct Served {
    child: Child,
    stdin: Option<ChildStdin>,
    description: Value,
    home: tempfile::TempDir,
}

impl Served {
    fn start(scenario: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let args = ["practice", "serve", scenario, "--speed", "60"];
        let mut child =
            failback(home.path(), &args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, stdin, description: serde_json::from_str(&line).unwrap(), home }
    }

    fn environment(&self) -> &str {
        self.description["environment"].as_str().unwrap()
    }

    fn run(&self, command: &str, more: &[&str]) -> Output {
        let mut args = vec![command, "--environment", self.environment()];
        args.extend(more);
        run(self.home.path(), &args)
    }

    /// What changed the world so far: method and path.
    fn changes(&self) -> Vec<String> {
        let control = self.description["control"].as_str().unwrap();
        let address = control.strip_prefix("http://").unwrap().split('/').next().unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let path = format!("{}/requests", control.split_once(address).unwrap().1);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let answer = std::io::read_to_string(stream).unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let requests: Vec<Value> =
            serde_json::from_str(&body[body.find('[').unwrap()..=body.rfind(']').unwrap()]).unwrap();
        requests.iter().map(|r| format!("{} {} {}", r["method"], r["region"], r["path"])).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.child.wait().unwrap();
    }
}

#[test]
fn without_a_display_it_says_so_in_one_line_and_names_the_commands() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &[]);
    assert_eq!(code(&output), 69);
    assert_eq!(text(&output).lines().count(), 1, "{}", text(&output));
    for command in ["check", "commands", "restore", "rollout", "practice"] {
        assert!(text(&output).contains(command), "{command}");
    }
}

#[test]
fn wrong_use_ends_with_64() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["check"] as &[&str],
        &["nonsense"],
        &["check", "--practice", "nonsense"],
        &["check", "--practice", "healthy", "--failed", "mars-1"],
        &["check", "--environment", "not-saved"],
        &["check", "--practice", "healthy", "--speed", "61"],
        &["check", "--environment", "a", "--practice", "healthy"],
        &["restore", "--environment", "not-saved", "--failed", "us-east-1", "--action", "scale"],
        &["restore", "--environment", "not-saved", "--failed", "us-east-1", "--action", "nonsense"],
    ] {
        let output = run(home.path(), args);
        assert_eq!(code(&output), 64, "{args:?}: {}", text(&output));
    }
    assert_eq!(code(&run(home.path(), &["--help"])), 0);
    assert_eq!(code(&run(home.path(), &["--version"])), 0);
}

#[test]
fn what_is_missing_is_named_with_its_alternative() {
    let home = tempfile::tempdir().unwrap();
    let said = text(&run(home.path(), &["check"]));
    assert!(said.contains("--environment <NAME>|--practice <SCENARIO>"), "{said}");
}

#[test]
fn a_reader_that_goes_away_changes_nothing_but_the_output() {
    let home = tempfile::tempdir().unwrap();
    let mut child = failback(home.path(), &["commands", "--practice", "crash-loop"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before the first line, as a pager that was left at once.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output)), (0, String::new()));
}

#[test]
fn each_scenarios_cause_is_ranked_first() {
    let home = tempfile::tempdir().unwrap();
    let list = text(&run(home.path(), &["practice", "list"]));
    let names: Vec<&str> = list.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    for (name, action) in [
        ("scaled-to-zero", "scale"),
        ("crash-loop", "restart"),
        ("deployment-missing", "reapply"),
        ("cluster-unreachable", "guidance"),
        ("healthy", ""),
    ] {
        assert!(names.contains(&name), "{name}: {list}");
        let output = run(home.path(), &["check", "--practice", name, "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["failed_region"], "us-east-1");
        if action.is_empty() {
            assert_eq!(code(&output), 0, "{}", text(&output));
            assert_eq!(report["outcome"], "nothing-failing");
            assert_eq!(report["causes"], Value::Array(Vec::new()));
            continue;
        }
        assert_eq!(code(&output), 1, "{name}: {}", text(&output));
        assert_eq!(report["outcome"], "failover-active");
        assert_eq!(report["causes"][0]["id"], name);
        assert_eq!(report["causes"][0]["action"], action);
        let check = &report["checks"][0];
        for key in
            ["id", "step", "region", "verdict", "found", "expected", "observed_at", "took_ms", "command"]
        {
            assert!(check.get(key).is_some(), "{key}");
        }
        check["observed_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
}

#[test]
fn the_failed_region_is_recognised_and_a_wrong_one_is_said() {
    let world = Served::start("scaled-to-zero");
    let report =
        |args: &[&str]| -> Value { serde_json::from_slice(&world.run("check", args).stdout).unwrap() };
    let recognised = report(&["--json", "--step", "confirm"]);
    assert_eq!(recognised["failed_region"], "us-east-1");
    assert!(recognised["checks"].as_array().unwrap().iter().all(|check| check["step"] == "confirm"));
    let wrong = report(&["--json", "--failed", "eu-west-1"]);
    assert_eq!(wrong["outcome"], "other-region-failing");
    let verify = report(&["--json", "--step", "verify"]);
    let ids: Vec<&str> =
        verify["checks"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"network-peers") && ids.contains(&"versions"), "{ids:?}");
    assert!(world.changes().is_empty());
}

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
    assert_eq!(what, ["opened", "intent", "outcome"]);
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
    let found =
        std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|folder| folder.join("helm").is_file());
    if !found {
        let required = std::env::var_os("FAILBACK_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "helm is not on PATH");
        println!("skipped: helm_brings_a_missing_deployment_back needs helm on PATH");
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

#[test]
fn the_commands_are_the_corrected_ones() {
    let world = Served::start("crash-loop");
    let output = world.run("commands", &["--failed", "us-east-1"]);
    assert_eq!(code(&output), 0);
    let text = text(&output);
    for part in [
        "aws --profile practice route53 get-health-check-status --health-check-id",
        "logs -n vcluster-platform -l app=loft --tail=50 --prefix --previous",
        "--version 4.11.2",
        "vcluster platform start --namespace vcluster-platform --context arn:aws:eks:us-east-1",
        "--timeout=10m",
        "get networkpeers.storage.loft.sh -A",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("--version 4.8.0") && !text.contains("--kube-context arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1 --values"));
    assert_eq!(world.changes(), [""; 0]);
}

/// A stand-in for the vCluster CLI, which no package registry has: it tells its flags
/// as the real one does, and writes down how it was called.
#[cfg(unix)]
#[test]
fn the_vcluster_cli_gets_the_flags_it_knows_and_a_password_that_nobody_sees() {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::var_os("PATH").unwrap();
    let found = |tool: &str| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    if !(found("helm") && found("kubectl")) {
        let required = std::env::var_os("FAILBACK_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "helm or kubectl is not on PATH");
        println!("skipped: the_vcluster_cli_gets_the_flags_it_knows needs helm and kubectl on PATH");
        return;
    }
    let world = Served::start("crash-loop");
    let folder = tempfile::tempdir().unwrap();
    let called = folder.path().join("called");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*--help*) echo '  --context string   x'; echo '  --no-wait   x'; \
         echo '  --no-login   x'; echo '  --password string   x'; echo '  --version string   x';;\n\
         --version|version) echo 'vcluster version 0.35.0';;\n\
         *) printf '%s\\n' \"$@\" > {}; echo \"set password $(printf '%s' \"$*\" | sed 's/.*--password //')\";;\nesac\n",
        called.display()
    );
    let program = folder.path().join("vcluster");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
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
