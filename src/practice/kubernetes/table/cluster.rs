//! Rows of nodes, namespaces, events, Secrets and ConfigMaps.

use serde_json::{Map, Value};

use super::super::object::{condition_is_true, items, name, number, text};
use super::age::{age, since};
use super::{Layout, column, count, wide};

pub(super) const NODES: Layout = Layout {
    columns: &[
        column("Name"),
        column("Status"),
        column("Roles"),
        column("Age"),
        column("Version"),
        wide("Internal-IP"),
        wide("External-IP"),
        wide("OS-Image"),
        wide("Kernel-Version"),
        wide("Container-Runtime"),
    ],
    cells: |node, now| {
        let mut status = if condition_is_true(node, "Ready") { "Ready" } else { "NotReady" }.to_owned();
        if node.pointer("/spec/unschedulable") == Some(&true.into()) {
            status.push_str(",SchedulingDisabled");
        }
        let internal = items(node, "/status/addresses").iter().find(|it| text(it, "/type") == "InternalIP");
        vec![
            name(node).into(),
            status.into(),
            "<none>".into(),
            age(node, now),
            text(node, "/status/nodeInfo/kubeletVersion").into(),
            internal.map_or("<none>", |address| text(address, "/address")).into(),
            "<none>".into(),
            text(node, "/status/nodeInfo/osImage").into(),
            text(node, "/status/nodeInfo/kernelVersion").into(),
            text(node, "/status/nodeInfo/containerRuntimeVersion").into(),
        ]
    },
};

pub(super) const NAMESPACES: Layout = Layout {
    columns: &[column("Name"), column("Status"), column("Age")],
    cells: |namespace, now| {
        vec![name(namespace).into(), text(namespace, "/status/phase").into(), age(namespace, now)]
    },
};

pub(super) const EVENTS: Layout = Layout {
    columns: &[
        column("Last Seen"),
        column("Type"),
        column("Reason"),
        column("Object"),
        wide("Subobject"),
        wide("Source"),
        column("Message"),
        wide("First Seen"),
        wide("Count"),
        wide("Name"),
    ],
    cells: |event, now| {
        let kind = text(event, "/involvedObject/kind").to_lowercase();
        vec![
            since(text(event, "/lastTimestamp"), now),
            text(event, "/type").into(),
            text(event, "/reason").into(),
            format!("{kind}/{}", text(event, "/involvedObject/name")).into(),
            text(event, "/involvedObject/fieldPath").into(),
            text(event, "/source/component").into(),
            text(event, "/message").into(),
            since(text(event, "/firstTimestamp"), now),
            number(event, "/count").into(),
            name(event).into(),
        ]
    },
};

pub(super) const SECRETS: Layout = Layout {
    columns: &[column("Name"), column("Type"), count("Data"), column("Age")],
    cells: |secret, now| {
        vec![name(secret).into(), text(secret, "/type").into(), data_len(secret).into(), age(secret, now)]
    },
};

pub(super) const CONFIG_MAPS: Layout = Layout {
    columns: &[column("Name"), count("Data"), column("Age")],
    cells: |config_map, now| vec![name(config_map).into(), data_len(config_map).into(), age(config_map, now)],
};

fn data_len(object: &Value) -> usize {
    object.get("data").and_then(Value::as_object).map_or(0, Map::len)
}
