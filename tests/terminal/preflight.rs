//! `check --step preflight`: our own side, told apart from the region's faults. It changes nothing.

use std::process::Command;

use serde_json::Value;

use super::lookup::has_tools;
use super::{EU, Served, US, check, code, failback, report, text};

const PREFLIGHT: [&str; 5] = ["--failed", US, "--step", "preflight", "--json"];

/// A preflight with this PATH alone, and no login shell to look for more.
fn with_path(world: &Served, path: &std::path::Path) -> Command {
    let mut command = world.command("check", &PREFLIGHT);
    command.env("PATH", path).env_remove("SHELL");
    command
}

/// A preflight of a changed environment.
fn of(world: &Served, environment: &str) -> (Value, i32) {
    let args = [&["check", "--environment", environment], &PREFLIGHT[..]].concat();
    let output = failback(world.home.path(), &args).output().unwrap();
    (report(&output), code(&output))
}

fn found(check: &Value) -> &str {
    check["found"].as_str().unwrap()
}

#[test]
fn each_thing_of_our_side_is_looked_at_once() {
    let world = Served::start("healthy");
    let empty = tempfile::tempdir().unwrap();
    let output = with_path(&world, empty.path()).output().unwrap();
    let report = report(&output);
    let mut looked_at: Vec<(&str, Option<&str>)> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| {
            assert_eq!(check["step"], "preflight", "{check}");
            (check["id"].as_str().unwrap(), check["region"].as_str())
        })
        .collect();
    looked_at.sort_unstable();
    let mut all = vec![
        ("aws-identity", None),
        ("chart", None),
        ("tool-helm", None),
        ("tool-kubectl", None),
        ("tool-vcluster", None),
    ];
    for id in ["context", "permissions", "values-file"] {
        all.extend([(id, Some(EU)), (id, Some(US))]);
    }
    all.sort_unstable();
    assert_eq!(looked_at, all);
    assert_eq!(report["causes"], Value::Array(Vec::new()), "it says nothing of the region");

    // Helm is this environment's way, so its absence fails; the others are told and do not.
    assert_eq!(code(&output), 1, "{}", text(&output));
    let verdict = |id| check(&report, id, None)["verdict"].as_str().unwrap();
    assert_eq!(
        [verdict("tool-helm"), verdict("tool-kubectl"), verdict("tool-vcluster")],
        ["fail", "warn", "warn"]
    );
    assert!(found(check(&report, "tool-helm", None)).contains("not installed"), "{report:#}");
    let others = report["checks"].as_array().unwrap().iter();
    let others = others.filter(|check| !check["id"].as_str().unwrap().starts_with("tool-"));
    assert!(others.clone().count() > 0);
    for other in others {
        assert_eq!(other["verdict"], "pass", "{other}");
    }
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn with_the_real_tools_our_side_is_ready() {
    if !has_tools("with_the_real_tools_our_side_is_ready", &["helm", "kubectl"]) {
        return;
    }
    let world = Served::start("scaled-to-zero");
    let output = world.run("check", &PREFLIGHT);
    let report = report(&output);
    assert_eq!(code(&output), 0, "{}", text(&output));
    for tool in ["tool-helm", "tool-kubectl"] {
        assert_eq!(check(&report, tool, None)["verdict"], "pass", "{report:#}");
        let path = which::which(tool.trim_start_matches("tool-")).unwrap();
        assert!(found(check(&report, tool, None)).contains(path.to_str().unwrap()), "{report:#}");
    }
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn another_accounts_credentials_are_told_by_both_accounts() {
    let world = Served::start("healthy");
    let account = |text: &str| text.replace("123456789012", "999999999999");
    let kubeconfig = world.changed_kubeconfig(|config| {
        *config = serde_json::from_str(&account(&config.to_string())).unwrap();
    });
    let own = world.description["kubeconfig"].as_str().unwrap();
    let environment = world.changed_environment(|text| account(&text).replace(own, &kubeconfig));
    let (report, code) = of(&world, &environment);
    assert_eq!(code, 1);
    let identity = check(&report, "aws-identity", None);
    assert_eq!(
        (&identity["verdict"], &identity["expected"]),
        (&"fail".into(), &"account 999999999999".into())
    );
    assert!(found(identity).contains("123456789012"), "{identity}");
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn an_expired_session_could_not_be_checked_and_says_how_to_sign_in() {
    let world = Served::start("credentials-expired");
    let output = world.run("check", &PREFLIGHT);
    let report = report(&output);
    let identity = check(&report, "aws-identity", None);
    assert_eq!(identity["verdict"], "unknown", "{identity}");
    assert!(found(identity).contains("expired"), "{identity}");
    // A sign-in that is refused is no sign of an outage, not even in the region that is out.
    for region in [US, EU] {
        let context = check(&report, "context", Some(region));
        assert_eq!(context["verdict"], "unknown", "{report:#}");
        assert!(found(context).contains("401") && !found(context).contains("Normal"), "{context}");
    }
    let people = text(&world.run("check", &PREFLIGHT[..4]));
    assert!(people.contains("aws sso login") || people.contains("aws configure"), "{people}");
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn the_other_regions_values_file_is_recognised() {
    let world = Served::start("healthy");
    let [us, eu] = [US, EU].map(|region| format!("platform-{region}-values.yaml"));
    let environment = world.changed_environment(|text| text.replace(&us, &eu));
    let (report, code) = of(&world, &environment);
    assert_eq!(code, 1);
    let wrong = check(&report, "values-file", Some(US));
    assert_eq!(wrong["verdict"], "fail");
    assert!(found(wrong).contains("multiRegion.region is eu-west-1"), "{wrong}");
    assert_eq!(check(&report, "values-file", Some(EU))["verdict"], "pass", "{report:#}");
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn a_region_that_does_not_answer_is_no_fault_of_ours() {
    let world = Served::start("cluster-unreachable");
    let report = report(&world.run("check", &PREFLIGHT));
    let context = check(&report, "context", Some(US));
    assert_eq!(context["verdict"], "unknown");
    assert!(found(context).contains("Normal while the region is out"), "{context}");
    assert_eq!(check(&report, "context", Some(EU))["verdict"], "pass", "{report:#}");
}

#[test]
fn a_context_that_is_not_in_the_kubeconfig_is_our_side() {
    let world = Served::start("healthy");
    let kubeconfig = world.changed_kubeconfig(|config| {
        let contexts = config["contexts"].as_array_mut().unwrap();
        contexts.retain(|context| !context["name"].as_str().unwrap().contains("eu-west-1"));
    });
    let (report, _) = of(&world, &world.environment_with_kubeconfig(&kubeconfig));
    let missing = check(&report, "context", Some(EU));
    assert_eq!(missing["verdict"], "unknown");
    let words =
        "There is no context arn:aws:eks:eu-west-1:123456789012:cluster/platform-multi-region-eu-west-1";
    assert!(found(missing).contains(words) && found(missing).contains(&kubeconfig), "{missing}");
    assert_eq!(check(&report, "context", Some(US))["verdict"], "pass", "{report:#}");
    assert_eq!(world.changes(), [""; 0]);
}
