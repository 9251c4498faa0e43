//! What a plan would change is read while it is open, once for what it stands on, and nobody waits for it.

use super::recovery::restoring;
use super::*;
use crate::runbook::fact::PreviewFacts;
use crate::runbook::steps::restore::preview::{Told, told};

fn previews(jobs: &[Job]) -> Vec<(ActionKind, u64)> {
    let preview = |job: &Job| match job {
        Job::Preview { question: Question::Preview(_, kind), generation, .. } => Some((*kind, *generation)),
        _ => None,
    };
    jobs.iter().filter_map(preview).collect()
}

fn at(seconds: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(seconds)
}

/// All that the plan stands on, as it was, at a later moment.
fn read_again(model: &mut Model, seconds: i64) {
    let run = model.run.as_mut().unwrap();
    for question in run.outdated(at(seconds)) {
        let reading = run.readings.latest(question).unwrap().clone();
        run.readings.keep(question, Reading { observed_at: at(seconds), ..reading });
    }
}

fn facts_of(model: &Model) -> Facts {
    let plan = run_of(model).selected_plan(now()).unwrap();
    Facts::Preview(PreviewFacts { basis: plan.basis().to_owned(), unchanged: 4, ..PreviewFacts::default() })
}

#[test]
fn the_open_plan_is_looked_ahead_of_once_and_again_when_it_stands_on_something_else() {
    let mut model = diagnosed();
    assert!(previews(&update(&mut model, Msg::Tick, at(1))).is_empty(), "no plan is on the screen");
    let mut jobs = update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    jobs.extend(update(&mut model, Msg::Tick, at(1)));
    assert_eq!(previews(&jobs).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [ActionKind::Scale]);
    assert!(previews(&update(&mut model, Msg::Tick, at(2))).is_empty(), "it is on its way");
    let question = Question::Preview(US, ActionKind::Scale);
    let facts = facts_of(&model);
    answer(&mut model, question, facts);
    assert!(previews(&update(&mut model, Msg::Tick, at(40))).is_empty(), "it is of now");
    let run = run_of(&model);
    let plan = run.selected_plan(now()).unwrap();
    assert!(matches!(told(&run.readings, US, &plan), Told::Known { of_now: true, .. }));

    // Somebody scaled it meanwhile.
    update(&mut model, Msg::Run(RunMsg::Refresh(Question::Deployment(US))), now());
    let jobs = answer(&mut model, Question::Deployment(US), deployment(1));
    assert_eq!(previews(&jobs).len(), 1, "{jobs:?}");
    let run = run_of(&model);
    let plan = run.selected_plan(now()).unwrap();
    assert_eq!(told(&run.readings, US, &plan), Told::Reading, "what was read is of another plan");
}

#[test]
fn an_answer_that_is_old_lost_or_failed_is_asked_for_again() {
    let mut model = restoring();
    update(&mut model, Msg::Tick, now());
    let question = Question::Preview(US, ActionKind::Scale);
    let again = |model: &mut Model, seconds| previews(&update(model, Msg::Tick, at(seconds))).len();
    read_again(&mut model, 119);
    assert_eq!(again(&mut model, 119), 0);
    read_again(&mut model, 121);
    assert_eq!(again(&mut model, 121), 1, "it was lost");
    let facts = facts_of(&model);
    answer(&mut model, question, facts);
    read_again(&mut model, 299);
    assert_eq!(again(&mut model, 299), 0);
    read_again(&mut model, 301);
    assert_eq!(again(&mut model, 301), 1, "it is old");
    let mut model = restoring();
    update(&mut model, Msg::Tick, now());
    let run = run_of(&model);
    let generation = run.readings.slot(question).unwrap().generation;
    let answer = Err(Why::new(WhyKind::Tool, "helm's dry run failed"));
    let reading = Box::new(Reading { answer, observed_at: now(), took: Duration::ZERO });
    let event = Event::Observed { session: run.session, question, generation, reading };
    assert!(previews(&update(&mut model, Msg::Engine(Box::new(event)), now())).is_empty());
    assert_eq!(again(&mut model, 29), 0);
    assert_eq!(again(&mut model, 31), 1, "a failed one is tried again");
}

#[test]
fn a_confirmation_does_not_wait_for_it() {
    for known in [false, true] {
        let mut model = restoring();
        update(&mut model, Msg::Tick, now());
        if known {
            let facts = facts_of(&model);
            answer(&mut model, Question::Preview(US, ActionKind::Scale), facts);
        }
        update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
        let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
        assert!(jobs.iter().any(|job| matches!(job, Job::Apply { .. })), "{known}: {jobs:?}");
        assert!(
            previews(&update(&mut model, Msg::Tick, at(1))).is_empty(),
            "nothing is tried beside an action"
        );
    }
}

#[test]
fn what_is_in_the_way_is_not_tried_and_no_other_region_is() {
    let mut model = restoring();
    update(&mut model, Msg::Tick, now());
    // The Deployment wants as many as it should: nothing to scale.
    update(&mut model, Msg::Run(RunMsg::Refresh(Question::Deployment(US))), now());
    let jobs = answer(&mut model, Question::Deployment(US), deployment(3));
    assert!(previews(&jobs).is_empty(), "{jobs:?}");
    // The healthy region, taken for the failed one.
    update(&mut model, Msg::Run(RunMsg::Choose(EU)), now());
    answer(&mut model, Question::HealthCheck(EU), health(true));
    answer(&mut model, Question::HealthCheck(US), health(false));
    answer(&mut model, Question::Deployment(EU), deployment(0));
    answer(&mut model, Question::ClusterIdentity(EU), cluster("https://eu", "kube-system-eu"));
    answer(&mut model, Question::ClusterIdentity(US), cluster("https://us", "kube-system-us"));
    let mut jobs = update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    for kind in ActionKind::ALL {
        jobs.extend(update(&mut model, Msg::Restore(RestoreMsg::Select(kind)), now()));
        jobs.extend(update(&mut model, Msg::Tick, at(1)));
    }
    assert!(previews(&jobs).is_empty(), "{jobs:?}");
}

#[test]
fn objects_open_and_close_and_each_plan_keeps_its_own() {
    let mut model = restoring();
    let toggle = |kind| Msg::Restore(RestoreMsg::ToggleChange(kind, "Deployment n/loft".to_owned()));
    let open = |model: &Model| run_of(model).restore.open_changes.len();
    update(&mut model, toggle(ActionKind::Scale), now());
    update(&mut model, toggle(ActionKind::Restart), now());
    assert_eq!(open(&model), 2);
    update(&mut model, toggle(ActionKind::Scale), now());
    assert_eq!(open(&model), 1);
    assert!(run_of(&model).restore.open_changes.iter().all(|(kind, _)| *kind == ActionKind::Restart));
}
