//! A world that misbehaves: whatever a peer does, each check ends in time with words to act on, nothing is
//! taken for good or bad that was not read, and no way to a change opens.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::unused_async,
    reason = "helpers of tests, which clippy takes for the program"
)]

mod beside;
#[cfg(target_os = "linux")]
#[path = "../support/environment.rs"]
mod environment;
mod machine;
mod memory;
mod place;
mod preview;
mod server;
mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use failback::runbook::fact::{Facts, HelmFacts, ToolsFacts, VclusterFacts};
use failback::runbook::question::{Question, Reading, Readings};
use failback::runbook::steps;
use place::Place;
use server::{WAYS, Way};

/// Of each question, where only the deadline ends it.
const SHORT: Duration = Duration::from_secs(1);
/// Of each question, where an answer ends it, on a busy machine too.
const LONG: Duration = Duration::from_secs(30);
/// Longer than anything here may take: what hangs has to fail.
const PATIENCE: Duration = Duration::from_mins(2);

/// Every question of every step, whichever region failed.
fn questions(place: &Place) -> Vec<Question> {
    let profile = place.session.profile();
    let all: BTreeSet<Question> = profile
        .indices()
        .flat_map(|failed| table::STEPS.map(|step| steps::questions(profile, failed, step)))
        .flatten()
        .collect();
    all.into_iter().filter(|question| *question != Question::Tools).collect()
}

/// Programs that are there, so that no plan is refused for the want of them.
fn tools() -> Reading<Facts> {
    let flags = ["--context", "--no-wait"].map(str::to_owned).to_vec();
    let tools = ToolsFacts {
        helm: Ok(HelmFacts { path: "/opt/helm".into(), version: "v4.3.1".to_owned() }),
        vcluster: Ok(VclusterFacts { path: "/opt/vcluster".into(), version: "0.34.0".to_owned(), flags }),
        kubectl: Some("/opt/kubectl".into()),
    };
    let (observed_at, took) = (jiff::Timestamp::now(), Duration::ZERO);
    Reading { answer: Ok(Facts::Tools(tools)), observed_at, took }
}

async fn faults_of(way: Way) -> Vec<String> {
    let place = place::everything(way, if way.never_ends() { SHORT } else { LONG }).await;
    let mut readings = Readings::default();
    readings.keep(Question::Tools, tools());
    let questions = questions(&place);
    let asking = place.session.observe_all(&questions, &mut readings);
    if tokio::time::timeout(PATIENCE, asking).await.is_err() {
        return vec![format!("{way:?} hangs")];
    }
    table::faults(way, &place, &readings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_every_peer_does_each_check_says_so_and_no_way_to_a_change_opens() {
    let mut faults = Vec::new();
    for way in WAYS {
        let start = std::time::Instant::now();
        faults.extend(faults_of(way).await);
        println!("{way:?} {:?}", start.elapsed());
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
