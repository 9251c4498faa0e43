use super::*;
use crate::app::model::{ScenarioCard, Screen};
use crate::environment::Saved;
use crate::runbook::profile::testing::profile;

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn listing(names: &[&str]) -> Listing {
    let saved = |name: &&str| {
        let profile = Profile { name: (*name).to_owned(), ..profile() };
        Saved { name: (*name).to_owned(), path: format!("/e/{name}.toml").into(), profile }
    };
    Listing { environments: names.iter().map(saved).collect(), problems: Vec::new() }
}

fn kinds(jobs: &[Job]) -> (usize, usize, usize) {
    let count = |kind: fn(&Job) -> bool| jobs.iter().filter(|job| kind(job)).count();
    (
        count(|job| matches!(job, Job::Open { .. })),
        count(|job| matches!(job, Job::Observe { .. })),
        count(|job| matches!(job, Job::Close { .. })),
    )
}

#[test]
fn each_environment_has_a_card_that_asks_its_health_checks() {
    let mut model = Model::new(Vec::new());
    let jobs = listed(&mut model, listing(&["a", "b"]), now());
    assert_eq!(kinds(&jobs), (2, 4, 0));
    // What stays the same keeps its session; what is gone or changed ends.
    let jobs = listed(&mut model, listing(&["b", "c"]), now());
    assert_eq!(kinds(&jobs), (1, 2, 1));
    let mut changed = listing(&["b", "c"]);
    changed.environments[0].profile.replicas = 5;
    assert_eq!(kinds(&listed(&mut model, changed, now())), (1, 2, 1));
}

#[test]
fn a_card_is_not_asked_twice_at_once() {
    let mut model = Model::new(Vec::new());
    listed(&mut model, listing(&["a"]), now());
    assert!(update(&mut model, StartMsg::CheckAgain("a".to_owned()), now()).is_empty());
}

#[test]
fn opening_editing_and_deleting() {
    let mut model = Model::new(Vec::new());
    listed(&mut model, listing(&["a"]), now());
    assert!(update(&mut model, StartMsg::Open("gone".to_owned()), now()).is_empty());
    update(&mut model, StartMsg::Delete("a".to_owned()), now());
    assert_eq!(model.dialog, Some(Dialog::Delete { name: "a".to_owned() }));
    update(&mut model, StartMsg::Edit("a".to_owned()), now());
    assert_eq!(model.screen, Screen::Form);
    assert_eq!(model.form.as_ref().unwrap().original.as_deref(), Some("a"));
    update(&mut model, StartMsg::Open("a".to_owned()), now());
    assert_eq!(model.run.as_ref().unwrap().profile.name, "a");
}

#[test]
fn one_practice_world_starts_at_a_time() {
    let card = |id: &str| ScenarioCard {
        id: id.to_owned(),
        title: id.to_owned(),
        summary: String::new(),
        about: String::new(),
    };
    let mut model = Model::new(vec![card("one"), card("two")]);
    assert!(update(&mut model, StartMsg::Practise("none".to_owned()), now()).is_empty());
    assert_eq!(update(&mut model, StartMsg::Practise("one".to_owned()), now()).len(), 1);
    assert!(update(&mut model, StartMsg::Practise("two".to_owned()), now()).is_empty());
}
