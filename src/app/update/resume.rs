//! A run that was left is taken up again: the world is read anew, and nothing is repeated.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::model::{Finished, Form, Model, Notice, Run, Screen};
use crate::engine::event::RunRead;
use crate::engine::job::Job;
use crate::environment::Draft;
use crate::journal::replay::ActionRecord;
use crate::journal::{Happening, Record};
use crate::runbook::action::ActionKind;
use crate::runbook::mark::{Found, Mark, StepMark};
use crate::runbook::profile::Profile;
use crate::runbook::step::Step;

use super::{form, run};

/// Reads it first.
pub(super) fn ask(model: &mut Model, folder: PathBuf) -> Vec<Job> {
    if model.start.reading.is_some() {
        return Vec::new();
    }
    model.start.reading = Some(folder.clone());
    vec![Job::ReadRun { folder }]
}

/// It was read.
pub(super) fn read(
    model: &mut Model,
    folder: PathBuf,
    read: Result<Box<RunRead>, String>,
    now: Timestamp,
) -> Vec<Job> {
    if model.start.reading.take_if(|reading| *reading == folder).is_none() {
        return Vec::new();
    }
    let opened = read.and_then(|read| {
        if read.goes_on {
            return Err("This run is open in another window or terminal: close it there first".to_owned());
        }
        if read.record.practice.is_some() {
            return Err("A practice world ends with its run: begin the scenario anew".to_owned());
        }
        let RunRead { record, profile, .. } = *read;
        let saved = saved(model, &record.environment);
        let is_saved = saved.is_some();
        let of_run = || match profile {
            Ok(profile) if profile.name == record.environment => Ok(Arc::new(profile)),
            Ok(profile) => Err(without_environment(&record, &format!("it is of {}", profile.name))),
            Err(why) => Err(without_environment(&record, &why)),
        };
        let profile = saved.map_or_else(of_run, Ok)?;
        Ok((profile, is_saved, record))
    });
    match opened {
        Ok((profile, true, record)) => open(model, profile, folder, record, now),
        Ok((profile, false, _)) => look_first(model, &profile, now),
        Err(text) => {
            model.notice = Some(Notice { bad: true, text });
            Vec::new()
        }
    }
}

/// An environment that came with a run is somebody else's: nothing is asked by it before a person has looked at it
/// and saved it. Files that it names are the sender's, or lie beside what the sender packed: a kubeconfig or an AWS
/// file can start programs, so none of them is taken over.
fn look_first(model: &mut Model, profile: &Profile, now: Timestamp) -> Vec<Job> {
    if run::is_acting(model, &format!("the variables of {} are looked at", profile.name)) {
        return Vec::new();
    }
    let mut draft = Draft::from(profile);
    for file in [
        &mut draft.kubeconfig,
        &mut draft.aws_config_file,
        &mut draft.aws_credentials_file,
        &mut draft.chart_file,
    ] {
        file.clear();
    }
    for region in &mut draft.regions {
        for file in [&mut region.values_file, &mut region.probe_address, &mut region.probe_ca] {
            file.clear();
        }
    }
    let form = Form::new(draft, None, model.home.clone());
    let jobs = form::open(model, form, now);
    let text = format!(
        "This run brings the environment {}, which is not saved here. Look at its variables, choose your own files, \
         and save it; then take the run up again",
        profile.name
    );
    model.notice = Some(Notice { bad: false, text });
    jobs
}

fn without_environment(record: &Record, why: &str) -> String {
    let name = &record.environment;
    format!("There is no environment {name} any more, and the run's own cannot be read: {why}")
}

fn saved(model: &Model, name: &str) -> Option<Arc<Profile>> {
    let environments = &model.start.listing.as_ref()?.environments;
    let saved = environments.iter().find(|saved| saved.profile.name == name)?;
    Some(Arc::new(saved.profile.clone()))
}

