//! A function that runs on workers: one call of it, from the arguments to the result or the error.

use std::io::ErrorKind as ErrorOfIo;
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use super::frame::{Block, Broken, Reader, Status, Value, Writer};
use super::pool::{Counts, Lent, Pool};
use super::process::{Answer, Copies, Death, Kind, Lease, Reason, Reply, crash};
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

/// How often a worker may be found to have ended before a call, of which the caller never hears.
const CHANCES: u32 = 8;

impl Remote {
    /// Has all free workers import the function, and looks whether it is there.
    pub(crate) fn new(pool: Arc<Pool>, target: &str, name: &str) -> Result<Remote> {
        let (target, name, learned) = (target.into(), name.into(), Arc::new(Learned::new()));
        let remote = Remote { pool, target, name, learned, limits: Limits::default(), retries: 0 };
        remote.ask(Kind::Load, |pool| pool.acquire_all_free())?;
        remote.pool.add_target(&remote.target);
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
                workers.extend(crate::raw::detach::detached(|| {
                    self.pool.acquire(None, &Limits::default())
                })?);
            }
            if let Some(answered) = ask(workers, kind, &self.target, &self.name)? {
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
        let attempt = self.attempt(list, site);
        let first = attempt.begin_when_free(scope)?;
        self.end(scope, &attempt, first, || None)
    }

    /// Begins a call if a worker is free now.
    pub(crate) fn begin_if_free(
        &self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
    ) -> Option<Result<Begun<'_>>> {
        let worker = self.pool.acquire_free()?;
        Some(self.attempt(list, site).begin(scope, worker))
    }

    /// Begins a call as soon as a worker is free.
    pub(crate) fn begin(
        &self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
    ) -> Result<Begun<'_>> {
        self.attempt(list, site).begin_when_free(scope)
    }

    /// Waits for the end of a call. `others` sees to other calls under way meanwhile, and returns when it
    /// is to do so again.
    pub(crate) fn finish(
        &self,
        scope: &mut Scope<'_>,
        list: &ArgumentList,
        site: &'static Location<'static>,
        begun: Begun<'_>,
        others: impl FnMut() -> Option<Instant>,
    ) -> Result<Ref> {
        let attempt = Attempt { remote: self, list, site, deadline: begun.worker.deadline };
        self.end(scope, &attempt, begun, others)
    }

    fn attempt<'p, 'c>(
        &'p self,
        list: &'c ArgumentList,
        site: &'static Location<'static>,
    ) -> Attempt<'p, 'c> {
        let deadline = self.limits.within.map(|within| Instant::now() + within);
        Attempt { remote: self, list, site, deadline }
    }

    /// Waits for the end of a call, and begins it again where it may be.
    fn end<'p>(
        &'p self,
        scope: &mut Scope<'_>,
        attempt: &Attempt<'p, '_>,
        mut begun: Begun<'p>,
        mut others: impl FnMut() -> Option<Instant>,
    ) -> Result<Ref> {
        let (mut retries, mut chances) = (self.retries, CHANCES);
        loop {
            // It has written what the next attempt would read.
            let may_write = begun.worker.may_write;
            match attempt.finish(scope, begun, &mut others)? {
                Outcome::Done(result) => return Ok(result),
                Outcome::NotBegun if chances > 0 => chances -= 1,
                Outcome::NotBegun => {
                    return Err(self.error(
                        ErrorKind::Start,
                        "each worker that was to make the call ended before it began",
                    ));
                }
                Outcome::Crashed(_) if retries > 0 && !may_write => retries -= 1,
                Outcome::Crashed(crash) => {
                    let message = crash.to_string();
                    let detail = crash.stderr().to_owned();
                    return Err(self
                        .error(ErrorKind::Crashed(crash), &message)
                        .with_detail(detail));
                }
            }
            begun = attempt.begin_when_free(scope)?;
        }
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

/// Asks workers something of a function; none if none of them has lived.
fn ask(
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
        for mut worker in workers {
            match worker.wait(|| None) {
                Reply::Answer(answer) if answer.status == Status::Returned => {
                    let text = answer.reader().value().and_then(|value| match value {
                        Value::None => Ok(None),
                        text => reply::text(&text).map(Some),
                    });
                    match text {
                        Ok(text) => answered = answered.map(|_| Some(text)),
                        Err(_) => worker.retire(),
                    }
                }
                Reply::Answer(answer) => {
                    let mut reader = answer.reader();
                    _ = reader.value();
                    answered = Err(reply::failure(answer.status, &mut reader).at(name));
                }
                _ => worker.retire(),
            }
        }
        answered
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

enum Outcome {
    Done(Ref),
    /// The worker had ended before it read the request.
    NotBegun,
    Crashed(Crash),
}

/// A call that a worker has begun.
pub(crate) struct Begun<'p> {
    worker: Lent<'p>,
    copies: Copies,
    /// Whether an array is lent.
    lends: bool,
}

impl Begun<'_> {
    /// Stops the call if its time is up; returns when to look again.
    pub(crate) fn attend(&mut self) -> Option<Instant> {
        self.worker.attend()
    }
}

