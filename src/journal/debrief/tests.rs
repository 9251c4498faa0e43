//! The debrief, against runs of every scenario.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::journal::{Entry, Hand, Happening, NamedCause, Rehearsal, process, replay::replay};

/// Every scenario, and the outcomes, causes and actions of a run without a fault.
const SCENARIOS: [&str; 28] = [
    "scaled-to-zero",
    "crash-loop",
    "deployment-missing",
    "cluster-unreachable",
    "image-pull",
    "version-skew",
    "release-pending",
    "resource-exhaustion",
    "permission-missing",
    "nodes-not-ready",
    "unschedulable",
    "database-identity",
    "database-unreachable",
    "peering-inactive",
    "route-missing",
    "security-group-closed",
    "database-down",
    "closed-port-and-image-pull",
    "crash-loop-and-inverted-check",
    "targets-unhealthy",
    "ingress-not-reconciled",
    "cluster-down",
    "all-regions-failing",
    "wrong-region",
    "health-check-misconfigured",
    "credentials-expired",
    "route53-out-of-reach",
    "healthy",
];

/// A journal that is being written, an entry every ten seconds.
#[derive(Default)]
struct Script {
    record: Record,
    lines: String,
    second: i64,
    intents: u64,
}

impl Script {
    fn of(scenario: &str) -> Self {
        let practice =
            Some(Rehearsal { scenario: scenario.to_owned(), title: scenario.to_owned(), speed: 10.0 });
        let mut script = Self::default();
        script.add(Happening::Opened { environment: "practice".to_owned(), practice, by: Hand::default() });
        script.add(Happening::RegionChosen { region: "us-east-1".to_owned() });
        script
    }

    fn at(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.second)
    }

    fn add(&mut self, happening: Happening) {
        let entry = Entry { at: self.at(), happening };
        self.record.add_entry(&entry);
        self.lines += &serde_json::to_string(&entry).unwrap();
        self.lines.push('\n');
        self.second += 10;
    }

    fn outcome(&mut self, id: &str) {
        self.add(Happening::OutcomeSeen { outcome: id.to_owned(), sentence: id.to_owned() });
    }

    fn cause(&mut self, id: &str) {
        let (evidence_for, evidence_against, not_checked) = (Vec::new(), Vec::new(), Vec::new());
        let (id, headline, strength) = (id.to_owned(), id.to_owned(), "likely".to_owned());
        let cause = NamedCause { id, headline, strength, evidence_for, evidence_against, not_checked };
        self.add(Happening::CauseNamed { cause: Some(cause) });
    }

    fn act(&mut self, action: ActionKind) {
        self.act_past(action, &[]);
    }

    fn act_past(&mut self, action: ActionKind, overridden: &[&str]) {
        self.intents += 1;
        let text = String::new;
        self.add(Happening::Intent {
            intent: self.intents,
            by: process::mark(7),
            action,
            region: "us-east-1".to_owned(),
            context: text(),
            command: text(),
            changes: text(),
            overridden: overridden.iter().map(|&past| past.to_owned()).collect(),
            reason: None,
        });
        let outcome = ActionOutcome::Done { message: "done".to_owned() };
        self.add(Happening::Outcome { intent: self.intents, action, outcome });
    }

    fn rolled_out(&mut self, done: bool) {
        self.add(Happening::RolloutEnded { done, message: String::new() });
    }

    fn recover(&mut self) {
        self.add(Happening::Recovered);
    }

    fn leave(&mut self) {
        self.add(Happening::Closed { recovered: false, reasons: Vec::new() });
    }

    fn debrief(&self) -> Debrief {
        debrief(&self.record).unwrap()
    }

    /// Steps 1 and 2 as the scenario has them.
    fn diagnosed(scenario: &str) -> Self {
        let lesson = lesson::of(scenario).unwrap();
        let mut script = Self::of(scenario);
        script.outcome(lesson.outcome);
        if lesson.swaps {
            script.cause("wrong-region");
            script.add(Happening::RegionChosen { region: "eu-west-1".to_owned() });
            script.outcome("failover-active");
        }
        script.add(Happening::StepOpened { step: Step::Diagnose });
        if let Some(cause) = lesson.causes.iter().find(|cause| **cause != "wrong-region") {
            script.cause(cause);
        }
        script
    }

    /// A run as the lesson has it.
    fn perfect(scenario: &str) -> Self {
        let lesson = lesson::of(scenario).unwrap();
        let mut script = Self::diagnosed(scenario);
        if lesson.end != GoodEnd::Recovered {
            script.leave();
            return script;
        }
        if lesson.others {
            script.add(Happening::RepairedByOthers);
            script.outcome("failover-active");
        }
        for (kind, _) in lesson.causes.iter().filter_map(|cause| lesson::fitting(cause)) {
            script.add(Happening::StepOpened { step: Step::Restore });
            script.act(kind);
            script.rolled_out(true);
        }
        script.add(Happening::StepOpened { step: Step::Verify });
        script.recover();
        script
    }
}

