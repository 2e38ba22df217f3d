//! Ten tables as they come in the world, and what hints make of their columns.
#![allow(missing_docs, reason = "a test")]

mod command;

use std::io::Write as _;
use std::process::{Command, Stdio};

use command::Folder;

/// Functions that need nothing but Python.
const FUNCTIONS: &str = "
from datetime import date, datetime

def total(amount: 'list[float]'):
    return len(amount), round(sum(amount), 6)

def names(name: 'list[str]'):
    return name

def both(name: 'list[str]', amount: 'list[float]'):
    return [one for one, value in zip(name, amount) if value > 1000]

def whole(count: 'list[int]'):
    return count

def truths(paid: 'list[bool]'):
    return paid

def days(day: 'list[date]'):
    return [str(one) for one in day]

def moments(when: 'list[datetime]'):
    return [str(one) for one in when]

def flagged(amount: 'list[float]'):
    return [at for at, value in enumerate(amount) if value > 1000]
";

fn folder() -> Folder {
    Folder::plain(FUNCTIONS)
}

fn gz(text: &[u8]) -> Vec<u8> {
    piped("gzip", &["-c"], text).expect("gzip is there")
}

/// Pipes bytes through a program; none if it is not installed.
fn piped(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output()
    });
    Some(output.unwrap().stdout)
}

fn utf_16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xFF, 0xFE].into_iter().chain(units).collect()
}

#[test]
fn quotes_a_mark_and_windows_line_ends() {
    let text =
        "\u{feff}name,amount\r\n\"Müller, \"\"Max\"\"\",\"1000.5\"\r\n\"two\r\nlines\",2\r\n";
    let folder = folder().file("bank.csv", text);
    assert_eq!(folder.printed(&["f.py:total", "bank.csv"]), "(2, 1002.5)\n");
    let names = folder.printed(&["f.py:names", "bank.csv"]);
    assert_eq!(names, "['Müller, \"Max\"', 'two\\r\\nlines']\n");
}

#[test]
fn european_numbers_as_excel_exports_them() {
    let text = "sep=;\r\nname;amount\r\nann;1.250,50\r\nbob;12,00\r\n";
    let folder = folder().file("de.csv", text).file("plain.csv", "amount\n1,5\n2,25\n");
    // Each message has the options that lead on.
    let said = folder.run(&["f.py:total", "de.csv"]);
    said.failed(
        2,
        &["column amount matches the parameter's name", "add --decimal , --thousands ."],
    );
    let options = ["--decimal", ",", "--thousands", "."];
    let both = [&["f.py:both", "de.csv"][..], &options].concat();
    assert_eq!(folder.printed(&both), "['ann']\n");
    let total = [&["f.py:total", "de.csv"][..], &options].concat();
    assert_eq!(folder.printed(&total), "(2, 1262.5)\n");
    let tsv = utf_16("name\tamount\r\nå\t1 250,50\r\n");
    let spaced = folder.pipe(&["f.py:total", "--decimal", ",", "--thousands", "space"], &tsv);
    assert_eq!(spaced.printed(), "(1, 1250.5)\n");
}

#[test]
fn thousands_with_commas_and_percentages() {
    let folder = folder();
    let text = "name;amount\na;1,234\nb;12,345.5\n";
    let said = folder.pipe(&["f.py:total", "-c", "amount"], text);
    said.failed(2, &["line 2, column amount", "--decimal , or --thousands ,"]);
    let said = folder.pipe(&["f.py:total", "--thousands", ","], text).printed();
    assert_eq!(said, "(2, 13579.5)\n");
    let ended = folder.pipe(&["f.py:total"], "amount\n12.5 %\n50%\n");
    assert_eq!(ended.stdout, "(2, 0.625)\n");
    assert!(ended.stderr.contains("12.5 % is 0.125"), "{}", ended.stderr);
}

#[test]
fn gaps_are_told_of_or_passed_or_left_out() {
    let text = "name,amount,count\na,1,1\nb,NA,2\nc,,3\nd,2000,\n";
    let folder = folder().file("gaps.csv", text);
    let said = folder.run(&["f.py:total", "gaps.csv"]);
    said.failed(2, &["gaps.csv, line 3", "\"NA\" is a missing value", "--missing skip"]);
    let ended = folder.run(&["f.py:total", "gaps.csv", "--missing", "skip"]);
    assert_eq!(ended.stdout, "(2, 2001.0)\n");
    assert!(ended.stderr.contains("left out 2 rows"), "{}", ended.stderr);
    assert_eq!(folder.printed(&["f.py:total", "gaps.csv", "--missing", "nan"]), "(4, nan)\n");
    let said = folder.run(&["f.py:whole", "gaps.csv", "--missing", "nan"]);
    said.failed(2, &["line 5, column count", "int64 has none", "--missing skip"]);
    // The rows that are printed are the file's.
    let rows = ["f.py:flagged", "gaps.csv", "--missing", "skip", "--rows"];
    assert_eq!(folder.printed(&rows), "row,name,amount,count\n3,d,2000,\n");
}

