//! What identifies a callable to learn about: not the object that is called, which may exist for one call
//! only, but the function that runs, and what that finds in the object.

use crate::raw::composition::Composition;
use crate::raw::objects::Builtin;
use crate::raw::{Attached, Outcome, Ref};
use crate::support;

/// A function, its instance's class if it is called as a method, and what the instance is composed of.
///
/// The class is part of it, since an inherited method (scikit-learn's `fit_transform`) calls methods of
/// the class's own, some of which retain their argument. The composition is, since one method (that of a
/// pipeline) calls those of the objects that its instance holds.
pub(super) struct Subject {
    pub(super) function: Ref,
    pub(super) class: Option<Ref>,
    /// The object that holds what the function may call: its instance, or the other arguments of a partial.
    holder: Option<Ref>,
    pub(super) composition: Composition,
    /// What the composition is made of.
    pub(super) parts: Vec<Ref>,
}

impl Subject {
    pub(super) fn of(py: Attached<'_>, callable: &Ref) -> Subject {
        // If the callable's own Python code raised, it is learned by itself.
        let mut subject =
            Subject::find(py, callable).unwrap_or_else(|_| Subject::new(callable.clone_ref(py)));
        if let Some(holder) = &subject.holder {
            subject.composition = py.composition(holder, None);
            if subject.composition.kinds == 0 && py.builtin(holder) == Builtin::Tuple {
                // It never holds anything else.
                subject.holder = None;
            }
        }
        subject
    }

    fn new(function: Ref) -> Subject {
        let composition = Composition::default();
        Subject { function, class: None, holder: None, composition, parts: Vec::new() }
    }

    /// Whether the callable has another subject once its object holds other objects.
    pub(super) fn may_change(&self) -> bool {
        self.holder.is_some()
    }

    /// Keeps what the composition is made of.
    pub(super) fn keep_parts(&mut self, py: Attached<'_>) {
        if let Some(holder) = &self.holder {
            self.parts.clear();
            self.composition = py.composition(holder, Some(&mut self.parts));
        }
    }

    /// Drops the references here and now.
    pub(super) fn release(self, py: Attached<'_>) {
        let optional = [self.class, self.holder].into_iter().flatten();
        let references = [self.function].into_iter().chain(optional).chain(self.parts);
        references.for_each(|reference| reference.release(py));
    }

    fn find(py: Attached<'_>, callable: &Ref) -> Outcome<Subject> {
        if py.is_function(callable) || py.builtin(callable) == Builtin::Type {
            return Ok(Subject::new(callable.clone_ref(py)));
        }
        if let Some((function, owner)) = py.method_parts(callable) {
            if py.builtin(&owner) == Builtin::Type {
                // A class method: what it does may depend on the class as well.
                return Ok(Subject { class: Some(owner), ..Subject::new(function) });
            }
            let class = Some(py.class_of(&owner));
            return Ok(Subject { class, holder: Some(owner), ..Subject::new(function) });
        }
        let class = py.class_of(callable);
        let call = py.attribute(&class, &py.interned(c"__call__")?)?;
        if py.is_function(&call) {
            let holder = Some(callable.clone_ref(py));
            return Ok(Subject { class: Some(class), holder, ..Subject::new(call) });
        }
        let (function, class, holder) = support::subject(py, callable)?;
        Ok(Subject { class, holder, ..Subject::new(function) })
    }
}
