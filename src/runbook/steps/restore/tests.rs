#![allow(clippy::unnecessary_wraps, reason = "what `keep` takes")]

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::runbook::action::Refused;
use crate::runbook::fact::{
    ClusterFacts, Facts, HealthCheckFacts, HealthCheckSettings, HelmFacts, Observation, PodsFacts, ToolsFacts,
};
use crate::runbook::profile::{Profile, RegionIndex, testing::profile};
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::verdict::{Verdict, WhyKind};

fn keep(readings: &mut Readings, question: Question, answer: Result<Facts, Why>) {
    readings.keep(question, Reading { answer, observed_at: Timestamp::UNIX_EPOCH, took: Duration::ZERO });
}

pub(super) fn health(healthy: bool) -> Result<Facts, Why> {
    let status =
        if healthy { "Success: HTTP Status Code 200, OK" } else { "Failure: HTTP Status Code 503, x" };
    let observation = Observation {
        checker_region: "us-east-1".to_owned(),
        ip_address: "15.177.0.1".to_owned(),
        status: status.to_owned(),
        checked_at: None,
    };
    let settings = HealthCheckSettings { check_type: "HTTPS".to_owned(), ..HealthCheckSettings::default() };
    Ok(Facts::HealthCheck(HealthCheckFacts {
        settings: Ok(settings),
        observations: vec![observation],
        last_failures: vec![],
    }))
}

fn deployment_of(wanted: i32, tag: &str) -> Result<Facts, Why> {
    let deployment = Deployment {
        uid: "uid-1".to_owned(),
        resource_version: "48213".to_owned(),
        replicas_wanted: wanted,
        updated: wanted,
        available: wanted,
        image: Some(format!("ghcr.io/loft-sh/vcluster-platform:{tag}")),
        ..Deployment::default()
    };
    Ok(Facts::Deployment(DeploymentFacts::Found(Box::new(deployment))))
}

/// us-east-1 failed and scaled to zero, eu-west-1 healthy with 4.11.2, Helm 4 installed.
fn scaled_to_zero() -> Readings {
    let (us, eu) = (RegionIndex(0), RegionIndex(1));
    let mut readings = Readings::default();
    keep(&mut readings, Question::HealthCheck(us), health(false));
    keep(&mut readings, Question::HealthCheck(eu), health(true));
    keep(&mut readings, Question::Deployment(us), deployment_of(0, "4.11.2"));
    keep(&mut readings, Question::Deployment(eu), deployment_of(3, "4.11.2"));
    keep(&mut readings, Question::Pods(us), Ok(Facts::Pods(PodsFacts::default())));
    let tools = ToolsFacts {
        helm: Ok(HelmFacts { path: "/usr/bin/helm".into(), version: "v4.3.1".to_owned() }),
        vcluster: Err("vcluster is not installed".to_owned()),
        kubectl: None,
    };
    keep(&mut readings, Question::Tools, Ok(Facts::Tools(tools)));
    readings
}

fn plan_of(profile: &Profile, readings: &Readings, failed: usize, kind: ActionKind) -> Plan {
    let case = Case { profile, failed: RegionIndex(failed), readings, now: Timestamp::UNIX_EPOCH };
    plan(&case, kind)
}

/// A confirmed plan for the cluster of this context.
pub(crate) fn confirmed_for(context: &str) -> crate::runbook::action::Confirmed {
    let (mut profile, readings) = (profile(), scaled_to_zero());
    context.clone_into(&mut profile.regions[0].context);
    plan_of(&profile, &readings, 0, ActionKind::Scale).confirm("us-east-1", None).unwrap()
}

#[test]
fn the_fitting_action_comes_first_and_confirms_by_the_exact_name_only() {
    let (profile, readings) = (profile(), scaled_to_zero());
    let case =
        Case { profile: &profile, failed: RegionIndex(0), readings: &readings, now: Timestamp::UNIX_EPOCH };
    let kinds: Vec<_> = plans(&case).iter().map(Plan::kind).collect();
    assert_eq!(
        kinds,
        [ActionKind::Scale, ActionKind::ReapplyHelm, ActionKind::ReapplyVcluster, ActionKind::Restart]
    );
    for typed in ["", "us-east", "us-east-1 ", "US-EAST-1", "eu-west-1"] {
        let refused = plan(&case, ActionKind::Scale).confirm(typed, None).unwrap_err();
        assert!(matches!(refused, Refused::WrongName { .. }), "{typed:?}: {refused}");
    }
    let confirmed = plan(&case, ActionKind::Scale).confirm("us-east-1", None).unwrap();
    assert!(
        matches!(confirmed.request(), Request::Scale { replicas: 3, resource_version, .. } if resource_version == "48213")
    );
    assert!(confirmed.plan().command.shell().contains("--current-replicas=0 --replicas=3"));
}

