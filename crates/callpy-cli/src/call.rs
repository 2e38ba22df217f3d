//! `callpy call`: calls a function with the numbers of a file, and prints or draws the result.

use std::path::{Path, PathBuf};

use callpy::{Arguments, Object};
use clap::{Args, ValueHint};

use crate::blocks;
use crate::doctor;
use crate::failure::{Result, check_signals};
use crate::file::{check_writable, replace_by};
use crate::inputs::Inputs;
use crate::output::Output;
use crate::parameters::Slot;
use crate::picture;
use crate::session::{self, Argued, Session};
use crate::signals::{self, Running};

const LONG: &str = "\
Call a Python function with the columns of a file

The function runs in this process, on the memory that the file was read into, or with --workers in \
several others. If the header of its \
Python file declares packages (`# /// script`, PEP 723), the first call creates an environment with \
them, and later calls reuse it.";

const EXAMPLES: &str = "\x1b[1m\x1b[4mExamples:\x1b[0m
  Print the rows of cpu.csv whose indices detect returns:
      callpy call outliers.py:detect cpu.csv --rows

  Choose the column by its name, and pass a value:
      callpy call outliers.py:detect cpu.csv --column value --arg threshold=3

  Pass two columns to two parameters, and print JSON:
      callpy call fit.py:line lab.csv --column x=time --column y=3 --json

  Read from a pipe, and call a function of an installed module:
      cut -d, -f3 cpu.csv | callpy call numpy:median

  Pass the array in a .npy file, which is mapped instead of read:
      callpy call numpy:sum series.npy

  Draw the series, and mark the rows that detect returns:
      callpy call outliers.py:detect cpu.csv --plot cpu.svg

  Call the function for each of many files, on four processes:
      callpy call outliers.py:detect '2024-*.csv' --workers 4 --rows

