//! A job that the engine does not take is answered too.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::runbook::action::ActionOutcome;
use crate::runbook::question::Reading;
use crate::runbook::verdict::{Why, WhyKind};

use super::event::{Event, Written};
use super::job::Job;

/// Why a job was not taken.
pub const TOO_MUCH: &str = "this program has too much to do at once";

/// What follows from a job that was not taken, so that nothing is waited for that will never come; `None`
/// where a person is told and may try again.
pub fn untaken(job: &Job, now: Timestamp) -> Option<Event> {
    let why = || Why::new(WhyKind::NotAsked, TOO_MUCH);
    match job {
        Job::Observe { session, question, generation } => {
            let reading = Reading { answer: Err(why()), observed_at: now, took: Duration::ZERO };
            let (session, question, generation) = (*session, *question, *generation);
            Some(Event::Observed { session, question, generation, reading: Box::new(reading) })
        }
        Job::Apply { session, .. } => {
            let outcome = ActionOutcome::not_done(format!("nothing was done: {TOO_MUCH}"));
            Some(Event::ActionEnded { session: *session, outcome })
        }
        Job::BeginRun { session }
        | Job::ResumeRun { session, .. }
        | Job::ContinueRun { session, .. }
        | Job::Note { session, .. } => {
            Some(Event::JournalFailed { session: *session, message: TOO_MUCH.to_owned() })
        }
        Job::ReadRun { folder } => {
            Some(Event::RunRead { folder: folder.clone(), read: Err(TOO_MUCH.to_owned()) })
        }
        Job::StartPractice { session, .. } => {
            Some(Event::PracticeStarted { session: *session, world: Err(TOO_MUCH.to_owned()) })
        }
        Job::WatchRollout { session, .. } => Some(Event::RolloutLost { session: *session, why: why() }),
        Job::FollowLog { session, generation, .. } => {
            Some(Event::LogEnded { session: *session, generation: *generation, why: Some(why()) })
        }
        Job::ListHealthChecks { session } => {
            Some(Event::HealthChecks { session: *session, listed: Err(why()) })
        }
        Job::ListPeeredVpcs { session } => Some(Event::PeeredVpcs { session: *session, vpcs: Err(why()) }),
        Job::ListContexts { kubeconfig } => {
            Some(Event::Contexts { kubeconfig: kubeconfig.clone(), contexts: Err(why()) })
        }
        Job::ListAwsProfiles { config_file, credentials_file } => Some(Event::AwsProfiles {
            config_file: config_file.clone(),
            credentials_file: credentials_file.clone(),
            profiles: Err(why()),
        }),
        Job::WriteReport { path, .. } => Some(not_written(Written::Report, path)),
        Job::HandOver { path, .. } => Some(not_written(Written::Bundle, path)),
        Job::OpenBundle { .. } => Some(Event::BundleOpened { opened: Err(TOO_MUCH.to_owned()) }),
        Job::SaveEnvironment { .. } | Job::DuplicateEnvironment { .. } | Job::DeleteEnvironment { .. } => {
            Some(Event::Stored(Err(TOO_MUCH.to_owned())))
        }
        _ => None,
    }
}

fn not_written(what: Written, path: &Path) -> Event {
    Event::Written { what, path: path.to_owned(), result: Err(TOO_MUCH.to_owned()) }
}
