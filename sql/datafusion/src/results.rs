//! Results of Python as columns of Arrow.

use std::sync::Arc;

use callpy::{Array as NumpyArray, FromPython, Texts};
use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, ArrowPrimitiveType, BinaryBuilder, BooleanArray, BooleanBuilder,
    ListArray, PrimitiveArray, PrimitiveBuilder, StringArray, StringBuilder,
};
use datafusion::arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Field, ToByteSlice};
use datafusion::error::Result;

use crate::columns::Arguments;
use crate::error::{failed, wrong};
use crate::spec::Nulls;
use crate::types::{Form, Typed, with_number, with_time};
use crate::udf::Udf;

/// Calls a function whose result is a column: one value for each of `rows`.
pub(crate) fn column(udf: &Udf, call: &str, arguments: Arguments, rows: usize) -> Result<ArrayRef> {
    let Typed { form, item, nullable } = &udf.spec.result;
    let may_be_masked = udf.spec.nulls == Nulls::Masked && *form == Form::Array;
    let function = &udf.function;
    let check = |shape: &[usize]| match shape {
        [len] if *len == rows => Ok(()),
        [len] => Err(wrong(
            call,
            format!("it returned {len} values for {rows} rows: it must return one for each"),
        )),
        _ => Err(wrong(
            call,
            format!("it returned an array of shape {shape:?}, which is no column of {rows} rows"),
        )),
    };
    macro_rules! called {
        ($R:ty) => {
            function.call::<$R>(arguments).map_err(|error| failed(call, error))?
        };
    }
    Ok(match (form, item) {
        (_, DataType::Utf8) if may_be_masked || *nullable => {
            let texts = called!(Vec<Option<String>>);
            check(&[texts.len()])?;
            Arc::new(StringArray::from(texts))
        }
        (_, DataType::Utf8) => {
            let texts = called!(Texts);
            check(&[texts.len()])?;
            Arc::new(texts.iter().map(Some).collect::<StringArray>())
        }
        (Form::Array, DataType::Boolean) if !may_be_masked => {
            let values = called!(NumpyArray<bool>);
            check(values.shape())?;
            Arc::new(BooleanArray::from(values.to_vec()))
        }
        (_, DataType::Boolean) => {
            let values = called!(Vec<Option<bool>>);
            check(&[values.len()])?;
            refuse_none(call, *nullable || may_be_masked, &values)?;
            Arc::new(BooleanArray::from(values))
        }
        (Form::Array, item) => with_number!(item, P => {
            if may_be_masked {
                let values = called!(Vec<Option<<P as ArrowPrimitiveType>::Native>>);
                check(&[values.len()])?;
                Arc::new(PrimitiveArray::<P>::from_iter(values)) as ArrayRef
            } else {
                let values = called!(NumpyArray<<P as ArrowPrimitiveType>::Native>);
                check(values.shape())?;
                Arc::new(PrimitiveArray::<P>::new(numbers(values), None))
            }
        }, _ => with_time!(item, (E, P) => {
            let values = called!(NumpyArray<E>);
            check(values.shape())?;
            Arc::new(values.iter().map(|time| time.count()).collect::<PrimitiveArray<P>>())
        }, _ => return Err(unfit(call, item)))),
        (_, item) => with_number!(item, P => {
            let values = called!(Vec<Option<<P as ArrowPrimitiveType>::Native>>);
            check(&[values.len()])?;
            refuse_none(call, *nullable, &values)?;
            Arc::new(PrimitiveArray::<P>::from_iter(values)) as ArrayRef
        }, _ => return Err(unfit(call, item))),
    })
}

