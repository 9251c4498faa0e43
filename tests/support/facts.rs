//! Facts of two regions, us-east-1 failed and eu-west-1 healthy, as the outside world would answer.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, reason = "only tests use it")]

use std::sync::Arc;
use std::time::Duration;

use failback::app::model::{Model, Run};
use failback::engine::job::SessionId;
use failback::runbook::fact::{
    ClusterAddress, ClusterFacts, ClusterIdentityFacts, Container, ContainerLog, Deployment, DeploymentFacts,
    EventsFacts, Facts, HealthCheckFacts, HealthCheckSettings, HelmFacts, IngressFacts, LogLine, LogsFacts,
    Node, NodesFacts, Observation, Peer, PeersFacts, Pod, PodsFacts, ProbeFacts, Terminated, ToolsFacts,
};
use failback::runbook::fact::{
    Condition, EksCluster, EksFacts, Event, FoundBy, PathFacts, Peering, PeeringSide, Release, ReleaseFacts,
    Route, RouteTable, Rule, SecurityGroup, Subnet, Target, TargetGroup, TargetsFacts,
};
use failback::runbook::profile::{AwsSettings, Chart, Database, Method, Profile, Region, RegionIndex};
use failback::runbook::question::{Question, Reading};
use failback::runbook::verdict::{Why, WhyKind};
use jiff::{SignedDuration, Timestamp};

/// us-east-1, the failed region.
pub const US: RegionIndex = RegionIndex(0);
/// eu-west-1, the healthy one.
pub const EU: RegionIndex = RegionIndex(1);

/// The time of all pictures: 02:42:00 UTC.
pub fn now() -> Timestamp {
    "2026-08-01T02:42:00Z".parse().unwrap()
}

/// So many seconds before [`now`].
pub fn ago(secs: i64) -> Timestamp {
    now() - SignedDuration::from_secs(secs)
}

/// The runbook's two regions.
pub fn profile() -> Profile {
    let region = |name: &str, id: &str, short: &str| Region {
        name: name.to_owned(),
        context: format!("arn:aws:eks:{name}:123456789012:cluster/platform-multi-region-{name}"),
        health_check_id: id.to_owned(),
        values_file: Some(format!("platform-{name}-values.yaml").into()),
        host: Some(format!("{short}.multi-region.example.com")),
        probe_address: None,
        probe_ca: None,
    };
    Profile {
        name: "acme-prod".to_owned(),
        shared_host: Some("multi-region.example.com".to_owned()),
        kubeconfig: None,
        namespace: "vcluster-platform".to_owned(),
        deployment: "loft".to_owned(),
        ingress: "loft".to_owned(),
        selector: "app=loft".to_owned(),
        replicas: 3,
        escalation: Some("#platform-oncall".to_owned()),
        aws: AwsSettings::default(),
        chart: Chart {
            repository: "https://charts.loft.sh/".to_owned(),
            name: "vcluster-platform".to_owned(),
            version: None,
            method: Method::Helm,
            file: None,
        },
        database: Database { security_group_id: Some("sg-1".to_owned()), ..Database::default() },
        regions: vec![
            region("us-east-1", "11111111-1111-1111-1111-111111111111", "us"),
            region("eu-west-1", "22222222-2222-2222-2222-222222222222", "eu"),
        ],
    }
}

/// A run on these regions, opened 60 s ago; nothing was read yet but which cluster each is.
pub fn run() -> Run {
    let mut run = Run::new(SessionId(1), Arc::new(profile()), ago(60));
    for region in [RegionIndex(0), RegionIndex(1)] {
        let address = ClusterAddress {
            server: format!("https://c{}.example.com", region.0),
            ..ClusterAddress::default()
        };
        let uid = Ok(format!("kube-system-{}", region.0));
        keep(
            &mut run,
            Question::ClusterIdentity(region),
            Facts::ClusterIdentity(ClusterIdentityFacts { address, uid }),
        );
    }
    run
}

