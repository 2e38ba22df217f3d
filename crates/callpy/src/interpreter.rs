//! The one running interpreter: how it is started, what it loads, and its orderly end.
//!
//! There is one interpreter in a process. The first start decides which; later starts join it, and fail
//! if it is not what they ask for. If Python runs already because the program is an
//! extension module or uses PyO3, callpy joins that one, and leaves its end to its owner.
//!
//! A program ends Python with [`Python::end`], or a guard that does so
//! ([`Python::end_on_drop`]): threads are joined, exit handlers run, and streams are flushed. Without
//! either, that happens when the process exits. The interpreter is not finalised, since extension
//! modules crash there: `__del__` of objects that are still alive is not called.

use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::attach::Attached;
use crate::bring_up::{another, bring_up, join_another};
use crate::call::Function;
use crate::environment::{self, Progress, Requirements};
use crate::error::{Error, ErrorKind, Result};
use crate::function::Module;
use crate::installation::Interpreter;
use crate::language::Language;
use crate::learn::{self, OnRetained, Retained};
use crate::locate::{self, Report, Wanted};
use crate::object::Object;
use crate::raw::{Attachment, end, memory, process};
use crate::scope::Scope;
use crate::target::{Target, is_file};
use crate::workers::{Options, Workers};
use crate::{array, load, support};

/// The running interpreter: an empty handle that can be copied freely.
///
/// ```
/// let python = callpy::Python::start()?;
/// let sqrt = python.function("math:sqrt")?;
/// assert_eq!(sqrt.call::<f64>(2.25)?, 1.5);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Python(());

struct Running {
    /// None if Python ran in this process before callpy joined it.
    own: Option<(Interpreter, Report)>,
    /// What was asked for at the first start.
    python: Option<PathBuf>,
    requirements: Requirements,
}

impl Running {
    fn joined() -> Running {
        Running { own: None, python: None, requirements: Requirements::default() }
    }
}

/// Whether the end of a joined interpreter is being watched.
static WATCHED: AtomicBool = AtomicBool::new(false);

static RUNNING: OnceLock<Running> = OnceLock::new();
static START: Mutex<()> = Mutex::new(());

