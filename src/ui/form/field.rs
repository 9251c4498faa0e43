//! A field of the form: its text, what is wrong with it, what an empty one means.

use egui::{Id, Response, Ui};

use super::list::List;
use crate::app::model::Form;
use crate::app::msg::FilePurpose;
use crate::app::msg::{FormMsg, Msg};
use crate::design::{Field as Labelled, Note, Tone};
use crate::environment::Field;
use crate::environment::discovery::FieldNote;
use crate::plain;
use crate::ui::checks;

/// Where the field is kept that takes the focus as soon as it is painted.
const TO_FOCUS: &str = "form field to focus";

/// The width of a letter of fixed width, in points, and a little of the field's margin.
const MONO_WIDTH: f32 = 7.8;

/// How a line begins that is about an empty field alone.
const EMPTY: &str = "Empty: ";

/// How a field is shown.
#[derive(Clone, Debug)]
pub(super) struct FormField {
    field: Field,
    mono: bool,
    hint: String,
    about: &'static str,
}

impl FormField {
    /// A field under its own label.
    pub(super) fn new(field: Field) -> Self {
        Self { field, mono: false, hint: String::new(), about: "" }
    }

    /// Its text is of fixed width.
    pub(super) fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Shown in it while it is empty: an example, or what stands in for it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The line below it while nothing else is to be said: what it is for; or, beginning with "Empty: ",
    /// what leaving it empty means.
    pub(super) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// A line of text.
    pub(super) fn text(&self, form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) -> Response {
        let mut text = form.draft.text(self.field).unwrap_or_default().to_owned();
        let response = self.labelled(form).text(ui, &mut text);
        self.answer(ui, &response, text, out);
        response
    }

    /// A path, typed or chosen by dialog.
    pub(super) fn path(&self, purpose: FilePurpose, form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
        let mut text = form.draft.text(self.field).unwrap_or_default().to_owned();
        let shown = self.labelled(form).path(ui, &mut text);
        self.answer(ui, &shown.text, text, out);
        if shown.choose {
            out.push(Msg::Form(FormMsg::Pick(purpose)));
        }
    }

    /// A line of text, typed or taken from a list.
    pub(super) fn choice(&self, list: &List, form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
        let mut text = form.draft.text(self.field).unwrap_or_default().to_owned();
        let current = text.clone();
        let shown = self.labelled(form).choice(ui, &mut text);
        self.answer(ui, &shown.text, text, out);
        if let Some(chosen) = list.show(&shown, current.trim()) {
            shown.text.request_focus();
            out.push(Msg::Form(FormMsg::Chosen(self.field, chosen)));
        }
    }

    fn labelled<'a>(&'a self, form: &'a Form) -> Labelled<'a> {
        let is_empty = form.draft.text(self.field).is_some_and(|text| text.trim().is_empty());
        let note = match (form.error(self.field), form.discovery.notes.fields.get(&self.field)) {
            (Some(error), _) => Note { tone: Some(Tone::Fail), text: error },
            _ if form.not_picked == Some(self.field) => {
                Note { tone: None, text: "No file was chosen. Where no dialog opens, type the path" }
            }
            (None, Some(note)) => line_of(note),
            (None, None) if self.about.starts_with(EMPTY) && !is_empty => Note { tone: None, text: "" },
            (None, None) => Note { tone: None, text: self.about },
        };
        let labelled = Labelled::new(self.field.label()).hint(&self.hint);
        let labelled = if self.mono { labelled.mono() } else { labelled };
        labelled.note((!note.text.is_empty()).then_some(note))
    }

    /// Tells what was typed, and takes the focus where it is this field's turn.
    fn answer(&self, ui: &Ui, response: &Response, text: String, out: &mut Vec<Msg>) {
        // of fixed width, so that counting tells whether all of it is in sight
        if self.mono && text.len() as f32 * MONO_WIDTH > response.rect.width() {
            response.clone().on_hover_text(plain::lines(&text));
        }
        if response.changed() {
            out.push(Msg::Form(FormMsg::Text(self.field, text)));
        }
        let place = Id::unique(TO_FOCUS);
        if ui.data(|data| data.get_temp::<Field>(place)) == Some(self.field) {
            ui.data_mut(|data| data.remove::<Field>(place));
            response.request_focus();
            response.scroll_to_me(Some(egui::Align::Center));
        }
    }
}

/// A note of the discovery, as it is painted below a field.
pub(super) fn line_of(note: &FieldNote) -> Note<'_> {
    Note { tone: note.verdict.map(|verdict| checks::tone(Some(verdict))), text: &note.text }
}

/// Lets the first field that is wrong take the focus when it is painted next;
/// it may be folded away until then.
pub(super) fn focus_first_error(ui: &Ui, form: &Form) {
    if let Some(error) = form.errors.first() {
        ui.data_mut(|data| data.insert_temp(Id::unique(TO_FOCUS), error.field));
    }
}
