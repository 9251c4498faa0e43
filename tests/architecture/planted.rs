//! Violations that are planted have to be found, each by the rule that is for it; and what is allowed is not.

use std::path::Path;

use super::rules::{self, Source};

/// What is planted: its kind, the file, its text, and the rule that has to find it.
const PLANTED: [(&str, &str, &str, &str); 38] = [
    ("a plain import", "ui/x.rs", "use crate::engine::job::Job;", "parts"),
    ("a group of imports", "ui/x.rs", "use crate::{app::model::Model, clients::probe};", "parts"),
    (
        "a group in a group",
        "ui/x.rs",
        "use crate::{app::{model::Model}, runbook::{step, self}, engine};",
        "parts",
    ),
    ("the part alone", "runbook/x.rs", "use crate::clients;", "parts"),
    ("a renamed part", "runbook/x.rs", "use crate::clients as helpers;", "parts"),
    ("out by super", "clients/kubernetes/x.rs", "use super::super::super::engine::job::Job;", "parts"),
    (
        "out by super in a module",
        "ui/x.rs",
        "mod a { mod b { use super::super::super::super::engine::job; } }",
        "parts",
    ),
    ("the program's root, renamed", "ui/x.rs", "use crate as all; fn f() { all::engine::go(); }", "parts"),
    ("the root by super", "ui/x.rs", "use super::super as all;", "parts"),
    ("everything of the root", "ui/x.rs", "use crate::*;", "parts"),
    ("everything of a part", "engine/x.rs", "use crate::clients::*;", "parts"),
    ("by the library's name", "ui/x.rs", "use failback::engine::job;", "parts"),
    ("a path in a function", "ui/x.rs", "fn f() { crate::engine::run(); }", "parts"),
    ("a path in a type", "ui/x.rs", "fn f(_: Vec<Option<crate::engine::job::Job>>) {}", "parts"),
    (
        "a path in a pattern",
        "ui/x.rs",
        "fn f(x: u8) { if let crate::engine::event::Event::Gone = x {} }",
        "parts",
    ),
    ("a path in a bound", "ui/x.rs", "fn f<T: Into<crate::engine::job::Job>>(_: T) {}", "parts"),
    ("a path after a cast", "ui/x.rs", "fn f() { <crate::engine::Engine as Default>::default(); }", "parts"),
    ("inside a macro", "ui/x.rs", "fn f() { assert_eq!(crate::engine::go(1), [2]); }", "parts"),
    ("deep inside a macro", "ui/x.rs", "fn f() { vec![Some({ a; (crate::engine::go)() })]; }", "parts"),
    ("in a macro's rules", "ui/x.rs", "macro_rules! m { () => { $crate::engine::go() }; }", "parts"),
    ("an import in a macro", "ui/x.rs", "m! { use crate::{runbook::step, engine::job}; }", "parts"),
    ("an import in a function", "ui/x.rs", "fn f() { use crate::clients::probe; probe::ask(); }", "parts"),
    ("an attribute's path", "ui/x.rs", "#[crate::engine::traced] fn f() {}", "parts"),
    ("an attribute's text", "runbook/x.rs", "#[serde(with = \"crate::engine::times\")] struct S;", "parts"),
    ("a crate", "runbook/x.rs", "use tokio::fs;", "crates"),
    ("a crate that nobody listed", "ui/x.rs", "use tempfile::TempDir;", "crates"),
    ("a renamed crate", "ui/x.rs", "use tokio as clock; fn f() { clock::spawn(); }", "crates"),
    ("a crate by extern", "ui/x.rs", "extern crate kube as views;", "crates"),
    ("a crate with a leading colon", "ui/x.rs", "fn f() { ::reqwest::get(\"\"); }", "crates"),
    ("a crate in a macro", "ui/x.rs", "fn f() { println!(\"{}\", tokio::id()); }", "crates"),
    ("a tests' crate outside tests", "runbook/x.rs", "use proptest::prelude::*;", "crates"),
    (
        "a view that knows more of the app",
        "ui/x.rs",
        "use crate::app::{model::Model, update::update};",
        "views",
    ),
    ("the disk in the runbook", "runbook/x.rs", "use std::{collections::BTreeMap, fs};", "purity"),
    ("a socket in the runbook", "runbook/x.rs", "use std::net::{IpAddr, ToSocketAddrs};", "purity"),
    ("a clock in the runbook", "runbook/x.rs", "use jiff::Timestamp as T; fn f() { T::now(); }", "clocks"),
    ("a clock in an update", "app/update/x.rs", "use super::*; fn f() { dbg(Timestamp::now()); }", "clocks"),
    (
        "a write beside the writer",
        "clients/kubernetes/reader.rs",
        "fn f(r: Request) { r.patch(1); }",
        "writes",
    ),
    (
        "a write by its method",
        "clients/kubernetes/x.rs",
        "use http::Method as M; fn f() { M::DELETE; }",
        "writes",
    ),
];

