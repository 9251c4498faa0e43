//! The file of a run's journal: whole lines, on disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use super::place::{PlaceError, new_file, private_folder, sync};

/// How much of a journal is read to go on with it, in bytes: far more than any has.
const BYTES_READ: u64 = 256 * 1024 * 1024;
/// The journal's name in its run's folder.
pub const FILE: &str = "journal.jsonl";
/// The environment as the run used it, in its folder: for who takes the run up elsewhere. It has no secrets.
pub const ENVIRONMENT_FILE: &str = "environment.toml";

/// The journal cannot be written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Its folder cannot be used.
    #[error("the journal cannot be kept: {0}. Nothing is done without it")]
    Place(#[from] PlaceError),
    /// It cannot be written.
    #[error("the journal {} cannot be written: {source}. Free space or correct the permissions; nothing is done without it", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its writer has more to do than it can, or ended.
    #[error("the journal {} takes no more entries: {why}. Nothing is done without it", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// Another program writes it.
    #[error("the journal {} is being written by another Failback", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
}

/// An open journal file. While it is open it is locked: the system frees it when the program ends, however it
/// does, so that who reads it knows whether its run goes on.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    /// The length of its whole lines.
    whole: u64,
    /// The last line has no end.
    is_torn: bool,
}

impl JournalFile {
    /// A new one in a new folder below `runs`, named by time and environment. `toml` is the environment's text, which
    /// is there before the journal is.
    pub(super) fn begin(
        runs: &Path,
        environment: &str,
        toml: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, JournalError> {
        private_folder(runs)?;
        let safe: String = environment
            .chars()
            .take(64)
            .map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' })
            .collect();
        let stamp = now.strftime("%Y-%m-%dT%H-%M-%S%.3fZ").to_string();
        let folder = new_folder(runs, &format!("{stamp}-{safe}"))?;
        if let Some(toml) = toml {
            let path = folder.join(ENVIRONMENT_FILE);
            let written = new_file(&path).and_then(|mut file| {
                file.write_all(toml.as_bytes())?;
                file.sync_data()
            });
            written.map_err(|source| JournalError::Write { path, source })?;
        }
        let path = folder.join(FILE);
        let made = new_file(&path).and_then(|file| {
            sync(&folder)?;
            sync(runs)?;
            Ok(file)
        });
        let file = made.map_err(|source| JournalError::Write { path: path.clone(), source })?;
        // Where a file system has no locks, its run may be told as interrupted while it goes on.
        if let Err(error) = file.lock() {
            tracing::warn!(%error, "the journal cannot be locked");
        }
        Ok(Self { path, file, whole: 0, is_torn: false })
    }

    /// One of an earlier run, to add to it.
    pub(super) fn reopen(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(FILE);
        let failed = |source| JournalError::Write { path: path.clone(), source };
        let mut file = OpenOptions::new().read(true).append(true).open(&path).map_err(failed)?;
        // Who reads it holds it for a moment; who writes it, for long.
        for attempt in 1.. {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) if attempt == 10 => return Err(JournalError::InUse { path }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
                _ => break,
            }
        }
        let length = file.metadata().map_err(failed)?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
        }
        Ok(Self { is_torn: last != [b'\n'], path, file, whole: length })
    }

    /// All of it, by the handle that holds the lock: some systems let no other one read. It is appended to as before.
    pub(super) fn text(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(BYTES_READ).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes there from now on: a disk that is full, for a test.
    #[cfg(test)]
    pub(super) fn use_instead(&mut self, file: File) {
        self.file = file;
    }

    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Appends whole lines; when this returns they are on the disk, all of them or none.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(lines.len() + 1);
        if self.is_torn {
            // What a crash or a full disk left of a line ends here: it must not swallow the next one.
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(lines);
        match self.file.write_all(&bytes).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.whole += bytes.len() as u64;
                self.is_torn = false;
                Ok(())
            }
            Err(error) => {
                let cut = self.file.set_len(self.whole).and_then(|()| self.file.sync_data());
                if cut.is_err() {
                    self.is_torn = true;
                    self.whole = self.file.metadata().map_or(self.whole, |found| found.len());
                }
                Err(error)
            }
        }
    }
}

/// Two runs may begin in the same moment.
fn new_folder(runs: &Path, name: &str) -> Result<PathBuf, JournalError> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for number in 1.. {
        let folder = runs.join(if number == 1 { name.to_owned() } else { format!("{name}-{number}") });
        match builder.create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {}
            Err(source) => return Err(JournalError::Write { path: folder, source }),
        }
    }
    Err(JournalError::Full { path: runs.to_owned(), why: "too many runs began in this moment" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_folder_and_file_are_private_and_each_run_has_its_own() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        let begin = || {
            JournalFile::begin(&runs, "acme/prod", Some("name = \"acme\""), Timestamp::UNIX_EPOCH).unwrap()
        };
        let (one, two) = (begin(), begin());
        assert!(one.folder().file_name().unwrap().to_string_lossy().ends_with("Z-acme-prod"));
        assert_ne!(one.folder(), two.folder());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(one.folder()), 0o700);
        assert_eq!(mode(one.path()), 0o600);
        assert_eq!(mode(&one.folder().join(ENVIRONMENT_FILE)), 0o600);
    }

    #[test]
    fn a_torn_line_is_closed_before_the_next_entry() {
        let dir = tempfile::tempdir().unwrap();
        for (before, after) in
            [("", "new\n"), ("whole\n", "whole\nnew\n"), ("whole\n{\"at\":", "whole\n{\"at\":\nnew\n")]
        {
            std::fs::write(dir.path().join(FILE), before).unwrap();
            JournalFile::reopen(dir.path()).unwrap().append(b"new\n").unwrap();
            assert_eq!(std::fs::read_to_string(dir.path().join(FILE)).unwrap(), after);
        }
    }

    #[test]
    fn a_journal_that_is_being_written_is_not_added_to() {
        let dir = tempfile::tempdir().unwrap();
        let open = JournalFile::begin(&dir.path().join("runs"), "a", None, Timestamp::UNIX_EPOCH).unwrap();
        assert!(matches!(JournalFile::reopen(open.folder()), Err(JournalError::InUse { .. })));
        let folder = open.folder().to_owned();
        drop(open);
        JournalFile::reopen(&folder).unwrap();
    }
}
