//! Helm's record of the release `loft`: the Secret that `helm list`, `helm get`
//! and `helm upgrade` read. Its form is Helm's `pkg/storage/driver/secrets.go`.

use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::chart::{self, Rendering};
use super::object::{label, map_at, stamp, text};

/// The release's name.
pub(super) const RELEASE: &str = "loft";

/// A record unpacked is smaller than this, bytes.
const RECORD_LIMIT: u64 = 16 * 1024 * 1024;

/// Marks an object as the release's, as helm demands of what it may change.
pub(super) fn adopt(object: &mut Value, namespace: &str) {
    let labels = map_at(object, &["metadata", "labels"]);
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "Helm".into());
    let annotations = map_at(object, &["metadata", "annotations"]);
    annotations.insert("meta.helm.sh/release-name".to_owned(), RELEASE.into());
    annotations.insert("meta.helm.sh/release-namespace".to_owned(), namespace.into());
}

/// How far the operation came that made a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// To its end.
    Deployed,
    /// It was ended on the way, as by a kill of helm.
    PendingUpgrade,
}

impl Stage {
    fn status(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::PendingUpgrade => "pending-upgrade",
        }
    }
}

/// The Secret of one revision of the release, as its operation left it at this moment.
pub(super) fn secret(
    rendering: &Rendering<'_>,
    user_values: &Value,
    revision: i64,
    (stage, at): (Stage, Timestamp),
) -> Value {
    // Helm labels a record when it makes it, and anew when it brings it to its end.
    let stamped = if stage == Stage::Deployed { "modifiedAt" } else { "createdAt" };
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {
            "name": format!("sh.helm.release.v1.{RELEASE}.v{revision}"),
            "namespace": rendering.namespace,
            "labels": {
                "owner": "helm", "name": RELEASE, "status": stage.status(), "version": revision.to_string(),
                stamped: at.as_second().to_string(),
            },
        },
        "data": {"release": STANDARD.encode(encode(&record(rendering, user_values, revision, (stage, at))))},
    })
}

/// Whether a Secret is a record of the release.
pub(super) fn is_record(secret: &Value) -> bool {
    label(secret, "owner") == Some("helm") && label(secret, "name") == Some(RELEASE)
}

/// A record's revision.
pub(super) fn revision(secret: &Value) -> Option<i64> {
    label(secret, "version")?.parse().ok()
}

/// A deployed record as a newer one leaves it; none where it is not deployed or damaged.
pub(super) fn superseded(secret: &Value) -> Option<Value> {
    if label(secret, "status") != Some("deployed") {
        return None;
    }
    let mut record = decode(text(secret, "/data/release"))?;
    record["info"]["status"] = "superseded".into();
    let mut secret = secret.clone();
    map_at(&mut secret, &["metadata", "labels"]).insert("status".to_owned(), "superseded".into());
    secret["data"]["release"] = STANDARD.encode(encode(&record)).into();
    Some(secret)
}

fn record(
    rendering: &Rendering<'_>,
    user_values: &Value,
    revision: i64,
    (stage, at): (Stage, Timestamp),
) -> Value {
    let description = match (stage, revision) {
        (Stage::Deployed, 1) => "Install complete",
        (Stage::Deployed, _) => "Upgrade complete",
        (Stage::PendingUpgrade, _) => "Preparing upgrade",
    };
    let templates: Vec<Value> = chart::TEMPLATES
        .iter()
        .map(|(path, content)| json!({"name": path, "data": STANDARD.encode(content)}))
        .collect();
    json!({
        "name": rendering.release,
        "namespace": rendering.namespace,
        "version": revision,
        "info": {
            "first_deployed": stamp(at), "last_deployed": stamp(at),
            "description": description,
            "status": stage.status(),
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

/// The record in a Secret's data; none where it is damaged.
fn decode(data: &str) -> Option<Value> {
    let compressed = STANDARD.decode(STANDARD.decode(data).ok()?).ok()?;
    let mut json = Vec::new();
    GzDecoder::new(&compressed[..]).take(RECORD_LIMIT).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_revision_supersedes_a_deployed_one() {
        let rendering = Rendering {
            release: RELEASE,
            namespace: "n",
            version: "4.11.2",
            values: chart::default_values(),
        };
        let first = secret(&rendering, &json!({}), 1, (Stage::Deployed, Timestamp::UNIX_EPOCH));
        assert!(is_record(&first));
        assert_eq!(revision(&first), Some(1));
        let superseded = superseded(&first).unwrap();
        assert_eq!(label(&superseded, "status"), Some("superseded"));
        let record = decode(text(&superseded, "/data/release")).unwrap();
        assert_eq!(record["info"]["status"], "superseded");
        assert_eq!(record["manifest"], rendering.manifest());
        assert_eq!(super::superseded(&superseded), None);
    }
}
