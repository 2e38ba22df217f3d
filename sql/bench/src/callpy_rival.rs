//! callpy itself as a rival: it answers the lines that sql/rivals/harness.py describes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use callpy_datafusion::{Functions, Session};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Float64Type, Int64Type};
use datafusion::datasource::MemTable;
use datafusion::prelude::{ParquetReadOptions, SessionContext};

use crate::{Result, root};

/// Where the table is, and where queries run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Source {
    /// In memory, and in this process.
    Memory,
    /// In a Parquet file, and in this process.
    Parquet,
    /// In a Parquet file, and on two workers.
    Workers,
    /// As `Workers`, without any Python: what datafusion-distributed itself takes for the rows of groups.
    Engine,
}

/// The files of the functions.
const FILES: [&str; 2] = ["examples/outliers/outliers.py", "sql/rivals/work.py"];

/// Answers until stdin ends.
pub(crate) fn serve(source: Source) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut house = runtime.block_on(House::new(source))?;
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer = match line.split_once(' ') {
            Some(("open", file)) => runtime.block_on(house.open(file)).map(|()| String::new()),
            Some(("run", work)) => runtime.block_on(house.run(work)),
            _ => Err(format!("it can't {line:?}").into()),
        };
        match answer {
            Ok(answer) => writeln!(answers, "ok {answer}")?,
            Err(error) => writeln!(answers, "error {}", error.to_string().replace('\n', " "))?,
        }
        answers.flush()?;
    }
    Ok(())
}

/// What queries run on.
enum Place {
    Here(SessionContext),
    Workers(Box<Session>, [Worker; 2]),
}

struct House {
    source: Source,
    place: Place,
    /// How long `detect` took last on the workers.
    detect: Duration,
}

impl House {
    async fn new(source: Source) -> Result<House> {
        let [outliers, work] = FILES.map(|file| Functions::from_file(root().join(file)));
        let functions = outliers?.aggregate("detect");
        let functions = functions.and(work?.aggregate("tally").scalar("scaled"));
        let place = match source {
            Source::Memory | Source::Parquet => {
                let context = SessionContext::new();
                functions.register(&context)?;
                Place::Here(context)
            }
            Source::Workers | Source::Engine => {
                let workers = [Worker::start("127.0.0.1:0")?, Worker::start("127.0.0.1:0")?];
                let urls = workers.each_ref().map(|worker| format!("http://{}", worker.address));
                let session = functions.cluster(urls).retries(1).session().await?;
                Place::Workers(Box::new(session), workers)
            }
        };
        Ok(House { source, place, detect: Duration::ZERO })
    }

    fn context(&self) -> &SessionContext {
        match &self.place {
            Place::Here(context) => context,
            Place::Workers(session, _) => session,
        }
    }

    async fn open(&self, file: &str) -> Result<()> {
        let context = self.context();
        context.deregister_table("cpu")?;
        if self.source != Source::Memory {
            context.register_parquet("cpu", file, ParquetReadOptions::default()).await?;
            return Ok(());
        }
        let frame = context.read_parquet(file, ParquetReadOptions::default()).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let parts = frame.collect_partitioned().await?;
        context.register_table("cpu", Arc::new(MemTable::try_new(schema, parts)?))?;
        Ok(())
    }

    async fn run(&mut self, work: &str) -> Result<String> {
        let query = match (work, self.source) {
            ("tally", Source::Engine) => {
                "SELECT sensor, CAST(cardinality(array_agg(value)) AS BIGINT) FROM cpu GROUP BY sensor"
            }
            (_, Source::Engine) => return Err(format!("it does not do '{work}'").into()),
            ("detect" | "detect-killed", _) => {
                "SELECT sensor, detect(value) FROM cpu GROUP BY sensor"
            }
            ("detect-ordered", _) => {
                "SELECT sensor, detect(value ORDER BY time) FROM cpu GROUP BY sensor"
            }
            ("tally", _) => "SELECT sensor, tally(value) FROM cpu GROUP BY sensor",
            ("scaled", _) => "SELECT sum(scaled(value)) FROM cpu",
            _ => return Err(format!("it does not do '{work}'").into()),
        };
        let half = self.detect / 2;
        let start = Instant::now();
        let batches = match &mut self.place {
            Place::Here(context) => context.sql(query).await?.collect().await?,
            Place::Workers(session, workers) if work == "detect-killed" => {
                let kill = async {
                    tokio::time::sleep(half).await;
                    workers[1].kill()
                };
                let (batches, killed) = tokio::join!(session.collect(query), kill);
                killed?;
                batches?
            }
            Place::Workers(session, _) => session.collect(query).await?,
        };
        let took = start.elapsed();
        match &mut self.place {
            Place::Workers(_, workers) if work == "detect-killed" => workers[1].start_again()?,
            Place::Workers(..) if work == "detect" => self.detect = took,
            _ => {}
        }
        let (rows, digest) = digest(work, &batches);
        Ok(format!("{} {rows} {digest}", took.as_nanos()))
    }
}

/// A worker process, which ends with this.
struct Worker {
    child: Child,
    address: String,
}

impl Worker {
    fn start(listen: &str) -> Result<Worker> {
        let program = std::env::current_exe()?.with_file_name("callpy-worker");
        let mut command = Command::new(&program);
        for file in FILES {
            command.arg("--functions").arg(root().join(file));
        }
        let started = command.args(["--listen", listen]).stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| format!("{}: {error}", program.display()))?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.ok_or("a worker did not start; its messages are above")?.to_owned();
        Ok(Worker { child, address })
    }

    fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn start_again(&mut self) -> Result<()> {
        *self = Worker::start(&self.address)?;
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// As `digest` in sql/rivals/harness.py.
fn digest(work: &str, batches: &[RecordBatch]) -> (usize, u64) {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    if work == "scaled" {
        let sum = batches[0].column(0).as_primitive::<Float64Type>().value(0);
        return (rows, (sum * 10.0).round() as u64);
    }
    let mut digest = 0_u64;
    for batch in batches {
        let sensors = batch.column(0).as_primitive::<Int64Type>();
        for (row, sensor) in sensors.values().iter().enumerate() {
            let weight = *sensor as u64 + 1;
            let found = match work {
                "tally" => batch.column(1).as_primitive::<Int64Type>().value(row) as u64,
                _ => {
                    let found = batch.column(1).as_list::<i32>().value(row);
                    let found = found.as_primitive::<Int64Type>();
                    match work {
                        "detect-ordered" => {
                            found.values().iter().map(|index| *index as u64 + 1).sum()
                        }
                        _ => found.len() as u64,
                    }
                }
            };
            digest = digest.wrapping_add(weight.wrapping_mul(found));
        }
    }
    (rows, digest)
}
