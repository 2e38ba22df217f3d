//! The workers of a pool: who has which, who waits for one, and the thread that starts them.
//!
//! A caller owns a worker for the length of its call, and no two workers share anything: so the death of
//! one fails one call, and leaves nothing to repair.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::marker::PhantomData;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::arrays::Arrays;
use super::frame::{Reader, Status};
use super::process::{LOOK, Plan, Process, Reply, Worker, ending, lock};
use super::reply;
use crate::cancel::Limits;
use crate::error::{Error, ErrorKind, Result};
use crate::raw::fork::process_id;
use crate::raw::shared::{self, Writing};

/// How many workers in a row may end as they start, before those who wait are told. One that says why it
/// can't start is told of at once.
const ENDED: u32 = 5;

/// How many workers of all pools are in use.
static BUSY: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    /// How many workers of all pools this thread has.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// After how many calls in a row that had cores to spare callers and workers look for each other's messages:
/// two callers that take turns leave none.
const ROOMY: u32 = 8;

/// How long after a failed start the next is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a worker may take to start, with all its imports, unless the program says otherwise.
pub(crate) const START: Duration = Duration::from_secs(300);

/// What a pool is to be like.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    /// How many calls run at once.
    pub(crate) workers: usize,
    /// How long a worker may take to start, with all its imports.
    pub(crate) start: Duration,
    /// How many callers may wait.
    pub(crate) waiting: usize,
    /// After how many calls a worker is replaced.
    pub(crate) calls: Option<u64>,
    /// With how many bytes of its own a worker is replaced.
    pub(crate) memory: Option<u64>,
}

/// What a pool has done.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) calls: AtomicU64,
    pub(crate) waited: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) crashes: AtomicU64,
    pub(crate) started: AtomicU64,
    pub(crate) timed_out: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    pub(crate) restarts: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

impl Counts {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// A pool, until its last handle is gone.
pub(crate) struct Pool {
    pub(crate) shared: Arc<Shared>,
    supervisor: Mutex<Option<JoinHandle<()>>>,
}

/// What callers and the supervisor share.
pub(crate) struct Shared {
    plan: Plan,
    /// The process whose workers they are: the child of a fork has the memory, but not the thread, and may have
    /// the state as locked as another thread had it then.
    owner: u32,
    pub(crate) size: Size,
    state: Mutex<State>,
    /// Notified when the first workers are ready, or can't be started.
    started: Condvar,
    wake: PipeWriter,
    pub(crate) counts: Counts,
    pub(crate) arrays: Arc<Arrays>,
    imports_numpy: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Ready and not in use; the last that was used is the first to be used again.
    idle: Vec<Worker>,
    busy: usize,
    /// How many threads can run at once, of this process and of its workers.
    cores: usize,
    /// How many workers in a row were lent while each one in use and its caller had cores of their own.
    roomy: u32,
    line: VecDeque<Arc<Ticket>>,
    /// What each worker imports before its first call.
    targets: Vec<String>,
    /// Why the last start failed.
    failure: Option<Arc<Failure>>,
    /// Workers with a lower number are replaced when they are free.
    outdated: u64,
    /// Whether one was ended for that, and no other is ready yet.
    is_replacing: bool,
    next: u64,
    is_over: bool,
}

/// A start that failed.
pub(crate) struct Failure {
    message: String,
    detail: String,
}

impl Failure {
    fn error(&self) -> Error {
        Error::new(ErrorKind::Start, self.message.clone()).with_detail(self.detail.clone())
    }
}

impl Size {
    /// The error of a caller that may not wait.
    fn too_many(&self) -> Error {
        let callers = match self.waiting {
            0 => "no caller".to_owned(),
            1 => "one caller at most".to_owned(),
            most => format!("{most} callers at most"),
        };
        let message = format!("no worker is free, and {callers} may wait for one (max_waiting)");
        Error::new(ErrorKind::Busy, message)
    }
}

/// What to do about a system that does not let a worker be started.
fn fix(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EMFILE) => {
            "; raise the limit of open files (ulimit -n), of which each worker takes 8"
        }
        Some(libc::EAGAIN) => "; raise the limit of processes and threads (ulimit -u)",
        _ => "",
    }
}

