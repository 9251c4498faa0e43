//! The API through its router, as any client sees it.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, header};
use futures::StreamExt as _;
use jiff::SignedDuration;
use serde_json::json;
use tower::ServiceExt as _;

use super::*;

pub(super) const PODS: &str = "/api/v1/namespaces/vcluster-platform/pods";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub(super) const LOFT: &str = "/apis/apps/v1/namespaces/vcluster-platform/deployments/loft";
pub(super) const JSON: &str = "application/json";
pub(super) const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

pub(super) fn cluster(condition: Condition) -> Cluster {
    let setup = ClusterSetup {
        region: "us-east-1".to_owned(),
        peer_regions: vec!["us-east-1".to_owned(), "eu-west-1".to_owned()],
        host: "us.example.com".to_owned(),
        token: "secret".to_owned(),
        condition,
        platform_version: "4.11.2".to_owned(),
        replicas: 3,
        values_yaml: String::new(),
        seed: 5,
        failing_since: Timestamp::now() - SignedDuration::from_mins(9),
        aws: AwsSide::example(),
    };
    Cluster::new(setup, Clock::new(60.0), Requests::default())
}

async fn send(cluster: &Cluster, method: &str, path: &str, kind: &str, body: impl Into<Body>) -> (u16, Body) {
    answered(cluster, method, path, kind, JSON, body).await
}

async fn answered(
    cluster: &Cluster,
    method: &str,
    path: &str,
    kind: &str,
    accept: &str,
    body: impl Into<Body>,
) -> (u16, Body) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, "Bearer secret")
        .header(header::CONTENT_TYPE, kind)
        .header(header::ACCEPT, accept)
        .header(header::USER_AGENT, "test/1")
        .body(body.into())
        .unwrap();
    let response = cluster.router().oneshot(request).await.unwrap();
    (response.status().as_u16(), response.into_body())
}

pub(super) async fn ask(cluster: &Cluster, method: &str, path: &str, kind: &str, body: &str) -> (u16, Value) {
    let (code, body) = send(cluster, method, path, kind, body.to_owned()).await;
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let value = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
    (code, value)
}

/// A GET that accepts one form.
pub(super) async fn get_as(cluster: &Cluster, path: &str, accept: &str) -> Value {
    let (code, body) = answered(cluster, "GET", path, JSON, accept, Body::empty()).await;
    assert_eq!(code, 200, "{path}");
    serde_json::from_slice(&axum::body::to_bytes(body, usize::MAX).await.unwrap()).unwrap()
}

pub(super) async fn get(cluster: &Cluster, path: &str) -> Value {
    let (code, value) = ask(cluster, "GET", path, JSON, "").await;
    assert_eq!(code, 200, "{path}: {value}");
    value
}

