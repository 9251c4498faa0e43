//! The real `aws` program against the practice world's EKS, load balancer and
//! network, and the real `kubectl` with tokens of `aws eks get-token`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for the program"
)]

#[path = "support/tools.rs"]
mod tools;

use std::process::Output;

use failback::practice::{Auth, World};
use serde_json::Value;
use tools::{has_tools, stderr, world_with};

/// Runs a program that sees the world's files and these variables, nothing of the user's.
async fn run(world: &World, program: &str, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    let mut command = tools::command(world, program);
    command.envs(more.iter().copied()).args(arguments);
    tools::output(command).await
}

/// `aws --region REGION …`, the line split at spaces.
async fn aws(world: &World, region: &str, line: &str) -> Value {
    let mut arguments = vec!["--region", region, "--output", "json"];
    arguments.extend(line.split(' '));
    let output = run(world, "aws", &arguments, &[]).await;
    assert!(output.status.success(), "aws {line}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Texts at a JSON pointer of each item of a list.
fn each<'a>(answer: &'a Value, list: &str, pointer: &str) -> Vec<&'a str> {
    let items = answer[list].as_array().unwrap();
    items.iter().map(|item| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default()).collect()
}

const US: &str = "us-east-1";
const EU: &str = "eu-west-1";

#[tokio::test(flavor = "multi_thread")]
async fn the_load_balancer_of_a_region_word_for_word() {
    if !has_tools("the_load_balancer_of_a_region_word_for_word", &["aws", "kubectl"]) {
        return;
    }
    for (id, states, bindings) in [
        ("healthy", vec!["healthy"; 3], 1),
        ("crash-loop", vec![], 1),
        ("targets-unhealthy", vec!["unhealthy"; 3], 1),
        ("ingress-not-reconciled", vec![], 0),
    ] {
        let world = world_with(id, Auth::Token).await;
        let groups = aws(&world, US, "elbv2 describe-target-groups").await;
        let arn = each(&groups, "TargetGroups", "/TargetGroupArn")[0].to_owned();
        let line = format!("elbv2 describe-target-health --target-group-arn {arn}");
        let health = aws(&world, US, &line).await;
        assert_eq!(each(&health, "TargetHealthDescriptions", "/TargetHealth/State"), states, "{id}");

        let balancers = aws(&world, US, "elbv2 describe-load-balancers").await;
        let context = format!("arn:aws:eks:{US}:123456789012:cluster/platform-multi-region-{US}");
        let kubectl = ["--context", &context, "-n", "vcluster-platform", "-o", "json", "get"];
        let get = async |kind: &str| {
            let output = run(&world, "kubectl", &[&kubectl[..], &[kind]].concat(), &[]).await;
            assert!(output.status.success(), "{id}: {}", stderr(&output));
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        let ingresses = get("ingresses").await;
        assert_eq!(
            each(&ingresses, "items", "/status/loadBalancer/ingress/0/hostname"),
            each(&balancers, "LoadBalancers", "/DNSName"),
            "{id}"
        );
        let bound = get("targetgroupbindings.elbv2.k8s.aws").await;
        assert_eq!(each(&bound, "items", "/spec/targetGroupARN"), vec![arn.as_str(); bindings], "{id}");
        let pods = get("pods").await;
        let mut addresses = each(&pods, "items", "/status/podIP");
        addresses.sort_unstable();
        if !states.is_empty() {
            assert_eq!(each(&health, "TargetHealthDescriptions", "/Target/Id"), addresses, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_the_database_word_for_word() {
    if !has_tools("the_way_to_the_database_word_for_word", &["aws"]) {
        return;
    }
    let world = world_with("healthy", Auth::Token).await;
    for (region, vpcs, subnets, tables, peerings, groups) in [(US, 2, 9, 6, 2, 4), (EU, 1, 6, 4, 1, 3)] {
        for (line, list, count) in [
            ("describe-vpcs", "Vpcs", vpcs),
            ("describe-subnets", "Subnets", subnets),
            ("describe-route-tables", "RouteTables", tables),
            ("describe-vpc-peering-connections", "VpcPeeringConnections", peerings),
            ("describe-security-groups", "SecurityGroups", groups),
        ] {
            let found = aws(&world, region, &format!("ec2 {line}")).await;
            assert_eq!(found[list].as_array().unwrap().len(), count, "{line} in {region}");
        }
    }
    let cluster = aws(&world, EU, "eks describe-cluster --name platform-multi-region-eu-west-1").await;
    let vpc = cluster["cluster"]["resourcesVpcConfig"]["vpcId"].as_str().unwrap();
    let line = format!(
        "ec2 describe-vpc-peering-connections --filters Name=requester-vpc-info.vpc-id,Values={vpc} \
         Name=status-code,Values=active"
    );
    let peering = aws(&world, EU, &line).await;
    let [peering] = &peering["VpcPeeringConnections"].as_array().unwrap()[..] else { panic!("{peering}") };
    assert_eq!(peering["AccepterVpcInfo"]["CidrBlock"], "10.1.0.0/16");
    assert_eq!(peering["AccepterVpcInfo"]["Region"], US);
    let line = format!("ec2 describe-route-tables --filters Name=vpc-id,Values={vpc}");
    let tables = aws(&world, EU, &line).await;
    for table in tables["RouteTables"].as_array().unwrap() {
        let routes = table["Routes"].as_array().unwrap();
        let route = routes.iter().find(|route| route["DestinationCidrBlock"] == "10.1.0.0/16").unwrap();
        assert_eq!(route["VpcPeeringConnectionId"], peering["VpcPeeringConnectionId"]);
        assert_eq!(route["State"], "active");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eks_says_how_the_cluster_is() {
    if !has_tools("eks_says_how_the_cluster_is", &["aws"]) {
        return;
    }
    let name = "platform-multi-region-us-east-1";
    for (id, status, issues) in
        [("healthy", "ACTIVE", vec![]), ("cluster-down", "FAILED", vec!["KmsKeyDisabled"])]
    {
        let world = world_with(id, Auth::Token).await;
        assert_eq!(aws(&world, US, "eks list-clusters").await["clusters"], serde_json::json!([name]));
        let found = aws(&world, US, &format!("eks describe-cluster --name {name}")).await;
        assert_eq!(found["cluster"]["status"], status, "{id}");
        assert_eq!(each(&found["cluster"]["health"], "issues", "/code"), issues, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_services_refuse_arrives_as_their_errors() {
    if !has_tools("what_the_services_refuse_arrives_as_their_errors", &["aws"]) {
        return;
    }
    let (healthy, expired) =
        (world_with("healthy", Auth::Token).await, world_with("credentials-expired", Auth::Token).await);
    let unreachable = world_with("route53-out-of-reach", Auth::Token).await;
    let cases = [
        (&healthy, "eks describe-cluster --name other", "(ResourceNotFoundException)"),
        (&healthy, "eks delete-cluster --name other", "(AccessDeniedException)"),
        (&healthy, "elbv2 describe-target-health --target-group-arn other", "(TargetGroupNotFound)"),
        (&healthy, "elbv2 delete-load-balancer --load-balancer-arn other", "(AccessDenied)"),
        (&healthy, "ec2 describe-vpcs --vpc-ids vpc-0", "(InvalidVpcID.NotFound)"),
        (&healthy, "ec2 describe-vpcs --filters Name=colour,Values=red", "(InvalidParameterValue)"),
        (&healthy, "ec2 delete-vpc --vpc-id vpc-0", "(UnauthorizedOperation)"),
        (&expired, "sts get-caller-identity", "(ExpiredToken)"),
        (&expired, "route53 list-health-checks", "(ExpiredToken)"),
        (&expired, "elbv2 describe-load-balancers", "(ExpiredToken)"),
        (&expired, "ec2 describe-vpcs", "(ExpiredToken)"),
        (&expired, "eks list-clusters", "(ExpiredTokenException)"),
        (&unreachable, "route53 list-health-checks", "Connection was closed"),
    ];
    for (world, line, expected) in cases {
        let arguments: Vec<&str> = line.split(' ').collect();
        let output = run(world, "aws", &arguments, &[("AWS_MAX_ATTEMPTS", "1")]).await;
        assert!(!output.status.success(), "aws {line}");
        assert!(stderr(&output).contains(expected), "aws {line}: {}", stderr(&output));
    }
    let changes = healthy.changing_requests();
    assert_eq!(changes.len(), 3, "{changes:?}");
    assert!(changes.iter().all(|change| change.status == 403 && change.region == US), "{changes:?}");

    expired.repair();
    unreachable.repair();
    assert_eq!(aws(&expired, US, "sts get-caller-identity").await["Account"], "123456789012");
    let listed = aws(&unreachable, US, "route53 list-health-checks").await;
    assert_eq!(listed["HealthChecks"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_signs_in_by_aws_eks_get_token() {
    if !has_tools("kubectl_signs_in_by_aws_eks_get_token", &["aws", "kubectl"]) {
        return;
    }
    let world = world_with("healthy", Auth::Eks).await;
    let name = |region: &str| format!("platform-multi-region-{region}");
    let context = |region: &str| format!("arn:aws:eks:{region}:123456789012:cluster/{}", name(region));
    let get_pods = async |region: &str, more: &[&str], variables: &[(&str, &str)]| {
        let context = context(region);
        let arguments = [&["get", "pods", "-n", "vcluster-platform", "--context", &context], more].concat();
        run(&world, "kubectl", &arguments, variables).await
    };
    for region in [US, EU] {
        let output = get_pods(region, &[], &[]).await;
        let table = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{region}: {}", stderr(&output));
        assert_eq!(table.matches("Running").count(), 3, "{region}: {table}");
    }

    let token = aws(&world, US, &format!("eks get-token --cluster-name {}", name(US))).await;
    let token = token["status"]["token"].as_str().unwrap();
    // By the token alone: without a user that has a plugin of its own.
    let server = {
        let config: Value = serde_json::from_slice(&std::fs::read(world.kubeconfig()).unwrap()).unwrap();
        move |region: &str| {
            let clusters = config["clusters"].as_array().unwrap();
            let cluster =
                clusters.iter().find(|cluster| cluster["name"] == context(region).as_str()).unwrap();
            cluster["cluster"]["server"].as_str().unwrap().to_owned()
        }
    };
    let ca = world.dir().join("ca.pem");
    for (region, token, admitted) in [
        (US, token.to_owned(), true),
        (EU, token.to_owned(), false),
        (US, format!("{token}A"), false),
        (US, "k8s-aws-v1.aGVsbG8".to_owned(), false),
        (US, "secret".to_owned(), false),
    ] {
        let arguments = [
            "get",
            "pods",
            "-n",
            "vcluster-platform",
            "--server",
            &server(region),
            "--certificate-authority",
            ca.to_str().unwrap(),
            "--token",
            &token,
        ];
        let none = world.dir().join("no-kubeconfig");
        let output = run(&world, "kubectl", &arguments, &[("KUBECONFIG", none.to_str().unwrap())]).await;
        assert_eq!(output.status.success(), admitted, "{region}: {}", stderr(&output));
        assert!(admitted || stderr(&output).contains("Unauthorized"), "{region}: {}", stderr(&output));
    }
}
