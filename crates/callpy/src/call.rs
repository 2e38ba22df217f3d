//! Functions, and one call of a function from beginning to end.

mod otherwise;

use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use crate::array::{self, Names};
use crate::cancel::Limits;
use crate::convert::{Call, FromPython, IntoPython};
use crate::error::{Error, Result};
use crate::learn::{Known, Learned, Passing};
use crate::object::Object;
use crate::queue;
use crate::raw::call::{ArgumentList, Seldom};
use crate::raw::{Attached, Attachment, Ref};
use crate::receipt::Receipt;
use crate::scope::Scope;
use crate::workers::Remote;

/// A Python function, or anything else that can be called.
///
/// Got from [`Python::function`](crate::Python::function). A handle is cheap to clone, and may be
/// called and dropped on any thread: a call attaches the thread, and detaches it when it is done.
///
/// ```
/// # std::env::set_current_dir("examples").unwrap();
/// # callpy::Python::builder().script("outliers.py").start()?;
/// let python = callpy::Python::start()?;
/// let detect = python.function("outliers.py:detect")?;
///
/// let series = vec![1.0; 1_000];
/// let indices: callpy::Array<i64> = detect.call(&series)?;
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| detect.call::<callpy::Array<i64>>(&series));
/// });
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone)]
pub struct Function {
    pub(crate) callable: Arc<Callable>,
    pub(crate) deny_copies: bool,
}

/// What is known of a function.
pub(crate) struct Callable {
    /// Shared by the handles of it that differ in limits: those are made without attaching.
    pub(crate) object: Arc<Object>,
    /// As the caller wrote it, and as errors name the function.
    pub(crate) name: String,
    pub(crate) entry: Entry,
    /// `None` where that depends on what its object holds when it is called.
    pub(crate) learned: Option<&'static Learned>,
    /// Keeps what was learned this function's.
    pub(crate) known: Option<Arc<Known>>,
}

/// How a call gets to the callable.
pub(crate) enum Entry {
    /// From the base frame, since what it runs may look for the frame that called it.
    Frame,
    Direct,
    /// In this process, and asked to stop when its time is up or it is cancelled.
    Limited {
        needs_frame: bool,
        limits: Limits,
    },
    /// In another process.
    Workers(Box<Remote>),
}

impl Entry {
    pub(crate) fn of(needs_frame: bool) -> Entry {
        if needs_frame { Entry::Frame } else { Entry::Direct }
    }

    /// Whether what is called runs in this process.
    pub(crate) fn is_here(&self) -> bool {
        !matches!(self, Entry::Workers(_))
    }
}

/// What a call can be made of: a function, or an object.
pub(crate) trait Callee {
    fn object(&self) -> &Ref;

    /// Returns its name in errors.
    fn name(&self) -> String;

    #[inline]
    fn entry(&self) -> &Entry {
        &Entry::Frame
    }

    /// Returns whether it retains its arguments; none if that is looked up once there is an array to pass.
    #[inline]
    fn learned(&self) -> Option<&'static Learned> {
        None
    }

    /// Whether every copy of array memory is an error.
    #[inline]
    fn deny_copies(&self) -> bool {
        false
    }

    /// Returns the number by which the queue knows the pace of its calls.
    #[inline]
    fn pace(&self) -> usize {
        self.object().as_ptr().addr()
    }
}

// Read where they are: copied for each call, these took a fiftieth of a short call's instructions.
impl Callee for Function {
    #[inline]
    fn object(&self) -> &Ref {
        &self.callable.object.0
    }

    fn name(&self) -> String {
        self.callable.name.clone()
    }

    #[inline]
    fn entry(&self) -> &Entry {
        &self.callable.entry
    }

    #[inline]
    fn learned(&self) -> Option<&'static Learned> {
        self.callable.learned
    }

    #[inline]
    fn deny_copies(&self) -> bool {
        self.deny_copies
    }
}

/// An object that is called, with the name by which errors call it.
pub(crate) struct CalledObject<'o, N> {
    pub(crate) object: &'o Ref,
    pub(crate) name: N,
    pub(crate) learned: Option<&'static Learned>,
}

impl<N: Fn() -> String> Callee for CalledObject<'_, N> {
    #[inline]
    fn object(&self) -> &Ref {
        self.object
    }

    fn name(&self) -> String {
        (self.name)()
    }

    #[inline]
    fn learned(&self) -> Option<&'static Learned> {
        self.learned
    }
}

