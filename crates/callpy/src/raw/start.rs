//! Starting the interpreter in this process.
//!
//! Not by `Py_InitializeEx`, which ends the process where a variable is wrong or a site customisation
//! raises SystemExit: `Py_InitializeFromConfig` returns a status instead.

use std::ffi::{CStr, CString, OsString, c_char};
use std::sync::Mutex;

use super::cpython::{self, Api};
use super::failure::{Failure, FailureKind};
#[cfg(unix)]
use super::fork;
use super::idle::{self, Work};
use super::process::Interrupts;
use super::pyconfig::{Fields, PyConfig, PyPreConfig, PyStatus};
use super::raised::Raised;
use super::thread::{Attached, Attachment};
use super::{end, memory, proof, reaper, reference};

/// Why the interpreter did not start.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What CPython would write before it ends the process, without its "Fatal Python error".
    pub(crate) words: String,
    progress: Progress,
}

impl Refusal {
    /// Whether a second start in this process can succeed once the cause is gone.
    pub(crate) fn may_try_again(&self) -> bool {
        !matches!(self.progress, Progress::Half(_))
    }

    fn at(progress: Progress, words: impl Into<String>) -> Refusal {
        Refusal { words: words.into(), progress }
    }
}

/// How far this process has got.
#[derive(Debug, Clone)]
enum Progress {
    /// There is no thread state, so the next start is as the first.
    Nothing,
    /// All is there but the module `site`, which can be imported later.
    ButForSite,
    /// There is half an interpreter, with which CPython would go on; and why.
    Half(String),
    Done,
}

static PROGRESS: Mutex<Progress> = Mutex::new(Progress::Nothing);

fn progress() -> std::sync::MutexGuard<'static, Progress> {
    PROGRESS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Whether the interpreter that there is was begun here, and so is not to be joined.
pub(crate) fn was_begun() -> bool {
    !matches!(*progress(), Progress::Nothing)
}

/// Tells the rooms below what the rooms above do for them, before any thread attaches.
fn connect() {
    reaper::install();
    #[cfg(unix)]
    fork::install();
    idle::install(Work {
        release: reference::release_from_any_thread,
        trim: || {
            memory::trim();
            // Calls may have loaded some.
            end::at_exit_before_libraries();
        },
    });
}

/// Joins the interpreter that runs.
///
/// # Errors
///
/// `FailureKind::Start` if it is not laid out as callpy knows its version, and what attaching fails with.
pub(crate) fn join(api: &'static Api) -> Result<(), Failure> {
    connect();
    let api = api.joined();
    {
        let attachment = Attachment::of(api)?;
        proof::matches_header(attachment.token(), api.header)
            .map_err(|wrong| Failure::new(FailureKind::Start, wrong))?;
    }
    cpython::set_running(api);
    Ok(())
}

