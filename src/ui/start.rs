//! The start screen: saved environments with their live state, and practice.

use egui::{Response, Role, ScrollArea, Sides, Ui, WidgetInfo};

use super::{debrief, grid};
use crate::app::model::{Card, Model, ScenarioCard};
use crate::app::msg::{Msg, StartMsg};
use crate::design::{
    ActionButton, Space, Tone, badge, body, callout, card, card_title, environment_name, faint, headline,
    page, page_head, product_name, secondary, subline, tone_icon, top_bar,
};
use crate::environment::{Listing, Saved};
use crate::plain;

mod look_back;
mod runs;
mod state;

use state::{CardState, RegionLine};

/// What else can be done with a saved environment.
const MORE: [More; 3] =
    [("Edit", StartMsg::Edit), ("Duplicate", StartMsg::Duplicate), ("Delete", StartMsg::Delete)];
type More = (&'static str, fn(String) -> StartMsg);

/// Paints the start screen.
pub fn show(model: &Model, ui: &mut Ui, out: &mut Vec<Msg>) {
    dropped_files(ui, out);
    top_bar(
        ui,
        |ui| {
            product_name(ui, "Failback");
            environment_name(ui, "Recover a vCluster Platform region after failover");
        },
        |_| {},
    );
    page(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            debriefed(model, ui, out);
            look_back::show(model, ui, out);
            runs::show(model, ui, out);
            listing_ui(model, ui, out);
        });
    });
}

/// What the practice run came to that was left last.
fn debriefed(model: &Model, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(debrief) = &model.start.debrief else { return };
    card(ui, |ui| {
        debrief::show(debrief, ui);
        ui.horizontal_wrapped(|ui| {
            let off = model.start.starting.as_ref().map(|title| format!("“{title}” is starting"));
            let again = ActionButton::secondary("Try it again").off_because(off.as_deref());
            if ui.add(again).clicked() {
                out.push(Msg::Start(StartMsg::Practise(debrief.scenario.clone())));
            }
            if ui.add(ActionButton::secondary("I have read it")).clicked() {
                out.push(Msg::Start(StartMsg::DismissDebrief));
            }
        });
    });
}

fn listing_ui(model: &Model, ui: &mut Ui, out: &mut Vec<Msg>) {
    match &model.start.listing {
        None => {
            headline(ui, "Environments");
            faint(ui, "Reading the saved environments…");
        }
        Some(listing) => {
            if listing.environments.is_empty() {
                first_start_ui(model, ui, out);
            } else {
                environments_ui(model, listing, ui, out);
            }
            problems_ui(listing, ui, out);
        }
    }
    practice_ui(model, ui, out);
}

/// Two ways side by side where nothing is saved yet.
fn first_start_ui(model: &Model, ui: &mut Ui, out: &mut Vec<Msg>) {
    headline(ui, "Set up an environment, or practise first");
    let columns = grid::columns(ui, 360.0, 2);
    grid::cards(
        ui,
        columns,
        &[true, false],
        |_| None,
        |ui, set_up| {
            if *set_up {
                card_title(ui, "Set up an environment");
                faint(
                    ui,
                    "Two regions and what they share: kubeconfig contexts, Route 53 health check IDs, values files",
                );
                if ui.add(ActionButton::primary("New environment…")).clicked() {
                    out.push(Msg::Start(StartMsg::New));
                }
                open_handover(ui, out);
            } else {
                card_title(ui, "Practise a recovery");
                faint(
                    ui,
                    "A world inside this program fails, and you recover it on the same screens. Nothing real is touched",
                );
                if let Some(first) = model.start.scenarios.first() {
                    start_button(model, first, &format!("Start with {}", first.title), ui, out);
                }
            }
        },
    );
}

/// What somebody hands over is opened by this, or dropped on the window.
fn open_handover(ui: &mut Ui, out: &mut Vec<Msg>) {
    if ui.add(ActionButton::quiet("Open a handover…")).clicked() {
        out.push(Msg::Start(StartMsg::OpenHandover));
    }
}

fn dropped_files(ui: &Ui, out: &mut Vec<Msg>) {
    ui.input(|input| {
        let paths = input.raw.dropped_files.iter().map(|file| file.path().to_owned());
        out.extend(paths.map(|path| Msg::Start(StartMsg::Dropped(path))));
    });
}

fn environments_ui(model: &Model, listing: &Listing, ui: &mut Ui, out: &mut Vec<Msg>) {
    let state = |saved: &Saved| model.start.cards.get(&saved.name).map(CardState::of);
    let items: Vec<(&Saved, Option<CardState>)> =
        listing.environments.iter().map(|saved| (saved, state(saved))).collect();
    let fails = |(_, state): &(&Saved, Option<CardState>)| state.as_ref().is_some_and(|state| state.fails);
    let first_failing = items.iter().find(|item| fails(item)).map(|(saved, _)| saved.name.as_str());
    page_head(ui, "Environments", "", |ui| {
        // one primary button a screen: recovering goes before setting up
        let new = match first_failing {
            None => ActionButton::primary("New environment…"),
            Some(_) => ActionButton::secondary("New environment…"),
        };
        if ui.add(new).clicked() {
            out.push(Msg::Start(StartMsg::New));
        }
        open_handover(ui, out);
        if named(ui, ActionButton::quiet("Reload"), "Reload the saved environments").clicked() {
            out.push(Msg::Start(StartMsg::Reload));
        }
    });
    let columns = grid::columns(ui, 330.0, 3);
    let border = |item: &(&Saved, Option<CardState>)| fails(item).then_some(Tone::Fail);
    grid::cards(ui, columns, &items, border, |ui, (saved, state)| {
        ui.push_id(&saved.name, |ui| {
            let asking = model.start.cards.get(&saved.name).is_some_and(Card::is_asking);
            let primary = first_failing == Some(saved.name.as_str());
            environment_ui(saved, state.as_ref(), asking, primary, ui, out);
        });
    });
}

