//! What a practice run came to, in sentences to learn from.

use std::time::Duration;

use egui::Ui;

use crate::app::model::{BestRun, Debrief, Ending};
use crate::design::{Rich, Tone, body, card_title, key_values, overline, secondary, tone_icon};

use super::words;

/// Paints what is inside of its card.
pub(super) fn show(debrief: &Debrief, ui: &mut Ui) {
    card_title(ui, &format!("How it went: {}", debrief.title));
    verdict(debrief, ui);
    for (tone, title, faults) in [
        (Tone::Fail, "Could not help", &debrief.wrong),
        (Tone::Warn, "Was not needed", &debrief.needless),
        (Tone::Skipped, "Was left out", &debrief.missing),
    ] {
        for fault in faults {
            ui.horizontal_top(|ui| {
                tone_icon(ui, tone, 16.0, title);
                Rich::new().strong(format!("{title}. ")).text(fault.as_str()).show(ui);
            });
        }
    }
    times(debrief, ui);
    overline(ui, "What a good run does");
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (number, step) in debrief.good_run.iter().enumerate() {
            body(ui, &format!("{}. {step}", number + 1));
        }
    });
}

fn verdict(debrief: &Debrief, ui: &mut Ui) {
    let text = match debrief.ending {
        Ending::Recovered if debrief.is_clean() => "Recovered, with nothing needless, wrong or left out",
        Ending::RightlyLeft if debrief.is_clean() => {
            "Right: nothing was to be done here, and nothing was done"
        }
        Ending::Recovered => "Recovered. Next time without these:",
        Ending::RightlyLeft => "Nothing was done, which is right here. Next time without these:",
        Ending::Unfinished => "Not finished. What a next run can do better:",
    };
    let tone = if debrief.is_clean() { Tone::Pass } else { Tone::Now };
    ui.horizontal_top(|ui| {
        tone_icon(ui, tone, 16.0, tone.word());
        Rich::from(text).show(ui);
    });
}

fn times(debrief: &Debrief, ui: &mut Ui) {
    let rows: Vec<(&str, Rich)> = [
        ("Step 1 settled", debrief.to_confirm),
        ("Right cause seen", debrief.to_right_cause),
        ("First action", debrief.to_action),
        ("Recovered", debrief.to_recovered),
    ]
    .into_iter()
    .filter_map(|(name, took)| Some((name, Rich::from(format!("after {}", words::span(took?))))))
    .collect();
    if rows.is_empty() {
        return;
    }
    key_values(ui, &rows);
    secondary(ui, &format!("By the clock on the wall; the world's own time passed × {}", debrief.speed));
}

/// The best run so far, for its scenario's card.
pub(super) fn best(best: &BestRun) -> String {
    let took = words::span(best.took.max(Duration::from_secs(1)));
    let how = match best.ending {
        Ending::Recovered => format!("recovered in {took}"),
        Ending::RightlyLeft | Ending::Unfinished => format!("nothing changed, left after {took}"),
    };
    let faults = match best.faults {
        0 => "without a fault".to_owned(),
        faults => format!("with {}", words::count(faults, "fault", "faults")),
    };
    format!("Best: {how} at × {}, {faults}", best.speed)
}
