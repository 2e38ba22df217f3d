//! `callpy cache`: shows and removes the environments that callpy has created.

use std::fs;
use std::path::Path;
use std::time::Duration;

use callpy::environment::{Cached, cached};
use callpy::locate::Context;
use clap::{Args, Subcommand};

use crate::failure::{Result, failed};
use crate::output::Output;
use crate::text::count;

const DAY: u64 = 24 * 60 * 60;

/// Show or remove the environments that callpy has created
#[derive(Debug, Args)]
#[command(after_help = "\
The environments are in CALLPY_CACHE, or in the folder callpy of the user's cache folder. Any of them \
may be removed: the next call that needs one creates it again. uv and pip have caches of their own \
(`uv cache prune`, `pip cache purge`).")]
pub(crate) struct Cache {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the environments: their packages, size, last use and folder
    List,
    /// Print the size of the whole cache, and where it is
    Size,
    /// Remove the environments that were not used for some days
    Prune {
        /// How many days; 0 removes all that no process uses now
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        unused_for: u64,

        /// Show what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the command.
pub(crate) fn run(cache: &Cache) -> Result<()> {
    let context = Context::of_this_process();
    let environments = cached(&context);
    let mut output = Output::new(false, false)?;
    match cache.what {
        What::List => {
            let names = ["packages", "size", "last used", "folder"].map(str::to_owned).to_vec();
            let rows = environments.iter().map(|one| {
                let folder = one.folder().display().to_string();
                vec![packages(one), shown(size(one.folder())), days(one.unused_for()), folder]
            });
            match environments.is_empty() {
                true => output.line("there are no environments")?,
                false => output.table(names, rows.collect())?,
            }
        }
        What::Size => match context.cache_folder() {
            Some(folder) => {
                output.line(&format!("{} in {}", shown(size(&folder)), folder.display()))?;
            }
            None => output.line("there is no cache folder: set CALLPY_CACHE")?,
        },
        What::Prune { unused_for, dry_run } => {
            let limit = Duration::from_secs(unused_for.saturating_mul(DAY));
            let (mut bytes, mut removed, mut used) = (0, 0, 0);
            for one in environments.iter().filter(|one| one.unused_for() >= limit) {
                let own = size(one.folder());
                let gone = dry_run
                    || one.remove().map_err(|error| {
                        failed(format_args!("can't remove {}: {error}", one.folder().display()))
                    })?;
                if gone {
                    output.line(&format!("{} ({})", one.folder().display(), packages(one)))?;
                    bytes += own;
                    removed += 1;
                } else {
                    used += 1;
                }
            }
            let what = if dry_run { "would be removed" } else { "removed" };
            let in_use = match used {
                0 => String::new(),
                some => format!("; {} in use", count(some, "environment")),
            };
            let line =
                format!("{} {what}, {}{in_use}", count(removed, "environment"), shown(bytes));
            output.line(&line)?;
        }
    }
    output.end()
}

fn packages(one: &Cached) -> String {
    match one.requirements() {
        // Its folder is named after the first.
        [] => one.folder().parent().and_then(Path::file_name).map_or_else(String::new, |name| {
            name.to_string_lossy().rsplit_once('-').map_or_else(String::new, |it| it.0.to_owned())
        }),
        some => some.join(", "),
    }
}

/// Returns the bytes of the files in a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

fn shown(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        small if small < 1.0 => format!("{:.0} kB", bytes as f64 / 1e3),
        medium if medium < 1_000.0 => format!("{medium:.0} MB"),
        large => format!("{:.1} GB", large / 1_000.0),
    }
}

fn days(passed: Duration) -> String {
    match passed.as_secs() / DAY {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}
