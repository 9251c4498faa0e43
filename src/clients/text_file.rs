//! Text files of this machine, read with a limit and off the async threads.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use super::within;
use crate::runbook::verdict::{Why, WhyKind};

/// The largest file that is read, in bytes. Values files and AWS files take a few thousand.
const SIZE_MAX: u64 = 1024 * 1024;

/// Reads a file and makes something of its text, off the async threads and within a deadline.
///
/// # Errors
/// It cannot be read, is no regular file, is too large or no UTF-8; or what `parse` says. No error
/// quotes the file.
pub(crate) async fn read<T: Send + 'static>(
    path: &Path,
    deadline: Duration,
    parse: impl FnOnce(&str, &Path) -> Result<T, Why> + Send + 'static,
) -> Result<T, Why> {
    let (owned, shown) = (path.to_owned(), path.display().to_string());
    let reading = tokio::task::spawn_blocking(move || {
        let text = read_text(&owned)?;
        parse(&text, &owned)
    });
    // A network file system can hang: the thread is left to it.
    within(deadline, &shown, async {
        let ended = |error| unusable(path, &format!("reading it ended early: {error}"), "Check again");
        reading.await.unwrap_or_else(|error| Err(ended(error)))
    })
    .await
}

/// Why a file of this machine cannot be used: which, what is wrong with it, what to do.
pub(crate) fn unusable(path: &Path, what: &str, remedy: &str) -> Why {
    Why::new(WhyKind::Configuration, format!("{} {what}", path.display())).remedy(remedy)
}

fn read_text(path: &Path) -> Result<String, Why> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => unusable(path, "does not exist", "Check the path"),
        _ => unusable(path, &format!("cannot be read: {error}"), "Check that you may read it"),
    };
    // Asked before opening: opening a pipe waits for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unusable(path, "is no regular file", "Choose the file itself"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(unusable(path, "is larger than 1 MiB", "Check that it is the right file"));
    }
    String::from_utf8(bytes).map_err(|_| unusable(path, "is not UTF-8 text", "Save it as UTF-8"))
}
