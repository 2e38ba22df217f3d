//! Frames of pandas, polars and pyarrow, and the files that these read and write. `.ci/frames` runs the tests
//! that need all three.
#![allow(missing_docs, reason = "a test")]

mod command;

use std::fs;

use command::{Ended, Folder, NUMPY};

/// Writes tables, in each format, and takes and returns frames.
const FUNCTIONS: &str = "
import datetime
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet

def table():
    moments = [datetime.datetime(2024, 1, day, 10) for day in (1, 2, 3, 4)]
    return pa.table({
        'when': moments,
        'name': ['ann', 'bob', None, 'Müller, \"Max\"'],
        'amount': [1.5, None, 2.5, 2000.0],
        'count': pa.array([1, 2, 3, 2**53 + 1], 'int64'),
        'paid': [True, False, True, None],
        'price': pa.array([Decimal('1.10'), Decimal('2.20'), Decimal('3.30'), Decimal('4.40')]),
        'kind': pa.array(['a', 'b', 'a', 'b']).dictionary_encode(),
    })

def write():
    pa.parquet.write_table(table(), 't.parquet')
    pl.from_arrow(table()).write_parquet('zstd.parquet', compression='zstd')
    with pa.ipc.new_file('t.arrow', table().schema) as file:
        file.write_table(table())
    with pa.ipc.new_stream('t.arrows', table().schema) as file:
        file.write_table(table())
    with pa.ipc.new_file('t.feather', table().schema, options=pa.ipc.IpcWriteOptions(compression='lz4')) as file:
        file.write_table(table())
    pa.parquet.write_table(pa.table({'n': [1, 2]}), '2024-1.parquet')
    pa.parquet.write_table(pa.table({'n': [3]}), '2024-2.parquet')
    pa.parquet.write_table(pa.table({'m': [3]}), '2025-1.parquet')
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=['a', 'a'])
    pa.parquet.write_table(twice, 'twice.parquet')
    zone = datetime.timezone(datetime.timedelta(hours=-5))
    late = [datetime.datetime(2024, 1, 1, 23, 30, tzinfo=zone)]
    zoned = pa.array(late, pa.timestamp('us', tz='America/New_York'))
    pa.parquet.write_table(pa.table({'when': zoned}), 'zoned.parquet')

def floats(amount: npt.NDArray[np.float64]): return str(amount.dtype), amount.tolist(), amount.flags.writeable
def small(count: npt.NDArray[np.int32]): return count.tolist()
def whole(count: 'list[int]'): return count
def names(name: 'list[str]'): return name
def truths(paid: 'list[bool]'): return paid
def moments(when: 'list[datetime.datetime]'): return [str(one) for one in when]
def days(when: 'list[datetime.date]'): return [str(one) for one in when]
def times(when: npt.NDArray[np.datetime64]): return str(when.dtype), when.astype(str).tolist()
def prices(price: npt.NDArray[np.float64]): return price.tolist()
def kinds(kind: 'list[str]'): return kind
def words(kind: npt.NDArray[np.str_]): return kind.dtype.kind, kind.tolist()
def numbers(data: 'list[float]'): return data
def any_one(data): return str(data.dtype), data.tolist()
def square(data: npt.NDArray[np.float64]): return data.shape, data.tolist()
def large(amount: npt.NDArray[np.float64]): return amount > 1000
def late(amount: npt.NDArray[np.float64]): return np.flatnonzero(amount > 1000)

def in_pandas(data: pd.DataFrame): return [str(dtype) for dtype in data.dtypes], len(data), data['amount'].isna().sum().item()
def in_polars(data: pl.DataFrame): return [str(dtype) for dtype in data.dtypes], data.height, data['amount'].null_count()
def in_pyarrow(data: pa.Table): return [str(field.type) for field in data.schema], data.num_rows, data['amount'].null_count

def columns():
    day = datetime.date(2024, 1, 31)
    return {'name': ['ann', None], 'amount': [1.5, None], 'day': [day, day], 'count': [1, 2]}
