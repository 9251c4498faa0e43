//! A run that was left, taken up again.

use std::path::PathBuf;

use super::*;
use crate::engine::event::RunRead;
use crate::environment::{Listing, Saved};
use crate::journal::{Entry, Hand, Happening, NamedCause, Record, RunSummary, process};
use crate::runbook::mark::Mark;
use crate::runbook::profile::Profile;

fn folder() -> PathBuf {
    PathBuf::from("/runs/one")
}

fn anna() -> Hand {
    Hand { person: "anna".to_owned(), host: "bastion".to_owned(), ..Hand::default() }
}

/// The record of a run of this environment, with these entries after its beginning, a minute apart.
fn record(more: Vec<Happening>) -> Record {
    let profile = profile();
    let opened = Happening::Opened { environment: profile.name.clone(), practice: None, by: anna() };
    let begin = [
        opened,
        Happening::RegionChosen { region: profile.regions[0].name.clone() },
        Happening::FailureSeen { since: Some(now()) },
        Happening::OutcomeSeen { outcome: "failover-active".to_owned(), sentence: "Active".to_owned() },
        Happening::CauseNamed {
            cause: Some(NamedCause {
                id: "crash-loop".to_owned(),
                headline: "Its pods crash".to_owned(),
                strength: "likely".to_owned(),
                evidence_for: Vec::new(),
                evidence_against: Vec::new(),
                not_checked: Vec::new(),
            }),
        },
    ];
    let mut record = Record::default();
    for (minute, happening) in (0..).zip(begin.into_iter().chain(more)) {
        let at = now() + jiff::SignedDuration::from_mins(minute);
        record.add_entry(&Entry { at, happening });
    }
    record
}

fn intent() -> Happening {
    Happening::Intent {
        intent: 1,
        by: process::mark(7),
        action: ActionKind::Restart,
        region: profile().regions[0].name.clone(),
        context: "us".to_owned(),
        command: "kubectl".to_owned(),
        changes: String::new(),
        overridden: Vec::new(),
        reason: None,
    }
}

fn outcome() -> Happening {
    let outcome = ActionOutcome::Done { message: "restart requested".to_owned() };
    Happening::Outcome { intent: 1, action: ActionKind::Restart, outcome }
}

fn rolled_out() -> Happening {
    Happening::RolloutEnded { done: true, message: "3 of 3".to_owned() }
}

/// A start screen on which an environment may be saved.
fn start(saved: Option<Profile>) -> Model {
    let mut model = Model::new(Vec::new());
    let saved = saved.map(|profile| Saved { name: profile.name.clone(), path: "/e".into(), profile });
    let listing = Listing { environments: saved.into_iter().collect(), problems: Vec::new() };
    update(&mut model, Msg::Engine(Box::new(Event::Environments(listing))), now());
    model
}

fn read(model: &mut Model, read: Result<RunRead, String>) -> Vec<Job> {
    let jobs = update(model, Msg::Start(StartMsg::Resume(folder())), now());
    assert!(matches!(&jobs[..], [Job::ReadRun { folder: of }] if *of == folder()), "{jobs:?}");
    let event = Event::RunRead { folder: folder(), read: read.map(Box::new) };
    update(model, Msg::Engine(Box::new(event)), now())
}

/// Taken up; what that asked of the engine.
fn resumed(record: Record) -> (Model, Vec<Job>) {
    let mut model = start(Some(profile()));
    let jobs = read(&mut model, Ok(RunRead { record, goes_on: false, profile: Err("none".to_owned()) }));
    (model, jobs)
}

#[test]
fn it_opens_at_the_step_that_it_waited_for_and_asks_the_world_anew() {
    for (more, step, watches) in [
        (vec![], Step::Confirm, false),
        (vec![Happening::StepOpened { step: Step::Diagnose }], Step::Diagnose, false),
        (vec![Happening::StepOpened { step: Step::Verify }], Step::Restore, false),
        (vec![intent()], Step::Restore, false),
        (vec![intent(), outcome()], Step::Rollout, true),
        (vec![intent(), outcome(), rolled_out()], Step::Verify, false),
    ] {
        let what = format!("{more:?}");
        let (model, jobs) = resumed(record(more));
        let run = run_of(&model);
        assert_eq!((run.step, run.failed), (step, Some(US)), "{what}");
        assert!(run.readings.latest(Question::HealthCheck(US)).is_none(), "nothing is known of the world");
        let asks = |job: &Job| matches!(job, Job::Observe { question: Question::HealthCheck(EU), .. });
        assert!(jobs.iter().any(asks), "{what}: {jobs:?}");
        assert_eq!(jobs.iter().any(|job| matches!(job, Job::WatchRollout { .. })), watches, "{what}");
        assert!(!jobs.iter().any(|job| matches!(job, Job::Apply { .. })), "nothing is repeated");
        let taken = |job: &Job| {
            matches!(job, Job::Note { entry: Entry { happening: Happening::TakenUp { .. }, .. }, .. })
        };
        let order = [
            jobs.iter().position(|job| matches!(job, Job::Open { .. })),
            jobs.iter().position(|job| matches!(job, Job::ResumeRun { folder: of, .. } if *of == folder())),
            jobs.iter().position(taken),
        ];
        assert!(order.is_sorted() && order[0].is_some(), "{what}: {jobs:?}");
        let told = &model.notice.as_ref().unwrap().text;
        assert!(told.starts_with("Taken up where anna@bastion left it at 2026-01-01 03:0"), "{told}");
        assert!(told.contains(&run.record.waiting_for()), "{told}");
    }
}