async fn event(stream: &mut BodyDataStream) -> Value {
    let next = tokio::time::timeout(Duration::from_secs(30), stream.next()).await.unwrap();
    serde_json::from_slice(&next.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn refusals_are_statuses_with_the_apis_codes_and_reasons() {
    let cluster = cluster(Condition::Healthy);
    let map = r#"{"metadata": {"name": "a"}}"#;
    assert_eq!(ask(&cluster, "POST", MAPS, JSON, map).await.0, 201);
    let map_a = format!("{MAPS}/a");
    let stale = r#"{"metadata": {"name": "a", "resourceVersion": "1"}}"#;
    let other = r#"{"metadata": {"uid": "another"}}"#;
    let negative = r#"{"spec": {"replicas": -1}}"#;
    let replicas = r#"{"spec": {"replicas": 2}}"#;
    let owned = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "loft"}, "spec": {"replicas": 2}}"#;
    let as_me = format!("{LOFT}?fieldManager=me");
    let homeless = "/api/v1/namespaces/none/configmaps";
    let previous = format!("{PODS}/none/log?previous=true");
    let watch = format!("{PODS}?watch=1&resourceVersion=x");
    for (method, path, kind, body, code, reason) in [
        ("GET", format!("{PODS}/none").as_str(), JSON, "", 404, "NotFound"),
        ("GET", &previous, JSON, "", 404, "NotFound"),
        ("GET", &watch, JSON, "", 400, "BadRequest"),
        ("POST", MAPS, JSON, map, 409, "AlreadyExists"),
        ("POST", MAPS, JSON, "{", 400, "BadRequest"),
        ("POST", MAPS, "text/plain", "x", 415, "UnsupportedMediaType"),
        ("POST", MAPS, JSON, r#"{"metadata": {"name": "A_b"}}"#, 422, "Invalid"),
        ("POST", homeless, JSON, map, 404, "NotFound"),
        ("PUT", &map_a, JSON, stale, 409, "Conflict"),
        ("PATCH", &map_a, MERGE, other, 409, "Conflict"),
        ("PATCH", &map_a, "application/json", other, 415, "UnsupportedMediaType"),
        ("PATCH", LOFT, MERGE, negative, 422, "Invalid"),
        ("PATCH", LOFT, APPLY, owned, 422, "Invalid"),
        ("PATCH", &as_me, APPLY, owned, 409, "Conflict"),
        ("PUT", MAPS, JSON, map, 405, "MethodNotAllowed"),
        ("DELETE", "/apis/events.k8s.io/v1/events", JSON, "", 405, "MethodNotAllowed"),
        ("PATCH", &format!("{LOFT}/none"), MERGE, replicas, 404, "NotFound"),
    ] {
        let (found, status) = ask(&cluster, method, path, kind, body).await;
        assert_eq!((found, status["reason"].as_str()), (code, Some(reason)), "{method} {path}: {status}");
        assert_eq!((&status["kind"], &status["code"]), (&json!("Status"), &json!(code)), "{method} {path}");
    }
    let (code, text) = ask(&cluster, "GET", "/apis/karpenter.sh/v1/nodepools", JSON, "").await;
    assert_eq!((code, text), (404, "404 page not found\n".into()), "an unknown type has no Status");
}

#[tokio::test]
async fn only_the_token_opens_and_every_change_is_recorded() {
    let cluster = cluster(Condition::Healthy);
    for (path, token, code) in [
        (PODS, None, 401),
        (PODS, Some("Bearer wrong"), 401),
        (PODS, Some("Bearer secret"), 200),
        ("/version", None, 401),
        ("/readyz", None, 200),
    ] {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, token);
        }
        let response = cluster.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), code, "{path} {token:?}");
    }
    let review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert_eq!(ask(&cluster, "POST", review, JSON, r#"{"spec": {}}"#).await.1["status"]["allowed"], true);
    let tried = format!("{LOFT}?dryRun=All");
    let zero = r#"{"spec": {"replicas": 0}}"#;
    assert_eq!(ask(&cluster, "PATCH", &tried, MERGE, zero).await.1["spec"]["replicas"], 0);
    assert_eq!(get(&cluster, LOFT).await["spec"]["replicas"], 3);
    assert!(cluster.requests().all().is_empty());
    assert_eq!(ask(&cluster, "DELETE", &format!("{MAPS}/none"), JSON, "").await.0, 404);
    let recorded = cluster.requests().all();
    assert_eq!(recorded.len(), 1);
    assert_eq!((recorded[0].method.as_str(), recorded[0].status), ("DELETE", 404));
    assert_eq!((recorded[0].region.as_str(), recorded[0].user_agent.as_str()), ("us-east-1", "test/1"));
}

#[tokio::test]
async fn a_watch_sees_what_its_selector_lets_through() {
    let cluster = cluster(Condition::Healthy);
    let post = |name: &str| json!({"metadata": {"name": name, "labels": {"x": name}}}).to_string();
    assert_eq!(ask(&cluster, "POST", MAPS, JSON, &post("a")).await.0, 201);
    let path = format!(
        "{MAPS}?watch=1&labelSelector=x%3Da&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    );
    let (code, body) = send(&cluster, "GET", &path, JSON, Body::empty()).await;
    assert_eq!(code, 200);
    let mut events = body.into_data_stream();
    assert_eq!(event(&mut events).await["type"], "ADDED");
    let mark = event(&mut events).await;
    assert_eq!(mark["type"], "BOOKMARK");
    assert_eq!(mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(ask(&cluster, "POST", MAPS, JSON, &post("b")).await.0, 201);
    let map_a = format!("{MAPS}/a");
    for (patch, seen) in [
        (r#"{"data": {"k": "v"}}"#, "MODIFIED"),
        (r#"{"metadata": {"labels": {"x": "other"}}}"#, "DELETED"),
        (r#"{"metadata": {"labels": {"x": "a"}}}"#, "ADDED"),
    ] {
        assert_eq!(ask(&cluster, "PATCH", &map_a, MERGE, patch).await.0, 200);
        let event = event(&mut events).await;
        assert_eq!((&event["type"], &event["object"]["metadata"]["name"]), (&json!(seen), &json!("a")));
    }
    assert_eq!(ask(&cluster, "DELETE", &map_a, JSON, "").await.0, 200);
    assert_eq!(event(&mut events).await["type"], "DELETED");
}

#[tokio::test]
async fn a_watch_from_too_long_ago_is_gone() {
    let cluster = cluster(Condition::Healthy);
    let (_, body) =
        send(&cluster, "GET", &format!("{PODS}?watch=1&resourceVersion=5"), JSON, Body::empty()).await;
    let mut events = body.into_data_stream();
    let error = event(&mut events).await;
    assert_eq!((&error["type"], &error["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_watch_ends_when_its_time_is_up() {
    let cluster = cluster(Condition::Healthy);
    let version = get(&cluster, PODS).await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let path = format!("{PODS}?watch=1&resourceVersion={version}&timeoutSeconds=1&allowWatchBookmarks=true");
    let (_, body) = send(&cluster, "GET", &path, JSON, Body::empty()).await;
    let mut events = body.into_data_stream();
    assert_eq!(event(&mut events).await["type"], "BOOKMARK");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn spec_changes_count_as_generations_and_status_is_its_own_door() {
    let cluster = cluster(Condition::Healthy);
    let before = get(&cluster, LOFT).await;
    let both = r#"{"spec": {"replicas": 4}, "status": {"replicas": 99}, "metadata": {"labels": {"n": "1"}}}"#;
    let (_, after) = ask(&cluster, "PATCH", LOFT, MERGE, both).await;
    assert_eq!(after["metadata"]["generation"], before["metadata"]["generation"].as_i64().unwrap() + 1);
    assert_eq!(after["status"], before["status"]);
    let label = r#"{"metadata": {"labels": {"n": "2"}}}"#;
    let (_, labelled) = ask(&cluster, "PATCH", LOFT, MERGE, label).await;
    assert_eq!(labelled["metadata"]["generation"], after["metadata"]["generation"]);
    let (_, scale) =
        ask(&cluster, "PATCH", &format!("{LOFT}/scale"), MERGE, r#"{"spec": {"replicas": 5}}"#).await;
    assert_eq!((&scale["kind"], &scale["spec"]["replicas"]), (&json!("Scale"), &json!(5)));
    let status = r#"{"spec": {"replicas": 9}, "status": {"observedGeneration": 77}}"#;
    let (_, reported) = ask(&cluster, "PATCH", &format!("{LOFT}/status"), MERGE, status).await;
    assert_eq!(
        (&reported["spec"]["replicas"], &reported["status"]["observedGeneration"]),
        (&json!(5), &json!(77))
    );
}

#[tokio::test]
async fn deletion_honours_preconditions_and_reaches_what_is_owned() {
    let cluster = cluster(Condition::Healthy);
    let uid = get(&cluster, LOFT).await["metadata"]["uid"].as_str().unwrap().to_owned();
    let wrong = r#"{"preconditions": {"uid": "another"}}"#;
    assert_eq!(ask(&cluster, "DELETE", LOFT, JSON, wrong).await.0, 409);
    let right = json!({"preconditions": {"uid": uid}}).to_string();
    assert_eq!(ask(&cluster, "DELETE", LOFT, JSON, &right).await.1["status"], "Success");
    let stop = CancellationToken::new();
    let running = tokio::spawn(cluster.clone().run(stop.clone()));
    while !get(&cluster, PODS).await["items"].as_array().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_peer_that_was_down_from_the_start_is_offline_at_once() {
    let cluster = cluster(Condition::Healthy);
    cluster.set_peer_ready("eu-west-1", false);
    let stop = CancellationToken::new();
    let running = tokio::spawn(cluster.clone().run(stop.clone()));
    let peer = "/apis/storage.loft.sh/v1/networkpeers/eu-west-1";
    while get(&cluster, peer).await["status"].get("online").is_some() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    cluster.set_peer_ready("eu-west-1", true);
    while get(&cluster, peer).await["status"]["online"] != true {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    running.await.unwrap();
}