def pandas(): return pd.DataFrame(columns())
def indexed(): return pd.DataFrame({'v': [1, 2]}, index=pd.Index(['x', 'y'], name='key'))
def polars(): return pl.DataFrame(columns())
def pyarrow(): return pa.table(columns())
def record(): return {'x': [1, 2], 'y': [0.5, 1.5]}
def pair(): return np.arange(3), np.arange(2.0)
def array(): return np.array([[1, 2], [3, 4]])
def nested(): return {'x': [1, 2], 'y': 'text'}

def read_back():
    import json
    found = {}
    for library in ('pandas', 'polars', 'pyarrow'):
        one = pa.parquet.read_table(library + '.parquet')
        found[library] = [one.column_names, one['count'].to_pylist(), one['name'].to_pylist()]
    return found
def loaded(file):
    data = np.load(file)
    return {name: data[name].tolist() for name in data.files} if hasattr(data, 'files') else data.tolist()
";

/// A folder with a file of each format.
fn folder() -> Folder {
    let folder = Folder::plain(FUNCTIONS);
    folder.printed(&["f.py:write"]);
    folder
}

/// Runs a function where packages can't be imported.
fn without(folder: &Folder, packages: &[&str], arguments: &[&str]) -> Ended {
    let hidden = folder.path().join("hidden");
    fs::create_dir_all(&hidden).unwrap();
    for package in packages {
        let text =
            format!("raise ModuleNotFoundError('No module named {package}', name='{package}')\n");
        fs::write(hidden.join(format!("{package}.py")), text).unwrap();
    }
    let mut command = folder.command(arguments);
    command.env("PYTHONPATH", &hidden).output().unwrap().into()
}

