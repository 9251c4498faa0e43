//! What all own widgets share: the ring of the focus, hover fill, descriptions.

use egui::{Color32, CornerRadius, CursorIcon, Pos2, Response, Shape, Stroke, StrokeKind, Ui, vec2};

use super::tokens::palette;
use crate::plain;

/// Paints the focus ring around a widget that has the keyboard.
pub(super) fn focus_ring(ui: &Ui, response: &Response, radius: CornerRadius) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette(ui).accent);
        ui.painter().rect_stroke(response.rect.expand(1.0), radius, stroke, StrokeKind::Outside);
    }
}

/// The hand over what can be clicked.
pub(super) fn hand(ui: &Ui, response: &Response) {
    if response.hovered() && response.enabled() {
        ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
    }
}

/// The fill of a clickable surface, which answers the pointer.
pub(super) fn answering(ui: &Ui, response: &Response, fill: Color32) -> Color32 {
    let p = palette(ui);
    if !response.enabled() {
        fill
    } else if response.is_pointer_button_down_on() {
        fill.lerp_to_gamma(p.text, 0.16)
    } else if response.hovered() {
        fill.lerp_to_gamma(p.text, 0.08)
    } else {
        fill
    }
}

/// What a screen reader says after the name.
pub(super) fn describe(ui: &Ui, response: &Response, text: &str) {
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(&*plain::lines(text)));
}

/// A small arrow: to the right, or down where something is open or can be.
pub(super) fn chevron(ui: &Ui, center: Pos2, down: bool) {
    let points = if down {
        [vec2(-4.0, -2.0), vec2(0.0, 2.0), vec2(4.0, -2.0)]
    } else {
        [vec2(-2.0, -4.0), vec2(2.0, 0.0), vec2(-2.0, 4.0)]
    };
    let stroke = Stroke::new(1.3, palette(ui).secondary);
    ui.painter().add(Shape::line(points.map(|offset| center + offset).to_vec(), stroke));
}
