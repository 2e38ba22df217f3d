//! A worker that ends fails one call at most, says how it ended, and leaves nothing behind.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use callpy::workers::Crash;
use callpy::{Array, Cancel, ErrorKind, Function, Object, Result, Workers};
use common::labour::{builder, function, wait_for_free, workers};
use common::{alone, child, is_child, wait_for};

fn crash(result: Result<()>) -> (Crash, String) {
    let error = result.unwrap_err();
    match error.kind() {
        ErrorKind::Crashed(crash) => (crash.clone(), error.to_string()),
        _ => panic!("{error:#}"),
    }
}

fn exists(id: u32) -> bool {
    // A zombie is gone, but for its number.
    let status = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    !(status.is_empty() || status.contains(") Z "))
}

/// Sends a signal to a child of this process.
fn kill(id: u32, signal: i32) {
    // SAFETY: only sends a signal, to a child of this process.
    #[allow(unsafe_code, reason = "there is no safe way to send a signal")]
    unsafe {
        libc::kill(id as i32, signal)
    };
}

#[test]
fn the_error_says_how_the_worker_ended() {
    let workers = workers(2);
    let echo = function(&workers, "echo");
    let call = |name: &str| function(&workers, name).call::<()>(());

    let (segfault, text) = crash(call("crash"));
    assert_eq!((segfault.signal(), segfault.exit_status()), (Some(libc::SIGSEGV), None));
    assert!(text.contains("signal 11 (SIGSEGV)"), "{text}");
    // Python's own last line.
    assert!(segfault.frames().iter().any(|line| line.ends_with("in crash")), "{segfault:?}");
    assert!(segfault.stderr().contains("Fatal Python error: Segmentation fault"), "{segfault:?}");
    assert_eq!(echo.call::<i64>(1).unwrap(), 1);

    let (aborted, text) = crash(call("abort"));
    assert_eq!(aborted.signal(), Some(libc::SIGABRT));
    assert!(text.contains("labour.py\", line") && text.contains("in abort"), "{text}");
    assert_eq!(echo.call::<i64>(2).unwrap(), 2);

    let (left, text) = crash(function(&workers, "leave").call(3));
    assert_eq!((left.signal(), left.exit_status()), (None, Some(3)));
    assert!(left.stderr().contains("on my way out"), "{left:?}");
    assert_eq!(text, "labour:leave: its worker crashed: it exited with status 3");
    assert_eq!(echo.call::<i64>(3).unwrap(), 3);

    let (overflowed, _) = crash(call("overflow"));
    assert!(
        [Some(libc::SIGSEGV), Some(libc::SIGABRT), Some(libc::SIGBUS)]
            .contains(&overflowed.signal())
    );
    assert_eq!(echo.call::<i64>(4).unwrap(), 4);

    let (killed, text) = crash(function(&workers, "kill").call(9));
    assert_eq!(killed.signal(), Some(libc::SIGKILL));
    assert!(killed.frames().is_empty() && text.contains("(SIGKILL)"), "{text}");
    assert_eq!(echo.call::<i64>(5).unwrap(), 5);
    assert_eq!(workers.statistics().crashes, 5);

    // A timer that a function forgets.
    let (_, text) = crash(function(&workers, "kill").call(libc::SIGALRM));
    assert!(text.contains("signal 14 (SIGALRM)"), "{text}");

    // Python says this one itself.
    let error = call("run_out_of_memory").unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "MemoryError");
}

#[test]
fn a_worker_that_ends_between_calls_fails_none() {
    let workers = workers(1);
    let pid = function(&workers, "pid");
    for _ in 0..20 {
        let id: u32 = pid.call(()).unwrap();
        kill(id, libc::SIGKILL);
        assert_ne!(pid.call::<u32>(()).unwrap(), id);
    }
    // Also while it is stopped.
    let id: u32 = pid.call(()).unwrap();
    kill(id, libc::SIGSTOP);
    kill(id, libc::SIGKILL);
    assert_ne!(pid.call::<u32>(()).unwrap(), id);
}

