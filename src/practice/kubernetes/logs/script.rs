//! What containers write: the platform's and its agent's lines as a function
//! of when the container ran, so that every request sees the same log.
//! The database lines are kine's (domain: "The platform").

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::random::Random;

/// A line and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// When.
    pub(super) at: Timestamp,
    /// What, without the line's end.
    pub(super) text: String,
}

/// One run of a container.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    /// Which program it is.
    pub(super) program: Program,
    /// When it started.
    pub(super) started: Timestamp,
    /// When and how it ended, where it has.
    pub(super) ended: Option<Ending>,
    /// Tells the lines of one pod from another's.
    pub(super) seed: u64,
    /// When the world took over from its history, which passed at real speed.
    pub(super) began: Timestamp,
    /// How much faster than real the world's durations pass since.
    pub(super) speed: f64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// By a panic.
    Crashed(Timestamp),
    /// By request, or before it wrote more than its first line.
    Stopped(Timestamp),
}

/// The program in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// The platform (container `manager`).
    Platform { version: String, region: String, host: String },
    /// The platform's agent.
    Agent,
}

/// Between two lines of a program that is up.
const INTERVAL: Duration = Duration::from_secs(7);

/// The program's last start-up line comes before this.
const BOOT: Duration = Duration::from_secs(9);

/// The kubelet rotates logs; older lines are gone.
const KEPT: i64 = 1_500;

impl Run {
    /// The lines written up to a moment, oldest first.
    pub(super) fn lines(&self, until: Timestamp) -> Vec<Line> {
        let end = match self.ended {
            Some(Ending::Crashed(at) | Ending::Stopped(at)) => at.min(until),
            None => until,
        };
        let mut lines = self.boot_lines();
        if let Some(Ending::Crashed(at)) = self.ended {
            let before = |line: &Line| !line.text.contains(UP);
            lines = lines.into_iter().take_while(before).collect();
            for line in &mut lines {
                line.at = line.at.min(at);
            }
            lines.extend(PANIC.iter().map(|text| Line { at, text: (*text).to_owned() }));
        }
        let up_for = self.world_at(end) - BOOT.as_secs_f64();
        if !matches!(self.ended, Some(Ending::Crashed(_))) && up_for >= 0.0 {
            let last = (up_for / INTERVAL.as_secs_f64()) as i64;
            let first = (last - KEPT).max(0);
            if first > 0 {
                lines.clear();
            }
            lines.extend((first..=last).map(|turn| self.working_line(turn)));
        }
        lines.retain(|line| line.at <= end);
        lines
    }

