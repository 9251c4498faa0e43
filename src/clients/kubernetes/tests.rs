//! The reader and the writer against a server that misbehaves. Plain HTTP: kubeconfigs allow it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clients::aws::AwsProfiles;
use crate::clients::test_server::{Behaviour, TestServer};
use crate::clients::{MAX_LINE_BYTES, tools};
use crate::runbook::fact::{DeploymentFacts, LogLine, PeersFacts};
use crate::runbook::profile::AwsSettings;
use crate::runbook::steps::restore::tests::confirmed_for;
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
    let context = "us".to_owned();
    let access = ClusterAccess { kubeconfig, context, exec_env: Vec::new(), aws: None, deadline };
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
    let missing = json!({ "kind": "Status", "message": "deployments.apps \"loft\" not found", "code": 404,
        "details": { "name": "loft", "group": "apps", "kind": "deployments" } });
    let server = TestServer::start(Behaviour::Routes(vec![
        ("/apis/apps/v1/namespaces/n/deployments/loft", 404, missing.to_string()),
        ("/apis/apps/v1/namespaces/n/deployments/typeless", 404, status(404, "the server could not find it")),
        ("/apis/apps/v1/namespaces/n/deployments/foreign", 200, json!({ "message": "ok" }).to_string()),
        ("/apis/apps/v1/namespaces/n/replicasets", 403, status(403, "no")),
        ("/version", 200, json!({ "gitVersion": "v1.36.2-eks" }).to_string()),
    ]))
    .await;
    let reader = reader(server.address, LONG).await;
    assert_eq!(reader.deployment("n", "loft", "app=loft").await, Ok(DeploymentFacts::Missing));
    for (name, kind) in [("typeless", WhyKind::NotFound), ("foreign", WhyKind::Garbage)] {
        let why = reader.deployment("n", name, "app=loft").await.unwrap_err();
        assert_eq!(why.kind, kind, "{}", why.message);
    }
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
    tools::leave_login_shell_alone();
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

#[cfg(unix)]
#[tokio::test]
async fn a_change_whose_sign_in_is_refused_is_sent_once() {
    let credential = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"t"}}"#;
    let user = json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "/bin/sh", "args": ["-c", format!("printf '{credential}'")] } });
    tools::leave_login_shell_alone();
    let server = TestServer::start(Behaviour::Answer(401, status(401, "Unauthorized"))).await;
    let made = access(server.address, &user, LONG);
    let pinned = Pinned::read(&made.access).await.unwrap();
    let writer = Writer::connect(pinned, &made.access, &confirmed_for(&made.access.context)).await.unwrap();
    let why = writer.restart("n", "loft", "u1", jiff::Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(why.message.contains("was not touched"), "{}", why.message);
    let why = writer.scale("n", "loft", "u1", 0, 3).await.unwrap_err();
    assert!(why.message.contains("was not touched"), "{}", why.message);
    assert_eq!(server.requests().len(), 2, "each of them once");
}

/// Accepts tokens of EKS's kind alone.
fn picky(request: &str) -> (u16, String) {
    let lower = request.to_ascii_lowercase();
    let is_eks = lower.contains("authorization: bearer k8s-aws-v1.");
    let version = json!({ "gitVersion": "v1.36.2" }).to_string();
    if is_eks { (200, version) } else { (401, String::new()) }
}

