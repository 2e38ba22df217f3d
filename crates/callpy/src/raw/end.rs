//! The end of Python: by the program itself, as the process exits, or by the owner of a joined one.
//!
//! The interpreter is not finalised, since extension modules crash there. What it does at its end
//! otherwise is done by a function given from above; here is who may still call meanwhile, and who
//! waits for whom.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::base;
use super::cpython::{Api, PyMethodDef, PyObject, api};
use super::failure::{Failure, FailureKind};
use super::objects::Outcome;
use super::process::{self, complain};
use super::reaper::ThreadId;
use super::reference::Ref;
use super::registry::{self, Thread};
use super::thread::{self, Attached, Attachment, Place};

/// What Python does at its end, on an attached thread.
pub(crate) type Work = fn(Attached<'_>);

/// How long the end waits for calls under way, before exit handlers run and once more after that.
const FOR_CALLS: Duration = Duration::from_millis(500);
/// How long it waits for the lock until it says so, and how long after that.
const FOR_LOCK: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

static PHASE: AtomicU8 = AtomicU8::new(RUNNING);
const RUNNING: u8 = 0;
/// As before, on a build without an interpreter lock.
const RUNNING_FREE: u8 = 1;
/// Exit handlers run. New calls are errors, but those of Python's own threads and within others.
const ENDING: u8 = 2;
/// New calls are errors, but those within others.
const OVER: u8 = 3;

/// The thread that brought `ENDING` about, while it is at it.
static ENDER: AtomicPtr<Thread> = AtomicPtr::new(std::ptr::null_mut());
static IS_OVER: Signal = Signal::new();
/// Whether the owner of a joined interpreter finalises it, or has done so.
static IS_FINALISED: AtomicBool = AtomicBool::new(false);
/// Whether a joined interpreter is gone. Its owner may start another, to which no handle leads.
static IS_GONE: AtomicBool = AtomicBool::new(false);
/// Whether the lock could not be had, and Python's own end was left out.
static GAVE_UP: AtomicBool = AtomicBool::new(false);

/// Says that the interpreter has no lock, so that flags of its threads are not ordered by that.
pub(super) fn without_lock() {
    let _ = PHASE.compare_exchange(RUNNING, RUNNING_FREE, Ordering::AcqRel, Ordering::Relaxed);
}

/// Whether every thread may begin a call. Asked between `Thread::enter` and attaching.
#[inline]
pub(super) fn admits_all() -> bool {
    match PHASE.load(Ordering::Acquire) {
        RUNNING => true,
        RUNNING_FREE => {
            // No lock comes after this, which would keep a thread that was not seen from going on.
            fence(Ordering::SeqCst);
            PHASE.load(Ordering::Acquire) == RUNNING_FREE
        }
        _ => false,
    }
}

/// Whether a thread may begin a call: one within another, or on a thread of Python's own, perhaps.
pub(super) fn admits(api: &Api, is_nested: bool, is_pythons: bool) -> bool {
    match PHASE.load(Ordering::Acquire) {
        RUNNING | RUNNING_FREE => true,
        // The owner of a joined interpreter may have finalised it.
        ENDING => (is_nested || is_pythons) && api.is_initialized(),
        _ => is_nested && api.is_initialized(),
    }
}

#[inline]
pub(super) fn is_ending() -> bool {
    PHASE.load(Ordering::Acquire) >= ENDING
}

/// Whether thread states are to be left alone: no one needs them destroyed, or CPython does so.
pub(super) fn is_over() -> bool {
    PHASE.load(Ordering::Acquire) == OVER || IS_FINALISED.load(Ordering::Acquire)
}

/// Whether there are no thread states any more, since the interpreter is finalised.
pub(super) fn has_gone(api: &Api) -> bool {
    is_ending() && (IS_GONE.load(Ordering::Acquire) || !api.is_initialized())
}

/// Begins the end on this thread; false if it has begun already.
fn begin(ender: &'static Thread) -> bool {
    let begun = PHASE.fetch_update(Ordering::AcqRel, Ordering::Acquire, |phase| {
        (phase < ENDING).then_some(ENDING)
    });
    if begun.is_ok() {
        ENDER.store(std::ptr::from_ref(ender).cast_mut(), Ordering::Release);
        barrier();
    }
    begun.is_ok()
}

fn is_ender(thread: &Thread) -> bool {
    std::ptr::eq(ENDER.load(Ordering::Acquire), thread)
}

fn finish() {
    PHASE.store(OVER, Ordering::Release);
    ENDER.store(std::ptr::null_mut(), Ordering::Release);
    IS_OVER.set();
}

/// Lets every thread see the phase, or be seen in its call.
///
/// A thread notes its call and then reads the phase; here the phase is written, and the notes are read
/// after this. Both need a fence between the two, or each could miss the other. That of the threads,
/// which would be paid for in every call, is had from the system instead, for all at once.
fn barrier() {
    fence(Ordering::SeqCst);
    #[cfg(target_os = "linux")]
    {
        // `linux/membarrier.h`.
        const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
        const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;
        // SAFETY: these commands only make processors order their memory accesses.
        let done = unsafe {
            libc::syscall(libc::SYS_membarrier, REGISTER_PRIVATE_EXPEDITED, 0);
            libc::syscall(libc::SYS_membarrier, PRIVATE_EXPEDITED, 0) == 0
        };
        if done {
            return;
        }
    }
    // No processor holds a write back for so long.
    std::thread::sleep(Duration::from_millis(1));
}

/// Runs what Python does at its end, if it is yet to be done, and gives calls under way the time to
/// return: before, since exit handlers take down what they use, and after, since C's destructors do.
fn run(py: Attached<'_>, work: Option<Work>) {
    wait_for_calls(py);
    if let Some(work) = work {
        work(py);
        wait_for_calls(py);
    }
}

/// Waits, detached, until no other thread is in a call.
///
/// The last look is under the lock, and no new call begins: so no thread is in one afterwards.
fn wait_for_calls(py: Attached<'_>) {
    let deadline = Instant::now() + FOR_CALLS;
    while registry::others_are_busy() && Instant::now() < deadline {
        py.detach(|| std::thread::sleep(Duration::from_micros(200)));
    }
}

/// Ends Python on this thread, and returns when that is done, by this thread or another.
///
/// # Errors
///
/// `FailureKind::Attach` on a thread that is attached or in a call, `FailureKind::Ending` if another
/// thread holds the interpreter lock for too long.
pub(crate) fn end(work: Work) -> Result<(), Failure> {
    let Some(api) = api() else { return Ok(()) };
    let thread = registry::register(api);
    if is_ender(thread) {
        return Ok(());
    }
    match Place::of(api, thread.state()) {
        Place::Detached(own) if own == thread.state() && !thread.is_nested() => {}
        _ => return Err(attached()),
    }
    if !begin(thread) {
        IS_OVER.wait();
        return Ok(());
    }
    let ended = wait_for_lock(api).map(|()| run(Attachment::to_end(api).token(), Some(work)));
    finish();
    ended
}

/// Waits until the lock can be had, which another thread may not let go of: one in `Python::attach`.
fn wait_for_lock(api: &'static Api) -> Result<(), Failure> {
    if registry::names_in_call().is_empty() {
        return Ok(());
    }
    let had = Arc::new(Signal::new());
    let probe = {
        let had = Arc::clone(&had);
        move || {
            // SAFETY: the interpreter runs; this thread attaches and detaches again.
            unsafe { (api.PyGILState_Release)((api.PyGILState_Ensure)()) };
            had.set();
        }
    };
    if spawn(probe).is_err() {
        return Ok(());
    }
    had.wait_patiently().map_err(|names| {
        let message = format!("Python's exit handlers did not run, since {names} stays attached");
        Failure::new(FailureKind::Ending, message)
    })
}

fn spawn(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name("callpy-end".to_owned()).spawn(work).map(drop)
}

/// Forgets an end that another thread was at, in the child of a fork, which has its own end.
#[cfg(unix)]
pub(super) fn forget() {
    let is_own = registry::this().is_some_and(is_ender);
    if PHASE.load(Ordering::Acquire) != ENDING || is_own {
        return;
    }
    HAS_BEGUN.store(false, Ordering::Release);
    ENDER.store(std::ptr::null_mut(), Ordering::Release);
    PHASE.store(RUNNING, Ordering::Release);
    if !thread::has_lock() {
        without_lock();
    }
}

/// What is done as the process exits.
static AT_EXIT: OnceLock<Work> = OnceLock::new();
/// Whether the process exits, and a thread ends Python for that.
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

/// Ends Python when the process exits, unless the program has done so itself.
pub(crate) fn at_exit(work: Work) {
    if AT_EXIT.set(work).is_ok() {
        register_at_exit();
    }
}

/// Has Python end before the libraries that were loaded since: C runs last what was registered first,
/// and exit handlers that use a library whose own destructors have run already crash (jax's do).
pub(crate) fn at_exit_before_libraries() {
    static LOADED: AtomicU64 = AtomicU64::new(0);
    let loaded = libraries_loaded();
    if LOADED.swap(loaded, Ordering::Relaxed) != loaded && AT_EXIT.get().is_some() {
        register_at_exit();
    }
}

/// Ends Python as the process's main thread ends, and the process with it.
///
/// This comes before all of C's exit handlers, and so before the destructors of every library. (A main
/// thread that ends by `pthread_exit` leaves the process running; Python has ended by then.)
pub(super) fn as_thread_ends() {
    #[cfg(target_os = "linux")]
    // SAFETY: only asks.
    if unsafe { libc::gettid() == libc::getpid() } {
        at_process_end();
    }
}

fn at_process_end() {
    // Nothing to be done about a panic while the process exits, but it must not leave this function.
    let _ = std::panic::catch_unwind(|| {
        if let (Some(api), Some(work)) = (api(), AT_EXIT.get()) {
            end_with_process(api, *work);
        }
    });
}

fn register_at_exit() {
    extern "C" fn exiting() {
        at_process_end();
    }

    unsafe extern "C" {
        /// C's own, on every platform.
        safe fn atexit(callback: extern "C" fn()) -> i32;
    }

    // Where this fails, Python's exit handlers don't run; the C library allows 32 at least.
    atexit(exiting);
}

/// How many libraries this process has loaded by now; always 0 where the system does not say.
fn libraries_loaded() -> u64 {
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" fn read(
            info: *mut libc::dl_phdr_info,
            _: usize,
            loaded: *mut std::ffi::c_void,
        ) -> i32 {
            // SAFETY: the caller below passes a number, and the C library what it knows of a library, in
            // which the count of all that were loaded is the same for each.
            unsafe { *loaded.cast() = (*info).dlpi_adds };
            1
        }
        let mut loaded = 0u64;
        // SAFETY: the function only writes to the number, and ends the iteration.
        unsafe { libc::dl_iterate_phdr(Some(read), (&raw mut loaded).cast()) };
        loaded
    }
    #[cfg(not(target_os = "linux"))]
    0
}

