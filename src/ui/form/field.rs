//! A field of the form: its text, what is wrong with it, what an empty one means.

use egui::{Id, Response, Ui};

use crate::app::model::Form;
use crate::app::msg::FilePurpose;
use crate::app::msg::{FormMsg, Msg};
use crate::design::{Field as Labelled, Note, PathField, Tone};
use crate::environment::Field;

/// Where the field is kept that takes the focus as soon as it is painted.
const TO_FOCUS: &str = "form field to focus";

/// How a field is shown.
#[derive(Clone, Debug)]
pub(super) struct FormField {
    field: Field,
    mono: bool,
    hint: &'static str,
    about: &'static str,
    note: Option<(Option<Tone>, String)>,
}

impl FormField {
    /// A field under its own label.
    pub(super) fn new(field: Field) -> Self {
        Self { field, mono: false, hint: "", about: "", note: None }
    }

    /// Its text is of fixed width.
    pub(super) fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Shown in it while it is empty: an example, or what stands in for it.
    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// The line below it while nothing else is to be said: what it is for, or what leaving it empty means.
    pub(super) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// The line below it while nothing is wrong, in place of `about`.
    pub(super) fn note(mut self, note: Option<(Option<Tone>, String)>) -> Self {
        self.note = note;
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
        if self.text_and_choose(form, ui, out).choose {
            out.push(Msg::Form(FormMsg::Pick(purpose)));
        }
    }

    /// A line of text with "Choose…" beside it.
    pub(super) fn text_and_choose(&self, form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) -> PathField {
        let mut text = form.draft.text(self.field).unwrap_or_default().to_owned();
        let shown = self.labelled(form).path(ui, &mut text);
        self.answer(ui, &shown.text, text, out);
        shown
    }

    fn labelled<'a>(&'a self, form: &'a Form) -> Labelled<'a> {
        let note = match (form.error(self.field), &self.note) {
            (Some(error), _) => Note { tone: Some(Tone::Fail), text: error },
            _ if form.not_picked == Some(self.field) => {
                Note { tone: None, text: "No file was chosen. Where no dialog opens, type the path" }
            }
            (None, Some((tone, text))) => Note { tone: *tone, text },
            (None, None) => Note { tone: None, text: self.about },
        };
        let labelled = Labelled::new(self.field.label()).hint(self.hint);
        let labelled = if self.mono { labelled.mono() } else { labelled };
        labelled.note((!note.text.is_empty()).then_some(note))
    }

    /// Tells what was typed, and takes the focus where it is this field's turn.
    fn answer(&self, ui: &Ui, response: &Response, text: String, out: &mut Vec<Msg>) {
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

/// Lets the first field that is wrong take the focus when it is painted next;
/// it may be folded away until then.
pub(super) fn focus_first_error(ui: &Ui, form: &Form) {
    if let Some(error) = form.errors.first() {
        ui.data_mut(|data| data.insert_temp(Id::unique(TO_FOCUS), error.field));
    }
}
