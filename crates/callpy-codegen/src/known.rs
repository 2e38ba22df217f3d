//! Classes of the standard library and of well-known packages, by the names that hints have for them.

use crate::names::camel;

/// A class for whose instances there are Rust types: `callpy::classes::IntoInstance` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    DateTime,
    Date,
    Time,
    Timedelta,
    Decimal,
    Fraction,
    Uuid,
    PandasDataFrame,
    PolarsDataFrame,
    ArrowTable,
    TorchTensor,
    JaxArray,
}

impl Known {
    /// Finds a class by the name that a hint has for it, imports resolved.
    pub(crate) fn find(name: &str) -> Option<Known> {
        Some(match name {
            "datetime.datetime" => Known::DateTime,
            "datetime.date" => Known::Date,
            "datetime.time" => Known::Time,
            "datetime.timedelta" => Known::Timedelta,
            "decimal.Decimal" => Known::Decimal,
            "fractions.Fraction" => Known::Fraction,
            "uuid.UUID" => Known::Uuid,
            "pandas.DataFrame" | "pandas.core.frame.DataFrame" | "pandas.core.api.DataFrame" => {
                Known::PandasDataFrame
            }
            "polars.DataFrame"
            | "polars.dataframe.DataFrame"
            | "polars.dataframe.frame.DataFrame" => Known::PolarsDataFrame,
            "pyarrow.Table" | "pyarrow.lib.Table" => Known::ArrowTable,
            "torch.Tensor" | "torch._tensor.Tensor" => Known::TorchTensor,
            "jax.Array" | "jax.numpy.ndarray" => Known::JaxArray,
            _ => return None,
        })
    }

    /// The class's own name, which its instances are told by, as well as by its package.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Known::DateTime => "datetime",
            Known::Date => "date",
            Known::Time => "time",
            Known::Timedelta => "timedelta",
            Known::Decimal => "Decimal",
            Known::Fraction => "Fraction",
            Known::Uuid => "UUID",
            Known::PandasDataFrame | Known::PolarsDataFrame => "DataFrame",
            Known::ArrowTable => "Table",
            Known::TorchTensor => "Tensor",
            Known::JaxArray => "Array",
        }
    }

    /// The name of a union's variant for it, and of the type in `callpy::classes`.
    pub(crate) fn variant(self) -> &'static str {
        match self {
            Known::DateTime => "DateTime",
            Known::Date => "Date",
            Known::Time => "Time",
            // As the type in Rust.
            Known::Timedelta => "Duration",
            Known::Uuid => "Uuid",
            Known::PandasDataFrame => "PandasDataFrame",
            Known::PolarsDataFrame => "PolarsDataFrame",
            Known::ArrowTable => "ArrowTable",
            Known::TorchTensor => "TorchTensor",
            Known::JaxArray => "JaxArray",
            other => other.class(),
        }
    }

    /// The package that has the class.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Known::DateTime | Known::Date | Known::Time | Known::Timedelta => "datetime",
            Known::Decimal => "decimal",
            Known::Fraction => "fractions",
            Known::Uuid => "uuid",
            Known::PandasDataFrame => "pandas",
            Known::PolarsDataFrame => "polars",
            Known::ArrowTable => "pyarrow",
            Known::TorchTensor => "torch",
            Known::JaxArray => "jax",
        }
    }

    /// Whether the type that owns a value is a plain value itself, and not an object.
    pub(crate) fn is_value(self) -> bool {
        matches!(
            self,
            Known::DateTime
                | Known::Date
                | Known::Time
                | Known::Timedelta
                | Known::Decimal
                | Known::Fraction
                | Known::Uuid
        )
    }
}

