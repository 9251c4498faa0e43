//! A pod's status at the stations of its life, as the kubelet writes it.

use serde_json::{Map, Value, json};

use super::super::object::{self, map_at, number, stamp, text, uid};
use super::super::random::{Random, fingerprint};
use super::Moment;
use super::conditions::{self, Condition};

/// Puts the pod on a node; its containers are being made.
pub(super) fn schedule(pod: &mut Value, node: &Value, now: Moment) {
    pod["spec"]["nodeName"] = object::name(node).into();
    let address = object::items(node, "/status/addresses")
        .iter()
        .find(|address| text(address, "/type") == "InternalIP")
        .map_or("", |address| text(address, "/address"));
    let status = map_at(pod, &["status"]);
    status.insert("phase".to_owned(), "Pending".into());
    status.insert("startTime".to_owned(), stamp(now.wall).into());
    status.insert("hostIP".to_owned(), address.into());
    condition(pod, "PodScheduled", true, "", now);
    condition(pod, "Initialized", true, "", now);
    each_container(pod, |_| json!({"waiting": {"reason": "ContainerCreating"}}));
    set_ready(pod, false, now);
}

/// No node takes the pod.
pub(super) fn unschedulable(pod: &mut Value, message: &str, now: Moment) {
    let told = Condition { kind: "PodScheduled", holds: false, reason: "Unschedulable", message };
    conditions::set(pod, told, false, now);
}

/// The containers run, for the first time or once more.
pub(super) fn run(pod: &mut Value, again: bool, now: Moment) {
    let place = Random::new(fingerprint(uid(pod))).below(65_000);
    let address = beside(text(pod, "/status/hostIP"), place);
    let status = map_at(pod, &["status"]);
    status.insert("phase".to_owned(), "Running".into());
    status.entry("podIP").or_insert_with(|| address.clone().into());
    status.entry("podIPs").or_insert_with(|| json!([{"ip": address}]));
    condition(pod, "PodReadyToStartContainers", true, "", now);
    each_container(pod, |_| json!({"running": {"startedAt": stamp(now.wall)}}));
    for status in statuses(pod) {
        let restarts = number(status, "/restartCount") + i64::from(again);
        status["restartCount"] = restarts.into();
        status["started"] = true.into();
        status["containerID"] =
            format!("containerd://{:016x}", fingerprint(&format!("{}{restarts}", status["name"]))).into();
    }
    set_ready(pod, false, now);
}

/// An address in the same subnet as the node's, a /19, as the VPC's CNI plugin gives it.
fn beside(host_ip: &str, place: u64) -> String {
    let node = host_ip.parse().unwrap_or(std::net::Ipv4Addr::UNSPECIFIED).octets();
    let third = node[2] & 0xe0 | (place >> 8) as u8 & 0x1f;
    format!("{}.{}.{third}.{}", node[0], node[1], 4 + place % 250)
}

/// The containers ended with an exit code and a reason; the next start waits
/// for `delay_secs`.
pub(super) fn crash(pod: &mut Value, (exit_code, why): (i64, &str), delay_secs: u64, now: Moment) {
    let home = format!("{}_{}({})", object::name(pod), object::namespace(pod), uid(pod));
    for status in statuses(pod) {
        let container = text(status, "/name").to_owned();
        let started = text(status, "/state/running/startedAt").to_owned();
        let id = text(status, "/containerID").to_owned();
        status["lastState"] = json!({"terminated": {
            "exitCode": exit_code, "reason": why, "startedAt": started,
            "finishedAt": stamp(now.wall), "containerID": id,
        }});
        let message = format!(
            "back-off {} restarting failed container={container} pod={home}",
            go_duration(delay_secs)
        );
        status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
        status["started"] = false.into();
    }
    set_ready(pod, false, now);
}

/// The containers wait for an image that cannot be had.
pub(super) fn wait_for_image(pod: &mut Value, reason: &str, message: &str, now: Moment) {
    condition(pod, "PodReadyToStartContainers", true, "", now);
    each_container(pod, |_| json!({"waiting": {"reason": reason, "message": message}}));
    set_ready(pod, false, now);
}

/// Whether the containers answer their probes.
pub(super) fn set_ready(pod: &mut Value, ready: bool, now: Moment) {
    for status in statuses(pod) {
        status["ready"] = ready.into();
    }
    let reason = if ready { "" } else { "ContainersNotReady" };
    condition(pod, "Ready", ready, reason, now);
    condition(pod, "ContainersReady", ready, reason, now);
}

fn condition(pod: &mut Value, kind: &str, holds: bool, reason: &str, now: Moment) {
    let names: Vec<&str> =
        object::items(pod, "/spec/containers").iter().map(|container| text(container, "/name")).collect();
    let message = if reason.is_empty() {
        String::new()
    } else {
        format!("containers with unready status: [{}]", names.join(" "))
    };
    conditions::set(pod, Condition { kind, holds, reason, message: &message }, false, now);
}

fn statuses(pod: &mut Value) -> impl Iterator<Item = &mut Value> {
    pod.pointer_mut("/status/containerStatuses").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Gives every container's status a new state, making the status where it is missing.
fn each_container(pod: &mut Value, state: impl Fn(&str) -> Value) {
    let known =
        pod.pointer("/status/containerStatuses").and_then(Value::as_array).cloned().unwrap_or_default();
    let updated: Vec<Value> = object::items(pod, "/spec/containers")
        .iter()
        .map(|container| {
            let (name, image) = (text(container, "/name"), text(container, "/image"));
            let mut status =
                known.iter().find(|status| text(status, "/name") == name).cloned().unwrap_or_else(|| {
                    json!({
                        "name": name, "image": image, "imageID": image, "ready": false,
                        "restartCount": 0, "started": false, "lastState": Map::new(),
                    })
                });
            status["state"] = state(name);
            status
        })
        .collect();
    map_at(pod, &["status"]).insert("containerStatuses".to_owned(), updated.into());
}

/// Seconds as Go prints a duration: `40s`, `2m40s`, `5m0s`.
fn go_duration(secs: u64) -> String {
    if secs < 60 { format!("{secs}s") } else { format!("{}m{}s", secs / 60, secs % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_gos() {
        assert_eq!([10, 80, 300].map(go_duration), ["10s", "1m20s", "5m0s"]);
    }
}
