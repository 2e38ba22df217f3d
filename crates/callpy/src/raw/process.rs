//! The process around the interpreter: its variables, its threads, its interrupts, its last words.

use std::ffi::OsString;
#[cfg(target_os = "linux")]
use std::sync::atomic::AtomicI32;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cpython::{Api, api};

/// The host's SIGINT handling: importing Python's signal module replaces it even where the start was
/// told not to.
pub(super) struct Interrupts(#[cfg(unix)] Option<libc::sigaction>);

impl Interrupts {
    #[cfg(unix)]
    pub(super) fn save() -> Interrupts {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: asks for the present action without setting one; it is filled on success.
        Interrupts(unsafe {
            (libc::sigaction(libc::SIGINT, std::ptr::null(), action.as_mut_ptr()) == 0)
                .then(|| action.assume_init())
        })
    }

    #[cfg(windows)]
    pub(super) fn save() -> Interrupts {
        Interrupts()
    }

    pub(super) fn restore(self) {
        #[cfg(unix)]
        if let Some(action) = self.0 {
            // SAFETY: sets what the system reported as this process's own action.
            unsafe { libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut()) };
        }
    }
}

/// Starts a thread of callpy's own, which takes none of the signals that are the program's.
///
/// One that other threads block until they wait for it (`sigwait`) would come to this thread instead,
/// and mostly end the process.
pub(crate) fn spawn_thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<()> {
    spawn_joined(name, work).map(drop)
}

/// As [`spawn_thread`], for a thread whose end is waited for.
pub(crate) fn spawn_joined(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    // A new thread inherits the mask of the one that starts it.
    #[cfg(unix)]
    let _restored = BlockedSignals::new();
    thread.spawn(work)
}

/// Blocks this thread's signals until it is dropped, but those that a fault of its own raises.
#[cfg(unix)]
struct BlockedSignals(Option<libc::sigset_t>);

#[cfg(unix)]
impl BlockedSignals {
    fn new() -> BlockedSignals {
        const FAULTS: [i32; 6] =
            [libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGSEGV, libc::SIGTRAP];
        let mut blocked = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the first set is filled before it is used, the second by success.
        BlockedSignals(unsafe {
            libc::sigfillset(blocked.as_mut_ptr());
            FAULTS.iter().for_each(|signal| {
                libc::sigdelset(blocked.as_mut_ptr(), *signal);
            });
            let (blocked, to) = (blocked.as_ptr(), before.as_mut_ptr());
            (libc::pthread_sigmask(libc::SIG_BLOCK, blocked, to) == 0).then(|| before.assume_init())
        })
    }
}

#[cfg(unix)]
impl Drop for BlockedSignals {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // SAFETY: sets what the system reported as this thread's mask.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut()) };
        }
    }
}

/// Sets and removes variables of this process's environment.
pub(crate) fn set_variables<'a>(
    set: &[(OsString, OsString)],
    removed: impl Iterator<Item = &'a OsString>,
) {
    // SAFETY: Rust's own readers take the standard library's lock. Code in C that reads the environment
    // on another thread at this very moment is in the same danger whenever Python sets `os.environ`,
    // which it may do from now on. Only where a launcher has set variables of its own.
    unsafe {
        set.iter().for_each(|(name, value)| std::env::set_var(name, value));
        removed.for_each(|name| std::env::remove_var(name));
    }
}

/// How long this thread has run, in nanoseconds; none where the system does not say.
pub(crate) fn thread_time() -> Option<u64> {
    #[cfg(unix)]
    return clock(libc::CLOCK_THREAD_CPUTIME_ID);
    #[cfg(not(unix))]
    None
}

/// How long all threads of this process have run, in nanoseconds; none where the system does not say.
pub(crate) fn process_time() -> Option<u64> {
    #[cfg(unix)]
    return clock(libc::CLOCK_PROCESS_CPUTIME_ID);
    #[cfg(not(unix))]
    None
}

/// By which other threads see how long one has run.
///
/// The system's number of the clock: a plain one, since what asks may outlive the thread. Of a thread
/// that is gone, and where the system has no such clock, it shows nothing.
#[derive(Clone, Copy)]
pub(crate) struct ThreadClock(pub(crate) i32);

impl ThreadClock {
    pub(crate) const NONE: ThreadClock = ThreadClock(0);

    pub(crate) fn of_this_thread() -> ThreadClock {
        #[cfg(not(target_os = "linux"))]
        return ThreadClock::NONE;
        #[cfg(target_os = "linux")]
        {
            let mut clock = ThreadClock::NONE;
            // SAFETY: writes the number to where it is told to; that of this thread, which is alive.
            unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock.0) };
            clock
        }
    }

    /// How long the thread has run, in nanoseconds.
    pub(crate) fn ran(self) -> Option<u64> {
        #[cfg(target_os = "linux")]
        return (self.0 != ThreadClock::NONE.0).then(|| clock(self.0)).flatten();
        #[cfg(not(target_os = "linux"))]
        None
    }
}

