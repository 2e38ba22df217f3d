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

/// Forks in Python while other threads call and drop, and come and go.
#[test]
fn a_child_calls_on_and_ends() {
    let body = || {
        let make = lambda("lambda: [object()]");
        // Before 3.12, `os.fork` may wait for ever for a lock under which thread states are made.
        let may_begin = python().interpreter().unwrap().version() >= (3, 12, 0);
        for _ in 0..4 {
            let make = make.clone();
            thread::spawn(move || {
                loop {
                    match may_begin {
                        true => thread::scope(|scope| scope.spawn(|| calls(&make)).join().unwrap()),
                        false => calls(&make),
                    }
                }
            });
        }
        // And one thread whose call does not end.
        let wait: Object = eval("__import__('threading').Event().wait").unwrap();
        thread::spawn(move || wait.call::<Object>(()));
        let fork = lambda("lambda: __import__('os').fork()");
        let status = lambda("lambda child: __import__('os').waitpid(child, 0)[1]");
        let mut late = 0;
        for _ in 0..150 {
            let child: i64 = fork.call(()).unwrap();
            if child == 0 {
                // SAFETY: ends this process if it hangs.
                unsafe { libc::alarm(20) };
                // Not on new threads: the standard library locks a mutex when a thread begins, and if one of
                // the parent's did so at the fork, no thread begins in the child.
                (0..4).for_each(|_| calls(&make));
                let start = Instant::now();
                let is_ended = python().end().is_ok();
                let is_soon = start.elapsed() < Duration::from_millis(400);
                // SAFETY: no exit handlers, which are the parent's.
                unsafe { libc::_exit(if !is_ended { 1 } else { i32::from(!is_soon) * 2 }) };
            }
            let status: i64 = status.call(child).unwrap();
            assert!([0, 2 << 8].contains(&status), "{status}");
            late += u32::from(status != 0);
        }
        // A slow machine delays a few. All would be late if they waited for the parent's threads.
        assert!(late < 75, "{late} of 150 children ended late");
    };
    alone("a_child_calls_on_and_ends", |_| (), body);
}
