//! Verdicts: a shape, a colour and a word.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use egui::{
    Color32, CornerRadius, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

use super::text::Type;
use super::tokens::palette;
use crate::plain;

/// What a verdict looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Filled circle with a tick.
    Pass,
    /// Filled triangle with an exclamation mark.
    Warn,
    /// Filled octagon with a cross.
    Fail,
    /// Dashed circle with a question mark: could not be checked.
    Unknown,
    /// Ring with a dot: here we are.
    Now,
    /// Empty ring.
    ToCome,
    /// Ring with a tick: a person says that they did it.
    ByHand,
    /// Filled diamond with an arrow: a person went past it with a reason.
    PassedOver,
    /// Ring with a bar: left out.
    Skipped,
    /// Filled circle with an arrow: something was done.
    Action,
    /// Sheet with lines: what a person wrote down.
    Note,
    /// Ring with a gap: being asked. It stands still, see [`super::install`].
    Busy,
}

impl Tone {
    /// All tones.
    pub const ALL: [Self; 12] = [
        Self::Pass,
        Self::Warn,
        Self::Fail,
        Self::Unknown,
        Self::Now,
        Self::ToCome,
        Self::ByHand,
        Self::PassedOver,
        Self::Skipped,
        Self::Action,
        Self::Note,
        Self::Busy,
    ];

    /// The word for it where the view has no better one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Warn => "Warning",
            Self::Fail => "Fail",
            Self::Unknown => "Could not check",
            Self::Now => "Now",
            Self::ToCome => "To come",
            Self::ByHand => "Done by hand",
            Self::PassedOver => "Passed over",
            Self::Skipped => "Skipped",
            Self::Action => "Done",
            Self::Note => "Note",
            Self::Busy => "Checking",
        }
    }
}

/// The icon of a tone in a square of `size` points; `name` is read to those who do not see it.
pub fn tone_icon(ui: &mut Ui, tone: Tone, size: f32, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
    let p = palette(ui);
    paint_tone(ui.painter(), rect, tone, p.tone(tone).fg, p.surface);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, plain::lines(name)));
    response
}

/// A pill with the tone's icon and a word.
pub fn badge(ui: &mut Ui, tone: Tone, word: &str) -> Response {
    pill(ui, tone, word, vec2(pill_width(ui, word), 22.0))
}

/// A region's state in the top bar: a larger [`badge`].
pub fn region_chip(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    pill(ui, tone, text, vec2(pill_width(ui, text) + 8.0, 26.0))
}

fn pill(ui: &mut Ui, tone: Tone, word: &str, size: Vec2) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_pill(ui, rect, tone, word);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, plain::lines(word)));
    response
}

const PILL_PAD: f32 = 6.0;
const PILL_ICON: f32 = 14.0;

/// Width of a badge with this word, in points.
pub(super) fn pill_width(ui: &Ui, word: &str) -> f32 {
    let text =
        ui.painter().layout_no_wrap(plain::line(word).into_owned(), Type::Label.font(), palette(ui).text);
    PILL_PAD + PILL_ICON + 6.0 + text.size().x + 8.0
}

/// Paints a badge into `rect`, which is as wide as [`pill_width`] says or narrower.
pub(super) fn paint_pill(ui: &Ui, rect: Rect, tone: Tone, word: &str) {
    let look = palette(ui).tone(tone);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, CornerRadius::same(6), look.bg);
    let left = PILL_PAD + ((rect.width() - pill_width(ui, word)) / 2.0).max(0.0);
    let icon = Rect::from_center_size(
        pos2(rect.left() + left + PILL_ICON / 2.0, rect.center().y),
        Vec2::splat(PILL_ICON),
    );
    paint_tone(&painter, icon, tone, look.fg, look.bg);
    let text = painter.layout_no_wrap(plain::line(word).into_owned(), Type::Label.font(), look.fg);
    painter.galley(pos2(icon.right() + 6.0, rect.center().y - text.size().y / 2.0), text, look.fg);
}