/// A caller's place in the line.
#[derive(Default)]
struct Ticket {
    /// Whether the caller has a worker.
    is_nested: bool,
    /// Whether it is served before the others, also with the spare worker.
    is_next: bool,
    given: Mutex<Option<Result<Worker, Arc<Failure>>>>,
    is_given: Condvar,
}

impl Ticket {
    fn give(&self, given: Result<Worker, Arc<Failure>>) {
        *lock(&self.given) = Some(given);
        self.is_given.notify_one();
    }

    /// Has the one who waits look whether it is cancelled.
    fn wake(&self) {
        drop(lock(&self.given));
        self.is_given.notify_one();
    }

    fn wait(
        &self,
        until: Option<Instant>,
        limits: &Limits,
    ) -> Option<Result<Worker, Arc<Failure>>> {
        let mut given = lock(&self.given);
        loop {
            if given.is_some() || limits.is_cancelled() {
                return given.take();
            }
            given = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.is_given.wait(given).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    let waited = self.is_given.wait_timeout(given, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl State {
    /// Notes that a worker is lent.
    fn lend(&mut self, worker: &mut Worker) {
        self.busy += 1;
        let busy = BUSY.fetch_add(1, Ordering::Relaxed) + 1;
        self.roomy = if 2 * busy <= self.cores { self.roomy.saturating_add(1) } else { 0 };
        worker.may_spin = self.roomy >= ROOMY;
    }

    /// Notes that a worker is in use no more.
    fn take_back(&mut self) {
        self.busy -= 1;
        BUSY.fetch_sub(1, Ordering::Relaxed);
    }

    /// Takes an idle worker for a caller; none if others wait for one, or enough are in use.
    fn take(&mut self, most: usize) -> Option<Worker> {
        if !self.line.is_empty() || self.busy >= most {
            return None;
        }
        self.take_any()
    }

    fn take_any(&mut self) -> Option<Worker> {
        let mut worker = self.idle.pop()?;
        self.lend(&mut worker);
        Some(worker)
    }

    /// Puts a caller in the line.
    fn enter(&mut self, ticket: &Arc<Ticket>) {
        if ticket.is_next {
            self.line.push_front(Arc::clone(ticket));
        } else {
            self.line.push_back(Arc::clone(ticket));
        }
    }

    /// Gives idle workers to those who wait.
    fn serve(&mut self, most: usize) {
        while self.line.front().is_some_and(|first| first.is_next || self.busy < most) {
            let Some(worker) = self.take_any() else { return };
            let ticket = self.line.pop_front().expect("it is not empty");
            ticket.give(Ok(worker));
        }
    }
}

impl Pool {
    /// Starts the workers, and returns when they are ready.
    pub(crate) fn start(plan: Plan, size: Size) -> Result<Pool> {
        let failed = |error: io::Error| {
            let message = format!("workers can't be started: {error}{}", fix(&error));
            Error::new(ErrorKind::Start, message).with_source(error)
        };
        let (woken, wake) = shared::pipe().map_err(failed)?;
        let arrays = Arc::new(Arrays::new().map_err(failed)?);
        // Of this thread, from which the workers have theirs.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shared = Arc::new(Shared {
            plan,
            owner: process_id(),
            size,
            state: Mutex::new(State { cores, ..State::default() }),
            started: Condvar::new(),
            wake,
            counts: Counts::default(),
            arrays,
            imports_numpy: AtomicBool::new(false),
        });
        let supervisor = Supervisor {
            shared: Arc::clone(&shared),
            woken,
            workers: Vec::new(),
            retry: None,
            ended: 0,
        };
        let run = move || supervisor.run();
        let handle = crate::raw::process::spawn_joined("callpy-workers", run).map_err(failed)?;
        let pool = Pool { shared, supervisor: Mutex::new(Some(handle)) };
        let mut state = lock(&pool.shared.state);
        while state.idle.len() < pool.shared.size.workers {
            if let Some(failure) = &state.failure {
                let error = failure.error();
                drop(state);
                return Err(error);
            }
            state = pool.shared.started.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        Ok(pool)
    }

    /// Waits for a worker for a call, until the deadline at most, or until the call is cancelled.
    ///
    /// A thread that has one already is in a conversion of a map: it is the next, and may have the spare one,
    /// since those who wait before it may wait for what it has.
    pub(crate) fn acquire(
        &self,
        until: Option<Instant>,
        limits: &Limits,
    ) -> Result<Option<Lent<'_>>> {
        self.check_owner()?;
        let shared = &self.shared;
        let most = shared.size.workers;
        let is_nested = HELD.get() > 0;
        let ticket = Ticket { is_nested, is_next: is_nested, ..Ticket::default() };
        let ticket = Arc::new(ticket);
        {
            let mut state = lock(&shared.state);
            let worker = if is_nested { state.take_any() } else { state.take(most) };
            if let Some(worker) = worker {
                return Ok(Some(self.lend(worker)));
            }
            if state.line.len() >= shared.size.waiting && !is_nested {
                Counts::add(&shared.counts.busy, 1);
                return Err(shared.size.too_many());
            }
            state.enter(&ticket);
        }
        Counts::add(&shared.counts.waited, 1);
        self.await_turn(&ticket, until, limits)
    }

    /// Waits for a worker to ask it something: the next one or the spare one, ahead of calls, since it takes no time.
    pub(crate) fn acquire_to_ask(&self) -> Result<Option<Lent<'_>>> {
        self.check_owner()?;
        let is_nested = HELD.get() > 0;
        let ticket = Arc::new(Ticket { is_nested, is_next: true, ..Ticket::default() });
        {
            let mut state = lock(&self.shared.state);
            if let Some(worker) = state.take_any() {
                return Ok(Some(self.lend(worker)));
            }
            state.enter(&ticket);
        }
        self.await_turn(&ticket, None, &Limits::default())
    }

    /// Fails in the child of a fork, where the workers are another process's: what it says to them would go into
    /// that process's pipes.
    pub(crate) fn check_owner(&self) -> Result<()> {
        if self.shared.is_anothers() {
            return Err(Error::new(
                ErrorKind::Start,
                "workers belong to the process that started them, and this is a fork of it: start \
                 workers of its own",
            ));
        }
        Ok(())
    }

    fn await_turn(
        &self,
        ticket: &Arc<Ticket>,
        until: Option<Instant>,
        limits: &Limits,
    ) -> Result<Option<Lent<'_>>> {
        let shared = &self.shared;
        let waiting = Arc::clone(ticket);
        let listening = limits.listen(move || waiting.wake());
        let given = ticket.wait(until, limits);
        drop(listening);
        let given = given.or_else(|| {
            let mut state = lock(&shared.state);
            let place = state.line.iter().position(|other| Arc::ptr_eq(other, ticket));
            match place.and_then(|place| state.line.remove(place)) {
                Some(_) => None,
                // It was given one at this very moment.
                None => lock(&ticket.given).take(),
            }
        });
        match given {
            None => Ok(None),
            Some(Ok(worker)) => Ok(Some(self.lend(worker))),
            Some(Err(failure)) => Err(failure.error()),
        }
    }

