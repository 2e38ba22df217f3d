//! Logical lines and brackets, found without the grammar to locate syntax errors.

use std::borrow::Cow;
use std::ops::Range;

/// A logical line, which ends with a newline outside of brackets and strings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// The first byte that is not a blank.
    pub(crate) start: usize,
    /// One past the last byte before the newline.
    pub(crate) end: usize,
    /// Its indentation in bytes.
    pub(crate) indent: usize,
    /// It ends with a colon, and so opens a block.
    pub(crate) opens: bool,
}

/// The result of the scan.
pub(crate) struct Lines {
    pub(crate) lines: Vec<Line>,
    /// The first unpaired bracket or quote: its place, and what is wrong.
    pub(crate) unpaired: Option<(usize, String)>,
}

/// Splits the source into logical lines, without comments and empty lines.
pub(crate) fn scan(source: &str) -> Lines {
    let bytes = source.as_bytes();
    let mut found = Lines { lines: Vec::new(), unpaired: None };
    let mut brackets: Vec<(u8, usize)> = Vec::new();
    let mut line_start = 0;
    let mut first = None;
    // The colon that opens a block may be followed by blanks and a comment.
    let mut last = (0, b' ');
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b'#' => {
                at = line_end(source, at);
                continue;
            }
            b'\n' if brackets.is_empty() => {
                found.finish(line_start, first.take(), last);
                line_start = at + 1;
            }
            // Python takes a form feed for a blank; some old files have pages.
            b'\n' | b' ' | b'\t' | b'\r' | b'\x0c' => {}
            b'\\' if bytes[at + 1..].starts_with(b"\n") => at += 1,
            b'\\' if bytes[at + 1..].starts_with(b"\r\n") => at += 2,
            b'"' | b'\'' => {
                first.get_or_insert(at);
                let end = string_end(source, at);
                if end.is_none() {
                    // Where the text goes on after it can't be known, so nothing after it is looked at.
                    let triple = is_triple(&bytes[at..]);
                    let what = if triple { "triple-quoted string" } else { "string" };
                    found.unpaired = Some((at, format!("unterminated {what} literal")));
                    last = (line_end(source, at), byte);
                    break;
                }
                at = end.unwrap_or(at + 1) - 1;
                last = (at + 1, byte);
            }
            _ => {
                first.get_or_insert(at);
                last = (at + 1, byte);
                match byte {
                    b'(' | b'[' | b'{' => brackets.push((byte, at)),
                    b')' | b']' | b'}' => {
                        if let Some(message) = close(&mut brackets, byte) {
                            found.unpaired = Some((at, message));
                            break;
                        }
                    }
                    _ => {}
                }
            }
        }
        at += 1;
    }
    // Python names the innermost bracket that is open (`raise_unclosed_parentheses_error`).
    if let (Some((open, offset)), None) = (brackets.last(), &found.unpaired) {
        found.unpaired = Some((*offset, format!("'{}' was never closed", char::from(*open))));
    }
    found.finish(line_start, first, last);
    found
}

impl Lines {
    fn finish(&mut self, line_start: usize, first: Option<usize>, last: (usize, u8)) {
        if let Some(start) = first {
            let indent = start - line_start;
            self.lines.push(Line { start, end: last.0, indent, opens: last.1 == b':' });
        }
    }
}

/// Removes the matching bracket, or returns what is wrong.
fn close(brackets: &mut Vec<(u8, usize)>, close: u8) -> Option<String> {
    let close = char::from(close);
    match brackets.pop().map(|(open, _)| char::from(open)) {
        None => Some(format!("unmatched '{close}'")),
        Some(open) if matches!((open, close), ('(', ')') | ('[', ']') | ('{', '}')) => None,
        Some(open) => Some(format!("closing '{close}' does not match opening '{open}'")),
    }
}

fn line_end(source: &str, from: usize) -> usize {
    source[from..].find('\n').map_or(source.len(), |length| from + length)
}

