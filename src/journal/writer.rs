//! The one writer of a run's journal: a thread of its own, entries in the order in which they were given.
//!
//! A note is handed over and never waits; an intent and an outcome are acknowledged when they are on disk. What
//! comes while the disk is busy goes there together, so that notes hold up nothing. What cannot be written is
//! kept and tried again, but for intents: an intent that could not be kept is none, and nothing is done for it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::channel::oneshot;
use jiff::Timestamp;

use super::file::{JournalError, JournalFile};
use super::place::private_folder;
use super::replay::replay;
use super::{Entry, Happening};

/// Entries on their way to the disk.
const IN_FLIGHT: usize = 4_096;
/// Entries that are kept while they cannot be written.
const KEPT: usize = 65_536;
/// How many entries go to the disk together.
const AT_ONCE: usize = 512;
/// How often what could not be written is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long the end waits for the last entries.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Who is told what becomes of the entries, on the writer's own thread: it must not be made to wait.
pub struct Listener {
    /// Why entries cannot be written, or `None` once all of them are.
    pub problem: Box<dyn Fn(Option<String>) + Send>,
    /// Entries that are on disk now.
    pub written: Box<dyn FnMut(Vec<Entry>) + Send>,
}

impl Listener {
    /// Nobody.
    pub fn nobody() -> Self {
        Self::of_problems(|_| {})
    }

    /// Who is told why entries cannot be written, or `None` once all of them are.
    pub fn of_problems(problem: impl Fn(Option<String>) + Send + 'static) -> Self {
        Self { problem: Box::new(problem), written: Box::new(|_| {}) }
    }
}

/// A run's journal. Cheap to clone; with its last clone the journal ends: what is on its way is written, and
/// [`Happening::Closed`] after it where nobody closed the run.
#[derive(Debug, Clone)]
pub struct JournalHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    path: PathBuf,
    intents: AtomicU64,
    letters: Mutex<Option<SyncSender<Letter>>>,
    /// Ends when the thread has.
    ended: Mutex<Receiver<()>>,
}

/// An entry, and who waits for it.
#[derive(Debug)]
struct Letter {
    entry: Entry,
    /// If it cannot be written now it is not to be written later.
    now_or_never: bool,
    waits: Option<oneshot::Sender<Result<(), JournalError>>>,
}

impl JournalHandle {
    /// Begins a run's journal in a new folder below `runs`. Its first entries are on disk when this returns, and beside
    /// it `toml`, the text of the environment's file.
    ///
    /// # Errors
    /// The folder is not private, or it cannot be written.
    pub fn begin(
        runs: &Path,
        environment: &str,
        toml: Option<&str>,
        first: &[Entry],
        listener: Listener,
    ) -> Result<Self, JournalError> {
        let mut file = JournalFile::begin(runs, environment, toml, Timestamp::now())?;
        let path = file.path().to_owned();
        let failed = |source| JournalError::Write { path: path.clone(), source };
        let lines: Vec<u8> = first.iter().map(line).collect::<Result<Vec<_>, _>>().map_err(failed)?.concat();
        file.append(&lines).map_err(failed)?;
        Self::start(file, 0, listener)
    }

    /// Goes on with the journal of a run that nobody writes.
    ///
    /// # Errors
    /// Another program writes it, or it cannot be read or written.
    pub fn resume(folder: &Path, listener: Listener) -> Result<Self, JournalError> {
        private_folder(folder)?;
        let mut file = JournalFile::reopen(folder)?;
        let read = file.text();
        let text = read.map_err(|source| JournalError::Write { path: file.path().to_owned(), source })?;
        let record = replay(&text);
        Self::start(file, record.last_intent(), listener)
    }

    fn start(file: JournalFile, intents: u64, listener: Listener) -> Result<Self, JournalError> {
        let (folder, path) = (file.folder().to_owned(), file.path().to_owned());
        let failed = |source| JournalError::Write { path: path.clone(), source };
        let (letters, inbox) = sync_channel(IN_FLIGHT);
        let (end, ended) = sync_channel(0);
        let writer = Writer { file, listener, kept: VecDeque::new(), is_closed: false, is_well: true };
        std::thread::Builder::new()
            .name("failback-journal".to_owned())
            .spawn(move || {
                // Dropped when the thread ends, however it does.
                let _end: SyncSender<()> = end;
                writer.run(&inbox);
            })
            .map_err(failed)?;
        Ok(Self(Arc::new(Shared {
            folder,
            path,
            intents: AtomicU64::new(intents),
            letters: Mutex::new(Some(letters)),
            ended: Mutex::new(ended),
        })))
    }

