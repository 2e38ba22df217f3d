//! Arguments passed as copies: in a callable's first call, and in all calls if it retains them.
//!
//! A copy looks as the loan would: same dtype, shape and strides, read-only where that is. What
//! Python writes into the copy of a `&mut` argument is copied back when the call ends, also if it
//! raised; what it writes later stays in the copy.

use super::element::Dtype;
use super::holders::{self, Names};
use super::lend::Loans;
use super::settle::{self, Passed};
use super::view::Layout;
use crate::error::{Error, ErrorKind, Result};
use crate::learn::{Habit, Known, Learned, Passing, Retained};
use crate::object::Object;
use crate::raw::memory::Block;
use crate::raw::ndarray::Ndarray;
use crate::raw::numpy::{Memory, Numpy};
use crate::raw::{Attached, Ref};
use crate::receipt::CopyReason;
use crate::scope::Scope;
use crate::support::SearchTurn;

/// In a call of an unknown callable, arrays beyond this many bytes are lent without a watched call.
const MOST_WATCHED: usize = 64 << 20;

/// An argument that Python has a copy of.
pub(super) struct PassedCopy {
    array: Ref,
    /// Its place among the arguments, from 1.
    argument: usize,
    watched: bool,
    back: Option<Back>,
}

/// Where to copy back what Python writes.
struct Back {
    /// Keeps the copy's memory, whatever Python does to the array.
    _memory: Ref,
    copy: *mut u8,
    original: *mut u8,
    span: Span,
}

/// Where in memory an array of this shape and these strides has its elements.
struct Span {
    /// The offset of the lowest from the first element: 0, or less if an axis runs backwards.
    lowest: isize,
    /// From the lowest to the end of the highest.
    size: usize,
    /// Elements are contiguous in runs of this many bytes,
    run: usize,
    /// and these axes, lengths and steps, lead from one run to the next.
    axes: Vec<(usize, usize)>,
}

impl Span {
    fn of(memory: Memory<'_>, item_size: usize) -> Span {
        let lengths = memory.shape.iter().map(|length| *length as usize);
        if memory.shape.contains(&0) {
            return Span { lowest: 0, size: 0, run: 0, axes: Vec::new() };
        }
        let Some(strides) = memory.strides else {
            let run = lengths.product::<usize>() * item_size;
            return Span { lowest: 0, size: run, run, axes: Vec::new() };
        };
        let (mut lowest, mut size) = (0, item_size);
        let mut axes = Vec::new();
        for (length, stride) in lengths.zip(strides) {
            lowest += (length as isize - 1) * stride.min(&0);
            size += (length - 1) * stride.unsigned_abs();
            // An axis of step 0 repeats the same elements.
            if length > 1 && *stride != 0 {
                axes.push((length, stride.unsigned_abs()));
            }
        }
        // The order does not matter, since the copy has the same strides.
        axes.sort_by_key(|(_, step)| std::cmp::Reverse(*step));
        let mut run = item_size;
        while axes.last().is_some_and(|(_, step)| *step == run) {
            run *= axes.pop().map_or(1, |(length, _)| length);
        }
        Span { lowest, size, run, axes }
    }

    /// Whether there is nothing but elements between the lowest and the highest.
    fn is_dense(&self) -> bool {
        self.run == self.size
    }

    /// Copies the elements.
    ///
    /// # Safety
    ///
    /// Both are addresses of first elements, with elements where this span says, readable at `from` and
    /// writable at `to`; the two don't overlap.
    unsafe fn copy(&self, from: *const u8, to: *mut u8) {
        /// # Safety
        ///
        /// As above; the addresses are those of the first runs.
        unsafe fn runs(from: *const u8, to: *mut u8, run: usize, axes: &[(usize, usize)]) {
            // SAFETY: as the caller says, the axes lead from run to run.
            unsafe {
                match axes {
                    [] => to.copy_from_nonoverlapping(from, run),
                    [(length, step), inner @ ..] => {
                        for offset in (0..*length).map(|index| index * step) {
                            runs(from.add(offset), to.add(offset), run, inner);
                        }
                    }
                }
            }
        }
        if self.size > 0 {
            // SAFETY: the lowest run has elements, and the axes lead from it to all others.
            unsafe { runs(from.offset(self.lowest), to.offset(self.lowest), self.run, &self.axes) }
        }
    }
}

/// Returns how arrays are passed; looks up what is known of the callable, if that was deferred until
/// there is an array to pass.
#[cold]
pub(super) fn look_up(scope: &mut Scope<'_>) -> Passing {
    if !scope.loans.passing.is_looked_up()
        && let Some(callable) = scope.loans.callable.take()
    {
        let known = Known::of(scope.py(), &callable);
        callable.release(scope.py());
        scope.loans.passing = Passing::of(known.learned);
        match scope.loans.passing.is_lent() {
            true => known.release(scope.py()),
            // The end of the call learns from it, so until then it must stay this callable's.
            false => scope.loans.more.get_or_insert_default().known = Some(known),
        }
    }
    scope.loans.passing
}

