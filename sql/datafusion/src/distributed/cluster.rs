//! Queries that run on workers.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::tree_node::TreeNode as _;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_distributed::{DistributedExt as _, SessionStateBuilderExt as _, WorkerResolver};
use url::Url;

use super::channels::Channels;
use super::handshake::{Info, Unusable, Versions, ask};
use super::specs::Specs;
use crate::error::{Error, wrong};
use crate::functions::Functions;
use crate::runtime::blocking;
use crate::spec::Spec;

/// Workers, and the functions that queries on them may call.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let functions = callpy_datafusion::Functions::from_file("outliers.py")?.aggregate("detect");
/// let session = functions.cluster(["http://a:8000", "http://b:8000"]).retries(1).session().await?;
/// session.register_parquet("cpu", "/data/cpu.parquet", Default::default()).await?;
/// let batches = session.collect("SELECT sensor, detect(value ORDER BY time) FROM cpu GROUP BY sensor").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Cluster {
    functions: Functions,
    urls: Vec<String>,
    retries: usize,
    patience: Duration,
    config: SessionConfig,
}

impl Functions {
    /// Names the workers that run queries: `http://HOST:PORT` each.
    pub fn cluster<U: Into<String>>(&self, urls: impl IntoIterator<Item = U>) -> Cluster {
        Cluster {
            functions: self.clone(),
            urls: urls.into_iter().map(Into::into).collect(),
            retries: 0,
            patience: Duration::from_secs(4),
            config: SessionConfig::new(),
        }
    }
}

impl Cluster {
    /// Sets how often a whole query is run again, on the workers that are left, when one of them is lost. It is
    /// not without this.
    ///
    /// A query is run again from its beginning, and its functions are called again. What does more than read, such as
    /// `INSERT`, `COPY` and `CREATE TABLE`, is never run again: some of it may be done already.
    #[must_use]
    pub fn retries(self, retries: usize) -> Cluster {
        Cluster { retries, ..self }
    }

    /// Sets for how long a worker may be silent before it counts as lost; 4 seconds without this.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Cluster {
        Cluster { patience, ..self }
    }

    /// Sets DataFusion's options, such as the number of partitions on each worker.
    #[must_use]
    pub fn config(self, config: SessionConfig) -> Cluster {
        Cluster { config, ..self }
    }

    /// Asks all workers what they are, and makes a session whose queries run on them.
    ///
    /// # Errors
    ///
    /// As [`Functions::register`]; and a worker does not answer, or has another version or other files: the error
    /// names it. With [`retries`](Cluster::retries), workers that do not answer are left out.
    pub async fn session(&self) -> Result<Session> {
        let urls = self.urls.iter().map(|url| {
            Url::parse(url).map_err(|error| wrong(&format!("worker {url}"), error.to_string()))
        });
        let urls: Vec<Url> = urls.collect::<Result<_>>()?;
        let specs = Specs::default();
        let living = Living::default();
        let channels = Channels::new(self.patience);
        let state = SessionStateBuilder::new()
            .with_default_features()
            .with_config(self.config.clone())
            .with_distributed_option_extension(specs.clone())
            .with_distributed_worker_resolver(living.clone())
            .with_distributed_channel_resolver(channels.clone())
            // A call takes far longer than reading its arguments, so even small files are read by all.
            .with_distributed_file_scan_config_bytes_per_partition(1)?
            .with_distributed_planner()
            .build();
        let context = SessionContext::new_with_state(state);
        let told = specs.clone();
        self.functions.register_and(&context, move |spec| told.add(spec.clone()))?;
        let python = self.functions.start()?;
        let versions = blocking(|| Versions::of_this_process(python))
            .map_err(|error| Error::new("Python", format!("{error:#}")))?;
        let retries = self.retries;
        let session = Session { context, urls, specs, versions, living, channels, retries };
        session.look_around().await?;
        Ok(session)
    }
}

/// The workers that answered last.
#[derive(Debug, Clone, Default)]
struct Living(Arc<Mutex<Vec<(Url, Info)>>>);

impl Living {
    fn get(&self) -> Vec<(Url, Info)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, living: Vec<(Url, Info)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = living;
    }
}

impl WorkerResolver for Living {
    fn get_urls(&self) -> Result<Vec<Url>, DataFusionError> {
        Ok(self.get().into_iter().map(|(url, _)| url).collect())
    }
}

/// A session whose queries run on workers: a `SessionContext`, to which [`collect`](Session::collect) adds that the
/// workers are looked at first, and that a query is run again.
pub struct Session {
    context: SessionContext,
    urls: Vec<Url>,
    specs: Specs,
    versions: Versions,
    living: Living,
    channels: Channels,
    retries: usize,
}

impl Deref for Session {
    type Target = SessionContext;

