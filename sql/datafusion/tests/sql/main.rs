//! Python functions in SQL on one machine, a module for each concept: one program, since each one links all of
//! DataFusion.
#![allow(missing_docs, reason = "a test")]

mod aggregate;
mod common;
mod errors;
mod liveness;
mod scalar;
mod text;
mod window;
