//! Aggregate functions, against plain computations group by group.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{batches, context, context_with, error, functions, rows, table};
use crate::text::as_text;
use callpy_datafusion::Nulls;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray,
    TimestampNanosecondArray,
};
use datafusion::arrow::datatypes::{Float64Type, Int64Type};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;

#[tokio::test(flavor = "multi_thread")]
async fn lists_values_and_texts() {
    let functions = functions()
        .aggregate("detect")
        .aggregate("total")
        .aggregate("weighted")
        .aggregate("words")
        .aggregate("some_words");
    let context = context(&functions);
    let mut x = vec![1.0; 20];
    x[7] = 90.0;
    let x: ArrayRef = Arc::new(Float64Array::from(x));
    let g: ArrayRef = Arc::new(Int64Array::from_iter_values((0..20).map(|row| row / 10)));
    let w: ArrayRef = Arc::new(StringArray::from_iter(
        (0..20).map(|row| (row % 5 == 0).then(|| format!("w{row}"))),
    ));
    table(&context, &[("x", x), ("g", g), ("w", w)], 1);
    let run = async |sql: &str| rows(&context, sql).await.unwrap();
    assert_eq!(run("SELECT g, detect(x) FROM t GROUP BY g").await, ["0|[7]", "1|[]"]);
    assert_eq!(run("SELECT detect(x) FROM t").await, ["[7]"]);
    assert_eq!(run("SELECT g, total(x) FROM t GROUP BY g").await, ["0|99.0", "1|10.0"]);
    assert_eq!(run("SELECT g, weighted(x, x, 0.5) FROM t GROUP BY g").await, ["0|4054.5", "1|5.0"]);
    assert_eq!(run("SELECT g, weighted(x, x) FROM t GROUP BY g").await, ["0|8109.0", "1|10.0"]);
    assert_eq!(
        run("SELECT g, words(w ORDER BY w DESC) FROM t WHERE w IS NOT NULL GROUP BY g").await,
        ["0|w5-w0", "1|w15-w10"]
    );
    // A list of optional texts needs no policy for nulls.
    assert_eq!(
        run("SELECT g, some_words(w) FROM t GROUP BY g").await,
        ["0|w0-?-?-?-?-w5-?-?-?-?", "1|w10-?-?-?-?-w15-?-?-?-?"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_without_rows_are_null() {
    let context = context(&functions().aggregate("total").nulls(Nulls::Skip).aggregate("detect"));
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, None, Some(4.0)]));
    let g: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 2, 3]));
    table(&context, &[("x", x), ("g", g)], 2);
    let run = async |sql: &str| rows(&context, sql).await.unwrap();
    assert_eq!(run("SELECT g, total(x) FROM t GROUP BY g").await, ["1|1.0", "2|null", "3|4.0"]);
    assert_eq!(
        run("SELECT g, total(x) FILTER (WHERE x > 2) FROM t GROUP BY g").await,
        ["1|null", "2|null", "3|4.0"]
    );
    assert_eq!(run("SELECT total(x), detect(x) FROM t WHERE g > 9").await, ["null|null"]);
    assert_eq!(run("SELECT g, total(x) FROM t WHERE g > 9 GROUP BY g").await, [""; 0]);
    // A filter takes the nulls away, of which there would be an error.
    assert_eq!(run("SELECT detect(x) FILTER (WHERE x IS NOT NULL) FROM t").await, ["[]"]);
    let message = error(&context, "SELECT g, detect(x) FROM t GROUP BY g").await.to_string();
    assert!(message.contains("detect(x): column \"x\":") && message.contains("null"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nan_and_masked_nulls() {
    let functions = functions()
        .aggregate("series")
        .nulls(Nulls::Nan)
        .aggregate("masked_total")
        .nulls(Nulls::Masked);
    let context = context(&functions);
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(4.0)]));
    table(&context, &[("x", x)], 1);
    let run = async |sql: &str| rows(&context, sql).await.unwrap();
    assert_eq!(run("SELECT series(x) FROM t").await, ["[1.0, NaN, 4.0]"]);
    assert_eq!(run("SELECT masked_total(x) FROM t").await, ["5.0"]);
}

