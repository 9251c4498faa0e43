//! Folders for the time being: private to the user, removed at their end, and by the next start where the
//! program was killed.
//!
//! Each has a file that its program keeps locked. The system frees the lock with the program, however it ends,
//! so that a folder of a living program is never taken for a dead one's.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the folders' names begin.
const PREFIX: &str = "failback-";
/// How a folder's name begins until its lock is there.
const UNFINISHED: &str = ".failback-new-";
/// The file that is locked.
const LOCK: &str = ".in-use";
/// What is not finished after this belongs to nobody any more.
const STALE_AFTER: Duration = Duration::from_mins(1);

/// A folder for the time being. Removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Locked as long as it is open.
    lock: Option<File>,
}

impl Scratch {
    /// A folder in the system's folder for temporary files, named after what it is for.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(label: &str) -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir(), label)
    }

    fn new_in(base: &Path, label: &str) -> io::Result<Self> {
        let name = format!("{PREFIX}{label}-");
        // Windows renames no folder with an open file in it: there it has its name before its lock.
        let begins = if cfg!(windows) { name.as_str() } else { UNFINISHED };
        let mut builder = tempfile::Builder::new();
        builder.prefix(begins);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let made = builder.tempdir_in(base)?;
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(made.path().join(LOCK))?;
        lock.lock()?;
        let mut path = made.path().to_owned();
        if !cfg!(windows) {
            let random = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            path = base.join(format!("{name}{}", random.strip_prefix(UNFINISHED).unwrap_or(&random)));
            // It gets its name with its lock in it.
            std::fs::rename(made.path(), &path)?;
        }
        drop(made.keep());
        Ok(Self { path, lock: Some(lock) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.lock = None;
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::debug!(%error, "a folder for the time being stays for the next start");
        }
    }
}

/// Removes what killed programs left in the system's folder for temporary files. Reads folders: off the window's thread.
pub fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_finished = name.starts_with(PREFIX);
        if !is_finished && !name.starts_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        // Not through a link, and nothing of another user's.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || !is_own(&path) {
            continue;
        }
        let is_dead = if is_finished { is_unlocked(&path.join(LOCK)) } else { is_stale(&path) };
        if is_dead && let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::debug!(%error, path = %path.display(), "what a killed program left cannot be removed");
        }
    }
}

/// A folder without that file is not one of these.
fn is_unlocked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

pub(super) fn is_stale(path: &Path) -> bool {
    let changed = path.symlink_metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE_AFTER))
}

#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().is_ok_and(|metadata| metadata.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn is_own(_path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_its_end_and_the_living_is_never_swept() {
        let base = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(base.path(), "practice").unwrap();
        let path = scratch.path().to_owned();
        assert!(path.file_name().unwrap().to_string_lossy().starts_with("failback-practice-"));
        std::fs::write(path.join("file"), "text").unwrap();
        sweep_in(base.path());
        assert!(path.join("file").exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        drop(scratch);
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_program_left_is_swept_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let folder = |name: &str, lock: bool| {
            let path = base.path().join(name);
            std::fs::create_dir(&path).unwrap();
            if lock {
                std::fs::write(path.join(LOCK), "").unwrap();
            }
            path
        };
        let dead = folder("failback-practice-abc", true);
        // No lock: somebody else's of the same name. Not finished, and young: being made.
        let kept = [folder("failback-notes", false), folder(".failback-new-x", false), folder("other", true)];
        #[cfg(unix)]
        std::os::unix::fs::symlink(&kept[2], base.path().join("failback-link")).unwrap();
        sweep_in(base.path());
        assert!(!dead.exists());
        for path in kept {
            assert!(path.exists(), "{}", path.display());
        }
        assert!(base.path().join("other").join(LOCK).exists());
    }
}
