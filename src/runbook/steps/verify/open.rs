//! What stands between the region and "recovered": what speaks against it, what wants to be read first, and
//! what could not be looked at, which speaks for nothing and against nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::runbook::case::Case;
use crate::runbook::check::{Check, CheckKey};
use crate::runbook::verdict::{Finding, Verdict, Why};

/// A finding that a person took as it is: a warning that was read, or what could not be checked and was accepted
/// with a reason. Another finding of the same check is not meant by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    key: CheckKey,
    verdict: Verdict,
    /// Tells warnings of one check apart; what was found has numbers in it that change.
    remedy: String,
}

impl Accepted {
    /// Of a check that warns, or that could not be made; `None` of any other.
    pub fn of(check: &Check) -> Option<Self> {
        let Finding { verdict, remedy, .. } = check.finding.as_ref()?;
        let acceptable = matches!(verdict, Verdict::Warn | Verdict::Unknown);
        acceptable.then(|| Self { key: check.key(), verdict: *verdict, remedy: remedy.clone() })
    }

    /// Was what this check finds now taken as it is?
    pub fn covers(accepted: &[Self], check: &Check) -> bool {
        Self::of(check).is_some_and(|finding| accepted.contains(&finding))
    }

    /// Was it something that could not be checked?
    pub fn is_unknown(&self) -> bool {
        self.verdict == Verdict::Unknown
    }
}

/// What is open in step 5.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Open {
    /// What was found broken, a line a check.
    pub against: Vec<String>,
    /// The warnings that nobody acknowledged, by check.
    pub warnings: Vec<CheckKey>,
    /// What could not be checked and was not accepted: the checks' titles.
    pub unread: Vec<String>,
    /// The commonest reason why not, in the system's own words.
    pub unread_because: Option<String>,
    /// Checks that have no answer yet.
    pub waiting: usize,
    /// Nothing at all could be looked at.
    pub blind: Option<Blind>,
}

/// Nothing could be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blind {
    /// When the last answer came that said something, UTC; `None` where there was none in this run.
    pub since: Option<Timestamp>,
}

impl Open {
    /// What is open among these checks.
    pub fn of(case: &Case, checks: &[Check], accepted: &[Accepted]) -> Self {
        let mut open = Self::default();
        let mut unread = Vec::new();
        for check in checks {
            match (&check.finding, check.verdict()) {
                (None, _) | (_, None) => open.waiting += 1,
                (_, Some(Verdict::Pass)) => {}
                (Some(finding), Some(Verdict::Fail)) => {
                    open.against.push(format!("{}: {}", check.title, finding.found));
                }
                _ if Accepted::covers(accepted, check) => {}
                (_, Some(Verdict::Warn)) => open.warnings.push(check.key()),
                (_, Some(Verdict::Unknown)) => unread.push(check),
            }
        }
        open.unread_because = commonest(case, &unread);
        if !unread.is_empty() && checks.iter().all(|check| check.verdict() == Some(Verdict::Unknown)) {
            let answers = checks.iter().filter_map(|check| {
                Some(case.readings.slot(check.question)?.last_good.as_ref()?.observed_at)
            });
            open.blind = Some(Blind { since: answers.max() });
        }
        open.unread = unread.into_iter().map(|check| check.title.clone()).collect();
        open
    }

    /// Does nothing stand between the region and the next look?
    pub fn is_clear(&self) -> bool {
        self.against.is_empty() && self.warnings.is_empty() && self.unread.is_empty() && self.waiting == 0
    }

    /// What could not be checked, in one sentence; `None` where all could.
    pub fn unread_line(&self) -> Option<String> {
        let because = self.unread_because.as_deref().map_or(String::new(), |why| format!(": {why}"));
        match (self.blind, &self.unread[..]) {
            (_, []) => None,
            (Some(_), _) => Some(format!("Nothing could be looked at{because}")),
            (None, titles) => Some(format!("Could not be checked: {}{because}", titles.join(", "))),
        }
    }
}

/// The reason that most of these were not answered for.
fn commonest(case: &Case, unread: &[&Check]) -> Option<String> {
    let why =
        |check: &&Check| -> Option<&Why> { case.readings.latest(check.question)?.answer.as_ref().err() };
    let mut kinds: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for why in unread.iter().filter_map(why) {
        kinds.entry(format!("{:?}", why.kind)).or_insert((0, why.message.as_str())).0 += 1;
    }
    kinds.into_values().max_by_key(|(count, _)| *count).map(|(_, message)| message.to_owned())
}

/// Why the region does not count as recovered, in lines for the journal.
pub fn reasons_against(case: &Case, accepted: &[Accepted]) -> Vec<String> {
    let checks = super::checks(case);
    let open = Open::of(case, &checks, accepted);
    let mut lines = open.against.clone();
    for key in &open.warnings {
        let check = checks.iter().find(|check| check.key() == *key);
        let finding = check.and_then(|check| Some((&check.title, &check.finding.as_ref()?.found)));
        lines.extend(finding.map(|(title, found)| format!("{title}: {found}: not acknowledged")));
    }
    lines.extend(open.unread_line());
    if open.waiting > 0 {
        lines.push(format!("Not answered yet: {} of {} checks", open.waiting, checks.len()));
    }
    lines
}
