//! The right to write: one at a time for an environment and for a cluster, over all windows, terminals and
//! processes of a user.
//!
//! It is a lock on files that the system holds for this process, so that it is free when the process ends,
//! however it does. There is one file for the environment's name, one for the API server that the context leads
//! to, and one for the Deployment's uid: a copy of an environment under another name, or another spelling of an
//! address, cannot write beside it. They lie in `locks` beside `runs`, and in `failback/locks` of the user's
//! runtime folder (`XDG_RUNTIME_DIR`) where there is one, which programs with another `FAILBACK_HOME` share.
//!
//! Beside each lock a note says who holds it. It outlives a killed program, and then tells which program it had
//! started: as long as that one lives, nobody gets the lock.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::journal::place::{PlaceError, private_folder};
use crate::journal::process;
use crate::runbook::interrupted::{ProcessMark, StartedTool, noun};

use super::session::Face;

/// The longest part of a key that names its file, in bytes: file systems allow 255 in all.
const NAME_BYTES: usize = 200;

/// How often, and how far apart, it is looked for the note of who holds a lock.
const NOTE_LOOKS: u32 = 25;
const NOTE_PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// Who writes, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// A window or a terminal.
    pub face: Face,
    /// This program's process.
    pub process: ProcessMark,
    /// The environment's name.
    pub environment: String,
    /// The action's id.
    pub action: String,
    /// The region's name.
    pub region: String,
    /// Since when, UTC.
    pub since: Timestamp,
    /// What its programs are marked with.
    pub mark: String,
    /// The program that it started.
    pub tool: Option<StartedTool>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { face, process, environment, action, region, since, .. } = self;
        let (action, since) = (noun(action), since.strftime("%H:%M:%S"));
        write!(
            f,
            "{action} of {region} ({environment}) runs since {since} UTC in {} (pid {} on {})",
            face.words(),
            process.pid,
            process.host
        )
    }
}

/// Why there is no right to write. Nothing was done.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// Another one writes.
    #[error("{0}. Wait for its end; until then this region can be watched here")]
    Held(Box<Holder>),
    /// Another one writes, and its note cannot be read.
    #[error("another Failback writes to this cluster (its lock is {}). Wait for its end; until then this region can be watched here", .0.display())]
    HeldBySomebody(PathBuf),
    /// The one who wrote before was killed, and what it started still lives.
    #[error("{program} of the interrupted action still runs (pid {}): wait for it or end it. It is the {} of {}, sent at {} UTC", listed(.pids), noun(&.holder.action), .holder.region, .holder.since.strftime("%H:%M:%S"))]
    StillRuns {
        /// Its name.
        program: String,
        /// The processes.
        pids: Vec<u32>,
        /// Who had started it.
        holder: Box<Holder>,
    },
    /// Another one wrote since the plan was made.
    #[error("{} of {} was done at {} UTC in {}, after this plan was made: look at the region as it is now", noun(&.0.action), .0.region, .1.strftime("%H:%M:%S"), .0.face.words())]
    WroteSince(Box<Holder>, Timestamp),
    /// Another one was killed in its write since the plan was made.
    #[error("{} of {} was sent at {} UTC from {}, after this plan was made, and its outcome is not known: look at the region as it is now", noun(&.0.action), .0.region, .0.since.strftime("%H:%M:%S"), .0.face.words())]
    KilledSince(Box<Holder>),
    /// There is no private place for locks.
    #[error("the lock that keeps two writes apart cannot be taken: {0}")]
    Place(#[from] PlaceError),
    /// The system refuses.
    #[error("the lock {} that keeps two writes apart cannot be taken: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn listed(pids: &[u32]) -> String {
    pids.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// The right to write, until it is dropped.
#[derive(Debug)]
pub struct Claim {
    locks: Vec<Lock>,
    holder: Mutex<Holder>,
}

#[derive(Debug)]
struct Lock {
    /// Locked as long as it is open.
    _file: File,
    note: PathBuf,
    /// What was changed last.
    last: PathBuf,
}

impl Lock {
    /// Of two that were confirmed at once, the second one's plan knows nothing of what the first has done.
    fn nothing_since(&self, read_at: Timestamp) -> Result<(), ClaimError> {
        let last = std::fs::read(&self.last).ok().and_then(|text| serde_json::from_slice::<Last>(&text).ok());
        match last {
            Some(Last { holder, ended }) if ended >= read_at => {
                Err(ClaimError::WroteSince(Box::new(holder), ended))
            }
            _ => Ok(()),
        }
    }
}

/// What was changed last, and when that had ended.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    holder: Holder,
    ended: Timestamp,
}

