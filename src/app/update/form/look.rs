//! What the outside says of the form: which jobs ask it, and what an answer leads to.
//!
//! A session asks, opened with what the draft describes so far. Where a change makes further questions
//! worth asking, the next session takes over: an answer of the one before finds nobody. Nothing waits for an
//! answer, saving least of all.

use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Haste, judge};
use crate::app::model::{Asked, Discovery, Form, Model, Notice, Screen};
use crate::engine::job::{Job, SessionId};
use crate::environment::discovery::subject;
use crate::environment::{Field, rules};
use crate::runbook::fact::{Facts, ListedHealthCheck};
use crate::runbook::profile::Profile;
use crate::runbook::question::{Question, Reading};
use crate::runbook::verdict::{Why, WhyKind};

/// How long nobody must have typed before the network is asked about it.
pub(super) const PAUSE: Duration = Duration::from_millis(400);

/// Looks around after a change: at files, and at the network once nobody types.
pub(super) fn look(model: &mut Model, now: Timestamp, haste: Haste) -> Vec<Job> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let mut jobs = list_contexts(form);
    jobs.extend(list_aws_profiles(form));
    form.discovery.changed_at = Some(now);
    match haste {
        Haste::Now => jobs.extend(ask(model)),
        Haste::WhenTyped => {}
    }
    jobs
}

/// A moment passed: nobody may be typing any more.
pub(in crate::app::update) fn tick(model: &mut Model, now: Timestamp) -> Vec<Job> {
    let changed_at = model.form.as_ref().and_then(|form| form.discovery.changed_at);
    match changed_at {
        Some(at) if now.duration_since(at).unsigned_abs() >= PAUSE => ask(model),
        _ => Vec::new(),
    }
}

/// When [`tick`] has something to ask, if nobody types meanwhile.
pub(in crate::app) fn asks_in(model: &Model, now: Timestamp) -> Option<Duration> {
    let at = model.form.as_ref()?.discovery.changed_at?;
    Some(PAUSE.saturating_sub(now.duration_since(at).unsigned_abs()))
}

/// Everything that tells whether the fields are right is asked, whatever was asked before.
pub(super) fn test_all(model: &mut Model, now: Timestamp) -> Vec<Job> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let discovery = &mut form.discovery;
    discovery.tested = true;
    discovery.asked.clear();
    (discovery.health_checks, discovery.vpcs) = (None, None);
    // files may have changed too
    (discovery.aws_files, form.contexts_of) = (None, None);
    let mut jobs = list_contexts(form);
    jobs.extend(list_aws_profiles(form));
    jobs.extend(ask(model));
    if let Some(form) = &mut model.form {
        judge(form, now);
    }
    jobs
}

/// Asks what is worth asking about what the draft describes now, and was not asked yet.
fn ask(model: &mut Model) -> Vec<Job> {
    let id = SessionId(model.next_session);
    let Some(form) = &mut model.form else { return Vec::new() };
    let discovery = &mut form.discovery;
    discovery.changed_at = None;
    let profile = Arc::clone(&discovery.profile);
    let wanted = if discovery.tested { subject::of_test(&profile) } else { subject::at_once(&profile) };
    let is_known = |question: &Question| {
        let asked = discovery.asked.get(question);
        asked.is_some_and(|asked| subject::is_same(*question, &asked.of, &profile))
    };
    let lists = lists_to_ask(discovery, &profile);
    if !lists && wanted.iter().all(is_known) {
        return Vec::new();
    }
    let mut jobs = end(form);
    let discovery = &mut form.discovery;
    discovery.asked.retain(|question, asked| {
        asked.reading.is_some() && subject::is_same(*question, &asked.of, &profile)
    });
    discovery.session = Some((id, Arc::clone(&profile)));
    jobs.push(Job::Open { session: id, profile: Arc::clone(&profile) });
    if lists || discovery.health_checks.is_none() && is_worth_listing(&profile) {
        (discovery.health_checks, discovery.vpcs) = (None, None);
        jobs.push(Job::ListHealthChecks { session: id });
        jobs.push(Job::ListPeeredVpcs { session: id });
    }
    for question in wanted {
        if let Entry::Vacant(place) = discovery.asked.entry(question) {
            place.insert(Asked { of: Arc::clone(&profile), reading: None });
            jobs.push(Job::Observe { session: id, question, generation: 0 });
        }
    }
    model.next_session += 1;
    jobs
}

/// Are the account's health checks worth listing anew: it is another account than before?
fn lists_to_ask(discovery: &Discovery, profile: &Profile) -> bool {
    let before = discovery.session.as_ref().map(|(_, before)| before);
    let listed = before.is_some_and(|before| before.aws == profile.aws && is_worth_listing(before));
    is_worth_listing(profile) && !listed
}

/// An empty form asks no AWS account for anything.
fn is_worth_listing(profile: &Profile) -> bool {
    profile.aws.profile.is_some() || profile.regions.iter().any(|region| !region.context.is_empty())
}

/// Ends the session that asks for a form.
pub(super) fn end(form: &Form) -> Vec<Job> {
    form.discovery.session.iter().map(|(session, _)| Job::Close { session: *session }).collect()
}

/// The form was saved: it closes, and what is still asked for it is awaited behind the scenes.
pub(super) fn after_saving(model: &mut Model) -> Vec<Job> {
    model.screen = if model.run.is_some() { Screen::Run } else { Screen::Start };
    let before = std::mem::replace(&mut model.saved, model.form.take());
    before.map(|form| end(&form)).unwrap_or_default()
}

