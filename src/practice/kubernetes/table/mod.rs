//! Tables: the columns and cells that kubectl prints as they come.
//! Source of columns and words: `pkg/printers/internalversion` of Kubernetes.

use jiff::Timestamp;
use serde_json::{Value, json};

use self::age::age;
use super::kinds::{self, Resource};
use super::object::{map_at, name};
use super::presentation::{Include, metadata_of};

mod age;
mod cluster;
mod network;
mod pods;
mod workloads;

/// A column; those of priority 1 are shown with `-o wide` alone.
#[derive(Debug, Clone, Copy)]
struct Column {
    name: &'static str,
    kind: &'static str,
    priority: u8,
}

const fn column(name: &'static str) -> Column {
    Column { name, kind: "string", priority: 0 }
}

const fn wide(name: &'static str) -> Column {
    Column { name, kind: "string", priority: 1 }
}

const fn count(name: &'static str) -> Column {
    Column { name, kind: "integer", priority: 0 }
}

/// How a kind's objects are laid out.
struct Layout {
    columns: &'static [Column],
    cells: fn(&Value, Timestamp) -> Vec<Value>,
}

const NAME_AND_AGE: Layout = Layout {
    columns: &[column("Name"), column("Age")],
    cells: |object, now| vec![name(object).into(), age(object, now)],
};

fn layout(resource: &Resource) -> Layout {
    match *resource {
        kinds::PODS => pods::PODS,
        kinds::DEPLOYMENTS => workloads::DEPLOYMENTS,
        kinds::REPLICA_SETS => workloads::REPLICA_SETS,
        kinds::SERVICES => network::SERVICES,
        kinds::INGRESSES => network::INGRESSES,
        kinds::NETWORK_PEERS => network::NETWORK_PEERS,
        kinds::TARGET_GROUP_BINDINGS => network::TARGET_GROUP_BINDINGS,
        kinds::NODES => cluster::NODES,
        kinds::NAMESPACES => cluster::NAMESPACES,
        kinds::SECRETS => cluster::SECRETS,
        kinds::CONFIG_MAPS => cluster::CONFIG_MAPS,
        _ if resource.storage == kinds::EVENTS.storage => cluster::EVENTS,
        _ => NAME_AND_AGE,
    }
}

/// The objects as a `Table`.
pub(super) fn render(resource: &Resource, objects: &[&Value], include: Include, now: Timestamp) -> Value {
    let layout = layout(resource);
    let columns: Vec<Value> = layout
        .columns
        .iter()
        .map(|column| {
            let format = if column.name == "Name" { "name" } else { "" };
            json!({
                "name": column.name, "type": column.kind, "format": format, "description": "",
                "priority": column.priority,
            })
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut row = json!({"cells": (layout.cells)(object, now)});
            let beside = match include {
                Include::None => None,
                Include::Metadata => Some(metadata_of(object)),
                Include::Object => Some((*object).clone()),
            };
            if let Some(beside) = beside {
                map_at(&mut row, &[]).insert("object".to_owned(), beside);
            }
            row
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
        "columnDefinitions": columns, "rows": rows,
    })
}

/// Labels as a selector writes them, `<none>` where there are none.
fn selector_text(labels: Option<&Value>) -> Value {
    let pairs: Vec<String> = labels
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if pairs.is_empty() { "<none>".into() } else { pairs.join(",").into() }
}
