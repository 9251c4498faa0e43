//! `failback restore`: the same plans and guards as in the window.

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::session::Session;
use crate::journal::{Entry, Happening, Journal};
use crate::runbook::action::{ActionKind, ActionOutcome, Confirmed, Plan, Refused};
use crate::runbook::case::Case;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Readings;
use crate::runbook::step::Step;
use crate::runbook::steps::{self, restore};

use super::cli::RestoreArgs;
use super::out::{complain, say};
use super::{NOT_CONFIRMED, Stop, UNAVAILABLE, subject};

pub(super) async fn run(args: RestoreArgs) -> Result<u8, Stop> {
    let subject = subject::environment(&args.target.environment, Some(&args.target.failed))?;
    let Some(failed) = subject.failed else { return Err(Stop::usage("--failed names no region")) };
    let session = &subject.session;
    let readings = read(session, failed).await;
    let case = Case { profile: session.profile(), failed, readings: &readings, now: Timestamp::now() };
    let plan = restore::plan(&case, ActionKind::from(args.action));
    print_plan(&plan);
    let name = plan.region().name.clone();
    let confirmed = match args.confirm.as_deref() {
        Some(typed) if typed == name => plan.confirm_as_shown(typed, args.reason.as_deref()),
        typed => {
            let given = typed.map_or("Without --confirm".to_owned(), |typed| {
                format!("--confirm {typed}: not the failed region's name, so")
            });
            say!("\n{given} nothing was changed. To do it: --confirm {name}");
            return Ok(NOT_CONFIRMED);
        }
    };
    match confirmed {
        Ok(confirmed) => apply(session, confirmed).await,
        Err(refused) => {
            say!("\nRefused: {refused}");
            let Refused::Blocked(blockers) = refused else { return Ok(NOT_CONFIRMED) };
            if blockers.iter().any(|blocker| blocker.overridable) {
                say!("What may be overridden is, with --reason REASON, which the journal keeps");
            }
            // A guard's refusal stands whether or not the tool is there.
            let guarded = blockers.iter().any(|blocker| !blocker.overridable && !blocker.tool_missing);
            let tool = !guarded && blockers.iter().any(|blocker| blocker.tool_missing);
            Ok(if tool { UNAVAILABLE } else { NOT_CONFIRMED })
        }
    }
}

/// Everything that plans are made of, at once.
async fn read(session: &Session, failed: RegionIndex) -> Readings {
    let mut readings = Readings::default();
    let steps = [Step::Confirm, Step::Diagnose, Step::Restore];
    let questions = steps::questions_of(session.profile(), failed, &steps);
    session.observe_all(&questions, &mut readings).await;
    readings
}

fn print_plan(plan: &Plan) {
    say!("{} ({})", plan.title(), plan.fit().reason());
    for (label, text) in [
        ("Region", plan.region().name.clone()),
        ("Cluster", plan.region().context.clone()),
        ("Changes", plan.changes().to_owned()),
        ("Does not touch", plan.does_not_touch().to_owned()),
        ("To undo", plan.undo().to_owned()),
        ("If it changed since", plan.if_changed_since().to_owned()),
        ("Usually takes", plan.usual_duration().to_owned()),
    ] {
        say!("  {label:<20} {text}");
    }
    for note in plan.notes().iter().chain(plan.command().differs.iter()) {
        say!("  {:<20} {note}", "Note");
    }
    for blocker in plan.blockers() {
        let how = if blocker.overridable { " (a reason goes past this)" } else { "" };
        say!("  {:<20} {}{how}", "In the way", blocker.text);
    }
    say!("  {:<20} {}", "Command", plan.command().shell());
}

async fn apply(session: &Session, confirmed: Confirmed) -> Result<u8, Stop> {
    let runs = subject::runs()?;
    let environment = session.profile().name.clone();
    let journal = Journal::begin(&runs, &environment, Timestamp::now());
    let mut journal = journal.map_err(|error| Stop::failed(error.to_string()))?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let opened = Happening::Opened { environment, practice: None, version };
    let entry = Entry { at: Timestamp::now(), happening: opened };
    journal.append(&entry).map_err(|error| Stop::failed(error.to_string()))?;
    say!("\nJournal: {}", journal.folder().display());
    let (lines, mut output) = mpsc::channel(64);
    let print = async move {
        while let Some(line) = output.recv().await {
            say!("  | {line}");
        }
    };
    let cancel = CancellationToken::new();
    let interrupted = cancel.clone();
    let ctrl_c = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            complain!("Stopping; once more does not make it faster");
            interrupted.cancel();
        }
    });
    let (applied, ()) = tokio::join!(session.apply(confirmed, &mut journal, lines, cancel), print);
    ctrl_c.abort();
    let outcome = match applied {
        Ok(outcome) => outcome,
        Err((error, None)) => return Err(Stop::failed(format!("nothing was done: {error}"))),
        Err((error, Some(outcome))) => {
            complain!("failback: {error}");
            outcome
        }
    };
    Ok(match outcome {
        ActionOutcome::Done { message } => {
            say!("Done: {message}. Next: failback rollout");
            0
        }
        ActionOutcome::Failed { message, unchanged } => {
            say!("Failed: {message}{}", if unchanged { ". Nothing was changed" } else { "" });
            1
        }
        ActionOutcome::Cancelled { message } => {
            say!("Cancelled: {message}");
            1
        }
    })
}
