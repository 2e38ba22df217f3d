//! `callpy time`: how long a call takes, where the time goes, and how long Python itself takes.

mod report;

use std::thread;
use std::time::{Duration, Instant};

use callpy::convert::Value;
use callpy::{Arguments, CopyReason, Function, IntoPython, Object, Python, Receipt, Scope};
use clap::Args;

use self::report::{Measured, Passing};
use crate::doctor;
use crate::failure::{Failure, Result};
use crate::helper::Helper;
use crate::inputs::Inputs;
use crate::output::Output;
use crate::parameters::Slot;
use crate::progress::Line;
use crate::session::{self, Argued, Session};
use crate::signals::{self, Running};
use crate::source::Numbers;
use crate::text::whole;
use crate::values::{List, Values};

const LONG: &str = "\
Measure how long a call takes on this data, and where the time goes

callpy and Python take turns calling the function. callpy lends it the numbers, as a Rust program \
would. Python passes an array that exists already, and is timed with timeit, on a thread of this \
interpreter, with NumPy's own allocator. The ratio is taken for each pair of turns, so that other load \
on the machine affects both.

waiting: until this thread had the interpreter lock. lending: until the arguments were Python objects. \
Python: in the function. result: until the result was a Rust value and all loans were settled.

A function that changes its arguments gets a new copy for each call; making it is not timed. One that \
retains them gets a copy from callpy at each call, as in a Rust program, which is timed. What the \
function prints is shown for the first calls only, on stderr.

With --workers, callpy calls the function on worker processes, and Python calls it in this one: first \
one call at a time, and then as many at once as there are workers.";

/// Measure how long a call takes on this data, and where the time goes
#[derive(Debug, Args)]
#[command(long_about = LONG)]
pub(crate) struct Time {
    #[command(flatten)]
    inputs: Inputs,

    /// How long to measure, in seconds
    #[arg(long = "for", value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    time: Duration,

    /// Measure at most this many calls of each
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    calls: Option<u64>,

    /// Call the function on N worker processes
    #[arg(long, value_name = "N", value_parser = crate::call::positive)]
    workers: Option<usize>,

    /// Print JSON, with times in nanoseconds
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = |_| "write a number of seconds, such as 0.5".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong(()))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong(()))
}

/// More rounds would not change the result.
const ROUNDS: u64 = 400;

/// The number of calls in each round that return a receipt.
const RECEIPTS: u64 = 50;

/// The memory that a function may retain, in bytes.
const RETAINED_MEMORY: usize = 1 << 30;

/// An argument that can be passed repeatedly.
struct Supply {
    slot: Slot,
    kind: Kind,
    /// The object that Python's own calls pass.
    ready: Object,
}

enum Kind {
    Array(Values),
    List(Values),
    Object,
}

