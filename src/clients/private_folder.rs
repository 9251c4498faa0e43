//! A folder for the files that one run of a tool gets: a kubeconfig, a values file, Helm's downloads. For the user
//! alone, gone when the run ends; what a kill leaves behind is swept at the next start.
//!
//! It is held by a lock of the operating system, which a kill frees: whose lock is free belongs to nobody any more,
//! but for a tool that outlives the killed program which started it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::process::family::{self, Started};
use crate::runbook::verdict::{Why, WhyKind};

/// How the folders are named; the process id and a random part follow.
const PREFIX: &str = "failback-tool-";
/// The file that is locked as long as the folder is used.
const LOCK: &str = "lock";
/// A folder without that file that is older than this was left behind while it was made.
const HALF_MADE: Duration = Duration::from_mins(1);

/// A folder for the user alone. Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub struct PrivateFolder {
    // Before the folder, which some systems do not remove with an open file in it.
    lock: Option<File>,
    folder: TempDir,
}

impl PrivateFolder {
    /// Makes one: in the runtime directory where that is private and the user's, else among the temporary files.
    /// Blocks on the disk.
    ///
    /// # Errors
    /// There is no place for it.
    pub fn create() -> Result<Self, Why> {
        let mut failure = None;
        for base in bases() {
            match Self::create_in(&base) {
                Ok(folder) => return Ok(folder),
                Err(error) => failure = Some(format!("{}: {error}", base.display())),
            }
        }
        let failure = failure.unwrap_or_else(|| {
            "the path of temporary files holds a comma, a quote or a percent sign".to_owned()
        });
        Err(Why::new(WhyKind::Configuration, format!("No private folder for the tool's files: {failure}")))
    }