\x1b[1m\x1b[4mColumns:\x1b[0m
  A column goes to the parameter that --column PARAM=NAME names. The others go, in order, to the \
parameters with an array hint (NDArray, ArrayLike, list[float], ...), or to those without a hint if \
there is none. Without --column, the columns with the names of those parameters are used, or else the \
only column that fits. Several columns for the same parameter are one array with two axes.
  Values are float64, or what the hint says: NDArray[np.float32], NDArray[np.int64], list[str], \
list[bool], list[datetime], NDArray[np.datetime64]. They are a list if the hint is a list or Sequence. \
A parameter with the hint pd.DataFrame, pl.DataFrame or pa.Table gets all columns, or those that \
--column names. The function owns what it gets: it may change and retain it.

\x1b[1m\x1b[4mFiles:\x1b[0m
  Tables: CSV, separated by commas, tabs, semicolons, bars or spaces, whichever splits all of the first \
rows alike; JSON, a record in each line or a list of them. In UTF-8 or UTF-16, also compressed with \
gzip or zstd. The first row of CSV is a header if it has text above a number or a date; \
a note on stderr says where that is a guess, as with years or with text alone. Every row must have as many cells as the \
first. A missing value in a column that is used is an error unless --missing says otherwise; `nan` and \
`inf` are numbers, and `12 %` is 0.12. A whole number that a float can't hold is also an error.
  Parquet and Arrow (Feather) files, read by pyarrow or polars: a function that declares no packages \
gets pyarrow with NumPy; otherwise declare one of them, or add --with pyarrow. Columns keep their \
types, and only those that are used are read.
  .npy files of any numeric dtype and byte order, mapped and read-only as with numpy.load(FILE, \
mmap_mode='r'). The whole array is passed, or the column that --column names by its number. The arrays \
of a .npz file are its columns.

\x1b[1m\x1b[4mOutput:\x1b[0m
  The result as Python's print writes it; a frame as a table with all rows; nothing for None. With \
--json, NaN and infinities become null, dataclasses and named tuples become objects, frames become \
lists of objects, dates and decimals become strings, and what Python prints goes to stderr.

\x1b[1m\x1b[4mExit codes:\x1b[0m
  0 success; 1 the function raised an exception or could not run; 2 the command line, a file or the \
target is wrong. sys.exit in the function exits with its code. Ctrl-C raises KeyboardInterrupt in the \
function, and then ends the command by the signal, which a shell shows as 130. A second Ctrl-C ends it \
at once.";

/// Call a Python function with the columns of a file
#[derive(Debug, Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
#[command(
    after_help = "--help has examples, and says which columns are passed to which parameters."
)]
pub(crate) struct Call {
    #[command(flatten)]
    inputs: Inputs,

    /// Print the rows of the file that the result selects
    ///
    /// The result must be row indices, counted from 0, or a mask with a truth value for each row. Each
    /// row is printed as it is in the file, after its index: aligned on a terminal, as CSV with a
    /// header elsewhere, as objects with --json.
    #[arg(short, long)]
    rows: bool,

    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,

    /// Print the result as CSV: frames, columns, records and arrays
    #[arg(long, conflicts_with_all = ["json", "rows"])]
    csv: bool,

    /// Write the result into FILE.npy, .npz, .csv, .json or .parquet instead of printing it
    ///
    /// .npz takes several arrays: those of a dict, a tuple, a record or a frame. Parquet is written by
    /// polars or pyarrow.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(value_parser = result_file, conflicts_with = "rows")]
    out: Option<PathBuf>,

    /// Draw the numbers and the result into FILE.svg or FILE.png
    ///
    /// Rows that the result selects are marked in the series; other results are drawn with it, or in
    /// a panel of their own. The x axis is the file's column of times if it has one, else the row.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(value_parser = picture_file)]
    plot: Option<PathBuf>,

    /// Call the function on N worker processes at once, each for a part of the rows
    ///
    /// Several files are a call each, except of Parquet and Arrow; the rows of one file are divided into blocks, a few for each
    /// worker, or of --block rows. The function gets a block's rows where it otherwise gets all, so its
    /// result must not depend on the others. What the calls return is joined in order: arrays, lists and
    /// frames behind each other, anything else as a list; with --rows, each call's indices count from
    /// the beginning of its block.
    #[arg(long, value_name = "N", value_parser = positive)]
    workers: Option<usize>,

    /// How many rows a worker gets at a time
    #[arg(long, value_name = "ROWS", value_parser = positive, requires = "workers")]
    block: Option<usize>,
}

/// Accepts whole numbers from 1.
pub(crate) fn positive(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a number from 1".to_owned())
}

/// Accepts file names of pictures.
fn picture_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    let is = |end: &str| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(end));
    if is("svg") || is("png") { Ok(path) } else { Err("write FILE.svg or FILE.png".into()) }
}

/// Accepts file names of results.
fn result_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    match ending(&path) {
        Some(_) => Ok(path),
        None => Err("write FILE.npy, .npz, .csv, .json or .parquet".into()),
    }
}

/// Returns the ending of a file of results.
fn ending(path: &Path) -> Option<&'static str> {
    let end = path.extension()?;
    let known = ["npy", "npz", "csv", "json", "parquet"];
    known.into_iter().find(|known| end.eq_ignore_ascii_case(known))
}

/// Runs the command.
pub(crate) fn run(call: &Call) -> Result<()> {
    // Checked before the call, which may take long.
    for file in call.plot.iter().chain(&call.out) {
        check_writable(file)?;
    }
    // Opened before Python is told to print elsewhere.
    let output = Output::new(call.json, call.json || call.csv)?;
    session::run(&call.inputs, call.rows, call.json || call.csv, |session| {
        call_in(&session, call, output)
    })
}

fn call_in(session: &Session<'_>, call: &Call, mut output: Output) -> Result<()> {
    let helper = session.helper;
    if let Some(source) = session.source.as_ref().filter(|_| call.rows) {
        source.check_rows()?;
    }
    let argued = session.arguments()?;
    // Stored before the call, since the function may change its arguments.
    let drawn = match &call.plot {
        Some(_) => Some(picture::inputs(&argued, helper)?),
        None => None,
    };
    let (result, by_blocks): (Object, _) = match call.workers {
        Some(workers) => {
            let results = blocks::call(session, &argued, workers, call.block)?;
            (results.joined(helper)?, Some(results))
        }
        None => (call_here(session, argued)?, None),
    };

    helper.flush()?;
    let indices = match (call.rows, &by_blocks) {
        (true, Some(results)) => Some(results.rows(helper)?),
        (true, None) => Some(helper.rows(&result, session.len()?)?),
        (false, _) => None,
    };
    // The result is printed even if it can't be drawn, and drawn even if the output is closed.
    let drawn = match (&call.plot, drawn) {
        (Some(file), Some(inputs)) => {
            picture::draw(session, inputs, &result, indices.as_deref(), file)
        }
        _ => Ok(()),
    };
    if let Some(file) = &call.out {
        let ending = ending(file).unwrap_or_default();
        replace_by(file, |part| helper.save(&result, part, ending))?;
    }
    check_signals()?;
    match (&session.source, indices) {
        (Some(source), Some(indices)) => {
            let rows = signals::during(Running::Work, || source.rows(indices, helper))?;
            output.rows(&rows)?;
        }
        _ if call.out.is_some() => {}
        _ if call.json => output.line(&helper.json(&result)?)?,
        _ if call.csv => output.text(&helper.csv(&result)?)?,
        _ => match helper.frame_rows(&result)? {
            Some((names, rows)) => output.table(names, rows)?,
            None => {
                if let Some(text) = helper.text(&result)? {
                    output.line(&text)?;
                }
            }
        },
    }
    output.end()?;
    drawn
}

/// Calls the function in this process.
fn call_here(session: &Session<'_>, argued: Vec<Argued>) -> Result<Object> {
    let mut arguments = Arguments::new();
    for argued in argued {
        match argued.slot {
            Slot::Positional => arguments.push(argued.numbers),
            Slot::Named(name) => arguments.push_named(name, argued.numbers),
        };
    }
    let result = session.function.call(arguments).map_err(doctor::with_fix)?;
    signals::forget();
    Ok(result)
}