/// An argument of one call.
enum Passed<'a> {
    Floats(&'a [f64]),
    Ints(&'a [i64]),
    WritableFloats(&'a mut [f64]),
    WritableInts(&'a mut [i64]),
    List(&'a Values),
    Object(&'a Object),
    Copy(Object),
}

impl<'a> IntoPython<'a> for Passed<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        match self {
            Passed::Floats(values) => values.into_python(scope),
            Passed::Ints(values) => values.into_python(scope),
            Passed::WritableFloats(values) => values.into_python(scope),
            Passed::WritableInts(values) => values.into_python(scope),
            Passed::List(values) => List(values).into_python(scope),
            Passed::Object(object) => object.into_python(scope),
            Passed::Copy(object) => Ok(object),
        }
    }
}

/// Runs the command.
pub(crate) fn run(time: &Time) -> Result<()> {
    let output = Output::new(true, true)?;
    // What the function prints goes to stderr, so that stdout has the command's output only.
    session::run(&time.inputs, false, true, |session| {
        let argued = session.arguments()?;
        let shown = shown(&session, &argued);
        let supplies = supplies(argued, session.helper)?;
        let workers = match time.workers {
            Some(count) => {
                let started = signals::during(Running::Work, || Python::builder().workers(count));
                let workers = started.map_err(doctor::with_fix)?;
                Some(workers.function(session.target).map_err(doctor::with_fix)?)
            }
            None => None,
        };
        let timed = workers.as_ref().unwrap_or(&session.function);
        let timing = Timing { session: &session, timed, supplies: &supplies, time };
        let (passing, mut measured) = timing.measure()?;
        if let Some(count) = time.workers {
            measured.at_once = Some((count, timing.at_once(count, passing, &measured)?));
        }
        let mut output = output;
        output.line(&match time.json {
            true => report::as_json(&session, passing, &measured).to_string(),
            false => report::as_text(&session, &shown, passing, &measured),
        })?;
        output.end()
    })
}

/// Describes the arguments.
fn shown(session: &Session<'_>, argued: &[Argued]) -> String {
    let columns = argued.iter().filter_map(|argued| {
        let column = argued.column.as_ref()?;
        Some(match &argued.numbers {
            Numbers::Array(values) => {
                format!("{column} ({} {})", whole(values.len()), values.dtype())
            }
            Numbers::List(values) => {
                format!("{column} (a list of {})", whole(values.len()))
            }
            Numbers::Object(array) => {
                let shape = array.attr("shape").map(|shape| shape.to_string());
                let dtype = array.attr("dtype").map(|dtype| dtype.to_string());
                format!("{column} ({} {})", shape.unwrap_or_default(), dtype.unwrap_or_default())
            }
        })
    });
    let columns: Vec<String> = columns.collect();
    match (&session.source, columns.is_empty()) {
        (Some(source), false) => format!(" on {}: {}", source.name(), columns.join(", ")),
        _ => String::new(),
    }
}

fn supplies(argued: Vec<Argued>, helper: &Helper) -> Result<Vec<Supply>> {
    let supply = |argued: Argued| {
        let kind = match &argued.numbers {
            Numbers::Array(values @ (Values::Float64(_) | Values::Int64(_))) => {
                Kind::Array(values.clone())
            }
            Numbers::List(values) => Kind::List(values.clone()),
            Numbers::Array(_) | Numbers::Object(_) => Kind::Object,
        };
        Ok(Supply { slot: argued.slot, kind, ready: helper.same(argued.numbers)? })
    };
    argued.into_iter().map(supply).collect()
}

struct Timing<'t> {
    session: &'t Session<'t>,
    /// The function as callpy calls it: in this process, or on workers.
    timed: &'t Function,
    supplies: &'t [Supply],
    time: &'t Time,
}

impl Timing<'_> {
    fn measure(&self) -> Result<(Passing, Measured)> {
        let helper = self.session.helper;
        let mut measured = Measured::default();
        // Twice, with copies that the function may change: the second call may behave differently.
        let (mut changes, mut retains) = (false, false);
        for call in 0..2 {
            let copies = self.copies()?;
            let before = helper.holders(&copies)?;
            let start = Instant::now();
            let result = self.call_with(&copies).map_err(|failure| match call {
                0 => failure,
                _ => second(failure),
            });
            if call == 0 {
                measured.first = start.elapsed();
            }
            drop(result?);
            let ready: Vec<Object> = self.supplies.iter().map(|it| it.ready.clone()).collect();
            let after = helper.holders(&copies)?;
            retains |= before.iter().zip(&after).any(|(before, after)| after > before);
            changes |= helper.differ(&copies, &ready)?;
        }
        let mut passing = match (retains, changes) {
            (true, _) => Passing::Copied,
            (_, true) => Passing::Writable,
            _ => Passing::Lent,
        };
        helper.quiet(true)?;
        let timed = self.rounds(&mut passing, &mut measured).map_err(second);
        helper.quiet(false)?;
        timed?;
        Ok((passing, measured))
    }

    fn copies(&self) -> Result<Vec<Object>> {
        self.supplies.iter().map(|it| Ok(self.session.helper.copy(&it.ready)?)).collect()
    }

    fn call_with(&self, copies: &[Object]) -> Result<Value<'static>> {
        let mut arguments = Arguments::new();
        for (supply, copy) in self.supplies.iter().zip(copies) {
            match &supply.slot {
                Slot::Positional => arguments.push(copy.clone()),
                Slot::Named(name) => arguments.push_named(name.clone(), copy.clone()),
            };
        }
        self.session.function.call(arguments).map_err(doctor::with_fix)
    }

    fn rounds(&self, passing: &mut Passing, measured: &mut Measured) -> Result<()> {
        let mut buffers: Vec<Option<Values>> = self.supplies.iter().map(Supply::buffer).collect();
        // The first call with arrays may show what the copies did not: that the result holds them.
        let start = Instant::now();
        if *passing == Passing::Lent {
            match self.ours(Passing::Lent, &mut buffers, 1, None) {
                // The function writes to its arguments; the copies got the values they already had.
                Err(error) if error.exception().is_some() && !signals::has_come() => {
                    *passing = Passing::Writable;
                }
                other => drop(other?),
            }
        }
        let mut receipts = Vec::new();
        self.ours(*passing, &mut buffers, 1, Some(&mut receipts))?;
        let is_retained = |copy: &callpy::Copy| copy.reason == CopyReason::Retained;
        if *passing == Passing::Lent && receipts.iter().flat_map(|it| &it.copies).any(is_retained) {
            *passing = Passing::Copied;
        }
        let once = start.elapsed().max(Duration::from_nanos(50));
        let most = self.most(*passing);
        // Rounds are short, so that most are undisturbed on a busy machine.
        let round = self.time.time / 2 / 200;
        let number = (round.as_nanos() / once.as_nanos()).clamp(1, 1_000_000) as u64;
        let number = number.min(most.div_ceil(20)).max(1);
        let line = Line::waiting(&format!("Timing {}", self.session.function.name()));
        let start = Instant::now();
        let mut theirs = Theirs::new(self, *passing)?;
        while (measured.ours.len() as u64) < ROUNDS {
            let number = number.min(most - measured.calls);
            let ours = self.ours(*passing, &mut buffers, number, None)?;
            measured.ours.push(ours.as_nanos() as f64 / number as f64);
            measured.theirs.push(theirs.run(number)? / number as f64);
            measured.calls += number;
            let with_receipt = number.min(RECEIPTS);
            self.ours(*passing, &mut buffers, with_receipt, Some(&mut measured.receipts))?;
            if measured.calls >= most || start.elapsed() >= self.time.time {
                break;
            }
        }
        drop(line);
        Ok(())
    }

    /// Returns how many calls a second so many callers make at once, in about a quarter of the time.
    fn at_once(&self, callers: usize, passing: Passing, measured: &Measured) -> Result<f64> {
        let one = Duration::from_nanos(measured.median() as u64).max(Duration::from_nanos(50));
        let number = (self.time.time / 4).as_nanos() / one.as_nanos();
        let number = (number as u64).clamp(1, self.most(passing));
        let (timed, supplies, helper) = (self.timed, self.supplies, self.session.helper);
        let start = Instant::now();
        let calls = || -> callpy::Result<()> {
            let mut buffers: Vec<Option<Values>> = supplies.iter().map(Supply::buffer).collect();
            ours(timed, supplies, helper, passing, &mut buffers, number, None).map(drop)
        };
        thread::scope(|scope| {
            let callers: Vec<_> = (0..callers).map(|_| scope.spawn(calls)).collect();
            callers.into_iter().try_for_each(|caller| caller.join().expect("no panic"))
        })?;
        Ok((number * callers as u64) as f64 / start.elapsed().as_secs_f64())
    }

    /// Returns the largest number of calls to make.
    fn most(&self, passing: Passing) -> u64 {
        let most = self.time.calls.unwrap_or(u64::MAX);
        let bytes: usize = self.supplies.iter().map(Supply::bytes).sum();
        match passing {
            // Three kinds of calls retain memory: callpy's, Python's, and those with a receipt.
            Passing::Copied if bytes > 0 => most.min((RETAINED_MEMORY / bytes / 3).max(1) as u64),
            _ => most,
        }
    }

    /// Makes `number` calls and returns how long they took, without preparing their arguments.
    fn ours(
        &self,
        passing: Passing,
        buffers: &mut [Option<Values>],
        number: u64,
        receipts: Option<&mut Vec<Receipt>>,
    ) -> callpy::Result<Duration> {
        let helper = self.session.helper;
        ours(self.timed, self.supplies, helper, passing, buffers, number, receipts)
    }
}