/// What a function of masked arrays returns masked is null, in a list and as a single value.
#[tokio::test(flavor = "multi_thread")]
async fn masked_results() {
    let mut all = functions();
    for name in ["series", "plain_sum", "none_of", "negated", "next_day"] {
        all = all.aggregate(name).nulls(Nulls::Masked);
    }
    let context = context(&all);
    let g: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 2]));
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.5), None, None]));
    let flag: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
    let time: ArrayRef =
        Arc::new(TimestampNanosecondArray::from(vec![Some(0), None, Some(1_000_000_000)]));
    table(&context, &[("g", g), ("x", x), ("flag", flag), ("time", time)], 1);
    let run = async |sql: &str| rows(&context, sql).await.unwrap();
    let sql = "SELECT g, series(x), plain_sum(x), negated(flag) FROM t GROUP BY g";
    assert_eq!(run(sql).await, ["1|[1.5, null]|1.5|[false, null]", "2|[null]|null|[true]"]);
    assert_eq!(
        run("SELECT g, next_day(time) FROM t GROUP BY g").await,
        ["1|[1970-01-02T00:00:00, null]", "2|[1970-01-02T00:00:01]"]
    );
    let text = error(&context, "SELECT none_of(x) FROM t").await.to_string();
    assert!(text.contains("none_of(x): its result is None"), "{text}");
}

/// Both zeros are one value, and so are all NaNs.
#[tokio::test(flavor = "multi_thread")]
async fn distinct_floats() {
    let context = context(&functions().aggregate("series"));
    let nan = f64::from_bits(f64::NAN.to_bits() ^ 1 ^ 1 << 63);
    let x: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, 1.0, f64::NAN, nan, 1.0]));
    table(&context, &[("x", x)], 1);
    let run = async |sql: &str| rows(&context, sql).await.unwrap();
    // Beside another aggregate it is not rewritten to a GROUP BY.
    let beside = "SELECT cardinality(series(DISTINCT x)), cardinality(series(x)) FROM t";
    assert_eq!(run(beside).await, ["3|6"]);
    let beside = "SELECT array_to_string(series(DISTINCT x), ' '), cardinality(series(x)) FROM t";
    assert!(run(beside).await[0].starts_with("0"), "the values stay as they came");
}

/// What a query over groups must return, computed plainly.
#[derive(Debug, Clone)]
struct Case {
    rows: Vec<(u8, Option<f64>, i64)>,
    batch_size: usize,
    partitions: usize,
    skip_partial: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let value = prop_oneof![
        8 => (-3..3_i64).prop_map(|value| Some(value as f64)),
        1 => Just(None),
        1 => Just(Some(f64::NAN)),
    ];
    let row = (0..6_u8, value, 0..40_i64);
    (
        prop::collection::vec(row, 0..120),
        prop::sample::select(vec![1_usize, 7, 8192]),
        1..9_usize,
        any::<bool>(),
    )
        .prop_map(|(rows, batch_size, partitions, skip_partial)| Case {
            rows,
            batch_size,
            partitions,
            skip_partial,
        })
}

/// Values by which lists with NaN can be compared.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_groups(case in cases()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(check(case));
    }
}

async fn check(case: Case) {
    let mut config = SessionConfig::new()
        .with_target_partitions(case.partitions)
        .with_batch_size(case.batch_size);
    if case.skip_partial {
        let execution = &mut config.options_mut().execution;
        execution.skip_partial_aggregation_probe_rows_threshold = 0;
        execution.skip_partial_aggregation_probe_ratio_threshold = 0.0;
    }
    let functions = functions().aggregate("series").nulls(Nulls::Skip);
    let context = context_with(&functions, config);
    let g: ArrayRef =
        Arc::new(Int64Array::from_iter_values(case.rows.iter().map(|row| row.0.into())));
    let x: ArrayRef = Arc::new(Float64Array::from_iter(case.rows.iter().map(|row| row.1)));
    let k: ArrayRef = Arc::new(Int64Array::from_iter_values(case.rows.iter().map(|row| row.2)));
    // The number of a row makes every order definite.
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values(0..case.rows.len() as i64));
    table(&context, &[("g", g), ("x", x), ("k", k), ("n", n)], case.partitions);

    let sql = "SELECT g, series(x ORDER BY k, n), series(x ORDER BY n DESC) FILTER (WHERE k < 20), \
               series(DISTINCT x), count(x) FROM t GROUP BY g";
    let mut found = BTreeMap::new();
    for batch in batches(&context, sql).await.unwrap() {
        let list = |column: usize, row: usize| {
            let lists = batch.column(column).as_list::<i32>();
            lists
                .is_valid(row)
                .then(|| bits(lists.value(row).as_primitive::<Float64Type>().values()))
        };
        for row in 0..batch.num_rows() {
            let group = batch.column(0).as_primitive::<Int64Type>().value(row);
            let mut distinct = list(3, row);
            distinct.iter_mut().for_each(|values| values.sort());
            let before = found.insert(group, (list(1, row), list(2, row), distinct));
            assert!(before.is_none(), "group {group} is there twice");
        }
    }

    let mut groups: BTreeMap<i64, Vec<(f64, i64, usize)>> = BTreeMap::new();
    for (n, (g, x, k)) in case.rows.iter().enumerate() {
        let group = groups.entry(i64::from(*g)).or_default();
        group.extend(x.map(|x| (x, *k, n)));
    }
    let expected = groups.into_iter().map(|(g, mut values)| {
        let none_if_empty = |values: Vec<f64>| (!values.is_empty()).then(|| bits(&values));
        values.sort_by_key(|(_, k, n)| (*k, *n));
        let by_key = none_if_empty(values.iter().map(|it| it.0).collect());
        values.sort_by_key(|(.., n)| std::cmp::Reverse(*n));
        let low = values.iter().filter(|(_, k, _)| *k < 20).map(|it| it.0);
        let low = none_if_empty(low.collect());
        let mut distinct = bits(&values.iter().map(|it| it.0).collect::<Vec<_>>());
        distinct.sort();
        distinct.dedup();
        let distinct = (!distinct.is_empty()).then_some(distinct);
        (g, (by_key, low, distinct))
    });
    assert_eq!(found, expected.collect(), "{case:?}");
}