#[test]
fn compressed_files() {
    let text = b"name,amount\na,1\nb,2\n";
    let folder = folder().file("t.csv.gz", gz(text)).file("cut.gz", &gz(text)[..20]);
    assert_eq!(folder.printed(&["f.py:total", "t.csv.gz"]), "(2, 3.0)\n");
    assert_eq!(folder.pipe(&["f.py:total"], gz(text)).printed(), "(2, 3.0)\n");
    folder.run(&["f.py:total", "cut.gz"]).failed(2, &["can't decompress cut.gz"]);
    let cut = folder.pipe(&["f.py:total"], b"\x28\xB5\x2F\xFD\x04\x58\x21\x00");
    cut.failed(2, &["can't decompress standard input: it is incomplete or broken; `zstd -t`"]);
    let records = gz(b"{\"amount\": 1}\n{\"amount\": 2.5}\n");
    assert_eq!(folder.pipe(&["f.py:total"], records).printed(), "(2, 3.5)\n");
    if let Some(zst) = piped("zstd", &["-c"], text) {
        assert_eq!(folder.pipe(&["f.py:total"], zst).printed(), "(2, 3.0)\n");
    }
}

#[test]
fn records_of_json() {
    let lines = "{\"name\": \"a\", \"amount\": 1, \"paid\": true}\n{\"amount\": 2000, \"name\": \"01\", \"paid\": false}\n";
    let folder =
        folder().file("t.jsonl", lines).file("t.json", "[{\"amount\": 1}, {\"amount\": 2}]");
    assert_eq!(folder.printed(&["f.py:both", "t.jsonl"]), "['01']\n");
    assert_eq!(folder.printed(&["f.py:truths", "t.jsonl"]), "[True, False]\n");
    assert_eq!(folder.printed(&["f.py:total", "t.json"]), "(2, 3.0)\n");
    // A record may have several lines, and a line several records.
    let folder = folder
        .file(
            "two.json",
            r#"[{"amount": 1,
                "name": "a\nb"}, {"amount": 2,

                "name": ""}, {"amount": "x"}]"#,
        )
        .file("more.json", r#"{"amount": 3} {"amount": "x"}"#);
    let total = |files: &[&str]| folder.run(&[&["f.py:total"], files].concat());
    total(&["two.json"]).failed(2, &["two.json, record 3, column amount: \"x\""]);
    total(&["more.json"]).failed(2, &["more.json, record 2, column amount: \"x\""]);
    total(&["t.json", "t.json", "more.json"]).failed(2, &["more.json, record 2"]);
    let said = folder.pipe(&["f.py:total"], "{\"amount\": 1}\n{\"amount\": \"x\"}\n");
    said.failed(2, &["record 2, column amount"]);
}

#[test]
fn dates_in_several_forms() {
    let folder = folder();
    let of = |function: &str, text: &str, options: &[&str]| {
        folder.pipe(&[&[function][..], options].concat(), text)
    };
    let fine = "when\n2024-01-31 10:00:00.123456\n2024-01-31T10:00:00.123456789\n";
    let told = of("f.py:moments", fine, &[]).stderr;
    assert!(told.contains("column when has times with digits below a microsecond"), "{told}");
    assert!(told.contains("left out: 2024-01-31T10:00:00.123456789\n"), "{told}");
    let expected = "['2024-01-31', '2024-02-01']\n";
    for text in [
        "day\n2024-01-31\n2024-02-01\n",
        "day\n31.01.2024\n1.2.2024\n",
        "day\n2024/01/31\n2024/02/01\n",
    ] {
        assert_eq!(of("f.py:days", text, &[]).printed(), expected, "{text}");
    }
    let american = "day\n01/31/2024\n02/01/2024\n";
    of("f.py:days", american, &["-c", "day"]).failed(2, &["is not a date", "--dates %d/%m/%Y"]);
    assert_eq!(of("f.py:days", american, &["--dates", "%m/%d/%Y"]).printed(), expected);
    let moments = of("f.py:moments", "when,x\n2024-01-31T10:00:00.5Z,1\n", &[]).printed();
    assert_eq!(moments, "['2024-01-31 10:00:00.500000']\n");
    of("f.py:days", american, &["--dates", "nonsense"]).failed(2, &["strftime"]);
}

