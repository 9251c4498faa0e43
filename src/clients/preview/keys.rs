//! Keys of values, never the values: what Helm forgets where a release is re-applied by a file alone
//! (`domain.md`, section 9).

use std::collections::BTreeSet;

use serde_json::Value;

use super::MAX_KEYS;
use crate::runbook::fact::LostKeys;

/// How deep keys are followed; deeper ones count as one value.
const MAX_DEPTH: usize = 100;

/// The dotted paths of all values, those of lists as one, as `helm --set` writes them.
pub fn paths(values: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(values, "", 0, &mut found);
    found
}

fn collect(value: &Value, at: &str, depth: usize, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) if depth < MAX_DEPTH && (!members.is_empty() || at.is_empty()) => {
            for (key, value) in members {
                let key = key.replace('\\', "\\\\").replace('.', "\\.");
                let path = if at.is_empty() { key } else { format!("{at}.{key}") };
                collect(value, &path, depth + 1, found);
            }
        }
        _ => {
            found.insert(at.to_owned());
        }
    }
}

/// Those of the release that the file does not set.
pub fn lost(of_release: &BTreeSet<String>, of_file: &BTreeSet<String>) -> LostKeys {
    let gone: Vec<&String> = of_release.difference(of_file).collect();
    let keys: Vec<String> = gone.iter().take(MAX_KEYS).map(|key| (*key).clone()).collect();
    LostKeys { more: gone.len() - keys.len(), keys }
}
