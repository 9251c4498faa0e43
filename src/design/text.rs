//! Type: the styles of text, and text with parts of different weight.

use egui::text::LayoutJob;
use egui::{Align, Color32, FontFamily, FontId, Label, Response, TextFormat, TextWrapMode, Ui};

use super::fonts::SEMIBOLD;
use super::tokens::{Palette, palette};
use super::tone::Tone;
use crate::plain;

/// A style of text: font, size and line height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// 20/28 semibold: the one sentence that says the state.
    Headline,
    /// 15/22 semibold: the title of a card.
    Title,
    /// 14/20.
    Body,
    /// 14/20 semibold: what stands out in a body.
    Strong,
    /// 12.5/17: what is of second rank.
    Secondary,
    /// 12.5/17 semibold: badges, labels of fields.
    Label,
    /// 12.5/18, fixed width: what can be copied.
    Mono,
    /// 11/14: second lines in the regions' picture.
    Small,
}

impl Type {
    /// All styles.
    pub const ALL: [Self; 8] = [
        Self::Headline,
        Self::Title,
        Self::Body,
        Self::Strong,
        Self::Secondary,
        Self::Label,
        Self::Mono,
        Self::Small,
    ];

    /// Family and size.
    pub fn font(self) -> FontId {
        let named = |name: &'static str| FontFamily::Name(name.into());
        let (size, family) = match self {
            Self::Headline => (20.0, named(SEMIBOLD)),
            Self::Title => (15.0, named(SEMIBOLD)),
            Self::Body => (14.0, FontFamily::Proportional),
            Self::Strong => (14.0, named(SEMIBOLD)),
            Self::Secondary => (12.5, FontFamily::Proportional),
            Self::Label => (12.5, named(SEMIBOLD)),
            Self::Mono => (12.5, FontFamily::Monospace),
            Self::Small => (11.0, FontFamily::Proportional),
        };
        FontId::new(size, family)
    }

    /// Distance of two lines, in points.
    pub fn line_height(self) -> f32 {
        match self {
            Self::Headline => 28.0,
            Self::Title => 22.0,
            Self::Body | Self::Strong => 20.0,
            Self::Secondary | Self::Label => 17.0,
            Self::Mono => 18.0,
            Self::Small => 14.0,
        }
    }

    /// The style in a colour, for layout jobs.
    pub fn format(self, color: Color32) -> TextFormat {
        TextFormat {
            font_id: self.font(),
            line_height: Some(self.line_height()),
            color,
            valign: Align::Center,
            ..TextFormat::default()
        }
    }

    /// A job of a single style. What the text has in it to hide or to turn the direction of reading is made
    /// visible here and in the few other places where text becomes a job.
    pub(super) fn job(self, text: &str, color: Color32) -> LayoutJob {
        LayoutJob::single_section(plain::lines(text).into_owned(), self.format(color))
    }
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Text,
    Strong,
    Faint,
    Mono,
    Toned(Tone),
}

/// A text with parts of different weight: `Rich::text("Type ").strong("us-east-1")`.
///
/// Colours are looked up when it is shown, so it can be built anywhere.
#[derive(Clone, Debug, Default)]
pub struct Rich {
    parts: Vec<(Part, String)>,
}

