//! One environment as a TOML file.
//!
//! Required are `name`, and for each region `name`, `context` and
//! `health_check_id`; what else is left out has the runbook's value. A key that
//! the program does not know is refused with its line, because saving would
//! lose it. Relative paths start at the file's folder, `~/` at the home
//! directory. Writing spells every default out, so that the file says all by
//! itself and keeps its meaning when a default changes.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::field::{Field, FieldError};
use super::private::{self, Existing};
use super::validate::validate;
use crate::runbook::profile::Profile;

mod format;

/// The version of the format that is written, and the newest that is read.
pub const VERSION: i64 = 1;
/// Largest file that is read, in bytes. An environment takes about one thousand.
pub const SIZE_MAX: u64 = 1024 * 1024;

/// Reads the environment at `path`, following links.
pub fn read(path: &Path) -> Result<Profile, FileError> {
    let text = read_text(path).map_err(|fault| FileError::new(path, fault))?;
    parse(&text, path)
}

/// Reads an environment's text. `path` is where it comes from: it names the
/// folder of relative paths, and stands in errors.
pub fn parse(text: &str, path: &Path) -> Result<Profile, FileError> {
    parse_text(text, path).map_err(|fault| FileError::new(path, fault))
}

/// Writes an environment to `path`, in one piece and for the user alone,
/// replacing what is there.
pub fn write(path: &Path, profile: &Profile) -> Result<(), FileError> {
    write_to(path, profile, Existing::Replace)
}

/// [`write`](fn@write) with a choice of what happens to a file that is there.
pub(super) fn write_to(path: &Path, profile: &Profile, existing: Existing) -> Result<(), FileError> {
    let fault = |fault| FileError::new(path, fault);
    let text = to_toml(profile).map_err(fault)?;
    private::write(path, text.as_bytes(), existing).map_err(|cause| fault(FileFault::Write { cause }))
}

/// The text of an environment's file. Refuses a profile that could not be read back.
pub fn to_toml(profile: &Profile) -> Result<String, FileFault> {
    if let Err(errors) = validate(&profile.into()) {
        return Err(FileFault::Invalid(errors.into_iter().map(Misfit::nowhere).collect()));
    }
    format::EnvironmentFile::try_from(profile)?.to_text()
}

fn read_text(path: &Path) -> Result<String, FileFault> {
    let unreadable = |cause| FileFault::Read { cause };
    // Asked before opening: opening a pipe waits for its other end.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(FileFault::NoFile);
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(FileFault::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        FileFault::NoText { line: 1 + valid.matches('\n').count() }
    })
}

fn parse_text(text: &str, path: &Path) -> Result<Profile, FileFault> {
    let malformed = |error: &toml::de::Error| FileFault::Malformed {
        at: error.span().map(|span| Position::of(text, span)),
        message: error.message().to_owned(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    // The first one: an unclosed quote makes more of them below it.
    if let Some(first) = errors.iter().min_by_key(|error| error.span().map_or(0, |span| span.start)) {
        return Err(malformed(first));
    }
    let table = table.into_inner();
    // First of all: a newer file may have keys that this program does not know.
    check_version(text, &table)?;
    let file: format::EnvironmentFile = toml::from_str(text).map_err(|error| malformed(&error))?;
    let draft = file.into_draft(&absolute_folder(path)?)?;
    validate(&draft).map_err(|errors| {
        let place = |field| locate(&table, field).map(|span| Position::of(text, span));
        FileFault::Invalid(errors.into_iter().map(|error| Misfit { at: place(error.field), error }).collect())
    })
}

fn check_version(text: &str, table: &DeTable<'_>) -> Result<(), FileFault> {
    let Some(version) = table.get("version") else { return Ok(()) };
    let number = version
        .get_ref()
        .as_integer()
        .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok());
    match number {
        Some(VERSION) => Ok(()),
        Some(newer) if newer > VERSION => Err(FileFault::Newer { version: newer }),
        _ => Err(FileFault::Malformed {
            at: Some(Position::of(text, version.span())),
            message: format!("version must be {VERSION}"),
        }),
    }
}

fn absolute_folder(path: &Path) -> Result<PathBuf, FileFault> {
    let mut folder = std::path::absolute(path).map_err(|cause| FileFault::Read { cause })?;
    folder.pop();
    Ok(folder)
}

/// Where a field's value stands, if the file has it.
fn locate(table: &DeTable<'_>, field: Field) -> Option<Range<usize>> {
    let value = match (field.table(), field) {
        (Some(list), Field::Region(index, _)) => {
            table.get(list)?.get_ref().as_array()?.get(index)?.get_ref().get(field.key())
        }
        (Some(name), _) => table.get(name)?.get_ref().get(field.key()),
        (None, _) => table.get(field.key()),
    };
    value.map(toml::Spanned::<DeValue<'_>>::span)
}

/// A place in a text, as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Position {
    fn of(text: &str, span: Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: 1 + before.matches('\n').count(), column: 1 + before[line_start..].chars().count() }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A field of a file that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where its value stands; `None` where the file has none.
    pub at: Option<Position>,
    /// What is wrong.
    pub error: FieldError,
}

impl Misfit {
    fn nowhere(error: FieldError) -> Self {
        Self { at: None, error }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.at {
            write!(f, "{position}: ")?;
        }
        self.error.fmt(f)
    }
}

/// What is wrong with an environment's file, where, and what to do. As text it says all three.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}. {}", .path.display(), .fault.remedy())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: FileFault,
}