/// A model that shows nothing but the run's screen.
pub fn model() -> Model {
    Model::new(Vec::new())
}

/// Keeps an answer, read 3 s ago.
pub fn keep(run: &mut Run, question: Question, mut facts: Facts) {
    // Each region's Deployment is an object of its own.
    if let (Question::Deployment(region), Facts::Deployment(DeploymentFacts::Found(found))) =
        (question, &mut facts)
    {
        found.uid = format!("uid-{}", region.0);
    }
    run.readings
        .keep(question, Reading { answer: Ok(facts), observed_at: ago(3), took: Duration::from_millis(48) });
}

/// Keeps that a question could not be answered.
pub fn keep_why(run: &mut Run, question: Question, kind: WhyKind, message: &str) {
    let answer = Err(Why::new(kind, message));
    run.readings.keep(question, Reading { answer, observed_at: ago(3), took: Duration::from_secs(5) });
}

/// A health check of 16 checkers in 8 places.
pub fn health(host: &str, healthy: bool) -> Facts {
    let places = [
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "eu-west-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "sa-east-1",
    ];
    let status = if healthy {
        "Success: HTTP Status Code 200, OK"
    } else {
        "Failure: HTTP Status Code 503, Service Temporarily Unavailable. Resolved IP: 3.5.7.9"
    };
    let observation = |i: usize| Observation {
        checker_region: places[i / 2].to_owned(),
        ip_address: format!("15.177.0.{i}"),
        status: status.to_owned(),
        checked_at: Some(ago(5)),
    };
    Facts::HealthCheck(HealthCheckFacts {
        settings: Ok(HealthCheckSettings {
            check_type: "HTTPS".to_owned(),
            host: Some(host.to_owned()),
            port: Some(443),
            path: Some("/healthz".to_owned()),
            interval_secs: 10,
            failure_threshold: 3,
            ..HealthCheckSettings::default()
        }),
        observations: (0..16).map(observation).collect(),
        last_failures: Vec::new(),
    })
}

/// What a host answers to us.
pub fn probe(host: &str, status: u16) -> Facts {
    Facts::Probe(probe_facts(host, status))
}

fn probe_facts(host: &str, status: u16) -> ProbeFacts {
    let version = if status == 200 { Ok("v4.11.2".to_owned()) } else { Err(format!("status {status}")) };
    ProbeFacts {
        url: format!("https://{host}/healthz"),
        status,
        addresses: None,
        derp_status: Ok(status),
        version,
    }
}

/// A Deployment that wants so many pods and has so many.
pub fn deployment(wanted: i32, available: i32) -> Facts {
    Facts::Deployment(deployment_facts(wanted, available))
}

/// The same, not yet as an answer.
pub fn deployment_facts(wanted: i32, available: i32) -> DeploymentFacts {
    DeploymentFacts::Found(Box::new(Deployment {
        uid: "uid-1".to_owned(),
        resource_version: "48213".to_owned(),
        generation: 2,
        observed_generation: 2,
        replicas_wanted: wanted,
        replicas: wanted,
        updated: wanted,
        ready: available,
        available,
        progress_deadline_secs: 600,
        image: Some("ghcr.io/loft-sh/vcluster-platform:4.11.2".to_owned()),
        template_hash: Some("79948bb5b9".to_owned()),
        ..Deployment::default()
    }))
}

/// A serving pod.
pub fn ready_pod(name: &str) -> Pod {
    let container =
        Container { name: "manager".to_owned(), ready: true, running: true, ..Container::default() };
    Pod {
        name: name.to_owned(),
        created_at: Some(ago(41)),
        template_hash: Some("79948bb5b9".to_owned()),
        node: Some("ip-10-0-1-17".to_owned()),
        phase: "Running".to_owned(),
        ready: true,
        containers: vec![container],
        ..Pod::default()
    }
}

