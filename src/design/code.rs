//! Text to copy.

use egui::{
    CornerRadius, Frame, Label, Margin, Rect, Response, Role, Sense, Stroke, StrokeKind, TextWrapMode, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::focus::{focus_ring, hand};
use super::text::Type;
use super::tokens::palette;
use super::tone::paint_tick;
use crate::plain;

/// The button that copies: two squares, or a tick right after it did.
///
/// The caller copies when it is clicked, and decides how long `copied` holds.
/// `what` completes the name that is read out: "Copy the command".
pub fn copy_button(ui: &mut Ui, what: &str, copied: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(24.0), Sense::click());
    paint_copy(ui, rect, &response, copied);
    finish(ui, response, what, copied)
}

/// A command or another text of fixed width that wraps, with Copy at the top right.
/// Returns Copy's response; `what` and `copied` are as in [`copy_button`].
pub fn code_block(ui: &mut Ui, text: &str, what: &str, copied: bool) -> Response {
    let p = palette(ui);
    let word = if copied { "Copied" } else { "Copy" };
    // as wide as the longer of the two words, so that nothing moves when it changes
    let reserved = 78.0;
    let frame = Frame::new()
        .fill(p.code_background)
        .stroke(Stroke::new(1.0, p.line))
        .corner_radius(CornerRadius::same(7))
        .inner_margin(Margin { left: 12, right: 8, top: 9, bottom: 9 });
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let mut job = Type::Mono.job(text, p.text);
        // the whole text can be longer than any word: an ARN has no space to break at
        job.wrap.max_width = (ui.available_width() - reserved).max(80.0);
        let galley = ui.painter().layout_job(job);
        ui.add(Label::new(galley).selectable(true).wrap_mode(TextWrapMode::Extend));
    });
    let outer = shown.response.rect;
    let rect =
        Rect::from_min_size(pos2(outer.right() - reserved - 4.0, outer.top() + 6.0), vec2(reserved, 24.0));
    let response = ui.interact(rect, ui.scope_id().with(("copy", shown.response.id)), Sense::click());
    paint_copy(ui, Rect::from_min_size(rect.min, Vec2::splat(24.0)), &response, copied);
    let galley = ui.painter().layout_no_wrap(word.to_owned(), Type::Secondary.font(), p.secondary);
    let at = pos2(rect.left() + 26.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, p.secondary);
    finish(ui, response, what, copied)
}

fn finish(ui: &Ui, response: Response, what: &str, copied: bool) -> Response {
    hand(ui, &response);
    focus_ring(ui, &response, CornerRadius::same(5));
    let name = format!("{} {what}", if copied { "Copied" } else { "Copy" });
    response
        .widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), plain::lines(name.trim_end())));
    response.on_hover_text(plain::lines(name.trim_end()))
}

/// Two squares, one behind the other, or a tick.
pub(super) fn paint_copy(ui: &Ui, rect: Rect, response: &Response, copied: bool) {
    let p = palette(ui);
    let square = Rect::from_center_size(rect.center(), Vec2::splat(14.0));
    if copied {
        paint_tick(ui.painter(), square.shrink(1.0), p.pass.fg);
        return;
    }
    let color = if response.hovered() { p.text } else { p.secondary };
    let stroke = Stroke::new(1.3, color);
    let front =
        Rect::from_min_max(square.left_top() + vec2(0.0, 4.0), square.right_bottom() - vec2(4.0, 0.0));
    ui.painter().rect_stroke(front, 2.0, stroke, StrokeKind::Inside);
    let at = |x: f32, y: f32| square.left_top() + vec2(x, y);
    let behind = vec![
        at(4.0, 2.2),
        at(4.0, 1.5),
        at(4.8, 0.7),
        at(12.5, 0.7),
        at(13.3, 1.5),
        at(13.3, 9.2),
        at(12.5, 10.0),
        at(11.8, 10.0),
    ];
    ui.painter().line(behind, stroke);
}
