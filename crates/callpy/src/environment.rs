//! A virtual environment made from declared requirements.
//!
//! A function says what it needs in the header of its file (PEP 723), or the program says it. The
//! environment is made once, with uv where it is on PATH and with venv and pip elsewhere, and kept
//! in the user's cache folder (`CALLPY_CACHE` names another). From then on it is started without a
//! look at the network, and without running any program.
//!
//! ```
//! use callpy::environment::Requirements;
//! use callpy::locate::{self, Wanted};
//!
//! let requirements = Requirements::new(["numpy>=1.21"]).with_python(">=3.8");
//! let (python, _) = locate::find(&Wanted { requirements, ..Wanted::default() })?;
//! println!("NumPy is in {}", python.prefix().display());
//! # Ok::<(), callpy::Error>(())
//! ```

mod install;
mod installed;
mod requirements;
mod script;
mod specifiers;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use installed::has;
pub(crate) use requirements::Key;
pub use requirements::Requirements;
pub(crate) use specifiers::Specifiers;

use crate::child::ASKED;
use crate::error::{Error, ErrorKind, Result};
use crate::locate::{Interpreter, Surroundings, Wanted, hash, interpreter, python_in, write};

/// Is told how the making of an environment gets on.
///
/// ```
/// use std::sync::Arc;
/// use callpy::environment::OnProgress;
/// use callpy::locate::Wanted;
///
/// let tell: OnProgress = Arc::new(|step| eprintln!("{step:?}"));
/// let wanted = Wanted { progress: Some(tell), ..Wanted::default() };
/// # let _ = wanted;
/// ```
pub type OnProgress = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Is asked, several times a second, whether to stop the making of an environment.
///
/// Then the installer is told to end, what it has made is removed, and the start ends with
/// `ErrorKind::Environment`.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use callpy::environment::Stop;
///
/// static INTERRUPTED: AtomicBool = AtomicBool::new(false);
///
/// let stop: Stop = Arc::new(|| INTERRUPTED.load(Ordering::Relaxed));
/// assert!(!stop());
/// ```
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// A step in the making of an environment.
///
/// ```
/// use callpy::environment::Progress;
///
/// fn line(step: &Progress) -> Option<String> {
///     match step {
///         Progress::Creating { tool, dependencies, .. } => {
///             Some(format!("installing {} with {tool}", dependencies.join(", ")))
///         }
///         Progress::Waiting => Some("another process is installing".to_owned()),
///         _ => None,
///     }
/// }
/// assert_eq!(line(&Progress::Done), None);
/// let builder = callpy::Python::builder()
///     .on_progress(|step| line(step).iter().for_each(|line| eprintln!("{line}")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Another process makes the same environment; this one waits for it.
    Waiting,
    /// The environment is begun.
    Creating {
        /// Where it will be.
        folder: PathBuf,
        /// What it is made with: `uv` or `pip`.
        tool: String,
        /// What will be installed.
        dependencies: Vec<String>,
    },
    /// The tool printed a line.
    Installing {
        /// The line, without its end.
        line: String,
    },
    /// The environment is ready.
    Done,
}

/// The file whose presence says that an environment is whole. It holds the interpreter's facts.
const MARKER: &str = "callpy.json";

/// The file that names the environment to use where no interpreter is named.
const DEFAULT: &str = "default";

/// Returns the environment that searches without a named interpreter use, and its place.
pub(crate) fn ready_by_default(key: &Key, around: &Surroundings) -> (PathBuf, Option<Interpreter>) {
    let Some(home) = home(key, around) else { return (PathBuf::from(&key.folder), None) };
    match fs::read_to_string(home.join(DEFAULT)) {
        Ok(name) => {
            let folder = home.join(name.trim());
            (python_in(&folder), ready_in(&folder, around))
        }
        Err(_) => (home, None),
    }
}

/// Returns the environment made from `base`, if it is ready.
pub(crate) fn ready(key: &Key, base: &Interpreter, around: &Surroundings) -> Option<Interpreter> {
    ready_in(&home(key, around)?.join(folder_name(base)), around)
}

/// Makes the environment, unless it is ready.
pub(crate) fn make(
    key: &Key,
    base: &Interpreter,
    named: bool,
    wanted: &Wanted,
    around: &Surroundings,
) -> Result<Interpreter> {
    let home = home(key, around).ok_or_else(|| {
        let message = "there is no home folder to keep an environment in; set CALLPY_CACHE to a \
                       folder that can be written";
        Error::new(ErrorKind::Environment, message)
    })?;
    let name = folder_name(base);
    let folder = home.join(&name);
    let unwritable = |error: io::Error| {
        let message = format!(
            "the environment can't be kept in {}: {error}; set CALLPY_CACHE to a folder that can \
             be written",
            folder.display()
        );
        Error::new(ErrorKind::Environment, message).with_source(error)
    };
    let made = match ready_in(&folder, around) {
        Some(ready) => ready,
        None => {
            fs::create_dir_all(&home).map_err(unwritable)?;
            let mut lock = File::options();
            lock.read(true).write(true).create(true).truncate(false);
            let lock = lock.open(home.join(format!("{name}.lock"))).map_err(unwritable)?;
            let say = |progress| wanted.progress.iter().for_each(|listener| listener(&progress));
            take(&lock, wanted, || say(Progress::Waiting))?.map_err(unwritable)?;
            make_locked(&lock, &folder, base, wanted, around, &unwritable)?
        }
    };
    // A named interpreter is for this once: what others use must not hang on what was named last.
    if !named {
        // Without it the next start takes longer, and finds the same environment.
        _ = write(&home.join(DEFAULT), &name);
    }
    Ok(made)
}

