//! Runs the rivals turn by turn, and compares their answers first.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, thread};

use callpy::environment::{OnProgress, Progress, Requirements};
use callpy::locate::{self, Wanted};

use crate::process::Process;
use crate::record::{Cell, Record, RivalRecord, median};
use crate::rivals::{ALL, PACKAGES, Rival};
use crate::{Options, Result, root, tables};

/// A function, and with how many groups it is called. `scaled` is called once a batch.
const ROWS: [(&str, usize); 9] = [
    ("detect", 64),
    // Halfway a worker is killed, so this follows the row that says how long it takes.
    ("detect-killed", 64),
    ("detect", 100_000),
    ("detect", 1_000_000),
    ("detect-ordered", 64),
    ("detect-ordered", 100_000),
    ("tally", 64),
    ("tally", 1_000_000),
    ("scaled", 64),
];

/// A query that takes longer than this, in seconds, has one turn.
const LONG: f64 = 5.0;

/// A rival, its process, and the table that it has open.
struct Running {
    rival: &'static Rival,
    process: Process,
    open: PathBuf,
    /// The seconds of each row's last query, with the table's rows.
    last: HashMap<(&'static str, usize), (usize, f64)>,
}

/// Runs everything that the options name.
pub(crate) fn run(options: &Options) -> Result<Record> {
    let python = python()?;
    let load = load();
    let mut rivals = Vec::new();
    let mut running = Vec::new();
    for rival in chosen(options)? {
        let process = Process::start(rival, &python);
        rivals.push(RivalRecord {
            key: rival.key.to_owned(),
            about: rival.about.to_owned(),
            left_out: process.as_ref().err().map(ToString::to_string),
        });
        if let Ok(process) = process {
            running.push(Running { rival, process, open: PathBuf::new(), last: HashMap::new() });
        }
    }
    let mut cells = Vec::new();
    for (work, groups) in rows(options) {
        // A tenth first: it says what the whole would take.
        let sizes = match options.quick {
            true => vec![20_000],
            false => vec![options.rows / 10, options.rows],
        };
        for rows in sizes {
            let file = table(&python, rows, groups.min(rows / 10))?;
            if !options.quick {
                eprintln!("{work}, {} groups, {rows} rows", groups.min(rows / 10));
            }
            cells.extend(row(options, &mut running, &file, (work, groups), rows)?);
        }
    }
    for rival in &mut rivals {
        let own = || cells.iter().filter(|cell| cell.rival == rival.key);
        if rival.left_out.is_none() && own().all(|cell| cell.turns.is_empty()) {
            rival.left_out = own().find_map(|cell| cell.left_out.clone());
        }
    }
    // Two processes may not use the same memory for long: they end before the machine is described.
    drop(running);
    Ok(Record {
        date: said(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or("undated".to_owned()),
        machine: machine(),
        load: (load, self::load()),
        versions: versions(&python),
        rivals,
        cells,
    })
}

fn chosen(options: &Options) -> Result<Vec<&'static Rival>> {
    if let Some(name) =
        options.rivals.iter().find(|name| !ALL.iter().any(|rival| rival.key == **name))
    {
        let all: Vec<&str> = ALL.iter().map(|rival| rival.key).collect();
        return Err(format!("there is no rival {name:?}; there are {}", all.join(", ")).into());
    }
    let wanted = |rival: &&Rival| {
        options.rivals.is_empty()
            // The others are compared with these.
            || ["calls", "callpy", "callpy-parquet", "callpy-workers"].contains(&rival.key)
            || options.rivals.iter().any(|name| name == rival.key)
    };
    Ok(ALL.iter().filter(wanted).collect())
}

fn rows(options: &Options) -> Vec<(&'static str, usize)> {
    let works = &options.works;
    let wanted = |row: &(&str, usize)| {
        (works.is_empty() || works.iter().any(|work| work == row.0))
            && (options.groups.is_empty() || options.groups.contains(&row.1))
    };
    ROWS.into_iter().filter(wanted).collect()
}

/// Times all rivals at one row.
fn row(
    options: &Options,
    running: &mut [Running],
    file: &Path,
    row: (&'static str, usize),
    rows: usize,
) -> Result<Vec<Cell>> {
    let (work, groups) = (row.0, row.1.min(rows / 10));
    let limit = Duration::from_secs_f64(2.0 * options.limit);
    let cell = |rival: &Rival, left_out: Option<String>| Cell {
        rival: rival.key.to_owned(),
        work: work.to_owned(),
        groups,
        rows,
        median: None,
        to_callpy: None,
        to_calls: None,
        turns: Vec::new(),
        left_out,
    };
    let mut cells = Vec::new();
    let mut ready = Vec::new();
    let mut expected = None;
    for one in running.iter_mut() {
        if let Some(&(before, took)) = one.last.get(&row) {
            let expected = took * rows as f64 / before as f64;
            if expected > options.limit {
                let reason = format!("{} or more, after {}", seconds(expected), seconds(took));
                cells.push(cell(one.rival, Some(reason)));
                continue;
            }
        }
        let opened = if one.open == file { Ok(()) } else { one.process.open(file) };
        file.clone_into(&mut one.open);
        // The first query is not timed: caches are cold, and modules are imported.
        let answer = opened.and_then(|()| one.process.run(work, limit));
        match answer {
            Ok(answer) => {
                let (first, rows_of_first) = *expected.get_or_insert((one.rival.key, answer.rows));
                if answer.rows != rows_of_first {
                    let reason = format!(
                        "wrong: {} rows with digest {}, where {first} has {} with {}",
                        answer.rows.0, answer.rows.1, rows_of_first.0, rows_of_first.1
                    );
                    eprintln!("{}: {work}, {groups} groups: {reason}", one.rival.key);
                    cells.push(cell(one.rival, Some(reason)));
                    continue;
                }
                one.last.insert(row, (rows, answer.nanoseconds / 1e9));
                ready.push((one, answer.nanoseconds / 1e9, Vec::new()));
            }
            Err(error) => {
                // It may be another process now.
                one.open = PathBuf::new();
                cells.push(cell(one.rival, Some(error.to_string())));
            }
        }
    }
    let turns = if options.quick { 0 } else { options.turns };
    for turn in 0..turns {
        for (one, first, took) in &mut ready {
            if *first > LONG && turn > 0 {
                continue;
            }
            took.push(one.process.run(work, 2 * limit)?.nanoseconds / 1e9);
        }
    }
    let turns_of = |key: &str| {
        let found = ready.iter().find(|(one, ..)| one.rival.key == key);
        found.map(|(.., turns)| turns.clone())
    };
    for (one, first, turns) in &ready {
        let ratio = |key: &str| {
            let others = turns_of(key)?;
            median(turns.iter().zip(others).map(|(one, other)| one / other).collect())
        };
        let turns = if options.quick { vec![*first] } else { turns.clone() };
        cells.push(Cell {
            median: median(turns.clone()),
            to_callpy: ratio(one.rival.beside),
            to_calls: ratio("calls"),
            turns,
            ..cell(one.rival, None)
        });
    }
    Ok(cells)
}

/// Finds a Python as callpy does, in an environment with all that the rivals need.
fn python() -> Result<PathBuf> {
    let tell = |step: &Progress| {
        if let Progress::Creating { tool, dependencies, .. } = step {
            eprintln!("Installing {} with {tool}, once", dependencies.join(", "));
        }
    };
    let (interpreter, _) = locate::find(&Wanted {
        requirements: Requirements::new(PACKAGES),
        progress: Some(Arc::new(tell) as OnProgress),
        ..Wanted::default()
    })?;
    Ok(interpreter.executable().to_owned())
}

/// Returns the file of a table, which is written once.
fn table(python: &Path, rows: usize, groups: usize) -> Result<PathBuf> {
    let file = tables().join(format!("{rows}-{groups}.parquet"));
    if !file.exists() {
        fs::create_dir_all(tables())?;
        // A run that is interrupted leaves no half table.
        let part = file.with_extension("part");
        let status = Command::new(python)
            .arg(root().join("sql/rivals/table.py"))
            .args([rows.to_string(), groups.to_string()])
            .arg(&part)
            .status()?;
        if !status.success() {
            return Err(format!("no table could be written: table.py ended with {status}").into());
        }
        fs::rename(part, &file)?;
    }
    Ok(file)
}

/// A time as people say it.
pub(crate) fn seconds(time: f64) -> String {
    match time {
        100.0.. => format!("{time:.0} s"),
        10.0.. => format!("{time:.1} s"),
        1.0.. => format!("{time:.2} s"),
        0.1.. => format!("{:.0} ms", time * 1e3),
        _ => format!("{:.1} ms", time * 1e3),
    }
}

fn versions(python: &Path) -> Vec<(String, String)> {
    let mut versions = Vec::new();
    let mut add = |name: &str, version: Option<String>| {
        versions.extend(version.map(|version| (name.to_owned(), version)));
    };
    let mut git = Command::new("git");
    add("callpy", said(git.current_dir(root()).args(["describe", "--always", "--dirty"])));
    add("rustc", said(Command::new("rustc").arg("--version")));
    let lock = fs::read_to_string(root().join("sql/Cargo.lock")).unwrap_or_default();
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"datafusion\"").skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = "));
    add("datafusion (crate)", version.map(|version| version.trim_matches('"').to_owned()));
    let ask = |code: &str| said(Command::new(python).args(["-c", code]));
    add("Python", ask("import platform; print(platform.python_version())"));
    for package in PACKAGES {
        let name = package.split('=').next().unwrap_or(package);
        let code = format!("import importlib.metadata as m; print(m.version({name:?}))");
        add(name, ask(&code));
    }
    versions
}

/// The first line that a program prints, without the program's own name.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let line = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
    let name = Path::new(command.get_program()).file_name()?.to_str()?;
    Some(line.strip_prefix(name).unwrap_or(&line).trim().to_owned())
}

fn machine() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let memory = field("/proc/meminfo", "MemTotal");
    let kib: u64 = memory.split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or_default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let system = said(Command::new("uname").arg("-sm")).unwrap_or_default();
    let processor = field("/proc/cpuinfo", "model name");
    format!("{processor}, {cores} cores, {} GiB, {system}", (kib + (1 << 19)) >> 20)
}

fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}