    fn create_in(base: &Path) -> io::Result<Self> {
        // A second try where a sweep of another process took the first one for left behind.
        let mut tries = 2;
        loop {
            let prefix = format!("{PREFIX}{}-", std::process::id());
            let mut builder = tempfile::Builder::new();
            builder.prefix(&prefix);
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let folder = builder.tempdir_in(base)?;
            let path = folder.path().join(LOCK);
            let lock = private(OpenOptions::new().write(true).create_new(true)).open(&path)?;
            lock.lock()?;
            tries -= 1;
            if path.exists() {
                return Ok(Self { lock: Some(lock), folder });
            } else if tries == 0 {
                return Err(io::Error::other("it was removed while it was made"));
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a new file into it, readable by the user alone; its path. Blocks on the disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Why> {
        let path = self.path().join(name);
        let written = private(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .and_then(|mut file| file.write_all(bytes));
        match written {
            Ok(()) => Ok(path),
            Err(error) => {
                let message = format!("{} cannot be written: {error}", path.display());
                Err(Why::new(WhyKind::Configuration, message))
            }
        }
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        drop(self.lock.take());
        if let Err(error) = fs::remove_dir_all(self.folder.path()) {
            tracing::warn!(%error, "the folder of a tool's files could not be removed");
        }
    }
}

/// Removes the folders that killed runs left behind: how many. Blocks on the disk: off the window's thread. What
/// cannot be removed is left for the next time.
pub fn sweep() -> usize {
    bases().iter().map(|base| sweep_in(base)).sum()
}

fn sweep_in(base: &Path) -> usize {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let is_named = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(PREFIX);
    let named: Vec<PathBuf> = entries.filter(is_named).map(|entry| entry.path()).collect();
    if named.is_empty() {
        return 0;
    }
    let users: BTreeSet<u32> = family::orphans().iter().filter_map(Started::starter).collect();
    let is_used = |folder: &Path| maker(folder).is_some_and(|pid| users.contains(&pid));
    named.iter().filter(|folder| !is_used(folder) && sweep_one(folder)).count()
}

fn sweep_one(folder: &Path) -> bool {
    // Not followed: a link, or somebody else's folder under our name, is none of ours.
    let Ok(found) = fs::symlink_metadata(folder) else { return false };
    if !found.is_dir() || !is_ours(&found) {
        return false;
    }
    let is_free = match File::open(folder.join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            maker_is_gone(folder) || age.is_some_and(|age| age > HALF_MADE)
        }
        Err(_) => false,
    };
    is_free && fs::remove_dir_all(folder).is_ok()
}

/// The number of the program that made a folder; it stands in its name.
fn maker(folder: &Path) -> Option<u32> {
    let name = folder.file_name()?.to_string_lossy();
    name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

/// Has the program that made a folder ended? Told where the system lists processes.
fn maker_is_gone(folder: &Path) -> bool {
    let is_gone = |pid: u32| !Path::new("/proc").join(pid.to_string()).exists();
    cfg!(target_os = "linux") && maker(folder).is_some_and(is_gone)
}

/// The places, the better one first.
fn bases() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let all = runtime.and_then(|folder| of_runtime(&folder)).into_iter().chain([std::env::temp_dir()]);
    all.filter(|base| is_plain(base)).collect()
}

/// A path that Helm takes for one file: a comma or a quote parts several, a percent sign begins an escape.
fn is_plain(path: &Path) -> bool {
    path.to_str().is_some_and(|path| !path.contains(|c: char| ",\"%".contains(c) || c.is_control()))
}

/// Our folder in the runtime directory, where both are private and the user's.
fn of_runtime(runtime: &Path) -> Option<PathBuf> {
    if !runtime.is_absolute() || !is_private(runtime) {
        return None;
    }
    let folder = runtime.join("failback");
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // The error says that it is there already, or is told by the next line.
    drop(builder.create(&folder));
    is_private(&folder).then_some(folder)
}

fn is_private(folder: &Path) -> bool {
    let Ok(found) = fs::symlink_metadata(folder) else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&found) & 0o077 != 0 {
        return false;
    }
    found.is_dir() && is_ours(&found)
}

#[cfg(unix)]
fn is_ours(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(found) == rustix::process::geteuid().as_raw()
}

/// The folder of temporary files is the user's own elsewhere.
#[cfg(not(unix))]
fn is_ours(_found: &fs::Metadata) -> bool {
    true
}

/// For the user alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn it_is_the_users_alone_and_goes_with_the_run() {
        let base = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::create_in(base.path()).unwrap();
        let file = folder.write("kubeconfig", b"token").unwrap();
        assert_eq!((mode(folder.path()), mode(&file)), (0o700, 0o600));
        assert!(folder.write("kubeconfig", b"other").is_err(), "a file is written once");
        // Made unreadable by a tool, and with folders in it.
        fs::create_dir_all(folder.path().join("cache/repository")).unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_sweep_takes_what_nobody_holds_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let held = PrivateFolder::create_in(base.path()).unwrap();
        let left = PrivateFolder::create_in(base.path()).unwrap();
        left.write("kubeconfig", b"token").unwrap();
        // As a kill leaves it: the lock is free, the folder is there.
        let mut left = std::mem::ManuallyDrop::new(left);
        drop(left.lock.take());
        let half_made = base.path().join(format!("{PREFIX}1-half"));
        let just_made = base.path().join(format!("{PREFIX}1-just"));
        for folder in [&half_made, &just_made, &base.path().join("other")] {
            fs::create_dir(folder).unwrap();
        }
        let long_ago = SystemTime::now() - 2 * HALF_MADE;
        File::open(&half_made).unwrap().set_modified(long_ago).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), base.path().join(format!("{PREFIX}link"))).unwrap();
        assert_eq!(sweep_in(base.path()), 2);
        assert!(held.path().exists() && just_made.exists() && elsewhere.path().exists());
        assert!(!left.path().exists() && !half_made.exists());
        assert_eq!(sweep_in(base.path()), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_tool_that_outlives_its_killed_program_keeps_its_folder() {
        let base = tempfile::tempdir().unwrap();
        // The number of a program that has ended and was waited for.
        let mut killed = std::process::Command::new("true").spawn().unwrap();
        let gone = killed.id();
        killed.wait().unwrap();
        let folder = base.path().join(format!("{PREFIX}{gone}-left"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(LOCK), "").unwrap();
        let mut tool = std::process::Command::new("sleep")
            .arg("60")
            .env(family::MARKER, format!("{gone}-1-0"))
            .spawn()
            .unwrap();
        // The mark is seen from the moment of its exec on.
        let begin = std::time::Instant::now();
        while !family::orphans().iter().any(|orphan| orphan.starter() == Some(gone)) {
            assert!(begin.elapsed().as_secs() < 20);
            std::thread::yield_now();
        }
        assert_eq!(sweep_in(base.path()), 0);
        tool.kill().unwrap();
        tool.wait().unwrap();
        assert_eq!(sweep_in(base.path()), 1);
    }

    #[test]
    fn a_path_that_helm_would_take_apart_is_not_used() {
        for (path, plain) in
            [("/run/user/1000", true), ("C:\\Users\\On call", true), ("/a,b", false), ("/a%20", false)]
        {
            assert_eq!(is_plain(Path::new(path)), plain, "{path}");
        }
    }

    #[test]
    fn only_a_private_runtime_directory_is_used() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let ours = base.path().join("failback");
        assert_eq!(of_runtime(base.path()), Some(ours.clone()));
        assert_eq!(mode(&ours), 0o700);
        fs::set_permissions(&ours, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(of_runtime(base.path()), None, "ours is open to others");
        fs::set_permissions(&ours, fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(of_runtime(base.path()), None, "the whole is");
        assert_eq!(of_runtime(Path::new("relative")), None);
    }
}