#[test]
fn spaces_comments_and_a_header_that_may_be_values() {
    let folder = folder();
    let text = "# from the sensor\n# in mm\n  name   amount\n  a      1.5\n  b      2\n";
    let ended = folder.pipe(&["f.py:total"], text);
    assert_eq!(ended.stdout, "(2, 3.5)\n");
    assert!(ended.stderr.contains("2 comment lines"), "{}", ended.stderr);
    let text = "amount,n\n1,1\n# broken\n2,2\n";
    folder.pipe(&["f.py:total"], text).failed(2, &["line 3", "--comment '#'"]);
    assert_eq!(folder.pipe(&["f.py:total", "--comment", "#"], text).printed(), "(2, 3.0)\n");

    let years = "2019,2020\n1.5,7\n2.5,8\n";
    let ended = folder.pipe(&["f.py:total", "-c", "2019"], years);
    assert_eq!(ended.stdout, "(2, 4.0)\n");
    assert!(ended.stderr.contains("taken for the header: --no-header"), "{}", ended.stderr);
    let ended = folder.pipe(&["f.py:total", "-c", "1", "--no-header"], years);
    assert_eq!((&ended.stdout[..], &ended.stderr[..]), ("(3, 2023.0)\n", ""));
    let ended = folder.pipe(&["f.py:total", "-c", "1"], "2019,2020\n2021,2022\n");
    assert_eq!(ended.stdout, "(2, 4040.0)\n");
    assert!(ended.stderr.contains("taken for values: --header"), "{}", ended.stderr);
    let ended = folder.pipe(&["f.py:total", "-c", "2019", "--header"], "2019,2020\n2021,2022\n");
    assert_eq!((&ended.stdout[..], &ended.stderr[..]), ("(1, 2021.0)\n", ""));
}

#[test]
fn what_surrounds_a_table() {
    let folder = folder();
    let total = |text: &str, more: &[&str]| {
        let ended = folder.pipe(&[&["f.py:total"][..], more].concat(), text);
        (ended.stdout, ended.stderr)
    };
    let two = "(2, 3.0)\n";
    // A title, whose lines the message counts.
    let titled = "Report;2024;\nof the bank;;\nname;amount;n\na;1;1\nb;2;1\n";
    let (stdout, stderr) = total(titled, &["--skip", "2"]);
    assert_eq!((&stdout[..], &stderr[..]), (two, ""));
    let titled = "Report of the bank\n\nname,amount\na,1\nb,2\n";
    let (_, stderr) = total(titled, &[]);
    assert!(stderr.contains("line 3") && stderr.contains("--skip 2"), "{stderr}");
    assert_eq!(total(titled, &["--skip", "2"]).0, two);
    // Separators after the last cell, in the header or not.
    for text in ["name,amount,\na,1,\nb,2,\n", "name,amount\na,1,\nb,2,,\n", "amount;\n1;\n2;\n"] {
        assert_eq!(total(text, &[]), (two.to_owned(), String::new()), "{text:?}");
    }
    // The rows below the table of a sheet, which were empty.
    let (stdout, stderr) = total("name,amount\r\na,1\r\nb,2\r\n,\r\n,\r\n", &[]);
    assert_eq!(stdout, two);
    assert!(stderr.contains("left out 2 rows of empty cells at the end"), "{stderr}");
    // R's write.table: the names of rows have no name.
    let (stdout, stderr) = total("\"name\" \"amount\"\n\"1\" \"a\" 1\n\"2\" \"b\" 2\n", &[]);
    assert_eq!(stdout, two);
    assert!(stderr.contains("names, as R writes them"), "{stderr}");
    assert_eq!(total("name,amount\ra,1\rb,2\r", &[]).0, two);
    let (_, stderr) = total("name,amount\na,1\nb,2,3\n", &[]);
    assert!(stderr.contains("line 3: the row has 3 cells"), "{stderr}");
}

