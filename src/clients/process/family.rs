//! What a program leaves behind: its process group, and whatever carries its mark in the environment, which
//! neither `setsid` nor a second fork sheds.
//!
//! Linux tells which process has which variables; elsewhere the group (on Windows the job object) is all that
//! can be found. What cleared its environment and left its parents and the group is not found anywhere.

use std::collections::BTreeSet;

pub use super::environment::MARKER;

/// Which process it is: a number alone is used again after a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its process id, and that of its group.
    pub pid: u32,
    /// When it started, in the kernel's ticks since boot; 0 where that is not told.
    pub started_at: u64,
    /// The value of its mark.
    pub mark: String,
}

impl Started {
    /// The program that started it, by the number in its mark.
    pub fn starter(&self) -> Option<u32> {
        self.mark.split('-').next()?.parse().ok()
    }
}

/// A mark for the next program: this process's id and start, and a number.
pub(super) fn next_mark() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let own = std::process::id();
    format!("{own}-{}-{}", started_at(own), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Is a process still there, and the same one? Without a start time (0) any of this number is.
pub fn lives(pid: u32, started_at: u64) -> bool {
    platform::lives(pid, started_at)
}

/// When a process started, in the kernel's ticks since boot; 0 where it is not there or not told.
pub fn started_at(pid: u32) -> u64 {
    platform::started_at(pid)
}

/// Programs that a run of this program started which is no longer there: it was killed. Reads all processes:
/// off the window's thread. Empty where the system does not tell.
pub fn orphans() -> Vec<Started> {
    platform::marked(|mark| {
        let mut parts = mark.split('-').map(str::parse::<u64>);
        let (Some(Ok(pid)), Some(Ok(started_at))) = (parts.next(), parts.next()) else { return false };
        u32::try_from(pid).is_ok_and(|pid| !lives(pid, started_at))
    })
}

/// Kills what is left of a program's family, and looks again until nothing is: how many there were.
/// Reads all processes: off the async threads.
pub(super) fn end(leader: &Started) -> usize {
    let mut ended = BTreeSet::new();
    for _ in 0..ROUNDS {
        let found = platform::kill_family(leader);
        if found.is_empty() {
            break;
        }
        ended.extend(found);
        std::thread::sleep(PAUSE);
    }
    ended.len()
}

/// The same without waiting for what is being born.
pub(super) fn end_now(leader: &Started) {
    drop(platform::kill_family(leader));
}

/// Kills the process group alone: those who left it detached themselves.
pub(super) fn end_group(leader: &Started) {
    platform::kill_group(leader);
}

/// What is born while its family is looked for is found in the next round.
const ROUNDS: usize = 50;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

#[cfg(target_os = "linux")]
mod platform {
    use std::collections::HashSet;
    use std::fs::{self, File};
    use std::io::Read;

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use super::{MARKER, Started};

    /// The most that is read of a process's variables, in bytes: the kernel's own limit for them.
    const ENVIRONMENT_MAX: u64 = 2 * 1024 * 1024;

    struct Process {
        pid: u32,
        parent: u32,
        group: u32,
        session: u32,
        started_at: u64,
    }

    pub(super) fn started_at(pid: u32) -> u64 {
        read(pid).map_or(0, |process| process.started_at)
    }

    pub(super) fn lives(pid: u32, started_at: u64) -> bool {
        read(pid).is_some_and(|process| started_at == 0 || process.started_at == started_at)
    }

    /// A process that runs; none that ended and waits for its parent to notice.
    fn read(pid: u32) -> Option<Process> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        if matches!(*fields.first()?, "Z" | "X" | "x") {
            return None;
        }
        let id = |index: usize| number(index).and_then(|id| u32::try_from(id).ok());
        Some(Process { pid, parent: id(1)?, group: id(2)?, session: id(3)?, started_at: number(19)? })
    }

    fn all() -> Vec<Process> {
        let own = std::process::id();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.filter(|pid| *pid != own).filter_map(read).collect()
    }

    /// The mark of a process, where it has one that may be read.
    fn mark(pid: u32) -> Option<String> {
        let mut bytes = Vec::new();
        File::open(format!("/proc/{pid}/environ"))
            .ok()?
            .take(ENVIRONMENT_MAX)
            .read_to_end(&mut bytes)
            .ok()?;
        let mut variables = bytes.split(|byte| *byte == 0);
        let value = variables.find_map(|variable| {
            variable.strip_prefix(MARKER.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
        })?;
        String::from_utf8(value.to_vec()).ok()
    }

    pub(super) fn marked(is_wanted: impl Fn(&str) -> bool) -> Vec<Started> {
        let found = |process: Process| {
            let mark = mark(process.pid).filter(|mark| is_wanted(mark))?;
            Some(Started { pid: process.pid, started_at: process.started_at, mark })
        };
        all().into_iter().filter_map(found).collect()
    }

    fn session() -> Option<u32> {
        read(std::process::id()).map(|own| own.session)
    }

    /// Is it of the leader's group? A number of a group that ended may be another one's by now, which is
    /// hardly ever of this session.
    fn is_in_group(process: &Process, leader: &Started, session: Option<u32>) -> bool {
        process.group == leader.pid
            && Some(process.session) == session
            && process.started_at >= leader.started_at
    }

    pub(super) fn kill_family(leader: &Started) -> Vec<u32> {
        let (all, session) = (all(), session());
        let is_marked = |process: &&Process| {
            is_in_group(process, leader, session) || mark(process.pid).is_some_and(|mark| mark == leader.mark)
        };
        let mut family: HashSet<u32> = all.iter().filter(is_marked).map(|process| process.pid).collect();
        // Children that cleared their variables.
        while let Some(child) =
            all.iter().find(|process| family.contains(&process.parent) && !family.contains(&process.pid))
        {
            family.insert(child.pid);
        }
        let members = all.iter().filter(|process| family.contains(&process.pid));
        members.filter(|process| kill(process)).map(|process| process.pid).collect()
    }

    pub(super) fn kill_group(leader: &Started) {
        let session = session();
        for process in all().iter().filter(|process| is_in_group(process, leader, session)) {
            kill(process);
        }
    }

    /// Kills this very process: its number is held by the descriptor before it is compared once more.
    fn kill(process: &Process) -> bool {
        let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else { return false };
        let Ok(held) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
        lives(process.pid, process.started_at) && pidfd_send_signal(held, Signal::KILL).is_ok()
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod platform {
    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};

    use super::Started;

    fn pid(pid: u32) -> Option<Pid> {
        i32::try_from(pid).ok().and_then(Pid::from_raw)
    }

    pub(super) fn started_at(_pid: u32) -> u64 {
        0
    }

    pub(super) fn lives(id: u32, _started_at: u64) -> bool {
        pid(id).is_some_and(|pid| test_kill_process(pid).is_ok())
    }

    pub(super) fn marked(_is_wanted: impl Fn(&str) -> bool) -> Vec<Started> {
        Vec::new()
    }

    pub(super) fn kill_family(leader: &Started) -> Vec<u32> {
        kill_group(leader);
        Vec::new()
    }

    pub(super) fn kill_group(leader: &Started) {
        // The error says that nothing of the group is left.
        drop(pid(leader.pid).map(|pid| kill_process_group(pid, Signal::KILL)));
    }
}

#[cfg(not(unix))]
mod platform {
    use super::Started;

    pub(super) fn started_at(_pid: u32) -> u64 {
        0
    }

    // The job object ends with the program that made it: nothing outlives it.
    pub(super) fn lives(_pid: u32, _started_at: u64) -> bool {
        false
    }

    pub(super) fn marked(_is_wanted: impl Fn(&str) -> bool) -> Vec<Started> {
        Vec::new()
    }

    pub(super) fn kill_family(_leader: &Started) -> Vec<u32> {
        Vec::new()
    }

    pub(super) fn kill_group(_leader: &Started) {}
}
