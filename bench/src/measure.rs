//! Measures: checks the answers first, then times turn by turn.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::build::Built;
use crate::options::Options;
use crate::process::{Answer, Process};
use crate::python::Environment;
use crate::record::{Cell, Machine, Record, RivalRecord, median};
use crate::rivals::Rival;
use crate::{Result, root};

pub(crate) const WORKS: [&str; 3] = ["nothing", "detect", "scaled"];

/// What is measured with several threads.
pub(crate) const THREADED: [(&str, usize); 3] =
    [("nothing", 1_000), ("detect", 1_000), ("detect", 100_000)];

/// How long one turn should take, in nanoseconds.
const TURN: f64 = 20e6;

/// The same with several threads: callpy's queue follows a new load within 100 ms, so a shorter turn
/// would time how it learns.
const TURN_TOGETHER: f64 = 200e6;

/// A call that is expected to take longer than this is left out.
const LONGEST: Duration = Duration::from_secs(3);

/// Three turns are enough for a rival once they have taken this long together.
const ENOUGH: f64 = 2.5e9;

/// The size for which memory is recorded.
const MEMORY: usize = 1_000_000;

struct Running {
    rival: &'static Rival,
    process: Process,
    /// The size of each function's last call, and its nanoseconds.
    last: HashMap<&'static str, (usize, f64)>,
}

/// Runs everything that the options name.
pub(crate) fn run(options: &Options, built: &[Built], python: &Environment) -> Result<Record> {
    let sizes = match python.interpreter.is_free_threaded() && options.is_whole() {
        // The rows that are recorded: see `pages`.
        true => vec![1_000, 100_000],
        false => options.sizes(),
    };
    let rows: Vec<Row> = rows(&sizes, &options.threads());
    let turns = options.repetitions();
    let bar = ProgressBar::new(((rows.len() + 1) * turns) as u64);
    let style = "{spinner} {bar:30} {percent:>3} %  {msg}  {elapsed}, {eta} to go";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
    bar.enable_steady_tick(Duration::from_millis(200));
    let load = load();

    bar.set_message("first calls");
    let mut rivals = Vec::new();
    for built in built {
        rivals.push(RivalRecord {
            key: built.rival.key.to_owned(),
            about: built.rival.about.to_owned(),
            left_out: built.program.as_ref().err().cloned(),
            first_call: None,
            peak_bytes: None,
            copied_bytes: None,
        });
    }
    let expected = Expected::new(python, &sizes)?;
    let mut firsts = vec![Vec::new(); built.len()];
    let mut running = Vec::new();
    for turn in 0..turns.min(5) {
        running.clear();
        for (place, built) in built.iter().enumerate() {
            let Ok(program) = &built.program else { continue };
            if rivals[place].left_out.is_some() {
                continue;
            }
            let start = Instant::now();
            let outcome = Process::start(built.rival, program, python).and_then(|mut process| {
                let answer = process.check("detect", 1_000)?;
                Ok((process, answer, start.elapsed()))
            });
            match outcome {
                Ok((process, answer, took)) => {
                    expected.compare(built.rival, "detect", 1_000, answer)?;
                    firsts[place].push(took.as_nanos() as f64);
                    running.push(Running { rival: built.rival, process, last: HashMap::new() });
                }
                Err(error) if turn == 0 => rivals[place].left_out = Some(error.to_string()),
                Err(error) => return Err(format!("{}: {error}", built.rival.key).into()),
            }
        }
    }
    for (record, firsts) in rivals.iter_mut().zip(firsts) {
        if let Some(reason) = &record.left_out {
            bar.suspend(|| eprintln!("{} is left out: {reason}", record.key));
        } else {
            record.first_call = Some(median(firsts));
        }
    }
    bar.inc(turns as u64);

    let mut cells = Vec::new();
    for row in rows {
        bar.set_message(row.to_string());
        row.run(options, &expected, &mut running, &mut cells, &bar)?;
        if row.work == "scaled" && row.size == MEMORY.min(*sizes.iter().max().unwrap_or(&0)) {
            for one in &mut running {
                let record = rivals.iter_mut().find(|record| record.key == one.rival.key);
                let record = record.expect("it has a record");
                if one.last.get("scaled").is_some_and(|(size, _)| *size == row.size) {
                    record.peak_bytes = one.process.peak();
                    record.copied_bytes = Some(one.process.check("scaled", row.size)?.copied);
                }
            }
        }
    }
    bar.finish_and_clear();
    let machine = machine(load);
    Ok(Record { date: date(), machine, versions: versions(python), rivals, cells })
}