/// A pod on its way.
pub fn starting_pod(name: &str) -> Pod {
    let container = Container { name: "manager".to_owned(), running: true, ..Container::default() };
    Pod { ready: false, created_at: Some(ago(12)), containers: vec![container], ..ready_pod(name) }
}

/// A pod that crashes again and again.
pub fn crashing_pod(name: &str) -> Pod {
    let container = Container {
        name: "manager".to_owned(),
        restarts: 7,
        waiting_reason: Some("CrashLoopBackOff".to_owned()),
        last_terminated: Some(Terminated { reason: "Error".to_owned(), exit_code: 2, finished_at: None }),
        ..Container::default()
    };
    Pod { ready: false, containers: vec![container], ..ready_pod(name) }
}

/// Three pods of a kind.
pub fn pods(make: fn(&str) -> Pod) -> Facts {
    let names = ["loft-79948bb5b9-c77g6", "loft-79948bb5b9-gz74n", "loft-79948bb5b9-x4ph2"];
    Facts::Pods(PodsFacts { pods: names.map(make).to_vec() })
}

/// Logs of one crashed container: quiet now, a panic before its last restart.
pub fn panic_logs() -> Facts {
    let line = |secs, text: &str| LogLine { at: Some(ago(secs)), text: text.to_owned() };
    let log = |pod: &str| ContainerLog {
        pod: pod.to_owned(),
        container: "manager".to_owned(),
        current: Ok(vec![
            line(20, "Configuring mysql database connection pooling: maxIdle=0"),
            line(19, "Database tables and indexes are up to date"),
        ]),
        previous: Some(Ok(vec![
            line(64, "starting leader election"),
            line(62, "panic: runtime error: invalid memory address or nil pointer dereference"),
        ])),
    };
    Facts::Logs(LogsFacts { logs: vec![log("loft-79948bb5b9-c77g6"), log("loft-79948bb5b9-gz74n")] })
}

/// The log of a pod that has its database.
pub fn well_logs() -> Facts {
    let text = "Database tables and indexes are up to date".to_owned();
    let log = ContainerLog {
        pod: "loft-79948bb5b9-c77g6".to_owned(),
        container: "manager".to_owned(),
        current: Ok(vec![LogLine { at: Some(ago(3000)), text }]),
        previous: None,
    };
    Facts::Logs(LogsFacts { logs: vec![log] })
}

/// Failover is active: both health checks and our own looks are read.
pub fn failover() -> Run {
    let mut run = run();
    run.failed = Some(US);
    run.first_failure_at = Some(ago(760));
    run.seen_failing = true;
    keep(&mut run, Question::HealthCheck(US), health("us.multi-region.example.com", false));
    keep(&mut run, Question::HealthCheck(EU), health("eu.multi-region.example.com", true));
    keep(&mut run, Question::Probe(US), probe("us.multi-region.example.com", 503));
    keep(&mut run, Question::Probe(EU), probe("eu.multi-region.example.com", 200));
    run
}