fn is_triple(bytes: &[u8]) -> bool {
    matches!(bytes, [a, b, c, ..] if a == b && b == c)
}

/// The end of the string that begins here; none if it does not end.
fn string_end(source: &str, start: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let quote = bytes[start];
    let triple = is_triple(&bytes[start..]);
    // A prefix has two letters at most (`rf`), and t-strings (3.14) nest as f-strings do.
    let prefix = &bytes[start.saturating_sub(2)..start];
    let formatted = prefix.iter().any(|byte| matches!(byte, b'f' | b'F' | b't' | b'T'));
    let mut at = start + if triple { 3 } else { 1 };
    // In the braces of an f-string, the same quotes may begin another string.
    let mut braces = 0_usize;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'{' if formatted && braces == 0 && bytes.get(at + 1) == Some(&b'{') => at += 1,
            b'{' if formatted => braces += 1,
            b'}' if formatted => braces = braces.saturating_sub(1),
            // Within braces, an f-string may have several lines since 3.12 (PEP 701).
            b'\n' if !triple && braces == 0 => return None,
            byte if byte == quote && braces == 0 => {
                if !triple {
                    return Some(at + 1);
                }
                if bytes[at..].starts_with(&[quote; 3]) {
                    return Some(at + 3);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Blanks the parts of the source that the grammar can't parse, so that offsets do not change: `lazy`
/// before `import` (Python 3.15), defaults of type parameters, `class C[T = int]` (3.13), and bodies of
/// functions on the line of their `def`.
pub(crate) fn readable(source: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(source);
    for line in scan(source).lines {
        let text = &source[line.start..line.end];
        if let Some(body) = one_line_body(text) {
            let start = line.start + body;
            let body = without_statements(&source[start..line.end]);
            plain.to_mut().replace_range(start..line.end, &body);
        }
        // `lazy` is a name like any other elsewhere.
        let import = text.strip_prefix("lazy ").map(str::trim_start);
        let import = import.filter(|it| it.starts_with("import ") || it.starts_with("from "));
        if let Some(import) = import {
            let padded = format!("{import}{}", " ".repeat(text.len() - import.len()));
            plain.to_mut().replace_range(line.start..line.end, &padded);
        }
        for default in type_parameter_defaults(text) {
            let blanks = " ".repeat(default.len());
            let range = line.start + default.start..line.start + default.end;
            plain.to_mut().replace_range(range, &blanks);
        }
    }
    plain
}

/// Returns the start of the body in `def f() -> None: a[:] = 0`, if it is on the same line.
///
/// The grammar would parse `None: a[:]` as an annotated type.
fn one_line_body(line: &str) -> Option<usize> {
    if !["def ", "async def "].into_iter().any(|keyword| line.starts_with(keyword)) {
        return None;
    }
    let bytes = line.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => at = string_end(line, at)? - 1,
            b'#' => at = line_end(line, at),
            b':' if depth == 0 => {
                let rest = &line[at + 1..];
                let body = rest.trim_start();
                let has_body = !body.is_empty() && !body.starts_with('#');
                return has_body.then_some(line.len() - body.len());
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Blanks a body, except for the parts that the model needs: a docstring, and a `yield`.
fn without_statements(body: &str) -> String {
    let docstring = body.starts_with(['"', '\'']).then(|| string_end(body, 0)).flatten();
    let preserved = match docstring {
        Some(end) => &body[..end],
        // What it yields does not matter: the word alone makes the function a generator.
        None if body.contains("yield") => "yield",
        None => "0",
    };
    let mut blanked = preserved.to_owned();
    // Line endings stay, so that positions do not change.
    for (at, character) in body.char_indices().filter(|(at, c)| at + c.len_utf8() > preserved.len())
    {
        let blanks = (at + character.len_utf8()) - blanked.len();
        blanked += &if character == '\n' { "\n".to_owned() } else { " ".repeat(blanks) };
    }
    blanked
}

/// Blanks the bodies of all functions, except for docstrings, so that offsets do not change and errors in
/// bodies do not matter. Each body gets a statement in place of its first: `yield` in generators.
///
pub(crate) fn without_bodies(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut plain = source.to_owned();
    let (mut at, mut starts_line) = (0, true);
    while at < bytes.len() {
        if starts_line {
            let indent = indent(&source[at..]);
            if let Some(body) = body(source, at + indent, indent) {
                at = body.end;
                blank_body(&mut plain, body);
                starts_line = bytes[..at].ends_with(b"\n");
                continue;
            }
        }
        starts_line = bytes[at] == b'\n';
        match after(source, at) {
            Some(next) => at = next,
            None => break,
        }
    }
    plain
}

/// The place after a comment, a string or another byte; none if a string of several lines does not end, of
/// which nothing that follows can be told apart.
fn after(source: &str, at: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    match bytes[at] {
        b'#' => Some(line_end(source, at)),
        b'"' | b'\'' => match string_end(source, at) {
            None if is_triple(&bytes[at..]) => None,
            end => Some(end.unwrap_or(at + 1)),
        },
        _ => Some(at + 1),
    }
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\x0c']).len()
}

/// The body of a function, if one begins here.
fn body(source: &str, def: usize, indent: usize) -> Option<Range<usize>> {
    let starts = |keyword: &&str| source[def..].starts_with(*keyword);
    ["def ", "async def "].iter().find(|keyword| starts(keyword))?;
    let bytes = source.as_bytes();
    let (mut at, mut depth) = (def, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                let end = line_end(source, at);
                let rest = source[at + 1..end].trim_start();
                if rest.is_empty() || rest.starts_with('#') {
                    let start = source.len().min(end + 1);
                    return Some(start..block_end(source, start, indent)?);
                }
                let start = at + 1 + source[at + 1..].len() - source[at + 1..].trim_start().len();
                return Some(start..statement_end(source, start)?);
            }
            b'\n' if depth == 0 => return None,
            _ => {}
        }
        at = after(source, at)?;
    }
    None
}

/// The end of the logical line that goes on here, or of the line itself if its brackets do not pair.
fn statement_end(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let (mut at, mut depth, mut line) = (from, 0_usize, None);
    while at < bytes.len() {
        match bytes[at] {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth == 0 => return Some(at),
            b'\n' => line = line.or(Some(at)),
            _ => {}
        }
        at = after(source, at)?;
    }
    Some(line.filter(|_| depth > 0).unwrap_or(source.len()))
}

/// The first line from here on that is not indented more than the header of the block.
fn block_end(source: &str, from: usize, header: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let indent = indent(&source[at..]);
        let text = &source[at + indent..];
        if indent <= header && !text.starts_with(['#', '\n', '\r']) && !text.is_empty() {
            return Some(at);
        }
        while at < bytes.len() && bytes[at] != b'\n' {
            at = after(source, at)?;
        }
        at = bytes.len().min(at + 1);
    }
    Some(at)
}

fn blank_body(plain: &mut String, body: Range<usize>) {
    let text = plain[body.clone()].to_owned();
    let first = first_code(&text, 0);
    let quote = text[first..].find(['"', '\'']).filter(|at| *at <= 2);
    let is_prefix = |at: &usize| text[first..first + at].chars().all(|c| "rRuU".contains(c));
    let docstring = quote.filter(is_prefix).and_then(|at| string_end(&text, first + at));
    let from = docstring.unwrap_or(first);
    let mut blanked = text[..from].to_owned();
    for character in text[from..].chars() {
        match character {
            '\n' | '\r' => blanked.push(character),
            other => blanked.push_str(&" ".repeat(other.len_utf8())),
        }
    }
    let place = first_code(&text, from);
    let marks: &[&str] = match (text.contains("yield"), docstring) {
        (true, _) => &["yield", "0"],
        (false, None) => &["0"],
        (false, Some(_)) => &[],
    };
    let fits = |mark: &&&str| blanked[place..].starts_with(&" ".repeat(mark.len())[..]);
    if let Some(mark) = marks.iter().find(fits) {
        blanked.replace_range(place..place + mark.len(), mark);
    }
    plain.replace_range(body, &blanked);
}

/// Replaces annotations that are expressions, but not in the grammar (`list[int] & X`), by a number: they are
/// no types for the rest of the crate either.
pub(crate) fn blank_annotations(source: &mut String, is_unreadable: impl Fn(&str) -> bool) {
    let ranges: Vec<Range<usize>> = scan(source)
        .lines
        .iter()
        .flat_map(|line| {
            let annotations = annotations(&source[line.start..line.end]);
            annotations.into_iter().map(|it| line.start + it.start..line.start + it.end)
        })
        .filter(|range| is_unreadable(&source[range.clone()]))
        .collect();
    for range in ranges {
        source.replace_range(range.clone(), &"0".repeat(range.len()));
    }
}

/// The annotations of the parameters and the result of a `def`, or that of `name: annotation = value`.
fn annotations(line: &str) -> Vec<Range<usize>> {
    let is_def = ["def ", "async def "].into_iter().any(|keyword| line.starts_with(keyword));
    let name = line.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(0);
    if !is_def && (name == 0 || !line[name..].trim_start().starts_with(':')) {
        return Vec::new();
    }
    let inside = usize::from(is_def);
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut depth, mut start, mut in_default) = (0, 0_usize, None, false);
    while at < bytes.len() {
        let byte = bytes[at];
        in_default = match byte {
            b'=' if depth == inside => true,
            b',' | b')' if depth == inside => false,
            _ => in_default,
        };
        let ends = match byte {
            b',' | b')' | b'=' => depth == inside,
            b':' => depth == 0 && is_def,
            _ => false,
        };
        if ends && let Some(start) = start.take() {
            found.push(start..at);
        }
        match byte {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => at = string_end(line, at).unwrap_or(at + 1) - 1,
            b'#' => at = line_end(line, at),
            b':' if depth == inside && !in_default => start = start.or(Some(at + 1)),
            b'>' if depth == 0 && line[..at].ends_with('-') => start = Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    found.extend(start.map(|start| start..line.len()).filter(|_| !is_def));
    let trimmed = |range: Range<usize>| {
        let text = &line[range.clone()];
        let start = range.start + text.len() - text.trim_start().len();
        start..start + text.trim().len()
    };
    found.into_iter().map(trimmed).filter(|range| !range.is_empty()).collect()
}

/// The first character from here on that is not blank, and not in a comment.
fn first_code(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        match text[at..].starts_with('#') {
            true => at = line_end(text, at),
            false => return at,
        }
    }
}

/// The `= int` in the brackets that follow the name in `class C[T = int]`, `def` and `type`.
fn type_parameter_defaults(line: &str) -> Vec<Range<usize>> {
    let mut defaults = Vec::new();
    let keyword =
        ["class ", "def ", "async def ", "type "].into_iter().find(|it| line.starts_with(it));
    let Some(keyword) = keyword else { return defaults };
    // The first character after the name: without a `[` there, the class has no type parameters.
    let Some(open) = line.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ' ')) else {
        return defaults;
    };
    if open < keyword.len() || line.as_bytes()[open] != b'[' {
        return defaults;
    }
    let mut depth = 0_usize;
    let mut start = None;
    for (at, byte) in line.bytes().enumerate().skip(open) {
        match byte {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'=' if depth == 1 => start = start.or(Some(at)),
            _ => {}
        }
        if depth == 0 || (depth == 1 && byte == b',') {
            defaults.extend(start.take().map(|start| start..at));
        }
        if depth == 0 {
            break;
        }
    }
    defaults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_outside_of_brackets_and_strings() {
        let source = "a = (1,\n 2)  # (\n\nif x:\n  '''\n(\n'''\n  f'{d['k']}' \\\n + 1\n";
        let lines = scan(source);
        let texts: Vec<_> = lines.lines.iter().map(|it| &source[it.start..it.end]).collect();
        assert_eq!(texts, ["a = (1,\n 2)", "if x:", "'''\n(\n'''", "f'{d['k']}' \\\n + 1"]);
        assert_eq!(lines.lines[2].indent, 2);
        assert!(lines.lines[1].opens);
        assert_eq!(lines.unpaired, None);
    }

    #[test]
    fn what_does_not_pair_is_named() {
        let unpaired =
            |source| scan(source).unpaired.map(|(at, message)| format!("{at} {message}"));
        assert_eq!(unpaired("f(\n[1]\n").unwrap(), "1 '(' was never closed");
        assert_eq!(unpaired("f)").unwrap(), "1 unmatched ')'");
        assert_eq!(unpaired("(]").unwrap(), "1 closing ']' does not match opening '('");
        assert_eq!(unpaired("x = 'a\nb").unwrap(), "4 unterminated string literal");
        assert_eq!(unpaired("\"\"\"a").unwrap(), "0 unterminated triple-quoted string literal");
    }

    #[test]
    fn what_the_grammar_cannot_read_is_blanked() {
        for (new, old) in [
            (
                "lazy import a\n  lazy from b import (c,\n d)",
                "import a     \n  from b import (c,\n d)     ",
            ),
            ("'lazy import'\nlazy = 1", "'lazy import'\nlazy = 1"),
            (
                "class C[T: int = str, **P = [int, str]](B): x",
                "class C[T: int      , **P             ](B): x",
            ),
            ("type A[T = dict[str, int]] = list[T]", "type A[T                 ] = list[T]"),
            ("def f(a=1): x[b] = 2\ntype = x[a]", "def f(a=1): 0       \ntype = x[a]"),
            (
                "  async def f(a: {':': 1}) -> None: a[:] = 0",
                "  async def f(a: {':': 1}) -> None: 0       ",
            ),
            ("def f() -> int: yield 1; x[0] = 1", "def f() -> int: yield            "),
            ("def f() -> int: 'é:'; x[0] = 1", "def f() -> int: 'é:'          "),
            ("def f() -> int: éé[0] = 1", "def f() -> int: 0          "),
            ("def f() -> int:  # a: b\n    x", "def f() -> int:  # a: b\n    x"),
        ] {
            assert_eq!(readable(new), old);
            assert_eq!(new.len(), old.len());
        }
    }

    #[test]
    fn annotations_are_found() {
        let found = |line: &str| {
            annotations(line).into_iter().map(|it| line[it].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            found(
                "def f(a: dict[str, int] = {1: 2}, *b: 'x:y', c=lambda x: 1) -> list[int] & X: pass"
            ),
            ["dict[str, int]", "'x:y'", "list[int] & X"]
        );
        assert_eq!(found("x: list[int] & X = a[1:2]"), ["list[int] & X"]);
        assert_eq!(found("x = {1: 2}"), [""; 0]);
    }

    #[test]
    fn bodies_are_blanked_whatever_is_in_them() {
        for (source, bare) in [
            (
                "def f(a: int) -> int:\n    x x\n    (\n\ny = 1\n",
                "def f(a: int) -> int:\n    0  \n     \n\ny = 1\n",
            ),
            ("def f():\n  'doc (' \n  x = é\n", "def f():\n  'doc (' \n        \n"),
            (
                "class C:\n  def f(\n    a,  # b:\n  ):  # c\n    yield (\n  x = 1\n",
                "class C:\n  def f(\n    a,  # b:\n  ):  # c\n    yield  \n  x = 1\n",
            ),
            ("s = '''\ndef f():\n  x x\n'''\n", "s = '''\ndef f():\n  x x\n'''\n"),
            ("def f():\n  x = '''\na\n''' x\ny = 2", "def f():\n  0      \n \n     \ny = 2"),
        ] {
            assert_eq!(without_bodies(source), bare);
            assert_eq!(source.len(), bare.len());
        }
    }
}
