//! Text from outside, made visible before it is printed or painted: nothing in it can steer a terminal, end a
//! comment, turn the direction of reading, or hide.
//!
//! What a cluster, a tool or a file says is data. Each character that is not simply seen is told by its
//! number, in the notation of Rust: ESC is `\u{1b}`. A `\u{` that the text itself has becomes `\u{5c}u{`,
//! so that [`told`] gives back exactly what was there. For that reason the notation is made in one place
//! only, where text leaves the program: twice would be wrong.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Where a text begins to look like the notation.
const NOTATION: &str = "\\u{";

/// What is told by its number: what steers, hides, or turns the direction of reading.
fn is_told(c: char) -> bool {
    // Plain letters first: nearly all text is.
    if matches!(c, ' '..='~') {
        return false;
    }
    c.is_control()
        || matches!(c,
            // Soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul and Khmer fillers,
            // Mongolian separators.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            // Zero width space and joiners, direction marks, line and paragraph separators, direction
            // embeddings, overrides and isolates, invisible operators.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // Fillers, byte order mark, annotation anchors, shorthand format and musical controls.
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Tags and supplementary variation selectors; non-characters.
            | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// The text with its first letter as a capital, where it begins a sentence.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Is every character of the text simply seen? Line ends are not.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(is_told)
}

/// One line of text, with all that is not simply seen made visible: line ends and tabs, too.
pub fn line(text: &str) -> Cow<'_, str> {
    visible(text, |_| false)
}

/// A text of several lines: its line ends and tabs stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    visible(text, |c| matches!(c, '\n' | '\t'))
}

/// JSON whose texts are made plain by JSON's own escapes: it parses to the same. Line ends and tabs stay,
/// which JSON has only outside of its texts.
pub fn json(text: &str) -> Cow<'_, str> {
    let stays = |c: char| matches!(c, '\n' | '\t' | '\r');
    if !text.chars().any(|c| is_told(c) && !stays(c)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_told(c) && !stays(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                plain.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

fn visible(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_told(c) && !stays(c)) && !text.contains(NOTATION) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        let is_notation = c == '\\' && text[at..].starts_with(NOTATION);
        // Writing to a String cannot fail.
        if ((is_told(c) && !stays(c)) || is_notation) && write!(plain, "\\u{{{:x}}}", u32::from(c)).is_ok() {
            continue;
        }
        plain.push(c);
    }
    Cow::Owned(plain)
}

/// What a text made visible was before.
pub fn told(visible: &str) -> String {
    let mut text = String::with_capacity(visible.len());
    let mut rest = visible;
    while let Some(at) = rest.find(NOTATION) {
        text.push_str(&rest[..at]);
        let number = &rest[at + NOTATION.len()..];
        let read = number.find('}').and_then(|end| {
            let c = u32::from_str_radix(&number[..end], 16).ok().and_then(char::from_u32)?;
            Some((c, end))
        });
        if let Some((c, end)) = read {
            text.push(c);
            rest = &number[end + 1..];
        } else {
            text.push_str(NOTATION);
            rest = number;
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_or_hides_is_told_by_its_number() {
        for (text, expected) in [
            ("\u{1b}]52;c;cm0=\u{7}", r"\u{1b}]52;c;cm0=\u{7}"),
            ("\u{9b}31m\u{9d}0;x\u{9c}", r"\u{9b}31m\u{9d}0;x\u{9c}"),
            ("a\u{8}b\rc\nd\te\u{7f}", r"a\u{8}b\u{d}c\u{a}d\u{9}e\u{7f}"),
            (
                "\u{202e}gpj\u{202c} \u{2066}\u{2069} \u{200e}\u{200f}\u{61c}",
                r"\u{202e}gpj\u{202c} \u{2066}\u{2069} \u{200e}\u{200f}\u{61c}",
            ),
            ("a\u{2028}b\u{2029}c\u{85}d", r"a\u{2028}b\u{2029}c\u{85}d"),
            ("lo\u{200b}ft\u{feff}\u{2060}\u{ad}", r"lo\u{200b}ft\u{feff}\u{2060}\u{ad}"),
            ("x\u{e0041}\u{e007f}", r"x\u{e0041}\u{e007f}"),
            (r"C:\users \u{1b}", r"C:\users \u{5c}u{1b}"),
            ("plain: ü, 中文, 🚒, العربية, é", "plain: ü, 中文, 🚒, العربية, é"),
        ] {
            assert_eq!(line(text), expected);
            assert_eq!(told(expected), text);
        }
        assert_eq!(lines("a\n\tb\r\u{1b}"), "a\n\tb\\u{d}\\u{1b}");
        assert!(is_plain("arn:aws:eks:us-east-1:1:cluster/x") && !is_plain("a\nb") && !is_plain("a\u{202e}"));
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({ "a": "\u{1b}[1m\u{9b}\u{202e}\u{2028}\u{7f}\u{e0041}\n\tü\\u{1b}" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let plain = json(&text);
        assert!(plain.chars().all(|c| c == '\n' || !is_told(c)), "{plain}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).unwrap(), value);
    }

    proptest! {
        #[test]
        fn every_text_is_plain_afterwards_and_can_be_told(text in any::<String>(), odd in "(\\\\u\\{|\\\\|u|1b\\}|\u{1b}|\n|x){0,20}") {
            for text in [text, odd] {
                let visible = line(&text);
                prop_assert!(is_plain(&visible));
                prop_assert_eq!(told(&visible), text);
            }
        }
    }
}
