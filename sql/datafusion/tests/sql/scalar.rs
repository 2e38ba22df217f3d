//! Scalar functions: a call for each batch, or for each row.
use std::sync::Arc;

use crate::common::{context, error, functions, rows, table};
use callpy_datafusion::Nulls;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray};
use datafusion::prelude::SessionContext;

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_in_and_a_column_out() {
    let context = context(&functions().scalar("scaled").scalar("negated").scalar("next_day"));
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true]));
    table(&context, &[("x", floats(&[Some(1.0), Some(2.0), Some(3.5)])), ("flag", flags)], 2);

    assert_eq!(rows(&context, "SELECT scaled(x) FROM t").await.unwrap(), ["2.0", "4.0", "7.0"]);
    // The default can be replaced, by position, and integers are coerced as everywhere in SQL.
    assert_eq!(
        rows(&context, "SELECT scaled(x, 10) FROM t").await.unwrap(),
        ["10.0", "20.0", "35.0"]
    );
    assert_eq!(
        rows(&context, "SELECT negated(flag) FROM t").await.unwrap(),
        ["false", "false", "true"]
    );
    let sql = "SELECT next_day(TIMESTAMP '2026-02-28T12:00:00')";
    assert_eq!(rows(&context, sql).await.unwrap(), ["2026-03-01T12:00:00"]);
    assert_eq!(rows(&context, "SELECT scaled(x) FROM t WHERE x > 9").await.unwrap(), [""; 0]);
    assert_eq!(rows(&context, "SELECT scaled(4.5)").await.unwrap(), ["9.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts() {
    let context = context(&functions().scalar("shouted").scalar("lengths"));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "déjà", ""]));
    table(&context, &[("text", texts)], 1);
    assert_eq!(rows(&context, "SELECT shouted(text) FROM t").await.unwrap(), ["", "A", "DÉJÀ"]);
    assert_eq!(rows(&context, "SELECT lengths(text) FROM t").await.unwrap(), ["0", "1", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_each_row() {
    let context = context(&functions().scalar("label").nulls(Nulls::Skip));
    table(&context, &[("x", floats(&[Some(1.0), None, Some(35.0)]))], 1);
    let labels = rows(&context, "SELECT x, label(x) FROM t").await.unwrap();
    assert_eq!(labels, ["1.0|low", "35.0|high", "null|null"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_by_policy() {
    let functions = functions()
        .scalar("scaled")
        .scalar("scaled")
        .named("scaled_nan")
        .nulls(Nulls::Nan)
        .scalar("scaled")
        .named("scaled_skip")
        .nulls(Nulls::Skip)
        .scalar("filled")
        .named("filled_masked")
        .nulls(Nulls::Masked)
        .scalar("next_day")
        .nulls(Nulls::Masked);
    let context = context(&functions);
    table(&context, &[("x", floats(&[Some(1.0), None, Some(3.0), None]))], 1);
    let message = error(&context, "SELECT scaled(x) FROM t").await.to_string();
    assert!(message.contains("scaled(x): column \"x\": 2 of 4 values are null"), "{message}");
    assert_eq!(
        rows(&context, "SELECT scaled_nan(x) FROM t").await.unwrap(),
        ["2.0", "6.0", "NaN", "NaN"]
    );
    assert_eq!(
        rows(&context, "SELECT scaled_skip(x) FROM t").await.unwrap(),
        ["2.0", "6.0", "null", "null"]
    );
    assert_eq!(
        rows(&context, "SELECT filled_masked(x) FROM t").await.unwrap(),
        ["2.0", "4.0", "null", "null"]
    );
    let sql = "SELECT next_day(CASE WHEN x = 1 THEN TIMESTAMP '2026-02-28T12:00:00' END) FROM t";
    assert_eq!(rows(&context, sql).await.unwrap(), ["2026-03-01T12:00:00", "null", "null", "null"]);
    // Where no row is left, there is no call.
    assert_eq!(
        rows(&context, "SELECT scaled_skip(x) FROM t WHERE x IS NULL").await.unwrap(),
        ["null"; 2]
    );
}

/// NaN is for floats only, however a function takes its values.
#[tokio::test(flavor = "multi_thread")]
async fn nan_for_nulls() {
    let declared = functions().scalar("label").nulls(Nulls::Nan);
    let context = context(&declared.aggregate("kind_of").nulls(Nulls::Nan));
    table(&context, &[("x", floats(&[Some(1.0), None, Some(35.0)]))], 1);
    assert_eq!(rows(&context, "SELECT label(x) FROM t").await.unwrap(), ["high", "low", "low"]);
    // A list stays one, with and without nulls.
    let lists = rows(&context, "SELECT kind_of(x) FROM t GROUP BY x IS NULL").await.unwrap();
    assert_eq!(lists, ["list [1.0, 35.0]", "list [nan]"]);

    for name in ["plus", "label_text", "lengths", "negated", "optional_ints"] {
        let functions = functions().scalar(name).nulls(Nulls::Nan);
        let error = functions.register(&SessionContext::new()).unwrap_err().to_string();
        assert!(error.contains("no floats"), "{name}: {error}");
    }
}

/// `Optional` of a list is not a list of optional values.
#[tokio::test(flavor = "multi_thread")]
async fn nulls_in_an_optional_list() {
    let functions = functions()
        .aggregate("optional_list")
        .aggregate("optional_list")
        .named("skipping")
        .nulls(Nulls::Skip);
    let context = context(&functions);
    table(&context, &[("x", floats(&[Some(1.0), None]))], 1);
    assert_eq!(rows(&context, "SELECT skipping(x) FROM t").await.unwrap(), ["[1.0]"]);
    let text = error(&context, "SELECT optional_list(x) FROM t").await.to_string();
    assert!(
        text.contains("1 of 2 values are null") || text.contains("1 of 2 value is null"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn none_in_a_list_that_excludes_it() {
    let context = context(&functions().scalar("none_in_flags").scalar("none_in_floats"));
    table(&context, &[("x", floats(&[Some(1.0)]))], 1);
    for name in ["none_in_flags", "none_in_floats"] {
        let text = error(&context, &format!("SELECT {name}(x) FROM t")).await.to_string();
        assert!(text.contains("item 0 of its result is None"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_of_one_value_takes_no_column() {
    let context = context(&functions().scalar("scaled"));
    table(&context, &[("x", floats(&[Some(1.0), Some(2.0)]))], 1);
    let message = error(&context, "SELECT scaled(x, x) FROM t").await.to_string();
    assert!(message.contains("argument \"factor\" must be a constant"), "{message}");
}
