//! Notes, what was done by hand, the time box, and what a practice run came to.

use jiff::SignedDuration;

use super::recovery::restoring;
use super::*;
use crate::app::model::{Dialog, MOMENTS_A_PAGE, NOTE_CHARS, PASTED_BYTES};
use crate::app::msg::TimelineMsg;
use crate::engine::event::PracticeWorld;
use crate::journal::{Entry, Happening};
use crate::runbook::timebox;

fn happenings(jobs: &[Job]) -> Vec<Happening> {
    let noted = |job: &Job| match job {
        Job::Note { entry, .. } => Some(entry.happening.clone()),
        _ => None,
    };
    jobs.iter().filter_map(noted).collect()
}

/// What was noted goes to disk, and comes back from there.
fn write(model: &mut Model, jobs: &[Job]) {
    let session = run_of(model).session;
    let entries: Vec<Entry> = jobs
        .iter()
        .filter_map(|job| match job {
            Job::Note { entry, .. } => Some(entry.clone()),
            _ => None,
        })
        .collect();
    update(model, Msg::Engine(Box::new(Event::Journaled { session, entries })), now());
}

fn after(secs: i64) -> Timestamp {
    now() + SignedDuration::from_secs(secs)
}

/// The entries that a moment this long after the beginning leads to, which go to disk.
fn ticked(model: &mut Model, secs: i64) -> Vec<Happening> {
    let jobs = update(model, Msg::Tick, after(secs));
    write(model, &jobs);
    happenings(&jobs)
}

/// A run whose region is failing; its entries so far are on disk.
fn failing() -> Model {
    let (mut model, jobs) = opened();
    write(&mut model, &jobs);
    for (region, healthy) in [(EU, true), (US, false)] {
        let jobs = answer(&mut model, Question::HealthCheck(region), health(healthy));
        write(&mut model, &jobs);
    }
    model
}

fn overdue(step: Step, usual_secs: u64) -> Vec<Happening> {
    vec![Happening::Overdue { step, usual_secs }]
}

#[test]
fn a_step_that_takes_longer_than_usual_is_told_once() {
    let mut model = failing();
    assert_eq!(ticked(&mut model, 300), []);
    assert_eq!(ticked(&mut model, 301), overdue(Step::Confirm, 300));
    assert_eq!(ticked(&mut model, 302), []);
    assert!(run_of(&model).overdue(after(302)).is_some_and(|overdue| overdue.told));
    // The next step has a time of its own.
    let jobs = update(&mut model, Msg::Run(RunMsg::Show(Step::Diagnose)), after(310));
    write(&mut model, &jobs);
    assert_eq!(ticked(&mut model, 900), []);
    assert_eq!(ticked(&mut model, 911), overdue(Step::Diagnose, 600));
    // A look back is no new beginning.
    let jobs = update(&mut model, Msg::Run(RunMsg::Show(Step::Confirm)), after(920));
    write(&mut model, &jobs);
    assert_eq!(run_of(&model).overdue(after(920)).map(|overdue| overdue.step), Some(Step::Diagnose));
    // A clock that was set back tells nothing.
    assert!(run_of(&model).overdue(after(-4_000)).is_none());
}

#[test]
fn while_the_journal_is_slow_it_is_noted_once_all_the_same() {
    let mut model = failing();
    assert_eq!(happenings(&update(&mut model, Msg::Tick, after(301))).len(), 1);
    assert_eq!(happenings(&update(&mut model, Msg::Tick, after(302))).len(), 0);
}

#[test]
fn nobody_is_hurried_where_nothing_fails_or_where_the_region_has_recovered() {
    let (mut model, jobs) = opened();
    write(&mut model, &jobs);
    for region in [US, EU] {
        let jobs = answer(&mut model, Question::HealthCheck(region), health(true));
        write(&mut model, &jobs);
    }
    let run = model.run.as_mut().unwrap();
    run.failed = Some(US);
    assert!(run.overdue(after(4_000)).is_none(), "nothing fails");
    let mut model = failing();
    assert!(run_of(&model).overdue(after(4_000)).is_some());
    let session = run_of(&model).session;
    let entries = vec![Entry { at: after(10), happening: Happening::Recovered }];
    update(&mut model, Msg::Engine(Box::new(Event::Journaled { session, entries })), now());
    assert!(run_of(&model).overdue(after(4_000)).is_none(), "it has recovered");
}

