//! Folders that are the user's alone: made so, or refused with what to do.
//!
//! What is kept here are commands, reasons and the output of programs; and whoever can write to one of the
//! folders above can put another in its place. So the folder itself and the one above it, which are this
//! program's, belong to the user, and nobody else may write there; nobody else may read the folder itself. Of
//! what lies above only what everybody may write is refused, but for those with the sticky bit, as `/tmp`.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A folder cannot be used.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// It cannot be made or looked at.
    #[error("{}: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read or write there.
    #[error("{} is open to others (mode {mode:04o}): close it by `chmod {wanted} {}`, after a look at what is in it", path.display(), quoted(path))]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What closes it.
        wanted: &'static str,
    },
    /// It belongs to another user.
    #[error("{} belongs to another user (uid {owner}, mode {mode:04o}): take another folder, by FAILBACK_HOME for example", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The owner's number.
        owner: u32,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no folder.
    #[error("{} is no folder", path.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Makes the folder and what leads to it, for the user alone, where it is missing; on disk when this returns.
///
/// # Errors
/// It cannot be made; or it, or what leads to it, is another's or open to others.
pub fn private_folder(folder: &Path) -> Result<(), PlaceError> {
    let failed = |source| PlaceError::Io { path: folder.to_owned(), source };
    let folder = std::path::absolute(folder).map_err(failed)?;
    let missing: Vec<&Path> = folder.ancestors().take_while(|above| !above.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).map_err(failed)?;
    check(&folder)?;
    for made in missing {
        sync(made).and_then(|()| made.parent().map_or(Ok(()), sync)).map_err(failed)?;
    }
    Ok(())
}

/// Is the folder the user's alone, by the path as it stands and by what links in it lead to?
///
/// # Errors
/// Which folder of them is not, and why.
#[cfg(unix)]
pub fn check(folder: &Path) -> Result<(), PlaceError> {
    let folder =
        std::path::absolute(folder).map_err(|source| PlaceError::Io { path: folder.to_owned(), source })?;
    let leads_to = folder.canonicalize().map_err(|source| PlaceError::Io { path: folder.clone(), source })?;
    // A link's own folder decides where it leads to tomorrow; its target's, what lies there.
    for path in [&folder, &leads_to] {
        for (height, above) in path.ancestors().enumerate() {
            check_one(above, height)?;
        }
    }
    Ok(())
}

/// The folder itself (0), the one above it (1), or higher.
#[cfg(unix)]
fn check_one(path: &Path, height: usize) -> Result<(), PlaceError> {
    use std::os::unix::fs::MetadataExt;
    let metadata =
        std::fs::metadata(path).map_err(|source| PlaceError::Io { path: path.to_owned(), source })?;
    if !metadata.is_dir() {
        return Err(PlaceError::NoFolder { path: path.to_owned() });
    }
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let user = rustix::process::geteuid().as_raw();
    let is_sticky = mode & 0o1000 != 0;
    let (others_may, wanted) = match height {
        0 => (0o077, "700"),
        1 => (0o022, "go-w"),
        _ => (0o002, "o-w"),
    };
    // What root has made may lie above: a home's parent, or a mounted volume.
    if height == 0 && owner != user || height == 1 && owner != user && owner != 0 {
        return Err(PlaceError::Foreign { path: path.to_owned(), owner, mode });
    }
    if mode & others_may != 0 && !(height > 0 && is_sticky) {
        return Err(PlaceError::Open { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}

/// The rights of a user's folders are their profile's here.
#[cfg(not(unix))]
pub fn check(folder: &Path) -> Result<(), PlaceError> {
    let is_folder = std::fs::metadata(folder)
        .map_err(|source| PlaceError::Io { path: folder.to_owned(), source })?
        .is_dir();
    if is_folder { Ok(()) } else { Err(PlaceError::NoFolder { path: folder.to_owned() }) }
}

/// A file that is not there yet, for the user alone: read, and appended to.
///
/// # Errors
/// It is there, or cannot be made.
pub fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create_new(true).read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Puts the names in a folder on disk. Not every file system can do that, and says so.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[allow(clippy::unwrap_used, reason = "a helper of tests")]
    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_made_is_private_and_what_is_open_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let (home, runs) = (dir.path().join("home"), dir.path().join("home/runs"));
        private_folder(&runs).unwrap();
        for path in [&home, &runs] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        for (path, mode, refused) in [
            (&runs, 0o777, true),
            (&runs, 0o1777, true),
            (&runs, 0o755, true),
            (&runs, 0o710, true),
            (&runs, 0o700, false),
            (&home, 0o777, true),
            (&home, 0o770, true),
            (&home, 0o755, false),
            (&home, 0o700, false),
        ] {
            chmod(path, mode);
            let found = private_folder(&runs);
            assert_eq!(found.is_err(), refused, "{} {mode:o}: {found:?}", path.display());
            if let Err(error) = found {
                let text = error.to_string();
                let shown = format!("{} is open to others (mode {mode:04o})", path.display());
                assert!(text.starts_with(&shown) && text.contains("chmod "), "{text}");
            }
            chmod(path, 0o700);
        }
    }

    #[test]
    fn what_lies_above_is_refused_where_everybody_may_write_but_for_sticky_folders() {
        let dir = tempfile::tempdir().unwrap();
        let above = dir.path().join("above");
        let runs = above.join("between/home/runs");
        private_folder(&runs).unwrap();
        for (mode, refused) in [(0o777, true), (0o1777, false), (0o775, false)] {
            chmod(&above, mode);
            assert_eq!(private_folder(&runs).is_err(), refused, "{mode:o}");
        }
    }

    #[test]
    fn a_link_is_as_good_as_what_it_leads_to_and_where_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let (home, open) = (dir.path().join("home"), dir.path().join("open"));
        private_folder(&home).unwrap();
        private_folder(&open).unwrap();
        let runs = home.join("runs");
        std::os::unix::fs::symlink(&open, &runs).unwrap();
        private_folder(&runs).unwrap();
        chmod(&open, 0o777);
        let text = private_folder(&runs).unwrap_err().to_string();
        assert!(text.contains("mode 0777"), "{text}");
        chmod(&open, 0o700);
        chmod(&home, 0o777);
        private_folder(&runs).unwrap_err();
    }

    #[test]
    fn a_file_is_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("runs");
        std::fs::write(&path, "").unwrap();
        private_folder(&path).unwrap_err();
    }
}