/// Once everything that was asked for the saved form is known, what is wrong with it is told.
pub(super) fn tell_of_saved(model: &mut Model) -> Vec<Job> {
    let Some(form) = model.saved.take_if(|form| !form.discovery.is_testing()) else { return Vec::new() };
    let notes = &form.discovery.notes;
    // what would have kept it from being saved comes first
    let first = notes.wrong().find(|(field, _)| notes.refused.iter().any(|error| error.field == *field));
    if let Some((field, note)) = first.or_else(|| notes.wrong().next()) {
        let text = format!("Saved {}. Look again at this: {field}: {}", form.draft.name.trim(), note.text);
        model.notice = Some(Notice { bad: true, text });
    }
    end(&form)
}

/// A question that was asked for a form was answered; `None` if it is another session's.
pub(in crate::app::update) fn answered(
    model: &mut Model,
    session: SessionId,
    question: Question,
    reading: &Reading<Facts>,
    now: Timestamp,
) -> Option<Vec<Job>> {
    let form = of_session(model, session)?;
    if let Some(asked) = form.discovery.asked.get_mut(&question) {
        asked.reading = Some(reading.clone());
    }
    Some(learnt(model, now))
}

/// The account's health checks were listed.
pub(in crate::app::update) fn health_checks(
    model: &mut Model,
    session: SessionId,
    listed: Result<Vec<ListedHealthCheck>, Why>,
    now: Timestamp,
) -> Vec<Job> {
    let Some(form) = of_session(model, session) else { return Vec::new() };
    form.discovery.health_checks = Some(listed);
    learnt(model, now)
}

/// The peered VPCs were listed.
pub(in crate::app::update) fn vpcs(model: &mut Model, session: SessionId, vpcs: Result<Vec<String>, Why>) {
    if let Some(form) = of_session(model, session) {
        form.discovery.vpcs = Some(vpcs);
    }
}

/// The profiles of AWS files were read; those of files that are not typed any more are dropped.
pub(in crate::app::update) fn aws_profiles(
    model: &mut Model,
    files: &(Option<PathBuf>, Option<PathBuf>),
    profiles: Result<Vec<String>, Why>,
    now: Timestamp,
) -> Vec<Job> {
    match &mut model.form {
        Some(form) if form.discovery.aws_files.as_ref() == Some(files) => {
            form.discovery.aws_profiles = Some(profiles);
            learnt(model, now)
        }
        _ => Vec::new(),
    }
}

/// The contexts of a kubeconfig were read; those of a file that is not typed any more are dropped.
pub(in crate::app::update) fn contexts(
    model: &mut Model,
    kubeconfig: Option<&Path>,
    contexts: Result<Vec<String>, Why>,
    now: Timestamp,
) -> Vec<Job> {
    match &mut model.form {
        Some(form) if form.contexts_of.as_ref().map(Option::as_deref) == Some(kubeconfig) => {
            form.contexts = Some(contexts);
            learnt(model, now)
        }
        _ => Vec::new(),
    }
}

fn of_session(model: &mut Model, session: SessionId) -> Option<&mut Form> {
    let forms = [model.form.as_mut(), model.saved.as_mut()];
    forms.into_iter().flatten().find(|form| form.discovery.session.as_ref().is_some_and(|of| of.0 == session))
}

/// Something is known that was not: it may fill a field, and that may be worth a question.
fn learnt(model: &mut Model, now: Timestamp) -> Vec<Job> {
    for form in [model.form.as_mut(), model.saved.as_mut()].into_iter().flatten() {
        if form.saving {
            // it is on its way to the disk as it is
            form.judge_only(now);
        } else {
            judge(form, now);
        }
    }
    let mut jobs = tell_of_saved(model);
    if model.form.as_ref().is_some_and(|form| !form.saving && form.discovery.changed_at.is_none()) {
        jobs.extend(ask(model));
    }
    jobs
}

/// Asks for the contexts of the kubeconfig that is typed, unless they are known or on their way.
fn list_contexts(form: &mut Form) -> Vec<Job> {
    match typed_path(form, Field::Kubeconfig) {
        Ok(kubeconfig) if form.contexts_of.as_ref() == Some(&kubeconfig) => Vec::new(),
        Ok(kubeconfig) => {
            form.contexts = None;
            form.contexts_of = Some(kubeconfig.clone());
            vec![Job::ListContexts { kubeconfig }]
        }
        Err(message) => {
            // an answer that is still on its way is another file's
            form.contexts_of = None;
            form.contexts = Some(Err(Why::new(WhyKind::Configuration, message)));
            Vec::new()
        }
    }
}

/// Asks for the profiles of the AWS files that are typed, unless they are known or on their way.
fn list_aws_profiles(form: &mut Form) -> Vec<Job> {
    let files = (typed_path(form, Field::AwsConfigFile), typed_path(form, Field::AwsCredentialsFile));
    let discovery = &mut form.discovery;
    let (Ok(config_file), Ok(credentials_file)) = files else {
        (discovery.aws_files, discovery.aws_profiles) = (None, None);
        return Vec::new();
    };
    let files = (config_file.clone(), credentials_file.clone());
    if discovery.aws_files.as_ref() == Some(&files) {
        return Vec::new();
    }
    (discovery.aws_files, discovery.aws_profiles) = (Some(files), None);
    vec![Job::ListAwsProfiles { config_file, credentials_file }]
}

/// The path in a field; `None` where it is empty.
fn typed_path(form: &Form, field: Field) -> Result<Option<PathBuf>, String> {
    match form.draft.text(field).unwrap_or_default().trim() {
        "" => Ok(None),
        text => rules::path(text, form.home()).map(Some),
    }
}