/// As `Timing::ours`, on any thread.
fn ours(
    function: &Function,
    supplies: &[Supply],
    helper: &Helper,
    passing: Passing,
    buffers: &mut [Option<Values>],
    number: u64,
    mut receipts: Option<&mut Vec<Receipt>>,
) -> callpy::Result<Duration> {
    let mut taken = Duration::ZERO;
    // Reading the clock takes as long as part of a short call: once is enough if nothing but calls is timed.
    let start = || (passing != Passing::Lent).then(Instant::now);
    let batch = Instant::now();
    for _ in 0..number {
        if passing == Passing::Writable {
            for (supply, buffer) in supplies.iter().zip(&mut *buffers) {
                supply.refill(buffer);
            }
        }
        // A single argument is passed without `Arguments`, as most programs do.
        if let ([supply @ Supply { slot: Slot::Positional, .. }], [buffer]) =
            (supplies, &mut *buffers)
        {
            let argument = supply.argument(passing, buffer, helper)?;
            let start = start();
            call(function, argument, &mut receipts)?;
            taken += start.map_or(Duration::ZERO, |start| start.elapsed());
            continue;
        }
        let mut arguments = Arguments::new();
        for (supply, buffer) in supplies.iter().zip(&mut *buffers) {
            let argument = supply.argument(passing, buffer, helper)?;
            match &supply.slot {
                Slot::Positional => arguments.push(argument),
                Slot::Named(name) => arguments.push_named(name.clone(), argument),
            };
        }
        let start = start();
        call(function, arguments, &mut receipts)?;
        taken += start.map_or(Duration::ZERO, |start| start.elapsed());
    }
    Ok(if passing == Passing::Lent { batch.elapsed() } else { taken })
}

