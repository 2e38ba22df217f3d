//! `callpy doctor`: finds problems of the Python that a call would use, and prints their fixes.
//!
//! It looks from outside first, in this process, and then from inside, in a process of its own: a
//! broken installation can end the process that starts it, or never return.

mod fix;
mod inside;
mod outside;
mod probe;
mod problem;
mod report;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callpy::environment::Requirements;
use callpy::locate::{self, Wanted};
use callpy::{ErrorKind, Python, Target};
use clap::{Args, ValueHint};

use self::fix::fixes;
pub(crate) use self::inside::missing_module;
use self::problem::{Diagnosis, Kind};
use crate::failure::{Failure, Result, check_signals, failed};
use crate::output::Output;
use crate::progress::Display;
use crate::signals::{self, Running};
use crate::target;

const LONG: &str = "\
Check whether calls work on this machine, and print the fix for each problem

Shows which Python is chosen and why the others are not, its library, its environment, NumPy and its \
BLAS, the allocator and the stack. For a target, it also shows whether it can be imported, and its \
signature. A complete call is made in another process, since a broken Python may end that process. If \
the target needs an environment that does not exist yet, it is created first, as a call would do.

The exit code is 0 if a call can work, else 1.

With --json: {\"works\": bool, \"summary\": text, \"problems\": [{\"fatal\": bool, \"what\": text, \
\"fixes\": [{\"system\": text or null, \"action\": text}]}], \"facts\": {section: {name: text}}, \
\"candidates\": [{\"source\": text, \"path\": text, \"version\": text or null, \"verdict\": \"chosen\", \
\"base\", \"usable\" or \"unusable\", \"problem\": text or null}]}. The first fix of a problem is the one \
for this machine.";

/// Check whether calls work on this machine, and print the fix for each problem
#[derive(Debug, Args)]
#[command(long_about = LONG)]
pub(crate) struct Doctor {
    /// The function to check: path/to/file.py:function or module:function
    #[arg(value_hint = ValueHint::FilePath)]
    target: Option<String>,

    /// The Python to check: an executable, an environment's folder, or a version such as 3.12
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    python: Option<PathBuf>,

    /// Require this package too, as for `callpy call`
    #[arg(long = "with", value_name = "PACKAGE")]
    packages: Vec<String>,

    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,

    /// Time limit for starting Python and importing, without creating an environment
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    limit: u64,

    /// Look from inside and print the result: for the doctor itself
    #[arg(long, hide = true)]
    probe: bool,
}

/// Runs the command.
pub(crate) fn run(doctor: &Doctor) -> Result<()> {
    if doctor.probe {
        let target = doctor.target.as_deref();
        return probe::answer(&inside::look(|| doctor.start(), target));
    }
    let mut output = Output::new(doctor.json, doctor.json)?;
    let diagnosis = doctor.diagnose()?;
    match doctor.json {
        true => output.line(&report::json(&diagnosis))?,
        false => report::print(&diagnosis, doctor.target.as_deref())?,
    }
    output.end()?;
    if diagnosis.works() { Ok(()) } else { Err(Failure::Exit(1)) }
}

/// Makes the failure of a start or a call, with the fix for this machine.
pub(crate) fn with_fix(error: callpy::Error) -> Failure {
    let found = first_fix(&error);
    let general = match error.kind() {
        ErrorKind::Locate(report) => report.fix(),
        _ => String::new(),
    };
    match Failure::from(error) {
        Failure::Failed { text, fix: None } => {
            // The message ends with a fix for all systems, which need not be said beside this machine's.
            let text = match found.is_some() && !general.is_empty() {
                true => text.replacen(&format!("; {general}"), "", 1),
                false => text,
            };
            Failure::Failed { text, fix: found }
        }
        other => other,
    }
}

/// Returns the first fix for an error that a command can fix.
fn first_fix(error: &callpy::Error) -> Option<String> {
    let mut diagnosis = Diagnosis::default();
    match error.kind() {
        ErrorKind::Locate(report) => {
            diagnosis.report = report.clone();
            outside::nothing_usable(&mut diagnosis);
        }
        ErrorKind::Numpy => diagnosis.fatal(inside::kind(error), ""),
        ErrorKind::Environment => {
            if let kind @ Kind::NoVenv = inside::kind(error) {
                diagnosis.fatal(kind, "");
            }
        }
        _ => {}
    }
    let python = Python::running().and_then(|python| python.interpreter());
    let mut fixes = diagnosis.problems.iter().flat_map(|problem| fixes(&problem.kind, python));
    fixes.next().map(|fix| fix.action)
}

/// Returns whether a call of the target with numbers would need NumPy.
fn needs_numpy(target: &Target) -> bool {
    target::needs_numpy(target, target::declared(target).as_ref(), &[], true)
}

impl Doctor {
    fn diagnose(&self) -> Result<Diagnosis> {
        let wanted = self.wanted()?;
        let mut diagnosis = outside::look(&wanted)?;
        if diagnosis.works() {
            // Creating an environment takes long, and does not count towards the other process's limit.
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
            let options = self.options();
            let target = self.target.as_deref();
            signals::during(Running::Work, || probe::ask(options, target, limit, &mut diagnosis))?;
            outside::compare_library(&mut diagnosis);
            outside::numpy_by_default(&mut diagnosis);
        }
        check_signals()?;
        Ok(diagnosis)
    }

    /// Returns the options that the look from inside needs too.
    fn options(&self) -> Vec<OsString> {
        let python = self.python.iter().flat_map(|it| ["--python".into(), it.into()]);
        let packages = self.packages.iter().flat_map(|it| ["--with".into(), it.into()]);
        python.chain(packages).collect()
    }

    fn target(&self) -> Option<Target> {
        self.target.as_deref().map(Target::parse)
    }

    /// Returns what a call of the target would search for.
    fn wanted(&self) -> Result<Wanted> {
        let mut wanted = Wanted { python: self.python.clone(), ..Wanted::default() };
        wanted.requirements = Requirements::new(&self.packages);
        if let Some(target) = self.target() {
            if let Some(file) = target.file().filter(|file| file.is_file()) {
                let declared = Requirements::from_file(file).map_err(failed)?;
                wanted.requirements = wanted.requirements.merge(declared.unwrap_or_default());
                wanted.folder = file.parent().map(Path::to_owned);
            }
            if needs_numpy(&target) {
                wanted.by_default = Requirements::new(["numpy"]);
            }
        }
        let display = Display::new();
        wanted.progress = Some(std::sync::Arc::new(move |step| display.show(step)));
        wanted.stop = Some(std::sync::Arc::new(signals::has_come));
        Ok(wanted)
    }

    /// Starts Python as `callpy call` does.
    fn start(&self) -> callpy::Result<Python> {
        let mut builder = Python::builder().language(callpy::Language::Command);
        builder = builder.require(&self.packages);
        if let Some(target) = self.target() {
            if needs_numpy(&target) {
                builder = builder.require_by_default(["numpy"]);
            }
            builder = match target.file() {
                // A missing file is the target's problem, not the start's.
                Some(file) if !file.is_file() => builder,
                _ => target::needs(&target, builder),
            };
        }
        if let Some(python) = &self.python {
            builder = builder.python(python);
        }
        builder.start()
    }
}
