//! Pictures: what is in them, for every kind of result, and how they are written.

mod command;

use std::fs;

use command::{Folder, examples};

const FUNCTIONS: &str = "
from collections import namedtuple
def where(v): return np.where(v > 2)[0]
def mask(v): return v > 2
def none(v): return np.where(v > 1000)[0]
def missing(v): return np.where(~np.isfinite(v))[0]
def double(v): return v * 2
def same(v): return v.copy()
def far(v): return v * 1000
def mean(v): return v.mean()
def edges(v): return np.histogram(v, 5)
def half(v): return v[::2]
def table(v): return np.outer(v, np.arange(12))
def text(v): return 'abc'
def nothing(v): return None
def top(v): return v.argmax()
def counts(v): return np.bincount(v.astype(int), minlength=5)
Spectrum = namedtuple('Spectrum', 'frequency power')
def spectrum(v): return Spectrum(np.arange(3.0), v[:3])
def change(v):
    v[:] = 0
    return np.array([1])
def grid(): return [[1, 2], [3, 4]]
def many(v): return {str(k): v[:-1] + k for k in range(9)}
def every(v): return np.where(v > 0.999)[0]
def fail(v): raise ValueError('no')
def colours():
    import zlib
    with open('p.png', 'rb') as file:
        png = file.read()
    data = png.index(b'IDAT')
    size = int.from_bytes(png[data - 4:data], 'big')
    assert zlib.crc32(png[data:data + 4 + size]) == int.from_bytes(png[data + 4 + size:][:4], 'big')
    rows = np.frombuffer(zlib.decompress(png[data + 4:]), 'u1').reshape(-1, 6001)
    assert not rows[:, 0].any()
    pixels = rows[:, 1:].reshape(-1, 3)
    return [int((pixels == colour).all(1).sum()) for colour in ((0xD5, 0x5E, 0), (0, 0x72, 0xB2))]
";

fn folder() -> Folder {
    let rows = (0..6).map(|row| format!("2024-02-28T1{row}:00:00,{row}\n"));
    Folder::with(FUNCTIONS)
        .file("v.csv", format!("zeit,gr\u{f6}\u{df}e\n{}", rows.collect::<String>()))
        .file("gaps.csv", "v\n1\nnan\n3\ninf\n5\n6\n")
}

#[track_caller]
fn drawn(folder: &Folder, function: &str, file: &str, more: &[&str]) -> String {
    let target = format!("f.py:{function}");
    folder.printed(&[&[&target[..], file, "--plot", "p.svg"], more].concat());
    fs::read_to_string(folder.path().join("p.svg")).unwrap()
}

/// The texts of a picture.
fn texts(svg: &str) -> Vec<&str> {
    let lines: Vec<&str> = svg.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.starts_with("<text"));
    starts.map(|(at, _)| lines[at + 1]).collect()
}

/// Elements drawn in a colour.
fn count(svg: &str, element: &str, color: &str) -> usize {
    svg.lines().filter(|line| line.starts_with(element) && line.contains(color)).count()
}

const BLUE: &str = "#0072B2";
const MARK: &str = "#D55E00";

#[test]
fn the_article_s_outliers_are_marked() {
    let examples = examples();
    let target = format!("{}:detect", examples.join("outliers.py").display());
    let csv = examples.join("cpu.csv");
    let folder = Folder::new();
    let printed = folder.printed(&[&target, csv.to_str().unwrap(), "--rows", "--plot", "p.svg"]);
    assert_eq!(printed.lines().count(), 4, "the rows are printed all the same");
    let svg = fs::read_to_string(folder.path().join("p.svg")).unwrap();
    let texts = texts(&svg);
    for text in [
        "detect: 3 of 1,000 rows flagged",
        "value",
        "flagged",
        "09:30",
        "09:45",
        "time, 2 Apr 2020",
        "80",
    ] {
        assert!(texts.contains(&text), "{text} is not among {texts:?}");
    }
    // Three in the series, and one in the legend.
    assert_eq!(count(&svg, "<circle", MARK), 4);
    assert!(svg.starts_with("<svg width=\"1000\""), "{}", &svg[..100]);
}

