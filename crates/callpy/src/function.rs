//! What can be called: handles of functions and how they differ, objects, and the modules in which
//! functions are found.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{Callable, CalledObject, Callee, Entry, Function};
use crate::cancel::{Cancel, Limits};
use crate::convert::{Call, FromPython, IntoPython};
use crate::error::{Error, ErrorKind, Result};
use crate::learn::{self, Habit, Known, Learned};
use crate::object::Object;
use crate::queue::{self, Series};
use crate::raw::call::Seldom;
use crate::raw::{self, Attachment};
use crate::scope::{Entered, Scope};
use crate::support;
use crate::target::Target;
use crate::workers::{Remote, Workers};

impl Function {
    /// Makes the function of a pool of workers.
    fn on_workers(remote: Remote, name: &str) -> Result<Function> {
        let scope = Scope::new()?;
        let object = Object(scope.ok(support::on_workers(scope.py(), name))?);
        // What the workers are passed is copied for them.
        static LENT: Learned = Learned::decided(Habit::Lends);
        let entry = Entry::Workers(Box::new(remote));
        let (name, learned) = (name.to_owned(), Some(&LENT));
        let object = Arc::new(object);
        let callable = Arc::new(Callable { object, name, entry, learned, known: None });
        Ok(Function { callable, deny_copies: false })
    }

    /// Returns the parameters of a function on workers, as `support.signature` writes them.
    pub(crate) fn signature_on_workers(&self) -> Result<Option<String>> {
        match &self.callable.entry {
            Entry::Workers(remote) => remote.signature(),
            _ => Ok(None),
        }
    }

    pub(crate) fn new(object: Object, name: String) -> Result<Function> {
        let scope = Scope::new()?;
        if scope.py().is_callable(&object.0) {
            // A function that runs no Python code saves the cost of entering the base frame.
            let needs_frame = !support::calls_nothing(scope.py(), &object.0);
            // Its module has been imported, which may have loaded libraries.
            raw::end::at_exit_before_libraries();
            let known = Known::of(scope.py(), &object.0);
            let known = (!known.may_change()).then(|| Arc::new(known));
            let learned = known.as_ref().map(|known| known.learned);
            let entry = Entry::of(needs_frame);
            let object = Arc::new(object);
            let callable = Arc::new(Callable { object, name, entry, learned, known });
            return Ok(Function { callable, deny_copies: false });
        }
        let what = support::what(scope.py(), &object.0);
        Err(Error::new(ErrorKind::Target, format!("{name} is {what}, which can't be called")))
    }

