//! The fonts: Inter in two weights and JetBrains Mono, egui's own behind them
//! for the characters they lack.

use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily};

/// Family name of Inter SemiBold.
pub(super) const SEMIBOLD: &str = "semibold";

const FILES: [(&str, &[u8]); 3] = [
    ("Inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
    ("Inter SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
    ("JetBrains Mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
];

/// Gives the context our fonts.
pub(super) fn install(ctx: &Context) {
    ctx.set_fonts(definitions());
}

fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in FILES {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, name) in [
        (FontFamily::Proportional, "Inter"),
        (FontFamily::Name(SEMIBOLD.into()), "Inter SemiBold"),
        (FontFamily::Monospace, "JetBrains Mono"),
    ] {
        let chain = fonts.families.entry(family).or_insert_with(|| fallback.clone());
        chain.insert(0, name.to_owned());
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::Type;

    /// The font backend takes the CFF outlines, and the signs the texts use are there.
    #[test]
    fn our_fonts_come_first_and_have_the_signs_we_use() {
        let definitions = definitions();
        let signs = "AZaz09→×…·–—−≥≤✓“”’é";
        for style in Type::ALL {
            let family = style.font().family;
            let first = definitions.families[&family][0].clone();
            let ctx = Context::default();
            ctx.set_fonts(FontDefinitions {
                font_data: [(first.clone(), definitions.font_data[&first].clone())].into(),
                families: [FontFamily::Proportional, FontFamily::Monospace, family]
                    .map(|family| (family, vec![first.clone()]))
                    .into(),
            });
            let mut complete = false;
            ctx.run_ui(egui::RawInput::default(), |ui| {
                complete = ui.fonts_mut(|fonts| fonts.has_glyphs(&style.font(), signs));
            })
            .drop_without_applying_deltas();
            assert!(complete, "{first} lacks one of {signs}");
        }
    }
}
