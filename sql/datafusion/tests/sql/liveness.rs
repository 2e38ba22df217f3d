//! Python holds up no one else on the runtime.
use std::sync::Arc;
use std::time::Duration;

use crate::common::{context_with, functions, rows, table};
use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::prelude::SessionConfig;

/// Sixteen partitions call a slow function on two threads. Meanwhile other queries run from beginning to
/// end, again and again: how many says whether the runtime was free, with no look at a clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_queries_run_meanwhile() {
    for function in ["slow", "spin"] {
        let config = SessionConfig::new().with_target_partitions(16);
        let context = context_with(&functions().scalar(function), config);
        let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 16]));
        table(&context, &[("x", x)], 16);
        let slow = {
            let context = context.clone();
            let sql = format!("SELECT sum({function}(x)) FROM t");
            tokio::spawn(async move { rows(&context, &sql).await.unwrap() })
        };
        let mut others = 0;
        while !slow.is_finished() {
            let other = rows(&context, "SELECT 1 + 1");
            let other = tokio::time::timeout(Duration::from_secs(2), other).await;
            assert_eq!(other.expect("it is not held up").unwrap(), ["2"]);
            others += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(slow.await.unwrap(), ["16.0"]);
        // 16 calls of 0.3 s, of which some run at once if they let go of the interpreter.
        assert!(others > 3, "{others} other queries with {function}");
    }
}

/// DataFusion's functions are synchronous, so on one thread they run where they are called.
#[tokio::test(flavor = "current_thread")]
async fn a_current_thread_runtime_works_too() {
    let context = context_with(&functions().scalar("scaled"), SessionConfig::new());
    assert_eq!(rows(&context, "SELECT scaled(1.5)").await.unwrap(), ["3.0"]);
}
