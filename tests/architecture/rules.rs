//! The rules: what each part of the program may use of the others, which crates it may name, and what only
//! one place may do.

use std::path::{Path, PathBuf};

use super::reading::{self, Kind, Named, Reading};

/// A part of the program.
pub struct Part {
    pub name: &'static str,
    /// The other parts that it may use.
    parts: &'static [&'static str],
    /// The crates that it may name, beside the standard library.
    crates: &'static [&'static str],
    /// Those that its tests may name as well.
    in_tests: &'static [&'static str],
}

impl Part {
    pub fn all_crates(&self) -> impl Iterator<Item = &'static str> {
        self.crates.iter().chain(self.in_tests).copied()
    }
}

/// All that may be used. What is not listed is forbidden.
pub const PARTS: [Part; 12] = [
    Part { name: "plain", parts: &[], crates: &[], in_tests: &["proptest", "serde_json"] },
    Part { name: "design", parts: &["plain"], crates: &["egui"], in_tests: &["egui_kittest"] },
    Part {
        name: "runbook",
        parts: &["plain"],
        crates: &["jiff", "serde", "thiserror"],
        in_tests: &["proptest", "shlex"],
    },
    Part {
        name: "environment",
        parts: &["runbook"],
        crates: &["directories", "jiff", "rustix", "serde", "tempfile", "thiserror", "toml", "tracing"],
        in_tests: &[],
    },
    Part {
        name: "journal",
        parts: &["plain", "runbook"],
        crates: &[
            "futures",
            "jiff",
            "minijinja",
            "pulldown_cmark",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
            "tracing",
        ],
        in_tests: &["proptest", "tokio"],
    },
    Part {
        name: "clients",
        parts: &["environment", "plain", "runbook"],
        crates: &[
            "anstream",
            "aws_config",
            "aws_credential_types",
            "aws_runtime",
            "aws_sdk_eks",
            "aws_sdk_elasticloadbalancingv2",
            "aws_sdk_route53",
            "aws_sdk_sts",
            "aws_sigv4",
            "aws_smithy_http_client",
            "aws_smithy_runtime_api",
            "aws_smithy_types",
            "aws_types",
            "base64",
            "directories",
            "flate2",
            "form_urlencoded",
            "futures",
            "granit_parser",
            "http",
            "http_body_util",
            "hyper",
            "hyper_util",
            "jiff",
            "k8s_openapi",
            "kube",
            "process_wrap",
            "quick_xml",
            "reqwest",
            "rustix",
            "rustls",
            "secrecy",
            "serde",
            "serde_json",
            "serde_saphyr",
            "sha2",
            "similar",
            "tar",
            "tempfile",
            "thiserror",
            "tokio",
            "tokio_util",
            "tracing",
            "which",
        ],
        in_tests: &["proptest", "rcgen", "tokio_rustls"],
    },
    Part {
        name: "engine",
        parts: &["runbook", "environment", "journal", "clients"],
        crates: &[
            "flate2",
            "form_urlencoded",
            "futures",
            "jiff",
            "serde",
            "serde_json",
            "tar",
            "tempfile",
            "thiserror",
            "tokio",
            "tokio_util",
            "tracing",
        ],
        in_tests: &[],
    },
    Part {
        name: "practice",
        parts: &["environment"],
        crates: &[
            "aws_credential_types",
            "aws_sigv4",
            "axum",
            "base64",
            "flate2",
            "form_urlencoded",
            "futures",
            "http",
            "hyper",
            "hyper_util",
            "jiff",
            "prost",
            "quick_xml",
            "rcgen",
            "rustls",
            "serde",
            "serde_json",
            "serde_saphyr",
            "tar",
            "tempfile",
            "thiserror",
            "tokio",
            "tokio_rustls",
            "tokio_util",
            "toml",
            "tower",
            "tracing",
        ],
        in_tests: &[],
    },
    Part {
        name: "ui",
        parts: &["app", "design", "environment", "plain", "runbook"],
        crates: &["egui", "jiff"],
        in_tests: &["egui_kittest"],
    },
    Part {
        name: "app",
        parts: &[
            "clients",
            "design",
            "engine",
            "environment",
            "journal",
            "plain",
            "practice",
            "runbook",
            "terminal",
            "ui",
        ],
        crates: &["arboard", "directories", "eframe", "egui", "futures", "jiff", "rfd", "tracing"],
        in_tests: &[],
    },
    Part {
        name: "terminal",
        parts: &[
            "app",
            "clients",
            "design",
            "engine",
            "environment",
            "journal",
            "plain",
            "practice",
            "runbook",
            "ui",
        ],
        crates: &["clap", "jiff", "serde", "serde_json", "tokio", "tokio_util"],
        in_tests: &[],
    },
    Part {
        name: "main",
        parts: &["app", "clients", "environment", "plain", "terminal"],
        crates: &["clap", "eframe", "egui", "tracing", "tracing_subscriber"],
        in_tests: &[],
    },
];

