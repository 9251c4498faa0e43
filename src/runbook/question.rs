//! The read-only questions to the outside world, and the slots their answers
//! are kept in.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::action::ActionKind;
use super::fact::{
    AccessFacts, ChartFacts, ClusterFacts, ClusterIdentityFacts, DeploymentFacts, EksFacts, EventsFacts,
    Facts, HealthCheckFacts, IdentityFacts, IngressFacts, LogsFacts, NodesFacts, PathFacts, PeersFacts,
    PodsFacts, PreviewFacts, ProbeFacts, ReleaseFacts, TargetsFacts, ToolsFacts, ValuesFacts,
};
use super::profile::RegionIndex;
use super::verdict::Why;

/// One read-only question. Repeatable; each has one slot in [`Readings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Route 53: settings, observations and last failure of a region's health check.
    HealthCheck(RegionIndex),
    /// Our own look at a region's host: `/healthz`, `/derp/probe`, `/version` and DNS.
    Probe(RegionIndex),
    /// The same of the shared host name.
    SharedProbe,
    /// Does the cluster's API answer, and with which version.
    Cluster(RegionIndex),
    /// Which cluster the region's context leads to, by the kubeconfig as it is now.
    ClusterIdentity(RegionIndex),
    /// The platform's Deployment.
    Deployment(RegionIndex),
    /// The platform's pods.
    Pods(RegionIndex),
    /// The last lines of the pods' logs, and of their previous containers.
    Logs(RegionIndex),
    /// The platform's Ingress.
    Ingress(RegionIndex),
    /// The cluster's nodes.
    Nodes(RegionIndex),
    /// The platform namespace's warnings and the Ingress's events.
    Events(RegionIndex),
    /// The NetworkPeers that the region knows.
    Peers(RegionIndex),
    /// The newest record of the platform's Helm release.
    Release(RegionIndex),
    /// Who we are in the cluster, and what we may do there.
    Access(RegionIndex),
    /// EKS: the cluster's status and health issues.
    Eks(RegionIndex),
    /// Elastic Load Balancing: the health of the targets behind the region's load balancer.
    Targets(RegionIndex),
    /// EC2: peering, routes and security group between the cluster and the database.
    Path(RegionIndex),
    /// The region's values file.
    Values(RegionIndex),
    /// What an action would change there: asked with its plan, and only of the region that failed.
    Preview(RegionIndex, ActionKind),
    /// STS: whose credentials the AWS calls are made with.
    Identity,
    /// Can the platform's chart be had?
    Chart,
    /// The programs on this machine that step 3 may need.
    Tools,
}

impl Question {
    /// The region that is asked, where it is one.
    pub fn region(self) -> Option<RegionIndex> {
        match self {
            Self::HealthCheck(region)
            | Self::Probe(region)
            | Self::Cluster(region)
            | Self::ClusterIdentity(region)
            | Self::Deployment(region)
            | Self::Pods(region)
            | Self::Logs(region)
            | Self::Ingress(region)
            | Self::Nodes(region)
            | Self::Events(region)
            | Self::Peers(region)
            | Self::Release(region)
            | Self::Access(region)
            | Self::Eks(region)
            | Self::Targets(region)
            | Self::Path(region)
            | Self::Values(region)
            | Self::Preview(region, _) => Some(region),
            Self::SharedProbe | Self::Identity | Self::Chart | Self::Tools => None,
        }
    }
}

/// An answer with its time: what came back, when, after how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<T> {
    /// The facts, or why there are none.
    pub answer: Result<T, Why>,
    /// When the answer was complete, UTC.
    pub observed_at: Timestamp,
    /// From asking to the complete answer.
    pub took: Duration,
}

/// Where the answers to one question are kept.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    /// Which asking the next answer has to belong to; older answers are dropped.
    pub generation: u64,
    /// When the question on its way was asked, if one is.
    pub asked_at: Option<Timestamp>,
    /// The latest answer: what judgements are made of.
    pub latest: Option<Reading<Facts>>,
    /// The latest answer that had facts: for painting, never for planning.
    pub last_good: Option<Reading<Facts>>,
}

