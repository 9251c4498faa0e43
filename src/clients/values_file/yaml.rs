//! YAML as Helm reads a values file: the rules of `sigs.k8s.io/yaml` (go-yaml v2) and of apimachinery's
//! `YAMLReader`, which are neither YAML 1.1 nor 1.2.
//!
//! - Documents are parted by lines that begin with `---`, wherever those stand; of each part the first document
//!   counts. Later ones are merged over earlier ones, member by member.
//! - Of equal keys the last one wins, whole. `<<` takes its place in that order, so that it goes over what stands
//!   before it.
//! - `yes`, `on` and `n` are booleans, `010` is eight, `1_000` a thousand.
//!
//! What Helm refuses may be taken here, never the other way round with another meaning: where two readers could
//! differ, the file is refused. A test compares it to the real `helm`.

use std::collections::HashMap;

use base64::Engine as _;
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Map, Number, Value};

/// Values in one document, those that aliases repeat included. A real file has some hundred.
const MAX_NODES: usize = 100_000;
/// How deep values may lie in one another.
const MAX_DEPTH: usize = 100;
/// Line ends of YAML 1.1, which go-yaml heeds and others do not.
const OTHER_LINE_ENDS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
const CORE: &str = "tag:yaml.org,2002:";

/// What a values file says.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Its settings, all documents merged.
    pub(super) values: Map<String, Value>,
    /// How many documents have settings.
    pub(super) documents: usize,
}

/// Why it cannot be read. Never quotes the file.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// In a phrase.
    pub(crate) what: &'static str,
    /// The line, from 1.
    pub(crate) line: usize,
}

const NO_YAML: &str = "is no YAML: it cannot be read";
const TOO_MUCH: &str = "is too large: it has more values than a values file has";

/// Reads a file's text.
pub(super) fn read(text: &str) -> Result<Read, Unreadable> {
    if let Some(at) = text.find(OTHER_LINE_ENDS) {
        let what = "holds a line end (U+0085, U+2028 or U+2029) that programs read differently";
        return Err(Unreadable { what, line: line_of(text, at) });
    }
    let mut read = Read::default();
    for part in parts(text)? {
        match first_document(&part.text).map_err(|error| error.after(part.first_line))? {
            Value::Null => {}
            Value::Object(map) => {
                read.documents += usize::from(!map.is_empty());
                merge(&mut read.values, map);
            }
            _ => {
                let what = "is no values file: it has no settings at its top";
                return Err(Unreadable { what, line: part.first_line });
            }
        }
    }
    Ok(read)
}

/// The documents of a manifest of Helm's, empty ones left out.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, Unreadable> {
    let mut documents = Vec::new();
    for part in parts(text)? {
        let document = first_document(&part.text).map_err(|error| error.after(part.first_line))?;
        if !document.is_null() {
            documents.push(document);
        }
    }
    Ok(documents)
}

/// A value in quotes that the chart may print without them: the number that it then is.
pub(super) fn number(text: &str) -> Option<f64> {
    match plain(text) {
        Plain::Int(number) => Some(number as f64),
        Plain::Unsigned(number) => Some(number as f64),
        Plain::Float(number) => Some(number),
        _ => None,
    }
}

/// A part of the file between two separators.
struct Part {
    text: String,
    first_line: usize,
}

fn parts(text: &str) -> Result<Vec<Part>, Unreadable> {
    let mut parts = vec![Part { text: String::new(), first_line: 1 }];
    for (index, line) in text.lines().enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(rest) = line.strip_prefix("---") {
            if !matches!(rest.trim_start().chars().next(), None | Some('#')) {
                let what = "has a line that begins with --- and goes on, which Helm refuses";
                return Err(Unreadable { what, line: index + 1 });
            }
            if parts.last().is_some_and(|part| !part.text.is_empty()) {
                parts.push(Part { text: String::new(), first_line: index + 2 });
                continue;
            }
        }
        if let Some(part) = parts.last_mut() {
            part.text.push_str(line);
            part.text.push('\n');
        }
    }
    Ok(parts)
}

/// The members of `over` go over those of `base`, maps into maps.
fn merge(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => merge(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

impl Unreadable {
    fn at(span: &Span) -> Self {
        Self { what: NO_YAML, line: span.start.line() }
    }

    /// Of a part that begins at this line of the file.
    fn after(self, first_line: usize) -> Self {
        Self { line: self.line.max(1) + first_line - 1, ..self }
    }
}

impl From<ScanError> for Unreadable {
    fn from(error: ScanError) -> Self {
        Self { what: NO_YAML, line: error.marker().line() }
    }
}

fn first_document(text: &str) -> Result<Value, Unreadable> {
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut document = Document {
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        nodes: 0,
    };
    loop {
        match document.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Value::Null),
            (event, span) => return document.node(event, &span, 0),
        }
    }
}

/// A document on its way from events to values.
struct Document<I> {
    events: I,
    /// What stands at an anchor, and how many values that is.
    anchors: HashMap<usize, (Value, usize)>,
    nodes: usize,
}

