//! JSON as the API answers it, to facts.

use serde_json::json;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_deployment_gets_the_hash_of_its_current_revision_only() {
    let found: apps::Deployment = serde_json::from_value(json!({
        "metadata": { "name": "loft", "uid": "u1", "resourceVersion": "7", "generation": 4,
            "annotations": { "deployment.kubernetes.io/revision": "2" } },
        "spec": { "selector": {}, "replicas": 3, "template": { "spec": { "containers": [
            { "name": "manager", "image": "ghcr.io/loft-sh/vcluster-platform:4.11.2" } ] } } },
        "status": { "observedGeneration": 4, "replicas": 3, "updatedReplicas": 3, "conditions": [
            { "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" },
            { "type": "Available", "status": "False", "message": "no minimum" } ] }
    }))
    .unwrap();
    let set = |hash: &str, revision: &str, owner: &str| -> apps::ReplicaSet {
        serde_json::from_value(json!({ "metadata": {
            "labels": { "pod-template-hash": hash },
            "annotations": { "deployment.kubernetes.io/revision": revision },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "loft", "uid": owner }]
        } }))
        .unwrap()
    };
    let sets = [set("old", "1", "u1"), set("foreign", "2", "u2"), set("new", "2", "u1")];
    let facts = deployment(&found, &sets);
    assert_eq!(facts.template_hash.as_deref(), Some("new"));
    assert_eq!((facts.replicas_wanted, facts.updated, facts.ready, facts.generation), (3, 3, 0, 4));
    assert_eq!(facts.progress_deadline_secs, 600);
    assert_eq!(facts.image_tag(), Some("4.11.2"));
    let kinds: Vec<_> = facts.conditions.iter().map(|condition| condition.kind.as_str()).collect();
    assert_eq!(kinds, ["Available", "Progressing"]);
    assert_eq!(deployment(&found, &sets[..2]).template_hash, None);
}

#[test]
fn the_image_is_the_platforms_own_and_the_chart_what_its_label_says() {
    let own = ("manager", "vcluster-platform:4.11.2");
    let mesh = ("istio-proxy", "istio/proxyv2:1.29.0");
    let agent = ("agent", "acme/agent:2");
    for (containers, image) in [
        (vec![own], Some(own.1)),
        (vec![mesh, own], Some(own.1)),
        (vec![own, mesh], Some(own.1)),
        (vec![("platform", own.1)], Some(own.1)),
        (vec![mesh, agent], None),
        (vec![], None),
    ] {
        let containers: Vec<_> =
            containers.iter().map(|(name, image)| json!({ "name": name, "image": image })).collect();
        for (labels, chart) in [
            (json!({ "helm.sh/chart": "p-4.11.2", "chart": "p-1.0.0" }), Some("p-4.11.2")),
            (json!({ "chart": "p-4.11.2" }), Some("p-4.11.2")),
            (json!({}), None),
        ] {
            let found: apps::Deployment = serde_json::from_value(json!({
                "metadata": { "name": "loft", "labels": labels },
                "spec": { "selector": {}, "template": { "spec": { "containers": containers } } }
            }))
            .unwrap();
            let facts = deployment(&found, []);
            assert_eq!((facts.image.as_deref(), facts.chart.as_deref()), (image, chart), "{containers:?}");
        }
    }
}

