//! The same functions on Spark: a Sail server in `local-cluster` mode, as PyPI has it, which runs them on
//! worker threads of its own process and shares no file with this one.
#![cfg(feature = "spark")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use callpy::Python;
use callpy::environment::Requirements;
use callpy::locate::{self, Wanted};
use callpy_datafusion::{Functions, Nulls};
use spark_connect::SparkSession;
use spark_connect::row::{Row, Value};

/// Prints its port, and ends with this process: then its input ends.
const SERVER: &str = "
import sys
from pysail.spark import SparkConnectServer
server = SparkConnectServer('127.0.0.1', 0)
server.start(background=True)
print(server.listening_address[1], flush=True)
sys.stdin.read()
";

const FUNCTIONS: &str = r#"
import numpy as np
import numpy.typing as npt
import helper

Floats = npt.NDArray[np.float64]

def detect(data: Floats) -> npt.NDArray[np.int64]:
    return helper.outside(data, 2)

def scaled(data: Floats, by: float = 2.0) -> Floats:
    return data * by

def spread(data: Floats, *, power: int = 1) -> float:
    return (data.max() - data.min()) ** power

def longest(names: list[str]) -> str:
    return max(names, key=len)

def greeting(name: str) -> str:
    return "Hello, " + name

def total(data: Floats) -> float:
    return np.sum(data)

def fails(data: Floats) -> float:
    raise ValueError("no sensor is like that")

def short(data: Floats) -> Floats:
    return data[1:]

def wrong(data: Floats) -> Floats:
    return data > 1

def counts(data: npt.NDArray[np.uint32]) -> int:
    return 0

"#;

const HELPER: &str = "
import threading
import numpy as np

lock = threading.Lock() if __name__ == 'locks' else None

def outside(data, deviations):
    return np.flatnonzero(np.abs(data - data.mean()) > deviations * data.std())
";

struct Spark {
    session: SparkSession,
    folder: tempfile::TempDir,
    python: Python,
}

/// Starts the server, and Python in this process, once.
fn spark() -> &'static Spark {
    static SPARK: OnceLock<Spark> = OnceLock::new();
    SPARK.get_or_init(|| {
        let packages = ["numpy", "pysail==0.7.2", "pyspark-client==4.2.0"];
        let requirements = Requirements::new(packages);
        let wanted = Wanted { requirements, ..Wanted::default() };
        let (interpreter, _) = locate::find(&wanted).unwrap();
        let mut server = Command::new(interpreter.executable())
            .args(["-c", SERVER])
            .env("SAIL_MODE", "local-cluster")
            .env("RUST_LOG", "error")
            .env_remove("PYTHONPATH")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let url = format!("sc://127.0.0.1:{}", port.trim());
        let session = SparkSession::builder().remote(&url).get_or_create().unwrap();
        // Its input is open as long as this process lives.
        std::mem::forget(server);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sensors.py"), FUNCTIONS).unwrap();
        std::fs::write(folder.path().join("helper.py"), HELPER).unwrap();
        let python = Python::builder().python(interpreter.executable());
        let python = python.search_path(folder.path()).start().unwrap();
        let rows = "SELECT id, id % 3 AS sensor, CAST(id * 7919 % 400 / 10 + IF(id = 40, 90, 0) AS DOUBLE) \
                    AS value, CONCAT('sensor ', REPEAT('x', CAST(id % 5 AS INT))) AS name FROM range(60)";
        session.sql(rows).unwrap().create_or_replace_temp_view("cpu").unwrap();
        Spark { session, folder, python }
    })
}

impl Spark {
    fn functions(&self) -> Functions {
        Functions::from_file(self.file()).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("sensors.py")
    }

    fn query(&self, text: &str) -> Vec<Row> {
        self.session.sql(text).unwrap().collect().unwrap()
    }

