//! A function that runs on workers: one call of it, from the arguments to the result or the error.

use std::io::ErrorKind as ErrorOfIo;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frame::{Block, Broken, Reader, Status, Value, Writer};
use super::pool::{Counts, Lent, Pool};
use super::process::{self, Answer, Copies, Death, Kind, Lease, Reason, Reply};
use super::reply;
use super::values::{self, Aside, Written};
use crate::array::shared;
use crate::cancel::Limits;
use crate::crash::Crash;
use crate::error::{Error, ErrorKind, Result};
use crate::learn::{self, Habit, Learned, Retained};
use crate::raw::Ref;
use crate::raw::call::ArgumentList;
use crate::scope::Scope;

/// A function of a pool, by its target.
#[derive(Clone)]
pub(crate) struct Remote {
    pool: Arc<Pool>,
    target: Arc<str>,
    /// Its name in errors.
    name: Arc<str>,
    /// Whether it retains its arguments, for all handles of it.
    learned: Arc<Learned>,
    pub(crate) limits: Limits,
    pub(crate) retries: u32,
}

/// Only a worker whose calls take less than this is sent another call ahead: behind a long one it would wait
/// while other workers are free.
const SHORT: Duration = Duration::from_millis(2);

/// How often a worker may be found to have ended before a call, of which the caller never hears.
const CHANCES: u32 = 8;

impl Remote {
    /// Has all free workers import the function, and looks whether it is there.
    pub(crate) fn new(pool: Arc<Pool>, target: &str, name: &str) -> Result<Remote> {
        let (target, name, learned) = (target.into(), name.into(), Arc::new(Learned::new()));
        let remote = Remote { pool, target, name, learned, limits: Limits::default(), retries: 0 };
        remote.pool.check_owner()?;
        if !remote.pool.knows(&remote.target) {
            remote.ask(Kind::Load, |pool| pool.acquire_all_free())?;
            remote.pool.add_target(&remote.target);
        }
        Ok(remote)
    }

    /// Returns the function's parameters as `support.signature` writes them; none if it has none that can be
    /// read.
    pub(crate) fn signature(&self) -> Result<Option<String>> {
        self.ask(Kind::Signature, |pool| pool.acquire_free().into_iter().collect())
    }

    /// Asks workers that are free, or else the next, for something other than a call; returns the text that
    /// the last of them answered with.
    fn ask<'p>(
        &'p self,
        kind: Kind,
        free: impl Fn(&'p Pool) -> Vec<Lent<'p>>,
    ) -> Result<Option<String>> {
        for _ in 0..=CHANCES {
            let mut workers = free(&self.pool);
            if workers.is_empty() {
                // Those who have the workers may need Python before they give them back.
                let next = crate::raw::detach::detached(|| self.pool.acquire_to_ask());
                workers.extend(next.map_err(|error| error.at(&*self.name))?);
            }
            if let Some(answered) = ask(&self.pool, workers, kind, &self.target, &self.name)? {
                return Ok(answered);
            }
        }
        Err(self.error(ErrorKind::Start, "the workers that were to import it have ended"))
    }

    pub(crate) fn decide(&self, habit: Habit) {
        self.learned.decide(habit);
    }

    /// Makes one call; the arguments stay with the caller.
    pub(crate) fn call(
        &self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
    ) -> Result<Ref> {
        let mut tries = self.tries();
        loop {
            let begun = self.begin(scope, list, site, tries)?;
            match self.finish(scope, list, site, begun, || None, &mut None)? {
                Ended::With(result) => return Ok(result),
                Ended::ToBegin(left) => tries = left,
            }
        }
    }

    /// Returns how often one call may be begun, and until when.
    pub(crate) fn tries(&self) -> Tries {
        let deadline = self.limits.within.map(|within| Instant::now() + within);
        Tries { deadline, retries: self.retries, chances: CHANCES }
    }

