//! The frame of a screen: top bar, banner, rail, head.

use egui::{
    CentralPanel, CornerRadius, Frame, InnerResponse, Label, Margin, Panel, Rect, Response, Role, Sense,
    Sides, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::buttons::ActionButton;
use super::focus::{describe, focus_ring, hand};
use super::rows::one_line;
use super::text::{Type, headline, subline};
use super::tokens::{Space, palette};
use super::tone::{Tone, paint_tone};
use crate::plain;

/// The bar at the top of the window: what and where at the left, links at the right.
pub fn top_bar<L, R>(
    ui: &mut Ui,
    add_left: impl FnOnce(&mut Ui) -> L,
    add_right: impl FnOnce(&mut Ui) -> R,
) -> (L, R) {
    let p = palette(ui);
    let frame = Frame::new().fill(p.surface).inner_margin(Margin::symmetric(20, 0));
    Panel::top("top bar")
        .exact_size(Space::TOP_BAR)
        .frame(frame)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = Space::L;
            Sides::new().height(Space::TOP_BAR).shrink_left().truncate().show(ui, add_left, add_right)
        })
        .inner
}

/// The program's name at the left of the top bar.
pub fn product_name(ui: &mut Ui, name: &str) -> Response {
    let format = Type::Title.format(palette(ui).text);
    let font_id = egui::FontId { size: 16.5, ..format.font_id.clone() };
    let job = egui::text::LayoutJob::single_section(name.to_owned(), egui::TextFormat { font_id, ..format });
    ui.add(Label::new(job).selectable(false).extend())
}

/// The environment's name, or what the screen is about, beside the program's name.
pub fn environment_name(ui: &mut Ui, name: &str) -> Response {
    ui.add(Label::new(Type::Body.job(name, palette(ui).secondary)).truncate())
}

/// The banner of a practice run. Returns the index of the action that was clicked.
pub fn practice_banner(ui: &mut Ui, text: &str, actions: &[&str]) -> Option<usize> {
    let look = palette(ui).practice;
    let frame = Frame::new().fill(look.bg).inner_margin(Margin::symmetric(20, 0));
    Panel::top("practice banner")
        .exact_size(32.0)
        .frame(frame)
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 20.0;
            let bar = Sides::new().height(32.0).shrink_left().truncate();
            bar.show(
                ui,
                |ui| {
                    let mut format = Type::Strong.format(look.fg);
                    format.font_id.size = Type::Label.font().size;
                    let word = egui::text::LayoutJob::single_section("PRACTICE".to_owned(), format);
                    ui.add(Label::new(word).extend());
                    ui.add(Label::new(Type::Secondary.job(text, look.fg)).truncate());
                },
                |ui| {
                    // a right side is laid out from the right
                    let mut clicked = None;
                    for (i, action) in actions.iter().enumerate().rev() {
                        if ui.add(ActionButton::link(action).on_ground(look.fg)).clicked() {
                            clicked = Some(i);
                        }
                    }
                    clicked
                },
            )
            .1
        })
        .inner
}

/// The rail at the left of the window.
pub fn rail<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let frame = Frame::new().fill(palette(ui).surface).inner_margin(Margin::symmetric(10, 13));
    Panel::left("rail").exact_size(Space::RAIL).resizable(false).frame(frame).show(ui, add_contents)
}

/// What is left of the window, with the page's margins.
pub fn page<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let frame = Frame::new().fill(palette(ui).background).inner_margin(Margin {
        left: 22,
        right: 22,
        top: 18,
        bottom: 18,
    });
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 14.0;
        add_contents(ui)
    })
}

/// The head of a screen: the sentence that says the state, what it means, and at
/// the right what `add_actions` adds (from the right to the left).
pub fn page_head<R>(ui: &mut Ui, title: &str, meaning: &str, add_actions: impl FnOnce(&mut Ui) -> R) -> R {
    Sides::new()
        .shrink_left()
        .wrap()
        .show(
            ui,
            |ui| {
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    headline(ui, title);
                    if !meaning.is_empty() {
                        subline(ui, meaning);
                    }
                });
            },
            add_actions,
        )
        .1
}

/// Something else than a step to open from the rail.
pub fn rail_link(ui: &mut Ui, label: &str, current: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::click());
    let radius = rail_ground(ui, &response, current);
    let color = if current { palette(ui).text } else { palette(ui).secondary };
    let text = one_line(ui, label, Type::Body, color, rect.width() - 20.0);
    ui.painter().galley(pos2(rect.left() + 10.0, rect.center().y - text.size().y / 2.0), text, color);
    hand(ui, &response);
    focus_ring(ui, &response, radius);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), plain::lines(label)));
    response
}

/// What stands out in the rail: the current place, and what the pointer is on.
fn rail_ground(ui: &Ui, response: &Response, current: bool) -> CornerRadius {
    let p = palette(ui);
    let radius = CornerRadius::same(8);
    if current {
        ui.painter().rect(response.rect, radius, p.raised, Stroke::new(1.0, p.line), StrokeKind::Inside);
    } else if response.hovered() {
        ui.painter().rect_filled(response.rect, radius, p.raised);
    }
    radius
}

/// A step, or another place, in the rail.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// How it stands.
    pub tone: Tone,
    /// Its name, without the number.
    pub title: &'a str,
    /// Its state in a few words; may be empty.
    pub line: &'a str,
    /// Whether its screen is shown.
    pub current: bool,
}

/// The steps, numbered from 1. Returns the index of the one that was clicked.
pub fn step_rail(ui: &mut Ui, steps: &[Place<'_>]) -> Option<usize> {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let mut clicked = None;
        for (i, step) in steps.iter().enumerate() {
            if place_ui(ui, &format!("{} {}", i + 1, step.title), step).clicked() {
                clicked = Some(i);
            }
        }
        clicked
    })
    .inner
}

/// A place beside the steps, with a state of its own and no number.
pub fn rail_place(ui: &mut Ui, place: &Place<'_>) -> Response {
    place_ui(ui, place.title, place)
}

fn place_ui(ui: &mut Ui, name: &str, step: &Place<'_>) -> Response {
    let p = palette(ui);
    let height = if step.line.is_empty() { 42.0 } else { 59.0 };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let radius = rail_ground(ui, &response, step.current);
    let icon = Rect::from_center_size(pos2(rect.left() + 19.0, rect.top() + 21.0), Vec2::splat(17.0));
    paint_tone(ui.painter(), icon, step.tone, p.tone(step.tone).fg, p.surface);
    let width = rect.width() - 39.0 - 8.0;
    let title = one_line(ui, name, Type::Strong, p.text, width);
    let line = one_line(ui, step.line, Type::Secondary, p.secondary, width);
    let elided = title.elided || line.elided;
    ui.painter().galley(pos2(rect.left() + 39.0, rect.top() + 11.0), title, p.text);
    if !step.line.is_empty() {
        ui.painter().galley(pos2(rect.left() + 39.0, rect.top() + 31.0), line, p.secondary);
    }
    hand(ui, &response);
    focus_ring(ui, &response, radius);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), plain::lines(name)));
    describe(ui, &response, format!("{}. {}", step.tone.word(), step.line).trim_end_matches(". "));
    if step.current {
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_aria_current(egui::accesskit::AriaCurrent::Step);
        });
    }
    if elided { response.on_hover_text(plain::lines(&format!("{name}\n{}", step.line))) } else { response }
}
