//! The timeline: shown, leafed through, written to; and that a step takes longer than usual.

use jiff::Timestamp;

use crate::app::model::{MOMENTS_A_PAGE, Model, NOTE_CHARS, Run};
use crate::app::msg::TimelineMsg;
use crate::engine::job::Job;
use crate::journal::Happening;

use super::run;

/// What a message of the timeline leads to.
pub(super) fn update(model: &mut Model, msg: TimelineMsg, now: Timestamp) -> Vec<Job> {
    let Some(run) = &mut model.run else { return Vec::new() };
    let panel = &mut run.timeline;
    match msg {
        TimelineMsg::Toggle => {
            panel.is_open = !panel.is_open;
            panel.pages_back = 0;
        }
        TimelineMsg::Draft(mut text) => {
            let end = text.char_indices().nth(NOTE_CHARS).map(|(end, _)| end);
            panel.is_cut = end.is_some();
            text.truncate(end.unwrap_or(text.len()));
            panel.draft = text;
        }
        TimelineMsg::Note => return note(run, now),
        TimelineMsg::Unfold(place) => {
            if !panel.unfolded.remove(&place) {
                panel.unfolded.insert(place);
            }
        }
        TimelineMsg::Back(pages) => {
            let last = run.record.timeline.len().saturating_sub(1) / MOMENTS_A_PAGE;
            panel.pages_back = panel.pages_back.saturating_add_signed(pages).min(last);
        }
    }
    Vec::new()
}

/// Writes down what was typed. Where the run has no journal it stays in the field.
fn note(run: &mut Run, now: Timestamp) -> Vec<Job> {
    if run.folder.is_none() || run.timeline.draft.trim().is_empty() {
        return Vec::new();
    }
    let text = std::mem::take(&mut run.timeline.draft).trim().to_owned();
    (run.timeline.is_cut, run.timeline.pages_back) = (false, 0);
    vec![run::note(run.session, now, Happening::Noted { text })]
}

/// The step that is to be done takes longer than usual: once in the journal.
pub(super) fn overdue(run: &mut Run, now: Timestamp) -> Vec<Job> {
    let Some(overdue) = run.overdue(now).filter(|overdue| !overdue.told) else { return Vec::new() };
    let of = Some((overdue.step, overdue.since));
    if std::mem::replace(&mut run.noted.overdue, of) == of {
        return Vec::new();
    }
    let happening = Happening::Overdue { step: overdue.step, usual_secs: overdue.usual.as_secs() };
    vec![run::note(run.session, now, happening)]
}
