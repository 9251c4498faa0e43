//! What a program prints: read until it ends and for a moment after, kept in a file, shown to whoever reads.
//!
//! Nothing here waits for a reader: where lines are not taken, the oldest ones are left out on the screen, and
//! said how many. The file has all of them, unless its disk does not answer for seconds.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Invocation, KEPT_LINES, OutputLine};
use crate::clients::MAX_ANSWER_BYTES;
use crate::clients::lines::LineBuffer;
use crate::clients::secret::{LineMask, Secret};
use crate::plain;
use crate::runbook::verdict::{Why, WhyKind};

/// Lines on their way from the program to whoever reads them.
pub(super) const LINES_IN_FLIGHT: usize = 64;
/// Lines that wait for a reader; more push out the oldest.
pub(super) const LINES_WAITING: usize = 1_000;
/// How long whoever reads the lines has for the last ones.
const LAST_READ: Duration = Duration::from_secs(2);
/// How long the output's file may take for anything. A disk that hangs must not hold up a program.
const DISK_LIMIT: Duration = Duration::from_secs(5);

/// When reading is over, whatever still holds the output open: known once the program ended.
#[derive(Clone)]
pub(super) struct Deadline(watch::Receiver<Option<Instant>>);

impl Deadline {
    pub(super) fn new() -> (watch::Sender<Option<Instant>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    async fn passed(&mut self) {
        // An error means that the sender is gone: then nothing follows.
        let at = self.0.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        if let Some(at) = at {
            tokio::time::sleep_until(at).await;
        }
    }
}

/// How reading a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nobody holds it any more.
    Closed,
    /// Somebody still did when its time was up.
    Held,
}

/// The next bytes; 0 where it was closed, `None` after the deadline.
async fn read_some(
    source: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
    deadline: &mut Deadline,
) -> Option<usize> {
    tokio::select! {
        // First, so that a stream without an end has one.
        biased;
        () = deadline.passed() => None,
        read = source.read(buffer) => Some(read.unwrap_or(0)),
    }
}

pub(super) async fn read_lines(
    source: Option<impl AsyncRead + Unpin>,
    stderr: bool,
    mut deadline: Deadline,
    sender: mpsc::Sender<OutputLine>,
) -> End {
    let Some(mut source) = source else { return End::Closed };
    let mut buffer = vec![0; 8 * 1024];
    let mut lines = LineBuffer::default();
    loop {
        let read = read_some(&mut source, &mut buffer, &mut deadline).await;
        let whole = match read {
            None | Some(0) => lines.finish().into_iter().collect(),
            Some(read) => lines.push(&buffer[..read]),
        };
        for text in whole {
            if sender.send(OutputLine { stderr, text }).await.is_err() {
                return End::Closed;
            }
        }
        match read {
            None => return End::Held,
            Some(0) => return End::Closed,
            Some(_) => {}
        }
    }
}

/// Everything; `None` where it is more than fits. The program is ended then; reads on until it is.
pub(super) async fn read_all(
    source: Option<impl AsyncRead + Unpin>,
    mut deadline: Deadline,
    too_much: &CancellationToken,
) -> (End, Option<Vec<u8>>) {
    let Some(mut source) = source else { return (End::Closed, None) };
    let mut buffer = vec![0; 8 * 1024];
    let mut all = Some(Vec::new());
    loop {
        let Some(read) = read_some(&mut source, &mut buffer, &mut deadline).await else {
            return (End::Held, all);
        };
        if read == 0 {
            return (End::Closed, all);
        }
        all = all.filter(|bytes| bytes.len() + read <= MAX_ANSWER_BYTES);
        match &mut all {
            Some(bytes) => bytes.extend_from_slice(&buffer[..read]),
            None => too_much.cancel(),
        }
    }
}

/// Cleans each line, keeps it in the file and hands it on; the first ones and the last ones are the result.
pub(super) async fn hand_on<L: From<OutputLine>>(
    mut receiver: mpsc::Receiver<OutputLine>,
    lines: Option<mpsc::Sender<L>>,
    mut file: Option<OutputFile>,
    invocation: &Invocation,
) -> (Vec<String>, Vec<String>) {
    let (mut first, mut last) = (Vec::new(), VecDeque::with_capacity(KEPT_LINES));
    let mut shown = Shown::new(lines);
    // A private key goes over many lines, on either stream.
    let mut masks = [LineMask::default(), LineMask::default()];
    loop {
        let line = tokio::select! {
            biased;
            () = shown.hand_one() => continue,
            line = receiver.recv() => line,
        };
        let Some(line) = line else { break };
        let mask = &mut masks[usize::from(line.stderr)];
        let text = (invocation.annotate)(clean(&line.text, mask, &invocation.secrets));
        if let Some(open) = &mut file
            && !open.keep(&text).await
        {
            file = None;
        }
        if first.len() < KEPT_LINES {
            first.push(text.clone());
        }
        if last.len() == KEPT_LINES {
            last.pop_front();
        }
        last.push_back(text.clone());
        shown.push(OutputLine { stderr: line.stderr, text });
    }
    if let Some(open) = file {
        open.close().await;
    }
    let rest = async {
        while !shown.waiting.is_empty() {
            shown.hand_one().await;
        }
    };
    if tokio::time::timeout(LAST_READ, rest).await.is_err() {
        shown.give_up();
    }
    (first, last.into())
}

