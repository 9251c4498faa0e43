//! Cards and the messages that stand in their place.

use egui::{Frame, InnerResponse, Margin, Stroke, Ui, vec2};

use super::style::CARD_RADIUS;
use super::text::{Rich, Type, body, faint, strong};
use super::tokens::{Space, palette};
use super::tone::{Tone, tone_icon};

/// A card: a surface with a border that takes the whole width.
pub fn card<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    tone_card(ui, None, add_contents)
}

/// A [`card`] whose border says how its content stands.
pub fn tone_card<R>(
    ui: &mut Ui,
    tone: Option<Tone>,
    add_contents: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    surface(ui, tone).inner_margin(Margin::symmetric(16, 14)).show(ui, |ui| {
        settle(ui);
        add_contents(ui)
    })
}

/// A card without padding, to hold rows that separate themselves: [`list_row`],
/// [`check_row`](super::check_row), [`observation_strip`](super::observation_strip).
pub fn card_list<R>(ui: &mut Ui, add_rows: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    surface(ui, None).inner_margin(Margin::ZERO).show(ui, |ui| {
        settle(ui);
        ui.spacing_mut().item_spacing.y = 0.0;
        add_rows(ui)
    })
}

/// A row of free content in a [`card_list`].
pub fn list_row<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    separate(ui);
    Frame::new().inner_margin(Margin::symmetric(14, 9)).show(ui, |ui| {
        settle(ui);
        add_contents(ui)
    })
}

/// The line above each row of a list but the first.
pub(super) fn separate(ui: &Ui) {
    let top = ui.cursor().top();
    if top > ui.max_rect().top() + 0.5 {
        ui.painter().hline(ui.max_rect().x_range(), top, Stroke::new(1.0, palette(ui).line));
    }
}

fn surface(ui: &Ui, tone: Option<Tone>) -> Frame {
    let p = palette(ui);
    let border = tone.map_or(p.line, |tone| p.tone(tone).fg);
    Frame::new().fill(p.surface).stroke(Stroke::new(1.0, border)).corner_radius(CARD_RADIUS)
}

/// Takes the whole width, and the distances inside a card whatever they are around it.
pub(super) fn settle(ui: &mut Ui) {
    ui.set_width(ui.available_width());
    ui.spacing_mut().item_spacing = vec2(Space::S, Space::S);
}

/// A message with a tone: an icon, a title and what it means.
pub fn callout(ui: &mut Ui, tone: Tone, title: &str, text: &str) {
    let look = palette(ui).tone(tone);
    surface(ui, Some(tone)).fill(look.bg).inner_margin(Margin::symmetric(16, 12)).show(ui, |ui| {
        settle(ui);
        ui.horizontal_top(|ui| {
            tone_icon(ui, tone, 18.0, tone.word());
            ui.add_space(Space::XS);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                strong(ui, title);
                if !text.is_empty() {
                    body(ui, text);
                }
            });
        });
    });
}

/// What stands where there is nothing to show yet: why, and what to do about it.
/// `add_actions` adds the buttons.
pub fn empty_state<R>(
    ui: &mut Ui,
    title: &str,
    text: &str,
    add_actions: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    card(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(Space::L);
            let title = Rich::new().strong(title).job(palette(ui));
            ui.label(title);
            if !text.is_empty() {
                faint(ui, text);
            }
            ui.add_space(Space::XS);
            let inner = add_actions(ui);
            ui.add_space(Space::L);
            inner
        })
        .inner
    })
}

/// Height of a row with one line of body text, in points.
pub(super) fn row_height() -> f32 {
    Type::Body.line_height() + 17.0
}
