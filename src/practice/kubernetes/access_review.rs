//! `SelfSubjectAccessReview` and `SelfSubjectReview`: who am I, and may I?

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::{self, Resource};
use super::object;

/// The practice user, as EKS would name an assumed role.
const USER: &str = "arn:aws:sts::123456789012:assumed-role/practice/responder";

/// Answers a review: the practice user may do everything that the server knows.
pub(super) fn answer(resource: &Resource, review: &Value, now: Timestamp) -> Value {
    let metadata = json!({"creationTimestamp": object::stamp(now)});
    if *resource == kinds::SELF_REVIEWS {
        return json!({
            "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata,
            "status": {"userInfo": {"username": USER, "groups": ["system:masters", "system:authenticated"]}},
        });
    }
    json!({
        "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata,
        "spec": review.get("spec").cloned().unwrap_or_else(|| json!({})),
        "status": {"allowed": true, "reason": "the practice user is in system:masters"},
    })
}
