//! What `check --json` prints. The names are part of the interface.

use serde::Serialize;

use crate::runbook::cause::{Advice, Assessment};
use crate::runbook::check::Check;
use crate::runbook::interrupted::Interrupted;
use crate::runbook::profile::Profile;
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) environment: &'a str,
    pub(super) failed_region: Option<&'a str>,
    /// Actions of earlier runs whose outcome is not known.
    pub(super) interrupted: Vec<InterruptedReport<'a>>,
    pub(super) outcome: &'static str,
    pub(super) checks: Vec<CheckReport<'a>>,
    pub(super) causes: Vec<CauseReport<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct InterruptedReport<'a> {
    environment: &'a str,
    region: &'a str,
    action: &'a str,
    at: String,
    pid: Option<u32>,
    alive: Option<bool>,
    run: String,
    sentence: String,
}

/// An interrupted action.
pub(super) fn interrupted(interrupted: &Interrupted) -> InterruptedReport<'_> {
    InterruptedReport {
        environment: &interrupted.environment,
        region: &interrupted.region,
        action: &interrupted.action,
        at: format!("{:.3}", interrupted.at),
        pid: interrupted.tool.as_ref().map(|tool| tool.process.pid),
        alive: interrupted.alive,
        run: interrupted.run.display().to_string(),
        sentence: interrupted.sentence(),
    }
}

#[derive(Debug, Serialize)]
pub(super) struct CheckReport<'a> {
    id: &'static str,
    step: Step,
    region: Option<&'a str>,
    verdict: Verdict,
    found: &'a str,
    expected: &'a str,
    observed_at: Option<String>,
    took_ms: Option<u128>,
    command: String,
}

#[derive(Debug, Serialize)]
pub(super) struct CauseReport<'a> {
    id: &'static str,
    title: &'a str,
    evidence_for: &'a [String],
    evidence_against: &'a [String],
    not_checked: &'a [String],
    action: Option<Advice>,
}

/// A check that was answered.
pub(super) fn check<'a>(profile: &'a Profile, check: &'a Check) -> Option<CheckReport<'a>> {
    let finding = check.finding.as_ref()?;
    Some(CheckReport {
        id: check.id,
        step: check.step,
        region: check.region.map(|region| profile.region(region).name.as_str()),
        verdict: finding.verdict,
        found: &finding.found,
        expected: &finding.expected,
        observed_at: check.observed_at.map(|at| format!("{at:.3}")),
        took_ms: check.took.map(|took| took.as_millis()),
        command: check.command.shell(),
    })
}

/// A cause.
pub(super) fn cause(cause: &Assessment) -> CauseReport<'_> {
    CauseReport {
        id: cause.id,
        title: &cause.title,
        evidence_for: &cause.evidence_for,
        evidence_against: &cause.evidence_against,
        not_checked: &cause.not_checked,
        action: cause.advice,
    }
}
