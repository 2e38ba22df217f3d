//! Every dtype in Rust, in C and in Go: the table of `callpy-dtypes` and what is made of it.
//!
//! go/callpy_test.go walks the same rows with a Go toolchain, and tests/c.rs with a C compiler.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use callpy::generated::{half, num_complex};
use callpy::{Array, Element, Function, Item, Python};
use callpy_c::*;

/// A row of the table, as this test needs it.
struct Row {
    /// What `numpy.dtype` takes for it.
    numpy: &'static str,
    /// The constant in C: its name, the number in the table, and the value it has.
    c: (&'static str, u32, u32),
    /// The type in Go.
    go: Option<&'static str>,
    /// Passes arrays of Rust's element type; none where the type needs a unit or a length.
    in_rust: Option<fn(&Row)>,
}

macro_rules! rows {
    (
        numbers {$($number:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $type_num:literal, one: $one:ident, kind: $kind:ident, numpy: $name:literal [$($alias:literal),*],
            go: $go:expr, c: $constant:ident = $code:literal $docs:literal,
        })*}
        machine { $($machine:tt)* }
        aliases { $($aliases:tt)* }
        sized {$($sized:ident {
            numpy: $sized_name:literal [$($sized_alias:literal),*], example: $example:literal,
            c: $sized_constant:ident = $sized_code:literal $sized_docs:literal,
        })*}
        $($sections:tt)*
    ) => {
        const ROWS: &[Row] = &[
            $(Row {
                numpy: $name,
                c: (stringify!($constant), $code, $constant),
                go: $go,
                in_rust: Some(in_rust::<$rust>),
            },)*
            $(Row {
                numpy: $example,
                c: (stringify!($sized_constant), $sized_code, $sized_constant),
                go: None,
                in_rust: None,
            },)*
        ];
    };
}

callpy_dtypes::dtypes!(rows);

#[test]
fn every_dtype_goes_through_rust_c_and_go() {
    let header = read("include/callpy.h");
    let go = read("../../go/dtypes.go");
    let go_constants = read("../../go/constants.go");
    for row in ROWS {
        if let Some(in_rust) = row.in_rust {
            in_rust(row);
        }
        in_c(row);
        let (constant, code, value) = row.c;
        assert_eq!(code, value, "{constant}");
        assert!(header.contains(&format!("#define {constant} {code}\n")), "callpy.h: {constant}");
        let in_go = go_constants.split_once(&format!("// {constant}\nconst ")).expect(constant).1;
        let (in_go, number) = in_go.split_once(" = ").expect(constant);
        assert!(number.starts_with(&format!("{code}\n")), "constants.go: {constant}");
        assert!(go.contains(&format!("case {in_go}:\n")), "dtypes.go: {constant}");
        if let Some(go_type) = row.go {
            assert!(go.contains(&format!("~{go_type} ")), "dtypes.go: {go_type}");
        }
    }
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the target of a function in `tests/c/functions.py`: `made` makes an array of a dtype, and
/// `echo` returns its argument.
fn target(function: &str) -> String {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/functions.py");
    format!("{}:{function}", file.display())
}

fn function(name: &str) -> Function {
    let python = Python::builder().require(["numpy"]).start().expect("Python starts");
    python.function(target(name)).expect("functions.py has it")
}

/// Receives an array as Rust's element type, passes it back, and receives it again.
fn in_rust<T: Element + for<'a> Item<'a>>(row: &Row) {
    assert_eq!(T::DTYPE.to_string(), row.numpy);
    let made: Array<T> = function("made").call(row.numpy).expect(row.numpy);
    assert_eq!((made.len(), made[0] == made[1], made[1] == made[2]), (3, false, true));
    let again: Array<T> = function("echo").call(&made[..]).expect(row.numpy);
    assert_eq!(again[..], made[..]);
}

/// Does the same with C's values.
fn in_c(row: &Row) {
    let name = CString::new(row.numpy).expect("names have no NUL");
    let content =
        callpy_content { text: callpy_text { data: name.as_ptr(), len: row.numpy.len() } };
    let name = callpy_value { tag: CALLPY_TAG_STRING, owned: 0, content };
    let mut made = call("made", name);
    let mut again = call("echo", made);
    // SAFETY: both values are arrays of three elements, as their tags say, and not released yet.
    unsafe {
        assert_eq!((made.tag, again.tag), (CALLPY_TAG_ARRAY, CALLPY_TAG_ARRAY), "{}", row.numpy);
        let (made, again) = (&*made.content.array, &*again.content.array);
        assert_eq!((made.dtype, again.dtype), (row.c.1, row.c.1), "{}", row.numpy);
        assert_eq!((made.unit, made.item_size), (again.unit, again.item_size));
        let bytes = |array: &callpy_array| {
            std::slice::from_raw_parts(array.data.cast::<u8>(), 3 * array.item_size)
        };
        assert_eq!(bytes(made), bytes(again), "{}", row.numpy);
    }
    // SAFETY: both are results that are released once.
    unsafe {
        callpy_value_release(&mut again);
        callpy_value_release(&mut made);
    }
}

/// Calls a function of `tests/c/functions.py` through the C ABI.
fn call(name: &str, argument: callpy_value) -> callpy_value {
    let target = CString::new(target(name)).expect("paths have no NUL");
    let mut function = null_mut();
    let mut result =
        callpy_value { tag: CALLPY_TAG_NONE, owned: 0, content: callpy_content { natural: 0 } };
    // SAFETY: every pointer leads to a local variable of its type, and the argument is valid.
    unsafe {
        assert!(callpy_function_load(target.as_ptr(), &mut function).is_null(), "{name}");
        let error = callpy_function_call(function, &argument, 1, null(), 0, &mut result);
        assert!(error.is_null(), "{name}");
        callpy_function_free(function);
    }
    result
}
