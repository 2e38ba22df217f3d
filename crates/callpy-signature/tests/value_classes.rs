//! Dataclasses, named tuples, typed dicts and enums.

use callpy_signature::{Class, ClassKind, EnumKind, Field, FieldKind, MemberValue, read};

const PRELUDE: &str = "
import collections, dataclasses, enum
import typing as t
from collections import namedtuple
from dataclasses import KW_ONLY, InitVar, dataclass, field
from enum import Enum, IntEnum, StrEnum, auto
from typing import ClassVar, Generic, NamedTuple, NotRequired, Required, TypedDict, TypeVar
T = TypeVar('T')
";

fn class(name: &str, source: &str) -> Class {
    let module = read(&format!("{PRELUDE}{source}\n")).unwrap();
    module.class(name).unwrap_or_else(|| panic!("no {name} in {:?}", module.classes)).clone()
}

fn fields(class: &Class) -> String {
    let field = |field: &Field| {
        let ty = field.hint.as_ref().map_or("?".to_owned(), |hint| hint.ty.to_string());
        let default =
            field.default.as_ref().map_or(String::new(), |it| format!(" = {}", it.source));
        let mut flags = String::new();
        for (flag, is_set) in [
            ("init only", field.kind == FieldKind::InitOnly),
            ("not in init", !field.in_init),
            ("keyword", field.keyword_only),
            ("optional", !field.required),
        ] {
            if is_set {
                flags += &format!(" ({flag})");
            }
        }
        format!("{}: {ty}{default}{flags}", field.name)
    };
    class.fields.iter().map(field).collect::<Vec<_>>().join("; ")
}

#[test]
fn dataclass_fields() {
    let model = class(
        "P",
        "
@dataclass(frozen=True)
class P:
    '''A point.'''
    x: float
    '''How far.'''
    y: 't.Optional[float]' = None
    count: ClassVar[int] = 0
    seed: InitVar[int] = 1
    tags: list[str] = field(default_factory=list, kw_only=True)
    cached: int = dataclasses.field(init=False, default=3)
    _: KW_ONLY
    z: int = 2
    unit = 'm'
    def norm(self) -> float: ...
",
    );
    assert_eq!(model.kind, ClassKind::Dataclass { frozen: true, custom_init: false });
    assert_eq!(model.docstring.as_deref(), Some("A point."));
    assert_eq!(model.field("x").unwrap().docstring.as_deref(), Some("How far."));
    assert_eq!(
        fields(&model),
        "x: float; y: float | None = None; seed: int = 1 (init only); \
         tags: list[str] = list (keyword); cached: int = 3 (not in init); z: int = 2 (keyword)"
    );
    assert_eq!(model.methods[0].name, "norm");
    assert_eq!(model.decorators[0].name.as_deref(), Some("dataclasses.dataclass"));
}

#[test]
fn dataclasses_inherit_in_place() {
    let source = "
@dataclasses.dataclass(kw_only=True)
class A:
    x: int
    y: int = 0
@dataclass
class B(A, Generic[T]):
    z: T
    x: float
class C(B): ...
@dataclass
class D(elsewhere.Base):
    def __init__(self): ...
";
    let b = class("B", source);
    assert_eq!(fields(&b), "x: float; y: int = 0 (keyword); z: T");
    assert_eq!(b.type_parameters, ["T"]);
    assert!(b.unknown_bases.is_empty());
    assert_eq!(fields(&class("C", source)), fields(&b));
    let d = class("D", source);
    assert_eq!(d.unknown_bases, ["elsewhere.Base"]);
    assert_eq!(d.kind, ClassKind::Dataclass { frozen: false, custom_init: true });
}

