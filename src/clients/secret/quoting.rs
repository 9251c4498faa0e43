//! Where a value ends: quoted, as a word, or as the rest of a line.

use super::Span;

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// A quote with the backslashes before it: JSON inside JSON has `\"`, inside that `\\\"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) mark: u8,
    backslashes: usize,
    /// Where the quoted text begins.
    pub(super) inside: usize,
}

/// The quote that begins at this place, if one does.
pub(super) fn opening(text: &str, at: usize) -> Option<Quote> {
    let bytes = &text.as_bytes()[at..];
    let backslashes = bytes.iter().take_while(|byte| **byte == b'\\').count();
    let mark = *bytes.get(backslashes).filter(|byte| is_quote(**byte))?;
    Some(Quote { mark, backslashes, inside: at + backslashes + 1 })
}

/// What a quote holds, and where its closing quote ends. One that is never closed goes to the end.
pub(super) fn quoted(text: &str, quote: Quote) -> (Span, usize) {
    let bytes = text.as_bytes();
    let mut at = quote.inside;
    let mut backslashes = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'\\' {
            backslashes += 1;
            at += 1;
            continue;
        }
        if byte == quote.mark && closes(bytes, at, quote, backslashes) {
            // YAML and SQL double a quote; a shell writes '\''.
            let doubled = quote.mark == b'\'' && (bytes.get(at + 1) == Some(&b'\''));
            let shell = quote.mark == b'\'' && text[at + 1..].starts_with(r"\''");
            match (doubled, shell) {
                (true, _) => at += 2,
                (_, true) => at += 4,
                _ => return (quote.inside..at - quote.backslashes.min(backslashes), at + 1),
            }
            backslashes = 0;
            continue;
        }
        backslashes = 0;
        at += 1;
    }
    (quote.inside..bytes.len(), bytes.len())
}

/// Does a quote with so many backslashes before it end this one, or is it part of what is quoted?
fn closes(bytes: &[u8], at: usize, quote: Quote, backslashes: usize) -> bool {
    if quote.backslashes == 0 && quote.mark != b'"' {
        // A shell's single quotes and Go's backquotes know no escapes; others' do.
        return backslashes.is_multiple_of(2) || is_closing(bytes, at);
    }
    backslashes % (2 * (quote.backslashes + 1)) == quote.backslashes
}

/// What ends a word besides white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Nothing.
    Space,
    /// A query's `&` and `#`.
    Query,
    /// A list's `,` and `;` before another `name=`.
    List,
}

/// A word and where to go on. Quotes inside it are taken whole; punctuation at its end is no part of it.
pub(super) fn word(text: &str, start: usize, ends: Ends) -> (Span, usize) {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
        match bytes[at] {
            b'&' | b'#' if ends == Ends::Query => break,
            b',' | b';' | b'&' if ends == Ends::List && begins_member(text, at + 1) => break,
            b'<' if text[at..].starts_with("</") => break,
            byte if is_quote(byte) && is_closing(bytes, at) => break,
            byte if is_quote(byte) && at > start && bytes[at - 1] != b'\\' => {
                // `Some("my pass")`, `'a'"b"`
                let rest = bytes[at + 1..].iter().position(|other| *other == byte);
                at += rest.map_or(1, |rest| rest + 2);
            }
            b'\\' if bytes.get(at + 1).is_some_and(|next| is_quote(*next)) && is_closing(bytes, at + 1) => {
                break;
            }
            // The next byte belongs to it, a space too.
            b'\\' if bytes.get(at + 1) == Some(&b' ') => at += 2,
            _ => at += 1,
        }
    }
    let mut end = at;
    while end > start && matches!(bytes[end - 1], b',' | b';' | b')' | b']' | b'}' | b'.' | b':') {
        end -= 1;
    }
    (start..end, at)
}

/// Does `name=`, `name:` or nothing follow?
fn begins_member(text: &str, at: usize) -> bool {
    let rest = text[at..].trim_start_matches([' ', '\t', '"', '\'', '\\']);
    let name = rest.bytes().take(64).take_while(|b| b.is_ascii_alphanumeric() || b"_-. ".contains(b)).count();
    let sign = rest[name..].trim_start_matches(['"', '\'', '\\']);
    rest.is_empty() || (name > 0 && sign.starts_with(['=', ':']))
}

/// Does a quote at this place end something, as what follows it tells?
pub(super) fn is_closing(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1).is_none_or(|next| next.is_ascii_whitespace() || b",:;)]}>\\&|.\"'`".contains(next))
}

/// The rest of the line; before a closing quote where the line is quoted itself.
pub(super) fn rest_of_line(text: &str, start: usize) -> Span {
    let bytes = text.as_bytes();
    let end =
        bytes[start..].iter().position(|b| matches!(b, b'\n' | b'\r')).map_or(bytes.len(), |n| start + n);
    // A header's own quotes are followed by its next part.
    let goes_on = |at: usize| matches!(bytes.get(at + 1), Some(b';' | b','));
    let ends = |at: &usize| is_quote(bytes[*at]) && is_closing(bytes, *at) && !goes_on(*at);
    let quote = (start..end).find(ends);
    let end = quote.unwrap_or(end);
    start..start + text[start..end].trim_end().len()
}

/// From a `[` to its `]`, without them.
pub(super) fn bracketed(text: &str, start: usize) -> (Span, usize) {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return (start + 1..at, at + 1),
            b']' => depth -= 1,
            _ => {}
        }
    }
    (start + 1..text.len(), text.len())
}
