//! What can be rehearsed. A scenario's id is the id of its cause.

use super::kubernetes::Condition;

/// A failure to rehearse: which region the responder was told failed, and what
/// is wrong with it.
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
    /// The told region's Deployment at the start.
    pub(super) condition: Condition,
    /// Neither the told region's Kubernetes API nor its host can be reached.
    pub(super) cut_off: bool,
}

const TOLD_REGION: &str = "us-east-1";

static SCENARIOS: [Scenario; 5] = [
    Scenario {
        id: "scaled-to-zero",
        title: "Scaled to zero",
        summary: "us-east-1 answers 503: the load balancer has nowhere to send requests",
        about: "Find a Deployment without replicas and scale it up · about 5 minutes",
        told_region: TOLD_REGION,
        repaired_by_others: false,
        condition: Condition::ScaledToZero,
        cut_off: false,
    },
    Scenario {
        id: "crash-loop",
        title: "Crash loop",
        summary: "us-east-1 answers 503: its pods start and die again and again",
        about: "Read previous logs and restart the Deployment · about 6 minutes",
        told_region: TOLD_REGION,
        repaired_by_others: false,
        condition: Condition::CrashLoop,
        cut_off: false,
    },
    Scenario {
        id: "deployment-missing",
        title: "Deployment missing",
        summary: "us-east-1 answers 503: nothing of the platform runs there",
        about: "Re-apply the values file with the right version · about 8 minutes",
        told_region: TOLD_REGION,
        repaired_by_others: false,
        condition: Condition::DeploymentMissing,
        cut_off: false,
    },
    Scenario {
        id: "cluster-unreachable",
        title: "Cluster unreachable",
        summary: "us-east-1 does not answer at all, nor does its Kubernetes API",
        about: "Tell an outage from your own network, hand over, verify · about 6 minutes",
        told_region: TOLD_REGION,
        repaired_by_others: true,
        condition: Condition::Healthy,
        cut_off: true,
    },
    Scenario {
        id: "healthy",
        title: "Nothing is wrong",
        summary: "Somebody reported us-east-1 down: is it?",
        about: "Recognise a false alarm and change nothing · about 2 minutes",
        told_region: TOLD_REGION,
        repaired_by_others: false,
        condition: Condition::Healthy,
        cut_off: false,
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
