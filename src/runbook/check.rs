//! A check: one read-only question with its answer judged, ready to be shown.

use std::time::Duration;

use jiff::Timestamp;

use super::case::Case;
use super::command::Command;
use super::profile::RegionIndex;
use super::question::Question;
use super::step::Step;
use super::verdict::{Finding, Verdict, Why};

/// Which check of a step: its id, and the region asked, where it is one.
pub type CheckKey = (&'static str, Option<RegionIndex>);

/// One check of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The name in JSON and the journal, for example `pods`.
    pub id: &'static str,
    /// The step that shows it.
    pub step: Step,
    /// The region asked, where it is one.
    pub region: Option<RegionIndex>,
    /// The name on the screen.
    pub title: String,
    /// What is asked.
    pub question: Question,
    /// The judgement; `None` until the first answer.
    pub finding: Option<Finding>,
    /// When the answer came, UTC.
    pub observed_at: Option<Timestamp>,
    /// How long the answer took.
    pub took: Option<Duration>,
    /// The command that asks the same; for reading and copying.
    pub command: Command,
    /// The command that mends what was found, where there is one.
    pub mend: Option<Command>,
    /// The raw facts in lines, for who wants to see them.
    pub details: Vec<String>,
}

impl Check {
    /// Makes a check of its question's latest answer.
    pub fn new(
        case: &Case,
        step: Step,
        id: &'static str,
        title: String,
        question: Question,
        command: Command,
    ) -> Self {
        let latest = case.readings.latest(question);
        Self {
            id,
            step,
            region: question.region(),
            title,
            question,
            finding: None,
            observed_at: latest.map(|reading| reading.observed_at),
            took: latest.map(|reading| reading.took),
            command,
            mend: None,
            details: Vec::new(),
        }
    }

    /// Puts the judgement of the answer in; an error becomes `Unknown` with its reason.
    #[must_use]
    pub fn judged<T>(
        mut self,
        answer: Option<Result<T, &Why>>,
        expected: &str,
        judge: impl FnOnce(T) -> (Finding, Vec<String>),
    ) -> Self {
        match answer {
            Some(Ok(facts)) => {
                let (finding, details) = judge(facts);
                self.finding = Some(finding);
                self.details = details;
            }
            Some(Err(why)) => {
                self.finding = Some(Finding::unknown(why, expected));
                self.details = vec![why.message.clone()];
            }
            None => {}
        }
        self
    }

    /// Which check it is.
    pub fn key(&self) -> CheckKey {
        (self.id, self.region)
    }

    /// The verdict; `None` until the first answer.
    pub fn verdict(&self) -> Option<Verdict> {
        self.finding.as_ref().map(|finding| finding.verdict)
    }
}

/// How many checks came to which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// All checks.
    pub all: usize,
    /// Passed.
    pub pass: usize,
    /// Passed with a note.
    pub warn: usize,
    /// Failed.
    pub fail: usize,
    /// Answered that they could not be checked.
    pub unknown: usize,
    /// Not answered yet.
    pub waiting: usize,
}

/// Counts verdicts.
pub fn tally(checks: &[Check]) -> Tally {
    let mut tally = Tally { all: checks.len(), ..Tally::default() };
    for check in checks {
        match check.verdict() {
            Some(Verdict::Pass) => tally.pass += 1,
            Some(Verdict::Warn) => tally.warn += 1,
            Some(Verdict::Fail) => tally.fail += 1,
            Some(Verdict::Unknown) => tally.unknown += 1,
            None => tally.waiting += 1,
        }
    }
    tally
}

/// The order of the screen: what fails first, what could not be checked next,
/// then notes, then what is still on its way, then what passed.
pub fn by_importance(checks: &mut [Check]) {
    checks.sort_by_key(|check| match check.verdict() {
        Some(Verdict::Fail) => 0,
        Some(Verdict::Unknown) => 1,
        Some(Verdict::Warn) => 2,
        None => 3,
        Some(Verdict::Pass) => 4,
    });
}
