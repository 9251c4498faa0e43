//! The regions as a picture: where traffic goes, and where the way is broken.

use egui::{
    CornerRadius, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::focus::describe;
use super::rows::{one_line, paint_sign};
use super::text::Type;
use super::tokens::{Palette, palette};
use super::tone::Tone;
use crate::plain;

/// The picture: Route 53 above, a column a region, the database below.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionPicture {
    /// What is read out as its name: "Both regions, live".
    pub title: String,
    /// Below "Route 53": where traffic goes.
    pub route53: String,
    /// The columns, from left to right.
    pub regions: Vec<RegionColumn>,
    /// Below "Database": who uses it.
    pub database: String,
}

/// A region's column.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionColumn {
    /// "us-east-1".
    pub name: String,
    /// The colour of its name; the failed region's boxes have thicker borders.
    pub tone: Tone,
    /// Route 53's health check.
    pub health_check: Hop,
    /// The load balancer.
    pub load_balancer: Hop,
    /// The platform's Deployment.
    pub platform: Hop,
    /// Its pods.
    pub pods: Vec<Tone>,
    /// The ways Route 53 → health check → load balancer → platform → database.
    pub links: [Link; 4],
}

/// A box in a region's column.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// "Load balancer".
    pub title: String,
    /// How it stands.
    pub tone: Tone,
    /// The same in words: "no healthy target".
    pub line: String,
}

/// The way between two boxes.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// How it stands. [`Tone::Fail`] is dashed, [`Tone::Unknown`] dotted.
    pub tone: Tone,
    /// What is broken on it: "port 3306 is closed".
    pub label: Option<String>,
}

impl Link {
    /// A way without a label.
    pub fn new(tone: Tone) -> Self {
        Self { tone, label: None }
    }
}

const BOX_HEIGHT: f32 = 46.0;
const BOX_WIDEST: f32 = 184.0;
const GAP: f32 = 8.0;
const NAME_TOP: f32 = 67.0;
const HOPS_TOP: [f32; 3] = [86.0, 164.0, 244.0];
const PODS_TOP: f32 = HOPS_TOP[2] + BOX_HEIGHT + 4.0;
const DATABASE_TOP: f32 = 356.0;
const HEIGHT: f32 = DATABASE_TOP + BOX_HEIGHT + 2.0;
const POD: f32 = 13.0;
const POD_STEP: f32 = 17.5;

/// Where the boxes stand.
struct Places {
    route53: Rect,
    columns: Vec<[Rect; 3]>,
    database: Rect,
}

impl Places {
    /// In a room of `width` points from `top_left`, no wider than needed.
    fn of(top_left: Pos2, width: f32, regions: usize) -> Self {
        let count = regions.max(1) as f32;
        let box_width = ((width - GAP * (count - 1.0)) / count).clamp(0.0, BOX_WIDEST);
        let all = count * box_width + GAP * (count - 1.0);
        let left = top_left.x + (width - all) / 2.0;
        let size = vec2(box_width, BOX_HEIGHT);
        let centred = |top: f32| {
            Rect::from_min_size(pos2(top_left.x + (width - box_width) / 2.0, top_left.y + top), size)
        };
        let columns = (0..regions)
            .map(|i| {
                let x = left + i as f32 * (box_width + GAP);
                HOPS_TOP.map(|top| Rect::from_min_size(pos2(x, top_left.y + top), size))
            })
            .collect();
        Self { route53: centred(0.0), columns, database: centred(DATABASE_TOP) }
    }
}

/// Paints the picture in the width there is. Nothing leaves its box: a text that
/// does not fit ends in "…" and is shown whole on hover.
pub fn region_picture(ui: &mut Ui, picture: &RegionPicture) -> Response {
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, plain::lines(&picture.title)));
    describe(ui, &response, &description(picture));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let places = Places::of(rect.min, rect.width(), picture.regions.len());
    let painter = ui.painter_at(rect.expand(2.0));
    // links under boxes, labels over both
    for (column, boxes) in picture.regions.iter().zip(&places.columns) {
        for (link, way) in column.links.iter().zip(ways(column, boxes, &places)) {
            paint_link(&painter, p, link.tone, way);
        }
    }
    let route53 = Hop { title: "Route 53".to_owned(), tone: Tone::Now, line: picture.route53.clone() };
    paint_box(ui, &painter, places.route53, &route53, Look::Plain(p.accent));
    let database = Hop { title: "Database".to_owned(), tone: Tone::ToCome, line: picture.database.clone() };
    paint_box(ui, &painter, places.database, &database, Look::Plain(p.secondary));
    for (i, (column, boxes)) in picture.regions.iter().zip(&places.columns).enumerate() {
        let last = i + 1 == picture.regions.len() && i > 0;
        paint_column(ui, &painter, column, boxes, last);
    }
    paint_labels(ui, &painter, rect, picture, &places);
    response
}

