//! Scalar functions: a call for each batch, with columns as arrays, or a call for each row.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, UInt32Array, new_empty_array, new_null_array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use crate::columns::{Argument, Arguments, Constant, column, complete_rows, kept};
use crate::error::wrong;
use crate::results;
use crate::runtime::blocking;
use crate::spec::{Kind, Nulls};
use crate::udf::Udf;

/// A Python function as a scalar function of DataFusion.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scalar {
    udf: Arc<Udf>,
    signature: Signature,
}

impl Scalar {
    pub(crate) fn new(udf: Arc<Udf>) -> Scalar {
        Scalar { signature: udf.spec.signature(), udf }
    }
}

impl ScalarUDFImpl for Scalar {
    fn name(&self) -> &str {
        &self.udf.spec.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.udf.spec.kind {
            Kind::Row => self.udf.spec.result.whole(),
            _ => self.udf.spec.result.item.clone(),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let names: Vec<String> = args.arg_fields.iter().map(|it| it.name().clone()).collect();
        let all_constant = args.args.iter().all(|it| matches!(it, ColumnarValue::Scalar(_)));
        // A value of constants alone is computed once.
        let rows = match all_constant && !self.udf.spec.is_volatile {
            true => 1,
            false => args.number_rows,
        };
        let result = invoke(&self.udf, &names, args.args, rows)?;
        Ok(match rows == args.number_rows {
            true => ColumnarValue::Array(result),
            false => {
                ColumnarValue::Scalar(datafusion::scalar::ScalarValue::try_from_array(&result, 0)?)
            }
        })
    }
}

/// Calls a function with columns of this many rows.
pub(crate) fn invoke(
    udf: &Arc<Udf>,
    names: &[String],
    values: Vec<ColumnarValue>,
    rows: usize,
) -> Result<ArrayRef> {
    let spec = &udf.spec;
    let call = udf.call(names);
    let return_type = match spec.kind {
        Kind::Row => spec.result.whole(),
        _ => spec.result.item.clone(),
    };
    if rows == 0 {
        return Ok(new_empty_array(&return_type));
    }
    let mut given = Vec::with_capacity(values.len());
    for ((value, parameter), name) in values.into_iter().zip(&spec.parameters).zip(names) {
        given.push(match value {
            ColumnarValue::Scalar(value) if spec.is_constant(parameter) => {
                let constant = Constant::new(&value, parameter)
                    .map_err(|why| wrong(&call, format!("argument {:?}: {why}", parameter.name)))?;
                Given::Constant(constant)
            }
            ColumnarValue::Array(_) if spec.is_constant(parameter) => {
                return Err(not_constant(&call, &parameter.name, name));
            }
            value => Given::Column(value.into_array(rows)?),
        });
    }
    let columns = || {
        let columns = given.iter().zip(&spec.parameters);
        columns.filter_map(|(given, parameter)| match given {
            Given::Column(array) => Some((parameter, array)),
            Given::Constant(_) => None,
        })
    };
    let skips = spec.nulls == Nulls::Skip || spec.kind == Kind::Row && spec.nulls == Nulls::Masked;
    let complete = if skips { complete_rows(columns()) } else { None };
    if complete.as_ref().is_some_and(|rows| rows.null_count() == rows.len()) {
        return Ok(new_null_array(&return_type, rows));
    }
    let selected = complete.as_ref().map(|rows| BooleanArray::new(rows.inner().clone(), None));
    let called_rows = selected.as_ref().map_or(rows, BooleanArray::true_count);

    let mut arguments = Vec::with_capacity(given.len());
    for ((given, parameter), name) in given.into_iter().zip(&spec.parameters).zip(names) {
        arguments.push(match given {
            Given::Constant(constant) => Argument::Constant(constant),
            Given::Column(array) => {
                let array = match &selected {
                    Some(selected) => kept(&array, selected)?,
                    None => array,
                };
                Argument::Column(column(udf, &call, name, parameter, &array)?)
            }
        });
    }
    let arguments: Arc<[Argument]> = arguments.into();
    let some = |rows, is_row| Arguments {
        udf: Arc::clone(udf),
        arguments: Arc::clone(&arguments),
        rows,
        is_row,
    };
    let result = blocking(|| match spec.kind {
        Kind::Row => {
            let mut calls = (0..called_rows).map(|row| Some(some(row..row + 1, true)));
            results::values(udf, &call, &mut calls)
        }
        _ => results::column(udf, &call, some(0..called_rows, false), called_rows),
    })?;
    let Some(selected) = selected else { return Ok(result) };
    // Back to the rows that they were, with nulls between.
    let mut next = 0;
    let places = selected.values().iter().map(|is_selected| {
        is_selected.then(|| {
            next += 1;
            next - 1
        })
    });
    Ok(take(&result, &places.collect::<UInt32Array>(), None)?)
}

enum Given {
    Column(ArrayRef),
    Constant(Constant),
}

/// Says that an argument is a column where a single value is needed.
pub(crate) fn not_constant(
    call: &str,
    parameter: &str,
    column: &str,
) -> datafusion::error::DataFusionError {
    wrong(
        call,
        format!(
            "argument {parameter:?} must be a constant, since it is one value for all rows: got {column:?}"
        ),
    )
}
