//! What a run was, for people: a report as Markdown and as one HTML page, and a line for a chat channel.
//!
//! All of it comes from the [`Record`] alone. Nothing here reads a file or a clock; the time zone is an argument.
//! The texts of a journal come from outside: a value in a template is escaped unless a filter of ours made it, so
//! that none can be forgotten (`report/markdown.rs`).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::Record;
use super::replay::ActionRecord;

mod html;
mod markdown;
mod sentence;
mod status;
mod times;
mod view;

pub use status::{LONGEST, status};

/// A time in UTC, and in this zone where that is another: `2026-03-04 02:41:07 UTC (03:41:07 CET)`.
pub fn time(at: Timestamp, zone: &TimeZone) -> String {
    times::Times::new(zone).full(at)
}

/// An action whose outcome is not known, in a sentence without a full stop.
pub fn open_action(action: &ActionRecord, zone: &TimeZone) -> String {
    view::open(action, &times::Times::new(zone))
}

/// What a report needs to know beside the journal.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When it is written, UTC.
    pub now: Timestamp,
    /// The zone of the local times beside those in UTC.
    pub zone: TimeZone,
    /// A program writes the run now.
    pub goes_on: bool,
    /// What was left out beside the journal, a sentence each.
    pub left_out: Vec<String>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its title.
    pub title: String,
    /// As Markdown, with the tables that GitHub knows.
    pub markdown: String,
    /// As one page that needs nothing else.
    pub html: String,
}

/// A report could not be made of its template: a fault of this program.
#[derive(Debug, Error)]
#[error("the report could not be made: {0}")]
pub struct ReportError(#[from] minijinja::Error);

/// The report of a run.
///
/// # Errors
/// A template is at fault.
pub fn report(record: &Record, settings: &Settings) -> Result<Report, ReportError> {
    let view = view::View::of(record, settings);
    let markdown = markdown::render(&view)?;
    let html = html::page(&view.title, &markdown)?;
    Ok(Report { title: view.title, markdown, html })
}

#[cfg(test)]
mod tests;
