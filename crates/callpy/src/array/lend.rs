//! Rust memory lent to Python for one call, or given to it for good.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use super::element::{Dtype, Element};
use super::view::Layout;
use crate::raw::ndarray::{self, Ndarray, SliceMemory};
use crate::raw::numpy::{Memory, Numpy};
use crate::raw::{Attached, Ref, process, reference};
use crate::scope::Scope;
use crate::seldom::Seldom;
use crate::{CopyReason, Error, ErrorKind, Object, Result, exception, support};

/// What a call, and its arguments, are called in messages.
pub(crate) trait Names {
    /// Names the function.
    fn function(&self) -> String;

    /// Names the argument at a place, counted from 1.
    fn argument(&self, py: Attached<'_>, place: usize) -> String;
}

/// One argument that Python may see until the call ends.
struct Loan {
    array: Ref,
    /// Its place among the arguments, from 1.
    argument: usize,
}

/// The loans of one call, which are settled before they are dropped.
pub(crate) struct Loans {
    /// Most calls lend one to three arrays; those need no allocation. Settling empties the slots, so
    /// that there is nothing left to drop.
    few: ManuallyDrop<[Option<Loan>; 3]>,
    more: Seldom<More>,
    numpy: Option<&'static Numpy>,
    /// The argument that is being converted.
    pub(crate) argument: usize,
}

/// What few calls have.
#[derive(Default)]
struct More {
    loans: Vec<Loan>,
    /// Writable bools: what Python wrote must be made 0 or 1 before Rust reads it.
    bools: Vec<(*mut u8, Layout)>,
}

impl Loans {
    #[inline]
    pub(crate) fn new() -> Loans {
        let few = ManuallyDrop::new([const { None }; 3]);
        Loans { few, more: Seldom::NONE, numpy: None, argument: 0 }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.numpy.is_none()
    }

    /// Whether somebody else holds a lent array: once the arguments are released, that is Python,
    /// or the result.
    pub(crate) fn are_held(&self, py: Attached<'_>) -> bool {
        let more = self.more.iter().flat_map(|more| &more.loans);
        self.few.iter().flatten().chain(more).any(|loan| loan.array.references(py) != 1)
    }

    #[inline]
    fn add(&mut self, numpy: &'static Numpy, array: Ref) {
        self.numpy = Some(numpy);
        let loan = Loan { array, argument: self.argument };
        match self.few.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some(loan),
            None => self.add_to_more(loan),
        }
    }

    #[cold]
    fn add_to_more(&mut self, loan: Loan) {
        self.more.get_or_insert_default().loans.push(loan);
    }

    /// Has writable bools made 0 or 1 at the end.
    fn normalise(&mut self, first: *mut u8, layout: Layout) {
        self.more.get_or_insert_default().bools.push((first, layout));
    }

    /// Ends every loan, or the process.
    ///
    /// `give_up` drops the call's result, if letting go of it may free a loan; it is called once at
    /// most, and the answer says who held the loan until then.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        py: Attached<'_>,
        names: &impl Names,
        give_up: impl FnOnce(),
    ) -> Option<Error> {
        let numpy = self.numpy.take()?;
        for slot in &mut *self.few {
            let Some(loan) = slot.take() else { break };
            if let Some(loan) = loan.end(py, numpy) {
                return self.settle_rest(py, numpy, vec![loan], names, give_up);
            }
        }
        if self.more.is_none() {
            return None;
        }
        self.settle_rest(py, numpy, Vec::new(), names, give_up)
    }

    #[cold]
    fn settle_rest(
        &mut self,
        py: Attached<'_>,
        numpy: &Numpy,
        mut held: Vec<Loan>,
        names: &impl Names,
        give_up: impl FnOnce(),
    ) -> Option<Error> {
        let more = self.more.take().unwrap_or_default();
        let rest = self.few.iter_mut().filter_map(Option::take).chain(more.loans);
        held.extend(rest.filter_map(|loan| loan.end(py, numpy)));
        let error = match held.is_empty() {
            true => None,
            false => settle_held(py, numpy, names, held, give_up),
        };
        for (first, layout) in more.bools {
            // SAFETY: the caller's own mutable bools, which Python no longer knows.
            unsafe { layout.normalise_bools(first, true) };
        }
        error
    }
}

impl Loan {
    /// Ends the loan if nobody else holds the array; gives it back otherwise.
    #[inline]
    fn end(self, py: Attached<'_>, numpy: &Numpy) -> Option<Loan> {
        if !Ndarray::known(py, &self.array).is_forgotten(numpy) {
            return self.end_unless_held(py, numpy);
        }
        ndarray::keep_header(py, self.array);
        None
    }

