//! Workers on kernels, and in sandboxes, that lack what newer ones offer: something else is used, or an error
//! says what is missing.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::time::Duration;

use callpy::{Array, ErrorKind, Function, Python, Workers};
use common::{alone, file};

/// Numbers of system calls.
#[cfg(target_arch = "x86_64")]
mod number {
    pub(super) const FCNTL: u32 = 72;
    pub(super) const FALLOCATE: u32 = 285;
    pub(super) const PIPE2: u32 = 293;
    pub(super) const MEMFD_CREATE: u32 = 319;
    pub(super) const PIDFD_OPEN: u32 = 434;
}
#[cfg(target_arch = "aarch64")]
mod number {
    pub(super) const FCNTL: u32 = 25;
    pub(super) const FALLOCATE: u32 = 47;
    pub(super) const PIPE2: u32 = 59;
    pub(super) const MEMFD_CREATE: u32 = 279;
    pub(super) const PIDFD_OPEN: u32 = 434;
}

/// Has a system call, if the argument at a place is that one, fail from now on: on this thread, and on threads
/// and in processes that it starts.
fn deny(call: u32, argument: Option<(u32, u32)>, error: i32) {
    let source = "
import ctypes, struct

def deny(call, argument, error):
    rule = lambda code, yes, no, value: struct.pack('HBBI', code, yes, no, value)
    load, equal, give = 0x20, 0x15, 0x06
    fail, allow = 0x00050000 | error, 0x7FFF0000
    rules = [rule(load, 0, 0, 0), rule(equal, 0, 1 if argument is None else 3, call)]
    if argument is not None:
        rules += [rule(load, 0, 0, 16 + 8 * argument[0]), rule(equal, 0, 1, argument[1])]
    rules += [rule(give, 0, 0, fail), rule(give, 0, 0, allow)]
    data = ctypes.create_string_buffer(b''.join(rules))
    program = struct.pack('HxxxxxxQ', len(rules), ctypes.addressof(data))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    if libc.prctl(38, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno())
    buffer = ctypes.create_string_buffer(program)
    if libc.prctl(22, 2, ctypes.addressof(buffer), 0, 0):
        raise OSError(ctypes.get_errno())
";
    let module = common::module("denial", source);
    module.function("deny").unwrap().call::<()>((call, argument, error)).unwrap();
}

fn start() -> callpy::Result<Workers> {
    Python::builder().require(["numpy"]).search_path(file("")).workers(1)
}

fn function(workers: &Workers, name: &str) -> Function {
    workers.function(&format!("labour:{name}")).unwrap()
}

#[test]
fn the_end_of_a_worker_is_seen_without_a_descriptor_for_it() {
    const NAME: &str = "the_end_of_a_worker_is_seen_without_a_descriptor_for_it";
    alone(
        NAME,
        |_| (),
        || {
            deny(number::PIDFD_OPEN, None, libc::ENOSYS);
            let workers = start().unwrap();
            let echo = function(&workers, "echo");
            // A child of its own has the pipe.
            for name in ["fork_and_hold", "crash"] {
                let error = function(&workers, name).call::<()>(()).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Crashed(_)), "{error}");
                assert_eq!(echo.call::<i64>(1).unwrap(), 1);
            }
            let soon = Duration::from_millis(50);
            let error =
                function(&workers, "will_not_stop").within(soon).call::<()>(()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Deadline), "{error}");
            assert_eq!(echo.call::<i64>(2).unwrap(), 2);
        },
    );
}

#[test]
fn without_memory_that_can_be_shared_an_error_says_so() {
    const NAME: &str = "without_memory_that_can_be_shared_an_error_says_so";
    alone(
        NAME,
        |_| (),
        || {
            deny(number::MEMFD_CREATE, None, libc::ENOSYS);
            let error = start().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Start), "{error}");
            assert!(error.to_string().contains("memfd_create (since Linux 3.17)"), "{error}");
        },
    );
}

#[test]
fn without_seals_an_error_says_so() {
    const NAME: &str = "without_seals_an_error_says_so";
    alone(
        NAME,
        |_| (),
        || {
            const F_ADD_SEALS: u32 = 1033;
            deny(number::FCNTL, Some((1, F_ADD_SEALS)), libc::EINVAL);
            let error = start().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Start), "{error}");
            assert!(error.to_string().contains("F_SEAL_SHRINK"), "{error}");
        },
    );
}

#[test]
fn memory_that_the_system_does_not_have_is_an_error() {
    const NAME: &str = "memory_that_the_system_does_not_have_is_an_error";
    alone(
        NAME,
        |_| (),
        || {
            let workers = start().unwrap();
            let total = function(&workers, "total");
            // Of this thread only.
            deny(number::FALLOCATE, None, libc::ENOSPC);
            let error = total.call::<f64>(&vec![1.0; 1 << 20]).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
            assert!(error.to_string().contains("there is no shared memory for it"), "{error}");
            let error = workers.zeros::<f64>(10).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
            // The workers go on.
            assert_eq!(total.call::<f64>(&[1.0, 2.0]).unwrap(), 3.0);
            assert_eq!((workers.statistics().crashes, workers.statistics().started), (0, 2));
        },
    );
}

#[test]
fn a_system_that_can_not_reserve_memory_does_without() {
    const NAME: &str = "a_system_that_can_not_reserve_memory_does_without";
    alone(
        NAME,
        |_| (),
        || {
            deny(number::FALLOCATE, None, libc::EPERM);
            let workers = start().unwrap();
            let values = vec![1.0; 1 << 20];
            let echoed: Array<f64> = function(&workers, "echo").call(&values).unwrap();
            assert_eq!(echoed[..], values);
            for _ in 0..3 {
                let mut array = workers.zeros::<f64>(1000).unwrap();
                assert!(array.iter().all(|element| *element == 0.0));
                array.fill(2.0);
                function(&workers, "scale_in_place").call::<()>((&mut array, 2.0)).unwrap();
                assert_eq!(array[999], 4.0);
            }
        },
    );
}

#[test]
fn without_memory_for_a_call_ahead_it_is_made_after_the_one_before() {
    const NAME: &str = "without_memory_for_a_call_ahead_it_is_made_after_the_one_before";
    alone(
        NAME,
        |_| (),
        || {
            let workers = start().unwrap();
            // No more than the worker has from the beginning, which is enough for one.
            const RESERVED: u32 = 1 << 16;
            deny(number::FALLOCATE, Some((2, RESERVED)), libc::ENOSPC);
            let values = vec![1.0; 5_000];
            let results = function(&workers, "total").map::<f64, _>([&values[..]; 100]);
            for result in results {
                assert_eq!(result.unwrap(), 5_000.0);
            }
        },
    );
}

#[test]
fn pipes_that_do_not_tell_messages_apart_will_do() {
    const NAME: &str = "pipes_that_do_not_tell_messages_apart_will_do";
    alone(
        NAME,
        |_| (),
        || {
            let flags = libc::O_DIRECT | libc::O_CLOEXEC;
            deny(number::PIPE2, Some((1, flags as u32)), libc::EINVAL);
            let workers = start().unwrap();
            for (number, result) in (0..).zip(function(&workers, "echo").map::<i64, _>(0..500)) {
                assert_eq!(result.unwrap(), number);
            }
            let error = function(&workers, "crash").call::<()>(()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Crashed(_)), "{error}");
            assert_eq!(function(&workers, "echo").call::<i64>(1).unwrap(), 1);
        },
    );
}
