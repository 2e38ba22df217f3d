//! The same functions on Spark, Sail and Databricks, to which they go through Spark Connect.

use callpy::{Bytes, List, Python};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::execution::context::RegisterFunction;
use spark_connect::SparkSession;
use spark_connect::types::DataType as SparkType;
use spark_connect::udf::{CommonInlineUserDefinedFunctionExpression, PythonUDFPayload, eval_type};

use crate::error::Error;
use crate::functions::Functions;
use crate::spec::{Kind, Nulls, Spec};
use crate::types::{Form, Typed, name_of};

/// What runs on the servers.
const SUPPORT: &str = include_str!("spark.py");

impl Functions {
    /// Registers the functions with a Spark session, under their names, for SQL and data frames.
    ///
    /// The servers get each function by value, with all of its file and of other files of yours that it uses,
    /// and call it on Arrow columns. They need no callpy and none of your files, only NumPy, the packages that
    /// the functions import, and Python in the minor version of this process. This process needs pyspark
    /// (`pip install pyspark-client`) in the servers' version, which makes the copies.
    ///
    /// A scalar function is called for each batch, an aggregate for each group. Spark has neither `ORDER BY`
    /// nor `FILTER` inside the call, tells no server an argument's type beforehand, and has no unsigned
    /// integers. A column is converted to the type of the hint if that has all of its values, and is an error
    /// otherwise.
    ///
    /// Sessions of Spark Connect block: call this where you may call their methods, on no thread of an
    /// asynchronous runtime.
    ///
    /// # Errors
    ///
    /// As [`register`](Functions::register); pyspark is missing, a function or what it uses can't be copied,
    /// Spark has none of a type, or the server refuses.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let functions = callpy_datafusion::Functions::from_file("outliers.py")?.aggregate("detect");
    /// let spark = spark_connect::SparkSession::builder().remote("sc://localhost:50051").get_or_create()?;
    /// functions.register_spark(&spark)?;
    /// spark.sql("SELECT sensor, detect(value) FROM cpu GROUP BY sensor")?.show(20)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register_spark(&self, session: &SparkSession) -> Result<(), Error> {
        let python = self.start()?;
        for (spec, registered) in self.loaded(python)? {
            let Some(spec) = spec else {
                let name = match &registered {
                    RegisterFunction::Table(name, _) => name,
                    _ => "a function",
                };
                return Err(Error::new(name, "table functions can't be registered with Spark"));
            };
            let payload = self.payload(python, &spec)?;
            let function = CommonInlineUserDefinedFunctionExpression::new(
                spec.name.clone(),
                !spec.is_volatile,
                Vec::new(),
                payload,
            );
            session
                .register_function(function)
                .map_err(|error| Error::new(&spec.name, format!("Spark refuses it: {error}")))?;
        }
        Ok(())
    }

    /// Makes what goes to the server.
    fn payload(&self, python: Python, spec: &Spec) -> Result<PythonUDFPayload, Error> {
        let failed = |error: callpy::Error| Error::failed(&spec.name, error);
        let refused = |why: String| Error::new(&spec.name, why);
        let (kind, eval_type) = match spec.kind {
            Kind::Scalar => ("scalar", eval_type::SQL_SCALAR_ARROW_UDF),
            Kind::Row => ("row", eval_type::SQL_SCALAR_ARROW_UDF),
            Kind::Aggregate => ("aggregate", eval_type::SQL_GROUPED_AGG_ARROW_UDF),
            Kind::Window => {
                let why = "window functions can't be registered with Spark; an aggregate can be used with OVER";
                return Err(refused(why.to_owned()));
            }
        };
        if spec.parameters.is_empty() {
            return Err(refused(
                "Spark calls it with columns, and it has no parameters".to_owned(),
            ));
        }
        for parameter in &spec.parameters {
            spark_type(&parameter.typed.item)
                .map_err(|why| refused(format!("parameter {:?}: {why}", parameter.name)))?;
        }
        let item =
            spark_type(&spec.result.item).map_err(|why| refused(format!("its result: {why}")))?;
        let is_list = spec.kind != Kind::Scalar && spec.result.is_many();
        let output = match is_list {
            true => SparkType::Array { element_type: Box::new(item), contains_null: true },
            false => item,
        };
        let (form, dtype, nullable) = in_python(&spec.result);
        let result = (form, dtype, nullable, output.json());
        let parameters: List<'_> = spec
            .parameters
            .iter()
            .map(|parameter| {
                let (form, dtype, nullable) = in_python(&parameter.typed);
                (&parameter.name[..], form, dtype, nullable, parameter.is_keyword)
            })
            .collect();
        let nulls = match spec.nulls {
            Nulls::Error => "error",
            Nulls::Nan => "nan",
            Nulls::Skip => "skip",
            Nulls::Masked => "masked",
        };
        let function = self.function(python, spec)?;
        let support =
            python.module_from_source("callpy_spark", "spark.py", SUPPORT).map_err(failed)?;
        let command = support.function("command").map_err(failed)?;
        let arguments = (function.object(), kind, &spec.name[..], parameters, nulls, result);
        let Bytes(command): Bytes<Vec<u8>> = command.call(arguments).map_err(failed)?;
        let version = python.function("platform:python_version").map_err(failed)?;
        let version: String = version.call(()).map_err(failed)?;
        let minor = version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
        Ok(PythonUDFPayload::new(output, eval_type, command, minor))
    }
}

fn in_python(typed: &Typed) -> (&'static str, &'static str, bool) {
    let form = match typed.form {
        Form::Array => "array",
        Form::List => "list",
        Form::Value => "value",
    };
    (form, name_of(&typed.item).unwrap_or_default(), typed.nullable)
}

/// Returns Spark's type of a value; why there is none, as text.
fn spark_type(item: &DataType) -> Result<SparkType, String> {
    Ok(match item {
        DataType::Boolean => SparkType::Boolean,
        DataType::Int8 => SparkType::Byte,
        DataType::Int16 => SparkType::Short,
        DataType::Int32 => SparkType::Integer,
        DataType::Int64 => SparkType::Long,
        DataType::Float32 => SparkType::Float,
        DataType::Float64 => SparkType::Double,
        DataType::Utf8 => SparkType::String { collation: "UTF8_BINARY".to_owned() },
        DataType::Binary => SparkType::Binary,
        // Spark's microseconds: finer times are an error on the server.
        DataType::Timestamp(..) => SparkType::TimestampNtz,
        DataType::Duration(TimeUnit::Microsecond | TimeUnit::Millisecond | TimeUnit::Second) => {
            SparkType::DayTimeInterval { start_field: 0, end_field: 3 }
        }
        other => {
            let name = name_of(other).unwrap_or("the type");
            return Err(format!("{name} is no type of Spark's"));
        }
    })
}
