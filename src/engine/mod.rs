//! Runs jobs on tokio and answers each exactly once.
//!
//! The window's thread hands in a [`job::Job`] and takes out [`event::Event`]s;
//! both ways are bounded channels, and neither blocks. Questions and actions go
//! through a [`session`]: one environment's clients.

pub mod event;
pub mod job;