/// The labels of the broken ways. Where several regions have one on the same way they get a column's
/// width each, so that none covers another; where they all say the same it is said once.
fn paint_labels(ui: &Ui, painter: &Painter, bounds: Rect, picture: &RegionPicture, places: &Places) {
    for place in 0..4 {
        let labelled: Vec<(&Link, &str, [Pos2; 2])> = picture
            .regions
            .iter()
            .zip(&places.columns)
            .filter_map(|(column, boxes)| {
                let link = &column.links[place];
                Some((link, link.label.as_deref()?, ways(column, boxes, places)[place]))
            })
            .collect();
        let wide = (bounds.width() * 0.62).min(240.0);
        match labelled.as_slice() {
            [] => {}
            [(first, label, way), rest @ ..]
                if !rest.is_empty() && rest.iter().all(|(_, other, _)| other == label) =>
            {
                let height = f32::midpoint(way[0].y, way[1].y);
                let middle = [pos2(bounds.center().x, height); 2];
                paint_label(ui, painter, bounds, first.tone, (label, bounds.width()), middle);
            }
            [(link, label, way)] => paint_label(ui, painter, bounds, link.tone, (label, wide), *way),
            several => {
                let narrow = places.database.width();
                for (link, label, way) in several {
                    paint_label(ui, painter, bounds, link.tone, (label, narrow), *way);
                }
            }
        }
    }
}

/// The four ways of a column, from above to below.
fn ways(column: &RegionColumn, boxes: &[Rect; 3], places: &Places) -> [[Pos2; 2]; 4] {
    let [check, balancer, platform] = boxes;
    // a long row of pods reaches the way down, which then begins below it
    let pods = column.pods.len() as f32 * POD_STEP;
    let from = if pods + 12.0 < platform.width() / 2.0 { 0.0 } else { POD + 8.0 };
    let sideways = (platform.center().x - places.database.center().x).clamp(-30.0, 30.0);
    [
        [places.route53.center_bottom(), check.center_top()],
        [check.center_bottom(), balancer.center_top()],
        [balancer.center_bottom(), platform.center_top()],
        [
            platform.center_bottom() + vec2(0.0, from),
            places.database.center_top()
                + vec2(sideways.clamp(-places.database.width() / 3.0, places.database.width() / 3.0), 0.0),
        ],
    ]
}

fn paint_link(painter: &Painter, p: &Palette, tone: Tone, way: [Pos2; 2]) {
    let stroke = Stroke::new(2.0, p.tone(tone).fg);
    match tone {
        Tone::Fail => painter.extend(Shape::dashed_line(&way, stroke, 5.0, 4.0)),
        Tone::Unknown => painter.extend(Shape::dotted_line(&way, stroke.color, 6.0, 1.2)),
        _ => {
            painter.line_segment(way, stroke);
        }
    }
}

/// How a box is drawn: by its tone, or as what all regions share.
#[derive(Clone, Copy)]
enum Look {
    Toned { failed_region: bool },
    Plain(egui::Color32),
}

fn paint_column(ui: &Ui, painter: &Painter, column: &RegionColumn, boxes: &[Rect; 3], last: bool) {
    let p = palette(ui);
    let color = p.tone(column.tone).fg;
    let name = one_line(ui, &column.name, Type::Label, color, boxes[0].width());
    // the outer ends: there the ways from Route 53 do not pass
    let x = if last { boxes[0].right() - name.size().x } else { boxes[0].left() };
    let top = boxes[0].top() - HOPS_TOP[0] + NAME_TOP;
    // in a narrow column the way reaches the name, and goes behind it
    painter.rect_filled(Rect::from_min_size(pos2(x, top), name.size()), 0.0, p.surface);
    painter.galley(pos2(x, top), name, color);
    let look = Look::Toned { failed_region: column.tone == Tone::Fail };
    for (hop, rect) in [&column.health_check, &column.load_balancer, &column.platform].into_iter().zip(boxes)
    {
        paint_box(ui, painter, *rect, hop, look);
    }
    paint_pods(ui, painter, &column.pods, boxes[2]);
}

