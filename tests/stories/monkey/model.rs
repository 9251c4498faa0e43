//! The model's half: messages of every kind, answers of several worlds in any order, and jumps of time, with no
//! engine behind it. A write is a job here: it may only follow a confirmation, and only one at a time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use failback::app::clipboard::Copied;
use failback::app::model::{Model, Run, ScenarioCard};
use failback::app::msg::{FilePurpose, FormMsg, LogMsg, Msg, RestoreMsg, RunMsg, StartMsg};
use failback::app::update::update;
use failback::engine::event::{Event, PracticeWorld, RunRead, Stored};
use failback::engine::job::{Job, SessionId};
use failback::environment::{Field, Listing, RegionField, Saved};
use failback::journal::{Entry, ReadBack, Record, RunSummary};
use failback::runbook::action::{ActionKind, ActionOutcome};
use failback::runbook::fact::{DeploymentFacts, Facts, LogLine, PodsFacts};
use failback::runbook::profile::{Method, RegionIndex};
use failback::runbook::question::{Question, Reading};
use failback::runbook::step::Step;
use failback::runbook::verdict::{Why, WhyKind};
use jiff::{SignedDuration, Timestamp};

use super::{Dice, TEXTS, Told, Trail, settings};
use crate::facts;

/// An answer that is on its way.
enum Due {
    Answer(SessionId, Question, u64),
    Practice(SessionId),
    End(SessionId),
    Other(Box<Event>),
}

struct Monkey {
    dice: Dice,
    model: Model,
    now: Timestamp,
    /// What the answers are of; changes now and then.
    worlds: Vec<Run>,
    world: usize,
    due: Vec<Due>,
    /// Sessions whose write has not ended.
    writing: Vec<SessionId>,
    applied: usize,
    /// What was noted lately: an earlier run, to be taken up again.
    noted: Vec<Entry>,
    /// What somebody who means it does next; other things come in between.
    meant: VecDeque<RestoreMsg>,
}

#[test]
fn no_message_in_any_order_brings_about_a_write_that_was_not_confirmed() {
    let (events, seed) = settings(10_000);
    let trail = RefCell::new(Trail::default());
    let _told =
        Told(&trail, format!("FAILBACK_MONKEY_SEED={seed} FAILBACK_MONKEY_EVENTS={events}, the model"));
    let mut monkey = Monkey::new(seed);
    for _ in 0..events {
        monkey.step(&trail);
    }
    println!("{events} events, seed {seed}: {} writes, each confirmed", monkey.applied);
    assert!(monkey.applied * 4_000 >= events, "it hardly ever came to a write: {}", monkey.applied);
}

impl Monkey {
    fn new(seed: u64) -> Self {
        let scenario = ScenarioCard {
            id: "crash-loop".to_owned(),
            title: "Crash loop".to_owned(),
            summary: String::new(),
            about: String::new(),
        };
        Self {
            dice: Dice::new(seed),
            model: Model::new(vec![scenario]),
            now: facts::now(),
            worlds: vec![
                facts::scaled_to_zero(),
                facts::crash_loop(),
                facts::port_closed(),
                facts::unreachable(),
                facts::repaired(),
                facts::failover(),
            ],
            world: 0,
            due: Vec::new(),
            writing: Vec::new(),
            applied: 0,
            noted: Vec::new(),
            meant: VecDeque::new(),
        }
    }

    fn step(&mut self, trail: &RefCell<Trail>) {
        self.pass_time();
        if self.dice.below(200) == 0 {
            self.world = self.dice.below(self.worlds.len());
        }
        let answers = !self.due.is_empty() && self.dice.percent(70);
        let msg = if answers { self.answer() } else { self.act() };
        trail.borrow_mut().note(&brief(&msg));
        self.send(msg);
        if self.model.quit {
            // the window is gone, and somebody starts the program again
            self.model = Monkey::new(0).model;
            self.due.clear();
            self.writing.clear();
            self.meant.clear();
        }
    }

    fn pass_time(&mut self) {
        let secs = match self.dice.below(1_000) {
            0 => 100_000,
            1 => -3_600,
            2..=5 => 90,
            6..=200 => 1,
            _ => return,
        };
        self.now += SignedDuration::from_secs(secs);
    }