    /// Begins a call if a worker is free now.
    pub(crate) fn begin_if_free(
        &self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
        tries: Tries,
    ) -> Option<Result<Begun<'_>>> {
        let worker = self.pool.acquire_free()?;
        Some(Attempt { remote: self, list, site, tries }.begin(scope, worker))
    }

    /// Begins a call as soon as a worker is free. A map calls this only when it has no worker itself: callers that
    /// wait for that one may have all the others.
    pub(crate) fn begin(
        &self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
        tries: Tries,
    ) -> Result<Begun<'_>> {
        Attempt { remote: self, list, site, tries }.begin_when_free(scope)
    }

    /// Begins a call on a worker that has not answered another yet; none if it must be begun by itself, as one
    /// whose arguments can't be sent, or for which there is no memory as long as the worker has those of the
    /// other.
    pub(crate) fn begin_ahead<'p>(
        &'p self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
        tries: Tries,
        other: &mut Begun<'p>,
    ) -> Option<Begun<'p>> {
        let Holder::This(worker) = &mut other.holder else { return None };
        worker.begin_ahead();
        let attempt = Attempt { remote: self, list, site, tries };
        let sent = attempt.write_request(scope, worker).and_then(|request| {
            // After a call that may write to the program's memory, the worker is checked for what it retains.
            let is_sent = !worker.may_write;
            if is_sent {
                attempt.send(&request, worker)?;
            }
            Ok(is_sent.then_some(request))
        });
        let Ok(Some(request)) = sent else {
            worker.withdraw();
            return None;
        };
        other.is_followed = true;
        Some(request.begun(Holder::Other, other.sent.worker, tries))
    }

    /// Waits for the end of a call. `others` sees to other calls under way meanwhile, and returns when it
    /// is to do so again. Where another call was sent ahead, `next` becomes what that one has of the worker.
    pub(crate) fn finish<'p>(
        &'p self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
        begun: Begun<'p>,
        others: impl FnMut() -> Option<Instant>,
        next: &mut Option<Holder<'p>>,
    ) -> Result<Ended> {
        let mut tries = begun.tries;
        // It has written what the next attempt would read.
        let may_write = begun.worker().is_some_and(|worker| worker.may_write);
        let attempt = Attempt { remote: self, list, site, tries };
        match attempt.finish(scope, begun, others, next)? {
            Outcome::Done(result) => return Ok(Ended::With(result)),
            Outcome::NotBegun if tries.chances > 0 => tries.chances -= 1,
            Outcome::NotBegun => {
                return Err(self.error(
                    ErrorKind::Start,
                    "each worker that was to make the call ended before it began",
                ));
            }
            Outcome::Crashed(_) if tries.retries > 0 && !may_write => tries.retries -= 1,
            Outcome::Crashed(crash) => return Err(crashed(crash, &self.name)),
        }
        Ok(Ended::ToBegin(tries))
    }

    fn error(&self, kind: ErrorKind, message: &str) -> Error {
        Error::new(kind, format!("{}: {message}", self.name))
    }

    /// Counts a call that was stopped, and says so.
    fn stopped(&self, reason: Reason) -> Error {
        let counts = &self.pool.shared.counts;
        match reason {
            Reason::Deadline => {
                Counts::add(&counts.timed_out, 1);
                Error::late(&self.name, self.limits.within.unwrap_or_default())
            }
            Reason::Cancelled => {
                Counts::add(&counts.cancelled, 1);
                Error::cancelled(&self.name)
            }
        }
    }
}

fn crashed(crash: Crash, name: &str) -> Error {
    let (message, detail) = (format!("{name}: {crash}"), crash.stderr().to_owned());
    Error::new(ErrorKind::Crashed(crash), message).with_detail(detail)
}

/// Asks workers something about a function; none if all of them had ended before. A worker that ends while it
/// imports the function does not matter if another one answers.
fn ask(
    pool: &Pool,
    mut workers: Vec<Lent<'_>>,
    kind: Kind,
    target: &str,
    name: &str,
) -> Result<Option<Option<String>>> {
    let work = || {
        for worker in &mut workers {
            worker.begin();
            worker.send(kind, Copies::None, target, &[]).map_err(values::no_memory)?;
        }
        let mut answered = Ok(None);
        let mut crash = None;
        for mut worker in workers {
            match worker.wait(|| None) {
                Reply::Answer(answer) if answer.status == Status::Returned => {
                    let text = answer.reader().value().and_then(|value| match value {
                        Value::None => Ok(None),
                        text => reply::text(&text).map(Some),
                    });
                    match text {
                        Ok(text) => answered = answered.map(|_| Some(text)),
                        Err(_) => worker.bury(),
                    }
                }
                Reply::Answer(answer) => {
                    let mut reader = answer.reader();
                    _ = reader.value();
                    let error = pool.shared.failure(answer.status, &mut reader);
                    answered = Err(error.at(name));
                }
                Reply::Dead(Death::BeforeTheCall) | Reply::Killed(_) => worker.bury(),
                Reply::Dead(death) => {
                    crash = Some(process::crash(&worker.process, &death));
                    worker.bury();
                }
            }
        }
        match (answered, crash) {
            (Ok(None), Some(crash)) => Err(crashed(crash, name)),
            (answered, _) => answered,
        }
    };
    crate::raw::detach::detached(work)
}

