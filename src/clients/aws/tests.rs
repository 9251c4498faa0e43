//! Every service's client against a server that misbehaves.

use std::time::Duration;

use super::testing::aws;
use crate::clients::ec2::{Ec2, PathQuery};
use crate::clients::eks::Eks;
use crate::clients::elb::Elb;
use crate::clients::sts::Sts;
use crate::clients::test_server::{Behaviour, TestServer};
use crate::runbook::verdict::{Why, WhyKind};

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(30);
const US: &str = "us-east-1";
const SERVICES: [&str; 4] = ["STS", "EKS", "Elastic Load Balancing", "EC2"];

/// Why a service gave no facts.
async fn why(service: &str, endpoint: &str, deadline: Duration) -> Why {
    let aws = aws(endpoint, deadline).await;
    match service {
        "STS" => Sts::new(&aws).identity(&[US.to_owned()]).await.unwrap_err(),
        "EKS" => Eks::new(&aws).cluster(US, "platform").await.unwrap_err(),
        "EC2" => {
            let query = PathQuery {
                region: US.to_owned(),
                cluster_vpc: "vpc-1".to_owned(),
                database_vpc: None,
                security_group: None,
            };
            Ec2::connect(&aws).await.unwrap().path(&query, deadline).await.unwrap_err()
        }
        _ => Elb::new(&aws).targets(US, &[], Some("loft.elb.amazonaws.com")).await.unwrap_err(),
    }
}

#[tokio::test]
async fn every_misbehaviour_is_a_reason_within_the_deadline() {
    let page = "<html><body>Please sign in to the network</body></html>".to_owned();
    let table = [
        (Behaviour::Hang, SHORT, WhyKind::Timeout),
        (Behaviour::HangInTheBody, SHORT, WhyKind::Timeout),
        (Behaviour::Raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()), LONG, WhyKind::Garbage),
        (Behaviour::Raw(Vec::new()), LONG, WhyKind::Connection),
        (Behaviour::Truncate("{\"cluster\":".to_owned()), LONG, WhyKind::Connection),
        (Behaviour::Flood, LONG, WhyKind::Garbage),
        (Behaviour::Answer(200, page.clone()), LONG, WhyKind::Garbage),
        (Behaviour::Answer(200, "{\"cluster\": [".to_owned()), LONG, WhyKind::Garbage),
        (Behaviour::Answer(200, String::new()), LONG, WhyKind::Garbage),
        (Behaviour::Answer(403, page.clone()), LONG, WhyKind::Garbage),
        (Behaviour::Answer(404, "404 page not found".to_owned()), LONG, WhyKind::Garbage),
        (Behaviour::Answer(429, String::new()), LONG, WhyKind::Throttled),
        (Behaviour::Answer(503, page), LONG, WhyKind::Server),
    ];
    for service in SERVICES {
        for (behaviour, deadline, kind) in &table {
            let server = TestServer::start(behaviour.clone()).await;
            let why = why(service, &format!("http://{}", server.address), *deadline).await;
            assert_eq!(why.kind, *kind, "{service}, {behaviour:?}: {}", why.message);
            assert!(why.message.contains(service) && why.message.len() < 600, "{}", why.message);
        }
        let refusing = format!("http://{}", TestServer::refusing().await);
        assert_eq!(why(service, &refusing, LONG).await.kind, WhyKind::Connection, "{service}");
    }
}

/// An error as the service writes it.
fn error(service: &str, code: &str, message: &str) -> String {
    match service {
        "EKS" => format!(r#"{{"__type":"{code}","message":"{message}"}}"#),
        "EC2" => format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
             <RequestID>r</RequestID></Response>"
        ),
        _ => format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>r</RequestId></ErrorResponse>"
        ),
    }
}

#[tokio::test]
async fn refusals_are_told_with_their_remedy() {
    for (service, status, code, kind, remedy) in [
        ("STS", 403, "AccessDenied", WhyKind::Forbidden, "sts:GetCallerIdentity"),
        ("EKS", 403, "AccessDeniedException", WhyKind::Forbidden, "eks:DescribeCluster"),
        (
            "Elastic Load Balancing",
            403,
            "AccessDenied",
            WhyKind::Forbidden,
            "elasticloadbalancing:DescribeLoadBalancers",
        ),
        ("EC2", 403, "UnauthorizedOperation", WhyKind::Forbidden, "ec2:Describe"),
        ("STS", 403, "ExpiredToken", WhyKind::Unauthenticated, "aws sso login --profile prod"),
        ("EKS", 403, "ExpiredTokenException", WhyKind::Unauthenticated, "aws sso login --profile prod"),
        ("EC2", 400, "RequestExpired", WhyKind::Unauthenticated, "aws sso login --profile prod"),
        ("EKS", 403, "UnrecognizedClientException", WhyKind::Unauthenticated, "aws configure --profile prod"),
        ("EC2", 401, "AuthFailure", WhyKind::Unauthenticated, "aws configure --profile prod"),
        ("Elastic Load Balancing", 400, "Throttling", WhyKind::Throttled, "wait"),
        ("EKS", 429, "TooManyRequestsException", WhyKind::Throttled, "wait"),
        ("EC2", 503, "RequestLimitExceeded", WhyKind::Throttled, "wait"),
        ("EC2", 400, "InvalidParameterValue", WhyKind::Configuration, "IDs"),
    ] {
        let body = error(service, code, "In its own words");
        let server = TestServer::start(Behaviour::Answer(status, body)).await;
        let why = why(service, &format!("http://{}", server.address), LONG).await;
        assert_eq!(why.kind, kind, "{service}, {code}: {}", why.message);
        assert!(why.message.contains("In its own words"), "{service}, {code}: {}", why.message);
        assert!(why.remedy.contains(remedy), "{service}, {code}: {}", why.remedy);
    }
}
