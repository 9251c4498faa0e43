//! Whole runs, killed at any moment: each is listed and can be taken up again, the world is then read anew, and
//! what the record says was done is what was done.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use failback::app::model::{Model, Run};
use failback::app::msg::{FormMsg, Msg, RestoreMsg, RunMsg, StartMsg};
use failback::app::places;
use failback::app::update::{run, update};
use failback::engine::job::Job;
use failback::engine::session::Options as SessionOptions;
use failback::engine::{self, Engine};
use failback::environment::{self, Store};
use failback::journal::{self, FoundRun, Happening};
use failback::runbook::action::{ActionKind, ActionOutcome};
use failback::runbook::question::Question;
use failback::runbook::step::Step;
use jiff::Timestamp;

use super::life::{
    PATIENCE, Random, Start, children, entries, journals, patches, previewing, restoring, until,
};
use super::{Served, US, text};

/// A person at a window's model and engine, in a process of its own that can be killed: this test binary again.
const PERSON: [&str; 3] = ["whole_runs::a_person_at_a_window", "--exact", "--ignored"];

/// Runs whole recoveries, or takes the unfinished one up again and looks.
fn person(world: &Served, action: &str) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = super::with_usual_signals(program.to_str().unwrap());
    let temporary = world.home.path().join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    command
        .args(PERSON)
        .env("FAILBACK_HOME", world.home.path())
        .env("HOME", world.home.path())
        .env("SHELL", "/bin/sh")
        .env("TMPDIR", temporary)
        .env("PERSON_ENVIRONMENT", world.environment())
        .env("PERSON_ACTION", action)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// `FAILBACK_KILLS` many, `FAILBACK_SEED` decides when; a few in every run of the tests.
#[test]
fn a_whole_run_killed_at_any_moment_is_listed_opens_and_says_what_was_done() {
    if !super::lookup::has_tools(
        "a_whole_run_killed_at_any_moment_is_listed_opens_and_says_what_was_done",
        &["helm"],
    ) {
        return;
    }
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let kills = number("FAILBACK_KILLS", 6);
    let mut random = Random(number("FAILBACK_SEED", 11).max(1));
    let ways: [(&str, &str, Start, u64); 6] = [
        ("scaled-to-zero", "scale", person, 9_000),
        ("crash-loop", "restart", person, 9_000),
        ("deployment-missing", "reapply-helm", person, 12_000),
        ("scaled-to-zero", "scale", restoring, 900),
        ("crash-loop", "restart", restoring, 900),
        ("deployment-missing", "reapply-helm", previewing, 4_000),
    ];
    let moments: Vec<(usize, u64)> = (0..kills)
        .map(|kill| {
            let way = usize::try_from(kill).unwrap() % ways.len();
            // Now and then a run gets to its end.
            let longest = if random.below(10) == 0 { 45_000 } else { ways[way].3 };
            (way, random.below(longest))
        })
        .collect();
    // Most of the time a run waits.
    let next = std::sync::Mutex::new(moments.into_iter().enumerate());
    let taken_up = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let Some((kill, (way, after))) = next.lock().unwrap().next() else { return };
                    let (scenario, action, start, _) = ways[way];
                    let what = format!("kill {kill}: {action} by way {way}, after {after} ms");
                    if one(scenario, action, start, after, &what) {
                        taken_up.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let taken_up = taken_up.into_inner();
    super::lookup::say(&format!("{taken_up} of {kills} killed runs had something to take up again"));
}

/// A run that is killed; was there something to take up again?
fn one(scenario: &str, action: &str, start: Start, after: u64, what: &str) -> bool {
    let world = Served::start(scenario);
    let mut child = start(&world, action).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(after));
    child.kill().unwrap();
    child.wait().unwrap();
    let home = world.home.path().to_string_lossy().into_owned();
    until(&format!("{what}: no child is left"), || children(&home).is_empty());
    let runs = world.home.path().join("runs");
    let (found, problems) = journal::all(&runs);
    assert_eq!(problems, [""; 0], "{what}");
    assert_eq!(found.len(), journals(&world).len(), "{what}: each is listed");
    let [found] = found.as_slice() else {
        assert!(found.is_empty() && world.changes().is_empty(), "{what}: {found:?}");
        return false;
    };
    says_what_was_done(&world, found, what);
    let back = journal::look_back(&runs, &[]);
    assert_eq!(back.interrupted.len(), found.record.open_actions().count(), "{what}");
    let summary = &back.runs[0];
    assert!(!summary.goes_on, "{what}: {summary:?}");
    let fails = found.record.milestones.first_failure.is_some() || !found.record.actions.is_empty();
    let is_over = found.record.is_recovered() || found.record.ended.is_some();
    assert_eq!(summary.is_unfinished, fails && !is_over, "{what}: {summary:?}");
    if !summary.is_unfinished {
        return false;
    }
    // Taken up again by the saved environment, the world is read anew and nothing is repeated.
    let profile = environment::read(Path::new(world.environment())).unwrap();
    Store::at(world.home.path().join("environments")).save(&profile, None).unwrap();
    let before = (world.changes().len(), entries(&found.folder.join("journal.jsonl")).len());
    let mut again = person(&world, action);
    let again = again.env("PERSON_TAKES_UP", &summary.waiting_for).output().unwrap();
    assert!(again.status.success(), "{what}: {}", text(&again));
    assert_eq!(world.changes().len(), before.0, "{what}: {:?}", world.changes());
    assert_eq!(journals(&world).len(), 1, "{what}: in the same journal");
    let since = &entries(&found.folder.join("journal.jsonl"))[before.1..];
    let has = |of: fn(&Happening) -> bool| since.iter().any(of);
    assert!(has(|it| matches!(it, Happening::TakenUp { .. })), "{what}: {since:?}");
    assert!(has(|it| matches!(it, Happening::Judged { .. })), "{what}: the world is read: {since:?}");
    assert!(!has(|it| matches!(it, Happening::Intent { .. })), "{what}: {since:?}");
    says_what_was_done(&world, &journal::one(&found.folder).unwrap(), what);
    true
}

