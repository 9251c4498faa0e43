//! The dependency rules of `src/lib.rs`, kept by reading what every source file names; and the limits on the
//! length of files and functions. The rules are lists of what is allowed: what nobody thought of is forbidden.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "architecture/planted.rs"]
mod planted;
#[path = "architecture/reading.rs"]
mod reading;
#[path = "architecture/rules.rs"]
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rules::{PARTS, Source};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The crates that a source could name: those that the manifest lists.
fn dependencies() -> Vec<String> {
    fn of(table: &toml::Table, found: &mut BTreeSet<String>) {
        for (key, value) in table {
            let Some(value) = value.as_table() else { continue };
            match key.as_str() {
                "dependencies" | "dev-dependencies" | "build-dependencies" => {
                    found.extend(value.keys().map(|name| name.replace('-', "_")));
                }
                "target" => {
                    value.values().filter_map(toml::Value::as_table).for_each(|table| of(table, found))
                }
                _ => {}
            }
        }
    }
    let manifest = std::fs::read_to_string(root().join("../Cargo.toml")).unwrap();
    let mut found: BTreeSet<String> =
        ["std", "core", "alloc", "proc_macro", "test"].map(str::to_owned).into_iter().collect();
    of(&manifest.parse().unwrap(), &mut found);
    found.into_iter().collect()
}

/// All files under `src`, by their paths there.
fn texts() -> BTreeMap<PathBuf, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root()).unwrap().to_owned(), text);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&root(), &mut found);
    found
}

/// Files that modules with `#[cfg(test)]` lead to, and whatever is below them.
fn for_tests(texts: &BTreeMap<PathBuf, String>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for (path, text) in texts {
        let file = syn::parse_file(text).unwrap();
        let folder = path.parent().unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let own = if ["mod", "lib", "main"].contains(&stem) { folder.to_owned() } else { folder.join(stem) };
        for item in &file.items {
            let syn::Item::Mod(module) = item else { continue };
            if module.content.is_some() || !reading::is_for_tests(&module.attrs) {
                continue;
            }
            let name = module.ident.to_string();
            let given = module.attrs.iter().find_map(|attribute| {
                let given = attribute.meta.require_name_value().ok().filter(|it| it.path.is_ident("path"))?;
                let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) = &given.value else {
                    return None;
                };
                Some(folder.join(path.value()))
            });
            let files =
                given.into_iter().chain([own.join(format!("{name}.rs")), own.join(&name).join("mod.rs")]);
            found.extend(files.filter(|file| texts.contains_key(file)));
            let below = own.join(&name);
            found.extend(texts.keys().filter(|file| file.starts_with(&below)).cloned());
        }
    }
    found
}

/// All of them, read once.
fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let (texts, crates) = (texts(), dependencies());
        let for_tests = for_tests(&texts);
        let read =
            |(path, text): (&PathBuf, &String)| Source::read(path, text, for_tests.contains(path), &crates);
        texts.iter().map(read).collect()
    })
}

#[test]
fn every_file_uses_only_what_its_part_may() {
    let broken: Vec<String> =
        sources().iter().flat_map(rules::violations).map(|violation| violation.text).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_belongs_to_a_part() {
    for path in texts().into_keys().filter(|path| path != Path::new("lib.rs")) {
        let first = path.iter().next().unwrap().to_str().unwrap();
        let name = first.trim_end_matches(".rs");
        assert!(PARTS.iter().any(|part| part.name == name), "{} belongs to no part", path.display());
    }
}

#[test]
fn a_confirmed_plan_is_made_in_one_place_and_derives_nothing_but_debug() {
    let texts = texts();
    let file = syn::parse_file(&texts[Path::new("runbook/action.rs")]).unwrap();
    let confirmed = file
        .items
        .iter()
        .find_map(|item| match item {
            syn::Item::Struct(item) if item.ident == "Confirmed" => Some(item),
            _ => None,
        })
        .unwrap();
    let derived: Vec<String> = confirmed
        .attrs
        .iter()
        .filter(|attribute| !attribute.path().is_ident("doc"))
        .map(|attribute| match &attribute.meta {
            syn::Meta::List(list) => list.tokens.to_string(),
            _ => "another attribute".to_owned(),
        })
        .collect();
    assert_eq!(derived, ["Debug"], "no Clone, no Deserialize");
    assert!(
        confirmed.fields.iter().all(|field| matches!(field.vis, syn::Visibility::Inherited)),
        "all private"
    );
    let made = |named: &&reading::Named| {
        named.kind == reading::Kind::Literal && named.path.last().is_some_and(|last| last == "Confirmed")
    };
    let makers: Vec<&PathBuf> = sources()
        .iter()
        .flat_map(|source| source.reading.named.iter().filter(made).map(|_| &source.path))
        .collect();
    assert_eq!(makers, [Path::new("runbook/action.rs")], "made once, and only there");
    let confirm = methods(&file, "Plan").find(|method| method.sig.ident == "confirm").unwrap();
    let takes_it_whole =
        confirm.sig.receiver().is_some_and(|receiver| matches!(receiver.kind, syn::ReceiverKind::Value));
    assert!(takes_it_whole, "a plan is used up by confirming it");
    assert!(makes(confirm, "Confirmed"), "it is made by confirming a plan");
    let changes = |method: &&syn::ImplItemFn| {
        let kind = method.sig.receiver().map(|receiver| &receiver.kind);
        !matches!(kind, Some(syn::ReceiverKind::Reference(_, _, None) | syn::ReceiverKind::Value))
    };
    let changing: Vec<String> =
        methods(&file, "Confirmed").filter(changes).map(|method| method.sig.ident.to_string()).collect();
    assert!(changing.is_empty(), "neither made nor changed by its own methods: {changing:?}");
}

fn methods<'a>(file: &'a syn::File, of: &str) -> impl Iterator<Item = &'a syn::ImplItemFn> {
    let is_of = move |item: &&syn::ItemImpl| match &*item.self_ty {
        syn::Type::Path(path) => path.path.is_ident(of),
        _ => false,
    };
    let impls = file.items.iter().filter_map(|item| match item {
        syn::Item::Impl(item) => Some(item),
        _ => None,
    });
    impls.filter(is_of).flat_map(|item| &item.items).filter_map(|item| match item {
        syn::ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// Does a method have a struct literal of this name?
fn makes(method: &syn::ImplItemFn, name: &str) -> bool {
    struct Literals<'a>(&'a str, bool);
    impl<'ast> syn::visit::Visit<'ast> for Literals<'_> {
        fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
            self.1 |= made.path.is_ident(self.0);
            syn::visit::visit_expr_struct(self, made);
        }
    }
    let mut literals = Literals(name, false);
    syn::visit::Visit::visit_impl_item_fn(&mut literals, method);
    literals.1
}

#[test]
fn files_stay_short() {
    let long = rules::long_files(sources());
    assert!(long.is_empty(), "past 600 lines:\n{}", long.join("\n"));
}

#[test]
fn functions_stay_short() {
    let long = rules::long_functions(sources());
    assert!(long.is_empty(), "functions past 80 lines:\n{}", long.join("\n"));
}
