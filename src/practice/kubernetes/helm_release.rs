//! Helm's record of the release `loft`: the Secret that `helm list`, `helm get`
//! and `helm upgrade` read. Its form is Helm's `pkg/storage/driver/secrets.go`.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::chart::{self, Rendering};
use super::object::{map_at, stamp};

/// The release's name.
pub(super) const RELEASE: &str = "loft";

/// Marks an object as the release's, as helm demands of what it may change.
pub(super) fn adopt(object: &mut Value, namespace: &str) {
    let labels = map_at(object, &["metadata", "labels"]);
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "Helm".into());
    let annotations = map_at(object, &["metadata", "annotations"]);
    annotations.insert("meta.helm.sh/release-name".to_owned(), RELEASE.into());
    annotations.insert("meta.helm.sh/release-namespace".to_owned(), namespace.into());
}

/// The Secret of the release's first revision.
pub(super) fn secret(rendering: &Rendering<'_>, user_values: &Value, deployed: Timestamp) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {
            "name": format!("sh.helm.release.v1.{RELEASE}.v1"),
            "namespace": rendering.namespace,
            "labels": {
                "owner": "helm", "name": RELEASE, "status": "deployed", "version": "1",
                "modifiedAt": deployed.as_second().to_string(),
            },
        },
        "data": {"release": STANDARD.encode(encode(&record(rendering, user_values, deployed)))},
    })
}

fn record(rendering: &Rendering<'_>, user_values: &Value, deployed: Timestamp) -> Value {
    let templates: Vec<Value> = chart::TEMPLATES
        .iter()
        .map(|(path, content)| json!({"name": path, "data": STANDARD.encode(content)}))
        .collect();
    json!({
        "name": rendering.release,
        "namespace": rendering.namespace,
        "version": 1,
        "info": {
            "first_deployed": stamp(deployed), "last_deployed": stamp(deployed),
            "description": "Install complete", "status": "deployed",
        },
        "chart": {
            "metadata": chart::metadata(rendering.version),
            "templates": templates,
            "values": chart::default_values(),
        },
        "config": user_values,
        "manifest": rendering.manifest(),
        "apply_method": "ssa",
    })
}

/// base64 of gzip of JSON, as it stands in the Secret's bytes.
fn encode(record: &Value) -> String {
    let compressed = || -> io::Result<Vec<u8>> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(record.to_string().as_bytes())?;
        gzip.finish()
    };
    // writing to memory does not fail
    STANDARD.encode(compressed().unwrap_or_default())
}
