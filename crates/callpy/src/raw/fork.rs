//! What the child of a fork needs to go on calling.
//!
//! Only the thread that forks exists in the child, where a lock that another thread held would stay
//! locked. So the forking thread takes the locks that detached threads take. In the child, `os.fork`
//! destroys the thread states of the other threads; callpy forgets these threads, and its own.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{MutexGuard, OnceLock};

use super::thread::{self, Threads};
use super::{end, idle, reaper, reference};

struct Held(UnsafeCell<Option<(MutexGuard<'static, Threads>, reference::Locks)>>);

// SAFETY: only the thread that has the lock of the threads' entries looks at it.
unsafe impl Sync for Held {}

static HELD: Held = Held(UnsafeCell::new(None));

/// Keeps callpy usable in the child of a fork; called before the first thread attaches. Says whether the child
/// will be told.
pub(super) fn install() -> bool {
    static ONCE: OnceLock<bool> = OnceLock::new();
    *ONCE.get_or_init(|| {
        // It fails only if there is no memory.
        // SAFETY: the functions do not unwind.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(forget)) == 0 }
    })
}

/// This process's number; 0 until it is asked for.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Returns this process's number, for which the system is asked only once in each process.
pub(crate) fn process_id() -> u32 {
    match PROCESS.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            if install() {
                PROCESS.store(id, Ordering::Relaxed);
            }
            id
        }
        id => id,
    }
}

/// What else to do in the child.
static IN_CHILD: OnceLock<fn()> = OnceLock::new();

/// Runs the function in the child of each fork; it may only write to atomics.
pub(crate) fn in_child(forget: fn()) {
    let _ = IN_CHILD.set(forget);
}

unsafe extern "C" fn prepare() {
    let locks = (thread::threads(), reference::lock());
    // SAFETY: this thread has the lock of the threads' entries.
    unsafe { *HELD.0.get() = Some(locks) };
}

unsafe extern "C" fn in_parent() {
    // SAFETY: `prepare` has run on this thread, which has had the lock of the threads' entries since.
    drop(unsafe { (*HELD.0.get()).take() });
}

unsafe extern "C" fn forget() {
    PROCESS.store(0, Ordering::Relaxed);
    // SAFETY: as in the parent, of which this is a copy.
    if let Some((mut threads, _)) = unsafe { (*HELD.0.get()).take() } {
        // The child has no other thread, and this one has a new number.
        threads.retain(|thread| thread.is_this());
        threads.iter().for_each(|this| this.id.renew());
        reaper::forget();
        idle::forget();
        end::forget();
    }
    if let Some(forget) = IN_CHILD.get() {
        forget();
    }
}