/// One call, which may take several attempts.
struct Attempt<'p, 'c> {
    remote: &'p Remote,
    list: &'c ArgumentList,
    site: &'static Location<'static>,
    deadline: Option<Instant>,
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
                .detach(|| pool.acquire(self.deadline, &remote.limits))
                .map_err(|error| error.at(&*remote.name))?,
        };
        match worker {
            Some(worker) => self.begin(scope, worker),
            None if remote.limits.is_cancelled() => Err(remote.stopped(Reason::Cancelled)),
            None => {
                let within = remote.limits.within.unwrap_or_default();
                let message = format!("no worker was free within {within:?}");
                Err(remote.error(ErrorKind::Deadline, &message))
            }
        }
    }

    /// Sends the request.
    fn begin(&self, scope: &mut Scope<'_>, mut worker: Lent<'p>) -> Result<Begun<'p>> {
        let remote = self.remote;
        if remote.limits.is_cancelled() {
            return Err(remote.stopped(Reason::Cancelled));
        }
        worker.begin();
        worker.limit(&remote.limits, self.deadline).map_err(|error| {
            let message = format!("the call can't be made so that it can be cancelled: {error}");
            remote.error(ErrorKind::Start, &message).with_source(error)
        })?;
        let mut frame = Writer::default();
        let copies = match remote.learned.habit() {
            Habit::Unknown => Copies::Watched,
            Habit::Lends => Copies::None,
            Habit::Retains => Copies::Made,
        };
        let lends = self.write(&mut frame, &mut worker, copies, scope)?;
        worker.calls += 1;
        Counts::add(&remote.pool.shared.counts.calls, 1);
        // A worker that has ended takes it too, since this process has its end of the pipe.
        worker.send(Kind::Call, copies, &remote.target, frame.bytes()).map_err(
            |error| match error.kind() {
                ErrorOfIo::FileTooLarge => {
                    Error::argument("the arguments other than arrays take more than 4 GiB")
                }
                _ => values::no_memory(error),
            },
        )?;
        Counts::add(&remote.pool.shared.counts.sent, worker.shared_bytes() as u64);
        if worker.has_arrays {
            remote.pool.import_numpy();
        }
        Ok(Begun { worker, copies, lends })
    }

    /// Waits for the answer, while other threads may have Python, and reads it.
    fn finish(
        &self,
        scope: &mut Scope<'_>,
        begun: Begun<'_>,
        others: impl FnMut() -> Option<Instant>,
    ) -> Result<Outcome> {
        let Begun { mut worker, copies, lends } = begun;
        let remote = self.remote;
        match scope.py().detach(|| worker.wait(others)) {
            Reply::Answer(answer) => self.read(&answer, worker, copies, lends, scope),
            Reply::Dead(Death::BeforeTheCall) => {
                scope.py().detach(|| worker.retire());
                Ok(Outcome::NotBegun)
            }
            Reply::Dead(death) => Ok(self.crashed(worker, &death, scope)),
            Reply::Killed(reason) => {
                // A killed process can take long to go.
                scope.py().detach(|| worker.retire());
                Err(remote.stopped(reason))
            }
        }
    }

    fn crashed(&self, worker: Lent<'_>, death: &Death, scope: &Scope<'_>) -> Outcome {
        Counts::add(&self.remote.pool.shared.counts.crashes, 1);
        scope.py().detach(|| {
            if let Death::Broken(_) = death {
                worker.process.kill();
            }
            let crash = crash(&worker.process, death);
            worker.retire();
            Outcome::Crashed(crash)
        })
    }

    /// Writes the arguments; says whether an array is lent.
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
            return Err(Error::argument(format!("a call on workers has at most {most} arguments")));
        }
        frame.u16((count - names) as u16);
        frame.u16(names as u16);
        let mut lends = false;
        for place in 0..count {
            if let Some(name) = self.list.name(place + 1) {
                frame.counted(scope.ok(scope.py().text(name))?.as_bytes());
            }
            let value = self.list.value(scope.py(), place);
            lends |= values::put(&value, frame, worker, copies, scope)
                .map_err(|error| error.at(self.name(place, scope)))?;
        }
        let is_shared = |address| worker.arrays.place(address, 1).is_some();
        if let Some(place) = shared::not_returned(scope, self.list, is_shared) {
            return Err(Error::argument(
                "what Python writes to it would not come back from a worker: pass a `&mut` array as an \
                 argument of its own, and of numbers or from `Workers::zeros`",
            )
            .at(self.name(place - 1, scope)));
        }
        Ok(lends)
    }

    fn read(
        &self,
        answer: &Answer,
        mut worker: Lent<'_>,
        copies: Copies,
        lends: bool,
        scope: &mut Scope<'_>,
    ) -> Result<Outcome> {
        let remote = self.remote;
        let mut reader = answer.reader();
        let parts = Parts::read(answer.status, &mut reader);
        let (parts, leases, written) = match parts.and_then(|parts| {
            // All of it before any is used: an answer that names a wrong place costs the worker.
            let leases = values::lease(&parts.value, &worker.results)?;
            let written = self.written(&parts.aside, &worker, scope)?;
            Ok((parts, leases, written))
        }) {
            Ok(all) => all,
            Err(broken) => return Ok(self.crashed(worker, &Death::Broken(broken), scope)),
        };
        let Parts { held, aside, value } = parts;
        if answer.status == Status::Retained {
            scope.py().detach(|| worker.retire());
            return Err(self.kept(&held, scope));
        }
        // It has looked whether anything there holds what it was lent.
        worker.may_write = false;
        for written in written {
            written.write_back(scope)?;
        }
        match answer.status {
            Status::Returned => {
                if copies == Copies::Watched && lends {
                    self.learn(&aside, scope);
                }
                let bytes = leases.iter().map(Lease::len).sum::<usize>();
                Counts::add(&remote.pool.shared.counts.received, bytes as u64);
                // The worker is free for the next call while this one's result is converted.
                drop(worker);
                values::get(value, &mut leases.into_iter(), scope).map(Outcome::Done)
            }
            Status::Stopped => {
                Err(remote.stopped(worker.stop.map_or(Reason::Deadline, |stop| stop.reason)))
            }
            status => {
                let error = reply::failure(status, &mut reader);
                match worker.stop {
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
        worker: &Lent<'_>,
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
