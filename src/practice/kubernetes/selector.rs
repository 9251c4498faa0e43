//! Label and field selectors of list, watch and deletecollection.

use serde_json::Value;

use super::kinds::{self, Resource};
use super::object::{self, text};

/// Which objects a request means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    labels: Vec<LabelRule>,
    fields: Vec<FieldRule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LabelRule {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldRule {
    pointer: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector`. The error says what was not understood.
    pub(super) fn parse(resource: &Resource, labels: &str, fields: &str) -> Result<Self, String> {
        let labels = split_rules(labels).into_iter().map(label_rule).collect::<Result<_, _>>()?;
        let fields = split_rules(fields)
            .into_iter()
            .map(|rule| field_rule(resource, rule))
            .collect::<Result<_, _>>()?;
        Ok(Self { labels, fields })
    }

    /// Whether the object is meant.
    pub(super) fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|rule| rule.matches(object))
            && self.fields.iter().all(|rule| (text(object, &rule.pointer) == rule.value) == rule.equal)
    }
}

impl LabelRule {
    fn matches(&self, object: &Value) -> bool {
        let value = |key: &str| object::label(object, key);
        let among = |key: &str, values: &[String]| {
            value(key).is_some_and(|value| values.iter().any(|wanted| wanted == value))
        };
        match self {
            Self::In(key, values) => among(key, values),
            Self::NotIn(key, values) => !among(key, values),
            Self::Exists(key) => value(key).is_some(),
            Self::Missing(key) => value(key).is_none(),
        }
    }
}

/// Splits at the commas that are not inside parentheses.
fn split_rules(selector: &str) -> Vec<&str> {
    let mut depth = 0;
    selector
        .split(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            letter == ',' && depth == 0
        })
        .map(str::trim)
        .filter(|rule| !rule.is_empty())
        .collect()
}

fn label_rule(rule: &str) -> Result<LabelRule, String> {
    let owned = |key: &str| key.trim().to_owned();
    if let Some((key, value)) = rule.split_once("!=") {
        return Ok(LabelRule::NotIn(owned(key), vec![owned(value)]));
    }
    if let Some((key, value)) = rule.split_once("==").or_else(|| rule.split_once('=')) {
        return Ok(LabelRule::In(owned(key), vec![owned(value)]));
    }
    if let Some(key) = rule.strip_prefix('!') {
        return Ok(LabelRule::Missing(owned(key)));
    }
    let Some((head, values)) = rule.split_once('(') else {
        return if rule.contains(char::is_whitespace) {
            Err(format!("unable to parse requirement: {rule}"))
        } else {
            Ok(LabelRule::Exists(owned(rule)))
        };
    };
    let values = values.trim_end_matches(')').split(',').map(owned).collect();
    match head.split_whitespace().collect::<Vec<_>>()[..] {
        [key, "in"] => Ok(LabelRule::In(owned(key), values)),
        [key, "notin"] => Ok(LabelRule::NotIn(owned(key), values)),
        _ => Err(format!("unable to parse requirement: {rule}")),
    }
}

fn field_rule(resource: &Resource, rule: &str) -> Result<FieldRule, String> {
    let (field, value, equal) = if let Some((field, value)) = rule.split_once("!=") {
        (field, value, false)
    } else if let Some((field, value)) = rule.split_once("==").or_else(|| rule.split_once('=')) {
        (field, value, true)
    } else {
        return Err(format!("invalid selector: '{rule}'"));
    };
    let field = field.trim();
    let supported = match field {
        // by the uid kubectl delete waits for one very object
        "metadata.name" | "metadata.namespace" | "metadata.uid" => true,
        "spec.nodeName" | "status.phase" => *resource == kinds::PODS,
        "type" => *resource == kinds::SECRETS || resource.storage == kinds::EVENTS.storage,
        "reason" => resource.storage == kinds::EVENTS.storage,
        _ => field.starts_with("involvedObject.") && resource.storage == kinds::EVENTS.storage,
    };
    if !supported {
        return Err(format!("field label not supported: {field}"));
    }
    let pointer = format!("/{}", field.replace('.', "/"));
    Ok(FieldRule { pointer, value: value.trim().to_owned(), equal })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kinds::{EVENTS, PODS};
    use super::*;

    #[test]
    fn selects_by_labels_and_fields() {
        let pod = json!({
            "metadata": {"name": "loft-1", "namespace": "a", "labels": {"app": "loft", "tier": "web"}},
            "spec": {"nodeName": "n1"},
        });
        for (labels, fields, expected) in [
            ("", "", true),
            ("app=loft", "", true),
            ("app==loft,tier!=db", "", true),
            ("app!=loft", "", false),
            ("app in (loft, other),tier", "", true),
            ("app notin (loft)", "", false),
            ("owner notin (helm)", "", true),
            ("!owner", "", true),
            ("!app", "", false),
            ("owner", "", false),
            ("", "metadata.name=loft-1", true),
            ("", "metadata.name!=loft-1", false),
            ("app=loft", "metadata.namespace=b", false),
            ("", "spec.nodeName=n1", true),
        ] {
            let selector = Selector::parse(&PODS, labels, fields).unwrap();
            assert_eq!(selector.matches(&pod), expected, "{labels} {fields}");
        }
    }

    #[test]
    fn events_are_selected_by_their_object() {
        let event = json!({"involvedObject": {"kind": "Pod", "name": "loft-1"}, "type": "Warning"});
        let selector =
            Selector::parse(&EVENTS, "", "involvedObject.name=loft-1,involvedObject.kind=Pod").unwrap();
        assert!(selector.matches(&event));
        assert!(Selector::parse(&PODS, "", "involvedObject.name=x").is_err());
        assert!(Selector::parse(&PODS, "app in loft", "").is_err());
    }
}
