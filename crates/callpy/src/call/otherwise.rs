//! Calls that the function may not return from by itself: with a deadline, cancelled, or on workers.

#[cfg(target_os = "linux")]
use std::collections::VecDeque;
use std::panic::Location;
use std::time::Instant;

#[cfg(target_os = "linux")]
use super::at_function;
use super::{Callee, Entry};
use crate::cancel::Limits;
use crate::convert::Call;
#[cfg(target_os = "linux")]
use crate::convert::{FromPython, IntoPython};
use crate::error::{Error, ErrorKind, Result};
#[cfg(target_os = "linux")]
use crate::raw::Attachment;
#[cfg(target_os = "linux")]
use crate::raw::call::Seldom;
use crate::raw::deadline::Limited;
use crate::raw::{Raised, Ref};
use crate::support;
#[cfg(target_os = "linux")]
use crate::workers::{Begun, Remote};

impl<'a> Call<'a> {
    /// Makes a call with a deadline, or one on a worker.
    #[cold]
    pub(super) fn otherwise(
        &mut self,
        callee: &impl Callee,
        site: &'static Location<'static>,
        start: Option<Instant>,
    ) -> Result<Ref> {
        let result = match callee.entry() {
            Entry::Workers(remote) => remote.call(&mut self.scope, &self.list, site),
            Entry::Limited { needs_frame, limits } => self.limited(callee, *needs_frame, limits),
            Entry::Frame | Entry::Direct => unreachable!("these are called at once"),
        };
        self.note_time(start);
        result
    }

    /// Makes the call in this process, and has it asked to stop when its time is up or it is cancelled.
    fn limited(&mut self, callee: &impl Callee, needs_frame: bool, limits: &Limits) -> Result<Ref> {
        if limits.is_cancelled() {
            return Err(Error::cancelled(callee.name()));
        }
        let py = self.scope.py();
        // Classes: CPython makes the exception of one in the thread that it is raised in.
        let exceptions = self.scope.ok(support::stopped(py))?;
        let [late, cancelled] = exceptions.each_ref().map(Ref::as_ptr);
        let at = limits.within.map(|within| Instant::now() + within);
        let timed = Limited::begin(py, at, exceptions).map_err(|error| {
            let message = format!("the thread that watches deadlines can't be started: {error}");
            Error::new(ErrorKind::Start, message).with_source(error)
        })?;
        let canceller = timed.canceller();
        let _listening = limits.listen(move || canceller.cancel());
        let mut timed = Some(timed);
        let mut was_asked = false;
        // The end is within the base frame, whose code would raise an exception that comes too late.
        let mut call = || {
            let result = py.call(callee.object(), &mut self.list);
            was_asked = timed.take().is_some_and(Limited::end);
            result
        };
        let result = if needs_frame { py.with_frame(call) } else { call() };
        // Where it was raised in the base frame, nothing was called.
        was_asked |= timed.take().is_some_and(Limited::end);
        let class = match &result {
            Err(Raised(Some(raised))) if was_asked => raised.class(py).cast(),
            _ => return self.scope.ok(result),
        };
        match limits.within {
            _ if class == cancelled => Err(Error::cancelled(callee.name())),
            Some(within) if class == late => Err(Error::late(callee.name(), within)),
            _ => self.scope.ok(result),
        }
    }

    /// Makes calls on as many workers as are free, and one at least, each with one of the arguments.
    #[cfg(target_os = "linux")]
    pub(crate) fn map_on_workers<R: FromPython, A: IntoPython<'a>>(
        remote: &Remote,
        callee: &impl Callee,
        site: &'static Location<'static>,
        attachment: &Attachment,
        arguments: Vec<A>,
    ) -> Vec<Result<R>> {
        let mut results = Vec::with_capacity(arguments.len());
        // Dropped in this order where a conversion panics: a worker that may write what is lent is gone
        // before the loan is settled.
        let mut begun: VecDeque<(Result<Begun<'_>>, Call<'a>)> = VecDeque::new();
        // Finishes the first of the calls under way, and sees to the limits of the others meanwhile.
        let mut finish = |begun: &mut VecDeque<(Result<Begun<'_>>, Call<'a>)>| {
            let Some((first, mut call)) = begun.pop_front() else { return false };
            let mut others = || {
                let others = begun.iter_mut().filter_map(|(other, _)| other.as_mut().ok());
                others.filter_map(Begun::attend).min()
            };
            let result = first.and_then(|first| {
                remote.finish(&mut call.scope, &call.list, site, first, &mut others)
            });
            // Before settling, as in `Call::run`.
            call.list.release(call.scope.py());
            let result = call.receive(callee, site, result);
            results.push(call.settle(callee, site, result));
            true
        };
        for argument in arguments {
            let mut call = Call::open(attachment, callee, &mut Seldom::none());
            let next = match argument.place(&mut call) {
                Err(error) => Err(at_function(error, callee)),
                Ok(()) => loop {
                    match remote.begin_if_free(&mut call.scope, &call.list, site) {
                        Some(next) => break next,
                        // None of its own to wait for: other callers have them all.
                        None if begun.is_empty() => {
                            break remote.begin(&mut call.scope, &call.list, site);
                        }
                        None => _ = finish(&mut begun),
                    }
                },
            };
            begun.push_back((next, call));
        }
        while finish(&mut begun) {}
        results
    }
}
