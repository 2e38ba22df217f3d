//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use serde_json::Value;

/// Calls Python functions in memory: numbers from a file go to the function where they lie.
#[derive(Debug, Parser)]
#[command(name = "callpy", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Call(Call),
    Time(crate::time::Time),
    Doctor(crate::doctor::Doctor),
    Bindgen(Bindgen),
    Completions(crate::comforts::Completions),
    Man(crate::comforts::Man),
}

const LONG: &str = "\
Calls a Python function with the columns of a file

The function runs in this process, over the memory that the file was read into. What it needs \
installed is read from the header of its file (`# /// script`, PEP 723): the first call makes an \
environment for it, which later calls find ready.";

const EXAMPLES: &str = "\x1b[1m\x1b[4mExamples:\x1b[0m
  The rows of cpu.csv that detect finds, by their indices:
      callpy call outliers.py:detect cpu.csv --rows

  A column by name, and a setting:
      callpy call outliers.py:detect cpu.csv --column value --arg threshold=3

  Two columns to the parameters they are for, the answer as JSON:
      callpy call fit.py:line lab.csv --column x=time --column y=3 --json

  From a pipe, with a function of an installed module:
      cut -d, -f3 cpu.csv | callpy call numpy:median

  An array in a file, which is mapped and not read:
      callpy call numpy:sum series.npy

  A picture of the series with the rows that detect finds:
      callpy call outliers.py:detect cpu.csv --plot cpu.svg

