//! The reader and the writer against a server that misbehaves. Plain HTTP: kubeconfigs allow it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clients::MAX_LINE_BYTES;
use crate::clients::test_server::{Behaviour, TestServer};
use crate::runbook::fact::{DeploymentFacts, PeersFacts};
use crate::runbook::verdict::WhyKind;

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(30);

struct Access {
    access: ClusterAccess,
    _file: tempfile::NamedTempFile,
}

/// A kubeconfig of its own for a server.
fn access(address: SocketAddr, user: &Value, deadline: Duration) -> Access {
    let config = json!({
        "apiVersion": "v1", "kind": "Config",
        "clusters": [{ "name": "c", "cluster": { "server": format!("http://{address}") } }],
        "users": [{ "name": "u", "user": user }],
        "contexts": [{ "name": "us", "context": { "cluster": "c", "user": "u" } }],
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config.to_string()).unwrap();
    let kubeconfig = Some(file.path().to_owned());
    let access = ClusterAccess { kubeconfig, context: "us".to_owned(), exec_env: Vec::new(), deadline };
    Access { access, _file: file }
}

async fn reader(address: SocketAddr, deadline: Duration) -> Reader {
    Reader::connect(&access(address, &json!({}), deadline).access).await.unwrap()
}

fn status(code: u16, message: &str) -> String {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code })
        .to_string()
}

fn list(items: &Value) -> String {
    json!({ "kind": "List", "apiVersion": "v1", "metadata": { "resourceVersion": "5" }, "items": items })
        .to_string()
}

#[tokio::test]
async fn every_misbehaviour_is_a_reason_within_the_deadline() {
    let html = "<html><body>Please sign in to the network</body></html>".to_owned();
    let table = [
        (Behaviour::Hang, SHORT, WhyKind::Timeout, "within 300ms"),
        (Behaviour::HangInTheBody, SHORT, WhyKind::Timeout, "within 300ms"),
        (Behaviour::Raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()), LONG, WhyKind::Garbage, "HTTP"),
        (Behaviour::Raw(Vec::new()), LONG, WhyKind::Connection, "Connection"),
        (Behaviour::Truncate("{\"kind\":".to_owned()), LONG, WhyKind::Connection, "Connection"),
        (Behaviour::Answer(200, "{\"kind\":".to_owned()), LONG, WhyKind::Garbage, "not what Kubernetes"),
        (Behaviour::Answer(200, html.clone()), LONG, WhyKind::Garbage, "not what Kubernetes"),
        (Behaviour::Flood, LONG, WhyKind::Garbage, "Too long"),
        (Behaviour::Answer(401, status(401, "Unauthorized")), LONG, WhyKind::Unauthenticated, "Unauthorized"),
        (
            Behaviour::Answer(403, status(403, "pods is forbidden")),
            LONG,
            WhyKind::Forbidden,
            "pods is forbidden",
        ),
        (Behaviour::Answer(404, "404 page not found".to_owned()), LONG, WhyKind::NotFound, "page not found"),
        (Behaviour::Answer(429, status(429, "slow down")), LONG, WhyKind::Throttled, "slow down"),
        (Behaviour::Answer(503, html), LONG, WhyKind::Server, "Please sign in to the network"),
    ];
    for (behaviour, deadline, kind, words) in table {
        let server = TestServer::start(behaviour.clone()).await;
        let reader = reader(server.address, deadline).await;
        let (deployment, pods, nodes) = tokio::join!(
            reader.deployment("n", "loft", "app=loft"),
            reader.pods("n", "app=loft"),
            reader.nodes(),
        );
        for why in [deployment.unwrap_err(), pods.unwrap_err(), nodes.unwrap_err()] {
            assert_eq!(why.kind, kind, "{behaviour:?}: {}", why.message);
            assert!(why.message.contains(words), "{behaviour:?}: {}", why.message);
            assert!(why.message.contains(&server.address.to_string()), "{}", why.message);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_refuses() {
    let reader = reader(TestServer::refusing().await, LONG).await;
    let why = reader.cluster().await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Connection);
    assert!(why.message.starts_with("Connection refused by http://127.0.0.1:"), "{}", why.message);
}

#[tokio::test]
async fn missing_is_an_answer_only_where_the_api_says_it() {
    let missing = status(404, "deployments.apps \"loft\" not found");
    let server = TestServer::start(Behaviour::Routes(vec![
        ("/apis/apps/v1/namespaces/n/deployments/loft", 404, missing),
        ("/apis/apps/v1/namespaces/n/replicasets", 403, status(403, "no")),
        ("/version", 200, json!({ "gitVersion": "v1.36.2-eks" }).to_string()),
    ]))
    .await;
    let reader = reader(server.address, LONG).await;
    assert_eq!(reader.deployment("n", "loft", "app=loft").await, Ok(DeploymentFacts::Missing));
    assert_eq!(reader.peers().await, Ok(PeersFacts::NoSuchType));
    assert_eq!(reader.cluster().await.unwrap().version, "v1.36.2-eks");
}

#[tokio::test]
async fn logs_are_read_with_the_previous_ones_and_failures_stay_beside_them() {
    let container = |name: &str, restarts: u32| json!({ "name": name, "restartCount": restarts, "ready": false, "image": "", "imageID": "" });
    let pod = json!({ "metadata": { "name": "loft-a" }, "status": {
        "containerStatuses": [container("manager", 2), container("side", 0)] } });
    let long = "x".repeat(MAX_LINE_BYTES + 10);
    let server = TestServer::start(Behaviour::Routes(vec![
        ("/api/v1/namespaces/n/pods?", 200, list(&json!([pod]))),
        (
            "/api/v1/namespaces/n/pods/loft-a/log?&container=manager&previous=true",
            200,
            "2026-01-02T03:04:05Z one\n2026-01-02T03:04:06Z two\n2026-01-02T03:04:07Z three\n".to_owned(),
        ),
        ("/api/v1/namespaces/n/pods/loft-a/log?&container=manager", 200, long),
        ("/api/v1/namespaces/n/pods/loft-a/log?", 400, status(400, "is waiting to start")),
    ]))
    .await;
    let facts = reader(server.address, LONG).await.logs("n", "app=loft", 2).await.unwrap();
    assert_eq!(facts.logs.len(), 2);
    let manager = &facts.logs[0];
    let previous = manager.previous.as_ref().unwrap().as_ref().unwrap();
    let texts: Vec<_> = previous.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["two", "three"], "no more than asked for: {:?}", server.requests());
    let current = &manager.current.as_ref().unwrap()[0].text;
    assert!(current.len() < MAX_LINE_BYTES + 50 && current.ends_with("(line cut)"));
    assert!(facts.logs[1].current.as_ref().unwrap_err().contains("is waiting to start"));
    assert_eq!(facts.logs[1].previous, None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_refused_token_is_renewed_once_by_the_plugin() {
    let folder = tempfile::tempdir().unwrap();
    // Each run gives the next token: only the second one is accepted.
    let script = format!(
        "cd '{}' && echo run >> runs && printf '{{\"kind\":\"ExecCredential\",\
         \"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{{\"token\":\"t%d\"}}}}' $(wc -l < runs)",
        folder.path().display()
    );
    let user = json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "/bin/sh", "args": ["-c", script] } });
    let runs = || std::fs::read_to_string(folder.path().join("runs")).unwrap().lines().count();

    let body = json!({ "gitVersion": "v1.36.2" }).to_string();
    let server = TestServer::start(Behaviour::Token("t2", body.clone())).await;
    let reader = Reader::connect(&access(server.address, &user, LONG).access).await.unwrap();
    assert_eq!(runs(), 1, "one sign-in runs the plugin once");
    let calls = tokio::join!(reader.cluster(), reader.cluster(), reader.cluster());
    assert!(calls.0.is_ok() && calls.1.is_ok() && calls.2.is_ok(), "{calls:?}");
    assert_eq!(runs(), 2, "several calls renew together");

    let server = TestServer::start(Behaviour::Token("never", body)).await;
    let reader = Reader::connect(&access(server.address, &user, LONG).access).await.unwrap();
    let why = reader.cluster().await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Unauthenticated);
    assert_eq!(server.requests().len(), 2, "asked again once, no more");
}

