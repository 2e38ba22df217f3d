//! What several crates share: the table of NumPy dtypes and that of units of time, as text that they
//! read, and a hash.
//!
//! [`dtypes!`] and [`units!`] take the name of a macro, the *reader*, and expand to a call of it with
//! the rows. From these `callpy` makes its `Dtype` and its element types, `callpy-signature` the names in
//! hints, `callpy-codegen` the types it writes in Rust and Go, `callpy-capi` the constants of
//! `callpy.h`, and its tests the file `go/dtypes.go`. If one of them lacks a dtype, it does not
//! compile, or `callpy-capi/tests/dtypes.rs`, which tests every row, fails.
//!
//! ```
//! macro_rules! names {
//!     (numbers { $($name:ident { $($number:tt)* })* } $($other_sections:tt)*) => {
//!         [$(stringify!($name)),*]
//!     };
//! }
//! assert_eq!(callpy_dtypes::dtypes!(names)[..3], ["Bool", "Int8", "Int16"]);
//! ```
#![no_std]
#![forbid(unsafe_code)]

/// The kind of number that a dtype of the table is. No kind is another: a bool is not an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum NumberKind {
    Bool,
    Int,
    Float,
    Complex,
}

/// Hashes a text with FNV-1a, which gives the same on every machine and in every release: for the names
/// of cached files and of generated modules.
///
/// ```
/// assert_eq!(callpy_dtypes::fnv_1a(""), 0xcbf29ce484222325);
/// assert_eq!(callpy_dtypes::fnv_1a("foobar"), 0x85944171f73967e8);
/// ```
pub fn fnv_1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Calls a reader with every dtype.
///
/// The rows are in five sections:
///
/// - `numbers`: dtypes that are fully described by their name. `number` is NumPy's (`NPY_TYPES` in
///   `numpy/ndarraytypes.h`) where C's `long` has 64 bits. `one` says how a single value is converted:
///   by Python's own `int`, `float` and `bool`, or as an `element` of an array; `kind` which kind of
///   number it is. `feature` is the feature of `callpy` that has the Rust type.
/// - `machine`: integers with the size of a pointer. Rust and Go have separate types for them; in NumPy
///   each is one of the `numbers`: `wide` if it has 64 bits, `narrow` if it has 32.
/// - `aliases`: integers with the size of C's `long`, for which Rust and Go have no type.
/// - `sized`: dtypes with a unit of time or a length besides their name. `example` is one of them.
/// - `foreign`: dtypes that a hint may name but no language can read.
///
/// In all of them `numpy` is the name of the scalar class in NumPy, then its other names. `c` is the
/// constant in `callpy.h`, with its documentation, and `go` the type in Go, if there is one.
#[macro_export]
macro_rules! dtypes {
    ($reader:ident) => {
        $reader! {
            numbers {
                Bool {
                    rust: bool, size: 1, align: 1, number: 0, one: truth, kind: Bool,
                    numpy: "bool" ["bool_", "bool8"], go: Some("bool"),
                    c: CALLPY_DTYPE_BOOL = 101 "An element is one byte, 0 or 1.",
                }
                Int8 {
                    rust: i8, size: 1, align: 1, number: 1, one: signed, kind: Int,
                    numpy: "int8" ["byte"], go: Some("int8"),
                    c: CALLPY_DTYPE_INT8 = 102 "An element is an int8_t.",
                }
                Int16 {
                    rust: i16, size: 2, align: 2, number: 3, one: signed, kind: Int,
                    numpy: "int16" ["short"], go: Some("int16"),
                    c: CALLPY_DTYPE_INT16 = 103 "An element is an int16_t.",
                }
                Int32 {
                    rust: i32, size: 4, align: 4, number: 5, one: signed, kind: Int,
                    numpy: "int32" ["intc"], go: Some("int32"),
                    c: CALLPY_DTYPE_INT32 = 104 "An element is an int32_t.",
                }
                Int64 {
                    rust: i64, size: 8, align: 8, number: 7, one: signed, kind: Int,
                    numpy: "int64" ["longlong"], go: Some("int64"),
                    c: CALLPY_DTYPE_INT64 = 105 "An element is an int64_t.",
                }
                Uint8 {
                    rust: u8, size: 1, align: 1, number: 2, one: unsigned, kind: Int,
                    numpy: "uint8" ["ubyte"], go: Some("uint8"),
                    c: CALLPY_DTYPE_UINT8 = 106 "An element is a uint8_t.",
                }
                Uint16 {
                    rust: u16, size: 2, align: 2, number: 4, one: unsigned, kind: Int,
                    numpy: "uint16" ["ushort"], go: Some("uint16"),
                    c: CALLPY_DTYPE_UINT16 = 107 "An element is a uint16_t.",
                }
                Uint32 {
                    rust: u32, size: 4, align: 4, number: 6, one: unsigned, kind: Int,
                    numpy: "uint32" ["uintc"], go: Some("uint32"),
                    c: CALLPY_DTYPE_UINT32 = 108 "An element is a uint32_t.",
                }
                Uint64 {
                    rust: u64, size: 8, align: 8, number: 8, one: unsigned, kind: Int,
                    numpy: "uint64" ["ulonglong"], go: Some("uint64"),
                    c: CALLPY_DTYPE_UINT64 = 109 "An element is a uint64_t.",
                }
                Float16 {
                    feature: "half", rust: half::f16, size: 2, align: 2, number: 23, one: element, kind: Float,
                    numpy: "float16" ["half"], go: None,
                    c: CALLPY_DTYPE_FLOAT16 = 110 "An element is a half-precision float (IEEE 754 binary16).",
                }
                Float32 {
                    rust: f32, size: 4, align: 4, number: 11, one: single, kind: Float,
                    numpy: "float32" ["single"], go: Some("float32"),
                    c: CALLPY_DTYPE_FLOAT32 = 111 "An element is a float.",
                }
                Float64 {
                    rust: f64, size: 8, align: 8, number: 12, one: double, kind: Float,
                    numpy: "float64" ["double", "float_"], go: Some("float64"),
                    c: CALLPY_DTYPE_FLOAT64 = 112 "An element is a double.",
                }
                Complex64 {
                    feature: "complex", rust: num_complex::Complex<f32>, size: 8, align: 4, number: 14, one: element, kind: Complex,
                    numpy: "complex64" ["csingle", "singlecomplex"], go: Some("complex64"),
                    c: CALLPY_DTYPE_COMPLEX64 = 113 "An element is two floats, the real part first.",
                }
                Complex128 {
                    feature: "complex", rust: num_complex::Complex<f64>, size: 16, align: 8, number: 15, one: element, kind: Complex,
                    numpy: "complex128" ["cdouble", "complex_", "cfloat"], go: Some("complex128"),
                    c: CALLPY_DTYPE_COMPLEX128 = 114 "An element is two doubles, the real part first.",
                }
            }
            machine {
                Intp {
                    rust: isize, wide: Int64, narrow: Int32, one: signed, kind: Int,
                    numpy: "intp" ["int_"], go: Some("int"),
                }
                Uintp {
                    rust: usize, wide: Uint64, narrow: Uint32, one: unsigned, kind: Int,
                    numpy: "uintp" ["uint"], go: Some("uint"),
                }
            }
            aliases {
                Long {
                    rust: ::core::ffi::c_long, wide: Int64, narrow: Int32,
                    numpy: "long" [], go: Some("int64"),
                }
                Ulong {
                    rust: ::core::ffi::c_ulong, wide: Uint64, narrow: Uint32,
                    numpy: "ulong" [], go: Some("uint64"),
                }
            }
            sized {
                Datetime64 {
                    numpy: "datetime64" [], example: "datetime64[s]",
                    c: CALLPY_DTYPE_DATETIME64 = 115 "An element is an int64_t that counts `unit` since 1970-01-01T00:00; INT64_MIN is no time.",
                }
                Timedelta64 {
                    numpy: "timedelta64" [], example: "timedelta64[s]",
                    c: CALLPY_DTYPE_TIMEDELTA64 = 116 "An element is an int64_t that counts `unit`; INT64_MIN is no time.",
                }
                Str {
                    numpy: "str_" ["unicode_"], example: "U3",
                    c: CALLPY_DTYPE_STR = 117 "An element is `item_size / 4` code points of four bytes each, padded with zeros; none is greater\nthan 0x10FFFF, which is not checked.",
                }
                Bytes {
                    numpy: "bytes_" ["string_"], example: "S3",
                    c: CALLPY_DTYPE_BYTES = 118 "An element is `item_size` bytes, padded with zeros.",
                }
            }
            foreign {
                Longdouble { numpy: "longdouble" ["float96", "float128", "longfloat"] }
                Clongdouble { numpy: "clongdouble" ["complex192", "complex256", "clongfloat"] }
                Void { numpy: "void" ["record"] }
                Object { numpy: "object_" [] }
                // Not in NumPy itself, but in jaxtyping.
                Bfloat16 { numpy: "bfloat16" [] }
            }
        }
    };
}

