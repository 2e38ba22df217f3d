//! Creates a virtual environment from declared requirements.
//!
//! The header of a Python file (PEP 723) or the program declares them. The environment is created
//! once, with uv if it is on PATH and otherwise with venv and pip, in the user's cache folder
//! (`CALLPY_CACHE` sets another). After that it starts without network access, and without running any
//! program.
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

mod cached;
mod install;
mod installed;
mod requirements;
mod script;
mod specifiers;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use cached::{Cached, cached};
pub(crate) use installed::has;
pub(crate) use requirements::Key;
pub use requirements::Requirements;
pub(crate) use specifiers::{Specifiers, numbers};

use crate::child::ASKED;
use crate::error::{Error, ErrorKind, Result};
use crate::exception::MARKER;
use crate::installation::cache::{hash, write};
use crate::installation::{Context, Interpreter, interpreter, python_in};

/// Called with each step of the creation of an environment.
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

/// Called several times a second to ask whether to stop the creation of an environment.
///
/// If it returns true, the installer is interrupted, its files are removed, and the start fails with
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

/// A step in the creation of an environment.
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
    /// Another process is creating the same environment; this one waits for it.
    Waiting,
    /// The creation begins.
    Creating {
        /// The folder of the environment.
        folder: PathBuf,
        /// The installer: `uv` or `pip`.
        tool: String,
        /// The requirements to install.
        dependencies: Vec<String>,
    },
    /// The installer printed a line.
    Installing {
        /// The line, without its line break.
        line: String,
    },
    /// Something that the installer can't do as it was asked for.
    Note {
        /// What, and how to fix it.
        text: String,
    },
    /// The environment is ready.
    Done,
}

/// The file with the requirements of all environments beside it.
const REQUIREMENTS: &str = "requirements.txt";

/// The end of the name of the file that processes lock that use an environment.
const USED: &str = ".used";

/// The file with the name of the environment to use if no interpreter is named.
const DEFAULT: &str = "default";

/// Returns the environment for searches without a named interpreter, and its place.
pub(crate) fn ready_by_default(key: &Key, context: &Context) -> (PathBuf, Option<Interpreter>) {
    let Some(home) = home(key, context) else { return (PathBuf::from(&key.folder), None) };
    match fs::read_to_string(home.join(DEFAULT)) {
        Ok(name) => {
            let folder = home.join(name.trim());
            (python_in(&folder), ready_in(&folder, context))
        }
        Err(_) => (home, None),
    }
}

/// Returns the environment created from `base`, if it is ready.
pub(crate) fn ready(key: &Key, base: &Interpreter, context: &Context) -> Option<Interpreter> {
    ready_in(&home(key, context)?.join(folder_name(base)), context)
}

/// What to create, and the hooks that are called during the creation.
pub(crate) struct Creation<'a> {
    pub(crate) requirements: &'a Requirements,
    pub(crate) progress: Option<&'a OnProgress>,
    pub(crate) stop: Option<&'a Stop>,
    pub(crate) key: &'a Key,
    /// Whether later searches use it if no interpreter is named.
    pub(crate) is_default: bool,
}

impl Creation<'_> {
    fn tell(&self, progress: &Progress) {
        if let Some(listener) = self.progress {
            listener(progress);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }
}

/// Creates the environment from `base`, unless it is ready.
pub(crate) fn make(
    creation: &Creation<'_>,
    base: &Interpreter,
    context: &Context,
) -> Result<Interpreter> {
    let home = home(creation.key, context).ok_or_else(|| {
        let message = "there is no home folder for an environment; set CALLPY_CACHE to a writable \
                       folder";
        Error::new(ErrorKind::Environment, message)
    })?;
    let name = folder_name(base);
    let folder = home.join(&name);
    let unwritable = |error: io::Error| {
        let message = format!(
            "can't create the environment in {}: {error}; set CALLPY_CACHE to a writable folder",
            folder.display()
        );
        Error::new(ErrorKind::Environment, message).with_source(error)
    };
    let made = match ready_in(&folder, context) {
        Some(ready) => ready,
        None => {
            fs::create_dir_all(&home).map_err(unwritable)?;
            let mut lock = File::options();
            lock.read(true).write(true).create(true).truncate(false);
            let lock = lock.open(home.join(format!("{name}.lock"))).map_err(unwritable)?;
            take(&lock, creation)?.map_err(unwritable)?;
            make_locked(&lock, &folder, creation, base, context, &unwritable)?
        }
    };
    // For people who look into the cache.
    _ = write(&home.join(REQUIREMENTS), &creation.key.text);
    // Starts that name no interpreter must not depend on the one that was named last.
    if creation.is_default {
        // If this fails, the next start takes longer, but finds the same environment.
        _ = write(&home.join(DEFAULT), &name);
    }
    Ok(made)
}

