//! Maps every Python file in some folders, and prints how many of their public functions and methods are
//! typed. With `--write OUT`, it also writes the Rust and the Go of each file, for `.ci/wheels` to check.
//!
//! ```sh
//! cargo run --release -p callpy-codegen --example survey -- [--write OUT] FOLDER…
//! ```
//! *Fully* typed: no part is a plain Python object, unless its hint is `Any`. *In part*: some part is.
//! *Left out*: see the reasons. The percentages are of the functions and methods with hints.

use std::collections::HashMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use callpy_codegen::{
    FunctionReport, GoInput, Input, Loading, generate, generate_go_package, reports,
};
use proc_macro2::{Group, TokenStream, TokenTree};

#[derive(Default)]
struct Survey {
    files: usize,
    fully: usize,
    in_part: usize,
    left_out: usize,
    unhinted: usize,
    reasons: HashMap<String, usize>,
    /// The files of which code was written, and those of which there is none to write.
    written: usize,
    empty: usize,
    failures: Vec<String>,
}

impl Survey {
    fn file(&mut self, path: &Path, folder: &Path, out: Option<&Path>) {
        let Ok(bytes) = fs::read(path) else { return };
        let file = path.display().to_string();
        let source = match callpy_codegen::decode(&bytes, &file) {
            Ok(source) => source,
            Err(diagnostic) => return self.failures.push(diagnostic.to_string()),
        };
        let name = format!("m{:04}", self.files);
        let mut input = Input::new(&name, &file, Loading::Imported { module: "m".into() });
        input.path = Some(path.to_owned());
        self.files += 1;
        let Some(out) = out else { return self.reports(&source, &input) };
        let package = package(folder);
        let written = catch_unwind(AssertUnwindSafe(|| {
            let rust = generate(&source, &input).map_err(|problems| problems[0].to_string())?;
            let mut input = GoInput::new(&name, &file);
            input.path = Some(path.to_owned());
            input.import = Some("m".to_owned());
            let go =
                generate_go_package(&source, &input).map_err(|problems| problems[0].to_string())?;
            Ok::<_, String>((rust.functions, without_docs(rust.code).to_string(), go.code))
        }));
        match written {
            Ok(Ok((reports, rust, go))) => {
                reports.iter().for_each(|report| self.report(report));
                let rust_file = out.join("rust/files").join(&package).join(format!("{name}.rs"));
                write(&rust_file, &format!("// {file}\n{rust}\n"));
                write(&out.join("go").join(&package).join(&name).join("m.go"), &go);
                self.written += 1;
            }
            // Nothing that has a type: the reasons are in the table.
            Ok(Err(message)) if message.contains("public function") => {
                self.empty += 1;
                self.reports(&source, &input);
            }
            Ok(Err(message)) => self.failures.push(message),
            Err(_) => self.failures.push(format!("{file}: the generator panicked")),
        }
    }

    fn reports(&mut self, source: &str, input: &Input) {
        match reports(source, input) {
            Ok(reports) => reports.iter().for_each(|report| self.report(report)),
            Err(problem) => self.failures.push(problem.to_string()),
        }
    }

    fn report(&mut self, report: &FunctionReport) {
        let mut note = |reason: &str| *self.reasons.entry(reason.to_owned()).or_default() += 1;
        if let Some(reason) = &report.left_out {
            if reason.contains("no hints") {
                self.unhinted += 1;
                return;
            }
            note(reason.split(['@', ':']).next().unwrap_or_default());
            self.left_out += 1;
        } else if report.untyped.is_empty() {
            self.fully += 1;
        } else {
            for untyped in &report.untyped {
                note(untyped.split_once(": ").map_or(&untyped[..], |(_, reason)| reason));
            }
            self.in_part += 1;
        }
    }

    fn line(&self, name: &str) {
        let Survey { files, fully, in_part, left_out, unhinted, .. } = self;
        let share = |part: usize| 100.0 * part as f64 / (fully + in_part + left_out).max(1) as f64;
        println!(
            "{name:<24}{files:>6}{:>8}{fully:>7} {:>3.0} %{in_part:>8} {:>3.0} %{left_out:>9}{unhinted:>10}",
            fully + in_part + left_out,
            share(*fully),
            share(*in_part),
        );
    }

