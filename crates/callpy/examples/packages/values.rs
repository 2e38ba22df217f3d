//! Values of real packages, each compared with what Python itself makes of it: frames, callbacks,
//! iterators, missing values, text, classes of attrs and models of pydantic. `.ci/packages` runs all of them.
//!
//! `values` runs every check whose package is installed; `values WORD…` those with one of the words.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

mod models;

use callpy::{
    Array, Columns, Datetime64, Dict, ErrorKind, Frame, FromPython, Items, Like, Object, Python,
    Result, Scalar, Texts, callback, named, unit,
};

/// What a check has: the packages, and Python's own answers.
struct Space {
    python: Python,
    run: Object,
}

impl Space {
    /// Returns the value of an expression, after the statements before the last `;`.
    fn eval<T: FromPython>(&self, text: &str) -> Result<T> {
        self.run.call(text)
    }

    fn frame(&self, text: &str) -> Result<Frame> {
        self.eval(text)
    }
}

fn same<T: PartialEq + Debug>(got: T, expected: T) {
    assert_eq!(got, expected);
}

/// Columns with values that are missing, some of them all.
fn typed_columns() -> Columns<'static> {
    Columns::new()
        .with("tiny", vec![Some(-1_i8), None])
        .with("huge", vec![None, Some(u64::MAX)])
        .with("single", vec![Some(0.1_f32), None])
        .with("none", vec![None::<f64>, None])
        .with("flag", vec![Some(true), None])
        .with("text", vec![Some("a"), None])
        .with("no text", vec![None::<String>, None])
        .with("moment", vec![Some(Datetime64::<unit::Nanosecond>::new(1)), None])
}

type Check = fn(&Space) -> Result<()>;

