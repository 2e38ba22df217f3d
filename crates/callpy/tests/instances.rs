//! Typed functions with times, decimals, frames, iterators and overloads, of which the caller chooses the types.

mod common;

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use callpy::classes::{Date, DateTime, Decimal, Fraction, JaxArray, Time, TorchTensor, Uuid};
use callpy::{Columns, Frame, Like, Object, Result};

callpy::module!(mod instances = "tests/python/hints/instances.py");

use instances::*;

const ID: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn times_are_those_of_std_or_text() -> Result<()> {
    common::python();
    let later: SystemTime = shift(at(86_400))?;
    assert_eq!(later, at(90_000));
    let options = ShiftOptions::new().by(Duration::from_millis(1500));
    let DateTime(later) = shift_with(DateTime("2024-02-29T00:00:00"), options)?;
    assert_eq!(later, "2024-02-29T00:00:01.500000");
    let passed: Duration = between(at(5), DateTime("1970-01-01T00:00:07+00:00"))?;
    assert_eq!(passed, Duration::from_secs(2));
    // A `datetime` is no `date`, and a negative length no `Duration`.
    assert_eq!(midnight::<SystemTime>(Date("1970-01-02"))?, at(86_400));
    assert!(between::<Duration>(at(7), at(5)).is_err());
    let all: Vec<Date> = days([at(5), at(90_000)])?;
    assert_eq!(all, ["1970-01-01", "1970-01-02"].map(|day| Date(day.to_owned())));
    let (time, day): (Time, Option<Object>) = clock(DateTime("2024-02-29T12:30:00"))?;
    assert_eq!((&time.0[..], day.is_some()), ("12:30:00", true));
    Ok(())
}

#[test]
fn decimals_and_their_like_are_text() -> Result<()> {
    common::python();
    let Decimal(sum) = total([Decimal("1.10"), Decimal("2.20")])?;
    assert_eq!(sum, "3.9270");
    let doubled = by_day([(Date("2024-01-01"), Decimal("0.5"))])?;
    let day = Date("2024-01-01".to_owned());
    assert_eq!(doubled, HashMap::from([(day, Decimal("1.0".to_owned()))]));
    let (half, id): (Fraction, Uuid) = half(Fraction("1/3"), Uuid(ID))?;
    assert_eq!((&half.0[..], &id.0[..]), ("1/6", ID));
    Ok(())
}

#[test]
fn they_may_be_in_values_and_unions() -> Result<()> {
    common::python();
    let booking = Booking {
        at: DateTime("2024-02-29T12:00:00".to_owned()),
        day: Date("2024-03-01".to_owned()),
        price: Decimal("9.90".to_owned()),
        id: Uuid(ID.to_owned()),
        length: Duration::from_secs(60),
        share: Fraction("2/3".to_owned()),
        until: Some(Time("23:00:00".to_owned())),
    };
    assert_eq!(rebooked(&booking)?, booking);
    let later = booking.later(Duration::from_secs(60))?;
    assert_eq!((&later.at.0[..], later.length.as_secs()), ("2024-02-29T12:01:00", 120));
    let when = when(Some(DateTime("2024-02-29T12:00:00".to_owned())))?.unwrap();
    assert!(matches!(when, WhenAt::DateTime(DateTime(text)) if text == "2024-02-29T12:00:00"));
    Ok(())
}

#[test]
fn iterators_go_both_ways() -> Result<()> {
    common::python();
    let doubled = doubled((1..=3).map(f64::from))?.collect::<Result<Vec<f64>>>()?;
    assert_eq!(doubled, [2.0, 4.0, 6.0]);
    assert_eq!(labels(1_000_000)?.nth(1).unwrap()?, "label 1");
    let deck = Deck::new(&["ace", "king"])?;
    assert_eq!(deck.iter()?.collect::<Result<Vec<String>>>()?, ["ace", "king"]);
    let options = EverythingOptions::new().args(1).args("a").kwargs("b", 2.5);
    assert_eq!(everything_with(options)?, 3);
    Ok(())
}

#[test]
fn overloads_are_one_function_with_unions() -> Result<()> {
    common::python();
    assert!(matches!(twice(2)?, TwiceX::Int(4)));
    assert!(matches!(twice("a")?, TwiceX::Str(text) if text == "aa"));
    assert!(matches!(Deck::new(&["ace"])?.card(0)?, DeckCardResult::Str(card) if card == "ace"));
    let slice: Object = callpy::Python::start()?.function("builtins:slice")?.call(1)?;
    let cards = Deck::new(&["ace", "king"])?.card(slice.extract::<Slice>()?)?;
    assert!(matches!(cards, DeckCardResult::List(cards) if cards == ["ace"]));
    Ok(())
}

#[test]
fn a_class_is_an_object_that_is_checked() -> Result<()> {
    common::python();
    let class = kind("value")?;
    assert_eq!(name_of(&class)?, "ValueError");
    assert!(callpy::Python::start()?.function("builtins:len")?.object().extract::<Type>().is_err());
    Ok(())
}