impl Python {
    /// Starts Python as found by [`locate`](crate::locate), or joins the one that runs.
    ///
    /// Python takes the thread of the first start for its main thread. Make that the program's own main
    /// thread: `signal.signal`, and what needs it, works on no other, as [`Builder::start`] says.
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    ///
    /// # Examples
    ///
    /// ```
    /// let python = callpy::Python::start()?;
    /// assert!(python.function("math:hypot")?.call::<f64>((3.0, 4.0))? == 5.0);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn start() -> Result<Python> {
        Python::builder().start()
    }

    /// Returns a builder, to say which Python and with which packages.
    ///
    /// ```
    /// let python = callpy::Python::builder().search_path("tests/python").start()?;
    /// let module = python.module("plain")?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the running interpreter if there is one that callpy has started or joined.
    ///
    /// ```
    /// use callpy::Python;
    ///
    /// assert!(Python::running().is_none());
    /// Python::start()?;
    /// assert!(Python::running().is_some());
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn running() -> Option<Python> {
        RUNNING.get().map(|_| Python(()))
    }

    /// Returns the function that a target names.
    ///
    /// | target | names |
    /// |---|---|
    /// | `"outliers:detect"` | the function `detect` of the module `outliers` |
    /// | `"package.module:Class.method"` | a method |
    /// | `"path/to/outliers.py:detect"` | a function of the file |
    ///
    /// A path need not be UTF-8: pass an `OsStr`. A [`Target`] takes such a text apart.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Target` if the text is none of these or there is no such function,
    /// `ErrorKind::Python` with what importing the module raised.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let join = python.function("os.path:join")?;
    /// assert_eq!(join.call::<String>(("data", "cpu.csv"))?, ["data", "cpu.csv"].join(std::path::MAIN_SEPARATOR_STR));
    ///
    /// let error = python.function("math:cosine").unwrap_err();
    /// assert!(matches!(error.kind(), callpy::ErrorKind::Target));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn function(&self, target: impl AsRef<OsStr>) -> Result<Function> {
        let target = Target::parse(target);
        let (module, function) = target.parts()?;
        self.module(module)?.function(function)
    }

    /// Imports a module by its name (`"scipy.signal"`), or a file by its path (`"tools/clean.py"`).
    ///
    /// The file's folder is added to the end of `sys.path`, and the file imported by its own name. If
    /// that name leads to another module (the file is `json.py`, say, or the second `clean.py`), the
    /// module is called `json_` and eight more characters, which stay the same for that path.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Target` if the file is not there, `ErrorKind::Python` with what the import raised.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let math = python.module("math")?;
    /// assert_eq!(math.attr("pi")?.extract::<f64>()?, std::f64::consts::PI);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn module(&self, name: impl AsRef<OsStr>) -> Result<Module> {
        let name = name.as_ref();
        let scope = Scope::new()?;
        let py = scope.py();
        if let Some(name) = name.to_str().filter(|name| !is_file(name.as_ref())) {
            let c_name = module_name(name)?;
            return scope
                .ok(py.with_frame(|| py.import(&c_name)))
                .map(|module| Module::new(Object(module), name.to_owned()))
                .map_err(|error| error.at(format_args!("importing {name}")));
        }
        let path = Path::new(name);
        if !path.is_file() {
            let folder = std::env::current_dir().unwrap_or_default();
            return Err(Error::new(
                ErrorKind::Target,
                format!("there is no file {} (looked for in {})", path.display(), folder.display()),
            ));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        load::file(&scope, path)
            .map(|module| Module::new(Object(module), stem.into_owned()))
            .map_err(|error| error.at(format_args!("importing {}", path.display())))
    }

    /// Imports source text as the module `name`; the same text again is the same module.
    ///
    /// The text is written to a file in the cache folder (`CALLPY_CACHE`), or in a temporary one, from
    /// which Python imports it by that name. So processes that Python starts, as `multiprocessing` and
    /// `joblib` do, find the module too, and tools that want a function's file have one. Where no file
    /// can be written, the module is in this process alone, and sending its functions to another
    /// process is an error. Tracebacks in errors show `filename` and the lines of the text.
    ///
    /// # Errors
    ///
    /// - `ErrorKind::Target` if `name` consists of more than letters, digits and `_`, if it is another
    ///   module's, or if a module of that name with other text is loaded already;
    /// - `ErrorKind::Python` with what running the text raised.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let rules = "def double(number): return 2 * number";
    /// let double = python.module_from_source("rules", "rules.py", rules)?.function("double")?;
    /// assert_eq!(double.call::<i64>(21)?, 42);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn module_from_source(&self, name: &str, filename: &str, source: &str) -> Result<Module> {
        let scope = Scope::new()?;
        load::source(&scope, name, filename, source)
            .map(|module| Module::new(Object(module), name.to_owned()))
            .map_err(|error| error.at(format_args!("running {filename}")))
    }

    /// Attaches this thread for as long as the closure runs, so that many calls in it need not.
    ///
    /// Other threads that wait for the interpreter lock get it when Python itself hands it over,
    /// every five milliseconds, or in [`Attached::detach`].
    ///
    /// # Errors
    ///
    /// `ErrorKind::Ending` if the process is ending.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let hypot = python.function("math:hypot")?;
    /// let total = python.attach(|py| {
    ///     let mut total = 0.0;
    ///     for side in 0..1_000 {
    ///         total += hypot.call::<f64>((3.0, side))?;
    ///     }
    ///     // Long work of our own: the others may have Python meanwhile.
    ///     py.detach(|| std::thread::sleep(std::time::Duration::from_millis(1)));
    ///     Ok::<f64, callpy::Error>(total)
    /// })??;
    /// assert!(total > 499_500.0);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn attach<R>(&self, work: impl FnOnce(&Attached<'_>) -> R) -> Result<R> {
        let attachment = Attachment::new()?;
        crate::raw::reference::release_queued(attachment.token());
        Ok(work(&Attached::new(attachment.token())))
    }

    /// Gives memory that freed arrays were in back to the system, and frees what was dropped on threads
    /// that were not attached.
    ///
    /// callpy does so by itself about a second after the last use of either. This is for a program that
    /// knows that it needs the memory elsewhere now.
    ///
    /// # Errors
    ///
    /// As [`attach`](Python::attach).
    ///
    /// # Examples
    ///
    /// ```
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let ones = python.function("numpy:ones")?;
    /// let mut total = 0.0;
    /// for _ in 0..3 {
    ///     total += ones.call::<callpy::Array<f64>>(1_000_000)?.iter().sum::<f64>();
    /// }
    /// python.trim()?;     // 8 MB go back to the system
    /// assert_eq!(total, 3e6);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn trim(&self) -> Result<()> {
        self.attach(|_| memory::trim())
    }

    /// Whether threads take turns in Python: always, but on a free-threaded build.
    ///
    /// There, importing an extension module that is not made for it turns the interpreter lock on
    /// for good, and Python says so with a RuntimeWarning that names the module.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Ending` if the process is ending.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// if !python.has_interpreter_lock()? {
    ///     println!("as many calls at once as there are threads");
    /// }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn has_interpreter_lock(&self) -> Result<bool> {
        let scope = Scope::new()?;
        scope.ok(support::has_interpreter_lock(scope.py()))
    }

    /// Lets [`interrupt`](Python::interrupt) stop Python code, which it can't from the start.
    ///
    /// It registers Python's own handler of SIGINT, that of `python`, for what runs on the thread
    /// that started Python. The signal itself stays the program's: to let Ctrl-C stop Python code, call
    /// `interrupt` where the program handles it. Only `asyncio.run`, on that thread, then takes over the
    /// signal, as it does in `python`, and does not restore it.
    ///
    /// # Errors
    ///
    /// Python's ValueError on another thread than the one that started Python.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// python.enable_interrupts()?;
    /// let counting = "def run(): return sum(index for index in range(1_000_000))";
    /// let run = python.module_from_source("counting", "counting.py", counting)?.function("run")?;
    ///
    /// // No call runs, so the next one ends.
    /// std::thread::spawn(move || python.interrupt()).join().expect("no panic");
    /// let error = run.call::<()>(()).unwrap_err();
    /// assert_eq!(error.exception().map(|it| it.type_name()), Some("KeyboardInterrupt"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn enable_interrupts(&self) -> Result<()> {
        let scope = Scope::new()?;
        let enable = || support::enable_interrupts(scope.py());
        scope.ok(process::enable_interrupts(enable))
    }

    /// Raises KeyboardInterrupt in what Python runs on the thread that started it, as Ctrl-C does in
    /// `python`.
    ///
    /// May be called on any thread, attached or not, and in a signal handler: it sets a flag and
    /// returns. That thread looks at the flag between steps of Python code, so the call that it is
    /// in, or else its next, ends with the exception, unless the function catches it. What is not
    /// reached: code in C that runs on without a look at signals, until it returns (a NumPy
    /// function, say); a thread asleep in the system, until a signal wakes it (a real SIGINT whose
    /// handler is without `SA_RESTART` does); functions that run on other threads.
    ///
    /// CPython 3.9 to 3.11 look at the flag at once only where it was set on that very thread, as a
    /// signal handler mostly does, and else when another thread asks for the interpreter. So another
    /// thread attaches afterwards: `python.interrupt(); python.attach(|_| ())?;`.
    ///
    /// Does nothing before [`enable_interrupts`](Python::enable_interrupts).
    pub fn interrupt(&self) {
        process::interrupt();
    }

    /// Ends Python: the last line of `main`.
    ///
    /// Does what `python` does at its end: joins the threads of Python's that are not daemons, runs
    /// `atexit` handlers, and flushes `sys.stdout` and `sys.stderr`. Calls that are under way on other
    /// threads get a second to return. New calls are `ErrorKind::Ending` from the beginning of the end
    /// on, except those made by exit handlers, by threads of Python's, and within calls under way.
    ///
    /// A second end does nothing, and neither does one of a Python that callpy has joined, which its
    /// owner ends. If the program does not call it, Python ends as the process exits, on another
    /// thread: exit handlers that need the program's main thread (one that closes an SQLite
    /// connection of that thread, say) then fail.
    ///
    /// If the end takes more than a second, callpy says on stderr what it is waiting for.
    ///
    /// # Errors
    ///
    /// - `ErrorKind::Attach` inside [`attach`](Python::attach) or a function that Python calls;
    /// - `ErrorKind::Ending` if another thread stays attached for 3 seconds without a break, so that
    ///   exit handlers could not run.
    ///
    /// # Examples
    ///
    /// ```
    /// fn main() -> callpy::Result<()> {
    ///     let python = callpy::Python::start()?;
    ///     python.function("builtins:print")?.call::<()>("Hello")?;
    ///     python.end()
    /// }
    /// ```
    pub fn end(&self) -> Result<()> {
        match RUNNING.get() {
            Some(Running { own: Some(_), .. }) => Ok(end::end(support::end)?),
            _ => Ok(()),
        }
    }

    /// Returns a guard that [ends](Python::end) Python when it is dropped, also where `main` returns
    /// early or panics.
    ///
    /// ```
    /// # fn main() -> callpy::Result<()> {
    /// let python = callpy::Python::start()?;
    /// let _end = python.end_on_drop();    // not `_`, which would drop it here
    /// python.function("builtins:print")?.call::<()>("Hello")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn end_on_drop(&self) -> EndOnDrop {
        EndOnDrop(*self)
    }

    /// Returns the interpreter that callpy found and started; none if it joined one.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let interpreter = python.interpreter().expect("callpy has started it");
    /// assert!(interpreter.version() >= (3, 8, 0));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn interpreter(&self) -> Option<&'static Interpreter> {
        RUNNING.get()?.own.as_ref().map(|(interpreter, _)| interpreter)
    }

    /// Returns how the interpreter was found; none if callpy joined it.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let report = python.report().expect("callpy has started it");
    /// println!("{report}");
    /// assert!(report.chosen().is_some());
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn report(&self) -> Option<&'static Report> {
        RUNNING.get()?.own.as_ref().map(|(_, report)| report)
    }
}