#[test]
fn a_release_tells_its_newest_revision_and_the_last_one_that_was_whole() {
    let record = |version: &str, status: &str| -> ObjectMeta {
        serde_json::from_value(json!({
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "labels": { "owner": "helm", "name": "loft", "version": version, "status": status }
        }))
        .unwrap()
    };
    for (records, newest, good) in [
        (vec![("1", "deployed")], (1, "deployed"), None),
        (vec![("2", "deployed"), ("1", "superseded")], (2, "deployed"), Some((1, "superseded"))),
        // By number, not by name: 10 comes after 9.
        (
            vec![("10", "pending-upgrade"), ("9", "deployed"), ("8", "superseded")],
            (10, "pending-upgrade"),
            Some((9, "deployed")),
        ),
        (
            vec![("3", "failed"), ("4", "pending-upgrade"), ("2", "deployed")],
            (4, "pending-upgrade"),
            Some((2, "deployed")),
        ),
        // A kill between the two records of an upgrade's end, and between those of a rollback's.
        (
            vec![("1", "superseded"), ("2", "pending-upgrade")],
            (2, "pending-upgrade"),
            Some((1, "superseded")),
        ),
        (
            vec![("1", "superseded"), ("2", "superseded"), ("3", "pending-rollback")],
            (3, "pending-rollback"),
            Some((2, "superseded")),
        ),
        (vec![("1", "pending-install")], (1, "pending-install"), None),
        (vec![("1", "failed"), ("2", "pending-upgrade")], (2, "pending-upgrade"), None),
    ] {
        let found = release(records.iter().map(|(version, status)| record(version, status)));
        let ReleaseFacts::Found(release) = found else { panic!("{records:?}") };
        assert_eq!((release.revision, release.status.as_str()), newest, "{records:?}");
        let found = release.last_good.as_ref().map(|good| (good.revision, good.status.as_str()));
        assert_eq!(found, good, "{records:?}");
        assert_eq!(release.created_at, Some(at("2026-01-02T03:04:05Z")));
    }
    assert_eq!(release([]), ReleaseFacts::Missing);
}

#[test]
fn absent_fields_have_kubernetes_own_defaults() {
    let facts = deployment(&apps::Deployment::default(), []);
    assert_eq!((facts.replicas_wanted, facts.progress_deadline_secs), (1, 600));
    assert!(!facts.paused && facts.image.is_none());
}

#[test]
fn a_pod_that_is_over_tells_since_when() {
    let pod = |phase: &str, containers: serde_json::Value| {
        let found: core::Pod = serde_json::from_value(json!({
            "metadata": { "name": "loft-e" },
            "status": { "phase": phase, "reason": "Evicted", "containerStatuses": containers,
                "conditions": [
                    { "type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-02T03:00:00Z" },
                    { "type": "DisruptionTarget", "status": "True", "lastTransitionTime": "2026-01-02T03:10:00Z" } ] }
        }))
        .unwrap();
        pods([&found]).pods.remove(0)
    };
    // What the kubelet leaves of one that it evicted: often no container at all.
    let evicted = pod("Failed", json!([]));
    assert!(evicted.is_over() && !evicted.is_active());
    assert_eq!(evicted.ended_at, Some(at("2026-01-02T03:10:00Z")));
    let container = json!([{ "name": "manager", "ready": false, "restartCount": 0, "image": "i", "imageID": "",
        "state": { "terminated": { "exitCode": 0, "reason": "Completed", "finishedAt": "2026-01-02T03:20:00Z" } } }]);
    assert_eq!(pod("Succeeded", container.clone()).ended_at, Some(at("2026-01-02T03:20:00Z")));
    let running = pod("Running", container);
    assert!(running.is_active() && running.ended_at.is_none());
}

