//! Colours and spacing: the only place where a raw colour is written.
#![allow(clippy::disallowed_methods, reason = "the tokens are what the rule against raw colours points at")]
#![allow(clippy::unreadable_literal, reason = "everybody knows colours as six digits")]

use egui::{Color32, Ui};

use super::tone::Tone;

/// Distances in points, a grid of 4.
pub struct Space;

impl Space {
    /// Between an icon and its word.
    pub const XS: f32 = 4.0;
    /// Between things that belong together.
    pub const S: f32 = 8.0;
    /// Between neighbours in a row.
    pub const M: f32 = 12.0;
    /// Between cards.
    pub const L: f32 = 16.0;
    /// Between sections; the page's margin.
    pub const XL: f32 = 24.0;
    /// Width of the rail with the five steps.
    pub const RAIL: f32 = 244.0;
    /// Height of the top bar.
    pub const TOP_BAR: f32 = 52.0;
}

/// A foreground with the background it is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Text, icon or line.
    pub fg: Color32,
    /// What lies under it.
    pub bg: Color32,
}

const fn pair(fg: u32, bg: u32) -> Pair {
    Pair { fg: hex(fg), bg: hex(bg) }
}

const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

/// All colours of one theme. Every text colour has a contrast of at least
/// 4.5 : 1 on every background it is used on; a test holds that.
#[derive(Debug, PartialEq, Eq)]
pub struct Palette {
    /// Dark or light.
    pub dark: bool,
    /// The page.
    pub background: Color32,
    /// Cards, the rail, the top bar.
    pub surface: Color32,
    /// What stands out of a surface: buttons, the current step.
    pub raised: Color32,
    /// Borders and separators.
    pub line: Color32,
    /// Behind code and inside text fields.
    pub code_background: Color32,
    /// Text.
    pub text: Color32,
    /// Text of second rank, labels, ages.
    pub secondary: Color32,
    /// Primary button, focus, what is current.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Behind selected text, which is painted in the accent.
    pub selection: Color32,
    /// Found good.
    pub pass: Pair,
    /// Needs a look.
    pub warn: Pair,
    /// Found bad.
    pub fail: Pair,
    /// Could not be checked.
    pub unknown: Pair,
    /// The button that changes the failed region, and the text on it.
    pub danger: Pair,
    /// The banner of a practice run.
    pub practice: Pair,
}

/// The dark theme.
pub static DARK: Palette = Palette {
    dark: true,
    background: hex(0x0F1319),
    surface: hex(0x161C25),
    raised: hex(0x1E2632),
    line: hex(0x2C3646),
    code_background: hex(0x0B0F14),
    text: hex(0xE8ECF2),
    secondary: hex(0x9DABBD),
    accent: hex(0x79B0FF),
    on_accent: hex(0x0B1420),
    selection: hex(0x1E3352),
    pass: pair(0x57CC95, 0x12291F),
    warn: pair(0xE9BA5D, 0x2C2413),
    fail: pair(0xFF8A80, 0x331A1B),
    unknown: pair(0xB9A7F5, 0x221D37),
    danger: pair(0xFFFFFF, 0xCF3C31),
    practice: pair(0xDDD3FF, 0x3A2F66),
};

/// The light theme.
pub static LIGHT: Palette = Palette {
    dark: false,
    background: hex(0xF3F5F8),
    surface: hex(0xFFFFFF),
    raised: hex(0xF7F9FB),
    line: hex(0xD5DBE4),
    code_background: hex(0xF0F3F7),
    text: hex(0x172030),
    secondary: hex(0x52617A),
    accent: hex(0x1B5FCC),
    on_accent: hex(0xFFFFFF),
    selection: hex(0xDCE8FB),
    pass: pair(0x14754A, 0xE4F5EC),
    warn: pair(0x855600, 0xFBF1DC),
    fail: pair(0xB62B21, 0xFCE9E7),
    unknown: pair(0x6246B0, 0xEEE9FB),
    danger: pair(0xFFFFFF, 0xC23A2E),
    practice: pair(0x3D2A86, 0xE7E0FB),
};

impl Palette {
    /// The colour of a tone and the background of its badge.
    pub fn tone(&self, tone: Tone) -> Pair {
        match tone {
            Tone::Pass | Tone::ByHand => self.pass,
            Tone::Warn | Tone::PassedOver => self.warn,
            Tone::Fail => self.fail,
            Tone::Unknown => self.unknown,
            Tone::Now | Tone::Busy | Tone::Action => Pair { fg: self.accent, bg: self.selection },
            Tone::ToCome | Tone::Skipped | Tone::Note => Pair { fg: self.secondary, bg: self.raised },
        }
    }
}

/// The palette of the theme this `Ui` is painted in.
pub fn palette(ui: &Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(colour: Color32) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Every foreground on every background the widgets put it on.
    fn text_pairs(p: &Palette) -> Vec<(String, Pair)> {
        let grounds = [
            ("background", p.background),
            ("surface", p.surface),
            ("raised", p.raised),
            ("code", p.code_background),
        ];
        let mut pairs = vec![
            ("accent button".to_owned(), Pair { fg: p.on_accent, bg: p.accent }),
            ("danger button".to_owned(), p.danger),
            ("practice banner".to_owned(), p.practice),
            ("selected text".to_owned(), Pair { fg: p.accent, bg: p.selection }),
        ];
        for (ground, bg) in grounds {
            pairs.push((format!("text on {ground}"), Pair { fg: p.text, bg }));
            pairs.push((format!("secondary on {ground}"), Pair { fg: p.secondary, bg }));
            for tone in Tone::ALL {
                pairs.push((format!("{tone:?} on {ground}"), Pair { fg: p.tone(tone).fg, bg }));
            }
        }
        for tone in Tone::ALL {
            let badge = p.tone(tone);
            pairs.push((format!("{tone:?} badge"), badge));
            pairs.push((format!("text on {tone:?} badge"), Pair { fg: p.text, bg: badge.bg }));
        }
        pairs
    }

    #[test]
    fn every_text_can_be_read() {
        for palette in [&DARK, &LIGHT] {
            for (name, pair) in text_pairs(palette) {
                let ratio = contrast(pair.fg, pair.bg);
                assert!(ratio >= 4.5, "{name}, dark {}: {ratio:.2} : 1", palette.dark);
            }
        }
    }

    #[test]
    fn the_contrast_formula_knows_black_on_white() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
        assert!((contrast(Color32::WHITE, Color32::WHITE) - 1.0).abs() < 0.01);
    }
}
