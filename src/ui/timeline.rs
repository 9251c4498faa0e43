//! The timeline of a run: what was found, decided, done and written down, in UTC and in the person's own time.

use egui::{Key, Modifiers, ScrollArea, Ui};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::app::model::{MOMENTS_A_PAGE, Model, Moment, MomentKind, NOTE_CHARS, Run};
use crate::app::msg::{Msg, TimelineMsg};
use crate::design::{
    ActionButton, Field, Note, Space, Tone, body, callout, card_list, list_row, mono, overline, page_head,
    secondary, strong, tone_icon, toned,
};
use crate::runbook::verdict::Verdict;

use super::words;

/// What the field to write in takes of the page's height, in points.
const WRITING: f32 = 96.0;
/// The widths of the columns, in points: of the mark, of a time, of the link to the details.
const ICON: f32 = 28.0;
const TIMES: f32 = 84.0;
const FOLD: f32 = 86.0;
/// How many lines of a moment's details are shown, and how much of each, in characters. The journal has all.
const DETAILS: usize = 60;
const DETAIL_CHARS: usize = 1_000;

/// Shows it.
pub(super) fn show(model: &Model, run: &Run, ui: &mut Ui, out: &mut Vec<Msg>) {
    page_head(ui, "Timeline", "What was found, decided and done in this run, the newest last", |ui| {
        if ui.add(ActionButton::secondary(&format!("Back to {}", run.step.title()))).clicked() {
            out.push(Msg::Timeline(TimelineMsg::Toggle));
        }
    });
    if let Some(problem) = &run.journal_problem {
        let text = format!("{problem}\nNotes are kept and written once that is possible");
        callout(ui, Tone::Fail, "The run's journal cannot be written", &text);
    }
    let all = &run.record.timeline;
    let pages = all.len().div_ceil(MOMENTS_A_PAGE).max(1);
    let page = (pages - 1).saturating_sub(run.timeline.pages_back);
    if pages > 1 {
        leaf(page, pages, ui, out);
    }
    let first = page * MOMENTS_A_PAGE;
    let shown = &all[first.min(all.len())..all.len().min(first + MOMENTS_A_PAGE)];
    let height = (ui.available_height() - WRITING).max(120.0);
    let is_utc = shown.iter().all(|moment| is_utc(moment.at, &model.zone));
    card_list(ui, |ui| {
        ui.set_height(height);
        if let Some(last) = shown.last() {
            list_row(ui, |ui| columns_ui(last.at, is_utc, &model.zone, ui));
        }
        let area =
            ScrollArea::vertical().id_salt(("timeline", page)).auto_shrink(false).stick_to_bottom(true);
        area.show(ui, |ui| {
            if shown.is_empty() {
                list_row(ui, |ui| secondary(ui, "Nothing is in the run's journal yet"));
            }
            let mut day = None;
            for (place, moment) in (first..).zip(shown) {
                day_ui(&mut day, moment, ui);
                let zone = (!is_utc).then_some(&model.zone);
                list_row(ui, |ui| ui.push_id(place, |ui| moment_ui(run, place, moment, zone, ui, out)));
            }
        });
    });
    write_ui(run, ui, out);
}

/// Earlier and later pages.
fn leaf(page: usize, pages: usize, ui: &mut Ui, out: &mut Vec<Msg>) {
    ui.horizontal_wrapped(|ui| {
        let off = (page == 0).then_some("These are the first ones");
        if ui.add(ActionButton::secondary("Earlier").small().off_because(off)).clicked() {
            out.push(Msg::Timeline(TimelineMsg::Back(1)));
        }
        let off = (page + 1 == pages).then_some("These are the newest ones");
        if ui.add(ActionButton::secondary("Later").small().off_because(off)).clicked() {
            out.push(Msg::Timeline(TimelineMsg::Back(-1)));
        }
        secondary(ui, &format!("Page {} of {pages}", page + 1));
    });
}

/// What the columns are.
fn columns_ui(at: Timestamp, is_utc: bool, zone: &TimeZone, ui: &mut Ui) {
    ui.horizontal_top(|ui| {
        column(ui, ICON, |_| {});
        column(ui, TIMES, |ui| overline(ui, "UTC"));
        if !is_utc {
            column(ui, TIMES, |ui| overline(ui, &at.to_zoned(zone.clone()).strftime("%Z").to_string()));
        }
        overline(ui, if is_utc { "What happened; UTC is your own time, too" } else { "What happened" });
    });
}

/// The day, where it is another one than that of the moment above.
fn day_ui(day: &mut Option<Date>, moment: &Moment, ui: &mut Ui) {
    let date = moment.at.to_zoned(TimeZone::UTC).date();
    if day.replace(date) != Some(date) {
        list_row(ui, |ui| overline(ui, &date.strftime("%A %Y-%m-%d").to_string()));
    }
}

fn is_utc(at: Timestamp, zone: &TimeZone) -> bool {
    zone.to_offset(at).seconds() == 0
}

/// The time in the person's own zone, with the day where that is another one.
fn own_time(at: Timestamp, zone: &TimeZone) -> String {
    let (own, utc) = (at.to_zoned(zone.clone()), at.to_zoned(TimeZone::UTC));
    let time = own.strftime("%H:%M:%S");
    match own.date().cmp(&utc.date()) {
        std::cmp::Ordering::Equal => time.to_string(),
        std::cmp::Ordering::Less => format!("{time}, the day before"),
        std::cmp::Ordering::Greater => format!("{time}, the day after"),
    }
}

