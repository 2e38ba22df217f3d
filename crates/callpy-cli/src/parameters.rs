//! A function's parameters: which of them take arrays, and which argument goes to which.

use std::fmt;

use callpy::Function;
use callpy_signature::{Class, Dtypes, ParameterKind, ScalarKind, Type};

use crate::failure::{Result, usage};
use crate::helper::{self, Helper};
use crate::hints;
use crate::table::Column;
use crate::values::Number;

/// The numbers that a parameter takes, by its hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Array(Number),
    List(Number),
    Frame(Library),
    /// It has no hint, or `Any`.
    Anything,
    /// It takes something else.
    Other,
}

/// A library of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Pandas,
    Polars,
    Pyarrow,
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Library::Pandas => "pandas",
            Library::Polars => "polars",
            Library::Pyarrow => "pyarrow",
        })
    }
}

impl Takes {
    /// Returns what an array or a list has.
    pub(crate) fn number(self) -> Option<Number> {
        match self {
            Takes::Array(number) | Takes::List(number) => Some(number),
            _ => None,
        }
    }

    /// Returns whether a hint asks for a column, several, or all.
    fn is_hinted(self) -> bool {
        matches!(self, Takes::Array(_) | Takes::List(_) | Takes::Frame(_))
    }
}

/// Columns that the command line or the command chose, for one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The parameter it is for, if the command line says so.
    pub(crate) parameter: Option<String>,
    /// None are the whole of an array or a table; several are those of an array with two axes.
    pub(crate) columns: Vec<Column>,
}

impl Choice {
    pub(crate) fn new(parameter: Option<&str>, columns: Vec<Column>) -> Choice {
        Choice { parameter: parameter.map(str::to_owned), columns }
    }
}

#[derive(Debug, Clone)]
struct Parameter {
    name: String,
    kind: ParameterKind,
    required: bool,
    takes: Takes,
    hint: Option<Type>,
}

impl Parameter {
    /// Returns whether it is `*args` or `**kwargs`, which no argument has the name of.
    fn is_variable(&self) -> bool {
        matches!(self.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword)
    }
}

/// A function's parameters.
#[derive(Debug)]
pub(crate) struct Parameters {
    function: String,
    /// The classes of its file, which hints may name.
    classes: Vec<Class>,
    /// None for C functions without a signature.
    list: Option<Vec<Parameter>>,
}

/// How an argument is passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    Positional,
    Named(String),
}

/// An argument: the index of a column or of a value on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    Column(usize),
    Value(usize),
}

/// One argument of the call, and the numbers that its parameter takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) slot: Slot,
    pub(crate) argument: Argument,
    pub(crate) takes: Takes,
}

impl Parameters {
    /// Asks Python for a function's signature.
    pub(crate) fn of(function: &Function, helper: &Helper) -> Result<Parameters> {
        let list = helper.parameters(function)?.map(|list| {
            let parameter = |(name, kind, required, hint): helper::Parameter| {
                let kind = match kind {
                    0 => ParameterKind::PositionalOnly,
                    1 => ParameterKind::PositionalOrKeyword,
                    2 => ParameterKind::VarPositional,
                    3 => ParameterKind::KeywordOnly,
                    _ => ParameterKind::VarKeyword,
                };
                let hint = (!hint.is_empty()).then(|| callpy_signature::read_hint(&hint));
                let takes = hint.as_ref().map_or(Takes::Anything, takes_type);
                Parameter { name, kind, required, takes, hint }
            };
            list.into_iter().map(parameter).collect()
        });
        Ok(Parameters { function: function.name().to_owned(), classes: Vec::new(), list })
    }

