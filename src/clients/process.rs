//! Child processes: `helm`, `vcluster` and credential plugins.
//!
//! argv only, no shell; standard input closed; a process group (on Windows a job object) of
//! their own, so that what they start ends with them; a time limit; output by line. Dropping the
//! future of a call kills the whole group.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

#[cfg(windows)]
use process_wrap::tokio::JobObject;
#[cfg(unix)]
use process_wrap::tokio::ProcessGroup;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::MAX_ANSWER_BYTES;
use super::failure::words;
use super::lines::LineBuffer;
use super::secret::{Secret, redact};
use crate::runbook::verdict::{Why, WhyKind};

/// How long a program gets between being asked to end and being killed.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How long output may stay silent after the program ended, where something it started holds it open.
const DRAIN: Duration = Duration::from_secs(2);
/// How many of the last lines are kept.
const LAST_LINES: usize = 20;
/// Lines on their way from the program to whoever reads them.
const LINES_IN_FLIGHT: usize = 64;
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
    /// Variables added to this process's own.
    pub env: Vec<(String, String)>,
    /// Variables of this process that the program does not get.
    pub env_remove: Vec<String>,
    /// How long it may take; then it is ended as if cancelled.
    pub time_limit: Duration,
    /// Texts masked in each line of output.
    pub secrets: Vec<Secret>,
    /// A file that the output is appended to, redacted; private to the user where it is new.
    pub output_file: Option<PathBuf>,
    /// Called with its name and its process's number as soon as it runs.
    pub on_spawn: Option<OnSpawn>,
}

/// What is told the program's name and its process's number.
#[derive(Clone)]
pub struct OnSpawn(pub std::sync::Arc<dyn Fn(&str, u32) + Send + Sync>);

impl std::fmt::Debug for OnSpawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnSpawn")
    }
}

impl Invocation {
    /// A program with its arguments and a time limit; everything else empty.
    pub fn new<A: Into<OsString>>(
        program: &Path,
        args: impl IntoIterator<Item = A>,
        time_limit: Duration,
    ) -> Self {
        Self {
            program: program.to_owned(),
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            env_remove: Vec::new(),
            time_limit,
            secrets: Vec::new(),
            output_file: None,
            on_spawn: None,
        }
    }

    /// The program's name without its folder.
    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or(self.program.as_os_str()).to_string_lossy().into_owned()
    }

    fn spawn(&self) -> Result<Group, Why> {
        let mut command = CommandWrap::with_new(&self.program, |command| {
            command.args(&self.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            for name in &self.env_remove {
                command.env_remove(name);
            }
            command.envs(self.env.iter().map(|(name, value)| (name, value)));
        });
        command.wrap(KillOnDrop);
        #[cfg(unix)]
        command.wrap(ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(JobObject);
        let child = command.spawn().map_err(|error| {
            Why::new(WhyKind::Tool, format!("{} could not be started: {error}", self.program.display()))
        })?;
        if let (Some(OnSpawn(tell)), Some(pid)) = (&self.on_spawn, child.id()) {
            tell(&self.name(), pid);
        }
        Ok(Group { child, is_over: false })
    }
}

/// One line of a program's output, without ANSI codes and secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// It came from standard error.
    pub stderr: bool,
    /// The line.
    pub text: String,
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
    /// The last lines of its output, both streams, redacted.
    pub last_lines: Vec<String>,
}

impl Ended {
    /// It ended by itself, with exit code 0.
    pub fn succeeded(&self) -> bool {
        self.exit_code == Some(0) && !self.cancelled && !self.timed_out
    }
}

