//! egui's own style, made of the tokens, so that its widgets look like ours.

use egui::style::{ScrollAnimation, ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{
    Context, CornerRadius, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, ThemePreference, Visuals,
    vec2,
};

use super::fonts;
use super::text::Type;
use super::tokens::{DARK, LIGHT, Palette, Space};

/// Corner radius of buttons and fields, in points.
pub(super) const CONTROL_RADIUS: CornerRadius = CornerRadius::same(7);
/// Corner radius of cards, in points.
pub(super) const CARD_RADIUS: CornerRadius = CornerRadius::same(10);
/// Height of buttons and fields, in points.
pub(super) const CONTROL_HEIGHT: f32 = 34.0;

/// Gives the context our fonts and both themes, and follows the desktop's choice
/// between them. Call it once, before the first frame.
pub fn install(ctx: &Context) {
    fonts::install(ctx);
    ctx.set_style_of(Theme::Dark, style(&DARK));
    ctx.set_style_of(Theme::Light, style(&LIGHT));
    ctx.set_theme(ThemePreference::System);
}

fn style(p: &Palette) -> Style {
    let mut style = Style {
        text_styles: text_styles(),
        // a frame is painted when something happens and at no other time
        animation_time: 0.0,
        scroll_animation: ScrollAnimation::none(),
        visuals: visuals(p),
        ..Style::default()
    };
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(Space::S, Space::S);
    spacing.button_padding = vec2(12.0, 6.0);
    // also the least height of a horizontal row: fields and buttons bring their own
    spacing.interact_size = vec2(40.0, 22.0);
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 9.0;
    spacing.icon_spacing = 8.0;
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.tooltip_width = 420.0;
    spacing.combo_height = 320.0;
    spacing.scroll = ScrollStyle { bar_width: 8.0, foreground_color: false, ..ScrollStyle::thin() };
    style.interaction.tooltip_delay = 0.3;
    style.interaction.selectable_labels = true;
    style
}

fn text_styles() -> std::collections::BTreeMap<TextStyle, FontId> {
    [
        (TextStyle::Heading, Type::Headline),
        (TextStyle::Body, Type::Body),
        (TextStyle::Button, Type::Body),
        (TextStyle::Small, Type::Secondary),
        (TextStyle::Monospace, Type::Mono),
    ]
    .map(|(style, ours)| (style, ours.font()))
    .into()
}

fn visuals(p: &Palette) -> Visuals {
    let base = if p.dark { Visuals::dark() } else { Visuals::light() };
    let line = Stroke::new(1.0, p.line);
    let shadow = Shadow { offset: [0, 6], blur: 18, spread: 0, color: base.popup_shadow.color };
    let mut visuals = Visuals {
        weak_text_color: Some(p.secondary),
        widgets: widgets(p),
        // the stroke is also the outline of a text field that has the focus
        selection: Selection { bg_fill: p.selection, stroke: Stroke::new(2.0, p.accent) },
        hyperlink_color: p.accent,
        faint_bg_color: p.raised,
        extreme_bg_color: p.code_background,
        text_edit_bg_color: Some(p.code_background),
        code_bg_color: p.code_background,
        warn_fg_color: p.warn.fg,
        error_fg_color: p.fail.fg,
        window_corner_radius: CARD_RADIUS,
        window_shadow: shadow,
        window_fill: p.surface,
        window_stroke: line,
        menu_corner_radius: CONTROL_RADIUS,
        panel_fill: p.background,
        popup_shadow: shadow,
        disabled_alpha: 0.5,
        ..base
    };
    visuals.text_cursor.blink = false;
    visuals.text_cursor.stroke = Stroke::new(2.0, p.accent);
    visuals
}

fn widgets(p: &Palette) -> Widgets {
    let look = |fill, border: Stroke, text| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: border,
        corner_radius: CONTROL_RADIUS,
        fg_stroke: Stroke::new(1.5, text),
        expansion: 0.0,
    };
    let line = Stroke::new(1.0, p.line);
    Widgets {
        noninteractive: look(p.surface, line, p.text),
        inactive: look(p.raised, line, p.text),
        hovered: look(p.raised, Stroke::new(1.0, p.secondary), p.text),
        // egui paints what is pressed and what has the focus alike
        active: look(p.raised, Stroke::new(2.0, p.accent), p.text),
        open: look(p.raised, Stroke::new(1.0, p.accent), p.text),
    }
}
