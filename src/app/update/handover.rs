//! Runs for other people: the line for a chat, the report, the handover.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::app::model::{Model, Notice, Run};
use crate::app::msg::STATUS_KEY;
use crate::engine::event::{Event, Written};
use crate::engine::handover::{self, Opened};
use crate::engine::job::{Job, Saving};
use crate::journal::report;

/// The line for a chat channel.
pub(super) fn copy_status(run: &Run, now: Timestamp) -> Vec<Job> {
    vec![Job::Copy { key: STATUS_KEY.to_owned(), text: report::status(&run.record, now) }]
}

/// Asks where to save it; nothing where the open run has no journal yet.
pub(super) fn save_of_run(run: &Run, what: Written, now: Timestamp) -> Vec<Job> {
    let Some(folder) = run.folder.clone() else { return Vec::new() };
    vec![ask(&run.profile.name, folder, what, now)]
}

/// The same for a run that was left.
pub(super) fn save(model: &Model, folder: PathBuf, what: Written, now: Timestamp) -> Vec<Job> {
    let of_folder = model.start.look_back.runs.iter().find(|run| run.folder == folder);
    let environment = of_folder.map_or("run", |run| run.environment.as_str());
    vec![ask(environment, folder, what, now)]
}

fn ask(environment: &str, folder: PathBuf, what: Written, now: Timestamp) -> Job {
    let ending = match what {
        Written::Report => "html",
        Written::Bundle => "tar.gz",
    };
    let name = handover::file_name(environment, now, ending);
    Job::SaveFile { saving: Saving { what, folder, name } }
}

/// What the engine tells of them.
pub(super) fn told(model: &mut Model, event: Event) -> Vec<Job> {
    match event {
        Event::Picked { path: Some(path), .. } => open(model, path),
        Event::SaveChosen { saving, path } => chosen(model, saving, path),
        Event::Written { what, path, result } => {
            written(model, what, &path, result);
            Vec::new()
        }
        Event::BundleOpened { opened } => self::opened(model, opened),
        _ => Vec::new(),
    }
}

/// A place was chosen.
fn chosen(model: &Model, saving: Saving, path: Option<PathBuf>) -> Vec<Job> {
    let Some(path) = path else { return Vec::new() };
    let folder = saving.folder;
    match saving.what {
        Written::Report => vec![Job::WriteReport { folder, path }],
        Written::Bundle => vec![Job::HandOver { folder, path, by: model.hand.clone() }],
    }
}

/// It was written, or not.
fn written(model: &mut Model, what: Written, path: &Path, result: Result<Vec<String>, String>) {
    let noun = match what {
        Written::Report => "The report",
        Written::Bundle => "The handover",
    };
    let (bad, text) = match result {
        Ok(left_out) => {
            let next = match what {
                Written::Report => String::new(),
                Written::Bundle => {
                    ". Whoever takes over opens it on their start screen, or by failback runs open".to_owned()
                }
            };
            let left_out = if left_out.is_empty() {
                String::new()
            } else {
                format!(". Left out: {}", left_out.join("; "))
            };
            (false, format!("{noun} is in {}{next}{left_out}", path.display()))
        }
        Err(why) => (true, format!("{noun} was not written: {why}")),
    };
    model.notice = Some(Notice { bad, text });
}

/// Opens a handover.
pub(super) fn open(model: &Model, path: PathBuf) -> Vec<Job> {
    vec![Job::OpenBundle { path, by: model.hand.clone() }]
}

/// It was opened, or not.
fn opened(model: &mut Model, opened: Result<Opened, String>) -> Vec<Job> {
    match opened {
        Ok(opened) => {
            let mut text = opened.sentence();
            if !opened.left_out.is_empty() {
                text.push_str(&format!(". Left out there: {}", opened.left_out.join("; ")));
            }
            model.notice = Some(Notice { bad: false, text });
            vec![Job::LookBack]
        }
        Err(why) => {
            model.notice = Some(Notice { bad: true, text: format!("The handover was not opened: {why}") });
            Vec::new()
        }
    }
}