    /// Returns a worker if one is free and no one waits for it.
    pub(crate) fn acquire_free(&self) -> Option<Lent<'_>> {
        if self.shared.is_anothers() {
            return None;
        }
        let worker = lock(&self.shared.state).take(self.shared.size.workers)?;
        Some(self.lend(worker))
    }

    /// Takes all free workers, the spare one too, to be told something.
    pub(crate) fn acquire_all_free(&self) -> Vec<Lent<'_>> {
        if self.shared.is_anothers() {
            return Vec::new();
        }
        let mut state = lock(&self.shared.state);
        let mut free = std::mem::take(&mut state.idle);
        for worker in &mut free {
            state.lend(worker);
            // Importing takes its time.
            worker.may_spin = false;
        }
        drop(state);
        free.into_iter().map(|worker| self.lend(worker)).collect()
    }

    fn lend(&self, worker: Worker) -> Lent<'_> {
        Lent { shared: &self.shared, worker: Some(worker), _held: Held::new() }
    }

    /// Whether a worker has imported the function, and others will.
    pub(crate) fn knows(&self, target: &str) -> bool {
        lock(&self.shared.state).targets.iter().any(|known| known == target)
    }

    /// Has workers that are started from now on import the function first.
    pub(crate) fn add_target(&self, target: &str) {
        let mut state = lock(&self.shared.state);
        if !state.targets.iter().any(|known| known == target) {
            state.targets.push(target.to_owned());
        }
    }

    /// Has workers that are started from now on import NumPy first, since they will be passed arrays.
    pub(crate) fn import_numpy(&self) {
        let imports = &self.shared.imports_numpy;
        if !imports.load(Ordering::Relaxed) && !imports.swap(true, Ordering::Relaxed) {
            self.add_target("numpy:ndarray");
        }
    }

    /// Has each worker replaced, one after the other, when it is free.
    pub(crate) fn restart(&self) {
        if self.shared.is_anothers() {
            return;
        }
        let mut state = lock(&self.shared.state);
        state.outdated = state.next + 1;
        drop(state);
        self.shared.wake();
    }

    /// Returns how many workers are free, busy, and how many callers wait.
    pub(crate) fn load(&self) -> (usize, usize, usize) {
        if self.shared.is_anothers() {
            return (0, 0, 0);
        }
        let state = lock(&self.shared.state);
        (state.idle.len(), state.busy, state.line.len())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.shared.is_anothers() {
            // What the supervisor shares is never dropped there, nor are the workers.
            return;
        }
        lock(&self.shared.state).is_over = true;
        self.shared.wake();
        if let Some(supervisor) = lock(&self.supervisor).take() {
            _ = supervisor.join();
        }
    }
}

