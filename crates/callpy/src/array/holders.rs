//! Who retains a loan, in words: the same for an error and for the abort.

use super::lend::Loan;
use crate::raw::ndarray::Ndarray;
use crate::raw::numpy::Numpy;
use crate::raw::{Attached, process};
use crate::{Error, ErrorKind, support};

/// What a call, and its arguments, are called in messages.
pub(crate) trait Names {
    /// Names the function.
    fn function(&self) -> String;

    /// Names the argument at a place, counted from 1.
    fn argument(&self, py: Attached<'_>, place: usize) -> String;
}

/// Names the first loan's argument, and who holds it.
pub(super) fn describe(py: Attached<'_>, names: &impl Names, held: &[Loan]) -> (String, String) {
    let loan = &held[0];
    (names.argument(py, loan.argument), list(&support::holders(py, &loan.array)))
}

pub(super) fn abort(py: Attached<'_>, numpy: &Numpy, names: &impl Names, held: &[Loan]) -> ! {
    let (argument, holders) = describe(py, names, held);
    let function = names.function();
    let array = Ndarray::known(py, &held[0].array);
    let what = if array.is_lent(numpy) {
        format!("kept {argument}, which was only lent for the call.\nIt is held by {holders}")
    } else {
        format!(
            "gave the array of {argument}, which was only lent for the call, other memory.\n\
             Views of what was lent may hang on that memory now, and nobody can tell"
        )
    };
    process::abort(&format!(
        "callpy: {function} {what}.\n\
         To return would leave Python with a pointer to memory that is not its own, so the process \
         ends here.\n\
         The way out: {WAYS_OUT}.",
    ))
}

/// Makes the error of a result that held the loan, and was given up for that.
pub(super) fn by_the_result(names: &impl Names, argument: &str, holders: &str) -> Error {
    let message = format!(
        "the result holds {argument}, which was only lent for the call ({holders}); {WAYS_OUT}"
    );
    Error::new(ErrorKind::Kept, message).at(names.function())
}

const WAYS_OUT: &str =
    "give the memory away as a Vec or an Arc<[T]>, or let Python have a copy with callpy::Copied";

fn list(holders: &[String]) -> String {
    if holders.is_empty() {
        "something that Python's collector does not know: a C extension, a capsule, an Object kept in \
         Rust"
            .to_owned()
    } else {
        holders.join(", and by ")
    }
}
