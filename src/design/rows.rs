//! Rows of evidence.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Color32, CornerRadius, Frame, Galley, Label, Margin, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::code::copy_button;
use super::focus::{chevron, describe, focus_ring, hand};
use super::surface::{row_height, separate, settle};
use super::text::{Rich, Type};
use super::tokens::{Palette, Space, palette};
use super::tone::{Tone, paint_cross, paint_pill, paint_tick, paint_tone};
use crate::plain;

/// A check in one line: verdict, what was asked, found, normal, age.
#[derive(Clone, Copy, Debug)]
pub struct CheckRow<'a> {
    /// The verdict.
    pub tone: Tone,
    /// The verdict's word, short: "Fail".
    pub word: &'a str,
    /// What was asked: "Database port".
    pub title: &'a str,
    /// Room for the titles, in points: the same for all rows of a list, see [`title_width`].
    pub title_width: f32,
    /// What was found.
    pub found: &'a str,
    /// What is normal, without the word "normal"; empty where the finding says it.
    pub normal: &'a str,
    /// What to do about it, below the row while it is closed; empty where there is nothing to.
    pub note: &'a str,
    /// Time since it was asked: "2 s".
    pub age: &'a str,
    /// Whether the details below are shown.
    pub open: bool,
    /// Whether it was copied a moment ago.
    pub copied: bool,
}

/// What happened in a [`check_row`].
#[derive(Debug)]
pub struct CheckRowResponse {
    /// The row was clicked: open or close the details.
    pub toggled: bool,
    /// Copy was clicked.
    pub copy: bool,
    /// The row.
    pub row: Response,
}

/// Where the columns of all rows of one width begin, measured from the left.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Columns {
    title: f32,
    found: f32,
    normal: f32,
    age: f32,
    chevron: f32,
    copy: f32,
}

/// Where titles begin, behind the verdict.
const TITLE_LEFT: f32 = 94.0;

impl Columns {
    fn of(width: f32, title_width: f32) -> Self {
        let copy = width - 32.0;
        let chevron = copy - 12.0;
        let age = chevron - 44.0;
        let title = TITLE_LEFT;
        let found = title + title_width.min(age - title - 100.0).max(84.0);
        // below this there is no room for what is normal; hovering still says it
        let normal = if width < 520.0 { age } else { age - (width * 0.2).clamp(112.0, 200.0) }.max(found);
        Self { title, found, normal, age, chevron, copy }
    }
}

/// Room that these titles need in a list of [`check_row`]s, in points: the longest one's, but not more
/// than a third of the list.
pub fn title_width<'a>(ui: &Ui, titles: impl Iterator<Item = &'a str>) -> f32 {
    let width = |title: &str| {
        ui.painter().layout_no_wrap(title.to_owned(), Type::Strong.font(), Color32::WHITE).size().x
    };
    let most = (ui.available_width() * 0.36).max(84.0);
    (titles.map(width).fold(0.0, f32::max) + 16.0).clamp(84.0, most)
}

/// A check's row in a [`card_list`](super::card_list): a button over the whole
/// width, with Copy at its end. While `open`, `add_details` adds what is below it.
pub fn check_row(ui: &mut Ui, check: &CheckRow<'_>, add_details: impl FnOnce(&mut Ui)) -> CheckRowResponse {
    separate(ui);
    let (rect, row) = ui.allocate_exact_size(vec2(ui.available_width(), row_height()), Sense::click());
    let columns = Columns::of(rect.width(), check.title_width);
    let elided = paint_check(ui, rect, &row, check, columns);
    hand(ui, &row);
    let name = if check.normal.is_empty() {
        format!("{}: {}, {}", check.title, check.word, check.found)
    } else {
        format!("{}: {}, {}, normal: {}", check.title, check.word, check.found, check.normal)
    };
    row.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), plain::lines(&name)));
    ui.ctx().accesskit_node_builder(row.id, |node| node.set_expanded(check.open));
    describe(ui, &row, check.age);
    let copy_at =
        Rect::from_center_size(pos2(rect.left() + columns.copy + 10.0, rect.center().y), Vec2::splat(24.0));
    let mut beside = ui.new_child(egui::UiBuilder::new().max_rect(copy_at).id_salt(("copy", row.id)));
    let copy = copy_button(&mut beside, check.title, check.copied);
    let inside = Response { rect: rect.shrink(3.0), ..row.clone() };
    focus_ring(ui, &inside, CornerRadius::same(6));
    if !check.open && !check.note.is_empty() {
        below_row(ui, |ui| Rich::quoting(check.note).show(ui));
    }
    if check.open {
        Frame::new().inner_margin(Margin { left: 16, right: 16, top: 2, bottom: 14 }).show(ui, |ui| {
            settle(ui);
            add_details(ui);
        });
    }
    let toggled = row.clicked();
    let row = if elided { row.on_hover_text(plain::lines(&name)) } else { row };
    CheckRowResponse { toggled, copy: copy.clicked(), row }
}

