//! Runs parts of SQL queries for other machines, with the functions of listed Python files.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use callpy_datafusion::Functions;
use clap::Parser;
use tokio::net::TcpListener;

/// Run parts of SQL queries for other machines, with the functions of listed Python files
///
/// Anyone who can reach the address can run queries, and read and write the files that this process can: listen on a
/// network that only the cluster is in.
#[derive(Debug, Parser)]
#[command(name = "callpy-worker", version)]
struct Options {
    /// A Python file whose functions may be called; repeat it for more
    #[arg(long, value_name = "FILE", required = true)]
    functions: Vec<PathBuf>,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("callpy-worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut files = options.functions.iter().map(Functions::from_file);
    let first = files.next().ok_or("no file")??;
    let functions = files.try_fold(first, |all, file| file.map(|file| all.and(file)))?;
    // Before the runtime, since Python takes the thread that starts it for its main thread.
    let worker = functions.worker()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen).await?;
        println!("listening on http://{}", listener.local_addr()?);
        let stop = async {
            // Without a handler the system ends the process.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        worker.serve(listener, stop).await?;
        Ok(())
    })
}
