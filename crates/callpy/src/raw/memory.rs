//! NumPy's data allocator on mimalloc (NEP 49): large temporaries stay mapped between calls.
//!
//! The C library returns large blocks to the kernel at every free, and the next call pays for fresh
//! pages. Every array knows which allocator made it, so mixing them is safe.

use std::ffi::{c_char, c_void};
use std::ptr::NonNull;

use super::idle;
use super::raised::Outcome;
use super::reference::Ref;
use super::thread::Attached;

/// `PyDataMemAllocator` (`numpy/ndarraytypes.h`).
#[repr(C)]
struct Allocator {
    context: *mut c_void,
    malloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    calloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    realloc: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize),
}

/// `PyDataMem_Handler` (`numpy/ndarraytypes.h`), version 1.
#[repr(C)]
struct Handler {
    name: [c_char; 127],
    version: u8,
    allocator: Allocator,
}

#[cfg(target_pointer_width = "64")]
const _: () =
    assert!(size_of::<Handler>() == 168 && std::mem::offset_of!(Handler, allocator) == 128);

// SAFETY: the context is unused, and mimalloc may be called from any thread.
unsafe impl Sync for Handler {}

/// Whether the system has this much memory. mimalloc's own mapping always succeeds (`MAP_NORESERVE`),
/// and the kernel then kills the process when it writes there, where Python itself would raise
/// MemoryError.
#[cfg(unix)]
fn is_available(size: usize) -> bool {
    /// Smaller sizes are not checked, since that takes some microseconds.
    const LARGE: usize = 1 << 30;
    if size < LARGE {
        return true;
    }
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
    // SAFETY: maps fresh pages, and unmaps them unused.
    unsafe {
        // Without MAP_NORESERVE, so that the kernel compares with what it has.
        let pages = libc::mmap(std::ptr::null_mut(), size, access, kind, -1, 0);
        pages != libc::MAP_FAILED && libc::munmap(pages, size) == 0
    }
}

#[cfg(not(unix))]
fn is_available(_: usize) -> bool {
    true
}

unsafe extern "C" fn malloc(_: *mut c_void, size: usize) -> *mut c_void {
    idle::note_use();
    if !is_available(size) {
        return std::ptr::null_mut();
    }
    // SAFETY: any size may be requested; returns null if memory is out.
    unsafe { libmimalloc_sys::mi_malloc(size) }
}

unsafe extern "C" fn calloc(_: *mut c_void, count: usize, size: usize) -> *mut c_void {
    idle::note_use();
    if !is_available(count.saturating_mul(size)) {
        return std::ptr::null_mut();
    }
    // SAFETY: mimalloc checks the product for overflow.
    unsafe { libmimalloc_sys::mi_calloc(count, size) }
}

unsafe extern "C" fn realloc(_: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void {
    idle::note_use();
    if !is_available(size) {
        return std::ptr::null_mut();
    }
    // mimalloc keeps the old block where there is no memory for a larger one, as C's function does.
    // SAFETY: NumPy passes only blocks of this allocator.
    unsafe { libmimalloc_sys::mi_realloc(block, size) }
}

unsafe extern "C" fn free(_: *mut c_void, block: *mut c_void, _size: usize) {
    idle::note_use();
    // SAFETY: NumPy passes only blocks of this allocator, each once.
    unsafe { libmimalloc_sys::mi_free(block) }
}

static HANDLER: Handler = Handler {
    name: {
        let text = b"callpy (mimalloc)";
        let mut name = [0; 127];
        let mut index = 0;
        while index < text.len() {
            name[index] = text[index] as c_char;
            index += 1;
        }
        name
    },
    version: 1,
    allocator: Allocator { context: std::ptr::null_mut(), malloc, calloc, realloc, free },
};

/// Wraps the handler as NumPy requires: in a capsule of this name.
pub(crate) fn handler(py: Attached<'_>) -> Outcome<Ref> {
    let pointer = (&raw const HANDLER).cast_mut().cast::<c_void>();
    // Without a destructor: each array holds the capsule as long as it has memory of this allocator.
    // SAFETY: attached; the handler is a static, and NumPy only reads it.
    let capsule = unsafe { (py.api.PyCapsule_New)(pointer, c"mem_handler".as_ptr(), None) };
    // SAFETY: a new reference, or null with an exception.
    unsafe { Ref::steal(py, capsule) }.ok_or_else(|| py.take_raised())
}

/// Memory for the copy of an argument.
///
/// It begins at a cache line: a library that retains an array only if it is so aligned (jax does) then
/// retains the copy as well, and callpy notices.
pub(crate) struct Block(NonNull<u8>);

// SAFETY: owns its memory, which any thread may free.
unsafe impl Send for Block {}

impl Block {
    const ALIGN: usize = 64;

    /// Allocates a block of this size, zeroed on request; `None` if memory is out.
    pub(crate) fn new(size: usize, zeroed: bool) -> Option<Block> {
        let size = size.max(1);
        if !is_available(size) {
            return None;
        }
        // SAFETY: any size may be requested; returns null if memory is out.
        let block = unsafe {
            match zeroed {
                true => libmimalloc_sys::mi_zalloc_aligned(size, Block::ALIGN),
                false => libmimalloc_sys::mi_malloc_aligned(size, Block::ALIGN),
            }
        };
        NonNull::new(block.cast()).map(Block)
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.0.as_ptr()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        idle::note_use();
        // SAFETY: allocated by `new`, and freed once.
        unsafe { libmimalloc_sys::mi_free(self.0.as_ptr().cast()) }
    }
}

/// Returns memory that mimalloc holds, and that has no block in it, to the system.
pub(crate) fn trim() {
    // SAFETY: any thread may do this. mimalloc looks at the memory of all threads, but only when called
    // on one that has allocated from it.
    unsafe {
        libmimalloc_sys::mi_free(libmimalloc_sys::mi_malloc(1));
        libmimalloc_sys::mi_collect(true);
    }
}
