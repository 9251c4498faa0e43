//! Log lines: any number of them at the cost of those in sight.

use std::borrow::Cow;

use egui::text::LayoutJob;
use egui::{Label, ScrollArea, TextFormat, TextWrapMode, Ui};

use super::text::Type;
use super::tokens::{Palette, palette};
use super::tone::Tone;
use crate::plain;

/// A line of a log.
#[derive(Clone, Debug, Default)]
pub struct LogRow<'a> {
    /// Its time as shown; may be empty.
    pub time: Cow<'a, str>,
    /// Where it comes from, as the last part of a pod's name; may be empty.
    pub source: Cow<'a, str>,
    /// The line.
    pub text: Cow<'a, str>,
    /// The line's colour, where it is a sign of something.
    pub tone: Option<Tone>,
}

/// A view of a log.
#[derive(Clone, Copy, Debug)]
pub struct LogView<'a> {
    /// Tells two views of one screen apart.
    pub id: &'a str,
    /// Number of lines.
    pub len: usize,
    /// What is looked for, any case; empty for nothing.
    pub find: &'a str,
    /// Keep the last line in sight while lines are added and the view is at its end.
    pub follow: bool,
    /// Line to bring into sight in this frame, as the next one found.
    pub go_to: Option<usize>,
}

/// Most bytes of a line that are laid out; a line can be a megabyte of JSON.
const LONGEST: usize = 4096;

/// Shows the lines in sight, taken from `row`, in all the room there is. Scrolls in
/// both directions, the text can be selected. Returns whether the end is in sight.
pub fn log_view<'r>(ui: &mut Ui, view: &LogView<'_>, row: &dyn Fn(usize) -> LogRow<'r>) -> bool {
    let p = palette(ui);
    let height = Type::Mono.line_height();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::both()
            .id_salt(view.id)
            .auto_shrink(false)
            .animated(false)
            .stick_to_bottom(view.follow);
        if let Some(line) = view.go_to {
            let above = (ui.available_height() / 3.0 / height).floor();
            area = area.vertical_scroll_offset((line as f32 - above).max(0.0) * height);
        }
        let output = area.show_rows(ui, height, view.len, |ui, range| {
            let end = range.end;
            for i in range {
                let job = line_job(&row(i), view.find, p);
                ui.add(Label::new(job).selectable(true).wrap_mode(TextWrapMode::Extend));
            }
            end
        });
        let bottom = output.state.clamped_offset().y + output.inner_rect.height();
        let at_end = bottom >= output.content_size.y - height / 2.0;
        // sticking to the end moves the view after the lines were painted, and
        // without this the newest ones would wait for the next event to be seen
        if at_end && output.inner < view.len {
            ui.ctx().request_repaint();
        }
        at_end
    })
    .inner
}

fn line_job(row: &LogRow<'_>, find: &str, p: &Palette) -> LayoutJob {
    let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
    for (text, color) in [(&row.time, p.secondary), (&row.source, p.accent)] {
        if !text.is_empty() {
            job.append(&plain::line(text), 0.0, Type::Mono.format(color));
            job.append(" ", 0.0, Type::Mono.format(color));
        }
    }
    let usual = Type::Mono.format(row.tone.map_or(p.text, |tone| p.tone(tone).fg));
    let found = TextFormat { color: p.accent, background: p.selection, ..usual.clone() };
    let whole = cut(&row.text);
    let text = &*plain::line(whole);
    let mut at = 0;
    for (from, to) in matches(text, find) {
        job.append(&text[at..from], 0.0, usual.clone());
        job.append(&text[from..to], 0.0, found.clone());
        at = to;
    }
    job.append(&text[at..], 0.0, usual.clone());
    if whole.len() < row.text.len() {
        job.append(" …", 0.0, usual);
    }
    job
}

/// The beginning of a line, at most [`LONGEST`] bytes of it.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// Where `find` is in `text`, in bytes, without regard to the case of ASCII letters.
fn matches(text: &str, find: &str) -> Vec<(usize, usize)> {
    if find.is_empty() {
        return Vec::new();
    }
    // lower case of ASCII letters keeps every byte in its place
    let (text, find) = (text.to_ascii_lowercase(), find.to_ascii_lowercase());
    text.match_indices(&find).map(|(at, found)| (at, at + found.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::DARK;

    #[test]
    fn finds_in_any_case_and_between_other_scripts() {
        for (text, find, expected) in [
            ("dial tcp: i/o Timeout", "timeout", vec![(14, 21)]),
            ("Überlauf ERROR error", "error", vec![(10, 15), (16, 21)]),
            ("aaaa", "aa", vec![(0, 2), (2, 4)]),
            ("anything", "", vec![]),
            ("short", "longer than it", vec![]),
        ] {
            assert_eq!(matches(text, find), expected, "{find:?} in {text:?}");
        }
    }

    #[test]
    fn a_megabyte_in_one_line_is_cut_between_characters() {
        let row = LogRow { text: "é".repeat(500_000).into(), ..LogRow::default() };
        let job = line_job(&row, "", &DARK);
        assert!(job.text.len() <= LONGEST + " …".len());
        assert!(job.text.ends_with('…'));
    }

    #[test]
    fn a_line_cannot_hide_or_turn_anything() {
        let row = LogRow { text: "\u{1b}[2J\u{202e}ok\n\u{200b}".into(), ..LogRow::default() };
        assert_eq!(line_job(&row, "ok", &DARK).text, r"\u{1b}[2J\u{202e}ok\u{a}\u{200b}");
    }

    #[test]
    fn a_line_keeps_its_words_whatever_is_found_in_it() {
        let row = LogRow {
            time: "02:59:10".into(),
            source: "c77g6".into(),
            text: "leader election lost, retrying".into(),
            tone: Some(Tone::Warn),
        };
        for find in ["", "lost", "e", "nowhere"] {
            assert_eq!(line_job(&row, find, &DARK).text, "02:59:10 c77g6 leader election lost, retrying");
        }
    }
}