impl Function {
    /// Calls the function and converts its result to an `R`.
    ///
    /// Pass a single argument as it is, several as a tuple, and none as `()`; keyword arguments are made
    /// by [`named`](crate::named) and come last.
    ///
    /// # Errors
    ///
    /// - `ErrorKind::Python` if the function raised an exception;
    /// - `ErrorKind::Argument`, `ErrorKind::Result` if a value can't be converted;
    /// - `ErrorKind::Numpy` if an array is passed and there is no NumPy;
    /// - `ErrorKind::Kept` if the result holds memory that was lent for the call;
    /// - `ErrorKind::CopyDenied` if a copy is needed and [denied](Function::deny_copies).
    ///
    /// # Aborts
    ///
    /// If Python retains memory that was only lent: see [`array`](crate::array).
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::{ErrorKind, named};
    ///
    /// # let python = callpy::Python::start()?;
    /// let int = python.function("builtins:int")?;
    /// assert_eq!(int.call::<i64>("42")?, 42);                             // one
    /// assert_eq!(int.call::<i64>(("2a", named("base", 16)))?, 42);        // several, one as a keyword argument
    /// assert_eq!(int.call::<i64>(())?, 0);                                // none
    ///
    /// let error = int.call::<i64>("forty-two").unwrap_err();
    /// assert_eq!(error.exception().unwrap().type_name(), "ValueError");
    /// let error = int.call::<String>("42").unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Result));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn call<'a, R: FromPython>(&self, arguments: impl IntoPython<'a>) -> Result<R> {
        Call::run(self, Location::caller(), arguments, &mut Seldom::none())
    }

    /// Calls the function as [`call`](Function::call) does, and also returns what the call did.
    ///
    /// # Errors
    ///
    /// As `call`.
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::{Array, CopyReason};
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let absolute = python.function("numpy:absolute")?.lends();
    /// let (distances, receipt) = absolute.call_with_receipt::<Array<f64>>(&[-1.5, 2.5])?;
    /// assert_eq!(distances[..], [1.5, 2.5]);
    /// assert_eq!((receipt.lent_bytes, receipt.borrowed_bytes, receipt.copied_bytes()), (16, 16, 0));
    ///
    /// // A result that is a view of the argument can't outlive the loan.
    /// let flip = python.function("numpy:flip")?.lends();
    /// let (_, receipt) = flip.call_with_receipt::<Array<f64>>(&[-1.5, 2.5])?;
    /// assert_eq!(receipt.copies[0].reason, CopyReason::Lent);
    ///
    /// // The first call of a function shows whether it retains its arguments.
    /// let sort = python.function("numpy:sort")?;
    /// let (_, receipt) = sort.call_with_receipt::<Array<f64>>(&[2.5, -1.5])?;
    /// assert_eq!(receipt.copies[0].reason, CopyReason::FirstCall);
    /// let (_, receipt) = sort.call_with_receipt::<Array<f64>>(&[2.5, -1.5])?;
    /// assert_eq!((receipt.lent_bytes, receipt.copied_bytes()), (16, 0));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn call_with_receipt<'a, R: FromPython>(
        &self,
        arguments: impl IntoPython<'a>,
    ) -> Result<(R, Receipt)> {
        let mut receipt = Seldom::new(Receipt::begin());
        let result = Call::run(self, Location::caller(), arguments, &mut receipt)?;
        Ok((result, receipt.take().unwrap_or_default().end()))
    }
}

impl<'a> Call<'a> {
    /// Runs one call, step by step; fills the receipt, if there is one.
    ///
    /// All of it is inlined, since what the steps hand to each other would go through memory otherwise.
    #[inline(always)]
    pub(crate) fn run<R: FromPython>(
        callee: &impl Callee,
        site: &'static Location<'static>,
        arguments: impl IntoPython<'a>,
        receipt: &mut Seldom<Receipt>,
    ) -> Result<R> {
        let _turn = queue::enter(|| callee.entry().is_here().then(|| callee.pace()));
        let attachment = Attachment::new()?;
        let mut call = Call::open(&attachment, callee, receipt);
        // What fails goes through the later steps too: arguments may have been lent already.
        let placed = arguments.place(&mut call);
        let called = call.vectorcall::<R>(callee, site, placed);
        let result = call.receive(callee, site, called);
        let settled = call.settle(callee, site, result);
        std::mem::swap(&mut call.scope.receipt, receipt);
        settled.map_err(Error::resume_panic)
        // Detaches, and ends the turn.
    }

