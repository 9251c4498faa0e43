//! A report of every practice scenario, of what `check` and `restore` read there.
#![cfg(unix)]

use std::sync::Arc;

use failback::app::practice::session;
use failback::clients::tools::leave_login_shell_alone;
use failback::engine::session::Session;
use failback::environment;
use failback::journal::report::{LONGEST, Settings, report, status};
use failback::journal::{Entry, Hand, Happening, Record, Rehearsal, findings};
use failback::practice::scenarios;
use failback::runbook::case::Case;
use failback::runbook::cause;
use failback::runbook::question::Readings;
use failback::runbook::step::Step;
use failback::runbook::steps;
use futures::StreamExt as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::every_command::world;

/// Where the reports are written to be looked at, where that is set.
const LOOK: &str = "FAILBACK_REPORTS";

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_has_a_report_that_says_how_it_stands_and_why() {
    leave_login_shell_alone();
    let all = futures::stream::iter(scenarios()).map(|scenario| of(scenario.id)).buffer_unordered(4);
    let count = all.count().await;
    assert_eq!(count, scenarios().len());
}

async fn of(id: &'static str) {
    let world = world(id).await;
    let profile = environment::read(world.environment_file()).unwrap();
    let failed = profile.find(world.scenario().told_region).unwrap();
    let session = Session::new(Arc::new(profile), session(&world));
    let profile = session.profile();
    let questions = steps::questions_of(profile, failed, &[Step::Confirm, Step::Diagnose, Step::Restore]);
    let mut readings = Readings::default();
    session.observe_all(&questions, &mut readings).await;
    let now = Timestamp::now();
    let case = Case { profile, failed, readings: &readings, now };

    let practice =
        Rehearsal { scenario: id.to_owned(), title: world.scenario().title.to_owned(), speed: 60.0 };
    let by = Hand { person: "anna".to_owned(), host: "bastion".to_owned(), ..Hand::default() };
    let opened = Happening::Opened { environment: profile.name.clone(), practice: Some(practice), by };
    let found = findings::found(&case);
    let mut record = Record::default();
    for happening in std::iter::once(opened).chain(found.clone()) {
        record.add_entry(&Entry { at: now, happening });
    }
    let settings = Settings { now, zone: TimeZone::UTC, goes_on: false, left_out: Vec::new() };
    let report = report(&record, &settings).unwrap();
    if let Some(folder) = std::env::var_os(LOOK) {
        let path = std::path::Path::new(&folder).join(id);
        std::fs::write(path.with_extension("md"), &report.markdown).unwrap();
        std::fs::write(path.with_extension("html"), &report.html).unwrap();
    }

    let seen = unescaped(&report.markdown);
    let has = |part: &str| assert!(seen.contains(part), "{id}: {part} is not in\n{seen}");
    has(&format!("# Practice: Recovery of {} (", world.scenario().told_region));
    has(&format!("This was practice**: nothing real was touched. Scenario: {}", world.scenario().title));
    let outcome = record.outcome.as_ref().unwrap();
    has(&format!("| Step 1 says | {} |", outcome.sentence));
    let standing = match outcome.id.as_str() {
        "failover-active" => "has not recovered. The run broke off. It waits for this: Step 2: ",
        _ => &format!("nothing was restored. {}", outcome.sentence),
    };
    has(standing);
    let first = cause::rank(&case).into_iter().next().unwrap();
    has(&format!("**{}** (", first.headline));
    first.evidence_for.iter().for_each(|evidence| has(&format!("- {evidence}")));
    has("Nothing was done to the region from here, and nobody said that they did it by hand.");
    // Each check of both steps has its row.
    let judged = found.iter().filter(|happening| matches!(happening, Happening::Judged { .. })).count();
    let rows = ["✓ Good", "▲ Warning", "✗ Failed", "? Not known"]
        .iter()
        .map(|mark| seen.matches(&format!("| {mark} |")).count());
    assert_eq!(rows.sum::<usize>(), judged, "{id}: {seen}");
    let line = status(&record, now);
    assert!(
        line.starts_with("PRACTICE, ") && line.chars().count() <= LONGEST && !line.contains('\n'),
        "{id}: {line}"
    );
}

/// The Markdown without the backslashes before punctuation.
fn unescaped(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut chars = markdown.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' || !chars.peek().is_some_and(char::is_ascii_punctuation) {
            text.push(c);
        } else if let Some(escaped) = chars.next() {
            text.push(escaped);
        }
    }
    text
}
