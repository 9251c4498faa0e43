//! Labelled fields of a form.

use egui::{
    ComboBox, CornerRadius, InnerResponse, Label, Response, Role, ScrollArea, Sense, Stroke, StrokeKind,
    TextEdit, Ui, Vec2, WidgetInfo, vec2,
};

use super::buttons::ActionButton;
use super::focus::{answering, chevron, describe, focus_ring, hand};
use super::style::{CONTROL_HEIGHT, CONTROL_RADIUS};
use super::text::Type;
use super::tokens::{Space, palette};
use super::tone::{Tone, paint_tone};
use crate::plain;

/// The line below a field: whether what is in it can be right.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// How it stands; `None` for a plain explanation.
    pub tone: Option<Tone>,
    /// What was found.
    pub text: &'a str,
}

/// A labelled field. Its id is made of the label: put equal labels of a screen
/// under a [`Ui::push_id`] each.
#[must_use = "a field is shown by text, path or combo"]
#[derive(Clone, Debug)]
pub struct Field<'a> {
    label: &'a str,
    mono: bool,
    hint: &'a str,
    note: Option<Note<'a>>,
    width: Option<f32>,
}

/// What happened in a [`Field::path`] or a [`Field::choice`].
#[derive(Debug)]
pub struct PathField {
    /// The text field.
    pub text: Response,
    /// The button beside it was clicked: open the file dialog or the list.
    pub choose: bool,
}

impl<'a> Field<'a> {
    /// A field with this label above it.
    pub fn new(label: &'a str) -> Self {
        Self { label, mono: false, hint: "", note: None, width: None }
    }

    /// Its content is of fixed width: names, addresses, paths.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Shown while it is empty.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// The line below it. A failing note reddens the frame.
    pub fn note(mut self, note: Option<Note<'a>>) -> Self {
        self.note = note;
        self
    }

    /// Width in points; without it, all there is.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// A line of text to edit.
    pub fn text(&self, ui: &mut Ui, value: &mut String) -> Response {
        self.frame(ui, |ui, label| self.edit(ui, label, value, ui.available_width()))
    }

    /// Several lines of text to edit, so many of them in sight; the others are scrolled to.
    pub fn lines(&self, ui: &mut Ui, value: &mut String, rows: usize) -> Response {
        self.frame(ui, |ui, label| {
            let style = if self.mono { Type::Mono } else { Type::Body };
            let height = style.line_height() * rows as f32 + 16.0;
            let edit = TextEdit::multiline(value)
                .id_salt(self.label)
                .font(style.font())
                .hint_text(egui::RichText::new(self.hint).font(style.font()).color(palette(ui).secondary))
                .margin(vec2(11.0, 8.0))
                .desired_rows(rows)
                .desired_width(ui.available_width());
            let area = ScrollArea::vertical().id_salt((self.label, "lines")).max_height(height);
            let response = area.show(ui, |ui| ui.add(edit)).inner.labelled_by(label.id);
            self.describe(ui, &response);
            response
        })
    }

