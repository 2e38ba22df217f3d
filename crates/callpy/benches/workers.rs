//! What a call on a worker costs, beside the same call in this process: p50 and p99 of many calls.
//!
//! `cargo bench -p callpy --bench workers` prints them, and what two workers get done beside one caller
//! in this process; `-- --quick` runs everything a few times and only checks the answers.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> callpy::Result<()> {
    linux::main()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, Instant};

    use callpy::{Array, ErrorKind, Function, Python, Result, named};

    const SOURCE: &str = r#"
import numpy as np

def nothing(data):
    pass

def detect(data):
    deviation = np.abs(data - data.mean())
    return np.where(deviation > 2 * data.std())[0]

def scaled(data):
    return data * 2.0

def scale_into(data, out):
    np.multiply(data, 2.0, out=out)

def spin():
    while True:
        pass

def busy(count):
    total = 0
    for number in range(count):
        total += number
    return total
"#;

    /// How many calls a `map` makes.
    const MAPPED: usize = 200;

    fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
        times.sort_unstable();
        (times[times.len() / 2], times[times.len() * 99 / 100])
    }

    fn measure(count: usize, mut call: impl FnMut()) -> (Duration, Duration) {
        (0..count / 10 + 3).for_each(|_| call());
        let times = (0..count).map(|_| {
            let start = Instant::now();
            call();
            start.elapsed()
        });
        percentiles(times.collect())
    }

    fn row(name: &str, function: impl Fn(&Function), [here, there]: [&Function; 2], count: usize) {
        let (p50, p99) = measure(count, || function(here));
        println!("{name:<24} here     p50 {p50:>10.1?}  p99 {p99:>10.1?}");
        let (p50, p99) = measure(count, || function(there));
        println!("{name:<24} worker   p50 {p50:>10.1?}  p99 {p99:>10.1?}");
    }

    /// Returns how many calls a second this many callers make, measured for some time. Each makes one call before.
    fn throughput(callers: usize, time: Duration, call: impl Fn() + Sync) -> f64 {
        let together = Barrier::new(callers);
        let made = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..callers {
                scope.spawn(|| {
                    call();
                    together.wait();
                    let start = Instant::now();
                    while start.elapsed() < time {
                        call();
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        made.into_inner() as f64 / time.as_secs_f64()
    }

    /// Prints how many calls two workers make for each call that one caller makes in this process: those of
    /// several callers, and those of one `map`, which makes so many.
    fn throughputs(
        name: &str,
        quick: bool,
        call: impl Fn(&Function) + Sync,
        map: (usize, impl Fn(&Function) + Sync),
        both: &[Function; 2],
    ) {
        let [here, there] = both;
        let (turns, time) = if quick { (1, 5) } else { (5, 500) };
        let time = Duration::from_millis(time);
        let (calls, map) = map;
        let print = |who: &str, two: &dyn Fn() -> f64| {
            let mut turns: Vec<_> = (0..turns)
                .map(|_| {
                    let one = throughput(1, time, || call(here));
                    let two = two();
                    (two / one, one, two)
                })
                .collect();
            turns.sort_by(|one, other| one.0.total_cmp(&other.0));
            let (ratio, one, two) = turns[turns.len() / 2];
            println!(
                "{name}: {one:.0} a second of one caller here, {two:.0} of {who} on two workers: {ratio:.2} \
                 times"
            );
        };
        for callers in [2, 4] {
            print(&format!("{callers} callers"), &|| throughput(callers, time, || call(there)));
        }
        print("a `map`", &|| throughput(1, time, || map(there)) * calls as f64);
    }

    pub(super) fn main() -> Result<()> {
        let quick = std::env::args().any(|argument| argument == "--quick");
        let count = |full: usize| if quick { 5 } else { full };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("loads.py");
        std::fs::write(&file, SOURCE).expect("a file");
        let python = Python::builder().require(["numpy"]).start()?;
        let workers = Python::builder().workers(2)?;
        let target = |name: &str| format!("{}:{name}", file.display());
        let both = |name: &str| -> Result<[Function; 2]> {
            Ok([python.function(target(name))?, workers.function(&target(name))?])
        };
        let [nothing, detect, scaled, busy] =
            [both("nothing")?, both("detect")?, both("scaled")?, both("busy")?];

        let series =
            |len: usize| (0..len).map(|it| (it * 7919 % 400) as f64 / 10.0).collect::<Vec<_>>();
        let (small, large, huge) = (series(1_000), series(100_000), series(1_000_000));
        let answers: [Array<i64>; 2] = [detect[0].call(&large)?, detect[1].call(&large)?];
        assert_eq!(answers[0], answers[1]);
        let [here, there] = &nothing;
        row(
            "nothing, 1,000",
            |f| f.call(&small).expect("it returns"),
            [here, there],
            count(50_000),
        );
        let [here, there] = &detect;
        let call =
            |f: &Function, data: &[f64]| drop(f.call::<Array<i64>>(data).expect("it returns"));
        row("detect, 1,000", |f| call(f, &small), [here, there], count(20_000));
        row("detect, 100,000", |f| call(f, &large), [here, there], count(2_000));
        let [here, there] = &scaled;
        let call = |f: &Function| drop(f.call::<Array<f64>>(&huge).expect("it returns"));
        row("scaled, 1,000,000", call, [here, there], count(500));
        let mut shared = workers.zeros::<f64>(huge.len())?;
        shared.copy_from_slice(&huge);
        let mut into = workers.zeros::<f64>(huge.len())?;
        let scale_into = workers.function(&target("scale_into"))?;
        let (p50, p99) = measure(count(500), || {
            drop(there.call::<Array<f64>>(&shared).expect("it returns"));
        });
        println!("{:<24} worker   p50 {p50:>10.1?}  p99 {p99:>10.1?}", "  in shared memory");
        let (p50, p99) = measure(count(500), || {
            let out = named("out", &mut into);
            scale_into.call::<()>((&shared, out)).expect("it returns");
        });
        println!("{:<24} worker   p50 {p50:>10.1?}  p99 {p99:>10.1?}", "  and its result too");
        assert_eq!(into[1], 2.0 * shared[1]);

        let call = |f: &Function| assert_eq!(f.call::<i64>(2_000).expect("it returns"), 1_999_000);
        let map = |f: &Function| {
            let results = f.map::<i64, _>([2_000; MAPPED]);
            results.iter().for_each(|it| assert_eq!(*it.as_ref().expect("it returns"), 1_999_000));
        };
        throughputs("Python code", quick, call, (MAPPED, map), &busy);
        let call = |f: &Function| drop(f.call::<Array<i64>>(&small).expect("it returns"));
        let map = |f: &Function| {
            let results = f.map::<Array<i64>, _>([&small[..]; MAPPED]);
            results.into_iter().for_each(|it| drop(it.expect("it returns")));
        };
        throughputs("detect, 1,000", quick, call, (MAPPED, map), &detect);

        let there = &detect[1];
        let abort = workers.function("os:abort")?;
        let mut times = Vec::new();
        for _ in 0..count(30) {
            abort.call::<()>(()).expect_err("it crashes");
            let start = Instant::now();
            there.call::<Array<i64>>(&small)?;
            times.push(start.elapsed());
            while workers.statistics().free < 3 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        let (p50, p99) = percentiles(times);
        println!("the call after a crash, p50 {p50:.1?}, p99 {p99:.1?}");

        // A deadline that Python code stops at: how much later the call returns.
        let limit = Duration::from_micros(300);
        let late = workers.function(&target("spin"))?.within(limit);
        let overrun = || {
            let start = Instant::now();
            let error = late.call::<()>(()).expect_err("it has no end");
            assert!(matches!(error.kind(), ErrorKind::Deadline), "{error}");
            start.elapsed().saturating_sub(limit)
        };
        let tries = std::env::var("DEADLINES").map_or(2_000, |it| it.parse().expect("a number"));
        let mut times: Vec<Duration> = (0..count(tries)).map(|_| overrun()).collect();
        times.sort_unstable();
        let most = times.last().expect("there is one");
        let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        let replaced = workers.statistics().started;
        println!(
            "{} deadlines, later by p50 {p50:.1?}, p99 {p99:.1?}, most {most:.1?}; {replaced} workers were \
             started",
            times.len()
        );
        Ok(())
    }
}
