//! Label selectors, as the Kubernetes API takes them in a list request
//! (`k8s.io/apimachinery/pkg/labels`), without its `<` and `>`.

use super::{DNS_LABEL_MAX, DNS_NAME_MAX, is_dns_1123};
use crate::environment::draft::SELECTOR;

/// A label selector: `key=value`, `key!=value`, `key in (a, b)`, `key notin (a, b)`, `key`, `!key`,
/// several of them separated by commas, which must all hold.
pub fn selector(text: &str) -> Result<String, String> {
    if text.is_empty() {
        // An empty selector is every pod of the namespace.
        return Err(format!("Missing: the labels of the platform's pods, usually {SELECTOR}"));
    }
    for requirement in requirements(text) {
        if !is_requirement(requirement) {
            let requirement = if requirement.is_empty() { "the empty part" } else { requirement };
            return Err(format!(
                "Cannot read {requirement}: write key=value, key!=value or key in (a,b), \
                 separated by commas, like {SELECTOR}"
            ));
        }
    }
    Ok(text.to_owned())
}

/// Splits at the commas outside parentheses.
fn requirements(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |c| {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            _ => {}
        }
        c == ',' && !inside
    })
    .map(str::trim)
}

fn is_requirement(text: &str) -> bool {
    if let Some((head, list)) = text.split_once('(') {
        let Some(values) = list.strip_suffix(')') else { return false };
        let mut words = head.split_whitespace();
        let key = words.next().is_some_and(is_key);
        let operator = matches!(words.next(), Some("in" | "notin"));
        return key && operator && words.next().is_none() && values.split(',').map(str::trim).all(is_value);
    }
    if let Some(key) = text.strip_prefix('!') {
        return is_key(key.trim_start());
    }
    match text.split_once("!=").or_else(|| text.split_once("==")).or_else(|| text.split_once('=')) {
        Some((key, value)) => is_key(key.trim_end()) && is_value(value.trim_start()),
        None => is_key(text),
    }
}

/// `[DNS subdomain/]name`
fn is_key(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let prefix_fits = |prefix: &str| prefix.len() <= DNS_NAME_MAX && prefix.split('.').all(is_dns_1123);
    !name.is_empty() && is_value(name) && prefix.is_none_or(prefix_fits)
}

/// Empty, or up to 63 letters, digits, `-`, `_` and `.`, a letter or digit first and last.
fn is_value(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || text.len() <= DNS_LABEL_MAX
            && text.chars().all(|c| plain(c) || matches!(c, '-' | '_' | '.'))
            && text.starts_with(plain)
            && text.ends_with(plain)
}