#[test]
fn what_was_done_and_found_before_is_kept() {
    let (model, _) = resumed(record(vec![intent(), outcome()]));
    let run = run_of(&model);
    assert!(run.was_out() && run.acted() && !run.recovered());
    assert_eq!(run.first_failure_at, Some(now()));
    assert_eq!(run.opened_at, now());
    let found = run.found.as_ref().unwrap();
    assert_eq!((found.confirm.mark, found.diagnose.mark), (Mark::Done, Mark::Done));
    assert_eq!(found.diagnose.line, "Its pods crash");
    let by_hand = |output: Option<&str>| Happening::DoneByHand {
        action: ActionKind::Scale,
        command: String::new(),
        output: output.map(str::to_owned),
    };
    let back = Happening::TakenBack { action: ActionKind::Scale };
    let (model, _) = resumed(record(vec![by_hand(None), back.clone()]));
    assert!(!run_of(&model).acted(), "it was taken back");
    let (model, _) = resumed(record(vec![by_hand(None), back, by_hand(Some("scaled"))]));
    assert!(run_of(&model).acted());
    assert_eq!(run_of(&model).step, Step::Rollout);
}

#[test]
fn where_it_cannot_be_taken_up_it_is_said_why() {
    let of = |read: Result<RunRead, String>, saved| {
        let mut model = start(saved);
        let jobs = self::read(&mut model, read);
        assert!(model.run.is_none() && jobs.is_empty(), "{jobs:?}");
        assert!(model.start.reading.is_none(), "another one can be");
        model.notice.unwrap().text
    };
    let whole = || RunRead { record: record(vec![]), goes_on: false, profile: Err("no file".to_owned()) };
    assert_eq!(of(Err("torn".to_owned()), Some(profile())), "torn");
    let goes_on = RunRead { goes_on: true, ..whole() };
    assert!(of(Ok(goes_on), Some(profile())).contains("open in another window or terminal"));
    let nowhere = of(Ok(whole()), None);
    assert!(
        nowhere.contains("no environment acme-prod any more") && nowhere.contains("no file"),
        "{nowhere}"
    );
}

#[test]
fn an_environment_from_elsewhere_is_looked_at_and_saved_before_anything_is_asked_by_it() {
    let mut theirs = Profile { namespace: "theirs".to_owned(), ..profile() };
    let file = || Some(PathBuf::from("/theirs"));
    theirs.kubeconfig = file();
    (theirs.aws.config_file, theirs.aws.credentials_file, theirs.chart.file) = (file(), file(), file());
    theirs.regions[0].probe_address = Some("10.0.0.1:443".to_owned());
    theirs.regions[0].probe_ca = file();
    let mut model = start(None);
    let read_run = RunRead { record: record(vec![]), goes_on: false, profile: Ok(theirs) };
    let jobs = read(&mut model, Ok(read_run));
    assert!(model.run.is_none(), "no run is opened");
    for job in &jobs {
        let by_it = matches!(job, Job::SaveEnvironment { .. } | Job::ResumeRun { .. } | Job::Apply { .. });
        assert!(!by_it, "{job:?}");
    }
    assert!(model.notice.as_ref().unwrap().text.contains("Look at its variables"), "{:?}", model.notice);
    let draft = &model.form.as_ref().unwrap().draft;
    assert_eq!((draft.name.as_str(), draft.namespace.as_str()), ("acme-prod", "theirs"));
    let region = &draft.regions[0];
    assert_eq!(region.context, profile().regions[0].context);
    for file in [
        &draft.kubeconfig,
        &draft.aws_config_file,
        &draft.aws_credentials_file,
        &draft.chart_file,
        &region.values_file,
        &region.probe_address,
        &region.probe_ca,
    ] {
        assert_eq!(file, "", "a file of the sender's");
    }
    // Under a name that is not the journal's it is refused.
    let other = RunRead {
        record: record(vec![]),
        goes_on: false,
        profile: Ok(Profile { name: "another".to_owned(), ..profile() }),
    };
    let mut model = start(None);
    assert!(read(&mut model, Ok(other)).is_empty() && model.form.is_none());
    assert!(model.notice.unwrap().text.contains("it is of another"));
    // Where one of that name is saved, that is what is used.
    let (model, jobs) = resumed(record(vec![]));
    assert_eq!(run_of(&model).profile.namespace, profile().namespace);
    assert!(!jobs.iter().any(|job| matches!(job, Job::SaveEnvironment { .. })));
}