/// As many groups as rows: a million calls, whose sums are compared with DataFusion's own.
#[tokio::test(flavor = "multi_thread")]
async fn many_groups() {
    let rows_in_all = 1_000_000;
    let context = context(&functions().aggregate("total"));
    let g: ArrayRef = Arc::new(Int64Array::from_iter_values(
        (0..rows_in_all).map(|row| row * 7919 % rows_in_all),
    ));
    let x: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..rows_in_all).map(|row| row as f64)));
    table(&context, &[("g", g), ("x", x)], 2);
    let sql = "SELECT count(*), sum(a), sum(abs(a - b)) FROM (SELECT g, total(x) a, sum(x) b FROM t GROUP BY g)";
    let sum: i64 = (0..rows_in_all).sum();
    assert_eq!(rows(&context, sql).await.unwrap(), [format!("{rows_in_all}|{}.0|0.0", sum)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn spilling_gives_the_same_rows() {
    let sql = "SELECT g, total(x ORDER BY n) FROM t GROUP BY g";
    let rows_in_all = 1_500_000_i64;
    let g: ArrayRef =
        Arc::new(Int64Array::from_iter_values((0..rows_in_all).map(|row| row % 50_021)));
    let x: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..rows_in_all).map(|row| (row % 1000) as f64)));
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows_in_all).rev()));
    let columns = [("g", g), ("x", x), ("n", n)];
    let mut results = Vec::new();
    for limit in [None, Some(64 << 20)] {
        let mut runtime = RuntimeEnvBuilder::new();
        if let Some(limit) = limit {
            runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(limit)));
        }
        let config = SessionConfig::new().with_target_partitions(2);
        let context = SessionContext::new_with_config_rt(config, runtime.build_arc().unwrap());
        functions().aggregate("total").register(&context).unwrap();
        table(&context, &columns, 2);
        let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        let batches = datafusion::physical_plan::collect(Arc::clone(&plan), context.task_ctx())
            .await
            .unwrap();
        let mut spilled = 0;
        let mut plans = vec![plan];
        while let Some(plan) = plans.pop() {
            spilled += plan.metrics().and_then(|it| it.spill_count()).unwrap_or(0);
            plans.extend(plan.children().into_iter().cloned());
        }
        assert_eq!(spilled > 0, limit.is_some(), "{spilled} spills with the limit {limit:?}");
        results.push(as_text(&batches));
    }
    assert_eq!(results[0].len(), 50_021);
    assert_eq!(results[0], results[1]);
}

/// A group that is larger than the memory is an error, and no part of the rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_does_not_fit() {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(4 << 20)))
        .build_arc()
        .unwrap();
    let context =
        SessionContext::new_with_config_rt(SessionConfig::new().with_target_partitions(1), runtime);
    functions().aggregate("total").register(&context).unwrap();
    let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 2_000_000]));
    let g: ArrayRef = Arc::new(Int64Array::from(vec![1; 2_000_000]));
    table(&context, &[("x", x), ("g", g)], 1);
    let text = error(&context, "SELECT g, total(x) FROM t GROUP BY g").await.to_string();
    assert!(text.contains("Resources exhausted"), "{text}");
}
