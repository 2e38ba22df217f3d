//! Results of Python as columns of Arrow.

use std::sync::Arc;

use callpy::{Array as NumpyArray, FromPython, Object, Scope, Texts};
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
    let may_be_masked = may_be_masked(udf);
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
            refuse_none(*nullable || may_be_masked, &values).map_err(|why| wrong(call, why))?;
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
            if may_be_masked {
                let values = called!(Vec<Option<E>>);
                check(&[values.len()])?;
                let counts = values.into_iter().map(|time| time.and_then(|time| time.count()));
                Arc::new(counts.collect::<PrimitiveArray<P>>())
            } else {
                let values = called!(NumpyArray<E>);
                check(values.shape())?;
                Arc::new(values.iter().map(|time| time.count()).collect::<PrimitiveArray<P>>())
            }
        }, _ => return Err(unfit(call, item)))),
        (_, item) => with_number!(item, P => {
            let values = called!(Vec<Option<<P as ArrowPrimitiveType>::Native>>);
            check(&[values.len()])?;
            refuse_none(*nullable, &values).map_err(|why| wrong(call, why))?;
            Arc::new(PrimitiveArray::<P>::from_iter(values)) as ArrayRef
        }, _ => return Err(unfit(call, item))),
    })
}

/// Whether the result is an array that may be masked, as the arguments are.
fn may_be_masked(udf: &Udf) -> bool {
    udf.spec.nulls == Nulls::Masked && udf.spec.result.form == Form::Array
}

/// Calls a function once for each of the arguments, and returns a value, or a list, for each; null where
/// there is no call to make.
pub(crate) fn values(
    udf: &Udf,
    call: &str,
    calls: &mut dyn ExactSizeIterator<Item = Option<Arguments>>,
) -> Result<ArrayRef> {
    let Typed { form, item, nullable } = &udf.spec.result;
    let may_be_masked = may_be_masked(udf);
    let len = calls.len();
    let each = Each { udf, call, calls };
    macro_rules! singles {
        ($R:ty, $builder:expr, $append:expr) => {{
            let mut builder = $builder;
            let mut append = |value: Option<$R>| $append(&mut builder, value);
            match (udf.spec.nulls, nullable) {
                (Nulls::Masked, _) => {
                    each.run(|value: Option<OrMasked<Option<$R>>>| match value {
                        Some(OrMasked(Some(None))) if !nullable => {
                            Err(wrong(call, "its result is None, which its hint excludes"))
                        }
                        value => append(value.and_then(|value| value.0).flatten()),
                    })?
                }
                (_, true) => each.run(|value: Option<Option<$R>>| append(value.flatten()))?,
                (_, false) => each.run(|value: Option<$R>| append(value))?,
            }
            Ok(Arc::new(builder.finish()) as ArrayRef)
        }};
    }
    match (form, item) {
        (Form::Value, DataType::Boolean) => {
            let append = |builder: &mut BooleanBuilder, value| -> Result<()> {
                builder.append_option(value);
                Ok(())
            };
            singles!(bool, BooleanBuilder::with_capacity(len), append)
        }
        (Form::Value, DataType::Utf8) => {
            let append = |builder: &mut StringBuilder, text: Option<String>| -> Result<()> {
                append_text(builder, text.as_deref()).map_err(|why| wrong(call, why))
            };
            singles!(String, StringBuilder::new(), append)
        }
        (Form::Value, DataType::Binary) => {
            type Bytes = callpy::Bytes<Vec<u8>>;
            let append = |builder: &mut BinaryBuilder, bytes: Option<Bytes>| -> Result<()> {
                let more = bytes.as_ref().map_or(0, |bytes| bytes.0.len());
                fits(builder.values_slice().len(), more).map_err(|why| wrong(call, why))?;
                builder.append_option(bytes.map(|bytes| bytes.0));
                Ok(())
            };
            singles!(Bytes, BinaryBuilder::new(), append)
        }
        (Form::Value, item) => with_number!(item, P => {
            let append = |builder: &mut PrimitiveBuilder<P>, value| -> Result<()> {
                builder.append_option(value);
                Ok(())
            };
            let builder = PrimitiveBuilder::<P>::with_capacity(len);
            singles!(<P as ArrowPrimitiveType>::Native, builder, append)
        }, _ => Err(unfit(call, item))),
        (_, DataType::Utf8) if *nullable || may_be_masked => {
            each.lists(StringBuilder::new(), item, |builder, texts: Vec<Option<String>>| {
                texts.iter().try_for_each(|text| append_text(builder, text.as_deref()))
            })
        }
        (_, DataType::Utf8) => each.lists(StringBuilder::new(), item, |builder, texts: Texts| {
            texts.iter().try_for_each(|text| append_text(builder, Some(text)))
        }),
        (Form::Array, DataType::Boolean) if !may_be_masked => {
            each.lists(BooleanBuilder::new(), item, |builder, values: NumpyArray<bool>| {
                one_axis(values.shape())?;
                builder.append_slice(&values);
                Ok(())
            })
        }
        (_, DataType::Boolean) => {
            each.lists(BooleanBuilder::new(), item, |builder, values: Vec<Option<bool>>| {
                refuse_none(*nullable || may_be_masked, &values)?;
                values.into_iter().for_each(|value| builder.append_option(value));
                Ok(())
            })
        }
        (Form::Array, item) if !may_be_masked => with_number!(item, P => {
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
                    refuse_none(*nullable || may_be_masked, &values)?;
                    values.into_iter().for_each(|value| builder.append_option(value));
                    Ok(())
                })
        }, _ => with_time!(item, (E, P) => {
            each.lists(PrimitiveBuilder::<P>::new(), item, |builder, values: Vec<Option<E>>| {
                let counts = values.into_iter().map(|time| time.and_then(|time| time.count()));
                counts.for_each(|count| builder.append_option(count));
                Ok(())
            })
        }, _ => Err(unfit(call, item)))),
    }
}

