//! `SelfSubjectReview`, `SelfSubjectAccessReview` and `SelfSubjectRulesReview`:
//! who am I, may I, and what may I?

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::{self, Resource};
use super::object::{self, text};
use super::rights::{Asked, Rights, USER};

/// Answers a review.
pub(super) fn answer(resource: &Resource, review: &Value, rights: Rights, now: Timestamp) -> Value {
    let mut answered = json!({
        "kind": resource.kind, "apiVersion": resource.api_version(),
        "metadata": {"creationTimestamp": object::stamp(now)},
    });
    answered["status"] = match *resource {
        kinds::SELF_REVIEWS => json!({"userInfo": {"username": USER, "groups": rights.groups()}}),
        kinds::RULES_REVIEWS => rights.listed(),
        _ => verdict(review, rights),
    };
    if *resource != kinds::SELF_REVIEWS {
        answered["spec"] = review.get("spec").cloned().unwrap_or_else(|| json!({}));
    }
    answered
}

/// `status` of a SelfSubjectAccessReview.
fn verdict(review: &Value, rights: Rights) -> Value {
    let allowed = match review.pointer("/spec/nonResourceAttributes") {
        Some(asked) => rights.allow_path(text(asked, "/verb"), text(asked, "/path")),
        None => rights.allow(&Asked {
            verb: text(review, "/spec/resourceAttributes/verb"),
            group: text(review, "/spec/resourceAttributes/group"),
            resource: text(review, "/spec/resourceAttributes/resource"),
            subresource: text(review, "/spec/resourceAttributes/subresource"),
        }),
    };
    if allowed { json!({"allowed": true, "reason": rights.reason()}) } else { json!({"allowed": false}) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reviews_say_who_and_whether() {
        let now = Timestamp::UNIX_EPOCH;
        let ask = |attributes: Value, restricted| {
            let review = json!({"spec": attributes});
            answer(&kinds::ACCESS_REVIEWS, &review, Rights::of(restricted), now)["status"]["allowed"] == true
        };
        let pods = json!({"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "a"}});
        let nodes = json!({"resourceAttributes": {"verb": "list", "resource": "nodes"}});
        let logs = json!({"resourceAttributes": {"verb": "get", "resource": "pods", "subresource": "log"}});
        let version = json!({"nonResourceAttributes": {"verb": "get", "path": "/version"}});
        assert_eq!(
            [pods, nodes, logs, version].map(|asked| (ask(asked.clone(), false), ask(asked, true))),
            [(true, false), (true, true), (true, false), (true, true)]
        );
        let me = answer(&kinds::SELF_REVIEWS, &json!({}), Rights::of(true), now);
        assert_eq!(me["status"]["userInfo"]["username"], USER);
        let rules =
            answer(&kinds::RULES_REVIEWS, &json!({"spec": {"namespace": "a"}}), Rights::of(true), now);
        assert_eq!(rules["spec"]["namespace"], "a");
        assert_eq!(rules["status"]["resourceRules"][0]["resources"][0], "nodes");
    }
}
