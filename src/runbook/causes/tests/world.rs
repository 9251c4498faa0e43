//! Two regions' answers to break one by one: at first us-east-1's health check fails, and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::runbook::case::Case;
use crate::runbook::fact::{
    ClusterFacts, Condition, Container, ContainerLog, Deployment, DeploymentFacts, EksCluster, EksFacts,
    Event, EventsFacts, Facts, FoundBy, GoodRevision, HealthCheckFacts, HealthCheckSettings, IdentityFacts,
    IngressFacts, LogLine, LogsFacts, Node, NodesFacts, Observation, PathFacts, Peering, PeeringSide, Pod,
    PodsFacts, ProbeFacts, Release, ReleaseFacts, Route, RouteTable, Rule, SecurityGroup, Subnet, Target,
    TargetGroup, TargetsFacts, Terminated,
};
use crate::runbook::profile::{Profile, RegionIndex, testing::profile};
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::verdict::{Why, WhyKind};

pub(super) const US: RegionIndex = RegionIndex(0);
pub(super) const EU: RegionIndex = RegionIndex(1);

pub(super) const TIMEOUT: &str = "Failed to ping database connection: dial tcp 10.1.0.12:3306: i/o timeout";
pub(super) const REFUSED: &str =
    "Failed to ping database connection: dial tcp 10.1.0.12:3306: connect: connection refused";

