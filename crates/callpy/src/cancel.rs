//! Cancelling calls from another thread, and the limits of a call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Cancels calls from another thread.
///
/// Passed to [`Function::cancelled_by`](crate::Function::cancelled_by). Clones cancel the same calls.
/// Cancelling has no end: calls that begin later are cancelled too, so each call, or each group of calls
/// that belong together, has a `Cancel` of its own.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use callpy::{Cancel, ErrorKind, Python};
///
/// let workers = Python::builder().workers(1)?;
/// let cancel = Cancel::new();
/// let sleep = workers.function("time:sleep")?.cancelled_by(&cancel);
/// let call = std::thread::spawn(move || sleep.call::<()>(60));
/// cancel.cancel();
/// let error = call.join().unwrap().unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Cancelled));
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_cancelled: AtomicBool,
    listeners: Mutex<Listeners>,
}

/// What the calls under way have to be told.
#[derive(Default)]
struct Listeners {
    next: u64,
    all: BTreeMap<u64, Box<dyn Fn() + Send>>,
}

impl Shared {
    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancel {
    /// Creates one that has cancelled nothing yet.
    ///
    /// ```
    /// assert!(!callpy::Cancel::new().is_cancelled());
    /// ```
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Cancels the calls under way, and those that begin later. Never waits for them.
    ///
    /// ```
    /// use callpy::{Cancel, ErrorKind};
    ///
    /// # let python = callpy::Python::start()?;
    /// let cancel = Cancel::new();
    /// let sqrt = python.function("math:sqrt")?.cancelled_by(&cancel);
    /// assert_eq!(sqrt.call::<f64>(4.0)?, 2.0);
    /// cancel.cancel();
    /// let error = sqrt.call::<f64>(4.0).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Cancelled));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn cancel(&self) {
        // Under the lock, so that nothing is told to a call that is over.
        let mut listeners = self.0.listeners();
        self.0.is_cancelled.store(true, Ordering::Release);
        std::mem::take(&mut listeners.all).values().for_each(|tell| tell());
    }

    /// Says whether [`cancel`](Cancel::cancel) was called.
    ///
    /// ```
    /// let cancel = callpy::Cancel::new();
    /// cancel.clone().cancel();
    /// assert!(cancel.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Acquire)
    }

    /// Has `tell` called once it is cancelled, now if it is already; not after what is returned was
    /// dropped. `tell` must neither block nor use this.
    pub(crate) fn listen(&self, tell: impl Fn() + Send + 'static) -> Listening {
        let mut listeners = self.0.listeners();
        listeners.next += 1;
        let number = listeners.next;
        if self.is_cancelled() {
            tell();
        } else {
            listeners.all.insert(number, Box::new(tell));
        }
        drop(listeners);
        Listening { cancel: self.clone(), number }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

/// A call that is told when it is cancelled.
pub(crate) struct Listening {
    cancel: Cancel,
    number: u64,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.cancel.0.listeners().all.remove(&self.number);
    }
}

/// What may end a call before it returns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    pub(crate) within: Option<Duration>,
    /// Each of them ends the call.
    pub(crate) cancels: Vec<Cancel>,
}

impl Limits {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancels.iter().any(Cancel::is_cancelled)
    }

    /// Has `tell` called by each cancel, as [`Cancel::listen`] says.
    pub(crate) fn listen(&self, tell: impl Fn() + Clone + Send + 'static) -> Vec<Listening> {
        self.cancels.iter().map(|cancel| cancel.listen(tell.clone())).collect()
    }
}