impl Rich {
    /// An empty text to add parts to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds plain text.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.with(Part::Text, text)
    }

    /// Adds semibold text.
    pub fn strong(self, text: impl Into<String>) -> Self {
        self.with(Part::Strong, text)
    }

    /// Adds text in the secondary colour.
    pub fn faint(self, text: impl Into<String>) -> Self {
        self.with(Part::Faint, text)
    }

    /// Adds text of fixed width.
    pub fn mono(self, text: impl Into<String>) -> Self {
        self.with(Part::Mono, text)
    }

    /// Adds semibold text in the colour of a tone.
    pub fn toned(self, tone: Tone, text: impl Into<String>) -> Self {
        self.with(Part::Toned(tone), text)
    }

    fn with(mut self, part: Part, text: impl Into<String>) -> Self {
        self.parts.push((part, text.into()));
        self
    }

    /// The text as laid out in this palette.
    pub fn job(&self, palette: &Palette) -> LayoutJob {
        let mut job = LayoutJob::default();
        for (part, text) in &self.parts {
            let (style, color) = match part {
                Part::Text => (Type::Body, palette.text),
                Part::Strong => (Type::Strong, palette.text),
                Part::Faint => (Type::Body, palette.secondary),
                Part::Mono => (Type::Mono, palette.text),
                Part::Toned(tone) => (Type::Strong, palette.tone(*tone).fg),
            };
            let mut format = style.format(color);
            // one line height for the whole text, whatever the parts are
            format.line_height = Some(Type::Body.line_height());
            job.append(&plain::lines(text), 0.0, format);
        }
        job
    }

    /// Shows it as a label that wraps.
    pub fn show(&self, ui: &mut Ui) -> Response {
        ui.add(Label::new(self.job(palette(ui))).wrap_mode(TextWrapMode::Wrap))
    }
}

impl Rich {
    /// A text whose parts between backquotes are quoted from elsewhere: a log line, a command.
    pub fn quoting(text: &str) -> Self {
        Self::new().quoted(text)
    }

    /// Adds such a text.
    pub fn quoted(self, text: &str) -> Self {
        text.split('`').enumerate().fold(self, |rich, (place, part)| match (part, place % 2) {
            ("", _) => rich,
            (part, 0) => rich.text(part),
            (part, _) => rich.mono(part),
        })
    }
}

impl From<&str> for Rich {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for Rich {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

/// The sentence that says the state of a screen.
pub fn headline(ui: &mut Ui, text: &str) -> Response {
    styled(ui, text, Type::Headline, palette(ui).text, egui::Role::Heading)
}

/// The line below a headline: what it means, or how sure it is.
pub fn subline(ui: &mut Ui, text: &str) -> Response {
    plain(ui, text, Type::Body, palette(ui).secondary)
}

/// The title of a card.
pub fn card_title(ui: &mut Ui, text: &str) -> Response {
    styled(ui, text, Type::Title, palette(ui).text, egui::Role::Heading)
}

/// Running text.
pub fn body(ui: &mut Ui, text: &str) -> Response {
    plain(ui, text, Type::Body, palette(ui).text)
}

/// Running text, semibold.
pub fn strong(ui: &mut Ui, text: &str) -> Response {
    plain(ui, text, Type::Strong, palette(ui).text)
}

/// Running text in the secondary colour.
pub fn faint(ui: &mut Ui, text: &str) -> Response {
    plain(ui, text, Type::Body, palette(ui).secondary)
}

/// Small text of second rank.
pub fn secondary(ui: &mut Ui, text: &str) -> Response {
    plain(ui, text, Type::Secondary, palette(ui).secondary)
}

/// Small semibold text that names what follows.
pub fn overline(ui: &mut Ui, text: &str) -> Response {
    plain(ui, text, Type::Label, palette(ui).secondary)
}

/// Text in the colour of a tone; the words must say the verdict too.
pub fn toned(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    plain(ui, text, Type::Strong, palette(ui).tone(tone).fg)
}

/// Selectable text of fixed width.
pub fn mono(ui: &mut Ui, text: &str) -> Response {
    let job = Type::Mono.job(text, palette(ui).text);
    ui.add(Label::new(job).selectable(true).wrap_mode(TextWrapMode::Wrap))
}

fn plain(ui: &mut Ui, text: &str, style: Type, color: Color32) -> Response {
    ui.add(Label::new(style.job(text, color)))
}

fn styled(ui: &mut Ui, text: &str, style: Type, color: Color32, role: egui::Role) -> Response {
    let response = plain(ui, text, style, color);
    response.widget_info(|| egui::WidgetInfo::labeled(role, true, plain::lines(text)));
    response
}
