//! From an error of a library to a [`Why`]: one place for all clients.

use std::error::Error;
use std::io;

use super::secret::redact_credentials;
use crate::runbook::verdict::{Why, WhyKind};

/// The longest words of another system that a message carries, in characters.
const MAX_WORDS_CHARS: usize = 300;

/// Why a request did not get its answer: what the chain of the error's causes tells.
pub(crate) fn of_connection(peer: &str, error: &(dyn Error + 'static)) -> Why {
    let chain = chain(error);
    let words = words(&chain.last().map_or_else(|| error.to_string(), ToString::to_string));
    let (kind, phrase) = chain
        .iter()
        .find_map(|link| recognise(*link))
        .unwrap_or((WhyKind::Connection, "The connection failed to"));
    // "Connection refused by X: Connection refused (os error 111)" says one thing twice.
    let said = words.split(" (os error").next().unwrap_or(&words).to_lowercase();
    if phrase.to_lowercase().contains(&said) {
        return Why::new(kind, format!("{phrase} {peer}"));
    }
    Why::new(kind, format!("{phrase} {peer}: {words}"))
}

/// The error and its causes; an `io::Error` hides its inner error from `source()`.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut links = Vec::new();
    let mut next: Option<&'a (dyn Error + 'static)> = Some(error);
    while let Some(link) = next {
        links.push(link);
        next = match link.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => link.source(),
        };
    }
    links
}

fn recognise(link: &(dyn Error + 'static)) -> Option<(WhyKind, &'static str)> {
    if link.is::<rustls::Error>() {
        return Some((WhyKind::Tls, "No trusted TLS connection to"));
    }
    if link.is::<http_body_util::LengthLimitError>() {
        return Some((WhyKind::Garbage, "Too long an answer from"));
    }
    if let Some(error) = link.downcast_ref::<hyper::Error>()
        && let Some(found) = recognise_http(error)
    {
        return Some(found);
    }
    let text = link.to_string();
    if text.contains("dns error") || text.contains("failed to lookup address") {
        return Some((WhyKind::Dns, "The name does not resolve:"));
    }
    // Connect timeouts of the HTTP clients have no public type.
    if text.contains("timed out") || text.contains("timeout occurred") {
        return Some((WhyKind::Timeout, "No answer from"));
    }
    match link.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some((WhyKind::Connection, "Connection refused by")),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            Some((WhyKind::Connection, "Connection cut by"))
        }
        io::ErrorKind::TimedOut => Some((WhyKind::Timeout, "No answer from")),
        io::ErrorKind::UnexpectedEof => Some((WhyKind::Connection, "Connection ended early by")),
        _ => None,
    }
}

fn recognise_http(error: &hyper::Error) -> Option<(WhyKind, &'static str)> {
    if error.is_parse() {
        Some((WhyKind::Garbage, "No HTTP from"))
    } else if error.is_incomplete_message() {
        Some((WhyKind::Connection, "Connection ended early by"))
    } else {
        None
    }
}

/// The kind of an HTTP status that is no success.
pub(crate) fn kind_of_status(status: u16) -> WhyKind {
    match status {
        401 => WhyKind::Unauthenticated,
        403 => WhyKind::Forbidden,
        404 => WhyKind::NotFound,
        409 => WhyKind::Conflict,
        408 | 504 => WhyKind::Timeout,
        429 => WhyKind::Throttled,
        500.. => WhyKind::Server,
        _ => WhyKind::Garbage,
    }
}

/// Another system's words, fit for a message: one line, not too long, without credentials.
pub(crate) fn words(text: &str) -> String {
    // Before the lines are joined, which tell where a value ends.
    let redacted = redact_credentials(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match redacted.char_indices().nth(MAX_WORDS_CHARS) {
        Some((end, _)) => format!("{}…", &redacted[..end]),
        None => redacted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("client error")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_cause_is_found_however_deep_it_sits() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let tls = || io::Error::other(rustls::Error::General("bad certificate".into()));
        let table: [(Box<dyn Error>, WhyKind); 9] = [
            (Box::new(refused()), WhyKind::Connection),
            (Box::new(Outer(refused())), WhyKind::Connection),
            (Box::new(Outer(io::Error::other(Outer(refused())))), WhyKind::Connection),
            (Box::new(Outer(tls())), WhyKind::Tls),
            (Box::new(Outer(io::Error::from(io::ErrorKind::TimedOut))), WhyKind::Timeout),
            (Box::new(Outer(io::Error::other("operation timed out"))), WhyKind::Timeout),
            (Box::new(Outer(io::Error::other("HTTP connect timeout occurred after 3s"))), WhyKind::Timeout),
            (Box::new(Outer(io::Error::other("dns error: no such host"))), WhyKind::Dns),
            (Box::new(Outer(io::Error::other("something else"))), WhyKind::Connection),
        ];
        for (error, kind) in table {
            assert_eq!(of_connection("https://x", error.as_ref()).kind, kind, "{error:?}");
        }
    }

    #[test]
    fn words_are_one_line_short_and_without_credentials() {
        assert_eq!(words("a\n  b\tc"), "a b c");
        assert_eq!(words(&"x".repeat(400)).chars().count(), MAX_WORDS_CHARS + 1);
        assert_eq!(words("Bearer abc"), "Bearer ***");
    }

    #[test]
    fn statuses_have_kinds() {
        for (status, kind) in [
            (401, WhyKind::Unauthenticated),
            (403, WhyKind::Forbidden),
            (404, WhyKind::NotFound),
            (429, WhyKind::Throttled),
            (503, WhyKind::Server),
            (418, WhyKind::Garbage),
        ] {
            assert_eq!(kind_of_status(status), kind, "{status}");
        }
    }
}
