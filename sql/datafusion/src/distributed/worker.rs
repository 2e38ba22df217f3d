//! The process on each machine that runs parts of queries.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use callpy::Python;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::RegisterFunction;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion_distributed::{DistributedExt as _, WorkerQueryContext};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use super::channels::{CONNECTION_WINDOW, Channels, STREAM_WINDOW};
use super::handshake::{Info, Versions};
use super::specs::Specs;
use crate::error::{Error, failed, wrong};
use crate::functions::{File, Functions};
use crate::runtime::blocking;
use crate::spec::Spec;
use crate::udf::Udf;

/// A process that runs parts of queries, with the functions of its own files.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let worker = callpy_datafusion::Functions::from_file("outliers.py")?.worker()?;
/// let listener = tokio::net::TcpListener::bind("0.0.0.0:8000").await?;
/// worker.serve(listener, std::future::pending()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Worker {
    library: Arc<Library>,
    versions: Versions,
    channels: Channels,
}

/// The functions that may be called.
#[derive(Debug)]
struct Library {
    files: Vec<Arc<File>>,
    python: Python,
    /// What was made for earlier queries, up to `MOST`.
    made: Mutex<HashMap<Spec, RegisterFunction>>,
}

impl Library {
    /// How many functions are stored: `CREATE FUNCTION` of every session makes more of them.
    const MOST: usize = 1_000;

    fn function(&self, spec: &Spec) -> Result<RegisterFunction> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(spec).cloned();
        if let Some(made) = made {
            return Ok(made);
        }
        let module = &spec.module;
        let file = self.files.iter().find(|it| it.stem == *module && it.hash == spec.hash);
        let file = file.ok_or_else(|| {
            wrong(&spec.name, format!("this worker has no {module}.py, or another one"))
        })?;
        spec.check().map_err(|why| wrong(&spec.name, why))?;
        // Nothing but the functions of the file itself: not what it imports, nor parts of that.
        if file.module.function(&spec.function).is_none() {
            return Err(wrong(
                &spec.name,
                format!("{module}.py has no function {:?}", spec.function),
            ));
        }
        let function = blocking(|| file.load(self.python, &spec.function));
        let function = function.map_err(|error| failed(&spec.name, error))?;
        let made = Udf::new(spec.clone(), function, self.python).for_sql();
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= Library::MOST {
            // Those that are still called are made again.
            all.clear();
        }
        all.insert(spec.clone(), made.clone());
        Ok(made)
    }

    fn register(&self, spec: &Spec, state: &mut SessionState) -> Result<()> {
        match self.function(spec)? {
            RegisterFunction::Scalar(function) => drop(state.register_udf(function)?),
            RegisterFunction::Aggregate(function) => drop(state.register_udaf(function)?),
            RegisterFunction::Window(function) => drop(state.register_udwf(function)?),
            _ => {}
        }
        Ok(())
    }
}

impl Functions {
    /// Makes a worker that may call all functions of these files: coordinators say which, and as what.
    ///
    /// Python is started, and the files are imported, so that what is wrong with them is known now.
    ///
    /// # Errors
    ///
    /// Python can't be started, or an import fails.
    pub fn worker(&self) -> Result<Worker, Error> {
        let python = self.start()?;
        for file in self.files() {
            let failed = |error: callpy::Error| {
                Error::new(file.path.display().to_string(), format!("{error:#}"))
            };
            python.module(&file.path).map_err(failed)?;
        }
        let versions = Versions::of_this_process(python)
            .map_err(|error| Error::new("Python", format!("{error:#}")))?;
        let library = Library { files: self.files().to_vec(), python, made: Mutex::default() };
        let channels = Channels::new(Worker::PATIENCE);
        Ok(Worker { library: Arc::new(library), versions, channels })
    }
}

impl Worker {
    /// For how long another machine may be silent.
    const PATIENCE: Duration = Duration::from_secs(4);

    /// Answers coordinators and other workers until `stop` is ready.
    ///
    /// # Errors
    ///
    /// Those of the listener.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), tonic::transport::Error> {
        let files = &self.library.files;
        let files = files.iter().map(|file| (&file.stem[..], &file.hash[..]));
        let info = Info::of_this_process(self.versions.clone(), files);
        let build = move |context| self.clone().session(context);
        let service = datafusion_distributed::Worker::from_session_builder(build)
            .with_version(info.to_text())
            .into_worker_server();
        Server::builder()
            .tcp_nodelay(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keepalive_interval(Some(Worker::PATIENCE / 2))
            .http2_keepalive_timeout(Some(Worker::PATIENCE / 2))
            .add_service(service)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop)
            .await
    }

    /// Makes the session of one query: DataFusion's own functions, and those that the coordinator names.
    async fn session(self, context: WorkerQueryContext) -> Result<SessionState, DataFusionError> {
        let builder = context
            .builder
            .with_distributed_option_extension_from_headers::<Specs>(&context.headers)?
            .with_distributed_channel_resolver(self.channels.clone());
        // A builder's list of functions would replace DataFusion's own.
        let mut state = builder.build();
        let specs = state.config().options().extensions.get::<Specs>().map(Specs::list);
        for spec in specs.unwrap_or_default() {
            self.library.register(&spec, &mut state)?;
        }
        Ok(state)
    }
}