/// What is in order around the failed platform: cluster, ingress, nodes; and the healthy region.
fn surroundings(run: &mut Run) {
    keep(run, Question::Cluster(US), Facts::Cluster(ClusterFacts { version: "v1.36.0".to_owned() }));
    let addresses = vec!["k8s-loft-1234.us-east-1.elb.amazonaws.com".to_owned()];
    let hosts = vec!["us.multi-region.example.com".to_owned()];
    keep(run, Question::Ingress(US), Facts::Ingress(IngressFacts::Found { addresses, hosts }));
    let ready = Condition {
        kind: "Ready".to_owned(),
        status: "True".to_owned(),
        reason: "KubeletReady".to_owned(),
        message: String::new(),
    };
    let node =
        |name: &str| Node { name: name.to_owned(), conditions: vec![ready.clone()], ..Node::default() };
    keep(
        run,
        Question::Nodes(US),
        Facts::Nodes(NodesFacts { nodes: vec![node("ip-10-0-1-17"), node("ip-10-0-2-8")] }),
    );
    keep(run, Question::Deployment(EU), deployment(3, 3));
    keep(run, Question::Pods(EU), pods(ready_pod));
    keep(run, Question::Logs(EU), well_logs());
    keep(run, Question::Targets(US), targets(0));
    keep(run, Question::Targets(EU), targets(3));
    let eks = EksCluster { status: "ACTIVE".to_owned(), public_endpoint: true, ..EksCluster::default() };
    keep(run, Question::Eks(US), Facts::Eks(EksFacts::Found(eks)));
    for region in [US, EU] {
        keep(run, Question::Path(region), Facts::Path(path(true)));
    }
    let release = Release { revision: 4, status: "deployed".to_owned(), ..Release::default() };
    keep(run, Question::Release(US), Facts::Release(ReleaseFacts::Found(release)));
    keep(
        run,
        Question::Tools,
        Facts::Tools(ToolsFacts {
            helm: Ok(HelmFacts { path: "/usr/bin/helm".into(), version: "v4.3.1".to_owned() }),
            vcluster: Err("vcluster is not installed".to_owned()),
            kubectl: Some("/usr/bin/kubectl".into()),
        }),
    );
}

/// So many healthy targets of one group.
pub fn targets(healthy: usize) -> Facts {
    let target = |i: usize| Target {
        id: format!("10.0.1.{i}"),
        port: Some(8080),
        state: "healthy".to_owned(),
        reason: None,
        description: None,
    };
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/k8s-loft/1".to_owned();
    let group = TargetGroup { name: "k8s-loft".to_owned(), arn, targets: (0..healthy).map(target).collect() };
    Facts::Targets(TargetsFacts { found_by: FoundBy::Binding, groups: vec![group] })
}

/// The way to the database, in order but for its port where that is not `open`.
pub fn path(open: bool) -> PathFacts {
    let route = |destination: &str| Route {
        destination: destination.to_owned(),
        target: "pcx-1".to_owned(),
        state: "active".to_owned(),
    };
    let table = |id: &str, destination: &str| RouteTable {
        id: id.to_owned(),
        main: true,
        subnets: vec!["subnet-1".to_owned()],
        routes: vec![route(destination)],
        has_prefix_lists: false,
    };
    let side = |vpc: &str, cidr: &str| PeeringSide {
        vpc_id: vpc.to_owned(),
        region: "us-east-1".to_owned(),
        cidrs: vec![cidr.to_owned()],
    };
    let rule = Rule {
        protocol: "tcp".to_owned(),
        from_port: Some(3306),
        to_port: Some(3306),
        cidrs: vec!["10.0.0.0/16".to_owned()],
        prefix_lists: Vec::new(),
        groups: Vec::new(),
    };
    let ingress = if open { vec![rule] } else { Vec::new() };
    PathFacts {
        cluster_vpc: "vpc-cluster".to_owned(),
        cluster_cidrs: vec!["10.0.0.0/16".to_owned()],
        cluster_subnets: vec![Subnet {
            id: "subnet-1".to_owned(),
            cidr: "10.0.1.0/24".to_owned(),
            zone: "us-east-1a".to_owned(),
        }],
        cluster_routes: vec![table("rtb-cluster", "10.1.0.0/16")],
        peerings: vec![Peering {
            id: "pcx-1".to_owned(),
            status: "active".to_owned(),
            message: String::new(),
            requester: side("vpc-cluster", "10.0.0.0/16"),
            accepter: side("vpc-database", "10.1.0.0/16"),
        }],
        database_vpc: Some("vpc-database".to_owned()),
        database_vpc_is_guess: false,
        database_region: Some("us-east-1".to_owned()),
        database_cidrs: Some(Ok(vec!["10.1.0.0/16".to_owned()])),
        database_routes: Some(Ok(vec![table("rtb-database", "10.0.0.0/16")])),
        security_group: Some(Ok(SecurityGroup {
            id: "sg-0db1".to_owned(),
            name: "database".to_owned(),
            ingress,
        })),
    }
}

