//! Child processes: `helm`, `vcluster` and credential plugins.
//!
//! argv only, no shell; standard input closed; a process group (on Windows a job object) of
//! their own, so that what they start ends with them; a time limit; output by line. Dropping the
//! future of a call kills the whole group.
//!
//! One bound for the whole end: once the program ended, its output is read for two seconds in all, then whatever
//! still runs of what it started is killed ([`family`]). Nothing waits for a reader of the output, nor for a disk.

mod environment;
pub mod family;
mod output;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

#[cfg(windows)]
use process_wrap::tokio::JobObject;
#[cfg(unix)]
use process_wrap::tokio::ProcessGroup;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::family::Started;
use self::output::{Deadline, End, LINES_IN_FLIGHT, OutputFile, hand_on, read_all, read_lines};
use super::MAX_ANSWER_BYTES;
use super::failure::words;
use super::secret::Secret;
use crate::runbook::verdict::{Why, WhyKind};

pub use environment::Environment;

/// How long a program gets between being asked to end and being killed.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How long output is read after the program ended, where something it started holds it open.
const DRAIN: Duration = Duration::from_secs(2);
/// How long starting a program may take: it may lie on a disk that does not answer.
const SPAWN_LIMIT: Duration = Duration::from_secs(10);
/// How long looking for what a program left behind may take.
const FAMILY_LIMIT: Duration = Duration::from_secs(5);
/// How many of the first and of the last lines are kept.
const KEPT_LINES: usize = 20;
/// `SIGTERM`, the same number on every Unix.
#[cfg(unix)]
const SIGTERM: i32 = 15;

/// A program and how it is run.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Path of the program.
    pub program: PathBuf,
    /// Arguments, one each; never seen by a shell.
    pub args: Vec<OsString>,
    /// Its variables, all of them.
    pub env: Environment,
    /// How long it may take; then it is ended as if cancelled.
    pub time_limit: Duration,
    /// Texts masked in each line of output.
    pub secrets: Vec<Secret>,
    /// What is made of each line of output before it is kept and shown.
    pub annotate: fn(String) -> String,
    /// A file that the output is appended to, redacted; private to the user where it is new.
    pub output_file: Option<PathBuf>,
}

impl Invocation {
    /// A program with its arguments, variables and a time limit; everything else empty.
    pub fn new<A: Into<OsString>>(
        program: &Path,
        args: impl IntoIterator<Item = A>,
        env: Environment,
        time_limit: Duration,
    ) -> Self {
        Self {
            program: program.to_owned(),
            args: args.into_iter().map(Into::into).collect(),
            env,
            time_limit,
            secrets: Vec::new(),
            annotate: |line| line,
            output_file: None,
        }
    }

    /// The program's name without its folder.
    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or(self.program.as_os_str()).to_string_lossy().into_owned()
    }

    /// Starts it off the async threads. Given up on, it is killed as soon as it started.
    async fn spawn(&self) -> Result<Group, Why> {
        let not_started = |error: &dyn std::fmt::Display| {
            Why::new(WhyKind::Tool, format!("{} could not be started: {error}", self.program.display()))
        };
        let (program, args, env) = (self.program.clone(), self.args.clone(), self.env.clone());
        let starting = tokio::task::spawn_blocking(move || spawn(&program, &args, &env));
        match tokio::time::timeout(SPAWN_LIMIT, starting).await {
            Ok(Ok(started)) => started.map_err(|error| not_started(&error)),
            Ok(Err(error)) => Err(not_started(&error)),
            Err(_) => Err(not_started(&format!("no start within {} s", SPAWN_LIMIT.as_secs()))),
        }
    }
}

fn spawn(program: &Path, args: &[OsString], env: &Environment) -> std::io::Result<Group> {
    let mark = family::next_mark();
    let mut command = CommandWrap::with_new(program, |command| {
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_clear().envs(env.iter()).env(environment::MARKER, &mark);
    });
    command.wrap(KillOnDrop);
    #[cfg(unix)]
    command.wrap(ProcessGroup::leader());
    #[cfg(windows)]
    command.wrap(JobObject);
    let child = command.spawn()?;
    let pid = child.id().unwrap_or_default();
    let started = Started { pid, started_at: family::started_at(pid), mark };
    Ok(Group { child, started, has_ended: false, is_settled: false })
}

