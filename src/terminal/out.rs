//! Standard output and standard error, whose readers may go away in the middle
//! (`failback check --json | head`): then the rest is dropped, and the command
//! goes on to its own exit code. A write to a cluster is never cut short by it.
//!
//! A thread of its own prints, in order: a reader that has stopped reading holds up
//! that thread, and neither a signal nor a write to a cluster. While something is
//! being changed, lines that do not fit are counted instead of waited for.
//!
//! Everything that the commands print goes through here, a line at a time: what text from outside has in it
//! to steer a terminal, line ends included, is made visible. So a text of several lines is several calls.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::plain;

/// Lines on their way to the reader.
const IN_FLIGHT: usize = 4_096;

static CLOSED: AtomicBool = AtomicBool::new(false);
static NEVER_WAIT: AtomicBool = AtomicBool::new(false);
static PATIENT_UNTIL: Mutex<Option<Instant>> = Mutex::new(None);
static MISSED: AtomicUsize = AtomicUsize::new(0);
static PRINTER: OnceLock<SyncSender<Line>> = OnceLock::new();

enum Line {
    Out(String),
    Error(String),
    /// Everything before it is printed.
    Mark(SyncSender<()>),
}

/// Prints on a thread of its own from now on.
pub(super) fn start() -> io::Result<()> {
    let (lines, inbox) = sync_channel(IN_FLIGHT);
    if PRINTER.set(lines).is_ok() {
        std::thread::Builder::new()
            .name("failback-print".to_owned())
            .spawn(move || inbox.into_iter().for_each(print))?;
    }
    Ok(())
}

/// Lines that do not fit are dropped from now on: something is being changed, or the program ends.
pub(super) fn never_wait() {
    NEVER_WAIT.store(true, Ordering::Relaxed);
}

/// What is said from now on waits this long in all for a reader, though nothing else waited: how an action ended.
pub(super) fn wait_at_last(limit: Duration) {
    *PATIENT_UNTIL.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + limit);
}

/// Is a line that does not fit to be dropped, or tried again?
fn gives_up() -> bool {
    let until = *PATIENT_UNTIL.lock().unwrap_or_else(PoisonError::into_inner);
    NEVER_WAIT.load(Ordering::Relaxed) && until.is_none_or(|until| Instant::now() >= until)
}

/// Becomes ready when everything so far is printed, or dropped because nobody reads.
pub(super) fn printed() -> Option<Receiver<()>> {
    let printer = PRINTER.get()?;
    let (mark, reached) = sync_channel(1);
    if MISSED.swap(0, Ordering::Relaxed) > 0 {
        error_line(format_args!("failback: lines were not printed, because nobody read them in time"));
    }
    // Where not even this fits, the reader has stopped: whoever waits has a limit.
    let mut line = Line::Mark(mark);
    while let Err(TrySendError::Full(back)) = printer.try_send(line) {
        if gives_up() {
            return None;
        }
        line = back;
        std::thread::sleep(Duration::from_millis(10));
    }
    Some(reached)
}

/// Does nobody read the output any more?
pub(super) fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Writes a line to standard output; see [`say!`].
pub(super) fn line(text: Arguments<'_>) {
    put(Line::Out(plain::line(&text.to_string()).into_owned()));
}

/// Writes JSON to standard output, with JSON's own escapes for what would steer a terminal.
pub(super) fn json(text: &str) {
    put(Line::Out(plain::json(text).into_owned()));
}

/// Writes a line to standard output that was made plain before: twice would change it.
pub(super) fn made_plain(text: &str) {
    let text = if plain::is_plain(&text.replace('\t', " ")) {
        text.to_owned()
    } else {
        plain::line(text).into_owned()
    };
    put(Line::Out(text));
}

/// Writes a line to standard error; see [`complain!`].
pub(super) fn error_line(text: Arguments<'_>) {
    put(Line::Error(plain::line(&text.to_string()).into_owned()));
}

fn put(line: Line) {
    match PRINTER.get() {
        None => print(line),
        Some(printer) if NEVER_WAIT.load(Ordering::Relaxed) => {
            let mut line = line;
            while let Err(TrySendError::Full(back)) = printer.try_send(line) {
                if gives_up() {
                    MISSED.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                line = back;
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // The printer ends with the program only.
        Some(printer) => drop(printer.send(line)),
    }
}

fn print(line: Line) {
    match line {
        Line::Out(_) if is_closed() => {}
        Line::Out(text) => {
            let mut out = io::stdout().lock();
            if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
                CLOSED.store(true, Ordering::Relaxed);
            }
        }
        // Where even this cannot be told, nothing can.
        Line::Error(text) => drop(writeln!(io::stderr(), "{text}")),
        // Nobody waits any more.
        Line::Mark(mark) => drop(mark.try_send(())),
    }
}

/// A line for whoever reads standard output, as `println!`, but for a closed pipe.
macro_rules! say {
    ($($text:tt)*) => { $crate::terminal::out::line(format_args!($($text)*)) };
}

/// A line for standard error, as `eprintln!`, but for a closed pipe.
macro_rules! complain {
    ($($text:tt)*) => { $crate::terminal::out::error_line(format_args!($($text)*)) };
}

pub(super) use {complain, say};