fn environment_ui(
    saved: &Saved,
    state: Option<&CardState>,
    asking: bool,
    primary: bool,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    let name = saved.name.as_str();
    let (tone, word) = state.map_or((Tone::Busy, "Checking"), |state| (state.tone, state.word.as_str()));
    Sides::new().shrink_left().truncate().show(ui, |ui| card_title(ui, name), |ui| badge(ui, tone, word));
    for line in state.map(|state| state.regions.as_slice()).unwrap_or_default() {
        region_line(line, ui);
    }
    for (reason, remedy) in state.map(|state| state.reasons.as_slice()).unwrap_or_default() {
        body(ui, reason);
        secondary(ui, remedy);
    }
    ui.horizontal_wrapped(|ui| {
        if let Some(at) = state.and_then(|state| state.observed_at) {
            secondary(ui, &format!("Checked {} UTC", at.strftime("%H:%M:%S")));
        }
        let off = asking.then_some("The health checks are being asked");
        let again = ActionButton::quiet("Check again").off_because(off);
        if named(ui, again, &format!("Check {name} again")).clicked() {
            out.push(Msg::Start(StartMsg::CheckAgain(name.to_owned())));
        }
    });
    ui.horizontal_wrapped(|ui| {
        let label = match state.and_then(|state| state.recover.as_deref()) {
            Some(region) => format!("Recover {region}"),
            None => "Open".to_owned(),
        };
        let open = if primary { ActionButton::primary(&label) } else { ActionButton::secondary(&label) };
        if named(ui, open, &format!("{label}, {name}")).clicked() {
            out.push(Msg::Start(StartMsg::Open(name.to_owned())));
        }
        ui.add_space(Space::XS);
        for (label, message) in MORE {
            if named(ui, ActionButton::quiet(label), &format!("{label} {name}")).clicked() {
                out.push(Msg::Start(message(name.to_owned())));
            }
        }
    });
}

fn region_line(line: &RegionLine, ui: &mut Ui) {
    Sides::new().shrink_left().truncate().show(
        ui,
        |ui| {
            tone_icon(ui, line.tone, 16.0, line.tone.word());
            body(ui, &line.name);
        },
        |ui| faint(ui, &line.found),
    );
}

/// Files that could not be loaded: which, why, and what to do.
fn problems_ui(listing: &Listing, ui: &mut Ui, out: &mut Vec<Msg>) {
    for problem in &listing.problems {
        let title = format!("{} could not be loaded and was left untouched", problem.path.display());
        callout(ui, Tone::Warn, &title, &format!("{}\n{}", problem.message, problem.remedy));
    }
    // with environments, their head has the same
    let alone = listing.environments.is_empty() && !listing.problems.is_empty();
    if alone && ui.add(ActionButton::secondary("Reload").small()).clicked() {
        out.push(Msg::Start(StartMsg::Reload));
    }
}

fn practice_ui(model: &Model, ui: &mut Ui, out: &mut Vec<Msg>) {
    ui.add_space(Space::S);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        headline(ui, "Practice");
        subline(ui, "The same screens on a world inside this program. Nothing real is touched");
    });
    let columns = grid::columns(ui, 280.0, 4);
    grid::cards(
        ui,
        columns,
        &model.start.scenarios,
        |_| None,
        |ui, scenario| {
            ui.push_id(&scenario.id, |ui| {
                card_title(ui, &scenario.title);
                body(ui, &scenario.summary);
                secondary(ui, &scenario.about);
                if let Some(best) = model.start.best.get(&scenario.id) {
                    ui.horizontal_top(|ui| {
                        let tone = if best.faults == 0 { Tone::Pass } else { Tone::Now };
                        tone_icon(ui, tone, 14.0, "Best run so far");
                        ui.vertical(|ui| secondary(ui, &debrief::best(best)));
                    });
                }
                if model.start.starting.as_ref() == Some(&scenario.title) {
                    badge(ui, Tone::Busy, "Starting…");
                } else {
                    start_button(model, scenario, "Start", ui, out);
                }
            });
        },
    );
}

fn start_button(model: &Model, scenario: &ScenarioCard, label: &str, ui: &mut Ui, out: &mut Vec<Msg>) {
    let off = model.start.starting.as_ref().map(|title| format!("“{title}” is starting"));
    let button = ActionButton::secondary(label).off_because(off.as_deref());
    let name = if label == "Start" { format!("Start {}", scenario.title) } else { label.to_owned() };
    if named(ui, button, &name).clicked() {
        out.push(Msg::Start(StartMsg::Practise(scenario.id.clone())));
    }
}

/// A button whose name says what it is about where others on the screen look alike.
fn named(ui: &mut Ui, button: ActionButton<'_>, name: &str) -> Response {
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), plain::lines(name)));
    response
}