/// All answers of a run. Every judgement is a pure function of them.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    slots: BTreeMap<Question, Slot>,
}

impl Readings {
    /// Notes that a question is being asked; the generation to answer with.
    pub fn asked(&mut self, question: Question, now: Timestamp) -> u64 {
        let slot = self.slots.entry(question).or_default();
        slot.generation += 1;
        slot.asked_at = Some(now);
        slot.generation
    }

    /// Keeps an answer; `false` (and nothing kept) if it belongs to an older asking.
    pub fn answered(&mut self, question: Question, generation: u64, reading: Reading<Facts>) -> bool {
        let Some(slot) = self.slots.get_mut(&question) else { return false };
        if slot.generation != generation {
            return false;
        }
        slot.asked_at = None;
        if reading.answer.is_ok() {
            slot.last_good = Some(reading.clone());
        }
        slot.latest = Some(reading);
        true
    }

    /// Keeps an answer to a question that was asked once, in order (the terminal's way).
    pub fn keep(&mut self, question: Question, reading: Reading<Facts>) {
        let generation = self.asked(question, reading.observed_at);
        self.answered(question, generation, reading);
    }

    /// The slot of a question that was asked.
    pub fn slot(&self, question: Question) -> Option<&Slot> {
        self.slots.get(&question)
    }

    /// When the question was last answered, UTC.
    pub fn observed_at(&self, question: Question) -> Option<Timestamp> {
        Some(self.latest(question)?.observed_at)
    }

    /// The latest answer to a question.
    pub fn latest(&self, question: Question) -> Option<&Reading<Facts>> {
        self.slots.get(&question)?.latest.as_ref()
    }

    /// Those of these that were answered longer ago than this, or in the future: a clock that was set back, or
    /// a machine that slept, leaves answers whose age nobody knows. A question without an answer is none of them.
    pub fn older_than(&self, limit: Duration, questions: &[Question], now: Timestamp) -> Vec<Question> {
        let is_old = |question: &&Question| {
            self.latest(**question)
                .is_some_and(|latest| now.duration_since(latest.observed_at).unsigned_abs() > limit)
        };
        questions.iter().filter(is_old).copied().collect()
    }

    /// Is the question on its way?
    pub fn is_asking(&self, question: Question) -> bool {
        self.slots.get(&question).is_some_and(|slot| slot.asked_at.is_some())
    }

    /// What an action would change, by its latest preview: `Ok` facts, `Err` why not, `None` not asked yet.
    pub fn preview(&self, region: RegionIndex, kind: ActionKind) -> Option<Result<&PreviewFacts, &Why>> {
        match self.latest(Question::Preview(region, kind))?.answer.as_ref() {
            Ok(Facts::Preview(facts)) => Some(Ok(facts)),
            Ok(_) => None,
            Err(why) => Some(Err(why)),
        }
    }

    /// Forgets everything: another environment, another failed region, or a change of the world.
    pub fn forget(&mut self) {
        for slot in self.slots.values_mut() {
            // The generation stays, so that answers on their way are dropped.
            *slot = Slot { generation: slot.generation + 1, ..Slot::default() };
        }
    }
}

/// Typed access: `Ok` facts, `Err` why not, `None` not asked or not answered yet.
macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident, $question:ident, $facts:ident;)*) => {
        impl Readings {
            $($(#[$doc])*
            pub fn $name(&self, region: RegionIndex) -> Option<Result<&$facts, &Why>> {
                match self.latest(Question::$question(region))?.answer.as_ref() {
                    Ok(Facts::$question(facts)) => Some(Ok(facts)),
                    Ok(_) => None,
                    Err(why) => Some(Err(why)),
                }
            })*
        }
    };
}

