//! What a platform that fails writes. Of the database's lines the substrings
//! are kine's (`domain.md`, section 7); the others are practice.

use std::time::Duration;

use jiff::Timestamp;

use super::super::controller::{Database, Fault, Spell};
use super::script::{Ending, Line, Program, Run, Style};

/// kine's tries and the time between them.
const TRIES: u64 = 300;
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// When kine first looks for its database, and the first failed try.
const LOOKING: Duration = Duration::from_millis(1_400);
const FIRST_TRY: Duration = Duration::from_secs(2);

/// Begins the start-up lines that a failing platform does not reach.
const UP: &str = "Announced network peer";
const JOINED: &str = "Joined leader election";

/// A platform without enough memory fills its caches until it is killed.
const FILLING_FROM: Duration = Duration::from_millis(5_200);
const FILLING_EVERY: Duration = Duration::from_millis(2_700);

/// The lines of a run under a fault, up to its end or a moment.
pub(super) fn lines(run: &Run, spell: Spell, until: Timestamp) -> Vec<Line> {
    match spell.fault {
        Fault::Panic => panicking(run),
        Fault::OutOfMemory => filling(run, until),
        Fault::Database(database) => knocking(run, database, spell.mended, until),
        Fault::OtherVersion => refusing(run),
    }
}

/// The start-up lines before the one that begins like this.
fn boot_before(run: &Run, begins: &str) -> Vec<Line> {
    let boot = run.boot().into_iter().take_while(|(_, _, message)| !message.starts_with(begins));
    boot.map(|(offset, style, message)| run.line(offset, style, &message)).collect()
}

fn crashed_at(run: &Run) -> Option<Timestamp> {
    match run.ended {
        Some(Ending::Crashed(at)) => Some(at),
        Some(Ending::Stopped(_)) | None => None,
    }
}

fn panicking(run: &Run) -> Vec<Line> {
    let mut lines = boot_before(run, UP);
    if let Some(at) = crashed_at(run) {
        for line in &mut lines {
            line.at = line.at.min(at);
        }
        lines.extend(PANIC.iter().map(|text| Line { at, text: (*text).to_owned() }));
    }
    lines
}

/// Nothing tells of the end: the kernel does not ask.
fn filling(run: &Run, until: Timestamp) -> Vec<Line> {
    let mut lines = boot_before(run, UP);
    let style = Style::Platform("cache/informer.go:172");
    for turn in 0_u32.. {
        let message = format!("Filling caches\t{{\"objects\": {}}}", 21_480 + 17_904 * u64::from(turn));
        let line = run.line(FILLING_FROM + FILLING_EVERY * turn, style, &message);
        if line.at > until {
            break;
        }
        lines.push(line);
    }
    lines
}

/// Tries the database once a second; where it answers in the end, goes on from there.
fn knocking(run: &Run, database: Database, mended: Option<Timestamp>, until: Timestamp) -> Vec<Line> {
    let driver = database.driver_text();
    let opened = mended.map(|at| run.offset_of(at));
    let mut lines: Vec<Line> = run
        .boot()
        .into_iter()
        .take_while(|(offset, ..)| *offset <= LOOKING)
        .map(|(offset, style, message)| run.line(offset, style, &message))
        .collect();
    for turn in 0..TRIES {
        let offset = FIRST_TRY + BETWEEN_TRIES * u32::try_from(turn).unwrap_or(u32::MAX);
        let at = run.after(offset);
        if at > until || opened.is_some_and(|opened| offset > opened) {
            break;
        }
        let text =
            Style::Kine.at_level("error", at, &format!("Failed to ping database connection: {driver}"));
        lines.push(Line { at, text });
    }
    if let Some(opened) = opened {
        lines.extend(run.well_lines(LOOKING, opened.saturating_sub(LOOKING), until));
    } else if let Some(at) = crashed_at(run) {
        let unknown = format!("failed to check existence of database kine: {driver}");
        lines.push(Line { at, text: Style::Kine.at_level("error", at, &unknown) });
        lines.push(Line { at, text: format!("Error: start the embedded API server: {driver}") });
    }
    lines
}

fn refusing(run: &Run) -> Vec<Line> {
    let mut lines = boot_before(run, JOINED);
    if let (Some(at), Program::Platform { version, peers_run, .. }) = (crashed_at(run), &run.program) {
        let message = format!("leader election: peer runs {peers_run}, this is {version}: refusing to join");
        let text = Style::Platform("leader/election.go:71").at_level("ERROR", at, &message);
        lines.push(Line { at, text });
        lines.push(Line { at, text: format!("Error: {message}") });
    }
    lines
}