/// Ends Python when it is dropped: see [`Python::end_on_drop`].
///
/// ```
/// let python = callpy::Python::start()?;
/// let end = python.end_on_drop();
/// drop(end);
/// let error = python.function("math:sqrt").unwrap_err();
/// assert!(matches!(error.kind(), callpy::ErrorKind::Ending));
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "Python ends when this is dropped: bind it to a name such as `_end`"]
pub struct EndOnDrop(Python);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Err(error) = self.0.end() {
            process::complain(&format!("callpy: {error}"));
        }
    }
}

/// Makes a C string of a module's name.
fn module_name(name: &str) -> Result<CString> {
    CString::new(name).map_err(|error| {
        Error::new(ErrorKind::Target, "the module's name has a NUL character in it")
            .with_source(error)
    })
}

/// Which Python to start, and what it must have.
///
/// ```
/// # fn start() -> callpy::Result<callpy::Python> {
/// callpy::Python::builder()
///     .require(["numpy>=1.21", "scipy"])
///     .on_progress(|step| eprintln!("{step:?}"))
///     .start()
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    python: Option<PathBuf>,
    requirements: Requirements,
    by_default: Requirements,
    folder: Option<PathBuf>,
    scripts: Vec<PathBuf>,
    search: Vec<PathBuf>,
    progress: Option<environment::OnProgress>,
    stop: Option<environment::Stop>,
    language: Option<Language>,
    retained: Option<OnRetained>,
    guard_loans: Option<bool>,
    library_threads: Option<NonZeroUsize>,
    workers: Options,
}

