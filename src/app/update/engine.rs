//! What the engine tells. An answer of another session, environment or asking is dropped.

use jiff::Timestamp;

use crate::app::model::{Model, Notice, Run};
use crate::engine::event::{Event, PracticeWorld, Stored};
use crate::engine::job::{FilePurpose, Job, SessionId};
use crate::journal::Happening;
use crate::runbook::fact::{DeploymentFacts, Facts, PodsFacts};
use crate::runbook::question::{Question, Reading};
use crate::runbook::rollout::Phase;
use crate::runbook::step::Step;
use crate::runbook::steps::verify;

use super::{form, handover, log, noting, quit, refresh, restore, resume, run, start};

/// What an event leads to.
pub(super) fn update(model: &mut Model, event: Event, now: Timestamp) -> Vec<Job> {
    match event {
        Event::Environments(listing) => start::listed(model, listing, now),
        Event::Stored(result) => stored(model, result, now),
        Event::Contexts { kubeconfig, contexts } => {
            form::contexts(model, kubeconfig.as_deref(), contexts, now)
        }
        Event::AwsProfiles { config_file, credentials_file, profiles } => {
            form::aws_profiles(model, &(config_file, credentials_file), profiles, now)
        }
        Event::HealthChecks { session, listed } => form::health_checks(model, session, listed, now),
        Event::PeeredVpcs { session, vpcs } => {
            form::vpcs(model, session, vpcs);
            Vec::new()
        }
        event @ (Event::Picked { purpose: FilePurpose::Bundle, .. }
        | Event::SaveChosen { .. }
        | Event::Written { .. }
        | Event::BundleOpened { .. }) => handover::told(model, event),
        Event::Picked { purpose, path } => form::picked(model, purpose, path, now),
        Event::PracticeStarted { session, world } => practice_started(model, session, world, now),
        Event::Observed { session, question, generation, reading } => {
            observed(model, session, (question, generation, *reading), now)
        }
        Event::PracticeRepaired { session } => of_run(model, session, |run| {
            if let Some(practice) = &mut run.practice {
                practice.repaired = true;
            }
            let mut jobs = vec![run::note(run.session, now, Happening::RepairedByOthers)];
            jobs.extend(refresh::ask_anew(run, now));
            jobs
        }),
        Event::Output { session, line } => of_run(model, session, |run| {
            restore::output(run, line);
            Vec::new()
        }),
        Event::ActionEnded { session, outcome } => {
            quit::left_ended(model, session, &outcome);
            let mut jobs = of_run(model, session, |run| restore::ended(run, outcome, now));
            jobs.extend(quit::proceed(model, now));
            jobs
        }
        Event::Rollout { session, deployment, pods } => {
            of_run(model, session, |run| rollout(run, deployment, pods, now))
        }
        Event::RolloutLost { session, why } => of_run(model, session, |run| {
            if let Some(watch) = &mut run.rollout {
                watch.lost = Some(why);
            }
            Vec::new()
        }),
        Event::LogLines { session, generation, lines } => of_run(model, session, |run| {
            log::lines(run, generation, lines);
            Vec::new()
        }),
        Event::LogEnded { session, generation, why } => of_run(model, session, |run| {
            if let Some(panel) = run.log.as_mut().filter(|panel| panel.generation == generation) {
                panel.ended = Some(why.map_or("the container ended".to_owned(), |why| why.message));
            }
            Vec::new()
        }),
        Event::ActionGoesOn { session, going } => quit::goes_on(model, session, *going, now),
        Event::LookedBack(back) => {
            model.start.look_back = back;
            run::tell_interrupted(model);
            Vec::new()
        }
        Event::EndRequested => quit::without_asking(model, now),
        Event::Finished => quit::finished(model),
        event @ (Event::BestRuns(_)
        | Event::RunRead { .. }
        | Event::RunFolder { .. }
        | Event::Journaled { .. }
        | Event::JournalFailed { .. }
        | Event::JournalMended { .. }) => of_journal(model, event, now),
    }
}