/// Ends Python on a thread made for that, which holds the lock from then on: the libraries' own
/// destructors run next, and a thread that computed in them meanwhile could crash or hang.
///
/// Not on this thread: C has destroyed its thread-local objects already, and libraries use theirs in
/// what exit handlers call.
fn end_with_process(api: &'static Api, work: Work) {
    let thread = registry::register(api);
    if is_ender(thread) {
        // An exit handler of Python's has called `exit`.
        return;
    }
    if !matches!(Place::of(api, thread.state()), Place::Detached(_)) {
        // SAFETY: this thread is attached, and does not return to where it was so.
        unsafe { (api.PyEval_SaveThread)() };
    }
    thread.exits();
    // Registered more than once: the first to come does it.
    static IS_DONE: Signal = Signal::new();
    if HAS_BEGUN.swap(true, Ordering::AcqRel) {
        return IS_DONE.wait();
    }
    end_once(api, work, begin(thread));
    IS_DONE.set();
}

fn end_once(api: &'static Api, work: Work, is_first: bool) {
    if !is_first {
        IS_OVER.wait();
    }
    if GAVE_UP.load(Ordering::Acquire) {
        return;
    }
    let attached = Arc::new(Signal::new());
    let done = Arc::new(Signal::new());
    let (sender, receiver) = mpsc::channel();
    let last = {
        let (attached, done) = (Arc::clone(&attached), Arc::clone(&done));
        move || {
            let _ = sender.send(ThreadId::current());
            hold(api, is_first.then_some(work), &attached);
            done.set();
            loop {
                std::thread::park();
            }
        }
    };
    if spawn(last).is_err() {
        hold(api, is_first.then_some(work), &attached);
        return;
    }
    match attached.wait_patiently() {
        Ok(()) => {
            let thread = receiver.recv().ok();
            while done.wait_for(FOR_LOCK[0]) != State::Happened {
                // The standard library has a second thread that exits the process wait for ever.
                if thread.as_ref().is_some_and(ThreadId::waits_for_a_signal) {
                    complain(
                        "callpy: an exit handler of Python's calls exit: those left do not run",
                    );
                    break;
                }
            }
        }
        Err(_) => complain("callpy: Python's exit handlers do not run"),
    }
}

