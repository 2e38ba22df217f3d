//! The types that SQL and Python share, by NumPy's names.

use std::fmt;

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};

/// Every type of a value, and the name by which it goes to workers: NumPy's, if NumPy has it.
static TYPES: [(&str, DataType); 21] = [
    ("bool", DataType::Boolean),
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("datetime64[s]", DataType::Timestamp(TimeUnit::Second, None)),
    ("datetime64[ms]", DataType::Timestamp(TimeUnit::Millisecond, None)),
    ("datetime64[us]", DataType::Timestamp(TimeUnit::Microsecond, None)),
    ("datetime64[ns]", DataType::Timestamp(TimeUnit::Nanosecond, None)),
    ("timedelta64[s]", DataType::Duration(TimeUnit::Second)),
    ("timedelta64[ms]", DataType::Duration(TimeUnit::Millisecond)),
    ("timedelta64[us]", DataType::Duration(TimeUnit::Microsecond)),
    ("timedelta64[ns]", DataType::Duration(TimeUnit::Nanosecond)),
    ("str", DataType::Utf8),
    ("bytes", DataType::Binary),
];

/// Returns NumPy's name of a type, if Python can have values of it.
pub(crate) fn name_of(ty: &DataType) -> Option<&'static str> {
    TYPES.iter().find(|(_, known)| known == ty).map(|(name, _)| *name)
}

/// Returns the type of a name.
pub(crate) fn named(name: &str) -> Option<DataType> {
    // A hint has no unit: nanoseconds are what DataFusion's own functions return.
    let name = match name.trim_end_matches('_') {
        "datetime64" => "datetime64[ns]",
        "timedelta64" => "timedelta64[ns]",
        "intp" | "long" => "int64",
        "uintp" | "ulong" => "uint64",
        name => name,
    };
    TYPES.iter().find(|(known, _)| *known == name).map(|(_, ty)| ty.clone())
}

/// How values are in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// A NumPy array.
    Array,
    /// A list.
    List,
    /// One value.
    Value,
}

/// The type of a parameter or a result: how values are in Python, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Typed {
    pub(crate) form: Form,
    pub(crate) item: DataType,
    /// Whether `None` is a value: then nulls need no policy.
    pub(crate) nullable: bool,
}

impl Typed {
    /// Whether there are many values.
    pub(crate) fn is_many(&self) -> bool {
        self.form != Form::Value
    }

    /// Whether a null in its column is more than the function's hint allows.
    pub(crate) fn needs_policy(&self) -> bool {
        !self.nullable || self.form == Form::Array
    }

    /// Whether a result of this type can be read.
    pub(crate) fn can_be_read(&self) -> bool {
        match (self.form, &self.item) {
            (Form::Value, DataType::Binary) => true,
            (_, DataType::Binary) => false,
            (form, DataType::Timestamp(..) | DataType::Duration(_)) => form == Form::Array,
            _ => true,
        }
    }

    /// Returns the SQL type of all of it: a list if there are many values.
    pub(crate) fn whole(&self) -> DataType {
        match self.form {
            Form::Value => self.item.clone(),
            _ => DataType::List(Field::new_list_field(self.item.clone(), true).into()),
        }
    }

    /// Parses what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Typed> {
        let (form, rest) = text.split_at_checked(1)?;
        let form = match form {
            "a" => Form::Array,
            "l" => Form::List,
            "v" => Form::Value,
            _ => return None,
        };
        let (name, nullable) = rest.strip_suffix('?').map_or((rest, false), |name| (name, true));
        Some(Typed { form, item: named(name)?, nullable })
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::Array => 'a',
            Form::List => 'l',
            Form::Value => 'v',
        };
        let name = name_of(&self.item).unwrap_or("?");
        write!(f, "{form}{name}{}", if self.nullable { "?" } else { "" })
    }
}

/// Runs an expression with `$P` as Arrow's type of a number.
macro_rules! with_number {
    ($ty:expr, $P:ident => $body:expr, _ => $otherwise:expr) => {{
        use datafusion::arrow::datatypes as arrow_types;
        with_number!(@ $ty, $P, $body, $otherwise,
            Int8: Int8Type, Int16: Int16Type, Int32: Int32Type, Int64: Int64Type,
            UInt8: UInt8Type, UInt16: UInt16Type, UInt32: UInt32Type, UInt64: UInt64Type,
            Float32: Float32Type, Float64: Float64Type)
    }};
    (@ $ty:expr, $P:ident, $body:expr, $otherwise:expr, $($name:ident: $arrow:ident),*) => {
        match $ty {
            $(datafusion::arrow::datatypes::DataType::$name => {
                type $P = arrow_types::$arrow;
                $body
            })*
            _ => $otherwise,
        }
    };
}

/// Runs an expression with `$E` as callpy's type of a time, and `$P` as Arrow's.
macro_rules! with_time {
    ($ty:expr, ($E:ident, $P:ident) => $body:expr, _ => $otherwise:expr) => {{
        use callpy::unit;
        use datafusion::arrow::datatypes::{self as arrow_types, DataType, TimeUnit};
        with_time!(@ $ty, $E, $P, $body, $otherwise,
            Second: TimestampSecondType DurationSecondType,
            Millisecond: TimestampMillisecondType DurationMillisecondType,
            Microsecond: TimestampMicrosecondType DurationMicrosecondType,
            Nanosecond: TimestampNanosecondType DurationNanosecondType)
    }};
    (@ $ty:expr, $E:ident, $P:ident, $body:expr, $otherwise:expr,
        $($unit:ident: $timestamp:ident $duration:ident),*) => {
        match $ty {
            $(DataType::Timestamp(TimeUnit::$unit, _) => {
                type $E = callpy::Datetime64<unit::$unit>;
                type $P = arrow_types::$timestamp;
                $body
            }
            DataType::Duration(TimeUnit::$unit) => {
                type $E = callpy::Timedelta64<unit::$unit>;
                type $P = arrow_types::$duration;
                $body
            })*
            _ => $otherwise,
        }
    };
}

pub(crate) use {with_number, with_time};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back() {
        for (_, item) in &TYPES {
            for form in [Form::Array, Form::List, Form::Value] {
                for nullable in [false, true] {
                    let typed = Typed { form, item: item.clone(), nullable };
                    assert_eq!(Typed::parse(&typed.to_string()), Some(typed));
                }
            }
        }
        assert_eq!(Typed::parse("xint8"), None);
        assert_eq!(Typed::parse("aint7"), None);
        assert_eq!(Typed::parse(""), None);
    }
}
