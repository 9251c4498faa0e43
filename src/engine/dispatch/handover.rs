//! Reports and handovers of runs: files, off the async threads.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Dispatcher;
use crate::engine::event::{Event, Written};
use crate::engine::handover;
use crate::engine::tasks::spawn_blocking_answer;
use crate::journal::{self, Entry, Hand, Happening, JournalHandle};

impl Dispatcher {
    pub(super) fn write_report(&self, folder: PathBuf, path: PathBuf) {
        let of_lost = path.clone();
        let write = move || {
            let result = handover::write_report(&folder, &path, Timestamp::now(), TimeZone::system());
            let result = result.map(|()| Vec::new()).map_err(|error| error.to_string());
            Event::Written { what: Written::Report, path, result }
        };
        spawn_blocking_answer(&self.tell, write, lost(Written::Report, of_lost));
    }

    pub(super) fn hand_over(&self, folder: PathBuf, path: PathBuf, by: Hand) {
        let own = self.sessions.values().filter_map(|live| live.journal.clone());
        let own = own.into_iter().find(|journal| journal.folder() == folder);
        let of_lost = path.clone();
        let write = move || {
            let packed = handover::pack(&folder, &path, by, Timestamp::now(), TimeZone::system());
            if let Ok(packed) = &packed {
                note(own.as_ref(), &folder, packed.name.clone());
            }
            let result = packed.map(|packed| packed.left_out).map_err(|error| error.to_string());
            Event::Written { what: Written::Bundle, path, result }
        };
        spawn_blocking_answer(&self.tell, write, lost(Written::Bundle, of_lost));
    }

    pub(super) fn open_bundle(&self, path: PathBuf, by: Hand) {
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
