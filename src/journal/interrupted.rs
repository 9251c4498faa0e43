//! The intents of earlier runs whose outcome nobody knows.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::file::{FILE, JournalError};
use super::writer::append_to;
use super::{Entry, Happening, process, replay};
use crate::runbook::interrupted::Interrupted;

/// How many of the newest runs are looked at.
const RUNS: usize = 500;
/// How much of a journal is read, from its end, in bytes: its intents and outcomes are among the last entries.
const BYTES: u64 = 16 * 1024 * 1024;
/// How much is read of all journals together, in bytes.
const ALL_BYTES: usize = 128 * 1024 * 1024;

/// What the runs leave open.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ReadBack {
    /// Actions whose outcome is not known, newest first.
    pub interrupted: Vec<Interrupted>,
    /// Journals that could not be read: which, and why.
    pub problems: Vec<String>,
}

/// Looks through the newest runs. Reads files: off the window's thread.
pub fn interrupted(runs: &Path) -> ReadBack {
    let mut back = ReadBack::default();
    let folders = match newest(runs) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return back,
        Err(error) => {
            back.problems.push(format!("the runs in {} cannot be read: {error}", runs.display()));
            return back;
        }
    };
    let mut read_so_far = 0;
    for folder in folders {
        if read_so_far > ALL_BYTES {
            back.problems
                .push(format!("runs before {} were not looked through: there is too much", folder.display()));
            break;
        }
        match read(&folder.join(FILE)) {
            Ok(Some(text)) => {
                read_so_far += text.len();
                back.interrupted.extend(of_run(&folder, &text));
            }
            Ok(None) => {}
            Err(error) => {
                back.problems.push(format!("{} cannot be read: {error}", folder.join(FILE).display()));
            }
        }
    }
    back
}

/// Notes that a person has looked at it, so that it is not told again.
///
/// # Errors
/// The journal cannot be written.
pub fn acknowledge(
    interrupted: &Interrupted,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), JournalError> {
    let reason = reason.map(str::to_owned);
    let happening = Happening::Acknowledged { intent: interrupted.intent, reason };
    append_to(&interrupted.run, &Entry { at: now, happening })
}

/// Their names begin with their time.
fn newest(runs: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(runs)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort_unstable_by(|a, b| b.cmp(a));
    folders.truncate(RUNS);
    Ok(folders)
}

/// A journal's text; `None` where its run goes on, or ended before it had one.
fn read(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    // Whoever writes it holds it locked, and tells the outcome itself.
    if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return Ok(None);
    }
    let surplus = file.metadata()?.len().saturating_sub(BYTES);
    file.seek(SeekFrom::Start(surplus))?;
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn of_run(folder: &Path, text: &str) -> Vec<Interrupted> {
    let left = replay::left(text);
    let of = |open: replay::Open| {
        let mark = intent_mark(folder, open.intent);
        let by_number = open.tool.as_ref().map(|tool| process::is_alive(&tool.process));
        let found =
            if by_number == Some(Some(true)) { None } else { process::of_intent(&mark).first().copied() };
        // Killed before it had written down what it started, or what that started in its turn.
        let (tool, alive) = match found {
            Some(pid) => (Some(process::tool(pid)), Some(true)),
            None => (open.tool, by_number.flatten()),
        };
        Interrupted {
            environment: left.environment.clone(),
            action: open.action,
            region: open.region,
            context: open.context,
            at: open.at,
            run: folder.to_owned(),
            intent: open.intent,
            tool,
            alive,
            unknown_entries: left.unknown,
        }
    };
    left.open.into_iter().rev().map(of).collect()
}

/// What an intent's programs are started with, in [`process::INTENT_VARIABLE`]: the run's folder and its number.
pub fn intent_mark(run: &Path, intent: u64) -> String {
    let run = run.file_name().unwrap_or(run.as_os_str()).to_string_lossy();
    format!("{run}#{intent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::JournalHandle;
    use crate::runbook::action::ActionKind;

    fn intent(intent: u64) -> Entry {
        let happening = Happening::Intent {
            intent,
            by: process::this(),
            action: ActionKind::Restart,
            region: "us-east-1".to_owned(),
            context: "us".to_owned(),
            command: String::new(),
            overridden: Vec::new(),
            reason: None,
        };
        Entry { at: Timestamp::UNIX_EPOCH, happening }
    }

    fn opened() -> Entry {
        let happening =
            Happening::Opened { environment: "acme".to_owned(), practice: None, version: "0".to_owned() };
        Entry { at: Timestamp::UNIX_EPOCH, happening }
    }

    #[test]
    fn an_intent_without_an_outcome_is_told_once_its_run_is_over_until_somebody_has_looked() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        assert_eq!(interrupted(&runs), ReadBack::default(), "no folder yet");
        let first = [opened(), intent(1)];
        let journal = JournalHandle::begin(&runs, "acme", &first, Box::new(|_| {})).unwrap();
        assert_eq!(interrupted(&runs), ReadBack::default(), "its run goes on");
        drop(journal);
        let found = interrupted(&runs).interrupted;
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((found.environment.as_str(), found.action.as_str()), ("acme", "restart"));
        assert_eq!(found.sentence()[..32], *"restart of us-east-1 was sent at");
        // The end of its run was torn off.
        let path = found.run.join(FILE);
        let torn = std::fs::read_to_string(&path).unwrap() + "{\"at\":\"19";
        std::fs::write(&path, torn).unwrap();
        acknowledge(found, Some("looked"), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(interrupted(&runs), ReadBack::default());
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_told_and_hides_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        drop(JournalHandle::begin(&runs, "acme", &[opened(), intent(1)], Box::new(|_| {})).unwrap());
        std::fs::create_dir_all(runs.join("2000").join(FILE)).unwrap();
        let back = interrupted(&runs);
        assert_eq!((back.interrupted.len(), back.problems.len()), (1, 1), "{back:?}");
    }
}