/// A function, a size, a number of threads.
struct Row {
    work: &'static str,
    size: usize,
    threads: usize,
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {} doubles, {} threads", self.work, self.size, self.threads)
    }
}

fn rows(sizes: &[usize], threads: &[usize]) -> Vec<Row> {
    let mut rows = Vec::new();
    for &size in sizes {
        rows.extend(WORKS.map(|work| Row { work, size, threads: 1 }));
        for (work, _) in THREADED.into_iter().filter(|(_, wanted)| *wanted == size) {
            let several = threads.iter().filter(|threads| **threads > 1);
            rows.extend(several.map(|&threads| Row { work, size, threads }));
        }
    }
    rows
}

impl Row {
    fn run(
        &self,
        options: &Options,
        expected: &Expected,
        running: &mut [Running],
        cells: &mut Vec<Cell>,
        bar: &ProgressBar,
    ) -> Result<()> {
        let Row { work, size, threads } = *self;
        let longest = if options.quick { LONGEST / 20 } else { LONGEST }.as_nanos() as f64;
        let mut ready = Vec::new();
        for one in running.iter_mut() {
            let key = one.rival.key;
            if threads > 1 && !one.rival.threads {
                continue;
            }
            if let Some(&(before, took)) = one.last.get(work)
                && took * (size as f64 / before.max(1_000) as f64) > longest
            {
                continue;
            }
            let named = |error| format!("{key}: {error}");
            let answer = one.process.check(work, size).map_err(named)?;
            expected.compare(one.rival, work, size, answer)?;
            let length = if threads > 1 { TURN_TOGETHER } else { TURN };
            let turn =
                |call: f64| (length / (call * threads as f64).max(1.0)).clamp(1.0, 1e6) as usize;
            let mut call = match one.last.get(work) {
                // As many calls as one thread makes in that time: several threads would take long
                // to get going.
                Some(&(before, call)) if threads > 1 && before == size => call,
                _ => one.process.time(work, size, threads, 1).map_err(named)?,
            };
            if threads == 1 && !options.quick {
                // The first call is always slow: time some more to know how many make a turn.
                let count = turn(call).min(100);
                call = one.process.time(work, size, threads, count).map_err(named)? / count as f64;
            }
            if threads == 1 {
                one.last.insert(work, (size, call));
            }
            let count = if options.quick { 1 } else { turn(call) };
            ready.push((one, count, call, Vec::new()));
        }
        for turn in 0..options.repetitions() {
            for (one, count, _, turns) in &mut ready {
                let spent = turns.iter().sum::<f64>() * *count as f64;
                if turn >= 3 && spent > ENOUGH {
                    continue;
                }
                let took = one.process.time(work, size, threads, *count);
                let took = took.map_err(|error| format!("{}: {error}", one.rival.key))?;
                turns.push(took / *count as f64);
            }
            bar.inc(1);
        }
        let turns_of = |key: &str| {
            let found = ready.iter().find(|(one, ..)| one.rival.key == key);
            found.map(|(.., turns)| turns.clone())
        };
        let (callpy, python) = (turns_of("callpy"), turns_of("python"));
        let attached = turns_of("callpy-attached");
        for (one, _, call, turns) in ready {
            let callpy = if one.rival.is_attached() { &attached } else { &callpy };
            let ratio = |other: &Option<Vec<f64>>| {
                let pairs = turns.iter().zip(other.as_ref()?);
                Some(median(pairs.map(|(one, other)| one / other).collect()))
            };
            let count = match options.quick {
                true => 0.0,
                false => (200e6 / (call * threads as f64)).min(5_000.0),
            };
            let mut samples = match count * threads as f64 {
                ..100.0 => Vec::new(),
                _ => one.process.sample(work, size, threads, count as usize)?,
            };
            samples.sort_by(f64::total_cmp);
            // A percentile with fewer than two values above it is chance.
            let percentile = |part: f64| {
                let above = samples.len() as f64 * (1.0 - part);
                (above >= 2.0).then(|| samples[samples.len() - above as usize])
            };
            cells.push(Cell {
                rival: one.rival.key.to_owned(),
                work: work.to_owned(),
                size,
                threads,
                median: median(turns.clone()),
                to_callpy: ratio(callpy),
                to_python: ratio(&python),
                p50: percentile(0.5),
                p99: percentile(0.99),
                p999: percentile(0.999),
                turns,
            });
        }
        Ok(())
    }
}

