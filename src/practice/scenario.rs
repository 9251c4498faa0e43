//! What can be rehearsed. A scenario's id is the id of its cause.

use super::kubernetes::Condition;
use super::places::Place;
use super::plight::{CheckSetting, EksStatus, Plight, Targets};

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

impl Scenario {
    /// What is wrong with this region at the start.
    pub(super) fn plight_of(&self, region: &str) -> Plight {
        if region == self.told_region { self.told } else { self.others }
    }

    /// One of these regions with which nothing is wrong, else one that the
    /// responder was not told of.
    pub(super) fn region_that_is_well<'a>(
        &self,
        regions: impl Iterator<Item = &'a Place> + Clone,
    ) -> Option<&'a Place> {
        let mut others = regions.clone().filter(|place| place.region != self.told_region);
        let is_well = |place: &&Place| self.plight_of(place.region) == Plight::WELL;
        others.clone().chain(regions).find(is_well).or_else(|| others.next())
    }
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

static SCENARIOS: [Scenario; 13] = [
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
        id: "targets-unhealthy",
        title: "Targets unhealthy",
        summary: "us-east-1 answers 503, though its pods seem to run",
        about: "See that the load balancer cannot reach the pods, and leave them alone · about 6 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { targets: Targets::Unhealthy, ..Plight::WELL })
    },
    Scenario {
        id: "ingress-not-reconciled",
        title: "Ingress not reconciled",
        summary: "us-east-1 answers 503: its load balancer has no targets",
        about: "Tell a broken load balancer controller from broken pods, and hand over · about 6 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { targets: Targets::Unregistered, ..Plight::WELL })
    },
    Scenario {
        id: "cluster-down",
        title: "Cluster down",
        summary: "us-east-1 does not answer at all, and EKS reports its cluster as failed",
        about: "Tell a failed cluster from a network of yours, hand over, verify · about 6 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { eks: EksStatus::Failed, cut_off: true, ..Plight::WELL })
    },
    Scenario {
        id: "all-regions-failing",
        title: "All regions failing",
        summary: "us-east-1 is down, and eu-west-1 does not answer either",
        about: "See that no healthy region is left, stop, and escalate · about 3 minutes",
        repaired_by_others: true,
        others: Plight { cut_off: true, ..Plight::WELL },
        ..in_told_region(Plight { cut_off: true, ..Plight::WELL })
    },
    Scenario {
        id: "wrong-region",
        title: "The other region",
        summary: "Somebody reported us-east-1 down: users get errors",
        about: "Find out which region failed, swap, and scale it up · about 6 minutes",
        others: Plight { cluster: Condition::ScaledToZero, ..Plight::WELL },
        ..in_told_region(Plight::WELL)
    },
    Scenario {
        id: "health-check-misconfigured",
        title: "Health check misconfigured",
        summary: "Route 53 took us-east-1 out, though its host answers",
        about: "Read how the health check is set, and restore nothing · about 4 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { health_check: CheckSetting::Inverted, ..Plight::WELL })
    },
    Scenario {
        id: "credentials-expired",
        title: "Credentials expired",
        summary: "us-east-1 answers 503, and AWS refuses everything you ask",
        about: "Tell your own expired session from the region's fault, and sign in again · about 5 minutes",
        repaired_by_others: true,
        account: Account { expired: true, route53_out_of_reach: false },
        ..in_told_region(Plight { cluster: Condition::ScaledToZero, ..Plight::WELL })
    },
    Scenario {
        id: "route53-out-of-reach",
        title: "Route 53 out of reach",
        summary: "us-east-1 answers 503, and Route 53's API does not answer at all",
        about: "Decide by your own probes of the hosts, and restart · about 8 minutes",
        account: Account { expired: false, route53_out_of_reach: true },
        ..in_told_region(Plight { cluster: Condition::CrashLoop, ..Plight::WELL })
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
