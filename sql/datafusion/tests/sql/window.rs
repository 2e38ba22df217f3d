//! Aggregates over windows, window functions, and table functions.
use std::sync::Arc;

use crate::common::{context, error, functions, rows, table};
use callpy_datafusion::Nulls;
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array};

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_over_frames() {
    let context = context(&functions().aggregate("series").nulls(Nulls::Skip));
    let x: ArrayRef =
        Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0), None, Some(4.0), Some(5.0)]));
    let g: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 1, 1, 2]));
    let n: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 2, 3, 4]));
    table(&context, &[("x", x), ("g", g), ("n", n)], 1);
    for (frame, expected) in [
        (
            "PARTITION BY g",
            ["[1.0, 2.0, 4.0]", "[1.0, 2.0, 4.0]", "[1.0, 2.0, 4.0]", "[1.0, 2.0, 4.0]", "[5.0]"],
        ),
        (
            "PARTITION BY g ORDER BY n",
            ["[1.0]", "[1.0, 2.0]", "[1.0, 2.0]", "[1.0, 2.0, 4.0]", "[5.0]"],
        ),
        (
            "ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
            ["[1.0, 2.0]", "[1.0, 2.0]", "[2.0, 4.0]", "[4.0, 5.0]", "[4.0, 5.0]"],
        ),
        (
            "ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
            ["[1.0]", "[1.0, 2.0]", "[2.0]", "[4.0]", "[4.0, 5.0]"],
        ),
    ] {
        let sql = format!("SELECT n, series(x) OVER ({frame}) FROM t");
        let expected: Vec<String> =
            expected.iter().enumerate().map(|(n, list)| format!("{n}|{list}")).collect();
        assert_eq!(rows(&context, &sql).await.unwrap(), expected, "{frame}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn window_functions() {
    let context = context(&functions().window("ranks").window("first_half"));
    let x: ArrayRef = Arc::new(Float64Array::from(vec![3.0, 1.0, 2.0, 9.0, 8.0]));
    let g: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 1, 2, 2]));
    table(&context, &[("x", x), ("g", g)], 2);
    let found = rows(&context, "SELECT x, ranks(x) OVER (PARTITION BY g) FROM t").await.unwrap();
    assert_eq!(found, ["1.0|0", "2.0|1", "3.0|2", "8.0|0", "9.0|1"]);
    let text =
        error(&context, "SELECT first_half(x) OVER (PARTITION BY g) FROM t").await.to_string();
    assert!(text.contains("it must return one for each"), "{text}");
    let text = error(&context, "SELECT ranks(x) IGNORE NULLS OVER () FROM t").await.to_string();
    assert!(text.contains("ranks: IGNORE NULLS"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn table_functions() {
    let context = context(&functions().table("squares"));
    let found = rows(&context, "SELECT n, square, name FROM squares(3)").await.unwrap();
    assert_eq!(found, ["0|0.0|0", "1|1.0|1", "2|4.0|2"]);
    assert_eq!(
        rows(&context, "SELECT sum(square) FROM squares(4) WHERE n > 1").await.unwrap(),
        ["13.0"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_arrays_that_are_no_columns() {
    let context = context(&functions().table("grid").table("point"));
    for (sql, shape) in [("SELECT * FROM grid()", "[2, 3]"), ("SELECT * FROM point()", "[]")] {
        let text = error(&context, sql).await.to_string();
        assert!(text.contains("column \"a\"") && text.contains(shape), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn create_function() {
    let context = context(&functions());
    let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    table(&context, &[("x", x)], 1);
    for (name, arguments, returns, language, function) in [
        ("detect", "DOUBLE", "BIGINT[]", "NUMPY", "functions:detect"),
        ("per_row", "DOUBLE", "DOUBLE", "python", "functions.py:series"),
        ("per_group", "DOUBLE", "DOUBLE[]", "PYTHON", "functions:series"),
        ("label", "DOUBLE", "VARCHAR", "PYTHON", "functions:label"),
    ] {
        let sql = format!(
            "CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE {language} AS '{function}'"
        );
        context.sql(&sql).await.unwrap();
    }
    let run = async |sql: &str| rows(&context, sql).await.unwrap();
    assert_eq!(run("SELECT detect(x), per_group(x) FROM t").await, ["[]|[1.0, 2.0]"]);
    assert_eq!(run("SELECT per_row(x), label(x * 8) FROM t").await, ["1.0|low", "2.0|high"]);
    for (sql, message) in [
        ("(DOUBLE) RETURNS BIGINT LANGUAGE PYTHON AS 'os:system'", "not a file that SQL may use"),
        ("(DOUBLE) RETURNS BIGINT LANGUAGE JAVA AS 'functions:detect'", "LANGUAGE must be"),
        ("(DOUBLE) RETURNS VARCHAR LANGUAGE PYTHON AS 'functions:detect'", "its hint says"),
        ("(BIGINT) RETURNS BIGINT[] LANGUAGE PYTHON AS 'functions:detect'", "\"data\" is Float64"),
        (
            "(DOUBLE, DOUBLE) RETURNS BIGINT[] LANGUAGE PYTHON AS 'functions:detect'",
            "1 parameters, not 2",
        ),
        (
            "(DOUBLE) RETURNS BIGINT[] LANGUAGE PYTHON AS 'functions:missing'",
            "there is no function",
        ),
        ("(DOUBLE) RETURNS BIGINT[] LANGUAGE PYTHON AS 'functions'", "names no function"),
    ] {
        let text = context.sql(&format!("CREATE FUNCTION f{sql}")).await.unwrap_err().to_string();
        assert!(text.contains(message), "{sql}: {text}");
    }
}
