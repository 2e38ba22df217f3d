//! The first part of `call` and `time`: finds the function, and reads its numbers.

use std::path::Path;

use callpy::{Function, Language, Python, Target};

use crate::decode::note;
use crate::doctor;
use crate::failure::{Failure, Result, check_signals, usage};
use crate::helper::Helper;
use crate::inputs::Inputs;
use crate::parameters::{Argument, Bound, Choice, Library, Parameters, Slot, Takes};
use crate::progress::Display;
use crate::signals::{self, Running};
use crate::source::{Numbers, Source};
use crate::table::Column;
use crate::target;

/// A function, and the source of its numbers.
pub(crate) struct Session<'a> {
    pub(crate) helper: &'a Helper,
    /// The function's name on the command line.
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

/// Finds the function and its numbers, and calls `work` with them.
///
/// With `numbers`, there must be some; with `divert`, Python prints to stderr.
pub(crate) fn run(
    inputs: &Inputs,
    numbers: bool,
    divert: bool,
    work: impl FnOnce(Session<'_>) -> Result<()>,
) -> Result<()> {
    inputs.format.check()?;
    let target = Target::parse(&inputs.target);
    // Problems with the files are reported before Python starts, or an environment is created.
    target::check(&target)?;
    // None if only Python knows the function, as it does in the end.
    let declared = target::declared(&target);
    if let Some(declared) = &declared {
        declared.check(&inputs.args)?;
    }
    let source = match &inputs.files[..] {
        [] if numbers || !inputs.columns.is_empty() => match Source::piped(&inputs.format)? {
            Some(source) => Some(source),
            None => return usage("there are no numbers: name a file, or pipe them to the command"),
        },
        [] => None,
        files => Some(Source::open(files, &inputs.format)?),
    };
    let choices = match &source {
        Some(source) if !source.is_columnar() => source.choose(&inputs.columns)?,
        _ => Vec::new(),
    };
    let python = signals::during(Running::Work, || {
        start(inputs, &target, declared.as_ref(), source.as_ref())
    })?;
    signals::during(Running::Python, || {
        check_signals()?;
        let helper = Helper::load(python, divert)?;
        let session = Session::new(python, &helper, inputs, &target, source, choices);
        session.and_then(work).map_err(|failure| {
            // The traceback must follow what was printed before it.
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

fn start(
    inputs: &Inputs,
    target: &Target,
    declared: Option<&Parameters>,
    source: Option<&Source>,
) -> Result<Python> {
    let display = Display::new();
    let builder = Python::builder().language(Language::Command).require(&inputs.packages);
    let mut builder = target::needs(target, builder);
    // Numbers that are piped in are only read if the function takes some.
    let has_numbers = source.is_some() || declared.is_some() && Source::is_piped();
    if target::needs_numpy(target, declared, &inputs.args, has_numbers) {
        builder = builder.require_by_default(["numpy"]);
    }
    if source.is_some_and(Source::is_columnar) {
        let library = declared.and_then(|declared| declared.library(&inputs.args));
        let reader = if library == Some(Library::Polars) { "polars" } else { "pyarrow" };
        builder = builder.require_by_default([reader]);
    }
    if let Some(python) = &inputs.python {
        builder = builder.python(python);
    }
    let builder = builder.on_progress(move |step| display.show(step));
    let python = builder.stop_when(signals::has_come).start().map_err(doctor::with_fix)?;
    python.enable_interrupts()?;
    for warning in python.report().iter().flat_map(|report| report.warnings()) {
        note(warning);
    }
    Ok(python)
}

/// Finds the function.
fn find(text: &str, target: &Target, python: Python, helper: &Helper) -> Result<Function> {
    let name = target.module().to_string_lossy();
    if name.is_empty()
        && let Err(error) = target.parts()
    {
        return usage(error);
    }
    let module = python.module(&*name).map_err(|error| explain(&name, target, error))?;
    let Some(function) = target.function() else {
        let has = match helper.functions(&module)? {
            none if none.is_empty() => format!("{name} defines no functions"),
            some => format!("{name} has\n  {}", some.join("\n  ")),
        };
        return usage(format!("{text} names no function: write {name}:FUNCTION\n{has}"));
    };
    Ok(module.function(function)?)
}

/// Adds the fix to a failed import, if it is known.
fn explain(name: &str, target: &Target, error: callpy::Error) -> Failure {
    // A module that is there has no others in it: its name is wrong, and nothing is missing.
    let message = error.exception().map(|exception| exception.message());
    let is_no_package = message.is_some_and(|message| message.ends_with("is not a package"));
    let missing = doctor::missing_module(&error).filter(|_| !is_no_package).map(str::to_owned);
    let Some(missing) = missing else { return error.into() };
    let also = target::project(target).map(|also| format!("\n{also}")).unwrap_or_default();
    let own = name == missing || name.starts_with(&format!("{missing}."));
    if own && target.file().is_none() {
        let function = target.function().unwrap_or("FUNCTION");
        let near = format!("{}.py", name.replace('.', "/"));
        return Failure::Input(match error.hint() {
            _ if Path::new(&near).is_file() => {
                format!("there is no module {missing}; did you mean {near}:{function}?")
            }
            Some(hint) => format!(
                "{hint}; to call a function of a file, write its path: path/to/file.py:{function}{also}"
            ),
            None => format!("there is no module {missing}{also}"),
        });
    }
    let mut failure = Failure::from(error);
    if let (Failure::Exception { help: Some(help), .. }, Some(file)) = (&mut failure, target.file())
    {
        *help += &format!(
            "\nor declare the package in the header of {}:\n  # /// script\n  # dependencies = \
             [\"{missing}\"]\n  # ///{also}",
            file.display()
        );
    }
    failure
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
        let function = find(&inputs.target, target, python, helper)?;
        let parameters = Parameters::of(&function, helper)?;
        parameters.check(values)?;
        // The command line names no numbers, but the function takes some.
        if source.is_none() && parameters.want_numbers(values) {
            source = signals::during(Running::Nothing, || Source::piped(&inputs.format))?;
        }
        if let Some(source) = &mut source {
            source.load(helper, parameters.library(values))?;
            if choices.is_empty() {
                choices = source.choose(&inputs.columns)?;
            }
            if choices.is_empty() {
                choices = source.choose_for(&parameters, values)?;
            }
            choices = parameters.gathered(choices, values);
        }
        let bound = parameters.bind(&choices, values)?;
        Ok(Session { helper, target: &inputs.target, function, source, choices, bound, values })
    }

    /// Reads the columns in the form that their parameters take.
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
                    (columns[at].take().expect("a column is passed once"), name)
                }
                Argument::Value(at) => {
                    (Numbers::Object(self.helper.value(&self.values[at].1)?), None)
                }
            };
            Ok(Argued { slot: bound.slot.clone(), numbers, column })
        };
        self.bound.iter().map(argued).collect()
    }

    /// Returns the columns that are passed to the function.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.choices.iter().flat_map(|choice| choice.columns.clone()).collect()
    }

    /// Returns the number of the file's rows.
    pub(crate) fn len(&self) -> Result<usize> {
        match &self.source {
            Some(source) => {
                signals::during(Running::Work, || source.len(&self.columns(), self.helper))
            }
            None => Ok(0),
        }
    }
}
