//! The notations in which a known secret may be printed.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::SecretString;

use super::Span;

/// Shorter texts are not looked for: they would turn up inside ordinary words.
const MIN_CHARS: usize = 4;
/// Shorter texts count only where they are no part of a longer word.
const MIN_CHARS_INSIDE: usize = 8;

/// A secret as it is, as a URL, base64, JSON, YAML and a shell write it; of several lines, each one.
pub(super) fn of(secret: &str) -> Vec<SecretString> {
    let mut forms = notations(secret);
    if secret.contains('\n') {
        // Output comes by line.
        forms.extend(secret.lines().map(str::trim).flat_map(notations));
    }
    forms.retain(|form| form.chars().count() >= MIN_CHARS);
    forms.sort_unstable();
    forms.dedup();
    forms.into_iter().map(SecretString::from).collect()
}

fn notations(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    for unreserved in ["-_.~", "-_.*", "-_.!~*'()", "-_.~$&+:=@", "-_.~/"] {
        let encoded = percent_encoded(secret, unreserved);
        forms.push(encoded.replace("%20", "+"));
        forms.push(lower_hex(&encoded));
        forms.push(encoded);
    }
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        forms.push(engine.encode(secret));
        // What `echo` and a file of one line add.
        forms.push(engine.encode(format!("{secret}\n")));
    }
    let json = json_escaped(secret);
    // Go writes these three as \u, and its %q as JSON but for them; JSON inside JSON is escaped twice.
    forms.push(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"));
    forms.push(json_escaped(&json));
    forms.push(json);
    forms.push(secret.replace('\'', "''"));
    forms.push(secret.replace('\'', r"'\''"));
    forms.push(secret.replace('\'', "'\"'\"'"));
    forms.push(backslashed(secret));
    forms.push(format!("{secret:?}").trim_matches('"').to_owned());
    // Helm's --set: commas, dots and the like behind a backslash.
    forms.push(secret.replace(',', "\\,"));
    forms
}

fn percent_encoded(text: &str, unreserved: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || unreserved.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else if write!(encoded, "%{byte:02X}").is_err() {
            // A String takes everything.
            encoded.push('%');
        }
        encoded
    })
}

/// The same with `%2f` for `%2F`.
fn lower_hex(encoded: &str) -> String {
    let mut after_percent = 0;
    let lower = |c: char| {
        let is_digit = after_percent > 0;
        after_percent = if c == '%' { 2 } else { i32::max(after_percent - 1, 0) };
        if is_digit { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(lower).collect()
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As `printf %q` of bash writes it.
fn backslashed(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-./:@%+=".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Where a form stands in a text. A short one that is part of a longer word is none.
pub(super) fn find(text: &str, form: &str, found: &mut Vec<Span>) {
    let is_short = form.chars().count() < MIN_CHARS_INSIDE;
    for (start, _) in text.match_indices(form) {
        let span = start..start + form.len();
        let is_inside = text[..span.start].ends_with(char::is_alphanumeric)
            || text[span.end..].starts_with(char::is_alphanumeric);
        if !(is_short && is_inside) {
            found.push(span);
        }
    }
}
