//! The end of Python: by the program itself, as the process exits, or by the owner of a joined one.
//!
//! The interpreter is not finalised, since extension modules crash there. Whatever else it does at its
//! end is done by a function that is passed in; this file decides who waits for whom meanwhile.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::call::{self, METH_NOARGS};
use super::cpython::{Api, PyMethodDef, PyObject, api};
use super::failure::{Failure, FailureKind};
use super::phase;
use super::place::Place;
use super::process::{self, ThreadId, complain};
use super::raised::Outcome;
use super::reference::Ref;
use super::thread::{self, Attached, Attachment, Thread};

/// What Python does at its end, on an attached thread.
pub(crate) type Work = fn(Attached<'_>);

/// How long the end waits for calls under way, before exit handlers run and once more after that.
const FOR_CALLS: Duration = Duration::from_millis(500);
/// How long it waits for the lock before it says so, and how long after that.
const FOR_LOCK: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// The thread that ends Python, until it has done so.
static ENDER: AtomicPtr<Thread> = AtomicPtr::new(std::ptr::null_mut());
static IS_OVER: Signal = Signal::new();
/// Whether another thread kept the lock, so that Python's own end was left out.
static GAVE_UP: AtomicBool = AtomicBool::new(false);

/// Begins the end on this thread; false if it has begun already.
fn begin(ender: &'static Thread) -> bool {
    let begun = phase::begin_end();
    if begun {
        ENDER.store(std::ptr::from_ref(ender).cast_mut(), Ordering::Release);
        phase::barrier();
    }
    begun
}

fn is_ender(thread: &Thread) -> bool {
    std::ptr::eq(ENDER.load(Ordering::Acquire), thread)
}

fn finish() {
    phase::finish_end();
    ENDER.store(std::ptr::null_mut(), Ordering::Release);
    IS_OVER.set();
}

/// Does what Python does at its end, unless that is done already.
///
/// Calls under way get the time to return, once before that, since exit handlers destroy what calls use,
/// and once after it, since C's destructors do.
fn run(py: Attached<'_>, work: Option<Work>) {
    wait_for_calls(py);
    if let Some(work) = work {
        work(py);
        wait_for_calls(py);
    }
}

/// Waits, detached, until no other thread is in a call.
///
/// The last look is under the lock, and no new call begins, so afterwards no thread is in one.
fn wait_for_calls(py: Attached<'_>) {
    let deadline = Instant::now() + FOR_CALLS;
    while others_are_busy() && Instant::now() < deadline {
        py.detach(|| std::thread::sleep(Duration::from_micros(200)));
    }
}

/// Whether another thread is in a call, or has ended and left its state to the reaper.
fn others_are_busy() -> bool {
    let is_busy = |thread: &Thread| thread.is_in_call() || thread.has_ended();
    thread::threads().iter().any(|thread| is_busy(thread) && !thread.is_this())
}

/// Returns the names of the other threads that are in a call.
fn names_in_call() -> Vec<String> {
    let threads = thread::threads();
    let in_call = threads.iter().filter(|thread| thread.is_in_call() && !thread.is_this());
    in_call.map(|thread| thread.id.name()).collect()
}

/// The same in words, where a thread is attached.
fn who_is_attached() -> String {
    match names_in_call().join(", ") {
        names if names.is_empty() => "a thread of Python's".to_owned(),
        names => names,
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
    let thread = thread::register(api);
    if is_ender(thread) || phase::is_left() {
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

/// Waits until this thread can have the lock, which one in `Python::attach` may keep.
fn wait_for_lock(api: &'static Api) -> Result<(), Failure> {
    if names_in_call().is_empty() {
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
    // Without a thread to try it, this one waits for the lock as long as it takes.
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

/// Forgets an end that another thread had begun, in the child of a fork, which has its own end.
#[cfg(unix)]
pub(super) fn forget() {
    let is_own = thread::this().is_some_and(is_ender);
    if is_own {
        return;
    }
    HAS_BEGUN.store(false, Ordering::Release);
    if !phase::cancel_end() {
        return;
    }
    ENDER.store(std::ptr::null_mut(), Ordering::Release);
    if !thread::has_lock() {
        phase::without_lock();
    }
}

/// What Python does at its end, when the process exits.
static AT_EXIT: OnceLock<Work> = OnceLock::new();
/// Whether a thread ends Python since the process exits.
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

/// Ends Python when the process exits, unless the program has done so itself.
pub(crate) fn at_exit(work: Work) {
    if AT_EXIT.set(work).is_ok() {
        register_at_exit();
    }
}

/// Has Python end before the destructors of the libraries that were loaded since.
///
/// C runs last what was registered first, and exit handlers that use a library after its destructors
/// have run crash (jax's do).
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
    // A panic can't be reported while the process exits, but it must not leave this function.
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
            // The count is the same in the description of each library.
            // SAFETY: the caller below passes a number, and the C library a description of a library.
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

/// Ends Python on a new thread, since C has already destroyed this one's thread-local objects, which
/// libraries use in what exit handlers call.
///
/// This thread has the lock from then on: the libraries' destructors run on it next. A thread that computes in
/// a library meanwhile could crash or hang, and destructors that release Python objects acquire the lock
/// (torch's do, unless Python is finalised), for which they would wait for ever.
fn end_with_process(api: &'static Api, work: Work) {
    // This may be registered more than once: the first call ends Python, and the others wait.
    static IS_DONE: Signal = Signal::new();
    if IS_DONE.has_happened() {
        return;
    }
    let thread = thread::register(api);
    if is_ender(thread) {
        // An exit handler of Python's has called `exit`.
        return;
    }
    if !matches!(Place::of(api, thread.state()), Place::Detached(_)) {
        // SAFETY: this thread is attached, and does not return to where it was so.
        unsafe { (api.PyEval_SaveThread)() };
    }
    exits(thread);
    if HAS_BEGUN.swap(true, Ordering::AcqRel) {
        return IS_DONE.wait();
    }
    end_once(api, work, begin(thread));
    IS_DONE.set();
}

/// Notes that this thread exits the process, and so does not return to the calls that it is in.
fn exits(this: &Thread) {
    this.depth.store(0, Ordering::Release);
    this.paused.store(0, Ordering::Relaxed);
    this.has_ended.store(false, Ordering::Release);
}

fn end_once(api: &'static Api, work: Work, is_first: bool) {
    if !is_first {
        IS_OVER.wait();
    }
    if GAVE_UP.load(Ordering::Acquire) {
        return;
    }
    let signals: [_; 4] = std::array::from_fn(|_| Arc::new(Signal::new()));
    let (sender, receiver) = mpsc::channel();
    let last = {
        let [attached, done, wanted, taken_over] = signals.clone();
        move || {
            let _ = sender.send(ThreadId::current());
            let is_wanted = hold(api, is_first.then_some(work), &attached);
            done.set();
            if is_wanted {
                wanted.wait();
            }
            // SAFETY: this thread is attached, and calls nothing of Python's any more.
            unsafe { (api.PyEval_SaveThread)() };
            if is_wanted && taken_over.wait_for(FOR_LOCK[0]) != State::Happened {
                complain(&format!(
                    "callpy: the process can't end while {} stays attached: waiting",
                    who_is_attached()
                ));
            }
            // Its own destructors might call.
            loop {
                std::thread::park();
            }
        }
    };
    let [attached, done, wanted, taken_over] = signals;
    if spawn(last).is_err() {
        hold(api, is_first.then_some(work), &attached);
        leave(api);
        return;
    }
    match attached.wait_patiently() {
        Ok(()) => {
            let thread = receiver.recv().ok();
            while done.wait_for(FOR_LOCK[0]) != State::Happened {
                // If that thread exits the process too, the standard library has it wait for ever.
                if thread.as_ref().is_some_and(ThreadId::waits_for_a_signal) {
                    complain(
                        "callpy: an exit handler of Python's calls exit: those left do not run",
                    );
                    return;
                }
            }
            // The other thread detaches once this one is about to wait for the lock.
            wanted.set();
            std::mem::forget(Attachment::to_end(api));
            taken_over.set();
            leave(api);
        }
        Err(_) => complain("callpy: Python's exit handlers do not run"),
    }
}

/// Has callpy's handles do nothing on this thread, which stays attached for the libraries' destructors.
fn leave(api: &'static Api) {
    phase::leave();
    thread::register(api).cache(std::ptr::null_mut(), false);
}

/// Attaches this thread for good, and ends Python unless that is done already; false if no one waits for that
/// any more, and the process is in its last destructors.
fn hold(api: &'static Api, work: Option<Work>, attached: &Signal) -> bool {
    let attachment = Attachment::to_end(api);
    let is_wanted = attached.set();
    if is_wanted {
        ENDER.store(std::ptr::from_ref(thread::register(api)).cast_mut(), Ordering::Release);
        run(attachment.token(), work);
        finish();
    }
    std::mem::forget(attachment);
    is_wanted
}

/// When the owner of a joined interpreter finalises it, lets calls return and no new ones begin: from
/// then on, CPython ends or hangs threads that want the lock.
///
/// `register` has the function called as an exit handler. If the handler is dropped instead, as
/// `multiprocessing` does in the child of a fork (`atexit._clear`), callpy notices the end only once it
/// has come.
pub(crate) fn watch_finalisation(
    py: Attached<'_>,
    register: impl FnOnce(&Ref) -> Outcome<()>,
) -> Outcome<()> {
    static FINALISING: PyMethodDef = PyMethodDef {
        name: c"callpy_ends".as_ptr(),
        function: finalising,
        flags: METH_NOARGS,
        documentation: std::ptr::null(),
    };
    unsafe extern "C" fn finalising(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
        // A panic here or below can't be reported, but it must not cross this frame.
        let _ = std::panic::catch_unwind(|| {
            process::disable_interrupts();
            phase::note_finalising();
            thread::if_attached(|py| {
                if begin(thread::register(py.api)) {
                    run(py, None);
                }
            });
        });
        call::none()
    }
    extern "C" fn gone() {
        let _ = std::panic::catch_unwind(|| {
            process::disable_interrupts();
            phase::note_gone();
            forget_states();
        });
    }

    // If this fails, since CPython has room for 32, a second interpreter of the owner's is taken for the
    // first.
    // SAFETY: may be called at any time.
    unsafe { (py.api.Py_AtExit)(Some(gone)) };
    py.function_in_c(&FINALISING).and_then(|function| register(&function))
}

/// Forgets all thread states, which were destroyed with their interpreter.
fn forget_states() {
    thread::threads().retain(|thread| {
        thread.cache(std::ptr::null_mut(), false);
        !thread.has_ended()
    });
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

    /// Says that it has happened; returns false if that is too late.
    fn set(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Awaited {
            *state = State::Happened;
        }
        self.changed.notify_all();
        *state == State::Happened
    }

    fn has_happened(&self) -> bool {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) == State::Happened
    }

    fn wait(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let awaited = self.changed.wait_while(state, |state| *state == State::Awaited);
        drop(awaited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until a thread has the lock, and says so if that takes long. Gives up in the end, and returns
    /// the names of the threads that keep it.
    fn wait_patiently(&self) -> Result<(), String> {
        let [at_first, afterwards] = FOR_LOCK;
        if self.wait_for(at_first) == State::Happened {
            return Ok(());
        }
        let names = who_is_attached();
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
