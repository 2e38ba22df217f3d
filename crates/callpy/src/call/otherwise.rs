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
use crate::workers::{Begun, Ended, Remote, Tries};

/// One call of a map.
///
/// Where a conversion panics, this is dropped in this order: a worker that may write what is lent is gone
/// before the loan is settled.
#[cfg(target_os = "linux")]
struct Mapped<'p, 'a> {
    state: State<'p>,
    call: Call<'a>,
    place: usize,
}

#[cfg(target_os = "linux")]
#[allow(clippy::large_enum_variant, reason = "nearly all are the large one")]
enum State<'p> {
    Begun(Begun<'p>),
    /// The worker to which it was sent has ended.
    ToBegin(Tries),
    Failed(Error),
}

#[cfg(target_os = "linux")]
impl<'p> From<Result<Begun<'p>>> for State<'p> {
    fn from(begun: Result<Begun<'p>>) -> State<'p> {
        begun.map_or_else(State::Failed, State::Begun)
    }
}

/// The calls of a map that were sent to workers.
#[cfg(target_os = "linux")]
fn under_way<'m, 'p>(
    calls: &'m mut VecDeque<Mapped<'p, '_>>,
) -> impl Iterator<Item = &'m mut Begun<'p>> {
    calls.iter_mut().filter_map(|call| match &mut call.state {
        State::Begun(begun) => Some(begun),
        _ => None,
    })
}

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
    pub(crate) fn map_on_workers<'p, R: FromPython, A: IntoPython<'a>>(
        remote: &'p Remote,
        callee: &impl Callee,
        site: &'static Location<'static>,
        attachment: &Attachment,
        arguments: Vec<A>,
    ) -> Vec<Result<R>> {
        let mut results: Vec<Option<Result<R>>> = Vec::new();
        results.resize_with(arguments.len(), || None);
        let mut calls: VecDeque<Mapped<'p, 'a>> = VecDeque::new();
        // Whether the last call that has ended was short.
        let mut was_short = false;
        // Goes on with the first of the calls.
        let mut go_on = |calls: &mut VecDeque<Mapped<'p, 'a>>, was_short: &mut bool| {
            let Some(Mapped { state, mut call, place }) = calls.pop_front() else { return false };
            let ended = match state {
                State::Begun(begun) => {
                    let (sent, mut next) = (begun.sent, None);
                    let others = || under_way(calls).filter_map(Begun::attend).min();
                    let ended =
                        remote.finish(&mut call.scope, &call.list, site, begun, others, &mut next);
                    *was_short = sent.is_short();
                    let follower = under_way(calls).find(|other| other.follows(sent));
                    if let Some((follower, holder)) = follower.zip(next) {
                        follower.holder = holder;
                    }
                    ended
                }
                State::ToBegin(tries) => {
                    let begun = remote.begin_if_free(&mut call.scope, &call.list, site, tries);
                    if begun.is_none() && under_way(calls).next().is_some() {
                        // This thread gives back what it has before it waits.
                        calls.push_back(Mapped { state, call, place });
                        return true;
                    }
                    let begin = || remote.begin(&mut call.scope, &call.list, site, tries);
                    match begun.unwrap_or_else(begin) {
                        Ok(begun) => {
                            let state = State::Begun(begun);
                            calls.push_front(Mapped { state, call, place });
                            return true;
                        }
                        Err(error) => Err(error),
                    }
                }
                State::Failed(error) => Err(error),
            };
            let result = match ended {
                Ok(Ended::ToBegin(tries)) => {
                    let state = State::ToBegin(tries);
                    calls.push_front(Mapped { state, call, place });
                    return true;
                }
                Ok(Ended::With(result)) => Ok(result),
                Err(error) => Err(error),
            };
            // Before settling, as in `Call::run`.
            call.list.release(call.scope.py());
            let result = call.receive(callee, site, result);
            results[place] = Some(call.settle(callee, site, result));
            true
        };
        for (place, argument) in arguments.into_iter().enumerate() {
            let mut call = Call::open(attachment, callee, &mut Seldom::none());
            call.scope.drops_result = R::DROPS;
            // Whether it must be begun by itself.
            let mut is_apart = false;
            let placed = argument.place(&mut call).map_err(|error| at_function(error, callee));
            let state = match placed {
                Err(error) => State::Failed(error),
                Ok(()) => loop {
                    let tries = remote.tries();
                    let is_next = !calls.iter().any(|it| matches!(it.state, State::ToBegin(_)));
                    if is_next {
                        let begun = remote.begin_if_free(&mut call.scope, &call.list, site, tries);
                        if let Some(begun) = begun {
                            break begun.into();
                        }
                    }
                    // So that no worker has to wait for this thread to run.
                    if is_next
                        && was_short
                        && !is_apart
                        && let Some(other) = under_way(&mut calls).find(|it| it.has_room_ahead())
                    {
                        let begun =
                            remote.begin_ahead(&mut call.scope, &call.list, site, tries, other);
                        match begun {
                            Some(begun) => break State::Begun(begun),
                            None => is_apart = true,
                        }
                    }
                    if !go_on(&mut calls, &mut was_short) {
                        // None of its own to wait for: other callers have them all.
                        break remote.begin(&mut call.scope, &call.list, site, tries).into();
                    }
                },
            };
            calls.push_back(Mapped { state, call, place });
        }
        while go_on(&mut calls, &mut was_short) {}
        results.into_iter().map(|result| result.expect("each call has ended")).collect()
    }
}
