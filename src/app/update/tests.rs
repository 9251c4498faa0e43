use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::app::model::Screen;
use crate::app::model::{Model, Run};
use crate::app::msg::{LogMsg, RestoreMsg, RunMsg, StartMsg};
use crate::engine::event::Event;
use crate::runbook::action::{ActionKind, ActionOutcome};
use crate::runbook::fact::{
    ChartFacts, ClusterAddress, ClusterIdentityFacts, ContainerLog, Deployment, DeploymentFacts, Facts,
    HealthCheckFacts, HealthCheckSettings, IdentityFacts, LogLine, LogsFacts, Observation, PodsFacts,
    ValuesFacts,
};
use crate::runbook::profile::{RegionIndex, testing::profile};
use crate::runbook::question::{Question, Reading};
use crate::runbook::step::Step;
use crate::runbook::verdict::{Why, WhyKind};

mod people;
mod preview;
mod recovery;
mod resume;

const US: RegionIndex = RegionIndex(0);
const EU: RegionIndex = RegionIndex(1);

pub(super) fn now() -> Timestamp {
    "2026-01-01T03:00:00Z".parse().unwrap()
}

/// A run on the start screen's first environment; what it asked.
fn opened() -> (Model, Vec<Job>) {
    let mut model = Model::new(Vec::new());
    let jobs = run::open(&mut model, Arc::new(profile()), now());
    (model, jobs)
}

pub(super) fn run_of(model: &Model) -> &Run {
    model.run.as_ref().unwrap()
}

/// Answers a question that is on its way.
fn answer(model: &mut Model, question: Question, facts: Facts) -> Vec<Job> {
    let run = run_of(model);
    let generation = run.readings.slot(question).unwrap().generation;
    let reading = Reading { answer: Ok(facts), observed_at: now(), took: Duration::ZERO };
    let event = Event::Observed { session: run.session, question, generation, reading: Box::new(reading) };
    update(model, Msg::Engine(Box::new(event)), now())
}

fn health(healthy: bool) -> Facts {
    let status =
        if healthy { "Success: HTTP Status Code 200, OK" } else { "Failure: HTTP Status Code 503, x" };
    let observation = Observation {
        checker_region: "us-east-1".to_owned(),
        ip_address: "15.177.0.1".to_owned(),
        status: status.to_owned(),
        checked_at: Some(now()),
    };
    let settings = HealthCheckSettings {
        check_type: "HTTPS".to_owned(),
        path: Some("/healthz".to_owned()),
        ..HealthCheckSettings::default()
    };
    Facts::HealthCheck(HealthCheckFacts {
        settings: Ok(settings),
        observations: vec![observation],
        last_failures: vec![],
    })
}

fn deployment(wanted: i32) -> Facts {
    let deployment = Deployment { uid: "u".to_owned(), replicas_wanted: wanted, ..Deployment::default() };
    Facts::Deployment(DeploymentFacts::Found(Box::new(deployment)))
}

/// A cluster of this uid at this address.
pub(super) fn cluster(server: &str, uid: &str) -> Facts {
    let address = ClusterAddress { server: server.to_owned(), ..ClusterAddress::default() };
    Facts::ClusterIdentity(ClusterIdentityFacts { address, uid: Ok(uid.to_owned()) })
}

/// us-east-1 recognised as failed and scaled to zero.
pub(super) fn diagnosed() -> Model {
    let (mut model, _) = opened();
    answer(&mut model, Question::HealthCheck(EU), health(true));
    answer(&mut model, Question::HealthCheck(US), health(false));
    answer(&mut model, Question::Deployment(US), deployment(0));
    answer(&mut model, Question::Pods(US), Facts::Pods(PodsFacts::default()));
    answer(&mut model, Question::ClusterIdentity(US), cluster("https://us", "kube-system-us"));
    answer(&mut model, Question::ClusterIdentity(EU), cluster("https://eu", "kube-system-eu"));
    model
}

fn asked(jobs: &[Job]) -> Vec<Question> {
    let question = |job: &Job| match job {
        Job::Observe { question, .. } => Some(*question),
        _ => None,
    };
    jobs.iter().filter_map(question).collect()
}