/// Attaches this thread for good, and ends Python if that is yet to be done.
fn hold(api: &'static Api, work: Option<Work>, attached: &Signal) {
    let attachment = Attachment::to_end(api);
    // Where no one waits any more, the process is in its last destructors.
    if attached.set() {
        ENDER.store(std::ptr::from_ref(registry::register(api)).cast_mut(), Ordering::Release);
        run(attachment.token(), work);
        finish();
    }
    std::mem::forget(attachment);
}

/// Has calls end, and no new ones begin, when the owner of a joined interpreter finalises it: CPython
/// ends or hangs threads that want the lock from then on.
///
/// `register` has the function called as an exit handler. Where it is dropped instead
/// (`atexit._clear`, as `multiprocessing` has it in the child of a fork), Python goes on, and its end
/// is noticed when it has come.
pub(crate) fn watch_finalisation(
    py: Attached<'_>,
    register: impl FnOnce(&Ref) -> Outcome<()>,
) -> Outcome<()> {
    static FINALISING: PyMethodDef = PyMethodDef {
        name: c"callpy_ends".as_ptr(),
        function: finalising,
        flags: base::METH_NOARGS,
        documentation: std::ptr::null(),
    };
    unsafe extern "C" fn finalising(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
        // Nothing to be done about a panic here or below, but it must not cross this frame.
        let _ = std::panic::catch_unwind(|| {
            process::disable_interrupts();
            IS_FINALISED.store(true, Ordering::Release);
            thread::if_attached(|py| {
                if begin(registry::register(py.api)) {
                    run(py, None);
                }
            });
        });
        base::none()
    }
    extern "C" fn gone() {
        let _ = std::panic::catch_unwind(|| {
            process::disable_interrupts();
            IS_FINALISED.store(true, Ordering::Release);
            IS_GONE.store(true, Ordering::Release);
            PHASE.fetch_max(ENDING, Ordering::AcqRel);
            registry::forget_states();
        });
    }

    // SAFETY: may be called at any time. Where this fails (CPython allows 32), a second interpreter of
    // the owner's is taken for the first.
    unsafe { (py.api.Py_AtExit)(Some(gone)) };
    py.function_in_c(&FINALISING).and_then(|function| register(&function))
}

