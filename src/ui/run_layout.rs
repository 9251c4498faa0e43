//! How a step's screen is laid out: what scrolls, and where the regions' picture stands.

use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2};
use jiff::Timestamp;

use crate::app::model::Run;

use super::regions_picture;

/// In a page narrower than this the picture stands below the step, in points.
const BESIDE_FROM: f32 = 820.0;
/// How high a footer is taken to be until it is known, in points.
const FOOTER: f32 = 150.0;
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

/// A step's content that scrolls above a footer that stays in sight, as high as it needs to be.
pub(super) fn above_footer(
    run: &Run,
    ui: &mut Ui,
    add: impl FnOnce(&mut Ui),
    add_footer: impl FnOnce(&mut Ui),
) {
    let room = ui.available_rect_before_wrap();
    let id = ui.scope_id().with("footer");
    let known = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(FOOTER);
    // What is above it is what the footer is about.
    let height = known.min(room.height() * 0.6);
    let middle = room.bottom() - height;
    let above = Rect::from_min_max(room.min, pos2(room.right(), middle - GAP / 2.0));
    let below = Rect::from_min_max(pos2(room.left(), middle), room.max);
    scroll(run, &mut ui.new_child(UiBuilder::new().id_salt("above the footer").max_rect(above)), add);
    let mut footer = ui.new_child(UiBuilder::new().id_salt("the footer").max_rect(below));
    ScrollArea::vertical().id_salt("footer").auto_shrink([false, true]).show(&mut footer, |ui| {
        add_footer(ui);
        let needed = ui.min_rect().height();
        if (needed - known).abs() > 0.5 {
            ui.data_mut(|data| data.insert_temp(id, needed));
            ui.ctx().request_discard("the footer has another height");
        }
    });
    ui.advance_cursor_after_rect(room);
}

/// A step's content that scrolls; each step keeps its own place.
pub(super) fn scroll(run: &Run, ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(run.step.id()).auto_shrink(false).show(ui, add);
}
