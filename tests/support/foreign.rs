//! Programs that see nothing of the user's own settings.

use std::process::Command;

/// Variables that lead to somebody's own settings, by how they begin.
const FOREIGN: [&str; 4] = ["AWS_", "HELM_", "KUBE", "XDG_"];

/// A program to run without them.
pub fn without_settings(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if FOREIGN.iter().any(|foreign| text.starts_with(foreign)) {
            command.env_remove(&name);
        }
    }
    command
}
