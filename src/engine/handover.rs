//! A run for other people: its report as a file, and a bundle for whoever takes it over on another machine.
//!
//! A bundle is a gzipped tar of one folder: `manifest.json`, the journal, the environment as the run used it, the
//! report, and what programs said. Secrets were masked when all of it was written, and are masked once more on the
//! way in. Who opens it gets a run of their own beside their others. Reads and writes files: off the window's
//! thread and the async ones.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::clients::secret::redact_credentials;
use crate::journal::report::{Report, ReportError, Settings, report};
use crate::journal::{self, JournalError, Record, replay};

mod manifest;
mod pack;
#[cfg(test)]
mod tests;
mod unpack;

pub use pack::{Packed, file_name, pack};
pub use unpack::{Opened, open};

/// Why a report or a bundle cannot be written, or a bundle not be opened.
#[derive(Debug, Error)]
pub enum HandoverError {
    /// The run cannot be read.
    #[error("the run in {} cannot be read: {source}", path.display())]
    Run {
        /// The run's folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such bundle, or the system does not let us read it.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The bundle.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {source}. Choose another place, or free space", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The report could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// It is no bundle of a run, or one that is not to be trusted. Nothing of it was kept.
    #[error("{} was not opened: {why}. Ask for the handover again", path.display())]
    Refused {
        /// The bundle.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A newer program wrote it.
    #[error("{} was written by Failback {program}, which is newer than this one: open it with that", path.display())]
    Newer {
        /// The bundle.
        path: PathBuf,
        /// That program's version.
        program: String,
    },
    /// There is no private place for it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A run as it may be shown to others.
struct Masked {
    /// The journal's lines.
    journal: String,
    record: Record,
    goes_on: bool,
}

/// Reads a run, with its secrets masked once more.
fn masked(folder: &Path) -> Result<Masked, HandoverError> {
    let read =
        journal::text(folder).map_err(|source| HandoverError::Run { path: folder.to_owned(), source })?;
    let journal = journal::masked(&read.text, redact_credentials);
    let mut record = replay(&journal);
    record.is_cut = read.is_cut;
    Ok(Masked { journal, record, goes_on: read.goes_on })
}

/// What a run knew and did, as it may be shown to others; and whether a program writes it now.
///
/// # Errors
/// It cannot be read.
pub fn read(folder: &Path) -> Result<(Record, bool), HandoverError> {
    masked(folder).map(|masked| (masked.record, masked.goes_on))
}

/// The report of a run.
///
/// # Errors
/// The run cannot be read.
pub fn report_of(folder: &Path, now: Timestamp, zone: TimeZone) -> Result<Report, HandoverError> {
    let Masked { record, goes_on, .. } = masked(folder)?;
    Ok(report(&record, &Settings { now, zone, goes_on, left_out: Vec::new() })?)
}

/// Writes the report of a run: as Markdown where the file's name says so (`.md`), else as a page.
///
/// # Errors
/// The run cannot be read, or the file not be written.
pub fn write_report(folder: &Path, path: &Path, now: Timestamp, zone: TimeZone) -> Result<(), HandoverError> {
    let report = report_of(folder, now, zone)?;
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let is_markdown = ending.is_some_and(|ending| ending == "md" || ending == "markdown");
    let text = if is_markdown { report.markdown } else { report.html };
    save(path, &text)
}

/// Writes a text as a file for the user alone, whole or not at all.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, text: &str) -> Result<(), HandoverError> {
    write_whole(path, |file| file.write_all(text.as_bytes()))
}

/// Writes a file, for the user alone, whole or not at all.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> io::Result<()>,
) -> Result<(), HandoverError> {
    let written = || {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::Builder::new().prefix(".failback-").tempfile_in(folder)?;
        write(file.as_file_mut())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|source| HandoverError::Write { path: path.to_owned(), source })
}
