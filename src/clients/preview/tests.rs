//! What is shown of a change: all of it that differs, nothing of it that is secret.

use std::collections::BTreeSet;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::runbook::fact::{Change, ObjectChange, Sign};

fn changed(before: &Value, after: &Value) -> ObjectChange {
    let secrets = known_secrets([before, after]).unwrap();
    let id = ObjectId::of(if after.is_null() { before } else { after });
    let change = match (before.is_null(), after.is_null()) {
        (true, _) => Change::Added,
        (_, true) => Change::Removed,
        _ => Change::Changed,
    };
    let compared =
        Compared { id, change, before: before.clone(), after: after.clone(), ..Compared::default() };
    compare(compared, &secrets)
}

fn text(change: &ObjectChange) -> String {
    let lines = change.lines.iter().map(|line| format!("{}{}", line.sign.mark(), line.text));
    lines.chain([String::new()]).collect::<Vec<_>>().join("\n")
}

fn deployment(replicas: u32, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "loft", "namespace": "n", "uid": "u", "generation": replicas, "resourceVersion": image },
        "spec": { "replicas": replicas, "template": { "spec": { "containers": [{ "name": "manager", "image": image }] } } },
        "status": { "replicas": replicas },
    })
}

#[test]
fn a_difference_tells_what_the_object_wants_and_nothing_that_the_server_writes() {
    let change = changed(&deployment(0, "a:1"), &deployment(3, "a:2"));
    assert_eq!((change.added, change.removed, change.cut), (2, 2, 0));
    let text = text(&change);
    for line in ["-  replicas: 0\n", "+  replicas: 3\n", "image: a:1\n", "image: a:2\n"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("uid") && !text.contains("status"), "{text}");
    assert_eq!(change.effect.as_deref(), Some("its pods are replaced, one after another; 0 → 3 pods"));
    let server_only = Compared {
        before: deployment(3, "a:1"),
        after: {
            let mut it = deployment(3, "a:1");
            it["metadata"]["resourceVersion"] = json!("9");
            it
        },
        ..Compared::default()
    };
    assert!(!is_of_interest(&server_only));
    assert!(is_of_interest(&Compared { refused: Some("no".to_owned()), ..server_only }));
}

#[test]
fn what_is_new_or_goes_is_told_line_by_line() {
    let (new, gone) =
        (changed(&Value::Null, &deployment(3, "a:1")), changed(&deployment(3, "a:1"), &Value::Null));
    assert!(new.added > 8 && new.removed == 0 && new.lines.iter().all(|line| line.sign == Sign::Added));
    assert_eq!((gone.added, gone.removed), (0, new.added));
    assert_eq!(gone.effect.as_deref(), Some("its pods are deleted"));
}

/// An object with secrets wherever a release has some.
fn with_secrets(secret: &str) -> Vec<Value> {
    let encoded = STANDARD.encode(secret);
    vec![
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": format!("{{\"data\":{{\"x\":\"{encoded}\"}}}}") } },
            "data": { "x": encoded }, "stringData": { "second": secret } }),
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" },
            "data": { "plain.yaml": format!("a: 1\nadmin:\n  password: {secret}\n"), "token": secret,
                "again": format!("the same once more: {secret}") } }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "d" }, "spec": { "template": {
            "spec": { "containers": [{ "name": "m", "args": ["--password", secret, "--x"], "env": [
                { "name": "ADMIN_PASSWORD", "value": secret },
                { "name": "DATASOURCE", "value": format!("mysql://kine:{secret}@tcp(db:3306)/kine") }] }] } } } }),
    ]
}

