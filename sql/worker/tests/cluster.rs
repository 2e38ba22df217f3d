//! Queries on two worker processes: the rows of one process, or an error, whatever becomes of the workers.
#![cfg(unix)]
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use callpy_datafusion::{Cluster, Functions, Session};
use datafusion::arrow::array::RecordBatch;
use datafusion::error::Result;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

#[path = "../../datafusion/tests/sql/text.rs"]
mod text;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/cluster.py");

/// Within this time a query on a lost worker must have ended.
const LIMIT: Duration = Duration::from_secs(15);

/// A worker process, which ends with its test.
struct Worker {
    child: Child,
    url: String,
}

impl Worker {
    fn start(file: &Path, listen: &str, marks: &Path) -> Worker {
        let mut child = Command::new(env!("CARGO_BIN_EXE_callpy-worker"))
            .arg("--functions")
            .arg(file)
            .args(["--listen", listen])
            .env("CALLPY_TEST_MARKS", marks)
            // As many as the cores of a small machine, so that they would run out.
            .env("TOKIO_WORKER_THREADS", "2")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.strip_prefix("listening on ").expect("it has started").trim().to_owned();
        Worker { child, url }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until a function runs in this worker.
    async fn has_begun(&self, marks: &Path) {
        let mark = marks.join(self.child.id().to_string());
        while !mark.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two workers, and a table that they and this process read.
struct House {
    folder: tempfile::TempDir,
    workers: Vec<Worker>,
}

impl House {
    async fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let sql = format!(
            "COPY (SELECT value AS n, value % 16 AS g, CAST(value % 97 AS DOUBLE) AS x \
             FROM generate_series(1, 20000)) TO '{}' STORED AS PARQUET",
            folder.path().join("t.parquet").display()
        );
        SessionContext::new().sql(&sql).await.unwrap().collect().await.unwrap();
        let start = |_| Worker::start(FILE.as_ref(), "127.0.0.1:0", folder.path());
        House { workers: (0..2).map(start).collect(), folder }
    }

    fn table(&self) -> PathBuf {
        self.folder.path().join("t.parquet")
    }

    fn cluster(&self) -> Cluster {
        let urls: Vec<String> = self.workers.iter().map(|worker| worker.url.clone()).collect();
        functions().cluster(urls).config(config()).patience(Duration::from_secs(2))
    }

    async fn session(&self, retries: usize) -> Session {
        let session = self.cluster().retries(retries).session().await.unwrap();
        self.register(&session).await;
        session
    }

    async fn register(&self, context: &SessionContext) {
        let table = self.table();
        let table = table.to_str().unwrap();
        context.register_parquet("t", table, ParquetReadOptions::default()).await.unwrap();
    }
}

fn functions() -> Functions {
    Functions::from_file(FILE)
        .unwrap()
        .aggregate("total")
        .aggregate("slow_total")
        .aggregate("busy_total")
        .aggregate("process")
        .aggregate("raises")
        .scalar("scaled")
}

fn config() -> SessionConfig {
    SessionConfig::new().with_target_partitions(2)
}

fn rows(batches: Result<Vec<RecordBatch>>) -> Vec<String> {
    text::as_text(&batches.unwrap())
}

const TOTALS: &str = "SELECT g, slow_total(x) FROM t GROUP BY g";

/// What `TOTALS` must return.
async fn totals(house: &House) -> Vec<String> {
    let context = SessionContext::new();
    house.register(&context).await;
    rows(context.sql("SELECT g, sum(x) FROM t GROUP BY g").await.unwrap().collect().await)
}

async fn collect(session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
    tokio::time::timeout(LIMIT, session.collect(sql)).await.expect("it ends in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_one_process() {
    let house = House::new().await;
    let session = house.session(0).await;
    let one = SessionContext::new_with_config(config());
    functions().register(&one).unwrap();
    house.register(&one).await;
    for sql in [
        "SELECT g, total(x) FROM t GROUP BY g",
        "SELECT g, total(x ORDER BY n) FILTER (WHERE n > 700), total(DISTINCT x) FROM t GROUP BY g",
        "SELECT total(scaled(x)), avg(x), max(g) FROM t",
        "SELECT n, scaled(x), abs(g) FROM t WHERE n % 500 = 0",
        "SELECT n, total(x) OVER (PARTITION BY g ORDER BY n ROWS 3 PRECEDING) FROM t WHERE n < 500",
    ] {
        let expected = rows(one.sql(sql).await.unwrap().collect().await);
        assert_eq!(rows(collect(&session, sql).await), expected, "{sql}");
    }
    // Both take part.
    let found = collect(&session, "SELECT g, process(x) FROM t GROUP BY g").await;
    let processes: BTreeSet<String> =
        rows(found).iter().map(|row| row.split('|').nth(1).unwrap().to_owned()).collect();
    let workers = house.workers.iter().map(|worker| worker.child.id().to_string()).collect();
    assert_eq!(processes, workers);

    // What SQL makes is known to workers as well.
    let sql = "CREATE FUNCTION again(DOUBLE) RETURNS DOUBLE LANGUAGE PYTHON AS 'cluster:total'";
    session.sql(sql).await.unwrap();
    let sql = "SELECT g, again(x) FROM t GROUP BY g";
    let expected = rows(one.sql(&sql.replace("again", "total")).await.unwrap().collect().await);
    assert_eq!(rows(collect(&session, sql).await), expected);

    let error = collect(&session, "SELECT g, raises(x) FROM t GROUP BY g").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("raises(x): ValueError: not on this machine"), "{text}");
    assert!(text.contains("Traceback") && text.contains("cluster.py"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_worker_is_named_before_a_query_runs() {
    let house = House::new().await;
    let good = &house.workers[0].url;
    let named = |file: &str| house.folder.path().join(file);
    let text = std::fs::read_to_string(FILE).unwrap();
    std::fs::create_dir(named("changed")).unwrap();
    std::fs::write(named("changed/cluster.py"), text.replace("data * 2", "data * 3")).unwrap();
    std::fs::write(named("other.py"), text).unwrap();
    for (file, message) in [
        ("changed/cluster.py", "its cluster.py is not the one of this program"),
        ("other.py", "it has no cluster.py"),
    ] {
        let worker = Worker::start(&named(file), "127.0.0.1:0", house.folder.path());
        let error = functions().cluster([good, &worker.url]).session().await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&worker.url) && text.contains(message), "{text}");
        // A wrong worker is an error too where one that is silent is left out.
        assert!(functions().cluster([good, &worker.url]).retries(3).session().await.is_err());
    }
    let nowhere = "http://127.0.0.1:1";
    let error = functions().cluster([good, nowhere]).session().await.unwrap_err().to_string();
    assert!(error.contains(nowhere) && error.contains("it does not answer"), "{error}");
    let session = functions().cluster([good, nowhere]).retries(1).session().await.unwrap();
    assert_eq!(session.workers().len(), 1);
}

/// Sixteen partitions compute on workers of two threads, and hold the interpreter lock. Meanwhile the workers still
/// answer: in a tenth of a second, which is all that a session waits here. Most of the time, since the machine may be
/// busy with other things.
#[tokio::test(flavor = "multi_thread")]
async fn workers_answer_while_python_computes() {
    let house = House::new().await;
    let config = SessionConfig::new().with_target_partitions(16);
    let session = house.cluster().config(config).session().await.unwrap();
    house.register(&session).await;
    let expected = totals(&house).await;
    let query = "SELECT g, busy_total(x) FROM t GROUP BY g";
    let busy = tokio::spawn(async move { collect(&session, query).await });
    for worker in &house.workers {
        let begun = worker.has_begun(house.folder.path());
        tokio::time::timeout(LIMIT, begun).await.expect("the function runs there");
    }
    let (mut answered, mut late) = (0, 0);
    while !busy.is_finished() {
        match house.cluster().patience(Duration::from_millis(100)).session().await {
            Ok(_) => answered += 1,
            Err(error) => {
                assert!(error.to_string().contains("it does not answer"), "{error}");
                late += 1;
            }
        }
    }
    assert!(answered > late, "{answered} answers in time, and {late} not");
    assert_eq!(rows(busy.await.unwrap()), expected);
}

#[test]
fn without_python_neither_command_starts() {
    for command in [
        Command::new(env!("CARGO_BIN_EXE_callpy-worker")).args(["--functions", FILE]),
        Command::new(env!("CARGO_BIN_EXE_callpy-sql")).args([
            "--aggregate",
            &format!("{FILE}:total"),
            "SELECT total(1.0)",
        ]),
    ] {
        let output = command.env("CALLPY_PYTHON", "/no/such/python").output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("Python") && error.contains("/no/such/python"), "{error}");
        assert!(output.stdout.is_empty(), "nothing listens, and there are no rows");
    }
}

/// Loses a worker in the middle of a query, by a signal.
async fn lose(signal: &str, retries: usize) -> (House, Session, Result<Vec<RecordBatch>>) {
    lose_in(|_| TOTALS.to_owned(), signal, retries).await
}

async fn lose_in(
    sql: impl Fn(&House) -> String,
    signal: &str,
    retries: usize,
) -> (House, Session, Result<Vec<RecordBatch>>) {
    let house = House::new().await;
    let session = house.session(retries).await;
    let strike = async {
        let begun = house.workers[1].has_begun(house.folder.path());
        tokio::time::timeout(LIMIT, begun).await.expect("the function runs there");
        house.workers[1].signal(signal);
    };
    let sql = sql(&house);
    let (result, ()) = tokio::join!(collect(&session, &sql), strike);
    (house, session, result)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_an_error() {
    let (house, _, result) = lose("-KILL", 0).await;
    let text = result.unwrap_err().to_string();
    assert!(text.contains("lost") && text.contains(&house.workers[1].url), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_run_again_without_a_killed_worker() {
    let (mut house, session, result) = lose("-KILL", 1).await;
    let expected = totals(&house).await;
    assert_eq!(rows(result), expected);
    assert_eq!(session.workers().len(), 1);

    // One that is back takes part again.
    let address = house.workers[1].url.strip_prefix("http://").unwrap().to_owned();
    house.workers[1].kill();
    house.workers[1] = Worker::start(FILE.as_ref(), &address, house.folder.path());
    assert_eq!(rows(collect(&session, TOTALS).await), expected);
    assert_eq!(session.workers().len(), 2);

    // Without any there are no rows.
    house.workers.iter_mut().for_each(Worker::kill);
    let text = collect(&session, TOTALS).await.unwrap_err().to_string();
    assert!(text.contains("none can be used"), "{text}");
}

/// Some of it may be done already.
#[tokio::test(flavor = "multi_thread")]
async fn what_writes_is_not_run_again() {
    let copy = |house: &House| {
        let to = house.folder.path().join("out");
        format!("COPY ({TOTALS}) TO '{}/' STORED AS PARQUET", to.display())
    };
    let (_, _, result) = lose_in(copy, "-KILL", 1).await;
    let text = result.unwrap_err().to_string();
    assert!(text.contains("lost") && text.contains("it is not run again"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_worker_is_an_error_within_seconds() {
    let (house, session, result) = lose("-STOP", 0).await;
    let text = result.unwrap_err().to_string();
    assert!(text.contains("lost"), "{text}");
    house.workers[1].signal("-CONT");
    assert_eq!(rows(collect(&session, TOTALS).await), totals(&house).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_run_again_without_a_stopped_worker() {
    let (house, _, result) = lose("-STOP", 1).await;
    assert_eq!(rows(result), totals(&house).await);
    house.workers[1].signal("-CONT");
}
