//! Hides secrets in objects that are about to be compared by eye, and still tells where one changes.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::clients::secret::{MASK, Secret, holds_secrets, is_secret_name, redact};

/// What kubectl keeps of what it applied: the object once more, in one line.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Both sides of an object with every secret hidden. Where a hidden text is on one side only, it says so.
pub(super) fn both(before: &Value, after: &Value, secrets: &[Secret]) -> (Value, Value) {
    let of = |object: &Value| {
        let mut hidden = Hidden::default();
        let is_secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
        let walk = Walk { secrets, is_secret };
        let masked = walk.value(object, &Place::default(), &mut hidden);
        (masked, hidden)
    };
    let ((masked_before, hidden_before), (masked_after, hidden_after)) = (of(before), of(after));
    (
        hidden_before.told(masked_before, &hidden_after, "(old)"),
        hidden_after.told(masked_after, &hidden_before, "(new)"),
    )
}

/// The texts that were hidden, with their places, in the order of the walk.
#[derive(Default)]
struct Hidden(Vec<(String, String)>);

impl Hidden {
    /// Marks those that the other side does not have at that place.
    fn told(&self, masked: Value, other: &Self, mark: &str) -> Value {
        let others: HashSet<&(String, String)> = other.0.iter().collect();
        let mut texts = self.0.iter();
        let mut line = |line: &str| {
            let Some(masked) = line.strip_prefix(HIDDEN) else { return line.to_owned() };
            let differs = texts.next().is_some_and(|text| !others.contains(text));
            if differs { format!("{masked} {mark}") } else { masked.to_owned() }
        };
        marked(masked, &mut |text: &str| text.split('\n').map(&mut line).collect::<Vec<_>>().join("\n"))
    }
}

/// Begins a line in which something was hidden, until it is told whether it changes. In no text of an API: those are free of it.
const HIDDEN: &str = "\u{0}";

fn marked(value: Value, tell: &mut impl FnMut(&str) -> String) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(key, value)| (key, marked(value, tell))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| marked(item, tell)).collect()),
        Value::String(text) if text.contains(HIDDEN) => Value::String(tell(&text)),
        other => other,
    }
}

/// Where in the object, and what its name says of it.
#[derive(Default, Clone)]
struct Place {
    path: String,
    /// Everything here is a secret.
    is_secret: bool,
}

struct Walk<'a> {
    secrets: &'a [Secret],
    /// The object is a Secret.
    is_secret: bool,
}

impl Walk<'_> {
    fn value(&self, value: &Value, place: &Place, hidden: &mut Hidden) -> Value {
        match value {
            Value::Object(members) => Value::Object(self.members(members, place, hidden)),
            Value::Array(items) => Value::Array(self.items(items, place, hidden)),
            Value::String(text) => self.text(text, place, hidden),
            Value::Number(number) if place.is_secret => self.text(&number.to_string(), place, hidden),
            other => other.clone(),
        }
    }

    fn members(
        &self,
        members: &Map<String, Value>,
        place: &Place,
        hidden: &mut Hidden,
    ) -> Map<String, Value> {
        let name = members.get("name").and_then(Value::as_str);
        let is_named = name.is_some_and(is_secret_name);
        let of = |(key, value): (&String, &Value)| {
            let is_data = self.is_secret && place.path.is_empty() && (key == "data" || key == "stringData");
            let is_secret = place.is_secret
                || is_data
                || holds_secrets(key)
                || key == LAST_APPLIED
                || (is_named && key == "value");
            let place = Place { path: format!("{}/{key}", place.path), is_secret };
            (key.clone(), self.value(value, &place, hidden))
        };
        members.iter().map(of).collect()
    }

    /// Items are told apart by their names, where they have some, else by their places.
    fn items(&self, items: &[Value], place: &Place, hidden: &mut Hidden) -> Vec<Value> {
        let mut after_flag = false;
        let of = |(index, item): (usize, &Value)| {
            let name = item.get("name").and_then(Value::as_str);
            let step = name.map_or_else(|| index.to_string(), str::to_owned);
            let is_secret = place.is_secret || after_flag;
            let flag = item.as_str().filter(|item| item.starts_with('-') && !item.contains('='));
            after_flag = flag.is_some_and(|flag| is_secret_name(flag.trim_start_matches('-')));
            self.value(item, &Place { path: format!("{}/{step}", place.path), is_secret }, hidden)
        };
        items.iter().enumerate().map(of).collect()
    }

    fn text(&self, text: &str, place: &Place, hidden: &mut Hidden) -> Value {
        // A NUL would pass for our own mark.
        let plain = text.replace(HIDDEN, "\u{fffd}");
        let masked = match place.is_secret {
            true if text.is_empty() => String::new(),
            true => MASK.to_owned(),
            false => redact(&plain, self.secrets),
        };
        if masked == plain {
            return Value::String(masked);
        }
        let keep = |text: &str, hidden: &mut Hidden| hidden.0.push((place.path.clone(), text.to_owned()));
        // Line by line, so that it is told which of them changes; a key of several lines is one.
        if masked.matches('\n').count() != plain.matches('\n').count() {
            keep(text, hidden);
            return Value::String(format!("{HIDDEN}{masked}"));
        }
        let line = |(plain, masked): (&str, &str)| {
            if plain == masked {
                return masked.to_owned();
            }
            keep(plain, hidden);
            format!("{HIDDEN}{masked}")
        };
        let lines: Vec<String> = plain.split('\n').zip(masked.split('\n')).map(line).collect();
        Value::String(lines.join("\n"))
    }
}
