//! What a function's hints say of its SQL types.

use callpy_signature::{Dtypes, Function, ParameterKind, Type};
use datafusion::arrow::datatypes::DataType;

use crate::spec::Parameter;
use crate::types::{Form, Typed, named};

/// Reads the parameters that SQL can pass; why not, as text.
pub(crate) fn parameters(function: &Function) -> Result<Vec<Parameter>, String> {
    let is_required = |it: &&callpy_signature::Parameter| {
        let is_many = matches!(it.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
        it.default.is_none() && !is_many
    };
    let mut parameters: Vec<Parameter> = Vec::new();
    for parameter in &function.parameters {
        let name = &parameter.name;
        let is_keyword = parameter.kind == ParameterKind::KeywordOnly;
        let is_optional = parameter.default.is_some();
        if matches!(parameter.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword) {
            continue;
        }
        let typed = match &parameter.hint {
            Some(hint) => typed(&hint.ty).map_err(|why| format!("parameter {name:?}: {why}")),
            None => Err(format!("parameter {name:?} has no hint")),
        };
        match typed {
            Ok(typed) => {
                parameters.push(Parameter { name: name.clone(), typed, is_keyword, is_optional })
            }
            // SQL passes arguments by position, so those after it would be at the wrong place.
            Err(why) if is_optional => match function.parameters.iter().rfind(is_required) {
                Some(last) if !parameters.iter().any(|it| it.name == last.name) => {
                    return Err(format!("{why}, and {:?} after it is required", last.name));
                }
                _ => break,
            },
            Err(why) => return Err(why),
        }
    }
    Ok(parameters)
}

/// Reads the result; why not, as text.
pub(crate) fn result(function: &Function) -> Result<Typed, String> {
    match &function.returns {
        Some(hint) => {
            let (ty, refused) = (&hint.ty, |why: String| format!("its result: {why}"));
            let typed = typed(ty).map_err(refused)?;
            match ty {
                Type::Optional(_) if typed.is_many() => {
                    Err(refused(format!("{ty} may be None, where SQL needs all values")))
                }
                _ if !typed.can_be_read() => Err(refused(format!("{ty} can't be read"))),
                _ => Ok(typed),
            }
        }
        None => Err("its result has no hint".to_owned()),
    }
}

fn typed(ty: &Type) -> Result<Typed, String> {
    let value = |item| Ok(Typed { form: Form::Value, item, nullable: false });
    match ty {
        Type::Bool => value(DataType::Boolean),
        Type::Int => value(DataType::Int64),
        Type::Float => value(DataType::Float64),
        Type::Str => value(DataType::Utf8),
        Type::Bytes => value(DataType::Binary),
        Type::Scalar(dtypes) => value(one(dtypes)?),
        Type::Optional(inner) => {
            let inner = typed(inner)?;
            // SQL passes no `None` for a whole column, whose own values are not optional by that.
            Ok(Typed { nullable: inner.nullable || !inner.is_many(), ..inner })
        }
        Type::Array(array) => {
            let rank = array.shape.as_ref().and_then(|shape| shape.rank());
            if rank.is_some_and(|rank| rank != 1) {
                return Err(format!("{ty} has not one axis, as a column has"));
            }
            Ok(Typed { form: Form::Array, item: one(&array.dtypes)?, nullable: false })
        }
        Type::Sequence { item, .. } | Type::VariadicTuple(item) => match typed(item)? {
            Typed { form: Form::Value, item, nullable } => {
                Ok(Typed { form: Form::List, item, nullable })
            }
            _ => Err(format!("{ty} is not a list of single values")),
        },
        Type::Union(members) => {
            // `float | int`: the first member that the others can be read as is what SQL would pass.
            Err(format!("{} types are possible, and SQL has one", members.len()))
        }
        _ => Err(format!("{ty} has no SQL type")),
    }
}

fn one(dtypes: &Dtypes) -> Result<DataType, String> {
    match dtypes {
        Dtypes::One(scalar) => named(scalar.numpy_name())
            .ok_or_else(|| format!("np.{} has no SQL type", scalar.numpy_name())),
        _ => Err(format!("{dtypes} is not one dtype: write np.float64, say")),
    }
}
