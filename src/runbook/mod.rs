//! What the runbook knows: facts in, verdicts, causes and plans out.
//!
//! Pure: no egui, tokio, files, clock or client types. Whoever calls brings the
//! facts and the time.

pub mod fact;
pub mod profile;
pub mod question;
pub mod verdict;