fn paint_pods(ui: &Ui, painter: &Painter, pods: &[Tone], platform: Rect) {
    let p = palette(ui);
    let top = platform.top() - HOPS_TOP[2] + PODS_TOP;
    let room = ((platform.width() - 16.0) / POD_STEP).max(0.0) as usize;
    // the last place is for the number of those that have none
    let shown = if pods.len() <= room { pods.len() } else { room.saturating_sub(2) };
    for (i, tone) in pods.iter().take(shown).enumerate() {
        let at = pos2(platform.left() + 8.0 + i as f32 * POD_STEP, top);
        let square = Rect::from_min_size(at, Vec2::splat(POD));
        let color = p.tone(*tone).fg;
        let radius = CornerRadius::same(3);
        match tone {
            Tone::Pass | Tone::Warn | Tone::Fail => painter.rect_filled(square, radius, color),
            _ => painter.rect_stroke(square, radius, Stroke::new(1.5, color), StrokeKind::Inside),
        };
        match tone {
            Tone::Fail => super::tone::paint_cross(painter, square.shrink(4.0), p.surface),
            Tone::Pass => super::tone::paint_tick(painter, square.shrink(3.0), p.surface),
            _ => {}
        }
    }
    if shown < pods.len() {
        let more =
            one_line(ui, &format!("+{}", pods.len() - shown), Type::Small, p.secondary, POD_STEP * 2.0);
        painter.galley(pos2(platform.left() + 8.0 + shown as f32 * POD_STEP, top), more, p.secondary);
    }
}

fn paint_box(ui: &Ui, painter: &Painter, rect: Rect, hop: &Hop, look: Look) {
    let p = palette(ui);
    let (border, line_color, sign) = match look {
        Look::Plain(border) => (Stroke::new(1.0, border), p.secondary, None),
        Look::Toned { failed_region } => {
            let color = p.tone(hop.tone).fg;
            let width = if failed_region || hop.tone == Tone::Fail { 2.0 } else { 1.0 };
            (Stroke::new(width, color), color, Some(hop.tone))
        }
    };
    painter.rect(rect, CornerRadius::same(6), p.raised, border, StrokeKind::Inside);
    let left = rect.left() + 12.0;
    let title = one_line(ui, &hop.title, Type::Label, p.text, rect.right() - left - 8.0);
    let mut text_left = left;
    if let Some(tone) = sign {
        let at = Rect::from_center_size(pos2(left + 4.0, rect.top() + 32.5), Vec2::splat(8.0));
        paint_sign(ui, at, tone, line_color);
        text_left += 12.0;
    }
    let line = one_line(ui, &hop.line, Type::Small, line_color, rect.right() - text_left - 8.0);
    if title.elided || line.elided {
        let id = ui.scope_id().with(("box", rect.min.x as i32, rect.min.y as i32));
        ui.interact(rect, id, Sense::hover())
            .on_hover_text(plain::lines(&format!("{}: {}", hop.title, hop.line)));
    }
    painter.galley(pos2(left, rect.top() + 6.0), title, p.text);
    painter.galley(pos2(text_left, rect.top() + 25.0), line, line_color);
}

