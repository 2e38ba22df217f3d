//! `callpy call`: from a file to a function and back, step by step.

use callpy::{Arguments, Object};

use crate::arguments::Call;
use crate::failure::Result;
use crate::file::check_writable;
use crate::output::Output;
use crate::parameters::Slot;
use crate::picture;
use crate::session::{self, Session};
use crate::signals::{self, Running};

/// Runs the command.
pub(crate) fn run(call: &Call) -> Result<()> {
    // It would be found out only after the call.
    if let Some(file) = &call.plot {
        check_writable(file)?;
    }
    // Before Python is told to print elsewhere.
    let output = Output::new(call.json)?;
    session::run(&call.inputs, call.rows, call.json, |session| call_in(&session, call, output))
}

fn call_in(session: &Session<'_>, call: &Call, mut output: Output) -> Result<()> {
    let helper = session.helper;
    let argued = session.arguments()?;
    // The numbers are the function's own from here on: it may change them.
    let drawn = match &call.plot {
        Some(_) => Some(picture::inputs(&argued, helper)?),
        None => None,
    };
    let mut arguments = Arguments::new();
    for argued in argued {
        match argued.slot {
            Slot::Positional => arguments.push(argued.numbers),
            Slot::Named(name) => arguments.push_named(name, argued.numbers),
        };
    }

    let result: Object = session.function.call(arguments)?;
    signals::answered();

    helper.flush()?;
    let indices = match call.rows {
        true => Some(helper.rows(&result, session.len()?)?),
        false => None,
    };
    // The result is printed even if it can't be drawn; and drawn even if nobody reads it to its end.
    let drawn = match (&call.plot, drawn) {
        (Some(file), Some(inputs)) => {
            picture::draw(session, inputs, &result, indices.as_deref(), file)
        }
        _ => Ok(()),
    };
    signals::check()?;
    match (&session.source, indices) {
        (Some(source), Some(indices)) => {
            let rows = signals::during(Running::Work, || source.rows(indices, helper))?;
            output.rows(&rows)?;
        }
        _ if call.json => output.line(&helper.json(&result)?)?,
        _ => {
            if let Some(text) = helper.text(&result)? {
                output.line(&text)?;
            }
        }
    }
    output.end()?;
    drawn
}
