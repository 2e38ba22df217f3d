//! Starting a child process with the signals that a program expects, and interrupting it.

#![allow(clippy::disallowed_methods, reason = "all children are started here")]

use std::io;
use std::process::{Child, Command};

/// Starts a program with every signal at its default action and none blocked.
///
/// A program inherits which signals its parent ignores: in the background of a script (`&`) that is
/// SIGINT and SIGQUIT, under `nohup` SIGHUP, and a host may ignore any. An installer that ignores
/// SIGINT could not be stopped, and Python would install no handler for it. It inherits as well which
/// signals the spawning thread blocks. The standard library takes care of SIGPIPE only.
///
/// Where this process ignores a signal that a terminal sends, the program gets a process group of
/// its own, so that a Ctrl-C or a closed terminal, which this process is to outlive, does not reach
/// the program either.
#[cfg(unix)]
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;

    let ignored = Ignored::by_this_process();
    if ignored.has_a_terminals_own() {
        command.process_group(0);
    }
    if !ignored.is_empty() || blocks_signals() {
        // Only then: with something to run between fork and exec, the standard library can't use
        // posix_spawn, which does not copy the page tables of a large process.
        // SAFETY: the closure runs in the child of a fork, where other threads may have held any
        // lock; it makes system calls only.
        unsafe {
            command.pre_exec(move || {
                ignored.set_to_default();
                unblock_signals();
                Ok(())
            });
        }
    }
    command.spawn()
}

#[cfg(not(unix))]
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    command.spawn()
}

/// Starts a program that sees to its signals itself: it has this thread's. With nothing to run between
/// fork and exec, however many signals this thread blocks.
#[cfg(target_os = "linux")]
pub(crate) fn spawn_as_it_is(command: &mut Command) -> io::Result<Child> {
    command.spawn()
}

/// Whether this thread blocks any signal.
#[cfg(unix)]
fn blocks_signals() -> bool {
    let mut blocked = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: asks for the mask without changing it, which is filled on success.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), blocked.as_mut_ptr()) == 0
            && (1..=Ignored::LAST).any(|signal| libc::sigismember(blocked.as_ptr(), signal) == 1)
    }
}

/// Has this thread block no signal; only system calls.
#[cfg(unix)]
fn unblock_signals() {
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is filled before it is used, and the former one is not asked for.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}

/// Sends a child what Ctrl-C would send it; the standard library knows SIGKILL only.
#[cfg(unix)]
pub(crate) fn interrupt(child: &mut Child) {
    // An id that has been waited for may be another's.
    if let Ok(None) = child.try_wait() {
        // SAFETY: only sends a signal, to a child that has not been waited for.
        unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGINT) };
    }
}

/// A set of signals that are ignored: the one action other than the default that `exec` passes on.
#[cfg(unix)]
#[derive(Clone, Copy)]
struct Ignored(u64);

#[cfg(unix)]
impl Ignored {
    /// Signals are numbered from 1. The system answers an error for a number that is none, and the C
    /// library for those that it keeps to itself.
    const LAST: i32 = 64;

    fn by_this_process() -> Ignored {
        let is_ignored = |signal: &i32| {
            let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
            // SAFETY: asks for the present action without setting one; it is filled on success.
            unsafe {
                libc::sigaction(*signal, std::ptr::null(), action.as_mut_ptr()) == 0
                    && action.assume_init().sa_sigaction == libc::SIG_IGN
            }
        };
        // The standard library sets SIGPIPE to its default in each child.
        let others = (1..=Self::LAST).filter(|signal| *signal != libc::SIGPIPE);
        Ignored(others.filter(is_ignored).fold(0, |set, signal| set | 1 << (signal - 1)))
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn contains(self, signal: i32) -> bool {
        self.0 & 1 << (signal - 1) != 0
    }

    fn has_a_terminals_own(self) -> bool {
        [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP].iter().any(|signal| self.contains(*signal))
    }

    fn set_to_default(self) {
        for signal in (1..=Self::LAST).filter(|signal| self.contains(*signal)) {
            // SAFETY: sets the system's own action.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}
