//! What a source file names: every path in its `use` trees, types, expressions, patterns, attributes and,
//! as far as tokens tell, inside macros; each as an absolute path, through `super`, `self` and renamed imports.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree};

/// How a path stands in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Imported, and perhaps renamed.
    Use,
    /// All of a module imported: `path::*`.
    Glob,
    /// Anywhere else.
    Path,
    /// What a struct literal makes.
    Literal,
}

/// A path that a file names, absolute: it begins with `crate` or with a crate's name.
#[derive(Debug, Clone)]
pub struct Named {
    pub path: Vec<String>,
    pub kind: Kind,
    /// The imported name, where it is another than the path's last.
    pub renamed: bool,
    pub line: usize,
    /// Inside `#[cfg(test)]`.
    pub in_test: bool,
}

impl Named {
    pub fn text(&self) -> String {
        self.path.join("::")
    }

    /// The part of the program that it leads to, where it leads to one.
    pub fn part(&self) -> Option<&str> {
        (self.path[0] == "crate").then(|| self.path.get(1).map_or("", String::as_str))
    }

    /// The crate that it leads to, where it leads out of the program.
    pub fn foreign_crate(&self) -> Option<&str> {
        (self.path[0] != "crate").then(|| self.path[0].as_str())
    }

    pub fn begins_with(&self, prefix: &str) -> bool {
        let prefix: Vec<&str> = prefix.split("::").collect();
        self.path.len() >= prefix.len() && self.path.iter().zip(&prefix).all(|(here, there)| here == there)
    }
}

/// A method call: its name and line.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    pub line: usize,
    pub in_test: bool,
}

/// A function: its first line and how many it has.
#[derive(Debug, Clone)]
pub struct Function {
    pub line: usize,
    pub lines: usize,
    /// Inside `#[cfg(test)]`.
    pub in_test: bool,
}

/// What was read of a file.
#[derive(Debug, Default)]
pub struct Reading {
    pub named: Vec<Named>,
    pub calls: Vec<Call>,
    pub functions: Vec<Function>,
}

/// The module that a file is, by its path under `src`: `clients/kubernetes/mod.rs` is `crate::clients::kubernetes`.
pub fn module_of(path: &FilePath) -> Vec<String> {
    let mut module = vec!["crate".to_owned()];
    module.extend(path.iter().map(|step| step.to_str().unwrap().trim_end_matches(".rs").to_owned()));
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// Reads a file that is this module; `crates` are those that it could name.
pub fn read(text: &str, module: Vec<String>, in_test: bool, crates: &[String]) -> syn::Result<Reading> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader { crates, scopes: Vec::new(), in_test, reading: Reading::default() };
    reader.enter(module, &file.items);
    reader.visit_file(&file);
    Ok(reader.reading)
}

/// Is it only built for tests?
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list().ok().filter(|list| list.path.is_ident("cfg"));
        // `any(test, …)` is built elsewhere, too
        list.is_some_and(|list| list.tokens.to_string() == "test")
    })
}

/// A module: what it is called, and what its names stand for.
struct Scope {
    module: Vec<String>,
    imports: BTreeMap<String, Vec<String>>,
    own: Vec<String>,
}

struct Reader<'a> {
    crates: &'a [String],
    scopes: Vec<Scope>,
    in_test: bool,
    reading: Reading,
}

/// A leaf of a `use` tree.
struct Leaf {
    path: Vec<String>,
    name: Option<String>,
    renamed: bool,
    line: usize,
}

