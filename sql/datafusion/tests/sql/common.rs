//! What the tests share: the functions, tables in memory, and rows as text.

use std::sync::Arc;

use callpy_datafusion::Functions;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::{SessionConfig, SessionContext};

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

pub(crate) fn as_text(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|array| ArrayFormatter::try_new(array, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> =
                columns.iter().map(|column| column.value(row).to_string()).collect();
            rows.push(values.join("|"));
        }
    }
    rows.sort();
    rows
}

pub(crate) async fn error(context: &SessionContext, sql: &str) -> DataFusionError {
    batches(context, sql).await.unwrap_err()
}
