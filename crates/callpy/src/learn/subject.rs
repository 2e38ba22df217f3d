//! What a callable is learned by: not the object that is called, which may be made for the one call,
//! but the function that runs.

use std::sync::OnceLock;

use crate::raw::objects::{Builtin, Outcome};
use crate::raw::{Attached, Ref};
use crate::support;

/// A function, and the class for which it runs if it is called as a method.
///
/// The class is part of it since one inherited method (scikit-learn's `fit_transform`) calls others
/// that are the class's own, some of which retain their argument.
pub(super) struct Subject {
    pub(super) function: Ref,
    pub(super) class: Option<Ref>,
}

impl Subject {
    pub(super) fn of(py: Attached<'_>, callable: &Ref) -> Subject {
        // Where Python code of the callable's own raised, the callable is learned by itself.
        Subject::find(py, callable)
            .unwrap_or_else(|_| Subject { function: callable.clone_ref(py), class: None })
    }

    /// Drops the references here and now.
    pub(super) fn release(self, py: Attached<'_>) {
        self.function.release(py);
        if let Some(class) = self.class {
            class.release(py);
        }
    }

    fn find(py: Attached<'_>, callable: &Ref) -> Outcome<Subject> {
        let known = Known::get(py)?;
        let class = callable.class(py);
        if class == known.function.as_ptr().cast() || py.builtin(callable) == Builtin::Type {
            return Ok(Subject { function: callable.clone_ref(py), class: None });
        }
        if class == known.method.as_ptr().cast() {
            let function = py.attribute(callable, &known.func)?;
            let owner = py.attribute(callable, &known.owner)?;
            if py.builtin(&owner) == Builtin::Type {
                // A class method: what it does may depend on the class as well.
                return Ok(Subject { function, class: Some(owner) });
            }
            let class = py.class_of(&owner);
            owner.release(py);
            return Ok(Subject { function, class: Some(class) });
        }
        let (function, class) = support::subject(py, callable)?;
        Ok(Subject { function, class })
    }
}

/// What is asked for at each call of an object.
struct Known {
    function: Ref,
    method: Ref,
    func: Ref,
    owner: Ref,
}

impl Known {
    fn get(py: Attached<'_>) -> Outcome<&'static Known> {
        static KNOWN: OnceLock<Known> = OnceLock::new();
        if let Some(known) = KNOWN.get() {
            return Ok(known);
        }
        let (function, method) = support::function_types(py)?;
        let (func, owner) = (py.interned(c"__func__")?, py.interned(c"__self__")?);
        // Not get_or_init with the making in it: Python may switch threads there.
        Ok(KNOWN.get_or_init(|| Known { function, method, func, owner }))
    }
}