#[test]
fn text_that_is_not_utf_8() {
    let folder = folder();
    let windows = b"name;amount;gr\xF6\xDFe\r\nM\xFCller;1\xA0250,50;1\r\n";
    let marks = ["--decimal", ",", "--thousands", "space"];
    let names = folder.pipe(&["f.py:names"], windows);
    assert_eq!(names.stdout, "['Müller']\n", "{}", names.stderr);
    assert!(names.stderr.contains("not UTF-8: its text was read as Windows-1252"));
    let total = [&["f.py:total"][..], &marks].concat();
    assert_eq!(folder.pipe(&total, windows).stdout, "(1, 1250.5)\n");
    assert_eq!(folder.pipe(&["f.py:total", "-c", "größe"], windows).stdout, "(1, 1.0)\n");
    let unmarked = &utf_16("name,amount\nå,1\nb,2\n")[2..];
    assert_eq!(folder.pipe(&["f.py:total"], unmarked).printed(), "(2, 3.0)\n");
}

#[test]
fn missing_values_of_other_programs() {
    let folder = folder();
    for word in ["\\N", ".", "#DIV/0!", "<NA>", "(null)", "n.a."] {
        let text = format!("name,amount\na,1\nb,{word}\nc,2\n");
        let ended = folder.pipe(&["f.py:total", "--missing", "skip"], &text);
        assert_eq!(ended.stdout, "(2, 3.0)\n", "{word}: {}", ended.stderr);
        folder.pipe(&["f.py:total"], &text).failed(2, &["line 3", "is a missing value"]);
    }
    let minus = folder.pipe(&["f.py:total"], "amount\n\u{2212}1.5\n").printed();
    assert_eq!(minus, "(1, -1.5)\n");
}

#[test]
fn characters_with_two_meanings_are_refused() {
    let folder = folder().file("t.csv", "amount\n1\n");
    for (options, words) in [
        (
            &["--decimal", ";", "--separator", ";"][..],
            "--separator and --decimal can't both be ';'",
        ),
        (&["--thousands", ",", "--separator", ","], "--separator and --thousands"),
        (&["--decimal", ",", "--thousands", ","], "--decimal and --thousands"),
        (&["--comment", ";", "--separator", ";"], "--separator and --comment"),
        (&["--thousands", "."], "--thousands . needs --decimal ,"),
    ] {
        folder.run(&[&["f.py:total", "t.csv"][..], options].concat()).failed(2, &[words]);
    }
    // A comma is then no separator, unless numbers are quoted.
    let commas = ["f.py:total", "--decimal", ","];
    assert_eq!(folder.pipe(&commas, "1,5\n2,5\n").printed(), "(2, 4.0)\n");
    let quoted = folder.pipe(&commas, "name,amount\na,\"1,5\"\nb,\"2,5\"\n");
    assert_eq!(quoted.printed(), "(2, 4.0)\n");
}

#[test]
fn several_files_are_one_table() {
    let folder = folder()
        .file("data/2.csv", "name,amount\nc,3\nd,x\n")
        .file("data/1.csv", "name,amount\na,1\nb,2\n")
        .file("other.csv", "name,sum\na,1\n");
    let total = |files: &[&str]| folder.run(&[&["f.py:names"][..], files].concat());
    let all = "['a', 'b', 'c', 'd']\n";
    assert_eq!(total(&["data/1.csv", "data/2.csv"]).printed(), all);
    assert_eq!(total(&["data/*.csv"]).printed(), all);
    folder.run(&["f.py:total", "data/*.csv"]).failed(2, &["data/2.csv, line 3, column amount"]);
    total(&["data/1.csv", "other.csv"])
        .failed(2, &["different columns", "other.csv has name, sum"]);
    total(&["none/*.csv"]).failed(2, &["no file matches none/*.csv"]);
}

#[test]
fn what_macos_puts_beside_files_matches_no_pattern() {
    let folder = folder()
        .file("data/a.csv", "amount\n1\n")
        .file("data/._a.csv", "amount\n99\n")
        .file("data/.b.csv", "amount\n99\n");
    assert_eq!(folder.printed(&["f.py:total", "data/*.csv"]), "(1, 1.0)\n");
    let twice = folder.run(&["f.py:total", "data/a.csv", "data/*.csv"]);
    assert!(twice.stderr.contains("data/a.csv is read more than once"), "{}", twice.stderr);
}

#[test]
fn a_quote_that_is_not_closed_swallows_no_rows() {
    let folder = folder();
    for text in [
        "amount,name\n1,ann\n2,\"bob\n3,cid\n4,dan\n",
        "amount,name\n1,ann\n2,\"bob\n3,\"cid\"\n",
        "amount,name\n1,ann\n2,\"bob\"\"\n3,\"cid\n",
    ] {
        let said = folder.pipe(&["f.py:total"], text);
        said.failed(2, &["line 3: a quote begins a cell that does not end"]);
    }
    let fine = "amount,name\n1,\"5\"\" pipe\nof iron\" \n2,6\" pipe\n3,\"a\"\n";
    assert_eq!(folder.pipe(&["f.py:total"], fine).printed(), "(3, 6.0)\n");
}

