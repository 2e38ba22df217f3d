//! `callpy doctor`: what is right and wrong with the Python that a call would use, and the way out.
//!
//! It looks from outside first, in this process, and then from inside, in a process of its own: a
//! broken installation can end the process that starts it, or never return.

mod probe;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use callpy::doctor::{Diagnosis, examine, examine_running};
use callpy::environment::Requirements;
use callpy::locate::Wanted;
use callpy::{Error, Python};
use clap::{Args, ValueHint};

use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Display;
use crate::signals::{self, Running};
use crate::target::Target;

const LONG: &str = "\
Says whether calls can work here, and what to do if not

Which Python is chosen and why no other, its library, its environment, NumPy and its BLAS, the \
allocator, the stack; for a target, whether it imports and with which signature. A whole call is made \
in a process of its own, which a broken Python may end. An environment that is wanted and not there is \
made, as the first call would make it.

Exit code 0 if a call can work, 1 if not.

With --json: {\"works\": bool, \"summary\": text, \"troubles\": [{\"fatal\": bool, \"what\": text, \
\"remedies\": [{\"system\": text or null, \"action\": text}]}], \"facts\": {section: {name: text}}, \
\"candidates\": [{\"source\": text, \"path\": text, \"version\": text or null, \"verdict\": \"chosen\", \
\"base\", \"usable\" or \"unusable\", \"problem\": text or null}]}. The first remedy of a trouble is the \
one for this machine.";

/// Says whether calls can work here, and what to do if not
#[derive(Debug, Args)]
#[command(long_about = LONG)]
pub(crate) struct Doctor {
    /// The function to look at: path/to/file.py:function or module:function
    #[arg(value_hint = ValueHint::FilePath)]
    target: Option<String>,

    /// The Python to look at: an executable, an environment's folder, or a version such as 3.12
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    python: Option<PathBuf>,

    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,

    /// How long starting Python and importing may take, once an environment is there
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    limit: u64,

    /// Look from inside, and answer on standard output: what the doctor runs for itself
    #[arg(long, hide = true)]
    probe: bool,
}

/// Runs the command.
pub(crate) fn run(doctor: &Doctor) -> Result<()> {
    if doctor.probe {
        return probe::answer(doctor);
    }
    let mut output = Output::new(doctor.json)?;
    let wanted = doctor.wanted()?;
    let mut diagnosis = examine(&wanted)?;
    if diagnosis.works() {
        // What takes its time, and may fail on a network, is no part of the probe's limit.
        match signals::during(Running::Work, || callpy::locate::find(&wanted)) {
            Ok(_) => diagnosis = examine(&wanted)?,
            Err(_) if signals::has_come() => return Err(Failure::Interrupted { place: None }),
            Err(error) => diagnosis.trouble(true, one_line(&error), probe::remedies(&error)),
        }
    }
    if diagnosis.works() {
        let limit = Duration::from_secs(doctor.limit);
        diagnosis.merge(signals::during(Running::Work, || probe::ask(doctor, limit))?);
    }
    signals::check()?;
    match doctor.json {
        true => output.line(&report::json(&diagnosis))?,
        false => report::print(&diagnosis, doctor.target.as_deref())?,
    }
    output.end()?;
    if diagnosis.works() { Ok(()) } else { Err(Failure::Exit(1)) }
}

impl Doctor {
    fn target(&self) -> Option<Target> {
        self.target.as_deref().map(Target::parse)
    }

    /// What a call of the target would want.
    fn wanted(&self) -> Result<Wanted> {
        let mut wanted = Wanted { python: self.python.clone(), ..Wanted::default() };
        if let Some(file) = self.target().and_then(|target| target.file())
            && let Ok(source) = std::fs::read_to_string(&file)
        {
            let requirements = Requirements::from_script(&source)
                .map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
            wanted.requirements = requirements.unwrap_or_default();
        }
        let display = Display::new();
        wanted.progress = Some(std::sync::Arc::new(move |step| display.show(step)));
        wanted.stop = Some(std::sync::Arc::new(signals::has_come));
        Ok(wanted)
    }

    /// Starts Python as `call` does, and looks from inside.
    fn look(&self) -> Result<Diagnosis, Error> {
        let mut builder = Python::builder();
        if let Some(target) = self.target() {
            builder = match target.file() {
                // A file that is not there is the target's trouble, not the start's.
                Some(file) if !file.is_file() => builder,
                _ => target.needs(builder),
            };
        }
        if let Some(python) = &self.python {
            builder = builder.python(python);
        }
        examine_running(builder.start()?, self.target.as_deref())
    }
}

fn one_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
