//! Who we are in a cluster and what we may do there, by its own reviews. A review is made by POST and
//! changes nothing: the API answers it and keeps none.

use futures::future::join_all;
use http::{Request, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::Failure;
use super::connection::Connection;
use super::reader::unbuilt;
use crate::runbook::fact::{AccessFacts, Permission};
use crate::runbook::permission::{NEEDS, Need};
use crate::runbook::verdict::{Why, WhyKind};

/// The longest answer to a review that is read, in bytes: dozens are read at once.
const MAX_REVIEW_BYTES: usize = 64 * 1024;

/// Asks everything at once.
///
/// # Errors
/// Where not one question was answered: the first one's reason.
pub(super) async fn access(connection: &Connection, namespace: &str) -> Result<AccessFacts, Why> {
    let asked = join_all(NEEDS.iter().map(|need| ask(connection, namespace, *need)));
    let (user, answers) = tokio::join!(user(connection), asked);
    if let Some(Err(first)) = answers.iter().find(|answer| answer.is_err())
        && answers.iter().all(Result::is_err)
    {
        return Err(first.clone());
    }
    let permissions = NEEDS.iter().zip(answers).map(|(need, answer)| Permission {
        verb: need.verb.to_owned(),
        resource: need.name(),
        namespace: need.namespaced.then(|| namespace.to_owned()),
        changes: need.changes,
        allowed: answer.map_err(|why| why.message),
    });
    Ok(AccessFacts { user, permissions: permissions.collect() })
}

/// `SelfSubjectAccessReview`: `status.allowed`.
async fn ask(connection: &Connection, namespace: &str, need: Need) -> Result<bool, Why> {
    let mut attributes = json!({ "verb": need.verb, "group": need.group, "resource": need.resource });
    if !need.subresource.is_empty() {
        attributes["subresource"] = json!(need.subresource);
    }
    if need.namespaced {
        attributes["namespace"] = json!(namespace);
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer: Value = post(connection, path, &review).await?;
    answer.pointer("/status/allowed").and_then(Value::as_bool).ok_or_else(|| {
        let message = format!("The answer of {} is no review of our permissions", connection.server());
        Why::new(WhyKind::Garbage, message)
    })
}

/// `SelfSubjectReview`: the user name; `None` where the cluster does not tell (before Kubernetes 1.28).
async fn user(connection: &Connection) -> Option<String> {
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer: Value = post(connection, path, &review).await.ok()?;
    let user = answer.pointer("/status/userInfo/username")?.as_str()?;
    Some(user.to_owned())
}

async fn post<T: DeserializeOwned>(connection: &Connection, path: &str, body: &Value) -> Result<T, Failure> {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
        .map_err(|error| unbuilt(&error))?;
    connection.json_of(request, MAX_REVIEW_BYTES).await
}