/// The record against the world's own log of requests.
fn says_what_was_done(world: &Served, found: &FoundRun, what: &str) {
    let record = &found.record;
    assert!(record.torn <= 1 && record.newer.is_empty(), "{what}: {record:?}");
    let is_done = |outcome: &Option<(Timestamp, ActionOutcome)>| {
        matches!(outcome, Some((_, ActionOutcome::Done { .. })))
    };
    let done = record.actions.iter().filter(|action| is_done(&action.outcome)).count();
    let maybe = record.actions.iter().filter(|action| action.may_have_changed()).count();
    let changed = if record.actions.iter().any(|action| action.action.starts_with("reapply")) {
        usize::from(!world.changes().is_empty())
    } else {
        patches(world)
    };
    assert!(
        (done..=maybe).contains(&changed),
        "{what}: {done} done, {maybe} may be, {changed} changed: {:?} {:?}",
        record.actions,
        world.changes()
    );
}

/// Not a test of its own: the others run it as a process that they can kill.
#[test]
#[ignore = "run by others, in a process of its own"]
fn a_person_at_a_window() {
    let Ok(path) = std::env::var("PERSON_ENVIRONMENT") else { return };
    let action = std::env::var("PERSON_ACTION").unwrap();
    let kind = ActionKind::ALL.into_iter().find(|kind| kind.id() == action).unwrap();
    let mut person = Person::sit_down();
    let variable = |name: &str| std::env::var(name).ok();
    match (variable("PERSON_TAKES_UP"), variable("PERSON_MENDS_KUBECONFIG")) {
        (Some(waited_for), _) => person.takes_up(&waited_for),
        (None, Some(kubeconfig)) => person.goes_on_once_mended(&kubeconfig),
        (None, None) => person.recovers(Path::new(&path), kind),
    }
    person.leaves();
}

/// What a window has, without its pixels.
struct Person {
    model: Model,
    engine: Engine,
}

impl Person {
    fn sit_down() -> Self {
        let options = engine::Options {
            store: Store::open_default(),
            runs: places::runs(),
            start_practice: Arc::new(|_| Box::pin(async { Err("no practice".to_owned()) })),
            session: SessionOptions::default(),
        };
        let engine = Engine::start(options, || {}).unwrap();
        let mut person = Self { model: Model::new(Vec::new()), engine };
        person.submit(vec![Job::LookBack, Job::ListEnvironments]);
        person
    }

