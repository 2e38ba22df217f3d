//! What a call costs, step by step, beside Python calling the same functions with ready arrays.
//!
//! `cargo bench -p callpy` prints medians and the median of the ratios, pair by pair: these move less
//! than single times where the machine is busy. `-- --quick` runs everything once or so, and only
//! checks the answers. CALLPY_PYTHON says which Python.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use callpy::{Array, Python, Result};

const SOURCE: &str = r#"
import numpy as np

def nothing(data):
    pass

def none():
    pass

def calls(data):
    len(data)

def million():
    return np.empty(1_000_000)

def detect(data):
    deviation = np.abs(data - data.mean())
    return np.where(deviation > 2 * data.std())[0]

def series(size):
    data = np.arange(size) * 7919 % 400 / 10
    data[[7, 113, 835]] = 97.3, 92.1, 93.2
    return data
"#;

/// Times a statement each time it is told to, in a Python of its own.
const TIMER: &str = r#"
import sys, timeit
small, large = series(1_000), series(100_000)
for line in sys.stdin:
    number, statement = line.split(None, 1)
    took = timeit.timeit(statement.strip(), globals=globals(), number=int(number))
    print(took / int(number) * 1e9, flush=True)
"#;

struct Bench {
    python: Child,
    tell: ChildStdin,
    hear: Lines<BufReader<ChildStdout>>,
    quick: bool,
}

impl Bench {
    fn new(executable: &Path, quick: bool) -> std::io::Result<Bench> {
        let mut python = Command::new(executable)
            .args(["-c", &format!("{SOURCE}{TIMER}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let tell = python.stdin.take().expect("it is piped");
        let hear = BufReader::new(python.stdout.take().expect("it is piped")).lines();
        Ok(Bench { python, tell, hear, quick })
    }

    /// Times a statement in Python itself, in nanoseconds.
    fn in_python(&mut self, statement: &str, number: usize) -> std::io::Result<f64> {
        writeln!(self.tell, "{number} {statement}")?;
        let answer = self.hear.next().expect("Python answers")?;
        Ok(answer.parse().expect("a number"))
    }

    /// Times `ours` beside a Python statement in turn, and prints medians and the median ratio.
    fn beside(&mut self, name: &str, number: usize, statement: &str, mut ours: impl FnMut()) {
        let (number, repetitions) = if self.quick { (1, 1) } else { (number, 21) };
        let (mut times, mut pythons, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..repetitions {
            let time = once(number, &mut ours);
            let python = self.in_python(statement, number).expect("the statement runs");
            times.push(time);
            pythons.push(python);
            ratios.push(time / python);
        }
        let (time, python, ratio) = (median(times), median(pythons), median(ratios));
        println!("{name:<40}{:>12}{:>12}{ratio:>8.2}", show(time), show(python));
    }

    fn alone(&self, name: &str, number: usize, mut ours: impl FnMut()) {
        let (number, repetitions) = if self.quick { (1, 1) } else { (number, 21) };
        let times = (0..repetitions).map(|_| once(number, &mut ours)).collect();
        println!("{name:<40}{:>12}", show(median(times)));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.python.kill();
        let _ = self.python.wait();
    }
}

fn once(number: usize, ours: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..number {
        ours();
    }
    start.elapsed().as_secs_f64() / number as f64 * 1e9
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn show(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.0} ns"),
        ..1e6 => format!("{:.1} µs", nanoseconds / 1e3),
        _ => format!("{:.2} ms", nanoseconds / 1e6),
    }
}

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let python = Python::builder().require(["numpy"]).start()?;
    let module = python.module_from_source("bench", "bench.py", SOURCE)?;
    let interpreter = python.interpreter().expect("callpy started it");
    let mut bench = Bench::new(interpreter.executable(), quick).expect("a second Python starts");
    let (nothing, none) = (module.function("nothing")?, module.function("none")?);
    let calls = module.function("calls")?;
    let (detect, million) = (module.function("detect")?, module.function("million")?);
    let series = |size: usize| module.function("series")?.call::<Vec<f64>>(size);

    let small = series(1_000)?;
    let large = series(100_000)?;
    assert_eq!(detect.call::<Array<i64>>(&small)?[..], [7, 113, 835]);
    assert_eq!(detect.call::<Array<i64>>(&large)?[..], [7, 113, 835]);
    assert_eq!(million.call::<Array<f64>>(())?.len(), 1_000_000);

    println!("{:<40}{:>12}{:>12}{:>8}", "", "callpy", "Python", "ratio");
    bench.alone("attach and detach", 100_000, || python.attach(|_| ()).expect("it attaches"));
    python.attach(|_| {
        bench.alone("attached: attach again", 100_000, || {
            python.attach(|_| ()).expect("it attaches")
        });
        bench.beside("attached: a call without arguments", 100_000, "none()", || {
            none.call::<()>(()).expect("it runs");
        });
        bench.beside("attached: 1,000 doubles to nothing", 100_000, "nothing(small)", || {
            nothing.call::<()>(black_box(&small)).expect("it runs");
        });
        bench.beside("attached: to a function that calls", 100_000, "calls(small)", || {
            calls.call::<()>(black_box(&small)).expect("it runs");
        });
    })?;
    bench.beside("1,000 doubles to nothing", 100_000, "nothing(small)", || {
        nothing.call::<()>(black_box(&small)).expect("it runs");
    });
    bench.beside("detect, 1,000 doubles", 2_000, "detect(small)", || {
        black_box(detect.call::<Array<i64>>(black_box(&small)).expect("it runs"));
    });
    bench.beside("detect, 100,000 doubles", 100, "detect(large)", || {
        black_box(detect.call::<Array<i64>>(black_box(&large)).expect("it runs"));
    });
    bench.beside("a result of a million doubles", 1_000, "million()", || {
        black_box(million.call::<Array<f64>>(()).expect("it runs"));
    });
    Ok(())
}
