//! The dtypes in each language, from the table of `callpy-dtypes`.

use callpy_dtypes::NumberKind;
use callpy_signature::ScalarType;

/// What the name of a dtype says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Numbers of one size.
    Number(Number),
    /// Not its unit of time or its length, so it may be one of several types.
    Open,
    /// No language has a type for it.
    Foreign,
}

/// A dtype of numbers in each language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    /// The Rust type: a path, which begins with another crate's name if `is_feature`.
    pub(crate) rust: &'static str,
    /// The type belongs to a crate that is a feature of callpy.
    pub(crate) is_feature: bool,
    /// The type in Go, if it has one.
    pub(crate) go: Option<&'static str>,
    /// The name that `numpy.dtype` takes on a machine of 64 bits, where the Go module runs.
    pub(crate) numpy: &'static str,
    pub(crate) kind: NumberKind,
}

macro_rules! dtypes {
    (
        numbers {$($number:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $type_num:literal, one: $one:ident, kind: $kind:ident,
            numpy: $name:literal [$($alias:literal),*], go: $go:expr, $($rest:tt)*
        })*}
        machine {$($machine:ident {
            rust: $machine_rust:ty, wide: $machine_wide:ident, narrow: $machine_narrow:ident,
            one: $machine_one:ident, kind: $machine_kind:ident,
            numpy: $machine_name:literal [$($machine_alias:literal),*], go: $machine_go:expr,
        })*}
        aliases {$($long:ident {
            rust: $long_rust:ty, wide: $long_wide:ident, narrow: $long_narrow:ident,
            numpy: $long_name:literal [$($long_alias:literal),*], go: $long_go:expr,
        })*}
        sized {$($sized:ident { $($sized_rest:tt)* })*}
        foreign {$($foreign:ident { $($foreign_rest:tt)* })*}
    ) => {
        impl Meaning {
            pub(crate) fn of(scalar: ScalarType) -> Meaning {
                match scalar {
                    $(ScalarType::$number => Meaning::Number(Number {
                        rust: stringify!($rust),
                        is_feature: !concat!($($feature)?).is_empty(),
                        go: $go,
                        numpy: $name,
                        kind: NumberKind::$kind,
                    }),)*
                    $(ScalarType::$machine => Meaning::Number(Number {
                        rust: stringify!($machine_rust),
                        is_feature: false,
                        go: $machine_go,
                        numpy: ScalarType::$machine_wide.numpy_name(),
                        kind: NumberKind::$machine_kind,
                    }),)*
                    $(ScalarType::$long => Meaning::Number(Number {
                        rust: stringify!($long_rust),
                        is_feature: false,
                        go: $long_go,
                        numpy: ScalarType::$long_wide.numpy_name(),
                        kind: NumberKind::Int,
                    }),)*
                    $(ScalarType::$sized => Meaning::Open,)*
                    // A structured dtype, which a Rust struct can have.
                    ScalarType::Void => Meaning::Open,
                    _ => Meaning::Foreign,
                }
            }
        }
    };
}

callpy_dtypes::dtypes!(dtypes);
