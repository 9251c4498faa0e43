//! Buttons and links.

use std::sync::Arc;

use egui::{
    Align, Color32, Galley, Layout, Response, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2, Widget,
    WidgetInfo, pos2, vec2,
};

use super::focus::{answering, describe, focus_ring, hand};
use super::rows::one_line;
use super::style::{CONTROL_HEIGHT, CONTROL_RADIUS};
use super::text::Type;
use super::tokens::palette;
use crate::plain;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Primary,
    Secondary,
    Danger,
    Link,
    Quiet,
}

/// A button: `ui.add(ActionButton::primary("Diagnose us-east-1")).clicked()`.
///
/// One primary button a screen. The dangerous one is for what changes the
/// failed region and is never the default.
#[must_use = "a button does nothing before it is added to a Ui"]
#[derive(Clone, Debug)]
pub struct ActionButton<'a> {
    label: &'a str,
    kind: Kind,
    off: Option<&'a str>,
    small: bool,
    shortcut: Option<&'a str>,
    colour: Option<Color32>,
}

impl<'a> ActionButton<'a> {
    fn new(label: &'a str, kind: Kind) -> Self {
        Self { label, kind, off: None, small: false, shortcut: None, colour: None }
    }

    /// The next thing to do.
    pub fn primary(label: &'a str) -> Self {
        Self::new(label, Kind::Primary)
    }

    /// Anything else there is to do.
    pub fn secondary(label: &'a str) -> Self {
        Self::new(label, Kind::Secondary)
    }

    /// Changes the failed region.
    pub fn danger(label: &'a str) -> Self {
        Self::new(label, Kind::Danger)
    }

    /// Underlined text.
    pub fn link(label: &'a str) -> Self {
        Self::new(label, Kind::Link)
    }

    /// Text without a line or a frame, for bars and rails.
    pub fn quiet(label: &'a str) -> Self {
        Self::new(label, Kind::Quiet)
    }

    /// Off while there is a reason to be, which is shown on hover and read after the name.
    pub fn off_because(mut self, reason: Option<&'a str>) -> Self {
        self.off = reason;
        self
    }

    /// 28 points high instead of 34.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// Shows the keys that do the same behind the label. It only shows them.
    pub fn shortcut(mut self, keys: &'a str) -> Self {
        self.shortcut = Some(keys);
        self
    }

    /// A link on a coloured ground, in that ground's text colour.
    pub(super) fn on_ground(mut self, text: Color32) -> Self {
        self.colour = Some(text);
        self
    }

    fn framed(&self) -> bool {
        !matches!(self.kind, Kind::Link | Kind::Quiet)
    }

    fn show(&self, ui: &mut Ui) -> Response {
        let Painted { text, color, fill, keys, size } = Painted::new(ui, self);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let left = rect.left() + if self.framed() { 17.0 } else { 0.0 };
        let right = left + text.size().x;
        let elided = text.elided;
        let at = pos2(left, rect.center().y - text.size().y / 2.0);
        let painter = ui.painter();
        if self.framed() {
            painter.rect_filled(rect, CONTROL_RADIUS, answering(ui, &response, fill));
            if self.kind == Kind::Secondary {
                let line = Stroke::new(1.0, palette(ui).line);
                painter.rect_stroke(rect, CONTROL_RADIUS, line, StrokeKind::Inside);
            }
        } else if self.kind == Kind::Link || response.hovered() {
            painter.hline(left..=right, at.y + text.size().y - 1.0, Stroke::new(1.0, color));
        }
        painter.galley(at, text, color);
        if let Some(keys) = keys {
            keys.paint(ui, pos2(right + 8.0, rect.center().y));
        }
        hand(ui, &response);
        focus_ring(ui, &response, CONTROL_RADIUS);
        let role = if self.framed() { Role::Button } else { Role::Link };
        response.widget_info(|| WidgetInfo::labeled(role, ui.is_enabled(), plain::lines(self.label)));
        if let Some(keys) = self.shortcut {
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_keyboard_shortcut(keys));
        }
        if elided { response.on_hover_text(plain::lines(self.label)) } else { response }
    }
}

impl Widget for ActionButton<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let Some(reason) = self.off else { return self.show(ui) };
        // a disabled child in a place taken before: as `add_enabled_ui`, but it wraps in rows that wrap
        let size = Painted::new(ui, &self).size;
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let place = UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)).disabled();
        let response = self.show(&mut ui.new_child(place));
        describe(ui, &response, reason);
        response.on_disabled_hover_text(plain::lines(reason))
    }
}

/// A button laid out.
struct Painted {
    text: Arc<Galley>,
    color: Color32,
    fill: Color32,
    keys: Option<Keycap>,
    size: Vec2,
}

impl Painted {
    fn new(ui: &Ui, button: &ActionButton<'_>) -> Self {
        let p = palette(ui);
        let (fill, color) = match button.kind {
            Kind::Primary => (p.accent, p.on_accent),
            Kind::Secondary => (p.raised, p.text),
            Kind::Danger => (p.danger.bg, p.danger.fg),
            Kind::Link => (Color32::TRANSPARENT, p.text),
            Kind::Quiet => (Color32::TRANSPARENT, p.secondary),
        };
        let color = button.colour.unwrap_or(color);
        let style = if button.framed() || button.colour.is_some() { Type::Strong } else { Type::Body };
        let keys = button.shortcut.map(|keys| Keycap::new(ui, keys));
        let padding = if button.framed() { 34.0 } else { 0.0 };
        let beside = padding + keys.as_ref().map_or(0.0, |keys| keys.size.x + 8.0);
        // never wider than the place it is in; the tolerance is for rounding
        let text = one_line(ui, button.label, style, color, ui.max_rect().width() - beside + 2.0);
        let width = text.size().x + beside;
        let size = match (button.framed(), button.small) {
            (true, false) => vec2(width, CONTROL_HEIGHT),
            (true, true) => vec2(width, 28.0),
            (false, _) => vec2(width, 24.0),
        };
        Self { text, color, fill, keys, size }
    }
}

/// The name of keys in a small frame, as "Ctrl K".
pub fn keycap(ui: &mut Ui, keys: &str) -> Response {
    let cap = Keycap::new(ui, keys);
    let (rect, response) = ui.allocate_exact_size(cap.size, Sense::hover());
    cap.paint(ui, rect.left_center());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, keys));
    response
}

struct Keycap {
    text: Arc<Galley>,
    size: Vec2,
}

impl Keycap {
    fn new(ui: &Ui, keys: &str) -> Self {
        let text = ui.painter().layout_no_wrap(keys.to_owned(), Type::Small.font(), palette(ui).secondary);
        let size = vec2(text.size().x + 10.0, 17.0);
        Self { text, size }
    }

    fn paint(self, ui: &Ui, left_center: egui::Pos2) {
        let p = palette(ui);
        let rect = egui::Rect::from_min_size(left_center - vec2(0.0, self.size.y / 2.0), self.size);
        ui.painter().rect_stroke(rect, 4.0, Stroke::new(1.0, p.line), StrokeKind::Inside);
        ui.painter().galley(rect.center() - self.text.size() / 2.0, self.text, p.secondary);
    }
}
