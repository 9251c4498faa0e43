//! What happened in a run, on disk: one line of JSON an entry, only ever appended.
//!
//! It is the write's memory: an intent is on disk before its action, the outcome after, and an intent without
//! one is told at the next start ([`look_back`]). And it is the run's: [`fn@replay`] folds it into what the run knew
//! and did, for who takes it up again, for the report, and of a practice run for its [`fn@debrief`].

pub mod debrief;
mod entry;
mod file;
pub mod findings;
mod masked;
pub mod place;
mod practice_runs;
pub mod process;
pub mod replay;
pub mod report;
mod runs;
mod writer;

pub use debrief::{BestRun, Debrief, Ending, debrief};
pub use entry::{Entry, Hand, Happening, NamedCause, Rehearsal};
pub use file::{ENVIRONMENT_FILE, FILE, JournalError};
pub use masked::masked;
pub use practice_runs::{KEPT as PRACTICE_RUNS_KEPT, best, prune};
pub use replay::{Line, Record, replay};
pub use runs::{
    FoundRun, ReadBack, RunSummary, RunText, acknowledge, acknowledged, all, end, handed_over, id as run_id,
    intent_mark, look_back, one, received, text,
};
pub use writer::{JournalHandle, Listener};
