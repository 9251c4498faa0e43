//! Files that only the user may read, replaced in one piece.

#[cfg(unix)]
use std::fs;
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::path::Path;

/// Whether a file that is there already may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and the call ends with [`io::ErrorKind::AlreadyExists`], also
    /// when it appears in the last moment.
    Keep,
}

/// Puts `bytes` at `path` as a whole or not at all, on disk before it takes the
/// name, readable by the user alone (0600 on Unix).
pub(super) fn write(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The ending keeps a file that a power cut left behind out of the list.
    let mut file = tempfile::Builder::new().prefix(".failback-").suffix(".tmp").tempfile_in(folder)?;
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
