//! Our clients of STS, EKS, Elastic Load Balancing and EC2 against `moto_server`, with a cluster, a load
//! balancer and a peered database made by boto3.
//!
//! moto 5.2 leaves EKS's `vpcId` out, answers `DescribeVpcPeeringConnections` without its filters, and
//! calls each registered target healthy.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail and skip out loud")]

#[path = "support/foreign.rs"]
mod foreign;
#[path = "support/moto.rs"]
mod moto;

use std::time::Duration;

use failback::clients::aws::Aws as Client;
use failback::clients::ec2::{Ec2, PathQuery};
use failback::clients::eks::Eks;
use failback::clients::elb::Elb;
use failback::clients::sts::Sts;
use failback::engine::session::{Options, Session};
use failback::runbook::fact::{EksFacts, Facts, FoundBy, PathFacts};
use failback::runbook::profile::{AwsSettings, Chart, Database, Method, Profile, Region, RegionIndex};
use failback::runbook::question::Question;
use failback::runbook::verdict::{Why, WhyKind};
use moto::{Moto, aws, front, in_environment};
use serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(60);
const US: &str = "us-east-1";

/// What the setup made.
struct Made(Value);

impl Made {
    fn id(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    fn query(&self) -> PathQuery {
        PathQuery {
            region: US.to_owned(),
            cluster_vpc: self.id("vpc").to_owned(),
            database_vpc: None,
            security_group: Some(self.id("group").to_owned()),
        }
    }
}

async fn set_up(moto: &Moto) -> Made {
    // The one that moto_server itself runs with has boto3.
    let python = which::which("moto_server").unwrap().with_file_name("python3");
    let python = if python.exists() { python } else { "python3".into() };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/aws_setup.py");
    let mut command = foreign::without_settings(python);
    command.args([script, &moto.endpoint]);
    // Nothing of the user's: boto3 reads a config file where there is one.
    command.env("AWS_CONFIG_FILE", "/nowhere").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Made(serde_json::from_slice(&output.stdout).unwrap())
}

async fn client(moto: &Moto) -> Client {
    Client::connect(&aws("").settings, Some(&moto.endpoint), DEADLINE).await.unwrap()
}

#[tokio::test]
async fn what_aws_says_of_a_region_is_read() {
    let Some(moto) = Moto::start("what_aws_says_of_a_region_is_read") else { return };
    let made = set_up(&moto).await;
    let client = client(&moto).await;

    let identity = Sts::new(&client).identity(&[US.to_owned(), "eu-west-1".to_owned()]).await.unwrap();
    assert_eq!(identity.account, "123456789012");
    assert!(identity.arn.starts_with("arn:aws:"), "{}", identity.arn);
    assert_eq!(identity.expires_at, None, "keys of a file tell no expiry");

    let eks = Eks::new(&client);
    let EksFacts::Found(cluster) = eks.cluster(US, "platform").await.unwrap() else { panic!("missing") };
    assert_eq!((cluster.status.as_str(), cluster.version.as_deref()), ("ACTIVE", Some("1.33")));
    assert_eq!(cluster.issues, []);
    assert_eq!(eks.cluster(US, "another").await.unwrap(), EksFacts::Missing);
    assert_eq!(eks.cluster("eu-west-1", "platform").await.unwrap(), EksFacts::Missing, "another region");

    targets_are_found(&Elb::new(&client), &made).await;

    let ec2 = Ec2::connect(&client).await.unwrap();
    let facts = ec2.path(&made.query(), DEADLINE).await.unwrap();
    path_is_whole(&facts, &made);
    let named = PathQuery { database_vpc: Some(made.id("database_vpc").to_owned()), ..made.query() };
    let as_guessed = PathFacts { database_vpc_is_guess: true, ..ec2.path(&named, DEADLINE).await.unwrap() };
    assert_eq!(as_guessed, facts, "as when it is named");
    paths_that_are_named_wrongly(&ec2, &made).await;
    let peered = ec2.peered_vpcs(US, made.id("vpc")).await.unwrap();
    let peered: Vec<_> = peered.iter().map(|side| (side.vpc_id.as_str(), side.region.as_str())).collect();
    assert_eq!(peered, [(made.id("database_vpc"), "eu-west-1")], "once, though there are two connections");
}

async fn targets_are_found(elb: &Elb, made: &Made) {
    let arns = [made.id("target_group").to_owned()];
    let by_binding = elb.targets(US, &arns, None).await.unwrap();
    assert_eq!(by_binding.found_by, FoundBy::Binding);
    let group = &by_binding.groups[0];
    assert_eq!((group.name.as_str(), group.arn.as_str()), ("k8s-loft", arns[0].as_str()));
    let targets: Vec<_> =
        group.targets.iter().map(|target| (target.id.as_str(), target.port, target.state.as_str())).collect();
    assert_eq!(targets, [("10.1.0.7", Some(8080), "healthy"), ("10.1.1.9", Some(8080), "healthy")]);

    let dns = made.id("dns").to_uppercase();
    let by_name = elb.targets(US, &[], Some(&dns)).await.unwrap();
    assert_eq!(by_name.found_by, FoundBy::LoadBalancer(dns));
    assert_eq!(by_name.groups, by_binding.groups);

    let none = elb.targets(US, &[], Some("gone.elb.amazonaws.com")).await.unwrap();
    assert_eq!(none.found_by, FoundBy::Nothing(Some("gone.elb.amazonaws.com".to_owned())));
    assert_eq!(none.groups, []);
    assert_eq!(elb.targets(US, &[], None).await.unwrap().found_by, FoundBy::Nothing(None));

    let gone = [arns[0].replace("k8s-loft", "k8s-gone")];
    let why = elb.targets(US, &gone, None).await.unwrap_err();
    assert!(why.kind == WhyKind::NotFound && why.message.contains("k8s-gone"), "{}", why.message);
}

fn path_is_whole(facts: &PathFacts, made: &Made) {
    assert_eq!(facts.cluster_cidrs, ["10.1.0.0/16", "10.2.0.0/16"]);
    let mut zones: Vec<_> =
        facts.cluster_subnets.iter().map(|subnet| (subnet.cidr.as_str(), subnet.zone.as_str())).collect();
    zones.sort_unstable();
    assert_eq!(zones, [("10.1.0.0/24", "us-east-1a"), ("10.1.1.0/24", "us-east-1b")]);

    let table = |id: &str| facts.cluster_routes.iter().find(|table| table.id == id).unwrap();
    let (main, own) = (table(made.id("main_table")), table(made.id("own_table")));
    assert!(main.main && main.subnets.is_empty() && !own.main, "{main:?} {own:?}");
    assert_eq!(own.subnets, [made.0["subnets"][0].as_str().unwrap()]);
    let local = own.routes.iter().find(|route| route.destination == "10.1.0.0/16").unwrap();
    assert_eq!((local.target.as_str(), local.state.as_str()), ("local", "active"));
    let to_database = own.routes.iter().find(|route| route.destination == "10.9.0.0/16").unwrap();
    assert_eq!(to_database.target, made.id("peering"));

    let status = |id| facts.peerings.iter().find(|peering| peering.id == id).unwrap().status.as_str();
    assert_eq!((status(made.id("peering")), status(made.id("rejected"))), ("active", "rejected"));
    assert_eq!(facts.peerings.len(), 2);

    assert_eq!(facts.database_vpc.as_deref(), Some(made.id("database_vpc")));
    assert_eq!(facts.database_region.as_deref(), Some("eu-west-1"));
    assert_eq!(facts.database_cidrs, Some(Ok(vec!["10.9.0.0/16".to_owned()])));
    let back = facts.database_routes.as_ref().unwrap().as_ref().unwrap();
    assert_eq!((back.len(), back[0].id.as_str(), back[0].main), (1, made.id("back_table"), true));
    assert!(back[0].routes.iter().any(|route| route.target == made.id("peering")), "{back:?}");
    let group = facts.security_group.as_ref().unwrap().as_ref().unwrap();
    assert_eq!((group.id.as_str(), group.name.as_str()), (made.id("group"), "database"));
    let rule = &group.ingress[0];
    assert_eq!((rule.protocol.as_str(), rule.from_port, rule.to_port), ("tcp", Some(3306), Some(3306)));
    assert_eq!(rule.cidrs, ["10.1.0.0/16"]);
}

async fn paths_that_are_named_wrongly(ec2: &Ec2, made: &Made) {
    let unpeered = PathQuery { database_vpc: Some("vpc-0123456789abcdef0".to_owned()), ..made.query() };
    let facts = ec2.path(&unpeered, DEADLINE).await.unwrap();
    assert_eq!(facts.database_region, None);
    let told = facts.database_cidrs.unwrap().unwrap_err();
    assert!(told.contains("no VPC vpc-0123456789abcdef0 in us-east-1"), "{told}");

    // A VPC that is the cluster's own is found in the first round.
    let own = PathQuery { database_vpc: Some(made.id("vpc").to_owned()), ..made.query() };
    let facts = ec2.path(&own, DEADLINE).await.unwrap();
    assert_eq!(facts.database_region.as_deref(), Some(US));
    assert_eq!(facts.database_cidrs, Some(Ok(facts.cluster_cidrs.clone())));
    let told = facts.security_group.unwrap().unwrap_err();
    assert!(told.contains("no security group"), "the group is in the other region: {told}");

    let gone = PathQuery { cluster_vpc: "vpc-0123456789abcdef0".to_owned(), ..made.query() };
    let why = ec2.path(&gone, DEADLINE).await.unwrap_err();
    assert!(why.kind == WhyKind::NotFound && why.message.contains(US), "{}", why.message);
}

/// An environment of the context of the setup's cluster and of an alias.
fn profile(aws: AwsSettings, kubeconfig: &std::path::Path) -> Profile {
    let region = |name: &str, context: &str| Region {
        name: name.to_owned(),
        context: context.to_owned(),
        health_check_id: "11111111-1111-1111-1111-111111111111".to_owned(),
        values_file: None,
        host: None,
        probe_address: None,
        probe_ca: None,
    };
    Profile {
        name: "test".to_owned(),
        shared_host: None,
        kubeconfig: Some(kubeconfig.to_owned()),
        namespace: "vcluster-platform".to_owned(),
        deployment: "loft".to_owned(),
        ingress: "loft".to_owned(),
        selector: "app=loft".to_owned(),
        replicas: 3,
        escalation: None,
        aws,
        chart: Chart {
            repository: "https://charts.invalid/".to_owned(),
            name: "vcluster-platform".to_owned(),
            version: None,
            method: Method::Helm,
            file: None,
        },
        database: Database::default(),
        regions: vec![
            region(US, "arn:aws:eks:us-east-1:123456789012:cluster/platform"),
            region("eu-west-1", "alias"),
        ],
    }
}

#[tokio::test]
async fn questions_of_a_session_are_answered_by_aws() {
    let Some(moto) = Moto::start("questions_of_a_session_are_answered_by_aws") else { return };
    set_up(&moto).await;
    let aws = aws("");
    let kubeconfig = aws.folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, "contexts:\n- name: alias\n  context: {cluster: c, user: u}\n").unwrap();
    let endpoint = Some(moto.endpoint.clone());
    let options = Options { speed: 60.0, aws_endpoint: endpoint, deadline: DEADLINE, ..Options::default() };
    let session = Session::new(profile(aws.settings.clone(), &kubeconfig).into(), options);

