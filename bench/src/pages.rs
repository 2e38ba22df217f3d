//! What a run leaves behind: the record, the plots, and the marked sections of README.md and
//! docs/comparison.md.

use std::fs;
use std::path::Path;

use crate::record::Record;
use crate::{Result, plot, root, table, target};

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Writes everything; for a partial run only the record and the plots, outside the project's own files.
pub(crate) fn write(record: &Record, whole: bool) -> Result<()> {
    let (results, plots) = match whole {
        true => (root().join("bench/results"), root().join("docs/bench")),
        false => (target().join("results"), target().join("plots")),
    };
    fs::create_dir_all(&results)?;
    fs::create_dir_all(&plots)?;
    let results = results.join(format!("{}.json", record.date));
    fs::write(&results, serde_json::to_string_pretty(record)? + "\n")?;
    let drawn = plot::all(record, &plots)?;
    eprintln!("The results are in {}, the plots in {}", results.display(), plots.display());
    if !whole {
        return Ok(());
    }
    let picture =
        |folder: &str, (file, text): &(String, String)| format!("\n![{text}]({folder}{file})\n");
    let picked = ["latency-detect.svg", "threads-detect-100000.svg"];
    let few = drawn.iter().filter(|(file, _)| picked.contains(&file.as_str()));
    let few: String = few.map(|plot| picture("docs/bench/", plot)).collect();
    let all: String = drawn.iter().map(|plot| picture("bench/", plot)).collect();
    let readme = format!("{}\n{}{few}", table::brief(record), table::head(record));
    replace(&root().join("README.md"), &readme)?;
    replace(&root().join("docs/comparison.md"), &format!("{}{all}", table::whole(record)))
}

/// Puts a text between the marks of a page.
fn replace(page: &Path, section: &str) -> Result<()> {
    let text = fs::read_to_string(page)?;
    let parts =
        text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        return Err(format!("{} has no section {BEGIN} … {END}", page.display()).into());
    };
    Ok(fs::write(page, format!("{before}{BEGIN}\n{section}{END}{after}"))?)
}