/// Runs a program to its end and hands its output on, line by line.
///
/// A full channel holds the program up instead of losing lines, so it must be read beside this call; a
/// closed one does not end the program.
/// Cancelled or past its time limit it is asked to end, and killed with all it started 5 s later.
///
/// # Errors
/// It could not be started, or its output file not be opened. An exit code other than 0 is no error.
pub async fn run(
    invocation: Invocation,
    lines: Option<mpsc::Sender<OutputLine>>,
    cancel: CancellationToken,
) -> Result<Ended, Why> {
    let file = match &invocation.output_file {
        Some(path) => Some(open_output(path).await?),
        None => None,
    };
    let mut group = invocation.spawn()?;
    let (stdout, stderr) = (group.child.stdout().take(), group.child.stderr().take());
    let over = CancellationToken::new();
    let (sender, receiver) = mpsc::channel(LINES_IN_FLIGHT);
    let (end, (), (), last_lines) = tokio::join!(
        group.end(invocation.time_limit, &cancel, &over),
        read_lines(stdout, false, &over, sender.clone()),
        read_lines(stderr, true, &over, sender),
        hand_on(receiver, lines, file, &invocation.secrets),
    );
    let (how, status) = end.map_err(|error| {
        Why::new(WhyKind::Tool, format!("{} could not be waited for: {error}", invocation.name()))
    })?;
    Ok(Ended {
        exit_code: status.code(),
        cancelled: how == How::Cancelled,
        timed_out: how == How::TimedOut,
        last_lines,
    })
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
/// # Errors
/// It could not be started, ran past its time limit, or printed more than fits.
pub(crate) async fn capture(invocation: Invocation) -> Result<Captured, Why> {
    let mut group = invocation.spawn()?;
    let (stdout, stderr) = (group.child.stdout().take(), group.child.stderr().take());
    let over = CancellationToken::new();
    let (sender, receiver) = mpsc::channel(LINES_IN_FLIGHT);
    let too_much = CancellationToken::new();
    let (end, stdout, (), stderr) = tokio::join!(
        group.end(invocation.time_limit, &too_much, &over),
        read_all(stdout, &over, &too_much),
        read_lines(stderr, true, &over, sender),
        hand_on(receiver, None, None, &invocation.secrets),
    );
    let name = invocation.name();
    let (how, status) =
        end.map_err(|error| Why::new(WhyKind::Tool, format!("{name} could not be waited for: {error}")))?;
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    ByItself,
    Cancelled,
    TimedOut,
}

/// A program and all that it starts; killed when dropped before its end.
struct Group {
    child: Box<dyn ChildWrapper>,
    is_over: bool,
}

impl Group {
    async fn end(
        &mut self,
        time_limit: Duration,
        cancel: &CancellationToken,
        over: &CancellationToken,
    ) -> std::io::Result<(How, ExitStatus)> {
        // However this ends, the readers must learn of it, or they would wait for ever.
        let _over = over.clone().drop_guard();
        let how = tokio::select! {
            status = self.child.wait() => {
                self.is_over = true;
                return Ok((How::ByItself, status?));
            }
            () = cancel.cancelled() => How::Cancelled,
            () = tokio::time::sleep(time_limit) => How::TimedOut,
        };
        self.ask_to_end();
        let graceful = tokio::time::timeout(GRACE, self.child.wait()).await;
        // Also after a graceful end: what the program started may still run.
        self.kill();
        let status = match graceful {
            Ok(status) => status?,
            Err(_) => self.child.wait().await?,
        };
        self.is_over = true;
        Ok((how, status))
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
        if !self.is_over {
            self.kill();
        }
    }
}

/// The next bytes; 0 at the end, or when the program is over and only silence follows.
async fn read_some(
    source: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
    over: &CancellationToken,
) -> usize {
    let silence = async {
        over.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        biased;
        read = source.read(buffer) => read.unwrap_or(0),
        () = silence => 0,
    }
}

async fn read_lines(
    source: Option<impl AsyncRead + Unpin>,
    stderr: bool,
    over: &CancellationToken,
    sender: mpsc::Sender<OutputLine>,
) {
    let Some(mut source) = source else { return };
    let mut buffer = vec![0; 8 * 1024];
    let mut lines = LineBuffer::default();
    loop {
        let read = read_some(&mut source, &mut buffer, over).await;
        let whole =
            if read == 0 { lines.finish().into_iter().collect() } else { lines.push(&buffer[..read]) };
        for text in whole {
            if sender.send(OutputLine { stderr, text }).await.is_err() {
                return;
            }
        }
        if read == 0 {
            return;
        }
    }
}

/// Everything; `None` where it is more than fits. The program is ended then; reads on until it is.
async fn read_all(
    source: Option<impl AsyncRead + Unpin>,
    over: &CancellationToken,
    too_much: &CancellationToken,
) -> Option<Vec<u8>> {
    let mut source = source?;
    let mut buffer = vec![0; 8 * 1024];
    let mut all = Some(Vec::new());
    loop {
        match read_some(&mut source, &mut buffer, over).await {
            0 => return all,
            read => {
                all = all.filter(|bytes| bytes.len() + read <= MAX_ANSWER_BYTES);
                match &mut all {
                    Some(bytes) => bytes.extend_from_slice(&buffer[..read]),
                    None => too_much.cancel(),
                }
            }
        }
    }
}

/// Cleans each line, keeps it in the file and hands it on; the last ones are the result.
async fn hand_on(
    mut receiver: mpsc::Receiver<OutputLine>,
    mut lines: Option<mpsc::Sender<OutputLine>>,
    mut file: Option<tokio::fs::File>,
    secrets: &[Secret],
) -> Vec<String> {
    let mut last = VecDeque::with_capacity(LAST_LINES);
    while let Some(line) = receiver.recv().await {
        let text = clean(&line.text, secrets);
        if let Some(open) = &mut file
            && let Err(error) = open.write_all(format!("{text}\n").as_bytes()).await
        {
            tracing::warn!(%error, "the output's file cannot be written any more");
            file = None;
        }
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(text.clone());
        if let Some(sender) = &lines
            && sender.send(OutputLine { stderr: line.stderr, text }).await.is_err()
        {
            lines = None;
        }
    }
    if let Some(mut open) = file
        && let Err(error) = open.flush().await
    {
        tracing::warn!(%error, "the output's file may lack its last lines");
    }
    last.into()
}

/// A line as a terminal would show it, without codes and secrets.
fn clean(line: &str, secrets: &[Secret]) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    // A spinner overwrites its own line: only what it wrote last is seen.
    let seen = plain.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    redact(seen, secrets)
}

async fn open_output(path: &Path) -> Result<tokio::fs::File, Why> {
    let mut options = tokio::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await.map_err(|error| {
        Why::new(WhyKind::Configuration, format!("{} cannot be written: {error}", path.display()))
    })
}

#[cfg(test)]
#[cfg(unix)]
#[path = "process_tests.rs"]
mod tests;