#[test]
fn a_worker_that_ends_before_its_call_is_sent_is_not_used_again() {
    let workers = workers(1);
    let source = "
import os
import signal
import time

class Deadly:
    def __init__(self, worker):
        self.worker = worker

    def __reduce__(self):
        os.kill(self.worker, signal.SIGKILL)
        while os.path.exists('/proc/%d' % self.worker):
            time.sleep(0.001)
        raise ValueError('not to be sent')
";
    let deadly = common::module("deadly", source).function("Deadly").unwrap();
    let pid: u32 = function(&workers, "pid").call(()).unwrap();
    let argument: Object = deadly.call(pid).unwrap();
    let error = function(&workers, "echo").call::<()>(&argument).unwrap_err();
    assert!(error.to_string().contains("not to be sent"), "{error}");
    wait_for("another worker", || workers.statistics().started == 3);
    wait_for_free(&workers, 2);
    assert_eq!(workers.statistics().crashes, 1);
}

#[test]
fn statistics_add_up() {
    let workers = builder().worker_calls(7).workers(2).unwrap();
    let [pid, leave, stubborn, remember, sleep] =
        ["pid", "leave", "will_not_stop", "remember", "sleep"].map(|it| function(&workers, it));
    let soon = Duration::from_millis(1);
    for round in 0..4 {
        let id: u32 = pid.call(()).unwrap();
        kill(id, libc::SIGKILL);
        pid.call::<u32>(()).unwrap();
        crash(leave.call(round));
        _ = stubborn.within(soon).call::<()>(()).unwrap_err();
        let mut array = workers.zeros::<f64>(3).unwrap();
        let error = remember.call::<()>(&mut array).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
        workers.restart();
    }
    // Those whose time is up before there is a worker count as well.
    let cancel = Cancel::new();
    let sleep = sleep.cancelled_by(&cancel);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| sleep.call::<()>(()).unwrap_err());
        }
        wait_for("busy workers", || workers.statistics().busy == 2);
        _ = pid.within(soon).call::<u32>(()).unwrap_err();
        cancel.cancel();
    });
    assert_eq!((workers.statistics().deadlines, workers.statistics().cancelled), (5, 2));
    wait_for("the end of all replacements", || {
        let it = workers.statistics();
        it.free == 3 && it.started == it.crashes + it.restarts + 3
    });
    assert!(workers.statistics().crashes >= 4);
}

