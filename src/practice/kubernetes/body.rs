//! Bodies of requests: JSON, YAML and Kubernetes' protobuf.

use axum::http::header;
use serde_json::Value;

use super::patch::Format;
use super::protobuf::{self, ProtobufError};
use super::router::Call;
use super::status::Refusal;

fn media_type(call: &Call) -> &str {
    call.header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim()
}

/// Whether the body is for server-side apply.
pub(super) fn is_apply(call: &Call) -> bool {
    matches!(media_type(call), "application/apply-patch+yaml" | "application/apply-patch+json")
}

/// The format of a patch other than server-side apply.
pub(super) fn format(call: &Call) -> Result<Format, Refusal> {
    match media_type(call) {
        "application/json-patch+json" => Ok(Format::Json),
        "application/merge-patch+json" => Ok(Format::Merge),
        "application/strategic-merge-patch+json" => Ok(Format::Strategic),
        other => Err(Refusal::unsupported_media_type(other)),
    }
}

/// The body as JSON, whatever it came as.
pub(super) fn any(call: &Call) -> Result<Value, Refusal> {
    let media_type = media_type(call);
    if media_type == protobuf::MEDIA_TYPE {
        return protobuf::to_json(&call.body).map_err(|error| match error {
            ProtobufError::Kind(_) => Refusal::unsupported_media_type(media_type),
            ProtobufError::NoPrefix | ProtobufError::Damaged(_) => Refusal::bad_request(error.to_string()),
        });
    }
    match serde_json::from_slice(&call.body) {
        Ok(value) => Ok(value),
        Err(_) if media_type.ends_with("yaml") => {
            serde_saphyr::from_slice(&call.body).map_err(|error| Refusal::bad_request(error.to_string()))
        }
        Err(_) if !media_type.is_empty() && !media_type.ends_with("json") => {
            Err(Refusal::unsupported_media_type(media_type))
        }
        Err(error) => Err(Refusal::bad_request(format!("the body of the request is no JSON: {error}"))),
    }
}

/// The body as an object.
pub(super) fn object(call: &Call) -> Result<Value, Refusal> {
    let value = any(call)?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Refusal::bad_request("the body of the request is no object"))
    }
}
