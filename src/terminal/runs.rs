//! `failback runs`: earlier runs, their reports, and handovers.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::app::places;
use crate::clients::secret::redact_credentials;
use crate::engine::handover;
use crate::engine::session::Face;
use crate::journal::replay::{Moment, Record};
use crate::journal::report::status;
use crate::journal::{self, ReadBack, RunSummary, process};

use super::cli::{RunArgs, RunsCommand};
use super::out::{self, complain, say};
use super::{Stop, subject};

pub(super) async fn run(command: RunsCommand) -> Result<u8, Stop> {
    // Files alone: off the async threads.
    let done = tokio::task::spawn_blocking(move || one(command)).await;
    done.unwrap_or_else(|error| Err(Stop::failed(format!("this program failed inside: {error}"))))
}

fn one(command: RunsCommand) -> Result<u8, Stop> {
    match command {
        RunsCommand::List { all, json } => list(all, json),
        RunsCommand::Show(args) => show(&found(&args)?),
        RunsCommand::Status(args) => {
            let (record, _) = read(&found(&args)?)?;
            out::made_plain(&status(&record, Timestamp::now()));
            Ok(0)
        }
        RunsCommand::Report { run, html, markdown, output } => {
            report(&found(&run)?, html && !markdown, markdown, output.as_deref())
        }
        RunsCommand::Handover { run, output } => hand_over(&found(&run)?, output),
        RunsCommand::Open { bundle } => open(&bundle),
        RunsCommand::End { run, reason } => end(&found(&run)?, reason.as_deref()),
    }
}

fn failed<E: std::error::Error>(error: E) -> Stop {
    Stop::failed(error.to_string())
}

/// The runs, and after them those of practice.
fn look_back() -> Result<ReadBack, Stop> {
    let mut back = journal::look_back(&subject::runs()?, &[]);
    if let Ok(practice) = places::practice_runs() {
        let practice = journal::look_back(&practice, &[]);
        back.runs.extend(practice.runs);
        back.problems.extend(practice.problems);
    }
    for problem in &back.problems {
        complain!("failback: {problem}");
    }
    Ok(back)
}

/// A run's folder by its id, a beginning of it that no other has, or `last`.
fn found(args: &RunArgs) -> Result<PathBuf, Stop> {
    let name = args.run.as_str();
    let back = look_back()?;
    let runs = &back.runs;
    let exact = runs.iter().find(|run| run.id() == name);
    let alike: Vec<&RunSummary> = match (exact, name) {
        (Some(run), _) => vec![run],
        (None, "last") => runs.iter().take(1).collect(),
        (None, "") => Vec::new(),
        (None, _) => runs.iter().filter(|run| run.id().starts_with(name)).collect(),
    };
    match alike.as_slice() {
        [run] => Ok(run.folder.clone()),
        [] if runs.is_empty() => {
            Err(Stop::usage(format!("there is no run in {}", subject::runs()?.display())))
        }
        [] => Err(Stop::usage(format!("there is no run {name}: see failback runs list --all"))),
        several => {
            let ids: Vec<String> = several.iter().take(5).map(|run| run.id()).collect();
            let more = if several.len() > 5 { " and more" } else { "" };
            Err(Stop::usage(format!("{name} begins several runs: {}{more}", ids.join(", "))))
        }
    }
}

fn read(folder: &Path) -> Result<(Record, bool), Stop> {
    handover::read(folder).map_err(failed)
}

#[derive(Serialize)]
struct Listed {
    id: String,
    folder: String,
    environment: String,
    practice: Option<String>,
    region: Option<String>,
    opened_at: Option<String>,
    last_at: Option<String>,
    by: String,
    waiting_for: String,
    unfinished: bool,
    open_action: bool,
    recovered: bool,
    goes_on: bool,
}

impl Listed {
    fn of(run: &RunSummary) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| format!("{at:.3}"));
        Self {
            id: run.id(),
            folder: run.folder.display().to_string(),
            environment: run.environment.clone(),
            practice: run.practice.as_ref().map(|(id, _)| id.clone()),
            region: run.region.clone(),
            opened_at: time(run.opened_at),
            last_at: time(run.last_at),
            by: run.by.clone(),
            waiting_for: run.waiting_for.clone(),
            unfinished: run.is_unfinished,
            open_action: run.has_open_action,
            recovered: run.is_recovered,
            goes_on: run.goes_on,
        }
    }
}

