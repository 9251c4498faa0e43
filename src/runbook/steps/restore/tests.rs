#![allow(clippy::unnecessary_wraps, reason = "what `keep` takes")]

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::runbook::action::{Reason, Refused};
use crate::runbook::fact::{
    ClusterAddress, ClusterFacts, ClusterIdentityFacts, Facts, GoodRevision, HealthCheckFacts,
    HealthCheckSettings, HelmFacts, Observation, Pod, PodsFacts, ProbeFacts, Release, ReleaseFacts,
    ToolsFacts, ValuesFacts,
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
    let settings = HealthCheckSettings {
        check_type: "HTTPS".to_owned(),
        path: Some("/healthz".to_owned()),
        ..HealthCheckSettings::default()
    };
    Ok(Facts::HealthCheck(HealthCheckFacts {
        settings: Ok(settings),
        observations: vec![observation],
        last_failures: vec![],
    }))
}

fn deployment_of(region: RegionIndex, wanted: i32, tag: &str) -> Result<Facts, Why> {
    let deployment = Deployment {
        uid: format!("uid-{}", region.0),
        resource_version: "48213".to_owned(),
        replicas_wanted: wanted,
        updated: wanted,
        available: wanted,
        image: Some(format!("ghcr.io/loft-sh/vcluster-platform:{tag}")),
        ..Deployment::default()
    };
    Ok(Facts::Deployment(DeploymentFacts::Found(Box::new(deployment))))
}

fn identity(server: &str, uid: usize) -> Result<Facts, Why> {
    let address = ClusterAddress { server: server.to_owned(), ..ClusterAddress::default() };
    Ok(Facts::ClusterIdentity(ClusterIdentityFacts { address, uid: Ok(format!("kube-system-{uid}")) }))
}

/// us-east-1 failed and scaled to zero, eu-west-1 healthy with 4.11.2, Helm 4 installed.
fn scaled_to_zero() -> Readings {
    let (us, eu) = (RegionIndex(0), RegionIndex(1));
    let mut readings = Readings::default();
    keep(&mut readings, Question::HealthCheck(us), health(false));
    keep(&mut readings, Question::HealthCheck(eu), health(true));
    keep(&mut readings, Question::Deployment(us), deployment_of(us, 0, "4.11.2"));
    keep(&mut readings, Question::Deployment(eu), deployment_of(eu, 3, "4.11.2"));
    keep(&mut readings, Question::Pods(us), Ok(Facts::Pods(PodsFacts::default())));
    let tools = ToolsFacts {
        helm: Ok(HelmFacts { path: "/usr/bin/helm".into(), version: "v4.3.1".to_owned() }),
        vcluster: Err("vcluster is not installed".to_owned()),
        kubectl: None,
    };
    keep(&mut readings, Question::Tools, Ok(Facts::Tools(tools)));
    for region in [us, eu] {
        keep(
            &mut readings,
            Question::ClusterIdentity(region),
            identity(&format!("https://c{}", region.0), region.0),
        );
    }
    let values = ValuesFacts { region: Some("us-east-1".to_owned()), ..ValuesFacts::default() };
    keep(&mut readings, Question::Values(us), Ok(Facts::Values(values)));
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
        matches!(confirmed.request(), Request::Scale { replicas: 3, from: 0, uid, .. } if uid == "uid-0")
    );
    assert!(confirmed.plan().command().shell().contains("--current-replicas=0 --replicas=3"));
}