/// Calls a reader with every unit of time, from the longest: the name, NumPy's code, and the constant
/// in `callpy.h` with its documentation.
///
/// ```
/// macro_rules! codes {
///     ($($name:ident $code:literal $constant:ident = $number:literal $docs:literal;)*) => {
///         [$($code),*]
///     };
/// }
/// assert_eq!(callpy_dtypes::units!(codes)[..3], ["Y", "M", "W"]);
/// ```
#[macro_export]
macro_rules! units {
    ($reader:ident) => {
        $reader! {
            Year "Y" CALLPY_UNIT_YEAR = 201 "A unit of datetime64 and timedelta64: a year.";
            Month "M" CALLPY_UNIT_MONTH = 202 "A month.";
            Week "W" CALLPY_UNIT_WEEK = 203 "A week.";
            Day "D" CALLPY_UNIT_DAY = 204 "A day.";
            Hour "h" CALLPY_UNIT_HOUR = 205 "An hour.";
            Minute "m" CALLPY_UNIT_MINUTE = 206 "A minute.";
            Second "s" CALLPY_UNIT_SECOND = 207 "A second.";
            Millisecond "ms" CALLPY_UNIT_MILLISECOND = 208 "A millisecond.";
            Microsecond "us" CALLPY_UNIT_MICROSECOND = 209 "A microsecond.";
            Nanosecond "ns" CALLPY_UNIT_NANOSECOND = 210 "A nanosecond.";
            Picosecond "ps" CALLPY_UNIT_PICOSECOND = 211 "A picosecond.";
            Femtosecond "fs" CALLPY_UNIT_FEMTOSECOND = 212 "A femtosecond.";
            Attosecond "as" CALLPY_UNIT_ATTOSECOND = 213 "An attosecond.";
        }
    };
}