/// A fault of the program, not of its surroundings: nothing in it points to
/// the database, the network or memory.
const PANIC: &[&str] = &[
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x58 pc=0x2f4c1a6]",
    "",
    "goroutine 1 [running]:",
    "github.com/loft-sh/loft/pkg/networkpeer.(*Registry).Announce(0x0, {0x5a1c3e8, 0xc000a2e0f0})",
    "\t/workspace/pkg/networkpeer/registry.go:148 +0x66",
    "github.com/loft-sh/loft/cmd/loft/command.(*StartOptions).Run(0xc0004b8160, {0x5a1c3e8, 0xc000a2e0f0})",
    "\t/workspace/cmd/loft/command/start.go:207 +0x9f4",
    "main.main()",
    "\t/workspace/cmd/loft/main.go:31 +0x1b",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    fn run(fault: Fault, ended: Option<i64>) -> Run {
        let program = Program::Platform {
            version: "4.8.0".to_owned(),
            peers_run: "4.11.2".to_owned(),
            region: "r".to_owned(),
            host: "h".to_owned(),
        };
        Run {
            program,
            started: Timestamp::UNIX_EPOCH,
            ended: ended.map(|secs| Ending::Crashed(at(secs))),
            spell: Some(fault.into()),
            seed: 1,
            began: Timestamp::MIN,
            speed: 1.0,
        }
    }

    fn texts(run: &Run, until: i64) -> Vec<String> {
        run.lines(at(until)).into_iter().map(|line| line.text).collect()
    }

    /// What only the database's failures say.
    const DATABASE: [&str; 5] = ["Failed to ping", "i/o timeout", "3306", "refused", "1045"];

    #[test]
    fn each_fault_has_its_own_last_words() {
        for (fault, ended, last) in [
            (Fault::Panic, 6, "main.go:31"),
            (Fault::OutOfMemory, 30, "Filling caches"),
            (Fault::OtherVersion, 8, "leader election: peer runs 4.11.2, this is 4.8.0: refusing to join"),
            (Fault::Database(Database::Timeout), 303, "dial tcp 10.1.0.12:3306: i/o timeout"),
            (Fault::Database(Database::Denied), 303, "Error 1045 (28000): Access denied for user 'kine'@"),
            (Fault::Database(Database::Refused), 303, "dial tcp 10.1.0.12:3306: connect: connection refused"),
        ] {
            let run = run(fault, Some(ended));
            let lines = run.lines(at(900));
            let text = texts(&run, 900);
            assert!(text.last().unwrap().contains(last), "{fault:?}: {:?}", text.last());
            assert!(text[0].contains("Starting vCluster Platform 4.8.0"), "{fault:?}");
            assert!(lines.is_sorted_by_key(|line| line.at), "{fault:?}");
            let of_database = matches!(fault, Fault::Database(_));
            let well = text.iter().any(|line| line.contains("Database tables and indexes are up to date"));
            assert_eq!(well, !of_database, "{fault:?}");
            for signature in DATABASE.iter().filter(|_| !of_database) {
                assert!(!text.iter().any(|line| line.contains(signature)), "{fault:?}: {signature}");
            }
        }
        let killed = texts(&run(Fault::OutOfMemory, Some(30)), 900);
        assert!(!killed.iter().any(|line| line.to_lowercase().contains("error")), "{killed:?}");
    }

    #[test]
    fn the_database_is_tried_once_a_second_300_times() {
        let run = run(Fault::Database(Database::Timeout), Some(303));
        let pings = |until| {
            texts(&run, until)
                .iter()
                .filter(|it| it.contains("Failed to ping database connection: dial"))
                .count()
        };
        assert_eq!([pings(1), pings(2), pings(62), pings(303)], [0, 1, 61, 300]);
    }

    #[test]
    fn a_repaired_database_lets_the_start_go_on() {
        let mut run = run(Fault::Database(Database::Denied), None);
        let before = run.lines(at(50));
        assert!(before.last().unwrap().text.contains("Access denied"));
        run.spell = Some(Spell { fault: Fault::Database(Database::Denied), mended: Some(at(51)) });
        let after = run.lines(at(120));
        assert_eq!(after[..before.len()], before);
        assert!(after.is_sorted_by_key(|line| line.at));
        let text = texts(&run, 120);
        assert!(!text.last().unwrap().contains("Access denied"), "{text:?}");
        for healthy in ["Database tables and indexes are up to date", "Joined leader election"] {
            assert_eq!(text.iter().filter(|line| line.contains(healthy)).count(), 1, "{healthy}");
        }
        assert!(run.next_after(at(120)).is_some());
    }
}
