//! Reads the requirements in a script's header: PEP 723, `# /// script`.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Requirements;
use crate::error::{Error, ErrorKind, Result};

/// What the errors are attributed to.
const HEADER: &str = "the `# /// script` header";

const EXAMPLE: &str = "dependencies = [\"numpy>=1.21\"]";

impl Requirements {
    /// Reads the requirements in the header of a script, as PEP 723 defines it.
    ///
    /// Returns none if the script has no such header. `[tool.uv]` in it counts only for
    /// [`from_file`](Requirements::from_file); other tools are ignored.
    ///
    /// # Errors
    /// The script has two such headers, or one that is not valid TOML or whose dependencies are not
    /// strings.
    ///
    /// # Examples
    /// ```
    /// let script = [
    ///     "# /// script",
    ///     "# requires-python = '>=3.8'",
    ///     "# dependencies = ['numpy>=1.21']",
    ///     "# ///",
    ///     "import numpy",
    /// ];
    /// let script = script.join("\n");
    /// let requirements = callpy::environment::Requirements::from_script(&script)?.unwrap();
    /// assert_eq!(requirements.dependencies(), ["numpy>=1.21"]);
    /// assert_eq!(requirements.requires_python(), Some(">=3.8"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn from_script(source: &str) -> Result<Option<Self>> {
        // Line ends count as in Python.
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let source = source.replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<&str> = source.split('\n').collect();
        let headers = headers(&lines);
        match &headers[..] {
            [] if is_open(&lines) => Err(wrong(
                "it has no end: write `# ///` in a line after it, and begin each line between with `# `",
            )),
            [] => Ok(None),
            [one] => read(one).map(Some),
            [_, ..] => {
                Err(wrong("the script has more than one `# /// script` header; remove all but one"))
            }
        }
    }
}

impl Requirements {
    /// Reads the requirements in the header of a Python file, as [`from_script`](Self::from_script) does.
    ///
    /// Where uv creates the environment, it also gets what the header says in `[tool.uv]`, and the
    /// versions that `uv lock --script` has written to a file beside it.
    ///
    /// # Errors
    /// `ErrorKind::Target` if the file can't be read, and the errors of `from_script`.
    ///
    /// # Examples
    /// ```
    /// use callpy::environment::Requirements;
    ///
    /// let requirements = Requirements::from_file("../../examples/outliers/outliers.py")?.unwrap();
    /// assert_eq!(requirements.dependencies(), ["numpy>=1.21"]);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Option<Self>> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| {
            Error::new(ErrorKind::Target, format!("{} can't be read: {error}", path.display()))
                .with_source(error)
        })?;
        // A file may say that it is in another encoding; a header is ASCII in all of them.
        let source = String::from_utf8_lossy(&bytes);
        let read = Requirements::from_script(&source).map_err(|error| error.at(path.display()))?;
        Ok(read.map(|mut requirements| {
            requirements.uv = ForUv::of(path, &source, requirements.dependencies());
            requirements
        }))
    }
}

/// What only uv understands of a script: the settings in its header, and its lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForUv {
    /// The script's absolute path.
    pub(crate) script: PathBuf,
    /// Its own requirements, which uv reads itself.
    pub(crate) dependencies: Vec<String>,
    pub(crate) is_locked: bool,
    /// The header and the lock file: an environment is for this text.
    pub(crate) text: String,
}

impl ForUv {
    fn of(path: &Path, source: &str, dependencies: &[String]) -> Option<ForUv> {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source).replace("\r\n", "\n");
        let header = headers(&source.split('\n').collect::<Vec<_>>()).pop()?;
        let toml = DeTable::parse(&header).ok()?;
        let tools = toml.get_ref().get("tool");
        let has_settings = tools.is_some_and(|tools| tools.get_ref().get("uv").is_some());
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let lock = std::fs::read_to_string(Path::new(&lock)).ok();
        (has_settings || lock.is_some()).then(|| ForUv {
            script: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            dependencies: dependencies.to_vec(),
            is_locked: lock.is_some(),
            text: format!("{header}\n{}", lock.unwrap_or_default()),
        })
    }
}

