//! Rows of Deployments and ReplicaSets.

use jiff::Timestamp;
use serde_json::Value;

use super::super::object::{items, name, number, text};
use super::age::age;
use super::{Layout, column, count, selector_text, wide};

pub(super) const DEPLOYMENTS: Layout = Layout {
    columns: &[
        column("Name"),
        column("Ready"),
        count("Up-to-date"),
        count("Available"),
        column("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |deployment, now| {
        let ready = format!(
            "{}/{}",
            number(deployment, "/status/readyReplicas"),
            number(deployment, "/spec/replicas")
        );
        let mut cells = vec![
            name(deployment).into(),
            ready.into(),
            number(deployment, "/status/updatedReplicas").into(),
            number(deployment, "/status/availableReplicas").into(),
        ];
        cells.extend(template_cells(deployment, now));
        cells
    },
};

pub(super) const REPLICA_SETS: Layout = Layout {
    columns: &[
        column("Name"),
        count("Desired"),
        count("Current"),
        count("Ready"),
        column("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |replica_set, now| {
        let mut cells = vec![
            name(replica_set).into(),
            number(replica_set, "/spec/replicas").into(),
            number(replica_set, "/status/replicas").into(),
            number(replica_set, "/status/readyReplicas").into(),
        ];
        cells.extend(template_cells(replica_set, now));
        cells
    },
};

fn template_cells(object: &Value, now: Timestamp) -> [Value; 4] {
    let containers = items(object, "/spec/template/spec/containers");
    let joined = |pointer: &str| {
        containers.iter().map(|container| text(container, pointer)).collect::<Vec<_>>().join(",")
    };
    [
        age(object, now),
        joined("/name").into(),
        joined("/image").into(),
        selector_text(object.pointer("/spec/selector/matchLabels")),
    ]
}
