//! The log panel: what it shows, what it searches, what it follows.

use crate::app::model::{LOG_LINES, LogPanel, Model, Run};
use crate::app::msg::LogMsg;
use crate::engine::job::Job;
use crate::runbook::fact::LogLine;
use crate::runbook::log_tail::{is_hit, tail};

/// What a message of the log panel leads to.
pub(super) fn update(model: &mut Model, msg: LogMsg) -> Vec<Job> {
    let Some(run) = &mut model.run else { return Vec::new() };
    if let LogMsg::Open = msg {
        // A container that crashed says why in its previous log.
        let previous = crashed(run);
        run.log.get_or_insert_with(|| LogPanel { previous, ..LogPanel::default() });
        return Vec::new();
    }
    let Some(panel) = &mut run.log else { return Vec::new() };
    match msg {
        LogMsg::Open => {}
        LogMsg::Close => {
            run.log = None;
            return vec![Job::StopLog { session: run.session }];
        }
        LogMsg::Of(of) => {
            (panel.of, panel.hit) = (of, None);
            let follow = panel.follow && panel.of.is_some();
            return self::follow(run, follow);
        }
        LogMsg::Previous(previous) => {
            (panel.previous, panel.hit) = (previous, None);
            return follow(run, false);
        }
        LogMsg::Find(text) => {
            (panel.find, panel.hit) = (text, None);
            step(run, true);
        }
        LogMsg::Next(forward) => step(run, forward),
        LogMsg::Follow(yes) => return follow(run, yes),
    }
    Vec::new()
}

fn crashed(run: &Run) -> bool {
    let logs = run.failed.and_then(|failed| run.readings.logs(failed)).and_then(Result::ok);
    logs.is_some_and(|facts| facts.logs.iter().any(|log| matches!(&log.previous, Some(Ok(_)))))
}

/// Follows the chosen container, else the first one.
fn follow(run: &mut Run, yes: bool) -> Vec<Job> {
    let first = run
        .failed
        .and_then(|failed| run.readings.logs(failed))
        .and_then(Result::ok)
        .and_then(|facts| facts.logs.first().map(|log| (log.pod.clone(), log.container.clone())));
    let (Some(panel), Some(region)) = (&mut run.log, run.failed) else { return Vec::new() };
    panel.generation += 1;
    panel.lines.clear();
    panel.ended = None;
    panel.follow = yes;
    if !yes {
        return vec![Job::StopLog { session: run.session }];
    }
    panel.previous = false;
    let Some((pod, container)) = panel.of.clone().or(first) else {
        (panel.follow, panel.ended) = (false, Some("there is no pod to follow".to_owned()));
        return Vec::new();
    };
    panel.of = Some((pod.clone(), container.clone()));
    vec![Job::FollowLog { session: run.session, region, pod, container, generation: panel.generation }]
}

/// New lines of the followed log.
pub(super) fn lines(run: &mut Run, generation: u64, lines: Vec<LogLine>) {
    let Some(panel) = run.log.as_mut().filter(|panel| panel.generation == generation) else { return };
    if panel.lines.len() + lines.len() > LOG_LINES {
        let surplus = (panel.lines.len() + lines.len() - LOG_LINES).max(LOG_LINES / 10);
        panel.lines.drain(..surplus.min(panel.lines.len()));
        panel.hit = None;
    }
    panel.lines.extend(lines);
}

/// Goes to the next hit in a direction, around the end.
fn step(run: &mut Run, forward: bool) {
    let Some(panel) = &run.log else { return };
    let facts = run.failed.and_then(|failed| run.readings.logs(failed)).and_then(Result::ok);
    let of = panel.of.as_ref().map(|(pod, container)| (pod.as_str(), container.as_str()));
    let tail = facts.map(|facts| tail(facts, of, panel.previous)).unwrap_or_default();
    let len = if panel.follow { panel.lines.len() } else { tail.lines.len() };
    let text = |i: usize| if panel.follow { &panel.lines[i].text } else { &tail.lines[i].line.text };
    let start = panel.hit.map_or(if forward { 0 } else { len.saturating_sub(1) }, |hit| {
        if forward { hit + 1 } else { hit + len - 1 }
    });
    let place = |offset: usize| if forward { (start + offset) % len } else { (start + len - offset) % len };
    let hit = (0..len).map(place).find(|i| is_hit(text(*i), &panel.find));
    if let Some(panel) = &mut run.log {
        panel.hit = hit;
    }
}
