//! Secrets, and keeping them out of what is shown or stored: the one place that masks.
//!
//! [`redact`] masks the secrets it is given, in every notation that a program may print them in, and
//! what is a secret by the name before it, by its place in a URL, or by its shape. All that it finds is
//! put together, so that of two matches the longer one wins. It takes one pass over the text.

mod forms;
mod key;
mod lines;
mod named;
mod quoting;
mod shapes;
mod urls;
mod values;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use secrecy::{ExposeSecret, SecretString};

pub(crate) use key::holds_secrets;
pub use lines::LineMask;
pub use values::in_values;

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// A text that is never shown: `Debug` and `Display` are `***`. Wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Secret {
    text: SecretString,
    /// The notations that it is looked for in, made at the first use.
    forms: Arc<OnceLock<Vec<SecretString>>>,
}

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: SecretString::from(text.into()), forms: Arc::default() }
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    fn forms(&self) -> &[SecretString] {
        self.forms.get_or_init(|| forms::of(self.expose()))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Does this name tell a secret, as that of a container's variable or a flag?
pub(crate) fn is_secret_name(name: &str) -> bool {
    key::family(name).is_some_and(|family| family != key::Family::Value)
}

/// A place in a text, in bytes.
type Span = Range<usize>;

/// The text with each of the secrets masked, and whatever else is a secret by its name, place or shape.
pub fn redact(text: &str, secrets: &[Secret]) -> String {
    let mut found = unknown(text);
    for form in secrets.iter().flat_map(Secret::forms) {
        forms::find(text, form.expose_secret(), &mut found);
    }
    masked(text, found)
}

/// The text with whatever is a secret by its name, place or shape masked.
pub fn redact_credentials(text: &str) -> String {
    masked(text, unknown(text))
}

/// Secrets that nobody told us of.
fn unknown(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    shapes::find(text, &mut found);
    urls::find(text, &mut found);
    named::find(text, &mut found);
    found
}

/// The text with one mask for each run of places that touch.
fn masked(text: &str, mut found: Vec<Span>) -> String {
    if found.is_empty() {
        return text.to_owned();
    }
    found.sort_unstable_by_key(|span| (span.start, span.end));
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    let mut is_first = true;
    for span in found.into_iter().filter(|span| !span.is_empty()) {
        if is_first || span.start > end {
            masked.push_str(&text[end..span.start]);
            masked.push_str(MASK);
        }
        is_first = false;
        end = end.max(span.end);
    }
    masked.push_str(&text[end..]);
    masked
}

#[cfg(test)]
#[path = "secret/tests.rs"]
mod tests;
