//! Queries on several machines, by datafusion-distributed.
//!
//! Workers are processes that were started with a list of Python files (`callpy-worker`, or
//! [`Functions::worker`]). A query sends them plans and [specs](crate::spec): names, types and hashes. No source
//! and no pickles go over, and a worker calls only functions of its own files, which must be the same as here.

mod channels;
mod cluster;
mod handshake;
mod specs;
mod worker;

pub use cluster::{Cluster, Session};
pub use worker::Worker;