#[test]
fn no_other_column_is_passed_for_one_that_is_written_otherwise() {
    let folder = folder();
    let said = folder.pipe(&["f.py:total"], "amount;n\n1,5;3\n2,5;4\n");
    said.failed(2, &["column amount matches the parameter's name", "\"1,5\"", "add --decimal ,"]);
    let said = folder.pipe(&["f.py:total"], "price;n\n1,5;3\n2,5;4\n");
    said.failed(
        2,
        &["one column of numbers", "column price", "would have numbers, too, with --decimal ,"],
    );
    let said = folder.pipe(&["f.py:total"], "amount,n\nx,3\ny,4\n");
    said.failed(2, &["but \"x\" is not a number", "--column amount=NAME"]);
    let chosen = folder.pipe(&["f.py:total", "-c", "n"], "price;n\n1,5;3\n2,5;4\n");
    assert_eq!(chosen.printed(), "(2, 7.0)\n");
    let said = folder.pipe(&["f.py:total"], "{\"n\": 3, \"amount\": [1, 2]}");
    said.failed(2, &["column amount matches the parameter's name"]);
}

#[test]
fn numbers_that_a_float_changes_are_refused() {
    let folder = folder();
    let said = folder.pipe(&["f.py:total"], "amount\n1\n9007199254740993\n");
    said.failed(2, &["line 3, column amount", "a float can't hold", "list[int]"]);
    let said = folder.pipe(&["f.py:total"], "{\"amount\": 9007199254740993}\n");
    said.failed(2, &["record 1, column amount", "a float can't hold"]);
    let said = folder.pipe(&["f.py:total"], "amount\n1e400\n");
    said.failed(2, &["line 2, column amount: 1e400 is too large for a float"]);
    let whole = folder.pipe(&["f.py:whole"], "count\n9007199254740993\n").printed();
    assert_eq!(whole, "[9007199254740993]\n");
}

#[test]
fn the_first_row_is_a_value_if_it_is_like_those_below() {
    let folder = folder();
    let of = |function: &str, text: &str| folder.pipe(&[function], text);
    let days = of("f.py:days", "2024-01-31\n2024-02-01\n").printed();
    assert_eq!(days, "['2024-01-31', '2024-02-01']\n");
    assert_eq!(of("f.py:truths", "true\nfalse\n").printed(), "[True, False]\n");
    let words = of("f.py:names", "ann\nbob\n");
    assert_eq!(words.stdout, "['bob']\n");
    assert!(words.stderr.contains("the first row, ann, was taken for the header"), "{words:?}");
    assert_eq!(of("f.py:names", "name,amount\nann,1\n").stderr, "");
}

#[test]
fn spaces_within_the_only_cell_separate_nothing() {
    let folder = folder();
    let said = folder.pipe(&["f.py:total"], "amount\n1 234\n2 345\n");
    said.failed(2, &["--thousands space"]);
    let total = ["f.py:total", "--thousands", "space"];
    assert_eq!(folder.pipe(&total, "amount\n1 234\n2 345\n").printed(), "(2, 3579.0)\n");
    let days = ["f.py:days", "--dates", "%b %Y"];
    assert_eq!(folder.pipe(&days, "day\nJan 2024\n").printed(), "['2024-01-01']\n");
    let said = folder.pipe(&["f.py:total"], "amount\n1,234\n2,345\n");
    said.failed(2, &["line 2", "if 1,234 is one number, add --decimal , or --thousands ,"]);
    let total = ["f.py:total", "--thousands", ","];
    assert_eq!(folder.pipe(&total, "amount\n1,234\n2,345\n").printed(), "(2, 3579.0)\n");
}

#[test]
fn blank_lines_of_one_column_are_told_of_or_missing() {
    let folder = folder();
    let text = "amount\n1\n\n3\n\n";
    let ended = folder.pipe(&["f.py:total"], text);
    assert_eq!(ended.stdout, "(2, 4.0)\n");
    assert!(ended.stderr.contains("left out 1 blank line"), "{}", ended.stderr);
    let nan = folder.pipe(&["f.py:total", "--missing", "nan"], text).printed();
    assert_eq!(nan, "(3, nan)\n");
    let skipped = folder.pipe(&["f.py:total", "--missing", "skip"], text);
    assert_eq!(skipped.stdout, "(2, 4.0)\n");
    folder.pipe(&["f.py:total", "--missing", "error"], text).failed(2, &["line 3", "is empty"]);
}

