//! What the child of a fork needs to go on calling.
//!
//! It has this thread only, and what others had locked would stay locked. So the locks that detached
//! threads take are this thread's while it forks. `os.fork` in Python destroys the others' thread
//! states in the child; here the child forgets these threads, and callpy's own.

use std::cell::UnsafeCell;
use std::sync::{Once, OnceLock};

use super::{end, idle, reaper, reference, registry};

struct Held(UnsafeCell<Option<(registry::Lock, reference::Locks)>>);

// SAFETY: only the thread that has the registry's lock looks at it.
unsafe impl Sync for Held {}

static HELD: Held = Held(UnsafeCell::new(None));

/// Sees to it that a fork leaves callpy whole in the child, if that is yet to be done.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the functions do not unwind. Where this fails, memory is out.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(forget)) };
    });
}

/// What else is to be done in the child.
static IN_CHILD: OnceLock<fn()> = OnceLock::new();

/// Has the function run in the child: it may only write to atomics.
pub(crate) fn in_child(forget: fn()) {
    let _ = IN_CHILD.set(forget);
}

unsafe extern "C" fn prepare() {
    let locks = (registry::threads(), reference::lock());
    // SAFETY: this thread has the registry's lock.
    unsafe { *HELD.0.get() = Some(locks) };
}

unsafe extern "C" fn in_parent() {
    // SAFETY: `prepare` has run on this thread, which has had the registry's lock since.
    drop(unsafe { (*HELD.0.get()).take() });
}

unsafe extern "C" fn forget() {
    // SAFETY: as in the parent, of which this is a copy.
    if let Some((mut threads, _)) = unsafe { (*HELD.0.get()).take() } {
        registry::forget_others(&mut threads);
        reaper::forget();
        idle::forget();
        end::forget();
    }
    if let Some(forget) = IN_CHILD.get() {
        forget();
    }
}