    /// When the next line after a moment comes, where one does.
    pub(super) fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let ahead = Duration::from_secs_f64(self.world_at(moment).max(0.0)) + BOOT + INTERVAL * 2;
        self.lines(self.after(ahead)).into_iter().map(|line| line.at).find(|at| *at > moment)
    }

    /// When a duration of the world has passed since the start.
    fn after(&self, offset: Duration) -> Timestamp {
        let slow = self.slow_part();
        match offset.checked_sub(slow) {
            Some(fast) if !fast.is_zero() => self.started + signed(slow) + signed(fast.div_f64(self.speed)),
            _ => self.started + signed(offset),
        }
    }

    /// Seconds of the world since the start; negative before it.
    fn world_at(&self, wall: Timestamp) -> f64 {
        let passed = wall.duration_since(self.started).as_secs_f64();
        let slow = self.slow_part().as_secs_f64();
        if passed <= slow { passed } else { slow + (passed - slow) * self.speed }
    }

    /// The part of the run that belongs to the world's history.
    fn slow_part(&self) -> Duration {
        Duration::try_from(self.began.duration_since(self.started)).unwrap_or(Duration::ZERO)
    }

    fn boot_lines(&self) -> Vec<Line> {
        let script: Vec<(u64, Style, String)> = match &self.program {
            Program::Platform { version, region, host } => platform_boot(version, region, host),
            Program::Agent => agent_boot(),
        };
        script
            .into_iter()
            .map(|(offset_ms, style, message)| {
                let at = self.after(Duration::from_millis(offset_ms));
                Line { at, text: style.format(at, &message) }
            })
            .collect()
    }

    fn working_line(&self, turn: i64) -> Line {
        let mut random = Random::new(self.seed ^ turn.unsigned_abs());
        let at = self.after(BOOT + INTERVAL.mul_f64(turn as f64));
        let pool = match self.program {
            Program::Platform { .. } => WORKING,
            Program::Agent => AGENT_WORKING,
        };
        let (style, message) = pool[random.below(pool.len() as u64) as usize];
        Line { at, text: style.format(at, message) }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Whose format a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// The platform's own: tab-separated, with the source file.
    Platform(&'static str),
    /// kine's: logrus.
    Kine,
}

impl Style {
    fn format(self, at: Timestamp, message: &str) -> String {
        match self {
            Self::Platform(source) => {
                format!("{}\tINFO\t{source}\t{message}", at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
            }
            Self::Kine => {
                format!("time=\"{}\" level=info msg=\"{message}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
            }
        }
    }
}

/// The first words of the line that a crashing platform never reaches.
const UP: &str = "Announced network peer";

fn platform_boot(version: &str, region: &str, host: &str) -> Vec<(u64, Style, String)> {
    let start = Style::Platform("command/start.go:118");
    vec![
        (0, start, format!("Starting vCluster Platform {version}")),
        (
            900,
            start,
            format!("Multi-region mode is enabled\t{{\"region\": \"{region}\", \"host\": \"{host}\"}}"),
        ),
        (
            1_300,
            Style::Kine,
            "Configuring mysql database connection pooling: maxIdleConns=2, maxOpenConns=0".to_owned(),
        ),
        (
            1_400,
            Style::Kine,
            "Configuring database table schema and indexes, this may take a moment...".to_owned(),
        ),
        (2_300, Style::Kine, "Database tables and indexes are up to date".to_owned()),
        (2_400, Style::Kine, "Kine available at unix:///var/run/kine.sock".to_owned()),
        (3_600, Style::Platform("apiserver/server.go:204"), "Embedded API server is ready".to_owned()),
        (4_200, Style::Platform("networkpeer/registry.go:97"), "Registering network peer".to_owned()),
        (
            5_100,
            Style::Platform("networkpeer/registry.go:151"),
            format!("{UP}\t{{\"region\": \"{region}\"}}"),
        ),
        (
            6_000,
            Style::Platform("derp/server.go:66"),
            format!("DERP server is listening\t{{\"host\": \"{host}\"}}"),
        ),
        (7_200, Style::Platform("leader/election.go:58"), "Joined leader election".to_owned()),
        (
            8_100,
            Style::Platform("server/server.go:312"),
            "Serving HTTPS on [::]:10443 and HTTP on [::]:8080".to_owned(),
        ),
    ]
}

fn agent_boot() -> Vec<(u64, Style, String)> {
    let start = Style::Platform("agent/start.go:74");
    vec![
        (0, start, "Starting agent".to_owned()),
        (1_200, start, "Connected to the platform".to_owned()),
        (2_500, start, "Serving webhooks on :9443".to_owned()),
    ]
}

const WORKING: &[(Style, &str)] = &[
    (
        Style::Platform("cluster/heartbeat.go:44"),
        "Cluster heartbeat\t{\"cluster\": \"loft-cluster\", \"status\": \"ok\"}",
    ),
    (Style::Platform("networkpeer/registry.go:203"), "Network peers synced\t{\"peers\": 2}"),
    (Style::Platform("derp/mesh.go:131"), "DERP mesh connection is alive"),
    (
        Style::Platform("virtualcluster/controller.go:260"),
        "Reconciled virtual cluster instances\t{\"count\": 14}",
    ),
    (Style::Platform("auth/session.go:88"), "Refreshed access key\t{\"type\": \"login\"}"),
    (Style::Kine, "COMPACT deleted 312 rows from 312 revisions in 41ms"),
];

const AGENT_WORKING: &[(Style, &str)] = &[
    (Style::Platform("agent/sync.go:102"), "Synced virtual clusters\t{\"count\": 14}"),
    (Style::Platform("agent/metrics.go:61"), "Sent usage metrics"),
];

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

    fn run(ended: Option<Ending>) -> Run {
        let program =
            Program::Platform { version: "4.11.2".to_owned(), region: "r".to_owned(), host: "h".to_owned() };
        Run { program, started: Timestamp::UNIX_EPOCH, ended, seed: 1, began: Timestamp::MIN, speed: 1.0 }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    #[test]
    fn lines_appear_over_time_and_never_change() {
        let run = run(None);
        let (early, late) = (run.lines(at(3)), run.lines(at(60)));
        assert!(early.iter().any(|line| line.text.contains("Database tables and indexes are up to date")));
        assert_eq!(late[..early.len()], early);
        assert!(late.len() > early.len() + 6);
        assert!(late.is_sorted_by_key(|line| line.at));
        let next = run.next_after(at(60)).unwrap();
        assert_eq!(run.lines(next).len(), late.len() + 1);
    }

    #[test]
    fn a_crash_ends_in_a_panic_without_a_database_signature() {
        let text: Vec<String> =
            run(Some(Ending::Crashed(at(6)))).lines(at(600)).into_iter().map(|line| line.text).collect();
        assert!(text.iter().any(|line| line.contains("up to date")));
        assert!(text.iter().any(|line| line.starts_with("panic: ")));
        for signature in ["Failed to ping", "i/o timeout", "3306", "refused", "1045", "OOM"] {
            assert!(!text.iter().any(|line| line.contains(signature)), "{signature}");
        }
    }

    #[test]
    fn lines_come_faster_once_the_world_has_begun() {
        let run = Run { began: at(600), speed: 10.0, ..run(None) };
        let between = |from, to| run.lines(at(to)).len() - run.lines(at(from)).len();
        assert_eq!((between(530, 600), between(600, 670)), (10, 100));
    }

    #[test]
    fn an_old_log_is_rotated() {
        let lines = run(None).lines(at(86_400 * 9));
        assert_eq!(i64::try_from(lines.len()).unwrap(), KEPT + 1);
        assert!(!lines[0].text.contains("Starting"));
    }
}
