//! Our Route 53 client against `moto_server`, a real implementation of the API by somebody else.
//!
//! moto 5.2 knows health checks with one observation each. It has no `GetHealthCheckLastFailureReason`
//! (404), and it neither throttles nor refuses by itself: for those a small server of our own on loopback
//! answers the API's documented errors.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail and skip out loud")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use failback::clients::route53::Route53;
use failback::runbook::profile::AwsSettings;
use failback::runbook::verdict::WhyKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DEADLINE: Duration = Duration::from_secs(30);
/// The profile's key; the exported one of a test is another.
const KEY_ID: &str = "PROFILEKEYIDOFTEST01";

/// AWS files of a test's own: with a named profile nothing else is read.
struct Aws {
    settings: AwsSettings,
    folder: tempfile::TempDir,
}

fn aws(config: &str) -> Aws {
    let folder = tempfile::tempdir().unwrap();
    let (config_file, credentials_file) = (folder.path().join("config"), folder.path().join("credentials"));
    std::fs::write(&config_file, config).unwrap();
    let keys = format!("[prod]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = secretoftest\n");
    std::fs::write(&credentials_file, keys).unwrap();
    let settings = AwsSettings {
        profile: Some("prod".to_owned()),
        config_file: Some(config_file),
        credentials_file: Some(credentials_file),
    };
    Aws { settings, folder }
}

async fn connect(aws: &Aws, endpoint: &str) -> Route53 {
    Route53::connect(&aws.settings, Some(endpoint), 60.0, DEADLINE).await.unwrap()
}

/// A running `moto_server`; ended when dropped.
struct Moto {
    child: Child,
    endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Moto {
    /// `None`, with one line that says so, where it is not installed.
    fn start(test: &str) -> Option<Self> {
        let spawned = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) if std::env::var("FAILBACK_REQUIRE_TOOLS").as_deref() == Ok("1") => {
                panic!("{test} needs moto_server on PATH: {error}")
            }
            Err(_) => {
                println!("skipped: {test} needs moto_server on PATH");
                return None;
            }
        };
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, receiver) = mpsc::sync_channel(1);
        let reading = move || {
            // Read on to the end, or the server would stop at a full pipe.
            for line in stderr.lines().map_while(Result::ok) {
                if let Some((_, endpoint)) = line.split_once("Running on ") {
                    drop(sender.try_send(endpoint.trim().to_owned()));
                }
            }
        };
        std::thread::Builder::new().name("moto's output".to_owned()).spawn(reading).unwrap();
        match receiver.recv_timeout(Duration::from_mins(1)) {
            Ok(endpoint) => Some(Self { child, endpoint }),
            Err(error) => {
                drop(child.kill());
                panic!("moto_server did not start: {error}");
            }
        }
    }

    /// Creates a health check through the raw API; its ID.
    async fn create(&self, host: &str) -> String {
        let body = format!(
            r#"<CreateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
            <CallerReference>{host}</CallerReference><HealthCheckConfig><Port>443</Port><Type>HTTPS</Type>
            <ResourcePath>/healthz</ResourcePath><FullyQualifiedDomainName>{host}</FullyQualifiedDomainName>
            <RequestInterval>10</RequestInterval><FailureThreshold>3</FailureThreshold>
            <Inverted>false</Inverted></HealthCheckConfig></CreateHealthCheckRequest>"#
        );
        let address = self.endpoint.trim_start_matches("http://").trim_end_matches('/');
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
}

#[tokio::test]
async fn health_checks_are_read_listed_or_not_found() {
    let Some(moto) = Moto::start("health_checks_are_read_listed_or_not_found") else { return };
    let id = moto.create("us.multi-region.example.com").await;
    let other = moto.create("eu.multi-region.example.com").await;
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

/// A server that answers each request with the same status and XML; the heads go into the channel.
async fn front(status: u16, body: String) -> (SocketAddr, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = tokio::sync::mpsc::channel(64);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (sender, body) = (sender.clone(), body.clone());
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                sender.send(String::from_utf8_lossy(&head).into_owned()).await.unwrap();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: text/xml\r\n\
                     content-length: {length}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    (address, receiver)
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
    let route53 =
        Route53::connect(&aws.settings, Some(&format!("http://{address}")), 1.0, short).await.unwrap();
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
    let route53 = Route53::connect(&aws.settings, Some(&silent), 1.0, short).await.unwrap();
    assert_eq!(route53.health_check("abc").await.unwrap_err().kind, WhyKind::Timeout);
}

#[tokio::test]
async fn files_and_profiles_that_are_missing_are_our_side() {
    let mut aws = aws("");
    aws.settings.profile = Some("elsewhere".to_owned());
    let why = Route53::connect(&aws.settings, Some("http://127.0.0.1:9"), 1.0, DEADLINE).await.err().unwrap();
    assert_eq!(why.kind, WhyKind::Configuration, "{}", why.message);
    assert!(why.message.contains("elsewhere"), "{}", why.message);

    aws.settings.config_file = Some(aws.folder.path().join("missing"));
    let why = Route53::connect(&aws.settings, None, 1.0, DEADLINE).await.err().unwrap();
    assert!(why.kind == WhyKind::Configuration && why.message.contains("missing"), "{}", why.message);
}

/// Runs one of the tests below in a process of its own with this environment.
fn in_environment(test: &str, folder: &Path, variables: &[(&str, &str)]) {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", folder)
        .env("USERPROFILE", folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&ended.stdout);
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && output.contains("1 passed"), "{output}{errors}");
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
    let route53 = Route53::connect(&settings, None, 1.0, DEADLINE).await.unwrap();
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
    let why = Route53::connect(&settings, Some("http://127.0.0.1:9"), 1.0, DEADLINE).await.err().unwrap();
    assert_eq!(why.kind, WhyKind::Unauthenticated, "{}", why.message);
    assert!(why.remedy.contains("aws sso login --profile sso"), "{} {}", why.message, why.remedy);
}
