//! A journal's lines with their secrets masked once more, for whoever gets a copy: still lines of JSON.

use serde_json::Value;

use super::Line;
use crate::plain;

/// The lines, each with `mask` put over every text in it. What is no JSON is masked as a line.
pub fn masked(text: &str, mask: impl Fn(&str) -> String) -> String {
    let mut masked = String::with_capacity(text.len());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        masked.push_str(&plain::json(&self::line(line, &mask)));
        masked.push('\n');
    }
    masked
}

fn line(line: &str, mask: &impl Fn(&str) -> String) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(line) else { return mask(line) };
    texts(&mut value, mask);
    let by_text = value.to_string();
    // What only its name tells to be a secret, as an entry of a newer program may have it.
    let by_name = mask(&by_text);
    if kind(&by_name) == kind(line) { by_name } else { by_text }
}

fn texts(value: &mut Value, mask: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => {
            let masked = mask(text);
            if masked != *text {
                *text = masked;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| texts(value, mask)),
        Value::Object(fields) => fields.values_mut().for_each(|value| texts(value, mask)),
        _ => {}
    }
}

/// Is it still what it was to a reader?
fn kind(line: &str) -> u8 {
    match Line::read(line) {
        Some(Line::Known(_)) => 2,
        Some(Line::Newer(_)) => 1,
        _ => u8::from(serde_json::from_str::<Value>(line).is_ok()) * 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_of_json_whatever_is_masked_in_them() {
        let mask = |text: &str| text.replace("hunter2", "***").replace("\"noted\"", "gone");
        let text = concat!(
            r#"{"at":"2026-03-04T02:00:00Z","what":"noted","text":"a \"hunter2\"\nb"}"#,
            "\n\n",
            r#"{"at":"2026-03-04T02:00:00Z","what":"new","x":[{"y":"hunter2"}],"n":1.5}"#,
            "\n",
            r#"{"at":"2026-03-04T02:00:00Z","what":"no"#,
            "hunter2",
        );
        let expected = concat!(
            r#"{"at":"2026-03-04T02:00:00Z","what":"noted","text":"a \"***\"\nb"}"#,
            "\n",
            r#"{"at":"2026-03-04T02:00:00Z","what":"new","x":[{"y":"***"}],"n":1.5}"#,
            "\n",
            r#"{"at":"2026-03-04T02:00:00Z","what":"no***"#,
            "\n",
        );
        assert_eq!(masked(text, mask), expected);
    }
}