#[test]
fn named_tuples_of_every_form() {
    let source = "
class A(NamedTuple):
    '''Doc.'''
    x: int
    y: str = 'a'
class B(A):
    extra: int
C = namedtuple('C', 'x, y z', defaults=[1, 2])
D = collections.namedtuple('D', ['x', 'y'])
E = NamedTuple('E', [('x', int)])
F = t.NamedTuple('F', [('x', int), ('y', 'A')])
class G(namedtuple('G', 'x y')): ...
G_ = namedtuple('G', names)
";
    let text = |name| {
        let class = class(name, source);
        assert_eq!(class.kind, ClassKind::NamedTuple, "{name}");
        fields(&class)
    };
    assert_eq!(text("A"), "x: int; y: str = 'a'");
    assert_eq!(text("B"), "x: int; y: str = 'a'");
    assert_eq!(text("C"), "x: ?; y: ? = 1; z: ? = 2");
    assert_eq!(text("D"), "x: ?; y: ?");
    assert_eq!(text("E"), "x: int");
    assert_eq!(text("F"), "x: int; y: A");
    assert_eq!(text("G"), "x: ?; y: ?");
    assert_eq!(text("G_"), "");
}

#[test]
fn typed_dicts_of_every_form() {
    let source = "
class A(TypedDict):
    x: int
    y: NotRequired[str]
class B(A, total=False):
    z: float
    w: 'Required[int]'
    v: t.Annotated[t.Required[int], 1]
C = TypedDict('C', {'a-b': int, 'c': NotRequired[list[int]]})
D = TypedDict('D', {'a': int}, total=False)
";
    let text = |name| {
        let class = class(name, source);
        assert_eq!(class.kind, ClassKind::TypedDict, "{name}");
        fields(&class)
    };
    assert_eq!(text("A"), "x: int; y: str (optional)");
    assert_eq!(text("B"), "x: int; y: str (optional); z: float (optional); w: int; v: int");
    assert_eq!(text("C"), "a-b: int; c: list[int] (optional)");
    assert_eq!(text("D"), "a: int (optional)");
}

fn members(class: &Class) -> String {
    let member = |member: &callpy_signature::Member| {
        let value = match &member.value {
            MemberValue::Int(number) => number.to_string(),
            MemberValue::Str(text) => format!("{text:?}"),
            MemberValue::Other(source) => source.clone(),
            other => panic!("{other:?}"),
        };
        let alias =
            member.alias_of.as_ref().map_or(String::new(), |it| format!(" (alias of {it})"));
        format!("{} = {value}{alias}", member.name)
    };
    class.members.iter().map(member).collect::<Vec<_>>().join("; ")
}

#[test]
fn enums_of_every_form() {
    use EnumKind::*;
    let source = "
class A(Enum):
    '''Doc.'''
    _ignore_ = ['tmp']
    RED = 1
    '''The first.'''
    GREEN = auto()
    ROUGE = RED_ = 1
    PAIR = (1, 2)
    AFTER = auto()
    __slots__ = ()
    label: str
    def name_of(self): ...
class B(IntEnum):
    X = 0x10
    Y = enum.auto()
class C(StrEnum):
    LONG_NAME = auto()
    B = 'b'
class D(str, Enum):
    X = 'x'
class E(enum.Flag):
    R = auto()
    W = auto()
    M = 8
    X = auto()
class F(int, enum.Enum):
    X = -1
G = Enum('G', 'RED GREEN')
H = Enum('H', {'A': 'x', 'B': 2})
class I(enum.IntFlag): ...
class J(Enum):
    def _generate_next_value_(name, start, count, last_values): ...
    X = auto()
";
    let text = |name, kind| {
        let class = class(name, source);
        assert_eq!(class.kind, ClassKind::Enum(kind), "{name}");
        members(&class)
    };
    assert_eq!(
        text("A", Plain),
        "RED = 1; GREEN = 2; ROUGE = 1 (alias of RED); RED_ = 1 (alias of RED); PAIR = (1, 2); \
         AFTER = auto()"
    );
    assert_eq!(class("A", source).members[0].docstring.as_deref(), Some("The first."));
    assert_eq!(text("B", Int), "X = 16; Y = 17");
    assert_eq!(text("C", Str), "LONG_NAME = \"long_name\"; B = \"b\"");
    assert_eq!(text("D", Str), "X = \"x\"");
    assert_eq!(text("E", Flag), "R = 1; W = 2; M = 8; X = 16");
    assert_eq!(text("F", Int), "X = -1");
    assert_eq!(text("G", Plain), "RED = 1; GREEN = 2");
    assert_eq!(text("H", Plain), "A = \"x\"; B = 2");
    assert_eq!(text("I", IntFlag), "");
    assert_eq!(text("J", Plain), "X = auto()");
}