    /// Hands a message in, and holds what follows to the rules.
    fn send(&mut self, msg: Msg) {
        let confirms = matches!(msg, Msg::Restore(RestoreMsg::Confirm));
        let before = self.model.run.as_ref().map(|run| {
            let failed = run.failed.map(|failed| run.profile.region(failed).name.clone());
            (run.session, run.restore.typed.clone(), failed, run.restore.running.is_some())
        });
        let jobs = update(&mut self.model, msg, self.now);
        for job in jobs {
            if let Job::Apply { session, confirmed } = &job {
                let (of, typed, failed, running) = before.clone().unwrap();
                let region = confirmed.plan().region();
                assert!(confirms, "a write without a confirmation");
                assert_eq!(
                    (*session, Some(&typed)),
                    (of, failed.as_ref()),
                    "not by the failed region's name"
                );
                assert_eq!(region.name, typed, "another region than the one that was typed");
                assert!(!running && !self.writing.contains(session), "a second write beside one that runs");
                let run = self.model.run.as_ref().unwrap();
                assert!(!shows_healthy(run, run.failed.unwrap()), "{} is healthy", region.name);
                self.writing.push(*session);
                self.applied += 1;
            }
            self.take(job);
        }
    }

    /// What the engine would answer to a job, some time.
    fn take(&mut self, job: Job) {
        let due = match job {
            Job::Observe { session, question, generation }
            | Job::Preview { session, question, generation, .. } => {
                Due::Answer(session, question, generation)
            }
            Job::StartPractice { session, .. } => Due::Practice(session),
            Job::Apply { session, .. } => Due::End(session),
            Job::ListEnvironments => Due::Other(Box::new(Event::Environments(listing()))),
            Job::SaveEnvironment { profile, .. } => {
                Due::Other(Box::new(Event::Stored(Ok(Stored::Saved(profile.name.clone())))))
            }
            Job::DeleteEnvironment { name } => Due::Other(Box::new(Event::Stored(Ok(Stored::Deleted(name))))),
            Job::DuplicateEnvironment { name } => {
                Due::Other(Box::new(Event::Stored(Ok(Stored::Duplicated(format!("{name} copy"))))))
            }
            Job::RepairPractice { session } => Due::Other(Box::new(Event::PracticeRepaired { session })),
            Job::LookBack | Job::EndRun { .. } => Due::Other(Box::new(Event::LookedBack(self.look_back()))),
            Job::ReadRun { folder } => Due::Other(Box::new(self.read_run(folder))),
            Job::ResumeRun { session, folder } => {
                if self.dice.percent(5) {
                    let message = "the journal is being written by another Failback".to_owned();
                    Due::Other(Box::new(Event::JournalFailed { session, message }))
                } else {
                    Due::Other(Box::new(Event::RunFolder { session, folder }))
                }
            }
            Job::Note { session, entry } => {
                self.noted.push(entry.clone());
                let surplus = self.noted.len().saturating_sub(300);
                self.noted.drain(..surplus);
                Due::Other(Box::new(Event::Journaled { session, entries: vec![entry] }))
            }
            Job::WatchRollout { session, .. } => Due::Other(Box::new(self.rollout(session))),
            Job::FollowLog { session, generation, .. } => {
                let lines = vec![LogLine { at: None, text: "a line".to_owned() }];
                Due::Other(Box::new(Event::LogLines { session, generation, lines }))
            }
            _ => return,
        };
        // a question that is asked again is mostly not answered twice
        if let Due::Answer(session, question, _) = due
            && self.dice.percent(90)
        {
            self.due.retain(
                |due| !matches!(due, Due::Answer(of, same, _) if *of == session && *same == question),
            );
        }
        if self.due.len() < 400 {
            self.due.push(due);
        } else if let Due::End(_) = due {
            self.due[0] = due;
        }
    }

    /// What was noted lately, as the record of a run.
    fn record(&self) -> Record {
        let mut record = Record::default();
        for entry in &self.noted {
            record.add_entry(entry);
        }
        record
    }

