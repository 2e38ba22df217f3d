//! A traceback's text, as Python's `traceback` module writes it.

use std::collections::HashMap;
use std::fmt::{self, Write};

use super::frame::Source;
use super::{Parts, Printed, StackFrame};

/// How many times a repeated frame is shown (`_RECURSIVE_CUTOFF` of `traceback.py`).
const SHOWN: usize = 3;

/// Writes the traceback, the exceptions below it first.
pub(super) fn text(exception: &Parts) -> String {
    let mut text = String::new();
    let mut sources = Sources::default();
    write(&mut text, exception, &mut sources).expect("a String takes any text");
    text
}

fn write(text: &mut String, exception: &Parts, sources: &mut Sources) -> fmt::Result {
    if let Some(cause) = &exception.cause {
        write(text, &cause.0, sources)?;
        text.push_str("\nThe above exception was the direct cause of the following exception:\n\n");
    } else if let Some(context) = exception.context.as_ref().filter(|_| !exception.hides_context) {
        write(text, &context.0, sources)?;
        text.push_str("\nDuring handling of the above exception, another exception occurred:\n\n");
    }
    if let Some(Printed::All(printed)) = &exception.printed {
        text.push_str(printed);
        return Ok(());
    }
    if !exception.frames.is_empty() {
        text.push_str("Traceback (most recent call last):\n");
    }
    for frame in &exception.frames {
        write_frame(text, frame, sources)?;
    }
    match &exception.printed {
        Some(Printed::End(printed)) => text.push_str(printed),
        _ => write_end(text, exception)?,
    }
    Ok(())
}

fn write_frame(text: &mut String, frame: &StackFrame, sources: &mut Sources) -> fmt::Result {
    let source = match &frame.source {
        Source::Line(line) => line.clone(),
        Source::Text(text) => line_of(text, frame.line),
        Source::File => sources.line(&frame.file, frame.line),
    };
    for _ in 0..frame.times.min(SHOWN) {
        writeln!(text, "  File \"{}\", line {}, in {}", frame.file, frame.line, frame.function)?;
        if !source.trim().is_empty() {
            writeln!(text, "    {}", source.trim())?;
        }
    }
    match frame.times.saturating_sub(SHOWN) {
        0 => Ok(()),
        1 => writeln!(text, "  [Previous line repeated 1 more time]"),
        more => writeln!(text, "  [Previous line repeated {more} more times]"),
    }
}

fn write_end(text: &mut String, exception: &Parts) -> fmt::Result {
    if !matches!(&exception.module[..], "builtins" | "__main__") {
        write!(text, "{}.", exception.module)?;
    }
    text.push_str(&exception.qualified_name);
    if !exception.message.is_empty() {
        write!(text, ": {}", exception.message)?;
    }
    text.push('\n');
    exception.notes.iter().try_for_each(|note| writeln!(text, "{note}"))
}

/// The source files of one traceback, each read once.
#[derive(Default)]
struct Sources(HashMap<String, String>);

impl Sources {
    /// Returns a line of a file, or nothing if the file can't be read.
    fn line(&mut self, file: &str, number: usize) -> String {
        let text = self.0.entry(file.to_owned());
        line_of(text.or_insert_with(|| decode(&std::fs::read(file).unwrap_or_default())), number)
    }
}

fn line_of(text: &str, number: usize) -> String {
    let line = number.checked_sub(1).and_then(|index| text.lines().nth(index));
    line.unwrap_or_default().to_owned()
}

/// Decodes source text: UTF-8, unless one of its first two lines names Latin-1 (PEP 263).
fn decode(bytes: &[u8]) -> String {
    let head: Vec<&[u8]> = bytes.splitn(3, |byte| *byte == b'\n').take(2).collect();
    let is_latin = head.iter().any(|line| {
        let line = String::from_utf8_lossy(line).to_lowercase().replace('_', "-");
        let coding = line.trim_start().strip_prefix('#').and_then(|rest| rest.split_once("coding"));
        coding.is_some_and(|(_, name)| {
            let name = name.trim_start_matches([':', '=']).trim_start();
            name.starts_with("latin-1") || name.starts_with("iso-8859-1")
        })
    });
    match is_latin {
        true => bytes.iter().map(|byte| char::from(*byte)).collect(),
        false => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_text_is_in_the_encoding_that_it_names() {
        for cookie in ["# -*- coding: latin-1 -*-", "#!python\n# vim: set fileencoding=iso_8859-1"]
        {
            let mut text = cookie.as_bytes().to_vec();
            text.extend(b"\nx = '\xe9'\n");
            assert!(decode(&text).ends_with("x = 'é'\n"), "{cookie}");
        }
        assert_eq!(decode("x = 'é'  # coding".as_bytes()), "x = 'é'  # coding");
        assert_eq!(decode(b"\xff"), "\u{fffd}");
        assert_eq!(decode(b""), "");
    }

    #[test]
    fn a_repeated_frame_is_shown_three_times() {
        let frame = |times| StackFrame {
            file: "<none>".into(),
            line: 7,
            function: "f".into(),
            times,
            source: Source::Line("    f()\n".to_owned()),
        };
        let told = |times| {
            let mut text = String::new();
            write_frame(&mut text, &frame(times), &mut Sources::default()).unwrap();
            text
        };
        let once = "  File \"<none>\", line 7, in f\n    f()\n";
        assert_eq!(told(1), once);
        assert_eq!(told(3), once.repeat(3));
        assert_eq!(told(4), once.repeat(3) + "  [Previous line repeated 1 more time]\n");
        assert_eq!(told(9), once.repeat(3) + "  [Previous line repeated 6 more times]\n");
    }
}