    fn deref(&self) -> &SessionContext {
        &self.context
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

impl Session {
    /// Lets queries name files as tables: `FROM 'cpu.csv'`. Each worker reads the file of that name.
    #[must_use]
    pub fn with_url_tables(mut self) -> Session {
        self.context = self.context.enable_url_table();
        self
    }

    /// Returns the workers that answered last.
    pub fn workers(&self) -> Vec<String> {
        self.living.get().into_iter().map(|(url, _)| url.to_string()).collect()
    }

    /// Runs a query on the workers, and returns all of its rows.
    ///
    /// Before that the workers are asked what they are: one that came back is used again.
    ///
    /// # Errors
    ///
    /// Those of the query, and no rows then. If a worker is lost, the error says so within seconds, unless the query
    /// may be run [again](Cluster::retries).
    pub async fn collect(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        let mut retries = self.retries;
        loop {
            self.look_around().await?;
            let before = self.living.get();
            let plan = self.context.state().create_logical_plan(sql).await?;
            let only_reads = only_reads(&plan)?;
            let run = async { self.context.execute_logical_plan(plan).await?.collect().await };
            let error = match run.await {
                Ok(batches) => return Ok(batches),
                Err(error) => error,
            };
            let lost = self.lost(&before, &error).await?;
            if lost.is_empty() {
                return Err(error);
            }
            if retries == 0 || !only_reads {
                let why = match retries > 0 {
                    true => "; it is not run again, since it does more than read",
                    false => "",
                };
                return Err(error.context(format!("lost {}{why}", lost.join(", "))));
            }
            retries -= 1;
        }
    }

    /// Asks some workers at once what they are, and whether they can run these functions.
    async fn ask_all<'u>(
        &self,
        urls: impl Iterator<Item = &'u Url>,
        specs: &[Spec],
    ) -> Result<Vec<Result<Info, Unusable>>> {
        let asked = urls.map(|url| {
            let (channels, url) = (self.channels.clone(), url.clone());
            let (own, specs) = (self.versions.clone(), specs.to_vec());
            tokio::spawn(async move { ask(&channels, &url, &own, &specs).await })
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await.map_err(|it| DataFusionError::ExecutionJoin(Box::new(it)))?);
        }
        Ok(answers)
    }

    /// Asks all workers what they are.
    async fn look_around(&self) -> Result<()> {
        let answers = self.ask_all(self.urls.iter(), &self.specs.list()).await?;
        let mut living = Vec::new();
        let mut silent = Vec::new();
        for (url, answer) in self.urls.iter().zip(answers) {
            match answer {
                Ok(info) => living.push((url.clone(), info)),
                Err(Unusable::Silent(why)) if self.retries > 0 => {
                    silent.push(format!("{url}: {why}"))
                }
                Err(unusable) => return Err(unusable.into_error(url)),
            }
        }
        if living.is_empty() {
            return Err(wrong("workers", format!("none can be used: {}", silent.join("; "))));
        }
        self.living.set(living);
        Ok(())
    }

    /// Returns the workers that are not what they were when a query began.
    async fn lost(&self, before: &[(Url, Info)], error: &DataFusionError) -> Result<Vec<String>> {
        let answers = self.ask_all(before.iter().map(|(url, _)| url), &[]).await?;
        let mut lost = Vec::new();
        for ((url, info), answer) in before.iter().zip(answers) {
            if answer.ok().as_ref() != Some(info) {
                lost.push(format!("worker {url}"));
            }
        }
        if lost.is_empty() && is_of_transport(error) {
            lost.push("the connection to a worker".to_owned());
        }
        Ok(lost)
    }
}

/// Whether running it twice does no more than running it once, as far as SQL goes.
fn only_reads(plan: &LogicalPlan) -> Result<bool> {
    let does_more = plan.exists(|part| {
        Ok(matches!(
            part,
            LogicalPlan::Dml(_)
                | LogicalPlan::Copy(_)
                | LogicalPlan::Ddl(_)
                | LogicalPlan::Statement(_)
        ))
    });
    Ok(!does_more?)
}

/// Whether an error is of a connection, here or between workers, and not of the query.
fn is_of_transport(error: &DataFusionError) -> bool {
    // What an exception of Python says is not of the connection, whatever words it has.
    let text = error.to_string();
    if text.contains("Traceback (most recent call last)") || Error::find(error).is_some() {
        return false;
    }
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(status) = error.downcast_ref::<tonic::Status>() {
            return matches!(
                status.code(),
                tonic::Code::Unavailable | tonic::Code::Unknown | tonic::Code::Cancelled
            );
        }
        source = error.source();
    }
    // What a worker says of its connection to another one is text.
    ["transport error", "h2 protocol error", "keep-alive timed out"]
        .iter()
        .any(|it| text.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_run_again() {
        let folder = tempfile::tempdir().unwrap();
        let context = SessionContext::new();
        let sql = format!(
            "CREATE EXTERNAL TABLE t (x DOUBLE) STORED AS PARQUET LOCATION '{}/'",
            folder.path().display()
        );
        context.sql(&sql).await.unwrap();
        for (sql, expected) in [
            ("SELECT x FROM t", true),
            ("WITH u AS (VALUES (1)) SELECT * FROM u", true),
            ("EXPLAIN ANALYZE SELECT x FROM t", true),
            ("INSERT INTO t VALUES (1)", false),
            ("EXPLAIN ANALYZE INSERT INTO t VALUES (1)", false),
            ("COPY (SELECT x FROM t) TO 'out.parquet'", false),
            ("CREATE TABLE u AS SELECT x FROM t", false),
            ("CREATE VIEW u AS SELECT x FROM t", false),
            ("SET datafusion.execution.batch_size = 7", false),
            ("PREPARE p AS INSERT INTO t VALUES (1)", false),
        ] {
            let plan = context.state().create_logical_plan(sql).await.unwrap();
            assert_eq!(only_reads(&plan).unwrap(), expected, "{sql}");
        }
    }

    #[test]
    fn an_exception_is_not_of_the_connection() {
        let external = |text: &str| DataFusionError::Execution(text.to_owned());
        assert!(is_of_transport(&external("transport error")));
        let python = "f(x): ValueError: transport error\nTraceback (most recent call last):\n";
        assert!(!is_of_transport(&external(python)));
        assert!(!is_of_transport(&wrong("f(x)", "transport error")));
    }
}