#[test]
fn an_import_that_ends_its_workers_is_an_error_that_says_so() {
    let workers = workers(1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("aborting.py");
    fs::write(&file, "import os\nos.abort()\n").unwrap();
    let target = format!("{}:function", file.display());
    let error = workers.function(&target).unwrap_err();
    let ErrorKind::Crashed(crash) = error.kind() else { panic!("{error}") };
    assert_eq!(crash.signal(), Some(libc::SIGABRT));
    assert!(error.to_string().starts_with(&target), "{error}");
    // Each of the two once.
    assert_eq!(workers.statistics().crashes, 2);
    assert_eq!(function(&workers, "echo").call::<i64>(1).unwrap(), 1);
}

#[test]
fn calls_are_repeated_only_if_they_may_be() {
    let workers = workers(1);
    let leave = function(&workers, "leave");
    crash(leave.call(1));
    assert_eq!(workers.statistics().crashes, 1);
    crash(leave.retries(2).call(1));
    assert_eq!(workers.statistics().crashes, 4);
    assert_eq!(function(&workers, "echo").retries(5).call::<i64>(1).unwrap(), 1);
}

#[test]
fn a_worker_may_do_as_it_likes_with_its_descriptors() {
    let workers = workers(1);
    let echo = function(&workers, "echo");

    // Its result is lost.
    // A worker that takes long to say why it ends is killed.
    let says_why = || {
        let (closed, _) = crash(function(&workers, "close_descriptors").call(()));
        closed.stderr().contains("Bad file descriptor")
    };
    assert!((0..5).any(|_| says_why()));
    let (closed, text) = crash(function(&workers, "close_descriptors_and_stay").call(()));
    assert!(text.contains("it has closed its pipe"), "{text}");
    assert_eq!(closed.signal(), Some(libc::SIGKILL));
    assert_eq!(echo.call::<i64>(1).unwrap(), 1);

    let print = function(&workers, "print_to");
    for descriptor in [1, 2] {
        assert_eq!(print.call::<String>(descriptor).unwrap(), "printed");
    }
    assert_eq!(function(&workers, "run_in_child").call::<i32>(()).unwrap(), 5);

    // A grandchild has the pipes, and lives on.
    let (forked, _) = crash(function(&workers, "fork_and_stay").call(()));
    assert_eq!(forked.exit_status(), Some(7));
    assert_eq!(echo.call::<i64>(2).unwrap(), 2);

    // Shared memory is neither shortened nor, for arguments, written or kept from growing.
    assert!(function(&workers, "truncate_shared_memory").call::<bool>(()).unwrap());
    assert!(!function(&workers, "write_arguments").call::<bool>(()).unwrap());
    assert!(!function(&workers, "seal_arguments").call::<bool>(()).unwrap());
    let values: Array<f64> = echo.call(&[1.0, 2.0]).unwrap();
    assert_eq!(values[..], [1.0, 2.0]);
}

#[test]
fn the_child_of_a_fork_does_not_answer_for_its_worker() {
    let workers = workers(1);
    // Its parent waits for its end.
    let fork = function(&workers, "fork_and_return").within(Duration::from_secs(60));
    let [echo, fill] = ["echo", "fill"].map(|name| function(&workers, name));
    for (how, status) in [("return", 0), ("exit", 3), ("fail", 1)] {
        assert_eq!(fork.call::<Option<i64>>(how).unwrap(), Some(status), "{how}");
        assert_eq!(echo.call::<i64>(1).unwrap(), 1);
        assert_eq!(fill.call::<Array<f64>>(3).unwrap()[..], [0.0, 1.0, 2.0]);
    }
    // Nor does one that was made before the first call.
    let forked = builder().worker_setup("os:fork").workers(1).unwrap();
    let echo = function(&forked, "echo");
    for value in 0..100 {
        assert_eq!(echo.call::<i64>(value).unwrap(), value);
    }
    assert_eq!([workers, forked].map(|it| it.statistics().crashes), [0, 0]);
}

/// Has this process's stdin, stdout or stderr lead to a descriptor.
fn replace(number: i32, other: std::os::fd::BorrowedFd<'_>) {
    use std::os::fd::AsRawFd as _;

    // SAFETY: what had the number is needed by no one.
    #[allow(unsafe_code, reason = "there is no safe way to replace stderr")]
    let status = unsafe { libc::dup2(other.as_raw_fd(), number) };
    assert_eq!(status, number);
}

#[test]
fn a_program_may_have_closed_its_stdio() {
    const NAME: &str = "a_program_may_have_closed_its_stdio";
    alone(
        NAME,
        |_| (),
        || {
            use std::os::fd::AsFd as _;

            // libffi keeps its own file open from the time that it is loaded, since 3.5.
            common::python().module("ctypes").unwrap();
            let stdio: [std::os::fd::OwnedFd; 3] = [
                std::io::stdin().as_fd().try_clone_to_owned().unwrap(),
                std::io::stdout().as_fd().try_clone_to_owned().unwrap(),
                std::io::stderr().as_fd().try_clone_to_owned().unwrap(),
            ];
            // SAFETY: nothing reads or writes these until they are there again, but workers.
            #[allow(unsafe_code, reason = "there is no safe way to close stdio")]
            (0..3).for_each(|number| assert_eq!(unsafe { libc::close(number) }, 0));
            let used =
                || (0..3).filter(|number| fs::exists(format!("/proc/self/fd/{number}")).unwrap());
            let work = || -> Result<Vec<u32>> {
                let workers = builder().worker_calls(3).workers(1)?;
                let print = workers.function("labour:print_to")?;
                let mut array = workers.zeros::<f64>(3)?;
                let scale = workers.function("labour:scale_in_place")?;
                array.fill(2.0);
                let cancel = Cancel::new();
                for _ in 0..4 {
                    print.cancelled_by(&cancel).call::<String>(1)?;
                    print.call::<String>(2)?;
                    scale.call::<()>((&mut array, 1.0))?;
                    if array[..] != [2.0; 3] {
                        return Ok(vec![9]);
                    }
                }
                Ok(used().collect())
            };
            let worked = work();
            for (number, saved) in (0..3).zip(&stdio) {
                replace(number, saved.as_fd());
            }
            assert_eq!(worked.unwrap(), [] as [u32; 0]);
        },
    );
}

#[test]
fn a_limit_of_file_sizes_is_an_error_and_ends_no_program() {
    const NAME: &str = "a_limit_of_file_sizes_is_an_error_and_ends_no_program";
    alone(
        NAME,
        |_| (),
        || {
            let workers = workers(1);
            let total = function(&workers, "total");
            assert_eq!(total.call::<f64>(&[1.0, 2.0]).unwrap(), 3.0);
            let limit = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
            // SAFETY: sets a limit of this process, which is a test's own.
            #[allow(unsafe_code, reason = "there is no safe way to set a limit")]
            let status = unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) };
            assert_eq!(status, 0);
            let large = vec![1.0; 1 << 20];
            let errors = [
                total.call::<f64>(&large).unwrap_err(),
                total.call::<f64>("x".repeat(1 << 21)).unwrap_err(),
                workers.zeros::<f64>(1 << 20).unwrap_err(),
            ];
            for error in errors {
                assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
                assert!(error.to_string().contains("ulimit -f"), "{error}");
            }
            assert_eq!(total.call::<f64>(&[1.0, 2.0]).unwrap(), 3.0);
        },
    );
}

