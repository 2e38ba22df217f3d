//! The look from inside a running Python: NumPy, the allocator, the stack, a complete call, the target.

use callpy::{Array, Error, ErrorKind, Module, Python, Target};

use super::problem::{Diagnosis, Kind};
use crate::failure::Failure;
use crate::target;

/// The result of look.py: (section, name, value) of each fact, (fatal, kind, package, what) of each
/// problem.
type Seen = (Vec<(String, String, String)>, Vec<(bool, String, String, String)>);

/// Starts Python with `start`, and looks.
pub(super) fn look(
    start: impl FnOnce() -> callpy::Result<Python>,
    target: Option<&str>,
) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let seen = start().and_then(|python| look_in(&mut diagnosis, python, target));
    if let Err(error) = seen {
        diagnosis.fatal(kind(&error), first_line(&error));
    }
    diagnosis
}

/// Returns the kind of problem that an error of a start or a call is.
pub(super) fn kind(error: &Error) -> Kind {
    match error.kind() {
        ErrorKind::Environment if error.to_string().contains("no venv module") => Kind::NoVenv,
        ErrorKind::Environment => Kind::EnvironmentFailed,
        ErrorKind::Start => Kind::StartFailed,
        ErrorKind::Numpy => Kind::NoNumpy,
        _ => missing_module(error).map_or(Kind::Other, |package| Kind::NoPackage(package.into())),
    }
}

pub(super) fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn look_in(diagnosis: &mut Diagnosis, python: Python, target: Option<&str>) -> callpy::Result<()> {
    let source = include_str!("look.py");
    let module = python.module_from_source("callpy_doctor", "<callpy doctor>", source)?;
    let target = target.map(Target::parse);
    let name = target.as_ref().map_or("".into(), |target| target.module().to_string_lossy());
    let (facts, problems): Seen = module.function("look")?.call(&*name)?;
    for (section, name, value) in facts {
        diagnosis.fact(&section, &name, value);
    }
    for (fatal, kind, package, what) in problems {
        let kind = Kind::named(&kind, package);
        match fatal {
            true => diagnosis.fatal(kind, what),
            false => diagnosis.possible(kind, what),
        }
    }
    for note in python.report().iter().flat_map(|report| report.notes()) {
        diagnosis.possible(Kind::Other, format!("when embedded, {note}"));
    }
    if diagnosis.works() {
        whole_call(diagnosis, python);
    }
    if diagnosis.works() {
        let allocator: String = module.function("allocator")?.call(())?;
        diagnosis.fact("NumPy", "allocator", allocator);
    }
    if let Some(target) = target {
        look_at_target(diagnosis, python, &module, &target);
    }
    Ok(())
}

/// Makes a complete call: lends an array, calls, and reads the result.
fn whole_call(diagnosis: &mut Diagnosis, python: Python) {
    let series = [1.0, 2.0, 3.0];
    let sums = python.function("numpy:cumsum").and_then(|f| f.call::<Array<f64>>(&series));
    match sums {
        Ok(sums) if sums[..] == [1.0, 3.0, 6.0] => {
            diagnosis.fact("running", "a call", "an array was passed and an array returned");
        }
        Ok(sums) => {
            let what = format!("NumPy is broken: numpy.cumsum([1, 2, 3]) returned {sums:?}");
            diagnosis.fatal(Kind::BrokenNumpy, what);
        }
        Err(error) => diagnosis.fatal(Kind::BrokenNumpy, error.to_string()),
    }
}

fn look_at_target(diagnosis: &mut Diagnosis, python: Python, look: &Module, target: &Target) {
    if let Err(Failure::Input(what)) = target::check(target) {
        return diagnosis.fatal(Kind::Other, what);
    }
    let path = target.module().to_string_lossy();
    let module = match python.module(&*path) {
        Ok(module) => module,
        Err(error) => {
            let what = match error.exception() {
                Some(exception) => format!("{path} can't be imported: {exception}"),
                None => error.to_string(),
            };
            let kind = match missing_module(&error) {
                Some(package) if package != path => Kind::NoPackage(package.to_owned()),
                _ => Kind::Other,
            };
            return diagnosis.fatal(kind, what);
        }
    };
    // A target that can be imported without NumPy may not need it.
    for problem in &mut diagnosis.problems {
        problem.fatal &= !matches!(problem.kind, Kind::NoNumpy);
    }
    diagnosis.fact("target", "module", path);
    let Some(function) = target.function() else { return };
    let signature = module
        .function(function)
        .and_then(|found| look.function("signature")?.call::<String>(found.object().clone()));
    match signature {
        Ok(signature) => diagnosis.fact("target", "signature", function.to_owned() + &signature),
        Err(error) => diagnosis.fatal(Kind::Other, error.to_string()),
    }
}

/// Returns the name of the module that an import did not find.
pub(crate) fn missing_module(error: &Error) -> Option<&str> {
    error.exception()?.missing_module()
}