#[test]
fn a_perfect_run_of_every_scenario_has_nothing_to_find_fault_with() {
    for scenario in SCENARIOS {
        let debrief = Script::perfect(scenario).debrief();
        let found = (&debrief.needless, &debrief.wrong, &debrief.missing);
        assert_eq!(found, (&Vec::new(), &Vec::new(), &Vec::new()), "{scenario}");
        assert!(debrief.is_clean(), "{scenario}: {debrief:?}");
        assert!(debrief.to_confirm.is_some() && debrief.to_right_cause.is_some(), "{scenario}: {debrief:?}");
        assert!(debrief.good_run.len() >= 2, "{scenario}: {:?}", debrief.good_run);
        let left = lesson::of(scenario).unwrap().end != GoodEnd::Recovered;
        let ending = if left { Ending::RightlyLeft } else { Ending::Recovered };
        assert_eq!((debrief.ending, debrief.to_recovered.is_none()), (ending, left), "{scenario}");
        assert_eq!(debrief.as_best().unwrap().faults, 0);
    }
}

#[test]
fn a_run_that_is_left_at_once_says_what_was_left_out() {
    for scenario in SCENARIOS {
        let mut script = Script::of(scenario);
        script.leave();
        let debrief = script.debrief();
        let lesson = lesson::of(scenario).unwrap();
        let has_to_recover = lesson.end == GoodEnd::Recovered;
        assert_eq!(debrief.missing.is_empty(), !has_to_recover, "{scenario}: {:?}", debrief.missing);
        assert_eq!(debrief.ending == Ending::Unfinished, has_to_recover, "{scenario}");
        let handed_over = debrief.missing.iter().any(|text| text.contains("Somebody repaired it"));
        assert_eq!(handed_over, has_to_recover && lesson.others, "{scenario}: {:?}", debrief.missing);
    }
}

#[test]
fn whatever_is_done_where_nothing_is_to_be_done_is_wrong() {
    for scenario in ["healthy", "database-down", "all-regions-failing", "health-check-misconfigured"] {
        for kind in ActionKind::ALL {
            let mut script = Script::diagnosed(scenario);
            script.act(kind);
            let debrief = script.debrief();
            assert_eq!(debrief.wrong.len(), 1, "{scenario}, {kind:?}: {debrief:?}");
            assert_eq!(debrief.ending, Ending::Unfinished, "{scenario}, {kind:?}");
        }
    }
}

#[test]
fn what_cannot_help_is_wrong_and_what_was_repeated_needless() {
    let mut script = Script::diagnosed("scaled-to-zero");
    script.act_past(ActionKind::Restart, &["Cannot help: there is no pod to restart"]);
    script.rolled_out(false);
    script.act(ActionKind::Scale);
    script.act(ActionKind::ReapplyHelm);
    script.rolled_out(true);
    script.recover();
    let debrief = script.debrief();
    assert_eq!(debrief.wrong, ["The restart at 00:00:50 UTC: cannot help: there is no pod to restart"]);
    let needless = "The re-apply by Helm at 00:01:40 UTC: the scaling before it had done the same";
    assert_eq!(debrief.needless, [needless]);
    assert_eq!((debrief.missing.len(), debrief.ending), (0, Ending::Recovered));
    assert!(!debrief.is_clean());
}

#[test]
fn an_action_whose_rollout_failed_was_the_needless_one() {
    let mut script = Script::diagnosed("resource-exhaustion");
    script.act(ActionKind::ReapplyHelm);
    script.rolled_out(false);
    script.act(ActionKind::ReapplyHelm);
    script.rolled_out(true);
    script.recover();
    let needless = script.debrief().needless;
    assert_eq!(needless, ["The re-apply by Helm at 00:00:50 UTC: nothing got better after it"]);
}

#[test]
fn before_the_repair_by_others_nothing_gets_better_and_after_it_a_restart_is_right() {
    let mut script = Script::diagnosed("route-missing");
    script.act(ActionKind::Restart);
    let debrief = script.debrief();
    assert_eq!(debrief.needless.len(), 1, "{debrief:?}");
    assert!(debrief.missing.iter().any(|text| text.contains("handed over")), "{debrief:?}");
    script.add(Happening::RepairedByOthers);
    script.act(ActionKind::Restart);
    script.recover();
    let debrief = script.debrief();
    assert_eq!(
        (debrief.needless.len(), debrief.wrong.len(), debrief.missing.len()),
        (1, 0, 0),
        "{debrief:?}"
    );
}

