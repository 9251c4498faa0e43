//! Opens a bundle: what it has comes from elsewhere, and anything that is not expected ends it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;
use tar::EntryType;

use super::HandoverError;
use super::manifest::{
    ALL_BYTES, FILE_BYTES, FORMAT, Known, LOG_BYTES, LOGS, MANIFEST, Manifest, is_run_name,
};
use crate::journal::place::{new_file, private_folder};
use crate::journal::{self, Hand, JournalError};

/// How large a bundle may be, in bytes.
const PACKED_BYTES: u64 = 128 * 1024 * 1024;
/// What a folder's name begins with while a bundle is being opened in it: hidden, so that it is no run yet.
const OPENING: &str = ".opening-";
/// Far longer than opening one takes.
const OPENING_TAKES: Duration = Duration::from_secs(3600);
/// How many runs of one name there may be.
const COPIES: usize = 100;

/// A bundle that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The run's folder here.
    pub folder: PathBuf,
    /// It had been opened before: nothing was done.
    pub already: bool,
    /// A run of this name was here already: this one is beside it.
    pub beside: Option<String>,
    /// Who wrote the bundle.
    pub from: String,
    /// What was left out in it, a sentence each.
    pub left_out: Vec<String>,
}

impl Opened {
    /// The folder's name, by which a person names the run.
    pub fn id(&self) -> String {
        journal::run_id(&self.folder)
    }

    /// What became of it, in a sentence without a full stop.
    pub fn sentence(&self) -> String {
        let id = self.id();
        if self.already {
            return format!("This bundle was opened before: it is the run {id}");
        }
        let from = &self.from;
        match &self.beside {
            Some(name) => {
                format!("The handover from {from} is the run {id}, beside {name}, which was here already")
            }
            None => format!("The handover from {from} is the run {id}"),
        }
    }
}

/// Opens a bundle as a run below `runs`, and notes in it who received it.
///
/// # Errors
/// It is no bundle, one that is not to be trusted, or of a newer program; or there is no place for it. Nothing of it
/// is kept then.
pub fn open(bundle: &Path, runs: &Path, by: Hand) -> Result<Opened, HandoverError> {
    let unread = |source| HandoverError::Read { path: bundle.to_owned(), source };
    let unwritten = |source| HandoverError::Write { path: runs.to_owned(), source };
    let refused = |why: String| HandoverError::Refused { path: bundle.to_owned(), why };
    let file = File::open(bundle).map_err(unread)?;
    let found = file.metadata().map_err(unread)?;
    if !found.is_file() {
        return Err(refused("it is no file".to_owned()));
    }
    if found.len() > PACKED_BYTES {
        return Err(refused(format!("it is larger than {} MiB", PACKED_BYTES / 1024 / 1024)));
    }
    private_folder(runs).map_err(JournalError::from)?;
    sweep(runs);
    let folder = opening(runs).map_err(unwritten)?;
    let manifest = match unpack(file, folder.path()) {
        Ok(manifest) => manifest,
        Err(Fault::Refused(why)) => return Err(refused(why)),
        Err(Fault::Write(source)) => return Err(unwritten(source)),
    };
    let Manifest { format, program, run, by: from, left_out, .. } = manifest;
    if format > FORMAT {
        return Err(HandoverError::Newer { path: bundle.to_owned(), program });
    }
    if !is_run_name(&run) {
        return Err(refused("its run has no name that a folder may have".to_owned()));
    }
    let read = journal::one(folder.path()).map_err(unwritten)?;
    if read.record.timeline.is_empty() {
        return Err(refused("its journal has no entry that can be read".to_owned()));
    }
    let opened = |folder, already, beside| Opened { folder, already, beside, from: from.name(), left_out };
    let (target, beside) = match place(runs, &run, folder.path()).map_err(unwritten)? {
        Place::Opened(folder) => return Ok(opened(folder, true, None)),
        Place::Free(target, beside) => (target, beside),
    };
    journal::received(folder.path(), by)?;
    std::fs::rename(folder.path(), &target).map_err(unwritten)?;
    // It has another name now: there is nothing to remove any more.
    drop(folder.keep());
    Ok(opened(target, false, beside))
}

/// A folder to open it in, for the user alone.
fn opening(runs: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(OPENING);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(runs)
}