    /// A path: typed, or chosen in a file dialog the caller opens.
    pub fn path(&self, ui: &mut Ui, value: &mut String) -> PathField {
        self.frame(ui, |ui, label| {
            ui.horizontal(|ui| {
                let button = 98.0 + Space::S;
                let text = self.edit(ui, label, value, (ui.available_width() - button).max(80.0));
                let choose = ui.add(ActionButton::secondary("Choose…"));
                let name = format!("Choose {}", self.label);
                choose.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name));
                PathField { text, choose: choose.clicked() }
            })
            .inner
        })
    }

    /// A line of text with an arrow beside it, for a list that the caller opens.
    pub fn choice(&self, ui: &mut Ui, value: &mut String) -> PathField {
        self.frame(ui, |ui, label| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = Space::XS;
                let width = ui.available_width() - CONTROL_HEIGHT - Space::XS;
                let text = self.edit(ui, label, value, width.max(80.0));
                let choose = arrow_button(ui, &format!("Choose {}", self.label));
                PathField { text, choose: choose.clicked() }
            })
            .inner
        })
    }

    /// A choice; `add_items` fills the list with [`Ui::selectable_value`].
    pub fn combo<R>(
        &self,
        ui: &mut Ui,
        selected: &str,
        add_items: impl FnOnce(&mut Ui) -> R,
    ) -> InnerResponse<Option<R>> {
        self.frame(ui, |ui, label| {
            let p = palette(ui);
            let style = if self.mono { Type::Mono } else { Type::Body };
            let (shown, color) =
                if selected.is_empty() { (self.hint, p.secondary) } else { (selected, p.text) };
            let widgets = &mut ui.visuals_mut().widgets;
            for visuals in
                [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active, &mut widgets.open]
            {
                visuals.weak_bg_fill = p.code_background;
            }
            ui.spacing_mut().interact_size.y = CONTROL_HEIGHT;
            let inner = ComboBox::from_id_salt(self.label)
                .width(ui.available_width())
                .truncate()
                .icon(|ui, rect, _, _| chevron(ui, rect.center(), true))
                .selected_text(egui::RichText::new(plain::line(shown)).font(style.font()).color(color))
                .show_ui(ui, add_items);
            let response = inner.response.labelled_by(label.id);
            self.describe(ui, &response);
            InnerResponse::new(inner.inner, response)
        })
    }

    /// Label, what `add` shows, note: in a column of the field's width.
    fn frame<R>(&self, ui: &mut Ui, add: impl FnOnce(&mut Ui, &Response) -> R) -> R {
        let p = palette(ui);
        let width = self.width.unwrap_or_else(|| ui.available_width());
        ui.vertical(|ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.x = Space::S;
            ui.spacing_mut().item_spacing.y = 5.0;
            let label = ui.add(Label::new(Type::Label.job(self.label, p.text)).selectable(false));
            let result = ui
                .scope(|ui| {
                    if self.failing() {
                        let border = Stroke::new(1.0, p.fail.fg);
                        ui.visuals_mut().widgets.inactive.bg_stroke = border;
                        ui.visuals_mut().widgets.hovered.bg_stroke = border;
                    }
                    add(ui, &label)
                })
                .inner;
            if let Some(note) = self.note {
                note_line(ui, note);
            }
            result
        })
        .inner
    }

    fn failing(&self) -> bool {
        self.note.is_some_and(|note| note.tone == Some(Tone::Fail))
    }

    fn edit(&self, ui: &mut Ui, label: &Response, value: &mut String, width: f32) -> Response {
        let style = if self.mono { Type::Mono } else { Type::Body };
        let margin = vec2(11.0, (CONTROL_HEIGHT - style.line_height()) / 2.0);
        let edit = TextEdit::singleline(value)
            .id_salt(self.label)
            .font(style.font())
            .hint_text(egui::RichText::new(self.hint).font(style.font()).color(palette(ui).secondary))
            .margin(margin)
            .min_size(Vec2::new(0.0, CONTROL_HEIGHT))
            .align(egui::Align2::LEFT_CENTER)
            .desired_width(width);
        let response = ui
            .scope(|ui| {
                ui.visuals_mut().widgets.inactive.corner_radius = CornerRadius::same(6);
                ui.add(edit)
            })
            .inner
            .labelled_by(label.id);
        self.describe(ui, &response);
        response
    }

    /// What stands below it is read after its name.
    fn describe(&self, ui: &Ui, response: &Response) {
        if let Some(note) = self.note {
            let word = note.tone.map(|tone| format!("{}: ", tone.word())).unwrap_or_default();
            describe(ui, response, &format!("{word}{}", note.text));
        }
    }
}

/// A square button with an arrow down.
fn arrow_button(ui: &mut Ui, name: &str) -> Response {
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(CONTROL_HEIGHT), Sense::click());
    ui.painter().rect_filled(rect, CONTROL_RADIUS, answering(ui, &response, p.raised));
    ui.painter().rect_stroke(rect, CONTROL_RADIUS, Stroke::new(1.0, p.line), StrokeKind::Inside);
    chevron(ui, rect.center(), true);
    hand(ui, &response);
    focus_ring(ui, &response, CONTROL_RADIUS);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), plain::lines(name)));
    response
}

fn note_line(ui: &mut Ui, note: Note<'_>) {
    let p = palette(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let color = note.tone.map_or(p.secondary, |tone| p.tone(tone).fg);
        if let Some(tone) = note.tone {
            let (rect, _) =
                ui.allocate_exact_size(vec2(12.0, Type::Secondary.line_height()), egui::Sense::hover());
            paint_tone(ui.painter(), rect, tone, color, p.surface);
        }
        ui.add(Label::new(Type::Secondary.job(note.text, color)).wrap());
    });
}
