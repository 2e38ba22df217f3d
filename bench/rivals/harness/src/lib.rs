//! Shared by rivals written in Rust: commands and answers, threads, the clock.
//!
//! A rival is a program that `bench` starts. It reads commands from stdin, a line each, and answers
//! each with a line on stdout, `ok …` or `error …`:
//!
//! | command | answer |
//! |---|---|
//! | `check WORK SIZE` | length and digest of the result, bytes copied by the call |
//! | `time WORK SIZE THREADS COUNT` | nanoseconds in which every thread made COUNT calls |
//! | `sample WORK SIZE THREADS COUNT` | the nanoseconds of each of COUNT calls of every thread |
//!
//! A rival in Rust implements [`Rival`] and [`Caller`], and calls [`serve`].

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::sync::Barrier;
use std::time::Instant;

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The functions of work.py.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Returns None.
    Nothing,
    /// Returns indices, int64.
    Detect,
    /// Returns as many float64 as it gets.
    Scaled,
}

impl Work {
    pub const ALL: [Work; 3] = [Work::Nothing, Work::Detect, Work::Scaled];

    pub fn name(self) -> &'static str {
        ["nothing", "detect", "scaled"][self as usize]
    }
}

/// A result, in the rival's memory.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    Nothing,
    Indices(&'a [i64]),
    Numbers(&'a [f64]),
}

impl Answer<'_> {
    pub fn len(self) -> usize {
        match self {
            Answer::Nothing => 0,
            Answer::Indices(indices) => indices.len(),
            Answer::Numbers(numbers) => numbers.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Sums the bits of all elements, each times its position, so that another order or value changes it.
    fn digest(self) -> u64 {
        fn sum(bits: impl Iterator<Item = u64>) -> u64 {
            (1u64..)
                .zip(bits)
                .fold(0, |sum, (place, bits)| sum.wrapping_add(place.wrapping_mul(bits)))
        }
        match self {
            Answer::Nothing => 0,
            Answer::Indices(indices) => sum(indices.iter().map(|index| *index as u64)),
            Answer::Numbers(numbers) => sum(numbers.iter().map(|number| number.to_bits())),
        }
    }
}

/// One way to call Python.
pub trait Rival: Sync {
    /// Runs `body` with a caller for this thread.
    fn session<B: Body>(&self, body: B) -> Result<B::Output>;
}

/// The caller of one thread.
pub trait Caller {
    /// Calls the function, and passes the result to `show` while it is valid.
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()>;

    /// Returns how many bytes of arrays such a call copies in user space, including those into and out
    /// of pipes and sockets; `answer` is the size of the result.
    fn copied(&mut self, work: Work, data: &[f64], answer: usize) -> Result<usize>;
}

/// The work of a session; the harness has all implementations.
pub trait Body {
    type Output;
    fn run<C: Caller>(self, caller: &mut C) -> Result<Self::Output>;
}

struct Check<'a> {
    work: Work,
    data: &'a [f64],
}

impl Body for Check<'_> {
    type Output = (usize, u64, usize);

    fn run<C: Caller>(self, caller: &mut C) -> Result<Self::Output> {
        let (mut length, mut digest) = (0, 0);
        caller.call(self.work, self.data, |answer| {
            (length, digest) = (answer.len(), answer.digest());
        })?;
        let copied = caller.copied(self.work, self.data, length * size_of::<f64>())?;
        Ok((length, digest, copied))
    }
}

/// Makes `count` calls when all threads are ready.
struct Time<'a> {
    work: Work,
    data: &'a [f64],
    count: usize,
    ready: &'a Barrier,
}

impl Body for Time<'_> {
    type Output = (Instant, Instant);

    fn run<C: Caller>(self, caller: &mut C) -> Result<Self::Output> {
        let mut call = || caller.call(self.work, black_box(self.data), look);
        let warm = call();
        self.ready.wait();
        warm?;
        let start = Instant::now();
        for _ in 0..self.count {
            call()?;
        }
        Ok((start, Instant::now()))
    }
}

struct Sample<'a> {
    work: Work,
    data: &'a [f64],
    count: usize,
    ready: &'a Barrier,
}

impl Body for Sample<'_> {
    type Output = Vec<u128>;

    fn run<C: Caller>(self, caller: &mut C) -> Result<Self::Output> {
        let mut took = Vec::with_capacity(self.count);
        let warm = caller.call(self.work, self.data, look);
        self.ready.wait();
        warm?;
        for _ in 0..self.count {
            let start = Instant::now();
            caller.call(self.work, black_box(self.data), look)?;
            took.push(start.elapsed().as_nanos());
        }
        Ok(took)
    }
}

/// Reads the least that a program would read of a result.
fn look(answer: Answer<'_>) {
    black_box(answer.len());
    match answer {
        Answer::Nothing => (),
        Answer::Indices(indices) => _ = black_box(indices.last().copied()),
        Answer::Numbers(numbers) => _ = black_box(numbers.last().copied()),
    }
}

/// The input, the same in every language: see `series` in work.py.
fn series(size: usize) -> Vec<f64> {
    let mut data: Vec<f64> = (0..size).map(|i| (i * 7919 % 400) as f64 / 10.0).collect();
    for (place, value) in [(7, 97.3), (113, 92.1), (835, 93.2)] {
        if let Some(element) = data.get_mut(place) {
            *element = value;
        }
    }
    data
}

fn answer(rival: &impl Rival, line: &str, data: &mut Vec<f64>) -> Result<String> {
    let mut words = line.split_whitespace();
    let command = words.next().ok_or("an empty line")?;
    let name = words.next().ok_or("no work is named")?;
    let work = Work::ALL.into_iter().find(|work| work.name() == name).ok_or("unknown work")?;
    let numbers = words.map(str::parse).collect::<Result<Vec<usize>, _>>()?;
    let size = *numbers.first().ok_or("the size is missing")?;
    if data.len() != size {
        *data = series(size);
    }
    let data = &data[..];
    match (command, &numbers[1..]) {
        ("check", []) => {
            let (length, digest, copied) = rival.session(Check { work, data })?;
            Ok(format!("{length} {digest} {copied}"))
        }
        ("time", &[threads, count]) => {
            let ready = &Barrier::new(threads);
            let times = in_threads(rival, threads, || Time { work, data, count, ready })?;
            let start = times.iter().map(|time| time.0).min().ok_or("no threads")?;
            let end = times.iter().map(|time| time.1).max().ok_or("no threads")?;
            Ok((end - start).as_nanos().to_string())
        }
        ("sample", &[threads, count]) => {
            let ready = &Barrier::new(threads);
            let took = in_threads(rival, threads, || Sample { work, data, count, ready })?;
            Ok(took.iter().flatten().map(u128::to_string).collect::<Vec<_>>().join(" "))
        }
        _ => Err(format!("unknown command: {line}").into()),
    }
}

fn in_threads<B: Body<Output: Send> + Send>(
    rival: &impl Rival,
    threads: usize,
    body: impl Fn() -> B,
) -> Result<Vec<B::Output>> {
    std::thread::scope(|scope| {
        let run = |body| scope.spawn(move || rival.session(body));
        let threads: Vec<_> = (0..threads).map(|_| run(body())).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Answers commands until stdin ends.
pub fn serve(rival: &impl Rival) -> Result<()> {
    let mut data = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = match answer(rival, &line?, &mut data) {
            Ok(answer) => format!("ok {answer}"),
            Err(error) => format!("error {}", error.to_string().replace('\n', " ")),
        };
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{line}")?;
        stdout.flush()?;
    }
    Ok(())
}
