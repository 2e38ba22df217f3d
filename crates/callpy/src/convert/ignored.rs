//! A result that no one looks at.

use super::FromPython;
use crate::error::Result;
use crate::object::Object;
use crate::scope::Scope;

/// Takes any result and drops it, for a function that is called for what it does.
///
/// `()` takes `None` only, and [`Object`] keeps the result alive. Workers drop the result where it is, so it
/// may be what can't leave them.
///
/// ```
/// use callpy::{Ignored, Object};
///
/// # let python = callpy::Python::start()?;
/// let names: Object = python.function("builtins:dict")?.call(())?;
/// let Ignored = names.call_method("setdefault", ("first", 1))?;
/// assert_eq!(names.len()?, 1);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Ignored;

impl FromPython for Ignored {
    const DROPS: bool = true;

    #[inline]
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        object.0.release(scope.py());
        Ok(Ignored)
    }
}