/// Paints one; `zone` where the person's own time is another than UTC.
fn moment_ui(
    run: &Run,
    place: usize,
    moment: &Moment,
    zone: Option<&TimeZone>,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    if moment.clock_set_back {
        toned(ui, Tone::Warn, "This machine's clock was set back here: times above and below do not compare");
    }
    let is_open = run.timeline.unfolded.contains(&place);
    ui.horizontal_top(|ui| {
        let (tone, word) = mark(moment.kind);
        column(ui, ICON, |ui| tone_icon(ui, tone, 16.0, word));
        column(ui, TIMES, |ui| mono(ui, &moment.at.strftime("%H:%M:%S").to_string()));
        if let Some(zone) = zone {
            column(ui, TIMES, |ui| mono(ui, &own_time(moment.at, zone)));
        }
        let foldable = !moment.details.is_empty();
        let room = ui.available_width() - if foldable { FOLD } else { 0.0 };
        column(ui, room, |ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            match moment.kind {
                MomentKind::Note => strong(ui, &moment.text),
                _ => body(ui, &moment.text),
            };
            if is_open {
                details_ui(moment, ui);
            }
        });
        let label = if is_open { "Hide details" } else { "Details" };
        if foldable && ui.add(ActionButton::quiet(label)).clicked() {
            out.push(Msg::Timeline(TimelineMsg::Unfold(place)));
        }
    });
}

fn column<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) {
    let left = ui.cursor().left();
    ui.scope(|ui| {
        ui.set_max_width(width - Space::S);
        ui.vertical(add);
    });
    ui.add_space((left + width - ui.cursor().left()).max(0.0));
}

fn details_ui(moment: &Moment, ui: &mut Ui) {
    for line in moment.details.iter().take(DETAILS) {
        let end = line.char_indices().nth(DETAIL_CHARS).map(|(end, _)| end);
        let text = end.map_or(line.clone(), |end| format!("{} …", &line[..end]));
        if text.starts_with("Command: ") || text.starts_with("| ") {
            mono(ui, &text);
        } else {
            secondary(ui, &text);
        }
    }
    if let Some(more) = moment.details.len().checked_sub(DETAILS).filter(|more| *more > 0) {
        secondary(ui, &format!("{} more in the run's journal", words::count(more, "line", "lines")));
    }
}

/// How a moment looks, and the word for it.
fn mark(kind: MomentKind) -> (Tone, &'static str) {
    match kind {
        MomentKind::Run => (Tone::ToCome, "The run"),
        MomentKind::Reading(Verdict::Pass) => (Tone::Pass, "A check: good"),
        MomentKind::Reading(Verdict::Warn) => (Tone::Warn, "A check: warning"),
        MomentKind::Reading(Verdict::Fail) => (Tone::Fail, "A check: failed"),
        MomentKind::Reading(Verdict::Unknown) => (Tone::Unknown, "A check: could not be made"),
        MomentKind::Finding => (Tone::Now, "Found"),
        MomentKind::Decision => (Tone::PassedOver, "Decided"),
        MomentKind::Action => (Tone::Action, "Done"),
        MomentKind::ActionFailed => (Tone::Fail, "Went wrong"),
        MomentKind::Note => (Tone::Note, "Note"),
        MomentKind::Newer => (Tone::Unknown, "Of a newer Failback"),
    }
}

/// The field to write in. Enter writes it down.
fn write_ui(run: &Run, ui: &mut Ui, out: &mut Vec<Msg>) {
    let too_long = format!("A note has at most {NOTE_CHARS} characters: the rest was left out");
    let note = if run.timeline.is_cut {
        Note { tone: Some(Tone::Warn), text: &too_long }
    } else {
        Note { tone: None, text: "It goes into the run's journal. What looks like a secret is masked there" }
    };
    let off = match (run.folder.is_none(), run.timeline.draft.trim().is_empty()) {
        (true, _) => Some("This run has no journal"),
        (false, true) => Some("Write something first"),
        _ => None,
    };
    ui.horizontal_top(|ui| {
        let mut draft = run.timeline.draft.clone();
        let width = (ui.available_width() - 130.0).max(160.0);
        let field = Field::new("Write down what you see or do").hint("Write down…").width(width);
        let field = field.note(Some(note)).text(ui, &mut draft);
        if field.changed() {
            out.push(Msg::Timeline(TimelineMsg::Draft(draft)));
        }
        if is_newly_shown(ui) {
            field.request_focus();
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if entered {
            field.request_focus();
        }
        let clicked = ui
            .vertical(|ui| {
                ui.add_space(22.0);
                ui.add(ActionButton::secondary("Write down").off_because(off)).clicked()
            })
            .inner;
        if clicked || entered && off.is_none() {
            out.push(Msg::Timeline(TimelineMsg::Note));
        }
    });
}

fn shown_id() -> egui::Id {
    egui::Id::unique("timeline was shown")
}

/// Was it not on the screen in the frame before? Then the keyboard goes to where one writes.
fn is_newly_shown(ui: &Ui) -> bool {
    !ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or(shown_id(), false), true))
}

/// A step is shown in its place.
pub(super) fn not_shown(ui: &Ui) {
    ui.data_mut(|data| data.remove::<bool>(shown_id()));
}

/// The keys that show it, and the step again.
pub(super) const KEYS: egui::KeyboardShortcut = egui::KeyboardShortcut::new(Modifiers::COMMAND, Key::T);