/// What is broken, on the middle of the way; at most `widest` points wide.
fn paint_label(
    ui: &Ui,
    painter: &Painter,
    bounds: Rect,
    tone: Tone,
    (label, widest): (&str, f32),
    way: [Pos2; 2],
) {
    let look = palette(ui).tone(tone);
    let text = one_line(ui, label, Type::Label, look.fg, widest - 40.0);
    let size = vec2(text.size().x + 40.0, 24.0);
    let middle = way[0] + (way[1] - way[0]) * 0.5;
    // at the far side of the column, so that it does not cover its neighbour's way
    let outward = if (middle.x - bounds.center().x).abs() < 1.0 {
        0.0
    } else {
        (middle.x - bounds.center().x).signum() * 20.0
    };
    let x = (middle.x + outward - size.x / 2.0)
        .clamp(bounds.left(), (bounds.right() - size.x).max(bounds.left()));
    let rect = Rect::from_min_size(pos2(x, middle.y - size.y / 2.0), size);
    painter.rect(rect, CornerRadius::same(12), look.bg, Stroke::new(1.0, look.fg), StrokeKind::Inside);
    paint_sign(
        ui,
        Rect::from_center_size(rect.left_center() + vec2(17.0, 0.0), Vec2::splat(8.0)),
        tone,
        look.fg,
    );
    if text.elided {
        let id = ui.scope_id().with(("label", rect.min.x as i32, rect.min.y as i32));
        ui.interact(rect, id, Sense::hover()).on_hover_text(plain::lines(label));
    }
    painter.galley(pos2(rect.left() + 27.0, rect.center().y - text.size().y / 2.0), text, look.fg);
}

/// The picture in sentences.
fn description(picture: &RegionPicture) -> String {
    let mut sentences = vec![format!("Route 53: {}.", picture.route53)];
    for region in &picture.regions {
        let hops = [&region.health_check, &region.load_balancer, &region.platform]
            .map(|hop| format!("{} {}, {}", hop.title, hop.tone.word().to_lowercase(), hop.line));
        let ready = region.pods.iter().filter(|tone| **tone == Tone::Pass).count();
        sentences.push(format!(
            "{}: {}; {ready} of {} pods ready.",
            region.name,
            hops.join("; "),
            region.pods.len()
        ));
        let broken = region.links.iter().filter_map(|link| link.label.as_ref());
        sentences.extend(broken.map(|label| format!("Broken: {label}.")));
    }
    sentences.push(format!("Database: {}.", picture.database));
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_stay_inside_and_apart_in_any_width() {
        for width in [150.0, 280.0, 346.0, 400.0, 900.0] {
            for regions in 1..=4 {
                let places = Places::of(pos2(10.0, 20.0), width, regions);
                let room = Rect::from_min_size(pos2(10.0, 20.0), vec2(width, HEIGHT)).expand(0.01);
                let mut boxes = vec![places.route53, places.database];
                boxes.extend(places.columns.iter().flatten());
                for (i, one) in boxes.iter().enumerate() {
                    assert!(room.contains_rect(*one), "{regions} regions in {width}: {one:?}");
                    for other in &boxes[i + 1..] {
                        assert!(!one.intersects(*other), "{regions} regions in {width}: {one:?} {other:?}");
                    }
                }
            }
        }
    }

    fn column(name: &str, tone: Tone, broken: Option<&str>) -> RegionColumn {
        let hop = |title: &str, line: &str| Hop { title: title.to_owned(), tone, line: line.to_owned() };
        let mut links = [Tone::Fail, Tone::Fail, Tone::ToCome, tone].map(Link::new);
        links[3].label = broken.map(str::to_owned);
        RegionColumn {
            name: name.to_owned(),
            tone,
            health_check: hop("Health check", "0 of 16 succeed"),
            load_balancer: hop("Load balancer", "no healthy target"),
            platform: hop("Platform", "3 pods crash"),
            pods: vec![tone; 3],
            links,
        }
    }

    #[test]
    fn the_description_names_the_broken_hop() {
        let picture = RegionPicture {
            title: "Both regions, live".to_owned(),
            route53: "traffic: eu-west-1 only".to_owned(),
            regions: vec![column("us-east-1", Tone::Fail, Some("port 3306 is closed"))],
            database: "used by eu-west-1 only".to_owned(),
        };
        let text = description(&picture);
        for part in
            ["us-east-1:", "0 of 3 pods ready", "Broken: port 3306 is closed", "used by eu-west-1 only"]
        {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn a_long_row_of_pods_does_not_cross_the_way_to_the_database() {
        let places = Places::of(Pos2::ZERO, 346.0, 1);
        let mut region = column("us-east-1", Tone::Pass, None);
        for (pods, below) in [(3, 0.0), (9, POD + 8.0)] {
            region.pods = vec![Tone::Pass; pods];
            let way = ways(&region, &places.columns[0], &places)[3];
            assert!((way[0].y - (places.columns[0][2].bottom() + below)).abs() < 0.01, "{pods} pods");
        }
    }
}