#[tokio::test]
async fn eks_tokens_are_made_without_the_aws_program() {
    let folder = tempfile::tempdir().unwrap();
    let credentials_file = folder.path().join("credentials");
    std::fs::write(&credentials_file, "[prod]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s\n")
        .unwrap();
    std::fs::write(folder.path().join("config"), "").unwrap();
    let settings = AwsSettings {
        profile: Some("prod".to_owned()),
        config_file: Some(folder.path().join("config")),
        credentials_file: Some(credentials_file),
    };
    let aws = AwsProfiles::new(settings, Some("http://127.0.0.1:9".to_owned()), LONG);
    // No program is there to be run.
    let user = json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "/nowhere/aws", "args": ["--region", "us-east-1", "eks", "get-token", "--cluster-name", "c"] } });
    let connect = async |address| {
        let mut made = access(address, &user, LONG);
        made.access.aws = Some(aws.clone());
        Reader::connect(&made.access).await.unwrap()
    };
    let server = TestServer::start(Behaviour::By(|request| Some(picky(request)))).await;
    assert_eq!(connect(server.address).await.cluster().await.unwrap().version, "v1.36.2");

    let server = TestServer::start(Behaviour::Answer(401, status(401, "Unauthorized"))).await;
    let why = connect(server.address).await.cluster().await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Unauthenticated);
    assert!(!format!("{why:?}").contains("k8s-aws-v1."), "{why:?}");
    assert_eq!(server.requests().len(), 2, "asked again once with a new token, no more");
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
    let writer = async |context: &str| {
        let pinned = Pinned::read(&made.access).await.unwrap();
        Writer::connect(pinned, &made.access, &confirmed_for(context)).await
    };
    let elsewhere = writer("another-cluster").await;
    assert_eq!(
        elsewhere.err().unwrap().kind,
        WhyKind::Configuration,
        "only the plan's own cluster is changed"
    );
    let writer = writer(&made.access.context).await.unwrap();
    writer.restart("n", "loft", "u1", "2026-01-02T03:04:05Z".parse().unwrap()).await.unwrap();
    let changed = writer.scale("n", "loft", "u1", 0, 3).await.unwrap();
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
    assert!(requests[1].contains("application/json-patch+json"), "{}", requests[1]);
    let operations = concat!(
        r#"[{"op":"test","path":"/metadata/uid","value":"u1"},"#,
        r#"{"op":"test","path":"/spec/replicas","value":0},"#,
        r#"{"op":"replace","path":"/spec/replicas","value":3}]"#
    );
    assert!(requests[1].contains(operations), "{}", requests[1]);
}

mod watching {
    use tokio::sync::mpsc;

    use super::*;
    use crate::runbook::fact::PodsFacts;

    fn deployment(updated: u32, version: &str) -> Value {
        json!({ "metadata": { "name": "loft", "uid": "u1", "resourceVersion": version },
            "spec": { "selector": {}, "template": {} }, "status": { "updatedReplicas": updated } })
    }

    fn pod(name: &str, version: &str) -> Value {
        json!({ "metadata": { "name": name, "resourceVersion": version } })
    }

    fn event(kind: &str, object: &Value) -> String {
        json!({ "type": kind, "object": object }).to_string() + "\n"
    }

    const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/n/deployments?";
    const WATCH_DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/n/deployments?&watch=true";
    const WATCH_SETS: &str = "/apis/apps/v1/namespaces/n/replicasets?&watch=true";
    const SETS: &str = "/apis/apps/v1/namespaces/n/replicasets?";
    const WATCH_PODS: &str = "/api/v1/namespaces/n/pods?&watch=true";
    const PODS: &str = "/api/v1/namespaces/n/pods?";

    fn seen((found, pods): &(DeploymentFacts, PodsFacts)) -> (Option<i32>, Vec<&str>) {
        let updated = match found {
            DeploymentFacts::Missing => None,
            DeploymentFacts::Found(found) => Some(found.updated),
        };
        (updated, pods.pods.iter().map(|pod| pod.name.as_str()).collect())
    }

    /// Runs the watch until a snapshot is the wanted one.
    async fn until(server: &TestServer, wanted: (Option<i32>, Vec<&str>)) {
        let reader = reader(server.address, LONG).await;
        let (sender, mut receiver) = mpsc::channel(4);
        let watch = reader.watch_rollout("n", "loft", "app=loft", sender);
        let look = async {
            while let Some(snapshot) = receiver.recv().await {
                if seen(&snapshot) == wanted {
                    break;
                }
            }
            drop(receiver);
        };
        let (watched, ()) = tokio::time::timeout(LONG, async { tokio::join!(watch, look) }).await.unwrap();
        assert_eq!(watched, Ok(()), "a closed receiver ends the watch");
    }

