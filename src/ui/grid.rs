//! Cards and fields side by side.

use egui::{Id, Rect, Ui, vec2};

use crate::design::{Space, Tone, tone_card};

/// How many columns of at least `min_width` points fit, from 1 to `most`.
pub(super) fn columns(ui: &Ui, min_width: f32, most: usize) -> usize {
    let fit = ((ui.available_width() + Space::L) / (min_width + Space::L)).floor() as usize;
    fit.clamp(1, most.max(1))
}

/// Rows of `columns` places of one width; `add` fills a place.
pub(super) fn rows<T>(ui: &mut Ui, columns: usize, items: &[T], mut add: impl FnMut(&mut Ui, &T)) {
    let width = (ui.available_width() - Space::L * (columns - 1) as f32) / columns as f32;
    for row in items.chunks(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = Space::L;
            for item in row {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    add(ui, item);
                });
            }
        });
    }
}

/// Cards in rows of `columns`, each as high as the highest of its row. `tone`
/// gives the border.
///
/// How high that is shows only once all are laid out, so a row whose height
/// changed is laid out twice in that frame.
pub(super) fn cards<T>(
    ui: &mut Ui,
    columns: usize,
    items: &[T],
    tone: impl Fn(&T) -> Option<Tone>,
    mut add: impl FnMut(&mut Ui, &T),
) {
    for (number, row) in items.chunks(columns).enumerate() {
        // several grids share one parent, so its id alone would mix their heights
        let id: Id = ui.next_auto_id().with(("row of cards", number));
        let before: f32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let mut highest = 0.0_f32;
        let width = (ui.available_width() - Space::L * (columns - 1) as f32) / columns as f32;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = Space::L;
            for item in row {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    tone_card(ui, tone(item), |ui| {
                        add(ui, item);
                        highest = highest.max(ui.min_rect().height());
                        ui.expand_to_include_rect(Rect::from_min_size(ui.min_rect().min, vec2(0.0, before)));
                    });
                });
            }
        });
        if (highest - before).abs() > 0.5 {
            ui.data_mut(|data| data.insert_temp(id, highest));
            ui.ctx().request_discard("cards of one row are of one height");
        }
    }
}