/// Lines for whoever reads them, the latest ones.
struct Shown<L> {
    sender: Option<mpsc::Sender<L>>,
    waiting: VecDeque<OutputLine>,
    left_out: usize,
    /// Room for the last word, whatever else fills the channel.
    last: Option<mpsc::OwnedPermit<L>>,
}

impl<L: From<OutputLine>> Shown<L> {
    fn new(sender: Option<mpsc::Sender<L>>) -> Self {
        let roomy = sender.clone().filter(|sender| sender.max_capacity() > 1);
        let last = roomy.and_then(|sender| sender.try_reserve_owned().ok());
        Self { sender, waiting: VecDeque::new(), left_out: 0, last }
    }

    /// Says how many lines whoever reads, if at all, will not see.
    fn give_up(&mut self) {
        let left_out = self.left_out + self.waiting.len();
        if let Some(room) = self.last.take() {
            room.send(missed(left_out).into());
        }
    }

    fn push(&mut self, line: OutputLine) {
        if self.sender.is_none() {
            return;
        }
        if self.waiting.len() == LINES_WAITING {
            self.waiting.pop_front();
            self.left_out += 1;
        }
        self.waiting.push_back(line);
    }

    /// Hands one line on as soon as there is room; waits for ever where there is none to hand on.
    async fn hand_one(&mut self) {
        let Some(sender) = self.sender.as_ref().filter(|_| !self.waiting.is_empty()) else {
            return std::future::pending().await;
        };
        let Ok(room) = sender.reserve().await else {
            // Nobody looks any more; the file has the lines.
            self.waiting.clear();
            self.sender = None;
            return;
        };
        if self.left_out > 0 {
            room.send(missed(self.left_out).into());
            self.left_out = 0;
        } else if let Some(line) = self.waiting.pop_front() {
            room.send(line.into());
        }
    }
}

fn missed(lines: usize) -> OutputLine {
    let text = format!("… {lines} lines were not read in time and are left out here");
    OutputLine { stderr: false, text }
}

/// The file that a program's output is kept in, written on a thread of its own.
pub(super) struct OutputFile {
    lines: mpsc::Sender<String>,
    closed: oneshot::Receiver<()>,
}

impl OutputFile {
    /// Opens the file, private to the user where it is new.
    pub(super) async fn open(path: &Path) -> Result<Self, Why> {
        let unusable = |error: &dyn std::fmt::Display| {
            Why::new(WhyKind::Configuration, format!("{} cannot be written: {error}", path.display()))
        };
        let (lines, inbox) = mpsc::channel(LINES_IN_FLIGHT);
        let (opened, opening) = oneshot::channel();
        let (closes, closed) = oneshot::channel();
        let owned = path.to_owned();
        let writer = move || write_lines(&owned, opened, inbox, closes);
        let thread = std::thread::Builder::new().name("failback-output".to_owned()).spawn(writer);
        thread.map_err(|error| unusable(&error))?;
        match tokio::time::timeout(DISK_LIMIT, opening).await {
            Ok(Ok(Ok(()))) => Ok(Self { lines, closed }),
            Ok(Ok(Err(error))) => Err(unusable(&error)),
            Ok(Err(_)) => Err(unusable(&"its thread ended")),
            Err(_) => Err(unusable(&"its disk does not answer")),
        }
    }

    /// `false` where it takes no more.
    async fn keep(&mut self, line: &str) -> bool {
        let kept = tokio::time::timeout(DISK_LIMIT, self.lines.send(line.to_owned())).await;
        let is_kept = matches!(kept, Ok(Ok(())));
        if !is_kept {
            tracing::warn!("the output's file cannot be written any more");
        }
        is_kept
    }

    async fn close(self) {
        drop(self.lines);
        if !matches!(tokio::time::timeout(DISK_LIMIT, self.closed).await, Ok(Ok(()))) {
            tracing::warn!("the output's file may lack its last lines");
        }
    }
}

fn write_lines(
    path: &Path,
    opened: oneshot::Sender<std::io::Result<()>>,
    mut inbox: mpsc::Receiver<String>,
    closes: oneshot::Sender<()>,
) {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: BufWriter<File> = match options.open(path) {
        Ok(file) => BufWriter::new(file),
        Err(error) => return drop(opened.send(Err(error))),
    };
    if opened.send(Ok(())).is_err() {
        return;
    }
    while let Some(line) = inbox.blocking_recv() {
        // On disk before the next wait: a kill loses nothing that was printed before.
        let written = writeln!(file, "{}", plain::line(&line))
            .and_then(|()| if inbox.is_empty() { file.flush() } else { Ok(()) });
        if let Err(error) = written {
            tracing::warn!(%error, "the output's file cannot be written any more");
            return;
        }
    }
    if file.flush().is_ok() && closes.send(()).is_err() {
        tracing::trace!("nobody waits for the output's file");
    }
}

/// A line as a terminal would show it, without codes and secrets.
fn clean(line: &str, mask: &mut LineMask, secrets: &[Secret]) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    // A spinner overwrites its own line: only what it wrote last is seen.
    let seen = plain.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    mask.line(seen, secrets)
}
