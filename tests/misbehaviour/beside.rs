//! A practice world of which a part misbehaves: the rest of the diagnosis stays, and says what is missing.

use std::time::Duration;

use base64::Engine;
use failback::engine::session::{Options, Session};
use failback::environment;
use failback::practice::{self, Auth, World, scenario};
use failback::runbook::case::Case;
use failback::runbook::cause::{self, Assessment, Strength};
use failback::runbook::profile::RegionIndex;
use failback::runbook::question::{Question, Readings};
use failback::runbook::step::Step;
use failback::runbook::steps::{self, restore};
use failback::runbook::verdict::Verdict;

use super::server::{Authority, Behaviour, Body, Server, Upstream, WAYS, Way, header};
use super::{LONG, PATIENCE, table, tools};

/// Of each question, where only the deadline ends it and others have to answer in the meantime.
const MIDDLING: Duration = Duration::from_secs(4);
const FAILED: RegionIndex = RegionIndex(0);

/// Which requests are answered badly, by their head and body.
type Chosen = fn(&str) -> bool;

async fn world(id: &str) -> World {
    let scenario = scenario(id).unwrap();
    let (speed, seed, latency, auth) = (60.0, 1, Duration::ZERO, Auth::Token);
    World::start(practice::Options { scenario, speed, seed, latency, auth, dir: None }).await.unwrap()
}

/// Is the request signed for this AWS service?
fn is_of(request: &str, service: &str) -> bool {
    header(request, "authorization").is_some_and(|scope| scope.contains(&format!("/{service}/aws4_request")))
}

fn none(_: &str) -> bool {
    false
}

/// Step 1's and step 2's readings of a world, of which the chosen requests to AWS and to the failed region's
/// cluster are answered badly.
async fn readings(world: &World, way: Way, of_aws: Chosen, of_cluster: Chosen) -> (Session, Readings) {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let mut profile = environment::read(world.environment_file()).unwrap();
    let text = std::fs::read_to_string(world.kubeconfig()).unwrap();
    let mut kubeconfig: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cluster = &mut kubeconfig["clusters"][FAILED.0]["cluster"];
    let address = cluster["server"].as_str().unwrap().trim_start_matches("https://").parse().unwrap();
    let world_ca = std::fs::read(world.dir().join("ca.pem")).unwrap();
    let upstream = Upstream::tls(address, &world_ca);
    let tls = Some(authority.acceptor(&["127.0.0.1"]));
    let front = Server::start(Behaviour { way, chosen: of_cluster, upstream, tls }).await;
    cluster["server"] = format!("https://{}", front.address).into();
    cluster["certificate-authority-data"] =
        base64::engine::general_purpose::STANDARD.encode(&authority.pem).into();
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, kubeconfig.to_string()).unwrap();
    profile.kubeconfig = Some(path);

    let address = world.aws_endpoint().trim_start_matches("http://").parse().unwrap();
    let upstream = Upstream::Plain(address);
    let aws = Server::start(Behaviour { way, chosen: of_aws, upstream, tls: None }).await;
    let options = Options {
        speed: world.speed(),
        aws_endpoint: Some(format!("http://{}", aws.address)),
        deadline: if way.never_ends() { MIDDLING } else { LONG },
        ..Options::default()
    };
    let session = Session::new(profile.into(), options);
    let profile = session.profile();
    let asked = steps::questions_of(profile, FAILED, &[Step::Confirm, Step::Diagnose]);
    let mut all = Readings::default();
    all.keep(Question::Tools, tools());
    tokio::time::timeout(PATIENCE, session.observe_all(&asked, &mut all)).await.unwrap();
    (session, all)
}

fn case<'a>(session: &'a Session, readings: &'a Readings) -> Case<'a> {
    Case { profile: session.profile(), failed: FAILED, readings, now: jiff::Timestamp::now() }
}

fn first(case: &Case) -> Assessment {
    cause::rank(case).into_iter().next().unwrap()
}

