//! Hints of arrays: dtypes, ranks and shapes.

use callpy_signature::{Array, Dim, Dtypes, Hint, ScalarKind, ScalarType, Type, Usage, read};

const PRELUDE: &str = "
import numpy as np
import numpy.typing as npt
import numpy as anything
from numpy.typing import NDArray, ArrayLike as Like
from numpy.typing import NDArray as A
from typing import Annotated, Any, Literal, Optional, TypeVar
from jaxtyping import Array, Float, Float64, Int32, Shaped, Bool, Num
import torch
import elsewhere
T = TypeVar('T', np.float32, np.float64)
F = TypeVar('F', bound=np.floating[Any])
Vec = npt.NDArray[np.float64]
type Of[S] = np.ndarray[tuple[int, int], np.dtype[S]]
N = TypeVar('N', bound=int)
";

fn hint(hint: &str) -> Hint {
    let module = read(&format!("{PRELUDE}def f(a: {hint}): ...\n")).unwrap();
    module.functions[0].parameters[0].hint.clone().unwrap()
}

fn ty(hint: &str) -> Type {
    self::hint(hint).ty
}

fn array(hint: &str) -> Array {
    match ty(hint) {
        Type::Array(array) => array,
        other => panic!("{hint}: {other:?}"),
    }
}

fn dims(hint: &str) -> Vec<Dim> {
    array(hint).shape.unwrap_or_else(|| panic!("{hint} has no shape")).dims
}

#[test]
fn every_way_to_write_an_array_of_doubles() {
    for hint in [
        "NDArray[np.float64]",
        "npt.NDArray[np.float64]",
        "np.typing.NDArray[np.double]",
        "A[anything.float64]",
        "anything.typing.NDArray['np.float64']",
        "NDArray[float]",
        "Vec",
        "'Vec'",
        "np.ndarray[Any, np.dtype[np.float64]]",
    ] {
        let array = array(hint);
        assert_eq!(array.dtypes, Dtypes::One(ScalarType::Float64), "{hint}");
        assert_eq!(array.container, "numpy.ndarray");
        assert_eq!(array.shape, None, "{hint}");
    }
}

#[test]
fn dtypes() {
    use ScalarType::*;
    for (name, dtype) in [
        ("bool_", Bool),
        ("int8", Int8),
        ("int16", Int16),
        ("int32", Int32),
        ("int64", Int64),
        ("uint8", Uint8),
        ("uint16", Uint16),
        ("uint32", Uint32),
        ("uint64", Uint64),
        ("intp", Intp),
        ("int_", Intp),
        ("uintp", Uintp),
        ("float16", Float16),
        ("float32", Float32),
        ("float64", Float64),
        ("complex64", Complex64),
        ("complex128", Complex128),
        ("datetime64", Datetime64),
        ("timedelta64", Timedelta64),
        ("str_", Str),
        ("bytes_", Bytes),
        ("object_", Object),
        ("longdouble", Longdouble),
    ] {
        assert_eq!(array(&format!("NDArray[np.{name}]")).dtypes, Dtypes::One(dtype), "{name}");
        assert_eq!(ty(&format!("np.{name}")), Type::Scalar(Dtypes::One(dtype)), "{name}");
    }
    let floating = Dtypes::Kind(ScalarKind::Floating);
    assert_eq!(array("NDArray").dtypes, Dtypes::Any);
    assert_eq!(array("np.ndarray").dtypes, Dtypes::Any);
    assert_eq!(array("NDArray[Any]").dtypes, Dtypes::Any);
    assert_eq!(array("NDArray[np.generic]").dtypes, Dtypes::Any);
    assert_eq!(array("NDArray[np.floating]").dtypes, floating);
    assert_eq!(array("NDArray[np.floating[Any]]").dtypes, floating);
    assert_eq!(array("NDArray[F]").dtypes, floating);
    let both = vec![Dtypes::One(Float32), Dtypes::One(Float64)];
    assert_eq!(array("NDArray[T]").dtypes, Dtypes::Union(both.clone()));
    assert_eq!(array("NDArray[np.float32 | np.float64 | np.float32]").dtypes, Dtypes::Union(both));
    assert!(matches!(ty("NDArray[str]"), Type::Invalid { .. }));
    assert_eq!(ty("NDArray[torch.float64]").to_string(), "numpy.typing.NDArray[torch.float64]");
    assert_eq!(array("Like").container, "numpy.typing.ArrayLike");
}

#[test]
fn the_rank_of_an_ndarray_is_that_of_its_tuple() {
    let rank = |hint| array(hint).shape.and_then(|shape| shape.rank());
    assert_eq!(rank("np.ndarray[tuple[int, int], np.dtype[np.float64]]"), Some(2));
    assert_eq!(rank("np.ndarray[tuple[int], np.dtype[np.float64]]"), Some(1));
    assert_eq!(rank("np.ndarray[tuple[()], np.dtype[np.float64]]"), Some(0));
    assert_eq!(rank("np.ndarray[tuple[int, ...], np.dtype[np.float64]]"), None);
    assert_eq!(
        dims("np.ndarray[tuple[Literal[3], N], Any]"),
        [Dim::Fixed(3), Dim::Named("N".into())]
    );
    assert_eq!(array("Of[np.int64]").dtypes, Dtypes::One(ScalarType::Int64));
    assert_eq!(rank("Of[np.int64]"), Some(2));
}

