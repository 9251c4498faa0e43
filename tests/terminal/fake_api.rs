//! A cluster that says whatever a test wants: the Kubernetes API in plain HTTP, with the texts of one place.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

use super::Served;

/// What a cluster says where it is free to.
#[derive(Debug, Clone)]
pub(super) struct Words {
    /// The image of the platform.
    pub(super) image: String,
    /// The name of a node and of an event's object.
    pub(super) name: String,
    /// Messages of conditions, events, waiting containers and refusals.
    pub(super) message: String,
    /// A pod for each, whose log it is.
    pub(super) log_lines: Vec<String>,
}

/// Serves these words on an address until the test ends.
pub(super) fn serve(words: Words) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let words = Arc::new(words);
    let accept = move || {
        for stream in listener.incoming().flatten() {
            let words = Arc::clone(&words);
            let answer = move || drop(answer(stream, &words));
            std::thread::Builder::new().name("fake request".to_owned()).spawn(answer).unwrap();
        }
    };
    std::thread::Builder::new().name("fake cluster".to_owned()).spawn(accept).unwrap();
    address
}

/// The world's environment with a cluster of these words for each region.
pub(super) fn environment(world: &Served, words: &Words) -> String {
    let kubeconfig = world.changed_kubeconfig(|config| {
        for cluster in config["clusters"].as_array_mut().unwrap() {
            cluster["cluster"] = json!({ "server": serve(words.clone()) });
        }
    });
    world.environment_with_kubeconfig(&kubeconfig)
}

fn answer(mut stream: TcpStream, words: &Words) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = bytes.trim().parse().unwrap();
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, kind, body) = page(path, words);
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

fn page(path: &str, words: &Words) -> (u16, &'static str, String) {
    let bare = path.split('?').next().unwrap_or_default();
    let last = bare.rsplit('/').next().unwrap_or_default();
    let list = |items: Vec<Value>| json!({ "metadata": { "resourceVersion": "1" }, "items": items });
    let message = &words.message;
    let body = match last {
        "version" => json!({ "gitVersion": format!("v1.36 {message}") }),
        "deployments" => list(vec![deployment(words)]),
        "loft" if bare.contains("/deployments/") => deployment(words),
        "pods" => list(words.log_lines.iter().enumerate().map(|(number, _)| pod(number, words)).collect()),
        "replicasets" => list(Vec::new()),
        "events" => list(vec![json!({
            "metadata": { "name": "e" }, "type": "Warning", "reason": "FailedMount", "message": message,
            "involvedObject": { "kind": "Pod", "name": words.name }, "lastTimestamp": jiff::Timestamp::now().to_string(),
        })]),
        "nodes" => list(vec![json!({
            "metadata": { "name": words.name },
            "status": { "conditions": [
                { "type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": message },
            ] },
        })]),
        "log" => {
            let number = bare.split("/pod-").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
            let line = &words.log_lines[number.parse::<usize>().unwrap()];
            return (200, "text/plain", format!("2026-01-02T03:04:05.678901234Z {line}\n"));
        }
        _ => {
            let status =
                json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message });
            return (403, "application/json", status.to_string());
        }
    };
    (200, "application/json", body.to_string())
}

fn deployment(words: &Words) -> Value {
    json!({
        "metadata": { "name": "loft", "namespace": "vcluster-platform", "uid": "u-1", "resourceVersion": "7", "generation": 2 },
        "spec": {
            "replicas": 3, "selector": { "matchLabels": { "app": "loft" } },
            "template": { "metadata": {}, "spec": { "containers": [ { "name": "manager", "image": words.image } ] } },
        },
        "status": {
            "observedGeneration": 2, "replicas": 3, "unavailableReplicas": 3,
            "conditions": [
                { "type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": words.message },
                { "type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": words.message },
            ],
        },
    })
}

fn pod(number: usize, words: &Words) -> Value {
    json!({
        "metadata": { "name": format!("pod-{number}"), "labels": { "app": "loft" }, "creationTimestamp": "2026-01-02T03:04:05Z" },
        "spec": { "containers": [ { "name": "manager", "image": words.image } ] },
        "status": {
            "phase": "Running",
            "conditions": [ { "type": "Ready", "status": "False" } ],
            "containerStatuses": [ {
                "name": "manager", "image": words.image, "imageID": "", "ready": false, "restartCount": 0,
                "state": { "waiting": { "reason": "CrashLoopBackOff", "message": words.message } },
            } ],
        },
    })
}
