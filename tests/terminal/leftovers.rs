//! Pods that ended days ago and are still listed: an evicted one, one that went with its node, one that
//! crashed for good, one that completed. A rollout beside them ends as the real `kubectl rollout status` does.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::lookup::has_tools;
use super::{Served, US, check, code, foreign, report, text};

const NAMESPACE: &str = "vcluster-platform";
const CONTEXT: &str = "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
/// The pods to plant: phase, reason, and how the container ended.
const LEFTOVERS: [(&str, Option<&str>, &str); 4] = [
    ("Failed", Some("Evicted"), "OOMKilled"),
    ("Failed", Some("Terminated"), "Error"),
    ("Failed", None, "StartError"),
    ("Succeeded", None, "Completed"),
];

fn kubectl(world: &Served, args: &[&str]) -> Command {
    let mut command = foreign::without_settings("kubectl");
    command
        .args(["--context", CONTEXT, "-n", NAMESPACE])
        .args(args)
        .env("KUBECONFIG", world.description["kubeconfig"].as_str().unwrap())
        .env("HOME", world.home.path());
    command
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Plants the dead pods with the labels and the owner of those that the Deployment's newest ReplicaSet makes.
fn plant(world: &Served) {
    let run = |args: &[&str]| done(&kubectl(world, args).output().unwrap());
    let sets: Value = serde_json::from_str(&run(&["get", "replicasets", "-o", "json"])).unwrap();
    let revision = |set: &Value| {
        let text = set["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str();
        text.and_then(|text| text.parse::<u64>().ok())
    };
    let set = sets["items"].as_array().unwrap().iter().max_by_key(|set| revision(set)).unwrap();
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    assert!(labels["pod-template-hash"].is_string(), "{set:#}");
    for (number, (phase, reason, end)) in LEFTOVERS.iter().enumerate() {
        let name = format!("loft-left-{number}");
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": NAMESPACE, "labels": labels },
            "spec": { "containers": [{ "name": "manager", "image": "registry.invalid/loft:1" }] },
        });
        let file = world.home.path().join("pod.json");
        std::fs::write(&file, pod.to_string()).unwrap();
        run(&["create", "-f", file.to_str().unwrap()]);
        let ended = json!({ "exitCode": 137, "reason": end, "finishedAt": "2026-01-02T03:04:05Z" });
        let status = json!({ "status": {
            "phase": phase, "reason": reason,
            "containerStatuses": [{ "name": "manager", "image": "i", "imageID": "i", "ready": false,
                "restartCount": 7, "state": { "terminated": ended } }],
            "conditions": [{ "type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T03:04:05Z" }],
        } });
        run(&["patch", "pod", &name, "--subresource=status", "--type=merge", "-p", &status.to_string()]);
        // Only now the owner: a set that wants no pods would delete one that is still to run.
        let owner = json!({ "metadata": { "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
            "name": set["metadata"]["name"], "uid": set["metadata"]["uid"],
        }] } });
        run(&["patch", "pod", &name, "--type=merge", "-p", &owner.to_string()]);
    }
    let listed = run(&["get", "pods", "-l", "app=loft", "--no-headers"]);
    assert_eq!(listed.matches("loft-left-").count(), LEFTOVERS.len(), "{listed}");
}

/// Scales the region up beside the leftovers; both watches of it, side by side.
#[test]
fn a_rollout_beside_dead_pods_ends_as_kubectls_does() {
    if !has_tools("a_rollout_beside_dead_pods_ends_as_kubectls_does", &["kubectl"]) {
        return;
    }
    let world = Served::start("scaled-to-zero");
    plant(&world);
    let report_before = report(&world.run("check", &["--failed", US, "--json"]));
    let pods = check(&report_before, "pods", Some(US));
    assert_eq!(pods["found"], "no pods", "{pods:#}");

    let scaled = world.run("restore", &["--failed", US, "--action", "scale", "--confirm", US]);
    assert_eq!(code(&scaled), 0, "{}", text(&scaled));
    let theirs = kubectl(&world, &["rollout", "status", "deployment/loft", "--timeout=60s"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let ours = world.run("rollout", &["--failed", US]);
    let theirs = theirs.wait_with_output().unwrap();
    assert!(done(&theirs).contains("successfully rolled out"));
    assert_eq!(code(&ours), 0, "{}", text(&ours));
    assert!(text(&ours).contains("3 available of 3"), "{}", text(&ours));

    let listed = done(&kubectl(&world, &["get", "pods", "-l", "app=loft", "--no-headers"]).output().unwrap());
    assert_eq!(listed.matches("loft-left-").count(), LEFTOVERS.len(), "still there: {listed}");
    assert_eq!(listed.matches(" 1/1 ").count(), 3, "{listed}");
    let report_after = report(&world.run("check", &["--failed", US, "--json"]));
    let pods = check(&report_after, "pods", Some(US));
    assert_eq!(pods["found"], "3 of 3 ready", "{pods:#}");
}

/// The same end where a rollout has failed; and where nothing can become ready, kubectl waits until its
/// time is over, and we tell the reason of a living pod early.
#[test]
fn a_rollout_that_fails_tells_a_living_pod_and_no_leftover() {
    if !has_tools("a_rollout_that_fails_tells_a_living_pod_and_no_leftover", &["kubectl"]) {
        return;
    }
    let world = Served::start("image-pull");
    let status = |timeout: &str| kubectl(&world, &["rollout", "status", "deployment/loft", timeout]);
    plant(&world);
    // The rollout that broke it is long over.
    let (theirs, ours) = (status("--timeout=60s").output().unwrap(), world.run("rollout", &["--failed", US]));
    assert!(text(&theirs).contains("exceeded its progress deadline"), "{}", text(&theirs));
    assert!(text(&ours).contains("no progress within 600 s"), "{}", text(&ours));
    assert_eq!((theirs.status.code(), code(&ours)), (Some(1), 1));

    let world = Served::start("image-pull");
    let status = |timeout: &str| kubectl(&world, &["rollout", "status", "deployment/loft", timeout]);
    done(&kubectl(&world, &["rollout", "restart", "deployment/loft"]).output().unwrap());
    plant(&world);
    let theirs = status("--timeout=1s").output().unwrap();
    assert!(text(&theirs).contains("timed out"), "{}", text(&theirs));
    let ours = world.run("rollout", &["--failed", US]);
    assert_eq!(code(&ours), 1, "{}", text(&ours));
    assert!(text(&ours).contains("ImagePullBackOff"), "{}", text(&ours));
    assert!(!text(&ours).contains("loft-left-"), "{}", text(&ours));
}
