//! The arguments that `call` and `time` share: a function and its numbers.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::Value;

use crate::format::Format;

#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// The function: path/to/file.py:function or module:function
    ///
    /// Modules are looked for in the current folder first. `module:Class.method` is a method.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) target: String,

    /// The numbers: a table or arrays in a file; `-` or nothing for standard input
    ///
    /// Several files, or a pattern such as '2024-*.csv', are read as one table. Without a FILE, standard
    /// input is read if something is piped in and either a column is named or the function takes an
    /// array that no --arg passes.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,

    /// Pass a column, by name or number (from 1), to a parameter
    ///
    /// Can be repeated; several columns for the same PARAM are the columns of one array. A column with
    /// exactly this NAME has precedence, even if NAME looks like PARAM=NAME or like a number.
    #[arg(short, long = "column", value_name = "[PARAM=]NAME")]
    pub(crate) columns: Vec<String>,

    /// Pass a value to a parameter: `--arg threshold=3`, `--arg 'weights=[1, 2.5]'`
    ///
    /// The value is JSON: null, true, false, a number, a quoted string, a list, an object. A word
    /// that is not JSON is passed as a string: `--arg mode=fast`. NaN, Infinity and -Infinity are numbers.
    #[arg(short, long = "arg", value_name = "NAME=JSON", value_parser = named_value)]
    pub(crate) args: Vec<(String, String)>,

    /// Use this Python: an executable, an environment's folder, or a version such as 3.12
    ///
    /// Default: CALLPY_PYTHON, the environment created for the function's requirements, VIRTUAL_ENV,
    /// CONDA_PREFIX, .venv in the function's folder or above, then here or above, python3 on PATH; then
    /// other versions on PATH, pyenv's and uv's. If the function's file declares packages that this
    /// Python lacks, an environment is created from it.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) python: Option<PathBuf>,

    /// Require this package too, written as for pip: `--with 'scipy>=1.10'`
    ///
    /// Can be repeated. If the Python lacks it, an environment with it is created, as for the packages
    /// that the function's file declares.
    #[arg(long = "with", value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Splits NAME=JSON, and makes JSON of a bare word.
fn named_value(argument: &str) -> Result<(String, String), String> {
    let Some((name, value)) = argument.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err("write NAME=JSON, such as threshold=3".to_owned());
    };
    let json = match serde_json::from_str::<Value>(value) {
        Ok(_) => value.to_owned(),
        // A value meant as JSON would be wrong as a string, and no one would notice.
        Err(error) if value.starts_with(['[', '{', '"']) => {
            return Err(format!("the value is not JSON: {error}"));
        }
        Err(_) if value.is_empty() => {
            return Err(format!("for an empty string write '{name}=\"\"'"));
        }
        // Python's json reads these, too.
        Err(_) if matches!(value, "NaN" | "Infinity" | "-Infinity") => value.to_owned(),
        Err(_) if is_too_large(value) => {
            return Err(format!(
                "{value} is too large for a number; for the string write '{name}=\"{value}\"'"
            ));
        }
        Err(_) => match meant(value) {
            Some(json) => {
                return Err(format!("write {name}={json}, or '{name}=\"{value}\"' for the string"));
            }
            None => Value::from(value).to_string(),
        },
    };
    Ok((name.to_owned(), json))
}

/// Returns whether a word is a number that no float is large enough for.
fn is_too_large(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// Returns the JSON that a word probably means, as Python would read it: no one means the string `.5`.
fn meant(word: &str) -> Option<String> {
    let digits = word.replace('\u{2212}', "-").replace('_', "");
    Some(match word {
        "True" | "False" => word.to_lowercase(),
        "None" => "null".to_owned(),
        _ => match digits.parse::<f64>() {
            Ok(number) if number.is_nan() => "NaN".to_owned(),
            Ok(number) if number > f64::MAX => "Infinity".to_owned(),
            Ok(number) if number < f64::MIN => "-Infinity".to_owned(),
            Ok(number) => match digits.parse::<i128>() {
                Ok(whole) => whole.to_string(),
                Err(_) => Value::from(number).to_string(),
            },
            Err(_) => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("x=NaN", "NaN"),
            ("x=-Infinity", "-Infinity"),
            ("x=1,5", "\"1,5\""),
            ("x=1-2", "\"1-2\""),
        ] {
            assert_eq!(json(argument).as_deref(), Ok(expected), "{argument}");
        }
        for argument in ["x", "=3", "x=", "x=[1, 2", "x={'a': 1}", "x=\"a", "x=True", "x=None"] {
            assert!(json(argument).is_err(), "{argument}");
        }
        for (argument, advice) in [
            ("x=False", "x=false"),
            ("x=.5", "write x=0.5, or 'x=\".5\"' for the string"),
            ("x=1.", "x=1.0"),
            ("x=+3", "x=3"),
            ("x=007", "x=7"),
            ("x=1_000", "x=1000"),
            ("x=\u{2212}5", "x=-5"),
            ("x=nan", "x=NaN"),
            ("x=-inf", "x=-Infinity"),
            ("x=1e400", "too large for a number"),
        ] {
            let error = json(argument).unwrap_err();
            assert!(error.contains(advice), "{argument}: {error}");
        }
    }
}