#[test]
fn the_failed_region_is_recognised_and_then_all_of_step_2_is_asked_at_once() {
    let (mut model, jobs) = opened();
    assert!(jobs.iter().any(|job| matches!(job, Job::BeginRun { .. })));
    // Both health checks and both hosts, and beside them our own side.
    let mut first = crate::runbook::steps::confirm::questions(&run_of(&model).profile);
    first.extend(crate::runbook::steps::preflight::questions(&run_of(&model).profile));
    first.sort_unstable();
    let mut at_once = asked(&jobs);
    at_once.sort_unstable();
    assert_eq!(at_once, first);
    assert!(asked(&answer(&mut model, Question::HealthCheck(EU), health(true))).is_empty());
    let more = asked(&answer(&mut model, Question::HealthCheck(US), health(false)));
    assert_eq!(run_of(&model).failed, Some(US));
    for question in [Question::Logs(US), Question::Eks(US), Question::Path(US), Question::Pods(EU)] {
        assert!(more.contains(&question) && !first.contains(&question), "{question:?}");
    }
    assert!(more.contains(&Question::Logs(US)) && !first.contains(&Question::Logs(US)));
    assert_eq!(run_of(&model).first_failure_at, Some(now()));
}

#[test]
fn a_health_check_that_passes_tells_of_no_failure_of_this_run() {
    let (mut model, _) = opened();
    answer(&mut model, Question::HealthCheck(EU), health(false));
    answer(&mut model, Question::HealthCheck(US), health(true));
    assert_eq!(run_of(&model).failed, Some(EU));
    assert!(run_of(&model).was_out());
    update(&mut model, Msg::Run(RunMsg::Choose(US)), now());
    answer(&mut model, Question::HealthCheck(US), health(true));
    assert!(!run_of(&model).was_out(), "us-east-1 has failed long ago, if ever");
}

#[test]
fn nothing_is_asked_twice_or_before_its_time() {
    let mut model = diagnosed();
    let at = |seconds: i64| now() + jiff::SignedDuration::from_secs(seconds);
    assert!(asked(&update(&mut model, Msg::Tick, at(9))).is_empty());
    let due = asked(&update(&mut model, Msg::Tick, at(10)));
    assert!(due.contains(&Question::HealthCheck(US)), "{due:?}");
    assert!(!due.contains(&Question::Cluster(US)), "still on its way");
    assert!(asked(&update(&mut model, Msg::Tick, at(11))).is_empty());
}

#[test]
fn answers_of_another_session_or_asking_are_dropped() {
    let mut model = diagnosed();
    let session = run_of(&model).session;
    let reading = || Reading { answer: Ok(deployment(3)), observed_at: now(), took: Duration::ZERO };
    let question = Question::Deployment(US);
    let generation = run_of(&model).readings.slot(question).unwrap().generation;
    let other = crate::engine::job::SessionId(session.0 + 1);
    for (session, generation) in [(other, generation), (session, generation + 1), (session, generation - 1)] {
        let event = Event::Observed { session, question, generation, reading: Box::new(reading()) };
        update(&mut model, Msg::Engine(Box::new(event)), now());
    }
    let Some(Ok(DeploymentFacts::Found(kept))) = run_of(&model).readings.deployment(US) else {
        panic!("kept")
    };
    assert_eq!(kept.replicas_wanted, 0);
}

#[test]
fn only_the_exact_name_leads_to_an_action_and_only_to_the_pinned_one() {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    assert_eq!(run_of(&model).restore.selected, Some(ActionKind::Scale), "pinned when the step opens");
    for typed in ["", "us-east", "eu-west-1", "us-east-1 "] {
        update(&mut model, Msg::Restore(RestoreMsg::Typed(typed.to_owned())), now());
        let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
        assert!(jobs.is_empty(), "{typed:?}");
        assert!(run_of(&model).restore.refused.is_some());
    }
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
    let [Job::Apply { confirmed, .. }] = jobs.as_slice() else { panic!("{jobs:?}") };
    assert_eq!(confirmed.plan().kind(), ActionKind::Scale);
    // Once: a second confirmation while it runs does nothing.
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    assert!(update(&mut model, Msg::Restore(RestoreMsg::Confirm), now()).is_empty());
}

#[test]
fn without_a_journal_nothing_is_done() {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    let session = run_of(&model).session;
    let failed = Event::JournalFailed { session, message: "disk full".to_owned() };
    update(&mut model, Msg::Engine(Box::new(failed)), now());
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    assert!(update(&mut model, Msg::Restore(RestoreMsg::Confirm), now()).is_empty());
    assert!(run_of(&model).restore.refused.as_ref().unwrap().contains("disk full"));
}

