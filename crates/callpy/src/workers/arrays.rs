//! Arrays in memory that a program and all workers of a pool share: the memory, and who has which part.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use super::process::lock;
use crate::array::shared_array::Leased;
use crate::raw::fork::process_id;
use crate::raw::shared::{Mapping, SharedFile};

/// The least that is taken: a page, so that memory can be given back.
const PAGE: usize = 4096;

/// The memory of all arrays of a pool: one file, of which each array has a part.
pub(crate) struct Arrays {
    file: SharedFile,
    state: Mutex<State>,
    /// The process that divides the memory: a fork of it must not.
    owner: u32,
}

#[derive(Default)]
struct State {
    /// Where parts that were never used begin.
    end: usize,
    /// The parts that can be used again, by their length. All lengths are powers of two: a part takes real
    /// memory only where it is needed.
    free: HashMap<usize, Vec<usize>>,
    /// Where each part in use is in this process, how long it is, and where in the file.
    used: BTreeMap<usize, (usize, usize)>,
}

/// The memory of one array, all zero at first.
pub(crate) struct Part {
    arrays: Arc<Arrays>,
    mapping: Mapping,
    offset: usize,
    /// How much of the file it has, which is at least what is mapped.
    room: usize,
}

impl Arrays {
    pub(crate) fn new() -> io::Result<Arrays> {
        let file = SharedFile::new(c"callpy-arrays", PAGE)?;
        // A worker must not keep it from growing.
        file.seal_for_good()?;
        let state = Mutex::new(State { end: PAGE, ..State::default() });
        Ok(Arrays { file, state, owner: process_id() })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.descriptor()
    }

    /// Returns how long the file is, as far as parts of it are in use.
    pub(crate) fn len(&self) -> usize {
        lock(&self.state).end
    }

    /// Takes so many bytes.
    pub(crate) fn part(self: &Arc<Self>, len: usize) -> io::Result<Part> {
        if process_id() != self.owner {
            return Err(io::Error::other(
                "the workers belong to the process that this is a fork of",
            ));
        }
        let len = len.max(1).checked_next_multiple_of(PAGE).ok_or(io::ErrorKind::OutOfMemory)?;
        let room = len.checked_next_power_of_two().ok_or(io::ErrorKind::OutOfMemory)?;
        let offset = {
            let mut state = lock(&self.state);
            match state.free.get_mut(&room).and_then(Vec::pop) {
                Some(offset) => offset,
                None => {
                    let end = state.end.checked_add(room).ok_or(io::ErrorKind::OutOfMemory)?;
                    self.file.grow(end)?;
                    std::mem::replace(&mut state.end, end)
                }
            }
        };
        let mapped = self.file.reserve(offset, len).and_then(|()| self.file.map_part(offset, len));
        let mapping = mapped.inspect_err(|_| {
            // Never used, and zero still, unless the system gave a part of it.
            if self.file.release(offset, len).is_ok() {
                self.give_back(offset, room);
            }
        })?;
        let part = Part { arrays: Arc::clone(self), mapping, offset, room };
        lock(&self.state).used.insert(part.address().addr().get(), (part.len(), offset));
        Ok(part)
    }

    /// Returns where in the file so many bytes are; none if they are not in it.
    pub(crate) fn place(&self, address: usize, len: usize) -> Option<usize> {
        let state = lock(&self.state);
        let (start, (part_len, offset)) = state.used.range(..=address).next_back()?;
        let within = address - start;
        (within.checked_add(len)? <= *part_len).then_some(offset + within)
    }

    /// Lets a part be used again, which is zero.
    fn give_back(&self, offset: usize, room: usize) {
        lock(&self.state).free.entry(room).or_default().push(offset);
    }
}

impl Leased for Part {
    fn address(&self) -> NonNull<u8> {
        self.mapping.address(0, self.len()).expect("it is all of the mapping")
    }

    fn len(&self) -> usize {
        self.mapping.len()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let arrays = &self.arrays;
        // Asked of the system, since the child of a fork that the C library knows nothing of would take its parent's
        // memory away.
        if std::process::id() == arrays.owner {
            lock(&arrays.state).used.remove(&self.address().addr().get());
            if arrays.file.release(self.offset, self.len()).is_err() {
                // A sandbox may forbid that.
                self.mapping.clear();
            }
            arrays.give_back(self.offset, self.room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_apart_and_used_again_as_zeros() {
        let arrays = Arc::new(Arrays::new().unwrap());
        let offsets = |parts: &[Part]| parts.iter().map(|part| part.offset).collect::<Vec<_>>();
        let parts: Vec<Part> =
            [0, 1, 4096, 4097, 100_000].map(|len| arrays.part(len).unwrap()).into();
        let mut ends: Vec<_> = parts.iter().map(|it| (it.offset, it.offset + it.room)).collect();
        ends.sort_unstable();
        assert!(ends.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{ends:?}");
        let before = offsets(&parts);
        drop(parts);
        let again: Vec<Part> =
            [0, 1, 4096, 4097, 100_000].map(|len| arrays.part(len).unwrap()).into();
        let mut after = offsets(&again);
        after.sort_unstable();
        assert_eq!(after, before);
        assert!(arrays.part(usize::MAX).is_err());
        assert!(arrays.part(1 << 62).is_err());
    }

    #[test]
    fn a_place_is_found_only_for_what_is_within_a_part() {
        let arrays = Arc::new(Arrays::new().unwrap());
        let (first, second) = (arrays.part(100).unwrap(), arrays.part(10_000).unwrap());
        let start = |part: &Part| part.address().addr().get();
        assert_eq!(arrays.place(start(&first), 4096), Some(first.offset));
        assert_eq!(arrays.place(start(&second) + 8, 9_992), Some(second.offset + 8));
        assert_eq!(arrays.place(start(&first) + 1, 4096), None);
        assert_eq!(arrays.place(start(&second), usize::MAX), None);
        assert_eq!(arrays.place(8, 8), None);
        let place = start(&first);
        drop(first);
        assert_eq!(arrays.place(place, 1), None);
    }
}
