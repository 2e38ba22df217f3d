//! A tour of callpy, in the order in which you need it. Each step can be read on its own.
//!
//! `cargo run --example guided_tour`

use std::error::Error;
use std::sync::Arc;
use std::thread;

use callpy::unit::Second;
use callpy::{
    Arguments, Array, Attached, Bytes, Cast, Copied, Datetime64, ErrorKind, FixedStr, Given,
    Object, Python, Timedelta64, named,
};
use ndarray::{Ix2, array, s};

// Typed functions of a Python file, from its own hints. Rust reads it while it compiles.
callpy::module!(mod smoothing = "../../examples/smoothing.py");

callpy::element! {
    /// An element of arrays: a structured dtype with the same fields.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Sample {
        time: i64,
        value: f64,
    }
}

/// Python source in the binary.
const SOURCE: &str = r#"
import numpy as np

def double(values):
    values *= 2                      # in the caller's memory

def later(samples, seconds):
    return samples[samples["time"] >= seconds]

def describe(values, *, unit="", digits=1):
    return f"{values.mean():.{digits}f} {unit}".strip()

def refuse(values):
    raise ValueError(f"{len(values)} values are too few")
"#;

fn main() -> Result<(), Box<dyn Error>> {
    // Start Python with its requirements. The environment is created once, and then reused.
    let python = Python::builder().require(["numpy"]).start()?;
    if let Some(interpreter) = python.interpreter() {
        let (major, minor, patch) = interpreter.version();
        println!("Python {major}.{minor}.{patch} runs in this process");
    }

    // Call: one argument, several as a tuple, none as ().
    let hypot = python.function("math:hypot")?;
    println!("hypot(3, 4) = {}", hypot.call::<f64>((3.0, 4.0))?);

    // Arrays: the slice is lent for the call, and the result is read where NumPy put it.
    let cumsum = python.function("numpy:cumsum")?;
    let series = vec![1.0, 2.0, 3.0, 4.0];
    let sums: Array<f64> = cumsum.call(&series)?;
    println!("cumsum {series:?} = {sums:?}");

    // n dimensions, with the ndarray crate: any rank and strides, still without a copy.
    let table = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let columns = table.slice(s![.., ..;2]);
    let product: Array<f64> = python.function("numpy:matmul")?.call((columns, columns.t()))?;
    println!("a product of strided views:\n{}", product.view().into_dimensionality::<Ix2>()?);

    // Written in place: a `&mut` slice is writable in Python.
    let ours = python.module_from_source("ours", "ours.py", SOURCE)?;
    let mut values = vec![1.5, 2.5];
    ours.function("double")?.call::<()>(&mut values)?;
    println!("doubled in place: {values:?}");

    // Moved: memory that Python may retain.
    let shared: Arc<[f64]> = Arc::new([3.0, 1.0, 2.0]);
    let sort = python.function("numpy:sort")?;
    let sorted: Array<f64> = sort.call(Arc::clone(&shared))?;
    let grid = Given::new(vec![1.0, 2.0, 3.0, 4.0]).with_shape(&[2, 2])?;
    let trace: f64 = python.function("numpy:trace")?.call(grid)?;
    let copied: Array<f64> = sort.call(Copied(&shared[..]))?;
    println!("{shared:?} sorted is {sorted:?}, and {copied:?}; the trace is {trace}");

    // Nothing is cast silently; `Cast` converts.
    let Cast(counts): Cast<f32> = python.function("numpy:bincount")?.call(&[0_i64, 1, 1])?;
    println!("counts as float32: {counts:?}");

    // Records: structs both ways.
    let samples = [Sample { time: 10, value: 1.0 }, Sample { time: 20, value: 2.0 }];
    let late: Array<Sample> = ours.function("later")?.call((&samples, 15))?;
    println!("later samples: {late:?}");

    // Times with their unit, and text of a fixed width.
    let times = [0, 30, 90].map(Datetime64::<Second>::new);
    let gaps: Array<Timedelta64<Second>> = python.function("numpy:diff")?.call(&times)?;
    let names = ["b", "a"].map(|name| FixedStr::<4>::new(name).expect("one character"));
    let ordered: Array<FixedStr<4>> = sort.call(&names)?;
    println!(
        "gaps {:?}, names {ordered:?}",
        gaps.iter().map(|gap| gap.count()).collect::<Vec<_>>()
    );

    // Keyword arguments, and argument lists built at run time.
    let describe = ours.function("describe")?;
    let text: String = describe.call((&series, named("unit", "V"), named("digits", 2)))?;
    let mut arguments = Arguments::new();
    arguments.push(&series).push_named("unit", "mV");
    println!("described: {text}, {}", describe.call::<String>(arguments)?);

    // Objects: values without a Rust type.
    let counter: Object = python.function("collections:Counter")?.call("banana")?;
    let top: Vec<(String, i64)> = counter.call_method("most_common", 1)?;
    let Bytes(packed): Bytes<Vec<u8>> = python.function("zlib:compress")?.call(Bytes([0; 99]))?;
    println!("most common {top:?}; 99 zeros are {} bytes", packed.len());

    // Errors: a Python exception with its traceback, as owned text.
    let error = ours.function("refuse")?.call::<()>(&series).unwrap_err();
    if let ErrorKind::Python(exception) = error.kind() {
        println!("{}, raised in {}", exception, exception.traceback().lines().nth(1).unwrap_or(""));
    }
    let error = cumsum.call::<Array<i32>>(&series).unwrap_err();
    println!("{error}");

    // Threads: any thread may call. Scoped threads share borrowed data, as in rayon.
    let largest = &python.function("numpy:max")?;
    let highest = thread::scope(|scope| {
        let workers = series.chunks(2).map(|part| scope.spawn(move || largest.call::<f64>(part)));
        let workers: Vec<_> = workers.collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .collect::<Result<Vec<_>, _>>()
    })?;
    println!("the highest of each half: {highest:?}");

    // Many calls in a row: attach once. `detach` lets other threads in during other work.
    let total = python.attach(|py: &Attached<'_>| {
        let mut total = 0.0;
        for side in 0..1_000 {
            total += hypot.call::<f64>((3.0, side))?;
        }
        let ours: f64 = py.detach(|| series.iter().sum());
        Ok::<f64, callpy::Error>(total + ours)
    })??;
    println!("a thousand calls: {total:.1}");

    // Receipts: what a call lent, copied and why, and where its time went.
    let flip = python.function("numpy:flip")?;
    let (_, receipt) = flip.call_with_receipt::<Array<f64>>(&series)?;
    for copy in &receipt.copies {
        println!("flip copied {} bytes: {}", copy.bytes, copy.reason);
    }

    // With `deny_copies`, a copy is an error.
    let denied = flip.deny_copies().call::<Array<f64>>(&series).unwrap_err();
    println!("{denied}");

    // Typed functions: Rust checks the arguments against Python's hints.
    let smooth = smoothing::smooth_with(&series, smoothing::SmoothOptions::new().window(3))?;
    println!("smoothed: {smooth:?}");

    // End: flushes what Python printed, and runs its exit handlers.
    python.end()?;
    Ok(())
}