#[test]
fn no_secret_is_shown_and_each_that_changes_is_told_by_its_place() {
    let (old, new) = ("canary-Old-17", "canary-New-18");
    let both: Vec<(Value, Value)> = with_secrets(old).into_iter().zip(with_secrets(new)).collect();
    let secrets = known_secrets(both.iter().flat_map(|(old, new)| [old, new])).unwrap();
    for (before, after) in both {
        let id = ObjectId::of(&before);
        let kind = id.kind.clone();
        let change = compare(Compared { id, before, after, ..Compared::default() }, &secrets);
        let text = text(&change);
        assert!(!text.contains("canary"), "{text}");
        for secret in [old, new] {
            assert!(!text.contains(&STANDARD.encode(secret)), "{text}");
        }
        let places = match kind.as_str() {
            "Secret" => ["x: ", "second: ", "last-applied-configuration: "],
            "ConfigMap" => ["token: ", "again: ", "plain.yaml: "],
            _ => ["- ", "ADMIN_PASSWORD", "DATASOURCE"],
        };
        for place in places {
            assert!(text.contains(place), "{place}: {text}");
        }
        assert!(text.contains("(old)") && text.contains("(new)"), "{text}");
        assert_eq!(change.added, change.removed, "{text}");
        assert!(change.added >= 3, "each change is told: {text}");
    }
}

#[test]
fn secrets_that_stay_are_hidden_without_a_word() {
    for (before, mut after) in with_secrets("canary-17").into_iter().zip(with_secrets("canary-17")) {
        after["metadata"]["labels"] = json!({ "a": "b" });
        let text = text(&changed(&before, &after));
        assert!(!text.contains("canary") && !text.contains("(new)"), "{text}");
        assert!(text.contains("+    a: b"), "{text}");
    }
}

#[test]
fn secrets_that_change_their_places_are_told() {
    let secret = |a: &str, b: &str| json!({ "kind": "Secret", "stringData": { "a": a, "b": b } });
    let change = changed(&secret("first-1", "second-2"), &secret("second-2", "first-1"));
    assert_eq!((change.added, change.removed), (2, 2), "{}", text(&change));
}

#[test]
fn sizes_are_bounded_and_what_is_cut_is_counted() {
    let map = |from: usize, count: usize| {
        let data: serde_json::Map<_, _> =
            (from..from + count).map(|n| (format!("key{n:06}"), json!(format!("v{from}")))).collect();
        json!({ "kind": "ConfigMap", "data": data })
    };
    let change = changed(&map(0, 2_000), &map(1, 2_000));
    assert_eq!(change.lines.len(), MAX_LINES);
    assert!(change.cut > 3_000 && change.added >= 2_000, "{} {}", change.cut, change.added);
    let huge = changed(&map(0, 15_000), &map(1, 15_000));
    assert!(huge.lines.is_empty() && huge.cut > 30_000);
    let many: Vec<Value> =
        (0..600).map(|n| json!({ "kind": "Secret", "stringData": { "a": format!("secret-{n}") } })).collect();
    assert_eq!(known_secrets(&many).unwrap_err(), 600);
}

#[test]
fn keys_of_the_release_that_no_file_sets_are_told_and_never_values() {
    let release = json!({ "admin": { "password": "canary", "email": "a@b" }, "env": { "A.B": 1 }, "list": [1],
        "empty": {}, "replicaCount": 3 });
    let file = json!({ "replicaCount": 5, "admin": { "email": "c@d" }, "list": [] });
    let lost = lost(&paths(&release), &paths(&file));
    assert_eq!(lost.keys, ["admin.password", "empty", "env.A\\.B"]);
    assert_eq!(lost.more, 0);
    let many: BTreeSet<String> = (0..100).map(|n| format!("k{n:03}")).collect();
    let lost = super::lost(&many, &BTreeSet::new());
    assert_eq!((lost.keys.len(), lost.more), (MAX_KEYS, 100 - MAX_KEYS));
}

const MANIFEST: &str = "---\n# Source: c/a.yaml\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n---\n\n---\n\
    apiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {on: 'yes'}}\n\
    - {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n";