/// Creates the environment while holding its lock.
// Scripts and pyvenv.cfg contain the environment's path, so it can't be created elsewhere and renamed.
// If two processes create it at once, one gets the lock, and the other finds the marker afterwards. If
// a process is killed half-way, the system releases the lock; without the marker the folder does not
// count as an environment, and the next process wipes it. The marker is written last, by a rename. An
// installer that outlives its killed parent still holds the lock (but not on Windows).
fn make_locked(
    lock: &File,
    folder: &Path,
    creation: &Creation<'_>,
    base: &Interpreter,
    context: &Context,
    unwritable: &dyn Fn(io::Error) -> Error,
) -> Result<Interpreter> {
    if let Some(ready) = ready_in(folder, context) {
        return Ok(ready);
    }
    wipe(folder).map_err(unwritable)?;
    let installer = install::Installer::new(lock, context, creation);
    creation.tell(&Progress::Creating {
        folder: folder.to_owned(),
        tool: installer.name().to_owned(),
        dependencies: creation.requirements.dependencies().to_vec(),
    });
    installer.make(folder, base).map_err(|error| {
        // Installers report a full disk in many ways, and venv not at all.
        let full = no_room(folder);
        _ = wipe(folder);
        match full {
            Some(full) => unwritable(full).with_source(error),
            None => error,
        }
    })?;

    let marker = folder.join(MARKER);
    let made = interpreter(&python_in(folder), Some(&marker), installer.context());
    let made = made.map_err(|problem| {
        let message =
            format!("the new environment in {} can't be used: {problem}", folder.display());
        Error::new(ErrorKind::Environment, message)
    })?;
    if !marker.is_file() {
        // The facts are not cached, since a launcher runs this Python.
        write(&marker, "{}").map_err(unwritable)?;
    }
    cached::hold(folder);
    creation.tell(&Progress::Done);
    Ok(made)
}

/// Acquires a lock, and says so if another process has it. The lock is released with the file, or when
/// the process ends.
///
/// # Errors
/// The outer one if the creation was stopped.
fn take(lock: &File, creation: &Creation<'_>) -> Result<io::Result<()>> {
    let mut is_waiting = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Ok(())),
            Err(TryLockError::WouldBlock) if creation.is_stopped() => return Err(stopped()),
            Err(TryLockError::WouldBlock) => {
                if !is_waiting {
                    creation.tell(&Progress::Waiting);
                    is_waiting = true;
                }
                std::thread::sleep(ASKED);
            }
            Err(TryLockError::Error(error)) => return Ok(Err(error)),
        }
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Environment, "the creation of the environment was stopped")
}

/// Returns the environment in `folder` if it is complete, and its base still exists.
fn ready_in(folder: &Path, context: &Context) -> Option<Interpreter> {
    let marker = folder.join(MARKER);
    // Held before the marker is looked at, so that nothing removes what was found.
    if !folder.is_dir() || !cached::hold(folder) || !marker.is_file() {
        return None;
    }
    let found = interpreter(&python_in(folder), Some(&marker), context).ok()?;
    // A base that was upgraded to another minor version searches for packages elsewhere.
    let site = found.site_packages().first().filter(|site| site.starts_with(folder));
    site.is_some_and(|site| site.is_dir()).then_some(found)
}

/// Returns the error if there is no room for a file of a megabyte.
fn no_room(folder: &Path) -> Option<io::Error> {
    let file = folder.join("callpy.room");
    let written = fs::write(&file, vec![0; 1 << 20]);
    _ = fs::remove_file(&file);
    let error = written.err()?;
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        .then(|| error.kind().into())
}

fn wipe(folder: &Path) -> io::Result<()> {
    // The marker first, since a half-removed environment must not look complete.
    for gone in [fs::remove_file(folder.join(MARKER)), fs::remove_dir_all(folder)] {
        match gone {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the folder of all environments for the same requirements.
fn home(key: &Key, context: &Context) -> Option<PathBuf> {
    Some(context.cache_folder()?.join("environments").join(&key.folder))
}

/// Names an environment after its base interpreter.
fn folder_name(base: &Interpreter) -> String {
    // Without the patch version, since environments survive such an upgrade.
    let (major, minor, _) = base.version();
    let threads = if base.is_free_threaded() { "t" } else { "" };
    let place = base.base_executable();
    let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let identity = format!("{place:?} {} {}", base.platform(), base.is_debug());
    format!("cpython-{major}.{minor}{threads}-{}", hash(&identity))
}

/// Returns whether an interpreter meets all requirements.
///
/// # Errors
/// [`ErrorKind::Environment`](crate::ErrorKind::Environment) if the requirements are malformed.
pub(crate) fn fulfils(interpreter: &Interpreter, requirements: &Requirements) -> Result<bool> {
    let key = requirements.key()?;
    Ok(has(interpreter, requirements, &key, &Context::of_this_process()))
}