#[test]
fn without_a_reader_the_message_has_the_option() {
    let folder = Folder::new()
        .file("f.py", format!("{NUMPY}\ndef total(data): return data.sum()\n"))
        .file("t.parquet", "PAR1 and more")
        .file("t.arrow", "ARROW1\0\0 and more");
    for file in ["t.parquet", "t.arrow"] {
        let ended = without(&folder, &["pyarrow", "polars"], &["f.py:total", file]);
        let text = ended.failed(2, &[file, "needs pyarrow or polars", "--with pyarrow"]);
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    folder.run(&["f.py:total", "t.parquet", "f.py"]).failed(2, &["several files must be tables"]);
}

#[test]
fn what_is_not_of_the_kind_that_its_name_says() {
    let mut folder = Folder::plain("def total(data): return sum(data)\n");
    for (file, contents, expected) in [
        (
            "t.parquet",
            &b"v\n1\n2\n"[..],
            "not a Parquet file: it is text; if it is a table, rename",
        ),
        ("T.Parquet", b"", "not a Parquet file: it is empty"),
        ("t.pq", b"<!DOCTYPE html>\n", "not a Parquet file: it is HTML"),
        ("l.parquet", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("g.parquet", b"\x1F\x8B\x08\0\0", "unpack it with gunzip"),
        ("z.parquet", b"PK\x03\x04", "an archive; unpack it with unzip"),
        ("t.arrow", b"[1, 2]\n", "not an Arrow file: it is text"),
        ("t.arrows", b"\0\x01\x02", "not an Arrow file: it is binary data"),
        ("t.feather", b"FEA1\0\0", "not an Arrow file: it is a file of Feather's first version"),
        ("t.npz", b"1\n2\n", "not a .npz file: it is text"),
        ("t.npy", b"1\n2\n", "not a .npy file: it is text"),
    ] {
        folder = folder.file(file, contents);
        let text = folder.run(&["f.py:total", file]).failed(2, &[file, expected]);
        assert_eq!(text.lines().count(), 1, "{text}");
        folder.run(&["f.py:total", file, "f.py"]).failed(2, &[file, expected]);
    }
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn columns_of_parquet_and_arrow_files_by_hint() {
    let folder = folder();
    for file in ["t.parquet", "zstd.parquet", "t.arrow", "t.arrows", "t.feather"] {
        let of = |function: &str, more: &[&str]| {
            folder.run(&[&[&format!("f.py:{function}")[..], file], more].concat())
        };
        let expected = "('float64', [1.5, nan, 2.5, 2000.0], True)\n";
        assert_eq!(of("floats", &["--missing", "nan"]).printed(), expected, "{file}");
        of("floats", &[]).failed(2, &[file, "row 1, column amount", "missing", "--missing skip"]);
        of("small", &[]).failed(2, &["9007199254740993 is out of the range of int32"]);
        assert_eq!(of("whole", &[]).printed(), "[1, 2, 3, 9007199254740993]\n");
        let names = of("names", &["--missing", "skip"]);
        assert_eq!(names.stdout, "['ann', 'bob', 'Müller, \"Max\"']\n", "{}", names.stderr);
        assert!(names.stderr.contains("left out 1 row"), "{}", names.stderr);
        of("truths", &["--missing", "nan"]).failed(2, &["row 3, column paid", "no place"]);
        assert_eq!(of("truths", &["--missing", "skip"]).stdout, "[True, False, True]\n");
        assert!(of("moments", &[]).printed().starts_with("['2024-01-01 10:00:00', "));
        assert!(of("days", &[]).printed().starts_with("['2024-01-01', "));
        assert!(of("times", &[]).printed().starts_with("('datetime64[us]', ['2024-01-01T10:"));
        assert_eq!(of("prices", &[]).printed(), "[1.1, 2.2, 3.3, 4.4]\n");
        assert_eq!(of("kinds", &[]).printed(), "['a', 'b', 'a', 'b']\n");
        assert_eq!(of("words", &[]).printed(), "('U', ['a', 'b', 'a', 'b'])\n");
        let count = of("any_one", &["-c", "count"]).printed();
        assert_eq!(count, "('int64', [1, 2, 3, 9007199254740993])\n");
        of("any_one", &["-c", "name"]).failed(2, &["column name is of type", "list[str]"]);
        of("any_one", &[]).failed(2, &["several columns of numbers", "amount, count, price"]);
        of("any_one", &["-c", "nothing"])
            .failed(2, &["no column \"nothing\"", "when, name, amount"]);
        of("whole", &["-c", "price"]).failed(2, &["column price is of type", "whole numbers"]);
        let square = of("square", &["-c", "data=price", "-c", "data=price"]).printed();
        assert!(square.starts_with("((4, 2), [[1.1, 1.1], "), "{square}");
        let near = ["row 3", "a float can't hold 9007199254740993", "NDArray[np.int64]"];
        of("square", &["-c", "data=count", "-c", "data=price"]).failed(2, &near);
        of("numbers", &["-c", "count"]).failed(2, &["can't hold 9007199254740993", "list[int]"]);
    }
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn columns_that_no_name_leads_to_and_times_of_a_zone() {
    let folder = folder();
    let twice = ["f.py:any_one", "twice.parquet"];
    folder.run(&twice).failed(2, &["twice.parquet", "two columns are named a"]);
    assert_eq!(folder.printed(&["f.py:days", "zoned.parquet"]), "['2024-01-01']\n");
    // NumPy's times have no zone.
    let times = folder.printed(&["f.py:times", "zoned.parquet"]);
    assert_eq!(times, "('datetime64[us]', ['2024-01-02T04:30:00.000000'])\n");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn frames_from_workers_are_joined() {
    let folder = folder().file("x.csv", "value\n1\n2\n3\n").file(
        "w.py",
        "import pandas as pd\ndef frame(value): return pd.DataFrame({'x': value * 2})\n\
         def keyed(value): return pd.DataFrame({'x': value}, index=pd.Index(value * 3, name='k'))\n",
    );
    let on_workers = |function: &str| {
        folder.printed(&[function, "x.csv", "--workers", "2", "--block", "1", "--csv"])
    };
    assert_eq!(on_workers("w.py:frame"), "x\n2.0\n4.0\n6.0\n");
    assert_eq!(on_workers("w.py:keyed"), "k,x\n3.0,1.0\n6.0,2.0\n9.0,3.0\n");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn rows_of_parquet_files_are_printed_as_csv() {
    let folder = folder();
    let nan = ["--missing", "nan"];
    let printed = folder.printed(&[&["f.py:large", "t.parquet", "--rows"][..], &nan].concat());
    let header = "row,when,name,amount,count,paid,price,kind\n";
    let row = "3,2024-01-04 10:00:00,\"Müller, \"\"Max\"\"\",2000.0,9007199254740993,,4.40,b\n";
    assert_eq!(printed, format!("{header}{row}"));
    // The index is the file's, with the rows that are left out.
    let skip = ["f.py:late", "t.arrow", "--rows", "--missing", "skip"];
    assert_eq!(folder.printed(&skip), format!("{header}{row}"));
    let json = folder.printed(&[&skip[..], &["--json"]].concat());
    assert!(json.contains("\"count\": 9007199254740993") && json.contains("\"row\": 3"), "{json}");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn several_parquet_files_are_one_table() {
    let folder = folder();
    let any = |file: &str| folder.run(&["f.py:any_one", file]);
    assert_eq!(any("2024-*.parquet").printed(), "('int64', [1, 2, 3])\n");
    any("20*.parquet").failed(2, &["different columns: 2024-1.parquet has n (int64), but 2025-1"]);
    let one = without(&folder, &["pyarrow"], &["numpy:median", "2024-*.parquet"]);
    assert_eq!(one.printed(), "2.0\n");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn polars_alone_reads_the_same() {
    let folder = folder();
    for file in ["t.parquet", "t.arrow", "t.arrows", "t.feather"] {
        for column in ["amount", "count", "price", "when", "paid"] {
            let arguments = ["numpy:array", file, "-c", column, "--missing", "skip"];
            let expected = folder.run(&arguments).stdout;
            let found = without(&folder, &["pyarrow"], &arguments);
            assert_eq!(found.stdout, expected, "{file} {column}: {}", found.stderr);
        }
    }
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn a_pipe_and_a_broken_file() {
    let folder = folder();
    let bytes = fs::read(folder.path().join("t.parquet")).unwrap();
    let total = ["f.py:prices", "-c", "price"];
    assert_eq!(folder.pipe(&total, &bytes).printed(), "[1.1, 2.2, 3.3, 4.4]\n");
    folder.pipe(&total, &bytes[..bytes.len() / 2]).failed(2, &["standard input: it can't be read"]);
    let folder = folder.file("cut.arrow", &bytes[..40]).file("cut.parquet", &bytes[..40]);
    folder.run(&["f.py:prices", "cut.parquet"]).failed(2, &["cut.parquet: it can't be read"]);
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn frames_by_hint() {
    let folder = folder().file(
        "t.csv",
        "day,name,amount,count,paid\n2024-01-01,ann,1.5,1,true\n2024-01-02,bob,NA,2,false\n",
    );
    let of = |function: &str, file: &str| folder.printed(&[&format!("f.py:{function}"), file]);
    let csv = of("in_pandas", "t.csv");
    assert!(
        csv.contains("'datetime64[us]'") && csv.contains("'float64', 'int64', 'bool'"),
        "{csv}"
    );
    assert!(csv.ends_with("], 2, 1)\n"), "{csv}");
    let polars = "([Datetime(time_unit='us', time_zone=None), 'String', 'Float64', 'Int64', 'Boolean'], 2, 1)\n";
    assert_eq!(of("in_polars", "t.csv").replace('"', ""), polars);
    let pyarrow = "(['timestamp[us]', 'string', 'double', 'int64', 'bool'], 2, 1)\n";
    assert_eq!(of("in_pyarrow", "t.csv"), pyarrow);
    for file in ["t.parquet", "t.arrow", "t.arrows", "t.feather"] {
        assert!(of("in_pandas", file).contains("'category'], 4, 1)"), "{file}");
        assert!(of("in_polars", file).contains("'Int64', 'Boolean', "), "{file}");
        assert!(of("in_pyarrow", file).contains("'dictionary<values=string"), "{file}");
    }
    let two = ["f.py:in_polars", "t.parquet", "-c", "data=amount", "-c", "data=name"];
    assert_eq!(folder.printed(&two), "(['Float64', 'String'], 4, 1)\n");
    let skip = ["f.py:in_pyarrow", "t.parquet", "-c", "data=amount", "--missing", "skip"];
    assert_eq!(folder.printed(&skip), "(['double'], 3, 0)\n");
    let error = ["f.py:in_pyarrow", "t.parquet", "--missing", "error"];
    folder.run(&error).failed(2, &["row 2, column name: the value is missing"]);
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn results_that_are_frames() {
    let folder = Folder::plain(FUNCTIONS);
    let table = "\
name  amount  day         count
ann      1.5  2024-01-31      1
              2024-01-31      2
";
    let csv = "name,amount,day,count\nann,1.5,2024-01-31,1\n,,2024-01-31,2\n";
    let json = concat!(
        r#"[{"name": "ann", "amount": 1.5, "day": "2024-01-31", "count": 1}, "#,
        r#"{"name": null, "amount": null, "day": "2024-01-31", "count": 2}]"#,
        "\n"
    );
    for function in ["pandas", "polars", "pyarrow"] {
        let target = format!("f.py:{function}");
        assert_eq!(folder.printed(&[&target]), table, "{function}");
        assert_eq!(folder.printed(&[&target, "--csv"]), csv, "{function}");
        assert_eq!(folder.printed(&[&target, "--json"]), json, "{function}");
    }
    assert_eq!(folder.printed(&["f.py:indexed", "--csv"]), "key,v\nx,1\ny,2\n");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn files_of_each_ending() {
    let folder = Folder::plain(FUNCTIONS);
    let save = |function: &str, file: &str| {
        folder.run(&[&format!("f.py:{function}"), "--out", file]).printed()
    };
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    for library in ["pandas", "polars", "pyarrow"] {
        for ending in ["csv", "json", "parquet"] {
            assert_eq!(save(library, &format!("{library}.{ending}")), "");
        }
        let csv = read(&format!("{library}.csv"));
        assert_eq!(csv, "name,amount,day,count\nann,1.5,2024-01-31,1\n,,2024-01-31,2\n");
        assert!(read(&format!("{library}.json")).starts_with("[{\"name\": \"ann\""));
    }
    let one = "[[\"name\", \"amount\", \"day\", \"count\"], [1, 2], [\"ann\", null]]";
    let expected = format!("{{\"pandas\": {one}, \"polars\": {one}, \"pyarrow\": {one}}}\n");
    assert_eq!(folder.printed(&["f.py:read_back", "--json"]), expected);
    save("indexed", "indexed.parquet");
    assert!(folder.printed(&["f.py:any_one", "indexed.parquet"]).starts_with("('int64', [1, 2])"));
    save("record", "record.parquet");
    assert_eq!(
        folder.printed(&["f.py:any_one", "record.parquet", "-c", "y"]),
        "('float64', [0.5, 1.5])\n"
    );
    save("array", "array.parquet");
    assert_eq!(
        folder.printed(&["f.py:any_one", "array.parquet", "-c", "2"]),
        "('int64', [2, 4])\n"
    );
    save("array", "array.npy");
    let loaded = |file: &str| folder.printed(&["f.py:loaded", "--arg", &format!("file={file}")]);
    assert_eq!(loaded("array.npy"), "[[1, 2], [3, 4]]\n");
    save("pair", "pair.npz");
    assert_eq!(loaded("pair.npz"), "{'arr_0': [0, 1, 2], 'arr_1': [0.0, 1.0]}\n");
    save("record", "record.npz");
    assert_eq!(loaded("record.npz"), "{'x': [1, 2], 'y': [0.5, 1.5]}\n");
    let refused = |function: &str, file: &str, word: &str| {
        folder.run(&[&format!("f.py:{function}"), "--out", file]).failed(1, &[word]);
        assert!(!folder.path().join(file).exists(), "{file} is written");
    };
    refused("record", "record.npy", "use .npz");
    refused("nested", "nested.parquet", "columns of different lengths");
    let folder =
        folder.file("g.py", "import pandas\ndef frame(): return pandas.DataFrame({'v': [1]})\n");
    let none = without(&folder, &["pyarrow"], &["g.py:frame", "--out", "none.parquet"]);
    none.failed(1, &["--with pyarrow"]);
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn a_picture_of_a_parquet_file_has_its_times() {
    let folder = folder();
    folder.printed(&["f.py:prices", "t.parquet", "--plot", "p.svg"]);
    let svg = fs::read_to_string(folder.path().join("p.svg")).unwrap();
    assert!(svg.contains("when, Jan 2024") || svg.contains("when, "), "{svg}");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn whole_numbers_with_gaps_and_doubtful_words_stay_as_they_are() {
    let folder = Folder::plain(
        "import pandas as pd\nimport polars as pl\nimport pyarrow as pa\n\
         def pandas(x: pd.DataFrame): return [x[name].dropna().tolist() for name in x]\n\
         def polars(x: pl.DataFrame): return [x[name].drop_nulls().to_list() for name in x.columns]\n\
         def pyarrow(x: pa.Table): return [x[name].drop_null().to_pylist() for name in x.column_names]\n",
    );
    let text = "id,large,sex,zip\n9007199254740993,18446744073709551615,F,01\n,1,F,02\n";
    let expected = "[[9007199254740993], [18446744073709551615, 1], ['F', 'F'], ['01', '02']]\n";
    for library in ["pandas", "polars", "pyarrow"] {
        let found = folder.pipe(&[&format!("f.py:{library}")], text).printed();
        assert_eq!(found, expected, "{library}");
    }
    let two = folder.pipe(&["f.py:pyarrow", "-c", "id", "-c", "sex"], text).printed();
    assert_eq!(two, "[[9007199254740993], ['F', 'F']]\n");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn nanoseconds_are_written_or_refused() {
    let folder = Folder::plain(
        "import datetime\nimport numpy as np\nimport pandas as pd\nimport pyarrow.parquet\n\
         exact = pd.Timestamp('2024-01-05T10:00:00.123456789')\n\
         def gap(): return pd.DataFrame({'t': pd.to_datetime([exact, None])})\n\
         def records(): return [{'t': exact}, {'t': None}]\n\
         def zoned(): return [{'t': exact.tz_localize('Europe/Berlin')}]\n\
         def early(): return {'t': [exact, datetime.datetime(1600, 1, 1)]}\n\
         def npz(): return np.load('t.npz')['t'].astype(str).tolist()\n\
         def parquet(): return [str(it) for it in pyarrow.parquet.read_table('t.parquet')['t']]\n",
    );
    folder.printed(&["f.py:gap", "--out", "t.npz"]);
    assert_eq!(folder.printed(&["f.py:npz"]), "['2024-01-05T10:00:00.123456789', 'NaT']\n");
    for function in ["f.py:gap", "f.py:records"] {
        folder.printed(&[function, "--out", "t.parquet"]);
        let found = folder.printed(&["f.py:parquet"]);
        assert_eq!(found, "['2024-01-05 10:00:00.123456789', 'None']\n", "{function}");
    }
    folder.printed(&["f.py:zoned", "--out", "t.parquet"]);
    assert!(folder.printed(&["f.py:parquet"]).contains("10:00:00.123456789+01:00"));
    // No array has room for both.
    folder.run(&["f.py:early", "--out", "early.npz"]).failed(1, &["t is a list"]);
    folder.run(&["f.py:early", "--out", "early.parquet"]).failed(1, &["mixes times"]);
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn the_rows_that_a_filter_left_keep_their_numbers() {
    // Of some rows pandas has a range, of others a list.
    let folder = Folder::plain(
        "import pandas as pd\n\
         series = pd.Series([5, 1, 7, 9], name='v')\n\
         def last(): return series[series > 5]\n\
         def some(): return series[series > 4]\n\
         def every_other(): return series[::2].to_frame()\n\
         def all(): return series.to_frame()\n\
         def names():\n\
         \x20   import pyarrow.parquet\n\
         \x20   return pyarrow.parquet.read_table('t.parquet').column_names\n",
    );
    let json = folder.printed(&["f.py:last", "--json"]);
    assert_eq!(json, "[{\"index\": 2, \"v\": 7}, {\"index\": 3, \"v\": 9}]\n");
    for (function, expected) in [
        ("f.py:last", "index,v\n2,7\n3,9\n"),
        ("f.py:some", "index,v\n0,5\n2,7\n3,9\n"),
        ("f.py:every_other", "index,v\n0,5\n2,7\n"),
        ("f.py:all", "v\n5\n1\n7\n9\n"),
    ] {
        assert_eq!(folder.printed(&[function, "--csv"]), expected, "{function}");
    }
    for (function, expected) in
        [("f.py:every_other", "['v', '__index_level_0__']\n"), ("f.py:all", "['v']\n")]
    {
        folder.printed(&[function, "--out", "t.parquet"]);
        assert_eq!(folder.printed(&["f.py:names"]), expected, "{function}");
    }
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn floats_round_fractions_but_no_whole_numbers() {
    let folder = Folder::plain(
        "from decimal import Decimal\n\
         import numpy as np\nimport numpy.typing as npt\n\
         def write():\n\
         \x20   import pyarrow as pa\n\
         \x20   import pyarrow.parquet\n\
         \x20   wide = pa.decimal128(38, 18)\n\
         \x20   pa.parquet.write_table(pa.table({\n\
         \x20       'mean': pa.array([Decimal('3.333333333333333333'), Decimal('2')], wide),\n\
         \x20       'id': pa.array([Decimal('9007199254740993'), Decimal('0.5')], wide),\n\
         \x20       'gap': pa.array([16777217, None], 'int64'),\n\
         \x20       'count': pa.array([Decimal(16777217), Decimal(1)]),\n\
         \x20       'measured': [16777217.0, 0.5],\n\
         \x20   }), 't.parquet')\n\
         def double(x: npt.NDArray[np.float64]): return x.tolist()\n\
         def single(x: npt.NDArray[np.float32]): return x.tolist()\n\
         def listed(x: list[float]): return x\n",
    );
    folder.printed(&["f.py:write"]);
    let of = |function: &str, column: &str| {
        let arguments = [function, "t.parquet", "-c", column, "--missing", "nan"];
        let run = folder.run(&arguments);
        let polars = without(&folder, &["pyarrow"], &arguments);
        assert_eq!((&run.stdout, run.code), (&polars.stdout, polars.code), "{}", polars.stderr);
        run
    };
    for function in ["f.py:double", "f.py:listed", "numpy:array"] {
        assert!(of(function, "mean").printed().starts_with("[3.33333"), "{function}");
        of(function, "id").failed(2, &["row 0", "a float can't hold 9007199254740993", "pa.Table"]);
    }
    of("f.py:single", "gap").failed(2, &["row 0", "a float32 can't hold 16777217"]);
    of("f.py:single", "count").failed(2, &["row 0", "a float32 can't hold 16777217"]);
    assert_eq!(of("f.py:single", "measured").printed(), "[16777216.0, 0.5]\n");
}

#[test]
#[ignore = "needs pandas, polars and pyarrow: .ci/frames"]
fn intervals_and_periods_are_written_as_text() {
    let folder = Folder::plain(
        "import numpy as np\nimport pandas as pd\n\
         def cut(): return pd.cut(pd.Series([1, 2, 6]), [0, 2, 8]).value_counts()\n\
         def months(): return pd.Series([1, 2], pd.period_range('2024-01', periods=2, freq='M'), name='count')\n\
         def bins(): return pd.cut(pd.Series([1, 9]), [0, 2, 8])\n\
         def keys(): return cut().to_dict()\n\
         def npz(): return np.load('t.npz')['index'].tolist()\n\
         def parquet():\n\
         \x20   import pyarrow.parquet\n\
         \x20   return pyarrow.parquet.read_table('t.parquet')['index'].to_pylist()\n",
    );
    for (function, one, two) in
        [("f.py:cut", "(0, 2]", "(2, 8]"), ("f.py:months", "2024-01", "2024-02")]
    {
        let json = folder.printed(&[function, "--json"]);
        let text = [one, two].map(|key| format!("{{\"index\": \"{key}\", \"count\": "));
        assert!(text.iter().all(|text| json.contains(text)), "{json}");
        let listed = format!("['{one}', '{two}']\n");
        folder.printed(&[function, "--out", "t.npz"]);
        assert_eq!(folder.printed(&["f.py:npz"]), listed);
        folder.printed(&[function, "--out", "t.parquet"]);
        assert_eq!(folder.printed(&["f.py:parquet"]), listed);
    }
    assert_eq!(folder.printed(&["f.py:bins", "--json"]), "[\"(0.0, 2.0]\", null]\n");
    assert_eq!(folder.printed(&["f.py:keys", "--json"]), "{\"(0, 2]\": 2, \"(2, 8]\": 1}\n");
    // No array of text has a place for the one that is missing.
    folder.run(&["f.py:bins", "--out", "bins.npy"]).failed(1, &["can't be an array"]);
}