/// Those with an action whose outcome is not known first, else newest first.
fn list(all: bool, json: bool) -> Result<u8, Stop> {
    let mut back = look_back()?;
    let code = u8::from(!back.problems.is_empty());
    let others = back.runs.iter().filter(|run| !run.is_unfinished || run.practice.is_some()).count();
    // A practice world ends with its run: nothing of it waits.
    back.runs.retain(|run| all || (run.is_unfinished && run.practice.is_none()));
    back.runs.sort_by_key(|run| !run.has_open_action);
    if json {
        let listed: Vec<Listed> = back.runs.iter().map(Listed::of).collect();
        out::json(&serde_json::to_string_pretty(&listed).map_err(failed)?);
        return Ok(code);
    }
    for run in &back.runs {
        let region = run.region.as_ref().map_or(String::new(), |region| format!(", {region}"));
        let practice =
            run.practice.as_ref().map_or(String::new(), |(_, title)| format!(", practice: {title}"));
        say!("{}", run.id());
        say!("  {}{region}{practice}", run.environment);
        let last = run.last_at.map_or(String::new(), |at| format!(", last entry {}", both(at)));
        let by = if run.by.is_empty() { "not known by whom" } else { &run.by };
        say!("  {by}{last}{}", if run.goes_on { "; it goes on" } else { "" });
        let label = if run.is_unfinished { "waits for" } else { "came to" };
        say!("  {label}: {}", run.waiting_for);
    }
    match (back.runs.is_empty(), others) {
        (true, 0) => say!("There are no runs"),
        (true, _) => say!("No run waits for anything. Those that are over: failback runs list --all"),
        (false, others) if others > 0 && !all => say!("{others} more are over: failback runs list --all"),
        (false, _) => {}
    }
    Ok(code)
}

/// `2026-03-04 02:41:07 UTC (03:41:07 CET)`.
fn both(at: Timestamp) -> String {
    journal::report::time(at, &TimeZone::system())
}

fn show(folder: &Path) -> Result<u8, Stop> {
    let (record, goes_on) = read(folder)?;
    for open in record.open_actions() {
        say!("Look at this first: {}", journal::report::open_action(open, &TimeZone::system()));
    }
    out::made_plain(&status(&record, Timestamp::now()));
    say!("");
    if goes_on {
        say!("It goes on in another window or terminal");
    }
    say!("Waited for: {}", record.waiting_for());
    say!("Folder: {}", folder.display());
    say!("");
    for moment in &record.timeline {
        said(moment);
    }
    if record.torn > 0 {
        say!("{} torn lines cannot be read", record.torn);
    }
    if record.is_cut {
        say!("The journal is too long to be read whole: its beginning is missing here");
    }
    Ok(0)
}

fn said(moment: &Moment) {
    let back = if moment.clock_set_back { " [the clock was set back before this]" } else { "" };
    let mut lines = moment.text.lines();
    say!("{}  {}{back}", both(moment.at), lines.next().unwrap_or_default());
    for line in lines.chain(moment.details.iter().map(String::as_str)) {
        say!("    {line}");
    }
}

fn report(folder: &Path, html: bool, markdown: bool, output: Option<&Path>) -> Result<u8, Stop> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let report = handover::report_of(folder, now, zone).map_err(failed)?;
    let by_name = output
        .and_then(Path::extension)
        .is_some_and(|ending| ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm"));
    let text = if html || by_name && !markdown { report.html } else { report.markdown };
    match output {
        Some(path) => {
            handover::save(path, &text).map_err(failed)?;
            say!("{}", path.display());
        }
        None => text.lines().for_each(out::made_plain),
    }
    Ok(0)
}

fn hand_over(folder: &Path, output: Option<PathBuf>) -> Result<u8, Stop> {
    let (record, _) = read(folder)?;
    let now = Timestamp::now();
    let path =
        output.unwrap_or_else(|| PathBuf::from(handover::file_name(&record.environment, now, "tar.gz")));
    let by = process::hand(Face::Terminal.id());
    let packed = handover::pack(folder, &path, by, now, TimeZone::system()).map_err(failed)?;
    say!("{}", path.display());
    for left_out in &packed.left_out {
        complain!("failback: left out: {left_out}");
    }
    if let Err(error) = journal::handed_over(folder, &packed.name) {
        complain!("failback: the handover is not noted in the run: {error}");
    }
    say!("Whoever gets it opens it by: failback runs open {}, or in the window", path.display());
    Ok(0)
}

fn open(bundle: &Path) -> Result<u8, Stop> {
    let by = process::hand(Face::Terminal.id());
    let opened = handover::open(bundle, &subject::runs()?, by).map_err(failed)?;
    say!("{}", opened.sentence());
    for left_out in &opened.left_out {
        complain!("failback: left out there: {left_out}");
    }
    let (record, _) = read(&opened.folder)?;
    for open in record.open_actions() {
        say!("Look at this first: {}", journal::report::open_action(open, &TimeZone::system()));
    }
    out::made_plain(&status(&record, Timestamp::now()));
    say!("Next: failback runs show {}", opened.id());
    Ok(0)
}

fn end(folder: &Path, reason: Option<&str>) -> Result<u8, Stop> {
    let (record, _) = read(folder)?;
    if record.open_actions().next().is_some() {
        let message = "the outcome of one of its actions is not known: look first, then say so by failback \
                       interrupted --acknowledge";
        return Err(Stop::failed(message));
    }
    let reason = reason.map(redact_credentials);
    journal::end(folder, reason.as_deref()).map_err(failed)?;
    say!("Ended as it is");
    Ok(0)
}