/// One line of a program's output, without ANSI codes and secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// It came from standard error.
    pub stderr: bool,
    /// The line.
    pub text: String,
}

impl From<OutputLine> for String {
    fn from(line: OutputLine) -> Self {
        line.text
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` where a signal ended it.
    pub exit_code: Option<i32>,
    /// It was cancelled.
    pub cancelled: bool,
    /// It ran past its time limit.
    pub timed_out: bool,
    /// The first lines of its output, both streams, redacted.
    pub first_lines: Vec<String>,
    /// The last lines likewise.
    pub last_lines: Vec<String>,
    /// How many processes it had left behind, which were killed.
    pub left_behind: usize,
}

impl Ended {
    /// It ended by itself, with exit code 0.
    pub fn succeeded(&self) -> bool {
        self.exit_code == Some(0) && !self.cancelled && !self.timed_out
    }
}

/// Runs a program to its end and hands its output on, line by line. Nothing of what it started outlives the call.
///
/// A reader that is too slow, or that does not read at all, holds nothing up: it misses the oldest lines and is
/// told how many. A closed channel does not end the program. `on_start` is told which process it is.
/// Cancelled or past its time limit it is asked to end, and killed with all it started 5 s later.
///
/// # Errors
/// It could not be started, or its output file not be opened. An exit code other than 0 is no error.
pub async fn run<L: From<OutputLine>>(
    invocation: Invocation,
    lines: Option<mpsc::Sender<L>>,
    on_start: impl FnOnce(&Started) + Send,
    cancel: CancellationToken,
) -> Result<Ended, Why> {
    let file = match &invocation.output_file {
        Some(path) => Some(OutputFile::open(path).await?),
        None => None,
    };
    let mut group = invocation.spawn().await?;
    on_start(&group.started);
    let (stdout, stderr) = group.streams();
    let (over, deadline) = Deadline::new();
    let (sender, receiver) = mpsc::channel(LINES_IN_FLIGHT);
    let reading = async {
        tokio::join!(
            read_lines(stdout, false, deadline.clone(), sender.clone()),
            read_lines(stderr, true, deadline.clone(), sender.clone()),
        );
        drop(sender);
    };
    let (end, (), (first_lines, last_lines)) = tokio::join!(
        group.end(invocation.time_limit, &cancel, over),
        reading,
        hand_on(receiver, lines, file, &invocation),
    );
    let left_behind = group.end_family().await;
    let mut ended =
        Ended { exit_code: None, cancelled: false, timed_out: false, first_lines, last_lines, left_behind };
    match end {
        Ok((how, status)) => {
            ended.exit_code = status.code();
            ended.cancelled = how == How::Cancelled;
            ended.timed_out = how == How::TimedOut;
        }
        // It ran, so this is no failure to start: what it did is not known.
        Err(error) => ended.last_lines.push(not_waited_for(&invocation, &error).message),
    }
    Ok(ended)
}

/// What a program that answers a question printed.
#[derive(Debug)]
pub(crate) struct Captured {
    /// Its exit code; `None` where a signal ended it.
    pub(crate) exit_code: Option<i32>,
    /// Everything on standard output: may be a secret.
    pub(crate) stdout: Vec<u8>,
    /// The last lines of standard error, redacted.
    pub(crate) stderr: Vec<String>,
}

/// Runs a program for its output.
///
/// What it leaves behind in its group ends with it. What left the group and holds nothing of it (an agent that a
/// login shell starts) is left alone; what still holds the output is killed.
///
/// # Errors
/// It could not be started, ran past its time limit, or printed more than fits.
pub(crate) async fn capture(invocation: Invocation) -> Result<Captured, Why> {
    let mut group = invocation.spawn().await?;
    let (stdout, stderr) = group.streams();
    let (over, deadline) = Deadline::new();
    let (sender, receiver) = mpsc::channel(LINES_IN_FLIGHT);
    let too_much = CancellationToken::new();
    let (end, (stdout_end, stdout), stderr_end, (_, stderr)) = tokio::join!(
        group.end(invocation.time_limit, &too_much, over),
        read_all(stdout, deadline.clone(), &too_much),
        read_lines(stderr, true, deadline.clone(), sender),
        hand_on::<String>(receiver, None, None, &invocation),
    );
    let by_itself = matches!(end, Ok((How::ByItself, _)));
    if by_itself && stdout_end == End::Closed && stderr_end == End::Closed {
        group.end_group().await;
    } else {
        group.end_family().await;
    }
    let name = invocation.name();
    let (how, status) = end.map_err(|error| not_waited_for(&invocation, &error))?;
    if how == How::TimedOut {
        let said = match stderr.iter().rev().find(|line| !line.trim().is_empty()) {
            Some(line) => format!("; its last words: {}", words(line)),
            None => String::new(),
        };
        let message = format!("{name} did not end within {} s{said}", invocation.time_limit.as_secs_f64());
        return Err(Why::new(WhyKind::Tool, message).remedy("Run it in a terminal to see what it waits for"));
    }
    let stdout = stdout.ok_or_else(|| {
        Why::new(WhyKind::Tool, format!("{name} printed more than {MAX_ANSWER_BYTES} bytes"))
    })?;
    Ok(Captured { exit_code: status.code(), stdout, stderr })
}

fn not_waited_for(invocation: &Invocation, error: &std::io::Error) -> Why {
    Why::new(WhyKind::Tool, format!("{} could not be waited for: {error}", invocation.name()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    ByItself,
    Cancelled,
    TimedOut,
}

/// A program and all that it starts; killed when dropped before its end.
struct Group {
    child: Box<dyn ChildWrapper>,
    started: Started,
    /// The program itself has.
    has_ended: bool,
    /// Nothing of what it started is left, or what is may stay.
    is_settled: bool,
}

impl Group {
    fn streams(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout().take(), self.child.stderr().take())
    }

    /// Waits for the program, and says when its output is over.
    async fn end(
        &mut self,
        time_limit: Duration,
        cancel: &CancellationToken,
        over: watch::Sender<Option<Instant>>,
    ) -> std::io::Result<(How, ExitStatus)> {
        let ended = self.wait_for_end(time_limit, cancel).await;
        over.send_replace(Some(Instant::now() + DRAIN));
        ended
    }

    async fn wait_for_end(
        &mut self,
        time_limit: Duration,
        cancel: &CancellationToken,
    ) -> std::io::Result<(How, ExitStatus)> {
        let how = tokio::select! {
            status = self.wait() => return Ok((How::ByItself, status?)),
            () = cancel.cancelled() => How::Cancelled,
            () = tokio::time::sleep(time_limit) => How::TimedOut,
        };
        self.ask_to_end();
        if let Ok(status) = tokio::time::timeout(GRACE, self.wait()).await {
            return Ok((how, status?));
        }
        self.kill();
        Ok((how, self.wait().await?))
    }

    /// Waits for the program itself: what it started is [`family`]'s.
    async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.inner_mut().wait().await?;
        self.has_ended = true;
        if cfg!(windows) {
            // The rest of the job.
            self.kill();
        }
        Ok(status)
    }

    /// Kills what is left of all that it started, off the async threads: how many there were.
    async fn end_family(&mut self) -> usize {
        let started = self.started.clone();
        let ending = tokio::task::spawn_blocking(move || family::end(&started));
        let ended = tokio::time::timeout(FAMILY_LIMIT, ending).await;
        self.is_settled = true;
        ended.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// The same for the process group alone: who left it detached itself.
    async fn end_group(&mut self) {
        let started = self.started.clone();
        let ending = tokio::task::spawn_blocking(move || family::end_group(&started));
        let ended = tokio::time::timeout(FAMILY_LIMIT, ending).await;
        self.is_settled = true;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::debug!("what a program left behind was not looked for");
        }
    }

    fn ask_to_end(&mut self) {
        #[cfg(unix)]
        let asked = self.child.signal(SIGTERM);
        #[cfg(not(unix))]
        let asked = self.child.start_kill();
        if let Err(error) = asked {
            tracing::debug!(%error, "could not ask a child process to end");
        }
    }

    fn kill(&mut self) {
        // The error says that nothing of the group is left.
        if let Err(error) = self.child.start_kill() {
            tracing::trace!(%error, "no child process left to kill");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        if !self.has_ended {
            self.kill();
        }
        // A look at the processes takes some milliseconds; the runtime may be ending with this.
        family::end_now(&self.started);
    }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "process_tests.rs"]
mod tests;