/// What becomes of the runs' journals.
fn of_journal(model: &mut Model, event: Event, now: Timestamp) -> Vec<Job> {
    match event {
        Event::BestRuns(best) => {
            for run in best.into_values() {
                run::better(&mut model.start.best, Some(run));
            }
            Vec::new()
        }
        Event::RunRead { folder, read } => resume::read(model, folder, read, now),
        Event::RunFolder { session, folder } => of_run(model, session, |run| {
            run.folder = Some(folder);
            Vec::new()
        }),
        Event::Journaled { session, entries } => of_run(model, session, |run| {
            for entry in &entries {
                run.record.add_entry(entry);
            }
            Vec::new()
        }),
        Event::JournalFailed { session, message } => of_run(model, session, |run| {
            run.journal_problem = Some(message);
            Vec::new()
        }),
        Event::JournalMended { session } => of_run(model, session, |run| {
            run.journal_problem = None;
            Vec::new()
        }),
        _ => Vec::new(),
    }
}

fn of_run(model: &mut Model, session: SessionId, then: impl FnOnce(&mut Run) -> Vec<Job>) -> Vec<Job> {
    model.run.as_mut().filter(|run| run.session == session).map(then).unwrap_or_default()
}

/// A run of the environment that was saved begins anew with it.
fn stored(model: &mut Model, result: Result<Stored, String>, now: Timestamp) -> Vec<Job> {
    let saved = match (&result, &model.form, &model.run) {
        (Ok(Stored::Saved(_)), Some(form), Some(run)) if run.practice.is_none() => {
            let same = form.original.as_deref() == Some(run.profile.name.as_str());
            form.profile().ok().filter(|profile| same && *profile != *run.profile)
        }
        _ => None,
    };
    let mut jobs = form::stored(model, result);
    if let Some(profile) = saved {
        jobs.extend(run::environment_changed(model, profile.into(), now));
    }
    jobs
}

fn practice_started(
    model: &mut Model,
    session: SessionId,
    world: Result<PracticeWorld, String>,
    now: Timestamp,
) -> Vec<Job> {
    model.start.starting = None;
    match world {
        Ok(world) => run::open_practice(model, session, world, now),
        Err(message) => {
            model.notice = Some(Notice { bad: true, text: format!("Practice could not start: {message}") });
            Vec::new()
        }
    }
}

type Answer = (Question, u64, Reading<Facts>);

fn observed(model: &mut Model, session: SessionId, answer: Answer, now: Timestamp) -> Vec<Job> {
    let (question, generation, reading) = answer;
    if let Some(jobs) = form::answered(model, session, question, &reading, now) {
        return jobs;
    }
    if let Some(card) = model.start.cards.values_mut().find(|card| card.session == session) {
        card.readings.answered(question, generation, reading);
        return Vec::new();
    }
    of_run(model, session, |run| {
        if !run.readings.answered(question, generation, reading) {
            return Vec::new();
        }
        let mut jobs = noting::recognise(run, now);
        jobs.extend(noting::changes(run, question, now));
        jobs.extend(count_look(run, now));
        restore::pin(run, now);
        jobs.extend(refresh::look_ahead(run, now));
        jobs
    })
}

/// In step 5 each complete round of answers is a look.
fn count_look(run: &mut Run, now: Timestamp) -> Vec<Job> {
    if run.step != Step::Verify {
        return Vec::new();
    }
    let mut looks = std::mem::take(&mut run.verify.looks);
    if let Some(case) = run.case(now) {
        looks.count(&case, &run.verify.accepted, run.scaled(verify::LOOK_INTERVAL));
    }
    run.verify.looks = looks;
    if !run.recovered() || run.verify.recovered_at.is_some() {
        return Vec::new();
    }
    run.verify.recovered_at = Some(now);
    vec![run::note(run.session, now, Happening::Recovered)]
}

fn rollout(run: &mut Run, deployment: DeploymentFacts, pods: PodsFacts, now: Timestamp) -> Vec<Job> {
    let Some(watch) = &mut run.rollout else { return Vec::new() };
    let ended = |watch: &crate::app::model::RolloutWatch| {
        watch.rollout.as_ref().is_some_and(|r| matches!(r.phase, Phase::Done | Phase::Failed(_)))
    };
    let before = ended(watch);
    watch.track.note(&deployment, now);
    watch.facts = Some((deployment, pods));
    watch.lost = None;
    refresh::judge_rollout(run, now);
    let Some(watch) = &run.rollout else { return Vec::new() };
    let Some(rollout) = watch.rollout.as_ref().filter(|_| ended(watch) && !before) else { return Vec::new() };
    let done = rollout.phase == Phase::Done;
    let happening = Happening::RolloutEnded { done, message: rollout.message.clone() };
    if done {
        run.verify.since.get_or_insert(now);
    }
    vec![run::note(run.session, now, happening)]
}
