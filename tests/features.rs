//! The program is built without what tests need. A feature of a crate that only tests turn on is missing in the
//! program that people run, and no other test can notice: they all have it. So there is none, but for those
//! below.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy takes for the program")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Features that the program does without, and why.
const ONLY_TESTS: [(&str, &[&str], &str); 2] = [
    (
        "getrandom",
        &["std", "sys_rng"],
        "proptest's random numbers; the program meets it through tempfile alone, which asks for neither",
    ),
    (
        "proc-macro2",
        &["span-locations"],
        "the lines of what tests/architecture.rs finds; the program's own macros run when it is built, not in it",
    ),
];

/// Which features each crate is built with, along these edges.
fn features(edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments =
        ["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}\t{f}", "--edges", edges];
    let mut tree = Command::new(cargo);
    let said = tree.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for line in String::from_utf8(said.stdout).unwrap().lines() {
        let Some((package, list)) = line.split_once('\t') else { continue };
        // "name v1.2.3 (/where)", and behind the features a mark where the crate stands again
        let package: Vec<&str> = package.split(' ').take(2).collect();
        let list = list.trim_end_matches(" (*)").split(',').filter(|feature| !feature.is_empty());
        all.entry(package.join(" ")).or_default().extend(list.map(str::to_owned));
    }
    all
}

#[test]
fn no_feature_of_the_programs_crates_comes_from_tests_alone() {
    let (program, tests) = (features("normal,build"), features("normal,build,dev"));
    assert!(program.iter().any(|(name, list)| name.starts_with("egui-winit ") && list.contains("clipboard")));
    let mut allowed: BTreeSet<(&str, &str)> =
        ONLY_TESTS.iter().flat_map(|(name, list, _)| list.iter().map(|feature| (*name, *feature))).collect();
    let mut found = Vec::new();
    for (package, features) in &program {
        let name = package.split(' ').next().unwrap();
        for feature in tests[package].difference(features) {
            if !allowed.remove(&(name, feature.as_str())) {
                found.push(format!("{package}: {feature}"));
            }
        }
    }
    assert!(
        found.is_empty(),
        "only tests have these: {found:?}. Give them to the program, or take them from tests"
    );
    assert!(allowed.is_empty(), "not needed any more in ONLY_TESTS: {allowed:?}");
}