#[test]
fn another_failed_region_and_changed_variables_begin_anew() {
    let mut model = failing();
    for msg in [RunMsg::Show(Step::Diagnose), RunMsg::Choose(EU)] {
        let jobs = update(&mut model, Msg::Run(msg), after(250));
        write(&mut model, &jobs);
    }
    let due = run_of(&model).record.due.unwrap();
    assert_eq!((due.step, due.since), (Step::Confirm, after(250)));
    let jobs = run::environment_changed(&mut model, Arc::new(profile()), after(500));
    write(&mut model, &jobs);
    assert_eq!(run_of(&model).record.due.unwrap().since, after(500));
}

/// A practice run at this speed.
fn practice(speed: f64) -> Model {
    let mut model = Model::new(Vec::new());
    let world = PracticeWorld {
        scenario: "scaled-to-zero".to_owned(),
        title: "Scaled to zero".to_owned(),
        speed,
        repaired_by_others: false,
        profile: Arc::new(profile()),
        told_region: profile().regions[0].name.clone(),
    };
    let session = model.new_session();
    let event = Event::PracticeStarted { session, world: Ok(world) };
    let jobs = update(&mut model, Msg::Engine(Box::new(event)), now());
    write(&mut model, &jobs);
    model
}

#[test]
fn in_practice_a_quicker_world_makes_shorter_times_but_nobody_reads_faster() {
    for (speed, usual) in [(1.0, 300), (5.0, 60), (60.0, timebox::LEAST.as_secs())] {
        let mut model = practice(speed);
        answer(&mut model, Question::HealthCheck(EU), health(true));
        answer(&mut model, Question::HealthCheck(US), health(false));
        let secs = i64::try_from(usual).unwrap();
        assert!(run_of(&model).overdue(after(secs)).is_none(), "× {speed}");
        let overdue = run_of(&model).overdue(after(secs + 1)).unwrap();
        assert_eq!((overdue.step, overdue.usual.as_secs()), (Step::Confirm, usual), "× {speed}");
    }
}

#[test]
fn a_note_is_kept_trimmed_bounded_and_not_lost_without_a_journal() {
    let mut model = failing();
    let send = |model: &mut Model, msg| happenings(&update(model, Msg::Timeline(msg), now()));
    assert_eq!(send(&mut model, TimelineMsg::Draft(" called the network team ".to_owned())), []);
    assert_eq!(send(&mut model, TimelineMsg::Note), [], "there is no journal yet");
    assert_eq!(run_of(&model).timeline.draft, " called the network team ");
    let session = run_of(&model).session;
    let folder = Event::RunFolder { session, folder: "/runs/one".into() };
    update(&mut model, Msg::Engine(Box::new(folder)), now());
    let text = "called the network team".to_owned();
    assert_eq!(send(&mut model, TimelineMsg::Note), [Happening::Noted { text }]);
    assert_eq!(send(&mut model, TimelineMsg::Note), [], "nothing is typed");
    send(&mut model, TimelineMsg::Draft("é".repeat(NOTE_CHARS)));
    assert!(!run_of(&model).timeline.is_cut);
    send(&mut model, TimelineMsg::Draft("é".repeat(NOTE_CHARS + 1)));
    let panel = &run_of(&model).timeline;
    assert!(panel.is_cut && panel.draft.chars().count() == NOTE_CHARS);
}

#[test]
fn the_timeline_stands_in_the_steps_place_until_a_step_is_asked_for() {
    let mut model = failing();
    let send = |model: &mut Model, msg| update(model, Msg::Timeline(msg), now());
    send(&mut model, TimelineMsg::Toggle);
    assert!(run_of(&model).timeline.is_open);
    send(&mut model, TimelineMsg::Draft("kept".to_owned()));
    update(&mut model, Msg::Run(RunMsg::Show(Step::Confirm)), now());
    assert!(!run_of(&model).timeline.is_open && run_of(&model).timeline.draft == "kept");
    // No page before the first or after the newest.
    for pages in [isize::MAX, 1, -1, isize::MIN] {
        send(&mut model, TimelineMsg::Back(pages));
        assert!(run_of(&model).timeline.pages_back <= run_of(&model).record.timeline.len() / MOMENTS_A_PAGE);
    }
}

