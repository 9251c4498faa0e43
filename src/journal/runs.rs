//! The runs that there are: what each knew and did, and the intents whose outcome nobody knows.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::entry::{Entry, Hand, Happening, Rehearsal};
use super::file::{FILE, JournalError};
use super::process;
use super::replay::{ActionRecord, Record, replay};
use super::writer::append_to;
use crate::runbook::interrupted::Interrupted;

/// How many of the newest runs are looked at.
const RUNS: usize = 500;
/// How much of a journal is read, from its end, in bytes: its intents and outcomes are among the last entries.
const BYTES: u64 = 16 * 1024 * 1024;
/// How much is read of all journals together, in bytes.
const ALL_BYTES: usize = 128 * 1024 * 1024;

/// What there is.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ReadBack {
    /// Actions whose outcome is not known, newest first.
    pub interrupted: Vec<Interrupted>,
    /// The runs, newest first.
    pub runs: Vec<RunSummary>,
    /// Journals that could not be read: which, and why.
    pub problems: Vec<String>,
}

/// A run in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Its folder.
    pub folder: PathBuf,
    /// The environment's name.
    pub environment: String,
    /// The scenario's id and title, where it is practice.
    pub practice: Option<(String, String)>,
    /// The failed region, once it was known.
    pub region: Option<String>,
    /// When it began, UTC.
    pub opened_at: Option<Timestamp>,
    /// The time of its last entry, UTC.
    pub last_at: Option<Timestamp>,
    /// Who worked on it last.
    pub by: String,
    /// What it waited for, in a sentence without a full stop.
    pub waiting_for: String,
    /// There is something to take up again.
    pub is_unfinished: bool,
    /// Its outcome is not known of an action.
    pub has_open_action: bool,
    /// The region has recovered.
    pub is_recovered: bool,
    /// A program writes it now.
    pub goes_on: bool,
}

impl RunSummary {
    /// The folder's name, by which a person names the run.
    pub fn id(&self) -> String {
        id(&self.folder)
    }

    /// What it is a run of: `us-east-1 of acme-prod`.
    pub fn title(&self) -> String {
        match &self.region {
            Some(region) => format!("{region} of {}", self.environment),
            None => self.environment.clone(),
        }
    }

    fn of(found: &FoundRun) -> Self {
        let record = &found.record;
        let practice = |on: &Rehearsal| (on.scenario.clone(), on.title.clone());
        Self {
            folder: found.folder.clone(),
            environment: record.environment.clone(),
            practice: record.practice.as_ref().map(practice),
            region: record.region.clone(),
            opened_at: record.milestones.opened,
            last_at: record.last_at,
            by: record.hands.last().map_or_else(String::new, |turn| turn.hand.name()),
            waiting_for: record.waiting_for(),
            is_unfinished: record.is_unfinished(),
            has_open_action: record.open_actions().next().is_some(),
            is_recovered: record.is_recovered(),
            goes_on: found.goes_on,
        }
    }
}

/// A run that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRun {
    /// Its folder.
    pub folder: PathBuf,
    /// What it knew and did.
    pub record: Record,
    /// A program writes it now.
    pub goes_on: bool,
}

impl FoundRun {
    /// The folder's name, by which a person names the run.
    pub fn id(&self) -> String {
        id(&self.folder)
    }
}

/// A run's id: its folder's name.
pub fn id(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

/// Looks through the newest runs. `own` are the runs that this program writes itself: what was interrupted in
/// them before it took them up is told as well. Reads files: off the window's thread.
pub fn look_back(runs: &Path, own: &[PathBuf]) -> ReadBack {
    let mut back = ReadBack::default();
    let (found, problems) = all(runs);
    back.problems = problems;
    for run in found {
        if !run.goes_on || own.contains(&run.folder) {
            back.interrupted.extend(interrupted(&run));
        }
        back.runs.push(RunSummary::of(&run));
    }
    back
}

/// The newest runs, newest first, and the journals that could not be read: which, and why.
pub fn all(runs: &Path) -> (Vec<FoundRun>, Vec<String>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let folders = match newest(runs) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (found, problems),
        Err(error) => {
            problems.push(format!("the runs in {} cannot be read: {error}", runs.display()));
            return (found, problems);
        }
    };
    let mut read_so_far = 0;
    for folder in folders {
        if read_so_far > ALL_BYTES {
            problems
                .push(format!("runs before {} were not looked through: there is too much", folder.display()));
            break;
        }
        match read(&folder.join(FILE)) {
            Ok(journal) => {
                read_so_far += journal.text.len();
                found.push(of_text(folder, &journal));
            }
            // It ended before it had one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => problems.push(format!("{} cannot be read: {error}", folder.join(FILE).display())),
        }
    }
    (found, problems)
}

