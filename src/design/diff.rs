//! What changes: rows that open, and differences line by line.

use egui::text::LayoutJob;
use egui::{
    CornerRadius, Frame, Label, Margin, Response, Role, ScrollArea, Sense, Stroke, TextWrapMode, Ui,
    WidgetInfo, pos2, vec2,
};

use super::focus::{answering, chevron, focus_ring, hand};
use super::surface::{row_height, settle};
use super::text::Type;
use super::tokens::palette;
use super::tone::Tone;
use crate::plain;

/// Most bytes of a line that are laid out.
const LONGEST: usize = 2048;
/// Height of a difference before it scrolls, in points.
const TALLEST: f32 = 260.0;

/// A line that opens to what is below it.
#[derive(Clone, Copy, Debug)]
pub struct FoldRow<'a> {
    /// What it is: "Deployment vcluster-platform/loft".
    pub title: &'a str,
    /// What is said of it, beside the title; may be empty.
    pub text: &'a str,
    /// The colour of that, where it is a sign of something.
    pub tone: Option<Tone>,
    /// Whether what is below is shown.
    pub open: bool,
}

/// Shows the row over the whole width, and below it what `add_contents` adds while it is open.
/// Returns whether it is to be opened or closed.
pub fn fold_row(ui: &mut Ui, row: &FoldRow<'_>, add_contents: impl FnOnce(&mut Ui)) -> bool {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), row_height() - 9.0), Sense::click());
    paint(ui, row, &response);
    hand(ui, &response);
    let name =
        if row.text.is_empty() { row.title.to_owned() } else { format!("{}: {}", row.title, row.text) };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), plain::lines(&name)));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_expanded(row.open));
    focus_ring(ui, &Response { rect: rect.shrink(1.0), ..response.clone() }, CornerRadius::same(5));
    if row.open {
        Frame::new().inner_margin(Margin { left: 18, right: 0, top: 0, bottom: 6 }).show(ui, |ui| {
            settle(ui);
            add_contents(ui);
        });
    }
    let toggled = response.clicked();
    response.on_hover_text(plain::lines(&name));
    toggled
}

fn paint(ui: &Ui, row: &FoldRow<'_>, response: &Response) {
    let (p, rect) = (palette(ui), response.rect);
    if response.hovered() {
        ui.painter().rect_filled(rect, CornerRadius::same(5), answering(ui, response, p.surface));
    }
    chevron(ui, pos2(rect.left() + 7.0, rect.center().y), row.open);
    let mut job = LayoutJob::default();
    job.append(&plain::line(row.title), 0.0, Type::Strong.format(p.text));
    if !row.text.is_empty() {
        let color = row.tone.map_or(p.secondary, |tone| p.tone(tone).fg);
        job.append(&plain::line(row.text), 10.0, Type::Body.format(color));
    }
    job.wrap.max_rows = 1;
    job.wrap.max_width = rect.width() - 24.0;
    let galley = ui.painter().layout_job(job);
    let at = pos2(rect.left() + 18.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, p.text);
}

/// A line of a difference.
#[derive(Clone, Copy, Debug)]
pub struct DiffRow<'a> {
    /// `+`, `-` or another sign: colour is not all that tells the sides apart.
    pub mark: &'a str,
    /// The line.
    pub text: &'a str,
    /// Its colour; `None` for what is on both sides.
    pub tone: Option<Tone>,
}

/// Shows the lines in fixed width; they scroll in both directions, and can be selected. `id` tells several apart.
pub fn diff_view(ui: &mut Ui, id: &str, rows: &[DiffRow<'_>]) {
    let p = palette(ui);
    let frame = Frame::new()
        .fill(p.code_background)
        .stroke(Stroke::new(1.0, p.line))
        .corner_radius(CornerRadius::same(7))
        .inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let area = ScrollArea::both()
            .id_salt(id)
            .max_height(TALLEST)
            // Within what scrolls itself, the room that is left says nothing.
            .min_scrolled_height(TALLEST)
            .auto_shrink([false, true])
            .animated(false);
        area.show(ui, |ui| {
            let mut job = LayoutJob { break_on_newline: true, ..LayoutJob::default() };
            for (index, row) in rows.iter().enumerate() {
                let end = if index + 1 < rows.len() { "\n" } else { "" };
                let format = Type::Mono.format(row.tone.map_or(p.text, |tone| p.tone(tone).fg));
                let cut = &row.text[..row.text.floor_char_boundary(LONGEST)];
                let more = if cut.len() < row.text.len() { " …" } else { "" };
                job.append(&format!("{} {}{more}{end}", row.mark, plain::line(cut)), 0.0, format);
            }
            ui.add(Label::new(job).selectable(true).wrap_mode(TextWrapMode::Extend));
        });
    });
}
