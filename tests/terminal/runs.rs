//! `failback runs`: what a run was, its report, and its handover to another machine.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use super::{Served, US, code, failback, run, text};

/// A world in which `failback restore` scaled the failed region up.
fn scaled() -> Served {
    let world = Served::start("scaled-to-zero");
    let done = world.run("restore", &["--failed", US, "--action", "scale", "--confirm", US]);
    assert_eq!(code(&done), 0, "{}", text(&done));
    world
}

#[track_caller]
fn said(home: &Path, args: &[&str]) -> String {
    let output = run(home, args);
    assert_eq!(code(&output), 0, "{args:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// As on another machine: another home, and nothing of ours.
fn elsewhere(home: &Path, args: &[&str]) -> Output {
    failback(home, args).env("USER", "berta").env_remove("KUBECONFIG").output().unwrap()
}

fn only_run(home: &Path) -> PathBuf {
    let mut runs = std::fs::read_dir(home.join("runs")).unwrap();
    let folder = runs.next().unwrap().unwrap().path();
    assert!(runs.next().is_none());
    folder
}

#[test]
fn a_run_is_listed_shown_and_reported_with_why_it_was_done() {
    let world = scaled();
    let home = world.home.path();
    let id = only_run(home).file_name().unwrap().to_str().unwrap().to_owned();

    let listed = said(home, &["runs", "list"]);
    assert!(listed.starts_with(&format!("{id}\n")), "{listed}");
    assert!(listed.contains("waits for: Step 4: the rollout of us-east-1 after the scaling"), "{listed}");
    let json: Value = serde_json::from_str(&said(home, &["runs", "list", "--json"])).unwrap();
    assert_eq!((json[0]["id"].as_str(), json[0]["unfinished"].as_bool()), (Some(id.as_str()), Some(true)));

    let status = said(home, &["runs", "status", "last"]);
    assert!(
        status.contains("us-east-1 (")
            && status.contains(": failing since ")
            && status.contains("Last: scaling done"),
        "{status}"
    );
    assert_eq!(status.lines().count(), 1, "{status}");

    let shown = said(home, &["runs", "show", &id]);
    for part in
        ["Failover is active", "First among the causes", "Scaling of us-east-1 done", "Waited for: Step 4"]
    {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let report = said(home, &["runs", "report", &id[..20]]);
    for part in [
        "# Recovery of us-east-1",
        "## How long it took",
        "| Failover confirmed | 20",
        "## Cause\n\n**",
        "is scaled to zero",
        "### 1. Scaling of us-east-1: done",
        "```sh\nkubectl ",
        "## How each check stood at last",
        "✗ Failed",
    ] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
    let page = said(home, &["runs", "report", "last", "--html"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<h1>Recovery of us-east-1"), "{page}");
    let file = home.join("report.html");
    said(home, &["runs", "report", "last", "--output", file.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("<!DOCTYPE html>"));

    said(home, &["runs", "end", "last", "--reason", "done by others, password=hunter2"]);
    assert!(said(home, &["runs", "list"]).contains("No run waits for anything"));
    assert!(said(home, &["runs", "list", "--all"]).contains("Ended as it was: done by others, password=***"));
}

#[test]
fn times_are_told_in_the_zone_of_the_machine() {
    let world = scaled();
    let output =
        failback(world.home.path(), &["runs", "show", "last"]).env("TZ", "XYZ-5:30").output().unwrap();
    let text = text(&output);
    assert!(text.contains(" UTC (") && text.contains(" XYZ)"), "{text}");
}

#[test]
fn a_run_that_is_not_there_is_wrong_use() {
    let home = tempfile::tempdir().unwrap();
    for args in [["runs", "show", "last"], ["runs", "report", "2026"], ["runs", "handover", ""]] {
        let output = run(home.path(), &args);
        assert_eq!(code(&output), 64, "{}", text(&output));
        assert!(text(&output).contains("there is no run"), "{}", text(&output));
    }
    assert!(said(home.path(), &["runs", "list"]).contains("There are no runs"));
    let output = run(home.path(), &["runs", "open", "nowhere.tar.gz"]);
    assert_eq!(code(&output), 1);
    assert!(text(&output).contains("nowhere.tar.gz cannot be read"), "{}", text(&output));
}

#[test]
fn a_run_is_handed_over_to_another_machine_and_read_there_whole() {
    let world = scaled();
    let (here, there) = (world.home.path(), tempfile::tempdir().unwrap());
    let there = there.path();
    let bundle = here.join("b.tar.gz");
    let path = bundle.to_str().unwrap();
    let handed = said(here, &["runs", "handover", "last", "--output", path]);
    assert!(handed.starts_with(&format!("{path}\n")), "{handed}");
    assert!(said(here, &["runs", "show", "last"]).contains("Handed over as the bundle b.tar.gz"));

    let opened = elsewhere(there, &["runs", "open", path]);
    let told = text(&opened);
    assert_eq!(code(&opened), 0, "{told}");
    assert!(told.contains("The handover from ") && told.contains("Last: scaling done"), "{told}");
    let id = only_run(there).file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(only_run(here).file_name().unwrap().to_str(), Some(id.as_str()));
    let shown = text(&elsewhere(there, &["runs", "show", &id]));
    assert!(shown.contains("Received by berta@") && shown.contains("Failover is active"), "{shown}");
    let report = text(&elsewhere(there, &["runs", "report", &id]));
    assert!(
        report.contains("### 1. Scaling of us-east-1: done") && report.contains(", then berta@"),
        "{report}"
    );
    // The environment came with it, for who takes it up.
    assert!(failback::environment::read(&only_run(there).join("environment.toml")).is_ok());

    let again = elsewhere(there, &["runs", "open", path]);
    assert!(text(&again).contains("This bundle was opened before: it is the run"), "{}", text(&again));
    only_run(there);
}

#[test]
fn what_was_interrupted_comes_first_also_where_it_was_handed_over() {
    let world = scaled();
    let (here, there) = (world.home.path(), tempfile::tempdir().unwrap());
    let journal = only_run(here).join("journal.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap();
    let until: Vec<&str> = lines.lines().take_while(|line| !line.contains("\"what\":\"outcome\"")).collect();
    // By a program that is gone, on another machine.
    let host = failback::journal::process::host();
    let torn =
        until.join("\n").replace(&format!("\"host\":\"{host}\""), "\"host\":\"bastion\"") + "\n{\"at\"";
    std::fs::write(&journal, torn).unwrap();
    let bundle = here.join("b.tar.gz");
    let path = bundle.to_str().unwrap();
    said(here, &["runs", "handover", "last", "--output", path]);
    let opened = text(&elsewhere(there.path(), &["runs", "open", path]));
    assert!(opened.contains("Look at this first: The scaling of us-east-1 was sent at "), "{opened}");
    let listed = text(&elsewhere(there.path(), &["runs", "list"]));
    assert!(listed.contains("its outcome is not known: look before you repeat it"), "{listed}");
    let interrupted = elsewhere(there.path(), &["interrupted"]);
    assert_eq!(code(&interrupted), 1, "{}", text(&interrupted));
    let end = elsewhere(there.path(), &["runs", "end", "last"]);
    assert_eq!(code(&end), 1);
    assert!(text(&end).contains("look first"), "{}", text(&end));
    let report = text(&elsewhere(there.path(), &["runs", "report", "last"]));
    assert!(
        report.contains("## Look at this first") && report.contains("1 line of the journal cannot be read"),
        "{report}"
    );
}