#[test]
fn after_an_action_the_rollout_is_watched_and_old_answers_do_not_count() {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
    let session = run_of(&model).session;
    let before = run_of(&model).readings.slot(Question::Cluster(US)).unwrap().generation;
    let outcome = ActionOutcome::Done { message: "scaled to 3".to_owned() };
    let ended = Event::ActionEnded { session, outcome };
    let jobs = update(&mut model, Msg::Engine(Box::new(ended)), now());
    assert!(jobs.iter().any(|job| matches!(job, Job::WatchRollout { region: US, .. })));
    assert!(run_of(&model).readings.slot(Question::Cluster(US)).unwrap().generation > before);
}

#[test]
fn leaving_while_an_action_runs_asks_first() {
    for (msg, quits) in [(Msg::Run(RunMsg::Leave), false), (Msg::CloseRequested, true)] {
        let mut model = diagnosed();
        update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
        update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
        update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
        update(&mut model, msg, now());
        assert_eq!(model.dialog, Some(Dialog::LeaveWhileRunning { quit: quits }));
        assert!(!model.quit && model.run.is_some());
        let mut stays = update(&mut model, Msg::Dialog(false), now());
        assert!(stays.drain(..).next().is_none() && model.run.is_some() && !model.quit);
    }
}

type TakesUp<'a> = &'a dyn Fn(&mut Model) -> Vec<Job>;

#[test]
fn while_an_action_runs_nothing_else_is_taken_up() {
    let mut other = profile();
    other.name = "other".to_owned();
    let mut changed = profile();
    changed.replicas += 1;
    let choose = |model: &mut Model| update(model, Msg::Run(RunMsg::Choose(EU)), now());
    let variables = |model: &mut Model| update(model, Msg::Run(RunMsg::Variables), now());
    let open = move |model: &mut Model| run::open(model, Arc::new(other.clone()), now());
    let change = move |model: &mut Model| run::environment_changed(model, Arc::new(changed.clone()), now());
    let tries: [(TakesUp, &str); 4] = [
        (&choose, "another failed region"),
        (&variables, "variables"),
        (&open, "a run of other"),
        (&change, "open it again"),
    ];
    for (taken_up, words) in tries {
        let mut model = diagnosed();
        update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
        update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
        update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
        let session = run_of(&model).session;
        assert!(taken_up(&mut model).is_empty(), "{words}");
        let text = &model.notice.as_ref().unwrap().text;
        assert!(text.starts_with("An action runs in us-east-1") && text.contains(words), "{text}");
        assert_eq!(
            (run_of(&model).session, run_of(&model).failed, model.screen),
            (session, Some(US), Screen::Run)
        );
        // The outcome still finds its run, and then the way is free.
        let ended = Event::ActionEnded { session, outcome: ActionOutcome::Done { message: String::new() } };
        update(&mut model, Msg::Engine(Box::new(ended)), now());
        assert_eq!(run_of(&model).restore.finished.len(), 1);
        taken_up(&mut model);
        let is_free = run_of(&model).failed != Some(US)
            || run_of(&model).session != session
            || model.screen == Screen::Form;
        assert!(is_free, "{words}");
    }
}

/// Answers a question that is on its way with a reason.
fn fail(model: &mut Model, question: Question, kind: WhyKind) {
    let run = run_of(model);
    let generation = run.readings.slot(question).unwrap().generation;
    let answer = Err(Why::new(kind, "no"));
    let reading = Reading { answer, observed_at: now(), took: Duration::ZERO };
    let event = Event::Observed { session: run.session, question, generation, reading: Box::new(reading) };
    update(model, Msg::Engine(Box::new(event)), now());
}

