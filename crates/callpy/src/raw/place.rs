//! Where a thread is, as CPython sees it: attached, detached, or in a sub-interpreter.

use std::ffi::c_ulong;

use super::cpython::{Api, PyInterpreterState, PyThreadState};

/// Where a thread is.
pub(super) enum Place {
    /// It holds a thread state of the main interpreter.
    Attached,
    /// It holds none; its own is this one, or null if it has none yet.
    Detached(*mut PyThreadState),
    /// Its thread state is a sub-interpreter's.
    Elsewhere,
}

impl Place {
    /// Finds out where this thread is; `cached` is its state as the registry has it, or null.
    pub(super) fn of(api: &Api, cached: *mut PyThreadState) -> Place {
        let own = match cached.is_null() {
            // SAFETY: only reads, once the interpreter runs.
            true => unsafe { (api.PyGILState_GetThisThreadState)() },
            false => cached,
        };
        // SAFETY: only reads a variable, and may be called by any thread.
        let current = unsafe { (api.current_state)() };
        // A state of a sub-interpreter that this thread has switched to is not the one it is known by.
        if !current.is_null() && (current == own || is_of_this_thread(api, current)) {
            return if is_of_main(api, current) { Place::Attached } else { Place::Elsewhere };
        }
        // Since 3.12, CPython takes a thread's latest state for its own.
        match own.is_null() || is_of_main(api, own) {
            true => Place::Detached(own),
            false => Place::Elsewhere,
        }
    }
}

/// Whether a state of this thread's is one of the main interpreter.
fn is_of_main(api: &Api, state: *mut PyThreadState) -> bool {
    // SAFETY: the state is this thread's, and so alive. 3.8 lacks the function; there the third
    // field is the interpreter (`Include/cpython/pystate.h`).
    unsafe {
        let interpreter = match api.PyThreadState_GetInterpreter {
            Some(get) => get(state),
            None => state.cast::<*mut PyInterpreterState>().add(2).read(),
        };
        interpreter == (api.PyInterpreterState_Main)()
    }
}

/// Whether the current state, which is not the one that this thread is known by, is this thread's.
///
/// Since 3.12 each thread has a current state of its own. Before, the current state is that of
/// whichever thread holds the lock, and only its `thread_id` says which that is.
fn is_of_this_thread(api: &Api, current: *mut PyThreadState) -> bool {
    // The offset of `thread_id` in `PyThreadState` (`Include/cpython/pystate.h`), on 64 bits.
    let offset = match api.minor {
        8..=10 => 176,
        11 => 152,
        _ => return true,
    };
    // SAFETY: only asks for this thread's number.
    let this = unsafe { (api.PyThread_get_thread_ident)() };
    peek(current.cast::<c_ulong>().wrapping_byte_add(offset)) == Some(this)
}

/// Reads a number out of another thread's state, which may be freed meanwhile: the system copies it, and
/// returns an error where a load would end the process.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn peek(address: *const c_ulong) -> Option<c_ulong> {
    let mut value = 0;
    let to = libc::iovec { iov_base: (&raw mut value).cast(), iov_len: size_of::<c_ulong>() };
    let from = libc::iovec { iov_base: address.cast_mut().cast(), ..to };
    // SAFETY: writes only to `value`; the system returns an error if the address is not mapped.
    let size = unsafe { libc::process_vm_readv(libc::getpid(), &to, 1, &from, 1, 0) };
    (size == size_of::<c_ulong>() as isize).then_some(value)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn peek(_address: *const c_ulong) -> Option<c_ulong> {
    None
}
