//! `callpy time`: how long a call takes, where the time goes, and how Python itself fares.

mod report;

use std::time::{Duration, Instant};

use callpy::convert::Value;
use callpy::{Arguments, ErrorKind, Function, IntoPython, Object, Receipt, Scope};
use clap::Args;

use crate::arguments::Inputs;
use crate::failure::{Failure, Result};
use crate::helper::Helper;
use crate::output::Output;
use crate::parameters::Slot;
use crate::progress::Line;
use crate::session::{self, Argued, Session};
use crate::signals;
use crate::source::{self, Numbers};
use crate::table::Values;
use crate::text::whole;

const LONG: &str = "\
Says how long a call takes on this data, and where the time goes

The function is called over and over, by callpy with the numbers lent as a Rust program would lend \
them, and in turn by Python itself with a ready array: timeit, on a thread of this interpreter, with \
NumPy's own allocator. The ratio is that of each pair of turns, so that what else the machine does \
meanwhile weighs on both.

waiting: until the interpreter was this thread's. lending: until the arguments were Python's. \
Python: in the function. result: until the result was Rust's and all loans were settled.

A function that changes its arguments gets a fresh copy for each call, made outside the time that is \
measured; so does one that keeps them. What the function prints is printed for the first calls only, \
on stderr.";

/// Says how long a call takes on this data, and where the time goes
#[derive(Debug, Args)]
#[command(long_about = LONG)]
pub(crate) struct Time {
    #[command(flatten)]
    inputs: Inputs,

    /// How long to measure, in seconds
    #[arg(long = "for", value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    time: Duration,

    /// How many calls to measure of each, at most
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    calls: Option<u64>,

    /// Print JSON, with times in nanoseconds
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = |_| "write a number of seconds, such as 0.5".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong(()))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong(()))
}

/// More rounds tell nothing more.
const ROUNDS: u64 = 400;

/// Of each round, so many calls are looked into.
const RECEIPTS: u64 = 50;

/// Memory that a function which keeps its arguments may have of us.
const KEPT_MEMORY: usize = 1 << 30;

/// How the function gets arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Lent,
    /// Writable, and filled anew for each call, since it changes them.
    Fresh,
    /// A copy of its own for each call, since it keeps them.
    Given,
}

/// An argument of which there is always another.
struct Supply {
    slot: Slot,
    kind: Kind,
    /// As Python's side gets it.
    ready: Object,
}

enum Kind {
    Array(Values),
    List(Values),
    Object,
}

/// One call's worth of an argument.
enum Given<'a> {
    Floats(&'a [f64]),
    Ints(&'a [i64]),
    WritableFloats(&'a mut [f64]),
    WritableInts(&'a mut [i64]),
    OwnFloats(Vec<f64>),
    OwnInts(Vec<i64>),
    List(&'a Values),
    Object(Object),
}

impl<'a> IntoPython<'a> for Given<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        match self {
            Given::Floats(values) => values.into_python(scope),
            Given::Ints(values) => values.into_python(scope),
            Given::WritableFloats(values) => values.into_python(scope),
            Given::WritableInts(values) => values.into_python(scope),
            Given::OwnFloats(values) => values.into_python(scope),
            Given::OwnInts(values) => values.into_python(scope),
            Given::List(Values::Float64(values)) => source::list(values.iter().copied(), scope),
            Given::List(Values::Int64(values)) => source::list(values.iter().copied(), scope),
            Given::Object(object) => Ok(object),
        }
    }
}

/// All that was measured; times are nanoseconds a call, one for each round.
#[derive(Default)]
struct Measured {
    first: Duration,
    calls: u64,
    ours: Vec<f64>,
    theirs: Vec<f64>,
    receipts: Vec<Receipt>,
}

/// Runs the command.
pub(crate) fn run(time: &Time) -> Result<()> {
    let output = Output::new(true)?;
    // What the function prints goes to stderr: the output is the command's own.
    session::run(&time.inputs, false, true, |session| {
        let argued = session.arguments()?;
        let shown = shown(&session, &argued);
        let supplies = supplies(argued, session.helper)?;
        let (way, measured) = Timing { session: &session, supplies: &supplies, time }.measure()?;
        let mut output = output;
        match time.json {
            true => output.line(&report::as_json(time, &session, way, &measured).to_string())?,
            false => output.line(&report::as_text(time, &shown, way, &measured))?,
        }
        output.end()
    })
}

/// Says what the function is called with.
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
            Numbers::Array(values) => Kind::Array(values.clone()),
            Numbers::List(values) => Kind::List(values.clone()),
            Numbers::Object(_) => Kind::Object,
        };
        Ok(Supply { slot: argued.slot, kind, ready: helper.same(argued.numbers)? })
    };
    argued.into_iter().map(supply).collect()
}

struct Timing<'t> {
    session: &'t Session<'t>,
    supplies: &'t [Supply],
    time: &'t Time,
}

