//! The start screen: environments with their live state, and practice.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{form, handover, resume, run};
use crate::app::model::{Card, Dialog, Form, Model};
use crate::app::msg::StartMsg;
use crate::engine::event::Written;
use crate::engine::job::{FilePurpose, Job};
use crate::environment::{Draft, Listing};
use crate::runbook::profile::Profile;
use crate::runbook::question::{Question, Readings};

/// What a message of the start screen leads to.
pub fn update(model: &mut Model, msg: StartMsg, now: Timestamp) -> Vec<Job> {
    match msg {
        StartMsg::New => {
            let form = Form::new(Draft::default(), None, model.home.clone());
            form::open(model, form, now)
        }
        StartMsg::Edit(name) => match saved(model, &name) {
            Some(profile) => {
                let form = Form::new(Draft::from(profile), Some(name), model.home.clone());
                form::open(model, form, now)
            }
            None => Vec::new(),
        },
        StartMsg::Duplicate(name) => vec![Job::DuplicateEnvironment { name }],
        StartMsg::Delete(name) => {
            model.dialog = Some(Dialog::Delete { name });
            Vec::new()
        }
        StartMsg::Open(name) => match saved(model, &name).cloned() {
            Some(profile) => run::open(model, Arc::new(profile), now),
            None => Vec::new(),
        },
        StartMsg::CheckAgain(name) => model.start.cards.get_mut(&name).map_or_else(Vec::new, |c| ask(c, now)),
        StartMsg::Practise(id) => practise(model, id),
        StartMsg::DismissDebrief => {
            model.start.debrief = None;
            Vec::new()
        }
        StartMsg::Looked(interrupted) => vec![Job::Acknowledge { interrupted }],
        StartMsg::Resume(folder) => resume::ask(model, folder),
        StartMsg::EndRun(folder) => {
            let run = model.start.look_back.runs.iter().find(|run| run.folder == folder);
            model.dialog = run.map(|run| Dialog::EndRun { folder, of: run.title() });
            Vec::new()
        }
        StartMsg::OpenHandover => vec![Job::PickFile { purpose: FilePurpose::Bundle }],
        StartMsg::Dropped(path) => handover::open(model, path),
        StartMsg::SaveReport(folder) => handover::save(model, folder, Written::Report, now),
        StartMsg::HandOver(folder) => handover::save(model, folder, Written::Bundle, now),
        StartMsg::Reload => {
            let practice = model.practice_runs.clone().map(|runs| Job::LookAtPractice { runs });
            [Job::ListEnvironments, Job::LookBack].into_iter().chain(practice).collect()
        }
    }
}

/// The saved environments were read: each has a card that asks its health checks.
///
/// The card of an environment that is the same as before stays as it is, with
/// what it knows; the session of any other ends.
pub fn listed(model: &mut Model, listing: Listing, now: Timestamp) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut before = std::mem::take(&mut model.start.cards);
    let mut cards = BTreeMap::new();
    for saved in &listing.environments {
        let same = before.remove(&saved.name).filter(|card| {
            let same = *card.profile == saved.profile;
            if !same {
                jobs.push(Job::Close { session: card.session });
            }
            same
        });
        let card = same.unwrap_or_else(|| {
            let profile = Arc::new(saved.profile.clone());
            let session = model.new_session();
            jobs.push(Job::Open { session, profile: Arc::clone(&profile) });
            let mut card = Card { session, profile, readings: Readings::default() };
            jobs.extend(ask(&mut card, now));
            card
        });
        cards.insert(saved.name.clone(), card);
    }
    jobs.extend(before.into_values().map(|card| Job::Close { session: card.session }));
    model.start.cards = cards;
    model.start.listing = Some(listing);
    jobs
}

fn saved<'a>(model: &'a Model, name: &str) -> Option<&'a Profile> {
    let environments = &model.start.listing.as_ref()?.environments;
    environments.iter().find(|saved| saved.name == name).map(|saved| &saved.profile)
}

/// Asks the health checks that are not being asked already.
fn ask(card: &mut Card, now: Timestamp) -> Vec<Job> {
    let Card { session, profile, readings } = card;
    let questions = profile.indices().map(Question::HealthCheck);
    questions
        .filter_map(|question| {
            let asking = readings.is_asking(question);
            (!asking).then(|| Job::Observe {
                session: *session,
                question,
                generation: readings.asked(question, now),
            })
        })
        .collect()
}

/// One practice world at a time.
fn practise(model: &mut Model, id: String) -> Vec<Job> {
    let scenario = model.start.scenarios.iter().find(|scenario| scenario.id == id);
    let Some(title) = scenario.map(|scenario| scenario.title.clone()) else { return Vec::new() };
    if model.start.starting.is_some() {
        return Vec::new();
    }
    model.start.starting = Some(title);
    vec![Job::StartPractice { session: model.new_session(), scenario: id }]
}

#[cfg(test)]
mod tests;