impl Builder {
    /// Names the interpreter: a python executable, an environment's folder, or a command on PATH.
    ///
    /// ```
    /// use callpy::{ErrorKind, Python};
    ///
    /// let error = Python::builder().python("no/such/python").start().unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Locate(_)));
    /// assert!(error.to_string().contains("there is no such file"));
    /// ```
    pub fn python(mut self, path: impl Into<PathBuf>) -> Self {
        self.python = Some(path.into());
        self
    }

    /// Adds packages that must be there, written as pip takes them (`"numpy>=1.21"`).
    ///
    /// ```
    /// let python = callpy::Python::builder().require(["numpy"]).start()?;
    /// assert!(python.module("numpy").is_ok());
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn require(mut self, packages: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.requirements = self.requirements.merge(Requirements::new(packages));
        self
    }

    /// Adds packages that must be there if nothing else is required, by [`require`](Builder::require) or
    /// in a script's header.
    ///
    /// A Python that has them is used as it is, and so is any virtual environment; otherwise an
    /// environment with them is created.
    ///
    /// ```
    /// let python = callpy::Python::builder().require_by_default(["numpy"]).start()?;
    /// assert!(python.module("numpy").is_ok());
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn require_by_default(
        mut self,
        packages: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.by_default = self.by_default.merge(Requirements::new(packages));
        self
    }

