//! Starting: one interpreter, whichever thread is first; errors after which a second start succeeds;
//! the same environment as in its own python; the host's signals left alone.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::process::Command;
use std::sync::Barrier;
use std::thread;

use callpy::{ErrorKind, Python};
use common::{alone, eval, lambda, module, python};

#[test]
fn sixteen_threads_start_one_interpreter() {
    alone(
        "sixteen_threads_start_one_interpreter",
        |_| (),
        || {
            assert!(Python::running().is_none());
            let all = Barrier::new(16);
            let start = || {
                all.wait();
                python();
                let seen = lambda("lambda array: (id(sys.modules), array.sum())");
                let (interpreter, sum): (usize, f64) = seen.call(&[1.0, 2.0][..]).unwrap();
                assert_eq!(sum, 3.0);
                (interpreter, Python::running().unwrap().interpreter().unwrap().executable())
            };
            thread::scope(|scope| {
                let threads: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
                let all: Vec<_> =
                    threads.into_iter().map(|thread| thread.join().unwrap()).collect();
                assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
            });
            // The thread that started it has ended.
            assert_eq!(eval::<i64>("5").unwrap(), 5);
        },
    );
}

#[test]
fn a_failed_start_can_be_got_past() {
    alone(
        "a_failed_start_can_be_got_past",
        |_| (),
        || {
            let error = Python::builder().python("/no/such/python").start().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Locate(_)), "{error}");
            assert!(error.to_string().contains("/no/such/python"), "{error}");
            let error = Python::builder().script("no_such_script.py").start().unwrap_err();
            assert!(error.to_string().contains("no_such_script.py"), "{error}");
            let error = Python::builder().require(["not a requirement!"]).start().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Environment), "{error}");
            assert!(Python::running().is_none());
            python();
            assert_eq!(eval::<i64>("1 + 1").unwrap(), 2);
        },
    );
}

#[test]
fn a_second_start_is_held_against_the_first() {
    alone(
        "a_second_start_is_held_against_the_first",
        |_| (),
        || {
            let first = python();
            let chosen = first.interpreter().unwrap();
            Python::start().unwrap();
            python();
            Python::builder().python(chosen.executable()).start().unwrap();
            Python::builder().require(["numpy>=1.17"]).start().unwrap();

            let error = Python::builder().require(["callpy-no-such-package"]).start().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Start), "{error}");
            assert!(error.to_string().contains("callpy-no-such-package"), "{error}");
            let error = Python::builder().require(["numpy<1"]).start().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Start), "{error}");

            // An environment on top of the same Python is another interpreter.
            let folder = tempfile::tempdir().unwrap();
            let made = Command::new(chosen.executable())
                .args(["-m", "venv", "--without-pip"])
                .arg(folder.path())
                .status()
                .unwrap();
            assert!(made.success());
            let error = Python::builder().python(folder.path()).start().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Start), "{error}");
            assert!(error.to_string().contains("runs in this process already"), "{error}");
            assert_eq!(eval::<i64>("1").unwrap(), 1);
        },
    );
}

#[test]
fn the_environment_is_as_its_own_python_has_it() {
    let facts = "[sys.executable, sys.prefix, sys.base_prefix, sys.exec_prefix, \
                 sys.getfilesystemencoding(), sys.stdout.encoding, \
                 __import__('locale').getpreferredencoding(False), str(sys.flags.utf8_mode)]";
    let name = "the_environment_is_as_its_own_python_has_it";
    if common::is_child(name) {
        let embedded: Vec<String> = {
            python();
            eval(facts).unwrap()
        };
        let executable = python().interpreter().unwrap().executable();
        let script = format!("import sys\nprint('\\n'.join({facts}))");
        let output = Command::new(executable).args(["-c", &script]).output().unwrap();
        let own = String::from_utf8(output.stdout).unwrap();
        assert_eq!(embedded, own.lines().collect::<Vec<_>>());
        let path: Vec<String> =
            eval("[p for p in sys.path if 'tests/python' not in p and 'callpy/modules' not in p]")
                .unwrap();
        let script = "import sys\nprint('\\n'.join(sys.path[1:]))";
        let output = Command::new(executable).args(["-c", script]).output().unwrap();
        assert_eq!(path, String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>());
        assert_eq!(eval::<Vec<String>>("sys.argv").unwrap(), [""]);
        return;
    }
    // In a UTF-8 locale, in none, in C's, in one that does not exist, and in Python's UTF-8 mode.
    for (variable, value) in [
        ("LANG", "C.UTF-8"),
        ("LANG", ""),
        ("LC_ALL", "C"),
        ("LC_ALL", "xx_XX"),
        ("PYTHONUTF8", "1"),
    ] {
        alone(
            name,
            |child| {
                for other in ["LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8"] {
                    child.env_remove(other);
                }
                child.env(variable, value);
            },
            || unreachable!(),
        );
    }
}