/// Returns the text of each closed `script` block, by the regular expression of PEP 723:
/// `(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$`
fn headers(lines: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let start = at + 1;
        at = start;
        let Some(kind) = lines[start - 1].strip_prefix("# /// ") else { continue };
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            continue;
        }
        let is_comment = |line: &&&str| **line == "#" || line.starts_with("# ");
        let count = lines[start..].iter().take_while(is_comment).count();
        let comments = &lines[start..start + count];
        // The expression is greedy: the last `# ///` of the comment ends the block, and a block
        // without content does not count.
        let Some(end) = comments.iter().rposition(|line| *line == "# ///").filter(|&end| end > 0)
        else {
            continue;
        };
        if kind == "script" {
            let content = comments[..end].iter().map(|line| line.get(2..).unwrap_or(""));
            found.push(content.collect::<Vec<_>>().join("\n"));
        }
        at = start + end + 1;
    }
    found
}

/// Returns whether a header begins and does not end, with something in it.
fn is_open(lines: &[&str]) -> bool {
    let begin = lines.iter().position(|line| *line == "# /// script");
    let rest = begin.map_or(&lines[..0], |at| &lines[at + 1..]);
    let mut comment = rest.iter().take_while(|line| line.starts_with('#')).peekable();
    comment.peek().is_some_and(|line| **line != "# ///")
}

fn read(header: &str) -> Result<Requirements> {
    let toml = DeTable::parse(header).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = header.get(..start).unwrap_or(header);
        let at = before.matches('\n').count();
        let line = header.lines().nth(at).unwrap_or("");
        wrong(format!("`{line}` is not TOML ({}); write for instance `{EXAMPLE}`", error.message()))
    })?;
    let value = |key: &str| toml.get_ref().get(key).map(|value| value.get_ref());
    let dependencies = match value("dependencies") {
        None => Vec::new(),
        Some(DeValue::Array(list)) => list
            .iter()
            .map(|one| one.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| not_text("dependencies"))?,
        Some(_) => return Err(not_text("dependencies")),
    };
    let requirements = match value("requires-python") {
        None => Requirements::new(dependencies),
        Some(DeValue::String(text)) => Requirements::new(dependencies).with_python(&**text),
        Some(_) => return Err(wrong("requires-python must be a string, such as \">=3.8\"")),
    };
    // Here, where the place is known.
    let of_header = |error: Error| error.at(HEADER);
    requirements.key().map_err(of_header)?;
    requirements.python().map_err(of_header)?;
    Ok(requirements.of_script())
}

