//! Where the program keeps what it writes.

use std::path::PathBuf;

use crate::clients::private_folder;
use crate::environment::{HOME_VARIABLE, Store, scratch};

/// The folder of the runs' journals: `runs` in `FAILBACK_HOME`, else in the user's data folder.
pub fn runs() -> Result<PathBuf, String> {
    if let Some(home) = std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
        return Ok(PathBuf::from(home).join("runs"));
    }
    let folders = directories::ProjectDirs::from("", "", "failback");
    let folders =
        folders.ok_or_else(|| format!("there is no home folder to keep the run in; set {HOME_VARIABLE}"))?;
    Ok(folders.data_local_dir().join("runs"))
}

/// The folder of the practice runs' journals, beside that of the runs.
pub fn practice_runs() -> Result<PathBuf, String> {
    runs().map(|runs| runs.with_file_name("practice-runs"))
}

/// Where a file for other people is saved unless another place is chosen: the folder of downloads, else the home folder.
pub fn downloads() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    let folder = folders.download_dir().filter(|folder| folder.is_dir()).unwrap_or(folders.home_dir());
    Some(folder.to_owned())
}

/// The user's runtime folder, `XDG_RUNTIME_DIR`, where there is one: private, and gone with the session.
pub fn runtime_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    folder.map(PathBuf::from).filter(|folder| folder.is_absolute() && folder.is_dir())
}

/// Removes what killed programs left: practice folders, what tools were given, halves of saves. Reads folders: off the
/// window's thread.
pub fn sweep() {
    scratch::sweep();
    let swept = private_folder::sweep();
    tracing::debug!(swept, "folders of killed tools");
    if let Ok(store) = Store::open_default() {
        store.sweep();
    }
}
