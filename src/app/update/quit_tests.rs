//! Closing the window, and leaving a run, while an action runs.

use jiff::Timestamp;

use crate::app::model::{Dialog, Model};
use crate::app::msg::{Msg, RestoreMsg, RunMsg};
use crate::app::update::tests::{diagnosed, now, run_of};
use crate::app::update::{run, update};
use crate::engine::event::{Event, GoingOn};
use crate::engine::job::{Job, SessionId};
use crate::journal::{Happening, ReadBack};
use crate::runbook::action::{ActionKind, ActionOutcome};
use crate::runbook::interrupted::Interrupted;
use crate::runbook::step::Step;

fn acting() -> Model {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
    assert!(run_of(&model).restore.running.is_some());
    model
}

fn told(model: &mut Model, event: Event, at: Timestamp) -> Vec<Job> {
    update(model, Msg::Engine(Box::new(event)), at)
}

fn outcome() -> ActionOutcome {
    ActionOutcome::Cancelled { message: "helm was stopped".to_owned(), unchanged: false }
}

/// The last jobs: the run's end in its journal, then everything on disk.
fn finishes(jobs: &[Job]) -> bool {
    let closed = jobs.iter().position(
        |job| matches!(job, Job::Note { entry, .. } if matches!(entry.happening, Happening::Closed { .. })),
    );
    let finish = jobs.iter().position(|job| matches!(job, Job::Finish));
    closed.is_some() && closed < finish
}

#[test]
fn the_window_stays_until_the_stopped_action_s_outcome_is_on_disk() {
    for asks in [true, false] {
        let mut model = acting();
        let session = run_of(&model).session;
        let jobs = if asks {
            assert!(update(&mut model, Msg::CloseRequested, now()).is_empty());
            assert_eq!(model.dialog, Some(Dialog::LeaveWhileRunning { quit: true }));
            update(&mut model, Msg::Dialog(true), now())
        } else {
            told(&mut model, Event::EndRequested, now())
        };
        assert!(matches!(jobs.as_slice(), [Job::CancelAction { session: of }] if *of == session), "{jobs:?}");
        assert!(!model.quit && run_of(&model).restore.running.as_ref().unwrap().cancelling);
        // Whoever asks again changes nothing.
        assert!(update(&mut model, Msg::CloseRequested, now()).is_empty() && model.dialog.is_none());
        let jobs = told(&mut model, Event::ActionEnded { session, outcome: outcome() }, now());
        assert!(finishes(&jobs), "{jobs:?}");
        assert!(!model.quit, "what was said goes to the disk first");
        told(&mut model, Event::Finished, now());
        assert!(model.quit);
    }
}

#[test]
fn an_outcome_that_does_not_come_and_an_engine_that_does_not_answer_keep_nobody_for_ever() {
    let mut model = acting();
    told(&mut model, Event::EndRequested, now());
    let after = |secs| now() + std::time::Duration::from_secs(secs);
    let jobs = update(&mut model, Msg::Tick, after(10));
    assert!(!jobs.iter().any(|job| matches!(job, Job::Finish)));
    let jobs = update(&mut model, Msg::Tick, after(20));
    assert!(finishes(&jobs) && !model.quit, "{jobs:?}");
    update(&mut model, Msg::Tick, after(50));
    assert!(model.quit);
}

#[test]
fn without_an_action_the_run_is_closed_in_its_journal_before_the_window_goes() {
    let mut model = diagnosed();
    let jobs = update(&mut model, Msg::CloseRequested, now());
    assert!(finishes(&jobs) && !model.quit && model.dialog.is_none(), "{jobs:?}");
    told(&mut model, Event::Finished, now());
    assert!(model.quit);
}

#[test]
fn an_action_whose_run_was_left_is_asked_about_and_told_when_it_ends() {
    let mut model = acting();
    let session = run_of(&model).session;
    update(&mut model, Msg::Run(RunMsg::Leave), now());
    update(&mut model, Msg::Dialog(true), now());
    assert!(model.run.is_none());
    update(&mut model, Msg::CloseRequested, now());
    assert_eq!(model.dialog, Some(Dialog::LeaveWhileRunning { quit: true }));
    update(&mut model, Msg::Dialog(false), now());
    told(&mut model, Event::ActionEnded { session, outcome: outcome() }, now());
    let notice = model.notice.as_ref().unwrap();
    assert!(notice.bad && notice.text.starts_with("Scaling of us-east-1"), "{}", notice.text);
    update(&mut model, Msg::CloseRequested, now());
    assert!(model.dialog.is_none(), "nothing runs any more");
}

#[test]
fn a_run_that_is_opened_again_shows_what_goes_on_and_starts_nothing_beside_it() {
    let mut model = acting();
    let profile = run_of(&model).profile.clone();
    update(&mut model, Msg::Run(RunMsg::Leave), now());
    update(&mut model, Msg::Dialog(true), now());
    run::open(&mut model, profile, now());
    let session = run_of(&model).session;
    let going = GoingOn {
        kind: ActionKind::Scale,
        region: "us-east-1".to_owned(),
        started_at: now(),
        is_cancelling: false,
        lines: vec!["a line".to_owned()],
    };
    let of = |session| Event::ActionGoesOn { session, going: Box::new(going.clone()) };
    told(&mut model, of(SessionId(999)), now());
    assert!(run_of(&model).restore.running.is_none(), "another session's");
    told(&mut model, of(session), now());
    let run = run_of(&model);
    assert_eq!((run.step, run.restore.output.as_slice()), (Step::Restore, &["a line".to_owned()][..]));
    assert!(run.restore.running.is_some() && model.left_running.is_empty());
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    assert!(update(&mut model, Msg::Restore(RestoreMsg::Confirm), now()).is_empty());
    told(&mut model, Event::ActionEnded { session, outcome: outcome() }, now());
    assert!(run_of(&model).restore.running.is_none());
}

#[test]
fn an_interrupted_action_is_told_in_a_run_of_its_environment() {
    let mut model = diagnosed();
    let of = |environment: &str| Interrupted {
        environment: environment.to_owned(),
        action: "restart".to_owned(),
        region: "us-east-1".to_owned(),
        context: "us".to_owned(),
        at: now(),
        run: "/runs/1".into(),
        intent: 1,
        tool: None,
        alive: None,
        unknown_entries: 0,
    };
    let name = run_of(&model).profile.name.clone();
    let back = |interrupted| Event::LookedBack(ReadBack { interrupted, ..ReadBack::default() });
    told(&mut model, back(vec![of("another")]), now());
    assert!(model.notice.is_none() && run_of(&model).interrupted.is_empty());
    told(&mut model, back(vec![of("another"), of(&name)]), now());
    assert_eq!(run_of(&model).interrupted, [of(&name)]);
    let text = &model.notice.as_ref().unwrap().text;
    assert!(
        text.contains("restart of us-east-1 was sent at") && text.contains("look before you repeat it"),
        "{text}"
    );
}
