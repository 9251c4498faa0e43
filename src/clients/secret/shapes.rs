//! Secrets by their shape alone: tokens, keys and hashes that begin or look like nothing else.

use super::Span;

/// Beginnings of tokens and keys, and how many characters at least follow.
///
/// <https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns>
const BEGINNINGS: [(&str, usize); 38] = [
    ("k8s-aws-v1.", 1),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 16),
    ("glrt-", 16),
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxe-", 8),
    ("xoxe.xoxp-", 8),
    ("xoxo-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("xapp-", 8),
    ("AIza", 30),
    ("ya29.", 16),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("sk-", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("dckr_pat_", 16),
    ("dop_v1_", 30),
    ("hvs.", 16),
    ("hvb.", 16),
    ("hvr.", 16),
    ("SG.", 40),
    ("AGE-SECRET-KEY-1", 20),
    // Session tokens of STS, and "-----BEGIN" in base64.
    ("IQoJb3JpZ2lu", 20),
    ("FwoGZXIvYXdz", 20),
    ("FQoGZXIvYXdz", 20),
    ("FQoDYXdz", 20),
    ("LS0tLS1CRUdJTi", 8),
];

/// The first bytes of those and of a JSON Web Token.
const FIRST: &[u8] = b"kgxAysrnpdhSIFLe";

/// Finds them all.
pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut access_keys = false;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'$' {
            let end = hash(text, at).unwrap_or(at);
            if end > at {
                found.push(at..end);
            }
            at = end.max(at + 1);
        } else if byte == b'-' && bytes[at..].starts_with(b"-----BEGIN ") {
            at = private_key(text, at).map_or(at + 11, |span| {
                found.push(span.clone());
                span.end
            });
        } else if is_token(byte) && byte != b'.' && byte != b'-' {
            let end = run(bytes, at, is_token);
            access_keys |= in_word(text, at..end, found);
            at = end;
        } else {
            at += 1;
        }
    }
    secret_keys(text, access_keys, found);
    whole_line(text, found);
    webhooks(text, found);
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn run(bytes: &[u8], from: usize, is: fn(u8) -> bool) -> usize {
    from + bytes[from..].iter().take_while(|byte| is(**byte)).count()
}

/// What begins inside a word at a border of it; tells whether an access key's id was among it.
fn in_word(text: &str, word: Span, found: &mut Vec<Span>) -> bool {
    let bytes = text.as_bytes();
    let mut access_keys = false;
    let mut at = word.start;
    while at < word.end {
        let is_border = at == word.start || !bytes[at - 1].is_ascii_alphanumeric();
        // Each is shorter than what is left, or none of it fits.
        if is_border && FIRST.contains(&bytes[at]) && word.end - at >= 12 {
            if let Some(end) = token(text, at, word.end) {
                found.push(at..end);
                at = end;
                continue;
            }
            if is_access_key(&bytes[at..word.end]) {
                access_keys = true;
                found.push(at..at + 20);
                at += 20;
                continue;
            }
        }
        at += 1;
    }
    access_keys
}

/// The end of a token that begins here.
fn token(text: &str, at: usize, word_end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if let Some(end) = web_token(&text[at..word_end]) {
        return Some(at + end);
    }
    let rest = &text[at..];
    let (beginning, least) = BEGINNINGS.iter().find(|(beginning, _)| rest.starts_with(beginning))?;
    let body = at + beginning.len();
    // Session tokens and keys are base64, with its own signs, which a URL writes as %2B.
    let end = run(bytes, body, |byte| is_token(byte) || is_base64(byte));
    let end = at + text[at..end].trim_end_matches(['.', '-']).len();
    // `sk-learn-something-or-other` is a name.
    let is_name = bytes[body..end].iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-');
    (end >= body + least && !(is_name && *least > 1)).then_some(end)
}

/// A JSON Web Token: `eyJ…` and at least one more part.
fn web_token(word: &str) -> Option<usize> {
    if !word.starts_with("eyJ") {
        return None;
    }
    let mut parts = word.split('.');
    let head = parts.next()?;
    let body = parts.next()?;
    let is_one = head.len() >= 12 && body.len() >= 4;
    let more: usize = parts.take(3).map(|part| part.len() + 1).sum();
    is_one.then(|| word[..head.len() + 1 + body.len() + more].trim_end_matches('.').len())
}

/// An id of an AWS access key, and no more: `AKIA`, `ASIA` and 16 of A to Z and 0 to 9.
fn is_access_key(word: &[u8]) -> bool {
    let end = word.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    end == 20
        && (word.starts_with(b"AKIA") || word.starts_with(b"ASIA"))
        && word[..20].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Secret keys of AWS: 40 characters of base64, in a text that speaks of such.
fn secret_keys(text: &str, beside_an_id: bool, found: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut speaks_of_keys = beside_an_id.then_some(true);
    let mut at = 0;
    while at < bytes.len() {
        if !is_base64(bytes[at]) || bytes[at] == b'=' {
            at += 1;
            continue;
        }
        let end = run(bytes, at, |byte| is_base64(byte) && byte != b'=');
        let word = &bytes[at..end];
        let has = |is: fn(&u8) -> bool| word.iter().any(is);
        if word.len() == 40
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && (has(u8::is_ascii_digit) || has(|byte| matches!(byte, b'+' | b'/')))
            && *speaks_of_keys
                .get_or_insert_with(|| contains_ci(text, b"secret") || contains_ci(text, b"aws"))
        {
            found.push(at..end);
        }
        at = end;
    }
}

/// From the key's beginning to its end, or to the end of the text.
fn private_key(text: &str, at: usize) -> Option<Span> {
    let rest = &text[at..];
    let head = rest[11..].find("-----").map(|end| &rest[..11 + end])?;
    if !head.contains("PRIVATE KEY") || head.len() > 60 {
        return None;
    }
    let end = rest.find("-----END ").map_or(text.len(), |foot| {
        let foot = at + foot + 9;
        text[foot..].find("-----").map_or(text.len(), |end| foot + end + 5)
    });
    Some(at..end)
}

/// The end of a password's hash: bcrypt, `crypt`, Argon2, scrypt.
fn hash(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let kinds = ["$2a$", "$2b$", "$2y$", "$2x$", "$1$", "$5$", "$6$", "$y$", "$apr1$", "$argon2", "$scrypt$"];
    if !kinds.iter().any(|kind| rest.starts_with(kind)) {
        return None;
    }
    let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"$./=,+-".contains(b)).count();
    let hash = rest[..len].trim_end_matches(['.', ',']);
    (hash.len() >= 20 && hash.matches('$').count() >= 3).then_some(at + hash.len())
}

/// A line of nothing but base64, as long as PEM's: a key's, whose beginning may not be here.
fn whole_line(text: &str, found: &mut Vec<Span>) {
    let mut start = 0;
    for line in text.split('\n') {
        let bare = line.trim();
        if (60..=76).contains(&bare.len()) && bare.bytes().all(is_base64) {
            let from = start + (line.len() - line.trim_start().len());
            found.push(from..from + bare.len());
        }
        start += line.len() + 1;
    }
}

/// Slack's webhooks: who has the address may write.
fn webhooks(text: &str, found: &mut Vec<Span>) {
    const HOOK: &str = "hooks.slack.com/";
    for (at, _) in text.match_indices(HOOK) {
        let start = at + HOOK.len();
        let end = run(text.as_bytes(), start, |byte| is_token(byte) || byte == b'/');
        found.push(start..end);
    }
}

fn contains_ci(text: &str, word: &[u8]) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}