/// What is reached only after others have answered: EC2 and Elastic Load Balancing, and the logs of pods.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_in_a_second_round_is_unknown_where_its_peer_misbehaves() {
    let world = world("security-group-closed").await;
    let of_aws: Chosen = |request| is_of(request, "ec2") || is_of(request, "elasticloadbalancing");
    let of_cluster: Chosen = |request| request.lines().next().is_some_and(|line| line.contains("/log?"));
    let mut faults = Vec::new();
    let mut judged = 0;
    // What concerns the connection itself is the other table's.
    for way in WAYS.into_iter().filter(|way| !matches!(way, Way::Hang | Way::Untrusted | Way::NoTls)) {
        let (session, readings) = readings(&world, way, of_aws, of_cluster).await;
        let case = case(&session, &readings);
        for check in steps::checks(&case, Step::Diagnose) {
            let (peer, is_failed) = match check.question {
                Question::Path(_) => ("EC2", true),
                Question::Targets(_) => ("Elastic Load Balancing", true),
                Question::Logs(_) => ("https://127.0.0.1", check.region == Some(FAILED)),
                _ => continue,
            };
            if !is_failed {
                continue;
            }
            judged += 1;
            let finding = check.finding.as_ref().unwrap();
            let name = format!("{way:?}: {} of {:?}", check.id, check.region);
            let words = table::problems_of_words(finding, &check.details);
            faults.extend(words.into_iter().map(|problem| format!("{name}: {problem}")));
            // A log is text of any kind, and one of a pod that is gone is told so by the API.
            let any_text = check.id == "logs"
                && match way {
                    Way::Answer(200, body) => body != Body::Truncated,
                    way => way == Way::Answer(404, Body::Missing),
                };
            let is_unknown = finding.verdict == Verdict::Unknown && finding.found.contains(peer);
            if !is_unknown && !any_text {
                faults.push(format!("{name}: {:?}: {}", finding.verdict, finding.found));
            }
        }
        let certain = cause::rank(&case).into_iter().filter(|cause| cause.strength == Strength::Certain);
        faults.extend(certain.map(|cause| format!("{way:?}: {} is certain", cause.id)));
    }
    assert!(judged > 100, "the checks were not made: {judged}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_service_that_misbehaves_leaves_the_cause_right_or_honestly_less_sure() {
    let world = world("security-group-closed").await;
    let ec2: Chosen = |request| is_of(request, "ec2");
    let eks: Chosen = |request| is_of(request, "eks");
    let elb: Chosen = |request| is_of(request, "elasticloadbalancing");
    for (way, of_aws, id, strength, missing) in [
        (Way::Mute, none as Chosen, "security-group-closed", Strength::Certain, ""),
        (Way::Mute, ec2, "database-unreachable", Strength::Likely, "EC2"),
        (Way::Answer(403, Body::Text), eks, "database-unreachable", Strength::Likely, "EKS"),
        (Way::Answer(200, Body::Garbage), elb, "security-group-closed", Strength::Certain, ""),
    ] {
        let (session, readings) = readings(&world, way, of_aws, none).await;
        let cause = first(&case(&session, &readings));
        assert_eq!((cause.id, cause.strength), (id, strength), "{way:?}: {:?}", cause.evidence_for);
        let told = missing.is_empty() || cause.not_checked.iter().any(|line| line.contains(missing));
        assert!(told, "{way:?} {missing}: {:?}", cause.not_checked);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_refuses_us_is_our_side_and_nothing_can_be_planned() {
    let world = world("scaled-to-zero").await;
    let (session, readings) = readings(&world, Way::Answer(401, Body::Status), none, |_| true).await;
    let case = case(&session, &readings);
    let cause = first(&case);
    assert_eq!((cause.id, cause.strength), ("credentials-expired", Strength::Likely));
    for plan in restore::plans(&case) {
        let kind = plan.kind();
        assert!(plan.confirm_as_shown("us-east-1", Some("because")).is_err(), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_route_53_the_cause_stays_and_a_plan_needs_a_reason() {
    let world = world("scaled-to-zero").await;
    let route53: Chosen = |request| is_of(request, "route53");
    for way in [Way::Mute, Way::Answer(503, Body::Text), Way::Answer(200, Body::Page)] {
        let (session, readings) = readings(&world, way, route53, none).await;
        let case = case(&session, &readings);
        assert_eq!(first(&case).id, "scaled-to-zero", "{way:?}");
        let blockers = restore::gate(&case);
        let [blocker] = &blockers[..] else { panic!("{way:?}: {blockers:?}") };
        assert!(blocker.overridable && blocker.text.contains("Route 53"), "{way:?}: {}", blocker.text);
        for plan in restore::plans(&case) {
            let kind = plan.kind();
            assert!(plan.confirm("us-east-1", None).is_err(), "{way:?}: {kind:?}");
        }
    }
}
