use super::*;
use crate::app::model::{ScenarioCard, Screen};
use crate::engine::job::SessionId;
use crate::environment::Saved;
use crate::runbook::profile::{RegionIndex, testing::profile};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn model() -> Model {
    let scenario = |id: &str| ScenarioCard {
        id: id.to_owned(),
        title: format!("Title of {id}"),
        summary: String::new(),
        about: String::new(),
    };
    Model::new(vec![scenario("crash-loop"), scenario("false-alarm")])
}

fn environment(name: &str) -> Saved {
    let profile = Profile { name: name.to_owned(), ..profile() };
    Saved { name: name.to_owned(), path: format!("{name}.toml").into(), profile }
}

fn listing(environments: &[Saved]) -> Listing {
    Listing { environments: environments.to_vec(), problems: Vec::new() }
}

/// The jobs in words: what, and of which session.
fn words(jobs: &[Job]) -> Vec<String> {
    let word = |job: &Job| match job {
        Job::Open { session, profile } => format!("open {} {}", session.0, profile.name),
        Job::Close { session } => format!("close {}", session.0),
        Job::Observe { session, question: Question::HealthCheck(region), generation } => {
            format!("ask {} region {} generation {generation}", session.0, region.0)
        }
        other => format!("{other:?}"),
    };
    jobs.iter().map(word).collect()
}

#[test]
fn each_environment_gets_a_card_that_asks_its_health_checks() {
    let mut model = model();
    let jobs = listed(&mut model, listing(&[environment("a"), environment("b")]), NOW);
    let expected = [
        "open 1 a",
        "ask 1 region 0 generation 1",
        "ask 1 region 1 generation 1",
        "open 2 b",
        "ask 2 region 0 generation 1",
        "ask 2 region 1 generation 1",
    ];
    assert_eq!(words(&jobs), expected);
    assert_eq!(model.start.cards["b"].session, SessionId(2));
    assert!(model.start.cards["a"].is_asking());
}

#[test]
fn a_card_stays_while_its_environment_does_and_is_closed_when_it_changes_or_goes() {
    let mut model = model();
    listed(&mut model, listing(&[environment("a"), environment("b"), environment("c")]), NOW);
    let mut changed = environment("b");
    changed.profile.replicas = 5;
    let jobs = listed(&mut model, listing(&[environment("a"), changed]), NOW);
    let expected =
        ["close 2", "open 4 b", "ask 4 region 0 generation 1", "ask 4 region 1 generation 1", "close 3"];
    assert_eq!(words(&jobs), expected);
    let sessions: Vec<u64> = model.start.cards.values().map(|card| card.session.0).collect();
    assert_eq!(sessions, [1, 4]);
}

#[test]
fn checking_again_asks_only_what_is_not_being_asked() {
    let mut model = model();
    listed(&mut model, listing(&[environment("a")]), NOW);
    let again = |model: &mut Model| words(&update(model, StartMsg::CheckAgain("a".to_owned()), NOW));
    assert_eq!(again(&mut model), [""; 0]);
    let card = model.start.cards.get_mut("a").unwrap();
    let reading = crate::runbook::question::Reading {
        answer: Err(crate::runbook::verdict::Why::new(crate::runbook::verdict::WhyKind::Timeout, "late")),
        observed_at: NOW,
        took: std::time::Duration::ZERO,
    };
    assert!(card.readings.answered(Question::HealthCheck(RegionIndex(1)), 1, reading));
    assert_eq!(again(&mut model), ["ask 1 region 1 generation 2"]);
    assert_eq!(words(&update(&mut model, StartMsg::CheckAgain("gone".to_owned()), NOW)), [""; 0]);
}

#[test]
fn one_practice_world_starts_at_a_time() {
    let mut model = model();
    let start = |model: &mut Model, id: &str| update(model, StartMsg::Practise(id.to_owned()), NOW);
    assert!(start(&mut model, "no-such").is_empty());
    let jobs = start(&mut model, "crash-loop");
    assert!(
        matches!(&jobs[..], [Job::StartPractice { session: SessionId(1), scenario }] if scenario == "crash-loop")
    );
    assert_eq!(model.start.starting.as_deref(), Some("Title of crash-loop"));
    assert!(start(&mut model, "false-alarm").is_empty());
}

#[test]
fn editing_opens_the_form_with_what_is_saved_and_a_new_one_is_empty() {
    let mut model = model();
    listed(&mut model, listing(&[environment("a")]), NOW);
    let jobs = update(&mut model, StartMsg::Edit("a".to_owned()), NOW);
    let [Job::ListContexts { kubeconfig: None }, Job::ListAwsProfiles { .. }, rest @ ..] = &jobs[..] else {
        panic!("{jobs:?}")
    };
    // the cards have sessions 1, the form the next one
    assert!(matches!(rest[0], Job::Open { session: SessionId(2), .. }), "{rest:?}");
    let form = model.form.as_ref().unwrap();
    assert_eq!((form.original.as_deref(), form.draft.name.as_str()), (Some("a"), "a"));
    assert!(!form.is_changed());
    assert_eq!(model.screen, Screen::Form);

    update(&mut model, StartMsg::New, NOW);
    let form = model.form.as_ref().unwrap();
    assert_eq!((form.original.as_deref(), &form.draft), (None, &Draft::default()));
}

#[test]
fn deleting_asks_first() {
    let mut model = model();
    assert!(update(&mut model, StartMsg::Delete("a".to_owned()), NOW).is_empty());
    assert_eq!(model.dialog, Some(Dialog::Delete { name: "a".to_owned() }));
}

#[test]
fn opening_begins_a_run_of_the_environment() {
    let mut model = model();
    listed(&mut model, listing(&[environment("a"), environment("b")]), NOW);
    update(&mut model, StartMsg::Open("b".to_owned()), NOW);
    assert_eq!(model.run.as_ref().map(|run| run.profile.name.as_str()), Some("b"));
}

#[test]
fn an_environment_that_is_gone_is_neither_opened_nor_edited() {
    let mut model = model();
    for msg in [StartMsg::Open("gone".to_owned()), StartMsg::Edit("gone".to_owned())] {
        assert!(update(&mut model, msg, NOW).is_empty());
        assert_eq!(model.screen, Screen::Start);
    }
}
