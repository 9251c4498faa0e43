//! What is broken, as a client of the API sees it, and how it is repaired.

use std::time::Duration;

use super::tests::{JSON, LOFT, MERGE, PODS, ask, cluster, get, get_as};
use super::*;

const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const SECRETS: &str = "/api/v1/namespaces/vcluster-platform/secrets";
const INGRESS: &str = "/apis/networking.k8s.io/v1/namespaces/vcluster-platform/ingresses/loft";

/// Lets a cluster run until all its replicas are ready, having done something to it.
async fn whole_after(cluster: &Cluster, act: impl Future<Output = ()>) {
    let stop = CancellationToken::new();
    let running = tokio::spawn(cluster.clone().run(stop.clone()));
    act.await;
    let whole = async {
        while cluster.ready_pods() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), whole).await.unwrap();
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn somebody_can_repair_whatever_is_broken() {
    for condition in [
        Condition::CrashLoop,
        Condition::ScaledToZero,
        Condition::DeploymentMissing,
        Condition::OutOfMemory,
        Condition::ImagePull,
        Condition::DatabaseTimeout,
        Condition::DatabaseDenied,
        Condition::DatabaseRefused,
        Condition::DatabaseTimeoutAndImagePull,
        Condition::NodesNotReady,
        Condition::Unschedulable,
        Condition::VersionSkew,
        Condition::InterruptedUpgrade,
    ] {
        let cluster = cluster(condition);
        assert_eq!(cluster.ready_pods(), 0, "{condition:?}");
        whole_after(&cluster, async { cluster.repair() }).await;
        assert!(cluster.requests().all().is_empty(), "{condition:?}: nobody used the API");
    }
}