    /// Calls the function once for each of many arguments, in one attachment, and returns the results in
    /// the same order.
    ///
    /// This saves the cost of attaching for each call, which matters if a call takes less than a
    /// microsecond. A call that fails is an `Err` in its place, and the others are made anyway. Between
    /// calls the thread lets other callers take their turn. On [workers](crate::workers), as many calls
    /// run at once as workers are free.
    ///
    /// # Errors
    ///
    /// Each result's as those of [`call`](Function::call).
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let sqrt = python.function("math:sqrt")?;
    /// let roots = sqrt.map::<f64, _>([1.0, 4.0, -1.0]);
    /// assert_eq!(*roots[1].as_ref().unwrap(), 2.0);
    /// assert!(roots[2].is_err());
    ///
    /// let roots: Vec<f64> = sqrt.map([1.0, 4.0]).into_iter().collect::<Result<_, _>>()?;
    /// assert_eq!(roots, [1.0, 2.0]);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn map<'a, R: FromPython, A: IntoPython<'a>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Vec<Result<R>> {
        // Before attaching, since the iterator may wait for a thread that needs Python.
        let arguments: Vec<A> = arguments.into_iter().collect();
        #[cfg(target_os = "linux")]
        if let Entry::Workers(remote) = &self.callable.entry
            && let Ok(attachment) = Attachment::new()
        {
            return Call::map_on_workers(remote, self, Location::caller(), &attachment, arguments);
        }
        let mut results = Vec::with_capacity(arguments.len());
        let mut arguments = arguments.into_iter();
        while !arguments.as_slice().is_empty() {
            let mut turn =
                Some(queue::enter(|| self.callable.entry.is_here().then(|| self.pace())));
            // If attaching fails, so does each call, which then has a turn of its own, with the reason.
            let _attachment = Attachment::new().inspect_err(|_| drop(turn.take()));
            let mut series = Series::begin();
            for argument in arguments.by_ref() {
                results.push(self.call(argument));
                if series.is_over() {
                    break;
                }
            }
        }
        results
    }

    /// Returns a handle by which every copy of array memory is an error.
    ///
    /// A result that can't be read in place is then `ErrorKind::CopyDenied`, which says why.
    ///
    /// ```
    /// use callpy::{Array, ErrorKind};
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let flip = python.function("numpy:flip")?.deny_copies();
    /// let error = flip.call::<Array<f64>>(&[1.0, 2.0]).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::CopyDenied));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[must_use]
    pub fn deny_copies(&self) -> Function {
        Function { callable: Arc::clone(&self.callable), deny_copies: true }
    }

    /// Returns a handle whose calls end after this time, with `ErrorKind::Deadline`. Of several limits the
    /// shortest counts.
    ///
    /// On [workers](crate::workers) that holds, whatever the function does: it is interrupted by a
    /// signal, and if it does not stop within 200 milliseconds its worker is killed and replaced. The
    /// time counts from the beginning of the call, that of waiting for a free worker included.
    ///
    /// In this process it only asks: an exception is raised in the thread of the call, once, between two
    /// steps of Python code. Code in C can't be stopped, and a function may catch the exception, which is
    /// a `BaseException` but no `Exception`. The time counts from when the function is called.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use std::time::Duration;
    ///
    /// use callpy::{ErrorKind, Python};
    ///
    /// let workers = Python::builder().workers(1)?;
    /// let sleep = workers.function("time:sleep")?.within(Duration::from_millis(50));
    /// let error = sleep.call::<()>(60).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Deadline));
    /// # }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[must_use]
    pub fn within(&self, limit: Duration) -> Function {
        // More than a century, and still a time that the clock can tell.
        let limit = limit.min(Duration::from_secs(u32::MAX.into()));
        self.limited(|limits| {
            limits.within = Some(limits.within.map_or(limit, |own| own.min(limit)));
        })
    }

    /// Returns a handle whose calls end, with `ErrorKind::Cancelled`, once they are cancelled from another
    /// thread. What cancels the calls of this handle cancels those of the other as well.
    ///
    /// What happens to the function is the same as when its [time is up](Function::within): on
    /// [workers](crate::workers) the call always ends, within 200 milliseconds; in this process it is
    /// only asked to. A call that waits for a worker stops waiting, and one that begins after it was
    /// cancelled is not made.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use callpy::{Cancel, ErrorKind, Python};
    ///
    /// let workers = Python::builder().workers(1)?;
    /// let cancel = Cancel::new();
    /// let sleep = workers.function("time:sleep")?.cancelled_by(&cancel);
    /// std::thread::scope(|scope| {
    ///     let call = scope.spawn(|| sleep.call::<()>(60));
    ///     cancel.cancel();
    ///     let error = call.join().unwrap().unwrap_err();
    ///     assert!(matches!(error.kind(), ErrorKind::Cancelled));
    /// });
    /// # }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[must_use]
    pub fn cancelled_by(&self, cancel: &Cancel) -> Function {
        self.limited(|limits| limits.cancels.push(cancel.clone()))
    }

    fn limited(&self, change: impl FnOnce(&mut Limits)) -> Function {
        let (needs_frame, mut limits) = match &self.callable.entry {
            Entry::Frame => (true, Limits::default()),
            Entry::Direct => (false, Limits::default()),
            Entry::Limited { needs_frame, limits } => (*needs_frame, limits.clone()),
            Entry::Workers(_) => return self.changed(|remote| change(&mut remote.limits)),
        };
        change(&mut limits);
        self.with_entry(Entry::Limited { needs_frame, limits })
    }

    /// Returns a handle that repeats a call up to so many times if its worker crashes: for functions
    /// that may run twice.
    ///
    /// Nothing is repeated otherwise. In this process there is nothing to repeat, since a crash ends the
    /// program.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// let workers = callpy::Python::builder().workers(1)?;
    /// let exit = workers.function("os:_exit")?.retries(2);
    /// assert!(exit.call::<()>(1).is_err());
    /// assert_eq!(workers.statistics().crashes, 3);
    /// # }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[must_use]
    pub fn retries(&self, most: u32) -> Function {
        self.changed(|remote| remote.retries = most)
    }

    /// Returns another handle of a function on workers.
    fn changed(&self, change: impl FnOnce(&mut Remote)) -> Function {
        let Entry::Workers(remote) = &self.callable.entry else { return self.clone() };
        // The worker pool is shared; only how this handle calls it differs.
        let mut remote = remote.clone();
        change(&mut remote);
        self.with_entry(Entry::Workers(remote))
    }

    fn with_entry(&self, entry: Entry) -> Function {
        let Callable { object, name, learned, known, .. } = &*self.callable;
        let (object, name) = (Arc::clone(object), name.clone());
        let (learned, known) = (*learned, known.clone());
        let callable = Arc::new(Callable { object, name, entry, learned, known });
        Function { callable, deny_copies: self.deny_copies }
    }

    /// Decides that the function retains its arguments: it gets copies in every call.
    ///
    /// This applies to the callable, not to this handle: to every handle of it, and to the methods that
    /// it implements, however they are called. Without such a decision callpy
    /// [learns](crate::array#retained-arguments) what a callable does from its first call.
    ///
    /// ```
    /// use callpy::CopyReason;
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let source = "class Model:\n    def fit(self, series):\n        self.series = series";
    /// let module = python.module_from_source("models", "models.py", source)?;
    /// module.function("Model.fit")?.retains();
    ///
    /// let model: callpy::Object = module.function("Model")?.call(())?;
    /// model.call_method::<()>("fit", &[1.0, 2.0])?;       // passes a copy
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn retains(&self) -> Function {
        self.decide(Habit::Retains)
    }

    /// Decides that the function does not retain its arguments: they are lent in every call.
    ///
    /// This applies to the callable, as [`retains`](Function::retains) does. If it retains a loan
    /// anyway, the process ends: see [`array`](crate::array).
    ///
    /// ```
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let sum = python.function("numpy:sum")?.lends();
    /// let (total, receipt) = sum.call_with_receipt::<f64>(&[1.0, 2.0])?;
    /// assert_eq!((total, receipt.lent_bytes, receipt.copied_bytes()), (3.0, 16, 0));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn lends(&self) -> Function {
        self.decide(Habit::Lends)
    }

    fn decide(&self, habit: Habit) -> Function {
        if let Entry::Workers(remote) = &self.callable.entry {
            remote.decide(habit);
            return self.clone();
        }
        if let Some(learned) = self.callable.learned {
            learned.decide(habit);
        }
        // When the process ends, attaching fails, and there is nothing left to decide.
        if let Ok(attachment) = Attachment::new() {
            learn::decide(attachment.token(), &self.callable.object.0, habit);
        }
        self.clone()
    }

    /// Returns the function as errors name it.
    pub fn name(&self) -> &str {
        &self.callable.name
    }

    /// Returns the function's Python object.
    pub fn object(&self) -> &Object {
        &self.callable.object
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Function").field(&self.callable.name).finish()
    }
}

