use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::runbook::fact::{Facts, HealthCheckSettings};
use crate::runbook::profile::testing::profile;
use crate::runbook::question::Reading;
use crate::runbook::question::Readings;

fn facts(succeed: usize, total: usize) -> HealthCheckFacts {
    let observation = |index: usize| Observation {
        checker_region: "us-east-1".to_owned(),
        ip_address: format!("15.177.0.{index}"),
        status: if index < succeed {
            "Success: HTTP Status Code 200, OK. Resolved IP: 1.2.3.4".to_owned()
        } else {
            "Failure: HTTP Status Code 503, Service Temporarily Unavailable. Resolved IP: 1.2.3.4".to_owned()
        },
        checked_at: None,
    };
    let settings = HealthCheckSettings {
        check_type: "HTTPS".to_owned(),
        path: Some("/healthz".to_owned()),
        ..HealthCheckSettings::default()
    };
    HealthCheckFacts {
        settings: Ok(settings),
        observations: (0..total).map(observation).collect(),
        last_failures: Vec::new(),
    }
}

fn with(mut facts: HealthCheckFacts, change: impl FnOnce(&mut HealthCheckSettings)) -> HealthCheckFacts {
    if let Ok(settings) = &mut facts.settings {
        change(settings);
    }
    facts
}

#[test]
fn more_than_18_percent_is_healthy() {
    for (succeed, total, healthy) in [
        (16, 16, true),
        (3, 16, true),
        (2, 16, false),
        (0, 16, false),
        (18, 100, false),
        (19, 100, true),
        (1, 1, true),
    ] {
        let health = health(&facts(succeed, total)).unwrap();
        assert_eq!(health.healthy, healthy, "{succeed} of {total}");
        assert_eq!(succeed >= healthy_from(total), healthy, "{succeed} of {total}");
    }
}

#[test]
fn disabled_inverted_and_types_without_checkers() {
    let disabled = with(facts(0, 16), |s| s.disabled = true);
    assert!(health(&disabled).unwrap().healthy);
    assert_eq!(judge(&disabled, None).verdict, Verdict::Warn);
    let inverted = with(facts(16, 16), |s| s.inverted = true);
    assert!(!health(&inverted).unwrap().healthy);
    assert_eq!(judge(&inverted, None).verdict, Verdict::Fail);
    assert!(health(&with(facts(0, 16), |s| s.inverted = true)).unwrap().healthy);
    // Disabled wins over inverted: Route 53 stops checking.
    assert!(health(&with(facts(16, 16), |s| (s.disabled, s.inverted) = (true, true))).unwrap().healthy);
    assert!(health(&with(facts(16, 16), |s| s.check_type = "CALCULATED".to_owned())).is_err());
    assert!(health(&facts(0, 0)).is_err());
    assert!(health(&HealthCheckFacts { settings: Err("denied".to_owned()), ..facts(16, 16) }).is_err());
}

#[test]
fn a_check_that_watches_another_host_says_so() {
    let other = with(facts(16, 16), |s| s.host = Some("eu.example.com".to_owned()));
    let finding = judge(&other, Some("us.example.com"));
    assert_eq!(finding.verdict, Verdict::Warn);
    assert!(finding.remedy.contains("watches eu.example.com"), "{}", finding.remedy);
    assert_eq!(judge(&other, Some("EU.example.com")).verdict, Verdict::Pass);
}

#[test]
fn checkers_texts_are_shortened() {
    for (status, short) in [
        ("Failure: HTTP Status Code 503, Service Temporarily Unavailable. Resolved IP: 1.2.3.4", "HTTP 503"),
        ("Failure: Connection timed out. The endpoint or the internet connection is down, or …", "timed out"),
        (
            "Failure: The health checker could not establish a connection within the timeout limit.",
            "no connection",
        ),
        ("Success: HTTP Status Code 200, OK", "HTTP 200"),
        ("Something new, at last. Really", "Something new"),
    ] {
        assert_eq!(short_status(status), short);
    }
}

#[derive(Clone, Copy)]
enum State {
    Up,
    Down,
    Lost,
}

fn readings(states: &[State]) -> Readings {
    let mut readings = Readings::default();
    for (index, state) in states.iter().enumerate() {
        let answer = match state {
            State::Up => Ok(Facts::HealthCheck(facts(16, 16))),
            State::Down => Ok(Facts::HealthCheck(facts(0, 16))),
            State::Lost => Err(Why::new(WhyKind::Timeout, "no answer within 5 s")),
        };
        let reading = Reading { answer, observed_at: Timestamp::UNIX_EPOCH, took: Duration::ZERO };
        readings.keep(Question::HealthCheck(RegionIndex(index)), reading);
    }
    readings
}

#[test]
fn every_outcome() {
    use State::{Down, Lost, Up};
    for (states, expected) in [
        ([Down, Up], "failover-active"),
        ([Up, Up], "nothing-failing"),
        ([Down, Down], "all-failing"),
        ([Up, Down], "other-region-failing"),
        ([Lost, Up], "could-not-check"),
        ([Down, Lost], "could-not-check"),
        ([Up, Lost], "could-not-check"),
        ([Lost, Down], "could-not-check"),
        ([Lost, Lost], "could-not-check"),
    ] {
        let outcome = outcome(&profile(), &readings(&states), RegionIndex(0)).unwrap();
        assert_eq!(outcome.id(), expected);
    }
    assert_eq!(outcome(&profile(), &readings(&[Down]), RegionIndex(0)), None, "not all answered");
    assert_eq!(recognised(&profile(), &readings(&[Up, Down])), Some(RegionIndex(1)));
    assert_eq!(recognised(&profile(), &readings(&[Lost, Down])), None, "no healthy one is known");
    assert_eq!(recognised(&profile(), &readings(&[Down, Down])), None);
}

#[test]
fn checkers_are_grouped_by_their_region_and_a_failure_speaks_for_its_group() {
    let mut facts = facts(1, 2);
    facts
        .observations
        .push(Observation { checker_region: "eu-west-1".to_owned(), ..facts.observations[0].clone() });
    let told: Vec<_> =
        by_checker_region(&facts).into_iter().map(|r| (r.name, r.statuses.len(), r.short)).collect();
    assert_eq!(told, [("eu-west-1", 1, "HTTP 200".to_owned()), ("us-east-1", 2, "HTTP 503".to_owned())]);
}

#[test]
fn a_host_without_its_relay_is_healthy_and_serves_with_a_warning() {
    let no_answer = || Err("no answer in time".to_owned());
    for (status, derp_status, health, serving) in [
        (200, Ok(200), Verdict::Pass, Verdict::Pass),
        (200, Ok(502), Verdict::Pass, Verdict::Warn),
        (200, no_answer(), Verdict::Pass, Verdict::Warn),
        (503, Ok(200), Verdict::Fail, Verdict::Fail),
        (500, no_answer(), Verdict::Fail, Verdict::Fail),
    ] {
        let addresses = Some(vec!["10.0.0.7".parse().unwrap()]);
        let version = Ok("4.11.2".to_owned());
        let url = "https://us.example.com/healthz".to_owned();
        let facts = ProbeFacts { url, status, addresses, derp_status, version };
        assert_eq!(judge_probe(&facts).verdict, health, "{facts:?}");
        assert_eq!(judge_serving(&facts).verdict, serving, "{facts:?}");
        let lines = probe_lines(&facts);
        for part in ["healthz", "10.0.0.7", "/derp/probe", "/version 4.11.2"] {
            assert!(lines.iter().any(|line| line.contains(part)), "{part} is not in {lines:?}");
        }
    }
}
