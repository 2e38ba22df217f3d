//! A single caller that moves to another thread, as goroutines and tasks do, needs no queue.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test")]

use std::sync::mpsc::channel;
use std::thread;

use callpy::Python;

/// Whether the queue's thread is running.
fn is_queue_watched() -> bool {
    std::fs::read_dir("/proc/self/task").unwrap().flatten().any(|task| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name == "callpy-queue\n")
    })
}

#[test]
fn a_caller_that_changes_threads_is_alone_and_two_that_call_at_once_are_not() {
    let python = Python::start().unwrap();
    let sqrt = python.function("math:sqrt").unwrap();
    let call = || assert_eq!(sqrt.call::<f64>(4.0).unwrap(), 2.0);
    let (to_one, one) = channel();
    let (to_other, other) = channel();
    to_one.send(()).unwrap();
    thread::scope(|scope| {
        let run = |turns: std::sync::mpsc::Receiver<()>, next: std::sync::mpsc::Sender<()>| {
            for _ in 0..100 {
                turns.recv().unwrap();
                (0..200).for_each(|_| call());
                _ = next.send(());
            }
        };
        scope.spawn(move || run(one, to_other));
        scope.spawn(move || run(other, to_one));
    });
    assert!(!is_queue_watched());

    // Without an interpreter lock there is nothing to queue for.
    if !python.function("sys:_is_gil_enabled").map_or(true, |is| is.call(()).unwrap()) {
        return;
    }
    // Which lets the other one call, even on one core.
    let pass = python.function("os:sched_yield").unwrap();
    let seen = || {
        (0..1000).any(|_| {
            (0..100).for_each(|_| pass.call::<()>(()).unwrap());
            is_queue_watched()
        })
    };
    let seen = thread::scope(|scope| {
        let both = [scope.spawn(seen), scope.spawn(seen)];
        both.map(|one| one.join().unwrap())
    });
    assert!(seen[0] || seen[1]);
}
