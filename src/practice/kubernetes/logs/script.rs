//! What containers write: the platform's and its agent's lines as a function
//! of when the container ran, so that every request sees the same log.
//! The database lines are kine's (domain: "The platform").

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::controller::Spell;
use super::super::random::Random;
use super::failing;

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
    /// What makes it fail, where something does.
    pub(super) spell: Option<Spell>,
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
    /// By itself, or by the kernel.
    Crashed(Timestamp),
    /// By request, or before it wrote more than its first line.
    Stopped(Timestamp),
}

/// The program in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// The platform (container `manager`).
    Platform {
        version: String,
        /// What the other regions run.
        peers_run: String,
        region: String,
        host: String,
    },
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
        let mut lines = match self.spell {
            Some(spell) => failing::lines(self, spell, end),
            None => self.well_lines(Duration::ZERO, Duration::ZERO, end),
        };
        lines.retain(|line| line.at <= end);
        lines
    }

    /// The lines of a program that comes up: those of its start that come later
    /// than `after`, and of its work, all later by `delay`.
    pub(super) fn well_lines(&self, after: Duration, delay: Duration, end: Timestamp) -> Vec<Line> {
        let boot = self.boot().into_iter().filter(|(offset, ..)| after.is_zero() || *offset > after);
        let mut lines: Vec<Line> =
            boot.map(|(offset, style, message)| self.line(offset + delay, style, &message)).collect();
        let up_for = self.world_at(end) - (BOOT + delay).as_secs_f64();
        if up_for >= 0.0 {
            let last = (up_for / INTERVAL.as_secs_f64()) as i64;
            let first = (last - KEPT).max(0);
            if first > 0 {
                lines.clear();
            }
            lines.extend((first..=last).map(|turn| self.working_line(turn, delay)));
        }
        lines
    }

    /// When the next line after a moment comes, where one does.
    pub(super) fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let ahead = Duration::from_secs_f64(self.world_at(moment).max(0.0)) + BOOT + INTERVAL * 2;
        self.lines(self.after(ahead)).into_iter().map(|line| line.at).find(|at| *at > moment)
    }

    /// When a duration of the world has passed since the start.
    pub(super) fn after(&self, offset: Duration) -> Timestamp {
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

    /// The start: when, since the run began, and what.
    pub(super) fn boot(&self) -> Vec<(Duration, Style, String)> {
        let script = match &self.program {
            Program::Platform { version, region, host, .. } => platform_boot(version, region, host),
            Program::Agent => agent_boot(),
        };
        let timed = |(ms, style, message)| (Duration::from_millis(ms), style, message);
        script.into_iter().map(timed).collect()
    }

    /// A line so long after the start.
    pub(super) fn line(&self, offset: Duration, style: Style, message: &str) -> Line {
        let at = self.after(offset);
        Line { at, text: style.format(at, message) }
    }

    fn working_line(&self, turn: i64, delay: Duration) -> Line {
        let mut random = Random::new(self.seed ^ turn.unsigned_abs());
        let pool = match self.program {
            Program::Platform { .. } => WORKING,
            Program::Agent => AGENT_WORKING,
        };
        let (style, message) = pool[random.below(pool.len() as u64) as usize];
        self.line(BOOT + delay + INTERVAL.mul_f64(turn as f64), style, message)
    }

    /// The world's time from the start to a moment.
    pub(super) fn offset_of(&self, moment: Timestamp) -> Duration {
        Duration::try_from_secs_f64(self.world_at(moment)).unwrap_or(Duration::ZERO)
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Whose format a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// The platform's own: tab-separated, with the source file.
    Platform(&'static str),
    /// kine's: logrus.
    Kine,
}

impl Style {
    fn format(self, at: Timestamp, message: &str) -> String {
        let level = match self {
            Self::Platform(_) => "INFO",
            Self::Kine => "info",
        };
        self.at_level(level, at, message)
    }

    /// A line that is more than information.
    pub(super) fn at_level(self, level: &str, at: Timestamp, message: &str) -> String {
        match self {
            Self::Platform(source) => {
                format!("{}\t{level}\t{source}\t{message}", at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
            }
            Self::Kine => {
                format!("time=\"{}\" level={level} msg=\"{message}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
            }
        }
    }
}

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
            format!("Announced network peer\t{{\"region\": \"{region}\"}}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        let program = Program::Platform {
            version: "4.11.2".to_owned(),
            peers_run: "4.11.2".to_owned(),
            region: "r".to_owned(),
            host: "h".to_owned(),
        };
        Run {
            program,
            started: Timestamp::UNIX_EPOCH,
            ended: None,
            spell: None,
            seed: 1,
            began: Timestamp::MIN,
            speed: 1.0,
        }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    #[test]
    fn lines_appear_over_time_and_never_change() {
        let run = run();
        let (early, late) = (run.lines(at(3)), run.lines(at(60)));
        assert!(early.iter().any(|line| line.text.contains("Database tables and indexes are up to date")));
        assert_eq!(late[..early.len()], early);
        assert!(late.len() > early.len() + 6);
        assert!(late.is_sorted_by_key(|line| line.at));
        let next = run.next_after(at(60)).unwrap();
        assert_eq!(run.lines(next).len(), late.len() + 1);
    }

    #[test]
    fn lines_come_faster_once_the_world_has_begun() {
        let run = Run { began: at(600), speed: 10.0, ..run() };
        let between = |from, to| run.lines(at(to)).len() - run.lines(at(from)).len();
        assert_eq!((between(530, 600), between(600, 670)), (10, 100));
    }

    #[test]
    fn an_old_log_is_rotated() {
        let lines = run().lines(at(86_400 * 9));
        assert_eq!(i64::try_from(lines.len()).unwrap(), KEPT + 1);
        assert!(!lines[0].text.contains("Starting"));
    }
}