#[tokio::test]
async fn a_context_that_is_not_there_is_our_side() {
    let mut made = access("127.0.0.1:1".parse().unwrap(), &json!({}), LONG).access;
    made.context = "elsewhere".to_owned();
    let why = Reader::connect(&made).await.err().unwrap();
    assert_eq!(why.kind, WhyKind::Configuration);
}

#[tokio::test]
async fn changes_carry_their_preconditions() {
    let object = json!({ "metadata": { "name": "loft", "uid": "u1" }, "spec": { "replicas": 3, "selector": {},
        "template": {} } });
    let server = TestServer::start(Behaviour::Answer(200, object.to_string())).await;
    let made = access(server.address, &json!({ "token": "t" }), LONG);
    let writer = Writer::connect(&made.access).await.unwrap();
    writer.restart("n", "loft", "u1", "2026-01-02T03:04:05Z".parse().unwrap()).await.unwrap();
    let changed = writer.scale("n", "loft", "u1", "77", 3).await.unwrap();
    assert_eq!((changed.uid.as_str(), changed.replicas_wanted), ("u1", 3));
    let requests = server.requests();
    let path = "PATCH /apis/apps/v1/namespaces/n/deployments/loft?";
    assert!(
        requests.iter().all(|request| request.starts_with(path) && request.contains("fieldManager=failback"))
    );
    assert!(requests[0].contains("application/strategic-merge-patch+json"), "{}", requests[0]);
    assert!(requests[0].contains(r#""metadata":{"uid":"u1"}"#), "{}", requests[0]);
    let restarted = r#"{"kubectl.kubernetes.io/restartedAt":"2026-01-02T03:04:05Z"}"#;
    assert!(requests[0].contains(restarted), "{}", requests[0]);
    assert!(requests[1].contains("application/merge-patch+json"), "{}", requests[1]);
    assert!(requests[1].contains(r#""uid":"u1","resourceVersion":"77""#), "{}", requests[1]);
    assert!(requests[1].contains(r#""spec":{"replicas":3}"#), "{}", requests[1]);
}
