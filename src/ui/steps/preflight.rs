//! Our own side: this machine's programs, credentials, permissions and files.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::{Model, Run};
use crate::app::msg::{Msg, RunMsg};
use crate::design::card_list;
use crate::runbook::check::{self, Tally};
use crate::runbook::steps::preflight;
use crate::ui::heading::Heading;
use crate::ui::run_layout::scroll;
use crate::ui::{check_list, checks, words};

/// Shows the checks of our own side.
pub fn show(model: &Model, run: &Run, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let mut all = preflight::checks(&run.any_case(now));
    let tally = check::tally(&all);
    check::by_importance(&mut all);
    let (title, meaning) = head(&tally);
    Heading::new(title, meaning)
        .next(format!("Back to {}", run.reached.title()), RunMsg::Show(run.reached))
        .or("Check all again", RunMsg::RefreshAll)
        .show(ui, out);
    scroll(run, ui, |ui| {
        card_list(ui, |ui| {
            let rows = checks::Rows { notes: true, ..checks::Rows::of(ui, model, run, &all, now) };
            check_list::show(rows, &all, ui, out, &mut |_, _, _| {});
        });
    });
}

fn head(tally: &Tally) -> (String, String) {
    let Tally { all, fail, warn, unknown, waiting, .. } = *tally;
    let title = if waiting > 0 {
        "Looking at this machine and its permissions…".to_owned()
    } else if fail > 0 {
        format!("{} on our side, to mend before you act", words::count(fail, "fault", "faults"))
    } else if unknown > 0 {
        format!("{} of our side could not be checked", words::count(unknown, "thing", "things"))
    } else if warn > 0 {
        format!("Our side is ready, with {}", words::count(warn, "note", "notes"))
    } else {
        "Our side is ready".to_owned()
    };
    let mut meaning = format!(
        "Programs, sign-in, permissions and files of this machine: they say nothing of the region. {} of {all} \
         checks answered",
        all - waiting - unknown
    );
    if unknown > 0 {
        meaning.push_str(&format!(", {unknown} could not be checked"));
    }
    (title, meaning)
}