#[test]
fn a_reason_is_right_where_the_failover_cannot_be_confirmed_and_nowhere_else() {
    for (scenario, kind, wrong) in
        [("route53-out-of-reach", ActionKind::Restart, 0), ("crash-loop", ActionKind::Restart, 1)]
    {
        let mut script = Script::diagnosed(scenario);
        script.act_past(kind, &["The failover could not be confirmed"]);
        script.recover();
        assert_eq!(script.debrief().wrong.len(), wrong, "{scenario}");
    }
}

#[test]
fn steps_that_were_passed_over_are_missing() {
    let mut script = Script::of("scaled-to-zero");
    script.act(ActionKind::Scale);
    script.recover();
    let missing = script.debrief().missing;
    let [confirm, diagnose] = missing.as_slice() else { panic!("{missing:?}") };
    assert!(confirm.starts_with("Step 1: ") && diagnose.starts_with("Step 2: no cause"), "{missing:?}");
    // All was known, and nobody looked at why.
    let mut script = Script::of("scaled-to-zero");
    script.outcome("failover-active");
    script.cause("scaled-to-zero");
    script.act(ActionKind::Scale);
    script.recover();
    assert_eq!(script.debrief().missing, ["Step 2: its evidence was not looked at before the scaling"]);
}

#[test]
fn what_was_taken_back_or_changed_nothing_is_not_judged() {
    let mut script = Script::diagnosed("scaled-to-zero");
    let action = ActionKind::Restart;
    script.add(Happening::DoneByHand { action, command: String::new(), output: None });
    script.add(Happening::TakenBack { action });
    script.intents += 1;
    script.act(ActionKind::Scale);
    script.recover();
    assert!(script.debrief().is_clean(), "{:?}", script.debrief());
}

#[test]
fn only_practice_runs_of_known_scenarios_have_one() {
    assert_eq!(debrief(&Record::default()), None);
    assert_eq!(debrief(&Script::of("of-a-newer-program").record), None);
}

#[test]
fn fewer_faults_are_better_than_less_time() {
    let best = |secs, faults| BestRun {
        scenario: "healthy".to_owned(),
        took: Duration::from_secs(secs),
        speed: "10".to_owned(),
        ending: Ending::Recovered,
        faults,
    };
    assert_eq!(best(60, 1).better(best(90, 0)), best(90, 0));
    assert_eq!(best(60, 0).better(best(90, 0)), best(60, 0));
    assert_eq!(best(90, 0).better(best(60, 0)), best(60, 0));
}

proptest! {
    /// Whatever a journal has, cut anywhere, with a clock that goes as it likes.
    #[test]
    fn no_journal_is_too_odd(
        scenario in proptest::sample::select(&SCENARIOS[..]),
        steps in proptest::collection::vec((0_u8..12, -100_i64..100), 0..40),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut script = Script::of(scenario);
        for (what, seconds) in steps {
            script.second += seconds;
            let kind = ActionKind::ALL[usize::from(what) % ActionKind::ALL.len()];
            match what {
                0 => script.recover(),
                1 => script.leave(),
                2 => script.rolled_out(seconds > 0),
                3 => script.add(Happening::RepairedByOthers),
                4 => script.add(Happening::TakenBack { action: kind }),
                5 => script.outcome("failover-active"),
                6 => script.cause("crash-loop"),
                7 => script.add(Happening::RegionChosen { region: seconds.to_string() }),
                _ => script.act(kind),
            }
            let found = script.debrief();
            prop_assert!(found.took.is_none_or(|took| took.as_secs() < 100_000));
            prop_assert!(!found.good_run.is_empty());
        }
        prop_assert_eq!(debrief(&replay(&script.lines)), Some(script.debrief()));
        let begun = script.lines.find('\n').unwrap() + 1;
        let cut = cut.index(script.lines.len() + 1);
        prop_assert_eq!(debrief(&replay(&script.lines[..cut])).is_some(), cut + 1 >= begun);
    }
}

#[test]
fn a_step_is_settled_when_the_person_went_on_from_it() {
    // Opened at 0, the region at 10, the outcome at 20, step 2 at 30, the cause at 40.
    let mut script = Script::diagnosed("crash-loop");
    let secs = |time: Option<Duration>| time.map(|time| time.as_secs());
    assert_eq!(secs(script.debrief().to_confirm), Some(30));
    assert_eq!(secs(script.debrief().to_right_cause), Some(40), "they have not gone on yet");
    script.second = 300;
    script.add(Happening::StepOpened { step: Step::Restore });
    assert_eq!(secs(script.debrief().to_confirm), Some(30));
    assert_eq!(secs(script.debrief().to_right_cause), Some(300));
}
