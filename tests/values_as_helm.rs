//! Values files as the program reads them, against what the real `helm` makes of the same bytes.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy takes for the program")]

#[path = "support/foreign.rs"]
mod foreign;
#[path = "support/lookup.rs"]
mod lookup;

use std::path::Path;
use std::time::Duration;

use failback::clients::values_file;
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
        for (pointer, found) in [
            ("/multiRegion/region", &ours.region),
            ("/multiRegion/host", &ours.host),
            ("/config/loftHost", &ours.shared_host),
        ] {
            assert_eq!(found, &text_of(&helms, pointer), "{text:?}: {pointer}");
        }
        let source = text_of(&helms, "/config/database/dataSource").unwrap_or_default();
        let address = source.split_once("@tcp(").map(|(_, rest)| rest.split(')').next().unwrap().to_owned());
        assert_eq!(ours.database(), address, "{text:?}");
        assert_eq!(ours.replicas, replicas.parse().ok(), "{text:?}: helm prints {replicas}");
    }
}
