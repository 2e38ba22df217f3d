//! Files made from the source: `include/callpy.h`, and what the Go module knows of its constants and dtypes.
//!
//! `CALLPY_WRITE=1 cargo test -p callpy-capi --test generated` writes them.

use std::fmt::Write;
use std::path::Path;

#[test]
fn the_header_is_up_to_date() {
    check("include/callpy.h", &header());
}

fn header() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config =
        cbindgen::Config::from_file(folder.join("cbindgen.toml")).expect("cbindgen.toml");
    // cbindgen does not expand macros, so it does not see the constants that the tables make.
    let introduction = config.after_includes.take().unwrap_or_default();
    config.after_includes = Some(introduction + &constants());
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(folder.join("src/lib.rs"))
        .generate()
        .expect("cbindgen reads the source");
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).expect("it is text");
    without_safety(&text)
}

#[test]
fn the_constants_and_dtypes_in_go_are_up_to_date() {
    check("../../go/constants.go", &go_constants(&header()));
    check("../../go/dtypes.go", &go());
}

/// Compares a file with what it must contain, or writes it.
fn check(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("CALLPY_WRITE").is_some() {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{file}: {error}"));
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{file} is out of date: CALLPY_WRITE=1 cargo test -p callpy-capi --test generated"
    );
}