/// Package, what is checked, and how.
const CHECKS: &[(&str, &str, Check)] = &[
    ("pandas", "numbers and text of a frame", |s| {
        let frame = s.frame("import pandas as p; p.DataFrame({'i': [1, 2, 3], 'f': [0.5, 1.5, 2.5], 's': ['a', 'b', 'ü']})")?;
        same(frame.column("i")?.to_vec::<i64>()?, vec![1, 2, 3]);
        same(frame.column("f")?.to_vec::<f64>()?, vec![0.5, 1.5, 2.5]);
        same(frame.column("s")?.to_vec::<String>()?, vec!["a".into(), "b".into(), "ü".into()]);
        Ok(())
    }),
    ("pandas", "nulls of a nullable column", |s| {
        let frame = s.frame(
            "import pandas as p; p.DataFrame({'x': p.array([1, None, 3], dtype='Int64')})",
        )?;
        same(frame.column("x")?.to_options::<i64>()?, vec![Some(1), None, Some(3)]);
        assert!(
            frame.column("x")?.to_vec::<i64>().unwrap_err().to_string().contains("1 null of 3")
        );
        Ok(())
    }),
    ("pandas", "NaN of a float column is null", |s| {
        let frame = s.frame("import pandas as p; p.DataFrame({'x': [1.0, float('nan')]})")?;
        assert!(frame.column("x")?.to_vec_or(f64::NAN)?[1].is_nan());
        Ok(())
    }),
    ("pandas", "categories", |s| {
        let frame = s.frame(
            "import pandas as p; p.DataFrame({'x': p.Categorical(['b', 'a', None, 'b'])})",
        )?;
        let expected = [Some("b"), Some("a"), None, Some("b")].map(|it| it.map(str::to_owned));
        same(frame.column("x")?.to_options::<String>()?, expected.to_vec());
        Ok(())
    }),
    ("pandas", "times", |s| {
        let text = "import pandas as p; p.DataFrame({'t': p.to_datetime(['2020-01-02', '1969-12-31']).astype('M8[ns]')})";
        let times = s.frame(text)?.column("t")?.to_vec::<Datetime64<unit::Nanosecond>>()?;
        same(
            times.iter().map(|time| time.count()).collect(),
            vec![Some(1_577_923_200_000_000_000), Some(-86_400_000_000_000)],
        );
        Ok(())
    }),
    ("pandas", "columns in", |s| {
        let columns = Columns::new()
            .with("z", &[1.5, 2.5])
            .with("a", vec!["x", "y"])
            .with("n", vec![Some(1_i64), None]);
        let describe: Object = s.eval("lambda d: [str(type(d)), list(d.columns), d.z.sum(), d.a[1], str(d.n.dtype), bool(d.n.isna()[1])]")?;
        let (kind, names, sum, text, dtype, missing): (
            String,
            Vec<String>,
            f64,
            String,
            String,
            bool,
        ) = s.eval::<Object>("tuple")?.call(describe.call::<Object>(columns.pandas())?)?;
        assert!(kind.contains("pandas") && kind.contains("DataFrame"));
        same(
            (names, sum, text, missing),
            (vec!["z".into(), "a".into(), "n".into()], 4.0, "y".into(), true),
        );
        assert!(dtype == "Int64", "{dtype}");
        Ok(())
    }),
    ("pandas", "no column is cut to nanoseconds", |s| {
        let columns = Columns::new().with("t", vec![Datetime64::<unit::Picosecond>::new(1)]);
        let len = s.python.function("builtins:len")?;
        assert!(
            len.call::<usize>(columns.pandas()).unwrap_err().to_string().contains("nanosecond")
        );
        let whole = Datetime64::<unit::Picosecond>::new(-2000);
        let columns = Columns::new().with("t", vec![whole; 2]).with("n", vec![Some(whole), None]);
        let frame: Frame = s.python.function("copy:copy")?.call(columns.pandas())?;
        for name in ["t", "n"] {
            let times = frame.column(name)?.to_options::<Datetime64<unit::Nanosecond>>()?;
            same(times[0], Some(Datetime64::new(-2)));
        }
        Ok(())
    }),
    ("pandas", "columns in of Arrow's times", |s| {
        s.eval::<Object>("import pyarrow; pyarrow")?;
        let show: Object = s.eval("lambda d: str(d.t.dtype)")?;
        for kind in ["date32[day]", "timestamp[ns]", "duration[us]", "time64[ns]"] {
            let text = format!("import pandas as p; p.Series([1, None], dtype='{kind}[pyarrow]')");
            let columns = Columns::new().with("t", s.eval::<Object>(&text)?);
            same(show.call::<String>(columns.pandas())?, format!("{kind}[pyarrow]"));
        }
        Ok(())
    }),
    ("pandas", "columns in keep their type", |s| {
        for package in ["pandas", "polars", "pyarrow"] {
            let columns = typed_columns();
            let columns = match package {
                "pandas" => columns.pandas(),
                "polars" => columns.polars(),
                _ => columns.pyarrow(),
            };
            let frame: Frame = s.python.function("copy:copy")?.call(columns)?;
            let column = |name| frame.column(name).unwrap();
            same(column("tiny").to_options::<i8>()?, vec![Some(-1), None]);
            same(column("huge").to_options::<u64>()?, vec![None, Some(u64::MAX)]);
            same(column("single").to_options::<f32>()?, vec![Some(0.1), None]);
            same(column("none").to_options::<f64>()?, vec![None, None]);
            same(column("flag").to_options::<bool>()?, vec![Some(true), None]);
            same(column("text").to_options::<String>()?, vec![Some("a".into()), None]);
            same(column("no text").to_options::<String>()?, vec![None, None]);
            let moments = column("moment").to_options::<Datetime64<unit::Nanosecond>>()?;
            same(moments, vec![Some(Datetime64::new(1)), None]);
            same(column("no text").kind(), "str".to_owned());
            same(column("none").kind(), "float64".to_owned());
        }
        Ok(())
    }),
    ("pandas", "columns in without rows", |s| {
        for package in ["pandas", "polars", "pyarrow"] {
            let columns =
                Columns::new().with("t", Vec::<String>::new()).with("i", Vec::<Option<i16>>::new());
            let columns = match package {
                "pandas" => columns.pandas(),
                "polars" => columns.polars(),
                _ => columns.pyarrow(),
            };
            let frame: Frame = s.python.function("copy:copy")?.call(columns)?;
            // Before 3.0 the texts of pandas are objects, of which Arrow does not know what none of them are.
            same(frame.column("t")?.to_vec::<String>()?, Vec::new());
            same(frame.column("i")?.kind(), "int16".to_owned());
        }
        Ok(())
    }),
    ("pandas", "columns in of arrays", |s| {
        let columns = Columns::new().with("x", vec![Some(vec![1.0, 2.0]), None]).pandas();
        let show: Object = s.eval("lambda d: [str(x) for x in d.x]")?;
        same(show.call::<Vec<String>>(columns)?, vec!["[1. 2.]".to_owned(), "None".to_owned()]);
        let columns = Columns::new().with("x", vec![vec![1.0, 2.0], vec![3.0]]).pandas();
        same(show.call::<Vec<String>>(columns)?, vec!["[1. 2.]".to_owned(), "[3.]".to_owned()]);
        Ok(())
    }),
    ("pandas", "a column of lists beside others", |s| {
        let frame = s.frame(
            "import pandas as p; p.DataFrame({'x': [[1], [2]], 'n': [None, None], 'y': [1, 2]})",
        )?;
        same(frame.column("y")?.to_vec::<i64>()?, vec![1, 2]);
        same(frame.column("n")?.to_options::<f64>()?, vec![None, None]);
        assert!(frame.column("x")?.to_vec::<i64>().unwrap_err().to_string().contains("list"));
        Ok(())
    }),
    ("polars", "columns that can't be read beside others", |s| {
        let frame = s.frame("import polars as p, decimal as d; p.DataFrame({'x': [[1], [2]], 'n': [None, None], 'd': [d.Decimal(1), None], 's': [{'a': 1}, None], 'y': [1, 2]})")?;
        same(frame.column("y")?.to_vec::<i64>()?, vec![1, 2]);
        same(frame.column("n")?.to_options::<String>()?, vec![None, None]);
        same(frame.columns().map(|column| column.nulls()).collect(), vec![0, 2, 1, 1, 0]);
        Ok(())
    }),
    ("polars", "nulls of whole numbers of 128 bits", |s| {
        let frame = s.frame(
            "import polars as p; p.DataFrame({'x': p.Series([1, None, None], dtype=p.Int128)})[1:]",
        )?;
        let column = frame.column("x")?;
        same((column.kind(), column.nulls()), ("int128".to_owned(), 2));
        Ok(())
    }),
    ("pyarrow", "dictionaries in other columns", |s| {
        let frame = s.frame(
            "import pyarrow as p; d = p.array(['a', None]).dictionary_encode(); i = p.array([0, 1]); \
             p.table({'y': [1, 2], 'list': p.ListArray.from_arrays([0, 1, 2], d), \
             'struct': p.StructArray.from_arrays([d], ['f']), 'map': [[], []], \
             'nested': p.DictionaryArray.from_arrays(i, d), \
             'lists': p.DictionaryArray.from_arrays(i, p.ListArray.from_arrays([0, 1, 2], d))})",
        )?;
        same(frame.column("y")?.to_vec::<i64>()?, vec![1, 2]);
        let kinds: Vec<String> = frame.columns().map(|column| column.kind()).collect();
        same(kinds.join(" "), "int64 list struct list dictionary list".to_owned());
        same(frame.columns().map(|column| column.nulls()).collect(), vec![0, 0, 0, 0, 1, 0]);
        Ok(())
    }),
    ("pandas", "a Series with missing values", |s| {
        same(
            s.eval::<Vec<Option<i64>>>("import pandas as p; p.Series([1, None], dtype='Int64')")?,
            vec![Some(1), None],
        );
        same(
            s.eval::<Vec<Option<f64>>>("import pandas as p; p.Series([1.5, None])")?,
            vec![Some(1.5), None],
        );
        same(
            s.eval::<Vec<Option<String>>>("import pandas as p; p.Series(['a', None])")?,
            vec![Some("a".into()), None],
        );
        same(
            s.eval::<Vec<Option<bool>>>(
                "import pandas as p; p.array([True, None], dtype='boolean')",
            )?,
            vec![Some(true), None],
        );
        Ok(())
    }),
    ("pandas", "a Series is a frame of one column", |s| {
        let frame = s.frame("import pandas as p; p.Series([1.5, None, 2.5])")?;
        let column = frame.columns().next().expect("a Series is a column");
        same(column.to_options::<f64>()?, vec![Some(1.5), None, Some(2.5)]);
        Ok(())
    }),
    ("pandas", "a Series is like an array", |s| {
        let Like(array): Like<f64> = s.eval("import pandas as p; p.Series([1.5, 2.5])")?;
        same(array.to_vec(), vec![1.5, 2.5]);
        Ok(())
    }),
    ("pandas", "a callback in apply and map", |s| {
        let series: Object = s.eval("import pandas as p; p.Series([1.0, 2.0, 3.0])")?;
        let tripled: Object = series.call_method("map", callback(|x: f64| 3.0 * x))?;
        same(tripled.call_method::<Vec<f64>>("tolist", ())?, vec![3.0, 6.0, 9.0]);
        let table: Object =
            s.eval("import pandas as p; p.DataFrame({'a': [1.0, 2.0], 'b': [3.0, 4.0]})")?;
        let sum = callback(|row: &[f64]| row.iter().sum::<f64>());
        let sums: Object =
            table.call_method("apply", (sum, named("axis", 1), named("raw", true)))?;
        same(sums.call_method::<Vec<f64>>("tolist", ())?, vec![4.0, 6.0]);
        Ok(())
    }),
    ("pandas", "groups as an iterator", |s| {
        let groups: Items<(String, Object)> =
            s.eval("import pandas as p; p.Series([1, 2, 3], ['a', 'b', 'a']).groupby(level=0)")?;
        let names: Vec<String> =
            groups.map(|group| group.map(|(name, _)| name)).collect::<Result<_>>()?;
        same(names, vec!["a".to_owned(), "b".to_owned()]);
        Ok(())
    }),
    ("pandas", "records of a frame", |s| {
        let records: Vec<Vec<(String, i64)>> = s.eval(
            "import pandas as p; p.DataFrame({'z': [1, 2], 'a': [3, 4]}).to_dict('records')",
        )?;
        same(records[1].clone(), vec![("z".to_owned(), 2), ("a".to_owned(), 4)]);
        Ok(())
    }),
    ("polars", "numbers, text and nulls of a frame", |s| {
        let frame = s.frame("import polars as p; p.DataFrame({'i': [1, None, 3], 's': ['a', 'a text that is longer than twelve', None], 'b': [True, None, False]})")?;
        same(frame.column("i")?.to_options::<i64>()?, vec![Some(1), None, Some(3)]);
        same(
            frame.column("s")?.to_options::<String>()?,
            vec![Some("a".into()), Some("a text that is longer than twelve".into()), None],
        );
        same(frame.column("b")?.to_options::<bool>()?, vec![Some(true), None, Some(false)]);
        Ok(())
    }),
    ("polars", "batches of a frame in chunks", |s| {
        let frame = s.frame("import polars as p; p.concat([p.DataFrame({'x': [1, 2]}), p.DataFrame({'x': [3]})], rechunk=False)")?;
        let sums: Vec<i64> = frame
            .batches()
            .map(|batch| Ok(batch.column("x")?.iter::<i64>()?.flatten().sum()))
            .collect::<Result<_>>()?;
        same(sums.iter().sum::<i64>(), 6);
        Ok(())
    }),
    ("polars", "slices of a frame", |s| {
        let frame = s.frame("import polars as p; p.DataFrame({'x': list(range(100)), 's': [str(i) for i in range(100)]}).slice(37, 3)")?;
        same(frame.column("x")?.to_vec::<i64>()?, vec![37, 38, 39]);
        same(frame.column("s")?.to_texts()?.iter().collect::<Vec<_>>(), vec!["37", "38", "39"]);
        Ok(())
    }),
    ("polars", "categories, dates, durations", |s| {
        let frame = s.frame("import polars as p, datetime as d; p.DataFrame({'c': p.Series(['x', 'y', 'x'], dtype=p.Categorical), 'd': [d.date(1970, 1, n) for n in (1, 2, 3)], 't': [d.timedelta(n) for n in (1, 2, 3)]})")?;
        same(frame.column("c")?.to_vec::<String>()?, vec!["x".into(), "y".into(), "x".into()]);
        same(frame.column("d")?.to_vec::<Datetime64<unit::Day>>()?[2].count(), Some(2));
        same(frame.column("t")?.kind(), "timedelta64[us]".to_owned());
        Ok(())
    }),
    ("polars", "a Series", |s| {
        same(
            s.frame("import polars as p; p.Series('x', [0.5, 1.5])")?
                .column("x")?
                .to_vec::<f64>()?,
            vec![0.5, 1.5],
        );
        same(
            s.eval::<Vec<Option<i64>>>("import polars as p; p.Series([1, None])")?,
            vec![Some(1), None],
        );
        let Like(array): Like<f64> = s.eval("import polars as p; p.Series([1.5, 2.5])")?;
        same(array.to_vec(), vec![1.5, 2.5]);
        Ok(())
    }),
    ("polars", "times with nanoseconds", |s| {
        type Spans = Vec<Option<Duration>>;
        let spans = "import polars as p; p.Series([1_000_000_001, None], dtype=p.Duration('ns'))";
        same(s.eval::<Spans>(spans)?, vec![Some(Duration::new(1, 1)), None]);
        type Times = Vec<Option<SystemTime>>;
        let at = |count| {
            format!("import polars as p; p.Series([{count}], dtype=p.Datetime('ns', 'UTC'))")
        };
        same(s.eval::<Times>(&at(1000))?, vec![Some(UNIX_EPOCH + Duration::from_micros(1))]);
        assert!(s.eval::<Times>(&at(1)).unwrap_err().to_string().contains("nanoseconds"));
        for (count, is_exact) in [(1, false), (1000, true)] {
            for (value, kind) in [
                (format!("[{count}]"), "p.List(p.Datetime('ns'))"),
                (format!("[[{count}], []]"), "p.List(p.List(p.Duration('ns')))"),
                (format!("{{'a': {count}}}"), "p.Struct({'a': p.Datetime('ns', 'UTC')})"),
            ] {
                let physical = kind.replace("p.Datetime('ns', 'UTC')", "p.Int64");
                let physical = physical.replace("p.Datetime('ns')", "p.Int64");
                let physical = physical.replace("p.Duration('ns')", "p.Int64");
                let text = format!(
                    "import polars as p; p.Series([{value}, None], dtype={physical}).cast({kind})"
                );
                let got = s.eval::<Vec<Option<Object>>>(&text);
                match got {
                    Ok(items) => assert!(is_exact && items.len() == 2, "{text}"),
                    Err(error) => assert!(
                        !is_exact && error.to_string().contains("nanoseconds"),
                        "{text}: {error}"
                    ),
                }
            }
        }
        Ok(())
    }),
    ("pyarrow", "times of day with nanoseconds", |s| {
        for (count, is_exact) in [(1, false), (1000, true)] {
            let times = format!("t = pyarrow.array([{count}, None], pyarrow.time64('ns'))");
            for made in [
                "t",
                "pyarrow.chunked_array([t, t])",
                "t.dictionary_encode()",
                "pyarrow.ListArray.from_arrays([0, 1, 2], t)",
                "pyarrow.ListArray.from_arrays([0, 1, 2], t.dictionary_encode())",
                "pyarrow.StructArray.from_arrays([t], ['a'])",
                "pyarrow.RunEndEncodedArray.from_arrays([2, 3], t)",
                "pyarrow.chunked_array([pyarrow.RunEndEncodedArray.from_arrays([2, 3], t)])",
                "pyarrow.StructArray.from_arrays([pyarrow.RunEndEncodedArray.from_arrays([2, 3], t)], ['a'])",
                "pyarrow.MapArray.from_arrays([0, 1, 2], pyarrow.array([1, 2]), t)",
                "pyarrow.UnionArray.from_dense(pyarrow.array([0, 0], 'int8'), pyarrow.array([0, 1], 'int32'), [t])",
                "pandas.Categorical(pandas.Series(pandas.arrays.ArrowExtensionArray(t)))",
                "pandas.Series(pandas.Categorical(pandas.Series(pandas.arrays.ArrowExtensionArray(t))))",
                "pandas.arrays.ArrowExtensionArray(t)",
                "pandas.Series(pandas.arrays.ArrowExtensionArray(t))",
                "pandas.Series(pandas.arrays.ArrowExtensionArray(t.dictionary_encode()))",
            ] {
                if made.contains("pandas") && s.eval::<Object>("import pandas; pandas").is_err() {
                    continue;
                }
                let import = if made.contains("pandas") { "import pandas; " } else { "" };
                let text = format!("import pyarrow; {import}{times}; {made}");
                match s.eval::<Vec<Option<Object>>>(&text) {
                    Ok(items) => assert!(is_exact && items.len() >= 2, "{text}"),
                    Err(error) => assert!(
                        !is_exact && error.to_string().contains("nanoseconds"),
                        "{text}: {error}"
                    ),
                }
            }
        }
        Ok(())
    }),
    ("pandas", "categories of times", |s| {
        // Without pyarrow there is no column of Arrow's.
        if s.eval::<Object>("import pyarrow; pyarrow").is_err() {
            return Ok(());
        }
        let text = "import pandas, pyarrow; a = pyarrow.array([1, None, 2, 1], pyarrow.timestamp('ns', 'UTC')); \
                    s = pandas.Series(pandas.arrays.ArrowExtensionArray(a)).astype('category')";
        let at = |count| Some(UNIX_EPOCH + Duration::from_nanos(count));
        let times = vec![at(1), None, at(2), at(1)];
        for value in ["s", "s.array", "pandas.CategoricalIndex(s)"] {
            same(s.eval::<Vec<Option<SystemTime>>>(&format!("{text}; {value}"))?, times.clone());
            assert!(s.eval::<Vec<Option<i64>>>(&format!("{text}; {value}")).is_err());
        }
        let text =
            "import pandas; pandas.Categorical(['b', None, 'a', 'b'], categories=['c', 'a', 'b'])";
        let texts = [Some("b"), None, Some("a"), Some("b")].map(|text| text.map(str::to_owned));
        same(s.eval::<Vec<Option<String>>>(text)?, texts.to_vec());
        same(s.eval::<Vec<Option<i64>>>("import pandas; pandas.Categorical([])")?, vec![]);
        same(
            s.eval::<Vec<Option<i64>>>("import pandas; pandas.Categorical([None], [1])")?,
            vec![None],
        );
        Ok(())
    }),
    ("polars", "columns in and out", |s| {
        let columns = || {
            Columns::new()
                .with("n", &[3_i64, 1, 2])
                .with("t", vec!["c", "a", "b"])
                .with("f", vec![Some(0.5), None, Some(2.5)])
        };
        let sort = s.python.function("polars:DataFrame.sort")?;
        for _ in 0..3 {
            let sorted: Frame = sort.call((columns().polars(), "n"))?;
            same(sorted.column("t")?.to_vec::<String>()?, vec!["a".into(), "b".into(), "c".into()]);
            same(sorted.column("f")?.to_options::<f64>()?, vec![None, Some(2.5), Some(0.5)]);
        }
        Ok(())
    }),
    ("polars", "a frame of memory that was only lent is given up", |s| {
        // Otherwise the process would end.
        let source = "def same(frame): return frame";
        let same =
            s.python.module_from_source("sharing", "sharing.py", source)?.function("same")?;
        let values = vec![0.5; 1000];
        for columns in [Columns::polars, Columns::pyarrow] {
            let columns = columns(Columns::new().with("x", &values));
            match same.lends().call::<Frame>(columns) {
                Err(error) => assert!(matches!(error.kind(), ErrorKind::Kept), "{error}"),
                Ok(frame) => assert!(frame.column("x")?.to_vec::<f64>()? == values),
            }
        }
        Ok(())
    }),
    ("polars", "a lazy frame has to be collected", |s| {
        let error = s.frame("import polars as p; p.LazyFrame({'x': [1]})").unwrap_err();
        assert!(error.to_string().contains("use .collect()"), "{error}");
        Ok(())
    }),
    ("pyarrow", "a table in chunks", |s| {
        let table = s.frame("import pyarrow as p; p.concat_tables([p.table({'x': [1, None]}), p.table({'x': [3]})])")?;
        same(table.column("x")?.to_options::<i64>()?, vec![Some(1), None, Some(3)]);
        same(table.batches().len(), 2);
        Ok(())
    }),
    ("pyarrow", "every number", |s| {
        let text = "import pyarrow as p; p.table({t: p.array([1, 2], getattr(p, t)()) for t in 'int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64'.split()})";
        let table = s.frame(text)?;
        same(table.column("int8")?.to_vec::<i8>()?, vec![1, 2]);
        same(table.column("uint16")?.to_vec::<u16>()?, vec![1, 2]);
        same(table.column("uint64")?.to_vec::<u64>()?, vec![1, 2]);
        same(table.column("float32")?.to_vec::<f32>()?, vec![1.0, 2.0]);
        same(
            table.columns().map(|column| column.kind()).collect::<Vec<_>>(),
            table.names().map(str::to_owned).collect(),
        );
        Ok(())
    }),
    ("pyarrow", "large text, views and binary", |s| {
        let table = s.frame("import pyarrow as p; p.table({'u': p.array(['a', None, 'ü'], p.large_string()), 'v': p.array(['a', None, 'more than twelve bytes'], p.string_view()), 'z': p.array([b'a', None, b'\\xff'], p.binary())})")?;
        same(
            table.column("u")?.to_options::<String>()?,
            vec![Some("a".into()), None, Some("ü".into())],
        );
        same(
            table.column("v")?.to_options::<String>()?,
            vec![Some("a".into()), None, Some("more than twelve bytes".into())],
        );
        same(
            table.column("z")?.to_options::<callpy::Bytes<Vec<u8>>>()?[2].clone().unwrap().0,
            vec![255],
        );
        Ok(())
    }),
    ("pyarrow", "dictionaries with nulls among their values", |s| {
        let table = s.frame("import pyarrow as p; p.table({'x': p.DictionaryArray.from_arrays(p.array([0, 1, None, 1]), p.array(['a', None]))})")?;
        let column = table.column("x")?;
        same(
            (column.nulls(), column.to_options::<String>()?),
            (3, vec![Some("a".into()), None, None, None]),
        );
        Ok(())
    }),
    ("pyarrow", "sliced bools", |s| {
        let table = s.frame(
            "import pyarrow as p; p.table({'x': p.array([True, None, False] * 7)}).slice(5, 9)",
        )?;
        let expected = s.eval::<Vec<Option<bool>>>(
            "import pyarrow as p; p.array([True, None, False] * 7).slice(5, 9)",
        )?;
        same(table.column("x")?.to_options::<bool>()?, expected);
        Ok(())
    }),
    ("pyarrow", "nested columns are refused by name", |s| {
        let frame = s.frame("import pyarrow as p; p.table({'l': [[1], [2]]})")?;
        let error = frame.column("l")?.to_vec::<i64>().unwrap_err();
        same(error.to_string(), "column \"l\": expected int64, got list".to_owned());
        Ok(())
    }),
    ("pyarrow", "a record batch, a reader and an array", |s| {
        same(
            s.frame("import pyarrow as p; p.record_batch({'x': [1, 2]})")?
                .column("x")?
                .to_vec::<i64>()?,
            vec![1, 2],
        );
        same(
            s.frame("import pyarrow as p; p.table({'x': [1, 2]}).to_reader()")?
                .column("x")?
                .to_vec::<i64>()?,
            vec![1, 2],
        );
        same(
            s.frame("import pyarrow as p; p.array([1, 2])")?.column("")?.to_vec::<i64>()?,
            vec![1, 2],
        );
        same(
            s.frame("import pyarrow as p; p.chunked_array([[1], [2]])")?
                .column("")?
                .to_vec::<i64>()?,
            vec![1, 2],
        );
        Ok(())
    }),
    ("pyarrow", "a frame of lent memory is an error", |s| {
        let table = s.python.function("pyarrow:table")?.lends();
        let values = vec![1.0, 2.0];
        let error = table.call::<Frame>(Dict::new().with("x", &values)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
        let frame: Frame = table.call(Dict::new().with("x", vec![1.0, 2.0]))?;
        same(frame.column("x")?.to_vec::<f64>()?, vec![1.0, 2.0]);
        Ok(())
    }),
    ("pyarrow", "a frame that another thread drops", |s| {
        let frame = s.frame("import pyarrow as p, numpy as n; p.table({'x': n.ones(1000)})")?;
        std::thread::scope(|scope| {
            let sum = scope.spawn(move || {
                frame.column("x").unwrap().iter::<f64>().unwrap().flatten().sum::<f64>()
            });
            same(sum.join().unwrap(), 1000.0);
        });
        Ok(())
    }),
    ("pyarrow", "columns in", |s| {
        let table: Frame = s.python.function("pyarrow:Table.drop_columns")?.call((
            Columns::new().with("x", &[1_i64, 2]).with("y", vec!["a", "b"]).pyarrow(),
            "x",
        ))?;
        same(table.names().collect::<Vec<_>>(), vec!["y"]);
        Ok(())
    }),
    ("duckdb", "a relation", |s| {
        let frame = s.frame("import duckdb as d; d.sql(\"select i, i / 2.0 as half, 'n' || i as name from range(5) t(i)\")")?;
        same(frame.column("i")?.to_vec::<i64>()?, vec![0, 1, 2, 3, 4]);
        same(
            frame.column("name")?.to_texts()?.iter().next_back().map(str::to_owned),
            Some("n4".to_owned()),
        );
        Ok(())
    }),
    ("duckdb", "rows as an iterator", |s| {
        let rows: Vec<(i64, String)> = s.eval(
            "import duckdb as d; d.sql(\"select i, 'n' || i from range(3) t(i)\").fetchall()",
        )?;
        same(rows[2].clone(), (2, "n2".to_owned()));
        Ok(())
    }),
    ("scipy", "minimize with a closure", |s| {
        let target = [3.0, -1.0];
        let distance = callback(|x: &[f64]| -> Result<f64> {
            Ok(x.iter().zip(&target).map(|(x, target)| (x - target).powi(2)).sum())
        });
        let minimize = s.python.function("scipy.optimize:minimize")?;
        let found: Object =
            minimize.call((distance, &[0.0, 0.0], named("method", "Nelder-Mead")))?;
        let own: Object = s.eval("from scipy.optimize import minimize; minimize(lambda x: (x[0] - 3.0) ** 2 + (x[1] + 1.0) ** 2, [0.0, 0.0], method='Nelder-Mead')")?;
        let (found, own) =
            (found.attr("x")?.extract::<Vec<f64>>()?, own.attr("x")?.extract::<Vec<f64>>()?);
        assert!(
            found.iter().zip(&own).all(|(found, own)| (found - own).abs() < 1e-3),
            "{found:?} {own:?}"
        );
        Ok(())
    }),
    ("scipy", "quad, brentq and solve_ivp with closures", |s| {
        let (integral, _): (f64, f64) = s.python.function("scipy.integrate:quad")?.call((
            callback(|x: f64| x * x),
            0.0,
            3.0,
        ))?;
        assert!((integral - 9.0).abs() < 1e-9);
        let root: f64 = s.python.function("scipy.optimize:brentq")?.call((
            callback(|x: f64| x * x - 2.0),
            0.0,
            2.0,
        ))?;
        assert!((root - 2.0_f64.sqrt()).abs() < 1e-9);
        let decay = callback(|_: f64, y: &[f64]| y.iter().map(|y| -y).collect::<Vec<f64>>());
        let solved: Object = s.python.function("scipy.integrate:solve_ivp")?.call((
            decay,
            (0.0, 1.0),
            &[1.0],
            named("rtol", 1e-9),
        ))?;
        let last = solved.attr("y")?.extract::<Vec<Vec<f64>>>()?[0].last().copied().unwrap();
        assert!((last - (-1.0_f64).exp()).abs() < 1e-5);
        Ok(())
    }),
    ("scipy", "a closure's error ends the search", |s| {
        let fails = callback(|_: f64| -> Result<f64, std::fmt::Error> { Err(std::fmt::Error) });
        let error =
            s.python.function("scipy.optimize:brentq")?.call::<f64>((fails, 0.0, 2.0)).unwrap_err();
        assert!(
            std::error::Error::source(&error).is_some_and(|source| source.is::<std::fmt::Error>()),
            "{error}"
        );
        Ok(())
    }),
    ("scipy", "cdist and generic_filter with closures", |s| {
        let city = callback(|a: &[f64], b: &[f64]| {
            a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>()
        });
        let rows = [[0.0, 0.0], [1.0, 2.0]];
        let got: Vec<Vec<f64>> =
            s.python.function("scipy.spatial.distance:cdist")?.call((&rows, &rows, city))?;
        same(got, vec![vec![0.0, 3.0], vec![3.0, 0.0]]);
        let highest = callback(|window: &[f64]| window.iter().copied().fold(f64::MIN, f64::max));
        let got: Vec<f64> = s.python.function("scipy.ndimage:generic_filter")?.call((
            &[1.0, 5.0, 2.0, 0.0],
            highest,
            3,
        ))?;
        same(got, vec![5.0, 5.0, 5.0, 2.0]);
        Ok(())
    }),
    ("sklearn", "a method as a function, with a receipt", |s| {
        let model: Object = s.eval("from sklearn.linear_model import LinearRegression as M; M().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])")?;
        let predict = model.function("predict")?;
        same(predict.name(), "LinearRegression.predict");
        let (got, _) = predict.call_with_receipt::<Array<f64>>(&[[10.0], [20.0]])?;
        assert!((got[0] - 21.0).abs() < 1e-9 && (got[1] - 41.0).abs() < 1e-9);
        Ok(())
    }),
    ("sklearn", "text out of an object array, text in", |s| {
        let vectorizer: Object =
            s.eval("from sklearn.feature_extraction.text import CountVectorizer as M; M()")?;
        let counts: Object = vectorizer.call_method("fit_transform", vec!["the cat", "the dog"])?;
        same(
            counts.call_method::<Object>("toarray", ())?.extract::<Vec<Vec<i64>>>()?,
            vec![vec![1, 0, 1], vec![0, 1, 1]],
        );
        let names: Texts = vectorizer.call_method("get_feature_names_out", ())?;
        same(names.iter().collect::<Vec<_>>(), vec!["cat", "dog", "the"]);
        Ok(())
    }),
    ("sklearn", "a closure as a kernel and as a step", |s| {
        let model: Object =
            s.eval("from sklearn.preprocessing import FunctionTransformer as M; M")?;
        let double =
            callback(|table: ndarray::ArrayView2<'_, f64>| (&table * 2.0).into_owned()).owned();
        let model: Object = model.call(named("func", double))?;
        let got: Array<f64> = model.call_method("fit_transform", &[[1.0, 2.0]])?;
        same(got.to_vec(), vec![2.0, 4.0]);
        Ok(())
    }),
    ("sklearn", "records as ordered dicts", |s| {
        let vectorizer: Object =
            s.eval("from sklearn.feature_extraction import DictVectorizer as M; M(sparse=False)")?;
        let table: Vec<Vec<f64>> = vectorizer.call_method(
            "fit_transform",
            vec![
                callpy::List::new()
                    .with(Dict::new().with("b", 1.0).with("a", 2.0))
                    .with(Dict::new().with("b", 3.0)),
            ]
            .pop(),
        )?;
        same(table, vec![vec![2.0, 1.0], vec![0.0, 3.0]]);
        Ok(())
    }),
    ("networkx", "nodes, edges and a closure as a weight", |s| {
        let graph: Object = s.eval("import networkx as n; n.Graph([(0, 1, {'w': 1.0}), (1, 2, {'w': 1.0}), (0, 2, {'w': 5.0})])")?;
        let edges: Vec<(i64, i64)> =
            graph.attr("edges")?.iter::<(i64, i64)>()?.collect::<Result<_>>()?;
        same(edges, vec![(0, 1), (0, 2), (1, 2)]);
        let weight = callback(|_: i64, _: i64, edge: Object| edge.item("w")?.extract::<f64>());
        let path: Vec<i64> = s.python.function("networkx:shortest_path")?.call((
            &graph,
            0,
            2,
            named("weight", weight),
        ))?;
        same(path, vec![0, 1, 2]);
        let ranks: Vec<(i64, f64)> =
            s.python.function("networkx:degree_centrality")?.call(&graph)?;
        same(ranks[0], (0, 1.0));
        Ok(())
    }),
    ("sympy", "numbers under a cast, and text", |s| {
        let Scalar(pi): Scalar<f64> = s.eval("import sympy; sympy.pi")?;
        same(pi, std::f64::consts::PI);
        let Scalar(seven): Scalar<i64> = s.eval("import sympy; sympy.Integer(7)")?;
        same(seven, 7);
        same(s.eval::<Object>("import sympy; sympy.Rational(1, 3)")?.to_string(), "1/3".to_owned());
        Ok(())
    }),
    ("jax", "arrays through DLPack", |s| {
        let Like(array): Like<f32> =
            s.eval("import jax.numpy as j; j.arange(6, dtype='float32').reshape(2, 3)")?;
        same(
            (array.shape().to_vec(), array.to_vec()),
            (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        );
        let Scalar(one): Scalar<f64> = s.eval("import jax.numpy as j; j.float32(1.5)")?;
        same(one, 1.5);
        Ok(())
    }),
    ("cv2", "contours as nested arrays", |s| {
        let contours: (Vec<Vec<Vec<Vec<i32>>>>, Object) = s.eval("import cv2, numpy as n; (lambda r: (list(r[0]), r[1]))(cv2.findContours(n.pad(n.full((2, 2), 255, 'u1'), 1), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE))")?;
        same(contours.0[0].len(), 4);
        Ok(())
    }),
    ("PIL", "an image is like an array", |s| {
        let Like(pixels): Like<u8> = s.eval("from PIL import Image; Image.new('L', (3, 2), 7)")?;
        same((pixels.shape().to_vec(), pixels[0]), (vec![2, 3], 7));
        Ok(())
    }),
    ("numba", "records with text keys", |s| {
        let counts: Vec<(String, i64)> = s.eval(
            "from numba.typed import Dict; (lambda d: (d.__setitem__('a', 1), dict(d))[1])(Dict())",
        )?;
        same(counts, vec![("a".to_owned(), 1)]);
        Ok(())
    }),
    ("lightgbm", "a closure as an objective", |s| {
        let train: Object = s.eval("import lightgbm as l, numpy as n; lambda f: l.train({'objective': f, 'verbose': -1, 'num_threads': 1, 'min_data_in_leaf': 1, 'min_data_in_bin': 1}, l.Dataset(n.arange(40.0).reshape(40, 1), n.arange(40.0) * 2), 5).predict(n.array([[3.0]])).tolist()")?;
        let squares = callback(|predicted: &[f64], data: Object| -> Result<(Vec<f64>, Vec<f64>)> {
            let labels: Like<f32> = data.call_method("get_label", ())?;
            let gradient =
                predicted.iter().zip(&labels.0[..]).map(|(p, y)| p - f64::from(*y)).collect();
            Ok((gradient, vec![1.0; predicted.len()]))
        });
        let got: Vec<f64> = train.call(squares)?;
        let own: Object = s.eval(
            "lambda p, d: (p - d.get_label().astype('f8'), __import__('numpy').ones(len(p)))",
        )?;
        same(got, train.call(own)?);
        Ok(())
    }),
    ("xgboost", "a closure as a metric", |s| {
        let train: Object = s.eval("import xgboost as x, numpy as n; lambda f: (lambda r: (x.train({'nthread': 1}, (m := x.DMatrix(n.arange(20.0).reshape(20, 1), n.arange(20.0))), 2, evals=[(m, 't')], custom_metric=f, evals_result=r, verbose_eval=False), r['t']['own'])[1])({})")?;
        let metric =
            callback(|predicted: &[f32], _: Object| ("own".to_owned(), f64::from(predicted[0])));
        let got: Vec<f64> = train.call(metric)?;
        let own: Object = s.eval("lambda p, d: ('own', float(p[0]))")?;
        same(got, train.call(own)?);
        Ok(())
    }),
    ("joblib", "owned closures on threads", |s| {
        let run: Object = s.eval("from joblib import Parallel, delayed; lambda f: Parallel(2, prefer='threads')(delayed(f)(i) for i in range(5))")?;
        same(run.call::<Vec<i64>>(callback(|x: i64| x * x))?, vec![0, 1, 4, 9, 16]);
        Ok(())
    }),
    ("statsmodels", "columns in, a frame's parameters out", |s| {
        let columns = Columns::new()
            .with("y", &[1.0, 3.0, 5.0, 7.0])
            .with("x", &[0.0, 1.0, 2.0, 3.0])
            .pandas();
        let fit: Object = s.eval(
            "import statsmodels.formula.api as f; lambda d: f.ols('y ~ x', d).fit().params",
        )?;
        let got: Vec<f64> = fit.call::<Object>(columns)?.call_method("tolist", ())?;
        assert!((got[0] - 1.0).abs() < 1e-9 && (got[1] - 2.0).abs() < 1e-9);
        Ok(())
    }),
];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let python = Python::start()?;
    let source = "
def run(text):
    *statements, value = text.split('; ')
    space = {}
    exec('\\n'.join(statements), space)
    return eval(value, space)

def has(package):
    import importlib.util
    return importlib.util.find_spec(package) is not None
";
    let module = python.module_from_source("values_run", "values_run.py", source)?;
    let has = module.function("has")?;
    let space = Space { python, run: module.attr("run")? };
    let (mut right, mut wrong, mut missing) = (0, 0, Vec::new());
    for (package, name, check) in CHECKS.iter().chain(models::CHECKS) {
        let text = format!("{package}: {name}");
        if !words.is_empty() && !words.iter().any(|word| text.contains(word)) {
            continue;
        }
        if !has.call::<bool>(*package)? {
            missing.push(*package);
            continue;
        }
        match catch_unwind(AssertUnwindSafe(|| check(&space))) {
            Ok(Ok(())) => right += 1,
            Ok(Err(error)) => {
                wrong += 1;
                println!("{text}: {error:#}");
            }
            Err(_) => {
                wrong += 1;
                println!("{text}: see above");
            }
        }
    }
    missing.dedup();
    println!("{right} of {} checks of values are right; not installed: {missing:?}", right + wrong);
    if wrong > 0 {
        std::process::exit(1);
    }
    python.end()
}
