//! Standard output and standard error, whose readers may go away in the middle
//! (`failback check --json | head`): then the rest is dropped, and the command
//! goes on to its own exit code. A write to a cluster is never cut short by it.
//!
//! Everything that the commands print goes through here, a line at a time: what text from outside has in it
//! to steer a terminal, line ends included, is made visible. So a text of several lines is several calls.

use std::borrow::Cow;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::plain;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Does nobody read the output any more?
pub(super) fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Writes a line to standard output; see [`say!`].
pub(super) fn line(text: Arguments<'_>) {
    write_out(&plain::line(&text_of(text)));
}

/// Writes JSON to standard output, with JSON's own escapes for what would steer a terminal.
pub(super) fn json(text: &str) {
    write_out(&plain::json(text));
}

fn text_of(text: Arguments<'_>) -> Cow<'static, str> {
    text.as_str().map_or_else(|| text.to_string().into(), Cow::Borrowed)
}

fn write_out(text: &str) {
    if is_closed() {
        return;
    }
    let mut out = io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        CLOSED.store(true, Ordering::Relaxed);
    }
}

/// Writes a line to standard error; see [`complain!`].
pub(super) fn error_line(text: Arguments<'_>) {
    // Where even this cannot be told, nothing can.
    drop(writeln!(io::stderr(), "{}", plain::line(&text_of(text))));
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
