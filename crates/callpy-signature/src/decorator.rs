//! Decorators, and which of them preserve a function's signature.

use crate::model::{Decorator, DecoratorEffect};
use crate::names::{Names, Resolved};
use crate::position::Positions;
use crate::syntax::{Expr, ExprKind};

/// The model of a decorator.
pub(crate) fn decorator(expr: &Expr, names: &Names, positions: &Positions<'_>) -> Decorator {
    let function = match &expr.kind {
        ExprKind::Call(function, _) => function,
        _ => expr,
    };
    let name = function.name().map(|name| match names.resolve(name) {
        Resolved::Global(path) => path,
        _ => name.to_owned(),
    });
    Decorator {
        source: positions.text(&expr.range).to_owned(),
        span: positions.span(&expr.range),
        effect: name.as_deref().map_or(DecoratorEffect::Unknown, effect),
        name,
    }
}

fn effect(name: &str) -> DecoratorEffect {
    let (module, last) = name.rsplit_once('.').unwrap_or(("", name));
    let package = module.split('.').next().unwrap_or_default();
    // Only what is known of a package counts: a decorator of the same name elsewhere may do anything.
    let keeps = match package {
        "functools" => matches!(last, "cache" | "lru_cache" | "singledispatch"),
        "typing" => matches!(
            last,
            "override" | "final" | "no_type_check" | "deprecated" | "runtime_checkable"
        ),
        "warnings" => last == "deprecated",
        "numba" => matches!(last, "jit" | "njit" | "generated_jit"),
        "torch" => {
            matches!(last, "no_grad" | "inference_mode" | "enable_grad" | "compile" | "script")
        }
        "jax" => matches!(last, "jit" | "checkpoint" | "named_call"),
        "tensorflow" => last == "function",
        "jaxtyping" => last == "jaxtyped",
        "beartype" => last == "beartype",
        "typeguard" => last == "typechecked",
        "pydantic" => last == "validate_call",
        "abc" => last == "abstractmethod",
        // They decorate classes, or attributes of an enum.
        "dataclasses" | "enum" => true,
        "builtins" => last == "staticmethod",
        _ => false,
    };
    // These return something that is called in another way, or not at all.
    let changes = match package {
        "contextlib" => true,
        "functools" => matches!(last, "cached_property" | "partialmethod" | "singledispatchmethod"),
        "numba" => matches!(last, "vectorize" | "guvectorize" | "stencil" | "cfunc"),
        "numpy" => last == "vectorize",
        "jax" => matches!(last, "vmap" | "pmap" | "grad" | "value_and_grad"),
        "dask" => last == "delayed",
        "ray" => last == "remote",
        "click" => true,
        // A class method is called without its first parameter, the class.
        "builtins" => matches!(last, "property" | "classmethod"),
        _ => last == "setter" || last == "getter" || last == "deleter",
    };
    match (keeps, changes) {
        // An unknown decorator is checked when the function is first called.
        (true, _) => DecoratorEffect::Keeps,
        (_, true) => DecoratorEffect::Changes,
        _ => DecoratorEffect::Unknown,
    }
}
