//! Reports of journals of any shape.

use jiff::SignedDuration;
use proptest::prelude::*;
use pulldown_cmark::{Event, Tag};

use super::*;
use crate::journal::replay::replay;
use crate::journal::{Entry, Hand, Happening, NamedCause, Rehearsal, process};
use crate::plain;
use crate::runbook::action::{ActionKind, ActionOutcome};
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

mod markup;

/// The rules of these places, so that no test needs the system's time zones.
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const KOLKATA: &str = "IST-5:30";

fn zone(rule: &str) -> TimeZone {
    TimeZone::posix(rule).unwrap()
}

/// Ten seconds before midnight in UTC.
fn begin() -> Timestamp {
    "2026-03-04T23:59:50Z".parse().unwrap()
}

fn after(second: i64) -> Timestamp {
    begin() + SignedDuration::from_secs(second)
}

fn settings() -> Settings {
    Settings { now: after(3600), zone: TimeZone::UTC, goes_on: false, left_out: Vec::new() }
}

fn hand(person: &str) -> Hand {
    let text = str::to_owned;
    Hand { person: text(person), host: text("bastion"), face: text("window"), version: text("0.1.0") }
}

fn opened() -> Happening {
    Happening::Opened { environment: "acme-prod".to_owned(), practice: None, by: hand("anna") }
}

fn judged(step: Step, title: &str, verdict: Verdict, found: &str) -> Happening {
    Happening::Judged {
        step,
        check: title.to_lowercase(),
        title: title.to_owned(),
        region: Some("us-east-1".to_owned()),
        verdict,
        found: found.to_owned(),
        expected: "3 of 3".to_owned(),
    }
}

fn intent(intent: u64, action: ActionKind) -> Happening {
    Happening::Intent {
        intent,
        by: process::mark(7),
        action,
        region: "us-east-1".to_owned(),
        context: "arn:aws:eks:us-east-1:123456789012:cluster/a".to_owned(),
        command: "kubectl scale deployment loft --replicas 3".to_owned(),
        changes: "the replicas of loft, from 0 to 3".to_owned(),
        overridden: vec!["the failover could not be confirmed".to_owned()],
        reason: Some("the API is out as well".to_owned()),
    }
}

fn cause() -> Happening {
    let cause = NamedCause {
        id: "scaled-to-zero".to_owned(),
        headline: "The Deployment in us-east-1 runs no replicas".to_owned(),
        strength: "certain".to_owned(),
        evidence_for: vec!["spec.replicas is 0".to_owned()],
        evidence_against: vec!["a pod was seen".to_owned()],
        not_checked: vec!["the logs".to_owned()],
    };
    Happening::CauseNamed { cause: Some(cause) }
}

fn chosen() -> Happening {
    Happening::RegionChosen { region: "us-east-1".to_owned() }
}

fn confirmed() -> Happening {
    let sentence = "Failover is active: us-east-1 is out, another region carries the traffic".to_owned();
    Happening::OutcomeSeen { outcome: "failover-active".to_owned(), sentence }
}

fn done(intent: u64, action: ActionKind) -> Happening {
    let outcome = ActionOutcome::Done { message: "scaled to 3".to_owned() };
    Happening::Outcome { intent, action, outcome }
}

/// Entries ten seconds apart.
fn journal(happenings: &[Happening]) -> Record {
    let mut record = Record::default();
    for (second, happening) in (0..).step_by(10).zip(happenings) {
        record.add_entry(&Entry { at: after(second), happening: happening.clone() });
    }
    record
}

fn whole() -> Vec<Happening> {
    let accepted = Happening::Accepted {
        check: "peers".to_owned(),
        title: "NetworkPeers".to_owned(),
        region: None,
        found: "no such resource type".to_owned(),
        reason: Some("the host cluster has none".to_owned()),
    };
    vec![
        opened(),
        chosen(),
        Happening::FailureSeen { since: Some(after(-60)) },
        judged(Step::Diagnose, "Pods", Verdict::Fail, "0 of 3 ready"),
        judged(Step::Diagnose, "Events", Verdict::Unknown, "not permitted (403)"),
        confirmed(),
        cause(),
        Happening::Noted { text: "Called #platform-oncall\n# no heading".to_owned() },
        intent(1, ActionKind::Scale),
        done(1, ActionKind::Scale),
        Happening::RolloutEnded { done: true, message: "3 available of 3".to_owned() },
        judged(Step::Verify, "Pods", Verdict::Pass, "3 of 3 ready"),
        accepted,
        Happening::Recovered,
        Happening::Closed { recovered: true, reasons: Vec::new() },
    ]
}