#[test]
fn every_kind_of_result() {
    let folder = folder();
    for (function, expected, marks) in [
        ("where", &["where: 3 of 6 rows flagged", "größe", "zeit, 28 Feb 2024"][..], 4),
        ("mask", &["mask: 3 of 6 rows flagged"], 4),
        ("none", &["none: 0 of 6 rows flagged"], 0),
        ("every", &["every: 5 of 6 rows flagged"], 6),
        ("double", &["größe", "double"], 0),
        ("far", &["far", "4,000"], 0),
        ("mean", &["mean: 2.5"], 0),
        ("edges", &["edges"], 0),
        ("half", &["half", "index"], 0),
        ("table", &["table", "column"], 0),
        ("top", &["top: 5"], 0),
        ("counts", &["counts"], 0),
        ("spectrum", &["power", "frequency"], 0),
    ] {
        let svg = drawn(&folder, function, "v.csv", &[]);
        let texts = texts(&svg);
        for text in expected {
            assert!(texts.contains(text), "{function}: {text} is not among {texts:?}");
        }
        assert_eq!(count(&svg, "<circle", MARK), marks, "{function}");
    }
    let svg = drawn(&folder, "top", "v.csv", &["--rows"]);
    assert!(texts(&svg).contains(&"top: 1 of 6 rows flagged"));
    // The series is drawn as it went in, whatever the function did to it.
    let svg = drawn(&folder, "change", "v.csv", &[]);
    assert!(texts(&svg).contains(&"change: 1 of 6 rows flagged") && texts(&svg).contains(&"5"));
    folder.printed(&["f.py:grid", "--plot", "grid.svg"]);
}

