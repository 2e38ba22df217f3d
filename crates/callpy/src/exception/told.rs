//! An exception that was raised in another process.

use std::sync::Arc;

use super::frame::Source;
use super::read::{known_source, with_shown_names};
use super::{Bases, Kept, Parts, Printed, PythonException, StackFrame, Traceback};

/// What another process says about an exception.
pub(crate) struct Told {
    pub(crate) type_name: String,
    pub(crate) qualified_name: String,
    pub(crate) module: String,
    pub(crate) message: String,
    pub(crate) frames: Vec<ToldFrame>,
    pub(crate) notes: Vec<String>,
    /// What Python prints of an exception that it prints in a way of its own.
    pub(crate) printed: Option<String>,
    pub(crate) hides_context: bool,
    pub(crate) missing_module: Option<String>,
    /// What is known of the failed imports that it is about; only of the exception that a call has raised.
    pub(crate) imports: Vec<[String; 4]>,
    pub(crate) cause: Option<Box<Told>>,
    pub(crate) context: Option<Box<Told>>,
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
        // A group of exceptions has its frames within what is printed.
        let printed = self.printed.map(with_shown_names);
        let printed = printed.map(|text| match self.type_name.ends_with("Group") {
            true => Printed::All(text),
            false => Printed::End(text),
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
            bases: Bases::default(),
        }))
    }
}