/// What of the standard library the runbook may name: plain data, no file, process, thread, socket or clock.
const PURE: [&str; 21] = [
    "std::borrow",
    "std::cmp",
    "std::collections",
    "std::convert",
    "std::error",
    "std::fmt",
    "std::hash",
    "std::iter",
    "std::marker",
    "std::mem",
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::num",
    "std::ops",
    "std::path",
    "std::slice",
    "std::str",
    "std::sync::Arc",
    "std::time::Duration",
    "std::vec",
];

/// Ends of the paths that read a clock; `now` is an argument wherever things are judged or changed.
const CLOCKS: [&str; 6] = [
    "Timestamp::now",
    "Zoned::now",
    "Instant::now",
    "SystemTime::now",
    "TimeZone::system",
    "time::SystemTime",
];

/// Where no clock is read.
const WITHOUT_CLOCK: [&str; 5] = ["runbook", "ui", "design", "app/update", "app/model"];

/// Methods and paths that make a request which could change a cluster.
const WRITING_METHODS: [&str; 8] = [
    "patch",
    "patch_subresource",
    "replace",
    "replace_subresource",
    "create",
    "create_subresource",
    "delete",
    "delete_collection",
];
const WRITING_PATHS: [&str; 12] = [
    "Request::post",
    "Request::put",
    "Request::patch",
    "Request::delete",
    "Method::POST",
    "Method::PUT",
    "Method::PATCH",
    "Method::DELETE",
    "kube::Api",
    "kube::api::Api",
    "kube::api::Patch",
    "kube::api::DeleteParams",
];

/// A source file as the rules see it.
pub struct Source {
    /// Under `src`.
    pub path: PathBuf,
    pub reading: Reading,
    pub lines: usize,
}

impl Source {
    pub fn read(path: &Path, text: &str, in_test: bool, crates: &[String]) -> Self {
        let reading = reading::read(text, reading::module_of(path), in_test, crates)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.to_owned(), reading, lines: text.lines().count() }
    }

    fn part(&self) -> Option<&'static Part> {
        let first = self.path.iter().next()?.to_str()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        PARTS.iter().find(|part| part.name == name)
    }

    fn is_in(&self, place: &str) -> bool {
        self.path.starts_with(place) || self.path == Path::new(&format!("{place}.rs"))
    }

    /// A rule that is broken here: its name, the place, and what stands there.
    fn broken(&self, rule: &'static str, line: usize, what: &str) -> Violation {
        Violation { rule, text: format!("{}:{line}: {rule}: {what}", self.path.display()) }
    }
}

/// A rule that is broken.
#[derive(Debug)]
pub struct Violation {
    pub rule: &'static str,
    pub text: String,
}

/// All rules about what is named.
pub fn violations(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    for named in &source.reading.named {
        found.extend(of_parts(source, named));
        found.extend(of_crates(source, named));
        found.extend(of_views(source, named));
        found.extend(of_purity(source, named));
        found.extend(of_clocks(source, named));
        found.extend(of_writes(source, named));
        found.extend(of_plans(source, named));
    }
    for call in &source.reading.calls {
        let writes = source.is_in("clients/kubernetes") && WRITING_METHODS.contains(&call.name.as_str());
        if writes && !call.in_test && !may_write(source) {
            found.push(source.broken("writes", call.line, &format!(".{}(…)", call.name)));
        }
    }
    found
}

fn of_parts(source: &Source, named: &Named) -> Option<Violation> {
    let (own, other) = (source.part()?, named.part()?);
    let broken = |what: String| Some(source.broken("parts", named.line, &what));
    if other.is_empty() {
        return broken(format!("{} takes the whole program: name the part", own.name));
    }
    let is_part = PARTS.iter().any(|part| part.name == other);
    if is_part && other != own.name && !own.parts.contains(&other) {
        return broken(format!("{} uses {}", own.name, named.text()));
    }
    if is_part && other != own.name && named.kind == Kind::Glob {
        return broken(format!("{} takes everything of {}", own.name, named.text()));
    }
    None
}

