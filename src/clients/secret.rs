//! Secrets, and keeping them out of what is shown or stored.

use std::fmt;

/// A text that is never shown: `Debug` and `Display` are `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Shorter texts are not masked: they would turn up inside ordinary words.
const MIN_MASKED_CHARS: usize = 4;

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

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

/// The text with each of the secrets masked.
pub fn redact(text: &str, secrets: &[Secret]) -> String {
    let mut redacted = text.to_owned();
    for secret in secrets {
        if secret.0.chars().count() >= MIN_MASKED_CHARS && redacted.contains(&secret.0) {
            redacted = redacted.replace(&secret.0, MASK);
        }
    }
    redacted
}

/// The text with whatever looks like a credential masked: presigned URLs' queries, EKS tokens,
/// bearer headers, AWS keys, and the password in a URL or in a MySQL data source name.
pub fn redact_credentials(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut after_bearer = false;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if after_bearer || looks_like_a_credential(bare) {
            redacted.push_str(MASK);
        } else {
            push_without_password(&mut redacted, bare);
        }
        after_bearer = bare.eq_ignore_ascii_case("bearer");
        redacted.push_str(&word[bare.len()..]);
    }
    redacted
}

fn looks_like_a_credential(word: &str) -> bool {
    let access_key = |part: &str| {
        part.len() == 20
            && (part.starts_with("AKIA") || part.starts_with("ASIA"))
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let names = |name: &str| {
        word.as_bytes().windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()))
    };
    word.contains("X-Amz-Signature=")
        || word.contains("k8s-aws-v1.")
        || names("secret_access_key=")
        || names("session_token=")
        || word.split(|c: char| !c.is_ascii_alphanumeric()).any(access_key)
}

/// What stands between a data source name's password and its address, in the words of Go's MySQL driver.
const DATA_SOURCE: [&str; 2] = ["@tcp(", "@unix("];

/// Adds a word; of a password in it, in `scheme://user:PASSWORD@host` or `user:PASSWORD@tcp(host)`, the mask.
fn push_without_password(redacted: &mut String, word: &str) {
    let mut rest = word;
    while let Some((from, to)) = password_in(rest) {
        redacted.push_str(&rest[..from]);
        redacted.push_str(MASK);
        // The `@` goes along, so that the same password is not found again.
        redacted.push_str(&rest[to..=to]);
        rest = &rest[to + 1..];
    }
    redacted.push_str(rest);
}

/// Where the first password of a word stands; what follows it is an `@`.
fn password_in(word: &str) -> Option<(usize, usize)> {
    if !word.contains('@') {
        return None;
    }
    let in_data_source = DATA_SOURCE.iter().filter_map(|mark| word.find(mark)).min().and_then(|at| {
        let before = &word[..at];
        // Where the user's name begins: after the scheme, else after a quote, else after `name=`.
        let start = match (before.find("://"), before.rfind(['"', '\'', '`']), before.find('=')) {
            (Some(scheme), ..) => scheme + 3,
            (None, Some(quote), _) => quote + 1,
            (None, None, Some(sign)) if !before[..sign].contains(':') => sign + 1,
            _ => 0,
        };
        after_colon(before, start)
    });
    let in_url = word.match_indices("://").find_map(|(scheme, mark)| {
        let start = scheme + mark.len();
        let end = word[start..].find(['/', '?', '#', '"', '\'', '`']).map_or(word.len(), |end| start + end);
        let at = start + word[start..end].rfind('@')?;
        after_colon(&word[..at], start)
    });
    [in_data_source, in_url].into_iter().flatten().min()
}

/// From the colon after the user's name to the end, where something stands there.
fn after_colon(text: &str, start: usize) -> Option<(usize, usize)> {
    let colon = start + text[start..].find(':')?;
    (colon + 1 < text.len()).then_some((colon + 1, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let secrets = [Secret::new("hunter22"), Secret::new("abc")];
        assert_eq!(redact("--password=hunter22 hunter22", &secrets), "--password=*** ***");
        assert_eq!(redact("abc", &secrets), "abc", "too short to mask");
        assert_eq!(format!("{:?} {}", secrets[0], secrets[0]), "*** ***");
    }

    #[test]
    fn what_looks_like_a_credential_is_masked() {
        for (text, expected) in [
            ("token k8s-aws-v1.aHR0cHM6Ly9 was refused", "token *** was refused"),
            ("GET https://sts/?X-Amz-Signature=0a1b failed", "GET *** failed"),
            ("Authorization: Bearer abcdef end", "Authorization: Bearer *** end"),
            ("key AKIAIOSFODNN7EXAMPLE, denied", "key *** denied"),
            ("AWS_SECRET_ACCESS_KEY=wJalr", "***"),
            ("aws sso login --profile prod", "aws sso login --profile prod"),
            ("two  spaces\tstay", "two  spaces\tstay"),
            (
                "dial mysql://kine:hunter22@tcp(db.example.com:3306)/kine failed: i/o timeout",
                "dial mysql://kine:***@tcp(db.example.com:3306)/kine failed: i/o timeout",
            ),
            ("kine:hunter22@tcp(db:3306)/kine?tls=true", "kine:***@tcp(db:3306)/kine?tls=true"),
            ("dsn=kine:h@n:t/e=r@tcp(db:3306)/kine", "dsn=kine:***@tcp(db:3306)/kine"),
            (r#"{"dsn":"kine:hunter22@unix(/run/db)","n":1}"#, r#"{"dsn":"kine:***@unix(/run/db)","n":1}"#),
            ("kine@tcp(db:3306)/kine", "kine@tcp(db:3306)/kine"),
            ("mysql://kine@tcp(db:3306)/kine", "mysql://kine@tcp(db:3306)/kine"),
            (r#"{"dsn":"kine@tcp(db:3306)"}"#, r#"{"dsn":"kine@tcp(db:3306)"}"#),
            ("kine:@tcp(db:3306)", "kine:@tcp(db:3306)"),
            (
                "GET https://me:hunter22@example.com:8443/a?b=c, 200",
                "GET https://me:***@example.com:8443/a?b=c, 200",
            ),
            ("url=\"https://me:hun@ter@example.com\" ok", "url=\"https://me:***@example.com\" ok"),
            ("a://u:one1@x,b://u:two2@y", "a://u:***@x,b://u:***@y"),
            ("https://me@example.com:8443/x", "https://me@example.com:8443/x"),
            ("https://example.com:8443/u:p@x", "https://example.com:8443/u:p@x"),
            ("image ghcr.io/loft:4.11.2@sha256:0a1b", "image ghcr.io/loft:4.11.2@sha256:0a1b"),
        ] {
            assert_eq!(redact_credentials(text), expected);
        }
    }
}
