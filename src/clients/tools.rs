//! The programs of this machine: where they are, which version, what they can do.

mod files;
mod helm;
mod vcluster;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::OnceCell;

pub use files::ToolFiles;
pub use helm::{helm_admin_password, survives_set};

use super::failure::words;
use super::process::{Environment, Invocation, capture};
use crate::runbook::fact::ToolsFacts;

/// How long the login shell may take to tell its PATH.
const SHELL_LIMIT: Duration = Duration::from_secs(3);
/// How long a tool may take to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(15);

static ASKS_LOGIN_SHELL: AtomicBool = AtomicBool::new(true);
static LOGIN_SHELL_PATH: OnceCell<Vec<PathBuf>> = OnceCell::const_new();

/// From now on [`search_path`] is this process's PATH alone: practice and tests do not depend on
/// the user's shell.
pub fn leave_login_shell_alone() {
    ASKS_LOGIN_SHELL.store(false, Ordering::Relaxed);
}

/// The folders to look for programs in: PATH, then the login shell's PATH, which programs that
/// are started from a desktop miss. The shell is asked once a process. No duplicates.
pub async fn search_path() -> Vec<PathBuf> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = Vec::new();
    let shell: &[PathBuf] = if ASKS_LOGIN_SHELL.load(Ordering::Relaxed) {
        LOGIN_SHELL_PATH.get_or_init(login_shell_path).await
    } else {
        &[]
    };
    for folder in std::env::split_paths(&own).chain(shell.iter().cloned()) {
        if folder.is_absolute() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// Marks the PATH in what a login shell prints, which may be greeted by more.
const MARK: &str = "failback-path:";

async fn login_shell_path() -> Vec<PathBuf> {
    let Some(shell) = std::env::var_os("SHELL").map(PathBuf::from) else { return Vec::new() };
    if !cfg!(unix) || !shell.is_absolute() {
        return Vec::new();
    }
    // `printenv` also tells the PATH of a shell that keeps it as a list, as fish does.
    let script = format!("printf '%s' '{MARK}'; printenv PATH");
    match capture(Invocation::new(&shell, ["-l", "-c", &script], Environment::inherited(), SHELL_LIMIT)).await
    {
        Ok(captured) => parse_shell_path(&String::from_utf8_lossy(&captured.stdout)),
        Err(why) => {
            tracing::debug!(%why.message, "the login shell did not tell its PATH");
            Vec::new()
        }
    }
}

fn parse_shell_path(printed: &str) -> Vec<PathBuf> {
    let path = printed.rsplit_once(MARK).map(|(_, path)| path.lines().next().unwrap_or_default());
    path.map(|path| std::env::split_paths(path.trim()).collect()).unwrap_or_default()
}

/// A program in these folders.
pub(crate) fn find(program: &str, search_path: &[PathBuf]) -> Option<PathBuf> {
    let folders = std::env::join_paths(search_path).ok()?;
    // A name with a separator is a path and not looked for.
    which::which_in(program, Some(folders), Path::new("/")).ok()
}

/// Asks for helm, the vCluster CLI and kubectl, all at once.
pub async fn find_tools(search_path: &[PathBuf]) -> ToolsFacts {
    let (helm, vcluster) = tokio::join!(helm::ask(search_path), vcluster::ask(search_path));
    ToolsFacts { helm, vcluster, kubectl: find("kubectl", search_path) }
}

/// A tool's answer as text, or why not in a phrase.
async fn ask(program: &Path, args: &[&str], search_path: &[PathBuf]) -> Result<String, String> {
    let mut env = Environment::for_tools();
    if let Ok(folders) = std::env::join_paths(search_path) {
        env.set("PATH", folders);
    }
    let captured =
        capture(Invocation::new(program, args, env, VERSION_LIMIT)).await.map_err(|why| why.message)?;
    if captured.exit_code != Some(0) {
        let last = captured.stderr.last().map_or("no message", String::as_str);
        let code =
            captured.exit_code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        let last = words(last);
        return Err(format!("{} {} ended with {code}: {last}", program.display(), args.join(" ")));
    }
    Ok(String::from_utf8_lossy(&captured.stdout).into_owned())
}

/// The longest version that makes sense, in characters.
const MAX_VERSION_CHARS: usize = 64;

/// A version, with or without a `v`; `None` where what a tool says is none.
fn version(said: &str) -> Option<String> {
    let said = said.trim();
    let begins = said.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let is_one = begins && said.len() <= MAX_VERSION_CHARS && said.bytes().all(|b| b.is_ascii_graphic());
    is_one.then(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_found_behind_a_greeting() {
        let printed = format!("Welcome back\n{MARK}/opt/bin:/usr/bin\nbye");
        assert_eq!(parse_shell_path(&printed), [PathBuf::from("/opt/bin"), PathBuf::from("/usr/bin")]);
        assert!(parse_shell_path("no such mark").is_empty());
    }

    #[test]
    fn what_is_no_version_is_not_taken_for_one() {
        for (said, expected) in [
            ("v4.3.1\n", Some("v4.3.1")),
            ("0.34.0-rc.1+g1", Some("0.34.0-rc.1+g1")),
            ("", None),
            ("version", None),
            ("4.3.1 and more", None),
            ("\u{1b}[31m4", None),
        ] {
            assert_eq!(version(said).as_deref(), expected, "{said}");
        }
        assert_eq!(version(&"4".repeat(65)), None);
    }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "tools/shell_tests.rs"]
mod shell_tests;
