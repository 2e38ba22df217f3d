//! Ctrl-C and SIGTERM: stops what is running, and then ends the process by the signal.
//!
//! A process that ends by the signal also ends a loop in the shell; `$?` is 130. The first signal
//! stops what is running: a Python function by KeyboardInterrupt, the creation of an environment by
//! interrupting the installer. If there is nothing to clean up, and always at the second signal, the
//! process ends at once.

use std::sync::atomic::AtomicBool;

/// What is running, which decides what a first signal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Running {
    /// Nothing that needs cleaning up: the process ends.
    Nothing,
    /// Work that asks [`has_come`] from time to time.
    Work,
    /// A Python function.
    Python,
}

/// Whether a spinner is on the terminal, which must not be left there.
pub(crate) static SPINNER: AtomicBool = AtomicBool::new(false);

/// Runs a part of the command; `running` says what a signal does meanwhile.
pub(crate) fn during<R>(running: Running, part: impl FnOnce() -> R) -> R {
    let before = system::set(running);
    struct Back(Running);
    impl Drop for Back {
        fn drop(&mut self) {
            system::set(self.0);
        }
    }
    let _back = Back(before);
    part()
}

/// Returns whether a signal has asked the command to end.
pub(crate) fn has_come() -> bool {
    system::first().is_some()
}

pub(crate) use system::{end, forget, install};

#[cfg(unix)]
#[allow(
    unsafe_code,
    reason = "signal handlers need it; the safe crates set SA_RESTART, so that sleeps go on"
)]
mod system {
    use std::io::{PipeReader, PipeWriter, Read, pipe};
    use std::mem::{MaybeUninit, zeroed};
    use std::os::fd::{AsRawFd, IntoRawFd};
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};
    use std::thread;
    use std::time::Duration;

    use callpy::Python;
    use libc::{SIGINT, SIGTERM, c_int};

    use super::{Running, SPINNER};

    static RUNNING: AtomicU8 = AtomicU8::new(Running::Nothing as u8);
    /// The first signal; 0 before it.
    static FIRST: AtomicI32 = AtomicI32::new(0);
    /// The signal by which the process will end.
    static LAST: AtomicI32 = AtomicI32::new(0);
    /// The pipe that wakes the watching thread, and the process that has one: a forked child has not.
    static WAKE: AtomicI32 = AtomicI32::new(-1);
    static PROCESS: AtomicI32 = AtomicI32::new(0);

    /// How long a function may take to stop before the command says so, or ends it.
    const PATIENCE: Duration = Duration::from_secs(1);

    unsafe extern "C" {
        /// Registers a function that C runs as the process exits.
        safe fn atexit(callback: extern "C" fn()) -> c_int;
    }

    /// Installs the handlers, unless the command was started with the signals ignored, as by `nohup`.
    pub(crate) fn install() {
        let Ok((reader, writer)) = pipe() else { return };
        watch(reader, writer);
        // Exit handlers run in reverse order: Python's, registered when it starts, run before this one.
        atexit(end_by_signal);
        for signal in [SIGINT, SIGTERM] {
            // SAFETY: reads the present action, and sets a handler that only calls async-signal-safe
            // functions. It has no SA_RESTART, so that a signal wakes a sleeping system call, after
            // which Python checks its own flag.
            unsafe {
                let mut present = MaybeUninit::<libc::sigaction>::uninit();
                if libc::sigaction(signal, std::ptr::null(), present.as_mut_ptr()) != 0
                    || present.assume_init().sa_sigaction == libc::SIG_IGN
                {
                    continue;
                }
                let mut action: libc::sigaction = zeroed();
                action.sa_sigaction = on_signal as *const () as usize;
                libc::sigaddset(&mut action.sa_mask, SIGINT);
                libc::sigaddset(&mut action.sa_mask, SIGTERM);
                libc::sigaction(signal, &action, null_mut());
            }
        }
    }

    /// Uses only atomics, `write`, `kill` and `PyErr_SetInterrupt`, which are allowed in a handler.
    extern "C" fn on_signal(signal: c_int) {
        let is_first =
            FIRST.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        let running = RUNNING.load(Ordering::SeqCst);
        if !is_first || running == Running::Nothing as u8 {
            return die(signal);
        }
        if running == Running::Python as u8
            && let Some(python) = Python::running()
        {
            python.interrupt();
        }
        // SAFETY: the pipe is never closed.
        unsafe {
            if libc::getpid() == PROCESS.load(Ordering::SeqCst) {
                libc::write(WAKE.load(Ordering::SeqCst), [0_u8].as_ptr().cast(), 1);
            }
        }
    }

    /// Ends the process by the signal; if called in a handler, when the handler returns.
    fn die(signal: c_int) {
        // SAFETY: these functions are async-signal-safe.
        unsafe {
            if SPINNER.load(Ordering::SeqCst) {
                let clear = b"\r\x1b[K";
                libc::write(libc::STDERR_FILENO, clear.as_ptr().cast(), clear.len());
            }
            libc::signal(signal, libc::SIG_DFL);
            libc::kill(libc::getpid(), signal);
        }
    }

    /// Waits for the first signal on another thread, and then for the function to return.
    fn watch(mut reader: PipeReader, writer: PipeWriter) {
        let wait = move || {
            let mut byte = [0];
            if reader.read_exact(&mut byte).is_err() {
                return;
            }
            thread::sleep(PATIENCE);
            let signal = FIRST.load(Ordering::SeqCst);
            if signal == SIGTERM {
                // Programs that send it don't send it twice.
                return die(signal);
            }
            if RUNNING.load(Ordering::SeqCst) == Running::Python as u8 {
                anstream::eprintln!(
                    "waiting for Python: C code that does not check for Ctrl-C runs until it returns; \
                     press Ctrl-C again to end the process at once"
                );
            }
        };
        // The new thread blocks all signals, since they must wake the main thread.
        // SAFETY: sets this thread's mask and restores it; the new thread inherits the full one.
        unsafe {
            let (mut all, mut before) = (zeroed(), zeroed());
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            if thread::Builder::new().name("callpy-signals".into()).spawn(wait).is_ok() {
                PROCESS.store(libc::getpid(), Ordering::SeqCst);
                WAKE.store(writer.as_raw_fd(), Ordering::SeqCst);
                _ = writer.into_raw_fd();
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &before, null_mut());
        }
    }

    pub(super) fn set(running: Running) -> Running {
        match RUNNING.swap(running as u8, Ordering::SeqCst) {
            0 => Running::Nothing,
            1 => Running::Work,
            _ => Running::Python,
        }
    }

    pub(super) fn first() -> Option<c_int> {
        Some(FIRST.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// Forgets a Ctrl-C: the function has caught it, and returned.
    pub(crate) fn forget() {
        _ = FIRST.compare_exchange(SIGINT, 0, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Makes the process end by the first signal, or as if by Ctrl-C; returns the exit code.
    pub(crate) fn end() -> u8 {
        let signal = first().unwrap_or(SIGINT);
        LAST.store(signal, Ordering::SeqCst);
        128 + signal as u8
    }

    /// The last exit handler: Python's have run, and all output is written.
    extern "C" fn end_by_signal() {
        match LAST.load(Ordering::SeqCst) {
            0 => {}
            signal => die(signal),
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::Running;

    /// Does nothing: Ctrl-C ends the process.
    pub(crate) fn install() {}

    pub(super) fn set(_: Running) -> Running {
        Running::Nothing
    }

    pub(super) fn first() -> Option<i32> {
        None
    }

    pub(crate) fn forget() {}

    pub(crate) fn end() -> u8 {
        130
    }
}
