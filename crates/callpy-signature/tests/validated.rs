//! Values that are made by a constructor with rules of its own: classes of attrs, models of pydantic.

use callpy_signature::{Class, ClassKind, read};

fn class(name: &str, source: &str) -> Class {
    read(source).unwrap().class(name).unwrap().clone()
}

fn fields(class: &Class) -> String {
    let field = |field: &callpy_signature::Field| {
        let ty = field.hint.as_ref().map_or("?".to_owned(), |hint| hint.ty.to_string());
        let alias = field.alias.as_ref().map_or(String::new(), |alias| format!(" as {alias}"));
        let default = field.default.as_ref();
        let default = default.map_or(String::new(), |default| format!(" = {}", default.source));
        let init = if field.in_init { "" } else { " (not in init)" };
        format!("{}: {ty}{alias}{default}{init}", field.name)
    };
    class.fields.iter().map(field).collect::<Vec<_>>().join("; ")
}

#[test]
fn classes_of_attrs() {
    let source = "\
import attr
import attrs
from attrs import define, field, frozen, Factory
@define
class A:
    x: int
    _y: float = field(default=1.5, kw_only=True)
    z: list[int] = Factory(list)
    w: int = field(init=False, default=0)
    v: str = field(alias='other')
    u: int = field()
    @u.default
    def _u(self): return 1
@attr.s
class B:
    x = attr.ib(type=int, default=3)
    y: int = attr.ib(factory=list)
    no: int = 1
@frozen
class C(A):
    n: int = 1
@attrs.define(init=False)
class D:
    n: int
";
    let a = class("A", source);
    assert_eq!(a.kind, ClassKind::Attrs { frozen: false, custom_init: false });
    assert_eq!(
        fields(&a),
        "x: int; _y: float as y = 1.5; z: list[int] = list; w: int = 0 (not in init); v: str as other; \
         u: int = u.default"
    );
    assert_eq!(fields(&class("B", source)), "x: int = 3; y: int = list");
    let c = class("C", source);
    assert_eq!(c.kind, ClassKind::Attrs { frozen: true, custom_init: false });
    assert!(fields(&c).ends_with("; n: int = 1"), "{}", fields(&c));
    let d = class("D", source);
    assert_eq!(d.kind, ClassKind::Attrs { frozen: false, custom_init: true });
}

#[test]
fn models_of_pydantic() {
    let source = "\
from typing import Annotated, ClassVar
from pydantic import BaseModel, Field, PrivateAttr
class A(BaseModel):
    model_config = {}
    kind: ClassVar[str] = 'a'
    x: int
    y: float = Field(1.5, gt=0)
    z: list[int] = Field(default_factory=list, alias='zed')
    w: int = Field(..., ge=1)
    v: Annotated[str, Field(alias='vee')] = 'v'
    _p: int = PrivateAttr(default=1)
class B(A):
    n: int = 1
class C(BaseModel):
    def __init__(self, a): ...
class D(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    a_b: int
";
    let a = class("A", source);
    assert_eq!(a.kind, ClassKind::Model { custom_init: false });
    let own = "x: int; y: float = 1.5; z: list[int] as zed = list; w: int; v: str as vee = 'v'";
    assert_eq!(fields(&a), own);
    assert_eq!(fields(&class("B", source)), format!("{own}; n: int = 1"));
    for name in ["C", "D"] {
        assert_eq!(class(name, source).kind, ClassKind::Model { custom_init: true });
    }
}
