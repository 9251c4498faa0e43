//! `check` of every practice scenario: what step 1 comes to, and the right cause before any other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use failback::app::practice::session;
use failback::clients::tools::leave_login_shell_alone;
use failback::engine::session::Session;
use failback::environment;
use failback::practice::{Auth, Options, World, scenario, scenarios};
use failback::runbook::case::Case;
use failback::runbook::cause::{self, Assessment};
use failback::runbook::question::Readings;
use failback::runbook::step::Step;
use failback::runbook::steps::{self, confirm};
use futures::StreamExt as _;
use serde_json::Value;

use super::{Served, code, run, text};

/// How many worlds of each scenario are looked at: names, addresses and small times differ.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;
/// How many worlds are looked at in the same moment: enough to keep each processor at it.
const AT_ONCE: usize = 8;

/// What `check` has to come to.
struct Expected {
    scenario: &'static str,
    outcome: &'static str,
    /// The right causes: the first so many of the ranking, in any order.
    causes: &'static [&'static str],
    /// What to do about the first.
    action: &'static str,
}

const fn expected(
    scenario: &'static str,
    outcome: &'static str,
    causes: &'static [&'static str],
    action: &'static str,
) -> Expected {
    Expected { scenario, outcome, causes, action }
}

const ACTIVE: &str = "failover-active";

/// Every scenario that there is.
const EXPECTED: [Expected; 28] = [
    expected("scaled-to-zero", ACTIVE, &["scaled-to-zero"], "scale"),
    expected("crash-loop", ACTIVE, &["crash-loop"], "restart"),
    expected("deployment-missing", ACTIVE, &["deployment-missing"], "reapply"),
    expected("cluster-unreachable", ACTIVE, &["cluster-unreachable"], "guidance"),
    expected("image-pull", ACTIVE, &["image-pull"], "reapply"),
    expected("version-skew", ACTIVE, &["version-skew"], "reapply"),
    expected("release-pending", ACTIVE, &["release-pending"], "rollback"),
    expected("resource-exhaustion", ACTIVE, &["resource-exhaustion"], "reapply"),
    expected("permission-missing", ACTIVE, &["permission-missing"], "guidance"),
    expected("nodes-not-ready", ACTIVE, &["nodes-not-ready"], "guidance"),
    expected("unschedulable", ACTIVE, &["unschedulable"], "guidance"),
    expected("database-identity", ACTIVE, &["database-identity"], "guidance"),
    expected("database-unreachable", ACTIVE, &["database-unreachable"], "guidance"),
    expected("peering-inactive", ACTIVE, &["peering-inactive"], "guidance"),
    expected("route-missing", ACTIVE, &["route-missing"], "guidance"),
    expected("security-group-closed", ACTIVE, &["security-group-closed"], "guidance"),
    expected("database-down", "all-failing", &["database-down"], "stop"),
    expected("closed-port-and-image-pull", ACTIVE, &["security-group-closed", "image-pull"], "guidance"),
    expected(
        "crash-loop-and-inverted-check",
        "all-failing",
        &["health-check-misconfigured", "crash-loop"],
        "guidance",
    ),
    expected("targets-unhealthy", ACTIVE, &["targets-unhealthy"], "guidance"),
    expected("ingress-not-reconciled", ACTIVE, &["ingress-not-reconciled"], "guidance"),
    expected("cluster-down", ACTIVE, &["cluster-down"], "guidance"),
    expected("all-regions-failing", "all-failing", &["all-regions-failing"], "stop"),
    expected("wrong-region", "other-region-failing", &["wrong-region"], "guidance"),
    expected("health-check-misconfigured", ACTIVE, &["health-check-misconfigured"], "guidance"),
    expected("credentials-expired", "could-not-check", &["credentials-expired"], "guidance"),
    expected("route53-out-of-reach", "could-not-check", &["crash-loop"], "restart"),
    expected("healthy", "nothing-failing", &["nothing-failing"], ""),
];

impl Expected {
    /// What is wrong with a ranking; nothing where the right causes come first.
    fn wrong_with<'a>(&self, outcome: &str, causes: impl Iterator<Item = &'a str>) -> Option<String> {
        let ranked: Vec<&str> = causes.collect();
        let mut first: Vec<&str> = ranked.iter().take(self.causes.len()).copied().collect();
        let mut right = self.causes.to_vec();
        first.sort_unstable();
        right.sort_unstable();
        let as_expected = outcome == self.outcome && first == right;
        (!as_expected).then(|| format!("{}: {outcome}, {ranked:?}", self.scenario))
    }
}

