//! Writes a bundle.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tar::{EntryType, Header};

use super::manifest::{ALL_BYTES, FILE_BYTES, FORMAT, Known, LOG_BYTES, LOGS, MANIFEST, Manifest, REPORTS};
use super::{HandoverError, Masked, masked, write_whole};
use crate::clients::secret::LineMask;
use crate::journal::report::{Settings, report};
use crate::journal::{self, Hand};

/// A bundle that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The bundle's file name, for the run's journal.
    pub name: String,
    /// What was left out or cut, a sentence each.
    pub left_out: Vec<String>,
}

/// The name of a file about an environment's run that is written at this time: `html`, `md`, or `tar.gz` for a bundle.
pub fn file_name(environment: &str, now: Timestamp, ending: &str) -> String {
    format!("{}.{ending}", stem(environment, now))
}

fn stem(environment: &str, now: Timestamp) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let plain: String = environment.chars().take(32).map(|c| if is_plain(c) { c } else { '-' }).collect();
    format!("failback-{plain}-{}", now.strftime("%Y-%m-%dT%H-%M-%SZ"))
}

/// Writes a bundle of the run in this folder, which may be being written.
///
/// # Errors
/// The run cannot be read, or the bundle not be written.
pub fn pack(
    folder: &Path,
    path: &Path,
    by: Hand,
    now: Timestamp,
    zone: TimeZone,
) -> Result<Packed, HandoverError> {
    let Masked { journal, record, goes_on } = masked(folder)?;
    let run = journal::run_id(folder);
    let unread = |source| HandoverError::Run { path: folder.to_owned(), source };
    let mut left_out = Vec::new();
    if record.is_cut {
        left_out.push("The beginning of the journal: it is too long".to_owned());
    }
    let mut files = vec![(journal::FILE.to_owned(), journal.into_bytes())];
    if let Some(text) = environment(folder).map_err(unread)? {
        files.push((journal::ENVIRONMENT_FILE.to_owned(), text));
    }
    files.extend(logs(folder, &mut left_out).map_err(unread)?);
    let settings = Settings { now, zone, goes_on, left_out: left_out.clone() };
    let report = report(&record, &settings)?;
    for (name, text) in REPORTS.into_iter().zip([report.markdown, report.html]) {
        if text.len() as u64 > FILE_BYTES {
            left_out.push(format!("{name}: it is too long. Failback makes it anew of the journal"));
        } else {
            files.push((name.to_owned(), text.into_bytes()));
        }
    }
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, program, run, written_at: now, by, left_out };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| unread(error.into()))?;
    files.insert(0, (MANIFEST.to_owned(), text));
    let top = stem(&record.environment, now);
    write_whole(path, |file| archive(file, &top, &files, now))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Packed { name, left_out: manifest.left_out })
}

fn archive(file: &mut File, top: &str, files: &[(String, Vec<u8>)], now: Timestamp) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(io::BufWriter::new(file), Compression::default()));
    for (name, text) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_mtime(now.as_second().try_into().unwrap_or(0));
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, format!("{top}/{name}"), text.as_slice())?;
    }
    archive.into_inner()?.finish()?.flush()
}

/// The environment as the run used it, where there is one. It has no secrets; a URL in it may have been given one.
fn environment(folder: &Path) -> io::Result<Option<Vec<u8>>> {
    match plain_file(&folder.join(journal::ENVIRONMENT_FILE))? {
        Some(mut file) => Ok(Some(lines(&end_of(&mut file, FILE_BYTES)?.0))),
        None => Ok(None),
    }
}

/// What programs said: of each the end, of many the newest.
fn logs(folder: &Path, left_out: &mut Vec<String>) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(Known::Log(number)) = Known::of(&name) {
            names.push((number, name));
        }
    }
    names.sort_unstable();
    let surplus = names.len().saturating_sub(LOGS);
    left_out.extend(names.drain(..surplus).map(|(_, name)| format!("{name}: there are too many outputs")));
    let mut logs = Vec::new();
    for (_, name) in names {
        let Some(mut file) = plain_file(&folder.join(&name))? else { continue };
        let (bytes, surplus) = end_of(&mut file, LOG_BYTES)?;
        let mut text = lines(&bytes);
        if surplus > 0 {
            let told = format!("The first {surplus} bytes of {name}: it is too long");
            text.splice(0..0, format!("({told})\n").into_bytes());
            left_out.push(told);
        }
        logs.push((name, text));
    }
    Ok(logs)
}

/// A file, where there is one that is no link and no device.
fn plain_file(path: &Path) -> io::Result<Option<File>> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => File::open(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The last bytes of a file, and how many are missing before them.
fn end_of(file: &mut File, most: u64) -> io::Result<(Vec<u8>, u64)> {
    let surplus = file.metadata()?.len().saturating_sub(most);
    file.seek(SeekFrom::Start(surplus))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    if surplus > 0 {
        // Half a line could be half a secret.
        let whole = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        bytes.drain(..whole);
    }
    Ok((bytes, surplus))
}

/// Its lines with their secrets masked once more.
fn lines(bytes: &[u8]) -> Vec<u8> {
    let mut mask = LineMask::default();
    let mut masked = Vec::with_capacity(bytes.len());
    for line in String::from_utf8_lossy(bytes).lines() {
        masked.extend_from_slice(mask.line(line, &[]).as_bytes());
        masked.push(b'\n');
    }
    masked
}

// What is packed can be opened.
const _: () = assert!(3 * FILE_BYTES + LOGS as u64 * (LOG_BYTES + 1024) < ALL_BYTES);
