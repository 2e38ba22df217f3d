//! Finds out whether Python wrote to memory that was lent read-only.
//!
//! NumPy's flag says that an array is read-only, and C code need not ask: torch, faiss and some of
//! SciPy write anyway. Rust assumes that what a shared slice points to is constant, so such a write is
//! undefined behaviour in a program without any `unsafe`. A guarded loan is compared with a copy
//! when its call ends.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use super::element::Dtype;
use super::holders::{Names, site_line};
use super::read_only;
use super::view::Layout;
use crate::raw::{Attached, process};

/// Larger loans are not guarded: a copy and a comparison take as long as many functions do.
const MOST: usize = 1 << 20;

/// Whether loans are guarded: where debug assertions are on, unless the program says otherwise.
pub(super) static IS_ON: AtomicBool = AtomicBool::new(cfg!(debug_assertions));

pub(crate) fn set(on: bool) {
    IS_ON.store(on, Ordering::Relaxed);
}

/// The values of a loan when it was lent.
pub(super) struct Guard {
    /// Its place among the arguments, from 1.
    argument: usize,
    first: *const u8,
    layout: Layout,
    item_size: usize,
    before: Box<[u8]>,
}

impl Guard {
    /// Copies the elements, unless there are too many.
    ///
    /// # Safety
    ///
    /// The elements at the layout's offsets from the first are readable until the guard is checked,
    /// and of the dtype, which has no padding.
    pub(super) unsafe fn new(
        argument: usize,
        dtype: Dtype,
        first: *const u8,
        layout: Layout,
    ) -> Option<Guard> {
        let item_size = dtype.item_size();
        if layout.len().checked_mul(item_size).is_none_or(|bytes| bytes > MOST) {
            return None;
        }
        let mut guard = Guard { argument, first, layout, item_size, before: Box::default() };
        // SAFETY: as the caller says.
        guard.before = unsafe { guard.read() };
        Some(guard)
    }

    /// Copies the elements' bytes, in C order.
    ///
    /// Never inlined, and from an address that the compiler knows nothing about, since it may assume that
    /// a shared slice is unchanged.
    ///
    /// # Safety
    ///
    /// As `new`.
    #[inline(never)]
    unsafe fn read(&self) -> Box<[u8]> {
        let first = black_box(self.first);
        let element = |offset: isize| {
            // SAFETY: the offset leads to an element, all of whose bytes are readable.
            unsafe { std::slice::from_raw_parts(first.offset(offset), self.item_size) }
        };
        match self.layout.is_packed() {
            true => {
                let bytes = self.layout.len() * self.item_size;
                // SAFETY: packed elements are contiguous.
                unsafe { std::slice::from_raw_parts(first, bytes) }.into()
            }
            false => {
                self.layout.offsets().flat_map(|offset| element(offset).iter().copied()).collect()
            }
        }
    }

    /// Ends the process if an element has changed.
    ///
    /// # Safety
    ///
    /// As `new`; Python no longer knows the memory.
    pub(super) unsafe fn check(&self, py: Attached<'_>, names: &impl Names) {
        // SAFETY: as the caller says.
        let after = unsafe { self.read() };
        if self.before == after {
            return;
        }
        let changed = self.before.iter().zip(&after).position(|(before, after)| before != after);
        if let Some(byte) = changed {
            self.abort(py, names, byte / self.item_size)
        }
    }

    #[cold]
    fn abort(&self, py: Attached<'_>, names: &impl Names, element: usize) -> ! {
        process::abort(&format!(
            "callpy: {} wrote to {}, which was lent read-only: element {:?} has changed.\n{}\
             The program takes what it lends to be read for constant, and may have used either \
             value, so the process ends here.\nTo fix it, {}.",
            names.function(),
            names.argument(py, self.argument),
            self.index(element),
            site_line(names),
            read_only::fix()
        ))
    }

    /// The index of an element, axis by axis.
    fn index(&self, mut element: usize) -> Vec<usize> {
        let mut index: Vec<usize> = Vec::new();
        for length in self.layout.shape().iter().rev() {
            index.insert(0, element % length);
            element /= length;
        }
        index
    }
}