\x1b[1m\x1b[4mColumns:\x1b[0m
  A column goes to the parameter it names (--column PARAM=NAME). The others, in their order, go to \
the parameters hinted as arrays (NDArray, ArrayLike, list[float], ...), or to those without a hint \
if none is. Without --column it is the columns called as those parameters are, or else the only \
column of numbers.
  Values are float64; int64 where the parameter is hinted NDArray[np.int64]; a list where it is \
hinted as list or Sequence. They are the function's own: it may change and keep them.

\x1b[1m\x1b[4mFiles:\x1b[0m
  CSV separated by commas, or by tabs or semicolons if the first line has no comma. The first row \
is a header if it has text above a number, or no number at all. Every row has as many cells as the \
first. An empty cell in a column that is used is an error; `nan` is a number, and so is `inf`.
  .npy of any numeric dtype and byte order, as numpy.load(FILE, mmap_mode='r') gives it: mapped \
and read-only. The whole array goes to the function, or a column of it where --column names one by \
its number.

\x1b[1m\x1b[4mOutput:\x1b[0m
  The result as Python's print writes it; nothing for None. With --json, NaN and infinities are \
null, dataclasses and named tuples are objects, dates are text, and what Python prints goes to \
stderr.

\x1b[1m\x1b[4mExit codes:\x1b[0m
  0 success, 1 the function raised an exception or could not be run, 2 wrong usage; sys.exit in \
the function ends the command with its code. Ctrl-C raises KeyboardInterrupt in the function, and \
then ends the command by the signal, which a shell shows as 130; a second one ends it at once.";

/// A function and its numbers.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// The function: path/to/file.py:function or module:function
    ///
    /// Modules are looked for in the current folder first. `module:Class.method` names a method.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) target: String,

    /// The numbers: CSV or .npy; `-` or nothing for standard input
    ///
    /// Without a FILE, what is piped in is read if a column is asked for, or the function takes an
    /// array that no --arg gives it.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,

    /// A column by name or number (from 1), and the parameter it goes to
    ///
    /// May be given several times. A NAME that is a column as it stands is that column, even if it
    /// looks like PARAM=NAME or like a number.
    #[arg(short, long = "column", value_name = "[PARAM=]NAME")]
    pub(crate) columns: Vec<String>,

    /// A parameter's value: `--arg threshold=3`, `--arg 'weights=[1, 2.5]'`
    ///
    /// The value is JSON: null, true, false, a number, a text in quotes, a list, an object. A word
    /// that is no JSON is taken as text: `--arg mode=fast`.
    #[arg(short, long = "arg", value_name = "NAME=JSON", value_parser = named_value)]
    pub(crate) args: Vec<(String, String)>,

    /// The Python to use: an executable, an environment's folder, or a version such as 3.12
    ///
    /// Without it: CALLPY_PYTHON, the environment made for the function's requirements, VIRTUAL_ENV,
    /// CONDA_PREFIX, .venv here or above, python3 on PATH. If the function's file declares
    /// requirements that it lacks, it is what the environment is made from.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) python: Option<PathBuf>,
}

/// Calls a Python function with the columns of a file
#[derive(Debug, Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
#[command(after_help = "With --help: examples, and what goes where.")]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// Print the rows of the file that the result names
    ///
    /// The result is row indices counted from 0, or a mask with a truth value for each row. The rows
    /// are printed as they stand, with their index in front: aligned on a terminal, as CSV with a
    /// header elsewhere, as objects with --json.
    #[arg(short, long)]
    pub(crate) rows: bool,

    /// Print JSON and nothing else
    #[arg(long)]
    pub(crate) json: bool,

    /// Draw the numbers and the result: FILE.svg or FILE.png
    ///
    /// Row indices and masks mark their rows in the series; other results are drawn beside it, or by
    /// themselves. The axis is the file's column of times if it has one, else the rows.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(value_parser = picture_file)]
    pub(crate) plot: Option<PathBuf>,
}

/// Accepts the name of a picture that can be drawn.
fn picture_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    let is = |end: &str| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(end));
    if is("svg") || is("png") { Ok(path) } else { Err("a picture is FILE.svg or FILE.png".into()) }
}

/// Prints the Rust module that `callpy::module!` makes of a Python file, or a Go package for it
///
/// In Rust for those who want to commit it. The printed code holds the file's source by include_str!
/// (in Go by go:embed), so it changes with the file; print it again when the hints change. Needs no
/// Python.
///
/// In Go, `//go:generate sh -c "callpy bindgen --lang go outliers.py > outliers.go"` keeps it; the
/// printed file stands in the folder of the Python file.
#[derive(Debug, Args)]
pub(crate) struct Bindgen {
    /// The Python file; for Rust as seen from the folder of the Cargo.toml that the code is for
    pub(crate) file: PathBuf,

    /// The language of the code
    #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
    pub(crate) lang: Language,

    /// The module's name, in Go the package's; without it, the file's
    #[arg(long, value_name = "NAME", visible_alias = "package")]
    pub(crate) name: Option<String>,

    /// Have Python find the module by this name, instead of holding its source
    #[arg(long, value_name = "PACKAGE.MODULE")]
    pub(crate) import: Option<String>,
}

/// What `bindgen` can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    Rust,
    Go,
}

/// Splits NAME=JSON, and makes JSON of a bare word.
fn named_value(argument: &str) -> Result<(String, String), String> {
    let Some((name, value)) = argument.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err("write NAME=JSON, such as threshold=3".to_owned());
    };
    let json = match serde_json::from_str::<Value>(value) {
        Ok(_) => value.to_owned(),
        // What is meant as JSON, or as Python, would be wrong as text, and nobody would see it.
        Err(error) if value.starts_with(['[', '{', '"']) => {
            return Err(format!("the value is no JSON: {error}"));
        }
        Err(_) if value.is_empty() => return Err(format!("for empty text write '{name}=\"\"'")),
        Err(_) => match value {
            "True" | "False" | "None" => {
                let json = if value == "None" { "null".into() } else { value.to_lowercase() };
                return Err(format!("write {name}={json}, or '{name}=\"{value}\"' for the text"));
            }
            _ => Value::from(value).to_string(),
        },
    };
    Ok((name.to_owned(), json))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_value_is_json_or_a_bare_word() {
        let json = |argument| named_value(argument).map(|(_, json)| json);
        for (argument, expected) in [
            ("x=3", "3"),
            ("x=-1e3", "-1e3"),
            ("x=null", "null"),
            ("x=[1, 2]", "[1, 2]"),
            ("x={\"a\": true}", "{\"a\": true}"),
            ("x=\"\"", "\"\""),
            ("x=fast", "\"fast\""),
            ("x=2020-04-02", "\"2020-04-02\""),
            ("x=a=b", "\"a=b\""),
            ("x=say \"so\"", r#""say \"so\"""#),
        ] {
            assert_eq!(json(argument).as_deref(), Ok(expected), "{argument}");
        }
        for argument in ["x", "=3", "x=", "x=[1, 2", "x={'a': 1}", "x=\"a", "x=True", "x=None"] {
            assert!(json(argument).is_err(), "{argument}");
        }
        assert!(json("x=False").unwrap_err().contains("x=false"));
    }
}