/// What belongs to the [`check_row`] above it and is shown while that is closed: in line with its title.
pub fn below_row<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = Margin { left: TITLE_LEFT as i8, right: 16, top: 0, bottom: 8 };
    let shown = Frame::new().inner_margin(margin).show(ui, |ui| {
        settle(ui);
        add_contents(ui)
    });
    shown.inner
}

/// Paints the row; true if a text did not fit.
fn paint_check(ui: &Ui, rect: Rect, row: &Response, check: &CheckRow<'_>, columns: Columns) -> bool {
    let p = palette(ui);
    if row.hovered() {
        ui.painter().rect_filled(rect.shrink(3.0), CornerRadius::same(7), p.raised);
    }
    let badge = Rect::from_min_size(
        pos2(rect.left() + 14.0, rect.center().y - 11.0),
        vec2(super::tone::pill_width(ui, check.word).min(columns.title - 22.0), 22.0),
    );
    paint_pill(ui, badge, check.tone, check.word);
    // what is found is the point: what is normal gives way where only a piece of either would show
    let whole = |text: &str, style, from, to| !one_line(ui, text, style, p.text, to - from - 8.0).elided;
    let mut normal =
        if check.normal.is_empty() { String::new() } else { format!("normal: {}", check.normal) };
    let fits = whole(check.found, Type::Body, columns.found, columns.normal)
        && whole(&normal, Type::Secondary, columns.normal, columns.age);
    let left_out = !normal.is_empty() && !fits;
    if left_out {
        normal.clear();
    }
    let found_end = if normal.is_empty() { columns.age } else { columns.normal };
    let cells = [
        (columns.title, columns.found, check.title, Type::Strong, p.text),
        (columns.found, found_end, check.found, Type::Body, p.text),
        (columns.normal, columns.age, normal.as_str(), Type::Secondary, p.secondary),
        (columns.age, columns.chevron, check.age, Type::Secondary, p.secondary),
    ];
    let mut elided = left_out;
    for (from, to, text, style, color) in cells {
        let galley = one_line(ui, text, style, color, to - from - 8.0);
        elided |= galley.elided || (!text.is_empty() && to <= from);
        let at = pos2(rect.left() + from, rect.center().y - galley.size().y / 2.0);
        if to > from {
            ui.painter().galley(at, galley, color);
        }
    }
    chevron(ui, pos2(rect.left() + columns.chevron, rect.center().y), check.open);
    elided
}

/// A text in one line that ends in "…" where it does not fit.
pub(super) fn one_line(ui: &Ui, text: &str, style: Type, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(plain::line(text).into_owned(), style.format(color));
    job.wrap.max_width = width.max(0.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    ui.painter().layout_job(job)
}

/// Rows of a name and what it is, as the facts of a plan.
pub fn key_values(ui: &mut Ui, rows: &[(&str, Rich)]) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(Space::S, 6.0);
        let names = name_width(ui, rows.iter().map(|(name, _)| *name));
        for (name, value) in rows {
            named_row(ui, names, Type::Body, palette(ui).secondary, name, |ui| {
                value.show(ui);
            });
        }
    });
}

/// Width of the column of names, in points: the longest, but at most a third.
pub(super) fn name_width<'a>(ui: &Ui, names: impl Iterator<Item = &'a str>) -> f32 {
    let font = Type::Body.font();
    let longest = names
        .map(|name| ui.painter().layout_no_wrap(name.to_owned(), font.clone(), Color32::WHITE).size().x)
        .fold(0.0, f32::max);
    (longest + Space::L).clamp(88.0, (ui.available_width() / 3.0).max(88.0))
}

/// A name in a column of its own, and what `add_value` adds beside it.
pub(super) fn named_row<R>(
    ui: &mut Ui,
    name_width: f32,
    style: Type,
    color: Color32,
    name: &str,
    add_value: impl FnOnce(&mut Ui) -> R,
) -> R {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let left = ui.cursor().left();
        ui.scope(|ui| {
            ui.set_max_width(name_width - Space::S);
            ui.add(Label::new(style.job(name, color)).wrap());
        });
        ui.add_space((left + name_width - ui.cursor().left()).max(0.0));
        ui.vertical(add_value).inner
    })
    .inner
}