    /// Does so where the header can't serve again: it has several axes, say, or somebody holds it.
    #[inline(never)]
    fn end_unless_held(self, py: Attached<'_>, numpy: &Numpy) -> Option<Loan> {
        if self.array.references(py) != 1 {
            return Some(self);
        }
        let array = Ndarray::known(py, &self.array);
        if !array.is_lent(numpy) {
            // Python gave the array other memory (`__setstate__`, `data` in NumPy 1), and views of
            // what was lent may hang on that.
            return Some(self);
        }
        // Somebody may revive it yet: then it must be empty, or be seen here.
        if array.has_weakrefs() && !(array.make_empty() && self.array.references(py) == 1) {
            return Some(self);
        }
        self.array.release(py);
        None
    }
}

/// Ends the process where loans would be forgotten by a panic.
struct NoUnwinding;

impl Drop for NoUnwinding {
    fn drop(&mut self) {
        process::abort(
            "callpy: a panic while memory was lent to Python, which still holds it: the process \
             ends here",
        )
    }
}

#[cold]
fn settle_held(
    py: Attached<'_>,
    numpy: &Numpy,
    names: &impl Names,
    held: Vec<Loan>,
    give_up: impl FnOnce(),
) -> Option<Error> {
    let no_unwinding = NoUnwinding;
    let turn = support::begin_turn(py);
    let held = end_all(py, numpy, held);
    let held = let_go(py, numpy, held);
    let held = wait_for_threads(py, numpy, held);
    let error = if held.is_empty() {
        None
    } else {
        let (argument, holders) = describe(py, names, &held);
        // The result itself, say a generator that goes on reading its argument.
        give_up();
        let held = let_go(py, numpy, held);
        if !held.is_empty() {
            abort(py, numpy, names, &held);
        }
        let message = format!(
            "the result holds {argument}, which was only lent for the call ({holders}); {WAYS_OUT}"
        );
        Some(Error::new(ErrorKind::Kept, message).at(names.function()))
    };
    support::end_turn(py, turn);
    std::mem::forget(no_unwinding);
    error
}

fn end_all(py: Attached<'_>, numpy: &Numpy, held: Vec<Loan>) -> Vec<Loan> {
    held.into_iter().filter_map(|loan| loan.end(py, numpy)).collect()
}

/// Lets go of what holds loans by oversight, the quick ways first.
fn let_go(py: Attached<'_>, numpy: &Numpy, held: Vec<Loan>) -> Vec<Loan> {
    // A handle in Rust that was dropped detached.
    reference::release_queued(py);
    let mut held = end_all(py, numpy, held);
    if held.is_empty() {
        return held;
    }
    // A cycle, of this call most likely, which takes a twentieth of the time.
    for generation in [0, 2] {
        support::collect(py, generation);
        held = end_all(py, numpy, held);
        if held.is_empty() {
            return held;
        }
    }
    // A traceback that somebody keeps.
    held.iter().for_each(|loan| support::release(py, &loan.array));
    end_all(py, numpy, held)
}

/// Gives other threads a second to let go: a worker of a pool drops its task only after it has
/// handed over the result.
fn wait_for_threads(py: Attached<'_>, numpy: &Numpy, mut held: Vec<Loan>) -> Vec<Loan> {
    if !held.iter().any(|loan| support::others_hold(py, &loan.array)) {
        return held;
    }
    let start = Instant::now();
    let mut pause = Duration::from_micros(50);
    while start.elapsed() < Duration::from_secs(1) {
        py.detach(|| std::thread::sleep(pause));
        pause = (pause * 2).min(Duration::from_millis(10));
        held = end_all(py, numpy, held);
        // Asked again, since without an interpreter lock, what others let go is freed on this thread
        // when it next runs Python.
        if !held.iter().any(|loan| support::others_hold(py, &loan.array)) {
            break;
        }
    }
    let_go(py, numpy, held)
}

/// Names the first loan's argument, and who holds it.
fn describe(py: Attached<'_>, names: &impl Names, held: &[Loan]) -> (String, String) {
    let loan = &held[0];
    (names.argument(py, loan.argument), list(&support::holders(py, &loan.array)))
}

