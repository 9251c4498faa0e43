//! The three patch formats besides server-side apply.
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply>

use serde_json::Value;

pub(super) mod json;
pub(super) mod list_keys;
pub(super) mod merge;
pub(super) mod strategic;

/// How a patch's body is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `application/json-patch+json`, RFC 6902.
    Json,
    /// `application/merge-patch+json`, RFC 7386.
    Merge,
    /// `application/strategic-merge-patch+json`, Kubernetes' own.
    Strategic,
}

/// A patch that cannot be carried out, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct PatchError(pub(super) String);

/// Carries a patch out on a copy of the object.
pub(super) fn patched(object: &Value, patch: &Value, format: Format) -> Result<Value, PatchError> {
    let mut result = object.clone();
    match format {
        Format::Json => json::apply(&mut result, patch)?,
        Format::Merge => merge::apply(&mut result, patch),
        Format::Strategic => strategic::apply(&mut result, patch),
    }
    Ok(result)
}
