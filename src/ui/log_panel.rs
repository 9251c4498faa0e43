//! The log panel: the tail that was read, or new lines as they come.

use egui::{Id, Sides, Ui};
use jiff::Timestamp;

use crate::app::model::{LogPanel, Model, Run};
use crate::app::msg::{LogMsg, Msg};
use crate::design::{
    ActionButton, Field, LogRow, LogView, Tone, card_list, card_title, copy_button, faint, list_row,
    log_view, secondary,
};
use crate::plain;
use crate::runbook::fact::{LogLine, LogsFacts};
use crate::runbook::log_signature;
use crate::runbook::log_tail::{self, Tail, is_hit};

use super::{checks, words};

/// The least height of the panel, in points.
pub(super) const LEAST_HEIGHT: f32 = 300.0;
/// What the panel's bars take of its height, in points.
const BARS: f32 = 112.0;

/// The lines on the screen, and why some are missing.
struct Lines<'a> {
    kind: Kind<'a>,
    missing: Vec<String>,
}

enum Kind<'a> {
    Tail(Tail<'a>),
    Followed(&'a [LogLine]),
}

impl<'a> Lines<'a> {
    fn of(run: &'a Run, panel: &'a LogPanel) -> Self {
        let mut missing: Vec<String> =
            panel.ended.iter().map(|why| format!("Following ended: {why}")).collect();
        if panel.follow {
            return Self { kind: Kind::Followed(&panel.lines), missing };
        }
        let of = panel.of.as_ref().map(|(pod, container)| (pod.as_str(), container.as_str()));
        let kind = match facts(run) {
            Some(Ok(facts)) => {
                let tail = log_tail::tail(facts, of, panel.previous);
                missing.extend_from_slice(&tail.unread);
                Kind::Tail(tail)
            }
            Some(Err(why)) => {
                missing.push(format!("The logs could not be read: {why}"));
                Kind::Followed(&[])
            }
            None => {
                missing.push("The logs are being read".to_owned());
                Kind::Followed(&[])
            }
        };
        Self { kind, missing }
    }

    fn len(&self) -> usize {
        match &self.kind {
            Kind::Tail(tail) => tail.lines.len(),
            Kind::Followed(lines) => lines.len(),
        }
    }

    fn get(&self, i: usize) -> Option<(&'a str, &'a LogLine)> {
        match &self.kind {
            Kind::Tail(tail) => tail.lines.get(i).map(|line| (line.pod, line.line)),
            Kind::Followed(lines) => lines.get(i).map(|line| ("", line)),
        }
    }

    fn row(&self, i: usize, port: u16) -> LogRow<'a> {
        let Some((pod, line)) = self.get(i) else { return LogRow::default() };
        LogRow {
            time: line.at.map(|at| at.strftime("%H:%M:%S").to_string()).unwrap_or_default().into(),
            source: pod.rsplit('-').next().unwrap_or_default().into(),
            text: line.text.as_str().into(),
            tone: log_signature::signature(&line.text, port).map(|_| Tone::Fail),
        }
    }
}

fn facts(run: &Run) -> Option<Result<&LogsFacts, &str>> {
    let answer = run.readings.logs(run.failed?)?;
    Some(answer.map_err(|why| why.message.as_str()))
}

/// Shows the panel, `height` points high or a little more; nothing while it is closed.
pub(super) fn show(model: &Model, run: &Run, now: Timestamp, height: f32, ui: &mut Ui, out: &mut Vec<Msg>) {
    let Some(panel) = &run.log else { return };
    let lines = Lines::of(run, panel);
    card_list(ui, |ui| {
        list_row(ui, |ui| title_bar(model, run, panel, &lines, now, ui, out));
        list_row(ui, |ui| tool_bar(run, panel, &lines, ui, out));
        list_row(ui, |ui| {
            for why in &lines.missing {
                secondary(ui, why);
            }
            if lines.len() == 0 {
                faint(ui, empty(panel, lines.missing.is_empty()));
                return;
            }
            ui.set_height((height - BARS).max(120.0));
            let view = LogView {
                id: "log",
                len: lines.len(),
                find: &panel.find,
                follow: panel.follow,
                go_to: newly_hit(ui, panel),
            };
            log_view(ui, &view, &|i| lines.row(i, run.profile.database.port));
        });
    });
}

fn empty(panel: &LogPanel, read: bool) -> &'static str {
    match (panel.follow, panel.previous, read) {
        (true, _, _) => "Waits for new lines",
        (false, true, true) => "No container restarted, so there is no log from before a restart",
        (false, false, true) => "No lines: no pod has written anything",
        (false, _, false) => "",
    }
}

/// The line to bring into sight: once for each step to a hit, so that the view can be scrolled after it.
fn newly_hit(ui: &Ui, panel: &LogPanel) -> Option<usize> {
    let id = Id::unique("log panel's last hit");
    let before: Option<(String, usize)> = ui.data(|data| data.get_temp(id));
    let current = panel.hit.map(|hit| (panel.find.clone(), hit));
    if before == current {
        return None;
    }
    ui.data_mut(|data| {
        data.remove::<(String, usize)>(id);
        if let Some(hit) = current {
            data.insert_temp(id, hit);
        }
    });
    panel.hit
}

