//! What a call of a Rust closure by Python costs, beside a call of a Python function that does the same,
//! in one Python loop: both are timed by turns.
//!
//! `cargo bench -p callpy --bench callbacks` prints medians; `-- --quick` runs everything once and only
//! checks the answers. CALLPY_PYTHON says which Python.

use callpy::{Function, Python, Result, callback};

const SOURCE: &str = r#"
import time
import numpy as np

def own(x):
    return x + 1.0

def own_sum(row):
    return row[0]

def timed(function, argument, number):
    numbers = range(number)
    start = time.perf_counter()
    for _ in numbers:
        function(argument)
    return (time.perf_counter() - start) / number * 1e9

def both(function, is_row, number):
    other, argument = (own_sum, np.ones(3)) if is_row else (own, 0.5)
    assert function(argument) == other(argument)
    return timed(function, argument, number), timed(other, argument, number)
"#;

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn row(both: &Function, name: &str, is_row: bool, turns: usize) -> Result<()> {
    let number = if turns == 1 { 1 } else { 20_000 };
    let mut times = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns {
        let pair: (f64, f64) = match is_row {
            true => both.call((callback(|row: &[f64]| row[0]), true, number))?,
            false => both.call((callback(|x: f64| x + 1.0), false, number))?,
        };
        times.0.push(pair.0);
        times.1.push(pair.1);
        times.2.push(pair.0 - pair.1);
    }
    let [rust, python, more] = [times.0, times.1, times.2].map(median);
    println!("{name:20} closure {rust:7.1} ns, Python {python:7.1} ns, {more:+7.1} ns");
    Ok(())
}

fn main() -> Result<()> {
    let turns = if std::env::args().any(|argument| argument == "--quick") { 1 } else { 51 };
    let python = Python::builder().require(["numpy"]).start()?;
    let module = python.module_from_source("callback_bench", "callback_bench.py", SOURCE)?;
    let both = module.function("both")?;
    row(&both, "f64 -> f64", false, turns)?;
    row(&both, "&[f64] -> f64", true, turns)
}
