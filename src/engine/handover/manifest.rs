//! What a bundle says of itself, and what may be in one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::{self, Hand};

/// The format's version: a newer one is not opened.
pub(super) const FORMAT: u32 = 1;
/// The manifest's name.
pub(super) const MANIFEST: &str = "manifest.json";
/// The reports' names.
pub(super) const REPORTS: [&str; 2] = ["report.md", "report.html"];

/// How much of one file is taken in, in bytes: a journal or a report.
pub(super) const FILE_BYTES: u64 = 32 * 1024 * 1024;
/// How much of a program's output is taken in, in bytes: its end.
pub(super) const LOG_BYTES: u64 = 4 * 1024 * 1024;
/// How many outputs are taken in: the newest.
pub(super) const LOGS: usize = 32;
/// How much there may be in all, in bytes.
pub(super) const ALL_BYTES: u64 = 256 * 1024 * 1024;

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The format's version.
    pub(super) format: u32,
    /// The version of the program that wrote it.
    pub(super) program: String,
    /// The run's id.
    pub(super) run: String,
    /// When it was written, UTC.
    pub(super) written_at: Timestamp,
    /// Who wrote it.
    #[serde(default)]
    pub(super) by: Hand,
    /// What was left out or cut, a sentence each.
    #[serde(default)]
    pub(super) left_out: Vec<String>,
}

/// What a file in a bundle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Manifest,
    Journal,
    Environment,
    Report,
    /// A program's output, of the intent of this number.
    Log(u64),
}

impl Known {
    /// By its name; `None` for anything else.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            MANIFEST => Some(Self::Manifest),
            journal::FILE => Some(Self::Journal),
            journal::ENVIRONMENT_FILE => Some(Self::Environment),
            name if REPORTS.contains(&name) => Some(Self::Report),
            name => {
                let (number, action) = name.strip_suffix(".log")?.split_once('-')?;
                let is_number = (1..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
                let is_action = (1..=32).contains(&action.len())
                    && action.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
                (is_number && is_action).then(|| number.parse().ok().map(Self::Log))?
            }
        }
    }
}

/// Is it a name that a run's folder may have?
pub(super) fn is_run_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    (1..=160).contains(&name.len()) && name.chars().all(is_plain) && !name.starts_with('.')
}