/// The parts of an answer.
struct Parts<'a> {
    /// What the function retains of what it was lent.
    held: Vec<(usize, Vec<String>)>,
    aside: Aside,
    /// The result; none where there is no other.
    value: Value<'a>,
}

impl<'a> Parts<'a> {
    fn read(status: Status, reader: &mut Reader<'a>) -> Result<Parts<'a>, Broken> {
        let mut parts = Parts { held: Vec::new(), aside: Aside::default(), value: Value::None };
        if status == Status::Retained {
            parts.held = Aside::retained(&reader.value()?)?;
            return Ok(parts);
        }
        parts.aside = Aside::read(reader)?;
        if status == Status::Returned {
            parts.value = reader.value()?;
        }
        Ok(parts)
    }
}

/// How a call ended.
pub(crate) enum Ended {
    With(Ref),
    /// It is to be begun again.
    ToBegin(Tries),
}

/// How often a call may be begun again, and until when.
#[derive(Clone, Copy)]
pub(crate) struct Tries {
    deadline: Option<Instant>,
    /// After so many crashes.
    retries: u32,
    /// After so many workers had ended before they began.
    chances: u32,
}

enum Outcome {
    Done(Ref),
    /// The worker had ended before it read the request.
    NotBegun,
    Crashed(Crash),
}

/// Who has the worker to which a call was sent.
#[allow(clippy::large_enum_variant, reason = "nearly all are the large one")]
pub(crate) enum Holder<'p> {
    This(Lent<'p>),
    /// The call that was sent to it before.
    Other,
    /// The worker has ended, and had not begun with this call.
    NotBegun,
    /// The worker has ended in this call.
    Crashed(Crash),
}

/// A call that was sent to a worker.
pub(crate) struct Begun<'p> {
    pub(crate) holder: Holder<'p>,
    pub(crate) sent: Sent,
    tries: Tries,
    copies: Copies,
    /// Whether an array is lent.
    lends: bool,
    /// Whether another call was sent to the same worker after it.
    is_followed: bool,
}

impl<'p> Begun<'p> {
    fn worker(&self) -> Option<&Lent<'p>> {
        match &self.holder {
            Holder::This(worker) => Some(worker),
            _ => None,
        }
    }

    /// Stops the call if its time is up; returns when to look again.
    pub(crate) fn attend(&mut self) -> Option<Instant> {
        match &mut self.holder {
            Holder::This(worker) => worker.attend(),
            _ => None,
        }
    }

    /// Whether it pays to send another call to the same worker.
    pub(crate) fn has_room_ahead(&self) -> bool {
        !self.is_followed
            && self.worker().is_some_and(|worker| {
                (worker.seems_done() || self.sent.is_short()) && worker.has_room_ahead()
            })
    }

    /// Whether this is the call that was sent ahead, after the other.
    pub(crate) fn follows(&self, other: Sent) -> bool {
        matches!(self.holder, Holder::Other) && self.sent.worker == other.worker
    }
}

/// When and to which worker a call was sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    worker: u64,
    at: Instant,
}

impl Sent {
    /// Whether it has not taken long until now.
    pub(crate) fn is_short(self) -> bool {
        self.at.elapsed() < SHORT
    }
}

/// A request, ready to be sent.
struct Request {
    kind: Kind,
    frame: Writer,
    copies: Copies,
    lends: bool,
}

