//! Values files as the program reads them, against what the real `helm` makes of the same bytes.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy takes for the program")]

#[path = "support/foreign.rs"]
mod foreign;
#[path = "support/lookup.rs"]
mod lookup;

use std::path::Path;
use std::time::Duration;

use failback::clients::values_file;
use failback::runbook::fact::ValuesFacts;
use serde_json::Value;

use lookup::has_tools;

/// A chart that prints what it was given.
fn chart(folder: &Path) {
    std::fs::create_dir_all(folder.join("templates")).unwrap();
    std::fs::write(folder.join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n").unwrap();
    std::fs::write(
        folder.join("templates/all.yaml"),
        "all: {{ .Values | toJson }}\nreplicas: {{ .Values.replicaCount }}\n",
    )
    .unwrap();
}

/// What helm gives the chart, and how it prints the replica count; `None` where it refuses the file.
fn by_helm(folder: &Path, values: &Path) -> Option<(Value, String)> {
    let output = foreign::without_settings("helm")
        .args(["template", "r"])
        .arg(folder.join("chart"))
        .arg("-f")
        .arg(values)
        .env("HOME", folder)
        .output()
        .unwrap();
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim().to_owned();
    Some((serde_json::from_str(&line("all:")).unwrap(), line("replicas:")))
}

fn text_of(values: &Value, pointer: &str) -> Option<String> {
    let text = values.pointer(pointer)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Files that both must read, or both refuse, or we alone (`refused`).
const FILES: [(&str, bool); 40] = [
    ("multiRegion: {region: us-east-1, host: us.example.com}\nreplicaCount: 3\n", false),
    ("multiRegion:\n  region: us-east-1\n---\nmultiRegion:\n  region: eu-west-1\n", false),
    ("multiRegion:\n  region: us-east-1\n  host: us\n---\nmultiRegion:\n  host: eu\n", false),
    ("---\nmultiRegion: {region: a}\n---\n# nothing\n---\nmultiRegion: {region: b}", false),
    ("multiRegion: {region: a}\n---\nmultiRegion: null\n", false),
    ("multiRegion: {region: a}\n---\nmultiRegion: text\n", false),
    ("multiRegion: {region: a}\n...\nmultiRegion: {region: b}\n", false),
    ("multiRegion: {region: a}\n---   # next\nmultiRegion: {region: b}\n", false),
    ("multiRegion: {region: a}\n---\t\nmultiRegion: {region: b}\n", false),
    ("multiRegion: {region: a}\n---next\nmultiRegion: {region: b}\n", true),
    ("multiRegion: {region: a}\n--- {multiRegion: {region: b}}\n", true),
    ("multiRegion: {region: a}\n ---\nmultiRegion: {region: b}\n", true),
    ("multiRegion: {region: a}\nmultiRegion: {region: b}\n", false),
    ("multiRegion: {region: a, region: b}\n", false),
    ("multiRegion: {region: a, host: h}\nmultiRegion: {host: i}\n", false),
    ("x: &x {region: a, host: h}\nmultiRegion: {region: b, <<: *x}\n", false),
    ("x: &x {region: a, host: h}\nmultiRegion: {<<: *x, region: b}\n", false),
    ("x: &x {region: a}\nw: &w {region: b, host: h}\nmultiRegion: {<<: [*x, *w]}\n", false),
    ("x: &x us-east-1\nmultiRegion: {region: *x}\n", false),
    ("x: &x a\nw: &x b\nmultiRegion: {region: *x}\n", false),
    ("\u{feff}multiRegion: {region: a}\n---\n\u{feff}multiRegion: {region: b}\n", false),
    ("multiRegion:\r\n  region: a\r\n---\r\nmultiRegion:\r\n  region: b\r\n", false),
    ("multiRegion:\r  region: a\r---\rmultiRegion:\r  region: b\r", false),
    ("multiRegion: {region: no, host: on}\nreplicaCount: yes\n", false),
    ("multiRegion: {region: 'no', host: \"on\"}\nreplicaCount: 010\n", false),
    ("replicaCount: 08\n", false),
    ("replicaCount: 0x10\n", false),
    ("replicaCount: 0b11\n", false),
    ("replicaCount: 3.0\n", false),
    ("replicaCount: 1_0\n", false),
    ("replicaCount: '3'\n", false),
    ("replicaCount: !!str 4\nmultiRegion: {region: !!str 5, host: !x h}\n", false),
    (
        "config:\n  loftHost: >-\n    multi.example\n    .com\n  database:\n    dataSource: |\n      mysql://k@tcp(db:3306)/k\n",
        false,
    ),
    ("config: {loftHost: \"a\\x2eb\", database: {dataSource: 'mysql://k@tcp(it''s:1)/k'}}\n", false),
    ("multiRegion:\n\tregion: a\n", true),
    ("multiRegion:\tregion\n", false),
    ("? multiRegion\n: region: a\n", false),
    ("\"multiRegion\": {\"region\":\"a\",\"host\":\"h\"}", false),
    ("multiRegion: {region: a\u{2028}, host: h}\n", true),
    ("%YAML 1.2\n---\nmultiRegion: {region: a}\n", true),
];

/// What the program reads of a file is what the chart gets of it.
#[track_caller]
fn assert_same(text: &str, ours: &ValuesFacts, helms: &Value, replicas: &str) {
    for (pointer, found) in [
        ("/multiRegion/region", &ours.region),
        ("/multiRegion/host", &ours.host),
        ("/config/loftHost", &ours.shared_host),
    ] {
        assert_eq!(found, &text_of(helms, pointer), "{text:?}: {pointer}");
    }
    let source = text_of(helms, "/config/database/dataSource").unwrap_or_default();
    let address = source.split_once("@tcp(").map(|(_, rest)| rest.split(')').next().unwrap().to_owned());
    assert_eq!(ours.database(), address, "{text:?}");
    assert_eq!(ours.replicas, replicas.parse().ok(), "{text:?}: helm prints {replicas}");
}

#[tokio::test]
async fn a_values_file_means_what_helm_takes_it_for() {
    if !has_tools("a_values_file_means_what_helm_takes_it_for", &["helm"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chart(&folder.path().join("chart"));
    let path = folder.path().join("values.yaml");
    for (text, refused) in FILES {
        std::fs::write(&path, text).unwrap();
        let helms = by_helm(folder.path(), &path);
        let ours = values_file::read(&path, Duration::from_secs(10)).await;
        let (ours, (helms, replicas)) = match (ours, helms) {
            (Err(_), None) => {
                assert!(refused, "{text:?}: neither takes it");
                continue;
            }
            (Err(why), Some(_)) => {
                assert!(refused, "{text:?}: helm takes it, we do not: {}", why.message);
                continue;
            }
            (Ok(_), None) => panic!("{text:?}: we take it, helm does not"),
            (Ok(ours), Some(helms)) => (ours, helms),
        };
        assert!(!refused, "{text:?} was to be refused");
        assert_same(text, &ours, &helms, &replicas);
    }
}

/// Lines to make files of.
const PIECES: [&str; 44] = [
    "multiRegion: {region: a}",
    "multiRegion:\n  region: b",
    "  host: h",
    "  region: c",
    "---",
    "--- # next",
    "---\t",
    "...",
    "# comment",
    "",
    "   ",
    "multiRegion: &m {region: d, host: e}",
    "multiRegion: *m",
    "<<: *m",
    "<<: {multiRegion: {region: f}}",
    "? multiRegion\n: {region: g}",
    "config: {loftHost: 'it''s'}",
    "config:\n  loftHost: \"a\\tb\"",
    "config: {database: {dataSource: mysql://k@tcp(db:1)/k}}",
    "replicaCount: 010",
    "replicaCount: 0o10",
    "replicaCount: '3'",
    "replicaCount: 1_2",
    "replicaCount: ~",
    "\"multiRegion\":\n    region: |\n      i",
    "multiRegion: >-\n  text",
    "x: 'two\n  lines'",
    "x: two\n  words: here",
    "x: |\n  ---\n  multiRegion: {region: j}",
    "x: |+\n  kept\n",
    "multiRegion:\n  <<: {region: k}\n  region: l",
    "multiRegion:\n  region: l\n  <<: {region: k}",
    "multiRegion: !!map {region: m}",
    "'multiRegion': {region: !!str n, host: !o p}",
    "multiRegion : {region : q }",
    "multiRegion: {region: r # comment\n  }",
    "multiRegion: {? region : s}",
    "multiRegion: {\"region\":t}",
    "multiRegion: [a, b]",
    "config:\r\n  loftHost: u\r",
    "\"multi\\x52egion\": {region: v}",
    "multiRegion: {region: w,, host: x}",
    "multiRegion:\n- region: y",
    "multiRegion: {region: yes, host: 1.0}",
];

/// Files of pieces in any order: where both take one, it means the same to both.
#[tokio::test]
async fn files_of_any_pieces_mean_what_helm_takes_them_for() {
    if !has_tools("files_of_any_pieces_mean_what_helm_takes_them_for", &["helm"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chart(&folder.path().join("chart"));
    let path = folder.path().join("values.yaml");
    let files: usize = std::env::var("FAILBACK_VALUES_FILES").map_or(120, |files| files.parse().unwrap());
    // A generator of its own, so that the files are the same in each run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut any = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut both = 0;
    for _ in 0..files {
        let pieces: Vec<&str> = (0..=any(6)).map(|_| PIECES[any(PIECES.len())]).collect();
        let text = pieces.join("\n");
        std::fs::write(&path, &text).unwrap();
        // Where we alone take it, Helm ends before it does anything; where Helm alone does, we refuse it.
        let Ok(ours) = values_file::read(&path, Duration::from_secs(10)).await else { continue };
        let Some((helms, replicas)) = by_helm(folder.path(), &path) else { continue };
        assert_same(&text, &ours, &helms, &replicas);
        both += 1;
    }
    assert!(both > files / 4, "only {both} of {files} were taken by both");
}
