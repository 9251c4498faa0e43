//! The screens: each reads the model and pushes messages. No rule is decided here.
//!
//! One file a room: [`start`], [`form`], [`run`] with its steps, and [`dialogs`]
//! over all of them. [`show`] paints the one that the model says.

mod by_hand;
mod check_list;
mod checks;
mod debrief;
pub mod dialogs;
pub mod form;
mod grid;
mod handover;
mod heading;
mod log_panel;
mod overdue;
mod regions_picture;
pub mod run;
mod run_layout;
mod run_rail;
pub mod start;
pub mod steps;
mod timeline;
pub mod words;

use egui::{Frame, Margin, Panel, Sides, Ui};
use jiff::Timestamp;

use crate::app::model::{Model, Notice, Screen};
use crate::app::msg::Msg;
use crate::design::{ActionButton, Space, Tone, body, palette, tone_icon};

/// Paints the window: the screen, the notice below it, and a dialog over both.
pub fn show(model: &Model, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    if let Some(notice) = &model.notice {
        notice_ui(notice, ui, out);
    }
    match (model.screen, &model.form, &model.run) {
        (Screen::Form, Some(form), _) => form::show(form, ui, out),
        (Screen::Run, _, Some(run)) => run::show(model, run, now, ui, out),
        _ => start::show(model, ui, out),
    }
    if model.closing.is_some() {
        dialogs::closing(model, ui);
    } else if let Some(dialog) = &model.dialog {
        dialogs::show(model, dialog, now, ui, out);
    }
}

/// A line at the foot of the window: what happened, and what to do.
fn notice_ui(notice: &Notice, ui: &mut Ui, out: &mut Vec<Msg>) {
    let tone = if notice.bad { Tone::Fail } else { Tone::Pass };
    let frame = Frame::new().fill(palette(ui).tone(tone).bg).inner_margin(Margin::symmetric(20, 8));
    Panel::bottom("notice").frame(frame).show_separator_line(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = Space::S;
        let dismissed = Sides::new()
            .shrink_left()
            .wrap()
            .show(
                ui,
                |ui| {
                    tone_icon(ui, tone, 16.0, if notice.bad { "Problem" } else { "Done" });
                    body(ui, &notice.text);
                },
                |ui| ui.add(ActionButton::quiet("Dismiss")).clicked(),
            )
            .1;
        if dismissed {
            out.push(Msg::DismissNotice);
        }
    });
}