#[cfg(unix)]
fn clock(clock: libc::clockid_t) -> Option<u64> {
    let mut time = std::mem::MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: fills the time that it is given, or says that it has not.
    let time =
        unsafe { (libc::clock_gettime(clock, time.as_mut_ptr()) == 0).then(|| time.assume_init()) };
    time.map(|time| time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// A thread, as the system knows it.
pub(super) struct ThreadId(#[cfg(target_os = "linux")] AtomicI32);

#[cfg(target_os = "linux")]
impl ThreadId {
    pub(super) fn current() -> ThreadId {
        let id = ThreadId(AtomicI32::new(0));
        id.renew();
        id
    }

    /// Notes this thread's number, which is a new one in the child of a fork.
    pub(super) fn renew(&self) {
        // SAFETY: only asks.
        self.0.store(unsafe { libc::gettid() }, Ordering::Relaxed);
    }

    fn number(&self) -> libc::pid_t {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether the thread has gone. If another thread got its number, that one must go first.
    pub(super) fn is_gone(&self) -> bool {
        // Not by `/proc`, which a container may lack.
        // SAFETY: sends nothing, and only asks whether there is such a thread.
        let status = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), self.number(), 0) };
        status == -1 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
    }

    /// Whether the thread does nothing until a signal comes (`pause`).
    pub(super) fn waits_for_a_signal(&self) -> bool {
        // Where there is no such call, the C library calls `ppoll`, for no files and without a limit.
        #[cfg(target_arch = "x86_64")]
        let pause = format!("{} ", libc::SYS_pause);
        #[cfg(not(target_arch = "x86_64"))]
        let pause = format!("{} 0x0 0x0 0x0 ", libc::SYS_ppoll);
        std::fs::read_to_string(format!("/proc/self/task/{}/syscall", self.number()))
            .is_ok_and(|call| call.starts_with(&pause))
    }

    /// The thread's name, as messages have it.
    pub(super) fn name(&self) -> String {
        let name = std::fs::read_to_string(format!("/proc/self/task/{}/comm", self.number()));
        name.map_or_else(
            |_| format!("thread {}", self.number()),
            |name| format!("thread {:?}", name.trim_end()),
        )
    }
}

#[cfg(not(target_os = "linux"))]
impl ThreadId {
    pub(super) fn current() -> ThreadId {
        ThreadId()
    }

    #[cfg(unix)]
    pub(super) fn renew(&self) {}

    /// Not known here, and not asked: see `reaper::start`.
    pub(super) fn is_gone(&self) -> bool {
        false
    }

    pub(super) fn waits_for_a_signal(&self) -> bool {
        false
    }

    pub(super) fn name(&self) -> String {
        "another thread".to_owned()
    }
}

/// Makes this thread's sleeps end when they are to, not some 50 microseconds later.
pub(crate) fn wake_in_time() {
    #[cfg(target_os = "linux")]
    // SAFETY: sets how far this thread's timers may be put off, in nanoseconds; a failure changes nothing.
    unsafe {
        // 0 would set the default.
        libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong)
    };
}

/// Whether Python has a handler for what [`interrupt`] pretends to.
static ENABLED: AtomicBool = AtomicBool::new(false);

/// Has `enable` register Python's own handler of SIGINT, on the thread that started Python; what the
/// system does about the signal stays as it is.
pub(crate) fn enable_interrupts<E>(enable: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let interrupts = Interrupts::save();
    // `signal.signal` replaces the process's action as well as Python's handler.
    let enabled = enable();
    interrupts.restore();
    enabled.map(|()| ENABLED.store(true, Ordering::Release))
}

/// Leaves interrupts without effect, since the interpreter is about to go.
pub(super) fn disable_interrupts() {
    ENABLED.store(false, Ordering::Release);
}

/// Does as if SIGINT had come; only atomics, so that a signal handler may call it.
pub(crate) fn interrupt() {
    if let Some(api) = api().filter(|_| ENABLED.load(Ordering::Acquire)) {
        // SAFETY: needs no attachment, and only sets flags. Up to 3.9 it would have Python call the
        // handler even where there is none; ENABLED says that there is one.
        unsafe { (api.PyErr_SetInterrupt)() }
    }
}

/// Has Python raise KeyboardInterrupt once more, which it has raised where nothing could be done with it.
pub(crate) fn interrupt_again(api: &Api) {
    // SAFETY: needs no attachment, and only sets flags. Python has a handler, which has just run.
    unsafe { (api.PyErr_SetInterrupt)() }
}

/// Ends the process at once with a message, where going on would be unsound.
pub(crate) fn abort(message: &str) -> ! {
    complain(message);
    std::process::abort()
}

/// Writes a line to stderr.
pub(crate) fn complain(message: &str) {
    write_stderr(format!("{message}\n").as_bytes());
}

/// Writes bytes to stderr.
///
/// Not with `eprintln!`: it panics where stderr is closed, and waits for a thread that holds
/// stderr's lock, perhaps while that waits for the interpreter.
pub(crate) fn write_stderr(mut rest: &[u8]) {
    #[cfg(unix)]
    while !rest.is_empty() {
        // SAFETY: the buffer is as long as is said. A closed or full stderr is no reason to go on.
        // Not all of it may be written at once, to a pipe for instance.
        match unsafe { libc::write(libc::STDERR_FILENO, rest.as_ptr().cast(), rest.len()) } {
            written @ 1.. => rest = &rest[written as usize..],
            _ => break,
        }
    }
    #[cfg(windows)]
    {
        use std::io::Write;
        let _ = std::io::stderr().write_all(std::mem::take(&mut rest));
    }
}
