//! An exception that was raised in another process.

use std::sync::Arc;

use super::frame::Source;
use super::read::{known_source, with_shown_names};
use super::{Kept, Parts, Printed, PythonException, StackFrame, Traceback};

/// What another process says about an exception.
pub(crate) struct Told {
    pub(crate) type_name: String,
    pub(crate) qualified_name: String,
    pub(crate) module: String,
    pub(crate) message: String,
    pub(crate) frames: Vec<ToldFrame>,
    pub(crate) notes: Vec<String>,
    pub(crate) printed: Option<Printed>,
    pub(crate) hides_context: bool,
    /// What is known of the failed imports that it is about; only of the exception that a call has raised.
    pub(crate) imports: Vec<[String; 4]>,
    pub(crate) cause: Option<Box<Told>>,
    pub(crate) context: Option<Box<Told>>,
    pub(crate) missing_module: Option<String>,
    /// Module and name of each base, the nearest first.
    pub(crate) bases: Vec<(String, String)>,
}

/// One place of its traceback.
pub(crate) struct ToldFrame {
    pub(crate) file: String,
    pub(crate) function: String,
    pub(crate) line: usize,
    pub(crate) times: usize,
}

impl Told {
    pub(crate) fn into_exception(self) -> PythonException {
        let printed = self.printed.map(|printed| match printed {
            Printed::All(text) => Printed::All(with_shown_names(text)),
            Printed::End(text) => Printed::End(with_shown_names(text)),
        });
        let frames = self.frames.into_iter().map(|frame| {
            let known = known_source(&frame.file);
            let (file, source) = known.unwrap_or_else(|| (frame.file.into(), Source::File));
            let (line, function, times) = (frame.line, frame.function.into(), frame.times);
            StackFrame { file, line, function, times, source }
        });
        PythonException(Arc::new(Parts {
            type_name: self.type_name,
            qualified_name: self.qualified_name,
            module: self.module,
            missing_module: self.missing_module,
            message: self.message,
            frames: frames.collect(),
            notes: self.notes,
            printed,
            hides_context: self.hides_context,
            cause: self.cause.map(|cause| cause.into_exception()),
            context: self.context.map(|context| context.into_exception()),
            traceback: Traceback::default(),
            object: Kept::default(),
            bases: self.bases.into(),
        }))
    }
}
