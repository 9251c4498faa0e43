//! The checks of an object that the tools and mistakes at a prompt run into.

use serde_json::Value;

use super::kinds::{self, Resource};
use super::object::{items, matches_labels, name, number};
use super::status::Refusal;

/// Refuses an object that the real API would refuse (422).
pub(super) fn check(resource: &Resource, before: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    let invalid = |field: &str, why: &str| Err(Refusal::invalid(resource, name(object), field, why));
    if !is_subdomain(name(object), resource.group == kinds::CLUSTER_ROLES.group) {
        return invalid(
            "metadata.name",
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
             and must start and end with an alphanumeric character",
        );
    }
    if number(object, "/spec/replicas") < 0 {
        return invalid("spec.replicas", "must be greater than or equal to 0");
    }
    let templated = *resource == kinds::DEPLOYMENTS || *resource == kinds::REPLICA_SETS;
    if templated {
        let template = object.pointer("/spec/template").unwrap_or(&Value::Null);
        if items(template, "/spec/containers").is_empty() {
            return invalid("spec.template.spec.containers", "Required value");
        }
        if !matches_labels(template, object.pointer("/spec/selector/matchLabels")) {
            return invalid("spec.template.metadata.labels", "`selector` does not match template `labels`");
        }
        if before.is_some_and(|before| before["spec"]["selector"] != object["spec"]["selector"]) {
            return invalid("spec.selector", "field is immutable");
        }
    }
    if *resource == kinds::PODS && items(object, "/spec/containers").is_empty() {
        return invalid("spec.containers", "Required value");
    }
    Ok(())
}

/// Names are DNS subdomains; those of roles may have colons too.
fn is_subdomain(name: &str, role: bool) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: u8| letter(byte) || byte == b'-' || byte == b'.' || (role && byte == b':');
    let bytes = name.as_bytes();
    bytes.len() <= 253
        && bytes.iter().all(|byte| inner(*byte))
        && bytes.first().is_some_and(|byte| letter(*byte))
        && bytes.last().is_some_and(|byte| letter(*byte))
}
