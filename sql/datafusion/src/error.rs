//! What went wrong in a call from SQL, and in which.

use std::fmt;

use datafusion::error::DataFusionError;

/// The failure of a Python function in a query: its call as in SQL, and why.
///
/// The text has the Python traceback, if there is one, since text is all that crosses to another machine.
/// In the process where it happened, [`Error::find`] returns the error itself, and [`Error::python`] what
/// callpy said.
///
/// ```no_run
/// # async fn run(context: datafusion::prelude::SessionContext) -> datafusion::error::Result<()> {
/// if let Err(error) = context.sql("SELECT detect(value) FROM cpu").await?.collect().await
///     && let Some(error) = callpy_datafusion::Error::find(&error)
///     && let Some(exception) = error.python().and_then(callpy::Error::exception)
/// {
///     eprintln!("{} raised {}", error.call(), exception.type_name());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Error {
    call: String,
    message: String,
    python: Option<callpy::Error>,
}

impl Error {
    /// Returns the call as in SQL, such as `detect(value)`; for an error of a declaration, the function.
    pub fn call(&self) -> &str {
        &self.call
    }

    /// Returns callpy's error, if the call itself failed.
    pub fn python(&self) -> Option<&callpy::Error> {
        self.python.as_ref()
    }

    /// Returns the error in what DataFusion returned, if it is there.
    pub fn find(error: &DataFusionError) -> Option<&Error> {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = source {
            if let Some(found) = error.downcast_ref::<Error>() {
                return Some(found);
            }
            source = error.source();
        }
        None
    }

    pub(crate) fn new(call: impl Into<String>, message: impl Into<String>) -> Error {
        Error { call: call.into(), message: message.into(), python: None }
    }

    pub(crate) fn failed(call: &str, error: callpy::Error) -> Error {
        let message = shortened(format!("{error:#}"));
        Error { call: call.to_owned(), message, python: Some(error) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.python.as_ref().map(|error| error as _)
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

/// The longest text of an error. gRPC carries it in headers, twice, of which there may be 16 KiB.
const LONGEST: usize = 3_000;

/// Says that a call failed, with the traceback.
#[cold]
pub(crate) fn failed(call: &str, error: callpy::Error) -> DataFusionError {
    Error::failed(call, error).into()
}

/// Says what is wrong with a call.
#[cold]
pub(crate) fn wrong(call: &str, message: impl Into<String>) -> DataFusionError {
    Error::new(call, message).into()
}

/// Leaves out the middle of a long text: its beginning says what happened, its end where.
fn shortened(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let head = text.floor_char_boundary(LONGEST / 2);
    let tail = text.ceil_char_boundary(text.len() - LONGEST / 2);
    format!("{}\n[…]\n{}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_both_ends() {
        let text = format!("begin{}end", "é".repeat(LONGEST));
        let short = shortened(text);
        assert!(short.len() < LONGEST + 20, "{}", short.len());
        assert!(short.starts_with("begin") && short.ends_with("end"));
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
