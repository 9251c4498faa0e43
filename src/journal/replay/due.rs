//! Which step is to be done, and since when: what the time box of a step is measured from.
//!
//! It is the furthest step that was opened, as in the window. Another failed region, changed variables and a run
//! that is taken up again begin anew: of the hours in which nobody worked on it nobody is reminded.

use jiff::Timestamp;

use super::{Entry, Happening, Record};
use crate::runbook::step::Step;

/// The step that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub step: Step,
    /// Since when, UTC.
    pub since: Timestamp,
    /// That it takes longer than usual is in the journal.
    pub told: bool,
}

impl Due {
    fn new(step: Step, since: Timestamp) -> Self {
        Self { step, since, told: false }
    }
}

/// What an entry means for it; called before the record knows of the entry.
pub(super) fn heed(record: &mut Record, entry: &Entry) {
    let at = entry.at;
    match &entry.happening {
        Happening::Opened { .. } | Happening::TakenUp { .. } | Happening::Received { .. } => {
            begin(record, at);
        }
        Happening::VariablesChanged { .. } => begin(record, at),
        Happening::RegionChosen { region }
            if record.region.as_ref().is_some_and(|before| before != region) =>
        {
            record.due = Some(Due::new(Step::Confirm, at));
        }
        Happening::StepOpened { step } if record.due.is_some_and(|due| due.step < *step) => {
            record.due = Some(Due::new(*step, at));
        }
        // A new action has a new rollout, and a new verification.
        Happening::Outcome { outcome, .. } if !outcome.is_unchanged() => again(record, at),
        Happening::DoneByHand { .. } => again(record, at),
        Happening::Overdue { step, .. } => {
            if let Some(due) = record.due.as_mut().filter(|due| due.step == *step) {
                due.told = true;
            }
        }
        Happening::Recovered | Happening::Closed { recovered: true, .. } => record.due = None,
        _ => {}
    }
}

/// Step 1 is to be done from now on; what is recovered stays so.
fn begin(record: &mut Record, at: Timestamp) {
    record.due = (!record.is_recovered()).then(|| Due::new(Step::Confirm, at));
}

fn again(record: &mut Record, at: Timestamp) {
    if let Some(due) = record.due.filter(|due| due.step > Step::Restore) {
        record.due = Some(Due::new(due.step, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Hand;
    use crate::runbook::action::{ActionKind, ActionOutcome};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_772_000_000 + second).unwrap()
    }

    fn opened() -> Happening {
        Happening::Opened { environment: "acme".to_owned(), practice: None, by: Hand::default() }
    }

    fn open(step: Step) -> Happening {
        Happening::StepOpened { step }
    }

    fn chosen(region: &str) -> Happening {
        Happening::RegionChosen { region: region.to_owned() }
    }

    fn outcome(unchanged: bool) -> Happening {
        let message = String::new();
        let outcome = ActionOutcome::Failed { message, unchanged };
        Happening::Outcome { intent: 1, action: ActionKind::Restart, outcome }
    }

    fn by_hand() -> Happening {
        Happening::DoneByHand { action: ActionKind::Scale, command: String::new(), output: None }
    }

    /// The step to be done and since when, after these entries ten seconds apart.
    fn due(happenings: &[Happening]) -> Option<(Step, i64)> {
        let mut record = Record::default();
        for (second, happening) in (0..).step_by(10).zip(happenings) {
            record.add_entry(&Entry { at: at(second), happening: happening.clone() });
        }
        record.due.map(|due| (due.step, due.since.as_second() - at(0).as_second()))
    }

    #[test]
    fn it_is_the_furthest_step_that_was_opened_since_the_run_began_or_was_taken_up() {
        let taken_up = || Happening::TakenUp { by: Hand::default() };
        for (happenings, expected) in [
            (vec![], None),
            (vec![open(Step::Diagnose)], None),
            (vec![opened()], Some((Step::Confirm, 0))),
            (vec![opened(), open(Step::Preflight)], Some((Step::Confirm, 0))),
            (vec![opened(), open(Step::Restore), open(Step::Diagnose)], Some((Step::Restore, 10))),
            (vec![opened(), chosen("a"), open(Step::Diagnose)], Some((Step::Diagnose, 20))),
            (vec![opened(), open(Step::Diagnose), taken_up()], Some((Step::Confirm, 20))),
            (vec![opened(), taken_up(), open(Step::Restore)], Some((Step::Restore, 20))),
            (
                vec![
                    opened(),
                    open(Step::Restore),
                    Happening::VariablesChanged { environment: String::new() },
                ],
                Some((Step::Confirm, 20)),
            ),
            (vec![opened(), chosen("a"), open(Step::Restore), chosen("a")], Some((Step::Restore, 20))),
            (vec![opened(), chosen("a"), open(Step::Restore), chosen("b")], Some((Step::Confirm, 30))),
            (vec![opened(), open(Step::Verify), outcome(true)], Some((Step::Verify, 10))),
            (vec![opened(), open(Step::Verify), outcome(false)], Some((Step::Verify, 20))),
            (vec![opened(), open(Step::Rollout), by_hand()], Some((Step::Rollout, 20))),
            (vec![opened(), open(Step::Restore), by_hand()], Some((Step::Restore, 10))),
            (vec![opened(), Happening::Recovered, open(Step::Verify)], None),
            (vec![opened(), Happening::Recovered, taken_up()], None),
            (vec![opened(), chosen("a"), Happening::Recovered, chosen("b")], Some((Step::Confirm, 30))),
        ] {
            assert_eq!(due(&happenings), expected, "{happenings:?}");
        }
    }

    #[test]
    fn that_it_takes_long_is_told_once_for_each_time() {
        let mut record = Record::default();
        let mut add = |happening| {
            record.add_entry(&Entry { at: at(0), happening });
            record.due.map(|due| due.told)
        };
        let overdue = |step| Happening::Overdue { step, usual_secs: 90 };
        assert_eq!(add(opened()), Some(false));
        assert_eq!(add(overdue(Step::Diagnose)), Some(false), "of another step");
        assert_eq!(add(overdue(Step::Confirm)), Some(true));
        assert_eq!(add(open(Step::Diagnose)), Some(false));
        let said: Vec<&str> = record.timeline.iter().map(|moment| moment.text.as_str()).collect();
        let late = "Step 1, Confirm failover takes longer than usual: more than 1 min 30 s";
        assert!(said.contains(&late), "{said:?}");
    }
}
