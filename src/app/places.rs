//! Where the program keeps what it writes.

use std::path::PathBuf;

use crate::environment::HOME_VARIABLE;

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
