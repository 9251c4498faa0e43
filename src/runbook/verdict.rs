//! What facts mean: verdicts with their finding, and why something is unknown.

use serde::{Deserialize, Serialize};

/// The judgement of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Checked, and as it should be.
    Pass,
    /// Checked: works, but a person should know.
    Warn,
    /// Checked, and broken.
    Fail,
    /// Not checked. Never taken for good or for bad.
    Unknown,
}

impl Verdict {
    /// The word beside the shape: `Pass`, `Warn`, `Fail`, `Unknown`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Warn => "Warn",
            Self::Fail => "Fail",
            Self::Unknown => "Unknown",
        }
    }
}

/// A verdict and what it rests on, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The judgement.
    pub verdict: Verdict,
    /// What was found, in a phrase.
    pub found: String,
    /// What is normal, in a phrase.
    pub expected: String,
    /// Why it matters and what to do about it; empty where it passed.
    pub remedy: String,
}

impl Finding {
    /// As it should be.
    pub fn pass(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { verdict: Verdict::Pass, found: found.into(), expected: expected.into(), remedy: String::new() }
    }

    /// Works, but a person should know.
    pub fn warn(found: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, found: found.into(), expected: expected.into(), remedy: remedy.into() }
    }

    /// Broken.
    pub fn fail(found: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, found: found.into(), expected: expected.into(), remedy: remedy.into() }
    }

    /// Could not be checked.
    pub fn unknown(why: &Why, expected: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unknown,
            found: why.message.clone(),
            expected: expected.into(),
            remedy: why.remedy.clone(),
        }
    }
}

/// Where the reason lies that something could not be checked (`domain.md`, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// This machine: a tool, a file, credentials, a permission.
    Ours,
    /// The other end did not answer, or not sensibly; it may be the network between.
    Theirs,
}

/// The kinds of reasons that something could not be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyKind {
    /// No answer within the deadline.
    Timeout,
    /// The connection was refused, reset, or never came to be.
    Connection,
    /// The name could not be resolved.
    Dns,
    /// TLS: an untrusted or wrong certificate.
    Tls,
    /// Not signed in, or the sign-in has expired (401).
    Unauthenticated,
    /// Signed in, and not permitted (403).
    Forbidden,
    /// The thing asked for does not exist (404).
    NotFound,
    /// It changed since it was read (409): the write was refused.
    Conflict,
    /// Too many requests (429, Route 53's `Throttling`).
    Throttled,
    /// The server failed (5xx).
    Server,
    /// The answer could not be understood.
    Garbage,
    /// The kubeconfig, AWS config or another file of this machine.
    Configuration,
    /// A program that is not installed, too old, or failed.
    Tool,
    /// Cancelled, or not asked.
    NotAsked,
}

impl WhyKind {
    /// Is it the other end that does not answer? A refusal is an answer.
    pub fn is_silence(self) -> bool {
        matches!(self, Self::Timeout | Self::Connection | Self::Server)
    }
}

/// Why something could not be checked, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The kind of reason.
    pub kind: WhyKind,
    /// Where the reason lies.
    pub side: Side,
    /// What happened, in a phrase, with the system's own words.
    pub message: String,
    /// What to do, in a sentence.
    pub remedy: String,
}

impl Why {
    /// A reason of this kind; the side and a first remedy follow from it.
    pub fn new(kind: WhyKind, message: impl Into<String>) -> Self {
        let side = match kind {
            WhyKind::Timeout
            | WhyKind::Connection
            | WhyKind::Throttled
            | WhyKind::Server
            | WhyKind::Garbage => Side::Theirs,
            _ => Side::Ours,
        };
        let remedy = match kind {
            WhyKind::Timeout | WhyKind::Connection => {
                "Check the VPN and the network of this machine, then check again"
            }
            WhyKind::Dns => "The name does not resolve from here: check the VPN and the spelling",
            WhyKind::Tls => "The certificate is not trusted: check for a proxy in between",
            WhyKind::Unauthenticated => "Sign in again, then check again",
            WhyKind::Forbidden => "Ask for the permission; the README lists what is needed",
            WhyKind::NotFound => "Check the name or ID in the environment's variables",
            WhyKind::Conflict => "Somebody changed it meanwhile: look at it as it is now",
            WhyKind::Throttled => "Too many requests for a moment: wait and check again",
            WhyKind::Server | WhyKind::Garbage => "The other end answered wrongly: check again in a moment",
            WhyKind::Configuration => "Correct the file, then check again",
            WhyKind::Tool => "Install the program, then check again",
            WhyKind::NotAsked => "Check again",
        };
        Self { kind, side, message: message.into(), remedy: remedy.to_owned() }
    }

    /// The same with a remedy of its own.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}