fn abort(py: Attached<'_>, numpy: &Numpy, names: &impl Names, held: &[Loan]) -> ! {
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

impl<'a> Scope<'a> {
    /// Lends a slice read-only.
    #[inline]
    pub(crate) fn lend<T: Element>(&mut self, slice: &'a [T]) -> Result<Object> {
        let data = slice.as_ptr().cast_mut().cast();
        let memory =
            SliceMemory { data, len: slice.len(), item_size: size_of::<T>(), writable: false };
        // SAFETY: the slice is valid and not written for 'a, which outlives this scope, and the
        // scope does not end before the array is forgotten. It is not writable.
        unsafe { self.lend_packed(T::DTYPE, memory) }
    }

    /// Lends a slice that Python may write.
    #[inline]
    pub(crate) fn lend_mut<T: Element>(&mut self, slice: &'a mut [T]) -> Result<Object> {
        let data = slice.as_mut_ptr().cast();
        let memory =
            SliceMemory { data, len: slice.len(), item_size: size_of::<T>(), writable: true };
        // SAFETY: as in `lend`; nobody else sees the slice for 'a.
        unsafe { self.lend_packed(T::DTYPE, memory) }
    }

    /// # Safety
    ///
    /// The memory is as `ndarray::lend_slice` wants it, of this dtype, for all of this scope.
    #[inline]
    pub(super) unsafe fn lend_packed(
        &mut self,
        dtype: Dtype,
        memory: SliceMemory,
    ) -> Result<Object> {
        let Some(type_num) = dtype.type_num() else {
            let SliceMemory { data, len, writable, .. } = memory;
            let memory = Memory { data, shape: &[len as isize], strides: None, writable };
            // SAFETY: as the caller says.
            return unsafe { self.lend_any(dtype, memory) };
        };
        let (py, loans, receipt) = self.lending();
        let numpy = py.numpy()?;
        // SAFETY: as the caller says; the elements are aligned, and in the dtype's own layout.
        let array = unsafe { ndarray::lend_slice(py, numpy, type_num, memory) }
            .map_err(|raised| exception::into_error(py, raised))?;
        let argument = array.clone_ref(py);
        loans.add(numpy, array);
        if memory.writable && dtype == Dtype::Bool {
            loans.normalise(memory.data.cast(), Layout::new(&[memory.len as isize], &[1], 1));
        }
        if let Some(receipt) = receipt {
            receipt.lent_bytes += memory.len * memory.item_size;
        }
        Ok(Object(argument))
    }

    /// Lends memory of any shape and strides.
    ///
    /// # Safety
    ///
    /// The elements within shape and strides are aligned, valid ones of the dtype that nobody else
    /// writes (nor reads, if they are writable) for all of this scope.
    pub(super) unsafe fn lend_any(&mut self, dtype: Dtype, memory: Memory<'_>) -> Result<Object> {
        let (py, loans, receipt) = self.lending();
        let numpy = py.numpy()?;
        let into_error = |raised| exception::into_error(py, raised);
        let object = dtype.object(py, numpy).map_err(into_error)?;
        // SAFETY: as the caller says; the loan ends before the scope does.
        let array = unsafe { numpy.new_array(py, object, memory, numpy.lent.clone_ref(py)) }
            .map_err(into_error)?;
        let argument = array.clone_ref(py);
        let layout = {
            let array = Ndarray::known(py, &array);
            Layout::new(array.shape(), array.strides(), dtype.item_size())
        };
        if let Some(receipt) = receipt {
            receipt.lent_bytes += layout.len() * dtype.item_size();
        }
        loans.add(numpy, array);
        if memory.writable && dtype == Dtype::Bool {
            loans.normalise(memory.data.cast(), layout);
        }
        Ok(Object(argument))
    }

    /// Gives memory to Python for good.
    ///
    /// # Safety
    ///
    /// The memory is valid as long as the owner is, wherever that is moved, and nobody writes it,
    /// nor, if it is writable, reads it, but Python.
    pub(super) unsafe fn give_memory<T: Element, O: Send + 'static>(
        &mut self,
        owner: O,
        memory: Memory<'_>,
    ) -> Result<Object> {
        let (py, _, receipt) = self.lending();
        let numpy = py.numpy()?;
        let into_error = |raised| exception::into_error(py, raised);
        let dtype = T::DTYPE.object(py, numpy).map_err(into_error)?;
        let base = py.capsule(Box::new(owner)).map_err(into_error)?;
        // SAFETY: the capsule keeps the owner until the array and all its views are gone.
        let array = unsafe { numpy.new_array(py, dtype, memory, base) }.map_err(into_error)?;
        if let Some(receipt) = receipt {
            receipt.given_bytes += memory.shape.iter().product::<isize>() as usize * size_of::<T>();
        }
        Ok(Object(array))
    }

    /// Gives a vector away; Python may write it and keep it.
    pub(crate) fn give<T: Element>(&mut self, vector: Vec<T>) -> Result<Object> {
        let mut vector = vector;
        let shape = [vector.len() as isize];
        let data = vector.as_mut_ptr().cast();
        let memory = Memory { data, shape: &shape, strides: None, writable: true };
        // SAFETY: the vector's buffer stays where it is until the vector is dropped.
        unsafe { self.give_memory::<T, _>(vector, memory) }
    }
}