#[test]
fn a_healthy_region_is_never_planned_for() {
    let (profile, readings) = (profile(), scaled_to_zero());
    for kind in ActionKind::ALL {
        let refused =
            plan_of(&profile, &readings, 1, kind).confirm("eu-west-1", Some("I insist")).unwrap_err();
        assert!(matches!(refused, Refused::Blocked(_)), "{kind:?}");
    }
    let mut all_healthy = scaled_to_zero();
    keep(&mut all_healthy, Question::HealthCheck(RegionIndex(0)), health(true));
    for kind in ActionKind::ALL {
        assert!(
            plan_of(&profile, &all_healthy, 0, kind).confirm("us-east-1", Some("I insist")).is_err(),
            "{kind:?}"
        );
    }
    // The other one's state is unknown, this one's is not.
    keep(
        &mut all_healthy,
        Question::HealthCheck(RegionIndex(1)),
        Err(Why::new(WhyKind::Timeout, "no answer")),
    );
    assert!(
        plan_of(&profile, &all_healthy, 0, ActionKind::Scale).confirm("us-east-1", Some("I insist")).is_err()
    );
}

#[test]
fn an_unread_health_check_needs_a_reason() {
    let (profile, mut readings) = (profile(), scaled_to_zero());
    keep(&mut readings, Question::HealthCheck(RegionIndex(0)), Err(Why::new(WhyKind::Timeout, "no answer")));
    let scale = || plan_of(&profile, &readings, 0, ActionKind::Scale);
    assert!(matches!(scale().confirm("us-east-1", None), Err(Refused::Blocked(_))));
    assert!(matches!(scale().confirm("us-east-1", Some("  ")), Err(Refused::Blocked(_))));
    let confirmed = scale()
        .confirm("us-east-1", Some("Route 53 is out of reach, the status page says us-east-1"))
        .unwrap();
    assert_eq!(confirmed.overridden().len(), 1);
}

#[test]
fn the_version_is_the_healthy_regions() {
    let readings = scaled_to_zero();
    let mut profile = profile();
    let line = plan_of(&profile, &readings, 0, ActionKind::ReapplyHelm).command.shell();
    assert!(line.contains("--version 4.11.2"), "{line}");
    profile.chart.version = Some("4.8.0".to_owned());
    let other = plan_of(&profile, &readings, 0, ActionKind::ReapplyHelm);
    assert!(other.blockers().iter().any(|blocker| blocker.overridable && blocker.text.contains("4.11.2")));
    assert!(other.confirm("us-east-1", None).is_err());
    profile.chart.version = None;
    let mut unread = scaled_to_zero();
    keep(&mut unread, Question::Deployment(RegionIndex(1)), Err(Why::new(WhyKind::Timeout, "no answer")));
    assert!(plan_of(&profile, &unread, 0, ActionKind::ReapplyHelm).confirm("us-east-1", Some("x")).is_err());
}

#[test]
fn two_contexts_of_one_cluster_are_seen_and_nothing_is_done_to_it() {
    let (profile, mut readings) = (profile(), scaled_to_zero());
    let cluster = |server: &str| {
        Ok(Facts::Cluster(ClusterFacts { version: "v1.36.0".to_owned(), server: server.to_owned() }))
    };
    let context = |readings: &Readings, region| {
        let case = Case { profile: &profile, failed: RegionIndex(0), readings, now: Timestamp::UNIX_EPOCH };
        let checks = crate::runbook::steps::preflight::checks(&case);
        let of = |check: &&crate::runbook::check::Check| {
            check.id == "context" && check.region == Some(RegionIndex(region))
        };
        checks.iter().find(of).unwrap().verdict()
    };
    for (us, eu, is_same) in [
        ("https://api.example.com", "https://api.example.com", true),
        ("https://api.example.com:6443", "https://api.example.com:6444", false),
        ("https://api.example.com/a", "https://api.example.com/b", false),
        ("", "", false),
    ] {
        keep(&mut readings, Question::Cluster(RegionIndex(0)), cluster(us));
        keep(&mut readings, Question::Cluster(RegionIndex(1)), cluster(eu));
        for kind in [ActionKind::Scale, ActionKind::ReapplyHelm] {
            let confirmed = plan_of(&profile, &readings, 0, kind).confirm("us-east-1", Some("I insist"));
            assert_eq!(matches!(confirmed, Err(Refused::Blocked(_))), is_same, "{kind:?} {us} {eu}");
        }
        let expected = if is_same { Verdict::Fail } else { Verdict::Pass };
        for region in [0, 1] {
            assert_eq!(context(&readings, region), Some(expected), "{us} {eu}");
        }
    }
}

#[test]
fn a_missing_tool_and_a_missing_deployment_are_said() {
    let (profile, mut readings) = (profile(), scaled_to_zero());
    let cli = plan_of(&profile, &readings, 0, ActionKind::ReapplyVcluster);
    assert!(cli.blockers().iter().any(|blocker| blocker.tool_missing));
    keep(
        &mut readings,
        Question::Deployment(RegionIndex(0)),
        Ok(Facts::Deployment(DeploymentFacts::Missing)),
    );
    for kind in [ActionKind::Scale, ActionKind::Restart] {
        assert!(plan_of(&profile, &readings, 0, kind).confirm("us-east-1", Some("x")).is_err(), "{kind:?}");
    }
    plan_of(&profile, &readings, 0, ActionKind::ReapplyHelm).confirm("us-east-1", None).unwrap();
}