    /// Returns a function's parameters as its file declares them; none if its decorators may change them.
    pub(crate) fn declared(
        function: &callpy_signature::Function,
        module: &callpy_signature::Module,
    ) -> Option<Parameters> {
        if function.unsettling_decorator().is_some() || function.overloads > 0 {
            return None;
        }
        let parameter = |it: &callpy_signature::Parameter| {
            let hint = it.hint.as_ref().filter(|_| !it.is_unpacked).map(|hint| hint.ty.clone());
            let variable =
                matches!(it.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
            Parameter {
                name: it.name.clone(),
                kind: it.kind,
                required: it.default.is_none() && !variable,
                takes: hint.as_ref().map_or(Takes::Anything, takes_type),
                hint,
            }
        };
        let list = function.parameters.iter().map(parameter).collect();
        let classes = module.classes.clone();
        Some(Parameters { function: function.name.clone(), classes, list: Some(list) })
    }

    /// Checks values against the hints of their parameters.
    pub(crate) fn check(&self, values: &[(String, String)]) -> Result<()> {
        for (name, json) in values {
            let list = self.list.as_deref().unwrap_or_default();
            let parameter = list.iter().find(|it| it.name == *name && !it.is_variable());
            let rest = || list.iter().find(|it| it.kind == ParameterKind::VarKeyword);
            if let Some(hint) = parameter.or_else(rest).and_then(|it| it.hint.as_ref())
                && let Err(wrong) = hints::check(hint, name, json, &self.classes)
            {
                return usage(format!("--arg {name}={json}: {} takes {wrong}", self.function));
            }
        }
        Ok(())
    }

    /// Returns whether an array would be passed that needs NumPy, if there are numbers to pass.
    pub(crate) fn want_numpy(&self, values: &[(String, String)]) -> bool {
        let Some(list) = &self.list else { return true };
        let needs = |takes| match takes {
            Takes::Frame(library) => library == Library::Pandas,
            Takes::List(_) | Takes::Other => false,
            Takes::Array(_) | Takes::Anything => true,
        };
        self.free(list, values).iter().any(|parameter| needs(parameter.takes))
    }

    /// Returns the parameters that take arrays and have no value.
    fn free<'p>(
        &'p self,
        list: &'p [Parameter],
        values: &[(String, String)],
    ) -> Vec<&'p Parameter> {
        let open = list.iter().filter(|parameter| {
            let is_named = || values.iter().any(|(name, _)| *name == parameter.name);
            parameter.kind != ParameterKind::VarKeyword && (parameter.is_variable() || !is_named())
        });
        let open: Vec<&Parameter> = open.collect();
        let some = |want: &dyn Fn(&Parameter) -> bool| {
            let found: Vec<&Parameter> = open.iter().copied().filter(|it| want(it)).collect();
            (!found.is_empty()).then_some(found)
        };
        // Parameters with array hints come first, then required ones without a hint, then optional ones.
        some(&|it| it.takes.is_hinted())
            .or_else(|| {
                let must = |it: &Parameter| it.required || it.kind == ParameterKind::VarPositional;
                some(&|it| it.takes == Takes::Anything && must(it))
            })
            .or_else(|| some(&|it| it.takes == Takes::Anything))
            .unwrap_or_default()
    }

    /// Returns the names of the parameters that take one array each, what they take, and whether they are
    /// required.
    pub(crate) fn arrays(&self, values: &[(String, String)]) -> Vec<(&str, Takes, bool)> {
        let list = self.list.as_deref().unwrap_or_default();
        let single = |it: &&Parameter| it.kind != ParameterKind::VarPositional;
        let free = self.free(list, values).into_iter().filter(single);
        free.map(|it| (&it.name[..], it.takes, it.required)).collect()
    }

    /// Makes one choice of all columns without a parameter, if the only free parameter takes a frame.
    pub(crate) fn gathered(
        &self,
        choices: Vec<Choice>,
        values: &[(String, String)],
    ) -> Vec<Choice> {
        let arrays = self.arrays(values);
        let named = |name: &str| choices.iter().any(|it| it.parameter.as_deref() == Some(name));
        let free: Vec<_> = arrays.into_iter().filter(|(name, ..)| !named(name)).collect();
        let [(name, Takes::Frame(_), _)] = free[..] else { return choices };
        let (unnamed, mut gathered): (Vec<Choice>, Vec<Choice>) =
            choices.into_iter().partition(|choice| choice.parameter.is_none());
        if !unnamed.is_empty() {
            let columns = unnamed.into_iter().flat_map(|choice| choice.columns).collect();
            gathered.push(Choice::new(Some(name), columns));
        }
        gathered
    }

    /// Returns the library whose frame a parameter takes.
    pub(crate) fn library(&self, values: &[(String, String)]) -> Option<Library> {
        self.arrays(values).into_iter().find_map(|(_, takes, _)| match takes {
            Takes::Frame(library) => Some(library),
            _ => None,
        })
    }

    /// Returns whether the function needs numbers.
    pub(crate) fn want_numbers(&self, values: &[(String, String)]) -> bool {
        match &self.list {
            None => values.is_empty(),
            Some(list) => self.free(list, values).iter().any(|parameter| {
                parameter.required
                    || parameter.takes.is_hinted()
                    || parameter.kind == ParameterKind::VarPositional
            }),
        }
    }

    /// Decides which column and which value goes to which parameter.
    pub(crate) fn bind(
        &self,
        columns: &[Choice],
        values: &[(String, String)],
    ) -> Result<Vec<Bound>> {
        let named = columns
            .iter()
            .enumerate()
            .filter_map(|(at, choice)| Some((choice.parameter.as_deref()?, at)));
        let named = named.map(|(name, at)| (name, Argument::Column(at)));
        let valued = values.iter().enumerate();
        let valued = valued.map(|(at, (name, _))| (&name[..], Argument::Value(at)));
        let named: Vec<(&str, Argument)> = named.chain(valued).collect();
        if let Some((at, (name, _))) = named
            .iter()
            .enumerate()
            .find(|(at, (name, _))| named[..*at].iter().any(|(other, _)| other == name))
        {
            let times = named[..=at].iter().filter(|(other, _)| other == name).count();
            return usage(format!("the parameter {name} is passed {times} times"));
        }
        let unnamed = columns.iter().enumerate().filter(|(_, choice)| choice.parameter.is_none());
        let mut unnamed = unnamed.map(|(at, _)| Argument::Column(at)).collect::<Vec<_>>();
        unnamed.reverse();

        let Some(list) = &self.list else {
            let takes = Takes::Anything;
            let first = unnamed.into_iter().rev();
            let first = first.map(|argument| Bound { slot: Slot::Positional, argument, takes });
            let named = named.into_iter().map(|(name, argument)| Bound {
                slot: Slot::Named(name.to_owned()),
                argument,
                takes,
            });
            return Ok(first.chain(named).collect());
        };
        let takes_names = list.iter().any(|it| it.kind == ParameterKind::VarKeyword);
        for (name, _) in &named {
            let can = |it: &Parameter| it.name == *name && !it.is_variable();
            if !list.iter().any(can) && !takes_names {
                return usage(format!(
                    "{} has no parameter {name:?}; {}",
                    self.function,
                    self.has()
                ));
            }
        }
        // Columns without a parameter go to the free array parameters, in order.
        let taken =
            |it: &Parameter| !it.is_variable() && named.iter().any(|(name, _)| *name == it.name);
        let free: Vec<&str> = self
            .free(list, values)
            .into_iter()
            .filter(|it| !taken(it))
            .map(|it| &it.name[..])
            .collect();
        let mut bound = Vec::new();
        // Arguments are positional until a parameter is left out.
        let mut gap = false;
        for parameter in list {
            let name = &parameter.name[..];
            let named = named.iter().find(|(other, _)| *other == name).map(|(_, it)| *it);
            let fills = free.contains(&name);
            let takes = parameter.takes;
            let slot = match parameter.kind {
                ParameterKind::VarKeyword => continue,
                ParameterKind::VarPositional => {
                    if !fills || unnamed.is_empty() {
                        continue;
                    }
                    if gap {
                        return usage(format!(
                            "columns can't go to *{name} while a parameter before it has no value; {}",
                            self.has()
                        ));
                    }
                    let rest = std::mem::take(&mut unnamed).into_iter().rev();
                    let slot = |argument| Bound { slot: Slot::Positional, argument, takes };
                    bound.extend(rest.map(slot));
                    continue;
                }
                ParameterKind::PositionalOnly => Slot::Positional,
                ParameterKind::PositionalOrKeyword if !gap => Slot::Positional,
                ParameterKind::PositionalOrKeyword | ParameterKind::KeywordOnly => {
                    Slot::Named(name.to_owned())
                }
            };
            match named.or_else(|| if fills { unnamed.pop() } else { None }) {
                Some(argument) => bound.push(Bound { slot, argument, takes }),
                None if parameter.required => {
                    let how = match columns {
                        [] => "name a file of numbers, or pass it with".to_owned(),
                        _ => format!("pass it with --column {name}=NAME or"),
                    };
                    return usage(format!(
                        "{} needs {name}: {how} --arg {name}=JSON; {}",
                        self.function,
                        self.has()
                    ));
                }
                None => gap = true,
            }
        }
        if !unnamed.is_empty() {
            let takes = match &free[..] {
                [] => {
                    return usage(format!(
                        "{} takes no array, according to its hints, but the command line has {} for it; {}",
                        self.function,
                        crate::text::count(columns.len() as u64, "column"),
                        self.has()
                    ));
                }
                [one] => format!("takes one array, {one}"),
                more => format!("takes {} arrays, {}", more.len(), more.join(" and ")),
            };
            let name = free.first().copied().unwrap_or("PARAM");
            return usage(format!(
                "{} {takes}, but the command line has {} for it; choose with --column PARAM=NAME, or \
                 pass all as one array with `--column {name}=NAME` for each; {}",
                self.function,
                crate::text::count(columns.len() as u64, "column"),
                self.has()
            ));
        }
        let has = |name: &str| list.iter().any(|it| it.name == name && !it.is_variable());
        let extra = named.iter().filter(|(name, _)| !has(name));
        bound.extend(extra.map(|(name, argument)| Bound {
            slot: Slot::Named((*name).to_owned()),
            argument: *argument,
            takes: Takes::Anything,
        }));
        // Keyword arguments must come last; a stable sort preserves the order of each group.
        bound.sort_by_key(|bound| bound.slot != Slot::Positional);
        Ok(bound)
    }

    /// Lists the parameters for an error.
    fn has(&self) -> String {
        let list = self.list.as_deref().unwrap_or_default();
        let names: Vec<String> = list
            .iter()
            .map(|it| match it.kind {
                ParameterKind::VarPositional => format!("*{}", it.name),
                ParameterKind::VarKeyword => format!("**{}", it.name),
                _ if it.required => it.name.clone(),
                _ => format!("{} (optional)", it.name),
            })
            .collect();
        match names.is_empty() {
            true => "it has no parameters".to_owned(),
            false => format!("its parameters: {}", names.join(", ")),
        }
    }
}