impl Request {
    fn begun(self, holder: Holder<'_>, worker: u64, tries: Tries) -> Begun<'_> {
        let Request { copies, lends, .. } = self;
        let sent = Sent { worker, at: Instant::now() };
        Begun { holder, sent, tries, copies, lends, is_followed: false }
    }
}

/// The worker of a call whose answer is awaited.
struct Hand<'p> {
    /// None once it is gone, or others may have it.
    worker: Option<Lent<'p>>,
    copies: Copies,
    lends: bool,
    is_followed: bool,
}

impl<'p> Hand<'p> {
    fn worker(&mut self) -> &mut Lent<'p> {
        self.worker.as_mut().expect("it is there until the answer is read")
    }

    /// Kills the worker, which can take long.
    fn retire(&mut self, scope: &Scope<'_>) {
        if let Some(worker) = self.worker.take() {
            scope.py().detach(|| worker.retire());
        }
    }

    /// Lets go of a worker that has ended by itself.
    fn bury(&mut self, scope: &Scope<'_>) {
        if let Some(worker) = self.worker.take() {
            scope.py().detach(|| worker.bury());
        }
    }

    /// Lets others have the worker, unless another call has been sent to it.
    fn free(&mut self) {
        if !self.is_followed {
            self.worker = None;
        }
    }
}

/// One attempt to make a call.
struct Attempt<'p, 'c> {
    remote: &'p Remote,
    list: &'c ArgumentList,
    site: &'static Location<'static>,
    tries: Tries,
}