/// NumPy's own answers, from a Python process that is not a rival.
struct Expected(HashMap<(String, usize), (usize, u64)>);

const ANSWERS: &str = "
import sys, work
for size in map(int, sys.argv[1:]):
    for name in 'nothing', 'detect', 'scaled':
        print(name, size, *work.digest(getattr(work, name)(work.series(size))))";

impl Expected {
    fn new(python: &Environment, sizes: &[usize]) -> Result<Expected> {
        let mut command = Command::new(python.interpreter.executable());
        python.prepare(&mut command, false);
        let sizes = sizes.iter().chain(&[1_000]).map(usize::to_string);
        let output = command.args(["-c", ANSWERS]).args(sizes).output()?;
        let mut answers = HashMap::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let [work, size, length, digest] = line.split(' ').collect::<Vec<_>>()[..] else {
                return Err(format!("NumPy's own answers have the line {line:?}").into());
            };
            answers.insert((work.to_owned(), size.parse()?), (length.parse()?, digest.parse()?));
        }
        match output.status.success() {
            true => Ok(Expected(answers)),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    }

    fn compare(&self, rival: &Rival, work: &str, size: usize, got: Answer) -> Result<()> {
        let expected = self.0.get(&(work.to_owned(), size)).ok_or("NumPy was not asked")?;
        if (got.length, got.digest) == *expected {
            return Ok(());
        }
        Err(format!(
            "{}: {work} on {size} doubles returned {} elements with digest {}, but NumPy returns {} with {}",
            rival.key, got.length, got.digest, expected.0, expected.1
        )
        .into())
    }
}

/// Says what ran.
fn versions(python: &Environment) -> Vec<(String, String)> {
    let mut versions = Vec::new();
    let mut add = |name: &str, version: Option<String>| {
        versions.extend(version.map(|version| (name.to_owned(), version)));
    };
    add(
        "callpy",
        said(Command::new("git").current_dir(root()).args(["describe", "--always", "--dirty"])),
    );
    add("rustc", said(Command::new("rustc").arg("--version")));
    add("cc", said(Command::new("cc").arg("--version")));
    add("Python", python.ask("import sys; print(sys.version)").ok());
    for package in ["numpy", "grpcio", "protobuf", "pyarrow", "loky", "pebble"] {
        let ask = format!("import importlib.metadata as m; print(m.version({package:?}))");
        add(package, python.ask(&ask).ok());
    }
    for lock in ["bench/rivals/Cargo.lock", "bench/rivals/inline-python/Cargo.lock"] {
        let lock = fs::read_to_string(root().join(lock)).unwrap_or_default();
        let lines: Vec<&str> = lock.lines().collect();
        for pair in lines.windows(2) {
            let value =
                |line: &str, key: &str| Some(line.strip_prefix(key)?.trim_matches('"').to_owned());
            if let (Some(name), Some(version)) =
                (value(pair[0], "name = "), value(pair[1], "version = "))
                && ["pyo3", "numpy", "tonic", "arrow-ipc", "inline-python"].contains(&name.as_str())
            {
                add(&format!("{name} (crate)"), Some(version));
            }
        }
    }
    let go = [PathBuf::from("go"), root().join("target/go-venv/bin/go")];
    add("Go", go.iter().find_map(|go| said(Command::new(go).arg("version"))));
    versions
}

/// The first line that a program prints, without the program's own name.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let line = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
    let name = Path::new(command.get_program()).file_name()?.to_str()?;
    Some(line.strip_prefix(name).unwrap_or(&line).trim_start_matches(" version").trim().to_owned())
}

fn machine(before: f64) -> Machine {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let memory = field("/proc/meminfo", "MemTotal");
    let kib: u64 = memory.split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or_default();
    Machine {
        processor: field("/proc/cpuinfo", "model name"),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_gib: (kib + (1 << 19)) >> 20,
        system: said(Command::new("uname").arg("-sm")).unwrap_or_default(),
        load: (before, load()),
    }
}

/// Today, by the civil calendar in UTC.
fn date() -> String {
    said(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_else(|| "undated".to_owned())
}

fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}
