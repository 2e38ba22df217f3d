//! Each step of a call by itself: attach, call, convert, lend and settle, view. The place to work when
//! optimising; `cargo bench -p callpy --bench call` says what that gains beside Python.
//!
//! A step that is part of a call shows as the difference between two rows, named in each comment.
//! `cargo bench -p callpy --bench steps -- view` picks some, `-- --test` runs each once.

use std::hint::black_box;
use std::sync::LazyLock;

use callpy::{Array, Function, Object, Python};
use divan::Bencher;

const SOURCE: &str = r#"
import numpy as np

def none():
    pass

def one(a):
    pass

def four(a, b, c, d):
    pass

def cycle(data):
    holder = [data]
    holder.append(holder)

def fresh(size):
    return np.empty(size)

shared = np.arange(1_000.0)

def kept():
    return shared
"#;

struct Functions {
    python: Python,
    none: Function,
    one: Function,
    four: Function,
    cycle: Function,
    fresh: Function,
    kept: Function,
}

static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let python = Python::builder().require(["numpy"]).start().expect("Python starts");
    let module = python.module_from_source("steps", "steps.py", SOURCE).expect("it runs");
    let function = |name| module.function(name).expect("it is there");
    Functions {
        none: function("none"),
        one: function("one"),
        four: function("four"),
        cycle: function("cycle"),
        fresh: function("fresh"),
        kept: function("kept"),
        python,
    }
});

/// Times what is done while the thread is attached.
fn attached<R>(bencher: Bencher<'_, '_>, work: impl FnMut() -> R) {
    FUNCTIONS.python.attach(|_| bencher.bench_local(work)).expect("it attaches");
}

/// What a thread does that makes a call now and then.
#[divan::bench]
fn attach_and_detach(bencher: Bencher<'_, '_>) {
    let python = &FUNCTIONS.python;
    bencher.bench_local(|| python.attach(|_| ()));
}

/// What is left of that if the thread is attached already.
#[divan::bench]
fn attach_nested(bencher: Bencher<'_, '_>) {
    attached(bencher, || FUNCTIONS.python.attach(|_| ()));
}

/// Python's own part, and callpy's frame around it.
#[divan::bench]
fn call(bencher: Bencher<'_, '_>) {
    attached(bencher, || FUNCTIONS.none.call::<()>(()));
}

/// Less `call`: a number made an object.
#[divan::bench]
fn convert_float(bencher: Bencher<'_, '_>) {
    attached(bencher, || FUNCTIONS.one.call::<()>(black_box(1.5)));
}

/// Less `call`: a text made an object.
#[divan::bench]
fn convert_text(bencher: Bencher<'_, '_>) {
    attached(bencher, || FUNCTIONS.one.call::<()>(black_box("a text")));
}

/// Less `call`: a slice lent, and the loan settled.
#[divan::bench(args = [16, 100_000])]
fn lend(bencher: Bencher<'_, '_>, size: usize) {
    let data = vec![1.0; size];
    attached(bencher, || FUNCTIONS.one.call::<()>(black_box(&data)));
}

/// Less `lend`, and divided by three: each further loan.
#[divan::bench]
fn lend_four(bencher: Bencher<'_, '_>) {
    let data = &[1.0; 16][..];
    attached(bencher, || FUNCTIONS.four.call::<()>(black_box((data, data, data, data))));
}

/// Less `call`: an array that Python may keep, and the vector's memory given back.
#[divan::bench]
fn give(bencher: Bencher<'_, '_>) {
    attached(bencher, || FUNCTIONS.one.call::<()>(vec![1.0; 16]));
}

/// Less `lend`: a loan that a reference cycle holds is let go of.
#[divan::bench]
fn settle_cycle(bencher: Bencher<'_, '_>) {
    let data = vec![1.0; 16];
    attached(bencher, || FUNCTIONS.cycle.call::<()>(black_box(&data)));
}

/// An array made by NumPy, and dropped unread: what `view` is to be held against.
#[divan::bench(args = [16, 1_000_000])]
fn result(bencher: Bencher<'_, '_>, size: usize) {
    attached(bencher, || FUNCTIONS.fresh.call::<Object>(size));
}

/// Less `result`: it is looked at, and read where it lies.
#[divan::bench(args = [16, 1_000_000])]
fn view(bencher: Bencher<'_, '_>, size: usize) {
    attached(bencher, || FUNCTIONS.fresh.call::<Array<f64>>(size));
}

/// A result that Python still holds, so that its 8,000 bytes are copied.
#[divan::bench]
fn view_copied(bencher: Bencher<'_, '_>) {
    attached(bencher, || FUNCTIONS.kept.call::<Array<f64>>(()));
}

/// All steps, from a thread that is not attached.
#[divan::bench]
fn door_to_door(bencher: Bencher<'_, '_>) {
    let data = vec![1.0; 1_000];
    bencher.bench_local(|| FUNCTIONS.one.call::<()>(black_box(&data)));
}

fn main() {
    // Left to itself, divan takes single calls for some rows, and the clock is as long as the call.
    divan::Divan::from_args().sample_size(1_000).main();
}