fn of_crates(source: &Source, named: &Named) -> Option<Violation> {
    let (own, name) = (source.part()?, named.foreign_crate()?);
    let standard = ["std", "core", "alloc"].contains(&name);
    let allowed = standard || own.crates.contains(&name) || (named.in_test && own.in_tests.contains(&name));
    (!allowed).then(|| source.broken("crates", named.line, &format!("{} names {}", own.name, named.text())))
}

/// Views know only the model and its messages.
fn of_views(source: &Source, named: &Named) -> Option<Violation> {
    let told = named.begins_with("crate::app::model") || named.begins_with("crate::app::msg");
    (source.is_in("ui") && named.part() == Some("app") && !told)
        .then(|| source.broken("views", named.line, &named.text()))
}

fn of_purity(source: &Source, named: &Named) -> Option<Violation> {
    if !source.is_in("runbook") || !matches!(named.foreign_crate(), Some("std" | "core" | "alloc")) {
        return None;
    }
    // A module of several is named on the way to one of them: `use std::net;`
    let pure = PURE.iter().any(|allowed| named.begins_with(allowed));
    (!pure).then(|| source.broken("purity", named.line, &named.text()))
}

fn of_clocks(source: &Source, named: &Named) -> Option<Violation> {
    let reads = CLOCKS.iter().any(|clock| format!("::{}", named.text()).ends_with(&format!("::{clock}")));
    let without = WITHOUT_CLOCK.iter().any(|place| source.is_in(place));
    (reads && without && !named.in_test).then(|| source.broken("clocks", named.line, &named.text()))
}

/// Where a request that changes a cluster may be made: the writer, what tries the same and sends nothing without
/// `dryRun=All`, and the question what one may do, which the API takes as a POST.
fn may_write(source: &Source) -> bool {
    ["writer", "dry_run", "review"].iter().any(|file| source.is_in(&format!("clients/kubernetes/{file}")))
}

fn of_writes(source: &Source, named: &Named) -> Option<Violation> {
    let text = format!("::{}", named.text());
    let in_kubernetes = source.is_in("clients/kubernetes");
    let makes = WRITING_PATHS.iter().any(|path| text.ends_with(&format!("::{path}")));
    let kube = matches!(named.foreign_crate(), Some("kube" | "k8s_openapi"));
    let writer = named.begins_with("crate::clients::kubernetes::Writer")
        || named.begins_with("crate::clients::kubernetes::writer");
    let dry_run = named.begins_with("crate::clients::kubernetes::DryRun");
    let broken = |rule: &'static str| Some(source.broken(rule, named.line, &named.text()));
    if dry_run && !named.in_test && !source.is_in("engine/preview") {
        return broken("dry-run");
    }
    if kube && !in_kubernetes && !named.in_test {
        return broken("kubernetes");
    }
    if makes && in_kubernetes && !named.in_test && !may_write(source) {
        return broken("writes");
    }
    let is_its_module = source.path == Path::new("clients/kubernetes/mod.rs");
    if writer && !named.in_test && !is_its_module && !may_write(source) && !source.is_in("engine/apply") {
        return broken("writer");
    }
    None
}

/// A plan is drafted by step 3 alone, and confirmed by the plan alone.
fn of_plans(source: &Source, named: &Named) -> Option<Violation> {
    let last = named.path.last().map(String::as_str);
    let of_action = named.begins_with("crate::runbook::action");
    let broken = |rule: &'static str| Some(source.broken(rule, named.line, &named.text()));
    let at_home = source.is_in("runbook/action");
    let drafts = last == Some("draft") && named.path.len() > 1 && source.is_in("runbook")
        || last == Some("Parts") && of_action;
    if drafts && !at_home && !source.is_in("runbook/steps/restore") {
        return broken("drafts");
    }
    let plan = of_action && matches!(last, Some("Confirmed" | "Plan"));
    if plan && named.kind == Kind::Literal && !at_home {
        return broken("confirmed");
    }
    // Under another name it would be lost to who looks for it.
    let guarded = plan || last == Some("Writer") && named.part() == Some("clients");
    if guarded && named.renamed {
        return broken("renamed");
    }
    None
}

/// Files past 600 lines.
pub fn long_files(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().filter(|source| source.lines > 600);
    long.map(|source| format!("{} lines: {}", source.lines, source.path.display())).collect()
}

/// Functions past 80 lines. A table of a test may be as long as what it tabulates.
pub fn long_functions(sources: &[Source]) -> Vec<String> {
    let mut long = Vec::new();
    for source in sources {
        for function in source.reading.functions.iter().filter(|it| it.lines > 80 && !it.in_test) {
            long.push(format!("{} lines: {}:{}", function.lines, source.path.display(), function.line));
        }
    }
    long
}