/// One run.
///
/// # Errors
/// Its journal cannot be read.
pub fn one(folder: &Path) -> io::Result<FoundRun> {
    Ok(of_text(folder.to_owned(), &text(folder)?))
}

/// One run's journal as it stands in its file.
///
/// # Errors
/// It cannot be read.
pub fn text(folder: &Path) -> io::Result<RunText> {
    read(&folder.join(FILE))
}

fn of_text(folder: PathBuf, text: &RunText) -> FoundRun {
    let mut record = replay(&text.text);
    record.is_cut = text.is_cut;
    FoundRun { folder, record, goes_on: text.goes_on }
}

/// Notes in a run that nobody writes that a person has looked at it, so that it is not told again.
///
/// # Errors
/// The journal cannot be written.
pub fn acknowledge(interrupted: &Interrupted, reason: Option<&str>) -> Result<(), JournalError> {
    append_to(&interrupted.run, &acknowledged(interrupted, reason))
}

/// The entry for it.
pub fn acknowledged(interrupted: &Interrupted, reason: Option<&str>) -> Entry {
    let reason = reason.map(str::to_owned);
    Entry::now(Happening::Acknowledged { intent: interrupted.intent, reason })
}

/// Ends a run that nobody writes, as it is: it is not offered to be taken up again.
///
/// # Errors
/// The journal cannot be written.
pub fn end(folder: &Path, reason: Option<&str>) -> Result<(), JournalError> {
    append_to(folder, &Entry::now(Happening::Ended { reason: reason.map(str::to_owned) }))
}

/// Notes in a run that nobody writes that a bundle of it was written for somebody else.
///
/// # Errors
/// The journal cannot be written, or its run goes on: then whoever writes it notes it.
pub fn handed_over(folder: &Path, bundle: &str) -> Result<(), JournalError> {
    append_to(folder, &Entry::now(Happening::HandedOver { bundle: bundle.to_owned() }))
}

/// Notes in a run that came from another machine who received it.
///
/// # Errors
/// The journal cannot be written.
pub fn received(folder: &Path, by: Hand) -> Result<(), JournalError> {
    append_to(folder, &Entry::now(Happening::Received { by }))
}

/// Their names begin with their time.
fn newest(runs: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(runs)? {
        let entry = entry?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type()?.is_dir() && !is_hidden {
            folders.push(entry.path());
        }
    }
    folders.sort_unstable_by(|a, b| b.cmp(a));
    folders.truncate(RUNS);
    Ok(folders)
}

/// A journal's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunText {
    /// Its lines; of a long one the last 16 MiB.
    pub text: String,
    /// Its beginning is missing.
    pub is_cut: bool,
    /// A program writes it now.
    pub goes_on: bool,
}

fn read(path: &Path) -> io::Result<RunText> {
    let mut file = File::open(path)?;
    // Whoever writes it holds it locked, and tells the outcome itself.
    let goes_on = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    if goes_on && cfg!(windows) {
        // A locked file is not to be read there.
        return Ok(RunText { text: String::new(), is_cut: false, goes_on });
    }
    let surplus = file.metadata()?.len().saturating_sub(BYTES);
    file.seek(SeekFrom::Start(surplus))?;
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes)?;
    Ok(RunText { text: String::from_utf8_lossy(&bytes).into_owned(), is_cut: surplus > 0, goes_on })
}

/// What was interrupted in a run; of one that goes on, what another program than its present one began.
fn interrupted(run: &FoundRun) -> Vec<Interrupted> {
    let this = process::this();
    let is_over = |open: &&ActionRecord| !run.goes_on || open.was_left || open.by.as_ref() != Some(&this);
    let open: Vec<&ActionRecord> = run.record.open_actions().filter(is_over).collect();
    open.into_iter().rev().map(|open| of(run, open)).collect()
}

fn of(run: &FoundRun, open: &ActionRecord) -> Interrupted {
    let intent = open.intent.unwrap_or_default();
    let mark = intent_mark(&run.folder, intent);
    let by_number = open.tool.as_ref().map(|tool| process::is_alive(&tool.process));
    let found = if by_number == Some(Some(true)) { None } else { process::of_intent(&mark).first().copied() };
    // Killed before it had written down what it started, or what that started in its turn.
    let (tool, alive) = match found {
        Some(pid) => (Some(process::tool(pid)), Some(true)),
        None => (open.tool.clone(), by_number.flatten()),
    };
    Interrupted {
        environment: run.record.environment.clone(),
        action: open.action.clone(),
        region: open.region.clone(),
        context: open.context.clone(),
        at: open.at,
        run: run.folder.clone(),
        intent,
        tool,
        alive,
        unknown_entries: run.record.newer.len(),
    }
}