typed! {
    /// The health check's latest facts.
    health_check, HealthCheck, HealthCheckFacts;
    /// Our own probe's latest facts.
    probe, Probe, ProbeFacts;
    /// The cluster's latest facts.
    cluster, Cluster, ClusterFacts;
    /// The latest facts of which cluster it is.
    cluster_identity, ClusterIdentity, ClusterIdentityFacts;
    /// The Deployment's latest facts.
    deployment, Deployment, DeploymentFacts;
    /// The pods' latest facts.
    pods, Pods, PodsFacts;
    /// The logs' latest facts.
    logs, Logs, LogsFacts;
    /// The Ingress's latest facts.
    ingress, Ingress, IngressFacts;
    /// The nodes' latest facts.
    nodes, Nodes, NodesFacts;
    /// The events' latest facts.
    events, Events, EventsFacts;
    /// The NetworkPeers' latest facts.
    peers, Peers, PeersFacts;
    /// The Helm release's latest facts.
    release, Release, ReleaseFacts;
    /// Our permissions' latest facts.
    access, Access, AccessFacts;
    /// EKS's latest facts.
    eks, Eks, EksFacts;
    /// The targets' latest facts.
    targets, Targets, TargetsFacts;
    /// The way to the database's latest facts.
    path, Path, PathFacts;
    /// The values file's latest facts.
    values, Values, ValuesFacts;
}

/// The same for questions that are no region's.
macro_rules! typed_once {
    ($($(#[$doc:meta])* $name:ident, $question:ident, $facts:ident;)*) => {
        impl Readings {
            $($(#[$doc])*
            pub fn $name(&self) -> Option<Result<&$facts, &Why>> {
                match self.latest(Question::$question)?.answer.as_ref() {
                    Ok(Facts::$question(facts)) => Some(Ok(facts)),
                    Ok(_) => None,
                    Err(why) => Some(Err(why)),
                }
            })*
        }
    };
}

typed_once! {
    /// The latest facts about this machine's programs.
    tools, Tools, ToolsFacts;
    /// The latest facts of the shared host's probe.
    shared_probe, SharedProbe, ProbeFacts;
    /// The latest facts about our AWS credentials.
    identity, Identity, IdentityFacts;
    /// The latest facts about the platform's chart.
    chart, Chart, ChartFacts;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(version: &str) -> Reading<Facts> {
        Reading {
            answer: Ok(Facts::Cluster(ClusterFacts { version: version.to_owned() })),
            observed_at: Timestamp::UNIX_EPOCH,
            took: Duration::from_millis(5),
        }
    }

    #[test]
    fn what_is_old_or_of_the_future_is_told_and_what_was_never_answered_is_not() {
        let limit = Duration::from_secs(60);
        let questions: Vec<_> = (0..4).map(|region| Question::Cluster(RegionIndex(region))).collect();
        let mut readings = Readings::default();
        for (question, second) in questions.iter().zip([30, 90, 200]) {
            let observed_at = Timestamp::from_second(second).unwrap();
            readings.keep(*question, Reading { observed_at, ..reading("1.36") });
        }
        let old = readings.older_than(limit, &questions, Timestamp::from_second(100).unwrap());
        assert_eq!(old, [questions[0], questions[2]]);
    }

    #[test]
    fn an_answer_of_an_older_asking_is_dropped() {
        let question = Question::Cluster(RegionIndex(0));
        let mut readings = Readings::default();
        let first = readings.asked(question, Timestamp::UNIX_EPOCH);
        let second = readings.asked(question, Timestamp::UNIX_EPOCH);
        assert!(!readings.answered(question, first, reading("old")));
        assert!(readings.is_asking(question));
        assert!(readings.answered(question, second, reading("new")));
        assert!(!readings.is_asking(question));
        assert_eq!(readings.cluster(RegionIndex(0)).unwrap().unwrap().version, "new");
        let third = readings.asked(question, Timestamp::UNIX_EPOCH);
        readings.forget();
        assert!(!readings.answered(question, third, reading("of the other environment")));
        assert!(readings.cluster(RegionIndex(0)).is_none());
    }
}
