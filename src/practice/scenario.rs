//! What can be rehearsed. A scenario's id is the id of its cause.

use super::kubernetes::Condition;
use super::plight::Plight;

/// A failure to rehearse: which region the responder was told failed, and what
/// is wrong with each.
#[derive(Debug)]
pub struct Scenario {
    /// The cause's id, as on the command line.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// One line for the card on the start screen: what the responder is told.
    pub summary: &'static str,
    /// One line: what is learnt, and about how long it takes.
    pub about: &'static str,
    /// The region the responder was told failed.
    pub told_region: &'static str,
    /// The repair belongs to others: it comes from [`super::World::repair`].
    pub repaired_by_others: bool,
    /// What is wrong with the told region at the start.
    pub(super) told: Plight,
    /// What is wrong with the others.
    pub(super) others: Plight,
    /// What is wrong with the account at the start.
    pub(super) account: Account,
}

/// What is wrong with the AWS account's side of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Account {
    /// The responder's AWS credentials have expired: every API answers `ExpiredToken`.
    pub expired: bool,
    /// Route 53's API does not answer: connections to it are cut.
    pub route53_out_of_reach: bool,
}

const TOLD_REGION: &str = "us-east-1";

/// A scenario of one plight in the told region.
const fn in_told_region(told: Plight) -> Scenario {
    Scenario {
        id: "",
        title: "",
        summary: "",
        about: "",
        told_region: TOLD_REGION,
        repaired_by_others: false,
        told,
        others: Plight::WELL,
        account: Account { expired: false, route53_out_of_reach: false },
    }
}

static SCENARIOS: [Scenario; 5] = [
    Scenario {
        id: "scaled-to-zero",
        title: "Scaled to zero",
        summary: "us-east-1 answers 503: the load balancer has nowhere to send requests",
        about: "Find a Deployment without replicas and scale it up · about 5 minutes",
        ..in_told_region(Plight { cluster: Condition::ScaledToZero, ..Plight::WELL })
    },
    Scenario {
        id: "crash-loop",
        title: "Crash loop",
        summary: "us-east-1 answers 503: its pods start and die again and again",
        about: "Read previous logs and restart the Deployment · about 6 minutes",
        ..in_told_region(Plight { cluster: Condition::CrashLoop, ..Plight::WELL })
    },
    Scenario {
        id: "deployment-missing",
        title: "Deployment missing",
        summary: "us-east-1 answers 503: nothing of the platform runs there",
        about: "Re-apply the values file with the right version · about 8 minutes",
        ..in_told_region(Plight { cluster: Condition::DeploymentMissing, ..Plight::WELL })
    },
    Scenario {
        id: "cluster-unreachable",
        title: "Cluster unreachable",
        summary: "us-east-1 does not answer at all, nor does its Kubernetes API",
        about: "Tell an outage from your own network, hand over, verify · about 6 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { cut_off: true, ..Plight::WELL })
    },
    Scenario {
        id: "healthy",
        title: "Nothing is wrong",
        summary: "Somebody reported us-east-1 down: is it?",
        about: "Recognise a false alarm and change nothing · about 2 minutes",
        ..in_told_region(Plight::WELL)
    },
];

/// All scenarios, from the easiest to learn with.
pub fn scenarios() -> &'static [Scenario] {
    &SCENARIOS
}

/// The scenario with this id.
pub fn scenario(id: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.id == id)
}
