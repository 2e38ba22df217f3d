//! `CREATE FUNCTION … LANGUAGE … AS 'module:function'`.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use callpy::{Python, Target};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::context::{FunctionFactory, RegisterFunction};
use datafusion::logical_expr::{CreateFunction, Expr, Volatility};

use crate::error::wrong;
use crate::functions::{File, refuse_taken, spec};
use crate::runtime::blocking;
use crate::spec::{Kind, Spec};
use crate::udf::Udf;

/// Makes functions of listed files by SQL. SQL can't import anything else.
pub(crate) struct Factory {
    files: Vec<Arc<File>>,
    python: Python,
    tell: Tell,
}

/// Called with each function that is made, which it may refuse.
pub(crate) type Tell = Box<dyn Fn(&Spec) -> Result<()> + Send + Sync>;

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factory").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Factory {
    pub(crate) fn new(files: Vec<Arc<File>>, python: Python, tell: Tell) -> Factory {
        Factory { files, python, tell }
    }

    fn spec(&self, statement: &CreateFunction) -> Result<(Spec, Arc<File>)> {
        let name = &statement.name;
        let refused = |why: String| wrong(name, why);
        let language = statement.params.language.as_ref().map(|it| it.value.to_lowercase());
        match language.as_deref() {
            Some("python" | "numpy") => {}
            Some("pyarrow") => {
                return Err(refused(
                    "functions get NumPy arrays, not pyarrow's: LANGUAGE NUMPY".to_owned(),
                ));
            }
            _ => return Err(refused("LANGUAGE must be PYTHON or NUMPY".to_owned())),
        }
        let body = match &statement.params.function_body {
            Some(Expr::Literal(value, _)) => value.try_as_str().flatten(),
            _ => None,
        };
        let body = body.ok_or_else(|| refused("write AS 'module:function'".to_owned()))?;
        let target = Target::parse(body);
        let (module, function) = target.parts().map_err(|error| refused(error.to_string()))?;
        let module = module.to_str().unwrap_or_default();
        let module = module.strip_suffix(".py").unwrap_or(module);
        let mut named = self.files.iter().filter(|file| file.stem == module);
        let Some(file) = named.next() else {
            let listed: Vec<&str> = self.files.iter().map(|file| &file.stem[..]).collect();
            let listed = listed.join(", ");
            return Err(refused(format!(
                "{module:?} is not a file that SQL may use; these are: {listed}"
            )));
        };
        if let Some(other) = named.find(|other| other.path != file.path) {
            return Err(refused(format!(
                "{module:?} may be {} or {}",
                file.path.display(),
                other.path.display()
            )));
        }
        let returns = statement.return_type.as_ref();
        let returns = returns.ok_or_else(|| refused("RETURNS is missing".to_owned()))?;
        let mut spec = spec(file, function, Kind::Scalar, name)?;
        // `NDArray` to `NDArray` may be either: a list for each group, or a value for each row.
        spec.kind = match spec.kind {
            Kind::Row => Kind::Row,
            _ if same_type(returns, &spec.result.whole()) => Kind::Aggregate,
            kind => kind,
        };
        if language.as_deref() == Some("numpy") && spec.kind == Kind::Row {
            return Err(refused(
                "LANGUAGE NUMPY is for functions of arrays, and it has none".to_owned(),
            ));
        }
        let own = match spec.kind {
            Kind::Scalar => spec.result.item.clone(),
            _ => spec.result.whole(),
        };
        if !same_type(returns, &own) {
            return Err(refused(format!(
                "RETURNS {returns}, but its hint says {} for each row{}",
                spec.result.item,
                match spec.result.is_many() {
                    true => format!(", or {} for each group", spec.result.whole()),
                    false => String::new(),
                }
            )));
        }
        if let Some(arguments) = &statement.args {
            let required = spec.required();
            let (given, known) = (arguments.len(), spec.parameters.len());
            if given < required || given > known {
                return Err(refused(format!("it has {known} parameters, not {given}")));
            }
            spec.parameters.truncate(given);
            for (argument, parameter) in arguments.iter().zip(&spec.parameters) {
                if !same_type(&argument.data_type, &parameter.typed.item) {
                    return Err(refused(format!(
                        "parameter {:?} is {}, not {}",
                        parameter.name, parameter.typed.item, argument.data_type
                    )));
                }
            }
        }
        spec.is_volatile = statement.params.behavior == Some(Volatility::Volatile);
        spec.check().map_err(refused)?;
        Ok((spec, Arc::clone(file)))
    }
}

/// Compares types, whatever lists call their items.
fn same_type(left: &DataType, right: &DataType) -> bool {
    match (left, right) {
        (DataType::List(left), DataType::List(right)) => {
            same_type(left.data_type(), right.data_type())
        }
        (DataType::Utf8View, DataType::Utf8) => true,
        _ => left == right,
    }
}

#[async_trait]
impl FunctionFactory for Factory {
    async fn create(
        &self,
        state: &SessionState,
        statement: CreateFunction,
    ) -> Result<RegisterFunction> {
        let (spec, file) = self.spec(&statement)?;
        refuse_taken(state, &spec).map_err(|why| wrong(&spec.name, why))?;
        let function = blocking(|| file.load(self.python, &spec.function));
        let function = function.map_err(|error| crate::error::failed(&spec.name, error))?;
        (self.tell)(&spec)?;
        Ok(Udf::new(spec, function, self.python).for_sql())
    }
}