    fn add(&mut self, other: Survey) {
        self.files += other.files;
        self.fully += other.fully;
        self.in_part += other.in_part;
        self.left_out += other.left_out;
        self.unhinted += other.unhinted;
        self.written += other.written;
        self.empty += other.empty;
        self.failures.extend(other.failures);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let out = arguments.next_if_eq("--write").and_then(|_| arguments.next()).map(PathBuf::from);
    println!(
        "{:<24}{:>6}{:>8}{:>13}{:>14}{:>9}{:>10}",
        "", "files", "hinted", "fully", "in part", "left out", "unhinted"
    );
    let mut total = Survey::default();
    for folder in arguments.map(PathBuf::from) {
        let mut survey = Survey::default();
        for file in files(&folder) {
            survey.file(&file, &folder, out.as_deref());
        }
        survey.line(&folder.file_name().unwrap_or_default().to_string_lossy());
        if let Some(out) = out.as_deref().filter(|_| survey.written > 0) {
            write_crates(out, &folder);
        }
        total.add(survey);
    }
    total.line("all");
    let mut reasons: Vec<_> = total.reasons.iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), reason.as_str()));
    println!("\nwhy not fully, by how many parts:");
    for (reason, count) in reasons.into_iter().take(80) {
        println!("{count:>6}  {reason}");
    }
    println!("\nfiles: {} written, {} with nothing to write, refused:", total.written, total.empty);
    for failure in &total.failures {
        println!("{failure}");
    }
    std::process::exit(i32::from(!total.failures.is_empty()));
}

/// Writes crates for the files of one package, each of no more code than rustc checks in a gigabyte of memory.
fn write_crates(out: &Path, folder: &Path) {
    const MOST: u64 = 6_000_000;
    let package = package(folder);
    let (mut crates, mut size) = (vec![String::new()], 0);
    for path in files(&out.join("rust/files").join(&package)) {
        let bytes = fs::metadata(&path).map_or(0, |it| it.len());
        if size > 0 && size + bytes > MOST {
            crates.push(String::new());
            size = 0;
        }
        size += bytes;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let module = format!("#[path = \"../../files/{package}/{name}.rs\"]\nmod file_{name};\n");
        crates.last_mut().expect("there is one").push_str(&module);
    }
    for (number, root) in crates.iter().enumerate() {
        let crate_folder = out.join("rust").join(format!("{package}_{number}"));
        write(&crate_folder.join("src/lib.rs"), root);
        let manifest = format!(
            "[package]\nname = \"w_{package}_{number}\"\nedition = \"2024\"\n\n\
             [dependencies]\ncallpy.workspace = true\n"
        );
        write(&crate_folder.join("Cargo.toml"), &manifest);
    }
}

/// Returns the name of the package in a folder, as an identifier.
fn package(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().replace('-', "_")
}

/// Removes docs: more than half of the code for some packages, and nothing that could fail to compile.
fn without_docs(code: TokenStream) -> TokenStream {
    let is_doc = |token: &TokenTree| match token {
        TokenTree::Group(group) => {
            matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
        }
        _ => false,
    };
    let mut tokens = code.into_iter().peekable();
    let mut kept = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(sign)
                if sign.as_char() == '#' && tokens.peek().is_some_and(is_doc) =>
            {
                tokens.next();
            }
            TokenTree::Group(group) => {
                let inside = without_docs(group.stream());
                kept.push(TokenTree::Group(Group::new(group.delimiter(), inside)));
            }
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

fn write(file: &Path, text: &str) {
    let folder = file.parent().expect("it is in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .expect("the folder can be written");
}

/// The files in a folder that are Python's, stubs too, without tests, or Rust's; or the file itself.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(&name[..], "tests" | "test" | "testing") {
            files.extend(self::files(&path));
        } else if [".py", ".pyi", ".rs"].iter().any(|end| name.ends_with(end))
            && !name.starts_with("test_")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}
