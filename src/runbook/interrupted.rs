//! An action whose outcome nobody knows: the program ended between its intent and its outcome.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::ActionKind;
use super::profile::{Profile, Region};

/// Which process something was, so that it is not taken for a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMark {
    /// Its number.
    pub pid: u32,
    /// When it started, in the words of the system (on Linux the boot's id and field 22 of
    /// `/proc/PID/stat`); `None` where that is not known. Only to be compared.
    pub started: Option<String>,
    /// The machine that it ran on.
    pub host: String,
}

/// A program that an action started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedTool {
    /// Its name without the folder.
    pub program: String,
    /// Its process.
    #[serde(flatten)]
    pub process: ProcessMark,
}

/// An intent without an outcome, of a program that does not run any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// The environment's name.
    pub environment: String,
    /// The action's id, [`ActionKind::id`]; a newer program may know more of them.
    pub action: String,
    /// The region's name.
    pub region: String,
    /// The context that it was done in.
    pub context: String,
    /// When it was sent, UTC.
    pub at: Timestamp,
    /// The run's folder; its journal takes the acknowledgement.
    pub run: PathBuf,
    /// The number of the intent in that journal.
    pub intent: u64,
    /// The program that did it, where it got as far as that.
    pub tool: Option<StartedTool>,
    /// Does that program, or something that it started, still run? `None` where that cannot be told.
    pub alive: Option<bool>,
    /// Entries of the journal that this program cannot read: a newer one wrote them, and the outcome may be
    /// among them.
    pub unknown_entries: usize,
}

impl Interrupted {
    /// Is it of this environment: by its name, or, as an environment can be given another name, by a region and its
    /// context?
    pub fn is_of(&self, profile: &Profile) -> bool {
        let is_same = |region: &Region| region.name == self.region && region.context == self.context;
        self.environment == profile.name || (!self.context.is_empty() && profile.regions.iter().any(is_same))
    }

    /// What is known, in a sentence without a full stop.
    pub fn sentence(&self) -> String {
        let at = self.at.strftime("%H:%M:%S");
        let sent = format!("{} of {} was sent at {at} UTC", noun(&self.action), self.region);
        let mut sentence = match (&self.tool, self.alive) {
            (Some(tool), Some(true)) => format!(
                "{sent}, and {} of it still runs (pid {}): wait for its end, or end it, before you repeat it",
                tool.program, tool.process.pid
            ),
            (None, Some(true)) => format!(
                "{sent}, and the program that it started still runs: wait for its end before you repeat it"
            ),
            (Some(tool), None) => format!(
                "{sent}, its outcome is not known, nor whether {} (pid {} on {}) still runs: look before you repeat it",
                tool.program, tool.process.pid, tool.process.host
            ),
            _ => format!("{sent}, its outcome is not known: look before you repeat it"),
        };
        if self.unknown_entries > 0 {
            sentence.push_str(&format!(
                ". A newer Failback wrote {} of this journal's entries: the outcome may be among them",
                self.unknown_entries
            ));
        }
        sentence
    }

    /// The same with its day and environment, where other runs are beside it.
    pub fn sentence_with_environment(&self) -> String {
        format!("{}, {}: {}", self.environment, self.at.strftime("%Y-%m-%d"), self.sentence())
    }
}

/// An action as a thing that is sent.
pub fn noun(action: &str) -> &str {
    let known = ActionKind::ALL.into_iter().find(|kind| kind.id() == action);
    match known {
        Some(ActionKind::Restart) => "restart",
        Some(ActionKind::Scale) => "scaling",
        Some(ActionKind::ReapplyHelm) => "re-apply by Helm",
        Some(ActionKind::ReapplyVcluster) => "re-apply by the vCluster CLI",
        Some(ActionKind::Rollback) => "rollback",
        None => action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupted() -> Interrupted {
        Interrupted {
            environment: "acme".to_owned(),
            action: "restart".to_owned(),
            region: "us-east-1".to_owned(),
            context: "us".to_owned(),
            at: "2026-03-04T02:41:07.5Z".parse().unwrap(),
            run: PathBuf::from("/runs/one"),
            intent: 1,
            tool: None,
            alive: None,
            unknown_entries: 0,
        }
    }

    #[test]
    fn a_plan_beside_it_needs_a_reason_and_waits_for_what_still_runs() {
        use crate::runbook::case::Case;
        use crate::runbook::profile::{RegionIndex, testing::profile};
        use crate::runbook::question::Readings;
        let (profile, readings) = (profile(), Readings::default());
        let case = Case {
            profile: &profile,
            failed: RegionIndex(0),
            readings: &readings,
            now: Timestamp::UNIX_EPOCH,
        };
        let blocked = |region: &str, alive| {
            let earlier = Interrupted { region: region.to_owned(), alive, ..interrupted() };
            let plan = crate::runbook::steps::restore::plan(&case, ActionKind::Restart);
            let before = plan.blockers().len();
            let plan = plan.beside(std::slice::from_ref(&earlier));
            let more: Vec<bool> =
                plan.blockers()[before..].iter().map(|blocker| blocker.overridable).collect();
            more
        };
        assert_eq!(blocked("us-east-1", None), [true]);
        assert_eq!(blocked("us-east-1", Some(false)), [true]);
        assert_eq!(blocked("us-east-1", Some(true)), [false]);
        assert_eq!(blocked("eu-west-1", None), [false; 0]);
    }

    #[test]
    fn the_sentence_says_what_is_known_and_no_more() {
        let of = |change: &dyn Fn(&mut Interrupted)| {
            let mut interrupted = interrupted();
            change(&mut interrupted);
            interrupted.sentence()
        };
        assert_eq!(
            of(&|_| {}),
            "restart of us-east-1 was sent at 02:41:07 UTC, its outcome is not known: look before you repeat it"
        );
        let process = ProcessMark { pid: 42, started: None, host: "bastion".to_owned() };
        let tool = StartedTool { program: "helm".to_owned(), process };
        let runs = of(&|it| (it.tool, it.alive) = (Some(tool.clone()), Some(true)));
        assert!(runs.contains("helm of it still runs (pid 42)"), "{runs}");
        let ended = of(&|it| (it.tool, it.alive) = (Some(tool.clone()), Some(false)));
        assert!(ended.ends_with("its outcome is not known: look before you repeat it"), "{ended}");
        let elsewhere = of(&|it| it.tool = Some(tool.clone()));
        assert!(elsewhere.contains("nor whether helm (pid 42 on bastion) still runs"), "{elsewhere}");
        let newer = of(&|it| (it.action, it.unknown_entries) = ("drain".to_owned(), 2));
        assert!(
            newer.starts_with("drain of us-east-1") && newer.contains("newer Failback wrote 2"),
            "{newer}"
        );
    }
}