    /// The run's folder; it has the outputs of the run's programs, too.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The number of the next intent.
    pub fn next_intent(&self) -> u64 {
        self.0.intents.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// An entry that nobody waits for.
    ///
    /// # Errors
    /// The queue is full, or the writer's thread ended.
    pub fn note(&self, entry: Entry) -> Result<(), JournalError> {
        self.send(Letter { entry, now_or_never: false, waits: None })
    }

    /// An entry that is on disk when this returns. Where it cannot be written it never will be: for intents.
    ///
    /// # Errors
    /// It is not on disk, and will not be.
    pub async fn keep_or_never(&self, happening: Happening) -> Result<(), JournalError> {
        self.keep(happening, true).await
    }

    /// An entry that is on disk when this returns. Where it cannot be written now it is tried again: for outcomes.
    ///
    /// # Errors
    /// It is not on disk yet.
    pub async fn keep_at_last(&self, happening: Happening) -> Result<(), JournalError> {
        self.keep(happening, false).await
    }

    /// An entry that is on disk when this returns. Blocks: off the window's thread and the async ones.
    ///
    /// # Errors
    /// It is not on disk yet; it is tried again.
    pub fn note_now(&self, entry: Entry) -> Result<(), JournalError> {
        let (sender, kept) = oneshot::channel();
        self.send(Letter { entry, now_or_never: false, waits: Some(sender) })?;
        futures::executor::block_on(kept).unwrap_or_else(|_| Err(self.full("its writer ended")))
    }

    async fn keep(&self, happening: Happening, now_or_never: bool) -> Result<(), JournalError> {
        let (sender, kept) = oneshot::channel();
        let entry = Entry { at: Timestamp::now(), happening };
        self.send(Letter { entry, now_or_never, waits: Some(sender) })?;
        kept.await.unwrap_or_else(|_| Err(self.full("its writer ended")))
    }

    fn send(&self, letter: Letter) -> Result<(), JournalError> {
        let letters = self.0.letters.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(letters) = letters.as_ref() else { return Err(self.full("its writer ended")) };
        letters.try_send(letter).map_err(|error| match error {
            TrySendError::Full(_) => self.full("too many wait for the disk"),
            TrySendError::Disconnected(_) => self.full("its writer ended"),
        })
    }

    fn full(&self, why: &'static str) -> JournalError {
        JournalError::Full { path: self.0.path.clone(), why }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        *self.letters.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A disk that hangs must not keep the program from ending.
        if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LAST_WAIT) {
            tracing::error!(path = %self.path.display(), "the journal's last entries could not be written in time");
        }
    }
}

/// Adds an entry to the journal of an earlier run; on disk when this returns.
///
/// # Errors
/// It cannot be written, or its run goes on.
pub(super) fn append_to(run: &Path, entry: &Entry) -> Result<(), JournalError> {
    let mut file = JournalFile::reopen(run)?;
    let written = line(entry).and_then(|line| file.append(&line));
    written.map_err(|source| JournalError::Write { path: file.path().to_owned(), source })
}

fn line(entry: &Entry) -> std::io::Result<Vec<u8>> {
    // What would steer a terminal stands in JSON's own escapes, for who reads the file in one.
    let mut line = crate::plain::json(&serde_json::to_string(entry)?).into_owned().into_bytes();
    line.push(b'\n');
    Ok(line)
}

/// The thread's side.
struct Writer {
    file: JournalFile,
    listener: Listener,
    /// Entries that could not be written, with their lines, oldest first.
    kept: VecDeque<(Entry, Vec<u8>)>,
    is_closed: bool,
    is_well: bool,
}

impl Writer {
    fn run(mut self, inbox: &Receiver<Letter>) {
        loop {
            let first = if self.kept.is_empty() {
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                inbox.recv_timeout(AGAIN_AFTER)
            };
            let mut letters = match first {
                Ok(letter) => vec![letter],
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            while letters.len() < AT_ONCE {
                match inbox.try_recv() {
                    Ok(letter) => letters.push(letter),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            self.write(letters);
        }
        self.end();
    }

    /// All of it goes to the disk, or nothing.
    fn write(&mut self, letters: Vec<Letter>) {
        let mut lines = Vec::with_capacity(letters.len());
        for letter in &letters {
            self.is_closed |= matches!(letter.entry.happening, Happening::Closed { .. });
            lines.push(line(&letter.entry));
        }
        let kept = self.kept.iter().map(|(_, line)| line.as_slice());
        let fresh = lines.iter().filter_map(|line| line.as_deref().ok());
        let all: Vec<u8> = kept.chain(fresh).collect::<Vec<_>>().concat();
        let written = self.file.append(&all);
        let is_written = written.is_ok();
        let mut on_disk: Vec<Entry> = Vec::new();
        if is_written {
            on_disk.extend(self.kept.drain(..).map(|(entry, _)| entry));
        }
        let path = self.file.path().to_owned();
        let failed = |error: &std::io::Error| JournalError::Write {
            path: path.clone(),
            source: std::io::Error::new(error.kind(), error.to_string()),
        };
        for (letter, line) in letters.into_iter().zip(lines) {
            let result = match (&line, &written) {
                (Err(error), _) | (Ok(_), Err(error)) => Err(failed(error)),
                (Ok(_), Ok(())) => Ok(()),
            };
            match (line, is_written) {
                (Ok(_), true) => on_disk.push(letter.entry),
                (Ok(line), false) if !letter.now_or_never && self.kept.len() < KEPT => {
                    self.kept.push_back((letter.entry, line));
                }
                _ => {}
            }
            // Nobody may wait any more: the entry is kept all the same.
            if let Some(waits) = letter.waits {
                drop(waits.send(result));
            }
        }
        self.tell(written.err().map(|error| failed(&error).to_string()));
        if !on_disk.is_empty() {
            (self.listener.written)(on_disk);
        }
    }

    fn tell(&mut self, problem: Option<String>) {
        let is_well = problem.is_none();
        if is_well != self.is_well {
            (self.listener.problem)(problem);
        }
        self.is_well = is_well;
    }

    fn end(mut self) {
        if !self.is_closed {
            let reasons = vec!["the program ended before the run was closed".to_owned()];
            let happening = Happening::Closed { recovered: false, reasons };
            let entry = Entry { at: Timestamp::now(), happening };
            self.write(vec![Letter { entry, now_or_never: false, waits: None }]);
        } else if !self.kept.is_empty() {
            self.write(Vec::new());
        }
        if !self.kept.is_empty() {
            tracing::error!(
                path = %self.file.path().display(),
                entries = self.kept.len(),
                "the journal lacks its last entries: they could not be written"
            );
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
