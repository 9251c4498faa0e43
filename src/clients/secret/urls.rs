//! Passwords in URLs, `scheme://user:PASSWORD@host`, and in data source names, `user:PASSWORD@tcp(host)`.

use super::Span;
use super::quoting::is_quote;

/// How far before its `@` a password with spaces may begin, in bytes.
const REACH: usize = 400;

/// Finds them all.
pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    if !text.contains('@') {
        return;
    }
    for (mark, _) in text.match_indices("://") {
        found.extend(in_url(text, mark));
    }
    let mut after = 0;
    for (at, _) in text.match_indices('@').filter(|(at, _)| is_data_source(&text[at + 1..])) {
        found.extend(in_data_source(text, after, at));
        after = at + 1;
    }
    // An `@` of a password that was found is none of these.
    let known = found.len();
    let mut after = 0;
    for (at, _) in text.match_indices('@') {
        if found[..known].iter().any(|span| (span.start..=span.end).contains(&at)) {
            continue;
        }
        found.extend(without_scheme(text, after, at));
        after = at + 1;
    }
}

/// `tcp(`, `unix(`, `(`, as Go's MySQL driver wants it after the `@`; `/name` for its default.
fn is_data_source(rest: &str) -> bool {
    let network = rest.bytes().take(24).take_while(|b| b.is_ascii_alphanumeric() || *b == b'+').count();
    rest.as_bytes().get(network) == Some(&b'(')
}

/// The password of a URL whose `://` stands at `mark`.
fn in_url(text: &str, mark: usize) -> Option<Span> {
    let start = mark + 3;
    let before = text[..mark].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+.-".contains(c));
    let quote = before.bytes().next_back().filter(|byte| is_quote(*byte));
    let ends = |c: char| match quote {
        Some(quote) => c == char::from(quote) || c == '\n',
        None => c.is_whitespace() || c == '<',
    };
    let mut rest = &text[start..text[start..].find(ends).map_or(text.len(), |end| start + end)];
    // The next URL is looked at by itself.
    if let Some(next) = rest.find("://") {
        rest = &rest[..next];
    }
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let colon = rest.find(':').filter(|colon| *colon < host_end)?;
    if rest.starts_with('[') || rest[..colon].contains(char::is_whitespace) {
        return None;
    }
    let at = match rest[..host_end].rfind('@') {
        Some(at) => at,
        // The password may have one of those that end a host; a port has digits alone.
        None if rest[colon + 1..host_end].bytes().all(|b| b.is_ascii_digit()) => return None,
        None => rest.rfind('@')?,
    };
    (colon + 1 < at).then(|| start + colon + 1..start + at)
}

/// The password before the `@` of a data source name, which may hold anything.
fn in_data_source(text: &str, after: usize, at: usize) -> Option<Span> {
    let mut from = after.max(at.saturating_sub(REACH));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let from = text[from..at].rfind('\n').map_or(from, |end| from + end + 1);
    let before = &text[from..at];
    let schemes = before.rmatch_indices("://").map(|(mark, _)| (mark + 3, true));
    let is_mark = |c: char| c.is_ascii() && is_quote(c as u8);
    let quotes = before.rmatch_indices(is_mark).map(|(mark, _)| (mark + 1, false));
    // After the scheme, else after a quote: then spaces are of the password.
    for (start, is_scheme) in schemes.chain(quotes) {
        if let Some(colon) = user(&before[start..]) {
            let password = start + colon + 1;
            // It may be the port of another URL before it; better too much is masked than too little.
            if is_scheme || !before[password..].starts_with("//") {
                return span(from + password, at);
            }
        }
        // `"kine@tcp(…)"` has none.
        if !is_scheme && !before[start..].contains([':', ' ']) {
            return None;
        }
    }
    in_words(before).and_then(|password| span(from + password, at))
}

/// Where the password begins in the words before an `@`: in the last one, or with spaces in one before it.
fn in_words(before: &str) -> Option<usize> {
    let mut end = before.len();
    while let Some(word) = before[..end].split_whitespace().next_back() {
        let start = before[..end].trim_end().len() - word.len();
        let named = word.find('=').filter(|sign| !word[..*sign].contains(':')).map_or(0, |sign| sign + 1);
        if let Some(colon) = user(&word[named..]) {
            let password = start + named + colon + 1;
            let rest = &before[password..start + word.len()];
            let bare = rest.trim_end_matches([']', ':', ',']);
            // `main.go:12] failed: kine@tcp(…)` names a place in a file.
            let is_place = (bare.len() < rest.len() || end < before.len()) && is_digits(bare);
            if !is_place && !rest.is_empty() && !rest.starts_with("//") {
                return Some(password);
            }
        }
        end = start;
    }
    None
}

/// Where the colon after a user's name stands, where the text begins with one.
fn user(text: &str) -> Option<usize> {
    let colon = text.find(':')?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_.+%-~".contains(&b) || b >= 0x80;
    let begins =
        text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b"_%:".contains(&b) || b >= 0x80);
    (begins && text[..colon].bytes().all(is_name)).then_some(colon)
}

/// Before an `@` these are no users: addresses of mail, and names of what is told.
const NO_USERS: [&str; 20] = [
    "mailto",
    "email",
    "mail",
    "user",
    "username",
    "login",
    "from",
    "to",
    "owner",
    "author",
    "by",
    "contact",
    "acct",
    "sip",
    "xmpp",
    "name",
    "subject",
    "principal",
    "uid",
    "image",
];

/// `user:PASSWORD@host` alone; no image with its digest, no address of mail.
fn without_scheme(text: &str, after: usize, at: usize) -> Option<Span> {
    let ends = |c: char| c.is_whitespace() || (c.is_ascii() && (is_quote(c as u8) || "=,;([{<>".contains(c)));
    let start = text[after..at]
        .rfind(ends)
        .map_or(after, |end| after + end + text[after + end..].chars().next().map_or(1, char::len_utf8));
    let word = &text[start..at];
    let colon = user(word).filter(|colon| *colon > 0)?;
    let host = &text[at + 1..];
    let is_host = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[' || c == '/');
    let is_digest = ["sha256:", "sha512:"].iter().any(|name| host.starts_with(name));
    let is_told = NO_USERS.iter().any(|name| word[..colon].eq_ignore_ascii_case(name));
    let is_url = word[colon + 1..].starts_with("//");
    (is_host && !is_digest && !is_told && !is_url).then(|| span(start + colon + 1, at)).flatten()
}

fn span(start: usize, end: usize) -> Option<Span> {
    (start < end).then_some(start..end)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
