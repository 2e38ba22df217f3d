//! Runs a query over CSV and Parquet files with Python functions, on this machine or on workers.

use std::path::Path;
use std::process::ExitCode;

use callpy::Target;
use callpy_datafusion::{Functions, Nulls};
use clap::{Parser, ValueEnum};
use datafusion::arrow::util::pretty::print_batches;
use datafusion::prelude::{SessionConfig, SessionContext};

/// Run a query over CSV and Parquet files with Python functions
///
/// The query names files as tables: SELECT sensor, detect(value ORDER BY time) FROM 'cpu.csv' GROUP BY sensor
#[derive(Debug, Parser)]
#[command(name = "callpy-sql", version)]
struct Options {
    /// A function that is called for each group: outliers.py:detect
    #[arg(long, value_name = "FILE:FUNCTION")]
    aggregate: Vec<String>,
    /// A function that is called for each batch of rows
    #[arg(long, value_name = "FILE:FUNCTION")]
    scalar: Vec<String>,
    /// A function that is called for each partition of a window
    #[arg(long, value_name = "FILE:FUNCTION")]
    window: Vec<String>,
    /// What becomes of nulls
    #[arg(long, value_enum, default_value = "error")]
    nulls: Policy,
    /// Workers that the query runs on: http://HOST:PORT, separated by commas
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    workers: Vec<String>,
    /// How often the query is run again when a worker is lost
    #[arg(long, default_value_t = 0)]
    retries: usize,
    /// The query
    sql: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Policy {
    /// They are an error
    Error,
    /// They are NaN
    Nan,
    /// Their rows are left out
    Skip,
    /// They are masked
    Masked,
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("callpy-sql: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let nulls = match options.nulls {
        Policy::Error => Nulls::Error,
        Policy::Nan => Nulls::Nan,
        Policy::Skip => Nulls::Skip,
        Policy::Masked => Nulls::Masked,
    };
    type Declare = fn(Functions, &str) -> Functions;
    let lists: [(&[String], Declare); 3] = [
        (&options.aggregate, Functions::aggregate),
        (&options.scalar, Functions::scalar),
        (&options.window, Functions::window),
    ];
    let mut functions: Option<Functions> = None;
    for (targets, declare) in lists {
        for text in targets {
            let target = Target::parse(text);
            let (file, function) = target.parts()?;
            let declared = declare(Functions::from_file(Path::new(file))?, function).nulls(nulls);
            functions = Some(match functions {
                Some(all) => all.and(declared),
                None => declared,
            });
        }
    }
    let functions = functions.ok_or("name a function: --aggregate outliers.py:detect")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(query(&functions, &options))
}

async fn query(functions: &Functions, options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let config = SessionConfig::new();
    let batches = if options.workers.is_empty() {
        let context = SessionContext::new_with_config(config).enable_url_table();
        functions.register(&context)?;
        context.sql(&options.sql).await?.collect().await?
    } else {
        let cluster = functions.cluster(options.workers.clone()).retries(options.retries);
        cluster.config(config).session().await?.with_url_tables().collect(&options.sql).await?
    };
    print_batches(&batches)?;
    Ok(())
}
