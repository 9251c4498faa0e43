//! Questions that have to be answered before anything else. The answer that
//! changes nothing has the focus, and Escape gives it.

use egui::{Frame, Key, Margin, Modal, Modifiers, Sides, Ui};
use jiff::Timestamp;

use super::by_hand::{self, Said};

use crate::app::model::{Dialog, Model};
use crate::app::msg::Msg;
use crate::design::{ActionButton, Space, body, headline, palette};
use crate::runbook::interrupted::noun;

/// While the window closes: what it still waits for. Nothing can be pressed any more.
pub fn closing(model: &Model, ui: &mut Ui) {
    let of_run = model.run.as_ref().and_then(|run| {
        let running = run.restore.running.as_ref()?;
        Some((running.kind, run.profile.region(run.failed?).name.as_str()))
    });
    let left = model.left_running.first().map(|left| (left.kind, left.region.as_str()));
    // Where nothing runs it takes no time that is worth a word.
    let Some((kind, region)) = of_run.or(left) else { return };
    let p = palette(ui);
    let frame = Frame::popup(ui.style()).fill(p.surface).inner_margin(Margin::same(20));
    Modal::new(egui::Id::unique("closing")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(460.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = Space::S;
        headline(ui, "Closing…");
        body(
            ui,
            &format!(
                "The {} of {region} is being stopped. The window closes once its outcome is in the journal, \
                 after 15 s at most",
                noun(kind.id())
            ),
        );
    });
}

/// What a dialog says.
struct Wording {
    title: String,
    text: String,
    yes: String,
    no: &'static str,
}

/// Paints the dialog over the screen.
pub fn show(model: &Model, dialog: &Dialog, now: Timestamp, ui: &mut Ui, out: &mut Vec<Msg>) {
    let wording = wording(model, dialog);
    match dialog {
        Dialog::ByHand { command, output, is_cut, .. } => ask(&wording, 620.0, ui, out, |ui, out| {
            by_hand::show(model, &Said { command, output, is_cut: *is_cut }, now, ui, out)
        }),
        _ => ask(&wording, 460.0, ui, out, |_, _| false),
    }
}

/// The question, what `add_more` adds below it, and the two answers. `add_more` says whether the keyboard is in
/// what it added.
fn ask(
    wording: &Wording,
    width: f32,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
    add_more: impl FnOnce(&mut Ui, &mut Vec<Msg>) -> bool,
) {
    let Wording { title, text, yes, no } = wording;
    let p = palette(ui);
    let frame = Frame::popup(ui.style()).fill(p.surface).inner_margin(Margin::same(20));
    let shown = Modal::new(egui::Id::unique("dialog")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(width.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = Space::S;
        headline(ui, title);
        body(ui, text);
        let in_more = add_more(ui, out);
        ui.add_space(Space::S);
        // a right side is laid out from the right
        let (no, yes) = Sides::new()
            .show(
                ui,
                |_| {},
                |ui| {
                    let no = ui.add(ActionButton::secondary(no));
                    (no, ui.add(ActionButton::danger(yes)))
                },
            )
            .1;
        if !no.has_focus() && !yes.has_focus() && !in_more {
            no.request_focus();
        }
        (no.clicked(), yes.clicked())
    });
    let escape = ui.ctx().input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    match shown.inner {
        (false, true) => out.push(Msg::Dialog(true)),
        (no, _) if no || escape => out.push(Msg::Dialog(false)),
        _ => {}
    }
}

fn wording(model: &Model, dialog: &Dialog) -> Wording {
    match dialog {
        Dialog::Delete { name } => {
            let mut saved = model.start.listing.iter().flat_map(|listing| &listing.environments);
            let file = match saved.find(|saved| saved.name == *name) {
                Some(saved) => format!("Its file {}", saved.path.display()),
                None => "Its file".to_owned(),
            };
            Wording {
                title: format!("Delete {name}?"),
                text: format!("{file} is removed. Runs stay in the journal."),
                yes: format!("Delete {name}"),
                no: "Cancel",
            }
        }
        Dialog::DiscardForm => Wording {
            title: "Leave without saving?".to_owned(),
            text: "What was changed in these variables is lost.".to_owned(),
            yes: "Discard changes".to_owned(),
            no: "Keep editing",
        },
        Dialog::EndRun { of, .. } => Wording {
            title: format!("End the run of {of} as it is?"),
            text: "It is not offered any more. Nothing is changed in the region, and its journal stays: \
                   `failback runs` shows it."
                .to_owned(),
            yes: "End the run".to_owned(),
            no: "Keep it",
        },
        Dialog::ByHand { kind, .. } => {
            let region = failed_region(model);
            Wording {
                title: format!("{} {region}: did you do it by hand?", kind.verb()),
                text: "If you ran this command, say so: the run goes on as if it had been done here. Its rollout is \
                       watched, every check is read anew, and the journal says that you did it. It can be taken \
                       back in this step."
                    .to_owned(),
                yes: "Yes, I did it".to_owned(),
                no: "No",
            }
        }
        Dialog::LeaveWhileRunning { quit } => while_running(model, *quit),
    }
}

/// The failed region's name.
fn failed_region(model: &Model) -> &str {
    let region = model.run.as_ref().and_then(|run| Some(run.profile.region(run.failed?).name.as_str()));
    region.unwrap_or_default()
}

fn while_running(model: &Model, quit: bool) -> Wording {
    let of_run = model.run.as_ref().filter(|run| run.restore.running.is_some());
    let region = of_run.and_then(|run| Some(run.profile.region(run.failed?).name.as_str()));
    let region = region.or_else(|| model.left_running.first().map(|left| left.region.as_str()));
    let place = region.map_or_else(String::new, |region| format!(" in {region}"));
    if quit {
        return Wording {
            title: format!("Close while an action runs{place}?"),
            text: "It is stopped, which may leave it half-done. The window stays until it has ended and its \
                   outcome is in the journal, some seconds at most. To let it go on to its end, stay."
                .to_owned(),
            yes: "Stop it and close".to_owned(),
            no: "Stay",
        };
    }
    Wording {
        title: format!("Leave while an action runs{place}?"),
        text: "An action runs: leaving does not stop it. It goes on to its end, and its outcome goes into \
               the journal. To stop it, stay and cancel it in the step Restore."
            .to_owned(),
        yes: "Leave the run".to_owned(),
        no: "Stay",
    }
}