    fn look_back(&self) -> ReadBack {
        let record = self.record();
        let run = RunSummary {
            folder: PathBuf::from("/runs/one"),
            environment: record.environment.clone(),
            practice: None,
            region: record.region.clone(),
            opened_at: record.milestones.opened,
            last_at: record.last_at,
            by: "anna@bastion".to_owned(),
            waiting_for: record.waiting_for(),
            is_unfinished: record.is_unfinished(),
            has_open_action: false,
            is_recovered: record.is_recovered(),
            goes_on: false,
        };
        ReadBack { runs: vec![run], ..ReadBack::default() }
    }

    fn read_run(&mut self, folder: PathBuf) -> Event {
        if self.dice.percent(5) {
            return Event::RunRead { folder, read: Err("it cannot be read".to_owned()) };
        }
        let mut record = self.record();
        record.practice = None;
        let profile = if self.dice.percent(90) { Ok(facts::profile()) } else { Err("none".to_owned()) };
        let goes_on = self.dice.percent(5);
        Event::RunRead { folder, read: Ok(Box::new(RunRead { record, goes_on, profile })) }
    }

    fn rollout(&mut self, session: SessionId) -> Event {
        if self.dice.percent(10) {
            return Event::RolloutLost { session, why: Why::new(WhyKind::Connection, "reset") };
        }
        let (deployment, pods) = if self.dice.percent(50) {
            (facts::deployment_facts(3, 3), PodsFacts { pods: vec![facts::ready_pod("loft-a")] })
        } else {
            (DeploymentFacts::Missing, PodsFacts::default())
        };
        Event::Rollout { session, deployment, pods }
    }

    /// One of the answers that are due, now and then twice or of another session.
    fn answer(&mut self) -> Msg {
        // mostly the newest ones, so that there is something to plan by
        let newest = if self.dice.percent(80) { self.due.len().saturating_sub(25) } else { 0 };
        let place = newest + self.dice.below(self.due.len() - newest);
        let due = self.due.swap_remove(place);
        let event = match due {
            Due::Answer(session, question, generation) => {
                let session = if self.dice.percent(3) { SessionId(session.0 + 1) } else { session };
                let generation = generation + u64::from(self.dice.percent(3));
                let reading = Box::new(self.reading(question));
                Event::Observed { session, question, generation, reading }
            }
            Due::Practice(session) if self.dice.percent(5) => {
                Event::PracticeStarted { session, world: Err("no port is free".to_owned()) }
            }
            Due::Practice(session) => {
                let world = PracticeWorld {
                    scenario: "crash-loop".to_owned(),
                    title: "Crash loop".to_owned(),
                    speed: 60.0,
                    repaired_by_others: self.dice.percent(50),
                    profile: Arc::new(facts::profile()),
                    told_region: self
                        .dice
                        .one(&["us-east-1", "us-east-1", "us-east-1", "us-east-1", "eu-west-1", "nowhere"])
                        .to_string(),
                };
                Event::PracticeStarted { session, world: Ok(world) }
            }
            Due::End(session) => {
                if self.dice.percent(20) {
                    self.due.push(Due::End(session));
                    return engine(Event::Output { session, line: "a line".to_owned() });
                }
                self.writing.retain(|of| *of != session);
                Event::ActionEnded { session, outcome: self.outcome() }
            }
            Due::Other(event) => *event,
        };
        engine(event)
    }

    fn outcome(&mut self) -> ActionOutcome {
        let message = "as it says".to_owned();
        match self.dice.below(4) {
            0 => ActionOutcome::Done { message },
            1 => ActionOutcome::Failed { message, unchanged: true },
            2 => ActionOutcome::Failed { message, unchanged: false },
            _ => ActionOutcome::Cancelled { message, unchanged: false },
        }
    }

    fn reading(&mut self, question: Question) -> Reading<Facts> {
        let world = if self.dice.percent(8) { self.dice.below(self.worlds.len()) } else { self.world };
        let answer = |world: usize| self.worlds[world].readings.latest(question).map(|it| it.answer.clone());
        // what one world does not tell, another does
        let known = answer(world).or_else(|| (0..self.worlds.len()).find_map(answer));
        let unread = || Err(Why::new(WhyKind::Timeout, "no answer within 5 s"));
        let answer = if self.dice.percent(5) { unread() } else { known.unwrap_or_else(unread) };
        Reading { answer, observed_at: self.now, took: Duration::from_millis(9) }
    }