impl Reader<'_> {
    fn scope(&self) -> &Scope {
        self.scopes.last().unwrap()
    }

    fn enter(&mut self, module: Vec<String>, items: &[Item]) {
        let own = items.iter().filter_map(name_of).collect();
        self.scopes.push(Scope { module, imports: BTreeMap::new(), own });
        let mut imports = Imports(Vec::new());
        items.iter().for_each(|item| imports.visit_item(item));
        // twice, so that one import may stand on another below it
        for _ in 0..2 {
            for (name, path) in &imports.0 {
                if let Some(absolute) = self.absolute(path) {
                    self.scopes.last_mut().unwrap().imports.insert(name.clone(), absolute);
                }
            }
        }
    }

    /// The absolute path, or `None` where it is a name of the module's own.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let scope = self.scope();
        let rest = |from: usize| path[from..].to_vec();
        match path[0].as_str() {
            "::" => Some(rest(1)),
            "crate" | "$crate" => Some([vec!["crate".to_owned()], rest(1)].concat()),
            "failback" => Some([vec!["crate".to_owned()], rest(1)].concat()),
            "Self" => None,
            "self" if path.len() > 1 => Some([scope.module.clone(), rest(1)].concat()),
            "self" => None,
            "super" => {
                let ups = path.iter().take_while(|step| *step == "super").count();
                let kept = scope.module.len().saturating_sub(ups).max(1);
                Some([scope.module[..kept].to_vec(), rest(ups)].concat())
            }
            first => {
                if let Some(stands_for) = scope.imports.get(first).filter(|path| path[0] != first) {
                    return Some([stands_for.clone(), rest(1)].concat());
                }
                if scope.own.iter().any(|own| own == first) {
                    return Some([scope.module.clone(), rest(0)].concat());
                }
                if self.crates.iter().any(|name| name == first) {
                    return Some(rest(0));
                }
                // what `use super::*` brings, and the like: of this module as far as can be seen
                (path.len() > 1).then(|| [scope.module.clone(), rest(0)].concat())
            }
        }
    }

    fn name(&mut self, path: &[String], kind: Kind, renamed: bool, line: usize) {
        // A single name is a crate's only where it is imported; elsewhere it is a variable or a field.
        let alone = path.len() == 1 && kind == Kind::Path;
        if alone && !self.scope().imports.contains_key(&path[0]) && path[0] != "super" {
            return;
        }
        if let Some(path) = self.absolute(path) {
            self.reading.named.push(Named { path, kind, renamed, line, in_test: self.in_test });
        }
    }

    /// Paths in the tokens of a macro or an attribute; `before` is what stands before a group of a `use` tree.
    fn tokens(&mut self, tokens: &TokenStream, before: &[String]) {
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            if let TokenTree::Group(group) = &trees[at] {
                self.tokens(&group.stream(), &[]);
                at += 1;
                continue;
            }
            let Some((path, next)) = path_at(&trees, at) else {
                self.literal(&trees[at]);
                at += 1;
                continue;
            };
            // `x.http` is a field, `0..http::LIMIT` a range, and `<T>::new` goes on with what is before it
            let is_field = at > 0 && is_dot(&trees[at - 1]) && !(at > 1 && is_dot(&trees[at - 2]));
            let goes_on = path[0] == "::" && at > 0 && is_punct(trees.get(at - 1), '>');
            let whole = [before, &path[..]].concat();
            let line = trees[at].span().start().line;
            at = next;
            let tail = trees.get(at).zip(double_colon(&trees, next));
            if let Some(TokenTree::Group(group)) = tail.and_then(|(_, at)| trees.get(at)) {
                self.tokens(&group.stream(), &whole);
                at += 3;
            } else if !is_field && !goes_on {
                self.name(&whole, Kind::Path, false, line);
            }
        }
    }

    /// A text in an attribute may be a path: `#[serde(with = "a::b")]`.
    fn literal(&mut self, tree: &TokenTree) {
        let TokenTree::Literal(literal) = tree else { return };
        let text = literal.to_string();
        let Ok(path) = syn::parse_str::<syn::Path>(text.trim_matches('"')) else { return };
        if path.segments.len() > 1 && text.starts_with('"') {
            self.name(&steps(&path), Kind::Path, false, literal.span().start().line);
        }
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (start, end) = (signature.fn_token.span.start().line, block.brace_token.span.close().end().line);
        self.reading.functions.push(Function { line: start, lines: end - start, in_test: self.in_test });
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let before = self.in_test;
        self.in_test |= attributes_of(item).is_some_and(is_for_tests);
        visit::visit_item(self, item);
        self.in_test = before;
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let Some((_, items)) = &item.content else { return };
        let module = [self.scope().module.clone(), vec![item.ident.to_string()]].concat();
        self.enter(module, items);
        visit::visit_item_mod(self, item);
        self.scopes.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for leaf in leaves(item) {
            let kind = if leaf.name.is_some() { Kind::Use } else { Kind::Glob };
            self.name(&leaf.path, kind, leaf.renamed, leaf.line);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let path = vec!["::".to_owned(), item.ident.to_string()];
        self.name(&path, Kind::Use, item.rename.is_some(), item.ident.span().start().line);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // who may see it, nothing that it uses
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let line = path.segments[0].ident.span().start().line;
        self.name(&steps(path), Kind::Path, false, line);
        visit::visit_path(self, path);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        let line = made.path.segments[0].ident.span().start().line;
        let mut path = steps(&made.path);
        if path.len() == 1 && self.absolute(&path).is_none() {
            path.insert(0, "self".to_owned());
        }
        self.name(&path, Kind::Literal, false, line);
        visit::visit_expr_struct(self, made);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let (name, line) = (call.method.to_string(), call.method.span().start().line);
        self.reading.calls.push(Call { name, line, in_test: self.in_test });
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        visit::visit_macro(self, called);
        self.tokens(&called.tokens, &[]);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        visit::visit_attribute(self, attribute);
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(&list.tokens, &[]);
        }
    }
}