/// Makes the environment under its lock.
// Scripts and pyvenv.cfg have the environment's path in them, so it is made where it stays, not
// renamed into place. Two at once: the lock lets one in, the other finds the marker when its turn
// comes. Killed half-way: the system drops the lock, the marker isn't there, so nobody takes the
// folder for an environment and the next one wipes it. The marker is written last, by a rename. An
// installer that outlives its killed parent still holds the lock (on Windows it doesn't).
fn make_locked(
    lock: &File,
    folder: &Path,
    base: &Interpreter,
    wanted: &Wanted,
    around: &Surroundings,
    unwritable: &dyn Fn(io::Error) -> Error,
) -> Result<Interpreter> {
    if let Some(ready) = ready_in(folder, around) {
        return Ok(ready);
    }
    wipe(folder).map_err(unwritable)?;
    let installer = install::Installer::new(lock, around, wanted);
    let dependencies = wanted.requirements.dependencies();
    let say = |progress| wanted.progress.iter().for_each(|listener| listener(&progress));
    say(Progress::Creating {
        folder: folder.to_owned(),
        tool: installer.name().to_owned(),
        dependencies: dependencies.to_vec(),
    });
    installer.make(folder, base, dependencies).map_err(|error| {
        // An installer says so in a hundred ways, venv in none.
        let full = no_room(folder);
        _ = wipe(folder);
        match full {
            Some(full) => unwritable(full).with_source(error),
            None => error,
        }
    })?;

    let marker = folder.join(MARKER);
    let made = interpreter(&python_in(folder), Some(&marker), installer.around());
    let made = made.map_err(|problem| {
        let message =
            format!("the environment made in {} can't be used: {problem}", folder.display());
        Error::new(ErrorKind::Environment, message)
    })?;
    if !marker.is_file() {
        // Its Python is asked each time, since a launcher runs it.
        write(&marker, "{}").map_err(unwritable)?;
    }
    say(Progress::Done);
    Ok(made)
}

/// Takes a lock, calling `waiting` if another has it. It is dropped with the file, or the process.
///
/// # Errors
/// The outer one if it is told to stop.
fn take(lock: &File, wanted: &Wanted, waiting: impl FnOnce()) -> Result<io::Result<()>> {
    let mut waiting = Some(waiting);
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Ok(())),
            Err(TryLockError::WouldBlock) if wanted.stop.as_ref().is_some_and(|stop| stop()) => {
                return Err(stopped());
            }
            Err(TryLockError::WouldBlock) => {
                waiting.take().into_iter().for_each(|waiting| waiting());
                std::thread::sleep(ASKED);
            }
            Err(TryLockError::Error(error)) => return Ok(Err(error)),
        }
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Environment, "the making of the environment was stopped")
}

/// Returns the environment in `folder` if it is whole, and its base is still there.
fn ready_in(folder: &Path, around: &Surroundings) -> Option<Interpreter> {
    let marker = folder.join(MARKER);
    if !marker.is_file() {
        return None;
    }
    let found = interpreter(&python_in(folder), Some(&marker), around).ok()?;
    // A base upgraded to another minor version looks elsewhere for packages.
    let site = found.site_packages().first().filter(|site| site.starts_with(folder));
    site.is_some_and(|site| site.is_dir()).then_some(found)
}

/// Returns why there is no room for a file of a megabyte, if so.
fn no_room(folder: &Path) -> Option<io::Error> {
    let file = folder.join("callpy.room");
    let written = fs::write(&file, vec![0; 1 << 20]);
    _ = fs::remove_file(&file);
    let error = written.err()?;
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        .then(|| error.kind().into())
}

fn wipe(folder: &Path) -> io::Result<()> {
    // The marker goes first: what is half removed must not look whole.
    for gone in [fs::remove_file(folder.join(MARKER)), fs::remove_dir_all(folder)] {
        match gone {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the folder of all environments for the same requirements.
fn home(key: &Key, around: &Surroundings) -> Option<PathBuf> {
    Some(around.cache_folder()?.join("environments").join(&key.folder))
}

/// Names an environment by the interpreter behind it.
fn folder_name(base: &Interpreter) -> String {
    // Not by its patch version: an upgrade in place leaves the environment as good as it was.
    let (major, minor, _) = base.version();
    let threads = if base.is_free_threaded() { "t" } else { "" };
    let place = base.base_executable();
    let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let identity = format!("{place:?} {} {}", base.platform(), base.is_debug());
    format!("cpython-{major}.{minor}{threads}-{}", hash(&identity))
}

/// Whether an interpreter has all that is required.
///
/// # Errors
/// [`ErrorKind::Environment`](crate::ErrorKind::Environment) if the requirements are not written as
/// such.
pub(crate) fn fulfils(interpreter: &Interpreter, requirements: &Requirements) -> Result<bool> {
    let key = requirements.key()?;
    Ok(has(interpreter, requirements, &key, &Surroundings::of_this_process()))
}
