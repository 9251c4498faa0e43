//! The folder of the practice runs: the best run of each scenario, and no more of them than are worth keeping.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::debrief::{BestRun, debrief};
use super::entry::{Entry, Happening};
use super::file::FILE;
use super::runs;

/// How many of the newest practice runs are kept.
pub const KEPT: usize = 200;
/// How much of a journal's first line is read, in bytes.
const FIRST_LINE: u64 = 64 * 1024;

/// The best run of each scenario, by its id. Reads files: off the window's thread.
pub fn best(runs: &Path) -> BTreeMap<String, BestRun> {
    let (found, problems) = runs::all(runs);
    for problem in problems {
        tracing::warn!("{problem}");
    }
    let mut best = BTreeMap::<String, BestRun>::new();
    let done = found.iter().filter(|run| !run.record.is_cut);
    for run in done.filter_map(|run| debrief(&run.record)?.as_best()) {
        let scenario = run.scenario.clone();
        let better = match best.remove(&scenario) {
            Some(before) => before.better(run),
            None => run,
        };
        best.insert(scenario, better);
    }
    best
}

/// Removes all but the newest `keep` practice runs. Whatever is no folder of a practice run, or is being written,
/// stays. How many were removed. Reads files: off the window's thread.
pub fn prune(runs: &Path, keep: usize) -> usize {
    let Ok(entries) = fs::read_dir(runs) else { return 0 };
    // What is a link is no folder here: its target is somebody else's.
    let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<_> =
        folders.map(|entry| entry.path()).filter(|folder| is_practice_run(folder)).collect();
    // Their names begin with their time.
    folders.sort_unstable_by(|a, b| b.cmp(a));
    let surplus = folders.into_iter().skip(keep);
    surplus.filter(|folder| fs::remove_dir_all(folder).is_ok()).count()
}

/// Does the folder's journal begin as that of a practice run, and does nobody write it?
fn is_practice_run(folder: &Path) -> bool {
    let path = folder.join(FILE);
    let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
    let Some(file) = is_file.then(|| File::open(&path).ok()).flatten() else { return false };
    if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return false;
    }
    let mut first = String::new();
    let read = BufReader::new(file.take(FIRST_LINE)).read_line(&mut first);
    let entry = read.ok().and_then(|_| serde_json::from_str::<Entry>(&first).ok());
    entry.is_some_and(|entry| matches!(entry.happening, Happening::Opened { practice: Some(_), .. }))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jiff::Timestamp;

    use super::*;
    use crate::journal::{Hand, JournalHandle, Listener, Rehearsal};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_772_000_000 + second).unwrap()
    }

    fn opened(practice: bool) -> Entry {
        let rehearsal =
            Rehearsal { scenario: "healthy".to_owned(), title: "Nothing".to_owned(), speed: 10.0 };
        let (environment, by) = ("practice".to_owned(), Hand::default());
        let happening = Happening::Opened { environment, practice: practice.then_some(rehearsal), by };
        Entry { at: at(0), happening }
    }

    /// A run's folder with these first entries, closed after so many seconds.
    fn run(runs: &Path, practice: bool, secs: i64) -> PathBuf {
        let closed = Happening::Closed { recovered: false, reasons: Vec::new() };
        let journal =
            JournalHandle::begin(runs, "practice", None, &[opened(practice)], Listener::nobody()).unwrap();
        journal.note(Entry { at: at(secs), happening: closed }).unwrap();
        journal.folder().to_owned()
    }

    #[test]
    fn only_the_oldest_practice_runs_that_nobody_writes_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("practice-runs");
        assert_eq!(prune(&runs, 1), 0, "no folder yet");
        let real = run(&runs, false, 5);
        let first = [opened(true)];
        let goes_on = JournalHandle::begin(&runs, "practice", None, &first, Listener::nobody()).unwrap();
        let old: Vec<PathBuf> = (0..3).map(|_| run(&runs, true, 5)).collect();
        let foreign = runs.join("0000-of-mine");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("notes.txt"), "keep me").unwrap();
        #[cfg(unix)]
        {
            let elsewhere = run(&dir.path().join("elsewhere"), true, 5);
            std::os::unix::fs::symlink(&elsewhere, runs.join("0000-link")).unwrap();
            assert_eq!(prune(&runs, 1), 2);
            assert!(elsewhere.join(FILE).is_file());
        }
        #[cfg(not(unix))]
        assert_eq!(prune(&runs, 1), 2);
        let newest = old.iter().max().unwrap();
        for kept in [&real, goes_on.folder(), newest, &foreign] {
            assert!(kept.is_dir(), "{}", kept.display());
        }
        assert_eq!(old.iter().filter(|folder| folder.is_dir()).count(), 1);
        assert_eq!(prune(&runs, 1), 0);
    }

    #[test]
    fn the_best_run_of_a_scenario_is_the_quickest_of_those_without_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("practice-runs");
        assert!(best(&runs).is_empty());
        for secs in [40, 12, 30] {
            run(&runs, true, secs);
        }
        run(&runs, false, 1);
        let best = best(&runs);
        let [(scenario, run)] = best.into_iter().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((scenario.as_str(), run.took.as_secs(), run.faults), ("healthy", 12, 0));
        assert_eq!(run.speed, "10");
    }
}
