//! Ctrl-C and termination: what is running is stopped, and then the process ends by the signal.
//!
//! A shell sees by that end that the user wants out, and leaves its own loop; `$?` is 130. The first
//! signal stops what is running: a Python function by KeyboardInterrupt, the making of an
//! environment by telling the installer. Where nothing needs tidying up, and always at the second
//! signal, the process ends at once.

use std::sync::atomic::AtomicBool;

use crate::failure::{Failure, Result};

/// What a first signal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Running {
    /// There is nothing to tidy up: the process ends.
    Nothing,
    /// Work that looks at [`check`] or [`has_come`] by itself.
    Work,
    /// A Python function.
    Python,
}

/// Whether a spinner is on the terminal, which must not be left there.
pub(crate) static SPINNER: AtomicBool = AtomicBool::new(false);

/// Runs a part of the command, and says what a signal does meanwhile.
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

/// Whether the command is to end.
pub(crate) fn has_come() -> bool {
    system::come().is_some()
}

/// Ends the command if it is to end.
pub(crate) fn check() -> Result<()> {
    match has_come() {
        true => Err(Failure::Interrupted { place: None }),
        false => Ok(()),
    }
}

pub(crate) use system::{answered, end, install};

#[cfg(unix)]
#[allow(
    unsafe_code,
    reason = "signal handlers are the system's own; no safe crate leaves sleeps interrupted"
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
    /// The first signal that came; 0 before.
    static COME: AtomicI32 = AtomicI32::new(0);
    /// The signal by which the process is to end.
    static LAST: AtomicI32 = AtomicI32::new(0);
    /// Where the handler wakes the watch, and in which process there is one: not in a fork of ours.
    static WAKE: AtomicI32 = AtomicI32::new(-1);
    static PROCESS: AtomicI32 = AtomicI32::new(0);

    /// How long a function may take to come to an end before something is said, or done.
    const PATIENCE: Duration = Duration::from_secs(1);

    unsafe extern "C" {
        /// C's own.
        safe fn atexit(callback: extern "C" fn()) -> c_int;
    }

    /// Takes the signals, unless whoever started the command has them ignored, as `nohup` does.
    pub(crate) fn install() {
        let Ok((reader, writer)) = pipe() else { return };
        watch(reader, writer);
        // Handlers run in reverse order: Python's own end, registered when it starts, comes before.
        atexit(end_by_signal);
        for signal in [SIGINT, SIGTERM] {
            // SAFETY: asks for the present action, and sets one whose handler only uses what may be
            // used in a handler. Without SA_RESTART, so that a signal wakes what sleeps in the
            // system: Python looks at its own flag then.
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

    /// Only atomics, `write` and `raise`, which a handler may use, and Python's own function for that.
    extern "C" fn on_signal(signal: c_int) {
        let is_first = COME.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        let running = RUNNING.load(Ordering::SeqCst);
        if !is_first || running == Running::Nothing as u8 {
            return die(signal);
        }
        if running == Running::Python as u8
            && let Some(python) = Python::running()
        {
            python.interrupt();
        }
        // SAFETY: the pipe stays open for as long as the process lives.
        unsafe {
            if libc::getpid() == PROCESS.load(Ordering::SeqCst) {
                libc::write(WAKE.load(Ordering::SeqCst), [0_u8].as_ptr().cast(), 1);
            }
        }
    }

    /// Has the process end by the signal; in a handler, when that returns.
    fn die(signal: c_int) {
        // SAFETY: all of these may be called anywhere.
        unsafe {
            if SPINNER.load(Ordering::SeqCst) {
                let clear = b"\r\x1b[K";
                libc::write(libc::STDERR_FILENO, clear.as_ptr().cast(), clear.len());
            }
            libc::signal(signal, libc::SIG_DFL);
            libc::kill(libc::getpid(), signal);
        }
    }

    /// Waits for the first signal on a thread of its own, and then for the function to return.
    fn watch(mut reader: PipeReader, writer: PipeWriter) {
        let wait = move || {
            let mut byte = [0];
            if reader.read_exact(&mut byte).is_err() {
                return;
            }
            thread::sleep(PATIENCE);
            let signal = COME.load(Ordering::SeqCst);
            if signal == SIGTERM {
                // Whoever sends it does not send it twice.
                return die(signal);
            }
            if RUNNING.load(Ordering::SeqCst) == Running::Python as u8 {
                anstream::eprintln!(
                    "waiting for Python: code in C that does not look for Ctrl-C runs on until it \
                     returns; Ctrl-C again ends the process at once"
                );
            }
        };
        // The watch takes no signals: they are to wake the main thread.
        // SAFETY: fills and sets masks of this thread; the new thread inherits the full one.
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

    pub(super) fn come() -> Option<c_int> {
        Some(COME.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// Takes a Ctrl-C for done with: the function has caught it, and returned.
    pub(crate) fn answered() {
        _ = COME.compare_exchange(SIGINT, 0, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Notes that the process is to end by the signal that came, or as if Ctrl-C had.
    pub(crate) fn end() -> u8 {
        let signal = come().unwrap_or(SIGINT);
        LAST.store(signal, Ordering::SeqCst);
        128 + signal as u8
    }

    /// The last of the exit handlers: Python's have run, all output is written.
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

    /// Ctrl-C ends the process, as it does by itself.
    pub(crate) fn install() {}

    pub(super) fn set(_: Running) -> Running {
        Running::Nothing
    }

    pub(super) fn come() -> Option<i32> {
        None
    }

    pub(crate) fn answered() {}

    pub(crate) fn end() -> u8 {
        130
    }
}
