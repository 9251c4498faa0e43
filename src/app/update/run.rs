//! A run: its steps, its failed region, its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::model::{
    Dialog, Form, Model, Noted, Notice, Practice, Restore, RolloutWatch, Run, Screen, Verify,
};
use crate::app::msg::RunMsg;
use crate::engine::event::{PracticeWorld, Written};
use crate::engine::job::{Job, SessionId};
use crate::environment::Draft;
use crate::journal::{self, BestRun, Entry, Happening, Rehearsal, RunSummary};
use crate::runbook::check::CheckKey;
use crate::runbook::fact::DeploymentFacts;
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::rollout;
use crate::runbook::step::Step;
use crate::runbook::steps::verify::{self, Accepted};
use crate::runbook::verdict::Verdict;

use super::{form, handover, quit, refresh, restore};

/// Opens a run of an environment; not while an action runs.
pub fn open(model: &mut Model, profile: Arc<Profile>, now: Timestamp) -> Vec<Job> {
    if is_acting(model, &format!("a run of {} is opened", profile.name)) {
        return Vec::new();
    }
    let mut jobs = leave(model, now);
    let session = model.new_session();
    jobs.push(Job::Open { session, profile: Arc::clone(&profile) });
    tell_unfinished(model, &profile.name);
    jobs.extend(begin(model, Run::new(session, profile, now), now));
    jobs
}

/// An earlier run of the environment that did not end has a record that this one begins without.
fn tell_unfinished(model: &mut Model, environment: &str) {
    let mut earlier = model.start.look_back.runs.iter();
    let is_left = |run: &&RunSummary| {
        run.environment == environment && run.is_unfinished && !run.goes_on && run.practice.is_none()
    };
    if let Some(left) = earlier.find(is_left) {
        let text = format!(
            "A new run. The one of {} was not finished ({}): to go on with its record, leave this one and take it up again",
            left.title(),
            left.waiting_for
        );
        model.notice = Some(Notice { bad: false, text });
    }
}

/// Is an action running? Then nothing else is taken up, and a notice says why: a second write could start
/// beside the first, and nobody would see how the first one ended.
pub(super) fn is_acting(model: &mut Model, before: &str) -> bool {
    let acting = model.run.as_ref().filter(|run| run.restore.running.is_some());
    let Some(region) = acting.and_then(|run| Some(&run.profile.region(run.failed?).name)) else {
        return false;
    };
    let text = format!("An action runs in {region}: wait for its end, or cancel it, before {before}");
    model.notice = Some(Notice { bad: true, text });
    true
}

/// Opens a run on a practice world that was started; not while an action runs.
pub(super) fn open_practice(
    model: &mut Model,
    session: SessionId,
    world: PracticeWorld,
    now: Timestamp,
) -> Vec<Job> {
    if is_acting(model, "you practise") {
        return vec![Job::Close { session }];
    }
    let mut jobs = leave(model, now);
    let mut run = Run::new(session, Arc::clone(&world.profile), now);
    run.failed = run.profile.find(&world.told_region);
    run.practice = Some(Practice { world, repaired: false });
    jobs.extend(begin(model, run, now));
    jobs
}

fn begin(model: &mut Model, mut run: Run, now: Timestamp) -> Vec<Job> {
    let session = run.session;
    let rehearsal = |practice: &Practice| Rehearsal {
        scenario: practice.world.scenario.clone(),
        title: practice.world.title.clone(),
        speed: practice.world.speed,
    };
    let opened = Happening::Opened {
        environment: run.profile.name.clone(),
        practice: run.practice.as_ref().map(rehearsal),
        by: model.hand.clone(),
    };
    let mut jobs = vec![Job::BeginRun { session }, note(session, now, opened)];
    if let Some(failed) = run.failed {
        let region = run.profile.region(failed).name.clone();
        jobs.push(note(session, now, Happening::RegionChosen { region }));
    }
    jobs.extend(refresh::due(&mut run, now));
    model.run = Some(run);
    model.screen = Screen::Run;
    model.start.debrief = None;
    tell_interrupted(model);
    jobs
}

/// Actions of earlier runs of the open run's environment whose outcome is not known: said first.
pub(super) fn tell_interrupted(model: &mut Model) {
    let Some(run) = model.run.as_mut().filter(|run| run.practice.is_none()) else { return };
    let earlier = model.start.look_back.interrupted.iter();
    let of_environment: Vec<_> =
        earlier.filter(|interrupted| interrupted.is_of(&run.profile)).cloned().collect();
    let is_news = of_environment != run.interrupted;
    run.interrupted = of_environment;
    if let (Some(first), true) = (run.interrupted.first(), is_news) {
        model.notice = Some(Notice { bad: true, text: first.sentence_with_environment() });
    }
}

/// An entry for the run's journal.
pub(super) fn note(session: SessionId, at: Timestamp, happening: Happening) -> Job {
    Job::Note { session, entry: Entry { at, happening } }
}