/// Something that happens once, and that other threads wait for.
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Awaited,
    Happened,
    GivenUp,
}

impl Signal {
    const fn new() -> Signal {
        Signal { state: Mutex::new(State::Awaited), changed: Condvar::new() }
    }

    /// Says that it has happened; false where that is too late.
    fn set(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Awaited {
            *state = State::Happened;
        }
        self.changed.notify_all();
        *state == State::Happened
    }

    fn wait(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let awaited = self.changed.wait_while(state, |state| *state == State::Awaited);
        drop(awaited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for the lock to be had, and says so if that takes long. Gives up in the end, and returns
    /// the names of those who had it.
    fn wait_patiently(&self) -> Result<(), String> {
        let [at_first, afterwards] = FOR_LOCK;
        if self.wait_for(at_first) == State::Happened {
            return Ok(());
        }
        let names = match registry::names_in_call().join(", ") {
            names if names.is_empty() => "a thread of Python's".to_owned(),
            names => names,
        };
        complain(&format!("callpy: Python cannot end while {names} stays attached: waiting"));
        if self.wait_for(afterwards) == State::Happened {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Happened {
            return Ok(());
        }
        *state = State::GivenUp;
        GAVE_UP.store(true, Ordering::Release);
        Err(names)
    }

    fn wait_for(&self, limit: Duration) -> State {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let awaited =
            self.changed.wait_timeout_while(state, limit, |state| *state == State::Awaited);
        *awaited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cold]
fn attached() -> Failure {
    let message = "Python::end was called inside Python::attach, or by a function that Python calls: \
                   call it where the thread is not attached, last in main";
    Failure::new(FailureKind::Attach, message)
}