    fn act(&mut self) -> Msg {
        let in_run = self.model.run.is_some();
        if in_run
            && self.dice.percent(75)
            && let Some(next) = self.meant.pop_front()
        {
            return Msg::Restore(next);
        }
        match self.dice.below(100) {
            1..=3 if in_run => {
                self.meant = self.intention();
                Msg::Tick
            }
            0..=9 => Msg::Tick,
            10..=13 if !in_run || self.dice.percent(10) => Msg::Start(self.start()),
            14 if in_run && self.dice.percent(20) => Msg::CloseRequested,
            15..=19 => Msg::Dialog(self.dice.percent(50)),
            20..=24 => Msg::Form(self.form()),
            25 => Msg::DismissNotice,
            26 => Msg::Copied(self.copied()),
            27..=32 => Msg::Log(self.log()),
            33..=55 => Msg::Run(self.run()),
            56..=57 => engine(self.unasked()),
            _ if in_run => Msg::Restore(self.restore()),
            _ => Msg::Start(StartMsg::Practise("crash-loop".to_owned())),
        }
    }

    /// An action, perhaps a reason, the failed region's name or another, and the button.
    fn intention(&mut self) -> VecDeque<RestoreMsg> {
        let typed = (*self.dice.one(&TEXTS[..4])).to_owned();
        let reason = if self.dice.percent(50) { "I insist" } else { "" };
        [
            RestoreMsg::Select(*self.dice.one(&ActionKind::ALL)),
            RestoreMsg::Reason(reason.to_owned()),
            RestoreMsg::Typed(typed),
            RestoreMsg::Confirm,
        ]
        .into()
    }

    fn copied(&mut self) -> Copied {
        let result = if self.dice.percent(50) { Ok(()) } else { Err("there is no desktop here".to_owned()) };
        Copied { key: "rollout".to_owned(), result }
    }

    fn start(&mut self) -> StartMsg {
        let name = facts::profile().name;
        match self.dice.below(12) {
            9 | 10 => StartMsg::Resume(PathBuf::from("/runs/one")),
            11 => StartMsg::EndRun(PathBuf::from("/runs/one")),
            0 => StartMsg::New,
            1 => StartMsg::Edit(name),
            2 => StartMsg::Duplicate(name),
            3 => StartMsg::Delete(name),
            4 => StartMsg::CheckAgain(name),
            5 => StartMsg::Practise("crash-loop".to_owned()),
            6 => StartMsg::Reload,
            _ => StartMsg::Open(name),
        }
    }

    fn region(&mut self) -> RegionIndex {
        RegionIndex(self.dice.below(2))
    }

    fn question(&mut self) -> Question {
        let region = self.region();
        *self.dice.one(&[
            Question::HealthCheck(region),
            Question::Deployment(region),
            Question::ClusterIdentity(region),
            Question::Pods(region),
            Question::Logs(region),
            Question::Tools,
            Question::Identity,
        ])
    }

    fn run(&mut self) -> RunMsg {
        let (region, question) = (self.region(), self.question());
        match self.dice.below(60) {
            0..=14 => RunMsg::Show(*self.dice.one(&Step::ALL)),
            15 => RunMsg::Choose(RegionIndex(usize::from(self.dice.percent(15)))),
            16..=20 => RunMsg::Refresh(question),
            21..=23 => RunMsg::RefreshAll,
            30..=32 => RunMsg::ToggleCheck("health-check", Some(region)),
            33 => RunMsg::ToggleGuidance,
            34 => RunMsg::ToggleCauses,
            35 => RunMsg::TogglePassed,
            36..=40 => RunMsg::WatchAgain,
            41..=43 => RunMsg::Accept(("peers", Some(region))),
            44..=46 => RunMsg::AcceptReason("as agreed".to_owned()),
            47..=49 => RunMsg::AcceptDone,
            24..=29 => RunMsg::Acknowledge(("probe", Some(region))),
            50 => RunMsg::AcceptCancel,
            51 => RunMsg::Repair,
            52 if self.dice.percent(30) => RunMsg::Variables,
            53 if self.dice.percent(10) => RunMsg::Leave,
            _ => RunMsg::Show(Step::Restore),
        }
    }