    fn submit(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            assert!(self.engine.submit(job));
        }
    }

    fn say(&mut self, msg: Msg) {
        let jobs = update(&mut self.model, msg, Timestamp::now());
        self.submit(jobs);
    }

    #[track_caller]
    fn until(&mut self, what: &str, holds: impl Fn(&Model) -> bool) {
        let begin = Instant::now();
        loop {
            while let Some(event) = self.engine.next_event() {
                self.say(Msg::Engine(Box::new(event)));
            }
            self.say(Msg::Tick);
            if holds(&self.model) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "never: {what}: {:?}", self.model.notice);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn until_run(&mut self, what: &str, holds: impl Fn(&Run) -> bool) {
        self.until(what, |model| model.run.as_ref().is_some_and(&holds));
    }

    fn recovers(&mut self, environment: &Path, kind: ActionKind) {
        let profile = Arc::new(environment::read(environment).unwrap());
        let jobs = run::open(&mut self.model, profile, Timestamp::now());
        self.submit(jobs);
        self.until_run("the failed region is recognised", |run| run.failed.is_some());
        self.say(Msg::Run(RunMsg::Show(Step::Diagnose)));
        self.until_run("a cause", |run| run.record.cause().is_some());
        self.say(Msg::Run(RunMsg::Show(Step::Restore)));
        self.say(Msg::Restore(RestoreMsg::Select(kind)));
        self.until_run("a plan without a blocker", |run| {
            run.selected_plan(Timestamp::now()).is_some_and(|plan| plan.blockers().is_empty())
        });
        self.say(Msg::Restore(RestoreMsg::Typed(US.to_owned())));
        self.say(Msg::Restore(RestoreMsg::Confirm));
        self.until_run("the action ended", |run| !run.restore.finished.is_empty());
        self.say(Msg::Run(RunMsg::Show(Step::Rollout)));
        self.until_run("the rollout is done", |run| {
            run.rollout.as_ref().is_some_and(|watch| watch.done_at.is_some())
        });
        self.say(Msg::Run(RunMsg::Show(Step::Verify)));
        self.until_run("recovered", Run::recovered);
    }

    /// Looks at what it finds, and changes nothing.
    fn takes_up(&mut self, waited_for: &str) {
        self.until("the environments and the earlier runs are read", |model| {
            model.start.listing.is_some() && !model.start.look_back.runs.is_empty()
        });
        let found = self.model.start.look_back.runs[0].clone();
        assert_eq!(found.waiting_for, waited_for);
        self.say(Msg::Start(StartMsg::Resume(found.folder.clone())));
        self.until_run("it is open", |run| run.folder.is_some());
        let run = self.model.run.as_ref().unwrap();
        assert_eq!(run.folder.as_ref(), Some(&found.folder));
        assert!(self.model.notice.is_some(), "it is said where it goes on");
        let known = journal::one(&found.folder).unwrap().record;
        assert_eq!(run.failed.map(|failed| run.profile.region(failed).name.clone()), known.region);
        if found.has_open_action {
            assert_eq!((run.step, run.interrupted.len()), (Step::Restore, 1));
        }
        self.until_run("the world is read anew", |run| {
            run.failed.is_some_and(|failed| {
                let steps = [Step::Confirm, Step::Diagnose];
                let questions = failback::runbook::steps::questions_of(&run.profile, failed, &steps);
                let read = |question: &_| run.readings.latest(*question).is_some();
                run.step == Step::Verify || questions.iter().all(read)
            }) && run.record.hands.len() > 1
        });
        self.until_run("a verdict of now is on disk", |run| {
            let at = run.record.hands.last().unwrap().at;
            run.record.last_at.is_some_and(|last| last > at)
        });
    }

    /// What came from elsewhere is open with what it knew, and reads the world once it can.
    fn goes_on_once_mended(&mut self, kubeconfig: &str) {
        self.until("the earlier runs are read", |model| {
            model.start.listing.is_some() && !model.start.look_back.runs.is_empty()
        });
        let folder = self.model.start.look_back.runs[0].folder.clone();
        self.say(Msg::Start(StartMsg::Resume(folder.clone())));
        // Nothing is asked by what came from elsewhere before somebody has looked at it and saved it.
        self.until("its variables are shown", |model| model.form.is_some());
        assert!(self.model.run.is_none());
        let draft = self.model.form.as_ref().unwrap().draft.clone();
        assert_eq!(draft.kubeconfig, "", "the sender's file is not taken over");
        let mut profile = environment::validate(&draft).unwrap();
        profile.kubeconfig = Some("/nowhere/kubeconfig".into());
        self.submit(vec![Job::SaveEnvironment { profile: Arc::new(profile), replacing: None }]);
        self.until("it is saved", |model| !model.start.listing.as_ref().unwrap().environments.is_empty());
        self.say(Msg::Form(FormMsg::Leave));
        self.say(Msg::Dialog(true));
        self.say(Msg::Start(StartMsg::Resume(folder.clone())));
        self.until_run("it is open", |run| run.folder.is_some() && run.record.hands.len() > 2);
        let run = self.model.run.as_ref().unwrap();
        assert!(run.acted() && run.failed.is_some(), "what was done is known");
        self.until_run("it is said that the cluster cannot be reached", |run| {
            let question = Question::Deployment(run.failed.unwrap());
            run.readings.latest(question).is_some_and(|latest| latest.answer.is_err())
        });
        let mut profile = (*self.model.run.as_ref().unwrap().profile).clone();
        profile.kubeconfig = Some(kubeconfig.into());
        let jobs = run::environment_changed(&mut self.model, Arc::new(profile), Timestamp::now());
        self.submit(jobs);
        self.until_run("the world is read", |run| run.record.check("pods", Some(US)).is_some());
        assert_eq!(self.model.run.as_ref().unwrap().folder.as_ref(), Some(&folder), "in the same journal");
    }

    fn leaves(&mut self) {
        self.say(Msg::CloseRequested);
        self.until("everything is on disk", |model| model.quit);
    }
}