impl Shared {
    fn is_anothers(&self) -> bool {
        process_id() != self.owner
    }

    fn wake(&self) {
        _ = (&self.wake).write(&[0]);
    }

    /// Reads why a worker has no result.
    pub(crate) fn failure(&self, status: Status, reader: &mut Reader<'_>) -> Error {
        reply::failure(status, reader, Some(&self.plan.imports))
    }
}

/// A worker in a caller's hands, which goes back when it is dropped.
pub(crate) struct Lent<'p> {
    shared: &'p Arc<Shared>,
    worker: Option<Worker>,
    _held: Held,
}

/// Counts a worker that this thread has, and which stays on it.
struct Held(PhantomData<*const ()>);

impl Held {
    fn new() -> Held {
        HELD.set(HELD.get() + 1);
        Held(PhantomData)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get() - 1);
    }
}

impl std::ops::Deref for Lent<'_> {
    type Target = Worker;

    fn deref(&self) -> &Worker {
        self.worker.as_ref().expect("it is there until it is dropped")
    }
}

impl std::ops::DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Worker {
        self.worker.as_mut().expect("it is there until it is dropped")
    }
}

impl Lent<'_> {
    /// Whether the worker may be sent another request before it has answered the last: no one else waits for
    /// it, and it need not be replaced before that.
    pub(crate) fn has_room_ahead(&self) -> bool {
        let size = &self.shared.size;
        if !Worker::has_room_ahead(self)
            || size.memory.is_some()
            || size.calls.is_some_and(|most| self.calls >= most)
        {
            return false;
        }
        let state = lock(&self.shared.state);
        state.line.is_empty() && self.process.id >= state.outdated && !state.is_over
    }

    /// Goes on to the request that was sent ahead.
    pub(crate) fn turn_to_next(&mut self) {
        let cores = lock(&self.shared.state).cores;
        // A map has a worker for long, and other callers may have come since.
        self.may_spin &= 2 * BUSY.load(Ordering::Relaxed) <= cores;
        Worker::turn_to_next(self);
    }

    /// Kills the worker; another takes its place.
    pub(crate) fn retire(mut self) {
        Counts::add(&self.shared.counts.restarts, 1);
        self.lose();
    }

    /// Lets go of a worker that has ended by itself, or has to be killed for what it has written.
    pub(crate) fn bury(mut self) {
        Counts::add(&self.shared.counts.crashes, 1);
        self.lose();
    }

    fn lose(&mut self) {
        let worker = self.worker.take().expect("it is there until it is dropped");
        self.end(worker);
    }

    /// Makes sure that a worker ends.
    fn end(&self, worker: Worker) {
        worker.end();
        // The supervisor has the process yet, and waits for its end.
        drop(worker);
        let mut state = lock(&self.shared.state);
        state.take_back();
        state.serve(self.shared.size.workers);
        drop(state);
        self.shared.wake();
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        let shared = self.shared;
        if shared.is_anothers() {
            return std::mem::forget(worker);
        }
        let is_spent = shared.size.calls.is_some_and(|most| worker.calls >= most)
            || shared.size.memory.is_some_and(|most| worker.process.memory() > Some(most));
        let mut state = lock(&shared.state);
        // It is still at work if its caller has panicked.
        let has_crashed = worker.process.is_forgotten.load(Ordering::Relaxed);
        // One that has crashed may have its successor already, whose start would not end the replacing.
        let is_outdated = !has_crashed && worker.process.id < state.outdated && !state.is_replacing;
        state.is_replacing |= is_outdated;
        if worker.is_working || is_spent || is_outdated || has_crashed || state.is_over {
            drop(state);
            let counts = &shared.counts;
            Counts::add(if has_crashed { &counts.crashes } else { &counts.restarts }, 1);
            return crate::raw::detach::detached(|| self.end(worker));
        }
        state.take_back();
        state.idle.push(worker);
        state.serve(shared.size.workers);
    }
}

