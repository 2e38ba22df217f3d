//! What few calls have, at the cost of one comparison for the others.

use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// An `Option<Box<T>>` whose drop is one inlined comparison if there is nothing in it.
///
/// The compiler does not inline the drop of the plain type, and a call that does next to nothing has
/// half a dozen of these.
pub(crate) struct Seldom<T>(ManuallyDrop<Option<Box<T>>>);

impl<T> Seldom<T> {
    pub(crate) const fn none() -> Seldom<T> {
        Seldom(ManuallyDrop::new(None))
    }

    pub(crate) fn new(value: T) -> Seldom<T> {
        Seldom(ManuallyDrop::new(Some(Box::new(value))))
    }
}

impl<T> Deref for Seldom<T> {
    type Target = Option<Box<T>>;

    #[inline]
    fn deref(&self) -> &Option<Box<T>> {
        &self.0
    }
}

impl<T> DerefMut for Seldom<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Option<Box<T>> {
        &mut self.0
    }
}

impl<T> Drop for Seldom<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            drop_cold(value);
        }
    }
}

#[cold]
#[inline(never)]
fn drop_cold<T>(value: Box<T>) {
    drop(value);
}