/// Returns what a hint asks for.
fn takes_type(hint: &Type) -> Takes {
    match hint {
        Type::Any => Takes::Anything,
        Type::Array(array) => Takes::Array(number(&array.dtypes)),
        Type::Sequence { item, .. } => match takes_item(item) {
            Some(number) => Takes::List(number),
            None => Takes::Other,
        },
        Type::Optional(inner) => takes_type(inner),
        Type::Union(members) => {
            let mut members = members.iter().map(takes_type);
            members.find(|takes| *takes != Takes::Other).unwrap_or(Takes::Other)
        }
        // A member of the union that older releases of NumPy print for ArrayLike.
        Type::Unknown { name, .. } if name.ends_with("._SupportsArray") => {
            Takes::Array(Number::Float("float64"))
        }
        Type::Unknown { name, .. } => {
            let (library, _) = name.split_once('.').unwrap_or_default();
            match (library, name.rsplit('.').next().unwrap_or_default()) {
                ("pandas" | "pd", "DataFrame") => Takes::Frame(Library::Pandas),
                ("polars" | "pl", "DataFrame") => Takes::Frame(Library::Polars),
                ("pyarrow" | "pa", "Table") => Takes::Frame(Library::Pyarrow),
                _ => Takes::Other,
            }
        }
        _ => Takes::Other,
    }
}

