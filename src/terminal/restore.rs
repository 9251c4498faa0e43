//! `failback restore`: the same plans and guards as in the window.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::engine::session::{Face, Session};
use crate::environment;
use crate::journal::{Entry, Happening, JournalHandle, Listener, findings, process};
use crate::runbook::action::{ActionKind, ActionOutcome, Confirmed, Plan, Refused};
use crate::runbook::case::Case;
use crate::runbook::command::Command;
use crate::runbook::interrupted::Interrupted;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Readings;
use crate::runbook::step::Step;
use crate::runbook::steps::{self, restore};

use super::cli::RestoreArgs;
use super::ending::Ending;
use super::out::{self, complain, say};
use super::{NOT_CONFIRMED, Stop, UNAVAILABLE, interrupted, preview, subject};

/// How long the outcome waits for a reader of the output.
const LAST_WORDS: Duration = Duration::from_secs(2);

pub(super) async fn run(args: RestoreArgs, ending: &Ending) -> Result<u8, Stop> {
    let interrupted = interrupted::tell().await;
    let subject = subject::environment(&args.target.environment, Some(&args.target.failed))?;
    let Some(failed) = subject.failed else { return Err(Stop::usage("--failed names no region")) };
    let session = &subject.session;
    let readings = read(session, failed).await;
    let case = Case { profile: session.profile(), failed, readings: &readings, now: Timestamp::now() };
    let of_environment = |it: &Interrupted| it.is_of(session.profile());
    let earlier: Vec<Interrupted> = interrupted.into_iter().filter(of_environment).collect();
    let plan = restore::plan(&case, ActionKind::from(args.action)).beside(&earlier);
    let changes = preview::read(session, &plan, args.no_preview, !args.json).await;
    if args.json {
        return preview::json(&plan, &changes).map(|()| NOT_CONFIRMED);
    }
    preview::print(&plan, &changes);
    let name = plan.region().name.clone();
    let confirmed = match args.confirm.as_deref() {
        Some(typed) if typed == name => plan.confirm_as_shown(typed, args.reason.as_deref()),
        typed => {
            let given = typed.map_or("Without --confirm".to_owned(), |typed| {
                format!("--confirm {typed}: not the failed region's name, so")
            });
            say!("");
            say!("{given} nothing was changed. To do it: --confirm {name}");
            return Ok(NOT_CONFIRMED);
        }
    };
    match confirmed {
        Ok(confirmed) => apply(session, confirmed, findings::found(&case), ending).await,
        Err(refused) => {
            say!("");
            say!("Refused: {refused}");
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

pub(super) fn print_plan(plan: &Plan) {
    say!("{} ({})", plan.title(), plan.fit().reason());
    for (label, text) in [
        ("Region", plan.region().name.clone()),
        ("Cluster", plan.region().context.clone()),
        ("API server", plan.server().to_owned()),
        ("Changes", plan.changes().to_owned()),
        ("Does not touch", plan.does_not_touch().to_owned()),
        ("To undo", plan.undo().to_owned()),
        ("", plan.undo_command().map(Command::shell).unwrap_or_default()),
        ("If it changed since", plan.if_changed_since().to_owned()),
        ("Usually takes", plan.usual_duration().to_owned()),
    ] {
        if !text.is_empty() {
            say!("  {label:<20} {text}");
        }
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

/// `found` is what the plan was made of: the journal says why it was done.
async fn apply(
    session: &Session,
    confirmed: Confirmed,
    found: Vec<Happening>,
    ending: &Ending,
) -> Result<u8, Stop> {
    let journal = begin(session.profile(), found).await?;
    say!("");
    say!("Journal: {}", journal.folder().display());
    let Some(cancel) = ending.act() else { return Ok(ending.code().unwrap_or(1)) };
    // From here on nobody waits for a reader.
    out::never_wait();
    let (lines, mut output) = mpsc::channel(64);
    let print = async move {
        while let Some(line) = output.recv().await {
            say!("  | {line}");
        }
    };
    let (applied, ()) = tokio::join!(session.apply(confirmed, &journal, lines, cancel), print);
    let reasons = vec!["failback restore ends with its action".to_owned()];
    let closed = Happening::Closed { recovered: false, reasons };
    let closed = journal.note(Entry { at: Timestamp::now(), happening: closed });
    if let Some(problem) = closed.err().map(|error| error.to_string()).or(applied.journal_problem) {
        complain!("failback: {problem}");
    }
    // Its last entries are awaited.
    if let Err(error) = tokio::task::spawn_blocking(move || drop(journal)).await {
        complain!("failback: the journal's end failed: {error}");
    }
    // Nothing is being changed any more: who reads slowly is to see how it ended.
    out::wait_at_last(LAST_WORDS);
    Ok(match applied.outcome {
        ActionOutcome::Done { message } => {
            say!("Done: {message}. Next: failback rollout");
            0
        }
        ActionOutcome::Failed { message, unchanged } => {
            say!("Failed: {message}{}", if unchanged { ". Nothing was changed" } else { "" });
            ending.code().unwrap_or(1)
        }
        ActionOutcome::Cancelled { message, unchanged } => {
            say!("Cancelled: {message}{}", if unchanged { ". Nothing was changed" } else { "" });
            ending.code().unwrap_or(1)
        }
    })
}

async fn begin(profile: &Profile, found: Vec<Happening>) -> Result<JournalHandle, Stop> {
    let runs = subject::runs()?;
    let environment = profile.name.clone();
    let by = process::hand(Face::Terminal.id());
    let opened = Happening::Opened { environment: environment.clone(), practice: None, by };
    let listener = Listener::of_problems(|problem: Option<String>| {
        if let Some(problem) = problem {
            complain!("failback: {problem}");
        }
    });
    let toml = environment::to_toml(profile).ok();
    let first: Vec<Entry> = std::iter::once(opened).chain(found).map(Entry::now).collect();
    let begin = move || JournalHandle::begin(&runs, &environment, toml.as_deref(), &first, listener);
    let begun = tokio::task::spawn_blocking(begin).await;
    let begun = begun.map_err(|error| Stop::failed(error.to_string()))?;
    begun.map_err(|error| Stop::failed(format!("nothing was done: {error}")))
}
