//! What Helm makes of a file is written down here as the real one did it; `tests/values_as_helm.rs` asks it.

use serde_json::json;

use super::*;

fn values(text: &str) -> Value {
    Value::Object(read(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}")).values)
}

#[test]
fn later_documents_and_later_keys_win() {
    for (text, expected) in [
        ("a: 1\n---\na: 2\nb: {c: 1}\n---\nb: {d: 2}\n", json!({"a": 2, "b": {"c": 1, "d": 2}})),
        ("a: 1\n---\n\n---\n# only\n---\nnull\n---\na: 3", json!({"a": 3})),
        ("---\na: 1\n---   # comment\na: 2\n", json!({"a": 2})),
        ("a: {x: 1}\na: {z: 2}\n", json!({"a": {"z": 2}})),
        ("a: {x: 1}\n---\na: ~\n", json!({"a": null})),
        ("a: 1\n...\na: 2\n", json!({"a": 1})),
        ("\u{feff}a: 1\r\nb: yes\r\n---\r\nb: no\r\n", json!({"a": 1, "b": false})),
        ("", json!({})),
    ] {
        assert_eq!(values(text), expected, "{text:?}");
    }
    assert_eq!(read("a: 1\n---\n\n---\nb: 2").unwrap().documents, 2);
}

#[test]
fn a_merge_goes_over_what_stands_before_it() {
    let base = "base: &b {x: 1, z: 2}\nother: &o {x: 7, w: 3}\n";
    for (text, expected) in [
        ("m: {x: 9, <<: *b}", json!({"x": 1, "z": 2})),
        ("m: {<<: *b, x: 9}", json!({"x": 9, "z": 2})),
        ("m: {<<: [*b, *o]}", json!({"x": 1, "w": 3, "z": 2})),
        ("m: {\"<<\": 1}", json!({"<<": 1})),
    ] {
        assert_eq!(values(&format!("{base}{text}"))["m"], expected, "{text}");
    }
    assert!(read("m: {<<: 1}").is_err());
}

#[test]
fn words_are_what_go_yaml_takes_them_for() {
    for (word, expected) in [
        ("on", json!(true)),
        ("n", json!(false)),
        ("~", json!(null)),
        ("010", json!(8)),
        ("08", json!(8.0)),
        ("0o17", json!(15)),
        ("0x1F", json!(31)),
        ("-0b11", json!(-3)),
        ("1_000", json!(1000)),
        ("+5", json!(5)),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("3.", json!(3.0)),
        ("18446744073709551615", json!(u64::MAX)),
        ("1:30", json!("1:30")),
        ("2020-01-01", json!("2020-01-01")),
        ("us-east-1", json!("us-east-1")),
        ("+", json!("+")),
        ("--5", json!("--5")),
        ("0x", json!("0x")),
        ("1e400", json!("1e400")),
        ("\"on\"", json!("on")),
        ("'3'", json!("3")),
        ("!!str 12", json!("12")),
        ("!foo 12", json!("12")),
        ("!!int \"3\"", json!(3)),
        ("!!float 3", json!(3.0)),
        ("!!binary aGk=", json!("hi")),
        ("|\n  text", json!("text\n")),
    ] {
        assert_eq!(values(&format!("a: {word}"))["a"], expected, "{word}");
    }
    assert_eq!(values("1: a\ntrue: b\nyes: c"), json!({"1": "a", "true": "c"}));
}

#[test]
fn what_programs_could_read_differently_is_refused() {
    for (text, line) in [
        ("a: 1\n---x\na: 2\n", 2),
        ("a: 1\n--- {a: 2}\n", 2),
        ("a: |\n  text\n---\n  more\nb: 1\n", 4),
        ("%YAML 1.1\n---\na: 1\n", 1),
        ("a: 1\n---\n- x\n", 3),
        ("a: x\u{2028}b: y", 1),
        ("a: .inf", 1),
        ("a: !!int x", 1),
        ("~: a", 1),
        ("a: *b", 1),
        ("a: &a [*a]", 1),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.line >= 1 && error.line.abs_diff(line) <= 1, "{text:?}: {error:?}");
    }
}

#[test]
fn what_repeats_itself_is_bounded() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let before = format!("*a{}", n - 1);
        laughs += &format!("a{n}: &a{n} [{}]\n", [before.as_str(); 9].join(", "));
    }
    assert_eq!(read(&laughs).unwrap_err().what, TOO_MUCH);
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(500_000), ["*a"; 50].join(", "));
    assert_eq!(read(&long).unwrap_err().what, TOO_MUCH);
    let deep = format!("a: {}", "[".repeat(5000));
    assert!(read(&deep).is_err());
}
