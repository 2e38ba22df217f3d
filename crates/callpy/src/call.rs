//! One call from beginning to end.

#[cfg(target_os = "linux")]
use std::collections::VecDeque;
use std::panic::Location;
use std::time::Instant;

use crate::array::{self, Names, Passing};
use crate::cancel::Limits;
use crate::convert::{Call, FromPython, IntoPython};
use crate::error::{Error, ErrorKind, Result};
use crate::learn::Learned;
use crate::object::Object;
use crate::raw::deadline::Limited;
use crate::raw::objects::ArgumentList;
use crate::raw::seldom::Seldom;
use crate::raw::{Attached, Attachment, Raised, Ref};
use crate::receipt::Receipt;
use crate::scope::Scope;
#[cfg(target_os = "linux")]
use crate::workers::Begun;
use crate::workers::Remote;
use crate::{queue, support};

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

/// What is called, its name in errors, where in the program, and how.
pub(crate) struct Callee<'c, F> {
    pub(crate) object: &'c Ref,
    pub(crate) name: F,
    pub(crate) site: &'static Location<'static>,
    /// The number by which the queue knows the pace of its calls.
    pub(crate) pace: usize,
    pub(crate) entry: &'c Entry,
    /// Whether it retains its arguments; none if that is looked up once there is an array to pass.
    pub(crate) learned: Option<&'static Learned>,
    /// Whether every copy of array memory is an error.
    pub(crate) deny_copies: bool,
}

impl<'a> Call<'a> {
    /// Runs one call, step by step; fills the receipt, if there is one.
    ///
    /// All of it is inlined, since what the steps hand to each other would go through memory otherwise.
    #[inline(always)]
    pub(crate) fn run<R: FromPython>(
        callee: Callee<'_, impl Fn() -> String>,
        arguments: impl IntoPython<'a>,
        receipt: &mut Seldom<Receipt>,
    ) -> Result<R> {
        let _turn = queue::enter(|| callee.entry.is_here().then_some(callee.pace));
        let attachment = Attachment::new()?;
        let mut call = Call::open(&attachment, &callee, receipt);
        // What fails goes through the later steps too: arguments may have been lent already.
        let placed = arguments.place(&mut call);
        let called = call.vectorcall(&callee, placed);
        let result = call.receive(&callee, called);
        let settled = call.settle(&callee, result);
        std::mem::swap(&mut call.scope.receipt, receipt);
        settled.map_err(Error::resume_panic)
        // Detaches, and ends the turn.
    }

    #[inline(always)]
    fn open<F>(
        attachment: &Attachment,
        callee: &Callee<'_, F>,
        receipt: &mut Seldom<Receipt>,
    ) -> Self {
        let mut scope = Scope::of(attachment);
        scope.deny_copies = callee.deny_copies;
        match callee.learned {
            Some(learned) => scope.loans.passing = Passing::of(learned),
            None => scope.loans.learn_of(callee.object.clone_ref(attachment.token())),
        }
        std::mem::swap(&mut scope.receipt, receipt);
        if let Some(receipt) = &mut *scope.receipt {
            receipt.attached();
        }
        Call { list: ArgumentList::new(), scope }
    }

    #[inline(always)]
    fn vectorcall<F: Fn() -> String>(
        &mut self,
        callee: &Callee<'_, F>,
        placed: Result<()>,
    ) -> Result<Ref> {
        let result = match placed {
            Ok(()) => self.python(callee),
            Err(error) => Err(at_function(error, &callee.name)),
        };
        // Before settling, which counts the references that are left.
        self.list.release(self.scope.py());
        result
    }

