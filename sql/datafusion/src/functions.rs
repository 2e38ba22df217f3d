//! The functions of Python files, as they are declared for SQL.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callpy::Python;
use callpy_signature::Module;
use datafusion::execution::SessionState;
use datafusion::execution::context::RegisterFunction;
use datafusion::prelude::SessionContext;

use crate::aggregate::Aggregate;
use crate::create::Factory;
use crate::error::Error;
use crate::hints;
use crate::scalar::Scalar;
use crate::spec::{Kind, Nulls, Spec, hash};
use crate::table::Table;
use crate::udf::Udf;
use crate::window::Window;

/// Python functions that SQL can call.
///
/// A function's hints give its SQL types: `NDArray[np.float64]` is a column of `DOUBLE`, `float` one value for
/// all rows, `list[str]` a column of text. What a function is in SQL is declared by its method, and the
/// methods after that say more of the function declared last.
///
/// ```no_run
/// use callpy_datafusion::{Functions, Nulls};
/// use datafusion::prelude::SessionContext;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let functions = Functions::from_file("outliers.py")?
///     .aggregate("detect")                        // a call for each group: [f64] -> List<Int64>
///     .scalar("scaled").nulls(Nulls::Nan);        // a call for each batch: column in, column out
/// let context = SessionContext::new();
/// functions.register(&context)?;
/// context.sql("SELECT sensor, detect(value ORDER BY time) FROM cpu GROUP BY sensor").await?.show().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Functions {
    files: Vec<Arc<File>>,
    declared: Vec<Declared>,
}

/// A Python file with functions.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) stem: String,
    pub(crate) hash: String,
    pub(crate) module: Module,
}

#[derive(Debug, Clone)]
struct Declared {
    kind: Option<Kind>,
    file: Arc<File>,
    function: String,
    name: Option<String>,
    nulls: Nulls,
    is_volatile: bool,
}

impl File {
    pub(crate) fn read(path: &Path) -> Result<File, Error> {
        let shown = path.display().to_string();
        let text = std::fs::read(path).map_err(|error| Error::new(&shown, error.to_string()))?;
        let decoded = callpy_signature::decode(&text)
            .map_err(|error| Error::new(&shown, error.to_string()))?;
        let module = callpy_signature::read(&decoded)
            .map_err(|error| Error::new(&shown, error.to_string()))?;
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.ok_or_else(|| Error::new(&shown, "its name is not UTF-8"))?.to_owned();
        // Python finds the file where it is, wherever the program goes.
        let path =
            std::path::absolute(path).map_err(|error| Error::new(&shown, error.to_string()))?;
        Ok(File { path, stem, hash: hash(&text), module })
    }

    /// Returns the function of this name in the running Python.
    pub(crate) fn load(&self, python: Python, function: &str) -> callpy::Result<callpy::Function> {
        let mut target = self.path.clone().into_os_string();
        target.push(":");
        target.push(function);
        python.function(target)
    }
}

