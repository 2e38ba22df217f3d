//! Maps every Python file in some folders, and prints how many of their public functions are typed.
//!
//! ```sh
//! cargo run --release -p callpy-codegen --example survey -- FOLDER…
//! ```
//! *Fully* typed: no part is a plain Python object, unless its hint is `Any`. *In part*: some part is.
//! *Left out*: see the reasons. The percentages are of the functions with hints.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use callpy_codegen::{Input, Loading, reports};

#[derive(Default)]
struct Survey {
    files: usize,
    fully: usize,
    in_part: usize,
    left_out: usize,
    unhinted: usize,
    reasons: HashMap<String, usize>,
}

impl Survey {
    fn file(&mut self, path: &Path) {
        let Ok(bytes) = std::fs::read(path) else { return };
        let file = path.display().to_string();
        let source = match callpy_codegen::decode(&bytes, &file) {
            Ok(source) => source,
            Err(diagnostic) => return println!("{diagnostic}"),
        };
        let mut input = Input::new("m", &file, Loading::Imported { module: "m".into() });
        input.path = Some(path.to_owned());
        let reports = match reports(&source, &input) {
            Ok(reports) => reports,
            Err(problem) => return println!("{problem}"),
        };
        self.files += 1;
        for report in reports {
            let mut note = |reason: &str| *self.reasons.entry(reason.to_owned()).or_default() += 1;
            if let Some(reason) = &report.left_out {
                if reason.contains("no hints") {
                    self.unhinted += 1;
                    continue;
                }
                note(reason.split('@').next().unwrap_or_default());
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
    }

    fn line(&self, name: &str) {
        let Survey { files, fully, in_part, left_out, unhinted, .. } = self;
        let share = |part: usize| 100.0 * part as f64 / (fully + in_part + left_out).max(1) as f64;
        println!(
            "{name:<16}{files:>6}{:>8}{fully:>7} {:>3.0} %{in_part:>8} {:>3.0} %{left_out:>9}{unhinted:>10}",
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
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }
}

fn main() {
    println!(
        "{:<16}{:>6}{:>8}{:>13}{:>14}{:>9}{:>10}",
        "", "files", "hinted", "fully", "in part", "left out", "unhinted"
    );
    let mut total = Survey::default();
    for folder in std::env::args().skip(1).map(PathBuf::from) {
        let mut survey = Survey::default();
        files(&folder).iter().for_each(|file| survey.file(file));
        survey.line(&folder.file_name().unwrap_or_default().to_string_lossy());
        total.add(survey);
    }
    total.line("all");
    let mut reasons: Vec<_> = total.reasons.iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), reason.as_str()));
    println!("\nwhy not fully, by how many parts:");
    for (reason, count) in reasons.into_iter() {
        println!("{count:>6}  {reason}");
    }
}

/// The Python files in a folder, without tests, or the file itself.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(&name[..], "tests" | "test" | "testing") {
            files.extend(self::files(&path));
        } else if name.ends_with(".py") && !name.starts_with("test_") {
            files.push(path);
        }
    }
    files.sort();
    files
}