/// Memory of any owner, given to Python read-only and without a copy: a memory map, a buffer of
/// another library, an `Arc`.
///
/// Python may keep it as long as it likes; the owner is dropped when Python lets go, on whichever
/// thread that happens.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let table = callpy::Given::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).with_shape(&[3, 2])?;
/// let means: callpy::Array<f64> = python.function("numpy:mean")?.call((table, callpy::named("axis", 0)))?;
/// assert_eq!(means[..], [3.0, 4.0]);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct Given<O, T> {
    owner: Owner<O>,
    data: *const T,
    shape: Vec<usize>,
}

// SAFETY: the pointer leads to memory of the owner's, which goes along and may be sent.
unsafe impl<O: Send, T: Element> Send for Given<O, T> {}

/// A value that has come to its last place: it is never moved again, and only dropped.
struct Owner<O>(NonNull<O>);

// SAFETY: owns its value as a Box does; it is not one since a Box that moves asserts that no
// pointer into its value is in use.
unsafe impl<O: Send> Send for Owner<O> {}

impl<O> Owner<O> {
    fn new(value: O) -> Self {
        Owner(NonNull::from(Box::leak(Box::new(value))))
    }
}

impl<O> Drop for Owner<O> {
    fn drop(&mut self) {
        // SAFETY: leaked from a box in `new`, and dropped only here.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl<T: Element, O: AsRef<[T]> + Send + 'static> Given<O, T> {
    /// Takes the owner of a slice of `T`.
    ///
    /// ```
    /// use callpy::{Array, Given};
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let shared: std::sync::Arc<[i32]> = [3, 1, 2].into();
    /// let sorted: Array<i32> = python.function("numpy:sort")?.call(Given::new(shared.clone()))?;
    /// assert_eq!((&sorted[..], &shared[..]), (&[1, 2, 3][..], &[3, 1, 2][..]));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn new(owner: O) -> Self {
        let owner = Owner::new(owner);
        // SAFETY: the owner is alive. Its slice is asked for once; from here on nobody touches the
        // owner but to drop it, so the slice stays as it is.
        let slice: &[T] = unsafe { owner.0.as_ref() }.as_ref();
        let (data, shape) = (slice.as_ptr(), vec![slice.len()]);
        Given { owner, data, shape }
    }

    /// Gives the memory this shape, in C order (the last axis varies fastest).
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if the product of the lengths is not the slice's length.
    pub fn with_shape(mut self, shape: &[usize]) -> Result<Self> {
        let length: usize = self.shape.iter().product();
        if shape.iter().try_fold(1, |all: usize, axis| all.checked_mul(*axis)) != Some(length) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("{length} elements can't have the shape {shape:?}"),
            ));
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    pub(crate) fn give(self, scope: &mut Scope<'_>) -> Result<Object> {
        let shape: Vec<isize> = self.shape.iter().map(|length| *length as isize).collect();
        let data = self.data.cast_mut().cast();
        let memory = Memory { data, shape: &shape, strides: None, writable: false };
        // SAFETY: the slice is the owner's, who is dropped with the capsule and not touched before.
        unsafe { scope.give_memory::<T, _>(self.owner, memory) }
    }
}

impl<O, T> fmt::Debug for Given<O, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// Gives Python a copy of its own: for functions that keep an argument, or write into it.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// # let source = "seen = []\ndef remember(series): seen.append(series)";
/// # python.module_from_source("monitor", "monitor.py", source)?;
/// # python.module("sys")?.attr("modules")?.set_item("monitor", python.module_from_source("monitor", "", "")?.object())?;
/// let keep = python.function("monitor:remember")?;
/// let series = vec![1.0, 2.0];
/// keep.call::<()>(callpy::Copied(&series[..]))?;
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Copied<S>(pub S);

impl<S> Copied<S> {
    pub(crate) fn give<T: Element>(self, scope: &mut Scope<'_>) -> Result<Object>
    where
        S: AsRef<[T]>,
    {
        let copy = self.0.as_ref().to_vec();
        scope.copied(size_of_val(&copy[..]), CopyReason::Asked)?;
        scope.give(copy)
    }
}

impl<'a, T: Element> crate::IntoPython<'a> for &'a super::Array<T> {
    /// Lent as it lies: its values don't change while it exists, so Python may not write it.
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let shape: Vec<isize> = self.shape().iter().map(|length| *length as isize).collect();
        let strides = Some(self.strides());
        let data = self.data().as_ptr().cast();
        let memory = Memory { data, shape: &shape, strides, writable: false };
        // SAFETY: the array's elements are valid and not written for 'a, which outlives the scope.
        unsafe { scope.lend_any(T::DTYPE, memory) }
    }
}
