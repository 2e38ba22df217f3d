//! CSV files as they come, and as they should not.

mod command;

use command::Folder;

fn folder() -> Folder {
    Folder::plain("def show(values: 'list[float]'):\n    return values\n")
}

#[test]
fn numbers_are_parsed_as_in_python() {
    let numbers = [
        "1",
        "-2.5",
        "+.5",
        "1e308",
        "5e-324",
        "nan",
        "inf",
        "-inf",
        "  7 ",
        "\"8\"",
        "0.1",
        "179769313486231580793728971405301e276",
    ];
    let folder = Folder::plain(
        "def show(values: 'list[float]', texts):\n    \
         mine = [float(text.strip().strip('\"')) for text in texts]\n    \
         print(len(values), repr(values) == repr(mine))\n",
    );
    let texts = serde_json::to_string(&numbers).unwrap();
    let text = folder.pipe(&["f.py:show", "--arg", &format!("texts={texts}")], numbers.join("\n"));
    assert_eq!(text.printed(), "12 True\n");
}

#[test]
fn marks_line_ends_quotes_and_blank_lines() {
    let folder = folder();
    for (file, expected) in [
        ("\u{FEFF}v\n1\n2\n", "[1.0, 2.0]"),
        ("v\r\n1\r\n2", "[1.0, 2.0]"),
        ("\n\nv\n\n1\n\n2\n\n", "[1.0, 2.0]"),
        ("name,v\n\"a,\nb\",1\n\"say \"\"c\"\"\",\"2\"\n", "[1.0, 2.0]"),
        ("name\tv\na,b\t1\n", "[1.0]"),
        ("name;v\na;1\n", "[1.0]"),
        ("a,1\nb,2\n", "[1.0, 2.0]"),
    ] {
        assert_eq!(folder.pipe(&["f.py:show"], file).printed().trim_end(), expected, "{file:?}");
    }
}

#[test]
fn errors_name_the_line_of_a_cell_that_is_not_a_number() {
    let folder = folder();
    for (file, words) in [
        ("a,v\nx,1\ny,two\n", ["line 3, column v", "\"two\" is not a number"]),
        ("a,v\nx,1\n\n\ny,\n", ["line 5, column v", "is empty"]),
        ("x,1\ny,1 000\n", ["line 2, column 2", "\"1 000\""]),
        ("a,v\nx,1\ny\n", ["line 3", "the row has 1 cell"]),
        ("a,v\nx,1,2\n", ["line 2", "the row has 3 cells"]),
        ("a,v\n", ["standard input has a header", "no rows"]),
        ("a,b\nx,y\n", ["no column of numbers", "x,y"]),
        ("", ["standard input", "is empty"]),
        ("\u{FEFF}\n", ["standard input", "is empty"]),
    ] {
        folder.pipe(&["f.py:show"], file).failed(2, &words);
    }
    folder.pipe(&["f.py:show"], b"\xFF\xFEv\0\n\0").failed(2, &["UTF-16"]);
    folder.pipe(&["f.py:show"], b"\x1F\x8B\x08\0").failed(2, &["gunzip"]);
}

#[test]
fn other_columns_may_contain_anything() {
    let file = b"name,v\nfran\xE7ois,1\n,2\n";
    let folder = Folder::plain("def last(v: 'list[float]'):\n    return 0\n").file("t.csv", file);
    let command = folder.command(&["f.py:last", "t.csv", "--rows"]).output().unwrap();
    assert_eq!(command.stdout, b"row,name,v\n0,fran\xE7ois,1\n");
}
