//! Files that only the user may read, replaced in one piece.

#[cfg(unix)]
use std::fs;
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::path::Path;

use super::scratch::is_stale;

/// Whether a file that is there already may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and the call ends with [`io::ErrorKind::AlreadyExists`], also
    /// when it appears in the last moment.
    Keep,
}

/// How the names of files begin and end until they are whole.
const TEMPORARY: (&str, &str) = (".failback-", ".tmp");

/// Removes the files that a killed save left in the folder. Those of a living one are locked, or empty and young.
pub(super) fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !name.starts_with(TEMPORARY.0) || !name.ends_with(TEMPORARY.1) {
            continue;
        }
        let path = entry.path();
        let begun = entry.metadata().is_ok_and(|metadata| metadata.len() > 0) || is_stale(&path);
        if begun
            && File::open(&path).is_ok_and(|file| file.try_lock().is_ok())
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::debug!(%error, path = %path.display(), "what a killed save left cannot be removed");
        }
    }
}

/// Puts `bytes` at `path` as a whole or not at all, on disk before it takes the
/// name, readable by the user alone (0600 on Unix).
pub(super) fn write(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The ending keeps a file that a power cut left behind out of the list.
    let mut file = tempfile::Builder::new().prefix(TEMPORARY.0).suffix(TEMPORARY.1).tempfile_in(folder)?;
    // So that a sweep leaves it alone; a file system without locks has no living ones older than a minute.
    drop(file.as_file().lock());
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Replace => file.persist(path)?,
        Existing::Keep => file.persist_noclobber(path)?,
    };
    sync_folder(folder);
    Ok(())
}

/// Makes the folder and what leads to it, for the user alone (0700 on Unix).
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    close_to_others(folder);
    Ok(())
}

/// Takes a folder that was there already from everybody else. Where that is
/// refused (a foreign folder, a file system without modes) the files' own mode
/// protects them, so saving goes on.
#[cfg(unix)]
fn close_to_others(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        drop(fs::set_permissions(folder, fs::Permissions::from_mode(0o700)));
    }
}

#[cfg(not(unix))]
fn close_to_others(_folder: &Path) {}

/// Puts the new name on disk too. The file is whole without it, and not every
/// file system can do it, so a refusal is no failure.
fn sync_folder(folder: &Path) {
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_save_left_is_swept_and_what_is_being_saved_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for (name, text) in
            [(".failback-dead.tmp", "x"), (".failback-new.tmp", ""), (".other.tmp", "x"), ("a.toml", "x")]
        {
            std::fs::write(path(name), text).unwrap();
        }
        std::fs::write(path(".failback-live.tmp"), "x").unwrap();
        let live = File::open(path(".failback-live.tmp")).unwrap();
        live.lock().unwrap();
        sweep(dir.path());
        let mut left: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [".failback-live.tmp", ".failback-new.tmp", ".other.tmp", "a.toml"]);
    }
}
