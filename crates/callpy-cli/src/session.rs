//! What `call` and `time` begin with: a function, and the numbers for it.

use callpy::{Function, Language, Python};

use crate::failure::{Failure, Result, usage};
use crate::helper::Helper;
use crate::inputs::Inputs;
use crate::parameters::{Argument, Bound, Parameters, Slot, Takes};
use crate::progress::Display;
use crate::signals::{self, Running};
use crate::source::{Choice, Numbers, Source};
use crate::table::Column;
use crate::target::Target;

/// A function that was found, and where its numbers come from.
pub(crate) struct Session<'a> {
    pub(crate) helper: &'a Helper,
    /// The function, as the command line names it.
    pub(crate) target: &'a str,
    pub(crate) function: Function,
    pub(crate) source: Option<Source>,
    choices: Vec<Choice>,
    bound: Vec<Bound>,
    values: &'a [(String, String)],
}

/// One argument of the call.
pub(crate) struct Argued {
    pub(crate) slot: Slot,
    pub(crate) numbers: Numbers,
    /// The column's name; none for a value.
    pub(crate) column: Option<String>,
}

/// Finds the function and its numbers, and works with them.
///
/// `numbers` says that there must be some; `divert` sends what Python prints to stderr.
pub(crate) fn run(
    inputs: &Inputs,
    numbers: bool,
    divert: bool,
    work: impl FnOnce(Session<'_>) -> Result<()>,
) -> Result<()> {
    let target = Target::parse(&inputs.target);
    // What is wrong with the file is told before Python is started, or an environment made.
    let source = match &inputs.file {
        Some(file) => Some(Source::open(file)?),
        None if numbers || !inputs.columns.is_empty() => match Source::piped()? {
            Some(source) => Some(source),
            None => return usage("there are no numbers: name a file, or pipe them to the command"),
        },
        None => None,
    };
    let choices = match &source {
        Some(source) => source.choose(&inputs.columns)?,
        None => Vec::new(),
    };
    let python = signals::during(Running::Work, || start(inputs, &target))?;
    signals::during(Running::Python, || {
        signals::check()?;
        let helper = Helper::load(python, divert)?;
        let session = Session::new(python, &helper, inputs, &target, source, choices);
        session.and_then(work).map_err(|failure| {
            // The traceback comes after what was printed before it.
            let flushed = helper.flush();
            match (failure, flushed) {
                (Failure::Exception { type_name, .. }, _)
                | (_, Err(Failure::Exception { type_name, .. }))
                    if type_name == "BrokenPipeError" && helper.stdout_is_broken() =>
                {
                    Failure::BrokenPipe
                }
                (failure, _) => failure,
            }
        })
    })
}

fn start(inputs: &Inputs, target: &Target) -> Result<Python> {
    let display = Display::new();
    let builder = Python::builder().language(Language::Command).require(&inputs.packages);
    let mut builder = target.needs(builder);
    if let Some(python) = &inputs.python {
        builder = builder.python(python);
    }
    let builder = builder.on_progress(move |step| display.show(step));
    let python = builder.stop_when(signals::has_come).start()?;
    python.enable_interrupts()?;
    Ok(python)
}

impl<'a> Session<'a> {
    fn new(
        python: Python,
        helper: &'a Helper,
        inputs: &'a Inputs,
        target: &Target,
        mut source: Option<Source>,
        mut choices: Vec<Choice>,
    ) -> Result<Session<'a>> {
        let values = &inputs.args[..];
        let function = target.find(python, helper)?;
        let parameters = Parameters::of(&function, helper)?;
        // Nobody spoke of numbers, but the function wants some.
        if source.is_none() && parameters.want_numbers(values) {
            source = signals::during(Running::Nothing, Source::piped)?;
        }
        if let Some(source) = &mut source {
            source.load(helper)?;
            if choices.is_empty() {
                choices = source.choose_for(&parameters, values)?;
            }
        }
        let bound = parameters.bind(&choices, values)?;
        Ok(Session { helper, target: &inputs.target, function, source, choices, bound, values })
    }

    /// Reads the columns as their parameters take them.
    pub(crate) fn arguments(&self) -> Result<Vec<Argued>> {
        let mut wanted: Vec<(&Choice, Takes)> =
            self.choices.iter().map(|choice| (choice, Takes::Anything)).collect();
        for Bound { argument, takes, .. } in &self.bound {
            if let Argument::Column(at) = argument {
                wanted[*at].1 = *takes;
            }
        }
        let columns = match &self.source {
            Some(source) => {
                signals::during(Running::Work, || source.columns(&wanted, self.helper))?
            }
            None => Vec::new(),
        };
        let mut columns: Vec<Option<Numbers>> = columns.into_iter().map(Some).collect();
        let argued = |bound: &Bound| {
            let (numbers, column) = match bound.argument {
                Argument::Column(at) => {
                    let name = self.source.as_ref().map(|source| source.label(&self.choices[at]));
                    (columns[at].take().expect("a column has one place"), name)
                }
                Argument::Value(at) => {
                    (Numbers::Object(self.helper.value(&self.values[at].1)?), None)
                }
            };
            Ok(Argued { slot: bound.slot.clone(), numbers, column })
        };
        self.bound.iter().map(argued).collect()
    }

    /// Returns the columns that the function gets.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.choices.iter().filter_map(Choice::column).collect()
    }

    /// Returns the number of the file's rows.
    pub(crate) fn len(&self) -> Result<usize> {
        match &self.source {
            Some(source) => signals::during(Running::Work, || source.len(self.helper)),
            None => Ok(0),
        }
    }
}
