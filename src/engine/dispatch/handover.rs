//! Reports and handovers of runs: files, off the async threads.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Dispatcher;
use crate::engine::event::{Event, Written};
use crate::engine::handover;
use crate::engine::job::Job;
use crate::engine::tasks::spawn_blocking_answer;
use crate::journal::{self, Entry, Hand, Happening, JournalHandle};

impl Dispatcher {
    /// What has to do with the files of runs.
    pub(super) fn share(&self, job: Job) {
        match job {
            Job::ReadRun { folder } => self.read_run(folder),
            Job::WriteReport { folder, path } => self.write_report(folder, path),
            Job::HandOver { folder, path, by } => self.hand_over(folder, path, by),
            Job::OpenBundle { path, by } => self.open_bundle(path, by),
            _ => {}
        }
    }

    fn write_report(&self, folder: PathBuf, path: PathBuf) {
        let of_lost = path.clone();
        let write = move || {
            let result = handover::write_report(&folder, &path, Timestamp::now(), TimeZone::system());
            let result = result.map(|()| Vec::new()).map_err(|error| error.to_string());
            Event::Written { what: Written::Report, path, result }
        };
        spawn_blocking_answer(&self.tell, write, lost(Written::Report, of_lost));
    }

    fn hand_over(&self, folder: PathBuf, path: PathBuf, by: Hand) {
        let own = self.sessions.values().filter_map(|live| live.journal.clone());
        let own = own.into_iter().find(|journal| journal.folder() == folder);
        let of_lost = path.clone();
        let write = move || {
            let packed = handover::pack(&folder, &path, by, Timestamp::now(), TimeZone::system());
            if packed.is_ok() {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
                note(own.as_ref(), &folder, name);
            }
            let result = packed.map(|packed| packed.left_out).map_err(|error| error.to_string());
            Event::Written { what: Written::Bundle, path, result }
        };
        spawn_blocking_answer(&self.tell, write, lost(Written::Bundle, of_lost));
    }

    fn open_bundle(&self, path: PathBuf, by: Hand) {
        let runs = self.options.runs.clone();
        let open = move || {
            let opened =
                runs.and_then(|runs| handover::open(&path, &runs, by).map_err(|error| error.to_string()));
            Event::BundleOpened { opened }
        };
        spawn_blocking_answer(&self.tell, open, |error| Event::BundleOpened { opened: Err(error) });
    }
}

fn lost(what: Written, path: PathBuf) -> impl FnOnce(String) -> Event {
    move |error| Event::Written { what, path, result: Err(error) }
}

/// In the journal of whoever writes the run: of another program's it is not noted.
fn note(own: Option<&JournalHandle>, folder: &std::path::Path, bundle: String) {
    let noted = match own {
        Some(journal) => journal.note(Entry::now(Happening::HandedOver { bundle })),
        None => journal::handed_over(folder, &bundle),
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "the handover is not noted in the run");
    }
}
