//! Secrets by the name before them: `name=value`, JSON and YAML members, headers, flags, XML.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::Span;
use super::key::{Family, family};
use super::quoting::{Ends, bracketed, is_closing, opening, quoted, rest_of_line, word};

/// How far before a `value` its `name` is looked for, in bytes.
const NAME_REACH: usize = 160;
/// How far before a name the beginning of what Go prints of a map is looked for, in bytes.
const STRUCT_REACH: usize = 512;
/// Most spaces between a name, its sign and its value.
const MAX_SPACES: usize = 32;

/// Finds them all.
pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_name(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_name(bytes[at]) {
            at += 1;
        }
        let name = Name { text, start, end: at };
        if let Some(value) = name.value() {
            // What is masked is not looked into again: one pass, whatever the text.
            at = at.max(value.end);
            found.push(value);
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// A word that may name a secret.
#[derive(Clone, Copy)]
struct Name<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

/// The sign between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equals,
    /// With a space behind it?
    Colon(bool),
    /// `<Password>`
    Tag,
    /// `--password VALUE`, `"--password", "VALUE"`
    Flag,
    /// `password "VALUE"`
    Quote,
}

impl Name<'_> {
    fn value(self) -> Option<Span> {
        let name = &self.text[self.start..self.end];
        if let Some(value) = self.after_scheme(name) {
            return Some(value);
        }
        let family = match family(name)? {
            Family::Value => self.named_before()?,
            family => family,
        };
        let (sign, at) = self.sign(family)?;
        let value = self.value_at(family, sign, at)?;
        (!value.is_empty()).then_some(value)
    }

    fn byte(self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(b'\n')
    }

    fn spaces(self, at: usize) -> usize {
        let rest = self.text.as_bytes()[at.min(self.text.len())..].iter().take(MAX_SPACES);
        at + rest.take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// `Bearer TOKEN`, `Basic BASE64`, `-u USER:PASSWORD`, wherever they stand.
    fn after_scheme(self, name: &str) -> Option<Span> {
        let at = self.spaces(self.end);
        let is_scheme = |scheme: &str| name.eq_ignore_ascii_case(scheme) && at > self.end;
        if is_scheme("bearer") {
            let (token, _) = word(self.text, at, Ends::Space);
            let said = &self.text[token.clone()];
            let speaks_of =
                ["token", "auth", "scheme", "realm=", "error=", "credential", "or", "and", "in", "is"];
            let is_prose = speaks_of.iter().any(|start| {
                let head = said.get(..start.len()).unwrap_or_default();
                // "tokens", "authentication,": a token of letters alone is none that anybody gives out.
                let is_word = || {
                    let word = said.trim_end_matches(|c: char| c.is_ascii_punctuation());
                    word.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'))
                };
                let is_long = start.len() > 3 && (start.ends_with('=') || is_word());
                head.eq_ignore_ascii_case(start) && (is_long || said.len() == start.len())
            });
            return (!is_prose && !token.is_empty()).then_some(token);
        }
        if is_scheme("basic") {
            let (token, _) = word(self.text, at, Ends::Space);
            return is_user_and_password(&self.text[token.clone()]).then_some(token);
        }
        if matches!(name, "-u" | "--user" | "--proxy-user") {
            let at = if self.byte(self.end) == b'=' { self.end + 1 } else { at };
            let quote = opening(self.text, at).map(|quote| quoted(self.text, quote).0);
            let given = quote.unwrap_or_else(|| word(self.text, at, Ends::Space).0);
            let colon = self.text[given.clone()].find(':')?;
            return (colon > 0 && given.start + colon + 1 < given.end)
                .then_some(given.start + colon + 1..given.end);
        }
        None
    }

    /// The kind of secret that `name: NAME` before this `value` tells.
    fn named_before(self) -> Option<Family> {
        let mut from = self.start.saturating_sub(NAME_REACH);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let between = |c: char| c.is_whitespace() || "\"'`\\,;-".contains(c);
        let before = self.text[from..self.start].trim_end_matches(between);
        let head = before.trim_end_matches(|c: char| c.is_ascii() && is_name(c as u8));
        let named = family(&before[head.len()..])?;
        let head = head.trim_end_matches(between).strip_suffix([':', '='])?.trim_end_matches(between);
        let is_name = head.get(head.len().checked_sub(4)?..)?.eq_ignore_ascii_case("name");
        is_name.then_some(if named == Family::Header { named } else { Family::Password })
    }

    /// The sign after the name, and where the value begins.
    fn sign(self, family: Family) -> Option<(Sign, usize)> {
        // The end of a quoted name.
        let after = opening(self.text, self.end).map_or(self.end, |quote| quote.inside);
        let is_flag = self.byte(self.start) == b'-';
        let at = self.spaces(after);
        match self.byte(at) {
            b'=' => {
                let mut at = at + 1;
                while matches!(self.byte(at), b'=' | b'>' | b'~') {
                    at += 1;
                }
                Some((Sign::Equals, self.spaces(at)))
            }
            b':' if self.byte(at + 1) == b'=' => Some((Sign::Equals, self.spaces(at + 2))),
            // `secret://`, `token::`
            b':' if matches!(self.byte(at + 1), b':' | b'/') && self.byte(at + 2) != b' ' => None,
            b':' => {
                let value = self.spaces(at + 1);
                Some((Sign::Colon(value > at + 1), value))
            }
            b'>' if self.start > 0 && self.byte(self.start - 1) == b'<' => Some((Sign::Tag, at + 1)),
            b',' if after > self.end && is_flag => Some((Sign::Flag, self.spaces(at + 1))),
            _ if is_flag && at > self.end && after == self.end => Some((Sign::Flag, at)),
            byte if family == Family::Password && at > after && matches!(byte, b'"' | b'\'' | b'`') => {
                Some((Sign::Quote, at))
            }
            _ => None,
        }
    }

    fn value_at(self, family: Family, sign: Sign, at: usize) -> Option<Span> {
        let text = self.text;
        if sign == Sign::Tag {
            let end = text[at..].find('<').map_or(text.len(), |end| at + end);
            return Some(at..end).filter(|value| !is_literal(&text[value.clone()]));
        }
        if let Some(block) = block(text, self.start, at).filter(|_| matches!(sign, Sign::Colon(_))) {
            return Some(block);
        }
        if let Some(quote) = opening(text, at) {
            return self.in_quotes(family, quote);
        }
        if self.byte(at) == b'[' && sign != Sign::Flag {
            let (inside, end) = bracketed(text, at);
            // `token:[REDACTED]`
            let is_empty = inside.is_empty() || is_literal(&text[inside.clone()]) || end == at + 1;
            return (!is_empty).then_some(inside);
        }
        match (family, sign) {
            (Family::Header, _) => self.header(at),
            (Family::Basic, _) => {
                Some(word(text, at, Ends::Space).0).filter(|value| is_user_and_password(&text[value.clone()]))
            }
            (_, Sign::Equals) => {
                let is_query = self.start > 0 && matches!(self.byte(self.start - 1), b'?' | b'&');
                let (value, _) = word(text, at, if is_query { Ends::Query } else { Ends::List });
                Some(value).filter(|value| !is_literal(&text[value.clone()]) && !begins_object(text, value))
            }
            (_, Sign::Flag) => {
                let (value, _) = word(text, at, Ends::Space);
                let said = &text[value.clone()];
                (!said.starts_with("--") && !is_literal(said) && !is_prose(said)).then_some(value)
            }
            (_, Sign::Colon(spaced)) => self.after_colon(family, spaced, at),
            (_, Sign::Tag | Sign::Quote) => None,
        }
    }

    fn in_quotes(self, family: Family, quote: super::quoting::Quote) -> Option<Span> {
        let (inside, end) = quoted(self.text, quote);
        let said = &self.text[inside.clone()];
        if is_literal(said) || (family == Family::Basic && !is_user_and_password(said)) {
            return None;
        }
        let bytes = self.text.as_bytes();
        if end < bytes.len() && end > inside.end && !is_closing(bytes, end - 1) {
            // Not its end: a quote inside that nobody escaped, or more of a shell's word.
            let end = word(self.text, end, Ends::Space).0.end.max(inside.end);
            let is_quoted = bytes[end - 1] == quote.mark && end - 1 > inside.end;
            return Some(inside.start..if is_quoted { end - 1 } else { end });
        }
        Some(inside)
    }

    fn after_colon(self, family: Family, spaced: bool, at: usize) -> Option<Span> {
        let text = self.text;
        let (value, _) = word(text, at, Ends::List);
        let said = &text[value.clone()];
        let is_sure = family == Family::Password;
        if spaced && is_line_start(text, self.start) && (is_sure || looks_secret(said)) {
            // A member of a YAML document: its value is the whole rest of the line.
            let line = text[at..].find(['\n', '\r']).map_or(text.len(), |end| at + end);
            // A comment, too: elsewhere than in YAML it is a part of the value.
            let value = at..at + text[at..line].trim_end().len();
            return Some(value).filter(|value| !is_literal(&text[value.clone()]));
        }
        if is_literal(said) || begins_object(text, &value) {
            return None;
        }
        if !spaced {
            let is_go = !matches!(self.byte(self.end), b'"' | b'\'' | b'\\')
                && is_printed_struct(&text[..self.start]);
            return Some(if is_go { members_value(text, &value) } else { value });
        }
        let is_one = if is_sure { !is_prose(said) } else { looks_secret(said) };
        is_one.then_some(value)
    }

    /// A header's credentials, without the name of their scheme.
    fn header(self, at: usize) -> Option<Span> {
        let text = self.text;
        let name = &text[self.start..self.end];
        if name.len() >= 6 && name.get(name.len() - 6..).is_some_and(|end| end.eq_ignore_ascii_case("cookie"))
        {
            return Some(rest_of_line(text, at));
        }
        let (scheme, _) = word(text, at, Ends::Space);
        let said = &text[scheme.clone()];
        let is = |names: &[&str]| names.iter().any(|name| said.eq_ignore_ascii_case(name));
        let next = self.spaces(scheme.end);
        if is(&["digest", "aws4-hmac-sha256"]) {
            return Some(rest_of_line(text, next));
        }
        if is(&["bearer", "basic", "token", "negotiate", "ntlm", "apikey"]) {
            return Some(word(text, next, Ends::Space).0).filter(|value| !is_literal(&text[value.clone()]));
        }
        looks_secret(said).then_some(scheme)
    }
}

/// A YAML block that follows `name: |`: its lines are further in than the name's.
fn block(text: &str, name: usize, at: usize) -> Option<Span> {
    let head = text[at..].strip_prefix(['|', '>'])?.trim_start_matches(['+', '-', '0', '1', '2', '3', '4']);
    let first = head.trim_start_matches([' ', '\r']).strip_prefix('\n')?;
    let start = text.len() - first.len();
    let line = text[..name].rfind('\n').map_or(0, |end| end + 1);
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let outer = indent(&text[line..]);
    let inner = first.split_inclusive('\n').take_while(|line| line.trim().is_empty() || indent(line) > outer);
    let end = start + inner.map(str::len).sum::<usize>();
    let block = text[start..end].trim();
    let start = end - text[start..end].trim_start().len();
    (!block.is_empty()).then(|| start..start + block.len())
}

/// In what Go prints of a map or a struct, `map[password:my pass user:x]`, a value goes to the next name.
fn members_value(text: &str, first: &Span) -> Span {
    let mut line = text.len().min(first.end + STRUCT_REACH);
    while !text.is_char_boundary(line) {
        line -= 1;
    }
    let line = text[first.end..line].find('\n').map_or(line, |end| first.end + end);
    for (at, part) in
        text[first.end..line].match_indices(|c: char| c.is_ascii_whitespace() || "]}".contains(c))
    {
        let at = first.end + at;
        if part != " " {
            return first.start..at;
        }
        let next = &text[at + 1..line];
        let name = next.bytes().take(64).take_while(|byte| is_name(*byte)).count();
        if name > 0 && next.as_bytes().get(name) == Some(&b':') {
            return first.start..at;
        }
    }
    first.clone()
}

fn is_printed_struct(before: &str) -> bool {
    let mut from = before.len().saturating_sub(STRUCT_REACH);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let line = before[from..].rsplit('\n').next().unwrap_or_default();
    line.rfind("map[").max(line.rfind('{')).is_some_and(|open| !line[open + 1..].contains('}'))
}

fn is_line_start(text: &str, name: usize) -> bool {
    let before = text[..name].trim_end_matches([' ', '\t', '-', '"', '\'']);
    before.is_empty() || before.ends_with(['\n', '\r'])
}

fn begins_object(text: &str, value: &Span) -> bool {
    matches!(text.as_bytes().get(value.start), Some(b'{' | b'('))
}

/// No secret in any notation: nothing, a mask, a truth, a reference of a program to itself.
fn is_literal(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', '\\', '[', ']', '(', ')', '.', ',']);
    let is_mask = value.len() >= 3 && (value.bytes().all(|b| b == b'*') || value.bytes().all(|b| b == b'x'));
    let word = |word: &&str| value.eq_ignore_ascii_case(word);
    let begins = |start: &&str| value.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    value.is_empty()
        || is_mask
        || ["yes", "no", "true", "false", "null", "nil", "none", "~", "redacted", "hidden", "undefined"]
            .iter()
            .any(word)
        || ["<nil", "<none", "<unset", "<redacted", "<set", "<empty", "<no ", "<hidden", "<sensitive"]
            .iter()
            .any(begins)
}

/// Words that follow "password:" or "--password" in a sentence.
const PROSE: [&str; 62] = [
    "required",
    "missing",
    "empty",
    "invalid",
    "expired",
    "incorrect",
    "wrong",
    "not",
    "is",
    "was",
    "the",
    "a",
    "an",
    "must",
    "cannot",
    "can",
    "could",
    "has",
    "have",
    "should",
    "does",
    "did",
    "authentication",
    "auth",
    "error",
    "failed",
    "failure",
    "mismatch",
    "denied",
    "unauthorized",
    "unset",
    "string",
    "or",
    "and",
    "with",
    "to",
    "in",
    "for",
    "of",
    "on",
    "by",
    "from",
    "access",
    "connection",
    "context",
    "dial",
    "rpc",
    "eof",
    "unknown",
    "unexpected",
    "parse",
    "provided",
    "given",
    "too",
    "secret",
    "configmap",
    "key",
    "field",
    "flag",
    "flags",
    "unable",
    "it",
];

fn is_prose(value: &str) -> bool {
    PROSE.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Is it too odd for a word of a sentence?
fn looks_secret(value: &str) -> bool {
    let bytes = value.as_bytes();
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    let has_hump = bytes.windows(2).any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    bytes.len() >= 4
        && (has(u8::is_ascii_digit) || has_hump || bytes.len() >= 16 || has(|b| b"+/=_$!@#%^&*~".contains(b)))
}

/// Reads base64 with and without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn is_user_and_password(value: &str) -> bool {
    value.len() >= 4 && BASE64.decode(value).is_ok_and(|decoded| decoded.contains(&b':'))
}