#[test]
fn what_is_wrong_on_our_side_is_asked_again_until_it_is_mended() {
    let (mut model, _) = opened();
    let at = |seconds: i64| now() + jiff::SignedDuration::from_secs(seconds);
    let identity = |expires_at| {
        Facts::Identity(IdentityFacts {
            account: "123456789012".to_owned(),
            arn: "arn:aws:sts::123456789012:assumed-role/oncall/me".to_owned(),
            expires_at,
        })
    };
    fail(&mut model, Question::Identity, WhyKind::Unauthenticated);
    fail(&mut model, Question::Values(US), WhyKind::Configuration);
    let archive = ChartFacts::Repository { url: "https://charts.loft.sh/".to_owned(), status: 200 };
    answer(&mut model, Question::Chart, Facts::Chart(archive));
    assert!(!asked(&update(&mut model, Msg::Tick, at(29))).contains(&Question::Identity));
    let again = asked(&update(&mut model, Msg::Tick, at(30)));
    for question in [Question::Identity, Question::Values(US)] {
        assert!(again.contains(&question), "{question:?}");
    }
    assert!(!again.contains(&Question::Chart), "nothing is wrong with it");
    // "Check all again", on whatever step; also of what is on its way.
    let all = asked(&update(&mut model, Msg::Run(RunMsg::RefreshAll), at(31)));
    assert!(all.contains(&Question::Identity) && !all.contains(&Question::Chart), "{all:?}");
    // Mended.
    answer(&mut model, Question::Identity, identity(None));
    answer(&mut model, Question::Values(US), Facts::Values(ValuesFacts::default()));
    assert!(!asked(&update(&mut model, Msg::Tick, at(59))).contains(&Question::Identity));
    assert!(!asked(&update(&mut model, Msg::Run(RunMsg::RefreshAll), at(59))).contains(&Question::Identity));
}

#[test]
fn on_restore_all_that_its_plans_need_is_asked_again() {
    let mut with_archive = profile();
    with_archive.chart.file = Some("platform.tgz".into());
    let mut model = Model::new(Vec::new());
    run::open(&mut model, Arc::new(with_archive), now());
    update(&mut model, Msg::Run(RunMsg::Choose(US)), now());
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    let all = asked(&update(&mut model, Msg::Run(RunMsg::RefreshAll), now()));
    for question in [Question::Tools, Question::Chart, Question::Cluster(US), Question::Cluster(EU)] {
        assert!(all.contains(&question), "{question:?}");
    }
}

#[test]
fn another_failed_region_starts_the_readings_anew() {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    let jobs = update(&mut model, Msg::Run(RunMsg::Choose(EU)), now());
    let run = run_of(&model);
    assert_eq!((run.failed, run.step), (Some(EU), Step::Confirm));
    assert!(run.readings.deployment(US).is_none() && run.restore.typed.is_empty());
    assert!(asked(&jobs).contains(&Question::Cluster(EU)));
}

#[test]
fn the_search_goes_round_the_log_both_ways() {
    let mut model = diagnosed();
    let line = |text: &str| LogLine { at: None, text: text.to_owned() };
    let log = ContainerLog {
        pod: "loft-1".to_owned(),
        container: "manager".to_owned(),
        current: Ok(vec![line("error 1"), line("fine"), line("ERROR 2")]),
        previous: None,
    };
    answer(&mut model, Question::Logs(US), Facts::Logs(LogsFacts { logs: vec![log] }));
    update(&mut model, Msg::Log(LogMsg::Open), now());
    update(&mut model, Msg::Log(LogMsg::Find("error".to_owned())), now());
    let hit = |model: &Model| run_of(model).log.as_ref().unwrap().hit;
    assert_eq!(hit(&model), Some(0));
    for (forward, expected) in [(true, 2), (true, 0), (false, 2), (false, 0)] {
        update(&mut model, Msg::Log(LogMsg::Next(forward)), now());
        assert_eq!(hit(&model), Some(expected), "forward: {forward}");
    }
    update(&mut model, Msg::Log(LogMsg::Find("nowhere".to_owned())), now());
    assert_eq!(hit(&model), None);
}

#[test]
fn an_unknown_environment_opens_nothing() {
    let mut model = Model::new(Vec::new());
    assert!(update(&mut model, Msg::Start(StartMsg::Open("gone".to_owned())), now()).is_empty());
    assert!(model.run.is_none());
}

#[test]
fn the_tick_stands_only_where_the_text_is_on_the_clipboard() {
    let mut model = Model::new(Vec::new());
    let copy = Msg::Copy { key: "a".to_owned(), text: "aws".to_owned() };
    let jobs = update(&mut model, copy, now());
    assert!(matches!(jobs.as_slice(), [Job::Copy { key, text }] if key == "a" && text == "aws"), "{jobs:?}");
    assert!(!model.is_copied("a", now()), "it is on its way");

    let ended = |result| Msg::Copied(Copied { key: "a".to_owned(), result });
    update(&mut model, ended(Ok(())), now());
    assert!(model.is_copied("a", now()));
    update(&mut model, ended(Err("there is no desktop here".to_owned())), now());
    assert!(!model.is_copied("a", now()));
    let notice = model.notice.unwrap();
    assert!(
        notice.bad && notice.text.starts_with("Could not be copied: there is no desktop here. "),
        "{notice:?}"
    );
}
