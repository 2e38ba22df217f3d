//! Where Python runs: never on a thread that a tokio runtime needs for others.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs a function that may wait for the interpreter, or compute for long.
///
/// DataFusion polls its streams on the runtime's threads, and so does gRPC answer on them. On a
/// multi-thread runtime another thread takes over the tasks of this one. A current-thread runtime has one
/// thread, and DataFusion's functions are synchronous, so nothing else can run there meanwhile.
pub(crate) fn blocking<R>(work: impl FnOnce() -> R) -> R {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(work)
        }
        _ => work(),
    }
}
