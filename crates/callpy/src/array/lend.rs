//! Rust memory lent to Python for one call, or moved to it.

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::sync::atomic::Ordering;

use super::copies::{self, PassedCopy};
use super::element::{Dtype, Element};
use super::guard::{self, Guard};
use super::holders::Names;
use super::settle::{Passed, settle_held};
use super::view::Layout;
use crate::error::{Error, Result};
use crate::learn::{self, Passing};
use crate::object::Object;
use crate::raw::call::Seldom;
use crate::raw::callback::{Armed, Work};
use crate::raw::ndarray::{self, Ndarray, SliceMemory};
use crate::raw::numpy::{Memory, Numpy};
use crate::raw::{Attached, Ref};
use crate::scope::Scope;

/// One argument that Python may see until the call ends.
pub(super) struct Loan {
    pub(super) array: Ref,
    /// Its place among the arguments, from 1.
    pub(super) argument: usize,
}

/// The loans of one call, which are settled before they are dropped.
pub(crate) struct Loans {
    /// Most calls lend one to three arrays; those need no allocation. Settling empties the slots, so
    /// that there is nothing left to drop.
    few: ManuallyDrop<[Option<Loan>; 3]>,
    pub(super) more: Seldom<More>,
    pub(super) numpy: Option<&'static Numpy>,
    /// The argument that is being converted.
    pub(crate) argument: usize,
    pub(crate) passing: Passing,
    /// The callable, until it is known how to pass arrays to it.
    pub(super) callable: Option<Ref>,
    /// Whether the call has failed: the callable raised, or was not called.
    pub(crate) failed: bool,
}

/// What few calls have.
#[derive(Default)]
pub(super) struct More {
    loans: Vec<Loan>,
    pub(super) copies: Vec<PassedCopy>,
    /// Keeps alive what `passing` refers to, if it was looked up for this call.
    pub(super) known: Option<learn::Known>,
    /// How many bytes of the copies show whether the callable retains them.
    pub(super) watched: usize,
    /// Writable bools: what Python wrote must become 0 or 1 before Rust reads it.
    bools: Vec<(*mut u8, Layout)>,
    /// The values of guarded loans when they were lent.
    guards: Vec<Guard>,
    /// Objects in the result that may hold a loan.
    results: Vec<Ref>,
    /// Closures that are lent: they are taken back when this is dropped.
    closures: Vec<Armed>,
}

impl Loans {
    #[inline]
    pub(crate) fn new() -> Loans {
        let few = ManuallyDrop::new([const { None }; 3]);
        Loans {
            few,
            more: Seldom::none(),
            numpy: None,
            argument: 0,
            passing: Passing::LENT,
            callable: None,
            failed: false,
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.numpy.is_none()
    }

    /// The arrays that were passed, lent or copied, each with its argument's place.
    pub(super) fn passed(&self) -> impl Iterator<Item = (&Ref, usize)> {
        let more = self.more.iter().flat_map(|more| &more.loans);
        let copies = self.more.iter().flat_map(|more| &more.copies);
        let lent = self.few.iter().flatten().chain(more);
        lent.map(|loan| (&loan.array, loan.argument)).chain(copies.map(PassedCopy::passed))
    }

    /// Whether anything else holds an array that was passed: once the arguments are released, only
    /// Python or the result can.
    pub(crate) fn are_held(&self, py: Attached<'_>) -> bool {
        self.passed().any(|(array, _)| array.references(py) != 1)
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

    /// Notes an object in the result that may hold a loan, so that settling looks there first.
    #[cold]
    pub(super) fn suspect(&mut self, result: Ref) {
        self.more.get_or_insert_default().results.push(result);
    }

    /// Sets writable bools to 0 or 1 when the call ends.
    pub(super) fn normalise(&mut self, first: *mut u8, layout: Layout) {
        self.more.get_or_insert_default().bools.push((first, layout));
    }

    /// Ends every loan, or the process.
    ///
    /// `give_up` drops the call's result if that may free a loan; it is called at most once, and the
    /// error that is returned then says what held the loan.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        py: Attached<'_>,
        names: &impl Names,
        give_up: impl FnOnce(),
    ) -> Option<Error> {
        let numpy = self.numpy.take()?;
        // The slots are filled in order, so the first empty one ends them.
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
        let mut more = self.more.take().unwrap_or_default();
        // First, since a thread that is in a closure may hold what it was called with.
        more.closures.clear();
        let rest = self.few.iter_mut().filter_map(Option::take).chain(more.loans);
        held.extend(rest.filter_map(|loan| loan.end(py, numpy)));
        let mut results = more.results;
        let error = match held.is_empty() {
            true => None,
            false => {
                let results = std::mem::take(&mut results);
                settle_held(py, numpy, names, held, results, give_up)
            }
        };
        // Only now, when no other thread of Python's can write to them any more.
        for guard in more.guards {
            // SAFETY: the caller's own memory, lent until here, which Python no longer knows.
            unsafe { guard.check(py, names) };
        }
        if !(more.copies.is_empty() && more.bools.is_empty()) {
            self.give_back(py, numpy, names, more.copies, more.bools, results);
        }
        error
    }

    /// Copies back to the caller what Python wrote, as valid values, and learns from the copies.
    #[inline(never)]
    fn give_back(
        &self,
        py: Attached<'_>,
        numpy: &Numpy,
        names: &impl Names,
        copies: Vec<PassedCopy>,
        bools: Vec<(*mut u8, Layout)>,
        results: Vec<Ref>,
    ) {
        copies.iter().for_each(PassedCopy::copy_back);
        for (first, layout) in bools {
            // SAFETY: the caller's own mutable bools, which Python no longer knows.
            unsafe { layout.normalise_bools(first, true) };
        }
        // A function that raised may not have reached the line that retains its arguments.
        if let Some(learned) = self.passing.learned()
            && !self.failed
            && let Some(retained) = copies::learn(py, numpy, names, copies, results, learned)
        {
            // Last of all, since the program's hook may make calls itself.
            learn::tell(py, &retained);
        }
    }

    /// Notes the values of a read-only loan, to compare them when its call ends.
    ///
    /// # Safety
    ///
    /// The elements at the layout's offsets are readable, and of the dtype, until this is settled.
    #[cold]
    unsafe fn guard(&mut self, dtype: Dtype, first: *mut c_void, layout: Layout) {
        // SAFETY: as the caller says; dtypes have no padding.
        let guard = unsafe { Guard::new(self.argument, dtype, first.cast(), layout) };
        self.more.get_or_insert_default().guards.extend(guard);
    }
}

impl Passed for Loan {
    fn array(&self) -> &Ref {
        &self.array
    }

