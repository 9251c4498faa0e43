//! JSON patch, RFC 6902.

use serde_json::Value;

use super::PatchError;

/// Carries out the operations in order; the first that fails ends it.
pub(in super::super) fn apply(target: &mut Value, patch: &Value) -> Result<(), PatchError> {
    let operations = patch.as_array().ok_or_else(|| PatchError("a JSON patch is a list".to_owned()))?;
    for operation in operations {
        carry_out(target, operation)?;
    }
    Ok(())
}

fn carry_out(target: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let field = |name: &str| {
        operation
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| PatchError(format!("operation without {name}: {operation}")))
    };
    let value = || {
        operation
            .get("value")
            .cloned()
            .ok_or_else(|| PatchError(format!("operation without value: {operation}")))
    };
    let path = field("path")?;
    match field("op")? {
        "add" => add(target, path, value()?),
        "remove" => remove(target, path).map(|_| ()),
        "replace" => {
            let place = target.pointer_mut(path).ok_or_else(|| missing(path))?;
            *place = value()?;
            Ok(())
        }
        "move" => {
            let moved = remove(target, field("from")?)?;
            add(target, path, moved)
        }
        "copy" => {
            let from = field("from")?;
            let copied = target.pointer(from).cloned().ok_or_else(|| missing(from))?;
            add(target, path, copied)
        }
        "test" => {
            if target.pointer(path) == Some(&value()?) {
                Ok(())
            } else {
                Err(PatchError(format!("testing value {path} failed")))
            }
        }
        other => Err(PatchError(format!("unknown operation {other}"))),
    }
}

fn missing(path: &str) -> PatchError {
    PatchError(format!("there is nothing at {path}"))
}

/// The parent's pointer and the last step, unescaped.
fn split(path: &str) -> Result<(&str, String), PatchError> {
    let (parent, last) = path.rsplit_once('/').ok_or_else(|| missing(path))?;
    Ok((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, last) = split(path)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.insert(last, value);
            Ok(())
        }
        Some(Value::Array(list)) => {
            let index = if last == "-" { list.len() } else { last.parse().map_err(|_| missing(path))? };
            if index > list.len() {
                return Err(missing(path));
            }
            list.insert(index, value);
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn remove(target: &mut Value, path: &str) -> Result<Value, PatchError> {
    let (parent, last) = split(path)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.shift_remove(&last).ok_or_else(|| missing(path)),
        Some(Value::Array(list)) => match last.parse::<usize>() {
            Ok(index) if index < list.len() => Ok(list.remove(index)),
            _ => Err(missing(path)),
        },
        _ => Err(missing(path)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn follows_the_examples_of_the_rfc() {
        // RFC 6902, appendix A; `None`: must fail
        for (original, operation, expected) in [
            (json!({"a": 1}), json!({"op": "add", "path": "/b", "value": 2}), Some(json!({"a": 1, "b": 2}))),
            (
                json!(["a", "c"]),
                json!({"op": "add", "path": "/1", "value": "b"}),
                Some(json!(["a", "b", "c"])),
            ),
            (json!(["a"]), json!({"op": "add", "path": "/-", "value": "b"}), Some(json!(["a", "b"]))),
            (json!(["a"]), json!({"op": "add", "path": "/3", "value": "b"}), None),
            (json!({"a": 1, "b": 2}), json!({"op": "remove", "path": "/b"}), Some(json!({"a": 1}))),
            (json!({"a": 1}), json!({"op": "remove", "path": "/b"}), None),
            (json!({"a": 1}), json!({"op": "replace", "path": "/a", "value": 2}), Some(json!({"a": 2}))),
            (json!({"a": 1}), json!({"op": "replace", "path": "/b", "value": 2}), None),
            (json!({"a": 1}), json!({"op": "move", "from": "/a", "path": "/b"}), Some(json!({"b": 1}))),
            (
                json!({"a": 1}),
                json!({"op": "copy", "from": "/a", "path": "/b"}),
                Some(json!({"a": 1, "b": 1})),
            ),
            (json!({"a/b": 1}), json!({"op": "test", "path": "/a~1b", "value": 1}), Some(json!({"a/b": 1}))),
            (json!({"a": 1}), json!({"op": "test", "path": "/a", "value": 2}), None),
            (json!({}), json!({"op": "sing", "path": "/a"}), None),
        ] {
            let mut target = original.clone();
            let outcome = apply(&mut target, &json!([operation.clone()])).ok().map(|()| target);
            assert_eq!(outcome, expected, "{original} with {operation}");
        }
    }
}