/// On another machine: another home, and at first no kubeconfig. It can be read whole, and goes on once there is one.
#[test]
fn a_run_that_was_handed_over_is_read_whole_and_goes_on_once_its_contexts_are_there() {
    let world = Served::start("crash-loop");
    let done = restoring(&world, "restart").output().unwrap();
    assert!(done.status.success(), "{}", text(&done));
    let bundle = world.home.path().join("bundle.tar.gz");
    let handover = ["runs", "handover", "last", "--output", bundle.to_str().unwrap()];
    let written = super::run(world.home.path(), &handover);
    assert!(written.status.success(), "{}", text(&written));
    let there = tempfile::tempdir().unwrap();
    let opened = super::run(there.path(), &["runs", "open", bundle.to_str().unwrap()]);
    assert!(opened.status.success(), "{}", text(&opened));
    let kubeconfig = world.description["kubeconfig"].as_str().unwrap();
    let (found, _) = journal::all(&there.path().join("runs"));
    let [found] = found.as_slice() else { panic!("{found:?}") };
    let file = found.folder.join(journal::ENVIRONMENT_FILE);
    let theirs = std::fs::read_to_string(&file).unwrap().replace(kubeconfig, "/nowhere/kubeconfig");
    std::fs::write(&file, theirs).unwrap();
    let report = super::run(there.path(), &["runs", "report", "last"]);
    let said = text(&report);
    assert!(report.status.success() && said.contains("## What was done"), "{said}");
    assert!(said.contains("restart requested") && said.contains("Received by"), "{said}");
    let before = world.changes().len();
    let mut person = person(&world, "restart");
    person.env("FAILBACK_HOME", there.path()).env("HOME", there.path());
    let went_on = person.env("PERSON_MENDS_KUBECONFIG", kubeconfig).output().unwrap();
    assert!(went_on.status.success(), "{}", text(&went_on));
    assert_eq!(world.changes().len(), before, "nothing was repeated");
    let record = journal::one(&found.folder).unwrap().record;
    let turns = record.hands.len();
    assert!(turns >= 3, "begun, received, taken up: {:?}", record.hands);
    assert!(record.check("pods", Some(US)).is_some(), "the world was read: {:?}", record.checks);
}
