//! What can be rehearsed. A scenario's id is the id of its cause, or of two
//! joined by `-and-`.

use super::kubernetes::Condition;
use super::places::Place;
use super::plight::{CheckSetting, EksStatus, Network, Plight, Targets};

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
    /// The repair, or a part of it, belongs to others: it comes from [`super::World::repair`].
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

    /// Is a region's platform left to the responder when others repair what is theirs? Scaling, restarting and
    /// re-applying is what there is to learn.
    pub(super) fn leaves_platform(&self, region: &str) -> bool {
        self.repaired_by_others && self.plight_of(region).cluster.is_the_responders()
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

/// The platform does not reach its database, for a reason on the way there.
const fn without_database(network: Network) -> Scenario {
    let told = Plight { cluster: Condition::DatabaseTimeout, network, ..Plight::WELL };
    Scenario { repaired_by_others: true, ..in_told_region(told) }
}

static SCENARIOS: &[Scenario] = &[
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
        id: "image-pull",
        title: "Image missing",
        summary: "us-east-1 answers 503 since somebody worked on its Deployment",
        about: "Find out why pods never start and re-apply the right version · about 8 minutes",
        ..in_told_region(Plight { cluster: Condition::ImagePull, ..Plight::WELL })
    },
    Scenario {
        id: "version-skew",
        title: "Another version",
        summary: "us-east-1 answers 503 since it was re-applied with the runbook's own command",
        about: "Compare the versions of both regions and re-apply the healthy one's · about 8 minutes",
        ..in_told_region(Plight { cluster: Condition::VersionSkew, ..Plight::WELL })
    },
    Scenario {
        id: "release-pending",
        title: "Upgrade interrupted",
        summary: "us-east-1 answers 503 since the laptop that upgraded it went to sleep",
        about: "See why Helm refuses to re-apply, roll back, verify · about 8 minutes",
        ..in_told_region(Plight { cluster: Condition::InterruptedUpgrade, ..Plight::WELL })
    },
    Scenario {
        id: "resource-exhaustion",
        title: "Out of memory",
        summary: "us-east-1 answers 503: its pods start well and are gone half a minute later",
        about: "See why pods are killed, raise the limit in the values file, re-apply · about 10 minutes",
        ..in_told_region(Plight { cluster: Condition::OutOfMemory, ..Plight::WELL })
    },
    Scenario {
        id: "permission-missing",
        title: "Permission missing",
        summary: "us-east-1 answers 503, and you have only just joined the on-call group",
        about: "Tell a missing permission from a fault, ask for it, then go on · about 6 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { cluster: Condition::PermissionMissing, ..Plight::WELL })
    },
    Scenario {
        id: "nodes-not-ready",
        title: "Nodes not ready",
        summary: "us-east-1 answers 503, though some of its pods are said to be running",
        about: "Look beneath the pods at the nodes, hand over, verify · about 6 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { cluster: Condition::NodesNotReady, ..Plight::WELL })
    },
    Scenario {
        id: "unschedulable",
        title: "No room for pods",
        summary: "us-east-1 answers 503: its pods are there and do not begin",
        about: "Read why no node takes the pods, hand over, verify · about 6 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { cluster: Condition::Unschedulable, ..Plight::WELL })
    },
    Scenario {
        id: "database-identity",
        title: "Database refuses the platform",
        summary: "us-east-1 answers 503; the database team says that the database is well",
        about: "Find the refusal in the logs, hand over, then restart · about 8 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight { cluster: Condition::DatabaseDenied, ..Plight::WELL })
    },
    Scenario {
        id: "database-unreachable",
        title: "Database out of reach",
        summary: "us-east-1 answers 503: its pods run and never become ready",
        about: "Follow the path to the database as far as it can be seen, hand over, restart · about 8 minutes",
        ..without_database(Network::Open)
    },
    Scenario {
        id: "peering-inactive",
        title: "Peering gone",
        summary: "us-east-1 answers 503 since somebody tidied up the network",
        about: "Follow the path to the database to its first broken hop, hand over, restart · about 8 minutes",
        ..without_database(Network::PeeringInactive)
    },
    Scenario {
        id: "route-missing",
        title: "Route missing",
        summary: "us-east-1 answers 503; the network team says that every peering is active",
        about: "Compare the route tables of all subnets with nodes, hand over, restart · about 8 minutes",
        ..without_database(Network::RouteMissing)
    },
    Scenario {
        id: "security-group-closed",
        title: "Security group closed",
        summary: "us-east-1 answers 503 since last night's security review",
        about: "Find the rule that is no longer there, hand over, restart · about 8 minutes",
        ..without_database(Network::PortClosed)
    },
    Scenario {
        id: "database-down",
        title: "Database down",
        summary: "us-east-1 answers 503, and now eu-west-1 does as well",
        about: "Recognise what no region's restore can repair: stop and escalate · about 4 minutes",
        repaired_by_others: true,
        others: Plight { cluster: Condition::DatabaseRefused, ..Plight::WELL },
        ..in_told_region(Plight { cluster: Condition::DatabaseRefused, ..Plight::WELL })
    },
    Scenario {
        id: "closed-port-and-image-pull",
        title: "Two causes: closed port, missing image",
        summary: "us-east-1 answers 503, and somebody has tried to repair it already",
        about: "Find both causes, re-apply against one, hand the other over · about 12 minutes",
        repaired_by_others: true,
        ..in_told_region(Plight {
            cluster: Condition::DatabaseTimeoutAndImagePull,
            network: Network::PortClosed,
            ..Plight::WELL
        })
    },
    Scenario {
        id: "crash-loop-and-inverted-check",
        title: "Two causes: crash loop, inverted check",
        summary: "us-east-1 answers 503, and Route 53 says that both regions fail",
        about: "See through a health check that says the opposite, then restart · about 10 minutes",
        repaired_by_others: true,
        others: Plight { health_check: CheckSetting::Inverted, ..Plight::WELL },
        ..in_told_region(Plight { cluster: Condition::CrashLoop, ..Plight::WELL })
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
        ..in_told_region(Plight {
            cluster: Condition::IngressNotReconciled,
            targets: Targets::Unregistered,
            ..Plight::WELL
        })
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
        repaired_by_others: true,
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
    SCENARIOS
}

/// The scenario with this id.
pub fn scenario(id: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_has_an_id_of_its_own_and_says_how_long_it_takes() {
        let mut ids: Vec<&str> = scenarios().iter().map(|scenario| scenario.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), scenarios().len());
        for scenario in scenarios() {
            let kebab = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
            assert!(scenario.id.chars().all(kebab), "{}", scenario.id);
            assert!(
                scenario.about.contains(" · about ") && scenario.about.ends_with(" minutes"),
                "{}",
                scenario.id
            );
            assert!(scenario.summary.contains(scenario.told_region), "{}", scenario.id);
        }
    }
}