#[cfg(unix)]
#[test]
fn an_environment_may_be_in_a_folder_of_any_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let name = "an_environment_may_be_in_a_folder_of_any_name";
    if common::is_child(name) {
        let python = Python::start().unwrap();
        let prefix = python.module("sys").unwrap().attr("prefix").unwrap();
        let prefix: std::path::PathBuf = prefix.extract().unwrap();
        assert_eq!(prefix, std::path::PathBuf::from(std::env::var_os("CALLPY_PYTHON").unwrap()));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let base = python().interpreter().unwrap().executable();
    // One whose name is no text can't be created there, but it can be moved there.
    let made = folder.path().join("made");
    let venv = Command::new(base).args(["-m", "venv", "--without-pip"]).arg(&made).status();
    assert!(venv.unwrap().success());
    for environment in ["mit Größe 日本".as_bytes(), b"no text \xff\xc3"] {
        let environment =
            folder.path().canonicalize().unwrap().join(OsStr::from_bytes(environment));
        std::fs::rename(&made, &environment).unwrap();
        for locale in ["C", "C.UTF-8"] {
            alone(
                name,
                |child| {
                    child.env("CALLPY_PYTHON", &environment).env("LC_ALL", locale);
                },
                || unreachable!(),
            );
        }
        std::fs::rename(&environment, &made).unwrap();
    }
}

/// Imports what sets signal handlers, and runs what sets them for a while.
#[cfg(unix)]
const ASYNC: &str = "
import asyncio
import multiprocessing
import signal
import subprocess
import threading

async def wait():
    await asyncio.sleep(0)
    return 'done'

def run():
    return asyncio.run(wait())
";

#[cfg(unix)]
mod signals {
    use std::ffi::c_int;
    use std::mem::MaybeUninit;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count(_: c_int) {
        INTERRUPTS.fetch_add(1, Ordering::SeqCst);
    }

    /// The handler and flags that a signal has.
    fn action(signal: c_int) -> (usize, c_int) {
        let mut action = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: asks for the present action, which is then filled.
        let action = unsafe {
            assert_eq!(libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()), 0);
            action.assume_init()
        };
        (action.sa_sigaction, action.sa_flags)
    }

    fn all() -> Vec<(usize, c_int)> {
        [
            libc::SIGINT,
            libc::SIGTERM,
            libc::SIGPIPE,
            libc::SIGCHLD,
            libc::SIGSEGV,
            libc::SIGXFSZ,
            libc::SIGHUP,
        ]
        .map(action)
        .into()
    }

    fn set(handler: usize) {
        // SAFETY: sets a handler that only counts, or one of the system's own.
        assert_ne!(unsafe { libc::signal(libc::SIGINT, handler) }, libc::SIG_ERR);
    }

    /// Starts Python, runs everything that likes to set handlers, and compares.
    fn untouched() {
        let before = all();
        python();
        assert_eq!(all(), before, "after the start");
        let run = module("signals", ASYNC).function("run").unwrap();
        assert_eq!(run.call::<String>(()).unwrap(), "done");
        assert_eq!(all(), before, "after asyncio.run");
        thread::spawn(move || run.call::<String>(()).unwrap()).join().unwrap();
        assert_eq!(all(), before, "after asyncio.run on another thread");
    }

    #[test]
    fn the_default_interrupt_stays() {
        alone(
            "signals::the_default_interrupt_stays",
            |_| (),
            || {
                set(libc::SIG_DFL);
                untouched();
            },
        );
    }

    #[test]
    fn an_ignored_interrupt_stays_ignored() {
        alone(
            "signals::an_ignored_interrupt_stays_ignored",
            |_| (),
            || {
                set(libc::SIG_IGN);
                untouched();
                // SAFETY: raises a signal that is ignored.
                unsafe { libc::raise(libc::SIGINT) };
                assert_eq!(eval::<i64>("1").unwrap(), 1);
            },
        );
    }

    #[test]
    fn the_hosts_own_handler_stays() {
        alone(
            "signals::the_hosts_own_handler_stays",
            |_| (),
            || {
                set(count as extern "C" fn(c_int) as usize);
                untouched();
                // SAFETY: raises a signal whose handler counts.
                unsafe { libc::raise(libc::SIGINT) };
                assert_eq!(INTERRUPTS.load(Ordering::SeqCst), 1);
                assert_eq!(eval::<i64>("1").unwrap(), 1, "and Python does not hear of it");
            },
        );
    }
}

