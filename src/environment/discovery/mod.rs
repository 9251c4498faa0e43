//! What the outside says of a form that is being filled in: pure functions from answers to a note at
//! each field, and to values for fields that are empty.
//!
//! - [`mod@notes`]: is what stands in the fields right?
//! - [`fill`]: what can stand in fields that nobody typed into?
//! - [`subject`]: which questions there are, and whether an answer still is one after a change
//!
//! An answer that could not be had is told as such, never as a fault of the field.

mod crossed;
pub mod fill;
pub mod notes;
mod region;
pub mod subject;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::draft::Draft;
use super::field::Field;
use crate::runbook::fact::{ListedHealthCheck, ValuesFacts};
use crate::runbook::profile::{ClusterArn, Profile, RegionIndex};
use crate::runbook::question::{Question, Readings};
use crate::runbook::verdict::{Verdict, Why};

/// A form and what is known of the outside. `None` lists are on their way or not asked for.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What is typed.
    pub draft: &'a Draft,
    /// What the draft describes so far, see [`sketch`](super::sketch).
    pub profile: &'a Profile,
    /// The answers that are about what is typed now, see [`subject::is_same`].
    pub readings: &'a Readings,
    /// The questions on their way.
    pub asking: &'a BTreeSet<Question>,
    /// The kubeconfig's contexts.
    pub contexts: Option<&'a Result<Vec<String>, Why>>,
    /// The profiles in the AWS files.
    pub aws_profiles: Option<&'a Result<Vec<String>, Why>>,
    /// The AWS account's health checks.
    pub health_checks: Option<&'a Result<Vec<ListedHealthCheck>, Why>>,
    /// The fields that [`fill`] filled, and nobody changed since.
    pub filled: &'a BTreeSet<Field>,
    /// The fields that a person changed.
    pub touched: &'a BTreeSet<Field>,
    /// Nothing of it was saved before.
    pub is_new: bool,
    /// The time of the judgement, UTC.
    pub now: Timestamp,
}

impl<'a> Known<'a> {
    /// What a region's values file says, if it could be read.
    fn values(&self, region: usize) -> Option<&'a ValuesFacts> {
        self.readings.values(RegionIndex(region))?.ok()
    }

    /// The values files that could be read, with their regions.
    fn all_values(&self) -> impl Iterator<Item = (usize, &'a ValuesFacts)> {
        (0..self.draft.regions.len()).filter_map(|region| Some((region, self.values(region)?)))
    }

    /// A region's name as typed; empty where it has none yet.
    fn name(&self, region: usize) -> &'a str {
        self.draft.regions.get(region).map(|region| region.name.trim()).unwrap_or_default()
    }

    /// Is this region's values file another region's, by its own word? The chart's name of a region is ours,
    /// or that of AWS.
    fn is_anothers(&self, region: usize) -> bool {
        let arn = self.draft.regions.get(region).and_then(|of| ClusterArn::parse(of.context.trim()));
        let aws_region = arn.map(|arn| arn.region).unwrap_or_default();
        let mut names =
            [self.name(region), &aws_region].into_iter().filter(|name| !name.is_empty()).peekable();
        let said = self.values(region).and_then(|facts| facts.region.as_deref());
        names.peek().is_some() && said.is_some_and(|said| names.all(|name| name != said))
    }

    /// What all values files that were read say alike; `None` where they say nothing or differ.
    fn agreed<T: PartialEq>(&self, of: impl Fn(&'a ValuesFacts) -> Option<T>) -> Option<T> {
        let mut said = self.all_values().filter_map(|(_, facts)| of(facts));
        let first = said.next()?;
        said.all(|other| other == first).then_some(first)
    }
}

/// What is known of a field: the line below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldNote {
    /// How it stands; `None` for a plain line, which judges nothing.
    pub verdict: Option<Verdict>,
    /// In a phrase.
    pub text: String,
}

impl FieldNote {
    fn of(verdict: Verdict, text: impl Into<String>) -> Self {
        Self { verdict: Some(verdict), text: text.into() }
    }

    fn pass(text: impl Into<String>) -> Self {
        Self::of(Verdict::Pass, text)
    }

    fn warn(text: impl Into<String>) -> Self {
        Self::of(Verdict::Warn, text)
    }

    fn fail(text: impl Into<String>) -> Self {
        Self::of(Verdict::Fail, text)
    }

    fn plain(text: impl Into<String>) -> Self {
        Self { verdict: None, text: text.into() }
    }

    /// Could not be checked.
    fn unknown(what: &str, why: &Why) -> Self {
        Self::of(Verdict::Unknown, format!("{what}: {}. {}", why.message, why.remedy))
    }
}

/// A health check as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheckChoice {
    /// What is put into the field.
    pub id: String,
    /// What it watches, and its ID.
    pub label: String,
}

/// The health checks to choose from, those that watch this host first.
pub fn health_check_choices(listed: &[ListedHealthCheck], host: &str) -> Vec<HealthCheckChoice> {
    let (own, others): (Vec<_>, Vec<_>) = listed.iter().partition(|check| check.watches(host));
    let choice = |check: &ListedHealthCheck| {
        let watched = match &check.host {
            Some(host) => host.clone(),
            None => format!("no host ({})", check.settings.check_type),
        };
        HealthCheckChoice { id: check.id.clone(), label: format!("{watched}   {}", check.id) }
    };
    own.into_iter().chain(others).map(choice).collect()
}

#[cfg(test)]
mod tests;