/// What an intent's programs are started with, in [`process::INTENT_VARIABLE`]: the run's folder and its number.
pub fn intent_mark(run: &Path, intent: u64) -> String {
    format!("{}#{intent}", id(run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{JournalHandle, Listener};
    use crate::runbook::action::ActionKind;

    fn intent(intent: u64) -> Entry {
        let happening = Happening::Intent {
            intent,
            by: process::this(),
            action: ActionKind::Restart,
            region: "us-east-1".to_owned(),
            context: "us".to_owned(),
            command: String::new(),
            changes: String::new(),
            overridden: Vec::new(),
            reason: None,
        };
        Entry { at: Timestamp::UNIX_EPOCH, happening }
    }

    fn opened() -> Entry {
        let happening =
            Happening::Opened { environment: "acme".to_owned(), practice: None, by: Hand::default() };
        Entry { at: Timestamp::UNIX_EPOCH, happening }
    }

    #[test]
    fn an_intent_without_an_outcome_is_told_once_its_run_is_over_until_somebody_has_looked() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        let interrupted = || look_back(&runs, &[]).interrupted;
        assert_eq!(look_back(&runs, &[]), ReadBack::default(), "no folder yet");
        let first = [opened(), intent(1)];
        let journal = JournalHandle::begin(&runs, "acme", None, &first, Listener::nobody()).unwrap();
        assert_eq!(interrupted(), [], "its run goes on");
        assert!(look_back(&runs, &[]).runs[0].goes_on);
        drop(journal);
        let found = interrupted();
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((found.environment.as_str(), found.action.as_str()), ("acme", "restart"));
        assert_eq!(found.sentence()[..32], *"restart of us-east-1 was sent at");
        // The end of its run was torn off.
        let path = found.run.join(FILE);
        let torn = std::fs::read_to_string(&path).unwrap() + "{\"at\":\"19";
        std::fs::write(&path, torn).unwrap();
        acknowledge(found, Some("looked")).unwrap();
        assert_eq!(interrupted(), []);
        assert_eq!(one(&found.run).unwrap().record.torn, 1);
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_told_and_hides_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        drop(JournalHandle::begin(&runs, "acme", None, &[opened(), intent(1)], Listener::nobody()).unwrap());
        std::fs::create_dir_all(runs.join("2000").join(FILE)).unwrap();
        let back = look_back(&runs, &[]);
        assert_eq!((back.interrupted.len(), back.problems.len(), back.runs.len()), (1, 1, 1), "{back:?}");
    }

    #[test]
    fn a_run_is_taken_up_again_in_the_same_journal_and_ended_only_by_a_word() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        drop(JournalHandle::begin(&runs, "acme", None, &[opened(), intent(3)], Listener::nobody()).unwrap());
        let folder = look_back(&runs, &[]).runs[0].folder.clone();
        let again = JournalHandle::resume(&folder, Listener::nobody()).unwrap();
        assert_eq!(again.next_intent(), 4, "no number is given twice");
        assert!(matches!(
            JournalHandle::resume(&folder, Listener::nobody()),
            Err(JournalError::InUse { .. })
        ));
        again.note(Entry::now(Happening::TakenUp { by: Hand::default() })).unwrap();
        // What another program had begun is told while this one writes.
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        let pid = format!("\"pid\":{}", std::process::id());
        std::fs::write(&path, text.replace(&pid, "\"pid\":1")).unwrap();
        assert_eq!(look_back(&runs, &[]).interrupted.len(), 0);
        assert_eq!(look_back(&runs, std::slice::from_ref(&folder)).interrupted.len(), 1);
        drop(again);
        let summary = &look_back(&runs, &[]).runs[0];
        assert!(summary.is_unfinished && summary.has_open_action, "{summary:?}");
        acknowledge(&look_back(&runs, &[]).interrupted[0], None).unwrap();
        assert!(look_back(&runs, &[]).runs[0].is_unfinished);
        end(&folder, Some("handed over")).unwrap();
        assert!(!look_back(&runs, &[]).runs[0].is_unfinished);
    }
}