/// Starts workers, sees them end, and passes on what they write to stderr. They end with its thread.
struct Supervisor {
    shared: Arc<Shared>,
    woken: PipeReader,
    workers: Vec<Watched>,
    /// When a failed start is tried again.
    retry: Option<Instant>,
    /// How many workers in a row have ended as they started.
    ended: u32,
}

/// A worker as its supervisor sees it.
struct Watched {
    process: Arc<Process>,
    /// The worker itself, until it is ready.
    starting: Option<(Worker, Instant)>,
    writes: bool,
}

impl Supervisor {
    fn run(mut self) {
        loop {
            if lock(&self.shared.state).is_over {
                break;
            }
            self.fill();
            self.wait();
            self.look();
        }
        // The workers' pipes go with them.
        let idle = std::mem::take(&mut lock(&self.shared.state).idle);
        self.workers.iter().for_each(|worker| worker.process.kill());
        for worker in &self.workers {
            worker.process.reap();
            worker.process.pass_on_stderr();
        }
        drop(idle);
    }

    /// Starts workers until there are as many as there should be, and a spare one.
    fn fill(&mut self) {
        if self.retry.is_some_and(|retry| Instant::now() < retry) {
            return;
        }
        self.retry = None;
        while self.workers.len() <= self.shared.size.workers {
            let (id, targets) = {
                let mut state = lock(&self.shared.state);
                state.next += 1;
                (state.next, state.targets.clone())
            };
            match Worker::spawn(id, &self.shared.plan, &targets, &self.shared.arrays) {
                Ok(worker) => {
                    Counts::add(&self.shared.counts.started, 1);
                    let now = Instant::now();
                    let end = now.checked_add(self.shared.size.start).unwrap_or(now + START);
                    self.workers.push(Watched {
                        process: Arc::clone(&worker.process),
                        starting: Some((worker, end)),
                        writes: true,
                    });
                }
                Err(error) => {
                    let program = self.shared.plan.executable.display();
                    return self.fail(
                        format!("a worker can't be started: {program}: {error}{}", fix(&error)),
                        String::new(),
                    );
                }
            }
        }
    }

    /// Tells those who wait that there is no worker for them.
    fn fail(&mut self, message: String, detail: String) {
        self.retry = Some(Instant::now() + PAUSE);
        let failure = Arc::new(Failure { message, detail });
        let mut state = lock(&self.shared.state);
        // Where another worker is there, they wait for that one, unless they have it themselves; and those who
        // come later, for the next attempt.
        if state.idle.is_empty() {
            let is_none = state.busy == 0;
            let told = |ticket: &Arc<Ticket>| is_none || ticket.is_nested;
            for ticket in state.line.iter().filter(|ticket| told(ticket)) {
                ticket.give(Err(Arc::clone(&failure)));
            }
            state.line.retain(|ticket| !told(ticket));
        }
        state.failure = Some(failure);
        self.shared.started.notify_all();
    }

