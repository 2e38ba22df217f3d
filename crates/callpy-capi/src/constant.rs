//! The constants of `callpy.h` whose numbers a program passes: no two are the same, so that a wrong
//! one can be named, and the right one with it.

use callpy::Error;

use crate::array::{CALLPY_COPIED, CALLPY_WRITABLE};
use crate::value::*;

/// What a number of `callpy.h` can stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Tag,
    Dtype,
    Unit,
    Flag,
}

impl Sort {
    /// What was expected, in an error.
    fn expected(self) -> &'static str {
        match self {
            Sort::Tag => "a value's tag (CALLPY_TAG_*)",
            Sort::Dtype => "an array's dtype (CALLPY_DTYPE_*)",
            Sort::Unit => "a unit of time (CALLPY_UNIT_*)",
            Sort::Flag => "an array's flags (CALLPY_WRITABLE, CALLPY_COPIED)",
        }
    }
}

/// A constant, and the tag of a single value where it is a dtype of numbers or text.
struct Constant {
    name: &'static str,
    number: u32,
    sort: Sort,
    tag: Option<&'static str>,
}

/// Returns the tag of what a dtype's elements are by themselves, by the table's word for it.
macro_rules! tag {
    (truth) => {
        Some("CALLPY_TAG_BOOL")
    };
    (signed) => {
        Some("CALLPY_TAG_INT")
    };
    (unsigned) => {
        Some("CALLPY_TAG_UINT")
    };
    (single) => {
        Some("CALLPY_TAG_FLOAT")
    };
    (double) => {
        Some("CALLPY_TAG_FLOAT")
    };
    (element) => {
        None
    };
}

macro_rules! dtypes {
    (
        numbers {$($number:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $type_num:literal, one: $one:ident, kind: $kind:ident, numpy: $name:literal [$($alias:literal),*],
            go: $go:expr, c: $number_constant:ident = $number_code:literal $number_docs:literal,
        })*}
        machine { $($machine:tt)* }
        aliases { $($aliases:tt)* }
        sized {$($sized:ident {
            numpy: $sized_name:literal [$($sized_alias:literal),*], example: $example:literal,
            c: $sized_constant:ident = $sized_code:literal $sized_docs:literal,
        })*}
        $($sections:tt)*
    ) => {
        const DTYPES: &[Constant] = &[
            $(Constant {
                name: stringify!($number_constant),
                number: $number_code,
                sort: Sort::Dtype,
                tag: tag!($one),
            },)*
            $(Constant {
                name: stringify!($sized_constant),
                number: $sized_code,
                sort: Sort::Dtype,
                tag: None,
            },)*
        ];
    };
}

macro_rules! units {
    ($($name:ident $code:literal $constant:ident = $number:literal $docs:literal;)*) => {
        const UNITS: &[Constant] = &[$(Constant {
            name: stringify!($constant),
            number: $number,
            sort: Sort::Unit,
            tag: None,
        }),*];
    };
}

callpy_dtypes::dtypes!(dtypes);
callpy_dtypes::units!(units);

macro_rules! constants {
    ($sort:ident: $($name:ident),*) => {
        &[$(Constant { name: stringify!($name), number: $name, sort: Sort::$sort, tag: None }),*]
    };
}

const TAGS: &[Constant] = constants!(Tag:
    CALLPY_TAG_NONE, CALLPY_TAG_BOOL, CALLPY_TAG_INT, CALLPY_TAG_UINT, CALLPY_TAG_FLOAT, CALLPY_TAG_STRING,
    CALLPY_TAG_BYTES, CALLPY_TAG_LIST, CALLPY_TAG_TUPLE, CALLPY_TAG_DICT, CALLPY_TAG_ARRAY, CALLPY_TAG_OBJECT, CALLPY_TAG_CALLBACK);
const FLAGS: &[Constant] = constants!(Flag: CALLPY_WRITABLE, CALLPY_COPIED);

fn all() -> impl Iterator<Item = &'static Constant> {
    [TAGS, DTYPES, UNITS, FLAGS].into_iter().flatten()
}

/// Returns a constant's name, or the number if there is none.
pub(crate) fn name(number: u32) -> String {
    // What was not filled in is zero, which is also a tag.
    let constant = all().find(|constant| constant.number == number && number != 0);
    constant.map_or(number.to_string(), |constant| constant.name.to_owned())
}

/// Makes the error that a number is not of the sort that belongs in its place.
#[cold]
pub(crate) fn wrong(expected: Sort, number: u32) -> Error {
    let mut message = format!("expected {}, got {}", expected.expected(), name(number));
    let got = all().find(|constant| constant.number == number);
    if let Some(meant) = got.and_then(|got| meant(expected, got)) {
        message += &format!(" (use {meant})");
    }
    Error::argument(message)
}

/// Returns what was probably meant by a constant in the place of another sort.
fn meant(expected: Sort, got: &Constant) -> Option<String> {
    match (expected, got.sort) {
        (Sort::Dtype, Sort::Tag) => Some(match got.number {
            CALLPY_TAG_BOOL => "CALLPY_DTYPE_BOOL for uint8_t".to_owned(),
            CALLPY_TAG_INT => {
                "CALLPY_DTYPE_INT64 for int64_t, CALLPY_DTYPE_INT32 for int32_t".to_owned()
            }
            CALLPY_TAG_UINT => {
                "CALLPY_DTYPE_UINT64 for uint64_t, CALLPY_DTYPE_UINT8 for uint8_t".to_owned()
            }
            CALLPY_TAG_FLOAT => {
                "CALLPY_DTYPE_FLOAT64 for double, CALLPY_DTYPE_FLOAT32 for float".to_owned()
            }
            CALLPY_TAG_STRING => "CALLPY_DTYPE_STR".to_owned(),
            CALLPY_TAG_BYTES => "CALLPY_DTYPE_BYTES".to_owned(),
            _ => return None,
        }),
        (Sort::Dtype, Sort::Unit) => Some(
            "CALLPY_DTYPE_DATETIME64 or CALLPY_DTYPE_TIMEDELTA64, and this as the unit".to_owned(),
        ),
        (Sort::Tag, Sort::Dtype) => Some(match got.tag {
            Some(tag) => format!("CALLPY_TAG_ARRAY for an array, {tag} for one value"),
            None => "CALLPY_TAG_ARRAY for an array".to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_constants_have_the_same_number() {
        let numbers: Vec<u32> = all().map(|constant| constant.number).collect();
        let mut different = numbers.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), numbers.len());
        // Flags are combined, and no combination is a constant of another sort.
        assert!(!numbers.contains(&(CALLPY_WRITABLE | CALLPY_COPIED)));
    }

    #[test]
    fn a_wrong_constant_is_named() {
        for constant in all().filter(|constant| constant.number != 0) {
            for expected in [Sort::Tag, Sort::Dtype, Sort::Unit, Sort::Flag] {
                let message = wrong(expected, constant.number).to_string();
                assert!(message.contains(constant.name), "{message}");
            }
        }
    }
}