#[test]
fn a_crash_looping_pod_tells_why() {
    let found: core::Pod = serde_json::from_value(json!({
        "metadata": { "name": "loft-b", "creationTimestamp": "2026-01-02T03:04:05Z",
            "labels": { "pod-template-hash": "abc" } },
        "spec": { "containers": [], "nodeName": "n1" },
        "status": { "phase": "Running",
            "conditions": [{ "type": "Ready", "status": "False" }, { "type": "PodScheduled", "status": "True" }],
            "containerStatuses": [{ "name": "manager", "ready": false, "restartCount": 7, "image": "i", "imageID": "",
                "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s" } },
                "lastState": { "terminated": { "exitCode": 1, "reason": "Error",
                    "finishedAt": "2026-01-02T03:14:05Z" } } }] }
    }))
    .unwrap();
    let pending: core::Pod = serde_json::from_value(json!({
        "metadata": { "name": "loft-a" },
        "status": { "phase": "Pending", "conditions": [
            { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes" }] }
    }))
    .unwrap();
    let facts = pods([&found, &pending]);
    assert_eq!(facts.pods[0].name, "loft-a");
    assert_eq!(facts.pods[0].unscheduled.as_deref(), Some("0/3 nodes"));
    let pod = &facts.pods[1];
    assert_eq!((pod.restarts(), pod.ready, pod.unscheduled.as_deref()), (7, false, None));
    assert_eq!((pod.created_at, pod.node.as_deref()), (Some(at("2026-01-02T03:04:05Z")), Some("n1")));
    let container = &pod.containers[0];
    assert_eq!(container.waiting_reason.as_deref(), Some("CrashLoopBackOff"));
    assert_eq!(container.last_terminated.as_ref().unwrap().finished_at, Some(at("2026-01-02T03:14:05Z")));
}

#[test]
fn events_of_both_kinds_have_a_time_and_a_count() {
    let event_of = |json: Value| event(serde_json::from_value(json).unwrap());
    let old = event_of(json!({ "metadata": {}, "type": "Warning", "reason": "BackOff", "count": 9,
        "involvedObject": { "kind": "Pod", "name": "loft-a" },
        "firstTimestamp": "2026-01-02T03:00:00Z", "lastTimestamp": "2026-01-02T03:09:00Z" }));
    assert_eq!(
        (old.count, old.last_seen, old.object.as_str()),
        (9, Some(at("2026-01-02T03:09:00Z")), "Pod/loft-a")
    );
    let new =
        event_of(json!({ "metadata": {}, "involvedObject": {}, "eventTime": "2026-01-02T03:00:00.000000Z",
        "series": { "count": 4, "lastObservedTime": "2026-01-02T03:08:00.000000Z" } }));
    assert_eq!((new.count, new.last_seen), (4, Some(at("2026-01-02T03:08:00Z"))));
}

#[test]
fn a_peer_without_online_is_offline() {
    let online = peer(&json!({ "metadata": { "name": "a" },
        "status": { "online": true, "homeDerpRegion": 900, "lastSeen": "2026-01-02T03:00:00Z" } }));
    assert!(online.online && online.home_derp_region.as_deref() == Some("900"));
    let offline = peer(&json!({ "metadata": { "name": "b" }, "status": { "homeDerpRegion": null } }));
    assert_eq!(offline, Peer { name: "b".to_owned(), ..Peer::default() });
}

#[test]
fn an_ingress_gives_hostnames_or_addresses() {
    let found = serde_json::from_value(json!({ "metadata": {},
        "spec": { "rules": [{ "host": "us.example.com" }, {}] },
        "status": { "loadBalancer": { "ingress": [{ "hostname": "k8s-loft.elb" }, { "ip": "192.0.2.1" }] } } }));
    let expected = IngressFacts::Found {
        addresses: vec!["k8s-loft.elb".to_owned(), "192.0.2.1".to_owned()],
        hosts: vec!["us.example.com".to_owned()],
    };
    assert_eq!(ingress(found.unwrap()), expected);
}

#[test]
fn nodes_keep_their_conditions() {
    let found = serde_json::from_value(
        json!({ "metadata": { "name": "n1" }, "spec": { "unschedulable": true },
        "status": { "conditions": [{ "type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown" }] } }),
    );
    let node = node(found.unwrap());
    assert!(node.unschedulable && !node.is_ready());
    assert_eq!(node.conditions[0].reason, "NodeStatusUnknown");
}

#[test]
fn a_credential_in_an_events_message_is_masked() {
    let message = "Readiness probe failed: Get \"http://me:hunter22@10.0.0.1:8080/healthz\": refused";
    let event = event(
        serde_json::from_value(json!({ "metadata": {}, "involvedObject": {}, "message": message })).unwrap(),
    );
    assert_eq!(event.message, message.replace("hunter22", "***"));
}