    /// Waits until there is something to do.
    fn wait(&self) {
        let pipes: Vec<_> = self.workers.iter().map(|it| it.process.stderr_descriptor()).collect();
        let mut awaited = vec![Some(self.woken.as_fd())];
        let mut until = self.retry;
        let is_blocked = shared::writing(io::stderr().as_fd()) == Writing::Blocked;
        for (worker, pipe) in self.workers.iter().zip(&pipes) {
            awaited.push(worker.process.end());
            awaited.push(worker.starting.as_ref().map(|(worker, _)| worker.answers()));
            if worker.writes && !is_blocked {
                awaited.push(pipe.as_ref().map(AsFd::as_fd));
            }
            if worker.process.end().is_none() || is_blocked {
                let soon = Instant::now() + LOOK;
                until = Some(until.map_or(soon, |until| until.min(soon)));
            }
            if let Some((_, end)) = &worker.starting {
                until = Some(until.map_or(*end, |until| until.min(*end)));
            }
        }
        if shared::wait_for(&awaited, until).is_err() {
            std::thread::sleep(LOOK);
        }
    }

    fn look(&mut self) {
        if shared::can_read(self.woken.as_fd()) {
            _ = (&self.woken).read(&mut [0; 64]);
        }
        for mut worker in std::mem::take(&mut self.workers) {
            if worker.writes {
                worker.writes = worker.process.pass_on_stderr();
            }
            let has_ended = worker.process.has_ended();
            match worker.starting.take() {
                Some((starting, end)) => self.look_at_starting(worker, starting, end, has_ended),
                None if has_ended => self.forget(&worker.process),
                None => self.workers.push(worker),
            }
        }
        self.replace_outdated();
    }

    /// Ends a free worker that is to be replaced, if no other is just being replaced.
    fn replace_outdated(&self) {
        if self.workers.len() <= self.shared.size.workers
            || self.workers.iter().any(|worker| worker.starting.is_some())
        {
            return;
        }
        let mut state = lock(&self.shared.state);
        if state.is_replacing {
            return;
        }
        let is_outdated = |worker: &Worker| worker.process.id < state.outdated;
        let place = state.idle.iter().position(is_outdated);
        let worker = place.map(|place| state.idle.remove(place));
        state.is_replacing = worker.is_some();
        drop(state);
        if let Some(worker) = worker {
            Counts::add(&self.shared.counts.restarts, 1);
            worker.process.kill();
        }
    }

    fn look_at_starting(
        &mut self,
        mut watched: Watched,
        mut worker: Worker,
        end: Instant,
        has_ended: bool,
    ) {
        if let Some(Reply::Answer(answer)) = worker.read() {
            if answer.status == Status::Returned {
                self.workers.push(watched);
                self.retry = None;
                self.ended = 0;
                let mut state = lock(&self.shared.state);
                state.failure = None;
                state.is_replacing = false;
                state.idle.push(worker);
                state.serve(self.shared.size.workers);
                self.shared.started.notify_all();
                return;
            }
            worker.process.kill();
            worker.process.reap();
            Counts::add(&self.shared.counts.crashes, 1);
            let mut reader = answer.reader();
            // Nothing is said of arguments, of which there were none.
            _ = reader.value();
            let error = self.shared.failure(answer.status, &mut reader);
            let (message, detail) = (error.to_string(), format!("{error:#}"));
            let detail = detail.strip_prefix(&message).unwrap_or(&detail).trim_start();
            return self.fail(format!("a worker did not start: {message}"), detail.to_owned());
        }
        if has_ended || Instant::now() >= end {
            worker.process.kill();
            worker.process.reap();
            Counts::add(&self.shared.counts.crashes, 1);
            self.ended += 1;
            if has_ended && self.ended < ENDED {
                return;
            }
            let status = worker.process.status();
            let ending = status.map_or_else(|| "it ended".to_owned(), ending);
            let words = worker.process.last_words();
            let program = self.shared.plan.executable.display().to_string();
            let ended = match has_ended {
                true => ending,
                false => format!(
                    "it was not ready after {:?} (worker_start_within)",
                    self.shared.size.start
                ),
            };
            return self.fail(format!("a worker did not start: {program}: {ended}"), words);
        }
        watched.starting = Some((worker, end));
        self.workers.push(watched);
    }

    /// Lets go of a worker that ended between calls; one that a caller has is the caller's to let go of.
    fn forget(&self, process: &Arc<Process>) {
        let mut state = lock(&self.shared.state);
        process.is_forgotten.store(true, Ordering::Relaxed);
        let place = state.idle.iter().position(|worker| worker.process.id == process.id);
        if let Some(place) = place {
            let worker = state.idle.remove(place);
            drop(state);
            Counts::add(&self.shared.counts.crashes, 1);
            drop(worker);
        }
    }
}
