//! What happened in a run, on disk: one line of JSON an entry, only ever appended.

mod entry;
mod file;

pub use entry::{Entry, Happening};
pub use file::{Journal, JournalError};
