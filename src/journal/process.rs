//! Which process this is, and whether another one still lives.

use super::entry::Hand;
use crate::runbook::interrupted::{ProcessMark, StartedTool};

/// The variable that each program of an action is started with, and hands on to what it starts: its value names
/// the intent. By it they are found even where their number was not written down any more.
pub const INTENT_VARIABLE: &str = "FAILBACK_INTENT";

/// The mark of this machine's process with this number.
pub fn mark(pid: u32) -> ProcessMark {
    ProcessMark { pid, started: system::started(pid), host: host() }
}

/// A program that runs, by the number of its process.
pub fn tool(pid: u32) -> StartedTool {
    StartedTool { program: system::name(pid), process: mark(pid) }
}

/// The mark of this process.
pub fn this() -> ProcessMark {
    mark(std::process::id())
}

/// Does it still live? `None` where that cannot be told: it ran on another machine, or this system does not say
/// when a process started, so that another one may have its number now.
pub fn is_alive(process: &ProcessMark) -> Option<bool> {
    if process.host != host() {
        return None;
    }
    system::is_alive(process)
}

/// The processes that were started for this intent and still live, where the system lets us look.
pub fn of_intent(intent: &str) -> Vec<u32> {
    system::with_variable(INTENT_VARIABLE, intent)
}

/// Who works here: the person as the system names them, this machine, this program in a window or a terminal.
pub fn hand(face: &str) -> Hand {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let person = named.map(|name| name.trim().to_owned()).find(|name| !name.is_empty());
    Hand {
        person: person.unwrap_or_default(),
        host: host(),
        face: face.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// This machine's name.
#[cfg(unix)]
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// This machine's name.
#[cfg(not(unix))]
pub fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// `/proc`, proc_pid_stat(5) and proc_pid_environ(5).
#[cfg(target_os = "linux")]
mod system {
    use std::io;

    use super::ProcessMark;

    /// The fields of `/proc/PID/stat` after the program's name, which may itself have blanks and brackets:
    /// the state is the first of them, the start time the twentieth.
    fn stat(pid: u32) -> io::Result<Vec<String>> {
        let text = std::fs::read(format!("/proc/{pid}/stat"))?;
        let text = String::from_utf8_lossy(&text);
        let after = text.rsplit_once(')').map_or("", |(_, after)| after);
        Ok(after.split_whitespace().map(str::to_owned).collect())
    }

    fn start(fields: &[String]) -> Option<String> {
        // Counted from the boot: with its id the time means one moment only.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(format!("{}:{}", boot.trim(), fields.get(19)?))
    }

    pub(super) fn started(pid: u32) -> Option<String> {
        start(&stat(pid).ok()?)
    }

    /// As the kernel has it, 15 characters of it.
    pub(super) fn name(pid: u32) -> String {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if name.trim().is_empty() { "a program".to_owned() } else { name.trim().to_owned() }
    }

    pub(super) fn is_alive(process: &ProcessMark) -> Option<bool> {
        let fields = match stat(process.pid) {
            Ok(fields) => fields,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(false),
            // It ended while it was read.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {
                return Some(false);
            }
            Err(_) => return None,
        };
        // A dead one that nobody waited for does nothing any more.
        if matches!(fields.first().map(String::as_str), Some("Z" | "X")) {
            return Some(false);
        }
        Some(process.started.as_ref()? == &start(&fields)?)
    }

    pub(super) fn with_variable(name: &str, value: &str) -> Vec<u32> {
        let wanted = format!("{name}={value}");
        let has = |pid: &u32| {
            // Others' processes cannot be read; this program's own are not meant.
            let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            *pid != std::process::id() && environ.split(|byte| *byte == 0).any(|of| of == wanted.as_bytes())
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let mut found: Vec<u32> = pids.filter(has).collect();
        found.sort_unstable();
        found
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::ProcessMark;

    pub(super) fn started(_pid: u32) -> Option<String> {
        None
    }

    pub(super) fn name(_pid: u32) -> String {
        "a program".to_owned()
    }

    /// That there is none with this number is certain; that there is one may be another's.
    #[cfg(unix)]
    pub(super) fn is_alive(process: &ProcessMark) -> Option<bool> {
        let pid = i32::try_from(process.pid).ok().and_then(rustix::process::Pid::from_raw)?;
        match rustix::process::test_kill_process(pid) {
            Err(rustix::io::Errno::SRCH) => Some(false),
            _ => None,
        }
    }

    #[cfg(not(unix))]
    pub(super) fn is_alive(_process: &ProcessMark) -> Option<bool> {
        None
    }

    pub(super) fn with_variable(_name: &str, _value: &str) -> Vec<u32> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_told_from_a_later_one_with_its_number_and_from_a_dead_one() {
        assert_eq!(is_alive(&this()), Some(true));
        let later = ProcessMark { started: Some("another boot:1".to_owned()), ..this() };
        assert_eq!(is_alive(&later), Some(false));
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .env(INTENT_VARIABLE, "run of the test#7")
            .spawn()
            .unwrap();
        let marked = mark(child.id());
        assert_eq!(is_alive(&marked), Some(true));
        // The variable is seen from the moment of its exec on.
        let begin = std::time::Instant::now();
        while of_intent("run of the test#7") != [child.id()] {
            assert!(begin.elapsed().as_secs() < 20);
            std::thread::yield_now();
        }
        child.kill().unwrap();
        // Dead, and not waited for yet.
        while is_alive(&marked) != Some(false) {
            assert!(begin.elapsed().as_secs() < 40);
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(is_alive(&marked), Some(false));
        assert!(of_intent("run of the test#7").is_empty());
    }

    #[test]
    fn of_another_machine_nothing_is_known() {
        let elsewhere = ProcessMark { host: "another machine".to_owned(), ..this() };
        assert_eq!(is_alive(&elsewhere), None);
    }
}