    #[inline(always)]
    fn open(attachment: &Attachment, callee: &impl Callee, receipt: &mut Seldom<Receipt>) -> Self {
        let mut scope = Scope::of(attachment);
        scope.deny_copies = callee.deny_copies();
        // Looking up what is known of an object takes longer than a short call, so that waits for an array.
        match callee.learned() {
            Some(learned) => scope.loans.passing = Passing::of(learned),
            None => scope.loans.learn_of(callee.object().clone_ref(attachment.token())),
        }
        // Conversions note their copies in the scope. After the call the caller has the receipt back.
        std::mem::swap(&mut scope.receipt, receipt);
        if let Some(receipt) = &mut *scope.receipt {
            receipt.attached();
        }
        Call { list: ArgumentList::new(), scope }
    }

    #[inline(always)]
    fn vectorcall<R: FromPython>(
        &mut self,
        callee: &impl Callee,
        site: &'static Location<'static>,
        placed: Result<()>,
    ) -> Result<Ref> {
        let result = match placed {
            Ok(()) => self.python::<R>(callee, site),
            Err(error) => Err(at_function(error, callee)),
        };
        // Before settling, which counts the references that are left.
        self.list.release(self.scope.py());
        result
    }

    #[inline(always)]
    fn python<R: FromPython>(
        &mut self,
        callee: &impl Callee,
        site: &'static Location<'static>,
    ) -> Result<Ref> {
        // Reading the clock takes as long as a tenth of a short call.
        let start = self.scope.receipt.is_some().then(Instant::now);
        let py = self.scope.py();
        let result = match callee.entry() {
            Entry::Frame => py.with_frame(|| py.call(callee.object(), &mut self.list)),
            Entry::Direct => py.call(callee.object(), &mut self.list),
            _ => {
                self.scope.drops_result = R::DROPS;
                return self.otherwise(callee, site, start);
            }
        };
        self.note_time(start);
        self.scope.ok(result)
    }

    #[inline]
    fn note_time(&mut self, start: Option<Instant>) {
        if let (Some(start), Some(receipt)) = (start, &mut *self.scope.receipt) {
            receipt.in_python = start.elapsed();
            receipt.entered = Some(start);
        }
    }

    #[inline(always)]
    fn receive<R: FromPython>(
        &mut self,
        callee: &impl Callee,
        site: &'static Location<'static>,
        called: Result<Ref>,
    ) -> Result<R> {
        match called {
            Ok(object) => match R::from_python(Object(object), &mut self.scope) {
                Ok(result) => Ok(result),
                Err(error) => Err(at_result(error, callee)),
            },
            Err(error) => {
                let names = CallNames { callee, site, list: &self.list };
                let error = array::explain(self.scope.py(), &self.scope.loans, &names, error);
                // It may not have come to the line that retains an argument.
                self.scope.loans.failed = true;
                Err(error)
            }
        }
    }

    #[inline(always)]
    fn settle<R>(
        &mut self,
        callee: &impl Callee,
        site: &'static Location<'static>,
        result: Result<R>,
    ) -> Result<R> {
        self.scope.settle(&CallNames { callee, site, list: &self.list }, result)
    }
}

#[cold]
fn at_function(error: Error, callee: &impl Callee) -> Error {
    error.at(callee.name())
}

#[cold]
fn at_result(error: Error, callee: &impl Callee) -> Error {
    error.at(format_args!("the result of {}", callee.name()))
}

struct CallNames<'c, C> {
    callee: &'c C,
    site: &'static Location<'static>,
    list: &'c ArgumentList,
}

impl<C: Callee> Names for CallNames<'_, C> {
    fn function(&self) -> String {
        self.callee.name()
    }

    fn argument(&self, py: Attached<'_>, place: usize) -> String {
        let name = self.list.name(place).and_then(|name| py.text(name).ok());
        name.map_or_else(|| format!("argument {place}"), |name| format!("argument {name:?}"))
    }

    fn callable(&self) -> Option<&Ref> {
        Some(self.callee.object())
    }

    fn site(&self) -> Option<&'static Location<'static>> {
        Some(self.site)
    }
}
