//! Columns of Arrow as arguments of Python.

use std::ops::Range;
use std::sync::Arc;

use callpy::{Call, Given, IntoPython, Object, Scope};
use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryArray, BooleanArray, PrimitiveArray,
    StringArray,
};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use datafusion::arrow::compute::{cast, filter};
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use crate::error::wrong;
use crate::spec::{Nulls, Parameter};
use crate::types::{Form, name_of, with_number};
use crate::udf::Udf;

/// A column whose rows can be passed, all or some.
pub(crate) trait Values: Send + Sync {
    /// Makes an array or a list of some rows. Arrays own a share of the column's memory, so that Python may
    /// retain them.
    fn many(&self, rows: Range<usize>, scope: &mut Scope<'_>) -> callpy::Result<Object>;

    /// Makes the value of one row.
    fn one(&self, row: usize, scope: &mut Scope<'_>) -> callpy::Result<Object>;
}

/// Numbers in Arrow's own memory.
struct Numbers<P: ArrowPrimitiveType>(ScalarBuffer<P::Native>);

impl<P> Values for Numbers<P>
where
    P: ArrowPrimitiveType,
    P::Native: callpy::Element + for<'a> IntoPython<'a>,
{
    fn many(&self, rows: Range<usize>, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        Given::new(self.0.slice(rows.start, rows.len())).into_python(scope)
    }

    fn one(&self, row: usize, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        self.0[row].into_python(scope)
    }
}

/// Counts of a unit of time, in Arrow's own memory.
struct Times {
    counts: ScalarBuffer<i64>,
    dtype: &'static str,
}

impl Values for Times {
    fn many(&self, rows: Range<usize>, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        let counts = Given::new(self.counts.slice(rows.start, rows.len())).into_python(scope)?;
        counts.call_method("view", self.dtype)
    }

    fn one(&self, row: usize, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        self.many(row..row + 1, scope)?.item(0_i64)
    }
}

/// Truth values, which take a byte each in NumPy.
struct Bools(Arc<Vec<bool>>);

struct SomeBools(Arc<Vec<bool>>, Range<usize>);

impl AsRef<[bool]> for SomeBools {
    fn as_ref(&self) -> &[bool] {
        &self.0[self.1.clone()]
    }
}

impl Values for Bools {
    fn many(&self, rows: Range<usize>, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        Given::new(SomeBools(Arc::clone(&self.0), rows)).into_python(scope)
    }

    fn one(&self, row: usize, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        self.0[row].into_python(scope)
    }
}

/// What is a list in Python: texts, bytes, and numbers where a function takes a list.
struct Listed<F>(F);

impl<F> Values for Listed<F>
where
    F: Fn(usize, &mut Scope<'_>) -> callpy::Result<Object> + Send + Sync,
{
    fn many(&self, rows: Range<usize>, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        let mut list = callpy::List::new();
        for row in rows {
            list.push((self.0)(row, scope)?);
        }
        list.into_python(scope)
    }

    fn one(&self, row: usize, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        (self.0)(row, scope)
    }
}

/// An array of texts, as NumPy has them: each of the length of the longest.
struct TextArray {
    texts: StringArray,
    make: callpy::Function,
}

impl Values for TextArray {
    fn many(&self, rows: Range<usize>, _: &mut Scope<'_>) -> callpy::Result<Object> {
        let texts: callpy::Texts = rows.map(|row| self.texts.value(row)).collect();
        self.make.call((texts, callpy::named("dtype", "str")))
    }

    fn one(&self, row: usize, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        self.texts.value(row).to_owned().into_python(scope)
    }
}

/// A column and a mask that is true where a value is missing.
struct Masked {
    values: Arc<dyn Values>,
    mask: Arc<Vec<bool>>,
    make: callpy::Function,
}

impl Values for Masked {
    fn many(&self, rows: Range<usize>, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        let values = self.values.many(rows.clone(), scope)?;
        let mask = Given::new(SomeBools(Arc::clone(&self.mask), rows)).into_python(scope)?;
        self.make.call((values, callpy::named("mask", mask), callpy::named("copy", false)))
    }

    fn one(&self, row: usize, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        self.values.one(row, scope)
    }
}

/// One value for all rows.
#[derive(Debug, Clone)]
pub(crate) enum Constant {
    None,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Time(i64, &'static str),
}

impl Constant {
    /// Reads a value of the parameter's type.
    pub(crate) fn new(value: &ScalarValue, parameter: &Parameter) -> Result<Constant, String> {
        let value = value.cast_to(&parameter.typed.item).map_err(|error| error.to_string())?;
        if value.is_null() {
            return match parameter.typed.nullable {
                true => Ok(Constant::None),
                false => Err("it is null".to_owned()),
            };
        }
        Ok(match value {
            ScalarValue::Boolean(Some(value)) => Constant::Bool(value),
            ScalarValue::Int8(Some(value)) => Constant::Int(value.into()),
            ScalarValue::Int16(Some(value)) => Constant::Int(value.into()),
            ScalarValue::Int32(Some(value)) => Constant::Int(value.into()),
            ScalarValue::Int64(Some(value)) => Constant::Int(value),
            ScalarValue::UInt8(Some(value)) => Constant::Uint(value.into()),
            ScalarValue::UInt16(Some(value)) => Constant::Uint(value.into()),
            ScalarValue::UInt32(Some(value)) => Constant::Uint(value.into()),
            ScalarValue::UInt64(Some(value)) => Constant::Uint(value),
            ScalarValue::Float32(Some(value)) => Constant::Float(value.into()),
            ScalarValue::Float64(Some(value)) => Constant::Float(value),
            ScalarValue::Utf8(Some(value)) => Constant::Text(value),
            ScalarValue::Binary(Some(value)) => Constant::Bytes(value),
            ScalarValue::TimestampSecond(Some(count), _)
            | ScalarValue::TimestampMillisecond(Some(count), _)
            | ScalarValue::TimestampMicrosecond(Some(count), _)
            | ScalarValue::TimestampNanosecond(Some(count), _)
            | ScalarValue::DurationSecond(Some(count))
            | ScalarValue::DurationMillisecond(Some(count))
            | ScalarValue::DurationMicrosecond(Some(count))
            | ScalarValue::DurationNanosecond(Some(count)) => {
                Constant::Time(count, name_of(&parameter.typed.item).unwrap_or_default())
            }
            other => return Err(format!("{} can't be passed", other.data_type())),
        })
    }

    fn pass(&self, scope: &mut Scope<'_>) -> callpy::Result<Object> {
        match self {
            Constant::None => None::<bool>.into_python(scope),
            Constant::Bool(value) => value.into_python(scope),
            Constant::Int(value) => value.into_python(scope),
            Constant::Uint(value) => value.into_python(scope),
            Constant::Float(value) => value.into_python(scope),
            Constant::Text(value) => value.clone().into_python(scope),
            Constant::Bytes(value) => callpy::Bytes(value.clone()).into_python(scope),
            Constant::Time(count, dtype) => {
                Times { counts: vec![*count].into(), dtype }.one(0, scope)
            }
        }
    }
}

/// An argument of many calls.
pub(crate) enum Argument {
    Column(Arc<dyn Values>),
    Constant(Constant),
}

/// Some rows of arguments, which are passed by one call.
pub(crate) struct Arguments {
    pub(crate) udf: Arc<Udf>,
    pub(crate) arguments: Arc<[Argument]>,
    pub(crate) rows: Range<usize>,
    /// Whether it is one row, of which the values are passed.
    pub(crate) is_row: bool,
}

/// One argument of a call.
struct One<'c>(&'c Arguments, &'c Argument);

impl<'a> IntoPython<'a> for One<'_> {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        match self.1 {
            Argument::Constant(value) => value.pass(scope),
            Argument::Column(values) if self.0.is_row => values.one(self.0.rows.start, scope),
            Argument::Column(values) => values.many(self.0.rows.clone(), scope),
        }
    }
}

impl<'a> IntoPython<'a> for Arguments {
    fn into_python(self, _: &mut Scope<'a>) -> callpy::Result<Object> {
        Err(callpy::Error::argument("a list of arguments is inside a value"))
    }

