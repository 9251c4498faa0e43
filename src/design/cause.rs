//! Causes with their evidence, and the actions to choose from.

use egui::{
    CornerRadius, Frame, InnerResponse, Label, Margin, Response, Role, Sense, Stroke, StrokeKind, Ui,
    UiBuilder, WidgetInfo, vec2,
};

use super::focus::{answering, focus_ring, hand};
use super::rows::named_row;
use super::style::CARD_RADIUS;
use super::surface::tone_card;
use super::text::{Rich, Type, card_title};
use super::tokens::{Space, palette};
use super::tone::{Tone, tone_icon};
use crate::plain;

/// What is broken, with the evidence.
#[derive(Clone, Copy, Debug)]
pub struct CauseCard<'a> {
    /// How sure it is, or how bad.
    pub tone: Tone,
    /// The cause in a full sentence.
    pub title: &'a str,
    /// What speaks for it.
    pub evidence_for: &'a [Rich],
    /// What speaks against it.
    pub evidence_against: &'a [Rich],
    /// What could not be checked.
    pub unknown: &'a [Rich],
    /// The next thing to do, in a sentence; empty where there is none to name.
    pub next: &'a [Rich],
}

/// Shows a cause; `add_actions` adds the buttons below the evidence, in a row.
pub fn cause_card<R>(
    ui: &mut Ui,
    cause: &CauseCard<'_>,
    add_actions: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    tone_card(ui, Some(cause.tone), |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = Space::M;
            ui.add_space(1.0);
            tone_icon(ui, cause.tone, 18.0, cause.tone.word());
            ui.vertical(|ui| card_title(ui, cause.title));
        });
        evidence(ui, Tone::Pass, "For", cause.evidence_for);
        evidence(ui, Tone::Warn, "Against", cause.evidence_against);
        if !cause.unknown.is_empty() {
            evidence(ui, Tone::Unknown, "Unknown", cause.unknown);
        }
        if !cause.next.is_empty() {
            evidence(ui, Tone::Now, "Next", cause.next);
        }
        ui.add_space(Space::XS);
        ui.horizontal_wrapped(|ui| add_actions(ui)).inner
    })
}

fn evidence(ui: &mut Ui, tone: Tone, name: &str, items: &[Rich]) {
    let color = palette(ui).tone(tone).fg;
    named_row(ui, 80.0, Type::Strong, color, name, |ui| {
        ui.spacing_mut().item_spacing.y = 5.0;
        if items.is_empty() {
            Rich::new().faint("Nothing found").show(ui);
        }
        for item in items {
            item.show(ui);
        }
    });
}

/// One of several things that can be done.
#[derive(Clone, Copy, Debug)]
pub struct OptionCard<'a> {
    /// What is done: "Scale up to 3".
    pub title: &'a str,
    /// Why it fits, or why it cannot help.
    pub text: &'a str,
    /// Whether it is the chosen one.
    pub selected: bool,
    /// Whether it can be chosen. The text stays readable if not: it says why.
    pub enabled: bool,
}

/// A card to choose one of several by; a radio button to a screen reader.
pub fn option_card(ui: &mut Ui, option: &OptionCard<'_>) -> Response {
    let p = palette(ui);
    let sense = if option.enabled { Sense::click() } else { Sense::hover() };
    let slot = ui.painter().add(egui::Shape::Noop);
    let shown = ui.scope_builder(UiBuilder::new().sense(sense), |ui| {
        Frame::new().inner_margin(Margin::symmetric(16, 14)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing = vec2(0.0, 1.0);
            let title = if option.enabled { p.text } else { p.secondary };
            ui.add(Label::new(Type::Title.job(option.title, title)).selectable(false));
            ui.add(Label::new(Type::Body.job(option.text, p.secondary)).selectable(false));
        });
    });
    let response = shown.response;
    let fill = if option.enabled { answering(ui, &response, p.surface) } else { p.background };
    let border = if option.selected { Stroke::new(2.0, p.accent) } else { Stroke::new(1.0, p.line) };
    let shape = egui::epaint::RectShape::new(response.rect, CARD_RADIUS, fill, border, StrokeKind::Inside);
    ui.painter().set(slot, shape);
    if option.enabled {
        hand(ui, &response);
    }
    focus_ring(ui, &response, CornerRadius::same(11));
    let name = format!("{}. {}", option.title, option.text);
    response.widget_info(|| {
        WidgetInfo::selected(Role::RadioButton, option.enabled, option.selected, plain::lines(&name))
    });
    response
}