    fn argument(&self) -> usize {
        self.argument
    }

    fn end(self, py: Attached<'_>, numpy: &Numpy) -> Option<Loan> {
        Loan::end(self, py, numpy)
    }
}

impl Loan {
    /// Ends the loan if no one else holds the array; returns it otherwise.
    #[inline]
    pub(super) fn end(self, py: Attached<'_>, numpy: &Numpy) -> Option<Loan> {
        if !Ndarray::known(py, &self.array).is_forgotten(numpy) {
            return self.end_unless_held(py, numpy);
        }
        ndarray::cache_header(py, self.array);
        None
    }

    /// Ends a loan whose header can't be cached: it has several axes, say, or something holds it.
    #[inline(never)]
    fn end_unless_held(self, py: Attached<'_>, numpy: &Numpy) -> Option<Loan> {
        if self.array.references(py) != 1 {
            return Some(self);
        }
        let array = Ndarray::known(py, &self.array);
        if !array.is_lent(numpy) {
            // Python replaced the array's memory (`__setstate__`, `data` in NumPy 1), and views of what
            // was lent may refer to the new memory.
            return Some(self);
        }
        // A weak reference may still revive it: then it must be empty, or be noticed here.
        let is_ours_alone = || array.make_empty() && self.array.references(py) == 1;
        if !array.is_held_by(1) && !is_ours_alone() {
            return Some(self);
        }
        self.array.release(py);
        None
    }
}

/// Lends a closure: Python can call it until the call ends.
pub(crate) fn lend_closure<'a>(work: Box<Work<'a>>, scope: &mut Scope<'a>) -> Result<Object> {
    let (py, loans, _) = scope.lending();
    // SAFETY: the scope drops what is returned before it ends, and 'a outlives it; it is not leaked.
    let armed = unsafe { py.arm(work) };
    let (callable, armed) = armed.map_err(|raised| Error::raised(py, raised))?;
    loans.more.get_or_insert_default().closures.push(armed);
    Ok(Object(callable))
}

/// Lends a slice read-only.
#[doc(hidden)]
#[inline]
pub fn lend<'a, T: Element>(slice: &'a [T], scope: &mut Scope<'a>) -> Result<Object> {
    let data = slice.as_ptr().cast_mut().cast();
    let memory = SliceMemory { data, len: slice.len(), item_size: size_of::<T>(), writable: false };
    // SAFETY: the slice is valid and not written for 'a, which outlives this scope, and the
    // scope does not end before the array is forgotten. It is not writable.
    unsafe { lend_packed(T::DTYPE, memory, scope) }
}

/// Lends a slice that Python may write.
#[inline]
pub(crate) fn lend_mut<'a, T: Element>(
    slice: &'a mut [T],
    scope: &mut Scope<'a>,
) -> Result<Object> {
    let data = slice.as_mut_ptr().cast();
    let memory = SliceMemory { data, len: slice.len(), item_size: size_of::<T>(), writable: true };
    // SAFETY: as in `lend`; no one else sees the slice for 'a.
    unsafe { lend_packed(T::DTYPE, memory, scope) }
}