    fn place(self, call: &mut Call<'a>) -> callpy::Result<()> {
        for (argument, parameter) in self.arguments.iter().zip(&self.udf.spec.parameters) {
            match parameter.is_keyword {
                true => call.named(&parameter.name, One(&self, argument))?,
                false => call.positional(One(&self, argument))?,
            }
        }
        Ok(())
    }
}

/// Makes arguments of a column, as the parameter and its policy for nulls say.
pub(crate) fn column(
    udf: &Udf,
    call: &str,
    name: &str,
    parameter: &Parameter,
    array: &ArrayRef,
) -> Result<Arc<dyn Values>> {
    let typed = &parameter.typed;
    // DataFusion has coerced it already, unless a rule of its optimizer has put in another type.
    let array = match array.data_type() == &typed.item {
        true => Arc::clone(array),
        false => cast(array, &typed.item)?,
    };
    let nulls = array.null_count();
    if nulls > 0 && typed.needs_policy() {
        match udf.spec.nulls {
            Nulls::Nan => {
                let filled = nan_for_nulls(&array).ok_or_else(|| {
                    wrong(call, format!("column {name:?}: nulls of {} can't be NaN", typed.item))
                })?;
                return dense(udf, call, &filled, typed.form);
            }
            Nulls::Masked if typed.form == Form::Array => {
                let valid = array.nulls().map(NullBuffer::iter).into_iter().flatten();
                let mask = Arc::new(valid.map(|is_valid| !is_valid).collect());
                let values = dense(udf, call, &array, typed.form)?;
                let make = udf
                    .numpy("numpy.ma:array")
                    .map_err(|error| crate::error::failed(call, error))?;
                return Ok(Arc::new(Masked { values, mask, make }));
            }
            _ => return Err(has_nulls(call, name, nulls, array.len())),
        }
    }
    dense(udf, call, &array, typed.form)
}

/// Says that a column has nulls and there is no policy for them.
pub(crate) fn has_nulls(
    call: &str,
    name: &str,
    nulls: usize,
    rows: usize,
) -> datafusion::error::DataFusionError {
    let values = if nulls == 1 { "value is" } else { "values are" };
    wrong(
        call,
        format!(
            "column {name:?}: {nulls} of {rows} {values} null: choose Nulls::Skip, Nulls::Nan or \
             Nulls::Masked, or filter them out"
        ),
    )
}

/// Makes arguments of the values, whatever is where a null is.
fn dense(udf: &Udf, call: &str, array: &ArrayRef, form: Form) -> Result<Arc<dyn Values>> {
    let unfit = || wrong(call, format!("a column of {} can't be passed", array.data_type()));
    if form == Form::Array || array.null_count() == 0 && form == Form::Value {
        match array.data_type() {
            DataType::Timestamp(..) | DataType::Duration(_) => {
                let dtype = name_of(array.data_type()).ok_or_else(unfit)?;
                let counts = cast(array, &DataType::Int64)?;
                let counts = counts.as_primitive::<Int64Type>().values().clone();
                return Ok(Arc::new(Times { counts, dtype }));
            }
            DataType::Boolean => {
                let values = array.as_boolean().values().iter().collect();
                return Ok(Arc::new(Bools(Arc::new(values))));
            }
            DataType::Utf8 if form == Form::Array => {
                let make =
                    udf.numpy("numpy:array").map_err(|error| crate::error::failed(call, error))?;
                let texts = array.as_string::<i32>().clone();
                return Ok(Arc::new(TextArray { texts, make }));
            }
            ty => with_number!(ty, P => {
                let values = array.as_primitive::<P>().values().clone();
                return Ok(Arc::new(Numbers::<P>(values)));
            }, _ => {}),
        }
    }
    listed(array).ok_or_else(unfit)
}

/// Makes arguments whose values are Python objects one by one, `None` for nulls.
fn listed(array: &ArrayRef) -> Option<Arc<dyn Values>> {
    fn made<A, F>(array: A, make: F) -> Option<Arc<dyn Values>>
    where
        A: Array + 'static,
        F: Fn(&A, usize, &mut Scope<'_>) -> callpy::Result<Object> + Send + Sync + 'static,
    {
        Some(Arc::new(Listed(move |row: usize, scope: &mut Scope<'_>| match array.is_null(row) {
            true => None::<bool>.into_python(scope),
            false => make(&array, row, scope),
        })))
    }
    match array.data_type() {
        DataType::Utf8 => {
            made(array.as_string::<i32>().clone(), |texts: &StringArray, row, scope| {
                texts.value(row).to_owned().into_python(scope)
            })
        }
        DataType::Binary => {
            made(array.as_binary::<i32>().clone(), |texts: &BinaryArray, row, scope| {
                callpy::Bytes(texts.value(row).to_owned()).into_python(scope)
            })
        }
        DataType::Boolean => {
            made(array.as_boolean().clone(), |values: &BooleanArray, row, scope| {
                values.value(row).into_python(scope)
            })
        }
        DataType::Timestamp(..) | DataType::Duration(_) => {
            let dtype = name_of(array.data_type())?;
            let counts = cast(array, &DataType::Int64).ok()?;
            made(counts.as_primitive::<Int64Type>().clone(), move |counts, row, scope| {
                Times { counts: vec![counts.value(row)].into(), dtype }.one(0, scope)
            })
        }
        ty => with_number!(ty, P => {
            made(array.as_primitive::<P>().clone(), |values: &PrimitiveArray<P>, row, scope| {
                values.value(row).into_python(scope)
            })
        }, _ => None),
    }
}

/// Copies a column of floats, with NaN for nulls.
fn nan_for_nulls(array: &ArrayRef) -> Option<ArrayRef> {
    macro_rules! filled {
        ($P:ident, $nan:expr) => {{
            let values = array.as_primitive::<$P>().iter().map(|value| value.unwrap_or($nan));
            Some(Arc::new(PrimitiveArray::<$P>::from_iter_values(values)))
        }};
    }
    match array.data_type() {
        DataType::Float32 => filled!(Float32Type, f32::NAN),
        DataType::Float64 => filled!(Float64Type, f64::NAN),
        _ => None,
    }
}

/// Returns which rows have no null in any column that needs a policy; none if all are such.
pub(crate) fn complete_rows<'c>(
    columns: impl Iterator<Item = (&'c Parameter, &'c ArrayRef)>,
) -> Option<NullBuffer> {
    columns
        .filter(|(parameter, _)| parameter.typed.needs_policy())
        .map(|(_, array)| array.logical_nulls())
        .fold(None, |all, nulls| NullBuffer::union(all.as_ref(), nulls.as_ref()))
        .filter(|nulls| nulls.null_count() > 0)
}

/// Leaves out the rows that are false.
pub(crate) fn kept(array: &ArrayRef, rows: &BooleanArray) -> Result<ArrayRef> {
    Ok(filter(array, rows)?)
}