fn markdown(record: &Record) -> String {
    report(record, &settings()).unwrap().markdown
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_whole_run_is_told_in_the_order_that_a_reader_needs() {
    let text = markdown(&journal(&whole()));
    assert_has(
        &text,
        &[
            "# Recovery of us-east-1 (acme-prod)",
            "**us-east-1 of acme-prod recovered at 2026-03-05 00:02:00 UTC, 3 min 10 s after the first failure that was seen.**",
            "| Worked on by | anna@bastion |",
            "| First failure seen | 2026-03-04 23:58:50 UTC |  |  |",
            "| Failover confirmed | 2026-03-05 00:00:40 UTC | 1 min 50 s | 1 min 50 s |",
            "| First action done | 2026-03-05 00:01:20 UTC | 2 min 30 s | 30 s |",
            "| Restored: the rollout was done | 2026-03-05 00:01:30 UTC | 2 min 40 s | 10 s |",
            "**The Deployment in us-east-1 runs no replicas** (certain)",
            "- spec.replicas is 0",
            "### 1. Scaling of us-east-1: done",
            "- Sent at: 2026-03-05 00:01:10 UTC by anna@bastion",
            "- In the way: the failover could not be confirmed",
            "- Reason given: the API is out as well",
            "```sh\nkubectl scale deployment loft --replicas 3\n```",
            "- Outcome: Done: scaled to 3 (2026-03-05 00:01:20 UTC, after 10 s)",
            "Reason: the host cluster has none",
            "- Events in us-east-1: not permitted (403)",
            "| ✓ Good | Pods in us-east-1 | 3 of 3 ready | 3 of 3 |",
            "> Called \\#platform-oncall",
            "### 2026-03-04 (UTC)",
            "### 2026-03-05 (UTC)",
            "- **23:59:50**, Run: Run of acme-prod begun by anna@bastion",
        ],
    );
    let places: Vec<usize> = [
        "## Summary",
        "## How long it took",
        "## Cause",
        "## What was done",
        "## Decisions",
        "## What could not be checked",
        "## How each check stood at last",
        "## Notes",
        "## Timeline",
    ]
    .iter()
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}\n{text}");
    assert!(!text.contains("Look at this first") && !text.contains("What is missing"), "{text}");
    assert!(!text.contains("\n\n\n"), "{text}");
}

#[test]
fn an_interrupted_action_comes_first_and_says_what_may_still_run() {
    let mut happenings = whole()[..9].to_vec();
    let tool =
        crate::runbook::interrupted::StartedTool { program: "helm".to_owned(), process: process::mark(42) };
    happenings.push(Happening::ToolStarted { intent: 1, tool });
    let record = journal(&happenings);
    let text = markdown(&record);
    assert_has(
        &text,
        &[
            "has not recovered, and the outcome of an action is not known.**\n\n## Look at this first\n\n- The scaling of us-east-1 was sent at 2026-03-05 00:01:10 UTC, and its outcome is not known",
            "helm (process 42 on",
            "### 1. Scaling of us-east-1: outcome not known",
            "| Recovered | not reached |  |  |",
        ],
    );
    let line = status(&record, after(600));
    assert_eq!(
        line,
        "us-east-1 (acme-prod): failing since 2026-03-04 23:58 UTC (11 min). Cause: The Deployment in us-east-1 \
         runs no replicas (certain). Scaling sent 00:01 UTC, outcome NOT KNOWN: look before you repeat it"
    );
}