impl Timing<'_> {
    fn measure(&self) -> Result<(Way, Measured)> {
        let helper = self.session.helper;
        let mut measured = Measured::default();
        // With copies that the function may do anything with; twice, since it may remember.
        let (mut changes, mut keeps) = (false, false);
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
            keeps |= before.iter().zip(&after).any(|(before, after)| after > before);
            changes |= helper.differ(&copies, &ready)?;
        }
        let mut way = match (keeps, changes) {
            (true, _) => Way::Given,
            (_, true) => Way::Fresh,
            _ => Way::Lent,
        };
        helper.quiet(true)?;
        let timed = self.rounds(&mut way, &mut measured).map_err(second);
        helper.quiet(false)?;
        timed?;
        Ok((way, measured))
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
        Ok(self.session.function.call(arguments)?)
    }

    fn rounds(&self, way: &mut Way, measured: &mut Measured) -> Result<()> {
        let mut buffers: Vec<Option<Values>> = self.supplies.iter().map(Supply::buffer).collect();
        // The first lent call shows what the copies did not.
        let start = Instant::now();
        if *way == Way::Lent {
            match self.ours(Way::Lent, &mut buffers, 1, None) {
                Err(error) if matches!(error.kind(), ErrorKind::Kept) => *way = Way::Given,
                // Written to, but with what was there.
                Err(error) if error.exception().is_some() && !signals::has_come() => {
                    *way = Way::Fresh;
                }
                other => drop(other?),
            }
        }
        if *way != Way::Lent {
            self.ours(*way, &mut buffers, 1, None)?;
        }
        let once = start.elapsed().max(Duration::from_nanos(50));
        let most = self.most(*way);
        // Short rounds: most of them pass undisturbed on a busy machine.
        let round = self.time.time / 2 / 200;
        let number = (round.as_nanos() / once.as_nanos()).clamp(1, 1_000_000) as u64;
        let number = number.min(most.div_ceil(20)).max(1);
        let line = Line::waiting(&format!("Timing {}", self.session.function.name()));
        let start = Instant::now();
        let mut theirs = Theirs::new(self, *way)?;
        while (measured.ours.len() as u64) < ROUNDS {
            let number = number.min(most - measured.calls);
            let ours = self.ours(*way, &mut buffers, number, None)?;
            measured.ours.push(ours.as_nanos() as f64 / number as f64);
            measured.theirs.push(theirs.run(number)? / number as f64);
            measured.calls += number;
            let looked_into = number.min(RECEIPTS);
            self.ours(*way, &mut buffers, looked_into, Some(&mut measured.receipts))?;
            if measured.calls >= most || start.elapsed() >= self.time.time {
                break;
            }
        }
        drop(line);
        Ok(())
    }

    /// Returns how many calls there may be.
    fn most(&self, way: Way) -> u64 {
        let most = self.time.calls.unwrap_or(u64::MAX);
        let bytes: usize = self.supplies.iter().map(Supply::bytes).sum();
        match way {
            // What is kept stays: of ours, of theirs, and of those looked into.
            Way::Given if bytes > 0 => most.min((KEPT_MEMORY / bytes / 3).max(1) as u64),
            _ => most,
        }
    }

    /// Calls so many times by callpy, and returns how long that took; what a call gets is made
    /// before, and does not count.
    fn ours(
        &self,
        way: Way,
        buffers: &mut [Option<Values>],
        number: u64,
        mut receipts: Option<&mut Vec<Receipt>>,
    ) -> callpy::Result<Duration> {
        let function = &self.session.function;
        let mut taken = Duration::ZERO;
        let batch = Instant::now();
        for _ in 0..number {
            if way == Way::Fresh {
                for (supply, buffer) in self.supplies.iter().zip(&mut *buffers) {
                    supply.refill(buffer);
                }
            }
            // As most programs call: one argument as it is.
            if let ([supply @ Supply { slot: Slot::Positional, .. }], [buffer]) =
                (self.supplies, &mut *buffers)
            {
                let given = supply.given(way, buffer, self.session.helper)?;
                let start = Instant::now();
                call(function, given, &mut receipts)?;
                taken += start.elapsed();
                continue;
            }
            let mut arguments = Arguments::new();
            for (supply, buffer) in self.supplies.iter().zip(&mut *buffers) {
                let given = supply.given(way, buffer, self.session.helper)?;
                match &supply.slot {
                    Slot::Positional => arguments.push(given),
                    Slot::Named(name) => arguments.push_named(name.clone(), given),
                };
            }
            let start = Instant::now();
            call(function, arguments, &mut receipts)?;
            taken += start.elapsed();
        }
        Ok(if way == Way::Lent { batch.elapsed() } else { taken })
    }
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
    fn new(timing: &Timing<'t>, way: Way) -> Result<Theirs<'t>> {
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
        let timer = helper.timer(function, arguments, names, way != Way::Lent)?;
        Ok(Theirs { timer, helper })
    }

    /// Returns the nanoseconds that so many calls took.
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

    fn given<'a>(
        &'a self,
        way: Way,
        buffer: &'a mut Option<Values>,
        helper: &Helper,
    ) -> callpy::Result<Given<'a>> {
        Ok(match (&self.kind, way, buffer) {
            (Kind::Array(Values::Float64(values)), Way::Lent, _) => Given::Floats(values),
            (Kind::Array(Values::Int64(values)), Way::Lent, _) => Given::Ints(values),
            (Kind::Array(_), Way::Fresh, Some(Values::Float64(values))) => {
                Given::WritableFloats(values)
            }
            (Kind::Array(_), Way::Fresh, Some(Values::Int64(values))) => {
                Given::WritableInts(values)
            }
            (Kind::Array(Values::Float64(values)), ..) => Given::OwnFloats(values.clone()),
            (Kind::Array(Values::Int64(values)), ..) => Given::OwnInts(values.clone()),
            (Kind::List(values), ..) => Given::List(values),
            (Kind::Object, Way::Lent, _) => Given::Object(self.ready.clone()),
            (Kind::Object, ..) => Given::Object(helper.copy(&self.ready)?),
        })
    }
}

/// Says that it was not the first call that failed.
fn second(failure: Failure) -> Failure {
    match failure {
        Failure::Exception { type_name, traceback, help: None } => Failure::Exception {
            type_name,
            traceback,
            help: Some(
                "the first call with these arguments returned, and a later one raised this: only \
                 what can be called again can be timed"
                    .to_owned(),
            ),
        },
        other => other,
    }
}
