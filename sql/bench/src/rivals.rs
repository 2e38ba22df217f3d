//! The rivals: one line here, and one script in sql/rivals.

/// One way to call Python from SQL.
#[derive(Debug)]
pub(crate) struct Rival {
    pub(crate) key: &'static str,
    pub(crate) about: &'static str,
    pub(crate) program: Program,
    pub(crate) arguments: &'static [&'static str],
    /// The line that it is compared with, which has the same table: in memory, or in a Parquet file.
    pub(crate) beside: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// This program.
    Own,
    /// A script that the environment's Python runs.
    Script(&'static str),
}

const fn rival(
    key: &'static str,
    script: &'static str,
    arguments: &'static [&'static str],
    about: &'static str,
) -> Rival {
    Rival { key, about, program: Program::Script(script), arguments, beside: "callpy" }
}

/// Every rival, in the order of the tables.
pub(crate) const ALL: &[Rival] = &[
    rival("calls", "calls.py", &[], "the calls alone, on arrays that are grouped already"),
    Rival {
        key: "callpy",
        about: "callpy-datafusion",
        program: Program::Own,
        arguments: &["--serve", "memory"],
        beside: "callpy",
    },
    Rival {
        key: "callpy-parquet",
        about: "callpy-datafusion, reading Parquet",
        program: Program::Own,
        arguments: &["--serve", "parquet"],
        beside: "callpy-parquet",
    },
    Rival {
        key: "callpy-workers",
        about: "callpy-datafusion on two workers, reading Parquet",
        program: Program::Own,
        arguments: &["--serve", "workers"],
        beside: "callpy-parquet",
    },
    Rival {
        key: "engine-workers",
        about: "datafusion-distributed on two workers without Python: `cardinality(array_agg(value))`",
        program: Program::Own,
        arguments: &["--serve", "engine"],
        beside: "callpy-workers",
    },
    rival("datafusion-python", "datafusion_python.py", &[], "datafusion-python: `udaf`, `udf`"),
    rival(
        "array-agg",
        "datafusion_python.py",
        &["array_agg"],
        "datafusion-python: a `udf` over `array_agg`",
    ),
    rival("polars", "polars_groups.py", &[], "Polars: `map_groups`, `map_batches`"),
    Rival {
        beside: "callpy-parquet",
        ..rival("sail", "sail.py", &[], "Sail: `arrow_udf`, reading Parquet")
    },
];

/// The packages that the scripts need.
pub(crate) const PACKAGES: [&str; 6] =
    ["numpy", "pyarrow", "datafusion", "polars", "pysail==0.7.2", "pyspark-client==4.2.0"];