#[test]
fn a_run_that_was_left_says_what_it_waits_for_and_what_spoke_against_it() {
    let mut happenings = whole()[..10].to_vec();
    let reasons = vec!["Pods in us-east-1: 0 of 3 ready".to_owned()];
    happenings.push(Happening::Closed { recovered: false, reasons });
    let record = journal(&happenings);
    let text = markdown(&record);
    assert_has(
        &text,
        &[
            "us-east-1 of acme-prod has not recovered. The run was left at 2026-03-05 00:01:30 UTC. It waits for this: Step 4: the rollout of us-east-1 after the scaling.**",
            "recovered when the run was left:\n\n- Pods in us-east-1: 0 of 3 ready",
            "| Waits for | Step 4: the rollout of us-east-1 after the scaling |",
        ],
    );
    let goes_on = report(&record, &Settings { goes_on: true, ..settings() }).unwrap().markdown;
    assert_has(&goes_on, &["The run goes on. It waits for this"]);
    assert_has(
        &status(&record, after(90)),
        &["failing since 2026-03-04 23:58 UTC", "Last: scaling done 00:01 UTC"],
    );
}

#[test]
fn what_was_done_by_hand_is_told_with_what_was_pasted() {
    let by_hand = Happening::DoneByHand {
        action: ActionKind::Restart,
        command: "kubectl rollout restart deployment loft".to_owned(),
        output: Some("restarted\n````\n# not a heading".to_owned()),
    };
    let back = Happening::TakenBack { action: ActionKind::Restart };
    let record = journal(&[opened(), chosen(), by_hand.clone()]);
    assert_has(
        &markdown(&record),
        &["### 1. Restart of us-east-1, by hand", "`````text\nrestarted\n````\n# not a heading\n`````"],
    );
    let record = journal(&[opened(), chosen(), by_hand, back]);
    assert_has(&markdown(&record), &["by hand, taken back", "It was not done after all"]);
}

#[test]
fn what_cannot_be_understood_or_is_missing_is_told() {
    let lines = [
        r#"{"at":"2026-03-04T02:00:00Z","what":"opened","environment":"acme","by":{}}"#,
        r#"{"at":"2026-03-04T02:00:01Z","what":"drained","nodes":3}"#,
        r#"{"at":"2026-03-04T01:00:00Z","what":"noted","text":"back"}"#,
        r#"{"at":"2026-03-0"#,
    ];
    let mut record = replay(&lines.join("\n"));
    record.is_cut = true;
    let left_out = vec!["3-restart.log was too long".to_owned()];
    let text = report(&record, &Settings { left_out, ..settings() }).unwrap().markdown;
    assert_has(
        &text,
        &[
            "## What is missing here",
            "its beginning is missing",
            "1 line of the journal cannot be read",
            "A newer Failback wrote 1 of the entries, which this one does not understand (drained)",
            "The clock was set back",
            "- 3-restart.log was too long",
        ],
    );
    // Nothing at all is a report, too.
    assert_has(
        &markdown(&Record::default()),
        &["The journal has no entry that can be read", "No cause was named"],
    );
}

#[test]
fn where_nothing_is_to_be_restored_that_is_what_the_report_says() {
    let sentence = "No health check fails: there is nothing to restore".to_owned();
    let seen = Happening::OutcomeSeen { outcome: "nothing-failing".to_owned(), sentence };
    let record = journal(&[opened(), chosen(), seen]);
    assert_has(
        &markdown(&record),
        &["nothing was restored. No health check fails", "Nothing was done to the region"],
    );
    assert_eq!(
        status(&record, after(60)),
        "us-east-1 (acme-prod): No health check fails: there is nothing to restore"
    );
}

#[test]
fn practice_says_so_everywhere() {
    let practice =
        Rehearsal { scenario: "crash-loop".to_owned(), title: "Crash loop".to_owned(), speed: 10.0 };
    let mut happenings = whole();
    happenings[0] =
        Happening::Opened { environment: "practice".to_owned(), practice: Some(practice), by: hand("anna") };
    let record = journal(&happenings);
    let report = report(&record, &settings()).unwrap();
    assert_eq!(report.title, "Practice: Recovery of us-east-1 (practice)");
    assert_has(
        &report.markdown,
        &["> **This was practice**: nothing real was touched. Scenario: Crash loop, time × 10."],
    );
    assert_has(&report.html, &["<title>Practice: Recovery of us-east-1 (practice)</title>", "<h1>Practice:"]);
    assert_eq!(
        status(&record, after(200)),
        "PRACTICE, us-east-1 (practice): recovered 00:02 UTC, 3 min 10 s after the first failure seen. Cause: The \
         Deployment in us-east-1 runs no replicas (certain). Last: scaling done 00:01 UTC"
    );
}

