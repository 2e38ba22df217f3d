//! What single values and exceptions cost, beside Python itself in the same program: each row is timed
//! by turns in Rust and in Python, and says how much longer callpy's took.
//!
//! `cargo bench -p callpy --bench values` prints medians, and the median of the differences;
//! `-- --quick` runs everything once and only checks the answers. CALLPY_PYTHON says which Python.

use std::hint::black_box;
use std::time::Instant;

use callpy::convert::Value;
use callpy::{Function, Object, Python, Result};

const SOURCE: &str = r#"
import time
import numpy as np

def timed(function, number):
    """Nanoseconds for a call of a function, whose exception is caught."""
    numbers = range(number)
    start = time.perf_counter()
    for _ in numbers:
        try:
            function()
        except Exception:
            pass
    return (time.perf_counter() - start) / number * 1e9

class Own(Exception):
    pass

def value_error():
    raise ValueError("negative: -1.0")

def own_error():
    raise Own("of my own", 3)

def deep(levels=10):
    if levels:
        deep(levels - 1)
    else:
        raise ValueError("at the bottom")

def pair(levels):
    return other(levels - 1) if levels else 1 / 0

def other(levels):
    return pair(levels - 1) if levels else 1 / 0

def mixed():
    return pair(10)

def key_error():
    return {}["a key"]

def caused():
    try:
        {}["a key"]
    except KeyError as error:
        raise ValueError("no such thing") from error

def numpy_error():
    return np.zeros(3).reshape(2, 2)

def recursion():
    return recursion()

def constant(value):
    return lambda: value

python_float, python_int, none = constant(1.5), constant(3), constant(None)
float64, float32 = constant(np.float64(1.5)), constant(np.float32(1.5))
float16, int64 = constant(np.float16(1.5)), constant(np.int64(3))
uint8, true = constant(np.uint8(3)), constant(np.bool_(True))
"#;

/// The functions whose exceptions are timed.
const FAILING: [&str; 8] = [
    "value_error",
    "own_error",
    "key_error",
    "numpy_error",
    "deep",
    "mixed",
    "caused",
    "recursion",
];

struct Bench {
    timed: Function,
    quick: bool,
}

impl Bench {
    /// Times `ours` and Python's own call of the function by turns.
    fn row(&self, name: &str, number: usize, function: &Function, mut ours: impl FnMut()) {
        let (number, repetitions) = if self.quick { (1, 1) } else { (number, 21) };
        let (mut times, mut pythons, mut more) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..repetitions {
            let start = Instant::now();
            (0..number).for_each(|_| ours());
            let time = start.elapsed().as_secs_f64() / number as f64 * 1e9;
            let python = self.timed.call::<f64>((function, number)).expect("it is timed");
            times.push(time);
            pythons.push(python);
            more.push(time - python);
        }
        let (time, python, more) = (median(times), median(pythons), median(more));
        let [time, python, more] = [time, python, more].map(|time| format!("{:.2} µs", time / 1e3));
        println!("{name:<32}{time:>14}{python:>14}{more:>14}");
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let python = Python::builder().require(["numpy"]).start()?;
    let module = python.module_from_source("values", "values.py", SOURCE)?;
    let bench = Bench { timed: module.function("timed")?, quick };
    println!("{:<32}{:>14}{:>14}{:>14}", "exceptions", "callpy", "Python", "more");
    for name in FAILING {
        let function = module.function(name)?;
        let number = if name == "recursion" { 50 } else { 2_000 };
        bench.row(name, number, &function, || {
            black_box(function.call::<Object>(()).expect_err("it fails"));
        });
    }
    println!("\n{:<32}{:>14}{:>14}{:>14}", "results", "callpy", "Python", "more");
    let of = |name: &str| module.function(name);
    let none = of("none")?;
    bench.row("None", 20_000, &none, || none.call::<()>(()).expect("None"));
    for name in ["python_float", "float64", "float32", "float16", "int64", "uint8", "python_int"] {
        let function = of(name)?;
        assert!([1.5, 3.0].contains(&function.call::<f64>(())?));
        bench.row(&format!("{name} as f64"), 20_000, &function, || {
            black_box(function.call::<f64>(()).expect("a number"));
        });
    }
    for name in ["python_int", "int64", "uint8"] {
        let function = of(name)?;
        bench.row(&format!("{name} as u8"), 20_000, &function, || {
            assert_eq!(function.call::<u8>(()).expect("a number"), 3);
        });
    }
    let truth = of("true")?;
    bench.row("numpy.bool as bool", 20_000, &truth, || {
        assert!(truth.call::<bool>(()).expect("a bool"));
    });
    let single = of("float32")?;
    bench.row("float32 as Value", 20_000, &single, || {
        black_box(single.call::<Value<'_>>(()).expect("a number"));
    });
    Ok(())
}