#[test]
fn what_is_pasted_goes_into_the_journal_with_the_command_that_was_shown() {
    let mut model = restoring();
    update(&mut model, Msg::Restore(RestoreMsg::ByHand), now());
    let Some(Dialog::ByHand { command: shown, .. }) = model.dialog.clone() else {
        panic!("{:?}", model.dialog)
    };
    assert!(shown.starts_with("kubectl "), "{shown}");
    let pasted = "deployment.apps/loft scaled\n\n".to_owned();
    update(&mut model, Msg::Restore(RestoreMsg::HandOutput(pasted)), now());
    let jobs = update(&mut model, Msg::Dialog(true), now());
    let [Happening::DoneByHand { action: ActionKind::Scale, command, output }] = &happenings(&jobs)[..]
    else {
        panic!("{jobs:?}")
    };
    assert_eq!((command, output.as_deref()), (&shown, Some("deployment.apps/loft scaled")));
    // Without a dialog nothing is pasted anywhere.
    update(&mut model, Msg::Restore(RestoreMsg::HandOutput("late".to_owned())), now());
    assert!(model.dialog.is_none());
}

#[test]
fn too_much_is_cut_at_the_end_of_a_line_and_told() {
    let mut model = restoring();
    update(&mut model, Msg::Restore(RestoreMsg::ByHand), now());
    let mut paste = |text: String| {
        update(&mut model, Msg::Restore(RestoreMsg::HandOutput(text)), now());
        let Some(Dialog::ByHand { output, is_cut, .. }) = &model.dialog else { panic!("{:?}", model.dialog) };
        (output.clone(), *is_cut)
    };
    let line = "password: é\n";
    let (kept, is_cut) = paste(line.repeat(20_000));
    assert!(is_cut && kept.len() <= PASTED_BYTES && kept.len() > PASTED_BYTES - 20, "{}", kept.len());
    assert!(kept.ends_with("password: é"), "no line is torn");
    assert_eq!(paste("x".repeat(PASTED_BYTES)), ("x".repeat(PASTED_BYTES), false));
    assert_eq!(paste("x".repeat(PASTED_BYTES + 1)), (String::new(), true), "one line that is too long");
}

#[test]
fn what_a_practice_run_came_to_is_shown_when_it_is_left_and_kept_where_it_is_the_best() {
    let mut model = practice(10.0);
    update(&mut model, Msg::Run(RunMsg::Leave), after(5));
    let debrief = model.start.debrief.clone().unwrap();
    assert_eq!(debrief.scenario, "scaled-to-zero");
    assert!(!debrief.missing.is_empty() && model.start.best.is_empty(), "{debrief:?}");
    update(&mut model, Msg::Start(StartMsg::DismissDebrief), now());
    assert!(model.start.debrief.is_none());

    // Of one that recovered it was on the screen.
    let mut model = practice(10.0);
    let session = run_of(&model).session;
    let entries = vec![Entry { at: after(40), happening: Happening::Recovered }];
    update(&mut model, Msg::Engine(Box::new(Event::Journaled { session, entries })), now());
    update(&mut model, Msg::Run(RunMsg::Leave), after(50));
    assert!(model.start.debrief.is_none());
    assert_eq!(model.start.best["scaled-to-zero"].took.as_secs(), 40);

    // A better one is on disk.
    let better = crate::journal::BestRun {
        took: Duration::from_secs(30),
        ..model.start.best["scaled-to-zero"].clone()
    };
    let best = [("scaled-to-zero".to_owned(), better)].into();
    update(&mut model, Msg::Engine(Box::new(Event::BestRuns(best))), now());
    assert_eq!(model.start.best["scaled-to-zero"].took.as_secs(), 30);
}

#[test]
fn practice_runs_are_looked_through_only_where_they_are_kept() {
    let looks = |jobs: &[Job]| jobs.iter().filter(|job| matches!(job, Job::LookAtPractice { .. })).count();
    let mut model = practice(10.0);
    assert_eq!(looks(&update(&mut model, Msg::Run(RunMsg::Leave), now())), 0);
    let mut model = practice(10.0);
    model.practice_runs = Some("/practice-runs".into());
    assert_eq!(looks(&update(&mut model, Msg::Run(RunMsg::Leave), now())), 1);
    assert_eq!(looks(&update(&mut model, Msg::Start(StartMsg::Reload), now())), 1);
}
