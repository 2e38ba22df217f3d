//! Every public item of the library has an example that runs.
//!
//! The rule: a type, a trait, a function and a macro have an example of their own. A method, or a
//! constant of a type, is used in an example of its file: its own, or that of its type, since a
//! getter shown alone teaches less than one shown with its neighbours. Fields, variants and
//! implementations of traits need none. An example is run: none is `ignore` or `no_run`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, TraitItem, Visibility};

/// Crates, and folders in them to skip: their items are only for code that `module!` writes.
const CRATES: [(&str, &[&str]); 3] = [
    ("callpy", &["generated.rs", "generated", "raw.rs", "raw"]),
    ("callpy-codegen", &[]),
    ("callpy-signature", &[]),
];

/// Items whose example is that of their module. All others need one.
const SHARED: &[(&str, &str, &str)] = &[
    (
        "callpy-codegen",
        "*",
        "the crate's one example makes an Input, generates, and reads the outcome",
    ),
    ("callpy-signature", "*", "the model is plain data, whose use the crate's own example shows"),
];

#[derive(Default)]
struct File {
    /// All examples that run.
    examples: String,
    /// The types, traits and functions without an example, and the methods with their names.
    bare: Vec<String>,
    methods: Vec<(String, String)>,
    wrong: Vec<String>,
}

/// Returns the text of an item's documentation.
fn doc(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(line) = &literal.lit
        {
            let line = line.value();
            text += line.strip_prefix(' ').unwrap_or(&line);
            text.push('\n');
        }
    }
    text
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string() == "hidden")
    })
}

impl File {
    /// Reads the examples of an item's documentation; returns whether there are any.
    fn read(&mut self, name: &str, attributes: &[Attribute]) -> bool {
        let mut any = false;
        for block in callpy_documents::read(name, &doc(attributes)) {
            match &block.language[..] {
                "" | "rust" => {
                    self.examples += &block.text;
                    any = true;
                }
                "ignore" | "no_run" | "should_panic" => {
                    self.wrong.push(format!(
                        "{name}: an example is `{}`, so it is not run",
                        block.language
                    ));
                }
                _ => {}
            }
        }
        any
    }

    fn item(&mut self, name: &str, attributes: &[Attribute], visibility: &Visibility) {
        if matches!(visibility, Visibility::Public(_))
            && !is_hidden(attributes)
            && !self.read(name, attributes)
        {
            self.bare.push(name.to_owned());
        }
    }

