//! What happened in a run, on disk: one line of JSON an entry, only ever appended.
//!
//! It is the write's memory: an intent is on disk before its action, the outcome after, and an intent without
//! one is told at the next start ([`fn@interrupted`]).

mod entry;
mod file;
mod interrupted;
pub mod place;
pub mod process;
mod replay;
mod writer;

pub use entry::{Entry, Happening};
pub use file::JournalError;
pub use interrupted::{ReadBack, acknowledge, intent_mark, interrupted};
pub use writer::{JournalHandle, Problem};