    /// Returns the text of the error with which a query fails.
    fn failure(&self, text: &str) -> String {
        match self.session.sql(text) {
            Ok(frame) => frame.collect().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn values(&self, text: &str) -> Vec<f64> {
        self.query(text).iter().map(|row| row.get(0).unwrap().as_f64().unwrap()).collect()
    }
}

fn list(value: &Value) -> Vec<i64> {
    match value {
        Value::List(items) => items.iter().map(|item| item.as_i64().unwrap()).collect(),
        other => panic!("{other:?} is no list"),
    }
}

#[test]
fn an_aggregate_is_called_for_each_group_and_needs_none_of_its_files_there() {
    let spark = spark();
    spark.functions().aggregate("detect").register_spark(&spark.session).unwrap();
    let here = spark.python.function(format!("{}:detect", spark.file().display())).unwrap();
    let rows = spark.query("SELECT sensor, detect(value) FROM cpu GROUP BY sensor ORDER BY sensor");
    assert_eq!(rows.len(), 3);
    let mut found = 0;
    for (sensor, row) in rows.iter().enumerate() {
        let query = format!("SELECT value FROM cpu WHERE sensor = {sensor}");
        let expected = here.call::<callpy::Array<i64>>(&spark.values(&query)).unwrap();
        found += expected.len();
        assert_eq!(list(row.get(1).unwrap()), expected.to_vec());
    }
    assert!(found > 0, "no group has an outlier, so lists with values are not tested");
}

#[test]
fn a_scalar_function_is_called_for_each_batch() {
    let spark = spark();
    spark.functions().scalar("scaled").scalar("greeting").register_spark(&spark.session).unwrap();
    let values = spark.values("SELECT value FROM cpu ORDER BY id");
    let doubled: Vec<f64> = values.iter().map(|value| value * 2.0).collect();
    assert_eq!(spark.values("SELECT scaled(value) FROM cpu ORDER BY id"), doubled);
    // A constant, whose type in SQL is decimal; and a column of integers.
    let halved: Vec<f64> = values.iter().map(|value| value * 0.5).collect();
    assert_eq!(spark.values("SELECT scaled(value, 0.5) FROM cpu ORDER BY id"), halved);
    let ids: Vec<f64> = (0..60).map(|id| f64::from(id) * 2.0).collect();
    assert_eq!(spark.values("SELECT scaled(id) FROM cpu ORDER BY id"), ids);
    let rows = spark.query("SELECT greeting(name) FROM cpu WHERE id IN (0, 2) ORDER BY id");
    let texts: Vec<_> = rows.iter().map(|row| row.get(0).unwrap().as_str()).collect();
    assert_eq!(texts, [Some("Hello, sensor "), Some("Hello, sensor xx")]);
    let none = spark.query("SELECT scaled(value) FROM cpu WHERE id < 0");
    assert_eq!(none.len(), 0);
}

#[test]
fn an_aggregate_can_return_a_number_or_a_text_and_take_a_constant() {
    let spark = spark();
    let functions = spark.functions().aggregate("spread").aggregate("longest");
    functions.register_spark(&spark.session).unwrap();
    let rows =
        spark.query("SELECT spread(value, 2), MAX(value) - MIN(value), longest(name) FROM cpu");
    let expected = rows[0].get(1).unwrap().as_f64().unwrap().powi(2);
    assert_eq!(rows[0].get(0).unwrap().as_f64(), Some(expected));
    assert_eq!(rows[0].get(2).unwrap().as_str(), Some("sensor xxxx"));
}

#[test]
fn nulls_are_an_error_unless_a_policy_says_what_they_become() {
    let spark = spark();
    let functions = spark.functions().aggregate("total").named("plain");
    let functions =
        functions.and(spark.functions().aggregate("total").named("skipped").nulls(Nulls::Skip));
    let functions =
        functions.and(spark.functions().aggregate("total").named("masked").nulls(Nulls::Masked));
    let functions =
        functions.and(spark.functions().aggregate("total").named("nan").nulls(Nulls::Nan));
    let functions =
        functions.and(spark.functions().scalar("scaled").named("some").nulls(Nulls::Skip));
    functions.register_spark(&spark.session).unwrap();
    let from = "FROM VALUES (1.0D), (NULL), (4.0D) AS t(x)";
    let failure = spark.failure(&format!("SELECT plain(x) {from}"));
    assert!(failure.contains("argument 'data': 1 of 3 values are null"), "{failure}");
    let rows = spark.query(&format!("SELECT skipped(x), masked(x), nan(x) {from}"));
    assert_eq!(rows[0].get(0).unwrap().as_f64(), Some(5.0));
    assert_eq!(rows[0].get(1).unwrap().as_f64(), Some(5.0));
    assert!(rows[0].get(2).unwrap().as_f64().unwrap().is_nan());
    // NumPy's `masked`, which a sum of nothing is.
    let rows = spark.query("SELECT masked(x) FROM VALUES (CAST(NULL AS DOUBLE)) AS t(x)");
    assert_eq!(rows[0].get(0).unwrap().as_f64(), None);
    let rows = spark.query(&format!("SELECT some(x) {from} ORDER BY x NULLS FIRST"));
    let values: Vec<_> = rows.iter().map(|row| row.get(0).unwrap().as_f64()).collect();
    assert_eq!(values, [None, Some(2.0), Some(8.0)]);
}

#[test]
fn what_goes_wrong_in_a_call_says_in_which_and_why() {
    let spark = spark();
    let functions =
        spark.functions().aggregate("fails").aggregate("total").scalar("short").scalar("wrong");
    functions.register_spark(&spark.session).unwrap();
    let failure = spark.failure("SELECT fails(value) FROM cpu");
    assert!(failure.contains("ValueError: no sensor is like that"), "{failure}");
    let failure = spark.failure("SELECT total(name) FROM cpu");
    assert!(
        failure.contains("total: argument 'data': expected float64, got a column of"),
        "{failure}"
    );
    let failure = spark.failure("SELECT short(value) FROM cpu");
    assert!(
        failure.contains("short: it returned") && failure.contains("one for each"),
        "{failure}"
    );
    let failure = spark.failure("SELECT wrong(value) FROM cpu");
    assert!(
        failure.contains("wrong: expected a float64 array as its result, got bool"),
        "{failure}"
    );
}

#[test]
fn what_can_not_go_to_spark_is_refused_with_the_reason() {
    let spark = spark();
    let refused =
        |functions: Functions| functions.register_spark(&spark.session).unwrap_err().to_string();
    let unsigned = refused(spark.functions().aggregate("counts"));
    assert_eq!(unsigned, "counts: parameter \"data\": uint32 is no type of Spark's");
    let window = refused(spark.functions().window("scaled"));
    assert!(window.starts_with("scaled: window functions can't"), "{window}");

    let locks = spark.folder.path().join("locks.py");
    std::fs::write(&locks, HELPER.to_owned() + "\ndef locked(data: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:\n    with lock:\n        return 0.0\n").unwrap();
    let unpicklable = refused(Functions::from_file(&locks).unwrap().aggregate("locked"));
    assert!(
        unpicklable.contains("locked: ") && unpicklable.contains("can't be sent to Spark"),
        "{unpicklable}"
    );
    assert!(unpicklable.contains("_thread.lock"), "{unpicklable}");
}

#[test]
fn without_pyspark_the_error_says_what_to_install() {
    let spark = spark();
    let probe = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/spark.py");
    let script = format!(
        "import sys\nsys.modules['pyspark'] = None\nsys.argv = ['']\nexec(open({:?}).read())\n\
         command(len, 'scalar', 'len', [], 'error', ('array', 'float64', False, '\"double\"'))",
        probe.display()
    );
    let interpreter = spark.python.interpreter().unwrap().executable();
    let output = Command::new(interpreter).args(["-c", &script]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let fix = format!("{} -m pip install pyspark-client", interpreter.display());
    assert!(error.contains("ImportError: pyspark") && error.contains(&fix), "{error}");
}