impl Claim {
    /// Takes the locks of all keys in all folders, or none, for a plan that was made of what was read at this
    /// time. Reads and writes files.
    ///
    /// # Errors
    /// Who has one of them; what still runs of an interrupted action; or why there can be no lock.
    pub fn take(
        folders: &[PathBuf],
        keys: &[String],
        holder: Holder,
        read_at: Timestamp,
    ) -> Result<Self, ClaimError> {
        let mut paths = Vec::new();
        for folder in folders {
            private_folder(folder)?;
            paths.extend(keys.iter().map(|key| folder.join(file_name(key))));
        }
        // Everybody in the same order: of two at once, the first to get there gets all of them.
        paths.sort_unstable();
        paths.dedup();
        let mut locks = Vec::with_capacity(paths.len());
        for path in paths {
            let lock = lock(&path, read_at)?;
            lock.nothing_since(read_at)?;
            locks.push(lock);
        }
        let claim = Self { locks, holder: Mutex::new(holder) };
        claim.note()?;
        Ok(claim)
    }

    /// The action started this program.
    pub fn tool_started(&self, tool: StartedTool) {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner).tool = Some(tool);
        // The journal has it too; without this note another folder's programs do not know of it.
        if let Err(error) = self.note() {
            tracing::warn!(%error, "the lock's note lacks the program that was started");
        }
    }

    /// Something was changed, or may have been: plans that were made before are void.
    pub fn changed(&self, now: Timestamp) {
        let holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let last = Last { holder, ended: now };
        for Lock { last: path, .. } in &self.locks {
            let text = serde_json::to_vec(&last).map_err(io::Error::other);
            if let Err(error) = text.and_then(|text| std::fs::write(path, text)) {
                tracing::warn!(%error, "the next write is not told of this one");
            }
        }
    }

    fn note(&self) -> Result<(), ClaimError> {
        let holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_vec(&*holder);
        for Lock { note, .. } in &self.locks {
            let written = match &text {
                Ok(text) => std::fs::write(note, text),
                Err(error) => Err(io::Error::other(error.to_string())),
            };
            written.map_err(|source| ClaimError::Io { path: note.clone(), source })?;
        }
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The notes go before the locks, so that nobody reads of somebody who has gone. The lock files stay:
        // who removes one takes it from under whoever has just opened it.
        for Lock { note, .. } in &self.locks {
            if let Err(error) = std::fs::remove_file(note) {
                tracing::warn!(%error, "the lock's note stays behind");
            }
        }
    }
}

fn lock(path: &Path, read_at: Timestamp) -> Result<Lock, ClaimError> {
    let failed = |source| ClaimError::Io { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(match read_note_soon(path) {
                Some(holder) => ClaimError::Held(Box::new(holder)),
                None => ClaimError::HeldBySomebody(path.to_owned()),
            });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    if let Some(holder) = read_note(path) {
        nothing_runs(&holder)?;
        if holder.since >= read_at {
            return Err(ClaimError::KilledSince(Box::new(holder)));
        }
    }
    Ok(Lock { _file: file, note: note_of(path), last: path.with_extension("last") })
}

/// A note that nobody holds a lock for is a killed program's.
fn nothing_runs(holder: &Holder) -> Result<(), ClaimError> {
    let mut pids = process::of_intent(&holder.mark);
    let tool = holder.tool.clone();
    if let Some(tool) = &tool
        && process::is_alive(&tool.process) == Some(true)
        && !pids.contains(&tool.process.pid)
    {
        pids.insert(0, tool.process.pid);
    }
    if pids.is_empty() {
        return Ok(());
    }
    let program = tool.map_or_else(|| "the program".to_owned(), |tool| tool.program);
    Err(ClaimError::StillRuns { program, pids, holder: Box::new(holder.clone()) })
}

fn note_of(path: &Path) -> PathBuf {
    path.with_extension("holder")
}

fn read_note(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&std::fs::read(note_of(path)).ok()?).ok()
}

/// The note of who has just taken the lock: it is written in the moment after.
fn read_note_soon(path: &Path) -> Option<Holder> {
    (0..NOTE_LOOKS).find_map(|look| {
        if look > 0 {
            std::thread::sleep(NOTE_PAUSE);
        }
        read_note(path)
    })
}