/// A value, or NumPy's `masked`, which functions of masked arrays return for none.
struct OrMasked<R>(Option<R>);

impl<R: FromPython> FromPython for OrMasked<R> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> callpy::Result<Self> {
        let class: String = object.attr("__class__")?.attr("__name__")?.extract()?;
        match class == "MaskedConstant" {
            true => Ok(OrMasked(None)),
            false => R::from_python(object, scope).map(|value| OrMasked(Some(value))),
        }
    }
}

/// How many calls are made in one attachment, at most: results are kept until all of them are there.
const SERIES: usize = 1_000;

/// Calls that are made one after the other.
struct Each<'u> {
    udf: &'u Udf,
    call: &'u str,
    calls: &'u mut dyn ExactSizeIterator<Item = Option<Arguments>>,
}

impl Each<'_> {
    /// Makes the calls, and hands over each result; `None` where there is no call.
    fn run<R: FromPython>(self, mut take: impl FnMut(Option<R>) -> Result<()>) -> Result<()> {
        while self.calls.len() > 0 {
            let series: Vec<_> = (&mut *self.calls).take(SERIES).collect();
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
        append: impl Fn(&mut B, R) -> Result<(), String>,
    ) -> Result<ArrayRef> {
        let call = self.call;
        let mut offsets = vec![0_i32];
        let mut valid = Vec::with_capacity(self.calls.len());
        self.run(|result: Option<R>| {
            valid.push(result.is_some());
            if let Some(result) = result {
                append(&mut builder, result).map_err(|why| wrong(call, why))?;
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

fn one_axis(shape: &[usize]) -> Result<(), String> {
    match shape {
        [_] => Ok(()),
        _ => Err(format!("it returned an array of shape {shape:?}, and an SQL list has one axis")),
    }
}

fn refuse_none<T>(nullable: bool, values: &[Option<T>]) -> Result<(), String> {
    match values.iter().position(Option::is_none) {
        Some(place) if !nullable => {
            Err(format!("item {place} of its result is None, which its hint excludes"))
        }
        _ => Ok(()),
    }
}

fn append_text(builder: &mut StringBuilder, text: Option<&str>) -> Result<(), String> {
    fits(builder.values_slice().len(), text.map_or(0, str::len))?;
    builder.append_option(text);
    Ok(())
}

/// Says so if a column of text or bytes would become too long for offsets of 32 bits.
fn fits(len: usize, more: usize) -> Result<(), String> {
    match i32::try_from(len + more) {
        Ok(_) => Ok(()),
        Err(_) => Err("its results are more than 2 GiB at once: use more partitions".to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_gibibytes_are_too_many() {
        assert_eq!(fits(i32::MAX as usize - 1, 1), Ok(()));
        assert!(fits(i32::MAX as usize, 1).unwrap_err().contains("2 GiB"));
    }
}
