//! From byte offsets to lines and columns.

use std::borrow::Cow;

use crate::error::Error;
use crate::model::{Position, Span};
use crate::syntax::Bytes;

/// The line starts of a source.
pub(crate) struct Positions<'a> {
    source: &'a str,
    starts: Cow<'a, [usize]>,
}

impl<'a> Positions<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let ends = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(offset, _)| offset + 1));
        Positions { source, starts: starts.collect() }
    }

    /// As `new`, with what [`into_starts`](Self::into_starts) returned for the same source.
    pub(crate) fn with_starts(source: &'a str, starts: &'a [usize]) -> Self {
        Positions { source, starts: Cow::Borrowed(starts) }
    }

    pub(crate) fn into_starts(self) -> Vec<usize> {
        self.starts.into_owned()
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let at_most = offset.min(self.source.len());
        // The grammar reports bytes, which may lie within a character.
        let boundary = (0..=at_most).rev().find(|offset| self.source.is_char_boundary(*offset));
        let offset = boundary.unwrap_or(0);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        // Columns count characters, as editors and Python do.
        Position { offset, line, column: self.source[start..offset].chars().count() + 1 }
    }

    pub(crate) fn span(&self, range: &Bytes) -> Span {
        Span { start: self.position(range.start), end: self.position(range.end) }
    }

    pub(crate) fn text(&self, range: &Bytes) -> &'a str {
        &self.source[range.clone()]
    }

    pub(crate) fn error(&self, offset: usize, message: impl Into<String>) -> Error {
        let Position { line, column, .. } = self.position(offset);
        Error { line, column, message: message.into() }
    }
}