/// Classes of which there are only instances: the name that hints have, imports resolved, and the class's
/// own. Not those of which any object can be one, nor aliases of several.
const INSTANCES: [(&str, &str); 62] = [
    ("argparse.ArgumentParser", "ArgumentParser"),
    ("argparse.Namespace", "Namespace"),
    ("ast.AST", "AST"),
    ("builtins.BaseException", "BaseException"),
    ("builtins.Exception", "Exception"),
    ("builtins.bytearray", "bytearray"),
    ("builtins.memoryview", "memoryview"),
    ("builtins.range", "range"),
    ("builtins.slice", "slice"),
    ("builtins.type", "type"),
    ("collections.Counter", "Counter"),
    ("collections.OrderedDict", "OrderedDict"),
    ("collections.defaultdict", "defaultdict"),
    ("collections.deque", "deque"),
    ("configparser.ConfigParser", "ConfigParser"),
    ("datetime.timezone", "timezone"),
    ("datetime.tzinfo", "tzinfo"),
    ("enum.Enum", "Enum"),
    ("email.message.Message", "Message"),
    ("functools.partial", "partial"),
    ("inspect.Parameter", "Parameter"),
    ("inspect.Signature", "Signature"),
    ("io.BytesIO", "BytesIO"),
    ("io.StringIO", "StringIO"),
    ("ipaddress.IPv4Address", "IPv4Address"),
    ("ipaddress.IPv6Address", "IPv6Address"),
    ("logging.Handler", "Handler"),
    ("logging.LogRecord", "LogRecord"),
    ("logging.Logger", "Logger"),
    ("matplotlib.axes.Axes", "Axes"),
    ("matplotlib.figure.Figure", "Figure"),
    ("numpy.dtype", "dtype"),
    ("numpy.generic", "generic"),
    ("numpy.matrix", "matrix"),
    ("numpy.random.Generator", "Generator"),
    ("numpy.random.RandomState", "RandomState"),
    ("numpy.random.mtrand.RandomState", "RandomState"),
    ("numpy.ufunc", "ufunc"),
    ("pandas.Categorical", "Categorical"),
    ("pandas.DatetimeIndex", "DatetimeIndex"),
    ("pandas.Index", "Index"),
    ("pandas.MultiIndex", "MultiIndex"),
    ("pandas.Period", "Period"),
    ("pandas.Series", "Series"),
    ("pandas.Timedelta", "Timedelta"),
    ("pandas.Timestamp", "Timestamp"),
    ("PIL.Image.Image", "Image"),
    ("polars.Expr", "Expr"),
    ("polars.LazyFrame", "LazyFrame"),
    ("polars.Series", "Series"),
    ("pyarrow.Array", "Array"),
    ("pyarrow.ChunkedArray", "ChunkedArray"),
    ("pyarrow.RecordBatch", "RecordBatch"),
    ("pyarrow.Schema", "Schema"),
    ("re.Match", "Match"),
    ("re.Pattern", "Pattern"),
    ("ssl.SSLContext", "SSLContext"),
    ("torch.device", "device"),
    ("torch.dtype", "dtype"),
    ("torch.nn.Module", "Module"),
    ("torch.nn.modules.module.Module", "Module"),
    ("types.ModuleType", "module"),
];

/// Finds a class of which there are only instances: the package that it belongs to, and its own name.
pub(crate) fn instance(name: &str) -> Option<(&'static str, &'static str)> {
    // Python 3.8's `typing` had names of its own for them.
    let name = match name {
        "typing.Pattern" => "re.Pattern",
        "typing.Match" => "re.Match",
        name => name,
    };
    let (path, class) = INSTANCES.iter().find(|(known, _)| *known == name)?;
    Some((path.split('.').next().unwrap_or(path), class))
}

/// Returns the name of the type for a class of an installed package, with the package's in front where
/// another package has a class of that name: `PandasSeries`.
pub(crate) fn type_name(package: &str, class: &str) -> String {
    let of_others = INSTANCES.iter().any(|(path, other)| {
        *other == class && path.split('.').next().is_some_and(|other| other != package)
    });
    let is_known = matches!(class, "Array" | "DataFrame" | "Table" | "Tensor");
    let package = match package {
        "pyarrow" => "arrow",
        package => package,
    };
    match of_others || is_known {
        true => format!("{}{}", camel(package), camel(class)),
        false => camel(class),
    }
}