impl<'a, I: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> Document<I> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Unreadable> {
        let end = || Unreadable { what: NO_YAML, line: 1 };
        self.events.next().ok_or_else(end)?.map_err(Unreadable::from)
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Result<(), Unreadable> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(Unreadable { what: TOO_MUCH, ..Unreadable::at(span) });
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Value, Unreadable> {
        if depth > MAX_DEPTH {
            return Err(Unreadable { what: TOO_MUCH, ..Unreadable::at(span) });
        }
        let before = self.nodes;
        self.count(1, span)?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                // Aliases could repeat one long text as well as many short ones.
                self.count(text.len() / 64, span)?;
                (scalar(&text, style, tag.as_deref()).ok_or_else(|| Unreadable::at(span))?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.sequence(depth)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping(depth)?, anchor),
            Event::Alias(id) => {
                // Not there yet: an anchor within itself.
                let (value, nodes) = self.anchors.get(&id).ok_or_else(|| Unreadable::at(span))?;
                let (value, nodes) = (value.clone(), *nodes);
                self.count(nodes, span)?;
                (value, 0)
            }
            _ => return Err(Unreadable::at(span)),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), self.nodes - before));
        }
        Ok(value)
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Value::Array(items));
            }
            items.push(self.node(event, &span, depth + 1)?);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut map = Map::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Value::Object(map));
            }
            if is_merge(&event) {
                let (event, span) = self.next()?;
                let merged = self.node(event, &span, depth + 1)?;
                // Of several the first one goes last, over the others.
                let all = match merged {
                    Value::Array(all) => all,
                    one => vec![one],
                };
                for one in all.into_iter().rev() {
                    let Value::Object(one) = one else { return Err(Unreadable::at(&span)) };
                    map.extend(one);
                }
                continue;
            }
            let key = self.node(event, &span, depth + 1)?;
            let key = key_text(key).ok_or_else(|| Unreadable::at(&span))?;
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth + 1)?;
            map.insert(key, value);
        }
    }
}

fn is_merge(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, style, _, tag) if text == "<<" && match tag {
        None => *style == ScalarStyle::Plain,
        Some(tag) => tag.suffix_in_namespace(CORE).as_deref() == Some("merge"),
    })
}

/// A key as JSON has it; `None` for what Helm takes for none.
fn key_text(key: Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `None` where the tag does not fit, or JSON has no such value.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Option<Value> {
    let of_text = || Some(Value::String(text.to_owned()));
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain { plain(text).value(text) } else { of_text() };
    };
    let found = plain(text);
    match tag.suffix_in_namespace(CORE).as_deref() {
        Some("binary") => {
            let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let bytes = base64::engine::general_purpose::STANDARD.decode(plain).ok()?;
            String::from_utf8(bytes).ok().map(Value::String)
        }
        Some("null") => matches!(found, Plain::Null).then_some(Value::Null),
        Some("bool") => matches!(found, Plain::Bool(_)).then(|| found.value(text)).flatten(),
        Some("int") => {
            matches!(found, Plain::Int(_) | Plain::Unsigned(_)).then(|| found.value(text)).flatten()
        }
        Some("float") => match found {
            Plain::Int(number) => Number::from_f64(number as f64).map(Value::Number),
            Plain::Float(_) => found.value(text),
            _ => None,
        },
        _ => of_text(),
    }
}

/// What a word without quotes and tag is.
#[derive(Clone, Copy)]
enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    /// Dates too: they stay texts.
    Text,
}

impl Plain {
    /// `None` for infinity, which JSON does not have.
    fn value(self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(number) => Value::Number(number.into()),
            Self::Unsigned(number) => Value::Number(number.into()),
            Self::Float(number) => Value::Number(Number::from_f64(number)?),
            Self::Text => Value::String(text.to_owned()),
        })
    }
}

fn plain(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Plain::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Plain::Bool(false);
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Plain::Float(f64::NAN),
        _ => {}
    }
    let float = |text: &str| {
        let parsed = is_float(text).then(|| text.parse().ok()).flatten();
        parsed.filter(|number: &f64| number.is_finite()).map_or(Plain::Text, Plain::Float)
    };
    match text.as_bytes()[0] {
        b'.' => float(text),
        b'+' | b'-' | b'0'..=b'9' => {
            let digits = text.replace('_', "");
            integer(&digits).unwrap_or_else(|| float(&digits))
        }
        _ => Plain::Text,
    }
}

/// An integer as Go's `ParseInt` takes it with base 0.
fn integer(text: &str) -> Option<Plain> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, bare) = match lower.as_bytes() {
        [b'0', b'x', _, ..] => (16, &digits[2..]),
        [b'0', b'o', _, ..] => (8, &digits[2..]),
        [b'0', b'b', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // Rust's own parser takes a second sign.
    if !bare.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(bare, base).ok()? * sign;
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => Some(Plain::Int(number)),
        (_, Ok(number)) if text == digits => Some(Plain::Unsigned(number)),
        _ => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    digits(whole)
        && digits(part)
        && !(whole.is_empty() && part.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