impl<'a> IntoPython<'a> for &Function {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.object().into_python(scope)
    }
}

impl Workers {
    /// Returns the function that a target names, to be called on the workers.
    ///
    /// Targets are those of [`Python::function`](crate::Python::function). The free workers import the
    /// function now, each of the others before its first call of it; a worker that takes another's place
    /// does so before it is used.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Target` if the text is no target or leads nowhere, `ErrorKind::Python` with what
    /// importing the module raised in a worker.
    ///
    /// # Examples
    ///
    /// ```
    /// let workers = callpy::Python::builder().workers(1)?;
    /// let sqrt = workers.function("math:sqrt")?;
    /// assert_eq!(sqrt.call::<f64>(2.25)?, 1.5);
    ///
    /// let error = workers.function("math:cosine").unwrap_err();
    /// assert!(matches!(error.kind(), callpy::ErrorKind::Target));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn function(&self, target: &str) -> Result<Function> {
        self.function_named(target, target)
    }

    /// Returns the function that a target names, by another name in errors.
    pub(crate) fn function_named(&self, target: &str, name: &str) -> Result<Function> {
        Target::parse(target).parts()?;
        Function::on_workers(self.remote(target, name)?, name)
    }
}

impl Object {
    /// Calls the object, as [`Function::call`](crate::Function::call) does.
    ///
    /// # Errors
    ///
    /// Those of `Function::call`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let half: callpy::Object = python.function("operator:itemgetter")?.call(1)?;
    /// assert_eq!(half.call::<String>((("left", "right"),))?, "right");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn call<'a, R: FromPython>(&self, arguments: impl IntoPython<'a>) -> Result<R> {
        let callee = CalledObject {
            object: &self.0,
            name: || support::callable_name(&self.0),
            learned: None,
        };
        Call::run(&callee, Location::caller(), arguments, &mut Seldom::none())
    }

    /// Calls a method of the object.
    ///
    /// # Errors
    ///
    /// Python's AttributeError, and those of [`Function::call`](crate::Function::call).
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let text: callpy::Object = python.function("builtins:str")?.call("a,b")?;
    /// assert_eq!(text.call_method::<Vec<String>>("split", ",")?, ["a", "b"]);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn call_method<'a, R: FromPython>(
        &self,
        name: &str,
        arguments: impl IntoPython<'a>,
    ) -> Result<R> {
        // One turn and one attachment for the look-up and the call.
        // There is no address for a method that was not looked up yet; pace need not be exact.
        let _turn = queue::enter(|| Some(self.0.as_ptr().addr() ^ name.len()));
        let _attachment = Attachment::new()?;
        let method = self.attr(name)?;
        let callee = CalledObject {
            object: &method.0,
            name: || support::method_name(&self.0, name),
            learned: None,
        };
        Call::run(&callee, Location::caller(), arguments, &mut Seldom::none())
    }

    /// Returns a method of the object, or another attribute that can be called: `"predict"`.
    ///
    /// It is a function as any other: its calls have receipts, and errors name it with its class. The
    /// method stays bound to this object.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Target` if there is no such name, or it can't be called.
    ///
    /// # Examples
    ///
    /// ```
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let source = "
    /// class Model:
    ///     factor = 2
    ///
    ///     def predict(self, rows):
    ///         return rows * self.factor
    /// ";
    /// let models = python.module_from_source("scaling", "scaling.py", source)?;
    /// let model: callpy::Object = models.function("Model")?.call(())?;
    /// let predict = model.function("predict")?.deny_copies();
    /// assert_eq!(predict.name(), "Model.predict");
    /// let (doubled, receipt) = predict.call_with_receipt::<callpy::Array<f64>>(&[1.0, 2.0])?;
    /// assert_eq!((&doubled[..], receipt.copied_bytes()), (&[2.0, 4.0][..], 0));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn function(&self, path: &str) -> Result<Function> {
        find(self.clone(), support::method_name(&self.0, path), path)
    }
}

