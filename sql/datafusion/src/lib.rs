//! Python functions in DataFusion's SQL, on one machine or many.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let functions = callpy_datafusion::Functions::from_file("outliers.py")?.aggregate("detect");
//!
//! let context = datafusion::prelude::SessionContext::new();
//! functions.register(&context)?;
//! context.sql("SELECT sensor, detect(value ORDER BY time) FROM cpu GROUP BY sensor").await?.show().await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Functions`] says which functions of a file SQL may call, and as what. The file is read for its hints,
//! which give the SQL types, and imported when the functions are registered. Columns are NumPy arrays over
//! Arrow's own memory, which Python may retain; results are read where NumPy put them. [`Nulls`] says what
//! becomes of nulls, and [`Error`] is every failure of a call.
//!
//! SQL can make functions of the same files: `CREATE FUNCTION detect(DOUBLE) RETURNS BIGINT[] LANGUAGE NUMPY AS
//! 'outliers:detect'`.

mod aggregate;
mod columns;
mod create;
#[cfg(feature = "distributed")]
mod distributed;
mod error;
mod functions;
mod groups;
mod hints;
mod results;
mod runtime;
mod scalar;
#[cfg(feature = "spark")]
mod spark;
mod spec;
mod table;
mod types;
mod udf;
mod window;

#[cfg(feature = "distributed")]
pub use distributed::{Cluster, Session, Worker};
pub use error::Error;
pub use functions::Functions;
pub use spec::Nulls;
