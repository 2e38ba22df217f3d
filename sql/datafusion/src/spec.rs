//! What is known of a function in SQL, as it also goes to workers: names and types, no code.

use std::fmt;

use datafusion::logical_expr::{Signature, TypeSignature, Volatility};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::types::Typed;

/// What becomes of nulls in a column that a function gets as an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Nulls {
    /// They are an error, which names the column and counts them.
    #[default]
    Error,
    /// They are NaN: for floats, in a copy of the column.
    Nan,
    /// Rows with a null are left out. The result of a scalar or window function is null there; an aggregate of
    /// no rows is null, without a call.
    Skip,
    /// They are masked: the function gets masked arrays. It may return one, or NumPy's `masked` for a single value:
    /// what is masked is null.
    Masked,
}

impl Nulls {
    const NAMES: [(Nulls, &str); 4] = [
        (Nulls::Error, "error"),
        (Nulls::Nan, "nan"),
        (Nulls::Skip, "skip"),
        (Nulls::Masked, "masked"),
    ];
}

/// What a function is in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A call for each batch: columns in, a column out.
    Scalar,
    /// A call for each row: values in, a value out.
    Row,
    /// A call for each group.
    Aggregate,
    /// A call for each partition: columns in, a column out.
    Window,
}

impl Kind {
    const NAMES: [(Kind, &str); 4] = [
        (Kind::Scalar, "scalar"),
        (Kind::Row, "row"),
        (Kind::Aggregate, "aggregate"),
        (Kind::Window, "window"),
    ];
}

