//! Models for the start screen and the form, as the update would make them.

use std::sync::Arc;
use std::time::Duration;

use failback::app::model::{Card, Model, ScenarioCard};
use failback::engine::job::SessionId;
use failback::environment::{Draft, Listing, Problem, RegionDraft, Saved, validate};
use failback::runbook::fact::{Facts, HealthCheckFacts, HealthCheckSettings, Observation};
use failback::runbook::profile::{Profile, RegionIndex};
use failback::runbook::question::{Question, Reading, Readings};
use failback::runbook::verdict::{Why, WhyKind};
use jiff::Timestamp;

pub const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

/// What a region's health check answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Succeed(usize),
    Disabled,
    SignedOut,
    None,
}

pub fn draft(name: &str) -> Draft {
    let region = |region: &str, short: &str, id: &str| RegionDraft {
        name: region.to_owned(),
        context: format!("arn:aws:eks:{region}:123456789012:cluster/platform-multi-region-{region}"),
        health_check_id: id.to_owned(),
        host: format!("{short}.multi-region.example.com"),
        values_file: format!("~/platform/platform-{region}-values.yaml"),
        ..RegionDraft::default()
    };
    Draft {
        name: name.to_owned(),
        shared_host: "multi-region.example.com".to_owned(),
        aws_profile: "prod".to_owned(),
        escalation: "#platform-oncall, +1 555 0100".to_owned(),
        regions: vec![
            region("us-east-1", "us", "3f1c0a52-7d64-4b8e-9a51-0c2d6e8f10a9"),
            region("eu-west-1", "eu", "81d06b3e-2f0a-4c7d-b6e4-5a9c1d7f3b4e"),
        ],
        ..Draft::default()
    }
}

pub fn profile(name: &str) -> Profile {
    validate(&draft(name)).unwrap()
}

fn facts(succeed: usize, disabled: bool) -> Facts {
    let observation = |number: usize| Observation {
        checker_region: "us-west-2".to_owned(),
        ip_address: format!("192.0.2.{number}"),
        status: if number < succeed { "Success: HTTP Status Code 200, OK" } else { "Failure: timed out." }
            .to_owned(),
        checked_at: Some(NOW),
    };
    Facts::HealthCheck(HealthCheckFacts {
        settings: Ok(HealthCheckSettings {
            check_type: "HTTPS".to_owned(),
            path: Some("/healthz".to_owned()),
            disabled,
            ..Default::default()
        }),
        observations: (0..16).map(observation).collect(),
        last_failures: Vec::new(),
    })
}

/// A card that got these answers.
pub fn card(name: &str, answers: [Answer; 2]) -> Card {
    let mut readings = Readings::default();
    for (index, answer) in answers.into_iter().enumerate() {
        let answer = match answer {
            Answer::Succeed(count) => Ok(facts(count, false)),
            Answer::Disabled => Ok(facts(0, true)),
            Answer::SignedOut => {
                let why = Why::new(WhyKind::Unauthenticated, "The AWS sign-in for profile prod has expired");
                Err(why.remedy("Run aws sso login --profile prod, then check again"))
            }
            Answer::None => {
                readings.asked(Question::HealthCheck(RegionIndex(index)), NOW);
                continue;
            }
        };
        let reading = Reading { answer, observed_at: NOW, took: Duration::from_millis(80) };
        readings.keep(Question::HealthCheck(RegionIndex(index)), reading);
    }
    Card { session: SessionId(1), profile: Arc::new(profile(name)), readings }
}

/// The start screen with these environments.
pub fn start(environments: &[(&str, [Answer; 2])]) -> Model {
    let scenario = |id: &str, title: &str, summary: &str, about: &str| ScenarioCard {
        id: id.to_owned(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        about: about.to_owned(),
    };
    let mut model = Model::new(vec![
        scenario(
            "scaled-to-zero",
            "Scaled to zero",
            "us-east-1 answers 503: the load balancer has nowhere to send requests",
            "Find a Deployment without replicas and scale it up · about 5 minutes",
        ),
        scenario(
            "crash-loop",
            "Crash loop",
            "us-east-1 answers 503: its pods start and die again and again",
            "Read previous logs and restart the Deployment · about 6 minutes",
        ),
        scenario(
            "deployment-missing",
            "Deployment missing",
            "us-east-1 answers 503: nothing of the platform runs there",
            "Re-apply the values file with the right version · about 8 minutes",
        ),
        scenario(
            "cluster-unreachable",
            "Cluster unreachable",
            "us-east-1 does not answer at all, nor does its Kubernetes API",
            "Tell an outage from your own network, hand over, verify · about 6 minutes",
        ),
        scenario(
            "false-alarm",
            "False alarm",
            "Somebody reported us-east-1 down: is it?",
            "Recognise a false alarm and change nothing · about 2 minutes",
        ),
    ]);
    let saved = |(name, _): &(&str, [Answer; 2])| Saved {
        name: (*name).to_owned(),
        path: format!("/config/environments/{name}.toml").into(),
        profile: profile(name),
    };
    model.start.cards =
        environments.iter().map(|(name, answers)| ((*name).to_owned(), card(name, *answers))).collect();
    model.start.listing =
        Some(Listing { environments: environments.iter().map(saved).collect(), problems: Vec::new() });
    model
}

/// A file that could not be loaded.
pub fn problem() -> Problem {
    Problem {
        path: "/config/environments/old.toml".into(),
        message: "line 7: unknown key “replica”".to_owned(),
        remedy: "Correct the file, or move it out of the folder.".to_owned(),
    }
}