/// Removes what killed programs had begun to open.
fn sweep(runs: &Path) {
    for entry in std::fs::read_dir(runs).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(OPENING);
        let age = entry.metadata().and_then(|found| found.modified()).ok().and_then(|at| at.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > OPENING_TAKES) {
            // What cannot be removed now is tried again by the next one.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

/// Where the run goes.
enum Place {
    /// This very bundle is there already.
    Opened(PathBuf),
    /// Nothing is there; beside a run of its name, where there is one.
    Free(PathBuf, Option<String>),
}

fn place(runs: &Path, run: &str, unpacked: &Path) -> io::Result<Place> {
    let manifest = std::fs::read(unpacked.join(MANIFEST))?;
    for number in 1..=COPIES {
        let name = if number == 1 { run.to_owned() } else { format!("{run}-{number}") };
        let folder = runs.join(&name);
        match std::fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Place::Free(folder, (number > 1).then(|| run.to_owned())));
            }
            Err(error) => return Err(error),
            Ok(_) if std::fs::read(folder.join(MANIFEST)).is_ok_and(|there| there == manifest) => {
                return Ok(Place::Opened(folder));
            }
            Ok(_) => {}
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("there are {COPIES} runs named {run}")))
}

/// Why it is not unpacked.
enum Fault {
    Refused(String),
    Write(io::Error),
}

impl Fault {
    fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }

    fn damaged(error: &io::Error) -> Self {
        Self::Refused(format!("it is damaged, or no bundle of Failback ({error})"))
    }
}

/// Puts its files into the folder, and reads its manifest.
fn unpack(bundle: File, folder: &Path) -> Result<Manifest, Fault> {
    // One byte more than there may be tells that there is more.
    let bytes = GzDecoder::new(io::BufReader::new(bundle)).take(ALL_BYTES + 1);
    let mut archive = tar::Archive::new(bytes);
    let mut names = BTreeSet::new();
    let (mut top, mut total) = (None::<String>, 0);
    // Raw: an entry that changes the next one's name or size is refused, too.
    for entry in archive.entries().map_err(|error| Fault::damaged(&error))?.raw(true) {
        let mut entry = entry.map_err(|error| Fault::damaged(&error))?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(Fault::refused("it has something else than plain files in it"));
        }
        let path = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|_| Fault::refused("it has a file with an odd name"))?;
        let (known, name) = name(&path, &mut top).ok_or_else(|| {
            Fault::refused(format!("it has a file that does not belong there: {}", path.escape_debug()))
        })?;
        if !names.insert(name.clone()) {
            return Err(Fault::refused(format!("it has {name} twice")));
        }
        let most = if matches!(known, Known::Log(_)) { LOG_BYTES + 1024 } else { FILE_BYTES };
        let size = entry.header().size().map_err(|error| Fault::damaged(&error))?;
        total += size;
        if size > most || total > ALL_BYTES || names.len() > LOGS + 5 {
            return Err(Fault::refused("there is more in it than a run has"));
        }
        // What Failback can make anew of the journal would be of yesterday soon.
        let path = (known != Known::Report).then(|| folder.join(&name));
        copy(&mut entry, path.as_deref(), size)?;
    }
    for needed in [MANIFEST, journal::FILE] {
        if !names.contains(needed) {
            return Err(Fault::refused(format!("it has no {needed}: it is no bundle of Failback")));
        }
    }
    let manifest = std::fs::read(folder.join(MANIFEST)).map_err(Fault::Write)?;
    serde_json::from_slice(&manifest)
        .map_err(|error| Fault::refused(format!("its manifest cannot be read ({error})")))
}

/// What a file is, and its name in the bundle's only folder.
fn name(path: &str, top: &mut Option<String>) -> Option<(Known, String)> {
    let (folder, name) = path.split_once('/')?;
    if !is_run_name(folder) || *top.get_or_insert_with(|| folder.to_owned()) != folder {
        return None;
    }
    Some((Known::of(name)?, name.to_owned()))
}

/// Copies what the header promised; less is damage.
fn copy(entry: &mut impl Read, path: Option<&Path>, size: u64) -> Result<(), Fault> {
    let mut file = match path {
        Some(path) => Some(new_file(path).map_err(Fault::Write)?),
        None => None,
    };
    let (mut left, mut buffer) = (size, vec![0; 64 * 1024]);
    while left > 0 {
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = entry.read(&mut buffer[..most]).map_err(|error| Fault::damaged(&error))?;
        if read == 0 {
            return Err(Fault::refused("it breaks off: not all of it arrived"));
        }
        if let Some(file) = &mut file {
            file.write_all(&buffer[..read]).map_err(Fault::Write)?;
        }
        left -= read as u64;
    }
    file.map_or(Ok(()), |file| file.sync_all()).map_err(Fault::Write)
}
