//! NumPy's scalar classes, made from the table of `callpy-dtypes`.

macro_rules! scalar_types {
    (
        numbers {$($number:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $code:literal, one: $one:ident, kind: $kind:ident,
            numpy: $number_name:literal [$($number_alias:literal),*], $($number_rest:tt)*
        })*}
        machine {$($machine:ident {
            rust: $machine_rust:ty, wide: $machine_wide:ident, narrow: $machine_narrow:ident,
            one: $machine_one:ident, kind: $machine_kind:ident,
            numpy: $machine_name:literal [$($machine_alias:literal),*], $($machine_rest:tt)*
        })*}
        aliases {$($long:ident {
            rust: $long_rust:ty, wide: $long_wide:ident, narrow: $long_narrow:ident,
            numpy: $long_name:literal [$($long_alias:literal),*], $($long_rest:tt)*
        })*}
        sized {$($sized:ident {
            numpy: $sized_name:literal [$($sized_alias:literal),*], $($sized_rest:tt)*
        })*}
        foreign {$($foreign:ident {
            numpy: $foreign_name:literal [$($foreign_alias:literal),*]
        })*}
    ) => {
        scalar_types! {
            $($number $number_name [$($number_alias),*])*
            $($machine $machine_name [$($machine_alias),*])*
            $($long $long_name [$($long_alias),*])*
            $($sized $sized_name [$($sized_alias),*])*
            $($foreign $foreign_name [$($foreign_alias),*])*
        }
    };
    ($($name:ident $numpy:literal [$($alias:literal),*])*) => {
        /// A scalar class of NumPy, which names a dtype: `np.float64`.
        ///
        /// It has no unit for times and no length for texts, since hints have none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ScalarType {
            $(#[doc = concat!("`np.", $numpy, "`" $(, ", `np.", $alias, "`")*)] $name,)*
        }

        impl ScalarType {
            /// Returns the name of the class in NumPy, such as `float64`.
            pub fn numpy_name(self) -> &'static str {
                match self {
                    $(ScalarType::$name => $numpy,)*
                }
            }

            /// Returns the class for a name in NumPy; several names may mean the same class.
            pub(crate) fn from_numpy_name(name: &str) -> Option<Self> {
                Some(match name {
                    $($numpy $(| $alias)* => ScalarType::$name,)*
                    _ => return None,
                })
            }
        }
    };
}

callpy_dtypes::dtypes!(scalar_types);

/// A family of dtypes: an abstract scalar class of NumPy, or a jaxtyping name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScalarKind {
    /// `np.number`, jaxtyping's `Num`.
    Number,
    /// `np.integer`, jaxtyping's `Integer`.
    Integer,
    /// `np.signedinteger`, jaxtyping's `Int`.
    SignedInteger,
    /// `np.unsignedinteger`, jaxtyping's `UInt`.
    UnsignedInteger,
    /// `np.inexact`, jaxtyping's `Inexact`.
    Inexact,
    /// `np.floating`, jaxtyping's `Float`.
    Floating,
    /// `np.complexfloating`, jaxtyping's `Complex`.
    ComplexFloating,
    /// `np.flexible`.
    Flexible,
    /// `np.character`.
    Character,
    /// jaxtyping's `Real`: floats and integers.
    Real,
}

impl ScalarKind {
    /// Every family with the name of its NumPy class; jaxtyping's `Real` has none.
    const NUMPY_NAMES: [(ScalarKind, &'static str); 9] = [
        (ScalarKind::Number, "number"),
        (ScalarKind::Integer, "integer"),
        (ScalarKind::SignedInteger, "signedinteger"),
        (ScalarKind::UnsignedInteger, "unsignedinteger"),
        (ScalarKind::Inexact, "inexact"),
        (ScalarKind::Floating, "floating"),
        (ScalarKind::ComplexFloating, "complexfloating"),
        (ScalarKind::Flexible, "flexible"),
        (ScalarKind::Character, "character"),
    ];

    /// Returns the name of the abstract scalar class in NumPy, such as `floating`.
    pub fn numpy_name(self) -> &'static str {
        let known = Self::NUMPY_NAMES.iter().find(|(kind, _)| *kind == self);
        known.map_or("real", |(_, name)| name)
    }

    /// Returns the family with a class of this name in NumPy.
    pub(crate) fn from_numpy_name(name: &str) -> Option<Self> {
        let known = Self::NUMPY_NAMES.iter().find(|(_, known)| *known == name);
        known.map(|(kind, _)| *kind)
    }
}

/// Which dtypes a hint allows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dtypes {
    /// Any, or not specified.
    Any,
    /// One.
    One(ScalarType),
    /// One of a family, such as `np.floating`.
    Kind(ScalarKind),
    /// Any of these, in order, without repetition.
    Union(Vec<Dtypes>),
}
