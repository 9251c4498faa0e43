//! What the program says of itself on standard error: its log lines and its panics. Both may hold text from
//! outside, which is made plain, and credentials, which are masked, whoever wrote the line.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::PanicHookInfo;

use super::out::complain;
use crate::clients::secret::redact_credentials;
use crate::plain;

/// Standard error for log lines. Each write is one line with its end, as `tracing` writes them.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().write_all(shown(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn shown(text: &str) -> String {
    let (line, end) = text.strip_suffix('\n').map_or((text, ""), |line| (line, "\n"));
    format!("{}{end}", plain::line(&redact_credentials(line)))
}

/// From now on a panic is told in one line, with `RUST_BACKTRACE` set in more.
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        complain!("{}", words(panic));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            for line in backtrace.to_string().lines() {
                complain!("{line}");
            }
        }
    }));
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let at = panic.location().map_or_else(String::new, |at| format!(" at {at}"));
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let message = panic.payload_as_str().unwrap_or("no message");
    format!("failback: a fault of the program in its thread {thread}{at}: {}", redact_credentials(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_are_one_line_plain_and_without_credentials() {
        let text = "DEBUG why=a\u{1b}]0;x\u{7}\nERROR password=hunter22\n";
        assert_eq!(shown(text), "DEBUG why=a\\u{1b}]0;x\\u{7}\\u{a}ERROR password=***\n");
        assert_eq!(shown("no end"), "no end");
    }
}