/// Work for other processes.
const PROCESSES: &str = "
import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

def pool(method):
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return list(pool.map(math.factorial, range(6)))

def methods():
    return multiprocessing.get_all_start_methods()
";

#[test]
fn multiprocessing_works() {
    alone(
        "multiprocessing_works",
        |_| (),
        || {
            let processes = module("factorials", PROCESSES);
            let pool = processes.function("pool").unwrap();
            for method in processes.function("methods").unwrap().call::<Vec<String>>(()).unwrap() {
                let factorials: Vec<i64> = pool.call(method.as_str()).unwrap();
                assert_eq!(factorials, [1, 1, 2, 6, 24, 120], "{method}");
            }
        },
    );
}

/// How many threads the OpenBLAS of NumPy's wheels uses, or that of Debian.
#[cfg(target_os = "linux")]
const OPENBLAS: &str = "
import ctypes, os, numpy

def threads():
    numpy.ones((2, 2)) @ numpy.ones((2, 2))
    with open('/proc/self/maps') as maps:
        paths = {line.split()[-1] for line in maps}
    path, = [path for path in paths if 'openblas' in os.path.basename(path)]
    library = ctypes.CDLL(path)
    names = [a + 'openblas_get_num_threads' + b for a in ('', 'scipy_') for b in ('', '64_')]
    return next(getattr(library, name)() for name in names if hasattr(library, name))
";

#[test]
#[cfg(target_os = "linux")]
fn library_threads_are_set_before_and_after_loading() {
    let threads = |count| std::num::NonZeroUsize::new(count).unwrap();
    alone(
        "library_threads_are_set_before_and_after_loading",
        |_| (),
        || {
            Python::builder().require(["numpy"]).library_threads(threads(1)).start().unwrap();
            let used = module("openblas", OPENBLAS).function("threads").unwrap();
            assert_eq!(used.call::<usize>(()).unwrap(), 1);
            // A library's file that something reads, and no one has loaded.
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("libmkl_rt.so");
            std::fs::write(&file, "no library").unwrap();
            let read = lambda(
                "lambda path: (lambda file: \
                 __import__('mmap').mmap(file.fileno(), 0, access=1))(open(path, 'rb'))",
            );
            let _mapped: callpy::Object = read.call(file.to_str().unwrap()).unwrap();
            Python::builder().library_threads(threads(2)).start().unwrap();
            assert_eq!(used.call::<usize>(()).unwrap(), 2);
            assert_eq!(eval::<String>("__import__('os').environ['OMP_NUM_THREADS']").unwrap(), "2");
        },
    );
}

#[test]
fn search_paths_come_first() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("only_here.py"), "def f():\n    return 'found'\n").unwrap();
    python();
    let started = Python::builder().search_path(folder.path()).start().unwrap();
    let f = started.function("only_here:f").unwrap();
    assert_eq!(f.call::<String>(()).unwrap(), "found");
}

#[test]
fn the_interpreter_is_the_one_that_was_located() {
    let python = python();
    let interpreter = python.interpreter().unwrap();
    let (major, minor, micro) = interpreter.version();
    let running: (u8, u8, u8) = eval("tuple(sys.version_info[:3])").unwrap();
    assert_eq!(running, (major, minor, micro));
    let chosen = python.report().unwrap().chosen().unwrap();
    assert_eq!(chosen.interpreter().unwrap().executable(), interpreter.executable());
}
