//! The bodies that kubectl and helm send as Kubernetes protobuf: Secrets (the
//! release records), access reviews and delete options. Fields that nothing
//! here needs are not declared; prost passes over them.
//!
//! Field numbers: `generated.proto` of `k8s.io/api` and `k8s.io/apimachinery`.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::{Map, Value, json};

/// The body's media type.
pub(super) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Stands before every message, so that protobuf is never taken for JSON.
const PREFIX: &[u8] = b"k8s\0";

#[derive(Clone, PartialEq, Message)]
struct Unknown {
    #[prost(message, optional, tag = "1")]
    type_meta: Option<TypeMeta>,
    #[prost(bytes = "vec", optional, tag = "2")]
    raw: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct TypeMeta {
    #[prost(string, optional, tag = "1")]
    api_version: Option<String>,
    #[prost(string, optional, tag = "2")]
    kind: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct ObjectMeta {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    generate_name: Option<String>,
    #[prost(string, optional, tag = "3")]
    namespace: Option<String>,
    #[prost(string, optional, tag = "5")]
    uid: Option<String>,
    #[prost(string, optional, tag = "6")]
    resource_version: Option<String>,
    #[prost(map = "string, string", tag = "11")]
    labels: HashMap<String, String>,
    #[prost(map = "string, string", tag = "12")]
    annotations: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct Secret {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
    #[prost(map = "string, bytes", tag = "2")]
    data: HashMap<String, Vec<u8>>,
    #[prost(string, optional, tag = "3")]
    kind: Option<String>,
    #[prost(map = "string, string", tag = "4")]
    string_data: HashMap<String, String>,
    #[prost(bool, optional, tag = "5")]
    immutable: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
struct SelfSubjectAccessReview {
    #[prost(message, optional, tag = "2")]
    spec: Option<AccessReviewSpec>,
}

#[derive(Clone, PartialEq, Message)]
struct SelfSubjectRulesReview {
    #[prost(message, optional, tag = "2")]
    spec: Option<RulesReviewSpec>,
}

#[derive(Clone, PartialEq, Message)]
struct RulesReviewSpec {
    #[prost(string, optional, tag = "1")]
    namespace: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct AccessReviewSpec {
    #[prost(message, optional, tag = "1")]
    resource_attributes: Option<ResourceAttributes>,
    #[prost(message, optional, tag = "2")]
    non_resource_attributes: Option<NonResourceAttributes>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceAttributes {
    #[prost(string, optional, tag = "1")]
    namespace: Option<String>,
    #[prost(string, optional, tag = "2")]
    verb: Option<String>,
    #[prost(string, optional, tag = "3")]
    group: Option<String>,
    #[prost(string, optional, tag = "4")]
    version: Option<String>,
    #[prost(string, optional, tag = "5")]
    resource: Option<String>,
    #[prost(string, optional, tag = "6")]
    subresource: Option<String>,
    #[prost(string, optional, tag = "7")]
    name: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct NonResourceAttributes {
    #[prost(string, optional, tag = "1")]
    path: Option<String>,
    #[prost(string, optional, tag = "2")]
    verb: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct DeleteOptions {
    #[prost(int64, optional, tag = "1")]
    grace_period_seconds: Option<i64>,
    #[prost(message, optional, tag = "2")]
    preconditions: Option<Preconditions>,
    #[prost(bool, optional, tag = "3")]
    orphan_dependents: Option<bool>,
    #[prost(string, optional, tag = "4")]
    propagation_policy: Option<String>,
    #[prost(string, repeated, tag = "5")]
    dry_run: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Preconditions {
    #[prost(string, optional, tag = "1")]
    uid: Option<String>,
    #[prost(string, optional, tag = "2")]
    resource_version: Option<String>,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProtobufError {
    /// It does not begin as Kubernetes' protobuf does.
    #[error("the body lacks the prefix of Kubernetes protobuf")]
    NoPrefix,
    /// It is damaged.
    #[error("the body is no protobuf message: {0}")]
    Damaged(#[from] prost::DecodeError),
    /// A kind that this server reads as JSON alone.
    #[error("{0} is not read as protobuf")]
    Kind(String),
}

/// Reads a body as the JSON object that it stands for.
pub(super) fn to_json(body: &[u8]) -> Result<Value, ProtobufError> {
    let message = body.strip_prefix(PREFIX).ok_or(ProtobufError::NoPrefix)?;
    let envelope = Unknown::decode(message)?;
    let raw = envelope.raw.unwrap_or_default();
    let type_meta = envelope.type_meta.unwrap_or_default();
    let kind = type_meta.kind.unwrap_or_default();
    let mut object = match kind.as_str() {
        "Secret" => secret(Secret::decode(&raw[..])?),
        "SelfSubjectAccessReview" => access_review(SelfSubjectAccessReview::decode(&raw[..])?),
        "SelfSubjectRulesReview" => {
            let spec = SelfSubjectRulesReview::decode(&raw[..])?.spec.unwrap_or_default();
            json!({"spec": present([("namespace", words(spec.namespace))])})
        }
        // it has no fields that a client sets
        "SelfSubjectReview" => json!({}),
        "DeleteOptions" => delete_options(DeleteOptions::decode(&raw[..])?),
        _ => return Err(ProtobufError::Kind(kind)),
    };
    object["apiVersion"] = type_meta.api_version.unwrap_or_default().into();
    object["kind"] = kind.into();
    Ok(object)
}

/// A map without its empty fields.
fn present<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let kept = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(kept.collect::<Map<_, _>>())
}

fn words(value: Option<String>) -> Option<Value> {
    value.filter(|value| !value.is_empty()).map(Value::from)
}

fn pairs(map: HashMap<String, String>) -> Option<Value> {
    let sorted: BTreeMap<_, _> = map.into_iter().collect();
    (!sorted.is_empty()).then(|| json!(sorted))
}

fn metadata(meta: ObjectMeta) -> Value {
    present([
        ("name", words(meta.name)),
        ("generateName", words(meta.generate_name)),
        ("namespace", words(meta.namespace)),
        ("uid", words(meta.uid)),
        ("resourceVersion", words(meta.resource_version)),
        ("labels", pairs(meta.labels)),
        ("annotations", pairs(meta.annotations)),
    ])
}

fn secret(secret: Secret) -> Value {
    let data: BTreeMap<String, String> =
        secret.data.into_iter().map(|(key, bytes)| (key, STANDARD.encode(bytes))).collect();
    present([
        ("metadata", Some(metadata(secret.metadata.unwrap_or_default()))),
        ("data", (!data.is_empty()).then(|| json!(data))),
        ("stringData", pairs(secret.string_data)),
        ("type", words(secret.kind)),
        ("immutable", secret.immutable.map(Value::from)),
    ])
}

fn access_review(review: SelfSubjectAccessReview) -> Value {
    let spec = review.spec.unwrap_or_default();
    let resource = spec.resource_attributes.map(|asked| {
        present([
            ("namespace", words(asked.namespace)),
            ("verb", words(asked.verb)),
            ("group", words(asked.group)),
            ("version", words(asked.version)),
            ("resource", words(asked.resource)),
            ("subresource", words(asked.subresource)),
            ("name", words(asked.name)),
        ])
    });
    let path = spec
        .non_resource_attributes
        .map(|asked| present([("path", words(asked.path)), ("verb", words(asked.verb))]));
    json!({"spec": present([("resourceAttributes", resource), ("nonResourceAttributes", path)])})
}

fn delete_options(options: DeleteOptions) -> Value {
    let preconditions = options.preconditions.map(|conditions| {
        present([("uid", words(conditions.uid)), ("resourceVersion", words(conditions.resource_version))])
    });
    present([
        ("gracePeriodSeconds", options.grace_period_seconds.map(Value::from)),
        ("preconditions", preconditions),
        ("orphanDependents", options.orphan_dependents.map(Value::from)),
        ("propagationPolicy", words(options.propagation_policy)),
        ("dryRun", (!options.dry_run.is_empty()).then(|| json!(options.dry_run))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enveloped(kind: &str, raw: Vec<u8>) -> Vec<u8> {
        let type_meta = TypeMeta { api_version: Some("v1".to_owned()), kind: Some(kind.to_owned()) };
        let envelope = Unknown { type_meta: Some(type_meta), raw: Some(raw) };
        [PREFIX, &envelope.encode_to_vec()].concat()
    }

    #[test]
    fn secrets_keep_their_labels_and_bytes() {
        let message = Secret {
            metadata: Some(ObjectMeta {
                name: Some("sh.helm.release.v1.loft.v2".to_owned()),
                labels: HashMap::from([("owner".to_owned(), "helm".to_owned())]),
                ..ObjectMeta::default()
            }),
            data: HashMap::from([("release".to_owned(), vec![0, 1, 255])]),
            kind: Some("helm.sh/release.v1".to_owned()),
            ..Secret::default()
        };
        let read = to_json(&enveloped("Secret", message.encode_to_vec())).unwrap();
        assert_eq!(
            read,
            json!({
                "metadata": {"name": "sh.helm.release.v1.loft.v2", "labels": {"owner": "helm"}},
                "data": {"release": "AAH/"},
                "type": "helm.sh/release.v1",
                "apiVersion": "v1",
                "kind": "Secret",
            })
        );
    }

    #[test]
    fn other_bodies_are_refused() {
        assert!(matches!(to_json(b"{}"), Err(ProtobufError::NoPrefix)));
        assert!(
            matches!(to_json(&enveloped("Pod", Vec::new())), Err(ProtobufError::Kind(kind)) if kind == "Pod")
        );
        assert!(matches!(to_json(b"k8s\0\xff\xff"), Err(ProtobufError::Damaged(_))));
    }
}