/// The same for what only one place may do.
const ONLY_ONE: [(&str, &str, &str, &str); 10] = [
    ("a write by kube's own API", "clients/kubernetes/x.rs", "use kube::{Api, Client};", "writes"),
    ("a post", "clients/kubernetes/x.rs", "use http::Request; fn f() { Request::post(1); }", "writes"),
    ("Kubernetes beside its client", "clients/probe.rs", "use kube::Client;", "kubernetes"),
    ("the writer elsewhere", "engine/observe.rs", "use crate::clients::kubernetes::Writer;", "writer"),
    ("what tries, elsewhere", "engine/observe.rs", "use crate::clients::kubernetes::DryRun;", "dry-run"),
    ("the writer, grouped", "app/x.rs", "use crate::clients::{kubernetes::{Reader, Writer as W}};", "writer"),
    ("the writer by its path", "clients/chart.rs", "fn f() { super::kubernetes::writer::go(); }", "writer"),
    (
        "a draft elsewhere",
        "runbook/cause.rs",
        "use super::action::Plan as P; fn f() { P::draft(); }",
        "drafts",
    ),
    (
        "a confirmed plan made elsewhere",
        "engine/x.rs",
        "use crate::runbook::action::Confirmed; fn f() { Confirmed { a: 1 }; }",
        "confirmed",
    ),
    ("a confirmed plan renamed", "engine/x.rs", "use crate::runbook::action::{Confirmed as Yes};", "renamed"),
];

/// What no rule may find fault with.
const INNOCENT: [(&str, &str); 14] = [
    ("ui/x.rs", "use crate::app::{model::{Model, Run}, msg::Msg}; use crate::design::tone;"),
    (
        "ui/x.rs",
        "// use crate::engine::job;\n/// [`crate::engine`]\nfn f() { let x = \"crate::engine::job\"; }",
    ),
    ("ui/steps/x.rs", "use super::super::words; use super::{checks, super::grid};"),
    ("ui/x.rs", "pub(in crate::ui) fn f() {} pub(crate) struct S;"),
    ("ui/x.rs", "fn f(tokio: u8) { let http = tokio; http; self.kube.x; }"),
    ("ui/x.rs", "mod toml { pub fn f() {} } fn g() { toml::f(); }"),
    ("runbook/x.rs", "#[cfg(test)] mod tests { use super::*; use proptest::prelude::*; }"),
    ("runbook/x.rs", "use std::{collections::BTreeMap, net::{IpAddr, Ipv4Addr}, time::Duration};"),
    (
        "runbook/steps/restore.rs",
        "use crate::runbook::action::{Parts, Plan}; fn f() { Plan::draft(1, Parts { a: 1 }); }",
    ),
    ("runbook/action.rs", "struct Plan; struct Confirmed; impl Plan { fn c() { Confirmed { plan: 1 }; } }"),
    ("clients/kubernetes/writer.rs", "use kube::api::Patch; fn f(r: Request) { r.patch(1); }"),
    ("clients/secret.rs", "fn f(text: String) { text.replace(1, 2); }"),
    ("engine/apply.rs", "use crate::clients::kubernetes::Writer; fn f() { Writer::connect(); }"),
    ("app/window.rs", "fn f() { jiff::Timestamp::now(); }"),
];

fn found(path: &str, text: &str) -> Vec<rules::Violation> {
    rules::violations(&Source::read(Path::new(path), text, false, &super::dependencies()))
}

#[test]
fn what_is_planted_is_found() {
    for (kind, path, text, rule) in PLANTED.into_iter().chain(ONLY_ONE) {
        let found = found(path, text);
        assert!(
            found.iter().any(|violation| violation.rule == rule),
            "{kind}: {text}\nfound only {found:#?}"
        );
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    for (path, text) in INNOCENT {
        let found = found(path, text);
        assert!(found.is_empty(), "{path}: {text}\n{found:#?}");
    }
}

#[test]
fn long_functions_and_files_are_found_with_their_line() {
    let body = "    x();\n".repeat(80);
    let text = format!("impl T {{\n    pub(in crate::ui) async fn f() {{\n{body}    }}\n}}\n");
    let source = |path: &str, text: &str| Source::read(Path::new(path), text, false, &[]);
    assert_eq!(rules::long_functions(&[source("ui/x.rs", &text)]), ["81 lines: ui/x.rs:2"]);
    assert!(rules::long_functions(&[source("ui/x.rs", &text.replacen("    x();\n", "", 1))]).is_empty());
    let of_tests = format!("#[cfg(test)] mod tests {{\n{text}}}");
    assert!(rules::long_functions(&[source("ui/x.rs", &of_tests)]).is_empty());
    assert_eq!(rules::long_files(&[source("ui/x.rs", &"\n".repeat(601))]), ["601 lines: ui/x.rs"]);
    assert!(rules::long_files(&[source("ui/x.rs", &"\n".repeat(600))]).is_empty());
}

#[test]
fn every_listed_crate_is_one_of_ours() {
    let known = super::dependencies();
    for part in &rules::PARTS {
        for name in part.all_crates() {
            assert!(
                known.contains(&name.to_owned()),
                "{} lists {name}, which the manifest does not",
                part.name
            );
        }
    }
}