fn open(
    model: &mut Model,
    profile: Arc<Profile>,
    folder: PathBuf,
    record: Record,
    now: Timestamp,
) -> Vec<Job> {
    if run::is_acting(model, &format!("the run of {} is taken up", profile.name)) {
        return Vec::new();
    }
    let mut jobs = run::leave(model, now);
    let session = model.new_session();
    let mut run = Run::new(session, Arc::clone(&profile), now);
    know(&mut run, &record);
    let text = told(&run, &record);
    run.record = record;
    jobs.extend([Job::Open { session, profile }, Job::ResumeRun { session, folder }]);
    jobs.push(run::note(session, now, Happening::TakenUp { by: model.hand.clone() }));
    let step = step(&run.record);
    run.shown = Step::ALL.into_iter().filter(|shown| *shown <= step).collect::<BTreeSet<_>>();
    jobs.extend(run::show(&mut run, step, now));
    model.run = Some(run);
    model.screen = Screen::Run;
    model.notice = Some(Notice { bad: false, text });
    run::tell_interrupted(model);
    jobs.push(Job::LookBack);
    jobs
}

/// What the run knows of itself; of the world it knows nothing.
fn know(run: &mut Run, record: &Record) {
    run.failed = record.region.as_deref().and_then(|region| run.profile.find(region));
    run.opened_at = record.milestones.opened.unwrap_or(run.opened_at);
    run.first_failure_at = record.milestones.first_failure;
    run.seen_failing = record.milestones.first_failure.is_some();
    run.restore.finished = record.done_here().filter_map(finished).collect();
    if run.acted() {
        run.found = Some(found(record));
    }
}

/// What was done before, as far as it is known to have been done.
fn finished(action: &ActionRecord) -> Option<Finished> {
    let kind = ActionKind::ALL.into_iter().find(|kind| kind.id() == action.action)?;
    if action.is_by_hand() {
        return (!action.taken_back).then_some(Finished { kind, at: action.at, outcome: None });
    }
    let (at, outcome) = action.outcome.clone()?;
    Some(Finished { kind, at, outcome: Some(outcome) })
}

/// What steps 1 and 2 had found when something was done to the region.
fn found(record: &Record) -> Found {
    let confirm = match record.milestones.confirmed {
        Some(_) => StepMark { mark: Mark::Done, line: "Failover was active".to_owned() },
        None => StepMark { mark: Mark::Skipped, line: "Skipped. The failover was not confirmed".to_owned() },
    };
    let diagnose = match record.causes.iter().rev().find_map(|(_, cause)| cause.as_ref()) {
        Some(cause) => StepMark { mark: Mark::Done, line: cause.headline.clone() },
        None => StepMark { mark: Mark::Unknown, line: "No cause was known".to_owned() },
    };
    Found { confirm, diagnose }
}

/// Where it goes on.
fn step(record: &Record) -> Step {
    if record.open_actions().next().is_some() {
        return Step::Restore;
    }
    if !record.done_here().any(ActionRecord::may_have_changed) {
        return record.step.unwrap_or(Step::Confirm).min(Step::Restore);
    }
    match &record.rollout {
        Some(rollout) if rollout.done => Step::Verify,
        _ => Step::Rollout,
    }
}

fn told(run: &Run, record: &Record) -> String {
    let by = record.hands.last().map_or_else(|| "somebody".to_owned(), |turn| turn.hand.name());
    let at = record.last_at.map_or(String::new(), |at| format!(" at {} UTC", at.strftime("%Y-%m-%d %H:%M")));
    let mut text = format!(
        "Taken up where {by} left it{at}. It waited for this: {}. Everything is read anew, nothing is repeated",
        record.waiting_for()
    );
    if let Some(region) = record.region.as_ref().filter(|_| run.failed.is_none()) {
        text.push_str(&format!(". The environment has no region {region} any more: choose the failed one"));
    }
    if !record.newer.is_empty() {
        text.push_str(&format!(
            ". A newer Failback wrote {} of its entries: see the timeline",
            record.newer.len()
        ));
    }
    text
}