/// What is written on the axis of a file with two times.
fn times(first: &str, last: &str) -> Vec<String> {
    let csv = format!("when,v\n{first},1\n{last},2\n");
    let folder = Folder::with(FUNCTIONS).file("v.csv", csv);
    let svg = drawn(&folder, "same", "v.csv", &["--column", "v"]);
    let texts = texts(&svg);
    // After title, subtitle and the panel's label; the other axis has plain numbers.
    let is_time = |text: &&str| text.contains(|c: char| c == ':' || c.is_alphabetic());
    texts[3..]
        .iter()
        .copied()
        .filter(is_time)
        .take_while(|text| *text != "same")
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_axis_of_times_has_round_times() {
    for (first, last, expected) in [
        (
            "2020-04-02T09:30:00",
            "2020-04-02T09:46:39",
            &["when, 2 Apr 2020", "09:30", "09:35", "09:40", "09:45"][..],
        ),
        (
            "2020-04-02T20:10:00",
            "2020-04-03T05:00:00",
            &["when, 2020", "22:00", "3 Apr", "02:00", "04:00"],
        ),
        (
            "2020-02-27",
            "2020-03-02T12:00",
            &["when, 2020", "27 Feb", "28 Feb", "29 Feb", "1 Mar", "2 Mar"],
        ),
        ("2019-11-10", "2020-03-20", &["when", "Dec 2019", "Jan 2020", "Feb 2020", "Mar 2020"]),
        (
            "2020-04-02T09:30:00",
            "2020-04-02T09:30:00.2",
            &["when, 2 Apr 2020", "09:30:00.000", "09:30:00.050", "09:30:00.100", "09:30:00.150"],
        ),
    ] {
        assert_eq!(times(first, last), expected, "{first}");
    }
}

#[test]
fn an_axis_of_numbers_has_round_numbers() {
    for (values, expected) in [
        ("0\n90", &["0", "20", "40", "60", "80"][..]),
        ("-1.1\n1", &["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
        ("0\n9e6", &["0", "2,000,000", "4,000,000", "6,000,000", "8,000,000"]),
        ("0\n2e12", &["0", "5×10¹¹", "1×10¹²", "1.5×10¹²", "2×10¹²"]),
        ("0\n4e-7", &["0", "1×10⁻⁷", "2×10⁻⁷", "3×10⁻⁷", "4×10⁻⁷"]),
        ("99.99\n100.01", &["99.990", "99.995", "100.000", "100.005", "100.010"]),
        ("-1.7e308\n1.7e308", &[]),
    ] {
        let folder = Folder::with(FUNCTIONS).file("v.csv", format!("v\n{values}\n"));
        let svg = drawn(&folder, "mean", "v.csv", &[]);
        let texts = texts(&svg);
        assert!(expected.iter().all(|text| texts.contains(text)), "{values}: {texts:?}");
    }
}

#[test]
fn missing_numbers_are_gaps() {
    let folder = folder();
    let svg = drawn(&folder, "missing", "gaps.csv", &[]);
    assert!(texts(&svg).contains(&"flagged (2 not a number)"), "{svg}");
    // The line is in three parts, of which two are points; what can't be placed is at the foot.
    assert_eq!(count(&svg, "<polyline", BLUE), 2, "one run, and the legend");
    assert_eq!(count(&svg, "<polygon", MARK), 2);
    for value in ["nan", "5", "1e308", "-1e308"] {
        let folder = Folder::with(FUNCTIONS).file("v.csv", format!("v\n{value}\n"));
        let svg = drawn(&folder, "double", "v.csv", &[]);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn ten_million_rows_are_a_small_picture() {
    let folder = Folder::with(
        "def peak(v): return np.where(v > 99)[0]\ndef all(v): return v >= 0\n\
         def save():\n    v = np.arange(10_000_000) % 50.0\n    v[7_654_321] = 100\n    np.save('v.npy', v)\n",
    );
    folder.printed(&["f.py:save"]);
    for (function, title) in
        [("peak", "1 of 10,000,000 rows flagged"), ("all", "10,000,000 of 10,000,000 rows flagged")]
    {
        let svg = drawn(&folder, function, "v.npy", &[]);
        assert!(svg.contains(title));
        assert!(svg.len() < 1_000_000, "{} bytes", svg.len());
    }
    let svg = drawn(&folder, "peak", "v.npy", &[]);
    assert_eq!(count(&svg, "<circle", MARK), 2);
}

#[test]
fn a_png_has_its_own_font() {
    let folder = folder();
    let target = ["f.py:where", "v.csv", "--plot", "p.png"];
    // Without any font of the machine's.
    let ended: command::Ended =
        folder.command(&target).env("FONTCONFIG_FILE", "/nowhere").output().unwrap().into();
    ended.printed();
    let png = fs::read(folder.path().join("p.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n"));
    assert_eq!(png[16..24], [0, 0, 7, 0xD0, 0, 0, 4, 0x70], "2000 by 1136");
    assert!(png.len() > 20_000, "text and lines, not paper alone: {}", png.len());
    // As another program reads it: three marks and the legend's, and blue lines.
    let counted: Vec<usize> =
        serde_json::from_str(&folder.printed(&["f.py:colours", "--json"])).unwrap();
    assert!(counted.iter().all(|count| (100..20_000).contains(count)), "{counted:?}");
}

#[test]
fn values_that_can_not_be_drawn_are_errors() {
    let folder = folder();
    for (function, words) in [
        ("text", "the result is a str, which can't be drawn"),
        ("nothing", "the result is None, which can't be drawn"),
        ("many", "series to draw, but a picture has room for 4"),
    ] {
        let ended = folder.run(&[&format!("f.py:{function}"), "v.csv", "--plot", "p.svg"]);
        assert!(ended.code == Some(1) && ended.stderr.contains(words), "{ended:?}");
        let printed = !ended.stdout.is_empty();
        assert_eq!(printed, function != "nothing", "the result is printed all the same");
    }
    let plain = Folder::plain("def one(): return 1\n");
    let ended = plain.run(&["f.py:one", "--plot", "p.svg"]);
    assert!(
        ended.code == Some(1) && ended.stderr.contains("there is nothing to draw"),
        "{ended:?}"
    );
}

#[test]
fn a_picture_is_written_completely_or_not_at_all() {
    let folder = folder().file("old.svg", "old").file("folder/x", "");
    for (file, code, words) in [
        ("p.jpg", 2, "write FILE.svg or FILE.png"),
        ("-", 2, "write FILE.svg or FILE.png"),
        ("svg", 2, "write FILE.svg or FILE.png"),
        ("nowhere/p.svg", 2, "there is no folder nowhere"),
        ("old.svg/p.svg", 2, "there is no folder old.svg"),
    ] {
        folder.run(&["f.py:where", "v.csv", "--plot", file]).failed(code, &[words]);
    }
    fs::rename(folder.path().join("folder"), folder.path().join("folder.svg")).unwrap();
    let ended = folder.run(&["f.py:where", "v.csv", "--plot", "folder.svg"]);
    ended.failed(2, &["folder.svg is a folder"]);
    folder.run(&["f.py:fail", "v.csv", "--plot", "old.svg"]).failed(1, &["ValueError"]);
    assert_eq!(fs::read_to_string(folder.path().join("old.svg")).unwrap(), "old");
    drawn(&folder, "where", "v.csv", &[]);
    let names = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".part")), "{names:?}");
}
