//! The head of a step: the sentence that says the state, and the next thing to do.

use egui::Ui;

use crate::app::msg::{Msg, RunMsg};
use crate::design::{ActionButton, page_head};

/// A head.
pub(super) struct Heading {
    title: String,
    meaning: String,
    primary: Option<Next>,
    secondary: Option<Next>,
}

/// A thing to do.
struct Next {
    label: String,
    off: Option<String>,
    msg: RunMsg,
}

impl Heading {
    /// The sentence that says the state, and what it means or how sure it is.
    pub(super) fn new(title: impl Into<String>, meaning: impl Into<String>) -> Self {
        Self { title: title.into(), meaning: meaning.into(), primary: None, secondary: None }
    }

    /// The next thing to do.
    pub(super) fn next(self, label: impl Into<String>, msg: RunMsg) -> Self {
        Self { primary: Some(Next { label: label.into(), off: None, msg }), ..self }
    }

    /// The next thing to do is off, for this reason.
    pub(super) fn off(mut self, reason: impl Into<String>) -> Self {
        if let Some(next) = &mut self.primary {
            next.off = Some(reason.into());
        }
        self
    }

    /// Something else to do.
    pub(super) fn or(self, label: impl Into<String>, msg: RunMsg) -> Self {
        Self { secondary: Some(Next { label: label.into(), off: None, msg }), ..self }
    }

    /// Shows it.
    pub(super) fn show(self, ui: &mut Ui, out: &mut Vec<Msg>) {
        page_head(ui, &self.title, &self.meaning, |ui| {
            // a right side is laid out from the right
            if let Some(next) = self.primary {
                next.show(true, ui, out);
            }
            if let Some(other) = self.secondary {
                other.show(false, ui, out);
            }
        });
    }
}

impl Next {
    fn show(self, primary: bool, ui: &mut Ui, out: &mut Vec<Msg>) {
        let label = self.label.as_str();
        let button = if primary { ActionButton::primary(label) } else { ActionButton::secondary(label) };
        if ui.add(button.off_because(self.off.as_deref())).clicked() {
            out.push(Msg::Run(self.msg));
        }
    }
}
