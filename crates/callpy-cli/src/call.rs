//! `callpy call`: calls a function with the numbers of a file, and prints or draws the result.

use std::path::PathBuf;

use callpy::{Arguments, Object};
use clap::{Args, ValueHint};

use crate::doctor;
use crate::failure::{Result, check_signals};
use crate::file::check_writable;
use crate::inputs::Inputs;
use crate::output::Output;
use crate::parameters::Slot;
use crate::picture;
use crate::session::{self, Session};
use crate::signals::{self, Running};

const LONG: &str = "\
Call a Python function with the columns of a file

The function runs in this process, on the memory that the file was read into. If the header of its \
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

\x1b[1m\x1b[4mColumns:\x1b[0m
  A column goes to the parameter that --column PARAM=NAME names. The others go, in order, to the \
parameters with an array hint (NDArray, ArrayLike, list[float], ...), or to those without a hint if \
there is none. Without --column, the columns with the names of those parameters are used, or else the \
only column of numbers.
  Values are float64, or int64 if the hint is NDArray[np.int64]; they are a list if the hint is a list \
or Sequence. The function owns them: it may change and retain them.

\x1b[1m\x1b[4mFiles:\x1b[0m
  CSV, separated by commas, or by tabs or semicolons if the first line has no comma. The first row is a \
header if it has text above a number, or no number at all. Every row must have as many cells as the \
first. An empty cell in a column that is used is an error; `nan` and `inf` are numbers.
  .npy files of any numeric dtype and byte order, mapped and read-only as with numpy.load(FILE, \
mmap_mode='r'). The whole array is passed, or the column that --column names by its number.

\x1b[1m\x1b[4mOutput:\x1b[0m
  The result as Python's print writes it; nothing for None. With --json, NaN and infinities become \
null, dataclasses and named tuples become objects, dates become strings, and what Python prints goes \
to stderr.

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

    /// Draw the numbers and the result into FILE.svg or FILE.png
    ///
    /// Rows that the result selects are marked in the series; other results are drawn with it, or in
    /// a panel of their own. The x axis is the file's column of times if it has one, else the row.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(value_parser = picture_file)]
    plot: Option<PathBuf>,
}

/// Accepts file names of pictures.
fn picture_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    let is = |end: &str| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(end));
    if is("svg") || is("png") { Ok(path) } else { Err("write FILE.svg or FILE.png".into()) }
}

/// Runs the command.
pub(crate) fn run(call: &Call) -> Result<()> {
    // Checked before the call, which may take long.
    if let Some(file) = &call.plot {
        check_writable(file)?;
    }
    // Opened before Python is told to print elsewhere.
    let output = Output::new(call.json)?;
    session::run(&call.inputs, call.rows, call.json, |session| call_in(&session, call, output))
}

fn call_in(session: &Session<'_>, call: &Call, mut output: Output) -> Result<()> {
    let helper = session.helper;
    let argued = session.arguments()?;
    // Stored before the call, since the function may change its arguments.
    let drawn = match &call.plot {
        Some(_) => Some(picture::inputs(&argued, helper)?),
        None => None,
    };
    let mut arguments = Arguments::new();
    for argued in argued {
        match argued.slot {
            Slot::Positional => arguments.push(argued.numbers),
            Slot::Named(name) => arguments.push_named(name, argued.numbers),
        };
    }

    let result: Object = session.function.call(arguments).map_err(doctor::with_fix)?;
    signals::forget();

    helper.flush()?;
    let indices = match call.rows {
        true => Some(helper.rows(&result, session.len()?)?),
        false => None,
    };
    // The result is printed even if it can't be drawn, and drawn even if the output is closed.
    let drawn = match (&call.plot, drawn) {
        (Some(file), Some(inputs)) => {
            picture::draw(session, inputs, &result, indices.as_deref(), file)
        }
        _ => Ok(()),
    };
    check_signals()?;
    match (&session.source, indices) {
        (Some(source), Some(indices)) => {
            let rows = signals::during(Running::Work, || source.rows(indices, helper))?;
            output.rows(&rows)?;
        }
        _ if call.json => output.line(&helper.json(&result)?)?,
        _ => {
            if let Some(text) = helper.text(&result)? {
                output.line(&text)?;
            }
        }
    }
    output.end()?;
    drawn
}