    #[tokio::test]
    async fn changes_are_followed_over_ended_watches_from_the_newest_version() {
        let bookmark = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "resourceVersion": "30" } });
        let server = TestServer::start(Behaviour::Turns(vec![
            (
                WATCH_DEPLOYMENTS,
                vec![event("MODIFIED", &deployment(1, "11")), event("MODIFIED", &deployment(3, "12"))],
            ),
            (DEPLOYMENTS, vec![list(&json!([deployment(0, "10")]))]),
            (WATCH_SETS, vec![]),
            (SETS, vec![list(&json!([]))]),
            (
                WATCH_PODS,
                vec![
                    event("ADDED", &pod("b", "20"))
                        + &event("DELETED", &pod("a", "21"))
                        + &event("BOOKMARK", &bookmark),
                    event("ADDED", &pod("c", "31")),
                ],
            ),
            (PODS, vec![list(&json!([pod("a", "5")]))]),
        ]))
        .await;
        until(&server, (Some(3), vec!["b", "c"])).await;
        let requests = server.requests();
        for (start, version) in [(WATCH_DEPLOYMENTS, "11"), (WATCH_PODS, "30"), (WATCH_SETS, "5")] {
            let asked = requests.iter().any(|request| {
                request.starts_with(&format!("GET {start}"))
                    && request.contains(&format!("resourceVersion={version} "))
            });
            assert!(asked, "{start} from {version}: {requests:#?}");
        }
    }

    #[tokio::test]
    async fn an_expired_version_is_listed_anew() {
        let gone = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "too old resource version", "reason": "Expired", "code": 410 });
        let server = TestServer::start(Behaviour::Turns(vec![
            (WATCH_DEPLOYMENTS, vec![event("ERROR", &gone)]),
            (DEPLOYMENTS, vec![list(&json!([deployment(0, "10")])), list(&json!([deployment(3, "90")]))]),
            (WATCH_SETS, vec![]),
            (SETS, vec![list(&json!([])), list(&json!([]))]),
            (WATCH_PODS, vec![]),
            (PODS, vec![list(&json!([])), list(&json!([pod("z", "80")]))]),
        ]))
        .await;
        until(&server, (Some(3), vec!["z"])).await;
    }

    #[tokio::test]
    async fn what_lasts_ends_the_watch_at_once_and_what_passes_after_several_attempts() {
        for (code, kind, requests) in [(403, WhyKind::Forbidden, 1), (503, WhyKind::Server, 6)] {
            let server = TestServer::start(Behaviour::Answer(code, status(code, "words"))).await;
            let reader = reader(server.address, LONG).await;
            let (sender, _receiver) = mpsc::channel(4);
            let why = reader.watch_rollout("n", "loft", "app=loft", sender).await.unwrap_err();
            assert_eq!(why.kind, kind);
            let lists = server.requests().iter().filter(|request| request.contains(DEPLOYMENTS)).count();
            assert_eq!(lists, requests);
        }
    }

    #[tokio::test]
    async fn a_followed_log_gives_each_line_and_ends_with_its_stream() {
        let log = "2026-01-02T03:04:05Z one\ntwo without time\n".to_owned();
        let server = TestServer::start(Behaviour::Answer(200, log)).await;
        let reader = reader(server.address, LONG).await;
        let (sender, mut receiver) = mpsc::channel::<LogLine>(1);
        let collect = async {
            let mut texts = Vec::new();
            while let Some(line) = receiver.recv().await {
                texts.push(line.text);
            }
            texts
        };
        let (followed, texts) = tokio::join!(reader.follow_logs("n", "loft-a", "manager", sender), collect);
        assert_eq!((followed, texts), (Ok(()), vec!["one".to_owned(), "two without time".to_owned()]));
    }

    #[tokio::test]
    async fn following_a_quiet_log_ends_when_nobody_listens() {
        let server = TestServer::start(Behaviour::HangInTheBody).await;
        let reader = reader(server.address, LONG).await;
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        assert_eq!(reader.follow_logs("n", "loft-a", "manager", sender).await, Ok(()));
    }
}