#[test]
fn a_worker_that_writes_to_stderr_without_end_holds_up_no_other() {
    const NAME: &str = "a_worker_that_writes_to_stderr_without_end_holds_up_no_other";
    alone(
        NAME,
        |_| (),
        || {
            use std::os::fd::AsFd as _;

            replace(2, fs::File::options().write(true).open("/dev/null").unwrap().as_fd());
            let workers = workers(2);
            let [shout, sleep, leave] =
                ["shout", "sleep", "leave"].map(|name| function(&workers, name));
            let loud: u32 = shout.call(()).unwrap();
            thread::scope(|scope| {
                // The one that was used last.
                let sleeper = scope.spawn(|| sleep.call(()));
                wait_for("a busy worker", || workers.statistics().busy == 1);
                for _ in 0..5 {
                    crash(leave.call(1));
                }
                kill(loud, libc::SIGKILL);
                crash(sleeper.join().unwrap());
            });
            // Nor does it hold up the end, though it still writes.
            shout.call::<u32>(()).unwrap();
            drop((workers, shout, sleep, leave));
        },
    );
}

#[test]
fn workers_need_no_one_who_reads_what_they_write_to_stderr() {
    const NAME: &str = "workers_need_no_one_who_reads_what_they_write_to_stderr";
    alone(
        NAME,
        |_| (),
        || {
            use std::os::fd::AsFd as _;

            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            replace(2, writer.as_fd());
            let workers = workers(1);
            let write = function(&workers, "write_much").within(Duration::from_secs(60));
            write.call::<()>(2).unwrap();
        },
    );
}