/// The imports of a module, those inside its functions too, without those of the modules in it.
struct Imports(Vec<(String, Vec<String>)>);

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {
        // a module of its own
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.0.extend(leaves(item).into_iter().filter_map(|leaf| Some((leaf.name?, leaf.path))));
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        self.0.push((name.to_string(), vec!["::".to_owned(), item.ident.to_string()]));
    }
}

fn leaves(item: &ItemUse) -> Vec<Leaf> {
    fn walk(tree: &UseTree, before: &[String], found: &mut Vec<Leaf>) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        // `{self}` is the path before it
        let whole = |ident: &syn::Ident| if ident == "self" { before.to_vec() } else { with(ident) };
        match tree {
            UseTree::Path(path) => walk(&path.tree, &with(&path.ident), found),
            UseTree::Group(group) => group.items.iter().for_each(|item| walk(item, before, found)),
            UseTree::Name(one) => {
                let path = whole(&one.ident);
                let (name, line) = (path.last().cloned(), one.ident.span().start().line);
                found.push(Leaf { path, name, renamed: false, line });
            }
            UseTree::Rename(one) => {
                let (name, line) = (Some(one.rename.to_string()), one.ident.span().start().line);
                found.push(Leaf { path: whole(&one.ident), name, renamed: true, line });
            }
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                found.push(Leaf { path: before.to_vec(), name: None, renamed: false, line });
            }
        }
    }
    let before = if item.leading_colon.is_some() { vec!["::".to_owned()] } else { Vec::new() };
    let mut found = Vec::new();
    walk(&item.tree, &before, &mut found);
    found.retain(|leaf| !leaf.path.is_empty());
    found
}

fn steps(path: &syn::Path) -> Vec<String> {
    let leading = path.leading_colon.as_ref().map(|_| "::".to_owned());
    leading.into_iter().chain(path.segments.iter().map(|segment| segment.ident.to_string())).collect()
}

/// The path that begins here among a macro's tokens, and where it has ended.
fn path_at(trees: &[TokenTree], at: usize) -> Option<(Vec<String>, usize)> {
    let mut path = Vec::new();
    let mut at = at;
    if let Some(after) = double_colon(trees, at) {
        path.push("::".to_owned());
        at = after;
    }
    if is_punct(trees.get(at), '$') && matches!(trees.get(at + 1), Some(TokenTree::Ident(i)) if i == "crate")
    {
        at += 1;
    }
    loop {
        let TokenTree::Ident(ident) = trees.get(at)? else { return None };
        path.push(ident.to_string());
        at += 1;
        match double_colon(trees, at) {
            Some(after) if matches!(trees.get(after), Some(TokenTree::Ident(_))) => at = after,
            _ => return Some((path, at)),
        }
    }
}

fn double_colon(trees: &[TokenTree], at: usize) -> Option<usize> {
    let joint = matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':' && p.spacing() == Spacing::Joint);
    (joint && is_punct(trees.get(at + 1), ':')).then_some(at + 2)
}

fn is_punct(tree: Option<&TokenTree>, which: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == which)
}

fn is_dot(tree: &TokenTree) -> bool {
    is_punct(Some(tree), '.')
}

fn attributes_of(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        _ => return None,
    })
}

/// The name that a path in the item's module can begin with.
fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Enum(item) => &item.ident,
        Item::Mod(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
