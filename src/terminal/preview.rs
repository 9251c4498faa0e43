//! What a plan would change, in the terminal: printed before anything is done, and as JSON.

use serde::Serialize;

use crate::engine::session::Session;
use crate::runbook::action::{Blocker, Plan};
use crate::runbook::command::Command;
use crate::runbook::fact::{Facts, LostKeys, ObjectChange, PreviewFacts};
use crate::runbook::steps::restore::preview;

use super::Stop;
use super::out::{self, say};
use super::restore::print_plan;

/// What would change, or why that is not known, in a sentence.
pub(super) type Changes = Result<PreviewFacts, String>;

/// Prints the plan and reads what it would change. Where that cannot be had, the plan stands all the same.
pub(super) async fn read(session: &Session, plan: &Plan, is_unwanted: bool, for_people: bool) -> Changes {
    if for_people {
        print_plan(plan);
    }
    if is_unwanted {
        return Err("What would change was not asked for".to_owned());
    }
    if let Some(why) = preview::not_possible(plan) {
        return Err(why.to_owned());
    }
    if for_people {
        say!("");
        say!("Reading what would change…");
    }
    match session.preview(plan).await.answer {
        Ok(Facts::Preview(facts)) => Ok(facts),
        Ok(_) => Err("What would change was answered with something else".to_owned()),
        Err(why) => Err(preview::unread(&why)),
    }
}

/// Prints it for people.
pub(super) fn print(plan: &Plan, changes: &Changes) {
    say!("");
    let facts = match changes {
        Ok(facts) => facts,
        Err(why) => {
            say!("{why}");
            return;
        }
    };
    say!("What would change: {}", preview::summary(facts));
    for object in &facts.objects {
        say!("  {}: {}", preview::title(object), preview::line(object));
        for text in object.refused.iter().chain(&object.unsure) {
            say!("    {text}");
        }
        for line in &object.lines {
            say!("    {} {}", line.sign.mark(), line.text);
        }
        if object.cut > 0 {
            say!("    {} more lines are not shown", object.cut);
        }
    }
    for remark in preview::remarks(facts) {
        say!("  {remark}");
    }
    if let Some(command) = plan.preview_command() {
        say!("  The command that looks: {}", command.shell());
    }
}

#[derive(Serialize)]
struct PlanReport<'a> {
    action: &'static str,
    title: &'a str,
    region: &'a str,
    context: &'a str,
    api_server: &'a str,
    changes: &'a str,
    does_not_touch: &'a str,
    undo: &'a str,
    undo_command: Option<String>,
    usually_takes: &'a str,
    notes: &'a [String],
    in_the_way: Vec<InTheWay<'a>>,
    command: String,
    preview_command: Option<String>,
    preview: Option<PreviewReport<'a>>,
    preview_problem: Option<&'a str>,
}

#[derive(Serialize)]
struct InTheWay<'a> {
    text: &'a str,
    overridable: bool,
}

#[derive(Serialize)]
struct PreviewReport<'a> {
    objects: Vec<ObjectReport<'a>>,
    unchanged: usize,
    not_compared: usize,
    lost_keys: Option<&'a [String]>,
    more_lost_keys: usize,
    lost_keys_problem: Option<&'a str>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct ObjectReport<'a> {
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    change: &'static str,
    added: usize,
    removed: usize,
    effect: Option<&'a str>,
    unsure: Option<&'a str>,
    refused: Option<&'a str>,
    diff: Vec<String>,
    lines_left_out: usize,
}

fn object(object: &ObjectChange) -> ObjectReport<'_> {
    ObjectReport {
        kind: &object.kind,
        namespace: object.namespace.as_deref(),
        name: &object.name,
        change: object.change.word(),
        added: object.added,
        removed: object.removed,
        effect: object.effect.as_deref(),
        unsure: object.unsure.as_deref(),
        refused: object.refused.as_deref(),
        diff: object.lines.iter().map(|line| format!("{} {}", line.sign.mark(), line.text)).collect(),
        lines_left_out: object.cut,
    }
}

fn report(facts: &PreviewFacts) -> PreviewReport<'_> {
    let lost: Option<&LostKeys> = facts.lost_keys.as_ref().and_then(|lost| lost.as_ref().ok());
    PreviewReport {
        objects: facts.objects.iter().map(object).collect(),
        unchanged: facts.unchanged,
        not_compared: facts.left_out,
        lost_keys: lost.map(|lost| lost.keys.as_slice()),
        more_lost_keys: lost.map_or(0, |lost| lost.more),
        lost_keys_problem: facts.lost_keys.as_ref().and_then(|lost| lost.as_ref().err()).map(String::as_str),
        notes: &facts.notes,
    }
}

/// Prints the plan with it for programs. The names are part of the interface.
pub(super) fn json(plan: &Plan, changes: &Changes) -> Result<(), Stop> {
    let in_the_way = |blocker: &'_ Blocker| (blocker.text.clone(), blocker.overridable);
    let blockers: Vec<_> = plan.blockers().iter().map(in_the_way).collect();
    let report = PlanReport {
        action: plan.kind().id(),
        title: plan.title(),
        region: &plan.region().name,
        context: &plan.region().context,
        api_server: plan.server(),
        changes: plan.changes(),
        does_not_touch: plan.does_not_touch(),
        undo: plan.undo(),
        undo_command: plan.undo_command().map(Command::shell),
        usually_takes: plan.usual_duration(),
        notes: plan.notes(),
        in_the_way: blockers
            .iter()
            .map(|(text, overridable)| InTheWay { text, overridable: *overridable })
            .collect(),
        command: plan.command().shell(),
        preview_command: plan.preview_command().map(Command::shell),
        preview: changes.as_ref().ok().map(report),
        preview_problem: changes.as_ref().err().map(String::as_str),
    };
    let text = serde_json::to_string_pretty(&report).map_err(|error| Stop::failed(error.to_string()))?;
    out::json(&text);
    Ok(())
}
