//! Workers: the same functions, in processes of their own.
//!
//! Python in this process has one interpreter lock, a crash in it ends the program, and a running call
//! can't be stopped. [`Builder::workers`](crate::Builder::workers) starts processes that call functions
//! instead: as many calls run at once as there are workers, a crash is the error of one call, and a
//! [deadline](crate::Function::within) holds.
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! # std::env::set_current_dir("examples").unwrap();
//! use std::time::Duration;
//!
//! use callpy::{Array, Python};
//!
//! let workers = Python::builder().script("outliers.py").workers(2)?;
//! let detect = workers.function("outliers.py:detect")?;       // the same `Function`
//!
//! let series = vec![20.5, 19.0, 19.5, 20.1, 19.9, 97.3, 21.1];
//! let indices: Array<i64> = detect.call(&series)?;            // one copy in; read in shared memory
//! assert_eq!(indices[..], [5]);
//!
//! let detect = detect.within(Duration::from_secs(5));         // holds, whatever the function does
//! let indices: Array<i64> = detect.call(&series)?;
//! # }
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! # What goes to a worker, and what comes back
//!
//! Every value that callpy converts. Arrays are copied once into memory that both processes share, and a
//! result is read there: an [`Array<T>`](crate::Array) has its block until it is dropped, also when the
//! worker has ended. Other values than numbers, text, bytes, arrays and tuples of them are pickled, so
//! their classes must be importable on both sides. What Python writes to a `&mut` slice of numbers that is
//! an argument of its own is copied back; any other is an error.
//! Objects don't cross: an [`Object`](crate::Object) is a copy on the other side.
//!
//! A function may retain what it is passed: its first call with arrays gets copies of its own, as in
//! [this process](crate::array#retained-arguments), and goes on with them if it retains them. One that
//! retains an argument at a later call only costs its worker, which is replaced, and the call returns
//! [`ErrorKind::Kept`].
//!
//! # State
//!
//! Each worker imports the functions for itself. What a function stores (a cache, a model) is that
//! worker's own, and goes with it.
//!
//! # Trust
//!
//! Frames and places in shared memory are checked before they are used, so a worker whose memory is
//! damaged can change what it returns, and nothing else of this process. A result that is pickled is
//! unpickled here, which runs code: so a worker is trusted as much as the functions in it, and isolates
//! crashes, not attackers.
//!
//! Workers need Linux.

#[cfg(target_os = "linux")]
mod arrays;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
pub(crate) mod frame;
#[cfg(target_os = "linux")]
mod pool;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod remote;
#[cfg(target_os = "linux")]
mod reply;
#[cfg(target_os = "linux")]
mod values;

#[cfg(target_os = "linux")]
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fmt;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::time::Duration;

pub use crate::crash::Crash;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::Remote;
#[cfg(target_os = "linux")]
pub(crate) use remote::{Begun, Ended, Remote, Tries};

#[cfg(not(target_os = "linux"))]
use elsewhere::Pool;
#[cfg(target_os = "linux")]
use pool::Pool;

use crate::array::{Element, IntoShape, SharedArray};
use crate::error::{Error, ErrorKind, Result};
#[cfg(target_os = "linux")]
use crate::exception::Search;
use crate::locate::Interpreter;
#[cfg(target_os = "linux")]
use crate::scope::Scope;
#[cfg(target_os = "linux")]
use crate::support;
#[cfg(target_os = "linux")]
use crate::target::Target;

/// How long a worker has to stop a call when its time is up, before it is killed.
#[cfg(target_os = "linux")]
const GRACE: Duration = Duration::from_millis(200);

/// How long after an interrupt the next one follows, within that time.
#[cfg(target_os = "linux")]
const AGAIN: Duration = Duration::from_millis(50);

/// What a worker runs: all that callpy does in Python, and the worker itself.
#[cfg(target_os = "linux")]
static SOURCE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
    [crate::support::workers::source(), include_str!("workers/worker.py")].concat()
});

/// Whether a program is a Python by its name. Programs that embed Python often have it say that they are
/// its executable themselves: to start them as workers, which then start workers, would have no end.
#[cfg(target_os = "linux")]
fn is_python(executable: &OsStr) -> bool {
    let name = Path::new(executable).file_name().unwrap_or_default().to_string_lossy();
    ["python", "pypy", "graalpy"].iter().any(|python| name.to_lowercase().contains(python))
}

/// Reads bytes as a worker's answer, in all the ways that an answer is read: for the fuzz target.
#[doc(hidden)]
#[cfg(target_os = "linux")]
pub fn read_answer(bytes: &[u8]) {
    use frame::{Head, Reader, Status};

    let mut reader = Reader::new(bytes);
    let Ok(head) = Head::read(&mut reader) else { return };
    if head.status == Status::Retained {
        _ = reader.value().map(|held| values::Aside::retained(&held));
        return;
    }
    if values::Aside::read(&mut reader).is_err() {
        return;
    }
    match head.status {
        Status::Returned => {
            if reader.value().is_ok() {
                _ = reader.end();
            }
        }
        status => _ = reply::failure(status, &mut reader, None).to_string(),
    }
}

