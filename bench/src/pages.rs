//! What a run leaves behind: the record, the plots, and the marked sections of README.md and
//! docs/comparison.md.

use std::fs;
use std::path::Path;

use crate::record::Record;
use crate::{Result, plot, root, table, target};

/// The names of the marked sections.
const MAIN: &str = "bench";
const FREE_THREADED: &str = "bench-free-threaded";

/// Writes everything; for a partial run only the record and the plots, outside the project's own files.
pub(crate) fn write(record: &Record, whole: bool) -> Result<()> {
    let (results, plots) = match whole {
        true => (root().join("bench/results"), root().join("docs/bench")),
        false => (target().join("results"), target().join("plots")),
    };
    fs::create_dir_all(&results)?;
    fs::create_dir_all(&plots)?;
    let comparison = root().join("docs/comparison.md");
    let json = serde_json::to_string_pretty(record)? + "\n";
    if whole && record.is_free_threaded() {
        // Beside the main record: most users have a Python with an interpreter lock.
        fs::write(results.join(format!("{}-free-threaded.json", record.date)), json)?;
        let section = format!("{}{}", table::head(record), table::threads(record));
        return replace(&comparison, FREE_THREADED, &section);
    }
    let results = results.join(format!("{}.json", record.date));
    fs::write(&results, json)?;
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
    replace(&root().join("README.md"), MAIN, &readme)?;
    replace(&comparison, MAIN, &format!("{}{all}", table::whole(record)))
}

/// Puts a text between the marks of a page's section.
fn replace(page: &Path, section: &str, content: &str) -> Result<()> {
    let (begin, end) = (format!("<!-- {section}:begin -->"), format!("<!-- {section}:end -->"));
    let text = fs::read_to_string(page)?;
    let parts =
        text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let Some((before, after)) = parts else {
        return Err(format!("{} has no section {begin} … {end}", page.display()).into());
    };
    Ok(fs::write(page, format!("{before}{begin}\n{content}{end}{after}"))?)
}