#[test]
fn signals_have_their_default_actions_in_workers() {
    const NAME: &str = "signals_have_their_default_actions_in_workers";
    alone(
        NAME,
        |_| (),
        || {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGCHLD] {
                // SAFETY: changes what this process does about a signal that does not come.
                #[allow(unsafe_code, reason = "there is no safe way to ignore a signal")]
                unsafe {
                    libc::signal(signal, libc::SIG_IGN)
                };
            }
            let workers = workers(1);
            let signals = function(&workers, "signals");
            let (blocked, ignored): (u64, u64) = signals.call(()).unwrap();
            let of = |signal: i32| 1_u64 << (signal - 1);
            // 32 and 33 are the C library's own, and those two are ignored by Python itself.
            let ignored = ignored & !(of(32) | of(33));
            assert_eq!((blocked, ignored), (0, of(libc::SIGPIPE) | of(libc::SIGXFSZ)));
            // Nor does a host that ignores the end of its children lose sight of a worker's.
            for _ in 0..3 {
                let error = function(&workers, "leave").call::<()>(3).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Crashed(_)), "{error}");
                signals.call::<(u64, u64)>(()).unwrap();
            }
        },
    );
}

#[test]
fn nonsense_in_the_pipe_is_an_error_of_the_call() {
    let workers = workers(1);
    let nonsense = function(&workers, "write_nonsense");
    for data in [&b"x"[..], &[0; 24], &[255; 4096]] {
        let (_, text) = crash(nonsense.call(callpy::Bytes(data)));
        assert!(text.contains("it was killed, since"), "{text}");
        assert_eq!(function(&workers, "echo").call::<i64>(1).unwrap(), 1);
    }
    // An answer whose parts are missing costs the worker, too.
    wait_for_free(&workers, 2);
    let [pid, nothing] = ["pid", "answer_nothing"].map(|name| function(&workers, name));
    let pid: u32 = pid.call(()).unwrap();
    let (_, text) = crash(nothing.call(()));
    assert!(text.contains("it was killed, since"), "{text}");
    assert!(!exists(pid));
    for _ in 0..3 {
        assert_eq!(function(&workers, "echo").call::<i64>(1).unwrap(), 1);
    }
}

#[test]
fn an_answer_that_names_a_wrong_place_costs_its_worker() {
    let workers = workers(1);
    let answer = function(&workers, "answer_elsewhere");
    for (offset, length) in
        [(1_u64 << 40, 1_u64), (8, 1), (64, 1), (4096, 1 << 40), (1 << 19, 1 << 17)]
    {
        let (killed, text) = crash(answer.call((offset, length)));
        assert!(text.contains("it was killed, since"), "{text}");
        assert_eq!(killed.signal(), Some(libc::SIGKILL));
        let values: Array<f64> = function(&workers, "echo").call(&[1.0, 2.0]).unwrap();
        assert_eq!(values[..], [1.0, 2.0]);
    }
}

#[test]
fn no_worker_survives_its_host() {
    const NAME: &str = "no_worker_survives_its_host";
    if is_child(NAME) {
        // On a thread that ends long before the process does.
        let workers = thread::spawn(|| workers(2)).join().unwrap();
        let (pid, spin) = (function(&workers, "pid"), function(&workers, "will_not_stop"));
        let busy = thread::spawn(move || spin.call::<()>(()));
        wait_for("a busy worker", || workers.statistics().busy == 1);
        assert!(pid.call::<u32>(()).is_ok());
        for child in fs::read_to_string(format!("/proc/{}/task", std::process::id())).into_iter() {
            println!("{child}");
        }
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        for task in tasks {
            let children =
                fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default();
            println!("children {children}");
        }
        println!("ready");
        busy.join().unwrap().unwrap();
        return;
    }
    let mut host = callpy::child::spawn(child(NAME).stdout(Stdio::piped())).unwrap();
    let mut ids = Vec::new();
    for line in BufReader::new(host.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(children) = line.strip_prefix("children ") {
            ids.extend(children.split_whitespace().map(|id| id.parse::<u32>().unwrap()));
        }
        if line == "ready" {
            break;
        }
    }
    assert_eq!(ids.len(), 3, "two workers and a spare one");
    assert!(ids.iter().all(|id| exists(*id)));
    host.kill().unwrap();
    host.wait().unwrap();
    wait_for("the end of all workers", || ids.iter().all(|id| !exists(*id)));
}

