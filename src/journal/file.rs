//! The file of a run's journal, in a private folder of the run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

use super::Entry;

/// The journal cannot be written.
#[derive(Debug, Error)]
#[error("the journal {} cannot be written: {source}. Free space or correct the permissions; nothing is done without it", path.display())]
pub struct JournalError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// An open journal. The folder has the outputs of the run's programs, too.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
}

impl Journal {
    /// Begins a run's journal in a new folder below `runs`, named by time and environment.
    pub fn begin(runs: &Path, environment: &str, now: Timestamp) -> Result<Self, JournalError> {
        let safe: String = environment
            .chars()
            .map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' })
            .collect();
        let stamp = now.strftime("%Y-%m-%dT%H-%M-%S%.3fZ").to_string();
        let folder = runs.join(format!("{stamp}-{safe}"));
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| JournalError { path, source }
        };
        private_folder(&folder).map_err(at(&folder))?;
        let path = folder.join("journal.jsonl");
        let mut options = OpenOptions::new();
        options.create_new(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(at(&path))?;
        Ok(Self { folder, file })
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends an entry; when this returns it is on the disk (fsync).
    pub fn append(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let write = |file: &mut File| -> io::Result<()> {
            // One write a line: a crash leaves a whole line or none but the last.
            let mut line = serde_json::to_vec(entry)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_data()
        };
        let path = self.folder.join("journal.jsonl");
        write(&mut self.file).map_err(|source| JournalError { path, source })
    }
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Happening;
    use crate::runbook::action::{ActionKind, ActionOutcome};

    #[test]
    fn entries_are_lines_that_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let mut journal = Journal::begin(dir.path(), "acme/prod", now).unwrap();
        let outcome = ActionOutcome::Failed { message: "refused".to_owned(), unchanged: true };
        let happenings = [
            Happening::RegionChosen { region: "us-east-1".to_owned() },
            Happening::Outcome { action: ActionKind::Scale, outcome },
        ];
        let entries = happenings.map(|happening| Entry { at: now, happening });
        for entry in &entries {
            journal.append(entry).unwrap();
        }
        let text = std::fs::read_to_string(journal.folder().join("journal.jsonl")).unwrap();
        let read: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, entries);
        assert!(journal.folder().file_name().unwrap().to_string_lossy().ends_with("-acme-prod"));
        assert!(Journal::begin(dir.path(), "acme/prod", now).is_err(), "a run's journal is never taken over");
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_and_file_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::begin(&dir.path().join("runs"), "a", Timestamp::UNIX_EPOCH).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(journal.folder()), 0o700);
        assert_eq!(mode(&journal.folder().join("journal.jsonl")), 0o600);
    }
}
