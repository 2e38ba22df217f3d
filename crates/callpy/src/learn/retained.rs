//! What a program is told of a callable that retains its arguments.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, PoisonError, RwLock};

use crate::raw::{Attached, process};

/// A callable was seen to retain arguments, and gets copies from now on.
///
/// Passed to the hook that [`Builder::on_retained`](crate::Builder::on_retained) sets, once for each
/// callable. `Display` writes the line that callpy writes to stderr where there is no hook.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// use std::sync::mpsc;
///
/// let (send, told) = mpsc::channel();
/// let send = std::sync::Mutex::new(send);
/// let python = callpy::Python::builder()
///     .on_retained(move |retained| send.lock().unwrap().send(retained.clone()).unwrap())
///     .start()?;
/// let source = "last = []\ndef remember(series): last[:] = [series]";
/// let remember = python.module_from_source("monitor", "monitor.py", source)?.function("remember")?;
///
/// remember.call::<()>(&[1.0, 2.0])?;
/// let retained = told.recv().unwrap();
/// assert_eq!(retained.function(), "monitor:remember");
/// assert_eq!(retained.arguments(), ["argument 1"]);
/// assert!(retained.holders()[0].contains("the global 'last' of module monitor"));
/// assert!(retained.call_site().is_some());
///
/// remember.call::<()>(&[3.0, 4.0])?;      // gets a copy, too; that is not told again
/// assert!(told.try_recv().is_err());
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    pub(crate) function: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) holders: Vec<String>,
    pub(crate) call_site: Option<&'static Location<'static>>,
}

impl Retained {
    /// Returns the function as errors name it.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Returns the retained arguments as errors name them: `argument 1`, `argument "data"`.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Returns what holds them, in words.
    pub fn holders(&self) -> &[String] {
        &self.holders
    }

    /// Returns where in the program the call is, if that is known.
    pub fn call_site(&self) -> Option<&'static Location<'static>> {
        self.call_site
    }
}

impl fmt::Display for Retained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} retained {}", self.function, self.arguments.join(", "))?;
        write!(f, ", held by {}", self.holders.join(", and by "))?;
        f.write_str("; it gets copies from now on")?;
        match self.call_site {
            Some(call_site) => write!(f, " (the call is at {call_site})"),
            None => Ok(()),
        }
    }
}

pub(crate) type OnRetained = Arc<dyn Fn(&Retained) + Send + Sync>;

static HOOK: RwLock<Option<OnRetained>> = RwLock::new(None);

/// Has the program told in its own way.
pub(crate) fn set_hook(hook: OnRetained) {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = Some(hook);
}

/// Tells the program, while other threads may have the interpreter: the hook may wait for them.
pub(crate) fn tell(py: Attached<'_>, retained: &Retained) {
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    py.detach(|| match hook {
        Some(hook) => hook(retained),
        None => process::complain(&format!("callpy: {retained}")),
    });
}
