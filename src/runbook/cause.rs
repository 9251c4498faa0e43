//! What may be broken: every cause assessed by the evidence, and ranked.

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::causes;
use super::fits::{self, Fits};
use super::verdict::{Side, Why};

/// How sure an assessment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Evidence speaks against it, or none for it.
    RuledOut,
    /// Some evidence, or evidence on both sides.
    Possible,
    /// The evidence fits.
    Likely,
    /// The API itself says so.
    Certain,
}

/// What to do about a cause, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// Restart the Deployment.
    Restart,
    /// Roll the Helm release back.
    Rollback,
    /// Re-apply the values file.
    Reapply,
    /// Scale the Deployment.
    Scale,
    /// The repair is not this program's to do: it says whose, and how.
    Guidance,
    /// Stop: another runbook applies.
    Stop,
}

/// Whether an action helps against a cause, with the reason in a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The one to take.
    Fits(&'static str),
    /// Helps too, at a price.
    Also(&'static str),
    /// Helps once others have mended the cause, and not before.
    Later(&'static str),
    /// Cannot help.
    CannotHelp(&'static str),
    /// No cause is known to judge it by.
    Unproven(&'static str),
}

impl Fit {
    /// The reason.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Fits(reason)
            | Self::Also(reason)
            | Self::Later(reason)
            | Self::CannotHelp(reason)
            | Self::Unproven(reason) => reason,
        }
    }
}

/// What a cause is a fault of: it gives the cause its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Something outside is broken: the region, or what it needs.
    Outside,
    /// Our own side: sign-in, permissions, the way from here. It says nothing of the region.
    OurSide,
    /// Another region than the chosen one.
    Choice,
    /// Nothing at all.
    Nothing,
}

/// One cause, weighed.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The name in JSON, in the journal, and of the practice scenario.
    pub id: &'static str,
    /// The cause in a phrase.
    pub title: String,
    /// The cause in a sentence for a headline, with the region's name.
    pub headline: String,
    /// How sure.
    pub strength: Strength,
    /// What it is a fault of.
    pub blame: Blame,
    /// What speaks for it.
    pub evidence_for: Vec<String>,
    /// What speaks against it.
    pub evidence_against: Vec<String>,
    /// What could not be looked at.
    pub not_checked: Vec<String>,
    /// What to do.
    pub advice: Option<Advice>,
    /// What to do, in steps, where the repair is not ours.
    pub guidance: Vec<Guidance>,
    /// Whether each action helps.
    pub fits: Fits,
    /// The causes that are but effects of this one, by id: they rank below it.
    pub explains: Explains,
}

/// What a cause explains, where it is likely or certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explains {
    /// These, by id.
    These(&'static [&'static str]),
    /// Whatever else is found: there is no telling before this one is settled.
    All,
}

impl Assessment {
    /// A cause without evidence yet: ruled out, its repair somebody else's, nothing explained.
    pub fn new(id: &'static str, title: impl Into<String>, headline: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            headline: headline.into(),
            strength: Strength::RuledOut,
            blame: Blame::Outside,
            evidence_for: Vec::new(),
            evidence_against: Vec::new(),
            not_checked: Vec::new(),
            advice: Some(Advice::Guidance),
            guidance: Vec::new(),
            fits: fits::ELSEWHERE,
            explains: Explains::These(&[]),
        }
    }

    /// Adds evidence for it.
    pub fn says(&mut self, text: impl Into<String>) {
        self.evidence_for.push(text.into());
    }

    /// Adds evidence against it.
    pub fn denies(&mut self, text: impl Into<String>) {
        self.evidence_against.push(text.into());
    }

    /// Notes a question without facts.
    pub fn needs<T>(&mut self, what: &str, answer: Option<Result<T, &Why>>) {
        self.not_checked.extend(unread(what, answer));
    }

    /// Is it below the other, because the other explains it? Of two that would explain each other the one
    /// that names the other does.
    pub(super) fn is_explained_by(&self, other: &Self) -> bool {
        let names = |one: &Self, id| matches!(one.explains, Explains::These(ids) if ids.contains(&id));
        let explains = match other.explains {
            Explains::All => self.explains != Explains::All && !names(self, other.id),
            Explains::These(_) => names(other, self.id),
        };
        other.strength >= Strength::Likely.max(self.strength.min(other.strength))
            && other.id != self.id
            && explains
    }
}

/// One step of a repair that others do, or by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guidance {
    /// What to do.
    pub text: String,
    /// The command for it, where there is one.
    pub command: Option<super::command::Command>,
}

impl Guidance {
    /// A step in words.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None }
    }

    /// A step with the command for it.
    pub fn with(text: impl Into<String>, command: super::command::Command) -> Self {
        Self { text: text.into(), command: Some(command) }
    }
}

/// How many causes are told apart.
pub const COUNT: usize = causes::ALL.len();

/// Every cause with evidence for it, the surest first; a cause that explains
/// another stands above it. Pure in the readings, so no order of arrival matters.
pub fn rank(case: &Case) -> Vec<Assessment> {
    let mut ranked: Vec<Assessment> = causes::ALL
        .iter()
        .map(|assess| assess(case))
        .filter(|assessment| assessment.strength > Strength::RuledOut)
        .collect();
    // Stable: equals keep the order of `causes::ALL`.
    ranked.sort_by_key(|assessment| std::cmp::Reverse(assessment.strength));
    explaining_first(ranked)
}

/// Takes one after another the first that nothing left explains. No two causes explain each other,
/// so there always is one; a test keeps that.
fn explaining_first(mut left: Vec<Assessment>) -> Vec<Assessment> {
    let mut ranked = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free = left.iter().position(|one| !left.iter().any(|other| one.is_explained_by(other)));
        ranked.push(left.remove(free.unwrap_or(0)));
    }
    ranked
}

/// Of ranked causes those after the first that stand on their own: sure enough, and not an effect of
/// another one. They have to be mended too. None beside a cause that explains whatever else is found.
pub fn also(ranked: &[Assessment]) -> Vec<&Assessment> {
    if ranked.first().is_some_and(|first| first.explains == Explains::All) {
        return Vec::new();
    }
    let alone = |one: &&Assessment| {
        one.strength >= Strength::Likely && !ranked.iter().any(|other| one.is_explained_by(other))
    };
    ranked.iter().skip(1).filter(alone).collect()
}

/// The `not_checked` line of a question without facts, where it has none.
#[allow(clippy::needless_pass_by_value, reason = "what the accessors of Readings return")]
pub fn unread<T>(what: &str, answer: Option<Result<T, &Why>>) -> Option<String> {
    match answer {
        Some(Ok(_)) => None,
        Some(Err(why)) => {
            let whose = if why.side == Side::Ours { " (our side)" } else { "" };
            Some(format!("{what}: {}{whose}", why.message))
        }
        None => Some(format!("{what}: not answered yet")),
    }
}