impl<'p> Attempt<'p, '_> {
    fn begin_when_free(&self, scope: &mut Scope<'_>) -> Result<Begun<'p>> {
        let remote = self.remote;
        let pool = &remote.pool;
        let free = pool.acquire_free();
        let worker = match free {
            Some(worker) => Some(worker),
            None => scope
                .py()
                .detach(|| pool.acquire(self.tries.deadline, &remote.limits))
                .map_err(|error| error.at(&*remote.name))?,
        };
        match worker {
            Some(worker) => self.begin(scope, worker),
            None if remote.limits.is_cancelled() => Err(remote.stopped(Reason::Cancelled)),
            None => {
                let within = remote.limits.within.unwrap_or_default();
                Counts::add(&pool.shared.counts.timed_out, 1);
                let message = format!("no worker was free within {within:?}");
                Err(remote.error(ErrorKind::Deadline, &message))
            }
        }
    }

    /// Sends the request to a worker that is free.
    fn begin(&self, scope: &mut Scope<'_>, mut worker: Lent<'p>) -> Result<Begun<'p>> {
        let remote = self.remote;
        if remote.limits.is_cancelled() {
            return Err(remote.stopped(Reason::Cancelled));
        }
        worker.begin();
        worker.limit(&remote.limits, self.tries.deadline).map_err(|error| {
            let message = format!("the call can't be made so that it can be cancelled: {error}");
            remote.error(ErrorKind::Start, &message).with_source(error)
        })?;
        let request = self.write_request(scope, &mut worker)?;
        self.send(&request, &mut worker)?;
        let number = worker.process.id;
        Ok(request.begun(Holder::This(worker), number, self.tries))
    }

    fn write_request(&self, scope: &mut Scope<'_>, worker: &mut Lent<'p>) -> Result<Request> {
        let mut frame = Writer::for_a_short_frame();
        let copies = match self.remote.learned.habit() {
            Habit::Unknown => Copies::Watched,
            Habit::Lends => Copies::None,
            Habit::Retains => Copies::Made,
        };
        let lends = self.write(&mut frame, worker, copies, scope)?;
        let kind = if scope.drops_result { Kind::CallOnly } else { Kind::Call };
        Ok(Request { kind, frame, copies, lends })
    }

    fn send(&self, request: &Request, worker: &mut Lent<'p>) -> Result<()> {
        let remote = self.remote;
        // A worker that has ended takes it too, since this process has its end of the pipe.
        worker.send(request.kind, request.copies, &remote.target, request.frame.bytes()).map_err(
            |error| match error.kind() {
                ErrorOfIo::FileTooLarge => {
                    Error::argument("the arguments other than arrays take more than 4 GiB")
                }
                _ => values::no_memory(error),
            },
        )?;
        worker.calls += 1;
        Counts::add(&remote.pool.shared.counts.calls, 1);
        Counts::add(&remote.pool.shared.counts.sent, worker.shared_bytes() as u64);
        if worker.has_arrays {
            remote.pool.import_numpy();
        }
        Ok(())
    }

    /// Waits for the answer, while other threads may have Python, and reads it.
    fn finish(
        &self,
        scope: &mut Scope<'_>,
        begun: Begun<'p>,
        others: impl FnMut() -> Option<Instant>,
        next: &mut Option<Holder<'p>>,
    ) -> Result<Outcome> {
        let Begun { holder, copies, lends, is_followed, .. } = begun;
        let worker = match holder {
            Holder::This(worker) => worker,
            Holder::NotBegun => return Ok(Outcome::NotBegun),
            Holder::Crashed(crash) => return Ok(Outcome::Crashed(crash)),
            Holder::Other => unreachable!("the call before it has handed it over"),
        };
        let following = is_followed.then(|| worker.next_request());
        let mut hand = Hand { worker: Some(worker), copies, lends, is_followed };
        let outcome = self.answer(scope, &mut hand, others);
        if let Some(following) = following {
            *next = Some(match (hand.worker, &outcome) {
                (Some(mut worker), _) => {
                    worker.turn_to_next();
                    Holder::This(worker)
                }
                (None, Ok(Outcome::Crashed(crash))) if following.has_begun() => {
                    Holder::Crashed(crash.clone())
                }
                (None, _) => Holder::NotBegun,
            });
        }
        outcome
    }

    fn answer(
        &self,
        scope: &mut Scope<'_>,
        hand: &mut Hand<'p>,
        others: impl FnMut() -> Option<Instant>,
    ) -> Result<Outcome> {
        let worker = hand.worker();
        match scope.py().detach(|| worker.wait(others)) {
            Reply::Answer(answer) => self.read(&answer, hand, scope),
            Reply::Dead(Death::BeforeTheCall) => {
                hand.bury(scope);
                Ok(Outcome::NotBegun)
            }
            Reply::Dead(death) => Ok(self.crashed(hand, &death, scope)),
            Reply::Killed(reason) => {
                hand.retire(scope);
                Err(self.remote.stopped(reason))
            }
        }
    }

    fn crashed(&self, hand: &mut Hand<'p>, death: &Death, scope: &Scope<'_>) -> Outcome {
        let ended = Arc::clone(&hand.worker().process);
        let crash = scope.py().detach(|| process::crash(&ended, death));
        hand.bury(scope);
        Outcome::Crashed(crash)
    }

    /// Writes the arguments; says whether an array is lent. An error names the argument and the function.
    fn write(
        &self,
        frame: &mut Writer,
        worker: &mut Lent<'_>,
        copies: Copies,
        scope: &mut Scope<'_>,
    ) -> Result<bool> {
        let names = self.list.names().len();
        let count = self.list.len();
        let most = usize::from(u16::MAX);
        if count > most {
            let message = format!("a call on workers has at most {most} arguments");
            return Err(Error::argument(message).at(&*self.remote.name));
        }
        frame.u16((count - names) as u16);
        frame.u16(names as u16);
        if let Some(receipt) = &mut *scope.receipt {
            // Loans to this process's Python, which sees nothing of them; what is shared is counted below.
            (receipt.lent_bytes, receipt.given_bytes) = (0, 0);
        }
        let mut lends = false;
        for place in 0..count {
            if let Some(name) = self.list.name(place + 1) {
                frame.counted(scope.ok(scope.py().text(name))?.as_bytes());
            }
            let value = self.list.value(scope.py(), place);
            lends |= values::put(&value, frame, worker, copies, scope)
                .map_err(|error| self.at_argument(error, place, scope))?;
        }
        let is_shared = |address| worker.arrays.place(address, 1).is_some();
        if let Some(place) = shared::not_returned(scope, self.list, is_shared) {
            let error = Error::argument(
                "what Python writes to it would not come back from a worker: pass a `&mut` array as an \
                 argument of its own, and of numbers or from `Workers::zeros`",
            );
            return Err(self.at_argument(error, place - 1, scope));
        }
        Ok(lends)
    }

    fn at_argument(&self, error: Error, place: usize, scope: &Scope<'_>) -> Error {
        error.at(self.name(place, scope)).at(&*self.remote.name)
    }

    fn read(&self, answer: &Answer, hand: &mut Hand<'p>, scope: &mut Scope<'_>) -> Result<Outcome> {
        let remote = self.remote;
        let worker = hand.worker();
        let mut reader = answer.reader();
        let parts = Parts::read(answer.status, &mut reader);
        let (parts, leases, written) = match parts.and_then(|parts| {
            // All of it before any is used: an answer that names a wrong place costs the worker.
            let leases = values::lease(&parts.value, &worker.results)?;
            let written = self.written(&parts.aside, worker, scope)?;
            Ok((parts, leases, written))
        }) {
            Ok(all) => all,
            Err(broken) => return Ok(self.crashed(hand, &Death::Broken(broken), scope)),
        };
        let Parts { held, aside, value } = parts;
        if answer.status == Status::Retained {
            hand.retire(scope);
            return Err(self.kept(&held, scope));
        }
        // It has looked whether anything there holds what it was lent.
        worker.may_write = false;
        let stop = worker.stop;
        for written in written {
            written.write_back(scope)?;
        }
        match answer.status {
            Status::Returned => {
                if hand.copies == Copies::Watched && hand.lends {
                    self.learn(&aside, scope);
                }
                let bytes = leases.iter().map(Lease::len).sum::<usize>();
                Counts::add(&remote.pool.shared.counts.received, bytes as u64);
                // The worker is free for the next call while this one's result is converted.
                hand.free();
                values::get(value, &mut leases.into_iter(), scope)
                    .map(Outcome::Done)
                    .map_err(|error| error.at(format_args!("the result of {}", remote.name)))
            }
            Status::Stopped => {
                Err(remote.stopped(stop.map_or(Reason::Deadline, |stop| stop.reason)))
            }
            status => {
                let mut error = remote.pool.shared.failure(status, &mut reader);
                if !matches!(error.kind(), ErrorKind::Python(_)) {
                    error = error.at(&*remote.name);
                }
                match stop {
                    None => Err(error),
                    // What a function raises as it is stopped: in a `finally`, or since its import failed.
                    Some(stop) => Err(remote.stopped(stop.reason).with_source(error)),
                }
            }
        }
    }

    /// Takes what the worker has written to arguments.
    fn written(
        &self,
        aside: &Aside,
        worker: &Lent<'p>,
        scope: &Scope<'_>,
    ) -> Result<Vec<Written>, Broken> {
        let take = |(place, block): &(usize, Block)| {
            let argument = (*place < self.list.len()).then(|| self.list.value(scope.py(), *place));
            let argument = argument.ok_or(Broken("it has written to what is no argument"))?;
            values::written(&argument, *block, &worker.results, scope)
        };
        aside.written.iter().map(take).collect()
    }

    fn learn(&self, aside: &Aside, scope: &Scope<'_>) {
        if aside.retained.is_empty() {
            return self.remote.learned.saw_none_retained();
        }
        if self.remote.learned.saw_retained() {
            let retained = Retained {
                function: self.remote.name.to_string(),
                arguments: self.names(&aside.retained, scope),
                holders: aside.retained.iter().flat_map(|(_, words)| words.clone()).collect(),
                call_site: Some(self.site),
            };
            learn::tell(scope.py(), &retained);
        }
    }

    fn names(&self, retained: &[(usize, Vec<String>)], scope: &Scope<'_>) -> Vec<String> {
        retained.iter().map(|(place, _)| self.name(*place, scope)).collect()
    }

    /// The name of an argument in messages.
    fn name(&self, place: usize, scope: &Scope<'_>) -> String {
        let names = self.list.names();
        values::argument_name(scope.py(), place, self.list.len() - names.len(), names)
    }

    /// The error of a call whose function retains what it was lent.
    fn kept(&self, retained: &[(usize, Vec<String>)], scope: &Scope<'_>) -> Error {
        let arguments = self.names(retained, scope).join(", ");
        let holders: Vec<&str> =
            retained.iter().flat_map(|(_, words)| words).map(String::as_str).collect();
        let held = match holders.is_empty() {
            true => String::new(),
            false => format!(" (held by {})", holders.join(", and by ")),
        };
        self.remote
            .error(
                ErrorKind::Kept,
                &format!("it retains {arguments}{held}, which was lent for the call, so its worker was replaced"),
            )
            .with_hint("call `retains()` on the function: it then gets copies")
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Remote").field(&self.target).finish()
    }
}
