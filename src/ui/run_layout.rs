//! How a step's screen is laid out: what scrolls, and where the regions' picture stands.

use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2};
use jiff::Timestamp;

use crate::app::model::Run;

use super::regions_picture;

/// In a page narrower than this the picture stands below the step, in points.
const BESIDE_FROM: f32 = 820.0;
/// Between the columns of a page, in points.
const GAP: f32 = 18.0;

/// The step's content, with the regions' picture at its right or, where there is no room, below it.
pub(super) fn beside_picture(run: &Run, now: Timestamp, ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    if ui.available_width() < BESIDE_FROM {
        scroll(run, ui, |ui| {
            add(ui);
            regions_picture::show(run, now, ui);
        });
        return;
    }
    let picture = (ui.available_width() * 0.375).clamp(300.0, 372.0);
    columns(
        ui,
        ui.available_width() - picture - GAP,
        |ui| scroll(run, ui, add),
        |ui| {
            ScrollArea::vertical().id_salt("picture").auto_shrink(false).show(ui, |ui| {
                regions_picture::show(run, now, ui);
            });
        },
    );
}

/// Two columns that take all the room there is; `left_width` in points.
pub(super) fn columns(
    ui: &mut Ui,
    left_width: f32,
    add_left: impl FnOnce(&mut Ui),
    add_right: impl FnOnce(&mut Ui),
) {
    let room = ui.available_rect_before_wrap();
    let middle = room.left() + left_width;
    let left = Rect::from_min_max(room.min, pos2(middle, room.bottom()));
    let right = Rect::from_min_max(pos2(middle + GAP, room.top()), room.max);
    add_left(&mut ui.new_child(UiBuilder::new().id_salt("left column").max_rect(left)));
    add_right(&mut ui.new_child(UiBuilder::new().id_salt("right column").max_rect(right)));
    ui.advance_cursor_after_rect(room);
}

/// A step's content that scrolls; each step keeps its own place.
pub(super) fn scroll(run: &Run, ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(run.step.id()).auto_shrink(false).show(ui, add);
}