#[test]
fn frames_and_tensors_are_made_for_the_hint() -> Result<()> {
    common::python();
    let python = callpy::Python::start()?;
    fn columns<'a>() -> Columns<'a> {
        Columns::new().with("x", &[1.0, 2.0])
    }
    if python.module("pandas").is_ok() && python.module("pyarrow").is_ok() {
        let sums: Frame = sums(columns())?;
        assert_eq!(sums.column("x")?.to_vec::<f64>()?, [1.0, 3.0]);
        let table: Object = renamed(columns())?;
        // An object goes on from function to function.
        let table: Frame = renamed_with(&table, RenamedOptions::new().frames([columns()]))?;
        assert_eq!(table.names().collect::<Vec<_>>(), ["X"]);
    }
    if python.module("polars").is_ok() {
        let frame: Frame = reversed_rows(columns())?;
        assert_eq!(frame.column("x")?.to_vec::<f64>()?, [2.0, 1.0]);
    }
    if python.module("torch").is_ok() {
        let Like(doubled): Like<f64> = scaled(&[1.0, 2.0], 2.0)?;
        assert_eq!(doubled[..], [2.0, 4.0]);
        let kept: Object = scaled(vec![1.0_f32], 2.0)?;
        let Like(again): Like<f32> = scaled(&kept, 2.0)?;
        assert_eq!(again[..], [4.0]);
    }
    Ok(())
}

#[test]
fn classes_of_one_name_are_told_by_their_packages() -> Result<()> {
    common::python();
    assert!(matches!(told("pandas.core.frame.DataFrame")?, ToldResult::PandasDataFrame(_)));
    assert!(matches!(told("polars.dataframe.frame.DataFrame")?, ToldResult::PolarsDataFrame(_)));
    assert!(matches!(told("pyarrow.lib.Table")?, ToldResult::ArrowTable(_)));
    assert!(matches!(told("Table")?, ToldResult::Table(_)));
    assert!(matches!(told("pyarrow.lib.Array")?, ToldResult::ArrowArray(_)));
    assert!(matches!(told("jax.Array")?, ToldResult::JaxArray(_)));
    assert!(matches!(all_told("pandas.DataFrame")?, AllToldResult::List1(_)));
    assert!(matches!(all_told("polars.DataFrame")?, AllToldResult::List2(_)));
    assert!(matches!(series_told("pandas.Series")?, SeriesToldResult::PandasSeries(_)));
    assert!(matches!(series_told("polars.Series")?, SeriesToldResult::PolarsSeries(_)));
    // One that shows the class of another package.
    assert!(matches!(series_told("modin.Series")?, SeriesToldResult::PandasSeries(_)));
    assert!(told("modin.Frame").is_err());
    Ok(())
}

#[test]
fn a_tensor_of_another_dtype_is_refused() {
    const NAME: &str = "a_tensor_of_another_dtype_is_refused";
    common::alone(
        NAME,
        |_| (),
        || {
            common::python();
            // For packages that keep only 32 bits, as jax does by default.
            let stand_in = "
import sys, types
def narrow(array):
    return array.astype(array.dtype.newbyteorder('=').str.replace('8', '4'))
package = types.SimpleNamespace(tensor=narrow, numpy=types.SimpleNamespace(array=narrow))
sys.modules.update(jax=package, torch=package)
";
            common::module("stand_in", stand_in);
            let dtype = common::lambda("lambda tensor: tensor.dtype.name");
            macro_rules! given {
                ($class:ty, $array:expr) => {
                    match dtype.call(callpy::generated::instance::<$class, _>($array)) {
                        Ok(dtype) => dtype,
                        Err(error) => error.to_string(),
                    }
                };
            }
            let text: String = given!(JaxArray, &[1.5_f64]);
            assert!(text.contains("jax makes float32 of an array of float64"), "{text}");
            let text: String = given!(JaxArray, &[1_i64]);
            assert!(text.contains("pass an array of int32, or set jax_enable_x64"), "{text}");
            let text: String = given!(TorchTensor, &[1_u64]);
            assert!(text.contains("torch makes uint32 of an array of uint64"), "{text}");
            let (float, int): (String, String) =
                (given!(JaxArray, &[1.5_f32]), given!(TorchTensor, &[1_i32]));
            assert_eq!((&float[..], &int[..]), ("float32", "int32"));
        },
    );
}

#[cfg(all(feature = "chrono", feature = "jiff", feature = "rust_decimal", feature = "uuid"))]
#[test]
fn so_are_the_types_of_other_crates() -> Result<()> {
    use chrono::{NaiveDate, TimeDelta};

    common::python();
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let noon = day.and_hms_opt(12, 0, 0).unwrap();
    let options = ShiftOptions::new().by(TimeDelta::hours(-1));
    assert_eq!(shift_with::<chrono::NaiveDateTime>(noon, options)?, noon - TimeDelta::hours(1));
    assert_eq!(
        between::<TimeDelta>(noon, day.and_hms_opt(0, 0, 0).unwrap())?,
        TimeDelta::hours(-12)
    );
    let all: Vec<NaiveDate> = days([noon])?;
    assert_eq!(all, [day]);
    let noon = jiff::civil::date(2024, 2, 29).at(12, 0, 0, 0);
    let options = ShiftOptions::new().by(jiff::SignedDuration::from_mins(1));
    let later: jiff::civil::DateTime = shift_with(noon, options)?;
    assert_eq!(later, jiff::civil::date(2024, 2, 29).at(12, 1, 0, 0));
    let price = rust_decimal::Decimal::new(150, 2);
    let options = TotalOptions::new().tax(rust_decimal::Decimal::ZERO);
    let sum: rust_decimal::Decimal = total_with([price, price], options)?;
    assert_eq!(sum.to_string(), "3.00");
    let id: uuid::Uuid = uuid::Uuid::parse_str(ID).unwrap();
    let (_, same): (Fraction, uuid::Uuid) = half(Fraction("1/3"), id)?;
    assert_eq!(same, id);
    Ok(())
}