/// Ends the run that is open, if one is. A running write goes on to its end.
pub(super) fn leave(model: &mut Model, now: Timestamp) -> Vec<Job> {
    model.screen = Screen::Start;
    let Some(run) = model.run.take() else { return Vec::new() };
    if let (Some(running), Some(failed)) = (&run.restore.running, run.failed) {
        let region = run.profile.region(failed).name.clone();
        quit::left(model, run.session, run.profile.name.clone(), region, running);
    }
    let mut jobs = closed(&run, now);
    debriefed(model, run, now);
    jobs.extend([Job::ListEnvironments, Job::LookBack]);
    jobs.extend(model.practice_runs.clone().map(|runs| Job::LookAtPractice { runs }));
    jobs
}

/// What a practice run came to is shown once it is left; of one that recovered it was on the screen.
fn debriefed(model: &mut Model, mut run: Run, now: Timestamp) {
    let is_recovered = run.record.is_recovered();
    let happening = Happening::Closed { recovered: run.recovered(), reasons: Vec::new() };
    run.record.add_entry(&Entry { at: now, happening });
    let Some(debrief) = journal::debrief(&run.record) else { return };
    // In memory for who keeps none on disk; with the folder's own once that was looked through.
    better(&mut model.start.best, debrief.as_best());
    model.start.debrief = Some(debrief).filter(|_| !is_recovered);
}

/// Keeps the better of two runs of a scenario.
pub(super) fn better(best: &mut BTreeMap<String, BestRun>, run: Option<BestRun>) {
    let Some(run) = run else { return };
    let scenario = run.scenario.clone();
    let run = match best.remove(&scenario) {
        Some(before) => before.better(run),
        None => run,
    };
    best.insert(scenario, run);
}

/// The run's end in its journal, and that of its session.
pub(super) fn closed(run: &Run, now: Timestamp) -> Vec<Job> {
    let accepted = &run.verify.accepted;
    let reasons = match run.case(now) {
        Some(case) if !run.recovered() => verify::reasons_against(&case, accepted),
        _ => Vec::new(),
    };
    let closed = Happening::Closed { recovered: run.recovered(), reasons };
    vec![note(run.session, now, closed), Job::Close { session: run.session }]
}

/// What a message of the run leads to.
pub(super) fn update(model: &mut Model, msg: RunMsg, now: Timestamp) -> Vec<Job> {
    match msg {
        RunMsg::Leave => return ask_to_leave(model, now),
        RunMsg::Variables => return variables(model, now),
        RunMsg::Choose(_) if is_acting(model, "another failed region is chosen") => return Vec::new(),
        _ => {}
    }
    let Some(run) = &mut model.run else { return Vec::new() };
    match msg {
        RunMsg::Show(step) => return show(run, step, now),
        RunMsg::Choose(region) => return choose(run, region, now),
        RunMsg::Refresh(question) => return refresh::ask(run, &[question], now),
        RunMsg::RefreshAll => return refresh::ask_anew(run, now),
        RunMsg::WatchAgain => return watch(run, now),
        RunMsg::CopyStatus => return handover::copy_status(run, now),
        RunMsg::SaveReport => return handover::save_of_run(run, Written::Report, now),
        RunMsg::HandOver => return handover::save_of_run(run, Written::Bundle, now),
        RunMsg::Repair => return vec![Job::RepairPractice { session: run.session }],
        RunMsg::ToggleCheck(id, region) => {
            if !run.open_checks.remove(&(id, region)) {
                run.open_checks.insert((id, region));
            }
        }
        RunMsg::ToggleGuidance => run.guidance_open = !run.guidance_open,
        RunMsg::ToggleCauses => run.more_causes = !run.more_causes,
        RunMsg::TogglePassed => run.passed_open = !run.passed_open,
        RunMsg::Acknowledge(key) => return take_as_it_is(run, key, Verdict::Warn, None, now),
        RunMsg::Accept(key) => run.verify.accepting = Some((key, String::new())),
        RunMsg::AcceptReason(text) => {
            if let Some((_, reason)) = &mut run.verify.accepting {
                *reason = text;
            }
        }
        RunMsg::AcceptCancel => run.verify.accepting = None,
        RunMsg::AcceptDone => return accept(run, now),
        RunMsg::Leave | RunMsg::Variables => {}
    }
    Vec::new()
}

fn ask_to_leave(model: &mut Model, now: Timestamp) -> Vec<Job> {
    if model.run.as_ref().is_some_and(|run| run.restore.running.is_some()) {
        model.dialog = Some(Dialog::LeaveWhileRunning { quit: false });
        return Vec::new();
    }
    leave(model, now)
}

/// The environment's form, over the run: leaving it comes back here.
fn variables(model: &mut Model, now: Timestamp) -> Vec<Job> {
    if is_acting(model, "the variables are changed") {
        return Vec::new();
    }
    let Some(run) = &model.run else { return Vec::new() };
    if run.practice.is_some() {
        let text = "A practice world's environment is its own: there is nothing to change".to_owned();
        model.notice = Some(Notice { bad: false, text });
        return Vec::new();
    }
    let draft = Draft::from(&*run.profile);
    let form = Form::new(draft, Some(run.profile.name.clone()), model.home.clone());
    form::open(model, form, now)
}

