//! What goes wrong in a call names the function and its columns, and has Python's traceback.
use std::sync::Arc;

use crate::common::{context, error, functions, rows, table};
use callpy_datafusion::{Error, Functions};
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array};
use datafusion::prelude::SessionContext;

fn some_rows(context: &SessionContext) {
    let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0]));
    let g: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 2, 2]));
    table(context, &[("x", x), ("g", g)], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_has_its_traceback() {
    let context = context(&functions().scalar("raises").aggregate("raises").named("raises_all"));
    some_rows(&context);
    for sql in ["SELECT raises(x) FROM t", "SELECT raises_all(x) FROM t GROUP BY g"] {
        let error = error(&context, sql).await;
        let text = error.to_string();
        assert!(text.contains("(x): ValueError: no such luck"), "{text}");
        assert!(text.contains("Traceback") && text.contains("functions.py"), "{text}");
        let found = Error::find(&error).expect("it is there");
        assert!(found.call().ends_with("(x)"));
        let exception = found.python().and_then(|error| error.exception()).unwrap();
        assert_eq!(exception.type_name(), "ValueError");
    }
    // The next query is not disturbed.
    assert_eq!(rows(&context, "SELECT count(*) FROM t").await.unwrap(), ["4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_no_column() {
    let functions = functions()
        .scalar("first_half")
        .scalar("wrong_dtype")
        .scalar("table")
        .named("square")
        .aggregate("wrong_dtype")
        .named("wrong_dtypes")
        .aggregate("table")
        .named("squares");
    let context = context(&functions);
    some_rows(&context);
    for (sql, message) in [
        ("SELECT first_half(x) FROM t", "first_half(x): it returned 2 values for 4 rows"),
        ("SELECT wrong_dtype(x) FROM t", "int32"),
        ("SELECT square(x) FROM t", "square(x): it returned an array of shape [2, 2]"),
        ("SELECT wrong_dtypes(x) FROM t GROUP BY g", "int32"),
        ("SELECT squares(x) FROM t GROUP BY g", "squares(x)"),
    ] {
        let text = error(&context, sql).await.to_string();
        assert!(text.contains(message), "{sql}: {text}");
    }
}

/// A server must not end since a function retains what it was passed.
#[tokio::test(flavor = "multi_thread")]
async fn a_retained_argument_stays_valid() {
    let functions = functions().aggregate("retains").scalar("retained_sum").volatile();
    let context = context(&functions);
    some_rows(&context);
    let sums = rows(&context, "SELECT g, retains(x) FROM t GROUP BY g").await.unwrap();
    assert_eq!(sums, ["1|3.0", "2|7.0"]);
    context.deregister_table("t").unwrap();
    let kept = rows(&context, "SELECT retained_sum(0)").await.unwrap();
    assert!(kept == ["3.0"] || kept == ["7.0"], "{kept:?}");
}

#[test]
fn declarations_that_can_not_be() {
    let register =
        |functions: Functions| functions.register(&SessionContext::new()).unwrap_err().to_string();
    for (functions, message) in [
        (functions().scalar("missing"), "there is no function \"missing\""),
        (functions().scalar("untyped"), "parameter \"data\" has no hint"),
        (functions().scalar("total"), "is it an aggregate?"),
        (functions().aggregate("label"), "none of its parameters is an array"),
        (functions().aggregate("detect").scalar("detect"), "declared twice"),
        (functions().aggregate("maybe_texts"), "may be None"),
        (functions().aggregate("bytes_of"), "its result: list[bytes] can't be read"),
        (functions().scalar("bytes_of"), "can't be read"),
        (functions().aggregate("moment"), "can't be read"),
        (functions().scalar("moments"), "can't be read"),
        (functions().aggregate("required_after_untyped"), "\"b\" after it is required"),
        (
            functions().aggregate("count").named("n").nulls(callpy_datafusion::Nulls::Nan),
            "no floats",
        ),
    ] {
        let text = register(functions);
        assert!(text.contains(message), "{text}");
    }
    assert!(
        Functions::from_file("no/such/file.py")
            .unwrap_err()
            .to_string()
            .contains("no/such/file.py")
    );
}

/// Whatever SQL has of a name, a Python function of another kind would be hidden by it, or hide it.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken() {
    let refused = |functions: Functions| {
        let text = functions.register(&SessionContext::new()).unwrap_err().to_string();
        assert!(text.contains("SQL has") && text.contains("of this name"), "{text}");
    };
    refused(functions().aggregate("abs"));
    refused(functions().aggregate("count"));
    for taken in ["sum", "abs", "row_number", "power"] {
        refused(functions().aggregate("total").named(taken));
        refused(functions().scalar("scaled").named(taken));
        refused(functions().window("ranks").named(taken));
    }

    let context = context(&functions().scalar("scaled").named("f"));
    some_rows(&context);
    let other = functions().aggregate("total").named("f");
    let text = other.register(&context).unwrap_err().to_string();
    assert!(text.contains("SQL has a scalar function of this name"), "{text}");
    for (sql, message) in [
        ("f(DOUBLE) RETURNS DOUBLE LANGUAGE PYTHON AS 'functions:total'", "a scalar function"),
        ("sum(DOUBLE) RETURNS DOUBLE LANGUAGE PYTHON AS 'functions:total'", "an aggregate"),
        ("abs(DOUBLE) RETURNS DOUBLE LANGUAGE PYTHON AS 'functions:total'", "a scalar"),
    ] {
        let text = error(&context, &format!("CREATE FUNCTION {sql}")).await.to_string();
        assert!(text.contains(message), "{sql}: {text}");
    }
    // One of the same kind is replaced, and one that is dropped leaves its name.
    functions().scalar("series").named("f").register(&context).unwrap();
    assert_eq!(rows(&context, "SELECT f(x) FROM t LIMIT 1").await.unwrap(), ["1.0"]);
    context.sql("DROP FUNCTION f").await.unwrap();
    other.register(&context).unwrap();
    assert_eq!(rows(&context, "SELECT f(x) FROM t").await.unwrap(), ["10.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_name_that_two_files_have() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = functions();
    for part in ["a", "b"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        let file = folder.path().join(part).join("twice.py");
        std::fs::write(&file, "def f(x: float) -> float:\n    return x\n").unwrap();
        all = all.and(Functions::from_file(file).unwrap());
    }
    let context = context(&all);
    let sql = "CREATE FUNCTION f(DOUBLE) RETURNS DOUBLE LANGUAGE PYTHON AS 'twice:f'";
    let text = error(&context, sql).await.to_string();
    assert!(text.contains("\"twice\" may be") && text.contains("b/twice.py"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_arguments_are_refused_when_the_query_is_planned() {
    let functions =
        functions().aggregate("detect").aggregate("required_last").aggregate("optional_column");
    let context = context(&functions);
    some_rows(&context);
    for sql in [
        "SELECT detect() FROM t",
        "SELECT detect(x, x) FROM t",
        "SELECT detect('text') FROM t",
        // The last one is required, so the one before can't be left out.
        "SELECT required_last(x) FROM t",
        "SELECT required_last(x, 5) FROM t",
        "SELECT optional_column() FROM t",
    ] {
        let error = context.sql(sql).await.expect_err(sql).to_string();
        assert!(error.contains("Error during planning"), "{sql}: {error}");
    }
    assert_eq!(rows(&context, "SELECT required_last(x, 5, 1) FROM t").await.unwrap(), ["51.0"]);
    assert_eq!(rows(&context, "SELECT optional_column(x) FROM t").await.unwrap(), ["10.0"]);
}