/// A labelled bar with its value in words: "Ready", 2/3, "2 of 3".
pub fn progress_row(ui: &mut Ui, label: &str, fraction: f32, tone: Tone, value: &str) -> Response {
    let p = palette(ui);
    let fraction = fraction.clamp(0.0, 1.0);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    let (labels, values) = ((rect.width() * 0.24).clamp(96.0, 165.0), 96.0);
    let put = |text: &str, style: Type, color, left: f32, width| {
        let galley = one_line(ui, text, style, color, width);
        ui.painter().galley(pos2(left, rect.center().y - galley.size().y / 2.0), galley, color);
    };
    put(label, Type::Body, p.text, rect.left(), labels - 8.0);
    put(value, Type::Strong, p.text, rect.right() - values + 14.0, values - 14.0);
    let bar = Rect::from_x_y_ranges(
        rect.left() + labels..=rect.right() - values,
        rect.center().y - 7.5..=rect.center().y + 7.5,
    );
    let radius = CornerRadius::same(4);
    ui.painter().rect(bar, radius, p.raised, Stroke::new(1.0, p.line), StrokeKind::Inside);
    if fraction > 0.0 {
        let mut filled = bar;
        filled.set_width(bar.width() * fraction);
        let ends = if fraction < 1.0 { CornerRadius { ne: 0, se: 0, ..radius } } else { radius };
        ui.painter().rect_filled(filled, ends, p.tone(tone).fg);
    }
    response.widget_info(|| WidgetInfo {
        value: Some(f64::from(fraction)),
        ..WidgetInfo::labeled(Role::ProgressIndicator, true, plain::lines(&format!("{label}: {value}")))
    });
    response
}

/// What one observer saw over time, in a [`card_list`](super::card_list): a square
/// an observation, the newest at the right and the strongest; then the latest in words.
/// Where the room is short the oldest are left out.
pub fn observation_strip(ui: &mut Ui, label: &str, seen: &[Tone], tone: Tone, latest: &str) -> Response {
    separate(ui);
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 31.0), Sense::hover());
    let labels = (rect.width() * 0.21).clamp(96.0, 160.0);
    let words = (rect.width() * 0.24).clamp(96.0, 220.0);
    let name = one_line(ui, label, Type::Mono, p.text, labels - 8.0);
    ui.painter().galley(pos2(rect.left() + 14.0, rect.center().y - name.size().y / 2.0), name, p.text);
    let left = rect.left() + 14.0 + labels;
    let room = ((rect.right() - words - left) / SQUARE_STEP).max(0.0) as usize;
    let shown = &seen[seen.len().saturating_sub(room)..];
    for (i, tone) in shown.iter().enumerate() {
        let square = Rect::from_min_size(
            pos2(left + i as f32 * SQUARE_STEP, rect.center().y - 10.0),
            vec2(SQUARE_STEP - 3.0, 20.0),
        );
        paint_square(ui, square, *tone, p, (i + 1) as f32 / shown.len() as f32);
    }
    let x = left + shown.len() as f32 * SQUARE_STEP + Space::S;
    let color = p.tone(tone).fg;
    paint_sign(ui, Rect::from_center_size(pos2(x + 4.0, rect.center().y), Vec2::splat(9.0)), tone, color);
    let text = one_line(ui, latest, Type::Secondary, color, rect.right() - x - 28.0);
    let elided = text.elided;
    ui.painter().galley(pos2(x + 14.0, rect.center().y - text.size().y / 2.0), text, color);
    let good = seen.iter().filter(|tone| **tone == Tone::Pass).count();
    let spoken = format!("{label}: {latest}, {good} of {} observations passed", seen.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, plain::lines(&spoken)));
    if elided { response.on_hover_text(plain::lines(&spoken)) } else { response }
}

const SQUARE_STEP: f32 = 13.0;

/// Passing squares are lower than failing ones, so that the shape tells them apart too.
fn paint_square(ui: &Ui, rect: Rect, tone: Tone, p: &Palette, newness: f32) {
    let color = p.surface.lerp_to_gamma(p.tone(tone).fg, egui::lerp(0.45..=1.0, newness));
    let radius = CornerRadius::same(2);
    match tone {
        Tone::Pass => ui.painter().rect_filled(rect.shrink2(vec2(0.0, 4.0)), radius, color),
        Tone::Fail | Tone::Warn => ui.painter().rect_filled(rect, radius, color),
        _ => ui.painter().rect_stroke(
            rect.shrink2(vec2(0.5, 4.0)),
            radius,
            Stroke::new(1.0, color),
            StrokeKind::Inside,
        ),
    };
}

/// The thin sign before a small line: a tick, a cross, or the tone's own shape.
pub(super) fn paint_sign(ui: &Ui, rect: Rect, tone: Tone, color: Color32) {
    match tone {
        Tone::Pass => paint_tick(ui.painter(), rect, color),
        Tone::Fail => paint_cross(ui.painter(), rect.shrink(1.0), color),
        other => paint_tone(ui.painter(), rect.expand(1.0), other, color, palette(ui).raised),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_order_and_inside_the_row() {
        let widths = [400.0, 480.0, 520.0, 602.0, 992.0, 1600.0];
        for (width, titles) in widths.into_iter().flat_map(|width| [(width, 84.0), (width, width * 0.36)]) {
            let c = Columns::of(width, titles);
            let order = [0.0, c.title, c.found, c.normal, c.age, c.chevron, c.copy, width];
            assert!(order.is_sorted(), "{width}: {order:?}");
            assert!(c.age - c.found >= 99.0, "{width}, {titles}: no room for what was found: {c:?}");
        }
    }
}
