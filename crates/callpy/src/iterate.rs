//! Any iterable as a Rust iterator.

use std::fmt;
use std::marker::PhantomData;

use crate::array::detach_from_loans;
use crate::convert::FromPython;
use crate::error::Result;
use crate::object::Object;
use crate::queue;
use crate::raw::Ref;
use crate::scope::Scope;
use crate::support;

/// The items of anything that Python can iterate over: a generator, a range, a file, a dict's view.
///
/// Each item is asked for when `next` is called, and converted to a `T`. An exception ends the
/// iteration; an item that is no `T` is an error in its place, and the next one follows. An iterator
/// may be sent to another thread, used there and dropped there.
///
/// Dropping a generator before its end closes it: its `finally` blocks run at once. What is dropped
/// while Python ends, or in a sub-interpreter, is not closed.
///
/// ```
/// use callpy::Items;
///
/// # let python = callpy::Python::start()?;
/// let source = "
/// def readings(count):
///     for number in range(count):
///         yield number / 2
/// ";
/// let readings = python.module_from_source("probe", "probe.py", source)?.function("readings")?;
/// let items: Items<f64> = readings.call(1_000_000)?;
/// let first: Vec<f64> = items.take(3).collect::<callpy::Result<_>>()?;
/// assert_eq!(first, [0.0, 0.5, 1.0]);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct Items<T> {
    /// None once the end is reached.
    iterator: Option<Ref>,
    /// How many were asked for.
    count: usize,
    items: PhantomData<fn() -> T>,
}

impl<T> Items<T> {
    fn over(iterable: &Ref, scope: &Scope<'_>) -> Result<Option<Self>> {
        let py = scope.py();
        if !support::has_method(py, iterable, "__iter__")
            && !support::has_method(py, iterable, "__getitem__")
        {
            return Ok(None);
        }
        let iterator = scope.taken(py.with_frame(|| py.iterator(iterable)))?;
        Ok(Some(Items { iterator: Some(iterator), count: 0, items: PhantomData }))
    }

    /// Ends the iteration, as a drop does, and says whether closing the generator raised an exception.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Python` with what was raised.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let count = python.function("itertools:count")?;
    /// let mut numbers: callpy::Items<i64> = count.call(7)?;
    /// assert_eq!(numbers.next().unwrap()?, 7);
    /// numbers.close()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let Some(iterator) = self.iterator.take() else { return Ok(()) };
        let scope = Scope::new()?;
        let py = scope.py();
        let closed = scope.ok(py.with_frame(|| support::close(py, &iterator)));
        iterator.release(py);
        closed
    }
}

impl<T: FromPython> Iterator for Items<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let iterator = self.iterator.as_ref()?;
        let _turn = queue::enter(|| Some(iterator.as_ptr().addr()));
        let mut scope = match Scope::new() {
            Ok(scope) => scope,
            Err(error) => return Some(Err(error)),
        };
        let py = scope.py();
        let index = self.count;
        self.count += 1;
        match py.with_frame(|| py.next(iterator)) {
            Ok(Some(item)) => {
                let item = T::from_python(Object(item), &mut scope);
                Some(item.map_err(|error| error.at(format_args!("item {index}"))))
            }
            Ok(None) => {
                self.iterator = None;
                None
            }
            Err(raised) => {
                let error = scope.ok::<()>(Err(raised)).unwrap_err();
                self.iterator = None;
                Some(Err(error.resume_panic()))
            }
        }
    }
}

impl<T: FromPython> std::iter::FusedIterator for Items<T> {}

impl<T> Drop for Items<T> {
    fn drop(&mut self) {
        // There is no one to tell of an exception.
        let _ = self.end();
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("asked_for", &self.count).finish_non_exhaustive()
    }
}

impl<T: FromPython> FromPython for Items<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let object = detach_from_loans(object.0, scope)?;
        match Items::over(&object, scope)? {
            Some(items) => Ok(items),
            None => Err(scope.mismatch("something to iterate over", &object)),
        }
    }
}

impl Object {
    /// Returns an iterator over the object's items, each converted to a `T`.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if Python can't iterate over it.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let counter: callpy::Object = python.function("collections:Counter")?.call("banana")?;
    /// let letters = counter.iter::<String>()?.collect::<callpy::Result<Vec<_>>>()?;
    /// assert_eq!(letters, ["b", "a", "n"]);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn iter<T: FromPython>(&self) -> Result<Items<T>> {
        let scope = Scope::new()?;
        match Items::over(&self.0, &scope)? {
            Some(items) => Ok(items),
            None => Err(scope.mismatch("something to iterate over", &self.0)),
        }
    }
}
