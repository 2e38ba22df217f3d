//! Hints of Python's own types, under every style of import and quoting.

use callpy_signature::{Type, read};

/// The type of a hint in words, with `prelude` before the function.
fn ty(prelude: &str, hint: &str) -> String {
    let module = read(&format!("{prelude}\ndef f(a: {hint}): ...\n")).unwrap();
    let hint = module.function("f").unwrap().parameters[0].hint.clone().unwrap();
    match &hint.ty {
        Type::Invalid { reason } => format!("invalid: {reason}"),
        other => other.to_string(),
    }
}

fn plain(hint: &str) -> String {
    ty("from typing import *\nfrom collections.abc import Callable", hint)
}

#[test]
fn simple_types() {
    for name in ["None", "bool", "int", "float", "complex", "str", "bytes", "Any"] {
        assert_eq!(plain(name), name);
    }
    assert_eq!(plain("object"), "Any");
    assert_eq!(plain("Text"), "str");
    assert_eq!(plain("LiteralString"), "str");
    assert_eq!(plain("(int)"), "int");
}

#[test]
fn optional_and_union() {
    assert_eq!(plain("Optional[int]"), "int | None");
    assert_eq!(plain("int | None"), "int | None");
    assert_eq!(plain("None | int"), "int | None");
    assert_eq!(plain("Union[int, None, str, int]"), "int | str | None");
    assert_eq!(plain("Union[int, Union[str, Optional[bytes]]]"), "int | str | bytes | None");
    assert_eq!(plain("Union[int]"), "int");
    assert_eq!(plain("'int' | None"), "int | None");
    assert_eq!(plain(&vec!["int"; 3000].join(" | ")), "int");
    assert_eq!(plain(&vec!["int"; 20_000].join(" | ")), "int | <invalid>");
}

#[test]
fn collections() {
    assert_eq!(plain("list"), "list[Any]");
    assert_eq!(plain("List[int]"), "list[int]");
    assert_eq!(plain("Sequence[list[str]]"), "Sequence[list[str]]");
    assert_eq!(plain("Iterable[int]"), "Iterable[int]");
    assert_eq!(plain("dict[str, int]"), "dict[str, int]");
    assert_eq!(plain("Mapping[str, Any]"), "Mapping[str, Any]");
    assert_eq!(plain("Dict"), "dict[Any, Any]");
    assert_eq!(plain("set[int]"), "set[int]");
    assert_eq!(plain("FrozenSet[int]"), "frozenset[int]");
    assert_eq!(plain("AbstractSet[int]"), "AbstractSet[int]");
    assert_eq!(plain("tuple[int, str]"), "tuple[int, str]");
    assert_eq!(plain("Tuple[(int, str)]"), "tuple[int, str]");
    assert_eq!(plain("tuple[int]"), "tuple[int]");
    assert_eq!(plain("tuple[int, ...]"), "tuple[int, ...]");
    assert_eq!(plain("tuple[()]"), "tuple[()]");
    assert_eq!(plain("tuple"), "tuple[Any, ...]");
    assert!(plain("dict[int]").starts_with("invalid"));
}

