//! Compares callpy in SQL with other ways to call Python from SQL: same functions, same table, same run.
//!
//! `cargo run --release -p sql-bench`; see sql/bench/README.md.

mod callpy_rival;
mod measure;
mod plot;
mod process;
mod record;
mod rivals;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

/// Any failure is a sentence.
type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Compare callpy in SQL with other ways to call Python from SQL.
///
/// A whole run writes sql/bench/results and the tables in docs/sql-comparison.md. A run of a part
/// prints its tables only.
#[derive(Debug, Parser)]
#[command(name = "sql-bench")]
struct Options {
    /// Check every rival's answers on small tables; time nothing
    #[arg(long)]
    quick: bool,

    /// Set the rows of the table
    #[arg(long, default_value_t = 10_000_000, value_name = "N")]
    rows: usize,

    /// Run only these rivals, besides callpy
    #[arg(long, value_delimiter = ',', value_name = "RIVAL")]
    rivals: Vec<String>,

    /// Run only these functions
    #[arg(long, value_delimiter = ',', value_name = "FUNCTION")]
    works: Vec<String>,

    /// Run only these numbers of groups
    #[arg(long, value_delimiter = ',', value_name = "GROUPS")]
    groups: Vec<usize>,

    /// Set how many turns each rival has at each row; a slow one has fewer
    #[arg(long, default_value_t = 5, value_name = "N")]
    turns: usize,

    /// Leave out what would take longer than this for one query
    #[arg(long, default_value_t = 60.0, value_name = "SECONDS")]
    limit: f64,

    /// Write the record and the page after a run of a part, too
    #[arg(long)]
    write: bool,

    /// Serve as a rival, by the lines that sql/rivals/harness.py describes
    #[arg(long, hide = true)]
    serve: Option<callpy_rival::Source>,
}

impl Options {
    fn is_whole(&self) -> bool {
        !self.quick
            && self.rows == 10_000_000
            && self.rivals.is_empty()
            && self.works.is_empty()
            && self.groups.is_empty()
    }
}

/// The folder of the project.
fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("sql/bench is in the project's folder")
}

/// The folder of the tables, which a run writes once.
fn tables() -> PathBuf {
    root().join("target/sql-bench")
}

fn run() -> Result<()> {
    let options = Options::parse();
    if let Some(source) = options.serve {
        return callpy_rival::serve(source);
    }
    let record = measure::run(&options)?;
    if options.quick {
        print!("{}", table::checked(&record));
        return Ok(());
    }
    print!("{}", table::whole(&record));
    if options.is_whole() || options.write {
        let file = root().join("sql/bench/results").join(format!("{}.json", record.date));
        std::fs::create_dir_all(file.parent().expect("it is in a folder"))?;
        std::fs::write(file, serde_json::to_string_pretty(&record)? + "\n")?;
        table::write_page(&record)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sql-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