/// How a region's three pods are.
#[derive(Clone, Copy)]
pub(super) enum Facing {
    None,
    Ready,
    Waiting(&'static str),
    Unscheduled(&'static str),
}

pub(super) struct World {
    profile: Profile,
    answers: BTreeMap<Question, Result<Facts, Why>>,
    readings: Readings,
}

impl From<EksFacts> for Facts {
    fn from(facts: EksFacts) -> Self {
        Self::Eks(facts)
    }
}

impl World {
    /// Nothing was answered.
    pub(super) fn silent() -> Self {
        Self { profile: profile(), answers: BTreeMap::new(), readings: Readings::default() }
    }

    /// Everything was answered; only the health check of us-east-1 fails.
    pub(super) fn failing() -> Self {
        let mut world = Self::silent();
        world.health(US, 0);
        world.health(EU, 16);
        let identity = IdentityFacts {
            account: "123456789012".to_owned(),
            arn: "arn:aws:sts::123456789012:assumed-role/OnCall/responder".to_owned(),
            expires_at: None,
        };
        world.answer(Question::Identity, Ok(Facts::Identity(identity)));
        for region in [US, EU] {
            let version = "v1.36.0".to_owned();
            world.answer(
                Question::Cluster(region),
                Ok(Facts::Cluster(ClusterFacts { version, ..ClusterFacts::default() })),
            );
            world.eks(region, "ACTIVE");
            world.deployment(region, 3, "4.11.2");
            world.pods(region, Facing::Ready);
            world.logs(region, "Database tables and indexes are up to date");
            world.nodes(region, 3);
            world.ingress_event(region, "SuccessfullyReconciled");
            world.targets(region, "healthy", 3);
            world.path(region, |_| ());
            let release = Release { revision: 4, status: "deployed".to_owned(), ..Release::default() };
            world.answer(Question::Release(region), Ok(Facts::Release(ReleaseFacts::Found(release))));
            let ingress =
                IngressFacts::Found { addresses: vec!["lb.example.com".to_owned()], hosts: Vec::new() };
            world.answer(Question::Ingress(region), Ok(Facts::Ingress(ingress)));
        }
        world
    }

    /// The newest of a region's release records, over a deployed one.
    pub(super) fn release(&mut self, region: RegionIndex, status: &str) {
        let good = GoodRevision {
            revision: 3,
            status: "deployed".to_owned(),
            created_at: Some(Timestamp::UNIX_EPOCH),
        };
        let release = Release {
            revision: 4,
            status: status.to_owned(),
            created_at: Some(Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_mins(20)),
            last_good: Some(good),
        };
        self.answer(Question::Release(region), Ok(Facts::Release(ReleaseFacts::Found(release))));
    }

    pub(super) fn case(&self) -> Case<'_> {
        Case { profile: &self.profile, failed: US, readings: &self.readings, now: Timestamp::UNIX_EPOCH }
    }

    pub(super) fn questions(&self) -> Vec<Question> {
        self.answers.keys().copied().collect()
    }

    pub(super) fn take_from(&mut self, other: &Self, question: Question) {
        self.answer(question, other.answers[&question].clone());
    }

    pub(super) fn answer(&mut self, question: Question, answer: Result<Facts, Why>) {
        self.answers.insert(question, answer.clone());
        let reading = Reading { answer, observed_at: Timestamp::UNIX_EPOCH, took: Duration::ZERO };
        self.readings.keep(question, reading);
    }

    pub(super) fn health(&mut self, region: RegionIndex, succeed: usize) {
        self.health_with(region, succeed, |_| ());
    }

    fn health_with(&mut self, region: RegionIndex, succeed: usize, set: fn(&mut HealthCheckSettings)) {
        let status = |index: usize| {
            if index < succeed {
                "Success: HTTP Status Code 200, OK"
            } else {
                "Failure: HTTP Status Code 503, Service Temporarily Unavailable"
            }
        };
        let observation = |index: usize| Observation {
            checker_region: "eu-west-1".to_owned(),
            ip_address: format!("192.0.2.{index}"),
            status: status(index).to_owned(),
            checked_at: None,
        };
        let mut settings = HealthCheckSettings {
            check_type: "HTTPS".to_owned(),
            host: self.profile.region(region).host.clone(),
            path: Some("/healthz".to_owned()),
            ..HealthCheckSettings::default()
        };
        set(&mut settings);
        let facts = HealthCheckFacts {
            settings: Ok(settings),
            observations: (0..16).map(observation).collect(),
            last_failures: Vec::new(),
        };
        self.answer(Question::HealthCheck(region), Ok(Facts::HealthCheck(facts)));
    }

    /// Its checkers succeed, and it fails.
    pub(super) fn inverted(&mut self, region: RegionIndex) {
        self.health_with(region, 16, |settings| settings.inverted = true);
    }

    pub(super) fn disabled(&mut self, region: RegionIndex) {
        self.health_with(region, 16, |settings| settings.disabled = true);
    }

    pub(super) fn eks(&mut self, region: RegionIndex, status: &str) {
        let cluster =
            EksCluster { status: status.to_owned(), public_endpoint: true, ..EksCluster::default() };
        self.answer(Question::Eks(region), Ok(EksFacts::Found(cluster).into()));
    }

    fn deployment(&mut self, region: RegionIndex, wanted: i32, tag: &str) {
        let deployment = Deployment {
            replicas_wanted: wanted,
            available: wanted,
            image: Some(format!("ghcr.io/loft-sh/vcluster-platform:{tag}")),
            chart: Some(format!("vcluster-platform-{tag}")),
            ..Deployment::default()
        };
        let facts = DeploymentFacts::Found(Box::new(deployment));
        self.answer(Question::Deployment(region), Ok(Facts::Deployment(facts)));
    }

    pub(super) fn replicas(&mut self, region: RegionIndex, wanted: i32) {
        self.deployment(region, wanted, "4.11.2");
    }

    pub(super) fn image(&mut self, region: RegionIndex, tag: &str) {
        self.deployment(region, 3, tag);
    }

    pub(super) fn no_deployment(&mut self, region: RegionIndex) {
        self.answer(Question::Deployment(region), Ok(Facts::Deployment(DeploymentFacts::Missing)));
    }

    fn three(&mut self, region: RegionIndex, make: impl Fn(&mut Pod, &mut Container)) {
        let pod = |number: usize| {
            let mut pod =
                Pod { name: format!("loft-{number}"), phase: "Running".to_owned(), ..Pod::default() };
            let mut container = Container { name: "manager".to_owned(), ..Container::default() };
            make(&mut pod, &mut container);
            pod.containers.push(container);
            pod
        };
        let facts = PodsFacts { pods: (1..=3).map(pod).collect() };
        self.answer(Question::Pods(region), Ok(Facts::Pods(facts)));
    }

    pub(super) fn pods(&mut self, region: RegionIndex, facing: Facing) {
        match facing {
            Facing::None => self.answer(Question::Pods(region), Ok(Facts::Pods(PodsFacts::default()))),
            Facing::Ready => self.three(region, |pod, container| {
                pod.ready = true;
                (container.ready, container.running) = (true, true);
            }),
            Facing::Waiting(reason) => self.three(region, |_, container| {
                container.waiting_reason = Some(reason.to_owned());
                container.waiting_message = Some("Back-off pulling image".to_owned());
            }),
            Facing::Unscheduled(message) => self.three(region, |pod, _| {
                pod.phase = "Pending".to_owned();
                pod.unscheduled = Some(message.to_owned());
            }),
        }
    }

    /// Pods of days ago beside those that there are: evicted, ended with a node, crashed for good, completed.
    pub(super) fn leftovers(&mut self, region: RegionIndex) {
        let Ok(Facts::Pods(mut facts)) = self.answers[&Question::Pods(region)].clone() else { return };
        let long_ago = Some(Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_hours(50));
        let ways = [
            ("Failed", Some("Evicted"), "OOMKilled"),
            ("Failed", Some("Terminated"), "Error"),
            ("Failed", None, "OOMKilled"),
            ("Succeeded", None, "Completed"),
        ];
        for (phase, reason, end) in ways {
            let ended = Terminated { reason: end.to_owned(), exit_code: 137, finished_at: long_ago };
            let container = Container {
                name: "manager".to_owned(),
                restarts: 9,
                waiting_reason: Some("ImagePullBackOff".to_owned()),
                terminated: Some(ended),
                ..Container::default()
            };
            facts.pods.push(Pod {
                name: format!("loft-left-{phase}-{}", reason.unwrap_or(end)),
                created_at: long_ago,
                ended_at: long_ago,
                phase: phase.to_owned(),
                reason: reason.map(str::to_owned),
                ready: true,
                unscheduled: Some("0/3 nodes are available".to_owned()),
                node: Some("ip-10-0-0-0".to_owned()),
                containers: vec![container],
                ..Pod::default()
            });
        }
        self.answer(Question::Pods(region), Ok(Facts::Pods(facts)));
    }

    /// One pod that was evicted so many hours ago; it is not known when where `None`.
    pub(super) fn evicted(&mut self, region: RegionIndex, hours: Option<i64>) {
        let Ok(Facts::Pods(mut facts)) = self.answers[&Question::Pods(region)].clone() else { return };
        let at = |hours| Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_hours(hours);
        facts.pods.push(Pod {
            name: "loft-evicted".to_owned(),
            created_at: Some(at(90)),
            ended_at: hours.map(at),
            phase: "Failed".to_owned(),
            reason: Some("Evicted".to_owned()),
            ..Pod::default()
        });
        self.answer(Question::Pods(region), Ok(Facts::Pods(facts)));
    }

    fn logs(&mut self, region: RegionIndex, line: &str) {
        let log = |number: usize| ContainerLog {
            pod: format!("loft-{number}"),
            container: "manager".to_owned(),
            current: Ok(Vec::new()),
            previous: Some(Ok(vec![LogLine { at: None, text: line.to_owned() }])),
        };
        let facts = LogsFacts { logs: (1..=3).map(log).collect() };
        self.answer(Question::Logs(region), Ok(Facts::Logs(facts)));
    }

    /// Its pods crash again and again, and this is their last line.
    pub(super) fn crash(&mut self, region: RegionIndex, reason: &str, line: &str) {
        self.three(region, |_, container| {
            container.restarts = 5;
            container.waiting_reason = Some("CrashLoopBackOff".to_owned());
            container.last_terminated =
                Some(Terminated { reason: reason.to_owned(), exit_code: 2, finished_at: None });
        });
        self.logs(region, line);
        self.targets(region, "healthy", 0);
    }

    pub(super) fn nodes(&mut self, region: RegionIndex, ready: usize) {
        let node = |number: usize| Node {
            name: format!("ip-10-0-0-{number}"),
            conditions: vec![Condition {
                kind: "Ready".to_owned(),
                status: if number < ready { "True" } else { "Unknown" }.to_owned(),
                reason: "NodeStatusUnknown".to_owned(),
                message: "Kubelet stopped posting node status.".to_owned(),
            }],
            internal_ips: vec![format!("10.0.0.{}", number + 10)],
            ..Node::default()
        };
        let facts = NodesFacts { nodes: (0..3).map(node).collect() };
        self.answer(Question::Nodes(region), Ok(Facts::Nodes(facts)));
    }

    pub(super) fn ingress_event(&mut self, region: RegionIndex, reason: &str) {
        let event = Event {
            reason: reason.to_owned(),
            object: "Ingress/loft".to_owned(),
            last_seen: Some(Timestamp::UNIX_EPOCH),
            ..Event::default()
        };
        self.answer(Question::Events(region), Ok(Facts::Events(EventsFacts { events: vec![event] })));
    }

    pub(super) fn targets(&mut self, region: RegionIndex, state: &str, count: usize) {
        let target = |number: usize| Target {
            id: format!("10.0.0.{number}"),
            state: state.to_owned(),
            reason: (state == "unhealthy").then(|| "Target.Timeout".to_owned()),
            ..Target::default()
        };
        let group = TargetGroup { targets: (0..count).map(target).collect(), ..TargetGroup::default() };
        let facts = TargetsFacts { found_by: FoundBy::Binding, groups: vec![group] };
        self.answer(Question::Targets(region), Ok(Facts::Targets(facts)));
    }

    pub(super) fn targets_found(&mut self, region: RegionIndex, found_by: FoundBy) {
        let facts = TargetsFacts { found_by, groups: Vec::new() };
        self.answer(Question::Targets(region), Ok(Facts::Targets(facts)));
    }

    pub(super) fn probe(&mut self, region: RegionIndex, status: u16) {
        let facts = ProbeFacts {
            url: "https://us.example.com/healthz".to_owned(),
            status,
            addresses: None,
            derp_status: Ok(status),
            version: Ok("v4.11.2".to_owned()),
        };
        self.answer(Question::Probe(region), Ok(Facts::Probe(facts)));
    }

    /// The region's API does not answer, and with it nothing that it is asked.
    pub(super) fn unreachable(&mut self, region: RegionIndex) {
        let why = Why::new(WhyKind::Timeout, "No answer from https://api within 8s");
        for question in [
            Question::Cluster(region),
            Question::Deployment(region),
            Question::Pods(region),
            Question::Logs(region),
            Question::Nodes(region),
            Question::Events(region),
            Question::Ingress(region),
            Question::Release(region),
        ] {
            self.answer(question, Err(why.clone()));
        }
    }

    pub(super) fn path(&mut self, region: RegionIndex, change: impl FnOnce(&mut PathFacts)) {
        let cidr = if region == US { "10.0.0.0/16" } else { "10.2.0.0/16" };
        let side = |vpc: &str, cidr: &str| PeeringSide {
            vpc_id: vpc.to_owned(),
            region: "us-east-1".to_owned(),
            cidrs: vec![cidr.to_owned()],
        };
        let route = |destination: &str| Route {
            destination: destination.to_owned(),
            target: "pcx-1".to_owned(),
            state: "active".to_owned(),
        };
        let table = |id: &str, destination: &str| RouteTable {
            id: id.to_owned(),
            main: true,
            subnets: Vec::new(),
            routes: vec![route(destination)],
            has_prefix_lists: false,
        };
        let rule = |cidr: &str| Rule {
            protocol: "tcp".to_owned(),
            from_port: Some(3306),
            to_port: Some(3306),
            cidrs: vec![cidr.to_owned()],
            prefix_lists: Vec::new(),
            groups: Vec::new(),
        };
        let mut facts = PathFacts {
            cluster_vpc: "vpc-c".to_owned(),
            cluster_cidrs: vec![cidr.to_owned()],
            cluster_subnets: vec![Subnet {
                id: "subnet-a".to_owned(),
                cidr: cidr.to_owned(),
                zone: String::new(),
            }],
            cluster_routes: vec![table("rtb-c", "10.1.0.0/16")],
            peerings: vec![Peering {
                id: "pcx-1".to_owned(),
                status: "active".to_owned(),
                message: String::new(),
                requester: side("vpc-c", cidr),
                accepter: side("vpc-d", "10.1.0.0/16"),
            }],
            database_vpc: Some("vpc-d".to_owned()),
            database_vpc_is_guess: false,
            database_region: Some("us-east-1".to_owned()),
            database_cidrs: Some(Ok(vec!["10.1.0.0/16".to_owned()])),
            database_routes: Some(Ok(vec![table("rtb-d", cidr)])),
            security_group: Some(Ok(SecurityGroup {
                id: "sg-1".to_owned(),
                name: String::new(),
                ingress: vec![rule("10.0.0.0/16"), rule("10.2.0.0/16")],
            })),
        };
        change(&mut facts);
        self.answer(Question::Path(region), Ok(Facts::Path(facts)));
    }
}
