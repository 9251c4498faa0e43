use jiff::{SignedDuration, Timestamp};

use super::super::kinds::{DEPLOYMENTS, EVENTS, NETWORK_PEERS, PODS};
use super::super::object::{items, number, parse_stamp, text};
use super::super::{AwsSide, ClusterSetup, Condition, ready_pods};
use super::*;

fn now() -> Timestamp {
    "2026-06-01T03:00:00Z".parse().unwrap()
}

fn plant_with(condition: Condition) -> State {
    let setup = ClusterSetup {
        region: "us-east-1".to_owned(),
        peer_regions: vec!["eu-west-1".to_owned()],
        host: "us.multi-region.example.com".to_owned(),
        token: "t".to_owned(),
        condition,
        platform_version: "4.11.2".to_owned(),
        replicas: 3,
        values_yaml: "config: {loftHost: multi-region.example.com}".to_owned(),
        seed: 7,
        failing_since: now() - SignedDuration::from_mins(9),
        aws: AwsSide::example(),
    };
    plant(&setup, now()).0
}

fn pods(state: &State) -> Vec<std::sync::Arc<Value>> {
    state.collect(&PODS, Some(READY_POD_NAMESPACE))
}

fn online(state: &State, region: &str) -> Option<bool> {
    state.get(&Key::new(&NETWORK_PEERS, "", region))?.pointer("/status/online")?.as_bool()
}

#[test]
fn each_condition_is_as_its_scenario_says() {
    for (condition, deployed, replicas, pod_count, ready) in [
        (Condition::Healthy, true, 3, 3, 3),
        (Condition::CrashLoop, true, 3, 3, 0),
        (Condition::ScaledToZero, true, 0, 0, 0),
        (Condition::DeploymentMissing, false, 0, 0, 0),
    ] {
        let state = plant_with(condition);
        let deployment = state.get(&Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM));
        assert_eq!(deployment.is_some(), deployed, "{condition:?}");
        assert_eq!(deployment.map_or(0, |it| number(it, "/spec/replicas")), replicas, "{condition:?}");
        assert_eq!(pods(&state).len(), pod_count, "{condition:?}");
        assert_eq!(ready_pods(&state, READY_POD_NAMESPACE), ready, "{condition:?}");
        assert_eq!(online(&state, "us-east-1"), (ready > 0).then_some(true), "{condition:?}");
        assert_eq!(online(&state, "eu-west-1"), Some(true), "{condition:?}");
        assert_eq!(state.list(&PODS, Some("vcluster-agent")).count(), 1, "{condition:?}");
        let release = Key::new(&SECRETS, READY_POD_NAMESPACE, "sh.helm.release.v1.loft.v1");
        assert!(state.get(&release).is_some(), "{condition:?}");
    }
}

#[test]
fn a_crash_loop_has_a_past_that_agrees_with_itself() {
    let state = plant_with(Condition::CrashLoop);
    let failing_since = now() - SignedDuration::from_mins(9);
    for pod in pods(&state) {
        let status = &items(&pod, "/status/containerStatuses")[0];
        assert_eq!(text(status, "/state/waiting/reason"), "CrashLoopBackOff");
        let restarts = number(status, "/restartCount");
        assert!((4..=8).contains(&restarts), "{restarts} restarts in nine minutes");
        let finished = parse_stamp(text(status, "/lastState/terminated/finishedAt")).unwrap();
        assert!(finished > failing_since && finished <= now());
        assert!(parse_stamp(text(&pod, "/metadata/creationTimestamp")).unwrap() < failing_since);
    }
    let back_offs = state.list(&EVENTS, None).filter(|event| text(event, "/reason") == "BackOff").count();
    assert_eq!(back_offs, 3);
}

#[test]
fn the_same_seed_makes_the_same_names() {
    let names = || {
        pods(&plant_with(Condition::Healthy))
            .iter()
            .map(|pod| object::name(pod).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), names());
}