#[tokio::test]
async fn without_permission_the_platform_is_hidden_until_it_is_granted() {
    let cluster = cluster(Condition::PermissionMissing);
    let name = "arn:aws:sts::123456789012:assumed-role/practice/responder";
    let pod_log = format!("{PODS}/loft-1/log");
    for (method, path, message) in [
        (
            "GET",
            PODS,
            format!(
                "pods is forbidden: User \"{name}\" cannot list resource \"pods\" in API group \"\" in the \
                 namespace \"vcluster-platform\""
            ),
        ),
        (
            "GET",
            LOFT,
            format!(
                "deployments.apps \"loft\" is forbidden: User \"{name}\" cannot get resource \"deployments\" in \
                 API group \"apps\" in the namespace \"vcluster-platform\""
            ),
        ),
        (
            "GET",
            &pod_log,
            format!(
                "pods \"loft-1\" is forbidden: User \"{name}\" cannot get resource \"pods/log\" in API group \
                 \"\" in the namespace \"vcluster-platform\""
            ),
        ),
        (
            "GET",
            INGRESS,
            format!(
                "ingresses.networking.k8s.io \"loft\" is forbidden: User \"{name}\" cannot get resource \
                 \"ingresses\" in API group \"networking.k8s.io\" in the namespace \"vcluster-platform\""
            ),
        ),
        (
            "DELETE",
            "/api/v1/nodes/a",
            format!(
                "nodes \"a\" is forbidden: User \"{name}\" cannot delete resource \"nodes\" in API group \"\" \
                 at the cluster scope"
            ),
        ),
    ] {
        let (code, status) = ask(&cluster, method, path, JSON, "").await;
        assert_eq!((code, status["reason"].as_str()), (403, Some("Forbidden")), "{path}");
        assert_eq!(status["message"], message);
    }
    for path in ["/version", "/api/v1/nodes", "/api/v1/namespaces/vcluster-platform/events"] {
        assert_eq!(ask(&cluster, "GET", path, JSON, "").await.0, 200, "{path}");
    }
    cluster.repair();
    assert_eq!(get(&cluster, LOFT).await["spec"]["replicas"], 0, "scaling is the responder's");
    whole_after(&cluster, async {
        assert_eq!(ask(&cluster, "PATCH", LOFT, MERGE, r#"{"spec": {"replicas": 3}}"#).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn reviews_are_questions_and_no_changes() {
    let cluster = cluster(Condition::PermissionMissing);
    let who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let me = ask(&cluster, "POST", who, JSON, "{}").await.1;
    assert_eq!(
        me["status"]["userInfo"]["username"],
        "arn:aws:sts::123456789012:assumed-role/practice/responder"
    );
    let rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let (code, listed) = ask(&cluster, "POST", rules, JSON, r#"{"spec": {"namespace": "a"}}"#).await;
    assert_eq!((code, &listed["status"]["incomplete"]), (201, &false.into()));
    assert!(!listed["status"]["resourceRules"].as_array().unwrap().is_empty());
    let review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for (attributes, allowed) in [
        (r#"{"verb": "get", "resource": "pods", "subresource": "log", "namespace": "a"}"#, false),
        (r#"{"verb": "list", "resource": "nodes"}"#, true),
    ] {
        let body = format!(r#"{{"spec": {{"resourceAttributes": {attributes}}}}}"#);
        let answer = ask(&cluster, "POST", review, JSON, &body).await.1;
        assert_eq!(answer["status"]["allowed"], allowed, "{attributes}");
    }
    assert!(cluster.requests().all().is_empty());
}

#[tokio::test]
async fn metadata_alone_has_labels_and_no_data() {
    let cluster = cluster(Condition::VersionSkew);
    let releases = format!("{SECRETS}?labelSelector=owner%3Dhelm%2Cname%3Dloft");
    let list = get_as(&cluster, &releases, METADATA_LIST).await;
    assert_eq!(
        (&list["kind"], &list["apiVersion"]),
        (&"PartialObjectMetadataList".into(), &"meta.k8s.io/v1".into())
    );
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let newest = format!("{SECRETS}/sh.helm.release.v1.loft.v2");
    let one = get_as(&cluster, &newest, METADATA).await;
    for item in items.iter().chain([&one]) {
        let fields: Vec<&String> = item.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["kind", "apiVersion", "metadata"]);
        assert_eq!(
            (&item["kind"], &item["metadata"]["labels"]["owner"]),
            (&"PartialObjectMetadata".into(), &"helm".into())
        );
    }
    assert_eq!(
        (&one["metadata"]["labels"]["status"], &one["metadata"]["labels"]["version"]),
        (&"deployed".into(), &"2".into())
    );
}

/// The log of the first pod, current or previous: code and text.
async fn log(cluster: &Cluster, query: &str) -> (u16, String) {
    let pods = get(cluster, PODS).await;
    let pod = pods["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
    let (code, said) = ask(cluster, "GET", &format!("{PODS}/{pod}/log{query}"), JSON, "").await;
    let text = said.as_str().or_else(|| said["message"].as_str()).unwrap_or_default().to_owned();
    (code, text)
}

#[tokio::test]
async fn logs_say_what_each_fault_says() {
    let timeout = "Failed to ping database connection: dial tcp 10.1.0.12:3306: i/o timeout";
    let denied = "Failed to ping database connection: Error 1045 (28000): Access denied for user \
                  'kine'@'10.0.12.187' (using password: YES)";
    let refused = "Failed to ping database connection: dial tcp 10.1.0.12:3306: connect: connection refused";
    for (condition, query, code, part) in [
        (Condition::DatabaseTimeout, "", 200, timeout),
        (Condition::DatabaseTimeout, "?previous=true", 200, timeout),
        (Condition::DatabaseDenied, "", 200, denied),
        (Condition::DatabaseDenied, "?previous=true", 200, denied),
        (Condition::DatabaseRefused, "?previous=true", 200, refused),
        (Condition::OutOfMemory, "?previous=true", 200, "Filling caches"),
        (
            Condition::VersionSkew,
            "?previous=true",
            200,
            "leader election: peer runs 4.11.2, this is 4.8.0: refusing to join",
        ),
        (Condition::CrashLoop, "?previous=true", 200, "panic: runtime error"),
        (Condition::ImagePull, "", 400, "is waiting to start: trying and failing to pull image"),
        (Condition::ImagePull, "?previous=true", 400, "previous terminated container"),
        (Condition::Unschedulable, "", 200, ""),
        (Condition::NodesNotReady, "?container=agent", 400, "container agent is not valid"),
    ] {
        let (found, text) = log(&cluster(condition), query).await;
        assert_eq!(found, code, "{condition:?}{query}: {text}");
        assert!(text.contains(part), "{condition:?}{query}: {text}");
    }
    let silent = cluster(Condition::NodesNotReady);
    let pods = get(&silent, PODS).await;
    let bound = pods["items"].as_array().unwrap().iter().find(|pod| pod["spec"].get("nodeName").is_some());
    let bound = bound.unwrap()["metadata"]["name"].as_str().unwrap().to_owned();
    let (code, status) = ask(&silent, "GET", &format!("{PODS}/{bound}/log"), JSON, "").await;
    assert_eq!(code, 500);
    assert!(
        status["message"].as_str().unwrap().contains(":10250/containerLogs/vcluster-platform/"),
        "{status}"
    );
}

#[tokio::test]
async fn a_followed_log_ends_with_its_containers_last_words() {
    let cluster = cluster(Condition::DatabaseRefused);
    let stop = CancellationToken::new();
    let running = tokio::spawn(cluster.clone().run(stop.clone()));
    let (code, text) =
        tokio::time::timeout(Duration::from_mins(1), log(&cluster, "?follow=true&tailLines=1"))
            .await
            .unwrap();
    assert_eq!(code, 200);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 10, "{text}");
    let last = "Error: start the embedded API server: dial tcp 10.1.0.12:3306: connect: connection refused";
    assert_eq!(lines.last(), Some(&last));
    stop.cancel();
    running.await.unwrap();
}