fn not_text(name: &str) -> Error {
    wrong(format!("{name} must be a list of strings: write `{EXAMPLE}`"))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Environment, message).at(HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependencies(source: &str) -> Option<Vec<String>> {
        Requirements::from_script(source).unwrap().map(|found| found.dependencies().to_vec())
    }

    fn message(source: &str) -> String {
        Requirements::from_script(source).unwrap_err().to_string()
    }

    const BLOCK: &str = "# /// script\n# dependencies = [\"a\"]\n# ///\n";

    #[test]
    fn a_header_anywhere_in_the_file_and_with_any_line_ends() {
        for source in [
            BLOCK.to_owned(),
            BLOCK.trim_end().to_owned(),
            format!("#!/usr/bin/env python\n\"\"\"Doc.\"\"\"\n\n{BLOCK}\nimport a\n"),
            BLOCK.replace('\n', "\r\n"),
            format!("\u{feff}{BLOCK}"),
        ] {
            assert_eq!(dependencies(&source), Some(vec!["a".to_owned()]), "{source:?}");
        }
    }

    #[test]
    fn toml_over_several_lines_with_comments_and_other_tables() {
        let source = "# /// script\n# # why\n# dependencies = [\n#   \"a>=1\", # one\n#\n#   'b',\n# ]\n\
                      # [tool.uv]\n# x = 1\n# ///\n";
        assert_eq!(dependencies(source).unwrap(), ["a>=1", "b"]);
    }

    #[test]
    fn blocks_of_other_types_are_ignored() {
        assert_eq!(dependencies(&BLOCK.replace("script", "pyproject")), None);
        let both = format!("{}\n{BLOCK}", BLOCK.replace("script", "pyproject").replace('a', "b"));
        assert_eq!(dependencies(&both).unwrap(), ["a"]);
    }

    #[test]
    fn malformed_headers_are_ignored() {
        for source in [
            "import numpy\n",
            "",
            "# /// script\n# ///\n",
            " # /// script\n# dependencies = [\"a\"]\n# ///\n",
            "# /// script \n# dependencies = [\"a\"]\n# ///\n",
            "# ///script\n# dependencies = [\"a\"]\n# ///\n",
        ] {
            assert_eq!(dependencies(source), None, "{source:?}");
        }
    }

    #[test]
    fn a_header_that_is_not_closed_is_an_error() {
        for source in [
            "# /// script\n# dependencies = [\"a\"]\n",
            "# /// script\n# dependencies = [\"a\"]\nimport a\n# ///\n",
            "# /// script\n#dependencies = [\"a\"]\n# ///\n",
        ] {
            assert!(message(source).contains("header: it has no end"), "{source:?}");
        }
    }

    #[test]
    fn malformed_requirements_are_those_of_the_header() {
        for (line, words) in [
            ("dependencies = ['a b']", "the `# /// script` header: `a b` is not a requirement"),
            ("requires-python = 'three'", "the `# /// script` header: requires-python has `three`"),
        ] {
            let found = message(&format!("# /// script\n# {line}\n# ///\n"));
            assert!(found.contains(words), "{found}");
        }
    }

    #[test]
    fn an_unclosed_block_does_not_hide_the_next() {
        assert_eq!(dependencies(&format!("# /// script\n# x = 1\n\n{BLOCK}")).unwrap(), ["a"]);
    }

    #[test]
    fn the_last_end_in_a_comment_ends_the_block() {
        let source = "# /// script\n# text = '''\n# ///\n# '''\n# dependencies = ['a']\n# ///\n";
        assert_eq!(dependencies(source).unwrap(), ["a"]);
    }

    #[test]
    fn a_header_without_dependencies_requires_nothing() {
        let source = "# /// script\n# requires-python = \">=3.9\"\n# ///\n";
        let found = Requirements::from_script(source).unwrap().unwrap();
        assert!(found.dependencies().is_empty());
        assert_eq!(found.requires_python(), Some(">=3.9"));
    }

    #[test]
    fn what_else_is_in_the_toml_is_no_matter() {
        let source =
            "# /// script\n# dependencies = ['a']\n# time = 05:32:00.999999999999\n# ///\n";
        assert_eq!(dependencies(source).unwrap(), ["a"]);
        for value in ["1979-05-27T07", "1979-05-27T07x32:00", "\"\\u00é\"", "'"] {
            assert!(
                message(&format!("# /// script\n# x = {value}\n# ///\n")).contains("is not TOML")
            );
        }
        let nested = "[".repeat(100_000);
        assert!(message(&format!("# /// script\n# x = {nested}\n# ///\n")).contains("is not TOML"));
    }

    #[test]
    fn errors_name_the_line_and_the_fix() {
        assert!(message(&format!("{BLOCK}\n{BLOCK}")).contains("more than one"));
        let bad = message("# /// script\n# x = 1\n# dependencies = numpy\n# ///\n");
        assert!(bad.contains("dependencies = numpy") && bad.contains(EXAMPLE), "{bad}");
        for list in ["\"numpy\"", "[1]", "{}"] {
            let bad = message(&format!("# /// script\n# dependencies = {list}\n# ///\n"));
            assert!(bad.contains("must be a list of strings"), "{bad}");
        }
        let bad =
            message("# /// script\n# dependencies = []\n# path = \"C:\\Users\\Müller\"\n# ///\n");
        assert!(bad.contains("`path = \"C:\\Users\\Müller\"` is not TOML"), "{bad}");
        let bad = message("# /// script\n# requires-python = 3.8\n# ///\n");
        assert!(bad.contains("requires-python"), "{bad}");
    }
}
