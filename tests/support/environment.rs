//! Tests in a process of their own: the environment belongs to the whole process.

use std::path::Path;
use std::process::Command;

/// Runs one ignored test of the file in a process of its own with this environment.
pub fn in_environment(test: &str, folder: &Path, variables: &[(&str, &str)]) {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", folder)
        .env("USERPROFILE", folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&ended.stdout);
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && output.contains("1 passed"), "{output}{errors}");
}