#[test]
fn the_child_of_a_fork_is_told_that_the_workers_are_not_its_own() {
    const NAME: &str = "the_child_of_a_fork_is_told_that_the_workers_are_not_its_own";
    alone(
        NAME,
        |_| (),
        || {
            let workers = workers(1);
            let echo = function(&workers, "echo");
            assert_eq!(echo.call::<i64>(1).unwrap(), 1);
            // SAFETY: the child calls, and leaves by `_exit`.
            #[allow(unsafe_code, reason = "there is no safe fork")]
            let status = unsafe {
                match libc::fork() {
                    0 => {
                        let error = echo.call::<i64>(2).unwrap_err();
                        let asked = workers.function("labour:pid").unwrap_err();
                        assert!(workers.zeros::<f64>(3).is_err());
                        workers.restart();
                        let is_told =
                            [error, asked].iter().all(|it| it.to_string().contains("a fork of it"));
                        drop((workers, echo));
                        libc::_exit(if is_told { 0 } else { 1 })
                    }
                    child => {
                        let mut status = 0;
                        libc::waitpid(child, &mut status, 0);
                        status
                    }
                }
            };
            assert_eq!(status, 0);
            assert_eq!(echo.call::<i64>(3).unwrap(), 3);
        },
    );
}

#[test]
fn the_child_of_a_fork_lets_go_of_workers_whatever_other_threads_did() {
    const NAME: &str = "the_child_of_a_fork_lets_go_of_workers_whatever_other_threads_did";
    alone(
        NAME,
        |_| (),
        || {
            let workers = workers(1);
            let echo = function(&workers, "echo");
            let result: Array<f64> = echo.call(&[1.0, 2.0]).unwrap();
            let array = workers.zeros::<f64>(3).unwrap();
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                let over = Over(&is_over);
                // At any time some of them have something locked.
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        _ = (workers.statistics(), workers.zeros::<f64>(1).unwrap());
                    }
                });
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        echo.call::<Array<f64>>(&[1.0]).unwrap();
                    }
                });
                for _ in 0..200 {
                    // SAFETY: the child lets go of copies of what this function has, and leaves by `_exit` or
                    // the signal.
                    #[allow(unsafe_code, reason = "there is no safe fork")]
                    let status = unsafe {
                        match libc::fork() {
                            0 => {
                                libc::alarm(60);
                                _ = workers.statistics();
                                for one in [&workers, &workers] {
                                    drop(std::ptr::read(one));
                                }
                                drop((std::ptr::read(&result), std::ptr::read(&array)));
                                libc::_exit(0)
                            }
                            child => {
                                let mut status = 0;
                                libc::waitpid(child, &mut status, 0);
                                status
                            }
                        }
                    };
                    assert_eq!(status, 0);
                }
                drop(over);
            });
        },
    );
}

/// Sets a flag when it is dropped, also by a panic, after which callers would not end.
struct Over<'f>(&'f AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What this process has of what could be left behind.
struct Baseline {
    descriptors: usize,
    dev_shm: usize,
}

impl Baseline {
    fn take() -> Baseline {
        // libffi keeps its own file open from the time that it is loaded, since 3.5.
        common::python().module("ctypes").unwrap();
        let count = |folder: &str| fs::read_dir(folder).map_or(0, |entries| entries.count());
        Baseline { descriptors: count("/proc/self/fd"), dev_shm: count("/dev/shm") }
    }

