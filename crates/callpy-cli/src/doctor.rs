//! `callpy doctor`: what is right and wrong with the Python that a call would use, and the fixes.
//!
//! It looks from outside first, in this process, and then from inside, in a process of its own: a
//! broken installation can end the process that starts it, or never return.

mod fix;
mod inside;
mod outside;
mod probe;
mod problem;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use callpy::Python;
use callpy::environment::Requirements;
use callpy::locate::{self, Wanted};
use clap::{Args, ValueHint};

use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Display;
use crate::signals::{self, Running};
use crate::target::Target;

const LONG: &str = "\
Check whether calls can work here, and print the fix for each problem

Shows which Python is chosen and why no other, its library, its environment, NumPy and its BLAS, the \
allocator and the stack; for a target, whether it can be imported, and its signature. A whole call is \
made in a process of its own, since a broken Python may end that process. An environment that is \
needed but not there is made first, as a call would make it.

The exit code is 0 if a call can work, else 1.

With --json: {\"works\": bool, \"summary\": text, \"problems\": [{\"fatal\": bool, \"what\": text, \
\"fixes\": [{\"system\": text or null, \"action\": text}]}], \"facts\": {section: {name: text}}, \
\"candidates\": [{\"source\": text, \"path\": text, \"version\": text or null, \"verdict\": \"chosen\", \
\"base\", \"usable\" or \"unusable\", \"problem\": text or null}]}. The first fix of a problem is the one \
for this machine.";

/// Check whether calls can work here, and print the fix for each problem
#[derive(Debug, Args)]
#[command(long_about = LONG)]
pub(crate) struct Doctor {
    /// The function to check: path/to/file.py:function or module:function
    #[arg(value_hint = ValueHint::FilePath)]
    target: Option<String>,

    /// The Python to check: an executable, an environment's folder, or a version such as 3.12
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    python: Option<PathBuf>,

    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,

    /// Time limit for starting Python and importing, not counting the making of an environment
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    limit: u64,

    /// Look from inside and print what was seen: what the doctor runs for itself
    #[arg(long, hide = true)]
    probe: bool,
}

/// Runs the command.
pub(crate) fn run(doctor: &Doctor) -> Result<()> {
    if doctor.probe {
        let target = doctor.target.as_deref();
        return probe::answer(&inside::look(|| doctor.start(), target));
    }
    let mut output = Output::new(doctor.json)?;
    let diagnosis = doctor.diagnose()?;
    match doctor.json {
        true => output.line(&report::json(&diagnosis))?,
        false => report::print(&diagnosis, doctor.target.as_deref())?,
    }
    output.end()?;
    if diagnosis.works() { Ok(()) } else { Err(Failure::Exit(1)) }
}

impl Doctor {
    fn diagnose(&self) -> Result<problem::Diagnosis> {
        let wanted = self.wanted()?;
        let mut diagnosis = outside::look(&wanted)?;
        if diagnosis.works() {
            // Making an environment takes its time, and is no part of the other process's limit.
            match signals::during(Running::Work, || locate::find(&wanted)) {
                Ok(_) => diagnosis = outside::look(&wanted)?,
                Err(_) if signals::has_come() => {
                    return Err(Failure::Interrupted { place: None });
                }
                Err(error) => diagnosis.fatal(inside::kind(&error), inside::first_line(&error)),
            }
        }
        if diagnosis.works() {
            let limit = Duration::from_secs(self.limit);
            let (python, target) = (self.python.as_deref(), self.target.as_deref());
            signals::during(Running::Work, || probe::ask(python, target, limit, &mut diagnosis))?;
            outside::compare_library(&mut diagnosis);
        }
        signals::check()?;
        Ok(diagnosis)
    }

    fn target(&self) -> Option<Target> {
        self.target.as_deref().map(Target::parse)
    }

    /// Returns what a call of the target would look for.
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

    /// Starts Python as `callpy call` does.
    fn start(&self) -> callpy::Result<Python> {
        let mut builder = Python::builder().language(callpy::Language::Command);
        if let Some(target) = self.target() {
            builder = match target.file() {
                // That the file is not there is the target's problem, not the start's.
                Some(file) if !file.is_file() => builder,
                _ => target.needs(builder),
            };
        }
        if let Some(python) = &self.python {
            builder = builder.python(python);
        }
        builder.start()
    }
}