#[test]
fn every_scenario_is_expected_to_come_to_something() {
    let expected: Vec<&str> = EXPECTED.iter().map(|expected| expected.scenario).collect();
    let known: Vec<&str> = scenarios().iter().map(|scenario| scenario.id).collect();
    assert_eq!(expected, known);
}

/// The terminal's own way of asking and judging, on twenty worlds of each scenario.
#[tokio::test(flavor = "multi_thread")]
async fn the_right_cause_ranks_first_whatever_the_seed() {
    leave_login_shell_alone();
    let worlds = SEEDS.flat_map(|seed| EXPECTED.iter().map(move |expected| (expected, seed)));
    let looked_at = futures::stream::iter(worlds).map(|(expected, seed)| async move {
        let wrong = look(expected, seed).await;
        wrong.map(|wrong| format!("seed {seed}, {wrong}"))
    });
    let wrong: Vec<String> =
        looked_at.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the diagnosis of one world.
async fn look(expected: &Expected, seed: u64) -> Option<String> {
    let scenario = scenario(expected.scenario).unwrap();
    let options =
        Options { scenario, speed: 60.0, seed, latency: Duration::ZERO, auth: Auth::Token, dir: None };
    let world = World::start(options).await.unwrap();
    let profile = environment::read(world.environment_file()).unwrap();
    let failed = profile.find(scenario.told_region).unwrap();
    let session = Session::new(Arc::new(profile), session(&world));
    let profile = session.profile();
    let questions = steps::questions_of(profile, failed, &[Step::Confirm, Step::Diagnose]);
    let mut readings = Readings::default();
    session.observe_all(&questions, &mut readings).await;
    let case = Case { profile, failed, readings: &readings, now: jiff::Timestamp::now() };
    let outcome = confirm::outcome(profile, &readings, failed).unwrap();
    let causes: Vec<Assessment> = cause::rank(&case);
    assert!(world.changing_requests().is_empty(), "{}: {:?}", expected.scenario, world.changing_requests());
    expected.wrong_with(outcome.id(), causes.iter().map(|cause| cause.id))
}

#[test]
fn check_says_of_each_scenario_what_is_true_in_words_for_programs() {
    let home = tempfile::tempdir().unwrap();
    let list = text(&run(home.path(), &["practice", "list"]));
    let names: Vec<&str> = list.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names.len(), EXPECTED.len(), "{list}");
    for (name, expected) in names.into_iter().zip(&EXPECTED) {
        assert_eq!(name, expected.scenario);
        let output = run(home.path(), &["check", "--practice", name, "--json", "--speed", "60"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["failed_region"], "us-east-1", "{name}");
        assert_eq!(report["environment"], format!("practice-{name}"));
        let causes = report["causes"].as_array().unwrap();
        let ids = causes.iter().map(|cause| cause["id"].as_str().unwrap());
        assert_eq!(expected.wrong_with(report["outcome"].as_str().unwrap(), ids), None);
        let action = if expected.action.is_empty() { Value::Null } else { expected.action.into() };
        assert_eq!(report["causes"][0]["action"], action, "{name}");
        assert_form(name, &report);
        assert_eq!(code(&output), code_of(&report), "{name}");
    }
}

/// The exit code by the README: something failed, could not be checked, or neither.
fn code_of(report: &Value) -> i32 {
    let mut counts = BTreeMap::<&str, usize>::new();
    for check in report["checks"].as_array().unwrap() {
        *counts.entry(check["verdict"].as_str().unwrap()).or_default() += 1;
    }
    if counts.contains_key("fail") { 1 } else { 2 * i32::from(counts.contains_key("unknown")) }
}

/// Exactly the keys of the README, and what they may hold.
fn assert_form(name: &str, report: &Value) {
    let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let expected = ["environment", "failed_region", "interrupted", "outcome", "checks", "causes"];
    assert_eq!(keys(report), expected, "{name}");
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(
            keys(check),
            ["id", "step", "region", "verdict", "found", "expected", "observed_at", "took_ms", "command"],
            "{name}"
        );
        assert!(["confirm", "diagnose"].contains(&check["step"].as_str().unwrap()), "{check}");
        assert!(["pass", "warn", "fail", "unknown"].contains(&check["verdict"].as_str().unwrap()), "{check}");
        check["observed_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert!(check["took_ms"].is_u64() && check["command"].is_string(), "{check}");
    }
    for cause in report["causes"].as_array().unwrap() {
        assert_eq!(
            keys(cause),
            ["id", "title", "evidence_for", "evidence_against", "not_checked", "action"],
            "{name}"
        );
        assert!(!cause["evidence_for"].as_array().unwrap().is_empty(), "{name}: {cause}");
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
