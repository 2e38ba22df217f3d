//! Finds the code blocks in Markdown and in doc comments, which the tests here run.
//!
//! The fence of a block says what happens to it:
//!
//! | fence | what is done |
//! |---|---|
//! | `rust` | compiled into `tests/rust.rs` and run, each block in a process of its own |
//! | `console` | run by bash in a copy of the repository, with an empty home folder |
//! | `text` | compared with what the block above it prints; `...` matches any lines |
//! | `python` | written to the file that its first line names, and compiled |
//! | `c`, `go` | compiled against the installed C library, and run, where there is a toolchain |
//! | `toml`, `ini`, `dockerfile` | read |
//!
//! HTML comments, which readers don't see, say what a block needs:
//!
//! - `<!-- hidden … -->` above a block: lines to add before it, or around it if one of them is only
//!   `...`;
//! - `<!-- hidden everywhere … -->`: the same for all Rust blocks of the document that follow;
//! - `<!-- not run: why -->` above a block: it is counted, but not run.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A fenced block of a document.
#[derive(Debug, Clone)]
pub struct Block {
    /// The path of the document in the repository.
    pub document: String,
    /// The line of its fence, counted from 1.
    pub line: usize,
    /// The language on the fence, or nothing.
    pub language: String,
    /// The text of the block.
    pub text: String,
    /// The hidden lines.
    pub hidden: String,
    /// Why it is not run.
    pub not_run: Option<String>,
    /// Its expected output: the `text` block below it.
    pub output: Option<String>,
}

impl Block {
    /// Returns the block's document and line.
    pub fn place(&self) -> String {
        format!("{}:{}", self.document, self.line)
    }

    /// Returns the block with its hidden lines.
    pub fn whole(&self) -> String {
        let around = format!("\n{}\n", self.hidden);
        match around.split_once("\n...\n") {
            Some((before, after)) => format!("{before}\n{}\n{after}", self.text),
            None => format!("{around}{}", self.text),
        }
    }

    /// Returns the file that a comment in the first line names.
    pub fn file(&self) -> Option<&str> {
        let first = self.text.lines().next()?;
        let name = first.strip_prefix("# ").or_else(|| first.strip_prefix("// "))?.trim();
        (name.contains('.') && !name.contains(' ')).then_some(name)
    }
}

/// Returns the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two above").to_owned()
}

/// Returns the paths of the documents in the repository.
pub fn documents(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("docs")];
    for name in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"] {
        found.push(root.join(name));
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of documents").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found.into_iter().map(|path| path.strip_prefix(root).expect("below it").to_owned()).collect()
}

/// Returns the blocks of all documents.
pub fn blocks(root: &Path) -> Vec<Block> {
    let documents = documents(root);
    documents.iter().flat_map(|document| blocks_of(root, document)).collect()
}

/// Returns the blocks of one document.
pub fn blocks_of(root: &Path, document: &Path) -> Vec<Block> {
    let text = fs::read_to_string(root.join(document)).expect("a document");
    // With forward slashes on every system, since these are names of tests.
    read(&document.to_string_lossy().replace('\\', "/"), &text)
}

/// Reads the blocks of Markdown.
pub fn read(document: &str, markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut everywhere, mut hidden, mut not_run) = (String::new(), String::new(), None);
    let mut inside: Option<Block> = None;
    let mut html = String::new();
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Html(text) => html.push_str(&text),
            Event::End(TagEnd::HtmlBlock) => {
                let comment = std::mem::take(&mut html);
                let Some(comment) = comment.trim().strip_prefix("<!--") else { continue };
                let comment = comment.trim_end_matches("-->").trim();
                if let Some(lines) = comment.strip_prefix("hidden everywhere") {
                    everywhere = lines.trim().to_owned();
                } else if let Some(lines) = comment.strip_prefix("hidden") {
                    hidden = lines.trim().to_owned();
                } else if let Some(why) = comment.strip_prefix("not run:") {
                    not_run = Some(why.trim().to_owned());
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                let own = std::mem::take(&mut hidden);
                let lines = match &language[..] {
                    "rust" if !everywhere.is_empty() => format!("{everywhere}\n{own}"),
                    _ => own,
                };
                inside = Some(Block {
                    document: document.to_owned(),
                    line: markdown[..range.start].matches('\n').count() + 1,
                    language: language.to_string(),
                    text: String::new(),
                    hidden: lines,
                    not_run: not_run.take(),
                    output: None,
                });
            }
            Event::Text(text) => {
                if let Some(block) = &mut inside {
                    block.text.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                let Some(block) = inside.take() else { continue };
                match blocks.last_mut() {
                    Some(above) if block.language == "text" && block.not_run.is_none() => {
                        assert!(above.output.is_none(), "{} is below another text", block.place());
                        above.output = Some(block.text);
                    }
                    _ => blocks.push(block),
                }
            }
            _ => {}
        }
    }
    blocks
}

/// Returns the first line of an expected output that is missing, in order; `...` matches any lines.
pub fn missing_line<'e>(expected: &'e str, output: &str) -> Option<&'e str> {
    let mut lines = output.lines().map(str::trim_end);
    expected.lines().map(str::trim_end).filter(|line| !line.is_empty() && *line != "...").find(
        |wanted| {
            // `…` in a line matches text that differs between machines.
            let parts: Vec<&str> = wanted.split('…').collect();
            !lines.any(|line| fits(line, &parts))
        },
    )
}

fn fits(line: &str, parts: &[&str]) -> bool {
    let [first, rest @ ..] = parts else { return false };
    let Some(mut left) = line.strip_prefix(first) else { return false };
    if rest.is_empty() {
        return left.is_empty();
    }
    for part in rest {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.is_empty() || rest.last().is_some_and(|last| last.is_empty())
}
