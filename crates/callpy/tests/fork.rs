//! The child of a fork goes on calling, whatever its parent's other threads were doing.
#![allow(missing_docs, reason = "a test")]
#![allow(unsafe_code, reason = "a child leaves by _exit")]
#![cfg(target_os = "linux")]

mod common;

use std::thread;
use std::time::{Duration, Instant};

use callpy::{Function, Object};
use common::{alone, eval, lambda, python};

fn calls(make: &Function) {
    let object: Object = make.call(()).unwrap();
    // Dropped detached, again and again.
    (0..50).for_each(|_| drop(object.clone()));
}

/// Forks in Python while other threads come, call, drop and go.
#[test]
fn a_child_calls_from_threads_and_ends() {
    let body = || {
        let make = lambda("lambda: [object()]");
        for _ in 0..4 {
            let make = make.clone();
            thread::spawn(move || {
                loop {
                    let make = make.clone();
                    thread::spawn(move || calls(&make)).join().unwrap();
                }
            });
        }
        // And one that is in a call for good.
        let wait: Object = eval("__import__('threading').Event().wait").unwrap();
        thread::spawn(move || wait.call::<Object>(()));
        let fork = lambda("lambda: __import__('os').fork()");
        let status = lambda("lambda child: __import__('os').waitpid(child, 0)[1]");
        for _ in 0..150 {
            let child: i64 = fork.call(()).unwrap();
            if child == 0 {
                // SAFETY: ends this process where it hangs.
                unsafe { libc::alarm(20) };
                for _ in 0..3 {
                    let make = make.clone();
                    thread::spawn(move || calls(&make)).join().unwrap();
                }
                calls(&make);
                let start = Instant::now();
                let is_ended = python().end().is_ok();
                let is_soon = start.elapsed() < Duration::from_millis(400);
                // SAFETY: no exit handlers, which are the parent's.
                unsafe { libc::_exit(if is_ended && is_soon { 0 } else { 1 }) };
            }
            assert_eq!(status.call::<i64>(child).unwrap(), 0);
        }
    };
    alone("a_child_calls_from_threads_and_ends", |_| (), body);
}
