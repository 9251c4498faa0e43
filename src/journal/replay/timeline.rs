//! What happened, in sentences: readings that changed a verdict, decisions, actions, notes.

use jiff::Timestamp;

use super::{ActionRecord, Entry, Happening, Newer, Record};
use crate::plain;
use crate::runbook::action::ActionOutcome;
use crate::runbook::interrupted::noun;
use crate::runbook::step::Step;
use crate::runbook::verdict::Verdict;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When, UTC.
    pub at: Timestamp,
    /// The clock had been set back since the moment before.
    pub clock_set_back: bool,
    /// What it is.
    pub kind: MomentKind,
    /// In a sentence without a full stop.
    pub text: String,
    /// More of it, a line each: reasons, commands, evidence.
    pub details: Vec<String>,
}

/// What a moment is, for its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentKind {
    /// The run itself: begun, taken up, left, handed over.
    Run,
    /// A reading that changed a verdict.
    Reading(Verdict),
    /// Something that was found out: the outcome of step 1, a cause, a rollout's end, the recovery.
    Finding,
    /// A person's decision.
    Decision,
    /// Something that was done to the region.
    Action,
    /// The same, and it failed or its outcome is not known.
    ActionFailed,
    /// What a person wrote down.
    Note,
    /// An entry of a newer program.
    Newer,
}

/// Adds what an entry has to say to the timeline; called before the record knows of it.
pub(super) fn add(record: &mut Record, entry: &Entry) {
    if let Some((kind, text, details)) = said(record, &entry.happening) {
        push(record, entry.at, kind, text, details);
    }
}

pub(super) fn newer(record: &mut Record, newer: &Newer) {
    let text = format!("An entry of a newer Failback, which this one does not know: {}", newer.what);
    push(record, newer.at, MomentKind::Newer, text, vec![newer.text.clone()]);
}

fn push(record: &mut Record, at: Timestamp, kind: MomentKind, text: String, details: Vec<String>) {
    let clock_set_back = record.last_at.is_some_and(|last| at < last);
    record.timeline.push(Moment { at, clock_set_back, kind, text, details });
}

type Said = (MomentKind, String, Vec<String>);

fn said(record: &Record, happening: &Happening) -> Option<Said> {
    let plain = |kind, text: String| Some((kind, text, Vec::new()));
    match happening {
        Happening::Opened { environment, practice, by } => {
            let on = practice.as_ref().map_or(environment.clone(), |practice| {
                format!("{} (practice: {}, time × {})", environment, practice.title, practice.speed)
            });
            let begun = if record.milestones.opened.is_some() { "taken up again" } else { "begun" };
            plain(MomentKind::Run, format!("Run of {on} {begun} by {}", by.name()))
        }
        Happening::TakenUp { by } => plain(MomentKind::Run, format!("Taken up again by {}", by.name())),
        Happening::Received { by } => plain(
            MomentKind::Run,
            format!("Received by {}: what is above was written on another machine", by.name()),
        ),
        Happening::HandedOver { bundle } => {
            plain(MomentKind::Run, format!("Handed over as the bundle {bundle}"))
        }
        Happening::VariablesChanged { .. } => plain(
            MomentKind::Decision,
            "The environment's variables were changed: everything is read anew".to_owned(),
        ),
        Happening::RegionChosen { region } => (record.region.as_deref() != Some(region))
            .then(|| (MomentKind::Decision, format!("{region} is taken for the failed region"), Vec::new())),
        Happening::FailureSeen { since } => {
            let region = record.region.as_deref().unwrap_or("the region");
            let since = since.map_or(String::new(), |since| {
                format!("; its checkers reported it at {} UTC first", since.strftime("%H:%M:%S"))
            });
            plain(MomentKind::Finding, format!("The health check of {region} is seen failing{since}"))
        }
        Happening::OutcomeSeen { sentence, .. } => plain(MomentKind::Finding, sentence.clone()),
        Happening::Judged { .. } => judged(record, happening),
        Happening::CauseNamed { cause } => Some(match cause {
            Some(cause) => {
                let text = format!("First among the causes: {} ({})", cause.headline, cause.strength);
                (MomentKind::Finding, text, cause.evidence_for.clone())
            }
            None => (MomentKind::Finding, "No cause is left".to_owned(), Vec::new()),
        }),
        Happening::Overdue { step, usual_secs } => plain(
            MomentKind::Finding,
            format!("{} takes longer than usual: more than {}", named(*step), span(*usual_secs)),
        ),
        // Where somebody looked is no news; that step 3 or 5 was reached is told by what was done there.
        Happening::StepOpened { .. } => None,
        Happening::Accepted { title, check, region, found, reason } => {
            let title = with_region(if title.is_empty() { check } else { title }, region.as_deref());
            Some(match reason {
                Some(reason) => (
                    MomentKind::Decision,
                    format!("{title}: accepted as it could not be checked ({found})"),
                    vec![format!("Reason: {reason}")],
                ),
                None => (MomentKind::Decision, format!("{title}: acknowledged ({found})"), Vec::new()),
            })
        }
        Happening::Noted { text } => plain(MomentKind::Note, text.clone()),
        Happening::RepairedByOthers => {
            plain(MomentKind::Run, "Practice: others repaired what is theirs".to_owned())
        }
        Happening::RolloutEnded { done, message } => {
            let how = if *done { "done" } else { "failed" };
            plain(MomentKind::Finding, format!("The rollout is {how}: {message}"))
        }
        Happening::Recovered => {
            let region = record.region.as_deref().unwrap_or("The region");
            plain(MomentKind::Finding, format!("{region} has recovered"))
        }
        Happening::Ended { reason } => {
            let details = reason.iter().map(|reason| format!("Reason: {reason}")).collect();
            Some((MomentKind::Decision, "The run was ended as it is".to_owned(), details))
        }
        Happening::Closed { recovered, reasons } => Some(if *recovered {
            (MomentKind::Run, "The run was closed: recovered".to_owned(), Vec::new())
        } else {
            (MomentKind::Run, "The run was left before it had recovered".to_owned(), reasons.clone())
        }),
        _ => acted(record, happening),
    }
}

