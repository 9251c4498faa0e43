//! The secrets of a values file, so that they can be masked in what a tool prints of it.

use serde_json::Value;

use super::Secret;
use super::key::{family, holds_secrets};
use super::urls;

/// Shorter values are told by the name before them alone.
const MIN_CHARS: usize = 4;

/// All texts under names of secrets, whole and at any depth, and the passwords in URLs and data sources.
/// No text twice; none that is a truth or shorter than four characters.
pub fn in_values(values: &Value) -> Vec<Secret> {
    let mut found = Vec::new();
    collect(values, false, &mut found);
    found.sort_unstable();
    found.dedup();
    // The longest first: a shorter one may be a part of it.
    found.sort_by_key(|text| std::cmp::Reverse(text.len()));
    found.into_iter().map(Secret::new).collect()
}

fn collect(value: &Value, is_secret: bool, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let name = members.get("name").and_then(Value::as_str);
            let is_named = name.is_some_and(|name| family(name).is_some());
            for (name, value) in members {
                // A Secret that exists is named, not told: `existingSecret: loft-db`.
                let is_secret = is_secret || holds_secrets(name) || (is_named && name == "value");
                collect(value, is_secret, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, is_secret, found)),
        Value::String(text) => keep(text, is_secret, found),
        Value::Number(number) if is_secret => keep(&number.to_string(), true, found),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn keep(text: &str, is_secret: bool, found: &mut Vec<String>) {
    let is_telling =
        |text: &str| text.chars().count() >= MIN_CHARS && !["true", "false", "null", "none"].contains(&text);
    if is_secret && is_telling(text.trim()) {
        found.push(text.trim().to_owned());
    }
    let mut spans = Vec::new();
    urls::find(text, &mut spans);
    found.extend(spans.into_iter().map(|span| text[span].to_owned()).filter(|text| is_telling(text)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_values_files_secrets_are_found_at_any_depth() {
        let values = serde_json::json!({
            "replicaCount": 3,
            "admin": { "email": "a@example.com", "password": "correct horse", "create": true },
            "config": {
                "database": { "dataSource": "mysql://kine:hun@t:er/22@tcp(db.example.com:3306)/kine" },
                "loftHost": "multi-region.example.com",
                "auth": { "oidc": { "clientSecret": "oidc-secret-1", "issuerUrl": "https://me:pw-in-url@idp" } },
            },
            "env": [ { "name": "DB_PASSWORD", "value": "from-env-1" }, { "name": "LOG", "value": "debug" } ],
            "licenseToken": 12_345_678,
            "apiKeys": ["key-one-1", "key-two-2"],
            "credentials": { "user": "kine", "pin": "9876", "on": true },
            "tls": { "secretName": "loft-tls" },
            "existingSecret": "loft-db",
        });
        let found = in_values(&values);
        let mut texts: Vec<&str> = found.iter().map(Secret::expose).collect();
        texts.sort_unstable();
        let expected = [
            "12345678",
            "9876",
            "correct horse",
            "from-env-1",
            "hun@t:er/22",
            "key-one-1",
            "key-two-2",
            "kine",
            "oidc-secret-1",
            "pw-in-url",
        ];
        assert_eq!(texts, expected);
        assert!(in_values(&Value::Null).is_empty());
    }
}
