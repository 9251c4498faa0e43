//! Our Route 53 client against `moto_server`, a real implementation of the API by somebody else.
//!
//! moto 5.2 knows health checks with one observation each. It has no `GetHealthCheckLastFailureReason`
//! (404), and it neither throttles nor refuses by itself: for those a small server of our own on loopback
//! answers the API's documented errors.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail and skip out loud")]

#[path = "support/moto.rs"]
mod moto;

use std::time::Duration;

use failback::clients::aws::Aws as Client;
use failback::clients::route53::Route53;
use failback::runbook::profile::AwsSettings;
use failback::runbook::verdict::WhyKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use moto::{Aws, KEY_ID, Moto, aws, front, in_environment};

const DEADLINE: Duration = Duration::from_secs(30);

async fn connect(aws: &Aws, endpoint: &str) -> Route53 {
    connect_with(aws, endpoint, 60.0, DEADLINE).await
}

async fn connect_with(aws: &Aws, endpoint: &str, speed: f64, deadline: Duration) -> Route53 {
    Route53::new(&Client::connect(&aws.settings, Some(endpoint), deadline).await.unwrap(), speed)
}

/// Creates a health check through the raw API; its ID.
async fn create(moto: &Moto, host: &str) -> String {
    let body = format!(
        r#"<CreateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
        <CallerReference>{host}</CallerReference><HealthCheckConfig><Port>443</Port><Type>HTTPS</Type>
        <ResourcePath>/healthz</ResourcePath><FullyQualifiedDomainName>{host}</FullyQualifiedDomainName>
        <RequestInterval>10</RequestInterval><FailureThreshold>3</FailureThreshold>
        <Inverted>false</Inverted></HealthCheckConfig></CreateHealthCheckRequest>"#
    );
    let address = moto.endpoint.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await.unwrap();
    // moto tells the service from the signature's scope; it does not check the signature.
    let request = format!(
        "POST /2013-04-01/healthcheck HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260102/us-east-1/route53/aws4_request, \
         SignedHeaders=host, Signature=00\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let id = answer.split_once("<Id>").and_then(|(_, rest)| rest.split_once("</Id>"));
    id.unwrap_or_else(|| panic!("no ID in {answer}")).0.to_owned()
}

#[tokio::test]
async fn health_checks_are_read_listed_or_not_found() {
    let Some(moto) = Moto::start("health_checks_are_read_listed_or_not_found") else { return };
    let id = create(&moto, "us.multi-region.example.com").await;
    let other = create(&moto, "eu.multi-region.example.com").await;
    let aws = aws("");
    let route53 = connect(&aws, &moto.endpoint).await;

    let facts = route53.health_check(&id).await.unwrap();
    let settings = facts.settings.unwrap();
    assert_eq!(settings.check_type, "HTTPS");
    assert_eq!(settings.host.as_deref(), Some("us.multi-region.example.com"));
    assert_eq!((settings.port, settings.path.as_deref()), (Some(443), Some("/healthz")));
    assert_eq!((settings.interval_secs, settings.failure_threshold), (10, 3));
    assert!(!settings.inverted && !settings.disabled);
    assert_eq!(facts.observations.len(), 1);
    assert!(facts.observations[0].status.starts_with("Success: "), "{}", facts.observations[0].status);
    assert!(facts.observations[0].checked_at.is_some());
    assert_eq!(facts.last_failures, [], "moto cannot tell them, which is no failure of the whole");

    let listed = route53.list().await.unwrap();
    let found: Vec<_> = listed.iter().map(|check| (check.host.as_deref(), check.id.as_str())).collect();
    let expected = [
        (Some("eu.multi-region.example.com"), other.as_str()),
        (Some("us.multi-region.example.com"), id.as_str()),
    ];
    assert_eq!(found, expected, "sorted by host");
    assert!(listed.iter().all(|check| check.settings.interval_secs == 10), "{listed:?}");

    let missing = "00000000-0000-0000-0000-000000000000";
    let why = route53.health_check(missing).await.unwrap_err();
    assert_eq!(why.kind, WhyKind::NotFound, "{}", why.message);
    assert!(why.message.contains("NoSuchHealthCheck"), "{}", why.message);
}

fn error_xml(code: &str, message: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>
        <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>
        <RequestId>b25f48e8</RequestId></ErrorResponse>"#
    )
}

#[tokio::test]
async fn errors_of_the_api_are_told_with_their_remedy() {
    let aws = aws("");
    for (status, code, message, kind, remedy, times) in [
        (400, "Throttling", "Rate exceeded", WhyKind::Throttled, "wait", 2),
        (
            403,
            "AccessDenied",
            "User is not authorized",
            WhyKind::Forbidden,
            "route53:GetHealthCheckStatus",
            1,
        ),
        (
            403,
            "ExpiredToken",
            "The token expired",
            WhyKind::Unauthenticated,
            "aws sso login --profile prod",
            1,
        ),
        (403, "InvalidClientTokenId", "No such key", WhyKind::Unauthenticated, "aws configure", 1),
    ] {
        let (address, mut heads) = front(status, error_xml(code, message)).await;
        let route53 = connect(&aws, &format!("http://{address}")).await;
        let why = route53.health_check("abc").await.unwrap_err();
        assert_eq!(why.kind, kind, "{}", why.message);
        assert!(why.message.contains(message), "{}", why.message);
        assert!(why.remedy.contains(remedy), "{}", why.remedy);
        let mut asked = 0;
        while let Ok(head) = heads.try_recv() {
            asked += usize::from(head.contains("/healthcheck/abc/status"));
        }
        assert_eq!(asked, times, "{code}");
    }
}