    fn method(&mut self, owner: &str, name: &str, attributes: &[Attribute]) {
        if !is_hidden(attributes) {
            let full = format!("{owner}::{name}");
            self.read(&full, attributes);
            self.methods.push((full, name.to_owned()));
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Struct(item) => self.item(&item.ident.to_string(), &item.attrs, &item.vis),
                Item::Enum(item) => self.item(&item.ident.to_string(), &item.attrs, &item.vis),
                Item::Type(item) => self.item(&item.ident.to_string(), &item.attrs, &item.vis),
                Item::Fn(item) => self.item(&item.sig.ident.to_string(), &item.attrs, &item.vis),
                Item::Macro(item) if item.ident.is_some() => {
                    let exported = item
                        .attrs
                        .iter()
                        .any(|attribute| attribute.path().is_ident("macro_export"));
                    let name = item.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                    if exported && !is_hidden(&item.attrs) && !self.read(&name, &item.attrs) {
                        self.bare.push(name);
                    }
                }
                // Items that a macro makes have their documentation in its arguments.
                Item::Macro(item) => {
                    for line in item.mac.tokens.clone().into_iter().flat_map(doc_of_tokens) {
                        self.examples += &line;
                        self.examples.push('\n');
                    }
                }
                Item::Mod(item) => {
                    if let Some((_, items)) = &item.content
                        && !item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"))
                    {
                        self.read(&item.ident.to_string(), &item.attrs);
                        self.items(items);
                    }
                }
                Item::Trait(item) => {
                    let owner = item.ident.to_string();
                    self.item(&owner, &item.attrs, &item.vis);
                    for member in &item.items {
                        if let (TraitItem::Fn(function), Visibility::Public(_)) =
                            (member, &item.vis)
                        {
                            self.method(&owner, &function.sig.ident.to_string(), &function.attrs);
                        }
                    }
                }
                Item::Impl(item) if item.trait_.is_none() => {
                    let syn::Type::Path(path) = &*item.self_ty else { continue };
                    let Some(last) = path.path.segments.last() else { continue };
                    let owner = last.ident.to_string();
                    for member in &item.items {
                        match member {
                            ImplItem::Fn(function)
                                if matches!(function.vis, Visibility::Public(_)) =>
                            {
                                self.method(
                                    &owner,
                                    &function.sig.ident.to_string(),
                                    &function.attrs,
                                );
                            }
                            ImplItem::Const(one) if matches!(one.vis, Visibility::Public(_)) => {
                                self.method(&owner, &one.ident.to_string(), &one.attrs);
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// The texts of `#[doc = "…"]` among a macro's arguments.
fn doc_of_tokens(token: proc_macro2::TokenTree) -> Vec<String> {
    match token {
        proc_macro2::TokenTree::Literal(literal) => {
            syn::parse_str::<syn::LitStr>(&literal.to_string())
                .map(|text| text.value())
                .into_iter()
                .collect()
        }
        proc_macro2::TokenTree::Group(group) => {
            group.stream().into_iter().flat_map(doc_of_tokens).collect()
        }
        _ => Vec::new(),
    }
}

fn files(folder: &Path, left_out: &[&str], extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if left_out.contains(&entry.file_name().to_str().unwrap()) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, left_out, extension));
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found
}

/// Whether a method of this name is called or named in the examples.
fn is_used(examples: &str, name: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    examples.match_indices(name).any(|(at, _)| {
        let before = examples[..at].chars().next_back();
        (matches!(before, Some('.' | ':')) || examples[..at].ends_with("fn "))
            && !is_word(examples[at + name.len()..].chars().next())
    })
}

#[test]
fn every_public_item_has_an_example_that_runs() {
    let mut missing = BTreeSet::new();
    let mut seen = 0;
    for (name, left_out) in CRATES {
        for path in
            files(&callpy_documents::root().join("crates").join(name).join("src"), left_out, "rs")
        {
            let source = fs::read_to_string(&path).unwrap();
            let parsed = syn::parse_file(&source).unwrap();
            let mut file = File::default();
            file.read("the file", &parsed.attrs);
            file.items(&parsed.items);
            seen += file.methods.len() + file.bare.len();
            let place = path.strip_prefix(callpy_documents::root()).unwrap().display().to_string();
            missing.extend(file.wrong.iter().map(|wrong| format!("{place}: {wrong}")));
            if SHARED.iter().any(|(shared, item, _)| *shared == name && *item == "*") {
                continue;
            }
            missing.extend(file.bare.iter().map(|bare| format!("{place}: {bare} has no example")));
            missing.extend(
                file.methods
                    .iter()
                    .filter(|(_, method)| !is_used(&file.examples, method))
                    .map(|(full, _)| format!("{place}: {full} is in no example")),
            );
        }
    }
    assert!(seen > 150, "only {seen} items were found: the search is wrong");
    let list: Vec<String> = missing.into_iter().collect();
    assert!(list.is_empty(), "{} public items lack an example:\n{}", list.len(), list.join("\n"));
}

#[test]
fn a_method_is_used_where_it_is_called_or_defined() {
    assert!(is_used("array.len()", "len"));
    assert!(is_used("Python::start()?", "start"));
    assert!(is_used("fn place(self)", "place"));
    assert!(!is_used("array.length()", "len"));
    assert!(!is_used("start", "start"));
}

/// The first column of the troubleshooting page consists of messages in the library and the command.
#[test]
fn the_messages_of_the_troubleshooting_page_are_real() {
    let root = callpy_documents::root();
    let mut source = String::new();
    let [library, command] =
        ["callpy", "callpy-cli"].map(|it| root.join("crates").join(it).join("src"));
    let all = [(&library, "rs"), (&library, "py"), (&command, "rs")];
    for path in all.iter().flat_map(|(folder, ending)| files(folder, &[], ending)) {
        // Joins strings that continue on the next line.
        let text = fs::read_to_string(path).unwrap();
        let lines = text.split("\\\n").map(str::trim_start);
        source += &lines.collect::<Vec<_>>().join("");
    }
    let page = fs::read_to_string(root.join("docs/troubleshooting.md")).unwrap();
    let messages: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(message, _)| message))
        .collect();
    assert!(messages.len() > 20, "the table was not found");
    let foreign: Vec<&&str> =
        messages.iter().filter(|message| !source.contains(**message)).collect();
    assert!(foreign.is_empty(), "no such message is in the library or the command: {foreign:?}");
}