fn title_bar(
    model: &Model,
    run: &Run,
    panel: &LogPanel,
    lines: &Lines,
    now: Timestamp,
    ui: &mut Ui,
    out: &mut Vec<Msg>,
) {
    Sides::new().shrink_left().truncate().show(
        ui,
        |ui| {
            card_title(ui, "Log");
            let number = words::count(lines.len(), "line", "lines");
            let kind = match (panel.follow, panel.previous) {
                (true, _) => "following",
                (false, true) => "from before the last restart",
                (false, false) => "the last ones of each container",
            };
            faint(ui, &format!("{number}, {kind}"));
        },
        |ui| {
            if ui.add(ActionButton::quiet("Close the log")).clicked() {
                out.push(Msg::Log(LogMsg::Close));
            }
            let key = "log";
            if copy_button(ui, "the log", model.is_copied(key, now)).clicked() {
                let texts = (0..lines.len()).filter_map(|i| Some(lines.get(i)?.1.text.as_str()));
                let text = texts.map(plain::line).collect::<Vec<_>>().join("\n");
                checks::copy(text, key.to_owned(), out);
            }
            let label = if panel.follow { "Stop following" } else { "Follow" };
            let off = run.failed.is_none().then_some("No failed region is known yet");
            if ui.add(ActionButton::secondary(label).small().off_because(off)).clicked() {
                out.push(Msg::Log(LogMsg::Follow(!panel.follow)));
            }
        },
    );
}

fn tool_bar(run: &Run, panel: &LogPanel, lines: &Lines, ui: &mut Ui, out: &mut Vec<Msg>) {
    ui.horizontal_wrapped(|ui| {
        let name = |of: &Option<(String, String)>| match of {
            Some((pod, container)) => format!("{pod} {container}"),
            None => "All pods".to_owned(),
        };
        let mut of = panel.of.clone();
        Field::new("Pod").width(190.0).combo(ui, &name(&panel.of), |ui| {
            ui.selectable_value(&mut of, None, "All pods");
            for log in facts(run).and_then(Result::ok).map(|facts| &facts.logs).into_iter().flatten() {
                let one = Some((log.pod.clone(), log.container.clone()));
                let label = name(&one);
                ui.selectable_value(&mut of, one, plain::line(&label));
            }
        });
        if of != panel.of {
            out.push(Msg::Log(LogMsg::Of(of)));
        }
        ui.vertical(|ui| {
            crate::design::overline(ui, "Container");
            ui.horizontal(|ui| {
                for (previous, label) in [(false, "Current"), (true, "Previous")] {
                    if ui.selectable_label(panel.previous == previous, label).clicked() {
                        out.push(Msg::Log(LogMsg::Previous(previous)));
                    }
                }
            });
        });
        let mut find = panel.find.clone();
        if Field::new("Find").hint("Find…").width(150.0).text(ui, &mut find).changed() {
            out.push(Msg::Log(LogMsg::Find(find)));
        }
        if !panel.find.is_empty() {
            ui.vertical(|ui| {
                secondary(ui, &hits_text(ui, panel, lines));
                ui.horizontal(|ui| {
                    for (next, label) in [(false, "Back"), (true, "Next")] {
                        if ui.add(ActionButton::secondary(label).small()).clicked() {
                            out.push(Msg::Log(LogMsg::Next(next)));
                        }
                    }
                });
            });
        }
    });
}

/// How many lines were searched for what, and how many of them are hits.
#[derive(Clone, Default)]
struct Count {
    find: String,
    previous: bool,
    of: Option<(String, String)>,
    searched: usize,
    hits: usize,
}

/// Counts the hits. A followed log grows by the line and can be very long: only new lines are searched.
fn hits_text(ui: &Ui, panel: &LogPanel, lines: &Lines) -> String {
    let id = Id::unique("log panel's count of hits");
    let mut count: Count = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let same = count.find == panel.find && count.previous == panel.previous && count.of == panel.of;
    if !(panel.follow && same && count.searched <= lines.len()) {
        let (find, of) = (panel.find.clone(), panel.of.clone());
        count = Count { find, of, previous: panel.previous, ..Count::default() };
    }
    let new = (count.searched..lines.len()).filter_map(|i| lines.get(i));
    count.hits += new.filter(|(_, line)| is_hit(&line.text, &panel.find)).count();
    count.searched = lines.len();
    let text = match panel.hit {
        Some(hit) if count.hits > 0 => {
            format!("{}, line {}", words::count(count.hits, "line", "lines"), hit + 1)
        }
        _ => words::count(count.hits, "line", "lines"),
    };
    ui.data_mut(|data| data.insert_temp(id, count));
    text
}