#[tokio::test]
async fn the_limit_is_told_where_the_turn_does_not_come_in_time() {
    let aws = aws("");
    let (address, mut heads) = front(403, error_xml("AccessDenied", "front")).await;
    // The fifth turn comes after a second, whenever the answers come.
    let short = Duration::from_millis(900);
    let route53 = connect_with(&aws, &format!("http://{address}"), 1.0, short).await;
    let asking = (0..5).map(|_| async { route53.health_check("abc").await.unwrap_err().kind });
    let kinds = futures::future::join_all(asking).await;
    let of_kind = |wanted| kinds.iter().filter(|kind| **kind == wanted).count();
    assert_eq!((of_kind(WhyKind::Forbidden), of_kind(WhyKind::Throttled)), (4, 1), "{kinds:?}");
    let mut asked = 0;
    while let Ok(head) = heads.try_recv() {
        asked += usize::from(head.contains("/status"));
    }
    assert_eq!(asked, 4, "the fifth was never sent");
}

#[tokio::test]
async fn an_endpoint_that_misbehaves_is_a_reason() {
    let aws = aws("");
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let why = connect(&aws, &format!("http://{unused}")).await.health_check("abc").await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Connection, "{}", why.message);

    for (status, body, kind) in [
        (200, "<html>Sign in to the network</html>".to_owned(), WhyKind::Garbage),
        (200, "x".repeat(9_000_000), WhyKind::Garbage),
        (503, "<html>Bad gateway</html>".to_owned(), WhyKind::Server),
    ] {
        let (address, _heads) = front(status, body).await;
        let why = connect(&aws, &format!("http://{address}")).await.health_check("abc").await.unwrap_err();
        assert_eq!(why.kind, kind, "{status}: {}", why.message);
        assert!(why.message.len() < 600, "{}", why.message);
    }

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let short = Duration::from_millis(300);
    let route53 = connect_with(&aws, &silent, 1.0, short).await;
    assert_eq!(route53.health_check("abc").await.unwrap_err().kind, WhyKind::Timeout);
}

#[tokio::test]
async fn files_and_profiles_that_are_missing_are_our_side() {
    let mut aws = aws("");
    aws.settings.profile = Some("elsewhere".to_owned());
    let why = Client::connect(&aws.settings, Some("http://127.0.0.1:9"), DEADLINE).await.err().unwrap();
    assert_eq!(why.kind, WhyKind::Configuration, "{}", why.message);
    assert!(why.message.contains("elsewhere"), "{}", why.message);

    aws.settings.config_file = Some(aws.folder.path().join("missing"));
    let why = Client::connect(&aws.settings, None, DEADLINE).await.err().unwrap();
    assert!(why.kind == WhyKind::Configuration && why.message.contains("missing"), "{}", why.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_profile_is_used_alone_with_its_own_endpoint() {
    let (address, mut heads) = front(403, error_xml("AccessDenied", "front")).await;
    let aws = aws(&format!(
        "[profile prod]\nservices = here\n[services here]\nroute_53 =\n  endpoint_url = http://{address}\n"
    ));
    let folder = aws.folder.path().to_owned();
    let variables = [
        ("TEST_AWS_FOLDER", folder.to_str().unwrap()),
        ("AWS_ACCESS_KEY_ID", "EXPORTEDKEYIDOFTEST0"),
        ("AWS_SECRET_ACCESS_KEY", "another"),
        ("AWS_SESSION_TOKEN", "another"),
    ];
    in_environment("with_exported_keys", &folder, &variables);
    let head = heads.recv().await.unwrap();
    assert!(head.contains(&format!("Credential={KEY_ID}/")), "{head}");
    assert!(head.contains("/us-east-1/route53/aws4_request"), "{head}");
}

#[tokio::test]
#[ignore = "run by a_named_profile_is_used_alone_with_its_own_endpoint in an environment of its own"]
async fn with_exported_keys() {
    let folder = std::path::PathBuf::from(std::env::var("TEST_AWS_FOLDER").unwrap());
    let settings = AwsSettings {
        profile: Some("prod".to_owned()),
        config_file: Some(folder.join("config")),
        credentials_file: Some(folder.join("credentials")),
    };
    let route53 = Route53::new(&Client::connect(&settings, None, DEADLINE).await.unwrap(), 1.0);
    let why = route53.health_check("abc").await.unwrap_err();
    assert!(why.kind == WhyKind::Forbidden && why.message.contains("front"), "{}", why.message);
}

#[test]
fn an_sso_session_that_is_not_signed_in_tells_the_command() {
    let aws = aws(
        "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = R\nregion = us-east-1\n\
         [sso-session corp]\nsso_start_url = https://corp.invalid/start\nsso_region = us-east-1\n",
    );
    let folder = aws.folder.path().to_owned();
    in_environment("without_a_token", &folder, &[("TEST_AWS_FOLDER", folder.to_str().unwrap())]);
}

#[tokio::test]
#[ignore = "run by an_sso_session_that_is_not_signed_in_tells_the_command in an environment of its own"]
async fn without_a_token() {
    let folder = std::path::PathBuf::from(std::env::var("TEST_AWS_FOLDER").unwrap());
    let settings = AwsSettings {
        profile: Some("sso".to_owned()),
        config_file: Some(folder.join("config")),
        credentials_file: None,
    };
    let why = Client::connect(&settings, Some("http://127.0.0.1:9"), DEADLINE).await.err().unwrap();
    assert_eq!(why.kind, WhyKind::Unauthenticated, "{}", why.message);
    assert!(why.remedy.contains("aws sso login --profile sso"), "{} {}", why.message, why.remedy);
}
