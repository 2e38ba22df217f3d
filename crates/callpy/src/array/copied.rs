//! Copies that Python may keep and write.

use super::element::Element;
use crate::scope::Scope;
use crate::{CopyReason, Object, Result};

/// Gives Python a copy of its own: for functions that keep an argument, or write into it.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// # let source = "seen = []\ndef remember(series): seen.append(series)";
/// # python.module_from_source("monitor", "monitor.py", source)?;
/// # python.module("sys")?.attr("modules")?.set_item("monitor", python.module_from_source("monitor", "", "")?.object())?;
/// let keep = python.function("monitor:remember")?;
/// let series = vec![1.0, 2.0];
/// keep.call::<()>(callpy::Copied(&series[..]))?;
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Copied<S>(pub S);

impl<S> Copied<S> {
    pub(crate) fn give<T: Element>(self, scope: &mut Scope<'_>) -> Result<Object>
    where
        S: AsRef<[T]>,
    {
        let copy = self.0.as_ref().to_vec();
        scope.copied(size_of_val(&copy[..]), CopyReason::Asked)?;
        scope.give(copy)
    }
}