fn call<'a>(
    function: &Function,
    arguments: impl IntoPython<'a>,
    receipts: &mut Option<&mut Vec<Receipt>>,
) -> callpy::Result<()> {
    match receipts {
        Some(receipts) => {
            let (result, receipt) = function.call_with_receipt::<Value<'_>>(arguments)?;
            receipts.push(receipt);
            drop(result);
        }
        None => drop(function.call::<Value<'_>>(arguments)?),
    }
    Ok(())
}

/// Python's own calls.
struct Theirs<'t> {
    timer: Object,
    helper: &'t Helper,
}

impl<'t> Theirs<'t> {
    fn new(timing: &Timing<'t>, passing: Passing) -> Result<Theirs<'t>> {
        let helper = timing.session.helper;
        let function = timing.session.function.object();
        let arguments: Vec<Object> =
            timing.supplies.iter().map(|supply| supply.ready.clone()).collect();
        let names: Vec<Option<String>> = timing
            .supplies
            .iter()
            .map(|supply| match &supply.slot {
                Slot::Positional => None,
                Slot::Named(name) => Some(name.clone()),
            })
            .collect();
        let timer = helper.timer(function, arguments, names, passing != Passing::Lent)?;
        Ok(Theirs { timer, helper })
    }

    /// Returns the nanoseconds that `number` calls took.
    fn run(&mut self, number: u64) -> Result<f64> {
        self.helper.timed(&self.timer, number)
    }
}

impl Supply {
    fn buffer(&self) -> Option<Values> {
        match &self.kind {
            Kind::Array(values) => Some(values.clone()),
            _ => None,
        }
    }

    fn bytes(&self) -> usize {
        match &self.kind {
            Kind::Array(values) | Kind::List(values) => values.len() * 8,
            Kind::Object => {
                let bytes = self.ready.attr("nbytes").and_then(|it| it.extract::<usize>());
                bytes.unwrap_or(0)
            }
        }
    }

    fn refill(&self, buffer: &mut Option<Values>) {
        match (&self.kind, buffer) {
            (Kind::Array(Values::Float64(from)), Some(Values::Float64(to))) => {
                to.copy_from_slice(from);
            }
            (Kind::Array(Values::Int64(from)), Some(Values::Int64(to))) => to.copy_from_slice(from),
            _ => {}
        }
    }

    fn argument<'a>(
        &'a self,
        passing: Passing,
        buffer: &'a mut Option<Values>,
        helper: &Helper,
    ) -> callpy::Result<Passed<'a>> {
        Ok(match (&self.kind, passing, buffer) {
            (Kind::Array(Values::Float64(values)), Passing::Lent, _) => Passed::Floats(values),
            (Kind::Array(Values::Int64(values)), Passing::Lent, _) => Passed::Ints(values),
            (Kind::Array(_), Passing::Writable, Some(Values::Float64(values))) => {
                Passed::WritableFloats(values)
            }
            (Kind::Array(_), Passing::Writable, Some(Values::Int64(values))) => {
                Passed::WritableInts(values)
            }
            (Kind::Array(Values::Float64(values)), ..) => Passed::Floats(values),
            (Kind::Array(Values::Int64(values)), ..) => Passed::Ints(values),
            (Kind::Array(values) | Kind::List(values), ..) => Passed::List(values),
            (Kind::Object, Passing::Lent, _) => Passed::Object(&self.ready),
            (Kind::Object, ..) => Passed::Copy(helper.copy(&self.ready)?),
        })
    }
}

/// Adds that the first call succeeded.
fn second(mut failure: Failure) -> Failure {
    if let Failure::Exception { help: help @ None, .. } = &mut failure {
        *help = Some(
            "time a function that can be called repeatedly: the first call with these arguments \
             succeeded, but a later one raised this exception"
                .to_owned(),
        );
    }
    failure
}