fn name_of<T: PartialEq>(names: &[(T, &'static str)], value: T) -> &'static str {
    names.iter().find(|(known, _)| *known == value).map_or("", |(_, name)| name)
}

fn named<T: Copy>(names: &[(T, &'static str)], name: &str) -> Option<T> {
    names.iter().find(|(_, known)| *known == name).map(|(value, _)| *value)
}

/// A parameter that SQL passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) typed: Typed,
    pub(crate) is_keyword: bool,
    pub(crate) is_optional: bool,
}

/// A function in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Spec {
    /// Its name in SQL.
    pub(crate) name: String,
    /// The module or the file's stem, and the function in it: `outliers`, `detect`.
    pub(crate) module: String,
    pub(crate) function: String,
    pub(crate) kind: Kind,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) result: Typed,
    pub(crate) nulls: Nulls,
    /// Whether each call may give another result for the same arguments.
    pub(crate) is_volatile: bool,
    /// Of the file's text: a worker with another file is found before a query runs.
    pub(crate) hash: String,
}

impl Spec {
    /// Returns the signatures by which SQL may call it: arguments with a default can be left out.
    pub(crate) fn signature(&self) -> Signature {
        let types: Vec<_> = self.parameters.iter().map(|it| it.typed.item.clone()).collect();
        let exact = (self.required()..=types.len()).map(|len| match len {
            0 => TypeSignature::Nullary,
            _ => TypeSignature::Exact(types[..len].to_vec()),
        });
        let mut exact: Vec<_> = exact.collect();
        let signature = match exact.len() {
            1 => exact.remove(0),
            _ => TypeSignature::OneOf(exact),
        };
        let volatility =
            if self.is_volatile { Volatility::Volatile } else { Volatility::Immutable };
        Signature::new(signature, volatility)
    }

    /// Returns how many arguments SQL has to pass, which it does by position: all before one that is required, and
    /// before the first column.
    pub(crate) fn required(&self) -> usize {
        let parameters = &self.parameters;
        let last = parameters.iter().rposition(|it| !it.is_optional);
        let column = parameters.iter().position(|it| !self.is_constant(it));
        let column = column.filter(|_| self.kind != Kind::Row);
        last.max(column).map_or(0, |place| place + 1)
    }

    /// Whether a parameter has one value for all rows of a call.
    pub(crate) fn is_constant(&self, parameter: &Parameter) -> bool {
        self.kind != Kind::Row && !parameter.typed.is_many()
    }

    /// Says why the declaration can't be: a result of one value for a batch, say.
    pub(crate) fn check(&self) -> Result<(), String> {
        let columns = self.parameters.iter().filter(|it| it.typed.is_many()).count();
        match self.kind {
            Kind::Row if columns > 0 => {
                return Err("it is called for each row, with single values".to_owned());
            }
            Kind::Scalar | Kind::Window if !self.result.is_many() => {
                return Err(
                    "its result is one value, and a column needs one for each row: is it an \
                            aggregate?"
                        .to_owned(),
                );
            }
            Kind::Scalar | Kind::Aggregate | Kind::Window if columns == 0 => {
                return Err("none of its parameters is an array, which a column can be passed as"
                    .to_owned());
            }
            _ => {}
        }
        let mut columns = self.parameters.iter().filter(|it| !self.is_constant(it));
        let unfit = |it: &&Parameter| it.typed.needs_policy() && !it.typed.item.is_floating();
        match columns.find(unfit).filter(|_| self.nulls == Nulls::Nan) {
            Some(parameter) => Err(format!(
                "nulls can't be NaN in {:?}, whose values are no floats",
                parameter.name
            )),
            None => Ok(()),
        }
    }

    /// Parses what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Spec> {
        let decoded = |part: &str| -> Option<String> {
            percent_decode_str(part).decode_utf8().ok().map(Into::into)
        };
        let mut parts = text.split(' ');
        let mut next = || parts.next();
        let spec = Spec {
            name: decoded(next()?)?,
            module: decoded(next()?)?,
            function: decoded(next()?)?,
            hash: decoded(next()?)?,
            kind: named(&Kind::NAMES, next()?)?,
            nulls: named(&Nulls::NAMES, next()?)?,
            is_volatile: next()? == "volatile",
            result: Typed::parse(next()?)?,
            parameters: Vec::new(),
        };
        let parameter = |part: &str| {
            let mut parts = part.split(',');
            Some(Parameter {
                name: decoded(parts.next()?)?,
                typed: Typed::parse(parts.next()?)?,
                is_keyword: parts.next()? == "k",
                is_optional: parts.next()? == "o",
            })
        };
        let parameters = parts.map(parameter).collect::<Option<_>>()?;
        Some(Spec { parameters, ..spec })
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        write!(
            f,
            "{} {} {} {} {} {} {} {}",
            encoded(&self.name),
            encoded(&self.module),
            encoded(&self.function),
            encoded(&self.hash),
            name_of(&Kind::NAMES, self.kind),
            name_of(&Nulls::NAMES, self.nulls),
            if self.is_volatile { "volatile" } else { "immutable" },
            self.result,
        )?;
        for parameter in &self.parameters {
            write!(
                f,
                " {},{},{},{}",
                encoded(&parameter.name),
                parameter.typed,
                if parameter.is_keyword { 'k' } else { 'p' },
                if parameter.is_optional { 'o' } else { 'r' },
            )?;
        }
        Ok(())
    }
}

/// Returns the hash of a file's text.
pub(crate) fn hash(text: &[u8]) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Form;
    use datafusion::arrow::datatypes::DataType;

    fn spec() -> Spec {
        let typed = |form, item| Typed { form, item, nullable: false };
        let parameter = |name: &str, typed, is_keyword| Parameter {
            name: name.to_owned(),
            typed,
            is_keyword,
            is_optional: is_keyword,
        };
        Spec {
            name: "überschuss, 100 %".to_owned(),
            module: "mod ule".to_owned(),
            function: "détecter".to_owned(),
            kind: Kind::Aggregate,
            parameters: vec![
                parameter("données", typed(Form::Array, DataType::Float64), false),
                parameter("limit", typed(Form::Value, DataType::Float64), true),
            ],
            result: typed(Form::List, DataType::Int64),
            nulls: Nulls::Skip,
            is_volatile: true,
            hash: hash(b"text"),
        }
    }

    #[test]
    fn a_spec_is_read_back_and_fits_a_header() {
        let text = spec().to_string();
        assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{text}");
        assert_eq!(Spec::parse(&text), Some(spec()));
        assert_eq!(Spec::parse("detect outliers"), None);
    }

    #[test]
    fn arguments_with_a_default_can_be_left_out() {
        let two = vec![DataType::Float64, DataType::Float64];
        let one_of = TypeSignature::OneOf(vec![
            TypeSignature::Exact(two[..1].to_vec()),
            TypeSignature::Exact(two),
        ]);
        assert_eq!(spec().signature().type_signature, one_of);
    }

    #[test]
    fn what_can_not_be_declared() {
        let scalar = Spec { kind: Kind::Scalar, ..spec() };
        assert_eq!(scalar.check(), Ok(()));
        let value = Typed { form: Form::Value, ..scalar.result.clone() };
        let one = Spec { result: value, ..scalar.clone() };
        assert!(one.check().unwrap_err().contains("aggregate"));
        let row = Spec { kind: Kind::Row, ..scalar.clone() };
        assert!(row.check().unwrap_err().contains("each row"));
        let mut ints = Spec { nulls: Nulls::Nan, ..scalar.clone() };
        assert_eq!(ints.check(), Ok(()));
        ints.parameters[0].typed.item = DataType::Int64;
        assert!(ints.check().unwrap_err().contains("données"));
        let none = Spec { parameters: spec().parameters.split_off(1), ..scalar };
        assert!(none.check().unwrap_err().contains("none of its parameters"));
    }
}