    #[inline(always)]
    fn python<F: Fn() -> String>(&mut self, callee: &Callee<'_, F>) -> Result<Ref> {
        // Reading the clock takes as long as a tenth of a short call.
        let start = self.scope.receipt.is_some().then(Instant::now);
        let py = self.scope.py();
        let result = match callee.entry {
            Entry::Frame => py.with_frame(|| py.call(callee.object, &mut self.list)),
            Entry::Direct => py.call(callee.object, &mut self.list),
            _ => return self.otherwise(callee, start),
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
    fn receive<R: FromPython, F: Fn() -> String>(
        &mut self,
        callee: &Callee<'_, F>,
        called: Result<Ref>,
    ) -> Result<R> {
        match called {
            Ok(object) => match R::from_python(Object(object), &mut self.scope) {
                Ok(result) => Ok(result),
                Err(error) => Err(at_result(error, &callee.name)),
            },
            Err(error) => {
                let names = CallNames { callee, list: &self.list };
                let error = array::explain(self.scope.py(), &self.scope.loans, &names, error);
                self.scope.loans.failed = true;
                Err(error)
            }
        }
    }

    #[inline(always)]
    fn settle<R, F: Fn() -> String>(
        &mut self,
        callee: &Callee<'_, F>,
        result: Result<R>,
    ) -> Result<R> {
        self.scope.settle(&CallNames { callee, list: &self.list }, result)
    }
}

impl<'a> Call<'a> {
    /// Makes a call with a deadline, or one on a worker.
    #[cold]
    fn otherwise<F: Fn() -> String>(
        &mut self,
        callee: &Callee<'_, F>,
        start: Option<Instant>,
    ) -> Result<Ref> {
        let result = match callee.entry {
            Entry::Workers(remote) => remote.call(&mut self.scope, &self.list, callee.site),
            Entry::Limited { needs_frame, limits } => self.limited(callee, *needs_frame, limits),
            Entry::Frame | Entry::Direct => unreachable!("these are called at once"),
        };
        self.note_time(start);
        result
    }

    /// Makes the call in this process, and has it asked to stop when its time is up or it is cancelled.
    fn limited<F: Fn() -> String>(
        &mut self,
        callee: &Callee<'_, F>,
        needs_frame: bool,
        limits: &Limits,
    ) -> Result<Ref> {
        if limits.is_cancelled() {
            return Err(Error::cancelled((callee.name)()));
        }
        let py = self.scope.py();
        let exceptions = self.scope.ok(support::stopped(py))?;
        let [late, cancelled] = exceptions.each_ref().map(Ref::as_ptr);
        let at = limits.within.map(|within| Instant::now() + within);
        let timed = Limited::begin(py, at, exceptions).map_err(|error| {
            let message = format!("the thread that watches deadlines can't be started: {error}");
            Error::new(ErrorKind::Start, message).with_source(error)
        })?;
        let _listening = limits.cancel.as_ref().map(|cancel| {
            let canceller = timed.canceller();
            cancel.listen(move || canceller.cancel())
        });
        let mut timed = Some(timed);
        let mut was_asked = false;
        // The end is within the base frame, whose code would raise an exception that comes too late.
        let mut call = || {
            let result = py.call(callee.object, &mut self.list);
            was_asked = timed.take().is_some_and(|timed| timed.end(py));
            result
        };
        let result = if needs_frame { py.with_frame(call) } else { call() };
        // Where it was raised in the base frame, nothing was called.
        was_asked |= timed.take().is_some_and(|timed| timed.end(py));
        let class = match &result {
            Err(Raised(Some(raised))) if was_asked => raised.class(py).cast(),
            _ => return self.scope.ok(result),
        };
        match limits.within {
            _ if class == cancelled => Err(Error::cancelled((callee.name)())),
            Some(within) if class == late => Err(Error::late((callee.name)(), within)),
            _ => self.scope.ok(result),
        }
    }

    /// Makes calls on as many workers as are free, and one at least, each with one of the arguments.
    #[cfg(target_os = "linux")]
    pub(crate) fn map_on_workers<R: FromPython, A: IntoPython<'a>, F: Fn() -> String>(
        remote: &Remote,
        callee: &Callee<'_, F>,
        attachment: &Attachment,
        arguments: Vec<A>,
    ) -> Vec<Result<R>> {
        let mut results = Vec::with_capacity(arguments.len());
        let mut begun: VecDeque<(Call<'a>, Result<Begun<'_>>)> = VecDeque::new();
        // Finishes the first of the calls under way, and sees to the limits of the others meanwhile.
        let mut finish = |begun: &mut VecDeque<(Call<'a>, Result<Begun<'_>>)>| {
            let Some((mut call, first)) = begun.pop_front() else { return false };
            let mut others = || {
                let others = begun.iter_mut().filter_map(|(_, other)| other.as_mut().ok());
                others.filter_map(Begun::attend).min()
            };
            let result = first.and_then(|first| {
                remote.finish(&mut call.scope, &call.list, callee.site, first, &mut others)
            });
            call.list.release(call.scope.py());
            let result = call.receive(callee, result);
            results.push(call.settle(callee, result));
            true
        };
        for argument in arguments {
            let mut call = Call::open(attachment, callee, &mut Seldom::none());
            let next = match argument.place(&mut call) {
                Err(error) => Err(at_function(error, &callee.name)),
                Ok(()) => loop {
                    match remote.begin_if_free(&mut call.scope, &call.list, callee.site) {
                        Some(next) => break next,
                        // None of its own to wait for: other callers have them all.
                        None if begun.is_empty() => {
                            break remote.begin(&mut call.scope, &call.list, callee.site);
                        }
                        None => _ = finish(&mut begun),
                    }
                },
            };
            begun.push_back((call, next));
        }
        while finish(&mut begun) {}
        results
    }
}

#[cold]
fn at_function(error: Error, name: &impl Fn() -> String) -> Error {
    error.at(name())
}

#[cold]
fn at_result(error: Error, name: &impl Fn() -> String) -> Error {
    error.at(format_args!("the result of {}", name()))
}

struct CallNames<'c, F> {
    callee: &'c Callee<'c, F>,
    list: &'c ArgumentList,
}

impl<F: Fn() -> String> Names for CallNames<'_, F> {
    fn function(&self) -> String {
        (self.callee.name)()
    }

    fn argument(&self, py: Attached<'_>, place: usize) -> String {
        let name = self.list.name(place).and_then(|name| py.text(name).ok());
        name.map_or_else(|| format!("argument {place}"), |name| format!("argument {name:?}"))
    }

    fn callable(&self) -> Option<&Ref> {
        Some(self.callee.object)
    }

    fn site(&self) -> Option<&'static Location<'static>> {
        Some(self.callee.site)
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
        let name = || support::callable_name(&self.0);
        Call::run(self.callee(name, Location::caller()), arguments, &mut Seldom::none())
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
        let _turn = queue::enter(|| Some(self.0.as_ptr().addr() ^ name.len()));
        let _attachment = Attachment::new()?;
        let method = self.attr(name)?;
        let full_name = || support::method_name(&self.0, name);
        Call::run(method.callee(full_name, Location::caller()), arguments, &mut Seldom::none())
    }

    fn callee<F: Fn() -> String>(
        &self,
        name: F,
        site: &'static Location<'static>,
    ) -> Callee<'_, F> {
        let object = &self.0;
        let pace = object.as_ptr().addr();
        let entry = &Entry::Frame;
        Callee { object, name, site, pace, entry, learned: None, deny_copies: false }
    }
}