/// A key as the name of a file. Cut short where it is long: two keys with the same beginning exclude each
/// other without need, which does no harm.
fn file_name(key: &str) -> String {
    let mut name: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    name = name.replace(['*', '.'], "_");
    name.truncate(NAME_BYTES);
    name + ".lock"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder {
            face: Face::Window,
            process: process::this(),
            environment: "acme".to_owned(),
            action: "restart".to_owned(),
            region: "us-east-1".to_owned(),
            since: "2026-03-04T02:41:07Z".parse().unwrap(),
            mark: "nobody's".to_owned(),
            tool: None,
        }
    }

    fn later() -> Timestamp {
        "2026-03-04T03:00:00Z".parse().unwrap()
    }

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn whoever_shares_a_key_waits_and_is_told_for_whom() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [dir.path().join("a/locks"), dir.path().join("b/locks")];
        let ours = keys(&["environment acme", "server https://one:443", "deployment 1"]);
        let claim = Claim::take(&folders, &ours, holder(), later()).unwrap();
        for theirs in [
            keys(&["environment acme", "server https://two:443"]),
            keys(&["environment copy", "server https://one:443"]),
            keys(&["environment copy", "server https://localhost:443", "deployment 1"]),
        ] {
            // One of the folders is enough.
            for folders in [&folders[..], &folders[..1], &folders[1..]] {
                let text = Claim::take(folders, &theirs, holder(), later()).unwrap_err().to_string();
                assert!(
                    text.contains("restart of us-east-1 (acme) runs since 02:41:07 UTC in a window"),
                    "{text}"
                );
                assert!(text.contains(&format!("pid {}", std::process::id())), "{text}");
            }
        }
        let others = keys(&["environment other", "server https://two:443"]);
        drop(Claim::take(&folders, &others, holder(), later()).unwrap());
        drop(claim);
        drop(Claim::take(&folders, &ours, holder(), later()).unwrap());
    }

    #[test]
    fn a_plan_that_was_made_before_the_last_write_ended_is_void() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [dir.path().join("locks")];
        let of = |key: &str, read_at: &str| {
            Claim::take(&folders, &keys(&["server one", key]), holder(), read_at.parse().unwrap())
        };
        let first = of("environment acme", "2026-03-04T02:41:00Z").unwrap();
        first.changed("2026-03-04T02:41:10Z".parse().unwrap());
        drop(first);
        let text = of("environment copy", "2026-03-04T02:41:09Z").unwrap_err().to_string();
        assert!(
            text.starts_with("restart of us-east-1 was done at 02:41:10 UTC in a window, after this plan"),
            "{text}"
        );
        drop(of("environment copy", "2026-03-04T02:41:11Z").unwrap());
    }

    #[test]
    fn a_plan_that_was_made_before_a_killed_write_began_is_void() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [dir.path().join("locks")];
        let keys = keys(&["server one"]);
        let claim = Claim::take(&folders, &keys, holder(), later()).unwrap();
        let (path, note) = (claim.locks[0].note.clone(), std::fs::read(&claim.locks[0].note).unwrap());
        drop(claim);
        // As a kill leaves it: the locks free, the note there.
        std::fs::write(&path, note).unwrap();
        let before = "2026-03-04T02:41:06Z".parse().unwrap();
        let text = Claim::take(&folders, &keys, holder(), before).unwrap_err().to_string();
        assert!(text.contains("was sent at 02:41:07 UTC") && text.contains("not known"), "{text}");
        drop(Claim::take(&folders, &keys, holder(), later()).unwrap());
        assert!(!path.exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_killed_program_started_keeps_the_lock_as_long_as_it_lives() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [dir.path().join("locks")];
        let keys = keys(&["environment acme"]);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let tool = StartedTool { program: "helm".to_owned(), process: process::mark(child.id()) };
        let claim = Claim::take(&folders, &keys, holder(), later()).unwrap();
        claim.tool_started(tool);
        // As a kill leaves it: the locks free, the note there.
        let note = std::fs::read(&claim.locks[0].note).unwrap();
        let path = claim.locks[0].note.clone();
        drop(claim);
        std::fs::write(&path, note).unwrap();
        let text = Claim::take(&folders, &keys, holder(), later()).unwrap_err().to_string();
        let expected =
            format!("helm of the interrupted action still runs (pid {}): wait for it or end it", child.id());
        assert!(text.starts_with(&expected), "{text}");
        child.kill().unwrap();
        child.wait().unwrap();
        drop(Claim::take(&folders, &keys, holder(), later()).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_gives_no_right() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("locks");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        Claim::take(&[folder], &keys(&["environment acme"]), holder(), later()).unwrap_err();
    }

    #[test]
    fn a_key_is_a_plain_name_of_bounded_length() {
        assert_eq!(file_name("server https://a.b:443/*"), "server+https%3A%2F%2Fa_b%3A443%2F_.lock");
        assert_eq!(file_name(&"x".repeat(500)).len(), NAME_BYTES + 5);
    }
}