#[test]
fn local_times_are_right_across_midnight_and_the_change_of_the_clocks() {
    for (rule, at, expected) in [
        // The local day is another one, before and after.
        (NEW_YORK, "2026-03-05T02:00:00Z", "2026-03-05 02:00:00 UTC (2026-03-04 21:00:00 EST)"),
        (KOLKATA, "2026-03-04T20:15:00Z", "2026-03-04 20:15:00 UTC (2026-03-05 01:45:00 IST)"),
        (BERLIN, "2026-03-04T12:00:00Z", "2026-03-04 12:00:00 UTC (13:00:00 CET)"),
        // The last second of winter, the first of summer, and an hour that comes twice.
        (NEW_YORK, "2026-03-08T06:59:59Z", "2026-03-08 06:59:59 UTC (01:59:59 EST)"),
        (NEW_YORK, "2026-03-08T07:00:00Z", "2026-03-08 07:00:00 UTC (03:00:00 EDT)"),
        (BERLIN, "2026-10-25T00:30:00Z", "2026-10-25 00:30:00 UTC (02:30:00 CEST)"),
        (BERLIN, "2026-10-25T01:30:00Z", "2026-10-25 01:30:00 UTC (02:30:00 CET)"),
    ] {
        let zone = zone(rule);
        assert_eq!(times::Times::new(&zone).full(at.parse().unwrap()), expected);
    }
    let utc = times::Times::new(&TimeZone::UTC).full(begin());
    assert_eq!(utc, "2026-03-04 23:59:50 UTC");
    // A duration over the change is that which passed, not that on the clock.
    let mut record = Record::default();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    for (time, happening) in [
        ("2026-10-25T00:30:00Z", opened()),
        ("2026-10-25T00:30:00Z", chosen()),
        ("2026-10-25T00:30:00Z", Happening::FailureSeen { since: None }),
        ("2026-10-25T01:30:00Z", confirmed()),
    ] {
        record.add_entry(&Entry { at: at(time), happening });
    }
    let text = report(&record, &Settings { zone: zone(BERLIN), ..settings() }).unwrap().markdown;
    assert_has(
        &text,
        &[
            "| Failover confirmed | 2026-10-25 01:30:00 UTC (02:30:00 CET) | 1 h | 1 h |",
            "- **00:30:00** (02:30:00 CEST), Run:",
            "in brackets those of CET",
        ],
    );
}

#[test]
fn a_clock_that_was_set_back_makes_a_duration_unknown() {
    let mut record = Record::default();
    for (second, happening) in
        [(100, opened()), (110, chosen()), (50, confirmed()), (60, Happening::Recovered)]
    {
        record.add_entry(&Entry { at: after(second), happening });
    }
    record.milestones.first_failure = Some(after(90));
    let text = markdown(&record);
    assert_has(
        &text,
        &[
            "| Failover confirmed | 2026-03-05 00:00:40 UTC | not known | not known |",
            "| Cause named | none was named |  |  |",
            "acme-prod recovered at 2026-03-05 00:00:50 UTC.**",
            "The clock had been set back before this",
        ],
    );
}

#[test]
fn the_line_for_a_chat_fits_one_whatever_is_in_it() {
    let long = "x\n\u{1b}[31m".repeat(200);
    let mut happenings = whole()[..7].to_vec();
    happenings[0] = Happening::Opened { environment: long.clone(), practice: None, by: hand(&long) };
    let Happening::CauseNamed { cause: Some(mut cause) } = cause() else { unreachable!() };
    cause.headline.clone_from(&long);
    happenings[6] = Happening::CauseNamed { cause: Some(cause) };
    let line = status(&journal(&happenings), after(1));
    assert!(line.chars().count() <= LONGEST && plain::is_plain(&line), "{line}");
}
