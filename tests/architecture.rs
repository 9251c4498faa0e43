//! The dependency rules of `src/lib.rs`, kept by reading the `use` lines and paths
//! of every source file; and the limits on the length of files and functions.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each part of the program may use of the others.
const PARTS: [(&str, &[&str]); 10] = [
    ("design", &[]),
    ("runbook", &[]),
    ("environment", &["runbook"]),
    ("journal", &["runbook"]),
    ("clients", &["runbook", "environment"]),
    ("engine", &["runbook", "environment", "journal", "clients"]),
    ("practice", &["environment"]),
    ("ui", &["design", "runbook", "environment", "app"]),
    (
        "app",
        &["clients", "design", "engine", "environment", "journal", "practice", "runbook", "terminal", "ui"],
    ),
    (
        "terminal",
        &["app", "clients", "design", "engine", "environment", "journal", "practice", "runbook", "ui"],
    ),
];

/// Crates that a part must not name; the pure ones list what they may instead.
const FORBIDDEN: [(&str, &[&str]); 7] = [
    (
        "runbook",
        &["egui", "eframe", "tokio", "kube", "k8s_openapi", "aws_config", "aws_sdk_route53", "reqwest"],
    ),
    ("environment", &["egui", "eframe", "tokio", "kube", "aws_config", "aws_sdk_route53", "reqwest"]),
    ("journal", &["egui", "eframe", "tokio", "kube", "aws_config", "aws_sdk_route53", "reqwest"]),
    ("clients", &["egui", "eframe"]),
    ("engine", &["egui", "eframe", "kube", "aws_config", "aws_sdk_route53", "reqwest", "rfd"]),
    ("ui", &["tokio", "kube", "aws_config", "aws_sdk_route53", "reqwest", "rfd"]),
    ("design", &["tokio", "serde", "kube", "jiff", "aws_config", "reqwest", "rfd", "eframe"]),
];

fn sources() -> BTreeMap<PathBuf, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path, text);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    walk(&root, &mut found);
    found.into_iter().map(|(path, text)| (path.strip_prefix(&root).unwrap().to_owned(), text)).collect()
}

/// Lines of code: without comments and without what stands in strings.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(number, line)| {
        let line = line.trim_start();
        (!line.starts_with("//")).then(|| (number + 1, line.split(" // ").next().unwrap_or(line)))
    })
}

fn part(path: &Path) -> Option<&str> {
    path.components().next()?.as_os_str().to_str().filter(|name| PARTS.iter().any(|(part, _)| part == name))
}

/// Is `crate::OTHER` or `super`-free `failback::OTHER` named in the line?
fn names_part(line: &str, other: &str) -> bool {
    [format!("crate::{other}::"), format!("crate::{other};"), format!("crate::{other},")]
        .iter()
        .any(|name| line.contains(name.as_str()))
}

fn names_crate(line: &str, name: &str) -> bool {
    let path = format!("{name}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn parts_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(of) = part(&path) else { continue };
        let (_, may) = PARTS.iter().find(|(part, _)| *part == of).unwrap();
        for (number, line) in code(&text) {
            for (other, _) in PARTS {
                if other != of && !may.contains(&other) && names_part(line, other) {
                    wrong.push(format!("{}:{number}: {of} uses {other}: {line}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn views_know_only_the_model_and_its_messages() {
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| part(path) == Some("ui")) {
        for (number, line) in code(&text) {
            let app = line.contains("crate::app::")
                && !line.contains("crate::app::model")
                && !line.contains("crate::app::msg");
            if app && !line.contains("crate::app::{") {
                wrong.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn parts_name_no_crate_that_is_not_theirs() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let rules = FORBIDDEN.iter().filter(|(of, _)| part(&path) == Some(of));
        for (of, crates) in rules {
            for (number, line) in code(&text) {
                for name in crates.iter().filter(|name| names_crate(line, name)) {
                    wrong.push(format!("{}:{number}: {of} names {name}: {line}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_runbook_reads_no_clock_and_no_file() {
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| part(path) == Some("runbook")) {
        for (number, line) in code(&text) {
            for name in [
                "Timestamp::now",
                "Instant::now",
                "SystemTime",
                "std::fs",
                "std::env",
                "std::net::{",
                "std::net::TcpStream",
                "std::net::UdpSocket",
                "std::net::ToSocketAddrs",
                "std::process",
            ] {
                if line.contains(name) {
                    wrong.push(format!("{}:{number}: {line}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_confirmed_plan_is_made_in_one_place_and_never_copied() {
    let text = sources().remove(Path::new("runbook/action.rs")).unwrap();
    let at = text.find("pub struct Confirmed").unwrap();
    let attributes: Vec<&str> = text[..at]
        .lines()
        .rev()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with('#'))
        .collect();
    assert_eq!(attributes, ["#[derive(Debug)]"], "no Clone, no Deserialize");
    let made: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(_, text)| text.contains("Confirmed {") && text.contains("Ok(Confirmed {"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(made, [Path::new("runbook/action.rs")]);
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path))
        .filter(|(lines, _)| *lines > 600)
        .map(|(lines, path)| format!("{lines} {}", path.display()))
        .collect();
    assert!(long.is_empty(), "past 600 lines:\n{}", long.join("\n"));
}

#[test]
fn functions_stay_short() {
    let mut long = Vec::new();
    // A table of a test may be as long as what it tabulates.
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        let mut start: Option<(usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = " ".repeat(line.len() - line.trim_start().len());
            let head = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(super) ");
            let head = head
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("const ")
                .trim_start_matches("async ");
            if start.is_none() && head.starts_with("fn ") {
                start = Some((number, indent));
            } else if let Some((from, of)) = &start
                && line == format!("{of}}}")
            {
                if number - from > 80 {
                    long.push(format!("{} lines: {}:{}", number - from, path.display(), from + 1));
                }
                start = None;
            }
        }
    }
    assert!(long.is_empty(), "functions past 80 lines:\n{}", long.join("\n"));
}
