//! Text for Markdown: what comes from outside is shown as it is, and is never markup.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior};
use serde::Serialize;

use crate::plain;

const NAME: &str = "report.md.j2";
const TEMPLATE: &str = include_str!("../../../assets/report/report.md.j2");

/// What is markup wherever it stands.
const ACTIVE: &str = "\\`*_[]<>&~|$^{}#";
/// What is markup at the beginning of a block.
const AT_FIRST: &str = "+-=:!@%\"'(";

/// The report's Markdown.
pub(super) fn render(view: &impl Serialize) -> Result<String, Error> {
    let text = environment(TEMPLATE)?.get_template(NAME)?.render(Value::from(Serde(view)))?;
    // A part that is left out leaves its empty lines.
    let mut tidy = String::with_capacity(text.len());
    let (mut empty, mut fence) = (false, None::<String>);
    for line in text.lines() {
        let marks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            None if marks.len() >= 3 => fence = Some(marks),
            Some(open) if line == open => fence = None,
            _ => {}
        }
        if line.is_empty() && empty && fence.is_none() {
            continue;
        }
        empty = line.is_empty();
        tidy.push_str(line);
        tidy.push('\n');
    }
    Ok(tidy)
}

pub(super) fn environment(template: &str) -> Result<Environment<'_>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(escaped);
    environment
        .add_filter("fence", |text: &str, language: &str| Value::from_safe_string(fence(text, language)));
    environment.add_template(NAME, template)?;
    Ok(environment)
}

/// Every value goes through here on its way out.
fn escaped(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), Error> {
    let text = value.to_string();
    let text = if value.is_safe() { text } else { escape(&text) };
    out.write_str(&text).map_err(Error::from)
}

/// A text in a line of Markdown, of which a reader sees exactly [`plain::line`] of it.
pub(super) fn escape(text: &str) -> String {
    let text = plain::line(text);
    let inside = text.trim_matches(|c: char| c.is_whitespace());
    if inside.is_empty() {
        return text.chars().map(entity).collect();
    }
    let at = inside.as_ptr() as usize - text.as_ptr() as usize;
    let (before, after) = (&text[..at], &text[at + inside.len()..]);
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.extend(before.chars().map(entity));
    // "1." and "1)" begin a list.
    let digits = inside.len() - inside.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    for (at, c) in inside.char_indices() {
        let begins = at == 0 && AT_FIRST.contains(c) || at == digits && digits > 0 && ".)".contains(c);
        if ACTIVE.contains(c) || begins {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped.extend(after.chars().map(entity));
    escaped
}

/// A space at an end would be taken away, or be markup.
fn entity(c: char) -> String {
    format!("&#{};", u32::from(c))
}

/// A text of several lines between fences that are longer than any in it.
pub(super) fn fence(text: &str, language: &str) -> String {
    let text = plain::lines(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}")
}