    let answer = session.observe(Question::Identity).await.answer.unwrap();
    assert!(matches!(answer, Facts::Identity(identity) if identity.account == "123456789012"));
    let answer = session.observe(Question::Eks(RegionIndex(0))).await.answer.unwrap();
    assert!(matches!(answer, Facts::Eks(EksFacts::Found(cluster)) if cluster.status == "ACTIVE"));
    let why = session.observe(Question::Path(RegionIndex(0))).await.answer.unwrap_err();
    assert!(why.message.contains("EKS tells no VPC"), "moto does not: {}", why.message);
    for question in [Question::Eks(RegionIndex(1)), Question::Path(RegionIndex(1))] {
        let why = session.observe(question).await.answer.unwrap_err();
        assert_eq!(why.kind, WhyKind::Configuration, "{}", why.message);
        assert!(why.message.contains("alias names no EKS cluster"), "{}", why.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_has_the_endpoint_that_settings_give_it() {
    let error = "<Response><Errors><Error><Code>NAME</Code><Message>m</Message></Error></Errors></Response>";
    let (by_variable, _heads) = front(400, error.replace("NAME", "ByVariable")).await;
    let error = "<ErrorResponse><Error><Code>NAME</Code><Message>m</Message></Error></ErrorResponse>";
    let (by_section, _heads) = front(400, error.replace("NAME", "BySection")).await;
    let (by_profile, _heads) = front(400, error.replace("NAME", "ByProfile")).await;
    let aws = aws(&format!(
        "[profile prod]\nservices = here\nendpoint_url = http://{by_profile}\n[services here]\n\
         elastic_load_balancing_v2 =\n  endpoint_url = http://{by_section}\n"
    ));
    let folder = aws.folder.path().to_owned();
    let variables = [
        ("TEST_AWS_FOLDER", folder.to_str().unwrap()),
        ("AWS_ENDPOINT_URL_EC2", &format!("http://{by_variable}")),
    ];
    in_environment("with_endpoints", &folder, &variables);
}

#[tokio::test]
#[ignore = "run by each_service_has_the_endpoint_that_settings_give_it in an environment of its own"]
async fn with_endpoints() {
    let folder = std::path::PathBuf::from(std::env::var("TEST_AWS_FOLDER").unwrap());
    let settings = AwsSettings {
        profile: Some("prod".to_owned()),
        config_file: Some(folder.join("config")),
        credentials_file: Some(folder.join("credentials")),
    };
    let client = Client::connect(&settings, None, DEADLINE).await.unwrap();
    let told = |why: Why, by: &str| assert!(why.message.contains(by), "{}", why.message);
    let ec2 = Ec2::connect(&client).await.unwrap();
    told(ec2.peered_vpcs(US, "vpc-1").await.unwrap_err(), "ByVariable");
    told(Elb::new(&client).targets(US, &[], Some("x")).await.unwrap_err(), "BySection");
    told(Sts::new(&client).identity(&[US.to_owned()]).await.unwrap_err(), "ByProfile");
}