#[test]
fn other_classes_are_plain() {
    let model = class("A", "class A:\n    x: int\n    def f(self) -> t.Self: ...\n");
    assert_eq!(model.kind, ClassKind::Plain);
    assert!(model.fields.is_empty());
    assert_eq!(class("B", "class B(int): ...").unknown_bases, ["builtins.int"]);
    assert_eq!(class("C", "class C(f()): ...").unknown_bases, ["f()"]);
}

#[test]
fn private_names_are_those_that_python_has() {
    let source = "@dataclass\nclass _C:\n    __x: int\n    y_: int\n    def f(self, __z, __w__): ...\n\
                  class Td(TypedDict):\n    __k: int\n";
    let private = class("_C", source);
    assert_eq!(fields(&private), "_C__x: int; y_: int");
    let names: Vec<_> = private.methods[0].parameters.iter().map(|it| &it.name[..]).collect();
    assert_eq!(names, ["self", "_C__z", "__w__"]);
    assert_eq!(fields(&class("Td", source)), "_Td__k: int");
}

#[test]
fn members_are_what_enum_takes_for_them() {
    let source = "@dataclass\nclass Mass:\n    kg: float\nclass E(Mass, Enum):\n    _ignore_ = 'b, c'\n    b = 1\n    \
                  A, B = 1, 2\n    C: float = 3\n    f = lambda self: self\n    x: int\n";
    let of_mass = class("E", source);
    assert_eq!(of_mass.kind, ClassKind::Enum(EnumKind::Plain));
    let names: Vec<_> = of_mass.members.iter().map(|member| &member.name[..]).collect();
    assert_eq!(names, ["A", "B", "C"]);
}

#[test]
fn a_named_tuple_renames_fields_on_request() {
    let source = "P = namedtuple('P', 'a def a _b c', rename=True)";
    assert_eq!(fields(&class("P", source)), "a: ?; _1: ?; _2: ?; _3: ?; c: ?");
}

#[test]
fn what_an_instance_is_made_by_is_inherited() {
    let source = "@dataclass\nclass A:\n    x: int\n    def __post_init__(self): ...\nclass B(A):\n    pass\nclass C(A):\n    \
                  def __init__(self, z: int): ...\nclass N(NamedTuple):\n    x: int\nclass M(N):\n    def __new__(cls, \
                  z: int): ...\nclass L(M):\n    pass\nclass K(K): ...\nclass J:\n    def f(self): ...\nclass J(J):\n    \
                  def __init__(self, z: int): ...\n";
    let [b, c, l, j] = ["B", "C", "L", "J"].map(|name| class(name, source));
    assert!(b.has_post_init && l.has_new && !c.has_new);
    assert_eq!(c.kind, ClassKind::Dataclass { frozen: false, custom_init: true });
    assert_eq!((j.methods.len(), j.bases.len()), (2, 0));
    let module = read(&format!("{PRELUDE}{source}")).unwrap();
    for (class, parameter) in [(&b, "x"), (&c, "z"), (&l, "z"), (&j, "z")] {
        let constructor = module.constructor(class).unwrap();
        assert_eq!(constructor.parameters[0].name, parameter, "{}", class.name);
    }
}

#[test]
fn a_class_in_a_class_comes_before_one_of_the_file() {
    let source = "class Config: ...\nclass Outer:\n    class Config: ...\n    def f(self, x: 'list[Config]') -> Config: ...\n";
    let outer = class("Outer", source);
    assert_eq!(outer.methods[0].returns.as_ref().unwrap().ty.to_string(), "Outer.Config");
    let hint = outer.methods[0].parameters[1].hint.as_ref().unwrap();
    assert_eq!(hint.ty.to_string(), "list[Outer.Config]");
}