    /// Looks whether all is as it was, once the workers are gone.
    fn check(&self) {
        assert_eq!(own_children(), [] as [u32; 0]);
        callpy::Python::running().unwrap().trim().unwrap();
        let now = Baseline::take();
        let (descriptors, dev_shm) = (now.descriptors, now.dev_shm);
        assert_eq!((descriptors, dev_shm), (self.descriptors, self.dev_shm));
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        assert!(!maps.contains("callpy-"), "{maps}");
    }
}

fn own_children() -> Vec<u32> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let children = tasks.flatten().map(|task| fs::read_to_string(task.path().join("children")));
    let children: String = children.map(std::io::Result::unwrap_or_default).collect();
    children.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

#[test]
fn random_kills_leave_nothing_behind() {
    const NAME: &str = "random_kills_leave_nothing_behind";
    // A worker takes a while to start: more kills are for `CALLPY_TEST_KILLS`.
    let kills_wanted: usize =
        std::env::var("CALLPY_TEST_KILLS").map_or(60, |it| it.parse().unwrap());
    alone(
        NAME,
        |_| (),
        || {
            drop(workers(1));
            let baseline = Baseline::take();
            let workers = workers(2);
            let [echo, scaled] = ["echo", "scaled"].map(|name| function(&workers, name));
            let (is_over, kills) = (AtomicBool::new(false), AtomicUsize::new(0));
            let (good, crashed) = (AtomicUsize::new(0), AtomicUsize::new(0));
            thread::scope(|scope| {
                for caller in 0..8_usize {
                    let (echo, scaled, is_over) = (&echo, &scaled, &is_over);
                    let (good, crashed) = (&good, &crashed);
                    scope.spawn(move || {
                        let mut round = caller;
                        while !is_over.load(Ordering::Relaxed) {
                            round += 1;
                            let values = vec![round as f64; 1 + (round * 7919) % 50_000];
                            let result = match round % 2 {
                                0 => scaled.call::<Array<f64>>((&values, 1.0)),
                                _ => echo.call(&values),
                            };
                            match result {
                                Ok(result) => {
                                    assert_eq!(result[..], values);
                                    good.fetch_add(1, Ordering::Relaxed);
                                }
                                Err(error) => {
                                    assert!(
                                        matches!(error.kind(), ErrorKind::Crashed(_)),
                                        "{error:#}"
                                    );
                                    crashed.fetch_add(1, Ordering::Relaxed);
                                }
                            }
                        }
                    });
                }
                let _over = Over(&is_over);
                let mut random = 88_172_645_463_325_252_u64;
                while kills.load(Ordering::Relaxed) < kills_wanted {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    let children = own_children();
                    if children.is_empty() {
                        thread::yield_now();
                        continue;
                    }
                    kill(children[random as usize % children.len()], libc::SIGKILL);
                    // A pool gives up if five workers in a row end as they start.
                    if kills.fetch_add(1, Ordering::Relaxed) % 4 == 3 {
                        wait_for("all workers", || {
                            let statistics = workers.statistics();
                            statistics.free + statistics.busy == 3
                        });
                    }
                    // Somewhere in the calls that follow.
                    let next = good.load(Ordering::Relaxed) + 1 + random as usize % 100;
                    wait_for("another call", || good.load(Ordering::Relaxed) >= next);
                }
            });
            let (good, crashed) = (good.into_inner(), crashed.into_inner());
            assert!(good > 0 && crashed <= kills_wanted, "{good} good, {crashed} crashed");
            // All is as it was.
            assert_eq!(echo.call::<i64>(1).unwrap(), 1);
            assert_eq!(workers.statistics().busy, 0);
            drop((workers, echo, scaled));
            baseline.check();
        },
    );
}