/// Paints a tone's shape; `ink` is the colour of the sign inside a filled shape.
pub(super) fn paint_tone(painter: &Painter, rect: Rect, tone: Tone, color: Color32, ink: Color32) {
    let c = rect.center();
    let r = rect.width().min(rect.height()) / 2.0;
    let thin = Stroke::new((r * 0.2).max(1.3), color);
    match tone {
        Tone::Pass => {
            painter.circle_filled(c, r, color);
            paint_tick(painter, Rect::from_center_size(c, Vec2::splat(r * 1.1)), ink);
        }
        Tone::Warn => {
            let corners = [vec2(0.0, -r), vec2(r * 1.05, r * 0.85), vec2(-r * 1.05, r * 0.85)];
            painter.add(polygon(c, &corners, color));
            let bar = Stroke::new((r * 0.26).max(1.3), ink);
            painter.line_segment([c + vec2(0.0, -r * 0.32), c + vec2(0.0, r * 0.26)], bar);
            painter.circle_filled(c + vec2(0.0, r * 0.58), (r * 0.16).max(0.8), ink);
        }
        Tone::Fail => {
            let corners: Vec<Vec2> =
                (0u8..8).map(|i| Vec2::angled(PI / 8.0 + f32::from(i) * PI / 4.0) * r * 1.05).collect();
            painter.add(polygon(c, &corners, color));
            paint_cross(painter, Rect::from_center_size(c, Vec2::splat(r * 0.72)), ink);
        }
        Tone::Unknown => {
            for i in 0u8..8 {
                let from = f32::from(i) * TAU / 8.0;
                painter.add(arc(c, r - 0.7, from, from + TAU / 13.0, Stroke::new(1.4, color)));
            }
            painter.text(
                c,
                egui::Align2::CENTER_CENTER,
                "?",
                egui::FontId::new(r * 1.35, Type::Label.font().family),
                color,
            );
        }
        Tone::Now => {
            painter.circle_stroke(c, r - thin.width / 2.0, thin);
            painter.circle_filled(c, r * 0.45, color);
        }
        Tone::ToCome => {
            painter.circle_stroke(c, r - thin.width / 2.0, thin);
        }
        Tone::ByHand => {
            painter.circle_stroke(c, r - thin.width / 2.0, thin);
            paint_tick(painter, Rect::from_center_size(c, Vec2::splat(r * 0.95)), color);
        }
        Tone::PassedOver => {
            let corners = [vec2(0.0, -r * 1.1), vec2(r * 1.1, 0.0), vec2(0.0, r * 1.1), vec2(-r * 1.1, 0.0)];
            painter.add(polygon(c, &corners, color));
            paint_arrow(painter, c, r, ink);
        }
        Tone::Skipped => {
            painter.circle_stroke(c, r - thin.width / 2.0, thin);
            painter.line_segment([c - vec2(r * 0.45, 0.0), c + vec2(r * 0.45, 0.0)], thin);
        }
        Tone::Action => {
            painter.circle_filled(c, r, color);
            paint_arrow(painter, c, r, ink);
        }
        Tone::Note => {
            let sheet = Rect::from_center_size(c, vec2(r * 1.6, r * 1.9));
            painter.rect_stroke(sheet, CornerRadius::same(2), thin, egui::StrokeKind::Inside);
            for y in [-0.35, 0.05, 0.45] {
                painter.line_segment([c + vec2(-r * 0.42, r * y), c + vec2(r * 0.42, r * y)], thin);
            }
        }
        Tone::Busy => {
            painter.add(arc(c, r - thin.width / 2.0, -FRAC_PI_2, PI, thin));
        }
    }
}

/// The head of an arrow to the right, in a shape of this middle and radius.
fn paint_arrow(painter: &Painter, c: Pos2, r: f32, ink: Color32) {
    let head = [vec2(-r * 0.18, -r * 0.42), vec2(r * 0.28, 0.0), vec2(-r * 0.18, r * 0.42)];
    painter.line(head.map(|point| c + point).to_vec(), Stroke::new((r * 0.24).max(1.3), ink));
}

/// A tick within `rect`.
pub(super) fn paint_tick(painter: &Painter, rect: Rect, color: Color32) {
    let at = |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
    let stroke = Stroke::new((rect.width() * 0.19).max(1.3), color);
    painter.line(vec![at(0.08, 0.55), at(0.38, 0.85), at(0.92, 0.2)], stroke);
}

/// A cross within `rect`.
pub(super) fn paint_cross(painter: &Painter, rect: Rect, color: Color32) {
    let stroke = Stroke::new((rect.width() * 0.26).max(1.3), color);
    painter.line_segment([rect.left_top(), rect.right_bottom()], stroke);
    painter.line_segment([rect.right_top(), rect.left_bottom()], stroke);
}

fn polygon(center: Pos2, corners: &[Vec2], color: Color32) -> Shape {
    Shape::convex_polygon(corners.iter().map(|&corner| center + corner).collect(), color, Stroke::NONE)
}

/// Part of a circle, angles in radians, clockwise from the right.
fn arc(center: Pos2, radius: f32, from: f32, to: f32, stroke: Stroke) -> Shape {
    let steps = 12u8;
    let points = (0..=steps)
        .map(|i| center + Vec2::angled(egui::lerp(from..=to, f32::from(i) / f32::from(steps))) * radius)
        .collect();
    Shape::line(points, stroke)
}
