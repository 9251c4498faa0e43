//! What could not be asked is said, and never acted upon.

use std::process::Command;

use super::US;
use super::refusal::assert_nothing_can_be_done;
use super::story::Story;

#[test]
fn a_missing_kubeconfig_is_told_with_its_path() {
    let missing = std::env::temp_dir().join("failback-no-such-folder").join("kubeconfig");
    let path = missing.display().to_string();
    let mut story = Story::environment("scaled-to-zero", |profile| profile.kubeconfig = Some(missing));
    story.see("Failover is active: us-east-1 is out, eu-west-1 carries the traffic");
    story.click("Diagnose us-east-1");
    story.see(&path);
    let row = story.texts().into_iter().find(|text| text.starts_with("Cluster: ?, ")).unwrap();
    story.click(&row);
    story.see("Correct the file, then check again");
    assert!(!story.shows("Go to Restore: "), "a plan without facts: {:?}", story.texts());
    assert_nothing_can_be_done(&mut story, US);
}

#[test]
fn a_world_that_ends_leaves_no_plan_behind() {
    let mut story = Story::practise("scaled-to-zero");
    story.click("Diagnose us-east-1");
    story.see("Go to Restore: scale up to 3");
    story.world.stop();
    story.see("Cluster: ?, Connection refused by https://127.0.0.1:");
    // The Deployment's answer may come a moment after the cluster's.
    story.until("no plan from old facts", |story| !story.shows("Go to Restore: "));
    assert_nothing_can_be_done(&mut story, US);
    story.click("End practice");
    story.see("Set up an environment, or practise first");
}

/// The action that needs Helm says so, and cannot be confirmed. Run by [`without_helm_it_is_said_what_to_install`].
#[test]
#[ignore = "needs a PATH without helm: run by without_helm_it_is_said_what_to_install"]
fn without_helm() {
    if which::which("helm").is_ok() {
        println!("skipped: without_helm needs a PATH without helm");
        return;
    }
    let mut story = Story::practise("deployment-missing");
    story.click("Diagnose us-east-1");
    story.click("Go to Restore: re-apply the values file");
    story.see("A program is missing");
    story
        .see("helm is not installed: Helm 4 re-applies the values file (https://helm.sh/docs/intro/install)");
    story.fill("Type us-east-1 to confirm", US);
    story.click_though_off("Re-apply to us-east-1");
    story.assert_untouched();
    println!("said what to install");
}

#[test]
fn without_helm_it_is_said_what_to_install() {
    // PATH belongs to the whole process, so a process of its own
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "trouble::without_helm", "--nocapture"])
        .env("PATH", empty.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("said what to install"), "{said}{problem}");
}