/// A Deployment that is there, whatever becomes of a change to it: by the last segment of its namespace's name.
fn tried(request: &str) -> Option<(u16, String)> {
    let line = request.lines().next()?;
    let loft =
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "loft", "uid": "u" } });
    let types = json!({ "kind": "APIResourceList", "resources":
        [{ "name": "deployments", "kind": "Deployment", "namespaced": true, "verbs": ["get"] }] });
    let uid = json!({ "kind": "Namespace", "metadata": { "name": "kube-system", "uid": "k" } });
    let missing =
        json!({ "kind": "Status", "message": "not found", "code": 404, "details": { "name": "n" } });
    Some(match line {
        line if line.starts_with("GET /apis/apps/v1 ") => (200, types.to_string()),
        line if line.contains("/namespaces/kube-system") => (200, uid.to_string()),
        line if line.starts_with("GET ") => (200, loft.to_string()),
        line if !line.contains("dryRun=All") => (500, "a change that is not only tried".to_owned()),
        line if line.contains("/well/") => (200, loft.to_string()),
        line if line.contains("/odd/") => (200, "{}".to_owned()),
        line if line.contains("/forbidden/") => (403, status(403, "cannot patch deployments")),
        line if line.contains("/webhook/") => {
            let said = "admission webhook \"policy.example.com\" does not support dry run";
            (400, status(400, said))
        }
        line if line.contains("/refused/") => (422, status(422, "spec.selector: field is immutable")),
        line if line.contains("/conflict/") => (409, status(409, "conflict with \"kubectl\"")),
        line if line.contains("/placeless/") => (404, missing.to_string()),
        _ => (503, status(503, "no")),
    })
}

#[tokio::test]
async fn what_a_dry_run_is_answered_with_is_told_apart_and_nothing_is_sent_for_good() {
    let server = TestServer::start(Behaviour::By(tried)).await;
    let access = access(server.address, &json!({}), LONG);
    let address = Pinned::read(&access.access).await.unwrap().address();
    let target = |uid: &str| crate::runbook::action::Target {
        address: address.clone(),
        cluster_uid: Some("k".to_owned()),
        deployment: crate::runbook::action::TargetDeployment::Found(uid.to_owned()),
    };
    let connect = async |target| {
        let pinned = Pinned::read(&access.access).await.unwrap();
        DryRun::connect(pinned, &access.access, &target, ("n", "loft")).await
    };
    let why = connect(target("another")).await.err().unwrap();
    assert!(why.message.contains("the Deployment is another one now"), "{}", why.message);
    let dry = connect(target("u")).await.unwrap();
    let loft = |namespace: &str| {
        json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "loft", "namespace": namespace } })
    };
    for (namespace, expected) in [
        ("well", "Would"),
        ("odd", "Unknown"),
        ("forbidden", "Unknown"),
        ("webhook", "Unknown"),
        ("refused", "Refused"),
        ("conflict", "Refused"),
        ("placeless", "NoPlace"),
        ("broken", "Unknown"),
    ] {
        for answer in [
            dry.apply(&loft(namespace), "n", true).await,
            dry.scale(namespace, "loft", "u", (0, 3)).await,
            dry.restart(namespace, "loft", "u", jiff::Timestamp::UNIX_EPOCH).await,
        ] {
            let said = format!("{answer:?}");
            assert!(said.starts_with(expected), "{namespace}: {said}");
        }
    }
    let foreign =
        json!({ "apiVersion": "x.example.com/v1", "kind": "Nothing", "metadata": { "name": "a/../b" } });
    assert!(matches!(dry.apply(&foreign, "n", true).await, Answer::Unknown(_)));
    let lines = server.requests();
    let sent: Vec<&String> = lines.iter().filter(|line| line.starts_with("PATCH ")).collect();
    assert_eq!(sent.len(), 24);
    assert!(sent.iter().all(|line| line.contains("dryRun=All")), "{sent:?}");
}
