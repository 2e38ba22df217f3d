//! Functions: parameters, defaults, flags, docstrings, decorators, and their places in the file.

use callpy_signature::{
    DecoratorEffect, Function, Literal, Module, ParameterKind, Role, Type, read,
};

fn only(source: &str) -> Function {
    let module = read(source).unwrap();
    let [function] = &module.functions[..] else { panic!("{:?}", module.functions) };
    function.clone()
}

fn names(module: &Module) -> Vec<&str> {
    module.functions.iter().map(|function| function.name.as_str()).collect()
}

#[test]
fn parameters_have_their_kinds_in_order() {
    use ParameterKind::*;
    let function = only("def f(a, b=1, /, c: int = 2, *args: int, d, e=3, **kw: str): ...");
    let kinds: Vec<_> = function.parameters.iter().map(|it| (it.name.as_str(), it.kind)).collect();
    let expected = [
        ("a", PositionalOnly),
        ("b", PositionalOnly),
        ("c", PositionalOrKeyword),
        ("args", VarPositional),
        ("d", KeywordOnly),
        ("e", KeywordOnly),
        ("kw", VarKeyword),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(function.parameters[3].hint.as_ref().unwrap().ty, Type::Int);
    assert!(!function.is_fully_hinted());
    let function = only("def f(a: int, *, b: str) -> None: ...");
    assert_eq!(function.parameters[1].kind, KeywordOnly);
    assert!(function.is_fully_hinted());
}

#[test]
fn defaults_have_their_source_and_literals_their_value() {
    let function = only(
        "def f(a=-1, b=1.5e3, c='x' 'y', d=None, e=True, f=np.pi, g=[1, 2], h=b'z', i=-2.0): ...",
    );
    let defaults = function.parameters.iter().map(|it| it.default.clone().unwrap());
    let defaults: Vec<_> = defaults.map(|it| (it.source, it.literal)).collect();
    let pi = Literal::Member { class: "np".into(), member: "pi".into() };
    let expected = [
        ("-1", Some(Literal::Int(-1))),
        ("1.5e3", Some(Literal::Float(1500.0))),
        ("'x' 'y'", Some(Literal::Str("xy".into()))),
        ("None", Some(Literal::None)),
        ("True", Some(Literal::Bool(true))),
        ("np.pi", Some(pi)),
        ("[1, 2]", None),
        ("b'z'", Some(Literal::Bytes(b"z".to_vec()))),
        ("-2.0", Some(Literal::Float(-2.0))),
    ];
    assert_eq!(defaults, expected.map(|(source, literal)| (source.to_owned(), literal)));
}

#[test]
fn async_and_generators_are_flagged() {
    let flags = |source| {
        let function = only(source);
        (function.is_async, function.is_generator)
    };
    assert_eq!(flags("def f(): return 1"), (false, false));
    assert_eq!(flags("async def f(): return 1"), (true, false));
    assert_eq!(flags("def f():\n  if x:\n    y = yield 1\n"), (false, true));
    assert_eq!(flags("def f(): yield from g()"), (false, true));
    assert_eq!(flags("async  def f(): yield 1"), (true, true));
    // A yield of another function's.
    assert_eq!(flags("def f():\n  def g(): yield 1\n  return 'yield'\n"), (false, false));
    assert_eq!(flags("def f(): return lambda: (yield)"), (false, false));
}

#[test]
fn docstrings_are_cleaned() {
    let function = only("def f():\n    '''One.\n\n    Two.\n      Three.\n    '''\n");
    assert_eq!(function.docstring.as_deref(), Some("One.\n\nTwo.\n  Three."));
    assert_eq!(only("def f():\n    # why\n    r'\\d'\n").docstring.as_deref(), Some("\\d"));
    assert_eq!(only("def f():\n    f'no'\n").docstring, None);
    assert_eq!(only("def f():\n    x = 1\n    'no'\n").docstring, None);
    let module = read("#!/usr/bin/env python\n'''Doc'''\nimport x\n").unwrap();
    assert_eq!(module.docstring.as_deref(), Some("Doc"));
}

#[test]
fn spans_count_lines_and_characters() {
    let source = "# é\ndef größe(é: \"list[int]\", bä: int = 1): ...\n";
    let function = only(source);
    assert_eq!((function.name_span.start.line, function.name_span.start.column), (2, 5));
    assert_eq!(&source[function.span.start.offset..function.span.end.offset], source[5..].trim());
    let hint = function.parameters[0].hint.clone().unwrap();
    assert_eq!((hint.span.start.line, hint.span.start.column), (2, 14));
    assert_eq!((hint.span.end.line, hint.span.end.column), (2, 25));
    assert_eq!(hint.source, "list[int]");
    let default = function.parameters[1].default.clone().unwrap();
    assert_eq!((default.span.start.line, default.span.start.column), (2, 37));
}

#[test]
fn the_source_may_have_a_byte_order_mark_and_any_line_ending() {
    let module = read("\u{feff}def f(a:\r\n  int):\r\n  '''A\r\n  b'''\r\n").unwrap();
    assert_eq!(module.functions[0].name_span.start.column, 5);
    assert_eq!(module.functions[0].docstring.as_deref(), Some("A\nb"));
}

#[test]
fn decorators_and_their_effects() {
    let source = "
import functools, numba as nb
from contextlib import contextmanager as manager
from functools import cache
@cache
def a(): ...
@functools.lru_cache(maxsize=None)
@nb.njit
def b(): ...
@manager
def c(): yield
@mine
def d(): ...
@(lambda f: f)
def e(): ...
";
    let module = read(source).unwrap();
    let decorators = |name| &module.function(name).unwrap().decorators;
    assert_eq!(decorators("a")[0].name.as_deref(), Some("functools.cache"));
    assert_eq!(decorators("b")[0].source, "functools.lru_cache(maxsize=None)");
    assert_eq!(decorators("b")[0].name.as_deref(), Some("functools.lru_cache"));
    assert_eq!(decorators("b")[1].name.as_deref(), Some("numba.njit"));
    assert_eq!(module.function("b").unwrap().unsettling_decorator(), None);
    assert_eq!(decorators("c")[0].effect, DecoratorEffect::Changes);
    assert_eq!(decorators("d")[0].effect, DecoratorEffect::Unknown);
    assert_eq!(decorators("e")[0].name, None);
    assert!(module.function("e").unwrap().unsettling_decorator().is_some());
}

#[test]
fn an_implementation_without_hints_has_those_of_its_overloads() {
    let source = "
import typing as t
@t.overload
def f(a: int) -> int: ...
@t.overload
def f(a: str) -> str: ...
def f(a): return a
@t.overload
def stub(a: int) -> int: ...
";
    let module = read(source).unwrap();
    assert_eq!(names(&module), ["f", "stub"]);
    assert_eq!(module.functions[0].overloads, 2);
    let hint = module.functions[0].parameters[0].hint.as_ref().unwrap();
    assert_eq!(
        (&hint.source[..], &hint.ty),
        ("int | str", &Type::Union(vec![Type::Int, Type::Str]))
    );
}

#[test]
fn the_last_definition_counts_and_deleted_ones_do_not() {
    let source = "
def f(a): ...
def g(): ...
def f(b): ...
del g
if fast:
    def h(x): ...
else:
    def h(y): ...
try:
    def i(): ...
except ImportError:
    pass
if TYPE_CHECKING:
    def never(): ...
else:
    def always(): ...
with quiet():
    def j(): ...
if __name__ == '__main__':
    def main(): ...
";
    let module = read(source).unwrap();
    assert_eq!(names(&module), ["f", "h", "i", "always", "j"]);
    assert_eq!(module.function("f").unwrap().parameters[0].name, "b");
    let conditional = module.functions.iter().map(|function| function.is_conditional);
    assert_eq!(conditional.collect::<Vec<_>>(), [false, true, true, true, false]);
    assert_eq!(module.function("h").unwrap().parameters[0].name, "x");
}

#[test]
fn public_is_what_all_lists_or_has_no_underscore() {
    let public = |source: &str| {
        let source = format!("{source}\ndef a(): ...\ndef _b(): ...\n");
        let module = read(&source).unwrap();
        module.public_functions().map(|it| it.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(public(""), ["a"]);
    assert_eq!(public("__all__ = ['_b']"), ["_b"]);
    assert_eq!(public("__all__: list[str] = []\n__all__ += ('a',)"), ["a"]);
    assert_eq!(public("__all__ = ()\n__all__.append('_b')\n__all__.extend(['a'])"), ["a", "_b"]);
    // What is made at run time says nothing.
    assert_eq!(public("__all__ = ['_b'] + other.__all__"), ["a"]);
}

#[test]
fn type_parameters_and_new_syntax_are_read() {
    let source = "
lazy import json
lazy from os import (path,
    sep)
def f[T: (int, str) = int, *Ts, **P](a: T, *args: *Ts) -> T:
    match a:
        case {'x': [1, *_]}: pass
    try: pass
    except* (A, B) as e: pass
    try: pass
    except A, B: pass
    return f'{a!r:>{width}} {f\"{'nested'}\"}' + t'{a}'
class Box[T = int]: ...
";
    let function = only(source);
    assert_eq!(function.type_parameters, ["T", "Ts", "P"]);
    let Some(Type::TypeVariable { constraints, .. }) = function.returns.map(|it| it.ty) else {
        panic!()
    };
    assert_eq!(constraints, [Type::Int, Type::Str]);
}

#[test]
fn the_overloads_of_a_stub_are_one_function() {
    let source = "from typing import overload\n@overload\ndef g(x: int) -> int: ...\n\
                  @overload\ndef g(x: str) -> str: ...\ndef h(x: int) -> int: ...\n";
    let module = read(source).unwrap();
    let names: Vec<_> = module
        .functions
        .iter()
        .map(|function| (&function.name[..], function.overloads, function.is_only_overloads))
        .collect();
    assert_eq!(names, [("g", 2, true), ("h", 0, false)]);
    let hint = module.functions[0].parameters[0].hint.as_ref().unwrap();
    assert_eq!(hint.ty, Type::Union(vec![Type::Int, Type::Str]));
}

#[test]
fn unpacked_keyword_arguments_are_recognised() {
    let source = "from typing import TypedDict, Unpack\nclass K(TypedDict):\n    a: int\n\
                  def f(**one: Unpack[K]): ...\ndef g(**each: K): ...\ndef h(**one: 'Unpack[K]'): ...\n\
                  def i(*all: Unpack[tuple[int, str]]): ...\n";
    let module = read(source).unwrap();
    let parameter = |index: usize| &module.functions[index].parameters[0];
    for (index, is_unpacked) in [(0, true), (1, false), (2, true)] {
        let parameter = parameter(index);
        assert_eq!(parameter.is_unpacked, is_unpacked, "{index}");
        assert_eq!(parameter.hint.as_ref().unwrap().ty.to_string(), "K");
    }
    assert!(matches!(parameter(3).hint.as_ref().unwrap().ty, Type::Invalid { .. }));
}

#[test]
fn names_are_normalised_as_python_does() {
    let source = "import ﬁne as ﬂat\ndef ﬁnd(µ: int, *, ϕ: ﬂat.Ａ = 1): ...\nclass ℌ: ...\ndef g(x: 'ℌ'): ...\n";
    let module = read(source).unwrap();
    let find = module.function("find").unwrap();
    let names: Vec<_> = find.parameters.iter().map(|it| &it.name[..]).collect();
    assert_eq!(names, ["μ", "φ"]);
    assert_eq!(find.parameters[1].hint.as_ref().unwrap().ty.to_string(), "fine.A");
    let hint = module.function("g").unwrap().parameters[0].hint.as_ref().unwrap();
    assert!(matches!(&hint.ty, Type::Class { name, .. } if name == "H"));
}

#[test]
fn a_star_import_hides_no_builtin_decorator() {
    let source = "from typing import *\nclass C:\n    @classmethod\n    def a(cls): ...\n    @staticmethod\n    def b(): ...\n    \
                  @property\n    def c(self): ...\n";
    let roles: Vec<_> =
        read(source).unwrap().classes[0].methods.iter().map(Function::role).collect();
    assert_eq!(roles, [Role::Class, Role::Static, Role::Property]);
}
