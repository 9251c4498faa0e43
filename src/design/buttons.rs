//! Buttons and links.

use egui::{Color32, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, Widget, WidgetInfo, pos2, vec2};

use super::focus::{answering, describe, focus_ring, hand};
use super::style::{CONTROL_HEIGHT, CONTROL_RADIUS};
use super::text::Type;
use super::tokens::palette;

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
        let p = palette(ui);
        let (fill, text) = match self.kind {
            Kind::Primary => (p.accent, p.on_accent),
            Kind::Secondary => (p.raised, p.text),
            Kind::Danger => (p.danger.bg, p.danger.fg),
            Kind::Link => (Color32::TRANSPARENT, p.text),
            Kind::Quiet => (Color32::TRANSPARENT, p.secondary),
        };
        let text = self.colour.unwrap_or(text);
        let style = if self.framed() || self.colour.is_some() { Type::Strong } else { Type::Body };
        let galley = ui.painter().layout_no_wrap(self.label.to_owned(), style.font(), text);
        let keys = self.shortcut.map(|keys| Keycap::new(ui, keys));
        let keys_width = keys.as_ref().map_or(0.0, |keys| keys.size.x + 8.0);
        let size = if self.framed() {
            vec2(galley.size().x + keys_width + 34.0, if self.small { 28.0 } else { CONTROL_HEIGHT })
        } else {
            vec2(galley.size().x + keys_width, 24.0)
        };
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let left = rect.left() + if self.framed() { 17.0 } else { 0.0 };
        let at = pos2(left, rect.center().y - galley.size().y / 2.0);
        let painter = ui.painter();
        if self.framed() {
            painter.rect_filled(rect, CONTROL_RADIUS, answering(ui, &response, fill));
            if self.kind == Kind::Secondary {
                painter.rect_stroke(rect, CONTROL_RADIUS, Stroke::new(1.0, p.line), StrokeKind::Inside);
            }
        } else if self.kind == Kind::Link || response.hovered() {
            let y = at.y + galley.size().y - 1.0;
            painter.hline(left..=left + galley.size().x, y, Stroke::new(1.0, text));
        }
        let text_right = left + galley.size().x;
        painter.galley(at, galley, text);
        if let Some(keys) = keys {
            keys.paint(ui, pos2(text_right + 8.0, rect.center().y));
        }
        hand(ui, &response);
        focus_ring(ui, &response, CONTROL_RADIUS);
        let role = if self.framed() { Role::Button } else { Role::Link };
        response.widget_info(|| WidgetInfo::labeled(role, ui.is_enabled(), self.label));
        if let Some(keys) = self.shortcut {
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_keyboard_shortcut(keys));
        }
        response
    }
}

impl Widget for ActionButton<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let Some(reason) = self.off else { return self.show(ui) };
        let response = ui.add_enabled_ui(false, |ui| self.show(ui)).inner;
        describe(ui, &response, reason);
        response.on_disabled_hover_text(reason)
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
    text: std::sync::Arc<egui::Galley>,
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
