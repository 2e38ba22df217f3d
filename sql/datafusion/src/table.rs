//! Table functions: called with constants when a query is planned.

use std::sync::Arc;

use callpy::convert::Value;
use callpy::{Array as NumpyArray, Frame, FromPython, Object, Scope, Texts};
use datafusion::arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::{TableFunctionImpl, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use crate::error::{failed, wrong};
use crate::runtime::blocking;
use crate::types::{named, with_number, with_time};

/// A Python function as a table function of DataFusion.
#[derive(Debug)]
pub(crate) struct Table {
    name: String,
    function: callpy::Function,
}

impl Table {
    pub(crate) fn new(name: String, function: callpy::Function) -> Table {
        Table { name, function }
    }

    fn argument(&self, place: usize, expression: &Expr) -> Result<Value<'static>> {
        let unfit = |why: &str| wrong(&self.name, format!("argument {}: {why}", place + 1));
        let Expr::Literal(value, _) = expression else {
            return Err(unfit(
                "it must be a constant, since the function is called before the query",
            ));
        };
        Ok(match value {
            value if value.is_null() => Value::None,
            ScalarValue::Boolean(Some(value)) => Value::Bool(*value),
            ScalarValue::Int64(Some(value)) => Value::Int(*value),
            ScalarValue::UInt64(Some(value)) => Value::Uint(*value),
            ScalarValue::Float64(Some(value)) => Value::Float(*value),
            value => match value.try_as_str().flatten() {
                Some(text) => Value::Str(text.to_owned().into()),
                None => return Err(unfit(&format!("{} can't be passed", value.data_type()))),
            },
        })
    }
}

impl TableFunctionImpl for Table {
    fn call(&self, arguments: &[Expr]) -> Result<Arc<dyn TableProvider>> {
        let mut passed = callpy::Arguments::new();
        for (place, expression) in arguments.iter().enumerate() {
            passed.push(self.argument(place, expression)?);
        }
        let result: Columns =
            blocking(|| self.function.call(passed)).map_err(|error| failed(&self.name, error))?;
        let batch = RecordBatch::try_from_iter(result.0)
            .map_err(|error| wrong(&self.name, error.to_string()))?;
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }
}

/// The columns of a dict of arrays and lists, or of a frame.
struct Columns(Vec<(String, ArrayRef)>);

impl FromPython for Columns {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> callpy::Result<Self> {
        if object.attr("__arrow_c_stream__").is_ok() {
            return frame(&Frame::from_python(object, scope)?);
        }
        let columns = Vec::<(String, Object)>::from_python(object, scope)?;
        let column = |(name, values): (String, Object)| {
            let array = array(&values)
                .map_err(|error| callpy::Error::result(format!("column {name:?}: {error}")))?;
            Ok((name, array))
        };
        columns.into_iter().map(column).collect::<callpy::Result<_>>().map(Columns)
    }
}

/// Copies the columns of a frame.
fn frame(frame: &Frame) -> callpy::Result<Columns> {
    let columns = frame.columns().map(|column| {
        let array: ArrayRef = match named(&column.kind()) {
            Some(DataType::Utf8) => Arc::new(StringArray::from(column.to_options::<String>()?)),
            Some(DataType::Boolean) => Arc::new(BooleanArray::from(column.to_options::<bool>()?)),
            Some(item) => with_number!(&item, P => {
                let values = column.to_options::<<P as ArrowPrimitiveType>::Native>()?;
                Arc::new(PrimitiveArray::<P>::from_iter(values)) as ArrayRef
            }, _ => with_time!(&item, (E, P) => {
                let values = column.to_options::<E>()?.into_iter();
                let counts = values.map(|time| time.and_then(|time| time.count()));
                Arc::new(counts.collect::<PrimitiveArray<P>>())
            }, _ => return Err(unfit(&column.kind())))),
            None => return Err(unfit(&column.kind())),
        };
        Ok((column.name().to_owned(), array))
    });
    columns.collect::<callpy::Result<_>>().map(Columns)
}

/// Copies an array or a list.
fn array(values: &Object) -> callpy::Result<ArrayRef> {
    let Ok(dtype) = values.attr("dtype") else {
        // A list: of text, of truth values, of integers, or of numbers.
        return Ok(if let Ok(texts) = values.extract::<Vec<Option<String>>>() {
            Arc::new(StringArray::from(texts))
        } else if let Ok(values) = values.extract::<Vec<Option<bool>>>() {
            Arc::new(BooleanArray::from(values))
        } else if let Ok(values) = values.extract::<Vec<Option<i64>>>() {
            Arc::new(PrimitiveArray::<datafusion::arrow::datatypes::Int64Type>::from_iter(values))
        } else {
            let values = values.extract::<Vec<Option<f64>>>()?;
            Arc::new(PrimitiveArray::<datafusion::arrow::datatypes::Float64Type>::from_iter(values))
        });
    };
    let shape: Vec<i64> = values.attr("shape")?.extract()?;
    if shape.len() != 1 {
        let why = format!("it is an array of shape {shape:?}, and a column has one axis");
        return Err(callpy::Error::result(why));
    }
    let dtype: String = dtype.attr("name")?.extract()?;
    let name = if dtype.starts_with("str") { "str" } else { &dtype };
    Ok(match named(name) {
        Some(DataType::Utf8) => {
            Arc::new(values.extract::<Texts>()?.iter().map(Some).collect::<StringArray>())
        }
        Some(DataType::Boolean) => {
            Arc::new(BooleanArray::from(values.extract::<NumpyArray<bool>>()?.to_vec()))
        }
        Some(item) => with_number!(&item, P => {
            let values = values.extract::<NumpyArray<<P as ArrowPrimitiveType>::Native>>()?;
            Arc::new(PrimitiveArray::<P>::from_iter_values(values.iter().copied())) as ArrayRef
        }, _ => with_time!(&item, (E, P) => {
            let times = values.extract::<NumpyArray<E>>()?;
            Arc::new(times.iter().map(|time| time.count()).collect::<PrimitiveArray<P>>())
        }, _ => return Err(unfit(&dtype)))),
        None => return Err(unfit(&dtype)),
    })
}

fn unfit(kind: &str) -> callpy::Error {
    callpy::Error::result(format!("{kind} has no SQL type"))
}
