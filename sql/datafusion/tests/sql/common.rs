//! What the tests share: the functions, tables in memory, and rows as text.

use std::sync::Arc;

use callpy_datafusion::Functions;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::text::as_text;

pub(crate) fn functions() -> Functions {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/functions.py");
    Functions::from_file(file).unwrap()
}

pub(crate) fn context(functions: &Functions) -> SessionContext {
    context_with(functions, SessionConfig::new().with_target_partitions(2))
}

pub(crate) fn context_with(functions: &Functions, config: SessionConfig) -> SessionContext {
    let context = SessionContext::new_with_config(config);
    functions.register(&context).unwrap();
    context
}

/// Registers a table whose rows are in several partitions, each of one batch.
pub(crate) fn table(context: &SessionContext, columns: &[(&str, ArrayRef)], partitions: usize) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.iter().map(|(name, array)| (*name, Arc::clone(array), true)),
    )
    .unwrap();
    let rows = batch.num_rows().div_ceil(partitions).max(1);
    let parts = (0..partitions).map(|part| {
        let start = (part * rows).min(batch.num_rows());
        vec![batch.slice(start, rows.min(batch.num_rows() - start))]
    });
    let table = MemTable::try_new(batch.schema(), parts.collect()).unwrap();
    context.deregister_table("t").unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
}

pub(crate) async fn batches(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    context.sql(sql).await?.collect().await
}

/// Returns the rows as text, sorted; values are separated by `|`.
pub(crate) async fn rows(context: &SessionContext, sql: &str) -> Result<Vec<String>> {
    Ok(as_text(&batches(context, sql).await?))
}

pub(crate) async fn error(context: &SessionContext, sql: &str) -> DataFusionError {
    batches(context, sql).await.unwrap_err()
}