#[test]
fn shapes_in_words() {
    let n = || Dim::Named("n".into());
    assert_eq!(dims("Annotated[NDArray[np.float64], 'n 3']"), [n(), Dim::Fixed(3)]);
    assert_eq!(dims("Annotated[Vec, 'n, 3']"), [n(), Dim::Fixed(3)]);
    assert_eq!(dims("Annotated[Vec, '(n, 3)']"), [n(), Dim::Fixed(3)]);
    assert_eq!(dims("Annotated[Vec, 'n']"), [n()]);
    assert_eq!(dims("Annotated[Vec, Literal['n', 3]]"), [n(), Dim::Fixed(3)]);
    assert_eq!(array("Annotated[Vec, Unit('m')]").shape, None);
    let Type::Optional(inner) = ty("Annotated[Vec | None, 'n']") else { panic!() };
    assert_eq!(inner.to_string(), "NDArray[np.float64, \"n\"]");
}

#[test]
fn notes_on_what_becomes_of_an_argument() {
    for (note, usage) in [("retained", Usage::Retained), ("borrowed", Usage::Borrowed)] {
        let noted = array(&format!("Annotated[Vec, '{note}']"));
        assert_eq!((noted.usage, noted.shape), (Some(usage), None));
        for both in [format!("'n 3', '{note}'"), format!("' {note} ', 'n 3'")] {
            let noted = array(&format!("Annotated[Vec, {both}]"));
            assert_eq!((noted.usage, noted.shape.unwrap().rank()), (Some(usage), Some(2)));
        }
        // In whatever it is, and beside other notes.
        for hint in ["Optional[Vec]", "list[Vec]", "dict[str, Vec]", "Annotated[Vec, 'n']"] {
            let mut ty = ty(&format!("Annotated[{hint}, Unit('m'), '{note}']"));
            while !matches!(ty, Type::Array(_)) {
                let inner = (*ty.children().last().unwrap()).clone();
                ty = inner;
            }
            assert!(matches!(ty, Type::Array(array) if array.usage == Some(usage)), "{hint}");
        }
        // On a type that this file does not know.
        let noted = hint(&format!("Annotated[elsewhere.Series, '{note}']"));
        assert_eq!(noted.usage, Some(usage));
    }
    assert_eq!(array("Vec").usage, None);
    assert_eq!(hint("Annotated[Vec, 'n']").usage, None);
}

#[test]
fn notes_that_are_nearly_right() {
    let why = |hint: &str| match ty(hint) {
        Type::Invalid { reason } => reason,
        other => panic!("{hint}: {other}"),
    };
    assert_eq!(why("Annotated[Vec, 'retains']"), "write \"retained\" instead of \"retains\"");
    assert_eq!(why("Annotated[list[Vec], 'Kept']"), "write \"retained\" instead of \"Kept\"");
    assert_eq!(why("Annotated[Vec, 'n', 'lent']"), "write \"borrowed\" instead of \"lent\"");
    assert_eq!(
        why("Annotated[Vec, 'retained', 'borrowed']"),
        "it is both \"retained\" and \"borrowed\""
    );
    // Not on what is no array: other tools have their own words.
    assert_eq!(ty("Annotated[int, 'keeps']").to_string(), "int");
}

#[test]
fn jaxtyping() {
    let n = || Dim::Named("n".into());
    let hint = array("Float64[Array, 'n 3']");
    assert_eq!(hint.container, "jax.Array");
    assert_eq!(hint.dtypes, Dtypes::One(ScalarType::Float64));
    assert_eq!(hint.shape.unwrap().rank(), Some(2));
    let hint = array("Float[np.ndarray, 'batch n']");
    assert_eq!(hint.container, "numpy.ndarray");
    assert_eq!(hint.dtypes, Dtypes::Kind(ScalarKind::Floating));
    assert_eq!(array("Int32[torch.Tensor, '']").container, "torch.Tensor");
    assert_eq!(array("Bool[np.ndarray, 'n']").dtypes, Dtypes::One(ScalarType::Bool));
    assert_eq!(array("Num[np.ndarray, 'n']").dtypes, Dtypes::Kind(ScalarKind::Number));
    let dims = |shape: &str| dims(&format!("Shaped[np.ndarray, '{shape}']"));
    assert_eq!(dims(""), []);
    assert_eq!(dims("... n"), [Dim::Ellipsis, n()]);
    assert_eq!(dims("*batch _ 1"), [Dim::Variadic("batch".into()), Dim::Any, Dim::Fixed(1)]);
    assert_eq!(dims("n+1 #n"), [Dim::Expression("n+1".into()), Dim::Expression("#n".into())]);
    assert_eq!(dims("channels=3"), [Dim::Fixed(3)]);
    assert_eq!(
        ty("Float[np.ndarray, 'n'] | None").to_string(),
        "NDArray[np.floating, \"n\"] | None"
    );
}