impl FileError {
    pub(super) fn new(path: &Path, fault: FileFault) -> Self {
        Self { path: path.to_owned(), fault }
    }
}

/// What is wrong with an environment's file.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// The system refuses to read it.
    #[error("cannot be read: {cause}")]
    Read {
        /// The system's reason.
        cause: io::Error,
    },
    /// The system refuses to write it.
    #[error("cannot be written: {cause}")]
    Write {
        /// The system's reason.
        cause: io::Error,
    },
    /// A folder, a pipe, a device.
    #[error("is no regular file")]
    NoFile,
    /// A symbolic link among the saved environments, where saving would replace the link.
    #[error("is a symbolic link")]
    Link,
    /// Larger than [`SIZE_MAX`].
    #[error("is larger than an environment can be (1 MiB)")]
    TooLarge,
    /// Not UTF-8.
    #[error("line {line}: is not UTF-8 text")]
    NoText {
        /// The first line with a wrong byte, from 1.
        line: usize,
    },
    /// No TOML, or not the keys and types of an environment.
    #[error("{}{message}", .at.map(|at| format!("{at}: ")).unwrap_or_default())]
    Malformed {
        /// Where, if that is known.
        at: Option<Position>,
        /// What was found and what was expected.
        message: String,
    },
    /// Written by a newer Failback.
    #[error("has version {version}, and this Failback reads version {VERSION}")]
    Newer {
        /// The file's version.
        version: i64,
    },
    /// Readable, but some of its values cannot be right. Never empty.
    #[error("{}", .0.iter().map(Misfit::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Misfit>),
    /// Another saved file, which is loaded, has the same name inside.
    #[error("has the same name as {}: “{name}”", .first.display())]
    SameName {
        /// The name of both.
        name: String,
        /// The file that is loaded.
        first: PathBuf,
    },
    /// TOML holds Unicode alone.
    #[error("the path {} is not Unicode, and cannot stand in the file", .0.display())]
    PathNoText(PathBuf),
    /// TOML cannot hold the values.
    #[error("cannot be written as TOML: {0}")]
    Unwritable(#[from] toml::ser::Error),
}

impl FileFault {
    /// What to do about it: a sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Read { cause } if cause.kind() == io::ErrorKind::NotFound => "Check the path.",
            Self::Read { .. } => "Check that you may read it.",
            Self::Write { .. } => "Check that you may write to its folder, and that the disk has room.",
            Self::NoFile | Self::TooLarge => "Remove it, or choose an environment's file.",
            Self::Link => "Put the file itself there instead of the link.",
            Self::NoText { .. } => "Save it as UTF-8.",
            Self::Malformed { .. } => "Correct it in an editor, or remove the file and set it up anew.",
            Self::Newer { .. } => "Use that newer Failback.",
            Self::Invalid(_) => "Correct what is named.",
            Self::SameName { .. } => "Change the name in one of the two, or remove one.",
            Self::PathNoText(_) => "Rename the file or folder.",
            Self::Unwritable(_) => "Look for unusual characters in the fields.",
        }
    }
}

#[cfg(test)]
mod tests;