    fn restore(&mut self) -> RestoreMsg {
        match self.dice.below(20) {
            0..=2 => RestoreMsg::Select(*self.dice.one(&ActionKind::ALL)),
            3..=8 => RestoreMsg::Typed((*self.dice.one(&TEXTS)).to_owned()),
            9..=11 => RestoreMsg::Reason((*self.dice.one(&TEXTS)).to_owned()),
            12..=17 => RestoreMsg::Confirm,
            18 if self.dice.percent(50) => RestoreMsg::Reset,
            18 => RestoreMsg::Cancel,
            _ if self.dice.percent(10) => RestoreMsg::ByHand,
            _ if self.dice.percent(10) => RestoreMsg::TakeBack,
            _ => RestoreMsg::Confirm,
        }
    }

    fn log(&mut self) -> LogMsg {
        match self.dice.below(8) {
            0 | 1 => LogMsg::Open,
            2 => LogMsg::Close,
            3 => LogMsg::Of(Some(("loft-a".to_owned(), "manager".to_owned()))),
            4 => LogMsg::Previous(self.dice.percent(50)),
            5 => LogMsg::Find((*self.dice.one(&TEXTS)).to_owned()),
            6 => LogMsg::Next(self.dice.percent(50)),
            _ => LogMsg::Follow(self.dice.percent(50)),
        }
    }

    fn form(&mut self) -> FormMsg {
        let region = self.dice.below(4);
        let field = *self.dice.one(&[
            Field::Name,
            Field::Kubeconfig,
            Field::Replicas,
            Field::Region(region, RegionField::Name),
            Field::Region(region, RegionField::Context),
            Field::Region(region, RegionField::HealthCheckId),
            Field::DatabasePort,
        ]);
        let text = (*self.dice.one(&TEXTS)).to_owned();
        match self.dice.below(12) {
            0..=3 => FormMsg::Text(field, text),
            4 => FormMsg::Chosen(field, text),
            5 => FormMsg::Method(*self.dice.one(&[Method::Helm, Method::Vcluster])),
            6 => FormMsg::AddRegion,
            7 => FormMsg::RemoveRegion(region),
            8 => FormMsg::ToggleMore,
            9 => FormMsg::TestAll,
            10 => FormMsg::Save,
            _ if self.dice.percent(30) => FormMsg::Dropped("/tmp/values.yaml".into()),
            _ => FormMsg::Leave,
        }
    }

    /// What nobody asked for, or what comes late.
    fn unasked(&mut self) -> Event {
        let session = SessionId(self.dice.below(40) as u64);
        match self.dice.below(8) {
            0 => Event::Stored(Err("the disk is full".to_owned())),
            1 => Event::Contexts { kubeconfig: None, contexts: Ok(vec!["prod".to_owned()]) },
            2 => Event::Picked { purpose: FilePurpose::ValuesFile(7), path: Some("/tmp/x".into()) },
            3 if !self.writing.contains(&session) => Event::ActionEnded { session, outcome: self.outcome() },
            4 if self.dice.percent(2) => {
                Event::JournalFailed { session, message: "the disk is full".to_owned() }
            }
            5 => Event::PracticeRepaired { session },
            6 => Event::LogEnded { session, generation: 1, why: None },
            _ => self.rollout(session),
        }
    }
}

fn engine(event: Event) -> Msg {
    Msg::Engine(Box::new(event))
}

/// By the answer itself: all checkers succeed.
fn shows_healthy(run: &Run, region: RegionIndex) -> bool {
    let Some(Ok(facts)) = run.readings.health_check(region) else { return false };
    !facts.observations.is_empty() && facts.observations.iter().all(|it| it.status.starts_with("Success"))
}

fn brief(msg: &Msg) -> String {
    let text = format!("{msg:?}");
    text.chars().take(160).collect()
}

fn listing() -> Listing {
    let profile = facts::profile();
    let saved = Saved { name: profile.name.clone(), path: "/tmp/none.toml".into(), profile };
    Listing { environments: vec![saved], problems: Vec::new() }
}