fn takes_item(item: &Type) -> Option<Number> {
    match item {
        Type::Float | Type::Any => Some(Number::Float("float64")),
        Type::Int => Some(Number::Int("int64")),
        Type::Bool => Some(Number::Bool),
        Type::Str => Some(Number::Text),
        Type::Unknown { name, .. } => match &name[..] {
            "datetime.datetime" | "datetime" => Some(Number::Time),
            "datetime.date" | "date" => Some(Number::Date),
            _ => None,
        },
        Type::Union(members) => members.iter().find_map(takes_item),
        _ => None,
    }
}

/// Returns what to read a column as for an array: the dtype that a hint asks for, else float64.
fn number(dtypes: &Dtypes) -> Number {
    match dtypes {
        Dtypes::One(one) => match one.numpy_name() {
            name if name.contains("int") || name.ends_with("long") => Number::Int(name),
            name @ ("float16" | "float32" | "float64") => Number::Float(name),
            "bool" => Number::Bool,
            "str_" => Number::Text,
            "datetime64" => Number::Time,
            _ => Number::Float("float64"),
        },
        Dtypes::Kind(ScalarKind::UnsignedInteger) => Number::Int("uint64"),
        Dtypes::Kind(ScalarKind::Integer | ScalarKind::SignedInteger) => Number::Int("int64"),
        Dtypes::Union(each) => {
            let each: Vec<Number> = each.iter().map(number).collect();
            // Of several types the widest, if all are numbers of the same kind.
            let widest = [Number::Float("float64"), Number::Int("int64")];
            let is_int = |number: &Number| matches!(number, Number::Int(_));
            match each.first() {
                Some(first) if each.iter().all(|it| it == first) => *first,
                _ => widest[usize::from(each.iter().all(is_int))],
            }
        }
        _ => Number::Float("float64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn takes(hint: &str) -> Takes {
        match hint {
            "" => Takes::Anything,
            hint => takes_type(&callpy_signature::read_hint(hint)),
        }
    }

    /// A function's parameters, written as in Python.
    fn of(signature: &str) -> Parameters {
        let mut kind = ParameterKind::PositionalOrKeyword;
        let mut list = Vec::new();
        for part in signature.split(", ").filter(|part| !part.is_empty()) {
            let (part, required) = match part.split_once(" = ") {
                Some((part, _)) => (part, false),
                None => (part, true),
            };
            let (name, hint) = part.split_once(": ").unwrap_or((part, ""));
            let (name, this) = match name {
                "/" => {
                    list.iter_mut()
                        .for_each(|it: &mut Parameter| it.kind = ParameterKind::PositionalOnly);
                    continue;
                }
                "*" => {
                    kind = ParameterKind::KeywordOnly;
                    continue;
                }
                name => match (name.strip_prefix("**"), name.strip_prefix('*')) {
                    (Some(name), _) => (name, ParameterKind::VarKeyword),
                    (_, Some(name)) => {
                        kind = ParameterKind::KeywordOnly;
                        (name, ParameterKind::VarPositional)
                    }
                    _ => (name, kind),
                },
            };
            let required = required
                && !matches!(this, ParameterKind::VarKeyword | ParameterKind::VarPositional);
            let takes = takes(hint);
            list.push(Parameter { name: name.into(), kind: this, required, takes, hint: None });
        }
        Parameters { function: "f".into(), classes: Vec::new(), list: Some(list) }
    }

    /// Writes the call that columns (`None` or their parameter) and values lead to.
    fn bound(signature: &str, columns: &[Option<&str>], values: &[&str]) -> String {
        let values: Vec<_> =
            values.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        let columns: Vec<_> = columns.iter().map(|name| Choice::new(*name, vec![0])).collect();
        let bound = match of(signature).bind(&columns, &values) {
            Ok(bound) => bound,
            Err(Failure::Usage(text)) => return text,
            Err(other) => panic!("{other:?}"),
        };
        let written = bound.iter().map(|bound| {
            let value = match bound.argument {
                Argument::Column(at) => format!("column{at}"),
                Argument::Value(at) => format!("value{at}"),
            };
            match &bound.slot {
                Slot::Positional => value,
                Slot::Named(name) => format!("{name}={value}"),
            }
        });
        written.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_hint_says_what_a_parameter_takes() {
        let (float, int) = (Number::Float("float64"), Number::Int("int64"));
        for (hint, expected) in [
            ("", Takes::Anything),
            ("npt.NDArray[np.float64]", Takes::Array(float)),
            ("numpy.ndarray[typing.Any, numpy.dtype[numpy.int64]]", Takes::Array(int)),
            ("Optional[np.ndarray]", Takes::Array(float)),
            ("ArrayLike", Takes::Array(float)),
            ("list[float]", Takes::List(float)),
            ("typing.List[int]", Takes::List(int)),
            ("collections.abc.Sequence[float]", Takes::List(float)),
            ("list", Takes::List(float)),
            ("list[int] | None", Takes::List(int)),
            ("str | np.ndarray", Takes::Array(float)),
            // The name of a dtype that only contains another, and that of a parameter's class.
            ("NDArray[np.uint64]", Takes::Array(Number::Int("uint64"))),
            ("NDArray[np.float32]", Takes::Array(Number::Float("float32"))),
            ("NDArray[np.float32] | NDArray[np.float64]", Takes::Array(Number::Float("float32"))),
            ("NDArray[np.int32 | np.int64]", Takes::Array(int)),
            ("NDArray[np.complex128]", Takes::Array(float)),
            ("NDArray[np.bool_]", Takes::Array(Number::Bool)),
            ("NDArray[np.str_]", Takes::Array(Number::Text)),
            ("NDArray[np.datetime64]", Takes::Array(Number::Time)),
            ("NDArray[np.integer]", Takes::Array(int)),
            ("shop.ndarrays.Basket", Takes::Other),
            ("typing.Any", Takes::Anything),
            ("list[str]", Takes::List(Number::Text)),
            ("typing.Sequence[bool]", Takes::List(Number::Bool)),
            ("list[datetime.date]", Takes::List(Number::Date)),
            ("list[shop.Basket]", Takes::Other),
            ("pd.DataFrame", Takes::Frame(Library::Pandas)),
            ("pandas.core.frame.DataFrame", Takes::Frame(Library::Pandas)),
            ("polars.dataframe.frame.DataFrame | None", Takes::Frame(Library::Polars)),
            ("pyarrow.lib.Table", Takes::Frame(Library::Pyarrow)),
            ("shop.DataFrame", Takes::Other),
            ("float", Takes::Other),
            ("str", Takes::Other),
        ] {
            assert_eq!(takes(hint), expected, "{hint}");
        }
    }

    #[test]
    fn a_column_without_a_name_goes_to_the_arrays_in_order() {
        assert_eq!(bound("data", &[None], &[]), "column0");
        assert_eq!(
            bound("k: int, x: NDArray, y: NDArray", &[None, None], &["k"]),
            "value0, column0, column1"
        );
        assert_eq!(bound("x, y, k = 1", &[None, None], &[]), "column0, column1");
        assert_eq!(bound("x: NDArray, y, k = 1", &[None], &["y"]), "column0, value0");
        assert_eq!(bound("x, y", &[Some("y"), None], &[]), "column1, column0");
        assert_eq!(bound("*series", &[None, None], &[]), "column0, column1");
        assert_eq!(
            bound("k, *series, scale = 1", &[None, None], &["k"]),
            "value0, column0, column1"
        );
    }

    #[test]
    fn arguments_after_a_gap_are_passed_by_name() {
        assert_eq!(bound("x, k = 1, m = 2", &[None], &["m"]), "column0, m=value0");
        assert_eq!(bound("x, *, m = 2", &[None], &["m"]), "column0, m=value0");
        assert_eq!(bound("*, m = 2, data: NDArray", &[None], &[]), "data=column0");
        assert_eq!(bound("x, /, y", &[None], &["x"]), "value0, column0");
        assert_eq!(bound("x, **more", &[None], &["m"]), "column0, m=value0");
        assert_eq!(bound("x, **more", &[None], &["more"]), "column0, more=value0");
        assert_eq!(bound("*x, **more", &[None], &["x"]), "column0, x=value0");
        assert!(bound("k = 1, *series: NDArray", &[None], &[]).contains("*series"));
    }

    #[test]
    fn wrong_arguments_list_the_parameters() {
        let text = bound("data: NDArray, k = 1", &[None], &["m"]);
        assert_eq!(text, "f has no parameter \"m\"; its parameters: data, k (optional)");
        let text = bound("data: NDArray", &[None, None], &[]);
        assert!(text.starts_with("f takes one array, data, but the command line has 2"), "{text}");
        let text = bound("k: int", &[None], &["k"]);
        assert!(text.starts_with("f takes no array, according to its hints"), "{text}");
        let text = bound("data: NDArray, k", &[None], &[]);
        assert!(text.starts_with("f needs k: pass it with"), "{text}");
        assert_eq!(bound("x", &[Some("x")], &["x"]), "the parameter x is passed 2 times");
        assert_eq!(bound("", &[], &[]), "");
    }

    #[test]
    fn numbers_are_needed_if_an_array_is_missing() {
        let want = |signature, values: &[&str]| {
            let values: Vec<_> =
                values.iter().map(|name| ((*name).to_owned(), String::new())).collect();
            of(signature).want_numbers(&values)
        };
        assert!(want("data", &[]));
        assert!(want("data: NDArray = None", &[]));
        assert!(!want("data", &["data"]));
        assert!(!want("", &[]));
        assert!(!want("k = 1", &[]));
        assert!(!want("k: int", &[]));
    }
}