#[test]
fn a_day_is_that_of_its_own_clock() {
    let folder = folder();
    let days = folder.pipe(&["f.py:days"], "day\n2024-01-02T23:00-02:00\n").printed();
    assert_eq!(days, "['2024-01-02']\n");
    let mixed = "when\n2024-01-02T10:00+02:00\n2024-01-02T10:00\n";
    let said = folder.pipe(&["f.py:moments"], mixed);
    said.failed(2, &["line 3, column when", "has no offset from UTC, but the times before it"]);
    let said = folder.pipe(&["f.py:days"], "day,n\n01/02/2024,1\n");
    said.failed(2, &["column day matches the parameter's name", "is not a date"]);
    let said = folder.pipe(&["f.py:days"], "on,n\n01/02/2024,1\n");
    said.failed(2, &["no column of dates", "such as --dates %d/%m/%Y"]);
    let said = folder.pipe(&["f.py:days", "--dates", "%H:%M"], "day\n10:00\n");
    said.failed(2, &["it has no year"]);
}

#[test]
fn percentages_beside_plain_numbers_are_told_of() {
    let ended = folder().pipe(&["f.py:total"], "amount\n12%\n15\n");
    assert_eq!(ended.stdout, "(2, 15.12)\n");
    assert!(ended.stderr.contains("and numbers without the sign: 15 stays 15"), "{ended:?}");
}

#[test]
fn a_million_rows() {
    let mut text = String::from("name,amount\n");
    for row in 0..1_000_000 {
        text += if row % 2 == 0 { "a,0.5\n" } else { "b,1.5\n" };
    }
    let folder = Folder::plain("def last(amount: 'list[float]'):\n    return [len(amount) - 1]\n");
    let ended =
        folder.file("big.csv.gz", gz(text.as_bytes())).run(&["f.py:last", "big.csv.gz", "--rows"]);
    assert_eq!(ended.printed(), "row,name,amount\n999999,b,1.5\n");
}

#[test]
fn hints_choose_the_dtype() {
    let folder = Folder::with(
        "import numpy.typing as npt\n\
         def single(x: npt.NDArray[np.float32]): return str(x.dtype), x.tolist()\n\
         def small(x: npt.NDArray[np.int8]): return str(x.dtype), x.tolist()\n\
         def large(x: npt.NDArray[np.uint64]): return str(x.dtype), x.tolist()\n\
         def truth(x: npt.NDArray[np.bool_]): return str(x.dtype), x.tolist()\n\
         def words(x: npt.NDArray[np.str_]): return x.dtype.kind, x.tolist()\n\
         def times(x: npt.NDArray[np.datetime64]): return str(x.dtype), x.astype(str).tolist()\n\
         def table(data: npt.NDArray[np.float64]): return data.shape, data.tolist()\n",
    );
    let run = |function: &str, text: &str, options: &[&str]| {
        folder.pipe(&[&[&format!("f.py:{function}")[..]], options].concat(), text)
    };
    assert_eq!(run("single", "x\n0.5\n", &[]).printed(), "('float32', [0.5])\n");
    assert_eq!(run("small", "x\n-128\n", &[]).printed(), "('int8', [-128])\n");
    run("small", "x\n128\n", &[]).failed(2, &["128 is out of the range of int8"]);
    let large = run("large", "x\n18446744073709551615\n", &[]).printed();
    assert_eq!(large, "('uint64', [18446744073709551615])\n");
    run("large", "x\n-1\n", &[]).failed(2, &["not a uint64"]);
    assert_eq!(run("truth", "x\nyes\nFALSE\n", &[]).printed(), "('bool', [True, False])\n");
    assert_eq!(run("words", "x\na\nbc\n", &[]).printed(), "('U', ['a', 'bc'])\n");
    let times = run("times", "x\n2024-01-31\nNA\n", &["--missing", "nan"]).printed();
    assert_eq!(times, "('datetime64[us]', ['2024-01-31T00:00:00.000000', 'NaT'])\n");
    let two = run("table", "a,b,c\n1,2,3\n4,5,6\n", &["-c", "data=c", "-c", "data=a"]).printed();
    assert_eq!(two, "((2, 2), [[3.0, 1.0], [6.0, 4.0]])\n");
}