/// Has its caller make one call of any sort, whatever comes of it.
fn make_some_call(workers: &Workers, functions: &[Function], random: u64) -> Result<()> {
    let [echo, sleep, spin, leave, scale, write_on, map] = functions else { panic!("seven") };
    let soon = Duration::from_micros(random % 5_000);
    let size = 1 + (random >> 16) as usize % 50_000;
    match random % 16 {
        0 => leave.call(1),
        1 => spin.within(soon).call(()),
        2 => sleep.within(soon).call(1.0),
        3 => {
            let cancel = Cancel::new();
            let (cancelled, cancel) = (sleep.cancelled_by(&cancel), &cancel);
            thread::scope(|scope| {
                scope.spawn(move || {
                    thread::sleep(soon);
                    cancel.cancel();
                });
                cancelled.call(1.0)
            })
        }
        4 => write_on.within(soon).call(&mut workers.zeros::<f64>(size)?),
        5 | 6 => {
            let mut array = workers.zeros::<f64>(size)?;
            array.fill(random as f64);
            scale.call::<()>((&mut array, 2.0))?;
            assert!(array.iter().all(|element| *element == 2.0 * random as f64));
            Ok(())
        }
        7 => {
            let (map, count) = match random >> 8 & 1 {
                0 => (map.within(Duration::from_millis(20)), 4),
                _ => (map.clone(), 50),
            };
            let results = map.map::<i64, _>(0..count).into_iter();
            (0..)
                .zip(results)
                .try_for_each(|(number, result)| result.map(|value| assert_eq!(value, number)))
        }
        8 => {
            workers.restart();
            Ok(())
        }
        _ => {
            let values = vec![random as f64; size];
            let result: Array<f64> = echo.call(&values)?;
            assert_eq!(result[..], values);
            Ok(())
        }
    }
}

#[test]
fn a_mixture_of_all_leaves_nothing_behind() {
    const NAME: &str = "a_mixture_of_all_leaves_nothing_behind";
    // `.ci/soak` lets it run for ten minutes.
    let seconds = std::env::var("CALLPY_TEST_SOAK").map_or(1, |it| it.parse().unwrap());
    alone(
        NAME,
        |_| (),
        || {
            drop(workers(1));
            let baseline = Baseline::take();
            let workers = workers(2);
            let functions =
                ["echo", "sleep_for", "spin", "leave", "scale_in_place", "write_on", "echo"]
                    .map(|name| function(&workers, name));
            let end = Instant::now() + Duration::from_secs(seconds);
            let (calls, good) = (AtomicUsize::new(0), AtomicUsize::new(0));
            thread::scope(|scope| {
                for caller in 1..=8_u64 {
                    let (workers, functions, calls, good) = (&workers, &functions, &calls, &good);
                    scope.spawn(move || {
                        let mut random = caller * 88_172_645_463_325_252;
                        while Instant::now() < end {
                            random ^= random << 13;
                            random ^= random >> 7;
                            random ^= random << 17;
                            calls.fetch_add(1, Ordering::Relaxed);
                            let Err(error) = make_some_call(workers, functions, random) else {
                                good.fetch_add(1, Ordering::Relaxed);
                                continue;
                            };
                            assert!(
                                matches!(
                                    error.kind(),
                                    ErrorKind::Crashed(_)
                                        | ErrorKind::Deadline
                                        | ErrorKind::Cancelled
                                ),
                                "{error:#}"
                            );
                        }
                    });
                }
                let mut random = 1_u64;
                while Instant::now() < end {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let children = own_children();
                    if !children.is_empty() {
                        kill(children[(random >> 33) as usize % children.len()], libc::SIGKILL);
                    }
                    thread::sleep(Duration::from_millis(random >> 56));
                    // A pool gives up if several workers in a row end as they start.
                    let next = good.load(Ordering::Relaxed) + 1;
                    while good.load(Ordering::Relaxed) < next && Instant::now() < end {
                        thread::yield_now();
                    }
                }
            });
            assert_eq!(functions[0].call::<i64>(1).unwrap(), 1);
            let statistics = workers.statistics();
            assert_eq!((statistics.busy, statistics.waiting), (0, 0));
            println!("{} calls, {statistics:?}", calls.into_inner());
            drop((workers, functions));
            baseline.check();
        },
    );
}