/// Calls a function once for each of the arguments, and returns a value, or a list, for each; null where
/// there is no call to make.
pub(crate) fn values(udf: &Udf, call: &str, calls: Vec<Option<Arguments>>) -> Result<ArrayRef> {
    let Typed { form, item, nullable } = &udf.spec.result;
    let len = calls.len();
    let each = Each { udf, call, calls };
    macro_rules! singles {
        ($R:ty, $builder:expr, $append:ident, |$value:ident| $converted:expr) => {{
            let mut builder = $builder;
            match nullable {
                true => each.run(|value: Option<Option<$R>>| {
                    builder.$append(value.flatten().map(|$value| $converted));
                    Ok(())
                })?,
                false => each.run(|value: Option<$R>| {
                    builder.$append(value.map(|$value| $converted));
                    Ok(())
                })?,
            }
            Ok(Arc::new(builder.finish()) as ArrayRef)
        }};
    }
    match (form, item) {
        (Form::Value, DataType::Boolean) => {
            singles!(bool, BooleanBuilder::with_capacity(len), append_option, |value| value)
        }
        (Form::Value, DataType::Utf8) => {
            singles!(String, StringBuilder::new(), append_option, |value| value)
        }
        (Form::Value, DataType::Binary) => {
            singles!(callpy::Bytes<Vec<u8>>, BinaryBuilder::new(), append_option, |value| value.0)
        }
        (Form::Value, item) => with_number!(item, P => {
            singles!(<P as ArrowPrimitiveType>::Native, PrimitiveBuilder::<P>::with_capacity(len),
                append_option, |value| value)
        }, _ => Err(unfit(call, item))),
        (_, DataType::Utf8) if *nullable => {
            each.lists(StringBuilder::new(), item, |builder, texts: Vec<Option<String>>| {
                texts.into_iter().for_each(|text| builder.append_option(text));
                Ok(())
            })
        }
        (_, DataType::Utf8) => each.lists(StringBuilder::new(), item, |builder, texts: Texts| {
            texts.iter().for_each(|text| builder.append_value(text));
            Ok(())
        }),
        (Form::Array, DataType::Boolean) => {
            each.lists(BooleanBuilder::new(), item, |builder, values: NumpyArray<bool>| {
                one_axis(values.shape())?;
                builder.append_slice(&values);
                Ok(())
            })
        }
        (_, DataType::Boolean) => {
            each.lists(BooleanBuilder::new(), item, |builder, values: Vec<Option<bool>>| {
                refuse_none(call, *nullable, &values)?;
                values.into_iter().for_each(|value| builder.append_option(value));
                Ok(())
            })
        }
        (Form::Array, item) => with_number!(item, P => {
            each.lists(PrimitiveBuilder::<P>::new(), item,
                |builder, values: NumpyArray<<P as ArrowPrimitiveType>::Native>| {
                    one_axis(values.shape())?;
                    builder.append_slice(&values);
                    Ok(())
                })
        }, _ => with_time!(item, (E, P) => {
            each.lists(PrimitiveBuilder::<P>::new(), item, |builder, values: NumpyArray<E>| {
                one_axis(values.shape())?;
                values.iter().for_each(|time| builder.append_option(time.count()));
                Ok(())
            })
        }, _ => Err(unfit(call, item)))),
        (_, item) => with_number!(item, P => {
            each.lists(PrimitiveBuilder::<P>::new(), item,
                |builder, values: Vec<Option<<P as ArrowPrimitiveType>::Native>>| {
                    refuse_none(call, *nullable, &values)?;
                    values.into_iter().for_each(|value| builder.append_option(value));
                    Ok(())
                })
        }, _ => Err(unfit(call, item))),
    }
}

/// How many calls are made in one attachment, at most: results are kept until all of them are there.
const SERIES: usize = 1_000;

/// Calls that are made one after the other.
struct Each<'u> {
    udf: &'u Udf,
    call: &'u str,
    calls: Vec<Option<Arguments>>,
}

impl Each<'_> {
    /// Makes the calls, and hands over each result; `None` where there is no call.
    fn run<R: FromPython>(self, mut take: impl FnMut(Option<R>) -> Result<()>) -> Result<()> {
        let mut calls = self.calls.into_iter();
        while calls.len() > 0 {
            let series: Vec<_> = calls.by_ref().take(SERIES).collect();
            let has_call: Vec<bool> = series.iter().map(Option::is_some).collect();
            let results = self.udf.function.map::<R, _>(series.into_iter().flatten());
            let mut results = results.into_iter();
            for has_call in has_call {
                let result = if has_call { results.next() } else { None };
                take(result.transpose().map_err(|error| failed(self.call, error))?)?;
            }
        }
        Ok(())
    }

    /// Makes the calls, each of which returns many values.
    fn lists<R: FromPython, B: ArrayBuilder>(
        self,
        mut builder: B,
        item: &DataType,
        append: impl Fn(&mut B, R) -> Result<()>,
    ) -> Result<ArrayRef> {
        let call = self.call;
        let mut offsets = vec![0_i32];
        let mut valid = Vec::with_capacity(self.calls.len());
        self.run(|result: Option<R>| {
            valid.push(result.is_some());
            if let Some(result) = result {
                append(&mut builder, result).map_err(|error| wrong(call, error.to_string()))?;
            }
            let end = i32::try_from(builder.len()).map_err(|_| {
                wrong(call, "its results are more than 2,147,483,647 values at once")
            })?;
            offsets.push(end);
            Ok(())
        })?;
        let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
        let field = Field::new_list_field(item.clone(), true).into();
        let offsets = OffsetBuffer::new(offsets.into());
        Ok(Arc::new(ListArray::try_new(field, offsets, builder.finish(), nulls)?))
    }
}

fn one_axis(shape: &[usize]) -> Result<()> {
    match shape {
        [_] => Ok(()),
        _ => datafusion::common::exec_err!(
            "it returned an array of shape {shape:?}, and an SQL list has one axis"
        ),
    }
}

fn refuse_none<T>(call: &str, nullable: bool, values: &[Option<T>]) -> Result<()> {
    match values.iter().position(Option::is_none) {
        Some(place) if !nullable => {
            Err(wrong(call, format!("item {place} of its result is None, which its hint excludes")))
        }
        _ => Ok(()),
    }
}

fn unfit(call: &str, item: &DataType) -> datafusion::error::DataFusionError {
    wrong(call, format!("a result of {item} can't be read"))
}

/// Owns the memory of a result, where Arrow reads it.
struct Memory<T>(NumpyArray<T>);

impl<T: callpy::Element> AsRef<[u8]> for Memory<T>
where
    [T]: ToByteSlice,
{
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice().unwrap_or_default().to_byte_slice()
    }
}

/// Takes the numbers of a result without a copy, if they are one after the other.
fn numbers<T>(array: NumpyArray<T>) -> ScalarBuffer<T>
where
    T: callpy::Element + datafusion::arrow::datatypes::ArrowNativeType,
{
    let len = array.len();
    if len == 0 || array.as_slice().is_none() {
        return array.to_vec().into();
    }
    let memory = bytes::Bytes::from_owner(Memory(array));
    ScalarBuffer::new(Buffer::from(memory), 0, len)
}
