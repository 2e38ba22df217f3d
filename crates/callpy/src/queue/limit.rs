//! How many callers are let in: found by trying, and by measuring the work that gets done.
//!
//! A call counts for as much work as its function's calls usually take, so that calls of different
//! functions add up. Now and then the search tries one slot more or fewer for a few milliseconds, and
//! keeps what gets more work done.

use std::mem;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::{SLOTS, Slot};

static LIMIT: AtomicUsize = AtomicUsize::new(1);

/// The number of slots: those with a lower number are in use.
pub(super) fn get() -> usize {
    LIMIT.load(Ordering::Relaxed)
}

static CORES: OnceLock<usize> = OnceLock::new();

pub(super) fn cores() -> usize {
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// The highest limit. A core is idle while a slot passes from one caller to the next, so that a few more
/// slots than cores can pay.
fn most() -> usize {
    (2 * cores()).min(SLOTS.len())
}

/// Whether a thread that is only awake takes no core from those in Python.
pub(super) fn leaves_a_core() -> bool {
    get() < cores()
}

/// Whether limits are being compared, for which what calls count for must not change.
static IS_COMPARING: AtomicBool = AtomicBool::new(false);

pub(super) fn is_comparing() -> bool {
    IS_COMPARING.load(Ordering::Relaxed)
}

const MILLISECOND: u64 = 1_000_000;
/// How long a limit is measured, at least, and how long if few calls are made.
const WINDOW: (u64, u64) = (4 * MILLISECOND, 30 * MILLISECOND);
/// How many calls make a measurement, for each slot.
const CALLS: u64 = 12;
/// How long after a change of the limit nothing is measured.
const SETTLING: u64 = MILLISECOND / 2;
/// How long a limit stays before another is tried: from the first to the second, while trying fails;
/// and how many times as long as the trial took, so that trials cost little.
const REST: (u64, u64) = (10 * MILLISECOND, 250 * MILLISECOND);
const RESTS: u64 = 30;
/// How long the callers' load is averaged, so that a change of it shows.
const LOAD: u64 = 30 * MILLISECOND;

/// The search for the best limit.
pub(super) struct Search {
    phase: Phase,
    /// The measurement under way.
    window: Window,
    /// What the present limit was worth when it was measured: nanoseconds of work a nanosecond.
    rate: f64,
    rest: u64,
    /// The calls since the load was looked at, and what it was then.
    recent: Window,
    load: Load,
    is_upwards: bool,
    has_waited: bool,
}

#[derive(Clone, Copy)]
enum Phase {
    Resting { until: u64 },
    Measuring,
    Settling { until: u64, before: usize },
    Trying { before: usize },
}

/// The work that is done, in nanoseconds a nanosecond, and the average length of a call.
#[derive(Clone, Copy, Default)]
struct Load {
    rate: f64,
    length: f64,
}

#[derive(Clone, Copy)]
struct Window {
    start: u64,
    calls: u64,
    work: u64,
}

impl Window {
    fn open(now: u64) -> Window {
        let sum = |count: fn(&Slot) -> &AtomicU64| {
            SLOTS.iter().map(|slot| count(slot).load(Ordering::Relaxed)).sum()
        };
        Window { start: now, calls: sum(|slot| &slot.calls), work: sum(|slot| &slot.work) }
    }

    /// The rate of work since the window was opened, once that is known well enough.
    fn rate(&self, now: u64) -> Option<f64> {
        let (calls, elapsed, rate) = self.so_far(now);
        let is_enough = elapsed >= WINDOW.0 && calls >= CALLS * get() as u64;
        (is_enough || elapsed >= WINDOW.1).then_some(rate)
    }

    /// Whether the rate is below another already.
    fn is_below(&self, now: u64, rate: f64) -> bool {
        let (calls, elapsed, so_far) = self.so_far(now);
        elapsed >= MILLISECOND && calls >= CALLS && so_far < 0.9 * rate
    }

    fn so_far(&self, now: u64) -> (u64, u64, f64) {
        let (end, elapsed) = (Window::open(now), now - self.start);
        let work = end.work.saturating_sub(self.work);
        (end.calls.saturating_sub(self.calls), elapsed, work as f64 / elapsed.max(1) as f64)
    }
}

impl Search {
    pub(super) fn new() -> Search {
        Search {
            phase: Phase::Resting { until: 0 },
            window: Window::open(0),
            rate: 0.0,
            rest: REST.0,
            recent: Window::open(0),
            load: Load::default(),
            is_upwards: true,
            has_waited: false,
        }
    }

    /// Goes on with the search; `busy` slots are in a call, and callers are waiting or not.
    pub(super) fn step(&mut self, now: u64, busy: usize, is_waited_for: bool) {
        self.has_waited |= is_waited_for;
        let is_load_new = self.is_load_new(now);
        if is_load_new {
            self.rest = REST.0;
        }
        match self.phase {
            Phase::Resting { until } => {
                if now >= until || is_load_new {
                    self.window = Window::open(now);
                    self.has_waited = false;
                    self.phase = Phase::Measuring;
                    // A call's weight is learned from calls, and those differ from limit to limit.
                    IS_COMPARING.store(true, Ordering::Relaxed);
                }
            }
            Phase::Measuring => {
                if let Some(rate) = self.window.rate(now) {
                    self.rate = rate;
                    self.try_another(now, busy);
                }
            }
            Phase::Settling { until, before } if now >= until => {
                self.window = Window::open(now);
                self.phase = Phase::Trying { before };
            }
            Phase::Settling { .. } => {}
            Phase::Trying { before } => match self.window.rate(now) {
                Some(rate) => self.decide(now, before, rate),
                // A bad limit is given up at once: eight callers at the wrong one get a fifth done.
                None if self.window.is_below(now, self.rate) => self.decide(now, before, 0.0),
                None => {}
            },
        }
    }

    /// Whether the load is another than before: that of calls of another length, or that gets much more
    /// or less work done.
    fn is_load_new(&mut self, now: u64) -> bool {
        let (calls, elapsed, rate) = self.recent.so_far(now);
        if elapsed < LOAD || calls < CALLS {
            return false;
        }
        self.recent = Window::open(now);
        let load = Load { rate, length: rate * elapsed as f64 / calls as f64 };
        let before = mem::replace(&mut self.load, load);
        let is_near = |now: f64, before: f64| (0.6..1.6).contains(&(now / before));
        !is_near(load.rate, before.rate) || !is_near(load.length, before.length)
    }

    fn try_another(&mut self, now: u64, busy: usize) {
        let before = get();
        // A quarter, so that many cores are reached in a few trials, and single steps matter among few.
        let step = (before / 4).max(1);
        let up = (before + step).min(most());
        let down = before.saturating_sub(step).max(1);
        // Where no one waited, one slot more would have stayed empty, and shown nothing.
        let can_rise = self.has_waited && up > before;
        let can_fall = (self.has_waited || busy > 1) && down < before;
        let next = match (can_rise, can_fall) {
            (true, true) if self.is_upwards => up,
            (true, false) => up,
            (_, true) => down,
            (false, false) => return self.rest(now, self.rest),
        };
        self.is_upwards = next > before;
        // Calls that began under the old limit would be counted for the new one.
        LIMIT.store(next, Ordering::Relaxed);
        self.phase = Phase::Settling { until: now + SETTLING, before };
    }

    fn decide(&mut self, now: u64, before: usize, rate: f64) {
        // More slots must get more done, by a part of what they add; fewer need only do as well.
        let added = get() as f64 / before as f64 - 1.0;
        if rate > self.rate * (1.0 + 0.3 * added.max(0.0)) {
            self.rate = rate;
            self.rest = REST.0;
        } else {
            LIMIT.store(before, Ordering::Relaxed);
            // The other direction next time, since what was best may have moved that way.
            self.is_upwards = !self.is_upwards;
            let took = now - self.window.start;
            self.rest = (self.rest * 4).min(REST.1).max((RESTS * took).min(self.rest * 16));
        }
        self.rest(now, self.rest);
    }

    fn rest(&mut self, now: u64, rest: u64) {
        IS_COMPARING.store(false, Ordering::Relaxed);
        self.window = Window::open(now);
        self.phase = Phase::Resting { until: now + rest };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What callers do: how long a call is, in nanoseconds, and how much work is done at each limit, in
    /// nanoseconds a nanosecond.
    struct Calls {
        length: u64,
        speed: [f64; 8],
    }

    /// Runs the search for some milliseconds among eight callers; returns for how many of them the
    /// limit was the best one.
    fn run(search: &mut Search, start: u64, milliseconds: u64, best: usize, calls: &Calls) -> u64 {
        const ROUND: u64 = 100_000;
        let (mut rounds, mut left) = (0, 0);
        for round in 0..milliseconds * 10 {
            // Some rounds get less done than others.
            let luck = [1.0, 0.6, 1.3, 1.0, 0.9, 1.2][(round % 6) as usize];
            let work = (ROUND as f64 * luck * calls.speed[get() - 1]) as u64;
            SLOTS[0].work.fetch_add(work, Ordering::Relaxed);
            // A call counts when it is over.
            SLOTS[0].calls.fetch_add((left + work) / calls.length, Ordering::Relaxed);
            left = (left + work) % calls.length;
            search.step(start + (round + 1) * ROUND, get(), true);
            rounds += u64::from(get() == best);
        }
        rounds / 10
    }

    #[test]
    fn the_best_limit_is_found_and_followed_within_100_milliseconds() {
        CORES.get_or_init(|| 4);
        let mut search = Search::new();
        let short = Calls { length: 20_000, speed: [1.0, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2] };
        let two = Calls { length: 70_000, speed: [1.0, 1.95, 1.2, 0.8, 0.7, 0.6, 0.6, 0.6] };
        let long = Calls { length: 250_000, speed: [1.0, 1.9, 2.8, 3.6, 3.6, 3.5, 3.4, 3.3] };
        let mut now = 0;
        let loads = [(1, &short), (4, &long), (2, &two), (1, &short), (2, &two), (4, &long)];
        for (best, calls) in loads {
            run(&mut search, now, 100, best, calls);
            let at_best = run(&mut search, now + 100 * MILLISECOND, 1000, best, calls);
            now += 1100 * MILLISECOND;
            assert!(at_best > 900, "the limit was {best} for {at_best} ms of a second");
        }
    }
}
