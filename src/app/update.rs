//! The only writer of the model: synchronous, no I/O, no clock of its own.
//! One file a room.

pub mod engine;
pub mod form;
pub mod handover;
pub mod log;
pub mod noting;
pub mod quit;
pub mod refresh;
pub mod restore;
pub mod resume;
pub mod run;
pub mod start;
pub mod timeline;

use jiff::Timestamp;

use crate::engine::job::Job;

use super::clipboard::Copied;
use super::model::{Dialog, Model, Notice};
use super::msg::Msg;

/// Changes the model because of a message; what is to be done off the window's thread.
pub fn update(model: &mut Model, msg: Msg, now: Timestamp) -> Vec<Job> {
    // In the window's last moments nothing is begun any more.
    if model.closing.is_some() && !matches!(msg, Msg::Engine(_) | Msg::Tick) {
        return Vec::new();
    }
    match msg {
        Msg::Start(msg) => start::update(model, msg, now),
        Msg::Form(msg) => form::update(model, msg, now),
        Msg::Run(msg) => run::update(model, msg, now),
        Msg::Restore(msg) => restore::update(model, msg, now),
        Msg::Log(msg) => log::update(model, msg),
        Msg::Timeline(msg) => timeline::update(model, msg, now),
        Msg::Engine(event) => engine::update(model, *event, now),
        Msg::Tick => {
            let mut jobs = quit::proceed(model, now);
            jobs.extend(refresh::tick(model, now));
            jobs.extend(form::tick(model, now));
            jobs
        }
        Msg::Dialog(yes) => answered(model, yes, now),
        Msg::DismissNotice => {
            model.notice = None;
            Vec::new()
        }
        Msg::Copy { key, text } => vec![Job::Copy { key, text }],
        Msg::Copied(copied) => {
            self::copied(model, copied, now);
            Vec::new()
        }
        Msg::CloseRequested => quit::requested(model, now),
    }
}

/// The tick is shown where the text is on the clipboard, and nowhere else.
fn copied(model: &mut Model, copied: Copied, now: Timestamp) {
    match copied.result {
        Ok(()) => model.copied = Some((copied.key, now)),
        Err(why) => {
            model.copied = None;
            let text =
                format!("Could not be copied: {why}. Try again, or select the text and copy it by keyboard");
            model.notice = Some(Notice { bad: true, text });
        }
    }
}

fn answered(model: &mut Model, yes: bool, now: Timestamp) -> Vec<Job> {
    match model.dialog.take() {
        Some(Dialog::Delete { name }) if yes => vec![Job::DeleteEnvironment { name }],
        Some(Dialog::EndRun { folder, .. }) if yes => vec![Job::EndRun { folder, reason: None }],
        Some(Dialog::ByHand { kind, command, output, .. }) if yes => {
            let said = restore::ByHand { kind, command, output };
            model.run.as_mut().map(|run| restore::by_hand(run, said, now)).unwrap_or_default()
        }
        Some(Dialog::DiscardForm) if yes => form::close(model),
        Some(Dialog::LeaveWhileRunning { quit: true }) if yes => quit::begin(model, now),
        Some(Dialog::LeaveWhileRunning { quit: false }) if yes => run::leave(model, now),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