/// Whether the call lends its arrays. If not, there may still be too many bytes to copy.
#[inline]
fn is_lent(scope: &mut Scope<'_>) -> bool {
    scope.loans.passing.is_lent() || copies::look_up(scope).is_lent()
}

/// # Safety
///
/// The memory meets the conditions of `ndarray::lend_slice`, with this dtype, for all of this scope.
#[inline]
pub(super) unsafe fn lend_packed(
    dtype: Dtype,
    memory: SliceMemory,
    scope: &mut Scope<'_>,
) -> Result<Object> {
    let type_num = match dtype.type_num() {
        Some(type_num) if is_lent(scope) => type_num,
        // SAFETY: as the caller says.
        _ => return unsafe { lend_otherwise(dtype, memory, scope) },
    };
    let (py, loans, receipt) = scope.lending();
    let numpy = py.numpy()?;
    // SAFETY: as the caller says; the elements are aligned, and in the dtype's own layout.
    let array = unsafe { ndarray::lend_slice(py, numpy, type_num, memory) }
        .map_err(|raised| Error::raised(py, raised))?;
    // The argument is Python's; by the loan's own reference settling sees who else has one.
    let argument = array.clone_ref(py);
    loans.add(numpy, array);
    if memory.writable && dtype == Dtype::Bool {
        loans.normalise(memory.data.cast(), Layout::new(&[memory.len as isize], &[1], 1));
    } else if !memory.writable && guard::IS_ON.load(Ordering::Relaxed) {
        let (len, stride) = (memory.len as isize, memory.item_size as isize);
        let layout = Layout::new(&[len], &[stride], memory.item_size);
        // SAFETY: as the caller says.
        unsafe { loans.guard(dtype, memory.data, layout) };
    }
    if let Some(receipt) = receipt {
        receipt.lent_bytes += memory.len * memory.item_size;
    }
    Ok(Object(argument))
}

/// Lends a slice of a dtype without a number, or passes a copy.
///
/// # Safety
///
/// As `lend_packed`.
#[cold]
unsafe fn lend_otherwise(
    dtype: Dtype,
    memory: SliceMemory,
    scope: &mut Scope<'_>,
) -> Result<Object> {
    let SliceMemory { data, len, writable, .. } = memory;
    let memory = Memory { data, shape: &[len as isize], strides: None, writable };
    // SAFETY: as the caller says.
    unsafe { lend_any(dtype, memory, scope) }
}

/// Lends memory of any shape and strides, or passes a copy of it.
///
/// # Safety
///
/// The elements within shape and strides are aligned, valid ones of the dtype that no one else
/// writes (nor reads, if they are writable) for all of this scope.
pub(super) unsafe fn lend_any(
    dtype: Dtype,
    memory: Memory<'_>,
    scope: &mut Scope<'_>,
) -> Result<Object> {
    if !is_lent(scope) {
        // SAFETY: as the caller says.
        if let Some(copy) = unsafe { copies::pass_copy(dtype, memory, scope) }? {
            return Ok(copy);
        }
    }
    let (py, loans, receipt) = scope.lending();
    let numpy = py.numpy()?;
    let into_error = |raised| Error::raised(py, raised);
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
    } else if !memory.writable && guard::IS_ON.load(Ordering::Relaxed) {
        // SAFETY: as the caller says.
        unsafe { loans.guard(dtype, memory.data, layout) };
    }
    Ok(Object(argument))
}

/// Moves memory to Python, which may keep it.
///
/// # Safety
///
/// The memory is valid as long as the owner lives, even if that is moved, and only Python writes it
/// or, if it is writable, reads it.
pub(super) unsafe fn give_memory<T: Element, O: Send + 'static>(
    owner: O,
    memory: Memory<'_>,
    scope: &mut Scope<'_>,
) -> Result<Object> {
    let (py, _, receipt) = scope.lending();
    let numpy = py.numpy()?;
    let into_error = |raised| Error::raised(py, raised);
    let dtype = T::DTYPE.object(py, numpy).map_err(into_error)?;
    let base = py.capsule(Box::new(owner)).map_err(into_error)?;
    // SAFETY: the capsule keeps the owner until the array and all its views are dropped.
    let array = unsafe { numpy.new_array(py, dtype, memory, base) }.map_err(into_error)?;
    if let Some(receipt) = receipt {
        receipt.given_bytes += memory.shape.iter().product::<isize>() as usize * size_of::<T>();
    }
    Ok(Object(array))
}

/// Moves a vector to Python, which may write it and keep it.
#[doc(hidden)]
pub fn give<T: Element>(vector: Vec<T>, scope: &mut Scope<'_>) -> Result<Object> {
    let mut vector = vector;
    let shape = [vector.len() as isize];
    let data = vector.as_mut_ptr().cast();
    let memory = Memory { data, shape: &shape, strides: None, writable: true };
    // SAFETY: the vector's buffer stays where it is until the vector is dropped.
    unsafe { give_memory::<T, _>(vector, memory, scope) }
}
