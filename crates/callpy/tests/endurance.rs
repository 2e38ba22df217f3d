//! Millions of calls leave nothing behind: memory stays flat, and so does the sum of all reference
//! counts on a debug build of CPython.
//!
//! The long versions: `cargo test --release --test endurance -- --ignored --nocapture`, the second
//! kind of check with `CALLPY_PYTHON` naming a debug build (`python3-dbg` with NumPy).
#![allow(missing_docs, reason = "a test")]
// Which says how much memory a process has.
#![cfg(target_os = "linux")]

mod common;

use std::collections::HashMap;
use std::sync::Arc;

use callpy::{Array, Bytes, Copied, Function, Module, Object, Result, named};
use common::{alone, python, resident};

struct Mix {
    detect: Function,
    identity: Function,
    fill: Function,
    fail: Function,
    keyword: Function,
    view: Function,
    series: Vec<f64>,
    shared: Arc<[f64]>,
}

impl Mix {
    fn new() -> Mix {
        let source = include_str!("python/endurance.py");
        let module: Module =
            python().module_from_source("endurance", "endurance.py", source).unwrap();
        let function = |name| module.function(name).unwrap();
        let mut series = vec![1.0; 16];
        series[7] = 97.3;
        Mix {
            detect: function("detect"),
            identity: function("identity"),
            fill: function("fill"),
            fail: function("fail"),
            keyword: function("keyword"),
            view: function("view"),
            shared: series.clone().into(),
            series,
        }
    }

    /// Makes one call of each kind, and checks each answer; returns the number of calls.
    fn round(&self) -> usize {
        let indices: Array<i64> = self.detect.call(&self.series).unwrap();
        assert_eq!(indices[..], [7]);
        let indices: Array<i64> = self.detect.call(self.series.clone()).unwrap();
        assert_eq!(indices[..], [7]);
        let indices: Array<i64> = self.detect.call(Arc::clone(&self.shared)).unwrap();
        assert_eq!(indices[..], [7]);
        let indices: Array<i64> = self.detect.call(Copied(&self.series[..])).unwrap();
        assert_eq!(indices[..], [7]);
        let mut written = [0.0; 4];
        self.fill.call::<()>((&mut written, 2.5)).unwrap();
        assert_eq!(written, [2.5; 4]);
        let copied: Array<f64> = self.view.call(&self.series).unwrap();
        assert_eq!(copied.len(), 8);

        assert_eq!(self.identity.call::<i64>(1_i64 << 40).unwrap(), 1 << 40);
        assert_eq!(self.identity.call::<String>("a longer text").unwrap(), "a longer text");
        assert_eq!(self.identity.call::<Bytes<Vec<u8>>>(Bytes(b"ab")).unwrap().0, b"ab");
        assert_eq!(self.identity.call::<Option<f64>>(Some(0.5)).unwrap(), Some(0.5));
        let words = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(self.identity.call::<Vec<String>>(&words).unwrap(), words);
        let map = HashMap::from([("key".to_owned(), 3)]);
        assert_eq!(self.identity.call::<HashMap<String, i64>>(map.clone()).unwrap(), map);
        assert_eq!(self.identity.call::<(i64, bool)>(((3, true),)).unwrap(), (3, true));
        assert_eq!(self.keyword.call::<i64>((1, named("other", 2))).unwrap(), 3);

        let error = self.fail.call::<()>(&self.series).unwrap_err();
        assert_eq!(error.exception().unwrap().message(), "no");
        self.detect.call::<Array<i32>>(&self.series).unwrap_err();
        let object: Object = self.identity.call(&words).unwrap();
        assert_eq!(object.item(0).unwrap().extract::<String>().unwrap(), "one");
        assert_eq!(object.clone().call_method::<i64>("count", "one").unwrap(), 1);
        18
    }

    /// Makes this many calls, and checks that neither memory nor reference counts have grown.
    fn run(&self, calls: usize) {
        let total: Option<Function> = python().function("sys:gettotalrefcount").ok();
        let references = || total.as_ref().map(|total| total.call::<i64>(()).unwrap());
        // Caches fill first: Python's, the allocators', and those of debug builds.
        for _ in 0..2_000 {
            self.round();
        }
        let (memory, counted) = (resident(), references());
        let mut made = 0;
        while made < calls {
            made += self.round();
        }
        let grown = resident().saturating_sub(memory);
        println!("{made} calls: resident memory {memory} bytes, then {grown} more");
        assert!(grown < 2 << 20, "{made} calls left {grown} bytes behind");
        if let (Some(before), Some(after)) = (counted, references()) {
            println!("reference counts: {before}, then {after}");
            assert!(
                (after - before).abs() < 100,
                "{made} calls left {} references",
                after - before
            );
        }
    }
}

#[test]
fn calls_leave_nothing_behind() {
    alone("calls_leave_nothing_behind", |_| (), || Mix::new().run(50_000));
}

#[test]
#[ignore = "takes minutes"]
fn ten_million_calls_leave_nothing_behind() {
    Mix::new().run(10_000_000);
}

/// Calls from eight threads at once, each dropping what another one got.
fn eight_threads(calls: usize) {
    let mix = Mix::new();
    mix.round();
    let (send, receive) = std::sync::mpsc::channel::<Array<i64>>();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (mix, send) = (&mix, send.clone());
            scope.spawn(move || -> Result<()> {
                let mut made = 0;
                while made < calls {
                    made += mix.round() + 1;
                    send.send(mix.detect.call(&mix.series)?).expect("the other end lives");
                }
                Ok(())
            });
        }
        drop(send);
        // This thread is never attached, so what it drops goes to the queue.
        for indices in receive {
            assert_eq!(indices[..], [7]);
        }
    });
    let memory = resident();
    println!("8 threads, {calls} calls each: resident memory {memory} bytes");
}

#[test]
fn eight_threads_call_at_once() {
    alone("eight_threads_call_at_once", |_| (), || eight_threads(2_000));
}

#[test]
#[ignore = "takes minutes"]
fn eight_threads_make_a_million_calls_each() {
    eight_threads(1_000_000);
}
