//! Credential plugins that are no `aws eks get-token`: run once per token, with a time limit, and what they
//! say in the message.
#![cfg(unix)]

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{EU, Served, US, check, code, failback, report, script, text};

/// A world whose kubeconfig has a plugin of `/bin/sh` for each region. The plugin gets the region's token
/// as its first argument.
struct Plugged {
    world: Served,
    environment: String,
    /// A line for each time that the plugin was run: its process id.
    runs: PathBuf,
    _folder: tempfile::TempDir,
}

impl Plugged {
    fn start(commands: &str) -> Self {
        let world = Served::start("scaled-to-zero");
        let folder = tempfile::tempdir().unwrap();
        let (runs, plugin) = (folder.path().join("runs"), folder.path().join("site-login"));
        script(&plugin, &format!("echo $$ >> {}\n{commands}", runs.display()));
        let kubeconfig = world.changed_kubeconfig(|config| {
            for user in config["users"].as_array_mut().unwrap() {
                let token = user["user"]["token"].clone();
                user["user"] = json!({ "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "interactiveMode": "Never",
                    "command": plugin,
                    "args": [token],
                }});
            }
        });
        let environment = world.environment_with_kubeconfig(&kubeconfig);
        Self { world, environment, runs, _folder: folder }
    }

    fn command(&self, command: &str, more: &[&str]) -> Command {
        let args = [&[command, "--environment", &self.environment], more].concat();
        failback(self.world.home.path(), &args)
    }

    fn check(&self) -> Value {
        report(&self.command("check", &["--failed", US, "--json"]).output().unwrap())
    }

    /// The process ids of the plugin's runs.
    fn runs(&self) -> Vec<u32> {
        let text = std::fs::read_to_string(&self.runs).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// Neither cluster could be read, with the reason; nothing is held against the region, and nothing done.
    fn assert_our_side(&self, report: &Value, reasons: &[&str]) {
        let cluster = check(report, "cluster", Some(US));
        assert_eq!(cluster["verdict"], "unknown", "{cluster}");
        for reason in reasons.iter().chain(&["site-login"]) {
            assert!(cluster["found"].as_str().unwrap().contains(reason), "{reason}: {cluster}");
        }
        assert_eq!(check(report, "deployment", Some(EU))["verdict"], "unknown", "{report:#}");
        assert_eq!(self.runs().len(), 2, "once for each cluster: {report:#}");
        assert_eq!(self.world.changes(), [""; 0]);
    }
}

#[test]
fn a_plugin_is_run_once_for_each_clusters_token() {
    let plugged = Plugged::start(
        r#"printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "$1""#,
    );
    let report = plugged.check();
    assert_eq!(report["causes"][0]["id"], "scaled-to-zero", "{report:#}");
    assert_eq!(check(&report, "cluster", Some(US))["verdict"], "pass", "{report:#}");
    assert_eq!(plugged.runs().len(), 2);

    let args = ["--failed", US, "--action", "scale", "--confirm", US];
    let done = plugged.command("restore", &args).output().unwrap();
    assert_eq!(code(&done), 0, "{}", text(&done));
    assert_eq!(plugged.world.changes().len(), 1);
    // Two that read for the plan, one for the look at what would change, two for the last look, which trusts no sign-in of before, and one for the writer,
    // which is made for the confirmed plan alone.
    let runs = plugged.runs().len();
    assert_eq!(runs, 2 + 6);
    let rollout = plugged.command("rollout", &["--failed", US]).output().unwrap();
    assert_eq!(code(&rollout), 0, "{}", text(&rollout));
    assert_eq!(plugged.runs().len(), runs + 1);
}

#[test]
fn a_plugin_that_fails_is_quoted_by_what_it_said_last() {
    let plugged = Plugged::start("echo first >&2; echo 'the badge reader is offline' >&2; exit 3");
    let report = plugged.check();
    plugged.assert_our_side(&report, &["exit code 3", "the badge reader is offline"]);
    let refused = plugged
        .command("restore", &["--failed", US, "--action", "scale", "--confirm", US, "--reason", "I insist"])
        .output()
        .unwrap();
    assert_eq!(code(&refused), 65, "{}", text(&refused));
    assert_eq!(plugged.world.changes(), [""; 0]);
}

#[test]
fn a_plugin_that_prints_garbage_is_not_quoted() {
    let plugged = Plugged::start("echo 'hunter22 is no JSON'");
    let report = plugged.check();
    plugged.assert_our_side(&report, &["gave no credential"]);
    assert!(!report.to_string().contains("hunter22"), "{report:#}");
}

#[test]
fn a_plugin_that_hangs_is_ended_with_its_time_limit() {
    let plugged = Plugged::start("echo 'waits for your badge' >&2\nexec sleep 600");
    let report = plugged.check();
    plugged.assert_our_side(&report, &["did not end within 15 s", "waits for your badge"]);
    for run in plugged.runs() {
        let alive = Command::new("/bin/sh").args(["-c", &format!("kill -0 {run}")]).output().unwrap();
        assert!(!alive.status.success(), "the plugin {run} still runs");
    }
}