/// us-east-1's pods get no answer from the database: its port is closed for them.
pub fn port_closed() -> Run {
    let mut run = crash_loop();
    keep(&mut run, Question::Path(US), Facts::Path(path(false)));
    let line = "time=\"2026-08-01T02:41:00Z\" level=error msg=\"Failed to ping database connection: \
                dial tcp 10.1.0.12:3306: i/o timeout\"";
    let log = ContainerLog {
        pod: "loft-79948bb5b9-c77g6".to_owned(),
        container: "manager".to_owned(),
        current: Ok(vec![LogLine { at: Some(ago(60)), text: line.to_owned() }]),
        previous: None,
    };
    keep(&mut run, Question::Logs(US), Facts::Logs(LogsFacts { logs: vec![log] }));
    run
}

/// us-east-1 is scaled to zero.
pub fn scaled_to_zero() -> Run {
    let mut run = failover();
    surroundings(&mut run);
    keep(&mut run, Question::Deployment(US), deployment(0, 0));
    keep(&mut run, Question::Pods(US), Facts::Pods(PodsFacts::default()));
    keep(&mut run, Question::Logs(US), Facts::Logs(LogsFacts::default()));
    keep_why(&mut run, Question::Events(US), WhyKind::Forbidden, "not permitted to list events");
    run
}

/// us-east-1's pods crash for a reason of their own.
pub fn crash_loop() -> Run {
    let mut run = failover();
    surroundings(&mut run);
    keep(&mut run, Question::Deployment(US), deployment(3, 0));
    keep(&mut run, Question::Pods(US), pods(crashing_pod));
    keep(&mut run, Question::Logs(US), panic_logs());
    let event = Event {
        kind: "Warning".to_owned(),
        reason: "BackOff".to_owned(),
        message: "Back-off restarting failed container manager".to_owned(),
        object: "Pod/loft-79948bb5b9-c77g6".to_owned(),
        count: 31,
        last_seen: Some(ago(20)),
    };
    keep(&mut run, Question::Events(US), Facts::Events(EventsFacts { events: vec![event] }));
    run
}

/// us-east-1's cluster does not answer.
pub fn unreachable() -> Run {
    let mut run = failover();
    surroundings(&mut run);
    for question in [
        Question::Cluster(US),
        Question::Deployment(US),
        Question::Pods(US),
        Question::Logs(US),
        Question::Ingress(US),
        Question::Nodes(US),
        Question::Events(US),
        Question::Release(US),
        Question::Targets(US),
    ] {
        keep_why(&mut run, question, WhyKind::Timeout, "no answer within 5 s");
    }
    run
}

/// Everything in us-east-1 is as it should be again; step 5 has all answers.
pub fn repaired() -> Run {
    let mut run = failover();
    surroundings(&mut run);
    keep(&mut run, Question::HealthCheck(US), health("us.multi-region.example.com", true));
    keep(&mut run, Question::Probe(US), probe("us.multi-region.example.com", 200));
    let shared = probe_facts("multi-region.example.com", 200);
    keep(&mut run, Question::SharedProbe, Facts::SharedProbe(shared));
    keep(&mut run, Question::Deployment(US), deployment(3, 3));
    keep(&mut run, Question::Targets(US), targets(3));
    keep(&mut run, Question::Pods(US), pods(ready_pod));
    keep(&mut run, Question::Logs(US), Facts::Logs(LogsFacts::default()));
    keep(&mut run, Question::Events(US), Facts::Events(EventsFacts::default()));
    let peer = |name: &str| Peer {
        name: name.to_owned(),
        online: true,
        home_derp_region: Some(name.to_owned()),
        last_seen: None,
    };
    let peers = PeersFacts::Found(vec![peer("us-east-1"), peer("eu-west-1")]);
    keep(&mut run, Question::Peers(US), Facts::Peers(peers));
    run
}
