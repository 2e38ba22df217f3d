//! Reads every Python file in some folders, and prints how many of their hints are understood.
//!
//! ```sh
//! cargo run --release -p callpy-signature --example hints -- FOLDER…
//! ```
//! Each folder is one line of the table; the rest is about all folders together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use callpy_signature::{ClassKind, Function, Module, Type, read};

fn main() {
    let mut total = Survey::default();
    println!("{:<28}{}", "", Survey::HEADER);
    for folder in std::env::args().skip(1).map(PathBuf::from) {
        let mut survey = Survey::default();
        for file in files(&folder) {
            survey.file(&file);
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        println!("{name:<28}{}", survey.line());
        total.add(survey);
    }
    println!("{:<28}{}", "all", total.line());
    println!(
        "\n{:?} for {} bytes; classes that are values: {:?}",
        total.time, total.bytes, total.values
    );
    total.print("syntax errors", &total.errors, 100);
    total.print("hints that are no types", &total.invalid, 40);
    total.print("classes from elsewhere", &total.unknown, 60);
    total.print("decorators not known to keep the signature", &total.decorators, 30);
}

/// The Python files in a folder, or the file itself.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".py") || name.ends_with(".pyi") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("test_")
        || name == "conftest.py"
        || path
            .components()
            .any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "testing" | "_testing")))
}

#[derive(Default)]
struct Survey {
    files: usize,
    bytes: usize,
    functions: usize,
    hinted: usize,
    understood: usize,
    time: Duration,
    errors: HashMap<String, usize>,
    invalid: HashMap<String, usize>,
    unknown: HashMap<String, usize>,
    decorators: HashMap<String, usize>,
    values: HashMap<&'static str, usize>,
}

impl Survey {
    const HEADER: &'static str =
        "   files  errors  public functions  fully hinted  of these without unknowns";

    fn line(&self) -> String {
        let errors: usize = self.errors.values().sum();
        let Survey { files, functions, hinted, understood, .. } = self;
        format!("{files:>8}{errors:>8}{functions:>18}{hinted:>14}{understood:>26}")
    }

    fn file(&mut self, path: &Path) {
        // Some test suites contain files in other encodings.
        let Ok(source) = std::fs::read_to_string(path) else { return };
        self.files += 1;
        self.bytes += source.len();
        let start = Instant::now();
        let module = read(&source);
        self.time += start.elapsed();
        match module {
            // Tests are only read for their syntax, since no one calls them.
            Ok(_) if is_test(path) => {}
            Ok(module) => self.module(&module),
            Err(error) => {
                *self.errors.entry(format!("{}: {error}", path.display())).or_default() += 1
            }
        }
    }

    fn module(&mut self, module: &Module) {
        for class in &module.classes {
            let kind = match class.kind {
                ClassKind::Dataclass { .. } => "dataclass",
                ClassKind::NamedTuple => "named tuple",
                ClassKind::TypedDict => "typed dict",
                ClassKind::Enum(_) => "enum",
                _ => continue,
            };
            *self.values.entry(kind).or_default() += 1;
            for ty in class.field_types() {
                self.count(ty);
            }
        }
        for function in module.public_functions() {
            self.functions += 1;
            self.function(function);
        }
    }

    fn function(&mut self, function: &Function) {
        if let Some(decorator) = function.unsettling_decorator() {
            let name = decorator.name.clone().unwrap_or_else(|| decorator.source.clone());
            *self.decorators.entry(name).or_default() += 1;
        }
        let parameters = function.parameters.iter().filter_map(|parameter| parameter.hint.as_ref());
        let mut understood = function.is_fully_hinted();
        self.hinted += usize::from(understood);
        for hint in parameters.chain(&function.returns) {
            understood &= self.count(&hint.ty);
            if let Type::Invalid { reason } = &hint.ty {
                *self.invalid.entry(format!("{reason}: {}", hint.source)).or_default() += 1;
            }
        }
        self.understood += usize::from(understood);
    }

    /// Records the unknown parts of a type, and returns whether there are none.
    fn count(&mut self, ty: &Type) -> bool {
        let mut known = true;
        let mut left = vec![ty];
        while let Some(ty) = left.pop() {
            left.extend(ty.children());
            match ty {
                Type::Unknown { name, .. } => {
                    known = false;
                    *self.unknown.entry(name.clone()).or_default() += 1;
                }
                Type::Invalid { .. } => known = false,
                _ => {}
            }
        }
        known
    }

    fn add(&mut self, other: Survey) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.functions += other.functions;
        self.hinted += other.hinted;
        self.understood += other.understood;
        self.time += other.time;
        for (name, count) in other.values {
            *self.values.entry(name).or_default() += count;
        }
        let pairs = [
            (&mut self.errors, other.errors),
            (&mut self.invalid, other.invalid),
            (&mut self.unknown, other.unknown),
            (&mut self.decorators, other.decorators),
        ];
        for (ours, theirs) in pairs {
            for (name, count) in theirs {
                *ours.entry(name).or_default() += count;
            }
        }
    }

    fn print(&self, title: &str, counts: &HashMap<String, usize>, most: usize) {
        let mut counts: Vec<_> = counts.iter().collect();
        counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), name.as_str()));
        println!("\n{title}: {}", counts.len());
        for (name, count) in counts.into_iter().take(most) {
            println!("{count:>8}  {name}");
        }
    }
}