#[test]
fn a_healthy_region_is_never_planned_for() {
    let (profile, readings) = (profile(), scaled_to_zero());
    for kind in ActionKind::ALL {
        let refused = plan_of(&profile, &readings, 1, kind)
            .confirm_as_shown("eu-west-1", Some("I insist"))
            .unwrap_err();
        assert!(matches!(refused, Refused::Blocked(_)), "{kind:?}");
    }
    let mut all_healthy = scaled_to_zero();
    keep(&mut all_healthy, Question::HealthCheck(RegionIndex(0)), health(true));
    for kind in ActionKind::ALL {
        assert!(
            plan_of(&profile, &all_healthy, 0, kind).confirm_as_shown("us-east-1", Some("I insist")).is_err(),
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
        plan_of(&profile, &all_healthy, 0, ActionKind::Scale)
            .confirm_as_shown("us-east-1", Some("I insist"))
            .is_err()
    );
}

#[test]
fn an_unread_health_check_needs_a_reason() {
    let (profile, mut readings) = (profile(), scaled_to_zero());
    keep(&mut readings, Question::HealthCheck(RegionIndex(0)), Err(Why::new(WhyKind::Timeout, "no answer")));
    let scale = || plan_of(&profile, &readings, 0, ActionKind::Scale);
    assert!(matches!(scale().confirm("us-east-1", None), Err(Refused::Blocked(_))));
    assert!(matches!(scale().confirm_as_shown("us-east-1", Some("  ")), Err(Refused::Blocked(_))));
    let confirmed = scale()
        .confirm_as_shown("us-east-1", Some("Route 53 is out of reach, the status page says us-east-1"))
        .unwrap();
    assert_eq!(confirmed.overridden().len(), 1);
}

#[test]
fn the_version_is_the_healthy_regions() {
    let readings = scaled_to_zero();
    let mut profile = profile();
    let line = plan_of(&profile, &readings, 0, ActionKind::ReapplyHelm).command().shell();
    assert!(line.contains("--version 4.11.2"), "{line}");
    profile.chart.version = Some("4.8.0".to_owned());
    let other = plan_of(&profile, &readings, 0, ActionKind::ReapplyHelm);
    assert!(other.blockers().iter().any(|blocker| blocker.overridable && blocker.text.contains("4.11.2")));
    assert!(other.confirm("us-east-1", None).is_err());
    profile.chart.version = None;
    let mut unread = scaled_to_zero();
    keep(&mut unread, Question::Deployment(RegionIndex(1)), Err(Why::new(WhyKind::Timeout, "no answer")));
    assert!(
        plan_of(&profile, &unread, 0, ActionKind::ReapplyHelm)
            .confirm_as_shown("us-east-1", Some("x"))
            .is_err()
    );
}

#[test]
fn two_contexts_of_one_cluster_are_seen_and_nothing_is_done_to_it() {
    let (profile, mut readings) = (profile(), scaled_to_zero());
    let context = |readings: &Readings, region| {
        let case = Case { profile: &profile, failed: RegionIndex(0), readings, now: Timestamp::UNIX_EPOCH };
        let checks = crate::runbook::steps::preflight::checks(&case);
        let of = |check: &&crate::runbook::check::Check| {
            check.id == "context" && check.region == Some(RegionIndex(region))
        };
        checks.iter().find(of).unwrap().verdict()
    };
    keep(&mut readings, Question::Cluster(RegionIndex(0)), Ok(Facts::Cluster(ClusterFacts::default())));
    keep(&mut readings, Question::Cluster(RegionIndex(1)), Ok(Facts::Cluster(ClusterFacts::default())));
    let forbidden = || Err(Why::new(WhyKind::Forbidden, "not permitted"));
    for (us, eu, blocked, expected) in [
        (identity("https://api.example.com", 1), identity("https://api.example.com", 1), true, Verdict::Fail),
        (
            identity("https://api.example.com", 1),
            identity("https://tunnel.example.com", 1),
            true,
            Verdict::Fail,
        ),
        (
            identity("https://api.example.com", 1),
            identity("https://api.example.com:6444", 2),
            false,
            Verdict::Pass,
        ),
        (identity("https://api.example.com", 1), forbidden(), true, Verdict::Warn),
    ] {
        keep(&mut readings, Question::ClusterIdentity(RegionIndex(0)), us.clone());
        keep(&mut readings, Question::ClusterIdentity(RegionIndex(1)), eu.clone());
        for kind in [ActionKind::Scale, ActionKind::ReapplyHelm] {
            let confirmed =
                plan_of(&profile, &readings, 0, kind).confirm_as_shown("us-east-1", Some("I insist"));
            assert_eq!(matches!(confirmed, Err(Refused::Blocked(_))), blocked, "{kind:?} {us:?} {eu:?}");
        }
        for region in [0, 1] {
            assert_eq!(context(&readings, region), Some(expected), "{us:?} {eu:?}");
        }
    }
}

fn blockers(profile: &Profile, readings: &Readings, kind: ActionKind) -> Vec<Blocker> {
    plan_of(profile, readings, 0, kind).blockers().to_vec()
}

#[test]
fn health_checks_that_are_swapped_stop_everything() {
    let (mut profile, readings) = (profile(), scaled_to_zero());
    profile.regions[0].host = Some("us.example.com".to_owned());
    profile.regions[1].host = Some("eu.example.com".to_owned());
    for (us, eu, blocked) in [
        ("us.example.com", "eu.example.com", false),
        ("EU.example.com.", "eu.example.com", true),
        ("us.example.com", "us.example.com", true),
        ("eu.example.com", "us.example.com", true),
    ] {
        let mut readings = readings.clone();
        for (region, (host, healthy)) in [(us, false), (eu, true)].into_iter().enumerate() {
            let Ok(Facts::HealthCheck(mut facts)) = health(healthy) else { unreachable!() };
            facts.settings.as_mut().unwrap().host = Some(host.to_owned());
            keep(&mut readings, Question::HealthCheck(RegionIndex(region)), Ok(Facts::HealthCheck(facts)));
        }
        for kind in [ActionKind::Scale, ActionKind::Restart, ActionKind::ReapplyHelm] {
            let plan = plan_of(&profile, &readings, 0, kind);
            let firm = plan
                .blockers()
                .iter()
                .any(|blocker| !blocker.overridable && blocker.text.contains("watches"));
            assert_eq!(firm, blocked, "{us} {eu} {kind:?}: {:?}", plan.blockers());
        }
    }
}

#[test]
fn a_region_that_serves_beside_one_that_does_not_is_never_touched() {
    let (profile, mut readings) = (profile(), scaled_to_zero());
    let probe = |status: u16| {
        Ok(Facts::Probe(ProbeFacts {
            url: "https://us.example.com/healthz".to_owned(),
            status,
            addresses: None,
            derp_status: Ok(200),
            version: Ok("4.11.2".to_owned()),
        }))
    };
    let pods = |count: usize| {
        let pod = |index: usize| Pod { name: format!("p{index}"), ready: true, ..Pod::default() };
        Ok(Facts::Pods(PodsFacts { pods: (0..count).map(pod).collect() }))
    };
    let (us, eu) = (RegionIndex(0), RegionIndex(1));
    for (us_pods, us_host, eu_pods, eu_host, touched) in
        [(3, 200, 0, 503, false), (3, 200, 3, 503, false), (0, 503, 3, 200, true), (3, 503, 0, 503, true)]
    {
        keep(&mut readings, Question::Pods(us), pods(us_pods));
        keep(&mut readings, Question::Probe(us), probe(us_host));
        keep(&mut readings, Question::Pods(eu), pods(eu_pods));
        keep(&mut readings, Question::Probe(eu), probe(eu_host));
        let serves = blockers(&profile, &readings, ActionKind::Scale)
            .iter()
            .any(|blocker| !blocker.overridable && blocker.text.contains("is well"));
        assert_eq!(serves, !touched, "{us_pods} {us_host} {eu_pods} {eu_host}");
    }
}

#[test]
fn a_check_that_cannot_fail_is_no_proof_of_a_healthy_region() {
    let profile = profile();
    let us = RegionIndex(0);
    for (check_type, path, status, proof) in [
        ("HTTPS", "/healthz", "Success: HTTP Status Code 200, OK", true),
        ("HTTPS", "/healthz?deep=1", "Success: HTTP Status Code 200, OK", true),
        ("HTTPS", "/", "Success: HTTP Status Code 200, OK", false),
        ("HTTP", "/healthz", "Success: HTTP Status Code 301, Moved Permanently", false),
        ("HTTP", "/healthz", "Success: HTTP Status Code 200, OK", true),
        ("TCP", "/healthz", "Success: connection established", false),
    ] {
        let mut readings = scaled_to_zero();
        let Ok(Facts::HealthCheck(mut facts)) = health(true) else { unreachable!() };
        let settings = facts.settings.as_mut().unwrap();
        (settings.check_type, settings.path) = (check_type.to_owned(), Some(path.to_owned()));
        status.clone_into(&mut facts.observations[0].status);
        keep(&mut readings, Question::HealthCheck(us), Ok(Facts::HealthCheck(facts)));
        let plan = plan_of(&profile, &readings, 0, ActionKind::Scale);
        let confirmed =
            plan.confirm_as_shown("us-east-1", Some("its pods are gone, whatever the check says"));
        assert_eq!(confirmed.is_err(), proof, "{check_type} {path} {status}");
    }
}

#[test]
fn a_values_file_of_another_region_is_never_applied() {
    let profile = profile();
    for (region, host, applied) in [
        (Some("us-east-1"), None, true),
        (Some("us-east-1"), Some("us.multi-region.example.com"), true),
        (Some("eu-west-1"), None, false),
        (Some("us-east-1"), Some("eu.multi-region.example.com"), false),
        (None, Some("eu.multi-region.example.com"), false),
    ] {
        let mut readings = scaled_to_zero();
        let values = ValuesFacts {
            region: region.map(str::to_owned),
            host: host.map(str::to_owned),
            ..ValuesFacts::default()
        };
        keep(&mut readings, Question::Values(RegionIndex(0)), Ok(Facts::Values(values)));
        let plan = plan_of(&profile, &readings, 0, ActionKind::ReapplyHelm);
        let confirmed = plan.confirm_as_shown("us-east-1", Some("I insist"));
        assert_eq!(confirmed.is_ok(), applied, "{region:?} {host:?}");
    }
}

#[test]
fn nothing_is_planned_by_what_was_read_before_the_machine_slept() {
    let (profile, readings) = (profile(), scaled_to_zero());
    for (seconds, fresh) in [(0, true), (60, true), (61, false), (3600, false), (-3600, false)] {
        let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(seconds);
        let case = Case { profile: &profile, failed: RegionIndex(0), readings: &readings, now };
        let confirmed = plan(&case, ActionKind::Scale).confirm_as_shown("us-east-1", Some("I insist"));
        assert_eq!(confirmed.is_ok(), fresh, "{seconds} s");
    }
}

#[test]
fn a_reason_passes_what_was_shown_when_it_was_given_and_nothing_else() {
    let (profile, mut readings) = (profile(), scaled_to_zero());
    let restart = |readings: &Readings| plan_of(&profile, readings, 0, ActionKind::Restart);
    let shown = restart(&readings);
    let reason = Reason::given("the pods hang", &shown);
    restart(&readings).confirm("us-east-1", Some(&reason)).unwrap();
    keep(&mut readings, Question::HealthCheck(RegionIndex(1)), Err(Why::new(WhyKind::Timeout, "no answer")));
    let refused = restart(&readings).confirm("us-east-1", Some(&reason)).unwrap_err();
    assert!(refused.to_string().contains("could not be confirmed"), "{refused}");
    restart(&readings).confirm_as_shown("us-east-1", Some("the pods hang, and Route 53 too")).unwrap();
    assert!(restart(&readings).confirm_as_shown("us-east-1", Some(" ")).is_err());
}

#[test]
fn what_changed_since_the_confirmation_ends_it_with_a_sentence() {
    let (profile, readings) = (profile(), scaled_to_zero());
    let confirmed = plan_of(&profile, &readings, 0, ActionKind::Scale).confirm("us-east-1", None).unwrap();
    let (us, eu) = (RegionIndex(0), RegionIndex(1));
    let look = |question, answer| {
        let mut now = readings.clone();
        keep(&mut now, question, answer);
        let case = Case { profile: &profile, failed: us, readings: &now, now: Timestamp::UNIX_EPOCH };
        still_holds(&confirmed, &case)
    };
    look(Question::HealthCheck(us), health(false)).unwrap();
    for (question, answer, told) in [
        (Question::HealthCheck(us), health(true), "passes"),
        (Question::HealthCheck(eu), health(false), "Every region"),
        (Question::HealthCheck(eu), Err(Why::new(WhyKind::Timeout, "no answer")), "could not be confirmed"),
        (Question::ClusterIdentity(us), identity("https://elsewhere", 0), "https://elsewhere"),
        (Question::ClusterIdentity(us), identity("https://c0", 7), "another cluster"),
        (Question::ClusterIdentity(us), identity("https://c0", 1), "another cluster"),
        (Question::ClusterIdentity(eu), identity("https://c1", 0), "the same cluster"),
        (Question::ClusterIdentity(us), Err(Why::new(WhyKind::Configuration, "no context")), "no context"),
        (Question::Deployment(us), Ok(Facts::Deployment(DeploymentFacts::Missing)), "gone"),
        (Question::Deployment(us), deployment_of(RegionIndex(9), 0, "4.11.2"), "another one"),
        (Question::Deployment(us), Err(Why::new(WhyKind::Timeout, "no answer")), "cannot be read now"),
    ] {
        let refused = look(question, answer).unwrap_err();
        assert!(refused.contains(told), "{question:?}: {refused}");
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
        assert!(
            plan_of(&profile, &readings, 0, kind).confirm_as_shown("us-east-1", Some("x")).is_err(),
            "{kind:?}"
        );
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
        let (with, without) = (
            plan().confirm_as_shown("us-east-1", Some("I know")).is_ok(),
            plan().confirm("us-east-1", None).is_ok(),
        );
        let found = with.then_some(!without);
        assert_eq!(found, rollback, "{status}, {age} s, {good:?}: {:?}", plan().blockers());
        if let Some(good) = good {
            let line = plan().command().shell();
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
        let line = plan_of(&profile, &readings, 0, ActionKind::Rollback).command().shell();
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
        let line = plan(&profile).command().shell();
        let refused = plan(&profile).confirm_as_shown("us-east-1", Some("I insist"));
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
                plan(&profile).confirm_as_shown("us-east-1", Some("the status page says so")).unwrap();
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
        keep(&mut readings, Question::Deployment(ap), deployment_of(ap, 3, tag));
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

#[test]
fn what_somebody_did_to_the_release_since_ends_a_rollback_and_a_re_apply() {
    let (profile, us) = (profile(), RegionIndex(0));
    let confirmed = |status: &str, kind| {
        let mut readings = scaled_to_zero();
        keep(&mut readings, Question::Release(us), release_of(status, 600, Some(12)));
        plan_of(&profile, &readings, 0, kind).confirm_as_shown("us-east-1", Some("I know")).unwrap()
    };
    let rollback = confirmed("pending-upgrade", ActionKind::Rollback);
    let reapply = confirmed("deployed", ActionKind::ReapplyHelm);
    let newer = Release { revision: 14, status: "pending-rollback".to_owned(), ..Release::default() };
    for (now, rolls_back, reapplies) in [
        (release_of("pending-upgrade", 600, Some(12)), None, Some("Helm refuses every upgrade")),
        (release_of("deployed", 600, Some(12)), Some("says deployed, revision 13 now"), None),
        (release_of("failed", 600, Some(12)), Some("says failed, revision 13 now"), None),
        (
            Ok(Facts::Release(ReleaseFacts::Found(newer))),
            Some("pending-rollback, revision 14 now"),
            Some("Helm refuses every upgrade"),
        ),
        (Ok(Facts::Release(ReleaseFacts::Missing)), Some("are gone"), None),
        (Err(Why::new(WhyKind::Timeout, "no answer")), Some("could not be read again: no answer"), None),
    ] {
        let mut readings = scaled_to_zero();
        keep(&mut readings, Question::Release(us), now.clone());
        let case = Case { profile: &profile, failed: us, readings: &readings, now: Timestamp::UNIX_EPOCH };
        for (confirmed, told) in [(&rollback, rolls_back), (&reapply, reapplies)] {
            let kind = confirmed.plan().kind();
            match (still_holds(confirmed, &case), told) {
                (held, None) => held.unwrap(),
                (held, Some(told)) => {
                    let refused = held.unwrap_err();
                    assert!(refused.contains(told), "{kind:?} at {now:?}: {refused}");
                }
            }
        }
    }
}
