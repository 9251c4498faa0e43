//! The fold, against journals of any shape.

use proptest::prelude::*;

use super::*;
use crate::journal::process;
use crate::runbook::action::ActionKind;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + second).unwrap()
}

fn line(second: i64, happening: Happening) -> String {
    serde_json::to_string(&Entry { at: at(second), happening }).unwrap()
}

fn opened() -> Happening {
    Happening::Opened { environment: "acme".to_owned(), practice: None, by: Hand::default() }
}

fn chosen() -> Happening {
    Happening::RegionChosen { region: "us-east-1".to_owned() }
}

fn intent(intent: u64) -> Happening {
    Happening::Intent {
        intent,
        by: process::mark(7),
        action: ActionKind::ReapplyHelm,
        region: "us-east-1".to_owned(),
        context: "us".to_owned(),
        command: "helm upgrade".to_owned(),
        changes: String::new(),
        overridden: Vec::new(),
        reason: None,
    }
}

fn outcome(intent: u64) -> Happening {
    let outcome = ActionOutcome::Done { message: "done".to_owned() };
    Happening::Outcome { intent, action: ActionKind::ReapplyHelm, outcome }
}

fn judged(check: &str, verdict: Verdict) -> Happening {
    Happening::Judged {
        step: Step::Diagnose,
        check: check.to_owned(),
        title: String::new(),
        region: Some("us-east-1".to_owned()),
        verdict,
        found: "found".to_owned(),
        expected: "normal".to_owned(),
    }
}

fn named(id: &str) -> Happening {
    let cause = NamedCause {
        id: id.to_owned(),
        headline: format!("{id} it is"),
        strength: "likely".to_owned(),
        evidence_for: vec!["evidence".to_owned()],
        evidence_against: Vec::new(),
        not_checked: Vec::new(),
    };
    Happening::CauseNamed { cause: Some(cause) }
}

fn confirmed() -> Happening {
    let sentence = "Failover is active".to_owned();
    Happening::OutcomeSeen { outcome: "failover-active".to_owned(), sentence }
}

fn rolled_out(done: bool) -> Happening {
    Happening::RolloutEnded { done, message: "3 of 3".to_owned() }
}

/// A whole run.
fn whole() -> Vec<String> {
    [
        opened(),
        chosen(),
        Happening::FailureSeen { since: Some(at(-60)) },
        judged("pods", Verdict::Fail),
        judged("nodes", Verdict::Pass),
        confirmed(),
        named("crash-loop"),
        Happening::StepOpened { step: Step::Restore },
        intent(1),
        outcome(1),
        rolled_out(true),
        judged("pods", Verdict::Pass),
        Happening::Recovered,
        Happening::Closed { recovered: true, reasons: Vec::new() },
    ]
    .into_iter()
    .zip(0..)
    .map(|(happening, number)| line(number * 10, happening))
    .collect()
}

#[test]
fn a_whole_run_is_known_from_its_journal() {
    let record = replay(&whole().join("\n"));
    let times = record.milestones;
    let reached = [times.opened, times.first_failure, times.confirmed, times.cause_named, times.acted];
    assert_eq!(reached, [Some(at(0)), Some(at(-60)), Some(at(50)), Some(at(60)), Some(at(90))]);
    assert_eq!((times.restored, times.recovered), (Some(at(100)), Some(at(120))));
    assert!(!record.is_unfinished());
    let said: Vec<&str> = record.timeline.iter().map(|moment| moment.text.as_str()).collect();
    assert_eq!(
        said,
        [
            "Run of acme begun by somebody",
            "us-east-1 is taken for the failed region",
            "The health check of us-east-1 is seen failing; its checkers reported it at 06:12:20 UTC first",
            "Step 2, pods in us-east-1: failed: found",
            "Failover is active",
            "First among the causes: crash-loop it is (likely)",
            "Re-apply by Helm of us-east-1 confirmed and sent",
            "Re-apply by Helm of us-east-1 done: done",
            "The rollout is done: 3 of 3",
            "Step 2, pods in us-east-1: good, was failed: found",
            "us-east-1 has recovered",
            "The run was closed: recovered",
        ]
    );
}

#[test]
fn what_it_waited_for_is_said_of_each_prefix() {
    let lines = whole();
    let waited: Vec<String> =
        (0..=lines.len()).map(|length| replay(&lines[..length].join("\n")).waiting_for()).collect();
    let expected = [
        (0, "Step 1: which region failed was not known yet"),
        (2, "Step 1: is the failover of us-east-1 active?"),
        (6, "Step 2: why us-east-1 failed was not known yet"),
        (7, "Step 2: crash-loop it is; nothing was done to us-east-1 yet"),
        (8, "Step 3: nothing was done to us-east-1 yet; first among the causes: crash-loop it is"),
        (
            9,
            "re-apply by Helm of us-east-1 was sent at 06:14:40 UTC, its outcome is not known: look before you repeat it",
        ),
        (10, "Step 4: the rollout of us-east-1 after the re-apply by Helm"),
        (11, "Step 5: whether us-east-1 serves again"),
        (13, "Nothing: the region has recovered"),
    ];
    for (length, sentence) in expected {
        assert_eq!(waited[length], sentence, "after {length} entries");
    }
}