#[test]
fn what_was_done_to_another_region_before_is_not_this_one_s() {
    let other = Happening::RegionChosen { region: profile().regions[1].name.clone() };
    let (model, jobs) = resumed(record(vec![intent(), outcome(), other]));
    let run = run_of(&model);
    assert_eq!((run.failed, run.step, run.acted()), (Some(EU), Step::Confirm, false));
    assert!(run.record.waiting_for().starts_with("Step 1: is the failover of eu-west-1 active?"));
    assert!(!jobs.iter().any(|job| matches!(job, Job::WatchRollout { .. })), "{jobs:?}");
}

#[test]
fn a_new_name_of_the_environment_hides_no_interrupted_action() {
    let interrupted = crate::runbook::interrupted::Interrupted {
        environment: "the name before".to_owned(),
        action: "restart".to_owned(),
        region: profile().regions[0].name.clone(),
        context: profile().regions[0].context.clone(),
        at: now(),
        run: folder(),
        intent: 1,
        tool: None,
        alive: None,
        unknown_entries: 0,
    };
    let mut model = start(Some(profile()));
    model.start.look_back.interrupted = vec![interrupted];
    run::open(&mut model, Arc::new(profile()), now());
    assert_eq!(run_of(&model).interrupted.len(), 1);
    let renamed = Happening::VariablesChanged { environment: "renamed".to_owned() };
    assert_eq!(record(vec![renamed]).environment, "renamed");
}

#[test]
fn the_variables_change_in_the_middle_and_the_run_goes_on_in_its_journal() {
    let (mut model, _) = resumed(record(vec![]));
    let before = run_of(&model).session;
    let changed = Arc::new(Profile { replicas: 5, ..profile() });
    let session = before;
    let folder_of = Event::RunFolder { session, folder: folder() };
    update(&mut model, Msg::Engine(Box::new(folder_of)), now());
    let failed = Event::JournalFailed { session, message: "no space".to_owned() };
    update(&mut model, Msg::Engine(Box::new(failed)), now());
    let jobs = run::environment_changed(&mut model, changed, now());
    let run = run_of(&model);
    assert_ne!(run.session, before);
    assert_eq!((run.folder.clone(), run.failed, run.profile.replicas), (Some(folder()), Some(US), 5));
    assert!(!run.record.environment.is_empty(), "what it knew of itself stays");
    assert_eq!(run.journal_problem.as_deref(), Some("no space"), "nobody mended it");
    let at = |is: &dyn Fn(&Job) -> bool| jobs.iter().position(is).unwrap();
    let session = run.session;
    let order = [
        at(&|job| matches!(job, Job::Open { .. })),
        at(&|job| matches!(job, Job::ContinueRun { from, session: to } if (*from, *to) == (before, session))),
        at(&|job| matches!(job, Job::Close { session } if *session == before)),
    ];
    assert!(order.is_sorted(), "{jobs:?}");
    let closes =
        |job: &Job| matches!(job, Job::Note { entry: Entry { happening: Happening::Closed { .. }, .. }, .. });
    assert!(!jobs.iter().any(closes), "the run is not over");
}

#[test]
fn beside_one_that_did_not_end_a_new_one_says_so_and_ending_it_asks_first() {
    let mut model = start(Some(profile()));
    update(&mut model, Msg::Start(StartMsg::EndRun(folder())), now());
    assert!(model.dialog.is_none(), "there is no such run");
    let summary = RunSummary {
        folder: folder(),
        environment: "acme".to_owned(),
        practice: None,
        region: Some("us-east-1".to_owned()),
        opened_at: None,
        last_at: None,
        by: String::new(),
        waiting_for: String::new(),
        is_unfinished: true,
        has_open_action: false,
        is_recovered: false,
        goes_on: false,
    };
    model.start.look_back.runs = vec![RunSummary { environment: profile().name, ..summary.clone() }];
    run::open(&mut model, Arc::new(profile()), now());
    let told = &model.notice.as_ref().unwrap().text;
    assert!(told.contains("The one of us-east-1 of acme-prod was not finished"), "{told}");
    let mut model = start(Some(profile()));
    model.start.look_back.runs = vec![summary];
    for (yes, ended) in [(false, 0), (true, 1)] {
        update(&mut model, Msg::Start(StartMsg::EndRun(folder())), now());
        let jobs = update(&mut model, Msg::Dialog(yes), now());
        assert_eq!(jobs.iter().filter(|job| matches!(job, Job::EndRun { .. })).count(), ended);
    }
}
