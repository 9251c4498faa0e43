//! The real `aws` program against the practice world.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for the program"
)]

#[path = "support/tools.rs"]
mod tools;

use failback::practice::World;
use serde_json::Value;
use tools::{command, has_tools, output, stderr, world};

/// The runbook's step 1, word for word but for the health check's id.
const RUNBOOK_STATUS: &str = "aws route53 get-health-check-status --health-check-id \"$ID\" \\
--query 'HealthCheckObservations[].{Region:Region,Status:StatusReport.Status}' \\
--output table";

async fn aws_json(world: &World, arguments: &[&str]) -> Value {
    let mut command = command(world, "aws");
    command.args(arguments).args(["--output", "json"]);
    let output = output(command).await;
    assert!(output.status.success(), "aws {arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn the_runbooks_step_1_word_for_word() {
    if !has_tools("the_runbooks_step_1_word_for_word", &["aws"]) {
        return;
    }
    let cases = [
        ("scaled-to-zero", "us-east-1", "Failure: HTTP Status Code 503, Service Temporarily Unavailable."),
        ("cluster-unreachable", "us-east-1", "Failure: Connection timed out."),
        ("healthy", "us-east-1", "Success: HTTP Status Code 200, OK"),
        ("scaled-to-zero", "eu-west-1", "Success: HTTP Status Code 200, OK"),
    ];
    for (scenario, region, status) in cases {
        let world = world(scenario).await;
        let mut shell = command(&world, "sh");
        shell.args(["-c", RUNBOOK_STATUS]).env("ID", &world.health_check_ids()[region]);
        let output = output(shell).await;
        let table = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{scenario}: {}", stderr(&output));
        assert_eq!(table.matches(status).count(), 16, "{scenario} in {region}:\n{table}");
        assert!(table.contains("GetHealthCheckStatus") && table.contains("sa-east-1"), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_can_be_picked_by_the_host_they_watch() {
    if !has_tools("health_checks_can_be_picked_by_the_host_they_watch", &["aws"]) {
        return;
    }
    let world = world("scaled-to-zero").await;
    // One a page: the aws program follows the markers.
    let listed = aws_json(&world, &["route53", "list-health-checks", "--page-size", "1"]).await;
    let listed = listed["HealthChecks"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    for (region, host) in
        [("us-east-1", "us.multi-region.example.com"), ("eu-west-1", "eu.multi-region.example.com")]
    {
        let id = world.health_check_ids()[region].as_str();
        let one = listed.iter().find(|check| check["Id"] == id).unwrap();
        assert_eq!(one["HealthCheckConfig"]["FullyQualifiedDomainName"], host);

        let got = aws_json(&world, &["route53", "get-health-check", "--health-check-id", id]).await;
        assert_eq!(&got["HealthCheck"], one);
        let config = &got["HealthCheck"]["HealthCheckConfig"];
        for (field, expected) in [
            ("Type", Value::from("HTTPS")),
            ("Port", 443.into()),
            ("ResourcePath", "/healthz".into()),
            ("RequestInterval", 10.into()),
            ("FailureThreshold", 3.into()),
            ("EnableSNI", true.into()),
            ("Inverted", false.into()),
            ("Disabled", false.into()),
        ] {
            assert_eq!(config[field], expected, "{field}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_carry_their_names_as_tags() {
    if !has_tools("health_checks_carry_their_names_as_tags", &["aws"]) {
        return;
    }
    let world = world("healthy").await;
    let ids: Vec<&str> = world.health_check_ids().values().map(String::as_str).collect();
    let mut arguments =
        vec!["route53", "list-tags-for-resources", "--resource-type", "healthcheck", "--resource-ids"];
    arguments.extend(&ids);
    let sets = aws_json(&world, &arguments).await;
    for (region, id) in world.health_check_ids() {
        let sets = sets["ResourceTagSets"].as_array().unwrap();
        let many = sets.iter().find(|set| set["ResourceId"] == id.as_str()).unwrap();
        assert_eq!(many["Tags"][0]["Key"], "Name");
        assert_eq!(many["Tags"][0]["Value"], format!("platform-multi-region-{region}"));
        let arguments =
            ["route53", "list-tags-for-resource", "--resource-type", "healthcheck", "--resource-id", id];
        assert_eq!(&aws_json(&world, &arguments).await["ResourceTagSet"], many);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_failure_is_known_where_there_was_one() {
    if !has_tools("the_last_failure_is_known_where_there_was_one", &["aws"]) {
        return;
    }
    let world = world("crash-loop").await;
    for (region, failures) in [("us-east-1", 16), ("eu-west-1", 0)] {
        let id = world.health_check_ids()[region].as_str();
        let arguments = ["route53", "get-health-check-last-failure-reason", "--health-check-id", id];
        let seen = aws_json(&world, &arguments).await;
        let seen = seen["HealthCheckObservations"].as_array().unwrap();
        assert_eq!(seen.len(), failures, "{region}");
        for one in seen {
            let status = one["StatusReport"]["Status"].as_str().unwrap();
            assert!(status.starts_with("Failure: HTTP Status Code 503"), "{status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_is_the_responder_of_the_practice_account() {
    if !has_tools("the_caller_is_the_responder_of_the_practice_account", &["aws"]) {
        return;
    }
    let world = world("healthy").await;
    let identity = aws_json(&world, &["sts", "get-caller-identity"]).await;
    assert_eq!(identity["Account"], "123456789012");
    assert_eq!(identity["Arn"], "arn:aws:sts::123456789012:assumed-role/OnCall/responder");

    // The profile alone leads here too, as in the environment file.
    let mut by_profile = command(&world, "aws");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"] {
        by_profile.env_remove(name);
    }
    by_profile.args(["sts", "get-caller-identity", "--output", "json"]);
    let output = output(by_profile).await;
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), identity);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_refuses_arrives_as_its_error() {
    if !has_tools("what_the_api_refuses_arrives_as_its_error", &["aws"]) {
        return;
    }
    let world = world("healthy").await;
    let id = world.health_check_ids()["us-east-1"].as_str();
    let unknown = "00000000-0000-4000-8000-000000000000";
    let cases: [(&[&str], Option<&str>, &str); 5] = [
        (&["route53", "get-health-check-status", "--health-check-id", unknown], None, "(NoSuchHealthCheck)"),
        (
            &["route53", "get-health-check-status", "--health-check-id", id],
            Some("AKIASOMEBODYELSE"),
            "(InvalidClientTokenId)",
        ),
        (&["sts", "get-caller-identity"], Some("AKIASOMEBODYELSE"), "(InvalidClientTokenId)"),
        (&["route53", "delete-health-check", "--health-check-id", id], None, "(AccessDenied)"),
        (&["sts", "get-session-token"], None, "(InvalidAction)"),
    ];
    for (arguments, key, expected) in cases {
        let mut command = command(&world, "aws");
        command.args(arguments).envs(key.map(|key| ("AWS_ACCESS_KEY_ID", key)));
        let output = output(command).await;
        assert!(!output.status.success(), "aws {arguments:?}");
        assert!(stderr(&output).contains(expected), "aws {arguments:?}: {}", stderr(&output));
    }
    let changes = world.changing_requests();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!((changes[0].method.as_str(), changes[0].status), ("DELETE", 403));
}