#[test]
fn literals() {
    assert_eq!(plain("Literal['a', -1, True, b'x']"), r#"Literal["a", -1, True, b"x"]"#);
    assert_eq!(plain("Literal['a', None]"), r#"Literal["a"] | None"#);
    assert_eq!(plain("Literal[None]"), "None");
    assert_eq!(plain("Literal[1, Literal[2, 3]]"), "Literal[1, 2, 3]");
    assert_eq!(ty("from typing import Literal\nL = Literal[1]", "Literal[L, 2]"), "Literal[1, 2]");
    let colour = "import enum, typing\nclass Colour(enum.Enum):\n  RED = 1\n";
    assert_eq!(ty(colour, "typing.Literal[Colour.RED]"), "Literal[Colour.RED]");
    assert!(plain("Literal[1.5]").starts_with("invalid"));
}

#[test]
fn wrappers_are_removed() {
    assert_eq!(plain("Final[int]"), "int");
    assert_eq!(plain("ClassVar[list[int]]"), "list[int]");
    assert_eq!(plain("Annotated[int, Gt(0)]"), "int");
    assert_eq!(plain("TypeGuard[int]"), "bool");
}

#[test]
fn other_classes_have_their_name_and_arguments() {
    assert_eq!(
        plain("Callable[[int, str], bool]"),
        "collections.abc.Callable[tuple[int, str], bool]"
    );
    assert_eq!(plain("Callable[..., int]"), "collections.abc.Callable[tuple[Any, ...], int]");
    assert_eq!(plain("Iterator[int]"), "collections.abc.Iterator[int]");
    assert_eq!(plain("Awaitable[int]"), "collections.abc.Awaitable[int]");
    assert_eq!(ty("import pathlib", "pathlib.Path"), "pathlib.Path");
    assert_eq!(ty("from datetime import datetime as dt", "dt"), "datetime.datetime");
    assert_eq!(ty("import os", "os.PathLike[str]"), "os.PathLike[str]");
    assert_eq!(ty("from .models import Model", "Model"), ".models.Model");
    assert_eq!(ty("from . import models", "models.Model"), ".models.Model");
    assert_eq!(ty("import a.b.c", "a.b.c.D"), "a.b.c.D");
    assert_eq!(ty("import a.b as c", "c.D"), "a.b.D");
    assert_eq!(ty("", "Undefined"), "Undefined");
    assert_eq!(ty("", "type[int]"), "builtins.type[int]");
}

#[test]
fn every_style_of_import_leads_to_the_same() {
    for (import, hint) in [
        ("from typing import Optional", "Optional[int]"),
        ("from typing import Optional as O", "O[int]"),
        ("import typing", "typing.Optional[int]"),
        ("import typing as t", "t.Optional[int]"),
        ("import typing_extensions as te", "te.Optional[int]"),
        ("from typing import *", "Optional[int]"),
        ("from typing import (\n  Any,  # why\n  Optional,\n)", "Optional[int]"),
        ("if TYPE_CHECKING:\n  from typing import Optional", "Optional[int]"),
        (
            "try:\n  from typing import Optional\nexcept ImportError:\n  Optional = None",
            "Optional[int]",
        ),
        ("import typing\nMaybe = typing.Optional", "Maybe[int]"),
        ("from __future__ import annotations", "int | None"),
    ] {
        assert_eq!(ty(import, hint), "int | None", "{import}");
    }
}

#[test]
fn strings_are_hints_too() {
    assert_eq!(plain("'int'"), "int");
    assert_eq!(plain("'Optional[\"list[int]\"]'"), "list[int] | None");
    assert_eq!(plain("list['int | None']"), "list[int | None]");
    assert_eq!(plain("'''\n  int |\n  None\n'''"), "int | None");
    assert_eq!(plain("' None '"), "None");
    assert!(plain("'int |'").starts_with("invalid"));
    assert!(plain("''").starts_with("invalid"));
    assert!(plain("'int\\nx = 1'").starts_with("invalid"));
}

#[test]
fn hints_that_are_not_types_say_why_and_are_not_errors() {
    for hint in ["1", "f()", "[int, str]", "(int, str)", "int if x else str", "lambda: 1", "-x"] {
        assert!(plain(hint).starts_with("invalid: "), "{hint}: {}", plain(hint));
    }
    // The grammar reads this only in quotes; without them it is a syntax error.
    assert!(plain("'list[int] & X'").starts_with("invalid: "));
    assert_eq!(ty("def g(): ...", "g"), "invalid: `g` is a value, not a type");
    assert_eq!(ty("x: int = 1", "x"), "invalid: `x` is a value, not a type");
}

#[test]
fn aliases_are_followed() {
    let prelude = "
from typing import NewType, TypeAlias, TypeVar, Union
import typing_extensions
Number = int | float
type Pair[T] = tuple[T, T]
type Tree = list[Tree] | int
Path: TypeAlias = 'Union[str, bytes]'
UserId = NewType('UserId', int)
T = TypeVar('T')
S = TypeVar('S', int, str)
B = TypeVar('B', bound='float')
Old = dict[S, list[T]]
Swap = tuple[T, S]
Numbers = list[Number]
Extended = typing_extensions.TypeAliasType('Extended', list[int])
ring = ring2
ring2 = ring
";
    let ty = |hint| ty(prelude, hint);
    assert_eq!(ty("Number"), "int | float");
    assert_eq!(ty("Numbers"), "list[int | float]");
    assert_eq!(ty("Pair[int]"), "tuple[int, int]");
    assert_eq!(ty("Pair[Pair[str]]"), "tuple[tuple[str, str], tuple[str, str]]");
    assert_eq!(ty("Path"), "str | bytes");
    assert_eq!(ty("UserId"), "int");
    assert_eq!(ty("Old[str, int]"), "dict[str, list[int]]");
    assert_eq!(ty("Old"), "dict[S, list[T]]");
    assert_eq!(ty("Swap[int, str]"), "tuple[int, str]");
    assert_eq!(ty("Extended"), "list[int]");
    assert!(ty("ring").starts_with("invalid"));
    // A type that contains itself ends somewhere.
    assert_eq!(ty("Tree"), "list[Tree] | int");
}

#[test]
fn aliases_are_listed() {
    let module = read(
        "import numpy as np\nfrom numpy.typing import NDArray\nVec = NDArray[np.float64]\n\
         type P[T] = tuple[T, T]\nUserId = NewType('UserId', int)\nfrom typing import NewType\n\
         x = y[0]\nz = 3\nn = np\nMaybe = int | None\n",
    )
    .unwrap();
    let aliases: Vec<_> =
        module.aliases.iter().map(|it| (it.name.as_str(), it.hint.ty.to_string())).collect();
    let expected = [
        ("Vec", "NDArray[np.float64]"),
        ("P", "tuple[T, T]"),
        ("UserId", "int"),
        ("Maybe", "int | None"),
    ];
    assert_eq!(aliases, expected.map(|(name, ty)| (name, ty.to_owned())));
}

#[test]
fn classes_of_the_file_are_known_anywhere_in_it() {
    let ty = |hint| ty("class Later: ...\nclass Box[T]: ...", hint);
    assert_eq!(ty("'Later | None'"), "Later | None");
    assert_eq!(ty("Box[int]"), "Box[int]");
    let module = read("def f(a: C): ...\nclass C: ...\n").unwrap();
    let expected = Type::Class { name: "C".into(), arguments: vec![] };
    assert_eq!(module.functions[0].parameters[0].hint.as_ref().unwrap().ty, expected);
}

#[test]
fn an_alias_within_its_own_value_is_recursive() {
    let source = r#"
from typing import Optional, TypeVar, Union
T = TypeVar("T", bound="Ordered[T]")
U = TypeVar("U")
Json = Union[None, int, list["Json"], dict[str, "Json"]]
type Tree[V] = V | list[Tree[V]]
A = list["B"]
B = dict[str, A]
Maybe = Optional[U]
def f(json: Json, tree: Tree[int], a: A, maybe: list[Maybe[Maybe[int]]], t: T): ...
"#;
    let module = read(source).unwrap();
    let types: Vec<String> = module.functions[0]
        .parameters
        .iter()
        .map(|parameter| parameter.hint.as_ref().unwrap().ty.to_string())
        .collect();
    assert_eq!(
        types,
        [
            "int | list[Json] | dict[str, Json] | None",
            "int | list[Tree]",
            "list[dict[str, A]]",
            "list[int | None]",
            "T",
        ]
    );
    let json = module.aliases.iter().find(|alias| alias.name == "Json").unwrap();
    assert_eq!(
        Some(&json.hint.ty),
        module.functions[0].parameters[0].hint.as_ref().map(|it| &it.ty)
    );
}