impl Functions {
    /// Reads the functions of a Python file. Python need not run yet.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is not Python.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Functions, Error> {
        let file = Arc::new(File::read(path.as_ref())?);
        Ok(Functions { files: vec![file], declared: Vec::new() })
    }

    /// Adds the files and functions of another.
    #[must_use]
    pub fn and(mut self, other: Functions) -> Functions {
        self.files.extend(other.files);
        self.declared.extend(other.declared);
        self
    }

    fn declare(mut self, kind: Option<Kind>, function: &str) -> Functions {
        if let Some(file) = self.files.last() {
            self.declared.push(Declared {
                kind,
                file: Arc::clone(file),
                function: function.to_owned(),
                name: None,
                nulls: Nulls::Error,
                is_volatile: false,
            });
        }
        self
    }

    /// Declares a scalar function.
    ///
    /// If its parameters are arrays, it is called for each batch, with columns, and returns a column of the
    /// same length. If all are single values, it is called for each row.
    #[must_use]
    pub fn scalar(self, function: &str) -> Functions {
        self.declare(Some(Kind::Scalar), function)
    }

    /// Declares an aggregate function: it is called for each group, with the group's values.
    ///
    /// A result of many values is a list in SQL. `ORDER BY` inside the call sorts the values of each group,
    /// `DISTINCT` and `FILTER` leave some out. A group that has no rows then is null, without a call.
    #[must_use]
    pub fn aggregate(self, function: &str) -> Functions {
        self.declare(Some(Kind::Aggregate), function)
    }

    /// Declares a window function: it is called for each partition, with its columns in the window's order, and
    /// returns a column of the same length.
    #[must_use]
    pub fn window(self, function: &str) -> Functions {
        self.declare(Some(Kind::Window), function)
    }

    /// Declares a table function: it is called with constants when a query is planned, and returns a dict of
    /// arrays, or a frame of pandas, polars or pyarrow.
    #[must_use]
    pub fn table(self, function: &str) -> Functions {
        self.declare(None, function)
    }

    fn last(mut self, change: impl FnOnce(&mut Declared)) -> Functions {
        if let Some(last) = self.declared.last_mut() {
            change(last);
        }
        self
    }

    /// Says what becomes of nulls; without it, they are an error.
    #[must_use]
    pub fn nulls(self, nulls: Nulls) -> Functions {
        self.last(|declared| declared.nulls = nulls)
    }

    /// Sets the function's name in SQL, which is its own otherwise.
    #[must_use]
    pub fn named(self, name: &str) -> Functions {
        self.last(|declared| declared.name = Some(name.to_owned()))
    }

    /// Says that the same arguments may give another result: no call is left out then.
    #[must_use]
    pub fn volatile(self) -> Functions {
        self.last(|declared| declared.is_volatile = true)
    }

    /// Starts Python if it does not run, with the environment that the files' headers ask for.
    pub(crate) fn start(&self) -> Result<Python, Error> {
        start(self.files.iter().map(|file| &file.path))
    }

    #[cfg(feature = "distributed")]
    pub(crate) fn files(&self) -> &[Arc<File>] {
        &self.files
    }

    /// Registers the functions, and `CREATE FUNCTION` for others of these files.
    ///
    /// Python is started if it does not run yet, with the packages that the files' headers ask for; then the
    /// files are imported.
    ///
    /// # Errors
    ///
    /// Python can't be started, an import fails, a function is missing or has no hints that SQL knows, or SQL has
    /// another function of its name, such as a built-in one. A Python function that is the same kind of function is
    /// replaced.
    pub fn register(&self, context: &SessionContext) -> Result<(), Error> {
        self.register_and(context, |_| Ok(()))
    }

    /// Registers the functions, and tells of each, also of those that `CREATE FUNCTION` makes later.
    pub(crate) fn register_and(
        &self,
        context: &SessionContext,
        tell: impl Fn(&Spec) -> datafusion::error::Result<()> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let python = self.start()?;
        for (spec, register) in self.loaded(python)? {
            if let Some(spec) = spec {
                refuse_taken(&context.state_ref().read(), &spec)
                    .map_err(|why| Error::new(&spec.name, why))?;
                tell(&spec).map_err(|error| Error::new(&spec.name, error.to_string()))?;
            }
            let registered = match register {
                RegisterFunction::Scalar(function) => {
                    context.register_udf((*function).clone());
                    continue;
                }
                RegisterFunction::Aggregate(function) => {
                    context.register_udaf((*function).clone());
                    continue;
                }
                RegisterFunction::Window(function) => {
                    context.register_udwf((*function).clone());
                    continue;
                }
                other => other,
            };
            if let RegisterFunction::Table(name, table) = registered {
                context.register_udtf(&name, table);
            }
        }
        let factory = Factory::new(self.files.clone(), python, Box::new(tell));
        context.state_ref().write().set_function_factory(Arc::new(factory));
        Ok(())
    }

    /// Loads the declared functions.
    pub(crate) fn loaded(
        &self,
        python: Python,
    ) -> Result<Vec<(Option<Spec>, RegisterFunction)>, Error> {
        let mut by_name = BTreeMap::new();
        let mut loaded = Vec::new();
        for declared in &self.declared {
            let name = declared.name.as_ref().unwrap_or(&declared.function).clone();
            if by_name.insert(name.clone(), ()).is_some() {
                return Err(Error::new(name, "it is declared twice"));
            }
            let failed = |error: callpy::Error| Error::new(&name, format!("{error:#}"));
            let Some(kind) = declared.kind else {
                let function = declared.file.load(python, &declared.function).map_err(failed)?;
                let table = Arc::new(Table::new(name.clone(), function));
                loaded.push((None, RegisterFunction::Table(name.clone(), table)));
                continue;
            };
            let mut spec = spec(&declared.file, &declared.function, kind, &name)?;
            spec.nulls = declared.nulls;
            spec.is_volatile = declared.is_volatile;
            spec.check().map_err(|why| Error::new(&name, why))?;
            let function = declared.file.load(python, &declared.function).map_err(failed)?;
            loaded.push((Some(spec.clone()), Udf::new(spec, function, python).for_sql()));
        }
        Ok(loaded)
    }
}