fn acted(record: &Record, happening: &Happening) -> Option<Said> {
    match happening {
        Happening::Intent { action, region, command, overridden, reason, .. } => {
            let mut details = vec![format!("Command: {command}")];
            details.extend(overridden.iter().map(|what| format!("In the way: {what}")));
            details.extend(reason.iter().map(|reason| format!("Reason: {reason}")));
            let text = format!("{} of {region} confirmed and sent", plain::capital(noun(action.id())));
            Some((MomentKind::Action, text, details))
        }
        Happening::ToolEnded { intent, exit_code, output } => {
            let program = of(record, *intent).and_then(|action| action.tool.as_ref());
            let program = program.map_or("The program", |tool| tool.program.as_str());
            let code =
                exit_code.map_or("was ended by a signal".to_owned(), |c| format!("ended with exit code {c}"));
            let kind = if *exit_code == Some(0) { MomentKind::Action } else { MomentKind::ActionFailed };
            Some((kind, format!("{program} {code}"), vec![format!("Its output: {output}")]))
        }
        Happening::Outcome { intent, action, outcome } => {
            let what = plain::capital(noun(action.id()));
            let region = of(record, *intent).map_or("the region", |action| action.region.as_str());
            Some(match outcome {
                ActionOutcome::Done { message } => {
                    (MomentKind::Action, format!("{what} of {region} done: {message}"), Vec::new())
                }
                ActionOutcome::Failed { message, unchanged } => {
                    let text = format!("{what} of {region} failed: {message}");
                    (MomentKind::ActionFailed, text, unchanged_line(*unchanged))
                }
                ActionOutcome::Cancelled { message, unchanged } => {
                    let text = format!("{what} of {region} cancelled: {message}");
                    (MomentKind::ActionFailed, text, unchanged_line(*unchanged))
                }
            })
        }
        Happening::Acknowledged { intent, reason } => {
            let what = of(record, *intent).map_or("an action".to_owned(), |action| {
                format!("{} of {}", noun(&action.action), action.region)
            });
            let details = reason.iter().map(|reason| format!("They say: {reason}")).collect();
            let text = format!("Somebody looked at what became of the {what}, whose outcome is not known");
            Some((MomentKind::Decision, text, details))
        }
        Happening::DoneByHand { action, command, output } => {
            let mut details = vec![format!("Command: {command}")];
            details.extend(output.iter().flat_map(|output| output.lines()).map(|line| format!("| {line}")));
            Some((MomentKind::Action, format!("{} done by hand", plain::capital(noun(action.id()))), details))
        }
        Happening::TakenBack { action } => {
            let text = format!("Taken back: the {} was not done by hand", noun(action.id()));
            Some((MomentKind::Decision, text, Vec::new()))
        }
        _ => None,
    }
}

/// First verdicts are told where they are not good; later ones where they changed.
fn judged(record: &Record, happening: &Happening) -> Option<Said> {
    let Happening::Judged { step, check, title, region, verdict, found, expected } = happening else {
        return None;
    };
    let same =
        |known: &&super::CheckRecord| known.step == *step && known.check == *check && known.region == *region;
    let was = match record.checks.iter().find(same) {
        Some(known) if known.verdict == *verdict => return None,
        Some(known) => Some(known.verdict),
        None if *verdict == Verdict::Pass => return None,
        None => None,
    };
    let name = with_region(if title.is_empty() { check } else { title }, region.as_deref());
    let was = was.map_or(String::new(), |was| format!(", was {}", word(was)));
    let text = format!("{}{name}: {}{was}: {found}", at_step(*step), word(*verdict));
    let details = if expected.is_empty() || *verdict == Verdict::Pass {
        Vec::new()
    } else {
        vec![format!("Normal: {expected}")]
    };
    Some((MomentKind::Reading(*verdict), text, details))
}

fn at_step(step: Step) -> String {
    match step.number() {
        0 => String::new(),
        number => format!("Step {number}, "),
    }
}

/// "Step 1, Confirm failover".
fn named(step: Step) -> String {
    format!("{}{}", at_step(step), step.title())
}

/// "30 s", "5 min", "1 min 30 s".
fn span(secs: u64) -> String {
    match (secs / 60, secs % 60) {
        (0, secs) => format!("{secs} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, secs) => format!("{minutes} min {secs} s"),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "good",
        Verdict::Warn => "warning",
        Verdict::Fail => "failed",
        Verdict::Unknown => "could not be checked",
    }
}

/// A check's name with its region, where it does not name it itself.
pub(in crate::journal) fn with_region(title: &str, region: Option<&str>) -> String {
    match region {
        Some(region) if !title.contains(region) => format!("{title} in {region}"),
        _ => title.to_owned(),
    }
}

fn of(record: &Record, intent: u64) -> Option<&ActionRecord> {
    record.actions.iter().rev().find(|action| action.intent == Some(intent))
}

fn unchanged_line(unchanged: bool) -> Vec<String> {
    let line = if unchanged { "Nothing was changed" } else { "What it changed before is not known" };
    vec![line.to_owned()]
}
