//! What happened in a run, on disk: one line of JSON an entry, only ever appended.

mod entry;

pub use entry::{Entry, Happening};