    /// Adds the requirements in the header of a Python file (PEP 723). Its project's environment, `.venv`
    /// in the file's folder or above, is found too.
    ///
    /// ```
    /// # std::env::set_current_dir("examples").unwrap();
    /// let python = callpy::Python::builder().script("outliers.py").start()?;
    /// let detect = python.function("outliers.py:detect")?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn script(mut self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let folder = path.parent().map(Path::to_owned);
        self.folder = self.folder.or(folder);
        self.scripts.push(path);
        self
    }

    /// Adds requirements that were read elsewhere.
    ///
    /// ```
    /// use callpy::environment::Requirements;
    ///
    /// let header = "# /// script\n# requires-python = '>=3.8'\n# dependencies = []\n# ///\n";
    /// let requirements = Requirements::from_script(header)?.unwrap_or_default();
    /// let python = callpy::Python::builder().requirements(requirements).start()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn requirements(mut self, requirements: Requirements) -> Self {
        self.requirements = self.requirements.merge(requirements);
        self
    }

    /// Adds a folder in which modules are looked for, before all others.
    ///
    /// ```
    /// let python = callpy::Python::builder().search_path("tests/python").start()?;
    /// assert!(python.module("plain").is_ok());    // tests/python/plain.py
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn search_path(mut self, folder: impl Into<PathBuf>) -> Self {
        self.search.push(folder.into());
        self
    }

    /// Calls `tell` while an environment is being created, which can take a minute.
    ///
    /// ```
    /// let builder = callpy::Python::builder().on_progress(|step| eprintln!("{step:?}"));
    /// let python = builder.start()?;  // nothing is required, so nothing is created
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn on_progress(mut self, tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(tell));
        self
    }

    /// Calls `stop` while an environment is being created, to ask whether to [stop](environment::Stop).
    ///
    /// ```
    /// let builder = callpy::Python::builder().stop_when(|| false);
    /// let python = builder.start()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn stop_when(mut self, stop: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Some(Arc::new(stop));
        self
    }

    /// Sets whether read-only loans are guarded against writes; without it, they are if debug assertions
    /// are on.
    ///
    /// A function in C need not respect that an array is read-only (`torch.from_numpy` followed by an
    /// in-place operation, `faiss.normalize_L2`), and writing to what a `&[T]` points to is undefined
    /// behaviour. With the guard on, each read-only loan of up to 1 MiB is copied before the call and
    /// compared after it. If it has changed, the process ends with a message that names the function,
    /// the argument and the element.
    ///
    /// ```
    /// callpy::Python::builder().guard_loans(true).start()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn guard_loans(mut self, on: bool) -> Self {
        self.guard_loans = Some(on);
        self
    }

    /// Sets how many threads BLAS and OpenMP libraries use for one call: OpenBLAS, MKL, BLIS and what is
    /// compiled with OpenMP. Without it, most use as many as there are cores.
    ///
    /// Use 1 where several of your own threads call: otherwise the libraries' threads multiply with
    /// them, and eight callers of a matrix product get a tenth of the work done.
    ///
    /// Libraries that are loaded later take the number from their environment variables
    /// (`OPENBLAS_NUM_THREADS`, `OMP_NUM_THREADS` and so on), which are set in this process. A later
    /// start changes the number; OpenMP then does so for the thread of that start only.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    ///
    /// callpy::Python::builder().library_threads(NonZeroUsize::MIN).start()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn library_threads(mut self, count: NonZeroUsize) -> Self {
        self.library_threads = Some(count);
        self
    }

    /// Sets the language in whose terms messages say how to fix things; bindings for other languages set
    /// it.
    ///
    /// ```
    /// callpy::Python::builder().language(callpy::Language::C).start()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Calls `tell` for each callable that has retained its arguments, and gets copies from now on.
    ///
    /// Without such a hook, a line on stderr says so. It is called once for each callable, on the thread
    /// of the call, detached; the hook of a later start replaces it.
    ///
    /// ```
    /// let builder = callpy::Python::builder().on_retained(|retained| eprintln!("{retained}"));
    /// let python = builder.start()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn on_retained(mut self, tell: impl Fn(&Retained) + Send + Sync + 'static) -> Self {
        self.retained = Some(Arc::new(tell));
        self
    }

    /// Finds the interpreter, creates an environment for the requirements if there is none yet, and
    /// starts it in this process.
    ///
    /// # The thread of the first start
    ///
    /// Python takes the thread that starts it for its main thread. On every other, `signal.signal`
    /// raises `ValueError: signal only works in main thread`, and what sets signal handlers fails with
    /// it (asyncio's `add_signal_handler`, many servers). If a short-lived thread starts Python, no
    /// thread is left on which they work. So a program whose Python code sets signal handlers starts
    /// Python on the program's main thread, before other threads make the first call, and makes those
    /// calls there. All other calls work on any thread, whichever started Python.
    ///
    /// # Errors
    ///
    /// - `ErrorKind::Locate` if there is no usable interpreter; the report in it names each;
    /// - `ErrorKind::Environment` if the environment could not be created, or that was stopped;
    /// - `ErrorKind::Start` if libpython could not be loaded, or another interpreter runs than the
    ///   one named, or it lacks what is required.
    ///
    /// After an error the next start tries again.
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::Python;
    ///
    /// let python = Python::builder().start()?;
    /// // A process has one interpreter: a second start is given the one that runs.
    /// Python::builder().start()?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn start(mut self) -> Result<Python> {
        // First, since the errors of the start are in its terms as well.
        if let Some(language) = self.language {
            language.set();
        }
        if let Some(on) = self.guard_loans {
            array::guard::set(on);
        }
        for script in std::mem::take(&mut self.scripts) {
            let declared = Requirements::from_file(&script)?.unwrap_or_default();
            self.requirements = self.requirements.merge(declared);
        }
        let running = match RUNNING.get() {
            Some(running) => running,
            None => self.start_first()?,
        };
        // Not under the lock, for which a thread may be waiting that holds the interpreter.
        if running.own.is_none() && !WATCHED.swap(true, Ordering::AcqRel) {
            let scope = Scope::new()?;
            let py = scope.py();
            let watched = end::watch_finalisation(py, |function| support::at_exit(py, function));
            scope.ok(watched)?;
        }
        self.check(running)?;
        if let Some(hook) = &self.retained {
            learn::set_hook(Arc::clone(hook));
        }
        if let Some(count) = self.library_threads {
            let scope = Scope::new()?;
            scope.ok(support::library_threads(scope.py(), count.get()))?;
        }
        for folder in &self.search {
            let scope = Scope::new()?;
            // Python would look a relative path up in the current folder, which may change.
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
            let folder = scope.ok(scope.py().os_str(folder.as_os_str()))?;
            scope.ok(support::add_path(scope.py(), &folder))?;
        }
        Ok(Python(()))
    }

    /// Starts `count` worker processes and a spare one, with the same Python and the same packages:
    /// see [`workers`](crate::workers).
    ///
    /// Python is started in this process as well, as [`start`](Builder::start) does: it turns arguments
    /// into what a worker gets, and results into what the program gets. The options of this builder hold
    /// for both.
    ///
    /// # Errors
    ///
    /// Those of `start`, and `ErrorKind::Start` if no worker can be started, with the end of what it
    /// wrote to stderr, or if this system is not Linux.
    ///
    /// # Examples
    ///
    /// ```
    /// let workers = callpy::Python::builder().workers(2)?;
    /// let id = workers.function("os:getpid")?;
    /// assert_ne!(id.call::<u32>(())?, std::process::id());
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn workers(mut self, count: usize) -> Result<Workers> {
        let options = std::mem::take(&mut self.workers);
        let python = self.start()?;
        Workers::start(python.interpreter(), count, options)
    }

    /// Has each worker call a function, without arguments, before its first call: to load a model, say.
    ///
    /// A worker that is not ready in time is ended: see
    /// [`worker_start_within`](Builder::worker_start_within).
    ///
    /// ```
    /// let workers = callpy::Python::builder().worker_setup("gc:disable").workers(1)?;
    /// assert!(!workers.function("gc:isenabled")?.call::<bool>(())?);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn worker_setup(mut self, target: impl Into<OsString>) -> Self {
        self.workers.setup = Some(target.into());
        self
    }

    /// Limits how long a worker may take to start, with its imports and its set-up function; five minutes by
    /// default. One that takes longer is ended, and callers that wait for a worker get an error of
    /// `ErrorKind::Start`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// // Reads a model of many gigabytes.
    /// let builder = callpy::Python::builder().worker_start_within(Duration::from_secs(3600));
    /// # let workers = builder.workers(1)?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn worker_start_within(mut self, limit: Duration) -> Self {
        self.workers.start = Some(limit);
        self
    }

    /// Sets an environment variable of the workers.
    ///
    /// ```
    /// let builder = callpy::Python::builder().worker_variable("OMP_NUM_THREADS", "1");
    /// let workers = builder.workers(1)?;
    /// assert_eq!(workers.function("os:getenv")?.call::<String>("OMP_NUM_THREADS")?, "1");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn worker_variable(
        mut self,
        name: impl Into<OsString>,
        value: impl Into<OsString>,
    ) -> Self {
        self.workers.variables.push((name.into(), value.into()));
        self
    }

    /// Sets how many callers may wait for a worker; one more is refused with `ErrorKind::Busy`. Without
    /// it, any number may.
    ///
    /// ```
    /// let workers = callpy::Python::builder().max_waiting(100).workers(1)?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn max_waiting(mut self, callers: usize) -> Self {
        self.workers.waiting = Some(callers);
        self
    }

    /// Has each worker replaced after so many calls, for functions that leak memory.
    ///
    /// ```
    /// let workers = callpy::Python::builder().worker_calls(1).workers(1)?;
    /// let id = workers.function("os:getpid")?;
    /// assert_ne!(id.call::<u32>(())?, id.call::<u32>(())?);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn worker_calls(mut self, most: u64) -> Self {
        self.workers.calls = Some(most);
        self
    }

    /// Has each worker replaced if it has more bytes of memory of its own than this after a call, swapped-out
    /// memory included.
    ///
    /// Memory that it shares does not count, and no call is ended for it: a limit that also holds during
    /// a call is set in [`worker_setup`](Builder::worker_setup), with Python's `resource.setrlimit`.
    ///
    /// ```
    /// let workers = callpy::Python::builder().worker_memory(1 << 30).workers(1)?;
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn worker_memory(mut self, most: usize) -> Self {
        self.workers.memory = Some(most as u64);
        self
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            python: self.python.clone(),
            requirements: self.requirements.clone(),
            by_default: self.by_default.clone(),
            folder: self.folder.clone(),
            progress: self.progress.clone(),
            stop: self.stop.clone(),
        }
    }

    /// Joins the interpreter that runs, or starts one, unless another thread has done so meanwhile.
    fn start_first(&self) -> Result<&'static Running> {
        let lock = || START.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let another = {
            let _only_one = lock();
            if let Some(running) = RUNNING.get() {
                return Ok(running);
            }
            another()?
        };
        if let Some(api) = another {
            join_another(api)?;
            return Ok(RUNNING.get_or_init(Running::joined));
        }
        let _only_one = lock();
        match RUNNING.get() {
            Some(running) => Ok(running),
            None => {
                let running = self.bring_up()?;
                Ok(RUNNING.get_or_init(|| running))
            }
        }
    }

    fn bring_up(&self) -> Result<Running> {
        let own = bring_up(&self.wanted())?;
        // What the first start asked for does not apply to an interpreter that was joined.
        Ok(match own.is_some() {
            true => Running {
                own,
                python: self.python.clone(),
                requirements: self.requirements.clone(),
            },
            false => Running::joined(),
        })
    }

    /// Checks what is asked for against what runs.
    fn check(&self, running: &Running) -> Result<()> {
        let Some((interpreter, _)) = &running.own else { return Ok(()) };
        let known = |wanted: &String| running.requirements.dependencies().contains(wanted);
        let same_packages = self.requirements.dependencies().iter().all(known);
        if self.python.is_none() && same_packages {
            return Ok(());
        }
        if let Some(python) = &self.python
            && self.python != running.python
            && locate::find(&Wanted { python: self.python.clone(), ..Wanted::default() })?.0
                != *interpreter
        {
            return Err(Error::new(
                ErrorKind::Start,
                format!(
                    "{} runs in this process already, so {} can't be started: a process has one \
                     interpreter",
                    interpreter.executable().display(),
                    python.display()
                ),
            ));
        }
        if !same_packages && !environment::fulfils(interpreter, &self.requirements)? {
            return Err(Error::new(
                ErrorKind::Start,
                format!(
                    "{} runs in this process already and lacks some of {}: name all that is \
                     required at the first start",
                    interpreter.executable().display(),
                    self.requirements.dependencies().join(", ")
                ),
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("python", &self.python)
            .field("requirements", &self.requirements)
            .field("search", &self.search)
            .finish_non_exhaustive()
    }
}