/// Passes a copy if the habit says so; with `None`, the caller lends.
///
/// # Safety
///
/// As `lend_any`.
#[cold]
pub(super) unsafe fn pass_copy(
    dtype: Dtype,
    memory: Memory<'_>,
    scope: &mut Scope<'_>,
) -> Result<Option<Object>> {
    let span = Span::of(memory, dtype.item_size());
    let Some(reason) = reason_to_copy(span.size, scope) else { return Ok(None) };
    let watched = reason == CopyReason::FirstCall;
    // A broadcast view may have more bytes than an address space; NumPy refuses it below.
    let elements = memory.shape.iter().product::<isize>() as usize;
    let bytes = elements.saturating_mul(dtype.item_size());
    scope.copied(bytes, reason)?;
    let py = scope.py();
    let numpy = py.numpy()?;
    let block = Block::new(span.size, !span.is_dense()).ok_or_else(|| {
        let message = format!("there is no memory for a copy of {} bytes", span.size);
        Error::new(ErrorKind::Argument, message)
    })?;
    // SAFETY: the block has room for the span, so that the first element is in it.
    let first = unsafe { block.as_ptr().offset(-span.lowest) };
    let original: *mut u8 = memory.data.cast();
    // SAFETY: the caller promises this of the original; the block is new.
    unsafe { span.copy(original, first) };
    let base = scope.ok(py.capsule(Box::new(block)))?;
    let object = scope.ok(dtype.object(py, numpy))?;
    let copy = Memory { data: first.cast(), ..memory };
    // SAFETY: the capsule keeps the block until the array and all its views are dropped.
    let array = scope.ok(unsafe { numpy.new_array(py, object, copy, base.clone_ref(py)) })?;
    let object = Object(array.clone_ref(py));
    let size = span.size;
    let back = memory.writable.then(|| Back { _memory: base, copy: first, original, span });
    if memory.writable && dtype == Dtype::Bool {
        let array = Ndarray::known(py, &array);
        scope.loans.normalise(original, Layout::new(array.shape(), array.strides(), 1));
    }
    let copy = PassedCopy { array, argument: scope.loans.argument, watched, back };
    scope.loans.add_copy(numpy, copy, size);
    Ok(Some(object))
}

/// Returns why an array of this size must be copied; `None` if it is lent.
fn reason_to_copy(size: usize, scope: &Scope<'_>) -> Option<CopyReason> {
    let habit = scope.loans.passing.learned().map_or(Habit::Lends, Learned::habit);
    match habit {
        Habit::Retains => Some(CopyReason::Retained),
        // A copy that shows what a function does is one of those that are denied.
        Habit::Unknown if scope.deny_copies => None,
        Habit::Unknown if scope.loans.watched() + size > MOST_WATCHED => None,
        Habit::Unknown => Some(CopyReason::FirstCall),
        Habit::Lends => None,
    }
}

impl Loans {
    fn add_copy(&mut self, numpy: &'static Numpy, copy: PassedCopy, size: usize) {
        self.numpy = Some(numpy);
        let more = self.more.get_or_insert_default();
        more.watched += if copy.watched { size } else { 0 };
        more.copies.push(copy);
    }

    /// How many bytes of the copies show whether the callable retains them.
    fn watched(&self) -> usize {
        self.more.as_ref().map_or(0, |more| more.watched)
    }

    /// Passes arrays as the habit of this callable says.
    #[inline]
    pub(crate) fn learn_of(&mut self, callable: Ref) {
        self.passing = Passing::NOT_LOOKED_UP;
        self.callable = Some(callable);
    }

    /// Whether an array is the copy of an argument of this call, or a view of one.
    pub(super) fn passed_copy(&self, py: Attached<'_>, numpy: &Numpy, array: Ndarray<'_>) -> bool {
        let Some(more) = &*self.more else { return false };
        more.copies.iter().any(|copy| array.is(&copy.array))
            || array.base().is_some_and(|base| {
                let base = Ndarray::of(py, numpy, &base);
                base.is_some_and(|base| self.passed_copy(py, numpy, base))
            })
    }

    /// The base of each copy's array, which owns its memory.
    pub(super) fn bases_of_copies(&self, py: Attached<'_>) -> Vec<Ref> {
        let copies = self.more.iter().flat_map(|more| &more.copies);
        copies.filter_map(|copy| Ndarray::known(py, &copy.array).base()).collect()
    }
}

impl PassedCopy {
    pub(super) fn passed(&self) -> (&Ref, usize) {
        (&self.array, self.argument)
    }

    /// Copies back to the caller what Python wrote.
    pub(super) fn copy_back(&self) {
        if let Some(Back { copy, original, span, .. }) = &self.back {
            // SAFETY: the memory of the copy is held, and the original is lent until the call ends.
            unsafe { span.copy(*copy, *original) };
        }
    }
}

impl Passed for PassedCopy {
    fn array(&self) -> &Ref {
        &self.array
    }

    fn argument(&self) -> usize {
        self.argument
    }

    fn end(self, py: Attached<'_>, _: &Numpy) -> Option<PassedCopy> {
        (self.array.references(py) != 1).then_some(self)
    }
}

/// Learns from a call that has returned whether its callable retains arguments; returns what it
/// retained if that was not known.
///
/// Only the quick steps of settling are taken. A full collection and a search for finished frames
/// take longer than any copy, so a callable that needs them at each call had better get copies.
pub(super) fn learn(
    py: Attached<'_>,
    numpy: &Numpy,
    names: &impl Names,
    copies: Vec<PassedCopy>,
    results: Vec<Ref>,
    learned: &Learned,
) -> Option<Retained> {
    let mut copies = copies;
    // Copies for a function that is known to retain show nothing new.
    copies.retain(|copy| copy.watched);
    if copies.is_empty() {
        return None;
    }
    let mut held: Vec<PassedCopy> =
        copies.into_iter().filter_map(|copy| copy.end(py, numpy)).collect();
    if !held.is_empty() {
        held = settle::let_go_quickly(py, numpy, held);
    }
    if held.is_empty() {
        learned.saw_none_retained();
        return None;
    }
    learned.saw_retained().then(|| {
        // Another thread that settles a loan meanwhile would take what this search holds for a holder.
        let _turn = SearchTurn::begin(py);
        holders::retained(py, names, &held, &results)
    })
}
