//! What an action would change, before it changes: secrets hidden, sizes bounded.

/// What would change, by what the server and Helm say that they would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreviewFacts {
    /// The plan that it was read for: [`Plan::basis`](crate::runbook::action::Plan::basis) as it was then.
    pub basis: String,
    /// What changes, in the order in which it is applied.
    pub objects: Vec<ObjectChange>,
    /// How many objects were compared and stay as they are.
    pub unchanged: usize,
    /// How many objects more there are than are compared.
    pub left_out: usize,
    /// Keys of the release's own values that no values file sets, so that they go; `None` where nothing can go,
    /// or why they are not known.
    pub lost_keys: Option<Result<LostKeys, String>>,
    /// What else happens that is no difference of an object, a sentence each.
    pub notes: Vec<String>,
}

/// One object that an action changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectChange {
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`; `None` for a cluster-wide one.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// What happens to it.
    pub change: Change,
    /// The difference, line by line, at most some hundred.
    pub lines: Vec<DiffLine>,
    /// How many lines are new, those that were cut included.
    pub added: usize,
    /// How many lines go, those that were cut included.
    pub removed: usize,
    /// How many lines of the difference are not in `lines`.
    pub cut: usize,
    /// What follows from it, in a phrase: that pods are replaced.
    pub effect: Option<String>,
    /// Why the difference is not what the cluster would make of it, in a sentence: it could not be asked.
    pub unsure: Option<String>,
    /// Why the server would refuse this, in its own words.
    pub refused: Option<String>,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is made.
    Added,
    /// It is there, and becomes another.
    Changed,
    /// It is deleted.
    Removed,
    /// Helm makes it and runs it, before or after the rest.
    Hook,
}

impl Change {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "new",
            Self::Changed => "changed",
            Self::Removed => "deleted",
            Self::Hook => "run by Helm",
        }
    }
}

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// Which side it is of.
    pub sign: Sign,
    /// The line of YAML, secrets hidden.
    pub text: String,
}

/// Which side a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Where in the object the next lines are.
    Place,
    /// On both sides.
    Kept,
    /// Goes.
    Removed,
    /// Is new.
    Added,
}

impl Sign {
    /// As in a unified difference.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Place => "@",
            Self::Kept => " ",
            Self::Removed => "-",
            Self::Added => "+",
        }
    }
}

/// Keys that go, never their values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LostKeys {
    /// Dotted paths, sorted, at most some dozen.
    pub keys: Vec<String>,
    /// How many more there are.
    pub more: usize,
}
