//! `callpy call`: from a file to a function and back, step by step.

use callpy::{Arguments, Object, Python};

use crate::arguments::Call;
use crate::failure::{Failure, Result, usage};
use crate::helper::Helper;
use crate::output::Output;
use crate::parameters::{Argument, Bound, Parameters, Slot, Takes};
use crate::progress::Display;
use crate::source::{Choice, Numbers, Source};
use crate::target::Target;

/// Runs the command.
pub(crate) fn run(call: &Call) -> Result<()> {
    let target = Target::parse(&call.target);
    // What is wrong with the file is told before Python is started, or an environment made.
    let source = match &call.file {
        Some(file) => Some(Source::open(file)?),
        None if call.rows || !call.columns.is_empty() => match Source::piped()? {
            Some(source) => Some(source),
            None => return usage("there are no numbers: name a file, or pipe them to the command"),
        },
        None => None,
    };
    let choices = match &source {
        Some(source) => source.choose(&call.columns)?,
        None => Vec::new(),
    };
    let output = Output::new(call.json)?;
    let python = start(call, &target)?;
    let helper = Helper::load(python, call.json)?;
    call_in(python, &helper, call, &target, source, choices, output).map_err(|failure| {
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
}

fn start(call: &Call, target: &Target) -> Result<Python> {
    let display = Display::new();
    let mut builder = target.needs(Python::builder());
    if let Some(python) = &call.python {
        builder = builder.python(python);
    }
    Ok(builder.on_progress(move |step| display.show(step)).start()?)
}

fn call_in(
    python: Python,
    helper: &Helper,
    call: &Call,
    target: &Target,
    mut source: Option<Source>,
    mut choices: Vec<Choice>,
    mut output: Output,
) -> Result<()> {
    let function = target.find(python, helper)?;
    let parameters = Parameters::of(&function, helper)?;
    // Nobody spoke of numbers, but the function wants some.
    if source.is_none() && parameters.want_numbers(&call.args) {
        source = Source::piped()?;
    }
    if let Some(source) = &mut source {
        source.load(helper)?;
        if choices.is_empty() {
            choices = source.choose_for(&parameters, &call.args)?;
        }
    }
    let bound = parameters.bind(&choices, &call.args)?;
    let arguments = arguments(bound, source.as_ref(), &choices, &call.args, helper)?;

    let result: Object = function.call(arguments)?;

    helper.flush()?;
    match source {
        Some(source) if call.rows => {
            let indices = helper.rows(&result, source.len(helper)?)?;
            output.rows(&source.rows(indices, helper)?)?;
        }
        _ if call.json => output.line(&helper.json(&result)?)?,
        _ => {
            if let Some(text) = helper.text(&result)? {
                output.line(&text)?;
            }
        }
    }
    output.end()
}

/// Reads the columns as their parameters take them, and gives them away.
fn arguments(
    bound: Vec<Bound>,
    source: Option<&Source>,
    choices: &[Choice],
    values: &[(String, String)],
    helper: &Helper,
) -> Result<Arguments<'static>> {
    let mut wanted: Vec<(&Choice, Takes)> =
        choices.iter().map(|choice| (choice, Takes::Anything)).collect();
    for Bound { argument, takes, .. } in &bound {
        if let Argument::Column(at) = argument {
            wanted[*at].1 = *takes;
        }
    }
    let columns = match source {
        Some(source) => source.columns(&wanted, helper)?,
        None => Vec::new(),
    };
    let mut columns: Vec<Option<Numbers>> = columns.into_iter().map(Some).collect();
    let mut arguments = Arguments::new();
    for Bound { slot, argument, .. } in bound {
        let numbers = match argument {
            Argument::Column(at) => columns[at].take().expect("a column has one place"),
            Argument::Value(at) => Numbers::Object(helper.value(&values[at].1)?),
        };
        match slot {
            Slot::Positional => arguments.push(numbers),
            Slot::Named(name) => arguments.push_named(name, numbers),
        };
    }
    Ok(arguments)
}
