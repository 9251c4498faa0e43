use std::time::Duration;

use jiff::Timestamp;

use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Strength, rank};
use crate::runbook::fact::{
    ClusterFacts, Container, ContainerLog, Deployment, DeploymentFacts, Facts, LogLine, LogsFacts, Pod,
    PodsFacts, Terminated,
};
use crate::runbook::profile::{RegionIndex, testing::profile};
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::verdict::{Why, WhyKind};

const FAILED: RegionIndex = RegionIndex(0);

fn readings(answers: Vec<(Question, Result<Facts, Why>)>) -> Readings {
    let mut readings = Readings::default();
    for (question, answer) in answers {
        readings.keep(question, Reading { answer, observed_at: Timestamp::UNIX_EPOCH, took: Duration::ZERO });
    }
    readings
}

fn ids(readings: &Readings) -> Vec<&'static str> {
    let profile = profile();
    let case = Case { profile: &profile, failed: FAILED, readings, now: Timestamp::UNIX_EPOCH };
    rank(&case).iter().map(|assessment| assessment.id).collect()
}

fn deployment(wanted: i32) -> Facts {
    Facts::Deployment(DeploymentFacts::Found(Box::new(Deployment {
        replicas_wanted: wanted,
        ..Deployment::default()
    })))
}

fn crashing(reason: &str) -> Facts {
    let container = Container {
        name: "manager".to_owned(),
        restarts: 5,
        waiting_reason: Some("CrashLoopBackOff".to_owned()),
        last_terminated: Some(Terminated { reason: reason.to_owned(), exit_code: 2, finished_at: None }),
        ..Container::default()
    };
    let pod = Pod { name: "loft-1".to_owned(), containers: vec![container], ..Pod::default() };
    Facts::Pods(PodsFacts { pods: vec![pod] })
}

fn log(line: &str) -> Facts {
    let line = LogLine { at: None, text: line.to_owned() };
    Facts::Logs(LogsFacts {
        logs: vec![ContainerLog {
            pod: "loft-1".to_owned(),
            container: "manager".to_owned(),
            current: Ok(Vec::new()),
            previous: Some(Ok(vec![line])),
        }],
    })
}

fn cluster_up() -> (Question, Result<Facts, Why>) {
    (Question::Cluster(FAILED), Ok(Facts::Cluster(ClusterFacts { version: "v1.36.0".to_owned() })))
}

#[test]
fn each_cause_is_told_by_its_facts() {
    let none: Vec<&str> = Vec::new();
    let pods = |facts| (Question::Pods(FAILED), Ok(facts));
    let no_pods = || pods(Facts::Pods(PodsFacts::default()));
    let deploy = |facts| (Question::Deployment(FAILED), Ok(facts));
    assert_eq!(ids(&readings(vec![])), none);
    assert_eq!(ids(&readings(vec![cluster_up(), deploy(deployment(3))])), none);
    assert_eq!(ids(&readings(vec![cluster_up(), deploy(deployment(0)), no_pods()])), ["scaled-to-zero"]);
    let missing = Facts::Deployment(DeploymentFacts::Missing);
    assert_eq!(ids(&readings(vec![cluster_up(), deploy(missing), no_pods()])), ["deployment-missing"]);
    assert_eq!(
        ids(&readings(vec![cluster_up(), deploy(deployment(3)), pods(crashing("Error"))])),
        ["crash-loop"]
    );
    let lost = |kind| (Question::Cluster(FAILED), Err(Why::new(kind, "no answer within 5 s")));
    assert_eq!(ids(&readings(vec![lost(WhyKind::Timeout)])), ["cluster-unreachable"]);
    assert_eq!(
        ids(&readings(vec![lost(WhyKind::Unauthenticated)])),
        none,
        "our sign-in says nothing of the cluster"
    );
    assert_eq!(ids(&readings(vec![lost(WhyKind::Forbidden)])), none);
}

#[test]
fn a_crash_with_a_known_cause_is_only_possible() {
    let of = |pods, line| {
        let readings =
            readings(vec![(Question::Pods(FAILED), Ok(pods)), (Question::Logs(FAILED), Ok(log(line)))]);
        let profile = profile();
        let case =
            Case { profile: &profile, failed: FAILED, readings: &readings, now: Timestamp::UNIX_EPOCH };
        let first = rank(&case).remove(0);
        (first.strength, first.evidence_against.len(), first.advice)
    };
    let restart = Some(Advice::Restart);
    assert_eq!(of(crashing("Error"), "panic: nil pointer"), (Strength::Likely, 0, restart));
    let database = "Failed to ping database connection: dial tcp 10.1.0.12:3306: i/o timeout";
    assert_eq!(of(crashing("Error"), database), (Strength::Possible, 1, restart));
    assert_eq!(of(crashing("OOMKilled"), "starting"), (Strength::Possible, 1, restart));
}
