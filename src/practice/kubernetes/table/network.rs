//! Rows of Services, Ingresses and NetworkPeers.

use serde_json::Value;

use super::super::object::{items, name, number, text};
use super::age::age;
use super::{Layout, column, selector_text, wide};

pub(super) const SERVICES: Layout = Layout {
    columns: &[
        column("Name"),
        column("Type"),
        column("Cluster-IP"),
        column("External-IP"),
        column("Port(s)"),
        column("Age"),
        wide("Selector"),
    ],
    cells: |service, now| {
        let ports: Vec<String> = items(service, "/spec/ports")
            .iter()
            .map(|port| format!("{}/{}", number(port, "/port"), text(port, "/protocol")))
            .collect();
        vec![
            name(service).into(),
            text(service, "/spec/type").into(),
            text(service, "/spec/clusterIP").into(),
            "<none>".into(),
            ports.join(",").into(),
            age(service, now),
            selector_text(service.pointer("/spec/selector")),
        ]
    },
};

pub(super) const INGRESSES: Layout = Layout {
    columns: &[
        column("Name"),
        column("Class"),
        column("Hosts"),
        column("Address"),
        column("Ports"),
        column("Age"),
    ],
    cells: |ingress, now| {
        let class = text(ingress, "/spec/ingressClassName");
        let hosts: Vec<&str> = items(ingress, "/spec/rules")
            .iter()
            .map(|rule| text(rule, "/host"))
            .filter(|host| !host.is_empty())
            .collect();
        let addresses: Vec<&str> = items(ingress, "/status/loadBalancer/ingress")
            .iter()
            .map(|address| text(address, "/hostname"))
            .collect();
        let encrypted = !items(ingress, "/spec/tls").is_empty();
        vec![
            name(ingress).into(),
            (if class.is_empty() { "<none>" } else { class }).into(),
            (if hosts.is_empty() { "*".to_owned() } else { hosts.join(",") }).into(),
            addresses.join(",").into(),
            (if encrypted { "80, 443" } else { "80" }).into(),
            age(ingress, now),
        ]
    },
};

/// The platform's printer columns; a peer without `status.online` is offline
/// and has an empty cell.
pub(super) const NETWORK_PEERS: Layout = Layout {
    columns: &[column("Name"), super::Column { name: "Online", kind: "boolean", priority: 0 }, column("Age")],
    cells: |peer, now| {
        let online = peer.pointer("/status/online").cloned().unwrap_or(Value::Null);
        vec![name(peer).into(), online, age(peer, now)]
    },
};

/// The load balancer controller's printer columns.
pub(super) const TARGET_GROUP_BINDINGS: Layout = Layout {
    columns: &[
        column("Name"),
        column("Service-Name"),
        column("Service-Port"),
        column("Target-Type"),
        column("Age"),
    ],
    cells: |binding, now| {
        vec![
            name(binding).into(),
            text(binding, "/spec/serviceRef/name").into(),
            binding.pointer("/spec/serviceRef/port").map(ToString::to_string).into(),
            text(binding, "/spec/targetType").into(),
            age(binding, now),
        ]
    },
};
