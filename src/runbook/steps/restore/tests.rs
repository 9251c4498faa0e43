#![allow(clippy::unnecessary_wraps, reason = "what `keep` takes")]

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::runbook::action::Refused;
use crate::runbook::fact::{
    ClusterFacts, Facts, GoodRevision, HealthCheckFacts, HealthCheckSettings, HelmFacts, Observation,
    PodsFacts, Release, ReleaseFacts, ToolsFacts,
};
use crate::runbook::profile::{Profile, RegionIndex, testing::profile};
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::verdict::{Verdict, WhyKind};

fn keep(readings: &mut Readings, question: Question, answer: Result<Facts, Why>) {
    readings.keep(question, Reading { answer, observed_at: Timestamp::UNIX_EPOCH, took: Duration::ZERO });
}

fn health(healthy: bool) -> Result<Facts, Why> {
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

/// The records of us-east-1's release: revision 13 in this state and of this age, over a good one or none.
fn release_of(status: &str, age_secs: i64, good: Option<u32>) -> Result<Facts, Why> {
    let deployed = |revision| GoodRevision { revision, status: "deployed".to_owned(), created_at: None };
    let release = Release {
        revision: 13,
        status: status.to_owned(),
        created_at: Some(Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_secs(age_secs)),
        last_good: good.map(deployed),
    };
    Ok(Facts::Release(ReleaseFacts::Found(release)))
}

#[test]
fn a_pending_release_is_rolled_back_and_no_reason_goes_past_helms_refusal() {
    let profile = profile();
    let us = RegionIndex(0);
    for (status, age, good, refuses, rollback) in [
        ("deployed", 9_000, Some(12), false, None),
        ("failed", 9_000, Some(12), false, Some(true)),
        ("pending-upgrade", 600, Some(12), true, Some(false)),
        ("pending-rollback", 600, Some(11), true, Some(false)),
        // Young enough for somebody to be at it.
        ("pending-upgrade", 20, Some(12), true, Some(true)),
        ("pending-install", 600, None, true, None),
    ] {
        let mut readings = scaled_to_zero();
        keep(&mut readings, Question::Release(us), release_of(status, age, good));
        for kind in [ActionKind::ReapplyHelm, ActionKind::ReapplyVcluster] {
            let plan = plan_of(&profile, &readings, 0, kind);
            let refused =
                plan.blockers().iter().any(|blocker| !blocker.overridable && blocker.text.contains(status));
            assert_eq!(refused, refuses, "{kind:?} at {status}: {:?}", plan.blockers());
        }
        let plan = || plan_of(&profile, &readings, 0, ActionKind::Rollback);
        let (with, without) =
            (plan().confirm("us-east-1", Some("I know")).is_ok(), plan().confirm("us-east-1", None).is_ok());
        let found = with.then_some(!without);
        assert_eq!(found, rollback, "{status}, {age} s, {good:?}: {:?}", plan().blockers());
        if let Some(good) = good {
            let line = plan().command.shell();
            let expected =
                format!("helm rollback loft {good} --namespace vcluster-platform --kube-context arn:");
            assert_eq!(line.starts_with(&expected), status != "deployed", "{line}");
        }
        let case = Case { profile: &profile, failed: us, readings: &readings, now: Timestamp::UNIX_EPOCH };
        let first = plans(&case)[0].kind();
        let offered = plans(&case).iter().any(|plan| plan.kind() == ActionKind::Rollback);
        assert_eq!(offered, refuses, "{status}");
        assert_eq!(first, ActionKind::Scale, "what fits the first cause stays first");
    }
}

#[test]
fn helm_3_rolls_back_without_the_flags_of_helm_4() {
    let profile = profile();
    for (version, flags) in [("v3.18.0", false), ("v4.3.1", true)] {
        let mut readings = scaled_to_zero();
        keep(&mut readings, Question::Release(RegionIndex(0)), release_of("pending-upgrade", 600, Some(12)));
        let tools = ToolsFacts {
            helm: Ok(HelmFacts { path: "/usr/bin/helm".into(), version: version.to_owned() }),
            vcluster: Err("vcluster is not installed".to_owned()),
            kubectl: None,
        };
        keep(&mut readings, Question::Tools, Ok(Facts::Tools(tools)));
        let line = plan_of(&profile, &readings, 0, ActionKind::Rollback).command.shell();
        assert_eq!(line.contains("--server-side=true --force-conflicts"), flags, "{line}");
    }
}

#[test]
fn a_version_that_is_not_certain_is_asked_for_and_never_guessed() {
    let deployment = |label: Option<&str>, image: Option<&str>| {
        let image = image.map(|image| format!("registry:5000/platform{image}"));
        let chart = label.map(str::to_owned);
        let settled = Deployment {
            image,
            chart,
            replicas_wanted: 3,
            updated: 3,
            available: 3,
            ..Deployment::default()
        };
        Ok(Facts::Deployment(DeploymentFacts::Found(Box::new(settled))))
    };
    for (label, image, offered) in [
        (Some("vcluster-platform-4.11.2"), Some(":v4.11.2-ecr"), Some("4.11.2")),
        (None, Some(":4.11.2"), Some("4.11.2")),
        (None, Some(":4.11.2-mirror.3"), None),
        (None, Some("@sha256:abc"), None),
        (None, None, None),
        (Some("vcluster-platform-4.11.2"), Some(":4.12.0"), None),
    ] {
        let (mut profile, mut readings) = (profile(), scaled_to_zero());
        keep(&mut readings, Question::Deployment(RegionIndex(1)), deployment(label, image));
        let plan = |profile: &Profile| plan_of(profile, &readings, 0, ActionKind::ReapplyHelm);
        let line = plan(&profile).command.shell();
        let refused = plan(&profile).confirm("us-east-1", Some("I insist"));
        match offered {
            Some(version) => {
                assert!(line.contains(&format!("--version {version} ")), "{label:?} {image:?}: {line}")
            }
            None => {
                let said = refused.unwrap_err().to_string();
                assert!(said.contains("Set chart.version in the environment"), "{label:?} {image:?}: {said}");
                // What a person sets goes, with a reason: it cannot be compared.
                profile.chart.version = Some("4.11.2".to_owned());
                assert!(plan(&profile).confirm("us-east-1", None).is_err());
                plan(&profile).confirm("us-east-1", Some("the status page says so")).unwrap();
            }
        }
    }
}

#[test]
fn two_healthy_regions_of_different_versions_are_no_ground_for_either() {
    let (mut profile, mut readings) = (profile(), scaled_to_zero());
    let mut third = profile.regions[1].clone();
    "ap-south-1".clone_into(&mut third.name);
    profile.regions.push(third);
    let ap = RegionIndex(2);
    for (tag, healthy, same) in [("4.11.2", true, true), ("4.12.0", true, false), ("4.12.0", false, true)] {
        keep(&mut readings, Question::HealthCheck(ap), health(healthy));
        keep(&mut readings, Question::Deployment(ap), deployment_of(3, tag));
        let case = Case {
            profile: &profile,
            failed: RegionIndex(0),
            readings: &readings,
            now: Timestamp::UNIX_EPOCH,
        };
        let version = case.healthy_version();
        assert_eq!(version.is_ok(), same, "{tag} {healthy}: {version:?}");
    }
}