/// Starts the interpreter as a command with these arguments would, the first being the executable, and
/// leaves this thread detached. `settle` runs before any other thread may attach.
///
/// Callers see to it that only one thread at a time does so.
pub(crate) fn initialize(
    api: &'static Api,
    arguments: &[OsString],
    settle: impl FnOnce(Attached<'_>),
) -> Result<(), Refusal> {
    connect();
    let mut progress = progress();
    let interrupts = Interrupts::save();
    let started = match &*progress {
        Progress::Nothing => begin(api, arguments, settle),
        Progress::ButForSite => import_site(api),
        half @ Progress::Half(words) => Err(Refusal::at(half.clone(), words)),
        Progress::Done => return Ok(()),
    };
    interrupts.restore();
    *progress =
        started.as_ref().map_or_else(|refusal| refusal.progress.clone(), |()| Progress::Done);
    started?;
    cpython::set_running(api);
    Ok(())
}

fn begin(
    api: &'static Api,
    arguments: &[OsString],
    settle: impl FnOnce(Attached<'_>),
) -> Result<(), Refusal> {
    // Where CPython fails late, it leaves half an interpreter, and then there is a thread state.
    let status = configure(api, arguments)?;
    // SAFETY: only reads a variable.
    if unsafe { (api.current_state)() }.is_null() {
        return status.map_err(|words| Refusal::at(Progress::Nothing, words));
    }
    let attachment = Attachment::of_starter(api);
    let py = attachment.token();
    let started =
        proof::matches_header(py, api.header).map_err(|wrong| (wrong, false)).and_then(|()| {
            // The exception that the status is about is still set.
            status.map_err(|words| (words + &raised(py), api.is_initialized()))
        });
    if !matches!(started, Err((_, false))) {
        settle(py);
    }
    // This one was attached by CPython, so dropping it does not detach.
    drop(attachment);
    // SAFETY: attached since CPython made the state, which stays with this thread.
    unsafe { (api.PyEval_SaveThread)() };
    started.map_err(|(words, is_but_for_site)| match is_but_for_site {
        true => Refusal::at(Progress::ButForSite, words),
        false => Refusal::at(Progress::Half(words.clone()), words),
    })
}

/// Configures the start, and starts.
///
/// # Errors
///
/// The outer one before CPython did anything, the inner one with a status of its own.
fn configure(api: &Api, arguments: &[OsString]) -> Result<Result<(), String>, Refusal> {
    let nothing = |words| Refusal::at(Progress::Nothing, words);
    let fields = Fields::of(api.minor);
    proof::matches_fields(api, fields).map_err(nothing)?;
    let encode = |text: &OsString| CString::new(text.as_encoded_bytes());
    let arguments: Vec<CString> = arguments
        .iter()
        .map(encode)
        .collect::<Result<_, _>>()
        .map_err(|_| nothing("its path has a NUL character in it".into()))?;
    let mut pointers: Vec<*mut c_char> =
        arguments.iter().map(|it| it.as_ptr().cast_mut()).collect();
    let (count, pointers) = (pointers.len() as isize, pointers.as_mut_ptr());

    // Takes over locale and encodings as `python` does (PEP 540).
    let mut before = PyPreConfig::zeroed();
    // SAFETY: CPython fills the structure, which is large enough.
    unsafe { (api.PyPreConfig_InitPythonConfig)(&mut before) };
    // It would set a variable of the environment, which other threads may be reading.
    before.coerce_c_locale = 0;
    // Before the other configuration, whose texts are decoded as this one says.
    // SAFETY: both structures are initialised; the arguments end with a zero each and are copied.
    status(unsafe { (api.Py_PreInitializeFromBytesArgs)(&before, count, pointers) })
        .map_err(nothing)?;

    let mut config = PyConfig::zeroed();
    // SAFETY: as above.
    unsafe { (api.PyConfig_InitPythonConfig)(&mut config) };
    // Signals are the host's, and so are C's streams: to change how one is buffered loses what it has
    // read ahead.
    *config.field(fields.install_signal_handlers) = 0;
    *config.field(fields.configure_c_stdio) = 0;
    // SAFETY: as above.
    let set = status(unsafe { (api.PyConfig_SetBytesArgv)(&mut config, count, pointers) });
    let started = set.and_then(|()| {
        // SAFETY: no interpreter was begun in this process, and no other thread begins one.
        status(unsafe { (api.Py_InitializeFromConfig)(&config) })
    });
    // SAFETY: frees what the configuration owns; CPython has copies.
    unsafe { (api.PyConfig_Clear)(&mut config) };
    Ok(started)
}

/// Imports what was missing after an earlier start.
fn import_site(api: &'static Api) -> Result<(), Refusal> {
    let failed = |words: String| {
        let words = format!("Failed to import the site module{words}");
        Refusal::at(Progress::ButForSite, words)
    };
    let attachment = Attachment::of(api).map_err(|error| failed(format!(": {error}")))?;
    let py = attachment.token();
    match py.import(c"site") {
        Ok(_) => Ok(()),
        Err(why) => Err(failed(describe(py, why))),
    }
}

/// Reads a status: its words if it is not the good one. That CPython would have the process exit, and
/// with which code, is no concern of this one.
fn status(status: PyStatus) -> Result<(), String> {
    if status.kind == 0 {
        return Ok(());
    }
    // SAFETY: CPython's texts are null or constants.
    let text = |text: *const c_char| unsafe {
        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
    };
    let parts: Vec<String> =
        [text(status.function), text(status.message)].into_iter().flatten().collect();
    Err(match parts.is_empty() {
        true => format!("it exits with code {}", status.exit_code),
        false => parts.join(": "),
    })
}

/// Takes away the exception that is set, and describes it; nothing where none is.
fn raised(py: Attached<'_>) -> String {
    // SAFETY: attached; returns a borrowed reference.
    match unsafe { (py.api.PyErr_Occurred)() }.is_null() {
        true => String::new(),
        false => describe(py, py.take_raised()),
    }
}

/// Describes an exception without the help of modules, which may not be there.
fn describe(py: Attached<'_>, Raised(exception): Raised) -> String {
    let Some(exception) = exception else { return String::new() };
    let name = || {
        let class = py.attribute(&exception, &py.str("__class__")?)?;
        let name = py.attribute(&class, &py.str("__name__")?)?;
        py.text_escaped(&name)
    };
    let text = || py.text_escaped(&py.to_str(&exception)?);
    match (name().unwrap_or_default(), text().unwrap_or_default()) {
        (name, text) if text.is_empty() => format!(": {name}"),
        (name, text) => format!(": {name}: {text}"),
    }
}
