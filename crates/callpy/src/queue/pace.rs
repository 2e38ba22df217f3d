//! What the queue knows of each function: how long its calls take, and whether they sleep.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::limit;

/// A function's pace. Two functions may share one, which makes it less exact and nothing worse.
pub(super) struct Pace {
    /// How long a call takes that nothing holds up, in nanoseconds; 0 before the first. It falls at once,
    /// and rises slowly.
    usual: AtomicU64,
    /// Whether the next call is to be watched: the last one kept its slot from others.
    is_suspect: AtomicBool,
    /// How many more calls take no slot.
    sleeping: AtomicU32,
}

impl Pace {
    pub(super) fn of(function: usize) -> &'static Pace {
        const COUNT: usize = 256;
        static PACES: [Pace; COUNT] = [const { Pace::new() }; COUNT];
        // Addresses differ in their middle bits most.
        &PACES[((function >> 4) ^ (function >> 12)) % COUNT]
    }

    const fn new() -> Pace {
        Pace {
            usual: AtomicU64::new(0),
            is_suspect: AtomicBool::new(false),
            sleeping: AtomicU32::new(0),
        }
    }

    /// Whether calls of the function mostly sleep, and so neither need a slot nor should keep one.
    pub(super) fn sleeps(&self) -> bool {
        let calls = self.sleeping.load(Ordering::Relaxed);
        if calls > 0 {
            self.sleeping.store(calls - 1, Ordering::Relaxed);
            self.suspect();
        }
        calls > 0
    }

    pub(super) fn is_suspect(&self) -> bool {
        self.is_suspect.load(Ordering::Relaxed)
    }

    /// Asks that the next calls be watched.
    pub(super) fn suspect(&self) {
        self.is_suspect.store(true, Ordering::Relaxed);
    }

    /// Judges by a call that was watched, which took so long and ran for so much of it.
    ///
    /// Beside calls that keep the processor busy, one that waits for the interpreter lock seems to
    /// sleep: that is judged another time.
    pub(super) fn judge(&self, elapsed: u64, ran: u64, is_busy: bool) {
        /// One call that waited for something else should not let the next hundred pass.
        const CALLS: u32 = 16;
        let has_slept = elapsed > super::watch::PATIENCE && ran < elapsed / 8;
        if has_slept && is_busy {
            return;
        }
        self.is_suspect.store(false, Ordering::Relaxed);
        if has_slept {
            self.sleeping.store(CALLS, Ordering::Relaxed);
        }
    }

    /// How long a call takes that nothing holds up, in nanoseconds; 0 if that is not known.
    pub(super) fn usual(&self) -> u64 {
        self.usual.load(Ordering::Relaxed)
    }

    /// Learns how long a call took. Not while limits are compared, by the work that gets done, since a
    /// call of the function counts for as much work as its calls usually are.
    pub(super) fn learn(&self, elapsed: u64) {
        let usual = match self.usual() {
            0 => elapsed,
            _ if limit::is_comparing() => return,
            // A busy machine makes calls longer, and nothing makes one shorter than it is.
            usual => elapsed.min(usual + usual / 64 + 1),
        };
        self.usual.store(usual, Ordering::Relaxed);
    }
}
