#![allow(clippy::unnecessary_wraps, reason = "what an answer is")]

use super::*;
use crate::runbook::action::ActionKind;
use crate::runbook::fact::{Facts, ProbeFacts};
use crate::runbook::profile::{Profile, testing::profile};
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::steps::restore::plan;
use crate::runbook::steps::restore::tests::health;
use crate::runbook::verdict::{Why, WhyKind};

const US: RegionIndex = RegionIndex(0);
const EU: RegionIndex = RegionIndex(1);

fn case<'a>(profile: &'a Profile, readings: &'a Readings) -> Case<'a> {
    Case { profile, failed: US, readings, now: jiff::Timestamp::UNIX_EPOCH }
}

fn readings(us: Result<Facts, Why>, eu: Result<Facts, Why>) -> Readings {
    let mut readings = Readings::default();
    for (region, answer) in [(US, us), (EU, eu)] {
        let observed_at = jiff::Timestamp::UNIX_EPOCH;
        let reading = Reading { answer, observed_at, took: std::time::Duration::ZERO };
        readings.keep(Question::HealthCheck(region), reading);
    }
    readings
}

#[test]
fn a_plan_is_for_a_region_that_failed_and_nothing_else() {
    let silent = || Err(Why::new(WhyKind::Connection, "no route to host"));
    let profile = profile();
    for (us, eu, next) in [
        (health(false), health(true), None),
        (health(true), health(true), Some(Instead::Leave)),
        (health(true), health(false), Some(Instead::Choose(EU))),
        (health(false), health(false), Some(Instead::Stop)),
        (health(true), silent(), Some(Instead::Leave)),
        // what could not be confirmed can be gone past with a reason
        (silent(), health(true), None),
        (silent(), silent(), None),
    ] {
        let readings = readings(us, eu);
        let case = case(&profile, &readings);
        let idle = nothing_to_do(&case);
        assert_eq!(idle.as_ref().map(|idle| idle.next), next, "{idle:?}");
        if idle.is_some() {
            let firm = plan(&case, ActionKind::Restart).blockers().iter().any(|blocker| !blocker.overridable);
            assert!(firm, "where there is nothing to do no reason goes past it: {idle:?}");
        }
    }
    let nothing_read = Readings::default();
    assert_eq!(nothing_to_do(&case(&profile, &nothing_read)).unwrap().next, Instead::Look);
}

#[test]
fn a_region_that_serves_is_told_from_one_that_does_not_whatever_the_checks_say() {
    let mut profile = profile();
    profile.replicas = 0;
    let mut readings = readings(health(false), health(true));
    let probe = |status| {
        let (derp_status, version) = (Ok(200), Ok("4.11.2".to_owned()));
        ProbeFacts { url: String::new(), status, addresses: None, derp_status, version }
    };
    let mut keep = |question, facts| {
        let observed_at = jiff::Timestamp::UNIX_EPOCH;
        readings.keep(question, Reading { answer: Ok(facts), observed_at, took: std::time::Duration::ZERO });
    };
    keep(Question::Pods(US), Facts::Pods(crate::runbook::fact::PodsFacts::default()));
    keep(Question::Probe(US), Facts::Probe(probe(200)));
    keep(Question::Probe(EU), Facts::Probe(probe(503)));
    let idle = nothing_to_do(&case(&profile, &readings)).unwrap();
    assert_eq!(idle.next, Instead::Choose(EU));
    assert_eq!(idle.sentence, "us-east-1 itself is well: it is eu-west-1 that is not");
}