#[test]
fn an_intent_is_open_until_its_own_outcome_or_acknowledgement() {
    let seen = Happening::Acknowledged { intent: 1, reason: None };
    let torn = |happening| line(9, happening)[..20].to_owned();
    let (one, two, done, seen) = (line(1, intent(1)), line(2, intent(2)), line(3, outcome(1)), line(4, seen));
    for (lines, expected) in [
        (vec![], vec![]),
        (vec![one.clone()], vec![1]),
        (vec![one.clone(), done.clone()], vec![]),
        (vec![one.clone(), seen.clone()], vec![]),
        (vec![one.clone(), done.clone(), two.clone()], vec![2]),
        (vec![one.clone(), two.clone(), line(5, outcome(2))], vec![1]),
        // A torn line, alone or before a whole one.
        (vec![one.clone(), torn(outcome(1))], vec![1]),
        (vec![one.clone(), torn(outcome(1)), seen], vec![]),
        // Two in one file that count from 1 each.
        (vec![one.clone(), one.clone(), done.clone()], vec![1]),
    ] {
        let record = replay(&lines.join("\n"));
        let open: Vec<u64> = record.open_actions().filter_map(|open| open.intent).collect();
        assert_eq!(open, expected, "{lines:?}");
    }
}

#[test]
fn entries_of_a_newer_program_are_kept_told_and_hide_nothing() {
    let newer = r#"{"at":"2030-01-01T00:00:00Z","what":"drained","nodes":3}"#;
    let newer_intent =
        r#"{"at":"2030-01-01T00:00:00Z","what":"intent","intent":7,"action":"drain","region":"r","more":[]}"#;
    let record = replay(&[newer, &line(1, intent(1)), newer_intent].join("\n"));
    assert_eq!(record.newer.len(), 1);
    assert_eq!(record.newer[0].text, newer);
    let actions: Vec<&str> = record.open_actions().map(|open| open.action.as_str()).collect();
    assert_eq!(actions, ["reapply-helm", "drain"]);
    assert!(record.timeline[0].text.contains("drained"), "{:?}", record.timeline);
    assert_eq!(record.last_intent(), 7);
}

