//! `failback rollout`: the same watch and rules as in the window.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::runbook::fact::{DeploymentFacts, PodsFacts};
use crate::runbook::rollout::{Phase, Rollout, Track, deadline, judge};

use super::cli::TargetArgs;
use super::out::{self, say};
use super::{Stop, interrupted, subject};

pub(super) async fn run(args: TargetArgs) -> Result<u8, Stop> {
    interrupted::tell().await;
    let subject = subject::environment(&args.environment, Some(&args.failed))?;
    let Some(failed) = subject.failed else { return Err(Stop::usage("--failed names no region")) };
    let (sender, snapshots) = mpsc::channel(8);
    let replicas = subject.profile().replicas;
    tokio::select! {
        ended = subject.session.watch_rollout(failed, sender) => {
            let why = ended.err().map_or("the watch ended".to_owned(), |why| why.message);
            Err(Stop::failed(format!("the rollout could not be watched: {why}")))
        }
        code = follow(snapshots, replicas) => Ok(code),
    }
}

async fn follow(mut snapshots: mpsc::Receiver<(DeploymentFacts, PodsFacts)>, replicas: u32) -> u8 {
    let mut track = Track::start(Timestamp::now());
    let mut latest: Option<(DeploymentFacts, PodsFacts)> = None;
    let mut said = String::new();
    loop {
        // A second at most: the deadline passes without a change, too.
        match tokio::time::timeout(Duration::from_secs(1), snapshots.recv()).await {
            Ok(Some(snapshot)) => latest = Some(snapshot),
            // The watch's own end is told by the other branch.
            Ok(None) => std::future::pending().await,
            Err(_) => {}
        }
        let Some((deployment, pods)) = &latest else { continue };
        let now = Timestamp::now();
        track.note(deployment, now);
        let rollout = judge(deployment, pods, replicas, &track, deadline(deployment), now);
        let line = describe(&rollout);
        if line != said {
            say!("{line}");
            said = line;
        }
        match rollout.phase {
            Phase::Done => return 0,
            Phase::Failed(_) => return 1,
            // Whoever waited for it has gone.
            Phase::NotSeen | Phase::Progressing if out::is_closed() => return 1,
            Phase::NotSeen | Phase::Progressing => {}
        }
    }
}

fn describe(rollout: &Rollout) -> String {
    let Rollout { wanted, updated, ready, available, old, .. } = rollout;
    let word = match rollout.phase {
        Phase::Done => "Done",
        Phase::Failed(_) => "Failed",
        Phase::NotSeen | Phase::Progressing => "Waiting",
    };
    let counts = format!("{updated} updated, {ready} ready, {available} available of {wanted}, {old} old");
    format!("{word}: {} ({counts})", rollout.message)
}
