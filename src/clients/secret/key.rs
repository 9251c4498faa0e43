//! Names of secrets: `password`, `AWS_SECRET_ACCESS_KEY`, `clientSecret`, `X-Amz-Security-Token`.

/// What kind of secret a name stands for, which decides how sure it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A password: whatever follows its name is one, but for a few words of prose.
    Password,
    /// A token, a key: after its name in running text often stands something else.
    Token,
    /// A header that holds credentials.
    Header,
    /// Docker's `auth`, which is a word of prose, too: only where the value is a user and a password.
    Basic,
    /// The name of a `value` that is told before it, as in a container's environment.
    Value,
}

/// The last two letters of names that may be a secret's.
const ENDS: [[u8; 2]; 31] = [
    *b"rd", *b"wd", *b"se", *b"de", *b"ss", *b"pw", *b"et", *b"en", *b"ey", *b"al", *b"ls", *b"ds", *b"re",
    *b"ig", *b"wt", *b"er", *b"sk", *b"ta", *b"sh", *b"ed", *b"ue", *b"ld", *b"ew", *b"nt", *b"at", *b"rm",
    *b"on", *b"in", *b"xt", *b"ie", *b"th",
];

/// The longest name that is looked at, in bytes; of a longer one its end.
const MAX_NAME: usize = 64;

/// What comes before `key` where it is a secret one.
const KEYS: [&str; 17] = [
    "api",
    "access",
    "private",
    "secret",
    "encryption",
    "signing",
    "session",
    "account",
    "storage",
    "shared",
    "auth",
    "license",
    "licence",
    "master",
    "client",
    "hmac",
    "deploy",
];
/// Ends of names that are written in one.
const RUN_TOGETHER: [&str; 9] = [
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "licensekey",
    "authkey",
    "masterkey",
];
/// What a name with one of these is about is no secret: an error's code, a page of a list, a reference.
const NO_SECRETS: [&str; 24] = [
    "invalid",
    "expired",
    "missing",
    "unrecognized",
    "unknown",
    "bad",
    "no",
    "wrong",
    "unexpected",
    "malformed",
    "failed",
    "next",
    "page",
    "continuation",
    "max",
    "min",
    "num",
    "existing",
    "pull",
    "public",
    "per",
    "error",
    "csrf",
    "cancellation",
];
/// After a password's name these do not change what it is.
const STILL_A_PASSWORD: [&str; 14] = [
    "hash",
    "hashed",
    "encrypted",
    "base64",
    "b64",
    "value",
    "old",
    "new",
    "current",
    "repeat",
    "confirm",
    "confirmation",
    "plain",
    "plaintext",
];

/// A name's parts in lower case: `awsSecret_Key` is `aws`, `secret`, `key`.
struct Parts {
    buffer: [u8; 2 * MAX_NAME],
    len: usize,
}

impl Parts {
    fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let bytes = &bytes[bytes.len().saturating_sub(MAX_NAME)..];
        let mut parts = Self { buffer: [0; 2 * MAX_NAME], len: 0 };
        for (at, byte) in bytes.iter().enumerate() {
            if !byte.is_ascii_alphabetic() {
                // `base64` is a word; digits elsewhere only number things.
                if byte.is_ascii_digit() && parts.is_base() {
                    parts.push(*byte);
                } else {
                    parts.divide();
                }
                continue;
            }
            let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
            let after = bytes.get(at + 1).copied().unwrap_or(b' ');
            let hump = byte.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || (before.is_ascii_uppercase() && after.is_ascii_lowercase()));
            if hump {
                parts.divide();
            }
            parts.push(byte.to_ascii_lowercase());
        }
        parts
    }

    fn is_base(&self) -> bool {
        let part = self.buffer[..self.len].rsplit(|byte| *byte == b'-').next().unwrap_or_default();
        matches!(part, b"base" | b"b" | b"base6" | b"b6")
    }

    fn push(&mut self, byte: u8) {
        self.buffer[self.len] = byte;
        self.len += 1;
    }

    fn divide(&mut self) {
        if self.len > 0 && self.buffer[self.len - 1] != b'-' {
            self.push(b'-');
        }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.buffer[..self.len]).unwrap_or_default().trim_matches('-')
    }
}

fn is_password(part: &str) -> bool {
    ["password", "passwd", "passphrase", "passcode", "pwd"].iter().any(|end| part.ends_with(end))
        || matches!(part, "pass" | "pw")
}

/// The kind of secret that a name stands for.
pub(super) fn family(name: &str) -> Option<Family> {
    let mut letters =
        name.bytes().rev().filter(u8::is_ascii_alphabetic).map(|byte| byte.to_ascii_lowercase());
    let (last, before) = (letters.next()?, letters.next().unwrap_or_default());
    // The last two letters of all that follows: most words of a log end here.
    if !ENDS.contains(&[before, last]) && last != b'b' {
        return None;
    }
    let parts = Parts::of(name);
    let mut parts = parts.text().rsplit('-');
    let (last, before) = (parts.next()?, parts.next().unwrap_or_default());
    let still = STILL_A_PASSWORD.contains(&last) && (is_password(before) || parts.clone().any(is_password));
    let family = if is_password(last) || still {
        Family::Password
    } else if matches!(last, "authorization" | "cookie") {
        Family::Header
    } else if last == "auth" && before.is_empty() {
        Family::Basic
    } else if last == "value" && before.is_empty() {
        Family::Value
    } else if is_token(last, before) {
        Family::Token
    } else {
        return None;
    };
    let speaks_of_one = family == Family::Token
        && (NO_SECRETS.contains(&before) || parts.any(|part| NO_SECRETS.contains(&part)));
    (!speaks_of_one).then_some(family)
}

fn is_token(last: &str, before: &str) -> bool {
    last.ends_with("secret")
        || last.ends_with("token")
        || RUN_TOGETHER.iter().any(|end| last.ends_with(end))
        || matches!(last, "credential" | "credentials" | "creds" | "signature" | "sig" | "jwt" | "bearer" | "psk")
        || (last == "key" && KEYS.contains(&before))
        // `client-key-data` of a kubeconfig
        || (last == "data" && before == "key")
}

/// Does a values file keep secrets under this name? In the plural, too.
pub(crate) fn holds_secrets(name: &str) -> bool {
    let singular = name.strip_suffix(['s', 'S']).unwrap_or(name);
    let is_secret = |name| matches!(family(name), Some(Family::Password | Family::Token | Family::Header));
    is_secret(name) || is_secret(singular)
}
