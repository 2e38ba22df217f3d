//! A picture: panels of lines, marks and colours over an axis, written as SVG or PNG.
//!
//! It knows nothing of functions and files: [`picture`](crate::picture) decides what is shown.

mod draw;
mod png;
mod thin;
mod ticks;
pub(crate) mod times;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(crate) use draw::widened;
pub(crate) use thin::{thin, thin_marks};
pub(crate) use ticks::{number, short};

use crate::failure::{Failure, Result, usage};

/// What a picture is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Svg,
    Png,
}

/// Panels below one another, under a title.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) panels: Vec<Panel>,
}

#[derive(Debug)]
pub(crate) struct Panel {
    /// What the vertical axis shows.
    pub(crate) label: String,
    pub(crate) axis: Axis,
    pub(crate) content: Content,
}

/// A horizontal axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) range: (f64, f64),
    /// Its values are seconds since 1970.
    pub(crate) is_time: bool,
}

#[derive(Debug)]
pub(crate) enum Content {
    Lines { lines: Vec<Line>, marks: Option<Marks>, level: Option<Level> },
    Heat(Heat),
}

/// A line, broken where there is no number.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) runs: Vec<Vec<(f64, f64)>>,
    /// So few points that each is shown.
    pub(crate) dots: bool,
}

/// Points that stand out; those without a number are shown at the panel's foot.
#[derive(Debug)]
pub(crate) struct Marks {
    pub(crate) label: String,
    pub(crate) points: Vec<(f64, Option<f64>)>,
}

/// A horizontal line.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) label: String,
    pub(crate) value: f64,
}

/// A table of numbers as colours, row by row from the top.
#[derive(Debug)]
pub(crate) struct Heat {
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
}

impl Format {
    /// Returns the format that a file's name stands for.
    pub(crate) fn of(file: &Path) -> Option<Format> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Format::Svg),
            "png" => Some(Format::Png),
            _ => None,
        }
    }
}

impl Plot {
    /// Writes the picture; whoever looks at the file sees the old one or the whole new one.
    pub(crate) fn save(&self, file: &Path) -> Result<()> {
        let bytes = match Format::of(file) {
            Some(Format::Png) => {
                let failed = |reason| format!("the picture can't be made: {reason}");
                let (bytes, missing) = draw::png(self).map_err(|it| Failure::Failed(failed(it)))?;
                if !missing.is_empty() {
                    anstream::eprintln!(
                        "note: the font in a .png lacks {missing}; a .svg is shown with the fonts of \
                         the machine"
                    );
                }
                bytes
            }
            _ => draw::svg(self).into_bytes(),
        };
        crate::signals::check()?;
        let part = beside(file);
        let written = write(&part, &bytes).and_then(|()| fs::rename(&part, file));
        written.map_err(|error| {
            _ = fs::remove_file(&part);
            Failure::Failed(format!("the picture can't be written to {}: {error}", file.display()))
        })
    }
}

/// The file that is renamed in the end: in the same folder, so that it can be.
fn beside(file: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    file.with_file_name(name)
}

fn write(part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(part)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Says before the work is done that its picture could not be written.
pub(crate) fn is_writable(file: &Path) -> Result<()> {
    let name = file.display();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if file.is_dir() {
        return usage(format!("{name} is a folder; name a file in it"));
    }
    if !folder.is_dir() {
        return usage(format!("there is no folder {} for the picture", folder.display()));
    }
    let part = beside(file);
    let tried = fs::File::create(&part).and_then(|_| fs::remove_file(&part));
    tried.or_else(|error| usage(format!("the picture can't be written to {name}: {error}")))
}
