//! How many callers are let in: found by trying, and by measuring the work that gets done.
//!
//! A call counts for as much work as its function's calls usually take, so that calls of different
//! functions add up. Now and then the search tries one slot more or fewer for a few milliseconds, and
//! keeps what gets more work done.

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

pub(super) fn most() -> usize {
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from).min(SLOTS.len()))
}

/// Whether a thread that is only awake takes no core from those in Python.
pub(super) fn leaves_a_core() -> bool {
    get() < most()
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
/// How long a limit stays before another is tried: from the first to the second, while trying fails.
const REST: (u64, u64) = (10 * MILLISECOND, 60 * MILLISECOND);

/// The search for the best limit.
pub(super) struct Search {
    phase: Phase,
    /// The measurement under way.
    window: Window,
    /// What the present limit was worth when it was measured: nanoseconds of work a nanosecond.
    rate: f64,
    rest: u64,
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

    /// Whether the rate is far below another already.
    fn is_far_below(&self, now: u64, rate: f64) -> bool {
        let (calls, elapsed, so_far) = self.so_far(now);
        elapsed >= MILLISECOND && calls >= CALLS && so_far < 0.7 * rate
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
            is_upwards: true,
            has_waited: false,
        }
    }

    /// Goes on with the search; `busy` slots are in a call, and callers are waiting or not.
    pub(super) fn step(&mut self, now: u64, busy: usize, is_waited_for: bool) {
        self.has_waited |= is_waited_for;
        match self.phase {
            Phase::Resting { until } => {
                let rate = self.window.rate(now);
                // The callers make other calls than before.
                let is_changed = rate.is_some_and(|rate| !(0.7..1.4).contains(&(rate / self.rate)));
                if rate.is_some() {
                    self.window = Window::open(now);
                }
                if now >= until || is_changed {
                    self.window = Window::open(now);
                    self.has_waited = false;
                    self.phase = Phase::Measuring;
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
                None if self.window.is_far_below(now, self.rate) => self.decide(now, before, 0.0),
                None => {}
            },
        }
    }

    fn try_another(&mut self, now: u64, busy: usize) {
        let before = get();
        let step = (before / 4).max(1);
        let up = (before + step).min(most());
        let down = before.saturating_sub(step).max(1);
        let can_rise = self.has_waited && up > before;
        let can_fall = (self.has_waited || busy > 1) && down < before;
        let next = match (can_rise, can_fall) {
            (true, true) if self.is_upwards => up,
            (true, false) => up,
            (_, true) => down,
            (false, false) => return self.rest(now, self.rest),
        };
        self.is_upwards = next > before;
        LIMIT.store(next, Ordering::Relaxed);
        self.phase = Phase::Settling { until: now + SETTLING, before };
    }

    fn decide(&mut self, now: u64, before: usize, rate: f64) {
        /// What another limit must gain, so that it is not changed by chance.
        const GAIN: f64 = 1.1;
        if rate > self.rate * GAIN {
            self.rate = rate;
            self.rest = REST.0;
        } else {
            LIMIT.store(before, Ordering::Relaxed);
            self.is_upwards = !self.is_upwards;
            self.rest = (self.rest * 2).min(REST.1);
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

    /// Runs the search for some milliseconds among eight callers, whose calls take 20 microseconds of
    /// work; `speed` says how much work is done at a limit, in nanoseconds a nanosecond.
    ///
    /// Returns for how many of the milliseconds the limit was the best one.
    fn run(search: &mut Search, start: u64, milliseconds: u64, best: usize, speed: &[f64]) -> u64 {
        const ROUND: u64 = 100_000;
        let mut rounds = 0;
        for round in 0..milliseconds * 10 {
            // Some rounds get less done than others.
            let luck = [1.0, 0.9, 1.1, 1.0, 0.95, 1.05][(round % 6) as usize];
            let work = (ROUND as f64 * luck * speed[get() - 1]) as u64;
            SLOTS[0].work.fetch_add(work, Ordering::Relaxed);
            SLOTS[0].calls.fetch_add(work / 20_000, Ordering::Relaxed);
            search.step(start + (round + 1) * ROUND, get(), true);
            rounds += u64::from(get() == best);
        }
        rounds / 10
    }

    #[test]
    fn the_best_limit_is_found_and_followed() {
        CORES.get_or_init(|| 4);
        let mut search = Search::new();
        let one = [1.0, 0.5, 0.3, 0.2];
        let two = [1.0, 1.95, 1.2, 0.8];
        let all = [1.0, 1.9, 2.8, 3.6];
        let mut now = 0;
        for (best, speed) in [(1, one), (4, all), (2, two), (1, one), (2, two), (4, all)] {
            run(&mut search, now, 150, best, &speed);
            let at_best = run(&mut search, now + 150 * MILLISECOND, 1000, best, &speed);
            now += 1150 * MILLISECOND;
            assert!(at_best > 850, "the limit was {best} for {at_best} ms of a second");
        }
    }
}