#[test]
fn a_manifests_objects_are_found_those_of_lists_too() {
    let names: Vec<String> = parse(MANIFEST).unwrap().iter().map(|it| ObjectId::of(it).name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    for wrong in
        ["password: hunter22\n", "- hunter22\n", "a: [hunter22\n", "kind: A\napiVersion: v1\nmetadata: {}\n"]
    {
        let why = parse(wrong).unwrap_err();
        assert!(!why.message.contains("hunter22"), "{}", why.message);
    }
}

#[test]
fn a_record_is_read_with_a_limit_and_never_quoted() {
    let record = json!({ "manifest": MANIFEST, "version": 3, "apply_method": "ssa", "config": { "a": 1 },
        "hooks": [{ "manifest": "apiVersion: v1\nkind: Pod\nmetadata: {name: h}\n", "events": ["pre-upgrade"] }] });
    let pack = |bytes: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).unwrap();
        STANDARD.encode(STANDARD.encode(gzip.finish().unwrap()))
    };
    let read = parse_record(&pack(record.to_string().as_bytes())).unwrap();
    assert_eq!((read.objects.len(), read.hooks.len(), read.revision, read.server_side), (3, 1, 3, true));
    let bomb = pack(&vec![b' '; crate::clients::MAX_ANSWER_BYTES + 10]);
    for data in ["", "hunter22", &pack(b"{\"manifest\": \"hunter22"), &bomb] {
        let why = parse_record(data).unwrap_err();
        assert!(!why.message.contains("hunter22") && !why.message.is_empty());
    }
    assert!(parse_dry_run(b"hunter22").unwrap_err().message.contains("dry run"));
    let noisy = format!("Release \"loft\" does not exist. Installing it now.\n{record}");
    assert_eq!(parse_dry_run(noisy.as_bytes()).unwrap().objects.len(), 3);
}

#[test]
fn manifests_are_put_side_by_side_whatever_version_and_namespace_is_written() {
    let of = |version: &str, namespace: Option<&str>, name: &str| {
        let mut object = json!({ "apiVersion": version, "kind": "X", "metadata": { "name": name } });
        if let Some(namespace) = namespace {
            object["metadata"]["namespace"] = json!(namespace);
        }
        object
    };
    let old = vec![of("g/v1", None, "a"), of("g/v1", None, "gone"), of("g/v1", Some("other"), "a")];
    let new = vec![of("g/v2", Some("n"), "a"), of("g/v2", None, "new")];
    let items = side_by_side(old, new, "n");
    let told: Vec<_> =
        items.iter().map(|item| (item.id.name.as_str(), item.old.is_some(), item.new.is_some())).collect();
    assert_eq!(told, [("a", true, true), ("new", false, true), ("gone", true, false), ("a", true, false)]);
}

#[test]
fn what_the_old_manifest_set_and_the_new_one_does_not_goes_and_what_others_set_stays() {
    let old = json!({ "spec": { "a": 1, "b": 2, "env": [{ "name": "X", "value": "1" }, { "name": "Y" }] } });
    let new = json!({ "spec": { "a": 1, "env": [{ "name": "X" }] } });
    let live = json!({ "spec": { "a": 1, "b": 2, "theirs": 3,
        "env": [{ "name": "X", "value": "1" }, { "name": "Y" }, { "name": "Z" }] } });
    let expected = json!({ "spec": { "a": 1, "theirs": 3, "env": [{ "name": "X" }, { "name": "Z" }] } });
    assert_eq!(without_dropped(&live, &old, &new), expected);
}

fn objects() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~\\n\\t\u{1b}\u{0}é]{0,24}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("(name|value|password|[a-z]{1,4})", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    ("(Secret|ConfigMap)", value).prop_map(|(kind, data)| json!({ "kind": kind, "data": data }))
}

proptest! {
    #[test]
    fn objects_that_differ_have_a_difference_and_equal_ones_have_none(before in objects(), after in objects()) {
        let change = changed(&before, &after);
        let differ = normal(&before) != normal(&after);
        prop_assert_eq!(change.added + change.removed > 0, differ, "{}", text(&change));
        prop_assert_eq!(changed(&before, &before).lines.len(), 0);
    }

    #[test]
    fn a_password_is_shown_in_no_difference(before in objects(), secret in "[A-Za-z0-9]{8,20}Zq9") {
        let with = |value: &str| {
            let mut object = before.clone();
            object["more"] = json!({ "dbPassword": value, "url": format!("https://me:{value}@host/") });
            object
        };
        let change = changed(&with(&secret), &with("another-Pass-1"));
        prop_assert!(!text(&change).contains(&secret));
        prop_assert!(change.added >= 2 && change.removed >= 2);
    }
}
