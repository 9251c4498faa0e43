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
/// bearer headers, AWS keys.
pub fn redact_credentials(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .scan(false, |after_bearer, word| {
            let bare = word.trim_end();
            let secret = *after_bearer || looks_like_a_credential(bare);
            *after_bearer = bare.eq_ignore_ascii_case("bearer");
            let end = &word[bare.len()..];
            Some(if secret { format!("{MASK}{end}") } else { word.to_owned() })
        })
        .collect()
}

fn looks_like_a_credential(word: &str) -> bool {
    let access_key = |part: &str| {
        part.len() == 20
            && (part.starts_with("AKIA") || part.starts_with("ASIA"))
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    word.contains("X-Amz-Signature=")
        || word.contains("k8s-aws-v1.")
        || word.to_ascii_lowercase().contains("secret_access_key=")
        || word.to_ascii_lowercase().contains("session_token=")
        || word.split(|c: char| !c.is_ascii_alphanumeric()).any(access_key)
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
        ] {
            assert_eq!(redact_credentials(text), expected);
        }
    }
}