/// Finds what can be called in an object, part of the path by part.
fn find(mut object: Object, name: String, path: &str) -> Result<Function> {
    for part in path.split('.') {
        if part.is_empty() {
            return Err(Error::new(ErrorKind::Target, format!("{name} names no function")));
        }
        object = object.attr(part).map_err(|error| match error.exception() {
            Some(exception) if exception.type_name() == "AttributeError" => {
                no_such_function(&name, part, &object).with_source(error)
            }
            _ => error.at(&name),
        })?;
    }
    Function::new(object, name)
}

fn no_such_function(name: &str, part: &str, object: &Object) -> Error {
    let callables = |scope: Entered<'_>| support::callables(scope.py(), &object.0, part).ok();
    let close = Scope::new().ok().and_then(callables).unwrap_or_default();
    let has = match close.is_empty() {
        true => "it has no functions of its own".to_owned(),
        false => format!("it has {}", close.join(", ")),
    };
    Error::new(ErrorKind::Target, format!("{name}: there is no {part:?} in it; {has}"))
}

/// A Python module.
///
/// Got from [`Python::module`](crate::Python::module).
///
/// ```
/// # let python = callpy::Python::start()?;
/// let statistics = python.module("statistics")?;
/// let median = statistics.function("median")?;
/// assert_eq!(median.name(), "statistics:median");
/// assert_eq!(median.call::<i64>(((3, 1, 2),))?, 2);    // one argument, a tuple
/// assert_eq!(statistics.name(), "statistics");
/// assert!(statistics.attr("StatisticsError")?.repr()?.contains("StatisticsError"));
/// assert!(statistics.object().attr("__file__").is_ok());
/// assert!(!median.object().is_none());
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone)]
pub struct Module {
    object: Object,
    name: String,
}

impl Module {
    pub(crate) fn new(object: Object, name: String) -> Module {
        Module { object, name }
    }

    /// Returns a function of the module; `"Class.method"` leads to a method.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Target` if there is no such name, or it can't be called.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let from_hex = python.module("builtins")?.function("float.fromhex")?;
    /// assert_eq!(from_hex.call::<f64>("0x1.8p1")?, 3.0);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn function(&self, path: &str) -> Result<Function> {
        find(self.object.clone(), format!("{}:{path}", self.name), path)
    }

    /// Returns an attribute of the module.
    ///
    /// # Errors
    ///
    /// Python's AttributeError.
    pub fn attr(&self, name: &str) -> Result<Object> {
        self.object.attr(name)
    }

    /// Returns the module as errors name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the module's Python object.
    pub fn object(&self) -> &Object {
        &self.object
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Module").field(&self.name).finish()
    }
}
