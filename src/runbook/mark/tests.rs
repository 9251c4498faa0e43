use std::time::Duration;

use super::*;
use crate::runbook::cause;
use crate::runbook::fact::{
    Deployment, DeploymentFacts, Facts, HealthCheckFacts, HealthCheckSettings, Observation, PodsFacts,
};
use crate::runbook::profile::{Profile, RegionIndex, testing::profile};
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::steps;
use crate::runbook::verdict::{Why, WhyKind};

const US: RegionIndex = RegionIndex(0);
const EU: RegionIndex = RegionIndex(1);

/// A run in which us-east-1 fails, its Deployment scaled to nothing, and what happens to it.
struct Told {
    profile: Profile,
    readings: Readings,
    reached: Step,
    shown: BTreeSet<Step>,
    was_out: bool,
    found: Option<Found>,
    running: Option<Timestamp>,
    ended: Vec<Option<ActionOutcome>>,
    watched: Option<(Option<Rollout>, bool)>,
    verifying: bool,
    accepted: Vec<Accepted>,
    looks: u32,
}

fn health(healthy: bool) -> Facts {
    let status =
        if healthy { "Success: HTTP Status Code 200, OK" } else { "Failure: HTTP Status Code 503, x" };
    let observation = Observation {
        checker_region: "us-east-1".to_owned(),
        ip_address: "15.177.0.1".to_owned(),
        status: status.to_owned(),
        checked_at: None,
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

impl Told {
    fn new(reached: Step) -> Self {
        let mut told = Self {
            profile: profile(),
            readings: Readings::default(),
            reached,
            shown: Step::ALL.into_iter().filter(|step| *step <= reached).collect(),
            was_out: true,
            found: None,
            running: None,
            ended: Vec::new(),
            watched: None,
            verifying: reached == Step::Verify,
            accepted: Vec::new(),
            looks: 0,
        };
        told.answer(Question::HealthCheck(US), Ok(health(false)));
        told.answer(Question::HealthCheck(EU), Ok(health(true)));
        let none = Deployment { uid: "u".to_owned(), ..Deployment::default() };
        let none = DeploymentFacts::Found(Box::new(none));
        told.answer(Question::Deployment(US), Ok(Facts::Deployment(none)));
        told.answer(Question::Pods(US), Ok(Facts::Pods(PodsFacts::default())));
        told
    }

    fn answer(&mut self, question: Question, answer: Result<Facts, Why>) {
        let reading = Reading { answer, observed_at: Timestamp::UNIX_EPOCH, took: Duration::ZERO };
        self.readings.keep(question, reading);
    }

    /// Every question of these steps ends in silence.
    fn cut_off(mut self) -> Self {
        for question in steps::questions_of(&self.profile, US, &[Step::Confirm, Step::Diagnose, Step::Verify])
        {
            self.answer(question, Err(Why::new(WhyKind::Connection, "no route to host")));
        }
        self
    }

    fn with<T>(&self, judge: impl FnOnce(&Progress<'_>) -> T) -> T {
        let case =
            Case { profile: &self.profile, failed: US, readings: &self.readings, now: Timestamp::UNIX_EPOCH };
        let causes = cause::rank(&case);
        judge(&Progress {
            case,
            reached: self.reached,
            shown: &self.shown,
            was_out: self.was_out,
            causes: &causes,
            found: self.found.as_ref(),
            running: self.running,
            last: self
                .ended
                .last()
                .map(|outcome| Last { at: Timestamp::UNIX_EPOCH, outcome: outcome.as_ref() }),
            watched: self.watched.as_ref().map(|(rollout, lost)| Watched {
                rollout: rollout.as_ref(),
                lost: *lost,
                took: Some(Duration::from_secs(48)),
            }),
            verifying: self.verifying,
            accepted: &self.accepted,
            looks: self.looks,
        })
    }

    fn mark(&self, step: Step) -> (Mark, String) {
        let StepMark { mark, line } = self.with(|progress| of(progress, step));
        (mark, line)
    }
}

fn rollout(phase: Phase, available: u32) -> Rollout {
    Rollout {
        phase,
        wanted: 3,
        updated: available,
        ready: available,
        available,
        old: 0,
        pods: Vec::new(),
        message: String::new(),
    }
}

fn failed(unchanged: bool) -> ActionOutcome {
    ActionOutcome::Failed { message: String::new(), unchanged }
}

#[test]
fn a_step_says_how_it_was_left() {
    let done = ActionOutcome::Done { message: String::new() };
    let cancelled = ActionOutcome::Cancelled { message: String::new(), unchanged: false };
    let at = |reached| Told::new(reached);
    let acted = |outcome| Told { ended: vec![outcome], ..Told::new(Step::Rollout) };
    let watched = |rollout, lost| Told { watched: Some((rollout, lost)), ..Told::new(Step::Rollout) };
    let unseen = |reached| Told { shown: BTreeSet::from([Step::Confirm, reached]), ..Told::new(reached) };
    for (told, step, mark, line) in [
        (at(Step::Confirm), Step::Confirm, Mark::Now, "Active: us-east-1 is out"),
        (at(Step::Diagnose), Step::Confirm, Mark::Done, "Active: us-east-1 is out"),
        (at(Step::Confirm), Step::Diagnose, Mark::ToCome, "Scaled to zero"),
        (at(Step::Restore), Step::Diagnose, Mark::Done, "Scaled to zero"),
        (unseen(Step::Restore), Step::Diagnose, Mark::Skipped, "Skipped. Scaled to zero"),
        (at(Step::Restore), Step::Restore, Mark::Now, "Ready to run"),
        // the step after it was opened, and nothing was done
        (at(Step::Rollout), Step::Restore, Mark::Skipped, "Skipped: nothing done"),
        (acted(Some(done)), Step::Restore, Mark::Done, "Done 00:00:00 UTC"),
        (acted(None), Step::Restore, Mark::ByHand, "By hand 00:00:00 UTC"),
        (acted(Some(failed(true))), Step::Restore, Mark::Failed, "Failed 00:00:00 UTC, unchanged"),
        (acted(Some(failed(false))), Step::Restore, Mark::Failed, "Failed 00:00:00 UTC"),
        (acted(Some(cancelled)), Step::Restore, Mark::Noted, "Cancelled 00:00:00 UTC"),
        (
            Told { running: Some(Timestamp::UNIX_EPOCH), ..at(Step::Restore) },
            Step::Restore,
            Mark::Busy,
            "Runs since 00:00:00 UTC",
        ),
        (at(Step::Verify), Step::Rollout, Mark::Skipped, "Skipped: not watched"),
        (watched(Some(rollout(Phase::Done, 3)), false), Step::Rollout, Mark::Done, "3 of 3 in 48 s"),
        (
            watched(Some(rollout(Phase::Failed(String::new()), 1)), false),
            Step::Rollout,
            Mark::Failed,
            "Failed",
        ),
        (
            watched(Some(rollout(Phase::Progressing, 1)), true),
            Step::Rollout,
            Mark::Unknown,
            "Not watched any more",
        ),
        (watched(Some(rollout(Phase::Progressing, 1)), false), Step::Rollout, Mark::Now, "1 of 3 available"),
        (watched(None, true), Step::Rollout, Mark::Unknown, "Could not be watched"),
        (Told { looks: 3, ..at(Step::Verify) }, Step::Verify, Mark::Done, "Recovered"),
    ] {
        assert_eq!(told.mark(step), (mark, line.to_owned()), "{step:?} at {:?}", told.reached);
    }
}

#[test]
fn what_could_not_be_checked_is_never_a_tick() {
    let diagnosing = Told::new(Step::Restore).cut_off();
    assert_eq!(diagnosing.mark(Step::Confirm), (Mark::Unknown, "Could not check".to_owned()));
    let (mark, line) = diagnosing.mark(Step::Diagnose);
    assert_eq!(mark, Mark::Unknown);
    assert!(line.starts_with("None of ") && line.ends_with(" checks could be made"), "{line}");
    // what was read last tells since when
    let verifying = Told::new(Step::Verify).cut_off();
    assert_eq!(verifying.mark(Step::Verify), (Mark::Unknown, "Could not look since 00:00:00 UTC".to_owned()));
}

#[test]
fn what_was_found_is_kept_once_something_was_done() {
    let before = Told::new(Step::Restore);
    let kept = before.with(|progress| found(progress, None));
    assert_eq!(kept.diagnose, StepMark::new(Mark::Done, "Scaled to zero"));
    let reasoned = before.with(|progress| found(progress, Some("the status page says so")));
    let mut after = Told { found: Some(kept), ..Told::new(Step::Rollout).cut_off() };
    assert_eq!(after.mark(Step::Confirm), (Mark::Done, "Active: us-east-1 is out".to_owned()));
    assert_eq!(after.mark(Step::Diagnose), (Mark::Done, "Scaled to zero".to_owned()));
    after.found = Some(reasoned);
    let over = "Passed over: the status page says so".to_owned();
    assert_eq!(after.mark(Step::Confirm), (Mark::PassedOver, over));
}

#[test]
fn who_is_waited_for_is_who_has_to_do_something() {
    let waits = |told: &Told| told.with(waits_for);
    assert_eq!(waits(&Told::new(Step::Confirm)), Waits::You);
    assert_eq!(waits(&Told::new(Step::Restore)), Waits::You, "an action fits");
    let mut expired = Told::new(Step::Diagnose);
    let why = || Why::new(WhyKind::Unauthenticated, "the sign-in has expired");
    for question in [Question::Eks(US), Question::Targets(US), Question::Identity] {
        expired.answer(question, Err(why()));
    }
    assert_eq!(waits(&expired), Waits::You, "nobody else signs in");
    let mut swapped = Told::new(Step::Diagnose);
    swapped.answer(Question::HealthCheck(US), Ok(health(true)));
    swapped.answer(Question::HealthCheck(EU), Ok(health(false)));
    assert_eq!(waits(&swapped), Waits::You, "nobody else takes the other region");
    let mut all = Told::new(Step::Diagnose);
    all.answer(Question::HealthCheck(EU), Ok(health(false)));
    assert_eq!(waits(&all), Waits::OthersStop);
    assert_eq!(waits(&Told { looks: 3, ..Told::new(Step::Verify) }), Waits::Nothing);
}

#[test]
fn every_mark_has_a_word_of_its_own() {
    let marks = [
        Mark::ToCome,
        Mark::Now,
        Mark::Busy,
        Mark::Done,
        Mark::ByHand,
        Mark::PassedOver,
        Mark::Skipped,
        Mark::Unknown,
        Mark::Noted,
        Mark::Failed,
    ];
    let words: BTreeSet<&str> = marks.iter().map(|mark| mark.word()).collect();
    assert_eq!(words.len(), marks.len());
}