/// Leaves out what `# Safety` says: it is for Rust's lints, and C has it in the rules at the top.
fn without_safety(header: &str) -> String {
    let mut text = String::new();
    let mut in_safety = false;
    for line in header.lines() {
        let comment = line.trim_start().strip_prefix("//");
        in_safety = match comment {
            Some(comment) if comment.trim() == "# Safety" => {
                // The empty line before it.
                while text.ends_with("//\n") {
                    text.truncate(text.len() - 3);
                }
                true
            }
            Some(_) => in_safety,
            None => false,
        };
        if !in_safety {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// A dtype with its constant in C and its type in Go.
struct Dtype {
    /// The row's name in the table.
    name: &'static str,
    numpy: &'static str,
    constant: &'static str,
    code: u32,
    docs: &'static str,
    go: Option<&'static str>,
}

/// An integer that is as wide as a pointer, and the rows that it is with 32 and with 64 bits.
struct Machine {
    go: Option<&'static str>,
    narrow: &'static str,
    wide: &'static str,
}

macro_rules! dtypes {
    (
        numbers {$($number:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $type_num:literal, one: $one:ident, kind: $kind:ident, numpy: $name:literal [$($alias:literal),*],
            go: $go:expr, c: $constant:ident = $code:literal $docs:literal,
        })*}
        machine {$($machine:ident {
            rust: $machine_rust:ty, wide: $wide:ident, narrow: $narrow:ident, one: $machine_one:ident, kind: $machine_kind:ident,
            numpy: $machine_name:literal [$($machine_alias:literal),*], go: $machine_go:expr,
        })*}
        aliases { $($aliases:tt)* }
        sized {$($sized:ident {
            numpy: $sized_name:literal [$($sized_alias:literal),*], example: $example:literal,
            c: $sized_constant:ident = $sized_code:literal $sized_docs:literal,
        })*}
        $($sections:tt)*
    ) => {
        const DTYPES: &[Dtype] = &[
            $(Dtype {
                name: stringify!($number),
                numpy: $name,
                constant: stringify!($constant),
                code: $code,
                docs: $docs,
                go: $go,
            },)*
            $(Dtype {
                name: stringify!($sized),
                numpy: $sized_name,
                constant: stringify!($sized_constant),
                code: $sized_code,
                docs: $sized_docs,
                go: None,
            },)*
        ];
        const MACHINE: &[Machine] = &[$(Machine {
            go: $machine_go,
            narrow: stringify!($narrow),
            wide: stringify!($wide),
        }),*];
    };
}

macro_rules! units {
    ($($name:ident $code:literal $constant:ident = $number:literal $docs:literal;)*) => {
        const UNITS: &[(&str, u32, &str)] = &[$((stringify!($constant), $number, $docs)),*];
    };
}

callpy_dtypes::dtypes!(dtypes);
callpy_dtypes::units!(units);

/// Writes the constants of the header that stand for dtypes and units.
fn constants() -> String {
    let dtypes = DTYPES.iter().map(|dtype| (dtype.constant, dtype.code, dtype.docs));
    let mut text = String::new();
    for (constant, code, docs) in dtypes.chain(UNITS.iter().copied()) {
        text.push('\n');
        for line in docs.lines() {
            writeln!(text, "// {line}").expect("text can be written");
        }
        writeln!(text, "#define {constant} {code}").expect("text can be written");
    }
    text
}

/// Writes `go/constants.go`, laid out as gofmt does: what the header defines as numbers.
fn go_constants(header: &str) -> String {
    let mut text = String::from(
        "// Code generated from crates/callpy-capi/include/callpy.h; DO NOT EDIT.\n\npackage callpy\n",
    );
    for definition in header.lines().filter_map(|line| line.strip_prefix("#define ")) {
        if let Some((constant, number)) = definition.split_once(' ') {
            write!(text, "\n// {constant}\nconst {} = {number}\n", go_name(constant))
                .expect("text can be written");
        }
    }
    text
}

/// Returns the name that a constant of the header has in Go: `cDtypeFloat64` for `CALLPY_DTYPE_FLOAT64`.
fn go_name(constant: &str) -> String {
    let words = constant.trim_start_matches("CALLPY_").split('_').map(str::to_lowercase);
    words.fold(String::from("c"), |name, word| name + &kind(&word))
}

/// Writes `go/dtypes.go`, laid out as gofmt does.
fn go() -> String {
    let types: Vec<&str> = DTYPES
        .iter()
        .filter_map(|dtype| dtype.go)
        .chain(MACHINE.iter().filter_map(|machine| machine.go))
        .collect();
    let (mut codes, mut names, mut arrays) = (String::new(), String::new(), String::new());
    for Dtype { constant, numpy, go, .. } in DTYPES {
        // NumPy writes some names with a `_` only to tell the class from Python's own.
        let name = numpy.trim_end_matches('_');
        let constant = go_name(constant);
        names += &format!("\tcase {constant}:\n\t\treturn \"{name}\"\n");
        if let Some(go) = go {
            codes += &format!("\tcase reflect.{}:\n\t\treturn {constant}\n", kind(go));
            arrays += &format!("\tcase {constant}:\n\t\treturn naturally[Array[{go}]](value)\n");
        }
    }
    for Machine { go, narrow, wide } in MACHINE {
        let Some(go) = go else { continue };
        let constant = |row: &str| {
            let row = DTYPES.iter().find(|dtype| dtype.name == row);
            go_name(row.expect("the table has the row").constant)
        };
        codes += &format!(
            "\tcase reflect.{}:\n\t\tif strconv.IntSize == 64 {{\n\t\t\treturn {}\n\t\t}}\n\t\treturn {}\n",
            kind(go),
            constant(wide),
            constant(narrow)
        );
    }
    format!(
        "// Code generated from the table of crates/callpy-dtypes; DO NOT EDIT.

package callpy

import (
\t\"reflect\"
\t\"strconv\"
)

// An Element is the Go type of an array's elements.
type Element interface {{
\t~{}
}}

// dtypeOf returns the dtype of an element's kind, 0 if no array has such elements.
func dtypeOf(kind reflect.Kind) uint32 {{
\tswitch kind {{
{codes}\t}}
\treturn 0
}}

// dtypeName returns NumPy's name of a dtype.
func dtypeName(dtype uint32) string {{
\tswitch dtype {{
{names}\t}}
\treturn \"?\"
}}

// naturalNumbers returns an array of numbers as the Array that Go has for its dtype.
func naturalNumbers(value *cValue, array *cArray) (any, *Error) {{
\tswitch array.dtype {{
{arrays}\t}}
\treturn nil, failure(BadResult, \"an array of %s has no type in Go; an *Object can hold it\", dtypeName(array.dtype))
}}
",
        types.join(" | ~")
    )
}

/// Returns the name of a Go type's kind in the package `reflect`.
fn kind(go: &str) -> String {
    let (first, rest) = go.split_at(1);
    first.to_uppercase() + rest
}