/// Processes that call Python functions.
///
/// Got from [`Builder::workers`](crate::Builder::workers). A handle is cheap to clone and may be used on
/// any thread. The processes end when the last handle is dropped, those of their functions among them,
/// and at the latest when this process ends, however it does.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// let workers = callpy::Python::builder().workers(2)?;
/// let join = workers.function("os.path:join")?;
/// assert_eq!(join.call::<String>(("data", "cpu.csv"))?, "data/cpu.csv");
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone)]
pub struct Workers(Arc<Pool>);

/// What the program says about its workers, beside how many there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) setup: Option<OsString>,
    pub(crate) start: Option<Duration>,
    pub(crate) variables: Vec<(OsString, OsString)>,
    pub(crate) waiting: Option<usize>,
    pub(crate) calls: Option<u64>,
    pub(crate) memory: Option<u64>,
}

#[cfg(target_os = "linux")]
impl Options {
    /// Fails with what is wrong of an option that no worker could be started with.
    fn check(&self) -> Result<()> {
        let has_zero = |text: &OsStr| text.as_encoded_bytes().contains(&0);
        if let Some(setup) = &self.setup {
            Target::parse(setup).parts().map_err(|error| error.at("worker_setup"))?;
            if has_zero(setup) {
                return Err(Error::argument("it has a zero byte").at("worker_setup"));
            }
        }
        for (name, value) in &self.variables {
            let wrong = if name.is_empty() {
                "a variable has no name"
            } else if name.as_encoded_bytes().contains(&b'=') {
                "a variable's name can't have a \"=\""
            } else if has_zero(name) || has_zero(value) {
                "a variable can't have a zero byte"
            } else {
                continue;
            };
            return Err(Error::argument(format!("{wrong}: {name:?}")).at("worker_variable"));
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
impl Workers {
    /// Starts workers of the Python that runs in this process, and that callpy has found if it did not
    /// join it.
    pub(crate) fn start(
        interpreter: Option<&Interpreter>,
        count: usize,
        options: Options,
    ) -> Result<Workers> {
        if count == 0 {
            return Err(Error::new(ErrorKind::Start, "at least one worker is needed"));
        }
        options.check()?;
        let scope = Scope::new()?;
        let search_path = scope.ok(support::workers::worker_path(scope.py()))?;
        let known = support::executable(scope.py());
        let imports = scope.ok(Search::get(scope.py()))?;
        drop(scope);
        let mut plan = process::Plan {
            executable: known.into(),
            options: Vec::new(),
            variables: options.variables,
            removed: Vec::new(),
            search_path,
            folder: std::env::current_dir().ok(),
            setup: options.setup,
            imports,
        };
        if let Some(interpreter) = interpreter {
            let launch = &interpreter.launch;
            plan.executable = interpreter.executable().into();
            plan.options = launch.options.clone();
            plan.removed = launch.removed.clone();
            plan.variables.splice(..0, launch.set.iter().cloned());
        } else if !is_python(&plan.executable) {
            return Err(Error::new(
                ErrorKind::Start,
                format!(
                    "workers can't be started: sys.executable of this process's Python is {:?}, which \
                     is no python: set it to that of the environment",
                    plan.executable
                ),
            ));
        }
        let size = pool::Size {
            workers: count,
            start: options.start.unwrap_or(pool::START),
            waiting: options.waiting.unwrap_or(usize::MAX),
            // After the first one at the earliest.
            calls: options.calls.map(|calls| calls.max(1)),
            memory: options.memory,
        };
        if size.memory.is_some() && process::own_memory(std::process::id()).is_none() {
            return Err(Error::new(
                ErrorKind::Start,
                "workers can't have a limit of memory: this system does not say in /proc how much a \
                 process has",
            ));
        }
        Pool::start(plan, size).map(|pool| Workers(Arc::new(pool)))
    }

    /// Has the workers import a function.
    pub(crate) fn remote(&self, target: &str, name: &str) -> Result<Remote> {
        Remote::new(Arc::clone(&self.0), target, name)
    }

    /// Replaces every worker, one after the other, each when it is free: calls go on meanwhile.
    ///
    /// Returns at once.
    ///
    /// ```
    /// let workers = callpy::Python::builder().workers(1)?;
    /// let id = workers.function("os:getpid")?;
    /// let first: u32 = id.call(())?;
    /// workers.restart();
    /// while id.call::<u32>(())? == first {}
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn restart(&self) {
        self.0.restart();
    }

    /// Creates an array of zeros in memory that this program and the workers share: their functions read
    /// and write it, and nothing is copied.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if there is no memory for it, or a shape can't be had: see [`SharedArray`].
    ///
    /// # Examples
    ///
    /// ```
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// let workers = callpy::Python::builder().workers(2)?;
    /// let negative = workers.function("numpy:negative")?;
    ///
    /// let mut series = workers.zeros::<f64>(1_000)?;
    /// series[7] = 97.3;
    /// let mut result = workers.zeros::<f64>(1_000)?;
    /// negative.call::<callpy::Object>((&series, &mut result))?;
    /// assert_eq!(result[7], -97.3);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn zeros<T: Element>(&self, shape: impl IntoShape) -> Result<SharedArray<T>> {
        SharedArray::new(shape, |len| {
            let part = self.0.shared.arrays.part(len).map_err(values::no_memory)?;
            Ok(Box::new(part))
        })
    }

    /// Returns what the workers have done so far.
    ///
    /// ```
    /// let workers = callpy::Python::builder().workers(1)?;
    /// let sqrt = workers.function("math:sqrt")?;
    /// sqrt.call::<f64>(4.0)?;
    /// let statistics = workers.statistics();
    /// assert_eq!((statistics.calls, statistics.crashes), (1, 0));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn statistics(&self) -> Statistics {
        use std::sync::atomic::Ordering::Relaxed;

        let counts = &self.0.shared.counts;
        let (free, busy, waiting) = self.0.load();
        Statistics {
            free,
            busy,
            waiting,
            calls: counts.calls.load(Relaxed),
            waited: counts.waited.load(Relaxed),
            refused: counts.busy.load(Relaxed),
            crashes: counts.crashes.load(Relaxed),
            deadlines: counts.timed_out.load(Relaxed),
            cancelled: counts.cancelled.load(Relaxed),
            started: counts.started.load(Relaxed),
            restarts: counts.restarts.load(Relaxed),
            bytes_sent: counts.sent.load(Relaxed),
            bytes_received: counts.received.load(Relaxed),
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Workers {
    pub(crate) fn start(_: Option<&Interpreter>, _: usize, _: Options) -> Result<Workers> {
        Err(Error::new(
            ErrorKind::Start,
            "workers need Linux so far: call the functions in this process",
        ))
    }

    pub(crate) fn remote(&self, _: &str, _: &str) -> Result<Remote> {
        match *self.0 {}
    }

    /// Replaces every worker, one after the other, each when it is free.
    pub fn restart(&self) {
        match *self.0 {}
    }

    /// Creates an array of zeros in memory that this program and the workers share.
    pub fn zeros<T: Element>(&self, _: impl IntoShape) -> Result<SharedArray<T>> {
        match *self.0 {}
    }

    /// Returns what the workers have done so far.
    pub fn statistics(&self) -> Statistics {
        match *self.0 {}
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Workers").field(&self.statistics()).finish()
    }
}

/// What workers have done so far, and what they are at.
///
/// Got from [`Workers::statistics`].
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// let workers = callpy::Python::builder().workers(2)?;
/// let statistics = workers.statistics();
/// println!("{} calls, of which {} waited", statistics.calls, statistics.waited);
/// assert_eq!((statistics.busy, statistics.waiting), (0, 0));
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Workers that are ready and not in use, with the spare one.
    pub free: usize,
    /// Workers that are in a call.
    pub busy: usize,
    /// Callers that wait for a worker.
    pub waiting: usize,
    /// Calls that were sent to a worker.
    pub calls: u64,
    /// Calls that had to wait for a worker.
    pub waited: u64,
    /// Calls that were refused, since too many waited.
    pub refused: u64,
    /// Workers that ended by themselves, in a call or between calls, or that could not start.
    pub crashes: u64,
    /// Calls whose time was up.
    pub deadlines: u64,
    /// Calls that were cancelled.
    pub cancelled: u64,
    /// Workers that were started: those that there are, `crashes` and `restarts` together.
    pub started: u64,
    /// Workers that callpy ended and replaced: on [request](Workers::restart), after so many calls, or since
    /// they had too much memory, retained an argument, or did not stop when they had to.
    pub restarts: u64,
    /// Bytes that were copied for workers into shared memory.
    pub bytes_sent: u64,
    /// Bytes of results that workers have put in shared memory.
    pub bytes_received: u64,
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_embeds_python_is_no_python() {
        for executable in ["/usr/bin/python3.12", "/opt/Python/bin/python", "pypy3"] {
            assert!(is_python(executable.as_ref()), "{executable}");
        }
        for executable in ["", "/usr/sbin/uwsgi", "/home/python/server"] {
            assert!(!is_python(executable.as_ref()), "{executable}");
        }
    }
}