/// Says so if the name is another function's: SQL looks for scalar functions first, so that one would be called in
/// place of the other. A Python function that is the same kind of function is replaced.
pub(crate) fn refuse_taken(state: &SessionState, spec: &Spec) -> Result<(), String> {
    let name = &spec.name;
    let taken = [
        state.scalar_functions().get(name).map(|it| {
            let is_own = (&**it.inner() as &dyn Any).is::<Scalar>();
            ("a scalar", is_own, matches!(spec.kind, Kind::Scalar | Kind::Row))
        }),
        state.aggregate_functions().get(name).map(|it| {
            let is_own = (&**it.inner() as &dyn Any).is::<Aggregate>();
            ("an aggregate", is_own, spec.kind == Kind::Aggregate)
        }),
        state.window_functions().get(name).map(|it| {
            let is_own = (&**it.inner() as &dyn Any).is::<Window>();
            ("a window", is_own, spec.kind == Kind::Window)
        }),
        state.higher_order_functions().get(name).map(|_| ("a higher-order", false, false)),
    ];
    match taken.into_iter().flatten().find(|(_, is_own, is_same_kind)| !is_own || !is_same_kind) {
        Some((kind, ..)) => {
            Err(format!("SQL has {kind} function of this name: give it another, by `named`"))
        }
        None => Ok(()),
    }
}

#[cfg(feature = "spark")]
impl Functions {
    /// Returns the function of a spec that [`loaded`](Functions::loaded) has returned.
    pub(crate) fn function(&self, python: Python, spec: &Spec) -> Result<callpy::Function, Error> {
        let is_its = |file: &&Arc<File>| file.stem == spec.module && file.hash == spec.hash;
        let file = self.files.iter().find(is_its).expect("a spec is of one of the files");
        file.load(python, &spec.function).map_err(|error| Error::failed(&spec.name, error))
    }
}

/// Starts Python if it does not run, with the environment that the files' headers ask for.
pub(crate) fn start<'p>(files: impl Iterator<Item = &'p PathBuf>) -> Result<Python, Error> {
    if let Some(python) = Python::running() {
        return Ok(python);
    }
    let builder = files.fold(Python::builder(), |builder, path| builder.script(path));
    builder.start().map_err(|error| Error::new("Python", format!("{error:#}")))
}

/// Reads what the hints of a function say.
pub(crate) fn spec(file: &File, function: &str, kind: Kind, name: &str) -> Result<Spec, Error> {
    let Some(found) = file.module.function(function) else {
        let others: Vec<&str> =
            file.module.public_functions().map(|function| &function.name[..]).collect();
        return Err(Error::new(
            name,
            format!(
                "there is no function {function:?} in {}; there are {}",
                file.path.display(),
                others.join(", ")
            ),
        ));
    };
    let at = |why: String| Error::new(name, format!("{why} ({})", file.path.display()));
    if found.is_async || found.is_generator {
        return Err(at("it is a coroutine or a generator, which SQL can't call".to_owned()));
    }
    let parameters = hints::parameters(found).map_err(at)?;
    let is_row = kind == Kind::Scalar && !parameters.iter().any(|it| it.typed.is_many());
    Ok(Spec {
        name: name.to_owned(),
        module: file.stem.clone(),
        function: function.to_owned(),
        kind: if is_row { Kind::Row } else { kind },
        parameters,
        result: hints::result(found).map_err(at)?,
        nulls: Nulls::Error,
        is_volatile: false,
        hash: file.hash.clone(),
    })
}