#[test]
fn an_intent_of_a_newer_program_is_open_however_long_and_whatever_it_looks_like() {
    let long = "x".repeat(5_000);
    let of = |more: &str| format!(r#"{{"at":"2030-01-01T00:00:00Z","what":"intent","intent":7{more}}}"#);
    for line in
        [of(&format!(r#","action":"drain","region":"r","changes":"{long}""#)), of(r#","action":["drain"]"#)]
    {
        let record = replay(&line);
        assert_eq!((record.open_actions().count(), record.last_intent()), (1, 7), "{line}");
    }
    // A number that leaves no room for the next one is none of ours.
    let huge =
        r#"{"at":"2030-01-01T00:00:00Z","what":"intent","intent":18446744073709551615,"action":"drain"}"#;
    assert_eq!(replay(huge).last_intent(), 0);
    let lines = [line(1, intent(1)), line(2, Happening::TakenUp { by: Hand::default() }), line(3, intent(2))];
    let left: Vec<bool> = replay(&lines.join("\n")).open_actions().map(|open| open.was_left).collect();
    assert_eq!(left, [true, false], "who took it up does not know the first one's outcome");
}

#[test]
fn an_older_journal_without_the_newer_fields_is_read() {
    let old = [
        r#"{"at":"2026-03-04T02:00:00Z","what":"opened","environment":"acme","practice":null,"version":"0.1.0"}"#,
        r#"{"at":"2026-03-04T02:00:01Z","what":"judged","step":"diagnose","check":"pods","region":null,"verdict":"fail","found":"0 of 3"}"#,
    ];
    let record = replay(&old.join("\n"));
    assert_eq!((record.environment.as_str(), record.newer.len(), record.torn), ("acme", 0, 0));
    assert_eq!(record.checks[0].title, "pods");
}

#[test]
fn another_failed_region_begins_anew_and_by_hand_can_be_taken_back() {
    let other = Happening::RegionChosen { region: "eu-west-1".to_owned() };
    let by_hand = Happening::DoneByHand {
        action: ActionKind::Restart,
        command: "kubectl rollout restart".to_owned(),
        output: Some("restarted".to_owned()),
    };
    let back = Happening::TakenBack { action: ActionKind::Restart };
    let mut lines = whole()[..7].to_vec();
    lines.extend([line(200, other), line(210, by_hand), line(220, back)]);
    let record = replay(&lines.join("\n"));
    assert_eq!(record.region.as_deref(), Some("eu-west-1"));
    assert!(record.checks.is_empty() && record.milestones.confirmed.is_none());
    let [done] = record.actions.as_slice() else { panic!("{:?}", record.actions) };
    assert!(done.taken_back && !done.may_have_changed() && !done.is_open(), "{done:?}");
    assert_eq!(record.waiting_for(), "Step 1: is the failover of eu-west-1 active?");
}

#[test]
fn a_clock_that_was_set_back_makes_a_duration_unknown_and_is_told() {
    let lines =
        [line(100, opened()), line(110, chosen()), line(50, confirmed()), line(60, Happening::Recovered)];
    let record = replay(&lines.join("\n"));
    let times = record.milestones;
    assert_eq!(Milestones::between(times.opened, times.confirmed), None);
    assert_eq!(Milestones::between(times.confirmed, times.recovered).unwrap().as_secs(), 10);
    let back: Vec<bool> = record.timeline.iter().map(|moment| moment.clock_set_back).collect();
    assert_eq!(back, [false, false, true, false]);
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let verdict =
        prop_oneof![Just(Verdict::Pass), Just(Verdict::Warn), Just(Verdict::Fail), Just(Verdict::Unknown)];
    prop_oneof![
        Just(opened()),
        Just(Happening::TakenUp { by: Hand::default() }),
        Just(Happening::Received { by: Hand::default() }),
        Just(Happening::VariablesChanged { environment: "renamed".to_owned() }),
        "[a-c]".prop_map(|region| Happening::RegionChosen { region }),
        Just(confirmed()),
        ("[a-c]", verdict).prop_map(|(check, verdict)| judged(&check, verdict)),
        "[a-c]".prop_map(|id| named(&id)),
        Just(Happening::CauseNamed { cause: None }),
        "\\PC{0,20}".prop_map(|text| Happening::Noted { text }),
        (1..4_u64).prop_map(intent),
        (1..4_u64).prop_map(outcome),
        (1..4_u64).prop_map(|intent| Happening::Acknowledged { intent, reason: None }),
        (1..4_u64, any::<Option<i32>>()).prop_map(|(intent, exit_code)| Happening::ToolEnded {
            intent,
            exit_code,
            output: "1-restart.log".to_owned()
        }),
        Just(Happening::DoneByHand { action: ActionKind::Scale, command: String::new(), output: None }),
        Just(Happening::TakenBack { action: ActionKind::Scale }),
        any::<bool>().prop_map(rolled_out),
        Just(Happening::Recovered),
        Just(Happening::Ended { reason: None }),
        any::<bool>().prop_map(|recovered| Happening::Closed { recovered, reasons: Vec::new() }),
    ]
}

/// Lines as they may stand in a file: whole, torn, or of a newer program; times in any order.
fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (-1_000..1_000_i64, any_happening()).prop_map(|(second, happening)| line(second, happening)),
        1 => (-1_000..1_000_i64, any_happening(), any::<prop::sample::Index>()).prop_map(
            |(second, happening, cut)| {
                let line = line(second, happening);
                let cut = cut.index(line.len());
                line.char_indices().take_while(|(at, _)| *at < cut).map(|(_, c)| c).collect()
            }
        ),
        1 => (0..1_000_i64, "[a-z]{1,8}").prop_map(|(second, what)| {
            format!(r#"{{"at":"{}","what":"x-{what}","intent":1}}"#, at(second))
        }),
        1 => "\\PC{0,30}",
    ]
}

proptest! {
    /// Any prefix replays, whatever byte it ends at; adding lines one by one is the same as reading all at once;
    /// and whatever is said, is said without a panic.
    #[test]
    fn any_journal_and_any_prefix_of_it_replays(
        lines in prop::collection::vec(any_line(), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = lines.join("\n");
        let mut one_by_one = Record::default();
        for line in text.lines().filter_map(Line::read) {
            one_by_one.add(&line);
        }
        let record = replay(&text);
        prop_assert_eq!(&record, &one_by_one);
        prop_assert_eq!(&record, &replay(&text), "the same entries give the same run");
        let known = |record: &Record| (record.timeline.len(), record.actions.len(), record.newer.len());
        let bytes = text.as_bytes();
        let prefix = String::from_utf8_lossy(&bytes[..cut.index(bytes.len() + 1)]).into_owned();
        let before = replay(&prefix);
        let ((a, b, c), (d, e, f)) = (known(&before), known(&record));
        prop_assert!(a <= d + 1 && b <= e && c <= f + 1, "{before:?} {record:?}");
        let _ = (before.waiting_for(), record.waiting_for(), record.is_unfinished());
        // An action is open only where the file has its intent and nothing after it that ends it.
        for open in record.open_actions() {
            prop_assert!(open.outcome.is_none() && open.acknowledged.is_none());
        }
    }
}