/// The environment was changed in the middle of a run: its readings start anew. While an action runs, the
/// run stays with the variables that the action was planned with.
pub fn environment_changed(model: &mut Model, profile: Arc<Profile>, now: Timestamp) -> Vec<Job> {
    let before =
        format!("the changed {} is used: it is saved; then leave this run and open it again", profile.name);
    if is_acting(model, &before) {
        return Vec::new();
    }
    let Some(run) = &model.run else { return Vec::new() };
    let failed = run.profile.region(run.failed.unwrap_or(RegionIndex(0))).name.clone();
    let known = run.failed.is_some();
    let Some(before) = model.run.take() else { return Vec::new() };
    let session = model.new_session();
    let mut run = Run::new(session, Arc::clone(&profile), now);
    (run.opened_at, run.folder, run.record) = (before.opened_at, before.folder, before.record);
    // The journal goes on, and what is wrong with it; what was being written, too.
    (run.journal_problem, run.timeline) = (before.journal_problem, before.timeline);
    let environment = profile.name.clone();
    let mut jobs = vec![
        Job::Open { session, profile },
        Job::ContinueRun { from: before.session, session },
        note(session, now, Happening::VariablesChanged { environment }),
        Job::Close { session: before.session },
        Job::ListEnvironments,
    ];
    if let (Some(region), true) = (run.profile.find(&failed), known) {
        jobs.extend(choose(&mut run, region, now));
    } else {
        jobs.extend(refresh::due(&mut run, now));
    }
    model.run = Some(run);
    model.screen = Screen::Run;
    tell_interrupted(model);
    jobs
}

/// Another failed region: everything read so far was read for another question.
pub(super) fn choose(run: &mut Run, region: RegionIndex, now: Timestamp) -> Vec<Job> {
    run.failed = Some(region);
    run.readings.forget();
    run.noted = Noted::default();
    (run.restore, run.verify, run.rollout, run.log) = (Restore::default(), Verify::default(), None, None);
    (run.step, run.reached) = (Step::Confirm, Step::Confirm);
    (run.shown, run.found) = (BTreeSet::from([Step::Confirm]), None);
    run.first_failure_at = None;
    run.seen_failing = false;
    let name = run.profile.region(region).name.clone();
    let mut jobs = vec![
        Job::StopLog { session: run.session },
        note(run.session, now, Happening::RegionChosen { region: name }),
    ];
    jobs.extend(refresh::due(run, now));
    jobs
}

pub(super) fn show(run: &mut Run, step: Step, now: Timestamp) -> Vec<Job> {
    let mut jobs = Vec::new();
    if run.step != step {
        jobs.push(note(run.session, now, Happening::StepOpened { step }));
    }
    run.step = step;
    run.timeline.is_open = false;
    run.reached = run.reached.max(step);
    run.shown.insert(step);
    match step {
        Step::Restore => restore::pin(run, now),
        Step::Rollout if run.rollout.is_none() && run.failed.is_some() => jobs.extend(watch(run, now)),
        Step::Verify => _ = run.verify.since.get_or_insert(now),
        _ => {}
    }
    jobs.extend(refresh::due(run, now));
    jobs
}

/// Watches the failed region's rollout from now on.
pub(super) fn watch(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let Some(region) = run.failed else { return Vec::new() };
    let deadline = match run.readings.deployment(region) {
        Some(Ok(facts)) => rollout::deadline(facts),
        _ => rollout::deadline(&DeploymentFacts::Missing),
    };
    run.rollout = Some(RolloutWatch::start(now, run.scaled(deadline)));
    vec![Job::WatchRollout { session: run.session, region }]
}

fn accept(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let given = run.verify.accepting.take();
    let Some((key, reason)) = given.filter(|(_, reason)| !reason.trim().is_empty()) else {
        return Vec::new();
    };
    take_as_it_is(run, key, Verdict::Unknown, Some(reason.trim().to_owned()), now)
}

/// Notes that a person took what a check finds as it is; nothing where it finds something else by now.
fn take_as_it_is(
    run: &mut Run,
    key: CheckKey,
    verdict: Verdict,
    reason: Option<String>,
    now: Timestamp,
) -> Vec<Job> {
    let Some(case) = run.case(now) else { return Vec::new() };
    let check = verify::checks(&case).into_iter().find(|check| check.key() == key);
    let Some(check) = check.filter(|check| check.verdict() == Some(verdict)) else { return Vec::new() };
    let Some(accepted) = Accepted::of(&check) else { return Vec::new() };
    if run.verify.accepted.contains(&accepted) {
        return Vec::new();
    }
    run.verify.accepted.push(accepted);
    let region = key.1.map(|region| run.profile.region(region).name.clone());
    let (title, found) = (check.title, check.finding.map(|finding| finding.found).unwrap_or_default());
    let taken = Happening::Accepted { check: key.0.to_owned(), title, region, found, reason };
    vec![note(run.session, now, taken)]
}
